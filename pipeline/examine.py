"""One look at all rows: canonical → join ← measure → validate.

The suggestions that a unit accepted are put into its cells (`take_accepted`), which need a second look: hence
a stage of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import pandas as pd
from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.canonical import Table, canonical
from pipeline.collect import Collected
from pipeline.fields import RESOURCE_FILE
from pipeline.files import Received
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
from pipeline.links.result import LinkResult
from pipeline.measure import Measured
from pipeline.model import Finding, Submission
from pipeline.papertables import Attachments, attachment_tables
from pipeline.reuse.rulings import Rulings, states_of
from pipeline.rounds.accept import apply
from pipeline.rules.opened import opened_table
from pipeline.rules.qualified import courses_table, platforms_table
from pipeline.settings import Settings
from pipeline.submissions import Fault, Read
from pipeline.validate import Outcome, measured_suggestions, validate


class Beside(Struct, frozen=True):
    """What is known beside the rows, before any of them is looked at.

    indexes: the files of every unit. tables: those that do not depend on what the workbooks say (`units`,
    `register`, `earlier`), where there are any. links: results by link, None if no link was ever opened.
    lists: the files of earlier years.
    """

    indexes: Mapping[str, Index] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    attachments: Attachments = field(default_factory=Attachments)
    links: Mapping[str, LinkResult] | None = None
    lists: Sequence[Received] = ()


class Examined(Struct, frozen=True):
    """All rows with their canonical values, the tables that the rules read, and what was found."""

    table: Table
    tables: Mapping[str, pd.DataFrame]
    outcome: Outcome
    measured: Measured

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with the form of cells, and what the rules found."""
        return [*self.table.findings, *self.outcome.findings]

    @property
    def faults(self) -> list[Fault]:
        """Crashes of ours on the way."""
        return [*self.table.faults, *self.measured.faults, *self.outcome.faults]


def examine(
    read: Read,
    collected: Collected,
    beside: Beside,
    settings: Settings,
    today: str,
    measuring: Callable[[Iterable[Key]], Measured],
    rulings: Rulings,
) -> Examined:
    """Look at all rows. measuring: gives the facts of files. rulings: what rules said in earlier runs."""
    table = canonical(read.submissions, settings)
    indexes = beside.indexes
    found = references(table.values, indexes, _named_elsewhere(read.submissions, indexes))
    for index, names in canonical_names(found).items():
        table.values.at[index, RESOURCE_FILE] = names
    measured = measuring(found.keys())
    tables = {
        **beside.tables,
        **attachment_tables(beside.attachments, read.submissions),
        **_tables(table, found, measured, indexes, collected, read, settings),
    }
    if beside.links is not None:
        tables["opened"] = opened_table(table.values, beside.links, settings, today)
    measured_suggestions(table, tables["resources"]["@measured"])
    states = states_of(table, tables)
    outcome = validate(table, tables, settings, today, rulings.known(states))
    rulings.keep(outcome, states)
    return Examined(table, tables, outcome, measured)


def take_accepted(read: Read, found: Iterable[Finding]) -> tuple[Read, bool]:
    """The same with what the units accepted in its cells, and whether any cell is another.

    found: all findings of a first pass. Where a cell is another the stages after reading must run
    again, on what is returned; its findings then hold what became of the acceptances.
    """
    by_book: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for each in found:
        by_book[each.place.unit, each.place.workbook].append(each)
    accepted = [apply(each, by_book[each.unit, each.workbook]) for each in read.submissions]
    settled = {done.place for each in accepted for done in each.applied}
    findings = [each for each in read.findings if each.place not in settled]
    findings += (told for each in accepted for told in each.findings)
    taken = replace(read, submissions=[each.submission for each in accepted], findings=findings)
    return taken, bool(settled)


def indexes_of(collected: Collected) -> dict[str, Index]:
    """The files of every unit, to be found by what cells name."""
    return {name: Index(unit.entries, unit.unfinished) for name, unit in collected.units.items()}


def _named_elsewhere(submissions: Iterable[Submission], indexes: Mapping[str, Index]) -> Iterator[Key]:
    """Files that 单位信息 and 平台资质 name."""
    for each in submissions:
        values = [*each.unit_info.values(), *(value for row in each.platforms for value in row.values())]
        for part in (part.strip() for value in values for part in value.text.replace("；", ";").split(";")):
            path = indexes[each.unit].find(part).path if part else ""
            if path:
                yield each.unit, path


def _authorised(collected: Collected) -> dict[str, bool]:
    """The units that sent something called 授权 (rule R11-3)."""
    return {name: any("授权" in each.path for each in unit.entries) for name, unit in collected.units.items()}


def _tables(
    table: Table, found: References, measured: Measured, indexes: Mapping[str, Index], collected: Collected,
    read: Read, settings: Settings,
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """The tables that come from the rows and their files."""
    values = table.values
    media = media_table(values, found, measured.facts, measured.twins, settings.media_types)
    likely = likely_files(values, indexes, found.claimed)
    mine = [each for each in reversed(read.submissions) if each.rows]
    return {
        "resources": pd.concat(
            [
                values,
                pd.Series(values.index, values.index, name="@index"),
                measured_seconds(media).reindex(values.index).rename("@measured"),
                likely.rename("@likely"),
                values["@unit"].map(_authorised(collected)).rename("@authorised"),
            ],
            axis=1,
        ),
        "media": media,
        "covers": cover_table(values, found, measured.facts),
        "orphans": orphans(
            collected.units.values(),
            found,
            zip(values["@unit"].tolist(), likely.tolist(), strict=True),
            {each.unit: each.workbook for each in mine},
            {each.unit for each in mine if "资源封面" in each.layout.columns},
        ),
        "platforms": platforms_table(read.submissions, indexes),
        "courses": courses_table(values, read.submissions, settings),
    }
