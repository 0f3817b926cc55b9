"""A tree of texts, lists and dicts, read as the annotations of a dataclass say.

Every mistake is told, and told as what it is, for others to put into words. pydantic does the same and
more, but to import it takes as long as to read twenty workbooks.
"""

from __future__ import annotations

import datetime as dt
import enum
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from types import MappingProxyType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Keys = tuple[str, ...]
"""The way to a place in the tree; items of lists count from 0."""
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a place: the kind of mistake, what stands there, and what a sentence may need."""

    where: Keys
    kind: str
    given: Any
    facts: Mapping[str, str]


class WrongError(Exception):
    """A value is not what it should be."""

    def __init__(self, kind: str, **facts: object) -> None:
        """kind, facts: see `Mistake`."""
        super().__init__(kind)
        self.kind = kind
        self.facts = {name: str(fact) for name, fact in facts.items()}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a number must be: `Annotated[int, Bounds(least=1)]`."""

    least: float | None = None
    most: float | None = None
    above: float | None = None

    def __call__(self, number: float) -> None:
        """Raise WrongError if it is not."""
        if self.least is not None and number < self.least:
            raise WrongError("too_little", least=self.least)
        if self.above is not None and number <= self.above:
            raise WrongError("not_above", above=self.above)
        if self.most is not None and number > self.most:
            raise WrongError("too_much", most=self.most)


def read(kind: type[S], tree: object) -> tuple[S | None, list[Mistake]]:
    """An instance of the dataclass, or None and why.

    Annotations may be other dataclasses, str, int, float, date, enums of texts, Literal, `… | None`,
    tuples, dicts by text, and any of them Annotated with what is called to refuse a value.
    """
    mistakes: list[Mistake] = []
    found = _value(kind, tree, (), mistakes)
    return (None if mistakes else found), mistakes


def keys_of(kind: Any, where: Keys) -> list[str]:
    """The keys of the section at `where`; none where names are free."""
    for step in where:
        kind = _annotations(kind)[step] if _is_section(kind) else get_args(kind)[-1]
    return list(_annotations(kind)) if _is_section(kind) else []


def _is_section(kind: Any) -> bool:
    return is_dataclass(kind)


@cache
def _annotations(section: Any) -> dict[str, Any]:
    return get_type_hints(section, include_extras=True)


def _value(kind: Any, given: Any, where: Keys, mistakes: list[Mistake]) -> Any:
    """What is given, as the annotation has it; None if it is not."""
    before = len(mistakes)
    base, *checks = get_args(kind) if get_origin(kind) is Annotated else (kind,)
    try:
        found = _plain(base, given, where, mistakes)
        if len(mistakes) == before:
            for check in checks:
                check(found)
    except WrongError as error:
        mistakes.append(Mistake(where, error.kind, given, error.facts))
        return None
    return found


def _plain(kind: Any, given: Any, where: Keys, mistakes: list[Mistake]) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _value(inner[0], given, where, mistakes)
    if origin is Literal:
        return _one_of(inner, given)
    if origin is tuple:
        return _items(inner, given, where, mistakes)
    if origin is dict:
        if not isinstance(given, dict):
            raise WrongError("no_names")
        return {name: _value(inner[1], each, (*where, name), mistakes) for name, each in given.items()}
    if _is_section(kind):
        return _section(kind, given, where, mistakes)
    if issubclass(kind, enum.StrEnum):
        return kind(_one_of(tuple(kind), given))
    return _SCALARS[kind](given)


def _section(kind: Any, given: Any, where: Keys, mistakes: list[Mistake]) -> Any:
    """A dataclass by its keys; one left blank has its default, where it has one."""
    if not isinstance(given, dict):
        raise WrongError("no_names")
    before = len(mistakes)
    required = [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]
    values = {}
    for name, each in given.items():
        annotation = _annotations(kind).get(name)
        if annotation is None:
            mistakes.append(Mistake((*where, name), "unknown", each, {}))
        elif each is not None or name in required:
            values[name] = _value(annotation, each, (*where, name), mistakes)
    mistakes += [Mistake((*where, name), "missing", given, {}) for name in required if name not in given]
    return kind(**values) if len(mistakes) == before else None


def _items(inner: tuple[Any, ...], given: Any, where: Keys, mistakes: list[Mistake]) -> tuple[Any, ...]:
    """A list: of any length, `tuple[str, ...]`, or of one."""
    if not isinstance(given, list):
        raise WrongError("no_list")
    if inner[-1] is ...:
        inner = (inner[0],) * len(given)
    if len(given) > len(inner):
        raise WrongError("too_many")
    lacking = range(len(given), len(inner))
    mistakes += [Mistake((*where, str(number)), "missing", given, {}) for number in lacking]
    pairs = enumerate(zip(inner, given, strict=False))
    return tuple(_value(kind, each, (*where, str(number)), mistakes) for number, (kind, each) in pairs)


def _one_of(known: tuple[Any, ...], given: Any) -> Any:
    if given not in known:
        raise WrongError("not_among", expected=f"{', '.join(known[:-1])} 或 {known[-1]}")
    return given


_WHOLE = re.compile(r"[+-]?[0-9]+(?:_[0-9]+)*(?:\.0+)?")
_MOST_DIGITS = 4_000
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise WrongError("no_text")
    return given


def _whole(given: Any) -> int:
    text = given.strip() if isinstance(given, str) else ""
    if not _WHOLE.fullmatch(text) or len(text) > _MOST_DIGITS:
        raise WrongError("no_whole_number")
    return int(text.partition(".")[0])


def _number(given: Any) -> float:
    text = given.strip() if isinstance(given, str) else ""
    if not text.isascii() or "__" in f"_{text}_":
        raise WrongError("no_number")
    try:
        number = float(text.replace("_", ""))
    except ValueError as error:
        raise WrongError("no_number") from error
    if not math.isfinite(number):
        raise WrongError("no_number")
    return number


def _date(given: Any) -> dt.date:
    try:
        return dt.date.fromisoformat(given if isinstance(given, str) and _DAY.fullmatch(given) else "")
    except ValueError as error:
        raise WrongError("no_day") from error


_SCALARS: Mapping[Any, Callable[[Any], Any]] = MappingProxyType(
    {str: _text, int: _whole, float: _number, dt.date: _date}
)
