"""How far the run is: bars on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import TextIO

EVERY_SECONDS = 15.0
"""Between two plain lines."""
_STRETCH = 5.0
_LOOKED_BACK = 12
"""Seconds of a stretch, and how many of the past tell the pace."""


class Pace:
    """How fast a stage goes now, and so how long it may still take.

    The pace is that of a middling stretch of the last minute: what an earlier run has done already goes by in
    no time, and promises nothing for the rest.
    """

    def __init__(self, total: int, now: float) -> None:
        """total: of things to do. now: seconds of a steady clock, here and below."""
        self._total, self._begun = total, now
        self._stretches: Counter[int] = Counter()
        self.done = 0

    def advance(self, number: int, now: float) -> None:
        """That many more are done."""
        self.done += number
        self._stretches[self._stretch(now)] += number

    def remaining(self, now: float) -> float | None:
        """Seconds, None while nobody can tell."""
        current = self._stretch(now)
        past = [self._stretches[each] for each in range(max(0, current - _LOOKED_BACK), current)]
        if len(past) < 2:
            return None
        pace = sorted(past)[(len(past) - 1) // 2] or sum(past) / len(past)
        return (self._total - self.done) * _STRETCH / pace if pace else None

    def _stretch(self, now: float) -> int:
        return int((now - self._begun) // _STRETCH)


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
        pace = Pace(total, self._clock())
        if not total:
            yield lambda _done: None
        elif self._out.isatty():
            with _bar(name, total, self._out) as show:
                yield self._counting(pace, 0.0, show)
        else:
            print(f"{name}：{total} 个", file=self._out, flush=True)
            yield self._counting(pace, EVERY_SECONDS, partial(self._line, name, total))

    def _counting(self, pace: Pace, pause: float, show: Callable[[int, str], None]) -> Callable[[int], None]:
        """What counts, and shows how many are done and how long the rest may take, after each pause."""
        told = self._clock()

        def advance(number: int) -> None:
            nonlocal told
            now = self._clock()
            pace.advance(number, now)
            if now - told >= pause:
                told = now
                left = pace.remaining(now)
                show(pace.done, "" if left is None else f"预计还需{in_words(left)}")

        return advance

    def _line(self, name: str, total: int, done: int, left: str) -> None:
        print(f"{name}：{done}/{total}" + (f"，{left}" if left else ""), file=self._out, flush=True)


@contextlib.contextmanager
def _bar(name: str, total: int, out: TextIO) -> Iterator[Callable[[int, str], None]]:
    """A bar; yields what shows how many are done and how long the rest may take."""
    # Only a terminal needs it, and importing it takes as long as reading ten workbooks.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Bars(*columns, console=Console(file=out)) as bars:
        task = bars.add_task(name, total=total, left="")
        yield lambda done, left: bars.update(task, completed=done, left=left)
