"""All links together: at the pace of each host, often enough, never twice without need."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import ipaddress
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.links.check import LinkSummary, check_links
from pipeline.links.guard import PUBLIC, Policy
from pipeline.links.pace import Pace
from pipeline.links.result import Ending, Outcome
from pipeline.links.store import read_results
from tests.link_server import PUBLIC as ADDRESS
from tests.link_server import Names, Recorder, serving
from tests.small_tables import ROOT, SETTINGS

NOW = dt.datetime(2024, 5, 1, 8, tzinfo=dt.UTC)
QUICK = SETTINGS.links.model_copy(update={"per_host": 0.0, "between_tries": 0.0, "deadline": 5.0})
A, B = "https://a.example.cn/course/1", "https://b.example.cn/course/1"
WITNESS = "https://www.icourse163.org/"


async def no_sleep(_seconds: float) -> None:
    await asyncio.sleep(0)


def names() -> Names:
    return Names(a_example_cn=[[ADDRESS]], b_example_cn=[[ADDRESS]], www_icourse163_org=[[ADDRESS]])


def check(
    links: list[str],
    path: Path,
    dialer: httpx.AsyncBaseTransport,
    resolve: Names | None = None,
    **more: object,
) -> LinkSummary:
    given: dict[str, Any] = {"settings": QUICK, "now": NOW, "sleep": no_sleep, "resolve": resolve or names()}
    given |= more
    return check_links(links, path, given.pop("settings"), connect=dialer, **given)


def test_each_distinct_link_is_asked_once_and_kept(tmp_path: Path) -> None:
    dialer, done = Recorder(), []
    summary = check([A, B, A, ""], tmp_path / "x.db", dialer, on_done=done.append)
    assert (summary.asked, summary.known, summary.checked, summary.offline) == (2, 0, 2, 0)
    assert summary.outcomes == {Outcome.OPENS: 2}
    assert sum(done) == 2
    results, _ = read_results(tmp_path / "x.db")
    assert sorted(results) == [A, B]
    assert results[A].evidence.checked.startswith("2024-05-01T08:00")


@pytest.mark.parametrize(("days", "asked"), [(QUICK.keep_days - 1, 0), (QUICK.keep_days, 1)])
def test_a_later_run_asks_what_is_missing_or_old(tmp_path: Path, days: int, asked: int) -> None:
    check([A], tmp_path / "x.db", Recorder())
    dialer = Recorder()
    later = NOW + dt.timedelta(days=days)
    summary = check([A, B], tmp_path / "x.db", dialer, now=later)
    assert dialer.hosts.count("a.example.cn") == asked
    assert summary.known == 1 - asked
    assert summary.outcomes == {Outcome.OPENS: 2}


class Moody(Recorder):
    """Fails so often before it answers."""

    def __init__(self, failures: int, error: Exception) -> None:
        super().__init__()
        self.left = failures
        self.error = error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if request.headers["host"] == "a.example.cn" and self.left:
            self.left -= 1
            raise self.error
        return answer


@pytest.mark.parametrize("error", [httpx.ConnectError("x"), httpx.ReadError("x"), httpx.ReadTimeout("x")])
def test_a_failure_is_tried_again(tmp_path: Path, error: Exception) -> None:
    summary = check([A, B], tmp_path / "x.db", Moody(QUICK.tries - 1, error))
    assert summary.outcomes == {Outcome.OPENS: 2}
    assert read_results(tmp_path / "x.db")[0][A].evidence.tries == QUICK.tries


def test_what_fails_every_time_is_dead_only_if_it_never_connected(tmp_path: Path) -> None:
    dead = check([A, B], tmp_path / "x.db", Moody(99, httpx.ConnectError("x")), witnesses=[WITNESS])
    unsure = check([A, B], tmp_path / "y.db", Moody(99, httpx.ReadError("x")))
    assert dead.outcomes == {Outcome.DEAD: 1, Outcome.OPENS: 1}
    assert unsure.outcomes == {Outcome.SUSPECT: 1, Outcome.OPENS: 1}


def test_a_refusal_of_404_is_not_asked_again(tmp_path: Path) -> None:
    dialer = Recorder(**{"course/1": (404, "")})
    assert check([A], tmp_path / "x.db", dialer).outcomes == {Outcome.DEAD: 1}
    assert len(dialer.dialled) == 1


def test_a_machine_without_network_judges_nothing(tmp_path: Path) -> None:
    summary = check([A, B], tmp_path / "x.db", Recorder(), Names(), witnesses=[WITNESS])
    assert (summary.offline, summary.checked) == (2, 0)
    assert read_results(tmp_path / "x.db")[0] == {}


def test_a_lone_dead_name_is_borne_out_by_a_witness(tmp_path: Path) -> None:
    resolve = Names(www_icourse163_org=[[ADDRESS]])
    summary = check([A], tmp_path / "x.db", Recorder(), resolve, witnesses=[WITNESS])
    assert summary.outcomes == {Outcome.DEAD: 1}
    assert read_results(tmp_path / "x.db")[0][A].evidence.ending is Ending.NO_NAME


def test_a_dead_host_is_not_asked_for_each_of_its_links(tmp_path: Path) -> None:
    many = [f"https://dead.example.cn/course/{number}" for number in range(60)]
    resolve = names()
    one_by_one = QUICK.model_copy(update={"at_once": 1})
    summary = check(
        [*many, A], tmp_path / "x.db", Recorder(), resolve, witnesses=[WITNESS], settings=one_by_one
    )
    assert summary.outcomes == {Outcome.DEAD: 60, Outcome.OPENS: 1}
    assert resolve.asked.count("dead.example.cn") < 60
    results, _ = read_results(tmp_path / "x.db")
    assert results[many[7]].evidence.final == many[7]


def test_every_name_leading_inside_is_this_machines_own_trouble(tmp_path: Path) -> None:
    resolve = Names(
        a_example_cn=[["198.18.0.7"]], b_example_cn=[["198.18.0.8"]], www_icourse163_org=[["198.18.0.9"]]
    )
    dialer = Recorder()
    summary = check([A, B], tmp_path / "x.db", dialer, resolve, witnesses=[WITNESS])
    assert (summary.offline, dialer.dialled) == (2, [])


def test_a_crash_of_ours_costs_one_link(tmp_path: Path) -> None:
    summary = check([A, B], tmp_path / "x.db", Moody(99, ZeroDivisionError("x")))
    assert [link for link, _ in summary.faults] == [A]
    assert summary.outcomes == {Outcome.OPENS: 1}


def test_an_interrupted_run_keeps_what_it_has_and_says_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def stop(_number: int) -> None:
        if _number:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check([A, B], tmp_path / "x.db", Recorder(), on_done=stop)
    gc.collect()
    assert caplog.records == []
    assert len(read_results(tmp_path / "x.db")[0]) == 1
    dialer = Recorder()
    assert check([A, B], tmp_path / "x.db", dialer).known == 1
    assert len(dialer.dialled) == 1


def test_hosts_are_asked_at_their_pace_and_not_all_at_once() -> None:
    waits: list[float] = []
    busy: list[int] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def work() -> None:
        pace = Pace(2, 1000.0, sleep)

        async def ask(host: str) -> None:
            async with pace.turn(host):
                busy.append(1)
                assert len(busy) <= 2
                await asyncio.sleep(0)
                busy.pop()

        await asyncio.gather(*(ask(host) for host in ("a", "a", "a", "b", "c", "d")))

    asyncio.run(work())
    assert len(waits) == 2
    assert all(900 < each <= 1000 for each in waits)


def test_against_a_real_server(tmp_path: Path) -> None:
    policy = Policy((ipaddress.ip_network("127.0.0.0/8"),))
    with serving() as server:
        home = [["127.0.0.1"]]
        links = [f"http://good.test:{server.port}/{path}" for path in ("course/1", "404", "403", "gbk")]
        summary = check_links(
            links,
            tmp_path / "x.db",
            QUICK,
            now=NOW,
            resolve=Names(good_test=home),
            policy=policy,
            sleep=no_sleep,
        )
    assert summary.faults == []
    assert summary.outcomes == {Outcome.OPENS: 2, Outcome.DEAD: 1, Outcome.REFUSED: 1}


def test_a_plain_validation_loads_no_network_client() -> None:
    said = "import sys, pipeline.links.store, pipeline.rules; print({'httpx', 'tenacity'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "set()"


def test_the_policy_in_force_allows_nothing_inside() -> None:
    assert Policy() == PUBLIC
