"""Drafts of letters: whole, addressed, inert, and the same for the same input."""

from __future__ import annotations

import email
import email.policy
from email.headerregistry import Address
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.model import Finding, Place
from pipeline.render.letters import Attached, chat_text, overdue_letter, return_letter
from pipeline.render.letters.mime import draft as drafted
from pipeline.summarise import Counts, UnitSummary, tell
from tests.small_tables import SETTINGS

CALL = SETTINGS.call
UNIT = UnitSummary("洛阳市教育局/示例学院", "退回修改", "清单.xlsx", 3, Counts(2, 1), 1, 1, 1, 2, "", "")
TOLD = tell(
    [
        *(Finding("R11-1", Place("u", "清单.xlsx", "资源清单", row, "版权方", f"K{row}")) for row in (2, 3)),
        Finding("R11-2", Place("u", "清单.xlsx", "资源清单", 4, "版权方", "K4"), "<b>本校</b>{{7*7}}"),
    ],
    SETTINGS,
)


def draft(address: str = "a@b.edu.cn") -> EmailMessage:
    data = return_letter(UNIT, TOLD, address, [Attached("元数据.xlsx", b"PK-the-workbook")], CALL)
    letter = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(letter, EmailMessage)
    return letter


def texts(letter: EmailMessage) -> tuple[str, str]:
    plain, page = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain is not None
    assert page is not None
    return str(plain.get_content()), str(page.get_content())


def test_a_draft_is_addressed_and_carries_the_workbook() -> None:
    letter = draft()
    assert letter["To"] == "a@b.edu.cn"
    assert letter["Subject"] == "请修改：2024年度继续教育数字化资源征集资源元数据（第 2 轮校验结果）"
    assert letter["X-Unsent"] == "1"
    [attached] = letter.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("元数据.xlsx", b"PK-the-workbook")


def test_both_texts_say_the_same_numbers_and_problems() -> None:
    for text in texts(draft()):
        assert "示例学院" in text
        assert "“版权方”必填（2 处）" in text
        assert "2024-05-15" in text
        assert "0371-69691788" in text


def test_texts_from_units_are_inert() -> None:
    plain, page = texts(draft())
    assert "<b>本校</b>{{7*7}}" in plain
    assert "&lt;b&gt;本校&lt;/b&gt;{{7*7}}" in page
    assert "<b>本校" not in page


@pytest.mark.parametrize("address", ["", "没有", "a＠b.cn", "a@b.cn\r\nBcc: c@d.cn", "a@b.cn, c@d.cn", "a@b"])
def test_what_is_no_address_is_left_for_a_person(address: str) -> None:
    letter = draft(address)
    assert letter["To"] is None
    assert letter["Bcc"] is None


def test_the_same_letter_has_the_same_bytes() -> None:
    assert draft().as_bytes() == draft().as_bytes()


def test_a_unit_without_a_list_is_not_told_that_its_list_was_checked() -> None:
    """Its papers were looked at; what is wrong with them is told beside that."""
    unit = replace(UNIT, workbook="", rows=0, passed=0, returned=0, review=0, round=0)
    told = tell([Finding("A1-1", Place(UNIT.unit), facts={"named": ""})], SETTINGS)
    letter = email.message_from_bytes(return_letter(unit, told, "", [], CALL), policy=email.policy.default)
    assert isinstance(letter, EmailMessage)
    assert letter["Subject"] == "请报送：2024年度继续教育数字化资源征集资源元数据"
    for text in texts(letter):
        assert "还没有收到你单位《2024年度继续教育数字化资源征集》可以读取的资源元数据表" in text
        assert "没有收到加盖公章的负责人信息登记表" in text
        assert "轮" not in text
        assert "已经校验" not in text


def test_a_chaser_says_what_is_missing() -> None:
    unsent = overdue_letter("洛阳市教育局", "", "2024-05-20", CALL)
    letter = email.message_from_bytes(unsent, policy=email.policy.default)
    assert isinstance(letter, EmailMessage)
    for text in texts(letter):
        assert "截至 2024-05-20，尚未收到你单位的元数据表。请尽快报送" in text


def test_the_chat_text_is_one_line() -> None:
    said = chat_text(UNIT, CALL)
    assert said.startswith("【示例学院】")
    assert said.strip().count("\n") == 0


def by_the_library(
    subject: str, to: Address | None, text: str, html: str, workbooks: list[Attached]
) -> bytes:
    """The same letter, made by the standard library alone."""
    letter = EmailMessage(policy=email.policy.SMTP)
    letter["Subject"] = subject
    if to:
        letter["To"] = to
    letter["X-Unsent"] = "1"
    letter.set_content(text, cte="base64")
    letter.add_alternative(html, subtype="html", cte="base64")
    for each in workbooks:
        kind = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        letter.add_attachment(each.data, *kind, filename=each.name)
    for number, part in enumerate(letter.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_part_{number}_=")
    return letter.as_bytes()


LINE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=60).map(
    lambda text: " ".join(text.split())
)
BODY = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)
NAME = st.builds("{}{}.xlsx".format, st.sampled_from(["a", "清单", "清单 (2)", 'a"b', "x" * 90]), LINE)
TO = st.sampled_from(
    [None, *(Address(username=user, domain="a.edu.cn") for user in ("a", "a..b", ".a", "x" * 64))]
)


@given(LINE, TO, BODY, BODY, st.lists(st.builds(Attached, NAME, st.binary(max_size=200)), max_size=2))
def test_a_letter_is_what_the_library_writes(
    subject: str, to: Address | None, text: str, html: str, workbooks: list[Attached]
) -> None:
    assert drafted(subject, to, text, html, workbooks) == by_the_library(subject, to, text, html, workbooks)
