"""Rules over tables: what crashes is a fault, what cannot run is listed, a malformed cell is told once."""

from __future__ import annotations

import pandas as pd
import pytest
from msgspec.structs import replace

from pipeline.model import Severity
from pipeline.rules import REGISTER
from pipeline.rules.rule import Reading
from pipeline.summarise import tell
from pipeline.validate import SWITCHED_OFF, measured_suggestions, validate
from tests.small_tables import OTHER_ROW, SETTINGS, TODAY, resources_of, table_of


def outcome_of(rows: list[dict[str, str]], **changes: object):  # type: ignore[no-untyped-def]
    table = table_of(rows)
    settings = SETTINGS.model_copy(update=changes)
    return table, validate(table, {"resources": resources_of(table)}, settings, TODAY)


def test_a_rule_that_crashes_is_a_fault_without_values_and_stops_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def crash(resources: pd.DataFrame) -> pd.DataFrame:
        raise KeyError(resources["主讲人"].iloc[0])

    monkeypatch.setitem(REGISTER.rules, "R01-1", replace(REGISTER.rules["R01-1"], check=crash))
    _, outcome = outcome_of([{"资源ID": "001", "主讲人": "王小明", "版权方": "本校"}])
    [(code, trace)] = outcome.faults
    assert code == "R01-1"
    assert "KeyError" in trace
    assert "王小明" not in trace
    assert [f.code for f in outcome.findings] == ["R11-2"]


def test_a_reader_that_crashes_is_a_fault_and_other_fields_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(text: str, *_: object) -> Reading:
        raise ValueError(text)

    monkeypatch.setitem(REGISTER.readers, "关键词", crash)
    table = table_of([{"关键词": "甲、乙", "创建时间": "2022.3"}])
    assert [name for name, _ in table.faults] == ["关键词"]
    assert [f.code for f in table.findings] == ["R10-3"]


def test_a_rule_without_its_table_or_switched_off_is_listed_with_the_reason() -> None:
    _, outcome = outcome_of([{"资源ID": "001"}], off=("R01-1",))
    assert outcome.findings == []
    assert outcome.skipped["R01-1"] == SWITCHED_OFF
    assert outcome.skipped["M04"] == "没有可供检查的文件"


def test_a_malformed_cell_is_told_once_and_seen_by_no_other_rule() -> None:
    table, outcome = outcome_of(
        [
            {"创建时间": "2099.3", "所属系列": "航天", "所属顺序": "01-02"},
            {**OTHER_ROW, "所属系列": "航天", "所属顺序": "01"},
        ]
    )
    assert {f.code for f in table.findings} == {"R10-3", "R07-2b"}
    assert outcome.findings == []


def test_severity_of_a_code_and_of_safe_corrections_can_be_set() -> None:
    table = table_of([{"关键词": "甲、乙"}, {"创建时间": "2022.3.23"}])
    changed = SETTINGS.model_copy(
        update={"severity": {"R17-1": Severity.WARNING}, "safe_corrections": "错误"}
    )
    assert [each.severity for each in tell(table.findings, changed)] == [Severity.WARNING, Severity.ERROR]
    assert [each.severity for each in tell(table.findings, SETTINGS)] == [Severity.ERROR, Severity.WARNING]
    assert tell(table.findings, SETTINGS.model_copy(update={"off": ("R17-1", "R10-2")})) == []


def test_the_measured_length_settles_an_ambiguous_one() -> None:
    table = table_of([{"资源时长": "45:30"}, {"资源时长": "2:45:32"}, {"资源时长": "45:30"}])
    measured_suggestions(table, pd.Series([2730.2, 9932.0, float("nan")]))
    assert [f.suggestion for f in table.findings] == ["00:45:30", "02:45:32", ""]
