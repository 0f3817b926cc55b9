"""The whole job on real files: the generated call, its ledger, and the way back."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from pipeline.assess import Result
from pipeline.demo.call import write_call
from pipeline.fields import TEMPLATE_VERSION
from pipeline.progress import Progress
from pipeline.render.template import standard_workbook
from pipeline.report import last_run, report_files, round_before
from pipeline.run import run
from pipeline.settings import load
from tests.small_tables import OTHER_ROW, RIGHT_ROW, ROOT

LOADED = load(ROOT / "config.yaml")
NOW = dt.datetime(2024, 5, 10, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))


def validate(source: Path, output: Path, jobs: int = 2) -> Result:
    return run(source, output, LOADED, jobs, NOW, Progress(io.StringIO()))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def sent(output: Path) -> list[dict[str, str]]:
    """The lines of units.csv about units that sent something."""
    return [unit for unit in table(output / "units.csv") if unit["state"] != "未报送"]


def worse_than_a_note(output: Path) -> list[str]:
    """The codes of what must be corrected or explained, but for the papers, which are not sent here."""
    told = [found["code"] for found in table(output / "findings.csv") if found["severity"] != "提示"]
    return [code for code in told if not code.startswith("A")]


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[dict[str, str]], Result]]:
    root = tmp_path_factory.mktemp("call")
    write_call(root, units=6, rows=24, seed=7)
    before = {p: (p.stat().st_size, p.stat().st_mtime_ns) for p in (root / "input").rglob("*")}
    result = validate(root / "input", root / "output")
    assert {p: (p.stat().st_size, p.stat().st_mtime_ns) for p in (root / "input").rglob("*")} == before
    yield root, table(root / "output" / "findings.csv"), result
    shutil.rmtree(root, ignore_errors=True)


def test_tables_agree_with_each_other(call: tuple[Path, list[dict[str, str]], Result]) -> None:
    root, findings, _ = call
    resources, units = table(root / "output" / "resources.csv"), sent(root / "output")
    for unit in units:
        mine = [row for row in resources if row["unit"] == unit["unit"]]
        assert len(mine) == int(unit["rows"])
        assert [sum(row["verdict"] == v for row in mine) for v in ("通过", "退回", "待复核")] == [
            int(unit[name]) for name in ("passed", "returned", "review")
        ]
        severities = [f["severity"] for f in findings if f["unit"] == unit["unit"]]
        assert [severities.count(s) for s in ("错误", "警告", "提示")] == [
            int(unit[name]) for name in ("errors", "warnings", "notes")
        ]
        assert (unit["received"], unit["on_time"]) == ("2024-05-10T09:00:00+08:00", "按期")


def test_a_marked_workbook_sent_back_as_it_is_gives_the_same_findings_and_no_doubled_marks(
    call: tuple[Path, list[dict[str, str]], Result], tmp_path: Path
) -> None:
    root, findings, result = call
    sent = tmp_path / "input"
    shutil.copytree(root / "input", sent)
    marked = {name: root / "output" / name for names in result.files.values() for name in names}
    originals = {p.name: p for p in sent.rglob("*.xlsx")}
    replaced = set()
    for path in marked.values():
        if path.name in originals:
            shutil.copyfile(path, originals[path.name])
            replaced.add(path.parent.name)
    assert replaced
    again = validate(sent, tmp_path / "output")
    second = table(tmp_path / "output" / "findings.csv")

    def essence(found: dict[str, str]) -> tuple[str, ...]:
        return tuple(found[name] for name in ("unit", "row", "field", "cell", "code", "value", "message"))

    for unit in {found["unit"] for found in findings}:
        if unit.rpartition("/")[2] in replaced:
            assert [essence(f) for f in second if f["unit"] == unit] == [
                essence(f) for f in findings if f["unit"] == unit
            ]
    for names in again.files.values():
        for name in names:
            book = openpyxl.load_workbook(tmp_path / "output" / name)
            assert [s for s in book.sheetnames if s.startswith("问题清单")] == ["问题清单"]
            headers = [c.value for sheet in book for c in sheet[1]]
            assert headers.count("错误信息") <= 1


def test_every_error_is_marked_and_noted_in_the_returned_workbook(
    call: tuple[Path, list[dict[str, str]], Result],
) -> None:
    root, findings, result = call
    checked = 0
    for unit, names in result.files.items():
        for name in names:
            with zipfile.ZipFile(root / "output" / name) as package:
                assert package.testzip() is None
            book = openpyxl.load_workbook(root / "output" / name)
            for found in findings:
                sheet = book[found["sheet"]] if found["sheet"] in book.sheetnames else None
                if (
                    found["unit"] == unit
                    and found["workbook"].endswith(".xlsx")
                    and found["cell"]
                    and sheet is not None
                ):
                    note = sheet[found["cell"]].comment
                    assert note is not None or sheet.merged_cells.ranges
                    if note is not None:
                        assert found["message"] in note.text
                        checked += 1
    assert checked > 5


def small_unit(folder: Path, name: str, rows: list[dict[str, str]], **files: bytes) -> Path:
    """A unit with a standard workbook; covers are not named, so nothing else is needed."""
    unit = folder / name
    unit.mkdir(parents=True)
    book = standard_workbook(
        codes=LOADED.settings.resource_types, version=TEMPLATE_VERSION, call_id="x", rows=rows
    )
    (unit / "清单.xlsx").write_bytes(book)
    (unit / "fm001.jpg").write_bytes((ROOT / "input/河南示例职业学院/封面/fm01.jpg").read_bytes())
    return unit


OTHER = {name: text for name, text in OTHER_ROW.items() if name != "资源文件"}
RIGHT = {name: text for name, text in RIGHT_ROW.items() if name != "资源文件"}


def test_safe_corrections_enter_the_resources_and_send_nothing_back(tmp_path: Path) -> None:
    safe = {"创建时间": "2022.3.23", "主讲人": "张建华；朱新", "点击量": "36,500次", "版权方": "张建华"}
    small_unit(tmp_path / "input", "甲学院", [{**RIGHT, **safe}])
    result = validate(tmp_path / "input", tmp_path / "output")
    [resource] = table(tmp_path / "output" / "resources.csv")
    assert [resource[name] for name in safe] == ["2022-03-23", "张建华;朱新", "36500", "张建华"]
    assert resource["verdict"] == "通过"
    assert set(worse_than_a_note(tmp_path / "output")) == {"R10-2", "R12-2b", "R13-1b"}
    assert "甲学院" not in result.files


def test_what_the_unit_accepts_is_read_so_and_what_it_explains_is_carried_on(tmp_path: Path) -> None:
    wrong = {**RIGHT, "所属分类": "科学文化/航空", "部署平台": ""}
    unit = small_unit(tmp_path / "input", "甲学院", [wrong])
    first = validate(tmp_path / "input", tmp_path / "output")
    book = openpyxl.load_workbook(tmp_path / "output" / first.files["甲学院"][0])
    sheet = book["问题清单"]
    header = next(row for row in sheet.iter_rows() if row[0].value == "序号")
    at = {cell.value: cell.column for cell in header}
    for row in range(header[0].row + 1, sheet.max_row + 1):
        if sheet.cell(row, at["规则"]).value == "R18-1":
            sheet.cell(row, at["是否采纳"]).value = "是"
        if sheet.cell(row, at["规则"]).value == "R04-1":
            sheet.cell(row, at["单位说明"]).value = "自建平台，没有名称"
    book.save(unit / "清单.xlsx")
    second = validate(tmp_path / "input", tmp_path / "output")
    [resource] = table(tmp_path / "output" / "resources.csv")
    assert resource["所属分类"] == "科学文化-航空"
    assert worse_than_a_note(tmp_path / "output") == ["R04-1"]
    sheet = openpyxl.load_workbook(tmp_path / "output" / second.files["甲学院"][0])["问题清单"]
    lines = {sheet.cell(row, at["规则"]).value: row for row in range(header[0].row + 1, sheet.max_row + 1)}
    assert sheet.cell(lines["W09"], at["是否采纳"]).value == "是"
    assert sheet.cell(lines["R04-1"], at["单位说明"]).value == "自建平台，没有名称"


def test_the_one_sheet_of_a_text_is_named_as_the_file_was(tmp_path: Path) -> None:
    unit = tmp_path / "input" / "甲学院"
    unit.mkdir(parents=True)
    (unit / "报送 清单.csv").write_text("资源名称,资源类型,资源简介\n航空,B01,\n", "gb18030")
    validate(tmp_path / "input", tmp_path / "output")
    found = [each for each in table(tmp_path / "output" / "findings.csv") if each["sheet"]]
    assert {each["sheet"] for each in found} == {"报送 清单"}


def test_a_unit_whose_only_file_could_not_be_taken_has_sent_something(tmp_path: Path) -> None:
    (tmp_path / "input" / "乙学院").mkdir(parents=True)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as packed:
        packed.writestr("清单.xlsx", b"")
    with zipfile.ZipFile(tmp_path / "input" / "甲学院.zip", "w") as packed:
        packed.writestr("全部.zip", inner.getvalue())
    validate(tmp_path / "input", tmp_path / "output")
    states = {unit["unit"]: unit["state"] for unit in table(tmp_path / "output" / "units.csv")}
    assert (states["甲学院"], states["乙学院"]) == ("已收附件", "未报送")


def test_a_cover_in_another_case_is_found_and_told(tmp_path: Path) -> None:
    unit = small_unit(tmp_path / "input", "甲学院", [RIGHT])
    (unit / "fm001.jpg").rename(unit / "FM001.JPG")
    validate(tmp_path / "input", tmp_path / "output")
    [found] = [f for f in table(tmp_path / "output" / "findings.csv") if f["field"] == "资源封面"]
    assert (found["code"], found["severity"]) == ("X05b", "提示")
    assert found["message"] == "“fm001.jpg”与实际的文件名“FM001.JPG”写法不同，已找到。"


def test_an_error_of_the_whole_workbook_sends_every_row_back(tmp_path: Path) -> None:
    unit = small_unit(tmp_path / "input", "甲学院", [RIGHT, OTHER])
    validate(tmp_path / "input", tmp_path / "output")
    assert [row["verdict"] for row in table(tmp_path / "output" / "resources.csv")] == ["通过", "通过"]
    book = openpyxl.load_workbook(unit / "清单.xlsx")
    book["资源清单"].cell(1, 30).value = "主讲人"
    book.save(unit / "清单.xlsx")
    validate(tmp_path / "input", tmp_path / "output")
    assert [row["verdict"] for row in table(tmp_path / "output" / "resources.csv")] == ["退回", "退回"]


@pytest.mark.parametrize(("day", "said"), [(15, "按期"), (16, "逾期")])
def test_the_last_day_is_in_time(tmp_path: Path, day: int, said: str) -> None:
    small_unit(tmp_path / "input", "甲学院", [RIGHT])
    run(
        tmp_path / "input",
        tmp_path / "output",
        LOADED,
        1,
        NOW.replace(day=day, hour=23),
        Progress(io.StringIO()),
    )
    assert [unit["on_time"] for unit in sent(tmp_path / "output")] == [said]


def test_scans_named_on_the_unit_sheet_are_no_orphans(tmp_path: Path) -> None:
    unit = small_unit(tmp_path / "input", "甲学院", [RIGHT])
    (unit / "a.jpg").write_bytes((unit / "fm001.jpg").read_bytes())
    validate(tmp_path / "input", tmp_path / "output")
    [found] = [f for f in table(tmp_path / "output" / "findings.csv") if f["code"] == "M15b"]
    assert found["value"] == "a.jpg"
    assert found["fix"] == "请在对应资源的“资源封面”中填上它；不报送的请删去。"
    book = openpyxl.load_workbook(unit / "清单.xlsx")
    labels = {row[0].value: row[1] for row in book["单位信息"].iter_rows()}
    labels["登记表扫描件"].value = "a.jpg"
    labels["单位名称"].value = "甲学院"
    book.save(unit / "清单.xlsx")
    validate(tmp_path / "input", tmp_path / "output")
    assert worse_than_a_note(tmp_path / "output") == []


def test_a_list_sent_as_a_workbook_is_no_unrelated_file(tmp_path: Path) -> None:
    unit = small_unit(tmp_path / "input", "甲学院", [RIGHT])
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["序号", "资源名称"])
    sheet.append([1, RIGHT["资源名称"]])
    book.save(unit / "报送单位及资源列表.xlsx")
    book.save(unit / "报销单.xlsx")
    validate(tmp_path / "input", tmp_path / "output")
    told = {
        (f["code"], f["value"]) for f in table(tmp_path / "output" / "findings.csv") if f["code"] == "F01b"
    }
    assert told == {("F01b", "报销单.xlsx")}


def test_the_round_before_is_kept_only_when_workbooks_change_and_the_report_compares_with_it(
    tmp_path: Path,
) -> None:
    source, output = tmp_path / "input", tmp_path / "output"
    unit = small_unit(source, "甲学院", [RIGHT])
    (source / "往年").mkdir()
    old = {**RIGHT, "资源名称": "往年报过的课程", "资源链接": "https://a.edu.cn/course/9"}
    (small_unit(tmp_path, "别处", [old]) / "清单.xlsx").rename(source / "往年" / "2023.xlsx")
    for _ in range(2):
        validate(source, output)
        assert round_before(output, LOADED.settings) is None
    small_unit(tmp_path, "新的", [RIGHT, OTHER, old])
    shutil.copyfile(tmp_path / "新的" / "清单.xlsx", unit / "清单.xlsx")
    for _ in range(2):
        validate(source, output)
        before = round_before(output, LOADED.settings)
        assert before is not None
        assert {each.unit: each.rows for each in before.units}["甲学院"] == 1
    assert "W03" in worse_than_a_note(output)
    inputs = json.loads((output / "run.json").read_bytes())["inputs"]
    assert [(each["unit"], len(each["sha256"])) for each in inputs if "2023" in each["path"]] == [("", 64)]
    files = report_files(last_run(output), LOADED.settings, before)
    assert "没有上一轮的结果可以比较" not in files["汇总/汇总报告.html"].decode()
    assert (
        "没有上一轮的结果可以比较"
        in report_files(last_run(output), LOADED.settings)["汇总/汇总报告.html"].decode()
    )
