"""docs/performance.md from a result, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.bench.figures import GOALS, Figure, Goal
from tests.bench.parts import PARTS
from tests.bench.result import Before, Measured, Result

FILE = "performance.md"
_INTRODUCTION = """# Performance

How fast the program is beside other tools. `make bench` measures it and writes this page; the same numbers
stand in [performance.json](performance.json) for programs.

Seconds differ from machine to machine, ratios hardly do. So each thing is measured beside something known,
in turn in one run (A B A B), on generated calls. A ratio is the median of the pairs, with the least and the
most of them in brackets; below 1 it is given in percent. The last column compares with the result before;
only on a machine of the same description is the difference called a change.

The goals are for the call of a whole province: 250 workbooks with 200 rows each."""


def page(result: Result) -> str:
    """The whole page, parts in their own order."""
    parts = {name: result.parts[name] for name in PARTS if name in result.parts}
    sections = [_INTRODUCTION, _goals(parts), _machine(parts)]
    return "\n\n".join([*sections, *(_section(name, part, parts) for name, part in parts.items())]) + "\n"


def _goals(parts: Mapping[str, Measured]) -> str:
    figures = {figure.key: (figure, part) for part in parts.values() for figure in part.figures}
    rows = []
    for goal in GOALS:
        figure, part = figures.get(goal.key, (None, None))
        value = figure.value if figure else None
        shown = _value(figure) if figure else "not measured"
        rows.append((goal.says, shown, verdict(goal, value), _history(figure, part.before if part else None)))
    return "## Goals\n\n" + _table(("goal", "measured", "", "before → now"), rows)


def verdict(goal: Goal, value: float | None) -> str:
    """达到, 未达到, or 未测."""
    return "未测" if value is None else "达到" if goal.met(value) else "未达到"


def _machine(parts: Mapping[str, Measured]) -> str:
    newest = _newest(parts)
    if newest is None:
        return "## Machine\n\nNothing was measured."
    rows = [*newest.machine.items(), *newest.software.items()]
    return "## Machine\n\n" + _table(("", ""), rows)


def _newest(parts: Mapping[str, Measured]) -> Measured | None:
    return max(parts.values(), key=lambda part: part.date, default=None)


def _section(name: str, part: Measured, parts: Mapping[str, Measured]) -> str:
    newest = _newest(parts)
    elsewhere = newest is not None and part.machine != newest.machine
    where = f", on another machine: {', '.join(part.machine.values())}" if elsewhere else ""
    measured = f"Measured {part.date}, {part.scale}{where}."
    heads = ("what", "this program", "compared with", "ratio", "before → now")
    rows = [
        (figure.what, _side(figure), _other(figure), _ratio(figure), _history(figure, part.before))
        for figure in part.figures
    ]
    return f"## {PARTS[name].title}\n\n{PARTS[name].says.strip()}\n\n{measured}\n\n{_table(heads, rows)}"


# --- cells -----------------------------------------------------------------------------------------


def line(figure: Figure) -> str:
    """A figure for the screen."""
    said = (figure.what, _side(figure), _other(figure), _ratio(figure))
    return " | ".join(each for each in said if each)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows))


def _side(figure: Figure) -> str:
    shown = f"{_number(figure.ours)} {figure.unit}" if figure.ours is not None else ""
    return f"{shown} ({figure.note})" if shown and figure.note else shown or figure.note


def _other(figure: Figure) -> str:
    return (
        figure.against if figure.other is None else f"{figure.against}: {_number(figure.other)} {figure.unit}"
    )


def _ratio(figure: Figure) -> str:
    if figure.ratio is None:
        return ""
    least, most = as_ratio(figure.ratio.least), as_ratio(figure.ratio.most)
    return as_ratio(figure.ratio.value) + (f" ({least} to {most})" if least != most else "")


def _value(figure: Figure) -> str:
    if figure.value is None:
        return figure.note
    return (
        as_ratio(figure.ratio.value) if figure.ratio is not None else f"{_number(figure.value)} {figure.unit}"
    )


def _history(figure: Figure | None, before: Before | None) -> str:
    """`5.2 × → 3.9 × (−25 %)`, or nothing where there is nothing to compare."""
    if figure is None or figure.value is None or before is None or figure.key not in before.values:
        return ""
    was = before.values[figure.key]
    show = as_ratio if figure.ratio else lambda value: f"{_number(value)} {figure.unit}"
    change = f"{(figure.value / was - 1) * 100:+.0f} %".replace("-", "−") if was else "from nothing"
    return f"{show(was)} → {show(figure.value)} ({change if before.same_machine else 'another machine'})"


def as_ratio(value: float) -> str:
    """`3.9 ×`, or `4.1 %` for what is less than one."""
    return f"{_number(value * 100)} %" if value < 1 else f"{_number(value)} ×"


def _number(value: float) -> str:
    """Three digits that count."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3g}"
