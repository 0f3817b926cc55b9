"""资源链接, opened over the internet: what `make links` saw (规则 L01–L09).

The evidence was graded when it was read from the store; here its one sign chooses the rule, and the
page is compared with the row.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
from rapidfuzz import fuzz

from pipeline.fields import form_of
from pipeline.model import Severity
from pipeline.pattern import late
from pipeline.rules.distinct import filled
from pipeline.rules.link import host_of, is_outside, platform_at
from pipeline.rules.rule import INFERRED, LITERAL, OTHER, table_rule
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.links.result import LinkResult

_OPEN = "附件3 第3条：资源链接可通过互联网正常访问"
_BEIJING = dt.timezone(dt.timedelta(hours=8))
_LOOK = "请用浏览器打开核对；能正常访问的，请在“单位说明”中写明。"
_SESSION = late(r"(?i)(?:^|[?&#;_])(?:\w*(?:token|session|ticket|sign|auth|expires?)|sid|code|key)=")
"""Parts of an address that hold only for the visit in which they were given."""
_ALIKE = 50
"""Percent of the shorter text found in the longer; below it nobody would call them the same."""
_FRONT = late(
    r"首页|主页|官网|无标题|欢迎.{0,20}|untitled|index|home|课程详情页?|课程(?:介绍|主页|首页|学习|中心|平台)?|详情"
)
"""Titles that say nothing of the page."""
_BESIDE_WORDS = late(r"[\W_]+")
_TITLE_PARTS = late(r"[-_|｜—–·•,，:：\s]+")

UNCHECKED = "未检测"
COLUMNS = (
    "outcome",
    "sign",
    "status",
    "why",
    "title",
    "page",
    "bare",
    "first",
    "final",
    "tries",
    "days",
    "old",
)
"""What `opened` has beside the fields; texts, yes and no as 是 and 否."""


def opened_table(
    values: pd.DataFrame, results: Mapping[str, LinkResult], settings: Settings, today: str
) -> pd.DataFrame:
    """One row per resource row with a link: the fields, `@index`, and `COLUMNS` from the link's result.

    results by the link as it stands in values. outcome is 未检测 and sign "" where there is none; so it
    is where the result is older than settings.links.keep_days (old 是), since it no longer stands.
    first and final are the addresses at both ends of the way, days the age on `today` (ISO, Beijing).
    """
    linked = values[filled(values["资源链接"])]
    seen = {link: _columns(results.get(link), settings, today) for link in linked["资源链接"].unique()}
    facts = [seen[link] for link in linked["资源链接"]]
    columns = pd.DataFrame(facts, index=linked.index, columns=list(COLUMNS), dtype=object)
    return pd.concat([linked, pd.Series(linked.index, linked.index, name="@index"), columns], axis=1)


def _columns(result: LinkResult | None, settings: Settings, today: str) -> tuple[str, ...]:
    if result is None:
        return (UNCHECKED, *[""] * (len(COLUMNS) - 2), "否")
    seen = result.evidence
    checked = dt.datetime.fromisoformat(seen.checked).astimezone(_BEIJING).date()
    days = (dt.date.fromisoformat(today) - checked).days
    old = days >= settings.links.keep_days
    return (
        UNCHECKED if old else result.outcome.value,
        "" if old else result.sign.value,
        str(seen.status or ""),
        result.why,
        seen.title,
        "是" if seen.page else "否",
        "是" if seen.bare else "否",
        seen.hops[0].url if seen.hops else seen.link,
        seen.final,
        str(seen.tries),
        str(days),
        "是" if old else "否",
    )


def _signed(opened: pd.DataFrame, *signs: str) -> pd.DataFrame:
    return opened[opened["sign"].isin(signs)]


@table_rule(
    "L01",
    Severity.ERROR,
    "资源链接",
    table="opened",
    reads=("资源链接",),
    title="链接能连上",
    why="域名解析不了或连不上的链接，公众打不开课程。",
    source=_OPEN,
    basis=LITERAL,
    says="链接试了 {tries} 次都打不开（{why}）。",
    fix="请核对网址，或提供可访问的课程页地址。",
    bad="""
    | 资源链接 | sign | why | tries |
    | https://mooc.example.cn/course/1 | >dead< | 域名无法解析 | 3 |
    """,
    good="fine",
)
def cannot_connect(opened: pd.DataFrame) -> pd.DataFrame:
    """No name or no connection, every time."""
    return _signed(opened, "dead")


@table_rule(
    "L01b",
    Severity.ERROR,
    "资源链接",
    table="opened",
    reads=("资源链接",),
    title="链接不通向内网地址",
    why="域名写得像公网的，也可能指向内网，在单位以外打不开。",
    source=_OPEN,
    basis=LITERAL,
    says="链接通向内网或本机（{why}），没有访问。",
    fix="请填公众可以打开的课程页地址。",
    bad="""
    | 资源链接 | sign | why |
    | https://mooc.example.cn/course/1 | >inside< | mooc.example.cn 指向内网或本机地址 |
    """,
    good="fine",
)
def leads_inside(opened: pd.DataFrame) -> pd.DataFrame:
    """By its name's address or by a redirect; nothing was sent there."""
    return _signed(opened, "inside")


@table_rule(
    "L02",
    Severity.ERROR,
    "资源链接",
    table="opened",
    reads=("资源链接",),
    title="链接的页面存在",
    why="网站明确答复没有这个页面。",
    source=_OPEN,
    basis=LITERAL,
    says="链接返回 {status}（页面不存在）。",
    fix="请核对网址，填课程页现在的地址。",
    bad="""
    | 资源链接 | sign | status |
    | https://mooc.example.cn/course/1 | >gone< | 404 |
    """,
    good="fine",
)
def page_is_gone(opened: pd.DataFrame) -> pd.DataFrame:
    """404 and 410."""
    return _signed(opened, "gone")


@table_rule(
    "L03",
    Severity.WARNING,
    "资源链接",
    table="opened",
    reads=("资源链接",),
    title="网站没有拒绝自动检测",
    why="有的网站只让浏览器访问，拒绝不等于打不开，要人工核验。",
    source=_OPEN,
    basis=INFERRED,
    says="网站拒绝自动检测（返回 {status}）。",
    fix=_LOOK,
    bad="""
    | 资源链接 | sign | status |
    | https://mooc.example.cn/course/1 | >refused< | 403 |
    """,
    good="fine",
)
def refuses_machines(opened: pd.DataFrame) -> pd.DataFrame:
    """401, 403, 412, 429, 5xx, and whatever else is neither a page nor 404."""
    return _signed(opened, "refused")


@table_rule(
    "L03b",
    Severity.WARNING,
    "资源链接",
    table="opened",
    reads=("资源链接",),
    title="检测时得到完整的应答",
    why="应答太慢或中断的网站，在浏览器里也许能打开，不能由程序断定。",
    source=_OPEN,
    basis=INFERRED,
    says="链接没有检测出结果（{why}）。",
    fix=_LOOK,
    bad="""
    | 资源链接 | sign | why |
    | https://mooc.example.cn/course/1 | >unsure< | 连接中断，或应答不完整 |
    """,
    good="fine",
)
def nothing_certain(opened: pd.DataFrame) -> pd.DataFrame:
    """Timeouts after the connection, resets, endless redirects."""
    return _signed(opened, "unsure")


@table_rule(
    "L04",
    Severity.WARNING,
    "资源链接",
    table="opened",
    reads=("资源链接",),
    title="不登录也能看到课程页",
    why="要登录的页面，公众可能看不到。",
    source=_OPEN,
    basis=INFERRED,
    says="链接要先登录才能看（{final}）。",
    fix="请填免登录可以看到的课程介绍页；没有的，请在“单位说明”中写明访问办法。",
    bad="""
    | 资源链接 | sign | final |
    | https://mooc.example.cn/course/1 | >login< | https://passport.example.cn/login |
    """,
    good="fine",
)
def asks_to_log_in(opened: pd.DataFrame) -> pd.DataFrame:
    """A page about logging in, by the row's own name, is no login page."""
    asked = _signed(opened, "login")
    return asked[(asked["final"] != asked["first"]) | ~_names_the_row(asked)]


@table_rule(
    "L05",
    Severity.WARNING,
    "资源链接",
    table="opened",
    reads=("资源链接",),
    title="页面没有写着“不存在”“已下架”",
    why="有的网站把“课程不存在”也当正常页面返回，要人工核验。",
    source=_OPEN,
    basis=OTHER,
    says="能打开，但{why}，课程可能已失效。",
    fix="请用浏览器打开核对，填课程页现在的地址。",
    bad="""
    | 资源链接 | sign | title | why |
    | https://mooc.example.cn/course/1 | >soft< | 课程不存在 | 页面写着“课程不存在” |
    """,
    good="fine",
)
def says_it_is_gone(opened: pd.DataFrame) -> pd.DataFrame:
    """A title that has the row's own name is the course's, whatever it is about."""
    said = _signed(opened, "soft")
    return said[~_names_the_row(said)]


@table_rule(
    "L06",
    Severity.WARNING,
    "资源链接",
    table="opened",
    reads=("资源链接",),
    title="链接不转到别处",
    why="转到首页或另一网站的，多半原来的课程页已经没有了。",
    source=_OPEN,
    basis=INFERRED,
    says="链接{why}。",
    fix="请填最终的课程页地址{hint}。",
    bad="""
    | 资源链接 | sign | why | final |
    | https://mooc.example.cn/c/1 | >home< | 转到首页 https://mooc.example.cn/ | https://mooc.example.cn/ |
    """,
    good="fine",
)
def led_elsewhere(opened: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Two hosts of one platform are no two sites. The suggestion is a page that bears the row's name."""
    moved = _signed(opened, "home", "away")
    both = [
        _one_platform(first, final, settings)
        for first, final in zip(moved["first"], moved["final"], strict=True)
    ]
    moved = moved[(moved["sign"] == "home") | ~pd.Series(both, moved.index, dtype=bool)]
    lasting = [_lasts(final, settings) for final in moved["final"]]
    course = (moved["sign"] == "away") & _names_the_row(moved) & pd.Series(lasting, moved.index, dtype=bool)
    return moved.assign(suggestion=moved["final"].where(course, ""))


def _one_platform(first: str, final: str, settings: Settings) -> bool:
    name = platform_at(host_of(first), settings.platforms)
    return bool(name) and name == platform_at(host_of(final), settings.platforms)


def _lasts(url: str, settings: Settings) -> bool:
    """Whether an address is a right value of 资源链接, and not of this visit alone."""
    return bool(form_of("资源链接").fullmatch(url)) and not _SESSION.search(url) and is_outside(url, settings)


@table_rule(
    "L07",
    Severity.WARNING,
    "资源链接",
    table="opened",
    reads=("资源链接",),
    title="网站证书有效",
    why="证书过期或不相符时，浏览器会拦住访问的人。",
    source=_OPEN,
    basis=INFERRED,
    says="网站{why}，主流浏览器会拦截。",
    fix="请让网站的管理人员更换证书，或填证书有效的地址。",
    bad="""
    | 资源链接 | sign | why |
    | https://mooc.example.cn/course/1 | >certificate< | 证书已过期 |
    """,
    good="fine",
)
def certificate_is_wrong(opened: pd.DataFrame) -> pd.DataFrame:
    """Expired, for another host, self-signed: where browsers stop, so does the check."""
    return _signed(opened, "certificate")


@table_rule(
    "L07b",
    Severity.NOTE,
    "资源链接",
    table="opened",
    reads=("资源链接",),
    title="最好用 https 访问",
    why="只有 http 的页面，浏览器会标为“不安全”。",
    source="通知未规定",
    basis=INFERRED,
    says="链接只能用 http 访问，浏览器会标为“不安全”。",
    fix="网站支持 https 的，请改填 https 开头的地址；不支持的无须处理。",
    bad="""
    | 资源链接 | sign | final |
    | http://mooc.example.cn/course/1 | fine | >http://mooc.example.cn/course/1< |
    """,
    good="https://mooc.example.cn/course/1",
)
def only_http(opened: pd.DataFrame) -> pd.DataFrame:
    """A link that leads on to https is well."""
    return opened[(opened["sign"] == "fine") & opened["final"].str.startswith("http://")]


@table_rule(
    "L07c",
    Severity.NOTE,
    "资源链接",
    table="opened",
    reads=("资源链接",),
    title="证书的签发机构能核实",
    why="网站少发了中间证书时，有的浏览器能自己补上，有的打不开。",
    source="通知未规定",
    basis=INFERRED,
    says="网站{why}，有的浏览器可能打不开。",
    fix="请换几种浏览器打开看看；打不开的，请让网站的管理人员补全证书。",
    bad="""
    | 资源链接 | sign | why |
    | https://mooc.example.cn/course/1 | >chain< | 证书的签发机构无法核实 |
    """,
    good="fine",
)
def issuer_unknown(opened: pd.DataFrame) -> pd.DataFrame:
    """An intermediate certificate that the server leaves out is found by most browsers."""
    return _signed(opened, "chain")


@table_rule(
    "L08",
    Severity.NOTE,
    "资源链接",
    table="opened",
    reads=("资源链接", "资源名称"),
    title="页面标题与资源名称相近",
    why="标题毫不相干的，可能填错了链接。",
    source="通知未规定",
    basis=INFERRED,
    says="页面标题“{title}”与资源名称“{name}”不相近。",
    fix="请用浏览器打开核对，看链接是不是本资源的。",
    bad="""
    | 资源链接 | 资源名称 | sign | page | title |
    | https://mooc.example.cn/course/1 | 航空发动机基础 | fine | 是 | >中国古代文学史<  |
    """,
    good="航空发动机基础_某某慕课",
)
def title_of_another(opened: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """One lecture may be linked to its whole course, so the series counts as well."""
    pages = _compared(opened)
    other = ~_says_nothing(pages, settings) & ~_names_the_row(pages)
    return pages.assign(name=pages["资源名称"])[other]


@table_rule(
    "L08b",
    Severity.NOTE,
    "资源链接",
    table="opened",
    reads=("资源链接", "资源名称"),
    title="从页面标题能看出是哪个资源",
    why="内容要靠浏览器显示的页面，程序看不出是不是本资源。",
    source="通知未规定",
    basis=INFERRED,
    says="从页面标题“{title}”看不出是不是本资源。",
    fix="请用浏览器打开核对。",
    bad="""
    | 资源链接 | 资源名称 | sign | page | title |
    | https://mooc.example.cn/course/1 | 航空发动机基础 | fine | 是 | >首页< |
    """,
    good="航空发动机基础",
)
def title_says_nothing(opened: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Blank, 首页, or the platform's name alone."""
    pages = _compared(opened)
    return pages[_says_nothing(pages, settings) & ~_names_the_row(pages)]


@table_rule(
    "L09",
    Severity.NOTE,
    "资源链接",
    table="opened",
    reads=("资源链接",),
    title="链接检测的结果没有过期",
    why="链接会变，旧的结果说明不了现在。",
    source="通知未规定",
    basis=INFERRED,
    says="链接是 {days} 天前检测的，结果已过期，没有采用。",
    fix="由省级重新检测，报送单位无须处理。",
    bad="""
    | 资源链接 | days | old |
    | https://mooc.example.cn/course/1 | 60 | >是< |
    """,
    good="否",
)
def result_is_old(opened: pd.DataFrame) -> pd.DataFrame:
    """An old result is told alone: what it says no longer stands."""
    return opened[opened["old"] == "是"]


@table_rule(
    "L09b",
    Severity.NOTE,
    "资源链接",
    table="opened",
    reads=("资源链接",),
    title="链接都检测过",
    why="没有检测过的链接，不知道能不能打开。",
    source="通知未规定",
    basis=INFERRED,
    says="这个链接还没有联网检测。",
    fix="由省级重新检测，报送单位无须处理。",
    bad="""
    | 资源链接 | outcome | old |
    | https://mooc.example.cn/course/1 | >未检测< | 否 |
    """,
    good="可访问",
)
def never_checked(opened: pd.DataFrame) -> pd.DataFrame:
    """Others were: the list is newer than the last check, or this machine was off the net."""
    return opened[(opened["outcome"] == UNCHECKED) & (opened["old"] != "是") & (opened["sign"] != "unsure")]


# --- titles and names -------------------------------------------------------------------------


def _compared(opened: pd.DataFrame) -> pd.DataFrame:
    """Web pages that opened where they should."""
    return opened[(opened["sign"] == "fine") & (opened["page"] == "是") & filled(opened["资源名称"])]


def _names_the_row(rows: pd.DataFrame) -> pd.Series:
    """Whether the page's title has to do with the resource's name or series; each pair is asked once."""
    triples = list(zip(rows["title"], rows["资源名称"], rows["所属系列"], strict=True))
    alike = {each: any(_alike(each[0], name) for name in each[1:]) for each in set(triples)}
    return pd.Series([alike[each] for each in triples], index=rows.index, dtype=bool)


def _alike(title: str, name: str) -> bool:
    title, name = _plain(title), _plain(name)
    if not title or not name:
        return False
    return name in title or (len(title) >= 4 and title in name) or fuzz.partial_ratio(name, title) >= _ALIKE


def _plain(text: str) -> str:
    return _BESIDE_WORDS.sub("", unicodedata.normalize("NFKC", text).casefold())


def _says_nothing(rows: pd.DataFrame, settings: Settings) -> pd.Series:
    """Titles that fit any page of the platform: of its name and words like 首页 alone."""
    known = frozenset(map(_plain, (*settings.platforms.values(), *settings.platform_aliases)))
    pairs = list(zip(rows["title"], rows["部署平台"], strict=True))
    general = {(title, name): _is_general(title, known | {_plain(name)}) for title, name in set(pairs)}
    empty = pd.Series([general[pair] for pair in pairs], index=rows.index, dtype=bool)
    return empty | (rows["bare"] == "是")


def _is_general(title: str, platforms: frozenset[str]) -> bool:
    parts = _TITLE_PARTS.split(title.lower())
    return all(
        _FRONT.fullmatch(part) or (plain := _plain(part)) == "" or plain in platforms for part in parts
    )
