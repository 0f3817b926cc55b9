"""A Word page as official documents have it (GB/T 9704-2012), and its package, whose bytes are fixed.

A4, 版心 156 mm × 225 mm, 3号仿宋 on 22 lines, the title in 2号小标宋, page numbers at the outer edge. What
stands on the page is for those who make it: the attachments, and the report.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Mapping
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from lxml import etree

from pipeline.render.inert import clean

BODY, TITLE, LEVEL, REMARK = "仿宋_GB2312", "方正小标宋简体", "黑体", "楷体_GB2312"
BODY_SIZE = Pt(16)  # 3号
TEXT_WIDTH = Mm(156)

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
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


# --- the page ---------------------------------------------------------------------------------


def new_document(title: str, *, landscape: bool = False) -> Any:
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
    set_style(document.styles["Normal"], BODY)
    document.core_properties.title = clean(title)
    _number_pages(document, section)
    _name_stand_ins(document)
    _drop_thumbnail(document)
    return document


def set_style(style: Any, font: str) -> None:
    """A paragraph style in 3号, on the line pitch, with nothing below a paragraph."""
    set_font(style.element.get_or_add_rPr(), font)
    style.font.size = BODY_SIZE
    layout = style.paragraph_format
    layout.line_spacing_rule, layout.line_spacing = WD_LINE_SPACING.EXACTLY, _PITCH
    layout.space_after = Pt(0)


def set_font(run_properties: Any, name: str) -> None:
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
        add_run(paragraph, "— ", "宋体", _FOLIO_SIZE)
        for part in (_field_mark("begin"), _field_code("PAGE"), _field_mark("end")):
            add_run(paragraph, "", "宋体", _FOLIO_SIZE)._element.append(part)
        add_run(paragraph, " —", "宋体", _FOLIO_SIZE)


def _field_mark(kind: str) -> Any:
    mark = OxmlElement("w:fldChar")
    mark.set(qn("w:fldCharType"), kind)
    return mark


def _field_code(instruction: str) -> Any:
    code = OxmlElement("w:instrText")
    code.text = instruction
    return code


# --- what every page has ----------------------------------------------------------------------


def add_title(document: Any, text: str, *, new_page: bool = False) -> None:
    """A title, centred, in 2号小标宋."""
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    layout = paragraph.paragraph_format
    layout.page_break_before = new_page or None
    layout.line_spacing, layout.keep_with_next = Pt(34), True
    layout.space_before = layout.space_after = Pt(14)
    # Bold for the stand-ins: without 小标宋 a plain 宋体 is too thin for a title.
    add_run(paragraph, text, TITLE, _TITLE_SIZE).bold = True


def add_run(paragraph: Any, text: str, font: str, size: Any) -> Any:
    """Text at the end of a paragraph, without what XML forbids."""
    run = paragraph.add_run(clean(text))
    set_font(run._element.get_or_add_rPr(), font)
    run.font.size = size
    return run


# --- bytes ------------------------------------------------------------------------------------


def anonymous(document: Any, dated: dt.date) -> None:
    """Properties that tell neither who nor when; dated stands in place of the clock's time."""
    properties = document.core_properties
    properties.author = properties.last_modified_by = properties.comments = properties.identifier = ""
    properties.created = properties.modified = dt.datetime.combine(dated, dt.time())
    properties.revision = 1


def parts_of(document: Any) -> dict[str, bytes]:
    """The parts of the package, in their order."""
    buffer = io.BytesIO()
    document.save(buffer)
    with zipfile.ZipFile(buffer) as package:
        return {name: package.read(name) for name in package.namelist()}


def packed(parts: Mapping[str, bytes]) -> bytes:
    """A package of these parts, in their order, with fixed times in its directory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, content)
    return buffer.getvalue()
