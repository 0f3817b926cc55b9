"""How our own marks in a returned workbook are known again, whoever saved it since.

Excel, WPS and LibreOffice rewrite every part of a file that they save; what survives all
of them is text in cells, texts in formulas and texts of notes. So each kind of mark carries
its own words. Standard library only: the reading room uses this too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice

from pipeline.fields import LIST_SHEET
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

LIST_HEADER: tuple[str, ...] = (
    "序号", "级别", "位置", "字段", "当前值", "问题",
    "怎么改", "建议值", "是否采纳", "单位说明", "规则", "依据",
)  # fmt: skip

_HEADER_WITHIN = 60
"""Rows in which the header of the list is looked for."""

_OWN_NOTE = re.compile(rf"(?:^|\r?\n{NOTE_RULE}\r?\n){NOTE_BEGIN}.*?(?:{re.escape(NOTE_END)}|\Z)", re.DOTALL)


def is_list_sheet(sheet: Sheet) -> bool:
    """Whether the sheet is a 问题清单 of ours: by its hidden identity, else by its whole header.

    The name does not matter: a unit may have a sheet of its own with that name, and may
    have renamed ours.
    """
    return any(True for _ in _identities(sheet)) or any(
        len(cells) >= len(LIST_HEADER) and set(LIST_HEADER) <= {text.strip() for text in cells.values()}
        for cells in islice(sheet.rows.values(), _HEADER_WITHIN)
    )


def identity_of(book: Book) -> Mapping[str, str] | None:
    """What `Returned.identity` said when the workbook was marked; None if it never was."""
    found = (identity for sheet in book.sheets for identity in _identities(sheet))
    return next(found, None)


def answers_of(book: Book) -> tuple[Answer, ...]:
    """What the unit wrote into 问题清单; lines without an answer are left out."""
    answers: list[Answer] = []
    for sheet in book.sheets:
        if not is_list_sheet(sheet):
            continue
        columns: dict[str, int] = {}
        for cells in sheet.rows.values():
            if set(LIST_HEADER) <= {text.strip() for text in cells.values()}:
                columns = {text.strip(): column for column, text in cells.items()}
            elif columns:
                said = {name: cells.get(columns[name], "") for name in LIST_HEADER}
                accepted, explained = said["是否采纳"].strip(), said["单位说明"].strip()
                if accepted or explained:
                    place = said["位置"].strip()
                    answers.append(
                        Answer(
                            said["规则"].strip(), said["字段"].strip(), said["当前值"], said["建议值"],
                            place, accepted, explained,
                        )
                    )  # fmt: skip
    return tuple(answers)


def json_text(prefix: str, values: Mapping[str, object]) -> str:
    """One cell's text: the prefix, then the values as JSON in their own order."""
    return prefix + json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def json_values(prefix: str, text: str) -> dict[str, object] | None:
    """The values of a text made by `json_text`; None for any other text."""
    if not text.startswith(prefix):
        return None
    try:
        values = json.loads(text.removeprefix(prefix))
    except ValueError:
        return None
    return values if isinstance(values, dict) else None


def without_own_note(text: str) -> str:
    """A note's text without what marking wrote into it; what the unit wrote stays, "" if nothing."""
    return _OWN_NOTE.sub("", text) if NOTE_BEGIN in text else text


def _identities(sheet: Sheet) -> Iterator[Mapping[str, str]]:
    found = (text for cells in sheet.rows.values() for text in cells.values() if text.startswith(IDENTITY))
    for text in found:
        if (values := json_values(IDENTITY, text)) is not None:
            yield {str(key): str(value) for key, value in values.items()}
