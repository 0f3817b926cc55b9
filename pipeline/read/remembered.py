"""What was made of a part is remembered: workbooks of one template have parts in common, to the letter."""

from __future__ import annotations

from collections.abc import Callable, Sized
from functools import lru_cache
from typing import Concatenate, ParamSpec, TypeVar

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
