"""Engines: whichever does the work, the outcomes and their order are the same."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cluster import Cluster
from pipeline.engine import EngineError, Inline, open_engine
from pipeline.isolate import Ending, Failure, Limits, Workers

distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")

LIMITS = Limits(seconds=1.5, memory_mb=512)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A cluster of two worker processes on this machine, as docs/scale.md says to start one."""
    # `dask worker` takes the first from DASK_DISTRIBUTED__WORKER__DAEMON. The second is LocalCluster's own:
    # 15 s after a worker died it ends also the one that was started in its place.
    changed = {"distributed.worker.daemon": False, "distributed.deploy.lost-worker-timeout": "1h"}
    with (
        dask.config.set(changed),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
    ):
        yield cluster.scheduler_address


def misbehave(number: int) -> int:
    match number % 20:
        case 7:
            os._exit(3)
        case 11:
            time.sleep(600)
        case 13:
            raise ValueError("thirteen")
    return number * number


def ending_of(outcome: object) -> object:
    return outcome.ending if isinstance(outcome, Failure) else outcome


def test_a_scheduler_that_is_not_there_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.small_tables import SETTINGS  # the tasks below are imported by the cluster too

    settings = SETTINGS.model_copy(update={"engine": "dask", "scheduler": "tcp://127.0.0.1:9"})
    monkeypatch.setattr("pipeline.cluster._CONNECT_SECONDS", 1)
    with (
        pytest.raises(EngineError, match=r"连不上 dask 的调度器“tcp://127\.0\.0\.1:9”"),
        open_engine(settings, 1),
    ):
        pass


def test_a_cluster_gives_the_outcomes_of_one_machine(scheduler: str) -> None:
    """A crash and a hang cost their own task alone."""
    tasks = range(100, 130)
    done: list[int] = []
    with Cluster(scheduler) as cluster, Workers(2) as workers:
        far = list(cluster.run(misbehave, tasks, limits=LIMITS, on_done=done.append))
        near = list(workers.run(misbehave, tasks, limits=LIMITS))
    assert [(task, ending_of(each)) for task, each in far] == [(task, ending_of(each)) for task, each in near]
    assert sum(done) == len(tasks)
    assert {ending_of(each) for _, each in far} >= {Ending.CRASH, Ending.TIMEOUT, Ending.FAULT}


def test_in_this_process_a_fault_costs_its_own_task() -> None:
    outcomes = list(Inline().run(misbehave, [2, 13, 3], limits=LIMITS))
    assert [(task, ending_of(each)) for task, each in outcomes] == [(2, 4), (13, Ending.FAULT), (3, 9)]


def slow(task: tuple[int, Path]) -> int:
    """Leaves the number of the process that waits for it: dask's worker, not the task's own."""
    number, folder = task
    (folder / str(os.getppid())).touch()
    time.sleep(0.05)
    return number


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_killed_worker_of_the_cluster_loses_nothing(scheduler: str, tmp_path: Path) -> None:
    tasks = [(number, tmp_path) for number in range(120)]
    with Cluster(scheduler) as cluster:
        outcomes = cluster.run(slow, tasks, limits=LIMITS)
        first = next(outcomes)
        victim = int(next(tmp_path.iterdir()).name)
        os.kill(victim, signal.SIGKILL)
        rest = list(outcomes)
    assert [first, *rest] == [(task, task[0]) for task in tasks]


def kills_its_worker(task: int) -> int:
    if task == 5:
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(5)
    return task


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_file_that_costs_every_worker_is_named_and_the_others_go_on(scheduler: str) -> None:
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), Cluster(scheduler) as cluster:
        outcomes = dict(cluster.run(kills_its_worker, range(10), limits=LIMITS))
    assert {task: ending_of(each) for task, each in outcomes.items()} == {
        **{task: task for task in range(10)},
        5: Ending.CRASH,
    }


def test_a_cluster_whose_workers_may_start_no_process_is_refused() -> None:
    with (
        dask.config.set({"distributed.worker.daemon": True}),
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
        pytest.raises(EngineError, match="DASK_DISTRIBUTED__WORKER__DAEMON"),
        Cluster(cluster.scheduler_address),
    ):
        pass


def test_the_scheduler_that_goes_ends_the_run_in_a_sentence() -> None:
    with (
        dask.config.set({"distributed.worker.daemon": False}),
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
        Cluster(cluster.scheduler_address) as engine,
    ):
        outcomes = engine.run(time.sleep, [0.01, *[0.2] * 100], limits=LIMITS, window=4)
        assert next(outcomes)[0] == 0.01
        cluster.close()
        with pytest.raises(EngineError, match="断了"):
            list(outcomes)
