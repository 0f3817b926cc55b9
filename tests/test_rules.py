"""Every rule by its own example: found exactly at the mark, silent on the repaired cell."""

from __future__ import annotations

import functools
import re

import pandas as pd
import pytest

from pipeline.canonical import Table
from pipeline.fields import BY_NAME
from pipeline.model import Finding, Severity
from pipeline.rules import REGISTER, Rule
from pipeline.schema import right
from pipeline.settings import Settings
from pipeline.summarise import tell
from pipeline.validate import validate
from tests.small_tables import (
    BASES,
    NO_RESOURCES,
    OTHER_TABLES,
    RIGHT_ROW,
    RIGHT_VIDEO,
    SETTINGS,
    TODAY,
    read_markdown,
    resources_of,
    table_of,
)

TOLD_FROM_MORE_THAN_A_TEXT = {"R02-4", "R16-1b"}
FORM_RULES = [
    r
    for r in REGISTER.rules.values()
    if r.check is None and r.on in BY_NAME and r.code not in TOLD_FROM_MORE_THAN_A_TEXT
]
TABLE_RULES = [rule for rule, _ in REGISTER.table_rules()]
NUMERIC = {name for name, value in RIGHT_VIDEO.items() if isinstance(value, float)} | {"@measured"}
TEXT_RULES_ON = {
    "G01": "版权方",
    "G02": "资源名称",
    "G03": "资源类型",
    "G04": "部署平台",
    "G05": "版权方",
    "G06": "版权方",
    "G07": "资源名称",
}


def ids(rules: list[Rule]) -> list[str]:
    return [rule.code for rule in rules]


def of_code(findings: list[Finding], code: str) -> list[Finding]:
    return [found for found in findings if found.code == code]


@pytest.mark.parametrize("rule", FORM_RULES, ids=ids(FORM_RULES))
def test_form_rule_fires_on_its_example_and_is_silent_on_the_repaired_one(rule: Rule) -> None:
    bad, good = table_of([{rule.on: rule.bad}]).findings, table_of([{rule.on: rule.good}]).findings
    assert [(f.code, f.place.row, f.place.field) for f in bad] == [(rule.code, 2, rule.on)]
    assert good == []


@pytest.mark.parametrize("code", TEXT_RULES_ON)
def test_text_rule_fires_on_its_example_and_is_silent_on_the_repaired_one(code: str) -> None:
    rule, field = REGISTER.rules[code], TEXT_RULES_ON[code]
    assert [f.code for f in table_of([{field: rule.bad}]).findings] == [code]
    assert table_of([{field: rule.good}]).findings == []


def tables_for(rule: Rule, rows: list[dict[str, str]]) -> tuple[Table, dict[str, pd.DataFrame]]:
    """The tables that a rule's example stands for, the cells it leaves out being right."""
    fields = [{k: v for k, v in row.items() if k in BY_NAME or k == "@unit"} for row in rows]
    if rule.table in NO_RESOURCES:
        here = {"@unit": "示例学院", "@workbook": "清单.xlsx", **NO_RESOURCES[rule.table]}
        return table_of([{}]), {rule.table: pd.DataFrame([{**here, **row} for row in rows])}
    base = BASES.get(rule.table, {})
    table = table_of([{**{k: v for k, v in base.items() if k in BY_NAME}, **row} for row in fields])
    resources = resources_of(table)
    extra = [
        {k: float(v) if k in NUMERIC else v for k, v in row.items() if k not in BY_NAME and k != "@unit"}
        for row in rows
    ]
    if rule.table == "resources":
        resources = resources.assign(**pd.DataFrame(extra, index=resources.index))
        return table, {**OTHER_TABLES, "resources": resources}
    frame = pd.DataFrame([{k: v for k, v in base.items() if k not in BY_NAME} | row for row in extra])
    frame["@index"] = resources.index
    return table, {rule.table: frame.join(resources[[c for c in resources if c not in frame]], on="@index")}


def settings_for(rows: list[dict[str, str]]) -> Settings:
    """The settings that an example asks for: a `profile`, limits of covers as `cover.min_width`."""
    named = {name: text for row in rows for name, text in row.items() if text}
    limits = {n.removeprefix("cover."): int(text) for n, text in named.items() if n.startswith("cover.")}
    cover = SETTINGS.cover.model_copy(update=limits)
    listed = tuple(filter(None, named.get("categories", "").split(";")))
    return SETTINGS.model_copy(
        update={"profile": named.get("profile", SETTINGS.profile), "cover": cover, "categories": listed}
    )


def run_alone(rule: Rule, rows: list[dict[str, str]]) -> list[Finding]:
    table, tables = tables_for(rule, rows)
    others = tuple(REGISTER.rules.keys() - {rule.code})
    outcome = validate(table, tables, settings_for(rows).model_copy(update={"off": others}), TODAY)
    assert [fault for fault in outcome.faults if fault[0] == rule.code] == []
    assert rule.code not in outcome.skipped
    assert {found.code for found in outcome.findings} <= {rule.code}
    return of_code(outcome.findings, rule.code)


@pytest.mark.parametrize("rule", TABLE_RULES, ids=ids(TABLE_RULES))
def test_table_rule_fires_exactly_at_the_mark_and_is_silent_on_the_repaired_one(rule: Rule) -> None:
    rows, marked = read_markdown(rule.bad)
    found = run_alone(rule, rows)
    if rule.table in NO_RESOURCES:
        assert len(found) == len(marked)
    else:
        units = [row.get("@unit", "") for row in rows]
        expected = {(units[n] or "示例学院", 2 + units[:n].count(units[n])) for n, _ in marked}
        assert {(f.place.unit, f.place.row) for f in found} == expected
        assert {f.place.field for f in found} == {rule.on}
    repaired = [dict(row) for row in rows]
    repaired[marked[-1][0]][marked[-1][1]] = rule.good
    assert run_alone(rule, repaired) == []


@pytest.mark.parametrize("rule", [r for r in TABLE_RULES if r.table == "resources"], ids=lambda r: r.code)
def test_other_rows_change_nothing_but_addresses(rule: Rule) -> None:
    rows, _ = read_markdown(rule.bad)
    if any("@unit" in row for row in rows):
        above = [
            {"@unit": "丙大学", "资源名称": f"别的{n}", "资源链接": f"https://c.cn/{n}"} for n in range(3)
        ]
    else:
        above = [
            {
                "资源名称": f"别的{n}",
                "资源简介": f"介绍与别的资源都不相同的内容，适合科普学习{n}。",
                "资源链接": f"https://c.cn/{n}",
                "资源类型": "B0" if n == 1 else "A03",
            }
            for n in range(3)
        ]
    shift = 0 if "@unit" in above[0] else len(above)
    found = [(f.place.unit, f.place.row - shift, f.value) for f in run_alone(rule, above + rows)]
    assert found == [(f.place.unit, f.place.row, f.value) for f in run_alone(rule, rows)]


@pytest.mark.parametrize("rule", TABLE_RULES, ids=ids(TABLE_RULES))
def test_table_rule_is_silent_on_right_and_on_empty_tables(rule: Rule) -> None:
    if rule.table in NO_RESOURCES:
        pytest.skip("has no fields")
    assert run_alone(rule, [{}]) == []
    table, tables = tables_for(rule, [{}])
    empty = {**tables, rule.table: tables[rule.table].iloc[:0]}
    alone = SETTINGS.model_copy(update={"off": tuple(REGISTER.rules.keys() - {rule.code})})
    assert validate(table, empty, alone, TODAY).faults == []


@functools.cache
def all_example_findings() -> list[Finding]:
    found = [f for rule in FORM_RULES for f in table_of([{rule.on: rule.bad}]).findings]
    return found + [f for rule in TABLE_RULES for f in run_alone(rule, read_markdown(rule.bad)[0])]


def test_every_suggestion_is_accepted_by_the_fields_own_rules() -> None:
    suggested = [f for f in all_example_findings() if f.suggestion and f.place.field in BY_NAME]
    assert len(suggested) > 20
    for found in suggested:
        is_right = right(BY_NAME[found.place.field], SETTINGS)
        assert is_right(found.suggestion), found
        assert table_of([{found.place.field: found.suggestion}]).findings == [], found


PROGRAMMERS = re.compile(
    r"\b(?:nan|none|null|dtype|regex|index|float|int|str|true|false|traceback|exception|error)\b|非法|[{}]",
    re.IGNORECASE,
)


def test_messages_are_one_plain_sentence() -> None:
    told = tell(all_example_findings(), SETTINGS)
    assert {each.finding.code for each in told} >= {rule.code for rule in FORM_RULES + TABLE_RULES}
    for each in told:
        for sentence in (each.message, each.fix):
            assert not PROGRAMMERS.search(sentence), sentence
            own_words = re.sub(r"“[^”]*”", "", sentence)
            assert re.fullmatch(r"[^。]+。", own_words), sentence


@pytest.mark.parametrize("rule", REGISTER.rules.values(), ids=list(REGISTER.rules))
def test_what_a_unit_reads_names_no_setting(rule: Rule) -> None:
    """Sentences and clause stand in the returned workbook; settings are the province's."""
    for text in (rule.says, rule.fix, rule.source):
        assert not re.search(r"config|yaml|make |python", text), text


@pytest.mark.parametrize("rule", REGISTER.rules.values(), ids=list(REGISTER.rules))
def test_rule_says_all_that_a_reader_needs(rule: Rule) -> None:
    assert rule.title
    assert rule.why.endswith("。")
    assert rule.source
    assert rule.basis in {"明", "例", "推", "外"}
    assert rule.severity in set(Severity)
    assert rule.bad != rule.good


def test_base_row_is_right() -> None:
    assert table_of([RIGHT_ROW]).findings == []
