"""点击量 and 学习人数: whole numbers (规则 R13, R14)."""

from __future__ import annotations

import re
from decimal import Decimal

from pipeline.fields import BY_NAME
from pipeline.model import Kind, Severity
from pipeline.rules.rule import EXAMPLE, Reader, Reading, Rule, reader, rule
from pipeline.rules.text import folded, half_width
from pipeline.settings import Settings

_FORM = re.compile(BY_NAME["点击量"].form)
_UNIT = r"(?:人次|次|人|个|名|余次|位)?"


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
            if number == number.to_integral_value() and _FORM.fullmatch(f"{number:.0f}"):
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
