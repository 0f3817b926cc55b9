"""Rows are known again by what they hold; every problem is corrected, settled, open or new in the next."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.examine import take_accepted
from pipeline.fields import NAMES, TEMPLATE_VERSION
from pipeline.files import Entry, Received
from pipeline.isolate import Limits, Workers
from pipeline.model import Answer, Finding, Labelled, Place, Severity, Submission
from pipeline.render.template import standard_workbook
from pipeline.rounds.compare import Comparison, compare, match_rows, round_findings
from pipeline.rounds.lasting import Judged, Sent
from pipeline.rounds.numbers import previous_of, round_number
from pipeline.submissions import (
    Read,
    _name_disagrees,
    _stated_unit,
    choose,
    number_rounds,
    read_earlier,
)
from pipeline.summarise import LATE, state_of, steps, tell
from tests.small_tables import SETTINGS, submission

Row = dict[str, str]


def resource(number: int) -> Row:
    """A resource that shares with others what resources of one unit share."""
    return {
        "资源名称": f"第{number}门课",
        "资源类型": "A01",
        "资源简介": f"介绍第{number}门课的内容和收获。",
        "版权方": "河南开放大学",
        "主讲人": f"教师{number}",
        "资源封面": f"fm{number}.jpg",
        "资源文件": f"{number}.mp4",
    }


# --- which round ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "digest", "sent", "present", "number"),
    [
        (1, "a", [], ["a"], 1),
        (2, "b", [Sent("a", "x", 1, True)], ["b"], 2),
        (1, "b", [Sent("a", "x", 1, True)], ["b"], 2),
        (1, "b", [Sent("a", "x", 1, False)], ["b"], 1),
        (1, "b", [Sent("a", "x", 1, True)], ["a", "b"], 1),
        (2, "c", [Sent("a", "x", 1, True), Sent("b", "x", 2, True)], ["c"], 3),
        (1, "a", [Sent("a", "x", 1, True), Sent("b", "x", 2, True)], ["a"], 1),
        (4, "b", [], ["b"], 4),
    ],
    ids=[
        "first",
        "marked",
        "fresh",
        "never given back",
        "beside",
        "old marks",
        "the very same",
        "no history",
    ],
)
def test_round_of_a_workbook(
    stated: int, digest: str, sent: list[Sent], present: list[str], number: int
) -> None:
    assert round_number(stated, digest, sent, present) == number
    recorded = (
        sent if any(each.sha256 == digest for each in sent) else [*sent, Sent(digest, "x", number, True)]
    )
    assert round_number(stated, digest, recorded, present) == number


SENT = [Sent("a", "甲.xlsx", 1, True), Sent("b", "乙.xlsx", 1, True), Sent("c", "甲.xlsx", 2, True)]


@pytest.mark.parametrize(
    ("stated", "digest", "workbook", "number", "sent", "expected"),
    [
        ("a", "n", "甲.xlsx", 2, SENT, "a"),
        ("z", "n", "甲.xlsx", 3, SENT, "c"),
        ("", "n", "甲.xlsx", 2, SENT, "a"),
        ("", "n", "丙.xlsx", 2, SENT, "b"),
        ("", "n", "甲.xlsx", 1, SENT, ""),
        ("", "c", "甲.xlsx", 2, SENT, "a"),
        ("", "n", "甲.xlsx", 2, [], ""),
    ],
)
def test_workbook_of_the_round_before(
    stated: str, digest: str, workbook: str, number: int, sent: list[Sent], expected: str
) -> None:
    assert previous_of(stated, digest, workbook, number, sent, {digest}) == expected


# --- rows known again -------------------------------------------------------------------------

EDITS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "delete", "edit", "sort", "move"]), st.integers(0, 99), st.integers(0, 18)
    ),
    max_size=12,
)


@given(st.integers(1, 8), EDITS)
@settings(max_examples=60, deadline=None)
def test_rows_are_known_again_whatever_was_put_in_taken_out_sorted_or_edited(
    count: int, edits: list[tuple[str, int, int]]
) -> None:
    before = [resource(number) for number in range(count)]
    rows: list[tuple[int | None, Row]] = [(number, dict(row)) for number, row in enumerate(before)]
    edited: set[int] = set()
    for step, (what, where, column) in enumerate(edits):
        at = where % len(rows) if rows else 0
        if what == "insert":
            rows.insert(at, (None, resource(100 + step)))
        elif what == "delete" and rows:
            del rows[at]
        elif what == "move" and rows:
            rows.append(rows.pop(at))
        elif what == "sort":
            random.Random(where).shuffle(rows)
        elif what == "edit" and rows and id(rows[at][1]) not in edited:
            edited.add(id(rows[at][1]))
            rows[at][1][NAMES[column]] = f"改写{step}"
    old, new = submission(before), submission([row for _, row in rows], first_row=7, workbook="改名.xlsx")
    expected = {7 + at: 2 + number for at, (number, _) in enumerate(rows) if number is not None}
    assert match_rows(old, new) == expected


def test_equal_rows_pair_in_order_and_no_row_is_used_twice() -> None:
    same = resource(1)
    assert match_rows(submission([same, same]), submission([same, same, same])) == {2: 2, 3: 3}


def test_rows_that_share_only_what_all_share_are_not_the_same() -> None:
    old = submission([{"资源类型": "A01", "版权方": "河南开放大学", "资源名称": f"甲{n}"} for n in range(8)])
    new = submission([{"资源类型": "A01", "版权方": "河南开放大学", "资源名称": f"乙{n}"} for n in range(8)])
    assert match_rows(old, new) == {}


@pytest.mark.parametrize(("copyright_owner", "pairs"), [("", {2: 2}), ("河南开放大学", {})])
def test_half_of_the_filled_fields_is_enough_and_less_is_not(
    copyright_owner: str, pairs: dict[int, int]
) -> None:
    old = submission([{"资源名称": "甲", "主讲人": "朱新", "关键词": "航空", "所属系列": "科普"}])
    new = {
        "资源名称": "乙",
        "主讲人": "朱新",
        "关键词": "航空",
        "所属系列": "航天",
        "版权方": copyright_owner,
    }
    assert match_rows(old, submission([new])) == pairs


# --- what became of the problems ----------------------------------------------------------------


def found(
    sent: Submission, row: int, field: str, code: str = "R10-3", severity: Severity = Severity.ERROR
) -> Judged:
    in_table = row in sent.rows
    place = Place(
        sent.unit, sent.workbook, sent.layout.sheet if in_table else "", row if in_table else 0, field
    )
    value = sent.cells[field][sent.rows.index(row)] if in_table else ""
    return Judged(Finding(code, place, value), severity, severity is not Severity.NOTE)


def changed(rows: Sequence[Row], at: int, **cells: str) -> list[Row]:
    return [{**row, **cells} if number == at else row for number, row in enumerate(rows)]


ROWS = [resource(number) for number in range(4)]


def counts(compared: Comparison) -> tuple[int, int, int, int]:
    return compared.before, compared.corrected, compared.remaining, compared.new


def test_corrected_open_and_new_problems_are_counted_wherever_their_rows_went() -> None:
    old = submission(changed(ROWS, 0, 创建时间="2022.3"), first_row=2)
    rows = changed(changed(ROWS, 0, 创建时间="2022-03-01"), 3, 创建时间="2099.9")
    now = submission([resource(50), *reversed(rows)], first_row=5)
    before = [
        found(old, 2, "创建时间"),
        found(old, 3, "主讲人", "R12-2"),
        found(old, 4, "版权方", "G01", Severity.NOTE),
    ]
    after = [found(now, 8, "主讲人", "R12-2"), found(now, 6, "创建时间"), found(now, 5, "创建时间")]
    compared = compare(old, before, now, after)
    assert counts(compared) == (2, 1, 1, 2)
    assert (compared.added, compared.removed) == (1, 0)
    assert [(each.row, each.field) for each in compared.unasked] == [(6, "创建时间")]


def test_nothing_changed_is_nothing_new() -> None:
    old = submission(ROWS)
    told = [found(old, 2, "创建时间"), found(old, 0, "主讲人", "S03"), found(old, 0, "主讲人", "S03")]
    compared = compare(old, told, replace(old, workbook="改名.xlsx"), told)
    assert counts(compared) == (3, 0, 3, 0)
    assert compared.unasked == ()


def test_a_problem_that_a_person_accepted_is_neither_corrected_nor_open() -> None:
    old = submission(ROWS)
    now = submission(changed(ROWS, 1, 创建时间="2022-03-01"))
    before = [found(old, row, "创建时间") for row in (2, 3, 4)]
    accepted, left = replace(found(now, 2, "创建时间"), decides=False), found(now, 4, "创建时间")
    compared = compare(old, before, now, [accepted, left])
    assert (compared.settled, counts(compared)) == (1, (3, 1, 1, 0))
    summary = tell(round_findings(compared, now), SETTINGS)[0]
    assert summary.message.startswith("上一轮 3 个问题：已改 1 个，不再要求改 1 个，未改 1 个，新出现 0 个；")


def test_the_name_of_the_file_is_no_part_of_a_problem_but_another_file_is() -> None:
    old, now = submission(ROWS, workbook="a.xlsx"), submission(ROWS, workbook="b.xlsx")
    again = replace(old, workbook="b.xlsx")

    def about(sent: Submission, value: str, code: str) -> Judged:
        return Judged(Finding(code, Place(sent.unit, sent.workbook), value), Severity.WARNING, True)

    compared = compare(
        again, [about(old, "a.xlsx", "F04"), about(old, "1.mp4", "M15b")],
        now, [about(now, "b.xlsx", "F04"), about(now, "2.mp4", "M15b")],
    )  # fmt: skip
    assert counts(compared) == (2, 1, 1, 1)


@pytest.mark.parametrize(
    ("told", "unasked"),
    [
        ([], 1),
        ([(3, "主讲人", "R12-2")], 0),
        ([(4, "主讲人", "R12-2")], 1),
        ([(3, "版权方", "G01")], 1),
        ([(0, "主讲人", "S03")], 0),
        ([(3, "所属顺序", "R07-3")], 1),
    ],
    ids=[
        "nothing said",
        "this cell",
        "another row",
        "another cell",
        "the column",
        "a rule that reads others",
    ],
)
def test_a_cell_changed_though_nobody_asked(told: list[tuple[int, str, str]], unasked: int) -> None:
    old = submission(ROWS)
    now = submission(changed(ROWS, 1, 主讲人="王小明"))
    compared = compare(old, [found(old, *each) for each in told], now, [])
    assert len(compared.unasked) == unasked


def test_what_a_rule_reads_and_an_equal_value_elsewhere_are_asked_for() -> None:
    paired = [{**resource(n), "所属系列": "航天", "所属顺序": "03"} for n in range(2)]
    old = submission(paired)
    told = [found(old, 3, "所属顺序", "R07-3")]
    assert compare(old, told, submission(changed(paired, 0, 所属顺序="02")), []).unasked == ()
    assert compare(old, told, submission(changed(paired, 1, 所属系列="航空")), []).unasked == ()
    assert len(compare(old, told, submission(changed(paired, 0, 所属系列="航空")), []).unasked) == 1


def test_blanks_and_a_column_put_in_are_no_changes_but_a_blank_cell_is() -> None:
    old = submission(ROWS)
    assert compare(old, [], submission(changed(ROWS, 0, 主讲人=" 教师0 ")), []).unasked == ()
    fewer = {name: column for name, column in old.layout.columns.items() if name != "关键词"}
    without = replace(old, layout=replace(old.layout, columns=fewer))
    assert compare(without, [], submission(changed(ROWS, 0, 关键词="航空")), []).unasked == ()
    [change] = compare(old, [], submission(changed(ROWS, 0, 主讲人="")), []).unasked
    assert (change.old, change.new) == ("教师0", "")


def test_sentences() -> None:
    old = submission(ROWS)
    now = submission([*changed(ROWS, 1, 主讲人=""), resource(9)])
    told = tell(round_findings(compare(old, [found(old, 2, "创建时间")], now, []), now), SETTINGS)
    assert [(each.finding.code, each.finding.place.cell, each.message) for each in told] == [
        (
            "W07",
            "",
            "上一轮 1 个问题：已改 1 个，未改 0 个，新出现 0 个；"
            "另有 1 处没有要求改的单元格被改动，新增 1 行。",
        ),
        ("W07b", "L3", "没有要求改这一格，它由“教师1”改成了未填写。"),
    ]
    assert not any(each.decides for each in told)
    assert round_findings(compare(old, [], old, []), old) == []


def test_two_thousand_rows_that_all_changed_are_matched() -> None:
    old = submission([resource(n) for n in range(2000)])
    now = submission(
        [{**resource(n), "资源名称": f"《第{n}门课》", "资源文件": ""} for n in reversed(range(2000))]
    )
    assert match_rows(old, now) == {2 + n: 2001 - n for n in range(2000)}


# --- states -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "counted", "judged", "verdict", "number", "recommended", "state"),
    [
        ("", False, True, "通过", 0, False, "未报送"),
        ("附件", False, True, "退回", 0, False, "已收附件"),
        ("工作簿", False, True, "退回", 0, False, "无法读取"),
        ("工作簿", True, False, "通过", 1, False, "已收到"),
        ("工作簿", True, False, "通过", 2, False, "已复报"),
        ("工作簿", True, True, "退回", 1, True, "退回修改"),
        ("工作簿", True, True, "退回", 3, False, "退回修改"),
        ("工作簿", True, True, "待复核", 2, True, "待复核"),
        ("工作簿", True, True, "通过", 2, False, "通过"),
        ("工作簿", True, True, "通过", 2, True, "已推荐"),
    ],
)
def test_state(
    sent: str, counted: bool, judged: bool, verdict: str, number: int, recommended: bool, state: str
) -> None:
    said = state_of(
        sent=sent,
        counted=counted,
        judged=judged,
        verdict=verdict,
        round_number=number,
        recommended=recommended,
    )
    assert said == state
    assert (state in LATE) == (state in {"未报送", "已收附件", "无法读取", "退回修改"})


def test_the_path_of_a_unit_grows_only_when_something_happens() -> None:
    path: tuple[str, ...] = ()
    for state, number, arrived in [
        ("退回修改", 1, True), ("退回修改", 1, False), ("退回修改", 2, True),
        ("通过", 3, True), ("通过", 3, False), ("已推荐", 3, False),
    ]:  # fmt: skip
        path += steps(path, state, number, arrived=arrived)
    assert path == ("已收到", "退回修改", "已复报", "退回修改", "已复报", "通过", "已推荐")


# --- what was read, with the rounds before --------------------------------------------------------


def read_of(*submissions: Submission, folder: Path = Path()) -> Read:
    """As after reading; each workbook's digest is its name."""
    received = {
        (each.unit, each.workbook): Received(
            Entry.of(each.workbook, str(folder), 1, 1), folder, each.workbook
        )
        for each in submissions
    }
    findings = [found for each in submissions for found in each.findings]
    return Read(list(submissions), findings, received)


def test_rounds_come_from_the_history_and_stay_when_nothing_is_new() -> None:
    sent = {"示例学院": [Sent("旧.xlsx", "旧.xlsx", 1, True)]}
    read = read_of(submission(ROWS, workbook="新.xlsx"), submission(ROWS, unit="乙校", workbook="新.xlsx"))
    for known in (sent, {"示例学院": [*sent["示例学院"], Sent("新.xlsx", "新.xlsx", 2, True)]}):
        number_rounds(read, known)
        assert [read.round_of(each) for each in read.submissions] == [2, 1]


@pytest.mark.parametrize(
    ("cell", "marked", "unit", "disagrees"),
    [
        ("", "", "", False),
        ("示例学院", "", "示例学院", False),
        ("示例学院", "洛阳市教育局/示例学院", "洛阳市教育局/示例学院", False),
        ("", "洛阳市教育局/示例学院", "洛阳市教育局/示例学院", False),
        ("", "../示例学院", "_/示例学院", False),
        ("", "乙校", "乙校", True),
        ("乙校", "示例学院", "乙校", True),
        ("示例学院", "旧名学院", "示例学院", False),
    ],
)
def test_the_marks_say_whose_a_workbook_is_where_the_cell_is_silent(
    cell: str, marked: str, unit: str, disagrees: bool
) -> None:
    info = {"单位名称": Labelled(cell, "单位信息", 1, "B1")}
    sent = replace(submission(ROWS), unit_info=info, identity={"unit": marked} if marked else {})
    assert _stated_unit(sent) == unit
    assert [each.code for each in _name_disagrees(sent)] == ["F09"] * disagrees


def test_an_older_round_alone_in_the_folder_is_told() -> None:
    sent = {"示例学院": [Sent("旧.xlsx", "旧.xlsx", 1, True), Sent("新.xlsx", "新.xlsx", 2, True)]}
    old, new = submission(ROWS, workbook="旧.xlsx"), submission(ROWS, workbook="新.xlsx")
    [remark] = number_rounds(read_of(old), sent)
    assert "第 2 轮" in remark
    assert "第 1 轮" in remark
    assert number_rounds(read_of(new), sent) == []
    assert number_rounds(read_of(old, new), sent) == []


def test_of_rivals_that_do_not_say_their_age_the_one_that_came_last_counts_and_stays() -> None:
    first, second = submission(ROWS, workbook="b.csv"), submission(ROWS, workbook="a.csv")
    seen = {("示例学院", "b.csv")}
    sent = {"示例学院": [Sent("b.csv", "b.csv", 1, True)]}
    choose(read := read_of(first, second), sent, seen)
    assert read.submissions == [second]
    sent["示例学院"].append(Sent("a.csv", "a.csv", 2, True))
    choose(read := read_of(first, second), sent, {*seen, ("示例学院", "a.csv")})
    assert read.submissions == [second]
    assert [each.code for each in read.findings] == ["F04", "F04"]


def test_of_rivals_the_later_round_then_the_last_saved_counts() -> None:
    marks = {"round": "1", "sha256": "b.xlsx"}
    returned = replace(submission(ROWS, workbook="a.xlsx"), identity=marks, modified="2024-01-01")
    saved = replace(submission(ROWS, workbook="b.xlsx"), modified="2024-05-01")
    draft = replace(submission(ROWS, workbook="c.xlsx"), modified="2024-04-01")
    choose(read := read_of(returned, saved, draft), {}, set())
    assert read.submissions == [returned]
    assert [(each.code, each.value) for each in read.findings] == [
        ("F04b", "b.xlsx"),
        ("F04", "a.xlsx"),
        ("F04", "c.xlsx"),
    ]
    choose(read := read_of(saved, draft), {}, {("示例学院", "b.xlsx")})
    assert read.submissions == [saved]
    assert [each.code for each in read.findings] == ["F04", "F04"]


@pytest.mark.parametrize(("stated", "number"), [("1", 2), ("", 1), ("x", 1), ("9" * 5000, 1), ("²", 1)])
def test_the_round_that_a_workbook_says_it_is(stated: str, number: int) -> None:
    read = read_of(replace(submission(ROWS), identity={"round": stated}))
    assert read.round_of(read.submissions[0]) == number


def test_accepted_cells_are_read_and_what_was_told_of_them_while_reading_is_gone() -> None:
    held = Finding(
        "S07", Place("示例学院", "清单.xlsx", "资源清单", 2, "主讲人", "L2"), "", {"area": "L2:L3"}, "王强"
    )
    other = replace(held, place=replace(held.place, row=3, cell="L3"))
    wish = Answer("S07", "主讲人", "", "王强", "资源清单!L2", "是", "")
    read = read_of(replace(submission(ROWS[:1]), findings=(held, other), answers=(wish,)))
    assert take_accepted(read_of(submission(ROWS)), []) == (read_of(submission(ROWS)), False)
    taken, again = take_accepted(read, [held])
    assert again
    assert taken.submissions[0].cells["主讲人"] == ["王强"]
    assert [(each.code, each.place.row) for each in taken.findings] == [("S07", 3), ("W09", 2)]
    assert read.submissions[0].cells["主讲人"] == ["教师0"]


def test_the_workbook_of_the_round_before_is_read_again_from_its_copy(tmp_path: Path) -> None:
    codes = SETTINGS.resource_types
    (tmp_path / "a1.xlsx").write_bytes(
        standard_workbook(codes=codes, version=TEMPLATE_VERSION, call_id="x", rows=ROWS)
    )
    (tmp_path / "b2.xlsx").write_bytes(b"no workbook")
    rows = changed(ROWS, 1, 主讲人="王小明")
    units = {"甲": "a1", "乙": "b2", "丙": "c3"}
    now = [
        replace(submission(rows, unit=unit), identity={"round": "1", "sha256": sha})
        for unit, sha in units.items()
    ]
    sent = {unit: [Sent(sha, "清单.xlsx", 1, True)] for unit, sha in units.items()}
    read = read_of(*now, submission(ROWS, unit="丁"))
    number_rounds(read, sent)
    with Workers(1) as workers:
        earlier, remarks = read_earlier(read, sent, tmp_path, workers, Limits(60, 2048))
    assert [(unit, each.sha256) for (unit, _), each in earlier.items()] == [("甲", "a1")]
    [change] = compare(earlier["甲", "清单.xlsx"].submission, [], now[0], []).unasked
    assert (change.row, change.old, change.new) == (3, "教师1", "王小明")
    assert sorted(each[:3] for each in remarks) == ["“丙”", "“乙”"]
