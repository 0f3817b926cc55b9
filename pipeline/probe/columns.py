"""Facts of probes as the columns that the rules read; numbers as they were measured, whole or not."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pipeline.model import Facts
from pipeline.probe.sniff import LABELS

_EIGHT_BIT = 8
_SQUARE = 0.02
"""Encoders round the shape of a pixel to small fractions; 2 % is seen by nobody."""
_BEYOND_HIGH = re.compile(r"(?:High (?:10|4:2:2|4:4:4)|CAVLC 4:4:4|Extended)", re.IGNORECASE)
"""Profiles of H.264 that browsers play in software or not at all (ITU-T H.264, Annex A)."""
_NOT_LC = re.compile(r"(?:Main|SSR|LTP|Scalable|ER |LD|ELD|USAC|xHE)", re.IGNORECASE)
"""Kinds of AAC other than LC and what extends it (HE-AAC), which browsers play (ISO/IEC 14496-3, 1.5)."""


def media_columns(facts: Sequence[Facts]) -> dict[str, list[Any]]:
    """What `pipeline.join.MEDIA_COLUMNS` names, from the facts of video and sound files."""
    real = _each(facts, "real", "")
    return {
        "real": real,
        "real_name": [LABELS.get(each, each) for each in real],
        "broken": _faults(facts),
        "tracks": [bool(each.get("video_tracks") or each.get("audio_tracks")) for each in facts],
        "video_codec": _each(facts, "video_codec", ""),
        "audio_codecs": ["、".join(dict.fromkeys(codecs)) for codecs in _each(facts, "audio_codecs", ())],
        "width": _each(facts, "width", 0),
        "height": _each(facts, "height", 0),
        "fps": _each(facts, "frame_rate", 0),
        "bitrate": _each(facts, "overall_bitrate", 0),
        "stream_bitrate": _each(facts, "video_bitrate", 0),
        "seconds": [ms / 1000 if ms else math.nan for ms in _each(facts, "duration_ms", 0)],
        "rate": [min(rates, default=0) for rates in _each(facts, "audio_rates", ())],
        "channels": [min(channels, default=0) for channels in _each(facts, "audio_channels", ())],
        "unplayable": [_unplayable(each) for each in facts],
        "streamable": ["否" if front is False else "是" for front in _each(facts, "index_in_front", None)],
        "shown_size": [_shown_size(each) for each in facts],
        "interlaced": [
            "是" if scan in ("Interlaced", "MBAFF") else "否" for scan in _each(facts, "scan", "")
        ],
        "fragmented": ["是" if made_so else "否" for made_so in _each(facts, "fragmented", False)],
        "recorded": [_recorded(date) for date in _each(facts, "date", "")],
    }


def cover_columns(facts: Sequence[Facts]) -> dict[str, list[Any]]:
    """What `pipeline.join.COVER_COLUMNS` names, from the facts of pictures."""
    return {
        "fault": [fault or _unlike_jpeg(each) for fault, each in zip(_faults(facts), facts, strict=True)],
        "mode": _each(facts, "colour", ""),
        "width": _each(facts, "width", 0),
        "height": _each(facts, "height", 0),
        "megabytes": [size / 1e6 for size in _each(facts, "size", 0)],
        "turned": ["否" if turned == 1 else "是" for turned in _each(facts, "orientation", 1)],
    }


def _each(facts: Sequence[Facts], name: str, unknown: object) -> list[Any]:
    return [each.get(name, unknown) for each in facts]


def _faults(facts: Sequence[Facts]) -> list[str]:
    return [each.get("unreadable") or each.get("broken", "") for each in facts]


def _unlike_jpeg(facts: Facts) -> str:
    real = facts.get("real", "")
    return "" if real in ("jpeg", "") else f"实际是 {LABELS.get(real, real)}，不是 JPG"


@lru_cache(maxsize=10_000)
def _recorded(date: str) -> str:
    """A date inside a file as yyyy-mm-dd, or its year if it is no day of the calendar, or ""."""
    try:
        return dt.date.fromisoformat(date).isoformat()
    except ValueError:
        return date[:4]


def _shown_size(facts: Facts) -> str:
    """The size in square pixels at which a player shows the picture, "" if its pixels are square."""
    shape, width, height = facts.get("pixel_aspect", 1.0), facts.get("width", 0), facts.get("height", 0)
    if abs(shape - 1) <= _SQUARE or not width:
        return ""
    if facts.get("rotation") in (90, 270):
        return f"{width}×{round(height * shape)}"
    return f"{round(width * shape)}×{height}"


def _unplayable(facts: Facts) -> str:
    """What browsers stumble over in H.264 video with AAC sound, the first that is found."""
    if facts.get("encrypted"):
        return "已加密"
    return _odd_picture(facts) or _odd_sound(facts)


def _odd_picture(facts: Facts) -> str:
    if facts.get("video_codec") != "H.264":
        return ""
    if facts.get("bit_depth", _EIGHT_BIT) > _EIGHT_BIT:
        return f"是 {facts['bit_depth']} 位色深的视频"
    if facts.get("chroma", "") not in ("", "4:2:0"):
        return f"的色度取样为 {facts['chroma']}"
    profile = facts.get("video_profile", "")
    return f"的编码档次为 {profile}" if _BEYOND_HIGH.match(profile) else ""


def _odd_sound(facts: Facts) -> str:
    for codec, kind in zip(facts.get("audio_codecs", ()), facts.get("audio_profiles", ()), strict=False):
        if codec == "AAC" and _NOT_LC.match(kind):
            return f"的声音是 AAC {kind}，不是 AAC-LC"
    return ""
