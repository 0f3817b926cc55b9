"""Facts of a probe as the columns that the rules read."""

from __future__ import annotations

import datetime as dt
import re
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


def media_columns(facts: Facts) -> dict[str, Any]:
    """What `pipeline.join.MEDIA_COLUMNS` names, from the facts of one video or sound file."""
    real = facts.get("real", "")
    rates, channels = facts.get("audio_rates", []), facts.get("audio_channels", [])
    milliseconds = facts.get("duration_ms")
    return {
        "real": real,
        "real_name": LABELS.get(real, real),
        "broken": facts.get("unreadable") or facts.get("broken", ""),
        "tracks": bool(facts.get("video_tracks") or facts.get("audio_tracks")),
        "video_codec": facts.get("video_codec", ""),
        "audio_codecs": "、".join(dict.fromkeys(facts.get("audio_codecs", []))),
        "width": float(facts.get("width", 0)),
        "height": float(facts.get("height", 0)),
        "fps": float(facts.get("frame_rate", 0)),
        "bitrate": float(facts.get("overall_bitrate", 0)),
        "stream_bitrate": float(facts.get("video_bitrate", 0)),
        "seconds": milliseconds / 1000 if milliseconds else float("nan"),
        "rate": float(min(rates, default=0)),
        "channels": float(min(channels, default=0)),
        "unplayable": _unplayable(facts),
        "streamable": "否" if facts.get("index_in_front") is False else "是",
        "shown_size": _shown_size(facts),
        "interlaced": "是" if facts.get("scan") in ("Interlaced", "MBAFF") else "否",
        "fragmented": "是" if facts.get("fragmented") else "否",
        "recorded": _recorded(facts.get("date", "")),
    }


def cover_columns(facts: Facts) -> dict[str, Any]:
    """What `pipeline.join.COVER_COLUMNS` names, from the facts of one picture."""
    real = facts.get("real", "")
    fault = facts.get("unreadable") or facts.get("broken", "")
    if not fault and real not in ("jpeg", ""):
        fault = f"实际是 {LABELS.get(real, real)}，不是 JPG"
    return {
        "fault": fault,
        "mode": facts.get("colour", ""),
        "width": float(facts.get("width", 0)),
        "height": float(facts.get("height", 0)),
        "megabytes": facts.get("size", 0) / 1e6,
        "turned": "否" if facts.get("orientation", 1) == 1 else "是",
    }


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
    pairs = zip(facts.get("audio_codecs", []), facts.get("audio_profiles", []), strict=False)
    odd = next((kind for codec, kind in pairs if codec == "AAC" and _NOT_LC.match(kind)), "")
    return f"的声音是 AAC {odd}，不是 AAC-LC" if odd else ""
