"""Numbers, dates and times become the text that a person would read off the sheet."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Kind
from pipeline.read.formats import BUILTIN, GENERAL, clock_text, form_of, iso_text, number_text, value_text
from pipeline.read.refusal import BadValue


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("36500", "36500"),
        ("36500.0", "36500"),
        ("0", "0"),
        ("-0", "0"),
        ("007", "7"),
        (" 12 ", "12"),
        ("0.30000000000000004", "0.3"),
        ("36499.999999999996", "36500"),
        ("0.1149", "0.1149"),
        ("1.0E-7", "0.0000001"),
        ("1E2", "100"),
        ("1.23456789012345E+17", "123456789012345000"),
        ("123456789012345678", "123456789012345678"),
        ("100000000000000000000", "100000000000000000000"),
        ("999999999999999.9", "1000000000000000"),
        ("1E+21", "1E+21"),
        ("-2.5", "-2.5"),
    ],
)
def test_number_text(stored: str, text: str) -> None:
    assert number_text(stored) == text


@pytest.mark.parametrize(
    "stored", ["", "x", "1_000", "１２", "nan", "inf", "1e999", "0x10", "1" * 500, "1,2"]
)
def test_what_is_no_number_is_refused(stored: str) -> None:
    with pytest.raises(BadValue):
        number_text(stored)


@given(st.integers(-(10**20), 10**20))
def test_every_integer_keeps_its_digits(number: int) -> None:
    assert number_text(str(number)) == str(number)


@given(st.decimals(-(10**6), 10**6, places=4))
def test_decimals_as_typed_come_back(number: Decimal) -> None:
    """A decimal of up to 15 digits survives being stored as a double."""
    assert Decimal(number_text(repr(float(number)))) == number
    assert "E" not in number_text(repr(float(number)))


DATES = (
    *(
        "yyyy-mm-dd",
        'yyyy"年"m"月"d"日"',
        "yyyy年m月d日",
        "[$-804]yyyy/m/d;@",
        "[DBNum1]m月",
        "mmm-yy",
        "m/d",
    ),
    *('[DBNum1][$-804]yyyy"年"m"月"d"日"', "aaaa", "yyyy/m/d h:mm", "e年m月"),
    "[$-F800]dddd\\, mmmm dd\\, yyyy",
)
TIMES = (
    *("h:mm", "hh:mm:ss", "[h]:mm:ss", "[mm]:ss", "mm:ss.0", "上午/下午h:mm", 'h"时"mm"分"', "h:mm AM/PM"),
    "[s]",
)
NUMBERS = (
    *("General", "0.00", "#,##0", "0%", "0.00E+00", '0"d"', "0\\d", '"第"0"日"', "@", "[Red]0", "G/通用格式"),
    *('_ ¥* #,##0.00_ ;_ ¥* -#,##0.00_ ;_ ¥* "-"??_ ;_ @_ ', 'General"元"', "0", "[<100]0;yyyy", "", ";;;"),
)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(code, Kind.DATE) for code in DATES]
    + [(code, Kind.TIME) for code in TIMES]
    + [(code, Kind.NUMBER) for code in NUMBERS],
)
def test_format_codes(code: str, kind: Kind) -> None:
    assert form_of(code).kind is kind


def test_builtin_formats_of_chinese_excel() -> None:
    kinds = {number: form_of(code).kind for number, code in BUILTIN.items()}
    dates = {number for number, kind in kinds.items() if kind is Kind.DATE}
    times = {number for number, kind in kinds.items() if kind is Kind.TIME}
    assert dates == {14, 15, 16, 17, 22, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58}
    assert times == {18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56}


@pytest.mark.parametrize(
    ("stored", "code", "text", "kind"),
    [
        ("1", "00", "01", Kind.NUMBER),
        ("-1", "00", "-01", Kind.NUMBER),
        ("123", "00", "123", Kind.NUMBER),
        ("1", "00_ ", "01", Kind.NUMBER),
        ("1", "0", "1", Kind.NUMBER),
        ("1.5", "00", "1.5", Kind.NUMBER),
        ("1", "0.00", "1", Kind.NUMBER),
        ("0.5", "0%", "0.5", Kind.NUMBER),
        ("36500", "#,##0", "36500", Kind.NUMBER),
        ("44643", "yyyy-mm-dd", "2022-03-23", Kind.DATE),
        ("44643.5", "yyyy-mm-dd", "2022-03-23 12:00:00", Kind.DATE),
        ("59", "yyyy-mm-dd", "1900-02-28", Kind.DATE),
        ("60", "yyyy-mm-dd", "60", Kind.NUMBER),
        ("61", "yyyy-mm-dd", "1900-03-01", Kind.DATE),
        ("1", "yyyy-mm-dd", "1900-01-01", Kind.DATE),
        ("0", "yyyy-mm-dd", "0", Kind.NUMBER),
        ("-1", "yyyy-mm-dd", "-1", Kind.NUMBER),
        ("2958465", "yyyy-mm-dd", "9999-12-31", Kind.DATE),
        ("2958466", "yyyy-mm-dd", "2958466", Kind.NUMBER),
        ("20220323", "yyyy-mm-dd", "20220323", Kind.NUMBER),
        ("44642.9999999999", "yyyy-mm-dd", "2022-03-23", Kind.DATE),
        ("0.1149", "hh:mm:ss", "02:45:27", Kind.TIME),
        ("0.11495370370370371", "hh:mm:ss", "02:45:32", Kind.TIME),
        ("1.5", "hh:mm:ss", "36:00:00", Kind.TIME),
        ("5", "[h]:mm:ss", "120:00:00", Kind.TIME),
        ("0", "hh:mm:ss", "00:00:00", Kind.TIME),
        ("-0.5", "hh:mm:ss", "-0.5", Kind.NUMBER),
    ],
)
def test_values_under_formats(stored: str, code: str, text: str, kind: Kind) -> None:
    assert value_text(stored, form_of(code)) == (text, kind)


def test_dates_counted_from_1904() -> None:
    form = form_of("yyyy-mm-dd")
    assert value_text("0", form, date1904=True) == ("1904-01-01", Kind.DATE)
    assert value_text("43181", form, date1904=True) == ("2022-03-23", Kind.DATE)
    assert value_text("2957004", form, date1904=True) == ("2957004", Kind.NUMBER)


@given(st.dates(date(1900, 3, 1)))
def test_every_date_comes_back(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    assert value_text(str(serial), form_of("yyyy/m/d")) == (day.isoformat(), Kind.DATE)


@given(st.integers(0, 40_000), st.integers(0, 86_399))
def test_every_second_survives_binary_noise(days: int, second: int) -> None:
    """A moment as Excel computes it reads as the second that was meant, as date and as duration."""
    serial = repr(days + second / 86_400)
    assert value_text(serial, form_of("[h]:mm:ss")) == (clock_text(days * 86_400 + second), Kind.TIME)
    moment = f"{date(1904, 1, 1) + timedelta(days)}"
    text = f"{moment} {clock_text(second)}" if second else moment
    assert value_text(serial, form_of("yyyy/m/d h:mm"), date1904=True) == (text, Kind.DATE)


@pytest.mark.parametrize(
    ("stored", "text", "kind"),
    [
        ("2022-03-23", "2022-03-23", Kind.DATE),
        ("2022-03-23T00:00:00Z", "2022-03-23", Kind.DATE),
        ("2022-03-23T02:45:32.5", "2022-03-23 02:45:32", Kind.DATE),
        ("02:45:32", "02:45:32", Kind.TIME),
        ("2022年", "2022年", Kind.TEXT),
    ],
)
def test_iso_dates(stored: str, text: str, kind: Kind) -> None:
    assert iso_text(stored) == (text, kind)


def test_general_is_a_number() -> None:
    assert value_text("44643", GENERAL) == ("44643", Kind.NUMBER)
