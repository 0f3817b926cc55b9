"""A Word page as official documents have it (GB/T 9704-2012), and its bytes, fixed.

A4, 版心 156 mm × 225 mm, 3号仿宋 on 22 lines, the title in 2号小标宋, page numbers at the outer edge.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from lxml import etree

from pipeline.render.inert import clean

BODY, TITLE, LEVEL, REMARK = "仿宋_GB2312", "方正小标宋简体", "黑体", "楷体_GB2312"
BODY_SIZE, TABLE_SIZE, LIST_SIZE = Pt(16), Pt(12), Pt(10.5)  # 3号, 小4号, 5号

_STAND_INS: Mapping[str, str] = {
    BODY: "仿宋,FangSong",
    TITLE: "华文中宋,STZhongsong,宋体,SimSun",
    LEVEL: "SimHei",
    REMARK: "楷体,KaiTi",
}
"""Fonts of official documents that many machines lack, and what Word takes instead (w:altName)."""

_TITLE_SIZE, _FOLIO_SIZE = Pt(22), Pt(14)  # 2号, 4号
_PITCH = Pt(28.9)  # 22 lines in 225 mm
_TOP, _BINDING, _OUTER, _BOTTOM = Mm(37), Mm(28), Mm(26), Mm(35)  # leave 156 mm × 225 mm on A4
_FOLIO_BELOW = Mm(12)  # its dash is 7 mm below the text, and it is 5 mm high itself

_DATED = dt.datetime(2024, 4, 17)
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def official_document(title: str, *, landscape: bool = False) -> Any:
    """An empty document with the page, fonts, line pitch and page numbers of GB/T 9704."""
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.left_margin = _TOP, _BINDING
    section.right_margin, section.bottom_margin = _OUTER, _BOTTOM
    if landscape:  # the page turned: its binding edge is on top
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = Mm(297), Mm(210)
        section.top_margin, section.left_margin = _BINDING, _TOP
        section.right_margin, section.bottom_margin = _BOTTOM, _OUTER
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")  # else punctuation is set as in Japanese
    normal = document.styles["Normal"]
    _set_font(normal.element.get_or_add_rPr(), BODY)
    normal.font.size = BODY_SIZE
    normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    normal.paragraph_format.line_spacing = _PITCH
    normal.paragraph_format.space_after = Pt(0)
    document.core_properties.title = clean(title)
    _number_pages(document, section)
    _name_stand_ins(document)
    _drop_thumbnail(document)
    return document


def _set_font(run_properties: Any, name: str) -> None:
    """The font for Chinese and Western text alike; python-docx alone sets the Western one."""
    fonts = run_properties.get_or_add_rFonts()
    for attribute in list(fonts.attrib):
        del fonts.attrib[attribute]
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), name)


def _name_stand_ins(document: Any) -> None:
    """Tell Word, in the font table, what to take where a font is missing."""
    table = next(
        part for part in document.part.package.iter_parts() if part.partname == "/word/fontTable.xml"
    )
    root = etree.fromstring(table.blob)
    for name, others in _STAND_INS.items():
        font = etree.SubElement(root, qn("w:font"), {qn("w:name"): name})
        etree.SubElement(font, qn("w:altName"), {qn("w:val"): others})
    table._blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _drop_thumbnail(document: Any) -> None:
    """python-docx's own template brings a picture of its first page, which is not this one."""
    relationships = document.part.package.rels
    for key in [key for key, link in relationships.items() if link.reltype.endswith("/thumbnail")]:
        del relationships[key]


def _number_pages(document: Any, section: Any) -> None:
    """— 1 — in 4号宋体: one character from the right edge on odd pages, from the left on even ones (7.5)."""
    document.settings.odd_and_even_pages_header_footer = True
    section.footer_distance = section.bottom_margin - _FOLIO_BELOW
    odd, even = section.footer.paragraphs[0], section.even_page_footer.paragraphs[0]
    odd.alignment, odd.paragraph_format.right_indent = WD_ALIGN_PARAGRAPH.RIGHT, _FOLIO_SIZE
    even.alignment, even.paragraph_format.left_indent = WD_ALIGN_PARAGRAPH.LEFT, _FOLIO_SIZE
    for paragraph in (odd, even):
        _run(paragraph, "— ", "宋体", _FOLIO_SIZE)
        for part in (_field_mark("begin"), _field_code("PAGE"), _field_mark("end")):
            _run(paragraph, "", "宋体", _FOLIO_SIZE)._element.append(part)
        _run(paragraph, " —", "宋体", _FOLIO_SIZE)


def _field_mark(kind: str) -> Any:
    mark = OxmlElement("w:fldChar")
    mark.set(qn("w:fldCharType"), kind)
    return mark


def _field_code(instruction: str) -> Any:
    code = OxmlElement("w:instrText")
    code.text = instruction
    return code


# --- text -------------------------------------------------------------------------------------


def add_heading(document: Any, label: str, title: str, *, new_page: bool = False) -> None:
    """附件N in 3号黑体 at the left, the title below it, centred, in 2号小标宋."""
    if label:
        _run(document.add_paragraph(), label, LEVEL, BODY_SIZE)
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    layout = paragraph.paragraph_format
    layout.page_break_before = new_page or None
    layout.line_spacing, layout.keep_with_next = Pt(34), True
    layout.space_before = layout.space_after = Pt(14)
    # Bold for the stand-ins: without 小标宋 a plain 宋体 is too thin for a title.
    _run(paragraph, title, TITLE, _TITLE_SIZE, bold=True)


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
    _run(paragraph, text, BODY, BODY_SIZE)


def add_line(document: Any, text: str, *, font: str = BODY) -> None:
    """A line of small text: what a table is about, or a remark."""
    paragraph = document.add_paragraph()
    layout = paragraph.paragraph_format
    layout.line_spacing, layout.space_after, layout.keep_with_next = Pt(18), Pt(4), True
    _run(paragraph, text, font, TABLE_SIZE)


def _run(paragraph: Any, text: str, font: str, size: Any, *, bold: bool = False) -> Any:
    run = paragraph.add_run(clean(text))
    _set_font(run._element.get_or_add_rPr(), font)
    run.font.size, run.bold = size, bold or None
    return run


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
    _run(paragraph, text, font, size)


# --- bytes ------------------------------------------------------------------------------------


def frozen(document: Any) -> bytes:
    """The package with fixed times and no author, and its own fingerprint in dc:identifier."""
    anonymous(document)
    document.core_properties.identifier = fingerprint(_parts(document))
    return packed(_parts(document))


def anonymous(document: Any) -> None:
    """Properties that tell neither who nor when."""
    properties = document.core_properties
    properties.author = properties.last_modified_by = properties.comments = properties.identifier = ""
    properties.created = properties.modified = _DATED
    properties.revision = 1


def fingerprint(parts: Mapping[str, bytes]) -> str:
    """SHA-256 over everything in the package but its properties."""
    digest = hashlib.sha256()
    for name in sorted(parts):
        if not name.startswith("docProps/"):
            digest.update(name.encode() + b"\0" + hashlib.sha256(parts[name]).digest())
    return digest.hexdigest()


def packed(parts: Mapping[str, bytes]) -> bytes:
    """A package of these parts, in their order, with fixed times in its directory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, content)
    return buffer.getvalue()


def _parts(document: Any) -> dict[str, bytes]:
    buffer = io.BytesIO()
    document.save(buffer)
    with zipfile.ZipFile(buffer) as package:
        return {name: package.read(name) for name in package.namelist()}


def saved(document: Any) -> bytes:
    """The package with fixed times and no author."""
    anonymous(document)
    return packed(_parts(document))
