"""What the rules said of units in which nothing has changed since.

A rule over the rows of one unit at a time is asked again about a unit only if something that it may look at
is another: the unit's rows in its table, the cells as they were sent, the settings that the rule has ever
asked for, its own program text, or today's date if it asks for that. Rules that see several units at once
are always asked, about everything.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from msgspec import msgpack

from pipeline.model import Finding
from pipeline.reuse.kept import UNREADABLE, encoded
from pipeline.reuse.sources import libraries, own_text_of, text_of
from pipeline.reuse.store import Store
from pipeline.rules import REGISTER, Rule

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from pipeline.canonical import Table
    from pipeline.settings import Settings
    from pipeline.validate import Known, Outcome

States = Mapping[str, Mapping[str, bytes]]
"""By table and unit a digest of all that a rule over this table may see of this unit."""

_SAID = msgpack.Decoder(dict[str, tuple[bytes, list[Finding]]])
_ASKED = msgpack.Decoder(dict[str, list[str]])
_ASKED_KEY = hashlib.blake2b(b"settings asked for", digest_size=16).digest()


class Rulings:
    """The memory of one run."""

    def __init__(self, store: Store, settings: Settings, today: str) -> None:
        """Learn which settings each rule has asked for in earlier runs. today: yyyy-mm-dd."""
        self._store, self._settings = store, settings
        self.today = today
        self._asked: dict[str, list[str]] = (
            _decoded(_ASKED, store.get_many([_ASKED_KEY]).get(_ASKED_KEY)) or {}
        )
        self._said: dict[bytes, dict[str, tuple[bytes, list[Finding]]]] = {}

    def known(self, states: States) -> Known:
        """What holds still."""
        keys = [key for by_unit in states.values() for key in by_unit.values()]
        self._said = {key: _decoded(_SAID, value) or {} for key, value in self._store.get_many(keys).items()}
        holds = {rule.code: self._version(rule) for rule in _local_rules() if rule.code in self._asked}
        result: dict[str, dict[str, Sequence[Finding]]] = {}
        for by_unit in states.values():
            for unit, key in by_unit.items():
                for code, (version, findings) in self._said.get(key, {}).items():
                    if holds.get(code) == version:
                        result.setdefault(code, {})[unit] = findings
        return result

    def keep(self, outcome: Outcome, states: States) -> None:
        """Remember what rules said now. outcome: of rules that were asked about the units not known."""
        for code, names in outcome.asked.items():
            self._asked[code] = sorted({*self._asked.get(code, ()), *names})
        fresh: dict[bytes, dict[str, tuple[bytes, list[Finding]]]] = {}
        for code, by_unit in outcome.fresh.items():
            rule = REGISTER.rules[code]
            version = self._version(rule)
            for unit, findings in by_unit.items():
                fresh.setdefault(states[rule.table][unit], {})[code] = (version, list(findings))
        for key, said in fresh.items():
            # A text of stray bytes, a number beyond 64 bits: such answers are asked for each time.
            with contextlib.suppress(UnicodeEncodeError, OverflowError):
                self._store.put(key, encoded({**self._said.get(key, {}), **said}))
        self._store.put(_ASKED_KEY, encoded(self._asked))

    def _version(self, rule: Rule) -> bytes:
        """What a rule's answer depends on beside the rows."""
        # How a finding is made, and where it stands, is told by these two.
        engine = own_text_of("pipeline.validate") + own_text_of("pipeline.canonical")
        texts = libraries() + text_of(_module(rule), _DECLARATIONS) + engine
        digest = hashlib.blake2b(texts, digest_size=16)
        for name in self._asked.get(rule.code, ()):
            digest.update(f"{name} {getattr(self._settings, name)!r}\n".encode("utf-8", "backslashreplace"))
        if "today" in rule.asked_for:
            digest.update(self.today.encode())
        return digest.digest()


_DECLARATIONS = frozenset({"pipeline.settings"})
"""What a rule takes from it is followed value by value."""


def _module(rule: Rule) -> str:
    """Where a rule stands with all that it says."""
    return rule.check.__module__ if rule.check else ""


def _local_rules() -> Iterable[Rule]:
    return (rule for rule, _ in REGISTER.table_rules() if rule.sees_one_unit)


def _decoded(decoder: msgpack.Decoder[Any], value: bytes | None) -> Any:
    try:
        return decoder.decode(value) if value else None
    except UNREADABLE:
        return None


def states_of(table: Table, tables: Mapping[str, pd.DataFrame]) -> States:
    """The states of all units in those tables over which a rule may see one unit at a time."""
    resources = table.values
    provenance = [str(name) for name in resources.columns if name not in table.texts]
    values = {**{name: resources[name].tolist() for name in provenance}, **table.texts}
    sent = {name: texts for name, texts in table.sent.items() if texts != values[name]}
    own = _digests(values["@unit"], partial(_own_cells, table, values, sent, table.broken.to_numpy()))
    names = sorted({rule.table for rule in _local_rules()} & tables.keys())
    fields = {name: values[name] for name in table.sent}
    return {name: _with_rows(_beyond(tables[name], resources), own, fields) for name in names}


def _own_cells(
    table: Table,
    values: Mapping[str, list[Any]],
    sent: Mapping[str, list[str]],
    broken: NDArray[np.bool_],
    rows: slice,
) -> bytes:
    """Where the rows stand, what their cells held and hold, and which of them no rule may judge.

    sent: the columns in which any cell of any unit is now another.
    """
    held = {name: cells[rows] for name, cells in values.items()}
    books = dict.fromkeys(zip(held["@unit"], held["@workbook"], strict=True))
    layouts = [table.layouts[book].columns for book in books]
    others = {name: other for name, texts in sent.items() if (other := texts[rows]) != held[name]}
    cells = {name: _briefly(each) for name, each in held.items()}
    return _anything((layouts, cells, others)) + broken[rows].tobytes()


def _briefly(column: list[Any]) -> list[Any]:
    """One text that stands in all rows, once."""
    return column[:1] if _alike(column) else column


def _alike(column: list[Any]) -> bool:
    first = column[0]
    return isinstance(first, str) and first == column[-1] and column.count(first) == len(column)


def _beyond(rows: pd.DataFrame, resources: pd.DataFrame) -> dict[str, pd.Series]:
    """A table's columns without those that are those of all resources themselves.

    A shortcut for tables to which pandas gave the resources' own memory: what is only equal is found
    to be so by `_with_rows`.
    """
    columns = {str(name): rows[name] for name in rows.columns}
    if "@index" in rows and _are_all(columns["@index"], len(resources)):
        own = {name for name in columns if name in resources and _same_memory(rows[name], resources[name])}
        return {name: cells for name, cells in columns.items() if name not in own or name == "@unit"}
    return columns


def _are_all(indexes: pd.Series, count: int) -> bool:
    import numpy as np

    return len(indexes) == count and bool((indexes.to_numpy() == np.arange(count)).all())


def _same_memory(one: pd.Series, other: pd.Series) -> bool:
    kept = [column.to_numpy().__array_interface__ for column in (one, other)]
    return all(kept[0][name] == kept[1][name] for name in ("data", "strides", "shape", "typestr"))


def _with_rows(
    rows: Mapping[str, pd.Series], own: Mapping[str, bytes], values: Mapping[str, list[str]]
) -> dict[str, bytes]:
    # Where a row stands in the whole table says nothing of the unit.
    columns: dict[str, list[Any]] = {name: cells.tolist() for name, cells in rows.items() if name != "@index"}
    units = columns["@unit"]
    if "@index" in rows:
        repeated = _at(values, rows["@index"])
        columns = {name: cells for name, cells in columns.items() if cells != repeated(name)}
    alike = {name: cells[:1] for name, cells in columns.items() if cells and _alike(cells)}
    varied = {name: cells for name, cells in columns.items() if name not in alike}

    def content(part: slice) -> bytes:
        cells = {name: _briefly(each[part]) for name, each in varied.items()}
        return _anything((part.stop - part.start, {**alike, **cells}))

    within = _digests(units, content)
    return {
        unit: hashlib.blake2b(own.get(unit, b"") + within.get(unit, b""), digest_size=16).digest()
        for unit in sorted(own.keys() | within.keys())
    }


def _at(values: Mapping[str, list[str]], indexes: pd.Series) -> Callable[[str], list[str] | None]:
    """What the resources at these places say in a column: a column that says no more is told with them."""
    if _are_all(indexes, len(next(iter(values.values())))):
        return values.get
    places = indexes.tolist()
    return lambda name: [values[name][index] for index in places] if name in values else None


def _digests(units: Iterable[str], content: Callable[[slice], bytes]) -> dict[str, bytes]:
    """By unit a digest of its rows. content: of a run of rows, in bytes."""
    digests: dict[str, Any] = {}
    start = 0
    for unit, run in groupby(units):
        stop = start + len(list(run))
        digests.setdefault(unit, hashlib.blake2b(digest_size=16)).update(content(slice(start, stop)))
        start = stop
    return {unit: digest.digest() for unit, digest in digests.items()}


_ENCODER = msgpack.Encoder(enc_hook=repr, order="deterministic")


def _anything(value: Any) -> bytes:
    try:
        return _ENCODER.encode(value)
    except (UnicodeEncodeError, OverflowError):
        # A file name may hold bytes that are no text.
        return repr(value).encode("utf-8", "backslashreplace")
