"""人工复核: what a person has to decide, and what was decided.

Pure. A line carries what it is about (unit, rule, field, value, resource) out of sight, so that it may
be sorted or filtered, and its decision finds its way back whatever became of the rows.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.model import Place
from pipeline.rounds.accept import Explanations, explanation_of, same_text
from pipeline.rounds.decide import (
    OF_FINDINGS,
    OF_ROWS,
    OF_UNITS,
    WITHDRAW,
    Row,
    RowKey,
    Rows,
    holds,
    in_force,
    may_accept,
    value_key,
)
from pipeline.rounds.lasting import Decision
from pipeline.settings import BEIJING, Settings
from pipeline.summarise import REVIEW, Tally, Told, UnitSummary

FOLDER, BOOK = "汇总", "人工复核.xlsx"
FINDINGS, RESOURCES, UNITS = "问题", "资源", "单位"
CHOICES = {FINDINGS: OF_FINDINGS, RESOURCES: OF_ROWS, UNITS: OF_UNITS}
"""The sheets of 人工复核.xlsx, and what may be decided on each."""


class Line(Struct, frozen=True):
    """A line of one sheet: what is shown, what it is about, and the decision in force, if there is one.

    shown are the cells before the decision, in the order of `COLUMNS`.
    """

    about: Decision
    shown: tuple[str, ...]
    made: Decision | None = None


COLUMNS = {
    FINDINGS: ("单位", "资源名称", "位置", "级别", "规则", "字段", "当前值", "问题", "单位说明"),
    RESOURCES: ("单位", "资源名称", "位置", "主讲人", "结论", "待定的问题"),
    UNITS: ("单位", "状态", "轮次", "收到时间", "是否逾期", "资源", "通过", "退回", "待复核"),
}
INPUTS = {
    FINDINGS: ("决定", "理由", "审核人"),
    RESOURCES: ("决定", "理由", "审核人"),
    UNITS: ("决定", "理由", "审核人", "更正收到时间"),
}


class Filled(Struct, frozen=True):
    """What a person wrote on a line. sheet, about: of the line; the rest as typed.

    before: verdict, reason and name that stood there. about is None for a line that the person
    added, which unit and name then tell.
    """

    sheet: str
    about: Decision | None
    before: tuple[str, ...]
    unit: str
    name: str
    verdict: str
    reason: str
    who: str
    received: str = ""


class Said(Struct):
    """What was filled in: decisions, receipt times by unit (ISO 8601, UTC), what was not understood."""

    decisions: list[Decision] = field(default_factory=list)
    receipts: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


# --- what is to be decided ---------------------------------------------------------------------


def review_lines(
    told: Iterable[Told],
    rows: Rows,
    counts: Tally,
    units: Iterable[UnitSummary],
    said: Mapping[tuple[str, str], Explanations],
    decisions: Iterable[Decision],
    settings: Settings,
) -> dict[str, list[Line]]:
    """The lines of each sheet. said: by (unit, workbook) what the unit explained.

    A finding has a line if it is a 警告 that decides, or one that a person may accept, or is
    explained, or was decided; a resource if nothing but 警告 keep it from passing, or it was decided.
    """
    made = {each.subject: each for each in in_force(decisions)}
    told = list(told)
    decided_units = {unit for unit, code, _, _, resource in made if resource and not code}
    at = rows.at({_at(each.finding.place) for each in told}, decided_units)
    pending: dict[RowKey, list[Told]] = defaultdict(list)
    lines: dict[str, list[Line]] = {FINDINGS: [], RESOURCES: [], UNITS: []}
    for each in told:
        place = each.finding.place
        row = at.get(_at(place))
        explained = said.get((place.unit, place.workbook), {})
        if made or explained or each.decision or _for_a_person(each, settings):
            line = _finding_line(each, row, explained, made)
            if each.decision or line.shown[-1] or line.made or _for_a_person(each, settings):
                lines[FINDINGS].append(line)
        if each.decides and row:
            pending[_at(place)].append(each)
    for key, row in at.items():
        if key not in counts.rows and row.unit not in decided_units:
            continue
        verdict = counts.verdict(*key)
        before = made.get(_about(row).subject) if row.unit in decided_units else None
        decided = before if before and holds(before, row) else None
        if verdict == REVIEW or decided:
            why = "\n".join(f"{each.finding.code} {each.message}" for each in pending[key])
            shown = (*_named(row), row.resource.split("|")[1], verdict, why)
            lines[RESOURCES].append(Line(replace(_about(row), value=row.content), shown, decided))
    for unit in units:
        about = Decision(unit.unit, "", "", str(unit.round), "", "")
        recommended = made.get(about.subject)
        still = recommended if recommended and recommended.value == str(unit.round) else None
        numbers = map(str, (unit.rows, unit.passed, unit.returned, unit.review))
        cells = (unit.unit, unit.state, str(unit.round or ""), unit.received, unit.late, *numbers)
        lines[UNITS].append(Line(about, cells, still))
    return lines


def _about(row: Row) -> Decision:
    return Decision(row.unit, "", "", "", row.resource, "")


def _at(place: Place) -> RowKey:
    return place.unit, place.workbook, place.row


def _for_a_person(each: Told, settings: Settings) -> bool:
    return each.decides and may_accept(each.finding, settings)


def _finding_line(
    each: Told, row: Row | None, said: Explanations, made: Mapping[tuple[str, ...], Decision]
) -> Line:
    found, place = each.finding, each.finding.place
    resource = row.resource if row else ""
    about = Decision(place.unit, found.code, place.field, value_key(found.value), resource, "")
    name = row.name if row else ""
    explained = explanation_of(found, said) if said else ""
    shown = (
        place.unit, name, _where(place), each.severity.value, found.code, place.field, found.value,
        each.message, explained,
    )  # fmt: skip
    return Line(about, shown, made.get(about.subject))


def _named(row: Row) -> tuple[str, str, str]:
    return row.unit, row.name, _where(replace(row.place, cell=""))


def _where(place: Place) -> str:
    """A place as a person reads it."""
    if not place.row:
        return place.workbook
    return f"{place.sheet}!{place.cell}" if place.cell else f"{place.sheet} 第{place.row}行"


# --- what was decided ------------------------------------------------------------------------


def decisions_of(filled: Iterable[Filled], when: datetime) -> Said:
    """The decisions in the lines as they were filled in. when: the time of reading, in UTC.

    A decision that was there and is blank now is withdrawn. Of copies that several people filled in
    what one of them changed goes before what another left as it was.
    """
    said = Said()
    stamp = when.isoformat(timespec="seconds")
    for each in sorted(filled, key=_was_changed):
        if each.received:
            _receive(each, when, said)
        verdict = each.verdict.strip()
        if not verdict and not (each.about and any(each.before[:1])):
            continue
        if verdict and verdict not in CHOICES[each.sheet]:
            choices = "或".join(f"“{choice}”" for choice in CHOICES[each.sheet])
            said.remarks.append(
                f"人工复核.xlsx 工作表“{each.sheet}”中“{each.unit}”的决定“{verdict}”看不懂，"
                f"没有采用，请填{choices}。"
            )
            continue
        about = each.about or Decision(each.unit.strip(), "", "", "", each.name.strip(), "")
        said.decisions.append(
            replace(
                about,
                verdict=verdict or WITHDRAW,
                reason=each.reason.strip(),
                who=each.who.strip(),
                when=stamp,
            )
        )
    return said


def _was_changed(each: Filled) -> bool:
    now = (each.verdict, each.reason, each.who)
    return tuple(map(same_text, now)) != tuple(map(same_text, each.before))


def _receive(each: Filled, when: datetime, said: Said) -> None:
    try:
        time = _moment(each.received)
        local = time if time.tzinfo else time.replace(tzinfo=BEIJING)
        said.receipts[each.unit] = local.astimezone(when.tzinfo).isoformat(timespec="seconds")
    except (ValueError, OverflowError):  # the year 1, in UTC, is before all years
        said.remarks.append(
            f"人工复核.xlsx 中“{each.unit}”的收到时间“{each.received}”看不懂，没有采用，"
            "请按 2024-05-15 17:30 的样子填写。"
        )


_MOMENT = re.compile(
    r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[ T]*([0-9]{1,2})[:时]([0-9]{1,2})分?)?"
)
"""A day, and perhaps the minute, as people type it."""


def _moment(text: str) -> datetime:
    """Raises ValueError."""
    text = unicodedata.normalize("NFKC", text).strip()
    typed = _MOMENT.fullmatch(text)
    if typed is None:
        return datetime.fromisoformat(text)
    year, month, day, hour, minute = (int(part or 0) for part in typed.groups())
    return datetime(year, month, day, hour, minute)


def made_whole(
    decisions: Iterable[Decision], rows: Sequence[Row], rounds: Mapping[str, int]
) -> tuple[list[Decision], list[str]]:
    """Decisions on lines that a person added, which know unit and resource by name alone, made whole.

    rounds: of each unit that was read. Also a sentence for each about a unit that was not, or whose name
    belongs to no resource of the unit, or to several.
    """
    decisions = list(decisions)
    named = {each.unit for each in decisions if each.resource and not each.code and not each.value}
    by_name: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows if named else ():
        if row.unit in named:
            by_name[row.unit, row.name.strip()].append(row)
    whole, remarks = [], []
    for each in decisions:
        if not each.code and not each.resource and each.unit not in rounds:
            if each.verdict != WITHDRAW:
                remarks.append(
                    f"人工复核.xlsx 中对“{each.unit}”的决定“{each.verdict}”没有采用："
                    "没有读到这个单位的元数据表，请核对单位名称。"
                )
            continue
        if not each.code and not each.resource and not each.value:
            whole.append(replace(each, value=str(rounds[each.unit])))
            continue
        if each.code or each.value or not each.resource:
            whole.append(each)
            continue
        meant = by_name[each.unit, each.resource]
        if len(meant) == 1:
            whole.append(replace(each, resource=meant[0].resource, value=meant[0].content))
        else:
            how_many = f"有 {len(meant)} 个" if meant else "没有"
            remarks.append(
                f"人工复核.xlsx 中加的一行没有采用：“{each.unit}”{how_many}名为“{each.resource}”的资源，"
                "请核对。"
            )
    return whole, remarks
