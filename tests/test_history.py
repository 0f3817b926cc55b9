"""What was received, told and decided is kept; a damaged history stops the run and stays as it is."""

from __future__ import annotations

import functools
import os
import signal
import sqlite3
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline.history import (
    HistoryError,
    Judgement,
    Memory,
    RunRecord,
    add_decisions,
    decisions,
    finish_run,
    open_history,
    previous_findings,
    receive,
    record_run,
    set_receipt,
)
from pipeline.model import Finding, Place, Severity
from pipeline.rounds.lasting import Decision, Judged, Sent
from tests.small_tables import ROOT

FIRST, LATER = "2024-05-10T01:00:00+00:00", "2024-05-20T01:00:00+00:00"
MANY = [(f"{n:064x}", f"单位{n % 7}", "表.xlsx") for n in range(300)]


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.db"
    receive(path, MANY, FIRST)
    return path


def test_the_first_time_counts(history: Path) -> None:
    again = receive(
        history, [*MANY[:1], (MANY[0][0], "别的单位", "表.xlsx"), ("f" * 64, "单位0", "新.xlsx")], LATER
    )
    assert again["单位0", MANY[0][0]] == FIRST
    assert again["别的单位", MANY[0][0]] == LATER
    assert again["单位0", "f" * 64] == LATER
    assert len(again) == len(MANY) + 2


def test_no_file_beside_it_remains(history: Path) -> None:
    assert [p.name for p in history.parent.iterdir()] == ["history.db"]


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes(byte ^ 0xA5 for byte in data[at : at + 600]) + data[at + 600 :]


def foreign(_data: bytes) -> bytes:
    with closing(sqlite3.connect(":memory:")) as other:
        other.execute("CREATE TABLE receipts (x)")
        return other.serialize()


def newer(data: bytes) -> bytes:
    with closing(sqlite3.connect(":memory:")) as other:
        other.deserialize(data)
        other.execute("PRAGMA user_version = 99")
        return other.serialize()


def without_table(data: bytes) -> bytes:
    with closing(sqlite3.connect(":memory:")) as other:
        other.deserialize(data)
        other.execute("DROP TABLE receipts")
        return other.serialize()


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda data: b"", "空文件"),
        (lambda data: b"not a database at all, but long enough to look at" * 50, "已损坏"),
        (lambda data: data[:5000], "已损坏"),
        (lambda data: data[: len(data) // 2], "已损坏"),
        (lambda data: flipped(data, 0), "已损坏"),
        (lambda data: flipped(data, 4096), "已损坏"),
        (lambda data: flipped(data, len(data) - 700), "已损坏"),
        (foreign, "不是本程序的历史记录"),
        (newer, "另一版本"),
        (without_table, "已损坏"),
    ],
)
def test_a_damaged_history_stops_and_stays(
    history: Path, damage: Callable[[bytes], bytes], word: str
) -> None:
    damaged = damage(history.read_bytes())
    history.write_bytes(damaged)
    with pytest.raises(HistoryError, match=word) as stopped:
        receive(history, [("e" * 64, "单位", "表.xlsx")], LATER)
    assert str(history) in str(stopped.value)
    assert history.read_bytes() == damaged


def test_in_use_elsewhere(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(history, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(sqlite3, "connect", functools.partial(sqlite3.connect, timeout=0.05))
        with pytest.raises(HistoryError, match="正被其他程序打开"):
            receive(history, MANY, LATER)


def test_a_full_disk_changes_nothing(history: Path) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (history.stat().st_size, before[1]))
        with pytest.raises(HistoryError, match=r"请.*后重新运行"):
            receive(history, [(f"{n:064x}", "新单位", "表.xlsx") for n in range(3000)], LATER)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert set(receive(history, [], LATER).values()) == {FIRST}


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from pipeline.history import receive\n"
        "for n in range(100000):\n"
        "    receive(Path(sys.argv[1]), [(f'{n:064x}', sys.argv[2], 'x')], '2024-05-10T01:00:00+00:00')\n"
        "    print(n, flush=True)"
    )
    path = tmp_path / "history.db"
    for unit in ("甲", "乙", "丙"):
        with subprocess.Popen(
            [sys.executable, "-c", program, str(path), unit], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            last = [process.stdout.readline() for _ in range(15)][-1]
            process.send_signal(signal.SIGKILL)
            last = (process.stdout.readlines() or [last])[-1]
        known = receive(path, [], LATER)
        assert all((unit, f"{n:064x}") in known for n in range(int(last) + 1))


# --- rounds -----------------------------------------------------------------------------------

DIGEST = "a" * 64


def judged(value: str, row: int = 2) -> Judged:
    place = Place("甲", "表.xlsx", "资源清单", row, "主讲人", f"L{row}")
    return Judged(Finding("R12-2", place, value, {}, "张建华;朱新", safe=False), Severity.ERROR, True)


def record(*findings: Judged, digest: str = DIGEST, number: int = 1, **more: object) -> RunRecord:
    judgement = Judgement("甲", "表.xlsx", digest, number, True, bool(more.get("returned", True)), findings)
    return RunRecord(FIRST, "1.0", "c" * 64, [judgement], {"甲": (number, more.get("steps", ()))})  # type: ignore[dict-item]


def shown(path: Path, done: RunRecord) -> int:
    number = record_run(path, done)
    finish_run(path, number, LATER)
    return number


def test_findings_are_given_back_as_they_were_told(history: Path) -> None:
    told = [judged("张建华、朱新"), judged("\ud800\n𠮷", 3), replace(judged(""), decides=False)]
    shown(history, record(*told))
    assert previous_findings(history, "甲", DIGEST) == told
    assert previous_findings(history, "乙", DIGEST) == []
    shown(history, record(told[1]))
    assert previous_findings(history, "甲", DIGEST) == told[1:2]


def test_workbooks_are_remembered_in_order_with_their_rounds(history: Path) -> None:
    shown(history, record(digest="f" * 64, steps=("已收到", "退回修改")))
    shown(history, record(digest="b" * 64, number=2, returned=False, steps=("已复报", "通过")))
    shown(history, record(digest="f" * 64, returned=False))
    memory = open_history(history, 0)
    assert memory.sent == {"甲": [Sent("f" * 64, "表.xlsx", 1, True), Sent("b" * 64, "表.xlsx", 2, False)]}
    assert memory.paths == {"甲": ("已收到", "退回修改", "已复报", "通过")}


def test_what_does_not_count_is_no_round(history: Path) -> None:
    done = record(judged("x"))
    shown(history, replace(done, judgements=[replace(done.judgements[0], chosen=False)]))
    assert open_history(history, 0).sent == {}
    assert previous_findings(history, "甲", DIGEST) == []


def test_the_same_result_is_kept_once(history: Path) -> None:
    many = [judged(f"{n}、{n * n}", n) for n in range(2000)]
    shown(history, record(*many))
    size = history.stat().st_size
    for _ in range(5):
        shown(history, record(*many))
    assert history.stat().st_size < size * 1.1
    assert size < 400_000


def test_after_an_interruption_the_output_decides(history: Path) -> None:
    first = shown(history, record(judged("a")))
    cut_off = record_run(history, record(judged("b"), digest="b" * 64, number=2, steps=("已复报",)))
    assert open_history(history, cut_off).sent["甲"][-1].round == 2
    again = record_run(history, record(judged("c"), digest="c" * 64, number=3, steps=("通过",)))
    memory = open_history(history, cut_off)
    assert [each.sha256[0] for each in memory.sent["甲"]] == ["a", "b"]
    assert memory.paths == {"甲": ("已复报",)}
    assert previous_findings(history, "甲", "c" * 64) == []
    assert first < cut_off < again


def test_a_run_that_was_finished_keeps_its_time(history: Path) -> None:
    number = shown(history, record(judged("a")))
    open_history(history, number)
    with closing(sqlite3.connect(history)) as other:
        assert other.execute("SELECT started, finished FROM runs").fetchall() == [(FIRST, LATER)]


def test_decisions_only_grow_and_the_same_is_kept_once(history: Path) -> None:
    made = Decision("甲", "R11-2", "版权方", "本校", "课|朱新||", "接受", "", "王老师", FIRST)
    assert add_decisions(history, [made, replace(made, when=LATER)]) == 1
    other = replace(made, verdict="退回", reason="请写全称")
    assert add_decisions(history, [other, made]) == 2
    assert decisions(history) == [made, other, made]
    assert open_history(history, 0).decisions == (made, other, made)


def test_a_name_that_was_added_later_is_kept(history: Path) -> None:
    made = Decision("甲", "R11-2", "版权方", "本校", "课|朱新||", "接受", "", "", FIRST)
    assert add_decisions(history, [made, replace(made, who="王老师")]) == 2
    assert decisions(history)[-1].who == "王老师"


def test_a_person_sets_the_time_of_receipt(history: Path) -> None:
    set_receipt(history, "甲", FIRST)
    set_receipt(history, "甲", LATER)
    assert open_history(history, 0).receipt_times == {"甲": LATER}


def test_findings_that_were_tampered_with_are_damage(history: Path) -> None:
    shown(history, record(judged("a")))
    for blob in (b"no", zlib.compress(b"[]")):
        with closing(sqlite3.connect(history)) as other:
            other.execute("UPDATE results SET findings = ?", (blob,))
            other.commit()
        with pytest.raises(HistoryError, match="已损坏"):
            previous_findings(history, "甲", DIGEST)


# --- layout 1 ---------------------------------------------------------------------------------

LAYOUT_1 = """
CREATE TABLE receipts (
    sha256 TEXT NOT NULL, unit TEXT NOT NULL, workbook TEXT NOT NULL, first_seen TEXT NOT NULL,
    PRIMARY KEY (sha256, unit)
) WITHOUT ROWID;
PRAGMA application_id = 0x48525248; PRAGMA user_version = 1;
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "history.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(LAYOUT_1)
        connection.executemany(
            "INSERT INTO receipts VALUES (?, ?, ?, ?)", [(digest, *rest, FIRST) for digest, *rest in MANY]
        )
        connection.commit()
    return path


def test_layout_1_is_carried_over_and_a_copy_stays(old: Path) -> None:
    before = old.read_bytes()
    assert open_history(old, 0) == Memory(seen={(unit, digest) for digest, unit, _ in MANY})
    assert receive(old, [], LATER) == {(unit, digest): FIRST for digest, unit, _ in MANY}
    assert old.with_name("history.db.1.bak").read_bytes() == before
    shown(old, record(judged("a")))
    assert previous_findings(old, "甲", DIGEST) == [judged("a")]


def test_carrying_over_that_fails_changes_nothing(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    before = old.read_bytes()
    monkeypatch.setattr("pipeline.history.write_whole", no_room)
    with pytest.raises(HistoryError, match="请检查磁盘"):
        receive(old, [], LATER)
    assert old.read_bytes() == before


def test_damage_in_layout_1_stops_and_stays(old: Path) -> None:
    damaged = flipped(old.read_bytes(), 8192)
    old.write_bytes(damaged)
    with pytest.raises(HistoryError, match="已损坏"):
        open_history(old, 0)
    assert old.read_bytes() == damaged


# --- kills ------------------------------------------------------------------------------------

RUNS = """
import sys
from pathlib import Path
from pipeline.history import Judgement, RunRecord, finish_run, open_history, record_run
from pipeline.model import Finding, Place, Severity
from pipeline.rounds.lasting import Judged
path = Path(sys.argv[1])
open_history(path, 0)
for n in range(1, 100000):
    found = [Finding("R12-2", Place("甲", "表", "清单", row), f"{n}、{row}") for row in range(300)]
    told = [Judged(each, Severity.ERROR, True) for each in found]
    judgement = Judgement("甲", "表.xlsx", f"{n:064x}", n, True, True, told)
    run = record_run(path, RunRecord("t", "1", "c", [judgement], {}))
    print(run, flush=True)
    finish_run(path, run, "t")
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("patience", [0.0, 0.004, 0.011, 0.019])
def test_a_kill_leaves_each_run_whole_or_absent(tmp_path: Path, patience: float) -> None:
    path = tmp_path / "history.db"
    with subprocess.Popen(
        [sys.executable, "-c", RUNS, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for _ in range(3):
            process.stdout.readline()
        time.sleep(patience)
        process.send_signal(signal.SIGKILL)
        last = max((int(line) for line in process.stdout.read().split()), default=3)
    memory = open_history(path, last)
    rounds = [each.round for each in memory.sent["甲"]]
    assert rounds == list(range(1, last + 1))
    for n in rounds:
        assert len(previous_findings(path, "甲", f"{n:064x}")) == 300
    assert shown(path, record(judged("a"), number=last + 1)) == last + 1
