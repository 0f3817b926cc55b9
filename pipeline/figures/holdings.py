"""资源情况: numbers, hours and verdicts by type, category, region and unit type."""

from __future__ import annotations

import pandas as pd

from pipeline.figures.frames import by_size
from pipeline.figures.values import Cell, Chart, Column, Row, Section, Table, hours, rate, shown
from pipeline.summarise import PASSED, RETURNED, REVIEW

VERDICTS = (PASSED, REVIEW, RETURNED)

_COLUMNS = (
    Column("报送单位", numeric=True, short=False),
    Column("资源数", numeric=True),
    Column("占比", numeric=True),
    Column("时长（小时）", numeric=True),
    Column("其中实测（小时）", numeric=True, short=False),
    *(Column(verdict, numeric=True) for verdict in VERDICTS),
    *(Column(f"{verdict}率", numeric=True) for verdict in VERDICTS),
)
_FIRST_VERDICT = 6
_NOTE = "占比的分母是全部资源；通过率、待复核率、退回率的分母是本行的资源数。"


def holdings(resources: pd.DataFrame) -> Section:
    """What there is, under four headings."""
    total, measured = hours(int(resources["ms"].sum())), hours(int(resources["measured_ms"].sum()))
    unknown = int((resources["ms"] == 0).sum())
    said = f"共 {len(resources)} 个资源，总时长 {shown(total)} 小时"
    said += f"，其中 {shown(measured)} 小时按文件实测，其余按单位填报"
    said += f"；没有时长的资源 {unknown} 个。" if unknown else "。"
    tables = (
        _breakdown("by_kind", "各类型的资源", "资源类型", resources, "kind"),
        _breakdown("by_category", "各分类的资源", "所属分类（第一级）", resources, "category"),
        _breakdown("by_region", "各地区的资源", "所属地区", resources, "region"),
        _breakdown("by_unit_type", "各类单位的资源", "单位类型", resources, "unit_type"),
    )
    return Section("holdings", "资源情况", (said,), tuple(table for table in tables if table.rows))


def _breakdown(key: str, title: str, label: str, resources: pd.DataFrame, by: str) -> Table:
    """Numbers, hours and verdicts of the resources under each label."""
    grouped = {str(name): rows for name, rows in resources.groupby(by, sort=False)}
    whole = len(resources)
    rows: tuple[Row, ...] = tuple((name, *_held(grouped[name], whole)) for name in by_size(resources[by]))
    total: Row = ("合计", *_held(resources, whole)) if len(rows) > 1 else ()
    series = tuple(range(_FIRST_VERDICT, _FIRST_VERDICT + len(VERDICTS)))
    chart = Chart("个资源", series)
    return Table(key, title, (Column(label), *_COLUMNS), rows, total, chart, _NOTE)


def _held(resources: pd.DataFrame, whole: int) -> tuple[Cell, ...]:
    number = len(resources)
    verdicts = [int((resources["verdict"] == verdict).sum()) for verdict in VERDICTS]
    return (
        int(resources["unit"].nunique()),
        number,
        rate(number, whole),
        hours(int(resources["ms"].sum())),
        hours(int(resources["measured_ms"].sum())),
        *verdicts,
        *(rate(each, number) for each in verdicts),
    )
