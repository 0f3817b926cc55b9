"""The report as one page that works offline: no request, no code but its own, texts always inert.

Its frame, style and script lie beside this module; its parts are `elements`. Tables and charts stand
in the page as such and read and print without scripts; the script adds sorting, filters and the way
from region to finding.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from pipeline.figures.values import Figures, Row, Table, shown
from pipeline.render.inert import clean
from pipeline.render.report.elements import (
    Link,
    Region,
    UnitLine,
    contents,
    drill_section,
    filled,
    key_number,
    no_link,
    notes_section,
    section,
    units_section,
)

_HERE = Path(__file__).parent
_SHOWN = ("sheet", "row", "field", "cell", "code", "severity", "value", "message", "fix", "suggestion")
"""What the page has of a finding, beside its unit; page.js knows the order."""


def page(figures: Figures, findings: pd.DataFrame | None = None) -> bytes:
    """The page as UTF-8. findings: findings.csv as text, for the way down to each; None: without it."""
    names = _unit_names(figures, findings)
    codes = _codes(findings)
    link = no_link if findings is None else _links(figures, names, codes)
    style, script = _text("page.css"), _text("tables.js") + ("" if findings is None else _text("page.js"))
    text = filled(
        _text("page.html"),
        policy=_policy(style, script),
        title=figures.head.title,
        style=Markup(style),  # noqa: S704 (our own file)
        document=figures.head.document,
        day=figures.head.day,
        numbers=Markup("").join(map(key_number, figures.numbers)),
        contents=contents(figures.sections, drill=findings is not None, notes=bool(figures.notes)),
        sections=Markup("").join(_sections(figures, findings, names, link)),
        data="" if findings is None else _data(figures, findings, names, codes),
        script=Markup(script),  # noqa: S704 (our own file)
    )
    return text.encode("utf-8")


def _sections(
    figures: Figures, findings: pd.DataFrame | None, names: Mapping[str, int], link: Link
) -> Iterator[Markup]:
    """All of the main part, in the order of reading."""
    for number, each in enumerate(figures.sections):
        yield section(number, each, link)
    yield units_section(len(figures.sections), figures.units, link)
    if findings is not None:
        yield drill_section(_regions(figures, names))
    if figures.notes:
        yield notes_section(figures.notes)


def _policy(style: str, script: str) -> str:
    """Nothing may be fetched, sent or run, but this style and this script, known by their digests."""
    own = f"style-src {_digest(style)}; script-src {_digest(script)}"
    return f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode()}'"


def _text(name: str) -> str:
    return (_HERE / name).read_text("utf-8")


# --- from region to unit to finding ---------------------------------------------------------

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

    def link(column: str, text: str) -> str:
        letter, numbers = ways.get(column, ("", {}))
        number = numbers.get(text)
        return "" if number is None else f"#{letter}{number}"

    return link


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
    # No `<`: the element cannot be left.
    inside = Markup(text.replace("<", "\\u003c"))  # noqa: S704
    return filled('<script type="application/json" id="data">{data}</script>\n', data=inside)


def _facts(table: Table, row: Row) -> str:
    """A unit's line in words."""
    pairs = zip(table.columns[1:], row[1:], strict=True)
    return clean(
        "　".join(f"{column.name} {shown(cell)}" for column, cell in pairs if cell not in ("", None))
    )
