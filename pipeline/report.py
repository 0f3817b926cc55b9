"""The conductor of `report`: from what the last run left in output/ to the files under 汇总/.

read → figures → render. Nothing is probed or checked again.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import pandas as pd
from msgspec import Struct

from pipeline.durable import write_whole
from pipeline.figures import Figures, Snapshot, figures, short_figures, unsent_tables
from pipeline.figures.values import day
from pipeline.record import shown_workbooks
from pipeline.render.report.page import page
from pipeline.settings import BEIJING, Settings
from pipeline.stops import USAGE, Stop
from pipeline.summarise import Told

FOLDER = "汇总"
SHORT = f"{FOLDER}/校验简报.html"
BEFORE = ".上轮"
_FILES = ("findings.csv", "resources.csv", "units.csv", "run.json")

_ESCAPED = re.compile(r"'+[=+\-@\t\r]")


class ReportError(Stop):
    """There is nothing to report on; one Chinese sentence."""

    code = USAGE


class LastRun(Struct, frozen=True):
    """What the last run left: the csv files as tables of text, when it began, what it did not check."""

    findings: pd.DataFrame
    resources: pd.DataFrame
    units: pd.DataFrame
    start: dt.datetime
    skipped: Mapping[str, str]

    def figures(self, settings: Settings, previous: Snapshot | None = None) -> Figures:
        """The numbers of this run. previous: those of the round before."""
        return figures(
            self.findings,
            self.resources,
            self.units,
            settings,
            self.start,
            skipped=self.skipped,
            previous=previous,
        )


def last_run(output: Path) -> LastRun:
    """Read back output/. Raises ReportError if no run has left a complete result there."""
    try:
        record = json.loads((output / "run.json").read_text("utf-8"))
        start = dt.datetime.fromisoformat(record["start"]).astimezone(BEIJING)
        skipped = {str(code): str(reason) for code, reason in record["rules_not_run"].items()}
        tables = [table((output / f"{name}.csv").read_bytes()) for name in ("findings", "resources", "units")]
    except OSError as error:
        said = f"“{output}”中没有完整的校验结果，请先运行 make validate。"
        raise ReportError(said) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        said = f"“{output}”中的校验结果被改动过，读不出来，请重新运行 make validate。"
        raise ReportError(said) from error
    return LastRun(tables[0], tables[1], tables[2], start, skipped)


def round_before(output: Path, settings: Settings) -> Snapshot | None:
    """The numbers of the last run on other workbooks than those of the last one, None if there was none."""
    folder = output / BEFORE
    return last_run(folder).figures(settings).snapshot if (folder / "run.json").exists() else None


def keep_before(output: Path, now: Collection[tuple[str, str]]) -> None:
    """Keep what the output shows as the round before, if it is of other workbooks than `now`.

    now: (unit, SHA-256) of each workbook; earlier lists belong to no unit. Raises
    OSError if it cannot be written.
    """
    shown = shown_workbooks(output)
    if shown and shown != set(now):
        (output / BEFORE).mkdir(exist_ok=True)
        for name in _FILES:
            write_whole(output / BEFORE / name, (output / name).read_bytes())


def table(data: bytes) -> pd.DataFrame:
    """One of our csv files as text, blank is "", with what made its cells inert taken off again.

    Raises ValueError if it is not one.
    """
    rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    head = next(rows, [])
    body = [[_as_sent(cell) for cell in row] if "'" in "".join(row) else row for row in rows]
    if not head or len(set(head)) < len(head) or any(len(row) != len(head) for row in body):
        raise ValueError("not a table")
    return pd.DataFrame(body, columns=head, dtype="object")


def _as_sent(cell: str) -> str:
    """The text of a cell before `render.tables.inert` put an apostrophe in front of what could act."""
    return cell[1:] if _ESCAPED.match(cell) else cell


def report_files(run: LastRun, settings: Settings, previous: Snapshot | None = None) -> dict[str, bytes]:
    """All files of the report, by their names below output/. The same run gives the same bytes.

    previous: of the round before, for 与上一轮相比.
    """
    from pipeline.render.report.document import document  # matplotlib and python-docx take their time
    from pipeline.render.report.recommended import recommended
    from pipeline.render.report.unsent import unsent
    from pipeline.render.report.workbook import workbook

    numbers, title, dated = run.figures(settings, previous), settings.call.title, run.start.date()
    deadline = day(settings.call.deadlines.resources)
    return {
        f"{FOLDER}/汇总报告.html": page(numbers, run.findings),
        f"{FOLDER}/汇总报告.xlsx": workbook(numbers, dated),
        f"{FOLDER}/汇总报告.docx": document(numbers, dated),
        f"{FOLDER}/推荐资源清单.xlsx": recommended(run.resources, title, dated),
        f"{FOLDER}/未报送单位.xlsx": unsent(unsent_tables(run.units), title, deadline, dated),
    }


def short_report(
    units: bytes, told: Iterable[Told], settings: Settings, start: dt.datetime, skipped: Mapping[str, str]
) -> dict[str, bytes]:
    """What every run leaves: one page of units and problems. units: the bytes of units.csv."""
    lines = [
        (
            each.finding.place.unit,
            each.finding.place.sheet,
            str(each.finding.place.row or ""),
            each.finding.place.cell,
            each.finding.code,
            str(each.severity),
            each.finding.value,
            each.message,
            each.fix,
        )
        for each in told
    ]
    names = ["unit", "sheet", "row", "cell", "code", "severity", "value", "message", "fix"]
    findings = pd.DataFrame(lines, columns=names, dtype="object")
    local = start.astimezone(BEIJING)
    numbers = short_figures(findings, table(units), settings, local, skipped=skipped)
    return {SHORT: page(numbers)}
