"""The sheet 资源清单 as we write it: the columns of the template, and rows under them.

The blank template has it, and so have the lists that are handed on: whoever knows one knows the other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.fields import FIELDS, Field
from pipeline.render.inert import clean, line_count

_MOST_LINES = 6
"""A row grows with its text up to this many lines."""

INK, LINE = "#1F3A5F", "#C9D3DF"

_HEAD = {"bold": True, "align": "center", "border": 1, "border_color": LINE, "text_wrap": True}
LOOKS: Mapping[str, Mapping[str, Any]] = {
    "required": {**_HEAD, "bg_color": INK, "font_color": "#FFFFFF"},
    "optional": {**_HEAD, "bg_color": "#DCE4EE", "font_color": INK},
    "text": {"num_format": "@", "quote_prefix": True},
    "paragraph": {"num_format": "@", "quote_prefix": True, "text_wrap": True},
    "number": {"num_format": "0"},
    "column text": {"num_format": "@"},
    "column paragraph": {"num_format": "@", "text_wrap": True},
}
"""What `write_list` needs as formats, by name, in xlsxwriter's terms."""

Styles = Mapping[str, Any]


def write_list(sheet: Any, rows: Sequence[Mapping[str, str]], style: Styles) -> None:
    """The header in row 1, and a row for each record of canonical text by field; style: formats of LOOKS.

    A whole number under 点击量 or 学习人数 is stored as a number, all else as text, so that nothing becomes
    a formula or a link.
    """
    sheet.set_row(0, 30)
    for column, field in enumerate(FIELDS):
        sheet.set_column(column, column, field.width, _column_style(field, style))
        title = field.name + ("*" if field.required else "")
        sheet.write_string(0, column, title, style["required" if field.required else "optional"])
    for row, record in enumerate(rows, 1):
        lines = max(
            line_count(record.get(field.name, ""), field.width - 2) for field in FIELDS if field.multiline
        )
        if lines > 1:
            sheet.set_row(row, 15 * min(lines, _MOST_LINES))
        for column, field in enumerate(FIELDS):
            _write_value(sheet, row, column, field, record.get(field.name, ""), style)


def _column_style(field: Field, style: Styles) -> Any:
    if not field.as_text:
        return style["number"]
    return style["column paragraph" if field.multiline else "column text"]


def _write_value(sheet: Any, row: int, column: int, field: Field, text: str, style: Styles) -> None:
    if not text:
        return
    if not field.as_text and re.fullmatch(field.form, text):
        sheet.write_number(row, column, int(text), style["number"])
    else:
        sheet.write_string(row, column, clean(text), style["paragraph" if field.multiline else "text"])
