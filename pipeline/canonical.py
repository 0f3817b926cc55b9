"""Every cell of 资源清单 to its canonical value, and what is wrong with its form.

Pure: texts in, values and findings out. Works on whole columns; only distinct texts that
the schema refuses are read one by one, by their field's reader.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from pipeline.fields import BY_NAME, RESOURCE_FILE
from pipeline.model import Finding, Kind, Layout, Place, Submission
from pipeline.rules import REGISTER, Reading
from pipeline.rules.text import (
    ERROR_VALUES,
    R00_1,
    REQUIRED_CODES,
    SINGLE_LINE,
    broken_line,
    garbled,
    is_placeholder,
    like_formula,
    not_text,
    only_a_day,
    sensitive,
    trimmed,
    wrong_length,
)
from pipeline.schema import FORM, REQUIRED, build_schema, failures, right
from pipeline.settings import Settings
from pipeline.trace import trace_of

PROVENANCE = ["@unit", "@workbook", "@sheet", "@row"]
_NUMBERS = ("点击量", "学习人数", "所属顺序")
_READ_BY_PEOPLE = ("资源名称", "所属系列", "资源简介", "资源目录", "关键词", "所属分类")
_TEXTS = tuple(name for name in BY_NAME if name not in ("资源ID", "资源封面", RESOURCE_FILE))
"""Not a number that must go, and no names of files: whether these are right, the files tell."""

Judge = Callable[[str], Reading | None]


@dataclass(frozen=True, slots=True)
class Table:
    """资源清单 of many workbooks as one table; the index is unique and in order of provenance.

    raw: the texts as sent; sent: the same as lists, for single cells. values: the canonical ones
    ("" where malformed). broken: which cells no rule may judge any further. All of them have the
    fields as columns; values also has the provenance, and rows has it as tuples. layouts by (unit,
    workbook).
    faults: (field, trace) of readers that crashed; their cells count as malformed.
    """

    raw: pd.DataFrame
    values: pd.DataFrame
    broken: pd.DataFrame
    layouts: Mapping[tuple[str, str], Layout]
    findings: list[Finding]
    faults: list[tuple[str, str]]
    rows: list[tuple[str, str, str, int]]
    sent: Mapping[str, list[str]]

    def text(self, index: int, field: str) -> str:
        """A cell as it was sent."""
        return self.sent[field][index]

    def place(self, index: int, field: str) -> Place:
        """Where a cell stands in the file that was sent."""
        unit, workbook, sheet, row = self.rows[index]
        return Place(unit, workbook, sheet, row, field, self.layouts[unit, workbook].address(row, field))


def canonical(submissions: Iterable[Submission], settings: Settings) -> Table:
    """The table of all rows of all submissions, with the findings on form."""
    submissions = list(submissions)
    raw = _raw_table(submissions)
    provenance, raw = raw[PROVENANCE], raw[list(BY_NAME)]
    rows = list(provenance.itertuples(index=False, name=None))
    held = _held(submissions, raw)
    kinds = _kinds(submissions)
    layouts = {(each.unit, each.workbook): each.layout for each in submissions}
    values = raw.mask(held, "")
    sent = {name: raw[name].tolist() for name in BY_NAME}
    table = Table(raw, pd.concat([provenance, values], axis=1), held, layouts, [], [], rows, sent)
    _trim(table, values)
    _hold_error_values(table, values)
    _each_text(table, values, _TEXTS, lambda _name: garbled, breaks=True)
    _blank_placeholders(table, values, settings)
    _hold_native_values(table, values, kinds)
    _each_text(table, values, ("资源名称",), lambda _name: only_a_day, breaks=True)
    _each_text(table, values, SINGLE_LINE, lambda name: _one_line(name, settings), breaks=True)
    _day_only(values, kinds)
    _read_forms(table, values, kinds, settings)
    _each_text(table, values, settings.lengths, lambda name: _length(name, settings))
    _each_text(table, values, _TEXTS, lambda _name: like_formula)
    _each_text(table, values, _READ_BY_PEOPLE, lambda _name: _reviewed(settings), also_broken=True)
    _offer_the_trimmed(table, values)
    table.values[list(BY_NAME)] = values
    return table


def _raw_table(submissions: list[Submission]) -> pd.DataFrame:
    columns: dict[str, list[str] | list[int]] = {}
    columns["@unit"] = [each.unit for each in submissions for _ in each.rows]
    columns["@workbook"] = [each.workbook for each in submissions for _ in each.rows]
    columns["@sheet"] = [each.layout.sheet for each in submissions for _ in each.rows]
    columns["@row"] = [row for each in submissions for row in each.rows]
    for name in BY_NAME:
        columns[name] = [text for each in submissions for text in each.cells[name]]
    return pd.DataFrame({name: pd.Series(texts, dtype=_dtype(name)) for name, texts in columns.items()})


def _dtype(name: str) -> type:
    """Plain Python texts: the readers and sentences need nothing faster."""
    return int if name == "@row" else object


def _held(submissions: list[Submission], raw: pd.DataFrame) -> pd.DataFrame:
    """The cells already told while reading, as a mask."""
    held = pd.DataFrame(False, index=raw.index, columns=raw.columns)
    start = 0
    for each in submissions:
        if each.held:
            at = {row: start + offset for offset, row in enumerate(each.rows)}
            for row, name in each.held:
                held.at[at[row], name] = True
        start += len(each.rows)
    return held


def _kinds(submissions: list[Submission]) -> dict[tuple[int, str], Kind]:
    kinds: dict[tuple[int, str], Kind] = {}
    start = 0
    for each in submissions:
        if each.kinds:
            at = {row: start + offset for offset, row in enumerate(each.rows)}
            kinds |= {(at[row], name): kind for (row, name), kind in each.kinds.items()}
        start += len(each.rows)
    return kinds


def _note(
    table: Table, code: str, name: str, indexes: Iterable[int], *, breaks: bool, safe: bool = False
) -> None:
    """One finding per cell."""
    for index in indexes:
        table.findings.append(Finding(code, table.place(index, name), table.text(index, name), safe=safe))
        if breaks:
            table.broken.at[index, name] = True


def _trim(table: Table, values: pd.DataFrame) -> None:
    """G01: blanks that nobody sees at both ends."""
    for name in BY_NAME:
        texts = values[name].tolist()
        tidy = [trimmed(text) for text in texts]
        if tidy != texts:
            changed = [
                index
                for index, (old, new) in enumerate(zip(texts, tidy, strict=True))
                if new not in (old, "")
            ]
            _note(table, "G01", name, changed, breaks=False, safe=True)
            values[name] = tidy


def _offer_the_trimmed(table: Table, values: pd.DataFrame) -> None:
    """The trimmed text is the suggestion of G01, where nothing else was wrong with the cell."""
    told = Counter(each.place for each in table.findings)
    at = {row: index for index, row in enumerate(table.rows)}
    for number, each in enumerate(table.findings):
        if each.code == "G01" and told[each.place] == 1:
            place = each.place
            index = at[place.unit, place.workbook, place.sheet, place.row]
            table.findings[number] = replace(each, suggestion=str(values.at[index, place.field]))


def _hold_error_values(table: Table, values: pd.DataFrame) -> None:
    """S10 for error values that were pasted or typed as text."""
    for name in BY_NAME:
        found = values[name].isin(ERROR_VALUES)
        if not found.any():
            continue
        for index in values.index[found]:
            text = table.text(index, name)
            table.findings.append(
                Finding("S10", table.place(index, name), text, {"what": f"是公式错误 {text}"})
            )
        table.broken.loc[found, name] = True
        values.loc[found, name] = ""


def _each_text(
    table: Table,
    values: pd.DataFrame,
    names: Iterable[str],
    judge_of: Callable[[str], Judge],
    *,
    breaks: bool = False,
    also_broken: bool = False,
) -> None:
    """Findings on the distinct texts of fields, judged alone; the values stay as they are.

    Cells that are malformed already are passed over, unless also_broken.
    """
    for name in names:
        judge = judge_of(name)
        found = {text: reading for text in set(values[name]) if text and (reading := judge(text))}
        if not found:
            continue
        here = values[name].isin(found)
        for index in values.index[here if also_broken else here & ~table.broken[name]]:
            _tell(table, name, index, found[values.at[index, name]])
            if breaks:
                table.broken.at[index, name] = True


def _tell(table: Table, name: str, index: int, reading: Reading) -> None:
    """The findings of one reading at one cell."""
    place, raw = table.place(index, name), table.text(index, name)
    for code, facts in reading.flaws:
        table.findings.append(Finding(code, place, raw, facts, reading.value, reading.safe))


def _one_line(name: str, settings: Settings) -> Judge:
    is_right = right(BY_NAME[name], settings)
    return lambda text: broken_line(text, is_right, levels=name == "所属分类")


def _length(name: str, settings: Settings) -> Judge:
    return lambda text: wrong_length(name, text, settings)


def _reviewed(settings: Settings) -> Judge:
    return lambda text: sensitive(text, settings.review_words)


def _blank_placeholders(table: Table, values: pd.DataFrame, settings: Settings) -> None:
    """G04 in optional fields, G05 in required ones."""
    for name in BY_NAME:
        required = name in settings.required
        texts = set(values[name])
        nothing = {text for text in texts if text and is_placeholder(text, required)}
        if not required and name not in _NUMBERS:
            nothing |= texts & {"0"}
        if nothing:
            found = values[name].isin(nothing)
            code, safe = ("G05", False) if required else ("G04", True)
            _note(table, code, name, values.index[found], breaks=required, safe=safe)
            values.loc[found, name] = ""


def _hold_native_values(table: Table, values: pd.DataFrame, kinds: dict[tuple[int, str], Kind]) -> None:
    """R02-4 and R00-3: what the spreadsheet made of a text."""
    for (index, name), kind in kinds.items():
        text = str(values.at[index, name])
        reading = not_text(name, text, kind) if text and not table.broken.at[index, name] else None
        if reading:
            _tell(table, name, index, reading)
            table.broken.at[index, name] = True


def _day_only(values: pd.DataFrame, kinds: dict[tuple[int, str], Kind]) -> None:
    """A native date may carry a time of day, which nobody asked for."""
    for (index, name), kind in kinds.items():
        if kind is Kind.DATE and name == "创建时间":
            values.at[index, name] = str(values.at[index, name])[:10]


def _read_forms(
    table: Table, values: pd.DataFrame, kinds: dict[tuple[int, str], Kind], settings: Settings
) -> None:
    """What the schema refuses: missing values, and forms that the readers explain."""
    refused = failures(values, build_schema(settings))
    for (column, check), cases in refused.groupby(["column", "check"], sort=False):
        name = str(column)
        indexes = [index for index in cases["index"].astype(int) if not table.broken.at[index, name]]
        if check == REQUIRED:
            _note(table, REQUIRED_CODES.get(name, R00_1.code), name, indexes, breaks=True)
        elif check == FORM:
            _read_cells(table, values, name, indexes, kinds, settings)


def _read_cells(
    table: Table,
    values: pd.DataFrame,
    name: str,
    indexes: list[int],
    kinds: dict[tuple[int, str], Kind],
    settings: Settings,
) -> None:
    known: dict[tuple[str, Kind], Reading] = {}
    for index in indexes:
        text, kind = str(values.at[index, name]), kinds.get((index, name), Kind.TEXT)
        if (text, kind) not in known:
            known[text, kind] = _reading(name, text, kind, settings, table)
        reading = known[text, kind]
        _tell(table, name, index, reading)
        values.at[index, name] = reading.value if reading.safe else text
        table.broken.at[index, name] = not reading.safe


def _reading(name: str, text: str, kind: Kind, settings: Settings, table: Table) -> Reading:
    """What the field's reader says; a crash is a fault of the program and stops nothing else."""
    try:
        return REGISTER.readers[name](text, kind, settings)
    except Exception as error:
        table.faults.append((name, trace_of(error)))
        return Reading("", False, ())
