"""所属系列 and 所属顺序 (规则 R06, R07)."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from pipeline.fields import BY_NAME
from pipeline.model import Kind, Severity
from pipeline.rules.rule import EXAMPLE, INFERRED, Reading, reader, rule, table_rule
from pipeline.rules.text import folded, half_width
from pipeline.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

_FORM = re.compile(BY_NAME["所属顺序"].form)
_CLAUSE = "附件4 表1 “所属顺序” 如: 01"
_DIGITS = dict(zip("零〇一二三四五六七八九", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_NUMBER = r"([0-9]{1,4}|[零〇一二三四五六七八九十]{1,3})"
_ORDINAL = re.compile(rf"(?:第|[Nn][Oo]\.?|[（(])?{_NUMBER}[讲课集章节回期部篇辑单元课时]*[、.)）]?")

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


def _series_key(series: pd.Series) -> pd.Series:
    """A series name without blanks, punctuation and the words 系列, 合辑, 丛书 at its end."""
    bare = series.str.replace(r"[\s《》〈〉“”\"'‘’（）()【】\[\]·、，。：:；;]+", "", regex=True).str.lower()
    return bare.str.replace(r"(?<=.)(?:系列课程|系列|合辑|丛书)$", "", regex=True)


@table_rule(
    "R06-1",
    Severity.WARNING,
    "所属系列",
    reads=("所属系列",),
    title="同一系列写法一致",
    why="写法不同会被当成两个系列，资源就散开了。",
    source="附件4 表1 “所属系列”；写法通知未规定",
    basis=INFERRED,
    says="“{value}”与第 {other_row} 行的“{suggestion}”疑为同一系列。",
    fix="是同一系列的请统一为“{suggestion}”，不是的请在“单位说明”中写明。",
    bad="""
    | 所属系列 | 所属顺序 | 资源名称 |
    | 航空科普 | 01 | 发动机 |
    | 航空科普 | 02 | 机翼 |
    | >航空科普系列< | 03 | 起落架 |
    """,
    good="航空科普",
)
def series_spelled_differently(resources: pd.DataFrame) -> pd.DataFrame:
    """The rarer spelling is the wrong one; at a tie the later."""
    named = resources[resources["所属系列"] != ""]
    named = named.assign(key=_series_key(named["所属系列"]))
    named = named[named["key"] != ""]
    spellings = (
        named.groupby(["@unit", "key", "所属系列"], as_index=False)
        .agg(count=("@row", "size"), other_row=("@row", "min"))
        .sort_values(["@unit", "key", "count", "other_row"], ascending=[True, True, False, True])
    )
    usual = spellings.drop_duplicates(["@unit", "key"]).rename(columns={"所属系列": "suggestion"})
    joined = named.merge(usual[["@unit", "key", "suggestion", "other_row"]], on=["@unit", "key"])
    return joined[joined["所属系列"] != joined["suggestion"]]


@table_rule(
    "R07-1",
    Severity.WARNING,
    "所属顺序",
    reads=("所属系列", "所属顺序"),
    title="填了所属系列就填所属顺序",
    why="没有顺序，系列里的资源无法排列。",
    source=_CLAUSE + "；成对填写通知未规定",
    basis=EXAMPLE,
    says="已填所属系列“{series}”，未填“所属顺序”。",
    fix="请补填本资源在系列中的顺序，如 01。",
    bad="""
    | 所属系列 | 所属顺序 |
    | 航天史 | >< |
    """,
    good="01",
)
def series_without_order(resources: pd.DataFrame) -> pd.DataFrame:
    """Rows with a series and no order."""
    lone = (resources["所属系列"] != "") & (resources["所属顺序"] == "")
    return resources.assign(series=resources["所属系列"])[lone]


@table_rule(
    "R07-1b",
    Severity.WARNING,
    "所属系列",
    reads=("所属系列", "所属顺序"),
    title="填了所属顺序就填所属系列",
    why="没有系列名称，顺序没有意义。",
    source=_CLAUSE + "；成对填写通知未规定",
    basis=EXAMPLE,
    says="已填所属顺序“{order}”，未填“所属系列”。",
    fix="请补填系列名称；不属于任何系列的，请删去顺序。",
    bad="""
    | 所属系列 | 所属顺序 |
    | >< | 01 |
    """,
    good="航天史",
)
def order_without_series(resources: pd.DataFrame) -> pd.DataFrame:
    """Rows with an order and no series."""
    lone = (resources["所属系列"] == "") & (resources["所属顺序"] != "")
    return resources.assign(order=resources["所属顺序"])[lone]


@table_rule(
    "R07-3",
    Severity.ERROR,
    "所属顺序",
    reads=("所属系列", "所属顺序"),
    title="同一系列中顺序不重复",
    why="两个资源占同一个位置，平台无法排列。",
    source=_CLAUSE,
    basis=INFERRED,
    says="系列“{series}”的顺序“{value}”在第 {first_row} 行已用过。",
    fix="请给其中一个换成未用的顺序号。",
    bad="""
    | 所属系列 | 所属顺序 | 资源名称 |
    | 航天史 | 03 | 起步 |
    | 航天史 | >03< | 登月 |
    """,
    good="04",
)
def order_used_twice(resources: pd.DataFrame) -> pd.DataFrame:
    """Orders compare as numbers, so that 03 and 003 are equal; the first row is left alone."""
    placed = resources[(resources["所属系列"] != "") & (resources["所属顺序"] != "")]
    placed = placed.assign(number=placed["所属顺序"].str.lstrip("0"), series=placed["所属系列"])
    by = placed.groupby(["@unit", "所属系列", "number"])["@row"]
    return placed.assign(first_row=by.transform("first"))[by.cumcount() > 0]
