"""Short fields and what stands between rows: series, shared links, platforms, lengths, counts, words."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from pipeline.canonical import Table, canonical
from pipeline.model import Finding, Kind, Severity
from pipeline.rules import REGISTER
from pipeline.rules.link import is_home_page, passing
from pipeline.rules.platforms import known_name
from pipeline.settings import Settings
from pipeline.summarise import Told, tell
from pipeline.validate import validate
from tests.small_tables import RIGHT_COVER, RIGHT_ROW, SETTINGS, TODAY, resources_of, submission, table_of

Rows = list[dict[str, str]]


def found(
    rows: Rows, *codes: str, settings: Settings = SETTINGS, measured: Sequence[float | None] = ()
) -> list[Finding]:
    """The findings by these rules alone; measured: seconds by row, None where unknown."""
    table = table_of(rows, settings)
    resources = resources_of(table)
    if measured:
        resources["@measured"] = pd.Series(measured, resources.index, dtype=float)
    covers = pd.DataFrame([RIGHT_COVER] * len(resources)).drop(columns="资源封面")
    covers = covers.assign(**{"@index": resources.index}).join(table.values, on="@index")
    alone = settings.model_copy(update={"off": tuple(code for code in REGISTER.rules if code not in codes)})
    outcome = validate(table, {"resources": resources, "covers": covers}, alone, TODAY)
    assert outcome.faults == []
    every = [*table.findings, *outcome.findings]
    return sorted((each for each in every if each.code in codes), key=Finding.sort_key)


def in_each(cases: Iterable[Rows], *codes: str, **more: Any) -> list[list[Finding]]:
    """The findings in each case, all read in one run: every case is a unit of its own."""
    units = [[{**row, "@unit": f"第{number:03d}学院"} for row in rows] for number, rows in enumerate(cases)]
    told: list[list[Finding]] = [[] for _ in units]
    for each in found([row for rows in units for row in rows], *codes, **more):
        told[int(each.place.unit[1:4])].append(each)
    return told


def rows_of(findings: Iterable[Finding]) -> list[int]:
    """The rows that are told of, the first being 1."""
    return [each.place.row - 1 for each in findings]


def with_settings(**changes: object) -> Settings:
    return SETTINGS.model_copy(update=changes)


# --- one value: canonical form, how sure, how bad ---------------------------------------------

SAFE, GUESS, WRONG = "安全", "建议", "错误"

CANONICAL = [
    ("资源时长", "2:45:32", Kind.TEXT, SAFE, "02:45:32", "警告"),
    ("资源时长", "０２：４５：３２", Kind.TEXT, SAFE, "02:45:32", "警告"),
    ("资源时长", "2小时45分32秒", Kind.TEXT, SAFE, "02:45:32", "警告"),
    ("资源时长", "0.114953704", Kind.NUMBER, SAFE, "02:45:32", "警告"),
    ("资源时长", "26:05:10", Kind.TIME, "", "26:05:10", ""),
    ("资源时长", "165分钟", Kind.TEXT, GUESS, "02:45:00", "错误"),
    ("资源时长", "2.5小时", Kind.TEXT, GUESS, "02:30:00", "错误"),
    ("资源时长", "45:30", Kind.TEXT, WRONG, "", "错误"),
    ("资源时长", "01:75:00", Kind.TEXT, GUESS, "02:15:00", "错误"),
    ("资源时长", "约3小时", Kind.TEXT, WRONG, "", "错误"),
    ("资源时长", "00:00:00", Kind.TEXT, WRONG, "", "错误"),
    ("资源时长", "999:99:99", Kind.TEXT, WRONG, "", "错误"),
    ("资源时长", "0.0.0", Kind.TEXT, WRONG, "", "错误"),
    ("资源时长", "0.000001", Kind.NUMBER, WRONG, "", "错误"),
    ("资源时长", "99999分钟", Kind.TEXT, WRONG, "", "错误"),
    ("资源时长", "99999分1秒", Kind.TEXT, WRONG, "", "错误"),
    ("创建时间", "2022.3.23", Kind.TEXT, SAFE, "2022-03-23", "警告"),
    ("创建时间", "2022/3/23", Kind.TEXT, SAFE, "2022-03-23", "警告"),
    ("创建时间", "2022年3月23日", Kind.TEXT, SAFE, "2022-03-23", "警告"),
    ("创建时间", "20220323", Kind.TEXT, SAFE, "2022-03-23", "警告"),
    ("创建时间", "2022-3-23", Kind.TEXT, SAFE, "2022-03-23", "警告"),
    ("创建时间", "2022—03—23", Kind.TEXT, SAFE, "2022-03-23", "警告"),
    ("创建时间", "44643", Kind.NUMBER, SAFE, "2022-03-23", "警告"),
    ("创建时间", "2022-03-23", Kind.DATE, "", "2022-03-23", ""),
    ("创建时间", "2022.3", Kind.TEXT, WRONG, "", "错误"),
    ("创建时间", "22-3-23", Kind.TEXT, WRONG, "", "错误"),
    ("创建时间", "3/4/2022", Kind.TEXT, WRONG, "", "错误"),
    ("创建时间", "2022-02-30", Kind.TEXT, WRONG, "", "错误"),
    ("创建时间", "二〇二二年三月", Kind.TEXT, WRONG, "", "错误"),
    ("资源类型", "a01", Kind.TEXT, SAFE, "A01", "警告"),
    ("资源类型", "Ａ01", Kind.TEXT, SAFE, "A01", "警告"),
    ("资源类型", "视频资源", Kind.TEXT, SAFE, "A01", "警告"),
    ("资源类型", "A01 视频资源", Kind.TEXT, SAFE, "A01", "警告"),
    ("资源类型", "AO1", Kind.TEXT, GUESS, "A01", "警告"),
    ("资源类型", "A04", Kind.TEXT, WRONG, "", "警告"),
    ("资源类型", "B01", Kind.TEXT, WRONG, "", "错误"),
    ("资源类型", "A01;A03", Kind.TEXT, WRONG, "", "错误"),
    ("所属顺序", "1", Kind.TEXT, SAFE, "01", "警告"),
    ("所属顺序", "1.0", Kind.TEXT, SAFE, "01", "警告"),
    ("所属顺序", "1", Kind.NUMBER, SAFE, "01", "警告"),
    ("所属顺序", "第一讲", Kind.TEXT, GUESS, "01", "警告"),
    ("所属顺序", "①", Kind.TEXT, GUESS, "01", "警告"),
    ("所属顺序", "01-02", Kind.TEXT, WRONG, "", "错误"),
    ("点击量", "36,500", Kind.TEXT, SAFE, "36500", "警告"),
    ("点击量", "３６５００", Kind.TEXT, SAFE, "36500", "警告"),
    ("点击量", "36500次", Kind.TEXT, SAFE, "36500", "警告"),
    ("点击量", "36500.0", Kind.TEXT, SAFE, "36500", "警告"),
    ("点击量", "3.65万", Kind.TEXT, GUESS, "36500", "错误"),
    ("点击量", "3千", Kind.TEXT, GUESS, "3000", "错误"),
    ("点击量", "1.23456万", Kind.TEXT, WRONG, "", "错误"),
    ("点击量", "3.6543千", Kind.TEXT, WRONG, "", "错误"),
    ("点击量", "99999.9999万", Kind.TEXT, GUESS, "999999999", "错误"),
    ("点击量", "100000万", Kind.TEXT, WRONG, "", "错误"),
    ("点击量", "1万+", Kind.TEXT, WRONG, "", "错误"),
    ("点击量", "36 500", Kind.TEXT, GUESS, "36500", "错误"),
    ("点击量", "36 50", Kind.TEXT, WRONG, "", "错误"),
    ("点击量", "1" + " 000" * 7, Kind.TEXT, WRONG, "", "错误"),
    ("点击量", "-3", Kind.NUMBER, WRONG, "", "错误"),
    ("点击量", "12.5", Kind.NUMBER, WRONG, "", "错误"),
    ("点击量", "0", Kind.NUMBER, "", "0", ""),
    ("点击量", "500000万", Kind.TEXT, WRONG, "", "错误"),
    ("学习人数", "36,500", Kind.TEXT, SAFE, "36500", "警告"),
    ("学习人数", "36500人", Kind.TEXT, SAFE, "36500", "警告"),
    ("学习人数", "3.65万", Kind.TEXT, GUESS, "36500", "错误"),
    ("关键词", "新媒体；人工智能", Kind.TEXT, SAFE, "新媒体;人工智能", "警告"),
    ("关键词", "新媒体、人工智能", Kind.TEXT, GUESS, "新媒体;人工智能", "错误"),
    ("关键词", "新媒体，人工智能", Kind.TEXT, GUESS, "新媒体;人工智能", "错误"),
    ("关键词", "新媒体 人工智能", Kind.TEXT, GUESS, "新媒体;人工智能", "错误"),
    ("关键词", "新媒体/人工智能", Kind.TEXT, GUESS, "新媒体;人工智能", "错误"),
    ("关键词", "书法 ／ 国画 ／ 剪纸", Kind.TEXT, GUESS, "书法;国画;剪纸", "错误"),
    ("关键词", "输入/输出", Kind.TEXT, "", "输入/输出", ""),
    ("关键词", "TCP/IP", Kind.TEXT, "", "TCP/IP", ""),
    ("关键词", "客户端/服务器;云计算", Kind.TEXT, "", "客户端/服务器;云计算", ""),
    ("关键词", "听/说/读/写", Kind.TEXT, "", "听/说/读/写", ""),
    (
        "关键词",
        "本课程面向老年学员讲解智能手机的各种日常操作方法，并介绍网络安全常识",
        Kind.TEXT,
        WRONG,
        "",
        "错误",
    ),
    ("所属分类", "科学文化－航空知识", Kind.TEXT, SAFE, "科学文化-航空知识", "警告"),
    ("所属分类", "科学文化/航空知识", Kind.TEXT, GUESS, "科学文化-航空知识", "警告"),
    ("所属分类", "科学文化>航空知识", Kind.TEXT, GUESS, "科学文化-航空知识", "警告"),
    ("所属分类", "科学文化—航空知识", Kind.TEXT, GUESS, "科学文化-航空知识", "警告"),
    ("所属分类", "科学文化_航空知识", Kind.TEXT, GUESS, "科学文化-航空知识", "警告"),
    ("所属分类", "信息技术-C_语言", Kind.TEXT, "", "信息技术-C_语言", ""),
    ("部署平台", "中国大学 MOOC", Kind.TEXT, "", "中国大学 MOOC", ""),
    ("部署平台", "某某在线学习网", Kind.TEXT, "", "某某在线学习网", ""),
    ("部署平台", "学堂在线", Kind.TEXT, "", "学堂在线", ""),
    ("部署平台", "中国大学mooc", Kind.TEXT, SAFE, "中国大学MOOC", "提示"),
    ("部署平台", "中国大学慕课", Kind.TEXT, SAFE, "中国大学MOOC", "提示"),
    ("部署平台", "爱课程（中国大学MOOC）", Kind.TEXT, SAFE, "中国大学MOOC", "提示"),
    ("部署平台", "智慧树网", Kind.TEXT, SAFE, "智慧树", "提示"),
    ("部署平台", "中国大学MOOC（www.icourse163.org）", Kind.TEXT, GUESS, "中国大学MOOC", "警告"),
    ("部署平台", "www.icourse163.org、www.xuetangx.com", Kind.TEXT, WRONG, "", "警告"),
    ("部署平台", "北京某某科技有限公司", Kind.TEXT, WRONG, "", "警告"),
    ("部署平台", "公司金融在线", Kind.TEXT, "", "公司金融在线", ""),
    ("关键词", "航空，航天\u202e，", Kind.TEXT, GUESS, "航空;航天", "错误"),
    ("资源链接", "链接：https://pan.baidu.com/s/1AbC 提取码：abcd", Kind.TEXT, WRONG, "", "错误"),
    ("资源链接", "http://kc.zzu.edu.cn/1 报名后可看", Kind.TEXT, GUESS, "http://kc.zzu.edu.cn/1", "错误"),
    ("资源链接", "http://kc.zzu.edu.cn/kc 1", Kind.TEXT, WRONG, "", "错误"),
    ("资源链接", "https://a.cn/1，https://a.cn/1", Kind.TEXT, GUESS, "https://a.cn/1", "错误"),
    ("资源链接", "https://a.cn/1，https://b.cn/1", Kind.TEXT, WRONG, "", "错误"),
    ("资源链接", "课程：http://192.168.1.8/1，校内", Kind.TEXT, WRONG, "", "错误"),
    ("资源链接", "https:// a .cn /1", Kind.TEXT, GUESS, "https://a.cn/1", "警告"),
    ("资源链接", "https://kc.zzu edu.cn/1", Kind.TEXT, WRONG, "", "错误"),
    ("资源链接", "https://kc.zzu.edu.cn 登录后可看", Kind.TEXT, GUESS, "https://kc.zzu.edu.cn", "错误"),
    ("资源链接", "https://pan.baidu.com /s/1", Kind.TEXT, WRONG, "", "警告"),
    ("资源链接", "www.icourse163.org", Kind.TEXT, WRONG, "", "警告"),
    ("资源链接", "jpkc.zzu.edu.cn", Kind.TEXT, GUESS, "https://jpkc.zzu.edu.cn", "警告"),
    ("资源链接", "https://webvpn.zzu.edu.cn/course/1", Kind.TEXT, WRONG, "", "错误"),
    ("资源链接", "https://vpnclass.cn/course/1", Kind.TEXT, "", "https://vpnclass.cn/course/1", ""),
]


@functools.cache
def canonical_table() -> tuple[Table, dict[int, list[Told]]]:
    """All cases as rows of one table, and what is told of each."""
    rows = [{**RIGHT_ROW, field: text} for field, text, *_ in CANONICAL]
    kinds = {(2 + at, case[0]): case[2] for at, case in enumerate(CANONICAL) if case[2] is not Kind.TEXT}
    table = canonical([submission(rows, kinds=kinds)], SETTINGS)
    told: dict[int, list[Told]] = {}
    for each in tell(table.findings, SETTINGS):
        told.setdefault(each.finding.place.row - 2, []).append(each)
    return table, told


@pytest.mark.parametrize("at", range(len(CANONICAL)), ids=[f"{c[0]}:{c[1]}:{c[2]}" for c in CANONICAL])
def test_canonical_value(at: int) -> None:
    field, _, _, sort, value, severity = CANONICAL[at]
    table, everything = canonical_table()
    told = everything.get(at, [])
    assert {each.finding.place.field for each in told} <= {field}
    assert {each.severity for each in told} == ({Severity(severity)} if severity else set())
    assert {each.finding.safe for each in told} == ({sort == SAFE} if sort else set())
    assert {each.finding.suggestion for each in told} == ({value} if sort else set())
    assert table.broken.at[at, field] == (sort in (GUESS, WRONG))
    if sort in ("", SAFE):
        assert table.values.at[at, field] == value


@pytest.mark.parametrize("field", sorted({case[0] for case in CANONICAL}))
def test_a_value_that_is_suggested_is_refused_by_no_rule_of_its_field(field: str) -> None:
    mine = {code for code, rule in REGISTER.rules.items() if rule.on == field and code[0] in "GR"}
    settings = with_settings(keywords=SETTINGS.keywords.model_copy(update={"fewest": 1}))
    beside = {"所属顺序": {"所属系列": "航天史"}, "部署平台": {"资源链接": "https://c.cn/1"}}.get(field, {})
    values = {value for name, _, _, _, value, _ in CANONICAL if name == field and value}
    rows = [{"资源类型": "A03", field: value, **beside} for value in sorted(values)]
    assert found(rows, *mine - {"R07-3"}, settings=settings) == []


# --- 部署平台 and 资源链接 --------------------------------------------------------------------


INSIDE = [
    ("http://localhost:8080/1", "本机或内网地址"),
    ("localhost", "本机或内网地址"),
    ("http://kc.lan/1", "本机或内网地址"),
    ("http://jwc/1", "内网地址"),
    ("jwc", ""),
    ("http://webvpn.a.edu.cn/1", "要先登录 VPN 的地址"),
    ("http://10.0.0.8/1", "内网或本机地址"),
    ("http://224.0.0.1/1", "内网或本机地址"),
    ("http://[::1]/1", "内网或本机地址"),
    ("http://999.1/1", "内网或本机地址"),
    ("D:\\课程\\1.mp4", "本机文件路径"),
    ("http://202.196.64.1/1", ""),
    ("http://[2400:3200::1]/1", ""),
    ("http://localhost.a.edu.cn/1", ""),
    ("http://a.edu.cn/localhost", ""),
]


def test_an_address_that_others_cannot_open_is_told_by_its_kind() -> None:
    told = in_each(([{"资源链接": text}] for text, _ in INSIDE), "R05-5")
    assert [[each.facts["what"] for each in case] for case in told] == [
        [what] if what else [] for _, what in INSIDE
    ]


@pytest.mark.parametrize("text", ["123", "12.5", "12:30", "0x7f"])
def test_a_number_is_no_address_and_an_address_of_numbers_is_an_inside_one(text: str) -> None:
    told = in_each([[{"资源链接": text}], [{"资源链接": f"http://{text}/a"}]], "R05-1", "R05-5")
    assert [[each.code for each in case] for case in told] == [["R05-1"], ["R05-5"]]


NAME_AND_LINK = [
    ("学堂在线", "https://www.icourse163.org/course/1", "中国大学MOOC"),
    ("慕课网", "https://www.icourse163.org/course/1", None),
    ("中国大学 MOOC", "https://www.icourse163.org/course/1", None),
    ("中国大学慕课", "https://www.icourse163.org/course/1", None),
    ("中国大学慕课", "https://www.xuetangx.com/course/1", "学堂在线"),
    ("爱课程", "https://www.icourse163.org/course/1", None),
    ("学银在线", "https://mooc1.chaoxing.com/course/1.html", None),
    ("超星学习通", "https://www.icourse163.org/course/1", "中国大学MOOC"),
    ("学堂在线", "https://course.zzu.edu.cn/1", None),
    ("学堂在线", "https://noticourse163.org/1", None),
    ("智慧树网", "https://coursehome.zhihuishu.com/courseHome/1", None),
]


def test_platform_and_link_disagree_only_if_both_are_known() -> None:
    told = in_each(([{"部署平台": name, "资源链接": url}] for name, url, _ in NAME_AND_LINK), "R04-4")
    suggested = [None if not each else each[0].suggestion for each in told]
    assert suggested == [suggestion for _, _, suggestion in NAME_AND_LINK]


def test_a_spelling_that_two_platforms_could_have_is_let_be() -> None:
    settings = with_settings(platforms={"a.cn": "学堂网", "b.cn": "学堂平台"}, platform_aliases={})
    assert known_name("学堂", settings) == ""
    assert known_name("学堂网", settings) == "学堂网"
    assert found([{"部署平台": "学堂", "资源链接": "https://c.cn/1"}], "R04-3", settings=settings) == []


PASSING = [
    ("https://pan.baidu.com/s/1AbC?pwd=abcd", "网盘分享链接"),
    ("https://wwx.lanzouq.com/iAbc", "网盘分享链接"),
    ("https://share.weiyun.com/Abc", "网盘分享链接"),
    ("https://www.aliyundrive.com/s/Abc", "网盘分享链接"),
    ("http://t.cn/A6abc", "短链接"),
    ("https://b23.tv/abc", "短链接"),
    ("https://a.edu.cn/c/1?id=3&token=8f3a", "带临时登录参数的地址"),
    ("https://a.edu.cn/c/1;jsessionid=8F3A?id=3", "带临时登录参数的地址"),
    ("https://a.edu.cn/#/c/1?access_token=8f3a", "带临时登录参数的地址"),
    ("https://oss.a.cn/1.mp4?Expires=1700000000&Signature=ab%3D", "带临时登录参数的地址"),
    ("https://www.icourse163.org/course/HNU-1206459828?tid=1450000000", ""),
    ("https://mooc1.chaoxing.com/course/204.html?edit=false&knowledgeId=&module=2", ""),
    ("https://www.baidu.com/s/1", ""),
    ("https://cat.cn/course/1", ""),
    ("https://mypan.baidu.com.edu.cn/1", ""),
    ("https://a.edu.cn/course/token=1", ""),
    ("https://a.edu.cn/c/1?token=", ""),
    ("https://a.edu.cn/c/1?name=token", ""),
    ("https://a.edu.cn/c/1?sign=art", ""),
    ("https://a.edu.cn/c/1?expires=2030", ""),
    ("https://a.edu.cn/c/1?lesson=sessionid", ""),
    ("https://a.edu.cn/lanzou.com", ""),
]


@pytest.mark.parametrize(("url", "kind"), PASSING)
def test_links_that_soon_lead_nowhere(url: str, kind: str) -> None:
    assert passing(url) == kind


def test_a_link_that_soon_leads_nowhere_is_told_by_its_kind() -> None:
    told = in_each(([{"资源链接": url}] for url, _ in PASSING), "R05-6")
    assert [[each.facts["kind"] for each in case] for case in told] == [
        [kind] if kind else [] for _, kind in PASSING
    ]


HOME = [
    ("https://www.icourse163.org", True),
    ("https://www.icourse163.org/", True),
    ("HTTP://ICOURSE163.org:80/index.htm", True),
    ("https://www.zhihuishu.com/#/", True),
    ("https://www.icourse163.org/course/1", False),
    ("https://www.icourse163.org/?course=1", False),
    ("https://www.icourse163.org/#/course/1", False),
    ("https://zzu.icourse163.org/", False),
    ("https://jpkc.zzu.edu.cn/", False),
    ("https://www.zzu.edu.cn/index.html", False),
]


@pytest.mark.parametrize(("url", "home"), HOME)
def test_home_pages_of_known_platforms_only(url: str, home: bool) -> None:
    assert is_home_page(url, SETTINGS.platforms) == home


def test_a_link_to_a_home_page_is_told() -> None:
    told = in_each(([{"资源链接": url}] for url, _ in HOME), "R05-7")
    assert [bool(case) for case in told] == [home for _, home in HOME]


SCHEMES = ("https://", "http://", "链接：https://", "https:// ", "")
PLACES = (
    "www.icourse163.org",
    "pan.baidu.com/s/1",
    "t.cn/abc",
    "mooc.cn/course/1",
    "mooc.cn/a?token=1&expires=2",
)
BETWEEN = (" ", "/ ", "。", "，提取码 1a2b", " https://", "；")


def test_no_guessed_address_is_one_that_other_rules_refuse() -> None:
    texts = map("".join, itertools.product(SCHEMES, PLACES, BETWEEN, ("", *PLACES)))
    readings = [REGISTER.readers["资源链接"](text, Kind.TEXT, SETTINGS) for text in texts]
    guesses = {reading.value for reading in readings if reading.value and not reading.safe}
    assert {"https://mooc.cn/course/1", "http://mooc.cn/course/1"} <= guesses
    assert not [url for url in guesses if passing(url) or is_home_page(url, SETTINGS.platforms)]


# --- 所属系列 and 所属顺序 --------------------------------------------------------------------


def test_a_platform_without_link_is_told_where_the_missing_course_is_not() -> None:
    row = {"资源类型": "A03", "资源链接": "", "资源文件": "", "部署平台": "中国大学MOOC"}
    assert [each.code for each in found([row], "R04-1b", "X02")] == ["X02"]
    assert [each.code for each in found([row], "R04-1b")] == ["R04-1b"]
    unclear = {**row, "资源文件": "#REF!"}
    assert [each.code for each in found([unclear], "R04-1b", "X02")] == ["R04-1b"]
    either = with_settings(media_types={"A01": "any"})
    assert [each.code for each in found([{**row, "资源类型": "A01"}], "R04-1b", "X02", settings=either)] == [
        "X02"
    ]


def series(*orders: str, name: str = "航天史", **more: str) -> Rows:
    return [
        {"所属系列": name, "所属顺序": order, "资源名称": f"{name}第{number}讲", **more}
        for number, order in enumerate(orders)
    ]


GAPS: list[tuple[tuple[str, ...], int, str]] = [
    (("01", "02", "03"), 0, ""),
    (("03", "01", "02"), 0, ""),
    (("00", "01", "02"), 0, ""),
    (("01", "02", "04"), 3, "03"),
    (("04", "01", "02"), 1, "03"),
    (("02", "03"), 1, "01"),
    (("05", "06"), 1, "01–04"),
    (("01", "04", "07"), 2, "02–03、05–06"),
    (("01", "04", "07", "10", "13", "16"), 2, "02–03、05–06、08–09、11–12、14–15"),
    (("01", "04", "07", "10", "13", "16", "19"), 2, "02–03、05–06、08–09、11–12、14–15 等"),
    (("03",), 0, ""),
    (("01", "02", "02", "04"), 0, ""),
    (("01", "第二讲", "03"), 0, ""),
    (("01", "", "03"), 0, ""),
    (("01", "02-03", "04"), 0, ""),
    (("0101", "0102", "0201", "0202"), 0, ""),
    (("101", "102", "103"), 0, ""),
    (("10", "20", "99"), 1, "01–09、11–19、21–98"),
    (("010", "020", "100"), 0, ""),
    (("097", "098", "099"), 1, "001–096"),
    (tuple(f"{n:03d}" for n in range(51, 101)), 1, "001–050"),
    (tuple(f"{n:03d}" for n in range(52, 102)), 0, ""),
    (("1", "2", "4"), 3, "03"),
    (("001", "002", "004"), 3, "003"),
    (("20240101", "20240102"), 0, ""),
    (("01", "02", "9" * 400), 0, ""),
]


def test_gaps_in_a_series() -> None:
    told = in_each((series(*orders) for orders, _, _ in GAPS), "R07-4")
    assert [[(*rows_of([each]), each.facts["missing"]) for each in case] for case in told] == [
        [(row, missing)] if row else [] for _, row, missing in GAPS
    ]


def test_a_series_spelled_in_two_ways_has_no_gap_for_it_and_is_no_series_of_one() -> None:
    rows = [*series("01", "02", "04"), *series("03", name="航天史系列")]
    told = found(rows, "R06-1", "R06-2", "R07-4")
    assert [(each.code, *rows_of([each])) for each in told] == [("R06-1", 4)]


@pytest.mark.parametrize("hidden", ["航天\n史", "#REF!"])
def test_what_hides_behind_a_name_that_cannot_be_read_is_not_absent(hidden: str) -> None:
    whole, one, other = series("01", "02", "03"), series("01", "02"), series("01", "03")
    second = [
        [{**row, "所属系列": hidden} if row["所属顺序"] == "02" else row for row in rows]
        for rows in (whole, one)
    ]
    told = in_each([whole, one, other, one[:1], *second], "R06-2", "R07-4")
    assert [[each.code for each in case] for case in told] == [[], [], ["R07-4"], ["R06-2"], [], []]


def test_series_of_two_units_are_two_series() -> None:
    told = in_each([series("01", "02", "03")] * 2, "R06-2", "R07-4", "R07-4b", "R07-3")
    assert told == [[], []]
    told = in_each([series("01"), series("02")], "R06-2", "R07-4")
    assert [[each.code for each in case] for case in told] == [["R06-2"], ["R06-2"]]


WIDTHS: list[tuple[tuple[str, ...], dict[int, str]]] = [
    (("01", "02", "003"), {3: "03"}),
    (("001", "002", "03"), {3: "003"}),
    (("001", "02"), {1: "01"}),
    (("98", "99", "100"), {1: "098", 2: "099"}),
    (("01", "02", "03"), {}),
    (("001", "002", "003"), {}),
    (("01", "02", "003", "03"), {}),
    (("01", "002", "第三讲"), {}),
]


def test_the_same_resource_once_more_is_told_as_that_alone() -> None:
    first, other = series("01", "02", 主讲人="朱新")
    rows = [first, other, first, {**other, "资源名称": "航天史的尾声"}]
    assert [(each.code, *rows_of([each])) for each in found(rows, "R07-3", "Y01")] == [
        ("Y01", 3),
        ("R07-3", 4),
    ]
    assert rows_of(found(rows, "R07-3")) == [3, 4]


@pytest.mark.parametrize("flaw", [{"主讲人": "朱新、张三"}, {"资源名称": "航天史\n的开端"}])
def test_an_order_is_told_where_the_same_resource_cannot_be(flaw: dict[str, str]) -> None:
    """Y01 judges no malformed name: what it does not tell, R07-3 must."""
    row = {"所属系列": "航天史", "所属顺序": "01", **flaw}
    assert [(each.code, *rows_of([each])) for each in found([row, row], "R07-3", "Y01")] == [("R07-3", 2)]


def test_orders_of_mixed_width() -> None:
    told = in_each((series(*orders) for orders, _ in WIDTHS), "R07-4b")
    assert [{each.place.row - 1: each.suggestion for each in case} for case in told] == [
        suggestions for _, suggestions in WIDTHS
    ]


ORDERS = st.lists(st.integers(0, 120), min_size=1, max_size=8, unique=True).flatmap(
    lambda numbers: st.tuples(*(st.integers(2, 4).map(lambda width, n=n: f"{n:0{width}d}") for n in numbers))
)


@trials(deadline=None, max_examples=5)
@given(st.lists(ORDERS, min_size=1, max_size=12))
def test_orders_as_suggested_are_of_one_width_and_none_is_used_twice(every: list[tuple[str, ...]]) -> None:
    cases = [series(*orders) for orders in every]
    for rows, told in zip(cases, in_each(cases, "R07-4b"), strict=True):
        for each in told:
            rows[each.place.row - 2]["所属顺序"] = each.suggestion
    assert in_each(cases, "R07-4b", "R07-3", "R07-2") == [[] for _ in cases]


RIGHTS: list[tuple[tuple[str, ...], list[int]]] = [
    (("郑州大学", "郑大"), [2]),
    (("郑大", "郑州大学"), [2]),
    (("郑州大学", "郑州大学", "大象出版社"), [3]),
    (("张三", "李四"), []),
    (("张三", "李四", "王五"), []),
    (("郑州大学", "郑州大学"), []),
]


def with_each(field: str, values: Sequence[str]) -> Rows:
    orders = [f"{number:02d}" for number in range(1, len(values) + 1)]
    return [{**row, field: value} for row, value in zip(series(*orders), values, strict=True)]


def test_rights_within_a_series() -> None:
    told = in_each((with_each("版权方", owners) for owners, _ in RIGHTS), "Y05")
    assert [rows_of(case) for case in told] == [rows for _, rows in RIGHTS]
    lone = ([{**row, "所属系列": ""} for row in with_each("版权方", owners)] for owners, _ in RIGHTS)
    assert not any(in_each(lone, "Y05"))


@pytest.mark.parametrize("short", ["我校", "示院"])
def test_words_for_oneself_are_told_by_the_rule_on_them_alone(short: str) -> None:
    assert found(with_each("版权方", ["示例学院", "示例学院", short]), "Y05") == []


def test_the_units_own_name_is_a_right_holder_like_others() -> None:
    told = found(with_each("版权方", ["示例学院", "示例学院", "大象出版社"]), "Y05")
    assert [(each.value, each.facts["usual"]) for each in told] == [("大象出版社", "示例学院")]


CATEGORIES: list[tuple[tuple[str, ...], list[int]]] = [
    (("科学文化-航天", "科学文化-航天", "航天"), [3]),
    (("科学文化-航天", "老年教育-书法"), [2]),
    (("科学文化-航天-火箭", "科学文化-航天-卫星"), []),
    (("科学文化-航天", ""), []),
    (("科学文化-航天", "科学文化-航天-火箭"), [2]),
]


def test_categories_within_a_series() -> None:
    told = in_each((with_each("所属分类", each) for each, _ in CATEGORIES), "Y05b")
    assert [rows_of(case) for case in told] == [rows for _, rows in CATEGORIES]


# --- what several resources share -------------------------------------------------------------

COURSE = "https://www.icourse163.org/course/HNU-1"

LINKS: list[tuple[Rows, list[int]]] = [
    ([{"资源名称": "甲"}, {"资源名称": "乙"}], [2]),
    ([{"资源名称": "甲"}, {"资源名称": "乙", "资源链接": f"{COURSE}/"}], [2]),
    ([{"资源名称": "甲"}, {"资源名称": "乙", "资源链接": COURSE.replace("https", "HTTP")}], [2]),
    ([{"资源名称": "甲"}, {"资源名称": "乙", "资源链接": f"{COURSE}?tid=2"}], []),
    ([{"资源名称": "甲"}, {"资源名称": "乙", "资源链接": f"{COURSE}#/2"}], []),
    ([{"资源名称": "甲"}, {"资源名称": "乙", "资源链接": COURSE.lower()}], []),
    (series("01", "02", "03", 资源类型="A01"), []),
    (series("01", "02", 资源类型="A03") + series("03", 资源类型="A01"), [2]),
    (series("01", 资源类型="A01") + series("02", "03", 资源类型="A03"), [3]),
    (series("01", "02", 资源类型="A01") + series("01", name="书法", 资源类型="A01"), [3]),
    ([*series("01", 资源类型="A01"), {"资源名称": "别的", "资源类型": "A01"}], [2]),
    ([{"资源名称": "甲"}, {"资源名称": "甲"}], []),
    ([{"资源名称": "甲"}, {"资源名称": "甲"}, {"资源名称": "乙"}], [3]),
    ([{"资源名称": name, "资源链接": COURSE + end} for name, end in ("甲1", "乙1", "甲2", "丙2")], [2, 4]),
    (
        [
            {"资源名称": "甲", "资源链接": "https://www.icourse163.org/"},
            {"资源名称": "甲"},
            {"资源名称": "乙"},
        ],
        [3],
    ),
    ([{"资源名称": name, "资源链接": "https://www.icourse163.org/"} for name in "甲乙"], []),
    ([{"资源名称": name, "资源链接": "https://pan.baidu.com/s/1"} for name in "甲乙"], []),
    ([{"资源名称": name, "资源链接": ""} for name in "甲乙"], []),
]


def test_links_of_several_resources() -> None:
    told = in_each(([{"资源链接": COURSE, **row} for row in rows] for rows, _ in LINKS), "Y03")
    assert [rows_of(case) for case in told] == [rows for _, rows in LINKS]


def test_what_a_unit_shares_does_not_depend_on_other_units() -> None:
    mine = [
        {"资源名称": "甲", "资源链接": f"{COURSE}77"},
        {"资源名称": "乙", "资源链接": COURSE},
        {"资源名称": "甲", "资源链接": COURSE},
    ]
    another = [{"资源名称": "丙", "资源链接": f"{COURSE}77"}]
    told = in_each([mine, mine, another], "Y03"), in_each([mine], "Y03")
    assert [[rows_of(case) for case in each] for each in told] == [[[3], [3], []], [[3]]]


COVERS: list[tuple[Rows, list[int]]] = [
    ([{"资源名称": "甲"}, {"资源名称": "乙"}], [2]),
    ([{"资源名称": "甲"}, {"资源名称": "乙", "资源封面": "封面\\FM1.JPG"}], [2]),
    ([{"资源名称": "甲"}, {"资源名称": "乙", "资源封面": "乙/fm1.jpg"}], []),
    (series("01", "02", "03"), []),
    (series("01", "02") + series("01", "02", name="书法"), [3, 4]),
]


def test_covers_of_several_resources() -> None:
    told = in_each(([{"资源封面": "封面/fm1.jpg", **row} for row in rows] for rows, _ in COVERS), "R15-7")
    assert [rows_of(case) for case in told] == [rows for _, rows in COVERS]


@pytest.mark.parametrize("code", ["Y03", "R15-7"])
def test_two_units_may_share(code: str) -> None:
    assert in_each([[{"资源名称": name, "资源链接": COURSE}] for name in "甲乙"], code) == [[], []]


# --- 资源时长 ---------------------------------------------------------------------------------

LENGTHS: list[tuple[dict[str, str], float | None, list[tuple[str, str]]]] = [
    ({"资源时长": ""}, None, [("R09-5", "")]),
    ({"资源时长": ""}, 750.4, [("R09-5", "00:12:30")]),
    ({"资源时长": "", "资源类型": "A02"}, None, [("R09-5", "")]),
    ({"资源时长": "", "资源类型": "A03"}, None, []),
    ({"资源时长": "", "资源类型": "AO1"}, None, []),
    ({"资源时长": "45:30"}, 2730.0, []),
    ({"资源时长": "00:12:30"}, 750.4, []),
    ({"资源时长": "00:00:09"}, None, [("R09-5b", "")]),
    ({"资源时长": "00:00:10"}, None, []),
    ({"资源时长": "00:00:10"}, 9.96, []),
    ({"资源时长": "00:00:03", "资源类型": "A03"}, None, []),
    ({"资源时长": "00:00:03"}, 3.0, [("R09-5c", "")]),
    ({"资源时长": ""}, 3.0, [("R09-5c", "")]),
    ({"资源时长": "00:12:30"}, 3.0, []),
    ({"资源时长": "18:00:00"}, 1080.0, []),
    ({"资源时长": "18:00:00"}, None, [("R09-5b", "")]),
    ({"资源时长": "12:00:00"}, None, []),
    ({"资源时长": "18:00:00", "资源文件": "1.mp4;2.mp4"}, None, []),
    ({"资源时长": "00:00:03", "资源文件": "1.mp4;2.mp4"}, None, [("R09-5b", "")]),
]


def test_lengths_of_videos_and_sounds() -> None:
    cases = [[{"资源类型": "A01", **row}] for row, _, _ in LENGTHS]
    told = in_each(cases, "R09-5", "R09-5b", "R09-5c", measured=[seconds for _, seconds, _ in LENGTHS])
    assert [[(each.code, each.suggestion) for each in case] for case in told] == [
        expected for _, _, expected in LENGTHS
    ]


# --- 点击量 and 学习人数 ----------------------------------------------------------------------

CLICKS_AND_LEARNERS: list[tuple[str, str, list[int]]] = [
    ("100", "500", [1]),
    ("100", "100", []),
    ("", "500", []),
    ("100", "", []),
    ("0", "1", [1]),
    ("9", "10", [1]),
    ("1,000", "999人", []),
    ("1万", "20000", []),
]


def test_more_learners_than_clicks() -> None:
    cases = ([{"点击量": clicks, "学习人数": learners}] for clicks, learners, _ in CLICKS_AND_LEARNERS)
    assert [rows_of(case) for case in in_each(cases, "R13-2")] == [rows for _, _, rows in CLICKS_AND_LEARNERS]


COLUMNS: list[tuple[list[str], dict[int, str]]] = [
    (["8800"] * 10, {1: "在 10 行中完全相同"}),
    (["8800"] * 9, {}),
    (["8800"] * 9 + [""], {}),
    (["", *["8800"] * 10], {2: "在 10 行中完全相同"}),
    (["0"] * 12, {}),
    (["1"] * 10, {1: "在 10 行中完全相同"}),
    (["8800"] * 11 + ["8801"], {}),
    ([f"{n}000" for n in range(1, 11)], {1: "等 10 行都是整千的数"}),
    ([f"{n}00" for n in range(1, 11)], {}),
    ([f"{n}000" for n in range(10)], {}),
    (["36500", "1000000000"], {2: "大得不寻常，超过了 10 亿"}),
    (["36500", "999999999"], {}),
    (["1000000000", "36500"], {1: "大得不寻常，超过了 10 亿"}),
    (["2000000000"] * 10, {1: "在 10 行中完全相同"}),
    (["1", *[f"{n}000" for n in range(1, 11)], "3000000000"], {12: "大得不寻常，超过了 10 亿"}),
    (
        [*[f"{n}000" for n in range(1, 10)], "3000000000"],
        {1: "等 10 行都是整千的数", 10: "大得不寻常，超过了 10 亿"},
    ),
]


@pytest.mark.parametrize(("field", "code"), [("点击量", "R13-3"), ("学习人数", "R13-3b")])
def test_numbers_that_look_made_up(field: str, code: str) -> None:
    told = in_each(([{field: number} for number in numbers] for numbers, _ in COLUMNS), code)
    assert [{each.place.row - 1: each.facts["what"] for each in case} for case in told] == [
        expected for _, expected in COLUMNS
    ]
    assert {each.place.field for case in told for each in case} == {field}


def test_equal_numbers_of_two_units_are_two_columns() -> None:
    assert in_each([[{"点击量": "8800"}] * 6] * 2, "R13-3") == [[], []]


# --- 关键词 and 所属分类 ----------------------------------------------------------------------

SENTENCE = "面向老年学员讲解智能手机操作方法和网络安全常识"

KEYWORDS: list[tuple[str, list[str]]] = [
    ("新媒体;人工智能;大数据", []),
    ("", []),
    ("新媒体", ["R17-2c"]),
    (";".join("一二三四五六七八"), []),
    (";".join("一二三四五六七八九"), ["R17-2c"]),
    (f"新媒体;人工智能;{SENTENCE}", ["R17-2b"]),
    (SENTENCE, ["R17-2b"]),
    (f"新媒体;人工智能;{SENTENCE[:20]}", []),
    (f"新媒体;人工智能;{SENTENCE[:21]}", ["R17-2b"]),
    ("International Financial Reporting Standards;会计;审计", []),
    ("新媒体、人工智能", []),
]


def test_number_and_length_of_keywords() -> None:
    limits = SETTINGS.keywords.model_copy(update={"fewest": 3, "most": 8, "longest": 20})
    cases = ([{"关键词": text}] for text, _ in KEYWORDS)
    told = in_each(cases, "R17-2b", "R17-2c", settings=with_settings(keywords=limits))
    assert [[each.code for each in case] for case in told] == [codes for _, codes in KEYWORDS]


VOCABULARY = ("科学文化-航空知识-航空发动机", "科学文化-航空知识-飞机构造", "老年教育-书法")

LISTED: list[tuple[str, str | None]] = [
    ("科学文化-航空知识-航空发动机", None),
    ("科学文化-航空知识", None),
    ("老年教育-书法-楷书", None),
    ("", None),
    ("科学文化-航空发动机", "科学文化-航空知识-航空发动机"),
    ("老年教育-书法艺术", "老年教育-书法"),
    ("老年教育-书", "老年教育-书法"),
    ("管理学", ""),
]


def test_vocabulary_of_categories() -> None:
    settings = with_settings(categories=VOCABULARY)
    told = in_each(([{"所属分类": text}] for text, _ in LISTED), "R18-2", settings=settings)
    assert [None if not case else case[0].suggestion for case in told] == [near for _, near in LISTED]
    assert not any(in_each(([{"所属分类": text}] for text, _ in LISTED), "R18-2"))


def test_a_category_is_guessed_only_into_the_vocabulary() -> None:
    settings = with_settings(categories=VOCABULARY)
    told = found(
        [{"所属分类": text} for text in ("老年教育/书法", "老年教育/国画")], "R18-1", settings=settings
    )
    assert [each.suggestion for each in told] == ["老年教育-书法", ""]
