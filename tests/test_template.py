"""The standard workbook: what it holds, how it behaves in a spreadsheet, and that nothing becomes active."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from pipeline.fields import BY_NAME, FIELDS, NAMES, PLATFORM_HEADERS, REQUIRED, UNIT_LABELS
from pipeline.render.template import CODE_RANGE, UNIT_TYPES, deliveries_until, standard_workbook

CODES = {"A01": "视频资源", "A02": "音频资源", "A03": "网络课程"}


def made(**options):
    return standard_workbook(**{"codes": CODES, "version": "v2024.1", "call_id": "henan-2024-192", **options})


def opened(content: bytes):
    return openpyxl.load_workbook(io.BytesIO(content))


@pytest.fixture(scope="module")
def blank():
    return opened(made())


def validation_of(sheet, cell):
    return next(rule for rule in sheet.data_validations.dataValidation if cell in rule.sqref)


def marks_of(sheet, cell):
    return [
        (rule.formula[0], rule.dxf.fill.bgColor.rgb)
        for area, rules in sheet.conditional_formatting._cf_rules.items()
        for rule in rules
        if cell in area.sqref
    ]


def test_sheets_in_order_and_only_the_version_is_hidden(blank):
    states = {sheet.title: sheet.sheet_state for sheet in blank.worksheets}
    assert list(states) == ["填表说明", "单位信息", "资源清单", "平台资质", "代码表", "模板信息"]
    assert [name for name, state in states.items() if state != "visible"] == ["模板信息"]


def test_the_hidden_sheet_tells_version_and_call(blank):
    cells = [[cell.value for cell in row] for row in blank["模板信息"].iter_rows()]
    assert cells == [["模板版本", "v2024.1"], ["征集编号", "henan-2024-192"]]


def test_header_is_row_one_with_required_marked_and_nothing_below(blank):
    sheet = blank["资源清单"]
    assert [cell.value for cell in sheet[1]] == [name + "*" * (name in REQUIRED) for name in NAMES]
    assert sheet.max_row == 1
    assert sheet.freeze_panes == "C2"
    assert sheet.print_title_rows == "$1:$1"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert "&P" in sheet.oddFooter.center.text


def test_columns_that_hold_codes_and_dates_are_text(blank):
    sheet = blank["资源清单"]
    for cell, field in zip(sheet[1], FIELDS, strict=True):
        every = sheet.column_dimensions.values()
        with_format = next(one for one in every if one.min <= cell.column <= one.max)
        assert with_format.number_format == ("@" if field.as_text else "0"), field.name
        assert with_format.width == pytest.approx(field.width, abs=1)


def test_every_column_has_its_prompt_within_excels_limits(blank):
    sheet = blank["资源清单"]
    for cell, field in zip(sheet[1], FIELDS, strict=True):
        rule = validation_of(sheet, f"{cell.column_letter}5000")
        assert (rule.promptTitle, rule.prompt) == (field.name, field.prompt)
        for title, text in ((rule.promptTitle, rule.prompt), (rule.errorTitle, rule.error)):
            assert len(title or "") <= 32
            assert len(text or "") <= 255
        if field.excel:
            assert rule.errorStyle == "warning", "a person may know better than the check"
            assert field.entry in rule.error


def test_types_are_a_list_behind_a_defined_name(blank):
    rule = validation_of(blank["资源清单"], "C2")
    assert (rule.type, rule.formula1) == ("list", CODE_RANGE)
    assert blank.defined_names[CODE_RANGE].attr_text == "'代码表'!$A$2:$A$4"
    assert [cell.value for cell in blank["代码表"]["A"]][1:4] == list(CODES)


def test_the_defined_name_grows_with_the_codes():
    book = opened(made(codes={**CODES, "A04": "微课"}))
    assert book.defined_names[CODE_RANGE].attr_text == "'代码表'!$A$2:$A$5"


@pytest.mark.parametrize("field", [field for field in FIELDS if field.excel], ids=lambda field: field.name)
def test_a_wrong_value_is_marked_by_the_formula_of_its_field(blank, field):
    letter = openpyxl.utils.get_column_letter(NAMES.index(field.name) + 1)
    formulas = [formula for formula, _ in marks_of(blank["资源清单"], f"{letter}2")]
    assert f"NOT({field.excel.format(c=letter + '2')})" in formulas


def test_missing_required_cells_are_marked_in_another_colour(blank):
    colours = {}
    for name in (*REQUIRED, "资源文件"):
        letter = openpyxl.utils.get_column_letter(NAMES.index(name) + 1)
        colours[name] = {
            colour for formula, colour in marks_of(blank["资源清单"], f"{letter}2") if '=""' in formula
        }
    assert all("FFFFF3CD" in found for found in colours.values()), colours


@pytest.mark.parametrize("formula", [field.excel for field in FIELDS])
def test_no_formula_holds_what_live_checks_may_not(formula):
    assert "{{" not in formula, "Excel refuses array constants in live checks"
    assert len(formula.format(c="S5000")) <= 255


def test_unit_sheet_has_labels_beside_blanks_and_nothing_that_could_pass_for_a_value(blank):
    rows = list(blank["单位信息"].iter_rows(max_row=len(UNIT_LABELS), values_only=True))
    assert [(row[0], row[1]) for row in rows] == [(label, None) for label in UNIT_LABELS]
    assert all(cell is None for row in rows for cell in row[2:])
    rule = validation_of(blank["单位信息"], "B2")
    assert rule.formula1 == '"' + ",".join(UNIT_TYPES) + '"'


def test_platform_sheet_has_its_header_and_levels(blank):
    sheet = blank["平台资质"]
    assert [cell.value for cell in sheet[1]] == list(PLATFORM_HEADERS)
    assert "第三级" in validation_of(sheet, "C2").formula1


def test_guide_tells_every_column_and_the_numbers_of_the_notice(blank):
    text = "\n".join(str(cell.value) for row in blank["填表说明"].iter_rows() for cell in row if cell.value)
    for field in FIELDS:
        assert field.name in text
        assert field.entry in text
        assert field.example in text
    for number in (
        "1280*720",
        "25fps",
        "2Mbps",
        "44kHz",
        "16位",
        "第三级",
        "2024-05-15",
        "caichong@jyt.henan.gov.cn",
    ):
        assert number in text


def test_rows_are_text_and_counts_are_numbers():
    row = {
        "资源名称": "=1+1",
        "所属顺序": "01",
        "创建时间": "2022-03-23",
        "点击量": "36500",
        "学习人数": "约2万人",
    }
    sheet = opened(made(rows=[row]))["资源清单"]
    cells = {name: sheet.cell(2, NAMES.index(name) + 1) for name in row}
    assert [cell.value for cell in cells.values()] == ["=1+1", "01", "2022-03-23", 36500, "约2万人"]
    assert [cell.data_type for cell in cells.values()] == ["s", "s", "s", "n", "s"]
    assert cells["资源名称"].quotePrefix


def test_text_that_a_cell_cannot_hold_is_made_visible_not_fatal():
    hostile = "a\x0bb\ud800c _x000B_"
    sheet = opened(made(rows=[{"资源名称": hostile, "资源简介": "长" * 40_000}]))["资源清单"]
    assert sheet["B2"].value == "a\ufffdb\ufffdc _x000B_"
    assert len(sheet["H2"].value) <= 32_767
    assert sheet["H2"].value.endswith("）")


def test_no_value_becomes_a_formula_or_a_link():
    rows = [dict.fromkeys(NAMES, text) for text in ("=cmd|' /C calc'!A0", "https://a.cn/1", "+1", "@x")]
    with zipfile.ZipFile(io.BytesIO(made(rows=rows, unit_info=dict.fromkeys(UNIT_LABELS, "=1")))) as package:
        for name in package.namelist():
            if name.startswith("xl/worksheets/"):
                xml = package.read(name)
                assert b"<f>" not in xml
                assert b"<hyperlink" not in xml


def test_unit_and_platforms_are_written_where_they_are_read():
    book = opened(
        made(unit_info={"手机": "13800000000"}, platforms=[{"部署平台": "学堂在线", "等保级别": "第三级"}])
    )
    assert book["单位信息"]["B7"].value == "13800000000"
    assert [cell.value for cell in book["平台资质"][2]][:3] == ["学堂在线", None, "第三级"]


def test_same_arguments_same_bytes_and_no_clock_inside():
    first, second = made(rows=[{"资源名称": "甲"}]), made(rows=[{"资源名称": "甲"}])
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as package:
        assert {member.date_time[0] for member in package.infolist()} == {1980}
        assert b"2024-04-17" in package.read("docProps/core.xml")
    assert made() != made(version="v2024.2")


RIGHT_AND_WRONG: dict[str, tuple[tuple[str | float, ...], tuple[str | float, ...]]] = {
    "资源ID": ((), ("001",)),
    "资源名称": (("3-1 绪论",), ("一",)),
    "资源类型": (("A03",), ("a01", "A*", "A0?", "B01", "A01;A02")),
    "部署平台": (("中国大学MOOC",), ("https://www.icourse163.org", "www.icourse163.org")),
    "资源链接": (
        ("https://中国大学.cn/课程", "HTTP://a.cn/xyz"),
        ("见平台", "https://", "https://a.cn/1 提取码 ab"),
    ),
    "所属顺序": (("01", "100"), ("1", "①", "01-02", "1E3", "+1", " 1", "１２")),
    "资源简介": (("介绍航空发动机的组成、原理和发展，适合科普学习使用。",), ("很好",)),
    "资源时长": (
        ("02:45:32", "26:05:10", "100:00:00", 0.114953704, 1.5),
        ("45:30", "01:75:00", "00:00:00", "2:45:32", "165分钟", "０２：４５：３２", "0.5", 0, -0.5),
    ),
    "创建时间": (
        ("2022-03-23", "2024-02-29", 44643, 44643.5),
        ("2022.3.23", "2022-3-23", "2023-02-29", "1999-12-31", "2092-03-23", "20220323", 92643),
    ),
    "版权方": (("我校友会",), ("我校", "自有")),
    "主讲人": (
        ("张建华;（藏族）班班多杰", "John Smith"),
        ("张建华；朱新", "张建华、朱新", "(藏族)班班多杰", "主讲人：朱新"),
    ),
    "点击量": (("36500", 0, 36500), ("36,500", "-5", -5, 12.5, "3.65万", "036", "1E3")),
    "学习人数": (("0", 23500), ("约2万人", -1)),
    "资源封面": (("封面/a.JPG", "x.jpeg"), ("fm.png", "无")),
    "资源目录": (("<a>1</a>",), ("第一章",)),
    "关键词": (("machine learning;AI",), ("新媒体；人工智能", "新媒体、人工智能", "新媒体,人工智能")),
    "所属分类": (
        ("科学文化-航空知识",),
        ("科学文化/航空知识", "科学文化－航空", "科学文化—航空", "科学文化>航空"),
    ),
}


@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice to calculate")
def test_live_checks_calculate_as_they_should(tmp_path: Path):
    cases = [(name, value, True) for name, (right, _) in RIGHT_AND_WRONG.items() for value in (*right, "")]
    cases += [(name, value, False) for name, (_, wrong) in RIGHT_AND_WRONG.items() for value in wrong]
    assert {name for name, _, _ in cases} == {field.name for field in FIELDS if field.excel}
    book = xlsxwriter.Workbook(tmp_path / "probe.xlsx")
    sheet, codes = book.add_worksheet("probe"), book.add_worksheet("代码表")
    text = book.add_format({"num_format": "@"})
    codes.write_column(0, 0, list(CODES))
    book.define_name(CODE_RANGE, "=代码表!$A$1:$A$3")
    for row, (name, value, _) in enumerate(cases):
        if isinstance(value, str):
            sheet.write_string(row, 0, value, text) if value else sheet.write_blank(row, 0, None, text)
        else:
            sheet.write_number(row, 0, value)
        # NOW makes the cell one that LibreOffice calculates on loading, whatever the stored result.
        sheet.write_formula(row, 1, f"=IF(NOW()>0,{BY_NAME[name].excel.format(c=f'A{row + 1}')})")
    book.close()
    subprocess.run(
        ["soffice", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to",
         "csv:Text - txt - csv (StarCalc):44,34,76", "--outdir", str(tmp_path), str(tmp_path / "probe.xlsx")],
        check=True, capture_output=True, timeout=100,
    )  # fmt: skip
    with (tmp_path / "probe.csv").open(encoding="utf-8", newline="") as file:
        results = [row[1] for row in csv.reader(file)]
    wrong = [
        (name, value, result)
        for (name, value, expected), result in zip(cases, results, strict=True)
        if result != str(expected).upper()
    ]
    assert wrong == []


def test_the_days_of_the_call_stand_in_the_guide():
    days = deliveries_until("2025-03-01", "2025-04-01")
    book = opened(made(deliveries=days))
    texts = {cell.value for row in book["填表说明"].iter_rows() for cell in row}
    assert {"2025-03-01 前", "2025-04-01 前"} <= texts
    assert "2024-05-15 前" not in texts
