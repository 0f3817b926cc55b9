"""推荐资源清单.xlsx: what passed, in the template's columns and canonical values, ready to be handed on."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from xlsxwriter.utility import xl_col_to_name

from pipeline.fields import FIELDS, RESOURCE_SHEET
from pipeline.render.inert import clean
from pipeline.render.report.sheets import Book
from pipeline.render.resourcesheet import LOOKS, write_list
from pipeline.summarise import NOT_RECOMMENDED, PASSED

FROM = "报送单位"
"""The one column beside the template's, at the right."""


def recommended(resources: pd.DataFrame, title: str, dated: dt.date) -> bytes:
    """The .xlsx. resources: resources.csv as text; a row is recommended if it passed and nobody said no."""
    book = Book(f"{title}推荐资源清单", dated)
    sheet = book.book.add_worksheet(RESOURCE_SHEET)
    style = {name: book.book.add_format(look) for name, look in LOOKS.items()}
    rows = [
        {str(name): str(text) for name, text in row.items()} for row in chosen(resources).to_dict("records")
    ]
    write_list(sheet, rows, style)
    last = len(FIELDS)
    sheet.set_column(last, last, 28, style["column text"])
    sheet.write_string(0, last, FROM, style["optional"])
    for number, row in enumerate(rows, 1):
        sheet.write_string(number, last, clean(row["unit"]), style["text"])
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
