"""What was made of a part is remembered: workbooks of one template have parts in common, to the letter."""

from __future__ import annotations

from collections.abc import Callable, Sized
from functools import lru_cache
from typing import Concatenate, ParamSpec, TypeVar

from pipeline.model import Sheet

S = TypeVar("S", bound=Sized)
P = ParamSpec("P")
R = TypeVar("R")

SMALL = 1 << 14
"""Bytes or characters of a part that is remembered: many of them take no memory to speak of."""


def remembered(function: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """The same function, which knows its answers for the small parts that came last; nobody changes them."""
    known = lru_cache(maxsize=128)(function)

    def answer(part: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return (known if len(part) <= SMALL else function)(part, *args, **kwargs)  # type: ignore[arg-type]

    answer.__doc__ = function.__doc__
    return answer


class _Same:
    """A sheet that equals itself alone."""

    __slots__ = ("sheet",)

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet

    def __hash__(self) -> int:
        return id(self.sheet)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.sheet is other.sheet


def of_sheet(function: Callable[[Sheet], R]) -> Callable[[Sheet], R]:
    """The same function, which knows its answers for the recurring sheets that came last."""

    @lru_cache(maxsize=128)
    def known(same: _Same) -> R:
        return function(same.sheet)

    def answer(sheet: Sheet) -> R:
        return known(_Same(sheet)) if sheet.recurs else function(sheet)

    answer.__doc__ = function.__doc__
    return answer
