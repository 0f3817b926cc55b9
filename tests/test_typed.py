"""Trees read as annotations say: numbers and days as pydantic reads them, every mistake with its place."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Severity
from pipeline.typed import Bounds, Mistake, keys_of, read


@dataclass(frozen=True, kw_only=True)
class Inner:
    size: Annotated[int, Bounds(above=0, most=9)] = 1
    kind: Literal["甲", "乙"] | None = None


@dataclass(frozen=True, kw_only=True)
class Outer:
    number: float = 0
    whole: int = 0
    day: dt.date = dt.date(2024, 5, 15)
    names: tuple[str, ...]
    pair: tuple[int, int] = (0, 0)
    by_name: dict[str, Inner] = field(default_factory=dict)
    worst: Severity = Severity.ERROR


def mistakes(**tree: Any) -> list[tuple[tuple[str, ...], str]]:
    return [(each.where, each.kind) for each in read(Outer, {"names": [], **tree})[1]]


NUMBERS = st.text("0123456789+-_.eE infatyn\u3000１", max_size=12)


@given(NUMBERS)
def test_numbers_are_read_as_pydantic_reads_them(text: str) -> None:
    for key, kind in (("number", pydantic.FiniteFloat), ("whole", int)):
        found, wrong = read(Outer, {"names": [], key: text})
        try:
            value = pydantic.TypeAdapter(kind).validate_python(text)
        except pydantic.ValidationError:
            assert found is None
            assert len(wrong) == 1
        else:
            assert getattr(found, key) == value


@given(st.dates())
def test_days(day: dt.date) -> None:
    found, _ = read(Outer, {"names": [], "day": day.isoformat()})
    assert found is not None
    assert found.day == day


@pytest.mark.parametrize("given", ["20240515", "2024-5-15", "2024-02-30", "２０２４-05-15", "", None, []])
def test_no_days(given: object) -> None:
    assert mistakes(day=given) == ([] if given is None else [(("day",), "no_day")])


def test_every_mistake_has_its_place() -> None:
    wrong = mistakes(
        names=["a", [], None],
        pair=["1"],
        by_name={"x": {"size": "0", "kind": "丙"}, "y": {"size": "10", "more": "1"}, "z": "1"},
        worst="最坏",
        number=None,
        whole="1.5",
    )
    assert wrong == [
        (("names", "1"), "no_text"),
        (("names", "2"), "no_text"),
        (("pair", "1"), "missing"),
        (("by_name", "x", "size"), "not_above"),
        (("by_name", "x", "kind"), "not_among"),
        (("by_name", "y", "size"), "too_much"),
        (("by_name", "y", "more"), "unknown"),
        (("by_name", "z"), "no_names"),
        (("worst",), "not_among"),
        (("whole",), "no_whole_number"),
    ]
    assert mistakes(pair=["1", "2", "3"], names="x", by_name=[]) == [
        (("names",), "no_list"),
        (("pair",), "too_many"),
        (("by_name",), "no_names"),
    ]
    _, [lacking] = read(Outer, {})
    assert lacking == Mistake(("names",), "missing", {}, {})
    _, [other] = read(Outer, {"names": [], "worst": "x"})
    assert other.facts == {"expected": "错误, 警告 或 提示"}


def test_a_right_tree() -> None:
    tree = {
        "names": ["a"],
        "pair": ["1", "2"],
        "by_name": {"x": {"size": " 9 ", "kind": "乙"}},
        "worst": "提示",
    }
    assert read(Outer, {**tree, "worst": "提示"}) == (
        Outer(names=("a",), pair=(1, 2), by_name={"x": Inner(size=9, kind="乙")}, worst=Severity.NOTE),
        [],
    )


def test_keys() -> None:
    assert keys_of(Outer, ("by_name", "x")) == ["size", "kind"]
    assert keys_of(Outer, ("by_name",)) == []
    assert keys_of(Outer, ())[:2] == ["number", "whole"]
