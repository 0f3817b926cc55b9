"""What is kept of an unexpected exception, for the maintainer: where and of what kind, never the values.

An exception's own words may quote a cell, and a cell may hold a name or a telephone number.
"""

from __future__ import annotations

import traceback
from pathlib import Path

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
        places = [f"  {place(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
        lines = [*places, f"{kind.__module__}.{kind.__qualname__}", *lines]
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "\n".join(lines)


def place(filename: str) -> str:
    """A source file without the folders above it, which may bear a user's name."""
    path = Path(filename)
    if path.is_relative_to(_ROOT):
        return path.relative_to(_ROOT).as_posix()
    return "/".join(path.parts[-2:])
