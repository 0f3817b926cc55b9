"""The column 错误信息 at the right of the data: cells, width, filter, and all of it taken out again."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from lxml import etree

from pipeline.fields import ERROR_COLUMN
from pipeline.model import Area, Severity, letters
from pipeline.ownmarks import SIGNATURE
from pipeline.render.inert import line_count, xml_text
from pipeline.render.package import Unmarkable, attributes_of, fragment, integer
from pipeline.render.restore import Column, Width
from pipeline.render.worksheet import (
    LAST_COLUMN,
    Cell,
    Row,
    Worksheet,
    address,
    area_address,
    area_of,
    cell_text,
    cells,
    cells_with,
    drop_cells,
    hide_rows,
    last_cell,
    list_rows,
    lower_rows,
    merged_areas,
    put_cells,
    raise_rows,
    show_rows,
)

_WIDTH = "50"
_LINE_HEIGHT = 13.5
"""Points of a line in the column's font."""

_TALLEST = 409
"""Points: Excel's limit for a row."""

_MOST_RAISED = 2_000
"""Rows made taller on one sheet: what is kept to undo it fits into one cell."""

_MESSAGE = re.compile(rf"(?:[0-9]+\. )?【(?:{'|'.join(Severity)})】")
_WITH_MESSAGE = (
    '<filterColumn colId="{}"><customFilters><customFilter val="*【*"/></customFilters></filterColumn>'
)
"""The choice of texts that contain 【, as every message does.

LibreOffice saves the choice of all but the blanks as an operator that no other program reads.
"""


def inline_cell(prefix: str, where: str, style: int | None, text: str) -> str:
    """A cell that holds text and nothing else, whatever the text looks like."""
    look = "" if style is None else f' s="{style}"'
    return (
        f'<{prefix}c r="{where}"{look} t="inlineStr"><{prefix}is>'
        f'<{prefix}t xml:space="preserve">{xml_text(text)}</{prefix}t></{prefix}is></{prefix}c>'
    )


def add_column(
    sheet: Worksheet,
    name: str,
    bounds: tuple[int, int],
    messages: Mapping[int, str],
    style: int,
    tables: Iterable[Area],
    link: str,
    *,
    alone: bool,
) -> tuple[Column, int]:
    """Put 错误信息 into the first column behind the header that holds nothing at all.

    bounds are header row and last row of the data, messages a text per row, tables the
    rectangles of the sheet's list objects, link what the header cell leads to. alone: rows
    without a message are filtered out of sight, which is not done where the sheet's filter
    belongs to other rows. Returns the record of it and how many rows that were. Raises
    Unmarkable if no column is free.
    """
    header_row, last_row = bounds
    rows = list_rows(sheet)
    header = next((row for row in rows if row.number == header_row), None)
    first, last, look = _header_span(sheet, header) if header else (1, 0, None)
    column = _free_column(sheet, rows, last, bounds)
    content = {
        row: inline_cell(sheet.prefix, address(row, column), style, text).encode()
        for row, text in messages.items()
        if row > header_row
    }
    content[header_row] = inline_cell(sheet.prefix, address(header_row, column), look, ERROR_COLUMN).encode()
    made = put_cells(sheet, column, content)
    area = Area(header_row, column, max(last_row, header_row, *content), column)
    _add_link(sheet, address(header_row, column), link)
    raised = raise_rows(sheet, _heights(messages))
    filtered = _extend_filter(sheet, area, first, tables)
    hidden, before = _hide_others(sheet, column, messages) if alone else (0, None)
    record = Column(
        sheet=name,
        column=column,
        made=made,
        width=_widen(sheet, column),
        filter=filtered,
        dimension=_extend_dimension(sheet, area),
        hidden=before,
        raised=raised,
    )
    return record, hidden


def find_columns(
    sheet: Worksheet, strings: Sequence[str], expected: int, *, surely: bool
) -> list[tuple[int, int]]:
    """(header row, column) of every stored 错误信息 of ours, that of the record first.

    strings are the shared strings: after another program saved the file the cells refer to
    them. surely: the sheet bears other marks of ours, so that the column in the expected place,
    else the rightmost, is ours whatever the unit wrote in it. Others, such as one that came
    along with copied rows, are known by what they hold.
    """
    needles = [ERROR_COLUMN.encode()]
    needles += [b">%d<" % n for n, text in enumerate(strings) if text.strip() == ERROR_COLUMN]
    hits = {cell for needle in needles for cell in cells_with(sheet, needle)}
    found = sorted(
        ((c.row, c.column) for c in hits if cell_text(c, strings).strip() == ERROR_COLUMN),
        key=lambda place: (place[1] != expected, -place[1], place[0]),
    )
    return [place for n, place in enumerate(found) if (surely and not n) or _is_ours(sheet, place, strings)]


def remove_column(sheet: Worksheet, header_row: int, column: int, column_record: Column | None) -> None:
    """Take out the column that stands at this place now, and change back what adding it changed."""
    if column_record:
        lower_rows(sheet, column_record.raised)
    drop_cells(sheet, column, header_row, column_record.made if column_record else ())
    _drop_links(sheet, address(header_row, column))
    _narrow(sheet, column, column_record.width if column_record else None)
    _shrink_filter(sheet, column, column_record)
    dimension = sheet.find("dimension")
    if column_record and dimension is not None:
        before, after = column_record.dimension
        if before is not None and dimension.get("ref") == after:
            dimension.set("ref", before)


def has_link(sheet: Worksheet) -> bool:
    """Whether a link of ours leads from the sheet to the list."""
    return any(link.get("tooltip", "").startswith(SIGNATURE) for link in _links(sheet))


# ── Place ────────────────────────────────────────────────────────────────────────────


def _header_span(sheet: Worksheet, header: Row) -> tuple[int, int, int | None]:
    """First and last column of the header that holds something, and the format of the last."""
    used = [cell for cell in cells(sheet, header) if cell.content]
    return (used[0].column, used[-1].column, used[-1].style) if used else (1, 0, None)


def _free_column(sheet: Worksheet, rows: list[Row], last: int, bounds: tuple[int, int]) -> int:
    beyond = [row for row in rows if last_cell(sheet, row) > last]
    taken = {cell.column for row in beyond for cell in cells(sheet, row)}
    for area in merged_areas(sheet):
        if area.top <= bounds[1] and area.bottom >= bounds[0]:
            taken.update(range(area.left, area.right + 1))
    column = next((c for c in range(last + 1, LAST_COLUMN + 1) if c not in taken), None)
    if column is None:
        raise Unmarkable("数据表右侧没有空列，放不下“错误信息”列")
    return column


def _is_ours(sheet: Worksheet, place: tuple[int, int], strings: Sequence[str]) -> bool:
    """Whether the column holds messages of ours and nothing else."""
    header_row, column = place
    texts = [cell_text(c, strings).strip() for c in _below(sheet, header_row, column)]
    return any(texts) and all(_MESSAGE.match(text) for text in texts if text)


def _below(sheet: Worksheet, header_row: int, column: int) -> Iterator[Cell]:
    return (cell for cell in cells(sheet, letters=letters(column)) if cell.row > header_row)


def _heights(messages: Mapping[int, str]) -> dict[int, float]:
    """The height that each message needs, of so many rows."""
    rows = sorted(messages)[:_MOST_RAISED]
    lines = {row: line_count(messages[row], float(_WIDTH) - 2) for row in rows}
    return {row: min(_LINE_HEIGHT * count + 1.5, _TALLEST) for row, count in lines.items()}


# ── Links ────────────────────────────────────────────────────────────────────────────


def _links(sheet: Worksheet) -> list[etree._Element]:
    links = sheet.find("hyperlinks")
    return [] if links is None else list(links)


def _add_link(sheet: Worksheet, where: str, location: str) -> None:
    """The way back to the list, at the header alone.

    LibreOffice shows a cell with a link as one line, however long its text, and Excel leaves the
    sheet at every click on it: the messages are there to be read.
    """
    links = sheet.find("hyperlinks")
    if links is None:
        links = sheet.place(fragment("<hyperlinks/>", sheet.namespace))
    tooltip = f"{SIGNATURE}：点击查看全部问题"
    etree.SubElement(
        links, f"{{{sheet.namespace}}}hyperlink",
        ref=where, location=location, tooltip=tooltip, display=ERROR_COLUMN,
    )  # fmt: skip


def _drop_links(sheet: Worksheet, header: str) -> None:
    """Take out our links, by their tooltip or, as LibreOffice drops those, by their place."""
    links = sheet.find("hyperlinks")
    if links is None:
        return
    for link in list(links):
        if link.get("ref") == header or link.get("tooltip", "").startswith(SIGNATURE):
            links.remove(link)
    if not len(links):
        sheet.root.remove(links)


# ── Width ────────────────────────────────────────────────────────────────────────────


def _widen(sheet: Worksheet, column: int) -> Width | None:
    columns = sheet.find("cols")
    if columns is None:
        columns = sheet.place(fragment("<cols/>", sheet.namespace))
    before = _cut(columns, column)
    own = {"width": _WIDTH, "customWidth": "1"}
    if before and "style" in before.attributes:
        own["style"] = before.attributes["style"]
    _put(columns, column, column, own)
    return before


def _narrow(sheet: Worksheet, column: int, before: Width | None) -> None:
    columns = sheet.find("cols")
    if columns is None:
        return
    _cut(columns, column)
    if before:
        _rejoin(columns, column, before)
    if not len(columns):
        sheet.root.remove(columns)


def _cut(columns: etree._Element, column: int) -> Width | None:
    """Take one column out of the definition that covers it. Returns that definition as it was."""
    for element in columns:
        first, last = integer(element, "min"), integer(element, "max")
        if first <= column <= last:
            attributes = attributes_of(element)
            columns.remove(element)
            for low, high in _beside(first, last, column):
                _put(columns, low, high, attributes)
            return Width(first, last, attributes)
    return None


def _rejoin(columns: etree._Element, column: int, before: Width) -> None:
    """Put a definition back: whole if its other pieces still lie beside the column, else for it alone."""
    wanted = [
        before.attributes | {"min": str(low), "max": str(high)}
        for low, high in _beside(before.first, before.last, column)
    ]
    pieces = [element for element in columns if attributes_of(element) in wanted]
    if before.first <= column <= before.last and len(pieces) == len(wanted):
        for piece in pieces:
            columns.remove(piece)
        _put(columns, before.first, before.last, before.attributes)
    else:
        _put(columns, column, column, before.attributes)


def _beside(first: int, last: int, column: int) -> list[tuple[int, int]]:
    """What is left of a span of columns without one of them."""
    return [(low, high) for low, high in ((first, column - 1), (column + 1, last)) if low <= high]


def _put(columns: etree._Element, first: int, last: int, attributes: Mapping[str, str]) -> None:
    element = fragment("<col/>", etree.QName(columns).namespace or "")
    for key, value in {**attributes, "min": str(first), "max": str(last)}.items():
        element.set(key, value)
    later = [e for e in columns if integer(e, "min") > first]
    if later:
        later[0].addprevious(element)
    else:
        columns.append(element)


# ── Filter and dimension ─────────────────────────────────────────────────────────────


def _extend_filter(
    sheet: Worksheet, column: Area, first: int, tables: Iterable[Area]
) -> tuple[str | None, str | None]:
    """Let the sheet's filter cover the column. Returns its reference (before, after); None for no filter.

    A filter that belongs to other rows stays as it is: a sheet can have one only. Data in a
    list object has a filter of its own, so that ours covers our column alone.
    """
    existing = sheet.find("autoFilter")
    if existing is not None:
        before = existing.get("ref", "")
        area = area_of(before)
        if area is None or area.top != column.top or area.right >= column.left:
            return before, before
        after = area_address(Area(area.top, area.left, max(area.bottom, column.bottom), column.left))
        existing.set("ref", after)
        return before, after
    in_table = any(table.top <= column.bottom and table.bottom >= column.top for table in tables)
    left = column.left if in_table else first
    after = area_address(Area(column.top, left, max(column.bottom, column.top + 1), column.left))
    element = fragment("<autoFilter/>", sheet.namespace)
    element.set("ref", after)
    sheet.place(element)
    return None, after


def _hide_others(sheet: Worksheet, column: int, messages: Container[int]) -> tuple[int, list[int] | None]:
    """Let the filter show rows with a message only: (rows hidden, those hidden before, None if not done)."""
    existing = sheet.find("autoFilter")
    area = None if existing is None else area_of(existing.get("ref", ""))
    if existing is None or area is None or area.right != column:
        return 0, None
    criterion = fragment(_WITH_MESSAGE.format(column - area.left), sheet.namespace)
    others = existing.findall(f"{{{sheet.namespace}}}filterColumn")
    existing.insert(existing.index(others[-1]) + 1 if others else 0, criterion)
    return hide_rows(sheet, area, messages)


def _shrink_filter(sheet: Worksheet, column: int, record: Column | None) -> None:
    existing = sheet.find("autoFilter")
    area = None if existing is None else area_of(existing.get("ref", ""))
    if existing is None or area is None:
        return
    before, after = record.filter if record else (None, None)
    hidden = (record.hidden if record else None) or []
    narrowed = Area(area.top, area.left, area.bottom, column - 1)
    ours_alone = before is None and after is not None
    if ours_alone or (area.right == column and narrowed.right < narrowed.left):
        if len(existing):
            show_rows(sheet, area, hidden)
        sheet.root.remove(existing)
        return
    own = [e for e in existing if e.get("colId") == str(column - area.left)]
    for criterion in own:
        existing.remove(criterion)
    if own and (not len(existing) or (record and record.hidden is not None)):
        show_rows(sheet, area, hidden)
    if before is not None and existing.get("ref") == after:
        existing.set("ref", before)
    elif area.right == column:
        existing.set("ref", area_address(narrowed))


def _extend_dimension(sheet: Worksheet, column: Area) -> tuple[str | None, str | None]:
    element = sheet.find("dimension")
    before = None if element is None else element.get("ref", "")
    area = None if before is None else area_of(before)
    if element is None or area is None:
        return None, None
    after = area_address(
        Area(
            min(area.top, column.top),
            min(area.left, column.left),
            max(area.bottom, column.bottom),
            max(area.right, column.left),
        )
    )
    element.set("ref", after)
    return before, after
