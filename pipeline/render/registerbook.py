"""templates/报送单位名录.xlsx: the bureaus that the notice addresses, to be completed by the province.

What the notice does not say is left blank: it lists no schools, no codes and no contacts.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Sequence
from typing import Any

import xlsxwriter

FILE_NAME = "报送单位名录.xlsx"
REGISTER_SHEET, COMPLETE_SHEET = "报送单位名录", "完整类型"

_CITY, _ZONE, _COUNTY = "省辖市教育局", "济源示范区、航空港区", "省直管县（市）教育局"
_HEADERS = (
    ("全称", 34, "必填。与公章一致的全称。"),
    ("类型", 24, "必填。与“单位信息”中的单位类型写法一致。"),
    ("地区", 20, "GB/T 2260 代码和名称，中间空一格，如：410100 郑州市。"),
    ("标识码", 14, "教育部 10 位学校（机构）标识码，不知道的留空。"),
    ("曾用名", 30, "多个用英文分号 ; 隔开。"),
    ("简称", 40, "多个用英文分号 ; 隔开。"),
    ("联系", 30, "电话、邮箱等，多个用英文分号 ; 隔开。"),
)
_CITIES = {
    "410100": "郑州市", "410200": "开封市", "410300": "洛阳市", "410400": "平顶山市", "410500": "安阳市",
    "410600": "鹤壁市", "410700": "新乡市", "410800": "焦作市", "410900": "濮阳市", "411000": "许昌市",
    "411100": "漯河市", "411200": "三门峡市", "411300": "南阳市", "411400": "商丘市", "411500": "信阳市",
    "411600": "周口市", "411700": "驻马店市",
}  # fmt: skip
_COUNTIES = {
    "410181": "巩义市", "410225": "兰考县", "410482": "汝州市", "410526": "滑县", "410783": "长垣市",
    "411381": "邓州市", "411481": "永城市", "411525": "固始县", "411628": "鹿邑县", "411729": "新蔡县",
}  # fmt: skip
"""Names and codes of GB/T 2260; 济源 is 419001, and the airport zone has no code of its own."""
_FORMER = {"长垣市": "长垣县教育局"}
"""长垣县 became 长垣市 in 2019."""
_TYPES = (
    (_CITY, "是", "17 个省辖市，通知主送单位。"),
    (_ZONE, "是", "济源示范区、航空港区，通知主送单位。"),
    (_COUNTY, "是", "10 个省直管县（市），通知主送单位。"),
    ("高等学校", "否", "通知未附名单；把学校逐行补入名录、收全以后改为“是”。"),
    ("省属中等职业学校", "否", "同上。"),
    ("行业企业及其他社会机构", "否", "没有固定名单，保持“否”。"),
)
_CREATED = dt.datetime(2024, 4, 17)  # the notice's own date: the bytes must not depend on the clock
_INK, _LINE = "#1F3A5F", "#C9D3DF"


def register_workbook() -> bytes:
    """The register as it ships: 29 bureaus, complete for bureaus and for no other type."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_urls": False,
            "strings_to_formulas": False,
            "default_format_properties": {"font_name": "微软雅黑", "font_size": 10, "valign": "vcenter"},
        },
    )
    book.set_properties({"title": "报送单位名录", "created": _CREATED})
    edge = {"border": 1, "border_color": _LINE, "text_wrap": True}
    head = book.add_format({**edge, "bold": True, "bg_color": _INK, "font_color": "#FFFFFF"})
    text = book.add_format({**edge, "num_format": "@"})
    column = book.add_format({"num_format": "@"})
    types = [name for name, _, _ in _TYPES]
    register, complete = book.add_worksheet(REGISTER_SHEET), book.add_worksheet(COMPLETE_SHEET)
    _write_rows(register, [[name for name, _, _ in _HEADERS], *_bureaus()], head, text)
    for number, (name, width, prompt) in enumerate(_HEADERS):
        register.set_column(number, number, width, column)
        choice = {"validate": "list", "source": types, "error_type": "warning"}
        check = choice if name == "类型" else {"validate": "any"}
        hint = {"input_title": name, "input_message": prompt}
        register.data_validation(1, number, 2000, number, {**check, **hint})
    register.freeze_panes(1, 1)
    register.autofilter(0, 0, len(list(_bureaus())), len(_HEADERS) - 1)
    _write_rows(complete, [["类型", "是否收全", "说明"], *_TYPES], head, text)
    for number, width in enumerate((26, 12, 60)):
        complete.set_column(number, number, width, column)
    complete.data_validation(1, 1, 200, 1, {"validate": "list", "source": ["是", "否"]})
    for sheet in (register, complete):
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
    book.close()
    return buffer.getvalue()


def _write_rows(sheet: Any, rows: Sequence[Sequence[str]], head: Any, text: Any) -> None:
    for number, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            look = head if number == 0 else text
            if cell:
                sheet.write_string(number, column, cell, look)
            else:
                sheet.write_blank(number, column, None, look)


def _bureaus() -> Iterator[list[str]]:
    """The 29 bureaus in the notice's order: 全称, 类型, 地区, 标识码, 曾用名, 简称, 联系."""
    for code, place in _CITIES.items():
        yield _bureau(place, _CITY, f"{code} {place}")
    zone = "济源示范区教育体育局;济源市教育局;济源示范区;济源市教体局"
    yield ["济源产城融合示范区教育体育局", _ZONE, "419001 济源市", "", "", zone, ""]
    airport = "航空港区教育局;郑州航空港区教育局;航空港实验区教育局;郑州市航空港区教育局;航空港区"
    yield ["郑州航空港经济综合实验区教育局", _ZONE, "郑州航空港经济综合实验区", "", "", airport, ""]
    for code, place in _COUNTIES.items():
        yield _bureau(place, _COUNTY, f"{code} {place}")


def _bureau(place: str, kind: str, region: str) -> list[str]:
    bare = place[:-1] if len(place) > 2 else place
    short = "" if bare == place else f"{bare}教育局"
    return [f"{place}教育局", kind, region, "", _FORMER.get(place, ""), short, ""]
