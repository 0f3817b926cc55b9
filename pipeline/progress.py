"""How far the run is: bars on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import TextIO

EVERY_SECONDS = 15.0
"""Between two plain lines."""
_LOOKED_BACK = 60.0
"""Seconds of the past that tell the pace: what an earlier run has done already goes by in no time."""
_EVIDENCE = 5.0
"""Seconds before which nothing is said of the time that remains."""


class Pace:
    """How fast a stage goes now, and so how long it may still take."""

    def __init__(self, total: int, now: float) -> None:
        """total: of things to do. now: seconds of a steady clock, here and below."""
        self._total = total
        self._past = deque([(now, 0)])
        self._begun = now

    @property
    def done(self) -> int:
        """Things done."""
        return self._past[-1][1]

    def advance(self, number: int, now: float) -> None:
        """That many more are done."""
        self._past.append((now, self.done + number))
        while self._past[0][0] < now - _LOOKED_BACK and len(self._past) > 2:
            self._past.popleft()

    def remaining(self, now: float) -> float | None:
        """Seconds, None while nobody can tell."""
        since, before = self._past[0]
        done = self.done - before
        if now - self._begun < _EVIDENCE or not done:
            return None
        return (self._total - self.done) * (now - since) / done


def in_words(seconds: float) -> str:
    """A length of time as one says it: never finer than it is known."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "不到 1 分钟"
    if minutes < 60:
        return f"约 {minutes} 分钟"
    hours, rest = divmod(round(seconds / 600) * 10, 60)
    return f"约 {hours} 小时" + (f" {rest} 分" if rest else "")


class Progress:
    """Tells of stages; the result goes to standard output, progress to `out`."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        """out: a terminal or a file. clock: steady seconds."""
        self._out, self._clock = out, clock

    @contextlib.contextmanager
    def stage(self, name: str, total: int) -> Iterator[Callable[[int], None]]:
        """A stage of known size; yields what counts progress."""
        if not total:
            yield lambda _done: None
        elif self._out.isatty():
            with _bar(name, total, self._out) as advance:
                yield advance
        else:
            yield self._lines(name, total)

    def _lines(self, name: str, total: int) -> Callable[[int], None]:
        print(f"{name}：{total} 个", file=self._out, flush=True)
        pace = Pace(total, self._clock())
        told = self._clock()

        def advance(number: int) -> None:
            nonlocal told
            now = self._clock()
            pace.advance(number, now)
            if now - told >= EVERY_SECONDS:
                told = now
                left = pace.remaining(now)
                rest = "" if left is None else f"，预计还需{in_words(left)}"
                print(f"{name}：{pace.done}/{total}{rest}", file=self._out, flush=True)

        return advance


@contextlib.contextmanager
def _bar(name: str, total: int, out: TextIO) -> Iterator[Callable[[int], None]]:
    """A bar with the time that remains at the pace of the last minute."""
    # Only a terminal needs it, and importing it takes as long as reading ten workbooks.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(file=out), speed_estimate_period=_LOOKED_BACK) as bars:
        task = bars.add_task(name, total=total)
        yield lambda done: bars.advance(task, done)
