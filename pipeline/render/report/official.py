"""A Word document laid out as official documents are (GB/T 9704-2012).

The bytes depend on the content alone.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu, Inches, Mm, Pt, RGBColor
from lxml import etree

from pipeline.render.inert import clean

BODY, TITLE, LEVEL, CAPTION = "仿宋_GB2312", "方正小标宋简体", "黑体", "楷体_GB2312"
_STAND_INS: Mapping[str, str] = {
    BODY: "仿宋,FangSong",
    TITLE: "宋体,SimSun",
    LEVEL: "SimHei",
    CAPTION: "楷体,KaiTi",
}
"""Fonts of official documents that many machines lack, and what Word takes instead (w:altName)."""

_TITLE_SIZE, _BODY_SIZE, _CAPTION_SIZE, _TABLE_SIZE = Pt(22), Pt(16), Pt(12), Pt(9)  # 2号, 3号, 小4号, 小5号
_PITCH, _TIGHT = Pt(28.9), Pt(14)  # 22 lines in 225 mm
_TOP, _BINDING, _OUTER, _BOTTOM = Mm(37), Mm(28), Mm(26), Mm(35)  # leave 156 mm × 225 mm on A4
_WIDTH = Mm(156)
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


class Head(NamedTuple):
    """A column: its header, and whether it holds numbers."""

    text: str
    numeric: bool


def new_document(title: str, dated: dt.date) -> Any:
    """An empty document with the page, fonts and line pitch of GB/T 9704, and page numbers."""
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.left_margin = _TOP, _BINDING
    section.right_margin, section.bottom_margin = _OUTER, _BOTTOM
    section.footer_distance = Mm(25)
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")  # else punctuation is set as in Japanese
    _set_style(document.styles["Normal"], BODY, _BODY_SIZE)
    _set_style(document.styles["Heading 1"], LEVEL, _BODY_SIZE)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = clean(title), "", ""
    properties.created = properties.modified = dt.datetime.combine(dated, dt.time())
    _name_stand_ins(document)
    _drop_thumbnail(document)
    _number_pages(section)
    return document


def _set_style(style: Any, font: str, size: Any) -> None:
    _set_font(style.element.get_or_add_rPr(), font)
    style.font.size, style.font.bold, style.font.color.rgb = size, None, RGBColor(0, 0, 0)
    layout = style.paragraph_format
    layout.line_spacing_rule, layout.line_spacing = WD_LINE_SPACING.EXACTLY, _PITCH
    layout.space_before = layout.space_after = Pt(0)


def _set_font(run_properties: Any, name: str) -> None:
    """The font for Chinese and Western text alike; python-docx alone sets the Western one."""
    fonts = run_properties.get_or_add_rFonts()
    for attribute in list(fonts.attrib):
        del fonts.attrib[attribute]
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), name)


def _name_stand_ins(document: Any) -> None:
    """Tell Word, in the font table, what to take where a font is missing."""
    parts = document.part.package.iter_parts()
    table = next(part for part in parts if part.partname == "/word/fontTable.xml")
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


def _number_pages(section: Any) -> None:
    """— 1 — at the foot of every page, 4号宋体."""
    paragraph = section.footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text, instruction in (("— ", ""), ("", "PAGE"), (" —", "")):
        run = _run(paragraph, text, "宋体", Pt(14))
        if instruction:
            for kind in ("begin", "", "end"):
                run._element.append(_field(kind, instruction))


def _field(kind: str, instruction: str) -> Any:
    if kind:
        mark = OxmlElement("w:fldChar")
        mark.set(qn("w:fldCharType"), kind)
        return mark
    code = OxmlElement("w:instrText")
    code.text = instruction
    return code


def add_title(document: Any, text: str) -> None:
    """The title, centred, in 2号小标宋."""
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing = Pt(34)
    paragraph.paragraph_format.space_after = Pt(20)
    _run(paragraph, text, TITLE, _TITLE_SIZE)


def add_heading(document: Any, text: str) -> None:
    """A heading of the first level, in 3号黑体, known to Word as one."""
    paragraph = document.add_paragraph(style="Heading 1")
    paragraph.paragraph_format.first_line_indent = _BODY_SIZE * 2
    _run(paragraph, text, LEVEL, _BODY_SIZE)


def add_paragraph(document: Any, text: str, *, right: bool = False) -> None:
    """Body text, its first line indented by two characters; or at the right, as a date."""
    paragraph = document.add_paragraph()
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paragraph.paragraph_format.right_indent = _BODY_SIZE * 4
    else:
        paragraph.paragraph_format.first_line_indent = _BODY_SIZE * 2
    _run(paragraph, text, BODY, _BODY_SIZE)


def add_caption(document: Any, text: str, *, above: bool) -> None:
    """The name of a table, above it, or of a picture, below it."""
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing = Pt(20)
    paragraph.paragraph_format.space_before = Pt(8 if above else 2)
    paragraph.paragraph_format.space_after = Pt(3 if above else 8)
    paragraph.paragraph_format.keep_with_next = above
    _run(paragraph, text, LEVEL, _CAPTION_SIZE)


def add_small(document: Any, text: str) -> None:
    """A remark below a table or picture."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.line_spacing = Pt(16)
    paragraph.paragraph_format.space_before = Pt(2)
    _run(paragraph, text, CAPTION, Pt(10.5))


def add_picture(document: Any, png: bytes, height: float, says: str) -> None:
    """A picture as wide as the text; height in inches; says: what a screen reader reads."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    paragraph.paragraph_format.keep_with_next = True
    paragraph.paragraph_format.space_before = Pt(8)
    shape = paragraph.add_run().add_picture(io.BytesIO(png), width=_WIDTH, height=Inches(height))
    shape._inline.docPr.set("descr", clean(says))


def _run(paragraph: Any, text: str, font: str, size: Any) -> Any:
    run = paragraph.add_run(clean(text))
    _set_font(run._element.get_or_add_rPr(), font)
    run.font.size = size
    return run


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
    if not loose or firm > 0.85 * _WIDTH:
        return [int(_WIDTH * each / sum(wanted)) for each in wanted]
    rest = (_WIDTH - firm) / loose
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


def to_bytes(document: Any) -> bytes:
    """The package, with fixed times in its directory."""
    written = io.BytesIO()
    document.save(written)
    frozen = io.BytesIO()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(frozen, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return frozen.getvalue()
