"""What a report is made of: cells that know how they are printed, tables, sections. No counting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct


class Hours(float):
    """A length of time in hours, to two decimals."""


class Rate(float):
    """A share of a whole, to a tenth of a percent: 0.958 is 95.8%."""


class Change(int):
    """How many more, or fewer, than before."""


class HoursChange(float):
    """How many hours more, or fewer, than before."""


class RateChange(float):
    """How many percentage points more, or fewer, than before, as a share."""


Cell = str | int | float | None
"""Text, a count, or one of the numbers above; None where there is nothing to tell."""
Row = tuple[Cell, ...]


class Column(Struct, frozen=True):
    """A column. short: whether the document, which is narrow, shows it too."""

    name: str
    numeric: bool = False
    short: bool = True


class Chart(Struct, frozen=True):
    """Which columns of a table are drawn as bars; several series are parts of one bar."""

    unit: str
    series: tuple[int, ...]
    label: int = 0


class Table(Struct, frozen=True):
    """Rows under columns. total is the row of sums, or (). short: whether the document has it."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row = ()
    chart: Chart | None = None
    note: str = ""
    short: bool = True


class Section(Struct, frozen=True):
    """A part of the report: whole sentences, then tables."""

    key: str
    title: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...] = ()


class KeyNumber(Struct, frozen=True):
    """One of the numbers at the head of the report."""

    label: str
    value: Cell
    unit: str
    says: str = ""


class Head(Struct, frozen=True):
    """What the report is about. day is as it is printed: 2024年5月10日."""

    title: str
    call: str
    document: str
    day: str


class UnitCount(Struct, frozen=True):
    """What a round found of one unit."""

    unit: str
    state: str
    rows: int
    passed: int
    review: int
    returned: int
    errors: int
    warnings: int


class Snapshot(Struct, frozen=True):
    """What the next round needs to know of this one."""

    day: str
    hours: float
    units: tuple[UnitCount, ...]


class Figures(Struct, frozen=True):
    """A whole report. units is the table of all units; notes tell how things are counted."""

    head: Head
    numbers: tuple[KeyNumber, ...]
    sections: tuple[Section, ...]
    units: Table
    notes: tuple[str, ...]
    snapshot: Snapshot

    def tables(self) -> Iterator[Table]:
        """Every table, in the order of reading."""
        for section in self.sections:
            yield from section.tables


def shown(cell: Cell) -> str:
    """A cell as it is printed, everywhere."""
    match cell:
        case None:
            return "—"
        case Rate():
            return f"{cell * 100:.1f}%"
        case RateChange():
            return f"{cell * 100:+.1f} 个百分点" if cell else "0"
        case Hours():
            return f"{cell:.2f}"
        case HoursChange():
            return f"{cell:+.2f}" if cell else "0"
        case Change():
            return f"{int(cell):+d}" if cell else "0"
        case _:
            return str(cell)


def rate(part: int, whole: int) -> Rate | None:
    """The share, halves rounded up; all and nothing are told only where they are true. None of nothing."""
    if not whole:
        return None
    thousandths = (2000 * part + whole) // (2 * whole)
    if 0 < part < whole:
        thousandths = min(max(thousandths, 1), 999)
    return Rate(thousandths / 1000)


def hours(milliseconds: int) -> Hours:
    """Hours to two decimals, halves rounded up."""
    return Hours((2 * milliseconds + 36_000) // 72_000 / 100)


class Bars(Struct, frozen=True):
    """What a chart draws: a label and one number per series for each bar; unit is what is counted."""

    title: str
    unit: str
    series: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


MOST_BARS = 12


def bars(table: Table) -> Bars:
    """The bars of a table's chart; those beyond the most that can be read are added up as one."""
    chart = table.chart
    if chart is None:
        raise ValueError(f"table {table.key} has no chart")
    rows = [(str(row[chart.label]), tuple(row[at] for at in chart.series)) for row in table.rows]
    if len(rows) > MOST_BARS:
        rest = rows[MOST_BARS - 1 :]
        sums = tuple(_sum([values[at] for _, values in rest]) for at in range(len(chart.series)))
        rows = [*rows[: MOST_BARS - 1], (f"其余 {len(rest)} 项", sums)]
    return Bars(table.title, chart.unit, tuple(table.columns[at].name for at in chart.series), tuple(rows))


def _sum(cells: Iterable[Cell]) -> Cell:
    known = [cell for cell in cells if isinstance(cell, int | float)]
    total = sum(known)
    return Hours(round(total, 2)) if any(isinstance(cell, Hours) for cell in known) else total


def day(when: dt.date) -> str:
    """A day as official documents print it (GB/T 9704: Arabic digits, no leading zeros)."""
    return f"{when.year}年{when.month}月{when.day}日"


def columns(*names: str, texts: int = 1) -> tuple[Column, ...]:
    """Columns of which the first `texts` hold text, the others numbers."""
    return tuple(Column(name, numeric=at >= texts) for at, name in enumerate(names))


def total_of(rows: Sequence[Row]) -> Row:
    """The sums under 合计, if there are two rows or more; shares cannot be added and stay blank."""
    if len(rows) < 2:
        return ()
    sums = (
        None if any(isinstance(cell, Rate) for cell in column) else _sum(column)
        for column in list(zip(*rows, strict=True))[1:]
    )
    return ("合计", *sums)
