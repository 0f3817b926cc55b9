"""What a result depends on beside its input: the program text that made it, and the libraries installed.

Changing one rule must not measure a million files again, so that each result is kept under the text of its
own module and of those that this one imports, near and far.
"""

from __future__ import annotations

import hashlib
import re
import sys
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
_IMPORT = re.compile(
    rf"^[ \t]*(?:from ({PACKAGE.name}[\w.]*) import (\([^)]*\)|.+)|import ({PACKAGE.name}[\w.]*))",
    re.MULTILINE,
)
_COMMENT = re.compile(r"#.*")


@cache
def version_of(module: str) -> bytes:
    """A digest (16 bytes) of what a module's results depend on: its program text and the libraries."""
    return hashlib.blake2b(libraries() + text_of(module), digest_size=16).digest()


@cache
def text_of(module: str, without: frozenset[str] = frozenset()) -> bytes:
    """A digest (16 bytes) of the text of a module of this program and of all that it imports.

    Imports that stand inside functions count as well: what is named is depended on. without: modules that
    are passed over, with what only they import.
    """
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(closure(module, without)):
        digest.update(f"{name}\n".encode() + _text(name).encode())
    return digest.digest()


def own_text_of(module: str) -> bytes:
    """A digest (16 bytes) of the text of one module alone."""
    return hashlib.blake2b(_text(module).encode(), digest_size=16).digest()


def closure(module: str, without: frozenset[str] = frozenset()) -> set[str]:
    """The names of a module of this program and of all those that it imports, but for some and theirs."""
    found: set[str] = set()
    waiting = {module}
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= imported(_text(name)) - found - without
    return found


@cache
def imported(text: str) -> set[str]:
    """The modules of this program that a program text imports."""
    names: set[str] = set()
    for source, listed, plain in _IMPORT.findall(text):
        names.add(source or plain)
        inside = re.findall(r"\w+", _COMMENT.sub("", listed))
        names |= {inner for each in inside if _file(inner := f"{source}.{each}")}
    return {name for name in names if _file(name)}


@cache
def _text(module: str) -> str:
    file = _file(module)
    return file.read_text("utf-8") if file else ""


@cache
def _file(module: str) -> Path | None:
    path = PACKAGE.parent.joinpath(*module.split("."))
    choices = (path.with_name(f"{path.name}.py"), path / "__init__.py")
    return next((file for file in choices if file.is_file()), None)


@cache
def libraries() -> bytes:
    """Python, and every installed library by the name of its folder of facts, which tells its version."""
    folders = {Path(place) for place in sys.path if place.endswith("site-packages")}
    installed = sorted(each.name for folder in folders for each in folder.glob("*.dist-info"))
    return "\n".join([sys.version, *installed]).encode()
