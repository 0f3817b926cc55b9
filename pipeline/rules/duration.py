"""资源时长: hh:mm:ss, there where it helps, and believable (规则 R09)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.fields import form_of
from pipeline.model import Kind, Severity
from pipeline.pattern import late
from pipeline.rules.distinct import blank
from pipeline.rules.rule import INFERRED, LITERAL, Reading, reader, rule, table_rule
from pipeline.rules.text import folded, half_width
from pipeline.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

_FORM = form_of("资源时长")
_CLAUSE = "附件4 表1 “资源时长”：总时长, 统一格式为 hh:mm:ss, 如 02:45:32"
_CHINESE = late(
    r"(?=.)(?:([0-9]{1,3})(?:个?小时|时|[hH]))?(?:([0-9]{1,5})(?:分钟?|min|[mM]))?(?:([0-9]{1,6})(?:秒钟?|s|S))?"
)

_PRIMES = late(r"([0-9]{1,3})['′’]([0-5]?[0-9])(?:[\"″”]|'')")
"""45′30″, as discs and sport write minutes and seconds."""

R09_1 = rule(
    "R09-1",
    Severity.ERROR,
    "资源时长",
    title="资源时长格式为 hh:mm:ss",
    why="平台按时、分、秒读取时长，其他写法不能入库。",
    source=_CLAUSE,
    basis=LITERAL,
    says="“{value}”不是 hh:mm:ss 格式的时长。",
    fix="请填时:分:秒，各两位，如 02:45:32{hint}。",
    bad="165分钟",
    good="02:45:00",
)
R09_2 = rule(
    "R09-2",
    Severity.WARNING,
    "资源时长",
    title="资源时长写法规范",
    why="这种写法只有一种读法，已按规范格式读取。",
    source=_CLAUSE,
    basis=LITERAL,
    says="“{value}”不是规范写法，已按“{suggestion}”读取。",
    fix="请填“{suggestion}”。",
    bad="2:45:32",
    good="02:45:32",
)
R09_3 = rule(
    "R09-3",
    Severity.ERROR,
    "资源时长",
    title="资源时长只有一种读法",
    why="只写两段或一个数，看不出是时分还是分秒，差别可达 60 倍。",
    source=_CLAUSE + "；歧义写法通知未规定",
    basis=INFERRED,
    says="“{value}”看不出确切的时、分、秒：{readings}。",
    fix="请按实际时长填写时:分:秒，如 00:45:30{hint}。",
    bad="45:30",
    good="00:45:30",
)
R09_4 = rule(
    "R09-4",
    Severity.ERROR,
    "资源时长",
    title="分、秒在 00–59 之间，时长不为零",
    why="分或秒到 60 就应进位，时长为零的资源不能播放。",
    source=_CLAUSE,
    basis=INFERRED,
    says="“{value}”{why}。",
    fix="请填实际时长，写成时:分:秒{hint}。",
    bad="01:75:00",
    good="02:15:00",
)


def clock(seconds: int | float) -> str:
    """Whole seconds as hh:mm:ss, hours not folded at 24."""
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}"


def _likely(seconds: int) -> str:
    """The clock for a length that a resource can have (below 1,000 hours), else ""."""
    text = clock(seconds)
    return text if _FORM.fullmatch(text) else ""


def seconds_of(text: str) -> int:
    """The seconds in a canonical duration."""
    hour, minute, second = text.split(":")
    return int(hour) * 3600 + int(minute) * 60 + int(second)


@reader("资源时长")
def read_duration(text: str, _kind: Kind, _settings: Settings) -> Reading:
    """Any way of writing a length of time; only hours, minutes and seconds together are unambiguous."""
    narrow = folded(text, _FORM)
    if narrow:
        return narrow
    plain = re.sub(r"\s", "", half_width(text)).replace("∶", ":").replace("︰", ":")
    marked = _PRIMES.fullmatch(plain)
    if marked:
        return R09_1.found(_likely(int(marked[1]) * 60 + int(marked[2])))
    parts = re.fullmatch(r"([0-9]{1,3}):([0-9]{1,2}):([0-9]{1,2})(?:\.([0-9]+))?", plain)
    if parts:
        return _three_parts(int(parts[1]), int(parts[2]), int(parts[3]), parts[4])
    pair = re.fullmatch(r"([0-9]{1,3}):([0-9]{1,2})", plain)
    if pair:
        return R09_3.found(readings=f"可能是 {pair[1]} 分 {pair[2]} 秒，也可能是 {pair[1]} 小时 {pair[2]} 分")
    if re.fullmatch(r"-?[0-9]{1,9}(?:\.[0-9]{1,20})?", plain):
        return _bare_number(Decimal(plain))
    return _with_units(plain)


def _three_parts(hour: int, minute: int, second: int, fraction: str | None) -> Reading:
    total = hour * 3600 + minute * 60 + second
    if minute > 59 or second > 59:
        return R09_4.found(_likely(total), why="的分或秒超出 59")
    if total == 0:
        return R09_4.found(why="是零时长")
    if fraction and fraction.strip("0"):
        return R09_1.found(clock(total))
    return R09_2.found(clock(total), safe=True)


def _bare_number(number: Decimal) -> Reading:
    """A number without a unit; one with many decimals is what Excel stores, a fraction of a day."""
    if number == 0:
        return R09_4.found(why="是零时长")
    if number < 0:
        return R09_1.found()
    if number < 40 and -int(number.as_tuple().exponent) >= 5:
        seconds = int(float(number * 86400) + 1e-3)
        return R09_2.found(clock(seconds), safe=True) if seconds else R09_4.found(why="是零时长")
    units = ("分钟", "秒") if number == number.to_integral_value() else ("小时", "分钟")
    return R09_3.found(readings="，也".join(f"可能是 {number} {unit}" for unit in units))


def _with_units(plain: str) -> Reading:
    """Numbers with 小时, 分, 秒."""
    named = _CHINESE.fullmatch(plain)
    if named:
        hour, minute, second = (int(part or 0) for part in named.groups())
        total = hour * 3600 + minute * 60 + second
        if total == 0:
            return R09_4.found(why="是零时长")
        carried = (minute > 59 and named[1]) or (second > 59 and (named[1] or named[2]))
        likely = _likely(total)
        complete = named[3] is not None and not carried
        return R09_2.found(likely, safe=True) if complete and likely else R09_1.found(likely)
    decimal = re.fullmatch(r"([0-9]{1,6}\.[0-9]{1,6})个?(小时|时|h|分钟?|min)", plain)
    if decimal:
        total = int(Decimal(decimal[1]) * (60 if decimal[2].startswith(("分", "min")) else 3600))
        return R09_3.found(_likely(total), readings="带小数的时长可能是约数")
    dashed = re.fullmatch(r"([0-9]{1,3})[.\-_;,、'′]([0-9]{1,2})[.\-_;,、'′]([0-9]{1,2})", plain)
    if dashed and int(dashed[2]) < 60 and int(dashed[3]) < 60:
        return R09_1.found(_likely(int(dashed[1]) * 3600 + int(dashed[2]) * 60 + int(dashed[3])))
    return R09_1.found()


def _playable(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The rows of videos and sounds."""
    return resources[resources["资源类型"].map(settings.media_types).isin(("video", "audio"))]


_LENGTH = "附件4 表1 “资源时长”；长短通知未规定，由本省设定"


def _unbelievable(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Videos and sounds that are too short or too long, with `length` and `how`.

    The measured length counts, where it is known, else the declared one; where the two disagree,
    M12 tells. Several files may well be long together.
    """
    rows = _playable(resources, settings)
    limits = settings.duration
    declared = rows["资源时长"].map(lambda text: seconds_of(text) if text else float("nan")).astype(float)
    measured = rows["@measured"].astype(float)
    seconds = measured.fillna(declared).round()
    agree = ~((declared - measured).abs() > limits.same)
    short, long = seconds < limits.shortest, seconds > limits.longest
    several = rows["资源文件"].str.contains(";", regex=False).astype(bool)
    rows = rows.assign(
        seconds=seconds,
        how=short.map(
            {
                True: f"过短（不足 {limits.shortest:g} 秒）",
                False: f"过长（超过 {clock(limits.longest)}）",
            }
        ),
    )
    rows = rows[agree & (short | (long & ~several))]
    return rows.assign(length=[clock(each) for each in rows["seconds"]])


@table_rule(
    "R09-5",
    Severity.NOTE,
    "资源时长",
    reads=("资源类型", "资源时长"),
    title="视频、音频填写资源时长",
    why="学习者要看时长安排学习；选填，不填也能报送。",
    source="附件4 表1 “资源时长”：视频或音频时长；选填",
    basis=INFERRED,
    says="视频、音频资源的“资源时长”未填写。",
    fix="建议补填时:分:秒，如 02:45:32{hint}。",
    bad="""
    | 资源类型 | 资源时长 |
    | A01 | >< |
    """,
    good="00:12:30",
)
def length_not_filled(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """With the measured length as suggestion; of a file that is too short R09-5c tells."""
    rows = _playable(resources[blank(resources["资源时长"])], settings)
    rows = rows[~rows.index.isin(_unbelievable(rows, settings).index)]
    lengths = rows["@measured"].astype(float).fillna(0).round()
    return rows.assign(suggestion=[clock(length) if length else "" for length in lengths])


@table_rule(
    "R09-5b",
    Severity.WARNING,
    "资源时长",
    reads=("资源类型", "资源时长"),
    title="单个视频、音频的填报时长不过短、不过长",
    why="几秒钟的、十几个小时的多半是填错了位。",
    source=_LENGTH,
    basis=INFERRED,
    says="填报时长“{length}”{how}。",
    fix="请核对时长；确无问题的，请在“单位说明”中写明。",
    bad="""
    | 资源类型 | 资源时长 |
    | A01 | >00:00:03< |
    """,
    good="00:12:30",
)
def length_not_believable(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Below `duration.shortest` or above `duration.longest`, and no file was measured that bears it out."""
    rows = _unbelievable(resources, settings)
    return rows[rows["@measured"].isna()]


@table_rule(
    "R09-5c",
    Severity.NOTE,
    "资源时长",
    reads=("资源类型", "资源时长"),
    title="单个视频、音频文件不过短、不过长",
    why="几秒钟的多半是片头或传错的文件；时长没有填错，所以只提示。",
    source=_LENGTH,
    basis=INFERRED,
    says="文件实测时长“{length}”{how}。",
    fix="请核对是不是要报送的文件；是的无须处理。",
    bad="""
    | 资源类型 | 资源时长 | @measured |
    | A01 | 00:00:03 | >3< |
    """,
    good="3600",
)
def file_not_believable(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The same of what was measured, where nothing else is declared (then M12 tells)."""
    rows = _unbelievable(resources, settings)
    return rows[rows["@measured"].notna()]
