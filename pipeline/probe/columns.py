"""A file as the columns that the rules read: what its probe told, in their words."""

from __future__ import annotations

import datetime as dt
import math
import re

from pipeline.files import PLAYED, FileFacts, suffix_of
from pipeline.isolate import Failure
from pipeline.model import Facts
from pipeline.probe.digest import edge_digest
from pipeline.probe.facts import failed, probe_file, was_opened
from pipeline.probe.sniff import LABELS

_EIGHT_BIT = 8
_SQUARE = 0.02
"""Encoders round the shape of a pixel to small fractions; 2 % is seen by nobody."""
_BEYOND_HIGH = re.compile(r"(?:High (?:10|4:2:2|4:4:4)|CAVLC 4:4:4|Extended)", re.IGNORECASE)
"""Profiles of H.264 that browsers play in software or not at all (ITU-T H.264, Annex A)."""
_NOT_LC = re.compile(r"(?:Main|SSR|LTP|Scalable|ER |LD|ELD|USAC|xHE)", re.IGNORECASE)
"""Kinds of AAC other than LC and what extends it (HE-AAC), which browsers play (ISO/IEC 14496-3, 1.5)."""


def measured_file(path: str) -> FileFacts:
    """Measure one file: what workers run. Its edges are read while it is at hand."""
    facts = probe_file(path)
    played = suffix_of(path) in PLAYED and was_opened(facts)
    return as_columns(facts, edge_digest(path) or "" if played else "")


def unmeasured(failure: Failure) -> FileFacts:
    """Of a file whose probing was ended. KeyError for a FAULT, which tells nothing of the file."""
    return as_columns(failed(failure))


def is_of_the_file(known: FileFacts) -> bool:
    """Whether it could be opened (`was_opened`): another time it may."""
    return known.real != ""


def as_columns(facts: Facts, edges: str = "") -> FileFacts:
    """Facts of one file as the rules read them."""
    real: str = facts.get("real", "")
    broken = facts.get("unreadable") or facts.get("broken", "")
    milliseconds = facts.get("duration_ms", 0)
    return FileFacts(
        real=real,
        real_name=LABELS.get(real, real),
        broken=broken,
        tracks=bool(facts.get("video_tracks") or facts.get("audio_tracks")),
        video_codec=facts.get("video_codec", ""),
        audio_codecs="、".join(dict.fromkeys(facts.get("audio_codecs", ()))),
        width=facts.get("width", 0),
        height=facts.get("height", 0),
        fps=facts.get("frame_rate", 0),
        bitrate=facts.get("overall_bitrate", 0),
        stream_bitrate=facts.get("video_bitrate", 0),
        seconds=milliseconds / 1000 if milliseconds else math.nan,
        rate=min(facts.get("audio_rates", ()), default=0),
        channels=min(facts.get("audio_channels", ()), default=0),
        unplayable=_unplayable(facts),
        streamable="否" if facts.get("index_in_front") is False else "是",
        shown_size=_shown_size(facts),
        interlaced="是" if facts.get("scan", "") in ("Interlaced", "MBAFF") else "否",
        fragmented="是" if facts.get("fragmented") else "否",
        recorded=_recorded(facts.get("date", "")),
        fault=broken or _unlike_jpeg(real),
        mode=facts.get("colour", ""),
        megabytes=facts.get("size", 0) / 1e6,
        turned="否" if facts.get("orientation", 1) == 1 else "是",
        edges=edges,
    )


def _unlike_jpeg(real: str) -> str:
    return "" if real in ("jpeg", "") else f"实际是 {LABELS.get(real, real)}，不是 JPG"


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
