"""The private copy of a received workbook: taken in one reading, named by its content."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from pipeline.durable import flush_files, flush_folder, rename
from pipeline.files import Entry, Received
from pipeline.model import Rejection

_PART = ".part"
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


def why_unreadable(error: OSError) -> Rejection:
    """What hinders reading, as a verdict on what the unit sent."""
    return _CAUSES.get(error.errno or 0, _ELSEWHERE)


class Copies:
    """The folder of private copies: at the end of the `with` they are on the disk, and only then named.

    Raises OSError if a copy cannot be written: that is our disk, not the unit's fault.
    """

    def __init__(self, folder: Path) -> None:
        """The folder is made if it is not there."""
        self._folder = folder
        self._parts: dict[Path, Path] = {}

    def __enter__(self) -> Self:
        """Remove what a run left that was cut off."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in self._folder.glob(f".*{_PART}"):
            left.unlink()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Bring all copies to the disk together, and then name them; none after an error."""
        try:
            if error is None:
                flush_files(list(self._parts.values()))
                for path, part in self._parts.items():
                    rename(part, path)
                flush_folder(self._folder)
        finally:
            for part in self._parts.values():
                part.unlink(missing_ok=True)

    def receive(self, entry: Entry, workbook_mb: int) -> Received | Rejection:
        """Copy a workbook, unless its copy is there; one that changes meanwhile is refused."""
        if entry.size > workbook_mb * 1_000_000:
            return Rejection(f"文件超过 {workbook_mb} MB", "请删去大图片和多余内容，或拆分后再报送")
        try:
            with os.fdopen(os.open(entry.located, _PLAINLY), "rb") as source:
                before = os.fstat(source.fileno())
                if not stat.S_ISREG(before.st_mode):
                    return _NOT_A_FILE
                data = _content(source, before.st_size)
                if len(data) != before.st_size or _moment(before) != _moment(os.fstat(source.fileno())):
                    return _CHANGED
        except OSError as error:
            return why_unreadable(error)
        digest = hashlib.sha256(data).hexdigest()
        target = self._folder / f"{digest}{entry.suffix}"
        if target not in self._parts and not _holds(target, data):
            self._parts[target] = part = target.with_name(f".{target.name}{_PART}")
            part.write_bytes(data)
        return Received(entry, target, digest)


def _content(source: BinaryIO, size: int) -> bytes:
    """What the file holds; a byte more than it should if it has grown."""
    return source.read(size + 1)


def _holds(path: Path, data: bytes) -> bool:
    """Whether an earlier run kept this very copy; its name alone does not prove it, a disk may fail."""
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False


def _moment(facts: os.stat_result) -> tuple[int, int, int]:
    """Size and times; the time of change cannot be set back (POSIX)."""
    return facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns
