"""Where each unit stands after this run: one line per unit, also for those that sent nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from pipeline import history
from pipeline.collect import Collected
from pipeline.files import Unit
from pipeline.history import Memory
from pipeline.model import Submission
from pipeline.recall import receipt_of
from pipeline.register import Register, unsent
from pipeline.rounds.compare import Comparison
from pipeline.rounds.decide import Decided
from pipeline.settings import BEIJING, Settings
from pipeline.submissions import Read
from pipeline.summarise import RECOMMENDED, Tally, UnitFacts, UnitSummary, in_sum, summarise_unit


class Standing(Struct, frozen=True):
    """What the lines of units are made of. today: the day of the run in Beijing."""

    counts: Tally
    collected: Collected
    read: Read
    memory: Memory
    decided: Decided
    progress: Mapping[str, Sequence[Comparison]]
    register: Register | None
    settings: Settings
    today: dt.date
    failed: frozenset[str]
    """Units for which the program itself failed."""


def receive_all(path: Path, read: Read, now: dt.datetime) -> Mapping[tuple[str, str], str]:
    """Acknowledge every workbook; when each was first seen, by unit and digest."""
    received = [(each.sha256, unit, workbook) for (unit, workbook), each in sorted(read.received.items())]
    return history.receive(path, received, now.astimezone(dt.UTC).isoformat(timespec="seconds"))


def unit_lines(standing: Standing, seen: Mapping[tuple[str, str], str]) -> list[UnitSummary]:
    """All units by name: those that sent something, and the registered ones that did not."""
    mine = standing.read.by_unit()
    units = standing.collected.units.items()
    refused = {found.place.unit for found in standing.collected.findings}
    known = [
        _facts(name, unit, mine.get(name, []), standing, seen, came=bool(unit.entries) or name in refused)
        for name, unit in units
    ]
    known += _unsent(standing)
    deadline = standing.settings.call.deadlines.resources
    lines = (summarise_unit(each, standing.counts, deadline, standing.today) for each in known)
    return sorted(lines, key=lambda each: each.unit)


def _facts(
    name: str,
    unit: Unit,
    mine: Sequence[Submission],
    standing: Standing,
    seen: Mapping[tuple[str, str], str],
    *,
    came: bool,
) -> UnitFacts:
    """came: something of it lies there, be it only what could not be taken."""
    read, memory = standing.read, standing.memory
    received = receipt_of(name, (each.sha256 for each in unit.workbooks), seen, memory)
    known = {each.sha256 for each in memory.sent.get(name, ())}
    kind, region = _kind_and_region(name, mine, standing.register)
    return UnitFacts(
        unit=name,
        workbooks={each.workbook: each.rows for each in mine},
        sent="工作簿" if unit.workbooks else "附件" if came else "",
        round=max((read.round_of(each) for each in mine), default=0),
        received=dt.datetime.fromisoformat(received).astimezone(BEIJING) if received else None,
        judged=name not in standing.failed,
        recommended=name in standing.decided.recommended,
        path=memory.paths.get(name, ()),
        arrived=any(read.sha256(each) not in known for each in mine),
        problems=in_sum(standing.progress.get(name, ())),
        kind=kind,
        region=region,
    )


def _kind_and_region(name: str, mine: Iterable[Submission], register: Register | None) -> tuple[str, str]:
    found = register.find(name.rpartition("/")[2]).unit if register else None
    if found:
        return found.kind, found.region
    said = [each.unit_info for each in mine]

    def stated(label: str) -> str:
        return next((info[label].text for info in said if label in info and info[label].text), "")

    return stated("单位类型"), stated("所属地区")


def _unsent(standing: Standing) -> Iterator[UnitFacts]:
    if standing.register is None:
        return
    for unit in unsent(standing.register, standing.collected.units):
        path = standing.memory.paths.get(unit.name, ())
        yield UnitFacts(unit.name, path=path, kind=unit.kind, region=unit.region)


def waiting(lines: Iterable[UnitSummary], recommended: Collection[str]) -> list[str]:
    """A sentence for each unit that a person has recommended and that has not passed."""
    return [
        f"“{line.unit}”已作“推荐”的审核决定，但现在是“{line.state}”，通过以后才算推荐。"
        for line in lines
        if line.unit in recommended and line.state != RECOMMENDED
    ]


def rounds_of(read: Read) -> dict[str, int]:
    """The round of each unit that was read."""
    return {unit: max(map(read.round_of, mine)) for unit, mine in read.by_unit().items()}


def failed_units(faults: Iterable[tuple[str, str]], names: Iterable[str]) -> frozenset[str]:
    """The units that a fault names."""
    places = [where for where, _ in faults]
    return frozenset(name for name in names if any(where.startswith(f"{name}/") for where in places))
