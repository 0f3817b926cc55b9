"""Formulas that reach outside their workbook: told by the reader, left out of what goes back."""

from __future__ import annotations

import re

_ELSEWHERE = re.compile(r"(?<![\w\]])\[[0-9]+\][^\[\]]*!|\|[^!]*!")
"""`[1]表!A1`, `'[1]表'!A1`, `[1]!名称`, and a conversation with another program: `cmd|'…'!A0`."""

_STRINGS = re.compile(r'"[^"]*"')


def points_outside(formula: str) -> bool:
    """Whether a formula reads from another workbook or another program."""
    return ("[" in formula or "|" in formula) and bool(_ELSEWHERE.search(_STRINGS.sub('""', formula)))
