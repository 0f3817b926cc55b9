"""Writes that last through a power cut: the file first, then its name, then the folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

_CANNOT = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
"""What file systems answer that have no such call; any other error means lost data."""
_AT_ONCE = 16
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
    if paths:
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            # Each has its share: to hand out single files costs more than the calls themselves.
            for _ in threads.map(_flush_each, (paths[first::_AT_ONCE] for first in range(_AT_ONCE))):
                pass


def _flush_each(paths: Sequence[Path]) -> None:
    for path in paths:
        handle = os.open(path, _TO_FLUSH)
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


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is under its name either whole or as it was before."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            flush(file)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    flush_folder(path.parent)


def _sync(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
