"""The sealed papers that the units sent: found among their files and read in isolation.

What is read depends on the files and on what 单位信息 names; `papertables.py` lays it out for the rules.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from pipeline.engine import Engine
from pipeline.files import WORKBOOKS, Entry, Unit
from pipeline.isolate import Ending, Failure, Limits
from pipeline.model import Facts, Finding, Labelled, Place, Rejection, Submission
from pipeline.papers import (
    RESOURCE_LIST,
    SCAN_LABELS,
    may_be_a_paper,
    named_as,
    understand,
)
from pipeline.papertables import SCANS, SEALED_PAPERS, Attachments, Sent
from pipeline.probe.facts import was_opened
from pipeline.read.document import Document, read_document
from pipeline.reuse.kept import Codec, Kept

if TYPE_CHECKING:
    from pipeline.join import Index

T = TypeVar("T")

_WORDS = frozenset({".doc", ".wps", ".rtf"})
"""Documents that are recorded by their name alone."""
_SEPARATOR = re.compile("[;；\n]+")
_LOOKED_AT = SCANS | _WORDS | WORKBOOKS | {".docx"}
_LEAST_WORDS = 50
"""A document with fewer characters is a scan pasted into Word."""
_SCAN_REMEDY = "请重新扫描或拍照，换成打得开的 PDF、JPG 或 PNG 文件"
_DOCUMENT_REMEDY = "请用 WPS 或 Word 打开检查，另存为 .docx 后重新放入本单位的文件夹"
_DOCUMENTS: Codec[Document | Rejection] = Codec(Document)
_SCANS: Codec[Facts | Rejection] = Codec(dict)
_ENDINGS = {Ending.TIMEOUT: "读取用时过长", Ending.MEMORY: "内容过大，读取时内存不足"}


# --- which files, and what they hold ------------------------------------------------------------------


class _Wanted(Struct, frozen=True):
    """A file to be looked at. papers: what its name, or a cell of 单位信息, says that it is."""

    unit: str
    entry: Entry
    papers: frozenset[str]


def received_attachments(
    units: Iterable[Unit],
    submissions: Sequence[Submission],
    indexes: Mapping[str, Index],
    workers: Engine,
    limits: Limits,
) -> Attachments:
    """All papers of all units, each read in a worker. Nothing that a cell names as a resource is opened."""
    with_folder = sorted((unit for unit in units if unit.entries), key=lambda unit: unit.name)
    result = Attachments(tuple(unit.name for unit in with_folder))
    by_unit: dict[str, list[Submission]] = defaultdict(list)
    for submission in submissions:
        by_unit[submission.unit].append(submission)
    wanted: list[_Wanted] = []
    for unit in with_folder:
        wanted += _wanted(unit, by_unit[unit.name], indexes[unit.name], result)
    documents = [each for each in wanted if each.entry.suffix == ".docx"]
    scans = [each for each in wanted if _is_sealed_scan(each)]
    for each, read in _outcomes(documents, read_document, _DOCUMENTS, workers, limits, result):
        _take_document(each, read, result)
    if scans:
        from pipeline.probe.seal import scan_facts  # brings Pillow

        for each, facts in _outcomes(scans, scan_facts, _SCANS, workers, limits, result):
            _take_scan(each, facts, result)
    for each in wanted:
        if each.entry.suffix != ".docx" and not _is_sealed_scan(each):
            _take_by_name(each, result)
    for papers in result.sent.values():
        papers.sort(key=lambda each: each.path)
    return result


def _is_sealed_scan(wanted: _Wanted) -> bool:
    return wanted.entry.suffix in SCANS and not wanted.papers.isdisjoint(SEALED_PAPERS)


def _wanted(unit: Unit, mine: Sequence[Submission], index: Index, result: Attachments) -> Iterator[_Wanted]:
    """The unit's papers by cell or name, and every other Word document, which its title may make one."""
    stated = _stated_scans(mine, index)
    resources = _named_as_resources(mine)
    looked_at = [entry for entry in unit.entries if entry.suffix in _LOOKED_AT]
    for entry in sorted(looked_at, key=lambda entry: entry.path):
        taken = _folded(entry.name) in resources
        papers = stated.get(entry.path, frozenset()) or (frozenset() if taken else named_as(entry.path))
        if papers or (entry.suffix == ".docx" and not taken):
            if entry.suffix not in WORKBOOKS or RESOURCE_LIST in papers:
                yield _Wanted(unit.name, entry, papers)
        elif entry.suffix in SCANS and not taken and may_be_a_paper(entry.path):
            result.unplaced.setdefault(unit.name, []).append(entry.path)


def _stated_scans(submissions: Iterable[Submission], index: Index) -> dict[str, frozenset[str]]:
    """By path the papers as which 单位信息 names a file."""
    stated: dict[str, frozenset[str]] = {}
    for each in submissions:
        for label, paper in SCAN_LABELS.items():
            for name in _names(each.unit_info.get(label)):
                path = index.find(name).path
                stated[path] = stated.get(path, frozenset()) | {paper}
    stated.pop("", None)
    return stated


def _names(cell: Labelled | None) -> list[str]:
    """The file names in a cell."""
    return [name for part in _SEPARATOR.split(cell.text if cell else "") if (name := part.strip())]


def _named_as_resources(submissions: Iterable[Submission]) -> set[str]:
    """Bare names, folded, of all files that rows and 平台资质 name."""
    texts = {text for each in submissions for name in ("资源文件", "资源封面") for text in each.cells[name]}
    texts |= {cell.text for each in submissions for row in each.platforms for cell in row.values()}
    return _bare_names(texts)


def _bare_names(texts: Iterable[str]) -> set[str]:
    parts = _SEPARATOR.split("\n".join(texts).replace("\\", "/"))
    # Names are folded together: a line's end is no part of one, and stays what it is.
    return set(_folded("\n".join(part.strip().rpartition("/")[2] for part in parts)).split("\n"))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _outcomes(
    wanted: Sequence[_Wanted],
    function: Callable[[Path], T],
    codec: Codec[T],
    workers: Engine,
    limits: Limits,
    result: Attachments,
) -> Iterator[tuple[_Wanted, T | Rejection]]:
    """Each file with what its worker made of it; a fault of ours is listed and leaves the file out."""
    stamps = {each.entry.real: each.entry.stamp(each.unit) for each in wanted}
    kept = Kept(codec, stamps.__getitem__, was_opened)
    outcomes = workers.run(function, list(stamps), limits=limits, kept=kept)
    for each, (_, outcome) in zip(wanted, outcomes, strict=True):
        if not isinstance(outcome, Failure):
            yield each, outcome
        elif outcome.ending is Ending.FAULT:
            result.faults.append((f"{each.unit}/{each.entry.path}", outcome.detail))
        else:
            yield each, Rejection(_ENDINGS.get(outcome.ending, "文件内容异常，读取程序无法处理"), "")


def _take_document(wanted: _Wanted, outcome: Document | Rejection, result: Attachments) -> None:
    """A Word document is what it says; one without words is what its name says."""
    if isinstance(outcome, Rejection):
        _reject(wanted, outcome.cause, outcome.remedy or _DOCUMENT_REMEDY, result)
        return
    said = understand(outcome.paragraphs, outcome.tables)
    words = sum(map(len, outcome.paragraphs))
    papers = said.materials or (wanted.papers if words < _LEAST_WORDS else frozenset())
    if papers:
        result.add(Sent(wanted.unit, wanted.entry.path, papers, said=said))


def _take_scan(wanted: _Wanted, outcome: Facts | Rejection, result: Attachments) -> None:
    fault = outcome.cause if isinstance(outcome, Rejection) else outcome["fault"]
    if fault or isinstance(outcome, Rejection):
        _reject(wanted, fault, _SCAN_REMEDY, result)
    else:
        result.add(Sent(wanted.unit, wanted.entry.path, wanted.papers, facts=outcome))


def _take_by_name(wanted: _Wanted, result: Attachments) -> None:
    """What cannot be read here is recorded; for an old document of Word that is told."""
    result.add(Sent(wanted.unit, wanted.entry.path, wanted.papers))
    if wanted.entry.suffix in _WORDS:
        facts = {"why": "不是 .docx 格式，内容没有核对", "remedy": "请用 WPS 或 Word 另存为 .docx"}
        result.findings.append(Finding("F10", Place(wanted.unit), wanted.entry.path, facts))


def _reject(wanted: _Wanted, cause: str, remedy: str, result: Attachments) -> None:
    """F01 for a paper; F10 for a document of which nobody says that it is one."""
    unit, path = wanted.unit, wanted.entry.path
    if wanted.papers:
        facts = {"cause": cause, "remedy": remedy}
        result.findings.append(Finding("F01", Place(unit, path), wanted.entry.name, facts))
        result.add(Sent(unit, path, wanted.papers, broken=True))
    else:
        facts = {"why": f"无法读取（{cause}）", "remedy": remedy}
        result.findings.append(Finding("F10", Place(unit), path, facts))
