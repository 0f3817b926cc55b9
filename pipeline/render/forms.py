"""The notice's two Word forms, blank or filled, and the folder templates/.

附件1 登记表 and 附件2 安全审核情况说明 keep the notice's words; the layout is that of official
documents (GB/T 9704-2012). The bytes depend on the arguments alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from lxml import etree

from pipeline.durable import write_whole
from pipeline.render.inert import clean
from pipeline.render.template import DELIVERIES, FILE_NAME, Delivery, standard_workbook

REGISTRATION_TITLE = "终身学习资源报送工作负责人信息登记表"
STATEMENT_TITLE = "数字化资源征集内容安全审核情况说明"
LIST_TITLE = "报送单位及资源列表"
REGISTRATION_NAME = f"附件1 {REGISTRATION_TITLE}.docx"
STATEMENT_NAME = f"附件2 {STATEMENT_TITLE}.docx"

REGISTRATION_HEADERS: tuple[str, ...] = ("单位", "负责人姓名", "职务", "座机", "手机", "电子邮箱")
"""Columns of 附件1."""

LIST_HEADERS: tuple[str, ...] = ("序号", "报送单位", "资源名称", "资源类型", "主讲人", "版权方")
"""Columns of the list that 附件2 wants attached; the notice gives no form for it (通知未规定)."""

BLANK_UNIT = "XXX（院校/单位）"
BLANK_ROWS = 12

_BODY_FONT, _TITLE_FONT, _LEVEL_FONT = "仿宋_GB2312", "方正小标宋简体", "黑体"
_STAND_INS: Mapping[str, str] = {
    _BODY_FONT: "仿宋,FangSong",
    _TITLE_FONT: "宋体,SimSun",
    _LEVEL_FONT: "SimHei",
}
"""Fonts of official documents that many machines lack, and what Word takes instead (w:altName)."""

_TITLE_SIZE, _BODY_SIZE, _TABLE_SIZE = Pt(22), Pt(16), Pt(12)  # 2号, 3号, 小4号
_PITCH = Pt(28.9)  # 22 lines in 225 mm
_TOP, _BINDING, _OUTER, _BOTTOM = Mm(37), Mm(28), Mm(26), Mm(35)  # leave 156 mm × 225 mm on A4

_DATED = dt.datetime(2024, 4, 17)
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def registration_form(person: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """附件1 as .docx: one table of six columns and one row.

    person maps the column names to text; what is absent stays blank, to be filled by hand.
    """
    document = _official_document(REGISTRATION_TITLE, landscape=True)
    _heading(document, "附件1", f"{REGISTRATION_TITLE} （公章）")
    table = _table(document, REGISTRATION_HEADERS, (Mm(52), Mm(30), Mm(32), Mm(34), Mm(32), Mm(45)))
    _table_row(table, [person.get(header, "") for header in REGISTRATION_HEADERS], height=Mm(14))
    return _frozen(document)


def statement_form(
    *,
    year: int,
    unit: str = BLANK_UNIT,
    date: str = "",
    resources: Sequence[Sequence[str]] = (),
    collection: str = "继续教育数字化资源",
) -> bytes:
    """附件2 as .docx: the notice's statement, the place for the seal, and the list attached.

    date is as it is printed, such as `2024年4月20日`; without it the month and day stay XX.
    resources holds one sequence per row, in the order of LIST_HEADERS; without any the
    list is blank. Neither the statement nor the list is cut: the header repeats per page.
    """
    document = _official_document(STATEMENT_TITLE)
    _heading(document, "附件2", STATEMENT_TITLE)
    for paragraph in statement_text(year=year, unit=unit, collection=collection):
        _paragraph(document, paragraph, indent=2)
    _paragraph(document, "", indent=0)
    _paragraph(document, "（盖单位章）", indent=0, right=4)
    _paragraph(document, date or f"{year}年XX月XX日", indent=0, right=4)
    document.add_page_break()
    _heading(document, "", LIST_TITLE)
    table = _table(document, LIST_HEADERS, (Mm(13), Mm(32), Mm(40), Mm(22), Mm(24), Mm(25)))
    for row in resources or [[""] * len(LIST_HEADERS)] * BLANK_ROWS:
        _table_row(table, row, height=Mm(9))
    return _frozen(document)


def statement_text(*, year: int, unit: str = BLANK_UNIT, collection: str = "继续教育数字化资源") -> list[str]:
    """The paragraphs of 附件2, word for word."""
    return [
        f"我 {unit}，自愿参与 {year}年度{collection}征集工作。申报的课程资源均经过我单位审核，"
        "审核方式为全量人工精审，资源均已通过内容安全审核，无意识形态安全风险，"
        "适用于网络、新媒体等各数字化形式传播，全部申报资源版权清晰，不存在侵权等问题"
        f"（{LIST_TITLE}另附）。同意组织方、协办方以“{collection}”的名义，"
        "在国家智慧教育平台、国家开放大学终身教育平台、河南终身学习网等互联网平台和媒体进行发布共享和宣传。",
        "特此说明。",
    ]


class Written(NamedTuple):
    """What became of one template file."""

    path: Path
    state: Literal["written", "current", "kept"]


def write_templates(
    directory: Path,
    *,
    codes: Mapping[str, str],
    version: str,
    call_id: str,
    year: int,
    deliveries: Sequence[Delivery] = DELIVERIES,
) -> list[Written]:
    """Bring templates/ up to date: the standard workbook and both blank forms.

    The workbook is written whenever it differs. A form that a person has edited is kept;
    one that this program wrote, in any version, and nobody touched is replaced. Raises
    OSError if the folder cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    workbook = standard_workbook(codes=codes, version=version, call_id=call_id, deliveries=deliveries)
    fresh = {
        FILE_NAME: workbook,
        REGISTRATION_NAME: registration_form(),
        STATEMENT_NAME: statement_form(year=year),
    }
    return [_bring_up_to_date(directory / name, content) for name, content in fresh.items()]


def _bring_up_to_date(path: Path, content: bytes) -> Written:
    present = path.read_bytes() if path.exists() else None
    if present == content:
        return Written(path, "current")
    if present is not None and path.suffix == ".docx" and edited(present):
        return Written(path, "kept")
    write_whole(path, content)
    return Written(path, "written")


def edited(form: bytes) -> bool:
    """Whether somebody changed a form since `_frozen` put its fingerprint into the properties.

    A file without a fingerprint, or that is no Word document, counts as edited.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(form)) as package:
            parts = {name: package.read(name) for name in package.namelist()}
        properties = etree.fromstring(parts["docProps/core.xml"], etree.XMLParser(resolve_entities=False))
    except (zipfile.BadZipFile, KeyError, etree.XMLSyntaxError):
        return True
    return bool(properties.findtext("{http://purl.org/dc/elements/1.1/}identifier") != _fingerprint(parts))


def _fingerprint(parts: Mapping[str, bytes]) -> str:
    """SHA-256 over everything in the package but its properties."""
    digest = hashlib.sha256()
    for name in sorted(parts):
        if not name.startswith("docProps/"):
            digest.update(name.encode() + b"\0" + hashlib.sha256(parts[name]).digest())
    return digest.hexdigest()


def _official_document(title: str, *, landscape: bool = False) -> Any:
    """An empty document with the page, fonts and line pitch of GB/T 9704."""
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
    _set_font(normal.element.get_or_add_rPr(), _BODY_FONT)
    normal.font.size = _BODY_SIZE
    normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    normal.paragraph_format.line_spacing = _PITCH
    normal.paragraph_format.space_after = Pt(0)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = title, "", ""
    properties.created = properties.modified = _DATED
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


def _heading(document: Any, label: str, title: str) -> None:
    """附件N in 3号黑体 at the left, the title below it, centred, in 2号小标宋."""
    if label:
        _run(document.add_paragraph(), label, _LEVEL_FONT, _BODY_SIZE)
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing = Pt(34)
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(14)
    _run(paragraph, title, _TITLE_FONT, _TITLE_SIZE, bold=True)


def _paragraph(document: Any, text: str, *, indent: int, right: int = 0) -> None:
    """Body text, its first line indented, or set from the right, by that many characters."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.first_line_indent = _BODY_SIZE * indent
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paragraph.paragraph_format.right_indent = _BODY_SIZE * right
    _run(paragraph, text, _BODY_FONT, _BODY_SIZE)


def _run(paragraph: Any, text: str, font: str, size: Any, *, bold: bool = False) -> None:
    run = paragraph.add_run(clean(text))
    _set_font(run._element.get_or_add_rPr(), font)
    run.font.size, run.bold = size, bold or None


def _table(document: Any, headers: Sequence[str], widths: Sequence[Any]) -> Any:
    """A ruled table of fixed widths, its header row repeated on every page."""
    table = document.add_table(rows=0, cols=len(headers), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    row = _table_row(table, headers, height=Mm(11), font=_LEVEL_FONT)
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    return table


def _table_row(table: Any, texts: Sequence[str], *, height: Any, font: str = _BODY_FONT) -> Any:
    """One more row, at least that high, not broken over pages."""
    row = table.add_row()
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    row.height = height
    for cell, column, text in zip(row.cells, table.columns, texts, strict=True):
        cell.width = column.width
        cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
        paragraph = cell.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.line_spacing = Pt(18)
        _run(paragraph, text, font, _TABLE_SIZE)
    return row


def _frozen(document: Any) -> bytes:
    """The package with fixed times, and its own fingerprint in dc:identifier."""
    document.core_properties.identifier = _fingerprint(_parts(document))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in _parts(document).items():
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, content)
    return buffer.getvalue()


def _parts(document: Any) -> dict[str, bytes]:
    buffer = io.BytesIO()
    document.save(buffer)
    with zipfile.ZipFile(buffer) as package:
        return {name: package.read(name) for name in package.namelist()}
