"""The real type decides: .xls, .ods and text are read, everything else is named."""

from __future__ import annotations

import os
import struct
import zipfile
from pathlib import Path

import pytest

from pipeline.model import Area, Book, Kind, Rejection
from pipeline.read.book import read_book
from tests.small_tables import by_cell

SECTOR = 512


def record(code: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", code, len(body)) + body


def wide(text: str, size: str = "<H") -> bytes:
    return struct.pack(size, len(text)) + b"\x01" + text.encode("utf-16-le")


BOF = struct.pack("<HHHHLL", 0x0600, 0x0005, 0, 1997, 0, 6)
SHEET_BOF = struct.pack("<HHHHLL", 0x0600, 0x0010, 0, 1997, 0, 6)


def cell(code: int, row: int, column: int, style: int, body: bytes) -> bytes:
    return record(code, struct.pack("<HHH", row, column, style) + body)


def number(row: int, column: int, style: int, value: float) -> bytes:
    return cell(0x0203, row, column, style, struct.pack("<d", value))


def biff(formats: list[int], codes: dict[int, str], strings: list[str], rows: bytes, extra: bytes = b"",
         date1904: bool = False) -> bytes:  # fmt: skip
    """The records of a BIFF8 workbook with one sheet, 资源清单."""
    font = (
        struct.pack("<HHHHHBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 134, 0) + struct.pack("<BB", 5, 0) + b"Arial"
    )
    head = record(0x0809, BOF) + record(0x0042, struct.pack("<H", 1200)) + extra
    head += record(0x0022, struct.pack("<H", date1904)) + record(0x0031, font) * 5
    head += b"".join(record(0x041E, struct.pack("<H", key) + wide(code)) for key, code in codes.items())
    head += b"".join(record(0x00E0, struct.pack("<HHH", 0, key, 0) + bytes(14)) for key in formats)
    sst = struct.pack("<LL", len(strings), len(strings)) + b"".join(wide(text) for text in strings)
    tail = record(0x00FC, sst) + record(0x000A)
    name = struct.pack("<B", 4) + b"\x01" + "资源清单".encode("utf-16-le")
    start = len(head) + 4 + 6 + len(name) + len(tail)
    head += record(0x0085, struct.pack("<LBB", start, 0, 0) + name) + tail
    return head + record(0x0809, SHEET_BOF) + rows + record(0x000A)


def ole(streams: dict[str, bytes]) -> bytes:
    """A compound file of a few streams, each filled up beyond the short-stream limit."""
    fat: list[int] = [0xFFFFFFFD]
    entries = [("Root Entry", 5, 0xFFFFFFFE, 0, 1)]
    body = b""
    for at, (name, data) in enumerate(streams.items()):
        data = data.ljust(4096, b"\0")
        data = data.ljust(-(-len(data) // SECTOR) * SECTOR, b"\0")
        first, count = len(fat), len(data) // SECTOR
        fat += [*range(first + 1, first + count), 0xFFFFFFFE]
        right = at + 2 if at + 1 < len(streams) else 0xFFFFFFFF
        entries.append((name, 2, first, len(data), right))
        body += data
    directory = len(fat)
    table = b""
    for name, kind, first, size, link in entries:
        raw = name.encode("utf-16-le") + b"\0\0"
        right, child = (0xFFFFFFFF, link) if kind == 5 else (link, 0xFFFFFFFF)
        table += raw.ljust(64, b"\0") + struct.pack("<HBBLLL", len(raw), kind, 1, 0xFFFFFFFF, right, child)
        table += bytes(36) + struct.pack("<LQ", first, size)
    table = table.ljust(-(-len(table) // SECTOR) * SECTOR, b"\0")
    sectors = len(table) // SECTOR
    fat += [*range(directory + 1, directory + sectors), 0xFFFFFFFE]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xLLLLLLLLL", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, directory, 0, 4096,
                          0xFFFFFFFE, 0, 0xFFFFFFFE, 0)  # fmt: skip
    header += struct.pack("<L", 0) + b"\xff\xff\xff\xff" * 108
    packed = struct.pack(f"<{len(fat)}L", *fat).ljust(SECTOR, b"\xff")
    assert len(packed) == SECTOR
    return header + packed + body + table


STRINGS = ["资源名称", " 前后　\n二", '=DISPIMG("ID_1",1)']
ROWS = b"".join(
    [
        record(0x0208, struct.pack("<HHHHLHH", 4, 0, 4, 255, 0, 0x20, 0)),
        cell(0x00FD, 0, 1, 0, struct.pack("<L", 0)),
        cell(0x00FD, 0, 2, 0, struct.pack("<L", 1)),
        cell(0x00FD, 0, 3, 0, struct.pack("<L", 2)),
        number(1, 0, 1, 44643.0),
        number(1, 1, 2, 1.5),
        number(1, 2, 3, 1.0),
        number(1, 3, 0, 0.1 + 0.2),
        number(1, 4, 4, 1.5),
        cell(0x0205, 2, 0, 0, b"\x01\x00"),
        cell(0x0205, 2, 1, 0, b"\x17\x01"),
        cell(0x0006, 2, 2, 0, struct.pack("<dHL", 7.0, 0, 0) + struct.pack("<H", 3) + b"\x1e\x01\x00"),
        cell(0x0201, 3, 0, 1, b""),
        number(4, 0, 0, 1e17),
        record(0x00E5, struct.pack("<HHHHH", 1, 5, 6, 0, 2)),
    ]
)
FORMATS = [0, 31, 46, 176, 21]


def xls(path: Path, extra: bytes = b"", rows: bytes = ROWS, date1904: bool = False, **streams: bytes) -> Path:
    content = biff(FORMATS, {176: "00"}, STRINGS, rows, extra, date1904)
    path.write_bytes(ole({"Workbook": content} | streams))
    return path


def book(path: Path) -> Book:
    found = read_book(path)
    assert isinstance(found, Book), found
    return found


def refusal(path: Path) -> Rejection:
    found = read_book(path)
    assert isinstance(found, Rejection), found
    assert found.remedy.startswith("请")
    return found


@pytest.mark.parametrize(
    ("data", "remedy"),
    [
        (b"<html><table><tr><td>1</td></tr></table></html>", "另存为 .xlsx 再报送"),
        (b"\x09\x00\x04\x00", "另存为 .xlsx 再报送"),
        (b"Rar!\x1a\x07\x00", "请解压后只报送里面的表格文件"),
        (b"7z\xbc\xaf\x27\x1c", "请解压后只报送里面的表格文件"),
        (b"%PDF-1.7", "请改报用标准模板填写的 .xlsx 工作簿"),
        (b"\xff\xd8\xff\xe0", "请改报用标准模板填写的 .xlsx 工作簿"),
    ],
)
def test_the_remedy_is_one_that_can_be_followed(tmp_path: Path, data: bytes, remedy: str) -> None:
    """WPS and Excel open neither archives nor pictures."""
    (tmp_path / "清单.xlsx").write_bytes(data)
    assert refusal(tmp_path / "清单.xlsx").remedy.endswith(remedy)


def test_xls_comes_back_cell_by_cell(tmp_path: Path) -> None:
    found = book(xls(tmp_path / "a.xls"))
    assert found.kind == "xls"
    (sheet,) = found.sheets
    assert sheet.name == "资源清单"
    assert sheet.rows == {
        1: {2: "资源名称", 3: " 前后　\n二", 4: '=DISPIMG("ID_1",1)'},
        2: {1: "2022-03-23", 2: "36:00:00", 3: "01", 4: "0.3", 5: "36:00:00"},
        3: {1: "TRUE", 2: "#REF!", 3: "7"},
        5: {1: "100000000000000000"},
    }
    assert by_cell(sheet.kinds) == {
        (1, 4): Kind.PICTURE, (2, 1): Kind.DATE, (2, 2): Kind.TIME, (2, 3): Kind.NUMBER, (2, 4): Kind.NUMBER,
        (2, 5): Kind.TIME, (3, 1): Kind.BOOL, (3, 2): Kind.ERROR, (3, 3): Kind.NUMBER, (5, 1): Kind.NUMBER,
    }  # fmt: skip
    assert sheet.formulas == {(3, 3)}
    assert sheet.merged == (Area(6, 1, 7, 3),)


def test_xls_dates_of_1904_and_the_name_of_the_file_do_not_matter(tmp_path: Path) -> None:
    for name in ("a.xls", "a.et", "a.xlsx", "a"):
        found = book(xls(tmp_path / name, date1904=True))
        assert found.date1904
        assert found.sheets[0].rows[2][1] == "2026-03-24"


def test_xls_hidden_columns_and_links(tmp_path: Path) -> None:
    address = "https://a.cn/1\0".encode("utf-16-le")
    monikers = (
        bytes.fromhex("d0c9ea79f9bace118c8200aa004ba90b"),
        bytes.fromhex("e0c9ea79f9bace118c8200aa004ba90b"),
    )
    link = struct.pack("<4H", 1, 2, 0, 0) + monikers[0] + struct.pack("<LL", 2, 3) + monikers[1]
    extra = record(0x007D, struct.pack("<6H", 1, 2, 2048, 0, 1, 0))
    extra += record(0x01B8, link + struct.pack("<L", len(address)) + address)
    (sheet,) = book(xls(tmp_path / "a.xls", rows=ROWS + extra)).sheets
    assert sheet.hidden_columns == ((2, 2), (3, 3))
    assert sheet.links == ((Area(2, 1, 3, 1), "https://a.cn/1"),)
    assert sheet.checked is None


def test_xls_macros_and_links_are_listed(tmp_path: Path) -> None:
    outside = record(0x01AE, struct.pack("<H", 1) + wide("\x01b.xls"))
    own = record(0x01AE, struct.pack("<H", 1) + b"\x01\x04")
    macro = record(0x0085, struct.pack("<LBB", 0, 0, 1) + b"\x01\x00m")
    assert book(xls(tmp_path / "a.xls", own)).active == ()
    assert book(xls(tmp_path / "a.xls", outside + macro)).active == ("宏", "外部链接")


def test_xls_that_is_locked_or_broken(tmp_path: Path) -> None:
    path = xls(tmp_path / "a.xls", record(0x002F, bytes(54)))
    assert "密码" in refusal(path).cause
    xls(path, rows=ROWS + record(0x0203, b"")[:3])
    assert "损坏" in refusal(path).cause
    whole = xls(path).read_bytes()
    for part in range(1, 18):
        path.write_bytes(whole[: len(whole) * part // 18])
        refusal(path)


@pytest.mark.parametrize(
    ("stream", "named"),
    [
        ("EncryptedPackage", "密码"),
        ("WordDocument", "Word"),
        ("PowerPoint Document", "演示"),
        ("Other", "不是表格"),
    ],
)
def test_other_ole_files_are_named(tmp_path: Path, stream: str, named: str) -> None:
    (tmp_path / "a.xlsx").write_bytes(ole({stream: b"x"}))
    assert named in refusal(tmp_path / "a.xlsx").cause


# --- OpenDocument

NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"


def ods(path: Path, rows: str, manifest: str = "<m/>", mimetype: str = ODS_TYPE) -> Path:
    content = (
        f"<office:document-content {NAMES}><office:automatic-styles>"
        '<style:style style:name="ta1" style:family="table"><style:table-properties table:display="false"/>'
        "</style:style></office:automatic-styles><office:body><office:spreadsheet>"
        f'<table:table table:name="资源清单">{rows}</table:table>'
        '<table:table table:name="藏" table:style-name="ta1"/></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", mimetype)
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", content)
        archive.writestr(
            "meta.xml",
            '<a xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:date>2024-05-01T08:00:00</dc:date></a>',
        )
    return path


def ods_cell(kind: str, value: str, shown: str = "", more: str = "") -> str:
    name = {"float": "value", "percentage": "value", "string": "string-value"}.get(kind, f"{kind}-value")
    return (
        f'<table:table-cell office:value-type="{kind}" office:{name}="{value}" {more}>'
        f"<text:p>{shown}</text:p></table:table-cell>"
    )


@pytest.mark.parametrize(
    ("cell_xml", "text", "kind"),
    [
        (ods_cell("float", "1", "01"), "01", Kind.NUMBER),
        (ods_cell("float", "36500", "36,500"), "36500", Kind.NUMBER),
        (ods_cell("percentage", "0.5", "50%"), "0.5", Kind.NUMBER),
        (ods_cell("date", "2022-03-23", "22/3/23"), "2022-03-23", Kind.DATE),
        (ods_cell("date", "2022-03-23T08:00:00"), "2022-03-23 08:00:00", Kind.DATE),
        (ods_cell("time", "PT36H00M00S", "12:00"), "36:00:00", Kind.TIME),
        (ods_cell("time", "PT02H45M31.999999999S"), "02:45:32", Kind.TIME),
        (ods_cell("boolean", "true"), "TRUE", Kind.BOOL),
        (ods_cell("string", "", "#REF!", 'calcext:value-type="error"'), "#REF!", Kind.ERROR),
        ('<table:table-cell table:formula="of:=[.A1]"/>', "=[.A1]", Kind.UNCALCULATED),
        (
            '<table:table-cell office:value-type="string">'
            "<office:annotation><text:p>批注</text:p></office:annotation>"
            "<text:p>甲<text:s text:c='2'/>乙<text:tab/><text:span>丙</text:span> \n 丁"
            "<text:line-break/>戊</text:p>"
            "<text:p>第二段　</text:p></table:table-cell>",
            "甲  乙\t丙 丁\n戊\n第二段　",
            Kind.TEXT,
        ),
    ],
)
def test_ods_cells(tmp_path: Path, cell_xml: str, text: str, kind: Kind) -> None:
    found = book(ods(tmp_path / "a.xlsx", f"<table:table-row>{cell_xml}</table:table-row>"))
    assert found.kind == "ods"
    assert found.modified == "2024-05-01T08:00:00"
    assert [(sheet.name, sheet.hidden) for sheet in found.sheets] == [("资源清单", False), ("藏", True)]
    assert found.sheets[0].rows == {1: {1: text}}
    assert found.sheets[0].kinds == ({} if kind is Kind.TEXT else {1: {1: kind}})


def test_ods_repetition_hidden_rows_and_merges(tmp_path: Path) -> None:
    rows = (
        '<table:table-header-rows><table:table-row><table:table-cell table:number-columns-repeated="2"/>'
        + ods_cell("float", "7", "7", 'table:number-columns-repeated="2"')
        + "</table:table-row></table:table-header-rows>"
        '<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>'
        '<table:table-row table:visibility="filter" table:number-rows-repeated="2"><table:table-cell '
        'office:value-type="string" table:number-columns-spanned="2" table:number-rows-spanned="1">'
        "<text:p>甲</text:p></table:table-cell><table:covered-table-cell/>"
        "<table:table-cell office:value-type='string'><text:p>乙</text:p></table:table-cell>"
        "</table:table-row>"
        '<table:table-row table:number-rows-repeated="1048570">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    sheet = book(ods(tmp_path / "a.ods", rows)).sheets[0]
    assert sheet.rows == {1: {3: "7", 4: "7"}, 5: {1: "甲", 3: "乙"}, 6: {1: "甲", 3: "乙"}}
    assert sheet.hidden_rows == {5, 6}
    assert sheet.filtered
    assert sheet.merged == (Area(5, 1, 5, 2),)


def test_ods_hidden_columns_and_links(tmp_path: Path) -> None:
    rows = (
        '<table:table-column table:number-columns-repeated="2"/>'
        '<table:table-column table:visibility="collapse" table:number-columns-repeated="3"/>'
        "<table:table-column/><table:table-row><table:table-cell/>"
        '<table:table-cell office:value-type="string"><text:p>'
        '<text:a xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="https://b.cn/">https://a.cn</text:a></text:p></table:table-cell></table:table-row>'
    )
    sheet = book(ods(tmp_path / "a.ods", rows)).sheets[0]
    assert sheet.rows == {1: {2: "https://a.cn"}}
    assert (sheet.hidden_columns, sheet.filtered) == (((3, 5),), False)
    assert sheet.links == ((Area(1, 2, 1, 2), "https://b.cn/"),)


@pytest.mark.parametrize(
    "times", ['table:number-rows-repeated="2000000"', 'table:number-rows-repeated="900000"']
)
def test_ods_repetition_without_bounds_is_refused(tmp_path: Path, times: str) -> None:
    repeated = ods_cell("float", "7", "7", 'table:number-columns-repeated="9"')
    assert refusal(ods(tmp_path / "a.ods", f"<table:table-row {times}>{repeated}</table:table-row>"))


def test_ods_that_is_locked_or_no_table(tmp_path: Path) -> None:
    locked = '<m xmlns:manifest="m"><manifest:encryption-data/></m>'
    assert "密码" in refusal(ods(tmp_path / "a.ods", "", locked)).cause
    text = ods(tmp_path / "a.ods", "", mimetype="application/vnd.oasis.opendocument.text")
    assert "OpenDocument" in refusal(text).cause


# --- delimited text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_delimited_text(tmp_path: Path, encoding: str, delimiter: str) -> None:
    header = delimiter.join(["资源名称", "主讲人", "顺序"])
    body = delimiter.join(['"䶮""甲""\n二"', '"张建华;朱新"', "01"])
    (tmp_path / "a.csv").write_bytes(f"{header}\r\n\r\n{body}\r\n".encode(encoding))
    found = book(tmp_path / "a.csv")
    assert found.kind == "csv"
    assert found.sheets[0].name == "a"
    assert found.sheets[0].rows == {1: {1: "资源名称", 2: "主讲人", 3: "顺序"},
                                    3: {1: '䶮"甲"\n二', 2: "张建华;朱新", 3: "01"}}  # fmt: skip
    assert found.sheets[0].kinds == {}


@pytest.mark.parametrize("content", ['甲,"乙\n丙,丁\n', '甲,"乙"丙\n', "甲,\x00乙"])
def test_text_that_would_be_read_wrongly_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.csv").write_text(content, encoding="utf-8")
    refusal(tmp_path / "a.csv")


# --- everything else

HTML = "<!DOCTYPE html><html><body><table><tr><td>资源名称</td></tr></table></body></html>"
OTHERS: dict[str, tuple[bytes, str]] = {
    "html": (HTML.encode(), "网页"),
    "login page": ("\n<html><head><title>登录</title></head>".encode("gb18030"), "网页"),
    "html after a declaration": (b'<?xml version="1.0"?><html xmlns="x"/>', "网页"),
    "mht": (b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "MHT"),
    "xml 2003": (
        b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
        "2003",
    ),
    "xml": (b'<?xml version="1.0"?><a/>', "XML"),
    "csv": ("资源名称,主讲人".encode("gb18030"), "纯文本"),
    "pdf": (b"%PDF-1.7", "PDF"),
    "rar": (b"Rar!\x1a\x07\x00", "RAR"),
    "7z": (b"7z\xbc\xaf\x27\x1c", "7z"),
    "exe": (b"MZ\x90\x00", "EXE"),
    "png": (b"\x89PNG\r\n", "PNG"),
    "jpg": (b"\xff\xd8\xff\xe0", "JPG"),
    "mp4": (b"\0\0\0\x18ftypmp42", "MP4"),
    "rtf": (b"{\\rtf1", "RTF"),
    "empty": (b"", "空的"),
    "zeros": (bytes(5000), "空白字节"),
    "noise": (bytes(range(128, 256)) * 9 + b"\x01", "损坏"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_the_real_type_is_named(tmp_path: Path, kind: str) -> None:
    content, named = OTHERS[kind]
    (tmp_path / "a.xlsx").write_bytes(content)
    assert named in refusal(tmp_path / "a.xlsx").cause


def test_a_web_page_named_csv_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HTML, encoding="utf-8")
    assert "网页" in refusal(tmp_path / "a.csv").cause


@pytest.mark.parametrize(
    ("member", "named"),
    [("word/document.xml", "Word"), ("ppt/presentation.xml", "演示"), ("xl/workbook.bin", "XLSB"),
     ("Index/Document.iwa", "Numbers"), ("表.xlsx", "压缩包")],
)  # fmt: skip
def test_other_packages_are_named(tmp_path: Path, member: str, named: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr(member, "x")
    assert named in refusal(tmp_path / "a.xlsx").cause


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").mkdir()
    refusal(tmp_path / "a.xlsx")
    refusal(tmp_path / "absent.xlsx")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a POSIX thing")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.xlsx")
    refusal(tmp_path / "a.xlsx")


def test_a_file_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.xlsx").open("wb") as out:
        out.write(b"PK\x03\x04")
        out.truncate(3 << 30)
    assert "3072 MB" in refusal(tmp_path / "a.xlsx").cause
