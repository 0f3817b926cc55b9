"""What the run shows at its end: one table, and where to look next."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from rich.table import Table

    from pipeline.assess import Result
    from pipeline.summarise import UnitSummary

MOST_LINES = 60
_UNREAD = ("F01", "F01b")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What a terminal obeys instead of showing it; sentences may quote a sheet's name or a cell."""
_COLUMNS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("单位", "left"),
    ("资源", "right"),
    ("错误", "right"),
    ("警告", "right"),
    ("结论", "left"),
    ("退回的文件", "left"),
)


def show(result: Result, output: Path) -> None:
    """One table of units, the rules that did not run, and where to look next."""
    # Terminals without the system's blessing say so in this variable, which rich goes by as well.
    if sys.stdout.isatty() or os.environ.get("TTY_COMPATIBLE") == "1":
        from rich.console import Console

        # Names come from outside: nothing in them is an instruction to the console.
        Console(highlight=False, markup=False, emoji=False).print(_table(result))
    else:
        _print_lines(result)
    for line in _summary(result, output):
        print(_CONTROL.sub("\ufffd", line))


def _summary(result: Result, output: Path) -> Iterator[str]:
    errors = sum(unit.counts.errors for unit in result.sent)
    warnings = sum(unit.counts.warnings for unit in result.sent)
    rows = sum(unit.rows for unit in result.sent)
    passed = sum(unit.passed for unit in result.sent)
    yield (
        f"合计：{len(result.sent)} 个单位，{rows} 个资源，通过 {passed} 个；"
        f"错误 {errors} 处，警告 {warnings} 处。"
    )
    for each in result.told:
        if not each.finding.place.unit:
            yield f"注意：{each.message}{each.fix}"
    unread = [each for each in result.told if each.finding.code in _UNREAD and each.finding.place.unit]
    for each in unread[:MOST_LINES]:
        yield f"{each.finding.place.unit}：{each.message}{each.fix}"
    if len(unread) > MOST_LINES:
        yield f"……共 {len(unread)} 个文件无法读取，其余见 findings.csv。"
    if result.ignored:
        yield f"另有 {result.ignored} 个临时文件和系统文件，已略过。"
    yield from _not_run(result.skipped)
    if result.unsent:
        yield f"注意：{result.unsent.message}{result.unsent.fix}"
    for remark in result.remarks:
        yield f"注意：{remark}"
    for where, _ in result.faults:
        yield f"程序故障：处理“{where}”时出错，其余结果不受影响；请把 run.json 转给维护人员。"
    returned = f"；退回各单位的工作簿在 {output / '退回'}" if result.files else ""
    yield f"逐条问题见 {output / 'findings.csv'}{returned}。"
    yield "某条规则的说明：python -m pipeline explain 规则代码"


def _not_run(skipped: Mapping[str, str]) -> Iterator[str]:
    """The rules that did not run, those with the same reason together."""
    by_reason: dict[str, list[str]] = {}
    for code, reason in sorted(skipped.items()):
        by_reason.setdefault(reason, []).append(code)
    for reason, codes in by_reason.items():
        yield f"未执行的规则 {'、'.join(codes)}：{reason}。"


def _cells(unit: UnitSummary, files: list[str], joint: str) -> tuple[str, ...]:
    counts = unit.counts
    told = (unit.unit, unit.rows, counts.errors, counts.warnings, unit.state, joint.join(files) or "—")
    return tuple(str(each) for each in told)


def _table(result: Result) -> Table:
    from rich.table import Table

    table = Table(title="校验结果")
    for name, justify in _COLUMNS:
        table.add_column(name, justify=justify, overflow="fold")
    for unit in result.sent[:MOST_LINES]:
        table.add_row(*_cells(unit, result.files.get(unit.unit, []), "\n"))
    if len(result.sent) > MOST_LINES:
        table.add_row(f"……共 {len(result.sent)} 个单位，其余见 units.csv")
    return table


def _print_lines(result: Result) -> None:
    print(*(name for name, _ in _COLUMNS), sep="\t")
    for unit in result.sent:
        cells = _cells(unit, result.files.get(unit.unit, []), "；")
        print(*(_CONTROL.sub("\ufffd", cell) for cell in cells), sep="\t")
