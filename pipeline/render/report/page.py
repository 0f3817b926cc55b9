"""The report as one page that works offline: no request, no code but its own, texts always inert.

The templates lie beside this module. Tables and charts stand in the page as such and read and
print without scripts; the script adds sorting, filters and the way from region to finding.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import pandas as pd
from markupsafe import Markup, escape

from pipeline.figures.values import Cell, Column, Figures, Row, Table, bars, shown
from pipeline.render.inert import clean
from pipeline.render.report.palette import colour

_HERE = Path(__file__).parent
_WIDTH = 1000
"""Units of a bar's drawing from side to side."""

_SHOWN = ("sheet", "row", "field", "cell", "code", "severity", "value", "message", "fix", "suggestion")
"""What the page has of a finding, beside its unit; page.js knows the order."""


def page(figures: Figures, findings: pd.DataFrame | None = None) -> bytes:
    """The page as UTF-8. findings: findings.csv as text, for the way down to each; None: without it."""
    names = _unit_names(figures, findings)
    codes = _codes(findings)
    style, script = _text("page.css"), _text("page.js") if findings is not None else _text("tables.js")
    if findings is not None:
        script = _text("tables.js") + script
    text = _template().render(
        figures=figures,
        regions=_regions(figures, names) if findings is not None else (),
        data=None if findings is None else _data(figures, findings, names, codes),
        link=_links(figures, names, codes) if findings is not None else _no_link,
        style=Markup(style),  # noqa: S704 (our own file)
        script=Markup(script),  # noqa: S704 (our own file)
        policy=_policy(style, script),
    )
    return text.encode("utf-8")


def _policy(style: str, script: str) -> str:
    """Nothing may be fetched, sent or run, but this style and this script, known by their digests."""
    own = f"style-src {_digest(style)}; script-src {_digest(script)}"
    return f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode()}'"


def _text(name: str) -> str:
    return (_HERE / name).read_text("utf-8")


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True,
        finalize=_printed,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "drawn": _drawn,
        "line": _line,
        "no_link": _no_link,
        "numeral": "一二三四五六七八九十".__getitem__,
    }
    return environment.from_string(_text("page.html.j2"))


def _printed(value: Any) -> Any:
    """Whatever the template puts out is printed as everywhere, and cleaned; markup of our own stays."""
    return value if isinstance(value, Markup) else clean(shown(value))


Link = Callable[[str, Cell], str]
"""(column name, cell) → the fragment that leads to it, or ""."""


_SENTENCES = frozenset({"问题", "怎么改"})
"""Columns of whole sentences, which a long value beside them must not press together."""


def _line(columns: Sequence[Column], row: Row, link: Link) -> Markup:
    """A row of a table. Not left to the template, which takes four times as long for a thousand units."""
    cells = "".join(_cell(column, cell, link) for column, cell in zip(columns, row, strict=True))
    return Markup(f"<tr>{cells}</tr>")  # noqa: S704 (every text in it is escaped)


def _cell(column: Column, cell: Cell, link: Link) -> str:
    """A cell; data-v is its number, as the script compares it."""
    kind = "number" if column.numeric else "wide" if column.name in _SENTENCES else ""
    look = f' class="{kind}"' if kind else ""
    number = "" if cell is None or isinstance(cell, str) else f' data-v="{float(cell)!r}"'
    text = escape(clean(shown(cell)))
    way = link(column.name, cell)
    return f'<td{look}{number}><a href="{way}">{text}</a></td>' if way else f"<td{look}{number}>{text}</td>"


# --- charts ---------------------------------------------------------------------------------


class Segment(NamedTuple):
    """A part of a bar, in units of the drawing."""

    left: int
    width: int
    colour: str


class Bar(NamedTuple):
    """One line of a chart: label, its parts, and the numbers in words."""

    label: str
    segments: tuple[Segment, ...]
    says: str


class Drawn(NamedTuple):
    """A chart as the page shows it. legend: name and colour of each series, if there are several."""

    title: str
    unit: str
    legend: tuple[tuple[str, str], ...]
    bars: tuple[Bar, ...]


def _drawn(table: Table) -> Drawn:
    chart = bars(table)
    most = max((_length(values) for _, values in chart.rows), default=0) or 1
    several = len(chart.series) > 1
    legend = tuple((name, colour(name)) for name in chart.series) if several else ()
    lines = tuple(
        Bar(label, _segments(values, chart.series, most), _in_words(values, chart.series))
        for label, values in chart.rows
    )
    return Drawn(chart.title, chart.unit, legend, lines)


def _length(values: tuple[Cell, ...]) -> float:
    return sum(value for value in values if isinstance(value, int | float))


def _segments(values: tuple[Cell, ...], series: tuple[str, ...], most: float) -> tuple[Segment, ...]:
    """Side by side; what is not nothing is at least a hair wide."""
    segments, left = [], 0
    for value, name in zip(values, series, strict=True):
        if isinstance(value, int | float) and value > 0:
            width = max(3, round(value / most * _WIDTH))
            segments.append(Segment(left, width, colour(name)))
            left += width
    return tuple(segments)


def _in_words(values: tuple[Cell, ...], series: tuple[str, ...]) -> str:
    if len(series) == 1:
        return shown(values[0])
    return (
        " · ".join(f"{name} {shown(value)}" for name, value in zip(series, values, strict=True) if value)
        or "0"
    )


# --- from region to unit to finding ---------------------------------------------------------


class UnitLine(NamedTuple):
    """A unit under its region; at is its number in the data."""

    at: int
    name: str
    state: str
    errors: Cell
    warnings: Cell


class Region(NamedTuple):
    """A region with its units."""

    name: str
    units: tuple[UnitLine, ...]
    errors: int


_NO_UNIT = "（不属于任何单位）"


def _unit_names(figures: Figures, findings: pd.DataFrame | None) -> dict[str, int]:
    """Every unit by number: those of the table first, then those that only findings name."""
    names = [str(row[0]) for row in figures.units.rows]
    if findings is not None:
        names += sorted(set(findings["unit"]) - set(names))
    return {name: at for at, name in enumerate(dict.fromkeys(names))}


def _codes(findings: pd.DataFrame | None) -> dict[str, int]:
    return {} if findings is None else {code: at for at, code in enumerate(sorted(set(findings["code"])))}


def _regions(figures: Figures, names: Mapping[str, int]) -> tuple[Region, ...]:
    """The units by region, in the order of the table; those that only findings name come last."""
    at = {column.name: number for number, column in enumerate(figures.units.columns)}
    found: dict[str, list[UnitLine]] = {}
    known = set()
    for row in figures.units.rows:
        known.add(row[0])
        line = UnitLine(
            names[str(row[0])], str(row[0]), str(row[at["状态"]]), row[at["错误"]], row[at["警告"]]
        )
        found.setdefault(str(row[at["所属地区"]]), []).append(line)
    for name, number in names.items():
        if name not in known:
            found.setdefault(_NO_UNIT, []).append(UnitLine(number, name or _NO_UNIT, "", None, None))
    return tuple(Region(name, tuple(units), _errors(units)) for name, units in found.items())


def _errors(units: list[UnitLine]) -> int:
    return sum(unit.errors for unit in units if isinstance(unit.errors, int))


def _links(figures: Figures, names: Mapping[str, int], codes: Mapping[str, int]) -> Link:
    """Units, rules and regions lead to what there is to see of them."""
    regions = {region.name: at for at, region in enumerate(_regions(figures, names))}
    ways = {"单位": ("u", names), "规则": ("c", codes), "所属地区": ("r", regions)}

    def link(column: str, cell: Cell) -> str:
        letter, numbers = ways.get(column, ("", {}))
        number = numbers.get(cell) if isinstance(cell, str) else None
        return "" if number is None else f"#{letter}{number}"

    return link


def _no_link(_column: str, _cell: Cell) -> str:
    return ""


def _data(
    figures: Figures, findings: pd.DataFrame, names: Mapping[str, int], codes: Mapping[str, int]
) -> Markup:
    """All findings as JSON: every distinct text once, and columns of numbers that point to them."""
    texts: dict[str, int] = {}

    def number(text: str) -> int:
        return texts.setdefault(text, len(texts))

    columns = {
        name: [number(text) for text in (findings[name] if name in findings else [""] * len(findings))]
        for name in _SHOWN
    }
    facts = {str(row[0]): _facts(figures.units, row) for row in figures.units.rows}
    tree = {
        "units": [{"name": clean(name) or _NO_UNIT, "facts": facts.get(name, "")} for name in names],
        "codes": [clean(code) for code in codes],
        "unit": [names[name] for name in findings["unit"]],
        "columns": [columns[name] for name in _SHOWN],
        "texts": [clean(text) for text in texts],
    }
    text = json.dumps(tree, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 (no `<`: the element cannot be left)


def _facts(table: Table, row: Row) -> str:
    """A unit's line in words."""
    pairs = zip(table.columns[1:], row[1:], strict=True)
    return clean(
        "　".join(f"{column.name} {shown(cell)}" for column, cell in pairs if cell not in ("", None))
    )
