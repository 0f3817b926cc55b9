"""Columns of texts, asked once for each distinct text: most rows say what other rows say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from weakref import ref

import numpy as np
import pandas as pd
from numpy.typing import NDArray

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
S = TypeVar("S", bound=np.generic)
P = ParamSpec("P")
Texts = pd.Series | list[str]

_HARDLY_REPEATED = 0.9
"""Above this share of distinct texts looking an answer up costs more than asking again."""


def answers(asked: list[K], function: Callable[[K], T]) -> list[T]:
    """The function of each, called once for each distinct one, unless hardly any stands several times."""
    distinct = set(asked)
    if len(distinct) > _HARDLY_REPEATED * len(asked):
        return list(map(function, asked))
    known = {each: function(each) for each in distinct}
    return list(map(known.__getitem__, asked))


def pairs_that(lefts: Texts, rights: Texts, test: Callable[[str, str], object]) -> NDArray[np.bool_]:
    """The mask of the rows whose two texts pass the test, which is asked once for each distinct pair.

    The rows of a unit stand together: a row that says what the row before says is not looked at.
    """
    left, right = (np.asarray(texts, dtype=object) for texts in (lefts, rights))
    heads = _heads(left, right)
    pairs = list(zip(left[heads].tolist(), right[heads].tolist(), strict=True))
    known = {pair: bool(test(*pair)) for pair in set(pairs)}
    passing = np.fromiter(map(known.__getitem__, pairs), np.bool_, len(pairs))
    return np.repeat(passing, np.diff(heads, append=len(left)))


def _heads(*columns: NDArray[np.generic]) -> NDArray[np.int64]:
    """The positions of the rows that do not say what the row before says."""
    changes = [column[1:] != column[:-1] for column in columns]
    return np.flatnonzero(np.append(True, np.logical_or.reduce(changes))[: len(columns[0])])


def firsts(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Of the rows that agree in the columns the first; where they stand together, as a unit's do."""
    return rows.iloc[_heads(*(rows[name].to_numpy() for name in columns))].drop_duplicates(columns)


def each_text(texts: pd.Series, function: Callable[[str], object]) -> pd.Series:
    """The function of every text, by row."""
    return pd.Series(answers(texts.tolist(), function), texts.index, dtype=object)


_WALL = "\0"
"""A character that no text of a workbook holds."""


def changed(texts: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """What a change makes of every text, by row; asked once, of all of them in one with walls between.

    change: takes a wall for the end of a text, and leaves it alone.
    """
    alone = texts.tolist()
    together = change(_WALL.join(alone)).split(_WALL)
    return pd.Series(
        together if len(together) == len(alone) else list(map(change, alone)), texts.index, object
    )


_TOGETHER = 200
"""Texts that are cleared by one look."""


def texts_that(
    texts: pd.Series, test: Callable[[str], object], sign: Callable[[str], object] | None = None
) -> pd.Series:
    """The mask of the rows whose text passes the test.

    sign: what is true of any lines of which one is a text that passes; it spares a look at each.
    """
    asked = texts.tolist()
    suspects = set(asked if sign is None else _showing(sign, asked))
    passing = {text for text in suspects if test(text)}
    return mask_of(texts, map(passing.__contains__, asked)) if passing else pd.Series(False, texts.index)


def _showing(sign: Callable[[str], object], texts: list[str]) -> Iterable[str]:
    for start in range(0, len(texts), _TOGETHER):
        several = texts[start : start + _TOGETHER]
        if sign("\n".join(several)):
            yield from several


def spread(texts: pd.Series, function: Callable[[str], object], dtype: type[S]) -> NDArray[S]:
    """The function of every text, by row, as numbers or truths; for columns of few distinct texts."""
    codes, distinct = pd.factorize(texts)
    return np.array(list(map(function, distinct))).astype(dtype)[codes]


def mask_of(rows: pd.DataFrame | pd.Series, truths: Iterable[object]) -> pd.Series:
    """What is true of each row, as a mask over them, also where there are none."""
    return pd.Series(np.fromiter(map(bool, truths), np.bool_), rows.index)


def filled(texts: pd.Series) -> NDArray[np.bool_]:
    """The mask of the rows that have a text; numpy compares in a quarter of the time that pandas takes."""
    return np.asarray(texts.to_numpy() != "", dtype=np.bool_)


def blank(texts: pd.Series) -> NDArray[np.bool_]:
    """The mask of the rows that have none."""
    return ~filled(texts)


def rows_where(rows: pd.DataFrame, mask: NDArray[np.bool_]) -> pd.DataFrame:
    """The rows in the mask; where that is all of them the table itself, for a copy takes time."""
    return rows if mask.all() else rows[mask]


def rows_sound_in(rows: pd.DataFrame, fields: Collection[str], malformed: pd.DataFrame) -> pd.DataFrame:
    """The rows of resources in which none of these cells is malformed: what a rule sees that reads them.

    malformed: of all resources, by `@index`, a truth for each field; and `@unit`.
    """
    if not fields or rows.empty:
        return rows
    bad = malformed[list(fields)].any(axis=1).to_numpy()[rows["@index"].to_numpy(dtype=int)]
    return rows_where(rows, ~bad)


def repeated(rows: pd.DataFrame, columns: list[str]) -> pd.Series:
    """The mask of the rows that agree with another in all the columns.

    The last column, which is asked first, should be the one with the most distinct values.
    """
    mask = rows[columns[-1]].duplicated(keep=False)
    if mask.any():
        mask[mask] = rows.loc[mask, columns].duplicated(keep=False)
    return mask


def again(rows: pd.DataFrame, columns: list[str]) -> pd.Series:
    """The mask of the rows that agree with an earlier one in all the columns; see `repeated`."""
    mask = repeated(rows, columns)
    if mask.any():
        mask[mask] = rows.loc[mask, columns].duplicated()
    return mask


def differing(groups: NDArray[np.int64], texts: pd.Series) -> NDArray[np.bool_]:
    """The rows of those groups in which not all texts are the same. groups: of each row, from 0 on."""
    codes = pd.factorize(texts)[0]
    one = np.empty(groups.max(initial=-1) + 1, dtype=np.int64)
    one[groups] = codes
    return in_groups_with(groups, codes != one[groups])


def in_groups_with(groups: NDArray[np.int64], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The rows of those groups that have a row in the mask."""
    having = np.zeros(groups.max(initial=-1) + 1, dtype=np.bool_)
    having[groups[mask]] = True
    return having[groups]


def groups_of(rows: pd.DataFrame, columns: list[str], *, sort: bool = False) -> NDArray[np.int64]:
    """The same number for rows that agree in the columns, from 0 on. sort: in the order of the columns."""
    return np.asarray(rows.groupby(columns, sort=sort).ngroup(), dtype=np.int64)


def groups_side_by_side(rows: pd.DataFrame, columns: list[str], *, sort: bool = False) -> NDArray[np.int64]:
    """The same as `groups_of`, sooner where the rows of a group mostly stand together."""
    at = _heads(*(rows[name].to_numpy() for name in columns))
    return np.repeat(groups_of(rows[columns].iloc[at], columns, sort=sort), np.diff(at, append=len(rows)))


def once_a_table(
    function: Callable[Concatenate[pd.DataFrame, P], T],
) -> Callable[Concatenate[pd.DataFrame, P], T]:
    """What several rules ask of the same table, one after the other, is worked out once.

    The last answer is kept as long as its table is there; neither may be changed. No settings: which of
    them a rule asks for is followed.
    """
    last: list[tuple[ref[pd.DataFrame], object, T]] = []

    @wraps(function)
    def remembered(table: pd.DataFrame, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if not (last and last[0][0]() is table and last[0][1] == (args, kwargs)):
            answer = function(table, *args, **kwargs)
            last[:] = [(ref(table, lambda _: last.clear()), (args, kwargs), answer)]
        return last[0][2]

    return remembered
