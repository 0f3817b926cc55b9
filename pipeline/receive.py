"""The private copy of a received workbook: taken in one reading, named by its content."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pipeline.durable import flush
from pipeline.files import Entry, Received
from pipeline.model import Rejection

PART = ".part"
_CHUNK = 1 << 20
_PLAINLY = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK"))
"""A link or a pipe may have taken the file's place: the one is not followed, the other not waited for."""
_CHANGED = Rejection("读取时文件正在变化", "请等文件复制或保存完后重新运行")
_NOT_A_FILE = Rejection("不是普通文件", "请放入文件本身")
_ELSEWHERE = Rejection("无法读取", "请检查磁盘或网络后重新运行")
_FORBIDDEN = Rejection("没有读取权限", "请检查文件权限后重新运行")
_CAUSES = {
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.ENOENT: Rejection("读取时已不在原处", "请等文件复制完后重新运行"),
    errno.ENAMETOOLONG: Rejection("的名称或所在文件夹的名称过长", "请缩短名称"),
    errno.ELOOP: _NOT_A_FILE,
    errno.ENXIO: _NOT_A_FILE,
}


class _Unreadable(Exception):  # noqa: N818 - it becomes a verdict on the file
    """Reading, not writing, went wrong."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.why = why_unreadable(error)


def why_unreadable(error: OSError) -> Rejection:
    """What hinders reading, as a verdict on what the unit sent."""
    return _CAUSES.get(error.errno or 0, _ELSEWHERE)


def receive(entry: Entry, keep: Path, workbook_mb: int) -> Received | Rejection:
    """Copy a workbook into the folder `keep`; one that changes meanwhile is refused.

    Raises OSError if the copy cannot be written: that is our disk, not the unit's fault.
    """
    if entry.size > workbook_mb * 1_000_000:
        return Rejection(f"文件超过 {workbook_mb} MB", "请删去大图片和多余内容，或拆分后再报送")
    try:
        source = os.fdopen(os.open(entry.located, _PLAINLY), "rb")
    except OSError as error:
        return why_unreadable(error)
    with source:
        return _copied(entry, source, keep)


def _copied(entry: Entry, source: BinaryIO, keep: Path) -> Received | Rejection:
    before = os.fstat(source.fileno())
    if not stat.S_ISREG(before.st_mode):
        return _NOT_A_FILE
    part = keep / f".{os.getpid()}{PART}"
    digest = hashlib.sha256()
    size = 0
    try:
        with part.open("wb") as copy:
            for chunk in _chunks(source):
                digest.update(chunk)
                copy.write(chunk)
                size += len(chunk)
            flush(copy)
        if size != before.st_size or _moment(before) != _moment(os.fstat(source.fileno())):
            return _CHANGED
        target = keep / f"{digest.hexdigest()}{entry.suffix}"
        part.replace(target)
    except _Unreadable as unreadable:
        return unreadable.why
    finally:
        part.unlink(missing_ok=True)
    return Received(entry, target, digest.hexdigest())


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    try:
        while chunk := source.read(_CHUNK):
            yield chunk
    except OSError as error:
        raise _Unreadable(error) from error


def _moment(facts: os.stat_result) -> tuple[int, int, int]:
    """Size and times; the time of change cannot be set back (POSIX)."""
    return facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns
