"""The sheet 问题清单: the list of findings that the unit reads, answers and sends back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from pipeline.model import Answer, letters
from pipeline.ownmarks import IDENTITY, LIST_HEADER, exact_texts, json_text
from pipeline.render.errorcolumn import inline_cell
from pipeline.render.inert import clean, is_active, line_count, xml_attribute
from pipeline.render.lines import Line, lines_of
from pipeline.render.restore import Restore, restore_text
from pipeline.render.returned import Mark, Returned
from pipeline.render.styles import Looks
from pipeline.render.worksheet import address, sheet_reference

MOST_LINKS = 65_000
"""Excel opens no sheet with more than 65,530 links."""

_WIDTHS = (6, 7, 20, 11, 20, 34, 30, 18, 10, 22, 9, 24)
_LINE = 14
_TALLEST = 409
"""Points: Excel's limit for a row."""

_SPACER = 6
_LAST = letters(len(LIST_HEADER))
_HIDDEN_FIRST = len(LIST_HEADER) + 1
"""Behind the list and inside its filter, so that sorting takes it along: each line's exact texts."""

_ACCEPT = LIST_HEADER.index("是否采纳") + 1
_EXPLAIN = LIST_HEADER.index("单位说明") + 1
_LINK = LIST_HEADER.index("位置") + 1
_PROMPT = (
    "淡黄色的格：同意建议值就选“是”，程序会按建议值改好；不同意选“否”，并到单元格里改正。"
    "灰色的格：不用填，建议值已自动采用，或者没有建议值。"
)


class Listing(Struct, frozen=True):
    """The list as it will stand. exact: the texts of each line's hidden cells."""

    returned: Returned
    lines: tuple[Line, ...]
    exact: tuple[list[str], ...]

    @property
    def top(self) -> int:
        """The row of the header: below the title, the head, and a row for remarks."""
        return len(self.returned.head) + 3

    @property
    def last(self) -> int:
        """The last row; an empty list has one empty row."""
        return self.top + max(len(self.lines), 1)

    @property
    def width(self) -> int:
        """How many hidden cells the longest exact text takes."""
        return max(map(len, self.exact), default=1)

    def filter_reference(self, absolute: bool = True) -> str:
        """The list's rectangle with its header: what its filter covers."""
        mark = "$" if absolute else ""
        last = letters(_HIDDEN_FIRST + self.width - 1)
        return f"{mark}A{mark}{self.top}:{mark}{last}{mark}{self.last}"

    def print_titles(self, name: str) -> str:
        """The definition that repeats the header on every printed page."""
        return sheet_reference(name, f"${self.top}:${self.top}")


def listing(returned: Returned) -> Listing:
    """What the list says."""
    lines = lines_of(returned.marks, returned.sheet)
    return Listing(returned, lines, tuple(exact_texts(_answer(line)) for line in lines))


def list_sheet(
    listed: Listing, remarks: Sequence[str], title: str, restore: Restore, looks: Looks, namespace: str
) -> bytes:
    """The worksheet part: title, head and remarks, one row per line, links, inputs, print set-up.

    restore is what unmarking needs. The texts are inert (see `inert`): none can act, and
    none is read as a number or formula.
    """
    top, last = listed.top, listed.last
    hidden_last = _HIDDEN_FIRST + max(listed.width, 2) - 1
    rows = [*_head_rows(listed.returned, remarks, title, restore, looks), _header(top, looks)]
    rows += [
        _row(top + number, number, line, exact, looks)
        for number, (line, exact) in enumerate(zip(listed.lines, listed.exact, strict=True), 1)
    ]
    widths = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>' for n, width in enumerate(_WIDTHS, 1)
    )
    merges = "".join(f'<mergeCell ref="A{n}:{_LAST}{n}"/>' for n in range(1, top))
    accept = f"{address(top + 1, _ACCEPT)}:{address(last, _ACCEPT)}"
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<worksheet xmlns="{namespace}">'
        '<sheetPr><tabColor rgb="FFC00000"/><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<dimension ref="A1:{address(last, hidden_last)}"/>'
        '<sheetViews><sheetView showGridLines="0" tabSelected="1" workbookViewId="0">'
        f'<pane ySplit="{top}" topLeftCell="A{top + 1}" activePane="bottomLeft" state="frozen"/>'
        f'<selection pane="bottomLeft" activeCell="A{top + 1}" sqref="A{top + 1}"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}'
        f'<col min="{_HIDDEN_FIRST}" max="{hidden_last}" width="9" hidden="1" customWidth="1"/></cols>'
        f"<sheetData>{''.join(rows)}</sheetData>"
        f'<autoFilter ref="{listed.filter_reference(absolute=False)}"/>'
        f'<mergeCells count="{top - 1}">{merges}</mergeCells>'
        '<dataValidations count="1"><dataValidation type="list" allowBlank="1" showInputMessage="1" '
        'showErrorMessage="1" errorTitle="请选择" error="请填“是”或“否”，也可以留空。" '
        f'promptTitle="是否采纳建议值" prompt="{_PROMPT}" sqref="{accept}"><formula1>"是,否"</formula1>'
        f"</dataValidation></dataValidations>{_links(listed.lines, top)}"
        '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/>'
        "<headerFooter><oddFooter>&amp;C第 &amp;P 页，共 &amp;N 页</oddFooter></headerFooter>"
        f'<ignoredErrors><ignoredError sqref="A{top + 1}:{_LAST}{last}" numberStoredAsText="1"/>'
        "</ignoredErrors>"
        "</worksheet>"
    ).encode()


def _answer(line: Line) -> Answer:
    """The line as its answer comes back."""
    first, place = line.first, clean(line.place)
    return Answer(first.code, first.field, line.value, line.suggestion, place, "", "", line.several)


def _head_rows(
    returned: Returned, remarks: Sequence[str], title: str, restore: Restore, looks: Looks
) -> Iterator[str]:
    """Title and head, one merged line each; behind the title, out of sight, what the program needs."""
    kept = (json_text(IDENTITY, dict(sorted(returned.identity.items()))), restore_text(restore))
    hidden = "".join(
        _text_cell(1, n, looks.cell["hidden"], text) for n, text in enumerate(kept, _HIDDEN_FIRST)
    )
    yield _tall_row(1, 28, _text_cell(1, 1, looks.cell["title"], title) + hidden)
    for number, text in enumerate((*returned.head, "\n".join(remarks)), 2):
        height = 16 * line_count(clean(text), sum(_WIDTHS)) + 2 if text else _SPACER
        yield _tall_row(number, height, _text_cell(number, 1, looks.cell["head"], text))


def _tall_row(number: int, height: int, cells: str) -> str:
    return f'<row r="{number}" ht="{height}" customHeight="1">{cells}</row>'


def _header(top: int, looks: Looks) -> str:
    cells = "".join(_text_cell(top, n, looks.cell["header"], name) for n, name in enumerate(LIST_HEADER, 1))
    return _tall_row(top, 24, cells)


def _row(row: int, number: int, line: Line, exact: Sequence[str], looks: Looks) -> str:
    first = line.first
    texts = (
        first.severity.value, line.place, first.field, line.value, line.message,
        line.fix, line.suggestion, first.accepted, first.explained, first.code, first.source,
    )  # fmt: skip
    cells = [f'<c r="A{row}" s="{looks.cell["number"]}"><v>{number}</v></c>']
    cells += [_cell(row, n, text, line, looks) for n, text in enumerate(texts, 2)]
    cells += [_text_cell(row, n, looks.cell["hidden"], text) for n, text in enumerate(exact, _HIDDEN_FIRST)]
    filled = ((text, width) for text, width in zip(texts, _WIDTHS[1:], strict=True) if text)
    lines = max(line_count(clean(text), width - 1) for text, width in filled)
    return f'<row r="{row}" ht="{min(_LINE * lines + 3, _TALLEST)}">{"".join(cells)}</row>'


def _cell(row: int, column: int, text: str, line: Line, looks: Looks) -> str:
    if column == 2:
        look = looks.cell[line.first.severity]
    elif column == _LINK and line.first.row:
        look = looks.cell["link"]
    elif column == _EXPLAIN or (column == _ACCEPT and line.to_decide):
        look = looks.cell["input"]
    elif column == _ACCEPT:
        look = looks.cell["unneeded"]
    else:
        look = looks.cell["quoted" if is_active(text) else "text"]
    return _text_cell(row, column, look, text)


def _text_cell(row: int, column: int, style: int, text: str) -> str:
    where = address(row, column)
    return inline_cell("", where, style, text) if text else f'<c r="{where}" s="{style}"/>'


def _links(lines: Sequence[Line], top: int) -> str:
    placed = [(n, line) for n, line in enumerate(lines, 1) if line.first.sheet and line.first.row]
    links = "".join(
        f'<hyperlink ref="{address(top + n, _LINK)}" location={xml_attribute(_location(line.first))} '
        f"display={xml_attribute(clean(line.place))}/>"
        for n, line in placed[:MOST_LINKS]
    )
    return f"<hyperlinks>{links}</hyperlinks>" if links else ""


def _location(mark: Mark) -> str:
    return sheet_reference(mark.sheet, address(mark.row, mark.column or 1))
