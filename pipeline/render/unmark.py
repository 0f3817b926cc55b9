"""Take out of a workbook all that `marks.mark` put in, also after another program saved it.

Colours are known by their formulas, notes by their first line, the list by its hidden cells,
the column by its header; the list's hidden cells also say what marking changed in place.
Cell formats that were appended for the marks stay behind, unused.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.fields import ERROR_COLUMN
from pipeline.ownmarks import IDENTITY, NOTE_BEGIN, RESTORE, SIGNATURE
from pipeline.render.colours import remove_colours
from pipeline.render.errorcolumn import find_columns, has_link, remove_column
from pipeline.render.notes import remove_notes
from pipeline.render.package import Package, parse, read, related, utf8, write
from pipeline.render.restore import Column, Restore, restore_of
from pipeline.render.tabs import FILTER_NAME, Tab, Workbook, open_workbook, select
from pipeline.render.worksheet import (
    Worksheet,
    area_address,
    area_of,
    cell_text,
    cells_with,
    dump,
    load,
    sheet_reference,
)

_NOTHING = Restore([], [], None, None)


def unmark(package: bytes) -> bytes:
    """The workbook without our marks; the very same bytes if it has none.

    Raises Unmarkable for a file that is no sound workbook.
    """
    workbook = open_workbook(read(package))
    return write(workbook.package) if take_out(workbook) else package


def take_out(workbook: Workbook) -> bool:
    """Take our marks out of a working copy. Says whether there were any."""
    package = workbook.package
    strings = _shared_strings(workbook)
    tabs = [tab for tab in workbook.tabs() if tab.kind == "worksheet"]
    lists = {tab: text for tab in tabs if (text := _restore_text(package, tab, strings)) is not None}
    kept = [tab for tab in tabs if tab not in lists]
    restore = next((said for text in lists.values() if (said := restore_of(text))), _NOTHING)
    column = restore.column
    renamed = column is not None and all(tab.name != column.sheet for tab in kept)
    cleaned = False
    for tab in kept:
        own = column if column is not None and (renamed or tab.name == column.sheet) else None
        cleaned |= _clean(workbook, tab, own, strings, restore.filter_name)
    for tab in lists:
        workbook.remove(tab)
    if lists:
        _show_again(workbook, kept, restore)
    if lists or cleaned:
        workbook.save()
    return bool(lists) or cleaned


# ── The list ─────────────────────────────────────────────────────────────────────────


def _restore_text(package: Package, tab: Tab, strings: Sequence[str]) -> str | None:
    """What the list sheet says about undoing, "" if that is lost; None for any other sheet."""
    data = utf8(package.get(tab.part))
    if IDENTITY.encode() not in data and not any(text.startswith(IDENTITY) for text in strings):
        return None
    sheet = load(data)
    if _begins(sheet, IDENTITY, strings) is None:
        return None
    return _begins(sheet, RESTORE, strings) or ""


def _begins(sheet: Worksheet, prefix: str, strings: Sequence[str]) -> str | None:
    """The text of the first cell that begins with the prefix."""
    shared = (n for n, text in enumerate(strings) if text.startswith(prefix))
    needles = (prefix.encode(), *(b">%d<" % n for n in shared))
    found = (cell for needle in needles for cell in cells_with(sheet, needle))
    texts = (cell_text(cell, strings) for cell in found)
    return next((text for text in texts if text.startswith(prefix)), None)


def _shared_strings(workbook: Workbook) -> Sequence[str]:
    """The shared strings if one of them could be ours, else none: a file fresh from marking has none."""
    for relation in related(workbook.package, workbook.part, "sharedStrings"):
        data = utf8(workbook.package.get(relation.target))
        if IDENTITY.encode() in data or ERROR_COLUMN.encode() in data:
            items = parse(data).iterchildren("{*}si")
            return ["".join(t.text or "" for t in item.iterfind(".//{*}t")) for item in items]
    return ()


def _show_again(workbook: Workbook, kept: Sequence[Tab], restore: Restore) -> None:
    workbook.show_again(restore.active)
    for tab in kept:
        if tab.name in restore.selected:
            select(workbook.package, tab.part)


# ── The other sheets ─────────────────────────────────────────────────────────────────


def _clean(
    workbook: Workbook, tab: Tab, column: Column | None, strings: Sequence[str], name: str | None
) -> bool:
    package = workbook.package
    data = utf8(package.get(tab.part))
    noted = any(
        NOTE_BEGIN.encode() in utf8(package.get(r.target)) for r in related(package, tab.part, "comments")
    )
    named = ERROR_COLUMN.encode() in data or any(text.strip() == ERROR_COLUMN for text in strings)
    if SIGNATURE.encode() not in data and not noted and not named and column is None:
        return False
    sheet = load(data)
    cleaned = remove_notes(package, tab.part, sheet)
    linked = has_link(sheet)
    cleaned |= remove_colours(sheet)
    surely = column is not None or cleaned or linked
    expected = column.column if column else 0
    for number, place in enumerate(find_columns(sheet, strings, expected, surely=surely)):
        remove_column(sheet, *place, None if number else column)
        _restore_filter_name(workbook, tab, sheet, column, name)
        cleaned = True
    if cleaned:
        package.put(tab.part, dump(sheet))
    return cleaned


def _restore_filter_name(
    workbook: Workbook, tab: Tab, sheet: Worksheet, column: Column | None, before: str | None
) -> None:
    """The hidden name that goes with a filter says again what the filter says, or what it said."""
    position = workbook.position(tab)
    existing = sheet.find("autoFilter")
    if existing is None:
        workbook.define(FILTER_NAME, position, before)
        return
    area = area_of(existing.get("ref", ""))
    if area is None or workbook.name_of(FILTER_NAME, position) is None:
        return
    restored = column is not None and column.filter[0] == existing.get("ref") and before is not None
    text = before if restored else sheet_reference(tab.name, area_address(area, absolute=True))
    workbook.define(FILTER_NAME, position, text)
