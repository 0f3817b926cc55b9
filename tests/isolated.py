"""One run with workers of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from pipeline.isolate import Failure, Limits, Workers

T = TypeVar("T")
R = TypeVar("R")


def run_isolated(
    function: Callable[[T], R],
    tasks: Iterable[T],
    *,
    jobs: int,
    limits: Limits,
    on_done: Callable[[int], None] | None = None,
) -> Iterator[tuple[T, R | Failure]]:
    with Workers(jobs) as workers:
        yield from workers.run(function, tasks, limits=limits, on_done=on_done)
