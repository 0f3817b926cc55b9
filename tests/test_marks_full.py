"""Marked workbooks before other judges: Microsoft's schema validator and LibreOffice, where present."""

from __future__ import annotations

import collections
import io
import json
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest
from msgspec.structs import replace

from pipeline.model import Book, Sheet
from pipeline.ownmarks import answers_of, identity_of, is_list_sheet
from pipeline.render.lines import lines_of
from pipeline.render.marks import mark
from pipeline.render.returned import Returned
from pipeline.render.unmark import unmark
from tests.marks_books import (
    DATA,
    IDENTITY,
    active_book,
    finding,
    plain_book,
    returned,
    rich_book,
    usual_marks,
)

VALIDATOR = shutil.which("ooxml-validator")
OFFICE = shutil.which("soffice")
SHORT = returned(finding(3, 3, "45:30"), finding(4, 0, "", suggestion="=1"), last=7)
BOOKS = {
    "rich": (rich_book, returned(*usual_marks())),
    "plain": (plain_book, SHORT),
    "table": (lambda: plain_book(table=True), SHORT),
    "filtered": (lambda: plain_book(filtered=True), SHORT),
    "active": (active_book, SHORT),
    "rows with findings alone": (plain_book, replace(SHORT, wrong_rows_only=True)),
    "forms and long texts": (
        plain_book,
        returned(*(finding(n, 3, "=1\x0b" * 9_000, form='OR({c}="",{c}="甲")') for n in (3, 5)), last=7),
    ),
}
pytestmark = [pytest.mark.full, pytest.mark.filterwarnings("ignore::UserWarning")]


@pytest.mark.skipif(VALIDATOR is None, reason="the program ooxml-validator is not on the PATH")
@pytest.mark.parametrize("name", BOOKS)
def test_validator_finds_nothing_that_it_did_not_find_before(name: str, tmp_path: Path) -> None:
    make, said = BOOKS[name]
    data = make()
    marked = mark(data, said).data
    before = _findings(data, tmp_path / "before.xlsx")
    assert not _findings(marked, tmp_path / "marked.xlsx") - before
    assert not _findings(unmark(marked), tmp_path / "unmarked.xlsx") - before


def _findings(data: bytes, path: Path) -> collections.Counter[tuple[str, str]]:
    path.write_bytes(data)
    answer = subprocess.run(
        [str(VALIDATOR), path], capture_output=True, encoding="utf-8", check=False, timeout=60
    )
    return collections.Counter((one["id"], one["description"]) for one in json.loads(answer.stdout)["errors"])


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_after_a_save_by_libreoffice_everything_is_known_again(tmp_path: Path) -> None:
    data, said = rich_book(), returned(*usual_marks())
    answered = replace(said, marks=tuple(one._replace(explained="已核对") for one in said.marks))
    saved, baseline = _resaved({"marked": mark(data, answered).data, "plain": data}, tmp_path)
    book = _as_read(saved)
    assert [is_list_sheet(sheet) for sheet in book.sheets] == [True, False, False, False, False]
    assert identity_of(book) == IDENTITY
    assert [each.place for each in answers_of(book)] == [line.place for line in lines_of(said.marks, DATA)]
    assert {(each.value, each.suggestion) for each in answers_of(book)} >= {("45:30", "00:45:30")}
    assert _dump(unmark(saved)) == _dump(baseline)
    again = mark(saved, Returned(said.head, said.identity, DATA, 2, 10, said.marks)).data
    assert _dump(unmark(again)) == _dump(baseline)


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_rows_hidden_by_marking_show_again_after_a_save_by_libreoffice(tmp_path: Path) -> None:
    said = replace(SHORT, wrong_rows_only=True)
    (saved,) = _resaved({"alone": mark(plain_book(), said).data}, tmp_path)
    hidden = [
        openpyxl.load_workbook(io.BytesIO(data))[DATA].row_dimensions for data in (saved, unmark(saved))
    ]
    assert [[rows[n].hidden for n in range(3, 8)] for rows in hidden] == [
        [False, False, True, True, True],
        [False] * 5,
    ]


def _resaved(books: dict[str, bytes], folder: Path) -> list[bytes]:
    for name, data in books.items():
        (folder / f"{name}.xlsx").write_bytes(data)
    command = [
        str(OFFICE), f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless",
        "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder / "saved"),
        *(str(folder / f"{name}.xlsx") for name in books),
    ]  # fmt: skip
    subprocess.run(command, capture_output=True, check=True, timeout=100)
    return [(folder / "saved" / f"{name}.xlsx").read_bytes() for name in books]


def _as_read(data: bytes) -> Book:
    sheets = []
    for sheet in openpyxl.load_workbook(io.BytesIO(data)):
        lines = enumerate(sheet.iter_rows(values_only=True), 1)
        rows = {row: {c: str(v) for c, v in enumerate(line, 1) if v is not None} for row, line in lines}
        sheets.append(Sheet(sheet.title, sheet.sheet_state != "visible", rows, {}))
    return Book("xlsx", tuple(sheets))


def _dump(data: bytes) -> list[str]:
    """What a person sees and uses in each sheet, as text."""
    lines = []
    for sheet in openpyxl.load_workbook(io.BytesIO(data)):
        lines += [sheet.title, sheet.dimensions, str(sheet.auto_filter.ref), str(sheet.print_area)]
        lines += [f"{f.sqref} {[r.type for r in f.rules]}" for f in sheet.conditional_formatting]
        for line in sheet:
            for cell in line:
                note = cell.comment.text if cell.comment else ""
                lines.append(f"{cell.coordinate} | {cell.value} | {cell.fill.fgColor.rgb} | {note}")
    return lines
