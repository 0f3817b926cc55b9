"""Links behind the cells of 资源链接: does a click open what the cell shows?"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from pipeline.fields import BY_NAME
from pipeline.grid import column_of
from pipeline.model import Finding, Layout, Place
from pipeline.pattern import late
from pipeline.read.header import Header

_LINK = "资源链接"
_FORM = late(BY_NAME[_LINK].form)
_SCHEME = late(r"(?i:https?)://")
_OWN_PORT = late(r":(?:80|443)?$")


class _Address(NamedTuple):
    """An address without what makes no difference."""

    host: str
    path: str
    query: str
    fragment: str


def links_elsewhere(header: Header, layout: Layout, rows: list[int], place: Place) -> Iterator[Finding]:
    """R05-8 for cells of 资源链接 whose text is an address, and that lead to another one.

    rows ascend. A text of another form is told by the rules of the field itself.
    """
    column = header.columns.get(_LINK, 0)
    texts = column_of(header.sheet.rows, column, rows) if header.sheet.links else []
    told: set[int] = set()
    for area, target in header.sheet.links:
        if not area.left <= column <= area.right or not target or target.casefold().startswith("mailto:"):
            continue
        for at in range(bisect_left(rows, area.top), bisect_right(rows, area.bottom)):
            row, text = rows[at], texts[at].strip()
            if text == target or row in told or not _FORM.fullmatch(text) or same_address(text, target):
                continue
            told.add(row)
            cell = layout.address(row, _LINK)
            where = Place(place.unit, place.workbook, place.sheet, row, _LINK, cell)
            yield Finding("R05-8", where, text, {"target": target})


def same_address(one: str, other: str) -> bool:
    """Whether two addresses open the same page.

    http or https, letter case of the host, a default port, a slash at the end, and percent
    signs for the same characters make no difference (RFC 3986, 6.2).
    """
    return one == other or _address(one) == _address(other)


def _address(text: str) -> _Address:
    bare = _SCHEME.sub("", text.strip(), count=1) if _SCHEME.match(text.strip()) else text.strip()
    bare, _, fragment = bare.partition("#")
    bare, _, query = bare.partition("?")
    host, _, path = bare.partition("/")
    return _Address(_host(host), _decoded(path).rstrip("/"), _decoded(query), _decoded(fragment))


def _host(text: str) -> str:
    """A host in lower case and in its own letters, which `xn--…` stands for (RFC 3492)."""
    bare = unicodedata.normalize("NFKC", _OWN_PORT.sub("", text)).casefold().rstrip(".")
    try:
        return bare.encode("ascii").decode("idna") if "xn--" in bare else bare
    except UnicodeError:
        return bare  # It only looks like such a name.


def _decoded(text: str) -> str:
    return unicodedata.normalize("NFC", unquote(text))
