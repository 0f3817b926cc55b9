"""From cells to the resource table: sheets are found by their headers, not by name or place.

Pure: a `Book` in, a `Submission` or one finding out. What the sheets themselves have wrong
(headers, merged cells, formula errors, sample rows) is told here, where it is seen.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pipeline import ownmarks
from pipeline.fields import (
    BY_NAME,
    ERROR_COLUMN,
    FIELDS,
    NAMES,
    PLATFORM_HEADERS,
    REQUIRED,
    RESOURCE_SHEET,
    TEMPLATE_VERSION,
    UNIT_LABELS,
    VERSION_LABEL,
    bare_name,
)
from pipeline.model import Area, Book, Finding, Kind, Labelled, Layout, Place, Sheet, Submission, letters

HEADER_WITHIN = 60
"""The header is looked for in this many rows that hold something."""
LONGEST_NAME = 60
ENOUGH_NAMES = 3
SURELY_THE_HEADER = 10
SURELY_A_RESOURCE = 7
FILLED_DOWN = frozenset({"资源ID", "资源类型"})
"""Fields that fillers pull down to rows which they never use."""
ENOUGH_WITH_ALIASES = 5

_ALIASES = {alias: field.name for field in FIELDS for alias in field.aliases}
_STANDARD = {unicodedata.normalize("NFKC", name).casefold(): name for name in NAMES}
_NOT_A_RESOURCE = re.compile(
    r"^[（(]?(?:填写说明|单位[（(]?盖?章|单位负责人|填报单位|报送单位|经办人|校对|承诺|合计|总计|小计|共计|填表人|填报人|制表人|审核人|负责人|联系人|单位盖章|盖章|签字|签章|备注|说明|注[:：]|"
    r"填表日期|填报日期|填表说明|日期[:：]|以下空白|以上)"
)
_SAMPLE = re.compile(r"^[（(【\[]?(?:填写)?(?:示例|样例|例如|例)\s*[0-9]*\s*(?:[:：）)】\]]|$)")
_CODE = re.compile(r"A[0-9]{2}")
_BRACKETED = re.compile(r"[（(【\[].*?[）)】\]]")
_EXTENSIONS = {
    "xlsx": (".xlsx",),
    "xlsm": (".xlsm",),
    "xls": (".xls", ".et"),
    "ods": (".ods",),
    "csv": (".csv", ".tsv", ".txt"),
}


@dataclass(frozen=True, slots=True)
class _Header:
    """A row of headers: standard fields, other names read as fields, repeats and extra columns."""

    sheet: Sheet
    row: int
    columns: dict[str, int]
    renamed: dict[str, str]
    repeated: tuple[tuple[str, int], ...]
    extra: tuple[tuple[str, int], ...]


def understand(book: Book, unit: str, workbook: str) -> Submission | Finding:
    """The submission in a workbook; a finding F01b if no sheet has the header."""
    sheets = [sheet for sheet in book.sheets if not ownmarks.is_list_sheet(sheet)]
    headers = [header for sheet in sheets if (header := _header(sheet))]
    if not headers:
        return Finding("F01b", Place(unit, workbook), _file_name(workbook))
    header = _the_one(headers)
    others = [sheet for sheet in sheets if sheet is not header.sheet]
    place = Place(unit, workbook, header.sheet.name)
    rows, skipped = _data_rows(header, place)
    layout = Layout(header.sheet.name, header.row, rows[-1] if rows else header.row, header.columns)
    wrong_cells = list(_cell_findings(header, layout, rows, place))
    findings = [
        *_file_findings(book, place),
        *_old_template(others, header, place),
        *_sheet_findings(headers, header, rows, place),
        *_header_findings(header, place),
        *skipped,
        *wrong_cells,
    ]
    missing = {(row, name) for name in REQUIRED if name not in header.columns for row in rows}
    return Submission(
        unit=unit,
        workbook=workbook,
        kind=book.kind,
        layout=layout,
        rows=tuple(rows),
        cells={name: _column(header, rows, name) for name in NAMES},
        kinds=_kinds(header, rows),
        held=frozenset(missing | {(found.place.row, found.place.field) for found in wrong_cells}),
        unit_info=_unit_info(others),
        platforms=_platforms(others),
        findings=tuple(findings),
        identity=ownmarks.identity_of(book) or {},
        modified=book.modified,
        answers=ownmarks.answers_of(book),
    )


def _file_name(workbook: str) -> str:
    return workbook.rpartition("/")[2]


# --- finding the header ---------------------------------------------------------------------


def _header(sheet: Sheet) -> _Header | None:
    """The row with the most standard names, if it has enough to be no accident."""
    best: tuple[int, int, int] | None = None
    for row, cells in islice(sheet.rows.items(), HEADER_WITHIN):
        texts = [text for text in cells.values() if len(text) <= LONGEST_NAME]
        names = {_standard_name(text) for text in texts}
        aliases = {_ALIASES.get(bare_name(text), "") for text in texts} - names - {""}
        exact = len(names - {""})
        score = (exact * 2 + len(aliases), -row, exact)
        if (exact >= ENOUGH_NAMES or exact + len(aliases) >= ENOUGH_WITH_ALIASES) and (
            best is None or score > best
        ):
            best = score
        if exact >= SURELY_THE_HEADER:
            break
    return _read_header(sheet, -best[1]) if best else None


def _standard_name(text: str) -> str:
    return _STANDARD.get(unicodedata.normalize("NFKC", bare_name(text)).casefold(), "")


def _read_header(sheet: Sheet, row: int) -> _Header:
    columns: dict[str, int] = {}
    repeated, others = [], []
    for column, text in sheet.rows[row].items():
        name = _standard_name(text)
        if not name:
            others.append((text.strip(), column))
        elif name in columns:
            repeated.append((name, column))
        else:
            columns[name] = column
    renamed, extra = {}, []
    for text, column in others:
        name = _likely_name(text, columns)
        if name:
            columns[name] = column
            renamed[name] = text
        elif text and text != ERROR_COLUMN:
            extra.append((text, column))
    return _Header(sheet, row, columns, renamed, tuple(repeated), tuple(extra))


def _likely_name(text: str, taken: dict[str, int]) -> str:
    """The field that another header name stands for, "" if none or already there."""
    bare = bare_name(text)
    plain = _BRACKETED.sub("", bare)
    name = _ALIASES.get(bare) or _ALIASES.get(plain) or _standard_name(plain)
    if not name:
        name = next(iter(difflib.get_close_matches(bare, NAMES, 1, 0.8)), "")
    return "" if name in taken else name


def _the_one(headers: list[_Header]) -> _Header:
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


def _has_data(header: _Header) -> bool:
    return any(True for _ in _filled_rows(header))


# --- rows -----------------------------------------------------------------------------------


def _filled_rows(header: _Header) -> Iterator[int]:
    """Rows below the header with something in a field that is not filled down in advance."""
    columns = {column for name, column in header.columns.items() if name not in FILLED_DOWN}
    title = header.columns.get("资源名称", 0)
    for row, cells in header.sheet.rows.items():
        if row > header.row and (
            cells.get(title, "").strip() or any(cells[column].strip() for column in columns & cells.keys())
        ):
            yield row


def _data_rows(header: _Header, place: Place) -> tuple[list[int], list[Finding]]:
    """The rows that hold resources, and a finding for each that holds something else."""
    rows, skipped = [], []
    by_column = {column: name for name, column in header.columns.items()}
    examples = {field.name: field.example for field in FIELDS if field.example}
    title, code = header.columns.get("资源名称", 0), header.columns.get("资源类型", 0)
    for row in _filled_rows(header):
        cells = header.sheet.rows[row]
        if (
            len(cells) >= SURELY_A_RESOURCE
            and _CODE.fullmatch(cells.get(code, ""))
            and not (_SAMPLE.match(cells.get(title, "")) or cells.get(title) == examples["资源名称"])
        ):
            rows.append(row)
            continue
        values = {by_column[column]: text.strip() for column, text in cells.items() if column in by_column}
        values = {name: text for name, text in values.items() if text}
        first = next(text for text in cells.values() if text.strip())
        where = Place(place.unit, place.workbook, place.sheet, row)
        if _is_sample(values, first):
            same = all(examples.get(name) == text for name, text in values.items())
            skipped.append(Finding("S08", where, first, safe=same or _explains_fields(values)))
        elif len(values) <= 3 and _NOT_A_RESOURCE.match(first.strip()):
            skipped.append(Finding("S09", where, first))
        else:
            rows.append(row)
    return rows, skipped


def _is_sample(values: dict[str, str], first: str) -> bool:
    """A row that says it is an example, explains the fields, or repeats the notice's examples."""
    if _SAMPLE.match(first) or _SAMPLE.match(values.get("资源名称", "")) or _explains_fields(values):
        return True
    return len(values) >= 5 and all(BY_NAME[name].example == text for name, text in values.items())


def _explains_fields(values: dict[str, str]) -> bool:
    if _CODE.fullmatch(values.get("资源类型", "")):
        return False
    return sum(_explains(name, text) for name, text in values.items()) >= ENOUGH_NAMES


def _explains(name: str, text: str) -> bool:
    """Whether a cell says how to fill its field instead of filling it."""
    field = BY_NAME[name]
    return text.startswith(("必填", "选填")) or text in (field.entry, field.says)


def _column(header: _Header, rows: list[int], name: str) -> list[str]:
    column = header.columns.get(name)
    if column is None:
        return [""] * len(rows)
    cells = header.sheet.rows
    return [cells[row].get(column, "") for row in rows]


def _kinds(header: _Header, rows: list[int]) -> dict[tuple[int, str], Kind]:
    by_column, wanted = {column: name for name, column in header.columns.items()}, set(rows)
    return {
        (row, by_column[column]): kind
        for (row, column), kind in header.sheet.kinds.items()
        if row in wanted and column in by_column
    }


# --- what is wrong with the file, the sheet, the header, single cells ---------------------------


def _file_findings(book: Book, place: Place) -> Iterator[Finding]:
    where = Place(place.unit, place.workbook)
    name = _file_name(place.workbook)
    extension = name[name.rfind(".") :].lower() if "." in name else ""
    if extension not in _EXTENSIONS[book.kind]:
        yield Finding("F02", where, name, {"real": book.kind})
    elif book.kind != "xlsx":
        yield Finding("F02b", where, name, {"real": book.kind})
    if book.active:
        yield Finding("F07", where, name, {"what": "、".join(book.active)})


def _old_template(sheets: list[Sheet], header: _Header, place: Place) -> Iterator[Finding]:
    """F03, if the workbook says which template it was made from and it is not this one."""
    version = _beside(sheets, VERSION_LABEL)
    if version and version != TEMPLATE_VERSION:
        missing = [name for name in NAMES if name not in header.columns]
        facts = {"current": TEMPLATE_VERSION, "missing": "”“".join(missing)}
        yield Finding("F03b" if missing else "F03", Place(place.unit, place.workbook), version, facts)


def _beside(sheets: list[Sheet], label: str) -> str:
    """The text to the right of a label in the first two columns of any sheet, "" if there is none."""
    for sheet in sheets:
        for cells in islice(sheet.rows.values(), HEADER_WITHIN):
            if cells.get(1, "").strip() == label:
                return cells.get(2, "").strip()
    return ""


def _sheet_findings(
    headers: list[_Header], chosen: _Header, rows: list[int], place: Place
) -> Iterator[Finding]:
    rivals = [
        header for header in headers if header is chosen or (_has_data(header) and not header.sheet.hidden)
    ]
    if len(rivals) > 1:
        names = "、".join(header.sheet.name for header in rivals)
        yield Finding("S01", place, names, {"count": len(rivals), "names": names, "sheet": chosen.sheet.name})
    if not rows:
        yield Finding("F08", place, _file_name(place.workbook), {"sheet": chosen.sheet.name})


def _header_findings(header: _Header, place: Place) -> Iterator[Finding]:
    def at(column: int, name: str) -> Place:
        cell = f"{letters(column)}{header.row}"
        return Place(place.unit, place.workbook, place.sheet, header.row, name, cell)

    for name in REQUIRED:
        if name not in header.columns:
            yield Finding("S03", Place(place.unit, place.workbook, place.sheet, 0, name))
    for name, text in header.renamed.items():
        sure = _standard_name(_BRACKETED.sub("", text)) == name
        yield Finding("S04", at(header.columns[name], name), text, suggestion=name, safe=sure)
    for name, column in header.repeated:
        yield Finding("S05", at(column, name), name, {"first": letters(header.columns[name])})
    for text, column in header.extra:
        yield Finding("S06", at(column, text), text)


def _cell_findings(header: _Header, layout: Layout, rows: list[int], place: Place) -> Iterator[Finding]:
    """Cells that hold no value that could be judged: merged away, formula errors, pictures."""
    wanted = set(rows)
    by_column = {column: name for name, column in header.columns.items()}

    def at(row: int, name: str) -> Place:
        return Place(place.unit, place.workbook, place.sheet, row, name, layout.address(row, name))

    merged: set[tuple[int, int]] = set()
    for area in header.sheet.merged:
        for row, column in _merged_fields(area, wanted, by_column):
            merged.add((row, column))
            anchor = header.sheet.rows.get(area.top, {}).get(area.left, "")
            down = anchor if column == area.left and row != area.top else ""
            facts = {"area": f"{letters(area.left)}{area.top}:{letters(area.right)}{area.bottom}"}
            yield Finding(
                "S07", at(row, by_column[column]), "" if down else anchor, facts, suggestion=down.strip()
            )
    for (row, column), kind in header.sheet.kinds.items():
        if row not in wanted or column not in by_column or (row, column) in merged:
            continue
        text = header.sheet.rows[row][column]
        if kind is Kind.ERROR:
            yield Finding("S10", at(row, by_column[column]), text, {"what": f"是公式错误 {text}"})
        elif kind is Kind.UNCALCULATED:
            yield Finding("S10", at(row, by_column[column]), text, {"what": "是没有计算结果的公式"})
        elif kind is Kind.PICTURE:
            yield Finding("S12", at(row, by_column[column]), text)


def _merged_fields(area: Area, rows: set[int], by_column: dict[int, str]) -> Iterator[tuple[int, int]]:
    """The cells of a merged area that lie in data rows under a field, however large the area."""
    if area.top == area.bottom and area.left == area.right:
        return
    inside = [column for column in sorted(by_column) if area.left <= column <= area.right]
    if inside:
        for row in sorted(rows):
            if area.top <= row <= area.bottom:
                yield from ((row, column) for column in inside)


# --- the other sheets -----------------------------------------------------------------------


def _unit_info(sheets: list[Sheet]) -> dict[str, Labelled]:
    """Labels anywhere in the first rows of a sheet, each with the next filled cell to its right."""
    best: dict[str, Labelled] = {}
    for sheet in sheets:
        found: dict[str, Labelled] = {}
        for row, cells in islice(sheet.rows.items(), HEADER_WITHIN):
            for column, text in cells.items():
                label = bare_name(text)
                if label in UNIT_LABELS and label not in found:
                    beside = next((c for c in cells if c > column and cells[c].strip()), 0)
                    is_label = beside and bare_name(cells[beside]) in UNIT_LABELS
                    value = cells[beside].strip() if beside and not is_label else ""
                    found[label] = Labelled(value, sheet.name, row, f"{letters(beside or column + 1)}{row}")
        if len(found) > len(best) and len(found) >= 3:
            best = found
    return best


def _platforms(sheets: list[Sheet]) -> tuple[dict[str, Labelled], ...]:
    """The rows under a header of 平台资质."""
    for sheet in sheets:
        for row, cells in islice(sheet.rows.items(), HEADER_WITHIN):
            columns = {bare_name(text): column for column, text in cells.items()}
            known = {name: columns[name] for name in PLATFORM_HEADERS if name in columns}
            if len(known) >= 3:
                return tuple(_platform_rows(sheet, row, known))
    return ()


def _platform_rows(sheet: Sheet, header_row: int, columns: dict[str, int]) -> Iterator[dict[str, Labelled]]:
    for row, cells in sheet.rows.items():
        if row > header_row and any(cells.get(column, "").strip() for column in columns.values()):
            yield {
                name: Labelled(cells.get(column, "").strip(), sheet.name, row, f"{letters(column)}{row}")
                for name, column in columns.items()
            }
