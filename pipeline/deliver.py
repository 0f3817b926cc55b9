"""Everything that a run leaves in output/: staged first, then moved in, then acknowledged in the history."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from json.encoder import encode_basestring as quoted

from msgspec import Struct

from pipeline import __version__
from pipeline.collect import Collected
from pipeline.examine import Beside, Examined
from pipeline.files import Entry, Unit
from pipeline.giveback import FOLDER, GivenBack, give_back
from pipeline.history import Judgement, RunRecord, finish_run, record_run
from pipeline.job import Job
from pipeline.output import Staging
from pipeline.recall import Recalled, left_silent, not_adopted
from pipeline.register import Register
from pipeline.render.reviewbook import review_workbook
from pipeline.render.tables import findings_csv, resources_csv, units_csv
from pipeline.report import keep_before, short_report
from pipeline.rounds.accept import explanations
from pipeline.rounds.decide import Rows
from pipeline.rounds.lasting import Decision
from pipeline.rounds.review import BOOK, review_lines
from pipeline.rounds.review import FOLDER as SUMMARY
from pipeline.rules import REGISTER
from pipeline.submissions import Read
from pipeline.summarise import Tally, Told, UnitSummary, by_workbook, for_later


class Looked(Struct, frozen=True):
    """The result of a run, before any of it is written."""

    read: Read
    beside: Beside
    examined: Examined
    told: Sequence[Told]
    counts: Tally
    units: Sequence[UnitSummary]
    skipped: Mapping[str, str]
    rows: Rows
    decisions: Sequence[Decision]
    register: Register | None


def deliver(job: Job, recalled: Recalled, collected: Collected, looked: Looked) -> dict[str, list[str]]:
    """Write all of it; the returned workbooks by unit. Raises OSError if the disk does not take it."""
    staging = Staging(job.output)
    given = []
    for each in give_back(looked.told, looked.read, job.settings, job.workers, job.limits, job.progress):
        staging.write(each.name, each.data)
        given.append(each)
        job.remarks += [each.remark] if each.remark else []
    files: dict[str, list[str]] = defaultdict(list)
    for each in given:
        files[each.unit].append(each.name)
    for name, data in (*_tables(job, looked, files), *_summaries(job, looked, given)):
        staging.write(name, data)
    resources = resources_csv(looked.rows, looked.examined.tables["media"], looked.counts)
    staging.write_parts("resources.csv", resources)
    # Whatever may fail has failed before the history and the round before are touched.
    staging.flush()
    run = record_run(job.history, _to_remember(job, recalled, looked, given))
    staging.write_parts("run.json", _record(job, collected, looked, run))
    for name, data in not_adopted(recalled, job.output).items():
        staging.write(name, data)
    received = looked.read.received.items()
    keep_before(job.output, {(unit, each.sha256) for (unit, _), each in received})
    job.remarks += staging.move_in((FOLDER, SUMMARY))
    finish_run(job.history, run, job.utc)
    return files


def _tables(job: Job, looked: Looked, files: Mapping[str, list[str]]) -> Iterator[tuple[str, bytes]]:
    """The small csv files, and the page that is made from them."""
    units = units_csv(looked.units, job.settings.call.deadlines.resources.isoformat(), files)
    yield "findings.csv", findings_csv(looked.told)
    yield "units.csv", units
    yield from short_report(units, looked.told, job.settings, job.now, looked.skipped).items()


def _summaries(job: Job, looked: Looked, given: Sequence[GivenBack]) -> Iterator[tuple[str, bytes]]:
    """人工复核.xlsx and the drafts of letters."""
    said = {
        (each.unit, each.workbook): explanations(each.answers)
        for each in looked.read.submissions
        if each.answers
    }
    lines = review_lines(
        looked.told, looked.rows, looked.counts, looked.units, said, looked.decisions, job.settings
    )
    review = review_workbook(job.settings.call.title, lines)
    if not any(line.made for each in lines.values() for line in each):
        left_silent(job.store, review)
    yield f"{SUMMARY}/{BOOK}", review
    if not job.settings.gives_back:
        return
    from pipeline.letterbox import letters
    from pipeline.render.letters import Attached

    attached: dict[str, list[Attached]] = defaultdict(list)
    for each in given:
        attached[each.unit].append(Attached(each.name.rpartition("/")[2], each.data))
    yield from letters(
        looked.units, looked.told, attached, looked.read, looked.register, job.settings,
        job.today.isoformat(),
    )  # fmt: skip


def _to_remember(job: Job, recalled: Recalled, looked: Looked, given: Sequence[GivenBack]) -> RunRecord:
    """What the history keeps of the run."""
    returned = {(each.unit, each.workbook) for each in given}
    by_book = by_workbook(looked.told)
    read = looked.read
    judgements = [
        Judgement(
            each.unit, each.workbook, read.sha256(each), read.round_of(each), True,
            (each.unit, each.workbook) in returned, for_later(by_book[each.unit, each.workbook]),
        )
        for each in read.submissions
    ]  # fmt: skip
    steps = {
        each.unit: (each.round, each.path[len(recalled.memory.paths.get(each.unit, ())) :])
        for each in looked.units
    }
    return RunRecord(job.utc, __version__, job.loaded.sha256, judgements, steps)


def _record(job: Job, collected: Collected, looked: Looked, run: int) -> Iterator[bytes]:
    """run.json, in parts: what ran on what.

    Media have their size alone: hashing a province's video takes hours.
    """
    inputs = [line for name, unit in sorted(collected.units.items()) for line in _inputs_of(name, unit)]
    inputs += [_input(quoted(""), each.entry, each.sha256) for each in looked.beside.lists]
    rules = "\n".join(f"{rule.code} {rule.severity} {rule.says}" for rule in REGISTER.rules.values())
    facts = {
        "run": run,
        "program": __version__,
        "config_sha256": job.loaded.sha256,
        "rules_sha256": hashlib.sha256(rules.encode()).hexdigest(),
        "start": job.now.isoformat(timespec="seconds"),
        "end": dt.datetime.now(dt.UTC).astimezone(job.now.tzinfo).isoformat(timespec="seconds"),
        "inputs": [],
        "zips": [
            {"unit": each.unit, "path": each.shown, "size": each.real.stat().st_size}
            for each in collected.zips
        ],
        "ignored": collected.ignored,
        "rules_not_run": dict(looked.skipped),
        "faults": [{"where": where, "what": what} for where, what in job.faults],
    }
    # One line for each of perhaps a million files: the library writes indented lists ten times as slowly.
    before, mark, after = json.dumps(facts, ensure_ascii=False, indent=1).partition('"inputs": [')
    parts = (f"{before}{mark}\n  ", ",\n  ".join(inputs), f"\n {after}")
    return (part.encode("utf-8", "backslashreplace") for part in parts)


def _inputs_of(name: str, unit: Unit) -> list[str]:
    """The files of a unit as lines of run.json, by their paths; the digest is known of workbooks alone."""
    books = {each.entry.path: each for each in unit.workbooks}
    others = (each for each in unit.entries if each.path not in books or each != books[each.path].entry)
    whose = quoted(name)
    lines = [(path, _input(whose, each.entry, each.sha256)) for path, each in books.items()]
    lines += [(each.path, _input(whose, each)) for each in others]
    return [line for _, line in sorted(lines)]


def _input(whose: str, entry: Entry, sha256: str = "") -> str:
    """A line of run.json; a digest has nothing to be quoted."""
    return f'{{"unit": {whose}, "path": {quoted(entry.path)}, "size": {entry.size}, "sha256": "{sha256}"}}'
