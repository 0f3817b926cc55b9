"""平台资质: courses given by link stand on a platform of 等保 level three (规则 L10–L13).

The level is the notice's own words; in what form it is shown is inferred, so that a lack of evidence is
for a person to judge. Platforms in config.yaml are known to the province: for those a lack is only noted.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.fields import PLATFORM_HEADERS
from pipeline.model import Labelled, Severity, Submission
from pipeline.pattern import late
from pipeline.rules.distinct import answers, blank, filled, firsts
from pipeline.rules.link import by_host, host_of, platform_at
from pipeline.rules.platforms import known_name
from pipeline.rules.rule import INFERRED, LITERAL, OTHER, table_rule
from pipeline.rules.text import is_placeholder
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.join import Index

_CLAUSE = "附件3 第3条：依托的平台安全保护等级不应低于第三级"
_FORM_OPEN = f"{_CLAUSE}；佐证形式通知未规定"
_OTHER = "等级保护备案证明的编号规则；通知未规定"
NAME, HOST, LEVEL, NUMBER, PROOF = PLATFORM_HEADERS
LEAST = 3
MISSING = "在提交的文件中找不到"
_RIGHT_NUMBER = late(r"\d{11}[-—－]?\d{5}", re.ASCII)
_SEPARATOR = late(r"[;；、,，\n]+")
_DASHES = late(r"[-—－–―‐‑−_~～]+")
_ICP = late(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]ICP备\d{8,10}号(?:-\d{1,4})?[A-Z]?"
)
_ICP_LIKE = late(r"icp", re.IGNORECASE)
_POLICE = late(r"公网安备")
_DIGITS = {"一": 1, "二": 2, "三": 3, "叁": 3, "四": 4, "五": 5, "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5}
_DIGITS |= {str(n): n for n in range(1, 6)}
_LEVEL = late(
    r"(?<![0-9A-Z.])([一二三叁四五]|III|II|IV|I|V|[1-5])(?:级|$)|L(?:EVEL)?([1-5])(?:级|$)|S([1-5])A([1-5])(?:G[1-5])?"
)
_DATE = late(
    r"(?<![0-9])(20[0-9]{2})(?:[年.\-_/ ]?(1[0-2]|0?[1-9])"
    r"(?:[月.\-_/ ]?(3[01]|[12][0-9]|0?[1-9])?(?![0-9]))?)?(?![0-9])"
)
_REPORT = late("测评|评估报告")

PLATFORM_COLUMNS = ("@unit", "@workbook", "@sheet", "@row", "@field", "@cell", "value", "problem")
COURSE_COLUMNS = ("standing", "lack", "known", "level")


def level_of(text: str) -> int:
    """The 等保 level that a text names, 0 if it names none or more than one.

    S3A3 is a system's level by its two parts, of which the higher counts (GB/T 22240). 等保2.0 is the
    name of the standards, no level.
    """
    plain = re.sub(r"\s|(?:等保)?2\.0", "", unicodedata.normalize("NFKC", text)).upper()
    found = {
        _DIGITS[one or other] if one or other else max(int(s), int(a))
        for one, other, s, a in _LEVEL.findall(plain)
    }
    only = found.pop() if len(found) == 1 else 0
    return 0 if "以上" in plain and only < LEAST else only


def platforms_table(submissions: Iterable[Submission], indexes: Mapping[str, Index]) -> pd.DataFrame:
    """One row per filled cell of 平台资质: `PLATFORM_COLUMNS`.

    value is the cell's text; problem why a file named in 证明文件 does not lead to one, "" else.
    indexes: the files of every unit.
    """
    rows = [
        (each.unit, each.workbook, cell.sheet, cell.row, name, cell.cell, cell.text, problem)
        for each in submissions
        for row in each.platforms
        for name, cell in row.items()
        if _filled(cell)
        for problem in [_problem(cell.text, indexes[each.unit]) if name == PROOF else ""]
    ]
    return pd.DataFrame(rows, columns=list(PLATFORM_COLUMNS), dtype=object)


def courses_table(
    values: pd.DataFrame, submissions: Iterable[Submission], settings: Settings
) -> pd.DataFrame:
    """One row per network course given by link alone on a named platform: fields, `@index`, `COURSE_COLUMNS`.

    standing: 够 (level three or above, with evidence), 低 (below), 缺 (evidence is lacking, lack says which)
    or 不明 (the level cannot be read, which is told at its own cell). level: as stated. known: 是 for a
    platform in config.yaml. A unit's rows of 平台资质 are found by the platform's name or the link's host.
    """
    free = {code for code, sort in settings.media_types.items() if sort == "any"}
    given = values[
        values["资源类型"].isin(free)
        & filled(values["资源链接"])
        & blank(values["资源文件"])
        & filled(values["部署平台"])
    ]
    stated: dict[str, list[Mapping[str, str]]] = {}
    for each in submissions:
        stated.setdefault(each.unit, []).extend(_texts(row) for row in each.platforms)
    hosts = by_host(given["资源链接"], str)
    places = list(zip(given["@unit"].tolist(), given["部署平台"].tolist(), hosts, strict=True))
    standing = answers(places, lambda of: _standing(of[1], of[2], stated.get(of[0], []), settings))
    facts = {name: [each[at] for each in standing] for at, name in enumerate(COURSE_COLUMNS)}
    columns = pd.DataFrame({"@index": given.index, **facts}, index=given.index)
    return pd.concat([given, columns], axis=1)


def _filled(cell: Labelled) -> bool:
    return cell.text != "" and not is_placeholder(cell.text, False)


def _texts(row: Mapping[str, Labelled]) -> Mapping[str, str]:
    filled = {name: cell.text for name, cell in row.items() if _filled(cell)}
    return {name: filled.get(name, "") for name in PLATFORM_HEADERS}


def _is_known(name: str, settings: Settings) -> bool:
    return known_name(name, settings) != ""


def _folded(name: str, settings: Settings) -> str:
    """A platform's name so that ways of writing it do not matter."""
    return _plain(known_name(name, settings) or name)


def _plain(name: str) -> str:
    return re.sub(r"[\s()·\-—_]", "", unicodedata.normalize("NFKC", name)).casefold()


def _hosts(text: str) -> Iterator[str]:
    """The hosts in a cell 域名, which may hold addresses, several of them, or `*.`."""
    for part in re.split(r"[;；、,，\s]+", text):
        host = host_of(part if "://" in part else f"//{part}").removeprefix("*.").removeprefix("www.")
        if "." in host:
            yield host


def _standing(
    platform: str, host: str, rows: list[Mapping[str, str]], settings: Settings
) -> tuple[str, str, str, str]:
    """The best that the unit's rows say of one platform."""
    known = "是" if _is_known(platform, settings) or platform_at(host, settings.platforms) else "否"
    mine = [row for row in rows if _is_of(row, platform, host, settings)]
    if not mine:
        return "缺", "没有填入“平台资质”表", known, ""
    levels = {level_of(row[LEVEL]) for row in mine if row[LEVEL]}
    enough = [row for row in mine if level_of(row[LEVEL]) >= LEAST]
    if any(row[NUMBER] or row[PROOF] for row in enough):
        return "够", "", known, ""
    if enough:
        return "缺", "在“平台资质”表中没有填备案证明编号，也没有证明文件", known, ""
    if 0 in levels:
        return "不明", "", known, ""
    if levels:
        return "低", "", known, next(row[LEVEL] for row in mine if row[LEVEL])
    return "缺", "在“平台资质”表中没有填等保级别", known, ""


def _is_of(row: Mapping[str, str], platform: str, host: str, settings: Settings) -> bool:
    if row[NAME] and _folded(row[NAME], settings) == _folded(platform, settings):
        return True
    return any(host == each or host.endswith(f".{each}") for each in _hosts(row[HOST]))


def _problem(text: str, index: Index) -> str:
    """Why the names in a cell 证明文件 lead to no file; a separator counts if it yields files."""
    whole = index.find(text)
    if whole.path:
        return ""
    for separator in (re.compile("[;；]"), _SEPARATOR):
        parts = [part.strip() for part in separator.split(text) if part.strip()]
        if len(parts) > 1:
            problems = [found.problem or MISSING for part in parts if not (found := index.find(part)).path]
            if not problems:
                return ""
    return whole.problem or MISSING


@table_rule(
    "L10",
    Severity.ERROR,
    "部署平台",
    table="courses",
    reads=("资源类型", "部署平台", "资源链接", "资源文件"),
    title="链接课程的平台达到等保第三级",
    why="通知要求以链接方式提供的课程，平台不低于第三级。",
    source=_CLAUSE,
    basis=LITERAL,
    says="部署平台“{value}”的等保级别是“{level}”，低于第三级。",
    fix="请改用第三级及以上的平台，或报送实体资源；级别填错的，请在“平台资质”表改正。",
    bad="""
    | 部署平台 | standing | level |
    | 某校学习网 | >低< | 第二级 |
    """,
    good="够",
)
def platform_below_level(courses: pd.DataFrame) -> pd.DataFrame:
    """What the unit itself states; known platforms too."""
    return courses[courses["standing"] == "低"]


@table_rule(
    "L10b",
    Severity.WARNING,
    "部署平台",
    table="courses",
    reads=("资源类型", "部署平台", "资源链接", "资源文件"),
    title="链接课程的平台有等保证明",
    why="没有证明，看不出平台是不是达到第三级。",
    source=_FORM_OPEN,
    basis=INFERRED,
    says="部署平台“{value}”{lack}，看不出是否达到等保第三级。",
    fix="请在“平台资质”表填写这个平台的等保级别、备案证明编号，并附证明文件。",
    bad="""
    | 部署平台 | standing | known | lack |
    | 某校学习网 | >缺< | 否 | 没有填入“平台资质”表 |
    """,
    good="够",
)
def platform_without_proof(courses: pd.DataFrame) -> pd.DataFrame:
    """Platforms in config.yaml are noted by L10c."""
    return courses[(courses["standing"] == "缺") & (courses["known"] != "是")]


@table_rule(
    "L10c",
    Severity.NOTE,
    "部署平台",
    table="courses",
    reads=("资源类型", "部署平台", "资源链接", "资源文件"),
    title="已知平台最好也附等保证明",
    why="config.yaml 中的平台由省级掌握，有没有证明不影响结论。",
    source=_FORM_OPEN,
    basis=INFERRED,
    says="部署平台“{value}”{lack}；它是已知平台，不影响结论。",
    fix="有等保备案证明的，请填入“平台资质”表；没有的无须处理。",
    bad="""
    | 部署平台 | standing | known | lack |
    | 中国大学MOOC | >缺< | 是 | 没有填入“平台资质”表 |
    """,
    good="够",
)
def known_platform_without_proof(courses: pd.DataFrame) -> pd.DataFrame:
    """Once for each unit and platform, at the first row."""
    noted = courses[(courses["standing"] == "缺") & (courses["known"] == "是")]
    return firsts(noted, ["@unit", "@workbook", "部署平台"])


def _cells(platforms: pd.DataFrame, field: str) -> pd.DataFrame:
    return platforms[platforms["@field"] == field]


@table_rule(
    "L10d",
    Severity.WARNING,
    PROOF,
    table="platforms",
    reads=(),
    title="证明文件在提交的文件夹中",
    why="只有文件名、没有文件，就没有证明。",
    source=_FORM_OPEN,
    basis=INFERRED,
    says="证明文件“{value}”{problem}。",
    fix="请把文件放进本单位的文件夹，填相对路径或文件名。",
    bad="""
    | @field | value | problem |
    | 证明文件 | 等保备案证明.jpg | >在提交的文件中找不到< |
    """,
    good="",
)
def proof_missing(platforms: pd.DataFrame) -> pd.DataFrame:
    """problem is what kept the name from leading to one file."""
    named = _cells(platforms, PROOF)
    return named[filled(named["problem"])]


@table_rule(
    "L10e",
    Severity.WARNING,
    LEVEL,
    table="platforms",
    reads=(),
    title="等保级别是第几级",
    why="看不出级别，就判断不了是否达到第三级。",
    source=_CLAUSE,
    basis=INFERRED,
    says="从“{value}”看不出是第几级。",
    fix="请填第一级、第二级、第三级或第四级。",
    bad="""
    | @field | value |
    | 等保级别 | >等保2.0< |
    """,
    good="第三级",
)
def level_unread(platforms: pd.DataFrame) -> pd.DataFrame:
    """None, or more than one."""
    stated = _cells(platforms, LEVEL)
    return stated[stated["value"].map(level_of) == 0]


@table_rule(
    "L11",
    Severity.WARNING,
    NUMBER,
    table="platforms",
    reads=(),
    title="等保备案证明编号是 11 位-5 位",
    why="编号是 6 位行政区划、5 位单位序号和 5 位系统号。",
    source=_OTHER,
    basis=OTHER,
    says="“{value}”不是等保备案证明编号的写法（11 位-5 位数字）。",
    fix="请照备案证明填写，如 41010099001-21001{hint}。",
    bad="""
    | @field | value |
    | 备案证明编号 | >41010099001-2100< |
    """,
    good="41010099001-21001",
)
def number_malformed(platforms: pd.DataFrame) -> pd.DataFrame:
    """Blanks and other dashes leave one reading; a number that is not of 等保 is told by L11b."""
    wrong = _wrong_numbers(platforms)
    wrong = wrong[~wrong["value"].map(_of_another_sort).astype(bool)]
    tidy = wrong["value"].map(_tidied)
    return wrong.assign(suggestion=tidy, safe=filled(tidy))


@table_rule(
    "L11b",
    Severity.WARNING,
    NUMBER,
    table="platforms",
    reads=(),
    title="填的是等保备案证明编号",
    why="网站备案号和公安联网备案号不能说明等保级别。",
    source=_OTHER,
    basis=OTHER,
    says="“{value}”是{sort}，不是等保备案证明编号。",
    fix="请照等级保护备案证明填写，如 41010099001-21001。",
    bad="""
    | @field | value |
    | 备案证明编号 | >豫ICP备05002465号-1< |
    """,
    good="41010099001-21001",
)
def number_of_another_sort(platforms: pd.DataFrame) -> pd.DataFrame:
    """An ICP or police number in place of the right one; beside it, it does no harm."""
    wrong = _wrong_numbers(platforms)
    sort = wrong["value"].map(_of_another_sort)
    return wrong.assign(sort=sort)[filled(sort)]


def _wrong_numbers(platforms: pd.DataFrame) -> pd.DataFrame:
    """Cells in which some part is no right number, and those of another sort have none beside them."""
    given = _cells(platforms, NUMBER)
    return given[~given["value"].map(_numbers_are_right).astype(bool)]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _SEPARATOR.split(text) if part.strip()]


def _numbers_are_right(text: str) -> bool:
    others = [part for part in _parts(text) if not _RIGHT_NUMBER.fullmatch(part)]
    return len(others) < len(_parts(text)) and all(_of_another_sort(part) for part in others)


def _of_another_sort(text: str) -> str:
    if _ICP_LIKE.search(unicodedata.normalize("NFKC", text)):
        return "网站备案号（ICP 备案号）"
    return "公安联网备案号" if _POLICE.search(text) else ""


def _tidied(text: str) -> str:
    """The number without blanks and with its hyphen, "" where that does not make it right."""
    plain = _DASHES.sub("-", re.sub(r"\s", "", unicodedata.normalize("NFKC", text)))
    found = re.fullmatch(r"(\d{11})-?(\d{5})", plain, re.ASCII)
    return f"{found[1]}-{found[2]}" if found else ""


@table_rule(
    "L12",
    Severity.WARNING,
    PROOF,
    table="platforms",
    reads=(),
    title="测评报告在一年以内",
    why="第三级的系统每年测评一次，过期的报告说明不了现在。",
    source="等级保护测评每年一次；通知未规定",
    basis=OTHER,
    says="测评报告“{value}”的日期 {date} 已超过一年。",
    fix="请附最近一年内的测评报告或测评结论。",
    bad="""
    | @field | value |
    | 证明文件 | >等保测评报告2022-06.pdf< |
    """,
    good="等保测评报告2024-03.pdf",
)
def report_is_old(platforms: pd.DataFrame, today: str) -> pd.DataFrame:
    """The date in the file's name, since the sheet has no other; a 备案证明 does not run out."""
    named = _cells(platforms, PROOF)
    oldest = _year_before(dt.date.fromisoformat(today)).isoformat()
    date = named["value"].map(_newest_report)
    return named.assign(date=date)[filled(date) & (date < oldest)]


def _year_before(day: dt.date) -> dt.date:
    last = calendar.monthrange(day.year - 1, day.month)[1]
    return day.replace(year=day.year - 1, day=min(day.day, last))


def _newest_report(text: str) -> str:
    """The latest day that the names of reports in a cell may mean, "" if one of them names none."""
    days = [_latest_day(part) for part in _parts(text) if _REPORT.search(part)]
    return max(days) if days and all(days) else ""


def _latest_day(name: str) -> str:
    """The last day of the year or month that a name has; the newest if it has several."""
    days = []
    for year, month, day in _DATE.findall(re.sub(r"(?<![0-9])(20[0-9]{2})(0[1-9]|1[0-2])", r"\1-\2-", name)):
        last = calendar.monthrange(int(year), int(month or 12))[1]
        days.append(f"{year}-{int(month or 12):02d}-{min(int(day or last), last):02d}")
    return max(days, default="")


@table_rule(
    "L13",
    Severity.NOTE,
    NUMBER,
    table="platforms",
    reads=(),
    title="网站备案号的写法",
    why="写法不对的备案号查不到网站。",
    source="工业和信息化部 ICP/IP地址/域名信息备案管理系统；通知未规定",
    basis=INFERRED,
    says="“{wrong}”不符合网站备案号的写法（省简称ICP备N号）。",
    fix="请照网站下方的备案号填写，如 豫ICP备05002465号-1；这里也可以不填网站备案号。",
    bad="""
    | @field | value |
    | 备案证明编号 | >41010099001-21001；豫ICP05002465< |
    """,
    good="41010099001-21001；豫ICP备05002465号-1",
)
def icp_malformed(platforms: pd.DataFrame) -> pd.DataFrame:
    """Only beside a right number: alone it is told by L11b. ICP证 is a licence, and numbered otherwise."""
    given = _cells(platforms, NUMBER)
    given = given[given["value"].map(_numbers_are_right).astype(bool)]
    wrong = given["value"].map(_wrong_icp)
    return given.assign(wrong=wrong)[filled(wrong)]


def _wrong_icp(text: str) -> str:
    for part in _parts(text):
        plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", part)).upper()
        if "ICP" in plain and "ICP证" not in plain and not _ICP.fullmatch(plain):
            return part
    return ""
