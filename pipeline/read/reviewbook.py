"""人工复核.xlsx as a person filled it in. Runs in a worker, like every reading of a workbook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.fields import REVIEW_KEY
from pipeline.model import Rejection, Sheet
from pipeline.read.book import read_book

_HEADERS = ("决定", "理由", "审核人", REVIEW_KEY)
_PARTS = 6


@dataclass(frozen=True, slots=True)
class FilledLine:
    """A line with anything on it. about: unit, rule, field, value, resource, verdict before; () if lost.

    cells by header, as typed.
    """

    sheet: str
    about: tuple[str, ...]
    cells: dict[str, str]


def read_review(path: Path) -> list[FilledLine] | Rejection:
    """All lines of all sheets that have the columns of a decision, or why the file cannot be read."""
    book = read_book(path)
    if isinstance(book, Rejection):
        return book
    return [line for sheet in book.sheets for line in _lines(sheet)]


def _lines(sheet: Sheet) -> Iterator[FilledLine]:
    columns: dict[str, int] = {}
    for cells in sheet.rows.values():
        if set(_HEADERS) <= {text.strip() for text in cells.values()}:
            columns = {text.strip(): column for column, text in cells.items()}
        elif columns:
            texts = {name: cells.get(column, "") for name, column in columns.items()}
            yield FilledLine(sheet.name, _about(texts.pop(REVIEW_KEY)), texts)


def _about(text: str) -> tuple[str, ...]:
    try:
        parts = json.loads(text)
    except ValueError:
        return ()
    is_whole = isinstance(parts, list) and len(parts) == _PARTS
    return tuple(parts) if is_whole and all(isinstance(part, str) for part in parts) else ()
