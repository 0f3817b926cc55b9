"""Small results of tasks that follow each other, kept together once more.

A run that has nothing to do asks for what the run before asked for: one entry then answers for hundreds, and
nothing is asked of each. Where one task is another than then, those beside it are still known by themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property

from msgspec import msgpack

from pipeline.reuse.kept import UNREADABLE, encoded
from pipeline.reuse.store import Store

_SMALL = 2_000
"""Bytes of a result that is looked up at more cost than it is long."""
_TOGETHER = msgpack.Decoder(tuple[list[bytes], list[bytes]])


class Bundle:
    """What is known of some tasks, by their number among them."""

    def __init__(self, store: Store, prefix: bytes, identities: Sequence[bytes]) -> None:
        """prefix: the function that the tasks are given to. Nothing is looked up yet."""
        self._store, self._prefix, self._identities = store, prefix, identities
        self._small: dict[int, bytes] = {}
        self._news = False

    def known(self) -> dict[int, bytes]:
        """All that is known, of any length."""
        entries, values = self._together()
        self._store.touch(entries)
        known = {at: value for at, value in enumerate(values) if value}
        self._small = dict(known)
        if len(known) < len(self._identities):
            asked = {self._keys[at]: at for at in range(len(self._identities)) if at not in known}
            for key, value in self._store.get_many(list(asked)).items():
                known[asked[key]] = value
                self._add(asked[key], value)
        return known

    def fetch(self, at: int) -> bytes:
        """One result by itself, b"" if it is not known."""
        return self._store.get_many([self._keys[at]]).get(self._keys[at], b"")

    def put(self, at: int, value: bytes) -> None:
        """Keep a new result, by itself for now."""
        self._store.put(self._keys[at], value)
        self._add(at, value)

    def close(self) -> None:
        """Nothing more will come: keep what is small together, unless it is kept so already."""
        if self._news and len(self._small) > 1:
            entries = self._store.names_of(self._keys[at] for at in self._small)
            values = [self._small.get(at, b"") for at in range(len(self._identities))]
            self._store.put(self._key, encoded((entries, values)))

    @cached_property
    def _key(self) -> bytes:
        return _digest(b"together" + self._prefix, encoded(self._identities))

    @cached_property
    def _keys(self) -> list[bytes]:
        return [_digest(self._prefix, identity) for identity in self._identities]

    def _add(self, at: int, value: bytes) -> None:
        if len(value) <= _SMALL:
            self._small[at] = value
            self._news = True

    def _together(self) -> tuple[list[bytes], list[bytes]]:
        """The names of the entries that hold these as well, and the values, b"" for what was not known."""
        data = self._store.get_many([self._key]).get(self._key, b"")
        try:
            return _TOGETHER.decode(data) if data else ([], [])
        except UNREADABLE:
            return [], []


def _digest(prefix: bytes, data: bytes) -> bytes:
    return hashlib.blake2b(prefix + data, digest_size=16).digest()
