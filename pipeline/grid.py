"""The rows of a large sheet kept as columns: a list of resources is read, judged and sent on by columns.

Nothing heavier than the standard library and msgspec: the reading room uses this too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, count
from operator import eq

from pipeline.model import Rows

_FEW = 100
"""So many rows are kept as such."""
_SMALL, _SPARSE = 1 << 16, 8
"""Rows have so many cells in all, or so many for one that holds something: beyond that they stay rows."""


class Grid(Mapping[int, Mapping[int, str]]):
    """Rows by number (see `model.Rows`), each made when it is asked for.

    numbers ascend; columns: by number, ascending, the text of every row, "" where it is blank.
    """

    def __init__(self, numbers: Sequence[int], columns: Mapping[int, Sequence[str]]) -> None:
        """No row may be blank."""
        self.numbers, self.columns = numbers, columns

    @cached_property
    def _places(self) -> dict[int, int]:
        return dict(zip(self.numbers, count(), strict=False))

    def __getitem__(self, number: int) -> Mapping[int, str]:
        """A row: its columns that hold something."""
        at = self._places[number]
        return {column: text for column, texts in self.columns.items() if (text := texts[at])}

    def __contains__(self, number: object) -> bool:
        """Whether a row holds something."""
        return number in self._places

    def __iter__(self) -> Iterator[int]:
        """The rows that hold something."""
        return iter(self.numbers)

    def __len__(self) -> int:
        """How many they are."""
        return len(self.numbers)

    def column(self, column: int, rows: Sequence[int]) -> list[str]:
        """The texts of a column in some of the rows, which ascend."""
        texts = self.columns.get(column)
        if texts is None:
            return [""] * len(rows)
        # Most often it is all that lie below the header.
        if rows and self.numbers[-1] == rows[-1] and self.numbers[-len(rows)] == rows[0]:
            return list(texts[-len(rows) :])
        return list(map(texts.__getitem__, map(self._places.__getitem__, rows)))


def column_of(rows: Rows, column: int, wanted: Sequence[int]) -> list[str]:
    """The texts of a column in some rows, which ascend, "" where there is none."""
    if isinstance(rows, Grid):
        return rows.column(column, wanted)
    return [rows[row].get(column, "") for row in wanted]


def text_of(rows: Rows) -> str:
    """All texts in no order, each on lines of its own, with blank lines among them."""
    lines = rows.columns.values() if isinstance(rows, Grid) else (cells.values() for cells in rows.values())
    return "\n".join(map("\n".join, lines))


def always_filled(rows: Rows) -> int:
    """How many cells of every row hold something at least."""
    if isinstance(rows, Grid):
        return sum("" not in texts for texts in rows.columns.values())
    return min(map(len, rows.values()), default=0)


def joined(parts: Sequence[Rows]) -> Rows | None:
    """The rows of all parts, ascending, as a grid unless they are few or sparse; None if one is doubled."""
    parts = sorted(filter(None, parts), key=lambda part: next(iter(part)))
    numbers = [number for part in parts for number in part]
    ordered = sorted(numbers)
    if any(map(eq, ordered, ordered[1:])):
        return None
    columns = sorted({column for part in parts for column in _columns(part)})
    cells = sum(map(_cells, parts))
    if len(numbers) <= _FEW or len(columns) * len(numbers) > max(_SMALL, _SPARSE * cells):
        return dict(sorted(chain.from_iterable(map(_lines, parts))))
    if len(parts) == 1 and isinstance(parts[0], Grid) and numbers == ordered:
        return parts[0]
    own = [list(part) for part in parts]
    texts: dict[int, list[str]] = {}
    for column in columns:
        texts[column] = each = []
        for part, rows in zip(parts, own, strict=True):
            each += column_of(part, column, rows)
    if numbers != ordered:
        order = sorted(range(len(numbers)), key=numbers.__getitem__)
        texts = {column: [each[at] for at in order] for column, each in texts.items()}
    return Grid(ordered, texts)


def _columns(rows: Rows) -> Iterable[int]:
    return rows.columns if isinstance(rows, Grid) else {column for line in rows.values() for column in line}


def _cells(rows: Rows) -> int:
    return sum(map(len, rows.columns.values() if isinstance(rows, Grid) else rows.values()))


def _lines(rows: Rows) -> Iterable[tuple[int, Mapping[int, str]]]:
    if not isinstance(rows, Grid):
        return rows.items()
    columns = list(rows.columns)
    lines = zip(*rows.columns.values(), strict=True)
    return (
        (number, {column: text for column, text in zip(columns, line, strict=True) if text})
        for number, line in zip(rows.numbers, lines, strict=True)
    )
