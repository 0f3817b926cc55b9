"""总体情况, 报送情况 and 各单位情况: who sent what, when, and how it stands."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from pipeline.figures.frames import by_size, count, records, told
from pipeline.figures.values import (
    Cell,
    Chart,
    Column,
    Hours,
    KeyNumber,
    Row,
    Section,
    Table,
    columns,
    day,
    rate,
    shown,
    total_of,
)
from pipeline.model import Severity
from pipeline.settings import Settings
from pipeline.summarise import (
    ATTACHMENTS_ONLY,
    NOT_SENT,
    PASSED,
    RECEIVED,
    RECEIVED_AGAIN,
    RECOMMENDED,
    RETURNED,
    REVIEW,
    SENT_BACK,
    UNREADABLE,
)

STATES = (
    NOT_SENT, ATTACHMENTS_ONLY, UNREADABLE, RECEIVED, SENT_BACK, RECEIVED_AGAIN, REVIEW, PASSED, RECOMMENDED,
)  # fmt: skip
"""As a unit passes through them."""
ON_TIME, LATE = "按期", "逾期"
OF_RESOURCES = "通过率 = 通过 ÷ 资源数。"

_ROUND_NAMES = {"corrected": "已改正的问题", "remaining": "仍存在的问题", "new": "新出现的问题"}
_COUNT_NAMES = {
    "rows": "资源数",
    "passed": PASSED,
    "review": REVIEW,
    "returned": RETURNED,
    "errors": "错误",
    "warnings": "警告",
    "notes": "提示",
    **_ROUND_NAMES,
}


def key_numbers(units: pd.DataFrame, findings: pd.DataFrame, total: Hours | None) -> tuple[KeyNumber, ...]:
    """What stands at the head of the report; total: the hours, None if they were not counted."""
    rows, passed = count(units["rows"]), count(units["passed"])
    review, returned = count(units["review"]), count(units["returned"])
    length = () if total is None else (KeyNumber("总时长", total, "小时"),)
    return (
        KeyNumber("已报送单位", _sent(units), "个", f"共 {len(units)} 个单位"),
        KeyNumber("资源", rows, "个"),
        *length,
        KeyNumber(PASSED, passed, "个", f"占资源的 {shown(rate(passed, rows))}"),
        KeyNumber(REVIEW, review, "个", f"占资源的 {shown(rate(review, rows))}"),
        KeyNumber(RETURNED, returned, "个", f"占资源的 {shown(rate(returned, rows))}"),
        *(KeyNumber(each, number, "处") for each, number in _severities(findings).items()),
    )


def overall(
    units: pd.DataFrame, findings: pd.DataFrame, settings: Settings, when: dt.datetime, total: Hours | None
) -> Section:
    """总体情况, in two sentences."""
    rows = count(units["rows"])
    length = "" if total is None else f"，总时长 {shown(total)} 小时"
    verdicts = "、".join(
        f"{verdict} {number} 个（{shown(rate(number, rows))}）"
        for verdict, number in (
            (PASSED, count(units["passed"])),
            (REVIEW, count(units["review"])),
            (RETURNED, count(units["returned"])),
        )
    )
    severities = "、".join(f"{each} {number} 处" for each, number in _severities(findings).items())
    return Section(
        "overall",
        "总体情况",
        (
            f"根据《关于征集继续教育数字化资源的通知》（{settings.call.document}），截至{day(when)}，"
            f"{len(units)} 个单位中已有 {_sent(units)} 个报送，共报送资源 {rows} 个{length}。",
            f"按资源统计，{verdicts}。校验共发现{severities}。",
        ),
    )


def _sent(units: pd.DataFrame) -> int:
    return int((units["state"] != NOT_SENT).sum())


def _severities(findings: pd.DataFrame) -> dict[Severity, int]:
    found = Counter(findings["severity"].tolist())
    return {each: found[each] for each in Severity}


def submission(units: pd.DataFrame) -> Section:
    """报送情况: states, punctuality, regions, rounds, and who is missing."""
    sent, missing = units[units["state"] != NOT_SENT], units[units["state"] == NOT_SENT]
    on_time, late, unknown = _punctual(sent["on_time"].tolist())
    said = f"已报送的 {len(sent)} 个单位中，按期 {on_time} 个，逾期 {late} 个"
    said += f"，没有收件时间 {unknown} 个。" if unknown else "。"
    last = f"未报送的单位 {len(missing)} 个，名单见本部分末尾。" if len(missing) else ""
    tables = (_states(units), _punctuality(units), _regions(units), _rounds(sent), missing_table(units))
    return Section(
        "submission",
        "报送情况",
        (said, last) if last else (said,),
        tuple(table for table in tables if table.rows),
    )


def _punctual(sent: Sequence[str]) -> tuple[int, int, int]:
    """How many of those that sent something are 按期, 逾期, or neither."""
    found = Counter(sent)
    return found[ON_TIME], found[LATE], len(sent) - found[ON_TIME] - found[LATE]


def _states(units: pd.DataFrame) -> Table:
    """Unit type × state; states that no unit is in are left out."""
    states = set(units["state"].tolist())
    present = [*(state for state in STATES if state in states), *sorted(states.difference(STATES))]
    number = Counter(zip(units["type"].tolist(), units["state"].tolist(), strict=True))
    rows: list[Row] = []
    for kind in by_size(units["type"]):
        here = [number[kind, state] for state in present]
        rows.append((kind, sum(here), *here))
    chart = Chart("个单位", tuple(range(2, 2 + len(present))))
    heads = columns("单位类型", "单位数", *present)
    return Table("states", "各类单位的报送状态", heads, tuple(rows), total_of(rows), chart)


def _punctuality(units: pd.DataFrame) -> Table:
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in records(units[["type", "state", "on_time"]]):
        by_kind[each["type"]].append(each)
    rows: list[Row] = []
    for kind in by_size(units["type"]):
        mine = by_kind[kind]
        sent = [each["on_time"] for each in mine if _has_sent(each)]
        rows.append((kind, len(mine), *_punctual(sent), len(mine) - len(sent)))
    heads = columns("单位类型", "单位数", ON_TIME, LATE, "没有收件时间", NOT_SENT)
    return Table("punctuality", "各类单位按期和逾期", heads, tuple(rows), total_of(rows))


def _regions(units: pd.DataFrame) -> Table:
    by_region: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in records(units):
        by_region[each["region"]].append(each)
    rows: list[Row] = []
    for region in by_size(units["region"]):
        mine = by_region[region]
        sent, late = (sum(map(told, mine)) for told in (_has_sent, _is_late))
        totals = (sum(max(each[name], 0) for each in mine) for name in ("rows", "passed", "errors"))
        rows.append((region, len(mine), sent, len(mine) - sent, late, *totals))
    heads = columns("所属地区", "单位数", "已报送", NOT_SENT, LATE, "资源数", PASSED, "错误")
    chart = Chart("个单位", (2, 3))
    return Table("regions", "各地区的报送情况", heads, tuple(rows), total_of(rows), chart)


def _has_sent(unit: Mapping[str, Any]) -> bool:
    return bool(unit["state"] != NOT_SENT)


def _is_late(unit: Mapping[str, Any]) -> bool:
    return bool(unit["on_time"] == LATE)


def _rounds(sent: pd.DataFrame) -> Table:
    """By round; what was corrected, remains and is new only where that was told."""
    more = [name for name in _ROUND_NAMES if (sent[name] >= 0).any()]
    rows: list[Row] = []
    for number in sorted(set(sent["round"]), key=lambda text: (len(text), text)):
        label = f"第 {number} 轮" if number else "没有资源清单"
        rows.append((label, *_round(sent[sent["round"] == number], more)))
    heads = columns("轮次", "单位数", "资源数", PASSED, "通过率", *(_ROUND_NAMES[name] for name in more))
    total: Row = ("合计", *_round(sent, more)) if len(rows) > 1 else ()
    return Table("rounds", "报送轮次", heads, tuple(rows), total, note=OF_RESOURCES)


def _round(sent: pd.DataFrame, more: list[str]) -> tuple[Cell, ...]:
    rows, passed = count(sent["rows"]), count(sent["passed"])
    return (len(sent), rows, passed, rate(passed, rows), *(count(sent[name]) for name in more))


def missing_table(units: pd.DataFrame) -> Table:
    """未报送单位, by region and type."""
    missing = units[units["state"] == NOT_SENT].sort_values(["region", "type", "unit"])
    rows = tuple((each["unit"], each["type"], each["region"], each["overdue"]) for each in records(missing))
    heads = columns("单位", "单位类型", "所属地区", "逾期情况", texts=4)
    return Table("missing", "未报送单位", heads, rows)


def without_list(units: pd.DataFrame) -> Table:
    """未收到资源清单: units that sent something, but no workbook that can be read."""
    found = units[units["state"].isin([ATTACHMENTS_ONLY, UNREADABLE])].sort_values(["region", "type", "unit"])
    rows = tuple(
        (each["unit"], each["type"], each["region"], each["state"], each["overdue"])
        for each in records(found)
    )
    heads = columns("单位", "单位类型", "所属地区", "状态", "逾期情况", texts=5)
    return Table("without_list", "未收到资源清单", heads, rows)


def every_unit(units: pd.DataFrame) -> Table:
    """One row per unit, in the order of units.csv. The results of rounds only where they were told."""
    kept = [name for name in _COUNT_NAMES if name not in _ROUND_NAMES or (units[name] >= 0).any()]
    rows = []
    for each in records(units):
        share = rate(max(each["passed"], 0), max(each["rows"], 0))
        received = each["received"].replace("T", " ")[:16]
        last = (share, each["round"], received, each["on_time"], each["overdue"])
        numbers = [told(each[name]) for name in kept]
        rows.append((each["unit"], each["type"], each["region"], each["state"], *numbers, *last))
    heads = (
        *columns("单位", "单位类型", "所属地区", "状态", texts=4),
        *columns(*(_COUNT_NAMES[name] for name in kept), "通过率", texts=0),
        Column("轮次", numeric=True),
        *columns("收件时间", "按期或逾期", "逾期情况", texts=3),
    )
    return Table("units", "各单位情况", heads, tuple(rows), note=OF_RESOURCES, short=False)
