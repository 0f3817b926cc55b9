"""Sheets are found by their headers, whatever stands around them; what the sheet has wrong is told once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fields import NAMES, TEMPLATE_VERSION
from pipeline.model import Area, Book, Finding, Kind, Sheet, Submission
from pipeline.read.tables import understand
from tests.small_tables import RIGHT_ROW

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
        more.pop("kinds", {}),
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
    assert told(submission) == []


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
    assert [f.suggestion for f in submission.findings] == ["", "朱新", "朱新"]
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
    assert submission.kinds == {(2, "资源名称"): Kind.NUMBER}


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"资源名称": "示例：航空发动机基础", "资源类型": "A01"}, "S08"),
        ({"资源ID": "合计：25 门"}, "S09"),
        ({"资源名称": "填表人：李雷", "资源类型": "2024-05-01"}, "S09"),
    ],
)
def test_rows_that_are_no_resources_are_told_and_skipped(cells: dict[str, str], code: str) -> None:
    other = [cells.get(name, "") for name in NAMES]
    if cells.keys() == {"资源ID"}:
        other[1] = "共 25 门"
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
