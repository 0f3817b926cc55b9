"""findings.csv, resources.csv, units.csv: UTF-8 with BOM, every cell inert text."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from pipeline.canonical import Table
from pipeline.fields import NAMES
from pipeline.rounds.compare import Comparison
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
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_SUSPECT = re.compile(f"^[=+@\t\r'-]|{_CONTROL.pattern}", re.MULTILINE)


def inert(value: object) -> str:
    """A cell that no spreadsheet program takes for a formula (OWASP ASVS 1.2.10), nor chokes on.

    One apostrophe in front makes it so; a text that already looks made so gets another, so that
    the text can be had back.
    """
    text = "" if value is None else _CONTROL.sub("\ufffd", str(value))
    return f"'{text}" if _ACTS.match(text) else text


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table as bytes; lines end as Excel expects."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(map(_inert_row, rows))
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def _inert_row(row: Sequence[object]) -> Sequence[object]:
    """The row with inert cells; one look at the whole row spares a look at each cell."""
    return [inert(value) for value in row] if _SUSPECT.search("\n".join(map(str, row))) else row


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
    shown = table.values[list(NAMES)].where(~table.broken, table.raw).to_numpy()
    facts = {row["@index"]: row for row in media[media["path"] != ""].iloc[::-1].to_dict("records")}
    lines = []
    for index, (unit, workbook, _, row) in enumerate(table.rows):
        known = facts.get(index)
        measured = [_shown(known[name]) for name in MEASURED_COLUMNS] if known else _UNMEASURED
        depth = "不适用" if known and known["real"] == "mp3" else ""
        here = counts.rows.get((unit, workbook, row), _NONE)
        verdict = counts.verdict(unit, workbook, row)
        decision = counts.decisions.get((unit, workbook, row), "")
        facts_of_row = (*measured, depth, *_counts(here), verdict, decision)
        lines.append((unit, workbook, row, *shown[index], *facts_of_row))
    facts_names = (*MEASURED_COLUMNS, "bit_depth", *_COUNTS, "verdict", "decision")
    columns = ("unit", "workbook", "row", *NAMES, *facts_names)
    return csv_bytes(columns, lines)


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


_UNMEASURED = [""] * len(MEASURED_COLUMNS)
_NONE = Counts()
_COUNTS = ("errors", "warnings", "notes")


def _counts(counts: Counts) -> tuple[int, int, int]:
    return counts.errors, counts.warnings, counts.notes


def _shown(value: object) -> object:
    """A measured number without needless zeros; unknown is blank."""
    if isinstance(value, float):
        return "" if math.isnan(value) or value == 0 else f"{value:.3f}".rstrip("0").rstrip(".")
    return value
