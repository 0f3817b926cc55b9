"""What one unit of the demo sends, as values, and a line of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct, field

from pipeline.demo.content import Record, Unit
from pipeline.demo.papers import Papers
from pipeline.demo.workbook import Shape


class Seeded(NamedTuple):
    """One thing that is wrong on purpose, as findings.csv must tell it.

    row is the spreadsheet's own, 0 for a whole file or folder; workbook and field are "" where
    the finding names none.
    """

    unit: str
    workbook: str
    row: int
    field: str
    rule: str
    severity: str
    kind: str
    value: str


Beside = Callable[[bytes], bytes]
"""The content of a file that lies beside the workbook, from the workbook's own."""


class Submission(Struct, frozen=True):
    """Everything that one unit sends, before it is written.

    name and suffix are those of the workbook that counts; older, if any, is the name of one that does not.
    style is how the unit lays out its list. info and platforms are the workbook's other sheets,
    papers the sealed ones, beside: other files.
    bars: fields in which a mistake of a single row would not be seen.
    """

    unit: Unit
    name: str
    records: tuple[Record, ...]
    shape: Shape
    style: str
    seed: int
    info: Mapping[str, str]
    platforms: tuple[Mapping[str, str], ...]
    suffix: str = ".xlsx"
    older: str = ""
    version: str = ""
    papers: Papers = field(default_factory=Papers)
    beside: Mapping[str, Beside] = field(default_factory=lambda: MappingProxyType({}))
    bars: frozenset[str] = frozenset()

    @property
    def reads_as(self) -> str:
        """The file name of its workbook."""
        return f"{self.name}{self.suffix}"
