"""How soon the program is there."""

from __future__ import annotations

from tests.bench.calls import Call
from tests.bench.figures import Figure, compared
from tests.bench.measure import alternately, python, spent_by
from tests.bench.session import Session

SAYS = """
From starting a process to its end, by the clock, beside a Python that does nothing but import pandas. One
row is a whole `validate` of one workbook.
"""
_NAMES = {"help": "`--help`", "explain": "`explain R09-3`", "row": "`validate`, one row"}


def measure(session: Session) -> list[Figure]:
    """Help, one rule, one row."""
    folder = session.calls.folder(Call(1, 1))

    def one_row() -> float:
        with session.output() as output:
            return spent_by(session.validate(folder, output)).wall

    def wall_of(*arguments: str) -> float:
        return spent_by(python(*arguments)).wall

    jobs = {
        "pandas": lambda: wall_of("-c", "import pandas"),
        "help": lambda: wall_of("-m", "pipeline", "--help"),
        "explain": lambda: wall_of("-m", "pipeline", "explain", "R09-3"),
        "row": one_row,
    }
    for job in jobs.values():
        job()
    walls = alternately(session.scale.starts, jobs)
    return [
        compared(f"start.{key}", what, "import pandas", walls[key], walls["pandas"])
        for key, what in _NAMES.items()
    ]
