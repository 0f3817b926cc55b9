"""Measuring the files that rows name, in isolation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.collect import Collected
from pipeline.engine import Engine
from pipeline.files import PLAYED
from pipeline.isolate import Ending, Failure, Limits
from pipeline.join import Key
from pipeline.model import Facts
from pipeline.probe.facts import failed, probe_file, was_opened
from pipeline.probe.twins import find_twins
from pipeline.progress import Progress
from pipeline.reuse.kept import Codec, Kept
from pipeline.submissions import Fault

PROBE_SECONDS = 10.0
PROBE_MEMORY_MB = 512
_FACTS: Codec[Facts] = Codec(dict)


@dataclass(slots=True)
class Measured:
    """Facts by file; twins: the digest that files of equal content share."""

    facts: dict[Key, Facts] = field(default_factory=dict)
    twins: dict[Key, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def measure(keys: Iterable[Key], collected: Collected, workers: Engine, progress: Progress) -> Measured:
    """Probe the files and compare their contents. A file that kills its worker has that as its fact."""
    at = {(name, entry.path): entry for name, unit in collected.units.items() for entry in unit.entries}
    by_path = {at[key].located: key for key in keys if key in at}
    entries = {path: at[key] for path, key in by_path.items()}
    stamp = {path: entry.stamp(by_path[path][0]) for path, entry in entries.items()}.__getitem__
    result = Measured()
    limits = Limits(PROBE_SECONDS, PROBE_MEMORY_MB)
    with progress.stage("检测媒体文件", len(by_path)) as advance:
        outcomes = workers.run(
            probe_file,
            by_path,
            limits=limits,
            on_done=lambda _: advance(1),
            kept=Kept(_FACTS, stamp, was_opened),
        )
        for path, outcome in outcomes:
            key = by_path[path]
            if not isinstance(outcome, Failure):
                result.facts[key] = outcome
            elif outcome.ending is Ending.FAULT:
                result.faults.append(("/".join(key), outcome.detail))
            else:
                result.facts[key] = failed(outcome)
    sizes = {path: entry.size for path, entry in entries.items() if entry.suffix in PLAYED}
    twins = find_twins(sizes, workers, stamp)
    result.twins = {by_path[path]: digest for path, digest in twins.items()}
    return result
