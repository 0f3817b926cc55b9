"""汇总/通知邮件: a draft for each unit that has something to put right, or is late, and lines for a chat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.output import apart, safe_name
from pipeline.register import Register
from pipeline.render.letters import Attached, chat_text, is_address, overdue_letter, return_letter
from pipeline.settings import Settings
from pipeline.submissions import Read
from pipeline.summarise import Told, UnitSummary

FOLDER = "汇总/通知邮件"


def letters(
    units: Sequence[UnitSummary],
    told: Iterable[Told],
    returned: Mapping[str, Sequence[Attached]],
    read: Read,
    register: Register | None,
    settings: Settings,
    today: str,
) -> Iterator[tuple[str, bytes]]:
    """Names below output/ and bytes. returned: the marked workbooks of each unit."""
    by_unit: dict[str, list[Told]] = defaultdict(list)
    for each in told:
        by_unit[each.finding.place.unit].append(each)
    addresses = _addresses(units, read, register)
    names = apart({each.unit: f"{safe_name(each.unit.replace('/', '_'))}.eml" for each in units})
    for unit in units:
        address, workbooks = addresses.get(unit.unit, ""), returned.get(unit.unit, ())
        mine = by_unit[unit.unit]
        if workbooks or any(each.decides for each in mine):
            letter = return_letter(unit, mine, address, workbooks, settings.call)
            yield f"{FOLDER}/退回_{names[unit.unit]}", letter
        elif unit.late:
            letter = overdue_letter(unit.unit, address, today, settings.call)
            yield f"{FOLDER}/催办_{names[unit.unit]}", letter
    lines = [chat_text(unit, settings.call) for unit in units if unit.unit in returned]
    if lines:
        yield f"{FOLDER}/群消息.txt", "\r\n".join(lines).encode("utf-8-sig", "replace")


def _addresses(units: Iterable[UnitSummary], read: Read, register: Register | None) -> dict[str, str]:
    """The e-mail address of each unit: from 单位信息, else the first in the register."""
    addresses: dict[str, str] = {}
    for each in read.submissions:
        said = each.unit_info.get("电子邮箱")
        if said and is_address(said.text):
            addresses.setdefault(each.unit, said.text)
    for unit in units:
        found = register.find(unit.unit.rpartition("/")[2]).unit if register else None
        if found and (mail := next(filter(is_address, found.contact), "")):
            addresses.setdefault(unit.unit, mail)
    return addresses
