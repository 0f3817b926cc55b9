"""The unit register 报送单位名录: who should send, under which names, and who has not.

Reading is at the end, apart from the values: a `Register` is looked up, never changed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from rapidfuzz import fuzz, process

from pipeline.model import Book, Kind, Rejection, Sheet, Submission, letters
from pipeline.read.book import read_book
from pipeline.stops import USAGE, Stop
from pipeline.unitname import FORMER, KNOWN, SHORT, UNKNOWN, fold_name

if TYPE_CHECKING:
    import pandas as pd

HEADERS = ("全称", "类型", "地区", "标识码", "曾用名", "简称", "联系")
COMPLETE_SHEET = "完整类型"
COMPLETE_HEADERS = ("类型", "是否收全")
PROVINCE = "河南省"

_NEAR = 80.0
"""Likeness in percent: one wrong character in a name of six is 83."""
_MOST_NEAR = 3
_HEADER_WITHIN = 10
_SORTS = (
    re.compile("教育局$|教育厅$"),
    re.compile("大学|学院$|(?:高等)?专科学校$"),
    re.compile("中等|中专|中学|技工学校|职业学校|职业高中"),
)
"""What a folded name says of a unit's type."""


class RegisteredUnit(Struct, frozen=True):
    """A line of the register. region is a name, region_code GB/T 2260 or "" where there is none."""

    name: str
    kind: str
    region: str = ""
    region_code: str = ""
    identifier: str = ""
    former: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    contact: tuple[str, ...] = ()


class Found(Struct, frozen=True):
    """How a name stands to the register: the unit that it means, None if it is not registered."""

    standing: str
    unit: RegisteredUnit | None = None


class Register(Struct, frozen=True):
    """All registered units in the file's order, and the types of which all units are in it.

    names: folded name → what it means. A full name goes before a code, a code before a
    former name, a former before a short one; a name that two units have leads to neither.
    """

    units: tuple[RegisteredUnit, ...]
    complete: frozenset[str]
    names: Mapping[str, Found]

    def find(self, name: str) -> Found:
        """The unit that a name means; 河南省 before it makes no difference where no other unit is meant."""
        folded = fold_name(name)
        if folded in self.names:
            return self.names[folded]
        if folded.startswith(PROVINCE):
            return self.names.get(folded.removeprefix(PROVINCE), Found(UNKNOWN))
        with_province = self.names.get(PROVINCE + folded)
        return Found(SHORT, with_province.unit) if with_province else Found(UNKNOWN)

    def nearest(self, name: str) -> tuple[str, ...]:
        """At most three full names that are like a name or have a name like it, the likeliest first."""
        alike = process.extract(
            fold_name(name), sorted(self.names), scorer=fuzz.ratio, score_cutoff=_NEAR, limit=2 * _MOST_NEAR
        )
        units = (self.names[folded].unit for folded, _, _ in alike)
        return tuple(dict.fromkeys(unit.name for unit in units if unit))[:_MOST_NEAR]

    def is_complete_for(self, name: str, stated: str) -> bool:
        """Whether all units of the type are registered that the name, or else 单位类型, tells."""
        folded = fold_name(name)
        for sort in _SORTS:
            if sort.search(folded):
                kinds = {unit.kind for unit in self.units if sort.search(fold_name(unit.name))}
                return bool(kinds) and kinds <= self.complete
        return stated.strip() in self.complete


def register_of(units: Iterable[RegisteredUnit], complete: Iterable[str]) -> Register:
    """The register of these units. complete: types of which no unit is missing."""
    units = tuple(units)
    names: dict[str, Found] = {}
    for standing, alike in (
        (KNOWN, [(unit.name, unit) for unit in units]),
        (KNOWN, [(unit.identifier, unit) for unit in units if unit.identifier]),
        (FORMER, [(name, unit) for unit in units for name in unit.former]),
        (SHORT, [(name, unit) for unit in units for name in unit.short]),
    ):
        meant: dict[str, set[RegisteredUnit]] = defaultdict(set)
        for name, unit in alike:
            meant[fold_name(name)].add(unit)
        names |= {
            name: Found(standing, min(those, key=lambda unit: unit.name))
            for name, those in meant.items()
            if name not in names and len(those) == 1
        }
    return Register(units, frozenset(complete), names)


# --- what the rules and the reports ask ------------------------------------------------------------

_UNIT_COLUMNS = [
    "@unit", "@workbook", "@sheet", "@row", "value", "standing", "complete", "full", "near", "suggestion",
]  # fmt: skip


def units_table(names: Iterable[str], submissions: Iterable[Submission], register: Register) -> pd.DataFrame:
    """The table `units`: one row per unit that sent something, and one per bureau that forwards.

    names: the units that sent something; `局/校` is looked up as two. complete is 是 or 否,
    "" for a forwarded unit: the register is of those who send by themselves. near is a clause,
    suggestion the full name that is meant or likeliest.
    """
    import pandas as pd  # the register is read before that is there

    first: dict[str, Submission] = {}
    for each in submissions:
        first.setdefault(each.unit, each)
    rows = []
    names = sorted(set(names))
    bureaus = {name.partition("/")[0] for name in names if "/" in name}
    for unit in sorted({*names, *bureaus}):
        bureau, _, school = unit.rpartition("/")
        submission = first.get(unit)
        workbook = submission.workbook if submission else ""
        stated = submission.unit_info.get("单位类型") if submission else None
        kind = stated.text if stated else ""
        rows.append((unit, workbook, "", 0, *_judged(school, kind, register, forwarded=bool(bureau))))
    return pd.DataFrame(rows, columns=_UNIT_COLUMNS)


def _judged(name: str, kind: str, register: Register, *, forwarded: bool) -> tuple[str, ...]:
    """value, standing, complete, full, near, suggestion."""
    found = register.find(name)
    if found.unit:
        return name, found.standing, "", found.unit.name, "", found.unit.name
    if forwarded:
        return name, found.standing, "", "", "", ""
    near = register.nearest(name)
    clause = "，相近的有" + "".join(f"“{each}”" for each in near) if near else ""
    complete = "是" if register.is_complete_for(name, kind) else "否"
    return name, found.standing, complete, "", clause, near[0] if near else ""


def aliases_table(register: Register) -> pd.DataFrame:
    """The table `register`: folded short names that one registered unit alone has, with its full name."""
    import pandas as pd

    rows = sorted(
        (alias, found.unit.name)
        for alias, found in register.names.items()
        if found.standing == SHORT and found.unit
    )
    return pd.DataFrame(rows, columns=["alias", "full"])


def unsent(register: Register, names: Iterable[str]) -> list[RegisteredUnit]:
    """Registered units, in the register's order, from which nothing came, nor from any that they forward.

    names: the units that sent something.
    """
    sent = {register.find(part).unit for name in names for part in name.split("/")}
    return [unit for unit in register.units if unit not in sent]


# --- reading ----------------------------------------------------------------------------------------


class RegisterError(Stop):
    """The register cannot be used; one whole Chinese sentence that names file, cause and remedy."""

    code = USAGE


class _Unusable(Exception):  # noqa: N818 - becomes a RegisterError that names the file
    """Cause and remedy, without the file's name."""


def read_register(path: Path) -> Register | None:
    """The register in a workbook, None if there is no such file. Raises RegisterError."""
    if not path.exists():
        return None
    book = read_book(path)
    try:
        if isinstance(book, Rejection):
            raise _Unusable(f"无法读取：{book.cause}，{book.remedy}")
        return understand_register(book)
    except _Unusable as why:
        raise RegisterError(f"报送单位名录“{path}”{why}。") from why


def understand_register(book: Book) -> Register:
    """The register in a book: sheets are found by their headers."""
    sheet, row, columns = _table(book, HEADERS, ("全称", "类型"))
    lines = list(_lines(sheet, row, columns))
    units = [_unit(cells, sheet.name, number) for number, cells in lines]
    _refuse_repeats(units, [number for number, _ in lines], sheet.name)
    return register_of(units, _complete(book))


Line = tuple[int, dict[str, str]]
"""A row's number, and its trimmed texts by header."""


def _table(
    book: Book, headers: tuple[str, ...], needed: tuple[str, ...]
) -> tuple[Sheet, int, dict[str, int]]:
    """The first sheet with the needed headers, their row, and the columns of all."""
    for sheet in book.sheets:
        for row, cells in islice(sheet.rows.items(), _HEADER_WITHIN):
            columns = {text.strip(" *＊\n"): column for column, text in reversed(list(cells.items()))}
            if all(name in columns for name in needed):
                return sheet, row, {name: columns[name] for name in headers if name in columns}
    names = "”“".join(needed)
    raise _Unusable(f"中没有找到表头“{names}”，请恢复表头，或删去它后运行 make template 重新生成")


def _lines(sheet: Sheet, header_row: int, columns: Mapping[str, int]) -> Iterator[Line]:
    for row, cells in sheet.rows.items():
        texts = {name: cells.get(column, "").strip() for name, column in columns.items()}
        if row <= header_row or not any(texts.values()):
            continue
        for name, column in columns.items():
            if sheet.kinds.get(column, {}).get(row) in (Kind.ERROR, Kind.UNCALCULATED, Kind.PICTURE):
                where = f"工作表“{sheet.name}”的 {letters(column)}{row}"
                raise _Unusable(f"{where}（{name}）不是文字，请改为文字")
        yield row, texts


def _unit(cells: Mapping[str, str], sheet: str, row: int) -> RegisteredUnit:
    if not cells["全称"] or not cells["类型"]:
        lacking = "类型" if cells["全称"] else "全称"
        raise _Unusable(f"工作表“{sheet}”第 {row} 行没有填“{lacking}”，请补上或删去这一行")
    code, name = re.fullmatch(r"([0-9]{6})?\s*(.*)", cells.get("地区", ""), re.DOTALL).groups("")  # type: ignore[union-attr]
    former, short, contact = (_several(cells.get(header, "")) for header in ("曾用名", "简称", "联系"))
    return RegisteredUnit(
        cells["全称"], cells["类型"], name, code, cells.get("标识码", ""), former, short, contact
    )


def _several(text: str) -> tuple[str, ...]:
    return tuple(part for each in re.split("[;；\n]", text) if (part := each.strip()))


def _refuse_repeats(units: Iterable[RegisteredUnit], rows: Iterable[int], sheet: str) -> None:
    first: dict[str, int] = {}
    for unit, row in zip(units, rows, strict=True):
        before = first.setdefault(fold_name(unit.name), row)
        if before != row:
            raise _Unusable(f"工作表“{sheet}”第 {before}、{row} 行是同一个单位“{unit.name}”，请只留一行")


def _complete(book: Book) -> Iterator[str]:
    """The types marked 是; without such a sheet no type is complete."""
    named = [sheet for sheet in book.sheets if sheet.name.strip() == COMPLETE_SHEET]
    if not named:
        return
    sheet, row, columns = _table(Book(book.kind, tuple(named)), COMPLETE_HEADERS, COMPLETE_HEADERS)
    for number, cells in _lines(sheet, row, columns):
        answer = cells["是否收全"]
        if answer not in ("是", "否", ""):
            where = f"工作表“{COMPLETE_SHEET}”第 {number} 行的“是否收全”"
            raise _Unusable(f"{where}填的是“{answer}”，请填 是 或 否")
        if answer == "是" and cells["类型"]:
            yield cells["类型"]
