"""What a rule is, and the register in which every rule stands once.

A rule is one visible unit: what it demands, where the notice says so, the sentence that a
unit reads, and a near-miss example. There are two sorts:

- a *form* rule tells what is wrong with one value. It is declared with `rule(…)` beside
  the field's reader, which returns `Reading`s that name it;
- a *table* rule looks at whole tables. It is declared with `@table_rule(…)` over a
  function that returns the wrong rows.

Importing `pipeline.rules` fills the register.
"""

from __future__ import annotations

import functools
import inspect
import string
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.model import Facts, Kind, Severity

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.column import Column
    from pipeline.settings import Settings

Check = Callable[..., "pd.DataFrame"]

_BY_UNIT = frozenset({("resources",), ("media",), ("covers",), ("orphans",), ("platforms",), ("courses",)})
"""Tables that hold what a unit sent, large enough that it pays to remember what was said of them."""
_NO_TABLE = frozenset({"settings", "today", "malformed"})
"""The settings in force, the day, and which cells of all resources, with their `@unit`, no rule may judge."""


@functools.cache
def _parameters(check: Check) -> tuple[str, ...]:
    return tuple(inspect.signature(check).parameters)


LITERAL, EXAMPLE, INFERRED, OTHER = "明", "例", "推", "外"


class Rule(Struct, frozen=True):
    """One rule. `says` and `fix` are sentences with `{names}` that a finding's facts fill.

    on is the field, or what the rule looks at. basis tells how the rule follows from the
    notice: 明 (its words), 例 (its example), 推 (inferred: 通知未规定), 外 (another source).
    across: the check compares units with each other.
    bad and good are a near-miss pair: a cell's value, or a small table in which `>…<`
    marks the wrong cell, which good repairs; or prose, where no table can show it.
    """

    code: str
    severity: Severity
    on: str
    title: str
    why: str
    source: str
    basis: str
    says: str
    fix: str
    bad: str
    good: str
    table: str = ""
    reads: tuple[str, ...] = ()
    check: Check | None = None
    across: bool = False

    @property
    def asked_for(self) -> tuple[str, ...]:
        """What the check wants: its own table, others by name, and what is no table: `_NO_TABLE`."""
        return _parameters(self.check) if self.check else ()

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that it reads, its own first."""
        others = (name for name in self.asked_for if name != self.table and name not in _NO_TABLE)
        return (self.table, *others)

    @property
    def sees_one_unit(self) -> bool:
        """Whether its answer about a unit depends on the unit's rows in its own table alone."""
        return not self.across and self.tables in _BY_UNIT

    def sentence(self, facts: Facts) -> str:
        """What is wrong here."""
        return self.says.format_map(facts)

    def remedy(self, facts: Facts) -> str:
        """One order that puts it right."""
        return self.fix.format_map(facts)

    def names(self) -> set[str]:
        """The facts that both sentences need."""
        parsed = string.Formatter().parse(self.says + self.fix)
        return {name for _, name, _, _ in parsed if name}

    def found(self, suggestion: str = "", *, safe: bool = False, **facts: Any) -> Reading:
        """A reading with this one flaw."""
        return Reading(suggestion, safe, ((self.code, facts),))


class Reading(Struct, frozen=True):
    """What a field's reader makes of a value that is not in the canonical form.

    value is the canonical value, or the suggestion, or "" where nothing can be guessed.
    safe: no other reading is possible. flaws: (rule code, facts), at least one.
    """

    value: str
    safe: bool
    flaws: tuple[tuple[str, Facts], ...]


Reader = Callable[[str, Kind, "Settings"], Reading]
Condition = Callable[[str, "Settings"], bool]
Sieve = Callable[["Column", Callable[[str], object]], Iterable[str]]
"""Of a column and of what is asked of each text the texts to ask about: all others are right."""


class Register(Struct):
    """All rules by code, and by field the readers, what a form alone cannot ask, and what spares asking."""

    rules: dict[str, Rule] = field(default_factory=dict)
    readers: dict[str, Reader] = field(default_factory=dict)
    conditions: dict[str, Condition] = field(default_factory=dict)
    sieves: dict[str, Sieve] = field(default_factory=dict)

    def add(self, new: Rule) -> Rule:
        """The rule, entered; a code may stand only once."""
        if new.code in self.rules:
            raise ValueError(f"rule {new.code} is declared twice")
        self.rules[new.code] = new
        return new

    def table_rules(self) -> Iterator[tuple[Rule, Check]]:
        """The rules that look at tables, each with its check, by code."""
        for _, each in sorted(self.rules.items()):
            if each.check is not None:
                yield each, each.check


REGISTER = Register()


def rule(
    code: str,
    severity: Severity,
    on: str,
    *,
    title: str,
    why: str,
    source: str,
    basis: str = INFERRED,
    says: str,
    fix: str,
    bad: str,
    good: str,
) -> Rule:
    """Declare a rule that a reader, or the stage that reads files, finds."""
    return REGISTER.add(Rule(code, severity, on, title, why, source, basis, says, fix, bad, good))


def table_rule(
    code: str,
    severity: Severity,
    on: str,
    *,
    table: str = "resources",
    reads: tuple[str, ...],
    title: str,
    why: str,
    source: str,
    basis: str = INFERRED,
    says: str,
    fix: str,
    bad: str,
    good: str,
    across: bool = False,
) -> Callable[[Check], Rule]:
    """Declare a rule over a table: the function returns the wrong rows, extra columns feed the sentence.

    reads names the columns that the check needs; rows in which one of them is already
    found malformed are not shown to it. A returned column `suggestion` (and `safe`,
    `value`, `field`) goes into the finding. across: the check compares units with each other.
    """
    told = (code, severity, on, title, why, source, basis, says, fix, bad, good)
    base = Rule(*told, table=table, reads=reads, across=across)
    return lambda check: REGISTER.add(replace(base, check=check))


def reader(name: str) -> Callable[[Reader], Reader]:
    """Enter the function as the reader of the field `name`."""

    def enter(function: Reader) -> Reader:
        REGISTER.readers[name] = function
        return function

    return enter


def condition(name: str) -> Callable[[Condition], Condition]:
    """Enter the function as what a right value of the field `name` must fulfil beside its form."""

    def enter(function: Condition) -> Condition:
        REGISTER.conditions[name] = function
        return function

    return enter


def sieve(name: str) -> Callable[[Sieve], Sieve]:
    """Enter the function as what sees at a glance which texts of the field `name` may not be right."""

    def enter(function: Sieve) -> Sieve:
        REGISTER.sieves[name] = function
        return function

    return enter
