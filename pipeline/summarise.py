"""From findings to verdicts: each finding's severity, each row's verdict, each unit's state.

Pure. The numbers of every output come from here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.model import Finding, Severity
from pipeline.rules import REGISTER
from pipeline.settings import Settings

PASSED, RETURNED, REVIEW = "通过", "退回", "待复核"
SHOWN_VALUE = 80


@dataclass(frozen=True, slots=True)
class Told:
    """A finding with all that is told of it: severity in force, sentence, order, clause."""

    finding: Finding
    severity: Severity
    message: str
    fix: str
    source: str

    @property
    def decides(self) -> bool:
        """Whether it keeps the row from passing: an 错误, or a 警告 that is no safe correction."""
        if self.severity is Severity.WARNING:
            return not self.finding.safe
        return self.severity is Severity.ERROR


def tell(findings: Iterable[Finding], settings: Settings) -> list[Told]:
    """All findings in order of place and rule, those of stopped rules left out."""
    kept = (found for found in findings if found.code not in settings.off)
    return [_told(found, settings) for found in sorted(kept, key=Finding.sort_key)]


def _told(found: Finding, settings: Settings) -> Told:
    rule = REGISTER.rules[found.code]
    severity = settings.severity.get(found.code, rule.severity)
    if found.safe and severity is Severity.WARNING and found.code not in settings.severity:
        severity = Severity(settings.safe_corrections)
    facts = {
        **found.facts,
        "value": shown(found.value),
        "suggestion": shown(found.suggestion),
        "field": found.place.field,
        "row": found.place.row,
        "hint": f"，建议“{shown(found.suggestion)}”" if found.suggestion else "",
    }
    return Told(found, severity, rule.sentence(facts), rule.remedy(facts), rule.source)


def shown(text: str) -> str:
    """A value as a sentence quotes it: one line, not too long."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_VALUE else f"{line[:SHOWN_VALUE]}…"


@dataclass(slots=True)
class Counts:
    """How many findings of each severity."""

    errors: int = 0
    warnings: int = 0
    notes: int = 0
    deciding_warnings: int = 0

    def add(self, told: Told) -> None:
        """Count one finding."""
        if told.severity is Severity.ERROR:
            self.errors += 1
        elif told.severity is Severity.WARNING:
            self.warnings += 1
            self.deciding_warnings += told.decides
        else:
            self.notes += 1

    @property
    def verdict(self) -> str:
        """通过, 退回 or 待复核 by these findings alone."""
        return RETURNED if self.errors else REVIEW if self.deciding_warnings else PASSED


@dataclass(slots=True)
class Tally:
    """Counts by row, by workbook and by unit."""

    rows: dict[tuple[str, str, int], Counts] = field(default_factory=dict)
    workbooks: dict[tuple[str, str], Counts] = field(default_factory=dict)
    whole_workbooks: dict[tuple[str, str], Counts] = field(default_factory=dict)
    units: dict[str, Counts] = field(default_factory=dict)

    def verdict(self, unit: str, workbook: str, row: int) -> str:
        """A row's verdict; an 错误 that concerns the whole workbook sends every row back."""
        if self.whole_workbooks.get((unit, workbook), Counts()).errors:
            return RETURNED
        return self.rows.get((unit, workbook, row), Counts()).verdict


def tally(told: Iterable[Told], data_rows: Mapping[tuple[str, str], frozenset[int]]) -> Tally:
    """Count all findings. data_rows: the resource rows of each (unit, workbook)."""
    result = Tally()
    for each in told:
        place = each.finding.place
        book = (place.unit, place.workbook)
        result.units.setdefault(place.unit, Counts()).add(each)
        if place.workbook:
            result.workbooks.setdefault(book, Counts()).add(each)
            if place.row in data_rows.get(book, frozenset()):
                result.rows.setdefault((*book, place.row), Counts()).add(each)
            else:
                result.whole_workbooks.setdefault(book, Counts()).add(each)
    return result


@dataclass(frozen=True, slots=True)
class Group:
    """The same mistake in one column of one workbook: the first finding stands for all."""

    first: Told
    all: tuple[Told, ...]


def grouped(told: Iterable[Told]) -> list[Group]:
    """Findings that say the same of the same field, together, in the order of the first."""
    groups: dict[tuple[object, ...], list[Told]] = {}
    for each in told:
        found = each.finding
        key = (found.place.unit, found.place.workbook, found.place.sheet, found.place.field, found.code, each.message, each.fix)
        groups.setdefault(key, []).append(each)
    return [Group(items[0], tuple(items)) for items in groups.values()]


def most_frequent(told: Iterable[Told]) -> list[tuple[str, str, int]]:
    """(rule code, title, count) of all 错误 and 警告, most frequent first."""
    counts = Counter(each.finding.code for each in told if each.severity is not Severity.NOTE)
    return [(code, REGISTER.rules[code].title, n) for code, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
