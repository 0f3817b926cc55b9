"""Forms that packages come in: prefixes, strict, UTF-16, missing addresses or styles, macros, damage."""

from __future__ import annotations

import io
import math
import re
import subprocess
import sys
import zipfile
from xml.sax.saxutils import escape, quoteattr

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pipeline.fields import ERROR_COLUMN, LIST_SHEET
from pipeline.render.active import points_outside
from pipeline.render.inert import line_count, stored, xml_attribute, xml_text
from pipeline.render.marks import mark
from pipeline.render.package import Unmarkable, read, relations, write
from pipeline.render.unmark import unmark
from pipeline.render.worksheet import address, area_of, cells, column_number, dump, load
from tests.marks_books import (
    DATA,
    active_book,
    before,
    finding,
    parts_of,
    plain_book,
    replaced,
    returned,
    rich_book,
    with_parts,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OFFICE_STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"
SHEET = "xl/worksheets/sheet1.xml"
SAID = returned(finding(3, 3, "45:30"), finding(4, 0, "", message="整行。"), last=7)


def _prefixed(parts: dict[str, bytes]) -> None:
    for name in (SHEET, "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml"):
        text = re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1x:", parts[name].decode())
        parts[name] = text.replace(f'xmlns="{MAIN}"', f'xmlns:x="{MAIN}"').encode()


def _strict(parts: dict[str, bytes]) -> None:
    for name, data in parts.items():
        if name.endswith((".xml", ".rels")):
            parts[name] = data.replace(MAIN.encode(), STRICT.encode()).replace(
                OFFICE.encode(), OFFICE_STRICT.encode()
            )


def _utf16(parts: dict[str, bytes]) -> None:
    for name in (SHEET, "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml"):
        parts[name] = parts[name].decode().replace("UTF-8", "UTF-16").encode("utf-16")


def _without_addresses(parts: dict[str, bytes]) -> None:
    parts[SHEET] = re.sub(rb'(<(?:c|row)) r="[A-Z0-9]+"', rb"\1", parts[SHEET])


def _quoted_otherwise(parts: dict[str, bytes]) -> None:
    parts[SHEET] = (
        parts[SHEET].replace(b"<c r=", b"<!-- <c r='Z9'> --><c\n  r=").replace(b"</row>", b"</row >")
    )


def _without_styles(parts: dict[str, bytes]) -> None:
    del parts["xl/styles.xml"]
    parts["[Content_Types].xml"] = re.sub(
        rb'<Override PartName="/xl/styles.xml"[^>]*/>', b"", parts["[Content_Types].xml"]
    )
    rels = "xl/_rels/workbook.xml.rels"
    parts[rels] = re.sub(rb'<Relationship [^>]*Target="styles.xml"/>', b"", parts[rels])


def _absolute_targets(parts: dict[str, bytes]) -> None:
    rels = "xl/_rels/workbook.xml.rels"
    parts[rels] = parts[rels].replace(b'Target="', b'Target="/XL/')


def _window_lost(parts: dict[str, bytes]) -> None:
    parts["xl/workbook.xml"] = re.sub(rb"<bookViews>.*</bookViews>", b"", parts["xl/workbook.xml"])


FORMS = (
    _prefixed, _strict, _utf16, _without_addresses, _quoted_otherwise, _without_styles, _absolute_targets,
    _window_lost,
)  # fmt: skip


def _texts(data: bytes, part: str) -> list[tuple[str, str]]:
    """(address, text) of every cell that holds something, read by lxml alone."""
    parts = parts_of(data)
    strings = ["".join(si.itertext()) for si in etree.fromstring(parts["xl/sharedStrings.xml"]).iter("{*}si")]
    found = []
    for cell in etree.fromstring(parts[part]).iter("{*}c"):
        text = "".join(cell.itertext()).strip()
        if text:
            found.append((str(cell.get("r")), strings[int(text)] if cell.get("t") == "s" else text))
    return found


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_package_is_marked_and_unmarked(form: object) -> None:
    plain = plain_book()
    data = with_parts(plain, form)  # type: ignore[arg-type]
    marked = mark(data, SAID).data
    expected = _texts(plain, SHEET)
    after = _texts(marked, SHEET)
    assert [one for one in after if not one[0].startswith("I")] == expected
    assert ("I2", ERROR_COLUMN) in after
    assert ("I4", "【错误】资源名称：整行。") in after
    assert _texts(unmark(marked), SHEET) == expected
    assert mark(marked, SAID).data == marked
    root = etree.fromstring(parts_of(marked)[SHEET])
    assert [etree.QName(e).localname for e in root if isinstance(e.tag, str)] == [
        "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "autoFilter",
        "conditionalFormatting", "hyperlinks", "pageMargins", "legacyDrawing",
    ]  # fmt: skip


@pytest.mark.parametrize("form", [_prefixed, _utf16, _without_styles, _window_lost])
def test_marked_forms_are_read_by_another_program(form: object) -> None:
    marked = mark(with_parts(plain_book(), form), SAID).data  # type: ignore[arg-type]
    book = openpyxl.load_workbook(io.BytesIO(marked))
    assert book.sheetnames == [LIST_SHEET, DATA]
    assert book[LIST_SHEET]["B6"].fill.fgColor.rgb == "FFFFC7CE"


def test_strict_package_stays_strict() -> None:
    parts = parts_of(mark(with_parts(plain_book(), _strict), SAID).data)
    for name, data in parts.items():
        assert MAIN.encode() not in data, name
        assert OFFICE.encode() not in data, name


# ── What acts is left out ────────────────────────────────────────────────────────────


def test_active_content_is_left_out_and_told() -> None:
    marked = mark(active_book(), SAID)
    parts = parts_of(marked.data)
    assert marked.left_out == ("外部链接", "宏", "数据连接")
    for word in ("vba", "externalLink", "connections", "queryTable", "calcChain", "macroEnabled"):
        assert not [name for name, data in parts.items() if word in name or word.encode() in data], word
    book = openpyxl.load_workbook(io.BytesIO(marked.data))
    sheet = book[DATA]
    assert [sheet[f"{letter}3"].value for letter in "IJKL"] == [5, 6, "=SUM(A1:A2)", "x"]
    assert sheet["J4"].value == 7
    assert list(book.defined_names) == ["内"]
    assert book[LIST_SHEET]["A4"].value.startswith("原文件中的外部链接、宏、数据连接没有带回")


def test_harmless_book_loses_nothing() -> None:
    assert mark(rich_book(), SAID).left_out == ()


@pytest.mark.parametrize(
    ("formula", "outside"),
    [
        ("[1]表!A1", True), ("'[12]我的 表'!A1", True), ("[1]!名称", True), ("1+[2]表!B2", True),
        ("cmd|'/c calc'!A0", True), ("表1[1]", False), ("SUM(表1[[#All],[1]])", False), ('"[1]表!A1"', False),
        ("资源清单!A1", False), ('"a|b!"', False),
    ],
)  # fmt: skip
def test_formula_points_outside(formula: str, outside: bool) -> None:
    assert points_outside(formula) == outside


# ── The package ──────────────────────────────────────────────────────────────────────


def test_unchanged_package_is_written_with_the_same_packed_bytes() -> None:
    data = rich_book()
    copy = write(read(data))
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(io.BytesIO(copy)) as new:
        assert new.testzip() is None
        for before, after in zip(old.infolist(), new.infolist(), strict=True):
            assert (before.filename, before.CRC, before.date_time) == (
                after.filename,
                after.CRC,
                after.date_time,
            )
            assert before.compress_size == after.compress_size


def test_stream_written_members_are_copied() -> None:
    """A zip written to a pipe has its sizes behind the data, not before."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.data += data
            return len(data)

    pipe, parts = Pipe(), parts_of(plain_book())
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for name, content in parts.items():
            archive.writestr(name, content)
    assert parts_of(write(read(bytes(pipe.data)))) == parts


def test_dropped_part_takes_along_what_only_it_used() -> None:
    package = read(rich_book())
    package.drop("xl/worksheets/sheet2.xml")
    names = set(package.names())
    assert (
        not {"xl/drawings/drawing1.xml", "xl/charts/chart1.xml", "xl/comments2.xml", "xl/media/image1.png"}
        & names
    )
    assert "xl/comments1.xml" in names
    assert "sheet2.xml" not in parts_of(write(package))["[Content_Types].xml"].decode()


def test_relations_are_resolved_without_letter_case() -> None:
    data = with_parts(plain_book(), _absolute_targets)
    targets = {relation.target for relation in relations(read(data), "xl/workbook.xml")}
    assert SHEET in targets


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"not a zip", "文件不是完好的 xlsx 工作簿"),
        (b"", "文件不是完好的 xlsx 工作簿"),
        (
            replaced(plain_book(), SHEET, ("<worksheet", "<!DOCTYPE a><worksheet")),
            "文件内部含有不允许的 DOCTYPE 声明",
        ),
        (replaced(plain_book(), "xl/workbook.xml", ("</workbook>", "")), "文件内部的 XML 已损坏"),
        (replaced(plain_book(), SHEET, ("sheetData", "sheetDate")), "有一张工作表的内部结构不完整"),
    ],
)
def test_damage_is_named_before_anything_is_written(data: bytes, cause: str) -> None:
    with pytest.raises(Unmarkable) as caught:
        mark(data, SAID)
    assert caught.value.cause == cause


def test_no_room_at_the_right_is_named() -> None:
    full = replaced(
        plain_book(),
        SHEET,
        ("</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="I3:XFD3"/></mergeCells>'),
    )
    with pytest.raises(Unmarkable, match="没有空列"):
        mark(full, SAID)


def test_worksheet_comes_apart_and_together_unchanged() -> None:
    data = parts_of(rich_book())["xl/worksheets/sheet2.xml"]
    assert etree.tostring(etree.fromstring(dump(load(data))), method="c14n") == etree.tostring(
        etree.fromstring(data), method="c14n"
    )


def test_cell_without_address_stands_behind_the_one_before() -> None:
    rows = '<row><c r="B1"/><c/></row><row r="5"><c><v>1</v></c></row>'
    data = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    assert [(cell.row, cell.column) for cell in cells(load(data.encode()))] == [(1, 2), (1, 3), (5, 1)]


@pytest.mark.parametrize(
    ("row", "column", "text"), [(12, 10, "J12"), (1, 26, "Z1"), (1, 27, "AA1"), (1, 16384, "XFD1")]
)
def test_addresses_go_both_ways(row: int, column: int, text: str) -> None:
    assert address(row, column) == text
    assert column_number(text.rstrip("0123456789")) == column
    area = area_of(text)
    assert area is not None
    assert (area.top, area.left) == (row, column)


def test_reference_that_is_none_has_no_area() -> None:
    assert area_of("A:C") is None
    assert area_of("#REF!") is None


def test_number_that_is_none_is_named() -> None:
    data = replaced(plain_book(), "xl/workbook.xml", ('sheetId="1"', 'sheetId="一"'))
    with pytest.raises(Unmarkable, match="不是数字"):
        mark(data, SAID)


def _over_a_connection(parts: dict[str, bytes]) -> None:
    """A pivot table over a connection, a sheet of old macros, a signature, a data model."""
    relationships = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    relation = '<Relationship Id="{}" Type="{}" Target="{}"/>'
    parts["xl/pivotCache/pivotCacheDefinition1.xml"] = (
        f'<pivotCacheDefinition xmlns="{MAIN}"><cacheSource type="external" connectionId="1"/>'
        "</pivotCacheDefinition>"
    ).encode()
    parts["xl/pivotTables/pivotTable1.xml"] = b"<pivotTableDefinition/>"
    parts["xl/macrosheets/sheet1.xml"] = b"<macrosheet/>"
    parts["_xmlsignatures/origin.sigs"] = b""
    cache = relation.format(
        "rId1", f"{OFFICE}/pivotCacheDefinition", "../pivotCache/pivotCacheDefinition1.xml"
    )
    parts["xl/pivotTables/_rels/pivotTable1.xml.rels"] = relationships.format(cache).encode()
    table = relation.format("rId1", f"{OFFICE}/pivotTable", "../pivotTables/pivotTable1.xml")
    parts["xl/worksheets/_rels/sheet1.xml.rels"] = relationships.format(table).encode()
    macro = "http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet"
    signature = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin"
    before(
        parts, "xl/_rels/workbook.xml.rels", "</Relationships>",
        relation.format("rId60", f"{OFFICE}/pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml")
        + relation.format("rId61", macro, "macrosheets/sheet1.xml"),
    )  # fmt: skip
    before(
        parts,
        "_rels/.rels",
        "</Relationships>",
        relation.format("rId62", signature, "_xmlsignatures/origin.sigs"),
    )
    before(parts, "xl/workbook.xml", "</sheets>", '<sheet name="宏1" sheetId="9" r:id="rId61"/>')
    before(
        parts, "xl/workbook.xml", "</workbook>",
        '<pivotCaches><pivotCache cacheId="1" r:id="rId60"/></pivotCaches><extLst><ext uri="{F}">'
        '<x15:dataModel xmlns:x15="urn:x15"/></ext><ext uri="{G}"/></extLst>',
    )  # fmt: skip


def test_what_hangs_on_a_connection_goes_with_it() -> None:
    marked = mark(with_parts(plain_book(), _over_a_connection), SAID)
    parts = parts_of(marked.data)
    assert marked.left_out == ("宏", "数字签名", "数据连接")
    assert not [name for name in parts if "pivot" in name or "macro" in name or "sig" in name]
    workbook = parts["xl/workbook.xml"].decode()
    assert "pivotCache" not in workbook
    assert "dataModel" not in workbook
    assert "{G}" in workbook
    assert openpyxl.load_workbook(io.BytesIO(marked.data)).sheetnames == [LIST_SHEET, DATA]


# ── What is written by the thousand ──────────────────────────────────────────────────

TEXT = st.text(st.characters() | st.sampled_from("\r\n\t<>&\"'_x000B_\x00\x85\ufffe资源，"), max_size=60)


@given(TEXT)
def test_texts_are_escaped_as_the_library_does(text: str) -> None:
    assert xml_text(text) == escape(stored(text))
    assert xml_attribute(text) == quoteattr(text)


@given(TEXT, st.integers(1, 130))
def test_lines_are_counted_by_characters(text: str, width: int) -> None:
    widths = [sum(2 if each > "\u2e7f" else 1 for each in line) for line in text.split("\n")]
    assert line_count(text, width) == sum(max(1, math.ceil(each / width)) for each in widths)


def test_a_worker_that_marks_loads_neither_tables_nor_rules() -> None:
    heavy = "{'pandas', 'numpy', 'pydantic', 'xlsxwriter', 'ssl', 'pipeline.rules'}"
    code = f"import sys, pipeline.render.marks; print(*sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout.split() == []
