"""Measuring the files that rows name, in isolation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct, field

from pipeline.collect import Collected
from pipeline.engine import Engine
from pipeline.files import PLAYED, Entry, FileFacts, Stamp
from pipeline.isolate import Ending, Failure, Limits
from pipeline.join import Key
from pipeline.probe.columns import is_of_the_file, measured_file, unmeasured
from pipeline.probe.twins import find_twins
from pipeline.progress import Progress
from pipeline.reuse.kept import Codec, Kept
from pipeline.submissions import Fault

PROBE_SECONDS = 10.0
PROBE_MEMORY_MB = 512
_FACTS: Codec[FileFacts] = Codec(FileFacts)


class Measured(Struct):
    """Facts by file; twins: the digest that files of equal content share."""

    facts: dict[Key, FileFacts] = field(default_factory=dict)
    twins: dict[Key, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def measure(keys: Iterable[Key], collected: Collected, workers: Engine, progress: Progress) -> Measured:
    """Probe the files and compare their contents. A file that kills its worker has that as its fact."""
    at = {(name, entry.path): entry for name, unit in collected.units.items() for entry in unit.entries}
    files = {entry.located: (key, entry) for key in keys if (entry := at.get(key))}

    def stamp(path: str) -> Stamp:
        (unit, _), entry = files[path]
        return entry.stamp(unit)

    result = Measured()
    limits = Limits(PROBE_SECONDS, PROBE_MEMORY_MB)
    kept = Kept(_FACTS, stamp, is_of_the_file)
    with progress.stage("检测媒体文件", len(files)) as advance:
        outcomes = workers.run(measured_file, files, limits=limits, on_done=advance, kept=kept)
        for (_, outcome), (key, _) in zip(outcomes, files.values(), strict=True):
            if not isinstance(outcome, Failure):
                result.facts[key] = outcome
            elif outcome.ending is Ending.FAULT:
                result.faults.append(("/".join(key), outcome.detail))
            else:
                result.facts[key] = unmeasured(outcome)
    result.twins = _twins(files, result.facts, workers, stamp)
    return result


def _twins(
    files: Mapping[str, tuple[Key, Entry]],
    facts: Mapping[Key, FileFacts],
    workers: Engine,
    stamp: Callable[[str], Stamp],
) -> dict[Key, str]:
    """The digests of videos and sounds that have a twin."""
    played = {path: (key, entry) for path, (key, entry) in files.items() if entry.suffix in PLAYED}
    sizes = {path: entry.size for path, (_, entry) in played.items()}
    edges = {path: facts[key].edges for path, (key, _) in played.items() if key in facts and facts[key].edges}
    return {files[path][0]: digest for path, digest in find_twins(sizes, workers, stamp, edges).items()}
