"""Which files have the same content, reading as little of them as possible.

Sizes are compared first, then the first and last 64 KB, and the whole only where both
agree: hashing a gigabyte costs as much as probing 90 files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pipeline.engine import Engine
from pipeline.isolate import Limits
from pipeline.probe.digest import edge_digest, full_digest
from pipeline.reuse.kept import Codec, Kept

K = TypeVar("K", bound=Hashable)
P = TypeVar("P", str, Path)

_DIGESTS: Codec[str | None] = Codec(str)
LIMITS = Limits(seconds=1800, memory_mb=512)
"""A file of 100 GB on a slow disk still has its time."""


def find_twins(
    sizes: Mapping[P, int],
    workers: Engine | None = None,
    identity: Callable[[P], object] | None = None,
    edges: Mapping[P, str] = MappingProxyType({}),
) -> dict[P, str]:
    """Return the SHA-256 (hex) of each file that has a twin among these, in the order given.

    sizes: bytes of each file. Empty files are no twins. Files that are not regular or
    cannot be read are left out. With workers the reading is spread over them; with identity (see
    `Kept`) what an earlier run has read is not read again. edges: `edge_digest` of files where it is known.
    """
    kept = Kept(_DIGESTS, identity) if identity else None
    suspects = _colliding((path, size) for path, size in sizes.items() if size > 0)
    unread = [path for path in suspects if path not in edges]
    ends = {**edges, **dict(_digests(edge_digest, unread, workers, kept))}
    # Files of unlike size are no twins, whatever their edges.
    suspects = _colliding((path, (sizes[path], ends[path])) for path in suspects if path in ends)
    whole = dict(_digests(full_digest, suspects, workers, kept))
    return {path: whole[path] for path in _colliding((path, (sizes[path], whole[path])) for path in whole)}


def _digests(
    digest_of: Callable[[P], str | None],
    paths: list[P],
    workers: Engine | None,
    kept: Kept[P, str | None] | None,
) -> Iterator[tuple[P, str]]:
    if workers is None:
        return _texts((path, digest_of(path)) for path in paths)
    outcomes = workers.run(digest_of, paths, limits=LIMITS, kept=kept)
    return _texts(outcomes)


def _texts(outcomes: Iterable[tuple[P, object]]) -> Iterator[tuple[P, str]]:
    for path, digest in outcomes:
        if isinstance(digest, str):
            yield path, digest


def _colliding(pairs: Iterable[tuple[P, K]]) -> list[P]:
    """The paths whose key another path has too, in the order given."""
    pairs = list(pairs)
    counts = Counter(key for _, key in pairs)
    return [path for path, key in pairs if counts[key] > 1]
