"""未报送单位.xlsx: whom to remind, and whose list has not come although something else has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from pipeline.figures.values import Table
from pipeline.render.report.sheets import Book, set_columns, widths, write_rows


def unsent(tables: Iterable[Table], title: str, deadline: str, dated: dt.date) -> bytes:
    """The .xlsx, a sheet for each table of units. deadline: as it is printed."""
    book = Book(f"{title}未报送单位", dated)
    for table in tables:
        _write(book, table, deadline)
    return book.data()


def _write(book: Book, table: Table, deadline: str) -> None:
    sheet = book.sheet(table.title, f"{table.title}（{len(table.rows)} 个，应于 {deadline}前报送）")
    wide = set_columns(sheet, widths(table.columns, table.rows))
    write_rows(sheet, 1, table, book.style, wide)
    sheet.freeze_panes(2, 1)
    sheet.repeat_rows(1)
