"""The cells of a worksheet part and the texts of the shared-string part, by two roads.

`plain_rows` and `plain_strings` take what nearly every program writes with one regular
expression. The expression is a grammar, not a search: every character that it does not
account for raises NotPlain, and the part is read again by `parsed_rows` or
`parsed_strings`, which know all of XML (prefixes, comments, CDATA, any order of
attributes, cells without a reference). Both roads yield the same tokens.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from pipeline.read.package import SAFELY, local, parse
from pipeline.read.refusal import BadValue, Refused, damaged

MAIN = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
"""The main namespace, transitional and strict."""
EXTENDED = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
"""Of what Excel 2010 added ([MS-XLSX] 2.6): a drop-down whose list is on another sheet is stored so."""

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
BEYOND = "超出了工作表的最大范围（XFD1048576）"

Token = tuple[str, str, str, str, str]
"""Column letters, row number, attributes as ` s="1" t="s"`, value or "", `=` and formula or ""."""

Row = tuple[int, bool, list[Token]]
"""Row number, hidden, and the cells that may hold something."""


class NotPlain(Exception):  # noqa: N818 - nothing is wrong, the other road is due
    """The part uses XML that the grammar does not cover, or is not well-formed."""


class _Columns(dict[str, int]):
    """Column numbers by letters, worked out once; BadValue beyond XFD."""

    def __missing__(self, letters: str) -> int:
        number = 0
        for letter in letters:
            number = number * 26 + ord(letter) - 64
        if not 0 < number <= LAST_COLUMN:
            raise BadValue(BEYOND)
        self[letters] = number
        return number


COLUMNS = _Columns()


def letters_of(column: int) -> str:
    """Column letters of a 1-based column number."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


# --- the plain road

_ATTRIBUTES = r'(?: [A-Za-z][\w:.]*+="[^"<>&]*+")*+'
_T = r'<t(?: xml:space="(?:preserve|default)")?>'
_V = r'<v(?: xml:space="(?:preserve|default)")?>'

_IN_MAIN = rf'(?=[^>]* xmlns="(?:{"|".join(map(re.escape, MAIN))})")'
_STRINGS = re.compile(rf"\s*<sst{_IN_MAIN}{_ATTRIBUTES}>", re.ASCII)
_WORKSHEET = re.compile(rf"\s*<worksheet{_IN_MAIN}{_ATTRIBUTES}>", re.ASCII)
_ROW = re.compile(rf"\s*<row({_ATTRIBUTES})\s*>", re.ASCII)
_ROW_NUMBER = re.compile(r' r="([1-9][0-9]{0,6})"')
_ROW_HIDDEN = re.compile(r' hidden="(?:1|true)"')
_BLANK_ROWS = re.compile(
    rf"(?:\s*<row{_ATTRIBUTES}\s*(?:/>|>"
    r'(?:\s*<c r="[A-Z]{1,3}+[1-9][0-9]*+"(?: s="[0-9]++")?(?:/>|></c>))*+\s*</row>))*+',
    re.ASCII,
)
_START = r'<c r="([A-Z]{1,3}+)([1-9][0-9]*+)"((?: [A-Za-z]++="[^"<>&]*+")*+)'
_BARE_CELL = re.compile(rf"{_START}(?:/>|>(?:<v>([^<]*+)</v>)?</c>)()|[^ \n\t]")
_CELL = re.compile(
    rf"{_START}(?:/>|>"
    rf"(<f{_ATTRIBUTES}(?:/>|>[^<]*+</f>))?"
    rf"(?:(?:{_V}|(<is>{_T}))([^<]*+)(?(5)</t></is>|</v>)|<v/>)?"
    r"</c>)|[^ \n\t]"
)
_SPECIAL = ("<f", "<is", "&")
_STRAY = ("",) * 5
_ENTITY = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));|&")
_UNCOMMON = re.compile(r"&(?!amp;|lt;|gt;|quot;)")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


def _character(reference: re.Match[str]) -> str:
    named, decimal, hexadecimal = reference.groups()
    if named:
        return _NAMED[named]
    code = int(decimal) if decimal else int(hexadecimal, 16) if hexadecimal else 0
    allowed = code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF
    if not allowed or code > 0x10FFFF:
        raise NotPlain
    return chr(code)


def _unescape(text: str) -> str:
    if _UNCOMMON.search(text):
        return _ENTITY.sub(_character, text)
    # Nearly all texts have only these, and replacing is faster than substituting.
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")


def _refuse_bad_text(text: str) -> None:
    """What may not stand in a text, though the grammar would let it through."""
    if ("]" in text and "]]>" in text) or "\ufffe" in text or "\uffff" in text:
        raise NotPlain


def plain_rows(text: str) -> Iterator[Row]:
    """The rows of a worksheet part as every common program writes it; raises NotPlain."""
    _refuse_bad_text(text)
    at, end = _sheet_data(text)
    marks = tuple(mark for mark in _SPECIAL if text.find(mark, at, end) >= 0)
    while row := _ROW.match(text, _past_blank_rows(text, at, end), end):
        number = _ROW_NUMBER.search(row[1])
        stop = text.find("</row>", row.end(), end)
        if number is None or stop < 0:
            raise NotPlain
        yield int(number[1]), bool(_ROW_HIDDEN.search(row[1])), _plain_cells(text, row.end(), stop, marks)
        at = stop + len("</row>")
    if text[_past_blank_rows(text, at, end) : end].strip():
        raise NotPlain


def _past_blank_rows(text: str, at: int, end: int) -> int:
    """Where the next row with a value may begin: a million formatted rows are one step."""
    blank = _BLANK_ROWS.match(text, at, end)
    return blank.end() if blank else at


def _sheet_data(text: str) -> tuple[int, int]:
    """Where the rows begin and end, alike if there are none; raises NotPlain if that may be a comment."""
    if text.count("<sheetData") != 1 or not _WORKSHEET.match(text):
        raise NotPlain
    at = text.find("<sheetData>")
    if at >= 0:
        start, end = at + len("<sheetData>"), text.find("</sheetData>", at)
    else:
        start = end = text.find("<sheetData/>")
    around = text[:start] + text[end:]
    if end < 0 or "<!" in around or "<?" in around:
        raise NotPlain
    return start, end


def _plain_cells(text: str, at: int, stop: int, marks: tuple[str, ...]) -> list[Token]:
    cells: list[Token]
    if marks and any(text.find(mark, at, stop) >= 0 for mark in marks):
        cells = [
            (column, number, attributes, _unescape(value), formula and _formula(formula))
            for column, number, attributes, formula, _, value in _CELL.findall(text, at, stop)
        ]
    else:
        cells = _BARE_CELL.findall(text, at, stop)
    if _STRAY in cells:
        raise NotPlain
    return cells


def _formula(element: str) -> str:
    return "=" + _unescape(element.partition(">")[2].removesuffix("</f>"))


def skeleton(text: str) -> str:
    """A worksheet part without its rows, for what stands around them; raises NotPlain."""
    at, end = _sheet_data(text)
    return text[:at] + text[end:]


_ITEM = re.compile(
    rf"<si>(?:{_T}([^<]*+)</t>(?:<phoneticPr{_ATTRIBUTES}/>)?|(<.*?))</si>|(<si/>)|(\S)", re.DOTALL | re.ASCII
)


def plain_strings(text: str) -> list[str]:
    """The shared strings as every common program writes them, in order; raises NotPlain."""
    _refuse_bad_text(text)
    start, end = _STRINGS.match(text), text.rfind("</sst>")
    if start is None or end < 0 or text[end + 6 :].strip() or start[0].count(" xmlns=") != 1:
        raise NotPlain
    strings: list[str] = []
    for plain, rich, _, stray in _ITEM.findall(text, start.end(), end):
        if stray:
            raise NotPlain
        strings.append(_rich_text(rich) if rich else _unescape(plain) if "&" in plain else plain)
    return strings


def _rich_text(inside: str) -> str:
    try:
        return text_of(parse(f"<si>{inside}</si>", ""))
    except Refused as fault:
        raise NotPlain from fault


# --- the road that knows all of XML


def text_of(item: etree._Element) -> str:
    """The text of an `si` or `is`: its own `t` and those of its runs; phonetic `rPh` is left out."""
    texts = []
    for child in item:
        if local(child) == "t":
            texts.append(child.text or "")
        elif local(child) == "r":
            texts.extend(part.text or "" for part in child if local(part) == "t")
    return "".join(texts)


def parsed_strings(text: str, name: str) -> list[str]:
    """The shared strings of any well-formed part; raises Refused."""
    return [text_of(item) for item in _elements(text, name, "si")]


def parsed_rows(text: str, name: str) -> Iterator[Row]:
    """The rows of any well-formed worksheet part; raises Refused, naming the part or the cell."""
    number = 0
    for row in _elements(text, name, "row"):
        number = _number(row.get("r"), number, name)
        yield number, row.get("hidden") in ("1", "true"), _parsed_cells(row, number, name)


def _number(stored: str | None, before: int, name: str) -> int:
    if stored is None:
        return before + 1
    bare = stored.strip()
    if not re.fullmatch(r"[1-9][0-9]{0,9}", bare):
        raise Refused(f"文件的“{name}”里有一行的行号是“{bare[:20]}”")
    return int(bare)


def _parsed_cells(row: etree._Element, number: int, name: str) -> list[Token]:
    cells: list[Token] = []
    column = 0
    for cell in row:
        if local(cell) != "c":
            if local(cell) == "extLst":
                continue
            raise Refused(f"文件的“{name}”第 {number} 行里有无法识别的内容“{local(cell)}”")
        letters, own_row = _reference(cell.get("r"), column, number, name)
        try:
            column = COLUMNS[letters]
        except BadValue as fault:
            raise Refused(f"单元格 {letters}{own_row} {fault}") from fault
        cells.append((letters, own_row, _attributes(cell), *_content(cell)))
    return cells


def _reference(stored: str | None, column: int, row: int, name: str) -> tuple[str, str]:
    if stored is None:
        return letters_of(column + 1), str(row)
    found = re.fullmatch(r"([A-Z]{1,4})([1-9][0-9]{0,9})", stored.strip())
    if found is None:
        raise Refused(f"文件的“{name}”第 {row} 行里有单元格的位置写成“{stored[:20]}”")
    return found[1], found[2]


def _attributes(cell: etree._Element) -> str:
    """Style and type as the plain road finds them written; a mark that needs quoting is wrong in both."""
    stored = ((key, cell.get(key)) for key in ("s", "t"))
    return "".join(f' {key}="{_QUOTED.sub("?", value)}"' for key, value in stored if value is not None)


_QUOTED = re.compile('["<>&]')


def _content(cell: etree._Element) -> tuple[str, str]:
    """Value and formula of a cell; a text inside the cell stands for its value."""
    formula = value = ""
    for child in cell:
        match local(child):
            case "f":
                formula = "=" + (child.text or "")
            case "v":
                value = child.text or ""
            case "is":
                value = text_of(child)
    return value, formula


_AROUND_ROWS = ("mergeCell", "col", "hyperlink", "dataValidation", "filterColumn")


def _elements(text: str, name: str, *names: str) -> Iterator[etree._Element]:
    """Elements of the main namespaces one by one, each freed when the next is asked for."""
    source = io.BytesIO(text.encode())
    tags = [f"{{{namespace}}}{each}" for each in names for namespace in (*MAIN, EXTENDED)]
    try:
        context = etree.iterparse(source, events=("end",), tag=tags, **SAFELY)
        for _, element in context:
            yield element
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
    except etree.XMLSyntaxError as fault:
        raise damaged(name) from fault
    if etree.QName(context.root).namespace not in MAIN:
        raise Refused(f"文件的“{name}”不是表格内容")


class Around(NamedTuple):
    """What stands around the rows of a worksheet part; references as written (`A2:B9`).

    columns: first and last of each hidden run. links: reference, relationship or "", place inside
    the target or "". checked: what has a live check, in either of the two ways of storing one.
    """

    merged: list[str]
    columns: list[tuple[str, str]]
    links: list[tuple[str, str, str]]
    checked: list[str]
    filtered: bool


def around_rows(text: str, name: str) -> Around:
    """What stands around the rows, from a part with or without them; raises Refused."""
    found = Around([], [], [], [], filtered=False)
    filtered = False
    for item in _elements(text, name, *_AROUND_ROWS):
        match local(item):
            case "mergeCell":
                found.merged.append(item.get("ref", ""))
            case "col" if item.get("hidden") in ("1", "true"):
                found.columns.append((item.get("min", ""), item.get("max", "")))
            case "hyperlink":
                relation = next((str(value) for key, value in item.items() if str(key).endswith("}id")), "")
                found.links.append((item.get("ref", ""), relation, item.get("location", "")))
            case "dataValidation" if item.get("type", "none") != "none":
                inside = (part.text or "" for part in item.iterfind("{*}sqref"))
                found.checked.extend((item.get("sqref") or next(inside, "")).split())
            case "filterColumn":
                filtered = True
    return found._replace(filtered=filtered)
