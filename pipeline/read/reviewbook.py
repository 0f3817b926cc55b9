"""人工复核.xlsx as a person filled it in. Runs in a worker, like every reading of a workbook."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from pipeline.fields import REVIEW_KEY
from pipeline.model import Rejection, Sheet
from pipeline.read.book import read_book

_HEADERS = ("决定", "理由", "审核人", REVIEW_KEY)
PARTS = 8
"""Of what a line is about: see `FilledLine`."""


class FilledLine(Struct, frozen=True):
    """A line with anything on it; cells by header, as typed.

    about: unit, rule, field, value, resource; verdict, reason and name as they stood there; () if lost.
    """

    sheet: str
    about: tuple[str, ...]
    cells: dict[str, str]


def read_review(path: Path) -> list[FilledLine] | Rejection:
    """All lines of all sheets that have the columns of a decision, or why the file cannot be read."""
    book = read_book(path)
    if isinstance(book, Rejection):
        return book
    if not any(_is_header(cells) for sheet in book.sheets for cells in sheet.rows.values()):
        return Rejection("没有“决定”“理由”“审核人”几列，或删去了末尾隐藏的一列", "请在程序写出的那一份中填写")
    return [line for sheet in book.sheets for line in _lines(sheet)]


def _is_header(cells: Mapping[int, str]) -> bool:
    return set(_HEADERS) <= {text.strip() for text in cells.values()}


def _lines(sheet: Sheet) -> Iterator[FilledLine]:
    columns: dict[str, int] = {}
    for cells in sheet.rows.values():
        if _is_header(cells):
            columns = {text.strip(): column for column, text in cells.items()}
        elif columns:
            texts = {name: cells.get(column, "") for name, column in columns.items()}
            yield FilledLine(sheet.name, _about(texts.pop(REVIEW_KEY)), texts)


def _about(text: str) -> tuple[str, ...]:
    try:
        parts = json.loads(text)
    except ValueError:
        return ()
    is_whole = isinstance(parts, list) and len(parts) == PARTS
    return tuple(parts) if is_whole and all(isinstance(part, str) for part in parts) else ()
