"""Open one link and keep what was seen: every hop is asked and checked by itself.

The whole of it has one deadline, which neither a hanging server nor one that sends a byte now and then
outlasts; waiting for one's turn at a host does not count. Cookies live as long as the link.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import httpx
from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.links.connect import UnreachedError
from pipeline.links.guard import Policy, refusal
from pipeline.links.page import Page, read_page
from pipeline.links.result import Ending, Evidence, Hop

Turn = Callable[[str], AbstractAsyncContextManager[None]]
"""Waits until a host may be asked once more, and holds a place while it is."""

MOST_REDIRECTS = 10
MOST_BYTES = 64 * 1024
_CONNECT_SHARE = 4
"""A connection may take this part of the deadline: three addresses fit in, with time to answer."""
_HEADERS = {
    "User-Agent": (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/131.0.0.0 Safari/537.36"
    ),
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
    "Accept-Encoding": "identity",
    "Connection": "close",
}
_HTML = ("text/html", "application/xhtml+xml", "")


class _Answer(Struct, frozen=True):
    """One response: where it sends us, and its page if it has one."""

    status: int
    onward: httpx.URL | None = None
    page: Page | None = None


class _Way(Struct):
    """How far one link has been followed. left: seconds of the deadline."""

    link: str
    left: float
    hops: list[Hop] = field(default_factory=list)

    def ended(self, ending: Ending, why: str, url: httpx.URL | None = None) -> Evidence:
        """Without an answer; url is the address that gave none."""
        hops = (*self.hops, Hop(str(url), 0)) if url is not None else tuple(self.hops)
        return Evidence(self.link, "", ending, why, hops)

    def answered(self, page: Page | None) -> Evidence:
        """With the last hop's status, and what its page says."""
        seen = Evidence(self.link, "", Ending.ANSWERED, "", tuple(self.hops))
        if page is None:
            return seen
        return replace(
            seen, title=page.title, phrase=page.phrase, login=page.login, bare=page.bare, page=True
        )


async def fetch(
    link: str, transport: httpx.AsyncBaseTransport, turn: Turn, deadline: float, policy: Policy
) -> Evidence:
    """What was seen along a link; `checked` is left to the caller. Raises nothing of the network's.

    transport: a GuardedTransport. deadline: seconds for all hops together.
    """
    way = _Way(link, deadline)
    try:
        url = httpx.URL(link)
    except httpx.InvalidURL:
        return way.ended(Ending.ASTRAY, "网址的写法有误")
    timeout = httpx.Timeout(deadline, connect=deadline / _CONNECT_SHARE)
    async with httpx.AsyncClient(
        transport=transport, headers=_HEADERS, timeout=timeout, trust_env=False, follow_redirects=False
    ) as client:
        for _ in range(MOST_REDIRECTS + 1):
            refused = refusal(url, policy)
            if refused is not None:
                return way.ended(refused.ending, refused.why, url)
            answer = await _hop(client, url, way, turn)
            if isinstance(answer, Evidence):
                return answer
            way.hops.append(Hop(str(url), answer.status))
            if answer.onward is None:
                return way.answered(answer.page)
            url = answer.onward
    return way.ended(Ending.ASTRAY, f"跳转超过 {MOST_REDIRECTS} 次")


async def _hop(client: httpx.AsyncClient, url: httpx.URL, way: _Way, turn: Turn) -> _Answer | Evidence:
    """One request within what is left of the deadline; evidence, if no answer came."""
    clock = asyncio.get_running_loop().time
    async with turn(url.host):
        began = clock()
        try:
            async with asyncio.timeout(way.left):
                return await _ask(client, url)
        except UnreachedError as error:
            return way.ended(error.ending, error.why, url)
        except (TimeoutError, httpx.TimeoutException):
            return way.ended(Ending.SILENT, "在规定的时间内没有答完", url)
        except httpx.InvalidURL:
            return way.ended(Ending.ASTRAY, "转到了写法有误的网址", url)
        except httpx.HTTPError:
            return way.ended(Ending.BROKEN, "连接中断，或应答不完整", url)
        finally:
            way.left -= clock() - began


async def _ask(client: httpx.AsyncClient, url: httpx.URL) -> _Answer:
    response = await client.send(client.build_request("GET", url), stream=True)
    try:
        if response.next_request is not None:
            return _Answer(response.status_code, response.next_request.url)
        kind = response.headers.get("content-type", "")
        if response.status_code != 200 or kind.split(";")[0].strip().lower() not in _HTML:
            return _Answer(response.status_code)
        page = read_page(await _first_bytes(response), kind, response.headers.get("content-encoding", ""))
    finally:
        await response.aclose()
    onward = url.join(page.refresh) if page.refresh else url
    return _Answer(200, onward if onward != url else None, page)


async def _first_bytes(response: httpx.Response) -> bytes:
    """The body as sent, up to `MOST_BYTES`; the rest is not asked for."""
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) >= MOST_BYTES:
            break
    return bytes(body[:MOST_BYTES])
