"""Rounds: what became of each problem, what was changed unasked.

Pure: two readings of a unit's workbook and what was found in each, in; counts and findings out.
Rows are known again by what they hold, never by their number, so that rows put in, taken out
or sorted change nothing.
"""

from __future__ import annotations

import operator
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence

from msgspec import Struct

from pipeline.fields import NAMES, RESOURCE_FILE
from pipeline.model import Finding, Place, Submission
from pipeline.rounds.lasting import Judged
from pipeline.rules import REGISTER

RARE = 5
"""A value that more rows than this share tells none of them apart."""

_IDENTITY = ("资源名称", "主讲人", "所属系列", "所属顺序")
_LONGEST_QUOTE = 60


# --- rows known again -------------------------------------------------------------------------


def match_rows(previous: Submission, now: Submission) -> dict[int, int]:
    """Each row of now that is a row of previous: row number → row number there. No row is used twice.

    First equal rows, in their order; then those alone in having the same 资源名称, 主讲人,
    所属系列 and 所属顺序, or the same 资源文件; then, best first, those that agree in at least
    half of the filled fields and in one value that few rows have.
    """
    old, new = _contents(previous), _contents(now)
    pairs: dict[int, int] = {}

    def left() -> tuple[dict[int, tuple[str, ...]], dict[int, tuple[str, ...]]]:
        taken = set(pairs.values())
        return (
            {row: texts for row, texts in old.items() if row not in taken},
            {row: texts for row, texts in new.items() if row not in pairs},
        )

    pairs.update(_equal(*left()))
    pairs.update(_alone(*left(), _columns(_IDENTITY)))
    pairs.update(_alone(*left(), _columns((RESOURCE_FILE,))))
    pairs.update(_alike(*left()))
    return dict(sorted(pairs.items()))


def _contents(submission: Submission) -> dict[int, tuple[str, ...]]:
    """The fields of each row in the order of 表1; blanks that nobody sees make no difference."""
    columns = ([" ".join(text.split()) for text in submission.cells[name]] for name in NAMES)
    return dict(zip(submission.rows, zip(*columns, strict=True), strict=True))


def _columns(names: Iterable[str]) -> tuple[int, ...]:
    return tuple(NAMES.index(name) for name in names)


Rows = dict[int, tuple[str, ...]]


def _equal(old: Rows, new: Rows) -> Iterator[tuple[int, int]]:
    waiting: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, texts in old.items():
        waiting[texts].append(row)
    for rows in waiting.values():
        rows.reverse()
    for row, texts in new.items():
        if waiting.get(texts):
            yield row, waiting[texts].pop()


def _alone(old: Rows, new: Rows, columns: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Rows that alone have a key; the first field of it must be filled."""

    def alone(rows: Rows) -> dict[tuple[str, ...], int]:
        by_key: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for row, texts in rows.items():
            key = tuple(texts[column] for column in columns)
            if key[0]:
                by_key[key].append(row)
        return {key: held[0] for key, held in by_key.items() if len(held) == 1}

    before, after = alone(old), alone(new)
    yield from ((row, before[key]) for key, row in after.items() if key in before)


def _alike(old: Rows, new: Rows) -> Iterator[tuple[int, int]]:
    """Of all pairs that are alike enough the most alike first, each row once."""
    pairs = sorted(
        (-same, old_row, new_row) for old_row, new_row in _candidates(old, new)
        if 2 * (same := _agreeing(old[old_row], new[new_row]))
        >= max(_filled(old[old_row]), _filled(new[new_row])) > 0
    )  # fmt: skip
    used_old: set[int] = set()
    used_new: set[int] = set()
    for _, old_row, new_row in pairs:
        if old_row not in used_old and new_row not in used_new:
            used_old.add(old_row)
            used_new.add(new_row)
            yield new_row, old_row


def _candidates(old: Rows, new: Rows) -> set[tuple[int, int]]:
    """Pairs that share a value which few rows have: all others are too alike to be told apart."""
    holders: dict[tuple[int, str], list[int]] = defaultdict(list)
    for row, texts in old.items():
        for cell in enumerate(texts):
            if cell[1]:
                holders[cell].append(row)
    return {
        (old_row, row)
        for row, texts in new.items()
        for cell in enumerate(texts)
        if len(holders.get(cell, ())) <= RARE
        for old_row in holders.get(cell, ())
    }


def _agreeing(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return sum(bool(text) for text, same in zip(one, map(operator.eq, one, other), strict=True) if same)


def _filled(texts: tuple[str, ...]) -> int:
    return sum(map(bool, texts))


# --- what became of the problems ----------------------------------------------------------------


class Change(Struct, frozen=True):
    """A cell that was changed though no finding concerned it: row in the newer workbook, texts as sent."""

    row: int
    field: str
    old: str
    new: str


class Comparison(Struct, frozen=True):
    """Two rounds of a workbook. The first five count problems, which are findings that decide.

    settled: still found, but nobody asks for their correction any more: a person accepted them, or the
    severity was changed. added and removed count rows.
    """

    before: int
    corrected: int
    settled: int
    remaining: int
    new: int
    unasked: tuple[Change, ...]
    added: int
    removed: int

    @property
    def anything(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.before or self.new or self.unasked or self.added or self.removed)


def compare(
    previous: Submission, told_before: Sequence[Judged], now: Submission, told_now: Sequence[Judged]
) -> Comparison:
    """What became of each problem of the round before, and what else was changed.

    Both submissions are as sent, no suggestion applied. A problem is known again by its rule,
    its field and its row; one that concerns no row, by rule and field.
    """
    pairs = match_rows(previous, now)
    same = {row: row for row in previous.rows}
    known = {row: pairs.get(row, -row) for row in now.rows}
    before = [(_subject(each.finding, previous, same), each) for each in told_before]
    after = [(_subject(each.finding, now, known), each) for each in told_now]
    due = Counter(subject for subject, each in before if each.decides)
    open_now = Counter(subject for subject, each in after if each.decides)
    remaining = (due & open_now).total()
    settled = ((due - open_now) & Counter(subject for subject, each in after if not each.decides)).total()
    return Comparison(
        before=due.total(),
        corrected=due.total() - remaining - settled,
        settled=settled,
        remaining=remaining,
        new=(open_now - Counter(subject for subject, _ in before)).total(),
        unasked=tuple(_unasked(previous, [each.finding for each in told_before], now, pairs)),
        added=len(now.rows) - len(pairs),
        removed=len(previous.rows) - len(pairs),
    )


def _subject(found: Finding, submission: Submission, known: dict[int, int]) -> Hashable:
    """What a finding is about, the same in both rounds.

    known: each resource row → its row in the round before, less than 0 for a new one. Of what
    concerns the whole file the value counts too, if it is not the file's own name.
    """
    place = found.place
    if place.sheet == submission.layout.sheet and place.row in known:
        return found.code, place.field, known[place.row]
    names = (place.workbook, place.workbook.rpartition("/")[2])
    about = "" if place.row or found.value in names else found.value
    return found.code, place.field, about


def _unasked(
    previous: Submission, findings: Iterable[Finding], now: Submission, pairs: dict[int, int]
) -> Iterator[Change]:
    """Cells that differ though nothing was said of them, nor of their column, nor of that value."""
    asked = _asked(previous, findings)
    fields = [
        name for name in NAMES
        if name in previous.layout.columns and name in now.layout.columns and name not in asked.columns
    ]  # fmt: skip
    at_old = {row: offset for offset, row in enumerate(previous.rows)}
    at_new = {row: offset for offset, row in enumerate(now.rows)}
    for row, old_row in pairs.items():
        for name in fields:
            old, new = previous.cells[name][at_old[old_row]], now.cells[name][at_new[row]]
            if old != new and old.split() != new.split() and not asked.about(old_row, name, old):
                yield Change(row, name, old, new)


class _Asked(Struct, frozen=True):
    """What the findings of a round ask to look at."""

    cells: frozenset[tuple[int, str]]
    columns: frozenset[str]
    values: frozenset[tuple[str, str]]

    def about(self, row: int, name: str, text: str) -> bool:
        return (row, name) in self.cells or (name, text) in self.values


def _asked(previous: Submission, findings: Iterable[Finding]) -> _Asked:
    """A finding concerns its cell, what its rule reads in the same row, and equal values elsewhere.

    The last because a value that stands twice is told at one of the places alone. One that
    concerns no row concerns the whole column.
    """
    cells, columns, values = set(), set(), set()
    rows = set(previous.rows)
    for found in findings:
        place, rule = found.place, REGISTER.rules.get(found.code)
        if place.sheet == previous.layout.sheet and place.row in rows:
            cells |= {(place.row, name) for name in (place.field, *(rule.reads if rule else ()))}
            values.add((place.field, found.value))
        else:
            columns.add(place.field)
    return _Asked(frozenset(cells), frozenset(columns), frozenset(values))


# --- what is told -----------------------------------------------------------------------------


def round_findings(comparison: Comparison, now: Submission) -> list[Finding]:
    """W07 at the workbook, W07b at each cell that was changed unasked."""
    if not comparison.anything:
        return []
    parts = [("新增", comparison.added), ("删去", comparison.removed)]
    rows = "、".join(f"{what} {count} 行" for what, count in parts if count)
    facts = {
        "before": comparison.before,
        "corrected": comparison.corrected,
        "settled": f"不再要求改 {comparison.settled} 个，" if comparison.settled else "",
        "remaining": comparison.remaining,
        "new": comparison.new,
        "unasked": len(comparison.unasked),
        "rows": f"，{rows}" if rows else "",
    }
    return [
        Finding("W07", Place(now.unit, now.workbook), "", facts),
        *(_changed(each, now) for each in comparison.unasked),
    ]


def _changed(change: Change, now: Submission) -> Finding:
    cell = now.layout.address(change.row, change.field)
    place = Place(now.unit, now.workbook, now.layout.sheet, change.row, change.field, cell)
    return Finding("W07b", place, change.new, {"old": quoted(change.old), "now": quoted(change.new)})


def quoted(text: str) -> str:
    """A value as it stands inside a sentence, with its quotes; a blank one is said."""
    line = " ".join(text.split())
    short = line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}…"
    return f"“{short}”" if line else "未填写"
