"""Regular expressions that are compiled when they are first used.

To compile all of them takes longer than to read ten workbooks, and most look closer at what is wrong:
a right call uses one in five.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, cast


def late(text: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` gives, for whoever calls its methods; a mistake in it is told only then."""
    return cast("re.Pattern[str]", _Late(text, flags))


class _Late:
    """Hands out the methods of a pattern, each looked up once."""

    def __init__(self, text: str, flags: int) -> None:
        self.pattern = text
        self._flags = flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern, self._flags)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._compiled, name)
        setattr(self, name, found)
        return found
