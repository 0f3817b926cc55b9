"""人工复核.xlsx: the workbook in which the province decides."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from pipeline.fields import REVIEW_KEY
from pipeline.render.inert import MOST_CHARACTERS, clean
from pipeline.rounds.review import CHOICES, COLUMNS, INPUTS, Line

_WIDTHS = {
    "单位": 24, "资源名称": 28, "位置": 16, "级别": 6, "规则": 8, "字段": 10, "当前值": 22, "问题": 40,
    "单位说明": 26, "主讲人": 16, "结论": 8, "待定的问题": 50, "状态": 10, "轮次": 6, "收到时间": 22,
    "是否逾期": 10, "决定": 10, "理由": 28, "审核人": 10, "更正收到时间": 18,
}  # fmt: skip
_NUMBER_WIDTH = 8
_HEAD = {
    "问题": "逐条决定：“接受”是认可现状（或单位的说明），这条不再影响结论；"
    "“退回”是要单位改，请写明理由，理由会写进退回的工作簿。",
    "资源": "整个资源一次决定：“通过”是认可它的全部警告；“退回”要单位改；“不推荐”不列入推荐资源清单。"
    "要把已通过的资源列为不推荐，请在最后加一行，填单位、资源名称和决定。",
    "单位": "全部通过的单位，在“决定”中选“推荐”；"
    "收到时间有误的，在“更正收到时间”中填写，如 2024-05-15 17:30。",
}
_FOOT = "填好后保存、关闭，再运行 make validate；决定会连同审核人和时间记入历史。清空一条决定就是撤销。"
_CREATED = dt.datetime(2024, 1, 1)
"""The same lines give the same bytes."""
_JSON = json.JSONEncoder(ensure_ascii=False)
_TOP = 3
"""Rows above the header, counted from 0."""


class _Texts(Worksheet):  # type: ignore[misc]  # the library has no types
    """A sheet that ends in many thousand rows of texts, which the library would take cell by cell."""

    _rows: Sequence[Sequence[int]] = ()

    def texts(self, top: int, rows: Iterable[Iterable[str]], looks: Sequence[Any]) -> None:
        """Rows below all others, each from the first column to the last; looks: the columns' formats."""
        number = self.str_table._get_shared_string_index
        self._rows = [[number(_short(text)) for text in row] for row in rows]
        self._top, self._looks = top, looks
        if self._rows:
            self._check_dimensions(top + len(self._rows) - 1, len(looks) - 1)

    def _write_rows(self) -> None:
        super()._write_rows()
        if not self._rows:
            return
        looks = enumerate((look._get_xf_index() for look in self._looks), 1)
        cells = "".join(
            f'<c r="{xl_col_to_name(column - 1)}{{0}}" s="{look}" t="s"><v>{{{column}}}</v></c>'
            for column, look in looks
        )
        row = f'<row r="{{0}}" spans="1:{len(self._looks)}">{cells}</row>'
        lines = (row.format(n, *numbers) for n, numbers in enumerate(self._rows, self._top + 1))
        self.fh.write("".join(lines))


def _short(text: str) -> str:
    """As much of the text as a cell can hold."""
    if len(text) <= MOST_CHARACTERS // 2:
        return text
    return text.encode("utf-16-le", "surrogatepass")[: 2 * MOST_CHARACTERS].decode("utf-16-le", "ignore")


def review_workbook(title: str, lines: Mapping[str, Sequence[Line]]) -> bytes:
    """The workbook with a sheet for findings, resources and units. The same lines give the same bytes."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": title, "created": _CREATED})
        looks = _looks(book)
        for name, rows in lines.items():
            _sheet(book, looks, name, title, rows)
    return out.getvalue()


def _looks(book: Any) -> dict[str, Any]:
    font = {"font_name": "宋体", "font_size": 10.5, "valign": "top"}
    text = {**font, "text_wrap": True, "num_format": "@", "border": 1, "border_color": "#D9D9D9"}
    return {
        "title": book.add_format({**font, "font_name": "黑体", "font_size": 15, "valign": "vcenter"}),
        "head": book.add_format({**font, "text_wrap": True, "font_color": "#404040"}),
        "header": book.add_format(
            {**text, "bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF", "valign": "vcenter"}
        ),
        "input_header": book.add_format(
            {**text, "bold": True, "bg_color": "#7F6000", "font_color": "#FFFFFF", "valign": "vcenter"}
        ),
        "text": book.add_format(text),
        "input": book.add_format({**text, "bg_color": "#FFF8E1"}),
    }


def _sheet(book: Any, looks: dict[str, Any], name: str, title: str, lines: Sequence[Line]) -> None:
    columns = (*COLUMNS[name], *INPUTS[name], REVIEW_KEY)
    sheet = book.add_worksheet(name, _Texts)
    last = len(columns) - 2
    for number, text in enumerate((f"{title}　人工复核：{name}", _HEAD[name], _FOOT)):
        sheet.merge_range(number, 0, number, last, text, looks["head" if number else "title"])
    sheet.set_row(0, 28)
    sheet.set_row(1, 32)
    for column, header in enumerate(columns):
        sheet.set_column(column, column, _WIDTHS.get(header, _NUMBER_WIDTH))
        look = "input_header" if header in INPUTS[name] else "header"
        sheet.write_string(_TOP, column, header, looks[look])
    sheet.set_column(last + 1, last + 1, 2, None, {"hidden": True})
    styles = [looks["text"]] * len(COLUMNS[name]) + [looks["input"]] * len(INPUTS[name]) + [looks["text"]]
    sheet.texts(_TOP + 1, (_texts_of(name, line) for line in lines), styles)
    bottom = _TOP + max(len(lines), 1)
    sheet.autofilter(_TOP, 0, bottom, last + 1)
    sheet.freeze_panes(_TOP + 1, 2)
    choice = len(COLUMNS[name])
    sheet.data_validation(
        _TOP + 1, choice, bottom + 200, choice,
        {"validate": "list", "source": list(CHOICES[name]), "error_title": "请选择",
         "error_message": f"请选：{'、'.join(CHOICES[name])}；也可以留空。"},
    )  # fmt: skip
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_TOP)
    sheet.set_footer("&C第 &P 页，共 &N 页")


def _texts_of(name: str, line: Line) -> list[str]:
    """The cells of a line: what is shown, what is decided, and out of sight what it is about."""
    made = line.made
    inputs = (made.verdict, made.reason, made.who) if made else ("", "", "")
    blank = [""] * (len(INPUTS[name]) - len(inputs))
    return [*map(clean, line.shown), *map(clean, inputs), *blank, _key_text(line)]


def _key_text(line: Line) -> str:
    """What the hidden column says: the subject and the decision that stood there."""
    about, made = line.about, line.made or line.about
    subject = (about.unit, about.code, about.field, about.value, about.resource)
    return _JSON.encode([*subject, made.verdict, made.reason, made.who])
