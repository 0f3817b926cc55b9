"""What lies beside a workbook: 附件1 and 附件2 as Word documents, and scans with a seal."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from msgspec import Struct
from PIL import Image, ImageDraw

from pipeline.render.attachments.papers import STATEMENT as WORDS
from pipeline.render.forms import REGISTRATION_NAME, STATEMENT_NAME, registration_form, statement_form

REGISTRATION_SCAN, STATEMENT_SCAN = "登记表（盖章）.jpg", "安全审核情况说明（盖章）.jpg"
_PAGE = (620, 877)
_SMALL_PAGE = (310, 439)


class Papers(Struct, frozen=True):
    """How a unit's papers differ from right ones.

    absent: files that were not sent. unsealed: scans without a seal. small: scans of too few pixels.
    unit, year, date and words: of 附件2; unit "" is the unit's own name. added: a name in its list
    that the workbook does not have.
    """

    absent: frozenset[str] = frozenset()
    unsealed: frozenset[str] = frozenset()
    small: frozenset[str] = frozenset()
    unit: str = ""
    year: int = 2024
    date: str = "2024年4月18日"
    words: str = WORDS
    added: str = ""


def sealed_papers(
    papers: Papers, unit: str, person: Mapping[str, str], resources: Sequence[Sequence[str]], seed: int
) -> dict[str, bytes]:
    """File name → content. person: the labels of 附件1; resources: the rows of 附件2's list."""
    listed = [*resources, (str(len(resources) + 1), papers.added, *[""] * 4)] if papers.added else resources
    made = {
        REGISTRATION_NAME: registration_form({**person, "单位": unit}),
        STATEMENT_NAME: statement_form(
            year=papers.year, statement=papers.words, unit=papers.unit or unit, date=papers.date,
            resources=listed,
        ),
    }  # fmt: skip
    for number, name in enumerate((REGISTRATION_SCAN, STATEMENT_SCAN)):
        size = _SMALL_PAGE if name in papers.small else _PAGE
        made[name] = scan(seed * 10 + number, size=size, sealed=name not in papers.unsealed)
    return {name: data for name, data in made.items() if name not in papers.absent}


def scan(seed: int, *, size: tuple[int, int] = _PAGE, sealed: bool = True) -> bytes:
    """A page with lines of grey and a round red seal, as a JPEG; size in pixels."""
    page = Image.new("RGB", _PAGE, "white")
    draw = ImageDraw.Draw(page)
    for line in range(12):
        draw.line((70, 150 + line * 34, 550, 150 + line * 34), fill=(150, 150, 150), width=2)
    left, top = 350 + seed % 40, 620 + seed // 40 % 40
    if sealed:
        draw.ellipse((left, top, left + 150, top + 150), outline=(200, 20, 30), width=6)
        draw.regular_polygon((left + 75, top + 75, 24), 5, fill=(200, 20, 30))
    buffer = io.BytesIO()
    page.resize(size).save(buffer, format="JPEG", quality=60, comment=f"demo {seed}")
    return buffer.getvalue()
