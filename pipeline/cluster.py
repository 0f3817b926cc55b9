"""The work on files over several machines: dask.distributed through its futures, over a shared folder.

The conductor sends paths and gets results; the bytes of media never pass through it. A task is a batch of
files, so that what dask spends on a task (some 2.6 ms) vanishes. Inside a worker of dask every file is
worked on in a process of its own with limits (`isolate.Workers`): dask alone loses its workers for good when
tasks abort, and knows no time limit.

| what happens | what it costs |
|---|---|
| a file kills or hangs its process | that file: one more try (a hang: none), then its `Failure` |
| a worker of dask dies | its batches run elsewhere |
| a batch loses several workers, or never ends | its files go out again, each alone; the culprit's `Failure` |
| the scheduler is lost | the run ends with a sentence; what was done is kept |
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import platform
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import metadata
from itertools import islice, takewhile
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import distributed
from msgspec import Struct, field

from pipeline import __version__
from pipeline.engine import EngineError
from pipeline.isolate import Ending, Failure, Limits, Workers
from pipeline.reuse.sources import text_of

T = TypeVar("T")
R = TypeVar("R")

BATCH = 32
"""Files of one task: beyond it nothing is gained (0.1 ms of overhead for each file)."""
_CONNECT_SECONDS = 15
_GRACE_SECONDS = 120.0
"""What a batch may take beside its files' own limits: waiting for a worker that starts or is replaced."""
_AHEAD = 8
"""Finished batches that may wait for an earlier one, for each that is under way."""
_WAIT_SECONDS = 0.5


class _Batch(Struct, Generic[T], eq=False):
    """Tasks that went out together; outcomes once they are back. alone: with nothing else under way."""

    tasks: list[T]
    alone: bool = False
    deadline: float = 0.0
    outcomes: list[Any] = field(default_factory=list)


class Cluster:
    """An engine (see `pipeline.engine.Engine`) on the workers of a dask scheduler."""

    def __init__(self, address: str) -> None:
        """address: the scheduler's, such as `tcp://10.1.2.3:8786`."""
        self._address = address
        self._client: Any = None

    def __enter__(self) -> Self:
        """Connect; raises EngineError if there is no scheduler, no worker, or one of another version."""
        try:
            self._client = distributed.Client(  # type: ignore[no-untyped-call]
                self._address, timeout=_CONNECT_SECONDS, set_as_default=False, name="pipeline"
            )
            self._client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
            versions = self._client.run(version)
        except (OSError, TimeoutError) as error:
            self.close()
            raise EngineError(
                f"连不上 dask 的调度器“{self._address}”，或者它还没有工作进程，"
                "请检查 config.yaml 的 scheduler 和调度器是否在运行。"
            ) from error
        except Exception as error:
            # Whatever a worker could not import comes as one of several exceptions.
            self.close()
            raise EngineError(f"dask 的工作进程不能运行本程序，{_SAME_PROGRAM}") from error
        self._refuse_unlike(versions)
        return self

    def refuse_unless_shared(self, folders: Iterable[Path]) -> None:
        """Raise EngineError unless every worker sees what lies in these folders under the same paths."""
        for folder in folders:
            mine = set(listed(folder))
            for worker, seen in sorted(self._client.run(listed, folder).items()):
                if mine and not mine & set(seen):
                    raise EngineError(
                        f"dask 的工作进程“{worker}”看不到文件夹“{folder}”里的内容，"
                        "请把报送内容和结果的文件夹放在所有机器都以同一路径看到的共享文件夹里。"
                    )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the cluster; what is still under way there is dropped."""
        self.close()

    def close(self) -> None:
        """Disconnect."""
        if self._client is not None:
            self._client.close(timeout=2)
            self._client = None

    def run(
        self,
        function: Callable[[T], R],
        tasks: Iterable[T],
        *,
        limits: Limits,
        on_done: Callable[[int], None] | None = None,
        window: int = 256,
        kept: object = None,  # noqa: ARG002 - an engine around this one has a use for it
    ) -> Iterator[tuple[T, R | Failure]]:
        """See `Engine`. window: at least one batch for every thread of the cluster is under way."""
        run, most = _Run(self._client, function, limits), self._most()
        rest = iter(tasks)
        size = max(1, min(BATCH, window // 2))
        try:
            while True:
                while run.may_grow(most) and (part := list(islice(rest, size))):
                    run.send(part)
                if not run.line:
                    return
                ended = run.next_ended()
                if ended and on_done is not None:
                    on_done(ended)
                yield from run.in_order()
        finally:
            run.cancel()

    def _refuse_unlike(self, versions: Mapping[str, str]) -> None:
        """Raise EngineError unless every worker runs this very program, and may start processes."""
        for worker, found in sorted(versions.items()):
            if found != version():
                self.close()
                raise EngineError(
                    f"dask 的工作进程“{worker}”"
                    + (f"用的是另一个版本的程序，{_SAME_PROGRAM}" if found else _MAY_NOT_START)
                )

    def _most(self) -> int:
        """Batches that may be under way: two for every thread, so that none waits for the network."""
        try:
            threads: dict[str, int] = self._client.nthreads()
        except OSError as error:
            raise EngineError(_GONE) from error
        return 2 * max(1, sum(threads.values()))


_SAME_PROGRAM = "请在每台机器上装好同一个版本的程序后重新启动 dask 的工作进程。"
_GONE = "和 dask 调度器的连接断了，已做完的都已保存，请检查调度器后重新运行。"
_MAY_NOT_START = (
    "不能再开子进程，请设好环境变量 DASK_DISTRIBUTED__WORKER__DAEMON=False 后重新启动 dask 的工作进程。"
)


class _Run(Generic[T, R]):
    """Batches in the order of their tasks, and the futures of those that are out."""

    def __init__(self, client: Any, function: Callable[[T], R], limits: Limits) -> None:
        self._client, self._function, self._limits = client, function, limits
        self._out: dict[Any, _Batch[T]] = {}
        self._ended: SimpleQueue[Any] = SimpleQueue()
        self.line: deque[_Batch[T]] = deque()
        self.suspects: deque[_Batch[T]] = deque()

    def may_grow(self, most: int) -> bool:
        """Whether another batch may go out. One slow batch holds back the others' results, not their work."""
        return len(self._out) < most and len(self.line) < _AHEAD * most and not self.suspects

    def send(self, tasks: list[T]) -> None:
        """Submit a batch."""
        batch = _Batch(tasks)
        self.line.append(batch)
        self._submit(batch)

    def _submit(self, batch: _Batch[T]) -> None:
        batch.deadline = time.monotonic() + _GRACE_SECONDS + 4 * self._limits.seconds * len(batch.tasks)
        work = self._client.submit(serve, self._function, batch.tasks, self._limits, pure=False)
        self._out[work] = batch
        work.add_done_callback(self._ended.put)

    def next_ended(self) -> int:
        """Wait a little; how many tasks have ended meanwhile."""
        ended = 0
        if self.suspects and not self._out:
            self._submit(self.suspects.popleft())
        try:
            future = self._ended.get(timeout=_WAIT_SECONDS)
            if future in self._out:
                ended += self._take(future, self._out.pop(future))
        except Empty:
            self._refuse_if_gone()
        for future in [each for each, batch in self._out.items() if time.monotonic() > batch.deadline]:
            future.cancel(force=True)
            ended += self._again(self._out.pop(future), Ending.TIMEOUT)
        return ended

    def in_order(self) -> Iterator[tuple[T, R | Failure]]:
        """The outcomes of batches whose turn has come."""
        while self.line and self.line[0].outcomes:
            batch = self.line.popleft()
            yield from zip(batch.tasks, batch.outcomes, strict=True)

    def cancel(self) -> None:
        """Give up what is still out."""
        for future in self._out:
            future.cancel(force=True)

    def _take(self, future: Any, batch: _Batch[T]) -> int:
        if future.status == "finished":
            with contextlib.suppress(TimeoutError, asyncio.CancelledError, distributed.KilledWorker):
                # The worker that holds the outcomes may have died since.
                batch.outcomes = future.result(timeout=_CONNECT_SECONDS)
                return len(batch.tasks)
        self._refuse_if_gone()
        error = future.exception(timeout=_CONNECT_SECONDS) if future.status == "error" else None
        if isinstance(error, RuntimeError):
            # The scheduler, too, must know the functions that it hands on.
            raise EngineError(f"dask 的调度器不能运行本程序，{_SAME_PROGRAM}") from error
        if error is not None and not isinstance(error, distributed.KilledWorker):
            raise error
        return self._again(batch, Ending.CRASH)

    def _again(self, batch: _Batch[T], ending: Ending) -> int:
        """A batch that did not come back: each of its files alone, so that no other is blamed for its end."""
        if batch.alone:
            batch.outcomes = [Failure(ending, "lost with its dask worker")]
            return len(batch.tasks)
        singles = [_Batch([task], alone=True) for task in batch.tasks]
        at = self.line.index(batch)
        self.line.remove(batch)
        for single in reversed(singles):
            self.line.insert(at, single)
        self.suspects += singles
        return 0

    def _refuse_if_gone(self) -> None:
        if self._client.status != "running":
            raise EngineError(_GONE)


# --- in the worker of dask


_IDLE: SimpleQueue[Workers] = SimpleQueue()
"""Processes that have served a batch and wait for the next; one for each thread that was ever busy."""


def serve(function: Callable[[Any], Any], tasks: list[Any], limits: Limits) -> list[Any]:
    """The outcomes of a batch, each file in a process of its own with limits."""
    try:
        workers = _IDLE.get_nowait()
    except Empty:
        workers = Workers(1)
    outcomes = workers.run(function, tasks, limits=limits)
    try:
        return [outcome for _, outcome in takewhile(_still_wanted(), outcomes)]
    finally:
        # What is still under way for nobody is ended here.
        outcomes.close()
        _IDLE.put(workers)


def _still_wanted() -> Callable[[object], bool]:
    """Whether the conductor still waits for this task: dask cannot stop a thread, so that the thread asks."""
    worker: Any = distributed.get_worker()
    key = worker.get_current_task()

    def wanted(_outcome: object) -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state != "cancelled"

    return wanted


def listed(folder: Path) -> list[str]:
    """What lies in a folder, by name; "?" for one that cannot be seen."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names alone, as they are
    except OSError:
        return ["?"]


_READERS = ("lxml", "olefile", "pillow", "pymediainfo", "xlrd")
"""The libraries on which it depends what is found in a file."""
_TEXT = text_of("pipeline.run").hex()
"""Of the program as it was when it was imported."""


def version() -> str:
    """What must be the same on all machines; "" in a process that may have no processes of its own."""
    if multiprocessing.current_process().daemon:
        return ""
    return " ".join([__version__, platform.python_version(), *map(metadata.version, _READERS), _TEXT])
