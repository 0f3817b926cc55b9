"""Digests of a file's content: of both its ends, and of all of it."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

_EDGE = 64 * 1024
_PIECE = 1 << 20


def edge_digest(path: str | Path) -> str | None:
    """SHA-256 of the first and last 64 KB; None if the file is not regular or cannot be read."""
    return _digest(Path(path), _edges)


def full_digest(path: str | Path) -> str | None:
    """SHA-256 of the whole file; None if it is not regular or cannot be read."""
    return _digest(Path(path), _pieces)


def _digest(path: Path, parts: Callable[[Path], Iterator[bytes]]) -> str | None:
    digest = hashlib.sha256()
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        for part in parts(path):
            digest.update(part)
    except OSError:
        return None
    return digest.hexdigest()


def _edges(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield file.read(_EDGE)
        file.seek(max(_EDGE, path.lstat().st_size - _EDGE))
        yield file.read(_EDGE)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
