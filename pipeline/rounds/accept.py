"""What a unit wrote into our 问题清单: suggestions that it accepted, and its explanations.

Pure. Everything is known by what it says (field, value, suggestion), never by a row number,
so that rows may be put in, taken out and sorted in between. The unit's file is never changed:
a line that was accepted comes back in the next list (W09) and counts again.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from pipeline.model import Answer, Finding, Labelled, Place, Severity, Submission
from pipeline.rounds.compare import quoted
from pipeline.rules import REGISTER

YES = frozenset({"是", "y", "yes", "√", "✓", "✔", "☑", "采纳", "同意"})
NO = frozenset({"", "否", "n", "no", "×", "x", "✗", "✘", "不采纳", "不同意"})
"""What 是否采纳 may say, in half-width small letters."""

_LOST = re.compile("[\x00-\x20\x7f-\x9f\ud800-\udfff\ufffd-\uffff\u3000\xa0]+")
"""What a workbook cannot keep, or what saving it again may change."""

Key = tuple[str, str, str]
"""Field, value and suggestion, as a workbook gives them back."""


class Applied(Struct, frozen=True):
    """An accepted suggestion in its cell; old is what the file holds."""

    place: Place
    old: str
    new: str


class Accepted(Struct, frozen=True):
    """A submission with its accepted suggestions. findings: W09, W09b, W09c.

    What was told of the `applied` places while reading no longer holds.
    """

    submission: Submission
    applied: tuple[Applied, ...]
    findings: tuple[Finding, ...]


def is_accepted(text: str) -> bool | None:
    """What a cell under 是否采纳 says; None if that cannot be seen."""
    folded = _LOST.sub("", unicodedata.normalize("NFKC", text)).casefold().rstrip("。.!")
    return True if folded in YES else False if folded in NO else None


def apply(submission: Submission, findings: Iterable[Finding]) -> Accepted:
    """The submission as it reads with all that was accepted.

    findings: all that a first pass found in it, without any acceptance. A suggestion is used
    in every cell for which the program makes it now. Safe ones are used anyway.
    """
    if not submission.answers:
        return Accepted(submission, (), ())
    found = list(findings)
    accepted, refused = _wishes(submission.answers)
    offers = _offers(found)
    asked: dict[Place, set[str]] = defaultdict(set)
    for field, value, suggestion in accepted:
        for each in offers.get((field, value, suggestion), ()):
            asked[each.place].add(suggestion)
    applied: list[Applied] = []
    told = list(_unclear(submission))
    for key, answer in accepted.items():
        here = offers.get(key, [])
        if key in refused:
            why = "内容相同的另一行选了不采纳"
        elif any(len(asked[each.place]) > 1 for each in here):
            why = "同一单元格还采纳了另一个建议值"
        elif not all(_has(submission, each.place) for each in here):
            why = "这一处不能自动套用"
        else:
            applied += (Applied(each.place, each.value, each.suggestion) for each in here)
            why = "" if here else _nothing_to_apply(key, answer, submission, found)
        if why:
            told.append(_at_the_file(submission, "W09b", answer.value, answer.place, why=why))
    done = tuple(sorted(applied, key=lambda each: each.place))
    told += (
        Finding("W09", each.place, each.old, {"old": quoted(each.old)}, suggestion=each.new) for each in done
    )
    return Accepted(_with(submission, done) if done else submission, done, tuple(told))


def same_text(text: str) -> str:
    """A text as it is after a workbook has been saved by any program."""
    return _LOST.sub(" ", text).strip()


def _key(field: str, value: str, suggestion: str) -> Key:
    return field, same_text(value), same_text(suggestion)


def _wishes(answers: Iterable[Answer]) -> tuple[dict[Key, Answer], set[Key]]:
    """What was accepted, with the first line that says so, and what was refused.

    A line for several differing cells holds safe suggestions alone, which need no word.
    """
    accepted: dict[Key, Answer] = {}
    refused: set[Key] = set()
    for answer in answers:
        key = _key(answer.field, answer.value, answer.suggestion)
        yes = is_accepted(answer.accepted)
        if yes and not answer.several:
            accepted.setdefault(key, answer)
        elif yes is False and answer.accepted.strip():
            refused.add(key)
    return accepted, refused


def _unclear(submission: Submission) -> Iterator[Finding]:
    """W09c: 是否采纳 says something else."""
    for each in submission.answers:
        if is_accepted(each.accepted) is None:
            yield _at_the_file(submission, "W09c", each.accepted, each.place)


def _at_the_file(submission: Submission, code: str, value: str, place: str, **facts: str) -> Finding:
    whole = Place(submission.unit, submission.workbook)
    return Finding(code, whole, value, {"place": place, **facts})


def _offers(findings: Iterable[Finding]) -> dict[Key, list[Finding]]:
    """The suggestions that are not safe, so that the unit decides."""
    offers: dict[Key, list[Finding]] = defaultdict(list)
    for found in findings:
        if found.suggestion and not found.safe:
            offers[_key(found.place.field, found.value, found.suggestion)].append(found)
    return offers


def _nothing_to_apply(key: Key, answer: Answer, submission: Submission, found: Iterable[Finding]) -> str:
    """Why a line that was accepted finds no cell, "" if that needs no word."""
    field, value, suggestion = key
    if not suggestion:
        return "这个问题没有建议值" if _stands(field, value, found) else ""
    if any((each.place.field, same_text(each.value)) == (field, value) and each.safe for each in found):
        return ""
    texts = set(_texts(submission, field))
    if value in texts:
        return f"现在的建议值不是{quoted(answer.suggestion)}"
    return "" if suggestion in texts else f"该单元格已不是{quoted(answer.value)}"


def _stands(field: str, value: str, found: Iterable[Finding]) -> bool:
    """Whether a problem without a suggestion is still there and needs to be put right."""
    return any(
        each.place.field == field
        and same_text(each.value) == value
        and not each.suggestion
        and not each.safe
        and REGISTER.rules[each.code].severity is not Severity.NOTE
        for each in found
    )


def _texts(submission: Submission, field: str) -> Iterator[str]:
    """All that stands in a field, on whatever sheet."""
    yield from map(same_text, submission.cells.get(field, ()))
    labelled = [submission.unit_info, *submission.platforms]
    yield from (same_text(each[field].text) for each in labelled if field in each)


# --- into the cells ---------------------------------------------------------------------------


def _has(submission: Submission, place: Place) -> bool:
    """Whether the place is one that a suggestion can be put into; a header is read as suggested anyway."""
    if place.sheet == submission.layout.sheet:
        return (
            place.row in (*submission.rows, submission.layout.header_row) and place.field in submission.cells
        )
    return any(_is_at(value, place) for value in _labelled(submission))


def _labelled(submission: Submission) -> Iterator[Labelled]:
    for values in (submission.unit_info, *submission.platforms):
        yield from values.values()


def _is_at(value: Labelled, place: Place) -> bool:
    return (value.sheet, value.row, value.cell) == (place.sheet, place.row, place.cell)


def _with(submission: Submission, applied: Iterable[Applied]) -> Submission:
    """The submission with the suggestions in its cells, as plain text that may be judged."""
    at = {row: offset for offset, row in enumerate(submission.rows)}
    cells = dict(submission.cells)
    touched: set[tuple[int, str]] = set()
    others: dict[tuple[str, int, str], str] = {}
    for each in applied:
        place = each.place
        if place.sheet == submission.layout.sheet and place.row in at:
            if (column := cells[place.field]) is submission.cells[place.field]:
                cells[place.field] = column = list(column)
            column[at[place.row]] = each.new
            touched.add((place.row, place.field))
        else:
            others[place.sheet, place.row, place.cell] = each.new

    def labelled(values: Mapping[str, Labelled]) -> dict[str, Labelled]:
        return {
            name: replace(value, text=others.get((value.sheet, value.row, value.cell), value.text))
            for name, value in values.items()
        }

    places = {each.place for each in applied}
    return replace(
        submission,
        cells=cells,
        kinds={
            name: {row: kind for row, kind in kinds.items() if (row, name) not in touched}
            for name, kinds in submission.kinds.items()
        },
        held=submission.held - touched,
        unit_info=labelled(submission.unit_info),
        platforms=tuple(map(labelled, submission.platforms)),
        findings=tuple(found for found in submission.findings if found.place not in places),
    )


# --- explanations -----------------------------------------------------------------------------

Explanations = Mapping[tuple[str, ...], str]


def explanations(answers: Iterable[Answer]) -> Explanations:
    """What was written under 单位说明, by field, rule and value; by field and rule for several cells."""
    said: dict[tuple[str, ...], str] = {}
    for each in answers:
        if each.explained.strip():
            about = (
                (each.field, each.code) if each.several else (each.field, each.code, same_text(each.value))
            )
            said.setdefault(about, each.explained.strip())
    return said


def explanation_of(found: Finding, said: Explanations) -> str:
    """What the unit says of a finding, "" if nothing."""
    about = (found.place.field, found.code)
    return said.get((*about, same_text(found.value))) or said.get(about, "")
