"""The same resource twice: in a unit and between units (规则 Y, W)."""

from __future__ import annotations

import pandas as pd

from pipeline.model import Severity
from pipeline.rules.rule import INFERRED, table_rule

_MEDIA = ("video", "audio")
_PUNCTUATION = r"[\s《》〈〉“”\"'‘’（）()【】\[\]·、，。：:；;！!？?]+"
"""What makes no difference between names; + # . - / do: C and C++, 1.5 and 15."""
_SOURCE = "通知正文：不侵犯他人知识产权；查重通知未规定"


def _folded(texts: pd.Series) -> pd.Series:
    """Texts without blanks, punctuation, width and case, so that only wording counts."""
    return texts.str.normalize("NFKC").str.replace(_PUNCTUATION, "", regex=True).str.lower()


@table_rule(
    "Y01",
    Severity.ERROR,
    "资源名称",
    reads=("资源名称", "主讲人", "所属系列", "所属顺序"),
    title="同一资源只报一行",
    why="名称、主讲人、系列和顺序都相同，是同一个资源。",
    source=_SOURCE,
    basis=INFERRED,
    says="与第 {first_row} 行的资源名称、主讲人、系列和顺序都相同。",
    fix="请删去重复的一行；不是同一资源的，请在名称中写出区别。",
    bad="""
    | 资源名称 | 主讲人 | 所属系列 | 所属顺序 |
    | 航空发动机 | 朱新 | | |
    | >航空发动机< | 朱新 | | |
    """,
    good="航空发动机（下）",
)
def resource_twice(resources: pd.DataFrame) -> pd.DataFrame:
    """The first row is left alone."""
    named = resources[(resources["资源名称"] != "") & (resources["主讲人"] != "")]
    by = named.groupby(["@unit", "资源名称", "主讲人", "所属系列", "所属顺序"])["@row"]
    return named.assign(first_row=by.transform("first"))[by.cumcount() > 0]


@table_rule(
    "Y04",
    Severity.ERROR,
    "资源文件",
    table="media",
    reads=("资源文件",),
    title="不同资源用不同的文件",
    why="同一个文件报了两次，多半是传错了文件。",
    source=_SOURCE,
    basis=INFERRED,
    says="“{named}”与第 {first_row} 行的“{first_named}”内容完全相同。",
    fix="请换成本资源自己的文件；确为同一资源的，请删去重复的一行。",
    bad="""
    | 资源文件 | named | twin |
    | 01.mp4 | 01.mp4 | abc |
    | 02.mp4 | 02.mp4 | >abc< |
    """,
    good="",
)
def file_twice(media: pd.DataFrame) -> pd.DataFrame:
    """twin is the digest that files of equal content share, or the path of one named twice."""
    twins = media[(media["twin"] != "") & media["sort"].isin(_MEDIA)]
    by = twins.groupby(["@unit", "twin"])
    twins = twins.assign(first_row=by["@row"].transform("first"), first_named=by["named"].transform("first"))
    return twins[(by.cumcount() > 0) & (twins["@row"] != twins["first_row"])]


def _shared(rows: pd.DataFrame, key: pd.Series) -> pd.DataFrame:
    """Rows whose key another unit has too, with that unit and its resource's name."""
    keyed = rows.assign(key=key)
    keyed = keyed[keyed["key"] != ""]
    firsts = keyed.drop_duplicates(["key", "@unit"])[["key", "@unit", "资源名称"]]
    several = firsts[firsts.duplicated("key", keep=False)]
    first = several.drop_duplicates("key")
    second = several[several.duplicated("key")].drop_duplicates("key")
    renamed = {"@unit": "other_unit", "资源名称": "other_name"}
    rows = keyed.merge(first.rename(columns=renamed), on="key")
    rows = rows.merge(second.rename(columns={"@unit": "unit_2", "资源名称": "name_2"}), on="key")
    own = rows["@unit"] == rows["other_unit"]
    return rows.assign(
        other_unit=rows["other_unit"].where(~own, rows["unit_2"]),
        other_name=rows["other_name"].where(~own, rows["name_2"]),
    )


_W02 = "与“{other_unit}”报送的“{other_name}”{what}，疑为同一资源。"
_W02_FIX = "请两个单位协商，由一方报送；确为不同资源的，请在“单位说明”中写明。"


@table_rule(
    "W02",
    Severity.WARNING,
    "资源名称",
    reads=("资源名称", "主讲人"),
    title="不同单位不报送同一资源（名称和主讲人）",
    why="同一资源只能由一个单位报送。",
    source=_SOURCE,
    basis=INFERRED,
    says=_W02,
    fix=_W02_FIX,
    bad="""
    | @unit | 资源名称 | 主讲人 |
    | 甲大学 | >航空发动机< | 朱新 |
    | 乙大学 | >航空发动机< | 朱新 |
    """,
    good="火箭发动机",
)
def resource_of_another_unit(resources: pd.DataFrame) -> pd.DataFrame:
    """Both units are told."""
    named = resources[(resources["资源名称"] != "") & (resources["主讲人"] != "")]
    key = _folded(named["资源名称"]) + "\n" + named["主讲人"]
    return _shared(named, key.where(_folded(named["资源名称"]) != "", "")).assign(what="名称和主讲人都相同")


@table_rule(
    "W02b",
    Severity.WARNING,
    "资源链接",
    reads=("资源链接",),
    title="不同单位不报送同一资源（链接）",
    why="同一资源只能由一个单位报送。",
    source=_SOURCE,
    basis=INFERRED,
    says=_W02,
    fix=_W02_FIX,
    bad="""
    | @unit | 资源名称 | 资源链接 | 部署平台 |
    | 甲大学 | 甲课 | >https://a.cn/1< | 某平台 |
    | 乙大学 | 乙课 | >https://a.cn/1< | 某平台 |
    """,
    good="https://a.cn/2",
)
def link_of_another_unit(resources: pd.DataFrame) -> pd.DataFrame:
    """A final slash and the case of scheme and host make no difference."""
    key = resources["资源链接"].str.replace(r"^https?://", "", regex=True, case=False).str.rstrip("/")
    return _shared(resources, key).assign(what="链接相同")


@table_rule(
    "W02c",
    Severity.WARNING,
    "资源文件",
    table="media",
    reads=("资源文件",),
    title="不同单位不报送同一资源（文件）",
    why="同一资源只能由一个单位报送。",
    source=_SOURCE,
    basis=INFERRED,
    says=_W02,
    fix=_W02_FIX,
    bad="""
    | @unit | 资源名称 | named | twin |
    | 甲大学 | 甲课 | 1.mp4 | >abc< |
    | 乙大学 | 乙课 | 2.mp4 | >abc< |
    """,
    good="",
)
def file_of_another_unit(media: pd.DataFrame) -> pd.DataFrame:
    """Files of equal content."""
    return _shared(media, media["twin"].where(media["sort"].isin(_MEDIA), "")).assign(what="文件内容完全相同")
