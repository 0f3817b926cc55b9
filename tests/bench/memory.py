"""Peak memory of all processes together as calls grow, in rows and in workbooks."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from tests.bench.calls import Call
from tests.bench.figures import Figure, Ratio
from tests.bench.measure import peak_of
from tests.bench.session import JOBS, Session

SAYS = f"""
The most that all processes of `validate --jobs {JOBS}` held at one moment (PSS, so that what they share
counts once; 1 MB is 10⁶ bytes), on right calls (workbooks × rows of each) without media, looked at twenty
times a second. Growth compares what each further row or workbook adds in the last step with what it added
in the first: 100 % is a straight line, less is flatter.
"""
_Peak = tuple[int, float]
"""Rows or workbooks, and megabytes."""


def measure(session: Session) -> list[Figure]:
    """Calls that grow in rows, 200 a workbook, and calls that grow in workbooks of two rows."""
    return [
        *_growing(session, "rows", [Call(*size) for size in session.scale.rows]),
        *_growing(session, "workbooks", [Call(*size) for size in session.scale.books]),
    ]


def _growing(session: Session, what: str, calls: Iterable[Call]) -> list[Figure]:
    figures, peaks = [], list[_Peak]()
    for call in calls:
        number = call.units * call.rows if what == "rows" else call.units
        with session.output() as output:
            peak = peak_of(session.validate(session.calls.folder(call), output))
        if peak is not None:
            peaks.append((number, peak))
        figures.append(_figure(f"memory.{what}.{number}", f"{call}", what, peaks if peak else []))
    return [*figures, growth(what, peaks)]


def _figure(key: str, call: str, what: str, peaks: list[_Peak]) -> Figure:
    if not peaks:
        return Figure(key, call, unit="MB", note="not measured: needs Linux")
    number, peak = peaks[-1]
    return Figure(key, call, unit="MB", ours=peak, note=f"{peak / number * 1000:.0f} kB per {what[:-1]}")


def growth(what: str, peaks: list[_Peak]) -> Figure:
    """The last step's slope by the first's; none with fewer than two steps, or if the first added nothing."""
    key, says = f"memory.growth.{what}", f"growth with {what}"
    slopes = [(after - before) / (more - fewer) for (fewer, before), (more, after) in pairwise(peaks)]
    if len(slopes) < 2 or slopes[0] <= 0:
        return Figure(key, says, note="not measured")
    ratio = slopes[-1] / slopes[0]
    return Figure(
        key, says, "the first step", "kB", slopes[-1] * 1000, slopes[0] * 1000, Ratio(ratio, ratio, ratio)
    )
