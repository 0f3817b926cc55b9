"""The rules that compare units, over as many rows as a nation sends."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial

from pipeline.canonical import canonical
from pipeline.rules import REGISTER
from pipeline.validate import validate
from tests.bench.calls import Call, rows_of, unit_name
from tests.bench.checks import timed
from tests.bench.figures import Figure
from tests.bench.measure import ROOT, CommandError, python
from tests.bench.session import Session
from tests.small_tables import OTHER_TABLES, SETTINGS, TODAY, resources_of, submission

SAYS = """
CPU seconds of one process for the rules that compare units with each other, over right rows in units of 50,
and an earlier year's list with every tenth of them. Nothing is read or written. The peak of memory is that
of the whole process, the rows as they were read among it.
"""
_ROWS_OF_A_UNIT = 50


def measure(session: Session) -> list[Figure]:
    """In a process of its own, so that its memory can be told."""
    rows = session.scale.nation
    done = subprocess.run(
        python("-m", "tests.bench.nation", str(rows)), cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandError(done.stderr[-2000:])
    found = json.loads(done.stdout)
    shown = f"{rows:,} rows"
    figures = [
        Figure(f"nation.canonical.{rows}", f"canonical values of {shown}", ours=found.pop("canonical")),
        Figure(f"nation.memory.{rows}", f"peak of memory, {shown}", unit="MB", ours=found.pop("memory")),
    ]
    return figures + [
        Figure(f"nation.{code}.{rows}", f"`{code}`", ours=found[code]) for code in sorted(found)
    ]


def simulated(rows: int) -> dict[str, float]:
    """Seconds by rule, and of the canonical values; memory in MB (Linux)."""
    call = Call(-(-rows // _ROWS_OF_A_UNIT), _ROWS_OF_A_UNIT)
    sent = [submission(rows_of(call, unit), unit=unit_name(unit)) for unit in range(call.units)]
    table, seconds = timed(partial(canonical, sent, SETTINGS))
    resources = resources_of(table)
    before = resources.iloc[::10]
    earlier = OTHER_TABLES["earlier"].iloc[:0].reindex(range(len(before))).fillna("").astype(object)
    earlier = earlier.assign(
        name=before["资源名称"].to_numpy(),
        speaker=before["主讲人"].to_numpy(),
        link=before["资源链接"].to_numpy(),
        year="2023",
        list="2023.xlsx",
    )
    tables = {**OTHER_TABLES, "resources": resources, "earlier": earlier}
    times = {"canonical": seconds}
    for rule, _ in REGISTER.table_rules():
        if rule.table in ("resources", "media") and not rule.sees_one_unit:
            others = SETTINGS.model_copy(update={"off": tuple(REGISTER.rules.keys() - {rule.code})})
            _, times[rule.code] = timed(partial(validate, table, tables, others, TODAY))
    return {**times, "memory": _peak()}


def _peak() -> float:
    if sys.platform == "win32":
        return 0.0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    print(json.dumps(simulated(int(sys.argv[1]))))
