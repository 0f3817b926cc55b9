"""Where the work on files is done: in this process, in worker processes, or on a cluster.

Whoever has many files to read, measure or mark asks an `Engine`, and cannot tell which it is: all give the
same outcomes in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from pipeline.isolate import Ending, Failure, Limits, Workers
from pipeline.stops import USAGE, Stop
from pipeline.trace import trace_of

if TYPE_CHECKING:
    from pipeline.reuse.kept import Kept
    from pipeline.settings import Settings

T = TypeVar("T")
R = TypeVar("R")


class Engine(Protocol):
    """Runs a function over many tasks, so that a bad task costs only itself."""

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
        """Yield (task, result or Failure) in the order of tasks.

        function must be importable by name, tasks and results picklable. tasks is read as it is needed: at
        most `window` are under way or wait, finished, for an earlier one. on_done is told how many more
        have ended (for progress). kept: for engines that remember (`pipeline.reuse.reusing`).
        """
        ...


@runtime_checkable
class Shared(Protocol):
    """An engine whose work is done on several machines."""

    def refuse_unless_shared(self, folders: Iterable[Path]) -> None:
        """Raise EngineError unless every worker sees these folders of ours under the same paths."""
        ...


class Inline:
    """Everything in this process, one task after the other: nothing protects it from a bad file.

    For looking at the program with a debugger, and for comparing engines.
    """

    def run(
        self,
        function: Callable[[T], R],
        tasks: Iterable[T],
        *,
        limits: Limits,  # noqa: ARG002
        on_done: Callable[[int], None] | None = None,
        window: int = 256,  # noqa: ARG002
        kept: object = None,  # noqa: ARG002
    ) -> Iterator[tuple[T, R | Failure]]:
        """See `Engine`; limits do not hold here."""
        for task in tasks:
            outcome = _attempt(function, task)
            if on_done is not None:
                on_done(1)
            yield task, outcome


def _attempt(function: Callable[[T], R], task: T) -> R | Failure:
    try:
        return function(task)
    except MemoryError:
        return Failure(Ending.MEMORY, "")
    except Exception as error:
        return Failure(Ending.FAULT, trace_of(error))


class EngineError(Stop):
    """The engine that config.yaml asks for cannot be used; the message is a Chinese sentence."""

    code = USAGE


def open_engine(settings: Settings, jobs: int, *, at_once: bool = False) -> AbstractContextManager[Engine]:
    """The engine that config.yaml asks for. Raises EngineError if it cannot be used.

    at_once: there will most likely be work for all workers.
    """
    match settings.engine:
        case "inline":
            return nullcontext(Inline())
        case "dask":
            return _cluster(settings.scheduler)
        case _:
            return Workers(jobs, at_once=at_once)


def _cluster(address: str) -> AbstractContextManager[Engine]:
    """dask is an extra that most do not install."""
    try:
        from pipeline.cluster import Cluster
    except ModuleNotFoundError as error:
        said = f"config.yaml 的 engine 是 dask，但缺少程序包“{error.name}”"
        raise EngineError(f"{said}，请先运行 make setup-dask，或把 engine 改回 local。") from error
    return Cluster(address)
