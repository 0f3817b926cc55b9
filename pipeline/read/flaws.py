"""What a workbook has wrong apart from its values: file, sheets, headers, cells that hold none (规则 F, S).

Each function looks at one thing and yields findings; `tables.understand` asks them all.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise, product

from pipeline.fields import BY_NAME, NAMES, REQUIRED, TEMPLATE_VERSION, VERSION_LABEL
from pipeline.grid import column_of
from pipeline.model import Area, Book, Finding, Kind, Layout, Place, Sheet, letters
from pipeline.read.header import HEADER_WITHIN, Header, surely_means
from pipeline.read.pictures import name_in
from pipeline.read.remembered import of_sheet

CELL_LIMIT = 32_767
"""Characters of a cell in Excel and WPS, counted in UTF-16."""
CHECKED_ROWS = 5_000
"""Last row in which the blank template has drop-downs and live checks."""
ENOUGH_FIELDS = 5
"""A row without a header above it is taken for a resource from this many filled fields."""
SHOWN_RUNS = 8

_EXTENSIONS = {
    "xlsx": (".xlsx",),
    "xlsm": (".xlsm",),
    "xls": (".xls", ".et"),
    "ods": (".ods",),
    "csv": (".csv", ".tsv", ".txt"),
}
_CODE = re.compile(r"A[0-9]{2}")
_NAMED_BY_A_PROGRAM = re.compile(
    r"(?:新建\s*)?(?:Microsoft\s*)?(?:Office\s*)?(?:Excel|XLSX?|ET|WPS)?\s*(?:97-2003\s*)?(?:工作表|工作簿|表格)\s*[0-9]*"
    r"|(?:Book|Sheet|Workbook|Untitled|未命名|无标题)\s*[0-9]*",
    re.IGNORECASE,
)
_COPY = re.compile(r"(?:\s*(?:[-—]\s*副本|[（(][0-9]{1,3}[）)]))+$")


def of_file(book: Book, place: Place) -> Iterator[Finding]:
    """What name and package of the file tell: F02, F02b, F06, F07, S14."""
    where = Place(place.unit, place.workbook)
    name = place.workbook.rpartition("/")[2]
    stem, dot, extension = name.rpartition(".")
    suffix = f".{extension.lower()}" if dot else ""
    if suffix not in _EXTENSIONS[book.kind]:
        yield Finding("F02", where, name, {"real": book.kind})
    elif book.kind != "xlsx":
        yield Finding("F02b", where, name, {"real": suffix.removeprefix(".")})
    if _NAMED_BY_A_PROGRAM.fullmatch(_COPY.sub("", stem if dot else name).strip()):
        yield Finding("F06", where, name)
    if book.active:
        yield Finding("F07", where, name, {"what": "、".join(book.active)})
    if book.leftovers:
        yield Finding("S14", where, name, {"what": "、".join(book.leftovers)})


def old_template(sheets: list[Sheet], header: Header, place: Place) -> Iterator[Finding]:
    """F03, if the workbook says which template it was made from and it is not this one."""
    version = _version(sheets)
    if version and version != TEMPLATE_VERSION:
        missing = [name for name in NAMES if name not in header.columns]
        facts = {"current": TEMPLATE_VERSION, "missing": "”“".join(missing)}
        yield Finding("F03b" if missing else "F03", Place(place.unit, place.workbook), version, facts)


def _version(sheets: list[Sheet]) -> str:
    """The version of the template that the workbook says it was made from, "" if it says none."""
    stated = (each for each in map(_version_in, sheets) if each is not None)
    return next(stated, "")


@of_sheet
def _version_in(sheet: Sheet) -> str | None:
    """The text to the right of the version's label in the first two columns, None without a label."""
    first = list(islice(sheet.rows, HEADER_WITHIN))
    for row, text in zip(first, column_of(sheet.rows, 1, first), strict=True):
        if VERSION_LABEL in text and text.strip() == VERSION_LABEL:
            return sheet.rows[row].get(2, "").strip()
    return None


def other_lists(chosen: Header, lists: list[Header], others: list[Sheet], place: Place) -> Iterator[Finding]:
    """S01 if several visible sheets are lists, S02b for data on others, where nobody would look for them.

    lists: the chosen header and those with data below them.
    """
    shown = [each.sheet.name for each in lists if each is chosen or not each.sheet.hidden]
    if len(shown) > 1:
        names = "、".join(shown)
        facts = {"count": len(shown), "names": names, "sheet": chosen.sheet.name}
        yield Finding("S01", place, names, facts)
    headed = {each.sheet.name for each in lists}
    for sheet in others:
        if sheet.name not in shown and (sheet.name in headed or _holds_resources(sheet, chosen)):
            facts = {"what": "隐藏的工作表" if sheet.hidden else "工作表", "sheet": chosen.sheet.name}
            yield Finding("S02b", Place(place.unit, place.workbook, sheet.name), sheet.name, facts)


def _holds_resources(sheet: Sheet, chosen: Header) -> bool:
    """Whether some row, read by the list's header, has a name, a code of a type and some fields more."""
    title, code = chosen.columns.get("资源名称", 0), chosen.columns.get("资源类型", 0)
    fields = set(chosen.columns.values())
    coded = zip(sheet.rows, column_of(sheet.rows, code, list(sheet.rows)), strict=True)
    return any(
        bool(cells.get(title, "").strip()) and len(fields & cells.keys()) >= ENOUGH_FIELDS
        for cells in (sheet.rows[row] for row, text in coded if text and _CODE.fullmatch(text.strip()))
    )


def of_header(header: Header, place: Place) -> Iterator[Finding]:
    """S03 to S06: columns that are missing, renamed, repeated, or none of ours."""

    def at(column: int, name: str) -> Place:
        cell = f"{letters(column)}{header.row}"
        return Place(place.unit, place.workbook, place.sheet, header.row, name, cell)

    for name in REQUIRED:
        if name not in header.columns:
            yield Finding("S03", Place(place.unit, place.workbook, place.sheet, 0, name))
    for name, text in header.renamed.items():
        sure = surely_means(text, name)
        yield Finding("S04", at(header.columns[name], name), text, suggestion=name, safe=sure)
    for name, column in header.repeated:
        yield Finding("S05", at(column, name), name, {"first": letters(header.columns[name])})
    for text, column in header.extra:
        yield Finding("S06", at(column, text), text)


def unseen(header: Header, rows: list[int], place: Place, *, marked: bool) -> Iterator[Finding]:
    """S02: what of the list is hidden, in one finding.

    marked: the workbook carries our marks, which invite filtering: rows that a filter hides are
    then no matter.
    """
    sheet = header.sheet
    parts = ["整张工作表"] if sheet.hidden else []
    hidden = [row for row in rows if row in sheet.hidden_rows]
    if hidden and not (marked and sheet.filtered):
        parts.append(f"第 {_spelled(_runs(hidden))} 行")
    names = [name for name in NAMES if _is_hidden(header.columns.get(name, 0), sheet, rows)]
    if names:
        parts.append(f"“{'”“'.join(names)}”列")
    if parts:
        yield Finding("S02", place, "、".join(parts))


def _is_hidden(column: int, sheet: Sheet, rows: list[int]) -> bool:
    """Whether a column is hidden and holds something in a data row."""
    if not any(first <= column <= last for first, last in sheet.hidden_columns):
        return False
    return any(map(str.strip, column_of(sheet.rows, column, rows)))


def blank_rows(header: Header, rows: list[int], place: Place) -> Iterator[Finding]:
    """S09b: rows between the resources without a single text, in one finding."""
    if not rows or rows[-1] - rows[0] + 1 == len(rows):
        return
    filled = [
        row
        for row, cells in header.sheet.rows.items()
        if rows[0] <= row <= rows[-1] and any(map(str.strip, cells.values()))
    ]
    tall = _joined((area.top, area.bottom) for area in header.sheet.merged if area.top != area.bottom)
    gaps = [
        (before + 1, after - 1)
        for before, after in pairwise(filled)
        if after > before + 1 and not _touches(before + 1, after - 1, tall)
    ]
    if gaps:
        count = sum(last - first + 1 for first, last in gaps)
        yield Finding("S09b", place, f"第 {_spelled(gaps)} 行", {"count": count})


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same rows as spans that ascend and do not overlap."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _touches(first: int, last: int, joined: list[tuple[int, int]]) -> bool:
    """Whether one of the joined spans has a row from first to last."""
    before = bisect_right(joined, last, key=lambda span: span[0])
    return bool(before) and joined[before - 1][1] >= first


def _runs(rows: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of each run of ascending rows."""
    spans: list[tuple[int, int]] = []
    for row in rows:
        if spans and row == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], row)
        else:
            spans.append((row, row))
    return spans


def _spelled(spans: list[tuple[int, int]]) -> str:
    """`3、5–8`; after the first few `等`."""
    shown = (str(first) if first == last else f"{first}–{last}" for first, last in spans[:SHOWN_RUNS])
    return "、".join(shown) + (" 等" if len(spans) > SHOWN_RUNS else "")


def lost_checks(sheets: list[Sheet], header: Header, rows: list[int], place: Place) -> Iterator[Finding]:
    """S13: fields whose live check does not reach every row, in a workbook made from this template."""
    checked = header.sheet.checked
    if checked is None or _version(sheets) != TEMPLATE_VERSION:
        return
    within = [row for row in rows if row <= CHECKED_ROWS]
    lost = [
        name
        for name, column in header.columns.items()
        if BY_NAME[name].excel and not _covered(within, [a for a in checked if a.left <= column <= a.right])
    ]
    if lost:
        lost.sort(key=NAMES.index)
        yield Finding("S13", place, "、".join(lost), {"names": "”“".join(lost)})


def _covered(rows: Sequence[int], areas: Iterable[Area]) -> bool:
    """Whether every row lies in one of the areas; rows ascend."""
    at = 0
    for area in sorted(areas, key=lambda area: area.top):
        if at < len(rows) and rows[at] < area.top:
            return False
        at = max(at, bisect_right(rows, area.bottom))
    return at >= len(rows)


def other_calendar(book: Book, header: Header, rows: list[int], place: Place) -> Iterator[Finding]:
    """R10-6, once, if native dates under 创建时间 were counted from 1904."""
    column = header.columns.get("创建时间", 0)
    if book.date1904:
        kinds = header.sheet.kinds.get(column, {})
        dates = [row for row in rows if kinds.get(row) is Kind.DATE]
        if dates:
            first = header.sheet.rows[dates[0]][column]
            yield Finding("R10-6", place, first, {"count": len(dates)}, safe=True)


# --- cells that hold no value that could be judged ------------------------------------------------


def merged_cells(header: Header, layout: Layout, rows: list[int], place: Place) -> Iterator[Finding]:
    """S07 for each cell of a merged area that lies in a data row under a field."""
    by_column = {column: name for name, column in header.columns.items()}
    for area in header.sheet.merged:
        name_of_area = f"{letters(area.left)}{area.top}:{letters(area.right)}{area.bottom}"
        anchor = header.sheet.rows.get(area.top, {}).get(area.left, "")
        for row, column in _merged_fields(area, rows, by_column):
            is_left, is_blank = column == area.left, row != area.top
            where = _at(place, layout, row, by_column[column])
            value = "" if is_left and is_blank and anchor else anchor
            down = anchor.strip() if is_left and area.bottom > area.top else ""
            yield Finding("S07", where, value, {"area": name_of_area}, suggestion=down)


def _merged_fields(area: Area, rows: list[int], by_column: dict[int, str]) -> Iterator[tuple[int, int]]:
    """The cells of a merged area in ascending data rows under a field, however large the area."""
    if area.top == area.bottom and area.left == area.right:
        return
    inside = [column for column in sorted(by_column) if area.left <= column <= area.right]
    if inside:
        for row in rows[bisect_left(rows, area.top) : bisect_right(rows, area.bottom)]:
            yield from ((row, column) for column in inside)


def cells_without_a_value(
    header: Header, layout: Layout, rows: list[int], place: Place, pictures: Mapping[str, str]
) -> Iterator[Finding]:
    """S10 for formula errors, S12 for pictures. pictures: format and pixels by name."""
    kinds = header.sheet.kinds
    useless = [
        (name, at)
        for name, at in header.columns.items()
        if not _USELESS.isdisjoint(kinds.get(at, {}).values())
    ]
    for row, (name, column) in product(rows if useless else (), useless):
        kind = kinds[column].get(row)
        if kind not in _USELESS:
            continue
        text = header.sheet.rows[row][column]
        where = _at(place, layout, row, name)
        if kind is Kind.ERROR:
            yield Finding("S10", where, text, {"what": f"是公式错误 {text}"})
        elif kind is Kind.UNCALCULATED:
            yield Finding("S10", where, text, {"what": "是没有计算结果的公式"})
        else:
            described = pictures.get(name_in(text), "")
            yield Finding("S12", where, text, {"picture": f"（{described}）" if described else ""})


_USELESS = frozenset({Kind.ERROR, Kind.UNCALCULATED, Kind.PICTURE})


def cut_texts(
    cells: Mapping[str, Sequence[str]], layout: Layout, rows: list[int], place: Place
) -> Iterator[Finding]:
    """S11 for texts that fill a cell to its limit: what followed is lost."""
    for name, texts in cells.items():
        if len("".join(texts)) * 2 < CELL_LIMIT or max(map(len, texts)) * 2 < CELL_LIMIT:
            continue
        for row, text in zip(rows, texts, strict=True):
            length = len(text.encode("utf-16-le", "surrogatepass")) // 2
            if length >= CELL_LIMIT:
                yield Finding("S11", _at(place, layout, row, name), text, {"length": length})


def _at(place: Place, layout: Layout, row: int, name: str) -> Place:
    return Place(place.unit, place.workbook, place.sheet, row, name, layout.address(row, name))
