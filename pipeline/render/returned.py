"""What a returned workbook says: plain values, from which `marks.mark` makes the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from pipeline.model import Severity


class Mark(NamedTuple):
    """One finding as the unit reads it. A tuple: workers are sent thousands.

    sheet is the sheet's name in the file, "" for a finding about the whole file. row is the
    spreadsheet's row, 0 if none; column is 1-based, 0 where the field has no column, so that
    the finding concerns the row. plain says that the cell is text or blank: its colour then
    goes as soon as the text is no longer `value`; form, a formula that is TRUE for a cell `{c}`
    right in form, lets it go only once it is TRUE, too. accepted and explained are what the unit
    wrote under 是否采纳 and 单位说明 in the round before.
    """

    severity: Severity
    sheet: str
    row: int
    column: int
    field: str
    value: str
    message: str
    fix: str
    suggestion: str
    safe: bool
    code: str
    source: str
    plain: bool
    accepted: str = ""
    explained: str = ""
    form: str = ""


class Returned(Struct, frozen=True):
    """All that is put into one workbook.

    head are the lines above the list: 何时前改好、怎么改、找谁. identity (unit, workbook, digest,
    round …) is kept inside the file, so that it is known again under any name. sheet is the data
    sheet as named in the file, "" if there is none; header_row and last_row are its bounds.
    wrong_rows_only: rows of it without a finding are filtered out of sight, none is taken out.
    """

    head: tuple[str, ...]
    identity: Mapping[str, str]
    sheet: str
    header_row: int
    last_row: int
    marks: tuple[Mark, ...]
    wrong_rows_only: bool = False


class MarkTask(Struct, frozen=True):
    """A package to mark: the private copy, or the bytes of a workbook made for it."""

    source: Path | bytes
    returned: Returned


class Marked(Struct, frozen=True):
    """The marked workbook, always .xlsx; left_out names what it must not carry: 宏, 外部链接, 数据连接 …"""

    data: bytes
    left_out: tuple[str, ...]
