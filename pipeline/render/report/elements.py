"""The parts of the page as HTML. Every text in them is cleaned and escaped: markup is only what is ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from pipeline.figures.values import Cell, Column, KeyNumber, Row, Section, Table, bars, shown
from pipeline.render.inert import clean
from pipeline.render.report.palette import colour

_WIDTH = 1000
"""Units of a bar's drawing from side to side."""
_LONG = 14
"""Rows of a table that is folded."""
_SENTENCES = frozenset({"问题", "怎么改"})
"""Columns of whole sentences, which a long value beside them must not press together."""
_NUMERALS = "一二三四五六七八九十"

Link = Callable[[str, str], str]
"""(column name, text) → the fragment that leads to it, or ""."""


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


def filled(template: str, **values: Cell) -> Markup:
    """A template of our own with values in its places, printed as everywhere; markup in them stays."""
    printed = {
        name: value if isinstance(value, Markup) else clean(shown(value)) for name, value in values.items()
    }
    return Markup(template).format(**printed)  # noqa: S704 (our own; the values are escaped)


def _all(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


def no_link(_column: str, _text: str) -> str:
    """Nothing leads anywhere."""
    return ""


# --- the head -------------------------------------------------------------------------------


def key_number(number: KeyNumber) -> Markup:
    """One of the numbers at the head of the page."""
    says = filled("<small>{says}</small>", says=number.says) if number.says else ""
    return filled(
        "<div><dt>{label}</dt><dd><b>{value}</b> {unit}{says}</dd></div>\n",
        label=number.label, value=number.value, unit=number.unit, says=says,
    )  # fmt: skip


def contents(sections: Iterable[Section], *, drill: bool, notes: bool) -> Markup:
    """The way to each section."""
    ways = [
        filled('<li><a href="#{key}">{title}</a></li>', key=each.key, title=each.title) for each in sections
    ]
    ways.append(Markup('<li><a href="#units">各单位情况</a></li>\n'))
    ways += [Markup('<li><a href="#drill">逐级查看</a></li>')] if drill else []
    ways += [Markup('<li><a href="#notes">口径说明</a></li>')] if notes else []
    return _all(ways)


# --- sections -------------------------------------------------------------------------------


def section(number: int, made: Section, link: Link) -> Markup:
    """A section of sentences and tables. number: from 0 on."""
    return filled(
        '<section id="{key}">\n<h2>{numeral}、{title}</h2>\n{sentences}{tables}</section>\n',
        key=made.key,
        numeral=_NUMERALS[number],
        title=made.title,
        sentences=_all(filled("<p>{said}</p>\n", said=each) for each in made.sentences),
        tables=_all(_block(each, link) for each in made.tables),
    )


def units_section(number: int, units: Table, link: Link) -> Markup:
    """各单位情况."""
    return filled(
        '<section id="units">\n<h2>{numeral}、各单位情况</h2>\n{table}\n</section>\n',
        numeral=_NUMERALS[number], table=_table(units, link),
    )  # fmt: skip


def drill_section(regions: Iterable[Region]) -> Markup:
    """逐级查看: region, unit, finding."""
    return filled(
        '<section id="drill">\n<h2>逐级查看</h2>\n'
        "<p>地区、单位、问题，逐级展开。点单位名称查看它的全部问题。</p>\n"
        "<noscript><p>浏览器没有启用脚本，逐条问题请看 findings.csv。</p></noscript>\n"
        '<div id="panel" hidden></div>\n{regions}</section>\n',
        regions=_all(_region(at, each) for at, each in enumerate(regions)),
    )


def _region(at: int, region: Region) -> Markup:
    return filled(
        '<details id="r{at}">\n<summary><b>{name}</b><span>{count} 个单位</span>'
        '<span>错误 {errors} 处</span></summary>\n<ul class="units">\n{units}</ul>\n</details>\n',
        at=at, name=region.name, count=len(region.units), errors=region.errors,
        units=_all(map(_unit_line, region.units)),
    )  # fmt: skip


def _unit_line(unit: UnitLine) -> Markup:
    found = (
        ""
        if unit.errors is None
        else filled("<span>错误 {errors}，警告 {warnings}</span>", errors=unit.errors, warnings=unit.warnings)
    )
    return filled(
        '<li><a href="#u{at}">{name}</a><span>{state}</span>{found}</li>\n',
        at=unit.at, name=unit.name, state=unit.state, found=found,
    )  # fmt: skip


def notes_section(notes: Iterable[str]) -> Markup:
    """口径说明."""
    return filled(
        '<section id="notes">\n<h2>口径说明</h2>\n<ul class="notes">\n{notes}</ul>\n</section>\n',
        notes=_all(filled("<li>{note}</li>\n", note=each) for each in notes),
    )


# --- tables ---------------------------------------------------------------------------------


def _block(table: Table, link: Link) -> Markup:
    return filled(
        '<div class="block">\n<h3>{title}</h3>\n{chart}{table}\n</div>\n',
        title=table.title,
        chart=_chart(drawn(table)) if table.chart and len(table.rows) > 1 else "",
        table=_table(table, link),
    )


def _table(table: Table, link: Link) -> Markup:
    return filled(
        '<div class="sheet{long}" tabindex="0" role="region" aria-label="{title}">\n'
        '<table class="data" id="t-{key}">\n<caption>{title}<small>{count} 行</small></caption>\n'
        "<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n{total}</table>\n</div>\n{note}",
        long=" long" if len(table.rows) > _LONG else "",
        title=table.title,
        key=table.key,
        count=len(table.rows),
        heads=_all(map(_head, table.columns)),
        rows=_lines(table.columns, table.rows, link),
        total=filled("<tfoot>{row}</tfoot>\n", row=_lines(table.columns, [table.total], no_link).rstrip())
        if table.total
        else "",
        note=filled('<p class="note">{note}</p>', note=table.note) if table.note else "",
    )


def _head(column: Column) -> Markup:
    look = Markup(' class="number"') if column.numeric else ""
    return filled('<th scope="col"{look}>{name}</th>', look=look, name=column.name)


def _lines(columns: Sequence[Column], rows: Iterable[Row], link: Link) -> Markup:
    """The rows of a table. Not `filled` cell by cell, which takes many times as long for a thousand units."""
    names, looks = [column.name for column in columns], [_look(column) for column in columns]
    lines = ("".join(map(_cell, names, looks, row, [link] * len(row))) for row in rows)
    return Markup("".join(f"<tr>{line}</tr>\n" for line in lines))  # noqa: S704 (every text in it is escaped)


def _look(column: Column) -> str:
    kind = "number" if column.numeric else "wide" if column.name in _SENTENCES else ""
    return f' class="{kind}"' if kind else ""


def _cell(name: str, look: str, cell: Cell, link: Link) -> str:
    """A cell; data-v is its number, as the script compares it."""
    if cell is None:
        return f"<td{look}>{shown(cell)}</td>"
    if not isinstance(cell, str):
        return f'<td{look} data-v="{float(cell)!r}">{shown(cell)}</td>'
    text, way = escape(clean(cell)), link(name, cell)
    return f'<td{look}><a href="{way}">{text}</a></td>' if way else f"<td{look}>{text}</td>"


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


def _chart(chart: Drawn) -> Markup:
    return filled(
        '<figure class="chart" aria-label="{title}">\n<figcaption>单位：{unit}{legend}</figcaption>\n'
        "<ul>\n{bars}</ul>\n</figure>\n",
        title=chart.title, unit=chart.unit,
        legend=_all(_legend(name, paint) for name, paint in chart.legend), bars=_all(map(_bar, chart.bars)),
    )  # fmt: skip


def _legend(name: str, paint: str) -> Markup:
    return filled(
        '<span class="key"><svg viewBox="0 0 10 10" aria-hidden="true">'
        '<rect width="10" height="10" rx="2" fill="{paint}"/></svg>{name}</span>',
        name=name, paint=paint,
    )  # fmt: skip


def _bar(bar: Bar) -> Markup:
    rectangle = '<rect x="{left}" width="{width}" height="16" fill="{colour}"/>'
    return filled(
        '<li><span class="label">{label}</span><svg class="bar" viewBox="0 0 1000 16" '
        'preserveAspectRatio="none" aria-hidden="true">{segments}</svg>'
        '<span class="says">{says}</span></li>\n',
        label=bar.label, says=bar.says,
        segments=_all(filled(rectangle, **each._asdict()) for each in bar.segments),
    )  # fmt: skip


def drawn(table: Table) -> Drawn:
    """The chart of a table."""
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
