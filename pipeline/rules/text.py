"""Rules for any text: invisible blanks, placeholders, full-width forms (规则 G)."""

from __future__ import annotations

import re
import unicodedata

from pipeline.model import Severity
from pipeline.rules.rule import INFERRED, LITERAL, OTHER, Reading, rule

_BLANKS = (9, 10, 13, 32, 0xA0, 0x1680, *range(0x2000, 0x2010), *range(0x2028, 0x2030), 0x205F, 0x3000)
_ZERO_WIDTH = (0x200B, 0x2060, 0xFEFF)
INVISIBLE = "".join(map(chr, (*_BLANKS, *range(0x2060, 0x2065), 0xFEFF)))
"""Blanks and zero-width characters that nobody sees at the ends of a text."""
_ANY_ZERO_WIDTH = re.compile(f"[{''.join(map(chr, _ZERO_WIDTH))}]")

LONGEST_PLACEHOLDER = 24
_FIRST_OF_PLACEHOLDERS = frozenset(
    "无没暂/／\\、-－—–_空略NnTt同如〃待未不xX×Ｘ*＊?？.。…示样请某0（()）【】 \u3000"
)
"""Tells nearly all values at a glance from placeholders."""

ERROR_VALUES = frozenset(
    (
        "#REF!",
        "#VALUE!",
        "#N/A",
        "#NAME?",
        "#DIV/0!",
        "#NUM!",
        "#NULL!",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        "#BLOCKED!",
    )
)
"""What a formula leaves when it fails, also as text pasted or typed."""

PLACEHOLDER = re.compile(r"无|没有|暂无|[/／\\、\-－—–_]+|空|略|N/?A|n/?a|nil|null|none|None|NULL")
FILLER = re.compile(
    r"0|某{2,}|同上|同前|如上|〃|未填写?|暂无简介|待定|待补充?|待填写?|待完善|未定|未知|不详|[xX×ＸX*＊?？.。…]{2,}|示例|样例|请填写.*|待上传|TBD|tbd"
)
FULL_WIDTH = re.compile("[\uff01-\uff5e\u3000\u3002]")

G01 = rule(
    "G01",
    Severity.NOTE,
    "全部文本",
    title="首尾无不可见空白",
    why="看不见的空白会使查找、比对和排序出错。",
    source="通知未规定；网信办元数据核验常见问题",
    basis=OTHER,
    says="含有看不见的空白或字符，已去除。",
    fix="无须处理；下次录入时请不要多敲空格。",
    bad="郑州大学　",
    good="郑州大学",
)
G03 = rule(
    "G03",
    Severity.WARNING,
    "编码、日期、时间、数值、链接",
    title="无全角数字、字母和符号",
    why="全角和半角在计算机中是不同的字符，平台不能识别全角的代码和数字。",
    source="附件4 表1 各字段格式；通知未规定全角",
    basis=OTHER,
    says="“{value}”含全角字符，已按“{suggestion}”读取。",
    fix="请切换到英文半角，填“{suggestion}”。",
    bad="Ａ01",
    good="A01",
)
G04 = rule(
    "G04",
    Severity.NOTE,
    "选填字段",
    title="选填字段没有内容时留空",
    why="“无”“/”一类的占位会被当成真实内容发布。",
    source="附件4 备注：除说明为必填外均为选填",
    basis=OTHER,
    says="填了“{value}”，已按未填写处理。",
    fix="没有内容时请留空。",
    bad="无",
    good="",
)
G05 = rule(
    "G05",
    Severity.ERROR,
    "必填字段",
    title="必填字段不填占位内容",
    why="占位内容等于没有填写，而这一项是必填。",
    source="附件4 表1 必填",
    basis=INFERRED,
    says="“{field}”填的是占位内容“{value}”。",
    fix="请填写实际内容。",
    bad="同上",
    good="河南开放大学",
)


def required_rule(code: str, field: str) -> None:
    """Declare that a field of 表1 is 必填."""
    example = {
        "资源名称": "航空发动机基础",
        "资源类型": "A01",
        "资源简介": "介绍航空发动机的组成、原理和发展",
        "版权方": "河南开放大学",
        "主讲人": "朱新",
        "资源封面": "fm001.jpg",
    }[field]
    rule(
        code,
        Severity.ERROR,
        field,
        title=f"“{field}”必填",
        why="表1 注明本字段必填，缺少时资源不能入库。",
        source=f"附件4 表1 “{field}”：必填",
        basis=LITERAL,
        says="“{field}”未填写。",
        fix=f"请填写“{field}”，如：{example}。",
        bad="",
        good=example,
    )


REQUIRED_CODES = {
    "资源名称": "R02-1",
    "资源类型": "R03-1",
    "资源简介": "R08-1",
    "版权方": "R11-1",
    "主讲人": "R12-1",
    "资源封面": "R15-1",
}
for _field, _code in REQUIRED_CODES.items():
    required_rule(_code, _field)


def trimmed(text: str) -> str:
    """The text without blanks at its ends and without characters of no width anywhere (rule G01)."""
    return (_ANY_ZERO_WIDTH.sub("", text) if not text.isascii() else text).strip(INVISIBLE)


def is_placeholder(text: str, required: bool) -> bool:
    """Whether the text stands for nothing: 无 or / anywhere, 同上 or XXX where a value is required."""
    if len(text) > LONGEST_PLACEHOLDER or text[0] not in _FIRST_OF_PLACEHOLDERS:
        return False
    bare = "".join(text.strip("。.（）()【】").split())
    return bool(PLACEHOLDER.fullmatch(bare) or PLACEHOLDER.fullmatch(text)) or (
        required and bool(FILLER.fullmatch(bare) or FILLER.fullmatch(text))
    )


def half_width(text: str) -> str:
    """Full-width ASCII forms, 。 and the ideographic space as their half-width selves.

    Only for codes, dates, times, numbers and the front of links: running text keeps its
    full-width punctuation (never NFKC a whole cell).
    """
    folded = "".join(unicodedata.normalize("NFKC", char) if FULL_WIDTH.match(char) else char for char in text)
    return folded.replace("。", ".")


def folded(text: str, form: re.Pattern[str]) -> Reading | None:
    """A reading by rule G03, if only full-width characters keep the text from being right."""
    narrow = half_width(text).strip()
    if narrow != text and form.fullmatch(narrow):
        return G03.found(narrow, safe=True)
    return None
