"""Reading .xlsx and .xlsm (ECMA-376, transitional and strict) without bending a value."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from itertools import chain, count, repeat, starmap
from operator import sub
from types import MappingProxyType
from typing import NamedTuple

from lxml import etree
from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.grid import Grid, joined
from pipeline.model import Area, Book, Kind, Rows, Sheet
from pipeline.outside import points_outside
from pipeline.read import cells
from pipeline.read.budget import Budget, refuse_sheet_count
from pipeline.read.cells import BEYOND, COLUMNS, LAST_COLUMN, LAST_ROW, MAIN, Block, NotPlain, Row
from pipeline.read.formats import BUILTIN, GENERAL, Form, form_of, iso_text, value_text
from pipeline.read.package import Package, local, parse
from pipeline.read.pictures import CELL_IMAGES, cell_pictures
from pipeline.read.refusal import RESAVE, BadValue, Refused, damaged
from pipeline.read.remembered import SMALL, remembered

_WORKSHEET, _MACROSHEETS = "worksheet", frozenset({"xlMacrosheet", "xlIntlMacrosheet"})


def read_xlsx(package: Package) -> Book:
    """The workbook in a package; raises Refused."""
    roots = _links(package, "")
    main = _main_part(roots)
    workbook = _root(package, main)
    if local(workbook) != "workbook" or etree.QName(workbook).namespace not in MAIN:
        raise Refused("文件不是表格工作簿", RESAVE)
    links = _links(package, main)
    date1904 = any(_true(item.get("date1904")) for item in workbook.iter("{*}workbookPr"))
    ways = Ways(_style_sheet(package, links), date1904)
    reading = SheetReading(ways, _strings(package, links), Budget())
    sheets = tuple(
        _sheet(package, name, hidden, part, reading)
        for name, hidden, part in _listed_sheets(package, workbook, links)
    )
    names = (name.text or "" for name in workbook.iter("{*}definedName"))
    reading.outside.update(filter(points_outside, names))
    active = _active(package, links, outside=bool(reading.outside))
    pictures = cell_pictures(
        package, {key: link.target for key, link in _links(package, CELL_IMAGES).items()}
    )
    leftovers = tuple(_leftovers(package))
    package.verify()
    return Book(
        kind="xlsm" if any(name.endswith("vbaproject.bin") for name in package.names()) else "xlsx",
        sheets=sheets,
        modified=_modified(package, roots),
        date1904=date1904,
        active=active,
        leftovers=leftovers,
        pictures=pictures,
    )


def _true(stored: str | None) -> bool:
    return stored in ("1", "true", "on")


# --- parts and how they hang together (OPC)


def _root(package: Package, name: str) -> etree._Element:
    """The root element of a part, to be looked at alone; raises Refused as Package.text does."""
    return _tree(package.text(name), name)


_tree = remembered(parse)


class Link(NamedTuple):
    """A relationship: the last word of its type, and its target as a part name, "" if outside."""

    type: str
    target: str


def _relationships(package: Package, part: str) -> tuple[Mapping[str, Link], Mapping[str, str]]:
    folder, name = posixpath.split(part)
    listing = posixpath.join(folder, "_rels", f"{name}.rels")
    return _listed(package.text(listing), listing, folder) if listing in package else ({}, {})


@remembered
def _listed(text: str, name: str, folder: str) -> tuple[Mapping[str, Link], Mapping[str, str]]:
    """Links of a part in a folder, and the targets of those that lead outside, word for word."""
    links, outside = {}, {}
    for item in parse(text, name).iter("{*}Relationship"):
        identity, target = item.get("Id", ""), item.get("Target", "")
        where = ""
        if item.get("TargetMode") == "External":
            outside[identity] = target
        else:
            where = posixpath.normpath(posixpath.join("/", folder, target.replace("\\", "/"))).lstrip("/")
        links[identity] = Link(item.get("Type", "").rpartition("/")[2], where)
    return links, outside


def _links(package: Package, part: str) -> Mapping[str, Link]:
    return _relationships(package, part)[0]


def _outside(package: Package, part: str) -> Mapping[str, str]:
    """The targets outside the package that a part has links to, word for word, by relationship."""
    return _relationships(package, part)[1]


def _first(links: Mapping[str, Link], kind: str) -> str:
    return next((link.target for link in links.values() if link.type == kind), "")


def _main_part(roots: Mapping[str, Link]) -> str:
    main = _first(roots, "officeDocument")
    if not main:
        raise Refused("文件不完整，缺少其中的工作簿目录")
    return main


def _modified(package: Package, roots: Mapping[str, Link]) -> str:
    part = _first(roots, "core-properties")
    if part not in package:
        return ""
    stamps = _root(package, part).iter("{*}modified")
    return next(((stamp.text or "").strip() for stamp in stamps), "")


def _active(package: Package, links: Mapping[str, Link], *, outside: bool) -> tuple[str, ...]:
    """outside: whether a formula points outside."""
    types = {link.type for link in links.values()}
    names = package.names()
    macros = any(name.endswith("vbaproject.bin") for name in names) or types & _MACROSHEETS
    found = {
        "宏": macros,
        "外部链接": outside or "externalLink" in types,
        "数据连接": "connections" in types or any("/querytables/" in name for name in names),
        "嵌入对象": any("/embeddings/" in name or "/activex/" in name for name in names),
    }
    return tuple(word for word, there in found.items() if there)


def _leftovers(package: Package) -> Iterator[str]:
    """What is left of a review by people: open discussions ([MS-XLSX] 2.6.205), a log of changes."""
    open_ones = sum(
        item.get("parentId") is None and not _true(item.get("done"))
        for name in package.names()
        if "/threadedcomments/" in name and name.endswith(".xml")
        for item in _root(package, name).iter("{*}threadedComment")
    )
    if open_ones:
        yield f"{open_ones} 处没有解决的批注讨论"
    if any(name.endswith("/revisionheaders.xml") for name in package.names()):
        yield "修订记录"


def _listed_sheets(
    package: Package, workbook: etree._Element, links: Mapping[str, Link]
) -> list[tuple[str, bool, str]]:
    """Name, hidden and part of every worksheet in order; chart and macro sheets are passed over."""
    listed = []
    names: set[str] = set()
    for item in workbook.iterfind("{*}sheets/{*}sheet"):
        name = item.get("name", "")
        identity = next((value for key, value in item.attrib.items() if str(key).endswith("}id")), "")
        link = links.get(str(identity))
        if link is None or not link.target or link.target not in package:
            raise Refused(f"文件不完整，工作表“{name}”的内容不在里面")
        if name.casefold() in names:
            raise Refused(f"文件里有两个名为“{name}”的工作表")
        names.add(name.casefold())
        if link.type == _WORKSHEET:
            listed.append((name, item.get("state", "visible") != "visible", link.target))
    refuse_sheet_count(len(listed))
    return listed


# --- styles and shared strings


def _style_sheet(package: Package, links: Mapping[str, Link]) -> tuple[Form, ...]:
    """The number form of every cell style, in order (`cellXfs`)."""
    part = _first(links, "styles")
    if not part:
        return ()
    return _forms(package.text(part), part)


@remembered
def _forms(text: str, part: str) -> tuple[Form, ...]:
    root = parse(text, part)
    codes = dict(BUILTIN)
    for item in root.iterfind("{*}numFmts/{*}numFmt"):
        codes[_count(item.get("numFmtId"), part)] = item.get("formatCode", "")
    return tuple(
        form_of(codes.get(_count(item.get("numFmtId", "0"), part), "General"))
        for item in root.iterfind("{*}cellXfs/{*}xf")
    )


def _count(stored: str | None, part: str) -> int:
    if stored is None or not re.fullmatch(r"[0-9]{1,9}", stored.strip()):
        raise damaged(part)
    return int(stored)


def _strings(package: Package, links: Mapping[str, Link]) -> SharedStrings:
    part = _first(links, "sharedStrings")
    if not part:
        return SharedStrings(())
    text = package.text(part)
    try:
        strings = cells.plain_strings(text)
    except NotPlain:
        strings = cells.parsed_strings(text, part)
    # File names have many a `_`, but hardly one before an `x`.
    escaped = "_" in text and "_x" in "".join(strings)
    return SharedStrings(map(decoded, strings) if escaped else strings)


_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def decoded(text: str) -> str:
    """Text with its `_x000D_` escapes resolved (ECMA-376 part 1, 22.9.2.19); half a pair is U+FFFD."""
    if "_x" not in text:
        return text
    found = _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), text)
    if found == text:
        return text
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# --- cells


class Numbers(dict[str, str]):
    """Texts of stored numbers under one format, each worked out once; BadValue as value_text.

    kinds has the kind of each that was asked for.
    """

    def __init__(self, form: Form, date1904: bool) -> None:
        """Remember the format."""
        super().__init__()
        self.form = form
        self.kinds: dict[str, Kind] = {}
        self._date1904 = date1904

    def __missing__(self, stored: str) -> str:
        """Work it out."""
        text, self.kinds[stored] = value_text(stored, self.form, self._date1904)
        self[stored] = text
        return text

    def read(self, stored: str) -> tuple[str, Kind]:
        """Text and kind."""
        return self[stored], self.kinds[stored]

    def column(self, values: Sequence[str]) -> tuple[Sequence[str], Iterable[Kind]]:
        """Texts and kinds of many."""
        if self.form == GENERAL and _INTEGERS.fullmatch("\0".join(values)):
            return values, repeat(Kind.NUMBER)
        return list(map(self.__getitem__, values)), map(self.kinds.__getitem__, values)


_INTEGERS = re.compile(r"(?:(?:0|[1-9][0-9]{0,19})(?:\0|\Z))++")
"""Integers that stand as they are shown: `number_text` would leave them alone."""


_NUMERALS = tuple(map(str, range(5_000)))
"""Made once: nearly every workbook needs them."""


class SharedStrings(dict[str, str]):
    """Shared strings by their numbers as cells write them; BadValue if there is no such number."""

    def __init__(self, strings: Iterable[str], numbers: Iterable[str] = ()) -> None:
        """numbers: of these strings; they are all there are unless it is given."""
        counted = chain(_NUMERALS, map(str, count(len(_NUMERALS))))
        super().__init__(zip(numbers or counted, strings, strict=False))

    def __missing__(self, number: str) -> str:
        """A number written with zeros before it, or blanks around it."""
        bare = number.strip()
        if bare.isascii() and bare.isdecimal() and len(bare) < 10 and (key := str(int(bare))) in self:
            return self[key]
        raise BadValue(f"引用了不存在的文本（第“{bare[:20]}”号）")


class Way(NamedTuple):
    """How the value of cells with the same attributes is read: their type, and numbers under their style."""

    type: str
    numbers: Numbers


_TEXT = Kind.TEXT
_SHARED = Way("s", Numbers(GENERAL, date1904=False))
_TYPES = frozenset({"s", "n", "b", "e", "str", "inlineStr", "d"})
_PAIR = re.compile(r' ([A-Za-z][\w:.]*)="([^"<>&]*)"', re.ASCII)


class Ways(dict[str, Way]):
    """Ways by the attributes of a cell as written: each distinct writing is understood once."""

    def __init__(self, styles: tuple[Form, ...], date1904: bool) -> None:
        """Prepare every style."""
        super().__init__()
        self.styles, self.date1904 = styles, date1904
        self._general = Numbers(GENERAL, date1904)
        self._numbers = [Numbers(form, date1904) for form in styles]

    def __missing__(self, attributes: str) -> Way:
        """Read the attributes; raises NotPlain if they are written unusually, BadValue if wrong."""
        pairs = _PAIR.findall(attributes)
        found = dict(pairs)
        if len("".join(f' {key}="{value}"' for key, value in found.items())) != len(attributes):
            raise NotPlain
        kind, style = found.get("t", "n"), found.get("s", "0")
        if kind not in _TYPES:
            raise BadValue(f"的类型“{kind[:20]}”不认识")
        if not re.fullmatch("[0-9]{1,9}", style):
            raise BadValue(f"的样式号是“{style[:20]}”")
        way = _SHARED if kind == "s" else Way(kind, self._under(kind, int(style)))
        self[attributes] = way
        return way

    def _under(self, kind: str, style: int) -> Numbers:
        if style < len(self._numbers):
            return self._numbers[style]
        if style and kind in ("n", "d"):
            raise BadValue("引用了不存在的样式，看不出是数字还是日期")
        return self._general


class SheetReading(Struct, frozen=True):
    """What the cells of a sheet refer to; outside gathers formulas that reach out of the workbook."""

    ways: Ways
    strings: SharedStrings
    budget: Budget
    outside: set[str] = field(default_factory=set)


class _Stored(NamedTuple):
    """A worksheet part: its name, what stands around its rows, these, and where its links lead outside."""

    part: str
    around: str
    inside: str
    targets: tuple[tuple[str, str], ...]


def _sheet(package: Package, name: str, hidden: bool, part: str, reading: SheetReading) -> Sheet:
    around, inside = package.divided(part, "sheetData")
    left = reading.budget.left
    targets = _outside(package, part)
    try:
        if len(around) + len(inside) <= SMALL:
            return _small_sheet(name, hidden, _Stored(part, around, inside, tuple(targets.items())), reading)
        return sheet_of(name, hidden, cells.plain_sheet(around, inside), around, part, reading, targets)
    except (NotPlain, Refused, BadValue):
        reading.budget.left = left
    try:
        # Those rows came out of turn; of several that are wrong the first is told.
        return sheet_of(name, hidden, cells.rows_in_turn(around, inside), around, part, reading, targets)
    except NotPlain:
        reading.budget.left = left
    text = package.text(part)
    return sheet_of(name, hidden, cells.parsed_rows(text, part), text, part, reading, targets)


def _small_sheet(name: str, hidden: bool, stored: _Stored, reading: SheetReading) -> Sheet:
    """A sheet of a small part, made once: workbooks of one template have sheets in common, to the letter.

    Raises Refused, NotPlain, or BadValue if there is no such shared string.
    """
    numbers = cells.shared_in(stored.around, stored.inside)
    texts = tuple(map(reading.strings.__getitem__, numbers))
    make = _made if sum(map(len, texts)) <= SMALL else _made.__wrapped__
    sheet, took, outside = make(
        name, hidden, stored, reading.ways.styles, reading.ways.date1904, numbers, texts
    )
    reading.budget.take(*took)
    reading.outside.update(outside)
    return sheet


@lru_cache(maxsize=128)
def _made(
    name: str,
    hidden: bool,
    stored: _Stored,
    styles: tuple[Form, ...],
    date1904: bool,
    numbers: Sequence[str],
    texts: tuple[str, ...],
) -> tuple[Sheet, tuple[int, int, int], Set[str]]:
    """The sheet, what it takes off the budget, and its formulas that reach out; raises Refused, NotPlain.

    texts: the shared strings that it refers to by these numbers.
    """
    budget = Budget()
    before = budget.left
    reading = SheetReading(Ways(styles, date1904), SharedStrings(texts, numbers), budget)
    rows = cells.plain_sheet(stored.around, stored.inside)
    sheet = sheet_of(name, hidden, rows, stored.around, stored.part, reading, dict(stored.targets))
    rows_taken, cells_taken, characters_taken = map(sub, before, budget.left)
    return replace(sheet, recurs=True), (rows_taken, cells_taken, characters_taken), reading.outside


def sheet_of(
    name: str,
    hidden: bool,
    rows: Iterable[Row | Block],
    around: str,
    part: str,
    reading: SheetReading,
    targets: Mapping[str, str] = MappingProxyType({}),
) -> Sheet:
    """A sheet from its rows; around is its XML, with or without them. Raises Refused, NotPlain.

    targets: where its links lead, by relationship.
    """
    content = _Content(name, reading)
    for row in rows:
        if isinstance(row, Block):
            content.add_block(row)
        else:
            content.add(*row)
    found = cells.around_rows(around, part)
    links = [
        (area, targets.get(relation, "") + (f"#{inside}" if inside else ""))
        for ref, relation, inside in found.links
        if (area := _area_or_none(ref))
    ]
    return Sheet(
        name=name,
        hidden=hidden,
        rows=content.rows(),
        kinds=content.kinds,
        merged=tuple(_area(ref, name) for ref in found.merged),
        formulas=frozenset(content.formulas),
        hidden_rows=frozenset(content.hidden_rows),
        filtered=found.filtered,
        hidden_columns=tuple(filter(None, starmap(_run, found.columns))),
        links=(*content.links, *links),
        checked=tuple(filter(None, map(_area_or_none, found.checked))),
    )


class _Content:
    """The cells of one sheet while they are gathered: blocks as columns, other rows one by one."""

    def __init__(self, name: str, reading: SheetReading) -> None:
        self.kinds: dict[int, dict[int, Kind]] = {}
        self.formulas: set[tuple[int, int]] = set()
        self.links: list[tuple[Area, str]] = []
        self.hidden_rows: set[int] = set()
        self._rows: dict[int, dict[int, str]] = {}
        self._grids: list[Grid] = []
        self._name = name
        self._reading = reading

    def rows(self) -> Rows:
        """All rows by their numbers, ascending; raises NotPlain if blocks have one twice."""
        if not self._grids:
            numbers = list(self._rows)
            return self._rows if numbers == sorted(numbers) else dict(sorted(self._rows.items()))
        together = joined([*self._grids, self._rows])
        if together is None:
            raise NotPlain
        return together

    def add_block(self, block: Block) -> None:
        """Read rows of one look; raises NotPlain if anything is wrong: the full road tells where."""
        try:
            columns = self._columns(block)
        except BadValue as fault:
            raise NotPlain from fault
        numbers = block.numbers
        if all("" in texts for texts in columns.values()):
            filled = [at for at, texts in enumerate(zip(*columns.values(), strict=True)) if any(texts)]
            numbers = [numbers[at] for at in filled]
            columns = {column: [texts[at] for at in filled] for column, texts in columns.items()}
        if not numbers:
            return
        if max(numbers) > LAST_ROW:
            raise NotPlain
        self._grids.append(Grid(numbers, columns))
        self.hidden_rows.update(block.hidden.intersection(numbers))
        cells_there = sum(len(texts) - texts.count("") for texts in columns.values())
        self._reading.budget.take(len(numbers), cells_there, sum(map(len, map("".join, columns.values()))))

    def _columns(self, block: Block) -> dict[int, Sequence[str]]:
        """The texts by column numbers; raises BadValue."""
        columns: dict[int, Sequence[str]] = {}
        last = 0
        for letters, attributes, values in zip(
            block.look.columns, block.look.attributes, block.values, strict=True
        ):
            column, way = COLUMNS[letters], self._reading.ways[attributes]
            if column <= last:
                raise BadValue("不在应有的次序")
            if way is _SHARED:
                columns[column] = list(map(self._reading.strings.__getitem__, values))
            else:
                columns[column], kinds = way.numbers.column(values)
                self.kinds.setdefault(column, {}).update(zip(block.numbers, kinds, strict=False))
            last = column
        return columns

    def add(self, number: int, hidden: bool, tokens: list[cells.Token]) -> None:
        """Read the cells of a row one by one; raises Refused naming the cell."""
        if not tokens:
            return
        if number > LAST_ROW:
            raise Refused(f"工作表“{self._name}”的单元格 {tokens[0][0]}{number} {BEYOND}")
        try:
            line = self._line(number, tokens)
        except _BadCell as fault:
            raise Refused(f"工作表“{self._name}”的单元格 {fault.cell} {fault}") from fault
        if line:
            if number in self._rows:
                raise Refused(f"工作表“{self._name}”里第 {number} 行出现了两次")
            self._rows[number] = line
            if hidden:
                self.hidden_rows.add(number)
            self._reading.budget.spend(line)

    def _line(self, number: int, tokens: list[cells.Token]) -> dict[int, str]:
        line: dict[int, str] = {}
        strings = self._reading.strings
        ways, kinds, row_text = self._reading.ways, self.kinds, str(number)
        column = row = ""
        try:
            for column, row, attributes, value, formula in tokens:
                if not value and not formula:
                    continue
                at = COLUMNS[column]
                if at in line or row != row_text:
                    raise BadValue("出现了两次" if at in line else f"写在了第 {number} 行里")
                way = ways[attributes]
                if way is _SHARED and not formula:
                    if text := strings[value]:
                        line[at] = text
                    continue
                text, kind = self._typed(number, at, way, value, formula)
                if text:
                    line[at] = text
                    if kind is not _TEXT:
                        kinds.setdefault(at, {})[number] = kind
        except BadValue as fault:
            raise _BadCell(column + row, str(fault)) from fault
        columns = list(line)
        return line if columns == sorted(columns) else dict(sorted(line.items()))

    def _typed(self, row: int, column: int, way: Way, value: str, formula: str) -> tuple[str, Kind]:
        if not formula:
            return stored_text(way, value, self._reading.strings)
        self.formulas.add((row, column))
        if points_outside(formula):
            self._reading.outside.add(formula)
        if link := _LINK_FORMULA.match(formula):
            self.links.append((Area(row, column, row, column), link[1].replace('""', '"')))
        if "DISPIMG(" in formula:
            return (value if is_picture(value) else decoded(formula)), Kind.PICTURE
        if value:
            return stored_text(way, value, self._reading.strings)
        # A calculated text may well be empty; a number may not.
        return ("", Kind.TEXT) if way.type in ("str", "s") else (decoded(formula), Kind.UNCALCULATED)


_LINK_FORMULA = re.compile(r'=HYPERLINK\("((?:[^"]|"")*+)"\s*[,)]')
"""The target is known where it is written out; one that is calculated is not guessed."""


def is_picture(text: str) -> bool:
    """Whether a text is the formula by which WPS shows a picture inside a cell."""
    return text.startswith(("=DISPIMG(", "=_xlfn.DISPIMG("))


def stored_text(way: Way, value: str, strings: SharedStrings) -> tuple[str, Kind]:
    """Text and kind of a stored value; raises BadValue with what is wrong with the cell."""
    match way.type:
        case "n":
            return way.numbers.read(value)
        case "s":
            return strings[value], Kind.TEXT
        case "str" | "inlineStr":
            text = decoded(value)
            return text, Kind.PICTURE if is_picture(text) else Kind.TEXT
        case "e":
            return value.strip(), Kind.ERROR
        case "b":
            return _boolean(value), Kind.BOOL
    return iso_text(value, way.numbers.form)


def _boolean(value: str) -> str:
    match value.strip():
        case "1" | "true":
            return "TRUE"
        case "0" | "false":
            return "FALSE"
    raise BadValue(f"标为是或否，内容却是“{value[:20]}”")


class _BadCell(Exception):  # noqa: N818 - becomes a verdict on the file at once
    def __init__(self, cell: str, text: str) -> None:
        super().__init__(text)
        self.cell = cell


_RANGE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})(?::([A-Z]{1,3})([1-9][0-9]{0,6}))?")


def _area(reference: str, sheet: str) -> Area:
    try:
        area = _area_of(reference)
    except BadValue as fault:
        raise Refused(f"工作表“{sheet}”里的合并单元格 {reference} {fault}") from fault
    if area is None:
        raise Refused(f"工作表“{sheet}”里有合并单元格的范围写成“{reference[:40]}”")
    return area


@lru_cache(maxsize=1_024)
def _area_of(reference: str) -> Area | None:
    """The cells of a reference, None if it is none; raises BadValue beyond the last column."""
    found = _RANGE.fullmatch(reference.strip())
    if not found:
        return None
    left, top, right, bottom = found.groups()
    area = Area(int(top), COLUMNS[left], int(bottom or top), COLUMNS[right or left])
    return area if area.top <= area.bottom <= LAST_ROW and area.left <= area.right else None


def _area_or_none(reference: str) -> Area | None:
    """As _area_of where a wrong reference bends no value: a link or a check that nobody can find."""
    try:
        return _area_of(reference)
    except BadValue:
        return None


def _run(first: str, last: str) -> tuple[int, int] | None:
    """First and last of a run of columns, None if the numbers are none."""
    if not all(re.fullmatch("[1-9][0-9]{0,4}", number) for number in (first, last)):
        return None
    return int(first), min(int(last), LAST_COLUMN)
