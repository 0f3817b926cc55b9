"""What later runs read of `run.json` is what the standard library reads of it."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.record import shown_run, shown_workbooks

TEXTS = st.text(st.sampled_from('甲"\\/u\n\0\udc80'), max_size=4)
INPUTS = st.lists(
    st.fixed_dictionaries({"unit": TEXTS, "path": TEXTS, "size": st.integers(), "sha256": TEXTS})
)


@given(st.integers(0, 2**40), INPUTS, st.sampled_from([None, 1]))
@settings(deadline=None)
def test_nothing_is_read_otherwise(run: int, inputs: list[dict[str, Any]], indent: int | None) -> None:
    with TemporaryDirectory() as folder:
        text = json.dumps({"run": run, "inputs": inputs, "ignored": 0}, ensure_ascii=False, indent=indent)
        (Path(folder) / "run.json").write_bytes(text.encode("utf-8", "backslashreplace"))
        assert shown_run(Path(folder)) == run
        workbooks = {(each["unit"], each["sha256"]) for each in inputs if each["unit"] and each["sha256"]}
        assert shown_workbooks(Path(folder)) == workbooks


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"run": "1", "inputs": 1}', b'{"inputs": [{}]}', b"\xff"]
)
def test_what_is_no_record_shows_nothing(tmp_path: Path, data: bytes) -> None:
    assert (shown_run(tmp_path), shown_workbooks(tmp_path)) == (0, set())
    (tmp_path / "run.json").write_bytes(data)
    assert (shown_run(tmp_path), shown_workbooks(tmp_path)) == (0, set())
