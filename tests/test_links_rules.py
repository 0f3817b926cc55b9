"""What is told of opened links and of platforms: each once, at its place, and nothing of what is right."""

from __future__ import annotations

import pandas as pd
import pytest
from msgspec.structs import replace

from pipeline.canonical import Table, canonical
from pipeline.files import Entry
from pipeline.join import Index
from pipeline.links.grade import grade
from pipeline.links.result import Ending, Evidence, Hop, LinkResult
from pipeline.model import Finding, Labelled
from pipeline.rules.opened import opened_table
from pipeline.rules.qualified import courses_table, level_of, platforms_table
from pipeline.validate import validate
from tests.small_tables import RIGHT_ROW, SETTINGS, TODAY, submission, table_of

LINK = RIGHT_ROW["资源链接"]
RIGHT = Evidence(
    LINK,
    "2024-05-01T00:00:00+00:00",
    Ending.ANSWERED,
    hops=(Hop(LINK, 200),),
    title="航空发动机基础_中国大学MOOC(慕课)",
    page=True,
)


def found(seen: Evidence | None, today: str = TODAY, **row: str) -> list[Finding]:
    table = table_of([row])
    results: dict[str, LinkResult] = {seen.link: grade(seen)} if seen else {}
    frame = opened_table(table.values, results, SETTINGS, today)
    outcome = validate(table, {"opened": frame}, SETTINGS, today)
    assert outcome.faults == []
    return outcome.findings


def codes(seen: Evidence | None, today: str = TODAY, **row: str) -> list[str]:
    return [each.code for each in found(seen, today, **row)]


def ended(ending: Ending, why: str) -> Evidence:
    return replace(RIGHT, ending=ending, why=why, hops=(Hop(LINK, 0),), title="", page=False)


def led(*urls: str, **more: object) -> Evidence:
    hops = (*(Hop(url, 302) for url in (LINK, *urls[:-1])), Hop(urls[-1], 200))
    return replace(RIGHT, hops=hops, **more)  # type: ignore[arg-type]


OTHER = "https://www.xuetangx.com/course/1"


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (ended(Ending.NO_NAME, "域名无法解析"), "L01"),
        (ended(Ending.NO_CONNECTION, "连接超时"), "L01"),
        (ended(Ending.INSIDE, "a.cn 指向内网或本机地址"), "L01b"),
        (replace(RIGHT, hops=(Hop(LINK, 404),)), "L02"),
        (replace(RIGHT, hops=(Hop(LINK, 410),)), "L02"),
        (replace(RIGHT, hops=(Hop(LINK, 403),)), "L03"),
        (replace(RIGHT, hops=(Hop(LINK, 429),)), "L03"),
        (replace(RIGHT, hops=(Hop(LINK, 502),)), "L03"),
        (ended(Ending.SILENT, "在规定的时间内没有答完"), "L03b"),
        (ended(Ending.BROKEN, "连接中断，或应答不完整"), "L03b"),
        (ended(Ending.ASTRAY, "跳转超过 10 次"), "L03b"),
        (led("https://passport.icourse163.org/login"), "L04"),
        (replace(RIGHT, title="课程不存在", phrase="课程不存在"), "L05"),
        (led("https://www.icourse163.org/"), "L06"),
        (led(OTHER, title="中国古代文学史"), "L06"),
        (ended(Ending.CERTIFICATE, "证书已过期"), "L07"),
        (ended(Ending.CHAIN, "证书的签发机构无法核实"), "L07c"),
        (replace(RIGHT, title="中国古代文学史"), "L08"),
        (replace(RIGHT, title=""), "L08b"),
        (replace(RIGHT, title="首页 - 中国大学MOOC"), "L08b"),
        (None, "L09b"),
    ],
)
def test_one_mistake_is_told_once(seen: Evidence | None, code: str) -> None:
    (only,) = found(seen)
    assert (only.code, only.place.field, only.place.row, only.value) == (code, "资源链接", 2, LINK)


@pytest.mark.parametrize(
    "seen",
    [
        RIGHT,
        replace(RIGHT, title="航空发动机的组成 - 中国大学MOOC"),
        replace(RIGHT, title="《航空发动机基础》第一章"),
        replace(RIGHT, page=False, title=""),
        led("https://kc.icourse163.org/learn/1"),
        led("https://www.icourse163.org/learn/HNU-1206459828?tid=1#/learn/announce"),
        replace(RIGHT, title="航空发动机基础：页面不存在时怎么办", phrase="页面不存在时怎么办"),
    ],
)
def test_right_links_are_silent(seen: Evidence) -> None:
    assert codes(seen) == []


def test_a_row_may_be_named_for_its_series() -> None:
    seen = replace(RIGHT, title="飞行原理概论")
    assert codes(seen, 资源名称="第三讲 升力从何而来") == ["L08"]
    assert codes(seen, 资源名称="第三讲 升力从何而来", 所属系列="飞行原理概论", 所属顺序="03") == []


def test_only_http_is_noted_and_a_turn_to_https_is_well() -> None:
    link = "http://www.icourse163.org/course/1"
    plain = replace(RIGHT, link=link, hops=(Hop(link, 200),))
    assert codes(plain, 资源链接=link) == ["L07b"]
    turned = replace(plain, hops=(Hop(link, 301), Hop("https://www.icourse163.org/course/1", 200)))
    assert codes(turned, 资源链接=link) == []


@pytest.mark.parametrize(
    ("final", "suggested"),
    [
        (OTHER, OTHER),
        (f"{OTHER}?token=abc", ""),
        (f"{OTHER}?id=5&sign=1", ""),
        ("https://www.xuetangx.com/", ""),
    ],
)
def test_the_final_address_is_suggested_only_if_it_is_this_course_and_lasts(
    final: str, suggested: str
) -> None:
    (only,) = found(led(final))
    assert (only.code, only.suggestion, only.safe) == ("L06", suggested, False)
    if suggested:
        assert table_of([{"资源链接": suggested, "部署平台": "学堂在线"}]).findings == []


@pytest.mark.parametrize(("today", "expected"), [("2024-05-07", []), ("2024-05-08", ["L09"])])
def test_an_old_result_is_told_alone(today: str, expected: list[str]) -> None:
    dead = replace(RIGHT, hops=(Hop(LINK, 404),))
    assert codes(dead, today) == (expected or ["L02"])


def test_a_malformed_link_is_not_judged_again() -> None:
    table = table_of([{"资源链接": "见平台"}])
    outcome = validate(table, {"opened": opened_table(table.values, {}, SETTINGS, TODAY)}, SETTINGS, TODAY)
    assert [each for each in outcome.findings if each.code.startswith("L")] == []


def test_without_the_table_the_rules_are_skipped_with_a_reason() -> None:
    outcome = validate(table_of([{}]), {}, SETTINGS, TODAY)
    assert "make links" in outcome.skipped["L01"]


# --- 平台资质 ---------------------------------------------------------------------------------

GOOD = {
    "部署平台": "某校学习网",
    "域名": "mooc.example.edu.cn",
    "等保级别": "第三级",
    "备案证明编号": "41010099001-21001",
    "证明文件": "等保备案证明.jpg",
}
COURSE = {
    "部署平台": "某校学习网",
    "资源链接": "https://mooc.example.edu.cn/course/1",
    "资源文件": "",
}
FILES = [Entry.of("证明/等保备案证明.jpg", "", 1, 1), Entry.of("测评报告2023-01.pdf", "", 1, 1)]


def qualified(
    platform: dict[str, str] | None, course: dict[str, str] | None = None, today: str = TODAY
) -> list[Finding]:
    rows = [] if platform is None else [platform]
    cells = tuple(
        {
            name: Labelled(text, "平台资质", number, f"{'ABCDE'[column]}{number}")
            for column, (name, text) in enumerate(row.items())
        }
        for number, row in enumerate(rows, 2)
    )
    sent = replace(submission([{**RIGHT_ROW, **COURSE, **(course or {})}]), platforms=cells)
    table: Table = canonical([sent], SETTINGS)
    tables: dict[str, pd.DataFrame] = {
        "platforms": platforms_table([sent], {"示例学院": Index(FILES)}),
        "courses": courses_table(table.values, [sent], SETTINGS),
    }
    outcome = validate(table, tables, SETTINGS, today)
    assert outcome.faults == []
    return outcome.findings


def told(platform: dict[str, str] | None, course: dict[str, str] | None = None) -> list[tuple[str, str, str]]:
    return [(f.code, f.place.sheet, f.place.cell) for f in qualified(platform, course)]


def test_a_platform_with_its_proof_is_silent() -> None:
    assert told(GOOD) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"等保级别": "第二级"}, [("L10", "资源清单", "D2")]),
        ({"等保级别": ""}, [("L10b", "资源清单", "D2")]),
        ({"备案证明编号": "", "证明文件": ""}, [("L10b", "资源清单", "D2")]),
        ({"备案证明编号": "无", "证明文件": "/"}, [("L10b", "资源清单", "D2")]),
        ({"等保级别": "等保2.0"}, [("L10e", "平台资质", "C2")]),
        ({"证明文件": "没有的.jpg"}, [("L10d", "平台资质", "E2")]),
        ({"备案证明编号": "41010099001-2100"}, [("L11", "平台资质", "D2")]),
        ({"备案证明编号": "豫ICP备05002465号-1"}, [("L11b", "平台资质", "D2")]),
        ({"备案证明编号": "豫公网安备 41010502003456号"}, [("L11b", "平台资质", "D2")]),
        ({"证明文件": "测评报告2023-01.pdf"}, [("L12", "平台资质", "E2")]),
        ({"备案证明编号": "41010099001-21001;豫ICP05002465"}, [("L13", "平台资质", "D2")]),
    ],
)
def test_each_lack_is_told_once_at_its_place(
    change: dict[str, str], expected: list[tuple[str, str, str]]
) -> None:
    assert told({**GOOD, **change}) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"等保级别": "四级"},
        {"等保级别": "三级（S3A3G3）"},
        {"备案证明编号": ""},
        {"证明文件": ""},
        {"备案证明编号": "4101009900121001"},
        {"备案证明编号": "41010099001—21001"},
        {"备案证明编号": "41010099001-21001、41010099001-21002"},
        {"备案证明编号": "41010099001-21001；豫icp备05002465号-1"},
        {"备案证明编号": "41010099001-21001；京ICP证030173号"},
        {"证明文件": "证明\\等保备案证明.JPG"},
        {"证明文件": "等保备案证明.jpg；等保备案证明.jpg"},
        {"部署平台": "别的名字"},
        {"域名": ""},
        {"域名": "https://example.edu.cn/"},
    ],
)
def test_right_rows_are_silent(change: dict[str, str]) -> None:
    assert told({**GOOD, **change}) == []


@pytest.mark.parametrize(
    "text", ["41010099001 21001", " 41010099001 - 21001", "４１０１００９９００１-２１００１"]
)
def test_blanks_and_width_leave_one_reading(text: str) -> None:
    (only,) = qualified({**GOOD, "备案证明编号": text})
    assert (only.code, only.suggestion, only.safe) == ("L11", "41010099001-21001", True)
    assert told({**GOOD, "备案证明编号": only.suggestion}) == []


def test_a_platform_that_nobody_knows_needs_a_row_and_a_known_one_does_not() -> None:
    assert [each[0] for each in told(None)] == ["L10b"]
    known = {"部署平台": "中国大学MOOC", "资源链接": LINK}
    assert [each[0] for each in told(None, known)] == ["L10c"]
    low = {**GOOD, "部署平台": "中国大学慕课", "域名": "", "等保级别": "二级"}
    assert [each[0] for each in told(low, known) if each[0] != "R04-3"] == ["L10"]


@pytest.mark.parametrize(
    "course", [{"资源文件": "第1讲.mp4"}, {"资源类型": "A01"}, {"资源链接": ""}, {"部署平台": ""}]
)
def test_only_courses_by_link_alone_are_asked(course: dict[str, str]) -> None:
    assert [code for code, _, _ in told(None, course) if code.startswith("L10")] == []


def test_a_report_is_judged_by_the_latest_day_that_it_may_mean() -> None:
    report = {**GOOD, "证明文件": "测评报告2023-01.pdf"}
    assert [each.code for each in qualified(report, today="2024-01-31")] == []
    assert [each.code for each in qualified(report, today="2024-02-01")] == ["L12"]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("三级", 3), ("第三级", 3), ("3级", 3), ("3", 3), ("Ⅲ级", 3), ("III级", 3), ("等保三级", 3),
        ("S3A3", 3), ("S2A3G3", 3), ("三级等保", 3), ("等保2.0三级", 3), ("四级", 4), ("Ⅳ级", 4),
        ("二级", 2), ("L2", 2), ("等保2.0", 0), ("3.0", 0), ("二级、三级", 0), ("二级以上", 0),
        ("三级以上", 3), ("未定级", 0), ("", 0),
    ],
)  # fmt: skip
def test_levels(text: str, level: int) -> None:
    assert level_of(text) == level
