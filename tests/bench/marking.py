"""Marked workbooks per second, beside colouring the same cells with openpyxl."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.styles import PatternFill

from pipeline.canonical import canonical
from pipeline.fields import NAMES, TEMPLATE_VERSION
from pipeline.model import Submission
from pipeline.read.submit import ReadTask, read_submission
from pipeline.render.returned import Marked
from pipeline.render.workbooks import MarkTask, mark_file, mark_task
from pipeline.summarise import by_workbook, tell
from pipeline.validate import validate
from tests.bench.calls import WORKBOOK, Call
from tests.bench.figures import Figure, compared
from tests.bench.measure import alternately
from tests.bench.session import Session
from tests.bench.whole import WRONG
from tests.small_tables import OTHER_TABLES, SETTINGS, TODAY, resources_of

SAYS = """
Workbooks with 5 % of their rows wrong, in one process, from file to bytes, and some with 5 % of their
cells wrong, which is most of the rows. The program checks the
package, patches it, and adds colours that go when the cell is right, notes, a column 错误信息 and the
list of problems. openpyxl loads the workbook, fills the same cells with one colour and saves it, which
loses what openpyxl does not know.
"""
_FILL = PatternFill("solid", fgColor="FFC7CE")


def measure(session: Session) -> list[Figure]:
    """The workbooks of two calls, marked in turn by both."""
    return [_of(session, "openpyxl", WRONG / len(NAMES)), _of(session, "openpyxl.many", WRONG)]


def _of(session: Session, key: str, wrong: float) -> Figure:
    call = Call(session.scale.marked, session.scale.province[1], wrong)
    tasks = _tasks(session, call)
    for mark in (with_program, with_openpyxl):
        mark(tasks[0])
    speeds = alternately(
        session.scale.rounds,
        {"ours": lambda: _speed(with_program, tasks), "openpyxl": lambda: _speed(with_openpyxl, tasks)},
    )
    cells = sum(len(_cells(task)) for task in tasks)
    what = f"workbooks per second; {call.rows} rows and {cells // len(tasks)} marked cells each"
    return compared(f"marking.{key}", what, "openpyxl", speeds["ours"], speeds["openpyxl"], "workbooks/s")


def with_program(task: MarkTask) -> bytes:
    """As `validate` does it. Raises TypeError if the workbook cannot be marked."""
    marked = mark_file(task)
    if not isinstance(marked, Marked):
        raise TypeError(marked)
    return marked.data


def with_openpyxl(task: MarkTask) -> bytes:
    """The same cells filled with one colour."""
    source = task.source if isinstance(task.source, Path) else io.BytesIO(task.source)
    book = load_workbook(source)
    for sheet, row, column in _cells(task):
        book[sheet].cell(row, column).fill = _FILL
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cells(task: MarkTask) -> set[tuple[str, int, int]]:
    return {(mark.sheet, mark.row, mark.column) for mark in task.returned.marks if mark.row and mark.column}


def _speed(mark: Callable[[MarkTask], bytes], tasks: list[MarkTask]) -> float:
    """Workbooks per second."""
    begun = time.perf_counter()
    for task in tasks:
        mark(task)
    return len(tasks) / (time.perf_counter() - begun)


def _tasks(session: Session, call: Call) -> list[MarkTask]:
    """What `validate` would have marked."""
    sent = {path: _read(path) for path in sorted(session.calls.folder(call).glob(f"*/{WORKBOOK}"))}
    table = canonical(list(sent.values()), SETTINGS)
    outcome = validate(table, {**OTHER_TABLES, "resources": resources_of(table)}, SETTINGS, TODAY)
    told = by_workbook(tell([*table.findings, *outcome.findings], SETTINGS))
    return [
        mark_task(
            submission,
            path,
            told[submission.unit, submission.workbook],
            ("请改好后发回。",),
            {"unit": submission.unit, "workbook": submission.workbook, "sha256": "0" * 64, "round": "1"},
            codes=SETTINGS.resource_types,
            version=TEMPLATE_VERSION,
            call_id=SETTINGS.call.id,
        )
        for path, submission in sent.items()
    ]


def _read(path: Path) -> Submission:
    submission = read_submission(ReadTask(path, path.parent.name, path.name))
    if not isinstance(submission, Submission):
        raise TypeError(submission)
    return submission
