"""The papers that go out: what each says and shows, and the templates with words to be replaced.

附件1 and 附件2 keep the notice's words. The list that 附件2 wants attached has no form in the notice
(通知未规定): ours is made from the metadata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.fields import NAMES
from pipeline.render import official
from pipeline.render.attachments import layout
from pipeline.render.attachments.layout import LIST_SIZE, TABLE_SIZE

REGISTRATION_TITLE = "终身学习资源报送工作负责人信息登记表"
STATEMENT_TITLE = "数字化资源征集内容安全审核情况说明"
LIST_TITLE = "报送单位及资源列表"

REGISTRATION_HEADERS: tuple[str, ...] = ("单位", "负责人姓名", "职务", "座机", "手机", "电子邮箱")
"""Columns of 附件1."""

LIST_HEADERS: tuple[str, ...] = ("序号", "资源名称", "资源类型", "主讲人", "版权方", "资源时长")
"""Columns of the list attached to 附件2."""

STATEMENT = (
    "我 {unit}，自愿参与 {year}年度继续教育数字化资源征集工作。申报的课程资源均经过我单位审核，"
    "审核方式为全量人工精审，资源均已通过内容安全审核，无意识形态安全风险，"
    "适用于网络、新媒体等各数字化形式传播，全部申报资源版权清晰，不存在侵权等问题"
    "（报送单位及资源列表另附）。同意组织方、协办方以“继续教育数字化资源”的名义，"
    "在国家智慧教育平台、国家开放大学终身教育平台、河南终身学习网等互联网平台和媒体进行发布共享和宣传。"
)
"""附件2 in the notice's words; config.yaml has the same, and can have others."""

BLANK_ROWS = 12
"""Rows of a list that is to be filled by hand."""

Row = Mapping[str, str]
Value = str | tuple[str, ...] | Sequence[Row]
"""A text, paragraphs, or the rows of a table."""

_REGISTRATION_WIDTHS = (50, 28, 30, 39, 33, 45)
_LIST_WIDTHS = (12, 53, 19, 24, 29, 19)
_REGISTER_HEADERS = ("序号", *REGISTRATION_HEADERS)
_REGISTER_WIDTHS = (11, 48, 24, 34, 34, 29, 45)


class Paper(NamedTuple):
    """A template that the province may edit: its file, and which words it may hold.

    example gives every word a value, and so says whether it is a text or a table. needed are
    the words without which a filled paper would say nothing of its unit.
    """

    file: str
    example: Mapping[str, Value]
    needed: tuple[str, ...]


_PERSON = dict.fromkeys(REGISTRATION_HEADERS, "示例")
REGISTRATION = Paper("附件1登记表模板.docx", {"年度": "2024", **_PERSON}, ("单位",))
REGISTER = Paper(
    "附件1汇总表模板.docx",
    {"年度": "2024", "单位数": "1", "负责人列表": [{"序号": "1", **_PERSON}]},
    ("负责人列表",),
)
STATEMENT_PAPER = Paper(
    "附件2审核说明模板.docx",
    {
        "年度": "2024",
        "单位": "示例",
        "正文": ("示例",),
        "日期": "2024年4月17日",
        "资源数": "1",
        "资源列表": [{"序号": "1", **dict.fromkeys(NAMES, "示例")}],
    },
    ("正文", "资源列表"),
)


# --- the words of 附件2 -----------------------------------------------------------------------


def statement_paragraphs(statement: str, *, unit: str, year: int, date: str) -> tuple[str, ...]:
    """The paragraphs of 附件2 with unit, year and date in their places; any other brace is text."""
    values = {"unit": unit, "year": str(year), "date": date}
    return tuple(_put_in(line, values) for line in statement.split("\n") if line.strip())


def _put_in(line: str, values: Mapping[str, str]) -> str:
    """The line with its {names} replaced, in one pass: what stands in a value is never a name."""
    opened = line.split("{")
    text = opened[0]
    for each in opened[1:]:
        name, closed, rest = each.partition("}")
        text += values[name] + rest if closed and name in values else "{" + each
    return text


# --- templates --------------------------------------------------------------------------------


def registration_template() -> bytes:
    """附件1 with words to be replaced."""
    document = registration_sheet(f"{REGISTRATION_TITLE} （公章）", REGISTRATION)
    add_person(registration_table(document), [_word(header) for header in REGISTRATION_HEADERS])
    return layout.frozen(document)


def register_template() -> bytes:
    """One table of all responsible persons, with words to be replaced."""
    document = registration_sheet(f"{REGISTRATION_TITLE}（汇总）", REGISTER)
    layout.add_line(document, f"共 {_word('单位数')} 个单位")
    table = layout.add_table(document, _REGISTER_HEADERS, _REGISTER_WIDTHS, size=LIST_SIZE)
    layout.add_repeat(table, "{%tr for 负责人 in 负责人列表 %}")
    words = [_word(f"负责人.{header}") for header in _REGISTER_HEADERS]
    layout.add_row(table, words, height=9, size=LIST_SIZE, left=(1,))
    layout.add_repeat(table, "{%tr endfor %}")
    return layout.frozen(document)


def statement_template() -> bytes:
    """附件2 and its list, with words to be replaced."""
    document = statement_sheet([_word("正文")], _word("日期"), STATEMENT_PAPER)
    add_list_heading(document, _word("单位"), _word("资源数"))
    table = resource_table(document)
    layout.add_repeat(table, "{%tr for 资源 in 资源列表 %}")
    add_resource(table, [_word(f"资源.{header}") for header in LIST_HEADERS])
    layout.add_repeat(table, "{%tr endfor %}")
    return layout.frozen(document)


def _word(name: str) -> str:
    return f"{{{{ {name} }}}}"


def _add_guide(document: Any, paper: Paper) -> None:
    """What a person who edits the template must know; left out of what is made from it."""
    rows = {name: value[0] for name, value in paper.example.items() if isinstance(value, list)}
    inside = "".join(
        f"“{name}”两行 tr 之间的一行按条数重复，行内可用的词：{'、'.join(row)}。"
        for name, row in rows.items()
    )
    text = (
        "模板说明（生成时自动去掉这一段）：双层花括号里的词会换成各单位的内容，可以移动、改字体，词本身不要改；"
        f"其他文字和版式可以自由修改。可用的词：{'、'.join(paper.example)}。{inside}"
    )
    layout.add_line(document, f"{{#p {text} #}}", font=official.REMARK)


# --- what both have in common -----------------------------------------------------------------


def registration_sheet(title: str, paper: Paper | None = None) -> Any:
    """The page of 附件1, without its table. paper: with a guide to the words of this template."""
    document = official.new_document(REGISTRATION_TITLE, landscape=True)
    if paper:
        _add_guide(document, paper)
    layout.add_heading(document, "附件1", title)
    return document


def registration_table(document: Any) -> Any:
    """The table of 附件1, without a person."""
    return layout.add_table(document, REGISTRATION_HEADERS, _REGISTRATION_WIDTHS, size=TABLE_SIZE)


def add_person(table: Any, texts: Sequence[str]) -> None:
    """The row of 附件1."""
    layout.add_row(table, texts, height=14, size=TABLE_SIZE)


def statement_sheet(paragraphs: Sequence[str], date: str, paper: Paper | None = None) -> Any:
    """The page of 附件2 that is sealed. paper: as for 附件1.

    Seal and date stay with 特此说明, so that no page has a seal alone.
    """
    document = official.new_document(STATEMENT_TITLE)
    if paper:
        _add_guide(document, paper)
    layout.add_heading(document, "附件2", STATEMENT_TITLE)
    for paragraph in paragraphs:
        layout.add_paragraph(document, paragraph, indent=2)
    layout.add_paragraph(document, "特此说明。", indent=2, keep=True)
    for _ in range(2):
        layout.add_paragraph(document, "", keep=True)
    layout.add_paragraph(document, "（盖单位章）", right=4, keep=True)
    layout.add_paragraph(document, date, right=4)
    return document


def add_list_heading(document: Any, unit: str, number: str) -> None:
    """What stands over the list, on a new page."""
    official.add_title(document, LIST_TITLE, new_page=True)
    layout.add_line(document, f"报送单位：{unit}")
    layout.add_line(document, f"资源数量：{number}")


def resource_table(document: Any) -> Any:
    """The list without a resource."""
    return layout.add_table(document, LIST_HEADERS, _LIST_WIDTHS, size=LIST_SIZE)


def add_resource(table: Any, texts: Sequence[str]) -> None:
    """A row of the list."""
    layout.add_row(table, texts, height=9, size=LIST_SIZE, left=(1, 4))
