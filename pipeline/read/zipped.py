"""Opening a zip file that nobody vouches for: its directory is judged before anything is inflated.

zipfile itself stops at the declared size of a member and checks its CRC, so a lying size
ends as a damaged member; what it does not look at is done here.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO, cast

from isal import isal_zlib
from msgspec import Struct

from pipeline.read.refusal import RESEND, Refused, damaged
from pipeline.read.remembered import SMALL

ENCRYPTED = 0x1
UTF8_NAME = 0x800
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, OverflowError)
_ISAL = cast("type[Exception]", isal_zlib.error)  # its stubs take the class for an instance
_CHUNK = 1 << 20
_LOCAL_HEADER = 30  # bytes before name and extra field
_LOCAL = struct.Struct("<4s2xH18x2H")  # signature, flags, lengths of name and extra field
_PLAIN_FLAGS = 0x80E  # how deflate was told to work, sizes behind the data, name in UTF-8
_DIRECTORY_ENTRY = 1024  # bytes allowed on average for one entry of the directory


class Limits(Struct, frozen=True):
    """What a zip file may hold: members; bytes inflated in all; and how many times the packed size.

    The ratio is judged for members of at least ratio_from inflated bytes, since short texts pack well.
    """

    members: int
    total: int
    ratio: int
    ratio_from: int


def open_zip(stream: BinaryIO, limits: Limits, what: str) -> zipfile.ZipFile:
    """The zip file in stream, whose directory promises nothing beyond limits.

    what is the word for the file in a verdict (文件, 压缩包). Raises Refused if the directory is
    missing or broken, if members overlap, or if there is too much of anything.
    """
    if _directory_size(stream) > limits.members * _DIRECTORY_ENTRY:
        raise _too_many(limits, what)
    try:
        archive = zipfile.ZipFile(stream)
    except (*_BROKEN, ValueError) as fault:
        raise Refused(f"{what}已损坏或没有传完整") from fault
    members = archive.infolist()
    if len(members) > limits.members:
        raise _too_many(limits, what)
    if sum(member.file_size for member in members) > limits.total:
        raise Refused(f"{what}解压后超过 {limits.total >> 20} MB，疑似恶意压缩", RESEND)
    for member in members:
        packed = member.compress_size or 1
        if member.file_size >= limits.ratio_from and member.file_size > packed * limits.ratio:
            raise Refused(f"{what}里的“{member.filename}”压缩得过于悬殊，疑似恶意压缩", RESEND)
    _refuse_overlap(archive, members, what)
    return archive


def _too_many(limits: Limits, what: str) -> Refused:
    return Refused(f"{what}里的文件超过 {limits.members} 个，疑似恶意压缩", RESEND)


def _refuse_overlap(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], what: str) -> None:
    """Members that share bytes are how a small bomb holds a large one (D. Fifield, 2019)."""
    free = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < free:
            raise Refused(f"{what}里的文件互相重叠，疑似恶意压缩", RESEND)
        free = member.header_offset + _LOCAL_HEADER + member.compress_size
    if free > archive.start_dir:
        raise Refused(f"{what}已损坏或没有传完整")


_END, _END64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")


def _directory_size(stream: BinaryIO) -> int:
    """Bytes of the central directory, 0 if none is found: zipfile reads all of it at once."""
    size = stream.seek(0, 2)
    start = max(0, size - _END.size - 0xFFFF)
    stream.seek(start)
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        return 0
    directory: int = _END.unpack_from(tail, at)[5]
    locator = at - _LOCATOR.size
    if locator >= 0 and tail[locator : locator + 4] == b"PK\x06\x07":
        stream.seek(min(_LOCATOR.unpack_from(tail, locator)[2], size))
        record = stream.read(_END64.size)
        if len(record) == _END64.size:
            directory = max(directory if directory != 0xFFFFFFFF else 0, _END64.unpack(record)[8])
    return directory


def inflate(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a member in pieces of at most 1 MiB, CRC checked at the end.

    Raises Refused if the member is encrypted, packed in an unknown way or damaged.
    """
    if member.flag_bits & ENCRYPTED:
        raise Refused("文件设了打开密码", "请取消密码后重新报送")
    try:
        if max(member.file_size, member.compress_size) <= _CHUNK and not member.flag_bits & ~_PLAIN_FLAGS:
            yield from filter(None, (_inflated(archive, member),))
            return
        with archive.open(member) as packed:
            while piece := packed.read(_CHUNK):
                yield piece
    except (*_BROKEN, RuntimeError, OSError, UnicodeDecodeError) as fault:
        raise damaged(member.filename) from fault


def _inflated(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A small member at once, judged as zipfile does; zipfile takes twice as long.

    Raises one of _BROKEN or UnicodeDecodeError.
    """
    stream = archive.fp
    if stream is None:
        raise zipfile.BadZipFile("closed")
    stream.seek(member.header_offset)
    header = stream.read(_LOCAL_HEADER)
    signature, flags, name_length, extra_length = _LOCAL.unpack(header)
    name = stream.read(name_length).decode("utf-8" if flags & UTF8_NAME else "cp437")
    if signature != b"PK\x03\x04" or name != member.orig_filename:
        raise zipfile.BadZipFile("no such member here")
    stream.seek(extra_length, 1)
    packed = stream.read(member.compress_size)
    unpack = _known if max(member.file_size, member.compress_size) <= SMALL else _unpacked
    return unpack(packed, member.compress_type == zipfile.ZIP_DEFLATED, member.file_size, member.CRC)


def _unpacked(packed: bytes, deflated: bool, size: int, crc: int) -> bytes:
    """Raises one of _BROKEN."""
    data = (_expanded(packed, size) if deflated else packed)[:size]
    if isal_zlib.crc32(data) != crc:
        raise zipfile.BadZipFile("bad CRC")
    return data


def _expanded(packed: bytes, size: int) -> bytes:
    """Raises zlib.error."""
    most = max(1, size)  # no more than was promised: 0 would stand for any number
    try:
        return isal_zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most)
    except _ISAL:
        # It also looks at what stands behind the last byte; zlib, by which others judge, does not.
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most)


_known = lru_cache(maxsize=128)(_unpacked)
