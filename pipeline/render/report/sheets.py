"""What the report's workbooks share: looks, widths, and cells that never act."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from pipeline.figures.values import (
    Cell,
    Change,
    Column,
    Hours,
    HoursChange,
    Rate,
    RateChange,
    Row,
    Table,
    shown,
)
from pipeline.render.inert import clean, line_count
from pipeline.render.report.palette import HEAD, INK, LINE, SOFT

FONT = "微软雅黑"
_LINE, _HIGHEST_ROW = 15, 409
"""Points that a line takes, and the most that a row may have in Excel."""
_NUMBERS: Mapping[type, str] = {
    Rate: "0.0%",
    Hours: "0.00",
    HoursChange: "+0.00;-0.00;0",
    RateChange: '+0.0" 个百分点";-0.0" 个百分点";0',
    Change: "+0;-0;0",
    int: "0",
    float: "0.##",
}

Styles = Mapping[str, Any]


class Book:
    """A workbook that is being written; `data` ends it. The same content gives the same bytes."""

    def __init__(self, title: str, dated: dt.date) -> None:
        """dated: stands in the properties in place of the clock's time."""
        self._buffer = io.BytesIO()
        options = {
            "in_memory": True,
            "strings_to_urls": False,
            "strings_to_formulas": False,
            "default_format_properties": {"font_name": FONT, "font_size": 10, "valign": "vcenter"},
        }
        self.book = xlsxwriter.Workbook(self._buffer, options)
        created = dt.datetime.combine(dated, dt.time())
        self.book.set_properties({"title": clean(title), "created": created})
        self.style = _styles(self.book)

    def sheet(self, name: str, title: str) -> Any:
        """A new sheet, printed on A4 across, one page wide."""
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)
        sheet.set_footer("&C第 &P 页，共 &N 页")
        sheet.set_row(0, 30)
        sheet.write_string(0, 0, clean(title), self.style["title"])
        return sheet

    def data(self) -> bytes:
        """The finished workbook."""
        self.book.close()
        return self._buffer.getvalue()


def _styles(book: Any) -> Styles:
    edge = {"border": 1, "border_color": LINE}
    looks: dict[str, dict[str, Any]] = {
        "title": {"bold": True, "font_size": 16, "font_color": INK},
        "section": {"bold": True, "font_size": 12, "font_color": INK},
        "sentence": {"text_wrap": True, "valign": "top"},
        "head": {**edge, "bold": True, "text_wrap": True, "bg_color": HEAD, "font_color": INK},
        "number head": {
            **edge, "bold": True, "text_wrap": True, "align": "right", "bg_color": HEAD, "font_color": INK,
        },
        "text": {**edge, "text_wrap": True, "num_format": "@"},
        "total text": {**edge, "bold": True, "top": 2, "num_format": "@"},
        "nothing": {**edge, "align": "right", "font_color": SOFT},
        "total nothing": {**edge, "align": "right", "font_color": SOFT, "top": 2},
        "note": {"font_color": SOFT, "font_size": 9},
    }  # fmt: skip
    for kind, form in _NUMBERS.items():
        looks[kind.__name__] = {**edge, "num_format": form}
        looks[f"total {kind.__name__}"] = {**edge, "bold": True, "top": 2, "num_format": form}
    return {name: book.add_format(look) for name, look in looks.items()}


def write_cell(sheet: Any, row: int, column: int, cell: Cell, style: Styles, kind: str = "") -> None:
    """A cell as what it is: text stays text whatever it looks like, a number can be counted with."""
    if cell is None:
        sheet.write_string(row, column, shown(None), style[f"{kind}nothing"])
    elif isinstance(cell, str):
        sheet.write_string(row, column, clean(cell), style[f"{kind}text"])
    else:
        number = round(cell * 100, 1) if isinstance(cell, RateChange) else cell
        sheet.write_number(row, column, number, style[f"{kind}{type(cell).__name__}"])


def set_columns(sheet: Any, widths: Sequence[float]) -> Sequence[float]:
    """Make the columns that wide, from the first on; the same widths."""
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    return widths


def write_rows(sheet: Any, first: int, table: Table, style: Styles, widths: Sequence[float]) -> int:
    """Header with filters, rows, total. Returns the row below; rows count from 0. widths: of the columns."""
    last = first + max(len(table.rows), 1)
    options = {
        "name": f"t_{table.key}",
        "style": None,
        "columns": [
            {"header": column.name, "header_format": style["number head" if column.numeric else "head"]}
            for column in table.columns
        ],
    }
    sheet.set_row(first, 32)
    sheet.add_table(first, 0, last, len(table.columns) - 1, options)
    for number, row in enumerate(table.rows, first + 1):
        lines = max(line_count(shown(cell), width - 1) for cell, width in zip(row, widths, strict=False))
        if lines > 1:  # not every program makes room for wrapped text by itself
            sheet.set_row(number, min(_LINE * lines, _HIGHEST_ROW))
        _write_row(sheet, number, row, style)
    if table.total:
        last += 1
        _write_row(sheet, last, table.total, style, "total ")
    return last + 1


def _write_row(sheet: Any, number: int, row: Row, style: Styles, kind: str = "") -> None:
    for column, cell in enumerate(row):
        write_cell(sheet, number, column, cell, style, kind)


def widths(columns: Sequence[Column], rows: Sequence[Row], most: int = 46) -> list[float]:
    """In half-width characters, by what the columns hold; the filter's arrow needs room."""
    return [
        min(max([_wide(column.name) + 4, *(_wide(shown(row[at])) + 2 for row in rows[:500])]), most)
        for at, column in enumerate(columns)
    ]


def _wide(text: str) -> int:
    return sum(2 if character > "\u2e7f" else 1 for character in text)
