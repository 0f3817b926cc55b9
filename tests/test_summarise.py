"""What a finding counts for: a row, all rows, or the unit alone."""

from __future__ import annotations

import pytest

from pipeline.model import Finding, Place
from pipeline.summarise import tally, tell
from tests.small_tables import SETTINGS, submission

UNIT, BOOK = "示例学院", "清单.xlsx"


@pytest.mark.parametrize(
    ("place", "verdicts"),
    [
        (Place(UNIT, BOOK, "资源清单", 2, "版权方", "K2"), ["退回", "通过"]),
        (Place(UNIT, BOOK, "资源清单", 1, "版权方", "K1"), ["退回", "退回"]),
        (Place(UNIT, BOOK), ["退回", "退回"]),
        (Place(UNIT, BOOK, "平台资质", 2, "等保级别", "C2"), ["通过", "通过"]),
        (Place(UNIT, BOOK, "单位信息", 3, "手机", "B3"), ["通过", "通过"]),
        (Place(UNIT), ["通过", "通过"]),
    ],
)
def test_an_error_sends_back_what_it_concerns(place: Place, verdicts: list[str]) -> None:
    counts = tally(tell([Finding("R11-1", place)], SETTINGS), [submission([{}, {}])])
    assert [counts.verdict(UNIT, BOOK, row) for row in (2, 3)] == verdicts
    assert counts.units[UNIT].errors == 1
