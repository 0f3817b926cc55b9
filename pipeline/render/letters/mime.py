"""A letter as a file (RFC 5322, RFC 2045), to the byte as the standard library writes it.

`email` sets header upon header and folds each anew: half the time of a run went there. Here it folds
what differs, once for each text; the rest of a letter always looks the same.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import lru_cache

from msgspec import Struct

_LINE = 76
"""Characters of a line of base64."""

_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
_TEXT = b'Content-Type: text/%b; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n'
_VERSION = b"MIME-Version: 1.0\r\n"


class Attached(Struct, frozen=True):
    """A workbook that goes with a letter."""

    name: str
    data: bytes


def draft(subject: str, to: Address | None, text: str, html: str, workbooks: Sequence[Attached]) -> bytes:
    """A letter that has not been sent, as text and as HTML, with workbooks; lines end in CR LF.

    The standard library draws boundaries by chance; here the same letter has the same bytes.
    """
    words = (
        _TEXT % b"plain" + b"\r\n" + _written(text),
        _TEXT % b"html" + _VERSION + b"\r\n" + _written(html),
    )
    if workbooks:
        body = _multipart(b"mixed", 0, (_multipart(b"alternative", 1, words), *map(_workbook, workbooks)))
    else:
        body = _multipart(b"alternative", 0, words)
    addressed = b"" if to is None else _header("To", to)
    # Outlook opens a file with X-Unsent as a draft, not as a letter received.
    return _subject(subject) + addressed + b"X-Unsent: 1\r\n" + _VERSION + body


def _multipart(kind: bytes, number: int, parts: Iterable[bytes]) -> bytes:
    boundary = b"=_part_%d_=" % number
    return b'Content-Type: multipart/%b; boundary="%b"\r\n\r\n--%b\r\n%b\r\n--%b--\r\n' % (
        kind, boundary, boundary, (b"\r\n--%b\r\n" % boundary).join(parts), boundary,
    )  # fmt: skip


def _written(text: str) -> bytes:
    return _base64(b"\r\n".join(text.encode().splitlines()) + b"\r\n")


def _workbook(each: Attached) -> bytes:
    return _head_of_workbook(each.name) + _base64(each.data)


def _base64(data: bytes) -> bytes:
    encoded = b2a_base64(data, newline=False)
    return b"".join(encoded[at : at + _LINE] + b"\r\n" for at in range(0, len(encoded), _LINE))


@lru_cache
def _subject(text: str) -> bytes:
    return _header("Subject", text)


def _header(name: str, value: str | Address) -> bytes:
    """One header, folded, what is not ASCII encoded (RFC 2047)."""
    return SMTP.fold_binary(*SMTP.header_store_parse(name, value))


@lru_cache
def _head_of_workbook(name: str) -> bytes:
    """The headers above an attachment (RFC 2231), with the blank line."""
    part = EmailMessage(policy=SMTP)
    part.set_content(b"", *_XLSX, filename=name, disposition="attachment")
    return part.as_bytes()
