"""Workbooks come out cell by cell as stored, by whichever road, or are refused with a reason."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from datetime import date, time, timedelta
from itertools import zip_longest
from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image

from pipeline import grid
from pipeline.model import Area, Book, Kind, Rejection, Sheet, letters
from pipeline.read import cells, xlsx
from pipeline.read.book import read_book
from pipeline.read.budget import Budget
from pipeline.read.cells import NotPlain
from pipeline.read.formats import form_of
from pipeline.read.package import divided, xml_text
from pipeline.read.pictures import described_as
from pipeline.read.refusal import BadValue, Refused
from tests.small_tables import by_cell

NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_REL = "http://schemas.openxmlformats.org/package/2006/relationships"
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
STYLES = (
    f'<styleSheet xmlns="{NS}"><numFmts count="1"><numFmt numFmtId="176" formatCode="00"/></numFmts>'
    '<cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="31"/><xf numFmtId="46"/><xf numFmtId="176"/>'
    '<xf numFmtId="21"/></cellXfs></styleSheet>'
)


def sheet_xml(rows: str, around: str = "", ns: str = NS) -> str:
    return f'{DECLARATION}<worksheet xmlns="{ns}"><sheetData>{rows}</sheetData>{around}</worksheet>'


def strings_xml(*items: str, ns: str = NS) -> str:
    inside = "".join(item if item.startswith("<") else f"<si><t>{item}</t></si>" for item in items)
    return f'{DECLARATION}<sst xmlns="{ns}" count="1" uniqueCount="1">{inside}</sst>'


def package(
    path: Path,
    sheet: str | bytes,
    strings: str | bytes | None = None,
    extra: dict[str, str | bytes] | None = None,
    properties: str = "",
    drop: str = "",
) -> Path:
    """A small workbook of raw parts; an extra part replaces one of the same name, drop leaves one out."""
    links = [("r1", "worksheet", "worksheets/sheet1.xml"), ("r2", "styles", "styles.xml")]
    if strings is not None:
        links.append(("r3", "sharedStrings", "sharedStrings.xml"))
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE_REL}"><Relationship Id="a" '
        f'Type="{REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{NS}" xmlns:r="{REL}">{properties}<sheets>'
        '<sheet name="资源清单" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE_REL}">'
        + "".join(f'<Relationship Id="{i}" Type="{REL}/{t}" Target="{p}"/>' for i, t, p in links)
        + "</Relationships>",
        "xl/styles.xml": STYLES,
        "xl/worksheets/sheet1.xml": sheet,
    }
    if strings is not None:
        parts["xl/sharedStrings.xml"] = strings
    parts |= extra or {}
    parts.pop(drop, None)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def book(path: Path) -> Book:
    found = read_book(path)
    assert isinstance(found, Book), found
    return found


def only(path: Path) -> Sheet:
    return book(path).sheets[0]


def refusal(path: Path) -> Rejection:
    found = read_book(path)
    assert isinstance(found, Rejection)
    assert found.cause
    assert found.remedy.startswith("请")
    assert not found.cause.endswith("。")
    return found


# --- real writers


def test_xlsxwriter_book_comes_back_cell_by_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet("资源清单")
        made.add_chartsheet("图")
        hidden = made.add_worksheet("隐藏")
        hidden.hide()
        hidden.write_string(2, 3, "在第三张")
        day, long = (
            made.add_format({"num_format": "yyyy-mm-dd"}),
            made.add_format({"num_format": "[h]:mm:ss"}),
        )
        two = made.add_format({"num_format": "00"})
        sheet.write_row(2, 1, ["资源名称", "简介\n第二行", "　前后 "])
        sheet.write_datetime(3, 0, date(2022, 3, 23), day)
        sheet.write_datetime(3, 1, timedelta(hours=36), long)
        sheet.write_number(3, 2, 1, two)
        sheet.write_boolean(3, 3, True)
        sheet.write_formula(3, 4, "=A1*2", None, 7)
        sheet.write_formula(3, 5, '=IF(A1="","",1)', None, "")
        sheet.write_formula(3, 6, "=NA()", None, "#N/A")
        sheet.write_rich_string(3, 7, "前", made.add_format({"bold": True}), "粗<&>", "后")
        sheet.write_string(3, 8, "http://a?b=1&c=<2>_x000D_")
        sheet.merge_range("A6:C7", "合并")
        sheet.set_row(5, None, None, {"hidden": True})
        sheet.write_blank(8, 0, None, day)
    found = book(path)
    assert [(sheet.name, sheet.hidden) for sheet in found.sheets] == [("资源清单", False), ("隐藏", True)]
    assert found.sheets[1].rows == {3: {4: "在第三张"}}
    first = found.sheets[0]
    assert first.rows == {
        3: {2: "资源名称", 3: "简介\n第二行", 4: "　前后 "},
        4: {1: "2022-03-23", 2: "36:00:00", 3: "01", 4: "TRUE", 5: "7", 6: '=IF(A1="","",1)', 7: "#N/A",
            8: "前粗<&>后", 9: "http://a?b=1&c=<2>_x000D_"},
        6: {1: "合并"},
    }  # fmt: skip
    assert by_cell(first.kinds) == {
        (4, 1): Kind.DATE, (4, 2): Kind.TIME, (4, 3): Kind.NUMBER, (4, 4): Kind.BOOL,
        (4, 5): Kind.NUMBER, (4, 6): Kind.UNCALCULATED, (4, 7): Kind.ERROR,
    }  # fmt: skip
    assert first.formulas == {(4, 5), (4, 6), (4, 7)}
    assert first.merged == (Area(6, 1, 7, 3),)
    assert first.hidden_rows == {6}
    assert found.kind == "xlsx"
    assert found.modified.startswith("20")


def test_openpyxl_book_comes_back_cell_by_cell(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    sheet.append(["创建时间", date(2022, 3, 23), time(2, 45, 32), timedelta(hours=36), 0.1 + 0.2, 10**15 + 1])
    sheet.append([None, "=SUM(A1:A2)", '=_xlfn.DISPIMG("ID_1",1)', True, "#REF!", " 0x "])
    sheet["A4"].number_format = "yyyy-mm-dd"
    made.save(tmp_path / "a.xlsx")
    found = only(tmp_path / "a.xlsx")
    assert found.rows == {
        1: {1: "创建时间", 2: "2022-03-23", 3: "02:45:32", 4: "36:00:00", 5: "0.3", 6: str(10**15 + 1)},
        2: {2: "=SUM(A1:A2)", 3: '=_xlfn.DISPIMG("ID_1",1)', 4: "TRUE", 5: "#REF!", 6: " 0x "},
    }
    assert found.kinds[2][2] is Kind.UNCALCULATED
    assert found.kinds[3][2] is Kind.PICTURE
    assert found.kinds[5][2] is Kind.ERROR


# --- what the format allows

CELLS: list[tuple[str, str, Kind]] = [
    ('<c r="B2" t="s"><v>0</v></c>', "零", Kind.TEXT),
    ('<c r="B2" t="s"><v> 0 </v></c>', "零", Kind.TEXT),
    ('<c r="B2" t="inlineStr"><is><t xml:space="preserve"> 内 </t></is></c>', " 内 ", Kind.TEXT),
    (
        '<c r="B2" t="inlineStr"><is><r><t>甲</t></r><r><t>乙</t></r>'
        '<rPh sb="0" eb="1"><t>音</t></rPh></is></c>',
        "甲乙",
        Kind.TEXT,
    ),
    ('<c r="B2" t="str"><f>A1</f><v>a&lt;b_x000D_\n_x005F_x000D_</v></c>', "a<b\r\n_x000D_", Kind.TEXT),
    ('<c r="B2" t="str"><f>A1</f><v></v></c>', "", Kind.TEXT),
    ('<c r="B2"><f>A1&amp;"x"</f></c>', '=A1&"x"', Kind.UNCALCULATED),
    ('<c r="B2"><f>A1</f><v/></c>', "=A1", Kind.UNCALCULATED),
    ('<c r="B2" s="2"><f t="shared" si="0"/><v>1.5</v></c>', "36:00:00", Kind.TIME),
    ('<c r="B2" t="e"><v>#SPILL!</v></c>', "#SPILL!", Kind.ERROR),
    ('<c r="B2" t="e"><f>A1</f><v>#CALC!</v></c>', "#CALC!", Kind.ERROR),
    ('<c r="B2" t="b"><v>0</v></c>', "FALSE", Kind.BOOL),
    ('<c r="B2" s="3"><v>1</v></c>', "01", Kind.NUMBER),
    ('<c s="3" r="B2"><v>1</v></c>', "01", Kind.NUMBER),
    ('<c r="B2" s="1" t="n"><v>44643</v></c>', "2022-03-23", Kind.DATE),
    ('<c r="B2" s="4"><v>0.1149</v></c>', "02:45:27", Kind.TIME),
    ('<c r="B2" s="1" t="d"><v>2022-03-23T00:00:00</v></c>', "2022-03-23", Kind.DATE),
    (
        '<c r="B2" t="str"><f>_xlfn.DISPIMG("ID_1",1)</f><v>=DISPIMG("ID_1",1)</v></c>',
        '=DISPIMG("ID_1",1)',
        Kind.PICTURE,
    ),
    ('<c r="B2" s="3"/>', "", Kind.TEXT),
    ('<c r="B2" s="1"></c>', "", Kind.TEXT),
    ('<c r="B2"><v><![CDATA[7]]></v></c>', "7", Kind.NUMBER),
    ('<c r="B2"><!-- x --><v>7</v></c>', "7", Kind.NUMBER),
    ('<c r="B2" t="str"><v>&#x4e2d;&#25991;&quot;</v></c>', '中文"', Kind.TEXT),
    ('<c r="B2" cm="1" vm="2"><v>7</v><extLst/></c>', "7", Kind.NUMBER),
]


@pytest.mark.parametrize(("cell", "text", "kind"), CELLS)
def test_a_cell_of_each_sort(tmp_path: Path, cell: str, text: str, kind: Kind) -> None:
    path = package(tmp_path / "a.xlsx", sheet_xml(f'<row r="2">{cell}</row>'), strings_xml("零"))
    found = only(path)
    assert found.rows == ({2: {2: text}} if text else {})
    assert found.kinds.get(2, {}).get(2, Kind.TEXT) is kind
    assert found.formulas == ({(2, 2)} if "<f" in cell else set())


def test_shared_strings_of_every_sort(tmp_path: Path) -> None:
    items = [
        '<si><t>姓名</t><phoneticPr fontId="1" type="noConversion"/></si>',
        '<si><r><rPr><b/></rPr><t xml:space="preserve">粗 </t></r><r><t>体</t></r>'
        '<rPh sb="0" eb="1"><t>cu</t></rPh><phoneticPr fontId="1"/></si>',
        "<si><t/></si>",
        "<si/>",
        "<si><t>_x000B__xD83D__xDE00__xD83D_</t></si>",
        "<si><t> a\r\nb </t></si>",
    ]
    cell = "".join(f'<c r="{letter}1" t="s"><v>{at}</v></c>' for at, letter in enumerate("ABCDEF"))
    found = only(package(tmp_path / "a.xlsx", sheet_xml(f'<row r="1">{cell}</row>'), strings_xml(*items)))
    assert found.rows == {1: {1: "姓名", 2: "粗 体", 5: "\x0b😀�", 6: " a\nb "}}


FIRST_ROW = '<row r="1" spans="1:3"><c r="A1" t="s"><v>0</v></c><c r="C1" s="1"><v>44643</v></c></row>'
LAST_ROW = '<row r="61" hidden="1"><c r="B61" t="s"><v>1</v></c><c r="C61" s="3"><v>7</v></c></row>'
GOOD = FIRST_ROW + LAST_ROW
MERGED = '<mergeCells count="1"><mergeCell ref="A1:B2"/></mergeCells>'
GOOD_SHEET = sheet_xml(GOOD, MERGED)
GOOD_STRINGS = strings_xml("资源&amp;名称", "甲")
NO_REFERENCES = (
    "<row><c t='s'><v>0</v></c><c/><c s='1'><v>44643</v></c></row>" + "<row/>" * 59 +
    "<row hidden='true'><c/><c t='s'><v>1</v></c><c s='3'><v>7</v></c></row>"
)  # fmt: skip


def prefixed(xml: str) -> str:
    for tag in ("worksheet", "sheetData", "row", "c", "v", "mergeCells", "mergeCell", "sst", "si", "t"):
        xml = xml.replace(f"<{tag} ", f"<x:{tag} ").replace(f"<{tag}>", f"<x:{tag}>")
        xml = xml.replace(f"</{tag}>", f"</x:{tag}>")
    return xml.replace("xmlns=", "xmlns:x=")


VARIANTS: dict[str, tuple[str | bytes, str | bytes]] = {
    "plain": (GOOD_SHEET, GOOD_STRINGS),
    "prefixed": (prefixed(GOOD_SHEET), prefixed(GOOD_STRINGS)),
    "strict": (GOOD_SHEET.replace(NS, STRICT), GOOD_STRINGS.replace(NS, STRICT)),
    "utf-16": (GOOD_SHEET.encode("utf-16"), GOOD_STRINGS.encode("utf-16")),
    "utf-16 without mark": (GOOD_SHEET.encode("utf-16-le"), GOOD_STRINGS.encode("utf-16-be")),
    "utf-8 with mark": (GOOD_SHEET.encode("utf-8-sig"), GOOD_STRINGS.encode("utf-8-sig")),
    "no references": (sheet_xml(NO_REFERENCES, MERGED), GOOD_STRINGS),
    "comment": (GOOD_SHEET.replace("<row", "<!-- <row><c r='Z9'> --><row"), GOOD_STRINGS),
    "comment around": (GOOD_SHEET.replace("<sheetData>", "<!-- <sheetData/> --><sheetData>"), GOOD_STRINGS),
    "spread out": (GOOD_SHEET.replace("><", ">\r\n  <"), GOOD_STRINGS.replace("><", ">\n<")),
    "wrong dimension": (GOOD_SHEET.replace("<sheetData>", '<dimension ref="A1"/><sheetData>'), GOOD_STRINGS),
    "rows turned round": (sheet_xml(LAST_ROW + FIRST_ROW, MERGED), GOOD_STRINGS),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_same_values_however_it_is_written(tmp_path: Path, variant: str) -> None:
    found = only(package(tmp_path / "a.xlsx", *VARIANTS[variant]))
    assert found.rows == {1: {1: "资源&名称", 3: "2022-03-23"}, 61: {2: "甲", 3: "07"}}
    assert list(found.rows) == [1, 61]
    assert found.kinds == {3: {1: Kind.DATE, 61: Kind.NUMBER}}
    assert found.merged == (Area(1, 1, 2, 2),)
    assert found.hidden_rows == {61}


def test_dates_of_1904(tmp_path: Path) -> None:
    path = package(tmp_path / "a.xlsx", GOOD_SHEET, GOOD_STRINGS, properties='<workbookPr date1904="1"/>')
    assert book(path).date1904
    assert only(path).rows[1][3] == "2026-03-24"


def test_what_could_act_is_listed(tmp_path: Path) -> None:
    links = (
        f'<Relationships xmlns="{PACKAGE_REL}"><Relationship Id="r1" Type="{REL}/worksheet" '
        f'Target="/xl/worksheets/sheet1.xml"/><Relationship Id="r4" Type="{REL}/externalLink" '
        f'Target="externalLinks/externalLink1.xml"/><Relationship Id="r5" Type="{REL}/connections" '
        'Target="connections.xml"/></Relationships>'
    )
    extra: dict[str, str | bytes] = {"xl/_rels/workbook.xml.rels": links, "xl/vbaProject.bin": b"x"}
    found = book(package(tmp_path / "a.xlsx", sheet_xml(""), extra=extra))
    assert found.active == ("宏", "外部链接", "数据连接")
    assert found.kind == "xlsm"


# --- one grammar, two roads

_texts = st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\n\t <>&]\"'"), max_size=12
)
_values = st.one_of(
    st.integers(0, 99).map(lambda n: (f' s="{n % 5}"', f"<v>{n}</v>")),
    st.floats(0, 60000, allow_subnormal=False).map(lambda n: (' s="1"', f"<v>{n!r}</v>")),
    st.sampled_from(["0", "1", "2"]).map(lambda n: (' t="s"', f"<v>{n}</v>")),
    _texts.map(lambda t: (' t="inlineStr"', f"<is><t>{escape(t)}</t></is>")),
    _texts.map(lambda t: (' t="str"', f"<f>{escape(t)}</f><v>{escape(t)}</v>")),
    st.just((' s="1"', "")),
)


@st.composite
def written_rows(draw: st.DrawFn) -> str:
    rows = []
    for number in sorted(draw(st.sets(st.integers(1, 1_048_576), max_size=5))):
        inside = ""
        for column in sorted(draw(st.sets(st.integers(1, 16_384), max_size=6))):
            attributes, content = draw(_values)
            inside += f'<c r="{letters(column)}{number}"{attributes}>{content}</c>'
        rows.append(f'<row r="{number}">{inside}</row>')
    return "".join(rows)


FORMS = tuple(form_of(code) for code in ("General", "yyyy-mm-dd", "[h]:mm:ss", "00", "h:mm:ss"))


def by_plain_road(xml: str) -> Sheet | str | None:
    reading = xlsx.SheetReading(xlsx.Ways(FORMS, False), xlsx.SharedStrings(["零", "一", "二", ""]), Budget())
    try:
        around, inside = divided(xml.encode(), "表", "sheetData")
        return xlsx.sheet_of("表", False, cells.plain_sheet(around, inside), around, "表", reading)
    except NotPlain:
        return None
    except Refused as verdict:
        return verdict.cause


def by_full_road(xml: str) -> Sheet | str:
    reading = xlsx.SheetReading(xlsx.Ways(FORMS, False), xlsx.SharedStrings(["零", "一", "二", ""]), Budget())
    try:
        text = xml_text(xml.encode(), "表")
        return xlsx.sheet_of("表", False, cells.parsed_rows(text, "表"), text, "表", reading)
    except Refused as verdict:
        return verdict.cause


@given(written_rows())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_both_roads_read_the_same(rows: str) -> None:
    xml = sheet_xml(rows, MERGED)
    plain = by_plain_road(xml)
    if "]]>" not in xml:
        assert plain is not None
        assert plain == by_full_road(xml)


def test_the_plain_road_never_reads_what_the_full_road_would_not() -> None:
    """Altered at random, a part is read alike by both, left to the full road, or refused by both."""
    dice = random.Random(192)
    plain_cells = [text for text, _, _ in CELLS if by_plain_road(sheet_xml(f'<row r="2">{text}</row>'))]
    rows = (
        f'<row r="{70 + at}">{text.replace("B2", f"B{70 + at}")}</row>' for at, text in enumerate(plain_cells)
    )
    whole = sheet_xml(GOOD + "".join(rows), MERGED)
    assert isinstance(by_plain_road(whole), Sheet)
    pieces = [
        "<",
        ">",
        "&",
        '"',
        "/",
        "c",
        " ",
        "&amp;",
        "<v>",
        "</c>",
        "<!--",
        "]]>",
        "A1",
        "\x01",
        "7",
        "-1",
    ]
    same = 0
    for _ in range(600):
        at = dice.randrange(len(DECLARATION), len(whole))
        altered = whole[:at] + dice.choice(pieces) * dice.randrange(2) + whole[at + dice.randrange(3) :]
        plain = by_plain_road(altered)
        full = by_full_road(altered)
        if isinstance(plain, Sheet):
            assert plain == full, altered[at - 30 : at + 30]
            same += 1
        elif isinstance(plain, str):
            assert isinstance(full, str)
    assert same > 20


def by_small_road(xml: str, strings: list[str]) -> tuple[Sheet, object, set[str]] | None:
    """The sheet, what is left of the budget, and what reaches out; None if another road is due."""
    reading = xlsx.SheetReading(xlsx.Ways(FORMS, False), xlsx.SharedStrings(strings), Budget())
    around, inside = divided(xml.encode(), "表", "sheetData")
    try:
        found = xlsx._small_sheet("表", False, xlsx._Stored("表", around, inside, ()), reading)
    except (NotPlain, Refused, BadValue):
        return None
    assert found.recurs
    return replace(found, recurs=False), reading.budget.left, reading.outside


@given(written_rows(), st.lists(_texts, min_size=2, max_size=4))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_remembered_sheet_is_what_reading_it_again_would_give(rows: str, strings: list[str]) -> None:
    reaching_out = '<row r="7"><c r="A7"><f>[1]!B1</f><v>1</v></c></row>'
    xml = sheet_xml(reaching_out + rows, MERGED)
    for said in (["零", "一", "二"], strings, ["零", "一", "二"]):
        reading = xlsx.SheetReading(xlsx.Ways(FORMS, False), xlsx.SharedStrings(said), Budget())
        around, inside = divided(xml.encode(), "表", "sheetData")
        try:
            plain = xlsx.sheet_of("表", False, cells.plain_sheet(around, inside), around, "表", reading)
        except (NotPlain, Refused):
            assert by_small_road(xml, said) is None
        else:
            assert by_small_road(xml, said) == (plain, reading.budget.left, reading.outside)


def alike_rows(numbers: list[int], values: list[tuple[str, str]]) -> str:
    """Rows whose cells are written alike; a pair is attributes and content of one column."""
    return "".join(
        f'<row r="{number}" spans="1:9">'
        + "".join(
            f'<c r="{letters(at)}{number}"{attributes}>{content}</c>'
            for at, (attributes, content) in enumerate(values, start=1)
        )
        + "</row>"
        for number in numbers
    )


def one_by_one(xml: str) -> Sheet | str | None:
    """By the plain road, but cell by cell, in their order."""
    reading = xlsx.SheetReading(xlsx.Ways(FORMS, False), xlsx.SharedStrings(["零", "一", "二", ""]), Budget())
    try:
        around, inside = divided(xml.encode(), "表", "sheetData")
        return xlsx.sheet_of("表", False, cells.rows_in_turn(around, inside), around, "表", reading)
    except NotPlain:
        return None
    except Refused as verdict:
        return verdict.cause


_plain_values = st.one_of(
    st.sampled_from(["0", "1", "2", "3", "9", "01", " 2 ", "", "&#49;"]).map(
        lambda n: (' s="12" t="s"', f"<v>{n}</v>")
    ),
    st.sampled_from(["7", "44643", "0.5", "-1", "x", "1e400"]).flatmap(
        lambda n: st.sampled_from(["", ' s="1"', ' s="2" t="n"', ' s="11"']).map(
            lambda attributes: (attributes, f"<v>{n}</v>")
        )
    ),
    st.sampled_from([(' s="2"', ""), (' t="b"', "<v>1</v>"), (' t="str"', "<f>A1</f><v>甲</v>")]),
)


@given(
    st.lists(st.lists(_plain_values, max_size=4), max_size=4),
    st.lists(st.lists(st.integers(1, 23), max_size=4), min_size=4, max_size=4),
    st.sampled_from([1, 90, 1 << 18]),
    st.sampled_from([0, 1, 100]),
    st.booleans(),
    st.sampled_from(
        ["", "", "", " ", "\n", "<row r='7'>", '<row r="7">', "</row>", '<row r="40"/>', "x", "]]>"]
    ),
)
@settings(deadline=None, max_examples=300)
def test_blocks_of_rows_are_read_as_one_by_one(
    looks: list[list[tuple[str, str]]],
    numbers: list[list[int]],
    block: int,
    few: int,
    alternating: bool,
    between: str,
) -> None:
    rows = [[alike_rows([each], look) for each in those] for look, those in zip(looks, numbers, strict=False)]
    written = [row for those in (zip_longest(*rows, fillvalue="") if alternating else rows) for row in those]
    written.insert(len(written) // 2, between)
    xml = sheet_xml("".join(written))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "_BLOCK", block)
        patch.setattr(cells, "SMALL", 0)
        patch.setattr(cells, "_WORTH_A_LOOK", 10 * few)
        patch.setattr(grid, "_FEW", few)
        found, single = by_plain_road(xml), one_by_one(xml)
    full = by_full_road(xml)
    if isinstance(found, Sheet):
        assert found == single == full
        assert list(found.rows) == sorted(found.rows)
        assert [list(line) for line in found.rows.values()] == [sorted(line) for line in found.rows.values()]
    else:
        # What is wrong, and where first, the second road tells, or the full one.
        assert single is None or single == full
        assert between in ("<row r='7'>", "</row>", "x", "]]>") or isinstance(full, str)


_A, _B = '<c r="A2" s="1" t="s"><v>0</v></c>', '<c r="B2" s="3"><v>7</v></c>'


@pytest.mark.parametrize(
    "row",
    [
        f'<row r="2">{_A}{_B}</row>',
        '<row r="2"><c r="A2" s="2" t="s"><v>0</v></c><c r="B2"><v>2</v></c></row>',
        '<row r="2"><c r="A2" s="12" t="s"><v>0</v></c></row>',
        '<row r="2"><c r="A" s="12" t="s"><v>0</v></c></row>',
        '<row r="2"><c r="A22" s="1" t="s"><v>0</v></c></row>',
        '<row r="2"><c r="A12" t="s"><v>0</v></c></row>',
        f'<row r="2">{_B}{_A}</row>',
        f'<row r="2">{_A}{_A}</row>',
        f'<row r="2">{_A}</row><row r="2">{_B}</row>',
        f'<row r="1" s="1"/><row r="2">{_A}</row><row r="3"/><row r="4"><c r="A4" s="1"/></row><row r="5"/>',
        f'<row r="1"/>\n <row r="2">\n {_A}\n{_B} </row>\n<row r="3"><c r="A3"></c></row>',
        f'<row r="2">{_A}<row r="3"></row>',
        f'<row r="2">{_A}</row></row>',
        f'<row r="2">{_A}</row>甲',
        f'甲<row r="2">{_A}</row>',
        f'<row r="2">{_A}甲</row>',
        f'<row r="2"><v>1</v>{_A}</row>',
        '<row r="2"><c r="A2"><v>1</v><v>2</v></c></row>',
        '<row r="2"><c r="A2" t="s"><v></v></c><c r="B2"><v>1</v></c></row>',
        '<row r="2"><c r="A2" t="s"><v>3</v></c><c r="B2"><v>1</v></c></row>',
        '<row r="2" hidden="1"><c r="A2"><v>1</v></c></row><row r="3" hidden="0"><c r="A3"/></row>',
        '<row r="2"><c r="A2" s="1" s="1"><v>1</v></c></row>',
        '<row r="1048577"><c r="A1048577"><v>1</v></c></row>',
        '<row r="2"><c r="XFE2"><v>1</v></c></row>',
        '<row r="2"><c r="A2" t="s"><v>９</v></c></row>',
        '<row r="2"><c r="A2"><v>&#55;</v></c></row>',
        '<row r="2"><c r="A2"><v>7&bad;</v></c></row>',
    ],
)
def test_a_row_among_rows_that_look_alike(row: str) -> None:
    """Read, left to the full road, or refused: never otherwise than alone, and never what that would not."""
    others = '<row r="30"><c r="A30" s="1" t="s"><v>1</v></c><c r="B30" s="3"><v>8</v></c></row>'
    xml = sheet_xml(row + others)
    found, full = by_plain_road(xml), by_full_road(xml)
    if isinstance(found, Sheet):
        assert found == one_by_one(xml) == full
    elif isinstance(single := one_by_one(xml), Sheet):
        assert single == full
    elif single is not None:
        # Beyond XFD the full road does not say of which sheet.
        assert isinstance(full, str)
        assert single.removeprefix("工作表“表”的") == full.removeprefix("工作表“表”的")


_UNSORTED = '<c r="B1"><v>2</v></c><c r="A1"><v>1</v></c>'


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ('<row r="1"><c r="XFE1"><v>1</v></c></row>', "工作表“资源清单”的单元格 XFE1 超出了"),
        ('<row r="1"><c r="A1"><v>nan</v></c><c r="XFE1"/></row>', "工作表“资源清单”的单元格 A1 标为数字"),
        (
            '<row r="1048577"><c r="A1048577" s="0"/><c r="C1048577"><v>1</v></c></row>',
            "工作表“资源清单”的单元格 C1048577 超出了",
        ),
    ],
)
def test_of_several_faults_the_first_is_told_with_its_sheet(tmp_path: Path, rows: str, told: str) -> None:
    assert refusal(package(tmp_path / "a.xlsx", sheet_xml(rows))).cause.startswith(told)


@pytest.mark.parametrize(
    "rows", [f'<row r="1" ht="1" ht="1">{_UNSORTED}</row>', f'<row r="1">{_UNSORTED}<c r="XFE1"/></row>']
)
def test_cells_out_of_turn_do_not_make_other_things_wrong(tmp_path: Path, rows: str) -> None:
    assert only(package(tmp_path / "a.xlsx", sheet_xml(rows))).rows == {1: {1: "1", 2: "2"}}


@given(st.lists(_texts, max_size=6))
def test_both_roads_read_the_same_strings(texts: list[str]) -> None:
    text = strings_xml(*(f"<si><t>{escape(each)}</t></si>" for each in texts)).removeprefix(DECLARATION)
    if "]]>" not in text:
        assert cells.plain_strings(text) == cells.parsed_strings(text, "") == texts


def test_common_writers_take_the_plain_road(tmp_path: Path) -> None:
    """The speed of the program rests on it."""
    path = tmp_path / "a.xlsx"
    made = openpyxl.Workbook()
    made.worksheets[0].append(["甲", 1, "=A1", None, date(2022, 1, 1)])
    made.save(path)
    with zipfile.ZipFile(path) as archive:
        by_openpyxl = archive.read("xl/worksheets/sheet1.xml")
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as other:
        other.add_worksheet().write_row(0, 0, ["甲", 1, "=A1", None, True])
    with zipfile.ZipFile(stream) as archive:
        by_xlsxwriter = archive.read("xl/worksheets/sheet1.xml")
    for part in (by_openpyxl, by_xlsxwriter):
        rows = cells.plain_sheet(*divided(part, "", "sheetData"))
        assert len(list(rows)) == 1


# --- what stands around the rows


def test_hidden_columns_filters_links_and_live_checks_of_a_real_writer(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet("资源清单")
        sheet.write_row(0, 0, ["甲", "乙", "丙", "丁"])
        sheet.write_row(1, 0, ["x", "y", "z", "w"])
        sheet.set_column(1, 2, None, None, {"hidden": True})
        sheet.set_row(1, None, None, {"hidden": True})
        sheet.autofilter("A1:D2")
        sheet.filter_column(0, "x == 1")
        sheet.data_validation("A2:A9", {"validate": "list", "source": ["x"]})
        sheet.data_validation("B2:B9", {"validate": "any", "input_message": "只是提示"})
        sheet.write_url("A3", "https://a.cn/?a=1&b=2#/课程", string="https://a.cn")
        sheet.write_url("B3", "internal:资源清单!A1", string="下面")
        sheet.write_formula("C3", '=HYPERLINK("https://b.cn/""1""","c")', None, "c")
        sheet.write_formula("D3", '=HYPERLINK(A3,"c")', None, "c")
        made.add_worksheet("别的")
    first, second = book(path).sheets
    assert (first.filtered, first.hidden_rows, first.hidden_columns) == (True, {2}, ((2, 3),))
    assert first.checked == (Area(2, 1, 9, 1),)
    assert first.links == (
        (Area(3, 3, 3, 3), 'https://b.cn/"1"'),
        (Area(3, 1, 3, 1), "https://a.cn/?a=1&b=2#/课程"),
        (Area(3, 2, 3, 2), "#资源清单!A1"),
    )
    assert (second.filtered, second.hidden_columns, second.links, second.checked) == (False, (), (), ())


EXTENDED_LIST = (
    '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" '
    'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" '
    'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><x14:dataValidations count="1">'
    '<x14:dataValidation type="list"><x14:formula1><xm:f>代码表!$A$2:$A$4</xm:f></x14:formula1>'
    "<xm:sqref>C2:C9 E5</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst>"
)


@pytest.mark.parametrize("comment", ["", "<!-- the other road -->"])
def test_a_list_on_another_sheet_is_a_live_check_too(tmp_path: Path, comment: str) -> None:
    path = package(tmp_path / "a.xlsx", sheet_xml("", comment + EXTENDED_LIST))
    assert only(path).checked == (Area(2, 3, 9, 3), Area(5, 5, 5, 5))


def test_wrong_references_around_the_rows_bend_no_value(tmp_path: Path) -> None:
    around = (
        '<cols><col min="0" max="3" hidden="1"/><col min="2" max="99999" hidden="1"/></cols>'
        '<dataValidations><dataValidation type="list" sqref="XFE1 A0 B2"/></dataValidations>'
        '<hyperlinks><hyperlink ref="A1:XFE9" location="x"/></hyperlinks>'
    )
    found = only(package(tmp_path / "a.xlsx", sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>', around)))
    assert found.rows == {1: {1: "1"}}
    assert (found.hidden_columns, found.checked, found.links) == (((2, 16_384),), (Area(2, 2, 2, 2),), ())


THREADS = (
    '<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments">'
    '<threadedComment ref="A1" id="{1}"/><threadedComment ref="A1" id="{2}" parentId="{1}"/>'
    '<threadedComment ref="A2" id="{3}" done="1"/></ThreadedComments>'
)


def test_open_discussions_and_a_log_of_changes_are_left_over(tmp_path: Path) -> None:
    def leftovers(**extra: str) -> tuple[str, ...]:
        parts = {f"xl/{name}.xml": text for name, text in extra.items()}
        return book(package(tmp_path / "a.xlsx", sheet_xml(""), extra=parts)).leftovers

    assert leftovers() == leftovers(comments1="<comments/>") == ()
    assert leftovers(**{"threadedComments/threadedComment1": THREADS}) == ("1 处没有解决的批注讨论",)
    assert leftovers(**{"revisions/revisionHeaders": "<headers/>"}) == ("修订记录",)
    resolved = THREADS.replace('id="{1}"/>', 'id="{1}" done="1"/>')
    assert leftovers(**{"threadedComments/threadedComment1": resolved}) == ()


def picture(kind: str, size: tuple[int, int]) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", size, "teal").save(data, kind)
    return data.getvalue()


def test_pictures_inside_cells_are_named_by_format_and_size(tmp_path: Path) -> None:
    kinds = {"JPEG": (640, 360), "PNG": (12, 345), "GIF": (7, 8), "BMP": (9, 10)}
    parts: dict[str, str | bytes] = {f"xl/media/{kind}": picture(kind, size) for kind, size in kinds.items()}
    parts["xl/media/WEBP"] = b"RIFF\0\0\0\0WEBP"
    images = "".join(
        f'<etc:cellImage><xdr:pic><xdr:nvPicPr><xdr:cNvPr id="1" name="ID_{kind}"/></xdr:nvPicPr>'
        f'<xdr:blipFill><a:blip r:embed="{kind}"/></xdr:blipFill></xdr:pic></etc:cellImage>'
        for kind in (*kinds, "WEBP", "LOST")
    )
    parts["xl/cellimages.xml"] = (
        '<etc:cellImages xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData" '
        'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
        f'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="{REL}">'
        f"{images}</etc:cellImages>"
    )
    parts["xl/_rels/cellimages.xml.rels"] = (
        f'<Relationships xmlns="{PACKAGE_REL}">'
        + "".join(
            f'<Relationship Id="{kind}" Type="{REL}/image" Target="media/{kind}"/>'
            for kind in (*kinds, "WEBP")
        )
        + "</Relationships>"
    )
    assert book(package(tmp_path / "a.xlsx", sheet_xml(""), extra=parts)).pictures == {
        "ID_JPEG": "JPG 640×360", "ID_PNG": "PNG 12×345", "ID_GIF": "GIF 7×8", "ID_BMP": "BMP 9×10",
    }  # fmt: skip


@pytest.mark.parametrize("kept", [0, 3, 4, 20, 25, 100, 158])
def test_a_picture_that_ends_early_is_not_described(kept: int) -> None:
    assert described_as(picture("JPEG", (640, 360))[:kept]) == ""
    assert described_as(picture("PNG", (640, 360))[: min(kept, 20)]) == ""


# --- hostile


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ('<row r="1"><c r="A1" t="s"><v>-1</v></c></row>', "A1"),
        ('<row r="1"><c r="A1" t="s"><v>9</v></c></row>', "A1"),
        ('<row r="1"><c r="A1" t="s"><v>x</v></c></row>', "A1"),
        (f'<row r="1"><c r="A1" t="s"><v>{"9" * 5000}</v></c></row>', "A1"),
        ('<row r="1"><c r="A1"><v>12a</v></c></row>', "A1"),
        ('<row r="1"><c r="A1" s="9"><v>1</v></c></row>', "A1"),
        ('<row r="1"><c r="A1" t="b"><v>2</v></c></row>', "A1"),
        ('<row r="1"><c r="A1" t="q"><v>2</v></c></row>', "A1"),
        ('<row r="1"><c r="B1"><v>1</v></c><c r="B1"><v>2</v></c></row>', "B1"),
        ('<row r="1"><c r="B1"><v>1</v></c></row><row r="1"><c r="C1"><v>2</v></c></row>', "第 1 行"),
        ('<row r="1"><c r="B2"><v>1</v></c></row>', "B2"),
        ('<row r="1"><c r="XFE1"><v>1</v></c></row>', "XFE1"),
        ('<row r="1048577"><c r="A1048577"><v>1</v></c></row>', "A1048577"),
        ('<row r="1"><c r="a1"><v>1</v></c></row>', "a1"),
        ('<row r="0"><c r="A0"><v>1</v></c></row>', "“0”"),
        ('<row r="1"><cell/></row>', "cell"),
        ('<row r="1"><c r="A1"><v>1</v></row>', "sheet1.xml"),
        ('<row r="1"><c r="A1" t="str"><v>&#1;</v></c></row>', "sheet1.xml"),
        ('<row r="1"><c r="A1" t="str"><v>\x01</v></c></row>', "sheet1.xml"),
        ('<row r="1"><c r="A1" t="str"><v>&nbsp;</v></c></row>', "sheet1.xml"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, row: str, named: str) -> None:
    path = package(tmp_path / "a.xlsx", sheet_xml(row), strings_xml("零"))
    assert named in refusal(path).cause


@pytest.mark.parametrize("ref", ["A1:XFE2", "A0:B2", "B2:A1", "", "A1:B1048577"])
def test_a_wrong_merged_area_is_refused(tmp_path: Path, ref: str) -> None:
    around = f'<mergeCells><mergeCell ref="{ref}"/></mergeCells>'
    assert "合并单元格" in refusal(package(tmp_path / "a.xlsx", sheet_xml("", around))).cause


def test_the_last_cell_and_a_merge_of_everything_are_read(tmp_path: Path) -> None:
    rows = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    around = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    found = only(package(tmp_path / "a.xlsx", sheet_xml(rows, around)))
    assert found.rows == {1_048_576: {16_384: "1"}}
    assert found.merged == (Area(1, 1, 1_048_576, 16_384),)


def test_formatted_empty_rows_are_trimmed(tmp_path: Path) -> None:
    rows = "".join(
        f'<row r="{n}" s="1"><c r="A{n}" s="1"/><c r="B{n}" s="2"/></row>' for n in range(2, 20_000)
    )
    found = only(package(tmp_path / "a.xlsx", sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>' + rows)))
    assert found.rows == {1: {1: "1"}}


NEEDED = (
    "xl/worksheets/sheet1.xml",
    "xl/styles.xml",
    "xl/sharedStrings.xml",
    "xl/workbook.xml",
    "_rels/.rels",
)
DOCTYPE = '<!DOCTYPE x [<!ENTITY a "b">]>'


@pytest.mark.parametrize("part", [*NEEDED, "docProps/app.xml", "xl/comments1.xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_doctype_is_refused_in_every_part(tmp_path: Path, part: str, encoding: str) -> None:
    document = f"{DECLARATION}<!-- a -->\n{DOCTYPE}<x/>".encode(encoding)
    path = package(tmp_path / "a.xlsx", GOOD_SHEET, GOOD_STRINGS, {part: document})
    assert part in refusal(path).cause


def test_a_doctype_inside_a_text_is_text(tmp_path: Path) -> None:
    rows = f'<row r="1"><c r="A1" t="str"><v>{escape(DOCTYPE)}</v></c></row>'
    assert only(package(tmp_path / "a.xlsx", sheet_xml(rows))).rows == {1: {1: DOCTYPE}}


@pytest.mark.parametrize("part", NEEDED)
def test_a_missing_part_is_refused(tmp_path: Path, part: str) -> None:
    path = package(tmp_path / "a.xlsx", GOOD_SHEET, GOOD_STRINGS, drop=part)
    assert "缺少" in refusal(path).cause or "不在里面" in refusal(path).cause


def test_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    whole = package(tmp_path / "a.xlsx", GOOD_SHEET, GOOD_STRINGS).read_bytes()
    cut = tmp_path / "b.xlsx"
    for part in range(18):
        cut.write_bytes(whole[: len(whole) * part // 18])
        refusal(cut)


def test_a_flipped_bit_never_changes_a_value(tmp_path: Path) -> None:
    """Either the checksum of some part tells, or the bit was in nothing that counts."""
    path = package(tmp_path / "a.xlsx", GOOD_SHEET, GOOD_STRINGS)
    whole, good = path.read_bytes(), read_book(path)
    dice = random.Random(4)
    for _ in range(60):
        at = dice.randrange(len(whole))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << dice.randrange(8)]) + whole[at + 1 :])
        found = read_book(path)
        assert isinstance(found, Rejection) or found == good


def test_a_damaged_part_that_is_not_needed_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    package(path, GOOD_SHEET, GOOD_STRINGS, {"xl/media/image1.png": b"\x89PNG" + bytes(range(256)) * 9})
    data = path.read_bytes()
    at = data.index(b"xl/media/image1.png") + 60
    path.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
    assert "image1.png" in refusal(path).cause


def bomb(path: Path, name: str, size: int) -> Path:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as out:
        for _ in range(size >> 20):
            out.write(b" " * (1 << 20))
    return path


@pytest.mark.parametrize("name", ["xl/worksheets/sheet2.xml", "unread.bin"])
def test_a_bomb_is_refused_before_it_is_inflated(tmp_path: Path, name: str) -> None:
    path = bomb(package(tmp_path / "a.xlsx", GOOD_SHEET, GOOD_STRINGS), name, 40 << 20)
    assert "恶意压缩" in refusal(path).cause


def test_a_size_that_lies_is_refused(tmp_path: Path) -> None:
    path = bomb(package(tmp_path / "a.xlsx", GOOD_SHEET, GOOD_STRINGS), "unread.xml", 40 << 20)
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<L", 40 << 20), struct.pack("<L", 1000)))
    assert "unread.xml" in refusal(path).cause


@pytest.mark.parametrize("declared", [0, 1, 99, 101])
def test_a_small_size_that_lies_is_refused(tmp_path: Path, declared: int) -> None:
    path = package(tmp_path / "a.xlsx", GOOD_SHEET, GOOD_STRINGS, {"unread.bin": bytes(range(100))})
    data = path.read_bytes()
    at = data.rindex(b"unread.bin") - 46
    assert struct.unpack_from("<L", data, at + 24) == (100,)
    path.write_bytes(data[: at + 24] + struct.pack("<L", declared) + data[at + 28 :])
    if declared < 100:
        assert "unread.bin" in refusal(path).cause
    else:  # There is no more, and what there is has the right checksum.
        assert book(path)


def test_a_member_of_another_name_is_refused(tmp_path: Path) -> None:
    path = package(tmp_path / "a.xlsx", GOOD_SHEET, GOOD_STRINGS, {"unread.bin": b"a"})
    path.write_bytes(path.read_bytes().replace(b"unread.bin", b"others.bin", 1))
    assert "unread.bin" in refusal(path).cause


def test_overlapping_and_doubled_members_are_refused(tmp_path: Path) -> None:
    path = package(tmp_path / "a.xlsx", GOOD_SHEET, GOOD_STRINGS)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/STYLES.xml".lower(), STYLES)
    assert "同名" in refusal(path).cause
    path = package(tmp_path / "b.xlsx", GOOD_SHEET, GOOD_STRINGS, {"a.bin": b"a" * 99, "b.bin": b"a" * 99})
    data = path.read_bytes()
    first, second = data.index(b"a.bin") - 30, data.index(b"b.bin") - 30
    at = data.rindex(b"b.bin") - 4
    assert data[at : at + 4] == struct.pack("<L", second)
    path.write_bytes(data[:at] + struct.pack("<L", first) + data[at + 4 :])
    assert "重叠" in refusal(path).cause


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/x.xml", "C:/x.xml", "xl\\..\\..\\x.xml"])
def test_a_path_that_leaves_the_package_is_refused(tmp_path: Path, name: str) -> None:
    assert "路径" in refusal(package(tmp_path / "a.xlsx", GOOD_SHEET, GOOD_STRINGS, {name: "<x/>"})).cause


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = package(tmp_path / "a.xlsx", GOOD_SHEET, GOOD_STRINGS)
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    assert "密码" in refusal(path).cause


def test_too_many_members_and_cells_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(10_001):
            archive.writestr(f"{number}.xml", "")
    assert "10000" in refusal(path).cause
    monkeypatch.setattr("pipeline.read.budget.MOST_CELLS", 3)
    assert "内容过多" in refusal(package(path, GOOD_SHEET, GOOD_STRINGS)).cause


def test_the_same_sheet_name_twice_is_refused(tmp_path: Path) -> None:
    workbook = (
        f'<workbook xmlns="{NS}" xmlns:r="{REL}"><sheets><sheet name="a" r:id="r1"/>'
        '<sheet name="A" r:id="r1"/></sheets></workbook>'
    )
    path = package(tmp_path / "a.xlsx", GOOD_SHEET, GOOD_STRINGS, {"xl/workbook.xml": workbook})
    assert "两个" in refusal(path).cause


def test_a_part_of_another_kind_is_refused(tmp_path: Path) -> None:
    """It has no rows that we know of, which is not the same as no rows."""
    path = package(tmp_path / "a.xlsx", GOOD_SHEET.replace(NS, "urn:other"), GOOD_STRINGS)
    assert "sheet1.xml" in refusal(path).cause
