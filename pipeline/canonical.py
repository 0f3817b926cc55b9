"""Every cell of 资源清单 to its canonical value, and what is wrong with its form.

Pure: texts in, values and findings out. Works on whole columns; only distinct texts that look
suspicious are judged, and only those that the schema refuses are read, by their field's reader.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate, chain, repeat

import numpy as np
import pandas as pd
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from pipeline.column import Column, Sign
from pipeline.fields import BY_NAME, RESOURCE_FILE
from pipeline.model import Facts, Finding, Kind, Layout, Place, Submission
from pipeline.rules import REGISTER, Reading
from pipeline.rules.text import (
    BEGINS_A_FORMULA,
    BEGINS_A_PLACEHOLDER,
    ERROR_VALUES,
    INVISIBLE,
    NEVER_NATIVE,
    R00_1,
    REQUIRED_CODES,
    SINGLE_LINE,
    broken_line,
    garbled,
    has_lines,
    has_zero_width,
    is_placeholder,
    like_formula,
    may_be_a_day,
    may_be_garbled,
    not_text,
    only_a_day,
    sensitive,
    trimmed,
    wrong_length,
)
from pipeline.schema import FORM, REQUIRED, build_schema, doubtful, refused, right
from pipeline.settings import Settings
from pipeline.trace import trace_of

PROVENANCE = ["@unit", "@workbook", "@sheet", "@row"]
_NUMBERS = ("点击量", "学习人数", "所属顺序")
_READ_BY_PEOPLE = ("资源名称", "所属系列", "资源简介", "资源目录", "关键词", "所属分类")
_TEXTS = tuple(name for name in BY_NAME if name not in ("资源ID", "资源封面", RESOURCE_FILE))
"""Not a number that must go, and no names of files: whether these are right, the files tell."""

Judge = Callable[[str], Reading | None]
Suspects = Callable[[Column], Iterable[str]]
"""The distinct texts of a column of which a judge may say something, seen at a glance."""

_Row = tuple[str, str, str, int]
_Layouts = Mapping[tuple[str, str], Layout]


class Table(Struct, frozen=True):
    """资源清单 of many workbooks as one table; the index is unique and in order of provenance.

    sent: the texts as sent, a list for each field. values: the canonical ones ("" where malformed),
    and texts the same as lists, which nobody changes; alphabets: every character of these once.
    broken: which cells no rule may judge any further. All of them have the fields as columns; values
    also has the provenance, and rows has it as tuples. layouts by (unit, workbook).
    faults: (field, trace) of readers that crashed; their cells count as malformed.
    """

    values: pd.DataFrame
    broken: pd.DataFrame
    layouts: _Layouts
    findings: list[Finding]
    faults: list[tuple[str, str]]
    rows: list[_Row]
    sent: Mapping[str, list[str]]
    texts: Mapping[str, list[str]]
    alphabets: Mapping[str, str]

    def text(self, index: int, field: str) -> str:
        """A cell as it was sent."""
        return self.sent[field][index]

    def place(self, index: int, field: str) -> Place:
        """Where a cell stands in the file that was sent."""
        return _place(self.rows, self.layouts, index, field)


def _place(rows: list[_Row], layouts: _Layouts, index: int, field: str) -> Place:
    unit, workbook, sheet, row = rows[index]
    return Place(unit, workbook, sheet, row, field, layouts[unit, workbook].address(row, field))


def canonical(submissions: Iterable[Submission], settings: Settings) -> Table:
    """The table of all rows of all submissions, with the findings on form."""
    draft = _Draft(list(submissions))
    trimmed_cells = _trim(draft)
    _hold_error_values(draft)
    _each_text(draft, _TEXTS, lambda _name: garbled, _showing(may_be_garbled), breaks=True)
    _blank_placeholders(draft, settings)
    _hold_native_values(draft)
    _each_text(draft, ("资源名称",), lambda _name: only_a_day, _showing(may_be_a_day), breaks=True)
    _each_text(draft, SINGLE_LINE, lambda name: _one_line(name, settings), _showing(has_lines), breaks=True)
    _day_only(draft)
    _read_forms(draft, settings)
    _each_text(draft, settings.lengths, lambda name: _length(name, settings), _unfit(settings))
    _each_text(
        draft, _TEXTS, lambda _name: like_formula, lambda column: column.beginning_with(BEGINS_A_FORMULA)
    )
    words = [word for word in settings.review_words if word]
    judge = partial(sensitive, words=words)
    _each_text(
        draft, _READ_BY_PEOPLE, lambda _name: judge, lambda column: column.containing(words), also_broken=True
    )
    return draft.table(_offered(draft, trimmed_cells))


class _Draft:
    """The table while it is made: a column of texts for each field, and what was found so far."""

    def __init__(self, submissions: list[Submission]) -> None:
        """All rows of the submissions, as sent but for the cells that were already told while reading."""
        self.submissions = submissions
        self.starts = [0, *accumulate(len(each.rows) for each in submissions)]
        self.rows = list(
            chain.from_iterable(
                zip(
                    repeat(each.unit),
                    repeat(each.workbook),
                    repeat(each.layout.sheet),
                    each.rows,
                    strict=False,
                )
                for each in submissions
            )
        )
        self.layouts = {(each.unit, each.workbook): each.layout for each in submissions}
        self.sent = {
            name: list(chain.from_iterable(each.cells[name] for each in submissions)) for name in BY_NAME
        }
        self.columns = {name: Column(name, texts) for name, texts in self.sent.items()}
        self.findings: list[Finding] = []
        self.faults: list[tuple[str, str]] = []
        for start, each in zip(self.starts, submissions, strict=False):
            at = _indexes(each, start) if each.held else {}
            for row, name in each.held:
                self.columns[name].broken.add(at[row])
        for column in self.columns.values():
            column.put(dict.fromkeys(column.broken, ""))

    def place(self, column: Column, index: int) -> Place:
        """Where a cell stands in the file that was sent."""
        return _place(self.rows, self.layouts, index, column.name)

    def kind(self, column: Column, index: int) -> Kind:
        """What a cell was in the file that was sent."""
        submission = self.submissions[bisect_right(self.starts, index) - 1]
        *_, row = self.rows[index]
        return submission.kinds.get(column.name, {}).get(row, Kind.TEXT)

    def kinds(self, column: Column) -> Iterator[tuple[int, Kind]]:
        """All cells that were not plain text."""
        for start, each in zip(self.starts, self.submissions, strict=False):
            kinds = each.kinds.get(column.name)
            if kinds:
                yield from zip(map(_indexes(each, start).__getitem__, kinds), kinds.values(), strict=True)

    def tell(
        self, column: Column, index: int, code: str, facts: Facts | None = None, *, safe: bool = False
    ) -> None:
        """One finding at a cell, that suggests nothing."""
        self.tell_reading(column, index, Reading("", safe, ((code, facts or {}),)))

    def tell_reading(self, column: Column, index: int, reading: Reading) -> None:
        """The findings of one reading at one cell."""
        place, sent = self.place(column, index), self.sent[column.name][index]
        for code, facts in reading.flaws:
            self.findings.append(Finding(code, place, sent, facts, reading.value, reading.safe))
            column.told.add(index)

    def table(self, first: list[Finding]) -> Table:
        """The table as it stands. first: findings that go before the others."""
        places = [(each.unit, each.workbook, each.layout.sheet) for each in self.submissions]
        counts = [len(each.rows) for each in self.submissions]
        books = np.array(places, dtype=object).reshape(-1, 3).repeat(counts, axis=0).T
        canonical_texts = {name: column.texts for name, column in self.columns.items()}
        values = _frame({**dict(zip(PROVENANCE, books, strict=False)), **canonical_texts})
        numbers = chain.from_iterable(each.rows for each in self.submissions)
        values.insert(len(books), PROVENANCE[-1], np.fromiter(numbers, int, len(self.rows)))
        broken = np.zeros((len(self.rows), len(self.columns)), dtype=bool)
        for number, column in enumerate(self.columns.values()):
            broken[list(column.broken), number] = True
        return Table(
            values=values,
            broken=pd.DataFrame(broken, columns=list(self.columns)),
            layouts=self.layouts,
            findings=first + self.findings,
            faults=self.faults,
            rows=self.rows,
            sent=self.sent,
            texts=canonical_texts,
            alphabets={name: column.alphabet for name, column in self.columns.items()},
        )


def _indexes(submission: Submission, start: int) -> dict[int, int]:
    """By row of the sheet the row of the table. start: the first row of this workbook."""
    return {row: index for index, row in enumerate(submission.rows, start)}


def _frame(columns: Mapping[str, Sequence[str] | NDArray[np.object_]]) -> pd.DataFrame:
    """Plain Python texts: the readers and sentences need nothing faster."""
    count = len(next(iter(columns.values())))
    cells = np.empty((len(columns), count), dtype=object)
    for number, texts in enumerate(columns.values()):
        cells[number] = texts
    return pd.DataFrame(cells.T, columns=list(columns), dtype=object, copy=False)


def _trim(draft: _Draft) -> list[tuple[Column, int]]:
    """G01: blanks that nobody sees at both ends. The cells in which they stood beside something."""
    cells = []
    for column in draft.columns.values():
        texts = column.suspects(has_zero_width) + column.padded_with(INVISIBLE)
        tidy = {text: new for text in texts if (new := trimmed(text)) != text}
        changed = column.rows_with(tidy)
        cells += [(column, index) for index in changed if tidy[column.texts[index]]]
        column.put({index: tidy[column.texts[index]] for index in changed})
    return cells


def _offered(draft: _Draft, trimmed_cells: list[tuple[Column, int]]) -> list[Finding]:
    """The trimmed text is the suggestion of G01, where nothing else was wrong with the cell."""
    return [
        Finding(
            "G01",
            draft.place(column, index),
            draft.sent[column.name][index],
            suggestion="" if index in column.told else column.texts[index],
            safe=True,
        )
        for column, index in trimmed_cells
    ]


def _hold_error_values(draft: _Draft) -> None:
    """S10 for error values that were pasted or typed as text."""
    for column in draft.columns.values():
        found = column.rows_with(ERROR_VALUES & column.distinct)
        for index in found:
            draft.tell(column, index, "S10", {"what": f"是公式错误 {draft.sent[column.name][index]}"})
        column.broken.update(found)
        column.put(dict.fromkeys(found, ""))


def _each_text(
    draft: _Draft,
    names: Iterable[str],
    judge_of: Callable[[str], Judge],
    suspects: Suspects,
    *,
    breaks: bool = False,
    also_broken: bool = False,
) -> None:
    """Findings on the distinct texts of fields, judged alone; the values stay as they are.

    Cells that are malformed already are passed over, unless also_broken.
    """
    for name in names:
        column, judge = draft.columns[name], judge_of(name)
        found = {text: reading for text in suspects(column) if (reading := judge(text))}
        for index in column.rows_with(found):
            if also_broken or index not in column.broken:
                draft.tell_reading(column, index, found[column.texts[index]])
                if breaks:
                    column.broken.add(index)


def _one_line(name: str, settings: Settings) -> Judge:
    is_right = right(BY_NAME[name], settings)
    return lambda text: broken_line(text, is_right, levels=name == "所属分类")


def _showing(sign: Sign) -> Suspects:
    return lambda column: column.suspects(sign)


def _length(name: str, settings: Settings) -> Judge:
    """A blank cell is not too short: where it may not be blank, that is told."""
    return lambda text: wrong_length(name, text, settings) if text else None


def _unfit(settings: Settings) -> Suspects:
    def of_another_length(column: Column) -> list[str]:
        fewest, most = settings.lengths[column.name]
        return column.not_as_long_as(range(fewest, most + 1))

    return of_another_length


def _blank_placeholders(draft: _Draft, settings: Settings) -> None:
    """G04 in optional fields, G05 in required ones."""
    for name, column in draft.columns.items():
        required = name in settings.required
        suspects = column.beginning_with(BEGINS_A_PLACEHOLDER)
        nothing = {text for text in suspects if is_placeholder(text, required)}
        if not required and name not in _NUMBERS:
            nothing |= column.distinct & {"0"}
        found = column.rows_with(nothing)
        for index in found:
            draft.tell(column, index, "G05" if required else "G04", safe=not required)
        if required:
            column.broken.update(found)
        column.put(dict.fromkeys(found, ""))


def _hold_native_values(draft: _Draft) -> None:
    """R02-4 and R00-3: what the spreadsheet made of a text."""
    for name, column in draft.columns.items():
        for index, kind in draft.kinds(column) if name in NEVER_NATIVE else ():
            text = column.texts[index]
            reading = not_text(name, text, kind) if text and index not in column.broken else None
            if reading:
                draft.tell_reading(column, index, reading)
                column.broken.add(index)


def _day_only(draft: _Draft) -> None:
    """A native date may carry a time of day, which nobody asked for."""
    created = draft.columns["创建时间"]
    dates = [index for index, kind in draft.kinds(created) if kind is Kind.DATE]
    created.put({index: created.texts[index][:10] for index in dates})


def _read_forms(draft: _Draft, settings: Settings) -> None:
    """What the schema refuses: missing values, and forms that the readers explain."""
    asked = {
        name: texts
        for name, column in draft.columns.items()
        if (texts := doubtful(BY_NAME[name], column, settings))
    }
    if not asked:
        return
    schema = build_schema(settings)
    for name, texts in asked.items():
        column = draft.columns[name]
        wrong = refused(schema, name, texts)
        missing = column.rows_with(wrong.get(REQUIRED, ()))
        malformed = column.rows_with(wrong.get(FORM, ()))
        for index in missing:
            if index not in column.broken:
                draft.tell(column, index, REQUIRED_CODES.get(name, R00_1.code))
                column.broken.add(index)
        _read_cells(draft, column, [index for index in malformed if index not in column.broken], settings)


def _read_cells(draft: _Draft, column: Column, indexes: list[int], settings: Settings) -> None:
    known: dict[tuple[str, Kind], Reading] = {}
    sure: dict[int, str] = {}
    for index in indexes:
        text, kind = column.texts[index], draft.kind(column, index)
        if (text, kind) not in known:
            known[text, kind] = _reading(draft, column, text, kind, settings)
        reading = known[text, kind]
        draft.tell_reading(column, index, reading)
        if reading.safe:
            sure[index] = reading.value
        else:
            column.broken.add(index)
    column.put(sure)


def _reading(draft: _Draft, column: Column, text: str, kind: Kind, settings: Settings) -> Reading:
    """What the field's reader says; a crash is a fault of the program and stops nothing else.

    What it takes off an end may have hidden what G01 takes off.
    """
    try:
        reading = REGISTER.readers[column.name](text, kind, settings)
        return replace(reading, value=trimmed(reading.value))
    except Exception as error:
        draft.faults.append((column.name, trace_of(error)))
        return Reading("", False, ())
