"""Sheets are found by their headers, whatever stands around them; what the sheet has wrong is told once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline import grid
from pipeline.fields import FIELDS, NAMES, TEMPLATE_VERSION, VERSION_LABEL
from pipeline.grid import joined
from pipeline.model import Area, Book, Finding, Kind, Sheet, Submission
from pipeline.ownmarks import IDENTITY, LIST_HEADER
from pipeline.read.book import read_book
from pipeline.read.flaws import CHECKED_ROWS
from pipeline.read.tables import understand
from pipeline.render.template import LIVE_ROWS, standard_workbook
from tests.small_tables import RIGHT_ROW, by_column

Grid = list[list[str]]
HEADER = list(NAMES)
ROW = [RIGHT_ROW.get(name, "") for name in NAMES]


def sheet(grid: Grid, name: str = "资源清单", **more: object) -> Sheet:
    rows = {
        number: {column: text for column, text in enumerate(cells, 1) if text}
        for number, cells in enumerate(grid, 1)
    }
    return Sheet(
        name,
        bool(more.pop("hidden", False)),
        {n: c for n, c in rows.items() if c},
        by_column(more.pop("kinds", {})),
        **more,
    )  # type: ignore[arg-type]


def read(*sheets: Sheet, kind: str = "xlsx", name: str = "清单.xlsx", **more: object) -> Submission:
    outcome = understand(Book(kind, sheets, **more), "示例学院", name)  # type: ignore[arg-type]
    assert isinstance(outcome, Submission)
    return outcome


def told(submission: Submission) -> list[tuple[str, str, str]]:
    return [(f.code, f.place.cell, f.place.field) for f in submission.findings]


def test_standard_sheet_is_read_without_findings() -> None:
    submission = read(sheet([HEADER, ROW, ROW]))
    assert submission.rows == (2, 3)
    assert submission.cells["主讲人"] == ["朱新", "朱新"]
    assert submission.layout.address(3, "主讲人") == "L3"
    assert told(submission) == []


@pytest.mark.parametrize("decorate", ["{}*", "{}（必填）", " {} ", "{}\n（选填）", "* {} ："])
def test_what_stands_around_a_header_name_does_not_matter(decorate: str) -> None:
    assert told(read(sheet([[decorate.format(name) for name in HEADER], ROW]))) == []


@given(st.permutations(range(len(NAMES))), st.integers(0, 12), st.sets(st.integers(0, 18), max_size=4))
def test_order_of_columns_place_of_header_and_blank_rows_change_addresses_only(
    order: list[int], above: int, blanks: set[int]
) -> None:
    columns: list[int | None] = list(order)
    for at in sorted(blanks):
        columns.insert(at, None)
    grid = [["某省继续教育资源申报表"]] * above
    for cells in (HEADER, ROW, [""] * 19, ROW):
        grid.append(["" if at is None else cells[at] for at in columns])
    submission = read(sheet(grid))
    assert submission.rows == (above + 2, above + 4)
    assert {name: texts[1] for name, texts in submission.cells.items()} == dict(zip(NAMES, ROW, strict=True))
    assert told(submission) == [("S09b", "", "")]


def test_other_columns_are_named_and_left_out() -> None:
    submission = read(sheet([["序号", *HEADER], ["1", *ROW]]))
    assert told(submission) == [("S06", "A1", "序号")]


def test_the_header_is_found_on_a_sheet_of_any_name_beside_others() -> None:
    submission = read(sheet([["说明"], ["先看这里"]], "Sheet1"), sheet([HEADER, ROW], "2024"))
    assert submission.layout.sheet == "2024"


def test_unrelated_workbook_is_refused_by_one_finding() -> None:
    outcome = understand(
        Book("xlsx", (sheet([["报销单"], ["日期", "金额", "类型"], ["2024-01-01", "12", "交通"]]),)),
        "甲",
        "a.xlsx",
    )
    assert isinstance(outcome, Finding)
    assert outcome.code == "F01b"


def test_a_renamed_header_is_read_and_told() -> None:
    header = ["主讲教师" if name == "主讲人" else name for name in HEADER]
    submission = read(sheet([header, ROW]))
    assert told(submission) == [("S04", "L1", "主讲人")]
    assert submission.cells["主讲人"] == ["朱新"]


def test_a_missing_required_column_is_told_once_and_its_cells_are_held() -> None:
    at = HEADER.index("版权方")
    submission = read(sheet([HEADER[:at] + HEADER[at + 1 :], ROW[:at] + ROW[at + 1 :]]))
    assert told(submission) == [("S03", "", "版权方")]
    assert submission.held == {(2, "版权方")}


def test_a_missing_optional_column_is_no_finding() -> None:
    assert told(read(sheet([HEADER[1:], ROW[1:]]))) == []


def test_a_repeated_column_is_told_and_the_first_is_used() -> None:
    submission = read(sheet([[*HEADER, "主讲人"], [*ROW, "李雷"]]))
    assert told(submission) == [("S05", "T1", "主讲人")]
    assert submission.cells["主讲人"] == ["朱新"]


def test_header_alone_is_no_submission_of_resources() -> None:
    assert told(read(sheet([HEADER]))) == [("F08", "", "")]


def test_of_two_lists_with_data_one_is_read_and_both_are_named() -> None:
    submission = read(sheet([HEADER, ROW], "旧表"), sheet([HEADER, ROW]))
    assert [code for code, _, _ in told(submission)] == ["S01"]
    assert submission.layout.sheet == "资源清单"
    assert told(read(sheet([HEADER], "空表"), sheet([HEADER, ROW]))) == []


def test_merged_cells_in_the_data_are_told_cell_by_cell() -> None:
    blank = ["" if name == "主讲人" else text for name, text in zip(NAMES, ROW, strict=True)]
    submission = read(sheet([HEADER, ROW, blank, blank], merged=(Area(2, 12, 4, 12),)))
    assert told(submission) == [("S07", f"L{row}", "主讲人") for row in (2, 3, 4)]
    assert [(f.value, f.suggestion) for f in submission.findings] == [
        ("朱新", "朱新"), ("", "朱新"), ("", "朱新"),
    ]  # fmt: skip
    assert submission.held == {(row, "主讲人") for row in (2, 3, 4)}


def test_merged_titles_above_and_cells_outside_the_fields_are_no_matter() -> None:
    grid = [["申报表"], [*HEADER, "备注"], [*ROW, "x"], ROW]
    merged = (Area(1, 1, 1, 19), Area(3, 20, 4, 20), Area(3, 5, 3, 5), Area(9, 1, 1048576, 19))
    assert told(read(sheet(grid, merged=merged))) == [("S06", "T2", "备注")]


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        (Kind.ERROR, "#REF!", "S10"),
        (Kind.UNCALCULATED, "=A1", "S10"),
        (Kind.PICTURE, '=DISPIMG("ID_1",1)', "S12"),
    ],
)
def test_cells_without_a_usable_value_are_told_and_held(kind: Kind, text: str, code: str) -> None:
    row = [text if name == "资源封面" else old for name, old in zip(NAMES, ROW, strict=True)]
    submission = read(sheet([HEADER, row], kinds={(2, 15): kind}))
    assert told(submission) == [(code, "O2", "资源封面")]
    assert submission.held == {(2, "资源封面")}


def test_native_kinds_travel_with_the_rows() -> None:
    submission = read(sheet([HEADER, ROW], kinds={(2, 2): Kind.NUMBER, (1, 1): Kind.NUMBER}))
    assert submission.kinds == {"资源名称": {2: Kind.NUMBER}}


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"资源名称": "示例：航空发动机基础", "资源类型": "A01"}, "S08"),
        ({"资源ID": "合计：25 门"}, "S09"),
        ({"资源ID": "合计", "资源名称": "共 25 门"}, "S09"),
        ({"资源ID": "备注：封面另送"}, "S09"),
        ({"资源名称": "填表人：李雷", "资源类型": "2024-05-01"}, "S09"),
    ],
)
def test_rows_that_are_no_resources_are_told_and_skipped(cells: dict[str, str], code: str) -> None:
    other = [cells.get(name, "") for name in NAMES]
    submission = read(sheet([HEADER, ROW, other]))
    assert [(c, f.place.row) for (c, _, _), f in zip(told(submission), submission.findings, strict=True)] == [
        (code, 3)
    ]
    assert submission.rows == (2,)


def test_a_resource_whose_name_only_begins_like_a_total_is_a_resource() -> None:
    row = ["合计的艺术" if name == "资源名称" else old for name, old in zip(NAMES, ROW, strict=True)]
    assert read(sheet([HEADER, row])).rows == (2,)


def test_a_row_with_nothing_but_a_prefilled_identifier_is_blank() -> None:
    assert read(sheet([HEADER, ROW, ["003"]])).rows == (2,)


def test_old_template_is_told() -> None:
    def version(text: str) -> Sheet:
        return sheet([["模板版本", text]], "模板信息", hidden=True)

    assert told(read(sheet([HEADER, ROW]), version(TEMPLATE_VERSION))) == []
    assert [code for code, _, _ in told(read(sheet([HEADER, ROW]), version("v2023.1")))] == ["F03"]


def test_format_and_extension() -> None:
    one = sheet([HEADER, ROW])
    assert [c for c, _, _ in told(read(one, kind="xls", name="清单.xlsx"))] == ["F02"]
    assert [c for c, _, _ in told(read(one, kind="xls", name="清单.et"))] == ["F02b"]
    assert [c for c, _, _ in told(read(one, kind="csv", name="清单.CSV"))] == ["F02b"]
    assert read(one, kind="xls", name="清单.et").findings[0].facts == {"real": "et"}
    assert read(one, kind="xls", name="清单.xlsx").findings[0].facts == {"real": "xls"}
    assert [c for c, _, _ in told(read(one, active=("宏",)))] == ["F07"]


def test_unit_information_and_platforms() -> None:
    info = sheet(
        [
            ["单位信息"],
            ["单位名称：", "", "示例学院"],
            ["单位类型", "高等学校"],
            ["手机", ""],
            ["座机", "0371-1"],
        ],
        "单位",
    )
    platforms = sheet([["部署平台", "域名", "等保级别"], ["学堂", "a.cn", "三级"], ["", "", ""]], "平台")
    submission = read(sheet([HEADER, ROW]), info, platforms)
    assert submission.unit_info["单位名称"].text == "示例学院"
    assert submission.unit_info["单位名称"].cell == "C2"
    assert submission.unit_info["手机"].text == ""
    assert [row["域名"].text for row in submission.platforms] == ["a.cn"]


# --- what is hidden, blank, cut, linked elsewhere ---------------------------------------------------


def values(submission: Submission, code: str) -> list[str]:
    return [f.value for f in submission.findings if f.code == code]


@pytest.mark.parametrize(
    "name",
    [
        "新建 Microsoft Excel 工作表.xlsx",
        "新建 Microsoft Excel 97-2003 工作表.xlsx",
        "新建 XLSX 工作表 (2).xlsx",
        "工作簿1.xlsx",
        "工作簿1 - 副本.xlsx",
        "Book1.xlsx",
        "sheet1(1).xlsx",
        "甲/新建表格.xlsx",
        "未命名 1.xlsx",
    ],
)
def test_a_name_that_a_program_gave_is_told(name: str) -> None:
    assert told(read(sheet([HEADER, ROW]), name=name)) == [("F06", "", "")]


@pytest.mark.parametrize(
    "name",
    [
        "资源元数据.xlsx",
        "郑州大学工作表.xlsx",
        "新建街道老年学校.xlsx",
        "Book Club课程.xlsx",
        "2024工作簿1班.xlsx",
    ],
)
def test_a_name_that_a_person_gave_is_right(name: str) -> None:
    assert told(read(sheet([HEADER, ROW]), name=name)) == []


def test_hidden_rows_and_columns_with_data_are_one_finding() -> None:
    grid = [HEADER, *[ROW] * 7]
    hidden = sheet(grid, hidden_rows=frozenset({1, 3, 4, 6, 99}), hidden_columns=((1, 1), (12, 13), (30, 40)))
    submission = read(hidden)
    assert values(submission, "S02") == ["第 3–4、6 行、“主讲人”列"]
    assert [(f.place.row, f.place.sheet) for f in submission.findings] == [(0, "资源清单")]
    assert len(submission.rows) == 7


def test_a_hidden_sheet_is_told_if_it_is_the_list_itself() -> None:
    assert values(read(sheet([HEADER, ROW], hidden=True)), "S02") == ["整张工作表"]


def test_hidden_but_blank_is_right() -> None:
    assert told(read(sheet([HEADER, ROW], hidden_rows=frozenset({1}), hidden_columns=((1, 1), (6, 7))))) == []


def test_a_filter_in_a_workbook_that_we_marked_is_what_it_invites() -> None:
    listed = sheet([[IDENTITY + '{"round":"1"}']], "问题清单")
    by_filter = sheet([HEADER, ROW, ROW], hidden_rows=frozenset({3}), filtered=True)
    by_hand = sheet([HEADER, ROW, ROW], hidden_rows=frozenset({3}))
    assert values(read(listed, by_filter), "S02") == []
    assert values(read(listed, by_hand), "S02") == values(read(by_filter), "S02") == ["第 3 行"]


def test_resources_on_another_sheet_are_told_of_with_or_without_a_header() -> None:
    for other in ([HEADER, ROW], [ROW]):
        submission = read(sheet([HEADER, ROW]), sheet(other, "备份", hidden=True))
        assert told(submission) == [("S02b", "", "")]
        assert submission.findings[0].place.sheet == "备份"
    assert told(read(sheet([HEADER, ROW]), sheet([ROW], "Sheet2"))) == [("S02b", "", "")]
    codes = sheet([["代码", "名称", "出处"], ["A01", "视频资源", "通知附件4"]], "代码表")
    by_code = [NAMES[2], NAMES[1], *NAMES[3:]]
    listed = [dict(zip(NAMES, ROW, strict=True))[name] for name in by_code]
    assert told(read(sheet([by_code, listed]), codes)) == []
    assert told(read(sheet([HEADER, ROW]), sheet([HEADER], "空白", hidden=True))) == []


def test_blank_rows_between_resources_are_one_finding() -> None:
    grid = [
        HEADER,
        ROW,
        [],
        [],
        ROW,
        ["", "　"],
        ROW,
        ["备注"],
        [],
        ["", "", "A01"],
        ROW,
        [],
        ["合计：4"],
        [],
    ]
    assert [(f.value, f.facts) for f in read(sheet(grid)).findings if f.code == "S09b"] == [
        ("第 3–4、6、9 行", {"count": 4})
    ]
    assert values(read(sheet([HEADER, [], ROW, ROW, [], []])), "S09b") == []
    alternate = read(sheet([HEADER, *[cells for _ in range(20) for cells in (ROW, [])]]))
    assert values(alternate, "S09b") == ["第 3、5、7、9、11、13、15、17 等 行"]


def test_a_row_merged_away_is_no_blank_row() -> None:
    tall = tuple(Area(2, column, 3, column) for column in range(1, 20))
    submission = read(sheet([HEADER, ROW, [], ROW], merged=tall))
    assert {f.code for f in submission.findings} == {"S07"}


def long_text(length: int, text: str = "简") -> Grid:
    return [
        HEADER,
        [text * length if name == "资源简介" else old for name, old in zip(NAMES, ROW, strict=True)],
    ]


def test_a_text_that_fills_its_cell_is_told_and_held() -> None:
    submission = read(sheet(long_text(32_767)))
    assert told(submission) == [("S11", "H2", "资源简介")]
    assert submission.held == {(2, "资源简介")}
    assert told(read(sheet(long_text(32_766)))) == []


def test_characters_of_two_units_count_twice() -> None:
    assert told(read(sheet(long_text(16_384, "𠮷")))) == [("S11", "H2", "资源简介")]
    assert told(read(sheet(long_text(16_383, "𠮷")))) == []


E2 = Area(2, 5, 2, 5)


def linked(shown: str, target: str, area: Area = E2) -> Submission:
    row = [shown if name == "资源链接" else old for name, old in zip(NAMES, ROW, strict=True)]
    return read(sheet([HEADER, row, row], links=((area, target),)))


@pytest.mark.parametrize(
    ("shown", "target"),
    [
        ("https://a.cn/1", "https://a.cn/1"),
        ("https://a.cn/1", "https://a.cn/1/"),
        ("https://a.cn", "https://A.CN/"),
        ("http://a.cn/1", "https://a.cn:443/1"),
        ("https://a.cn/?id=1", "https://a.cn?id=1"),
        ("https://a.cn/课程?n=第一讲", "https://a.cn/%E8%AF%BE%E7%A8%8B?n=%e7%ac%ac%E4%B8%80%E8%AE%B2"),
        ("https://a.cn/#/course/1", "https://a.cn/#/course/1"),
        ("https://例子.cn/1", "https://xn--fsqu00a.cn/1"),
        ("https://a.cn/1", "a.cn/1"),
        ("https://a.cn/1", "mailto:https://a.cn/1"),
        ("https://a.cn/1", ""),
        ("见平台", "https://b.cn/1"),
    ],
)
def test_a_link_to_the_same_page_is_right(shown: str, target: str) -> None:
    assert told(linked(shown, target)) == []


@pytest.mark.parametrize(
    "target",
    ["https://b.cn/1", "https://a.cn/2", "https://a.cn/1?x=1", "https://a.cn/1#2", "https://a.cn/A",
     "file:///C:/1.html", "https://www.a.cn/1"],
)  # fmt: skip
def test_a_link_to_another_page_is_told_and_the_text_is_still_judged(target: str) -> None:
    submission = linked("https://a.cn/1", target)
    assert told(submission) == [("R05-8", "E2", "资源链接")]
    assert submission.findings[0].facts == {"target": target}
    assert submission.held == frozenset()


def test_a_link_over_many_cells_is_looked_at_in_its_own_column_alone() -> None:
    everything = Area(1, 1, 1_048_576, 16_384)
    assert [cell for _, cell, _ in told(linked("https://a.cn/1", "https://b.cn", everything))] == ["E2", "E3"]
    assert told(linked("https://a.cn/1", "https://b.cn", Area(2, 6, 9, 6))) == []


def test_dates_of_1904_are_told_once_and_send_nothing_back() -> None:
    at = NAMES.index("创建时间") + 1
    row = ["2022-03-23" if name == "创建时间" else old for name, old in zip(NAMES, ROW, strict=True)]
    native = sheet([HEADER, row, row], kinds={(2, at): Kind.DATE, (3, at): Kind.DATE})
    (found,) = read(native, date1904=True).findings
    assert (found.code, found.value, found.facts, found.safe) == ("R10-6", "2022-03-23", {"count": 2}, True)
    assert told(read(native)) == []
    assert told(read(sheet([HEADER, row]), date1904=True)) == []


def test_what_a_review_left_behind_is_told() -> None:
    submission = read(sheet([HEADER, ROW]), leftovers=("2 处没有解决的批注讨论", "修订记录"))
    assert [(f.code, f.facts) for f in submission.findings] == [
        ("S14", {"what": "2 处没有解决的批注讨论、修订记录"})
    ]


def test_a_picture_is_named_if_the_workbook_tells_of_it() -> None:
    row = ['=DISPIMG("ID_1",1)' if n == "资源封面" else old for n, old in zip(NAMES, ROW, strict=True)]
    pictured = sheet([HEADER, row], kinds={(2, 15): Kind.PICTURE})
    assert read(pictured, pictures={"ID_1": "JPG 640×360"}).findings[0].facts == {
        "picture": "（JPG 640×360）"
    }
    assert read(pictured, pictures={"ID_2": "JPG 640×360"}).findings[0].facts == {"picture": ""}


def test_live_checks_that_pasting_took_away_are_told_in_one_finding() -> None:
    made_here = sheet([["模板版本", TEMPLATE_VERSION]], "模板信息", hidden=True)
    whole = tuple(Area(2, column, 5000, column) for column in range(1, 20))
    kind, speaker = NAMES.index("资源类型"), NAMES.index("主讲人")

    def lost(*checked: Area) -> list[str]:
        return values(read(sheet([HEADER, ROW, ROW, ROW], checked=checked), made_here), "S13")

    def without(*columns: int) -> tuple[Area, ...]:
        return tuple(area for number, area in enumerate(whole) if number not in columns)

    assert lost(*whole) == []
    assert lost(*without(kind, speaker)) == ["资源类型、主讲人"]
    assert lost(*without(kind), Area(2, kind + 1, 2, kind + 1), Area(4, kind + 1, 9, kind + 1)) == [
        "资源类型"
    ]
    assert lost(*without(kind), Area(3, kind + 1, 9, kind + 1), Area(2, 1, 2, 9)) == []
    assert told(read(sheet([HEADER, ROW], checked=()))) == []
    assert told(read(sheet([HEADER, ROW]), made_here)) == []


def test_the_blank_template_with_rows_is_right(tmp_path: Path) -> None:
    path = tmp_path / "清单.xlsx"
    path.write_bytes(
        standard_workbook(
            codes={"A01": "视频资源", "A03": "网络课程"},
            version=TEMPLATE_VERSION,
            call_id="x",
            rows=[RIGHT_ROW] * 3,
        )
    )
    book = read_book(path)
    assert isinstance(book, Book)
    assert told(understand(book, "示例学院", "清单.xlsx")) == []  # type: ignore[arg-type]
    recurring = replace(book, sheets=tuple(replace(each, recurs=True) for each in book.sheets))
    for _ in range(2):
        # Not even what is remembered of them makes a difference.
        assert understand(recurring, "甲校", "清单.xlsx") == understand(book, "甲校", "清单.xlsx")
    listed = next(each for each in book.sheets if each.name == "资源清单")
    without = replace(listed, checked=tuple(a for a in listed.checked or () if a.left != 3))
    kept = tuple(without if each is listed else each for each in book.sheets)
    assert values(read(*kept), "S13") == ["资源类型"]
    assert CHECKED_ROWS == LIVE_ROWS


_LINES = st.sampled_from(
    [
        ROW, ROW, [""] * 19, ROW[:4], ["", *ROW[1:6]], [" ", " "], ["", "示例：一门课", *ROW[2:]],
        ["", "合计"], ["填表说明：从第 2 行起"], ["", "", "A01"], ["", "", "A01", "", "", "", "", "单位"],
        [VERSION_LABEL, TEMPLATE_VERSION], [VERSION_LABEL, "旧"], list(LIST_HEADER), [f"{IDENTITY}{{}}"],
        ["", *ROW[1:8], *[""] * 9, "x"], HEADER[:5], ["", FIELDS[1].example, *ROW[2:]],
    ]
)  # fmt: skip


@given(st.lists(_LINES, max_size=8), st.lists(_LINES, max_size=4), st.sampled_from([0, 3]))
@settings(deadline=None)
def test_rows_and_columns_are_understood_alike(lines: Grid, others: Grid, few: int) -> None:
    by_rows = sheet([HEADER, *lines]), sheet(others, "别的")
    by_columns = []
    for each in by_rows:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(grid, "_FEW", few)
            rows = joined([{number: line} for number, line in reversed(list(each.rows.items()))])
        assert rows == each.rows
        assert isinstance(rows, grid.Grid) == (len(each.rows) > few)
        assert rows is not None
        by_columns.append(replace(each, rows=rows))
    books = (Book("xlsx", tuple(sheets)) for sheets in (by_rows, by_columns))
    one, other = (understand(book, "示例学院", "清单.xlsx") for book in books)
    assert one == other


def test_a_row_that_is_there_twice_joins_nothing() -> None:
    assert joined([{2: {1: "甲"}}, {1: {1: "乙"}, 2: {2: "丙"}}]) is None


def test_far_cells_stay_rows() -> None:
    rows = {number: {number * 10: "x"} for number in range(1, 400)}
    assert joined([rows]) == rows
    assert isinstance(joined([rows]), dict)
