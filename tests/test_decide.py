"""What a person decided holds for exactly what stood there, and for nothing else."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from pipeline.canonical import Table
from pipeline.model import Finding, Place, Severity
from pipeline.rounds.decide import Decided, Rows, apply, holds, in_force, remarks, value_key
from pipeline.rounds.lasting import Decision
from pipeline.rules import REGISTER
from pipeline.standing import waiting
from pipeline.summarise import Tally, Told, UnitFacts, summarise_unit, tally, tell
from tests.small_tables import SETTINGS, submission, table_of

UNIT = "示例学院"
BOOK = (UNIT, "清单.xlsx")
CODE = "R11-2"
ROWS = [
    {"资源名称": "航空发动机基础", "版权方": "本校"},
    {"资源名称": "航天史话", "创建时间": "2022.3"},
    {"资源名称": "火箭入门"},
]


def findings_of(table: Table) -> list[Finding]:
    """What is wrong in form, and one 警告 that a table rule finds."""
    owners = table.values["版权方"]
    named = [table.place(index, "版权方") for index in owners.index[owners.isin(["本校", "我校"])]]
    return [*table.findings, *(Finding(CODE, place, owners.iloc[place.row - 2]) for place in named)]


def decided(table: Table, *made: Decision, extra: tuple[Finding, ...] = (), number: int = 2) -> Decided:
    return apply(made, [*findings_of(table), *extra], Rows(table), {UNIT: number}, SETTINGS)


def told(table: Table, done: Decided) -> list[Told]:
    return tell([*findings_of(table), *done.findings], SETTINGS, done.aside)


def counted(table: Table, done: Decided) -> Tally:
    return tally(told(table, done), [submission([{}] * len(table.rows))], done.rows)


def verdicts(table: Table, done: Decided) -> list[str]:
    counts = counted(table, done)
    return [counts.verdict(*BOOK, 2 + n) for n in range(len(table.rows))]


def of_finding(verdict: str, table: Table, row: int, code: str, **more: str) -> Decision:
    [found] = [f for f in findings_of(table) if (f.code, f.place.row) == (code, row)]
    resource = Rows(table)[row - 2].resource
    return Decision(UNIT, code, found.place.field, value_key(found.value), resource, verdict, **more)


def of_row(verdict: str, table: Table, row: int, **more: str) -> Decision:
    known = Rows(table)[row - 2]
    return Decision(
        UNIT, "", "", "" if verdict == "不推荐" else known.content, known.resource, verdict, **more
    )


TABLE = table_of(ROWS)


def test_without_decisions() -> None:
    assert verdicts(TABLE, decided(TABLE)) == ["待复核", "退回", "通过"]


def test_an_accepted_warning_decides_no_more_but_is_told() -> None:
    done = decided(TABLE, of_finding("接受", TABLE, 2, CODE))
    assert verdicts(TABLE, done) == ["通过", "退回", "通过"]
    assert [each.decision for each in told(TABLE, done) if each.finding.code == CODE] == ["接受"]


def test_a_decision_lapses_with_the_value_and_moves_with_the_row() -> None:
    made = of_finding("接受", TABLE, 2, CODE)
    moved = table_of([{"资源名称": "新课"}, *reversed(ROWS)])
    assert verdicts(moved, decided(moved, made)) == ["通过", "通过", "退回", "通过"]
    for cells in ({"版权方": "我校"}, {"资源名称": "航空发动机"}):
        other = table_of([{**ROWS[0], **cells}])
        done = decided(other, made)
        assert (done.aside, done.lapsed) == ({}, (made,))
        assert remarks(done) == [
            f"“示例学院”“航空发动机基础|朱新”规则 {CODE}的审核决定“接受”已不适用："
            "内容改过了或问题已不在，请重新审核。"
        ]


def test_many_decisions_about_one_unit_that_lapsed_are_one_sentence() -> None:
    made = tuple(Decision(UNIT, CODE, "版权方", "x", f"课{n}|朱新||", "退回") for n in range(5))
    [sentence] = remarks(Decided(lapsed=made))
    assert sentence.count("审核决定“退回”") == 3
    assert "等 5 条" in sentence


def test_an_error_is_not_accepted() -> None:
    made = of_finding("接受", TABLE, 3, "R10-3")
    done = decided(TABLE, made)
    assert (done.unfit, done.aside) == ((made,), {})
    assert remarks(done)[0].endswith("不能作“接受”的审核决定，没有采用；这里只能“退回”。")


@pytest.mark.parametrize(
    ("code", "accepted"), [("L01", True), ("L02", True), ("L10", False), ("R05-5", False)]
)
def test_a_link_that_opens_for_a_person_is_accepted(
    monkeypatch: pytest.MonkeyPatch, code: str, accepted: bool
) -> None:
    monkeypatch.setitem(
        REGISTER.rules, code, replace(REGISTER.rules["R05-5"], code=code, severity=Severity.ERROR)
    )
    found = Finding(code, Place(*BOOK, "资源清单", 4, "资源链接", "E4"), "https://a.cn/1")
    made = Decision(UNIT, code, "资源链接", found.value, Rows(TABLE)[2].resource, "接受")
    done = apply([made], [found], Rows(TABLE), {UNIT: 1}, SETTINGS)
    assert bool(done.aside) is accepted
    assert bool(done.unfit) is not accepted


def test_a_finding_or_a_resource_is_sent_back_with_the_reason() -> None:
    sent_back = of_finding("退回", TABLE, 2, CODE, reason="请写全称。")
    done = decided(TABLE, sent_back, of_row("退回", TABLE, 4, reason="片头有广告\n请重做"))
    assert verdicts(TABLE, done) == ["退回", "退回", "退回"]
    said = [
        (t.finding.place.cell, t.finding.value, t.message)
        for t in told(TABLE, done)
        if t.finding.code == "W10"
    ]
    assert said == [
        ("K2", "本校", "省级审核退回，意见是“请写全称”。"),
        ("B4", "火箭入门", "省级审核退回，意见是“片头有广告 请重做”。"),
    ]


def test_what_was_sent_back_is_free_again_once_the_unit_has_changed_it() -> None:
    made = of_row("退回", TABLE, 4, reason="片头有广告")
    changed = table_of([*ROWS[:2], {**ROWS[2], "关键词": "航空;航天;火箭"}])
    done = decided(changed, made)
    assert (done.findings, done.lapsed) == ((), (made,))


def test_a_long_reason_is_said_whole() -> None:
    reason = "请核对" * 60
    done = decided(TABLE, of_row("退回", TABLE, 4, reason=reason))
    assert [reason in each.message for each in told(TABLE, done) if each.finding.code == "W10"] == [True]


def test_a_resource_passed_by_a_person_passes_but_for_errors() -> None:
    done = decided(TABLE, of_row("通过", TABLE, 2), of_row("通过", TABLE, 3))
    assert verdicts(TABLE, done) == ["通过", "退回", "通过"]


def test_what_is_not_recommended_stays_off_the_list_and_no_longer_hinders_the_unit() -> None:
    done = decided(TABLE, of_row("不推荐", TABLE, 3), of_row("不推荐", TABLE, 4), of_row("通过", TABLE, 2))
    counts = counted(TABLE, done)
    assert verdicts(TABLE, done) == ["通过", "退回", "通过"]
    assert [counts.recommended(*BOOK, row) for row in (2, 3, 4)] == [True, False, False]
    assert counts.units[UNIT].verdict == "通过"
    assert not any(each.decides for each in told(TABLE, done))
    changed = table_of([ROWS[0], {**ROWS[1], "关键词": "航空;航天;火箭"}, ROWS[2]])
    assert not counted(changed, decided(changed, of_row("不推荐", TABLE, 3))).recommended(*BOOK, 3)


@pytest.mark.parametrize(("value", "state"), [("2", "已推荐"), ("1", "通过")])
def test_a_unit_is_recommended_in_the_round_that_was_seen(value: str, state: str) -> None:
    table = table_of(ROWS[2:])
    made = Decision(UNIT, "", "", value, "", "推荐")
    done = decided(table, made)
    assert done.lapsed == (() if state == "已推荐" else (made,))
    known = UnitFacts(UNIT, {"清单.xlsx": [2]}, sent="工作簿", round=2, recommended=UNIT in done.recommended)
    line = summarise_unit(known, counted(table, done), date(2024, 5, 15), date(2024, 5, 15))
    assert line.state == state
    assert waiting([line], done.recommended) == []


def test_a_unit_recommended_before_it_has_passed_is_told() -> None:
    done = decided(TABLE, Decision(UNIT, "", "", "2", "", "推荐"))
    known = UnitFacts(UNIT, {"清单.xlsx": [2, 3, 4]}, sent="工作簿", round=2, recommended=True)
    line = summarise_unit(known, counted(TABLE, done), date(2024, 5, 15), date(2024, 5, 15))
    assert done.recommended == {UNIT}
    told_of = f"“{UNIT}”已作“推荐”的审核决定，但现在是“{line.state}”，通过以后才算推荐。"
    assert waiting([line, replace(line, unit="别的学院")], done.recommended) == [told_of]
    assert line.state in ("退回修改", "待复核")


def test_the_last_decision_about_the_same_holds() -> None:
    first = of_row("不推荐", TABLE, 4)
    assert in_force([first, of_row("通过", TABLE, 4)]) == [of_row("通过", TABLE, 4)]
    assert in_force([first, replace(first, verdict="撤销")]) == []
    assert len(in_force([first, of_row("不推荐", TABLE, 3)])) == 2


def test_decisions_about_units_that_sent_nothing_rest() -> None:
    elsewhere = replace(of_row("不推荐", TABLE, 4), unit="别的学院")
    assert decided(TABLE, elsewhere) == Decided()


@pytest.mark.parametrize("made", [of_row("接受", TABLE, 4), replace(of_row("不推荐", TABLE, 4), resource="")])
def test_a_verdict_that_does_not_fit_is_said_and_not_used(made: Decision) -> None:
    done = decided(TABLE, made)
    assert done == Decided(unfit=(made,))
    assert "没有采用" in remarks(done)[0]


@pytest.mark.parametrize(
    ("today", "rows", "late"),
    [(date(2024, 5, 16), ROWS, "逾期未改"), (date(2024, 5, 15), ROWS, ""), (date(2024, 5, 16), ROWS[2:], "")],
)
def test_whose_turn_it_is_after_the_deadline(today: date, rows: list[dict[str, str]], late: str) -> None:
    table = table_of(rows)
    known = UnitFacts(UNIT, {"清单.xlsx": [2]}, sent="工作簿", round=1)
    line = summarise_unit(known, counted(table, Decided()), date(2024, 5, 15), today)
    assert line.late == late


def test_only_not_recommended_outlives_a_change_of_the_row() -> None:
    old = Rows(TABLE)[2]
    changed = Rows(table_of([*ROWS[:2], {**ROWS[2], "学习人数": "12"}]))[2]
    for verdict in ("通过", "退回", "不推荐"):
        made = of_row(verdict, TABLE, 4)
        assert holds(replace(made, value=old.content), old)
        assert holds(replace(made, value=old.content), changed) == (verdict == "不推荐")


def test_a_long_value_is_known_by_all_of_it() -> None:
    long = "介绍航空发动机。" * 50
    assert len(value_key(long)) < 80
    assert value_key(long) == value_key(f" {long}\r\n")
    assert value_key(long) != value_key(f"{long}完")
    assert value_key("短") == "短"
