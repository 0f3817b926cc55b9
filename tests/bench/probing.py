"""Videos and sounds measured in isolation, beside the bare library and the commands that people use."""

from __future__ import annotations

import multiprocessing
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from pipeline.isolate import Failure, Limits, Workers
from pipeline.measure import PROBE_MEMORY_MB, PROBE_SECONDS
from pipeline.probe.facts import probe_file
from pipeline.verbs import processors
from tests.bench.calls import SOUND, VIDEO
from tests.bench.competitors import one_by_one, unprotected
from tests.bench.figures import Figure, compared
from tests.bench.measure import alternately
from tests.bench.session import Session

SAYS = """
Small real files that all differ (mp4 with H.264 and AAC; mp3), from the disk's cache, with workers
already running. The program looks at magic bytes, walks the boxes and lets libmediainfo measure, each
file in a worker with limits of time and memory, on all cores; mp3 it measures without the library. The
unprotected limit is libmediainfo with tuned options in as many plain processes, its answer not looked at.
The other lines are one process; the commands start anew for each file.
"""
COMMANDS = {
    "mediainfo": ("--Output=JSON",),
    "ffprobe": ("-v", "error", "-show_format", "-show_streams", "-of", "json"),
}
_SORTS = {VIDEO: "video", SOUND: "sound"}
_AGAINST = {
    "limit": "unprotected limit: tuned pymediainfo on all cores",
    "default": "pymediainfo in a loop, default options",
    "mediainfo": "command `mediainfo` for each file",
    "ffprobe": "command `ffprobe` for each file",
}


def measure(session: Session) -> list[Figure]:
    """Files per second of each sort."""
    cores = processors()
    with ExitStack() as stack:
        workers = stack.enter_context(Workers(cores))
        pool = stack.enter_context(multiprocessing.get_context("spawn").Pool(cores))
        limits = Limits(PROBE_SECONDS, PROBE_MEMORY_MB)

        def isolated(paths: list[Path]) -> None:
            if any(isinstance(facts, Failure) for _, facts in workers.run(probe_file, paths, limits=limits)):
                raise RuntimeError("a file could not be measured")

        def limit(paths: list[Path]) -> None:
            _finish(pool.imap_unordered(unprotected, map(str, paths), chunksize=16))

        jobs = {"ours": isolated, "limit": limit, "default": _loop, **_commands()}
        return [figure for model in _SORTS for figure in _of(session, model, jobs)]


def _of(session: Session, model: str, jobs: dict[str, Callable[[list[Path]], None]]) -> list[Figure]:
    paths = session.calls.media(session.scale.media, model)
    # Beside all files the commands would take minutes: a file more costs them as much as the one before.
    shares = {name: paths[: session.scale.few] if name in COMMANDS else paths for name in jobs}
    for name, job in jobs.items():
        job(shares[name])
    speeds = alternately(
        session.scale.rounds, {name: _Timed(job, shares[name]) for name, job in jobs.items()}
    )
    figures = []
    for name, against in _AGAINST.items():
        key, what = f"probing.{_SORTS[model]}.{name}", f"{_SORTS[model]} files per second"
        if name in speeds:
            figures.append(compared(key, what, against, speeds["ours"], speeds[name], "files/s"))
        else:
            figures.append(Figure(key, what, against, note="not installed"))
    return figures


class _Timed:
    """A job over files that tells how many a second it did."""

    def __init__(self, job: Callable[[list[Path]], None], paths: list[Path]) -> None:
        self._job, self._paths = job, paths

    def __call__(self) -> float:
        begun = time.perf_counter()
        self._job(self._paths)
        return len(self._paths) / (time.perf_counter() - begun)


def _commands() -> dict[str, Callable[[list[Path]], None]]:
    """The commands that are installed."""
    there = {name: shutil.which(name) for name in COMMANDS}
    return {name: _Command([path, *COMMANDS[name]]) for name, path in there.items() if path}


class _Command:
    """A command that takes one file."""

    def __init__(self, command: list[str]) -> None:
        self._command = command

    def __call__(self, paths: list[Path]) -> None:
        for path in paths:
            subprocess.run([*self._command, str(path)], stdout=subprocess.DEVNULL, check=True)


def _loop(paths: list[Path]) -> None:
    for path in paths:
        one_by_one(str(path))


def _finish(results: Iterable[object]) -> None:
    for _ in results:
        pass
