"""The sheet 问题清单: the list of findings that the unit reads, answers and sends back."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from pipeline.ownmarks import IDENTITY, LIST_HEADER, json_text
from pipeline.render.errorcolumn import inline_cell
from pipeline.render.inert import clean, is_active, line_count
from pipeline.render.restore import Restore, restore_text
from pipeline.render.returned import Mark, Returned
from pipeline.render.styles import Looks
from pipeline.render.worksheet import address, column_letters, sheet_reference

MOST_LINKS = 65_000
"""Excel opens no sheet with more than 65,530 links."""

_WIDTHS = (6, 7, 17, 11, 20, 34, 30, 18, 10, 20, 9, 18)
_LINE = 14
_TALLEST = 409
"""Points: Excel's limit for a row."""

_LAST = column_letters(len(LIST_HEADER))
_HIDDEN_FIRST = len(LIST_HEADER) + 2
_HIDDEN_LAST = _HIDDEN_FIRST + 1
_ACCEPT = LIST_HEADER.index("是否采纳") + 1
_EXPLAIN = LIST_HEADER.index("单位说明") + 1
_LINK = LIST_HEADER.index("位置") + 1


def list_sheet(returned: Returned, title: str, restore: Restore, looks: Looks, namespace: str) -> bytes:
    """The worksheet part: title, head, one line per mark in the order given, links, inputs, print set-up.

    restore is what unmarking needs. The texts are inert (see `inert`): none can act, and
    none is read as a number or formula.
    """
    top = header_row(returned)
    last = top + max(len(returned.marks), 1)
    rows = [*_head_rows(returned, title, restore, looks), _header(top, looks)]
    rows += [_line(top + n, n, mark, looks) for n, mark in enumerate(returned.marks, 1)]
    widths = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>' for n, width in enumerate(_WIDTHS, 1)
    )
    merges = "".join(f'<mergeCell ref="A{n}:{_LAST}{n}"/>' for n in range(1, top))
    accept = f"{address(top + 1, _ACCEPT)}:{address(last, _ACCEPT)}"
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<worksheet xmlns="{namespace}">'
        '<sheetPr><tabColor rgb="FFC00000"/><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<dimension ref="A1:{address(last, _HIDDEN_LAST)}"/>'
        '<sheetViews><sheetView showGridLines="0" tabSelected="1" workbookViewId="0">'
        f'<pane ySplit="{top}" topLeftCell="A{top + 1}" activePane="bottomLeft" state="frozen"/>'
        f'<selection pane="bottomLeft" activeCell="A{top + 1}" sqref="A{top + 1}"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}'
        f'<col min="{_HIDDEN_FIRST}" max="{_HIDDEN_LAST}" width="9" hidden="1" customWidth="1"/></cols>'
        f"<sheetData>{''.join(rows)}</sheetData>"
        f'<autoFilter ref="{filter_reference(returned, absolute=False)}"/>'
        f'<mergeCells count="{top - 1}">{merges}</mergeCells>'
        '<dataValidations count="1"><dataValidation type="list" allowBlank="1" showInputMessage="1" '
        'showErrorMessage="1" errorTitle="请选择" error="请填“是”或“否”，也可以留空。" '
        'promptTitle="是否采纳建议值" '
        f'prompt="同意建议值的选“是”，并请同时改好单元格。" sqref="{accept}"><formula1>"是,否"</formula1>'
        f"</dataValidation></dataValidations>{_links(returned.marks, top)}"
        '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/>'
        "<headerFooter><oddFooter>&amp;C第 &amp;P 页，共 &amp;N 页</oddFooter></headerFooter>"
        f'<ignoredErrors><ignoredError sqref="A{top + 1}:{_LAST}{last}" numberStoredAsText="1"/>'
        "</ignoredErrors>"
        "</worksheet>"
    ).encode()


def header_row(returned: Returned) -> int:
    """The row of the list's header: below the title and the head."""
    return len(returned.head) + 2


def filter_reference(returned: Returned, absolute: bool = True) -> str:
    """The list's rectangle with its header: what its filter covers."""
    top = header_row(returned)
    mark = "$" if absolute else ""
    return f"{mark}A{mark}{top}:{mark}{_LAST}{mark}{top + max(len(returned.marks), 1)}"


def place_of(mark: Mark) -> str:
    """Where a mark is, as the unit reads it: `资源清单!J12`, `资源清单 第12行`, `整个文件`."""
    if not mark.sheet:
        return "整个文件"
    if not mark.row:
        return f"“{mark.sheet}”整张表"
    if not mark.column:
        return f"{mark.sheet} 第{mark.row}行"
    return f"{mark.sheet}!{address(mark.row, mark.column)}"


def _head_rows(returned: Returned, title: str, restore: Restore, looks: Looks) -> list[str]:
    """Title and head, one merged line each; behind the title, out of sight, what the program needs."""
    kept = (json_text(IDENTITY, dict(sorted(returned.identity.items()))), restore_text(restore))
    hidden = "".join(
        _text_cell(1, n, looks.cell["hidden"], text) for n, text in enumerate(kept, _HIDDEN_FIRST)
    )
    rows = [_tall_row(1, 28, _text_cell(1, 1, looks.cell["title"], title) + hidden)]
    for number, text in enumerate(returned.head, 2):
        height = 16 * line_count(clean(text), sum(_WIDTHS)) + 2
        rows.append(_tall_row(number, height, _text_cell(number, 1, looks.cell["head"], text)))
    return rows


def _tall_row(number: int, height: int, cells: str) -> str:
    return f'<row r="{number}" ht="{height}" customHeight="1">{cells}</row>'


def _header(top: int, looks: Looks) -> str:
    cells = "".join(_text_cell(top, n, looks.cell["header"], name) for n, name in enumerate(LIST_HEADER, 1))
    return _tall_row(top, 24, cells)


def _line(row: int, number: int, mark: Mark, looks: Looks) -> str:
    texts = (
        mark.severity.value, place_of(mark), mark.field, mark.value, mark.message,
        mark.fix, mark.suggestion, mark.accepted, mark.explained, mark.code, mark.source,
    )  # fmt: skip
    cells = [f'<c r="A{row}" s="{looks.cell["number"]}"><v>{number}</v></c>']
    cells += [_cell(row, n, text, mark, looks) for n, text in enumerate(texts, 2)]
    lines = max(line_count(text, width - 1) for text, width in zip(texts, _WIDTHS[1:], strict=True))
    return f'<row r="{row}" ht="{min(_LINE * lines + 3, _TALLEST)}">{"".join(cells)}</row>'


def _cell(row: int, column: int, text: str, mark: Mark, looks: Looks) -> str:
    if column == 2:
        look = looks.cell[mark.severity]
    elif column == _LINK and mark.row:
        look = looks.cell["link"]
    elif column == _EXPLAIN or (column == _ACCEPT and mark.suggestion):
        look = looks.cell["input"]
    else:
        look = looks.cell["quoted" if is_active(clean(text)) else "text"]
    return _text_cell(row, column, look, text)


def _text_cell(row: int, column: int, style: int, text: str) -> str:
    where = address(row, column)
    return inline_cell("", where, style, text).decode() if text else f'<c r="{where}" s="{style}"/>'


def _links(marks: Sequence[Mark], top: int) -> str:
    placed = [(n, mark) for n, mark in enumerate(marks, 1) if mark.sheet and mark.row][:MOST_LINKS]
    links = "".join(
        f'<hyperlink ref="{address(top + n, _LINK)}" location={quoteattr(_location(mark))} '
        f"display={quoteattr(place_of(mark))}/>"
        for n, mark in placed
    )
    return f"<hyperlinks>{links}</hyperlinks>" if links else ""


def _location(mark: Mark) -> str:
    return sheet_reference(mark.sheet, address(mark.row, mark.column or 1))


def print_titles(returned: Returned, name: str) -> str:
    """The definition that repeats the list's header on every printed page."""
    top = header_row(returned)
    return sheet_reference(name, f"${top}:${top}")
