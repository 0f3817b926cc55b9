"""`run.json` as later runs read it: no more of its perhaps a million lines than is asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

Parts = TypeVar("Parts")


@dataclass(frozen=True, slots=True)
class _Numbered:
    run: int


@dataclass(frozen=True, slots=True)
class _Input:
    unit: str
    sha256: str


@dataclass(frozen=True, slots=True)
class _Inputs:
    inputs: list[_Input]


def shown_run(output: Path) -> int:
    """The number of the run whose result the output shows, 0 if it shows none."""
    shown = _said(output, _Numbered)
    return shown.run if shown else 0


def shown_workbooks(output: Path) -> set[tuple[str, str]]:
    """(unit, SHA-256) of each workbook of that run; earlier lists belong to no unit."""
    shown = _said(output, _Inputs)
    return (
        {(each.unit, each.sha256) for each in shown.inputs if each.unit and each.sha256} if shown else set()
    )


def _said(output: Path, parts: type[Parts]) -> Parts | None:
    """These parts of what `run.json` says; None if it is not there or says something else."""
    try:
        data = (output / "run.json").read_bytes()
        try:
            return msgspec.json.decode(data, type=parts)
        except msgspec.DecodeError:
            # Half a character, as in the file names of some systems, only the standard library takes.
            return msgspec.convert(json.loads(data), parts)
    except (OSError, ValueError):
        return None
