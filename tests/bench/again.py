"""A second run: nothing changed, then one workbook changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.calls import WORKBOOK, Call, rows_of, unit_name, workbook_of
from tests.bench.figures import Figure, compared
from tests.bench.measure import Spent, spent_by
from tests.bench.session import JOBS, Session

EVERY = 1
"""Each row has a video or a sound of its own, and each series a cover."""
SAYS = f"""
`validate --jobs {JOBS}` on a call with media (each row has a file of its own), three runs after one
another, once, for they take minutes: the first into an empty output folder; the second with nothing
changed; the third with one cell changed in one workbook. Times are by the clock. The files are small: two
seconds each; settings allow them to be (`min_bitrate: 0`, `shortest: 1`).
"""
_FIRST, _SAME, _CHANGED = "first", "same", "changed"


def measure(session: Session) -> list[Figure]:
    """The three runs."""
    call = session.province(every=EVERY)
    walls = {name: [spent.wall] for name, spent in _three(session, call).items()}
    return [
        compared(f"again.{key}.{call.size}", f"{call}: {what}", against, walls[ours], walls[other])
        for key, what, against, ours, other in (
            ("unchanged", "nothing changed", "the first run", _SAME, _FIRST),
            ("changed", "one workbook changed", "the first run", _CHANGED, _FIRST),
            ("extra", "one workbook changed", "nothing changed", _CHANGED, _SAME),
        )
    ]


def _three(session: Session, call: Call) -> dict[str, Spent]:
    source = session.calls.folder(call)
    with session.output() as output:
        command = session.validate(source, output)
        spent = {_FIRST: spent_by(command), _SAME: spent_by(command)}
        with _one_changed(source, call, session.scratch):
            spent[_CHANGED] = spent_by(command)
    return spent


@contextmanager
def _one_changed(source: Path, call: Call, aside: Path) -> Iterator[None]:
    """One cell of the first unit's workbook is another one; the workbook is as it was afterwards."""
    path = source / unit_name(0) / WORKBOOK
    rows = rows_of(call, 0)
    rows[0] |= {"点击量": "123456"}
    kept = path.rename(aside / WORKBOOK)
    try:
        path.write_bytes(workbook_of(rows))
        yield
    finally:
        kept.replace(path)
