"""A server on this machine alone that does all that hostile servers do; and stand-ins that send nothing."""

from __future__ import annotations

import contextlib
import gzip
import socket
import socketserver
import ssl
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

TITLE = "航空发动机基础_某某慕课"
TEXT = "本课程介绍航空发动机的组成、原理和发展，共三十讲。" * 20
NOWHERE = "203.0.113.9"
"""An address for documentation (RFC 5737): nothing is ever sent there."""
PUBLIC = "93.184.215.14"


def page(title: str = TITLE, text: str = TEXT, head: str = "") -> str:
    return f"<!DOCTYPE html><html><head>{head}<title>{title}</title></head><body><p>{text}</p></body></html>"


_FIXED: dict[str, tuple[int, str, bytes]] = {
    "/course/1": (200, "text/html; charset=utf-8", page().encode()),
    "/gbk": (200, "text/html", page(head='<meta charset="gbk">').encode("gbk")),
    "/soft": (200, "text/html; charset=utf-8", page("课程不存在", "返回首页").encode()),
    "/about404": (
        200,
        "text/html; charset=utf-8",
        page("网站运维", "页面不存在怎么办？404 是什么？" * 20).encode(),
    ),
    "/login": (200, "text/html; charset=utf-8", page("用户登录", "账号 密码").encode()),
    "/": (200, "text/html; charset=utf-8", page("首页").encode()),
    "/file.pdf": (200, "application/pdf", b"%PDF-1.7"),
    **{f"/{status}": (status, "text/html", b"no") for status in (401, 403, 404, 410, 412, 429, 500, 503)},
}


class Server(socketserver.ThreadingTCPServer):
    """requests: the path, Host and Cookie of each, in order."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.context = context
        self.requests: list[tuple[str, str, str]] = []
        self.sent = 0

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """The client hung up, as it should."""


class _Talk(socketserver.BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        talk = self.request
        talk.settimeout(5)
        if self.server.context is not None:
            talk = self.server.context.wrap_socket(talk, server_side=True)
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = talk.recv(4096)
            if not chunk:
                return
            head += chunk
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        target = first.split(" ")[1]
        self.server.requests.append((target, headers.get("host", ""), headers.get("cookie", "")))
        self._answer(talk, target)

    def _answer(self, talk: socket.socket, target: str) -> None:
        parts = urlsplit(target)
        if parts.path == "/to":
            where = parse_qs(parts.query)["u"][0]
            self._send(talk, f"HTTP/1.1 302 Found\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode())
        elif parts.path in _FIXED:
            status, kind, body = _FIXED[parts.path]
            self._send(talk, _head(status, f"Content-Type: {kind}", f"Content-Length: {len(body)}") + body)
        else:
            getattr(self, f"_{parts.path.strip('/').replace('-', '_')}")(talk)

    def _send(self, talk: socket.socket, data: bytes) -> None:
        talk.sendall(data)
        self.server.sent += len(data)

    def _trickle(self, talk: socket.socket, data: bytes) -> None:
        for number in range(len(data)):
            self._send(talk, data[number : number + 1])
            time.sleep(0.05)

    def _slow_head(self, talk: socket.socket) -> None:
        self._trickle(talk, _head(200, "X: " + "x" * 5000))

    def _slow_body(self, talk: socket.socket) -> None:
        self._send(talk, _head(200, "Content-Type: text/html", "Content-Length: 5000"))
        self._trickle(talk, b"x" * 5000)

    def _hang(self, talk: socket.socket) -> None:
        with contextlib.suppress(OSError):
            talk.recv(1)

    def _endless(self, talk: socket.socket) -> None:
        self._send(talk, _head(200, "Content-Type: text/html") + page(text="").encode())
        for _ in range(2000):
            self._send(talk, b"x" * 16_384)

    def _endless_head(self, talk: socket.socket) -> None:
        self._send(talk, b"HTTP/1.1 200 OK\r\n")
        for number in range(2000):
            self._send(talk, f"X-{number}: ".encode() + b"x" * 8000 + b"\r\n")

    def _gzip(self, talk: socket.socket) -> None:
        body = gzip.compress(page().encode())
        headers = ("Content-Type: text/html", "Content-Encoding: gzip", f"Content-Length: {len(body)}")
        self._send(talk, _head(200, *headers) + body)

    def _bomb(self, talk: socket.socket) -> None:
        body = gzip.compress(page().encode() + b" " * 60_000_000)
        headers = ("Content-Type: text/html", "Content-Encoding: gzip", f"Content-Length: {len(body)}")
        self._send(talk, _head(200, *headers) + body)

    def _reset(self, talk: socket.socket) -> None:
        talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        talk.close()

    def _short(self, talk: socket.socket) -> None:
        self._send(talk, _head(200, "Content-Type: text/html", "Content-Length: 9999") + b"<title>x")

    def _babble(self, talk: socket.socket) -> None:
        self._send(talk, b"SSH-2.0-OpenSSH_9\r\n")

    def _loop(self, talk: socket.socket) -> None:
        self._send(talk, _head(302, "Location: /loop", "Content-Length: 0"))

    def _wide(self, talk: socket.socket) -> None:
        self._send(talk, _head(302, "Location: /loop", "Set-Cookie: a=1", "Content-Length: 0"))

    def _cookie(self, talk: socket.socket) -> None:
        self._send(talk, _head(302, "Location: /course/1", "Set-Cookie: seen=1; Path=/", "Content-Length: 0"))

    def _refresh(self, talk: socket.socket) -> None:
        body = page(head='<meta http-equiv="refresh" content="0;url=/404">').encode()
        self._send(talk, _head(200, "Content-Type: text/html", f"Content-Length: {len(body)}") + body)


def _head(status: int, *headers: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status} Said", *headers, "\r\n")).encode()


@contextlib.contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Server]:
    with Server(context) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Names:
    """A resolver: every name has its addresses, one list after the other if it is asked again."""

    def __init__(self, **known: Sequence[Sequence[str]]) -> None:
        self.known = {name.replace("_", "."): list(answers) for name, answers in known.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self.known.get(host)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return answers.pop(0) if len(answers) > 1 else answers[0]


class Recorder(httpx.AsyncBaseTransport):
    """A dialer that never connects: it notes where it was sent, and answers by itself."""

    def __init__(self, **answers: tuple[int, str]) -> None:
        """answers: by path without `/`, the status, and the Location or the page."""
        self.answers = answers
        self.dialled: list[str] = []
        self.hosts: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.dialled.append(request.url.host)
        self.hosts.append(request.headers["host"])
        status, text = self.answers.get(request.url.path.strip("/"), (200, page()))
        if status in (301, 302):
            return httpx.Response(status, headers={"Location": text})
        headers = {"Content-Type": "text/html; charset=utf-8"}
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(text.encode()))


def server_context(folder: Path, certificate: str) -> ssl.SSLContext:
    """What a server shows: one of the certificates below, all of them for good.test."""
    file = folder / "server.pem"
    file.write_text(f"{_KEY}\n{certificate}\n", "ascii")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def trusting_context() -> ssl.SSLContext:
    """A client that trusts the authority below alone."""
    return ssl.create_default_context(cadata=AUTHORITY)


# Made for these tests, for names that nobody can own (RFC 6761); the key protects nothing.
_KEY = """\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIN3c0ufeEkS+VRRdTsgf9bJzwcfNKnbZOI6J5Sjd2EUFoAoGCCqGSM49
AwEHoUQDQgAEXvxL3ycZDeUmJgu4m8JnqN8z3FTUpt65dPe2rnlApZKdKaP+6kVC
MLFIx2mr4uPP22f8LXTousfK6gClLvjwVQ==
-----END EC PRIVATE KEY-----
"""
AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBazCCARGgAwIBAgIBAjAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBFsb29wYmFj
ayB0cmlhbCBDQTAgFw0yMDAxMDEwMDAwMDBaGA8yMDk5MTIzMTAwMDAwMFowHDEa
MBgGA1UEAwwRbG9vcGJhY2sgdHJpYWwgQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMB
BwNCAARqSBLheIr3ink+nf6WWEJKZgBEbk1qbpcXH8r8YPaT+2SUMt6d4jmXRBE2
GAc1/heOjKAjANBiuDydy3xE0IiCo0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1Ud
DwEB/wQEAwIBBjAdBgNVHQ4EFgQUN67+jtoP6h5VNFNF7TqjjiPzxTcwCgYIKoZI
zj0EAwIDSAAwRQIgLSLoRSErgfcnrU5E0Z4nAX+jxPha7HxFdznZBhGeSlgCIQDG
uVkX5If4spVi3RZp6X5Z9fXAXonpCvBtVtnF5uFT3Q==
-----END CERTIFICATE-----
"""
VALID = """\
-----BEGIN CERTIFICATE-----
MIIBhDCCASqgAwIBAgIBATAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBFsb29wYmFj
ayB0cmlhbCBDQTAgFw0yMDAxMDEwMDAwMDBaGA8yMDk5MTIzMTAwMDAwMFowFDES
MBAGA1UEAwwJZ29vZC50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXvxL
3ycZDeUmJgu4m8JnqN8z3FTUpt65dPe2rnlApZKdKaP+6kVCMLFIx2mr4uPP22f8
LXTousfK6gClLvjwVaNjMGEwFAYDVR0RBA0wC4IJZ29vZC50ZXN0MAkGA1UdEwQC
MAAwHQYDVR0OBBYEFN/U4UZP955cmFwywMF5YGzgHEf5MB8GA1UdIwQYMBaAFDeu
/o7aD+oeVTRTRe06o44j88U3MAoGCCqGSM49BAMCA0gAMEUCIQCzMtawaJFlNUbp
8+fI+q/mliodOLbBAg9nRtQB+R6mfgIgdYPy30yiuXvBP5zidOUcMJp3s28QrJzY
myRSZwj11Yc=
-----END CERTIFICATE-----
"""
EXPIRED = """\
-----BEGIN CERTIFICATE-----
MIIBgjCCASigAwIBAgIBAjAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBFsb29wYmFj
ayB0cmlhbCBDQTAeFw0yMDAxMDEwMDAwMDBaFw0yMTAxMDEwMDAwMDBaMBQxEjAQ
BgNVBAMMCWdvb2QudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABF78S98n
GQ3lJiYLuJvCZ6jfM9xU1KbeuXT3tq55QKWSnSmj/upFQjCxSMdpq+Ljz9tn/C10
6LrHyuoApS748FWjYzBhMBQGA1UdEQQNMAuCCWdvb2QudGVzdDAJBgNVHRMEAjAA
MB0GA1UdDgQWBBTf1OFGT/eeXJhcMsDBeWBs4BxH+TAfBgNVHSMEGDAWgBQ3rv6O
2g/qHlU0U0XtOqOOI/PFNzAKBggqhkjOPQQDAgNIADBFAiA50NNrKdAP4dcgpQEG
uuizuDnEDeywBYA84pa+RfFvOgIhALKM5ocKOd1EjNipCWyxeE0y6nPFBk8NTO/T
We1RLdMI
-----END CERTIFICATE-----
"""
SELF_SIGNED = """\
-----BEGIN CERTIFICATE-----
MIIBWzCCAQGgAwIBAgIBAzAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlnb29kLnRl
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjA5OTEyMzEwMDAwMDBaMBQxEjAQBgNVBAMM
CWdvb2QudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABF78S98nGQ3lJiYL
uJvCZ6jfM9xU1KbeuXT3tq55QKWSnSmj/upFQjCxSMdpq+Ljz9tn/C106LrHyuoA
pS748FWjQjBAMBQGA1UdEQQNMAuCCWdvb2QudGVzdDAJBgNVHRMEAjAAMB0GA1Ud
DgQWBBTf1OFGT/eeXJhcMsDBeWBs4BxH+TAKBggqhkjOPQQDAgNIADBFAiEAnYQe
CHMxFLmiRU8VIydFV/LYnzM7m5ltXNiHJ5thfnkCIEuk1tz30/VxA5jaKgO+jZQi
VrxoQIwFB2MYsogidnDY
-----END CERTIFICATE-----
"""
