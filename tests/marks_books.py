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
THREADED = (
    '<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments">'
    '<threadedComment ref="E4" dT="2024-05-01T00:00:00.00" personId="{1}" id="{2}"><text>请核对</text>'
    "</threadedComment></ThreadedComments>"
)
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
    """Drop-downs of both kinds, chart, picture, notes, text box, conditional formats, names, protection."""
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
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": f"='{DATA}'!$C$3:$C$10"})
    sheet.insert_chart("J20", chart)
    sheet.write_url("E3", "https://example.com/a?b=1&c=2")
    sheet.protect("", {"autofilter": True})
    book.define_name("资源类型代码", "=代码表!$A$1:$A$3")
    book.define_name(f"'{DATA}'!本表", f"='{DATA}'!$A$1")
    sheet.print_area(0, 0, 9, 7)
    sheet.activate()
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


def _inject(parts: dict[str, bytes]) -> None:
    """What xlsxwriter cannot write: WPS cell pictures, a threaded comment, customXml."""
    parts["xl/cellimages.xml"] = CELL_IMAGES.encode()
    parts["xl/threadedComments/threadedComment1.xml"] = THREADED.encode()
    parts["customXml/item1.xml"] = b"<a xmlns='urn:a'/>"
    _replace(parts, "[Content_Types].xml", "</Types>", (
        '<Override PartName="/xl/cellimages.xml" ContentType="application/vnd.wps-officedocument.cellimage+xml"/>'
        '<Override PartName="/xl/threadedComments/threadedComment1.xml" '
        'ContentType="application/vnd.ms-excel.threadedcomments+xml"/></Types>'
    ))  # fmt: skip
    _replace(parts, "xl/_rels/workbook.xml.rels", "</Relationships>", (
        '<Relationship Id="rId90" Type="http://www.wps.cn/officeDocument/2020/cellImage" Target="cellimages.xml"/>'
        '<Relationship Id="rId91" Target="../customXml/item1.xml" Type="http://schemas.openxmlformats.org/'
        'officeDocument/2006/relationships/customXml"/></Relationships>'
    ))  # fmt: skip
    _replace(parts, "xl/worksheets/_rels/sheet2.xml.rels", "</Relationships>", (
        '<Relationship Id="rId92" Type="http://schemas.microsoft.com/office/2017/10/relationships/threadedComment" '
        'Target="../threadedComments/threadedComment1.xml"/></Relationships>'
    ))  # fmt: skip
    _replace(parts, "xl/comments2.xml", "</authors>", "<author>tc={2}</author></authors>")
    _replace(parts, "xl/comments2.xml", "</commentList>", (
        '<comment ref="E4" authorId="2"><text><t>[Threaded comment]</t></text></comment></commentList>'
    ))  # fmt: skip


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
        "field": HEADERS[column - 1] if column else "资源名称", "value": value,
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
