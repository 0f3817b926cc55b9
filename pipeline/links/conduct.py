"""The conductor of `links`: which links the units sent, opened over the internet, what was seen kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from pipeline.canonical import canonical
from pipeline.job import LINKS, Job
from pipeline.links.check import LinkSummary, check_links
from pipeline.links.result import Outcome
from pipeline.stops import Stop
from pipeline.submissions import read_all


class ResultsError(Stop):
    """The results cannot be kept; one Chinese sentence."""


_WITNESS = "https://www.{}/"


def open_links(job: Job) -> LinkSummary:
    """Read the workbooks and open every 资源链接 that is well formed.

    Raises ResultsError, or OSError if input/ cannot be listed.
    """
    read = read_all(job.collect(), job.workers, job.limits, job.progress)
    table = canonical(read.submissions, job.settings)
    whole = table.values["资源链接"].where(~table.broken["资源链接"], "")
    links = sorted(set(whole) - {""})
    witnesses = [_WITNESS.format(domain) for domain in job.settings.platforms]
    with job.progress.stage("检测链接", len(links)) as advance:
        try:
            return check_links(
                links,
                job.output / LINKS,
                job.settings.links,
                now=job.now,
                on_done=advance,
                witnesses=witnesses,
            )
        except sqlite3.Error as error:
            said = f"链接检测结果“{LINKS}”写不进去，请检查磁盘空间和权限后重新运行。"
            raise ResultsError(said) from error


def told(summary: LinkSummary) -> list[str]:
    """What the screen says."""
    counts: Mapping[Outcome, int] = summary.outcomes
    graded = "，".join(f"{outcome.value} {counts.get(outcome, 0)} 个" for outcome in Outcome)
    lines = [
        f"链接 {summary.asked} 个：沿用以前的结果 {summary.known} 个，这次检测 {summary.checked} 个。",
        f"{graded}。",
    ]
    if summary.offline:
        lines.append(
            f"有 {summary.offline} 个链接没有判断：这台计算机似乎没有连上互联网。请检查网络后重新运行；"
            "不能上网的，请在能上网的计算机上检测、导出，再到这里导入。"
        )
    return lines + ([summary.warning] if summary.warning else [])
