"""The old output or the new, never half of each; one run at a time; names that stand side by side."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import durable
from pipeline import output as room
from pipeline.output import OutputError, Staging, apart, locked, safe_name
from pipeline.stops import USAGE
from tests.small_tables import ROOT

NOW = "2024-05-10T09:00:00+08:00"
OLD = {"findings.csv": b"old", "run.json": b"old", "退回/甲/表.xlsx": b"old", "退回/走了/表.xlsx": b"old"}
NEW = {"findings.csv": b"new", "run.json": b"new", "退回/甲/表.xlsx": b"new"}
HOLDER = (
    "import sys, time; from pathlib import Path; from pipeline.output import locked, Staging\n"
    f"with locked(Path(sys.argv[1]), '{NOW}'):\n"
    "    Staging(Path(sys.argv[1])).write('findings.csv', b'half')\n"
    "    print('in', flush=True); time.sleep(60)"
)


class CutError(BaseException):
    """The power goes."""


def put(output: Path, files: dict[str, bytes]) -> list[str]:
    with locked(output, NOW):
        staging = Staging(output)
        for name, data in files.items():
            staging.write(name, data)
        return staging.move_in(("退回",))


def held(output: Path) -> dict[str, bytes]:
    """What a user sees."""
    return {
        p.relative_to(output).as_posix(): p.read_bytes()
        for p in output.rglob("*")
        if p.is_file() and not p.relative_to(output).parts[0].startswith(".")
    }


def hidden(output: Path) -> list[str]:
    return sorted(p.name for p in output.iterdir() if p.name.startswith(".") and p.name != room.LOCK)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "output"
    put(folder, OLD)
    (folder / "附件").mkdir()
    return folder


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "_PATIENCE", 0.0)


def test_a_run_replaces_its_own_files_and_no_others(output: Path) -> None:
    (output / "附件" / "登记表.docx").write_bytes(b"other verb")
    assert put(output, NEW) == []
    assert held(output) == {**NEW, "附件/登记表.docx": b"other verb"}
    assert hidden(output) == []


def test_nothing_changes_before_the_move(output: Path) -> None:
    with locked(output, NOW):
        Staging(output).write("findings.csv", b"new")
        assert held(output) == OLD
    assert held(output) == OLD
    assert hidden(output) == []


@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_a_cut_at_any_call_leaves_the_old_output_or_a_new_one_that_the_next_run_finishes(
    output: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    real = getattr(os, call)
    seen = set()
    for n in range(1, 40):
        shutil.rmtree(output)
        put(output, OLD)
        left = n

        def cut(*arguments: object) -> object:
            nonlocal left
            left -= 1
            if not left:
                raise CutError
            return real(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, cut)
            try:
                put(output, NEW)
            except CutError:
                pass
            else:
                assert held(output) == NEW
                break
        committed = (output / room.READY).exists() or held(output) != OLD
        seen.add(committed)
        with locked(output, NOW):
            assert held(output) == (NEW if committed else OLD)
        assert hidden(output) == []
    else:
        pytest.fail("the calls never end")
    assert seen == {True, False}


def test_files_reach_the_disk_before_they_are_declared_complete(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def synced(handle: int) -> None:
        done.append("sync " + Path(f"/proc/self/fd/{handle}").readlink().name)
        fsync(handle)

    def renamed(source: Path, target: Path) -> None:
        done.append(f"{source.name} -> {target.name}")
        replace(source, target)

    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    with locked(output, NOW):
        staging = Staging(output)
        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(os, "replace", renamed)
        staging.write("findings.csv", b"new")
        staging.move_in(("退回",))
    commit = done.index(f"{room.STAGING} -> {room.READY}")
    assert {"sync findings.csv", "sync 退回", f"sync {room.STAGING}"} <= set(done[:commit])
    assert done[commit + 1] == "sync output"
    moves = [n for n, what in enumerate(done) if what == "findings.csv -> findings.csv"]
    assert moves[0] > commit + 1
    assert "sync output" in done[moves[-1] + 1 :]


def test_a_file_open_elsewhere_gets_time_then_a_name_beside_it(
    output: Path, monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    replace = os.replace

    def held_open(source: Path, target: Path) -> None:
        if target.name == "findings.csv":
            raise PermissionError(errno.EACCES, "open in Excel")
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", held_open)
        [told] = put(output, NEW)
    assert "“findings.csv”" in told
    assert "“findings（新）.csv”" in told
    assert held(output) == {**NEW, "findings.csv": b"old", "findings（新）.csv": b"new"}
    put(output, NEW)
    assert held(output) == NEW


def test_a_file_closed_in_time_is_replaced(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, refusals = os.replace, iter([1, 1, 1])

    def closing(source: Path, target: Path) -> None:
        if target.name == "run.json" and next(refusals, None):
            raise PermissionError(errno.EACCES, "open")
        replace(source, target)

    monkeypatch.setattr(os, "replace", closing)
    assert put(output, NEW) == []
    assert held(output) == NEW


def test_what_a_scanner_holds_for_a_moment_is_brought_to_the_disk(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows a file that was just written cannot be opened while a virus scanner looks at it."""
    opened, refusals = os.open, iter([1, 1, 1])

    def scanned(path: Path, flags: int, *more: object, **named: object) -> int:
        if Path(path).name == "run.json" and not flags & os.O_CREAT and next(refusals, None):
            raise PermissionError(errno.EACCES, "open")
        return opened(path, flags, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", scanned)
    assert put(output, NEW) == []
    assert next(refusals, None) is None
    assert held(output) == NEW


@pytest.mark.skipif(os.name == "nt", reason="Windows refuses the size of the stack, not the thread")
def test_files_are_brought_to_the_disk_where_no_thread_can_be_started(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def noting(handle: int) -> None:
        synced.append(threading.current_thread().name)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noting)
    paths = [output / name for name in OLD]
    before = threading.stack_size(1 << 48)  # more than a process has room for
    try:
        durable.flush_files(paths)
    finally:
        threading.stack_size(before)
    assert synced == [threading.current_thread().name] * len(paths)
    synced.clear()
    durable.flush_files(paths)
    assert len(synced) == len(paths)
    assert threading.current_thread().name not in synced


@pytest.mark.parametrize("from_aside", [True, False])
def test_a_folder_in_use_stays_whole(
    output: Path, monkeypatch: pytest.MonkeyPatch, impatient: None, from_aside: bool
) -> None:
    """On Windows a folder cannot be renamed while a file in it is open."""
    replace = os.replace

    def held_open(source: Path, target: Path) -> None:
        new = source.parent.name == room.READY and target.name == "退回"
        if new if from_aside else (source.name == "退回" and target.parent.name == room.OLD):
            raise PermissionError(errno.EACCES, "open")
        replace(source, target)

    monkeypatch.setattr(os, "replace", held_open)
    [told] = put(output, NEW)
    assert "“退回（新）”" in told
    assert held(output) == {
        **OLD,
        "findings.csv": b"new",
        "run.json": b"new",
        "退回（新）/甲/表.xlsx": b"new",
    }


def test_a_full_disk_keeps_the_old_output(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
        with pytest.raises(OSError, match="large"):
            put(output, {"findings.csv": b"x" * 10_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert held(output) == OLD
    assert hidden(output) == []


@pytest.mark.parametrize(
    ("code", "fatal"), [(errno.ENOTSUP, False), (errno.EINVAL, False), (errno.EIO, True)]
)
def test_a_disk_without_flushing_serves_but_a_failing_one_does_not(
    output: Path, monkeypatch: pytest.MonkeyPatch, code: int, fatal: bool
) -> None:
    def fsync(_handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fsync)
    if fatal:
        with pytest.raises(OSError, match=os.strerror(code)):
            put(output, NEW)
        assert held(output) == OLD
    else:
        put(output, NEW)
        assert held(output) == NEW


# --- one run at a time ----------------------------------------------------------------------


@pytest.fixture
def holder(output: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(output)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        yield process
        process.kill()


def test_a_second_run_is_told_who_is_running(output: Path, holder: subprocess.Popen[str]) -> None:
    import getpass
    import socket

    with pytest.raises(OutputError) as refused:
        put(output, NEW)
    for fact in (socket.gethostname(), getpass.getuser(), str(holder.pid), NOW):
        assert fact in str(refused.value)
    assert held(output) == OLD


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_killed_run_leaves_no_lock_and_its_remains_are_removed(
    output: Path, holder: subprocess.Popen[str]
) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert hidden(output) == [room.STAGING, f"{room.LOCK}.json"]
    assert put(output, NEW) == []
    assert held(output) == NEW
    assert hidden(output) == []


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS])
def test_a_disk_without_locks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    fcntl = pytest.importorskip("fcntl")

    def flock(_handle: int, _how: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(OutputError, match="网络盘"):
        put(tmp_path / "output", NEW)


def test_an_output_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "output").write_bytes(b"mine")
    with pytest.raises(OutputError, match="是一个文件") as refused:
        put(tmp_path / "output", NEW)
    assert refused.value.code == USAGE
    assert (tmp_path / "output").read_bytes() == b"mine"


# --- names ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("河南大学", "河南大学"),
        ("郑州市教育局/第一中学", "郑州市教育局/第一中学"),
        ("A:B*?", "A_B__"),
        ("甲学院. ", "甲学院"),
        ("CON", "CON_"),
        ("con.表", "con_.表"),
        ("CONCERT", "CONCERT"),
        ("../../etc", "_/_/etc"),
        ("\ud800", "_"),
        ("", "_"),
    ],
)
def test_safe_names(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_long_name_is_cut_between_characters() -> None:
    assert safe_name("学" * 80) == "学" * 80
    assert safe_name("学" * 90) == "学" * 80


@given(st.text(max_size=300))
def test_every_name_can_be_stored(name: str) -> None:
    safe = safe_name(name)
    assert safe_name(safe) == safe
    for part in safe.split("/"):
        assert 0 < len(part.encode()) <= 255
        assert part not in (".", "..")
        assert part[-1] not in " ."


@given(
    st.lists(st.sampled_from(["甲/表.xlsx", "甲/表（2）.xlsx", "é", "e\u0301", "ABC.公司", "abc.公司", "表"]))
)
def test_names_apart_are_different_whatever_the_system_ignores(names: list[str]) -> None:
    result = apart(dict(enumerate(names)))
    folded = [unicodedata.normalize("NFC", name).casefold() for name in result.values()]
    assert len(set(folded)) == len(names)
    if len(set(names)) == 1:
        assert result[0] == names[0]


def test_numbers_go_before_the_extension() -> None:
    assert list(apart({1: "退回/甲/表.xlsx", 2: "退回/甲/表.XLSX", 3: "退回/甲/单.xlsx"}).values()) == [
        "退回/甲/表.xlsx",
        "退回/甲/表（2）.XLSX",
        "退回/甲/单.xlsx",
    ]
