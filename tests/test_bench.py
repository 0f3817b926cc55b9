"""The benchmark measures what it says: right calls are right, parts yield numbers, ratios, the page."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("av")

from pipeline.__main__ import main
from pipeline.probe.facts import probe_file
from tests.bench import competitors, memory, probing, whole
from tests.bench.__main__ import bench
from tests.bench.again import EVERY
from tests.bench.calls import SOUND, VIDEO, Call, rows_of
from tests.bench.figures import GOALS, Figure, Goal, Ratio, compared, ratio_of
from tests.bench.measure import LINUX, CommandError, alternately, peak_of, python, spent_by
from tests.bench.page import as_ratio, line, page, verdict
from tests.bench.parts import PARTS
from tests.bench.result import FILE, Measured, Result, kept, load
from tests.bench.session import DEFAULT, QUICK, Session

TINY = replace(
    QUICK, name="tiny", sizes=(), province=(2, 12), marked=1, media=4, few=1, starts=1, rows=((1, 1),),
    books=(), checked=50, nation=100,
)  # fmt: skip
MACHINE = {"processor": "某处理器", "cores": "2"}
linux = pytest.mark.skipif(not LINUX, reason="memory of several processes is read from /proc")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return Session(TINY, tmp_path_factory.mktemp("calls"), tmp_path_factory.mktemp("scratch"))


def measured(*figures: Figure, date: str = "2026-01-01", cores: str = "2") -> Measured:
    return Measured(date, "default", MACHINE | {"cores": cores}, {"Python": "3.11"}, figures)


# --- parts ------------------------------------------------------------------------------------------

MAY_BE_MISSING = {"calamine", "frictionless", "mediainfo", "ffprobe", "growth"}


@pytest.mark.parametrize("name", PARTS)
def test_part_yields_numbers(name: str, session: Session) -> None:
    figures = PARTS[name].measure(session)
    assert len({figure.key for figure in figures}) == len(figures) > 0
    for figure in figures:
        assert figure.key.startswith(f"{name}.")
        assert figure.value is None or figure.value >= 0, figure
        assert figure.value is not None or figure.note, figure
        if figure.value is None and LINUX:
            assert any(word in f"{figure.key} {figure.against}" for word in MAY_BE_MISSING), figure
        if figure.ratio:
            assert figure.ours is not None
            assert figure.other
            # One round: the ratio is that of the two sides.
            assert figure.ratio.value == pytest.approx(figure.ours / figure.other)
    assert not list(session.scratch.glob("output-*"))


@pytest.mark.skipif(sys.platform == "win32", reason="makes commands of its own")
def test_commands_that_are_installed_are_measured(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    for name in probing.COMMANDS:
        command = tmp_path / name
        command.write_text(f'#!/bin/sh\necho "$0 $*" >> {seen}\n', "utf-8")
        command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    values = {figure.key: figure.value for figure in probing.measure(session)}
    assert values["probing.video.mediainfo"]
    assert values["probing.sound.ffprobe"]
    calls = seen.read_text("utf-8").splitlines()
    # Two sorts of files, two commands, one file each; once to warm up and once in the round.
    assert len(calls) == 8
    assert any(call.endswith(".mp4") and "/ffprobe -v error" in call for call in calls)


def test_goals_are_about_figures_that_the_default_scale_measures(session: Session) -> None:
    rows = {f"memory.rows.{units * rows}" for units, rows in DEFAULT.rows}
    size = "x".join(map(str, DEFAULT.province))
    assert DEFAULT.province in DEFAULT.sizes
    sized = {f"{name}.{size}" for name in ("whole.cpu", "whole.rows", "again.unchanged")}
    there = rows | sized | {"marking.openpyxl", "probing.video.limit", "start.help"}
    assert {goal.key for goal in GOALS} <= there


# --- calls ------------------------------------------------------------------------------------------


def findings(session: Session, call: Call) -> list[dict[str, str]]:
    with session.output() as output:
        command = session.validate(session.calls.folder(call), output)
        assert main(command[command.index("pipeline") + 1 :]) == 0
        assert not list(output.glob("退回/*"))
        with (output / "findings.csv").open(encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines))


def test_right_call_with_media_has_nothing_wrong_in_its_rows(session: Session) -> None:
    call = session.province(every=EVERY)
    assert all(row["资源文件"] for row in rows_of(call, 0))
    wrong = [found for found in findings(session, call) if found["row"] and found["severity"] != "提示"]
    assert not wrong


def test_wrong_call_has_as_much_wrong_as_it_says() -> None:
    right, wrong = (rows_of(Call(1, 200, share), 0) for share in (0.0, whole.WRONG))
    spoilt = sum(row[name] != other[name] for row, other in zip(right, wrong, strict=True) for name in row)
    assert 0.5 < spoilt / (whole.WRONG * 200 * 15) < 1.5
    assert wrong == rows_of(Call(1, 200, whole.WRONG), 0)


def test_media_are_whole_and_differ(session: Session) -> None:
    for model in (VIDEO, SOUND):
        paths = session.calls.media(4, model)
        assert len({path.read_bytes() for path in paths}) == 4
        assert [probe_file(path)["broken"] for path in paths] == [""] * 4


def test_calls_that_are_kept_are_used_again(session: Session) -> None:
    call = Call(1, 2)
    folder = session.calls.folder(call)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert Session(TINY, folder.parents[1], session.scratch).calls.folder(call) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_frictionless_validates_by_all_checks(session: Session, tmp_path: Path) -> None:
    pytest.importorskip("frictionless")
    fields = competitors.schema()["fields"]
    checks = [name for field in fields for name in field["constraints"] if name != "maxLength"]
    assert len(checks) == 12
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(competitors.schema()), "utf-8")
    right, wrong = (session.calls.folder(session.province(wrong=share)) for share in (0, whole.WRONG))
    assert competitors.frictionless(right, schema, 1) == 0
    assert competitors.frictionless(wrong, schema, 1) > 0


# --- measuring ---------------------------------------------------------------------------------------

BUSY = "import time; until = time.process_time() + 0.3\nwhile time.process_time() < until: pass"
CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}], check=True)"
HOLDS = "import time; held = b'x' * 60_000_000; time.sleep(0.6)"
TWO_HOLD = f"""
import subprocess, sys
first = subprocess.Popen([sys.executable, "-c", {HOLDS!r}])
{HOLDS}
first.wait()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no CPU time of other processes")
def test_cpu_is_that_of_children_too() -> None:
    spent = spent_by(python("-c", CHILD))
    assert spent.cpu is not None
    assert spent.cpu >= 0.3
    assert spent.wall > 0


def test_a_command_that_fails_says_what_it_wrote() -> None:
    with pytest.raises(CommandError, match="坏了"):
        spent_by(python("-c", "import sys; sys.stderr.reconfigure(encoding='utf-8'); sys.exit('坏了')"))


@linux
def test_memory_is_that_of_all_processes_together() -> None:
    peak = peak_of(python("-c", TWO_HOLD))
    assert peak is not None
    assert 120 < peak < 200


def test_sides_take_turns() -> None:
    order: list[str] = []

    def job(name: str) -> Callable[[], int]:
        return lambda: order.append(name) or len(order)

    results = alternately(2, {"A": job("A"), "B": job("B")})
    assert order == ["A", "B", "A", "B"]
    assert results == {"A": [1, 3], "B": [2, 4]}


def test_ratio_is_the_median_of_pairs() -> None:
    assert ratio_of([2, 9, 4], [1, 3, 1]) == Ratio(3, 2, 4)
    figure = compared("k", "what", "other", [2, 9, 4], [1, 3, 1])
    assert (figure.ours, figure.other, figure.value) == (9, 3, 3)


def test_growth_is_the_last_slope_by_the_first() -> None:
    straight = memory.growth("rows", [(1_000, 100.0), (10_000, 190.0), (50_000, 590.0)])
    assert straight.value == pytest.approx(1)
    steeper = memory.growth("rows", [(1_000, 100.0), (10_000, 190.0), (50_000, 990.0)])
    assert steeper.value == pytest.approx(2)
    assert memory.growth("rows", [(1_000, 100.0), (10_000, 190.0)]).value is None


# --- the page ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("goal", "value", "says"),
    [
        (Goal("k", "at most", at_most=4), 4.0, "达到"),
        (Goal("k", "at most", at_most=4), 4.01, "未达到"),
        (Goal("k", "at least", at_least=8), 8.0, "达到"),
        (Goal("k", "at least", at_least=8), 7.99, "未达到"),
        (Goal("k", "either"), None, "未测"),
    ],
)
def test_verdict(goal: Goal, value: float | None, says: str) -> None:
    assert verdict(goal, value) == says


def help_takes(share: float) -> Figure:
    return Figure("start.help", "`--help`", "import pandas", "s", share, 1.0, Ratio(share, share, share))


def test_page_tells_before_and_now() -> None:
    result = Result()
    result.take("start", measured(help_takes(0.4)))
    assert "| 40.0 % | 未达到 |  |" in page(result)
    result.take("start", measured(help_takes(0.2), date="2026-02-01"))
    assert "| 20.0 % | 达到 | 40.0 % → 20.0 % (−50 %) |" in page(result)
    assert "Measured 2026-02-01, default." in page(result)


def test_another_machine_is_no_change() -> None:
    result = Result()
    result.take("start", measured(help_takes(0.4)))
    result.take("start", measured(help_takes(0.2), cores="64"))
    assert "40.0 % → 20.0 % (another machine)" in page(result)
    assert "−50 %" not in page(result)


def test_part_of_another_machine_says_so() -> None:
    result = Result()
    result.take("start", measured(help_takes(0.4)))
    result.take(
        "checks", measured(Figure("checks.rules.1", "rules", ours=1.0), date="2026-02-01", cores="64")
    )
    assert "Measured 2026-01-01, default, on another machine: 某处理器, 2." in page(result)


def test_only_the_same_amount_is_compared() -> None:
    result = Result()
    result.take("checks", measured(Figure("checks.rules.1", "rules", ours=1.0)))
    result.take("checks", measured(Figure("checks.rules.2", "rules", ours=1.0)))
    assert "→ 1.00 s" not in page(result)


def test_what_is_not_measured_says_why() -> None:
    figure = Figure("probing.video.ffprobe", "video files", "command `ffprobe`", note="not installed")
    assert line(figure) == "video files | not installed | command `ffprobe`"
    result = Result()
    result.take("probing", measured(figure))
    assert "| video files | not installed | command `ffprobe` |  |  |" in page(result)


def test_ratios_below_one_are_in_percent() -> None:
    assert [as_ratio(each) for each in (0.041, 0.999, 1.0, 3.94, 12.34, 1234.0)] == [
        "4.10 %", "99.9 %", "1.00 ×", "3.94 ×", "12.3 ×", "1,234 ×",
    ]  # fmt: skip


def test_result_is_kept_whole(tmp_path: Path) -> None:
    result = Result()
    result.take("start", measured(help_takes(0.4)))
    result.take("start", measured(help_takes(0.2), Figure("start.row", "row", note="not measured")))
    (tmp_path / FILE).write_text(kept(result), "utf-8")
    assert page(load(tmp_path / FILE)) == page(result)
    assert kept(load(tmp_path / FILE)) == kept(result)


def test_parts_are_measured_alone_and_join_the_page(session: Session, tmp_path: Path) -> None:
    calls = session.scratch / "kept"
    to, scratch = tmp_path / "to", tmp_path / "scratch"
    to.mkdir()
    scratch.mkdir()
    bench(["checks"], TINY, calls, scratch, to)
    bench(["marking"], TINY, calls, scratch, to)
    bench(["checks"], TINY, calls, scratch, to)
    written = (to / "performance.md").read_text("utf-8")
    assert [each for each in written.splitlines() if each.startswith("## ")] == [
        "## Goals", "## Machine", "## Marked workbooks", "## The checks alone",
    ]  # fmt: skip
    assert "canonical values of 50 rows" in written
    assert "→" in written
    assert set(load(to / FILE).parts) == {"checks", "marking"}
    assert str(scratch) not in written
    shutil.rmtree(calls)
