"""Results are kept and carried; a hostile file changes nothing."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.links.result import Ending, Evidence, Hop, Outcome
from pipeline.links.store import ImportRefusedError, export_results, import_results, open_store, read_results

LINK = "https://www.icourse163.org/course/1"
NOW = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
SEEN = Evidence(
    LINK,
    "2024-04-30T08:00:00+00:00",
    Ending.ANSWERED,
    hops=(Hop("http://a.cn/1", 302), Hop(LINK, 404)),
    tries=3,
    title="航空\ue000“发动机”=1+1",
)


def kept(path: Path, *entries: Evidence) -> Path:
    with open_store(path) as (store, warning):
        assert warning == ""
        store.put(entries)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return kept(tmp_path / "链接.db", SEEN)


def test_what_was_put_is_read_and_graded(path: Path) -> None:
    results, warning = read_results(path)
    assert warning == ""
    assert results[LINK].evidence == SEEN
    assert results[LINK].outcome is Outcome.DEAD


def test_reading_makes_no_store(tmp_path: Path) -> None:
    assert read_results(tmp_path / "链接.db") == ({}, "")
    assert list(tmp_path.iterdir()) == []


def test_newer_replaces_older(path: Path) -> None:
    newer = replace(SEEN, title="新")
    kept(path, newer)
    assert read_results(path)[0][LINK].evidence == newer


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"not a database" * 100,
        lambda data: b"\x00" * len(data),
    ],
)
def test_a_damaged_store_is_begun_anew_with_one_warning(path: Path, damage: Callable[[bytes], bytes]) -> None:
    path.write_bytes(damage(path.read_bytes()))
    results, warning = read_results(path)
    assert results == {}
    assert path.name in warning
    assert warning.endswith("。")
    kept(path, SEEN)
    assert LINK in read_results(path)[0]


def test_a_strange_database_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "链接.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE other (x)")
    connection.commit()
    connection.close()
    assert "不是本程序的" in read_results(path)[1]


def test_a_changed_row_is_not_known(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE seen SET evidence = replace(evidence, '404', '200')")
    connection.commit()
    connection.close()
    assert read_results(path) == ({}, "")


def test_no_write_ahead_log(path: Path) -> None:
    with open_store(path):
        assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_export_and_import_carry_everything(path: Path, tmp_path: Path) -> None:
    target, other = tmp_path / "结果.jsonl", tmp_path / "别处.db"
    assert export_results(path, target) == 1
    assert import_results(other, target, NOW) == 1
    assert read_results(other) == read_results(path)
    first = target.read_bytes()
    export_results(other, target)
    assert target.read_bytes() == first


def test_import_keeps_what_is_newer(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "结果.jsonl"
    export_results(path, target)
    newer = replace(SEEN, checked="2024-04-30T09:00:00+00:00", title="新")
    kept(path, newer)
    assert import_results(path, target, NOW) == 0
    assert read_results(path)[0][LINK].evidence == newer


def lines(path: Path, tmp_path: Path) -> list[str]:
    export_results(path, tmp_path / "结果.jsonl")
    return (tmp_path / "结果.jsonl").read_text("utf-8").splitlines()


@pytest.mark.parametrize(
    "change",
    [
        lambda head, _: [],
        lambda head, _: ["{}"],
        lambda head, seen: [seen],
        lambda head, _: [head, "[" * 100_000],
        lambda head, _: [head, "NaN"],
        lambda head, _: [head, "x"],
        lambda head, seen: [head, seen.replace('"tries": 3', '"tries": 1e9')],
        lambda head, seen: [head, seen.replace('"tries": 3', '"tries": 0')],
        lambda head, seen: [head, seen.replace('"tries": 3', '"tries": true')],
        lambda head, seen: [head, seen.replace('"tries": 3', '"tries": 3, "more": 1')],
        lambda head, seen: [head, seen.replace('"tries": 3, ', "")],
        lambda head, seen: [head, seen.replace("answered", "fine")],
        lambda head, seen: [head, seen.replace("2024-04-30", "2034-04-30")],
        lambda head, seen: [head, seen.replace("2024-04-30", "")],
        lambda head, seen: [head, seen.replace("+00:00", "+08:00")],
        lambda head, seen: [head, seen.replace("+00:00", "")],
        lambda head, seen: [head, seen.replace("http://a.cn/1", "http://[::1")],
        lambda head, seen: [head, seen.replace("http://a.cn/1", "\\u0000")],
        lambda head, seen: [head, seen.replace("http://a.cn/1", "\\ud800")],
        lambda head, seen: [head, seen.replace("404", "9" * 5000)],
        lambda head, seen: [head, seen, seen.replace('"link"', '"lnk"')],
        lambda head, seen: [head.replace("1}", "2}"), seen],
    ],
)
def test_a_hostile_file_is_refused_whole_with_one_sentence(
    path: Path, tmp_path: Path, change: Callable[[str, str], list[str]]
) -> None:
    head, seen = lines(path, tmp_path)
    hostile, other = tmp_path / "坏.jsonl", tmp_path / "别处.db"
    hostile.write_text("\n".join(change(head, seen)), "utf-8")
    with pytest.raises(ImportRefusedError) as refused:
        import_results(other, hostile, NOW)
    said = str(refused.value)
    assert "坏.jsonl" in said
    assert said.count("。") == 1
    assert said.endswith("。")
    assert read_results(other) == ({}, "")


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_are_taken_for_results(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("x")
    (folder / "x.jsonl").write_bytes(data)
    with pytest.raises(ImportRefusedError):
        import_results(folder / "x.db", folder / "x.jsonl", NOW)


def test_a_file_that_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="读不到"):
        import_results(tmp_path / "output" / "x.db", tmp_path / "x.jsonl", NOW)
    assert list(tmp_path.iterdir()) == []


def test_the_head_says_what_the_file_is(path: Path, tmp_path: Path) -> None:
    assert json.loads(lines(path, tmp_path)[0]) == {"format": "henan-resource-check links", "version": 1}
