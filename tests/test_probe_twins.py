"""Files of equal content are found, and nothing else."""

import hashlib
import os
import sys

import pytest

from pipeline.engine import Inline
from pipeline.isolate import Workers
from pipeline.probe.twins import find_twins

BIG = bytes(range(256)) * 2000


def write(folder, contents):
    paths = {}
    for name, data in contents.items():
        (folder / name).write_bytes(data)
        paths[str(folder / name)] = len(data)
    return paths


def twins_among(sizes, workers=None):
    return find_twins(sizes, workers or Inline(), str, {})


def test_twins_and_near_twins(tmp_path):
    middle = BIG[:250_000] + b"!" + BIG[250_001:]
    sizes = write(tmp_path, {
        "a": BIG, "b": b"small", "c": BIG, "middle": middle, "last": BIG[:-1] + b"!", "longer": BIG + b"!",
        "d": b"small", "e": b"smalL", "empty": b"", "empty2": b"",
    })  # fmt: skip
    big, small = hashlib.sha256(BIG).hexdigest(), hashlib.sha256(b"small").hexdigest()
    expected = {f"{tmp_path}/a": big, f"{tmp_path}/b": small, f"{tmp_path}/c": big, f"{tmp_path}/d": small}
    assert twins_among(sizes) == expected
    assert list(twins_among(sizes)) == list(expected)
    with Workers(2) as workers:
        assert twins_among(sizes, workers) == expected


def test_a_file_that_is_gone_is_no_twin(tmp_path):
    sizes = write(tmp_path, {"a": b"same", "b": b"same", "c": b"same"})
    (tmp_path / "b").unlink()
    assert set(twins_among(sizes)) == {f"{tmp_path}/a", f"{tmp_path}/c"}
    (tmp_path / "c").unlink()
    assert twins_among(sizes) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX kinds of files")
def test_links_and_pipes_are_not_opened(tmp_path):
    sizes = write(tmp_path, {"a": b"same"})
    (tmp_path / "link").symlink_to(tmp_path / "a")
    os.mkfifo(tmp_path / "fifo")
    assert twins_among({**sizes, f"{tmp_path}/link": 4, f"{tmp_path}/fifo": 4}) == {}
