"""The same resource twice: in a unit, between units, and in an earlier year (规则 Y, W)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from pipeline.model import Severity
from pipeline.pattern import late
from pipeline.rules.distinct import (
    changed,
    differing,
    each_text,
    filled,
    groups_of,
    once_a_table,
    repeated,
    rows_sound_in,
)
from pipeline.rules.link import with_links_alike
from pipeline.rules.rule import INFERRED, table_rule
from pipeline.settings import Settings

Positions = NDArray[np.int64]
Pairs = tuple[Positions, Positions]
"""Two rows each, by position: every pair once, the smaller position first."""

_MEDIA = ("video", "audio")
_SOURCE = "通知正文：不侵犯他人知识产权；查重通知未规定"

_NUMERALS = "零〇一二三四五六七八九十百千"
_BLANKS_AND_SIGNS = r"\s《》〈〉“”\"'‘’（）()【】\[\]·、，。：:；;！!？?—,"
_BETWEEN_NUMBERS = late(rf"(?<=[0-9{_NUMERALS}])[{_BLANKS_AND_SIGNS}]+(?=[0-9{_NUMERALS}])")
_PUNCTUATION = late(rf"[{_BLANKS_AND_SIGNS}]+")
"""What makes no difference between names; + # . - / do: C and C++, 1.5 and 15."""
_TELLS_APART = late(
    rf"[0-9]+(?:\.[0-9]+)?|[{_NUMERALS}两]+|[a-z]+[+#]*"
    "|[上中下前后左右内外东南西北春夏秋冬男女甲乙丙丁戊己庚辛初高低大小新旧老少正反正副单双首末早晚不非无未]"
)
"""Numbers, ordinals, Latin words, and the characters by which names of one series differ."""
_NO_DIGITS = late("[^0-9\0]+")
_SAYS_NOTHING = late("课程|讲座|教程|微课|慕课|公开课|精品课|系列|专题|的|之|与|和|及")
"""Words that come and go without making another resource of it; without brackets it is found quicker."""
_SCHEME = late("^https?://", re.IGNORECASE)

_NEIGHBOURS = 10
_MARGIN = 0.01
"""Likeness comes in single precision, so that one on the limit must not be cut off."""
_AT_ONCE = 1 << 18
"""Pairs that are compared together, so that memory does not grow with their number."""
_SAME_LENGTH = 1.0
"""Seconds; the same film cut or coded anew differs by less."""


def _folds(texts: pd.Series) -> pd.Series:
    """Without blanks, punctuation, width and case, so that only wording counts; 1、2 is not 12."""
    return changed(texts, _fold)


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)
    if _PUNCTUATION.search(plain):
        plain = _PUNCTUATION.sub("", _BETWEEN_NUMBERS.sub("-", plain))
    return plain.lower()


def _marks(fold: str) -> str:
    """What tells names of one series apart, in order: names with other marks are other resources."""
    return " ".join(_TELLS_APART.findall(fold))


def _digits(folds: pd.Series) -> pd.Series:
    """Of the marks those that are found soonest: names with other digits have other marks."""
    return changed(folds, partial(_NO_DIGITS.sub, ""))


def _cores(folds: pd.Series) -> pd.Series:
    """Without words that say nothing, unless nothing else is there."""
    cores = changed(folds, partial(_SAYS_NOTHING.sub, ""))
    return cores.where(filled(cores), folds)


def _people(text: str) -> str:
    """The speakers whatever their order."""
    return ";".join(sorted(set(text.split(";")))) if ";" in text else text


@lru_cache(maxsize=1 << 17)
def _place(link: str) -> str:
    """Where a link leads: scheme and final slash make no difference; a bare home page is nobody's own."""
    scheme = _SCHEME.match(link)
    bare = (link[scheme.end() :] if scheme else link).rstrip("/")
    return bare if "/" in bare or "?" in bare or "#" in bare else ""


_COMPARED = {"@index", "@unit", "@row", "@measured", "资源名称", "主讲人", "资源类型", "所属系列", "所属顺序"}
"""What the rules of this room look at."""


@once_a_table
def _named(resources: pd.DataFrame) -> pd.DataFrame:
    """Rows whose name can be compared, with its fold and the speakers."""
    rows = resources[[name for name in resources if name in _COMPARED]]
    rows = rows[filled(rows["资源名称"]) & filled(rows["主讲人"])]
    rows = rows.assign(fold=_folds(rows["资源名称"]), people=each_text(rows["主讲人"], _people))
    return rows[filled(rows["fold"])]


# --- in a unit --------------------------------------------------------------------------------

LISTED_BY = ("主讲人", "所属系列", "所属顺序", "资源名称")
"""What names a resource: rows that agree in it are the same resource."""
_Y01_KEY = ["@unit", *LISTED_BY]


@table_rule(
    "Y01",
    Severity.ERROR,
    "资源名称",
    reads=LISTED_BY,
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
    return listed_again(resources)


@once_a_table
def listed_again(resources: pd.DataFrame) -> pd.DataFrame:
    """Rows that name the resource of an earlier one, with `first_row`."""
    alike = resources[repeated(resources, _Y01_KEY)]
    alike = alike[filled(alike["资源名称"]) & filled(alike["主讲人"])]
    by = alike.groupby(_Y01_KEY)["@row"]
    return alike.assign(first_row=by.transform("first"))[by.cumcount() > 0]


@table_rule(
    "Y02",
    Severity.WARNING,
    "资源名称",
    reads=("资源名称", "资源类型", "主讲人", "所属系列", "所属顺序"),
    title="一个资源不换一种写法再报",
    why="名称只有标点、空格或“课程”“讲座”一类的字不同，多半是同一个资源报了两行。",
    source=_SOURCE,
    basis=INFERRED,
    says="“{value}”与第 {first_row} 行的“{first_name}”名称相近，疑为重复报送。",
    fix="请核对，重复的请删去一行；不是同一资源的，请在“单位说明”中写明。",
    bad="""
    | 资源名称 | 主讲人 | 所属系列 | 所属顺序 |
    | 航空发动机(上) | 朱新 | | |
    | >航空发动机（上）< | 朱新 | | |
    """,
    good="航空发动机（下）",
)
def name_written_otherwise(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Of rows that seem to be one resource the first is left alone.

    One speaker's series has names that differ in a single character (白露, 寒露): likeness
    alone says nothing within a unit. So the names must agree but for words that say
    nothing, or the measured lengths agree too. Rows of one series with orders of their own
    are declared to be different resources, unless their names are the very same wording.
    """
    named = _named(resources)
    named = named.assign(core=_cores(named["fold"]))
    comparable = repeated(named, ["@unit", "people", "core"]) | named["@measured"].notna()
    rows = named[comparable].reset_index(drop=True)
    if rows.empty:
        return rows
    rows = rows.assign(series=_folds(rows["所属系列"]), marks=each_text(rows["fold"], _marks))
    same = ["@unit", "资源类型", "series"]
    pairs = _united(
        _side_by_side(groups_of(rows, [*same, "people", "core"]), [_ranks(rows["fold"])]),
        _same_length(rows, same),
    )
    pairs = _alike(rows, _where(pairs, _may_be_one(rows, pairs)), settings)
    first = _firsts(len(rows), pairs)
    seen = rows.assign(
        first_row=rows["@row"].to_numpy()[first], first_name=rows["资源名称"].to_numpy()[first]
    )
    return seen[(seen["资源名称"] != seen["first_name"]) & ~seen.duplicated(_Y01_KEY)]


def _may_be_one(rows: pd.DataFrame, pairs: Pairs) -> NDArray[np.bool_]:
    """Not two numbered parts of a series under different names."""
    left, right = pairs
    order, fold, series = (rows[name].to_numpy() for name in ("所属顺序", "fold", "series"))
    numbered = (series[left] != "") & (order[left] != "") & (order[right] != "")
    return np.asarray((fold[left] == fold[right]) | ~numbered | (order[left] == order[right]))


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
    twins = media[filled(media["twin"]) & media["sort"].isin(_MEDIA)]
    by = twins.groupby(["@unit", "twin"])
    twins = twins.assign(first_row=by["@row"].transform("first"), first_named=by["named"].transform("first"))
    return twins[(by.cumcount() > 0) & (twins["@row"] != twins["first_row"])]


# --- between units: the strongest evidence is told, once -----------------------------------------


def _shared(rows: pd.DataFrame, key: pd.Series) -> pd.DataFrame:
    """Rows whose key another unit has too, with that unit and its resource's name."""
    keyed = rows[["@index", "@unit", "资源名称"]].assign(key=key)
    keyed = keyed[filled(keyed["key"]) & keyed["key"].duplicated(keep=False)]
    if keyed.empty:
        return keyed.assign(other_unit="", other_name="")
    firsts = keyed[["key", "@unit", "资源名称"]].sort_values(["@unit", "资源名称"])
    firsts = firsts.drop_duplicates(["key", "@unit"])
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


@once_a_table
def _same_content(media: pd.DataFrame) -> pd.DataFrame:
    return _shared(media, media["twin"].where(media["sort"].isin(_MEDIA), ""))


@once_a_table
def _same_link(resources: pd.DataFrame) -> pd.DataFrame:
    rows = with_links_alike(resources)
    return _shared(rows, each_text(rows["资源链接"], _place))


@once_a_table
def _same_name(named: pd.DataFrame) -> pd.DataFrame:
    rows = named[named["fold"].duplicated(keep=False)]
    return _shared(rows, rows["fold"] + "\n" + rows["people"])


def _untold(
    rows: pd.DataFrame, settings: Settings, stronger: Mapping[str, Callable[[], pd.DataFrame]]
) -> pd.DataFrame:
    """Rows that no rule with stronger evidence tells of. stronger: what gives the wrong rows, by code."""
    for code, wrong in stronger.items():
        if code not in settings.off and not rows.empty:
            rows = rows[~rows["@index"].isin(wrong()["@index"])]
    return rows


_W02 = "与“{other_unit}”报送的“{other_name}”{what}，疑为同一资源。"
_W02_FIX = "请两个单位协商，由一方报送；确为不同资源的，请在“单位说明”中写明。"
_W02_WHY = "同一资源只能由一个单位报送。"
_LINKED_BY = ("资源链接",)


@table_rule(
    "W02",
    Severity.WARNING,
    "资源名称",
    reads=("资源名称", "主讲人"),
    title="不同单位不报送同一资源（名称和主讲人）",
    why=_W02_WHY,
    source=_SOURCE,
    basis=INFERRED,
    says=_W02,
    fix=_W02_FIX,
    bad="""
    | @unit | 资源名称 | 主讲人 | 资源链接 |
    | 甲大学 | >航空发动机< | 朱新 | https://a.cn/1 |
    | 乙大学 | >航空发动机< | 朱新 | https://a.cn/2 |
    """,
    good="火箭发动机",
)
def resource_of_another_unit(
    resources: pd.DataFrame, media: pd.DataFrame, settings: Settings, malformed: pd.DataFrame
) -> pd.DataFrame:
    """Both units are told, unless link or content tell it better."""
    rows = _same_name(_named(resources)).assign(what="名称和主讲人都相同")
    linked = rows_sound_in(resources, _LINKED_BY, malformed)
    stronger = {"W02c": lambda: _same_content(media), "W02b": lambda: _same_link(linked)}
    return _untold(rows, settings, stronger)


@table_rule(
    "W02b",
    Severity.WARNING,
    "资源链接",
    reads=_LINKED_BY,
    title="不同单位不报送同一资源（链接）",
    why=_W02_WHY,
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
def link_of_another_unit(resources: pd.DataFrame, media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Both units are told, unless the content of the files tells it better."""
    rows = _same_link(resources).assign(what="链接相同")
    return _untold(rows, settings, {"W02c": lambda: _same_content(media)})


@table_rule(
    "W02c",
    Severity.WARNING,
    "资源文件",
    table="media",
    across=True,
    reads=("资源文件",),
    title="不同单位不报送同一资源（文件）",
    why=_W02_WHY,
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
    return _same_content(media).assign(what="文件内容完全相同")


_ONE_NAME = ["@unit", "people", "fold", "@measured"]


@table_rule(
    "W02d",
    Severity.NOTE,
    "资源名称",
    reads=("资源名称", "主讲人"),
    title="不同单位的资源名称相近",
    why="名称相近，主讲人或时长又相同，可能是同一个资源，只能由一个单位报送。",
    source=_SOURCE,
    basis=INFERRED,
    says="与“{other_unit}”报送的“{other_name}”名称相近，{what}，可能是同一资源。",
    fix="请核对；确为同一资源的，请两个单位协商，由一方报送。",
    bad="""
    | @unit | 资源名称 | 主讲人 | 资源链接 |
    | 甲大学 | >航空发动机的构造与维修< | 朱新 | https://a.cn/1 |
    | 乙大学 | >航空发动机构造与维修< | 朱新 | https://a.cn/2 |
    """,
    good="火箭发动机构造与维修",
)
def name_near_another_units(
    resources: pd.DataFrame, media: pd.DataFrame, settings: Settings, malformed: pd.DataFrame
) -> pd.DataFrame:
    """The same speakers, or the same measured length; names that differ in a number are not near."""
    named = _named(resources)
    rows = _comparable(named, ["people"])
    rows = _comparable(rows.assign(digits=_digits(rows["fold"])), ["people", "digits"])
    rows = _comparable(rows.assign(marks=each_text(rows["fold"], _marks)), ["people", "marks"])
    rows = rows.sort_values(["资源名称", "@unit"]).drop_duplicates(_ONE_NAME).reset_index(drop=True)
    pairs = _united(_same_speakers(rows), _same_length(rows, []))
    unit, same_name = groups_of(rows, ["@unit"]), groups_of(rows, ["fold", "people"])
    left, right = pairs
    told_otherwise = (unit[left] == unit[right]) | (same_name[left] == same_name[right])
    pairs = _alike(rows, _where(pairs, ~told_otherwise), settings)
    near = named.merge(_nearest_of_others(rows, pairs), on=_ONE_NAME)
    linked = rows_sound_in(resources, _LINKED_BY, malformed)
    stronger = {
        "W02c": lambda: _same_content(media),
        "W02b": lambda: _same_link(linked),
        "W02": lambda: _same_name(named),
    }
    return _untold(near, settings, stronger)


def _comparable(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Rows that agree in the columns with some row of another unit, or whose length is known."""
    return rows[differing(groups_of(rows, columns), rows["@unit"]) | rows["@measured"].notna()]


def _nearest_of_others(rows: pd.DataFrame, pairs: Pairs) -> pd.DataFrame:
    """Each row of a pair once, with the first of the other units' names, and what else agrees."""
    here, there = np.concatenate(pairs), np.concatenate(pairs[::-1])
    other = rows.iloc[there]
    same_people = rows["people"].to_numpy()[here] == rows["people"].to_numpy()[there]
    found = rows.iloc[here][_ONE_NAME].assign(
        other_unit=other["@unit"].to_numpy(),
        other_name=other["资源名称"].to_numpy(),
        what=np.where(same_people, "主讲人相同", "时长相同"),
    )
    return found.sort_values(["other_unit", "other_name", "what"]).drop_duplicates(_ONE_NAME)


# --- near names, without comparing all with all ------------------------------------------------


def _ranks(texts: pd.Series) -> Positions:
    return np.asarray(pd.factorize(texts, sort=True)[0], dtype=np.int64)


def _side_by_side(groups: Positions, orders: Iterable[NDArray[np.generic]]) -> Pairs:
    """Rows of one group that stand close together in one of the orders (sorted neighbourhood).

    Names that differ in one place agree in their beginning or in their end, and so stand
    together in the order of the names or of the names reversed. The work grows with the
    number of rows alone, however many share a speaker.
    """
    found = [np.empty(0, dtype=np.int64)]
    count = len(groups)
    for order in orders:
        sequence = np.lexsort((order, groups))
        for step in range(1, min(_NEIGHBOURS, count - 1) + 1):
            one, other = sequence[:-step], sequence[step:]
            same = groups[one] == groups[other]
            one, other = one[same], other[same]
            found.append(np.minimum(one, other) * count + np.maximum(one, other))
    pairs = np.sort(np.concatenate(found))
    pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]]
    return pairs // max(count, 1), pairs % max(count, 1)


def _same_speakers(rows: pd.DataFrame) -> Pairs:
    """Rows with the same speakers and marks, which units share, whose names agree at one end."""
    alike = groups_of(rows, ["people", "marks"])
    shared = differing(alike, rows["@unit"]).nonzero()[0]
    folds = rows["fold"].iloc[shared]
    backwards = pd.Series([fold[::-1] for fold in folds.tolist()], dtype=object)
    left, right = _side_by_side(alike[shared], [_ranks(folds), _ranks(backwards)])
    return shared[left], shared[right]


def _same_length(rows: pd.DataFrame, columns: list[str]) -> Pairs:
    """Rows that agree in the columns, in their marks and at one end of their names, and last equally long."""
    timed = rows[rows["@measured"].notna()]
    if timed.empty:
        return _side_by_side(np.empty(0, dtype=np.int64), ())
    seconds, folds = timed["@measured"].to_numpy(), timed["fold"].tolist()
    timed = timed.assign(start=[fold[:2] for fold in folds], end=[fold[-2:] for fold in folds])
    at_ends = (
        _side_by_side(groups_of(timed, [*columns, "marks", end]), [seconds]) for end in ("start", "end")
    )
    left, right = _united(*at_ends)
    close = np.abs(seconds[left] - seconds[right]) <= _SAME_LENGTH
    where = timed.index.to_numpy(dtype=np.int64)
    return where[left[close]], where[right[close]]


def _alike(rows: pd.DataFrame, pairs: Pairs, settings: Settings) -> Pairs:
    """The pairs whose names are alike enough: Indel similarity, twice what is common by what there is."""
    lengths = rows["fold"].str.len().to_numpy(dtype=np.float64)
    one, other = lengths[pairs[0]], lengths[pairs[1]]
    pairs = _where(pairs, 200 * np.minimum(one, other) >= settings.similar * (one + other))
    fold = rows["fold"].to_numpy()
    near = [np.empty(0, dtype=np.bool_)]
    for start in range(0, len(pairs[0]), _AT_ONCE):
        left, right = (fold[side[start : start + _AT_ONCE]] for side in pairs)
        likeness = process.cpdist(left, right, scorer=fuzz.ratio, score_cutoff=settings.similar - _MARGIN)
        near.append(np.asarray(likeness >= settings.similar))
    return _where(pairs, np.concatenate(near))


def _where(pairs: Pairs, wanted: NDArray[np.bool_]) -> Pairs:
    return pairs[0][wanted], pairs[1][wanted]


def _united(*several: Pairs) -> Pairs:
    lefts, rights = zip(*several, strict=True)
    return np.concatenate(lefts), np.concatenate(rights)


def _firsts(count: int, pairs: Pairs) -> Positions:
    """For each position the smallest that pairs join it to, over any number of steps."""
    first = np.arange(count)
    while True:
        least = np.minimum(first[pairs[0]], first[pairs[1]])
        joined = first.copy()
        for side in pairs:
            np.minimum.at(joined, first[side], least)
        joined = joined[joined]
        if np.array_equal(joined, first):
            return first
        first = joined


# --- earlier years ----------------------------------------------------------------------------


@table_rule(
    "W03",
    Severity.WARNING,
    "资源名称",
    reads=("资源名称", "主讲人", "资源链接"),
    title="往年已报的资源不重复报送",
    why="往年已经入库的资源再报一次，会在平台上出现两份。",
    source="通知未规定；往年清单由省级提供",
    basis=INFERRED,
    says="与{when}报送的“{other_name}”{what}，疑为重复报送。",
    fix="请改报新的资源；内容已更新的，请在“单位说明”中写明。",
    bad="""
    | 资源名称 | 主讲人 |
    | >八段锦健身指导< | 王小明 |
    """,
    good="五禽戏健身指导",
)
def resource_of_an_earlier_year(resources: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """The same link, or else the same name and speakers; of several years the latest is named."""
    known = earlier.sort_values(["year", "unit", "name"], ascending=[False, True, True])
    by_link = partial(_known_before, known.assign(key=each_text(known["link"], _place)), what="链接相同")
    people = each_text(known["speaker"], _people)
    name_key = _folds(known["name"]) + "\n" + people
    name_key = name_key.where(filled(known["name"]) & filled(known["speaker"]), "")
    same_link = by_link(resources, each_text(resources["资源链接"], _place))
    named = _named(resources[~resources["@index"].isin(same_link["@index"])])
    same_name = _known_before(
        known.assign(key=name_key), named, named["fold"] + "\n" + named["people"], what="名称和主讲人都相同"
    )
    return pd.concat([same_link, same_name])


def _known_before(known: pd.DataFrame, rows: pd.DataFrame, key: pd.Series, *, what: str) -> pd.DataFrame:
    """Rows whose key stands in an earlier list, with the year and name there."""
    first = known[filled(known["key"])].drop_duplicates("key")
    found = rows.assign(key=key).merge(
        first[["key", "name", "year", "unit"]].rename(columns={"name": "other_name"}), on="key"
    )
    when = [_when(year, unit) for year, unit in zip(found["year"], found["unit"], strict=True)]
    return found.assign(when=when, what=what)


def _when(year: str, unit: str) -> str:
    return (f" {year} 年" if year else "往年") + (f"“{unit}”" if unit else "")
