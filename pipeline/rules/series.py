"""所属系列: its name, the order of its members, and what they have in common (规则 R06, R07, Y05)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.model import Severity
from pipeline.pattern import late
from pipeline.rules.distinct import (
    blank,
    differing,
    each_text,
    filled,
    groups_side_by_side,
    in_groups_with,
    mask_of,
    once_a_table,
    pairs_that,
    repeated,
    rows_sound_in,
    rows_where,
    spread,
)
from pipeline.rules.repeats import LISTED_BY, listed_again
from pipeline.rules.rule import EXAMPLE, INFERRED, table_rule
from pipeline.rules.wording import own_names
from pipeline.settings import Settings

_CLAUSE = "附件4 表1 “所属顺序” 如: 01"
_SERIES = "附件4 表1 “所属系列”：当多个资源具备较高的相关性, 可以组合成为一个系列或合辑时, 可填写该字段"
_NUMBER = late(r"0{0,20}[0-9]{1,4}")
_SHOWN_GAPS = 5
_BLANKS_AND_SIGNS = late(r"[\s《》〈〉“”\"'‘’（）()【】\[\]·、，。：:；;]+")
_KIND_OF_SERIES = late(r"(?<=.)(?:系列课程|系列|合辑|丛书)$")
_BY = ["@unit", "key"]


def series_key(names: pd.Series) -> pd.Series:
    """Series names without blanks, punctuation and the words 系列, 合辑, 丛书 at their end; "" stays ""."""
    return each_text(names, _key)


def _key(name: str) -> str:
    return _KIND_OF_SERIES.sub("", _BLANKS_AND_SIGNS.sub("", name).lower()) or name


@once_a_table
def _members(resources: pd.DataFrame) -> pd.DataFrame:
    """The rows that belong to a series, with its `key`, their place, and `group`.

    group is the same for the rows of one series, in the order of unit and key.
    """
    rows = resources[["@index", "@unit", "@row", "所属系列"]]
    named = rows_where(rows, filled(rows["所属系列"]))
    named = named.assign(key=series_key(named["所属系列"]))
    return named.assign(group=groups_side_by_side(named, _BY, sort=True))


def _members_with(field: str, resources: pd.DataFrame) -> pd.DataFrame:
    members = _members(resources)
    return members.assign(**{field: resources[field].reindex(members.index)})


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
    named = _members(resources)
    names = named.drop_duplicates("所属系列")
    named = named[named["key"].isin(names["key"][names["key"].duplicated()])]
    if named.empty:
        return named
    spellings = (
        named.groupby(["@unit", "key", "所属系列"], as_index=False)
        .agg(count=("@row", "size"), other_row=("@row", "min"))
        .sort_values(["@unit", "key", "count", "other_row"], ascending=[True, True, False, True])
    )
    usual = spellings.drop_duplicates(["@unit", "key"]).rename(columns={"所属系列": "suggestion"})
    joined = named.merge(usual[["@unit", "key", "suggestion", "other_row"]], on=["@unit", "key"])
    return joined[joined["所属系列"] != joined["suggestion"]]


def _nothing_hidden(resources: pd.DataFrame, malformed: pd.DataFrame) -> pd.DataFrame:
    """The rows of units whose every series can be read: in others what seems absent may only be hidden."""
    hiding = malformed.loc[malformed["所属系列"], "@unit"]
    return resources if hiding.empty else rows_where(resources, ~resources["@unit"].isin(hiding).to_numpy())


@table_rule(
    "R06-2",
    Severity.NOTE,
    "所属系列",
    reads=("所属系列",),
    title="一个系列有几个资源",
    why="只有一个资源的系列，平台上点进去只有它自己。",
    source=_SERIES,
    basis=EXAMPLE,
    says="系列“{value}”只有这一个资源。",
    fix="请核对系列名称，是否漏报了其他资源；不成系列的可以留空。",
    bad="""
    | 所属系列 | 所属顺序 | 资源名称 |
    | 航天史 | 01 | 起步 |
    | 航天史 | 02 | 登月 |
    | >空间站< | 03 | 对接 |
    """,
    good="航天史",
)
def series_of_one(resources: pd.DataFrame, malformed: pd.DataFrame) -> pd.DataFrame:
    """However its name is spelled: another spelling is told by R06-1 alone."""
    named = _members(_nothing_hidden(resources, malformed))
    return named[~named["group"].duplicated(keep=False)]


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
    lone = filled(resources["所属系列"]) & blank(resources["所属顺序"])
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
    lone = blank(resources["所属系列"]) & filled(resources["所属顺序"])
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
def order_used_twice(resources: pd.DataFrame, settings: Settings, malformed: pd.DataFrame) -> pd.DataFrame:
    """Orders compare as numbers, so that 03 and 003 are equal; the first row is left alone.

    A row that is to be deleted, since it is the same resource once more (Y01), needs no order of its own.
    """
    if "Y01" not in settings.off:
        again = listed_again(rows_sound_in(resources, LISTED_BY, malformed))
        told = resources["@index"].isin(again["@index"])
        resources = rows_where(resources, ~told.to_numpy())
    placed = _members_with("所属顺序", resources)
    placed = rows_where(placed, filled(placed["所属顺序"]))
    placed = placed[_stand_twice(placed)]
    placed = placed.assign(number=each_text(placed["所属顺序"], _bare_number))
    key = ["@unit", "所属系列", "number"]
    shared = placed[repeated(placed, key)]
    by = shared.groupby(key)["@row"]
    return shared.assign(first_row=by.transform("first"), series=shared["所属系列"])[by.cumcount() > 0]


def _bare_number(order: str) -> str:
    return order.lstrip("0")


def _stand_twice(members: pd.DataFrame) -> NDArray[np.bool_]:
    """The rows whose order another row of their series has too, as a number: 03 and 003 are equal."""
    orders, distinct = pd.factorize(members["所属顺序"])
    numbers, bare = pd.factorize(pd.Series(map(_bare_number, distinct), dtype=object))
    places = pd.Series(members["group"].to_numpy() * len(bare) + numbers[orders])
    return places.duplicated(keep=False).to_numpy()


@once_a_table
def _numbered(resources: pd.DataFrame) -> pd.DataFrame:
    """The members of those series in which every order is a number of its own, with `number`.

    A missing, unreadable or repeated order is told by itself, and would make gaps of its own.
    """
    named = _members_with("所属顺序", resources)
    named = named.assign(series=named["所属系列"])
    unreadable = ~spread(named["所属顺序"], _NUMBER.fullmatch, np.bool_)
    told = unreadable | _stand_twice(named)
    named = rows_where(named, ~in_groups_with(named["group"].to_numpy(), told))
    return named.assign(number=spread(named["所属顺序"], int, np.int64))


@table_rule(
    "R07-4",
    Severity.NOTE,
    "所属顺序",
    reads=("所属系列",),
    title="系列内的顺序从 01 起，中间不空",
    why="中间缺号，多半是漏报了资源或编错了号。",
    source=_CLAUSE + "；连续编号通知未规定",
    basis=INFERRED,
    says="系列“{series}”缺少顺序 {missing}。",
    fix="请确认是否漏报；没有漏报的，请从 01 起连续编号。",
    bad="""
    | 所属系列 | 所属顺序 | 资源名称 |
    | 航天史 | 01 | 起步 |
    | 航天史 | 02 | 登月 |
    | 航天史 | >04< | 对接 |
    """,
    good="03",
)
def order_with_gaps(resources: pd.DataFrame, malformed: pd.DataFrame) -> pd.DataFrame:
    """Told once a series, at the row behind the first gap; 00 may come first.

    A series of one is told by R06-2. Orders of three and more digits with more gaps than members
    are no count but a code, such as 0101, 0102, 0201 for chapter and section.
    """
    rows = _with_gaps(_numbered(_nothing_hidden(resources, malformed))).sort_values(["group", "number"])
    if rows.empty:
        return rows
    series = rows.groupby("group")["number"]
    first = series.shift(fill_value=0) + 1
    rows = rows.assign(first=first, lacks=(rows["number"] - first).clip(lower=0))
    lacking, members = rows.groupby("group")["lacks"].transform("sum"), series.transform("size")
    counted = (members > 1) & ((series.transform("max") < 100) | (lacking <= members))
    behind = rows[counted & (rows["lacks"] > 0)]
    texts = list(map(_span, behind["first"], behind["number"] - 1, behind["所属顺序"].str.len()))
    spans: dict[int, list[str]] = {}
    for group, text in zip(behind["group"].tolist(), texts, strict=True):
        spans.setdefault(group, []).append(text)
    return behind.drop_duplicates("group").assign(missing=list(map(_listed, spans.values())))


def _with_gaps(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of those series that have fewer numbers from 1 on than the highest says; none stands twice."""
    groups, numbers = rows["group"].to_numpy(), rows["number"].to_numpy()
    from_one_on = np.bincount(groups, numbers > 0)
    highest = np.zeros(len(from_one_on), dtype=np.int64)
    np.maximum.at(highest, groups, numbers)
    gaps: NDArray[np.bool_] = (highest > from_one_on)[groups]
    return rows[gaps]


def _span(first: int, last: int, width: int) -> str:
    """Orders as one writes them: 03, or 03–07."""
    return f"{first:0{width}d}" if first == last else f"{first:0{width}d}–{last:0{width}d}"


def _listed(spans: list[str]) -> str:
    return "、".join(spans[:_SHOWN_GAPS]) + (" 等" if len(spans) > _SHOWN_GAPS else "")


@table_rule(
    "R07-4b",
    Severity.NOTE,
    "所属顺序",
    reads=("所属系列",),
    title="系列内顺序的位数相同",
    why="位数不同，按文字排序时 100 会排到 11 前面。",
    source=_CLAUSE + "；位数统一通知未规定",
    basis=INFERRED,
    says="系列“{series}”的顺序位数不同，“{value}”应与其他各行一样用 {width} 位数字。",
    fix="请填“{suggestion}”（先把单元格设为文本格式再录入）。",
    bad="""
    | 所属系列 | 所属顺序 | 资源名称 |
    | 航天史 | 01 | 起步 |
    | 航天史 | 02 | 登月 |
    | 航天史 | >003< | 对接 |
    """,
    good="03",
)
def orders_of_mixed_width(resources: pd.DataFrame) -> pd.DataFrame:
    """The usual width is right, as long as the highest number has room in it; at a tie the narrower."""
    rows = _numbered(resources)
    rows = _differing(rows.assign(digits=spread(rows["所属顺序"], len, np.int64)), "digits")
    if rows.empty:
        return rows
    room = rows.groupby("group")["number"].transform("max").astype(str).str.len()
    wide_enough = rows[rows["digits"] >= room]
    usual = (
        wide_enough.groupby(["group", "digits"], as_index=False)
        .agg(count=("@row", "size"))
        .sort_values(["group", "count", "digits"], ascending=[True, False, True])
        .drop_duplicates("group")
        .rename(columns={"digits": "width"})
    )
    rows = rows.merge(usual[["group", "width"]], on="group")
    rows = rows[rows["digits"] != rows["width"]]
    padded = [f"{number:0{width}d}" for number, width in zip(rows["number"], rows["width"], strict=True)]
    return rows.assign(suggestion=padded)


def _differing(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """The rows of those series whose rows do not agree in the column."""
    return rows[differing(rows["group"].to_numpy(dtype=np.int64), rows[column])]


_OWN_WORDS = late(r"[归属]?(?:我|本|自|原创|个人|校方|院方|作者).{0,8}")


def _out_of_line(
    resources: pd.DataFrame, field: str, sort: Callable[[pd.DataFrame], pd.Series]
) -> pd.DataFrame:
    """Members whose value is of another sort than most of their series, with the first of the usual ones.

    sort: what is compared, by row, "" to leave a row out; rows of one unit with one value are of one sort.
    Columns: `series`, `usual` and `usual_row`, and `rare`: fewer are like this one than like the usual;
    otherwise it is a tie with an earlier row.
    """
    rows = _differing(_members_with(field, resources), field)
    rows = rows.assign(series=rows["所属系列"], sort=sort(rows))
    rows = _differing(rows_where(rows, filled(rows["sort"])), "sort")
    if rows.empty:
        return rows.assign(usual="", rare=False)
    sorts = (
        rows.groupby(["group", "sort"], as_index=False, sort=False)
        .agg(count=("@row", "size"), usual_row=("@row", "first"), usual=(field, "first"))
        .sort_values(["group", "count"], ascending=[True, False], kind="stable")
    )
    most = sorts.drop_duplicates("group").rename(columns={"sort": "usual_sort", "count": "most"})
    rows = rows.merge(sorts[["group", "sort", "count"]], on=["group", "sort"]).merge(most, on="group")
    return rows.assign(rare=rows["count"] < rows["most"])[rows["sort"] != rows["usual_sort"]]


@table_rule(
    "Y05",
    Severity.NOTE,
    "版权方",
    reads=("所属系列", "版权方"),
    title="同一系列的版权方写法一致",
    why="同一个机构写成几样，公布时就像几个版权方。",
    source="附件4 表1 “版权方”“所属系列”；一致通知未规定",
    basis=INFERRED,
    says="系列“{series}”的版权方不一致，第 {usual_row} 行是“{usual}”，本行是“{value}”。",
    fix="是同一个版权方的，请统一写全称；确实不同的，无须处理。",
    bad="""
    | 所属系列 | 所属顺序 | 版权方 |
    | 航天史 | 01 | 郑州大学 |
    | 航天史 | 02 | >郑大< |
    """,
    good="郑州大学",
)
def rights_out_of_line(resources: pd.DataFrame) -> pd.DataFrame:
    """One that stands alone against several, or two that may be long and short for the same.

    Speakers who each keep their own rights are no mistake. Words for oneself and short forms of the
    unit's own name are told by R11-2.
    """
    rows = _out_of_line(resources, "版权方", _holders)
    beside = zip(rows["版权方"], rows["usual"], strict=True)
    alike = mask_of(rows, (_in_order(text, usual) or _in_order(usual, text) for text, usual in beside))
    return rows[rows["rare"] | alike]


def _holders(rows: pd.DataFrame) -> pd.Series:
    """The right holders, "" where they mean the unit."""
    own = pairs_that(rows["版权方"], own_names(rows["@unit"]), _means_oneself)
    return rows["版权方"].mask(own, "")


def _means_oneself(holder: str, unit: str) -> bool:
    """Whether a right holder is a word for the unit, or its own name shortened."""
    return bool(_OWN_WORDS.fullmatch(holder)) or (holder != unit and _in_order(holder, unit))


def _in_order(short: str, long: str) -> bool:
    """Whether the characters of one name stand in the other in the same order, as 郑大 in 郑州大学."""
    rest = iter(long)
    return len(short) <= len(long) and all(char in rest for char in short)


@table_rule(
    "Y05b",
    Severity.NOTE,
    "所属分类",
    reads=("所属系列", "所属分类"),
    title="同一系列的分类一致",
    why="一个系列分在几个大类里，学习者按分类就找不全。",
    source="附件4 表1 “所属分类”“所属系列”；一致通知未规定",
    basis=INFERRED,
    says="系列“{series}”的分类不一致，第 {usual_row} 行是“{usual}”，本行是“{value}”。",
    fix="请统一一级分类和层级数；确实不同的，无须处理。",
    bad="""
    | 所属系列 | 所属顺序 | 所属分类 |
    | 航天史 | 01 | 科学文化-航天知识 |
    | 航天史 | 02 | >航天知识< |
    """,
    good="科学文化-火箭技术",
)
def category_out_of_line(resources: pd.DataFrame) -> pd.DataFrame:
    """Another first level, or another number of levels; below that a series may well vary."""
    return _out_of_line(resources, "所属分类", lambda rows: each_text(rows["所属分类"], _level_and_depth))


def _level_and_depth(category: str) -> str:
    return f"{category.partition('-')[0]}{category.count('-')}" if category else ""
