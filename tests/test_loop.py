"""The way there and back: a clerk accepts what is suggested, does what 怎么改 says, sends the file back."""

from __future__ import annotations

import csv
import datetime as dt
import io
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipeline.demo.call import write_call
from pipeline.demo.content import RIGHT_AUDIOS, RIGHT_COVERS, RIGHT_VIDEOS, Clip
from pipeline.demo.papers import REGISTRATION_SCAN, STATEMENT_SCAN, scan
from pipeline.fields import NAMES, RESOURCE_FILE, RESOURCE_SHEET, TEMPLATE_VERSION, UNIT_SHEET, bare_name
from pipeline.progress import Progress
from pipeline.render.attachments.papers import LIST_HEADERS
from pipeline.render.forms import STATEMENT_NAME, statement_form
from pipeline.run import Result, run
from pipeline.settings import load
from tests.small_tables import ROOT

LOADED = load(ROOT / "config.yaml")
NOW = dt.datetime(2024, 5, 10, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
LIST = "问题清单"
Line = dict[str, str]


def validate(source: Path, output: Path, later: int = 0) -> Result:
    """later: days after the first."""
    result = run(source, output, LOADED, 2, NOW + dt.timedelta(days=later), Progress(io.StringIO()))
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
        clip.make(self.folder / name, sum(map(ord, f"{self.unit}{name}")))
        return name

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
        return validate(self.input, self.output, later=self.rounds)

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
    write_call(root, units=14, rows=20, share=0.6)
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
