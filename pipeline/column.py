"""One field of all rows while its cells are read.

What is asked of every text is asked of a column's distinct texts, and before that of its alphabet:
most columns hold no character that could be wrong, and then no text need be looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Set
from itertools import compress
from typing import NamedTuple

import numpy as np

Sign = Callable[[str], object]
"""Whether a text holds a character without which nothing can be wrong with it.

It must look at characters one by one: what is not true of all characters of a column
together is true of none of its texts.
"""

_AT_ONCE = 1_000
_TOGETHER = 30
"""Texts that are cleared by one look, where a sign is rare."""
_BASIC, _ALL = 0x10000, 0x110000
"""Code points of the basic plane, and of all planes: few columns go beyond the first."""


class Column:
    """The texts of one field, one a row, on their way from what was sent to canonical values.

    broken: the rows whose cell no rule may judge any further; told: those of which anything was found
    beside blanks at the ends.
    """

    def __init__(self, name: str, texts: list[str]) -> None:
        """texts: as sent; the list itself is never changed."""
        self.name = name
        self.texts = texts
        self.broken: set[int] = set()
        self.told: set[int] = set()
        self._distinct: Set[str] | None = None
        self._characters: _Characters | None = None

    @property
    def distinct(self) -> Set[str]:
        """Every text once, in the order of the rows: as they lie in memory."""
        if self._distinct is None:
            self._distinct = dict.fromkeys(self.texts).keys()
        return self._distinct

    @property
    def alphabet(self) -> str:
        """Every character of the column once, in the order of code points."""
        return self._known.anywhere

    @property
    def _known(self) -> _Characters:
        if self._characters is None:
            self._characters = _characters(self.distinct)
        return self._characters

    def suspects(self, sign: Sign) -> list[str]:
        """The distinct texts that show the sign."""
        return self._showing(sign) if sign(self.alphabet) else []

    def containing(self, words: Iterable[str]) -> list[str]:
        """The distinct texts in which any of these words stands."""
        characters = set(self.alphabet)
        possible = [word for word in words if characters.issuperset(word)]
        return self._showing(lambda text: any(word in text for word in possible)) if possible else []

    def _showing(self, sign: Sign) -> list[str]:
        listed = list(self.distinct)
        several = (listed[start : start + _TOGETHER] for start in range(0, len(listed), _TOGETHER))
        return [text for some in several if sign("".join(some)) for text in some if sign(text)]

    def beginning_with(self, characters: Collection[str]) -> list[str]:
        """The distinct texts whose first character is one of these."""
        initials = self._known.first.intersection(characters)
        return [text for text in self.distinct if text[:1] in initials] if initials else []

    def padded_with(self, characters: str) -> list[str]:
        """The distinct texts at an end of which one of these characters stands."""
        if self._known.first.isdisjoint(characters) and self._known.last.isdisjoint(characters):
            return []
        return [text for text in self.distinct if text.strip(characters) != text]

    def not_as_long_as(self, lengths: Collection[int]) -> list[str]:
        """The distinct texts with another number of characters than these."""
        others = set(map(len, self.distinct)).difference(lengths)
        return [text for text in self.distinct if len(text) in others] if others else []

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
            self._distinct = self._characters = None


class _Characters(NamedTuple):
    """Which characters the texts of a column hold, and with which they begin and end.

    anywhere: in the order of code points.
    """

    anywhere: str
    first: frozenset[str]
    last: frozenset[str]


def _characters(texts: Iterable[str]) -> _Characters:
    marks = np.zeros((3, _BASIC), dtype=bool)
    filled = list(filter(None, texts))
    for start in range(0, len(filled), _AT_ONCE):
        some = filled[start : start + _AT_ONCE]
        points = np.frombuffer("".join(some).encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))
        ends = np.cumsum(np.fromiter(map(len, some), int, len(some)))
        if points.max() >= marks.shape[1]:
            marks = np.pad(marks, ((0, 0), (0, _ALL - _BASIC)))
        seen, first, last = marks
        seen[points] = True
        first[points[0]] = first[points[ends[:-1]]] = True
        last[points[ends - 1]] = True
    anywhere, firsts, lasts = ("".join(map(chr, np.flatnonzero(each))) for each in marks)
    return _Characters(anywhere, frozenset(firsts), frozenset(lasts))
