"""The engine: every table rule over the tables that it reads, nothing else.

Pure: tables in, findings out. A rule whose table or columns are missing is listed as
skipped with the reason; a rule that crashes is a fault of the program and stops nothing
else; no rule sees a cell that is already known to be malformed.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from pipeline.canonical import PROVENANCE, Table
from pipeline.model import Finding, Place
from pipeline.rules import REGISTER, Rule
from pipeline.rules.duration import clock
from pipeline.rules.rule import Check
from pipeline.settings import Settings
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """Findings in the order of places; skipped: rule code → reason; faults: (rule code, trace)."""

    findings: list[Finding]
    skipped: dict[str, str]
    faults: list[tuple[str, str]]


def validate(table: Table, tables: Mapping[str, pd.DataFrame], settings: Settings, today: str) -> Outcome:
    """All table rules. tables: `resources`, and those others that are known.

    A table made from resource rows carries their index in `@index`: an index of its own
    would not survive a merge. Any other has the provenance columns and `value`, and where the
    finding's field is not what the rule is `on`, or has a cell, `@field` and `@cell`.
    """
    findings: list[Finding] = []
    skipped: dict[str, str] = {}
    faults: list[tuple[str, str]] = []
    given = {**tables, "settings": settings, "today": today}
    for rule, check in REGISTER.table_rules():
        reason = why_skipped(rule, tables, settings)
        if reason:
            skipped[rule.code] = reason
            continue
        try:
            findings += _run(rule, check, table, given)
        except Exception as error:
            faults.append((rule.code, trace_of(error)))
    return Outcome(findings, skipped, faults)


def why_skipped(rule: Rule, tables: Mapping[str, pd.DataFrame], settings: Settings) -> str:
    """Why a rule cannot or shall not run, "" if it runs."""
    if rule.code in settings.off:
        return SWITCHED_OFF
    for name in _tables_read(rule):
        if name not in tables:
            return _WITHOUT.get(name, "没有可供检查的文件")
    missing = [name for name in rule.reads if name not in tables[rule.table]]
    return f"没有“{'、'.join(missing)}”列" if missing else ""


def _tables_read(rule: Rule) -> list[str]:
    """The rule's own table, then those others that its check asks for by name."""
    asked = inspect.signature(rule.check).parameters if rule.check else ()
    return [rule.table, *(name for name in asked if name not in (rule.table, "settings", "today"))]


def _run(rule: Rule, check: Check, table: Table, given: Mapping[str, Any]) -> Iterable[Finding]:
    rows = _sound(given[rule.table], rule.reads, table.broken)
    if rows.empty:
        return []
    wanted = inspect.signature(check).parameters
    wrong = check(**{name: rows if name == rule.table else given[name] for name in wanted})
    return _once_a_cell(_findings(rule, wrong, table))


def _sound(rows: pd.DataFrame, reads: tuple[str, ...], broken: pd.DataFrame) -> pd.DataFrame:
    """The rows in which no cell that the rule reads is malformed."""
    if not reads or rows.empty:
        return rows
    bad = broken[list(reads)].any(axis=1)
    return rows[~rows["@index"].map(bad).astype(bool)]


def _findings(rule: Rule, wrong: pd.DataFrame, table: Table) -> Iterable[Finding]:
    facts = sorted(rule.names() - _BY_ENGINE)
    optional = [name for name in ("suggestion", "value", "safe") if name in wrong]
    origin = [name for name in ("@index", "@field", "@cell") if name in wrong]
    columns = list(dict.fromkeys([*PROVENANCE, *origin, *optional, *facts]))
    for row in wrong[columns].to_dict("records"):
        if "@index" in row:
            place = table.place(row["@index"], rule.on)
            value = table.text(row["@index"], rule.on)
        else:
            where = (row["@unit"], row["@workbook"], row["@sheet"], row["@row"])
            place = Place(*where, row.get("@field", rule.on), row.get("@cell", ""))
            value = row["value"]
        suggestion = row.get("suggestion", "")
        safe = bool(row.get("safe", False))
        yield Finding(rule.code, place, value, {name: row[name] for name in facts}, suggestion, safe)


def _once_a_cell(findings: Iterable[Finding]) -> Iterable[Finding]:
    """One line per cell and rule: several files of one cell with the very same fault are named together."""
    kept: dict[tuple[object, ...], Finding] = {}
    for found in findings:
        same = tuple(sorted((name, fact) for name, fact in found.facts.items() if name != "named"))
        key = (found.place, same, "" if found.place.row else found.value)
        first = kept.get(key)
        if first is None:
            kept[key] = found
        elif "named" in first.facts and found.facts["named"] not in first.facts["named"].split("”“"):
            named = f"{first.facts['named']}”“{found.facts['named']}"
            kept[key] = replace(first, facts={**first.facts, "named": named})
    return kept.values()


def measured_suggestions(table: Table, measured: pd.Series) -> None:
    """Where a declared length is malformed and the files' length is known, suggest that length.

    measured: seconds by row index, NaN where unknown. The findings of `table` are replaced.
    """
    lengths = dict(zip(table.rows, measured, strict=True))
    for number, found in enumerate(table.findings):
        if found.code.startswith("R09") and not found.safe:
            place = found.place
            length = lengths[place.unit, place.workbook, place.sheet, place.row]
            if not math.isnan(length) and round(length) > 0:
                table.findings[number] = replace(found, suggestion=clock(round(length)))
