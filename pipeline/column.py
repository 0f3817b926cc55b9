"""One field of all rows while its cells are read.

What is asked of every text is asked of a column's distinct texts, and before that of its alphabet:
most columns hold no character that could be wrong, and then no text need be looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Mapping, Set
from itertools import compress

import numpy as np

from pipeline.model import Kind

Sign = Callable[[str], object]
"""Whether a text holds a character without which nothing can be wrong with it.

It must look at characters one by one: what is not true of all characters of a column
together is true of none of its texts.
"""

_AT_ONCE = 1_000
_TOGETHER = 30
"""Texts that are cleared by one look, where a sign is rare."""
_CODE_POINTS = 0x110000


class Column:
    """The texts of one field, one a row, on their way from what was sent to canonical values.

    kinds: of the cells that were not plain text in the file, by row. broken: the rows whose cell no
    rule may judge any further; told: those of which anything was found beside blanks at the ends.
    """

    def __init__(self, name: str, texts: list[str]) -> None:
        """texts: as sent; the list itself is never changed."""
        self.name = name
        self.texts = texts
        self.kinds: dict[int, Kind] = {}
        self.broken: set[int] = set()
        self.told: set[int] = set()
        self._distinct: Set[str] | None = None
        self._alphabet: str | None = None
        self._initials: set[str] | None = None

    @property
    def distinct(self) -> Set[str]:
        """Every text once, in the order of the rows: as they lie in memory."""
        if self._distinct is None:
            self._distinct = dict.fromkeys(self.texts).keys()
        return self._distinct

    @property
    def alphabet(self) -> str:
        """Every character of the column once, in the order of code points."""
        if self._alphabet is None:
            self._alphabet = _characters(self.distinct)
        return self._alphabet

    def suspects(self, sign: Sign) -> list[str]:
        """The distinct texts that show the sign."""
        if not sign(self.alphabet):
            return []
        listed = list(self.distinct)
        several = (listed[start : start + _TOGETHER] for start in range(0, len(listed), _TOGETHER))
        return [text for some in several if sign("".join(some)) for text in some if sign(text)]

    def beginning_with(self, characters: Collection[str]) -> list[str]:
        """The distinct texts whose first character is one of these."""
        if self._initials is None:
            self._initials = {text[:1] for text in self.distinct}
        initials = self._initials.intersection(characters)
        return [text for text in self.distinct if text[:1] in initials] if initials else []

    def padded_with(self, characters: str) -> list[str]:
        """The distinct texts at an end of which one of these characters stands."""
        if set(characters).isdisjoint(self.alphabet):
            return []
        return [text for text in self.distinct if text.strip(characters) != text]

    def not_as_long_as(self, lengths: Container[int]) -> list[str]:
        """The distinct texts with another number of characters than these."""
        return [text for text in self.distinct if len(text) not in lengths]

    def rows_with(self, texts: Collection[str]) -> list[int]:
        """The rows whose text is one of these, ascending."""
        if not texts:
            return []
        return list(compress(range(len(self.texts)), map(texts.__contains__, self.texts)))

    def put(self, texts: Mapping[int, str]) -> None:
        """Other texts in these rows."""
        if texts:
            self.texts = self.texts.copy()
            for index, text in texts.items():
                self.texts[index] = text
            self._distinct = self._alphabet = self._initials = None


def _characters(texts: Set[str]) -> str:
    seen = np.zeros(_CODE_POINTS, dtype=bool)
    listed = list(texts)
    for start in range(0, len(listed), _AT_ONCE):
        joined = "".join(listed[start : start + _AT_ONCE])
        seen[np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))] = True
    return "".join(map(chr, np.flatnonzero(seen)))
