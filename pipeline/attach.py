"""The conductor of `attachments`: from what the last run left in output/ to the Word files under 附件/.

read → fill → output. Nothing is probed or checked again: workbooks are read once more, for their
单位信息, from the private copies.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd
from msgspec import Struct, field

from pipeline.engine import Engine, open_engine
from pipeline.fields import NAMES
from pipeline.isolate import Failure, Limits
from pipeline.job import KEPT
from pipeline.model import Kind, Submission
from pipeline.output import Staging, apart, locked, safe_name
from pipeline.progress import Progress
from pipeline.read.submit import ReadTask, read_submission
from pipeline.render.attachments.filled import CheckTask, FillTask, fill, mistake_in
from pipeline.render.attachments.papers import (
    BLANK_ROWS,
    REGISTER,
    REGISTRATION,
    REGISTRATION_HEADERS,
    STATEMENT_PAPER,
    Paper,
    Row,
    Value,
    statement_paragraphs,
)
from pipeline.render.forms import REGISTRATION_NAME, STATEMENT_NAME, built_in_templates
from pipeline.render.inert import clean
from pipeline.report import LastRun, last_run
from pipeline.rules.created import is_day, read_created
from pipeline.settings import Settings
from pipeline.stops import USAGE, Stop
from pipeline.submissions import Fault
from pipeline.summarise import NOT_SENT

FOLDER = "附件"
REGISTER_NAME = f"{FOLDER}/负责人信息登记表（汇总）.docx"

_ADOPTED = "W09"
"""The finding that tells which suggestion a unit accepted, and in which cell."""
_DATE = "安全审核日期"
_ISO_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_NAMED = 10
_AHEAD = 16
"""Files that may wait in memory for an earlier one."""
_BLANK_RESOURCE = dict.fromkeys(("序号", *NAMES), "")


class AttachError(Stop):
    """Nothing can be filled; one Chinese sentence per line."""

    code = USAGE


class Attached(Struct):
    """What was written: how many files for how many units; sentences for staff; faults of the program."""

    units: int = 0
    files: int = 0
    remarks: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


class Sender(Struct, frozen=True):
    """A unit whose workbook counts. info: its 单位信息 by label. resources: its list, canonical."""

    unit: str
    info: Mapping[str, str]
    resources: Sequence[Row]

    @property
    def name(self) -> str:
        """Its own name, without the bureau that forwards for it."""
        return self.unit.rpartition("/")[2]


class Work(Struct, frozen=True):
    """What all steps share."""

    settings: Settings
    workers: Engine
    progress: Progress
    done: Attached

    @property
    def limits(self) -> Limits:
        """What one file may cost."""
        return Limits(self.settings.limits.seconds, self.settings.limits.memory_mb)


def write_attachments(
    output: Path, templates: Path, settings: Settings, jobs: int, now: dt.datetime, progress: Progress
) -> Attached:
    """Replace output/附件 by the papers of every unit of the last run; all else stays as it is.

    templates: the folder that may hold edited templates. Raises ReportError if there is no run, AttachError
    if a template is broken, OutputError if the folder cannot be used, OSError if the disk does not take it.
    """
    if not output.is_dir():
        last_run(output)  # says that there is no run; the lock would make the folder
    with locked(output, now.isoformat(timespec="seconds")), open_engine(settings, jobs) as workers:
        work = Work(settings, workers, progress, Attached())
        sources = _templates(templates, work)
        senders = _senders(output, last_run(output), work)
        staging = Staging(output)
        for name, data in attachments(senders, sources, work):
            staging.write(name, data)
            work.done.files += 1
        work.done.units = len(senders)
        work.done.remarks += staging.move_in((FOLDER,))
    return work.done


def attachments(
    senders: Sequence[Sender], templates: Mapping[str, bytes], work: Work
) -> Iterator[tuple[str, bytes]]:
    """Each paper's name below the output folder, and its bytes; what cannot be made is a fault."""
    wanted = list(_papers(senders, work.settings))
    tasks = (FillTask(templates[paper.file], values) for _, paper, values in wanted)
    with work.progress.stage("填写附件", len(wanted)) as advance:
        filled = work.workers.run(fill, tasks, limits=work.limits, on_done=advance, window=_AHEAD)
        for (name, _, _), (_, outcome) in zip(wanted, filled, strict=True):
            if isinstance(outcome, Failure):
                work.done.faults.append((name, outcome.detail))
                work.done.remarks.append(f"“{name}”没有生成，这是程序的故障，请告诉维护人员。")
            else:
                yield name, outcome


# --- what the papers say ------------------------------------------------------------------------


def _papers(
    senders: Sequence[Sender], settings: Settings
) -> Iterator[tuple[str, Paper, Mapping[str, Value]]]:
    """Name, template and words of every paper; the one across units comes first."""
    year = str(settings.call.year)
    persons = [{"序号": str(number), **_person(each, each.unit)} for number, each in enumerate(senders, 1)]
    blank = dict.fromkeys(("序号", *REGISTRATION_HEADERS), "")
    yield (
        REGISTER_NAME,
        REGISTER,
        {"年度": year, "单位数": str(len(senders)), "负责人列表": persons or [blank]},
    )
    folders = _folders(each.unit for each in senders)
    for each in senders:
        folder = folders[each.unit]
        yield f"{folder}/{REGISTRATION_NAME}", REGISTRATION, {"年度": year, **_person(each, each.name)}
        yield f"{folder}/{STATEMENT_NAME}", STATEMENT_PAPER, _statement(each, settings)


def _person(sender: Sender, name: str) -> Row:
    return {"单位": name, **{label: sender.info.get(label, "") for label in REGISTRATION_HEADERS[1:]}}


def _statement(sender: Sender, settings: Settings) -> Mapping[str, Value]:
    """The words of 附件2; a list without a resource gets rows to be filled by hand."""
    year = settings.call.year
    date = printed_day(sender.info.get(_DATE, ""), settings) or f"{year}年　月　日"
    number = len(sender.resources)
    return {
        "年度": str(year),
        "单位": sender.name,
        "正文": statement_paragraphs(settings.statement, unit=sender.name, year=year, date=date),
        "日期": date,
        "资源数": str(number or ""),
        "资源列表": sender.resources if number else [_BLANK_RESOURCE] * BLANK_ROWS,
    }


def printed_day(text: str, settings: Settings) -> str:
    """A day as official documents print it, `2024年4月7日` (GB/T 9704-2012, 成文日期); "" if it is not sure.

    Whatever can be read in one way as 创建时间 can be so here.
    """
    if not _ISO_DAY.fullmatch(text) or not is_day(text, settings):
        reading = read_created(text, Kind.TEXT, settings)
        text = reading.value if reading.safe else ""
    if not text:
        return ""
    year, month, day = map(int, text.split("-"))
    return f"{year}年{month}月{day}日"


def _folders(units: Iterable[str]) -> Mapping[str, str]:
    """附件/<单位>, 局/校 as two folders; no folder is called as a paper is."""
    safe = {unit: re.sub(r"(?i)\.docx(?=/|$)", r"\g<0>_", safe_name(unit)) for unit in units}
    return {unit: f"{FOLDER}/{name}" for unit, name in apart(safe).items()}


# --- what the last run left ---------------------------------------------------------------------


def _senders(output: Path, last: LastRun, work: Work) -> list[Sender]:
    """Every unit with a workbook that counts, in the order of units.csv; the others are told."""
    try:
        states = dict(zip(last.units["unit"], last.units["state"], strict=True))
        books = dict(zip(last.units["unit"], last.units["workbook"], strict=True))
        lists = {str(unit): rows for unit, rows in last.resources.groupby("unit", sort=False)}
        tasks = _workbooks(output, books)
    except (ValueError, KeyError, TypeError) as error:
        said = f"“{output}”中的校验结果被改动过，读不出来，请重新运行 make validate。"
        raise AttachError(said) from error
    infos = _infos(tasks, work)
    _overlay(infos, last.findings)
    without = [unit for unit, book in books.items() if not book and states[unit] != NOT_SENT]
    lost = [unit for unit, book in books.items() if book and unit not in infos]
    work.done.remarks += _told(without, "没有可以读取的工作簿，没有生成附件，请用 templates 中的空白表填写")
    work.done.remarks += _told(
        lost, "的工作簿在“收件”中找不到或读不出来，附件中负责人信息和日期留空，请手工填写"
    )
    return [
        Sender(unit, infos.get(unit, {}), _resources(lists.get(unit), work.settings.resource_types))
        for unit, book in books.items()
        if book
    ]


def _workbooks(output: Path, books: Mapping[str, str]) -> list[ReadTask]:
    """The private copies of the workbooks that count. books: by unit, joined by ；."""
    units = {clean(unit): unit for unit in books}  # run.json has names as they were, units.csv made inert
    tasks = []
    for each in json.loads((output / "run.json").read_text("utf-8"))["inputs"]:
        unit, path, digest = units.get(clean(each["unit"]), ""), clean(each["path"]), each["sha256"]
        if unit and digest and f"；{path}；" in f"；{clean(books[unit])}；":
            copy = min((output / KEPT).glob(f"{digest}*"), default=None)
            tasks += [ReadTask(copy, unit, path)] if copy else []
    return tasks


def _infos(tasks: Sequence[ReadTask], work: Work) -> dict[str, dict[str, str]]:
    """单位信息 by unit and label; of several workbooks the first that says something."""
    infos: dict[str, dict[str, str]] = {}
    with work.progress.stage("读取单位信息", len(tasks)) as advance:
        read = work.workers.run(read_submission, tasks, limits=work.limits, on_done=advance, window=_AHEAD)
        for task, outcome in read:
            if isinstance(outcome, Submission):
                info = infos.setdefault(task.unit, {})
                for label, value in outcome.unit_info.items():
                    info[label] = info.get(label) or value.text
    return infos


def _overlay(infos: Mapping[str, dict[str, str]], findings: pd.DataFrame) -> None:
    """Put in the suggestions that units accepted; their files still hold what they sent."""
    accepted = findings[(findings["code"] == _ADOPTED) & ~findings["field"].isin(NAMES)]
    for unit, label, new in zip(accepted["unit"], accepted["field"], accepted["suggestion"], strict=True):
        if label in infos.get(unit, {}):
            infos[unit][label] = new


def _resources(rows: pd.DataFrame | None, types: Mapping[str, str]) -> list[Row]:
    """A unit's list, numbered; a code of 表2 is printed as its name."""
    if rows is None:
        return []
    named = rows.assign(资源类型=rows["资源类型"].map(lambda code: types.get(code, code)))
    lines = named[list(NAMES)].to_numpy().tolist()
    return [
        {"序号": str(number), **dict(zip(NAMES, line, strict=True))} for number, line in enumerate(lines, 1)
    ]


def _told(units: Sequence[str], what: str) -> list[str]:
    if not units:
        return []
    named = "、".join(f"“{unit}”" for unit in units[:_MOST_NAMED])
    more = f"等 {len(units)} 个单位" if len(units) > _MOST_NAMED else ""
    return [f"{named}{more}{what}。"]


# --- the templates ------------------------------------------------------------------------------


def _templates(folder: Path, work: Work) -> dict[str, bytes]:
    """Every template by file name: the one in the folder, or ours where there is none.

    Raises AttachError if one that is there cannot be used; ours is not put in its place.
    """
    sources, tasks = built_in_templates(), []
    for paper in (REGISTRATION, REGISTER, STATEMENT_PAPER):
        try:
            sources[paper.file] = (folder / paper.file).read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            said = f"模板“{folder / paper.file}”打不开，请检查权限，或确认它没有在其他程序中打开。"
            raise AttachError(said) from error
        tasks.append(CheckTask(paper, sources[paper.file]))
    mistakes = []
    for task, outcome in work.workers.run(mistake_in, tasks, limits=work.limits):
        if isinstance(outcome, Failure):
            said = f"模板“{task.paper.file}”填写时出错，请删去这个文件，再运行 make template 重新生成。"
            mistakes.append(said)
        elif outcome:
            mistakes.append(outcome)
    if mistakes:
        raise AttachError("\n".join(mistakes))
    return sources
