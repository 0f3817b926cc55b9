"""A slice of the search for crashes, and what the search has found so far as cases of their own."""

from __future__ import annotations

import datetime as dt
import functools
import io
import itertools
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.assess import Result
from pipeline.fields import NAMES
from pipeline.history import HistoryError, open_history
from pipeline.links.store import read_results
from pipeline.model import Finding, Rejection
from pipeline.read.archive import unpack
from pipeline.reuse.store import open_store
from pipeline.rounds.review import Filled, decisions_of
from pipeline.screen import show
from pipeline.summarise import tell
from pipeline.unzip import unpack_once
from pipeline.validate import validate
from tests import fuzz
from tests import hostile_files as made
from tests.small_tables import RIGHT_ROW, SETTINGS, TODAY, resources_of, table_of

EACH = 3
"""Cases of every target in a normal run: a few seconds."""


def test_what_is_damaged_was_right_before(tmp_path: Path) -> None:
    """Else nothing that is read from it could be wrong."""
    (tmp_path / "a.db").write_bytes(fuzz.link_file())
    known, warning = read_results(tmp_path / "a.db")
    assert ([hop.status for each in known.values() for hop in each.evidence.hops], warning) == (
        [404] * 30,
        "",
    )
    (tmp_path / "b.db").write_bytes(fuzz.cache_file())
    with open_store(tmp_path / "b.db") as (kept, _):
        assert kept.get_many([b"key 0", b"key 39"]) == {b"key 0": b"value 0", b"key 39": b"value 39"}


def test_a_slice_of_the_search() -> None:
    cases = list(itertools.islice(fuzz.endless(fuzz.ALL, 0), EACH * len(fuzz.ALL)))
    failed = [
        f"{target} {number}: {problem}" for (target, number), problem in fuzz.outcomes(iter(cases)) if problem
    ]
    assert failed == []


def test_a_case_is_the_same_every_time() -> None:
    for target in ("transport", "workbook", "archive", "page"):
        assert fuzz.damaged(target, 7) == fuzz.damaged(target, 7)
    assert fuzz.damaged("transport", 7) != fuzz.damaged("transport", 8)


def test_the_search_sees_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other values in silence are a failure, and so is a crash."""
    path = tmp_path / fuzz.BOOK
    path.write_bytes(made.good())
    assert fuzz.same_or_refused(path) == ""
    path.write_bytes(made.row_of(资源名称="别的"))
    assert fuzz.same_or_refused(path)
    path.write_bytes(made.good())
    monkeypatch.setattr(fuzz, "mark_file", lambda task: fuzz.Marked(made.row_of(资源名称="别的"), ()))
    assert "says other things" in fuzz.reads_or_refuses(path)
    [(_, problem)] = fuzz.outcomes(iter([("no such target", 1)]))
    assert "KeyError" in problem


# --- one unit's rows never change what is told of another's ----------------------------------------

_COURSE = {"资源名称": "蔬菜大棚管理", "资源链接": "https://mooc.example.cn/9", "主讲人": "孙立"}
_MINE = [{"@unit": "甲校", **RIGHT_ROW, **_COURSE, "创建时间": "2022.3", "版权方": "本校"}]


def _told_of(rows: list[dict[str, str]], unit: str) -> list[Finding]:
    table = table_of(rows)
    outcome = validate(table, {"resources": resources_of(table)}, SETTINGS, TODAY)
    assert [*table.faults, *outcome.faults] == []
    told = tell([*table.findings, *outcome.findings], SETTINGS)
    return [each.finding for each in told if each.finding.place.unit == unit]


_TEXT = st.text(max_size=30) | st.sampled_from(sorted(text[:2000] for text in made.TEXTS.values()))


@functools.cache
def _alone() -> list[Finding]:
    return _told_of(_MINE, "甲校")


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), _TEXT), min_size=1, max_size=3))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_rows_of_one_unit_change_nothing_for_another(rows: list[dict[str, str]]) -> None:
    hostile = [{"@unit": "乙校", **row} for row in rows]
    assert _alone()
    assert _told_of(_MINE + hostile, "甲校") == _alone()


# --- found by the search ----------------------------------------------------------------------------


def changed(statement: str) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        with closing(sqlite3.connect(":memory:")) as other:
            other.deserialize(data)
            other.execute("PRAGMA writable_schema = ON")
            other.execute(statement)
            other.commit()
            return other.serialize()

    return change


def schema_that_is_no_text(data: bytes) -> bytes:
    """The name of a table in bytes that are no UTF-8: what SQLite then says of it is none either."""
    at = data.index(b"CREATE TABLE") + len(b"CREATE TABLE ")
    return data[:at] + b"\xff\xfe(" + data[at + 3 :]


@pytest.mark.parametrize(
    "damage",
    [
        schema_that_is_no_text,
        changed("UPDATE receipts SET first_seen = 'yesterday'"),
        changed("UPDATE receipts SET first_seen = '2024-05-10'"),
        changed("UPDATE receipts SET unit = CAST(unit AS BLOB)"),
        changed("UPDATE receipt_times SET received = x'00ff'"),
        changed("UPDATE runs SET finished = CAST(finished AS BLOB)"),
        changed("UPDATE states SET step = 'x' WHERE step = 0"),
    ],
)
def test_a_history_of_odd_values_is_damaged(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "history.db"
    damaged = damage(fuzz.history_file())
    path.write_bytes(damaged)
    with pytest.raises(HistoryError, match=r"已损坏") as stopped:
        open_history(path, 0)
    assert str(path) in str(stopped.value)
    assert path.read_bytes() == damaged


def test_caches_whose_names_are_no_text_are_begun_anew(tmp_path: Path) -> None:
    cache, store = tmp_path / "检测.db", tmp_path / "链接.db"
    cache.write_bytes(schema_that_is_no_text(fuzz.cache_file()))
    with open_store(cache) as (kept, warning):
        assert kept.get_many([b"key 0"]) == {}
    assert "已重新建立" in warning
    store.write_bytes(schema_that_is_no_text(fuzz.link_file()))
    results, said = read_results(store)
    assert results == {}
    assert "已重新建立" in said


def test_a_member_whose_second_name_is_no_text_is_damage(tmp_path: Path) -> None:
    """zipfile reads the name in front of the member once more, and raises UnicodeDecodeError."""
    data = made.pack({"说明.txt": b"x"})
    at = data.index("说明".encode())
    (tmp_path / "包.zip").write_bytes(data[:at] + b"\xff\xff" + data[at + 2 :])
    (tmp_path / "内").mkdir()
    outcome = unpack(tmp_path / "包.zip", tmp_path / "内")
    assert isinstance(outcome, Rejection)
    assert outcome.remedy.startswith("请")


def test_a_workbook_whose_sheets_only_we_can_find_comes_back_in_the_template(tmp_path: Path) -> None:
    """Marked in place it had two sheets of one name: the list's relation is in a namespace of its own."""
    with zipfile.ZipFile(io.BytesIO(fuzz.returned_book())) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    parts[made.WORKBOOK] = parts[made.WORKBOOK].replace(made.REL.encode(), b"urn:other")
    path = tmp_path / fuzz.BOOK
    path.write_bytes(made.pack(parts))
    assert fuzz.reads_or_refuses(path) == ""


@pytest.mark.parametrize(
    "record", [b"[5, [], 0]", b"[{}, 5, 0]", b"[{}, [[1]], 0]", b'[{}, [], "x"]', b"[[], [], 0]"]
)
def test_a_damaged_note_of_what_was_unpacked_is_forgotten(tmp_path: Path, record: bytes) -> None:
    (tmp_path / "包.zip").write_bytes(made.pack({"a.txt": b"x"}))
    (tmp_path / "内").mkdir()
    (tmp_path / "内.json").write_bytes(record)
    outcome = unpack_once((str(tmp_path / "包.zip"), str(tmp_path / "内")))
    assert getattr(outcome, "files", None) == ("a.txt",)


@pytest.mark.parametrize("typed", ["0001-01-01", "9999-12-31T23:59:59-23:59", "昨天", "2024-13-01"])
def test_a_time_of_receipt_that_no_calendar_holds_is_told(typed: str) -> None:
    line = Filled("单位", None, (), "甲校", "", "", "", "", typed)
    said = decisions_of([line], dt.datetime(2024, 5, 10, tzinfo=dt.UTC))
    assert said.receipts == {}
    assert typed in said.remarks[0]


def test_no_sentence_gives_the_terminal_an_order(capsys: pytest.CaptureFixture[str]) -> None:
    """A sheet's name or a cell may hold C1 controls and marks that turn the line round."""
    remark = "“\x9b31m\x1b[2J\u202e表\r\n假的一行”没有采用。"
    show(Result([], None, [], {}, {}, [], [remark], 0), Path("output"))
    shown = capsys.readouterr().out
    assert "注意：“\ufffd31m\ufffd[2J\ufffd表\ufffd\ufffd假的一行”没有采用。" in shown
