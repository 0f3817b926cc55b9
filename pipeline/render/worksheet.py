"""A worksheet part as a small tree around one run of row bytes.

All that is not a row (widths, filters, colours, links, drawings) is a few kilobytes: it is
parsed, changed and written by lxml. The rows may be megabytes, of which marking touches a few
cells: they stay bytes and are spliced. For that they are kept in a normal form, which every
spreadsheet program writes anyway: each row and cell begins with its own address, double
quotes, no comments, rows in ascending order. Rows in another form are rewritten once, by lxml.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from lxml import etree
from msgspec import Struct

from pipeline.model import Area, letters
from pipeline.render.package import Unmarkable, decimal, namespace_of, parse, serialise, utf8

LAST_COLUMN = 16_384
LAST_ROW = 1_048_576

ORDER = (
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr",
    "sheetProtection", "protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate",
    "customSheetViews", "mergeCells", "phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks",
    "printOptions", "pageMargins", "pageSetup", "headerFooter", "rowBreaks", "colBreaks", "customProperties",
    "cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing", "legacyDrawingHF", "drawingHF",
    "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst",
)  # fmt: skip
"""CT_Worksheet (ECMA-376 part 1, 18.3.1.99)."""

_AREA = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]+)(?::\$?([A-Za-z]{1,3})\$?([0-9]+))?")
_LETTERS = re.compile(rb"[A-Za-z]+")
_TAGS = re.compile(r"<[^>]*>")
_INDEX = re.compile("[0-9]{1,9}")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_HEIGHT = re.compile(rb' ht="([0-9]+(?:\.[0-9]*)?)"')
_FIXED_HEIGHT = re.compile(rb' customHeight="(?:1|true)"')
_HIDDEN = re.compile(rb' hidden="(?:1|true)"')
_HIDDEN_STATED = re.compile(rb' hidden="[^"]*"')
_DATA = re.compile(rb"<((?:[\w.-]+:)?)sheetData\b[^>]*?(/?)>")


class Worksheet(Struct):
    """One sheet's working copy: root holds an empty sheetData, rows what belongs inside it."""

    root: etree._Element
    opening: bytes
    rows: bytes
    prefix: str

    @property
    def namespace(self) -> str:
        """The main namespace, strict or transitional."""
        return namespace_of(self.root)

    def find(self, name: str) -> etree._Element | None:
        """The first child of that name."""
        return self.root.find(f"{{{self.namespace}}}{name}")

    def all(self, name: str) -> list[etree._Element]:
        """All children of that name."""
        return self.root.findall(f"{{{self.namespace}}}{name}")

    def place(self, element: etree._Element) -> etree._Element:
        """Put a new child where the schema wants it: behind everything that must come earlier."""
        rank = ORDER.index(etree.QName(element).localname)
        earlier = set(ORDER[: rank + 1])
        before = [e for e in self.root if _local(e) in earlier]
        before[-1].addnext(element)
        return element


class Row(Struct, frozen=True):
    """Where one row lies in `Worksheet.rows`."""

    number: int
    start: int
    end: int


def load(data: bytes) -> Worksheet:
    """Split a worksheet part. Raises Unmarkable if it has no sheetData or is no sound XML."""
    data = utf8(data)
    if (b"!" in data and b"<!" in data) or (data.count(b"?") > 2 and data.count(b"<?") > 1):
        data = _without_comments(data)
    match = _DATA.search(data)
    if match is None:
        raise Unmarkable("有一张工作表的内部结构不完整")
    prefix, closed = match[1].decode(), bool(match[2])
    end = match.end() if closed else data.rfind(b"</" + match[1] + b"sheetData")
    rows = b"" if closed else data[match.end() : end]
    tail = data[end:] if closed else data[data.index(b">", end) + 1 :]
    root = parse(data[: match.start()] + _empty(prefix) + tail)
    opening = match[0].replace(b"/>", b">") if closed else match[0]
    sheet = Worksheet(root, opening, rows, prefix)
    if not _is_normal(rows, match[1]):
        sheet.rows = _normal(data, prefix)
    return sheet


def dump(sheet: Worksheet) -> bytes:
    """The worksheet part as bytes."""
    data = serialise(sheet.root)
    head, _, tail = data.partition(_empty(sheet.prefix))
    closing = f"</{sheet.prefix}sheetData>".encode()
    return b"".join((head, sheet.opening, sheet.rows, closing, tail))


def _empty(prefix: str) -> bytes:
    return f"<{prefix}sheetData/>".encode()


def _local(element: etree._Element) -> str:
    """The element's name; for a choice between versions, that of its first alternative's content."""
    if not isinstance(element.tag, str):
        return ""
    name = etree.QName(element).localname
    if name != "AlternateContent":
        return name
    return next((_local(e) for choice in element for e in choice), "")


def _without_comments(data: bytes) -> bytes:
    root = parse(data)
    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    return serialise(root)


def _is_normal(rows: bytes, prefix: bytes) -> bool:
    cell, row = b"<" + prefix + b"c", b"<" + prefix + b"row"
    numbers = [int(number) for number in re.findall(row + b' r="([0-9]+)"', rows)]
    return (
        _address_comes_first(rows, cell)
        and _address_comes_first(rows, row)
        and b"</" + prefix + b"row " not in rows
        and _is_ascending(numbers)
    )


def _address_comes_first(rows: bytes, tag: bytes) -> bool:
    """Whether every element that begins so is followed by its address; `<c` begins other names as well."""
    addressed = rows.count(tag + b' r="')
    return addressed == rows.count(tag) or (
        not any(tag + end in rows for end in (b">", b"/>", b"\n", b"\r", b"\t"))
        and addressed == rows.count(tag + b" ")
    )


def _is_ascending(numbers: list[int]) -> bool:
    return all(before < after for before, after in pairwise(numbers))


def _normal(data: bytes, prefix: str) -> bytes:
    """The rows rewritten in ascending order: each row and cell says its address, and says it first."""
    root = parse(data)
    name = f"{{{namespace_of(root)}}}"
    sheet_data = root.find(f"{name}sheetData")
    if sheet_data is None:
        raise Unmarkable("有一张工作表的内部结构不完整")
    number = 0
    for row in sheet_data.iterchildren(f"{name}row"):
        number = _integer(row.get("r")) or number + 1
        _address_first(row, str(number))
        column = 0
        for cell in row.iterchildren(f"{name}c"):
            stated = _AREA.fullmatch(str(cell.get("r", "")))
            column = column_number(stated[1]) if stated else column + 1
            _address_first(cell, address(number, column))
    sheet_data[:] = sorted(sheet_data, key=lambda row: int(row.get("r", "0")))
    written = serialise(root)
    start, end = written.index(f"<{prefix}row".encode()), written.rindex(f"</{prefix}sheetData".encode())
    return written[start:end]


def _address_first(element: etree._Element, where: str) -> None:
    others = [(key, value) for key, value in element.attrib.items() if key != "r"]
    element.attrib.clear()
    element.set("r", where)
    for key, value in others:
        element.set(key, value)


def _integer(text: str | None) -> int:
    return int(text) if text is not None and text.strip().isdecimal() else 0


# ── Addresses ────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=1024)
def column_number(letters: str) -> int:
    """A → 1, AA → 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def address(row: int, column: int) -> str:
    """(12, 10) → J12."""
    return f"{letters(column)}{row}"


def area_address(area: Area, absolute: bool = False) -> str:
    """A rectangle as a reference; a single cell without a colon."""
    mark = "$" if absolute else ""
    first = f"{mark}{letters(area.left)}{mark}{area.top}"
    last = f"{mark}{letters(area.right)}{mark}{area.bottom}"
    return first if first == last else f"{first}:{last}"


def area_of(reference: str) -> Area | None:
    """The rectangle of a reference such as `A1:S61` or `$A$1`; None if it is no such reference."""
    match = _AREA.fullmatch(reference.strip())
    if match is None:
        return None
    top, left = int(match[2]), column_number(match[1])
    return Area(top, left, int(match[4] or top), column_number(match[3] or match[1]))


def sheet_reference(sheet: str, reference: str) -> str:
    """A reference on a named sheet, the name quoted in any case: `'资源清单'!J12`."""
    return "'" + sheet.replace("'", "''") + "'!" + reference


# ── Rows and cells ───────────────────────────────────────────────────────────────────


def list_rows(sheet: Worksheet) -> list[Row]:
    """Every stored row in stored order. A row ends where the next begins."""
    found = re.finditer(f'<{sheet.prefix}row r="([0-9]+)"'.encode(), sheet.rows)
    tags = [(int(m[1]), m.start()) for m in found]
    ends = [start for _, start in tags[1:]] + [len(sheet.rows)]
    return [Row(number, start, end) for (number, start), end in zip(tags, ends, strict=True)]


def row_heights(sheet: Worksheet) -> dict[int, float]:
    """The heights in points of the rows that state one."""
    pattern = f'<{sheet.prefix}row r="([0-9]+)"[^>]*? ht="([0-9]+(?:\\.[0-9]*)?)"'.encode()
    return {int(m[1]): float(m[2]) for m in re.finditer(pattern, sheet.rows)}


def usual_height(sheet: Worksheet) -> float:
    """The height in points of a row that states none."""
    layout = sheet.find("sheetFormatPr")
    return decimal(layout, "defaultRowHeight", 15.0) if layout is not None else 15.0


def last_cell(sheet: Worksheet, row: Row) -> int:
    """The column of the row's last stored cell, 0 if it has none."""
    start = f'<{sheet.prefix}c r="'.encode()
    at = sheet.rows.rfind(start, row.start, row.end)
    letters = _LETTERS.match(sheet.rows, at + len(start)) if at >= 0 else None
    return column_number(letters[0].decode()) if letters else 0


class Cell(Struct, frozen=True):
    """One stored cell: attributes as written, content between its tags (b"" if it holds nothing)."""

    row: int
    column: int
    attributes: bytes
    content: bytes
    start: int
    end: int

    @property
    def style(self) -> int | None:
        """The index of the cell's format, None if it states none."""
        match = re.search(rb'\ss="([0-9]+)"', self.attributes)
        return int(match[1]) if match else None


def cells(sheet: Worksheet, row: Row | None = None, letters: str = "[A-Za-z]+") -> Iterator[Cell]:
    """The stored cells of one row, or of all; `letters` narrows them to a column."""
    start, end = (row.start, row.end) if row else (0, len(sheet.rows))
    return map(_cell, _cell_pattern(sheet.prefix, letters).finditer(sheet.rows, start, end))


def cells_with(sheet: Worksheet, text: bytes) -> Iterator[Cell]:
    """The stored cells in which the bytes occur."""
    pattern, opening = _cell_pattern(sheet.prefix, "[A-Za-z]+"), f'<{sheet.prefix}c r="'.encode()
    for occurrence in re.finditer(re.escape(text), sheet.rows):
        start = sheet.rows.rfind(opening, 0, occurrence.start())
        match = pattern.match(sheet.rows, start) if start >= 0 else None
        if match is not None and match.end() >= occurrence.end():
            yield _cell(match)


@lru_cache(maxsize=64)
def _cell_pattern(prefix: str, letters: str) -> re.Pattern[bytes]:
    cell = f'<{prefix}c r="({letters})([0-9]+)"([^>]*?)(?:/>|>(.*?)</{prefix}c>)'
    return re.compile(cell.encode(), re.DOTALL)


def _cell(m: re.Match[bytes]) -> Cell:
    return Cell(int(m[2]), column_number(m[1].decode()), m[3], m[4] or b"", m.start(), m.end())


def cell_text(cell: Cell, strings: Sequence[str]) -> str:
    """What a cell says as text; strings are the shared ones, or none if they are of no interest."""
    text = html.unescape(_TAGS.sub("", cell.content.decode()))
    if b't="s"' in cell.attributes:
        text = text.strip()
        text = strings[int(text)] if _INDEX.fullmatch(text) and int(text) < len(strings) else ""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


def put_cells(sheet: Worksheet, column: int, content: Mapping[int, bytes]) -> list[int]:
    """Put a stored cell into each given row; the column has none there. Returns the rows that were made."""
    pieces: list[bytes] = []
    waiting = sorted(content)
    done, made = 0, []
    for row in list_rows(sheet):
        while waiting and waiting[0] < row.number:
            pieces += [sheet.rows[done : row.start], _new_row(sheet, waiting[0], content[waiting[0]])]
            done = row.start
            made.append(waiting.pop(0))
        if waiting and waiting[0] == row.number:
            pieces += [sheet.rows[done : row.start], _with_cell(sheet, row, column, content[waiting.pop(0)])]
            done = row.end
    pieces.append(sheet.rows[done:])
    pieces += [_new_row(sheet, number, content[number]) for number in waiting]
    sheet.rows = b"".join(pieces)
    return made + waiting


def _new_row(sheet: Worksheet, number: int, cell: bytes) -> bytes:
    return b'<%brow r="%d">%b</%brow>' % (sheet.prefix.encode(), number, cell, sheet.prefix.encode())


def _with_cell(sheet: Worksheet, row: Row, column: int, cell: bytes) -> bytes:
    data = sheet.rows[row.start : row.end]
    closing = f"</{sheet.prefix}row>".encode()
    at = data.rfind(closing)
    if at < 0:
        opened = data[: data.index(b">") + 1]
        return opened.removesuffix(b"/>") + b">" + cell + closing + data[len(opened) :]
    if last_cell(sheet, row) > column:
        at = next(c.start - row.start for c in cells(sheet, row) if c.column > column)
    return data[:at] + cell + data[at:]


def drop_cells(sheet: Worksheet, column: int, from_row: int, made: Iterable[int]) -> None:
    """Take out a column's stored cells from a row downward, and rows that were made for them."""
    gone = [c for c in cells(sheet, letters=letters(column)) if c.row >= from_row]
    pieces, done = [], 0
    for cell in gone:
        pieces.append(sheet.rows[done : cell.start])
        done = cell.end
    sheet.rows = b"".join((*pieces, sheet.rows[done:]))
    for number in made:
        sheet.rows = sheet.rows.replace(_new_row(sheet, number, b""), b"")


def merged_areas(sheet: Worksheet) -> list[Area]:
    """The merged rectangles of the sheet."""
    merges = sheet.find("mergeCells")
    found = [] if merges is None else [area_of(str(merge.get("ref", ""))) for merge in merges]
    return [area for area in found if area is not None]


# ── What rows look like ──────────────────────────────────────────────────────────────


def raise_rows(sheet: Worksheet, wanted: Mapping[int, float]) -> dict[str, list[int]]:
    """Make rows of a smaller height as tall as wanted, in points; a row of fixed height stays.

    Also a row that states no height: Excel would let it grow by itself, LibreOffice does not.
    Returns the rows by `before>after`, before being "" where none was stated.
    """
    raised: dict[str, list[int]] = {}
    usual = usual_height(sheet)

    def taller(number: int, tag: bytes) -> bytes:
        stated = _HEIGHT.search(tag)
        if _FIXED_HEIGHT.search(tag) or (float(stated[1]) if stated else usual) >= wanted[number]:
            return tag
        after = f"{wanted[number]:g}"
        raised.setdefault(f"{stated[1].decode() if stated else ''}>{after}", []).append(number)
        if stated:
            return _HEIGHT.sub(f' ht="{after}"'.encode(), tag)
        address_end = tag.index(b'"', tag.index(b'"') + 1) + 1
        return tag[:address_end] + f' ht="{after}"'.encode() + tag[address_end:]

    _change_rows(sheet, wanted.keys(), taller)
    return raised


def lower_rows(sheet: Worksheet, raised: Mapping[str, Iterable[int]]) -> None:
    """Undo `raise_rows` where the height is still the one that it gave."""
    heights = {row: change.split(">") for change, rows in raised.items() for row in rows}

    def lower(number: int, tag: bytes) -> bytes:
        before, after = heights[number]
        return tag.replace(f' ht="{after}"'.encode(), f' ht="{before}"'.encode() if before else b"")

    _change_rows(sheet, heights.keys(), lower)


def hide_rows(sheet: Worksheet, area: Area, shown: Container[int]) -> tuple[int, list[int]]:
    """Hide the area's rows but its first and those `shown`: (how many, those that were hidden before)."""
    before: list[int] = []
    count = 0

    def hide(number: int, tag: bytes) -> bytes:
        nonlocal count
        if _HIDDEN.search(tag):
            before.append(number)
            return tag
        if number in shown:
            return tag
        count += 1
        at = _HIDDEN_STATED.sub(b"", tag)
        end = -2 if at.endswith(b"/>") else -1
        return at[:end] + b' hidden="1"' + at[end:]

    _change_rows(sheet, range(area.top + 1, area.bottom + 1), hide)
    return count, before


def show_rows(sheet: Worksheet, area: Area, still_hidden: Container[int]) -> None:
    """Show the hidden rows of the area but its first and those `still_hidden`."""
    _change_rows(
        sheet,
        range(area.top + 1, area.bottom + 1),
        lambda number, tag: tag if number in still_hidden else _HIDDEN.sub(b"", tag),
    )


def _change_rows(sheet: Worksheet, numbers: Container[int], change: Callable[[int, bytes], bytes]) -> None:
    """Rewrite the opening tags of stored rows."""
    pattern = f'<{sheet.prefix}row r="([0-9]+)"[^>]*>'.encode()
    sheet.rows = re.sub(
        pattern,
        lambda m: change(number, m[0]) if (number := int(m[1])) in numbers else m[0],
        sheet.rows,
    )
