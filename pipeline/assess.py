"""From what was read to what is written: the second half of `run`, and all that needs tables.

recall → examine (canonical, join ← measure, validate) → accept → decide → summarise → render → output
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd
from msgspec import Struct

from pipeline.attachments import received_attachments
from pipeline.collect import Collected
from pipeline.deliver import Looked, deliver
from pipeline.earlier import read_earlier as read_years
from pipeline.examine import Beside, Examined, examine, indexes_of, take_accepted
from pipeline.history import Memory
from pipeline.job import KEPT, LINKS, Job
from pipeline.links.store import read_results
from pipeline.measure import measure
from pipeline.model import Finding, Place, Submission
from pipeline.recall import Progressed, Recalled, decisions_now, progress_of, recall
from pipeline.register import Register, aliases_table, units_table
from pipeline.reuse.rulings import Rulings
from pipeline.rounds.decide import Decided, Rows, apply, remarks
from pipeline.rounds.lasting import Decision
from pipeline.rounds.review import made_whole
from pipeline.standing import Standing, failed_units, receive_all, rounds_of, unit_lines, waiting
from pipeline.submissions import Fault, Read, choose, number_rounds, read_earlier
from pipeline.summarise import Told, UnitSummary, merged, tally, tell
from pipeline.validate import SWITCHED_OFF

MOST_NAMES = 5
"""Units that the screen names; units.csv has all."""
_NEVER_MEASURED = {"M11": "MP3 文件不含量化位数信息，不能测量，由报送单位承诺"}
"""附件3 clause 2 asks for 16 bit; lossy sound has no bit depth, so it is neither passed nor failed."""


class Result(Struct, frozen=True):
    """What a run found, for the screen and the exit code.

    sent: the units that sent something. files: returned workbooks by unit. unsent: W08, None if the
    register has nobody who did not send.
    """

    sent: list[UnitSummary]
    unsent: Told | None
    told: list[Told]
    files: Mapping[str, list[str]]
    skipped: Mapping[str, str]
    faults: list[Fault]
    remarks: list[str]
    ignored: int

    @property
    def has_errors(self) -> bool:
        """Whether any 错误 was found that nobody has settled."""
        return any(each.severity == "错误" and each.decides for each in self.told)


def assess(job: Job, register: Register | None, memory: Memory, collected: Collected, read: Read) -> Result:
    """Everything after reading. memory: of the runs before. Raises HistoryError or OutputError."""
    recalled = recall(memory, job.output, job.workers, job.store, job.limits, job.now)
    choose(read, recalled.memory.sent, recalled.memory.seen)
    job.remarks += number_rounds(read, recalled.memory.sent)
    as_sent = {(each.unit, each.workbook): each for each in read.submissions}
    beside = _beside(job, collected, read, register)

    rulings = Rulings(job.store, job.settings, job.today.isoformat())

    def look() -> Examined:
        measuring = partial(measure, collected=collected, workers=job.workers, progress=job.progress)
        return examine(read, collected, beside, job.settings, rulings.today, measuring, rulings)

    examined = look()
    read, again = take_accepted(read, [*collected.findings, *read.findings, *examined.findings])
    if again:
        examined = look()
    findings = [*collected.findings, *read.findings, *examined.findings]
    rows = Rows(examined.table)
    decided, decisions = _decide(job, recalled, read, rows, findings)
    told = tell([*findings, *decided.findings], job.settings, decided.aside)
    progressed = _compare(job, recalled, read, as_sent, told)
    told = merged(told, tell(progressed.findings, job.settings))
    counts = tally(told, read.submissions, decided.rows)
    job.faults += [*collected.faults, *read.faults, *examined.faults]
    standing = Standing(
        counts, collected, read, recalled.memory, decided, progressed.by_unit, register, job.settings,
        job.today, failed_units(job.faults, collected.units),
    )  # fmt: skip
    units = unit_lines(standing, receive_all(job.history, read, job.now))
    job.remarks += waiting(units, decided.recommended)
    skipped = {**examined.outcome.skipped, **_NEVER_MEASURED, **dict.fromkeys(job.settings.off, SWITCHED_OFF)}
    looked = Looked(read, beside, examined, told, counts, units, skipped, rows, decisions, register)
    files = deliver(job, recalled, collected, looked)
    sent = [each for each in units if each.unit in collected.units]
    unsent = _unsent(job, [each.unit for each in units if each.unit not in collected.units])
    return Result(sent, unsent, told, files, skipped, job.faults, job.remarks, collected.ignored)


def _unsent(job: Job, names: Sequence[str]) -> Told | None:
    """W08 in one sentence: a finding for each unit would bury the others."""
    if not names:
        return None
    shown = "、".join(names[:MOST_NAMES]) + ("等" if len(names) > MOST_NAMES else "")
    facts = {"count": len(names), "names": shown}
    return next(iter(tell([Finding("W08", Place(""), "", facts)], job.settings)), None)


def _beside(job: Job, collected: Collected, read: Read, register: Register | None) -> Beside:
    """Register, earlier years, links, received attachments."""
    indexes = indexes_of(collected)
    tables: dict[str, pd.DataFrame] = {}
    if register:
        tables["units"] = units_table(collected.units, read.submissions, register)
        tables["register"] = aliases_table(register)
    years = read_years(job.source, job.settings, job.output / KEPT, job.workers, job.limits, job.progress)
    job.remarks += years.remarks
    job.faults += years.faults
    if years.table is not None:
        tables["earlier"] = years.table
    links, warning = read_results(job.output / LINKS)
    job.remarks += [warning] if warning else []
    attachments = received_attachments(
        collected.units.values(), read.submissions, indexes, job.workers, job.limits
    )
    read.findings += attachments.findings
    job.faults += attachments.faults
    return Beside(indexes, tables, attachments, links or None, years.received)


def _decide(
    job: Job, recalled: Recalled, read: Read, rows: Rows, findings: Sequence[Finding]
) -> tuple[Decided, list[Decision]]:
    """What the province has decided, also in 人工复核.xlsx since the last run; all decisions."""
    rounds = rounds_of(read)
    said, unknown = made_whole(recalled.said.decisions, rows, rounds)
    decisions = decisions_now(job.history, said)
    decided = apply(decisions, findings, rows, rounds, job.settings)
    job.remarks += [*recalled.said.remarks, *unknown, *remarks(decided)]
    return decided, decisions


def _compare(
    job: Job,
    recalled: Recalled,
    read: Read,
    as_sent: Mapping[tuple[str, str], Submission],
    told: Sequence[Told],
) -> Progressed:
    """What became of the round before."""
    sent = recalled.memory.sent
    earlier, gone = read_earlier(read, sent, job.output / KEPT, job.workers, job.limits)
    job.remarks += gone
    return progress_of(earlier, as_sent, told, job.history)
