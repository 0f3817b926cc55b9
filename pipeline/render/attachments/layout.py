"""What stands on the attachments' pages: headings, lines, tables to be filled, and a fingerprint."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from pipeline.render.official import (
    BODY,
    BODY_SIZE,
    LEVEL,
    REMARK,
    add_run,
    add_title,
    anonymous,
    packed,
    parts_of,
)

TABLE_SIZE, LIST_SIZE = Pt(12), Pt(10.5)  # 小4号, 5号

_DATED = dt.date(2024, 4, 17)
"""The notice's own date: the bytes must not depend on the clock."""


# --- text -------------------------------------------------------------------------------------


def add_heading(document: Any, label: str, title: str) -> None:
    """附件N in 3号黑体 at the left, the title below it."""
    add_run(document.add_paragraph(), label, LEVEL, BODY_SIZE)
    add_title(document, title)


def add_paragraph(document: Any, text: str, *, indent: int = 0, right: int = 0, keep: bool = False) -> None:
    """Body text, its first line indented, or set from the right, by that many characters.

    keep: on the same page as the next paragraph.
    """
    paragraph = document.add_paragraph()
    layout = paragraph.paragraph_format
    layout.keep_with_next = keep or None
    layout.first_line_indent = BODY_SIZE * indent
    if right:
        paragraph.alignment, layout.right_indent = WD_ALIGN_PARAGRAPH.RIGHT, BODY_SIZE * right
    add_run(paragraph, text, BODY, BODY_SIZE)


def add_line(document: Any, text: str, *, font: str = BODY) -> None:
    """A line of small text: what a table is about, or a remark."""
    paragraph = document.add_paragraph()
    layout = paragraph.paragraph_format
    layout.line_spacing, layout.space_after, layout.keep_with_next = Pt(18), Pt(4), True
    add_run(paragraph, text, font, TABLE_SIZE)


# --- tables -----------------------------------------------------------------------------------


def add_table(document: Any, headers: Sequence[str], widths: Sequence[float], *, size: Any) -> Any:
    """A ruled table of fixed widths in mm, its header row repeated on every page."""
    table = document.add_table(rows=0, cols=len(headers), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    _set_cell_margins(table)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    row = add_row(table, headers, height=11, size=size, font=LEVEL)
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    return table


def _set_cell_margins(table: Any) -> None:
    """1 mm at either side, so that narrow columns hold what they must."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), "57")
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    look = table._tbl.tblPr.find(qn("w:tblLook"))
    if look is None:
        table._tbl.tblPr.append(margins)
    else:
        look.addprevious(margins)


def add_row(
    table: Any, texts: Sequence[str], *, height: float, size: Any, font: str = BODY, left: Sequence[int] = ()
) -> Any:
    """One more row, at least that many mm high, not broken over pages. left: columns that are not centred."""
    row = _new_row(table)
    row.height = Mm(height)
    for at, (cell, column, text) in enumerate(zip(row.cells, table.columns, texts, strict=True)):
        cell.width = column.width
        cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
        alignment = WD_ALIGN_PARAGRAPH.LEFT if at in left else WD_ALIGN_PARAGRAPH.CENTER
        _fill(cell, text, font, size, alignment)
    return row


def add_repeat(table: Any, text: str) -> None:
    """A row across all columns that begins or ends the rows to be repeated; it is not printed."""
    row = _new_row(table)
    cells = row.cells
    _fill(cells[0].merge(cells[-1]), text, REMARK, LIST_SIZE, WD_ALIGN_PARAGRAPH.LEFT)


def _new_row(table: Any) -> Any:
    row = table.add_row()
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    return row


def _fill(cell: Any, text: str, font: str, size: Any, alignment: Any) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.alignment = alignment
    paragraph.paragraph_format.line_spacing = Pt(size.pt * 1.5)
    add_run(paragraph, text, font, size)


# --- bytes ------------------------------------------------------------------------------------


def frozen(document: Any) -> bytes:
    """The package with fixed times and no author, and its own fingerprint in dc:identifier."""
    anonymous(document, _DATED)
    document.core_properties.identifier = fingerprint(parts_of(document))
    return packed(parts_of(document))


def saved(document: Any) -> bytes:
    """The package with fixed times and no author."""
    anonymous(document, _DATED)
    return packed(parts_of(document))


def fingerprint(parts: Mapping[str, bytes]) -> str:
    """SHA-256 over everything in the package but its properties."""
    digest = hashlib.sha256()
    for name in sorted(parts):
        if not name.startswith("docProps/"):
            digest.update(name.encode() + b"\0" + hashlib.sha256(parts[name]).digest())
    return digest.hexdigest()
