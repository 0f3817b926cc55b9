"""Notes at the marked cells: the comments part and the VML drawing that shows them (ECMA-376 part 4).

Legacy notes, which Excel, WPS and LibreOffice all show. The unit's own notes keep text, size
and visibility; a cell that has one gets our text appended behind a line. Threaded comments
are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from lxml import etree

from pipeline.ownmarks import NOTE_BEGIN, NOTE_RULE, SIGNATURE, without_own_note
from pipeline.render.inert import clean, line_count, stored, xml_text
from pipeline.render.package import (
    XML_DECLARATION,
    Package,
    Unmarkable,
    decimal,
    fragment,
    integer,
    namespace_of,
    parse,
    relate,
    related,
    serialise,
    set_content_type,
    unrelate,
    unused_name,
    utf8,
)
from pipeline.render.worksheet import Worksheet, address, area_of, row_heights, usual_height

_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_NAMED = rb"[A-Za-z_][\w.-]*"
"""A prefix: v: and x: by custom, but openpyxl writes ns0: and ns2:."""
_SHAPE = re.compile(
    rb"<(%b):shape\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*?(?:/>|>.*?</\1:shape>)\s*" % _NAMED, re.DOTALL
)
_SHAPE_TYPE = re.compile(
    rb"<(%b):shapetype\b[^>]*\bid=[\"']_x0000_t202[\"'].*?</\1:shapetype>\s*" % _NAMED, re.DOTALL
)
_GROUP = re.compile(rb"<%b:group\b" % _NAMED)
_ROW, _COLUMN = (re.compile(rb"<%b:%b>\s*([0-9]+)\s*<" % (_NAMED, name)) for name in (b"Row", b"Column"))
_VML_ROOT = (
    b'<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    b'xmlns:x="urn:schemas-microsoft-com:office:excel">'
)
_BLOCK = 1024
"""Shape ids are given out in blocks of 1,024; o:idmap names the blocks that a drawing owns."""

_NOTE_WIDTH = 260
_LINE_WIDTH = 40
"""Half-width characters on one line of a note of that many pixels, at 9 points."""

_LINE_HEIGHT = 16
_FARTHEST = 2_000
_TRUE = ("1", "true")
_VML_NAMES = tuple(name for name in _VML_ROOT[:-1].split(b" ") if name.startswith(b"xmlns"))
_NOTE_SHAPE_TYPE = (
    b'<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    b'<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)


def add_notes(
    package: Package, part: str, sheet: Worksheet, notes: Mapping[tuple[int, int], str], office: str
) -> int:
    """Put notes at cells, keyed (row, column). Returns how many could not be put.

    A cell with a threaded comment gets none. office is the namespace of office
    relationships, strict or transitional.
    """
    if not notes:
        return 0
    drawing = _drawing(package, part, sheet, office)
    if b"</xml>" not in package.get(drawing):
        return len(notes)
    notes = dict(sorted(notes.items()))
    existing = next(iter(related(package, part, "comments")), None)
    if existing is None:
        fresh, refused = notes, 0
        _put_comments(package, part, sheet, notes, office)
    else:
        root = parse(package.get(existing.target))
        fresh, refused = _add_to(root, notes, sheet.namespace)
        package.put(existing.target, serialise(root))
    package.put(drawing, _with_shapes(package, drawing, _boxes(sheet, fresh)))
    return refused


def remove_notes(package: Package, part: str, sheet: Worksheet) -> bool:
    """Take out our notes, and the parts that only they needed. Says whether there were any."""
    found = False
    for relation in related(package, part, "comments"):
        if NOTE_BEGIN.encode() not in utf8(package.get(relation.target)):
            continue
        found = True
        root = parse(package.get(relation.target))
        gone = [comment for comment in root.iter("{*}comment") if _cut_text(comment)]
        for comment in gone:
            parent = comment.getparent()
            if parent is not None:
                parent.remove(comment)
        _forget_author(root)
        places = {(area.top, area.left) for c in gone if (area := area_of(str(c.get("ref", ""))))}
        _remove_shapes(package, part, sheet, places)
        if any(True for _ in root.iter("{*}comment")):
            package.put(relation.target, serialise(root))
        else:
            unrelate(package, part, relation.id)
            package.drop(relation.target)
    return found


# ── Comments ─────────────────────────────────────────────────────────────────────────


def _put_comments(
    package: Package, part: str, sheet: Worksheet, notes: Mapping[tuple[int, int], str], office: str
) -> None:
    """A comments part for a sheet that has none."""
    made = unused_name(package, "xl/comments{}.xml")
    package.put(
        made,
        (
            f"{XML_DECLARATION}\n"
            f'<comments xmlns="{sheet.namespace}"><authors><author>{SIGNATURE}</author></authors>'
            f"<commentList>{_listed(0, notes)}</commentList></comments>"
        ).encode(),
    )
    set_content_type(package, made, _COMMENTS_TYPE)
    relate(package, part, f"{office}/comments", made)


def _add_to(
    root: etree._Element, notes: Mapping[tuple[int, int], str], namespace: str
) -> tuple[dict[tuple[int, int], str], int]:
    """Put notes among the unit's own. Returns those at cells that had none, and how many could not be put."""
    own = {str(comment.get("ref")): comment for comment in root.iter(f"{{{namespace}}}comment")}
    threads = {index for index, name in enumerate(_authors(root)) if name.startswith("tc=")}
    author = _own_author(root)
    fresh: dict[tuple[int, int], str] = {}
    refused = 0
    for place, text in notes.items():
        comment = own.get(address(*place))
        if comment is None:
            fresh[place] = text
        elif integer(comment, "authorId") in threads:
            refused += 1
        else:
            _append_text(comment, text)
    listed = root.find("{*}commentList")
    if listed is None:
        raise Unmarkable("文件内部的批注结构不完整")
    added = fragment(f"<commentList>{_listed(author, fresh)}</commentList>", namespace_of(root))
    listed.extend(list(added))
    return fresh, refused


def _authors(root: etree._Element) -> list[str]:
    return [author.text or "" for author in root.iter("{*}author")]


def _own_author(root: etree._Element) -> int:
    names = _authors(root)
    if SIGNATURE in names:
        return names.index(SIGNATURE)
    authors = root.find("{*}authors")
    if authors is None:
        raise Unmarkable("文件内部的批注结构不完整")
    etree.SubElement(authors, authors.tag.replace("authors", "author")).text = SIGNATURE
    return len(names)


def _forget_author(root: etree._Element) -> None:
    """Take our name from the authors if no note uses it; the numbers of later authors move up."""
    names = _authors(root)
    used = {integer(comment, "authorId") for comment in root.iter("{*}comment")}
    if SIGNATURE not in names or names.index(SIGNATURE) in used:
        return
    index = names.index(SIGNATURE)
    element = list(root.iter("{*}author"))[index]
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
    for comment in root.iter("{*}comment"):
        if (number := integer(comment, "authorId")) > index:
            comment.set("authorId", str(number - 1))


def _listed(author: int, notes: Mapping[tuple[int, int], str]) -> str:
    return "".join(_comment(address(*place), author, text) for place, text in notes.items())


def _comment(reference: str, author: int, text: str) -> str:
    first, _, rest = text.partition("\n")
    runs = _run(first, "<b/>") + _run("\n" + rest, "")
    return f'<comment ref="{reference}" authorId="{author}"><text>{runs}</text></comment>'


def _run(text: str, bold: str) -> str:
    font = '<sz val="9"/><color indexed="81"/><rFont val="宋体"/><family val="3"/><charset val="134"/>'
    return f'<r><rPr>{bold}{font}</rPr><t xml:space="preserve">{xml_text(text)}</t></r>'


def _append_text(comment: etree._Element, text: str) -> None:
    """Append to a note: to its only text if it is plain, else as a run of its own."""
    body = comment.find("{*}text")
    appended = f"\n{NOTE_RULE}\n{text}"
    if body is None:
        body = etree.SubElement(comment, comment.tag.replace("comment", "text"))
    plain = body.find("{*}t")
    if plain is not None and body.find("{*}r") is None:
        plain.text = (plain.text or "") + stored(appended)
        return
    run = fragment(_run(appended, ""), etree.QName(body).namespace or "")
    runs = body.findall("{*}r")
    if runs:
        runs[-1].addnext(run)
    else:
        body.insert(0, run)


def _cut_text(comment: etree._Element) -> bool:
    """Take our text out of a note; says whether nothing is left, so that the note itself goes."""
    texts = [t for t in comment.iter("{*}t") if not _is_phonetic(t)]
    whole = "".join(t.text or "" for t in texts)
    kept = without_own_note(whole)
    if kept == whole:
        return False
    common = next((i for i, (a, b) in enumerate(zip(whole, kept, strict=False)) if a != b), len(kept))
    end = common + len(whole) - len(kept)
    at = 0
    for t in texts:
        text = t.text or ""
        t.text = text[: max(common - at, 0)] + text[max(end - at, 0) :]
        at += len(text)
        run = t.getparent()
        if text and not t.text and run is not None and etree.QName(run).localname == "r":
            body = run.getparent()
            if body is not None:
                body.remove(run)
    return not kept.strip()


def _is_phonetic(text: etree._Element) -> bool:
    parent = text.getparent()
    return parent is not None and etree.QName(parent).localname == "rPh"


# ── The drawing ──────────────────────────────────────────────────────────────────────


def _drawing(package: Package, part: str, sheet: Worksheet, office: str) -> str:
    key = f"{{{office}}}id"
    stated = sheet.find("legacyDrawing")
    for relation in related(package, part, "vmlDrawing"):
        if stated is not None and stated.get(key) == relation.id:
            return relation.target
    made = unused_name(package, "xl/drawings/vmlDrawing{}.vml")
    block = _next_block(package)
    layout = b'<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="%d"/></o:shapelayout>' % block
    package.put(made, _VML_ROOT + layout + b"</xml>")
    set_content_type(package, made, _VML_TYPE)
    element = fragment("<legacyDrawing/>", sheet.namespace)
    element.set(key, relate(package, part, f"{office}/vmlDrawing", made))
    sheet.place(element)
    return made


def _next_block(package: Package) -> int:
    drawings = [package.get(name) for name in package.names() if name.lower().endswith(".vml")]
    owned = [
        int(n)
        for d in drawings
        for m in re.findall(rb'idmap[^>]*\bdata="([0-9, ]+)"', d)
        for n in m.split(b",")
    ]
    return max(owned, default=0) + 1


def _boxes(sheet: Worksheet, notes: Mapping[tuple[int, int], str]) -> list[tuple[int, int, str]]:
    """(row, column, anchor) of every new note, the box at the right of its cell, sized to its text."""
    width_of = _column_widths(sheet)
    right_of = {column: _walk(column, 15 + _NOTE_WIDTH, width_of) for column in {c for _, c in notes}}
    usual = _pixels(usual_height(sheet))
    heights = {number - 1: _pixels(points) for number, points in row_heights(sheet).items()}

    def height_of(index: int) -> int:
        return heights.get(index, usual)

    boxes = []
    for (row, column), text in notes.items():
        height = _LINE_HEIGHT * line_count(clean(text), _LINE_WIDTH) + 14
        right, right_rest = right_of[column]
        top = max(row - 2, 0)
        bottom, bottom_rest = _walk(top, 4 + height, height_of)
        boxes.append((row, column, f"{column}, 15, {top}, 4, {right}, {right_rest}, {bottom}, {bottom_rest}"))
    return boxes


def _pixels(points: float) -> int:
    return round(points * 4 / 3)


def _column_widths(sheet: Worksheet) -> Callable[[int], int]:
    """Pixel width of a column by its number from 0, at the default font's 7 pixels a digit."""
    layout = sheet.find("sheetFormatPr")
    usual = decimal(layout, "defaultColWidth", 8.43) if layout is not None else 8.43
    columns = sheet.find("cols")
    stated = [
        (
            integer(c, "min"),
            integer(c, "max"),
            decimal(c, "width", usual) * (c.get("hidden") not in _TRUE),
        )
        for c in (() if columns is None else columns)
    ]

    def width(index: int) -> int:
        found = next((size for first, last, size in stated if first <= index + 1 <= last), usual)
        return round(found * 7 + 5) if found else 0

    return width


def _walk(index: int, distance: int, size_of: Callable[[int], int]) -> tuple[int, int]:
    """The (index, offset) that lies `distance` pixels behind the edge of column or row `index`."""
    for _ in range(_FARTHEST):
        size = size_of(index)
        if distance < size:
            break
        distance -= size
        index += 1
    return index, distance


def _with_shapes(package: Package, drawing: str, boxes: list[tuple[int, int, str]]) -> bytes:
    """The drawing with a hidden note shape per box, ids behind all that it has."""
    data = package.get(drawing)
    if not boxes:
        return data
    blocks = [int(n) for m in re.findall(rb'idmap[^>]*\bdata="([0-9, ]+)"', data) for n in m.split(b",")]
    taken = [int(n) for n in re.findall(rb"_x0000_s([0-9]+)", data)]
    first = max([*taken, *(block * _BLOCK for block in blocks[:1])], default=_BLOCK) + 1
    shapes = b"" if _SHAPE_TYPE.search(data) else _NOTE_SHAPE_TYPE
    opening = data[: data.index(b">", data.index(b"<xml")) + 1]
    missing = b"".join(b" " + name for name in _VML_NAMES if name not in opening)
    shapes += b"".join(_shape(first + n, *box, missing) for n, box in enumerate(boxes))
    head, _, tail = data.rpartition(b"</xml>")
    return head + shapes.replace(b"<v:shapetype", b"<v:shapetype" + missing) + b"</xml>" + tail


def _shape(number: int, row: int, column: int, anchor: str, names: bytes) -> bytes:
    return (
        b'<v:shape%b id="_x0000_s%d" type="#_x0000_t202" '
        b'style="position:absolute;z-index:%d;visibility:hidden" '
        b'fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>'
        b'<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
        b'<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
        b'<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>%b</x:Anchor>'
        b"<x:AutoFill>False</x:AutoFill><x:Row>%d</x:Row><x:Column>%d</x:Column></x:ClientData></v:shape>"
    ) % (names, number, number % _BLOCK, anchor.encode(), row - 1, column - 1)


def _remove_shapes(package: Package, part: str, sheet: Worksheet, places: set[tuple[int, int]]) -> None:
    """Take out the note shapes of the given cells; an emptied drawing goes with its reference."""
    for relation in related(package, part, "vmlDrawing"):
        data = _SHAPE.sub(
            lambda m: b"" if _noted_cell(m[0]) in places else m[0], package.get(relation.target)
        )
        if b"#_x0000_t202" not in data:
            data = _SHAPE_TYPE.sub(b"", data)
        stated = next((e for e in sheet.all("legacyDrawing") if relation.id in e.attrib.values()), None)
        if _SHAPE.search(data) or stated is None or _GROUP.search(data):
            package.put(relation.target, data)
            continue
        sheet.root.remove(stated)
        unrelate(package, part, relation.id)
        package.drop(relation.target)


def _noted_cell(shape: bytes) -> tuple[int, int] | None:
    row, column = _ROW.search(shape), _COLUMN.search(shape)
    if b"Note" not in shape or row is None or column is None:
        return None
    return int(row[1]) + 1, int(column[1]) + 1
