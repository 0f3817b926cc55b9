"""The marked workbooks: which go back, what is said in them, made in isolation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from pipeline.engine import Engine
from pipeline.fields import TEMPLATE_VERSION
from pipeline.isolate import Failure, Limits
from pipeline.model import Severity, Submission
from pipeline.output import apart, safe_name
from pipeline.progress import Progress
from pipeline.render.returned import Marked, MarkTask, Returned
from pipeline.reuse.kept import Codec, Kept
from pipeline.settings import Settings
from pipeline.submissions import Read
from pipeline.summarise import Told, by_workbook

FOLDER = "退回"


def _identity(task: MarkTask) -> tuple[str | bytes, Returned]:
    """The private copy is named by its content."""
    return (task.source if isinstance(task.source, bytes) else task.source.name), task.returned


MARKED: Kept[MarkTask, Marked | str] = Kept(Codec(Marked), _identity)
_MEANING = {
    Severity.ERROR: "必须改正",
    Severity.WARNING: "请改正，确实没有问题的在“单位说明”里写明原因",
    Severity.NOTE: "供参考，不用处理",
}


class GivenBack(Struct, frozen=True):
    """A workbook that was marked: its name below the output folder, and a sentence for staff, or ""."""

    unit: str
    workbook: str
    name: str
    data: bytes
    remark: str


def give_back(
    told: Iterable[Told], read: Read, settings: Settings, workers: Engine, limits: Limits, progress: Progress
) -> Iterator[GivenBack]:
    """Each workbook in which a finding decides, marked.

    One that cannot be marked as it is comes back in the template's layout with every row
    that was sent; one for which even that fails is a fault.
    """
    by_book = by_workbook(told) if settings.gives_back else {}
    due = [
        each
        for each in read.submissions
        if any(said.decides for said in by_book.get((each.unit, each.workbook), ()))
    ]
    if not due:
        return
    from pipeline.render.marks import mark_file  # brings all that writes into workbooks

    names = _names(due)

    def task(submission: Submission, *, as_sent: bool) -> MarkTask:
        return _task(
            submission, by_book[submission.unit, submission.workbook], read, settings, as_sent=as_sent
        )

    def given(submission: Submission, data: bytes, remark: str) -> GivenBack:
        key = (submission.unit, submission.workbook)
        return GivenBack(*key, names[key], data, remark)

    with progress.stage("标注退回的工作簿", len(due)) as advance:
        first = workers.run(
            mark_file,
            (task(each, as_sent=True) for each in due),
            limits=limits,
            on_done=advance,
            window=16,
            kept=MARKED,
        )
        refused = []
        for submission, (_, outcome) in zip(due, first, strict=True):
            if isinstance(outcome, Marked):
                yield given(submission, outcome.data, "")
            else:
                refused.append(submission)
    tasks = (task(each, as_sent=False) for each in refused)
    second = workers.run(mark_file, tasks, limits=limits, window=4, kept=MARKED)
    for submission, (_, outcome) in zip(refused, second, strict=True):
        if isinstance(outcome, Marked):
            remark = f"“{submission.workbook}”不能在原文件上标注，已改用标准表的版式退回，内容没有增减。"
            yield given(submission, outcome.data, remark)
        else:
            why = outcome.detail if isinstance(outcome, Failure) else outcome
            read.faults.append((f"{submission.unit}/{submission.workbook}", why))


def _names(due: Iterable[Submission]) -> Mapping[tuple[str, str], str]:
    """退回/<单位>/<原文件名>.xlsx; names that one folder cannot hold side by side are numbered."""
    due = list(due)
    # A folder named like a workbook could stand in the way of one.
    wanted = {each.unit: re.sub(r"(?i)\.xlsx$", r"\g<0>_", safe_name(each.unit)) for each in due}
    folders = apart(wanted)
    stems = {(each.unit, each.workbook): safe_name(Path(each.workbook).stem) for each in due}
    return apart({key: f"{FOLDER}/{folders[key[0]]}/{stem}.xlsx" for key, stem in stems.items()})


def _task(
    submission: Submission, told: list[Told], read: Read, settings: Settings, *, as_sent: bool
) -> MarkTask:
    from pipeline.render.workbooks import mark_task

    received = read.received[submission.unit, submission.workbook]
    identity = {
        "unit": submission.unit,
        "workbook": submission.workbook,
        "sha256": received.sha256,
        "round": str(read.round_of(submission)),
    }
    return mark_task(
        submission,
        received.copy if as_sent else None,
        told,
        _head(settings, told),
        identity,
        codes=settings.resource_types,
        version=TEMPLATE_VERSION,
        call_id=settings.call.id,
        wrong_rows_only=settings.returned_rows == "有问题的",
    )


def _head(settings: Settings, told: Iterable[Told]) -> tuple[str, ...]:
    """By when, how much, how, and whom to ask."""
    call = settings.call
    day = call.deadlines.resources
    counts = Counter(each.severity for each in told)
    found = "、".join(
        f"{severity} {counts[severity]} 处（{meaning}）"
        for severity, meaning in _MEANING.items()
        if counts[severity]
    )
    return (
        f"请在 {day.year}年{day.month}月{day.day}日 前改好，把本文件原样发回，不用删去标记。"
        f"（{call.title}，{call.document}）",
        f"本文件共有{found}。",
        "怎么改：点“位置”到有颜色的格子，照“怎么改”修改，改对以后颜色会消失；"
        "或者在“是否采纳”填“是”，由程序按建议值改。灰色的格不用填。",
        f"有疑问请联系：{'；'.join(call.contacts)}。",
    )
