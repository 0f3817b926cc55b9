"""The lines of 问题清单: the same mistake down a column is one line with a count.

Every cell is still marked on its own; only the list says it once.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from pipeline.render.returned import Mark
from pipeline.render.worksheet import address

_MOST_SHOWN = 3
_LONGEST_SHOWN = 40
"""Of differing values the first few are shown, each this long at most."""


class Line(Struct, frozen=True):
    """One line of the list: the marks it stands for, in the order they came; data: on 资源清单.

    The texts are what its cells say.
    """

    marks: tuple[Mark, ...]
    data: bool

    @property
    def first(self) -> Mark:
        """The mark that the line links to and whose sentence it says."""
        return self.marks[0]

    @property
    def several(self) -> bool:
        """Whether the cells have differing values or suggestions."""
        return len({(one.value, one.suggestion) for one in self.marks}) > 1

    @property
    def to_decide(self) -> bool:
        """Whether there is a suggestion that can be accepted: at a cell, and not used anyway."""
        return bool(self.first.suggestion) and not self.first.safe and self.first.row > 0

    @property
    def place(self) -> str:
        """`资源清单!J5 等 12 处`."""
        count = len(self.marks)
        return place_of(self.first) + (f" 等 {count} 处" if count > 1 else "")

    @property
    def value(self) -> str:
        """The value, or the first few of differing ones."""
        return _first_few(one.value for one in self.marks)

    @property
    def suggestion(self) -> str:
        """The suggestion, or the first few of differing ones."""
        return _first_few(one.suggestion for one in self.marks if one.suggestion)

    @property
    def message(self) -> str:
        """The first one's sentence, and how many are like it."""
        count = len(self.marks)
        if count == 1:
            return self.first.message
        where = "有颜色的单元格和“错误信息”列" if self.data else "有颜色的单元格"
        return f"{self.first.message}（同类问题共 {count} 处，各处见{where}）"

    @property
    def fix(self) -> str:
        """The order; of differing ones the first as an example."""
        alike = len({one.fix for one in self.marks}) == 1
        return self.first.fix if alike else f"{self.first.fix}（以第一处为例，其他各处照此改）"


def lines_of(marks: Iterable[Mark], data_sheet: str) -> tuple[Line, ...]:
    """The marks as lines, in the order of their first ones.

    Together are marks of the same sheet, field, rule, severity and earlier answer that have
    no unsafe suggestion, whatever their values; with one, only those of equal value and
    suggestion, because 是否采纳 refers to it. A finding that has no row stays alone: no cell
    would show the others.
    """
    groups: dict[tuple[object, ...], list[Mark]] = {}
    for number, one in enumerate(marks):
        said = (one.accepted, one.explained)
        unsafe = (one.value, one.suggestion) if one.suggestion and not one.safe else ()
        same = (one.sheet, one.field, one.code, one.severity, said, unsafe)
        groups.setdefault(same if one.row else (number,), []).append(one)
    return tuple(Line(tuple(group), group[0].sheet == data_sheet != "") for group in groups.values())


def place_of(mark: Mark) -> str:
    """Where a mark is, as the unit reads it: `资源清单!J12`, `资源清单 第12行`, `整个文件`."""
    if not mark.sheet:
        return "整个文件"
    if not mark.row:
        return f"“{mark.sheet}”整张表"
    if not mark.column:
        return f"{mark.sheet} 第{mark.row}行"
    return f"{mark.sheet}!{address(mark.row, mark.column)}"


def _first_few(texts: Iterable[str]) -> str:
    different = list(dict.fromkeys(texts))
    if len(different) < 2:
        return "".join(different)
    shown = [_short(text) for text in different[:_MOST_SHOWN]]
    return "、".join(shown) + ("等" if len(different) > _MOST_SHOWN else "")


def _short(text: str) -> str:
    line = " ".join(text.split())
    if not line:
        return "（未填写）"
    return line if len(line) <= _LONGEST_SHOWN else f"{line[:_LONGEST_SHOWN]}…"
