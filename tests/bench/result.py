"""The result as it is kept: what each part found last, and what it had found before."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, Ratio

FILE = "performance.json"
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Before:
    """The values that the same part had in the result before, by key."""

    date: str
    same_machine: bool
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Measured:
    """A part's figures: when, how much was measured, and on what."""

    date: str
    scale: str
    machine: Mapping[str, str]
    software: Mapping[str, str]
    figures: Sequence[Figure]
    before: Before | None = None


@dataclass(slots=True)
class Result:
    """All parts that were ever measured, by name."""

    parts: dict[str, Measured] = field(default_factory=dict)

    def take(self, name: str, now: Measured) -> Measured:
        """Put a part in place of what was there, which becomes its `before`. Returns it as it is kept."""
        was = self.parts.get(name)
        self.parts[name] = Measured(
            now.date, now.scale, now.machine, now.software, now.figures, _before(was, now) if was else None
        )
        return self.parts[name]


def _before(was: Measured, now: Measured) -> Before:
    values = {figure.key: figure.value for figure in was.figures if figure.value is not None}
    return Before(was.date, was.machine == now.machine, values)


def load(path: Path) -> Result:
    """What was kept, nothing if there is no such file."""
    if not path.exists():
        return Result()
    kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return Result({name: _measured(part) for name, part in kept["parts"].items()})


def _measured(part: dict[str, Any]) -> Measured:
    figures = [
        Figure(**{**each, "ratio": Ratio(**each["ratio"]) if each["ratio"] else None})
        for each in part["figures"]
    ]
    before = Before(**part["before"]) if part["before"] else None
    return Measured(**{**part, "figures": figures, "before": before})


def kept(result: Result) -> str:
    """The text of the file."""
    parts = {name: _rounded(asdict(part)) for name, part in result.parts.items()}
    return json.dumps({"parts": parts}, ensure_ascii=False, indent=1) + "\n"


def _rounded(value: Any) -> Any:
    """Numbers to so many significant digits: more would be noise."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value
