"""findings.csv, resources.csv, units.csv: UTF-8 with BOM, every cell inert text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import pandas as pd

from pipeline.canonical import Table
from pipeline.rounds.compare import Comparison
from pipeline.rounds.decide import shown_texts
from pipeline.summarise import Counts, Tally, Told, UnitSummary

FINDING_COLUMNS = (
    "unit", "workbook", "sheet", "row", "field", "cell", "code", "severity", "value", "message", "fix",
    "suggestion", "source",
)  # fmt: skip
MEASURED_COLUMNS = (
    "real", "seconds", "video_codec", "audio_codecs", "width", "height", "fps", "bitrate", "rate", "channels",
)  # fmt: skip

UNIT_COLUMNS = (
    "unit", "state", "workbook", "rows", "errors", "warnings", "notes", "passed", "returned", "review",
    "round", "received", "deadline", "on_time", "returned_file", "type", "region", "overdue", "path",
    "problems_before", "corrected", "remaining", "new", "unasked",
)  # fmt: skip

_ACTS = re.compile(r"'*[=+\-@\t\r\0]")
_UNFIT = "\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff"
_CONTROL = re.compile(f"[{_UNFIT}]")
_QUOTED = re.compile('[",\r\n]')
_SPECIAL = re.compile(f'[",\r{_UNFIT}]')
_LEADING = re.compile("\n[=+@\t'-]")
"""In no column of plain texts, one a line."""


def inert(value: object) -> str:
    """A cell that no spreadsheet program takes for a formula (OWASP ASVS 1.2.10), nor chokes on.

    One apostrophe in front makes it so; a text that already looks made so gets another, so that
    the text can be had back.
    """
    text = "" if value is None else _CONTROL.sub("\ufffd", str(value))
    return f"'{text}" if _ACTS.match(text) else text


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table as bytes; lines end as Excel expects."""
    cells = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in columns]
    return _csv(dict(zip(columns, cells, strict=True)))


def _csv(table: Mapping[str, Sequence[object]]) -> bytes:
    """A table of columns by their names (RFC 4180)."""
    lines = zip(*(_written([name, *cells]) for name, cells in table.items()), strict=True)
    return b"\xef\xbb\xbf" + "\r\n".join([*map(",".join, lines), ""]).encode("utf-8")


def _written(cells: Sequence[object]) -> Iterable[str]:
    """A column's cells (texts, whole numbers, None) as they stand in the file.

    One look at all that differ spares a look at each.
    """
    different = set(cells)
    lines = "\n".join(["", *map(str, different)])
    if (
        None in different
        or lines.count("\n") > len(different)
        or _SPECIAL.search(lines)
        or _LEADING.search(lines)
    ):
        written = {cell: _cell(inert(cell)) for cell in different}
        return map(written.__getitem__, cells)
    return cast("Sequence[str]", cells) if set(map(type, different)) == {str} else map(str, cells)


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def findings_csv(told: Iterable[Told]) -> bytes:
    """One line per finding, in the order given."""
    return csv_bytes(FINDING_COLUMNS, map(_finding_line, told))


def _finding_line(told: Told) -> Sequence[object]:
    found, place = told.finding, told.finding.place
    return (
        place.unit, place.workbook, place.sheet, place.row or "", place.field, place.cell, found.code,
        told.severity, found.value, told.message, told.fix, found.suggestion, told.source,
    )  # fmt: skip


def resources_csv(table: Table, media: pd.DataFrame, counts: Tally) -> bytes:
    """One line per resource: canonical values, the facts of its first file, counts and verdict.

    A malformed cell shows what was sent.
    """
    keys = [(unit, workbook, row) for unit, workbook, _, row in table.rows]
    measured = _measured(media, len(keys))
    here = [counts.rows.get(key, _NONE) for key in keys]
    return _csv(
        {
            "unit": [unit for unit, _, _ in keys],
            "workbook": [workbook for _, workbook, _ in keys],
            "row": [row for _, _, row in keys],
            **shown_texts(table),
            **measured,
            "errors": [each.errors for each in here],
            "warnings": [each.warnings for each in here],
            "notes": [each.notes for each in here],
            "verdict": [counts.verdict(*key) for key in keys],
            "decision": [counts.decisions.get(key, "") for key in keys],
        }
    )


def _measured(media: pd.DataFrame, count: int) -> dict[str, list[object]]:
    """The facts of the first file of each of so many resources, blank where nothing was measured."""
    first = media[media["path"] != ""].drop_duplicates("@index")
    at = first["@index"].tolist()
    known: dict[str, list[object]] = {
        name: list(map(_shown, first[name].tolist())) for name in MEASURED_COLUMNS
    }
    known["bit_depth"] = ["不适用" if real == "mp3" else "" for real in first["real"]]
    columns: dict[str, list[object]] = {}
    for name, values in known.items():
        column: list[object] = [""] * count
        for index, value in zip(at, values, strict=True):
            column[index] = value
        columns[name] = column
    return columns


def units_csv(units: Iterable[UnitSummary], deadline: str, files: Mapping[str, list[str]]) -> bytes:
    """One line per unit; files: the returned workbooks of each."""
    lines = (
        (
            each.unit, each.state, each.workbook, each.rows, *_counts(each.counts), each.passed,
            each.returned, each.review, each.round or "", each.received, deadline, each.on_time,
            "；".join(files.get(each.unit, ())), each.kind, each.region, each.late, "→".join(each.path),
            *_progress(each.problems),
        )
        for each in units
    )  # fmt: skip
    return csv_bytes(UNIT_COLUMNS, lines)


def _progress(problems: Comparison | None) -> tuple[object, ...]:
    """What became of the problems of the round before; blank where there was none."""
    if problems is None:
        return ("",) * 5
    return problems.before, problems.corrected, problems.remaining, problems.new, len(problems.unasked)


_NONE = Counts()


def _counts(counts: Counts) -> tuple[int, int, int]:
    return counts.errors, counts.warnings, counts.notes


def _shown(value: object) -> object:
    """A measured number without needless zeros; unknown is blank."""
    if isinstance(value, float):
        return "" if math.isnan(value) or value == 0 else f"{value:.3f}".rstrip("0").rstrip(".")
    return value
