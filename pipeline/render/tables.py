"""findings.csv, resources.csv, units.csv: UTF-8 with BOM, every cell inert text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.rounds.compare import Comparison
from pipeline.rounds.decide import RowKey, Rows
from pipeline.summarise import Counts, Tally, Told, UnitSummary, rows_by_workbook

FINDING_COLUMNS = (
    "unit", "workbook", "sheet", "row", "field", "cell", "code", "severity", "value", "message", "fix",
    "suggestion", "source",
)  # fmt: skip
PLACE_COLUMNS = ("unit", "workbook", "row")
MEASURED_COLUMNS = (
    "real", "seconds", "video_codec", "audio_codecs", "width", "height", "fps", "bitrate", "rate", "channels",
)  # fmt: skip
OUTCOME_COLUMNS = ("errors", "warnings", "notes", "verdict", "decision")

UNIT_COLUMNS = (
    "unit", "state", "workbook", "rows", "errors", "warnings", "notes", "passed", "returned", "review",
    "round", "received", "deadline", "on_time", "returned_file", "type", "region", "overdue", "path",
    "problems_before", "corrected", "remaining", "new", "unasked",
)  # fmt: skip

_ACTS = re.compile(r"'*[=+\-@\t\r\0]")
_UNFIT = "\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff"
_CONTROL = re.compile(f"[{_UNFIT}]")
_QUOTED = re.compile('[",\r\n]')
_SPECIAL = re.compile(f'[",\r\n{_UNFIT}]')
_ASIDE = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0D, 0x20), *b'",'])
_NO_CHARACTERS = "\ufffe\uffff"
_LEADING = re.compile("\n[=+@\t'-]")
"""In no column of plain texts, one a line."""
_NOT_ALWAYS_PLAIN = re.compile(f"[\",\r\n=+@\t'{_UNFIT}-]")
"""A text without any of these stands in the file as it is."""
_AT_ONCE = 1_000
"""Lines made at once."""


_Book = tuple[tuple[str, str], Sequence[int]]
"""Unit and workbook, with the rows of its resources."""


def inert(value: object) -> str:
    """A cell that no spreadsheet program takes for a formula (OWASP ASVS 1.2.10), nor chokes on.

    One apostrophe in front makes it so; a text that already looks made so gets another, so that
    the text can be had back.
    """
    text = "" if value is None else _CONTROL.sub("\ufffd", str(value))
    return f"'{text}" if _ACTS.match(text) else text


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table as bytes; lines end as Excel expects."""
    return b"".join(_csv(columns, list(map(_written, zip(*rows, strict=True)))))


def _csv(names: Sequence[str], columns: Sequence[Sequence[str]]) -> Iterator[bytes]:
    """A table of columns of cells, or of parts of lines, as they stand in the file (RFC 4180).

    Some lines at once: what is short-lived and small stays where the processor has it at hand.
    """
    yield b"\xef\xbb\xbf" + _lines([names])
    for start in range(0, max(map(len, columns), default=0), _AT_ONCE):
        yield _lines(zip(*(column[start : start + _AT_ONCE] for column in columns), strict=True))


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    return "\r\n".join([*map(",".join, rows), ""]).encode("utf-8")


def _written(cells: Sequence[object]) -> Sequence[str]:
    """A column's cells (texts, whole numbers, None) as they stand in the file.

    One look at the whole column spares a look at each cell.
    """
    if _plain(cells):
        return cast("Sequence[str]", cells)
    written = {cell: _cell(cell) for cell in set(cells)}
    return [written[cell] for cell in cells]


def _plain(cells: Sequence[object]) -> bool:
    """Whether these are texts that stand in the file as they are: none to be quoted or made inert."""
    try:
        lines = "\n".join(["", *cast("Sequence[str]", cells)])
        data = lines.encode("utf-8")
    except (TypeError, UnicodeEncodeError):  # not texts; half a character
        return False
    return (
        lines.count("\n") == len(cells)
        and len(data.translate(None, _ASIDE)) == len(data)
        and not any(character in lines for character in _NO_CHARACTERS)
        and not _LEADING.search(lines)
    )


def _cell(value: object) -> str:
    if isinstance(value, str) and not _SPECIAL.search(value) and not _ACTS.match(value):
        return str(value)
    text = inert(value)
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


def resources_csv(rows: Rows, media: pd.DataFrame, counts: Tally) -> Iterator[bytes]:
    """One line per resource: canonical values, the facts of its first file, counts and verdict.

    A malformed cell shows what was sent. Parts of the file, one after the other.
    """
    parts = (
        list(_workbooks(rows.books)),
        [str(number) for _, numbers in rows.books for number in numbers],
        *(_field(rows, name) for name in rows.shown),
        _measured(media, len(rows)),
        list(_outcomes(rows.books, counts)),
    )
    names = (*PLACE_COLUMNS, *rows.shown, *MEASURED_COLUMNS, "bit_depth", *OUTCOME_COLUMNS)
    return _csv(names, parts)


def _workbooks(books: Iterable[_Book]) -> Iterator[str]:
    """Unit and workbook of each resource, as parts of lines."""
    for book, numbers in books:
        yield from repeat(",".join(map(_cell, book)), len(numbers))


def _field(rows: Rows, name: str) -> Sequence[str]:
    """A field's cells as they stand in the file; that most need no look their alphabet tells."""
    shown = rows.shown[name]
    return _written(shown) if _NOT_ALWAYS_PLAIN.search(rows.alphabets[name]) else shown


def _measured(media: pd.DataFrame, count: int) -> list[str]:
    """The facts of the first file of each of so many resources, as parts of lines."""
    named = media.loc[media["path"].to_numpy() != "", ["@index", *MEASURED_COLUMNS]]
    first = named.drop_duplicates("@index")
    kinds = _alike(first)
    different = first.iloc[np.unique(kinds, return_index=True)[1]]
    columns = [list(map(_fact, different[name].tolist())) for name in MEASURED_COLUMNS]
    columns.append(["不适用" if real == "mp3" else "" for real in columns[MEASURED_COLUMNS.index("real")]])
    written = list(map(",".join, zip(*columns, strict=True)))
    parts = ["," * (len(columns) - 1)] * count
    for index, kind in zip(first["@index"].tolist(), kinds.tolist(), strict=True):
        parts[index] = written[kind]
    return parts


def _alike(files: pd.DataFrame) -> NDArray[np.int64]:
    """The same number for files of which the same was measured, from 0 on: most look like others."""
    kinds = np.zeros(len(files), dtype=np.int64)
    for name in MEASURED_COLUMNS:
        codes, different = pd.factorize(files[name], use_na_sentinel=False)
        kinds = pd.factorize(kinds * len(different) + codes)[0]
    return kinds


def _fact(value: object) -> str:
    """A measured fact as it stands in the file; unknown is blank."""
    return _cell(_shown(value))


def _outcomes(books: Iterable[_Book], counts: Tally) -> Iterator[str]:
    """Counts, verdict and decision of each resource, as parts of lines.

    Resources of which nothing was said are alike in the whole workbook.
    """
    said = rows_by_workbook(counts.rows.keys() | counts.decisions.keys())
    for book, numbers in books:
        alike, here = _outcome(counts, (*book, 0)), said[book]
        yield from (_outcome(counts, (*book, row)) if row in here else alike for row in numbers)


def _outcome(counts: Tally, key: RowKey) -> str:
    here = counts.rows.get(key, _NONE)
    decision = counts.decisions.get(key, "")
    return f"{here.errors},{here.warnings},{here.notes},{counts.verdict(*key)},{decision and _cell(decision)}"


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
