"""Video and sound files measured through libmediainfo.

Traps of the library (24.12), each met with: its BitRate snaps to a declared nominal, so
rates are computed from sizes; its FrameRate rounds 24.999 to 25, so frames are divided by
time; options are global, so one set is used; a file object makes it fetch addresses, so it is
given a path, and only for files that `sniff` found to be media.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pymediainfo import MediaInfo

OPTIONS: dict[str, Any] = {"parse_speed": 0, "output": "JSON"}

_Track = dict[str, Any]

_VIDEO_NAMES = {"AVC": "H.264", "HEVC": "H.265", "VVC": "H.266", "MPEG-4 Visual": "MPEG-4 Part 2"}
_LAYERS = {"Layer 1": "MP1", "Layer 2": "MP2", "Layer 3": "MP3"}
_DATE_KEYS = ("Recorded_Date", "Encoded_Date", "Mastered_Date", "Tagged_Date")
_PICTURES = frozenset(("JPEG", "PNG", "BMP", "GIF"))


def media_facts(path: Path) -> dict[str, Any]:
    """Measure a video or sound file; keys as in `pipeline.probe.facts`.

    Raises OSError or RuntimeError if the library cannot open the path.
    """
    report = json.loads(MediaInfo.parse(str(path), **OPTIONS))
    tracks: list[_Track] = (report.get("media") or {}).get("track", [])
    general = next((track for track in tracks if track["@type"] == "General"), {})
    videos = [track for track in tracks if track["@type"] == "Video" and track.get("Format") not in _PICTURES]
    audios = [track for track in tracks if track["@type"] == "Audio"]
    seconds = _seconds(general) or max((_seconds(track) for track in videos + audios), default=0.0)
    facts: dict[str, Any] = {
        "video_tracks": len(videos),
        **_audio_facts(audios),
        "encrypted": any(_is_encrypted(track) for track in tracks),
        "truncated": _text(general.get("extra") or {}, "IsTruncated") == "Yes",
        "date": _date(general),
    }
    if seconds:
        facts["duration_ms"] = round(seconds * 1000)
    if videos:
        facts |= _video_facts(videos[0])
    return facts


def _video_facts(track: _Track) -> dict[str, Any]:
    width, height = int(_number(track, "Width")), int(_number(track, "Height"))
    rotation = round(_number(track, "Rotation")) % 360
    if rotation in (90, 270):
        width, height = height, width
    name = _text(track, "Format")
    facts: dict[str, Any] = {
        "video_codec": _VIDEO_NAMES.get(name, name),
        "video_profile": _text(track, "Format_Profile"),
        "bit_depth": int(_number(track, "BitDepth")),
        "chroma": _text(track, "ChromaSubsampling"),
        "width": width,
        "height": height,
        "rotation": rotation,
        "pixel_aspect": _number(track, "PixelAspectRatio") or 1.0,
        "frame_rate": _frame_rate(track),
        "scan": _text(track, "ScanType"),
    }
    seconds, stream = _seconds(track), _number(track, "StreamSize")
    if seconds and stream:
        facts["video_bitrate"] = round(stream * 8 / seconds)
    return facts


def _frame_rate(track: _Track) -> float:
    frames, seconds = _number(track, "FrameCount"), _seconds(track)
    return round(frames / seconds if frames and seconds else _number(track, "FrameRate"), 3)


def _audio_facts(audios: list[_Track]) -> dict[str, Any]:
    return {
        "audio_tracks": len(audios),
        "audio_codecs": [_audio_name(track) for track in audios],
        "audio_profiles": [
            _text(track, "Format_AdditionalFeatures") or _text(track, "Format_Profile") for track in audios
        ],
        "audio_channels": [int(_number(track, "Channels")) for track in audios],
        "audio_rates": [int(_number(track, "SamplingRate")) for track in audios],
    }


def _audio_name(track: _Track) -> str:
    name = _text(track, "Format")
    return _LAYERS.get(_text(track, "Format_Profile"), name) if name == "MPEG Audio" else name


def _is_encrypted(track: _Track) -> bool:
    return bool(_text(track, "Encryption")) or _text(track, "CodecID").startswith("enc")


def _date(general: _Track) -> str:
    for key in _DATE_KEYS:
        match = re.search(r"(?:19|20)[0-9]{2}(?:-[0-9]{2}-[0-9]{2})?", _text(general, key))
        # 1904 and 1970 are the zero of two clocks, not dates.
        if match and not match[0].startswith(("1904", "1970")):
            return match[0]
    return ""


def _text(track: _Track, key: str) -> str:
    value = track.get(key, "")
    return value.strip() if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""


def _number(track: _Track, key: str) -> float:
    """Read a number, the first of several (`48000 / 24000`); 0 if there is none."""
    match = re.match(r"-?[0-9]+(?:\.[0-9]+)?", _text(track, key))
    return float(match[0]) if match else 0.0


def _seconds(track: _Track) -> float:
    return max(0.0, _number(track, "Duration"))
