"""findings.csv, resources.csv, units.csv: UTF-8 with BOM, every cell inert text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

FINDING_COLUMNS = (
    "unit", "workbook", "sheet", "row", "field", "cell", "code", "severity", "value", "message", "fix",
    "suggestion", "source",
)  # fmt: skip
MEASURED_COLUMNS = (
    "real", "seconds", "video_codec", "audio_codecs", "width", "height", "fps", "bitrate", "rate", "channels",
)  # fmt: skip

_ACTS = ("=", "+", "-", "@", "\t", "\r", "\0")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def inert(value: object) -> str:
    """A cell that no spreadsheet program takes for a formula (OWASP ASVS 1.2.10), nor chokes on."""
    text = "" if value is None else _CONTROL.sub("\ufffd", str(value))
    return f"'{text}" if text.startswith(_ACTS) else text


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table as bytes; lines end as Excel expects."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([inert(value) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")
