"""The Word attachments: what they say, templates that people edit, and `attachments` after a run."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline import attach
from pipeline.attach import Attached, AttachError, printed_day, write_attachments
from pipeline.fields import NAMES
from pipeline.output import OutputError, locked
from pipeline.progress import Progress
from pipeline.render.attachments.filled import CheckTask, FillTask, fill, mistake_in
from pipeline.render.attachments.papers import (
    BLANK_ROWS,
    LIST_HEADERS,
    REGISTER,
    REGISTRATION,
    STATEMENT,
    STATEMENT_PAPER,
    Paper,
    Value,
    statement_paragraphs,
)
from pipeline.render.forms import REGISTRATION_NAME, STATEMENT_NAME, built_in_templates, statement_form
from pipeline.render.inert import clean
from pipeline.render.tables import FINDING_COLUMNS, UNIT_COLUMNS, csv_bytes
from pipeline.render.template import standard_workbook
from pipeline.report import ReportError
from tests.small_tables import SETTINGS

OFFICE, VALIDATOR = shutil.which("soffice"), shutil.which("ooxml-validator")
TEMPLATES = built_in_templates()
PAPERS = {paper.file: paper for paper in (REGISTRATION, REGISTER, STATEMENT_PAPER)}
NOW = dt.datetime(2024, 5, 20, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
PERSON = {
    "负责人姓名": "李明",
    "职务": "处长",
    "座机": "0371-69691788",
    "手机": "13800001234",
    "电子邮箱": "a@b.edu.cn",
}
RESOURCE = {
    "资源名称": "航空发动机基础",
    "资源类型": "A01",
    "主讲人": "朱新",
    "版权方": "郑州大学",
    "资源时长": "02:45:32",
}
HOSTILE = (
    "a & b < c > d \"e\" 'f'", "{{7*7}}", "{% import os %}{# 注 #}", "{_{ }_} {_% %_} {_#", "]]>&amp;<w:p/>",
    "控\x07制\x0b字\x00\x0c\x9f", "\ufffe\ud800", "_x000B_", "名" * 200, "x" * 200, "\u202e倒", "𠮷野家",
    "=1+1", "一行\n两行\t格", " 前后 ", "{%tr for a in b %}", "{#p 说明 #}", "}}", "%}",
)  # fmt: skip


def dump(content: bytes) -> list[str]:
    """Paragraphs, and one line per row of a table, in document order."""
    document = docx.Document(io.BytesIO(content))
    lines = []
    for block in document.element.body:
        if block.tag == qn("w:p"):
            lines.append(Paragraph(block, document).text)
        elif block.tag == qn("w:tbl"):
            rows = Table(block, document).rows
            lines += [" | ".join(cell.text for cell in row.cells) for row in rows]
    return lines


def filled(paper: Paper, values: Mapping[str, Value], template: bytes = b"") -> bytes:
    return fill(FillTask(template or TEMPLATES[paper.file], values))


def statement(unit: str, rows: Sequence[Mapping[str, str]], date: str = "2024年4月7日") -> dict[str, Value]:
    return {
        "年度": "2024",
        "单位": unit,
        "正文": statement_paragraphs(STATEMENT, unit=unit, year=2024, date=date),
        "日期": date,
        "资源数": str(len(rows)),
        "资源列表": [{"序号": str(n), **dict.fromkeys(NAMES, ""), **row} for n, row in enumerate(rows, 1)],
    }


# --- what a filled paper says -------------------------------------------------------------------


def test_registration_reads_as_in_the_notice() -> None:
    values = {"年度": "2024", "单位": "郑州大学", **PERSON}
    assert dump(filled(REGISTRATION, values)) == [
        "附件1",
        "终身学习资源报送工作负责人信息登记表 （公章）",
        "单位 | 负责人姓名 | 职务 | 座机 | 手机 | 电子邮箱",
        "郑州大学 | 李明 | 处长 | 0371-69691788 | 13800001234 | a@b.edu.cn",
    ]


def test_statement_has_the_notices_words_and_the_list() -> None:
    assert dump(filled(STATEMENT_PAPER, statement("郑州大学", [RESOURCE, {"资源名称": "第二"}]))) == [
        "附件2",
        "数字化资源征集内容安全审核情况说明",
        STATEMENT.format(unit="郑州大学", year=2024),
        "特此说明。",
        "",
        "",
        "（盖单位章）",
        "2024年4月7日",
        "报送单位及资源列表",
        "报送单位：郑州大学",
        "资源数量：2",
        "序号 | 资源名称 | 资源类型 | 主讲人 | 版权方 | 资源时长",
        "1 | 航空发动机基础 | A01 | 朱新 | 郑州大学 | 02:45:32",
        "2 | 第二 |  |  |  | ",
    ]


def test_filled_statement_looks_as_the_blank_form() -> None:
    rows = [[str(n), *["x"] * 5] for n in (1, 2)]
    words = dict.fromkeys(LIST_HEADERS[1:], "x")
    blank = statement_form(year=2024, unit="郑州大学", date="2024年4月7日", resources=rows)
    assert dump(filled(STATEMENT_PAPER, statement("郑州大学", [words, words]))) == dump(blank)


def test_each_paragraph_of_a_statement_is_a_paragraph_of_its_own() -> None:
    values = {**statement("甲", []), "正文": ("第一段", "第二段")}
    document = docx.Document(io.BytesIO(filled(STATEMENT_PAPER, values)))
    first, second = document.paragraphs[2:4]
    assert (first.text, second.text) == ("第一段", "第二段")
    assert first.paragraph_format.first_line_indent == second.paragraph_format.first_line_indent != 0


def test_list_of_1000_repeats_its_header_and_breaks_no_row() -> None:
    content = filled(STATEMENT_PAPER, statement("甲", [RESOURCE] * 1000))
    (table,) = docx.Document(io.BytesIO(content)).tables
    rows = list(table._tbl.iter(qn("w:tr")))
    assert len(rows) == 1001
    assert [row.find(f".//{qn('w:tblHeader')}") is not None for row in rows] == [True] + [False] * 1000
    assert all(row.find(f".//{qn('w:cantSplit')}") is not None for row in rows)
    assert dump(content)[-1] == "1000 | 航空发动机基础 | A01 | 朱新 | 郑州大学 | 02:45:32"


@pytest.mark.parametrize(
    ("field", "text", "breaks"),
    [
        ("资源名称", "名" * 200, False),
        ("资源名称", "名" * 500, True),
        ("主讲人", "名" * 200, True),
        ("主讲人", "名" * 60, False),
        ("主讲人", "\n".join("名" * 30), True),
    ],
)
def test_only_a_row_that_a_page_cannot_hold_may_be_broken(field: str, text: str, breaks: bool) -> None:
    content = filled(STATEMENT_PAPER, statement("甲", [{field: text}]))
    (table,) = docx.Document(io.BytesIO(content)).tables
    held = [row._tr.find(f".//{qn('w:cantSplit')}") is not None for row in table.rows]
    assert held == [True, not breaks]


def test_hostile_text_is_text_wherever_it_stands() -> None:
    rows = [dict.fromkeys(NAMES, text) for text in HOSTILE]
    for text in (HOSTILE[0], "".join(HOSTILE)):
        lines = dump(filled(STATEMENT_PAPER, statement(text, rows)))
        assert STATEMENT.format(unit=clean(text), year=2024) in lines
        assert lines[-len(HOSTILE) :] == [
            " | ".join([str(n), *[clean(t)] * 5]) for n, t in enumerate(HOSTILE, 1)
        ]


@hypothesis_settings(max_examples=20, deadline=None)
@given(st.text(alphabet=st.sampled_from("{}_%#&<>'\"一\n\t\x0bp;"), max_size=12))
def test_no_text_acts_in_a_template(text: str) -> None:
    content = filled(REGISTRATION, {"年度": "", "单位": text, **dict.fromkeys(PERSON, "")})
    (table,) = docx.Document(io.BytesIO(content)).tables
    assert table.rows[1].cells[0].text == clean(text)


def test_same_values_same_bytes_and_no_trace_of_who_and_when() -> None:
    values = statement("郑州大学", [RESOURCE])
    own = changed(STATEMENT_PAPER, lambda d: setattr(d.core_properties, "author", "张三"))
    assert filled(STATEMENT_PAPER, values) == filled(STATEMENT_PAPER, values)
    properties = docx.Document(io.BytesIO(filled(STATEMENT_PAPER, values, own))).core_properties
    assert (properties.author, properties.last_modified_by, properties.identifier) == ("", "", "")
    with zipfile.ZipFile(io.BytesIO(filled(STATEMENT_PAPER, values))) as package:
        assert {member.date_time[0] for member in package.infolist()} == {1980}


# --- templates that a person has edited -----------------------------------------------------------


def changed(paper: Paper, change: Callable[[Any], object]) -> bytes:
    """The template as a person might save it."""
    document = docx.Document(io.BytesIO(TEMPLATES[paper.file]))
    change(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def retyped(paper: Paper, old: str, new: str) -> bytes:
    def retype(document: Any) -> None:
        found = [run for run in document.element.body.iter(qn("w:t")) if old in (run.text or "")]
        for run in found:
            run.text = run.text.replace(old, new)
        assert found

    return changed(paper, retype)


@pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)
def test_built_in_templates_can_be_filled_and_say_how_to_edit_them(paper: Paper) -> None:
    assert mistake_in(CheckTask(paper, TEMPLATES[paper.file])) == ""
    guide = dump(TEMPLATES[paper.file])[0]
    assert guide.startswith("{#p 模板说明")
    assert all(word in guide for word in paper.example)
    assert not any("模板说明" in line for line in dump(filled(paper, paper.example)))


def test_an_edited_template_is_used_as_edited() -> None:
    def edit(document: Any) -> None:
        document.paragraphs[-1].add_run("（{{ 年度 }}）")
        row = document.tables[0].rows[2]
        (run,) = row.cells[5].paragraphs[0].runs
        run.text = "{{ 资源"  # as Word cuts a text after a spelling check
        row.cells[5].paragraphs[0].add_run(".部署平台 }}")

    own = changed(STATEMENT_PAPER, edit)
    assert mistake_in(CheckTask(STATEMENT_PAPER, own)) == ""
    lines = dump(filled(STATEMENT_PAPER, statement("甲", [{"部署平台": "爱课程"}]), own))
    assert "资源数量：1（2024）" in lines
    assert lines[-1].endswith("| 爱课程")


def test_braces_that_are_text_stay() -> None:
    own = retyped(STATEMENT_PAPER, "{{ 日期 }}", "{{ 日期 }} {甲} ｛乙｝")
    assert mistake_in(CheckTask(STATEMENT_PAPER, own)) == ""
    assert "2024年4月7日 {甲} ｛乙｝" in dump(filled(STATEMENT_PAPER, statement("甲", []), own))


RESTORE = "改不好时请删去这个文件，再运行 make template 重新生成。"


@pytest.mark.parametrize(
    ("paper", "old", "new", "said"),
    [
        (STATEMENT_PAPER, "{{ 正文 }}", "{{ 正文内容 }}", "“正文内容”没有对应的内容"),
        (STATEMENT_PAPER, "资源.主讲人", "资源.主讲", "“主讲”没有对应的内容"),
        (STATEMENT_PAPER, "{{ 正文 }}", "我 郑州大学，自愿", "没有双层花括号括起的“正文”"),
        (STATEMENT_PAPER, "{{ 正文 }}", "｛｛ 正文 ｝｝", "没有双层花括号括起的“正文”"),
        (STATEMENT_PAPER, "{{ 正文 }}", "{{ 正文 }", "花括号的写法有误"),
        (STATEMENT_PAPER, "{%tr endfor %}", "", "花括号的写法有误"),
        (STATEMENT_PAPER, "{{ 日期 }}", "｛｛日期｝｝", "“｛｛日期｝｝”的花括号不是两层英文半角的"),
        (STATEMENT_PAPER, "{{ 日期 }}", "{日期}", "“{日期}”的花括号不是两层英文半角的"),
        (REGISTER, "{{ 负责人.手机 }}", "{{负责人.手机｝｝", "花括号"),
        (STATEMENT_PAPER, "{{ 日期 }}", "{{ 日 期 }}", "花括号的写法有误（在“{{ 日 期 }}”附近）"),
        (STATEMENT_PAPER, "{{ 日期 }}", "{% if 年度 == '1' %}{{ 日 }}{% endif %}", "“日”没有对应的内容"),
        (REGISTRATION, "{{ 手机 }}", "{{ 手机 + 1 }}", "不能填写的写法"),
        (REGISTRATION, "{{ 手机 }}", "{{ 手机.__class__.mro() }}", "花括号的写法有误"),
    ],
)
def test_a_mistake_in_a_template_is_one_sentence_with_file_cause_and_remedy(
    paper: Paper, old: str, new: str, said: str
) -> None:
    _is_one_sentence(mistake_in(CheckTask(paper, retyped(paper, old, new))), paper, said)


@pytest.mark.parametrize(
    ("paper", "template", "said"),
    [
        (REGISTRATION, b"no document at all", "不是能打开的 Word 文档"),
        (REGISTRATION, b"", "不是能打开的 Word 文档"),
        (REGISTER, TEMPLATES[REGISTRATION.file], "中的“单位”没有对应的内容"),
        (STATEMENT_PAPER, TEMPLATES[REGISTER.file], "没有对应的内容"),
    ],
    ids=["no docx", "empty", "registration", "register"],
)
def test_another_file_in_a_templates_place_is_one_sentence(paper: Paper, template: bytes, said: str) -> None:
    _is_one_sentence(mistake_in(CheckTask(paper, template)), paper, said)


def _is_one_sentence(mistake: str, paper: Paper, said: str) -> None:
    assert mistake.startswith(f"模板“{paper.file}”")
    assert said in mistake
    assert mistake.endswith(RESTORE)
    assert mistake.count("。") == 1


# --- the verb on what a run has left ----------------------------------------------------------------


def left_by_a_run(output: Path, units: Mapping[str, Mapping[str, Any]]) -> Path:
    """output/ as a run leaves it. units: by name info, resources (by field), state, accepted (by label)."""
    keep = output / "收件"
    keep.mkdir(parents=True)
    lines: dict[str, list[list[object]]] = {"units": [], "resources": [], "findings": []}
    inputs = []
    for unit, said in units.items():
        info, resources = said.get("info"), said.get("resources", ())
        book = "清单.xlsx" if info is not None else ""
        facts = {"unit": unit, "state": said.get("state", "通过"), "workbook": book}
        lines["units"].append([facts.get(column, "") for column in UNIT_COLUMNS])
        for row, each in enumerate(resources, 2):
            lines["resources"].append([unit, book, row, *(each.get(name, "") for name in NAMES), "退回"])
        for label, new in said.get("accepted", {}).items():
            found = {"unit": unit, "code": "W09", "field": label, "suggestion": new}
            lines["findings"].append([found.get(column, "") for column in FINDING_COLUMNS])
        inputs.append({"unit": unit, "path": "封面.jpg", "size": 1, "sha256": ""})
        if info is not None:
            data = standard_workbook(
                codes={"A01": "视频"}, version="v", call_id="c", rows=resources, unit_info=info
            )
            digest = hashlib.sha256(unit.encode("utf-8", "replace") + data).hexdigest()
            (keep / f"{digest}.xlsx").write_bytes(data)
            inputs.append({"unit": unit, "path": book, "size": len(data), "sha256": digest})
    heads = {"units": UNIT_COLUMNS, "resources": ("unit", "workbook", "row", *NAMES, "verdict")}
    for name, rows in lines.items():
        (output / f"{name}.csv").write_bytes(csv_bytes(heads.get(name, FINDING_COLUMNS), rows))
    record = {"start": NOW.isoformat(), "rules_not_run": {}, "inputs": inputs}
    text = json.dumps(record, ensure_ascii=False)
    (output / "run.json").write_bytes(text.encode("utf-8", "backslashreplace"))
    return output


def attached(output: Path, templates: Path | None = None, jobs: int = 1) -> Attached:
    folder = templates or output.parent / "templates"
    return write_attachments(output, folder, SETTINGS, jobs, NOW, Progress(io.StringIO()))


def papers_of(output: Path) -> dict[str, bytes]:
    found = sorted((output / "附件").rglob("*.docx"))
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Attached, dict[str, bytes]]:
    units = {
        "郑州大学": {
            "info": {"单位名称": "郑州大学", **PERSON, "安全审核日期": "2024-04-07"},
            "resources": [RESOURCE, {"资源名称": "=第二讲", "资源类型": "A99"}],
        },
        "甲市教育局/第一中学": {"info": {"单位名称": "第一中学", "负责人姓名": "王芳"}, "resources": []},
        "只有附件学院": {"state": "已收附件"},
        "未报学院": {"state": "未报送"},
        "a&b<c>{{7*7}}\x07\ud800": {"info": {"手机": "1380000"}, "accepted": {"手机": "13800000000"}},
        "负责人信息登记表（汇总）.docx": {"info": {}},
    }
    output = left_by_a_run(tmp_path_factory.mktemp("call") / "output", units)
    done = attached(output, jobs=2)
    return output, done, papers_of(output)


def test_every_unit_with_a_workbook_has_both_papers(call: tuple[Path, Attached, dict[str, bytes]]) -> None:
    _, done, papers = call
    folders = ("郑州大学", "甲市教育局/第一中学", "a&b_c_{{7_7}}��", "负责人信息登记表（汇总）.docx_")
    names = [f"附件/{folder}/{name}" for folder in folders for name in (REGISTRATION_NAME, STATEMENT_NAME)]
    assert sorted(papers) == sorted([attach.REGISTER_NAME, *names])
    assert (done.units, done.files, done.faults) == (4, 9, [])
    assert done.remarks == [
        "“只有附件学院”没有可以读取的工作簿，没有生成附件，请用 templates 中的空白表填写。"
    ]


def test_papers_say_what_the_unit_sent(call: tuple[Path, Attached, dict[str, bytes]]) -> None:
    papers = call[2]
    assert dump(papers[f"附件/郑州大学/{REGISTRATION_NAME}"])[-1] == " | ".join(
        ["郑州大学", *PERSON.values()]
    )
    lines = dump(papers[f"附件/郑州大学/{STATEMENT_NAME}"])
    assert "2024年4月7日" in lines
    assert lines[-2:] == [
        "1 | 航空发动机基础 | 视频资源 | 朱新 | 郑州大学 | 02:45:32",
        "2 | =第二讲 | A99 |  |  | ",
    ]


def test_what_is_missing_is_left_to_be_filled_by_hand(call: tuple[Path, Attached, dict[str, bytes]]) -> None:
    papers = call[2]
    assert dump(papers[f"附件/甲市教育局/第一中学/{REGISTRATION_NAME}"])[-1] == "第一中学 | 王芳 |  |  |  | "
    lines = dump(papers[f"附件/甲市教育局/第一中学/{STATEMENT_NAME}"])
    assert "2024年　月　日" in lines
    assert lines[-BLANK_ROWS - 2 :] == [
        "资源数量：",
        " | ".join(LIST_HEADERS),
        *[" |  |  |  |  | "] * BLANK_ROWS,
    ]


def test_one_table_holds_all_persons(call: tuple[Path, Attached, dict[str, bytes]]) -> None:
    assert dump(call[2][attach.REGISTER_NAME])[2:] == [
        "共 4 个单位",
        "序号 | 单位 | 负责人姓名 | 职务 | 座机 | 手机 | 电子邮箱",
        " | ".join(["1", "郑州大学", *PERSON.values()]),
        "2 | 甲市教育局/第一中学 | 王芳 |  |  |  | ",
        "3 | a&b<c>{{7*7}}�� |  |  |  | 13800000000 | ",
        "4 | 负责人信息登记表（汇总）.docx |  |  |  |  | ",
    ]


def test_a_second_time_gives_the_same_bytes_and_touches_nothing_else(
    call: tuple[Path, Attached, dict[str, bytes]],
) -> None:
    output, _, papers = call
    (output / "附件" / "旧的.docx").write_bytes(b"")
    before = {
        path: path.read_bytes() for path in output.rglob("*") if path.suffix in (".csv", ".json", ".xlsx")
    }
    attached(output)
    assert papers_of(output) == papers
    assert {path: path.read_bytes() for path in before} == before
    assert not [path.name for path in output.iterdir() if path.name in (".新", ".旧", ".待换")]


def test_without_a_run_there_is_one_sentence_and_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"没有完整的校验结果，请先运行 make validate。$"):
        attached(tmp_path / "output")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "output").mkdir()
    with pytest.raises(ReportError, match="没有完整的校验结果"):
        attached(tmp_path / "output")


def test_a_record_that_was_tampered_with_is_one_sentence(tmp_path: Path) -> None:
    output = left_by_a_run(tmp_path / "output", {"甲": {"info": {}}})
    record = json.loads((output / "run.json").read_text("utf-8"))
    (output / "run.json").write_text(json.dumps({**record, "inputs": [1]}), "utf-8")
    with pytest.raises(AttachError, match=r"被改动过，读不出来，请重新运行 make validate。$"):
        attached(output)


def test_a_copy_that_is_gone_leaves_blanks_and_is_told(tmp_path: Path) -> None:
    output = left_by_a_run(tmp_path / "output", {"甲": {"info": PERSON, "resources": [RESOURCE]}})
    shutil.rmtree(output / "收件")
    done = attached(output)
    (said,) = done.remarks
    assert said.startswith("“甲”的工作簿在“收件”中找不到或读不出来")
    papers = papers_of(output)
    assert dump(papers[f"附件/甲/{REGISTRATION_NAME}"])[-1] == "甲 |  |  |  |  | "
    assert "航空发动机基础" in dump(papers[f"附件/甲/{STATEMENT_NAME}"])[-1]


def test_a_broken_template_stops_and_the_old_papers_stay(tmp_path: Path) -> None:
    output = left_by_a_run(tmp_path / "output", {"甲": {"info": PERSON}})
    templates = tmp_path / "templates"
    templates.mkdir()
    attached(output)
    before = papers_of(output)
    (templates / REGISTRATION.file).write_bytes(b"spoilt")
    (templates / STATEMENT_PAPER.file).write_bytes(retyped(STATEMENT_PAPER, "{{ 日期 }}", "{{ 日子 }}"))
    with pytest.raises(AttachError) as told:
        attached(output)
    first, second = str(told.value).split("\n")
    assert first.startswith("模板“附件1登记表模板.docx”不是能打开的")
    assert second.startswith("模板“附件2审核说明模板.docx”中的“日子”")
    assert papers_of(output) == before
    own = changed(REGISTRATION, lambda document: document.add_paragraph("本省附注 {{ 年度 }}"))
    (templates / REGISTRATION.file).write_bytes(own)
    (templates / STATEMENT_PAPER.file).unlink()
    attached(output)
    assert dump(papers_of(output)[f"附件/甲/{REGISTRATION_NAME}"])[-1] == "本省附注 2024"


def test_not_while_another_run_is_going_on(tmp_path: Path) -> None:
    output = left_by_a_run(tmp_path / "output", {})
    with locked(output, NOW.isoformat()), pytest.raises(OutputError, match="另一次运行还没有结束"):
        attached(output)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("2024-04-07", "2024年4月7日"),
        ("2024年4月17日", "2024年4月17日"),
        ("２０２４．４．７", "2024年4月7日"),
        ("2024-04-07 00:00:00", "2024年4月7日"),
        ("2024-02-30", ""),
        ("2024.4", ""),
        ("4月7日", ""),
        ("2024年XX月XX日", ""),
        ("", ""),
    ],
)
def test_a_day_is_printed_as_in_official_documents_or_left_open(text: str, printed: str) -> None:
    assert printed_day(text, SETTINGS) == printed


# --- as other programs see them ----------------------------------------------------------------------


def converted(files: Mapping[str, bytes], to: str, folder: Path) -> dict[str, bytes]:
    """What LibreOffice makes of documents."""
    folder.mkdir()
    for name, data in files.items():
        (folder / f"{name}.docx").write_bytes(data)
    command = [
        str(OFFICE), f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless",
        "--convert-to", to, "--outdir", str(folder / "out"),
        *(str(folder / f"{name}.docx") for name in files),
    ]  # fmt: skip
    subprocess.run(command, capture_output=True, check=True, timeout=100)
    return {name: (folder / "out" / f"{name}.{to}").read_bytes() for name in files}


@pytest.mark.full
@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_papers_and_templates_survive_libreoffice(tmp_path: Path) -> None:
    # LibreOffice itself writes _x000B_ as an escape, and drops blanks at the end.
    lines = [dict.fromkeys(NAMES, text.rstrip()) for text in HOSTILE if "_x" not in text]
    files = {"paper": filled(STATEMENT_PAPER, statement("郑州大学", lines))}
    files |= {f"t{number}": TEMPLATES[name] for number, name in enumerate(PAPERS)}
    saved = converted(files, "docx", tmp_path / "saved")
    assert dump(saved["paper"]) == dump(files["paper"])
    for number, paper in enumerate(PAPERS.values()):
        template = saved[f"t{number}"]
        assert mistake_in(CheckTask(paper, template)) == ""
        assert dump(filled(paper, paper.example, template)) == dump(filled(paper, paper.example))


@pytest.mark.full
@pytest.mark.skipif(OFFICE is None or not shutil.which("pdftotext"), reason="needs LibreOffice and pdftotext")
def test_nothing_is_clipped_and_the_header_repeats_on_paper(tmp_path: Path) -> None:
    rows = [{**RESOURCE, "资源名称": f"资源{n}头" + "长" * 190 + f"尾{n}。"} for n in range(60)]
    rows += [{"主讲人": "名" * 600 + "末尾。"}, {"资源名称": "x" * 3000 + "末尾。"}]
    (pdf,) = converted(
        {"long": filled(STATEMENT_PAPER, statement("甲" * 200, rows))}, "pdf", tmp_path / "p"
    ).values()
    (tmp_path / "long.pdf").write_bytes(pdf)
    command = [str(shutil.which("pdftotext")), str(tmp_path / "long.pdf"), "-"]
    text = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()
    pages = ["".join(page.split()) for page in text.split("\f")[:-1]]
    whole = "".join(pages)
    assert [f"尾{n}。" for n in range(60) if f"尾{n}。" not in whole] == []
    assert whole.count("末尾。") == 2
    first = next(number for number, page in enumerate(pages) if page.startswith("报送单位及资源列表"))
    assert all("序号资源名称" in page for page in pages[first + 1 :])
    assert all(f"—{number}—" in page for number, page in enumerate(pages, 1))


@pytest.mark.full
@pytest.mark.skipif(VALIDATOR is None, reason="the program ooxml-validator is not on the PATH")
@pytest.mark.parametrize("name", [*TEMPLATES, "filled"])
def test_the_open_xml_sdk_finds_nothing(name: str, tmp_path: Path) -> None:
    hostile = statement(HOSTILE[0], [dict.fromkeys(NAMES, text) for text in HOSTILE])
    content = TEMPLATES.get(name) or filled(STATEMENT_PAPER, hostile)
    path = tmp_path / "document.docx"
    path.write_bytes(content)
    done = subprocess.run([str(VALIDATOR), str(path)], capture_output=True, check=False, timeout=60)
    assert json.loads(done.stdout)["errors"] == []
