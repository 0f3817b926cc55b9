"""What a command costs: its time, its processors' time, and the memory of all its processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[2]
PROC = Path("/proc")
LINUX = sys.platform == "linux"
_EVERY = 0.05
_MEGABYTE = 1_000_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds on the clock, and of all processors together; None where that cannot be had (Windows).

    cpu is that of the command and of those descendants whose end was waited for, as the kernel adds them up.
    """

    wall: float
    cpu: float | None


class CommandError(Exception):
    """A command of the benchmark did not do its work; says which, and what it wrote last."""


def python(*arguments: str | Path) -> list[str]:
    """A command line of this very Python."""
    return [sys.executable, *map(str, arguments)]


def spent_by(command: Sequence[str]) -> Spent:
    """Run a command to its end. Raises CommandError unless it returns 0."""
    with tempfile.TemporaryFile() as said:
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=said)
        try:
            cpu = _wait(process)
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall = time.perf_counter() - begun
        if process.returncode != 0:
            said.seek(0)
            last = said.read().decode("utf-8", "replace")[-2000:]
            raise CommandError(f"{' '.join(command)} returned {process.returncode}\n{last}")
    return Spent(wall, cpu)


def _wait(process: subprocess.Popen[bytes]) -> float | None:
    if sys.platform == "win32":
        process.wait()
        return None
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def alternately(rounds: int, jobs: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """The results of jobs done in turn, A B A B: what disturbs the machine meets all of them alike."""
    results: dict[str, list[T]] = defaultdict(list)
    for _ in range(rounds):
        for name, job in jobs.items():
            results[name].append(job())
    return dict(results)


# --- memory ---------------------------------------------------------------------------------------


def peak_of(command: Sequence[str]) -> float | None:
    """Megabytes (10⁶) of a command and its descendants when they were most; None where it cannot be had."""
    if not LINUX:
        return None
    before = set(_descendants(os.getpid()))
    peak, over = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(_EVERY):
            peak = max(peak, sum(_share(pid) for pid in _descendants(os.getpid()) if pid not in before))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        spent_by(command)
    finally:
        over.set()
        watcher.join()
    return peak / _MEGABYTE


def _descendants(ancestor: int) -> list[int]:
    children: dict[int, list[int]] = defaultdict(list)
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            children[_parent(folder)].append(int(folder.name))
    found, last = [], [ancestor]
    while last:
        last = [child for pid in last for child in children[pid]]
        found += last
    return found


def _parent(folder: Path) -> int:
    """The parent of a process, 0 if it has just ended. The name in `stat` may hold blanks and brackets."""
    try:
        return int((folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _share(pid: int) -> int:
    """Bytes of a process; what several processes share is counted once among them (PSS)."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
