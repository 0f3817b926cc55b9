"""Which files have the same content, reading as little of them as possible.

Sizes are compared first, then the first and last 64 KB, and the whole only where both
agree: hashing a gigabyte costs as much as probing 90 files.
"""

from __future__ import annotations

import hashlib
import stat
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from pipeline.isolate import Failure, Limits, Workers

K = TypeVar("K", bound=Hashable)

_EDGE = 64 * 1024
_PIECE = 1 << 20
LIMITS = Limits(seconds=1800, memory_mb=512)
"""A file of 100 GB on a slow disk still has its time."""


def find_twins(sizes: Mapping[Path, int], workers: Workers | None = None) -> dict[Path, str]:
    """Return the SHA-256 (hex) of each file that has a twin among these, in the order given.

    sizes: bytes of each file. Empty files are no twins. Files that are not regular or
    cannot be read are left out. With workers the reading is spread over them.
    """
    digests: dict[Path, str] = {}
    suspects = _colliding((path, size) for path, size in sizes.items() if size > 0)
    for digest_of in (edge_digest, full_digest):
        digests = dict(_digests(digest_of, suspects, workers))
        # Files of unlike size are no twins, whatever their edges.
        suspects = _colliding((path, (sizes[path], digest)) for path, digest in digests.items())
    return {path: digests[path] for path in suspects}


def edge_digest(path: Path) -> str | None:
    """SHA-256 of the first and last 64 KB; None if the file is not regular or cannot be read."""
    return _digest(path, _edges)


def full_digest(path: Path) -> str | None:
    """SHA-256 of the whole file; None if it is not regular or cannot be read."""
    return _digest(path, _pieces)


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


def _digests(
    digest_of: Callable[[Path], str | None], paths: list[Path], workers: Workers | None
) -> Iterator[tuple[Path, str]]:
    outcomes: Iterable[tuple[Path, str | Failure | None]]
    if workers is None:
        outcomes = ((path, digest_of(path)) for path in paths)
    else:
        outcomes = workers.run(digest_of, paths, limits=LIMITS)
    for path, digest in outcomes:
        if isinstance(digest, str):
            yield path, digest


def _colliding(pairs: Iterable[tuple[Path, K]]) -> list[Path]:
    """The paths whose key another path has too, in the order given."""
    pairs = list(pairs)
    groups: defaultdict[K, int] = defaultdict(int)
    for _, key in pairs:
        groups[key] += 1
    return [path for path, key in pairs if groups[key] > 1]
