"""The cache never changes a result, whatever happens to its file."""

import sqlite3

import pytest

from pipeline.probe.cache import Stamp, open_cache

STAMP = Stamp("某校/视频/第1讲.mp4", 1000, 1_700_000_000_123_456_789)
FACTS = {"real": "mp4", "duration_ms": 4000, "audio_codecs": ["AAC"], "broken": ""}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "检测.db"
    with open_cache(path) as (cache, warning):
        assert warning == ""
        cache.put_many({STAMP: FACTS})
    return path


def known(path, *stamps):
    with open_cache(path) as (cache, warning):
        return cache.get_many(stamps or [STAMP]), warning


def change(path, *statements):
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_what_was_put_is_got(path):
    assert known(path) == ({STAMP: FACTS}, "")


@pytest.mark.parametrize(
    "other",
    [
        Stamp("别校/1.mp4", 1000, STAMP.mtime_ns),
        Stamp(STAMP.name, 1001, STAMP.mtime_ns),
        Stamp(STAMP.name, 1000, 1),
    ],
)
def test_another_name_size_or_time_is_another_file(path, other):
    assert known(path, other) == ({}, "")


def test_a_name_that_is_no_text(path):
    stamp = Stamp("\udcff.mp4", 1, 1)
    with open_cache(path) as (cache, _):
        cache.put_many({stamp: FACTS})
    assert known(path, stamp) == ({stamp: FACTS}, "")


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
def test_a_damaged_file_is_replaced(path, damage):
    path.write_bytes(damage(path.read_bytes()))
    facts, warning = known(path)
    assert facts == {}
    assert path.name in warning or path.stat().st_size == 0 or warning == ""
    with open_cache(path) as (cache, warning):
        assert warning == ""
        cache.put_many({STAMP: FACTS})
    assert known(path) == ({STAMP: FACTS}, "")


def test_any_single_damaged_byte_changes_no_fact(path):
    data = path.read_bytes()
    for at in range(0, len(data), 211):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x5A]) + data[at + 1 :])
        facts, _ = known(path)
        assert facts in ({}, {STAMP: FACTS}), at


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("PRAGMA user_version = 99", True),
        ("PRAGMA application_id = 5", True),
        ("UPDATE maker SET stamp = 'old'", False),
    ],
)
def test_other_makers_facts_do_not_count(path, statement, told):
    change(path, statement)
    facts, warning = known(path)
    assert (facts, bool(warning)) == ({}, told)
    assert known(path)[1] == ""


def test_an_entry_that_was_tampered_with_is_not_known(path):
    change(path, """UPDATE facts SET facts = '{"duration_ms": NaN}'""")
    assert known(path) == ({}, "")


def test_nan_is_refused(path):
    with open_cache(path) as (cache, _), pytest.raises(ValueError, match="JSON"):
        cache.put_many({STAMP: {"frame_rate": float("nan")}})
    assert known(path) == ({STAMP: FACTS}, "")


def test_where_no_file_can_be_the_cache_works_in_memory(tmp_path):
    with open_cache(tmp_path) as (cache, warning):
        assert "无法使用" in warning
        cache.put_many({STAMP: FACTS})
        assert cache.get_many([STAMP]) == {STAMP: FACTS}


def test_a_cache_in_use_elsewhere_is_left_alone(path):
    holder = sqlite3.connect(path)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        facts, warning = known(path)
        assert facts == {}
        assert "无法使用" in warning
    finally:
        holder.close()
    assert known(path) == ({STAMP: FACTS}, "")
