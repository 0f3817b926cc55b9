"""One link against a hostile server on this machine: bounded in time and bytes, never wrongly dead."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.links.connect import GuardedTransport, dialer, look_up
from pipeline.links.fetch import MOST_REDIRECTS, fetch
from pipeline.links.grade import grade
from pipeline.links.guard import Policy
from pipeline.links.result import Ending, Evidence, Outcome, Sign
from tests.link_server import (
    EXPIRED,
    SELF_SIGNED,
    TITLE,
    VALID,
    Names,
    Server,
    server_context,
    serving,
    trusting_context,
)

LOOPBACK = Policy((ipaddress.ip_network("127.0.0.0/8"),))
HOME = ["127.0.0.1"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as started:
        yield started


def opened(link: str, context: ssl.SSLContext | None = None, deadline: float = 5.0) -> Evidence:
    names = Names(good_test=[HOME], other_test=[HOME])

    @contextlib.asynccontextmanager
    async def turn(_host: str):
        yield

    async def work() -> Evidence:
        async with dialer(context or ssl.create_default_context()) as really:
            return await fetch(link, GuardedTransport(names, really, LOOPBACK), turn, deadline, LOOPBACK)

    return asyncio.run(work())


def at(server: Server, path: str, scheme: str = "http", host: str = "good.test") -> str:
    return f"{scheme}://{host}:{server.port}/{path}"


def test_a_course_page_opens_with_its_title(server: Server) -> None:
    seen = opened(at(server, "course/1"))
    assert (seen.ending, seen.status, seen.title) == (Ending.ANSWERED, 200, TITLE)
    assert grade(seen).outcome is Outcome.OPENS
    assert server.requests[-1][1] == f"good.test:{server.port}"


def test_an_inside_server_is_not_reached_without_the_policy_of_the_trial(server: Server) -> None:
    async def work() -> Evidence:
        @contextlib.asynccontextmanager
        async def turn(_host: str):
            yield

        names = Names(good_test=[HOME])
        async with dialer(ssl.create_default_context()) as really:
            return await fetch(
                at(server, "course/1"), GuardedTransport(names, really, Policy()), turn, 5, Policy()
            )

    before = len(server.requests)
    assert asyncio.run(work()).ending is Ending.INSIDE
    assert len(server.requests) == before


@pytest.mark.parametrize("path", ["gbk", "gzip", "bomb", "endless"])
def test_the_title_is_read_in_any_charset_and_from_any_length(server: Server, path: str) -> None:
    before = server.sent
    seen = opened(at(server, path))
    assert seen.title == TITLE
    if path == "endless":
        assert server.sent - before < 20_000_000


@pytest.mark.parametrize(
    ("path", "outcome", "sign"),
    [
        ("404", Outcome.DEAD, Sign.GONE),
        ("410", Outcome.DEAD, Sign.GONE),
        ("401", Outcome.REFUSED, Sign.REFUSED),
        ("403", Outcome.REFUSED, Sign.REFUSED),
        ("412", Outcome.REFUSED, Sign.REFUSED),
        ("429", Outcome.REFUSED, Sign.REFUSED),
        ("500", Outcome.REFUSED, Sign.REFUSED),
        ("soft", Outcome.SUSPECT, Sign.SOFT),
        ("about404", Outcome.OPENS, Sign.FINE),
        ("login", Outcome.LOGIN, Sign.LOGIN),
        ("refresh", Outcome.DEAD, Sign.GONE),
        ("to?u=/", Outcome.SUSPECT, Sign.HOME),
        ("to?u=/course/1", Outcome.OPENS, Sign.FINE),
        ("file.pdf", Outcome.OPENS, Sign.FINE),
        ("reset", Outcome.SUSPECT, Sign.UNSURE),
        ("short", Outcome.SUSPECT, Sign.UNSURE),
        ("babble", Outcome.SUSPECT, Sign.UNSURE),
        ("endless-head", Outcome.SUSPECT, Sign.UNSURE),
        ("loop", Outcome.SUSPECT, Sign.UNSURE),
    ],
)
def test_outcomes(server: Server, path: str, outcome: Outcome, sign: Sign) -> None:
    result = grade(opened(at(server, path)))
    assert (result.outcome, result.sign) == (outcome, sign)


@pytest.mark.parametrize("path", ["slow-head", "slow-body", "hang"])
def test_a_server_that_never_ends_costs_the_deadline_and_no_more(server: Server, path: str) -> None:
    seen = opened(at(server, path), deadline=0.4)
    assert seen.ending is Ending.SILENT
    assert grade(seen).outcome is Outcome.SUSPECT


def test_redirects_are_counted(server: Server) -> None:
    seen = opened(at(server, "loop"))
    assert len(seen.hops) == MOST_REDIRECTS + 1


def test_a_cookie_lives_along_one_link_alone(server: Server) -> None:
    opened(at(server, "cookie"))
    assert server.requests[-1][2] == "seen=1"
    opened(at(server, "course/1"))
    assert server.requests[-1][2] == ""


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    seen = opened(f"http://good.test:{port}/course/1")
    assert seen.ending is Ending.NO_CONNECTION
    assert grade(seen).sign is Sign.DEAD


def test_a_name_that_is_not_there() -> None:
    assert opened("http://nowhere.test/course/1").ending is Ending.NO_NAME


def test_a_proxy_in_the_environment_is_not_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert opened(at(server, "course/1")).ending is Ending.ANSWERED


@pytest.mark.parametrize(
    ("certificate", "host", "trusting", "ending", "why"),
    [
        (VALID, "good.test", True, Ending.ANSWERED, ""),
        (EXPIRED, "good.test", True, Ending.CERTIFICATE, "证书已过期"),
        (VALID, "other.test", True, Ending.CERTIFICATE, "证书不是给这个域名的"),
        (SELF_SIGNED, "good.test", True, Ending.CERTIFICATE, "证书是自己签发的"),
        (VALID, "good.test", False, Ending.CHAIN, "证书的签发机构无法核实"),
    ],
)
def test_certificates(
    tmp_path: Path, certificate: str, host: str, trusting: bool, ending: Ending, why: str
) -> None:
    with serving(server_context(tmp_path, certificate)) as server:
        context = trusting_context() if trusting else ssl.create_default_context()
        seen = opened(at(server, "course/1", "https", host), context)
    assert (seen.ending, seen.why) == (ending, why)


def test_plain_talk_where_tls_is_expected_is_not_dead(server: Server) -> None:
    seen = opened(at(server, "course/1", "https"), deadline=1)
    assert seen.ending in (Ending.BROKEN, Ending.SILENT)
    assert grade(seen).outcome is Outcome.SUSPECT


def test_the_systems_own_resolver_knows_this_machine() -> None:
    assert "127.0.0.1" in asyncio.run(look_up("127.0.0.1", 80))
