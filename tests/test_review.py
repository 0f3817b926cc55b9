"""人工复核.xlsx: what a person finds there, and what becomes of what is filled in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.history import Memory
from pipeline.isolate import Limits, Workers
from pipeline.model import Answer, Rejection
from pipeline.read.reviewbook import read_review
from pipeline.recall import _filled, left_silent, not_adopted, recall
from pipeline.render import reviewbook
from pipeline.render.reviewbook import review_workbook
from pipeline.reuse.store import open_store
from pipeline.rounds.accept import explanations
from pipeline.rounds.decide import Rows
from pipeline.rounds.lasting import Decision
from pipeline.rounds.review import (
    FINDINGS,
    RESOURCES,
    UNITS,
    Line,
    Said,
    decisions_of,
    made_whole,
    review_lines,
)
from pipeline.summarise import UnitFacts, summarise_unit, tally, tell
from pipeline.validate import validate
from tests.small_tables import OTHER_ROW, RIGHT_ROW, SETTINGS, TODAY, resources_of, submission, table_of

NOW = dt.datetime(2024, 5, 10, 1, 0, tzinfo=dt.UTC)
UNIT, BOOK = "示例学院", "清单.xlsx"
ROWS = [
    {**RIGHT_ROW, "版权方": "本校"},
    {**OTHER_ROW, "创建时间": "2022.3"},
    {**OTHER_ROW, "资源名称": "篆刻入门"},
]
SAID = {(UNIT, BOOK): explanations([Answer("R11-2", "版权方", "本校", "", "", "", "校名已改")])}


def written(folder: Path, decisions: tuple[Decision, ...] = ()) -> Path:
    table = table_of(ROWS[:2])
    outcome = validate(table, {"resources": resources_of(table)}, SETTINGS, TODAY)
    told = tell([*table.findings, *outcome.findings], SETTINGS)
    counts = tally(told, [submission(ROWS[:2])])
    known = UnitFacts(UNIT, {BOOK: (2, 3)}, sent="工作簿", round=2, received=NOW)
    deadline = SETTINGS.call.deadlines.resources
    unit = summarise_unit(known, counts, deadline, deadline)
    lines = review_lines(told, Rows(table), counts, [unit], SAID, decisions, SETTINGS)
    path = folder / "人工复核.xlsx"
    path.write_bytes(review_workbook("征集", lines))
    return path


def sheet_of(path: Path, name: str) -> tuple[openpyxl.Workbook, dict[str, int], int]:
    """The workbook, its columns by header, and the first row of lines."""
    book = openpyxl.load_workbook(path)
    for row in book[name].iter_rows():
        if "决定" in {cell.value for cell in row}:
            return book, {cell.value: cell.column for cell in row}, row[0].row + 1
    raise AssertionError(name)


def read_back(path: Path) -> Said:
    lines = read_review(path)
    assert not isinstance(lines, Rejection)
    return decisions_of(map(_filled, lines), NOW)


def fill(path: Path, name: str, offset: int = 0, **cells: str) -> None:
    book, columns, first = sheet_of(path, name)
    for header, text in cells.items():
        book[name].cell(first + offset, columns[header]).value = text
    book.save(path)


def test_lines_are_what_a_person_must_decide(tmp_path: Path) -> None:
    book, columns, first = sheet_of(written(tmp_path), FINDINGS)
    sheet = book[FINDINGS]
    shown = [
        [sheet.cell(row, columns[name]).value for name in ("资源名称", "规则", "当前值", "单位说明")]
        for row in range(first, sheet.max_row + 1)
    ]
    assert shown == [["航空发动机基础", "R11-2", "本校", "校名已改"]]
    book, columns, first = sheet_of(written(tmp_path), RESOURCES)
    assert [cell.value for cell in book[RESOURCES][first]][:2] == [UNIT, "航空发动机基础"]
    assert book[RESOURCES].max_row == first


def test_a_decision_comes_back_with_what_it_is_about(tmp_path: Path) -> None:
    path = written(tmp_path)
    fill(path, FINDINGS, 决定="接受", 理由="已核实", 审核人="王老师")
    [made] = read_back(path).decisions
    assert (made.unit, made.code, made.field, made.value) == (UNIT, "R11-2", "版权方", "本校")
    assert (made.verdict, made.reason, made.who) == ("接受", "已核实", "王老师")
    assert made.resource == "航空发动机基础|朱新||"
    assert made.when == "2024-05-10T01:00:00+00:00"


def test_nothing_filled_in_decides_nothing(tmp_path: Path) -> None:
    assert read_back(written(tmp_path)) == Said()


def test_a_decision_stands_there_again_and_clearing_it_takes_it_back(tmp_path: Path) -> None:
    fill(written(tmp_path), FINDINGS, 决定="接受", 审核人="王")
    [made] = read_back(tmp_path / "人工复核.xlsx").decisions
    path = written(tmp_path, (made,))
    [again] = read_back(path).decisions
    assert replace(again, when="") == replace(made, when="")
    fill(path, FINDINGS, 决定="")
    [cleared] = read_back(path).decisions
    assert (cleared.subject, cleared.verdict) == (made.subject, "撤销")


@pytest.mark.parametrize("changed_first", [True, False])
def test_of_two_copies_what_was_changed_goes_before_what_was_left(
    tmp_path: Path, changed_first: bool
) -> None:
    fill(written(tmp_path), FINDINGS, 决定="接受", 理由="第一行\n第二行", 审核人="王")
    made = read_back(tmp_path / "人工复核.xlsx").decisions
    left = read_review(written(tmp_path, tuple(made)))
    fill(tmp_path / "人工复核.xlsx", FINDINGS, 决定="退回")
    changed = read_review(tmp_path / "人工复核.xlsx")
    assert not isinstance(left, Rejection)
    assert not isinstance(changed, Rejection)
    both = [*changed, *left] if changed_first else [*left, *changed]
    assert [each.verdict for each in decisions_of(map(_filled, both), NOW).decisions] == ["接受", "退回"]


@pytest.mark.parametrize(("verdict", "shown"), [("通过", ""), ("退回", ""), ("不推荐", "不推荐")])
def test_a_decision_about_what_stood_there_before_is_not_shown_again(
    tmp_path: Path, verdict: str, shown: str
) -> None:
    """Else it would be read once more, now about what stands there."""
    row = Rows(table_of(ROWS[:2]))[0]
    made = Decision(UNIT, "", "", "以前的内容", row.resource, verdict, who="王")
    book, columns, first = sheet_of(written(tmp_path, (made,)), RESOURCES)
    assert (book[RESOURCES].cell(first, columns["决定"]).value or "") == shown


def test_sorting_the_lines_moves_no_decision(tmp_path: Path) -> None:
    path = written(tmp_path)
    fill(path, RESOURCES, 决定="不推荐")
    book, _, first = sheet_of(path, RESOURCES)
    book[RESOURCES].insert_rows(first, 3)
    book[RESOURCES].title = "资源"
    book.save(path)
    [made] = read_back(path).decisions
    assert (made.code, made.resource, made.verdict) == ("", "航空发动机基础|朱新||", "不推荐")


def test_an_unknown_word_is_told_and_decides_nothing(tmp_path: Path) -> None:
    path = written(tmp_path)
    fill(path, FINDINGS, 决定="同意吧")
    said = read_back(path)
    assert said.decisions == []
    assert said.remarks == [
        "人工复核.xlsx 工作表“问题”中“示例学院”的决定“同意吧”看不懂，没有采用，请填“接受”或“退回”。"
    ]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2024-05-15 17:30", "2024-05-15T09:30:00+00:00"),
        ("2024/05/15", "2024-05-14T16:00:00+00:00"),
        ("2024/5/1 9:00", "2024-05-01T01:00:00+00:00"),
        ("2024年5月15日17时30分", "2024-05-15T09:30:00+00:00"),
        ("2024-05-15 17:30:20", "2024-05-15T09:30:20+00:00"),
        ("2024-5-32", ""),
        ("5月15日", ""),
    ],
)
def test_a_time_of_receipt_is_beijing_time(tmp_path: Path, typed: str, meant: str) -> None:
    path = written(tmp_path)
    fill(path, UNITS, 更正收到时间=typed)
    said = read_back(path)
    assert said.receipts == ({UNIT: meant} if meant else {})
    assert [typed in remark for remark in said.remarks] == ([] if meant else [True])


def test_a_line_added_by_hand_knows_its_resource_by_name(tmp_path: Path) -> None:
    path = written(tmp_path)
    fill(path, RESOURCES, 1, 单位=UNIT, 资源名称="中国书法鉴赏", 决定="不推荐")
    fill(path, RESOURCES, 2, 单位=UNIT, 资源名称="没有的资源", 决定="不推荐")
    rows = Rows(table_of(ROWS[:2]))
    whole, remarks = made_whole(read_back(path).decisions, rows, {UNIT: 2})
    assert [(each.resource, each.value) for each in whole] == [(rows[1].resource, rows[1].content)]
    assert ["没有的资源" in remark for remark in remarks] == [True]


def test_a_unit_added_by_hand_is_recommended_in_its_round_and_an_unknown_one_is_told(tmp_path: Path) -> None:
    path = written(tmp_path)
    fill(path, UNITS, 1, 单位=UNIT, 决定="推荐")
    fill(path, UNITS, 2, 单位="没有的学院", 决定="推荐")
    whole, remarks = made_whole(read_back(path).decisions, [], {UNIT: 2})
    assert [(each.unit, each.value, each.verdict) for each in whole] == [(UNIT, "2", "推荐")]
    assert ["“没有的学院”" in remark for remark in remarks] == [True]


def test_a_workbook_without_its_hidden_column_is_refused_not_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path)
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        sheet.delete_cols(sheet.max_column)
    book.save(path)
    assert isinstance(read_review(path), Rejection)


def test_what_could_not_be_read_is_kept_until_it_can(tmp_path: Path) -> None:
    folder = tmp_path / "汇总"
    folder.mkdir()
    path = written(folder)
    with Workers(1) as workers, open_store(tmp_path / ".store") as (store, _):
        well = recall(Memory(), tmp_path, workers, store, Limits(60, 2048), NOW)
        assert not_adopted(well, tmp_path) == {}
        path.write_bytes(broken := path.read_bytes()[:2000])
        ill = recall(Memory(), tmp_path, workers, store, Limits(60, 2048), NOW)
    assert ["人工复核.xlsx" in remark for remark in ill.said.remarks] == [True]
    assert not_adopted(ill, tmp_path) == {"汇总/人工复核（未采用1）.xlsx": broken}


def test_what_was_left_silent_is_opened_only_once_it_is_another(tmp_path: Path) -> None:
    folder = tmp_path / "汇总"
    folder.mkdir()
    path = written(folder)
    with Workers(1) as workers, open_store(tmp_path / ".store") as (store, _):
        opened = recall(Memory(), tmp_path, workers, store, Limits(60, 2048), NOW)
        left_silent(store, path.read_bytes())
        unopened = recall(Memory(), tmp_path, _NoWorkers(1), store, Limits(60, 2048), NOW)
        assert unopened == opened
        fill(path, FINDINGS, 决定="接受", 审核人="王老师")
        [made] = recall(Memory(), tmp_path, workers, store, Limits(60, 2048), NOW).said.decisions
    assert made.verdict == "接受"


class _NoWorkers(Workers):
    """Those that are given nothing."""

    def run(self, function: Any, tasks: Iterable[Any], **_: Any) -> Any:
        assert not list(tasks), function
        return iter(())


def test_the_same_lines_give_the_same_bytes(tmp_path: Path) -> None:
    assert written(tmp_path).read_bytes() == written(tmp_path).read_bytes()


def test_texts_do_not_act(tmp_path: Path) -> None:
    table = table_of([{**RIGHT_ROW, "资源名称": "=1+1", "版权方": "本校"}])
    outcome = validate(table, {"resources": resources_of(table)}, SETTINGS, TODAY)
    told = tell(outcome.findings, SETTINGS)
    counts = tally(told, [submission([{}])])
    lines = review_lines(told, Rows(table), counts, [], {}, (), SETTINGS)
    path = tmp_path / "复核.xlsx"
    path.write_bytes(review_workbook("征集", lines))
    cells = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
    assert "=1+1" in {cell.value for cell in cells}
    assert {cell.data_type for cell in cells if cell.value == "=1+1"} == {"s"}
    assert not any(cell.hyperlink for cell in cells)


LONG = "too long for a cell"
SHOWN = st.text(st.sampled_from("甲a <&>\"'=_x0041_\n\r\t\0\ufffe😀"), max_size=9) | st.just(LONG)


@given(st.lists(st.lists(SHOWN, min_size=17, max_size=17), max_size=6))
@settings(deadline=None, max_examples=40)
def test_the_workbook_is_what_the_library_writes(lines: list[list[str]]) -> None:
    def cell_by_cell(self: Any, top: int, rows: Iterable[Iterable[str]], looks: list[Any]) -> None:
        for row, texts in enumerate(rows, top):
            for column, (text, look) in enumerate(zip(texts, looks, strict=True)):
                self._write_string(row, column, text, look)

    decided = {FINDINGS: [_line(cells) for cells in lines], RESOURCES: [], UNITS: []}
    ours = review_workbook("征集", decided)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reviewbook._Texts, "texts", cell_by_cell)
        assert ours == review_workbook("征集", decided)


def _line(cells: list[str]) -> Line:
    cells = ["😀字" * 20_000 if cell == LONG else cell for cell in cells]
    unit, code, name, value, resource, verdict, reason, who, *shown = cells
    about = Decision(unit, code, name, value, resource, "")
    made = replace(about, verdict=verdict, reason=reason, who=who) if shown[0] else None
    return Line(about, tuple(shown), made)
