"""MPEG audio (MP3) measured exactly, by walking its frames.

libmediainfo gives no duration for a variable-rate file without a Xing header, and the full
duration for one that was cut; here each frame is counted.
A Xing or Info header that agrees with the file's length is believed, so that only its first
kilobytes are read.
"""

from __future__ import annotations

import re
import struct
from typing import Any, BinaryIO

from pipeline.probe.frames import Frame, find_frame, header_at, id3_size
from pipeline.probe.hollow import is_hollow

_HEAD_BYTES = 64 * 1024
_CHUNK = 1 << 20
_RESYNC_BYTES = 1 << 20
"""How far a lost stream is searched for its next frame; what follows then is trailing junk."""


def mp3_facts(file: BinaryIO, size: int) -> dict[str, Any]:
    """Measure an open MPEG audio file of `size` bytes.

    Keys as in `pipeline.probe.facts`; {} if no frame is found. Reads the whole file only if
    it has no trustworthy Xing header, in pieces of 1 MB.
    """
    begin = min(size, _skip_leading_tags(file))
    end = _before_trailing_tags(file, begin, size)
    file.seek(begin)
    head = file.read(min(_HEAD_BYTES, end - begin))
    found = find_frame(head, 0, None)
    if found is None:
        return {}
    offset, first = found
    claim = _xing_claim(head[offset : offset + first.size], first)
    if claim is not None:
        # The first frame carries the header and no sound.
        real = header_at(head, offset + first.size) or first
        frames, whole = claim
        if abs(whole - (end - begin - offset)) <= 2 * first.size:
            hollow = is_hollow(file, begin + offset, end - begin - offset)
            return _facts(real, frames, truncated=hollow)
    walk = _Walk(file, begin + offset, end, first)
    frames = walk.frames - (1 if claim is not None else 0)
    missing = claim is not None and claim[0] - frames > max(2, claim[0] // 100)
    missing = missing or is_hollow(file, begin, end - begin)
    return {
        **_facts(walk.second or first, frames, truncated=missing),
        "junk_bytes": offset + walk.junk,
        "last_frame_cut": walk.cut,
    }


def recorded_year(file: BinaryIO) -> str:
    """Return the recording date of an ID3v2 tag (TDRC, TYER) as yyyy or yyyy-mm-dd, "" if none."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    tag = head[: id3_size(head)].replace(b"\x00", b"")
    match = re.search(rb"(?:TDRC|TYER)[^0-9]{1,12}((?:19|20)[0-9]{2}(?:-[0-9]{2}-[0-9]{2})?)", tag)
    return match[1].decode("ascii") if match else ""


class _Walk:
    """Step from frame to frame between two offsets: counts frames, and bytes that belong to none."""

    def __init__(self, file: BinaryIO, start: int, end: int, first: Frame) -> None:
        self.frames, self.junk, self.cut = 0, 0, False
        self.second: Frame | None = None
        position, lost, data, base = start, 0, b"", start
        while position < end:
            if position - base + 4 > len(data):
                file.seek(position)
                data, base = file.read(min(_CHUNK, end - position)), position
                if not data:
                    break
            frame = header_at(data, position - base)
            if frame is None or not frame.fits(first):
                step, lost = _resync(file, position, end, first, lost)
                self.junk += step
                position += step
                continue
            lost = 0
            position += frame.size
            if position > end:
                self.cut = True
                break
            self.frames += 1
            if self.frames == 2:
                self.second = frame


def _resync(file: BinaryIO, position: int, end: int, first: Frame, lost: int) -> tuple[int, int]:
    """Return how many bytes to skip to the next frame, and how many were skipped in a row."""
    if lost >= _RESYNC_BYTES:
        return end - position, lost
    file.seek(position)
    data = file.read(min(_HEAD_BYTES, end - position))
    found = find_frame(data, 0, first)
    if found is not None:
        return max(1, found[0]), 0
    step = max(1, len(data) - 3) if position + len(data) < end else end - position
    # The next frame may begin in this piece and its follower lie in the next one.
    if position + len(data) < end:
        step = max(1, len(data) - 1500)
    return step, lost + step


def _facts(frame: Frame, frames: int, *, truncated: bool) -> dict[str, Any]:
    channels = 1 if frame.mode == 3 else 2
    return {
        "duration_ms": round(frames * frame.samples * 1000 / frame.rate),
        "audio_tracks": 1,
        "audio_codecs": [f"MP{frame.layer}"],
        "audio_profiles": [f"Layer {frame.layer}"],
        "audio_channels": [channels],
        "audio_rates": [frame.rate],
        "truncated": truncated,
    }


def _skip_leading_tags(file: BinaryIO) -> int:
    position = 0
    while True:
        file.seek(position)
        size = id3_size(file.read(10))
        if not size:
            return position
        position += size


def _before_trailing_tags(file: BinaryIO, begin: int, size: int) -> int:
    """Where sound ends: before ID3v1, APEv2 and Lyrics3v2 tags, in whatever order they stand."""
    end = size
    while end - begin > 128:
        file.seek(max(begin, end - 160))
        tail = file.read(end - max(begin, end - 160))
        if tail[-128:-125] == b"TAG":
            end -= 128
        elif tail[-32:-24] == b"APETAGEX":
            length, flags = struct.unpack_from("<I4xI", tail, len(tail) - 20)
            end -= max(32, length) + (32 if flags >> 31 else 0)
        elif tail[-9:] == b"LYRICS200" and tail[-15:-9].isdigit():
            end -= int(tail[-15:-9]) + 15
        else:
            break
    return max(begin, end)


def _xing_claim(frame: bytes, header: Frame) -> tuple[int, int] | None:
    """Frames and bytes that a Xing or Info header claims, None if it has not both."""
    offset = next((at for at in (4 + 32, 4 + 17, 4 + 9) if frame[at : at + 4] in (b"Xing", b"Info")), 0)
    if not offset or len(frame) < offset + 16 or header.layer != 3:
        return None
    flags, frames, length = struct.unpack_from(">III", frame, offset + 4)
    return (frames, length) if flags & 3 == 3 else None
