"""From cells to the resource table: sheets are found by their headers, not by name or place.

Pure: a `Book` in, a `Submission` or one finding out. Rows that hold no resource are told here,
what else the sheets have wrong in `flaws` and `links`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import islice

from msgspec.structs import replace

from pipeline import ownmarks
from pipeline.fields import (
    BY_NAME,
    FIELDS,
    NAMES,
    PLATFORM_HEADERS,
    REQUIRED,
    RESOURCE_SHEET,
    UNIT_LABELS,
)
from pipeline.grid import always_filled, column_of
from pipeline.model import Book, Finding, Kind, Labelled, Layout, Place, Sheet, Submission, letters
from pipeline.read import flaws
from pipeline.read.header import HEADER_WITHIN, Header, find_header, name_of
from pipeline.read.links import links_elsewhere
from pipeline.read.remembered import of_sheet

SURELY_A_RESOURCE = 7
FILLED_DOWN = frozenset({"资源ID", "资源类型"})
"""Fields that fillers pull down to rows which they never use."""
FEW = 3
"""Cells that a line of signatures or a total fills at most, and never all of them."""
ENOUGH_EXPLAINED = 3
ENOUGH_LABELS = 3
"""Of 单位信息, or headers of 平台资质, for a sheet to be that."""

_NOT_A_RESOURCE = re.compile(
    r"^[（(]?(?:填写说明|单位[（(]?盖?章|单位负责人|填报单位|报送单位|经办人|校对|承诺|合计|总计|小计|共计|填表人|填报人|制表人|审核人|负责人|联系人|单位盖章|盖章|签字|签章|备注|说明|注[:：]|"
    r"填表日期|填报日期|填表说明|日期[:：]|以下空白|以上)"
)
_SAMPLE = re.compile(r"^[（(【\[]?(?:填写)?(?:示例|样例|例如|例)\s*[0-9]*\s*(?:[:：）)】\]]|$)")
_CODE = re.compile(r"A[0-9]{2}")

_is_ours = of_sheet(ownmarks.is_list_sheet)


def understand(
    book: Book, unit: str, workbook: str, header_of: Callable[[Sheet], Header | None] = find_header
) -> Submission | Finding:
    """The submission in a workbook; a finding F01b if no sheet has the header."""
    sheets: list[Sheet] = []
    ours: list[Sheet] = []
    for sheet in book.sheets:
        (ours if _is_ours(sheet) else sheets).append(sheet)
    headers = [header for sheet in sheets if (header := header_of(sheet))]
    if not headers:
        return Finding("F01b", Place(unit, workbook), _file_name(workbook))
    header = _the_one(headers)
    others = [sheet for sheet in sheets if sheet is not header.sheet]
    lists = [each for each in headers if each is header or _has_data(each)]
    place = Place(unit, workbook, header.sheet.name)
    rows, skipped = _data_rows(header, place)
    layout = Layout(header.sheet.name, header.row, rows[-1] if rows else header.row, header.columns)
    cells = _columns(header, rows)
    marked = replace(book, sheets=tuple(ours))
    identity = ownmarks.identity_of(marked) or {}
    useless = _first_of_each_cell(
        [
            *flaws.merged_cells(header, layout, rows, place),
            *flaws.cells_without_a_value(header, layout, rows, place, book.pictures),
            *flaws.cut_texts(cells, layout, rows, place),
        ]
    )
    missing = {(row, name) for name in REQUIRED if name not in header.columns for row in rows}
    findings = [
        *flaws.of_file(book, place),
        *flaws.old_template(others, header, place),
        *flaws.other_lists(header, lists, others, place),
        *([] if rows else [Finding("F08", place, _file_name(workbook), {"sheet": place.sheet})]),
        *flaws.of_header(header, place),
        *flaws.unseen(header, rows, place, marked=bool(identity)),
        *flaws.blank_rows(header, rows, place),
        *flaws.lost_checks(others, header, rows, place),
        *flaws.other_calendar(book, header, rows, place),
        *links_elsewhere(header, layout, rows, place),
        *skipped,
        *useless,
    ]
    return Submission(
        unit=unit,
        workbook=workbook,
        kind=book.kind,
        layout=layout,
        rows=tuple(rows),
        cells=cells,
        kinds=_kinds(header, rows),
        held=frozenset(missing | {(found.place.row, found.place.field) for found in useless}),
        unit_info=_unit_info(others),
        platforms=_platforms(others),
        findings=tuple(findings),
        identity=identity,
        modified=book.modified,
        answers=ownmarks.answers_of(marked),
    )


def _file_name(workbook: str) -> str:
    return workbook.rpartition("/")[2]


def _first_of_each_cell(findings: list[Finding]) -> list[Finding]:
    """A merged cell is told of as that alone."""
    return list({found.place: found for found in reversed(findings)}.values())[::-1]


# --- the resource table and its rows -----------------------------------------------------------


def _the_one(headers: list[Header]) -> Header:
    """Visible before hidden, with data before without, 资源清单 before other names, first before later."""
    return max(
        headers,
        key=lambda header: (
            not header.sheet.hidden,
            _has_data(header),
            header.sheet.name.strip() == RESOURCE_SHEET,
            -headers.index(header),
        ),
    )


def _has_data(header: Header) -> bool:
    return bool(_filled_rows(header))


def _filled_rows(header: Header) -> list[int]:
    """Rows below the header with something in a field that is not filled down in advance."""
    columns = {column for name, column in header.columns.items() if name not in FILLED_DOWN}
    rows = header.sheet.rows
    numbers = list(rows)
    below = numbers[bisect_right(numbers, header.row) :]
    titles = column_of(rows, header.columns.get("资源名称", 0), below)
    if all(map(str.strip, titles)):
        return below

    def holds_something(row: int) -> bool:
        cells = rows[row]
        return any(cells[column].strip() for column in columns & cells.keys())

    return [row for row, title in zip(below, titles, strict=True) if title.strip() or holds_something(row)]


def _data_rows(header: Header, place: Place) -> tuple[list[int], list[Finding]]:
    """The rows that hold resources, and a finding for each that holds something else."""
    rows: list[int] = []
    by_column = {column: name for name, column in header.columns.items()}
    examples = {field.name: field.example for field in FIELDS if field.example}
    filled = _filled_rows(header)
    skipped = [_no_resource(place, row, first) for row, first in _remarks(header, filled)]
    title, code = (
        column_of(header.sheet.rows, header.columns.get(name, 0), filled) for name in ("资源名称", "资源类型")
    )
    codes = set(filter(_CODE.fullmatch, set(code)))
    unlikely = {text for text in title if "例" in text and _SAMPLE.match(text)} | {examples["资源名称"]}
    enough = always_filled(header.sheet.rows) >= SURELY_A_RESOURCE
    few = min(FEW, len(header.columns) - 1)
    if enough and codes.issuperset(code) and unlikely.isdisjoint(title):
        return filled, skipped
    for row, its_title, its_code in zip(filled, title, code, strict=True):
        likely = its_code in codes and its_title not in unlikely
        if likely and (enough or len(header.sheet.rows[row]) >= SURELY_A_RESOURCE):
            rows.append(row)
            continue
        cells = header.sheet.rows[row]
        values = {by_column[column]: text.strip() for column, text in cells.items() if column in by_column}
        values = {name: text for name, text in values.items() if text}
        first = next(text for text in cells.values() if text.strip())
        if _is_sample(values, first):
            where = Place(place.unit, place.workbook, place.sheet, row)
            same = all(examples.get(name) == text for name, text in values.items())
            skipped.append(Finding("S08", where, first, safe=same or _explains_fields(values)))
        elif len(values) <= few and _NOT_A_RESOURCE.match(first.strip()):
            skipped.append(_no_resource(place, row, first))
        else:
            rows.append(row)
    return rows, skipped


def _remarks(header: Header, filled: list[int]) -> Iterator[tuple[int, str]]:
    """Rows with a total, signature or remark and no field of a resource, and what they say."""
    known = set(filled)
    for row in header.sheet.rows:
        if row > header.row and row not in known:
            first = next((text.strip() for text in header.sheet.rows[row].values() if text.strip()), "")
            if _NOT_A_RESOURCE.match(first):
                yield row, first


def _no_resource(place: Place, row: int, first: str) -> Finding:
    return Finding("S09", Place(place.unit, place.workbook, place.sheet, row), first)


def _is_sample(values: dict[str, str], first: str) -> bool:
    """A row that says it is an example, explains the fields, or repeats the notice's examples."""
    if _SAMPLE.match(first) or _SAMPLE.match(values.get("资源名称", "")) or _explains_fields(values):
        return True
    return len(values) >= 5 and all(BY_NAME[name].example == text for name, text in values.items())


def _explains_fields(values: dict[str, str]) -> bool:
    if _CODE.fullmatch(values.get("资源类型", "")):
        return False
    return sum(_explains(name, text) for name, text in values.items()) >= ENOUGH_EXPLAINED


def _explains(name: str, text: str) -> bool:
    """Whether a cell says how to fill its field instead of filling it."""
    field = BY_NAME[name]
    return text.startswith(("必填", "选填")) or text in (field.entry, field.says)


def _columns(header: Header, rows: list[int]) -> dict[str, list[str]]:
    """The texts of every field, row by row; a column that is missing is blank."""
    return {name: column_of(header.sheet.rows, header.columns.get(name, 0), rows) for name in NAMES}


def _kinds(header: Header, rows: list[int]) -> dict[str, dict[int, Kind]]:
    found = {}
    for name, column in header.columns.items():
        kinds = header.sheet.kinds.get(column, {})
        if here := {row: kinds[row] for row in rows if row in kinds} if kinds else {}:
            found[name] = here
    return found


# --- the other sheets -----------------------------------------------------------------------


def _unit_info(sheets: list[Sheet]) -> dict[str, Labelled]:
    """What the sheet with the most labels of 单位信息 says, if it has enough of them to be no accident."""
    most = max(map(_labelled, sheets), key=len, default={})
    return most if len(most) >= ENOUGH_LABELS else {}


@of_sheet
def _labelled(sheet: Sheet) -> dict[str, Labelled]:
    """Labels anywhere in the first rows, each with the next filled cell to its right."""
    found: dict[str, Labelled] = {}
    for row, cells in islice(sheet.rows.items(), HEADER_WITHIN):
        for column, text in cells.items():
            label = name_of(text)
            if label in UNIT_LABELS and label not in found:
                beside = next((c for c in cells if c > column and cells[c].strip()), 0)
                is_label = beside and name_of(cells[beside]) in UNIT_LABELS
                value = cells[beside].strip() if beside and not is_label else ""
                found[label] = Labelled(value, sheet.name, row, f"{letters(beside or column + 1)}{row}")
    return found


def _platforms(sheets: list[Sheet]) -> tuple[dict[str, Labelled], ...]:
    """The rows under the first header of 平台资质."""
    tables = (table for table in map(_platform_table, sheets) if table is not None)
    return next(tables, ())


@of_sheet
def _platform_table(sheet: Sheet) -> tuple[dict[str, Labelled], ...] | None:
    """The rows under a header of 平台资质, None if the sheet has none."""
    for row, cells in islice(sheet.rows.items(), HEADER_WITHIN):
        columns = {name_of(text): column for column, text in cells.items()}
        known = {name: columns[name] for name in PLATFORM_HEADERS if name in columns}
        if len(known) >= ENOUGH_LABELS:
            return tuple(_platform_rows(sheet, row, known))
    return None


def _platform_rows(sheet: Sheet, header_row: int, columns: dict[str, int]) -> Iterator[dict[str, Labelled]]:
    for row, cells in sheet.rows.items():
        if row > header_row and any(cells.get(column, "").strip() for column in columns.values()):
            yield {
                name: Labelled(cells.get(column, "").strip(), sheet.name, row, f"{letters(column)}{row}")
                for name, column in columns.items()
            }
