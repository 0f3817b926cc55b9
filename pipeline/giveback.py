"""The marked workbooks: which go back, what is said in them, made in isolation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.fields import TEMPLATE_VERSION
from pipeline.isolate import Failure, Limits, Workers
from pipeline.model import Submission
from pipeline.output import safe_name
from pipeline.render.workbooks import MarkTask, mark_file, mark_task
from pipeline.screen import Progress
from pipeline.settings import Settings
from pipeline.submissions import Read, round_of
from pipeline.summarise import Told

FOLDER = "退回"


def give_back(
    told: Iterable[Told], read: Read, settings: Settings, workers: Workers, limits: Limits, progress: Progress
) -> Iterator[tuple[Submission, str, bytes]]:
    """Each workbook that goes back: (submission, name below the output folder, bytes).

    A workbook goes back if a finding in it decides. One that cannot be marked is a fault.
    """
    by_book: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for each in told:
        by_book[each.finding.place.unit, each.finding.place.workbook].append(each)
    due = [s for s in read.submissions if any(each.decides for each in by_book[s.unit, s.workbook])]
    tasks = (_task(each, by_book[each.unit, each.workbook], read, settings) for each in due)
    with progress.stage("标注退回的工作簿", len(due)) as advance:
        outcomes = workers.run(mark_file, tasks, limits=limits, on_done=lambda _: advance(1), window=16)
        for submission, (_, outcome) in zip(due, outcomes, strict=True):
            if isinstance(outcome, Failure | str):
                detail = outcome.detail if isinstance(outcome, Failure) else outcome
                read.faults.append((f"{submission.unit}/{submission.workbook}", detail))
            else:
                yield submission, _name(submission), outcome.data


def _name(submission: Submission) -> str:
    return f"{FOLDER}/{safe_name(submission.unit)}/{Path(submission.workbook).stem}.xlsx"


def _task(submission: Submission, told: list[Told], read: Read, settings: Settings) -> MarkTask:
    received = read.received[submission.unit, submission.workbook]
    identity = {
        "unit": submission.unit,
        "workbook": submission.workbook,
        "sha256": received.sha256,
        "round": str(round_of(submission)),
    }
    return mark_task(
        submission, received.copy, told, _head(settings), identity,
        settings.resource_types, TEMPLATE_VERSION, settings.call.id,
    )  # fmt: skip


def _head(settings: Settings) -> tuple[str, ...]:
    """By when, how, and whom to ask."""
    call = settings.call
    return (
        f"{call.title}（{call.document}）：请改好后把本文件原样报回；"
        f"资源报送截止日为 {call.deadlines.resources}。",
        "怎么改：点“位置”到有颜色的单元格修改；同意“建议值”的，在“是否采纳”填“是”；"
        "“警告”确无问题的，在“单位说明”写明原因。",
        f"有疑问请联系：{'；'.join(call.contacts)}。",
    )
