"""What all stages of one run share."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from msgspec import Struct, field

from pipeline.collect import Collected, collect
from pipeline.engine import Engine
from pipeline.isolate import Limits
from pipeline.progress import Progress
from pipeline.reuse.store import Store
from pipeline.settings import BEIJING, Loaded, Settings
from pipeline.submissions import Fault

KEPT, UNPACKED, CACHE, LINKS, HISTORY = "收件", ".解压", ".检测缓存.db", ".链接检测.db", "history.db"
"""What stays in output/ between runs."""


class Job(Struct):
    """Where to read and write, settings, clock, workers, what is kept; remarks and faults as they come up.

    remarks are sentences for staff, faults (where, trace) are for run.json.
    """

    source: Path
    output: Path
    loaded: Loaded
    now: dt.datetime
    workers: Engine
    store: Store
    progress: Progress
    remarks: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """config.yaml."""
        return self.loaded.settings

    @property
    def limits(self) -> Limits:
        """What one file may cost."""
        return Limits(self.settings.limits.seconds, self.settings.limits.memory_mb)

    @property
    def history(self) -> Path:
        """The history's file."""
        return self.output / HISTORY

    @property
    def utc(self) -> str:
        """When the run began, ISO 8601, UTC."""
        return self.now.astimezone(dt.UTC).isoformat(timespec="seconds")

    @property
    def today(self) -> dt.date:
        """The day that counts as today, in Beijing."""
        return self.settings.call.review_date or self.now.astimezone(BEIJING).date()

    def collect(self) -> Collected:
        """What lies under input/."""
        mb = self.settings.limits.workbook_mb
        keep, work = self.output / KEPT, self.output / UNPACKED
        return collect(self.source, keep, work, self.workers, self.limits, mb)
