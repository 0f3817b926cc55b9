"""The csv files of a run as tables of numbers, with what each resource is counted under."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

from pipeline.fields import BY_NAME
from pipeline.figures.values import UnitCount
from pipeline.rules.duration import seconds_of
from pipeline.settings import Settings

BLANK = "未填写"
MISWRITTEN = "写法有误"

_UNIT_TEXTS = ("unit", "state", "type", "region", "round", "received", "on_time", "overdue", "deadline")
_UNIT_COUNTS = (
    "rows", "passed", "review", "returned", "errors", "warnings", "notes", "corrected", "remaining", "new",
)  # fmt: skip
_RESOURCE_TEXTS = ("unit", "workbook", "row", "verdict", "decision", "real", "video_codec", "audio_codecs")
_MEASURES = ("seconds", "width", "height", "bitrate", "rate", "channels")
_FINDING_TEXTS = (
    "unit", "workbook", "sheet", "row", "field", "cell", "code", "severity", "value", "message", "fix",
)  # fmt: skip


def _texts(frame: pd.DataFrame, names: Iterable[str]) -> dict[str, pd.Series]:
    """The columns; one that the file lacks counts as blank."""
    blank = pd.Series("", frame.index, dtype="object")
    return {name: frame.get(name, blank) for name in names}


def unit_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per unit: text, and whole numbers, of which -1 is one that was not told."""
    table = _texts(frame, _UNIT_TEXTS)
    table["type"] = table["type"].replace("", BLANK)
    table["region"] = table["region"].map(place).replace("", BLANK)
    for name, texts in _texts(frame, _UNIT_COUNTS).items():
        table[name] = pd.to_numeric(texts, errors="coerce").fillna(-1).astype("int64")
    return pd.DataFrame(table).astype({"type": "object", "region": "object"})


_PROVINCE = re.compile(r"^[^省市县]{2,3}省(?=.)")
_CITY = re.compile(r"[^市]{1,8}市")


def place(text: str) -> str:
    """The city of a place, or the place without its province: 河南省郑州市金水区 → 郑州市."""
    below = _PROVINCE.sub("", text.strip())
    city = _CITY.match(below)
    return city[0] if city else below


def resource_table(frame: pd.DataFrame, units: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """One row per resource, with what it is counted under and its length in milliseconds.

    A length that is filled in and well written counts; otherwise what was measured.
    """
    table = pd.DataFrame(_texts(frame, (*_RESOURCE_TEXTS, *BY_NAME)))
    for name, texts in _texts(frame, _MEASURES).items():
        table[name] = pd.to_numeric(texts, errors="coerce")
    filled = table["资源时长"].where(table["资源时长"].str.fullmatch(BY_NAME["资源时长"].form), "")
    declared = filled[filled != ""].map(lambda text: 1000 * seconds_of(text)).reindex(table.index)
    measured = (table["seconds"] * 1000).round()
    table["ms"] = declared.astype("float64").fillna(measured).fillna(0).astype("int64")
    table["measured_ms"] = table["ms"].where((filled == "") & measured.notna(), 0)
    table["kind"] = table["资源类型"].map(lambda code: _kind(code, settings))
    table["category"] = _first_levels(table["所属分类"])
    for name, by in (("unit_type", "type"), ("region", "region")):
        known = dict(zip(units["unit"], units[by], strict=True))
        table[name] = table["unit"].map(known).fillna(BLANK).astype("object")
    return table


def _kind(code: str, settings: Settings) -> str:
    if code in settings.resource_types:
        return f"{code} {settings.resource_types[code]}"
    if not code:
        return BLANK
    return f"{code}（不在表2）" if re.fullmatch(BY_NAME["资源类型"].form, code) else MISWRITTEN


def _first_levels(categories: pd.Series) -> pd.Series:
    well = categories.str.fullmatch(BY_NAME["所属分类"].form)
    return categories.str.split("-").str[0].where(well, MISWRITTEN).where(categories != "", BLANK)


def finding_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per finding, all of it text."""
    return pd.DataFrame(_texts(frame, _FINDING_TEXTS))


def unit_counts(units: pd.DataFrame) -> tuple[UnitCount, ...]:
    """The units as the next round compares them; a number that was not told is 0."""
    numbers = UnitCount.__struct_fields__[2:]
    return tuple(
        UnitCount(each["unit"], each["state"], *(max(each[name], 0) for name in numbers))
        for each in records(units)
    )


def told(number: int) -> int | None:
    """A number of a unit, None if it was not told."""
    return number if number >= 0 else None


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows, by column name."""
    names = list(map(str, frame.columns))
    columns = (frame[name].tolist() for name in frame.columns)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def by_size(labels: pd.Series) -> list[str]:
    """The distinct labels, the most frequent first; what says nothing comes last."""
    counts = {str(label): int(count) for label, count in labels.value_counts().items()}
    return sorted(counts, key=lambda label: (_LAST.get(label, 0), -counts[label], label))


_LAST = {MISWRITTEN: 1, BLANK: 2}


def how_many(names: pd.Series) -> int:
    """How many units; what concerns no unit has no name."""
    return int(names[names != ""].nunique())


def count(numbers: pd.Series) -> int:
    """The sum of those numbers that were told."""
    return sum(number for number in numbers.tolist() if number > 0)
