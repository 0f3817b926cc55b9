"""The workbook part: which sheets there are, the sheet put first, and what counts sheets by position."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from copy import deepcopy

from lxml import etree
from msgspec import Struct

from pipeline.render.package import (
    Package,
    Unmarkable,
    fragment,
    integer,
    namespace_of,
    parse,
    relate,
    related,
    relations,
    serialise,
    set_content_type,
    take_attribute,
    unrelate,
    unused_name,
    utf8,
)

STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OFFICE_STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_WORKSHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
FILTER_NAME = "_xlnm._FilterDatabase"

_ORDER = (
    "fileVersion", "fileSharing", "workbookPr", "workbookProtection", "bookViews", "sheets", "functionGroups",
    "externalReferences", "definedNames", "calcPr", "oleSize", "customWorkbookViews", "pivotCaches",
    "smartTagPr", "smartTagTypes", "webPublishing", "fileRecoveryPr", "webPublishObjects", "extLst",
)  # fmt: skip
_HEAD = 65_536
_SELECTED = re.compile(rb'\s+tabSelected\s*=\s*["\'](?:1|true)["\']')
_VIEWS = re.compile(rb"<((?:[\w.-]+:)?)sheetViews\b.*?</\1sheetViews>", re.DOTALL)
_VIEW = re.compile(rb"(<(?:[\w.-]+:)?sheetView\b)([^>]*)")
_STATED = re.compile(rb'\s+tabSelected\s*=\s*["\'][^"\']*["\']')


class Tab(Struct, frozen=True):
    """One sheet of the workbook, in the order of the tabs. kind is worksheet, chartsheet or another."""

    name: str
    part: str
    kind: str
    relation: str
    hidden: bool


class Workbook(Struct):
    """The working copy of the workbook part."""

    package: Package
    part: str
    root: etree._Element

    @property
    def namespace(self) -> str:
        """The main namespace, strict or transitional."""
        return namespace_of(self.root)

    @property
    def office(self) -> str:
        """The namespace of office relationships that belongs to it."""
        return _OFFICE_STRICT if self.namespace == STRICT else _OFFICE

    def find(self, name: str) -> etree._Element | None:
        """The first child of that name."""
        return self.root.find(f"{{{self.namespace}}}{name}")

    def tabs(self) -> list[Tab]:
        """The sheets whose part exists, in the order of the tabs."""
        by_id = {relation.id: relation for relation in relations(self.package, self.part)}
        found = []
        for element in self._sheets():
            relation = by_id.get(str(element.get(f"{{{self.office}}}id", "")))
            if relation is not None and relation.target in self.package:
                hidden = element.get("state", "visible") != "visible"
                name = str(element.get("name", ""))
                found.append(Tab(name, relation.target, relation.kind, relation.id, hidden))
        return found

    def save(self) -> None:
        """Write the part back."""
        self.package.put(self.part, serialise(self.root))

    def _sheets(self) -> etree._Element:
        sheets = self.find("sheets")
        if sheets is None:
            raise Unmarkable("文件内部缺少工作表目录")
        return sheets

    def position(self, tab: Tab) -> int:
        """The sheet's place among all, from 0: what localSheetId and activeTab count."""
        key = f"{{{self.office}}}id"
        return next(i for i, e in enumerate(self._sheets()) if e.get(key) == tab.relation)

    # ── names ──

    def name_of(self, name: str, position: int) -> etree._Element | None:
        """The definition of a sheet's own name."""
        names = self.find("definedNames")
        own = (e for e in (() if names is None else names) if e.get("localSheetId") == str(position))
        return next((e for e in own if e.get("name") == name), None)

    def define(self, name: str, position: int, text: str | None, hidden: bool = False) -> str | None:
        """Set a sheet's own name, or take it out (None). Returns what it said before."""
        element = self.name_of(name, position)
        before = None if element is None else element.text
        names = self.find("definedNames")
        if text is None:
            if element is not None and names is not None:
                names.remove(element)
                self._drop_if_empty(names)
            return before
        if element is None:
            if names is None:
                names = self._place(fragment("<definedNames/>", self.namespace))
            attributes = {"name": name, "localSheetId": str(position)} | ({"hidden": "1"} if hidden else {})
            element = etree.SubElement(names, f"{{{self.namespace}}}definedName", attributes)
        element.text = text
        return before

    def drop_names(self, unwanted: Iterable[etree._Element]) -> None:
        """Take out definitions of names."""
        names = self.find("definedNames")
        for element in unwanted:
            if names is not None:
                names.remove(element)
        if names is not None:
            self._drop_if_empty(names)

    def names(self) -> list[etree._Element]:
        """Every definition of a name."""
        names = self.find("definedNames")
        return [] if names is None else list(names)

    def _drop_if_empty(self, names: etree._Element) -> None:
        if not len(names):
            self.root.remove(names)

    def _place(self, element: etree._Element) -> etree._Element:
        earlier = set(_ORDER[: _ORDER.index(etree.QName(element).localname)])
        before = [e for e in self.root if isinstance(e.tag, str) and etree.QName(e).localname in earlier]
        before[-1].addnext(element)
        return element

    # ── sheets ──

    def insert_first(self, name: str, data: bytes) -> str:
        """Put a worksheet before all others and show it when the file is opened. Returns its part."""
        part = unused_name(self.package, "xl/worksheets/sheet{}.xml")
        self.package.put(part, data)
        set_content_type(self.package, part, _WORKSHEET_TYPE)
        identifier = relate(self.package, self.part, f"{self.office}/worksheet", part)
        sheets = self._sheets()
        numbers = [integer(e, "sheetId") for e in sheets]
        element = fragment("<sheet/>", self.namespace)
        element.set("name", name)
        element.set("sheetId", str(max(numbers, default=0) + 1))
        element.set(f"{{{self.office}}}id", identifier)
        sheets.insert(0, element)
        self._shift(0, 1)
        _count_title(self.package, name, 1)
        return part

    def remove(self, tab: Tab) -> None:
        """Take out a sheet, its part, the names that belong to it or speak of it."""
        position = self.position(tab)
        quoted = "'" + tab.name.replace("'", "''") + "'!"
        unwanted = [
            e for e in self.names()
            if e.get("localSheetId") == str(position) or quoted in (e.text or "")
            or (e.text or "").startswith(f"{tab.name}!")
        ]  # fmt: skip
        self.drop_names(unwanted)
        sheets = self._sheets()
        sheets.remove(sheets[position])
        self._shift(position, -1)
        unrelate(self.package, self.part, tab.relation)
        self.package.drop(tab.part)
        _count_title(self.package, tab.name, -1)

    def _shift(self, from_position: int, by: int) -> None:
        """Positions of sheets behind a change move with it."""
        for element in self.names():
            if "localSheetId" in element.attrib and integer(element, "localSheetId") >= from_position:
                element.set("localSheetId", str(integer(element, "localSheetId") + by))

    def views(self) -> list[etree._Element]:
        """The windows of the workbook."""
        views = self.find("bookViews")
        return [] if views is None else list(views)

    def show_first(self) -> list[tuple[str | None, str | None]]:
        """Let every window open at the first sheet. Returns [active tab, first tab] of each before."""
        return [
            (take_attribute(view, "activeTab"), take_attribute(view, "firstSheet")) for view in self.views()
        ]

    def show_again(self, before: Sequence[tuple[str | None, str | None]]) -> None:
        """Undo `show_first`; windows that were made since open at the first visible sheet."""
        for index, view in enumerate(self.views()):
            active, first = before[index] if index < len(before) else (self._first_visible(), None)
            for key, value in (("activeTab", active), ("firstSheet", first)):
                take_attribute(view, key)
                if value is not None and int(value) < len(self._sheets()):
                    view.set(key, str(value))

    def _first_visible(self) -> str | None:
        states = [element.get("state", "visible") for element in self._sheets()]
        return str(states.index("visible")) if "visible" in states[1:] and states[0] != "visible" else None


def open_workbook(package: Package) -> Workbook:
    """The workbook part of a package. Raises Unmarkable if there is none."""
    for relation in related(package, "", "officeDocument"):
        root = parse(package.get(relation.target))
        if etree.QName(root).localname == "workbook":
            return Workbook(package, relation.target, root)
    raise Unmarkable("文件不是完好的 xlsx 工作簿")


def deselect(package: Package, part: str) -> bool:
    """Unselect a sheet's tab: several selected sheets would all be edited at once. Says whether it was."""
    data = utf8(package.get(part))
    views = _VIEWS.search(data[:_HEAD])
    cut = _SELECTED.sub(b"", views[0]) if views else b""
    if views is None or cut == views[0]:
        return False
    package.put(part, data[: views.start()] + cut + data[views.end() :])
    return True


def select(package: Package, part: str) -> None:
    """Select a sheet's tab, if it has a view."""
    data = package.get(part)
    head = _VIEW.sub(lambda m: m[1] + b' tabSelected="1"' + _STATED.sub(b"", m[2]), data[:_HEAD], count=1)
    package.put(part, head + data[_HEAD:])


def _count_title(package: Package, name: str, by: int) -> None:
    """Keep the list of sheet names in docProps/app.xml right, where it has the usual form."""
    for relation in related(package, "", "extended-properties"):
        root = parse(package.get(relation.target))
        count = root.find("{*}HeadingPairs/{*}vector/{*}variant/{*}i4")
        titles = root.find("{*}TitlesOfParts/{*}vector")
        if count is None or titles is None or not len(titles) or not (count.text or "").isdecimal():
            return
        if by > 0:
            title = deepcopy(titles[0])
            title.text = name
            titles.insert(0, title)
        else:
            same = next((title for title in titles if title.text == name), None)
            if same is None:
                return
            titles.remove(same)
        count.text = str(int(count.text or "0") + by)
        titles.set("size", str(len(titles)))
        package.put(relation.target, serialise(root))
