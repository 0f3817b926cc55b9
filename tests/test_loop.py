"""The way there and back: a clerk accepts what is suggested, does what 怎么改 says, sends the file back."""

from __future__ import annotations

import ast
import contextlib
import csv
import datetime as dt
import email
import email.policy
import functools
import io
import shutil
import sqlite3
import tempfile
import zipfile
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import verbs
from pipeline.assess import Result
from pipeline.demo import media
from pipeline.demo.call import write_call
from pipeline.demo.content import (
    RIGHT_AUDIOS,
    RIGHT_COVERS,
    RIGHT_VIDEOS,
    Clip,
)
from pipeline.demo.papers import REGISTRATION_SCAN, STATEMENT_SCAN, scan
from pipeline.fields import NAMES, RESOURCE_FILE, RESOURCE_SHEET, TEMPLATE_VERSION, UNIT_SHEET, bare_name
from pipeline.ownmarks import NOTE_BEGIN
from pipeline.progress import Progress
from pipeline.render.attachments.papers import LIST_HEADERS
from pipeline.render.forms import STATEMENT_NAME, statement_form
from pipeline.render.template import standard_workbook
from pipeline.run import run
from pipeline.settings import load
from tests.small_tables import OTHER_ROW, RIGHT_ROW, ROOT

LOADED = load(ROOT / "config.yaml")
NOW = dt.datetime(2024, 5, 10, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
LIST = "问题清单"
Line = dict[str, str]


def validate(source: Path, output: Path, later: int = 0, jobs: int = 1) -> Result:
    """later: days after the first."""
    result = run(source, output, LOADED, jobs, NOW + dt.timedelta(days=later), Progress(io.StringIO()))
    assert result.faults == []
    return result


def table(path: Path) -> list[Line]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def errors(output: Path) -> list[Line]:
    return [found for found in table(output / "findings.csv") if found["severity"] == "错误"]


# --- what a unit does with its returned workbook ------------------------------------------------


@dataclass
class Desk:
    """A returned workbook on a unit's desk, and the unit's folder. cells are found by their header."""

    path: Path
    folder: Path
    book: Any = field(init=False)
    written: dict[tuple[int, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.book = openpyxl.load_workbook(self.path)

    @property
    def unit(self) -> str:
        return self.folder.name

    @property
    def sheet(self) -> Any:
        return self.book[RESOURCE_SHEET]

    def column(self, name: str) -> int:
        """The column of a field, by the header row."""
        for row in self.sheet.iter_rows(max_row=10):
            for cell in row:
                renamed = {"主讲教师": "主讲人"}.get(bare_name(str(cell.value)), bare_name(str(cell.value)))
                if renamed == name and any(bare_name(str(each.value)) == "资源名称" for each in row):
                    return int(cell.column)
        raise AssertionError(f"no column {name}")

    @property
    def header_row(self) -> int:
        for row in self.sheet.iter_rows(max_row=10):
            if any(bare_name(str(cell.value)) == "资源名称" for cell in row):
                return int(row[0].row)
        raise AssertionError("no header")

    def write(self, row: int, name: str, text: str) -> None:
        cell = self.sheet.cell(row, self.column(name))
        cell.value, cell.data_type = (text, "s") if text else (None, "n")
        cell.number_format, cell.hyperlink = "@", None
        self.written[row, name] = text

    def text(self, row: int, name: str) -> str:
        value = self.sheet.cell(row, self.column(name)).value
        return "" if value is None else str(value)

    def info(self, label: str, text: str) -> None:
        for row in self.book[UNIT_SHEET].iter_rows():
            if row[0].value == label:
                row[1].value = text

    def enclose(self, name: str, clip: Clip) -> str:
        """A file of the unit's own, different from all others."""
        media.vary(self.master(clip), self.folder / name, sum(map(ord, f"{self.folder}{name}")))
        return name

    @staticmethod
    @functools.cache
    def master(clip: Clip) -> Path:
        """The clip, made once."""
        path = Path(tempfile.mkdtemp()) / clip.name
        clip.make(path, 0)
        return path

    def save(self, name: str) -> None:
        """Under another name; what the unit sent before is taken out of the folder."""
        for sent in self.folder.glob("*"):
            if sent.suffix in (".xlsx", ".xls", ".csv"):
                sent.unlink()
        self.book.save(self.folder / name)


def list_lines(book: Any) -> list[dict[str, Any]]:
    """The lines of 问题清单 as cells by their header."""
    rows = list(book[LIST].iter_rows())
    top = next(number for number, row in enumerate(rows) if row[0].value == "序号")
    names = [cell.value for cell in rows[top]]
    return [dict(zip(names, row, strict=True)) for row in rows[top + 1 :] if row[0].value is not None]


GREY = "FFEDEDED"


def accept_all(desk: Desk) -> int:
    """Write 是 wherever there is a suggestion and the cell asks for a word."""
    accepted = 0
    for line in list_lines(desk.book):
        if line["建议值"].value and line["是否采纳"].fill.fgColor.rgb != GREY:
            line["是否采纳"].value = "是"
            accepted += 1
    return accepted


Order = Callable[[Desk, int, Line], None]

RIGHT: Mapping[str, str] = {
    "资源简介": "介绍本课程的主要内容、适用对象和学习收获，配有案例讲解和课后练习。",
    "主讲人": "朱新",
    "资源时长": "02:45:32",
    "创建时间": "2022-03-23",
    "点击量": "96500",
    "学习人数": "0",
    "资源目录": "",
    "关键词": "继续教育;终身学习",
}


def retyped(desk: Desk, row: int, found: Line) -> None:
    """A right value of the field, as somebody who knows the resource would write it."""
    name = found["field"]
    if name == "资源名称":
        desk.write(row, name, f"补填名称的专题第{chr(0x4E00 + row)}讲")
    elif name == "版权方":
        desk.write(row, name, desk.unit)
    elif name == "资源类型":
        named = desk.text(row, RESOURCE_FILE).lower()
        desk.write(row, name, "A01" if named.endswith("mp4") else "A02" if named.endswith("mp3") else "A03")
    elif name == "资源简介":
        desk.write(row, name, f"第{chr(0x4E00 + row)}讲：{RIGHT[name]}")
    elif name == "资源链接":
        linked(desk, row, found)
    else:
        desk.write(row, name, RIGHT[name])


def linked(desk: Desk, row: int, _found: Line) -> None:
    """A page of its own on a platform that is known and stated."""
    number = sum(map(ord, desk.unit)) * 1000 + row
    desk.write(row, "部署平台", "学堂在线")
    desk.write(row, "资源链接", f"https://www.xuetangx.com/course/new{number}")


def ordered(desk: Desk, row: int, _found: Line) -> None:
    """The first number that no other resource of the series has."""
    series = desk.text(row, "所属系列")
    rows = [at for at in range(desk.header_row + 1, desk.sheet.max_row + 1) if at != row]
    used = {int(desk.text(at, "所属顺序") or 0) for at in rows if desk.text(at, "所属系列") == series
            and desk.text(at, "所属顺序").isdigit()}  # fmt: skip
    desk.write(row, "所属顺序", next(f"{number:02d}" for number in range(1, 99) if number not in used))


def covered(desk: Desk, row: int, _found: Line) -> None:
    desk.write(row, "资源封面", desk.enclose(f"新封面{row}.jpg", RIGHT_COVERS[0]))


def filed(desk: Desk, row: int, _found: Line) -> None:
    """A file that is as the notice wants it, under a name of its own, and its length."""
    sound = desk.text(row, "资源类型").strip() == "A02"
    clip, suffix, length = (
        (RIGHT_AUDIOS[0], "mp3", "00:00:12") if sound else (RIGHT_VIDEOS[0], "mp4", "00:00:10")
    )
    desk.write(row, RESOURCE_FILE, desk.enclose(f"新文件{row}.{suffix}", clip))
    desk.write(row, "资源时长", length)


def deleted(desk: Desk, row: int, _found: Line) -> None:
    """The row is emptied: deleting it would move the rows of what is still to be done."""
    for name in NAMES:
        desk.write(row, name, "")


def unmerged(desk: Desk, _row: int, found: Line) -> None:
    """Every cell of the merged area gets what only its first one held."""
    for area in list(desk.sheet.merged_cells.ranges):
        desk.sheet.unmerge_cells(str(area))
        for at in range(area.min_row, area.max_row + 1):
            retyped(desk, at, found)


def one_list_less(desk: Desk, _row: int, found: Line) -> None:
    for name in found["value"].split("、"):
        if name != RESOURCE_SHEET:
            del desk.book[name]


def one_row_more(desk: Desk, _row: int, _found: Line) -> None:
    """The resources that were forgotten: one of them."""
    row = desk.header_row + 1
    for name in ("资源简介", "版权方", "主讲人", "资源名称"):
        retyped(desk, row, {"field": name})
    desk.write(row, "资源类型", "A03")
    linked(desk, row, {})
    covered(desk, row, {})


def column_added(desk: Desk, _row: int, found: Line) -> None:
    """A column that the old template had not, or that was deleted."""
    top, at = desk.header_row, desk.sheet.max_column + 1
    for name in ("版权方", "关键词"):
        desk.sheet.cell(top, at).value = name
        for row in range(top + 1, desk.sheet.max_row + 1):
            if desk.text(row, "资源名称"):
                retyped(desk, row, {"field": name})
        at += 1


def repeated_column_gone(desk: Desk, _row: int, found: Line) -> None:
    desk.sheet[found["cell"]].value = "备注"


def template_of_this_year(desk: Desk, _row: int, _found: Line) -> None:
    for sheet in desk.book:
        for row in sheet.iter_rows(max_row=5, max_col=2):
            if row[0].value == "模板版本":
                row[1].value = TEMPLATE_VERSION


def contact(**texts: str) -> Order:
    def write(desk: Desk, _row: int, _found: Line) -> None:
        for label, text in texts.items():
            desk.info(label, text)

    return write


def registered(desk: Desk, _row: int, _found: Line) -> None:
    (desk.folder / REGISTRATION_SCAN).write_bytes(scan(1))


def stated(desk: Desk, _row: int, _found: Line) -> None:
    """附件2 anew, sealed; its list is made when all rows are as they shall be (see `seal_again`)."""
    (desk.folder / STATEMENT_SCAN).write_bytes(scan(2))


def renamed(desk: Desk, _row: int, found: Line) -> None:
    """The folder and the papers under the name that the register has."""
    desk.info("单位名称", found["suggestion"])
    desk.folder = desk.folder.rename(desk.folder.with_name(found["suggestion"]))


def removed(desk: Desk, _row: int, found: Line) -> None:
    """The broken or unrelated file goes: it lies in the folder, not in the returned workbook."""
    (desk.folder / (found["workbook"] or found["value"])).unlink(missing_ok=True)


ORDERS: Mapping[str, Order] = {
    **dict.fromkeys(
        ("G05", "G06", "R02-1", "R03-1", "R03-2", "R03-5", "R08-1", "R08-2", "R09-1", "R09-3", "R09-4",
         "R10-1", "R10-3", "R10-4", "R10-5", "R11-1", "R12-1", "R12-2", "R13-1", "R14-1", "R16-1", "R16-2",
         "R16-3", "R16-4", "R17-1", "S10", "S11"),
        retyped,
    ),
    **dict.fromkeys(("R05-1", "R05-2", "R05-5", "X02", "L10"), linked),
    **dict.fromkeys(("R07-2b", "R07-3"), ordered),
    **dict.fromkeys(("R15-1", "R15-2", "R15-3", "R15-4"), covered),
    **dict.fromkeys(
        ("X01", "X03", "Y04", "M01", "M02", "M03", "M04", "M06", "M07", "M08", "M09", "M10", "M12", "M13",
         "M15", "M15d"),
        filed,
    ),
    **dict.fromkeys(("A1-1",), registered),
    **dict.fromkeys(("A2-1", "A2-2", "A2-4", "A2-5", "W04", "W05"), stated),
    **dict.fromkeys(("F01", "F01b"), removed),
    "A1-2": contact(负责人姓名="李明"),
    "A1-3": contact(电子邮箱="jxjy@zyedu.cn"),
    "A1-4": contact(手机="13803715566"),
    "A1-6": contact(电子邮箱="jxjy@zyedu.cn"),
    "F03b": template_of_this_year,
    "F08": one_row_more,
    "S01": one_list_less,
    "S03": column_added,
    "S05": repeated_column_gone,
    "S07": unmerged,
    "W01": renamed,
    "Y01": deleted,
}  # fmt: skip
"""What a clerk does with an 错误 that has no suggestion, or whose suggestion did not help."""


@dataclass
class Loop:
    """A call that goes back and forth. names: of the folder that holds a unit's files, by unit."""

    root: Path
    rounds: int = 0

    @property
    def input(self) -> Path:
        return self.root / "input"

    @property
    def output(self) -> Path:
        return self.root / "output"

    def folder(self, unit: str) -> Path:
        """The unit's folder; an archive is unpacked first, and not sent again."""
        archive = self.input / f"{unit}.zip"
        if archive.exists():
            with zipfile.ZipFile(archive, metadata_encoding="gbk") as packed:
                packed.extractall(self.input / unit)
            archive.unlink()
        return self.input / unit

    def validate(self) -> Result:
        self.rounds += 1
        return validate(self.input, self.output, later=self.rounds, jobs=2)

    def desks(self, result: Result) -> Iterator[Desk]:
        for unit, names in sorted(result.files.items()):
            [name] = names
            yield Desk(self.output / name, self.folder(unit))


def seal_again(desk: Desk, rows: list[Line]) -> None:
    """附件2 with the list of what the unit sends now. rows: its lines of resources.csv, as they were."""
    listed = []
    for row in rows:
        texts = {name: desk.written.get((int(row["row"]), name), row[name]) for name in NAMES}
        if texts["资源名称"]:
            listed.append([row["row"], *(texts[name] for name in LIST_HEADERS[1:])])
    if not rows:
        listed = [["1", desk.text(desk.header_row + 1, "资源名称"), *[""] * 4]]
    date = "2024年5月12日"
    statement = statement_form(year=2024, unit=desk.unit, date=date, resources=listed)
    (desk.folder / STATEMENT_NAME).write_bytes(statement)


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    root = tmp_path_factory.mktemp("loop")
    write_call(root, units=14, rows=12, share=0.6)
    yield Loop(root)
    shutil.rmtree(root)


# --- a clerk who accepts and obeys ---------------------------------------------------------------

BY_ACCEPTANCE_ALONE = 0.2
"""At least so much of what decides goes by writing 是 alone; most mistakes leave nothing to suggest."""


def deciding(result: Result, *, suggested: bool = False) -> Counter[tuple[str, int, str, str]]:
    """Unit, row, field and code of what keeps rows from passing, or of that with a suggestion."""
    return Counter(
        (each.finding.place.unit, each.finding.place.row, each.finding.place.field, each.finding.code)
        for each in result.told
        if each.decides and (each.finding.suggestion or not suggested)
    )


def test_a_clerk_who_accepts_and_obeys_is_done_within_two_rounds(call: Loop) -> None:
    """In the first only 是 is written; in the second what 怎么改 says is done."""
    first = call.validate()
    accepted = 0
    for desk in call.desks(first):
        accepted += accept_all(desk)
        desk.save(f"改好_{desk.path.stem}.xlsx")
    second = call.validate()
    assert accepted > 20
    gone = deciding(first) - deciding(second)
    # The folder's name is not in the workbook: that alone cannot be put right by a 是.
    assert {key[3] for key in deciding(first, suggested=True) - gone} == {"W01"}
    assert gone.total() / deciding(first).total() >= BY_ACCEPTANCE_ALONE
    # A name that was put right no longer agrees with the list under the seal: no other mistake is new.
    assert {key[3] for key in deciding(second) - deciding(first)} <= {"W05"}

    todo: dict[str, list[Line]] = {}
    for found in errors(call.output):
        todo.setdefault(found["unit"], []).append(found)
    resources = table(call.output / "resources.csv")
    for desk in call.desks(second):
        unit = desk.folder.relative_to(call.input).as_posix()
        for found in todo.pop(unit, ()):
            ORDERS[found["code"]](desk, int(found["row"] or 0), found)
        seal_again(desk, [row for row in resources if row["unit"] == unit])
        desk.save(f"再改_{desk.path.stem}.xlsx")
    assert todo == {}
    call.validate()
    assert errors(call.output) == []


# --- sent back as it is ------------------------------------------------------------------------


def small_unit(folder: Path, name: str, rows: list[Mapping[str, str]]) -> Path:
    """A unit with a standard workbook, sealed papers and a cover."""
    unit = folder / name
    unit.mkdir(parents=True)
    info = {
        "单位名称": name, "负责人姓名": "李明", "职务": "处长",
        "座机": "0371-60000000", "手机": "13800000000", "电子邮箱": "jxjy@example.edu.cn",
        "登记表扫描件": REGISTRATION_SCAN, "安全审核说明扫描件": STATEMENT_SCAN,
    }  # fmt: skip
    book = standard_workbook(
        codes=LOADED.settings.resource_types, version=TEMPLATE_VERSION, call_id=LOADED.settings.call.id,
        rows=rows, unit_info=info,
    )  # fmt: skip
    (unit / "清单.xlsx").write_bytes(book)
    (unit / "fm001.jpg").write_bytes((ROOT / "input/河南示例职业学院/封面/fm01.jpg").read_bytes())
    for number, scanned in enumerate((REGISTRATION_SCAN, STATEMENT_SCAN)):
        (unit / scanned).write_bytes(scan(number))
    listed = [[str(at), *(row.get(head, "") for head in LIST_HEADERS[1:])] for at, row in enumerate(rows, 1)]
    statement = statement_form(year=2024, unit=name, date="2024年4月18日", resources=listed)
    (unit / STATEMENT_NAME).write_bytes(statement)
    return unit


def resource(row: Mapping[str, str], **cells: str) -> dict[str, str]:
    """A right course that is a link alone, but for these cells."""
    return {**{name: text for name, text in row.items() if name != RESOURCE_FILE}, **cells}


def essence(output: Path) -> list[tuple[str, ...]]:
    """What is told, but for the comparison with the round before."""
    names = ("unit", "sheet", "row", "field", "cell", "code", "value", "message", "fix", "suggestion")
    found = [f for f in table(output / "findings.csv") if not f["code"].startswith("W07")]
    return [tuple(each[name] for name in names) for each in found]


def test_a_marked_workbook_sent_back_as_it_is_says_the_same_and_is_not_marked_twice(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "input", tmp_path / "input")
    result = validate(tmp_path / "input", tmp_path / "output")
    first, folder = essence(tmp_path / "output"), tmp_path / "input" / "河南示例职业学院"
    [[name]] = result.files.values()
    for sent in folder.glob("*.xlsx"):
        sent.unlink()
    shutil.copyfile(tmp_path / "output" / name, folder / "报回.xlsx")
    result = validate(tmp_path / "input", tmp_path / "output", later=1)
    assert essence(tmp_path / "output") == first
    [told] = [f for f in table(tmp_path / "output" / "findings.csv") if f["code"] == "W07"]
    assert "已改 0 个" in told["message"]
    assert "新出现 0 个；另有 0 处" in told["message"]
    [[name]] = result.files.values()
    book = openpyxl.load_workbook(tmp_path / "output" / name)
    assert [sheet for sheet in book.sheetnames if sheet.startswith(LIST)] == [LIST]
    assert [cell.value for cell in book[RESOURCE_SHEET][1]].count("错误信息") == 1
    cells = [cell for row in book[RESOURCE_SHEET].iter_rows() for cell in row if cell.comment]
    assert {cell.comment.text.count(NOTE_BEGIN) for cell in cells} == {1}


# --- rows that move between the rounds -----------------------------------------------------------

TITLES = ("书法入门", "剪纸艺术", "太极拳基础", "茶文化概论", "民间借贷常识", "温室番茄栽培")
ACCEPTED, EXPLAINED = TITLES[1:3], TITLES[3:5]


def course(number: int, title: str) -> dict[str, str]:
    """A resource whose category may be accepted as suggested, or explained."""
    return resource(
        RIGHT_ROW,
        资源名称=title,
        资源简介=f"介绍{title}的主要内容、适用对象和学习收获，适合社区居民学习。",
        资源链接=f"https://www.icourse163.org/course/JIA-{number}",
        所属分类=f"科学文化/{title}",
    )


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A call after its first round, and the returned workbook with answers: `answered.xlsx`."""
    root = tmp_path_factory.mktemp("answered")
    small_unit(root / "input", "甲学院", [course(number, title) for number, title in enumerate(TITLES)])
    [[name]] = validate(root / "input", root / "output").files.values()
    book = openpyxl.load_workbook(root / "output" / name)
    lines = {line["当前值"].value: line for line in list_lines(book) if line["规则"].value == "R18-1"}
    assert set(lines) == {f"科学文化/{title}" for title in TITLES}
    for title in ACCEPTED:
        lines[f"科学文化/{title}"]["是否采纳"].value = "是"
    for title in EXPLAINED:
        lines[f"科学文化/{title}"]["单位说明"].value = f"{title}按本校目录分类"
    book.save(root / "answered.xlsx")
    return root


@settings(max_examples=3, deadline=None)
@given(order=st.permutations(TITLES), gone=st.sampled_from((*TITLES[2:], "")), at=st.integers(0, 5))
def test_answers_stay_with_their_resources_when_rows_are_sorted_put_in_and_taken_out(
    answered: Path, order: list[str], gone: str, at: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        shutil.copytree(answered, root, dirs_exist_ok=True)
        book = openpyxl.load_workbook(root / "answered.xlsx")
        _move_rows(book[RESOURCE_SHEET], [title for title in order if title != gone], at)
        (root / "input" / "甲学院" / "清单.xlsx").unlink()
        book.save(root / "input" / "甲学院" / "改好了.xlsx")
        validate(root / "input", root / "output", later=1)
        category = {row["资源名称"]: row["所属分类"] for row in table(root / "output" / "resources.csv")}
        explained = {line["资源名称"]: line["单位说明"] for line in review(root / "output", "问题")}
    there = [title for title in TITLES if title != gone]
    for title in there:
        assert category[title] == f"科学文化{'-' if title in ACCEPTED else '/'}{title}"
        if title not in ACCEPTED:
            assert explained[title] == (f"{title}按本校目录分类" if title in EXPLAINED else "")
    assert set(category) == {*there, "新增的一门课程"}


def _move_rows(sheet: Any, order: list[str], at: int) -> None:
    """The rows in this order, with a new one put in: whole rows, as a spreadsheet program sorts them."""
    width, rows = sheet.max_column, {}
    for row in range(2, 2 + len(TITLES)):
        texts = [sheet.cell(row, column).value for column in range(1, width + 1)]
        rows[texts[NAMES.index("资源名称")]] = texts
    kept = [rows[title] for title in order]
    new = [*rows[TITLES[0]]]
    for name, text in course(99, "新增的一门课程").items():
        new[NAMES.index(name)] = text
    kept.insert(at, new)
    for row, texts in enumerate([*kept, [None] * width], 2):
        for column, text in enumerate(texts, 1):
            sheet.cell(row, column).value = text


# --- what the province decides -------------------------------------------------------------------


def review(output: Path, sheet: str) -> list[dict[str, str]]:
    """The lines of a sheet of 人工复核.xlsx."""
    book = openpyxl.load_workbook(output / "汇总" / "人工复核.xlsx")
    rows = [
        ["" if cell is None else str(cell) for cell in row] for row in book[sheet].iter_rows(values_only=True)
    ]
    top = next(number for number, row in enumerate(rows) if "决定" in row)
    return [dict(zip(rows[top], row, strict=True)) for row in rows[top + 1 :] if any(row)]


def decide(output: Path, sheet: str, about: Mapping[str, str], **inputs: str) -> None:
    """Fill in the line that shows this, or add one at the end."""
    path = output / "汇总" / "人工复核.xlsx"
    book = openpyxl.load_workbook(path)
    rows = list(book[sheet].iter_rows())
    top = next(number for number, row in enumerate(rows) if "决定" in [cell.value for cell in row])
    at = {cell.value: cell.column for cell in rows[top]}
    for row in range(top + 2, book[sheet].max_row + 2):
        texts = {name: str(book[sheet].cell(row, at[name]).value or "") for name in about}
        if texts == about or not any(texts.values()):
            for name, text in {**about, **inputs}.items():
                book[sheet].cell(row, at[name]).value = text or None
            break
    book.save(path)


def verdicts(output: Path) -> dict[str, str]:
    return {row["资源名称"]: row["verdict"] for row in table(output / "resources.csv")}


def unit_line(output: Path, unit: str) -> Line:
    [line] = [each for each in table(output / "units.csv") if each["unit"] == unit]
    return line


def decisions(output: Path) -> list[tuple[str, str, str, str]]:
    """Verdict, reason, who and when of everything in the history, oldest first."""
    with contextlib.closing(sqlite3.connect(output / "history.db")) as history:
        return list(history.execute("SELECT verdict, reason, who, made FROM decisions ORDER BY seq"))


def test_what_the_province_decides_holds_until_it_is_taken_back(tmp_path: Path) -> None:
    """接受, 不推荐 and 推荐, each seen in the tables, the lists and the history."""
    odd = resource(RIGHT_ROW, 点击量="100", 学习人数="500")
    third = resource(course(3, "茶文化概论"), 所属分类="")
    small_unit(tmp_path / "input", "甲学院", [odd, resource(OTHER_ROW), third])
    output, name = tmp_path / "output", odd["资源名称"]
    validate(tmp_path / "input", output)
    assert verdicts(output)[name] == "待复核"
    about = {"单位": "甲学院", "规则": "R13-2", "当前值": "500"}
    decide(output, "问题", about, 决定="接受", 理由="平台口径不同", 审核人="王审核")
    decide(output, "资源", {"单位": "甲学院", "资源名称": "茶文化概论"}, 决定="不推荐", 审核人="赵审核")

    for later in (1, 2):
        result = validate(tmp_path / "input", output, later=later)
        assert set(verdicts(output).values()) == {"通过"}
        line = unit_line(output, "甲学院")
        assert (line["passed"], line["review"], line["returned_file"]) == ("3", "0", "")
        assert result.files == {}
        [shown] = [line for line in review(output, "问题") if line["规则"] == "R13-2"]
        assert (shown["决定"], shown["理由"], shown["审核人"]) == ("接受", "平台口径不同", "王审核")
        if later == 1:
            decide(output, "单位", {"单位": "甲学院"}, 决定="推荐", 审核人="王审核")
    assert unit_line(output, "甲学院")["state"] == "已推荐"
    assert recommended(output) == sorted((name, OTHER_ROW["资源名称"]))
    made = decisions(output)
    assert sorted(each[:3] for each in made) == [
        ("不推荐", "", "赵审核"), ("接受", "平台口径不同", "王审核"), ("推荐", "", "王审核"),
    ]  # fmt: skip
    days = [dt.datetime.fromisoformat(each[3]) - NOW for each in made]
    assert days == [dt.timedelta(days=1), dt.timedelta(days=1), dt.timedelta(days=2)]

    decide(output, "问题", about, 决定="", 理由="", 审核人="")
    validate(tmp_path / "input", output, later=3)
    assert verdicts(output)[name] == "待复核"
    assert (unit_line(output, "甲学院")["review"], unit_line(output, "甲学院")["state"]) == ("1", "待复核")
    assert decisions(output)[-1][0] == "撤销"
    assert len(decisions(output)) == 4


def recommended(output: Path) -> list[str]:
    """The resources on 推荐资源清单.xlsx."""
    assert verbs.report(Namespace(output=output, config=ROOT / "config.yaml")) == 0
    sheet = openpyxl.load_workbook(output / "汇总" / "推荐资源清单.xlsx")[RESOURCE_SHEET]
    head = [bare_name(str(cell.value)) for cell in sheet[1]]
    column = head.index("资源名称")
    return sorted(row[column] for row in sheet.iter_rows(min_row=2, values_only=True) if row[column])


# --- letters ---------------------------------------------------------------------------------------


def test_a_draft_lies_ready_for_each_returned_unit_with_its_workbook(tmp_path: Path) -> None:
    wrong = resource(RIGHT_ROW, 资源类型="B01")
    small_unit(tmp_path / "input", "甲学院", [wrong, resource(OTHER_ROW)])
    small_unit(
        tmp_path / "input",
        "乙市教育局/丙学校",
        [resource(wrong, 资源名称="剪纸艺术", 资源链接="https://a.edu.cn/1")],
    )
    small_unit(
        tmp_path / "input", "丁学院", [resource(OTHER_ROW, 资源名称="书法", 资源链接="https://a.edu.cn/2")]
    )
    result = validate(tmp_path / "input", tmp_path / "output")
    assert set(result.files) == {"甲学院", "乙市教育局/丙学校"}
    drafts = sorted((tmp_path / "output" / "汇总" / "通知邮件").glob("退回_*.eml"))
    assert [path.name for path in drafts] == ["退回_乙市教育局_丙学校.eml", "退回_甲学院.eml"]
    for path, unit in zip(drafts, ("乙市教育局/丙学校", "甲学院"), strict=True):
        letter = email.parser.BytesParser(policy=email.policy.default).parsebytes(path.read_bytes())
        assert letter.defects == []
        assert (letter["To"], letter["X-Unsent"], letter["From"]) == ("jxjy@example.edu.cn", "1", None)
        body = letter.get_body(("plain",))
        assert body is not None
        assert unit.rpartition("/")[2] in body.get_content()
        [attached] = letter.iter_attachments()
        [name] = result.files[unit]
        assert attached.get_filename() == name.rpartition("/")[2]
        assert attached.get_content() == (tmp_path / "output" / name).read_bytes()


def test_the_program_cannot_send_letters() -> None:
    """No module imports anything that speaks to a mail server."""
    imported = {
        alias.name.partition(".")[0]
        for path in (ROOT / "pipeline").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in (node.names if isinstance(node, ast.Import) else [ast.alias(node.module or "")])
    }
    assert imported.isdisjoint({"smtplib", "imaplib", "poplib", "aiosmtplib", "win32com"})
