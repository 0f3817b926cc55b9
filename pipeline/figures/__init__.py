"""The numbers of every report, counted once: plain tables made from what a run left in output/.

Pure. The page, the workbook and the document show these tables and these sentences, each in
its own way, so that no two of them can disagree, with each other or with the csv files.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from pipeline.figures.changes import changes
from pipeline.figures.frames import finding_table, resource_table, unit_counts, unit_table
from pipeline.figures.holdings import holdings
from pipeline.figures.links import links
from pipeline.figures.media import media
from pipeline.figures.notes import not_run, notes
from pipeline.figures.problems import duplicates, problems
from pipeline.figures.submission import (
    every_unit,
    key_numbers,
    missing_table,
    overall,
    submission,
    without_list,
)
from pipeline.figures.values import Figures, Head, Snapshot, Table, day, hours
from pipeline.settings import Settings

__all__ = ["Figures", "Snapshot", "figures", "short_figures", "unsent_tables"]


def figures(
    findings: pd.DataFrame,
    resources: pd.DataFrame,
    units: pd.DataFrame,
    settings: Settings,
    when: dt.datetime,
    *,
    skipped: Mapping[str, str],
    previous: Snapshot | None = None,
) -> Figures:
    """The whole report. findings, resources, units: the csv files as tables of text.

    when: the start of the run, in local time. skipped: rule code → why it did not run. A column
    that a file lacks counts as blank.
    """
    units = unit_table(units)
    resources = resource_table(resources, units, settings)
    findings = finding_table(findings)
    total = hours(int(resources["ms"].sum()))
    snapshot = Snapshot(day(when), float(total), unit_counts(units))
    return Figures(
        _head("汇总报告", settings, when),
        key_numbers(units, findings, total),
        (
            overall(units, findings, settings, when, total),
            submission(units),
            holdings(resources),
            problems(findings, resources),
            duplicates(findings, resources),
            media(resources, settings),
            links(resources, findings),
            changes(snapshot, previous),
        ),
        every_unit(units),
        notes(settings, skipped),
        snapshot,
    )


def short_figures(
    findings: pd.DataFrame,
    units: pd.DataFrame,
    settings: Settings,
    when: dt.datetime,
    *,
    skipped: Mapping[str, str],
) -> Figures:
    """What every run can tell at once, without looking at the resources one by one."""
    units = unit_table(units)
    findings = finding_table(findings)
    return Figures(
        _head("校验简报", settings, when),
        key_numbers(units, findings, None),
        (overall(units, findings, settings, when, None), submission(units), problems(findings, None)),
        every_unit(units),
        tuple(not_run(skipped)),
        Snapshot(day(when), 0.0, unit_counts(units)),
    )


def unsent_tables(units: pd.DataFrame) -> tuple[Table, Table]:
    """未报送单位, and those of whom something came, but no list. units: units.csv as a table of text."""
    known = unit_table(units)
    return missing_table(known), without_list(known)


def _head(kind: str, settings: Settings, when: dt.datetime) -> Head:
    call = settings.call
    return Head(f"{call.title}{kind}", call.title, call.document, day(when))
