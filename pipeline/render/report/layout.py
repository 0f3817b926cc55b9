"""What stands on the report's pages: headings, paragraphs, captions, pictures, ruled tables."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any, NamedTuple

from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu, Inches, Pt, RGBColor

from pipeline.render import official
from pipeline.render.inert import clean
from pipeline.render.official import BODY, BODY_SIZE, LEVEL, REMARK, TEXT_WIDTH, add_run

_CAPTION_SIZE, _REMARK_SIZE, _TABLE_SIZE = Pt(12), Pt(10.5), Pt(9)  # 小4号, 5号, 小5号
_TIGHT = Pt(14)


class Head(NamedTuple):
    """A column: its header, and whether it holds numbers."""

    text: str
    numeric: bool


def new_document(title: str) -> Any:
    """An official document with its title, and headings of the first level that Word knows as such."""
    document = official.new_document(title)
    level = document.styles["Heading 1"]
    official.set_style(level, LEVEL)
    level.font.bold, level.font.color.rgb = None, RGBColor(0, 0, 0)
    level.paragraph_format.space_before = Pt(0)
    official.add_title(document, title)
    return document


def add_heading(document: Any, text: str) -> None:
    """A heading of the first level, in 3号黑体, known to Word as one."""
    paragraph = document.add_paragraph(style="Heading 1")
    paragraph.paragraph_format.first_line_indent = BODY_SIZE * 2
    add_run(paragraph, text, LEVEL, BODY_SIZE)


def add_paragraph(document: Any, text: str, *, right: bool = False) -> None:
    """Body text, its first line indented by two characters; or at the right, as a date."""
    paragraph = document.add_paragraph()
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paragraph.paragraph_format.right_indent = BODY_SIZE * 4
    else:
        paragraph.paragraph_format.first_line_indent = BODY_SIZE * 2
    add_run(paragraph, text, BODY, BODY_SIZE)


def add_caption(document: Any, text: str, *, above: bool) -> None:
    """The name of a table, above it, or of a picture, below it."""
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing = Pt(20)
    paragraph.paragraph_format.space_before = Pt(8 if above else 2)
    paragraph.paragraph_format.space_after = Pt(3 if above else 8)
    paragraph.paragraph_format.keep_with_next = above
    add_run(paragraph, text, LEVEL, _CAPTION_SIZE)


def add_small(document: Any, text: str) -> None:
    """A remark below a table or picture."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.line_spacing = Pt(16)
    paragraph.paragraph_format.space_before = Pt(2)
    add_run(paragraph, text, REMARK, _REMARK_SIZE)


def add_picture(document: Any, png: bytes, height: float, says: str) -> None:
    """A picture as wide as the text; height in inches; says: what a screen reader reads."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    paragraph.paragraph_format.keep_with_next = True
    paragraph.paragraph_format.space_before = Pt(8)
    shape = paragraph.add_run().add_picture(io.BytesIO(png), width=TEXT_WIDTH, height=Inches(height))
    shape._inline.docPr.set("descr", clean(says))


# --- tables ---------------------------------------------------------------------------------


def add_table(
    document: Any, heads: Sequence[Head], rows: Sequence[Sequence[str]], total: Sequence[str] = ()
) -> None:
    """A ruled table as wide as the text, its header row repeated on every page.

    Built from elements: python-docx looks over the whole table again for every cell.
    """
    table = document.add_table(rows=0, cols=len(heads), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    margins = _below(table._tbl.tblPr, "w:tblCellMar")
    for side in ("left", "right"):
        _below(margins, f"w:{side}", w="60", type="dxa")
    widths = column_widths(heads, [*rows, *([total] if total else [])])
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Emu(width)
    lines = [([head.text for head in heads], LEVEL), *((row, BODY) for row in rows)]
    lines += [(total, LEVEL)] if total else []
    held = len(lines) - 1 if len(lines) <= _KEPT else 2
    for number, (texts, font) in enumerate(lines):
        table._tbl.append(_row(heads, texts, widths, font, header=number == 0, held=number < held))


_KEPT = 16
"""Lines of a table that is kept on one page; of a longer one, the header and the first row."""
_CHARACTER = Pt(5.8)
"""A digit of a table, in the widest font that may stand in."""


def column_widths(heads: Sequence[Head], rows: Sequence[Sequence[str]]) -> list[int]:
    """Widths in EMU: columns of numbers take what they need, the others share the rest by what they hold.

    A header may take two lines.
    """
    wanted = [
        min(max([(_wide(head.text) + 1) // 2, 4, *(_wide(row[at]) for row in rows)]), 40) + 1.6
        for at, head in enumerate(heads)
    ]
    firm = sum(each for each, head in zip(wanted, heads, strict=True) if head.numeric) * _CHARACTER
    loose = sum(each for each, head in zip(wanted, heads, strict=True) if not head.numeric)
    if not loose or firm > 0.85 * TEXT_WIDTH:
        return [int(TEXT_WIDTH * each / sum(wanted)) for each in wanted]
    rest = (TEXT_WIDTH - firm) / loose
    return [
        int(each * (_CHARACTER if head.numeric else rest)) for each, head in zip(wanted, heads, strict=True)
    ]


def _wide(text: str) -> int:
    return max(
        sum(2 if character > "\u2e7f" else 1 for character in line) for line in text.split("\n") or [""]
    )


def _row(
    heads: Sequence[Head],
    texts: Sequence[str],
    widths: Sequence[int],
    font: str,
    *,
    header: bool,
    held: bool,
) -> Any:
    """One row, not broken over pages; held: on the same page as the next."""
    row = OxmlElement("w:tr")
    properties = _below(row, "w:trPr")
    _below(properties, "w:cantSplit")
    if header:
        _below(properties, "w:tblHeader")
    for head, text, width in zip(heads, texts, widths, strict=True):
        cell = _below(row, "w:tc")
        layout = _below(cell, "w:tcPr")
        _below(layout, "w:tcW", w=str(width // 635), type="dxa")
        if header:
            _below(layout, "w:shd", val="clear", color="auto", fill="E9EEF4")
        _below(layout, "w:vAlign", val="center")
        alignment = "center" if header else "right" if head.numeric else "left"
        _fill(_below(cell, "w:p"), text, font, alignment, held=held)
    return row


def _fill(paragraph: Any, text: str, font: str, alignment: str, *, held: bool) -> None:
    properties = _below(paragraph, "w:pPr")
    if held:
        _below(properties, "w:keepNext")
    _below(properties, "w:spacing", before="20", after="20", line=str(int(_TIGHT.pt * 20)), lineRule="exact")
    _below(properties, "w:jc", val=alignment)
    for number, line in enumerate(clean(text).split("\n")):
        run = _below(paragraph, "w:r")
        look = _below(run, "w:rPr")
        _below(look, "w:rFonts", ascii=font, hAnsi=font, eastAsia=font, cs=font)
        _below(look, "w:sz", val=str(int(_TABLE_SIZE.pt * 2)))
        if number:
            _below(run, "w:br")
        written = _below(run, "w:t")
        written.text = line
        written.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _below(parent: Any, tag: str, **attributes: str) -> Any:
    """A new last child; attributes are Word's."""
    child = OxmlElement(tag)
    for name, value in attributes.items():
        child.set(qn(f"w:{name}"), value)
    parent.append(child)
    return child


def to_bytes(document: Any, dated: dt.date) -> bytes:
    """The package; dated: stands in the properties in place of the clock's time."""
    official.anonymous(document, dated)
    return official.packed(official.parts_of(document))
