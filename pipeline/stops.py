"""Why a verb stops before its end: a sentence for the user and an exit code."""

from __future__ import annotations

import contextlib
import errno
import signal
import threading
from collections.abc import Iterator
from types import FrameType

OK, FOUND, USAGE, FAULT, INTERRUPTED = 0, 1, 2, 3, 130


class Stop(Exception):  # noqa: N818  (not an error of the program)
    """The sentence says what is the matter and what to do.

    code: the exit code, 2 for what the user can put right in the command line, config.yaml or another
    of his files, 3 for a fault. What stands in the way of a stage is a kind of its own.
    """

    code = FAULT

    def __init__(self, sentence: str, code: int | None = None) -> None:
        """code: if it is not that of the kind."""
        super().__init__(sentence)
        if code is not None:
            self.code = code


_FULL = "磁盘空间不足，请清理磁盘后重新运行"
_FORBIDDEN = "没有读写权限，请检查权限，或确认文件没有在其他程序中打开，然后重新运行"
_SAID = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: "所在的磁盘是只读的，请用 --output 另指一个文件夹",
    errno.EEXIST: "是一个文件，不是文件夹，请另指一个文件夹",
    errno.ENOTDIR: "路径中有一个文件，不是文件夹，请另指一个文件夹",
    errno.ENOENT: "文件或文件夹已不在原处，请恢复后重新运行",
    errno.ENAMETOOLONG: "文件或文件夹的名称过长，请缩短后重新运行",
    errno.EMFILE: "同时打开的文件过多，请用 --jobs 减少同时工作的进程数",
    errno.ENOMEM: "内存不足，请关闭其他程序，或用 --jobs 减少同时工作的进程数",
}


def stop_of(error: OSError) -> Stop:
    """What hindered reading or writing where the program cannot go on without."""
    where = f"“{error.filename}”：" if error.filename else ""
    said = _SAID.get(error.errno or 0, "磁盘或网络读写出错，请检查后重新运行")
    return Stop(f"{where}{said}。", FAULT)


@contextlib.contextmanager
def interrupts_wait() -> Iterator[None]:
    """Let Ctrl-C and a request to end wait until a short step that must be whole is over."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    before = {each: signal.signal(each, note) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    for number in came[:1]:
        signal.raise_signal(number)
