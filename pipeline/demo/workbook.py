"""The many ways in which units lay out their workbook; all of them are allowed, or wrong in one known way."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import xlsxwriter
from msgspec import Struct, field
from msgspec.structs import replace
from xlsxwriter.utility import xl_rowcol_to_cell

from pipeline.demo.content import Cell, Formula, Link, Native, Record
from pipeline.fields import (
    BY_NAME,
    FIELDS,
    NAMES,
    PLATFORM_HEADERS,
    PLATFORM_SHEET,
    REQUIRED,
    RESOURCE_SHEET,
    UNIT_SHEET,
    VERSION_SHEET,
)

_TYPES = ("A01", "A02", "A03")
_CREATED = dt.datetime(2024, 4, 20, 9, 30)
_TITLES = ("继续教育数字化资源元数据表", "填报单位（盖章）：", "填报日期：2024年4月20日")
SPARE = "资源清单（备份）"
_DAYS_TO_1904 = 1462
"""Day 0 of the one calendar in the other (ECMA-376-1, 18.17.4.1)."""
MERGED_ROWS = 3
"""How many rows a merged cell swallows."""


class Shape(Struct, frozen=True):
    """How one workbook looks.

    columns: field names and other headings, left to right. titles: what stands in the
    header in place of a field's name. above: rows over the header. gap: a blank row after
    so many resources (0: none). merged: the field whose first three cells are merged.
    example: the template's example stands above the resources. total: a sum stands below
    them. repeated: a field that has a second, blank column at the right. hidden: so many
    resources at the top are not shown. checked: cells have their drop-downs and live checks.
    from_1904: days are counted from 1904. copy: the list stands on a second sheet too, "shown"
    or "hidden".
    """

    columns: tuple[str, ...] = NAMES
    titles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    above: int = 0
    gap: int = 0
    merged: str = ""
    example: bool = False
    total: bool = False
    repeated: str = ""
    hidden: int = 0
    checked: bool = True
    from_1904: bool = False
    copy: str = ""

    @property
    def header_row(self) -> int:
        """Its number in the spreadsheet."""
        return self.above + 1

    def row_of(self, index: int) -> int:
        """The spreadsheet's row number of a resource."""
        blanks = index // self.gap if self.gap else 0
        return self.header_row + int(self.example) + index + blanks + 1


def workbook(
    shape: Shape,
    records: Sequence[Record],
    *,
    version: str,
    call_id: str,
    unit_info: Mapping[str, str],
    platforms: Sequence[Mapping[str, str]],
) -> bytes:
    """The workbook as .xlsx: list, unit, platforms and the template's hidden mark."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_urls": False, "date_1904": shape.from_1904}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"created": _CREATED})
    unit = book.add_worksheet(UNIT_SHEET)
    _write_lines(unit, unit_info.items())
    _write_list(book, book.add_worksheet(RESOURCE_SHEET), shape, records)
    if shape.copy:
        spare = book.add_worksheet(SPARE)
        _write_list(book, spare, shape, records)
        if shape.copy == "hidden":
            spare.hide()
    rows = [PLATFORM_HEADERS, *([row[head] for head in PLATFORM_HEADERS] for row in platforms)]
    _write_lines(book.add_worksheet(PLATFORM_SHEET), rows)
    mark = book.add_worksheet(VERSION_SHEET)
    _write_lines(mark, (("模板版本", version), ("征集编号", call_id)))
    mark.hide()
    book.close()
    return buffer.getvalue()


def as_csv(records: Sequence[Record]) -> bytes:
    """The list alone, as Excel in Chinese saves it: gb18030, CR LF."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(NAMES)
    writer.writerows([record.text(name) for name in NAMES] for record in records)
    return text.getvalue().encode("gb18030")


def list_of_names(resources: Sequence[tuple[str, str, str]]) -> bytes:
    """A list of an earlier year: names, speakers, and links, of which there are none."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": _CREATED})
        _write_lines(book.add_worksheet(RESOURCE_SHEET), (("资源名称", "主讲人", "资源链接"), *resources))
    return buffer.getvalue()


def _write_lines(sheet: Any, lines: Any) -> None:
    for row, line in enumerate(lines):
        for column, text in enumerate(line):
            sheet.write_string(row, column, text)
    sheet.set_column(0, 4, 24)


def _write_list(book: Any, sheet: Any, shape: Shape, records: Sequence[Record]) -> None:
    """Titles, header and resources, one under the other."""
    _write_head(book, sheet, shape)
    if shape.checked and records:
        _write_checks(sheet, shape, shape.header_row, shape.row_of(len(records) - 1) - 1)
    formats: dict[str, Any] = {}
    for index, record in enumerate(records):
        row = shape.row_of(index) - 1
        if index < shape.hidden:
            sheet.set_row(row, None, None, {"hidden": True})
        for column, name in enumerate(shape.columns):
            if name == "序号":
                sheet.write_number(row, column, index + 1)
            elif not (name == shape.merged and index < MERGED_ROWS):
                cell = record.cells.get(name, "")
                _write_cell(book, sheet, row, column, _from_1904(cell) if shape.from_1904 else cell, formats)
    if shape.merged:
        column, first = shape.columns.index(shape.merged), shape.row_of(0) - 1
        sheet.merge_range(first, column, first + MERGED_ROWS - 1, column, records[0].text(shape.merged))
    if shape.total:
        column = shape.columns.index("资源名称")
        sheet.write_string(shape.row_of(len(records)) - 1, column, f"合计：{len(records)} 个")


def _write_head(book: Any, sheet: Any, shape: Shape) -> None:
    """Titles, header and example."""
    bold = book.add_format({"bold": True, "bg_color": "#E7ECF2", "border": 1, "text_wrap": True})
    for row in range(shape.above):
        sheet.write_string(row, 0, _TITLES[row % len(_TITLES)])
    titles = [shape.titles.get(name, name + ("*" if name in REQUIRED else "")) for name in shape.columns]
    for column, title in enumerate((*titles, shape.repeated) if shape.repeated else titles):
        sheet.write_string(shape.header_row - 1, column, title, bold)
    sheet.set_column(0, len(shape.columns) - 1, 16)
    if shape.example:
        for known in FIELDS:
            sheet.write_string(shape.header_row, shape.columns.index(known.name), known.example)


def _write_checks(sheet: Any, shape: Shape, top: int, bottom: int) -> None:
    """What the template checks while one types, in the rows from top to bottom (from 0)."""
    for column, name in enumerate(shape.columns):
        known = BY_NAME.get(name)
        if known and known.excel:
            where = xl_rowcol_to_cell(top, column)
            condition: dict[str, Any] = {"validate": "custom", "value": f"={known.excel.format(c=where)}"}
            if name == "资源类型":
                condition = {"validate": "list", "source": list(_TYPES)}
            sheet.data_validation(top, column, bottom, column, {**condition, "error_type": "warning"})


def _from_1904(cell: Cell) -> Cell:
    """The same day where days are counted from 1904; lengths of time are the same in both."""
    dated = isinstance(cell, Native) and "y" in cell.format
    return replace(cell, number=cell.number - _DAYS_TO_1904) if isinstance(cell, Native) and dated else cell


def _write_cell(book: Any, sheet: Any, row: int, column: int, cell: Cell, formats: dict[str, Any]) -> None:
    if isinstance(cell, Formula):
        sheet.write_formula(row, column, cell.formula, None, cell.result)
    elif isinstance(cell, Native):
        if cell.format not in formats:
            formats[cell.format] = book.add_format({"num_format": cell.format})
        sheet.write_number(row, column, cell.number, formats[cell.format])
    elif isinstance(cell, Link):
        sheet.write_url(row, column, cell.target, None, cell.shown)
    elif cell:
        sheet.write_string(row, column, cell)
