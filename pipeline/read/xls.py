"""Reading .xls (BIFF5 and BIFF8), which WPS also writes as .et.

xlrd gives the stored numbers; what they mean is decided here, since xlrd reads 36 hours as
a date after 1900 and forgets the built-in date formats of Chinese Excel. The records are
also walked once by ourselves: for the number formats of the styles, for formulas, links,
and to see that the file is whole, of which xlrd says nothing.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import olefile
import xlrd
from msgspec import Struct, field
from xlrd.compdoc import CompDocError

from pipeline.model import Area, Book, Kind, Sheet
from pipeline.read.budget import Budget, refuse_sheet_count
from pipeline.read.formats import BUILTIN, Form, form_of, value_text
from pipeline.read.refusal import CLEAN, BadValue, Refused
from pipeline.read.xlsx import is_picture

_DAMAGED = "文件已损坏或没有传完整"
_LOCKED = "文件设了打开密码"
_UNLOCK = "请取消密码后另存为 .xlsx 再报送"
_LARGEST = 256 << 20

# What xlrd raises on broken files, beside its own errors.
_XLRD_FAULTS = (
    xlrd.XLRDError, CompDocError, struct.error, LookupError, ValueError, TypeError,
    AttributeError, AssertionError, ArithmeticError, NotImplementedError, EOFError,
)  # fmt: skip
_OLE_FAULTS = (OSError, struct.error, LookupError, ValueError, TypeError, AttributeError, RecursionError)


def ole_streams(path: Path) -> frozenset[str]:
    """Names of the streams of an OLE file, in lower case, folders joined by `/`; raises Refused."""
    try:
        with olefile.OleFileIO(str(path)) as ole:
            return frozenset("/".join(names).lower() for names in ole.listdir(streams=True, storages=True))
    except _OLE_FAULTS as fault:
        raise Refused(_DAMAGED) from fault


def read_xls(path: Path) -> Book:
    """The workbook in an OLE file; raises Refused."""
    stream, names, modified = _workbook_stream(path)
    records = _walk(stream)
    try:
        book = xlrd.open_workbook(
            file_contents=stream, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
        )
    except _XLRD_FAULTS as fault:
        if "encrypted" in str(fault):
            raise Refused(_LOCKED, _UNLOCK) from fault
        raise Refused(_DAMAGED) from fault
    if book.nsheets != len(records.sheets):
        raise Refused(_DAMAGED)
    refuse_sheet_count(book.nsheets)
    budget = Budget()
    forms = _forms(book, records)
    sheets = tuple(
        _sheet(book, sheet, forms, records.formulas.get(start, set()), budget)
        for sheet, start in zip(book.sheets(), records.sheets, strict=True)
    )
    macros = records.macros or any(name.startswith("_vba_project_cur") for name in names)
    found = (("宏", macros), ("外部链接", records.outside), ("数据连接", records.data))
    return Book(
        kind="xls",
        sheets=sheets,
        modified=modified,
        date1904=bool(book.datemode),
        active=tuple(word for word, present in found if present),
    )


def _workbook_stream(path: Path) -> tuple[bytes, frozenset[str], str]:
    """The workbook's records, all stream names, and the last saved time."""
    names = ole_streams(path)
    try:
        with olefile.OleFileIO(str(path)) as ole:
            name = "Workbook" if ole.exists("Workbook") else "Book"
            if ole.get_size(name) > _LARGEST:
                raise Refused(f"文件内容过多，超过 {_LARGEST >> 20} MB", CLEAN)
            data: bytes = ole.openstream(name).read()
            saved = ole.get_metadata().last_saved_time
            return data, names, f"{saved:%Y-%m-%dT%H:%M:%SZ}" if isinstance(saved, datetime) else ""
    except _OLE_FAULTS as fault:
        raise Refused(_DAMAGED) from fault


_BOF, _EOF, _FORMULA = 0x0809, 0x000A, 0x0006
_GLOBAL = frozenset({0x002F, 0x0085, 0x00E0, 0x01AD, 0x01AE, 0x0876})
_OWN_SHEETS, _ADD_IN = (b"\x01\x04", b"\x01\x3a")


class _Records(Struct):
    """What a walk over the records finds; sheets and formulas by where a sheet's records start."""

    sheets: list[int] = field(default_factory=list)
    format_keys: list[int] = field(default_factory=list)
    formulas: dict[int, set[tuple[int, int]]] = field(default_factory=dict)
    macros: bool = False
    outside: bool = False
    data: bool = False


def _walk(stream: bytes) -> _Records:
    """One pass over all records ([MS-XLS] 2.1.4); raises Refused if the stream ends too early."""
    found = _Records()
    start = 0
    depth = 0
    for at, code, body in _records(stream):
        if code == _BOF:
            start = start if depth else at
            depth += 1
        elif code == _EOF:
            depth -= 1
        elif not depth:
            break
        elif code == _FORMULA and depth == 1:
            row, column = struct.unpack_from("<HH", body.ljust(4, b"\0"))
            found.formulas.setdefault(start, set()).add((row + 1, column + 1))
        elif code in _GLOBAL:
            _note(found, code, body)
    if depth:
        raise Refused(_DAMAGED)
    return found


def _note(found: _Records, code: int, body: bytes) -> None:
    match code:
        case 0x002F:  # FilePass
            raise Refused(_LOCKED, _UNLOCK)
        case 0x0085:  # BoundSheet8: where it starts, hidden, type
            if body[5:6] == b"\0":
                found.sheets.append(int.from_bytes(body[:4], "little"))
            found.macros |= body[5:6] == b"\1"
        case 0x00E0:  # XF
            found.format_keys.append(int.from_bytes(body[2:4], "little"))
        case 0x01AE:  # SupBook
            found.outside |= body[2:4] not in (_OWN_SHEETS, _ADD_IN)
        case _:  # QsiSXTag, DConn
            found.data = True


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 4 <= len(stream):
        code, length = struct.unpack_from("<HH", stream, at)
        if at + 4 + length > len(stream):
            raise Refused(_DAMAGED)
        yield at, code, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _forms(book: Any, records: _Records) -> tuple[Form, ...]:
    # format_map holds what the file says, and what xlrd knows of the built-in codes: no Chinese dates.
    known = ((key, form.format_str) for key, form in book.format_map.items())
    codes = BUILTIN | {key: code for key, code in known if code is not None}
    return tuple(form_of(codes.get(key, "General")) for key in records.format_keys)


def _sheet(
    book: Any,
    sheet: Any,
    forms: tuple[Form, ...],
    formulas: set[tuple[int, int]],
    budget: Budget,
) -> Sheet:
    rows: dict[int, dict[int, str]] = {}
    kinds: dict[int, dict[int, Kind]] = {}
    for row in range(sheet.nrows):
        line: dict[int, str] = {}
        for column, cell in enumerate(sheet.row(row)):
            try:
                text, kind = _text(cell, forms, bool(book.datemode))
            except BadValue as fault:
                name = xlrd.cellname(row, column)
                raise Refused(f"工作表“{sheet.name}”的单元格 {name} {fault}") from fault
            if text:
                line[column + 1] = text
                if kind is not Kind.TEXT:
                    kinds.setdefault(column + 1, {})[row + 1] = kind
        if line:
            rows[row + 1] = line
            budget.spend(line)
    hidden_rows = (number + 1 for number, info in sheet.rowinfo_map.items() if info.hidden)
    return Sheet(
        name=sheet.name,
        hidden=bool(sheet.visibility),
        rows=rows,
        kinds=kinds,
        merged=tuple(
            Area(top + 1, left + 1, bottom, right) for top, bottom, left, right in sheet.merged_cells
        ),
        formulas=frozenset(formulas),
        hidden_rows=frozenset(number for number in hidden_rows if number in rows),
        hidden_columns=tuple(
            (column + 1, column + 1) for column, info in sorted(sheet.colinfo_map.items()) if info.hidden
        ),
        links=tuple(_links(sheet)),
    )


def _links(sheet: Any) -> Iterator[tuple[Area, str]]:
    """Web addresses behind cells; links to files and inside the workbook are left out."""
    for link in sheet.hyperlink_list:
        if link.type == "url" and isinstance(link.url_or_path, str):
            area = Area(link.frowx + 1, link.fcolx + 1, link.lrowx + 1, link.lcolx + 1)
            yield area, link.url_or_path + (f"#{link.textmark}" if link.textmark else "")


def _text(cell: Any, forms: tuple[Form, ...], date1904: bool) -> tuple[str, Kind]:
    match cell.ctype:
        case xlrd.XL_CELL_TEXT:
            return cell.value, Kind.PICTURE if is_picture(cell.value) else Kind.TEXT
        case xlrd.XL_CELL_NUMBER | xlrd.XL_CELL_DATE:
            if cell.xf_index is None or cell.xf_index >= len(forms):
                raise BadValue("引用了不存在的样式，看不出是数字还是日期")
            return value_text(repr(float(cell.value)), forms[cell.xf_index], date1904)
        case xlrd.XL_CELL_BOOLEAN:
            return ("TRUE" if cell.value else "FALSE"), Kind.BOOL
        case xlrd.XL_CELL_ERROR:
            return xlrd.error_text_from_code.get(cell.value, "#VALUE!"), Kind.ERROR
    return "", Kind.TEXT
