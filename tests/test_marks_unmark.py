"""Taking marks out again: the unit's file comes back as it was, also after the unit worked in it."""

from __future__ import annotations

import io

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from pipeline.fields import ERROR_COLUMN
from pipeline.model import Severity
from pipeline.ownmarks import NOTE_END, without_own_note
from pipeline.render.marks import mark
from pipeline.render.package import read, write
from pipeline.render.restore import Restore, restore_of, restore_text
from pipeline.render.tabs import open_workbook
from pipeline.render.unmark import unmark
from tests.marks_books import DATA, finding, parts_of, plain_book, replaced, returned, rich_book, usual_marks

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
STYLES = "xl/styles.xml"
SHEET = "xl/worksheets/sheet1.xml"


def canonical(data: bytes) -> dict[str, bytes]:
    """Every part but the styles, XML in canonical form, so that only meaning counts."""
    return {
        name: etree.tostring(etree.fromstring(part), method="c14n")
        if name.endswith((".xml", ".rels", ".vml"))
        else part
        for name, part in parts_of(data).items()
        if name != STYLES
    }


def noted_by_openpyxl() -> bytes:
    """Notes of the unit whose shapes have other prefixes than v: and x:."""
    book = openpyxl.load_workbook(io.BytesIO(plain_book()))
    for where in ("A4", "B5"):
        book[DATA][where].comment = Comment("单位自己的批注", "王五", height=99, width=333)
    book.defined_names["全部"] = DefinedName("全部", attr_text=f"'{DATA}'!$A$1")
    book.save(out := io.BytesIO())
    return out.getvalue()


BOOKS = {
    "rich": (rich_book, returned(*usual_marks())),
    "plain": (plain_book, returned(finding(3, 3, "45:30"), last=7)),
    "filtered": (lambda: plain_book(filtered=True), returned(finding(3, 3, "45:30"), last=7)),
    "table": (lambda: plain_book(table=True), returned(finding(3, 3, "45:30"), last=7)),
    "row that is not stored": (plain_book, returned(finding(20, 0, ""), last=20)),
    "no data sheet": (plain_book, returned(finding(1, 1, "继续教育数字化资源"), sheet="")),
    "rows with findings alone": (
        plain_book,
        returned(finding(3, 3, "45:30"), finding(20, 0, ""), last=20, wrong_rows_only=True),
    ),
    "taller rows": (plain_book, returned(*(finding(4, c, "x") for c in range(1, 8)), last=7)),
    "nothing found": (plain_book, returned(last=7)),
    "notes as openpyxl draws them": (
        noted_by_openpyxl,
        returned(finding(3, 3, "45:30"), finding(4, 1, "课程2"), last=7),
    ),
}


@pytest.mark.parametrize("name", BOOKS)
def test_unmarked_is_what_it_was_and_marking_twice_is_marking_once(name: str) -> None:
    make, said = BOOKS[name]
    data = make()
    marked = mark(data, said).data
    assert canonical(unmark(marked)) == canonical(data)
    assert mark(marked, said).data == marked


def test_formats_of_the_unit_stay_first_and_in_order() -> None:
    data = rich_book()
    before = etree.fromstring(parts_of(data)[STYLES])
    after = etree.fromstring(parts_of(unmark(mark(data, returned(*usual_marks())).data))[STYLES])
    for collection in before:
        kept = after.find(collection.tag)
        for old, new in zip(collection, kept, strict=False):
            assert etree.tostring(old, method="c14n") == etree.tostring(new, method="c14n")
        assert len(kept) >= len(collection)
        if kept.get("count"):
            assert int(kept.get("count")) == len(kept)


def test_second_round_with_other_findings_leaves_nothing_of_the_first() -> None:
    data = rich_book()
    first = mark(data, returned(*usual_marks())).data
    other = returned(finding(8, 1, "课程6", severity=Severity.NOTE))
    assert mark(first, other).data == mark(unmark(first), other).data
    assert canonical(unmark(mark(first, other).data)) == canonical(data)


def test_book_without_marks_comes_back_as_the_same_bytes() -> None:
    data = rich_book()
    assert unmark(data) == data


def test_units_own_column_of_that_name_stays() -> None:
    data = replaced(plain_book(), "xl/sharedStrings.xml", ("资源文件", ERROR_COLUMN))
    assert unmark(data) == data
    assert canonical(unmark(mark(data, returned(finding(3, 3, "45:30"), last=7)).data)) == canonical(data)


_INPUT = st.lists(
    st.tuples(st.integers(1, 12), st.integers(0, 9), st.sampled_from(["", "45:30", 'a"b', "=1", "x" * 300])),
    max_size=12,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_INPUT, st.sampled_from(list(Severity)), st.booleans(), st.integers(0, 2))
def test_any_marks_on_any_book_come_out_again(
    places: list[tuple[int, int, str]], severity: Severity, filtered: bool, titles: int
) -> None:
    data = plain_book(4, title_rows=titles, filtered=filtered)
    marks = (finding(row, column, value, severity=severity, field="甲") for row, column, value in places)
    said = returned(*marks, header=titles + 1, last=titles + 5)
    marked = mark(data, said).data
    assert canonical(unmark(marked)) == canonical(data)
    values = [[cell.value for cell in line] for line in openpyxl.load_workbook(io.BytesIO(data))[DATA]]
    after = openpyxl.load_workbook(io.BytesIO(marked))[DATA]
    assert [[after.cell(r, c).value for c in range(1, 9)] for r in range(1, len(values) + 1)] == values


# ── What the unit does to the file between the rounds ────────────────────────────────


@pytest.fixture
def marked() -> bytes:
    return mark(plain_book(filtered=True), returned(finding(3, 3, "45:30"), finding(4, 0, ""), last=7)).data


def test_after_saving_by_another_program_the_marks_still_come_out(marked: bytes) -> None:
    """openpyxl rewrites every part: shared strings, comments, drawings, names."""
    out = io.BytesIO()
    openpyxl.load_workbook(io.BytesIO(marked)).save(out)
    book = openpyxl.load_workbook(io.BytesIO(unmark(out.getvalue())))
    assert book.sheetnames == [DATA]
    sheet = book[DATA]
    assert [cell.value for cell in sheet[2]] == [
        c.value for c in openpyxl.load_workbook(io.BytesIO(plain_book()))[DATA][2]
    ]
    assert not list(sheet.conditional_formatting)
    assert not [cell for line in sheet for cell in line if cell.comment]
    assert sheet.auto_filter.ref == "A2:H7"


def test_deleted_list_still_lets_the_other_marks_come_out(marked: bytes) -> None:
    workbook = open_workbook(read(marked))
    workbook.remove(workbook.tabs()[0])
    workbook.save()
    sheet = openpyxl.load_workbook(io.BytesIO(unmark(write(workbook.package))))[DATA]
    assert sheet.max_column == 8
    assert not list(sheet.conditional_formatting)
    assert sheet["C3"].comment is None


def test_renamed_sheets_still_let_the_marks_come_out(marked: bytes) -> None:
    renamed = replaced(
        marked, "xl/workbook.xml", ('name="资源清单"', 'name="改名"'), ('name="问题清单"', 'name="看过了"')
    )
    book = openpyxl.load_workbook(io.BytesIO(unmark(renamed)))
    assert book.sheetnames == ["改名"]
    assert book["改名"].max_column == 8


def test_rows_hidden_by_a_filter_on_the_column_are_shown_again(marked: bytes) -> None:
    criterion = (
        '<autoFilter ref="A2:I7"><filterColumn colId="8"><filters blank="1"/></filterColumn></autoFilter>'
    )
    filtered = replaced(
        marked,
        SHEET,
        ('<autoFilter ref="A2:I7"/>', criterion),
        ('<row r="3"', '<row r="3" hidden="1"'),
        ('<row r="1"', '<row r="1" hidden="1"'),
    )
    after = parts_of(unmark(filtered))[SHEET].decode()
    assert '<row r="3" spans' in after
    assert '<row r="1" hidden="1"' in after
    assert '<autoFilter ref="A2:H7"/>' in after


def test_filter_criteria_of_the_unit_stay(marked: bytes) -> None:
    criterion = (
        '<autoFilter ref="A2:I7"><filterColumn colId="1"><filters blank="1"/></filterColumn></autoFilter>'
    )
    filtered = replaced(
        marked, SHEET, ('<autoFilter ref="A2:I7"/>', criterion), ('<row r="3"', '<row r="3" hidden="1"')
    )
    after = parts_of(unmark(filtered))[SHEET].decode()
    assert '<row r="3" hidden="1"' in after
    assert criterion.replace("A2:I7", "A2:H7") in after


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"【数字资源校验】\n错误：不对。\n{NOTE_END}", ""),
        (f"【数字资源校验】\n错误：不对。\n{NOTE_END}\n已核对", "\n已核对"),
        (f"自己的\n──────────\n【数字资源校验】\n错误。\n{NOTE_END}", "自己的"),
        (f"自己的\r\n──────────\r\n【数字资源校验】\r\n错误。\r\n{NOTE_END}", "自己的"),
        ("自己的\n──────────\n【数字资源校验】\n结尾被删", "自己的"),
        ("自己的", "自己的"),
        ("说到【数字资源校验】的批注", "说到【数字资源校验】的批注"),
    ],
)
def test_what_the_unit_wrote_into_a_note_stays(text: str, kept: str) -> None:
    assert without_own_note(text) == kept


def test_answer_inside_our_note_keeps_the_note() -> None:
    data = mark(plain_book(), returned(finding(3, 3, "45:30"), last=7)).data
    answered = replaced(data, "xl/comments1.xml", (NOTE_END, f"{NOTE_END}\n已经核对"))
    note = openpyxl.load_workbook(io.BytesIO(unmark(answered)))[DATA]["C3"].comment
    assert note.text.strip() == "已经核对"


@pytest.mark.parametrize(
    "change",
    [
        ('"column":9', '"column":"九"'),
        ("还原:1:{", "还原:1:"),
        ("还原:1:{", "还原:1:["),
        ("还原:1:{", '还原:1:{"\\ud800":1,'),
        ('"sheet":"', '"sheet":"\\ud800'),
    ],
)
def test_changed_hidden_cell_counts_as_lost(marked: bytes, change: tuple[str, str]) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(unmark(replaced(marked, "xl/worksheets/sheet2.xml", change))))[
        DATA
    ]
    assert sheet.max_column == 8
    assert sheet.auto_filter.ref == "A2:H7"
    assert sheet["C3"].comment is None


@given(st.text(alphabet='\\u"甲<>\U0001f600', max_size=8))
def test_what_undoes_the_marks_is_read_as_written(name: str) -> None:
    told = Restore(selected=[name], active=[("0", None)], column=None, filter_name=name)
    assert restore_of(restore_text(told)) == told
