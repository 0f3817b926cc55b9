"""推荐资源清单.xlsx: what passed, in the template's columns and canonical values, ready to be handed on."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
from xlsxwriter.utility import xl_col_to_name

from pipeline.fields import FIELDS, RESOURCE_SHEET, Field
from pipeline.render.inert import clean
from pipeline.render.report.sheets import Book
from pipeline.summarise import NOT_RECOMMENDED, PASSED

FROM = "报送单位"
"""The one column beside the template's, at the right."""


def recommended(resources: pd.DataFrame, title: str, dated: dt.date) -> bytes:
    """The .xlsx. resources: resources.csv as text; a row is recommended if it passed and nobody said no."""
    book = Book(f"{title}推荐资源清单", dated)
    sheet = book.book.add_worksheet(RESOURCE_SHEET)
    looks = {
        "text": book.book.add_format({"num_format": "@", "quote_prefix": True}),
        "number": book.book.add_format({"num_format": "0"}),
    }
    last = len(FIELDS)
    for column, field in enumerate(FIELDS):
        sheet.set_column(column, column, field.width, looks["text" if field.as_text else "number"])
        sheet.write_string(0, column, field.name + ("*" if field.required else ""), book.style["head"])
    sheet.set_column(last, last, 28, looks["text"])
    sheet.write_string(0, last, FROM, book.style["head"])
    rows = chosen(resources).to_dict("records")
    for number, record in enumerate(rows, 1):
        for column, field in enumerate(FIELDS):
            _write(sheet, number, column, field, str(record[field.name]), looks)
        sheet.write_string(number, last, clean(str(record["unit"])), looks["text"])
    sheet.set_row(0, 30)
    sheet.autofilter(0, 0, max(len(rows), 1), last)
    sheet.freeze_panes(1, 2)
    sheet.ignore_errors({"number_stored_as_text": f"A1:{xl_col_to_name(last)}{len(rows) + 1}"})
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_header(f"&C{RESOURCE_SHEET}")
    sheet.set_footer("&C第 &P 页，共 &N 页")
    return book.data()


def chosen(resources: pd.DataFrame) -> pd.DataFrame:
    """The rows that are recommended, in the order of resources.csv."""
    kept = resources["verdict"] == PASSED
    if "decision" in resources:
        kept &= resources["decision"] != NOT_RECOMMENDED
    return resources[kept]


def _write(sheet: Any, row: int, column: int, field: Field, text: str, looks: Mapping[str, Any]) -> None:
    """Text stays text; a whole number under 点击量 or 学习人数 is a number, as in the template."""
    if not text:
        return
    if not field.as_text and re.fullmatch(field.form, text):
        sheet.write_number(row, column, int(text), looks["number"])
    else:
        sheet.write_string(row, column, clean(text), looks["text"])
