"""The report of a run that broke off, written where the maintainer finds it."""

from __future__ import annotations

import datetime as dt
import platform
import sys
import traceback
from pathlib import Path

from pipeline import __version__
from pipeline.durable import write_whole
from pipeline.trace import place, trace_of

REPORT = "程序故障.txt"


def report(error: BaseException, output: Path) -> str:
    """Write the report into the output folder, and say so in one sentence."""
    now = dt.datetime.now().astimezone().isoformat(timespec="seconds")
    versions = f"程序 {__version__}，Python {platform.python_version()}，{sys.platform}"
    path = output / REPORT
    try:
        output.mkdir(parents=True, exist_ok=True)
        write_whole(path, f"{now}\n{versions}\n{trace_of(error)}\n".encode())
    except OSError:
        places = traceback.extract_tb(error.__traceback__)[-1:]
        at = "".join(f"{place(frame.filename)}:{frame.lineno}" for frame in places)
        return f"程序出了故障（{type(error).__name__} {at}），请把这句话转给维护人员。"
    return f"程序出了故障，没有做完，详情写在“{path}”，请转给维护人员。"
