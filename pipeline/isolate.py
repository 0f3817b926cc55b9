"""Run a function over many tasks in worker processes, so that a bad task costs only itself.

A hostile file can hang a parser, abort it or eat all memory. Here such a task becomes a
`Failure` value, and every other task has its result, in the order of the tasks.

Why not a pool from a library: `ProcessPoolExecutor` loses all that follows an abort, and
pebble 5.2 shares one pipe and its locks between all workers: when the parent is busy, it
can see a worker's death before the message which said what that worker had begun, and then
breaks the whole pool (254 of 300 tasks lost in a trial). With one pipe per worker the parent
always knows what each worker is at, a death is an end of file, and no lock can be left held.

Workers are always spawned, so that Windows and Linux behave alike, and end with their
parent, even one that was killed. On POSIX a memory limit holds as well as the time limit;
Windows has no counterpart in the standard library: there the time limit alone holds.
"""

from __future__ import annotations

import contextlib
import enum
import gc
import locale
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from msgspec import Struct, field

from pipeline.trace import trace_of

if sys.platform != "win32":
    import resource

T = TypeVar("T")
R = TypeVar("R")

_LARGEST_BATCH = 16
_SLICE = 0.1
"""Seconds after which a worker hands back the rest of its batch, so that nothing small waits for long."""
_START_SECONDS = 60.0
"""Time for a worker to start and import what the function needs; it is not the task's time."""
_START_ATTEMPTS = 3
_OUT_OF_MEMORY = 77
"""Exit code of a worker whose task ran out of memory: only a new process is surely sound again."""
_MEGABYTE = 1 << 20


class Ending(enum.StrEnum):
    """How a task ended that gave no result."""

    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASH = "crash"
    """The worker died (abort, segmentation fault, `os._exit`), twice."""
    FAULT = "fault"
    """The function raised: a fault of the program, not of the file."""


class Failure(Struct, frozen=True):
    """The outcome of a task that gave no result; detail is for the log, not for users."""

    ending: Ending
    detail: str


class Limits(Struct, frozen=True):
    """For one task: wall-clock seconds, and megabytes of address space of the whole worker (POSIX)."""

    seconds: float
    memory_mb: int


class _Task(Struct, Generic[T]):
    number: int
    value: T
    deaths: int = 0


class _Worker(Struct, eq=False):
    """A process, the pipe to it, and the tasks it has been given and not yet answered.

    busy until it has said that the batch is over; begun once it has taken the batch over.
    """

    process: BaseProcess
    pipe: Connection
    batch: deque[_Task[Any]] = field(default_factory=deque)
    busy: bool = False
    begun: bool = False
    deadline: float = 0.0

    def give(self, function: Callable[[Any], Any], limits: Limits, tasks: list[_Task[Any]]) -> None:
        """Hand over tasks to an idle worker. One that has just died is noticed when it is heard."""
        self.batch, self.busy, self.begun = deque(tasks), True, False
        self.deadline = time.monotonic() + _START_SECONDS
        with contextlib.suppress(OSError):
            self.pipe.send((function, limits, [task.value for task in tasks]))

    def overdue(self) -> bool:
        """Whether the time limit has passed and no answer lies unread in the pipe."""
        return time.monotonic() > self.deadline and not self.pipe.poll()

    def end(self, patience: float = 0.0) -> int:
        """Kill the process unless it ends within patience; return its exit code (negative: the signal)."""
        if patience:
            self.process.join(patience)
        self.process.kill()
        self.process.join()
        self.pipe.close()
        return self.process.exitcode or 0


class Workers:
    """Worker processes that serve one `run` after another; each starts when it is needed."""

    def __init__(self, jobs: int, *, at_once: bool = False) -> None:
        """Jobs: the most processes, at least 1. at_once: they get ready while the caller goes on."""
        if jobs < 1:
            raise ValueError(f"jobs must be at least 1, not {jobs}")
        self._jobs, self._at_once = jobs, at_once
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        """Start the workers if they are to start at once."""
        while self._at_once and len(self._workers) < self._jobs:
            self._workers.append(_start_worker())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all workers, whatever they are at."""
        for worker in self._workers:
            worker.process.kill()
        while self._workers:
            self._workers.pop().end()

    def run(
        self,
        function: Callable[[T], R],
        tasks: Iterable[T],
        *,
        limits: Limits,
        on_done: Callable[[int], None] | None = None,
        window: int = 256,
        kept: object = None,  # noqa: ARG002 - other engines have a use for it
    ) -> Generator[tuple[T, R | Failure], None, None]:
        """See `pipeline.engine.Engine`: paths make better tasks than contents, and nothing is kept.

        A worker that dies gives its task one more try in a fresh process. Raises
        RuntimeError if workers cannot be started at all. One run at a time.
        """
        run = _Run(function, limits, iter(tasks), window)
        try:
            while self._feed(run) or run.has_next():
                yield from run.in_order()
                ended = self._next_ended(run)
                if ended and on_done is not None:
                    on_done(ended)
        finally:
            for worker in self._busy():
                self._retire(worker)

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.busy]

    def _feed(self, run: _Run[T, R]) -> bool:
        """Give every idle worker its next tasks, and more workers what is left; whether any is busy."""
        for worker in self._workers:
            if not worker.busy and (tasks := run.next_batch()):
                run.give(worker, tasks)
        while len(self._workers) < self._jobs and (tasks := run.next_batch()):
            self._workers.append(worker := _start_worker())
            run.give(worker, tasks)
        return bool(self._busy())

    def _next_ended(self, run: _Run[T, R]) -> int:
        """Wait until something happens, and return how many tasks have ended."""
        busy = self._busy()
        if not busy:
            return 0
        nearest = min(worker.deadline for worker in busy)
        heard = wait([worker.pipe for worker in busy], timeout=max(0.0, nearest - time.monotonic()))
        ended = 0
        for worker in busy:
            if worker.pipe in heard:
                try:
                    ended += run.hear(worker)
                except (EOFError, OSError):
                    ended += run.lost(worker, self._retire(worker, patience=1.0))
            elif worker.overdue():
                self._retire(worker)
                ended += run.overran(worker)
        return ended

    def _retire(self, worker: _Worker, patience: float = 0.0) -> int:
        """End a worker and return its exit code; the next `_feed` starts another in its place."""
        self._workers.remove(worker)
        return worker.end(patience)


class _Run(Generic[T, R]):
    """What one run still has to do, and the outcomes that wait for an earlier one."""

    def __init__(self, function: Callable[[T], R], limits: Limits, tasks: Iterator[T], window: int) -> None:
        self._function, self._limits, self._tasks, self._window = function, limits, tasks, window
        self._again: deque[_Task[T]] = deque()
        self._outcomes: dict[int, tuple[T, R | Failure]] = {}
        self._issued = self._yielded = 0
        self._batch_size = 1
        self._failed_starts = 0

    def next_batch(self) -> list[_Task[T]]:
        """The tasks for one worker, none if there are no more for now."""
        tasks: list[_Task[T]] = []
        while len(tasks) < self._batch_size and (task := self._next_task()) is not None:
            tasks.append(task)
        return tasks

    def give(self, worker: _Worker, tasks: list[_Task[T]]) -> None:
        """Hand a worker its next tasks."""
        worker.give(self._function, self._limits, tasks)

    def has_next(self) -> bool:
        """Whether the outcome whose turn it is has come."""
        return self._yielded in self._outcomes

    def in_order(self) -> Iterator[tuple[T, R | Failure]]:
        """Yield the outcomes whose turn has come."""
        while self.has_next():
            self._yielded += 1
            yield self._outcomes.pop(self._yielded - 1)

    def hear(self, worker: _Worker) -> int:
        """Take one message: `True` begun, `False` batch ended, else a 1-tuple with an outcome.

        Of this and what follows: how many tasks have ended by it.
        """
        message = worker.pipe.recv()
        worker.deadline = time.monotonic() + self._limits.seconds
        if message is True:
            worker.begun, self._failed_starts = True, 0
        elif message is False:
            self._batch_size = 1 if worker.batch else min(_LARGEST_BATCH, self._batch_size * 2)
            self._put_back(worker)
            worker.busy = False
        else:
            return self._settle(worker.batch.popleft(), message[0])
        return 0

    def overran(self, worker: _Worker) -> int:
        """The worker was killed at its deadline: its first unanswered task took too long."""
        if not worker.begun:
            return self.lost(worker, 0)
        culprit = worker.batch.popleft()
        self._put_back(worker)
        return self._settle(culprit, Failure(Ending.TIMEOUT, f"{self._limits.seconds:g} s"))

    def lost(self, worker: _Worker, code: int) -> int:
        """The worker died by itself: its first unanswered task has one more try."""
        ended = 0
        if not worker.begun:
            self._failed_starts += 1
            if self._failed_starts >= _START_ATTEMPTS:
                raise RuntimeError(f"worker processes end before they begin (exit code {code})")
        elif worker.batch:
            culprit = worker.batch[0]
            culprit.deaths += 1
            ending = _ENDING_OF_EXIT.get(code, Ending.CRASH)
            if culprit.deaths > 1 or ending is Ending.TIMEOUT:
                ended = self._settle(worker.batch.popleft(), Failure(ending, f"exit code {code}"))
        self._put_back(worker)
        return ended

    def _next_task(self) -> _Task[T] | None:
        if self._again:
            return self._again.popleft()
        if self._issued - self._yielded >= self._window:
            return None
        for value in self._tasks:
            self._issued += 1
            return _Task(self._issued - 1, value)
        return None

    def _put_back(self, worker: _Worker) -> None:
        self._again.extendleft(reversed(worker.batch))
        worker.batch.clear()

    def _settle(self, task: _Task[T], outcome: R | Failure) -> int:
        self._outcomes[task.number] = (task.value, outcome)
        return 1


def _start_worker() -> _Worker:
    context = multiprocessing.get_context("spawn")
    ends: tuple[Any, Any] = context.Pipe()
    here, there = ends
    process = context.Process(target=_serve, args=(there,), daemon=True)
    with _interrupts_held():
        process.start()
    # Only the worker holds this end now: its death is an end of file at ours.
    there.close()
    return _Worker(process, here)


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Block SIGINT (POSIX): a process started now inherits the block, and Ctrl-C reaches the parent alone."""
    if sys.platform == "win32":
        yield
        return
    # The first start would begin this process as well, which ends the block (CPython 3.11).
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection) -> None:
    """The worker: answer batches until the parent closes the pipe."""
    _prepare_process()
    while True:
        try:
            function, limits, values = pipe.recv()
            _limit_memory(limits)
            pipe.send(True)
            until = time.monotonic() + _SLICE
            for value in values:
                _limit_processor_time(limits)
                _answer(pipe, function, value)
                if time.monotonic() > until:
                    break
            pipe.send(False)
        except (EOFError, OSError):
            return


def _answer(pipe: Connection, function: Callable[[Any], Any], value: Any) -> None:
    try:
        outcome = _attempt(function, value)
        try:
            pipe.send((outcome,))
        except (TypeError, AttributeError, ValueError, RecursionError) as error:
            pipe.send((Failure(Ending.FAULT, f"the result cannot be sent: {type(error).__name__}"),))
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)


def _attempt(function: Callable[[Any], Any], value: Any) -> Any:
    try:
        return function(value)
    except MemoryError:
        raise
    except Exception as error:
        return Failure(Ending.FAULT, trace_of(error))
    except BaseException as error:
        # A panic inside a Rust library is no Exception; the library may be left in any state.
        return Failure(Ending.CRASH, type(error).__name__)


def _prepare_process() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A task makes a million small objects and hardly a cycle: looking for cycles costs 7 % of reading.
    gc.set_threshold(100_000, 20, 20)
    _silence_errors()
    if sys.platform != "win32":
        _use_utf8()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A thread's stack counts as address space.
    threading.stack_size(256 * 1024)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _silence_errors() -> None:
    """What libraries print when they die is of no use to the user: the Failure tells it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _use_utf8() -> None:
    """Without a UTF-8 LC_CTYPE libmediainfo cannot open Chinese file names."""
    for name in ("C.UTF-8", "en_US.UTF-8", "UTF-8"):
        with contextlib.suppress(locale.Error):
            locale.setlocale(locale.LC_CTYPE, name)
            return


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _limit_memory(limits: Limits) -> None:
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = limits.memory_mb * _MEGABYTE
        resource.setrlimit(
            resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )


def _limit_processor_time(limits: Limits) -> None:
    """End a task that spins on after its parent is gone; while the parent lives, its clock comes first."""
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        soft = int(time.process_time() + 2 * limits.seconds) + 5
        resource.setrlimit(
            resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
        )


_ENDING_OF_EXIT = {_OUT_OF_MEMORY: Ending.MEMORY}
if sys.platform != "win32":
    _ENDING_OF_EXIT[-signal.SIGXCPU] = Ending.TIMEOUT
