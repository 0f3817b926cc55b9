"""与上一轮相比: this snapshot against the one before."""

from __future__ import annotations

from pipeline.figures.submission import OF_RESOURCES
from pipeline.figures.values import (
    Cell,
    Change,
    Hours,
    HoursChange,
    Rate,
    RateChange,
    Row,
    Section,
    Snapshot,
    Table,
    UnitCount,
    columns,
    rate,
)
from pipeline.summarise import NOT_SENT, PASSED, RETURNED, REVIEW

_COMPARED = ("rows", "passed", "errors")


def changes(now: Snapshot, before: Snapshot | None) -> Section:
    """Totals side by side, then the units that stand differently."""
    if before is None:
        return Section("changes", "与上一轮相比", ("没有上一轮的结果可以比较。",))
    rows = tuple(
        (label, old, new, _difference(old, new))
        for (label, old), (_, new) in zip(_totals(before), _totals(now), strict=True)
    )
    heads = columns("指标", f"上一轮（{before.day}）", f"本轮（{now.day}）", "增减")
    units = _changed_units(before, now)
    known = len({each.unit for each in (*now.units, *before.units)})
    said = f"与上一轮（{before.day}）相比，{len(units.rows)} 个单位的情况有变化，"
    said += f"{known - len(units.rows)} 个没有变化。"
    tables = (Table("changes", "总体变化", heads, rows, note=OF_RESOURCES), units)
    return Section("changes", "与上一轮相比", (said,), tuple(table for table in tables if table.rows))


def _totals(snapshot: Snapshot) -> list[tuple[str, Cell]]:
    units = snapshot.units
    rows, passed = sum(each.rows for each in units), sum(each.passed for each in units)
    return [
        ("单位数", len(units)),
        ("已报送单位", sum(each.state != NOT_SENT for each in units)),
        ("资源数", rows),
        ("时长（小时）", Hours(snapshot.hours)),
        (PASSED, passed),
        (REVIEW, sum(each.review for each in units)),
        (RETURNED, sum(each.returned for each in units)),
        ("通过率", rate(passed, rows)),
        ("错误", sum(each.errors for each in units)),
        ("警告", sum(each.warnings for each in units)),
    ]


def _difference(old: Cell, new: Cell) -> Cell:
    if isinstance(old, Rate) and isinstance(new, Rate):
        return RateChange(round(new - old, 3))
    if isinstance(old, Hours) and isinstance(new, Hours):
        return HoursChange(round(new - old, 2))
    return Change(new - old) if isinstance(old, int) and isinstance(new, int) else None


def _changed_units(before: Snapshot, now: Snapshot) -> Table:
    old, new = ({each.unit: each for each in one.units} for one in (before, now))
    rows = [
        _compared(unit, old.get(unit), new.get(unit))
        for unit in sorted({*old, *new})
        if old.get(unit) != new.get(unit)
    ]
    counted = ("资源数", "资源增减", PASSED, "通过增减", "错误", "错误增减")
    heads = columns("单位", "上一轮状态", "本轮状态", *counted, texts=3)
    return Table("changed_units", "情况有变化的单位", heads, tuple(rows))


def _compared(unit: str, old: UnitCount | None, new: UnitCount | None) -> Row:
    cells: list[Cell] = [unit, old.state if old else "没有此单位", new.state if new else "没有此单位"]
    for name in _COMPARED:
        then, today = getattr(old, name, 0), getattr(new, name, 0)
        cells += [today, Change(today - then)]
    return tuple(cells)
