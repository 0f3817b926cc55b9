"""`run.json` as later runs read it: no more of its perhaps a million lines than is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from msgspec import DecodeError, Struct, convert
from msgspec import json as strict_json

Parts = TypeVar("Parts")


class _Numbered(Struct, frozen=True):
    run: int


class _Input(Struct, frozen=True):
    unit: str
    sha256: str


class _Inputs(Struct, frozen=True):
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
            return strict_json.decode(data, type=parts)
        except DecodeError:
            # Half a character, as in the file names of some systems, only the standard library takes.
            return convert(json.loads(data), parts)
    except (OSError, ValueError):
        return None
