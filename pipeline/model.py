"""The values that travel between the stages. Plain data: no reading, no writing, no prose.

Nothing here imports anything heavier than msgspec, so that worker
processes start at once and every other room may use it.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

Facts = Mapping[str, Any]
Rows = Mapping[int, Mapping[int, str]]
"""Row number → column number (both 1-based, ascending) → text; blank cells and rows are absent."""


class Kind(enum.StrEnum):
    """What a cell held in the file, beside its text."""

    TEXT = "text"
    NUMBER = "number"
    """A number; the text is its shortest exact decimal form, or zero-padded as `00` shows it."""
    DATE = "date"
    """A number under a date format; the text is `yyyy-mm-dd` or `yyyy-mm-dd hh:mm:ss`."""
    TIME = "time"
    """A number under a time or duration format; the text is `hh:mm:ss`, hours not folded at 24."""
    BOOL = "bool"
    """The text is `TRUE` or `FALSE`."""
    ERROR = "error"
    """An error value; the text is its code, such as `#REF!`."""
    UNCALCULATED = "uncalculated"
    """A formula without a stored result; the text is `=` and the formula."""
    PICTURE = "picture"
    """A picture inside the cell (WPS DISPIMG); the text is the formula as stored."""


class Severity(enum.StrEnum):
    """How much a finding matters; the words are the contract's."""

    ERROR = "错误"
    WARNING = "警告"
    NOTE = "提示"


class Place(Struct, frozen=True, order=True):
    """Where something is, in the file as it was sent.

    row is the spreadsheet's own row number, 0 for a whole file or unit. field is the
    name in 表1, 资源文件, or the label or header on another sheet. cell is its A1
    address, where the field has a column of its own.
    """

    unit: str
    workbook: str = ""
    sheet: str = ""
    row: int = 0
    field: str = ""
    cell: str = ""


class Finding(Struct, frozen=True):
    """One rule broken at one place. Severity and prose belong to the rule `code`.

    suggestion is a value that the field's own rules accept, or "". safe says that the
    suggestion is the only possible reading, so that it is used without asking.
    """

    code: str
    place: Place
    value: str = ""
    facts: Facts = field(default_factory=dict)
    suggestion: str = ""
    safe: bool = False

    def sort_key(self) -> tuple[str | int, ...]:
        """The order of findings everywhere: by place as one reads, column by column, then by rule."""
        place = self.place
        column = place.cell.rstrip("0123456789")
        where = (place.unit, place.workbook, place.sheet, place.row, len(column), column, place.field)
        return (*where, self.code, self.value)


class Area(Struct, frozen=True):
    """A rectangle of cells, 1-based and inclusive."""

    top: int
    left: int
    bottom: int
    right: int


class Sheet(Struct, frozen=True):
    """One sheet, exactly as stored. Blank cells are absent.

    kinds holds the cells that are not plain text, by column and row. formulas: cells (row, column)
    whose value is calculated. hidden_rows: those that hold something and are not shown; filtered: a
    filter is at work. hidden_columns: (first, last) of each run. links: what opens on a click. checked:
    the cells that have a drop-down or another live check, None where the format does not tell. recurs:
    it is small, and other workbooks may have this very object: what is found out of it may be remembered.
    """

    name: str
    hidden: bool
    rows: Rows
    kinds: dict[int, dict[int, Kind]]
    merged: tuple[Area, ...] = ()
    formulas: frozenset[tuple[int, int]] = frozenset()
    hidden_rows: frozenset[int] = frozenset()
    filtered: bool = False
    hidden_columns: tuple[tuple[int, int], ...] = ()
    links: tuple[tuple[Area, str], ...] = ()
    checked: tuple[Area, ...] | None = None
    recurs: bool = False


class Book(Struct, frozen=True):
    """A workbook as read. kind is the real format: xlsx, xlsm, xls, ods or csv.

    modified is the stamp inside the file (docProps), "" if none: it survives copying.
    active lists what the file holds that could act: 宏, 外部链接, 数据连接. leftovers lists what is
    left of people's own review: open discussions, a log of changes. pictures: of WPS pictures inside
    cells, by their name in the formula, format and pixels as `JPG 640×360`.
    """

    kind: str
    sheets: tuple[Sheet, ...]
    modified: str = ""
    date1904: bool = False
    active: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
    pictures: Mapping[str, str] = field(default_factory=dict)


class Rejection(Struct, frozen=True):
    """A file that cannot be read: cause and remedy are whole Chinese clauses, no file name in them."""

    cause: str
    remedy: str


class Layout(Struct, frozen=True):
    """Where the resource table stands in a workbook: columns are 1-based by field name."""

    sheet: str
    header_row: int
    last_row: int
    columns: dict[str, int]

    def address(self, row: int, field_name: str) -> str:
        """The A1 address of a field in a row, "" if the field has no column."""
        column = self.columns.get(field_name)
        return f"{letters(column)}{row}" if column and row else ""


class Labelled(Struct, frozen=True):
    """A value beside a label or under a header on another sheet."""

    text: str
    sheet: str
    row: int
    cell: str


class Answer(Struct, frozen=True):
    """A line of our 问题清单 on which the unit wrote something.

    code, field, value, suggestion and place (the text under 位置) are what the line says,
    accepted and explained what the unit wrote under 是否采纳 and 单位说明. several: the line
    stands for several cells, whose values differ.
    """

    code: str
    field: str
    value: str
    suggestion: str
    place: str
    accepted: str
    explained: str
    several: bool = False


class Submission(Struct, frozen=True):
    """A workbook understood: the unit's resources as columns of text, one entry per data row.

    rows are spreadsheet rows; cells[field][i] is the text at rows[i]. kinds holds only the
    cells that are not plain text, by field and row. held are cells that cannot be judged
    as values (already told by a finding, or in a column that is missing).
    """

    unit: str
    workbook: str
    kind: str
    layout: Layout
    rows: tuple[int, ...]
    cells: dict[str, list[str]]
    kinds: dict[str, dict[int, Kind]]
    held: frozenset[tuple[int, str]]
    unit_info: dict[str, Labelled]
    platforms: tuple[dict[str, Labelled], ...]
    findings: tuple[Finding, ...]
    identity: Mapping[str, str]
    modified: str = ""
    answers: tuple[Answer, ...] = ()
    """What the unit wrote into our 问题清单."""


@functools.cache
def letters(column: int) -> str:
    """The letters of a 1-based column: 1 → A, 28 → AB."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
