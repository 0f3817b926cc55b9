"""What is kept of an unexpected exception, for the maintainer: where and of what kind, never the values.

An exception's own words may quote a cell, and a cell may hold a name or a telephone number.
"""

from __future__ import annotations

import datetime as dt
import platform
import sys
import traceback
from pathlib import Path

from pipeline import __version__
from pipeline.durable import write_whole

REPORT = "程序故障.txt"
_ROOT = Path(__file__).parents[1]


def trace_of(error: BaseException) -> str:
    """The kinds of the exception and its causes with the places they passed, the last place last."""
    lines: list[str] = []
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        kind = type(link)
        frames = traceback.extract_tb(link.__traceback__)
        places = [f"  {_place(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
        lines = [*places, f"{kind.__module__}.{kind.__qualname__}", *lines]
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "\n".join(lines)


def _place(filename: str) -> str:
    """A source file without the folders above it, which may bear a user's name."""
    path = Path(filename)
    if path.is_relative_to(_ROOT):
        return path.relative_to(_ROOT).as_posix()
    return "/".join(path.parts[-2:])


def report(error: BaseException, output: Path) -> str:
    """Write the report into the output folder, and say so in one sentence."""
    now = dt.datetime.now().astimezone().isoformat(timespec="seconds")
    versions = f"程序 {__version__}，Python {platform.python_version()}，{sys.platform}"
    path = output / REPORT
    try:
        output.mkdir(parents=True, exist_ok=True)
        write_whole(path, f"{now}\n{versions}\n{trace_of(error)}\n".encode())
    except OSError:
        places = traceback.extract_tb(error.__traceback__)[-1:]
        at = "".join(f"{_place(frame.filename)}:{frame.lineno}" for frame in places)
        return f"程序出了故障（{type(error).__name__} {at}），请把这句话转给维护人员。"
    return f"程序出了故障，没有做完，详情写在“{path}”，请转给维护人员。"
