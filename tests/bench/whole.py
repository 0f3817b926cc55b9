"""`validate` from end to end, without marked workbooks, beside reading alone and beside frictionless."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench.calls import Call
from tests.bench.competitors import schema
from tests.bench.figures import Figure, compared
from tests.bench.measure import Spent, alternately, python, spent_by
from tests.bench.session import JOBS, Session

SAYS = f"""
`validate --jobs {JOBS}` on generated calls (workbooks × rows of each), into an empty output folder, with
`returned_rows: 不退回`; covers lie in the folders, other media do not. *Right*: nothing is wrong but that
the units' own papers were not sent. *5 % wrong*: one cell in twenty is spoilt. CPU is that of all
processes, the interpreter's start and imports among it: in small calls they are most of it.

- python-calamine merely reads every sheet, in one process: the floor.
- frictionless-py validates the sheet 资源清单 of every workbook by a schema of 12 checks (6 required
  fields, the patterns of time, date and order, the codes, 2 lengths), in one process, as it comes. Its own
  `parallel=True` was slower when it was tried; a pool of {JOBS} processes, written for this comparison,
  stands beside it. It finds what is wrong with single cells; the program also compares rows, files, units
  and years, and writes reports.
"""
WRONG = 0.05
_MODULE = "tests.bench.competitors"


def measure(session: Session) -> list[Figure]:
    """Every size of the scale, all right; the province also with 5 % of the cells wrong."""
    scheme = session.scratch / "schema.json"
    scheme.write_text(json.dumps(schema(), ensure_ascii=False), "utf-8")
    calls = [*(Call(*size) for size in session.scale.sizes), session.province(wrong=WRONG)]
    _warm(session, scheme)
    return [figure for call in calls for figure in _of(session, call, scheme)]


def _warm(session: Session, scheme: Path) -> None:
    """Each program once, so that no first run pays for compiling and for a cold disk."""
    for job in _jobs(session, Call(1, 1), scheme, pooled=True).values():
        job()


def _of(session: Session, call: Call, scheme: Path) -> list[Figure]:
    spent = alternately(
        session.scale.rounds, _jobs(session, call, scheme, pooled=call.units > 1 and not call.wrong)
    )
    what = f"{call}, {'5 % wrong' if call.wrong else 'right'}"
    key = f"{call.size}{'.wrong' if call.wrong else ''}"
    figures = [_cpu(f"whole.cpu.{key}", f"CPU, {what}", spent)]
    rows = f"rows per second, {what}"
    if "rows" not in spent:
        figures.append(Figure(f"whole.rows.{key}", rows, _FRICTIONLESS["rows"], note="not installed"))
    for name, against in _FRICTIONLESS.items():
        if name in spent:
            ours, other = _speeds(call, spent["ours"]), _speeds(call, spent[name])
            figures.append(compared(f"whole.{name}.{key}", rows, against, ours, other, "rows/s"))
    return figures


_FRICTIONLESS = {"rows": "frictionless", "rows-pool": f"frictionless, {JOBS} processes"}


def _cpu(key: str, what: str, spent: dict[str, list[Spent]]) -> Figure:
    if "calamine" not in spent:
        return Figure(key, what, "python-calamine", note="not installed")
    ours, floor = _cpus(spent["ours"]), _cpus(spent["calamine"])
    if not ours or not floor:
        return Figure(key, what, "python-calamine", note="not measured on this system")
    return compared(key, what, "python-calamine", ours, floor)


def _speeds(call: Call, spent: Sequence[Spent]) -> list[float]:
    return [call.units * call.rows / each.wall for each in spent]


def _cpus(spent: Sequence[Spent]) -> list[float]:
    return [each.cpu for each in spent if each.cpu is not None]


def _jobs(session: Session, call: Call, scheme: Path, *, pooled: bool) -> dict[str, Callable[[], Spent]]:
    """What is measured in turn, as far as it is installed."""
    folder = session.calls.folder(call)

    def ours() -> Spent:
        with session.output() as output:
            return spent_by(session.validate(folder, output))

    jobs: dict[str, Callable[[], Spent]] = {"ours": ours}
    if importlib.util.find_spec("python_calamine"):
        jobs["calamine"] = lambda: spent_by(python("-m", _MODULE, "calamine", folder))
    if importlib.util.find_spec("frictionless"):
        jobs["rows"] = lambda: spent_by(python("-m", _MODULE, "frictionless", folder, scheme))
        if pooled:
            pool = python("-m", _MODULE, "frictionless", folder, scheme, str(JOBS))
            jobs["rows-pool"] = lambda: spent_by(pool)
    return jobs
