"""Which files have the same content, reading as little of them as possible.

Sizes are compared first, then the first and last 64 KB, and the whole only where both
agree: hashing a gigabyte costs as much as probing 90 files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from pipeline.engine import Engine
from pipeline.isolate import Limits
from pipeline.probe.digest import edge_digest, full_digest
from pipeline.reuse.kept import Codec, Kept

K = TypeVar("K", bound=Hashable)

_DIGESTS: Codec[str | None] = Codec(str)
LIMITS = Limits(seconds=1800, memory_mb=512)
"""A file of 100 GB on a slow disk still has its time."""


def find_twins(
    sizes: Mapping[str, int], workers: Engine, identity: Callable[[str], object], edges: Mapping[str, str]
) -> dict[str, str]:
    """Return the SHA-256 (hex) of each file that has a twin among these, in the order given.

    sizes: bytes of each file by its path. Empty files are no twins. Files that are not regular or
    cannot be read are left out. identity: see `Kept`. edges: `edge_digest` of files where it is known.
    """
    kept = Kept(_DIGESTS, identity)
    suspects = _colliding((path, size) for path, size in sizes.items() if size > 0)
    unread = [path for path in suspects if path not in edges]
    ends = {**edges, **dict(_digests(edge_digest, unread, workers, kept))}
    # Files of unlike size are no twins, whatever their edges.
    suspects = _colliding((path, (sizes[path], ends[path])) for path in suspects if path in ends)
    whole = dict(_digests(full_digest, suspects, workers, kept))
    return {path: whole[path] for path in _colliding((path, (sizes[path], whole[path])) for path in whole)}


def _digests(
    digest_of: Callable[[str], str | None], paths: list[str], workers: Engine, kept: Kept[str, str | None]
) -> Iterator[tuple[str, str]]:
    for path, digest in workers.run(digest_of, paths, limits=LIMITS, kept=kept):
        if isinstance(digest, str):
            yield path, digest


def _colliding(pairs: Iterable[tuple[str, K]]) -> list[str]:
    """The paths whose key another path has too, in the order given."""
    pairs = list(pairs)
    counts = Counter(key for _, key in pairs)
    return [path for path, key in pairs if counts[key] > 1]
