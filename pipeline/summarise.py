"""From findings to verdicts: each finding's severity, each row's verdict, each unit's state.

Pure. The numbers of every output come from here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from pipeline.model import Finding, Severity
from pipeline.rules import REGISTER
from pipeline.settings import Settings

PASSED, RETURNED, REVIEW = "通过", "退回", "待复核"
NOT_SENT, SENT_BACK, ATTACHMENTS_ONLY, UNREADABLE = "未报送", "退回修改", "已收附件", "无法读取"
_STATES = {PASSED: PASSED, RETURNED: SENT_BACK, REVIEW: REVIEW}
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
        **{name: shown(fact) if isinstance(fact, str) else fact for name, fact in found.facts.items()},
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


_NONE = Counts()


@dataclass(slots=True)
class Tally:
    """Counts by row, by workbook and by unit."""

    rows: dict[tuple[str, str, int], Counts] = field(default_factory=dict)
    workbooks: dict[tuple[str, str], Counts] = field(default_factory=dict)
    whole_workbooks: dict[tuple[str, str], Counts] = field(default_factory=dict)
    units: dict[str, Counts] = field(default_factory=dict)

    def verdict(self, unit: str, workbook: str, row: int) -> str:
        """A row's verdict; an 错误 that concerns the whole workbook sends every row back."""
        if self.whole_workbooks.get((unit, workbook), _NONE).errors:
            return RETURNED
        return self.rows.get((unit, workbook, row), _NONE).verdict


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
class UnitSummary:
    """One line of units.csv and of the table on the screen; passed, returned and review count rows."""

    unit: str
    state: str
    workbook: str
    rows: int
    counts: Counts
    passed: int
    returned: int
    review: int
    round: int
    received: str
    on_time: str


def summarise_unit(
    unit: str,
    counts: Tally,
    workbooks: Mapping[str, Iterable[int]],
    *,
    sent: str,
    round_number: int,
    received: datetime | None,
    deadline: date,
) -> UnitSummary:
    """A unit's line. workbooks: the data rows of each that counts; sent: 工作簿, 附件 or "" for nothing."""
    verdicts = Counter(counts.verdict(unit, name, row) for name, rows in workbooks.items() for row in rows)
    mine = counts.units.get(unit, Counts())
    if workbooks:
        state = _STATES[mine.verdict]
    else:
        state = UNREADABLE if sent == "工作簿" or mine.errors else ATTACHMENTS_ONLY if sent else NOT_SENT
    return UnitSummary(
        unit=unit,
        state=state,
        workbook="；".join(workbooks),
        rows=verdicts.total(),
        counts=mine,
        passed=verdicts[PASSED],
        returned=verdicts[RETURNED],
        review=verdicts[REVIEW],
        round=round_number,
        received=received.isoformat(timespec="seconds") if received else "",
        on_time=("按期" if received.date() <= deadline else "逾期") if received else "",
    )
