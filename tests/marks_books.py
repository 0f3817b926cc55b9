"""Workbooks for the tests of marking, made in memory: as rich as a unit's own file can be."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping

import xlsxwriter

from pipeline.model import Severity
from pipeline.render.returned import Mark, Returned

HEADERS = ("资源名称", "资源类型", "资源时长", "创建时间", "版权方", "主讲人", "资源封面", "资源文件")
DATA = "资源清单"
IDENTITY = {"unit": "郑州市/第一中学", "workbook": "报送.xlsx", "sha256": "ab" * 32, "round": "2"}

CELL_IMAGES = (
    '<etc:cellImages xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData">'
    "<etc:cellImage/></etc:cellImages>"
)
_THREADS_NS = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
_PERSON, _THREAD = "{0A1B2C3D-0000-4000-8000-000000000001}", "{0A1B2C3D-0000-4000-8000-000000000002}"
THREADED = (
    f'<ThreadedComments xmlns="{_THREADS_NS}"><threadedComment ref="E4" dT="2024-05-01T00:00:00.00" '
    f'personId="{_PERSON}" id="{_THREAD}"><text>请核对</text></threadedComment></ThreadedComments>'
)
PERSONS = (
    f'<personList xmlns="{_THREADS_NS}"><person displayName="王五" id="{_PERSON}" userId="w" '
    'providerId="None"/></personList>'
)
X14_LIST = (
    '<ext uri="{CCE6A557-97BC-4B89-ADB6-D9C93CAAB3DF}" '
    'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main">'
    '<x14:dataValidations count="1" '
    'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><x14:dataValidation type="list" '
    'allowBlank="1"><x14:formula1><xm:f>代码表!$A$1:$A$3</xm:f></x14:formula1><xm:sqref>H3:H10</xm:sqref>'
    "</x14:dataValidation></x14:dataValidations></ext>"
)
"""A drop-down whose list is on another sheet, as Excel 2010 and WPS store it."""
Parts = Callable[[dict[str, bytes]], None]


def png() -> bytes:
    """A picture of one pixel."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">2L5B", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")


def plain_book(rows: int = 5, *, title_rows: int = 1, filtered: bool = False, table: bool = False) -> bytes:
    """One sheet 资源清单: a title, a header, rows of text."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet(DATA)
    for n in range(title_rows):
        sheet.write_string(n, 0, "继续教育数字化资源")
    _write_rows(sheet, title_rows, rows, None)
    last = title_rows + rows
    if filtered:
        sheet.autofilter(title_rows, 0, last, len(HEADERS) - 1)
    if table:
        columns = [{"header": name} for name in HEADERS]
        sheet.add_table(title_rows, 0, last, len(HEADERS) - 1, {"columns": columns})
    book.close()
    return out.getvalue()


def rich_book() -> bytes:
    """Drop-downs of both kinds, chart, picture, notes, text box, formats, sparkline, table, protection."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    info = book.add_worksheet("单位信息")
    info.write_column(0, 0, ["单位名称", "负责人姓名"])
    info.write_column(0, 1, ["第一中学", "李四"])
    info.write_comment("B2", "旧批注", {"x_scale": 3, "visible": True})
    sheet = book.add_worksheet(DATA)
    codes = book.add_worksheet("代码表")
    codes.write_column(0, 0, ["A01", "A02", "A03"])
    codes.hide()
    head = book.add_format({"bold": True, "bg_color": "#4472C4", "font_color": "white", "border": 1})
    sheet.merge_range(0, 0, 0, 7, "继续教育数字化资源征集", head)
    _write_rows(sheet, 1, 8, head)
    bold, red = book.add_format({"bold": True}), book.add_format({"font_color": "red"})
    sheet.write_rich_string(3, 0, bold, "航空", red, "发动机", "基础")
    sheet.write_datetime(4, 3, _day(), book.add_format({"num_format": "yyyy-mm-dd"}))
    sheet.write_formula(5, 4, '=A6&"大学"', None, "课程4大学")
    sheet.write_formula(6, 6, '=DISPIMG("ID_1",1)', None, '=DISPIMG("ID_1",1)')
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 7, 14)
    sheet.set_column(8, 16383, 9, None, {"hidden": True})
    sheet.set_row(4, 40)
    sheet.freeze_panes(2, 0)
    sheet.autofilter(1, 0, 9, 7)
    sheet.data_validation(2, 1, 9, 1, {"validate": "list", "source": "=代码表!$A$1:$A$3"})
    sheet.conditional_format("C3:C10", {"type": "duplicate", "format": red})
    sheet.conditional_format("C3:C10", {"type": "data_bar", "data_bar_2010": True})
    sheet.write_comment("A4", "单位自己的批注", {"width": 333, "visible": True, "author": "王五"})
    sheet.write_comment("H9", "另一个批注")
    sheet.insert_image("J2", "a.png", {"image_data": io.BytesIO(png())})
    sheet.insert_textbox("J8", "请于5月15日前报送")
    sheet.add_sparkline("H3", {"range": f"'{DATA}'!C3:C10"})
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": f"='{DATA}'!$C$3:$C$10"})
    sheet.insert_chart("J20", chart)
    sheet.write_url("E3", "https://example.com/a?b=1&c=2")
    sheet.protect("", {"autofilter": True})
    book.define_name("资源类型代码", "=代码表!$A$1:$A$3")
    book.define_name(f"'{DATA}'!本表", f"='{DATA}'!$A$1")
    sheet.print_area(0, 0, 9, 7)
    sheet.activate()
    summary = book.add_worksheet("汇总")
    columns = [{"header": "类型", "total_string": "合计"}, {"header": "数量", "total_function": "sum"}]
    data = [["视频", 3], ["音频", 5]]
    summary.add_table("A1:B4", {"columns": columns, "data": data, "total_row": True})
    book.close()
    return with_parts(out.getvalue(), _inject)


def _day() -> object:
    import datetime

    return datetime.datetime(2024, 5, 1)


def _write_rows(sheet: object, header: int, rows: int, look: object) -> None:
    write = sheet.write_string  # type: ignore[attr-defined]
    for column, name in enumerate(HEADERS):
        write(header, column, name, look)
    for n in range(1, rows + 1):
        values = (
            f"课程{n}",
            "视频资源",
            "45:30",
            "2022.3",
            "第一中学",
            "张三、李四",
            f"{n}.png",
            f"视频/{n}.mp4",
        )
        for column, value in enumerate(values):
            write(header + n, column, value)


_WPS_IMAGES = "application/vnd.wps-officedocument.cellimage+xml"
_THREADS = "application/vnd.ms-excel.threadedcomments+xml"
_PERSONS = "application/vnd.ms-excel.person+xml"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATION = '<Relationship Id="{}" Type="{}" Target="{}"/>'


def _inject(parts: dict[str, bytes]) -> None:
    """What xlsxwriter cannot write: WPS cell pictures, a threaded comment, an x14 list, customXml."""
    threads = "xl/threadedComments/threadedComment1.xml"
    parts["xl/cellimages.xml"] = CELL_IMAGES.encode()
    parts[threads] = THREADED.encode()
    parts["xl/persons/person.xml"] = PERSONS.encode()
    parts["customXml/item1.xml"] = b"<a xmlns='urn:a'/>"
    before(parts, "xl/worksheets/sheet2.xml", "</extLst>", X14_LIST)
    types = (("xl/cellimages.xml", _WPS_IMAGES), (threads, _THREADS), ("xl/persons/person.xml", _PERSONS))
    for name, type_ in types:
        before(
            parts, "[Content_Types].xml", "</Types>", f'<Override PartName="/{name}" ContentType="{type_}"/>'
        )
    images = _RELATION.format("rId90", "http://www.wps.cn/officeDocument/2020/cellImage", "cellimages.xml")
    custom = _RELATION.format("rId91", f"{_OFFICE}/customXml", "../customXml/item1.xml")
    kind = "http://schemas.microsoft.com/office/2017/10/relationships/person"
    persons = _RELATION.format("rId93", kind, "persons/person.xml")
    before(parts, "xl/_rels/workbook.xml.rels", "</Relationships>", images + custom + persons)
    kind = "http://schemas.microsoft.com/office/2017/10/relationships/threadedComment"
    relation = _RELATION.format("rId92", kind, f"../{threads[3:]}")
    before(parts, "xl/worksheets/_rels/sheet2.xml.rels", "</Relationships>", relation)
    before(parts, "xl/comments2.xml", "</authors>", f"<author>tc={_THREAD}</author>")
    thread = '<comment ref="E4" authorId="2"><text><t>[Threaded comment]</t></text></comment>'
    before(parts, "xl/comments2.xml", "</commentList>", thread)


def active_book() -> bytes:
    """A workbook with macros, a link to another workbook, a query and a connection."""
    return with_parts(plain_book(), _activate)


def _activate(parts: dict[str, bytes]) -> None:
    macro = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
    parts["xl/vbaProject.bin"] = b"macro"
    parts["xl/externalLinks/externalLink1.xml"] = b"<externalLink/>"
    parts["xl/externalLinks/_rels/externalLink1.xml.rels"] = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/externalLinkPath" Target="b.xlsx" TargetMode="External"/>'
        "</Relationships>"
    ).encode()
    parts["xl/connections.xml"] = b"<connections/>"
    parts["xl/queryTables/queryTable1.xml"] = b"<queryTable/>"
    parts["xl/calcChain.xml"] = b"<calcChain/>"
    parts["xl/worksheets/_rels/sheet1.xml.rels"] = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        + _RELATION.format("rId1", f"{_OFFICE}/queryTable", "../queryTables/queryTable1.xml")
        + "</Relationships>"
    ).encode()
    related = (
        _RELATION.format("rId50", macro, "vbaProject.bin")
        + _RELATION.format("rId51", f"{_OFFICE}/externalLink", "externalLinks/externalLink1.xml")
        + _RELATION.format("rId52", f"{_OFFICE}/connections", "connections.xml")
        + _RELATION.format("rId53", f"{_OFFICE}/calcChain", "calcChain.xml")
    )
    before(parts, "xl/_rels/workbook.xml.rels", "</Relationships>", related)
    types = parts["[Content_Types].xml"].decode()
    types = types.replace(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    ).replace(
        "</Types>", '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
    )
    parts["[Content_Types].xml"] = types.encode()
    names = (
        '<externalReferences><externalReference r:id="rId51"/></externalReferences>'
        "<definedNames><definedName name=\"外\">'[1]表'!$A$1</definedName>"
        '<definedName name="内">资源清单!$A$1</definedName>'
        "</definedNames>"
    )
    before(parts, "xl/workbook.xml", "<calcPr", names)
    formulas = (
        '<c r="I3"><f>[1]表!A1</f><v>5</v></c>'
        '<c r="J3"><f t="shared" ref="J3:J4" si="0">[1]表!B1</f><v>6</v></c>'
        '<c r="K3"><f>SUM(A1:A2)</f><v>0</v></c><c r="L3" t="str"><f>cmd|\'/c calc\'!A0</f><v>x</v></c></row>'
    )
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    sheet = sheet.replace('</row><row r="4"', formulas + '<row r="4"')
    sheet = sheet.replace('</row><row r="5"', '<c r="J4"><f t="shared" si="0"/><v>7</v></c></row><row r="5"')
    parts["xl/worksheets/sheet1.xml"] = sheet.encode()


def before(parts: dict[str, bytes], name: str, mark: str, text: str) -> None:
    """Put text before a place in a part."""
    _replace(parts, name, mark, text + mark)


def _replace(parts: dict[str, bytes], name: str, old: str, new: str) -> None:
    assert old.encode() in parts[name], (name, old)
    parts[name] = parts[name].replace(old.encode(), new.encode())


def with_parts(data: bytes, change: Parts) -> bytes:
    """The package with its parts changed in place by `change`."""
    parts = parts_of(data)
    change(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def replaced(data: bytes, name: str, *pairs: tuple[str, str]) -> bytes:
    """The package with texts in one part replaced; each must be there."""

    def change(parts: dict[str, bytes]) -> None:
        for old, new in pairs:
            _replace(parts, name, old, new)

    return with_parts(data, change)


def parts_of(data: bytes) -> dict[str, bytes]:
    """Every part by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def finding(row: int, column: int, value: str, **other: object) -> Mark:
    """A mark with usual texts; `other` sets its fields."""
    usual: Mapping[str, object] = {
        "severity": Severity.ERROR, "sheet": DATA, "row": row, "column": column,
        "field": HEADERS[min(column, 8) - 1] if column else "资源名称", "value": value,
        "message": f"“{value}”不对。", "fix": "请改正。", "suggestion": "", "safe": False,
        "code": "R1-1", "source": "附件4 表1", "plain": True,
    }  # fmt: skip
    return Mark(**{**usual, **other})  # type: ignore[arg-type]


def returned(*marks: Mark, header: int = 2, last: int = 10, **other: object) -> Returned:
    """What goes into a book whose data begin below `header`."""
    usual: Mapping[str, object] = {
        "head": ("请于 2024年5月15日 前改好后原样送回。", "有疑问请拨打 0371-58525325。"),
        "identity": IDENTITY, "sheet": DATA, "header_row": header, "last_row": last, "marks": marks,
    }  # fmt: skip
    return Returned(**{**usual, **other})  # type: ignore[arg-type]


def usual_marks() -> tuple[Mark, ...]:
    """Marks of each kind for `rich_book`."""
    warning, note = Severity.WARNING, Severity.NOTE
    return (
        finding(3, 2, "视频资源", severity=warning, suggestion="A01", safe=True),
        finding(4, 2, "视频资源", severity=warning, suggestion="A01", safe=True),
        finding(4, 1, "航空发动机基础", message="名称太短。"),
        finding(4, 5, "第一中学", message="有人在讨论的格。"),
        finding(4, 3, "45:30", message="有两种读法。", suggestion="00:45:30"),
        finding(4, 3, "45:30", severity=note, message="与文件不一致。"),
        finding(5, 4, "2024-05-01", severity=note, plain=False),
        finding(6, 0, "", message="整行与第 5 行重复。", fix="删去一行。"),
        finding(2, 2, "李四", sheet="单位信息", field="负责人姓名", message="与登记表不一致。"),
        finding(0, 0, "", sheet="", field="", message="缺少附件1。", fix="请补送。"),
    )
