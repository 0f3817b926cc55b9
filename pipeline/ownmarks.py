"""How our own marks in a returned workbook are known again, whoever saved it since.

Excel, WPS and LibreOffice rewrite every part of a file that they save; what survives all
of them is text in cells, texts in formulas and texts of notes. So each kind of mark carries
its own words. Nothing heavier than the standard library and msgspec: the reading room uses this too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice

from msgspec.structs import replace

from pipeline.fields import LIST_SHEET
from pipeline.grid import text_of
from pipeline.model import Answer, Book, Sheet

SIGNATURE = "数字资源校验"
"""Stands in the formula of every colour of ours, as author of notes and as tooltip of links."""

NOTE_BEGIN = f"【{SIGNATURE}】"
NOTE_END = f"（本批注由校验程序添加并会自动删除，需要说明的请写在“{LIST_SHEET}”里）"
NOTE_RULE = "──────────"
"""Separates the unit's own note from what was appended to it."""

IDENTITY = f"{SIGNATURE}标识:1:"
"""Begins the cell of 问题清单 that says which unit, workbook and round this is; JSON follows."""

RESTORE = f"{SIGNATURE}还原:1:"
"""Begins the cell that says what marking changed in place, so that it can be changed back."""

EXACT = f"{SIGNATURE}原文:1:"
"""Begins the hidden cell of a line that says the line's exact texts; JSON follows."""

EXACT_MORE = f"{SIGNATURE}续:1:"
"""Begins the cells at its right that continue a text too long for one."""

LIST_HEADER: tuple[str, ...] = (
    "序号", "级别", "位置", "字段", "当前值", "问题",
    "怎么改", "建议值", "是否采纳", "单位说明", "规则", "依据",
)  # fmt: skip

_LIST_HEADER = frozenset(LIST_HEADER)

_HEADER_WITHIN = 60
"""Rows in which the header of the list is looked for."""

_PIECE = 16_000
"""Characters of an exact text in one cell: also if each takes two UTF-16 units it stays within 32,767."""

_OWN_NOTE = re.compile(rf"(?:^|\r?\n{NOTE_RULE}\r?\n){NOTE_BEGIN}.*?(?:{re.escape(NOTE_END)}|\Z)", re.DOTALL)
_BENT = re.compile("[\x7f-\x9f\ud800-\udfff\ufffe\uffff]|_(?=x)")
"""What a spreadsheet program would not keep in a cell as it is, beside what JSON escapes anyway."""

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def is_list_sheet(sheet: Sheet) -> bool:
    """Whether the sheet is a 问题清单 of ours: by its hidden identity, else by its whole header.

    The name does not matter: a unit may have a sheet of its own with that name, and may
    have renamed ours.
    """
    # Hardly a sheet is one: the texts are looked through together first.
    said = text_of(sheet.rows)
    if IDENTITY in said and any(True for _ in _identities(sheet)):
        return True
    return all(name in said for name in LIST_HEADER) and any(
        set(map(str.strip, cells.values())) >= _LIST_HEADER
        for cells in islice(sheet.rows.values(), _HEADER_WITHIN)
    )


def identity_of(book: Book) -> Mapping[str, str] | None:
    """What `Returned.identity` said when the workbook was marked; None if it never was.

    Of several lists in one workbook that of the latest round counts.
    """
    found = [identity for sheet in book.sheets for identity in _identities(sheet)]
    return max(found, key=_round, default=None)


def json_text(prefix: str, values: Mapping[str, object]) -> str:
    """One cell's text: the prefix, then the values as JSON in their own order."""
    return prefix + _COMPACT.encode(values)


def json_values(prefix: str, text: str) -> dict[str, object] | None:
    """The values of a text made by `json_text`; None for any other text."""
    if not text.startswith(prefix):
        return None
    try:
        values = json.loads(text.removeprefix(prefix))
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def without_own_note(text: str) -> str:
    """A note's text without what marking wrote into it; what the unit wrote stays, "" if nothing."""
    return _OWN_NOTE.sub("", text) if NOTE_BEGIN in text else text


def _identities(sheet: Sheet) -> Iterator[Mapping[str, str]]:
    for text in chain.from_iterable(cells.values() for cells in sheet.rows.values()):
        if text.startswith(IDENTITY) and (values := json_values(IDENTITY, text)) is not None:
            yield {str(key): str(value) for key, value in values.items()}


def _round(identity: Mapping[str, str]) -> int:
    number = identity.get("round", "")
    return int(number) if re.fullmatch("[0-9]{1,9}", number) else 0


# ── Answers ──────────────────────────────────────────────────────────────────────────


def exact_texts(line: Answer) -> list[str]:
    """The hidden cells of a line, left to right: what it is about, to the letter, however long.

    The visible texts are cut, cleaned, and may be turned into numbers by a program.
    """
    texts = [line.code, line.field, line.place, line.value, line.suggestion, line.several]
    written = _COMPACT.encode(texts)
    written = _BENT.sub(lambda match: f"\\u{ord(match[0]):04x}", written)
    pieces = [written[start : start + _PIECE] for start in range(0, len(written), _PIECE)]
    return [EXACT + pieces[0], *(EXACT_MORE + piece for piece in pieces[1:])]


def answers_of(book: Book) -> tuple[Answer, ...]:
    """What the unit wrote into 问题清单, each line once; lines without an answer are left out.

    The list may have been sorted, filtered, renamed or copied, its lines deleted, its columns
    moved, and any program may have saved it. Of a list and its copies the latest round's says
    more, then the first. A line that the unit added has no code.
    """
    lists = sorted(
        filter(is_list_sheet, book.sheets), key=lambda sheet: -max(map(_round, _identities(sheet)), default=0)
    )
    found: dict[tuple[str, ...], Answer] = {}
    for each in (answer for sheet in lists for answer in _answers(sheet)):
        key = (each.code, each.field, each.place, each.value, each.suggestion)
        first = found.setdefault(key, each)
        found[key] = replace(
            first,
            accepted=first.accepted or each.accepted,
            explained=first.explained or each.explained,
        )
    return tuple(found.values())


def _answers(sheet: Sheet) -> Iterator[Answer]:
    """The answered lines of one list, from the top."""
    ours = any(True for _ in _identities(sheet))
    exact = {row: line for row, cells in sheet.rows.items() if (line := _exact_line(cells))}
    alike: dict[tuple[str, str], list[Answer]] = {}
    for line in exact.values():
        alike.setdefault((line.code, line.place), []).append(line)
    columns: dict[str, int] = {}
    for row, cells in sheet.rows.items():
        names = {text.strip(): column for column, text in cells.items()}
        if _is_header(names, ours):
            columns = names
        elif columns:
            seen = _seen(cells, columns)
            if seen.accepted or seen.explained:
                yield _made_exact(seen, exact.get(row), alike.get((seen.code, seen.place), ()))


def _is_header(names: Mapping[str, int], ours: bool) -> bool:
    """The whole header; in a list that is surely ours, one from which columns were taken out."""
    kept = names.keys() & set(LIST_HEADER)
    return len(kept) == len(LIST_HEADER) or (
        ours and {"位置", "规则"} <= kept and not kept.isdisjoint({"是否采纳", "单位说明"})
    )


def _seen(cells: Mapping[int, str], columns: Mapping[str, int]) -> Answer:
    """A line as its cells say it."""
    said = {name: cells.get(columns.get(name, 0), "") for name in LIST_HEADER}
    code, field, place = (said[name].strip() for name in ("规则", "字段", "位置"))
    accepted, explained = said["是否采纳"].strip(), said["单位说明"].strip()
    return Answer(code, field, said["当前值"], said["建议值"], place, accepted, explained)


def _made_exact(seen: Answer, beside: Answer | None, alike: Sequence[Answer]) -> Answer:
    """A line with its exact texts: those beside it, else the only ones that fit, else as it is seen.

    Beside it stand those of another line if the unit sorted visible columns alone.
    """
    fitting = (
        line for line in alike
        if len(alike) == 1 or (line.field == seen.field and _shows(seen.value, line.value))
    )  # fmt: skip
    line = beside if beside in alike else next(fitting, None)
    return replace(line, accepted=seen.accepted, explained=seen.explained) if line else seen


def _shows(seen: str, exact: str) -> bool:
    """Whether a cell's text shows this value, but for blanks and the look of a number."""
    one, other = " ".join(seen.split()), " ".join(exact.split())
    if _NUMBER.fullmatch(one) and _NUMBER.fullmatch(other) and len(one) + len(other) < 60:
        return float(one) == float(other)
    return one == other


def _exact_line(cells: Mapping[int, str]) -> Answer | None:
    """What the hidden cells of a row say, None if they are absent or were changed."""
    column = next((column for column, text in cells.items() if text.startswith(EXACT)), 0)
    if not column:
        return None
    written = cells[column].removeprefix(EXACT)
    while cells.get(column := column + 1, "").startswith(EXACT_MORE):
        written += cells[column].removeprefix(EXACT_MORE)
    try:
        texts = json.loads(written)
    except (ValueError, RecursionError):
        return None
    if not isinstance(texts, list) or [type(text) for text in texts] != [str] * 5 + [bool]:
        return None
    code, field, place, value, suggestion, several = texts
    return Answer(code, field, value, suggestion, place, "", "", several)
