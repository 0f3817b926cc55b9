"""The standard workbook: blank for a unit to fill, or filled with rows for a list that we send.

What each column is called, wants and shows comes from `pipeline.fields`; nothing is said twice.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from pipeline.fields import (
    CODE_SHEET,
    FIELDS,
    GUIDE_SHEET,
    PLATFORM_HEADERS,
    PLATFORM_SHEET,
    RESOURCE_FILE,
    RESOURCE_SHEET,
    UNIT_LABELS,
    UNIT_SHEET,
    VERSION_SHEET,
    Field,
)
from pipeline.render.inert import clean, line_count
from pipeline.render.resourcesheet import INK, LINE, LOOKS, Styles, write_list

FILE_NAME = "数字资源元数据标准表.xlsx"
CODE_RANGE = "资源类型代码"
"""Defined name of the code list; `Field.excel` of 资源类型 refers to it."""

UNIT_TYPES: tuple[str, ...] = (
    "省辖市教育局", "济源示范区、航空港区", "省直管县（市）教育局", "高等学校", "省属中等职业学校",
    "行业企业及其他社会机构",
)  # fmt: skip
"""主送单位 of the notice, and whom its 征集范围 adds."""

LEVELS: tuple[str, ...] = ("第一级", "第二级", "第三级", "第四级", "第五级")
"""等级保护 has five levels (GB/T 22240)."""

LIVE_ROWS = 5000
"""Last row that has drop-downs, prompts and live marks when the workbook is blank."""

_CREATED = dt.datetime(2024, 4, 17)  # the notice's own date: the bytes must not depend on the clock

_FONT = "微软雅黑"
_SOFT = "#EEF2F7"


class Delivery(NamedTuple):
    """One row of 报送: what is sent, until when, and where to."""

    what: str
    until: str
    to: str


def deliveries_until(materials: str, resources: str) -> tuple[Delivery, ...]:
    """What the notice asks for and where it goes, by the days (yyyy-mm-dd) of the call."""
    papers = "登记表、安全审核情况说明（均加盖单位公章）"
    platform = "上传至国家开放大学终身教育平台 share.le.ouchn.cn"
    return (
        Delivery(papers, f"{materials} 前", "发送至邮箱 caichong@jyt.henan.gov.cn"),
        Delivery("本表、资源文件和封面", f"{resources} 前", platform),
    )


DELIVERIES = deliveries_until("2024-04-25", "2024-05-15")
"""The notice's own days and addresses."""

_STEPS = (
    "在“单位信息”填写本单位和负责人（每单位 1 人）。",
    "在“资源清单”从第 2 行起填写，一行一个资源。带 * 的列必填；第一行表头不要改动。",
    "视频、音频放在本单位文件夹内，文件名填到“资源文件”；封面文件名填到“资源封面”。",
    "在线课程可以报送文件，也可以只填“资源链接”；用链接报送的，请在“平台资质”填写所在平台。",
    "变红的格子是写法不对，变黄的格子是漏填，改好后颜色自动消失。填好直接报送本文件，不要另存为其他格式。",
)

_STANDARDS = (
    ("视频格式", "封装格式 mp4，视频编码 h.264，音频编码 aac。"),
    ("视频画面", "分辨率不低于 1280*720，视频帧率不低于 25fps，平均码率不小于 2Mbps。"),
    ("音频", "mp3 格式，采样频率不低于 44kHz，量化位数不低于 16位，双声道。"),
    ("链接方式的在线课程", "依托的平台安全保护等级不应低于第三级，资源链接可通过互联网正常访问。"),
    ("所有类型", "应支持最新版本的主流浏览器的在线播放。"),
)
"""附件3 of the notice, with its numbers."""

_MISTAKES = (
    "主讲人、关键词用了“；”“、”或“，”隔开：请用英文分号 ; 。",
    "“45:30”分不清是 45 分 30 秒还是 45 小时 30 分：请写全为 00:45:30。",
    "视频、音频只填了链接：视频、音频必须报送文件。",
    "封面是 png 改名的 jpg，或者把图片直接贴在表格里：请另存为 jpg 文件，格内填文件名。",
    "文件名和表中写的不一致，或者文件没有传完。",
    "同一系列里两个资源顺序相同，或者只填了系列没填顺序。",
    "合并单元格、改列名、留下示例行：请逐行填写，保持表头原样。",
)

_DIGITS_11 = (
    'OR({c}="",IFERROR(AND(LEN({c})=11,LEFT({c},1)="1",EXACT(TEXT(VALUE({c}),REPT("0",11)),{c})),FALSE))'
)
_DAY = 'OR({c}="",ISNUMBER({c}),IFERROR(EXACT(TEXT(DATEVALUE({c}),"yyyy-mm-dd"),{c}),FALSE))'

_UNIT_ENTRIES: Mapping[str, tuple[str, str]] = {
    "单位名称": ("单位全称，与公章一致。", ""),
    "单位类型": ("请从下拉列表中选择。", ""),
    "所属地区": ("单位所在的市、县（市、区），如：郑州市金水区。", ""),
    "负责人姓名": ("每单位指定负责人 1 名。", 'ISERROR(FIND("、",{c}))'),
    "职务": ("负责人的职务。", ""),
    "座机": ("区号-号码，如：0371-69691788。", 'OR({c}="",ISNUMBER(FIND("-",{c})))'),
    "手机": ("11 位手机号码，中间不加空格和横线。", _DIGITS_11),
    "电子邮箱": (
        "常用邮箱，@ 和 . 用半角，中间没有空格。",
        'OR({c}="",AND(ISNUMBER(FIND("@",{c})),ISNUMBER(FIND(".",{c})),ISERROR(FIND(" ",{c}))))',
    ),
    "安全审核日期": ("本单位完成内容安全审核的日期，格式 yyyy-mm-dd，如：2024-04-20。", _DAY),
    "登记表扫描件": ("加盖公章的登记表扫描件的文件名，放在本单位文件夹内。", ""),
    "安全审核说明扫描件": ("加盖公章的内容安全审核情况说明扫描件的文件名，放在本单位文件夹内。", ""),
}

_PLATFORM_ENTRIES: Mapping[str, tuple[str, int]] = {
    "部署平台": ("与“资源清单”的部署平台写法一致，如：中国大学MOOC。", 22),
    "域名": ("平台的域名，如：www.icourse163.org。", 26),
    "等保级别": ("平台的网络安全保护等级，不应低于第三级。", 12),
    "备案证明编号": ("等级保护备案证明编号，11 位-5 位，如：41010099001-21001；不是 ICP 备案号。", 26),
    "证明文件": ("备案证明或测评报告的文件名，放在本单位文件夹内。", 30),
}


def standard_workbook(
    *,
    codes: Mapping[str, str],
    version: str,
    call_id: str,
    rows: Sequence[Mapping[str, str]] = (),
    unit_info: Mapping[str, str] = MappingProxyType({}),
    platforms: Sequence[Mapping[str, str]] = (),
    deliveries: Sequence[Delivery] = DELIVERIES,
) -> bytes:
    """The .xlsx with all sheets; the same arguments give the same bytes.

    codes maps 资源类型代码 → 名称 (表2). version and call_id go onto the hidden sheet. rows,
    unit_info and platforms map field names, labels and headers to canonical text; what is
    absent stays blank. A whole number under 点击量 or 学习人数 is stored as a number, all else
    as text, so that nothing becomes a formula or a link. Text that a cell cannot hold is
    replaced by U+FFFD, or cut at 32,767 characters with a visible mark.
    """
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_urls": False,
            "strings_to_formulas": False,
            "default_format_properties": {"font_name": _FONT, "font_size": 10, "valign": "vcenter"},
        },
    )
    book.set_properties({"title": "数字化学习资源元数据标准表", "comments": version, "created": _CREATED})
    style = _styles(book)
    guide = book.add_worksheet(GUIDE_SHEET)
    unit = book.add_worksheet(UNIT_SHEET)
    resources = book.add_worksheet(RESOURCE_SHEET)
    platform = book.add_worksheet(PLATFORM_SHEET)
    code = book.add_worksheet(CODE_SHEET)
    hidden = book.add_worksheet(VERSION_SHEET)
    _write_guide(guide, style, deliveries)
    _write_unit(unit, style, unit_info)
    _write_resources(resources, style, rows)
    _write_platforms(platform, style, platforms)
    _write_codes(book, code, style, codes)
    _write_version(hidden, version, call_id)
    (resources if rows else guide).activate()
    book.close()
    return buffer.getvalue()


def _styles(book: Any) -> Styles:
    """The few looks that the sheets share."""
    edge = {"border": 1, "border_color": LINE}
    wrap = {"text_wrap": True}
    looks: dict[str, Mapping[str, Any]] = {
        "title": {"bold": True, "font_size": 16, "font_color": INK},
        "section": {"bold": True, "font_size": 11, "font_color": INK, "bottom": 1, "bottom_color": INK},
        "plain": wrap,
        "number in line": {"align": "center", "font_color": INK},
        "label": {**edge, **wrap, "bold": True, "bg_color": _SOFT, "font_color": INK},
        "boxed": {**edge, **wrap},
        "centred": {**edge, **wrap, "align": "center"},
        "note": {"font_color": "#5F6B7A"},
        "entry": {**edge, **wrap, "num_format": "@"},
        **LOOKS,
        "wrong": {"bg_color": "#F8D7DA", "font_color": "#8B1A1A"},
        "missing": {"bg_color": "#FFF3CD"},
    }
    return {name: book.add_format(look) for name, look in looks.items()}


def _write_guide(sheet: Any, style: Styles, deliveries: Sequence[Delivery]) -> None:
    """填表说明: steps, the columns, 附件3's numbers, where to send, costly mistakes."""
    for column, width in enumerate((5, 12, 7, 34, 46, 34)):
        sheet.set_column(column, column, width)
    sheet.set_row(0, 30)
    sheet.write_string(0, 0, "数字化学习资源元数据填表说明", style["title"])
    row = _guide_section(sheet, style, 2, "一、怎么填")
    row = _guide_lines(sheet, style, row, _STEPS)
    row = _guide_section(sheet, style, row + 1, "二、各列的填法（“资源清单”）")
    row = _guide_fields(sheet, style, row)
    row = _guide_section(sheet, style, row + 1, "三、文件要求（通知“数字化学习资源参考技术标准”）")
    for name, demand in _STANDARDS:
        row = _guide_pair(sheet, style, row, name, demand)
    row = _guide_section(sheet, style, row + 1, "四、报送时间和地点")
    for delivery in deliveries:
        row = _guide_pair(sheet, style, row, delivery.until, f"{delivery.what}：{delivery.to}。")
    row = _guide_section(sheet, style, row + 1, "五、最容易造成退回的错误")
    row = _guide_lines(sheet, style, row, _MISTAKES)
    sheet.hide_gridlines(2)
    _print_setup(sheet, "填表说明")
    sheet.print_area(0, 0, row - 1, 5)


def _guide_section(sheet: Any, style: Styles, row: int, title: str) -> int:
    sheet.set_row(row, 22)
    sheet.write_string(row, 0, title, style["section"])
    for column in range(1, 6):
        sheet.write_blank(row, column, None, style["section"])
    return row + 1


def _guide_lines(sheet: Any, style: Styles, row: int, lines: Sequence[str]) -> int:
    for number, line in enumerate(lines, 1):
        sheet.set_row(row, 18)
        sheet.write_number(row, 0, number, style["number in line"])
        sheet.merge_range(row, 1, row, 5, line, style["plain"])
        row += 1
    return row


def _guide_pair(sheet: Any, style: Styles, row: int, label: str, text: str) -> int:
    sheet.set_row(row, 18)
    sheet.merge_range(row, 0, row, 2, label, style["label"])
    sheet.merge_range(row, 3, row, 5, text, style["boxed"])
    return row + 1


def _guide_fields(sheet: Any, style: Styles, row: int) -> int:
    """One line per column: 序号, 列名, 必填, 著录说明, 怎么填, 示例."""
    for column, head in enumerate(("序号", "列名", "必填", "通知的著录说明", "怎么填", "示例")):
        sheet.write_string(row, column, head, style["optional"])
    for number, field in enumerate(FIELDS, 1):
        row += 1
        entry = field.entry if field.number else f"（本次征集增加的列）{field.entry}"
        lines = max(line_count(entry, 32), line_count(field.prompt, 44), line_count(field.example, 32))
        sheet.set_row(row, 6 + 15 * lines)
        sheet.write_number(row, 0, number, style["centred"])
        sheet.write_string(row, 1, field.name, style["label"])
        sheet.write_string(row, 2, "必填" if field.required else "选填", style["centred"])
        sheet.write_string(row, 3, entry, style["boxed"])
        sheet.write_string(row, 4, field.prompt, style["boxed"])
        sheet.write_string(row, 5, field.example, style["boxed"])
    return row + 1


def _write_unit(sheet: Any, style: Styles, info: Mapping[str, str]) -> None:
    """单位信息: label and value. The hints are prompts: text beside a blank cell would pass for its value."""
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 70)
    for row, label in enumerate(UNIT_LABELS):
        hint, formula = _UNIT_ENTRIES[label]
        cell = f"B{row + 1}"
        sheet.set_row(row, 24)
        sheet.write_string(row, 0, label, style["label"])
        _write_entry(sheet, row, 1, info.get(label, ""), style["entry"])
        sheet.data_validation(cell, _validation(label, hint, _unit_condition(label, formula, cell)))
        if formula:
            _mark(sheet, cell, f"NOT({formula.format(c=cell)})", style["wrong"])
    note = "点选右侧空格即显示填写要求。扫描件填文件名，文件放在本单位文件夹内。"
    sheet.write_string(len(UNIT_LABELS) + 1, 0, note, style["note"])
    sheet.ignore_errors({"number_stored_as_text": f"B1:B{len(UNIT_LABELS)}"})
    sheet.hide_gridlines(2)
    sheet.set_selection("B1")
    _print_setup(sheet, "单位信息")


def _write_entry(sheet: Any, row: int, column: int, text: str, look: Any) -> None:
    """Text, or a truly blank cell: an empty text would count as filled."""
    if text:
        sheet.write_string(row, column, clean(text), look)
    else:
        sheet.write_blank(row, column, None, look)


def _unit_condition(label: str, formula: str, cell: str) -> Mapping[str, Any]:
    if label == "单位类型":
        return {"validate": "list", "source": list(UNIT_TYPES)}
    return {"validate": "custom", "value": f"={formula.format(c=cell)}"} if formula else {"validate": "any"}


def _write_resources(sheet: Any, style: Styles, rows: Sequence[Mapping[str, str]]) -> None:
    """资源清单: the header in row 1, live checks below it."""
    last = max(LIVE_ROWS, len(rows) + 1)
    missing = _missing()
    write_list(sheet, rows, style)
    for column, field in enumerate(FIELDS):
        letter = xl_col_to_name(column)
        cells, cell = f"{letter}2:{letter}{last}", f"{letter}2"
        sheet.data_validation(
            cells, _validation(field.name, field.prompt, _condition(field, cell), field.entry)
        )
        if field.excel:
            _mark(sheet, cells, f"NOT({field.excel.format(c=cell)})", style["wrong"])
        if field.name in missing:
            _mark(sheet, cells, missing[field.name], style["missing"])
    sheet.ignore_errors({"number_stored_as_text": f"A1:{xl_col_to_name(len(FIELDS) - 1)}{last}"})
    sheet.autofilter(0, 0, max(len(rows), 1), len(FIELDS) - 1)
    sheet.freeze_panes(1, 2)
    sheet.hide_gridlines(0)
    sheet.set_selection("B2")
    sheet.repeat_rows(0)
    _print_setup(sheet, "继续教育数字化资源清单")


def _condition(field: Field, cell: str) -> Mapping[str, Any]:
    """The drop-down or the formula that the column's cells must satisfy."""
    if field.name == "资源类型":
        return {"validate": "list", "source": f"={CODE_RANGE}"}
    if field.excel:
        return {"validate": "custom", "value": f"={field.excel.format(c=cell)}"}
    return {"validate": "any"}


def _missing() -> Mapping[str, str]:
    """Field name → formula that is TRUE in row 2 where the cell is blank and should not be.

    The six 必填 fields wherever the row holds anything; 顺序 beside a series; 平台 beside a
    link; the file of a video or audio resource; file or link of a course.
    """
    at = {field.name: f"${xl_col_to_name(column)}2" for column, field in enumerate(FIELDS)}
    whole = f"{at[FIELDS[0].name]}:{at[FIELDS[-1].name]}"
    formulas = {
        field.name: f'AND(TRIM({at[field.name]})="",COUNTA({whole})>0)' for field in FIELDS if field.required
    }
    kind, link, file = at["资源类型"], at["资源链接"], at[RESOURCE_FILE]
    formulas["所属顺序"] = f'AND({at["所属顺序"]}="",{at["所属系列"]}<>"")'
    formulas["部署平台"] = f'AND({at["部署平台"]}="",{link}<>"")'
    formulas["资源链接"] = f'AND({kind}="A03",{link}="",{file}="")'
    formulas[RESOURCE_FILE] = f'AND({file}="",OR({kind}="A01",{kind}="A02",AND({kind}="A03",{link}="")))'
    return formulas


def _write_platforms(sheet: Any, style: Styles, platforms: Sequence[Mapping[str, str]]) -> None:
    """平台资质: one line per platform that courses are linked on."""
    last = max(200, len(platforms) + 1)
    sheet.set_row(0, 26)
    for column, head in enumerate(PLATFORM_HEADERS):
        prompt, width = _PLATFORM_ENTRIES[head]
        letter = xl_col_to_name(column)
        sheet.set_column(column, column, width, style["column text"])
        sheet.write_string(0, column, head, style["required"])
        condition = (
            {"validate": "list", "source": list(LEVELS)} if head == "等保级别" else {"validate": "any"}
        )
        sheet.data_validation(f"{letter}2:{letter}{last}", _validation(head, prompt, condition))
        for row, record in enumerate(platforms, 1):
            _write_entry(sheet, row, column, record.get(head, ""), style["text"])
    level = xl_col_to_name(PLATFORM_HEADERS.index("等保级别"))
    low = f'OR({level}2="第一级",{level}2="第二级")'
    _mark(sheet, f"{level}2:{level}{last}", low, style["wrong"])
    sheet.freeze_panes(1, 0)
    sheet.hide_gridlines(0)
    sheet.repeat_rows(0)
    _print_setup(sheet, "平台资质")


def _write_codes(book: Any, sheet: Any, style: Styles, codes: Mapping[str, str]) -> None:
    """代码表: 表2, behind the defined name that the drop-down refers to."""
    for column, (head, width) in enumerate((("代码", 12), ("名称", 24), ("出处", 40))):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, head, style["optional"])
    row = 0
    for row, (code, name) in enumerate(codes.items(), 1):
        sheet.write_string(row, 0, code, style["centred"])
        sheet.write_string(row, 1, name, style["boxed"])
        sheet.write_string(row, 2, "通知附件4 表2 资源类型代码表", style["boxed"])
    book.define_name(CODE_RANGE, f"='{CODE_SHEET}'!$A$2:$A${max(row, 1) + 1}")
    note = "通知所附“表3”未收到，暂按表2填写；收到后由省级补入本表。"
    sheet.merge_range(row + 2, 0, row + 2, 2, note, style["plain"])
    sheet.hide_gridlines(2)
    _print_setup(sheet, "资源类型代码表")


def _write_version(sheet: Any, version: str, call_id: str) -> None:
    """模板信息, hidden: which template this is."""
    for row, (label, value) in enumerate((("模板版本", version), ("征集编号", call_id))):
        sheet.write_string(row, 0, label)
        sheet.write_string(row, 1, value)
    sheet.set_column(0, 1, 24)
    sheet.hide()


def _validation(name: str, prompt: str, condition: Mapping[str, Any], entry: str = "") -> dict[str, Any]:
    """Options for xlsxwriter: the prompt always, a warning (not a refusal) where there is a condition."""
    options: dict[str, Any] = {**condition, "input_title": name, "input_message": prompt}
    if condition["validate"] != "any":
        said = f"通知的著录说明：{entry}。\n" if entry else ""
        options |= {
            "error_type": "warning",
            "error_title": f"请核对“{name}”",
            "error_message": f"{said}{prompt}",
        }
    return options


def _mark(sheet: Any, cells: str, formula: str, look: Any) -> None:
    """Fill the cells in which the formula, written for the first of them, is TRUE."""
    sheet.conditional_format(cells, {"type": "formula", "criteria": f"={formula}", "format": look})


def _print_setup(sheet: Any, title: str) -> None:
    """A4 landscape, one page wide, page numbers."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.7)
    sheet.set_header(f"&C{title}")
    sheet.set_footer("&C第 &P 页，共 &N 页")
