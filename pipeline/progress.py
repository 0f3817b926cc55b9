"""How far the run is: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars


class Progress:
    """Bars on a terminal, plain lines elsewhere."""

    def __init__(self, out: TextIO) -> None:
        """out: where progress goes; the result goes to standard output."""
        self._console = Console(file=out)

    @contextlib.contextmanager
    def stage(self, name: str, total: int, unit: str = "") -> Iterator[Callable[[int], None]]:
        """A stage of known size; yields what counts progress."""
        if not total:
            yield lambda _done: None
        elif not self._console.is_terminal:
            size = f"{total / 1e6:.1f} MB" if unit == "bytes" else f"{total} 个"
            print(f"{name}：{size}", file=self._console.file, flush=True)
            yield lambda _done: None
        else:
            counted = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
            remaining = TimeRemainingColumn()
            columns = (TextColumn("{task.description}"), BarColumn(), counted, remaining)
            with Bars(*columns, console=self._console) as bars:
                task = bars.add_task(name, total=total)
                yield lambda done: bars.advance(task, done)
