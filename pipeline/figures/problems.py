"""存在的问题 and 重复情况: the findings by rule, with examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

import pandas as pd

from pipeline.figures.frames import BLANK, how_many, records
from pipeline.figures.values import Chart, Column, Row, Section, Table, columns, rate
from pipeline.model import Severity
from pipeline.rules import REGISTER

EXAMPLES_OF, EXAMPLES = 10, 2
"""Of how many rules examples are shown, and how many of each."""

_BETWEEN, _EARLIER, _WITHIN = "不同单位之间", "与往年重复", "本单位之内"
_SCOPES = (("W02", _BETWEEN), ("W03", _EARLIER), ("Y0", _WITHIN))
"""Rules about a resource that is sent twice, by the beginning of their codes."""
_NO_DUPLICATES = frozenset({"Y05"})
"""What is told of rows that belong together, not of the same row twice."""

_EXAMPLE_COLUMNS = (
    Column("规则"),
    Column("单位"),
    Column("位置"),
    Column("当前值", short=False),
    Column("问题"),
    Column("怎么改", short=False),
)
_LONGEST = 120
_ROW = ["unit", "workbook", "row"]


def title_of(code: str) -> str:
    """What the rule demands; the rule of another version may be unknown."""
    rule = REGISTER.rules.get(code)
    return rule.title if rule else f"规则 {code}"


def problems(findings: pd.DataFrame, resources: pd.DataFrame | None) -> Section:
    """All findings by rule. resources: None if they were not looked at one by one."""
    said = f"共发现问题 {len(findings)} 处，涉及 {how_many(findings['unit'])} 个单位。"
    if findings.empty:
        return Section("problems", "存在的问题", (said,))
    table = by_rule("problems", "各类问题", findings, resources)
    sentences = (said, *_most_broken(table.rows))
    codes = [str(row[0]) for row in table.rows[:EXAMPLES_OF]]
    return Section("problems", "存在的问题", sentences, (table, _examples(findings, codes)))


def _most_broken(rows: Sequence[Row]) -> tuple[str, ...]:
    """The demands that most findings are about, those for information aside."""
    weighty = [row for row in rows if row[1] != Severity.NOTE][:3]
    named = "；".join(f"“{row[2]}”{row[3]} 处" for row in weighty)
    return (f"最常不符合的要求依次是：{named}。",) if named else ()


def by_rule(key: str, title: str, findings: pd.DataFrame, resources: pd.DataFrame | None) -> Table:
    """One row per rule, the most frequent first; the resources concerned only where they are known."""
    sizes = Counter(_columns(findings, "code", "severity"))
    distinct = set(_columns(findings, "code", "severity", "unit"))
    units = Counter((code, severity) for code, severity, unit in distinct if unit)
    touched: Mapping[str, int] = {}
    if resources is not None:
        on_rows = findings.drop_duplicates([*_ROW, "code"]).merge(resources[_ROW], on=_ROW)
        touched = {str(code): int(number) for code, number in on_rows["code"].value_counts().items()}
    rows: list[Row] = []
    for (code, severity), size in sorted(sizes.items()):
        concerned = () if resources is None else (touched.get(code, 0),)
        share = rate(size, len(findings))
        rows.append((code, severity, title_of(code), size, share, units[code, severity], *concerned))
    rows.sort(key=_most_frequent)
    names = ["规则", "级别", "要求", "处数", "占比", "涉及单位"]
    names += [] if resources is None else ["涉及资源"]
    chart = Chart("处", (3,), label=2)
    note = f"占比的分母是{'全部' if key == 'problems' else '本表'}问题的处数。"
    return Table(key, title, columns(*names, texts=3), tuple(rows), chart=chart, note=note)


def _most_frequent(row: Row) -> tuple[int, str]:
    return (-row[3] if isinstance(row[3], int) else 0, str(row[0]))


def _examples(findings: pd.DataFrame, codes: Sequence[str]) -> Table:
    """The first findings of each rule, each of another unit."""
    firsts: dict[str, list[int]] = {code: [] for code in codes}
    for (code, _), at in _first_places(_columns(findings, "code", "unit")).items():
        if code in firsts and len(firsts[code]) < EXAMPLES:
            firsts[code].append(at)
    kept = findings.iloc[list(chain.from_iterable(firsts.values()))]
    rows = tuple(
        (each["code"], each["unit"], where(each), _brief(each["value"]), each["message"], each["fix"])
        for each in records(kept)
    )
    return Table("examples", "常见问题举例", _EXAMPLE_COLUMNS, rows)


def _columns(findings: pd.DataFrame, *names: str) -> Iterator[tuple[str, ...]]:
    """The texts of some columns, by row."""
    return zip(*(findings[name].tolist() for name in names), strict=True)


def _first_places(rows: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
    """Where each of the distinct rows stands first, in the order of their first places."""
    places: dict[tuple[str, ...], int] = {}
    for at, row in enumerate(rows):
        places.setdefault(row, at)
    return places


def where(finding: Mapping[str, str]) -> str:
    """The cell, else the row, with its sheet; else the whole file."""
    at = finding["cell"] or (f"第 {finding['row']} 行" if finding["row"] else "")
    return " ".join(part for part in (finding["sheet"], at) if part) or "整个文件"


def _brief(text: str) -> str:
    """A value that is quoted; long ones are cut visibly."""
    return (text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…") or BLANK


def duplicates(findings: pd.DataFrame, resources: pd.DataFrame) -> Section:
    """What seems to be sent twice: between units, against earlier years, within a unit."""
    scopes = findings["code"].map(_scope).astype("object")
    found = findings.assign(scope=scopes)[scopes != ""]
    if found.empty:
        return Section("duplicates", "重复情况", ("没有发现疑似重复的资源。",))
    parts = "、".join(f"{scope} {int((found['scope'] == scope).sum())} 处" for _, scope in _SCOPES)
    units = how_many(found.loc[found["scope"] == _BETWEEN, "unit"])
    said = f"疑似重复共 {len(found)} 处，其中{parts}。"
    shared = (f"跨单位的疑似重复涉及 {units} 个单位，应由有关单位协商后由一方报送。",) if units else ()
    tables = (by_rule("duplicate_rules", "疑似重复的类别", found, resources), _doubles(found, resources))
    return Section("duplicates", "重复情况", (said, *shared), tables)


def _scope(code: str) -> str:
    if code in _NO_DUPLICATES:
        return ""
    return next((scope for start, scope in _SCOPES if code.startswith(start)), "")


def _doubles(found: pd.DataFrame, resources: pd.DataFrame) -> Table:
    named = found.merge(resources[[*_ROW, "资源名称"]].drop_duplicates(_ROW), on=_ROW, how="left")
    named["资源名称"] = named["资源名称"].fillna("")
    order = {scope: at for at, (_, scope) in enumerate(_SCOPES)}
    named = named.iloc[named["scope"].map(order).argsort(kind="stable")]
    rows = tuple(
        (each["scope"], each["unit"], each["资源名称"], where(each), each["message"])
        for each in records(named)
    )
    heads = columns("范围", "单位", "资源名称", "位置", "说明", texts=5)
    return Table("duplicate_list", "疑似重复的资源", heads, rows)
