"""The values that outlive a run: what was sent, what was told of it, what a person decided.

Plain data, as `model` is; `history.db` keeps them.
"""

from __future__ import annotations

from msgspec import Struct

from pipeline.model import Finding, Severity


class Sent(Struct, frozen=True):
    """A workbook that counted in an earlier run; returned: it was given back at least once."""

    sha256: str
    workbook: str
    round: int
    returned: bool


class Judged(Struct, frozen=True):
    """A finding as it was told: its severity then, and whether it kept the row from passing."""

    finding: Finding
    severity: Severity
    decides: bool


Subject = tuple[str, ...]


class Decision(Struct, frozen=True):
    """One decision of a person; `decide` says which parts are filled. when is ISO 8601, UTC."""

    unit: str
    code: str
    field: str
    value: str
    resource: str
    verdict: str
    reason: str = ""
    who: str = ""
    when: str = ""

    @property
    def subject(self) -> Subject:
        """What it is about: a later decision about the same takes its place."""
        return self.unit, self.code, self.field, self.value if self.code else "", self.resource
