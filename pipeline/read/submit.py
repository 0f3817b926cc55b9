"""What a worker does with one received workbook."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from pipeline.model import Finding, Place, Rejection, Submission
from pipeline.read.book import read_book
from pipeline.read.header import find_comparable, find_header
from pipeline.read.tables import understand


class ReadTask(Struct, frozen=True):
    """A private copy to read, and what it was called."""

    copy: Path
    unit: str
    workbook: str
    compared: bool = False
    """Whether it is a list of an earlier year, of which only some columns are needed."""


def read_submission(task: ReadTask) -> Submission | Finding:
    """The submission in a workbook, or the one finding that says why there is none."""
    book = read_book(task.copy, task.workbook)
    if isinstance(book, Rejection):
        return unreadable(task, book)
    return understand(book, task.unit, task.workbook, find_comparable if task.compared else find_header)


def unreadable(task: ReadTask, why: Rejection) -> Finding:
    """Finding F01 for a file."""
    facts = {"cause": why.cause, "remedy": why.remedy}
    return Finding("F01", Place(task.unit, task.workbook), task.workbook.rpartition("/")[2], facts)
