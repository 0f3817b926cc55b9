"""What the parts of one benchmark share: how much is measured, the calls, folders and settings."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench.calls import Call, Calls
from tests.bench.measure import ROOT, python

JOBS = 2
"""Of `validate`, on every machine."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured. Sizes are (workbooks, rows of each).

    rounds: of pairs. sizes: calls to be checked from end to end. province: the call of a whole province.
    marked: workbooks to be marked, as long as its. media: files of a sort, few: of them for a command that
    starts anew for each. starts: rounds of what takes a moment only. rows, books: calls that grow in rows
    and in workbooks, for memory. checked: rows for the rules, nation: for those that compare units.
    """

    name: str
    rounds: int
    sizes: tuple[tuple[int, int], ...]
    province: tuple[int, int]
    marked: int
    media: int
    few: int
    starts: int
    rows: tuple[tuple[int, int], ...]
    books: tuple[tuple[int, int], ...]
    checked: int
    nation: int


_CHANGED = {
    "unit_register": json.dumps(str(ROOT / "templates" / "报送单位名录.xlsx"), ensure_ascii=False),
    "returned_rows": "不退回",
    "shortest": "1",
    "min_bitrate": "0",
}
"""Settings of `validate` that differ from the shipped ones; the rest is as shipped."""
DEFAULT = Scale(
    name="default",
    rounds=3,
    sizes=((1, 1_000), (250, 200), (1, 10_000)),
    province=(250, 200),
    marked=20,
    media=600,
    few=60,
    starts=9,
    rows=((5, 200), (50, 200), (250, 200), (500, 200)),
    books=((100, 2), (1_000, 2), (10_000, 2)),
    checked=50_000,
    nation=1_000_000,
)
FULL = replace(DEFAULT, name="full", rounds=5, marked=50, media=2_000, few=200)
QUICK = Scale(
    name="quick",
    rounds=1,
    sizes=((1, 1_000), (20, 20)),
    province=(20, 20),
    marked=3,
    media=40,
    few=4,
    starts=3,
    rows=((5, 20), (50, 20), (100, 20)),
    books=((5, 2), (20, 2), (100, 2)),
    checked=2_000,
    nation=2_000,
)


class Session:
    """One benchmark: its scale, its calls, and a scratch folder that nobody else uses."""

    def __init__(self, scale: Scale, calls: Path, scratch: Path) -> None:
        """calls may be kept for another time; scratch may not."""
        self.scale = scale
        self.calls = Calls(calls)
        self.scratch = scratch
        self._numbers = itertools.count()

    @contextmanager
    def output(self) -> Iterator[Path]:
        """The name of an output folder that is not there yet; what came to be there is removed."""
        folder = self.scratch / f"output-{next(self._numbers)}"
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def province(self, *, wrong: float = 0.0, every: int = 0) -> Call:
        """The call of a whole province."""
        return Call(*self.scale.province, wrong, every)

    def validate(self, source: Path, output: Path) -> list[str]:
        """The command that checks a call, the marked workbooks left out."""
        where = ("--input", source, "--output", output, "--config", self._settings(), "--jobs", str(JOBS))
        return python("-m", "pipeline", "validate", "--exit-zero", *where)

    def _settings(self) -> Path:
        """The shipped settings, but no marked workbooks, and small files of media are right."""
        path = self.scratch / "config.yaml"
        if not path.exists():
            text = (ROOT / "config.yaml").read_text("utf-8")
            path.write_text(_with(text, _CHANGED), "utf-8")
        return path


def _with(settings: str, changed: Mapping[str, str]) -> str:
    """The text of config.yaml with other values, comments kept."""

    def line(found: re.Match[str]) -> str:
        return found[1] + changed[found[2]]

    return re.sub(rf"(?m)^( *({'|'.join(changed)}): ).*$", line, settings)
