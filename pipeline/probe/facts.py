"""The facts of one file, whatever it is: the one function that the workers run.

Facts are a flat dict that JSON can hold; a key is there only if it was measured.

| key | value |
|---|---|
| real | the real type, a key of `pipeline.probe.sniff.LABELS` |
| size | bytes |
| broken | "" or why the file cannot be used, in Chinese |
| unreadable | why the file was not opened at all, in Chinese; then nothing else but size is there |
| duration_ms | milliseconds |
| overall_bitrate | bit/s: size × 8 / duration, of the whole file |
| video_bitrate | bit/s of the first video track alone |
| video_tracks, audio_tracks | numbers of tracks; attached pictures do not count |
| video_codec | H.264, H.265, MPEG-4 Part 2, VP9, AV1, … |
| video_profile | such as High |
| bit_depth, chroma | such as 8 and 4:2:0 |
| width, height | stored pixels, exchanged if the player turns the picture by 90° or 270° |
| rotation | degrees: 0, 90, 180, 270 |
| pixel_aspect | width of one pixel by its height |
| frame_rate | average, frames per second: number of frames / duration (known to 1 ms) |
| scan | Progressive, Interlaced, MBAFF or "" |
| audio_codecs, audio_profiles | one entry per audio track, such as AAC and LC |
| audio_channels, audio_rates | the same: number of channels, sampling rate in Hz |
| junk_bytes, last_frame_cut | MPEG audio without a header that is believed: bytes that belong to no frame; |
| | the last frame is incomplete (usual after cutting, harmless) |
| encrypted, truncated | true or false |
| index_in_front, fragmented | MP4: can play before it is loaded; made of fragments |
| date | date recorded or encoded inside the file: yyyy-mm-dd, yyyy or "" |
| colour, orientation | JPEG: Pillow's mode (RGB, L, CMYK), EXIF orientation 1–8 |
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from pipeline.files import GONE, NO_ACCESS
from pipeline.isolate import Ending, Failure
from pipeline.model import Facts
from pipeline.probe.boxes import walk_boxes
from pipeline.probe.mp3 import mp3_facts, recorded_year
from pipeline.probe.sniff import BOX_BASED, MEDIA, sniff

EMPTY = "文件为空"
INCOMPLETE = "未上传完整"
UNDECODABLE = "无法解码"
NOT_A_FILE = "不是普通文件（快捷方式、目录或设备），没有打开"

_BY_FAILURE = {
    Ending.TIMEOUT: "检查用时过长，文件可能已损坏",
    Ending.MEMORY: "检查占用内存过多，文件可能已损坏",
    Ending.CRASH: "检查程序无法处理，文件可能已损坏",
}


def probe_file(path: str | Path) -> Facts:
    """Measure one file of any kind; see the module for the keys. Run it in a worker.

    Never opens what is not a regular file (link, folder, FIFO, socket, device), and never
    anything but the file itself. What cannot be read becomes a fact; nothing is raised.
    """
    try:
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode):
            return {"unreadable": NOT_A_FILE}
        return _probe(path, status.st_size)
    except FileNotFoundError:
        return {"unreadable": GONE}
    except OSError:
        return {"unreadable": NO_ACCESS}


def was_opened(facts: object) -> bool:
    """Whether facts are of the file itself: one that could not be opened may open another time."""
    return not (isinstance(facts, dict) and "unreadable" in facts)


def failed(failure: Failure) -> Facts:
    """Facts of a file whose probing was ended. KeyError for a FAULT, which tells nothing of the file."""
    return {"broken": _BY_FAILURE[failure.ending]}


def _probe(path: str | Path, size: int) -> Facts:
    with open(path, "rb") as file:  # noqa: PTH123 - a Path of each of 50,000 files takes as long as opening
        real = sniff(file)
        facts: dict[str, Any] = {"real": real, "size": size, "broken": EMPTY if real == "empty" else ""}
        if real in ("mp3", "mp2"):
            measured = mp3_facts(file, size)
            return facts | measured | _rate_and_state(measured, size) | {"date": recorded_year(file)}
        if real == "jpeg":
            from pipeline.probe.cover import cover_facts

            return facts | cover_facts(file)
        boxes = walk_boxes(file, size) if real in BOX_BASED else None
    if real not in MEDIA:
        return facts
    from pipeline.probe.media import media_facts

    try:
        measured = media_facts(Path(path))
    except RuntimeError:
        return facts | {"broken": UNDECODABLE}
    if boxes is not None:
        # The library also calls a file truncated that merely has something behind its end.
        measured["truncated"] = boxes.cut or not boxes.index
        measured["index_in_front"] = boxes.index_in_front
        measured["fragmented"] = boxes.fragmented
    return facts | measured | _rate_and_state(measured, size)


def _rate_and_state(measured: dict[str, Any], size: int) -> dict[str, Any]:
    """Derive the overall bitrate and whether the file is broken from what was measured."""
    derived: dict[str, Any] = {"broken": ""}
    if measured.get("truncated"):
        derived["broken"] = INCOMPLETE
    elif not measured.get("video_tracks") and not measured.get("audio_tracks"):
        derived["broken"] = UNDECODABLE
    if measured.get("duration_ms"):
        derived["overall_bitrate"] = round(size * 8000 / measured["duration_ms"])
    return derived
