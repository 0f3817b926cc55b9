"""The sealed papers of the units as values: how each stands, and as the tables that the rules read.

Pure. The tables depend on the cells too, so that they are made anew when a suggestion was accepted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd
from msgspec import Struct, field

from pipeline.fields import UNIT_SHEET
from pipeline.files import IMAGES, suffix_of
from pipeline.model import Facts, Finding, Submission
from pipeline.papers import (
    COLUMNS,
    LANDLINE,
    PERSON,
    REGISTRATION,
    RESOURCE_LIST,
    SCAN_LABELS,
    STATEMENT,
    UNIT,
    Paper,
)
from pipeline.rules.agreement import list_difference, same_unit
from pipeline.rules.materials import MATERIAL_COLUMNS, MISSING, SEALED, UNSURE
from pipeline.rules.person import CONTACT_COLUMNS, people_in
from pipeline.rules.statement import DOCUMENT_COLUMNS, is_blank_form, stated_unit
from pipeline.rules.text import is_placeholder

if TYPE_CHECKING:
    from pipeline.submissions import Fault

BROKEN = "打不开"
"""A paper came and cannot be read, which F01 tells."""

SCANS = IMAGES | {".pdf", ".ofd"}
SEALED_PAPERS = (REGISTRATION, STATEMENT)
_SURENESS = ("低", "中", "高")


def _suffix(path: str) -> str:
    return suffix_of(path.rpartition("/")[2])


class Sent(Struct, frozen=True):
    """A file that is one paper or more. said: what a Word document says; facts: what a scan shows.

    Neither for a file that is known by its name alone, or that cannot be read (broken).
    """

    unit: str
    path: str
    papers: frozenset[str]
    said: Paper | None = None
    facts: Facts | None = None
    broken: bool = False

    @property
    def is_scan(self) -> bool:
        """Whether it is a picture of a page."""
        return _suffix(self.path) in SCANS


class Attachments(Struct):
    """The papers, by unit and in order of path, of the units that came with a folder.

    unplaced: by unit the scans whose name does not say what they are. findings: files that cannot be read.
    """

    units: tuple[str, ...] = ()
    sent: dict[str, list[Sent]] = field(default_factory=dict)
    unplaced: dict[str, list[str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def of(self, unit: str, paper: str) -> list[Sent]:
        """The files of a unit that are this paper."""
        return [each for each in self.sent.get(unit, ()) if paper in each.papers]

    def all(self) -> Iterator[Sent]:
        """Every paper, in order."""
        return (each for unit in self.units for each in self.sent.get(unit, ()))

    def add(self, sent: Sent) -> None:
        """Enter a file."""
        self.sent.setdefault(sent.unit, []).append(sent)


class PaperState(Struct, frozen=True):
    """How a paper of a unit stands, for reports.

    standing: 未收到, 没有扫描件 (Word alone, or a scan that nobody can place), 已收到扫描件 or 打不开.
    seal: 有, 无, or "" where it could not be looked for; sure: 高, 中 or 低.
    """

    unit: str
    paper: str
    standing: str
    files: tuple[str, ...]
    seal: str = ""
    sure: str = ""


# --- how the papers stand -----------------------------------------------------------------------------


def paper_states(attachments: Attachments) -> list[PaperState]:
    """Both sealed papers of every unit that came with a folder, in order."""
    return [_state(attachments, unit, paper) for unit in attachments.units for paper in SEALED_PAPERS]


def _state(attachments: Attachments, unit: str, paper: str) -> PaperState:
    sent = attachments.of(unit, paper)
    scans = [each for each in sent if each.is_scan and not each.broken]
    files = tuple(each.path for each in sent)
    if scans:
        return PaperState(unit, paper, SEALED, files, *_seal([each.facts or {} for each in scans]))
    if any(each.broken for each in sent):
        return PaperState(unit, paper, BROKEN, files)
    unplaced = tuple(attachments.unplaced.get(unit, ()))
    return PaperState(unit, paper, UNSURE if files or unplaced else MISSING, files or unplaced)


def _seal(scans: Sequence[Facts]) -> tuple[str, str]:
    """The hint of several pages: seen on one is seen; not seen counts if all were looked at."""
    seen = [facts["sure"] for facts in scans if facts.get("seal") == "有"]
    if seen:
        return "有", max(seen, key=_SURENESS.index)
    if all(facts.get("seal") for facts in scans):
        return "无", min((facts["sure"] for facts in scans), key=_SURENESS.index)
    return "", ""


# --- the tables that the rules read --------------------------------------------------------------------


def attachment_tables(attachments: Attachments, submissions: Sequence[Submission]) -> dict[str, pd.DataFrame]:
    """The tables `materials`, `contacts` and `documents` (columns in `pipeline.rules`)."""
    return {
        "materials": _table(_materials(attachments, submissions), MATERIAL_COLUMNS),
        "contacts": _table(_contacts(attachments, submissions), CONTACT_COLUMNS),
        "documents": _table(_documents(attachments, submissions), DOCUMENT_COLUMNS),
    }


Line = dict[str, object]


def _table(lines: Iterable[Line], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=list(columns), dtype=object)


def _line(unit: str, workbook: str = "", sheet: str = "", row: int = 0, value: str = "") -> Line:
    return {"@unit": unit, "@workbook": workbook, "@sheet": sheet, "@row": row, "value": value}


def _materials(attachments: Attachments, submissions: Sequence[Submission]) -> Iterator[Line]:
    named = _cells_that_name(submissions)
    for state in paper_states(attachments):
        line = {"paper": state.paper, "named": _said_of(state, named), "seal": "", "sure": ""}
        yield _line(state.unit) | line | {"standing": state.standing, "side": 0, "turned": "否"}
        scans = [each for each in attachments.of(state.unit, state.paper) if each.facts and not each.broken]
        for number, each in enumerate(scans):
            facts = each.facts or {}
            hint = {"seal": state.seal, "sure": state.sure} if number == 0 else {"seal": "", "sure": ""}
            shape: Line = {
                "side": min(facts.get("width", 0), facts.get("height", 0)),
                "turned": "是" if facts.get("turned") else "否",
            }
            value = each.path.rpartition("/")[2]
            yield _line(each.unit, each.path, value=value) | line | {"standing": ""} | hint | shape


def _cells_that_name(submissions: Iterable[Submission]) -> dict[tuple[str, str], str]:
    """By unit and paper the cell of 单位信息 that names its scan."""
    return {
        (each.unit, paper): cell.text
        for each in submissions
        for label, paper in SCAN_LABELS.items()
        if (cell := each.unit_info.get(label)) and cell.text and not is_placeholder(cell.text, False)
    }


def _said_of(state: PaperState, named: Mapping[tuple[str, str], str]) -> str:
    """The clause that names files in a sentence about a paper."""
    files = "”“".join(state.files[:3])
    if state.standing == MISSING:
        cell = named.get((state.unit, state.paper), "")
        return f"，“单位信息”里写的“{cell}”不在提交的文件中" if cell else ""
    if state.standing != UNSURE:
        return ""
    only_words = _suffix(state.files[0]) not in SCANS
    return f"只有没有盖章的文档“{files}”" if only_words else f"从“{files}”的名称看不出是不是"


# --- the person in charge ---


def _contacts(attachments: Attachments, submissions: Sequence[Submission]) -> Iterator[Line]:
    registered = {each.unit for each in attachments.all() if REGISTRATION in each.papers}
    in_words: dict[str, set[str]] = defaultdict(set)
    for each in attachments.all():
        if each.said and REGISTRATION in each.said.materials:
            in_words[each.unit] |= {
                label for line in each.said.people for label, text in line.items() if text
            }
            yield from _of_document(each, attachments)
    folders = set(attachments.units)
    for submission in submissions:
        with_paper = submission.unit in registered | folders
        yield from _of_workbook(submission, in_words[submission.unit], with_paper=with_paper)


def _contact(
    place: Line, label: str, value: str, *, cell: str = "", people: int = 1, region: str = ""
) -> Line:
    facts = {"label": label, "lacking": "", "people": people, "region": region}
    return place | {"@field": label, "@cell": cell, "value": value} | facts


def _lacking(place: Line, where: str, labels: Sequence[str], *, cell: str = "", value: str = "") -> Line:
    """A line for what is not filled in. where: the label, or the sheet or form as a whole."""
    told = _contact(place, labels[0], value, cell=cell)
    return told | {"@field": where, "lacking": "”“".join(labels)}


def _is_blank(text: str) -> bool:
    return not text.strip() or is_placeholder(text.strip(), True)


def _of_workbook(submission: Submission, in_words: set[str], *, with_paper: bool) -> Iterator[Line]:
    """单位信息, cell by cell. A sheet without anything is told only where no 登记表 is asked for, or came.

    What is blank here but filled in a 登记表 that can be read is not lacking.
    """
    info = submission.unit_info
    region = info["所属地区"].text if "所属地区" in info else ""
    filled = [label for label in COLUMNS if label in info and not _is_blank(info[label].text)]
    if not filled:
        if not with_paper:
            place = _line(submission.unit, submission.workbook, UNIT_SHEET)
            yield _lacking(place, UNIT_SHEET, COLUMNS)
        return
    gone = [label for label in COLUMNS if label not in info and label not in in_words]
    if gone:
        sheet = info[filled[0]].sheet
        place = _line(submission.unit, submission.workbook, sheet)
        yield _lacking(place, UNIT_SHEET, gone)
    for label in COLUMNS:
        cell = info.get(label)
        if cell is None or (label == LANDLINE and is_placeholder(cell.text or "x", True)):
            continue
        place = _line(submission.unit, submission.workbook, cell.sheet, cell.row)
        if label in filled:
            people = people_in(cell.text) if label == PERSON else 1
            yield _contact(place, label, cell.text, cell=cell.cell, people=people, region=region)
        elif label not in in_words:
            yield _lacking(place, label, [label], cell=cell.cell, value=cell.text)


def _of_document(sent: Sent, attachments: Attachments) -> Iterator[Line]:
    """A 登记表 in Word; one that nobody filled in is let be where a scan came."""
    people = sent.said.people if sent.said else ()
    place = _line(sent.unit, sent.path)
    if not people:
        if not any(each.is_scan for each in attachments.of(sent.unit, REGISTRATION)):
            yield _lacking(place, REGISTRATION, COLUMNS)
        return
    names: dict[str, list[str]] = defaultdict(list)
    unit = ""
    for line in people:
        unit = line.get(UNIT, "") or unit
        names[unit].append(line.get(PERSON, ""))
        for label in COLUMNS:
            text = line.get(label, "")
            if label != PERSON and not _is_blank(text):
                yield _contact(place, label, text)
    for each in names.values():
        text = "、".join(filter(None, each))
        if text:
            yield _contact(place, PERSON, text, people=people_in(text))
    lacking = [
        label
        for label in COLUMNS
        if all(_is_blank(line.get(label, "")) and not _says_none(label, line) for line in people)
    ]
    if lacking:
        yield _lacking(place, REGISTRATION, lacking)


def _says_none(label: str, line: Mapping[str, str]) -> bool:
    """无 under 座机 is an answer."""
    return label == LANDLINE and line.get(label, "").strip() != ""


# --- what the documents say ---


def _documents(attachments: Attachments, submissions: Sequence[Submission]) -> Iterator[Line]:
    names = _names_of_units(attachments, submissions)
    blank = dict.fromkeys(("said", "stated", "attached", "listed", "held", "diff"), "")
    for sent in attachments.all():
        for paper in sorted(sent.said.materials if sent.said else ()):
            facts = _facts(sent, paper, names[sent.unit], attachments, submissions)
            if facts:
                line = _line(sent.unit, sent.path, value=sent.path.rpartition("/")[2])
                yield line | blank | {"paper": paper, "names": "\n".join(names[sent.unit])} | facts


def _names_of_units(attachments: Attachments, submissions: Iterable[Submission]) -> dict[str, list[str]]:
    """By unit the names that its papers may have: as its workbooks state it, its folder's, its bureau's."""
    names: dict[str, list[str]] = {unit: [] for unit in attachments.units}
    for each in submissions:
        stated = each.unit_info.get(UNIT)
        if stated and stated.text and each.unit in names:
            names[each.unit].append(stated.text)
    return {unit: [*stated, *reversed(unit.split("/"))] for unit, stated in names.items()}


def _facts(
    sent: Sent, paper: str, names: Sequence[str], attachments: Attachments, submissions: Sequence[Submission]
) -> Line:
    """What a document says as this paper; nothing for a blank form beside a scan."""
    said = sent.said or Paper()
    if paper == REGISTRATION:
        stated = [line[UNIT] for line in said.people if line.get(UNIT)]
        alien = stated and not any(same_unit(each, names) for each in stated)
        return {"stated": stated[0]} if alien else {}
    if paper == STATEMENT:
        unit = stated_unit(said.statement)
        has_scan = any(each.is_scan for each in attachments.of(sent.unit, STATEMENT))
        if has_scan and is_blank_form(said.statement):
            return {}
        return {"said": said.statement, "stated": unit, "attached": _attached(sent.unit, attachments)}
    return _compared(sent.unit, said.listed, submissions)


def _attached(unit: str, attachments: Attachments) -> str:
    """Whether the list came: 是, 否, or 看不出 where a scan may hold it."""
    if attachments.of(unit, RESOURCE_LIST):
        return "是"
    scans = [each for each in attachments.of(unit, STATEMENT) if each.is_scan]
    pages = sum(1 if _suffix(each.path) in IMAGES else 2 for each in scans)
    return "看不出" if pages > 1 else "否"


def _compared(unit: str, listed: Sequence[str], submissions: Sequence[Submission]) -> Line:
    """The list beside the unit's resources; a bureau's list may name those of its schools as well."""
    own = [pair for each in submissions if each.unit == unit for pair in _resources(each)]
    below = [pair for each in submissions if each.unit.startswith(f"{unit}/") for pair in _resources(each)]
    if not own and not below:
        return {}
    theirs = {name for name, _ in below} - {name for name, _ in own}
    mine = [name for name in listed if name not in theirs] if own else list(listed)
    diff = list_difference(mine, own or below)
    return {"listed": str(len(mine)), "held": str(len(own or below)), "diff": diff}


def _resources(submission: Submission) -> Iterator[tuple[str, str]]:
    """The names of a workbook's resources, each with its series."""
    pairs = zip(submission.cells["资源名称"], submission.cells["所属系列"], strict=True)
    return ((name.strip(), series.strip()) for name, series in pairs if name.strip())
