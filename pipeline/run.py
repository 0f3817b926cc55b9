"""The conductor of `validate`: it and `assess` are the only places that know the order of the stages.

register, memory → collect → read, while the rooms that need pandas are imported → `assess`
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.engine import Shared, open_engine
from pipeline.history import open_history
from pipeline.job import CACHE, Job
from pipeline.output import locked
from pipeline.progress import Progress
from pipeline.record import shown_run
from pipeline.register import read_register
from pipeline.reuse.reusing import Reusing
from pipeline.reuse.store import open_store
from pipeline.settings import Loaded
from pipeline.submissions import read_all

if TYPE_CHECKING:
    from pipeline.assess import Result


def run(
    input_folder: Path, output: Path, loaded: Loaded, jobs: int, now: dt.datetime, progress: Progress
) -> Result:
    """Do the whole job.

    Raises OutputError, HistoryError, RegisterError, EngineError, or OSError if input_folder cannot be listed.
    """
    register = read_register(Path(loaded.settings.unit_register))
    with (
        locked(output, now.isoformat(timespec="seconds")),
        open_engine(loaded.settings, jobs, at_once=not (output / CACHE).exists()) as engine,
        open_store(output / CACHE) as (store, warning),
    ):
        # Other machines, and workers with another working folder, need whole paths.
        places = input_folder.absolute(), output.absolute()
        if isinstance(engine, Shared):
            engine.refuse_unless_shared(places)
        job = Job(*places, loaded, now, Reusing(engine, store), store, progress)
        job.remarks += [warning] if warning else []
        memory = open_history(job.history, shown_run(job.output))
        collected = job.collect()
        importing = _import_meanwhile("pipeline.assess")
        read = read_all(collected, job.workers, job.limits, job.progress)
        importing.join()

        from pipeline.assess import assess

        result = assess(job, register, memory, collected, read)
        store.forget_unused()
        return result


def _import_meanwhile(module: str) -> threading.Thread:
    """Import in a thread: pandas takes as long as workers take to read a hundred workbooks."""

    def quietly() -> None:
        # Whoever needs the module imports it again, and says why it cannot be.
        with contextlib.suppress(Exception):
            importlib.import_module(module)

    thread = threading.Thread(target=quietly, daemon=True)
    thread.start()
    return thread
