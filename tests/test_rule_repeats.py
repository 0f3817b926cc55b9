"""The same resource twice: what is told, what only looks alike, and that order does not matter."""

from __future__ import annotations

import random

import pandas as pd
import pytest
from hypothesis import Phase, given
from hypothesis import settings as tuning
from hypothesis import strategies as st

from pipeline.model import Finding
from pipeline.rules import REGISTER
from pipeline.validate import validate
from tests.small_tables import SETTINGS, TODAY, resources_of, table_of

Row = dict[str, str]
OTHERS = tuple(code for code in REGISTER.rules if code[:2] not in ("Y0", "W0"))
NO_MEDIA = pd.DataFrame(columns=["@index", "@unit", "资源名称", "twin", "sort"])


def found(
    rows: list[Row],
    code: str,
    *,
    seconds: list[float] | None = None,
    off: tuple[str, ...] = (),
    **tables: object,
) -> list[Finding]:
    """Findings of one rule; every row has a link of its own unless it says otherwise."""
    rows = [{"资源链接": f"https://a.cn/{number}", **row} for number, row in enumerate(rows)]
    table = table_of(rows)
    resources = resources_of(table)
    if seconds:
        resources["@measured"] = seconds
    settings = SETTINGS.model_copy(update={"off": (*OTHERS, *off)})
    given_tables = {"resources": resources, "media": NO_MEDIA, **tables}
    outcome = validate(table, given_tables, settings, TODAY)  # type: ignore[arg-type]
    assert [fault for fault in outcome.faults if fault[0] == code] == []
    return [each for each in outcome.findings if each.code == code]


def names(first: str, second: str, **both: str) -> list[Row]:
    return [{"资源名称": name, "主讲人": "朱新", **both} for name in (first, second)]


def in_two_units(first: str, second: str) -> list[Row]:
    return [
        {**row, "@unit": unit} for row, unit in zip(names(first, second), ("甲大学", "乙大学"), strict=True)
    ]


# --- in a unit: Y02 -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("航空发动机(上)", "航空发动机（上）"),
        ("航空发动机", "航空 发动机"),
        ("《论语》导读", "论语导读"),
        ("Python入门", "ＰＹＴＨＯＮ入门"),
        ("社区老年人智能手机的使用与维护", "社区老年人智能手机使用与维护"),
    ],
)
def test_a_name_written_otherwise_is_told_at_the_later_row(first: str, second: str) -> None:
    [told] = found(names(first, second), "Y02")
    assert (told.place.row, told.facts["first_row"], told.facts["first_name"]) == (3, 2, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("航空发动机（上）", "航空发动机（下）"),
        ("社区老年人智能手机的使用（一）", "社区老年人智能手机的使用（二）"),
        ("第1、2讲 力的合成", "第12讲 力的合成"),
        ("二十四节气与中医养生专题讲座之白露", "二十四节气与中医养生专题讲座之寒露"),
        ("二十四节气与中医养生专题讲座之立春", "二十四节气与中医养生专题讲座之立夏"),
        ("社区居民健康知识普及系列讲座：高血压", "社区居民健康知识普及系列讲座：低血压"),
        ("2023年度社区教育工作者业务能力培训", "2024年度社区教育工作者业务能力培训"),
        ("高等数学Ⅰ期末复习与考试指导课程", "高等数学Ⅱ期末复习与考试指导课程"),
        ("程序设计基础与应用实践教程C", "程序设计基础与应用实践教程C++"),
        ("老年人智能手机应用基础教程", "老年人智能手机应用基础教程答疑"),
        ("太极拳二十四式教学示范视频", "太极拳四十二式教学示范视频"),
    ],
)
def test_names_of_a_series_are_not_near(first: str, second: str) -> None:
    assert found(names(first, second), "Y02") == []
    assert found(names(first, second), "Y02", seconds=[600.0, 655.0]) == []


def test_the_same_wording_under_another_speaker_series_or_type_is_another_resource() -> None:
    pair = names("绪论：", "绪论")
    assert found(pair, "Y02")
    for field, value in (("主讲人", "王小明"), ("所属系列", "火箭"), ("资源类型", "A01")):
        assert found([pair[0], {**pair[1], field: value}], "Y02") == []


def test_a_typing_error_is_told_only_where_the_films_last_equally_long() -> None:
    pair = names("社区老年人智能手机应用基础入门", "社区老年人智能手机应用基础入们")
    assert found(pair, "Y02") == []
    assert found(pair, "Y02", seconds=[600.2, 600.9])
    assert found(pair, "Y02", seconds=[600.2, 601.9]) == []
    numbered = [{**row, "所属系列": "手机", "所属顺序": f"0{n}"} for n, row in enumerate(pair, 1)]
    assert found(numbered, "Y02", seconds=[600.2, 600.9]) == []


def test_what_y01_tells_is_not_told_again() -> None:
    rows = names("航空发动机（上）", "航空发动机（上）")
    assert found(rows, "Y02") == []
    told = found(
        [*rows, {**rows[0], "资源名称": "航空发动机(上)"}, {**rows[0], "资源名称": "航空发动机(上)"}], "Y02"
    )
    assert [each.place.row for each in told] == [4]


def test_each_of_several_writings_names_the_first() -> None:
    rows = [
        {"资源名称": name, "主讲人": "朱新"} for name in ("论语导读", "《论语》导读", "论语 导读", "孟子导读")
    ]
    told = found(rows, "Y02")
    assert [(each.place.row, each.facts["first_row"]) for each in told] == [(3, 2), (4, 2)]


# --- between units -------------------------------------------------------------------------------


def test_the_strongest_evidence_is_told_once() -> None:
    rows = [{**row, "资源链接": "https://a.cn/x"} for row in in_two_units("航空发动机", "航空发动机")]
    media = pd.DataFrame(
        [
            {"@index": n, "资源名称": "航空发动机", "资源文件": "1.mp4", "twin": "abc", "sort": "video"}
            | {"@unit": row["@unit"], "@workbook": "清单.xlsx", "@sheet": "资源清单", "@row": 2}
            for n, row in enumerate(rows)
        ]
    )
    for code, told in (("W02c", 2), ("W02b", 0), ("W02", 0), ("W02d", 0)):
        assert len(found(rows, code, media=media)) == told
    for code, told in (("W02b", 2), ("W02", 0), ("W02d", 0)):
        assert len(found(rows, code)) == told
    assert len(found(rows, "W02", off=("W02b",))) == 2
    assert found(rows, "W02d", off=("W02b", "W02")) == []


def test_a_malformed_link_is_no_stronger_evidence() -> None:
    """W02b judges no malformed link: what it does not tell, name and speaker must."""
    same, near = in_two_units("航空发动机", "航空发动机"), in_two_units("航空发动机的原理", "航空发动机原理")
    for rows, code in ((same, "W02"), (near, "W02d")):
        linked = [{**row, "资源链接": "www.icourse163.org/course/1"} for row in rows]
        assert len(found(linked, code)) == 2
        assert found([{**row, "资源链接": f"https://{row['资源链接']}"} for row in linked], code) == []


def test_speakers_in_another_order_are_the_same_speakers() -> None:
    rows = in_two_units("航空发动机", "航空发动机")
    assert found([{**rows[0], "主讲人": "朱新;王小明"}, {**rows[1], "主讲人": "王小明;朱新"}], "W02")
    assert found([{**rows[0], "主讲人": "朱新;王小明"}, rows[1]], "W02") == []


def test_a_home_page_that_two_units_name_is_no_shared_resource() -> None:
    rows = in_two_units("火箭", "飞机")
    for link, told in (("https://mooc.a.cn", 0), ("https://mooc.a.cn/", 0), ("https://mooc.a.cn/1", 2)):
        assert len(found([{**row, "资源链接": link} for row in rows], "W02b")) == told


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("航空发动机的构造与维修", "航空发动机构造与维修"),
        ("社区老年人智能手机应用基础入门", "社区老年人智能手机应用基础入们"),
        ("社区老年人智能手机应用基础入门", "社区老年人职能手机应用基础入门"),
    ],
)
def test_near_names_of_two_units_are_told_to_both(first: str, second: str) -> None:
    told = found(in_two_units(first, second), "W02d")
    assert {(each.place.unit, each.facts["other_unit"], each.facts["other_name"]) for each in told} == {
        ("甲大学", "乙大学", second),
        ("乙大学", "甲大学", first),
    }


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("航空发动机的构造与维修（上）", "航空发动机的构造与维修（下）"),
        ("航空发动机构造与维修第1讲", "航空发动机构造与维修第2讲"),
        ("2023年航空发动机构造与维修", "2024年航空发动机构造与维修"),
        ("航空发动机", "航天发动机"),
    ],
)
def test_numbered_parts_in_two_units_are_not_near(first: str, second: str) -> None:
    assert found(in_two_units(first, second), "W02d") == []
    assert found(in_two_units(first, second), "W02d", seconds=[600.0, 600.0]) == []


def test_equal_length_stands_in_for_the_speaker() -> None:
    rows = in_two_units("航空发动机的构造与维修", "航空发动机构造与维修")
    rows = [rows[0], {**rows[1], "主讲人": "王小明"}]
    assert found(rows, "W02d") == []
    assert {each.facts["what"] for each in found(rows, "W02d", seconds=[600.0, 600.9])} == {"时长相同"}
    assert found(rows, "W02d", seconds=[600.0, 601.1]) == []


def test_one_speakers_ten_thousand_names_are_compared_with_neighbours_only() -> None:
    rows = [
        {
            "资源名称": f"{chr(0x4E00 + n)}{chr(0x5E00 + n)}的养生之道专题讲座",
            "主讲人": "朱新",
            "@unit": f"{n % 7}校",
        }
        for n in range(10_000)
    ]
    assert found(rows, "W02d") == []


BETWEEN_UNITS = ("W02", "W02b", "W02d")


def told_of(
    rows: list[tuple[str, str, str]], lengths: dict[tuple[str, str, str], float]
) -> set[tuple[str, ...]]:
    """What the rules between units tell of rows (unit, name, speaker), without addresses."""
    resources = pd.DataFrame(rows, columns=["@unit", "资源名称", "主讲人"], dtype=object)
    resources["资源链接"] = [f"https://a.cn/{len(name)}" if who == "朱新" else "" for _, name, who in rows]
    resources["@measured"] = [lengths[row] for row in rows]
    resources["@index"] = resources.index
    malformed = pd.DataFrame({"资源链接": False}, resources.index)
    given = {"resources": resources, "media": NO_MEDIA, "settings": SETTINGS, "malformed": malformed}
    told = set()
    for code in BETWEEN_UNITS:
        rule = REGISTER.rules[code]
        wrong = rule.check(**{name: given[name] for name in rule.asked_for})  # type: ignore[misc]
        columns = ["@unit", "资源名称", "other_unit", "other_name", "what"]
        told |= {(code, *row) for row in wrong[columns].itertuples(index=False)}
    return told


NAMES = [
    "航空发动机的构造与维修",
    "航空发动机构造与维修",
    "航空发动机构造与维修（上）",
    "航空发动机构造与维护",
    "火箭",
]


@tuning(max_examples=12, deadline=None, phases=[Phase.generate])
@given(
    st.lists(
        st.tuples(st.sampled_from("甲乙丙"), st.sampled_from(NAMES), st.sampled_from(["朱新", "王小明"])),
        unique_by=lambda each: each[:2],
        min_size=3,
        max_size=9,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_and_units_changes_nothing_but_addresses(
    rows: list[tuple[str, str, str]], chance: random.Random
) -> None:
    lengths = {row: 600.0 + len(row[1]) for row in rows}
    shuffled = list(rows)
    chance.shuffle(shuffled)
    told = told_of(rows, lengths)
    assert told_of(shuffled, lengths) == told
    for _, unit, _, other_unit, *_ in told:
        assert unit != other_unit
        assert other_unit in {each[1] for each in told}


# --- earlier years: W03 ---------------------------------------------------------------------------


def earlier(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [(*row, "往年/清单.xlsx") for row in rows],
        columns=["name", "speaker", "link", "year", "unit", "list"],
    )


def test_the_latest_earlier_year_is_named() -> None:
    known = earlier(
        ("《八段锦》", "朱新;王小明", "", "2022", "郑州大学"),
        ("八段锦", "王小明;朱新", "", "2023", "河南大学"),
    )
    [told] = found(
        [{"资源名称": "八段锦", "主讲人": "朱新;王小明"}, {"资源名称": "八段锦"}], "W03", earlier=known
    )
    assert told.place.row == 2
    assert REGISTER.rules["W03"].sentence(told.facts) == (
        "与 2023 年“河南大学”报送的“八段锦”名称和主讲人都相同，疑为重复报送。"
    )


def test_a_link_is_stronger_than_a_name_and_a_blank_matches_nothing() -> None:
    known = earlier(
        ("八段锦", "朱新", "", "", ""), ("旧名", "", "http://a.cn/7/", "", ""), ("", "朱新", "", "2023", "")
    )
    rows = [
        {"资源名称": "八段锦", "主讲人": "朱新", "资源链接": "https://a.cn/7"},
        {"资源名称": "别的", "资源链接": ""},
    ]
    [told] = found(rows, "W03", earlier=known)
    assert REGISTER.rules["W03"].sentence(told.facts) == "与往年报送的“旧名”链接相同，疑为重复报送。"


def test_without_rows_in_the_earlier_lists_nothing_is_told() -> None:
    assert found([{}], "W03", earlier=earlier()) == []
