"""Lists of earlier years: what was sent in before, to be compared with what is sent now.

They lie under `input/往年/`, or where `earlier` in config.yaml says. They are read as
workbooks of units are: a private copy, in a worker. Nothing there is written, no link is
followed, and a list that cannot be used is named.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
from msgspec import Struct, field

from pipeline.canonical import canonical
from pipeline.engine import Engine
from pipeline.files import WORKBOOKS, Entry, Received, shown_name, suffix_of
from pipeline.isolate import Ending, Failure, Limits
from pipeline.model import Finding, Rejection, Submission
from pipeline.progress import Progress
from pipeline.read.header import is_comparable
from pipeline.read.submit import ReadTask, read_submission
from pipeline.receive import Copies, why_unreadable
from pipeline.settings import Settings
from pipeline.submissions import READINGS

FOLDER = "往年"
COLUMNS = ["name", "speaker", "link", "year", "unit", "list"]

_JUNK = re.compile(r"~\$.*|\..*|thumbs\.db|desktop\.ini|__macosx", re.IGNORECASE)
_NOTES = re.compile(r"(?:说明|readme)(?:\..*)?", re.IGNORECASE)
_YEAR = re.compile(r"(?<![0-9])(20[0-9]{2})(?![0-9])")
_YEAR_SAID = re.compile(r"(?<![0-9])(20[0-9]{2})年")
_DEEPEST = 20

_ABSENT = Rejection("没有找到这个文件", "请检查 config.yaml 的 earlier，或把文件放到那里")
_NOT_A_FILE = Rejection("不是普通文件", "请放入文件本身，不要放链接")
_NOT_A_WORKBOOK = Rejection("不是表格文件", "请放入 .xlsx 文件，压缩包请先解压")
_TOO_LONG = Rejection("读取用时过长或内容异常", "请删去多余的工作表、空行和图片后另存为 .xlsx")
_NO_ROWS = Rejection("表头下没有数据行", "请确认是不是要比对的清单")
_NOTHING_TO_COMPARE = Rejection("没有“资源名称”和“主讲人”两列，也没有“资源链接”列", "请补上这些列")


class Earlier(Struct):
    """What the lists hold, and what became of them.

    table: one row per resource of an earlier year, COLUMNS as text ("" where unknown, year
    as `yyyy`); None if there are no lists. remarks: a Chinese sentence for each list that
    was not used. faults: (path, trace) of crashes of ours.
    """

    table: pd.DataFrame | None = None
    remarks: list[str] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)


def earlier_files(input_folder: Path, settings: Settings) -> list[Path]:
    """Everything that claims to be a list, whether it can be read or not, in order of the paths.

    Hidden files and what programs leave behind are left out; a folder that cannot be listed
    stands for what is in it.
    """
    found = [input_folder / f"{FOLDER}.zip"] if os.path.lexists(input_folder / f"{FOLDER}.zip") else []
    if os.path.lexists(input_folder / FOLDER):
        found += _below(input_folder / FOLDER)
    return sorted(
        {*found, *map(Path, settings.earlier)}, key=lambda path: (shown_name(path.as_posix()), str(path))
    )


def _below(folder: Path, depth: int = 0) -> Iterator[Path]:
    """All files and links; a folder that is a link, cannot be listed or lies too deep stands for itself."""
    inside = _listed(folder) if depth <= _DEEPEST and _is_folder(folder) else None
    if inside is None:
        yield folder
        return
    for path in inside:
        if _JUNK.fullmatch(path.name) or _NOTES.fullmatch(path.name):
            continue
        if path.is_dir():
            yield from _below(path, depth + 1)
        else:
            yield path


def _listed(folder: Path) -> list[Path] | None:
    """What is in a folder, None if it cannot be listed: reading it will tell why."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return None


def _is_folder(path: Path) -> bool:
    """A real folder: neither a link nor a Windows junction, which may lead round in a circle."""
    facts = path.lstat()
    junction = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", 0)
    return stat.S_ISDIR(facts.st_mode) and not (junction and getattr(facts, "st_reparse_tag", 0) == junction)


def read_earlier(
    input_folder: Path, settings: Settings, keep: Path, workers: Engine, limits: Limits, progress: Progress
) -> Earlier:
    """Read every list. Copies them into the folder `keep`; raises OSError if that cannot be written."""
    earlier = Earlier()
    paths = earlier_files(input_folder, settings)
    if not paths:
        return earlier
    with Copies(keep) as copies:
        for path in paths:
            _receive(path, input_folder, copies, settings, earlier)
    tasks = [ReadTask(each.copy, "", each.entry.path, compared=True) for each in earlier.received]
    submissions = []
    with progress.stage("读取往年清单", len(tasks)) as advance:
        outcomes = workers.run(read_submission, tasks, limits=limits, on_done=advance, kept=READINGS)
        for task, outcome in outcomes:
            if isinstance(outcome, Failure) and outcome.ending is Ending.FAULT:
                earlier.faults.append((task.workbook, outcome.detail))
            why = _why_unused(outcome)
            if why:
                earlier.remarks.append(_remark(task.workbook, why))
            elif isinstance(outcome, Submission):
                submissions.append(outcome)
    earlier.table = earlier_table(submissions, settings)
    return earlier


def _receive(path: Path, input_folder: Path, copies: Copies, settings: Settings, earlier: Earlier) -> None:
    """The private copy of a list, once for each content."""
    shown = shown_name(
        (path.relative_to(input_folder) if path.is_relative_to(input_folder) else path).as_posix()
    )
    copied = _copy(path, shown, copies, settings.limits.workbook_mb)
    if isinstance(copied, Rejection):
        earlier.remarks.append(_remark(shown, copied))
    elif copied.sha256 not in {each.sha256 for each in earlier.received}:
        earlier.received.append(copied)


def _copy(path: Path, shown: str, copies: Copies, workbook_mb: int) -> Received | Rejection:
    try:
        facts = path.lstat()
        if stat.S_ISDIR(facts.st_mode):
            next(path.iterdir(), None)
    except FileNotFoundError:
        return _ABSENT
    except OSError as error:
        return why_unreadable(error)
    if not stat.S_ISREG(facts.st_mode):
        return _NOT_A_FILE
    if suffix_of(path.name) not in WORKBOOKS:
        return _NOT_A_WORKBOOK
    return copies.receive(Entry.of(shown, str(path), facts.st_size, facts.st_mtime_ns), workbook_mb)


def _why_unused(outcome: Submission | Finding | Failure) -> Rejection | None:
    """Why a list cannot be compared, None if it can."""
    if isinstance(outcome, Failure):
        return _TOO_LONG
    if isinstance(outcome, Finding) and outcome.code == "F01":
        return Rejection(str(outcome.facts["cause"]), str(outcome.facts["remedy"]))
    if isinstance(outcome, Finding) or not is_comparable(outcome.layout.columns):
        return _NOTHING_TO_COMPARE
    return None if outcome.rows else _NO_ROWS


def _remark(shown: str, why: Rejection) -> str:
    return f"往年清单“{shown}”没有用于比对：{why.cause}，{why.remedy}。"


def earlier_table(submissions: Iterable[Submission], settings: Settings) -> pd.DataFrame:
    """The resources in the lists, read as those of this year are, so that `张建华；朱新` is 张建华;朱新.

    The year is the one in the file's name, else in the nearest folder's, else "".
    """
    submissions = list(submissions)
    stated = {each.workbook: each.unit_info.get("单位名称") for each in submissions}
    values = canonical(submissions, settings).values
    lists = values["@workbook"]
    units = {name: label.text if label else "" for name, label in stated.items()}
    table = pd.DataFrame(
        {
            "name": values["资源名称"],
            "speaker": values["主讲人"],
            "link": values["资源链接"],
            "year": lists.map({name: year_of(name) for name in units}),
            "unit": lists.map(units),
            "list": lists,
        },
        dtype=object,
    )
    return table[COLUMNS].reset_index(drop=True)


def year_of(path: str) -> str:
    """The year that a list's name tells, else the nearest folder's; `2023年` goes before a bare 2023."""
    for name in reversed(path.split("/")):
        found = _YEAR_SAID.search(name) or _YEAR.search(name)
        if found:
            return found[1]
    return ""
