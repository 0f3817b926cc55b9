"""The demo: every defect is one mistake, the ledger is true of the files, the same call twice is the same."""

from __future__ import annotations

import csv
import datetime as dt
import functools
import hashlib
import io
import random
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from msgspec.structs import replace

from pipeline.canonical import canonical
from pipeline.demo import call, content
from pipeline.demo.call import write_call
from pipeline.demo.content import Formula, Native, Record
from pipeline.demo.defects import DEFECTS
from pipeline.demo.sample import UNIT, WORKBOOK, sample_unit
from pipeline.demo.submission import Seeded
from pipeline.demo.workbook import Shape, as_csv
from pipeline.fields import NAMES, REQUIRED, RESOURCE_FILE, bare_name
from pipeline.model import Severity
from pipeline.progress import Progress
from pipeline.rules import REGISTER
from pipeline.run import run
from pipeline.settings import load
from tests.small_tables import ROOT, SETTINGS, submission

NOW = dt.datetime(2024, 5, 10, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
UNITS, ROWS, SHARE = 14, 32, 0.5
"""The smallest call that shows every kind of mistake."""


@functools.cache
def right_records(number: int = 60, seed: int = 3, unit: int = 0) -> list[Record]:
    return content.records(content.units(unit + 1)[unit], number, content.names(seed), seed)


def texts(record: Record) -> dict[str, str]:
    return {field: str(cell) for field, cell in record.cells.items()}


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


# --- right by construction --------------------------------------------------------------------


def test_right_resources_are_right_in_the_eyes_of_the_rules():
    table = canonical([submission([texts(record) for record in right_records(120)])], SETTINGS)
    assert table.findings == []


def test_right_resources_hold_what_careless_checks_refuse():
    values = {str(cell) for record in right_records(120) for cell in record.cells.values()}
    joined = "\n".join(values)
    for tricky in (
        "26:05:10",
        "（藏族）班班多杰",
        "John Smith",
        "买买提·艾力",
        "machine learning",
        "https://中国大学.cn/课程",
    ):
        assert tricky in joined
    assert "0" in values


def test_typed_cells_say_the_same_as_their_text():
    for index, record in enumerate(right_records(40)):
        typed = content.as_typed(record, index)
        assert texts(typed) == texts(record)
        assert isinstance(typed.cells["创建时间"], Native)


def test_names_files_and_links_are_never_used_twice():
    names = content.names(1)
    every = [
        record
        for seed, unit in enumerate(content.units(12))
        for record in content.records(unit, 120, names, seed)
    ]
    for values in (
        [record.text("资源名称") for record in every],
        [record.text("资源链接") for record in every if record.text("资源链接")],
        [(file.clip.name, file.seed) for record in every for file in record.files],
    ):
        assert len(values) == len(set(values))
    assert len({unit.path for unit in content.units(300)}) == 300


def test_units_have_every_type_and_some_are_forwarded():
    units = content.units(30)
    assert sum("/" in unit.path for unit in units) == 6
    assert {unit.kind for unit in units} >= {
        "高等学校",
        "省辖市教育局",
        "省属中等职业学校",
        "行业企业及其他社会机构",
    }


# --- each defect is one mistake ---------------------------------------------------------------


def suffered(defect) -> tuple[Record, Record]:
    """The first resource that can suffer the defect, before and after, of a school or a forwarded one."""
    for records in (right_records(120), right_records(120, unit=7)):
        for index, record in enumerate(records):
            if defect.where(record, records[:index]):
                return record, defect.spoil(record, records[:index])
    raise AssertionError(f"no resource can suffer “{defect.kind}”")


def test_there_are_many_kinds_and_no_two_share_a_name():
    assert len({defect.kind for defect in DEFECTS}) == len(DEFECTS) >= 60


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: f"{defect.rule} {defect.kind}")
def test_a_defect_changes_its_own_field_or_the_files(defect):
    before, after = suffered(defect)
    changed = {name for name in NAMES if before.cells.get(name) != after.cells.get(name)}
    along = {
        "X01": {"部署平台", "资源链接"}, "X02": {"部署平台"}, "X03": {RESOURCE_FILE, "资源时长"},
        "R04-1b": {"部署平台"}, "Y01": {"主讲人"}, "Y02": {"主讲人"}, "Y03": {"部署平台"},
        "L10": {"资源链接"}, "L10b": {"资源链接"}, "L10c": {"资源链接"},
        "R06-2": {"所属顺序"}, "M15c": {"资源时长"}, "M15d": {"资源时长"},
    }.get(defect.rule, set())  # fmt: skip
    assert changed <= {defect.field} | along
    assert changed or before.files != after.files


@pytest.mark.parametrize(
    "defect",
    [defect for defect in DEFECTS if defect.rule[0] in "GR" and not defect.typed],
    ids=lambda defect: f"{defect.rule} {defect.kind}",
)
def test_a_wrong_form_is_found_by_its_own_rule_alone(defect):
    """Rules over a cell's form; those over whole tables or files need more than one cell."""
    if REGISTER.rules[defect.rule].check is not None or defect.rule in ("R15-4",):
        return
    _, after = suffered(defect)
    table = canonical([submission([texts(after)])], SETTINGS)
    assert [(found.code, found.place.field) for found in table.findings] == [(defect.rule, defect.field)]


def test_every_rule_that_a_defect_names_exists():
    unknown = {defect.rule for defect in DEFECTS} - set(REGISTER.rules)
    assert unknown == set()


# --- the call ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_call(tmp_path_factory):
    root = tmp_path_factory.mktemp("call")
    return root, write_call(root, units=3, rows=12, share=0.25)


@pytest.fixture(scope="module")
def wide_call(tmp_path_factory):
    """Every layout and fault, without media and papers: what is asked of it is in the workbooks."""
    root = tmp_path_factory.mktemp("wide")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(call, "write_enclosure", lambda *_: None)
        patch.setattr(call, "sealed_papers", lambda *_: {})
        return root, write_call(root, units=30, rows=12, share=0.4)


@functools.cache
def read_sheet(root: Path, unit: str, name: str) -> dict[int, dict[str, object]]:
    """Row number → header → value of the list in a unit's workbook."""
    archive = root / "input" / f"{unit}.zip"
    if archive.exists():
        with zipfile.ZipFile(archive, metadata_encoding="gbk") as packed:
            data = packed.read(name)
    else:
        data = (root / "input" / unit / name).read_bytes()
    if name.endswith(".csv"):
        lines = list(csv.reader(io.StringIO(data.decode("gb18030"), newline="")))
        return {number: dict(zip(lines[0], line, strict=True)) for number, line in enumerate(lines, 1)}
    sheet = openpyxl.load_workbook(io.BytesIO(data), data_only=True)["资源清单"]
    lines = [list(line) for line in sheet.iter_rows(values_only=True)]
    head = next(line for line in lines if "资源名称" in [bare_name(str(cell)) for cell in line])
    names = [{"主讲教师": "主讲人"}.get(name, name) for name in (bare_name(str(cell)) for cell in head)]
    # Of two columns with one name the first is read.
    return {number: dict(zip(names[::-1], line[::-1], strict=True)) for number, line in enumerate(lines, 1)}


@pytest.mark.parametrize("which", ["small_call", "wide_call"])
def test_the_ledger_is_true_of_the_workbooks(which, request):
    root, ledger = request.getfixturevalue(which)
    shown = 0
    for entry in ledger:
        if entry.row and entry.field in NAMES and entry.rule not in ("S04", "S05", "S07", "S10"):
            value = read_sheet(root, entry.unit, entry.workbook)[entry.row].get(entry.field)
            value = value.date() if isinstance(value, dt.datetime) else value
            assert ("" if value is None else str(value)) == entry.value, entry
            shown += 1
    assert shown > 5


def test_the_wide_call_has_every_layout_and_fault(wide_call):
    root, ledger = wide_call
    rules = {entry.rule for entry in ledger}
    assert rules >= {"F01", "F03", "F04", "F08", "S01", "S03", "S04", "S06", "S07", "S08", "W02", "W03"}
    names = [path.name for path in (root / "input").rglob("*")]
    assert any(name.endswith(".csv") for name in names)
    assert any(name.endswith(".zip") for name in names)
    assert any((path / "..").resolve().name.endswith("教育局") for path in (root / "input").glob("*教育局/*"))


def test_rows_count_what_stands_above_and_between():
    shape = Shape(above=3, gap=2, example=True)
    assert [shape.row_of(index) for index in range(5)] == [6, 7, 9, 10, 12]


def test_the_archive_has_names_in_gbk(wide_call):
    root, _ = wide_call
    archive = next((root / "input").glob("*.zip"))
    with zipfile.ZipFile(archive, metadata_encoding="gbk") as packed:
        assert all(not member.flag_bits & 0x800 for member in packed.infolist())
        assert any(name.endswith("_资源元数据.xlsx") for name in packed.namelist())


def test_every_file_that_a_right_row_names_is_there_and_no_two_are_equal(small_call):
    root, ledger = small_call
    wrong = {(entry.unit, entry.row) for entry in ledger}
    for unit in content.units(3):
        files = {path.name for path in (root / "input" / unit.path).rglob("*")}
        for number, row in read_sheet(root, unit.path, f"{unit.name}_资源元数据.xlsx").items():
            named = row.get("资源封面")
            if named and named.endswith(".jpg") and (unit.path, number) not in wrong:
                assert named in files
                for path in filter(None, (row.get(RESOURCE_FILE) or "").split(";")):
                    assert path.replace("\\", "/").rpartition("/")[2] in files
    twins = sum(entry.rule == "Y04" for entry in ledger)
    every = [
        digest for name, digest in digests(root / "input").items() if not name.endswith((".xlsx", ".docx"))
    ]
    assert len(every) - len(set(every)) == twins


def test_the_ledger_is_written_as_it_is_returned(small_call):
    root, ledger = small_call
    with (root / "seeded.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *lines = csv.reader(file)
    assert tuple(header) == Seeded._fields
    assert lines == [[str(value) for value in entry] for entry in ledger]
    assert list(ledger) == sorted(ledger)


def test_the_same_call_is_the_same_files(tmp_path, monkeypatch):
    monkeypatch.setattr(call, "write_enclosure", lambda *_: None)
    first, second = tmp_path / "1", tmp_path / "2"
    write_call(first, units=2, rows=6)
    random.seed(1)
    write_call(second, units=2, rows=6)
    assert digests(first) == digests(second)


def test_a_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "x").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError):
        write_call(tmp_path, units=1, rows=3)
    assert digests(tmp_path) == {"input/x": hashlib.sha256(b"mine").hexdigest()}


def test_csv_is_what_excel_in_chinese_saves():
    record = Record({"资源名称": "甲,乙", "主讲人": "欧阳䶮", "点击量": Formula("=#REF!", "#REF!")}, ())
    lines = as_csv([record]).decode("gb18030").split("\r\n")
    assert lines[0].split(",") == list(NAMES)
    assert '"甲,乙"' in lines[1]
    assert "欧阳䶮" in lines[1]


# --- the whole call, validated ----------------------------------------------------------------


def validate(source: Path, output: Path, jobs: int, profile: str = "henan-2024") -> None:
    loaded = load(ROOT / "config.yaml")
    settings = loaded.settings.model_copy(update={"profile": profile})
    result = run(source, output, replace(loaded, settings=settings), jobs, NOW, Progress(io.StringIO()))
    assert result.faults == []


def findings(output: Path) -> list[dict[str, str]]:
    with (output / "findings.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


Key = tuple[str, str, int, str, str, str]


def told(output: Path) -> Counter[Key]:
    """Unit, workbook, row, field, code and severity of everything that was found."""
    return Counter(
        (
            found["unit"], found["workbook"], int(found["row"] or 0), found["field"], found["code"],
            found["severity"],
        )
        for found in findings(output)
    )  # fmt: skip


@pytest.fixture(scope="session")
def validated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, tuple[Seeded, ...]]]:
    root = tmp_path_factory.mktemp("whole")
    ledger = write_call(root, units=UNITS, rows=ROWS, share=SHARE)
    before = {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in root.rglob("*")}
    validate(root / "input", root / "output", jobs=2)
    assert all(
        (path.stat().st_size, path.stat().st_mtime_ns) == was for path, was in before.items() if path != root
    )
    yield root, ledger
    shutil.rmtree(root)


def not_shown() -> set[str]:
    """The rules that the ledger's own account names as not shown."""
    account = re.search(r"\| rules \|.*", call.__doc__ or "", re.DOTALL)
    assert account
    named = re.findall(r"\b([A-Z][0-9]{2}(?:-[0-9]+)?[a-z]?|A[0-9])\b", account[0])
    return {code for code in REGISTER.rules if code in named or code[:2] in named or code[:2] == "L0"}


def test_every_kind_is_seeded_and_every_rule_that_a_call_can_break(validated):
    _, ledger = validated
    assert {entry.kind for entry in ledger} >= {defect.kind for defect in DEFECTS}
    seeded = {entry.rule for entry in ledger}
    assert set(REGISTER.rules) - seeded - {"W01b"} == not_shown()


def test_every_seeded_mistake_is_found_at_its_place_and_nothing_else_is_told_of_a_resource(validated):
    root, ledger = validated
    seeded = Counter(
        (entry.unit, entry.workbook, entry.row, entry.field, entry.rule, entry.severity) for entry in ledger
    )
    found = told(root / "output")
    assert seeded - found == Counter()
    extra = found - seeded
    assert [key for key in extra if key[2] or key[5] != Severity.NOTE] == []


def test_severities_in_the_ledger_are_those_of_the_rules(validated):
    _, ledger = validated
    assert all(entry.severity == REGISTER.rules[entry.rule].severity for entry in ledger)


def results(output: Path) -> dict[str, bytes]:
    """What a run leaves but for its own record, the history and the cache."""
    kept = {".csv", ".xlsx", ".eml", ".html", ".txt", ".docx"}
    return {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in sorted(output.rglob("*"))
        if path.suffix in kept
    }


def test_workers_and_cache_change_no_byte(validated, tmp_path):
    root, _ = validated
    first = results(root / "output")
    validate(root / "input", tmp_path / "alone", jobs=1)
    assert results(tmp_path / "alone") == first
    validate(root / "input", tmp_path / "alone", jobs=2)
    assert results(tmp_path / "alone") == first


def test_another_standard_judges_the_same_media_otherwise(validated, tmp_path):
    """1920×1080 and 48 kHz, but neither bitrate nor frame rate: 教科信司〔2025〕24号."""
    root, ledger = validated
    shutil.copytree(root / "output", tmp_path / "output")
    validate(root / "input", tmp_path / "output", jobs=2, profile="smartedu-international-2025")
    ours, theirs = told(root / "output"), told(tmp_path / "output")
    changed = {key[4] for key in (ours - theirs) + (theirs - ours)}
    assert changed == {"M04", "M05", "M06", "M07", "M07c", "M09"}
    by_code = Counter({code: sum(n for key, n in theirs.items() if key[4] == code) for code in changed})
    assert by_code["M06"] == by_code["M07"] == by_code["M07c"] == 0
    small = {(key[0], key[2]) for key in theirs if key[4] == "M04"}
    assert small >= {(entry.unit, entry.row) for entry in ledger if entry.rule in ("M04", "M05")}
    with_720 = {entry.kind for entry in ledger if (entry.unit, entry.row) in small}
    assert "像素不是方形" in with_720


# --- the sample -------------------------------------------------------------------------------


def test_the_sample_is_small_repeatable_and_half_right(tmp_path):
    sample_unit(tmp_path / "1")
    sample_unit(tmp_path / "2")
    assert digests(tmp_path / "1") == digests(tmp_path / "2")
    assert sum(path.stat().st_size for path in (tmp_path / "1").rglob("*") if path.is_file()) < 3_500_000
    sheet = openpyxl.load_workbook(tmp_path / "1" / UNIT / WORKBOOK)["资源清单"]
    rows = [
        dict(zip(NAMES, ("" if cell is None else str(cell) for cell in line), strict=True))
        for line in sheet.iter_rows(min_row=2, values_only=True)
    ]
    table = canonical([submission(rows, unit=UNIT)], SETTINGS)
    wrong = {found.place.row for found in table.findings}
    assert wrong.isdisjoint(range(2, 8))
    codes = {found.code for found in table.findings}
    assert codes >= {"R10-2", "R12-2", "R12-2b", "R09-3", "R09-4", "R11-1", "R03-2", "G03", "R13-1", "R18-1"}
    assert set(REQUIRED) - {"版权方"} <= {name for name in NAMES if all(row[name] for row in rows)}
