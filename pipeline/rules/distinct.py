"""Columns of texts, asked once for each distinct text: most rows say what other rows say."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

import pandas as pd

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

_HARDLY_REPEATED = 0.9
"""Above this share of distinct texts looking an answer up costs more than asking again."""


def answers(asked: list[K], function: Callable[[K], T]) -> list[T]:
    """The function of each, called once for each distinct one, unless hardly any stands several times."""
    distinct = set(asked)
    if len(distinct) > _HARDLY_REPEATED * len(asked):
        return list(map(function, asked))
    known = {each: function(each) for each in distinct}
    return [known[each] for each in asked]


def each_text(texts: pd.Series, function: Callable[[str], object]) -> pd.Series:
    """The function of every text, by row."""
    return pd.Series(answers(texts.tolist(), function), texts.index, dtype=object)


def texts_that(texts: pd.Series, test: Callable[[str], object]) -> pd.Series:
    """The mask of the rows whose text passes the test."""
    asked = texts.tolist()
    passing = {text for text in set(asked) if test(text)}
    return mask_of(texts, map(passing.__contains__, asked)) if passing else pd.Series(False, texts.index)


def mask_of(rows: pd.DataFrame | pd.Series, truths: Iterable[object]) -> pd.Series:
    """What is true of each row, as a mask over them, also where there are none."""
    return pd.Series(list(map(bool, truths)), rows.index, dtype=bool)


def repeated(rows: pd.DataFrame, columns: list[str]) -> pd.Series:
    """The mask of the rows that agree with another in all the columns.

    The last column, which is asked first, should be the one with the most distinct values.
    """
    mask = rows[columns[-1]].duplicated(keep=False)
    if mask.any():
        mask[mask] = rows.loc[mask, columns].duplicated(keep=False)
    return mask
