"""An OOXML package as named parts (ECMA-376 part 2): read, relationships, content types, write.

A `Package` is a working copy that lives inside one call: bytes in, changes to single parts,
bytes out. A part that nobody changed is written with the very bytes that it had in the file,
compressed as they were.
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterator

from lxml import etree
from msgspec import Struct, field

CONTENT_TYPES = "[Content_Types].xml"
_TYPES_NS = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELS_NS = "http://schemas.openxmlformats.org/package/2006/relationships"
_RELATIONS = ".rels"
XML_DECLARATION = "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>"
"""As `serialise` writes it."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1
_LEVEL = 3
"""Of deflate: a twentieth more bytes than at 6, and a tenth less time for the whole marking."""
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?\bencoding\s*=\s*[\"']([\w.-]+)[\"']")
_PLAIN_ENCODINGS = (b"utf-8", b"us-ascii", b"ascii")
_INTEGER = re.compile(r"\s*-?[0-9]{1,10}\s*")
_DECIMAL = re.compile(r"[0-9]{1,6}(?:\.[0-9]{0,20})?")
_WRITTEN_AS_NUMBER = re.compile(rb"&#(?:x[0-9A-Fa-f]{2,}|[0-9]{3,});")


class Unmarkable(Exception):  # noqa: N818 - named for what it tells, as in `except Unmarkable`
    """The workbook cannot be marked without harm; nothing was written. cause is a Chinese clause."""

    def __init__(self, cause: str) -> None:
        """Keep the cause as a value, too."""
        super().__init__(cause)
        self.cause = cause


class Relation(Struct, frozen=True):
    """One relationship. target is a part's name, or the address as stored if it is external."""

    id: str
    type: str
    target: str
    external: bool

    @property
    def kind(self) -> str:
        """The last word of the type, which strict and transitional packages share: `worksheet`."""
        return self.type.rpartition("/")[2]


class Package(Struct):
    """A working copy of a package. Changed and new parts are in `fresh`, dropped ones in `gone`.

    known: the relationships of parts, as long as neither they nor the set of parts change.
    """

    source: bytes
    archive: zipfile.ZipFile
    infos: dict[str, zipfile.ZipInfo]
    fresh: dict[str, bytes] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    cache: dict[str, bytes] = field(default_factory=dict)
    known: dict[str, tuple[Relation, ...]] = field(default_factory=dict)

    def names(self) -> Iterator[str]:
        """Every part, in the order of the file, new ones last."""
        yield from (name for name in self.infos if name not in self.gone)
        yield from (name for name in self.fresh if name not in self.infos)

    def __contains__(self, name: str) -> bool:
        """Whether the part exists."""
        return name in self.fresh or (name in self.infos and name not in self.gone)

    def get(self, name: str) -> bytes:
        """A part's bytes. Raises Unmarkable if it is missing or damaged."""
        if name in self.fresh:
            return self.fresh[name]
        if name not in self:
            raise Unmarkable(f"文件内部缺少 {name}")
        if name not in self.cache:
            try:
                self.cache[name] = self.archive.read(self.infos[name])
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
                raise Unmarkable(f"文件内部的 {name} 已损坏") from error
        return self.cache[name]

    def put(self, name: str, data: bytes) -> None:
        """Replace or add a part; equal bytes leave it unchanged."""
        new = name not in self
        if not new and self.get(name) == data:
            return
        if new or name.endswith(_RELATIONS):
            self.known.clear()
        self.gone.discard(name)
        self.fresh[name] = data

    def drop(self, name: str) -> None:
        """Take out a part, its relationships and its content type; parts that only it used go too."""
        targets = [relation.target for relation in relations(self, name) if not relation.external]
        self.remove(name)
        self.remove(relations_part(name))
        _untype(self, name)
        used = {relation.target for source in _sources(self) for relation in relations(self, source)}
        for target in targets:
            if target in self and target not in used:
                self.drop(target)

    def remove(self, name: str) -> None:
        """Take out a part and nothing else."""
        self.known.clear()
        self.fresh.pop(name, None)
        self.gone.add(name)


def read(data: bytes) -> Package:
    """Open a package. Raises Unmarkable if it is no zip archive, or an encrypted one."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Unmarkable("文件不是完好的 xlsx 工作簿") from error
    infos = {info.filename.lstrip("/"): info for info in archive.infolist() if not info.is_dir()}
    if any(info.flag_bits & _ENCRYPTED for info in infos.values()):
        raise Unmarkable("文件已加密")
    if CONTENT_TYPES not in infos:
        raise Unmarkable("文件不是完好的 xlsx 工作簿")
    return Package(data, archive, infos)


def write(package: Package) -> bytes:
    """The package as bytes: unchanged members copied as they are, others with a fixed date."""
    out, directory = io.BytesIO(), io.BytesIO()
    count = 0
    for name in package.names():
        entry, packed = _member(package, name)
        offset = out.tell()
        flags, method, stamp, sizes, raw_name = entry
        fixed = struct.pack("<5H3L2H", 20, flags, method, *stamp, *sizes, len(raw_name), 0)
        out.write(b"PK\x03\x04" + fixed + raw_name)
        out.write(packed)
        directory.write(b"PK\x01\x02" + struct.pack("<H", 20) + fixed)
        directory.write(struct.pack("<3H2L", 0, 0, 0, 0, offset) + raw_name)
        count += 1
    start, listing = out.tell(), directory.getvalue()
    out.write(listing)
    out.write(b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, count, count, len(listing), start, 0))
    return out.getvalue()


_Entry = tuple[int, int, tuple[int, int], tuple[int, int, int], bytes]


def _member(package: Package, name: str) -> tuple[_Entry, bytes | memoryview]:
    """(flags, method, (time, date), (crc, packed size, size), name as stored) and the packed bytes."""
    if name in package.fresh:
        data = package.fresh[name]
        deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
        packed = deflate.compress(data) + deflate.flush()
        sizes = (zlib.crc32(data), len(packed), len(data))
        return (_UTF8_NAME, zipfile.ZIP_DEFLATED, _dos(_EPOCH), sizes, name.encode()), packed
    info = package.infos[name]
    name_length, extra_length = struct.unpack_from("<2H", package.source, info.header_offset + 26)
    start = info.header_offset + 30 + name_length + extra_length
    flags = info.flag_bits & _UTF8_NAME
    raw_name = info.orig_filename.encode("utf-8" if flags else "cp437")
    sizes = (info.CRC, info.compress_size, info.file_size)
    packed_view = memoryview(package.source)[start : start + info.compress_size]
    return (flags, info.compress_type, _dos(info.date_time), sizes, raw_name), packed_view


def _dos(moment: tuple[int, int, int, int, int, int]) -> tuple[int, int]:
    year, month, day, hour, minute, second = moment
    return hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day


# ── XML ──────────────────────────────────────────────────────────────────────────────


def utf8(data: bytes) -> bytes:
    """A part's XML in which texts can be looked for: UTF-8, no byte order mark, no `&#38382;`.

    Returned as it is if it has that form already, as all but a few programs write it.
    """
    declared = _DECLARED.match(data[:200])
    encoding = declared[1].lower() if declared else b"utf-8"
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")
    if wide or encoding not in _PLAIN_ENCODINGS or _has_numbers(data):
        return serialise(parse(data))
    return data.removeprefix(b"\xef\xbb\xbf")


def _has_numbers(data: bytes) -> bool:
    """Whether characters are written as numbers. One byte is looked for ten times as fast as two."""
    return b"&" in data and b"&#" in data and _WRITTEN_AS_NUMBER.search(data) is not None


def parse(data: bytes) -> etree._Element:
    """The root of a part. Raises Unmarkable for a DOCTYPE, for broken or extravagant XML."""
    if b"<!DOCTYPE" in data:
        raise Unmarkable("文件内部含有不允许的 DOCTYPE 声明")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unmarkable("文件内部的 XML 已损坏") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unmarkable("文件内部含有不允许的 DOCTYPE 声明")
    return root


def serialise(root: etree._Element) -> bytes:
    """A part's bytes: UTF-8 with the declaration that Office writes."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def take_attribute(element: etree._Element, key: str) -> str | None:
    """Take an attribute off an element; returns what it said."""
    value = element.get(key)
    if value is not None:
        del element.attrib[key]
    return value


def integer(element: etree._Element, key: str) -> int:
    """A whole number in an attribute, 0 if it is not stated. Raises Unmarkable for anything else."""
    text = element.get(key, "0")
    if not _INTEGER.fullmatch(text):
        raise Unmarkable(f"文件内部的编号“{text[:20]}”不是数字")
    return int(text)


def decimal(element: etree._Element, key: str, usual: float) -> float:
    """A length in an attribute, `usual` if it is not stated or no length."""
    text = element.get(key, "")
    return float(text) if _DECIMAL.fullmatch(text) else usual


def attributes_of(element: etree._Element) -> dict[str, str]:
    """The attributes of an element as plain values, in stored order."""
    return {str(key): str(value) for key, value in element.attrib.items()}


def fragment(xml: str, namespace: str) -> etree._Element:
    """An element of `namespace` from XML written in this program, ready to be put into a tree."""
    name_end = next(at for at, character in enumerate(xml) if character in " />")
    return etree.fromstring(f'{xml[:name_end]} xmlns="{namespace}"{xml[name_end:]}')


def namespace_of(root: etree._Element) -> str:
    """The namespace of a root element: it tells strict from transitional parts."""
    return etree.QName(root).namespace or ""


# ── Relationships ────────────────────────────────────────────────────────────────────


def relations_part(part: str) -> str:
    """Where the relationships of a part are stored; "" stands for the package itself."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", name + _RELATIONS)


def relations(package: Package, part: str) -> tuple[Relation, ...]:
    """The relationships of a part in stored order; none if it has no relationships."""
    if part not in package.known:
        where = relations_part(part)
        stored = parse(package.get(where)).iter(f"{{{_RELS_NS}}}*") if where in package else ()
        package.known[part] = tuple(
            _relation(package, part, element) for element in stored if element.get("Id") is not None
        )
    return package.known[part]


def related(package: Package, part: str, kind: str) -> tuple[Relation, ...]:
    """The internal relationships of one kind whose part exists."""
    return tuple(
        relation for relation in relations(package, part)
        if relation.kind == kind and not relation.external and relation.target in package
    )  # fmt: skip


def relate(package: Package, part: str, type_: str, target: str) -> str:
    """Add a relationship to another part; returns its id."""
    where = relations_part(part)
    empty = f'<Relationships xmlns="{_RELS_NS}"/>'.encode()
    root = parse(package.get(where) if where in package else empty)
    numbers = [int(n) for e in root if (n := str(e.get("Id", "")).removeprefix("rId")).isdecimal()]
    identifier = f"rId{max(numbers, default=0) + 1}"
    relative = posixpath.relpath(target, posixpath.dirname(part) or ".")
    etree.SubElement(root, f"{{{_RELS_NS}}}Relationship", Id=identifier, Type=type_, Target=relative)
    package.put(where, serialise(root))
    return identifier


def unrelate(package: Package, part: str, identifier: str) -> None:
    """Take out a relationship; an emptied list of relationships goes too."""
    where = relations_part(part)
    root = parse(package.get(where))
    for element in [e for e in root if e.get("Id") == identifier]:
        root.remove(element)
    if len(root):
        package.put(where, serialise(root))
    else:
        package.remove(where)


def _relation(package: Package, part: str, element: etree._Element) -> Relation:
    target, external = str(element.get("Target", "")), element.get("TargetMode") == "External"
    if not external:
        target = _resolved(package, part, target)
    return Relation(str(element.get("Id")), str(element.get("Type", "")), target, external)


def _resolved(package: Package, part: str, target: str) -> str:
    """A target as a part's name; names compare without letter case (part 2, 6.2.2.3)."""
    path = posixpath.normpath(posixpath.join("/", posixpath.dirname(part), target)).lstrip("/")
    if path in package:
        return path
    plain = urllib.parse.unquote(path)
    return next((name for name in package.names() if name.lower() == plain.lower()), plain)


def _sources(package: Package) -> list[str]:
    """Every part that has relationships, and "" for the package."""
    return [
        posixpath.join(
            posixpath.dirname(posixpath.dirname(name)), posixpath.basename(name)[: -len(_RELATIONS)]
        )
        for name in package.names()
        if name.endswith(_RELATIONS) and posixpath.basename(posixpath.dirname(name)) == "_rels"
    ]


# ── Content types ────────────────────────────────────────────────────────────────────


def content_type(package: Package, part: str) -> str:
    """The content type of a part, "" if none is declared."""
    extension = part.rpartition(".")[2].lower()
    by_default = ""
    for element in parse(package.get(CONTENT_TYPES)):
        if str(element.get("PartName", "")).lstrip("/").lower() == part.lower():
            return str(element.get("ContentType", ""))
        if str(element.get("Extension", "")).lower() == extension:
            by_default = str(element.get("ContentType", ""))
    return by_default


def set_content_type(package: Package, part: str, type_: str) -> None:
    """Declare a part's content type, unless it is declared so already."""
    if content_type(package, part) == type_:
        return
    _untype(package, part)
    root = parse(package.get(CONTENT_TYPES))
    etree.SubElement(root, f"{{{_TYPES_NS}}}Override", PartName=f"/{part}", ContentType=type_)
    package.put(CONTENT_TYPES, serialise(root))


def _untype(package: Package, part: str) -> None:
    root = parse(package.get(CONTENT_TYPES))
    stale = [e for e in root if str(e.get("PartName", "")).lstrip("/").lower() == part.lower()]
    for element in stale:
        root.remove(element)
    if stale:
        package.put(CONTENT_TYPES, serialise(root))


def unused_name(package: Package, pattern: str) -> str:
    """The first part name of `pattern` (with `{}` for a number) after all that exist."""
    before, _, after = pattern.lower().partition("{}")
    numbers = [
        int(n) for name in package.names()
        if name.lower().startswith(before) and name.lower().endswith(after)
        and (n := name[len(before) : len(name) - len(after)]).isdecimal()
    ]  # fmt: skip
    return pattern.format(max(numbers, default=0) + 1)
