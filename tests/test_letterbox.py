"""Where the letters go: the address of a unit, from what it said or from the register."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest
from msgspec.structs import replace

from pipeline.letterbox import letters
from pipeline.model import Finding, Labelled, Place
from pipeline.register import Found, Register, RegisteredUnit
from pipeline.render.letters import Attached
from pipeline.submissions import Read
from pipeline.summarise import Counts, Told, UnitSummary, tell
from tests.small_tables import RIGHT_ROW, SETTINGS, submission

NAME = "示例学院"
UNIT = UnitSummary(NAME, "退回修改", "清单.xlsx", 1, Counts(1), 0, 1, 0, 1, "", "")
REGISTERED = RegisteredUnit(NAME, "高等学校", contact=("0371-1234567", "office@b.edu.cn"))
REGISTER = Register((REGISTERED,), frozenset(), {NAME: Found("", REGISTERED)})


def letter_to(unit: UnitSummary, said: str) -> EmailMessage:
    info = {"电子邮箱": Labelled(said, "单位信息", 8, "B8")}
    read = Read([replace(submission([RIGHT_ROW]), unit_info=info)])
    sent = letters([unit], [], {NAME: [Attached("a.xlsx", b"PK")]}, read, REGISTER, SETTINGS, "2024-05-20")
    [data] = [data for name, data in sent if name.endswith(".eml")]
    letter = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(letter, EmailMessage)
    return letter


@pytest.mark.parametrize(
    ("said", "to"),
    [
        ("a@b.edu.cn", "a@b.edu.cn"),
        ("没有邮箱", "office@b.edu.cn"),
        ("a@b", "office@b.edu.cn"),
        ("", "office@b.edu.cn"),
    ],
)
def test_an_address_that_is_none_gives_way_to_the_registers(said: str, to: str) -> None:
    assert letter_to(UNIT, said)["To"] == to


def test_a_unit_that_is_late_with_its_corrections_gets_its_workbook_again() -> None:
    letter = letter_to(replace(UNIT, late="逾期未改"), "")
    body = letter.get_body(("plain",))
    assert body is not None
    assert "现已逾期，请尽快报回" in body.get_content()
    assert [each.get_filename() for each in letter.iter_attachments()] == ["a.xlsx"]


UNSENT = UnitSummary(NAME, "未报送", "", 0, Counts(), 0, 0, 0, 0, "", "")
LACKS_A_PAPER = tell([Finding("A1-1", Place(NAME), facts={"named": ""})], SETTINGS)


@pytest.mark.parametrize(
    ("unit", "told", "names"),
    [
        (UNSENT, [], []),
        (replace(UNSENT, late="逾期未报"), [], ["催办_示例学院.eml"]),
        (replace(UNIT, state="通过"), [], []),
        (UNIT, LACKS_A_PAPER, ["退回_示例学院.eml"]),
        (replace(UNIT, late="逾期未改"), LACKS_A_PAPER, ["退回_示例学院.eml"]),
    ],
)
def test_who_gets_which_letter(unit: UnitSummary, told: list[Told], names: list[str]) -> None:
    """One letter each: who has something to put right reads in it that it is late."""
    sent = letters([unit], told, {}, Read(), REGISTER, SETTINGS, "2024-05-20")
    assert [name.rpartition("/")[2] for name, _ in sent] == names
