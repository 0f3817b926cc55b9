"""What several resources of one unit share and each should have for itself (规则 Y03, R15-7)."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.model import Severity
from pipeline.rules.distinct import (
    again,
    blank,
    differing,
    each_text,
    filled,
    groups_of,
    in_groups_with,
    texts_that,
)
from pipeline.rules.link import is_home_page, passing, with_links_alike
from pipeline.rules.rule import INFERRED, table_rule
from pipeline.rules.series import series_key
from pipeline.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

_SAME_RESOURCE = ["@unit", "主讲人", "所属系列", "所属顺序", "资源名称"]


def _strangers(rows: pd.DataFrame, thing: pd.Series, lone: pd.Series | NDArray[np.bool_]) -> pd.DataFrame:
    """Rows that have the same thing as an earlier one of their unit that they have nothing to do with.

    thing: what is shared, by row, "" for nothing. lone: rows that share with nobody, even in their
    series. A series counts as one from its first row on, and so does a resource that stands twice with
    the thing (rule Y01). Columns: `first_row` and `first_name`, of the earliest that has the thing.
    """
    rows = rows[["@index", "@row", *_SAME_RESOURCE]].assign(thing=thing, lone=lone)
    rows = rows[filled(rows["thing"]) & _several_sorts_have(rows)]
    if rows.empty:
        return rows.assign(first_row=0, first_name="")
    rows = rows[~again(rows, [*_SAME_RESOURCE, "thing"])]
    rows = rows.assign(series=series_key(rows["所属系列"]), thing=groups_of(rows, ["@unit", "thing"]))
    of_series = rows.groupby(["thing", "series"], sort=False)
    later = of_series["lone"].cumsum() - rows["lone"] > 0
    own = blank(rows["series"]) | (rows["lone"] & later)
    head = rows["@index"].where(own, of_series["@index"].transform("first"))
    by = rows.groupby("thing")
    rows = rows.assign(
        head=head,
        first_row=by["@row"].transform("first"),
        first_name=by["资源名称"].transform("first"),
    )
    return rows[rows["head"] != rows.groupby("thing")["head"].transform("first")]


def _several_sorts_have(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """The rows whose `thing` another row of their unit has too, unless one series alone has it."""
    groups, series = groups_of(rows, ["@unit", "thing"]), rows["所属系列"]
    by_itself = (blank(series) | rows["lone"]).to_numpy(dtype=np.bool_)
    return (np.bincount(groups)[groups] > 1) & (differing(groups, series) | in_groups_with(groups, by_itself))


@table_rule(
    "Y03",
    Severity.WARNING,
    "资源链接",
    reads=("资源链接",),
    title="不同资源有各自的链接",
    why="几个资源指向同一个页面，学习者点开的不是这一个。",
    source="附件4 表1 “资源链接”：第三方平台上本课程的链接地址",
    basis=INFERRED,
    says="链接“{value}”在第 {first_row} 行“{first_name}”已用过。",
    fix="请填各自的课程页；确为同一门课程的，请在“单位说明”中写明。",
    bad="""
    | 资源名称 | 资源链接 |
    | 航空发动机 | https://www.icourse163.org/course/1 |
    | 飞机构造 | >https://www.icourse163.org/course/1< |
    """,
    good="https://www.icourse163.org/course/2",
)
def link_shared(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The page of one course may stand at every video and sound of its series: 表1 asks for 本课程的链接.

    Two *courses* have two pages, in a series too. An address that is no course page at all (R05-6,
    R05-7) is told by itself.
    """
    rows, known = with_links_alike(resources), settings.platforms
    rows = rows[~texts_that(rows["资源链接"], lambda url: passing(url) or is_home_page(url, known))]
    course = rows["资源类型"].map(settings.media_types) == "any"
    return _strangers(rows, each_text(rows["资源链接"], _page), course)


def _page(url: str) -> str:
    """The address without what makes no difference."""
    host, slash, path = url.partition("//")[2].partition("/")
    return f"{host.lower()}{slash}{path}".rstrip("/#")


@table_rule(
    "R15-7",
    Severity.NOTE,
    "资源封面",
    table="covers",
    reads=("资源封面",),
    title="不同资源有各自的封面",
    why="封面都一样，学习者分不清资源。",
    source="附件4 表1 “资源封面”：封面图片；各自一张通知未规定",
    basis=INFERRED,
    says="封面“{value}”在第 {first_row} 行“{first_name}”已用过，两个资源不属于同一系列。",
    fix="请确认封面是否选错；确实共用的，无须处理。",
    bad="""
    | 资源名称 | 资源封面 |
    | 航空发动机 | fm001.jpg |
    | 书法入门 | >fm001.jpg< |
    """,
    good="fm002.jpg",
)
def cover_shared(covers: pd.DataFrame) -> pd.DataFrame:
    """A series may have one cover; a cover that is missing is told by itself."""
    found = covers[["@index", "@row", "资源封面", *_SAME_RESOURCE]][blank(covers["problem"])]
    name = each_text(found["资源封面"], _cover_name)
    return _strangers(found, name, blank(name))


def _cover_name(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold().replace("\\", "/")
