"""点击量 and 学习人数: whole numbers, and believable ones (规则 R13, R14)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from pipeline.fields import form_of
from pipeline.model import Kind, Severity
from pipeline.rules.distinct import filled, groups_side_by_side, in_groups_with, rows_where
from pipeline.rules.rule import EXAMPLE, INFERRED, Check, Reader, Reading, Rule, reader, rule, table_rule
from pipeline.rules.text import folded, half_width
from pipeline.settings import Settings

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_FORM = form_of("点击量")
_UNIT = r"(?:人次|次|人|个|名|余次|位)?"
_FEWEST = 10
"""So many rows must agree before a column looks made up; below that it may be chance."""
_HUGE = 1_000_000_000


def _pair(number: str, field: str, example: str, unit: str) -> tuple[Rule, Rule]:
    """The error and its safe form for one of the two fields."""
    clause = f"附件4 表1 “{field}” 如 {example}"
    wrong = rule(
        f"{number}-1",
        Severity.ERROR,
        field,
        title=f"{field}是不带单位的整数",
        why="平台按数字排序，带单位、约数和小数不能入库。",
        source=clause,
        basis=EXAMPLE,
        says="“{value}”不是 0 或正整数，或者数字过大。",
        fix=f"请只填阿拉伯数字的整数，如 {example}{{hint}}。",
        bad="3.65万",
        good="36500",
    )
    safe = rule(
        f"{number}-1b",
        Severity.WARNING,
        field,
        title=f"{field}写法规范",
        why="这种写法只有一种读法，已按整数读取。",
        source=clause,
        basis=EXAMPLE,
        says="“{value}”不是规范写法，已按“{suggestion}”读取。",
        fix="请填“{suggestion}”。",
        bad=f"36,500{unit}",
        good="36500",
    )
    return wrong, safe


def _count_reader(wrong: Rule, safe: Rule) -> Reader:
    def read_count(text: str, kind: Kind, _settings: Settings) -> Reading:
        """Digits with separators, a unit or 万."""
        narrow = folded(text, _FORM)
        if narrow:
            return narrow
        plain = half_width(text).strip()
        grouped = re.fullmatch(
            rf"([0-9]{{1,3}}(?:,[0-9]{{3}}){{1,6}}|[0-9]{{1,18}})(?:\.0+)?\s*{_UNIT}", plain
        )
        value = str(int(grouped[1].replace(",", ""))) if grouped else ""
        if kind in (Kind.TEXT, Kind.NUMBER) and _FORM.fullmatch(value):
            return safe.found(value, safe=True)
        in_ten_thousands = re.fullmatch(rf"([0-9]{{1,12}}(?:\.[0-9]{{1,4}})?)\s*([万wW千])\s*{_UNIT}", plain)
        if in_ten_thousands:
            number = Decimal(in_ten_thousands[1]) * (1000 if in_ten_thousands[2] == "千" else 10000)
            if number == number.to_integral_value() and number < _HUGE:
                return wrong.found(f"{number:.0f}")
        spaced = re.sub(r"\s", "", plain)
        if re.fullmatch(r"[0-9]{1,3}(?:\s[0-9]{3})+", plain) and _FORM.fullmatch(spaced):
            return wrong.found(spaced)
        return wrong.found()

    return read_count


for _number, _field, _example, _word in (
    ("R13", "点击量", "36500", "次"),
    ("R14", "学习人数", "23500", "人"),
):
    reader(_field)(_count_reader(*_pair(_number, _field, _example, _word)))


@table_rule(
    "R13-2",
    Severity.WARNING,
    "学习人数",
    reads=("点击量", "学习人数"),
    title="学习人数不大于点击量",
    why="没有点击就没有学习，多半是两列填反了。",
    source="附件4 表1 “点击量”“学习人数”；两者的关系通知未规定",
    basis=INFERRED,
    says="学习人数“{value}”大于点击量“{clicks}”。",
    fix="请核对是否填反；确无问题的，请在“单位说明”中写明。",
    bad="""
    | 点击量 | 学习人数 |
    | 100 | >500< |
    """,
    good="100",
)
def more_learners_than_clicks(resources: pd.DataFrame) -> pd.DataFrame:
    """Blank cells are not compared."""
    both = resources[["@index", "点击量", "学习人数"]]
    both = both[filled(both["点击量"]) & filled(both["学习人数"])]
    clicks, learners = both["点击量"].astype("int64"), both["学习人数"].astype("int64")
    return both.assign(clicks=both["点击量"])[learners > clicks]


def _striking(groups: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The rows of those groups that hold a huge number, or whose numbers are all the same or all round."""
    count = groups.max(initial=-1) + 1
    one = np.zeros(count, dtype=np.int64)
    one[groups] = numbers
    various, uneven, huge = (
        in_groups_with(groups, mask)
        for mask in (numbers != one[groups], numbers % 1000 != 0, numbers >= _HUGE)
    )
    return ~various | ~uneven | huge


def _made_up(field: str) -> Check:
    def column_made_up(resources: pd.DataFrame) -> pd.DataFrame:
        """A whole column of a workbook, told at its first row; a huge number, told where it stands."""
        counted = resources[["@index", "@unit", "@workbook", field]]
        counted = rows_where(counted, filled(counted[field]))
        groups = groups_side_by_side(counted, ["@unit", "@workbook"])
        numbers = counted[field].astype("int64")
        striking = _striking(groups, np.asarray(numbers, dtype=np.int64))
        counted, numbers = counted.assign(workbook=groups)[striking], numbers[striking]
        if counted.empty:
            return counted
        by = numbers.groupby(counted["workbook"])
        rows, least, most = by.transform("size"), by.transform("min"), by.transform("max")
        many = (rows >= _FEWEST) & (least > 0)
        same = many & (least == most)
        round_ones = many & ~same & ((numbers % 1000).groupby(counted["workbook"]).transform("max") == 0)
        first = ~counted["workbook"].duplicated()
        huge = (numbers >= _HUGE) & ~same
        told = counted[huge | (first & (same | round_ones))].assign(what="大得不寻常，超过了 10 亿")
        count = rows[told.index].astype(str)
        what = told["what"].mask(first & round_ones, "等 " + count + " 行都是整千的数")
        return told.assign(what=what.mask(first & same, "在 " + count + " 行中完全相同"))

    return column_made_up


for _code, _field in (("R13-3", "点击量"), ("R13-3b", "学习人数")):
    table_rule(
        _code,
        Severity.NOTE,
        _field,
        reads=(_field,),
        title=f"{_field}是真实的统计",
        why="整列相同、都是整千或大得出奇的数，多半不是平台的统计。",
        source=f"附件4 表1 “{_field}”：该资源目前已经积累的{_field}；统计真实与否的判断通知未规定",
        basis=INFERRED,
        says="{field}“{value}”{what}。",
        fix="请核对是否为平台的真实统计；确实如此的，无须处理。",
        bad=f"| {_field} |\n| >8800< |" + "\n| 8800 |" * (_FEWEST - 1),
        good="8801",
    )(_made_up(_field))
