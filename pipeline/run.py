"""The conductor of `validate`: the only place that knows the order of the stages.

collect → read → canonical → join ← measure → validate → summarise → render → output
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from pipeline import __version__, history
from pipeline.canonical import Table, canonical
from pipeline.collect import Collected, collect
from pipeline.fields import RESOURCE_FILE
from pipeline.files import Unit
from pipeline.giveback import FOLDER, give_back
from pipeline.isolate import Limits, Workers
from pipeline.join import (
    Index,
    Key,
    References,
    canonical_names,
    cover_table,
    likely_files,
    measured_seconds,
    media_table,
    orphans,
    references,
)
from pipeline.measure import Measured, measure
from pipeline.model import Submission
from pipeline.output import Staging, locked
from pipeline.probe.columns import cover_columns, media_columns
from pipeline.progress import Progress
from pipeline.render.tables import findings_csv, resources_csv, units_csv
from pipeline.rules import REGISTER
from pipeline.settings import Loaded, Settings
from pipeline.submissions import Fault, Read, read_all, round_of
from pipeline.summarise import Tally, Told, UnitSummary, summarise_unit, tally, tell
from pipeline.validate import SWITCHED_OFF, measured_suggestions, validate

BEIJING = ZoneInfo("Asia/Shanghai")
KEPT, UNPACKED, CACHE, HISTORY = "收件", ".解压", ".检测缓存.db", "history.db"

_NEVER_MEASURED = {"M11": "MP3 文件不含量化位数信息，不能测量，由报送单位承诺"}
"""附件3 clause 2 asks for 16 bit; lossy sound has no bit depth, so it is neither passed nor failed."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found, for the screen and the exit code. files: returned workbooks by unit."""

    units: list[UnitSummary]
    told: list[Told]
    files: Mapping[str, list[str]]
    skipped: Mapping[str, str]
    faults: list[Fault]
    remarks: list[str]
    ignored: int

    @property
    def has_errors(self) -> bool:
        """Whether any 错误 was found."""
        return any(each.severity == "错误" for each in self.told)


def run(
    input_folder: Path, output: Path, loaded: Loaded, jobs: int, now: dt.datetime, progress: Progress
) -> Result:
    """Do the whole job. Raises OutputError, HistoryError, or OSError if input_folder cannot be listed."""
    settings = loaded.settings
    limits = Limits(settings.limits.seconds, settings.limits.memory_mb)
    with locked(output, now.isoformat(timespec="seconds")), Workers(jobs) as workers:
        collected = collect(
            input_folder, output / KEPT, output / UNPACKED, workers, limits, settings.limits.workbook_mb
        )
        read = read_all(collected, workers, limits, progress)
        table = canonical(read.submissions, settings)
        indexes = {name: Index(unit.entries, unit.unfinished) for name, unit in collected.units.items()}
        found = references(table.values, indexes, _named_elsewhere(read.submissions, indexes))
        for index, names in canonical_names(found).items():
            table.values.at[index, RESOURCE_FILE] = names
        measured = measure(found.keys(), collected, output / CACHE, workers, progress)
        tables = _tables(table, found, measured, indexes, collected, read, settings)
        measured_suggestions(table, tables["resources"]["@measured"])
        outcome = validate(table, tables, settings, _today(settings, now))
        told = tell([*collected.findings, *read.findings, *table.findings, *outcome.findings], settings)
        counts = tally(told, {(each.unit, each.workbook): frozenset(each.rows) for each in read.submissions})
        units = list(_units(counts, collected, read, output / HISTORY, settings, now))
        staging = Staging(output)
        files: dict[str, list[str]] = defaultdict(list)
        remarks = list(measured.remarks)
        for each in give_back(told, read, settings, workers, limits, progress):
            staging.write(each.name, each.data)
            files[each.unit].append(each.name)
            remarks += [each.remark] if each.remark else []
        skipped = {**outcome.skipped, **_NEVER_MEASURED, **dict.fromkeys(settings.off, SWITCHED_OFF)}
        faults = [*collected.faults, *read.faults, *table.faults, *measured.faults, *outcome.faults]
        staging.write("findings.csv", findings_csv(told))
        staging.write("resources.csv", resources_csv(table, tables["media"], counts))
        staging.write("units.csv", units_csv(units, settings.call.deadlines.resources.isoformat(), files))
        staging.write("run.json", _record(loaded, collected, read, skipped, faults, now))
        remarks += staging.move_in((FOLDER,))
    return Result(units, told, files, skipped, faults, remarks, collected.ignored)


def _today(settings: Settings, now: dt.datetime) -> str:
    return (settings.call.review_date or now.astimezone(BEIJING).date()).isoformat()


def _named_elsewhere(submissions: Iterable[Submission], indexes: Mapping[str, Index]) -> Iterator[Key]:
    """Files that 单位信息 and 平台资质 name."""
    for each in submissions:
        values = [*each.unit_info.values(), *(value for row in each.platforms for value in row.values())]
        for part in (part.strip() for value in values for part in value.text.replace("；", ";").split(";")):
            path = indexes[each.unit].find(part).path if part else ""
            if path:
                yield each.unit, path


def _tables(
    table: Table, found: References, measured: Measured, indexes: Mapping[str, Index], collected: Collected,
    read: Read, settings: Settings,
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """All tables that the rules read."""
    values = table.values
    media_facts = {key: media_columns(facts) for key, facts in measured.facts.items()}
    cover_facts = {key: cover_columns(facts) for key, facts in measured.facts.items()}
    media = media_table(values, found, media_facts, measured.twins, settings.media_types)
    likely = likely_files(values, indexes, found.claimed)
    mine = [each for each in reversed(read.submissions) if each.rows]
    return {
        "resources": pd.concat(
            [
                values,
                pd.Series(values.index, values.index, name="@index"),
                measured_seconds(media).reindex(values.index).rename("@measured"),
                likely.rename("@likely"),
            ],
            axis=1,
        ),
        "media": media,
        "covers": cover_table(values, found, cover_facts),
        "orphans": orphans(
            collected.units.values(),
            found,
            zip(values["@unit"], likely, strict=True),
            {each.unit: each.workbook for each in mine},
            {each.unit for each in mine if "资源封面" in each.layout.columns},
        ),
    }


def _units(
    counts: Tally, collected: Collected, read: Read, history_path: Path, settings: Settings, now: dt.datetime
) -> Iterator[UnitSummary]:
    """One line per unit, by name; what was never seen before is received now."""
    received = [(each.sha256, unit, workbook) for (unit, workbook), each in sorted(read.received.items())]
    seen = history.receive(history_path, received, now.astimezone(dt.UTC).isoformat(timespec="seconds"))
    for name, unit in sorted(collected.units.items()):
        mine = read.of(name)
        times = [seen[name, each.sha256] for each in unit.workbooks if (name, each.sha256) in seen]
        yield summarise_unit(
            name,
            counts,
            {each.workbook: each.rows for each in mine},
            sent=_sent(unit),
            round_number=max((round_of(each) for each in mine), default=0),
            received=dt.datetime.fromisoformat(min(times)).astimezone(BEIJING) if times else None,
            deadline=settings.call.deadlines.resources,
        )


def _sent(unit: Unit) -> str:
    return "工作簿" if unit.workbooks else "附件" if unit.entries else ""


def _record(
    loaded: Loaded,
    collected: Collected,
    read: Read,
    skipped: Mapping[str, str],
    faults: Iterable[Fault],
    now: dt.datetime,
) -> bytes:
    """run.json: what ran on what. Media have their size alone: hashing a province's video takes hours."""
    digests = {received.entry.real: received.sha256 for received in read.received.values()}
    inputs = [
        {"unit": name, "path": entry.path, "size": entry.size, "sha256": digests.get(entry.real, "")}
        for name, unit in sorted(collected.units.items())
        for entry in sorted(
            {*unit.entries, *(each.entry for each in unit.workbooks)}, key=lambda entry: entry.path
        )
    ]
    rules = "\n".join(f"{rule.code} {rule.severity} {rule.says}" for rule in REGISTER.rules.values())
    facts = {
        "program": __version__,
        "config_sha256": loaded.sha256,
        "rules_sha256": hashlib.sha256(rules.encode()).hexdigest(),
        "start": now.isoformat(timespec="seconds"),
        "end": dt.datetime.now(dt.UTC).astimezone(now.tzinfo).isoformat(timespec="seconds"),
        "inputs": inputs,
        "zips": [
            {"unit": each.unit, "path": each.shown, "size": each.real.stat().st_size}
            for each in collected.zips
        ],
        "ignored": collected.ignored,
        "rules_not_run": dict(skipped),
        "faults": [{"where": where, "what": what} for where, what in faults],
    }
    return json.dumps(facts, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
