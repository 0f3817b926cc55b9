"""The conductor of `validate`: the only place that knows the order of the stages.

collect → read → canonical → join ← probe → validate → summarise → render → output
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from pipeline import __version__, history
from pipeline.canonical import Table, canonical
from pipeline.collect import Collected, collect
from pipeline.fields import NAMES, UNIT_LABELS
from pipeline.files import VIDEOS, AUDIOS, Entry, Received, Unit
from pipeline.isolate import Ending, Failure, Limits, Workers
from pipeline.join import (
    Index,
    Key,
    References,
    cover_table,
    likely_files,
    measured_seconds,
    media_table,
    orphans,
    references,
)
from pipeline.model import Facts, Finding, Place, Rejection, Submission
from pipeline.output import Staging, locked, safe_name
from pipeline.probe.cache import Stamp, open_cache
from pipeline.probe.columns import cover_columns, media_columns
from pipeline.probe.facts import failed, probe_file
from pipeline.probe.twins import find_twins
from pipeline.read.submit import ReadTask, read_submission, unreadable
from pipeline.render.tables import FINDING_COLUMNS, MEASURED_COLUMNS, csv_bytes
from pipeline.render.workbooks import mark_file, mark_task
from pipeline.rules import REGISTER
from pipeline.screen import Progress
from pipeline.settings import Loaded, Settings
from pipeline.summarise import PASSED, RETURNED, REVIEW, Counts, Tally, Told, tally, tell
from pipeline.validate import Outcome, measured_suggestions, validate

TEMPLATE_VERSION = "v2024.1"
BEIJING = ZoneInfo("Asia/Shanghai")
KEPT, WORK, CACHE, HISTORY = "收件", ".解压", ".检测缓存.db", "history.db"
RETURNED_FOLDER = "退回"

NOT_SENT, RECEIVED, SENT_BACK, ATTACHMENTS_ONLY, UNREADABLE = "未报送", "已收到", "退回修改", "已收附件", "无法读取"
_MEASURED_BY_PROMISE = {"M11": "MP3 文件不含量化位数信息，不能测量，由报送单位承诺"}


@dataclass(slots=True)
class UnitSummary:
    """One line of units.csv and of the table on the screen."""

    unit: str
    state: str
    workbook: str = ""
    rows: int = 0
    counts: Counts = field(default_factory=Counts)
    passed: int = 0
    returned: int = 0
    review: int = 0
    round: int = 0
    received: str = ""
    on_time: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found, for the screen and the exit code."""

    units: list[UnitSummary]
    told: list[Told]
    skipped: dict[str, str]
    faults: list[tuple[str, str]]
    remarks: list[str]
    ignored: int

    @property
    def has_errors(self) -> bool:
        """Whether any 错误 was found."""
        return any(unit.counts.errors for unit in self.units) or any(each.severity == "错误" for each in self.told)


@dataclass(slots=True)
class _Read:
    """The submissions that count, every finding so far, and the workbooks behind them."""

    submissions: list[Submission] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    received: dict[tuple[str, str], Received] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)


def run(input_folder: Path, output: Path, loaded: Loaded, jobs: int, now: dt.datetime, progress: Progress) -> Result:
    """Do the whole job. Raises OutputError, HistoryError, or OSError if input_folder cannot be listed."""
    settings = loaded.settings
    today = (settings.call.review_date or now.astimezone(BEIJING).date()).isoformat()
    limits = Limits(settings.limits.seconds, settings.limits.memory_mb)
    with locked(output, now.isoformat(timespec="seconds")), Workers(jobs) as workers:
        collected = collect(input_folder, output / KEPT, output / WORK, workers, limits, settings.limits.workbook_mb)
        read = _read_all(collected, workers, limits, progress)
        _choose_valid(read)
        table = canonical(read.submissions, settings)
        indexes = {name: Index(unit.entries) for name, unit in collected.units.items()}
        for each in read.submissions:
            indexes.setdefault(each.unit, Index(()))
        found = references(table.values, indexes, _named_elsewhere(read.submissions, indexes))
        facts, remarks = _probe_all(found, collected, output / CACHE, workers, limits, progress)
        tables = _tables(table, found, facts, collected, read, indexes, settings, workers)
        measured_suggestions(table, tables["resources"]["@measured"])
        outcome = validate(table, tables, settings, today)
        told = tell([*collected.findings, *read.findings, *table.findings, *outcome.findings], settings)
        summary = _summarise(told, read, collected, output / HISTORY, settings, now)
        staging = Staging(output)
        _render(staging, told, table, tables, summary, read, loaded, workers, limits, progress)
        staging.write("run.json", _run_json(loaded, collected, outcome, read, now))
        remarks += staging.move_in((RETURNED_FOLDER,))
    skipped = {**outcome.skipped, **_MEASURED_BY_PROMISE}
    return Result(summary.units, told, skipped, [*read.faults, *outcome.faults], remarks, collected.ignored)


# --- reading ----------------------------------------------------------------------------------


def _read_all(collected: Collected, workers: Workers, limits: Limits, progress: Progress) -> _Read:
    """Every workbook, in isolation; a loose one joins the unit that it states."""
    tasks, sources = [], []
    for unit in collected.units.values():
        for received in unit.workbooks:
            tasks.append(ReadTask(received.copy, unit.name, received.entry.path))
            sources.append(received)
    for received in collected.loose:
        tasks.append(ReadTask(received.copy, "", received.entry.path))
        sources.append(received)
    read = _Read()
    with progress.stage("读取工作簿", len(tasks)) as advance:
        outcomes = workers.run(read_submission, tasks, limits=limits, on_done=lambda _: advance(1))
        for (task, outcome), received in zip(outcomes, sources, strict=True):
            outcome = _settled(task, outcome, read)
            if not task.unit:
                outcome = _housed(outcome, received, collected)
            if isinstance(outcome, Finding):
                read.findings.append(outcome)
                read.received[outcome.place.unit, task.workbook] = received
            else:
                read.submissions.append(outcome)
                read.findings += [*outcome.findings, *_name_disagrees(outcome)]
                read.received[outcome.unit, task.workbook] = received
    return read


_ENDINGS = {
    Ending.TIMEOUT: Rejection("读取用时过长", "请删去多余的工作表、空行和图片后另存为 .xlsx 再报送"),
    Ending.MEMORY: Rejection("内容过大，读取时内存不足", "请删去多余的工作表、空行和图片后另存为 .xlsx 再报送"),
}
_BROKEN = Rejection("文件内容异常，读取程序无法处理", "请用 WPS 或 Excel 打开后另存为 .xlsx 再报送")


def _settled(task: ReadTask, outcome: Submission | Finding | Failure, read: _Read) -> Submission | Finding:
    """A failure of the reader becomes a finding; a fault of ours is listed too."""
    if not isinstance(outcome, Failure):
        return outcome
    if outcome.ending is Ending.FAULT:
        read.faults.append((f"{task.unit}/{task.workbook}", outcome.detail))
    return unreadable(task, _ENDINGS.get(outcome.ending, _BROKEN))


def _housed(outcome: Submission | Finding, received: Received, collected: Collected) -> Submission | Finding:
    """A workbook directly under input/ belongs to the unit that it states, else to its file name."""
    stated = outcome.unit_info.get("单位名称") if isinstance(outcome, Submission) else None
    name = safe_name(stated.text.replace("/", "／")) if stated and stated.text else Path(received.entry.name).stem
    holder = collected.units.setdefault(name, Unit(name))
    holder.workbooks.append(received)
    if isinstance(outcome, Finding):
        return replace(outcome, place=replace(outcome.place, unit=name))
    findings = tuple(replace(each, place=replace(each.place, unit=name)) for each in outcome.findings)
    return replace(outcome, unit=name, findings=findings)


def _name_disagrees(submission: Submission) -> Iterator[Finding]:
    """F09: the 单位名称 inside is not the folder's."""
    stated = submission.unit_info.get("单位名称")
    folder = submission.unit.rpartition("/")[2]
    if stated and stated.text and "".join(stated.text.split()) != "".join(folder.split()) and not _was_loose(submission):
        place = Place(submission.unit, submission.workbook, stated.sheet, stated.row, "单位名称", stated.cell)
        yield Finding("F09", place, stated.text, {"folder": folder}, suggestion=folder)


def _was_loose(submission: Submission) -> bool:
    stated = submission.unit_info.get("单位名称")
    return bool(stated) and safe_name(stated.text.replace("/", "／")) == submission.unit


def _choose_valid(read: _Read) -> None:
    """Of a unit's differing workbooks that share resources, the newest counts; all are named (F04)."""
    by_unit: dict[str, list[Submission]] = defaultdict(list)
    for each in read.submissions:
        by_unit[each.unit].append(each)
    dropped: set[int] = set()
    for unit, rivals in by_unit.items():
        if len(rivals) < 2:
            continue
        newest = max(rivals, key=_age)
        names = set(newest.cells["资源名称"]) - {""}
        for each in rivals:
            if each is not newest and names & set(each.cells["资源名称"]):
                dropped.add(id(each))
        which = f"按较新的“{newest.workbook}”校验" if dropped else "都已校验"
        read.findings += [
            Finding("F04", Place(unit, each.workbook), each.workbook, {"count": len(rivals), "which": which})
            for each in rivals
        ]
    read.submissions = [each for each in read.submissions if id(each) not in dropped]
    read.submissions.sort(key=lambda each: (each.unit, each.workbook))


def _age(submission: Submission) -> tuple[int, str, str]:
    """A later round before an earlier one, then the time of saving inside the file, then the name."""
    return _round(submission), submission.modified, submission.workbook


def _round(submission: Submission) -> int:
    """The round that this submission is: one more than the round whose marks it carries."""
    number = submission.identity.get("round", "0")
    return int(number) + 1 if number.isdecimal() else 1


# --- files --------------------------------------------------------------------------------------


def _named_elsewhere(submissions: Iterable[Submission], indexes: Mapping[str, Index]) -> Iterator[Key]:
    """Files that 单位信息 and 平台资质 name."""
    for each in submissions:
        texts = [value.text for label, value in each.unit_info.items() if label in UNIT_LABELS]
        texts += [value.text for row in each.platforms for value in row.values()]
        for text in texts:
            for part in text.replace("；", ";").split(";"):
                path = indexes[each.unit].find(part.strip()).path if part.strip() else ""
                if path:
                    yield each.unit, path


def _probe_all(
    found: References, collected: Collected, cache_path: Path, workers: Workers, limits: Limits, progress: Progress
) -> tuple[dict[Key, Facts], list[str]]:
    """Facts of every file that a row names, from the cache where nothing has changed."""
    entries = {(name, entry.path): entry for name, unit in collected.units.items() for entry in unit.entries}
    keys = [key for key in found.keys() if key in entries]
    stamps = {key: Stamp("/".join(key), entries[key].size, entries[key].mtime_ns) for key in keys}
    facts: dict[Key, Facts] = {}
    with open_cache(cache_path) as (cache, warning):
        known = cache.get_many(stamps.values())
        facts |= {key: known[stamp] for key, stamp in stamps.items() if stamp in known}
        fresh = [key for key in keys if key not in facts]
        by_path = {entries[key].real: key for key in fresh}
        with progress.stage("检测媒体文件", sum(entries[key].size for key in fresh), "bytes") as advance:
            done = workers.run(
                probe_file, list(by_path), limits=limits, on_done=lambda path: advance(entries[by_path[path]].size)
            )
            new = {}
            for path, outcome in done:
                key = by_path[path]
                facts[key] = failed(outcome) if isinstance(outcome, Failure) else outcome
                if not isinstance(outcome, Failure):
                    new[stamps[key]] = outcome
        cache.put_many(new)
    return facts, [warning] if warning else []


def _tables(
    table: Table, found: References, facts: Mapping[Key, Facts], collected: Collected, read: _Read,
    indexes: Mapping[str, Index], settings: Settings, workers: Workers,
) -> dict[str, pd.DataFrame]:
    """All tables that the rules read."""
    values = table.values
    measured = {key: media_columns(known) for key, known in facts.items()}
    covers = {key: cover_columns(known) for key, known in facts.items()}
    twins = _twins(found, collected, workers)
    media = media_table(values, found, measured, twins, settings.media_types)
    lengths = measured_seconds(media).reindex(values.index) if len(media) else pd.Series(float("nan"), index=values.index)
    resources = values.assign(**{"@measured": lengths, "@likely": likely_files(values, indexes, found.claimed)})
    workbooks = {each.unit: each.workbook for each in reversed(read.submissions)}
    return {
        "resources": resources,
        "media": media,
        "covers": cover_table(values, found, covers),
        "orphans": orphans(collected.units.values(), found.claimed, workbooks),
    }


def _twins(found: References, collected: Collected, workers: Workers) -> dict[Key, str]:
    """The digest of each video or sound file of a row that has a twin."""
    entries = {(name, entry.path): entry for name, unit in collected.units.items() for entry in unit.entries}
    named = [key for key in found.keys() if key in entries and entries[key].suffix in VIDEOS | AUDIOS]
    by_path = {entries[key].real: key for key in named}
    sizes = {path: entries[key].size for path, key in by_path.items()}
    return {by_path[path]: digest for path, digest in find_twins(sizes, workers).items()}


# --- summary and output -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Summary:
    units: list[UnitSummary]
    tally: Tally


def _summarise(
    told: list[Told], read: _Read, collected: Collected, history_path: Path, settings: Settings, now: dt.datetime
) -> _Summary:
    """Verdicts and one line per unit."""
    rows = {(each.unit, each.workbook): frozenset(each.rows) for each in read.submissions}
    counts = tally(told, rows)
    seen = history.receive(
        history_path,
        [(received.sha256, unit, workbook) for (unit, workbook), received in sorted(read.received.items())],
        now.astimezone(dt.timezone.utc).isoformat(timespec="seconds"),
    )
    units = [_unit_line(unit, counts, read, seen, settings) for _, unit in sorted(collected.units.items())]
    return _Summary(units, counts)


def _unit_line(
    unit: Unit, counts: Tally, read: _Read, seen: Mapping[tuple[str, str], str], settings: Settings
) -> UnitSummary:
    mine = [each for each in read.submissions if each.unit == unit.name]
    line = UnitSummary(unit.name, NOT_SENT, counts=counts.units.get(unit.name, Counts()))
    for each in mine:
        for row in each.rows:
            verdict = counts.verdict(unit.name, each.workbook, row)
            line.passed += verdict == PASSED
            line.returned += verdict == RETURNED
            line.review += verdict == REVIEW
        line.rows += len(each.rows)
    line.workbook = "；".join(each.workbook for each in mine)
    line.round = max((_round(each) for each in mine), default=0)
    received = [seen[unit.name, each.sha256] for each in unit.workbooks if (unit.name, each.sha256) in seen]
    if received:
        day = dt.datetime.fromisoformat(min(received)).astimezone(BEIJING)
        line.received = day.isoformat(timespec="seconds")
        line.on_time = "按期" if day.date() <= settings.call.deadlines.resources else "逾期"
    line.state = _state(unit, line, bool(mine))
    return line


def _state(unit: Unit, line: UnitSummary, has_submission: bool) -> str:
    if not has_submission:
        return UNREADABLE if unit.workbooks or line.counts.errors else ATTACHMENTS_ONLY if unit.entries else NOT_SENT
    return {RETURNED: SENT_BACK, REVIEW: REVIEW, PASSED: PASSED}[line.counts.verdict]


def _render(
    staging: Staging, told: list[Told], table: Table, tables: Mapping[str, pd.DataFrame], summary: _Summary,
    read: _Read, loaded: Loaded, workers: Workers, limits: Limits, progress: Progress,
) -> None:
    """All files of the output, into the staging folder."""
    _return_workbooks(staging, told, summary, read, loaded.settings, workers, limits, progress)
    staging.write("findings.csv", csv_bytes(FINDING_COLUMNS, map(_finding_line, told)))
    staging.write("resources.csv", _resources_csv(table, tables["media"], summary.tally))
    staging.write("units.csv", _units_csv(summary.units, loaded.settings))


def _finding_line(told: Told) -> tuple[object, ...]:
    found, place = told.finding, told.finding.place
    return (
        place.unit, place.workbook, place.sheet, place.row or "", place.field, place.cell, found.code, told.severity,
        found.value, told.message, told.fix, found.suggestion, told.source,
    )  # fmt: skip


def _resources_csv(table: Table, media: pd.DataFrame, counts: Tally) -> bytes:
    """Canonical values; where a cell is malformed, what was sent."""
    shown = table.values[list(NAMES)].where(~table.broken, table.raw)
    first = media[media["path"] != ""].drop_duplicates("@index").set_index("@index") if len(media) else media
    facts = first.reindex(table.values.index)[list(MEASURED_COLUMNS)] if len(first) else None
    lines = []
    for index, (unit, workbook, _, row) in enumerate(table.rows):
        measured = ["" if pd.isna(value) else _plain(value) for value in facts.loc[index]] if facts is not None else [""] * len(MEASURED_COLUMNS)
        here = counts.rows.get((unit, workbook, row), Counts())
        depth = "不适用" if measured[0] == "mp3" else ""
        lines.append((unit, workbook, row, *shown.loc[index], *measured, depth, here.errors, here.warnings, here.notes,
                      counts.verdict(unit, workbook, row)))
    columns = ("unit", "workbook", "row", *NAMES, *MEASURED_COLUMNS, "bit_depth", "errors", "warnings", "notes", "verdict")
    return csv_bytes(columns, lines)


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _units_csv(units: Iterable[UnitSummary], settings: Settings) -> bytes:
    columns = ("unit", "state", "workbook", "rows", "errors", "warnings", "notes", "passed", "returned", "review",
               "round", "received", "deadline", "on_time", "returned_file")
    deadline = settings.call.deadlines.resources.isoformat()
    return csv_bytes(columns, (
        (u.unit, u.state, u.workbook, u.rows, u.counts.errors, u.counts.warnings, u.counts.notes, u.passed, u.returned,
         u.review, u.round or "", u.received, deadline, u.on_time, u.file) for u in units
    ))


def _return_workbooks(
    staging: Staging, told: list[Told], summary: _Summary, read: _Read, settings: Settings,
    workers: Workers, limits: Limits, progress: Progress,
) -> None:
    """Mark every workbook with something that decides, in isolation."""
    by_book: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for each in told:
        by_book[each.finding.place.unit, each.finding.place.workbook].append(each)
    due = [s for s in read.submissions if any(each.decides for each in by_book[s.unit, s.workbook])]
    tasks = [_mark_task(each, by_book[each.unit, each.workbook], read, settings) for each in due]
    lines = {line.unit: line for line in summary.units}
    with progress.stage("标注退回的工作簿", len(tasks)) as advance:
        outcomes = workers.run(mark_file, tasks, limits=limits, on_done=lambda _: advance(1))
        for submission, (task, outcome) in zip(due, outcomes, strict=True):
            if isinstance(outcome, Failure | str):
                detail = outcome.detail if isinstance(outcome, Failure) else outcome
                read.faults.append((f"{submission.unit}/{submission.workbook}", detail))
                continue
            name = f"{RETURNED_FOLDER}/{safe_name(submission.unit)}/{Path(submission.workbook).stem}.xlsx"
            staging.write(name, outcome.data)
            line = lines[submission.unit]
            line.file = f"{line.file}；{name}" if line.file else name


def _mark_task(submission: Submission, told: list[Told], read: _Read, settings: Settings):  # type: ignore[no-untyped-def]
    received = read.received[submission.unit, submission.workbook]
    number = _round(submission)
    identity = {"unit": submission.unit, "workbook": submission.workbook, "sha256": received.sha256, "round": str(number)}
    return mark_task(
        submission, received.copy, told, _head(settings), identity,
        settings.resource_types, TEMPLATE_VERSION, settings.call.id,
    )


def _head(settings: Settings) -> tuple[str, ...]:
    """When, how and whom to ask."""
    return (
        f"{settings.call.title}（{settings.call.document}）：请改好后把本文件原样报回，资源报送截止日为 {settings.call.deadlines.resources}。",
        "怎么改：点“位置”到有颜色的单元格修改；同意“建议值”的，在“是否采纳”填“是”；“警告”确无问题的，在“单位说明”写明原因。",
        "有疑问请联系：省教育厅职成教处 0371-69691788；省社区教育服务指导中心 0371-58525325、58525327。",
    )


def _run_json(loaded: Loaded, collected: Collected, outcome: Outcome, read: _Read, now: dt.datetime) -> bytes:
    digests = {received.entry.real: received.sha256 for received in read.received.values()}
    inputs = [
        {"unit": name, "path": entry.path, "size": entry.size, "sha256": digests.get(entry.real, "")}
        for name, unit in sorted(collected.units.items())
        for entry in sorted({*unit.entries, *(each.entry for each in unit.workbooks)}, key=lambda e: e.path)
    ]
    facts = {
        "program": __version__,
        "config_sha256": loaded.sha256,
        "rules_sha256": hashlib.sha256("\n".join(f"{r.code} {r.severity} {r.says}" for r in REGISTER.rules.values()).encode()).hexdigest(),
        "start": now.isoformat(timespec="seconds"),
        "end": dt.datetime.now(dt.timezone.utc).astimezone(now.tzinfo).isoformat(timespec="seconds"),
        "inputs": inputs,
        "ignored": collected.ignored,
        "rules_not_run": {**outcome.skipped, **_MEASURED_BY_PROMISE},
        "faults": [{"where": where, "what": what} for where, what in [*read.faults, *outcome.faults]],
    }
    return json.dumps(facts, ensure_ascii=False, indent=1).encode("utf-8")
