"""What a measurement says, and what was aimed at. Plain values."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of the ratios of pairs measured one after the other, and the least and the most of them."""

    value: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a part: this program (`ours`) and what it is compared with (`other`), both in `unit`.

    key finds the same figure in an earlier result, so it names what was measured and how much of it.
    ours, other and ratio are None if not measured; note then says why.
    """

    key: str
    what: str
    against: str = ""
    unit: str = "s"
    ours: float | None = None
    other: float | None = None
    ratio: Ratio | None = None
    note: str = ""

    @property
    def value(self) -> float | None:
        """The number to compare with an earlier one: the ratio where there is one."""
        return self.ratio.value if self.ratio else self.ours


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on one figure: at most, or at least. says names it for the page."""

    key: str
    says: str
    at_most: float | None = None
    at_least: float | None = None

    def met(self, value: float) -> bool:
        """Whether the value keeps within the bound."""
        return (self.at_most is None or value <= self.at_most) and (
            self.at_least is None or value >= self.at_least
        )


GOALS = (
    Goal("whole.cpu.250x200", "validate, CPU: at most 4 times merely reading the workbooks", at_most=4),
    Goal("whole.rows.250x200", "validate, rows per second: at least 8 times frictionless", at_least=8),
    Goal("marking.openpyxl", "marked workbooks per second: at least 10 times openpyxl", at_least=10),
    Goal("probing.video.limit", "isolated probing: within 20 % of the unprotected limit", at_least=0.8),
    Goal("again.unchanged.250x200", "second run, nothing changed: at most 5 % of the first", at_most=0.05),
    Goal("memory.rows.50000", "50,000 rows in 250 workbooks: less than 1 GB, all processes", at_most=1000),
    Goal("start.help", "`--help`: less than a quarter of importing pandas", at_most=0.25),
)


def ratio_of(tops: Sequence[float], bottoms: Sequence[float]) -> Ratio:
    """The ratio of two things measured alternately, pair by pair; of two in the middle the lower."""
    ratios = [top / bottom for top, bottom in zip(tops, bottoms, strict=True)]
    return Ratio(statistics.median_low(ratios), min(ratios), max(ratios))


def compared(
    key: str, what: str, against: str, ours: Sequence[float], other: Sequence[float], unit: str = "s"
) -> Figure:
    """A figure from measurements taken in turn; its sides are those of the pair with the median ratio."""
    ratio = ratio_of(ours, other)
    pairs = zip(ours, other, strict=True)
    mine, its = next((top, bottom) for top, bottom in pairs if top / bottom == ratio.value)
    return Figure(key, what, against, unit, mine, its, ratio)
