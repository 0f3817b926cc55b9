"""The cells of a worksheet part and the texts of the shared-string part, by two roads.

`plain_sheet` and `plain_strings` take what nearly every program writes with regular
expressions. The expressions are a grammar, not a search: every character that they do not
account for raises NotPlain, and the part is read again by `parsed_rows` or
`parsed_strings`, which know all of XML (prefixes, comments, CDATA, any order of
attributes, cells without a reference). Both roads yield the same tokens.

The rows of a list are written alike: take the row number and the values out, and few texts
are left. Each is held against the grammar once, as a `Look`, and rows of one look come as one
`Block` of columns. Where a look is common, an expression of its own takes all such rows out of
the text at once. A row with more to it (a formula, a text of its own) comes as tokens.
"""

from __future__ import annotations

import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

from lxml import etree
from msgspec import Struct

from pipeline.model import letters
from pipeline.read.package import SAFELY, local, parse
from pipeline.read.refusal import BadValue, Refused, damaged
from pipeline.read.remembered import SMALL, remembered

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


class Look(Struct, frozen=True, eq=False):
    """What rows have in common whose cells are written alike but for row number and values.

    columns and attributes, as in a Token, of the cells with a value: shared strings and numbers alone.
    """

    columns: tuple[str, ...]
    attributes: tuple[str, ...]


class Block(NamedTuple):
    """Rows of one look, which have nothing in them but values.

    numbers: of the rows, in their order in the part; hidden: of those that are. values: a column for
    each of the look's columns.
    """

    numbers: list[int]
    hidden: set[int]
    look: Look
    values: Sequence[Sequence[str]]


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


# --- the plain road

_ATTRIBUTES = r'(?: [A-Za-z][\w:.]*+="[^"<>&]*+")*+'
_T = r'<t(?: xml:space="(?:preserve|default)")?>'
_V = r'<v(?: xml:space="(?:preserve|default)")?>'

_IN_MAIN = rf'(?=[^>]* xmlns="(?:{"|".join(map(re.escape, MAIN))})")'
_STRINGS = re.compile(rf"\s*<sst{_IN_MAIN}{_ATTRIBUTES}>", re.ASCII)
_WORKSHEET = re.compile(rf"\s*<worksheet{_IN_MAIN}{_ATTRIBUTES}>", re.ASCII)
_ROW = re.compile(rf'<row r="([1-9][0-9]{{0,6}})"({_ATTRIBUTES})\s*>', re.ASCII)
_ROW_END = "</row>"
_ROW_HIDDEN = re.compile(r' hidden="(?:1|true)"')
_BLANK_ROWS = re.compile(
    rf"(?:\s*<row{_ATTRIBUTES}\s*(?:/>|>"
    r'(?:\s*<c r="[A-Z]{1,3}+[1-9][0-9]*+"(?: s="[0-9]++")?(?:/>|></c>))*+\s*</row>))*+',
    re.ASCII,
)
_VALUE = re.compile("<v>([^<]++)</v>")
_VALUE_HERE, _NUMBER_HERE = "\0", "\1"
"""Stand for what differs between rows that look alike; a part never holds these characters."""
_LOOK = re.compile(
    rf'<c r="([A-Z]{{1,3}}+){_NUMBER_HERE}"((?: [A-Za-z]++="[^"<>&{_NUMBER_HERE}]*+")*+)'
    rf"(?:/>|>(?:({_VALUE_HERE})|<v></v>)?</c>)|[^ \n\t]"
)
_STYLE = re.compile(f'( s="[0-9]*){_NUMBER_HERE}"')
_IS_SHARED = ' t="s"'
_OTHER_TYPE = re.compile(' t="(?![sn]")')
_LONGEST_LOOK = 20_000
_PROBES, _COMMON_FROM = 5, 2
"""Rows that are probed for a common look at most, and how many must have it."""
_WORTH_A_LOOK = 1 << 14
"""Characters of rows in which a common look is searched for."""
_BLOCK = 1 << 18
_BLANKS = " \n\t"
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


def plain_sheet(around: str, inside: str) -> Iterable[Row | Block]:
    """The rows of a worksheet part as every common program writes it, divided at its `sheetData`.

    Raises NotPlain, for the rows of a large part when they are asked for.
    """
    if len(around) + len(inside) <= SMALL:
        return _small_sheet(around, inside)
    return _sheet(around, inside)


@lru_cache(maxsize=128)
def _small_sheet(around: str, inside: str) -> Sequence[Row | Block]:
    return tuple(_sheet(around, inside))


@lru_cache(maxsize=128)
def shared_in(around: str, inside: str) -> Sequence[str]:
    """The shared strings that a small part refers to, each once, by their numbers; raises NotPlain."""
    found: dict[str, None] = {}
    for row in _small_sheet(around, inside):
        if isinstance(row, Block):
            for attributes, values in zip(row.look.attributes, row.values, strict=True):
                found |= dict.fromkeys(values if _IS_SHARED in attributes else ())
        else:
            found |= {value: None for _, _, its, value, _ in row[2] if value and _IS_SHARED in its}
    return tuple(found)


def _sheet(around: str, inside: str) -> Iterator[Row | Block]:
    _refuse_odd_sheet(around, inside)
    return _plain_rows(inside)


def rows_in_turn(around: str, inside: str) -> Iterator[Row]:
    """The same rows as they follow each other, so that the first of several faults is found first."""
    _refuse_odd_sheet(around, inside)
    for part in _parts(inside):
        for number, attributes, look, content, values in _lines(part):
            yield int(number), _is_hidden(attributes), _tokens(number, look, content, values)


def _refuse_odd_sheet(around: str, inside: str) -> None:
    _refuse_bad_text(inside)
    _refuse_odd_around(around)


@remembered
def _refuse_odd_around(around: str) -> None:
    _refuse_bad_text(around)
    one = around.count("<sheetData") == 1 and (
        "<sheetData></sheetData>" in around or "<sheetData/>" in around
    )
    # A comment might hold all that was found.
    if not one or "<!" in around or "<?" in around or not _WORKSHEET.match(around):
        raise NotPlain


def _plain_rows(text: str) -> Iterator[Row | Block]:
    """The rows of each part of the text come in any order."""
    for part in _parts(text):
        rest = part
        while len(rest) > _WORTH_A_LOOK and (common := _common_look(rest)):
            block, rest = _taken_out(rest, common)
            yield block
        yield from _plain_block(rest)


def _parts(text: str) -> Iterator[str]:
    """Some hundred rows at a time: the expressions work on all of them at once, and memory is not flooded."""
    at = 0
    while (stop := _end_of_rows(text, at)) > at:
        yield text[at:stop]
        at = stop
    _refuse_more(text[at:])


def _end_of_rows(text: str, at: int) -> int:
    stop = text.find(_ROW_END, at + _BLOCK)
    if stop < 0:
        stop = text.rfind(_ROW_END, at)
    return stop + len(_ROW_END) if stop >= 0 else at


def _refuse_more(text: str) -> None:
    """Between rows there may be nothing but rows without values."""
    blank = _BLANK_ROWS.match(text)
    if text[blank.end() if blank else 0 :].strip(_BLANKS):
        raise NotPlain


class _Common(NamedTuple):
    """A look that many rows have, and the expression for such a row.

    Groups are the row's number, its attributes and its values.
    """

    look: Look
    row: re.Pattern[str]


def _common_look(text: str) -> _Common | None:
    """The look of many of the rows in a text, None if there seems to be none."""
    starts = {text.find("<row ", len(text) * part // _PROBES) for part in range(_PROBES)} - {-1}
    probed: Counter[str] = Counter()
    for start in sorted(starts):
        written = _written(text, start)
        probed[written] += 1
        if probed[written] == _COMMON_FROM:
            return _common(written)
    return None


def _written(text: str, start: int) -> str:
    """The cells of the row that starts there, with marks in place of its number and its values."""
    row = text[start : text.find(_ROW_END, start) + len(_ROW_END)]
    head = _ROW.match(row)
    if head is None or len(row) > _LONGEST_LOOK:
        return ""
    number = head[1]
    own = _VALUE.sub(_VALUE_HERE, row[head.end() :]).replace(f'{number}"', f'{_NUMBER_HERE}"')
    return _STYLE.sub(rf'\g<1>{number}"', own)


@lru_cache(maxsize=64)
def _common(written: str) -> _Common | None:
    look = _look(written)
    if not look:
        return None
    inside = re.escape(written).replace(_NUMBER_HERE, r"\1").replace(_VALUE_HERE, _VALUE.pattern)
    return _Common(look, re.compile(_ROW.pattern + inside, re.ASCII))


def _taken_out(text: str, common: _Common) -> tuple[Block, str]:
    """All rows of a look, and the text without them; raises NotPlain if anything but rows is left."""
    pieces = common.row.split(text)
    width = common.row.groups + 1
    left = [between for piece in pieces[::width] if piece and (between := piece.strip(_BLANKS))]
    # None of them can be within another row: then the rows that are left would not end where they should.
    if not all(between.startswith("<row ") for between in left):
        raise NotPlain
    columns: list[Sequence[str]] = [pieces[at::width] for at in range(3, width)]
    block = _block(pieces[1::width], pieces[2::width], common.look, columns, escaped="&" in text)
    return block, "".join(left)


def _block(
    numbers: Iterable[str],
    attributes: Sequence[str],
    look: Look,
    columns: list[Sequence[str]],
    *,
    escaped: bool,
) -> Block:
    """attributes: of the rows. escaped: whether there are entities anywhere."""
    rows = list(map(int, numbers))
    tells = set(filter(_is_hidden, set(attributes)))
    hidden = {row for row, its in zip(rows, attributes, strict=True) if its in tells} if tells else set()
    if escaped:
        columns = [[_unescape(each) if "&" in each else each for each in column] for column in columns]
    return Block(rows, hidden, look, columns)


Line = tuple[str, str, Look | None, str, list[str]]
"""A row's number, its attributes, its look if it has one, its content without the values, and these."""


def _plain_block(text: str) -> Iterator[Row | Block]:
    """The rows of any looks."""
    alike: dict[Look, list[tuple[str, str, list[str]]]] = defaultdict(list)
    for number, attributes, look, content, values in _lines(text):
        if look:
            alike[look].append((number, attributes, values))
        else:
            yield int(number), _is_hidden(attributes), _tokens(number, look, content, values)
    for look, lines in alike.items():
        own, its_attributes, its_values = zip(*lines, strict=True)
        columns: list[Sequence[str]] = list(zip(*its_values, strict=True))
        yield _block(own, its_attributes, look, columns, escaped="&" in text)


def _lines(text: str) -> Iterator[Line]:
    pieces = _VALUE.split(text)
    values = pieces[1::2]
    before, *rows = _ROW.split(_VALUE_HERE.join(pieces[::2]))
    _refuse_more(before)
    numbers, attributes, contents = rows[::3], rows[1::3], rows[2::3]
    at = 0
    for number, its, look, content in zip(
        numbers, attributes, _looks_of(contents, numbers), contents, strict=True
    ):
        first, at = at, at + (len(look.columns) if look else content.count(_VALUE_HERE))
        yield number, its, look, content, values[first:at]


def _tokens(number: str, look: Look | None, content: str, values: list[str]) -> list[Token]:
    """Raises NotPlain."""
    if look is None:
        return _plain_cells(_whole(content, values))
    texts = map(_unescape, values)
    return list(zip(look.columns, repeat(number), look.attributes, texts, repeat(""), strict=False))


def _is_hidden(attributes: str) -> bool:
    return "hidden" in attributes and bool(_ROW_HIDDEN.search(attributes))


def _looks_of(contents: list[str], numbers: list[str]) -> list[Look | None]:
    """The look of each row; None if there is more to it than a look covers."""
    own = [f'{number}"' for number in numbers]
    written = map(str.replace, contents, own, repeat(f'{_NUMBER_HERE}"'))
    return list(map(_look_of, written, numbers))


def _look_of(written: str, number: str) -> Look | None:
    if len(written) > _LONGEST_LOOK or "<f" in written or "<is" in written:
        return None
    # The number of a style may end like that of the row.
    return _look(written) or _look(_STYLE.sub(rf'\g<1>{number}"', written))


@lru_cache(maxsize=2_000)
def _look(written: str) -> Look | None:
    """The look of rows written so, with the end tag: workbooks of one template have most in common.

    None if they have more to them than a look covers.
    """
    inside = written.rstrip(_BLANKS)
    if not inside.endswith(_ROW_END):
        return None
    cells = _LOOK.findall(inside.removesuffix(_ROW_END))
    if any(not column or _OTHER_TYPE.search(attributes) for column, attributes, _ in cells):
        return None
    filled = [(column, attributes) for column, attributes, value in cells if value]
    return Look(tuple(column for column, _ in filled), tuple(attributes for _, attributes in filled))


def _whole(content: str, values: list[str]) -> str:
    """A row's content with its values back in their places."""
    first, *others = content.split(_VALUE_HERE)
    return first + "".join(f"<v>{value}</v>{after}" for value, after in zip(values, others, strict=True))


def _plain_cells(content: str) -> list[Token]:
    """The cells of a row, its end tag and what comes before the next row; raises NotPlain."""
    inside, end, after = content.partition(_ROW_END)
    if not end:
        raise NotPlain
    _refuse_more(after)
    cells: list[Token]
    if any(mark in inside for mark in _SPECIAL):
        cells = [
            (column, number, attributes, _unescape(value), formula and _formula(formula))
            for column, number, attributes, formula, _, value in _CELL.findall(inside)
        ]
    else:
        cells = _BARE_CELL.findall(inside)
    if _STRAY in cells:
        raise NotPlain
    return cells


def _formula(element: str) -> str:
    return "=" + _unescape(element.partition(">")[2].removesuffix("</f>"))


_ITEM = re.compile(
    rf"<si>(?:{_T}([^<]*+)</t>(?:<phoneticPr{_ATTRIBUTES}/>)?|(<.*?))</si>|(<si/>)|(\S)", re.DOTALL | re.ASCII
)
_NEXT_ITEM = "</t></si><si><t>"


def plain_strings(text: str) -> list[str]:
    """The shared strings as every common program writes them, in order; raises NotPlain."""
    _refuse_bad_text(text)
    start, end = _STRINGS.match(text), text.rfind("</sst>")
    if start is None or end < 0 or text[end + 6 :].strip() or start[0].count(" xmlns=") != 1:
        raise NotPlain
    # What stands between the commonest items has no other reading than that they end and begin there.
    first, *others = text[start.end() : end].split(_NEXT_ITEM)
    if not others:
        return _plain_items(first)
    last = others.pop()
    strings = _plain_items(f"{first}</t></si>")
    between = "".join(others)
    if "<" not in between and "&" not in between:
        return strings + others + _plain_items(f"<si><t>{last}")
    for piece in others:
        if "<" in piece:
            strings += _plain_items(f"<si><t>{piece}</t></si>")
        else:
            strings.append(_unescape(piece) if "&" in piece else piece)
    return strings + _plain_items(f"<si><t>{last}")


def _plain_items(text: str) -> list[str]:
    strings: list[str] = []
    for plain, rich, _, stray in _ITEM.findall(text):
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
        return letters(column + 1), str(row)
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


_SMALL = 1 << 16
"""Characters of a part that may well be in memory as a tree, and remembered."""
_AROUND_ROWS = ("mergeCell", "col", "hyperlink", "dataValidation", "filterColumn")


def _elements(text: str, name: str, *names: str) -> Iterator[etree._Element]:
    """Elements of the main namespaces one by one, each freed when the next is asked for."""
    source = io.BytesIO(text.encode())
    try:
        context = etree.iterparse(source, events=("end",), tag=_tags(*names), **SAFELY)
        for _, element in context:
            yield element
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
    except etree.XMLSyntaxError as fault:
        raise damaged(name) from fault
    _refuse_other_root(context.root, name)


@lru_cache
def _tags(*names: str) -> tuple[str, ...]:
    return tuple(f"{{{namespace}}}{each}" for each in names for namespace in (*MAIN, EXTENDED))


def _refuse_other_root(root: etree._Element, name: str) -> None:
    if etree.QName(root).namespace not in MAIN:
        raise Refused(f"文件的“{name}”不是表格内容")


class Around(NamedTuple):
    """What stands around the rows of a worksheet part; references as written (`A2:B9`).

    columns: first and last of each hidden run. links: reference, relationship or "", place inside
    the target or "". checked: what has a live check, in either of the two ways of storing one.
    """

    merged: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str, str], ...]
    checked: tuple[str, ...]
    filtered: bool


def around_rows(text: str, name: str) -> Around:
    """What stands around the rows, from a part with or without them; raises Refused."""
    if len(text) > _SMALL:
        return _around(_elements(text, name, *_AROUND_ROWS))
    return _small_around(text, name)


@lru_cache(maxsize=256)
def _small_around(text: str, name: str) -> Around:
    """Workbooks made from one template have much of it in common, to the letter."""
    root = parse(text, name)
    _refuse_other_root(root, name)
    return _around(root.iter(*_tags(*_AROUND_ROWS)))


def _around(items: Iterable[etree._Element]) -> Around:
    merged: list[str] = []
    columns: list[tuple[str, str]] = []
    links: list[tuple[str, str, str]] = []
    checked: list[str] = []
    filtered = False
    for item in items:
        match local(item):
            case "mergeCell":
                merged.append(item.get("ref", ""))
            case "col" if item.get("hidden") in ("1", "true"):
                columns.append((item.get("min", ""), item.get("max", "")))
            case "hyperlink":
                relation = next((str(value) for key, value in item.items() if str(key).endswith("}id")), "")
                links.append((item.get("ref", ""), relation, item.get("location", "")))
            case "dataValidation" if item.get("type", "none") != "none":
                inside = (part.text or "" for part in item.iterfind("{*}sqref"))
                checked.extend((item.get("sqref") or next(inside, "")).split())
            case "filterColumn":
                filtered = True
    return Around(tuple(merged), tuple(columns), tuple(links), tuple(checked), filtered)
