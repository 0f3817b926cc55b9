"""First receipts are kept for good; a damaged history stops the run and stays as it is."""

from __future__ import annotations

import functools
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.history import HistoryError, receive
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
