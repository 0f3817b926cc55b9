"""Any media file, and what its row says of it (规则 M12, M13, X04); see also `video.py` and `audio.py`.

The table `media` has a row for each file that a resource names, with what the probe
measured: sizes in pixels, rates in Hz, bit/s and frames a second, durations in seconds.
A file that is damaged (`sound` is false) or of another container is told by that alone.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.files import UNOPENED
from pipeline.model import Severity
from pipeline.rules.distinct import filled
from pipeline.rules.duration import clock, seconds_of
from pipeline.rules.rule import INFERRED, LITERAL, table_rule

if TYPE_CHECKING:
    from pipeline.settings import Settings

BROWSERS = "附件3 第4条：支持最新版本的主流浏览器的在线播放"
FILE = ("资源文件",)
UNOPENED_FIX = "请确认文件还在原处、有读取权限，也没有在别的程序中打开，再重新校验。"
UNOPENED_WHY = "没有打开的文件无法检查；这和电脑有关，文件多半是好的。"


def either(names: tuple[str, ...]) -> str:
    """The values that a profile allows, as a sentence names them."""
    return " 或 ".join(names)


@table_rule(
    "M13",
    Severity.ERROR,
    "资源文件",
    table="media",
    reads=FILE,
    title="文件完好，已上传完整",
    why="损坏或没传完的文件不能播放。",
    source=BROWSERS,
    basis=INFERRED,
    says="“{named}”{broken}。",
    fix="请用播放器从头看到尾，确认完好后重新上传。",
    bad="""
    | named | broken |
    | 第1讲.mp4 | >未上传完整< |
    """,
    good="",
)
def file_damaged(media: pd.DataFrame) -> pd.DataFrame:
    """broken says why, in words."""
    return media[filled(media["broken"]) & ~media["broken"].isin(UNOPENED)]


@table_rule(
    "M13b",
    Severity.WARNING,
    "资源文件",
    table="media",
    reads=FILE,
    title="文件能够打开",
    why=UNOPENED_WHY,
    source=BROWSERS,
    basis=INFERRED,
    says="“{named}”{broken}。",
    fix=UNOPENED_FIX,
    bad="""
    | named | broken |
    | 第1讲.mp4 | >没有读取权限或文件正被占用< |
    """,
    good="",
)
def file_not_opened(media: pd.DataFrame) -> pd.DataFrame:
    """A film that is open in a player on this computer need not be sent again."""
    return media[media["broken"].isin(UNOPENED)]


def _disagreement(resources: pd.DataFrame) -> pd.DataFrame:
    """Rows whose declared and measured lengths are both known, with the gap in seconds.

    `@measured` is the sum over the row's files, NaN if one of them is unknown.
    """
    known = resources[filled(resources["资源时长"]) & resources["@measured"].notna()]
    declared = known["资源时长"].map(seconds_of)
    measured = known["@measured"]
    shown = [clock(round(length)) for length in measured]
    return known.assign(gap=(declared - measured).abs(), measured=shown, suggestion=shown, length=measured)


_M12 = "附件4 表1 “资源时长”：总时长"
_SAYS = "填报时长“{value}”与文件实测 {measured} 相差 {gap:.0f} 秒。"
_FIX = "请核对文件是否正确；文件无误的，请填“{measured}”。"


@table_rule(
    "M12",
    Severity.ERROR,
    "资源时长",
    reads=("资源时长", "资源文件"),
    title="填报时长与文件一致",
    why="相差很大，多半是填错了行或传错了文件。",
    source=_M12 + "；容差通知未规定",
    basis=LITERAL,
    says=_SAYS,
    fix=_FIX,
    bad="""
    | 资源时长 | @measured |
    | >00:13:31< | 750.0 |
    """,
    good="00:12:30",
)
def duration_far_off(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Beyond the large tolerance."""
    rows = _disagreement(resources)
    return rows[rows["gap"] > settings.duration.large]


@table_rule(
    "M12b",
    Severity.WARNING,
    "资源时长",
    reads=("资源时长", "资源文件"),
    title="填报时长与文件相近",
    why="相差几秒到一分钟，多半是剪辑后没有改时长。",
    source=_M12 + "；容差通知未规定",
    basis=INFERRED,
    says=_SAYS,
    fix=_FIX,
    bad="""
    | 资源时长 | @measured |
    | >00:13:00< | 750.0 |
    """,
    good="00:12:30",
)
def duration_off(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Beyond the small tolerance and the percentage."""
    rows = _disagreement(resources)
    return rows[_beyond_small(rows, settings) & (rows["gap"] <= settings.duration.large)]


@table_rule(
    "M12c",
    Severity.NOTE,
    "资源时长",
    reads=("资源时长", "资源文件"),
    title="填报时长与文件相差很小",
    why="一两秒的差别不影响使用。",
    source=_M12 + "；容差通知未规定",
    basis=INFERRED,
    says=_SAYS,
    fix="无须处理；也可改为“{measured}”。",
    bad="""
    | 资源时长 | @measured |
    | >00:12:32< | 750.0 |
    """,
    good="00:12:31",
)
def duration_slightly_off(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """More than the same, less than a warning."""
    rows = _disagreement(resources)
    slight = (rows["gap"] > settings.duration.same) & (rows["gap"] <= settings.duration.large)
    return rows[slight & ~_beyond_small(rows, settings)]


def _beyond_small(rows: pd.DataFrame, settings: Settings) -> pd.Series:
    tolerance = settings.duration
    return (rows["gap"] > tolerance.small) & (rows["gap"] > rows["length"] * tolerance.percent / 100)


_EARLIEST_RECORDED = 1990
"""No digital film is older; a year before is the zero of some clock."""
_FAR_DAYS = 3 * 366
_DAYS_A_YEAR = 365.25


@table_rule(
    "X04",
    Severity.NOTE,
    "创建时间",
    table="media",
    reads=("创建时间", "资源文件"),
    title="创建时间与文件内的日期相近",
    why="相差几年，可能是填错了年份，也可能是后来重新导出过。",
    source="附件4 表1 “创建时间”：资源创建时间；与文件比对通知未规定",
    basis=INFERRED,
    says="创建时间“{value}”与文件“{named}”内记录的 {recorded} 相差 {years:.0f} 年多。",
    fix="请核对创建时间；文件是后来重新导出的，无须处理。",
    bad="""
    | 创建时间 | named | recorded |
    | >2015-03-23< | 第1讲.mp4 | 2023-05-01 |
    """,
    good="2020-05-02",
)
def created_long_before_or_after(media: pd.DataFrame, today: str) -> pd.DataFrame:
    """Of a row's files the one with the nearest date counts; what no camera can mean is not compared."""
    recorded = media["recorded"]
    believed = (recorded.str[:4] >= str(_EARLIEST_RECORDED)) & (recorded <= today)
    known = media[believed & media["sound"] & filled(media["创建时间"])]
    gaps = [_days_between(*dates) for dates in zip(known["创建时间"], known["recorded"], strict=True)]
    told = known.assign(gap=gaps).sort_values("gap", kind="stable").drop_duplicates("@index").sort_index()
    return told.assign(years=told["gap"] // _DAYS_A_YEAR)[told["gap"] > _FAR_DAYS]


def _days_between(created: str, recorded: str) -> int:
    """Days from a day to a day, or to the nearest day of a year; 0 inside it."""
    day = dt.date.fromisoformat(created).toordinal()
    if len(recorded) > len("yyyy"):
        first = last = dt.date.fromisoformat(recorded).toordinal()
    else:
        year = int(recorded)
        first, last = dt.date(year, 1, 1).toordinal(), dt.date(year, 12, 31).toordinal()
    return max(first - day, day - last, 0)
