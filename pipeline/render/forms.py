"""The blank Word forms, to be filled by hand, and the folder templates/.

附件1 登记表 and 附件2 安全审核情况说明 keep the notice's words; the layout is that of official
documents (GB/T 9704-2012). The bytes depend on the arguments alone.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from lxml import etree

from pipeline.durable import write_whole
from pipeline.render.attachments import layout, papers
from pipeline.render.attachments.papers import (
    BLANK_ROWS,
    LIST_HEADERS,
    REGISTER,
    REGISTRATION,
    REGISTRATION_HEADERS,
    REGISTRATION_TITLE,
    STATEMENT,
    STATEMENT_PAPER,
    STATEMENT_TITLE,
)
from pipeline.render.template import DELIVERIES, FILE_NAME, Delivery, standard_workbook

REGISTRATION_NAME = f"附件1 {REGISTRATION_TITLE}.docx"
STATEMENT_NAME = f"附件2 {STATEMENT_TITLE}.docx"

BLANK_UNIT = "XXX（院校/单位）"


def registration_form(person: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """附件1 as .docx: one table of six columns and one row.

    person maps the column names to text; what is absent stays blank, to be filled by hand.
    """
    document = papers.registration_sheet(f"{REGISTRATION_TITLE} （公章）")
    table = papers.registration_table(document)
    papers.add_person(table, [person.get(header, "") for header in REGISTRATION_HEADERS])
    return layout.frozen(document)


def statement_form(
    *,
    year: int,
    statement: str = STATEMENT,
    unit: str = "",
    date: str = "",
    resources: Sequence[Sequence[str]] = (),
) -> bytes:
    """附件2 as .docx: the statement, the place for the seal, and the list attached.

    statement: with {unit}, {year} and {date}; without a unit the notice's XXX stays. date is as it
    is printed, such as `2024年4月20日`; without it the month and day stay XX. resources holds
    one sequence per row, in the order of LIST_HEADERS; without any the list is blank.
    """
    date = date or f"{year}年XX月XX日"
    paragraphs = papers.statement_paragraphs(statement, unit=unit or BLANK_UNIT, year=year, date=date)
    document = papers.statement_sheet(paragraphs, date)
    papers.add_list_heading(document, unit, str(len(resources) or ""))
    table = papers.resource_table(document)
    for row in resources or [[""] * len(LIST_HEADERS)] * BLANK_ROWS:
        papers.add_resource(table, row)
    return layout.frozen(document)


# --- the folder templates/ ----------------------------------------------------------------------


class Written(NamedTuple):
    """What became of one template file."""

    path: Path
    state: Literal["written", "current", "kept"]


def write_templates(
    directory: Path,
    *,
    codes: Mapping[str, str],
    version: str,
    call_id: str,
    year: int,
    statement: str = STATEMENT,
    deliveries: Sequence[Delivery] = DELIVERIES,
) -> list[Written]:
    """Bring templates/ up to date: the standard workbook, both blank forms, and the three templates.

    The workbook is written whenever it differs. A Word file that a person has edited is kept;
    one that this program wrote, in any version, and nobody touched is replaced. Raises
    OSError if the folder cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    workbook = standard_workbook(codes=codes, version=version, call_id=call_id, deliveries=deliveries)
    fresh = {
        FILE_NAME: workbook,
        REGISTRATION_NAME: registration_form(),
        STATEMENT_NAME: statement_form(year=year, statement=statement),
        **built_in_templates(),
    }
    return [_bring_up_to_date(directory / name, content) for name, content in fresh.items()]


def built_in_templates() -> dict[str, bytes]:
    """The templates that attachments are made from, by file name, as nobody has edited them."""
    return {
        REGISTRATION.file: papers.registration_template(),
        REGISTER.file: papers.register_template(),
        STATEMENT_PAPER.file: papers.statement_template(),
    }


def _bring_up_to_date(path: Path, content: bytes) -> Written:
    present = path.read_bytes() if path.exists() else None
    if present == content:
        return Written(path, "current")
    if present is not None and path.suffix == ".docx" and edited(present):
        return Written(path, "kept")
    write_whole(path, content)
    return Written(path, "written")


def edited(form: bytes) -> bool:
    """Whether somebody changed a form since `frozen` put its fingerprint into the properties.

    A file without a fingerprint, or that is no Word document, counts as edited.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(form)) as package:
            parts = {name: package.read(name) for name in package.namelist()}
        properties = etree.fromstring(parts["docProps/core.xml"], etree.XMLParser(resolve_entities=False))
    except (zipfile.BadZipFile, KeyError, etree.XMLSyntaxError):
        return True
    return bool(
        properties.findtext("{http://purl.org/dc/elements/1.1/}identifier") != layout.fingerprint(parts)
    )
