"""部署平台: the platform's name, and whether it goes with the link (规则 R04)."""

from __future__ import annotations

import functools
import re
import unicodedata

import pandas as pd

from pipeline.fields import form_of
from pipeline.model import Kind, Severity
from pipeline.pattern import late
from pipeline.rules.delivery import GIVEN_BY, without_anything
from pipeline.rules.distinct import answers, blank, filled, pairs_that, rows_sound_in
from pipeline.rules.link import by_host, host_of, platform_at
from pipeline.rules.rule import EXAMPLE, INFERRED, Reading, condition, reader, rule, table_rule
from pipeline.settings import Settings

_ADDRESS = late(r"(?:[a-z]+://)?(?:[a-z0-9-]{1,63}\.){1,9}[a-z]{2,12}(?:[:/?#]\S*)?", re.IGNORECASE)
_COMPANY = late(r"(?:有限(?:责任)?|股份)公司$")
_KIND_OF_PLACE = late(r"(?<=..)(?:平台|网站|官网|网)$")
_CLAUSE = "附件4 表1 “部署平台”：第三方平台名称, 如: 中国大学 MOOC"
_KIN = (("icourse163.org", "icourses.cn"), ("chaoxing.com", "xueyinonline.com"))
"""Platforms of one house: a course of the one is served from the other's domain as well."""

R04_2 = rule(
    "R04-2",
    Severity.WARNING,
    "部署平台",
    title="填平台名称，不填网址和公司名",
    why="网址有自己的一栏，平台要按名称统计。",
    source=_CLAUSE,
    basis=EXAMPLE,
    says="“{value}”{what}，不是平台名称。",
    fix="请填平台名称，网址填到“资源链接”{hint}。",
    bad="https://www.icourse163.org",
    good="中国大学MOOC",
)
R04_3 = rule(
    "R04-3",
    Severity.NOTE,
    "部署平台",
    title="平台名称写法统一",
    why="同一平台有几种写法，就会统计成几个平台。",
    source=_CLAUSE + "；名称的统一写法通知未规定，由本省设定",
    basis=INFERRED,
    says="“{value}”通常写作“{suggestion}”，已按此统计。",
    fix="建议填“{suggestion}”。",
    bad="中国大学慕课",
    good="中国大学MOOC",
)


@condition("部署平台")
def is_usual_name(text: str, settings: Settings) -> bool:
    """A known platform under its usual name, or one that nobody knows; 表1 itself writes 中国大学 MOOC."""
    name = known_name(text, settings)
    return _unspaced(text) == _unspaced(name) if name else not _COMPANY.search(text)


@reader("部署平台")
def read_platform(text: str, _kind: Kind, settings: Settings) -> Reading:
    """An address or a company in place of a name, or another name of a known platform."""
    if not form_of("部署平台").fullmatch(text):
        addresses = _ADDRESS.findall(text)
        hosts = (host_of(each if "://" in each else f"//{each}") for each in addresses)
        names = {name for host in hosts if (name := platform_at(host, settings.platforms))}
        only = names.pop() if len(names) == 1 else ""
        return R04_2.found(only, what="是网址" if addresses == [text] else "含有网址")
    name = known_name(text, settings)
    return R04_3.found(name, safe=True) if name else R04_2.found(what="是公司名称")


def known_name(text: str, settings: Settings) -> str:
    """The platform's name in config.yaml, however the text writes it; "" if it is not known."""
    names = _known(tuple(settings.platforms.values()), tuple(settings.platform_aliases.items()))
    return names.get(text) or names.get(_folded(text), "")


@functools.lru_cache(maxsize=4)
def _known(platforms: tuple[str, ...], aliases: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Names by themselves and by every folded spelling that belongs to one platform alone."""
    spelled: dict[str, set[str]] = {}
    for text, name in (*zip(platforms, platforms, strict=True), *aliases):
        spelled.setdefault(_folded(text), set()).add(name)
    exact = dict(zip(platforms, platforms, strict=True))
    return {text: names.pop() for text, names in spelled.items() if text and len(names) == 1} | exact


def _folded(text: str) -> str:
    """Without width, case, blanks and punctuation, and without 平台 or 网 at the end."""
    return _KIND_OF_PLACE.sub("", re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold()))


def _unspaced(text: str) -> str:
    return re.sub(r"\s+", "", text)


@table_rule(
    "R04-1",
    Severity.WARNING,
    "部署平台",
    reads=("资源链接", "部署平台"),
    title="填了资源链接就填部署平台",
    why="平台名称用来核对链接和等保级别。",
    source="附件4 表1 “部署平台”“资源链接”；成对填写通知未规定",
    basis=EXAMPLE,
    says="已填资源链接，未填“部署平台”。",
    fix="请补填第三方平台名称{hint}。",
    bad="""
    | 资源链接 | 部署平台 |
    | https://www.icourse163.org/course/1 | >< |
    """,
    good="中国大学MOOC",
)
def link_without_platform(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The suggestion is the known platform at the link's host."""
    lone = resources[filled(resources["资源链接"]) & blank(resources["部署平台"])]
    return lone.assign(suggestion=_platforms_at(lone["资源链接"], settings))


@table_rule(
    "R04-1b",
    Severity.WARNING,
    "资源链接",
    reads=("资源链接", "部署平台"),
    title="填了部署平台就填资源链接",
    why="只有平台名称，找不到课程。",
    source="附件4 表1 “部署平台”“资源链接”；成对填写通知未规定",
    basis=EXAMPLE,
    says="已填部署平台“{platform}”，未填“资源链接”。",
    fix="请补填课程页地址；没有在该平台部署的，请删去部署平台。",
    bad="""
    | 资源链接 | 部署平台 |
    | >< | 中国大学MOOC |
    """,
    good="https://www.icourse163.org/course/1",
)
def platform_without_link(
    resources: pd.DataFrame, settings: Settings, malformed: pd.DataFrame
) -> pd.DataFrame:
    """A course without link and files at all is told by X02 alone."""
    lone = resources[blank(resources["资源链接"]) & filled(resources["部署平台"])]
    if "X02" not in settings.off:
        told = without_anything(rows_sound_in(lone, GIVEN_BY, malformed), settings)
        lone = lone[~lone["@index"].isin(told["@index"])]
    return lone.assign(platform=lone["部署平台"])


@table_rule(
    "R04-4",
    Severity.WARNING,
    "部署平台",
    reads=("资源链接", "部署平台"),
    title="平台名称与链接相符",
    why="名称和链接指向两个平台，多半有一处抄错了行。",
    source="附件4 表1 “部署平台”“资源链接”；相符通知未规定",
    basis=INFERRED,
    says="部署平台是“{value}”，而链接中的 {host} 属于“{suggestion}”。",
    fix="请核对名称和链接，改正填错的一处{hint}。",
    bad="""
    | 资源链接 | 部署平台 |
    | https://www.icourse163.org/course/1 | >学堂在线< |
    """,
    good="中国大学MOOC",
)
def platform_of_another_host(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Only where both the name and the link's domain are known; many platforms have several domains."""
    named = answers(resources["部署平台"].tolist(), lambda text: known_name(text, settings))
    at = _platforms_at(resources["资源链接"], settings)
    kin = {frozenset(settings.platforms.get(domain) for domain in house) for house in _KIN}
    differ = pairs_that(
        named, at, lambda one, other: one and other and one != other and frozenset((one, other)) not in kin
    )
    wrong = resources.assign(suggestion=at)[differ]
    return wrong.assign(host=by_host(wrong["资源链接"], str))


def _platforms_at(links: pd.Series, settings: Settings) -> list[str]:
    """The known platform at each link, "" if none."""
    return by_host(links, lambda host: platform_at(host, settings.platforms))
