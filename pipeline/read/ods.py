"""Reading .ods (OpenDocument 1.3 part 3): the typed values, not what is displayed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from lxml import etree

from pipeline.model import Area, Book, Kind, Sheet
from pipeline.read.budget import Budget, refuse_sheet_count
from pipeline.read.cells import LAST_COLUMN, LAST_ROW
from pipeline.read.formats import Form, clock_text, iso_text, value_text
from pipeline.read.package import SAFELY, Package, local
from pipeline.read.refusal import BadValue, Refused, damaged

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"

_TARGET = "{http://www.w3.org/1999/xlink}href"

_CONTENT = "content.xml"
_SPACES = re.compile(r"[ \t\r\n]+")
_MOST_SPACES = 32_767


def read_ods(package: Package) -> Book:
    """The workbook in a package; raises Refused."""
    if "META-INF/manifest.xml" in package:
        for _ in package.root("META-INF/manifest.xml").iter("{*}encryption-data"):
            raise Refused("文件设了打开密码", "请取消密码后另存为 .xlsx 再报送")
    text = package.text(_CONTENT)
    unseen = _unseen_styles(text)
    sheets = tuple(_sheets(text, unseen))
    refuse_sheet_count(len(sheets))
    package.verify()
    macros = any(name.startswith(("basic/", "scripts/")) for name in package.names())
    return Book(kind="ods", sheets=sheets, modified=_modified(package), active=("宏",) if macros else ())


def _modified(package: Package) -> str:
    if "meta.xml" not in package:
        return ""
    dates = package.root("meta.xml").iter("{http://purl.org/dc/elements/1.1/}date")
    return next(((date.text or "").strip() for date in dates), "")


def _elements(text: str, *tags: str) -> Iterator[tuple[str, etree._Element]]:
    source = io.BytesIO(text.encode())
    try:
        yield from etree.iterparse(source, events=("start", "end"), tag=tags, **SAFELY)
    except etree.XMLSyntaxError as fault:
        raise damaged(_CONTENT) from fault


def _unseen_styles(text: str) -> frozenset[str]:
    """Names of the table styles that hide a sheet."""
    names = set()
    for event, style in _elements(text, f"{_STYLE}style", f"{_TABLE}table"):
        if local(style) == "table":
            break
        if event == "end" and any(part.get(f"{_TABLE}display") == "false" for part in style):
            names.add(style.get(f"{_STYLE}name", ""))
    return frozenset(names)


def _sheets(text: str, unseen: frozenset[str]) -> Iterator[Sheet]:
    budget = Budget()
    sheet: _Content | None = None
    depth = 0
    for event, element in _elements(text, f"{_TABLE}table", f"{_TABLE}table-column", f"{_TABLE}table-row"):
        is_table = local(element) == "table"
        if is_table:
            depth += 1 if event == "start" else -1
        if is_table and event == "start" and depth == 1:
            hidden = element.get(f"{_TABLE}style-name", "") in unseen
            sheet = _Content(element.get(f"{_TABLE}name", ""), hidden, budget)
        elif sheet is not None and event == "end" and depth == (0 if is_table else 1):
            if is_table:
                yield sheet.sheet()
                sheet = None
            elif local(element) == "table-column":
                sheet.add_columns(element)
            else:
                sheet.add(element)
            element.clear()


class _Content:
    """The cells of one sheet while they are gathered."""

    def __init__(self, name: str, hidden: bool, budget: Budget) -> None:
        self.name, self.hidden, self._budget = name, hidden, budget
        self.rows: dict[int, dict[int, str]] = {}
        self.kinds: dict[int, dict[int, Kind]] = {}
        self.formulas: set[tuple[int, int]] = set()
        self.hidden_rows: set[int] = set()
        self.merged: list[Area] = []
        self.filtered = False
        self.hidden_columns: list[tuple[int, int]] = []
        self.links: list[tuple[Area, str]] = []
        self._row = self._column = 0

    def sheet(self) -> Sheet:
        """What was gathered."""
        return Sheet(
            self.name, self.hidden, self.rows, self.kinds, tuple(self.merged),
            frozenset(self.formulas), frozenset(self.hidden_rows), self.filtered,
            tuple(self.hidden_columns), tuple(self.links),
        )  # fmt: skip

    def add_columns(self, columns: etree._Element) -> None:
        """Count a run of columns, and note whether it is hidden."""
        first = self._column + 1
        self._column += _times(columns, "number-columns-repeated")
        if columns.get(f"{_TABLE}visibility", "visible") != "visible":
            self.hidden_columns.append((first, min(self._column, LAST_COLUMN)))

    def add(self, row: etree._Element) -> None:
        """Read a row, as often as it is repeated; raises Refused naming the row."""
        first = self._row + 1
        times = _times(row, "number-rows-repeated")
        self._row += times
        line, kinds, formulas = self._line(row, first)
        if not line:
            return
        if self._row > LAST_ROW:
            raise Refused(f"工作表“{self.name}”的内容超出了第 {LAST_ROW} 行")
        self._budget.spend(line, times)
        visibility = row.get(f"{_TABLE}visibility", "visible")
        self.filtered |= visibility == "filter"
        hidden = visibility != "visible"
        for number in range(first, first + times):
            self.rows[number] = dict(line)
            for column, kind in kinds.items():
                self.kinds.setdefault(column, {})[number] = kind
            self.formulas.update((number, column) for column in formulas)
            if hidden:
                self.hidden_rows.add(number)

    def _line(self, row: etree._Element, number: int) -> tuple[dict[int, str], dict[int, Kind], set[int]]:
        line: dict[int, str] = {}
        kinds: dict[int, Kind] = {}
        formulas: set[int] = set()
        column = 1
        for cell in row:
            if local(cell) not in ("table-cell", "covered-table-cell"):
                continue
            times = _times(cell, "number-columns-repeated")
            self._merge(cell, number, column)
            try:
                text, kind = _value(cell)
            except BadValue as fault:
                raise Refused(f"工作表“{self.name}”第 {number} 行第 {column} 列的单元格 {fault}") from fault
            if text and column + times - 1 > LAST_COLUMN:
                raise Refused(f"工作表“{self.name}”第 {number} 行的内容超出了最后一列（XFD）")
            for link in cell.iterfind(f"{_TEXT}p//{_TEXT}a") if text else ():
                self.links.append((Area(number, column, number, column), link.get(_TARGET, "")))
            for at in range(column, column + times) if text else ():
                line[at] = text
                if kind is not Kind.TEXT:
                    kinds[at] = kind
                if cell.get(f"{_TABLE}formula"):
                    formulas.add(at)
            column += times
        return line, kinds, formulas

    def _merge(self, cell: etree._Element, row: int, column: int) -> None:
        down, across = _times(cell, "number-rows-spanned"), _times(cell, "number-columns-spanned")
        if down > 1 or across > 1:
            self.merged.append(
                Area(row, column, min(row + down - 1, LAST_ROW), min(column + across - 1, LAST_COLUMN))
            )


def _times(element: etree._Element, name: str) -> int:
    return max(1, _whole(element.get(f"{_TABLE}{name}", "1")))


def _whole(stored: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", stored.strip()):
        raise damaged(_CONTENT)
    return int(stored)


def _value(cell: etree._Element) -> tuple[str, Kind]:
    formula = cell.get(f"{_TABLE}formula", "")
    if "DISPIMG(" in formula:
        return "=" + formula.partition("=")[2], Kind.PICTURE
    kind = cell.get(f"{_OFFICE}value-type", "")
    shown = "\n".join(_paragraph(part) for part in cell if part.tag == f"{_TEXT}p")
    if cell.get(f"{_CALC}value-type") == "error":
        return shown, Kind.ERROR
    match kind:
        case "float" | "percentage" | "currency":
            # The format itself is several styles away; 01 as shown tells of it.
            padded = bool(re.fullmatch("0[0-9]+", shown))
            width = len(shown) if padded else 0
            return value_text(cell.get(f"{_OFFICE}value", ""), Form(Kind.NUMBER, width))
        case "date":
            return iso_text(cell.get(f"{_OFFICE}date-value", ""))
        case "time":
            return _duration(cell.get(f"{_OFFICE}time-value", ""))
        case "boolean":
            return cell.get(f"{_OFFICE}boolean-value", "").upper(), Kind.BOOL
    if not kind and not shown and formula:
        return "=" + formula.partition("=")[2], Kind.UNCALCULATED
    return cell.get(f"{_OFFICE}string-value", shown), Kind.TEXT


_DURATION = re.compile(r"PT(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})(?:[.,]([0-9]{1,12}))?S)?")


def _duration(stored: str) -> tuple[str, Kind]:
    found = _DURATION.fullmatch(stored.strip())
    if found is None:
        return stored, Kind.TEXT
    hours, minutes, seconds, fraction = (part or "0" for part in found.groups())
    noise = float(f"0.{fraction}") > 1 - 5e-4
    return clock_text(int(hours) * 3600 + int(minutes) * 60 + int(seconds) + noise), Kind.TIME


def _paragraph(paragraph: etree._Element) -> str:
    """The text of a paragraph: runs of white space count as one blank (6.1.2), `text:s` as many."""
    return "".join(_pieces(paragraph)).strip(" ").replace("\0", " ")


def _pieces(element: etree._Element) -> Iterator[str]:
    yield _SPACES.sub(" ", element.text or "")
    for child in element:
        match local(child) if str(child.tag).startswith(_TEXT) else "":
            case "s":
                # Marked, so that blanks meant as such outlive the trimming.
                yield "\0" * min(_whole(child.get(f"{_TEXT}c", "1")), _MOST_SPACES)
            case "tab":
                yield "\t"
            case "line-break":
                yield "\n"
            case "" | "ruby-text" | "note":
                pass
            case _:
                yield from _pieces(child)
        yield _SPACES.sub(" ", child.tail or "")
