"""The parts of an Office or OpenDocument package, each checked before it is parsed."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, BinaryIO, Final

from lxml import etree

from pipeline.read.refusal import CLEAN, RESAVE, Refused, damaged
from pipeline.read.remembered import remembered
from pipeline.read.zipped import ENCRYPTED, METHODS, Limits, inflate, open_zip

LIMITS = Limits(members=10_000, total=1 << 30, ratio=250, ratio_from=8 << 20)
LARGEST_PART = 256 << 20
"""Bytes of one XML part: 100,000 rows of the resource list take about 100 MiB."""

_PROLOG = re.compile(r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*+", re.DOTALL)
_DECLARATION = re.compile(
    r"<\?xml\s(?:[^?]*?\sencoding\s*=\s*[\"']([\w.:-]{1,40})[\"'])?.*?\?>", re.DOTALL | re.ASCII
)
_ENCODINGS = frozenset({"utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "ascii"})
"""OPC knows UTF-8 and UTF-16 alone; other bytes may pass for UTF-8 by accident (联通 in GBK does)."""
_FORBIDDEN = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
_HEAD = 1 << 16
_XML = (".xml", ".rels", ".vml", ".rdf")


class Package:
    """An open package. Part names are compared without case, `/` and `\\` alike (OPC, 6.2.2)."""

    def __init__(self, path: Path) -> None:
        """Open and judge the directory; raises Refused."""
        self._stream: BinaryIO = path.open("rb")
        try:
            self._zip = open_zip(self._stream, LIMITS, "文件")
            self._parts = _index(self._zip.infolist())
        except BaseException:
            self._stream.close()
            raise
        self._unread = dict(self._parts)

    def __enter__(self) -> Package:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._zip.close()
        self._stream.close()

    def __contains__(self, name: str) -> bool:
        """Whether there is a part of this name."""
        return _key(name) in self._parts

    def names(self) -> tuple[str, ...]:
        """All part names, in lower case."""
        return tuple(self._parts)

    def text(self, name: str) -> str:
        """An XML part as text, without byte order mark and declaration, line ends as `\\n`.

        Raises Refused if it is missing, damaged, too large, has a DOCTYPE, or is neither UTF-8 nor UTF-16.
        """
        return xml_text(self._data(name), name)

    def divided(self, name: str, element: str) -> tuple[str, str]:
        """A part without what stands in an element, and that; raises Refused as text does."""
        return divided(self._data(name), name, element)

    def _data(self, name: str) -> bytes:
        key = _key(name)
        member = self._parts.get(key)
        if member is None:
            raise Refused(f"文件不完整，缺少其中的“{name}”")
        if member.file_size > LARGEST_PART:
            raise Refused(f"文件内容过多，其中的“{name}”超过 {LARGEST_PART >> 20} MB", CLEAN)
        data = b"".join(inflate(self._zip, member))
        self._unread.pop(key, None)
        return data

    def head(self, name: str) -> bytes:
        """The first bytes of any part, at most 1 MiB; raises Refused if it is damaged there."""
        member = self._parts.get(_key(name))
        return next(inflate(self._zip, member), b"") if member else b""

    def root(self, name: str) -> etree._Element:
        """The root element of a small XML part; raises Refused as text does."""
        return parse(self.text(name), name)

    def verify(self) -> None:
        """Inflate every part not yet read: its CRC must be right, and no XML may have a DOCTYPE."""
        for key, member in self._unread.items():
            pieces = inflate(self._zip, member)
            head = next(pieces, b"")
            if key.endswith(_XML):
                refuse_doctype(_decoded(head[:_HEAD], errors="ignore"), member.filename)
            for _ in pieces:
                pass
        self._unread.clear()


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").casefold()


def _index(members: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    parts: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        name = member.orig_filename.replace("\\", "/")
        key = _key(name)
        if name.startswith("/") or ".." in PurePosixPath(name).parts or ":" in name.partition("/")[0]:
            raise Refused(f"文件里有不该出现的路径“{name}”", CLEAN)
        if key in parts:
            raise Refused(f"文件里有两个同名的部分“{name}”", CLEAN)
        if member.flag_bits & ENCRYPTED:
            raise Refused("文件设了打开密码", "请取消密码后另存为 .xlsx 再报送")
        if member.compress_type not in METHODS:
            raise Refused(f"文件里的“{name}”用了表格文件不用的压缩方式", RESAVE)
        if not name.endswith("/"):
            parts[key] = member
    return parts


def _decoded(data: bytes, errors: str = "strict") -> str:
    """XML bytes as text; the standards allow UTF-8 and UTF-16 only. Raises UnicodeError."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors)
    if data[:4] == b"<\x00?\x00":
        return data.decode("utf-16-le", errors)
    if data[:4] == b"\x00<\x00?":
        return data.decode("utf-16-be", errors)
    return data.decode("utf-8-sig", errors)


@remembered
def xml_text(data: bytes, name: str) -> str:
    """XML bytes as the one form that both tokenizers read; raises Refused."""
    text = _characters(data, name, _decoded)
    refuse_doctype(text, name)
    if declared := _DECLARATION.match(text):
        if declared[1] and declared[1].lower() not in _ENCODINGS:
            raise Refused(f"文件的“{name}”用了表格文件不用的文字编码“{declared[1]}”", RESAVE)
        text = text[declared.end() :]
    return text


@remembered
def divided(data: bytes, name: str, element: str) -> tuple[str, str]:
    """The same without what stands in an element written without attributes, and that, "" if there is none.

    The rows of a sheet are ASCII, with few exceptions: apart from Chinese around them they take half
    the memory and time.
    """
    opening, closing = f"<{element}>".encode(), f"</{element}>".encode()
    start = data.find(opening) + len(opening)
    # From behind: what follows the rows is short. Of several ends the rows would hold all but the last.
    end = data.rfind(closing, start)
    if start < len(opening) or end < 0:
        return xml_text(data, name), ""
    return xml_text(data[:start] + data[end:], name), _characters(
        data[start:end], name, lambda part: part.decode()
    )


def _characters(data: bytes, name: str, decode: Callable[[bytes], str]) -> str:
    try:
        text = decode(data)
    except UnicodeError as fault:
        raise damaged(name) from fault
    if len(data.translate(None, _FORBIDDEN)) != len(data) and any(chr(byte) in text for byte in _FORBIDDEN):
        raise damaged(name)
    if b"\r" in data:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def refuse_doctype(text: str, name: str) -> None:
    """Raise Refused if XML text begins with a DOCTYPE, the one way to entities and outside files."""
    rest = _PROLOG.match(text)
    at = rest.end() if rest else 0
    if text.startswith("<!", at) or text.startswith("<?", at):
        raise Refused(f"文件的“{name}”里有不允许的文档类型声明，可能有害", CLEAN)


SAFELY: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
"""How lxml may parse: nothing from outside, its own limits kept (10 MB a text, 256 levels)."""


def parse(text: str, name: str) -> etree._Element:
    """The root element of XML text; raises Refused if it is not well-formed."""
    try:
        return etree.fromstring(text.encode(), etree.XMLParser(**SAFELY))
    except etree.XMLSyntaxError as fault:
        raise damaged(name) from fault


def local(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]
