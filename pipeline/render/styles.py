"""Formats for our marks, put behind the unit's own in styles.xml: nothing there is moved or changed.

A format that is there already is used again, so that a second round adds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from lxml import etree
from msgspec import Struct

from pipeline.model import Severity
from pipeline.render.package import (
    Package,
    Unmarkable,
    fragment,
    namespace_of,
    parse,
    relate,
    related,
    serialise,
    set_content_type,
)

FILL = {Severity.ERROR: "FFFFC7CE", Severity.WARNING: "FFFFE699", Severity.NOTE: "FFDDEBF7"}
"""Light red, amber and blue: apart in lightness too, so that no colour vision is needed to tell them."""

TEXT = {Severity.ERROR: "FF9C0006", Severity.WARNING: "FF663C00", Severity.NOTE: "FF1F4E79"}

_ORDER = (
    "numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "tableStyles",
    "colors", "extLst",
)  # fmt: skip
_INITIAL = {
    "fonts": '<fonts count="1"><font><sz val="11"/><name val="宋体"/></font></fonts>',
    "fills": '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>',
    "borders": '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>',
    "cellStyleXfs": '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
    "</cellStyleXfs>",
    "cellXfs": '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>',
    "dxfs": '<dxfs count="0"/>',
}
_EXTENDED = ("fonts", "fills", "borders", "cellXfs", "dxfs")
_MOST_FORMATS = 64_000
_PART_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"

_PLAIN = '<font><sz val="10"/><name val="宋体"/><charset val="134"/></font>'
_BOLD = '<font><b/><sz val="10"/><name val="宋体"/><charset val="134"/></font>'
_TITLE = '<font><b/><sz val="16"/><name val="宋体"/><charset val="134"/></font>'
_LINK = '<font><u/><sz val="10"/><color rgb="FF0563C1"/><name val="宋体"/><charset val="134"/></font>'
_NO_FILL = '<fill><patternFill patternType="none"/></fill>'
_NO_BORDER = "<border><left/><right/><top/><bottom/><diagonal/></border>"
_EDGE = '<{} style="thin"><color rgb="FFBFBFBF"/></{}>'
_BOXED = (
    "<border>"
    + "".join(_EDGE.format(s, s) for s in ("left", "right", "top", "bottom"))
    + "<diagonal/></border>"
)
_INPUT_EDGE = '<{} style="medium"><color rgb="FF5B9BD5"/></{}>'
_INPUT_BOX = (
    "<border>"
    + "".join(_INPUT_EDGE.format(s, s) for s in ("left", "right", "top", "bottom"))
    + "<diagonal/></border>"
)


class Format(Struct, frozen=True):
    """One cell format of ours, told by its pieces. text says that numbers typed there stay text."""

    font: str = _PLAIN
    fill: str = _NO_FILL
    border: str = _BOXED
    across: str = "left"
    down: str = "top"
    wrap: bool = True
    text: bool = False
    quoted: bool = False
    locked: bool = True


def _solid(colour: str) -> str:
    pattern = (
        f'<patternFill patternType="solid"><fgColor rgb="{colour}"/><bgColor indexed="64"/></patternFill>'
    )
    return f"<fill>{pattern}</fill>"


FORMATS: Mapping[str, Format] = {
    "title": Format(font=_TITLE, border=_NO_BORDER, down="center", wrap=False),
    "head": Format(border=_NO_BORDER),
    "header": Format(font=_BOLD, fill=_solid("FFD9D9D9"), across="center", down="center"),
    "number": Format(across="center"),
    Severity.ERROR: Format(font=_BOLD, fill=_solid(FILL[Severity.ERROR]), across="center"),
    Severity.WARNING: Format(font=_BOLD, fill=_solid(FILL[Severity.WARNING]), across="center"),
    Severity.NOTE: Format(font=_BOLD, fill=_solid(FILL[Severity.NOTE]), across="center"),
    "text": Format(text=True),
    "quoted": Format(text=True, quoted=True),
    "link": Format(font=_LINK, text=True),
    "input": Format(fill=_solid("FFFFFFE5"), border=_INPUT_BOX, text=True, locked=False),
    "unneeded": Format(fill=_solid("FFEDEDED"), text=True),
    "message": Format(border=_NO_BORDER, quoted=True),
    "hidden": Format(border=_NO_BORDER, wrap=False, text=True),
}
"""Every cell format that marking uses, by name."""


class Looks(Struct, frozen=True):
    """Where our formats stand: cell formats by the names of FORMATS, colours of marks by severity."""

    cell: Mapping[str, int]
    mark: Mapping[Severity, int]


def add_looks(package: Package, workbook: str, office: str) -> Looks:
    """Put our formats into the styles part, which is made if it is missing.

    office is the namespace of office relationships, strict or transitional. Raises
    Unmarkable when the workbook is at Excel's limit of cell formats.
    """
    part, data = _styles(package, workbook, office)
    extended, own = _extended(data)
    package.put(part, extended)
    return own


@lru_cache(maxsize=8)
def _extended(data: bytes) -> tuple[bytes, Looks]:
    """A styles part with our formats, and where they stand. Units that fill in one template send one part."""
    root = parse(data)
    entries = {name: _Entries(_collection(root, name)) for name in _EXTENDED}
    own = Looks(
        {name: _cell_format(entries, format_) for name, format_ in FORMATS.items()},
        {severity: entries["dxfs"].index_of(_dxf(severity)) for severity in Severity},
    )
    if len(_collection(root, "cellXfs")) > _MOST_FORMATS:
        raise Unmarkable("工作簿里的单元格格式种类太多，已到表格软件的上限")
    return serialise(root), own


def _styles(package: Package, workbook: str, office: str) -> tuple[str, bytes]:
    for relation in related(package, workbook, "styles"):
        return relation.target, package.get(relation.target)
    part = workbook.rpartition("/")[0] + "/styles.xml"
    relate(package, workbook, f"{office}/styles", part)
    set_content_type(package, part, _PART_TYPE)
    namespace = namespace_of(parse(package.get(workbook)))
    root = etree.fromstring(f'<styleSheet xmlns="{namespace}"/>')
    for name in ("fonts", "fills", "borders", "cellStyleXfs", "cellXfs"):
        _collection(root, name)
    return part, serialise(root)


def _cell_format(entries: Mapping[str, _Entries], look: Format) -> int:
    font = entries["fonts"].index_of(look.font)
    fill = entries["fills"].index_of(look.fill)
    border = entries["borders"].index_of(look.border)
    quote = ' quotePrefix="1"' if look.quoted else ""
    protection = "" if look.locked else '<protection locked="0"/>'
    applied = "" if look.locked else ' applyProtection="1"'
    wrap = ' wrapText="1"' if look.wrap else ""
    return entries["cellXfs"].index_of(
        f'<xf numFmtId="{49 if look.text else 0}" fontId="{font}" fillId="{fill}" borderId="{border}" '
        f'xfId="0"{quote} applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1" '
        f'applyAlignment="1"{applied}>'
        f'<alignment horizontal="{look.across}" vertical="{look.down}"{wrap}/>{protection}</xf>',
    )


def _dxf(severity: Severity) -> str:
    bold = "<b/>" if severity is Severity.ERROR else ""
    return (
        f'<dxf><font>{bold}<color rgb="{TEXT[severity]}"/></font>'
        f'<fill><patternFill><bgColor rgb="{FILL[severity]}"/></patternFill></fill></dxf>'
    )


_Said = tuple[object, ...]


class _Entries:
    """One collection of the styles part: what it has, by what it says."""

    def __init__(self, collection: etree._Element) -> None:
        self._collection = collection
        self._known: dict[_Said, int] = {}
        for index, entry in enumerate(collection):
            self._known.setdefault(_said(entry), index)

    def index_of(self, xml: str) -> int:
        """The index of an equal entry, else of a new last one."""
        wanted = fragment(xml, namespace_of(self._collection))
        new = len(self._collection)
        index = self._known.setdefault(_said(wanted), new)
        if index == new:
            self._collection.append(wanted)
            self._collection.set("count", str(new + 1))
        return index


def _collection(root: etree._Element, name: str) -> etree._Element:
    namespace = namespace_of(root)
    found = root.find(f"{{{namespace}}}{name}")
    if found is not None:
        return found
    made = fragment(_INITIAL[name], namespace)
    earlier = set(_ORDER[: _ORDER.index(name)])
    before = [e for e in root if isinstance(e.tag, str) and etree.QName(e).localname in earlier]
    root.insert(root.index(before[-1]) + 1 if before else 0, made)
    return made


def _said(element: etree._Element) -> _Said:
    """All that an entry says: equal for entries that look the same."""
    return element.tag, frozenset(element.items()), *map(_said, element)
