"""Text that comes from a unit, made safe to stand in a workbook: it never acts, never breaks the file."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from html import escape

MOST_CHARACTERS = 32_767
"""A cell's limit in Excel, counted in UTF-16 units."""

CUT = "……（文字过长，后面的已省略）"

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LIKE_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_UNCLEAN = re.compile(f"\r|{_FORBIDDEN.pattern}")
_NOT_XML = re.compile(f"[<>&]|_x|{_UNCLEAN.pattern}")
"""Hardly any text holds one of these, and one look tells."""

_WIDE = re.compile("[^\0-\u2e7f]+")
_ACTIVE = ("=", "+", "-", "@", "\t", "\n", "\r")


def clean(text: str) -> str:
    """Text as a person may see it: characters that XML forbids become U+FFFD, over-long text is cut.

    Line ends become line feeds, as Excel keeps them. The cut is visible at the end.
    """
    if _UNCLEAN.search(text):
        text = _FORBIDDEN.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(text) <= MOST_CHARACTERS // 2 or utf16_length(text) <= MOST_CHARACTERS:
        return text
    kept = text.encode("utf-16-le")[: 2 * (MOST_CHARACTERS - len(CUT))].decode("utf-16-le", "ignore")
    return kept + CUT


def stored(text: str) -> str:
    """Clean text as ST_Xstring stores it (ECMA-376 22.9.2.19): a typed `_x000B_` is not an escape."""
    return _LIKE_ESCAPE.sub("_x005F_", clean(text))


def xml_text(text: str) -> str:
    """Text as it stands in the XML of a cell or note: stored and escaped."""
    if len(text) <= MOST_CHARACTERS // 2 and not _NOT_XML.search(text):
        return text
    return stored(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def xml_attribute(text: str) -> str:
    """Text as the value of an attribute, with its quotes: `quoteattr` without what else its module loads."""
    written = escape(text, quote=False).replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")
    if '"' in text and "'" not in text:
        return f"'{written}'"
    return '"' + written.replace('"', "&quot;") + '"'


def is_active(text: str) -> bool:
    """Whether a spreadsheet would take the text for a formula if someone typed it (ASVS 1.2.10)."""
    return text.startswith(_ACTIVE)


def utf16_length(text: str) -> int:
    """Length in UTF-16 units, as Excel's LEN counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def line_count(text: str, width: float) -> int:
    """How many lines a wrapped text takes, `width` in half-width characters."""
    if 2 * len(text) <= width and "\n" not in text:
        return 1
    return sum(max(1, math.ceil(_half_widths(line) / width)) for line in text.split("\n"))


@lru_cache(maxsize=4096)
def _half_widths(line: str) -> int:
    """The same orders and sentences stand in many cells."""
    return len(line) + sum(map(len, _WIDE.findall(line)))
