"""Hostile and broken files among good units: every outcome as told, and the good units untouched by them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import shutil
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.assess import Result
from pipeline.model import Book
from pipeline.progress import Progress
from pipeline.read.book import read_book
from pipeline.run import run
from pipeline.settings import load
from tests import hostile_files as made
from tests.hostile_files import BOOK, Hostile, Outcome
from tests.small_tables import ROOT

NOW = dt.datetime(2024, 5, 10, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
FIRST, LAST = "一号好学院", "龥号好学院"
"""Names that sort before and behind every hostile unit."""

_FACTS_OF_ITS_OWN = ("unit", "workbook", "verdict", "errors", "warnings", "notes", "real", "seconds")
_PROGRAMMERS = re.compile("None|NaN|Error|Traceback|非法|0x[0-9a-f]{4}|Exception|Errno")
_opened: list[str] | None = None


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if _opened is not None and event in ("open", "os.scandir", "os.listdir", "socket.connect"):
        _opened.append(str(arguments[0 if event != "socket.connect" else 1]))


sys.addaudithook(_watch)


def good_unit(folder: Path, mark: str) -> None:
    """A unit with sound rows, one wrong cell, a film and a cover."""
    records = [
        made.row_values(n)
        | {"资源名称": f"{mark}的第{n}讲", "资源链接": f"https://www.icourse163.org/course/{ord(mark)}-{n}"}
        for n in range(1, 5)
    ]
    records[1]["资源类型"] = "B01"
    records[2] |= {"资源类型": "A01", "资源文件": "第1讲.mp4", "资源封面": "封面.jpg", "资源时长": "00:00:02"}
    folder.mkdir(parents=True)
    (folder / BOOK).write_bytes(made.pack(made.good_parts(records=records)))
    (folder / "第1讲.mp4").write_bytes(made.film() + b"\0\0\0\x0cfree" + mark.encode()[:3] + b"\0")
    (folder / "封面.jpg").write_bytes(made.picture(1280, 720))


@dataclass(frozen=True)
class Tried:
    """A run over good and hostile units, and the run over the good ones alone."""

    output: Path
    result: Result
    findings: list[dict[str, str]]
    resources: list[dict[str, str]]
    units: dict[str, dict[str, str]]
    opened: list[str]
    root: Path

    def of(self, unit: str) -> list[dict[str, str]]:
        return [found for found in self.findings if found["unit"] == unit]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def lines_of(path: Path, units: Iterable[str]) -> list[bytes]:
    """The raw records of some units, byte for byte."""
    records = re.split(rb"\r\n(?=[^\r\n]*)", path.read_bytes())
    starts = tuple(f"{unit},".encode() for unit in units)
    return [record for record in records if record.startswith(starts)]


def attempt(root: Path, hostiles: Iterable[Hostile]) -> Tried:
    global _opened
    loaded = load(ROOT / "config.yaml")
    source, alone = root / "input", root / "alone"
    for folder in (source, alone):
        good_unit(folder / FIRST, "一")
        good_unit(folder / LAST, "龥")
    outside = root / "外面"
    outside.mkdir()
    (outside / "秘密.mp4").write_bytes(made.film())
    for each in hostiles:
        each.write(source)
    run(alone, root / "good", loaded, 1, NOW, Progress(io.StringIO()))
    _opened = []
    try:
        result = run(source, root / "output", loaded, 2, NOW, Progress(io.StringIO()))
    finally:
        opened, _opened = _opened, None
    output = root / "output"
    return Tried(
        output,
        result,
        table(output / "findings.csv"),
        table(output / "resources.csv"),
        {line["unit"]: line for line in table(output / "units.csv")},
        opened,
        root,
    )


def values(tried: Tried, unit: str) -> list[dict[str, str]]:
    """What was read of a unit, without what depends on the file's name."""
    rows = [row for row in tried.resources if row["unit"] == unit]
    return [{key: text for key, text in row.items() if key not in _FACTS_OF_ITS_OWN} for row in rows]


# --- what must hold


def verdict(tried: Tried, hostile: Hostile, right: list[dict[str, str]]) -> str:
    """What is wrong with the outcome, "" if it is as expected."""
    found = tried.of(hostile.name)
    rows = values(tried, hostile.name)
    if hostile.name not in tried.units:
        return "not in units.csv"
    rejected = [each for each in found if each["code"] in ("F01", "F01b") and not each["row"]]
    same = rows == right
    matching = [
        each
        for each in found
        if each["code"].startswith(hostile.code)
        and (not hostile.field or each["field"] == hostile.field)
        and hostile.says in each["message"] + each["fix"]
    ]
    match hostile.outcome:
        case Outcome.REJECTED:
            problem = "" if rejected and matching and not rows else "not rejected"
        case Outcome.SAME:
            problem = "" if same and (not hostile.code or matching) else "not the same values"
        case Outcome.EITHER:
            problem = "" if (rejected and not rows) or same else "neither rejected nor the same"
        case Outcome.IGNORED:
            clean = not any(each["code"].startswith("F") for each in found)
            problem = "" if clean and same else "not ignored"
        case Outcome.FINDING:
            problem = "" if matching and not (hostile.code != "F01" and rejected) else "no such finding"
    shown = [(each["code"], each["field"], each["message"][:90], each["fix"][:60]) for each in found[:4]]
    return problem and f"{hostile.name}: {problem}; rows {len(rows)}; {shown}"


def plain_sentence(found: dict[str, str]) -> str:
    """What is wrong with the wording of a rejection, "" if nothing is."""
    text, fix = found["message"], found["fix"]
    name = found["workbook"].rpartition("/")[2] or found["value"]
    if name and name not in text:
        return f"does not name the file: {text}"
    if text.count("。") != 1 or not text.endswith("。") or "\n" in text:
        return f"not one sentence: {text}"
    if not fix.startswith("请") or not fix.endswith("。"):
        return f"no remedy: {fix}"
    return f"not plain: {text}" if _PROGRAMMERS.search(text) else ""


def check(tried: Tried, hostiles: list[Hostile]) -> None:
    right = values(tried, next(each.name for each in hostiles if each.name == "全部存储"))
    assert len(right) == made.ROWS
    assert right[0]["创建时间"] == "2022-03-11"
    assert right[0]["资源时长"] == "25:00:30"
    assert tried.result.faults == []
    problems = [problem for each in hostiles if (problem := verdict(tried, each, right))]
    assert not problems, "\n".join(problems)


@pytest.fixture(scope="module")
def hostiles() -> list[Hostile]:
    return made.selection()


@pytest.fixture(scope="module")
def tried(hostiles: list[Hostile], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    root = tmp_path_factory.mktemp("敌")
    yield attempt(root, hostiles)
    shutil.rmtree(root, ignore_errors=True)


def test_every_file_has_its_outcome(tried: Tried, hostiles: list[Hostile]) -> None:
    check(tried, hostiles)


def test_every_hostile_path_is_told_in_its_row(tried: Tried) -> None:
    """Every text is a finding on its field; the list itself, named as a film, is of another type (M01)."""
    for unit, field in (("路径文件", "资源文件"), ("路径封面", "资源封面")):
        told = {int(each["row"]) for each in tried.of(unit) if each["field"] == field}
        missed = [text for row, text in enumerate(made.PATHS, 2) if row not in told and text != BOOK]
        assert missed == []


def test_good_units_do_not_notice(tried: Tried) -> None:
    units = (FIRST, LAST)
    for name in ("findings.csv", "resources.csv", "units.csv"):
        mine = lines_of(tried.output / name, units)
        assert mine
        assert mine == lines_of(tried.root / "good" / name, units)
    for unit in units:
        returned = tried.output / "退回" / unit / BOOK
        assert returned.read_bytes() == (tried.root / "good" / "退回" / unit / BOOK).read_bytes()


def test_every_rejection_is_one_plain_sentence(tried: Tried) -> None:
    rejections = [found for found in tried.findings if found["code"] in ("F01", "F01b")]
    assert len(rejections) > 100
    problems = [problem for found in rejections if (problem := plain_sentence(found))]
    assert not problems, "\n".join(problems)


def test_every_unit_has_a_line_and_a_state(tried: Tried, hostiles: list[Hostile]) -> None:
    assert {each.name for each in hostiles} <= tried.units.keys()
    rejected = {each.name for each in hostiles if each.outcome is Outcome.REJECTED}
    states = {name: tried.units[name]["state"] for name in rejected}
    assert set(states.values()) == {"无法读取"}, states
    assert all(int(tried.units[name]["errors"]) > 0 for name in rejected)


def test_left_behind_files_are_counted(tried: Tried, hostiles: list[Hostile]) -> None:
    count = sum(each.outcome is Outcome.IGNORED for each in hostiles)
    assert tried.result.ignored == json.loads((tried.output / "run.json").read_bytes())["ignored"] == count


def test_nothing_outside_is_opened_or_reached(tried: Tried) -> None:
    """The parent process: no path below the test's folder but input and output, no secret, no address."""
    paths = [path for path in tried.opened if str(tried.root) in path]
    assert any(path.startswith(str(tried.root / "input")) for path in paths)
    allowed = (str(tried.root / "input"), str(tried.root / "output"))
    assert [path for path in paths if not path.startswith(allowed)] == []
    assert [path for path in tried.opened if re.search("秘密|passwd|win.ini|127\\.0|10\\.0", path)] == []
    assert sorted(path.name for path in tried.root.iterdir()) == ["alone", "good", "input", "output", "外面"]


def test_output_holds_nothing_that_acts(tried: Tried, hostiles: list[Hostile]) -> None:
    books = sorted(tried.output.rglob("*.xlsx"))
    books = [path for path in books if path.relative_to(tried.output).parts[0] == "退回"]
    assert len(books) > 60
    for path in books:
        with zipfile.ZipFile(path) as package:
            assert package.testzip() is None
            assert isinstance(read_book(path), Book), path
            names = [name.lower() for name in package.namelist()]
            assert not [
                name for name in names if re.search("vbaproject|externallink|connections|querytable", name)
            ]
            for name in package.namelist():
                data = package.read(name)
                if "worksheets/sheet" in name and name.endswith(".xml"):
                    assert not re.search(rb"<(?:\w+:)?f[ >]", data), (path, name)
                if name.endswith(".rels") and path.parent.name != "整表链接":
                    assert b"External" not in data, (path, name)
    for name in ("findings.csv", "resources.csv", "units.csv"):
        with (tried.output / name).open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for line in csv.reader(file) for cell in line]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe]", "".join(cells))


def test_what_was_left_out_is_said_in_the_returned_workbook(tried: Tried, hostiles: list[Hostile]) -> None:
    wanted = [each for each in hostiles if each.left_out]
    assert len(wanted) >= 5
    for each in wanted:
        (path,) = (tried.output / "退回" / each.name).iterdir()
        with zipfile.ZipFile(path) as package:
            texts = "".join(package.read(name).decode("utf-8", "replace") for name in package.namelist())
        assert f"原文件中的{each.left_out}没有带回" in texts, each.name


def test_what_cannot_be_marked_comes_back_in_the_template(tried: Tried) -> None:
    (path,) = (tried.output / "退回" / "不能标注").iterdir()
    with zipfile.ZipFile(path) as package:
        texts = "".join(package.read(name).decode("utf-8", "replace") for name in package.namelist())
    assert "测试课程第6门" in texts
    assert any("不能在原文件上标注" in remark for remark in tried.result.remarks)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_long_sweep(tmp_path: Path) -> None:
    hostiles = made.sweep()
    assert len(hostiles) > 300
    hostiles += [each for each in made.sheets() if each.name == "全部存储"]
    sweep = attempt(tmp_path, hostiles)
    check(sweep, hostiles)
    mine = lines_of(sweep.output / "findings.csv", (FIRST, LAST))
    assert mine == lines_of(tmp_path / "good" / "findings.csv", (FIRST, LAST))
