"""The words of a received Word document (.docx). Runs in a worker.

Nothing but the main part and the relationship that names it is parsed; pictures, links, macros and
attached templates are never opened. What a reader of the document does not see (deleted and moved
text, field codes, the fallback of a drawing) is left out.
"""

from __future__ import annotations

import posixpath
import stat
from collections.abc import Iterator
from pathlib import Path

from lxml import etree
from msgspec import Struct

from pipeline.model import Rejection
from pipeline.read import sniff
from pipeline.read.package import Package, local, parse
from pipeline.read.refusal import Refused
from pipeline.read.sniff import HEAD, ole_type, real_type, zip_type

MOST_CHARACTERS = 64 << 20
"""Of XML in the main part: a list of 10,000 resources takes about 50 million."""
MOST_COLUMNS = 63
"""Of a table in Word."""

Rows = tuple[tuple[str, ...], ...]

_DOCX = "Word 文档（DOCX）"
_REMEDY = "请用 WPS 或 Word 打开检查，另存为 .docx 后重新放入本单位的文件夹"
_UNSEEN = frozenset({"Fallback", "del", "moveFrom", "pPr", "rPr", "tblPr", "trPr", "tcPr", "sectPr"})
_SIGNS = {"tab": " ", "ptab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


class Document(Struct, frozen=True):
    """What a document says: paragraphs outside tables, and tables as rows of cells, both in order.

    Cells that span several columns are followed by blank ones, so that columns stay in line.
    """

    paragraphs: tuple[str, ...]
    tables: tuple[Rows, ...]


def read_document(path: Path) -> Document | Rejection:
    """The words of the .docx at path, or why it cannot be read. May raise MemoryError."""
    try:
        return _read(path)
    except Refused as verdict:
        return Rejection(verdict.cause, _REMEDY)
    except OSError as fault:
        return Rejection(f"文件打不开（{fault.strerror or '读取出错'}）", _REMEDY)


def _read(path: Path) -> Document:
    if not stat.S_ISREG(path.lstat().st_mode):
        raise Refused("不是普通文件")
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    if not head:
        raise Refused("文件是空的，没有任何内容")
    match real_type(head):
        case sniff.ZIP:
            return _read_package(path)
        case sniff.OLE:
            from pipeline.read.xls import ole_streams  # as rare as in `read.book`

            kind = ole_type(ole_streams(path))
            raise Refused("文件设了打开密码" if kind == "encrypted" else f"文件其实是{kind}")
        case sniff.UNKNOWN:
            raise Refused("文件不是 Word 文档，或者已经损坏")
        case kind:
            raise Refused(f"文件其实是{kind}")


def _read_package(path: Path) -> Document:
    with Package(path) as package:
        kind = zip_type(frozenset(package.names()), "")
        if kind != _DOCX:
            raise Refused(f"文件其实是{'表格文件' if kind == 'xlsx' else kind}")
        name = _main_part(package)
        text = package.text(name)
    if len(text) > MOST_CHARACTERS:
        raise Refused("文件内容过多，不像登记表或说明")
    return _understood(parse(text, name))


def _main_part(package: Package) -> str:
    """The part that the package calls its document (OPC, 9.3); `word/document.xml` if it names none."""
    if "_rels/.rels" in package:
        for each in package.root("_rels/.rels"):
            inside = each.get("TargetMode", "Internal") == "Internal"
            if inside and each.get("Type", "").endswith("/officeDocument"):
                return posixpath.normpath(each.get("Target", "").lstrip("/"))
    return "word/document.xml"


def _understood(root: etree._Element) -> Document:
    paragraphs: list[str] = []
    tables: list[Rows] = []
    for block in _blocks(root):
        if local(block) == "tbl":
            tables.append(tuple(_row(each) for each in _nearest(block, "tr")))
        else:
            paragraphs.append(_text(block))
    return Document(tuple(paragraphs), tuple(tables))


def _blocks(element: etree._Element) -> Iterator[etree._Element]:
    """Paragraphs and outermost tables in the order of reading; text boxes behind their paragraph."""
    for child in element:
        name = local(child)
        if name in _UNSEEN:
            continue
        if name in ("p", "tbl"):
            yield child
        if name != "tbl":
            yield from _blocks(child)


def _nearest(element: etree._Element, wanted: str) -> Iterator[etree._Element]:
    """The elements of a name below, but none inside another of them."""
    for child in element:
        name = local(child)
        if name == wanted:
            yield child
        elif name not in _UNSEEN:
            yield from _nearest(child, wanted)


def _paragraphs(element: etree._Element) -> Iterator[etree._Element]:
    """All paragraphs below, those of nested tables and text boxes too."""
    for child in element:
        if local(child) == "p":
            yield child
        if local(child) not in _UNSEEN:
            yield from _paragraphs(child)


def _row(row: etree._Element) -> tuple[str, ...]:
    cells: list[str] = []
    for cell in _nearest(row, "tc"):
        cells.append("\n".join(filter(None, map(_text, _paragraphs(cell)))))
        cells += [""] * (_span(cell) - 1)
    return tuple(cells[:MOST_COLUMNS])


def _span(cell: etree._Element) -> int:
    """How many columns a cell takes."""
    span = cell.find("{*}tcPr/{*}gridSpan")
    texts = (
        [text for name, text in span.attrib.items() if str(name).endswith("val")] if span is not None else []
    )
    text = str(texts[0]) if texts else ""
    return min(int(text), MOST_COLUMNS) if text.isascii() and text.isdigit() and len(text) < 4 else 1


def _text(paragraph: etree._Element) -> str:
    """A paragraph's own text, without that of text boxes in it."""
    return "".join(_pieces(paragraph)).strip()


def _pieces(element: etree._Element) -> Iterator[str]:
    for child in element:
        name = local(child)
        if name == "t":
            yield child.text or ""
        elif name in _SIGNS:
            yield _SIGNS[name]
        elif name not in _UNSEEN and name != "txbxContent":
            yield from _pieces(child)
