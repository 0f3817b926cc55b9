"""What marking changed in place, kept as JSON in a hidden cell of 问题清单, so that it can be changed back.

The cell comes back from the unit, so that it is checked like any other input: what does not
have this very form counts as lost.
"""

from __future__ import annotations

import re

from msgspec import Struct, ValidationError, convert, field, to_builtins

from pipeline.ownmarks import RESTORE, json_text, json_values

_HEIGHTS = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?)?>[0-9]+(?:\.[0-9]*)?")
_NUMBER = re.compile("[0-9]{1,5}")
_BY_NUMBER = re.compile(r"(?<!\\)(?:\\\\)*\\u")
"""A character as JSON may write it and we do not: half of one, or none that a workbook can hold."""
_Change = tuple[str | None, str | None]
"""What an attribute said before and after; None where there was none."""


class Width(Struct, frozen=True):
    """The column definition that covered a column: its bounds and its other attributes."""

    first: int
    last: int
    attributes: dict[str, str]


class Column(Struct, frozen=True):
    """What adding 错误信息 changed on its sheet.

    made are the rows that were stored for it alone. hidden are the rows that were hidden before
    those without a message were, None if those still show. raised has the rows that were made
    taller, by the heights before and after.
    """

    sheet: str
    column: int
    made: list[int]
    width: Width | None
    filter: _Change
    dimension: _Change
    hidden: list[int] | None = None
    raised: dict[str, list[int]] = field(default_factory=dict)


class Restore(Struct, frozen=True):
    """All of it: selected tabs, (active tab, first tab) of each window, the column, its filter's name."""

    selected: list[str]
    active: list[tuple[str | None, str | None]]
    column: Column | None
    filter_name: str | None


def restore_text(restore: Restore) -> str:
    """The text of the hidden cell."""
    return json_text(RESTORE, to_builtins(restore))


def restore_of(text: str) -> Restore | None:
    """What the hidden cell says, None if it was changed or lost."""
    if _BY_NUMBER.search(text):
        return None
    try:
        said = convert(json_values(RESTORE, text), Restore)
    except ValidationError:
        return None
    return said if _is_sound(said) else None


def _is_sound(said: Restore) -> bool:
    """Whether its texts are the numbers that they should be."""
    numbers = [number for view in said.active for number in view if number is not None]
    heights = said.column.raised if said.column else ()
    return all(map(_NUMBER.fullmatch, numbers)) and all(map(_HEIGHTS.fullmatch, heights))
