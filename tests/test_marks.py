"""What a marked workbook holds: values untouched, marks where they belong, texts inert."""

from __future__ import annotations

import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pipeline.fields import ERROR_COLUMN, LIST_SHEET
from pipeline.model import Book, Severity, Sheet
from pipeline.ownmarks import LIST_HEADER, NOTE_END, identity_of, is_list_sheet
from pipeline.render.colours import MOST_LIVE, expression
from pipeline.render.inert import CUT, MOST_CHARACTERS, clean, stored, utf16_length
from pipeline.render.marks import mark
from tests.marks_books import (
    DATA,
    IDENTITY,
    finding,
    parts_of,
    plain_book,
    replaced,
    returned,
    rich_book,
    usual_marks,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def opened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data), rich_text=True)


def as_read(data: bytes) -> Book:
    """The workbook as the reading room gives it, as far as our own marks are concerned."""
    sheets = []
    for sheet in opened(data):
        rows: dict[int, dict[int, str]] = {}
        for line in sheet.iter_rows():
            for cell in line:
                if cell.value is not None:
                    rows.setdefault(cell.row, {})[cell.column] = str(cell.value)
        sheets.append(Sheet(sheet.title, False, rows, {}))
    return Book("xlsx", tuple(sheets))


@pytest.fixture(scope="module")
def rich() -> bytes:
    return rich_book()


@pytest.fixture(scope="module")
def marked(rich: bytes) -> bytes:
    return mark(rich, returned(*usual_marks())).data


def test_every_value_of_the_unit_is_there(rich: bytes, marked: bytes) -> None:
    before, after = opened(rich), opened(marked)
    assert after.sheetnames == [LIST_SHEET, *before.sheetnames]
    for sheet in before:
        same = after[sheet.title]
        for line in sheet.iter_rows():
            for cell in line:
                assert same[cell.coordinate].value == cell.value
                assert repr(same[cell.coordinate].font) == repr(cell.font)
                assert repr(same[cell.coordinate].fill) == repr(cell.fill)


def test_parts_without_marks_keep_their_bytes(rich: bytes, marked: bytes) -> None:
    before, after = parts_of(rich), parts_of(marked)
    changed = {name for name, data in before.items() if after.get(name) != data}
    assert changed == {
        "[Content_Types].xml", "docProps/app.xml", "xl/_rels/workbook.xml.rels", "xl/workbook.xml",
        "xl/styles.xml", "xl/comments1.xml", "xl/comments2.xml", "xl/drawings/vmlDrawing2.vml",
        "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml",
    }  # fmt: skip
    assert set(after) - set(before) == {"xl/worksheets/sheet5.xml"}


@pytest.mark.parametrize(
    "kept",
    [
        "x14:dataValidation ", "x14:dataBar ", "x14:sparkline>", "<sheetProtection", "<f>", "DISPIMG",
        "<pageMargins", "<drawing ",
    ],
)  # fmt: skip
def test_what_only_the_package_holds_is_still_in_the_marked_sheet(
    rich: bytes, marked: bytes, kept: str
) -> None:
    before, after = (parts_of(data)["xl/worksheets/sheet2.xml"].decode() for data in (rich, marked))
    assert after.count(kept) == before.count(kept) > 0


def test_formulas_keep_the_values_they_last_gave(marked: bytes) -> None:
    book = openpyxl.load_workbook(io.BytesIO(marked), data_only=True)
    assert book[DATA]["E6"].value == "课程4大学"
    assert book["汇总"].tables["Table1"].totalsRowCount == 1


def test_same_input_gives_same_bytes(rich: bytes, marked: bytes) -> None:
    assert mark(rich, returned(*usual_marks())).data == marked


def test_list_has_a_line_per_finding_and_links_to_the_cells(marked: bytes) -> None:
    sheet = opened(marked)[LIST_SHEET]
    top = next(row for row in range(1, 9) if sheet.cell(row, 1).value == "序号")
    assert [cell.value for cell in sheet[top]][:12] == list(LIST_HEADER)
    lines = [[cell.value for cell in line[:12]] for line in sheet.iter_rows(min_row=top + 1)]
    together = "“视频资源”不对。（同类问题共 2 处，各处见有颜色的单元格和“错误信息”列）"
    warning = [1, "警告", "资源清单!B3 等 2 处", "资源类型", "视频资源", together, "请改正。", "A01"]
    assert lines[0] == [*warning, None, None, "R1-1", "附件4 表1"]
    assert [line[2] for line in lines] == [
        "资源清单!B3 等 2 处", "资源清单!A4 等 2 处", "资源清单!E4", "资源清单!C4", "资源清单!C4",
        "资源清单!D5", "单位信息!B2", "整个文件",
    ]  # fmt: skip
    links = {
        cell.coordinate: cell.hyperlink.location
        for line in sheet.iter_rows()
        for cell in line
        if cell.hyperlink
    }
    assert links[f"C{top + 1}"] == "'资源清单'!B3"
    assert links[f"C{top + 7}"] == "'单位信息'!B2"
    assert f"C{top + 8}" not in links
    assert opened(marked)[DATA]["I2"].hyperlink.location == "'问题清单'!A1"


def test_answers_are_given_where_there_is_something_to_accept(marked: bytes) -> None:
    sheet = opened(marked)[LIST_SHEET]
    top = next(row for row in range(1, 9) if sheet.cell(row, 1).value == "序号")
    safe, without, to_decide = (sheet.cell(top + n, 9) for n in (1, 2, 4))
    assert not to_decide.protection.locked
    assert without.protection.locked
    assert safe.value is None
    assert safe.fill.fgColor.rgb == without.fill.fgColor.rgb != to_decide.fill.fgColor.rgb
    (choice,) = sheet.data_validations.dataValidation
    assert choice.formula1 == '"是,否"'
    assert "灰色的格：不用填，建议值已自动采用" in choice.prompt
    assert len(choice.prompt) <= 255
    assert to_decide.coordinate in choice.sqref
    assert not sheet.cell(top + 2, 10).protection.locked


def test_list_opens_first_and_alone(marked: bytes) -> None:
    book = opened(marked)
    assert book.active.title == LIST_SHEET
    assert [sheet.title for sheet in book if sheet.sheet_view.tabSelected] == [LIST_SHEET]
    assert book[LIST_SHEET].freeze_panes == "A6"
    assert book[LIST_SHEET].page_setup.orientation == "landscape"


def test_names_of_single_sheets_still_belong_to_them(rich: bytes, marked: bytes) -> None:
    before, after = opened(rich), opened(marked)
    for sheet in before:
        assert after[sheet.title].print_area == sheet.print_area
        assert set(after[sheet.title].defined_names) == set(sheet.defined_names)
    assert after[LIST_SHEET].print_title_rows == "$5:$5"


def test_error_column_holds_the_messages_of_each_row(marked: bytes) -> None:
    sheet = opened(marked)[DATA]
    assert sheet["I2"].value == ERROR_COLUMN
    assert sheet["I2"].fill.fgColor.rgb == sheet["H2"].fill.fgColor.rgb
    texts = {row: sheet.cell(row, 9).value for row in range(3, 11) if sheet.cell(row, 9).value}
    assert set(texts) == {3, 4, 5, 6}
    assert texts[3] == "【警告】资源类型：“视频资源”不对。"
    assert texts[4].split("\n")[0] == "1. 【错误】资源名称：名称太短。"
    assert texts[4].count("\n") == 4
    assert texts[6] == "【错误】资源名称：整行与第 5 行重复。"
    assert sheet["I4"].alignment.wrap_text
    assert sheet.auto_filter.ref == "A2:I10"
    assert sheet.column_dimensions["I"].width == 50
    assert not sheet.column_dimensions["I"].hidden
    assert sheet.column_dimensions["J"].hidden


@pytest.mark.parametrize(
    ("filtered", "table", "expected"),
    [(True, False, "A2:I7"), (False, False, "A2:I7"), (False, True, "I2:I7")],
)
def test_filter_reaches_the_error_column(filtered: bool, table: bool, expected: str) -> None:
    data = plain_book(filtered=filtered, table=table)
    book = opened(mark(data, returned(finding(3, 3, "45:30"), last=7)).data)
    assert book[DATA].auto_filter.ref == expected
    if table:
        assert book[DATA].tables["Table1"].ref == "A2:H7"


def test_error_column_avoids_what_stands_beside_the_data() -> None:
    data = replaced(
        plain_book(),
        "xl/worksheets/sheet1.xml",
        ('</row><row r="4"', '<c r="I3"><v>7</v></c></row><row r="4"'),
    )
    sheet = opened(mark(data, returned(finding(3, 3, "45:30"), last=7)).data)[DATA]
    assert sheet["I3"].value == 7
    assert sheet["J2"].value == ERROR_COLUMN


def test_row_that_the_file_does_not_store_gets_its_message() -> None:
    sheet = opened(mark(plain_book(), returned(finding(9, 0, "", message="空行。"), last=9)).data)[DATA]
    assert sheet["I9"].value == "【错误】资源名称：空行。"


def test_colour_is_the_most_severe_and_goes_with_the_text(marked: bytes) -> None:
    rules = _rules(parts_of(marked)["xl/worksheets/sheet2.xml"])
    own = {sqref: (formula, dxf) for sqref, formula, dxf in rules if "数字资源校验" in formula}
    assert 'EXACT(B3&"","视频资源")' in own["B3:B4"][0]
    assert 'EXACT(C4&"","45:30")' in own["C4"][0]
    assert own["D5"][0] == 'LEN("数字资源校验")>0'
    assert own["C4"][1] == own["A4"][1] != own["B3:B4"][1]


def _rules(part: bytes) -> list[tuple[str, str, str]]:
    blocks = etree.fromstring(part).iter(f"{MAIN}conditionalFormatting")
    return [
        (str(block.get("sqref")), rule.findtext(f"{MAIN}formula", ""), str(rule.get("dxfId")))
        for block in blocks
        for rule in block.iter(f"{MAIN}cfRule")
    ]


def test_own_colours_come_first_and_the_others_keep_their_order(rich: bytes, marked: bytes) -> None:
    def priorities(data: bytes) -> list[tuple[bool, int]]:
        root = etree.fromstring(parts_of(data)["xl/worksheets/sheet2.xml"])
        found = [
            ("数字资源校验" in "".join(rule.itertext()), int(rule.get("priority")))
            for rule in root.iter("{*}cfRule")
            if rule.get("priority")
        ]
        return sorted(found, key=lambda one: one[1])

    before, after = priorities(rich), priorities(marked)
    own = [one for one in after if one[0]]
    assert after[: len(own)] == own
    assert [number - len(own) for _, number in after[len(own) :]] == [number for _, number in before]


def test_many_different_texts_do_not_make_endless_rules() -> None:
    many = tuple(finding(row, 2, f"值{row}") for row in range(3, MOST_LIVE + 103))
    rules = _rules(parts_of(mark(plain_book(), returned(*many)).data)["xl/worksheets/sheet1.xml"])
    assert len(rules) == MOST_LIVE + 1
    assert rules[-1][1] == 'LEN("数字资源校验")>0'


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("", 'AND(LEN("数字资源校验")>0,LEN(J12)=0)'),
        ('a"b', 'AND(LEN("数字资源校验")>0,EXACT(J12&"","a""b"))'),
        ("a\nb", 'AND(LEN("数字资源校验")>0,EXACT(J12&"","a"&CHAR(10)&"b"))'),
        ("_x000A_", 'AND(LEN("数字资源校验")>0,EXACT(J12&"","_"&"x000A_"))'),
        ("长" * 201, f'AND(LEN("数字资源校验")>0,LEN(J12)=201,EXACT(LEFT(J12,200),"{"长" * 200}"))'),
        ("𠮷" * 201, 'LEN("数字资源校验")>0'),
        ("a\x00", 'LEN("数字资源校验")>0'),
        (None, 'LEN("数字资源校验")>0'),
    ],
)
def test_formula_of_the_live_colour(text: str | None, formula: str) -> None:
    assert expression("J12", text) == formula


def test_notes_are_put_appended_and_withheld(marked: bytes) -> None:
    book = opened(marked)
    new, appended = book[DATA]["C4"].comment, book[DATA]["A4"].comment
    assert new.author == "数字资源校验"
    assert new.text.split("\n")[:4] == [
        "【数字资源校验】",
        "1. 错误：有两种读法。",
        "怎么改：请改正。",
        "建议值：00:45:30",
    ]
    assert new.text.endswith(NOTE_END)
    assert appended.text.startswith("单位自己的批注\n──────────\n【数字资源校验】\n错误：名称太短。")
    assert appended.author == "王五"
    assert book[DATA]["E4"].comment.text == "[Threaded comment]"
    assert "有 1 个单元格没有加批注" in book[LIST_SHEET]["A4"].value


def test_shapes_of_notes_are_unique_and_the_units_keep_their_size(rich: bytes, marked: bytes) -> None:
    name = "xl/drawings/vmlDrawing2.vml"
    before, after = parts_of(rich)[name].decode(), parts_of(marked)[name].decode()
    kept = before[before.index("<v:shape ") : before.rindex("</v:shape>")]
    assert kept in after
    ids = [part.partition('"')[0] for part in after.split('<v:shape id="')[1:]]
    assert len(ids) == len(set(ids)) == before.count("<v:shape ") + 4


def test_too_many_notes_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.render.marks.MOST_NOTES", 2)
    note = Severity.NOTE
    marks = (finding(3, 1, "课程1", severity=note), finding(4, 1, "课程2"), finding(5, 1, "课程3"))
    book = opened(mark(plain_book(), returned(*marks)).data)
    assert [bool(book[DATA].cell(row, 1).comment) for row in (3, 4, 5)] == [False, True, True]
    assert book[LIST_SHEET]["A4"].value.startswith("有 1 个单元格没有加批注")


def test_mark_at_a_covered_cell_shows_at_the_visible_one() -> None:
    merged = '</sheetData><mergeCells count="1"><mergeCell ref="B3:B5"/></mergeCells>'
    data = replaced(plain_book(), "xl/worksheets/sheet1.xml", ("</sheetData>", merged))
    after = mark(data, returned(finding(4, 2, ""), last=7)).data
    assert opened(after)[DATA]["B3"].comment is not None
    assert _rules(parts_of(after)["xl/worksheets/sheet1.xml"])[0][:2] == ("B3", 'LEN("数字资源校验")>0')


def test_unit_with_a_sheet_of_that_name_keeps_it() -> None:
    data = replaced(plain_book(), "xl/workbook.xml", (DATA, LIST_SHEET))
    book = opened(
        mark(data, returned(finding(3, 1, "课程1", sheet=LIST_SHEET), sheet=LIST_SHEET, last=7)).data
    )
    assert book.sheetnames == [f"{LIST_SHEET}(2)", LIST_SHEET]
    assert book[LIST_SHEET]["I2"].value == ERROR_COLUMN


def test_quote_in_a_sheet_name_is_doubled_in_links() -> None:
    data = replaced(plain_book(), "xl/workbook.xml", (DATA, "一班's"))
    book = opened(mark(data, returned(finding(3, 1, "课程1", sheet="一班's"), sheet="一班's", last=7)).data)
    assert book[LIST_SHEET]["C6"].hyperlink.location == "'一班''s'!A3"


# ── Inert texts ──────────────────────────────────────────────────────────────────────

HOSTILE = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "a\x00b\x0b\ufffe",
    "\ud800",
    "_x000B_",
    "https://a.example",
)


def test_hostile_texts_stay_texts() -> None:
    marks = tuple(
        finding(n, 1, text, field=text, message=text, fix=text, suggestion=text, code=text, source=text)
        for n, text in enumerate(HOSTILE, 3)
    )
    after = mark(plain_book(12), returned(*marks, last=14)).data
    parts = parts_of(after)
    for name in ("xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"):
        root = etree.fromstring(parts[name])
        assert not list(root.iter(f"{MAIN}f"))
        assert all(link.get("location") for link in root.iter(f"{MAIN}hyperlink"))
    sheet = opened(after)[LIST_SHEET]
    for n, text in enumerate(HOSTILE, 6):
        cell = sheet.cell(n, 5)
        assert cell.data_type != "f"
        assert bool(cell.quotePrefix) == (text.lstrip("\r")[:1] in "=+-@\t" or text.startswith("\r"))
    assert sheet.cell(12, 5).value == "a\ufffdb\ufffd\ufffd"


def test_escape_like_text_is_stored_so_that_it_reads_back() -> None:
    assert stored("a_x000B_b") == "a_x005F_x000B_b"
    assert stored("a_x00B_b") == "a_x00B_b"


@given(st.text(max_size=40))
def test_clean_text_is_always_xml(text: str) -> None:
    element = etree.Element("t")
    element.text = clean(text)
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize("character", ["a", "𠮷"])
def test_over_long_text_is_cut_visibly(character: str) -> None:
    fits = character * (MOST_CHARACTERS // len(character.encode("utf-16-le")) * 2)
    assert clean(fits[: MOST_CHARACTERS // 2]).endswith(character)
    cut = clean(character * MOST_CHARACTERS + character)
    assert cut.endswith(CUT)
    assert utf16_length(cut) <= MOST_CHARACTERS


# ── Known again ──────────────────────────────────────────────────────────────────────


def test_list_and_identity_are_known_again(marked: bytes) -> None:
    book = as_read(marked)
    assert [sheet.name for sheet in book.sheets if is_list_sheet(sheet)] == [LIST_SHEET]
    assert identity_of(book) == IDENTITY


def test_unmarked_book_has_no_identity_nor_list() -> None:
    book = as_read(plain_book())
    assert identity_of(book) is None
    assert not any(map(is_list_sheet, book.sheets))


def test_sheet_is_the_list_by_its_whole_header_only() -> None:
    header = dict(enumerate(LIST_HEADER, 1))
    assert is_list_sheet(Sheet("别名", False, {5: header}, {}))
    del header[9]
    assert not is_list_sheet(Sheet(LIST_SHEET, False, {5: header}, {}))


def test_damaged_identity_is_none() -> None:
    sheet = Sheet(
        LIST_SHEET, False, {1: {14: "数字资源校验标识:1:{"}, 5: dict(enumerate(LIST_HEADER, 1))}, {}
    )
    assert is_list_sheet(sheet)
    assert identity_of(Book("xlsx", (sheet,))) is None
