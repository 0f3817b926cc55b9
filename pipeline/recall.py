"""What earlier runs and the province have said: history.db, 人工复核.xlsx, the round before."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline import history
from pipeline.engine import Engine
from pipeline.history import Memory
from pipeline.isolate import Failure, Limits
from pipeline.job import HISTORY
from pipeline.model import Finding, Rejection, Submission
from pipeline.read.reviewbook import PARTS, FilledLine, read_review
from pipeline.reuse.store import Store
from pipeline.rounds.compare import Comparison, compare, round_findings
from pipeline.rounds.lasting import Decision
from pipeline.rounds.review import BOOK, FOLDER, INPUTS, Filled, Said, decisions_of
from pipeline.submissions import Earlier
from pipeline.summarise import Told, by_workbook, for_later


class Recalled(Struct, frozen=True):
    """What is known before a run. said: what 人工复核.xlsx says, not yet in the history.

    read: the review workbooks whose decisions are in said, as they were then.
    """

    memory: Memory
    said: Said
    read: Mapping[Path, bytes] = field(default_factory=dict)


def recall(
    memory: Memory, output: Path, workers: Engine, store: Store, limits: Limits, now: dt.datetime
) -> Recalled:
    """The memory of the runs before with what was filled in since. Raises HistoryError.

    A review workbook that says nothing, to the last byte as a run left it, is not opened.
    """
    books = {path: path.read_bytes() for path in sorted((output / FOLDER).glob(f"{Path(BOOK).stem}*.xlsx"))}
    filled: list[Filled] = []
    remarks: list[str] = []
    keys = {path: _silent(data) for path, data in books.items()}
    silent = store.get_many(list(keys.values()))
    touched = [path for path, key in keys.items() if key not in silent]
    for path, outcome in workers.run(read_review, touched, limits=limits):
        if isinstance(outcome, Failure | Rejection):
            why = outcome.cause if isinstance(outcome, Rejection) else "内容异常"
            remarks.append(f"“{path.name}”读不出来（{why}），其中的决定没有采用，请改好后重新运行。")
            del books[path]
        else:
            filled += map(_filled, outcome)
    said = decisions_of(filled, now.astimezone(dt.UTC))
    said.remarks[:0] = remarks
    for unit, received in said.receipts.items():
        history.set_receipt(output / HISTORY, unit, received)
    if said.receipts:
        memory = replace(memory, receipt_times={**memory.receipt_times, **said.receipts})
    return Recalled(memory, said, books)


def left_silent(store: Store, data: bytes) -> None:
    """Remember a review workbook in which there is no decision yet."""
    store.put(_silent(data), b"1")


def _silent(data: bytes) -> bytes:
    return b"silent review\n" + hashlib.sha256(data).digest()


def _filled(line: FilledLine) -> Filled:
    cells = line.cells
    unit, code, name, value, resource, *before = line.about or ("",) * PARTS
    return Filled(
        sheet=line.sheet.strip() if line.sheet.strip() in INPUTS else next(iter(INPUTS)),
        about=Decision(unit, code, name, value, resource, "") if line.about else None,
        before=tuple(before),
        unit=unit or cells.get("单位", "").strip(),
        name=cells.get("资源名称", "").strip(),
        verdict=cells.get("决定", ""),
        reason=cells.get("理由", ""),
        who=cells.get("审核人", ""),
        received=cells.get("更正收到时间", ""),
    )


def not_adopted(recalled: Recalled, output: Path) -> dict[str, bytes]:
    """Review workbooks that would be lost with what was filled in, by the name they shall keep.

    A person saved them while the run was going on, or they could not be read.
    """
    now = {path: path.read_bytes() for path in sorted((output / FOLDER).glob(f"{Path(BOOK).stem}*.xlsx"))}
    stem = Path(BOOK).stem
    kept = (data for path, data in now.items() if recalled.read.get(path) != data)
    return {f"{FOLDER}/{stem}（未采用{number}）.xlsx": data for number, data in enumerate(kept, 1)}


# --- the round before ---------------------------------------------------------------------------


class Progressed(Struct, frozen=True):
    """What became of the round before: W07 and its like, and by unit the comparisons of its workbooks."""

    findings: Sequence[Finding]
    by_unit: Mapping[str, Sequence[Comparison]]


def progress_of(
    earlier: Mapping[tuple[str, str], Earlier],
    sent: Mapping[tuple[str, str], Submission],
    told: Iterable[Told],
    path: Path,
) -> Progressed:
    """Compare each workbook with the one of the round before. sent: as sent, nothing accepted applied."""
    by_book = by_workbook(told)
    findings: list[Finding] = []
    by_unit: dict[str, list[Comparison]] = defaultdict(list)
    for key, before in earlier.items():
        known = history.previous_findings(path, key[0], before.sha256)
        comparison = compare(before.submission, known, sent[key], for_later(by_book[key]))
        by_unit[key[0]].append(comparison)
        findings += round_findings(comparison, sent[key])
    return Progressed(findings, by_unit)


def receipt_of(unit: str, digests: Iterable[str], seen: Mapping[tuple[str, str], str], memory: Memory) -> str:
    """When the unit's material came, ISO 8601: as a person set it, else when its first workbook was seen."""
    if unit in memory.receipt_times:
        return memory.receipt_times[unit]
    known = {*digests, *(each.sha256 for each in memory.sent.get(unit, ()))}
    return min((seen[unit, digest] for digest in known if (unit, digest) in seen), default="")


def decisions_now(path: Path, said: Iterable[Decision]) -> list[Decision]:
    """Keep what was said in the history; all decisions, oldest first."""
    history.add_decisions(path, said)
    return history.decisions(path)
