"""The report as a workbook: the same tables with filters, and native charts (.xlsx)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pipeline.figures.values import MOST_BARS, Column, Figures, Row, Section, Table
from pipeline.render.report.palette import INK, LINE, colour, on
from pipeline.render.report.sheets import FONT, Book, set_columns, widths, write_rows

_CHART_LINES = 15
"""Rows of a sheet that a chart takes."""
_LINE = 20
"""Pixels of such a row."""


def workbook(figures: Figures, dated: dt.date) -> bytes:
    """The .xlsx; the same figures and day give the same bytes. dated: the day of the run."""
    book = Book(figures.head.title, dated)
    _overview(book, figures)
    for section in figures.sections[1:]:
        stacked = [table for table in section.tables if not _is_list(table)]
        if stacked or not section.tables:
            _section(book, section, stacked)
        for table in section.tables:
            if _is_list(table):
                _list(book, table)
    _list(book, figures.units)
    _lines(book, "口径说明", figures.notes)
    return book.data()


def _is_list(table: Table) -> bool:
    """Whether it begins with several columns of text: its widths suit no other table's."""
    return sum(not column.numeric for column in table.columns) > 1


def _overview(book: Book, figures: Figures) -> None:
    rows: tuple[Row, ...] = tuple(
        (number.label, number.value, number.unit, number.says) for number in figures.numbers
    )
    columns = (Column("指标"), Column("数量", numeric=True), Column("单位"), Column("说明"))
    table = Table("numbers", "主要数据", columns, rows)
    sheet = book.sheet("总体情况", figures.head.title)
    wide = set_columns(sheet, (22, 20, 20, 20))
    row = _sentences(book, sheet, 1, figures.sections[0].sentences, 4)
    write_rows(sheet, row + 1, table, book.style, wide)
    sheet.activate()


def _sentences(book: Book, sheet: Any, row: int, sentences: tuple[str, ...], columns: int) -> int:
    """Sentences over the width of some columns. Returns the row below."""
    for sentence in sentences:
        sheet.set_row(row, 34)
        sheet.merge_range(row, 0, row, columns - 1, "", book.style["sentence"])
        sheet.write_string(row, 0, sentence, book.style["sentence"])
        row += 1
    return row


def _section(book: Book, section: Section, tables: list[Table]) -> None:
    """Tables below each other, each with its chart."""
    sheet = book.sheet(section.title, section.title)
    most = max((len(table.columns) for table in tables), default=6)
    row = _sentences(book, sheet, 1, section.sentences, max(most, 6))
    wide = set_columns(sheet, (30, *[12] * (max(most, 6) - 1)))
    for table in tables:
        row += 1
        sheet.set_row(row, 24)
        sheet.write_string(row, 0, table.title, book.style["section"])
        below = write_rows(sheet, row + 1, table, book.style, wide)
        if table.note:
            sheet.write_string(below, 0, table.note, book.style["note"])
            below += 1
        if table.chart and len(table.rows) > 1:
            _chart(book, sheet, table, row + 1, (below, 0))
            below += _CHART_LINES
        row = below


def _list(book: Book, table: Table) -> None:
    """A table with a sheet of its own: the header stays in view, and on every page."""
    sheet = book.sheet(table.title, table.title)
    wide = set_columns(sheet, widths(table.columns, table.rows))
    below = write_rows(sheet, 1, table, book.style, wide)
    if table.note:
        sheet.write_string(below, 0, table.note, book.style["note"])
    sheet.freeze_panes(2, 1)
    sheet.repeat_rows(1)
    if table.chart and len(table.rows) > 1:
        _chart(book, sheet, table, 1, (1, len(table.columns) + 1))


def _chart(book: Book, sheet: Any, table: Table, row: int, place: tuple[int, int]) -> None:
    """A native bar chart of the first rows of a table, whose header stands in `row`, at (row, column)."""
    if table.chart is None:
        return
    name = sheet.get_name()
    count = min(len(table.rows), MOST_BARS)
    several = len(table.chart.series) > 1
    chart = book.book.add_chart({"type": "bar", **({"subtype": "stacked"} if several else {})})
    font = {"name": FONT, "size": 9, "color": INK}
    for at in table.chart.series:
        paint = colour(table.columns[at].name)
        label = {**font, "color": on(paint)} if several else font
        chart.add_series(
            {
                "name": [name, row, at],
                "categories": [name, row + 1, table.chart.label, row + count, table.chart.label],
                "values": [name, row + 1, at, row + count, at],
                "fill": {"color": paint},
                "gap": 45,
                "data_labels": {"value": True, "font": label, "num_format": "0;;;"},
            }
        )
    first = f"，前 {count} 项" if count < len(table.rows) else ""
    title = f"{table.title}（单位：{table.chart.unit}{first}）"
    chart.set_title({"name": title, "name_font": {**font, "size": 11, "bold": True}, "overlay": False})
    chart.set_y_axis({"reverse": True, "num_font": font, "line": {"color": LINE}, "major_tick_mark": "none"})
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}, "min": 0})
    chart.set_legend({"position": "top", "font": font} if several else {"none": True})
    chart.set_size({"width": 760, "height": _CHART_LINES * _LINE - 16})
    sheet.insert_chart(*place, chart, {"description": title, "object_position": 1})


def _lines(book: Book, name: str, lines: tuple[str, ...]) -> None:
    sheet = book.sheet(name, name)
    sheet.set_column(0, 0, 110)
    for row, line in enumerate(lines, 2):
        sheet.write_string(row, 0, line, book.style["sentence"])
