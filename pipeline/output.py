"""Writing the output: all of it beside the old one first, then in its place.

A run is staged in a folder of its own. Once everything is there and on the disk, one rename
declares it complete; only then is it moved in, file by file. A run that ends before that
rename leaves the previous output; one that is cut off after it is finished by the next.
"""

from __future__ import annotations

import contextlib
import errno
import getpass
import json
import os
import re
import shutil
import socket
import time
import unicodedata
from collections.abc import Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import filelock

from pipeline.durable import flush_files, flush_folder, rename, write_whole
from pipeline.stops import USAGE, Stop, interrupts_wait

STAGING = ".新"
READY = ".待换"
OLD = ".旧"
LOCK = ".运行中"
_PAUSE = 0.1


class OutputError(Stop):
    """The output folder cannot be used; one Chinese sentence."""


class Staging:
    """The new output as it grows, relative to the output folder, which must be `locked`."""

    def __init__(self, output: Path) -> None:
        """A fresh, empty staging folder inside the output folder."""
        self._output = output
        self._root = output / STAGING
        self._written: list[Path] = []
        _remove(self._root)
        self._root.mkdir(parents=True)

    def write(self, name: str, data: bytes) -> None:
        """One file, on the disk only after `flush`. Raises OSError if it could not be written."""
        self.write_parts(name, (data,))

    def write_parts(self, name: str, parts: Iterable[bytes]) -> None:
        """The same, of a file that is made while it is written."""
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.writelines(parts)
        self._written.append(path)

    def flush(self) -> None:
        """Bring all that was written so far to the disk together. Raises OSError if not all got there."""
        flush_files(self._written)
        self._written.clear()

    def move_in(self, folders: tuple[str, ...]) -> list[str]:
        """Replace the previous output. Returns sentences about what could not be replaced.

        folders: those that belong to a run as a whole; what this run has not is removed. Raises OSError if
        not all that was written got to the disk.
        """
        self.flush()
        for name in folders:
            (self._root / name).mkdir(exist_ok=True)
        for folder, _, _ in os.walk(self._root):
            flush_folder(Path(folder))
        with interrupts_wait():
            rename(self._root, self._output / READY)
            flush_folder(self._output)
            return _finish(self._output)


def _finish(output: Path) -> list[str]:
    """Move in what a run has declared complete; what is locked by another program gets a name beside it."""
    ready, old = output / READY, output / OLD
    _remove(old)
    told = []
    for new in sorted(ready.iterdir()) if ready.is_dir() else []:
        target = output / new.name
        beside = target.with_name(f"{target.stem}（新）{target.suffix}")
        _remove(beside)
        try:
            _replace(new, target, old / new.name)
        except OSError:
            rename(new, beside)
            told.append(
                f"“{target.name}”可能正在其他程序中打开，没有换成新的；"
                f"新的结果写在“{beside.name}”，请关闭后重新运行。"
            )
    flush_folder(output)
    _remove(old)
    _remove(ready)
    return told


def _replace(new: Path, target: Path, old: Path) -> None:
    """Put new in target's place; a folder, which no rename can replace, is put aside first, or stays."""
    if not target.is_dir():
        rename(new, target)
        return
    old.parent.mkdir(exist_ok=True)
    rename(target, old)
    try:
        rename(new, target)
    except OSError:
        old.replace(target)
        raise


def _remove(path: Path) -> None:
    """Remove what an earlier run left; what is still open may stay, and is tried again next time."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(PermissionError):
            path.unlink(missing_ok=True)


# --- one run at a time ----------------------------------------------------------------------


@contextlib.contextmanager
def locked(output: Path, now: str) -> Iterator[None]:
    """Keep a second run out of the same output, and clear up after one that was cut off.

    Raises OutputError, naming who is running, or saying that the folder cannot be used.
    """
    who = output / f"{LOCK}.json"
    lock = _acquired(output, who)
    try:
        facts = {"电脑": socket.gethostname(), "用户": _user(), "进程": os.getpid(), "开始": now}
        write_whole(who, json.dumps(facts, ensure_ascii=False).encode())
        _finish(output)
        yield
    finally:
        _remove(output / STAGING)
        _remove(who)
        lock.release()


def _acquired(output: Path, who: Path) -> filelock.BaseFileLock:
    lock = filelock.FileLock(output / LOCK, timeout=0, fallback_to_soft=False)
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout as error:
        raise OutputError(f"另一次运行还没有结束（{_running(who)}），请等它结束后再运行。") from error
    except FileExistsError as error:
        said = f"“{output}”是一个文件，不是文件夹，请用 --output 另指一个文件夹。"
        raise OutputError(said, USAGE) from error
    except OSError as error:
        if error.errno in _NO_LOCKS:
            raise OutputError(
                f"输出文件夹“{output}”所在的磁盘不能防止两次运行互相覆盖（常见于网络盘），"
                "请用 --output 指明本机磁盘上的文件夹。"
            ) from error
        raise OutputError(f"输出文件夹“{output}”不能写入，请检查权限和磁盘空间。") from error
    return lock


_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})


def _running(who: Path) -> str:
    """Who holds the lock; one that took it a moment ago may not have said so yet."""
    until = time.monotonic() + 1
    while True:
        try:
            facts = json.loads(who.read_text("utf-8"))
            return "，".join(f"{key} {value}" for key, value in facts.items())
        except (OSError, ValueError):
            if time.monotonic() > until:
                return "情况不明"
            time.sleep(_PAUSE)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "未知"


# --- names ----------------------------------------------------------------------------------

LONGEST = 240
"""Bytes of one part of a path: systems take 255, and a number may be added."""

_UNSAFE = re.compile(r'[<>:"|?*\\\x00-\x1f\x7f-\x9f\ud800-\udfff]')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)", re.IGNORECASE)
Key = TypeVar("Key", bound=Hashable)


def safe_name(name: str) -> str:
    """A name as one file or folder on every system; `局/校` stays two folders."""
    return "/".join(_safe_part(part) for part in name.split("/"))


def _safe_part(part: str) -> str:
    text = _DEVICE.sub(r"\g<0>_", _UNSAFE.sub("_", part).strip(" ").rstrip(" ."))
    return text.encode()[:LONGEST].decode("utf-8", "ignore").rstrip(" .") or "_"


def apart(names: Mapping[Key, str]) -> dict[Key, str]:
    """The same names, numbered where two would be one on a system that ignores case or Unicode form.

    The first in the mapping's order keeps its name.
    """
    taken: set[str] = set()
    result = {}
    for key, name in names.items():
        stem, dot, suffix = name.rpartition(".")
        stem, suffix = (stem, dot + suffix) if stem and "/" not in suffix else (name, "")
        number, free = 1, name
        while (folded := unicodedata.normalize("NFC", free).casefold()) in taken:
            number += 1
            free = f"{stem}（{number}）{suffix}"
        taken.add(folded)
        result[key] = free
    return result
