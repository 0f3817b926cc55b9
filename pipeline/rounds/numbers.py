"""Which round a workbook is, and which workbook it follows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pipeline.rounds.lasting import Sent


def round_number(stated: int, sha256: str, sent: Sequence[Sent], present: Collection[str]) -> int:
    """The round of a workbook; the same however often the same input is looked at.

    stated: what its own marks say, 1 for a workbook without. sent: those of the unit that
    counted before, oldest first. present: the digests of those that count now. A workbook
    keeps the round that it had. A new one follows the workbooks that it replaces: it is a
    later round if one of them had been given back, or if it says so itself.
    """
    for each in sent:
        if each.sha256 == sha256:
            return each.round
    replaced = (each.round + each.returned for each in sent if each.sha256 not in present)
    return max(stated, 1, *replaced)


def previous_of(
    stated: str, sha256: str, workbook: str, number: int, sent: Sequence[Sent], present: Collection[str]
) -> str:
    """The digest of the workbook of the round before, "" if there is none that we know.

    stated: the digest in the workbook's own marks, "" without; number: its round. Without
    marks it is the last one that it replaces, one of the same name if there are several.
    """
    if stated != sha256 and any(each.sha256 == stated for each in sent):
        return stated
    older = [
        (each.round, each.workbook == workbook, order, each.sha256)
        for order, each in enumerate(sent)
        if each.sha256 not in present and each.sha256 != sha256 and each.round < number
    ]
    return max(older)[-1] if older else ""
