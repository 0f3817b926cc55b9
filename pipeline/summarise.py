"""From findings to verdicts: each finding's severity, each row's verdict, each unit's state.

Pure. The numbers of every output come from here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property

from msgspec import Struct, field

from pipeline.files import KNOWN, WORKBOOKS, suffix_of
from pipeline.model import Finding, Place, Severity, Submission
from pipeline.rounds.compare import Comparison
from pipeline.rounds.lasting import Judged
from pipeline.rules import REGISTER
from pipeline.settings import Settings

PASSED, RETURNED, REVIEW = "通过", "退回", "待复核"
NOT_SENT, SENT_BACK, ATTACHMENTS_ONLY, UNREADABLE = "未报送", "退回修改", "已收附件", "无法读取"
RECEIVED, RECEIVED_AGAIN, RECOMMENDED = "已收到", "已复报", "已推荐"
_STATES = {PASSED: PASSED, RETURNED: SENT_BACK, REVIEW: REVIEW}
NOT_RECOMMENDED = "不推荐"
"""The one decision that takes a row out of the unit's verdict and of the recommendation list."""
LATE = {SENT_BACK: "逾期未改", **dict.fromkeys((NOT_SENT, ATTACHMENTS_ONLY, UNREADABLE), "逾期未报")}
"""What is said after the deadline of units whose turn it is."""
SHOWN_VALUE = 80
_UNREADABLE = ("F01", "F01b")
_OTHERS = KNOWN - WORKBOOKS
"""What is surely no workbook: in any other file that cannot be read, a zip or a folder, one may have come."""
_SAID_WHOLE = frozenset({"reason"})
"""Facts that are a person's words, not a value."""

FindingKey = tuple[str, Place, str]
Aside = Mapping[FindingKey, str]
"""Findings that a person has settled, and how: 接受, 通过 or 不推荐."""


class Told(Struct, frozen=True):
    """A finding with all that is told of it: severity in force, sentence, order, clause.

    decision: how a person has settled it, "" if nobody has.
    """

    finding: Finding
    severity: Severity
    message: str
    fix: str
    source: str
    decision: str = ""

    @property
    def decides(self) -> bool:
        """Whether it keeps the row from passing: an 错误, or a 警告 that is no safe correction.

        What a person has settled no longer does.
        """
        if self.decision:
            return False
        if self.severity is Severity.WARNING:
            return not self.finding.safe
        return self.severity is Severity.ERROR


def tell(findings: Iterable[Finding], settings: Settings, aside: Aside | None = None) -> list[Told]:
    """All findings in order of place and rule, those of stopped rules left out.

    aside: those that a person has settled; they are told, but no longer decide.
    """
    kept = (found for found in findings if found.code not in settings.off)
    return [_told(found, settings, aside or {}) for found in sorted(kept, key=Finding.sort_key)]


def merged(told: Iterable[Told], more: Iterable[Told]) -> list[Told]:
    """Both, in the order of `tell`; `told` is in it already."""
    told, more = list(told), list(more)
    return sorted([*told, *more], key=lambda each: each.finding.sort_key()) if more else told


def by_workbook(told: Iterable[Told]) -> defaultdict[tuple[str, str], list[Told]]:
    """What was told of each (unit, workbook), in the order given."""
    books: defaultdict[tuple[str, str], list[Told]] = defaultdict(list)
    for each in told:
        books[each.finding.place.unit, each.finding.place.workbook].append(each)
    return books


def for_later(told: Iterable[Told]) -> list[Judged]:
    """What later rounds need of each."""
    return [Judged(each.finding, each.severity, each.decides) for each in told]


def key_of(found: Finding) -> FindingKey:
    """What tells a finding from all others of a run."""
    return found.code, found.place, found.value


def severity_of(found: Finding, settings: Settings) -> Severity:
    """The severity in force: the rule's, or what config.yaml makes of it."""
    severity = settings.severity.get(found.code, REGISTER.rules[found.code].severity)
    if found.safe and severity is Severity.WARNING and found.code not in settings.severity:
        return Severity(settings.safe_corrections)
    return severity


def _told(found: Finding, settings: Settings, aside: Aside) -> Told:
    rule = REGISTER.rules[found.code]
    suggestion = shown(found.suggestion)
    facts = {
        **{name: _fact(name, fact) for name, fact in found.facts.items()},
        "value": shown(found.value),
        "suggestion": suggestion,
        "field": found.place.field,
        "row": found.place.row,
        "hint": f"，建议“{suggestion}”" if found.suggestion else "",
    }
    decision = aside.get(key_of(found), "") if aside else ""
    severity = severity_of(found, settings)
    return Told(found, severity, rule.sentence(facts), rule.remedy(facts), rule.source, decision)


def _fact(name: str, fact: object) -> object:
    if not isinstance(fact, str):
        return fact
    return " ".join(fact.split()) if name in _SAID_WHOLE else shown(fact)


def shown(text: str) -> str:
    """A value as a sentence quotes it: one line, not too long."""
    line = " ".join(text.split()) if text else text
    return line if len(line) <= SHOWN_VALUE else f"{line[:SHOWN_VALUE]}…"


class Counts(Struct):
    """How many findings of each severity, and how many of them decide."""

    errors: int = 0
    warnings: int = 0
    notes: int = 0
    deciding_warnings: int = 0
    deciding_errors: int = 0

    def add(self, told: Told) -> None:
        """Count one finding."""
        if told.severity is Severity.ERROR:
            self.errors += 1
            self.deciding_errors += told.decides
        elif told.severity is Severity.WARNING:
            self.warnings += 1
            self.deciding_warnings += told.decides
        else:
            self.notes += 1

    @property
    def verdict(self) -> str:
        """通过, 退回 or 待复核 by these findings alone."""
        return RETURNED if self.deciding_errors else REVIEW if self.deciding_warnings else PASSED


_NONE = Counts()


def rows_by_workbook(rows: Iterable[tuple[str, str, int]]) -> defaultdict[tuple[str, str], set[int]]:
    """The numbers of rows by unit and workbook, none for any other."""
    numbers: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for unit, workbook, row in rows:
        numbers[unit, workbook].add(row)
    return numbers


class Tally(Struct, dict=True):
    """Counts by row, by workbook and by unit.

    decisions: what a person said of a row. unreadable: units that sent a file which cannot be read.
    """

    rows: dict[tuple[str, str, int], Counts] = field(default_factory=dict)
    workbooks: dict[tuple[str, str], Counts] = field(default_factory=dict)
    whole_workbooks: dict[tuple[str, str], Counts] = field(default_factory=dict)
    units: dict[str, Counts] = field(default_factory=dict)
    decisions: Mapping[tuple[str, str, int], str] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)

    @cached_property
    def _told(self) -> defaultdict[tuple[str, str], set[int]]:
        """By workbook the rows of which anything was told: most rows are never asked for one by one."""
        return rows_by_workbook(self.rows)

    def verdict(self, unit: str, workbook: str, row: int) -> str:
        """A row's verdict; an 错误 that concerns the whole workbook sends every row back.

        A row with an 错误 that is 不推荐 need not be put right, but has not passed either.
        """
        if self.whole_workbooks.get((unit, workbook), _NONE).deciding_errors:
            return RETURNED
        here = self.rows.get((unit, workbook, row))
        if here is None:
            return PASSED
        given_up = self.decisions.get((unit, workbook, row)) == NOT_RECOMMENDED
        return RETURNED if given_up and here.errors else here.verdict

    def verdicts(self, unit: str, workbook: str, rows: Collection[int]) -> Counter[str]:
        """How many rows of a workbook have each verdict; those of which nothing was told share one."""
        told = self._told[unit, workbook].intersection(rows)
        found = Counter(self.verdict(unit, workbook, row) for row in told)
        found[self.verdict(unit, workbook, 0)] += len(rows) - len(told)
        return found

    def recommended(self, unit: str, workbook: str, row: int) -> bool:
        """Whether the row belongs on the recommendation list."""
        decision = self.decisions.get((unit, workbook, row))
        return decision != NOT_RECOMMENDED and self.verdict(unit, workbook, row) == PASSED


def tally(
    told: Iterable[Told],
    submissions: Iterable[Submission],
    decisions: Mapping[tuple[str, str, int], str] | None = None,
) -> Tally:
    """Count all findings. What concerns a sheet beside the list (单位信息, 平台资质) is the unit's alone."""
    lists = {(each.unit, each.workbook): (each.layout.sheet, frozenset(each.rows)) for each in submissions}
    rows: defaultdict[tuple[str, str, int], Counts] = defaultdict(Counts)
    workbooks: defaultdict[tuple[str, str], Counts] = defaultdict(Counts)
    whole_workbooks: defaultdict[tuple[str, str], Counts] = defaultdict(Counts)
    units: defaultdict[str, Counts] = defaultdict(Counts)
    unreadable: set[str] = set()
    for each in told:
        place = each.finding.place
        book = (place.unit, place.workbook)
        units[place.unit].add(each)
        if (
            each.finding.code in _UNREADABLE
            and suffix_of(place.workbook or each.finding.value) not in _OTHERS
        ):
            unreadable.add(place.unit)
        if place.workbook:
            workbooks[book].add(each)
            sheet, numbers = lists.get(book, _NO_LIST)
            if place.sheet == sheet and place.row in numbers:
                rows[*book, place.row].add(each)
            elif place.sheet in ("", sheet):
                whole_workbooks[book].add(each)
    return Tally(dict(rows), dict(workbooks), dict(whole_workbooks), dict(units), decisions or {}, unreadable)


_NO_LIST: tuple[str, frozenset[int]] = ("", frozenset())


def state_of(
    *, sent: str, counted: bool, judged: bool, verdict: str, round_number: int, recommended: bool
) -> str:
    """A unit's state.

    sent: 工作簿, 附件 or "" for nothing. counted: a workbook of it could be read. judged: False if
    the program failed on it, so that it has no result. recommended: by a person, in this round.
    The first line that holds:

    | state | when | whose turn |
    |---|---|---|
    | 未报送 | nothing came | the unit |
    | 已收附件 | files came, but no workbook | the unit |
    | 无法读取 | no workbook could be read | the unit |
    | 已收到 | a first workbook has come and has no result yet | the program: run it again |
    | 已复报 | a later one has come and has no result yet | the program |
    | 退回修改 | an 错误 decides; it goes back, in whatever round | the unit |
    | 待复核 | only 警告 decide: corrected, explained, or accepted by a person | a person |
    | 已推荐 | nothing decides, and a person has recommended this round | nobody |
    | 通过 | nothing decides | a person, to recommend |

    A workbook has its result as soon as it has been looked at, so that 已收到 and 已复报 are mostly
    steps on the way: `steps` keeps them for the unit's path.
    """
    if not counted:
        return UNREADABLE if sent == "工作簿" else ATTACHMENTS_ONLY if sent else NOT_SENT
    if not judged:
        return RECEIVED_AGAIN if round_number > 1 else RECEIVED
    if verdict == PASSED and recommended:
        return RECOMMENDED
    return _STATES[verdict]


def steps(path: Sequence[str], state: str, round_number: int, *, arrived: bool) -> tuple[str, ...]:
    """What a run adds to a unit's path; nothing if nothing has changed.

    path: its states so far. arrived: a workbook counts that no earlier run has seen.
    """
    again = round_number > 1 or RECEIVED in path
    new = [RECEIVED_AGAIN if again else RECEIVED, state] if arrived else [state]
    result = list(path)
    for each in new:
        if result[-1:] != [each]:
            result.append(each)
    return tuple(result[len(path) :])


class UnitSummary(Struct, frozen=True):
    """One line of units.csv and of the table on the screen; passed, returned and review count rows.

    path: all states that the unit has been through, this one last. problems: how those of the
    round before fared, None where there is none. late: 逾期未报, 逾期未改 or "". kind and region: as the
    register has them, else as the unit says, "" if neither does.
    """

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
    path: tuple[str, ...] = ()
    problems: Comparison | None = None
    late: str = ""
    kind: str = ""
    region: str = ""


class UnitFacts(Struct, frozen=True):
    """What is known of a unit beside what was told of it; by itself that nothing came.

    workbooks: the data rows of each that counts. sent, round, judged, recommended: see `state_of`. received:
    in Beijing's time. path: its states up to the run before. arrived: see `steps`. Else as in `UnitSummary`.
    """

    unit: str
    workbooks: Mapping[str, Collection[int]] = field(default_factory=dict)
    sent: str = ""
    round: int = 0
    received: datetime | None = None
    judged: bool = True
    recommended: bool = False
    path: Sequence[str] = ()
    arrived: bool = False
    problems: Comparison | None = None
    kind: str = ""
    region: str = ""


def summarise_unit(known: UnitFacts, counts: Tally, deadline: date, today: date) -> UnitSummary:
    """A unit's line."""
    books, received = known.workbooks.items(), known.received
    verdicts = sum((counts.verdicts(known.unit, name, rows) for name, rows in books), Counter[str]())
    mine = counts.units.get(known.unit, Counts())
    state = state_of(
        sent="工作簿" if known.unit in counts.unreadable else known.sent,
        counted=bool(books),
        judged=known.judged,
        verdict=mine.verdict,
        round_number=known.round,
        recommended=known.recommended,
    )
    return UnitSummary(
        unit=known.unit,
        state=state,
        workbook="；".join(known.workbooks),
        rows=verdicts.total(),
        counts=mine,
        passed=verdicts[PASSED],
        returned=verdicts[RETURNED],
        review=verdicts[REVIEW],
        round=known.round,
        received=received.isoformat(timespec="seconds") if received else "",
        on_time=("按期" if received.date() <= deadline else "逾期") if received else "",
        path=(*known.path, *steps(known.path, state, known.round, arrived=known.arrived)),
        problems=known.problems,
        late=LATE.get(state, "") if today > deadline else "",
        kind=known.kind,
        region=known.region,
    )


def in_sum(comparisons: Iterable[Comparison]) -> Comparison | None:
    """The comparisons of a unit's workbooks as one; None if there is none."""
    each = list(comparisons)
    if not each:
        return None
    return Comparison(
        before=sum(one.before for one in each),
        corrected=sum(one.corrected for one in each),
        settled=sum(one.settled for one in each),
        remaining=sum(one.remaining for one in each),
        new=sum(one.new for one in each),
        unasked=tuple(change for one in each for change in one.unasked),
        added=sum(one.added for one in each),
        removed=sum(one.removed for one in each),
    )
