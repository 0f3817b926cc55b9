"""The province's decisions, and what they do to findings, rows and units.

Pure. A decision is known by what it is about, never by a row number:

| about | code | field, value | resource | verdicts |
|---|---|---|---|---|
| a finding | its rule | its field, `value_key` of its value | of its row, "" if none | 接受 退回 |
| a resource | "" | "", and `Row.content`, which changes with any cell | of the row | 通过 退回 不推荐 |
| a unit | "" | "", and the round | "" | 推荐 |

What a person has judged is what stood there: once a cell, row or round is another, 接受, 通过,
退回 and 推荐 lapse. 不推荐 concerns the resource, whatever becomes of its cells. Of several
decisions about the same the last one holds; 撤销 takes back.
"""

from __future__ import annotations

import enum
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import groupby
from operator import itemgetter
from typing import overload

from msgspec import Struct, field

from pipeline.canonical import Table
from pipeline.fields import NAMES
from pipeline.model import Finding, Place, Severity
from pipeline.rounds.accept import same_text
from pipeline.rounds.lasting import Decision, Subject
from pipeline.settings import Settings
from pipeline.summarise import Aside, FindingKey, key_of, rows_by_workbook, severity_of

ACCEPT, RETURN, PASS, NOT_RECOMMENDED, RECOMMEND, WITHDRAW = "接受", "退回", "通过", "不推荐", "推荐", "撤销"
OF_FINDINGS, OF_ROWS, OF_UNITS = (ACCEPT, RETURN), (PASS, RETURN, NOT_RECOMMENDED), (RECOMMEND,)

ACCEPTABLE_ERRORS = ("L01", "L02")
"""An 错误 that a machine may find where a person sees none: a page that opens in a browser."""

LONGEST_VALUE = 60
MOST_SHOWN = 3
"""Decisions about one unit that a sentence names."""
_KEY_FIELDS = ("资源名称", "主讲人", "所属系列", "所属顺序")

RowAt = tuple[str, str, str, int]
RowKey = tuple[str, str, int]
"""Unit, workbook and row."""


class Row:
    """A resource as decisions know it. Few are ever asked what they hold: nothing is worked out before."""

    __slots__ = ("_index", "_source")

    def __init__(self, source: Rows, index: int) -> None:
        """The row at this index of the table."""
        self._source, self._index = source, index

    @property
    def key(self) -> RowKey:
        """(unit, workbook, row)."""
        unit, workbook, _, row = self._source.table.rows[self._index]
        return unit, workbook, row

    @property
    def unit(self) -> str:
        """Whose it is."""
        return self._source.table.rows[self._index][0]

    @property
    def place(self) -> Place:
        """Where its 资源名称 stands."""
        return self._source.table.place(self._index, "资源名称")

    @property
    def name(self) -> str:
        """Its 资源名称 as sent."""
        return self._source.table.text(self._index, "资源名称")

    @property
    def resource(self) -> str:
        """What tells it from others, whatever becomes of its other cells."""
        return "|".join(self._source.shown[name][self._index] for name in _KEY_FIELDS)

    @property
    def content(self) -> str:
        """Changes with any of its cells."""
        return _digest(self._source.shown[name][self._index] for name in NAMES)


class Rows(Sequence[Row]):
    """All resources, each made a `Row` only when it is asked for.

    shown: by field their texts. alphabets: by field at least the characters of these. books: unit and
    workbook of each list, with the rows of its resources.
    """

    def __init__(self, table: Table) -> None:
        """The rows of the table, in its order."""
        self.table, self.shown, self.alphabets = table, *_shown_texts(table)
        self.books = [
            (book, [row for _, _, _, row in resources])
            for book, resources in groupby(table.rows, itemgetter(0, 1))
        ]

    def __len__(self) -> int:
        """How many."""
        return len(self.table.rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        """One row, or some."""
        if isinstance(index, slice):
            return [Row(self, each) for each in range(len(self))[index]]
        return Row(self, range(len(self))[index])

    def at(self, keys: Set[RowKey], units: Set[str]) -> dict[RowKey, Row]:
        """The rows at these places and those of these units, by their places."""
        asked = rows_by_workbook(keys)
        found: dict[RowKey, Row] = {}
        start = 0
        for book, numbers in self.books:
            here = asked[book].union(numbers if book[0] in units else ())
            if here:
                places = ((index, row) for index, row in enumerate(numbers, start) if row in here)
                found |= {(*book, row): Row(self, index) for index, row in places}
            start += len(numbers)
        return found


def _shown_texts(table: Table) -> tuple[dict[str, list[str]], dict[str, str]]:
    """By field the texts of all rows, and their characters.

    Canonical values; cells that could not be read, as they were sent.
    """
    shown: dict[str, list[str]] = {}
    alphabets: dict[str, str] = {}
    for name in NAMES:
        broken = table.broken[name].to_numpy().nonzero()[0].tolist()
        shown[name] = table.texts[name].copy() if broken else table.texts[name]
        for index in broken:
            shown[name][index] = table.sent[name][index]
        alphabets[name] = table.alphabets[name] + "".join(table.sent[name][index] for index in broken)
    return shown, alphabets


class Decided(Struct, frozen=True):
    """What the decisions in force do.

    aside: findings that no longer decide, and why. findings: W10. rows: the verdict of a person on
    (unit, workbook, row). recommended: units. lapsed: decisions whose subject is no longer there;
    unfit: those that may not be made so.
    """

    aside: Aside = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    rows: Mapping[tuple[str, str, int], str] = field(default_factory=dict)
    recommended: frozenset[str] = frozenset()
    lapsed: tuple[Decision, ...] = ()
    unfit: tuple[Decision, ...] = ()


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\x1f".join(texts).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def value_key(text: str) -> str:
    """A cell's text as decisions keep it: as a workbook gives it back, and never long."""
    same = same_text(text)
    return same if len(same) <= LONGEST_VALUE else f"{same[:LONGEST_VALUE]}…{_digest([same])}"


def holds(made: Decision, row: Row) -> bool:
    """Whether a decision about the resource is about what stands there now; only 不推荐 outlives a change."""
    return made.verdict == NOT_RECOMMENDED or made.value == row.content


def in_force(decisions: Iterable[Decision]) -> list[Decision]:
    """The last decision about each subject, in the order in which they were made."""
    last: dict[Subject, Decision] = {}
    for each in decisions:
        last.pop(each.subject, None)
        last[each.subject] = each
    return [each for each in last.values() if each.verdict != WITHDRAW]


def apply(
    decisions: Iterable[Decision],
    findings: Iterable[Finding],
    rows: Sequence[Row],
    rounds: Mapping[str, int],
    settings: Settings,
) -> Decided:
    """What the decisions in force do to this run. rounds: of each unit that was read, its round.

    Decisions about other units rest.
    """
    made = [each for each in in_force(decisions) if each.unit in rounds]
    if not made:
        return Decided()
    units = {each.unit for each in made}
    known = _known(
        (found for found in findings if found.place.unit in units), (row for row in rows if row.unit in units)
    )
    effects = [(each, _effect(each, known, rounds, settings)) for each in made]
    aside: dict[FindingKey, str] = {}
    returned: dict[Place, tuple[str, list[str]]] = {}
    verdicts: dict[tuple[str, str, int], str] = {}
    for each, effect in effects:
        for found in effect.aside:
            aside.setdefault(key_of(found), each.verdict)
        for place, value in effect.returned:
            returned.setdefault(place, (value, []))[1].append(each.reason.strip().rstrip("。") or "未写明")
        for row in effect.rows:
            verdicts[row.place.unit, row.place.workbook, row.place.row] = each.verdict
    fates = {fate: tuple(each for each, effect in effects if effect.fate is fate) for fate in _Fate}
    return Decided(
        aside=aside,
        findings=tuple(
            Finding("W10", place, value, {"reason": "；".join(dict.fromkeys(reasons))})
            for place, (value, reasons) in returned.items()
        ),
        rows=verdicts,
        recommended=frozenset(each.unit for each in fates[_Fate.DONE] if each.verdict == RECOMMEND),
        lapsed=fates[_Fate.LAPSED],
        unfit=fates[_Fate.UNFIT],
    )


class _Known(Struct, frozen=True):
    """Findings and rows by what decisions know of them."""

    findings: Mapping[Subject, list[Finding]]
    in_row: Mapping[RowAt, list[Finding]]
    resources: Mapping[tuple[str, str], list[Row]]


def _known(findings: Iterable[Finding], rows: Iterable[Row]) -> _Known:
    resources: dict[tuple[str, str], list[Row]] = defaultdict(list)
    resource_at: dict[RowAt, str] = {}
    for row in rows:
        resources[row.place.unit, row.resource].append(row)
        resource_at[_row_at(row.place)] = row.resource
    by_subject: dict[Subject, list[Finding]] = defaultdict(list)
    in_row: dict[RowAt, list[Finding]] = defaultdict(list)
    for found in findings:
        place, at = found.place, _row_at(found.place)
        about = (place.unit, found.code, place.field, value_key(found.value), resource_at.get(at, ""))
        by_subject[about].append(found)
        in_row[at].append(found)
    return _Known(by_subject, in_row, resources)


class _Fate(enum.Enum):
    """Whether a decision did something, has nothing left to be about, or may not be made so."""

    DONE = enum.auto()
    LAPSED = enum.auto()
    UNFIT = enum.auto()


class _Effect(Struct, frozen=True):
    """What one decision does. returned: places sent back, with their values."""

    fate: _Fate
    aside: Sequence[Finding] = ()
    returned: Sequence[tuple[Place, str]] = ()
    rows: Sequence[Row] = ()


def _effect(made: Decision, known: _Known, rounds: Mapping[str, int], settings: Settings) -> _Effect:
    if made.code:
        return _on_finding(made, known.findings.get(made.subject, []), settings)
    if made.resource:
        return _on_row(made, known, settings)
    if made.verdict not in OF_UNITS:
        return _Effect(_Fate.UNFIT)
    return _Effect(_Fate.DONE if made.value == str(rounds[made.unit]) else _Fate.LAPSED)


def _on_finding(made: Decision, found: Sequence[Finding], settings: Settings) -> _Effect:
    if not found:
        return _Effect(_Fate.LAPSED)
    if made.verdict == RETURN:
        return _Effect(_Fate.DONE, returned=[(each.place, each.value) for each in found])
    if made.verdict == ACCEPT and may_accept(found[0], settings):
        return _Effect(_Fate.DONE, aside=found)
    return _Effect(_Fate.UNFIT)


def _on_row(made: Decision, known: _Known, settings: Settings) -> _Effect:
    if made.verdict not in OF_ROWS:
        return _Effect(_Fate.UNFIT)
    anyhow = made.verdict == NOT_RECOMMENDED
    rows = known.resources.get((made.unit, made.resource), ())
    rows = [row for row in rows if holds(made, row)]
    if not rows:
        return _Effect(_Fate.LAPSED)
    if made.verdict == RETURN:
        return _Effect(_Fate.DONE, returned=[(row.place, row.name) for row in rows], rows=rows)
    found = [each for row in rows for each in known.in_row.get(_row_at(row.place), ())]
    return _Effect(_Fate.DONE, [each for each in found if anyhow or may_accept(each, settings)], rows=rows)


def may_accept(found: Finding, settings: Settings) -> bool:
    """Whether a person may accept it as it is: any 警告, but of the 错误 only what a machine can mistake."""
    error = severity_of(found, settings) is Severity.ERROR
    return not error or found.code.startswith(ACCEPTABLE_ERRORS)


def _row_at(place: Place) -> RowAt:
    return place.unit, place.workbook, place.sheet, place.row


def remarks(decided: Decided) -> list[str]:
    """Sentences for staff about the decisions that do nothing: those that lapsed in one for each unit."""
    lapsed: dict[str, list[Decision]] = defaultdict(list)
    for each in decided.lapsed:
        lapsed[each.unit].append(each)
    gone = [
        f"“{unit}”{_counted(mine)}已不适用：内容改过了或问题已不在，请重新审核。"
        for unit, mine in lapsed.items()
    ]
    wrong = [
        f"{_about(each)}不能作“{each.verdict}”的审核决定，没有采用；这里只能{_possible(each)}。"
        for each in decided.unfit
    ]
    return gone + wrong


def _counted(made: Sequence[Decision]) -> str:
    """The decisions about one unit, the first few by name."""
    named = made[:MOST_SHOWN]
    shown = "、".join(f"{_subject_of(each) or '整个单位'}的审核决定“{each.verdict}”" for each in named)
    return shown + (f"等 {len(made)} 条" if len(made) > MOST_SHOWN else "")


def _about(made: Decision) -> str:
    return f"“{made.unit}”{_subject_of(made)}"


def _subject_of(made: Decision) -> str:
    resource = f"“{made.resource.strip('|')}”" if made.resource else ""
    return f"{resource}{f'规则 {made.code}' if made.code else ''}"


def _possible(made: Decision) -> str:
    verdicts = OF_FINDINGS if made.code else OF_ROWS if made.resource else OF_UNITS
    if made.code and made.verdict == ACCEPT:
        verdicts = (RETURN,)
    return "或".join(f"“{each}”" for each in verdicts)
