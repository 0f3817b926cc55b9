"""Number formats, and the exact text of a stored number under each of them.

Source: ECMA-376 part 1, 18.8.30 (built-in codes, the zh-cn column) and 18.8.31 (format codes).
No reader library gives the displayed text, and those that convert do it differently
from Excel: a date code of Chinese Excel (27-36, 50-58) read as a number, 36 hours
read as a day and a half after 1900.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from math import inf
from typing import NamedTuple

from pipeline.model import Kind
from pipeline.read.refusal import BadValue

_MONTH_CN, _DAY_CN = 'yyyy"年"m"月"', 'm"月"d"日"'
_NOON_CN, _NOON_SECONDS_CN = '上午/下午h"时"mm"分"', '上午/下午h"时"mm"分"ss"秒"'

BUILTIN: dict[int, str] = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00",
    12: "# ?/?", 13: "# ??/??", 14: "yyyy/m/d", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy",
    18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy/m/d h:mm",
    27: _MONTH_CN, 28: _DAY_CN, 29: _DAY_CN, 30: "m-d-yy", 31: 'yyyy"年"m"月"d"日"', 32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"', 34: _NOON_CN, 35: _NOON_SECONDS_CN, 36: _MONTH_CN,
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
    50: _MONTH_CN, 51: _DAY_CN, 52: _MONTH_CN, 53: _DAY_CN, 54: _DAY_CN,
    55: _NOON_CN, 56: _NOON_SECONDS_CN, 57: _MONTH_CN, 58: _DAY_CN,
}  # fmt: skip
"""Format codes by number as Chinese Excel shows them; those left out are plain numbers."""


class Form(NamedTuple):
    """What a number format makes of a number: its kind, and to how many digits `00` fills it up."""

    kind: Kind
    width: int = 0


# Looking a member up in its class takes longer than the rest of a cell's work.
_NUMBER_KIND, _TIME_KIND = Kind.NUMBER, Kind.TIME

GENERAL = Form(Kind.NUMBER)

_LITERAL = re.compile(r'"[^"]*"?|\\.|[_*].|\[(?!(?:h+|m+|s+)\])[^\]]*\]?', re.IGNORECASE | re.DOTALL)
_GENERAL = re.compile(r"general|standard|g/通用格式")
_NOON = re.compile(r"am/pm|a/p|上午/下午")
_ZEROS = re.compile(r"0{2,}")


@lru_cache(maxsize=4096)
def form_of(code: str) -> Form:
    """What a format code shows: its first section decides, which is the one for positive numbers.

    Quoted, escaped and bracketed text says nothing, except elapsed `[h]`, `[m]`, `[s]`.
    `e` is the year of Chinese formats unless it is an exponent; `m` is a month unless hours
    or seconds stand beside it.
    """
    # Literals go first: a quoted `;` does not part sections.
    bare = _GENERAL.sub("", _LITERAL.sub("", code).lower().partition(";")[0])
    if _ZEROS.fullmatch(bare) and not _has_quoted_text(code):
        return Form(Kind.NUMBER, len(bare))
    clock = bool(_NOON.search(bare)) or bool(set("hs") & set(bare)) or "[m" in bare
    bare = _NOON.sub("", re.sub(r"e[+-]", "", bare))
    if set("yde") & set(bare) or "aaa" in bare or ("m" in bare and not clock):
        return Form(Kind.DATE)
    return Form(Kind.TIME) if clock else GENERAL


def _has_quoted_text(code: str) -> bool:
    return bool(re.search(r'["\\\[*]', code.partition(";")[0]))


_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?\s*", re.ASCII)
_LONGEST = 400  # A double written out in full has fewer characters.
_EXPONENT_FROM = 1e21
_ALL_DIGITS_FROM = 1e15


def number_text(stored: str) -> str:
    """The shortest exact decimal of a stored number.

    Integers keep every stored digit; fractions are cut to the 15 significant digits that
    Excel shows, which removes the noise of binary arithmetic. An exponent is written from
    1e21 upwards only. Raises BadValue if stored is no number, or larger than a double.
    """
    if stored.isascii() and stored.isdecimal() and len(stored) <= 20 and stored[0] != "0":
        return stored
    value = stored_number(stored)
    if abs(value) >= _EXPONENT_FROM:
        return f"{value:.15g}".upper()
    if value == 0:
        return "0"
    if abs(value) >= _ALL_DIGITS_FROM:
        return _plain(stored.strip())
    return _plain(f"{value:.15g}")


def stored_number(stored: str) -> float:
    """A stored number as a double; raises BadValue as number_text does."""
    if len(stored) <= _LONGEST and _NUMBER.fullmatch(stored):
        value = float(stored)
        if -inf < value < inf:
            return value
    raise BadValue(f"标为数字，内容却是“{stored.strip()[:20]}”")


def _plain(decimal: str) -> str:
    text = format(Decimal(decimal), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_DAY = 86400
_EPOCH_1900 = date(1899, 12, 30).toordinal()
_EPOCH_1904 = date(1904, 1, 1).toordinal()
_LAST_ORDINAL = date(9999, 12, 31).toordinal()
_FALSE_LEAP_DAY = 60  # Excel counts a 29 February 1900 that never was; days before it are one off.
_NOISE = 5e-4  # seconds: far below what a person enters, far above what a double loses


def value_text(stored: str, form: Form, date1904: bool = False) -> tuple[str, Kind]:
    """Text and kind of a stored number under a format.

    Seconds are cut, not rounded, as Excel's display does, but for binary noise. A number
    that is no day of the calendar, or negative, stays a NUMBER. Raises BadValue as number_text does.
    """
    kind, width = form
    if kind is not _NUMBER_KIND:
        text = _moment_text(stored_number(stored), kind is _TIME_KIND, date1904)
        if text:
            return text, kind
    text = number_text(stored)
    if width and "." not in text and "E" not in text:
        text = text.zfill(width + text.startswith("-"))
    return text, _NUMBER_KIND


def _moment_text(serial: float, timed: bool, date1904: bool) -> str:
    """A serial number of days as date or time, "" if it is neither."""
    if not 0 <= serial <= _LAST_ORDINAL:
        return ""
    seconds = int(serial * _DAY + _NOISE)
    if timed:
        return clock_text(seconds)
    day, rest = divmod(seconds, _DAY)
    ordinal = _ordinal(day, date1904)
    if not ordinal:
        return ""
    text = date.fromordinal(ordinal).isoformat()
    return f"{text} {clock_text(rest)}" if rest else text


def _ordinal(day: int, date1904: bool) -> int:
    """The calendar's number of a serial day, 0 if there is no such day."""
    if date1904:
        ordinal = _EPOCH_1904 + day
    elif day in (0, _FALSE_LEAP_DAY):
        return 0
    else:
        ordinal = _EPOCH_1900 + day + (day < _FALSE_LEAP_DAY)
    return ordinal if ordinal <= _LAST_ORDINAL else 0


def clock_text(seconds: int) -> str:
    """Whole seconds as hh:mm:ss, hours not folded at 24."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def iso_text(stored: str, form: Form = GENERAL) -> tuple[str, Kind]:
    """Text and kind of an ISO 8601 date, date with time, or time (strict xlsx `t="d"`, ods).

    Under a time format only the clock counts. Anything else stays TEXT, as it is.
    """
    bare = stored.removesuffix("Z").replace("T", " ").strip()
    bare = re.sub(r"([.,][0-9]+)$", "", bare)
    try:
        moment = datetime.fromisoformat(f"1900-01-01 {bare}" if ":" in bare[:3] else bare)
    except ValueError:
        return stored, Kind.TEXT
    clock = f"{moment:%H:%M:%S}"
    if form.kind is Kind.TIME or ":" in bare[:3]:
        return clock, Kind.TIME
    day = moment.date().isoformat()
    return (day if clock == "00:00:00" else f"{day} {clock}"), Kind.DATE
