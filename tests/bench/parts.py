"""The parts of the benchmark in their order on the page. Each can run alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.bench import again, checks, marking, memory, nation, probing, start, whole
from tests.bench.figures import Figure
from tests.bench.session import Session


@dataclass(frozen=True, slots=True)
class Part:
    """title heads its section of the page, says stands below it: what is measured, and how."""

    title: str
    says: str
    measure: Callable[[Session], list[Figure]]


PARTS = {
    "whole": Part("From end to end", whole.SAYS, whole.measure),
    "marking": Part("Marked workbooks", marking.SAYS, marking.measure),
    "probing": Part("Measuring media", probing.SAYS, probing.measure),
    "again": Part("The second run", again.SAYS, again.measure),
    "memory": Part("Memory", memory.SAYS, memory.measure),
    "start": Part("Start", start.SAYS, start.measure),
    "checks": Part("The checks alone", checks.SAYS, checks.measure),
    "nation": Part("A nation", nation.SAYS, nation.measure),
}
