"""Colours at the marked cells: conditional formats of our own, so that the cells' formats stay untouched.

A cell whose text is known loses its colour as soon as its text changes; one that is wrong in
form, once it is right in form as well. Each formula begins with the signature, which every
spreadsheet program keeps when it saves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape

from lxml import etree
from msgspec import Struct

from pipeline.model import Area, Severity
from pipeline.ownmarks import SIGNATURE
from pipeline.render.inert import utf16_length
from pipeline.render.package import fragment, integer
from pipeline.render.worksheet import Worksheet, address, area_address

MOST_LIVE = 1_000
"""Rules of one sheet that watch a text; beyond, the colour stays until the next round.

Every rule costs the spreadsheet program time when it opens and scrolls.
"""

_RANGES = 400
_WHOLE = 200
_SIGNED = f'LEN("{SIGNATURE}")>0'
_UNSAYABLE = re.compile("[\x00\ud800-\udfff\ufffe\uffff]")
_CONTROL = re.compile("[\x01-\x1f]")
_LIKE_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


class Colour(Struct, frozen=True):
    """What one cell is coloured for. text is the cell's text, None if it is no plain text.

    form is a formula that is TRUE for a right cell `{c}`, "" if changing the text is enough.
    """

    row: int
    column: int
    severity: Severity
    text: str | None
    form: str = ""


def add_colours(sheet: Worksheet, colours: Iterable[Colour], formats: Mapping[Severity, int]) -> None:
    """Put our conditional formats before all others of the sheet; theirs keep their order behind."""
    rules = list(_rules(colours))
    for element in _priorities(sheet):
        element.set("priority", str(integer(element, "priority") + len(rules)))
    made = "".join(
        _format(priority, formats[severity], formula, areas)
        for priority, (severity, formula, areas) in enumerate(rules, 1)
    )
    ours = list(fragment(f"<worksheet>{made}</worksheet>", sheet.namespace))
    theirs = next(iter(sheet.all("conditionalFormatting")), None)
    for element in reversed(ours):
        if theirs is None:
            sheet.place(element)
        else:
            theirs.addprevious(element)
        theirs = element


def _format(priority: int, look: int, formula: str, areas: Iterable[Area]) -> str:
    return (
        f'<conditionalFormatting sqref="{" ".join(map(area_address, areas))}">'
        f'<cfRule type="expression" dxfId="{look}" priority="{priority}">'
        f"<formula>{escape(formula, quote=False)}</formula></cfRule></conditionalFormatting>"
    )


def remove_colours(sheet: Worksheet) -> bool:
    """Take out our conditional formats and move the others' priorities back. Says whether there were any."""
    ours = [rule for rule in _cell_rules(sheet) if SIGNATURE in "".join(map(str, rule.itertext()))]
    for rule in ours:
        block = rule.getparent()
        if block is not None:
            block.remove(rule)
            if not any(True for _ in block.iter(f"{{{sheet.namespace}}}cfRule")):
                sheet.root.remove(block)
    others = _priorities(sheet)
    if all(integer(element, "priority") > len(ours) for element in others):
        for element in others:
            element.set("priority", str(integer(element, "priority") - len(ours)))
    return bool(ours)


def expression(cell: str, text: str | None) -> str:
    """The formula that is true while the cell still holds `text`; always true for None.

    Excel allows 255 characters in a literal, so a long text is compared by its beginning
    and its length. A character that no literal can hold makes the colour stay.
    """
    if text is None or not _can_watch(text):
        return _SIGNED
    if not text:
        return f"AND({_SIGNED},LEN({cell})=0)"
    if len(text) <= _WHOLE:
        return f'AND({_SIGNED},EXACT({cell}&"",{_literal(text)}))'
    return f"AND({_SIGNED},LEN({cell})={len(text)},EXACT(LEFT({cell},{_WHOLE}),{_literal(text[:_WHOLE])}))"


def _can_watch(text: str | None) -> bool:
    """Whether a formula can ask for this text."""
    if text is None or _UNSAYABLE.search(text):
        return False
    # Beyond the basic plane Excel and LibreOffice count lengths differently.
    return len(text) <= _WHOLE or utf16_length(text) == len(text)


def form_expression(cell: str, form: str) -> str:
    """The formula that is true while the cell is wrong in form."""
    return f"AND({_SIGNED},NOT(IFERROR({form.replace('{c}', cell)},FALSE)))"


def _literal(text: str) -> str:
    quoted = _LIKE_ESCAPE.sub('_"&"', text.replace('"', '""'))
    return '"' + _CONTROL.sub(lambda match: f'"&CHAR({ord(match[0])})&"', quoted) + '"'


def _rules(colours: Iterable[Colour]) -> Iterator[tuple[Severity, str, list[Area]]]:
    """(severity, formula, rectangles) per rule.

    A rule that watches a text stays within one column and begins at its topmost cell: then
    every reading of "relative to the first cell" of ECMA-376 means the same cell.
    """
    live: dict[tuple[Severity, int, str], list[int]] = {}
    formed: dict[tuple[Severity, int, str], list[int]] = {}
    still: dict[Severity, set[tuple[int, int]]] = {}
    for colour in sorted(colours, key=lambda c: (c.column, c.row)):
        key = (colour.severity, colour.column, colour.text or "")
        watched = _can_watch(colour.text)
        if watched and (key in live or len(live) < MOST_LIVE):
            live.setdefault(key, []).append(colour.row)
            if colour.form:
                formed.setdefault((colour.severity, colour.column, colour.form), []).append(colour.row)
        else:
            still.setdefault(colour.severity, set()).add((colour.column, colour.row))
    for (severity, column, text), rows in live.items():
        for areas in _portions(_runs((column, row) for row in rows)):
            yield severity, expression(address(areas[0].top, column), text), areas
    for (severity, column, form), rows in formed.items():
        for areas in _portions(_runs((column, row) for row in rows)):
            yield severity, form_expression(address(areas[0].top, column), form), areas
    for severity in Severity:
        for areas in _portions(_runs(sorted(still.get(severity, ())))):
            yield severity, _SIGNED, areas


def _runs(places: Iterable[tuple[int, int]]) -> list[Area]:
    """Cells in (column, row) order as rectangles of one column."""
    runs: list[Area] = []
    for column, row in places:
        if runs and runs[-1].left == column and runs[-1].bottom + 1 >= row:
            runs[-1] = Area(runs[-1].top, column, row, column)
        else:
            runs.append(Area(row, column, row, column))
    return runs


def _portions(areas: list[Area]) -> Iterator[list[Area]]:
    for start in range(0, len(areas), _RANGES):
        yield areas[start : start + _RANGES]


def _cell_rules(sheet: Worksheet) -> list[etree._Element]:
    return [rule for block in sheet.all("conditionalFormatting") for rule in block]


def _priorities(sheet: Worksheet) -> list[etree._Element]:
    """Every rule with a priority, those of later Excel versions in extLst too: they share one numbering."""
    return [
        element for element in sheet.root.iter("{*}cfRule")
        if str(element.get("priority", "")).lstrip("-").isdecimal()
    ]  # fmt: skip
