"""Drafts of the letters that go out with the returned workbooks. Nothing is ever sent by the program."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from email.headerregistry import Address
from functools import cache

import jinja2
from msgspec import Struct

from pipeline.render.letters.mime import Attached as Attached
from pipeline.render.letters.mime import draft
from pipeline.rules import REGISTER
from pipeline.settings import Call
from pipeline.summarise import Told, UnitSummary

MOST_PROBLEMS = 5
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Problem(Struct, frozen=True):
    """A kind of problem in a letter: its rule's title, how often, and the first sentence about it."""

    title: str
    count: int
    example: str


def return_letter(
    unit: UnitSummary, told: Iterable[Told], address: str, workbooks: Sequence[Attached], call: Call
) -> bytes:
    """The draft for a unit that has something to put right (RFC 5322, text and HTML, workbooks attached).

    Of a unit without a round no list could be read: it is asked for one.
    address: as typed by the unit; what is no e-mail address is left out, so that a person fills it in.
    """
    facts = {
        **_numbers(unit, call),
        "problems": _problems(told),
        "late": unit.late,
        "workbooks": len(workbooks),
    }
    read = f"请修改：{call.title}资源元数据（第 {unit.round} 轮校验结果）"
    subject = read if unit.round else f"请报送：{call.title}资源元数据"
    return _draft("return", subject, address, facts, workbooks)


def overdue_letter(unit: str, address: str, today: str, call: Call) -> bytes:
    """The draft that reminds a unit of which no list has come by the deadline.

    One that is late with its corrections gets `return_letter` again, which says so.
    """
    facts = {
        "to": _plain(unit),
        "call": call,
        "deadline": call.deadlines.resources.isoformat(),
        "today": today,
    }
    return _draft("overdue", f"请尽快报送：{call.title}", address, facts, ())


def is_address(text: str) -> bool:
    """Whether a letter can be addressed so."""
    return _ADDRESS.fullmatch(text.strip()) is not None


def chat_text(unit: UnitSummary, call: Call) -> str:
    """A few lines about a unit, to be pasted into a chat."""
    return _template("chat.txt.j2").render(_numbers(unit, call))


def _numbers(unit: UnitSummary, call: Call) -> dict[str, object]:
    return {
        "to": _plain(unit.unit.rpartition("/")[2]),
        "call": call,
        "round": unit.round,
        "rows": unit.rows,
        "passed": unit.passed,
        "returned": unit.returned,
        "review": unit.review,
        "errors": unit.counts.errors,
        "warnings": unit.counts.warnings,
        "deadline": call.deadlines.resources.isoformat(),
    }


def _problems(told: Iterable[Told]) -> list[Problem]:
    """What keeps rows from passing, the most frequent first."""
    deciding = [each for each in told if each.decides]
    first = {each.finding.code: _plain(each.message) for each in reversed(deciding)}
    often = Counter(each.finding.code for each in deciding).most_common(MOST_PROBLEMS)
    return [Problem(REGISTER.rules[code].title, count, first[code]) for code, count in often]


def _draft(
    name: str, subject: str, address: str, facts: Mapping[str, object], workbooks: Sequence[Attached]
) -> bytes:
    to = _ADDRESS.fullmatch(address.strip())
    user, _, domain = to[0].partition("@") if to else ("", "", "")
    known = {**facts, "subject": subject}
    return draft(
        _plain(subject),
        Address(username=user, domain=domain) if to else None,
        _template(f"{name}.txt.j2").render(known),
        _template(f"{name}.html.j2").render(known),
        workbooks,
    )


def _plain(text: str) -> str:
    """A text from outside as one line of a letter."""
    return " ".join(_CONTROL.sub("\ufffd", text).split())


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.PackageLoader("pipeline.render.letters", "")
    return jinja2.Environment(
        loader=loader,
        autoescape=jinja2.select_autoescape(("html.j2",), ()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )


def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)
