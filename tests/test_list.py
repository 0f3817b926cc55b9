"""问题清单 from end to end: grouped lines, live colours, answers that come back whatever happened to it."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.fields import ERROR_COLUMN, LIST_SHEET, NAMES
from pipeline.model import Answer, Book, Finding, Kind, Layout, Place, Severity, Sheet, Submission
from pipeline.ownmarks import (
    EXACT,
    IDENTITY,
    LIST_HEADER,
    answers_of,
    exact_texts,
    identity_of,
    json_text,
)
from pipeline.read.book import read_book
from pipeline.read.tables import understand
from pipeline.render.lines import Line, lines_of
from pipeline.render.marks import mark
from pipeline.render.returned import Mark
from pipeline.render.unmark import unmark
from pipeline.render.workbooks import mark_task
from pipeline.summarise import Told
from tests.marks_books import DATA, finding, plain_book, replaced, returned

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
SHEET = "xl/worksheets/sheet1.xml"
DURATION = {"field": "资源时长", "code": "R09-3", "suggestion": "00:45:30"}
TYPE = {"field": "资源类型", "code": "R03-1", "severity": Severity.WARNING, "suggestion": "A01", "safe": True}


def read(data: bytes, folder: Path) -> Book:
    path = folder / "back.xlsx"
    path.write_bytes(data)
    book = read_book(path)
    assert isinstance(book, Book)
    return book


def edited(data: bytes, change: Callable[[openpyxl.Workbook], None]) -> bytes:
    """The workbook after a person changed it in a program that rewrites every part."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def list_of(book: openpyxl.Workbook) -> tuple[Worksheet, int]:
    """The list and the row of its header."""
    sheet = book.worksheets[0]
    return sheet, next(row for row in range(1, 20) if sheet.cell(row, 1).value == "序号")


def answer(book: openpyxl.Workbook, line: int, accepted: str = "", explained: str = "") -> None:
    sheet, top = list_of(book)
    sheet.cell(top + line, LIST_HEADER.index("是否采纳") + 1).value = accepted or None
    sheet.cell(top + line, LIST_HEADER.index("单位说明") + 1).value = explained or None


# ── Lines ────────────────────────────────────────────────────────────────────────────


def texts(line: Line) -> tuple[str, str, str]:
    return line.place, line.value, line.suggestion


def test_the_same_value_down_a_column_is_one_line() -> None:
    (line,) = lines_of([finding(row, 3, "45:30", **DURATION) for row in (5, 9, 7)], DATA)
    assert texts(line) == ("资源清单!C5 等 3 处", "45:30", "00:45:30")
    assert line.message.endswith("（同类问题共 3 处，各处见有颜色的单元格和“错误信息”列）")
    assert not line.several


def test_unsafe_suggestions_of_differing_values_stay_apart() -> None:
    one, other = finding(5, 3, "45:30", **DURATION), finding(6, 3, "46:30", **DURATION)
    assert [texts(line)[0] for line in lines_of([one, other], DATA)] == ["资源清单!C5", "资源清单!C6"]


def test_safe_suggestions_of_differing_values_are_one_line() -> None:
    values = ["视频资源", "a01", "Ａ01", "A01 视频资源", "a01"]
    (line,) = lines_of([finding(row, 2, value, **TYPE) for row, value in enumerate(values, 3)], DATA)
    assert texts(line) == ("资源清单!B3 等 5 处", "视频资源、a01、Ａ01等", "A01")
    assert line.several


def test_no_suggestion_and_differing_values_are_one_line() -> None:
    values = ("", "第" + "长" * 50, "x")
    (line,) = lines_of([finding(row, 1, value) for row, value in enumerate(values, 3)], DATA)
    assert texts(line)[1:] == ("（未填写）、第" + "长" * 39 + "…、x", "")


@pytest.mark.parametrize(
    "other", [{"code": "R2"}, {"severity": Severity.NOTE}, {"field": "乙"}, {"explained": "已核对"}]
)
def test_lines_differ_by_rule_severity_field_and_earlier_answer(other: dict[str, object]) -> None:
    assert len(lines_of([finding(3, 1, "甲"), finding(4, 1, "甲", **other)], DATA)) == 2


def test_findings_about_the_whole_file_are_told_one_by_one() -> None:
    marks = [finding(0, 0, name, sheet="", code="M15b") for name in ("a.mp4", "b.mp4")]
    assert [line.value for line in lines_of(marks, DATA)] == ["a.mp4", "b.mp4"]


def test_orders_that_differ_are_told_by_example() -> None:
    (line,) = lines_of([finding(3, 1, "a", fix="填甲。"), finding(4, 1, "b", fix="填乙。")], DATA)
    assert line.fix == "填甲。（以第一处为例，其他各处照此改）"


def test_lines_come_in_the_order_of_their_first_marks() -> None:
    marks = [finding(3, 1, "a"), finding(3, 2, "b"), finding(4, 1, "c"), finding(4, 2, "d")]
    assert [line.first.row * 10 + line.first.column for line in lines_of(marks, DATA)] == [31, 32]


def test_every_cell_of_a_line_stays_marked() -> None:
    marks = [finding(row, 3, "45:30", **DURATION) for row in (3, 4, 6)]
    sheet = openpyxl.load_workbook(io.BytesIO(mark(plain_book(), returned(*marks, last=7)).data))[DATA]
    assert [row for row in range(3, 8) if sheet.cell(row, 9).value] == [3, 4, 6]
    assert [row for row in range(3, 8) if sheet.cell(row, 3).comment] == [3, 4, 6]


# ── Answers ──────────────────────────────────────────────────────────────────────────

MARKS = (
    finding(3, 3, "45:30", **DURATION),
    finding(4, 3, "45:30", **DURATION),
    finding(5, 3, "46:30", **{**DURATION, "suggestion": "00:46:30"}),
    finding(3, 1, "课程1", code="R02-3", severity=Severity.WARNING),
    finding(4, 1, "课程2", code="R02-3", severity=Severity.WARNING),
    finding(6, 4, "36500.0", field="点击量", code="R13-1", suggestion="36500"),
    finding(0, 0, "视频/多.mp4", sheet="", field="资源文件", code="M15b", severity=Severity.WARNING),
    finding(0, 0, "视频/余.mp4", sheet="", field="资源文件", code="M15b", severity=Severity.WARNING),
)
GIVEN = {1: ("是", ""), 3: ("", "名称确实如此"), 4: ("否", "是场次"), 6: ("", "是附件\n不报")}
SAID = {
    Answer("R09-3", "资源时长", "45:30", "00:45:30", "资源清单!C3 等 2 处", "是", ""),
    Answer("R02-3", "资源名称", "课程1、课程2", "", "资源清单!A3 等 2 处", "", "名称确实如此", True),
    Answer("R13-1", "点击量", "36500.0", "36500", "资源清单!D6", "否", "是场次"),
    Answer("M15b", "资源文件", "视频/余.mp4", "", "整个文件", "", "是附件\n不报"),
}


@pytest.fixture(scope="module")
def answered() -> bytes:
    def fill(book: openpyxl.Workbook) -> None:
        for line, (accepted, explained) in GIVEN.items():
            answer(book, line, accepted, explained)

    return edited(mark(plain_book(), returned(*MARKS, last=7)).data, fill)


def _sort_all(book: openpyxl.Workbook) -> None:
    _reorder(book, to=14)


def _sort_visible(book: openpyxl.Workbook) -> None:
    _reorder(book, to=12)


def _reorder(book: openpyxl.Workbook, to: int) -> None:
    sheet, top = list_of(book)
    lines = [
        [sheet.cell(row, c).value for c in range(1, to + 1)] for row in range(top + 1, sheet.max_row + 1)
    ]
    for row, line in enumerate(reversed(lines), top + 1):
        for column, value in enumerate(line, 1):
            sheet.cell(row, column).value = value


def _delete_lines(book: openpyxl.Workbook) -> None:
    sheet, top = list_of(book)
    sheet.delete_rows(top + 5)
    sheet.delete_rows(top + 2)


def _insert_lines(book: openpyxl.Workbook) -> None:
    sheet, top = list_of(book)
    sheet.insert_rows(top + 3)
    sheet.insert_rows(top)


def _move_columns(book: openpyxl.Workbook) -> None:
    sheet, _ = list_of(book)
    sheet.insert_cols(3)
    sheet.move_range(f"I1:I{sheet.max_row}", cols=20)


def _drop_columns(book: openpyxl.Workbook) -> None:
    sheet, _ = list_of(book)
    sheet.delete_cols(12)
    sheet.delete_cols(5, 3)


def _rename(book: openpyxl.Workbook) -> None:
    book.worksheets[0].title = "已处理"
    book.move_sheet("已处理", 1)


def _copy_list(book: openpyxl.Workbook) -> None:
    book.copy_worksheet(book.worksheets[0])


def _values_become_numbers(book: openpyxl.Workbook) -> None:
    sheet, top = list_of(book)
    for row in range(top + 1, sheet.max_row + 1):
        for column in (5, 8):
            cell = sheet.cell(row, column)
            if str(cell.value).replace(".", "").isdecimal():
                cell.value, cell.number_format = float(str(cell.value)), "General"


CHANGES = (
    _sort_all, _sort_visible, _delete_lines, _insert_lines, _move_columns, _drop_columns, _rename, _copy_list,
    _values_become_numbers,
)  # fmt: skip


def test_answers_are_what_the_unit_wrote(answered: bytes, tmp_path: Path) -> None:
    assert set(answers_of(read(answered, tmp_path))) == SAID


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_answers_survive_what_a_unit_does_to_the_list(
    change: Callable[[openpyxl.Workbook], None], answered: bytes, tmp_path: Path
) -> None:
    back = edited(answered, change)
    found = answers_of(read(back, tmp_path))
    assert set(found) == SAID
    assert len(found) == len(SAID)
    clean = openpyxl.load_workbook(io.BytesIO(unmark(back)))
    assert clean.sheetnames == [DATA]
    assert clean[DATA].max_column == 8


def test_no_answer_is_no_answer(tmp_path: Path) -> None:
    assert answers_of(read(mark(plain_book(), returned(*MARKS, last=7)).data, tmp_path)) == ()


def test_line_that_the_unit_added_has_no_code(answered: bytes, tmp_path: Path) -> None:
    def add(book: openpyxl.Workbook) -> None:
        sheet = book.worksheets[0]
        sheet.cell(sheet.max_row + 1, LIST_HEADER.index("单位说明") + 1).value = "以上均已核对"

    extra = set(answers_of(read(edited(answered, add), tmp_path))) - SAID
    assert extra == {Answer("", "", "", "", "", "", "以上均已核对")}


def test_list_of_the_first_layout_is_still_read() -> None:
    line = [
        "1",
        "错误",
        "资源清单!I9",
        "资源时长",
        "45:30",
        "不对。",
        "请改。",
        "00:45:30",
        "是",
        "",
        "R09-3",
        "附件4",
    ]
    sheet = Sheet(
        LIST_SHEET,
        False,
        {4: dict(enumerate(LIST_HEADER, 1)), 5: {c: text for c, text in enumerate(line, 1) if text}},
        {},
    )
    (found,) = answers_of(Book("xlsx", (sheet,)))
    assert found == Answer("R09-3", "资源时长", "45:30", "00:45:30", "资源清单!I9", "是", "")


HARD = (
    " 45:30\t",
    "a\r\nb",
    "a\x0bb\x00c\ufffe",
    "_x000B_",
    "=1+1",
    "\ud800",
    "长" * 33_000,
    "𠮷" * 40_000,
    '"\\',
)


@pytest.mark.parametrize("value", HARD, ids=range(len(HARD)))
def test_values_come_back_to_the_letter(value: str, tmp_path: Path) -> None:
    marked = mark(plain_book(), returned(finding(3, 3, value, suggestion=value + "!"), last=7)).data
    back = edited(marked, lambda book: answer(book, 1, "是"))
    (found,) = answers_of(read(back, tmp_path))
    assert (found.value, found.suggestion) == (value, value + "!")


@given(st.text(max_size=30), st.text(max_size=30), st.booleans())
def test_exact_texts_are_one_cell_and_survive(value: str, suggestion: str, several: bool) -> None:
    line = Answer("R1", "甲", value, suggestion, "资源清单!A1", "", "", several)
    (text,) = exact_texts(line)
    seen = ["", "", "资源清单!A1", "甲", "?", "", "", "?", "是", "", "R1", "", text]
    sheet = Sheet("单", False, {1: dict(enumerate(LIST_HEADER, 1)), 2: dict(enumerate(seen, 1))}, {})
    assert answers_of(Book("xlsx", (sheet,))) == (replace(line, accepted="是"),)


@pytest.mark.parametrize("broken", ["", "[", "[1,2,3,4,5,6]", '{"a":1}', "[" * 5000, '["R1","甲"]'])
def test_changed_exact_texts_count_as_lost(broken: str) -> None:
    seen = ["", "", "资源清单!A1", "甲", "乙", "", "", "丙", "是", "", "R1", "", EXACT + broken]
    sheet = Sheet("单", False, {1: dict(enumerate(LIST_HEADER, 1)), 2: dict(enumerate(seen, 1))}, {})
    (found,) = answers_of(Book("xlsx", (sheet,)))
    assert (found.value, found.suggestion) == ("乙", "丙")


def test_of_two_lists_the_later_round_counts() -> None:
    def a_list(round_number: str, accepted: str) -> Sheet:
        line = ["", "", "资源清单!A1", "甲", "乙", "", "", "丙", accepted, "", "R1", ""]
        identity = {1: {14: json_text(IDENTITY, {"unit": "甲校", "round": round_number})}}
        rows = {2: dict(enumerate(LIST_HEADER, 1)), 3: dict(enumerate(line, 1))}
        return Sheet(f"第{round_number}轮", False, identity | rows, {})

    book = Book("xlsx", (a_list("2", "否"), a_list("10", "是"), a_list("x", "否")))
    assert [each.accepted for each in answers_of(book)] == ["是"]
    assert (identity_of(book) or {})["round"] == "10"


# ── Rows sorted, inserted and deleted in the data ─────────────────────────────────────

_STEPS = st.lists(
    st.tuples(st.sampled_from(["insert", "delete", "sort", "list"]), st.integers(0, 9)), max_size=5
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(_STEPS)
def test_whatever_happens_to_the_rows_the_marks_come_out_and_the_answers_are_read(
    answered: bytes, tmp_path: Path, steps: list[tuple[str, int]]
) -> None:
    expected: list[list[object]] = []

    def work(book: openpyxl.Workbook) -> None:
        sheet = book[DATA]
        for step, number in steps:
            if step == "insert":
                sheet.insert_rows(3 + number % 5)
            elif step == "delete":
                sheet.delete_rows(3 + number % 5)
            elif step == "sort":
                _shuffle(sheet, 3, number)
            else:
                _shuffle(book.worksheets[0], list_of(book)[1] + 1, number)
        rows = sheet.iter_rows(min_row=2, max_col=8, values_only=True)
        expected.extend(list(row) for row in rows if any(row))

    back = edited(answered, work)
    book = read(back, tmp_path)
    assert set(answers_of(book)) == SAID
    understood = understand(book, "甲校", "a.xlsx")
    assert isinstance(understood, Submission)
    assert not [found for found in understood.findings if found.code == "S06"]
    clean = unmark(back)
    after = openpyxl.load_workbook(io.BytesIO(clean))
    assert after.sheetnames == [DATA]
    sheet = after[DATA]
    values = [list(row) for row in sheet.iter_rows(min_row=2, values_only=True) if any(row)]
    assert [row[:8] for row in values] == expected
    assert all(not any(row[8:]) for row in values)
    assert not list(sheet.conditional_formatting)
    assert not [cell for row in sheet for cell in row if cell.comment or cell.hyperlink]
    assert unmark(clean) == clean


def _shuffle(sheet: Worksheet, first: int, seed: int) -> None:
    width, last = sheet.max_column, sheet.max_row
    rows = [[sheet.cell(row, c).value for c in range(1, width + 1)] for row in range(first, last + 1)]
    random.Random(seed).shuffle(rows)
    for row, values in enumerate(rows, first):
        for column, value in enumerate(values, 1):
            sheet.cell(row, column).value = value


# ── Copied into another workbook ─────────────────────────────────────────────────────


def _values_alone(data: bytes) -> bytes:
    """What remains of a marked sheet when its cells are pasted as values into a new workbook."""
    book = openpyxl.Workbook()
    book.active.title = DATA
    for row in openpyxl.load_workbook(io.BytesIO(data))[DATA].iter_rows(values_only=True):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_column_that_came_along_with_copied_values_is_not_doubled(tmp_path: Path) -> None:
    copied = _values_alone(mark(plain_book(), returned(*MARKS, last=7)).data)
    again = openpyxl.load_workbook(io.BytesIO(mark(copied, returned(*MARKS, last=7)).data))[DATA]
    assert [cell.value for cell in again[2]].count(ERROR_COLUMN) == 1
    assert openpyxl.load_workbook(io.BytesIO(unmark(copied)))[DATA].max_column == 8
    understood = understand(read(copied, tmp_path), "甲校", "a.xlsx")
    assert isinstance(understood, Submission)
    assert understood.identity == {}
    assert not [found for found in understood.findings if found.code == "S06"]


def test_two_such_columns_both_go() -> None:
    def double(book: openpyxl.Workbook) -> None:
        sheet = book[DATA]
        for row in range(2, 8):
            sheet.cell(row, 12).value = sheet.cell(row, 9).value

    back = edited(mark(plain_book(), returned(*MARKS, last=7)).data, double)
    sheet = openpyxl.load_workbook(io.BytesIO(unmark(back)))[DATA]
    assert {cell.column for row in sheet for cell in row if cell.value is not None} == set(range(1, 9))


def test_copied_sheet_of_data_is_cleaned_too() -> None:
    def copy(book: openpyxl.Workbook) -> None:
        book.copy_worksheet(book[DATA]).title = "备份"

    back = edited(mark(plain_book(), returned(*MARKS, last=7)).data, copy)
    book = openpyxl.load_workbook(io.BytesIO(unmark(back)))
    assert book.sheetnames == [DATA, "备份"]
    assert [ERROR_COLUMN in [cell.value for cell in book[name][2]] for name in book.sheetnames] == [
        False,
        False,
    ]


# ── Rows with findings alone ─────────────────────────────────────────────────────────


def _hidden(data: bytes) -> list[int]:
    sheet = openpyxl.load_workbook(io.BytesIO(data))[DATA]
    return [row for row in range(1, 8) if sheet.row_dimensions[row].hidden]


@pytest.mark.parametrize("filtered", [True, False])
def test_only_rows_with_findings_show_and_nothing_is_lost(filtered: bool, tmp_path: Path) -> None:
    plain = replaced(plain_book(filtered=filtered), SHEET, ('<row r="5"', '<row r="5" hidden="1"'))
    said = returned(finding(4, 3, "45:30", **DURATION), last=7, wrong_rows_only=True)
    marked = mark(plain, said).data
    assert _hidden(marked) == [3, 5, 6, 7]
    criterion = openpyxl.load_workbook(io.BytesIO(marked))[DATA].auto_filter.filterColumn[-1]
    assert (criterion.colId, criterion.customFilters.customFilter[0].val) == (8, "*【*")
    assert "只显示有问题的行，其余 3 行只是隐藏，没有删除" in str(
        openpyxl.load_workbook(io.BytesIO(marked))[LIST_SHEET]["A4"].value
    )
    assert _hidden(unmark(marked)) == [5]
    assert mark(marked, said).data == marked
    book = read(marked, tmp_path)
    assert len(book.sheets[1].rows) == 7
    understood = understand(book, "甲校", "a.xlsx")
    assert isinstance(understood, Submission)
    assert understood.rows == (3, 4, 5, 6, 7)
    assert not [found for found in understood.findings if found.code == "S02"]


def test_rows_that_the_units_own_filter_hides_stay_hidden() -> None:
    own = '<autoFilter ref="A2:H7"><filterColumn colId="1"><filters blank="1"/></filterColumn></autoFilter>'
    plain = replaced(
        plain_book(filtered=True),
        SHEET,
        ('<autoFilter ref="A2:H7"/>', own),
        ('<row r="6"', '<row r="6" hidden="1"'),
    )
    marked = mark(plain, returned(finding(4, 3, "45:30"), last=7, wrong_rows_only=True)).data
    assert _hidden(marked) == [3, 5, 6, 7]
    assert _hidden(unmark(marked)) == [6]


def test_filter_of_other_rows_leaves_all_rows_in_sight() -> None:
    plain = replaced(plain_book(filtered=True), SHEET, ('ref="A2:H7"/>', 'ref="A1:H7"/>'))
    assert _hidden(mark(plain, returned(finding(4, 3, "45:30"), last=7, wrong_rows_only=True)).data) == []


# ── Heights ──────────────────────────────────────────────────────────────────────────


def test_rows_grow_with_their_message_unless_their_height_is_fixed() -> None:
    plain = replaced(
        plain_book(), SHEET,
        ('<row r="4"', '<row r="4" ht="14.25"'),
        ('<row r="5"', '<row r="5" ht="20" customHeight="1"'),
        ('<row r="6"', '<row r="6" ht="200"'),
    )  # fmt: skip
    marks = [finding(row, column, "x") for row in (3, 4, 5, 6) for column in (1, 2, 3)]
    marked = mark(plain, returned(*marks, last=7)).data
    sheet = openpyxl.load_workbook(io.BytesIO(marked))[DATA]
    assert [sheet.row_dimensions[row].height for row in (3, 4, 5, 6, 7)] == [42, 42, 20, 200, None]
    before = openpyxl.load_workbook(io.BytesIO(unmark(marked)))[DATA]
    assert [before.row_dimensions[row].height for row in (3, 4, 5, 6, 7)] == [None, 14.25, 20, 200, None]


# ── From findings to marks ───────────────────────────────────────────────────────────


def submission(*answers: Answer, cells: dict[str, list[str]] | None = None, kind: str = "xlsx") -> Submission:
    columns = {"资源名称": 1, "资源类型": 2, "资源时长": 3, "创建时间": 4}
    return Submission(
        unit="甲校", workbook="a.xlsx", kind=kind, layout=Layout(DATA, 2, 7, columns), rows=(3, 4, 6),
        cells=cells or {name: ["", "", ""] for name in columns}, kinds={"资源时长": {6: Kind.TIME}},
        held=frozenset(), unit_info={}, platforms=(), findings=(), identity={}, answers=answers,
    )  # fmt: skip


def told(code: str, field: str, row: int, value: str, suggestion: str = "", *, safe: bool = False) -> Told:
    place = Place("甲校", "a.xlsx", DATA, row, field)
    return Told(
        Finding(code, place, value, {}, suggestion, safe), Severity.ERROR, "不对。", "请改。", "附件4"
    )


def marks_of(task_of: Submission, *found: Told) -> tuple[Mark, ...]:
    codes = {"A01": "视频资源", "A02": "音频资源"}
    copy = Path("a.xlsx") if task_of.kind == "xlsx" else None
    return mark_task(task_of, copy, found, (), {}, codes=codes, version="v", call_id="c").returned.marks


def said(code: str, value: str, accepted: str = "", explained: str = "", several: bool = False) -> Answer:
    return Answer(code, "资源时长", value, "00:45:30", "资源清单!C9", accepted, explained, several)


@pytest.mark.parametrize(
    ("answer_", "code", "value", "carried"),
    [
        (said("R09-3", "45:30", "是"), "R09-3", "45:30", ("是", "")),
        (said("R09-3", "45:30", "否", "是四十五小时"), "R09-3", "45:30", ("否", "是四十五小时")),
        (said("R09-3", "45:30", "是"), "R09-3", "46:30", ("", "")),
        (said("R09-3", "45:30", "是"), "R09-4", "45:30", ("", "")),
        (said("R09-3", "?", "", "都是这样", several=True), "R09-3", "46:30", ("", "都是这样")),
        (said("R09-3", "45:30", "是"), "W09", "45:30", ("是", "")),
        (said("W09", "45:30", "否"), "R09-3", "45:30", ("否", "")),
        (said("R09-3", "9", "是"), "W09", "45:30", ("是", "")),
    ],
)
def test_answers_are_carried_to_the_matching_line(
    answer_: Answer, code: str, value: str, carried: tuple[str, str]
) -> None:
    (one,) = marks_of(submission(answer_), told(code, "资源时长", 3, value, "00:45:30"))
    assert (one.accepted, one.explained) == carried


def test_adopted_value_keeps_its_answer_through_the_rounds(tmp_path: Path) -> None:
    (one,) = marks_of(submission(), told("W09", "资源时长", 3, "45:30", "00:45:30"))
    marked = mark(plain_book(), returned(one._replace(severity=Severity.NOTE), last=7)).data
    (found,) = answers_of(read(marked, tmp_path))
    assert (found.code, found.value, found.suggestion, found.accepted) == ("W09", "45:30", "00:45:30", "是")


@pytest.mark.parametrize(
    ("code", "field", "form"),
    [
        ("R09-3", "资源时长", 'OR({c}="",IF(ISNUMBER'),
        ("R03-2", "资源类型", 'AND(LEN({c})>0,OR({c}="",EXACT({c},"A01"),EXACT({c},"A02")))'),
        ("M12", "资源时长", ""),
        ("G01", "资源时长", ""),
        ("R09-3", "资源文件", ""),
    ],
)
def test_form_is_asked_where_the_finding_is_about_form(code: str, field: str, form: str) -> None:
    (one,) = marks_of(submission(), told(code, field, 3, "45:30"))
    assert one.form.startswith(form) if form else one.form == ""


def test_form_of_a_native_value_is_not_asked() -> None:
    assert [one.form for one in marks_of(submission(), told("R09-3", "资源时长", 6, "45:30:00"))] == [""]


def test_colour_of_a_wrong_form_goes_once_the_form_is_right() -> None:
    one = finding(3, 3, "45:30", form="LEN({c})=8")
    other = finding(4, 3, "46:30", form="LEN({c})=8")
    data = mark(plain_book(), returned(one, other, finding(5, 3, "x"), last=7)).data
    sheet = openpyxl.load_workbook(io.BytesIO(data))[DATA]
    rules = {str(each.sqref): each.rules[0].formula[0] for each in sheet.conditional_formatting}
    assert rules["C3:C4"] == 'AND(LEN("数字资源校验")>0,NOT(IFERROR(LEN(C3)=8,FALSE)))'
    assert {"C3", "C4", "C5"} < rules.keys()


def test_rows_of_another_format_come_back_in_the_template_and_the_file_says_so() -> None:
    cells = {name: ["", "", ""] for name in NAMES} | {"资源名称": ["课程甲", "课程乙", "课程丙"]}
    found = Finding("F07", Place("甲校", "a.xls"), "a.xls", {"what": "宏、外部链接"})
    sent = replace(submission(cells=cells, kind="xls"), findings=(found,))
    task = mark_task(
        sent, Path("a.xls"), [told("R02-1", "资源名称", 6, "课程丙")], ("请改。",), {},
        codes={"A01": "视频资源"}, version="v", call_id="c",
    )  # fmt: skip
    assert task.returned.head[0] == "请改。"
    for said_ in ("按标准表的版式重新生成", "原文件中的宏、外部链接没有带回", "原文件中的行号"):
        assert said_ in task.returned.head[1]
    assert [(one.row, one.column) for one in task.returned.marks] == [(4, 2)]
    assert isinstance(task.source, bytes)
    sheet = openpyxl.load_workbook(io.BytesIO(mark(task.source, task.returned).data))[DATA]
    assert [sheet.cell(row, 2).value for row in (2, 3, 4)] == ["课程甲", "课程乙", "课程丙"]
