"""The checks of many rows alone: nothing is read or written."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from pipeline.canonical import canonical
from pipeline.model import Submission
from pipeline.rules import REGISTER
from pipeline.validate import validate
from tests.bench.calls import Call, rows_of, unit_name
from tests.bench.figures import Figure
from tests.bench.session import Session
from tests.bench.whole import WRONG
from tests.small_tables import OTHER_TABLES, SETTINGS, TODAY, resources_of, submission

SAYS = """
CPU seconds of one process for rows with 5 % of their cells wrong, already read: finding the canonical
values, then all table rules together, then the dearest rules one by one. There is nothing to compare them
with; they are to be watched from one result to the next on the same machine.
"""
DEAREST = 8
Result = TypeVar("Result")


def measure(session: Session) -> list[Figure]:
    """The two stages, and each rule alone."""
    sent = submissions(session.scale.checked, session.scale.province[0])
    shown = f"{session.scale.checked:,} rows"
    table, seconds = timed(lambda: canonical(sent, SETTINGS))
    key = f".{session.scale.checked}"
    figures = [Figure(f"checks.canonical{key}", f"canonical values of {shown}", ours=seconds)]
    tables = {**OTHER_TABLES, "resources": resources_of(table)}
    _, seconds = timed(lambda: validate(table, tables, SETTINGS, TODAY))
    figures.append(Figure(f"checks.rules{key}", f"all rules over {shown}", ours=seconds))
    times = {}
    for rule, _ in REGISTER.table_rules():
        others = SETTINGS.model_copy(update={"off": tuple(REGISTER.rules.keys() - {rule.code})})
        _, times[rule.code] = timed(partial(validate, table, tables, others, TODAY))
    dearest = sorted(times, key=times.__getitem__, reverse=True)[:DEAREST]
    return [*figures, *(Figure(f"checks.{code}{key}", f"`{code}`", ours=times[code]) for code in dearest)]


def submissions(rows: int, units: int) -> list[Submission]:
    """Rows with wrong cells in so many workbooks."""
    call = Call(units, -(-rows // units), WRONG)
    return [submission(rows_of(call, unit), unit=unit_name(unit)) for unit in range(units)]


def timed(job: Callable[[], Result]) -> tuple[Result, float]:
    """The job's result and its CPU seconds."""
    begun = time.process_time()
    result = job()
    return result, time.process_time() - begun
