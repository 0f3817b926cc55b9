"""The door of the reading room: a path in, a workbook or a verdict out.

The readers of rare formats are imported when such a file comes: a worker starts sooner without them.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from pipeline.model import Book, Rejection
from pipeline.read import sniff
from pipeline.read.package import Package
from pipeline.read.refusal import REPLACE, RESAVE, RESEND, UNPACK, Refused
from pipeline.read.sniff import HEAD, ole_type, real_type, zip_type
from pipeline.read.xlsx import read_xlsx

LARGEST_FILE = 200 << 20
"""Bytes of a workbook; media belong beside it, not in it."""

_TEXT_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
_LARGEST_TEXT = 100 << 20


def read_book(path: Path, called: str = "") -> Book | Rejection:
    """The workbook at path, every value as it is stored, or why it cannot be read.

    The content decides what it is, whatever the name says; only delimited text needs
    the name, `.csv`, `.tsv` or `.txt`, since any text could pass for it. called: what the file
    was called, if it is a copy with another name; the one sheet of a text is named after it, as
    Excel does. Nothing outside the file is opened. May raise MemoryError.
    """
    try:
        return _read(path, PurePosixPath(called or path.name).stem)
    except Refused as verdict:
        return verdict.rejection()
    except OSError as fault:
        return Rejection(
            f"文件打不开（{fault.strerror or '读取出错'}）", "请确认文件没有被占用或损坏，重新放入后再试"
        )


def _read(path: Path, stem: str) -> Book:
    if not path.is_file():
        raise Refused("不是普通文件，无法读取", "请只报送表格文件本身，不要放快捷方式或文件夹")
    size = path.stat().st_size
    if not size:
        raise Refused("文件是空的，没有任何内容")
    if size > LARGEST_FILE:
        raise Refused(
            f"文件有 {size >> 20} MB，超过 {LARGEST_FILE >> 20} MB",
            "请删去表格里嵌入的图片和视频，作为单独的文件放在本单位文件夹里",
        )
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    match real_type(head):
        case sniff.ZIP:
            return _read_package(path)
        case sniff.OLE:
            return _read_ole(path)
        case kind:
            return _read_text(path, head, kind, stem)


def _read_package(path: Path) -> Book:
    with Package(path) as package:
        names = frozenset(package.names())
        mimetype = package.text("mimetype").strip() if "mimetype" in package else ""
        match zip_type(names, mimetype):
            case "xlsx":
                return read_xlsx(package)
            case "ods":
                from pipeline.read.ods import read_ods

                return read_ods(package)
            case other:
                raise _other(path, other)


def _read_ole(path: Path) -> Book:
    from pipeline.read.xls import ole_streams, read_xls

    match ole_type(ole_streams(path)):
        case "xls":
            return read_xls(path)
        case "encrypted":
            raise Refused("文件设了打开密码", "请取消密码后另存为 .xlsx 再报送")
        case other:
            raise _other(path, other)


def _read_text(path: Path, head: bytes, kind: str, stem: str) -> Book:
    if kind == sniff.TEXT and path.suffix.lower() in _TEXT_SUFFIXES:
        if path.stat().st_size > _LARGEST_TEXT:
            raise Refused(f"文本表格超过 {_LARGEST_TEXT >> 20} MB", RESAVE)
        from pipeline.read.delimited import read_delimited

        return read_delimited(path.read_bytes(), stem)
    if not head.strip(b"\0"):
        raise Refused("文件里全是空白字节，没有传完整", RESEND)
    if kind == sniff.UNKNOWN:
        raise Refused("文件不是表格，或者已经损坏", RESAVE)
    raise _other(path, kind)


def _other(path: Path, kind: str) -> Refused:
    shown = f"，扩展名却是 {path.suffix}" if path.suffix else ""
    remedy = UNPACK if kind.endswith(sniff.ARCHIVE) else REPLACE
    if kind in sniff.OPENED_AS_TABLES:
        remedy = RESAVE
    return Refused(f"文件其实是{kind}{shown}", remedy)
