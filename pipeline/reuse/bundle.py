"""Small results of tasks that follow each other, kept together once more.

A run that has nothing to do asks for what the run before asked for: one entry then answers for hundreds.
Where one task is another than then, those beside it are still known by themselves.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence

import msgspec

from pipeline.reuse.kept import UNREADABLE, encoded
from pipeline.reuse.store import Store

_SMALL = 2_000
"""Bytes of a result that is looked up at more cost than it is long."""
_VALUES = msgspec.msgpack.Decoder(list[bytes])


class Bundle:
    """What is known of some tasks, by their keys."""

    def __init__(self, store: Store, keys: Sequence[bytes]) -> None:
        """Of the tasks with these keys; nothing is looked up yet."""
        self._store, self._keys = store, keys
        self._key = hashlib.blake2b(b"together" + b"".join(keys), digest_size=16).digest()
        self._small: dict[bytes, bytes] = {}
        self._news = False

    def known(self) -> dict[bytes, bytes]:
        """All that is known, of any length."""
        together = _unpacked(self._store.get_many([self._key]).get(self._key, b""), self._keys)
        self._store.touch(together)
        self._small = dict(together)
        alone = self._store.get_many([key for key in self._keys if key not in together])
        for key, value in alone.items():
            self._add(key, value)
        return together | alone

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a new result, by itself for now."""
        self._store.put(key, value)
        self._add(key, value)

    def close(self) -> None:
        """Nothing more will come: keep what is small together, unless it is kept so already."""
        if self._news and len(self._small) > 1:
            values = [self._small.get(key, b"") for key in self._keys]
            self._store.put(self._key, zlib.compress(encoded(values), level=1))

    def _add(self, key: bytes, value: bytes) -> None:
        if len(value) <= _SMALL:
            self._small[key] = value
            self._news = True


def _unpacked(data: bytes, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    try:
        values = _VALUES.decode(zlib.decompress(data)) if data else []
    except (zlib.error, *UNREADABLE):
        return {}
    return {key: value for key, value in zip(keys, values, strict=False) if value}
