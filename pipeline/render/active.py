"""What a returned workbook must not carry: anything that acts or fetches when the file is opened.

Macros, links to other workbooks, data connections with their queries, and a signature that
marking makes void. The values that such formulas last gave stay in their cells.
"""

from __future__ import annotations

import re

from lxml import etree

from pipeline.outside import points_outside
from pipeline.render.package import (
    CONTENT_TYPES,
    Package,
    content_type,
    parse,
    related,
    relations,
    serialise,
    set_content_type,
    take_attribute,
    unrelate,
)
from pipeline.render.tabs import Workbook
from pipeline.render.worksheet import dump, load

_WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_MACRO_BIN = "application/vnd.ms-office.vbaProject"
_KINDS = {
    "vbaProject": "宏",
    "attachedToolbars": "宏",
    "externalLink": "外部链接",
    "connections": "数据连接",
    "powerPivotData": "数据连接",
}
_PACKAGE_KINDS = {"extensibility": "宏", "origin": "数字签名"}
_MACRO_SHEETS = ("xlMacrosheet", "xlIntlMacrosheet")
_OBJECTS = frozenset({"oleObject", "package", "control"})
_FORMULA = re.compile(rb"<((?:[\w.-]+:)?)f\b([^>]*?)(?:/>|>([^<]*)</\1f>)")
_SHARED = re.compile(rb'\bt="shared"')
_GROUP = re.compile(rb'\bsi="([0-9]+)"')


def leave_out(workbook: Workbook) -> tuple[str, ...]:
    """Take out of the working copy all that acts. Returns what there was, in Chinese, sorted."""
    package = workbook.package
    found = _drop_related(package, "", _PACKAGE_KINDS) | _drop_related(package, workbook.part, _KINDS)
    for tab in workbook.tabs():
        if tab.kind in _MACRO_SHEETS:
            workbook.remove(tab)
            found.add("宏")
    found |= _drop_queries(workbook) | _drop_objects(workbook)
    if _drop_references(workbook):
        found.add("外部链接")
    if found:
        _drop_macro_default(package)
        workbook.save()
    if content_type(package, workbook.part) != _WORKBOOK_TYPE:
        set_content_type(package, workbook.part, _WORKBOOK_TYPE)
    return tuple(sorted(found))


def _drop_related(package: Package, part: str, kinds: dict[str, str]) -> set[str]:
    found = set()
    for relation in relations(package, part):
        if relation.kind in kinds and (relation.kind != "origin" or "digital-signature" in relation.type):
            found.add(kinds[relation.kind])
            unrelate(package, part, relation.id)
            if not relation.external and relation.target in package:
                package.drop(relation.target)
    return found


def _drop_macro_default(package: Package) -> None:
    """The type of .bin parts is a macro's in many files; nothing may need it any more."""
    if any(name.lower().endswith(".bin") for name in package.names()):
        return
    root = parse(package.get(CONTENT_TYPES))
    for element in [e for e in root if e.get("ContentType") == _MACRO_BIN]:
        root.remove(element)
    package.put(CONTENT_TYPES, serialise(root))


# ── Connections ──────────────────────────────────────────────────────────────────────


def _drop_queries(workbook: Workbook) -> set[str]:
    """Query tables become plain ranges and tables; pivot tables over a connection leave their values."""
    package, found = workbook.package, set()
    outside = _outside_caches(workbook)
    for tab in workbook.tabs():
        tables = [relation.target for relation in related(package, tab.part, "table")]
        for part in (tab.part, *tables):
            found |= _drop_related(package, part, {"queryTable": "数据连接"})
        for table in tables:
            _plain_table(package, table)
        for relation in related(package, tab.part, "pivotTable"):
            caches = related(package, relation.target, "pivotCacheDefinition")
            if any(cache.target in outside for cache in caches):
                unrelate(package, tab.part, relation.id)
                package.drop(relation.target)
                found.add("数据连接")
    for part, identifier in outside.items():
        unrelate(package, workbook.part, identifier)
        if part in package:
            package.drop(part)
        _drop_children(workbook, "pivotCaches", f"{{{workbook.office}}}id", identifier)
    for model in list(workbook.root.iter("{*}dataModel")):
        extension = model.getparent()
        holder = None if extension is None else extension.getparent()
        if extension is not None and holder is not None:
            holder.remove(extension)
    return found


def _drop_objects(workbook: Workbook) -> set[str]:
    """Embedded files and ActiveX controls go, with what shows them; their picture stays."""
    package = workbook.package
    parts = [tab.part for tab in workbook.tabs() if tab.kind == "worksheet"]
    holding = {part: {r.id for r in relations(package, part) if r.kind in _OBJECTS} for part in parts}
    for part, identifiers in holding.items():
        if identifiers:
            _drop_related(package, part, dict.fromkeys(_OBJECTS, ""))
            sheet = load(package.get(part))
            key = f"{{{workbook.office}}}id"
            for element in [e for e in sheet.root.iter() if e.get(key) in identifiers]:
                _take_out(element)
            package.put(part, dump(sheet))
    return {"嵌入对象"} if any(holding.values()) else set()


def _take_out(element: etree._Element) -> None:
    """Remove an element, and whatever held nothing else (CT_OleObjects and CT_Controls are never empty)."""
    holder = element.getparent()
    if holder is not None:
        holder.remove(element)
        if not len(holder) and holder.getparent() is not None:
            _take_out(holder)


def _outside_caches(workbook: Workbook) -> dict[str, str]:
    """Pivot caches whose source is a connection: part → relationship."""
    found = {}
    for relation in related(workbook.package, workbook.part, "pivotCacheDefinition"):
        source = parse(workbook.package.get(relation.target)).find("{*}cacheSource")
        if source is not None and source.get("type") == "external":
            found[relation.target] = relation.id
    return found


def _drop_children(workbook: Workbook, name: str, key: str, value: str) -> None:
    holder = workbook.find(name)
    if holder is None:
        return
    for element in [e for e in holder if e.get(key) == value]:
        holder.remove(element)
    if not len(holder):
        workbook.root.remove(holder)


def _plain_table(package: Package, part: str) -> None:
    root = parse(package.get(part))
    if root.get("tableType") is None:
        return
    for element in (root, *root.iter("{*}tableColumn")):
        for key in ("tableType", "connectionId", "queryTableFieldId"):
            take_attribute(element, key)
    package.put(part, serialise(root))


# ── References to other workbooks ────────────────────────────────────────────────────


def _drop_references(workbook: Workbook) -> bool:
    """Formulas and names that point outside the file go; what the formulas last gave stays."""
    listed = workbook.find("externalReferences")
    if listed is not None:
        workbook.root.remove(listed)
    names = [element for element in workbook.names() if points_outside(element.text or "")]
    workbook.drop_names(names)
    parts = [tab.part for tab in workbook.tabs() if tab.kind == "worksheet"]
    changed = [part for part in parts if _drop_formulas(workbook.package, part)]
    if changed:
        # A calculation order that names a cell without formula makes Excel repair the file.
        _drop_related(workbook.package, workbook.part, {"calcChain": ""})
    return listed is not None or bool(names) or bool(changed)


def _drop_formulas(package: Package, part: str) -> bool:
    data = package.get(part)
    if b"f>" not in data and b"\x00" not in data:
        return False
    sheet = load(data)
    outside = [match for match in _FORMULA.finditer(sheet.rows) if _is_outside(match)]
    if not outside:
        return False
    groups = {group for match in outside if (group := _group(match))}
    sheet.rows = _FORMULA.sub(lambda m: b"" if _is_outside(m) or _group(m) in groups else m[0], sheet.rows)
    package.put(part, dump(sheet))
    return True


def _is_outside(match: re.Match[bytes]) -> bool:
    text = match[3] or b""
    if b"[" not in text and b"|" not in text:
        return False
    return points_outside(text.decode().replace("&quot;", '"').replace("&apos;", "'"))


def _group(match: re.Match[bytes]) -> bytes | None:
    """The number of the shared formula: without its first cell the others have no text."""
    group = _GROUP.search(match[2]) if _SHARED.search(match[2]) else None
    return group[1] if group else None
