"""Every table rule over the tables that it reads, nothing else.

Pure: tables in, findings out. A rule whose table or columns are missing is listed as
skipped with the reason; a rule that crashes is a fault of the program and stops nothing
else; no rule sees a cell that is already known to be malformed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from itertools import chain, repeat
from types import MappingProxyType
from typing import Any

import pandas as pd
from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.canonical import PROVENANCE, Table
from pipeline.model import Finding, Place
from pipeline.rules import REGISTER, Rule
from pipeline.rules.distinct import rows_sound_in
from pipeline.rules.duration import clock
from pipeline.rules.rule import Check
from pipeline.settings import Settings, Traced
from pipeline.trace import trace_of

SWITCHED_OFF = "config.yaml 中已停用，有这种问题的值照原样采用"
_NO_REGISTER = "没有报送单位名录，请把它放在 config.yaml 的 unit_register 所指的位置"
_WITHOUT = {
    "opened": "还没有联网检测链接，请先运行 make links",
    "register": _NO_REGISTER,
    "units": _NO_REGISTER,
    "earlier": "没有往年清单，请放入 input/往年/ 或在 config.yaml 的 earlier 中写明",
}
"""Why a table may be missing."""
_BY_ENGINE = {"value", "suggestion", "field", "row", "hint"}


Known = Mapping[str, Mapping[str, Sequence[Finding]]]
"""Findings by rule and unit; a unit of which a rule has nothing to say is there with none."""


class Outcome(Struct, frozen=True):
    """Findings by rule and place; skipped: rule code → reason; faults: (rule code, trace).

    fresh: of the rules that see one unit at a time, what they said of those units that they were asked
    about. asked: the settings that each of these rules read for it.
    """

    findings: list[Finding]
    skipped: dict[str, str]
    faults: list[tuple[str, str]]
    fresh: Known = field(default_factory=dict)
    asked: Mapping[str, Set[str]] = field(default_factory=dict)


def validate(
    table: Table,
    tables: Mapping[str, pd.DataFrame],
    settings: Settings,
    today: str,
    known: Known = MappingProxyType({}),
) -> Outcome:
    """All table rules. tables: `resources`, and those others that are known.

    A table made from resource rows carries their index in `@index`: an index of its own
    would not survive a merge. Any other has the provenance columns and `value`, and where the
    finding's field is not what the rule is `on`, or has a cell, `@field` and `@cell`.
    known: what rules that see one unit at a time are known to say; they are not asked about these units.
    """
    skipped: dict[str, str] = {}
    faults: list[tuple[str, str]] = []
    found: dict[str, list[Finding]] = {}
    runnable: list[tuple[Rule, Check]] = []
    for rule, check in REGISTER.table_rules():
        reason = why_skipped(rule, tables, settings)
        if reason:
            skipped[rule.code] = reason
        else:
            runnable.append((rule, check))

    @lru_cache(maxsize=1)
    def seen_by(name: str, doubtful: frozenset[str], units: frozenset[str] | None) -> pd.DataFrame:
        rows = tables[name] if units is None else _of_units(tables[name], units)
        return rows_sound_in(rows, doubtful, table.broken)

    fresh: dict[str, dict[str, list[Finding]]] = {}
    asked: dict[str, Set[str]] = {}
    malformed = frozenset(table.broken.columns[table.broken.any()])
    unsound = table.broken.assign(**{"@unit": table.values["@unit"]})
    sending = _units(table.values)
    everyone = {name: sending | _units(tables[name]) for name in {rule.table for rule, _ in runnable}}
    for rule, check in sorted(runnable, key=_what_it_sees):
        said = known.get(rule.code, {}) if rule.sees_one_unit else {}
        units = everyone[rule.table].difference(said)
        traced = Traced(settings)
        given = {**tables, "settings": traced, "today": today, "malformed": unsound}
        try:
            rows = seen_by(rule.table, malformed.intersection(rule.reads), units if said else None)
            new = _run(rule, check, rows, given, table)
        except Exception as error:
            faults.append((rule.code, trace_of(error)))
            continue
        found[rule.code] = [*chain.from_iterable(said.values()), *new]
        if rule.sees_one_unit and units:
            fresh[rule.code], asked[rule.code] = _by_unit(units, new), traced.asked
    findings = [each for code in sorted(found) for each in found[code]]
    return Outcome(findings, skipped, sorted(faults), fresh, asked)


def _units(rows: pd.DataFrame) -> frozenset[str]:
    """The units that have rows in a table."""
    return frozenset(rows["@unit"].tolist()) if "@unit" in rows else frozenset()


def _of_units(rows: pd.DataFrame, units: frozenset[str]) -> pd.DataFrame:
    return rows[rows["@unit"].isin(units)] if units else rows[:0]


def _by_unit(units: Iterable[str], findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    by_unit: dict[str, list[Finding]] = {unit: [] for unit in units}
    for each in findings:
        by_unit[each.place.unit].append(each)
    return by_unit


def _what_it_sees(one: tuple[Rule, Check]) -> tuple[str, list[str]]:
    """Rules that see the same rows stand together, so that these are chosen once and kept no longer."""
    return one[0].table, sorted(one[0].reads)


def why_skipped(rule: Rule, tables: Mapping[str, pd.DataFrame], settings: Settings) -> str:
    """Why a rule cannot or shall not run, "" if it runs."""
    if rule.code in settings.off:
        return SWITCHED_OFF
    for name in rule.tables:
        if name not in tables:
            return _WITHOUT.get(name, "没有可供检查的文件")
    missing = [name for name in rule.reads if name not in tables[rule.table]]
    return f"没有“{'、'.join(missing)}”列" if missing else ""


def _run(
    rule: Rule, check: Check, rows: pd.DataFrame, given: Mapping[str, Any], table: Table
) -> list[Finding]:
    if rows.empty:
        return []
    wrong = check(**{name: rows if name == rule.table else given[name] for name in rule.asked_for})
    if wrong.empty:
        return []
    findings = _findings(rule, wrong, table)
    one_each = "@index" in wrong and wrong["@index"].is_unique
    return list(findings) if one_each else _once_a_cell(findings)


def _findings(rule: Rule, wrong: pd.DataFrame, table: Table) -> Iterator[Finding]:
    """A finding for each wrong row, all of them with the same facts in the same order."""
    code, field, count = rule.code, rule.on, len(wrong)
    names = sorted(rule.names() - _BY_ENGINE)

    def column(name: str, otherwise: object = "") -> Iterable[Any]:
        return wrong[name].tolist() if name in wrong else repeat(otherwise, count)

    if "@index" in wrong:
        indexes = wrong["@index"].tolist()
        places = [table.place(index, field) for index in indexes]
        values: Iterable[str] = [table.text(index, field) for index in indexes]
    else:
        where = [wrong[name].tolist() for name in PROVENANCE]
        places = list(map(Place, *where, column("@field", field), column("@cell")))
        values = wrong["value"].tolist()
    facts = zip(*(wrong[name].tolist() for name in names), strict=True) if names else repeat((), count)
    suggested = zip(column("suggestion"), column("safe", otherwise=False), strict=True)
    for place, value, told, (suggestion, safe) in zip(places, values, facts, suggested, strict=True):
        yield Finding(code, place, value, dict(zip(names, told, strict=True)), suggestion, bool(safe))


def _once_a_cell(findings: Iterable[Finding]) -> list[Finding]:
    """One line per cell and rule: several files of one cell with the very same fault are named together."""
    kept: dict[tuple[object, ...], Finding] = {}
    for found in findings:
        same = tuple(fact for name, fact in found.facts.items() if name != "named")
        key = (found.place, same, "" if found.place.row else found.value)
        first = kept.get(key)
        if first is None:
            kept[key] = found
        elif "named" in first.facts and found.facts["named"] not in first.facts["named"].split("”“"):
            named = f"{first.facts['named']}”“{found.facts['named']}"
            kept[key] = replace(first, facts={**first.facts, "named": named})
    return list(kept.values())


def measured_suggestions(table: Table, measured: pd.Series) -> None:
    """Where a declared length is malformed and the files' length is known, suggest that length.

    measured: seconds by row index, NaN where unknown. The findings of `table` are replaced.
    """
    rounded = enumerate(measured.round().tolist())
    lengths = {table.rows[index]: int(length) for index, length in rounded if length > 0}
    for number, found in enumerate(table.findings) if lengths else ():
        if found.code.startswith("R09") and not found.safe:
            place = found.place
            length = lengths.get((place.unit, place.workbook, place.sheet, place.row))
            if length:
                table.findings[number] = replace(found, suggestion=clock(length))
