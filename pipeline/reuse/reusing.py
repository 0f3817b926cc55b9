"""An engine that does only what no earlier run has done."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from pipeline.engine import Engine
from pipeline.isolate import Ending, Failure, Limits
from pipeline.reuse.bundle import Bundle
from pipeline.reuse.kept import UNREADABLE, Encoding, Kept, encoded
from pipeline.reuse.sources import version_of
from pipeline.reuse.store import Store

T = TypeVar("T")
R = TypeVar("R")

_LARGE = 20_000
"""Bytes of a result that waits for its turn in the file, not in memory: thousands of marked workbooks may."""
_ABOUT = 128
"""Tasks of a part, taken over many parts."""


class Reusing:
    """Another engine, and the results of earlier runs.

    A result is used again if the input is the same (`Kept.identity`), and so are the program text behind the
    function and the libraries. Failures are never kept: another run may do better.
    """

    def __init__(self, engine: Engine, store: Store) -> None:
        """Take over both."""
        self._engine, self._store = engine, store

    def run(
        self,
        function: Callable[[T], R],
        tasks: Iterable[T],
        *,
        limits: Limits,
        on_done: Callable[[int], None] | None = None,
        window: int = 256,
        kept: Kept[T, R] | None = None,
    ) -> Iterator[tuple[T, R | Failure]]:
        """See `Engine`. Without `kept` everything is done again."""
        if kept is None:
            yield from self._engine.run(function, tasks, limits=limits, on_done=on_done, window=window)
            return
        asked = _Asked(self._store, kept, function, on_done)
        unknown = asked.unknown(tasks, window)
        encoding = Encoding(function, kept.codec)
        fresh = self._engine.run(encoding, unknown, limits=limits, on_done=on_done, window=window)
        for _, outcome in fresh:
            yield from asked.known_before_next()
            yield asked.settle(outcome)
        yield from asked.known_before_next()


class _Line(Struct, Generic[T, R]):
    """A task in its turn.

    number: of the task in its bundle. found: a 1-tuple with its result if an earlier run had it, and it is
    not large. last: of its bundle.
    """

    task: T
    bundle: Bundle
    number: int
    found: tuple[R] | None
    large: bool
    last: bool


class _Asked(Generic[T, R]):
    """The tasks of one run in their order, those that are known and those that are not."""

    def __init__(
        self,
        store: Store,
        kept: Kept[T, R],
        function: Callable[[T], R],
        on_done: Callable[[int], None] | None,
    ) -> None:
        self._store, self._kept, self._on_done = store, kept, on_done
        name = f"{function.__module__}.{function.__qualname__}\n".encode()
        self._prefix = name + version_of(function.__module__)
        self._line: deque[_Line[T, R]] = deque()

    def unknown(self, tasks: Iterable[T], at_once: int) -> Iterator[T]:
        """The tasks that must be done; all stand in line. at_once: the most that are asked for together."""
        for part in _parts(((task, self._identity(task)) for task in tasks), at_once):
            lines = self._looked_up(part)
            new = [line.task for line in lines if line.found is None and not line.large]
            if self._on_done is not None and len(new) < len(lines):
                self._on_done(len(lines) - len(new))
            self._line += lines
            yield from new

    def _looked_up(self, part: Sequence[tuple[T, bytes]]) -> list[_Line[T, R]]:
        bundle = Bundle(self._store, self._prefix, [identity for _, identity in part])
        values = bundle.known()
        lines: list[_Line[T, R]] = []
        for number, (task, _) in enumerate(part):
            value = values.get(number, b"")
            large = len(value) > _LARGE
            found = None if large else self._decoded(value)
            lines.append(_Line(task, bundle, number, found, large, number == len(part) - 1))
        return lines

    def known_before_next(self) -> Iterator[tuple[T, R | Failure]]:
        """What is known, up to the next task that was not."""
        while self._line and (self._line[0].found or self._line[0].large):
            line = self._line.popleft()
            if line.last:
                line.bundle.close()
            found = line.found or self._decoded(line.bundle.fetch(line.number))
            yield line.task, found[0] if found else Failure(Ending.FAULT, "a kept result was lost meanwhile")

    def settle(self, outcome: bytes | R | Failure) -> tuple[T, R | Failure]:
        """The next task that was not known now has its outcome."""
        line = self._line.popleft()
        result = self._taken(line, outcome) if isinstance(outcome, bytes) else outcome
        if line.last:
            line.bundle.close()
        return line.task, result

    def _taken(self, line: _Line[T, R], came: bytes) -> R | Failure:
        """A result that came as the bytes by which it is kept; one that came otherwise is not kept."""
        found = self._decoded(came)
        if found is None:
            return Failure(Ending.FAULT, "the result cannot be read back")
        if self._kept.lasting(found[0]):
            line.bundle.put(line.number, came)
        return found[0]

    def _identity(self, task: T) -> bytes:
        identity = self._kept.identity(task)
        try:
            return encoded(identity)
        except UnicodeEncodeError:
            # A file name may hold bytes that are no text.
            return repr(identity).encode("utf-8", "backslashreplace")

    def _decoded(self, value: bytes) -> tuple[R] | None:
        try:
            return (self._kept.codec.decode(value),) if value else None
        except UNREADABLE:
            return None


def _parts(tasks: Iterable[tuple[T, bytes]], longest: int) -> Iterator[list[tuple[T, bytes]]]:
    """Cut where an identity says so, not by counting: where one is new only the part around it is another."""
    part: list[tuple[T, bytes]] = []
    for pair in tasks:
        part.append(pair)
        if zlib.crc32(pair[1]) % _ABOUT == 0 or len(part) == longest:
            yield part
            part = []
    if part:
        yield part
