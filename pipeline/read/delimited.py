"""Reading .csv, .tsv and .txt: text only, every record a row."""

from __future__ import annotations

import csv
import io

from pipeline.model import Book, Sheet
from pipeline.read.budget import Budget
from pipeline.read.refusal import RESAVE, Refused

_DELIMITERS = ",\t;"
_LONGEST_FIELD = 1 << 20


def read_delimited(data: bytes, name: str) -> Book:
    """The one sheet of a delimited text, named name; raises Refused.

    UTF-8 with or without byte order mark, UTF-16 with one, else gb18030 (gbk lacks characters
    of the current standard). The header decides between comma, tab and semicolon. Row numbers
    are those that Excel gives the records.
    """
    rows: dict[int, dict[int, str]] = {}
    budget = Budget()
    csv.field_size_limit(_LONGEST_FIELD)
    text = _decoded(data)
    records = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    number = 0
    try:
        for number, record in enumerate(records, start=1):
            line = {column: field for column, field in enumerate(record, start=1) if field}
            if line:
                rows[number] = line
                budget.spend(line)
    except csv.Error as fault:
        cause = f"文本表格第 {number + 1} 行附近的引号不成对，或者一格里的文字过长"
        raise Refused(cause, RESAVE) from fault
    return Book(kind="csv", sheets=(Sheet(name=name, hidden=False, rows=rows, kinds={}),))


def _decoded(data: bytes) -> str:
    text = text_of(data)
    if text is None or "\0" in text:
        raise Refused("文本表格的文字编码读不出来", RESAVE)
    return text


def text_of(data: bytes) -> str | None:
    """Bytes as text in the encodings that are accepted, None if they are in none of them."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeError:
            continue
    return None


def _delimiter(text: str) -> str:
    header = text.lstrip("\r\n").partition("\n")[0]
    return max(_DELIMITERS, key=header.count)
