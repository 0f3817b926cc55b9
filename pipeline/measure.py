"""Measuring the files that rows name: in isolation, from the cache where nothing has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.collect import Collected
from pipeline.files import AUDIOS, VIDEOS, Entry
from pipeline.isolate import Ending, Failure, Limits, Workers
from pipeline.join import Key
from pipeline.model import Facts
from pipeline.probe.cache import Stamp, open_cache
from pipeline.probe.facts import failed, probe_file
from pipeline.probe.twins import find_twins
from pipeline.progress import Progress
from pipeline.submissions import Fault

PROBE_SECONDS = 10.0
PROBE_MEMORY_MB = 512


@dataclass(slots=True)
class Measured:
    """Facts by file; twins: the digest that files of equal content share."""

    facts: dict[Key, Facts] = field(default_factory=dict)
    twins: dict[Key, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def measure(
    keys: Iterable[Key], collected: Collected, cache_path: Path, workers: Workers, progress: Progress
) -> Measured:
    """Probe the files and compare their contents. A file that kills its worker has that as its fact."""
    at = {(name, entry.path): entry for name, unit in collected.units.items() for entry in unit.entries}
    entries = {key: at[key] for key in keys if key in at}
    result = Measured()
    stamps = {key: Stamp("/".join(key), entry.size, entry.mtime_ns) for key, entry in entries.items()}
    with open_cache(cache_path) as (cache, warning):
        known = cache.get_many(stamps.values())
        fresh = {key: entry for key, entry in entries.items() if stamps[key] not in known}
        result.facts = {key: known[stamp] for key, stamp in stamps.items() if stamp in known}
        if warning:
            result.remarks.append(warning)
        cache.put_many({stamps[key]: facts for key, facts in _probe(fresh, result, workers, progress)})
    result.twins = _twins(entries, workers)
    return result


def _probe(
    entries: Mapping[Key, Entry], result: Measured, workers: Workers, progress: Progress
) -> list[tuple[Key, Facts]]:
    """Probe files into `result`; returns what may be kept for later runs."""
    by_path = {entry.real: key for key, entry in entries.items()}
    limits = Limits(PROBE_SECONDS, PROBE_MEMORY_MB)
    kept = []
    with progress.stage("检测媒体文件", sum(entry.size for entry in entries.values()), "bytes") as advance:
        outcomes = workers.run(
            probe_file,
            list(by_path),
            limits=limits,
            on_done=lambda path: advance(entries[by_path[path]].size),
        )
        for path, outcome in outcomes:
            key = by_path[path]
            if not isinstance(outcome, Failure):
                result.facts[key] = outcome
                kept.append((key, outcome))
            elif outcome.ending is Ending.FAULT:
                result.faults.append(("/".join(key), outcome.detail))
            else:
                result.facts[key] = failed(outcome)
    return kept


def _twins(entries: Mapping[Key, Entry], workers: Workers) -> dict[Key, str]:
    """The digest of each video or sound file that has a twin."""
    media = {entry.real: key for key, entry in entries.items() if entry.suffix in VIDEOS | AUDIOS}
    sizes = {path: entries[key].size for path, key in media.items()}
    return {media[path]: digest for path, digest in find_twins(sizes, workers).items()}
