"""The numbers of the reports: recounted here from the lines themselves, in another way."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.figures import Figures, Snapshot, figures, short_figures, unsent_tables
from pipeline.figures.frames import place
from pipeline.figures.links import host
from pipeline.figures.values import (
    MOST_BARS,
    Change,
    Chart,
    Hours,
    HoursChange,
    Rate,
    RateChange,
    Table,
    bars,
    columns,
    hours,
    rate,
    shown,
)
from tests.report_runs import Line, made
from tests.small_tables import SETTINGS

WHEN = dt.datetime(2024, 5, 20, 9, 30)
LINES = made(units=24, rows=12)


def frame(lines: list[Line]) -> pd.DataFrame:
    return pd.DataFrame([{name: str(cell) for name, cell in line.items()} for line in lines], dtype="object")


def counted(tables: dict[str, list[Line]] = LINES, previous: Snapshot | None = None) -> Figures:
    frames = {name: frame(lines) for name, lines in tables.items()}
    return figures(
        frames["findings"],
        frames["resources"],
        frames["units"],
        SETTINGS,
        WHEN,
        skipped={},
        previous=previous,
    )


FIGURES = counted()


def table(key: str, of: Figures = FIGURES) -> Table:
    return next(each for each in (*of.tables(), of.units) if each.key == key)


def column(found: Table, name: str) -> dict[str, object]:
    at = [each.name for each in found.columns].index(name)
    return {str(row[0]): row[at] for row in found.rows}


def media(**facts: object) -> Line:
    video = {"real": "mp4", "video_codec": "H.264", "audio_codecs": "AAC", "width": 1280, "height": 720}
    blank = dict.fromkeys(LINES["resources"][0], "")
    more = {"bitrate": 2_400_000, "seconds": 600, "rate": 48_000, "channels": 2}
    return {**blank, **video, **more, "unit": "示例第1学校", **facts}


def of_media(*lines: Line) -> Figures:
    return counted({**LINES, "resources": list(lines)})


# --- how numbers are printed ----------------------------------------------------------------


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_rate_is_rounded_half_up_and_never_tells_all_or_nothing_where_it_is_not(
    part: int, whole: int
) -> None:
    part = min(part, whole)
    exact = (Decimal(part) * 100 / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)
    if 0 < part < whole:
        exact = min(max(exact, Decimal("0.1")), Decimal("99.9"))
    assert shown(rate(part, whole)) == f"{exact}%"


def test_nothing_has_no_rate() -> None:
    assert shown(rate(0, 0)) == "—"


@given(st.integers(0, 10**12))
def test_hours_are_rounded_half_up(milliseconds: int) -> None:
    exact = (Decimal(milliseconds) / 3_600_000).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert shown(hours(milliseconds)) == str(exact)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (Change(3), "+3"), (Change(-2), "-2"), (Change(0), "0"), (HoursChange(1.5), "+1.50"),
        (RateChange(-0.012), "-1.2 个百分点"), (RateChange(0), "0"), (Hours(2), "2.00"), (Rate(1), "100.0%"),
        (12, "12"), ("甲", "甲"), ("", ""), (None, "—"),
    ],
)  # fmt: skip
def test_each_kind_of_cell_has_one_way_of_being_printed(cell: object, text: str) -> None:
    assert shown(cell) == text  # type: ignore[arg-type]


# --- the same numbers, counted another way --------------------------------------------------


def seconds_of(line: Line) -> Decimal:
    text = str(line["资源时长"])
    if len(text) == 8:
        hour, minute, second = map(int, text.split(":"))
        return Decimal(hour * 3600 + minute * 60 + second)
    return Decimal(str(line["seconds"] or 0))


KINDS = {"A01": "A01 视频资源", "A02": "A02 音频资源", "A03": "A03 网络课程", "": "未填写"}
KINDS |= {"A04": "A04（不在表2）", "视频": "写法有误"}
CATEGORIES: Callable[[Line], str] = lambda line: (  # noqa: E731
    "写法有误" if "/" in str(line["所属分类"]) else str(line["所属分类"]).split("-")[0] or "未填写"
)
UNITS = {line["unit"]: line for line in LINES["units"]}


@pytest.mark.parametrize(
    ("key", "by"),
    [
        ("by_kind", lambda line: KINDS[str(line["资源类型"])]),
        ("by_category", CATEGORIES),
        ("by_region", lambda line: place(str(UNITS[line["unit"]]["region"])) or "未填写"),
        ("by_unit_type", lambda line: UNITS[line["unit"]]["type"] or "未填写"),
    ],
)
def test_resources_are_counted_under_each_heading(key: str, by: Callable[[Line], str]) -> None:
    found = table(key)
    groups: dict[str, list[Line]] = {}
    for line in LINES["resources"]:
        groups.setdefault(by(line), []).append(line)
    assert {row[0] for row in found.rows} == set(groups)
    for label, lines in groups.items():
        assert column(found, "资源数")[label] == len(lines)
        verdicts = Counter(str(line["verdict"]) for line in lines)
        for verdict in ("通过", "待复核", "退回"):
            assert column(found, verdict)[label] == verdicts[verdict]
            assert column(found, f"{verdict}率")[label] == rate(verdicts[verdict], len(lines))
        length = sum(map(seconds_of, lines)) / 3600
        assert shown(column(found, "时长（小时）")[label]) == str(
            length.quantize(Decimal("0.01"), ROUND_HALF_UP)
        )  # type: ignore[arg-type, union-attr]


def test_every_table_about_all_resources_has_the_same_total() -> None:
    totals = {key: table(key).total for key in ("by_kind", "by_category", "by_region", "by_unit_type")}
    assert len({tuple(map(shown, total[1:])) for total in totals.values()}) == 1
    keys = {number.label: number.value for number in FIGURES.numbers}
    total = dict(zip([each.name for each in table("by_kind").columns], totals["by_kind"], strict=True))
    assert (keys["资源"], keys["总时长"]) == (total["资源数"], total["时长（小时）"])
    assert [keys[name] for name in ("通过", "待复核", "退回")] == [
        total[name] for name in ("通过", "待复核", "退回")
    ]
    assert keys["资源"] == sum(line["rows"] for line in LINES["units"])  # type: ignore[misc]


def test_units_are_counted_by_state_time_region_and_round() -> None:
    states = Counter((line["type"] or "未填写", line["state"]) for line in LINES["units"])
    found = table("states")
    for (kind, state), number in states.items():
        assert column(found, str(state))[str(kind)] == number
    sent = [line for line in LINES["units"] if line["state"] != "未报送"]
    times = table("punctuality")
    assert times.total[1:] == (
        len(UNITS),
        sum(line["on_time"] == "按期" for line in sent),
        sum(line["on_time"] == "逾期" for line in sent),
        sum(line["on_time"] == "" for line in sent),
        len(UNITS) - len(sent),
    )
    assert column(table("rounds"), "单位数") == {
        f"第 {number} 轮": count for number, count in Counter(line["round"] for line in sent).items()
    }
    assert [row[0] for row in table("missing").rows] == [
        line["unit"]
        for line in sorted(
            (line for line in LINES["units"] if line["state"] == "未报送"),
            key=lambda line: (place(str(line["region"])) or "未填写", line["type"] or "未填写", line["unit"]),
        )
    ]


def test_problems_are_counted_and_ranked() -> None:
    found = table("problems")
    counts = Counter(str(line["code"]) for line in LINES["findings"])
    assert column(found, "处数") == dict(counts)
    assert [row[0] for row in found.rows] == sorted(counts, key=lambda code: (-counts[code], code))
    for code in counts:
        mine = [line for line in LINES["findings"] if line["code"] == code]
        assert column(found, "涉及单位")[code] == len({line["unit"] for line in mine})
        assert column(found, "涉及资源")[code] == len({(line["unit"], line["row"]) for line in mine})


def test_examples_come_from_different_units() -> None:
    pairs = [row[:2] for row in table("examples").rows]
    assert len(set(pairs)) == len(pairs)
    assert max(Counter(code for code, _ in pairs).values()) == 2


def test_duplicates_are_those_of_the_rules_about_duplicates() -> None:
    wanted = Counter(str(line["code"]) for line in LINES["findings"] if line["code"] in ("W02", "Y01"))
    assert column(table("duplicate_rules"), "处数") == dict(wanted)
    scopes = Counter(row[0] for row in table("duplicate_list").rows)
    assert scopes == {"不同单位之间": wanted["W02"], "本单位之内": wanted["Y01"]}


# --- near misses ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "key", "label"),
    [
        ({"bitrate": 1_999_999}, "video_bitrates", "1 至不足 2 Mbps"),
        ({"bitrate": 2_000_000}, "video_bitrates", "2 至不足 4 Mbps"),
        ({"bitrate": 8_000_000}, "video_bitrates", "8 Mbps 及以上"),
        ({"width": 1280, "height": 719}, "resolutions", "低于 1280×720"),
        ({"width": 1279, "height": 720}, "resolutions", "低于 1280×720"),
        ({"width": 720, "height": 1280}, "resolutions", "1280×720 及以上，不足 1920×1080"),
        ({"width": 1920, "height": 1079}, "resolutions", "1280×720 及以上，不足 1920×1080"),
        ({"width": 1920, "height": 1080}, "resolutions", "1920×1080 及以上，不足 2560×1440"),
        ({"seconds": 59.999}, "lengths", "不足 1 分钟"),
        ({"seconds": 60}, "lengths", "1 至不足 5 分钟"),
    ],
)
def test_what_lies_on_an_edge_belongs_to_the_step_above(facts: Line, key: str, label: str) -> None:
    found = column(table(key, of_media(media(**facts))), "资源数")
    assert {name for name, count in found.items() if count} == {label}


def test_portrait_videos_are_told_apart() -> None:
    found = table("resolutions", of_media(media(width=720, height=1280), media()))
    assert found.rows[1][1:3] == (1, 2)


def test_a_length_that_is_malformed_or_blank_is_measured() -> None:
    lengths = [("00:30:00", 9), ("45:30", 1800), ("", 1800), ("", ""), ("00:00:00", 1800)]
    found = table("by_kind", of_media(*(media(资源时长=text, seconds=known) for text, known in lengths)))
    assert [shown(cell) for cell in found.rows[0][4:6]] == ["2.00", "1.50"]


@pytest.mark.parametrize(
    ("text", "city"),
    [
        ("河南省郑州市金水区", "郑州市"), ("郑州市", "郑州市"), ("济源示范区", "济源示范区"),
        ("巩义市", "巩义市"),
        ("", ""), ("兰考县", "兰考县"), ("河南省兰考县", "兰考县"), ("河南省", "河南省"),
    ],
)  # fmt: skip
def test_a_region_is_its_city(text: str, city: str) -> None:
    assert place(text) == city


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.A.cn/x", "www.a.cn"), ("http://a.cn:80/", "a.cn"), ("https://u:p@b.cn", "b.cn"),
        ("javascript:alert(1)", "写法有误"), ("https://", "写法有误"),
    ],
)  # fmt: skip
def test_the_site_of_a_link(url: str, site: str) -> None:
    assert host(url) == site


# --- charts ---------------------------------------------------------------------------------


def test_a_chart_adds_up_what_it_cannot_show() -> None:
    rows = tuple((f"项{number}", number) for number in range(40))
    drawn = bars(Table("k", "表", columns("名", "数"), rows, chart=Chart("个", (1,))))
    assert len(drawn.rows) == MOST_BARS
    assert sum(values[0] for _, values in drawn.rows) == sum(range(40))  # type: ignore[misc]
    assert drawn.rows[-1][0] == "其余 29 项"


# --- rounds ---------------------------------------------------------------------------------


def test_what_changed_since_the_round_before_is_told_and_nothing_else() -> None:
    now = FIGURES.snapshot
    first, second = now.units[0], now.units[1]
    before = replace(
        now,
        day="2024年5月1日",
        hours=now.hours - 1,
        units=(replace(first, passed=first.passed - 1, state="退回修改"), *now.units[2:]),
    )
    later = counted(previous=before)
    changed = {row[0]: row for row in table("changed_units", later).rows}
    assert set(changed) == {first.unit, second.unit}
    assert changed[first.unit][6] == Change(1)
    assert changed[second.unit][1:3] == ("没有此单位", second.state)
    totals = {row[0]: shown(row[3]) for row in table("changes", later).rows}
    assert (totals["单位数"], totals["时长（小时）"]) == ("+1", "+1.00")
    same = counted(previous=now)
    assert not [each for each in same.tables() if each.key == "changed_units"]


# --- what is missing ------------------------------------------------------------------------


def test_columns_that_a_file_lacks_count_as_blank() -> None:
    few = {
        name: [
            {key: cell for key, cell in line.items() if key not in ("type", "region", "decision")}
            for line in lines
        ]
        for name, lines in LINES.items()
    }
    assert [row[0] for row in table("by_unit_type", counted(few)).rows] == ["未填写"]


def test_a_run_without_anything_still_has_a_report() -> None:
    nothing = {name: lines[:0] for name, lines in LINES.items()}
    blank = figures(
        *(frame(nothing[name]) for name in ("findings", "resources", "units")), SETTINGS, WHEN, skipped={}
    )  # type: ignore[arg-type]
    assert [number.value for number in blank.numbers] == [0] * 9
    assert [key for section in blank.sections for key in section.tables] == []


def test_the_short_report_says_the_same_of_units_and_problems() -> None:
    short = short_figures(frame(LINES["findings"]), frame(LINES["units"]), SETTINGS, WHEN, skipped={})
    for key in ("states", "punctuality", "regions", "rounds", "missing", "units"):
        assert table(key, short) == table(key)
    assert [row[:6] for row in table("problems", short).rows] == [row[:6] for row in table("problems").rows]
    long = {number.label: number for number in FIGURES.numbers}
    assert all(long[number.label] == number for number in short.numbers)


def test_a_unit_of_which_only_attachments_came_is_not_missing() -> None:
    units = [{**line, "state": "已收附件"} if line["state"] == "未报送" else line for line in LINES["units"]]
    missing, without = unsent_tables(frame(units))
    assert (len(missing.rows), len(without.rows)) == (0, sum(line["state"] == "已收附件" for line in units))


def test_what_the_notice_leaves_open_is_labelled() -> None:
    told = "\n".join(FIGURES.notes)
    for name in ("平均码率", "帧率", "资源简介 20 至 1000 字", "关键词", "相差"):
        assert any(name in note and note.startswith("通知未规定") for note in FIGURES.notes), name
    assert "分母" not in told
