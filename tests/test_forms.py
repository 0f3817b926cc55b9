"""The Word forms: the notice's words, the layout of official documents, and templates/ kept up to date."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml.ns import qn

from pipeline.render.attachments.papers import (
    LIST_HEADERS,
    REGISTER,
    REGISTRATION,
    REGISTRATION_HEADERS,
    STATEMENT,
    STATEMENT_PAPER,
    statement_paragraphs,
)
from pipeline.render.forms import (
    REGISTRATION_NAME,
    STATEMENT_NAME,
    built_in_templates,
    edited,
    registration_form,
    statement_form,
    write_templates,
)
from pipeline.render.template import FILE_NAME
from tests.small_tables import SETTINGS

OPTIONS = {
    "codes": {"A01": "视频资源"},
    "version": "v2024.1",
    "call_id": "henan-2024-192",
    "year": 2024,
}
FORMS = (REGISTRATION_NAME, STATEMENT_NAME)
TEMPLATES = (REGISTRATION.file, REGISTER.file, STATEMENT_PAPER.file)
ALL = (FILE_NAME, *FORMS, *TEMPLATES)


def dump(content: bytes) -> str:
    """Paragraphs, and tables as one line per row, in document order."""
    document = docx.Document(io.BytesIO(content))
    lines = []
    for block in document.element.body:
        if block.tag == qn("w:p"):
            lines.append("".join(text.text for text in block.iter(qn("w:t"))))
        elif block.tag == qn("w:tbl"):
            table = docx.table.Table(block, document)
            lines += [" | ".join(cell.text for cell in row.cells) for row in table.rows]
    return "\n".join(lines)


def test_registration_form_reads_as_in_the_notice():
    assert dump(registration_form()).split("\n") == [
        "附件1",
        "终身学习资源报送工作负责人信息登记表 （公章）",
        "单位 | 负责人姓名 | 职务 | 座机 | 手机 | 电子邮箱",
        " |  |  |  |  | ",
    ]


def test_statement_reads_as_in_the_notice_and_has_the_list_attached():
    assert dump(statement_form(year=2024)).split("\n")[:12] == [
        "附件2",
        "数字化资源征集内容安全审核情况说明",
        "我 XXX（院校/单位），自愿参与 2024年度继续教育数字化资源征集工作。申报的课程资源均经过我单位审核，"
        "审核方式为全量人工精审，资源均已通过内容安全审核，无意识形态安全风险，适用于网络、新媒体等各数字化形式传播，"
        "全部申报资源版权清晰，不存在侵权等问题（报送单位及资源列表另附）。同意组织方、协办方以“继续教育数字化资源”的名义，"
        "在国家智慧教育平台、国家开放大学终身教育平台、河南终身学习网等互联网平台和媒体进行发布共享和宣传。",
        "特此说明。",
        "",
        "",
        "（盖单位章）",
        "2024年XX月XX日",
        "报送单位及资源列表",
        "报送单位：",
        "资源数量：",
        " | ".join(LIST_HEADERS),
    ]


def test_the_statement_of_config_yaml_is_the_notices():
    assert SETTINGS.statement == STATEMENT


def test_the_statement_of_another_call_has_its_own_words():
    said = "我 {unit} 已审核，{date}。\n\n第二段{其他}{year}。"
    assert statement_paragraphs(said, unit="{date}学院{", year=2025, date="1日") == (
        "我 {date}学院{ 已审核，1日。",
        "第二段{其他}2025。",
    )
    assert "第二段{其他}2025。" in dump(statement_form(year=2025, statement=said)).split("\n")


def test_filled_forms_leave_nothing_to_replace():
    person = dict(
        zip(REGISTRATION_HEADERS, ("郑州大学", "李明", "处长", "0371-1", "138", "a@b.cn"), strict=True)
    )
    assert dump(registration_form(person)).endswith("郑州大学 | 李明 | 处长 | 0371-1 | 138 | a@b.cn")
    rows = [["1", "甲 & <乙>", "视频资源", "朱新", "郑州大学", "00:10:00"]]
    text = dump(statement_form(year=2025, unit="郑州大学", date="2025年4月20日", resources=rows))
    assert "XX" not in text
    assert "我 郑州大学，自愿参与 2025年度" in text
    assert "报送单位：郑州大学\n资源数量：1\n" in text
    assert text.endswith("1 | 甲 & <乙> | 视频资源 | 朱新 | 郑州大学 | 00:10:00")


def test_text_that_xml_forbids_does_not_break_a_form():
    assert "李\ufffd明" in dump(registration_form({"负责人姓名": "李\x0b明"}))


def test_page_and_fonts_are_those_of_official_documents():
    document = docx.Document(io.BytesIO(statement_form(year=2024)))
    section = document.sections[0]
    page = (
        section.page_width,
        section.page_height,
        section.top_margin,
        section.left_margin,
        section.right_margin,
    )
    assert [round(length.mm) for length in page] == [210, 297, 37, 28, 26]
    title, body = document.paragraphs[1].runs[0], document.paragraphs[2].runs[0]
    fonts = [run._element.rPr.rFonts.get(qn("w:eastAsia")) for run in (title, body)]
    assert fonts == ["方正小标宋简体", "仿宋_GB2312"]
    assert (title.font.size.pt, body.font.size.pt) == (22, 16)
    package = zipfile.ZipFile(io.BytesIO(statement_form(year=2024)))
    assert "仿宋,FangSong" in package.read("word/fontTable.xml").decode()


def test_page_numbers_stand_at_the_outer_edge():
    document = docx.Document(io.BytesIO(statement_form(year=2024)))
    assert document.settings.odd_and_even_pages_header_footer
    section = document.sections[0]
    for footer, side in ((section.footer, "RIGHT"), (section.even_page_footer, "LEFT")):
        (paragraph,) = footer.paragraphs
        codes = [code.text for code in paragraph._p.iter(qn("w:instrText"))]
        assert (paragraph.text, codes, paragraph.alignment.name) == ("—  —", ["PAGE"], side)


def test_seal_and_date_never_stand_on_a_page_alone():
    document = docx.Document(io.BytesIO(statement_form(year=2024)))
    texts = [paragraph.text for paragraph in document.paragraphs]
    kept = [bool(paragraph.paragraph_format.keep_with_next) for paragraph in document.paragraphs]
    first, last = texts.index("特此说明。"), texts.index("2024年XX月XX日")
    assert kept[first:last] == [True] * (last - first)
    assert document.paragraphs[last + 1].paragraph_format.page_break_before


@pytest.mark.parametrize("content", [registration_form(), statement_form(year=2024)], ids=["1", "2"])
def test_table_header_repeats_on_every_page(content):
    (table,) = docx.Document(io.BytesIO(content)).tables
    repeated = [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in table.rows]
    assert repeated == [True] + [False] * (len(table.rows) - 1)


def test_same_arguments_same_bytes():
    assert registration_form() == registration_form()
    assert statement_form(year=2024) == statement_form(year=2024)
    assert statement_form(year=2024) != statement_form(year=2025)
    with zipfile.ZipFile(io.BytesIO(registration_form())) as package:
        assert {member.date_time[0] for member in package.infolist()} == {1980}


def resaved(content: bytes, change) -> bytes:
    document = docx.Document(io.BytesIO(content))
    change(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_a_form_counts_as_edited_only_if_its_content_changed():
    form = registration_form()
    assert not edited(form)
    assert not edited(resaved(form, lambda document: None))
    assert edited(resaved(form, lambda document: document.add_paragraph("附注")))
    assert edited(resaved(form, lambda document: setattr(document.core_properties, "identifier", "")))
    assert edited(b"no document at all")


def states(directory: Path, **changed) -> dict[str, str]:
    return {
        written.path.name: written.state for written in write_templates(directory, **{**OPTIONS, **changed})
    }


def test_templates_are_written_once_and_then_kept(tmp_path):
    folder = tmp_path / "templates"
    assert states(folder) == dict.fromkeys(ALL, "written")
    assert states(folder) == dict.fromkeys(ALL, "current")
    assert sorted(path.name for path in folder.iterdir()) == sorted(ALL)


def test_a_new_call_replaces_what_nobody_touched(tmp_path):
    states(tmp_path)
    assert states(tmp_path, year=2025, version="v2025.1") == {
        FILE_NAME: "written",
        REGISTRATION_NAME: "current",
        STATEMENT_NAME: "written",
        **dict.fromkeys(TEMPLATES, "current"),
    }


def test_a_form_that_somebody_edited_is_never_overwritten(tmp_path):
    states(tmp_path)
    own = resaved(
        (tmp_path / STATEMENT_NAME).read_bytes(), lambda document: document.add_paragraph("本省补充")
    )
    (tmp_path / STATEMENT_NAME).write_bytes(own)
    (tmp_path / FILE_NAME).write_bytes(b"spoilt")
    assert states(tmp_path, year=2025) == {
        FILE_NAME: "written",
        REGISTRATION_NAME: "current",
        STATEMENT_NAME: "kept",
        **dict.fromkeys(TEMPLATES, "current"),
    }
    assert (tmp_path / STATEMENT_NAME).read_bytes() == own


def test_an_edited_template_is_kept_too(tmp_path):
    states(tmp_path)
    own = resaved(
        built_in_templates()[REGISTER.file], lambda document: document.add_paragraph("共 {{ 年度 }}")
    )
    (tmp_path / REGISTER.file).write_bytes(own)
    assert states(tmp_path)[REGISTER.file] == "kept"
    assert (tmp_path / REGISTER.file).read_bytes() == own
