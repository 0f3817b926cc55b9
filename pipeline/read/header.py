"""The row of headers of a resource table: found by the names in it, wherever it stands."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Collection
from functools import lru_cache
from itertools import islice

from msgspec import Struct

from pipeline.fields import ERROR_COLUMN, FIELDS, NAMES, bare_name
from pipeline.model import Sheet
from pipeline.read.remembered import of_sheet

HEADER_WITHIN = 60
"""The header is looked for in this many rows that hold something."""
LONGEST_NAME = 60
ENOUGH_NAMES = 3
SURELY_THE_HEADER = 10
ENOUGH_WITH_ALIASES = 5

_ALIASES = {alias: field.name for field in FIELDS for alias in field.aliases}
_STANDARD = {unicodedata.normalize("NFKC", name).casefold(): name for name in NAMES}
_BRACKETED = re.compile(r"[（(【\[].*?[）)】\]]")


class Header(Struct, frozen=True):
    """A row of headers: standard fields, other names read as fields, repeats and extra columns."""

    sheet: Sheet
    row: int
    columns: dict[str, int]
    renamed: dict[str, str]
    repeated: tuple[tuple[str, int], ...]
    extra: tuple[tuple[str, int], ...]


@of_sheet
def find_header(sheet: Sheet) -> Header | None:
    """The row with the most standard names, if it has enough to be no accident."""
    return _best(sheet, _no_accident, ENOUGH_NAMES)


@of_sheet
def find_comparable(sheet: Sheet) -> Header | None:
    """The header of a list that is only compared with: the columns that are compared suffice."""
    return find_header(sheet) or _best(sheet, lambda exact, likely: is_comparable({*exact, *likely}), 1)


def is_comparable(names: Collection[str]) -> bool:
    """Whether columns tell a resource from others: 资源名称 with 主讲人, or 资源链接."""
    return {"资源名称", "主讲人"} <= set(names) or "资源链接" in names


def _no_accident(exact: Collection[str], likely: Collection[str]) -> bool:
    return len(exact) >= ENOUGH_NAMES or len(exact) + len(likely) >= ENOUGH_WITH_ALIASES


def _best(
    sheet: Sheet, enough: Callable[[Collection[str], Collection[str]], bool], fewest: int
) -> Header | None:
    """The best row with enough names, standard ones and others that mean one, in at least so many cells."""
    best: tuple[int, int, int] | None = None
    for row, cells in islice(sheet.rows.items(), HEADER_WITHIN):
        if len(cells) < fewest:
            continue
        texts = [text for text in cells.values() if len(text) <= LONGEST_NAME]
        names = set(map(standard_name, texts)) - {""}
        aliases = {_ALIASES[bare] for bare in map(name_of, texts) if bare in _ALIASES} - names
        exact = len(names)
        score = (exact * 2 + len(aliases), -row, exact)
        if enough(names, aliases) and (best is None or score > best):
            best = score
        if exact >= SURELY_THE_HEADER:
            break
    return _read(sheet, -best[1]) if best else None


@lru_cache(maxsize=1_024)
def standard_name(text: str) -> str:
    """The field of 表1 that a header names as it is, whatever stands around the name; "" if none."""
    return _STANDARD.get(unicodedata.normalize("NFKC", bare_name(text)).casefold(), "")


name_of = lru_cache(maxsize=1_024)(bare_name)
"""Workbooks made from one template say the same words around their tables."""


def _read(sheet: Sheet, row: int) -> Header:
    columns: dict[str, int] = {}
    repeated, others = [], []
    for column, text in sheet.rows[row].items():
        name = standard_name(text)
        if not name:
            others.append((text.strip(), column))
        elif name in columns:
            repeated.append((name, column))
        else:
            columns[name] = column
    renamed, extra = {}, []
    for text, column in others:
        name = _likely_name(text, columns)
        if name:
            columns[name] = column
            renamed[name] = text
        elif text and text != ERROR_COLUMN:
            extra.append((text, column))
    return Header(sheet, row, columns, renamed, tuple(repeated), tuple(extra))


def surely_means(text: str, name: str) -> bool:
    """Whether a header that is not the standard name differs from it by bracketed words alone."""
    return standard_name(_BRACKETED.sub("", text)) == name


def _likely_name(text: str, taken: dict[str, int]) -> str:
    """The field that another header name stands for, "" if none or already there."""
    bare = bare_name(text)
    plain = _BRACKETED.sub("", bare)
    name = _ALIASES.get(bare) or _ALIASES.get(plain) or standard_name(plain)
    if not name:
        name = next(iter(difflib.get_close_matches(bare, NAMES, 1, 0.8)), "")
    return "" if name in taken else name
