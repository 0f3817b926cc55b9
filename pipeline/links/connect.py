"""An httpx transport that looks a name up once, and connects to an address that was checked.

What httpx would look up again could lead elsewhere by then (DNS rebinding). So the request goes out to
the checked address itself, while the Host header and the certificate's name stay those of the link.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import httpx

from pipeline.links.guard import Policy, is_numeric, is_public
from pipeline.links.result import Ending

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to numeric addresses. Raises OSError if the name leads nowhere."""
Dialer = httpx.AsyncBaseTransport
"""What really connects: it is given requests whose host is a checked numeric address."""

MOST_ADDRESSES = 3
_CERTIFICATE = {
    9: "证书还没有生效",
    10: "证书已过期",
    18: "证书是自己签发的",
    19: "证书是自己签发的",
    23: "证书已被吊销",
    62: "证书不是给这个域名的",
    64: "证书不是给这个地址的",
}
"""OpenSSL's verify codes at which every browser stops (x509_vfy.h)."""


class UnreachedError(Exception):
    """No answer could be had; why is a Chinese clause."""

    def __init__(self, ending: Ending, why: str) -> None:
        """ending: how the way ended."""
        super().__init__(why)
        self.ending = ending
        self.why = why


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends a request to a public address of its host, or raises UnreachedError.

    Any other error is httpx's own, from after the connection. The dialer stays open: it belongs
    to whoever made it.
    """

    def __init__(self, resolve: Resolver, dialer: Dialer, policy: Policy) -> None:
        """All that touches the network comes from outside."""
        self._resolve = resolve
        self._dialer = dialer
        self._policy = policy

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request, at the first address that takes the connection."""
        failed = UnreachedError(Ending.NO_NAME, "域名没有对应的地址")
        for address in await self._addresses(request.url):
            connected = False

            async def trace(event: str, _facts: object) -> None:
                nonlocal connected
                connected = connected or event == "connection.connect_tcp.complete"

            try:
                return await self._dialer.handle_async_request(_aimed(request, address, trace))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failed = _unreached(error, connected)
                if connected:
                    raise failed from error
        raise failed

    async def _addresses(self, url: httpx.URL) -> list[str]:
        """The host's public addresses, IPv4 first: many a site announces an IPv6 that leads nowhere."""
        host = url.raw_host.decode("ascii")
        if is_numeric(host):
            found: Sequence[str] = [host]
        else:
            try:
                found = await self._resolve(host, url.port or (443 if url.scheme == "https" else 80))
            except (OSError, UnicodeError) as error:
                raise UnreachedError(Ending.NO_NAME, "域名无法解析") from error
        public = [address for address in dict.fromkeys(found) if is_public(address, self._policy)]
        if found and not public:
            raise UnreachedError(Ending.INSIDE, f"{host} 指向内网或本机地址")
        return sorted(public, key=lambda each: ipaddress.ip_address(each).version)[:MOST_ADDRESSES]


def _aimed(request: httpx.Request, address: str, trace: Callable[..., Any]) -> httpx.Request:
    """The same request to a numeric address. Its headers hold the Host of the link already."""
    name = request.url.raw_host.decode("ascii").rstrip(".")
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": name, "trace": trace},
    )


def _unreached(error: httpx.TransportError, connected: bool) -> UnreachedError:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            said = _CERTIFICATE.get(cause.verify_code)
            ending = Ending.CERTIFICATE if said else Ending.CHAIN
            return UnreachedError(ending, said or "证书的签发机构无法核实")
    if connected or any(isinstance(cause, ssl.SSLError) for cause in causes):
        if isinstance(error, httpx.ConnectTimeout):
            return UnreachedError(Ending.SILENT, "已连上，但没有应答")
        return UnreachedError(Ending.BROKEN, "已连上，但没有建立加密连接")
    if isinstance(error, httpx.ConnectTimeout):
        return UnreachedError(Ending.NO_CONNECTION, "连接超时")
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return UnreachedError(Ending.NO_CONNECTION, "对方不接受连接")
    return UnreachedError(Ending.NO_CONNECTION, "无法连接")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and all that led to it; anyio gathers those of several addresses in a group."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]


def dialer(context: ssl.SSLContext | None = None) -> Dialer:
    """The one that really connects. No proxy, no retries; a connection serves one request."""
    return httpx.AsyncHTTPTransport(
        verify=context or trusted(),
        trust_env=False,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
    )


def trusted() -> ssl.SSLContext:
    """The authorities that browsers trust (certifi), asked as browsers ask."""
    context = httpx.create_ssl_context(trust_env=False)
    # Python 3.13 refuses old but sound certificates that browsers take.
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    return context


async def look_up(host: str, port: int) -> Sequence[str]:
    """The system's own look-up.

    In a thread that nobody waits for: a name server that never answers must hold up neither the
    other links nor the end of the program.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Sequence[str]] = loop.create_future()

    def deliver(found: Sequence[str], error: Exception | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(found)
        else:
            answer.set_exception(error)

    def ask() -> None:
        found: Sequence[str] = ()
        problem: Exception | None = None
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = [str(entry[4][0]) for entry in entries]
        except (OSError, UnicodeError) as error:
            problem = error
        with contextlib.suppress(RuntimeError):  # the loop is closed, nobody asks any more
            loop.call_soon_threadsafe(deliver, found, problem)

    threading.Thread(target=ask, name=f"look up {host}", daemon=True).start()
    return await answer
