"""资源ID, 资源名称, 资源简介, 版权方, 资源目录 (规则 R01, R02, R08, R11, R16)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.parsers import expat
from xml.parsers.expat import errors

from pipeline.fields import MARKUP, OPENING_TAG, SEE_ELSEWHERE
from pipeline.model import Kind, Severity
from pipeline.rules.rule import INFERRED, LITERAL, Reading, condition, reader, rule, table_rule
from pipeline.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

_MARKUP = re.compile(f"{MARKUP}|^{OPENING_TAG}", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>|&(?:nbsp|ldquo|rdquo|mdash|hellip|middot);", re.IGNORECASE)
_SEE = re.compile(SEE_ELSEWHERE)
_OWN = re.compile(
    r"(?=..)(?:归|属)?(?:我们|我|本|作者本?)?(?:校|院|学院|学校|单位|司|公司|局|人|方)?"
    r"(?:自有|原创|自制|自主)?(?:版权|知识产权|作品)?(?:所有)?|个人|自己|校方|院方"
)
_XML_HEAD = re.compile(r"^\s*<\?xml[^>]*\?>")


@table_rule(
    "R01-1",
    Severity.WARNING,
    "资源ID",
    reads=("资源ID",),
    title="资源ID 留空",
    why="编号由平台自动生成，自己填的会与平台的冲突。",
    source="附件4 表1 “资源ID”：平台自动生成",
    basis=LITERAL,
    says="“资源ID”由平台自动生成，请勿填写，现填有“{value}”。",
    fix="请清空“资源ID”。",
    bad="""
    | 资源ID |
    | >001< |
    """,
    good="",
)
def identifier_filled(resources: pd.DataFrame) -> pd.DataFrame:
    """Any value at all."""
    return resources[resources["资源ID"] != ""]


R08_2 = rule(
    "R08-2",
    Severity.ERROR,
    "资源简介",
    title="资源简介为纯文本",
    why="网页代码会原样显示给学习者，“见附件”则什么也看不到。",
    source="附件4 表1 “资源简介”：必填, 文本格式",
    basis=LITERAL,
    says="“资源简介”应为纯文本，发现{what}。",
    fix="请改为一段文字，写明内容、对象和学习收获{hint}。",
    bad="<p>介绍航空发动机的组成和原理</p>",
    good="介绍航空发动机的组成和原理",
)


@reader("资源简介")
def read_introduction(text: str, _kind: Kind, _settings: Settings) -> Reading:
    """Text without the tags, if tags were the only fault."""
    found = _MARKUP.search(text)
    if not found:
        return R08_2.found(what=f"“{text}”，没有实际内容")
    plain = re.sub(
        r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])", "", re.sub(r"\s+", " ", _TAG.sub(" ", text))
    ).strip()
    usable = (
        plain and not _SEE.fullmatch(plain) and not _MARKUP.search(plain) and not re.search("[<>]", plain)
    )
    return R08_2.found(plain if usable else "", what=f"网页代码“{found[0].strip()}”")


R11_2_SOURCE = "附件4 表1 “版权方”：版权所属机构或个人名称"


@table_rule(
    "R11-2",
    Severity.WARNING,
    "版权方",
    reads=("版权方",),
    title="版权方填全称",
    why="“本校”“自有”和简称离开报送单位就看不出是谁。",
    source=R11_2_SOURCE,
    basis=INFERRED,
    says="“{value}”不是机构全称或个人姓名。",
    fix="请填版权所属机构的全称或个人姓名{hint}。",
    bad="""
    | 版权方 |
    | >我校< |
    """,
    good="河南开放大学",
)
def rights_not_named(resources: pd.DataFrame) -> pd.DataFrame:
    """Words for oneself, and short forms of the unit's own name, which is the suggestion."""
    unit = resources["@unit"].str.rpartition("/")[2]
    pairs = {
        (text, name): _names_oneself(text) or _abbreviates(text, name)
        for text, name in set(zip(resources["版权方"], unit, strict=True))
    }
    wrong = [pairs[pair] for pair in zip(resources["版权方"], unit, strict=True)]
    return resources.assign(suggestion=unit)[wrong]


def _names_oneself(text: str) -> bool:
    return bool(_OWN.fullmatch(text.strip("。.（）()")))


def _abbreviates(text: str, unit: str) -> bool:
    """郑大, 郑州大 or 洛阳理工 for the unit's own name: shorter, and ending as short names do."""
    if not 2 <= len(text) <= len(unit) - 2 or text[0] != unit[0]:
        return False
    if unit.startswith(text):
        return len(text) >= 3 and bool(
            re.fullmatch("(?:职业|技术|专科|高等|师范)*(?:学院|大学|学校)", unit[len(text) :])
        )
    rest = iter(unit)
    return len(text) <= 5 and text[-1] in "大院校职师专局工理财医农林" and all(char in rest for char in text)


R16_1 = rule(
    "R16-1",
    Severity.ERROR,
    "资源目录",
    title="资源目录是 XML 格式字符串",
    why="平台按 XML 读取目录，标记不成对就读不出来。",
    source="附件4 表1 “资源目录”：XML格式字符串（结构通知未规定）",
    basis=LITERAL,
    says="“资源目录”不是有效的 XML：{why}。",
    fix="请检查标记是否成对，或留空；写法如 <catalog><item>第一章</item></catalog>。",
    bad="第一章 绪论",
    good="<catalog><item>第一章 绪论</item></catalog>",
)
R16_4 = rule(
    "R16-4",
    Severity.ERROR,
    "资源目录",
    title="资源目录不含文档类型声明",
    why="声明可以夹带外部内容，出于安全不予接收。",
    source="附件4 表1 “资源目录”；安全要求通知未规定",
    basis=INFERRED,
    says="“资源目录”含有 <!DOCTYPE 声明，出于安全不予接收。",
    fix="请删去 <!DOCTYPE …> 一段。",
    bad="<!DOCTYPE a><a>1</a>",
    good="<a>1</a>",
)


@condition("资源目录")
def is_safe_xml(text: str, _settings: Settings) -> bool:
    """Well-formed and without declarations."""
    return not xml_fault(text)


@reader("资源目录")
def read_catalogue(text: str, _kind: Kind, _settings: Settings) -> Reading:
    """Why the text is no safe XML."""
    why = xml_fault(text)
    return R16_4.found() if why == _DECLARATION else R16_1.found(why=why)


_DECLARATION = "含有文档类型声明"
_XML_FAULTS = {
    errors.XML_ERROR_TAG_MISMATCH: "第 {line} 行的结束标记与开始标记不一致",
    errors.XML_ERROR_NO_ELEMENTS: "有标记没有结束",
    errors.XML_ERROR_UNCLOSED_TOKEN: "第 {line} 行有标记没有写完",
    errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT: "最外层标记之后还有内容",
    errors.XML_ERROR_INVALID_TOKEN: (
        "第 {line} 行的 & 或 < 没有转义（应写成 &amp; 或 &lt;），或者属性值缺少引号"
    ),
    errors.XML_ERROR_UNDEFINED_ENTITY: "第 {line} 行有不认识的 & 代码",
    errors.XML_ERROR_DUPLICATE_ATTRIBUTE: "第 {line} 行的同一标记中有两个同名属性",
    errors.XML_ERROR_MISPLACED_XML_PI: "<?xml …?> 不在开头",
}


class _Declares(Exception):  # noqa: N818
    """A DOCTYPE was met; the parser must not go on."""


def xml_fault(text: str) -> str:
    """What keeps the text from being well-formed XML without declarations, in plain words; "" if nothing.

    Prefixes need not be declared: the notice asks for XML, and has published no structure.
    """
    if not text.lstrip().startswith("<"):
        return "内容是普通文字，没有标记"
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = _refuse_declaration
    try:
        parser.Parse(_XML_HEAD.sub("", text).encode("utf-8", "surrogatepass"), True)
    except _Declares:
        return _DECLARATION
    except expat.ExpatError as error:
        form = _XML_FAULTS.get(expat.ErrorString(error.code), "第 {line} 行写法有误")
        return form.format(line=error.lineno)
    return ""


def _refuse_declaration(*_declaration: object) -> None:
    raise _Declares
