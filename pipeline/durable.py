"""Writes that last through a power cut: the file first, then its name, then the folder."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

T = TypeVar("T")

_CANNOT = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
"""What file systems answer that have no such call; any other error means lost data."""
_AT_ONCE = 16
_PATIENCE = 2.5
_PAUSE = 0.1
_TO_FLUSH = os.O_RDWR if os.name == "nt" else os.O_RDONLY
"""Windows flushes only what may be written; elsewhere a new file may be forbidden to be (umask)."""


def flush(file: BinaryIO) -> None:
    """Bring all that was written to the disk. Raises OSError if it did not get there."""
    file.flush()
    _sync(file.fileno())


def flush_files(paths: Sequence[Path]) -> None:
    """Bring files to the disk together: a disk asked for one at a time takes several times as long.

    Raises OSError if one did not get there.
    """
    if not paths:
        return
    try:
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            # Each has its share: to hand out single files costs more than the calls themselves.
            for _ in threads.map(_flush_each, (paths[first::_AT_ONCE] for first in range(_AT_ONCE))):
                pass
    except RuntimeError:
        # No more threads may be started (a limit of the system, or no memory for their stacks).
        _flush_each(paths)


def _flush_each(paths: Sequence[Path]) -> None:
    for path in paths:
        handle = _patiently(partial(os.open, path, _TO_FLUSH))
        try:
            _sync(handle)
        finally:
            os.close(handle)


def flush_folder(folder: Path) -> None:
    """Make the names in a folder last (POSIX; Windows has no such call)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            _sync(handle)
        finally:
            os.close(handle)


def rename(source: Path, target: Path) -> None:
    """Rename over the target. A file that is open in Excel (Windows) gets some time to be closed."""
    _patiently(partial(source.replace, target))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is under its name either whole or as it was before."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            flush(file)
        rename(part, path)
    finally:
        part.unlink(missing_ok=True)
    flush_folder(path.parent)


def _patiently(attempt: Callable[[], T]) -> T:
    """Try again for a while what another program forbids: on Windows even a virus scanner does."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return attempt()
        except PermissionError:
            if time.monotonic() > until:
                raise
            time.sleep(_PAUSE)


def _sync(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
