"""What is asked once for many rows gives what asking at every row would give."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fields import _FOREIGN, _IN_A_NAME, _LABEL, _LETTER, _NO_NAME, BY_NAME
from pipeline.files import Entry
from pipeline.join import _PLAIN, Index, Match
from pipeline.rules.counts import _HUGE, _striking
from pipeline.rules.distinct import (
    answers,
    blank,
    changed,
    differing,
    each_text,
    filled,
    firsts,
    groups_of,
    groups_side_by_side,
    mask_of,
    once_a_table,
    pairs_that,
    repeated,
    rows_where,
    spread,
    texts_that,
)
from pipeline.rules.link import _FRONT_DOOR, _ends_a_front_door, by_host, host_of, is_home_page, last_parts
from pipeline.rules.repeats import _SAYS_NOTHING, _digits, _fold, _marks, _place
from pipeline.rules.series import _stand_twice, _with_gaps
from pipeline.rules.shared import _page
from pipeline.rules.wording import _CONTACT, _HINTS, _NO_NAME_OR_A_FILE, _hints, _hints_in_ascii
from pipeline.rules.wording import _NO_NAME as _NO_NAME_AT_ALL

TEXTS = st.lists(st.text("ab", max_size=2), max_size=12)
ADDRESSES = st.lists(
    st.text("ah:/?#@[]. ", max_size=12).map(lambda tail: f"http:{tail}") | st.text("ah:/[]. ")
)


@given(TEXTS)
def test_every_row_has_its_own_answer(texts: list[str]) -> None:
    column = pd.Series(texts, range(5, 5 + len(texts)), dtype=object)
    assert answers(texts, str.upper) == [text.upper() for text in texts]
    upper = each_text(column, str.upper)
    assert upper.tolist() == [text.upper() for text in texts]
    that = texts_that(column, lambda text: "a" in text)
    assert that.tolist() == ["a" in text for text in texts]
    assert upper.index.equals(column.index)
    assert that.index.equals(column.index)
    assert that.dtype == mask_of(column, texts).dtype == bool
    assert filled(column).tolist() == [text != "" for text in texts]
    assert blank(column).tolist() == [text == "" for text in texts]


@given(st.lists(st.tuples(st.sampled_from("甲乙"), st.sampled_from("abc")), max_size=8))
def test_rows_that_agree_with_another(rows: list[tuple[str, str]]) -> None:
    table = pd.DataFrame(rows, range(3, 3 + len(rows)), columns=["unit", "text"], dtype=object)
    both = ["unit", "text"]
    assert repeated(table, both).tolist() == [rows.count(row) > 1 for row in rows]
    assert firsts(table, both).equals(table.drop_duplicates(both))
    for sort in (False, True):
        groups = groups_side_by_side(table, both, sort=sort)
        assert groups.tolist() == groups_of(table, both, sort=sort).tolist()


@given(st.lists(st.tuples(st.sampled_from("甲乙丙"), st.sampled_from("ab")), max_size=8))
def test_groups_whose_rows_differ(rows: list[tuple[str, str]]) -> None:
    table = pd.DataFrame(rows, range(3, 3 + len(rows)), columns=["unit", "text"], dtype=object)
    texts = {unit: {text for other, text in rows if other == unit} for unit, _ in rows}
    found = differing(groups_of(table, ["unit"]), table["text"])
    assert found.tolist() == [len(texts[unit]) > 1 for unit, _ in rows]


@given(ADDRESSES)
def test_the_host_is_that_of_the_whole_address(urls: list[str]) -> None:
    assert by_host(pd.Series(urls, dtype=object), str) == [host_of(url) for url in urls]


@given(st.from_regex(_CONTACT.pattern))
def test_no_contact_is_without_the_hint_that_lets_it_be_looked_for(text: str) -> None:
    found = _CONTACT.search(text)
    assert found is None or _hints(text), found


@given(st.from_regex(_CONTACT.pattern) | st.text("1 -aZ中é\n", max_size=20))
def test_what_is_beyond_ascii_hides_no_number_and_no_name(text: str) -> None:
    assert _hints_in_ascii(text) == any(hint.search(text) for hint in _HINTS)


@given(st.from_regex(re.compile(_NO_NAME_AT_ALL.pattern, re.IGNORECASE), fullmatch=True))
def test_no_name_of_a_file_begins_as_names_do(text: str) -> None:
    assert _NO_NAME_OR_A_FILE.search(text)


@given(st.lists(st.text("12.a+讲二上", max_size=4), min_size=1))
def test_names_with_the_same_marks_have_the_same_digits(folds: list[str]) -> None:
    digits = _digits(pd.Series(folds, dtype=object)).tolist()
    assert digits == ["".join(filter(str.isdecimal, _marks(fold))) for fold in folds]


@given(TEXTS)
def test_a_pair_has_the_answer_of_its_two(texts: list[str]) -> None:
    beside = pd.Series(texts[::-1], range(5, 5 + len(texts)), dtype=object)
    assert pairs_that(texts, beside, str.startswith).tolist() == list(map(str.startswith, texts, beside))


@given(st.from_regex(_PLAIN, fullmatch=True))
def test_a_plain_path_leads_where_the_long_way_leads(named: str) -> None:
    files = Index([Entry.of(named, "x", 1, 1)])
    assert files.find(named) == files.find(f"./{named}") == Match(named)


@given(st.text("aZ9中é_-.", max_size=8))
def test_labels_of_hosts_begin_and_end_with_a_letter(text: str) -> None:
    plainly = rf"[{_LETTER}](?:[{_LETTER}_-]*[{_LETTER}])?"
    assert bool(re.fullmatch(_LABEL, text)) == bool(re.fullmatch(plainly, text))


PIECES = st.sampled_from(
    [
        "张建华",
        "朱",
        "·",
        "教授",
        "大学",
        "和",
        "-",
        " ",
        " ",
        "John",
        "Wu",
        "é",
        ".",
        "’",
        ";",
        "族",
        "主任",
        "A",
    ]
)


@given(st.lists(PIECES, max_size=9).map("".join))
def test_what_is_no_name_is_no_name_behind_a_blank_either(text: str) -> None:
    form = BY_NAME["主讲人"].form
    behind = rf"(?=[{_FOREIGN}])[{_IN_A_NAME}]"
    assert behind in form
    plainly = form.replace(behind, rf"(?=[{_FOREIGN}]){_NO_NAME}[{_IN_A_NAME}]")
    assert bool(re.fullmatch(form, text)) == bool(re.fullmatch(plainly, text))


LINKS = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "https", "HTTPS"]),
    st.sampled_from(["a.cn", "A.cn", "a.cn:80", "b.a.cn"]),
    st.text("/aA#?=", max_size=4).map(lambda tail: tail and f"/{tail}") | st.text("#?a", max_size=2),
    st.sampled_from(["", "/", "#", "/#/", "//"]),
)


def _last_parts(*urls: str) -> list[str]:
    parts: list[str] = last_parts(pd.DataFrame({"资源链接": urls}, dtype=object)).tolist()
    return parts


@given(st.lists(LINKS, max_size=40))
def test_links_that_lead_to_one_place_agree_in_their_last_part(urls: list[str]) -> None:
    for same in (_page, _place):
        parts: dict[str, set[str]] = {}
        for url in filter(same, urls):
            parts.setdefault(same(url), set()).update(_last_parts(url))
        assert all(len(each) == 1 for each in parts.values()), parts


@given(st.from_regex(re.compile(_FRONT_DOOR.pattern, re.IGNORECASE), fullmatch=True) | LINKS)
def test_the_last_part_of_a_link_tells_front_doors(url: str) -> None:
    host = host_of(url)
    if "." in host.strip(".") and is_home_page(url, {host, host.removeprefix("www.")}):
        assert all(map(_ends_a_front_door, _last_parts(url)))


@given(st.lists(st.text() | st.text("1、2 的课程ΣΑσe\u0301\u1100\u1161（Ａ\0", max_size=8), max_size=8))
def test_texts_with_walls_between_change_as_each_alone(texts: list[str]) -> None:
    column = pd.Series(texts, range(5, 5 + len(texts)), dtype=object)
    for change in (_fold, partial(_SAYS_NOTHING.sub, "")):
        assert changed(column, change).tolist() == [change(text) for text in texts]
        assert changed(column, change).index.equals(column.index)


@given(TEXTS)
def test_what_is_spread_is_what_each_row_would_say(texts: list[str]) -> None:
    column = pd.Series(texts, range(5, 5 + len(texts)), dtype=object)
    assert spread(column, len, np.int64).tolist() == list(map(len, texts))
    matching = spread(column, re.compile("a+").fullmatch, np.bool_)
    assert matching.tolist() == [bool(re.fullmatch("a+", text)) for text in texts]


@given(st.lists(st.booleans(), max_size=4))
def test_rows_that_are_not_copied_are_the_rows(mask: list[bool]) -> None:
    rows = pd.DataFrame({"text": list("abcd")[: len(mask)]}, range(3, 3 + len(mask)), dtype=object)
    wanted = np.array(mask, dtype=np.bool_)
    assert rows_where(rows, wanted).equals(rows[wanted])


@given(st.lists(st.tuples(st.sampled_from("甲乙"), st.sampled_from(["1", "01", "10", "0", "00", "一"]))))
def test_orders_are_compared_as_numbers(rows: list[tuple[str, str]]) -> None:
    table = pd.DataFrame(rows, columns=["series", "所属顺序"], dtype=object)
    table["group"] = groups_of(table, ["series"])
    places = [(series, order.lstrip("0")) for series, order in rows]
    assert _stand_twice(table).tolist() == [places.count(place) > 1 for place in places]


@given(st.lists(st.tuples(st.sampled_from("甲乙"), st.integers(0, 12)), unique=True))
def test_a_series_with_a_gap_has_fewer_numbers_than_its_highest(rows: list[tuple[str, int]]) -> None:
    table = pd.DataFrame(rows, columns=["series", "number"]).astype({"number": np.int64})
    table["group"] = groups_of(table, ["series"])
    numbers = {series: {number for other, number in rows if other == series} for series, _ in rows}
    gaps = [not set(range(1, max(numbers[series]) + 1)) <= numbers[series] for series, _ in rows]
    assert _with_gaps(table).index.tolist() == [at for at, gap in enumerate(gaps) if gap]


@given(st.lists(st.tuples(st.sampled_from("甲乙"), st.sampled_from([0, 7, 8, 3000, 5000, _HUGE]))))
def test_a_workbook_whose_numbers_look_made_up_is_striking(rows: list[tuple[str, int]]) -> None:
    table = pd.DataFrame(rows, columns=["workbook", "number"]).astype({"number": np.int64})
    mine = [[number for other, number in rows if other == workbook] for workbook, _ in rows]
    made_up = [
        len(set(each)) == 1 or all(number % 1000 == 0 for number in each) or max(each) >= _HUGE
        for each in mine
    ]
    groups = groups_of(table, ["workbook"])
    assert _striking(groups, table["number"].to_numpy()).tolist() == made_up


def test_what_is_asked_of_a_table_is_worked_out_once_for_each_question() -> None:
    asked: list[tuple[int, str]] = []

    @once_a_table
    def rows_that_say(table: pd.DataFrame, word: str) -> int:
        asked.append((len(table), word))
        return int((table["x"] == word).sum())

    one, other = pd.DataFrame({"x": ["a", "b", "b"]}), pd.DataFrame({"x": ["a"]})
    told = [rows_that_say(table, word) for table in (one, one, other, one) for word in ("a", "a", "b", "b")]
    assert told == [1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 0, 0, 1, 1, 2, 2]
    assert asked == [(len(table), word) for table in (one, one, other, one) for word in "ab"]
