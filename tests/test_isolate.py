"""Isolation: a bad task costs only itself, and no worker outlives its parent."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.isolate import Ending, Failure, Limits, Workers
from tests.isolated import run_isolated

LIMITS = Limits(seconds=20, memory_mb=512)
POSIX = sys.platform != "win32"


def double(number):
    return number * 2


def misbehave(task):
    kind, number = task
    match kind:
        case "hang":
            time.sleep(600)
        case "spin":
            while True:
                pass
        case "exit":
            os._exit(3)
        case "segfault":
            ctypes.string_at(0)
        case "raise":
            raise ValueError("no good")
        case "greedy":
            return len(bytearray(4 << 30))
        case "unpicklable":
            return lambda: number
        case "panic":
            raise SystemExit(5)
    return number


def crash_once(marker):
    if not Path(marker).exists():
        Path(marker).touch()
        os._exit(3)
    return "second try"


def ending_of(outcome):
    return outcome.ending if isinstance(outcome, Failure) else outcome


def test_results_come_in_the_order_of_the_tasks():
    done = []
    outcomes = list(run_isolated(double, range(300), jobs=2, limits=LIMITS, on_done=done.append))
    assert outcomes == [(number, number * 2) for number in range(300)]
    assert sum(done) == 300


def test_no_more_workers_start_than_there_is_work_for():
    with Workers(2) as workers:
        assert list(workers.run(double, [], limits=LIMITS)) == []
        assert workers._workers == []
        assert list(workers.run(double, [1], limits=LIMITS)) == [(1, 2)]
        assert len(workers._workers) == 1
        assert len(list(workers.run(double, range(9), limits=LIMITS))) == 9
        assert len(workers._workers) == 2


def test_each_bad_task_is_named_and_every_other_one_answered():
    bad = {
        3: ("exit", Ending.CRASH),
        4: ("segfault", Ending.CRASH),
        9: ("hang", Ending.TIMEOUT),
        10: ("raise", Ending.FAULT),
        15: ("unpicklable", Ending.FAULT),
        16: ("panic", Ending.CRASH),
        23: ("spin", Ending.TIMEOUT),
    }
    if POSIX:
        bad[20] = ("greedy", Ending.MEMORY)
    tasks = [(bad.get(number, ("good", None))[0], number) for number in range(40)]
    outcomes = list(run_isolated(misbehave, tasks, jobs=2, limits=Limits(seconds=1, memory_mb=512)))
    assert [task for task, _ in outcomes] == tasks
    assert [ending_of(outcome) for _, outcome in outcomes] == [
        bad[number][1] if number in bad else number for number in range(40)
    ]


def test_a_fault_tells_where_the_program_went_wrong():
    [(_, outcome)] = run_isolated(misbehave, [("raise", 1)], jobs=1, limits=LIMITS)
    assert isinstance(outcome, Failure)
    assert "misbehave" in outcome.detail
    assert outcome.detail.splitlines()[-1].endswith("ValueError")
    assert "no good" not in outcome.detail


def test_many_deaths_under_a_busy_parent_lose_nothing():
    """A busy parent is where a shared pool loses track of who had which task."""
    over = threading.Event()

    def keep_busy():
        while not over.is_set():
            sum(range(1000))

    thread = threading.Thread(target=keep_busy)
    thread.start()
    try:
        tasks = [("exit" if number % 8 == 0 else "good", number) for number in range(32)]
        outcomes = [
            ending_of(outcome) for _, outcome in run_isolated(misbehave, tasks, jobs=2, limits=LIMITS)
        ]
    finally:
        over.set()
        thread.join()
    assert outcomes == [Ending.CRASH if number % 8 == 0 else number for number in range(32)]


def test_a_worker_that_died_gives_its_task_one_more_try(tmp_path):
    [(_, outcome)] = run_isolated(crash_once, [str(tmp_path / "died")], jobs=1, limits=LIMITS)
    assert outcome == "second try"


def test_workers_serve_one_run_after_another_even_after_an_abandoned_one():
    with Workers(2) as workers:
        for task, _ in workers.run(double, range(100), limits=LIMITS):
            if task == 10:
                break
        assert list(workers.run(double, range(50), limits=LIMITS)) == [(n, n * 2) for n in range(50)]
        assert list(workers.run(misbehave, [("good", 1)], limits=LIMITS)) == [(("good", 1), 1)]


def test_tasks_are_read_only_as_far_as_the_window():
    read = []

    def tasks():
        for number in range(1000):
            read.append(number)
            yield number

    with Workers(2) as workers:
        outcomes = workers.run(double, tasks(), limits=LIMITS, window=8)
        for _ in range(5):
            next(outcomes)
        assert len(read) <= 5 + 8
        assert len(list(outcomes)) == 995


def test_at_least_one_worker_is_asked_for():
    with pytest.raises(ValueError, match="at least 1"):
        Workers(0)


SCRIPT = """
import signal, sys
from pathlib import Path
from pipeline.isolate import Limits
from tests.isolated import run_isolated
from tests.test_isolate import write_pid_and_hang
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in the background
    try:
        list(run_isolated(write_pid_and_hang, [sys.argv[1] + "/a", sys.argv[1] + "/b"], jobs=2,
                          limits=Limits(600, 512)))
    except KeyboardInterrupt:
        sys.exit(130)
"""


def write_pid_and_hang(path):
    Path(path + ".part").write_text(str(os.getpid()))
    Path(path + ".part").rename(path)
    time.sleep(600)


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(condition):
    for _ in range(500):
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("sent", ["SIGINT", "SIGKILL"])
def test_workers_do_not_outlive_their_parent(tmp_path, sent):
    root = Path(__file__).parent.parent
    script = tmp_path / "hang.py"
    script.write_text(SCRIPT)
    parent = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)], env={**os.environ, "PYTHONPATH": str(root)}
    )
    pids = [tmp_path / "a", tmp_path / "b"]
    try:
        assert wait_until(lambda: all(path.exists() for path in pids))
        parent.send_signal(signal.Signals[sent])
        assert parent.wait(timeout=10) == (130 if sent == "SIGINT" else -signal.SIGKILL)
    finally:
        parent.kill()
        parent.wait()
    assert wait_until(lambda: not any(alive(int(path.read_text())) for path in pids))


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="Linux alone tells which signals are blocked"
)
def test_no_worker_hears_ctrl_c():
    """Nor the first, though another process of the library is started just before it."""
    asked = (
        "import re, os\nfrom pathlib import Path\nfrom pipeline.isolate import Workers\n"
        "if __name__ == '__main__':\n"
        " with Workers(2, at_once=True) as workers:\n"
        "  for each in workers._workers:\n"
        "   text = Path(f'/proc/{each.process.pid}/status').read_text()\n"
        "   print(int(re.search('SigBlk:\\\\s*(\\\\w+)', text)[1], 16) & 2)\n"
    )
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["2", "2"]
