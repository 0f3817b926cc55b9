"""The unit register and earlier years: what is read, what is refused, and what the rules make of it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from msgspec.structs import replace

from pipeline.earlier import earlier_files, earlier_table, read_earlier, year_of
from pipeline.fields import NAMES
from pipeline.isolate import Limits, Workers
from pipeline.model import Labelled, Submission
from pipeline.progress import Progress
from pipeline.register import (
    Register,
    RegisteredUnit,
    RegisterError,
    aliases_table,
    read_register,
    register_of,
    units_table,
    unsent,
)
from pipeline.render.registerbook import FILE_NAME, register_workbook
from pipeline.rules import REGISTER
from pipeline.unitname import FORMER, KNOWN, SHORT, UNKNOWN
from tests.small_tables import ROOT, SETTINGS, resources_of, submission, table_of

HEADERS = ["全称", "类型", "地区", "标识码", "曾用名", "简称", "联系"]
CITY = "省辖市教育局"
UNITS = (
    RegisteredUnit("郑州市教育局", CITY, "郑州市", "410100", short=("郑州教育局",)),
    RegisteredUnit("新乡市教育局", CITY, "新乡市", "410700"),
    RegisteredUnit(
        "信阳师范大学", "高等学校", identifier="4141010477", former=("信阳师范学院",), short=("信师",)
    ),
    RegisteredUnit("河南大学", "高等学校", short=("河大",)),
    RegisteredUnit("河南省经济管理学校", "省属中等职业学校", short=("河大",)),
)
SMALL = register_of(UNITS, [CITY])


def workbook(*sheets: list[list[str]], names: tuple[str, ...] = ("名录", "完整类型")) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    for name, rows in zip(names, sheets, strict=False):
        sheet = book.add_worksheet(name)
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if cell.startswith("="):
                    sheet.write_formula(row, column, cell, None, "#DIV/0!")
                else:
                    sheet.write(row, column, cell)
    book.close()
    return out.getvalue()


def read(tmp_path: Path, *sheets: list[list[str]]) -> Register | None:
    path = tmp_path / FILE_NAME
    path.write_bytes(workbook(*sheets))
    return read_register(path)


# --- the file -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> Register:
    register = read_register(ROOT / SETTINGS.unit_register)
    assert register is not None
    return register


def test_the_shipped_register_is_what_the_program_writes() -> None:
    assert register_workbook() == register_workbook()
    assert (ROOT / "templates" / FILE_NAME).read_bytes() == register_workbook()


def test_the_shipped_register_holds_the_bureaus_of_the_notice_and_claims_no_more(shipped: Register) -> None:
    kinds = [unit.kind for unit in shipped.units]
    assert [kinds.count(kind) for kind in dict.fromkeys(kinds)] == [17, 2, 10]
    assert shipped.complete == set(kinds)
    codes = {unit.name: unit.region_code for unit in shipped.units}
    assert codes["济源产城融合示范区教育体育局"] == "419001"
    filled = [code for code in codes.values() if code]
    assert len(set(filled)) == len(filled) == 28
    assert all(code.startswith("41") and len(code) == 6 for code in filled)
    assert {(unit.identifier, unit.contact) for unit in shipped.units} == {("", ())}


@pytest.mark.parametrize(
    ("name", "standing", "full"),
    [
        ("开封市教育局", KNOWN, "开封市教育局"),
        ("开封市教育体育局", KNOWN, "开封市教育局"),
        ("河南省开封市教体局", KNOWN, "开封市教育局"),
        ("济源示范区教育局", SHORT, "济源产城融合示范区教育体育局"),
        ("航空港区", SHORT, "郑州航空港经济综合实验区教育局"),
        ("郑州航空港经济综合实验区教育文化卫生体育局", KNOWN, "郑州航空港经济综合实验区教育局"),
        ("长垣县教育局", FORMER, "长垣市教育局"),
        ("滑县教育局", KNOWN, "滑县教育局"),
        ("新郑市教育局", UNKNOWN, None),
        ("郑州市教育考试院", UNKNOWN, None),
    ],
)
def test_a_bureau_is_known_however_it_is_called(
    shipped: Register, name: str, standing: str, full: str | None
) -> None:
    found = shipped.find(name)
    assert (found.standing, found.unit and found.unit.name) == (standing, full)


def test_what_a_person_fills_in_is_read(tmp_path: Path) -> None:
    rows = [
        HEADERS,
        [
            " 信阳师范大学 ",
            "高等学校",
            "411500 信阳市",
            "4141010477",
            "信阳师范学院；信阳师院",
            "信师",
            "0376-1;a@b.cn",
        ],
        [""] * 7,
        ["郑州市教育局", CITY, "郑州市", "", "", "", ""],
    ]
    register = read(
        tmp_path, [["报送单位名录"], *rows], [["类型", "是否收全"], ["高等学校", "是"], [CITY, "否"]]
    )
    assert register is not None
    assert register.units[0] == RegisteredUnit(
        "信阳师范大学", "高等学校", "信阳市", "411500", "4141010477", ("信阳师范学院", "信阳师院"), ("信师",),
        ("0376-1", "a@b.cn"),
    )  # fmt: skip
    assert (register.units[1].region, register.units[1].region_code) == ("郑州市", "")
    assert register.complete == {"高等学校"}


def test_without_the_file_there_is_no_register_and_without_the_sheet_nothing_is_complete(
    tmp_path: Path,
) -> None:
    assert read_register(tmp_path / FILE_NAME) is None
    register = read(tmp_path, [HEADERS, ["郑州市教育局", CITY]])
    assert register is not None
    assert register.complete == frozenset()


@pytest.mark.parametrize(
    ("sheets", "said"),
    [
        ([[["单位", "类型"], ["郑州大学", "高等学校"]]], "没有找到表头“全称”“类型”"),
        ([[HEADERS, ["", "高等学校"]]], "第 2 行没有填“全称”"),
        ([[HEADERS, ["郑州大学", ""]]], "第 2 行没有填“类型”"),
        ([[HEADERS, ["郑州大学", "高等学校"], ["郑州 大学", "高等学校"]]], "第 2、3 行是同一个单位"),
        ([[HEADERS, ["郑州大学", "=1/0"]]], "B2"),
        ([[HEADERS, ["郑州大学", "高等学校"]], [["类型", "是否收全"], ["高等学校", "对"]]], "填的是“对”"),
    ],
)
def test_a_register_that_cannot_be_used_is_refused_in_one_sentence(
    tmp_path: Path, sheets: list[list[list[str]]], said: str
) -> None:
    with pytest.raises(RegisterError) as refused:
        read(tmp_path, *sheets)
    assert said in str(refused.value)
    assert FILE_NAME in str(refused.value)
    assert str(refused.value).count("。") == 1


def test_a_broken_file_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(RegisterError, match="无法读取"):
        read_register(path)


# --- looking up -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "standing"),
    [
        ("信阳师范大学", KNOWN),
        ("信阳 师范大学", KNOWN),
        ("4141010477", KNOWN),
        ("河南省信阳师范大学", KNOWN),
        ("信阳师范学院", FORMER),
        ("信师", SHORT),
        ("经济管理学校", SHORT),
        ("河大", UNKNOWN),
        ("信阳师院", UNKNOWN),
    ],
)
def test_names_codes_and_blanks(name: str, standing: str) -> None:
    assert SMALL.find(name).standing == standing


def test_a_full_name_goes_before_anothers_former_name() -> None:
    renamed = RegisteredUnit("新乡职业大学", "高等学校", former=("郑州市教育局",))
    assert register_of((*UNITS, renamed), []).find("郑州市教育局").unit == UNITS[0]


def test_nearest_names_are_few_and_near() -> None:
    assert SMALL.nearest("郑洲市教育局") == ("郑州市教育局",)
    assert SMALL.nearest("信阳师范") == ("信阳师范大学",)
    assert SMALL.nearest("甲公司") == ()


# --- the table `units` and the rules --------------------------------------------------------------


def of_unit(name: str, kind: str = "") -> Submission:
    info = {"单位类型": Labelled(kind, "单位信息", 2, "B2")} if kind else {}
    return replace(submission([{}], unit=name), unit_info=info)


def told(
    names: list[str], kinds: dict[str, str] | None = None, register: Register = SMALL
) -> set[tuple[str, str]]:
    """(code, value) of the rules over `units`."""
    table = units_table(names, [of_unit(name, kind) for name, kind in (kinds or {}).items()], register)
    codes = ("W01", "W01b", "W01c", "W01d")
    return {(code, value) for code in codes for value in REGISTER.rules[code].check(table)["value"]}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("郑州市教育局", "", ""),
        ("郑洲市教育局", "", "W01"),
        ("郑洲市教育局", "高等学校", "W01"),
        ("示范区社会事业局", CITY, "W01"),
        ("示范区社会事业局", "", "W01b"),
        ("河南示例职业学院", "高等学校", "W01b"),
        ("河南示例职业学院", CITY, "W01b"),
        ("信阳师范学院", "", "W01c"),
        ("信师", "", "W01d"),
    ],
)
def test_one_finding_tells_how_a_unit_stands_to_the_register(name: str, kind: str, code: str) -> None:
    assert told([name], {name: kind}) == ({(code, name)} if code else set())


def test_the_suggestion_is_the_nearest_full_name() -> None:
    table = units_table(["郑洲市教育局"], [], SMALL)
    row = REGISTER.rules["W01"].check(table).iloc[0]  # type: ignore[misc]
    assert (row["suggestion"], row["near"]) == ("郑州市教育局", "，相近的有“郑州市教育局”")


def test_bureau_and_school_are_looked_up_apart_and_the_bureau_once() -> None:
    assert told(["郑州市教育局/金水区教育局", "郑州市教育局/某小学"]) == set()
    assert told(["郑洲市教育局/甲校", "郑洲市教育局/乙校"]) == {("W01", "郑洲市教育局")}
    assert told(["郑州市教育局/信阳师范学院"]) == {("W01c", "信阳师范学院")}
    table = units_table(["郑洲市教育局/甲校"], [of_unit("郑洲市教育局/甲校")], SMALL)
    assert table[["@unit", "@workbook", "value"]].to_numpy().tolist() == [
        ["郑洲市教育局", "", "郑洲市教育局"],
        ["郑洲市教育局/甲校", "清单.xlsx", "甲校"],
    ]


def test_the_order_of_units_does_not_matter() -> None:
    names = ["信师", "郑洲市教育局/甲校", "河南大学"]
    assert units_table(names, [], SMALL).equals(units_table(names[::-1], [], SMALL))


def test_unsent_units_are_those_from_which_nothing_came(shipped: Register) -> None:
    sent = ["郑州市教育局/某小学", "信阳师范学院"]
    assert [unit.name for unit in unsent(SMALL, sent)] == ["新乡市教育局", "河南大学", "河南省经济管理学校"]
    assert len(unsent(shipped, [])) == 29
    assert len(unsent(shipped, ["航空港区", "兰考县教体局", "河南大学"])) == 27


def test_a_registered_short_name_as_rights_holder_is_told_with_the_full_name() -> None:
    rows = [
        {"版权方": text} for text in ("信师", "河大", "信阳师范大学", "信阳师范学院", "朱新", "信师出版社")
    ]
    table = table_of([*rows, {"版权方": "信师", "@unit": "信阳师范大学"}])
    check = REGISTER.rules["R11-2b"].check
    wrong = check(resources_of(table), aliases_table(SMALL), SETTINGS)  # type: ignore[misc]
    assert wrong[["@unit", "@row", "suggestion"]].to_numpy().tolist()[0] == ["示例学院", 2, "信阳师范大学"]
    assert set(wrong["版权方"]) == {"信师"}


# --- earlier years --------------------------------------------------------------------------------

ROWS = [list(NAMES), ["", "《八段锦》", "A03", "", "https://a.cn/1", "", "", "", "", "", "", "张建华；朱新"]]
LIMITS = Limits(20, 1024)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(1) as crew:
        yield crew


def put(folder: Path, *names: str, data: bytes = b"") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def test_lists_are_found_below_the_folder_and_where_the_settings_say(tmp_path: Path) -> None:
    put(
        tmp_path,
        "往年/2023.xlsx",
        "往年/2022/郑州大学.xls",
        "往年/~$2023.xlsx",
        "往年/.DS_Store",
        "往年/说明.txt",
    )
    put(tmp_path, "往年/扫描.pdf", "往年.zip", "郑州大学/清单.xlsx")
    settings = SETTINGS.model_copy(update={"earlier": (str(tmp_path / "旧" / "2021.xlsx"),)})
    found = [path.relative_to(tmp_path).as_posix() for path in earlier_files(tmp_path, settings)]
    assert sorted(found) == [
        "往年.zip",
        "往年/2022/郑州大学.xls",
        "往年/2023.xlsx",
        "往年/扫描.pdf",
        "旧/2021.xlsx",
    ]
    assert earlier_files(tmp_path / "往年", SETTINGS) == []


def test_a_list_is_read_and_what_cannot_be_used_is_named(tmp_path: Path, workers: Workers) -> None:
    source = tmp_path / "input"
    put(source, "往年/2023/清单.xlsx", "往年/2023/同一份.xlsx", data=workbook(ROWS))
    put(source, "往年/报销.xlsx", data=workbook([["日期", "金额"], ["1", "2"]]))
    put(source, "往年/坏.xlsx", "往年/扫描.pdf", "往年.zip", data=b"PK\x03\x04")
    put(source, "往年/空.xlsx", data=workbook(ROWS[:1]))
    if os.name == "posix":
        (source / "往年" / "外面").symlink_to(source)
    else:
        put(source, "往年/外面")
    before = {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    settings = SETTINGS.model_copy(update={"earlier": ("没有/2021.xlsx",)})
    earlier = read_earlier(source, settings, tmp_path / "收件", workers, LIMITS, Progress(io.StringIO()))
    assert earlier.table is not None
    [[*values, name]] = earlier.table.to_numpy().tolist()
    assert values == ["《八段锦》", "张建华;朱新", "https://a.cn/1", "2023", ""]
    assert name in ("往年/2023/清单.xlsx", "往年/2023/同一份.xlsx")
    named = " ".join(earlier.remarks)
    for name in ("报销.xlsx", "坏.xlsx", "扫描.pdf", "往年.zip", "空.xlsx", "外面", "没有/2021.xlsx"):
        assert name in named
    assert len(earlier.remarks) == 7
    assert all(each.endswith("。") and each.count("。") == 1 for each in earlier.remarks)
    assert earlier.faults == []
    assert {path: path.read_bytes() for path in source.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (["资源名称", "主讲人"], ["说明文写作", "朱新"]),
        (["课程名称", "主讲教师", "备注"], ["说明文写作", "朱新"]),
        (["序号", "资源链接"], ["1", "https://a.cn/1"]),
        (["资源链接"], ["https://a.cn/1"]),
    ],
)
def test_the_columns_that_are_compared_suffice(
    tmp_path: Path, workers: Workers, header: list[str], row: list[str]
) -> None:
    put(tmp_path, "往年/2023.xlsx", data=workbook([["2023 年清单"], header, row]))
    earlier = read_earlier(tmp_path, SETTINGS, tmp_path / "收件", workers, LIMITS, Progress(io.StringIO()))
    assert earlier.remarks == []
    assert earlier.table is not None
    assert len(earlier.table) == 1
    assert set(row) - {"1"} <= set(earlier.table.iloc[0])


def test_a_list_without_them_is_named_with_what_it_lacks(tmp_path: Path, workers: Workers) -> None:
    put(tmp_path, "往年/2023.xlsx", data=workbook([["资源名称", "资源类型"], ["八段锦", "A01"]]))
    earlier = read_earlier(tmp_path, SETTINGS, tmp_path / "收件", workers, LIMITS, Progress(io.StringIO()))
    assert earlier.remarks == [
        "往年清单“往年/2023.xlsx”没有用于比对：没有“资源名称”和“主讲人”两列，也没有“资源链接”列，请补上这些列。"
    ]


def test_without_lists_there_is_no_table(tmp_path: Path, workers: Workers) -> None:
    earlier = read_earlier(tmp_path, SETTINGS, tmp_path / "收件", workers, LIMITS, Progress(io.StringIO()))
    assert (earlier.table, earlier.remarks) == (None, [])


@pytest.mark.parametrize(
    ("path", "year"),
    [
        ("往年/2023.xlsx", "2023"),
        ("往年/2022/2023年郑州大学.xlsx", "2023"),
        ("往年/2022/郑州大学.xlsx", "2022"),
        ("往年/2024导出_2023年度清单.xlsx", "2023"),
        ("往年/20231101.xlsx", ""),
        ("往年/清单.xlsx", ""),
    ],
)
def test_the_year_is_the_files_or_the_folders(path: str, year: str) -> None:
    assert year_of(path) == year


def test_the_unit_that_a_list_states_is_kept() -> None:
    sent = submission([{"资源名称": "八段锦", "主讲人": "朱新"}], unit="", workbook="往年/2023.xlsx")
    sent = replace(sent, unit_info={"单位名称": Labelled("郑州大学", "单位信息", 1, "B1")})
    assert earlier_table([sent], SETTINGS)[["name", "year", "unit"]].to_numpy().tolist() == [
        ["八段锦", "2023", "郑州大学"]
    ]


def test_the_written_register_opens_as_text_alone() -> None:
    book = openpyxl.load_workbook(io.BytesIO(register_workbook()))
    assert book.sheetnames == ["报送单位名录", "完整类型"]
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
