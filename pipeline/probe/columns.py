"""Facts of a probe as the columns that the rules read."""

from __future__ import annotations

from typing import Any

from pipeline.model import Facts
from pipeline.probe.sniff import LABELS

_EIGHT_BIT = 8


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
    }


def _unplayable(facts: Facts) -> str:
    """What browsers stumble over in H.264 video: High 10, 4:2:2 and 4:4:4 play in software only."""
    if facts.get("encrypted"):
        return "已加密"
    if facts.get("bit_depth", _EIGHT_BIT) > _EIGHT_BIT:
        return f"是 {facts['bit_depth']} 位色深的视频"
    if facts.get("chroma", "") not in ("", "4:2:0"):
        return f"的色度取样为 {facts['chroma']}"
    return ""
