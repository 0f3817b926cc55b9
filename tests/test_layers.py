"""What may import what, and in which rooms each heavy library lives."""

from __future__ import annotations

import ast
import functools
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import pattern

PIPELINE = Path(__file__).parents[1] / "pipeline"
MODULES = sorted(PIPELINE.rglob("*.py"))

ROOMS = {
    "openpyxl": set(),
    "xlsxwriter": {"render", "demo"},
    "docx": {"render", "demo"},
    "pymediainfo": {"probe"},
    "PIL": {"probe", "demo"},
    "av": {"demo"},
    "xlrd": {"read"},
    "olefile": {"read"},
    "isal": {"read", "reuse"},
    "sqlite3": {"reuse", "history", "links"},
    "msgspec.msgpack": {"reuse"},
    "msgspec.json": {"record"},
    "distributed": {"cluster"},
    "httpx": {"links"},
    "tenacity": {"links"},
    "matplotlib": {"render"},
    "jinja2": {"render"},
    "docxtpl": {"render"},
    "rich": {"screen", "progress"},
    "yaml": {"settings"},
    "pandera": {"schema"},
}
CORE = {
    "column", "rules", "schema", "canonical", "validate", "join", "summarise", "files",
    "rounds", "figures", "papers", "papertables",
}  # fmt: skip
EDGES = {
    "collect",
    "read",
    "probe",
    "render",
    "run",
    "output",
    "record",
    "history",
    "submissions",
    "measure",
    "giveback",
    "isolate",
    "engine",
    "cluster",
    "reuse",
    "job",
    "progress",
    "screen",
    "links",
    "register",
    "earlier",
    "examine",
    "recall",
    "standing",
    "letterbox",
    "report",
    "attach",
    "attachments",
    "receive",
    "unzip",
    "outside",
    "durable",
    "deliver",
    "assess",
    "verbs",
    "explain",
    "demo",
    "stops",
    "fault",
}
GROUND = {"model", "fields", "settings", "grid", "pattern", "trace", "unitname", "ownmarks"}
"""What core and edges stand on."""
COMPOSERS = {"verbs": "__main__", "run": "verbs", "assess": "run"}
"""Who composes the others, and who alone may import that."""


def room(path: Path) -> str:
    return path.relative_to(PIPELINE).parts[0].removesuffix(".py")


def rooms_imported(path: Path) -> set[str]:
    names = (name.split(".") for name in imported(path))
    return {name[1] for name in names if name[0] == "pipeline" and len(name) > 1}


@functools.cache
def imported(path: Path) -> set[str]:
    """Every module imported at run time; what only type checkers see does not count.

    A package imported whole counts as all that is in it: `import msgspec` as `msgspec.*`.
    """
    names: set[str] = set()
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names} | {f"{alias.name}.*" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def within(name: str, library: str) -> bool:
    """Whether what was imported is the library, a part of it, or all of its package."""
    return name in (library, f"{library.rpartition('.')[0]}.*") or name.startswith(f"{library}.")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PIPELINE)))
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    for library, rooms in ROOMS.items():
        if any(within(name, library) for name in imported(path)):
            assert room(path) in rooms, f"{path.name} imports {library}"


@pytest.mark.parametrize(
    "path", [p for p in MODULES if room(p) in CORE], ids=lambda path: str(path.relative_to(PIPELINE))
)
def test_core_imports_no_edge(path: Path) -> None:
    assert not rooms_imported(path) & EDGES


@pytest.mark.parametrize(
    "path", [p for p in MODULES if room(p) in GROUND], ids=lambda path: str(path.relative_to(PIPELINE))
)
def test_ground_imports_neither_core_nor_edge(path: Path) -> None:
    """But for the rules, of which config.yaml names some: settings ask late which there are."""
    late = {"rules"} if room(path) == "settings" else set()
    assert rooms_imported(path) <= GROUND | late


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PIPELINE)))
def test_who_composes_is_imported_from_above_alone(path: Path) -> None:
    for composer in rooms_imported(path) & COMPOSERS.keys() - {room(path)}:
        assert room(path) == COMPOSERS[composer], f"{path.name} imports {composer}"


def test_every_room_has_its_place() -> None:
    places = [*CORE, *EDGES, *GROUND, "__init__", "__main__"]
    assert sorted(places) == sorted({room(path) for path in MODULES})


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if room(p) in {"read", "probe", "isolate", "progress", "model", "ownmarks"}],
    ids=lambda path: str(path.relative_to(PIPELINE)),
)
def test_workers_start_without_pandas(path: Path) -> None:
    assert not {
        name for name in imported(path) if name.split(".")[0] in {"pandas", "pandera", "numpy", "pydantic"}
    }


def test_reading_begins_without_pandas() -> None:
    asked = (
        "import sys, pipeline.run; print(*sorted({'pandas', 'numpy', 'pipeline.rules'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PIPELINE)))
def test_late_patterns_compile(path: Path) -> None:
    if "import late\n" not in path.read_text("utf-8"):
        return
    module = importlib.import_module(".".join(path.relative_to(PIPELINE.parent).with_suffix("").parts))
    patterns = [each for each in vars(module).values() if isinstance(each, pattern._Late)]
    assert patterns
    for each in patterns:
        assert each._compiled.pattern == each.pattern
