"""Writing the output: all of it beside the old one first, then in its place.

Each file is written under a temporary name and flushed; a whole run is staged in a folder
of its own and moved in at the end, so that an interrupted run leaves the previous output.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import filelock

STAGING = ".新"
OLD = ".旧"
LOCK = ".运行中"
_PATIENCE = 2.5
_UNSAFE = re.compile(r'[<>:"|?*\\\x00-\x1f]')


class OutputError(Exception):
    """The output folder cannot be used; one Chinese sentence."""


class Staging:
    """The new output as it grows, relative to the output folder."""

    def __init__(self, output: Path) -> None:
        """A fresh, empty staging folder inside the output folder."""
        self._output = output
        self._root = output / STAGING
        shutil.rmtree(self._root, ignore_errors=True)
        self._root.mkdir(parents=True)

    def write(self, name: str, data: bytes) -> None:
        """One file, flushed to the disk."""
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def move_in(self, folders: tuple[str, ...]) -> list[str]:
        """Replace the previous output. Returns sentences about what could not be replaced.

        folders: those that belong to a run as a whole; what this run has not is removed.
        """
        told = []
        for name in folders:
            (self._root / name).mkdir(exist_ok=True)
        old = self._output / OLD
        shutil.rmtree(old, ignore_errors=True)
        old.mkdir()
        for new in sorted(self._root.iterdir()):
            target = self._output / new.name
            try:
                if target.is_dir():
                    _patiently(target, old / new.name)
                _patiently(new, target)
            except OSError as error:
                beside = target.with_name(f"{target.stem}（新）{target.suffix}")
                _patiently(new, beside)
                told.append(f"“{target.name}”正被其他程序占用（{_reason(error)}），新的结果写在“{beside.name}”，请关闭后重新运行。")
        shutil.rmtree(old, ignore_errors=True)
        shutil.rmtree(self._root, ignore_errors=True)
        _flush_folder(self._output)
        return told


def _patiently(source: Path, target: Path) -> None:
    """Rename over the target; a file open in Excel (Windows) gets some time to be closed."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _flush_folder(folder: Path) -> None:
    """Make renames last through a power cut (POSIX; Windows has no such call)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        with contextlib.suppress(OSError):
            os.fsync(handle)
        os.close(handle)


def _reason(error: OSError) -> str:
    return {errno.EACCES: "没有写入权限", errno.ENOSPC: "磁盘已满"}.get(error.errno or 0, "无法替换")


@contextlib.contextmanager
def locked(output: Path, now: str) -> Iterator[None]:
    """Keep a second run out of the same output. Raises OutputError naming who is running."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(output / LOCK, timeout=0)
        who = output / f"{LOCK}.json"
        with lock:
            facts = {"电脑": socket.gethostname(), "用户": _user(), "进程": os.getpid(), "开始": now}
            who.write_text(json.dumps(facts, ensure_ascii=False), "utf-8")
            yield
            who.unlink(missing_ok=True)
    except filelock.Timeout as error:
        running = _running(output / f"{LOCK}.json")
        raise OutputError(f"另一次运行还没有结束（{running}），请等它结束后再运行。") from error
    except OSError as error:
        raise OutputError(f"输出文件夹“{output}”不能写入（{_reason(error)}），请检查权限和磁盘空间。") from error


def _running(who: Path) -> str:
    try:
        return "，".join(f"{key} {value}" for key, value in json.loads(who.read_text("utf-8")).items())
    except (OSError, ValueError):
        return "情况不明"


def _user() -> str:
    return os.environ.get("USERNAME") or os.environ.get("USER") or "未知"


def safe_name(unit: str) -> str:
    """A unit's name as a folder on every system; `局/校` stays two folders."""
    parts = [_UNSAFE.sub("_", part).rstrip(" .") or "_" for part in unit.split("/")]
    return "/".join(part if part not in ("..", ".") else "_" for part in parts)
