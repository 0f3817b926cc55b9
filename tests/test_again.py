"""The same output whoever does the work, and whatever of it was done before.

A generated call, with media and every sort of defect, is validated by each engine; then again where
nothing, one workbook, one threshold or the list of units has changed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from msgspec.structs import replace

from pipeline import examine
from pipeline.canonical import Table
from pipeline.demo.call import write_call
from pipeline.engine import Engine, EngineError, Inline
from pipeline.isolate import Limits
from pipeline.job import CACHE
from pipeline.model import Finding
from pipeline.progress import Progress
from pipeline.rules import REGISTER
from pipeline.run import run
from pipeline.settings import Loaded, Settings, Traced, load
from pipeline.validate import Outcome, validate
from tests.small_tables import ROOT

LOADED = load(ROOT / "config.yaml")
NOW = dt.datetime(2024, 5, 10, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
OWN = {"run.json", "history.db", CACHE, ".运行中"}
"""Files that tell of the run itself."""


def settings_with(**changes: Any) -> Loaded:
    return replace(LOADED, settings=LOADED.settings.model_copy(update=changes))


def validated(source: Path, output: Path, loaded: Loaded = LOADED, jobs: int = 1) -> dict[str, str]:
    """The digests of all files that a run left, but for those that tell of the run itself."""
    result = run(source, output, loaded, jobs, NOW, Progress(io.StringIO()))
    assert result.faults == []
    return {
        path.relative_to(output).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(output.rglob("*"))
        if path.is_file() and path.name not in OWN and ".上轮" not in path.parts
    }


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("call")
    write_call(root, units=7, rows=12, seed=5, share=0.5)
    yield root / "input"
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def once(call: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    output = tmp_path_factory.mktemp("once")
    return output, validated(call, output)


@pytest.fixture
def later(once: tuple[Path, dict[str, str]], tmp_path: Path) -> Path:
    """A copy of the output, to go on from."""
    return Path(shutil.copytree(once[0], tmp_path / "output"))


@pytest.fixture
def forgetful(once: tuple[Path, dict[str, str]], tmp_path: Path) -> Path:
    """The same with nothing to be used again."""
    output = Path(shutil.copytree(once[0], tmp_path / "forgetful"))
    (output / CACHE).unlink()
    return output


# --- the same bytes -----------------------------------------------------------------------------------


def test_two_processes_give_the_bytes_of_one(
    call: Path, once: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    assert validated(call, tmp_path / "output", jobs=2) == once[1]


def test_no_process_gives_the_bytes_of_one(
    call: Path, once: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    assert validated(call, tmp_path / "output", settings_with(engine="inline")) == once[1]


def test_a_cluster_gives_the_bytes_of_one_process(
    call: Path, once: tuple[Path, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its workers know nothing of the folder in which this process works."""
    distributed = pytest.importorskip("distributed")
    with (
        pytest.importorskip("dask").config.set({"distributed.worker.daemon": False}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
    ):
        loaded = settings_with(engine="dask", scheduler=cluster.scheduler_address)
        monkeypatch.chdir(call.parent)
        (tmp_path / "output").mkdir()
        assert validated(Path("input"), Path(os.path.relpath(tmp_path / "output")), loaded) == once[1]


def test_a_cluster_that_does_not_see_the_folders_is_refused(
    call: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    with (
        pytest.importorskip("dask").config.set({"distributed.worker.daemon": False}),
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
    ):
        loaded = settings_with(engine="dask", scheduler=cluster.scheduler_address)
        monkeypatch.setattr("pipeline.cluster.listed", _elsewhere)
        with pytest.raises(EngineError, match="看不到文件夹"):
            validated(call, tmp_path / "output", loaded)


def _elsewhere(folder: Path) -> list[str]:
    """What another machine would see there."""
    here = multiprocessing.parent_process() is None
    return sorted(each.name for each in folder.iterdir()) if here else ["?"]


def test_what_is_reused_gives_the_bytes_of_what_is_done_anew(
    call: Path, once: tuple[Path, dict[str, str]], later: Path
) -> None:
    assert validated(call, later) == once[1]


# --- what is done again, and what not ---------------------------------------------------------------------


@dataclass
class Watch:
    """What a run did: the tasks by function, and the rules that were asked about single units."""

    done: dict[str, list[Any]] = field(default_factory=dict)
    asked: dict[str, Set[str]] = field(default_factory=dict)
    traced: dict[str, Set[str]] = field(default_factory=dict)
    breath: int = -1
    """Media files to be measured before somebody presses Ctrl-C."""

    def run(
        self, function: Callable[..., Any], tasks: Any, *, limits: Limits, **options: Any
    ) -> Iterator[tuple[Any, Any]]:
        # What is to be kept comes with its encoding around it.
        name = getattr(function, "function", function).__name__

        def seen() -> Iterator[Any]:
            for task in tasks:
                done = self.done.setdefault(name, [])
                if name == "measured_file" and len(done) == self.breath:
                    raise KeyboardInterrupt
                done.append(task)
                yield task

        return Inline().run(function, seen(), limits=limits, **options)

    def validate(
        self, table: Table, tables: Mapping[str, pd.DataFrame], settings: Settings, today: str, known: Any
    ) -> Outcome:
        outcome = validate(table, tables, settings, today, known)
        self.asked |= {code: said.keys() for code, said in outcome.fresh.items()}
        self.traced |= outcome.asked
        return outcome


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()

    def opened(_settings: Settings, _jobs: int, **_how: object) -> contextlib.AbstractContextManager[Engine]:
        return contextlib.nullcontext(watch)

    monkeypatch.setattr("pipeline.run.open_engine", opened)
    monkeypatch.setattr(examine, "validate", watch.validate)
    return watch


def test_an_unchanged_call_is_neither_read_nor_measured_nor_marked_again(
    call: Path, later: Path, watch: Watch
) -> None:
    validated(call, later)
    assert not set(watch.done)
    assert watch.asked == {}


class Census(io.StringIO):
    """Where progress is told: notes how many workers there are at each line."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: list[int] = []

    def write(self, text: str) -> int:
        self.counted.append(len(multiprocessing.active_children()))
        return super().write(text)


def test_workers_start_at_once_in_a_first_run_and_never_where_nothing_is_new(
    call: Path, later: Path, tmp_path: Path
) -> None:
    first, again = Census(), Census()
    run(call, tmp_path / "first", LOADED, 2, NOW, Progress(first))
    assert first.counted[0] == 2
    run(call, later, LOADED, 2, NOW, Progress(again))
    assert set(again.counted) == {0}


def test_a_run_that_is_interrupted_goes_on_where_it_was(
    call: Path, once: tuple[Path, dict[str, str]], watch: Watch, tmp_path: Path
) -> None:
    watch.breath = 20
    with pytest.raises(KeyboardInterrupt):
        validated(call, tmp_path / "output")
    read, measured = (set(watch.done.pop(name)) for name in ("read_submission", "measured_file"))
    assert len(measured) == 20
    watch.breath = -1
    assert validated(call, tmp_path / "output") == once[1]
    # What cannot be read is not kept, and tried again.
    assert not {task.workbook for task in watch.done.get("read_submission", ())} & {
        task.workbook for task in read if task.workbook.endswith(".xlsx")
    }
    assert not measured & set(watch.done["measured_file"])


def test_one_changed_workbook_is_read_and_marked_alone(
    call: Path, later: Path, forgetful: Path, watch: Watch, tmp_path: Path
) -> None:
    source = Path(shutil.copytree(call, tmp_path / "input"))
    book = max(source.glob("*/*.xlsx"))
    unit = book.parent.name
    data = book.read_bytes()
    book.write_bytes(_with_another_text(data))
    changed = validated(source, later)
    assert [task.unit for task in watch.done["read_submission"]] == [unit]
    assert "measured_file" not in watch.done
    assert {unit for units in watch.asked.values() for unit in units} == {unit}
    assert changed == validated(source, forgetful)


def _with_another_text(workbook: bytes) -> bytes:
    """One title is another."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(workbook))
    sheet = next(each for each in book if any("资源名称" in str(cell.value) for cell in each[1]))
    column = next(cell.column for cell in sheet[1] if "资源名称" in str(cell.value))
    sheet.cell(3, column).value = "手工皂制作第一课"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_changed_threshold_asks_those_rules_that_read_it_about_everybody(
    call: Path, later: Path, forgetful: Path, watch: Watch
) -> None:
    stricter = LOADED.settings.duration.model_copy(update={"shortest": 11, "same": 0})
    loaded = settings_with(duration=stricter)
    again = validated(call, later, loaded)
    assert not {"read_submission", "measured_file"} & set(watch.done)
    assert {"M12", "M12b", "M12c", "R09-5c"} <= watch.asked.keys()
    assert all("duration" in watch.traced[code] for code in watch.asked)
    assert again == validated(call, forgetful, loaded)


def test_another_severity_asks_no_rule(call: Path, later: Path, forgetful: Path, watch: Watch) -> None:
    loaded = settings_with(severity={"R06-2": "错误"})
    again = validated(call, later, loaded)
    assert watch.asked == {}
    assert again == validated(call, forgetful, loaded)


def test_today_matters_to_the_rules_that_ask_for_it(call: Path, later: Path, watch: Watch) -> None:
    run(call, later, LOADED, 1, NOW + dt.timedelta(days=1), Progress(io.StringIO()))
    assert watch.asked.keys() == {
        rule.code for rule, _ in REGISTER.table_rules() if rule.sees_one_unit and "today" in rule.asked_for
    }


def test_a_unit_that_goes_leaves_the_others_as_they_were(
    call: Path, later: Path, forgetful: Path, watch: Watch, tmp_path: Path
) -> None:
    """Its rows stood before theirs in every table."""
    source = Path(shutil.copytree(call, tmp_path / "input"))
    shutil.rmtree(min(path for path in source.iterdir() if path.is_dir() and path.name != "往年"))
    again = validated(source, later)
    assert not {"read_submission", "measured_file"} & set(watch.done)
    assert again == validated(source, forgetful)


# --- rules that see one unit at a time -------------------------------------------------------------------


def test_each_rule_stands_with_its_text(call: Path) -> None:
    """The text under which an answer is kept is that of the module in which the rule is declared."""
    for rule, check in REGISTER.table_rules():
        module = ROOT / Path(*check.__module__.split(".")).with_suffix(".py")
        assert f'"{rule.code}"' in module.read_text("utf-8"), rule.code


def test_rules_over_one_unit_say_the_same_of_each_alone(call: Path, tmp_path: Path) -> None:
    """Else their answers could not be kept by unit; the others compare units."""
    seen: list[tuple[Table, Mapping[str, pd.DataFrame]]] = []
    whole: list[Outcome] = []

    def caught(
        table: Table, tables: Mapping[str, pd.DataFrame], settings: Settings, today: str, known: Any
    ) -> Outcome:
        seen.append((table, tables))
        whole.append(validate(table, tables, settings, today))
        return whole[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examine, "validate", caught)
        validated(call, tmp_path / "output", settings_with(engine="inline"))
    table, tables = seen[-1]
    units = {row[0] for row in table.rows}
    local = {rule.code for rule, _ in REGISTER.table_rules() if rule.sees_one_unit}
    apart: list[Finding] = []
    for unit in units:
        mine = {
            name: rows[rows["@unit"] == unit] if "@unit" in rows else rows for name, rows in tables.items()
        }
        apart += validate(table, mine, LOADED.settings, "2024-05-10").findings
    assert _told(apart, local, units) == _told(whole[-1].findings, local, units)
    assert len({code for code, *_ in _told(apart, local, units)}) > 15


def _told(findings: Sequence[Finding], codes: Set[str], units: Set[str]) -> list[Any]:
    mine = (each for each in findings if each.code in codes and each.place.unit in units)
    return sorted((each.code, *each.sort_key(), sorted(map(str, each.facts.items()))) for each in mine)


def test_settings_remember_what_they_were_asked_for() -> None:
    traced = Traced(LOADED.settings)
    assert traced.duration.same == LOADED.settings.duration.same
    assert traced.standard == LOADED.settings.standard
    assert traced.asked == {"duration", "standard"}
