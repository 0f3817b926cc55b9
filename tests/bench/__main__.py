"""`make bench`: measure, and write docs/performance.md.

    python -m tests.bench [part …] [--quick | --full] [--keep FOLDER] [--to FOLDER]

Parts that are not named keep the numbers that they had.
"""

from __future__ import annotations

import argparse
import datetime as dt
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import page, result
from tests.bench.machine import machine, software
from tests.bench.measure import ROOT
from tests.bench.parts import PARTS
from tests.bench.result import Measured
from tests.bench.session import DEFAULT, FULL, QUICK, Scale, Session


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the chosen parts, show their figures, and write the page."""
    chosen = _parser().parse_args(arguments)
    scale = QUICK if chosen.quick else FULL if chosen.full else DEFAULT
    to: Path | None = chosen.to or (None if chosen.quick else ROOT / "docs")
    with TemporaryDirectory(prefix="bench-") as scratch:
        bench(chosen.parts or list(PARTS), scale, chosen.keep, Path(scratch), to)


def bench(parts: Sequence[str], scale: Scale, calls: Path | None, scratch: Path, to: Path | None) -> None:
    """Measure parts. calls: where generated calls are kept, if anywhere; to: where the page is written."""
    session = Session(scale, calls or scratch / "calls", scratch)
    if to:
        to.mkdir(parents=True, exist_ok=True)
    known = result.load(to / result.FILE) if to else result.Result()
    here, versions, today = machine(), software(), dt.datetime.now().astimezone().date().isoformat()
    for name in parts:
        begun = time.perf_counter()
        figures = PARTS[name].measure(session)
        known.take(name, Measured(today, scale.name, here, versions, figures))
        print(f"\n{PARTS[name].title} [{time.perf_counter() - begun:.0f} s]")
        for figure in figures:
            print(f"  {page.line(figure)}", flush=True)
        if to:
            _write(known, to)


def _write(known: result.Result, to: Path) -> None:
    """After each part: what was measured is not lost if a later part fails."""
    (to / result.FILE).write_text(result.kept(known), "utf-8", newline="\n")
    (to / page.FILE).write_text(page.page(known), "utf-8", newline="\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=f"some of: {' '.join(PARTS)} (all)")
    scale = parser.add_mutually_exclusive_group()
    scale.add_argument("--quick", action="store_true", help="small calls, one round; writes no page")
    scale.add_argument("--full", action="store_true", help="more rounds, workbooks and media")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the generated calls there")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="where the page is written (docs)")
    return parser


if __name__ == "__main__":
    main()
