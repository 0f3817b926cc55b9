"""No request reaches an inside address, however it is written or led to."""

from __future__ import annotations

import asyncio
import contextlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.links.connect import GuardedTransport
from pipeline.links.fetch import fetch
from pipeline.links.guard import PUBLIC, is_public, refusal
from pipeline.links.result import Ending, Evidence
from tests.link_server import PUBLIC as ADDRESS
from tests.link_server import Names, Recorder

INSIDE = [
    "127.0.0.1", "127.255.255.254", "10.1.2.3", "172.16.0.1", "192.168.1.8", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "224.0.0.1", "239.255.255.250", "255.255.255.255", "192.0.0.1", "198.18.0.1", "192.88.99.1",
    "203.0.113.9", "240.0.0.1",
    "::1", "::", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1",
    "fec0::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:4136:e378::1",
    "2001:db8::1", "3fff::1", "100::1",
]  # fmt: skip
OUTSIDE = ["93.184.215.14", "202.196.64.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2400:3200::1"]


@pytest.mark.parametrize("address", INSIDE)
def test_an_inside_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_a_public_address_is(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_whatever_python_calls_private_is_refused(address: object) -> None:
    if is_public(str(address)):
        assert address.is_global  # type: ignore[attr-defined]
        assert not address.is_multicast  # type: ignore[attr-defined]


@given(st.text(max_size=40))
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public(text) or text.count(".") == 3 or ":" in text


def opened(link: str, names: Names, dialer: Recorder) -> Evidence:
    @contextlib.asynccontextmanager
    async def turn(_host: str):
        yield

    return asyncio.run(fetch(link, GuardedTransport(names, dialer, PUBLIC), turn, 5, PUBLIC))


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://1.1.1.1.127.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1%25eth0]/",
        "http://localhost/",
        "http://localhost./",
        "http://a.localhost/",
        "http://nas.lan/",
        "http://mooc/",
        "http://www.icourse163.org@127.0.0.1/",
        "http://a.cn\\@127.0.0.1/",
        "http://１２７.0.0.1/",
    ],
)
def test_a_link_written_to_lead_inside_is_not_even_looked_up(link: str) -> None:
    names, dialer = Names(), Recorder()
    seen = opened(link, names, dialer)
    assert seen.ending in (Ending.INSIDE, Ending.ASTRAY)
    assert (names.asked, dialer.dialled) == ([], [])


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_not_connected_to(address: str) -> None:
    names, dialer = Names(**{"127.0.0.1.nip.io".replace(".", "_"): [[address]]}), Recorder()
    names.known["mooc.example.cn"] = [[address]]
    seen = opened("https://mooc.example.cn/course/1", names, dialer)
    assert seen.ending is Ending.INSIDE
    assert dialer.dialled == []


def test_of_several_addresses_only_public_ones_are_used() -> None:
    names, dialer = Names(mooc_example_cn=[["127.0.0.1", "2400:3200::1", ADDRESS, "::1"]]), Recorder()
    seen = opened("https://mooc.example.cn/course/1", names, dialer)
    assert seen.ending is Ending.ANSWERED
    assert dialer.dialled == [ADDRESS]
    assert dialer.hosts == ["mooc.example.cn"]


def test_a_name_that_changes_after_the_check_is_connected_where_it_was_checked() -> None:
    names, dialer = Names(mooc_example_cn=[[ADDRESS], ["127.0.0.1"]]), Recorder()
    opened("https://mooc.example.cn/course/1", names, dialer)
    assert names.asked == ["mooc.example.cn"]
    assert dialer.dialled == [ADDRESS]


@pytest.mark.parametrize(
    "where",
    [
        "http://127.0.0.1/",
        "http://inside.example.cn/",
        "//10.0.0.1/",
        "http://2130706433/",
        "http://u:p@mooc.example.cn/",
        "weixin://dl/chat",
        "file:///etc/passwd",
        "http://mooc.example.cn:25/",
        "http://mooc.example.cn:6379000/",
    ],
)
def test_a_redirect_is_checked_like_a_link(where: str) -> None:
    names = Names(mooc_example_cn=[[ADDRESS]], inside_example_cn=[["192.168.1.8"]])
    dialer = Recorder(to=(302, where))
    seen = opened("https://mooc.example.cn/to", names, dialer)
    assert seen.ending in (Ending.INSIDE, Ending.ASTRAY, Ending.BROKEN)
    assert dialer.dialled == [ADDRESS]


def test_a_name_that_moves_inside_between_two_hops_is_caught_at_the_second() -> None:
    names = Names(mooc_example_cn=[[ADDRESS], ["127.0.0.1"]])
    dialer = Recorder(to=(302, "/course/1"))
    seen = opened("https://mooc.example.cn/to", names, dialer)
    assert seen.ending is Ending.INSIDE
    assert dialer.dialled == [ADDRESS]


@pytest.mark.parametrize(
    "link",
    [
        "https://www.icourse163.org/course/1",
        "http://a.cn:8080/",
        "https://中国大学.cn/课程/1",
        "http://a_b.cn/",
    ],
)
def test_right_links_are_not_refused(link: str) -> None:
    assert refusal(httpx.URL(link)) is None
