"""Mark a unit's own workbook so that nothing it holds is lost.

The file that the unit sent is changed at single places: colours and notes at the cells, a
column 错误信息, a first sheet 问题清单. Every part that has no mark keeps its very bytes. Own
marks of an earlier round are taken out first, so that marks never double.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pipeline.fields import ERROR_COLUMN, LIST_SHEET
from pipeline.model import Area, Severity
from pipeline.ownmarks import NOTE_BEGIN, NOTE_END
from pipeline.render.active import leave_out
from pipeline.render.colours import Colour, add_colours
from pipeline.render.errorcolumn import add_column
from pipeline.render.listsheet import list_sheet, listing
from pipeline.render.notes import add_notes
from pipeline.render.package import Package, Unmarkable, parse, read, related, write
from pipeline.render.restore import Column, Restore
from pipeline.render.returned import Mark, Marked, MarkTask, Returned
from pipeline.render.styles import Looks, add_looks
from pipeline.render.tabs import FILTER_NAME, Tab, Workbook, deselect, open_workbook
from pipeline.render.unmark import take_out
from pipeline.render.worksheet import (
    Worksheet,
    area_address,
    area_of,
    dump,
    load,
    merged_areas,
    sheet_reference,
)

MOST_NOTES = 2_000
"""Notes on one sheet; beyond, the column and the list carry the findings and the file still opens fast."""

_RANKS = {severity: rank for rank, severity in enumerate(Severity)}
_Places = Mapping[tuple[int, int], Sequence[Mark]]


class _Change(NamedTuple):
    """What marking one sheet left to tell: notes not put, rows hidden, and what it changed in place."""

    unnoted: int
    column: Column | None = None
    filter_name: str | None = None
    hidden: int = 0


def mark_file(task: MarkTask) -> Marked | str:
    """The marked workbook, or why it cannot be marked, in Chinese.

    Runs in a worker: the file is parsed once more.
    """
    data = task.source if isinstance(task.source, bytes) else task.source.read_bytes()
    try:
        return mark(data, task.returned)
    except Unmarkable as error:
        return str(error)


def mark(package: bytes, returned: Returned) -> Marked:
    """The unit's workbook with all marks of one round, and what was left out of it.

    Raises Unmarkable, before anything is written, if the file is no sound workbook or has no
    room for the column 错误信息. The same input gives the same bytes.
    """
    workbook = open_workbook(read(package))
    take_out(workbook)
    _refuse_unlisted(workbook, returned.sheet)
    left_out = leave_out(workbook)
    looks = add_looks(workbook.package, workbook.part, workbook.office)
    tabs = workbook.tabs()
    title = _free_name({tab.name for tab in tabs})
    selected = [tab.name for tab in tabs if deselect(workbook.package, tab.part)]
    listed = listing(returned)
    link = sheet_reference(title, "A1")
    changes = [
        _mark_sheet(workbook, tab, returned, here, looks, link)
        for tab in tabs
        if (here := [m for m in returned.marks if m.sheet == tab.name]) or tab.name == returned.sheet
        if tab.kind == "worksheet"
    ]
    remarks = _remarks(left_out, changes)
    changed = next((change for change in changes if change.column), _Change(0))
    restore = Restore(selected, workbook.show_first(), changed.column, changed.filter_name)
    workbook.insert_first(title, list_sheet(listed, remarks, title, restore, looks, workbook.namespace))
    workbook.define(FILTER_NAME, 0, sheet_reference(title, listed.filter_reference()), hidden=True)
    workbook.define("_xlnm.Print_Titles", 0, listed.print_titles(title))
    workbook.save()
    return Marked(write(workbook.package), left_out)


def _refuse_unlisted(workbook: Workbook, name: str) -> None:
    """Where the list's sheet is not among the sheets, marks would stand nowhere and names could double."""
    if name and all(tab.name != name for tab in workbook.tabs()):
        raise Unmarkable("文件内部的工作表目录不合规范")


def _free_name(taken: Iterable[str]) -> str:
    """问题清单, or with a number if the unit has a sheet of that name."""
    used = {name.casefold() for name in taken}
    names = [LIST_SHEET, *(f"{LIST_SHEET}({n})" for n in range(2, len(used) + 3))]
    return next(name for name in names if name.casefold() not in used)


def _remarks(left_out: tuple[str, ...], changes: Sequence[_Change]) -> list[str]:
    unnoted, hidden = (sum(change.unnoted for change in changes), sum(change.hidden for change in changes))
    remarks = []
    if hidden:
        remarks.append(
            f"数据表里只显示有问题的行，其余 {hidden} 行只是隐藏，没有删除；"
            f"要看全部，请在“{ERROR_COLUMN}”列的筛选里选“全选”。"
        )
    if left_out:
        remarks.append(
            f"原文件中的{'、'.join(left_out)}没有带回，单元格里的数值都保留；请用本文件修改后报送。"
        )
    if unnoted:
        remarks.append(f"有 {unnoted} 个单元格没有加批注，它们的问题见“错误信息”列和本清单。")
    return remarks


def _mark_sheet(
    workbook: Workbook,
    tab: Tab,
    returned: Returned,
    marks: Sequence[Mark],
    looks: Looks,
    link: str,
) -> _Change:
    """Mark one sheet."""
    package = workbook.package
    sheet = load(package.get(tab.part))
    places = _by_cell(marks, merged_areas(sheet))
    add_colours(sheet, map(_colour, places.items()), looks.mark)
    notes = _notes(places)
    unnoted = len(places) - len(notes) + add_notes(package, tab.part, sheet, notes, workbook.office)
    if tab.name == returned.sheet:
        column, hidden = _add_error_column(package, tab, sheet, returned, marks, looks, link)
        change = _Change(unnoted, column, _set_filter_name(workbook, tab, column), hidden)
    else:
        change = _Change(unnoted)
    package.put(tab.part, dump(sheet))
    return change


# ── Cells ────────────────────────────────────────────────────────────────────────────


def _by_cell(marks: Iterable[Mark], merged: Sequence[Area]) -> _Places:
    """Marks per cell, the most severe first. A cell hidden in a merged area is marked at the visible one."""
    cells: dict[tuple[int, int], list[Mark]] = defaultdict(list)
    wanted = sorted({m.row for m in marks})
    areas = [area for area in merged if bisect_left(wanted, area.top) < bisect_right(wanted, area.bottom)]
    for one in marks:
        if one.row and one.column:
            place = _visible(one.row, one.column, areas)
            cells[place].append(one if place == (one.row, one.column) else one._replace(plain=False))
    return {place: _severest_first(cells[place]) for place in sorted(cells)}


def _visible(row: int, column: int, areas: Sequence[Area]) -> tuple[int, int]:
    inside = (a for a in areas if a.top <= row <= a.bottom and a.left <= column <= a.right)
    return next(((area.top, area.left) for area in inside), (row, column))


def _rank(one: Mark) -> int:
    return _RANKS[one.severity]


def _severest_first(marks: list[Mark]) -> list[Mark]:
    return sorted(marks, key=_rank) if len(marks) > 1 else marks


def _colour(placed: tuple[tuple[int, int], Sequence[Mark]]) -> Colour:
    (row, column), marks = placed
    plain = all(one.plain for one in marks)
    form = next((one.form for one in marks if one.form), "") if plain else ""
    return Colour(row, column, marks[0].severity, marks[0].value if plain else None, form)


def _notes(places: _Places) -> dict[tuple[int, int], str]:
    """The note of each cell; of too many, those of the most severe findings."""
    chosen = sorted(places, key=lambda place: (_rank(places[place][0]), place))[:MOST_NOTES]
    return {place: _note(places[place]) for place in sorted(chosen)}


def _note(marks: Sequence[Mark]) -> str:
    lines = [NOTE_BEGIN]
    for number, one in enumerate(marks, 1):
        lines.append(f"{_numbered(number, marks)}{one.severity}：{one.message}")
        if one.fix:
            lines.append(f"怎么改：{one.fix}")
        if one.suggestion:
            lines.append(f"建议值：{one.suggestion}")
    return "\n".join([*lines, NOTE_END])


def _numbered(number: int, all_: Sequence[Mark]) -> str:
    return f"{number}. " if len(all_) > 1 else ""


# ── The column ───────────────────────────────────────────────────────────────────────


def _add_error_column(
    package: Package,
    tab: Tab,
    sheet: Worksheet,
    returned: Returned,
    marks: Iterable[Mark],
    looks: Looks,
    link: str,
) -> tuple[Column, int]:
    by_row: dict[int, list[Mark]] = defaultdict(list)
    for one in marks:
        if one.row > returned.header_row:
            by_row[one.row].append(one)
    messages = {row: _row_text(_severest_first(found)) for row, found in by_row.items()}
    bounds = (returned.header_row, returned.last_row)
    tables = _tables(package, tab)
    return add_column(
        sheet, tab.name, bounds, messages, looks.cell["message"], tables, link,
        alone=returned.wrong_rows_only,
    )  # fmt: skip


def _row_text(marks: Sequence[Mark]) -> str:
    return "\n".join(
        f"{_numbered(number, marks)}【{one.severity}】{_named(one)}" for number, one in enumerate(marks, 1)
    )


def _named(one: Mark) -> str:
    """The message, after the field's name where it does not say it."""
    return one.message if not one.field or one.field in one.message else f"{one.field}：{one.message}"


def _tables(package: Package, tab: Tab) -> list[Area]:
    roots = (parse(package.get(relation.target)) for relation in related(package, tab.part, "table"))
    return [area for root in roots if (area := area_of(root.get("ref", ""))) is not None]


def _set_filter_name(workbook: Workbook, tab: Tab, column: Column) -> str | None:
    """Keep the hidden name that goes with the sheet's filter right. Returns what it said before."""
    position = workbook.position(tab)
    before, after = column.filter
    existing = workbook.name_of(FILTER_NAME, position)
    area = area_of(after or "")
    if area is None or before == after or (before is not None and existing is None):
        return None if existing is None else existing.text
    text = sheet_reference(tab.name, area_address(area, absolute=True))
    return workbook.define(FILTER_NAME, position, text, hidden=True)
