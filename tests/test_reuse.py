"""What need not be done again: nothing in the store ever changes a result, whatever happens to its file."""

from __future__ import annotations

import ast
import pickle
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engine import Inline
from pipeline.isolate import Ending, Failure, Limits
from pipeline.model import Finding, Kind, Place, Submission
from pipeline.probe.columns import is_of_the_file, measured_file
from pipeline.probe.digest import edge_digest, full_digest
from pipeline.probe.facts import was_opened
from pipeline.probe.seal import scan_facts
from pipeline.read.document import read_document
from pipeline.reuse import sources
from pipeline.reuse.bundle import Bundle
from pipeline.reuse.kept import UNREADABLE, Codec, Kept, encoded
from pipeline.reuse.reusing import Reusing
from pipeline.reuse.sources import PACKAGE, closure, imported, version_of
from pipeline.reuse.store import Store, open_store
from tests.small_tables import RIGHT_ROW, submission

LIMITS = Limits(seconds=5, memory_mb=512)
KEY, VALUE = b"key", b"value"

# --- the store ----------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "检测.db"
    with open_store(path) as (store, warning):
        assert warning == ""
        store.put(KEY, VALUE)
    return path


def known(path: Path, *keys: bytes) -> tuple[dict[bytes, bytes], str]:
    with open_store(path) as (store, warning):
        return store.get_many(keys or [KEY]), warning


def change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_what_was_put_is_got(path: Path) -> None:
    assert known(path) == ({KEY: VALUE}, "")
    assert known(path, b"other") == ({}, "")


def test_many_keys_are_asked_for_at_once(path: Path) -> None:
    with open_store(path) as (store, _):
        wanted = {str(number).encode(): b"%d" % number for number in range(1200)}
        for key, value in wanted.items():
            store.put(key, value)
        assert store.get_many([b"unknown", *wanted, KEY]) == {**wanted, KEY: VALUE}


def test_what_a_run_had_no_use_for_is_dropped(path: Path) -> None:
    with open_store(path) as (store, _):
        store.put(b"new", b"")
        store.forget_unused()
    assert known(path, KEY, b"new") == ({b"new": b""}, "")
    with open_store(path) as (store, _):
        store.get_many([b"new"])
        store.forget_unused()
    assert known(path, b"new") == ({b"new": b""}, "")


def test_the_file_tells_nothing_to_whom_has_not_got_the_key(path: Path) -> None:
    with open_store(path) as (store, _):
        store.put(b"the workbook's digest", "手机 13800001111".encode())
    assert known(path, b"the workbook's digest")[0] == {b"the workbook's digest": "手机 13800001111".encode()}
    data = path.read_bytes()
    for secret in (b"13800001111", b"the workbook's digest", b"13800"):
        assert secret not in data


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: b"\x00" * len(data),
        lambda data: b"not a database" * 100,
        lambda data: data[:100] + bytes(400) + data[500:],
    ],
)
def test_a_damaged_file_is_replaced(path: Path, damage: Callable[[bytes], bytes]) -> None:
    path.write_bytes(damage(path.read_bytes()))
    values, warning = known(path)
    assert values == {}
    assert path.name in warning or warning == ""
    with open_store(path) as (store, warning):
        assert warning == ""
        store.put(KEY, VALUE)
    assert known(path) == ({KEY: VALUE}, "")


def test_any_single_damaged_byte_changes_no_value(path: Path) -> None:
    data = path.read_bytes()
    for at in range(0, len(data), 211):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x5A]) + data[at + 1 :])
        values, _ = known(path)
        assert values in ({}, {KEY: VALUE}), at


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("PRAGMA user_version = 99", True),
        ("PRAGMA application_id = 5", True),
        ("PRAGMA user_version = 1", False),
    ],
)
def test_other_makers_files_are_begun_anew(path: Path, statement: str, told: bool) -> None:
    change(path, statement)
    values, warning = known(path)
    assert (values, bool(warning)) == ({}, told)
    assert known(path)[1] == ""


def test_an_entry_that_was_tampered_with_is_not_known(path: Path) -> None:
    change(path, "UPDATE results SET sealed = x'00'")
    assert known(path) == ({}, "")


def test_where_no_file_can_be_the_store_works_in_memory(tmp_path: Path) -> None:
    with open_store(tmp_path) as (store, warning):
        assert "无法使用" in warning
        store.put(KEY, VALUE)
        assert store.get_many([KEY]) == {KEY: VALUE}


def test_a_store_in_use_elsewhere_is_left_alone(path: Path) -> None:
    holder = sqlite3.connect(path)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        values, warning = known(path)
        assert values == {}
        assert "无法使用" in warning
    finally:
        holder.close()
    assert known(path) == ({KEY: VALUE}, "")


# --- results as bytes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
def test_a_submission_comes_back_as_it_was(packed: bool) -> None:
    sent = submission([RIGHT_ROW], kinds={(2, "创建时间"): Kind.DATE})
    codec: Codec[Submission | Finding] = Codec(Submission, Finding, packed=packed)
    elsewhere = pickle.loads(pickle.dumps(codec))
    for value in (sent, Finding("F01", Place("甲校", "清单.xlsx"), "x", {"cause": "损坏", "count": 3})):
        assert codec.decode(elsewhere.encode(value) or b"") == value


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("data", [b"", b"\x09", b"\x00", b"\x00\xc1", b"\x00\x80", b"\xff\xff"])
def test_bytes_that_are_no_result_are_refused(data: bytes, packed: bool) -> None:
    with pytest.raises(UNREADABLE):
        Codec(Submission, Finding, packed=packed).decode(data)


def test_equal_values_have_equal_bytes() -> None:
    assert encoded(submission([RIGHT_ROW])) == encoded(submission([RIGHT_ROW]))
    assert encoded(submission([RIGHT_ROW])) != encoded(submission([{**RIGHT_ROW, "主讲人": "王军"}]))


# --- an engine that remembers ------------------------------------------------------------------------------


ASKED: list[int] = []


def squared(number: int) -> int | str:
    ASKED.append(number)
    if number == 13:
        raise ValueError("thirteen")
    return str(number) if number == 7 else number * number


SQUARES: Kept[int, int | str] = Kept(Codec(int), lambda number: number, lambda value: value != 16)


def squares(store: Store, *numbers: int, window: int = 3) -> Iterator[tuple[int, Any]]:
    ASKED.clear()
    engine = Reusing(Inline(), store)
    return engine.run(squared, numbers, limits=LIMITS, window=window, kept=SQUARES)


def test_only_what_is_not_known_is_done_and_the_order_stays(path: Path) -> None:
    with open_store(path) as (store, _):
        assert list(squares(store, 1, 3)) == [(1, 1), (3, 9)]
        assert list(squares(store, 0, 1, 2, 3, 5)) == [(0, 0), (1, 1), (2, 4), (3, 9), (5, 25)]
    assert ASKED == [0, 2, 5]
    with open_store(path) as (store, _):
        assert list(squares(store, 5, 3, 2, 1, 0)) == [(5, 25), (3, 9), (2, 4), (1, 1), (0, 0)]
    assert ASKED == []


@given(st.lists(st.lists(st.integers(20, 60), unique=True), max_size=5), st.integers(1, 300))
def test_whatever_was_asked_before_each_task_is_done_once(runs: list[list[int]], window: int) -> None:
    """Results come from bundles, from entries of their own, or are made: nobody can tell."""
    with tempfile.TemporaryDirectory() as folder:
        before = set[int]()
        for numbers in runs:
            with open_store(Path(folder) / "cache.db") as (store, _):
                right = [(number, number * number) for number in numbers]
                assert list(squares(store, *numbers, window=window)) == right
                assert [number for number in numbers if number not in before] == ASKED
            before |= set(numbers)


def test_a_run_that_asks_the_same_again_looks_up_few_entries(path: Path) -> None:
    numbers = range(100, 1100)
    with open_store(path) as (store, _):
        list(squares(store, *numbers, window=256))
    with open_store(path) as (store, _), patch.object(store, "get_many", wraps=store.get_many) as asked:
        list(squares(store, *numbers, window=256))
        # Of a bundle that is known nothing is looked up by itself.
        assert sum(len(call.args[0]) for call in asked.call_args_list) < 30
        store.forget_unused()
        asked.reset_mock()
        assert (7000, 49_000_000) in list(squares(store, 7000, *numbers[1:], window=256))
        assert ASKED == [7000]
        # Only the part with the other task is looked up one by one.
        assert sum(len(call.args[0]) for call in asked.call_args_list) < 600


def test_a_bundle_that_cannot_be_read_is_as_if_it_were_not_there(path: Path) -> None:
    with open_store(path) as (store, _):
        bundle = Bundle(store, b"squared", [b"1", b"2"])
        for at in (0, 1):
            bundle.put(at, b"value")
        bundle.close()
        for nonsense in (b"", b"nonsense", b"\x91\xa1a"):
            store.put(bundle._key, nonsense)
            assert Bundle(store, b"squared", [b"1", b"2"]).known() == {0: b"value", 1: b"value"}


def test_failures_and_what_may_change_are_not_kept(path: Path) -> None:
    """13 fails, 16 is not lasting, and a text is no type that is kept."""
    with open_store(path) as (store, _):
        for _ in range(2):
            outcomes = dict(squares(store, 13, 4, 7, 2))
            assert isinstance(outcomes.pop(13), Failure)
            assert outcomes == {4: 16, 7: "7", 2: 4}
    assert ASKED == [13, 4, 7]


def test_all_that_is_done_is_told_of_once(path: Path) -> None:
    with open_store(path) as (store, _):
        list(squares(store, 1, 2))
        done: list[int] = []
        engine = Reusing(Inline(), store)
        list(engine.run(squared, [1, 2, 3], limits=LIMITS, on_done=done.append, kept=SQUARES))
    assert sum(done) == 3


def test_another_program_knows_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(path) as (store, _):
        list(squares(store, 1))
        monkeypatch.setattr("pipeline.reuse.reusing.version_of", lambda _module: b"another")
        assert list(squares(store, 1)) == [(1, 1)]
    assert ASKED == [1]


def test_a_name_that_is_no_text_is_known_again(path: Path) -> None:
    kept: Kept[str, int] = Kept(Codec(int), lambda name: name)
    with open_store(path) as (store, _):
        engine = Reusing(Inline(), store)
        for _ in range(2):
            assert list(engine.run(len, ["\udcff.mp4"], limits=LIMITS, kept=kept)) == [("\udcff.mp4", 5)]
        assert len(store._touched) == 1


# --- on what results depend ---------------------------------------------------------------------------------


def imported_by_ast(module: str) -> set[str]:
    """The same from Python's own grammar."""
    file = sources._file(module)
    assert file
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return {name for name in found if name.split(".")[0] == PACKAGE.name and sources._file(name)}


def test_the_imports_of_every_module_are_seen() -> None:
    for file in PACKAGE.rglob("*.py"):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        assert imported(file.read_text("utf-8")) == imported_by_ast(module), module


def test_what_measures_does_not_depend_on_rules() -> None:
    """A change of a rule must not measure a million files again."""
    near = set[str]()
    for function in (measured_file, scan_facts, read_document, edge_digest, full_digest):
        near |= closure(function.__module__)
    assert "pipeline.probe.mp3" in near
    assert not {
        name for name in near if name.startswith(("pipeline.rules", "pipeline.render", "pipeline.settings"))
    }
    assert version_of("pipeline.probe.facts") != version_of("pipeline.read.submit")


def test_what_was_said_of_a_file_that_could_not_be_opened_is_not_kept(tmp_path: Path) -> None:
    gone = tmp_path / "登记表.jpg"
    for path in (gone, tmp_path):
        assert not was_opened(scan_facts(path))
        assert not is_of_the_file(measured_file(str(path)))
    gone.write_bytes(b"text")
    assert is_of_the_file(measured_file(str(gone)))
    assert was_opened(scan_facts(gone))


def test_a_large_result_waits_in_the_file(path: Path) -> None:
    kept: Kept[int, str] = Kept(Codec(str), lambda number: number)
    with open_store(path) as (store, _):
        for _ in range(2):
            engine = Reusing(Inline(), store)
            outcomes = list(engine.run(_long, range(3), limits=LIMITS, kept=kept))
            assert outcomes == [(number, _long(number)) for number in range(3)]


def _long(number: int) -> str:
    return str(number) * 30_000


@dataclass(frozen=True)
class Numbered:
    """A result that says more than it means."""

    number: int


def misnumbered(name: str) -> Numbered:
    """Bytes can be made of it; back it cannot be read."""
    return Numbered("一" if name == "bad" else 7)  # type: ignore[arg-type]


def test_a_result_that_cannot_be_read_back_costs_itself_alone(tmp_path: Path) -> None:
    kept: Kept[str, Numbered] = Kept(Codec(Numbered), str)
    with open_store(tmp_path / "检测.db") as (store, _):
        engine = Reusing(Inline(), store)
        first, bad, last = [
            outcome for _, outcome in engine.run(misnumbered, ["a", "bad", "b"], limits=LIMITS, kept=kept)
        ]
    assert (first, last) == (Numbered(7), Numbered(7))
    assert isinstance(bad, Failure)
    assert bad.ending is Ending.FAULT
