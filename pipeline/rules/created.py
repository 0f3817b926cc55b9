"""创建时间: a real day, written yyyy-mm-dd (规则 R10)."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from pipeline.fields import form_of
from pipeline.model import Kind, Severity
from pipeline.pattern import late
from pipeline.rules.distinct import filled
from pipeline.rules.rule import INFERRED, LITERAL, Reading, condition, reader, rule, table_rule
from pipeline.rules.text import folded, half_width
from pipeline.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

_FORM = form_of("创建时间")
_CLAUSE = "附件4 表1 “创建时间”：统一格式为 yyyy-mm-dd, 如 2022-03-23"
_TIME = r"(?:[T ]?(?:[01]?[0-9]|2[0-3])[:时][0-5]?[0-9](?:[:分][0-5]?[0-9](?:\.[0-9]+)?秒?)?分?)?"
_FULL = late(
    rf"([0-9]{{4}})\s*(?:年|[-./\\、_\s]|\s)\s*([0-9]{{1,2}})\s*(?:月|[-./\\、_\s]|\s)\s*([0-9]{{1,2}})\s*[日号]?\s*{_TIME}"
)
_DIGITS = late(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_PARTIAL = late(
    r"[0-9]{4}[-./\\][0-9]{1,2}|[0-9]{6}|[0-9]{4}年?|[0-9]{1,2}[-./\\年][0-9]{1,2}[-./\\月][0-9]{1,4}日?"
)
_EPOCH = dt.date(1899, 12, 30)

R10_1 = rule(
    "R10-1",
    Severity.ERROR,
    "创建时间",
    title="创建时间格式为 yyyy-mm-dd",
    why="平台按年-月-日读取日期，其他写法不能入库。",
    source=_CLAUSE,
    basis=LITERAL,
    says="“{value}”不是 yyyy-mm-dd 格式的日期。",
    fix="请填四位年、两位月、两位日，如 2022-03-23。",
    bad="2022年3月",
    good="2022-03-23",
)
R10_2 = rule(
    "R10-2",
    Severity.WARNING,
    "创建时间",
    title="创建时间写法规范",
    why="这种写法只有一种读法，已按规范格式读取。",
    source=_CLAUSE,
    basis=LITERAL,
    says="“{value}”不是规范写法，已按“{suggestion}”读取。",
    fix="请填“{suggestion}”。",
    bad="2022.3.23",
    good="2022-03-23",
)
R10_3 = rule(
    "R10-3",
    Severity.ERROR,
    "创建时间",
    title="年、月、日齐全，次序明确",
    why="缺日、两位年或次序不明的日期有几种读法，不能替单位猜。",
    source=_CLAUSE + "；歧义写法通知未规定",
    basis=INFERRED,
    says="“{value}”缺少“日”，或年月日的次序不明。",
    fix="请填完整日期，如 2022-03-23。",
    bad="2022.3",
    good="2022-03-23",
)
R10_4 = rule(
    "R10-4",
    Severity.ERROR,
    "创建时间",
    title="日期真实存在",
    why="日历上没有的日子多半是录入时按错了键。",
    source=_CLAUSE,
    basis=INFERRED,
    says="日历上没有“{value}”这一天。",
    fix="请核对后填实际日期，如 2022-02-28。",
    bad="2022-02-30",
    good="2022-02-28",
)


@condition("创建时间")
def is_day(text: str, _settings: Settings) -> bool:
    """A day that the calendar has."""
    year, month, day = text.split("-")
    return _day(int(year), int(month), int(day)) is not None


@reader("创建时间")
def read_created(text: str, kind: Kind, _settings: Settings) -> Reading:
    """Any way of writing a day; year, month and day in this order are unambiguous."""
    if _FORM.fullmatch(text):
        return R10_4.found()
    plain = re.sub(r"[—–－―‐‑−]+", "-", half_width(text)).strip().rstrip(".")
    whole = _FULL.fullmatch(plain) or _DIGITS.fullmatch(plain)
    if whole:
        day = _day(int(whole[1]), int(whole[2]), int(whole[3]))
        if day is None:
            return R10_4.found()
        return folded(text, _FORM) or R10_2.found(day.isoformat(), safe=True)
    if kind is Kind.NUMBER and re.fullmatch(r"[0-9]{5}(?:\.[0-9]+)?", plain):
        serial = _EPOCH + dt.timedelta(days=int(float(plain)))
        if 1990 <= serial.year < 2100:
            return R10_2.found(serial.isoformat(), safe=True)
    if _PARTIAL.fullmatch(plain):
        return R10_3.found()
    return R10_1.found()


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


@table_rule(
    "R10-5",
    Severity.ERROR,
    "创建时间",
    reads=("创建时间",),
    title="创建时间不晚于今天",
    why="还没有到的日子不可能创建资源。",
    source="附件4 表1 “创建时间”：资源创建时间",
    basis=INFERRED,
    says="创建时间“{value}”晚于今天（{today}）。",
    fix="请核对后填实际日期。",
    bad="""
    | 创建时间 |
    | >2099-03-23< |
    """,
    good="2022-03-23",
)
def created_in_the_future(resources: pd.DataFrame, today: str) -> pd.DataFrame:
    """ISO dates compare as text."""
    return resources[resources["创建时间"] > today].assign(today=today)


@table_rule(
    "R10-5b",
    Severity.WARNING,
    "创建时间",
    reads=("创建时间",),
    title="创建时间不过早",
    why="过早的日期多半是表格软件的默认值或录入错误。",
    source="通知未规定，由本省设定",
    basis=INFERRED,
    says="创建时间“{value}”早于 {earliest}。",
    fix="请核对；确为该日创建的，请在“单位说明”中写明。",
    bad="""
    | 创建时间 |
    | >1900-01-01< |
    """,
    good="2022-03-23",
)
def created_too_early(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Blank cells are not early."""
    earliest = settings.earliest_created.isoformat()
    early = filled(resources["创建时间"]) & (resources["创建时间"] < earliest)
    return resources[early].assign(earliest=earliest)
