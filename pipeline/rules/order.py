"""所属顺序 as written; what a series' orders are together is told in `series` (规则 R07-2)."""

from __future__ import annotations

import re
import unicodedata

from pipeline.fields import form_of
from pipeline.model import Kind, Severity
from pipeline.pattern import late
from pipeline.rules.rule import EXAMPLE, Reading, reader, rule
from pipeline.rules.text import folded, half_width
from pipeline.settings import Settings

_FORM = form_of("所属顺序")
_CLAUSE = "附件4 表1 “所属顺序” 如: 01"
_DIGITS = dict(zip("零〇一二三四五六七八九", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_NUMBER = r"([0-9]{1,4}|[零〇一二三四五六七八九十]{1,3})"
_ORDINAL = late(rf"(?:第|[Nn][Oo]\.?|[（(])?{_NUMBER}[讲课集章节回期部篇辑单元课时]*[、.)）]?")

R07_2 = rule(
    "R07-2",
    Severity.WARNING,
    "所属顺序",
    title="所属顺序为两位及以上数字",
    why="按两位数字排序才不会把 10 排到 2 前面；表格软件常把 01 变成 1。",
    source=_CLAUSE,
    basis=EXAMPLE,
    says="“{value}”不是两位数字的顺序号。",
    fix="请填“{suggestion}”（先把单元格设为文本格式再录入）。",
    bad="1",
    good="01",
)
R07_2B = rule(
    "R07-2b",
    Severity.ERROR,
    "所属顺序",
    title="所属顺序是一个数字",
    why="看不出是第几个，就无法在系列中排列。",
    source=_CLAUSE,
    basis=EXAMPLE,
    says="“{value}”看不出是第几个。",
    fix="请填一个两位数字的顺序号，如 01。",
    bad="01-02",
    good="01",
)


@reader("所属顺序")
def read_order(text: str, _kind: Kind, _settings: Settings) -> Reading:
    """A number, or an ordinal in words."""
    narrow = folded(text, _FORM)
    if narrow:
        return narrow
    plain = re.sub(r"\s", "", half_width(text))
    number = re.fullmatch(r"([0-9]{1,9})(?:\.0+)?", plain)
    if number:
        return R07_2.found(f"{int(number[1]):02d}", safe=True)
    single = unicodedata.numeric(plain, 0.0) if len(plain) == 1 else 0.0
    if single and single.is_integer():
        return R07_2.found(f"{int(single):02d}")
    ordinal = _ORDINAL.fullmatch(plain)
    if ordinal:
        value = _value(ordinal[1])
        if value:
            return R07_2.found(f"{value:02d}")
    return R07_2B.found()


def _value(words: str) -> int:
    """A Chinese or Arabic number below 100; 0 if it is none."""
    if words.isdecimal():
        return int(words)
    tens, ten, ones = words.rpartition("十")
    if any(part and part not in _DIGITS for part in (tens, ones)):
        return 0
    return (_DIGITS.get(tens, 1) * 10 if ten else 0) + _DIGITS.get(ones, 0)
