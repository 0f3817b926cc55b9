"""From received workbooks to the submissions that count: read in isolation, housed, and chosen.

What a worker could not read becomes a finding; of a unit's rival workbooks one is chosen by
rule, never by the order in which they were found, and all are named. Then its round,
and the workbook of the round before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.collect import Collected
from pipeline.engine import Engine
from pipeline.files import Received, Unit
from pipeline.isolate import Ending, Failure, Limits
from pipeline.model import Finding, Place, Rejection, Submission
from pipeline.output import safe_name
from pipeline.papers import named_as
from pipeline.progress import Progress
from pipeline.read.submit import ReadTask, read_submission, unreadable
from pipeline.reuse.kept import Codec, Kept
from pipeline.rounds.lasting import Sent
from pipeline.rounds.numbers import previous_of, round_number

Fault = tuple[str, str]
"""Where in the work, and the trace: for run.json, not for users."""

READINGS: Kept[ReadTask, Submission | Finding] = Kept(
    Codec(Submission, packed=True), lambda task: (task.copy.name, task.unit, task.workbook, task.compared)
)
"""The private copy is named by its content."""

_DIGITS = 3
"""Of a round's number; what is longer is not ours."""
_REMEDY = "请删去多余的工作表、空行和图片后另存为 .xlsx 再报送"
_ENDINGS = {
    Ending.TIMEOUT: Rejection("读取用时过长", _REMEDY),
    Ending.MEMORY: Rejection("内容过大，读取时内存不足", _REMEDY),
}
_BROKEN = Rejection("文件内容异常，读取程序无法处理", "请用 WPS 或 Excel 打开后另存为 .xlsx 再报送")


class Read(Struct):
    """The submissions that count, in order of unit and workbook, and all that was found on the way.

    received: the workbook behind each (unit, workbook), also of those that could not be read.
    rounds: the round of each that counts, once `number_rounds` has asked the history.
    """

    submissions: list[Submission] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    received: dict[tuple[str, str], Received] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    rounds: dict[tuple[str, str], int] = field(default_factory=dict)

    def by_unit(self) -> dict[str, list[Submission]]:
        """The submissions that count, by their units."""
        units: dict[str, list[Submission]] = defaultdict(list)
        for each in self.submissions:
            units[each.unit].append(each)
        return units

    def round_of(self, submission: Submission) -> int:
        """The round of a submission that counts: by the history, else by its own marks."""
        return self.rounds.get((submission.unit, submission.workbook)) or round_of(submission)

    def sha256(self, submission: Submission) -> str:
        """The digest of the workbook behind a submission."""
        return self.received[submission.unit, submission.workbook].sha256


def read_all(collected: Collected, workers: Engine, limits: Limits, progress: Progress) -> Read:
    """Read every workbook. A loose one joins the unit that it states, which `collected` then has.

    Of rivals all count; `choose` has the last word.
    """
    sources = [(unit.name, received) for unit in collected.units.values() for received in unit.workbooks]
    sources += [("", received) for received in collected.loose]
    tasks = [ReadTask(received.copy, unit, received.entry.path) for unit, received in sources]
    read = Read()
    with progress.stage("读取工作簿", len(tasks)) as advance:
        outcomes = workers.run(read_submission, tasks, limits=limits, on_done=advance, kept=READINGS)
        for (unit, received), (task, outcome) in zip(sources, outcomes, strict=True):
            settled = _settled(task, outcome, read)
            _take(settled if unit else _housed(settled, received, collected), received, read, loose=not unit)
    return read


def round_of(submission: Submission) -> int:
    """The round that a submission says it is: one more than the round whose marks it carries."""
    number = submission.identity.get("round", "")
    return int(number) + 1 if number.isdecimal() and len(number) <= _DIGITS else 1


# --- with the rounds before ---------------------------------------------------------------------


def number_rounds(read: Read, sent: Mapping[str, Sequence[Sent]]) -> list[str]:
    """Give each submission its round. sent: by unit the workbooks that counted in earlier runs.

    Returns a sentence for each unit of which nothing but an older round lies there now.
    """
    present = _present(read)
    for each in read.submissions:
        known, digests = sent.get(each.unit, ()), present[each.unit]
        number = round_number(round_of(each), read.sha256(each), known, digests)
        read.rounds[each.unit, each.workbook] = number
    remarks = []
    for unit, mine in read.by_unit().items():
        now = max(map(read.round_of, mine))
        last = max((each.round for each in sent.get(unit, ())), default=0)
        if now < last:
            remarks.append(
                f"“{unit}”曾报来第 {last} 轮的工作簿，现在放着的却是第 {now} 轮的，请核对是否放错了旧文件。"
            )
    return remarks


def _present(read: Read) -> dict[str, set[str]]:
    present: dict[str, set[str]] = defaultdict(set)
    for each in read.submissions:
        present[each.unit].add(read.sha256(each))
    return present


class Earlier(Struct, frozen=True):
    """The workbook of the round before, as it was sent then."""

    sha256: str
    submission: Submission


def read_earlier(
    read: Read, sent: Mapping[str, Sequence[Sent]], keep: Path, workers: Engine, limits: Limits
) -> tuple[dict[tuple[str, str], Earlier], list[str]]:
    """For each submission that has one the workbook of the round before, from the copies in `keep`.

    Rounds are numbered already. Also a sentence for each that cannot be had any more.
    """
    wanted: list[tuple[Submission, str, Path]] = []
    remarks = []
    present = _present(read)
    for each in read.submissions:
        known = sent.get(each.unit, ())
        stated = each.identity.get("sha256", "")
        number = read.round_of(each)
        digest = previous_of(stated, read.sha256(each), each.workbook, number, known, present[each.unit])
        copy = min(keep.glob(f"{digest}*"), default=None) if digest else None
        if copy:
            wanted.append((each, digest, copy))
        elif digest:
            remarks.append(_gone(each))
    tasks = [ReadTask(copy, each.unit, each.workbook) for each, _, copy in wanted]
    earlier = {}
    outcomes = workers.run(read_submission, tasks, limits=limits, kept=READINGS)
    for (each, digest, _), (_, outcome) in zip(wanted, outcomes, strict=True):
        if isinstance(outcome, Submission):
            earlier[each.unit, each.workbook] = Earlier(digest, outcome)
        else:
            remarks.append(_gone(each))
    return earlier, remarks


def _gone(submission: Submission) -> str:
    return f"“{submission.unit}”上一轮的文件在“收件”中找不到或已读不出，没有比较两轮的改动。"


# --- what was read ----------------------------------------------------------------------------


def _settled(task: ReadTask, outcome: Submission | Finding | Failure, read: Read) -> Submission | Finding:
    """A failure of the reader becomes a finding; a fault of ours is listed too."""
    if not isinstance(outcome, Failure):
        return outcome
    if outcome.ending is Ending.FAULT:
        read.faults.append((f"{task.unit}/{task.workbook}", outcome.detail))
    return unreadable(task, _ENDINGS.get(outcome.ending, _BROKEN))


def _housed(outcome: Submission | Finding, received: Received, collected: Collected) -> Submission | Finding:
    """A workbook directly under input/ belongs to the unit that it states, else to its file name."""
    name = (_stated_unit(outcome) if isinstance(outcome, Submission) else "") or safe_name(
        Path(received.entry.name).stem
    )
    unit = collected.units.setdefault(name, Unit(name))
    taken = {each.entry.path for each in unit.workbooks}
    workbook = received.entry.path if received.entry.path not in taken else f"散件/{received.entry.path}"
    unit.workbooks.append(replace(received, entry=received.entry._replace(path=workbook)))
    if isinstance(outcome, Finding):
        return _moved(outcome, name, workbook)
    findings = tuple(_moved(found, name, workbook) for found in outcome.findings)
    return replace(outcome, unit=name, workbook=workbook, findings=findings)


def _stated_unit(submission: Submission) -> str:
    """The unit by 单位名称, "" if it says none.

    The marks of an earlier round speak where the cell is silent, and know the bureau (局/校).
    """
    stated = submission.unit_info.get("单位名称")
    text = stated.text if stated else ""
    marked = "/".join(map(safe_name, filter(None, submission.identity.get("unit", "").split("/"))))
    if marked and (not text or _same_name(text, marked)):
        return marked
    return safe_name(text.replace("/", "／")) if text else ""


def _same_name(stated: str, unit: str) -> bool:
    """Whether a stated name is the unit's (of 局/校 the last part); blanks make no difference."""
    return "".join(stated.split()) == "".join(unit.rpartition("/")[2].split())


def _moved(found: Finding, unit: str, workbook: str) -> Finding:
    return replace(found, place=replace(found.place, unit=unit, workbook=workbook))


def _take(outcome: Submission | Finding, received: Received, read: Read, *, loose: bool) -> None:
    if isinstance(outcome, Finding):
        read.findings.append(outcome)
        read.received[outcome.place.unit, outcome.place.workbook] = received
        return
    read.submissions.append(outcome)
    read.findings += outcome.findings
    if not loose:
        read.findings += _name_disagrees(outcome)
    read.received[outcome.unit, outcome.workbook] = received


def _name_disagrees(submission: Submission) -> Iterator[Finding]:
    """F09: the 单位名称 inside is not the folder's, or, where it says nothing, the unit of our marks."""
    stated = submission.unit_info.get("单位名称")
    folder = submission.unit.rpartition("/")[2]
    marked = submission.identity.get("unit", "")
    if stated and stated.text:
        if not _same_name(stated.text, submission.unit):
            at = (stated.sheet, stated.row, "单位名称", stated.cell)
            place = Place(submission.unit, submission.workbook, *at)
            yield Finding("F09", place, stated.text, {"folder": folder}, suggestion=folder)
    elif marked and not _same_name(marked.rpartition("/")[2], submission.unit):
        place = Place(submission.unit, submission.workbook, field="单位名称")
        yield Finding("F09", place, marked, {"folder": folder})


def choose(read: Read, sent: Mapping[str, Sequence[Sent]], seen: Set[tuple[str, str]]) -> None:
    """Of a unit's workbooks that tell of the same resources the newest counts; all are named (F04).

    The newest is of the latest round, then the last saved by the time inside the file. Where that
    does not tell, it is the one that came last: sent and seen say what earlier runs had
    (see `Memory`), so that the answer stays the same when the same files are looked at again.
    A workbook beside it that is one of the papers (报送单位及资源列表.xlsx) is no unrelated file.
    """
    by_unit: dict[str, list[Submission]] = defaultdict(list)
    for each in read.submissions:
        by_unit[each.unit].append(each)
    chosen: list[Submission] = []
    for unit in sorted(by_unit):
        rivals = sorted(by_unit[unit], key=lambda each: each.workbook)
        came = {each.sha256: order for order, each in enumerate(sent.get(unit, ()))}

        def age(each: Submission, came: Mapping[str, int] = came) -> tuple[int, str, bool, int, str]:
            digest = read.sha256(each)
            new = (each.unit, digest) not in seen
            return round_of(each), each.modified, new, came.get(digest, -1), each.workbook

        newest = max(rivals, key=age)
        names = set(newest.cells["资源名称"]) - {""}
        kept = [each for each in rivals if each is newest or not names & set(each.cells["资源名称"])]
        chosen += kept
        counted = {newest.identity.get("sha256", ""), *came}
        replaced = [
            each for each in rivals
            if each not in kept and round_of(each) < round_of(newest) and read.sha256(each) in counted
        ]  # fmt: skip
        read.findings += _named(rivals, kept, newest, replaced)
    dropped = {(each.unit, each.workbook) for each in read.submissions} - {
        (s.unit, s.workbook) for s in chosen
    }
    read.findings = [
        f
        for f in read.findings
        if not (f.code == "F01b" and f.place.unit in by_unit and named_as(f.place.workbook))
        if f.code in ("F04", "F04b") or (f.place.unit, f.place.workbook) not in dropped
    ]
    read.submissions = chosen


def _named(
    rivals: Sequence[Submission],
    kept: Sequence[Submission],
    newest: Submission,
    replaced: Sequence[Submission],
) -> Iterator[Finding]:
    """F04b for each that counted in a round before, F04 for each of the others if they are several."""
    for each in replaced:
        facts: dict[str, object] = {"newest": newest.workbook}
        yield Finding("F04b", Place(each.unit, each.workbook), each.workbook, facts)
    others = [each for each in rivals if each not in replaced]
    if len(others) > 1:
        which = "都已校验" if len(kept) == len(others) else f"按较新的“{newest.workbook}”校验"
        facts = {"count": len(others), "which": which}
        for each in others:
            yield Finding("F04", Place(each.unit, each.workbook), each.workbook, facts)
