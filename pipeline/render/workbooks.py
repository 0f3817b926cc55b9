"""The workbook that goes back to a unit: its own file, marked (or its rows in the template's layout).

`mark_file` runs in a worker: the file is parsed once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.fields import RESOURCE_SHEET
from pipeline.model import Finding, Kind, Layout, Submission
from pipeline.render.listsheet import place_of
from pipeline.render.marks import mark as mark_package
from pipeline.render.package import Unmarkable
from pipeline.render.returned import Mark, Marked, Returned
from pipeline.render.template import standard_workbook
from pipeline.summarise import Told

PATCHED = frozenset({"xlsx", "xlsm"})
"""Real formats that are marked in place; the others come back in the template's layout."""


@dataclass(frozen=True, slots=True)
class MarkTask:
    """A package to mark: the private copy, or the bytes of a workbook made for it."""

    source: Path | bytes
    returned: Returned


def mark_file(task: MarkTask) -> Marked | str:
    """The marked workbook, or why it cannot be marked, in Chinese."""
    data = task.source if isinstance(task.source, bytes) else task.source.read_bytes()
    try:
        return mark_package(data, task.returned)
    except Unmarkable as error:
        return str(error)


def mark_task(
    submission: Submission,
    copy: Path | None,
    told: Iterable[Told],
    head: tuple[str, ...],
    identity: Mapping[str, str],
    *,
    codes: Mapping[str, str],
    version: str,
    call_id: str,
) -> MarkTask:
    """What is to be marked, wherever the rows come to stand.

    copy: the file as sent, to be marked itself; None, or a format that cannot be marked:
    the rows are put into the template's layout.
    """
    if copy is not None and submission.kind in PATCHED:
        layout, rows = submission.layout, {row: row for row in submission.rows}
        source: Path | bytes = copy
    else:
        layout, rows, source = _in_template(submission, codes, version, call_id)
    marks = tuple(_mark(each, submission, layout, rows) for each in told)
    returned = Returned(head, dict(identity), layout.sheet, layout.header_row, layout.last_row, marks)
    return MarkTask(source, returned)


def _in_template(
    submission: Submission, codes: Mapping[str, str], version: str, call_id: str
) -> tuple[Layout, dict[int, int], bytes]:
    """The rows as sent in the template's layout: every row, every field, nothing corrected."""
    names = list(submission.cells)
    records = [dict(zip(names, texts, strict=True)) for texts in zip(*submission.cells.values(), strict=True)]
    info = {label: value.text for label, value in submission.unit_info.items()}
    platforms = [{name: value.text for name, value in row.items()} for row in submission.platforms]
    data = standard_workbook(
        codes=codes, version=version, call_id=call_id, rows=records, unit_info=info, platforms=platforms
    )
    columns = {name: number for number, name in enumerate(names, 1)}
    rows = {row: number for number, row in enumerate(submission.rows, 2)}
    return Layout(RESOURCE_SHEET, 1, len(rows) + 1, columns), rows, data


def _mark(told: Told, submission: Submission, layout: Layout, rows: Mapping[int, int]) -> Mark:
    found = told.finding
    place = found.place
    in_table = place.sheet == submission.layout.sheet and place.row in rows
    kept = layout is submission.layout and place.sheet != ""
    column = layout.columns.get(place.field, 0) if in_table else _column(place.cell) if kept else 0
    mark = Mark(
        severity=told.severity,
        sheet=layout.sheet if in_table else place.sheet if kept else "",
        row=rows[place.row] if in_table else place.row if kept else 0,
        column=column,
        field=place.field,
        value=found.value,
        message=told.message,
        fix=told.fix,
        suggestion=found.suggestion,
        safe=found.safe,
        code=found.code,
        source=told.source,
        plain=_is_plain(found, submission, in_table=in_table),
    )
    said = next((a for a in submission.answers if (a.place, a.code) == (place_of(mark), found.code)), None)
    return replace(mark, accepted=said.accepted, explained=said.explained) if said else mark


def _is_plain(found: Finding, submission: Submission, *, in_table: bool) -> bool:
    kind = submission.kinds.get((found.place.row, found.place.field), Kind.TEXT)
    return in_table and kind is Kind.TEXT


def _column(cell: str) -> int:
    number = 0
    for letter in re.sub("[^A-Z]", "", cell):
        number = number * 26 + ord(letter) - 64
    return number
