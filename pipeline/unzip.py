"""The zips that units sent, each unpacked once into a folder of its own, below the output.

What an earlier run unpacked is used again while name, size and times of the zip are the
same, and removed when no zip asks for it any more.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from pipeline.durable import write_whole
from pipeline.engine import Engine
from pipeline.isolate import Failure, Limits
from pipeline.model import Rejection
from pipeline.read.archive import Unpacked, unpack
from pipeline.receive import why_unreadable

_SECONDS = 3600.0
_UNUSABLE_NAMES = frozenset({errno.ENAMETOOLONG, errno.ENOENT, errno.EINVAL, errno.EILSEQ})


class Packed(Struct, frozen=True):
    """A zip: whose it is, what its files' paths there begin with ("" or `…/`), its name as shown."""

    unit: str
    below: str
    real: Path
    shown: str


Outcome = Unpacked | Rejection | Failure


def unpack_all(
    zips: Sequence[Packed], work: Path, workers: Engine, limits: Limits
) -> list[tuple[Path, Outcome]]:
    """The folder and the outcome of each zip. Raises OSError if our own disk is full or gone."""
    tasks = [_task(each, work) for each in zips]
    wanted = {Path(target).name for _, target in tasks}
    for old in sorted(work.iterdir()) if work.is_dir() else []:
        if old.name.removesuffix(".json") not in wanted:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    done = []
    for (_, target), outcome in workers.run(unpack_once, tasks, limits=replace(limits, seconds=_SECONDS)):
        if isinstance(outcome, OSError):
            raise outcome
        done.append((Path(target), outcome))
    return done


def _task(zipped: Packed, work: Path) -> tuple[str, str]:
    try:
        moment = _moment(zipped.real)
    except OSError:
        moment = "gone"  # opening it will say so
    identity = "\n".join((zipped.unit, zipped.shown, moment))
    return str(zipped.real), str(work / hashlib.sha256(identity.encode()).hexdigest()[:24])


def _moment(path: Path) -> str:
    facts = path.lstat()
    return f"{facts.st_size} {facts.st_mtime_ns} {facts.st_ctime_ns}"


def unpack_once(task: tuple[str, str]) -> Unpacked | Rejection | OSError:
    """Unpack in a worker, unless it was done before. An OSError is ours: the target could not be written."""
    source, target = Path(task[0]), Path(task[1])
    record = target.with_name(f"{target.name}.json")
    known = _recorded(record, target)
    if known is not None:
        return known
    try:
        before = _moment(source)
        source.open("rb").close()
    except OSError as error:
        return why_unreadable(error)
    try:
        return _unpacked(source, target, record, before)
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        if error.errno in _UNUSABLE_NAMES:
            return Rejection("里面的文件名过长或不能使用", "请缩短文件名和文件夹名后重新压缩")
        return OSError(error.errno, error.strerror)


def _unpacked(source: Path, target: Path, record: Path, before: str) -> Unpacked | Rejection:
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    outcome = unpack(source, target)
    if _moment(source) != before:
        outcome = Rejection("读取时文件正在变化", "请等文件复制完后重新运行")
    if isinstance(outcome, Unpacked):
        sizes = {name: (target / name).stat().st_size for name in outcome.files}
        write_whole(record, json.dumps([sizes, outcome.refused, outcome.ignored]).encode())
    else:
        shutil.rmtree(target)
    return outcome


def _recorded(record: Path, target: Path) -> Unpacked | None:
    """What an earlier run unpacked, if all of it is still there in full length."""
    try:
        sizes, refused, ignored = json.loads(record.read_bytes())
        if any((target / name).stat().st_size != size for name, size in sizes.items()):
            return None
        return Unpacked(tuple(sizes), tuple((name, cause) for name, cause in refused), int(ignored))
    except (OSError, ValueError, TypeError, AttributeError):
        return None
