"""The canonical stage looks at distinct texts, and only at suspicious ones: nothing is missed by that."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline.canonical import Suspects, _showing, canonical
from pipeline.column import Column
from pipeline.fields import BY_NAME, FIELDS, MARKUP, NAMES, OPENING_TAG, SEE_ELSEWHERE, Field, form_of
from pipeline.model import Kind, Submission
from pipeline.rules import REGISTER, wording
from pipeline.rules.distinct import texts_that
from pipeline.rules.link import _inside
from pipeline.rules.text import (
    BEGINS_A_FORMULA,
    BEGINS_A_PLACEHOLDER,
    INVISIBLE,
    broken_line,
    garbled,
    has_lines,
    has_zero_width,
    is_placeholder,
    like_formula,
    may_be_a_day,
    may_be_garbled,
    only_a_day,
    trimmed,
)
from pipeline.schema import FORM, REQUIRED, build_schema, doubtful, refused, right
from tests.small_tables import OTHER_ROW, RIGHT_ROW, SETTINGS, submission

PIECES = [
    "航空", "常见", "详见附件", "见", "阅", "附后", "另附", "<p>", "</p>", "<", "&nbsp;", "&", "[图片]",
    "![", "](", "[", " ", "\u3000", "\u200b", "\n", "\t", "=", "+SUM(", "-", "@", "A1:B2", ")", "2024", "03",
    "月", "日", "/", ".", "浣犲ソ", "锟斤拷", "\ufffd", "Ã©Ã¨Ã«", "\x00", "\x7f", "\ue000", "\ud800", "😀",
    "琪", "a", ";", "；", "0", "无", "https://", "http://", "www.", "mooc.cn", "192.168.1.8", "vpn.a.cn", "?",
    "#", ":80", "朱新", "（藏族）", "教授", "大学",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=6).map("".join) | st.text(max_size=12)


def test_a_column_knows_its_texts_and_characters() -> None:
    column = Column("资源名称", ["乙甲", "", "甲a", "乙甲"])
    assert column.distinct == {"乙甲", "", "甲a"}
    assert column.alphabet == "a乙甲"
    assert column.rows_with({"乙甲", "丙"}) == [0, 3]
    assert column.suspects(re.compile("a").search) == ["甲a"]
    assert column.suspects(re.compile("丙").search) == []


def test_a_column_that_changes_leaves_what_was_sent_alone() -> None:
    sent = ["甲", "乙"]
    column = Column("资源名称", sent)
    assert column.alphabet == "乙甲"
    column.put({1: "丙"})
    assert (column.texts, column.alphabet, column.distinct) == (["甲", "丙"], "丙甲", {"甲", "丙"})
    assert sent == ["甲", "乙"]


@given(st.lists(st.text(max_size=8), max_size=8))
def test_the_alphabet_holds_every_character_of_every_script(texts: list[str]) -> None:
    assert Column("", texts).alphabet == "".join(sorted(set("".join(texts))))


DAYS = st.sampled_from(["3月5日", "2024-3-5", "2024/03/05", "2024.3.5", "2024年3月5日", "5-Mar", "Mar-24"])
FORMULAS = st.sampled_from(["=SUM(A1:B2)", "+SUM(A1)", "-SUM(A1)", "@SUM(A1)", "=A1+B2", "=cmd|'/c calc'!A1"])
LINES = st.lists(st.sampled_from(["航空", "a", "1"]), min_size=2, max_size=3).map("\n".join)
JUDGES: list[tuple[Suspects, Callable[[str], object], st.SearchStrategy[str]]] = [
    (
        lambda column: column.padded_with(INVISIBLE),
        lambda text: text.strip(INVISIBLE) != text,
        TEXTS.map("\u3000".__add__),
    ),
    (_showing(may_be_garbled), garbled, TEXTS),
    (_showing(may_be_a_day), only_a_day, DAYS),
    (_showing(has_lines), lambda text: broken_line(text, lambda _text: True), LINES),
    (lambda column: column.beginning_with(BEGINS_A_FORMULA), like_formula, FORMULAS),
    (
        lambda column: column.beginning_with(BEGINS_A_PLACEHOLDER),
        lambda text: is_placeholder(text, True),
        st.sampled_from(["无", "/", "-", "暂无", "同上", "待定", "XXX", "xx"]),
    ),
    (
        lambda column: column.containing(["a", "乙甲"]),
        lambda text: "a" in text or "乙甲" in text,
        st.just("乙甲"),
    ),
    (lambda column: column.not_as_long_as(range(2, 5)), lambda text: not 2 <= len(text) <= 4, TEXTS),
]


@pytest.mark.parametrize(("suspects", "judge", "wrong"), JUDGES)
@given(data=st.data(), others=st.lists(TEXTS, max_size=3))
def test_whatever_is_wrong_is_suspected(
    suspects: Suspects,
    judge: Callable[[str], object],
    wrong: st.SearchStrategy[str],
    data: st.DataObject,
    others: list[str],
) -> None:
    text = data.draw(wrong | TEXTS)
    assume(text and judge(text))
    assert text in suspects(Column("", [text, *others]))


@given(TEXTS)
def test_nothing_is_trimmed_but_blanks_at_the_ends_and_what_has_no_width(text: str) -> None:
    column = Column("", [text])
    assert (trimmed(text) != text) == bool(column.suspects(has_zero_width) + column.padded_with(INVISIBLE))


@given(TEXTS)
def test_a_text_without_its_signs_is_a_right_introduction_at_one_look(text: str) -> None:
    slow = re.compile(rf"(?si:(?!.*(?:{MARKUP}))(?!{OPENING_TAG})(?!{SEE_ELSEWHERE}$).*)")
    assert bool(form_of("资源简介").fullmatch(text)) == bool(slow.fullmatch(text))


NAMED = ["朱新", "张建华", "（藏族）班班多杰", "教授", "主讲", "大学", "Li", " ", "·"]
SPEAKERS = st.lists(st.sampled_from(NAMED), max_size=3).map("".join)


@given(st.lists(SPEAKERS, min_size=1, max_size=4).map(";".join))
def test_several_speakers_are_right_where_each_is(text: str) -> None:
    form = form_of("主讲人")
    assert bool(form.fullmatch(text)) == all(form.fullmatch(name) for name in text.split(";"))


HOSTS = ["mooc.cn", "a.b.cn", "192.168.1.8", "1.2.3.4", "localhost", "intranet", "vpn.a.cn"]
TAILS = ["", "/", "/a?b", "#c", ":80", ":80/x", "/192.168.1.8", "?u=http://10.0.0.1/", "?to=vpn.a.cn"]


@given(st.sampled_from(["http", "HTTPS"]), st.sampled_from(HOSTS), st.sampled_from(TAILS), TEXTS)
def test_where_a_well_written_link_leads_its_host_tells(scheme: str, host: str, tail: str, more: str) -> None:
    for text in (f"{scheme}://{host}{tail}", f"{scheme}://{host}{tail}{more}"):
        if form_of("资源链接").fullmatch(text):
            assert REGISTER.conditions["资源链接"](text, SETTINGS) == (not _inside(text))


@given(st.sampled_from(["", "a", "a/b?c=1", "a,b"]), st.sampled_from([";", ",", "; ", ",\t"]), TEXTS)
def test_a_second_address_in_a_link_is_seen(tail: str, between: str, more: str) -> None:
    for text in ("b.cn", f"b.cn/{more}"):
        assert not form_of("资源链接").fullmatch(f"https://mooc.cn/{tail}{between}https://{text}")


@hypothesis_settings(max_examples=20, deadline=None)
@given(st.sets(TEXTS, min_size=1, max_size=20))
def test_the_schema_refuses_what_is_not_right(texts: set[str]) -> None:
    schema = build_schema(SETTINGS)
    for name in NAMES:
        wrong = refused(schema, name, texts)
        is_right = right(BY_NAME[name], SETTINGS)
        malformed = {text for text in texts if text and not is_right(text)}
        assert wrong.get(FORM, set()) == (malformed if name in REGISTER.readers else set())
        assert wrong.get(REQUIRED, set()) == (texts & {""} if name in SETTINGS.required else set())


def test_a_check_that_fails_is_a_fault_of_the_program() -> None:
    schema = build_schema(SETTINGS.model_copy(update={"catalog_schema": "没有.xsd"}))
    with pytest.raises(RuntimeError, match="schema"):
        refused(schema, "资源目录", {"<a>1</a>"})


ROWS = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, TEXTS))
KINDS = st.dictionaries(
    st.tuples(st.integers(2, 4), st.sampled_from(NAMES)), st.sampled_from(list(Kind)), max_size=4
)


@st.composite
def workbooks(draw: st.DrawFn) -> list[Submission]:
    """Two or three workbooks of three rows, some of whose cells are no plain text or held back."""
    return [
        _held(
            submission(
                [{**(RIGHT_ROW if number else OTHER_ROW), **draw(ROWS)} for number in range(3)],
                unit=f"第{unit}学院",
                kinds=draw(KINDS),
            ),
            draw(st.frozensets(st.tuples(st.integers(2, 4), st.sampled_from(NAMES)), max_size=2)),
        )
        for unit in range(draw(st.integers(2, 3)))
    ]


def _held(given: Submission, cells: frozenset[tuple[int, str]]) -> Submission:
    return Submission(**{name: getattr(given, name) for name in given.__struct_fields__} | {"held": cells})


@hypothesis_settings(max_examples=20, deadline=None)
@given(workbooks())
def test_a_row_is_read_alike_in_any_company(books: list[Submission]) -> None:
    together = canonical(books, SETTINGS)
    alone = [canonical([book], SETTINGS) for book in books]
    for part in ("values", "broken"):
        joined = pd.concat([getattr(each, part) for each in alone], ignore_index=True)
        pd.testing.assert_frame_equal(getattr(together, part), joined)
    found = sorted((each for table in alone for each in table.findings), key=lambda each: each.sort_key())
    assert sorted(together.findings, key=lambda each: each.sort_key()) == found
    assert together.rows == [row for table in alone for row in table.rows]


def test_findings_come_field_by_field_and_row_by_row() -> None:
    row = {**RIGHT_ROW, "资源名称": "", "主讲人": "朱新教授", "资源时长": "2:45:32"}
    found = canonical([submission([row, row])], SETTINGS).findings
    assert [(each.place.field, each.place.row) for each in found] == [
        (name, number) for name in ("资源名称", "资源时长", "主讲人") for number in (2, 3)
    ]


def test_a_held_cell_is_neither_judged_nor_used() -> None:
    book = _held(submission([{**RIGHT_ROW, "主讲人": "朱新教授"}]), frozenset([(2, "主讲人")]))
    table = canonical([book], SETTINGS)
    assert (table.findings, table.values.at[0, "主讲人"], table.broken.at[0, "主讲人"]) == ([], "", True)
    assert table.text(0, "主讲人") == "朱新教授"


def test_no_rows_give_an_empty_table_with_all_columns() -> None:
    table = canonical([], SETTINGS)
    assert list(table.sent) == list(table.broken) == list(NAMES)
    assert list(table.values) == ["@unit", "@workbook", "@sheet", "@row", *NAMES]
    assert (len(table.values), table.findings) == (0, [])


def test_the_schema_is_not_waited_for_where_there_is_no_row() -> None:
    script = (
        "import sys; from pipeline.canonical import canonical; from tests.small_tables import SETTINGS; "
        "canonical([], SETTINGS); print('pandera' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.sampled_from(FIELDS), st.data())
def test_no_text_that_the_schema_refuses_is_left_out_beforehand(field: Field, data: st.DataObject) -> None:
    known = st.sampled_from(["", field.example, f"{field.example};{field.example}", "http://10.0.0.1/", "；"])
    known |= TEXTS.map("https://mooc.cn/".__add__) | TEXTS.map("http://".__add__)
    asked = set(data.draw(st.lists(known | TEXTS)))
    whole = refused(build_schema(SETTINGS), field.name, asked)
    doubted = doubtful(field, Column(field.name, sorted(asked)), SETTINGS)
    assert set(doubted) == set().union(*whole.values())
    assert refused(build_schema(SETTINGS), field.name, doubted) == whole


@given(st.lists(TEXTS | st.sampled_from(["https://www.mooc.cn/", "微课1", "a.mp4", "加微信 13800138000"])))
def test_lines_clear_only_texts_that_pass_no_test(texts: list[str]) -> None:
    tests: list[tuple[Callable[[str], object], Callable[[str], object]]] = [
        (lambda text: wording._proper_name(text, SETTINGS) != text, wording._NO_NAME_OR_A_FILE.search),
        (wording._hints, wording._hints),
    ]
    asked = pd.Series(texts, dtype=object)
    for test, sign in tests:
        assert texts_that(asked, test, sign).tolist() == texts_that(asked, test).tolist()
