"""What lies under `input/`: units, their workbooks (as private copies) and their files.

Reads and copies; never writes, renames or deletes anything under the input folder, and
never follows a link. Whatever is not understood becomes a finding that names it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from pipeline.files import ARCHIVES, WORKBOOKS, Entry, Received, Unit
from pipeline.isolate import Failure, Limits, Workers
from pipeline.model import Finding, Place, Rejection
from pipeline.read.archive import Unpacked, unpack

RESERVED = frozenset({"往年"})
NOTES = frozenset({"说明.md", ".gitkeep"})
_JUNK = re.compile(
    r"^(?:~\$.*|\..*|thumbs\.db|desktop\.ini|__macosx|.*\.(?:crdownload|part|partial|download|tmp|downloading|!ut|lock))$",
    re.IGNORECASE,
)
_BUREAU = re.compile(r"局|管委会|管理委员会|教育厅|示范区|实验区|航空港区")
_CHUNK = 1 << 20
_UNPACK_SECONDS = 3600.0

_REMEDIES = {
    errno.EACCES: ("没有读取权限", "请检查文件权限后重新运行"),
    errno.EPERM: ("没有读取权限", "请检查文件权限后重新运行"),
    errno.ENOENT: ("读取时已不在原处", "请等文件复制完后重新运行"),
    errno.ENAMETOOLONG: ("文件名过长", "请缩短文件名"),
}


@dataclass(slots=True)
class Collected:
    """All units by name, what is wrong before anything is read, and how much was passed over."""

    units: dict[str, Unit]
    findings: list[Finding]
    ignored: int = 0
    loose: list[Received] = field(default_factory=list)
    """Workbooks directly under input/: their unit is the one that they state."""


def collect(folder: Path, keep: Path, work: Path, workers: Workers, limits: Limits, workbook_mb: int) -> Collected:
    """Everything under `folder`. Copies workbooks into `keep`, unpacks zips below `work`.

    The order of the result depends on names alone. Raises OSError only if `folder` itself
    cannot be listed.
    """
    seen = _Walk()
    for entry in _listed(folder):
        name = _shown(entry.name)
        if name in RESERVED or name in NOTES:
            continue
        if _JUNK.match(name):
            seen.ignored += 1
        elif entry.is_dir(follow_symlinks=False):
            seen.walk(name, Path(entry.path), "")
        elif _regular(entry) and name.lower().endswith(".zip"):
            seen.archives.append((name[:-4].strip(), "", Path(entry.path), name))
        elif _regular(entry) and os.path.splitext(name)[1].lower() in WORKBOOKS:
            seen.loose.append(_entry(entry, name))
        else:
            seen.refuse("", name, *_why_not(entry))
    seen.unpack_all(work, workers, limits)
    units = _split_forwarded(seen.units)
    collected = Collected(units, seen.findings, seen.ignored)
    for unit in units.values():
        _receive(unit, keep, workbook_mb, collected.findings)
    for entry in seen.loose:
        holder = Unit("", [entry])
        _receive(holder, keep, workbook_mb, collected.findings)
        collected.loose += holder.workbooks
    return collected


@dataclass(slots=True)
class _Walk:
    units: dict[str, Unit] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    archives: list[tuple[str, str, Path, str]] = field(default_factory=list)
    loose: list[Entry] = field(default_factory=list)
    ignored: int = 0

    def unit(self, name: str) -> Unit:
        return self.units.setdefault(name, Unit(name))

    def refuse(self, unit: str, value: str, why: str, remedy: str) -> None:
        self.findings.append(Finding("F10", Place(unit), value, {"why": why, "remedy": remedy}))

    def walk(self, unit: str, folder: Path, below: str) -> None:
        """All files of a unit's folder, links and special files refused by name."""
        holder = self.unit(unit)
        try:
            entries = _listed(folder)
        except OSError as error:
            cause, remedy = _said(error)
            self.findings.append(
                Finding("F01", Place(unit), below.rstrip("/") or unit, {"cause": f"文件夹{cause}", "remedy": remedy})
            )
            return
        for entry in entries:
            path = below + _shown(entry.name)
            if _JUNK.match(_shown(entry.name)):
                self.ignored += 1
            elif entry.is_dir(follow_symlinks=False):
                self.walk(unit, Path(entry.path), path + "/")
            elif not _regular(entry):
                self.refuse(unit, path, *_why_not(entry))
            elif path.lower().endswith(".zip"):
                self.archives.append((unit, path[:-4] + "/", Path(entry.path), path))
            else:
                holder.entries.append(_entry(entry, path))

    def unpack_all(self, work: Path, workers: Workers, limits: Limits) -> None:
        """Zips into folders of their own, reused while name, size and time are the same."""
        tasks = [(str(path), str(work / _identity(path))) for _, _, path, _ in self.archives]
        patient = replace(limits, seconds=_UNPACK_SECONDS)
        outcomes = workers.run(unpack_once, tasks, limits=patient)
        for (unit, below, _, shown), ((_, target), outcome) in zip(self.archives, outcomes, strict=True):
            if isinstance(outcome, Failure):
                outcome = Rejection("解压时间过长或内容异常", "请解压后按文件夹报送")
            if isinstance(outcome, Rejection):
                self.unit(unit)
                facts = {"cause": outcome.cause, "remedy": outcome.remedy}
                self.findings.append(Finding("F01", Place(unit), shown, facts))
                continue
            self.ignored += outcome.ignored
            for member, cause in outcome.refused:
                self.refuse(unit, f"{shown}：{member}", cause, "请改正后重新打包")
            self.walk(unit, Path(target), below)


def unpack_once(task: tuple[str, str]) -> Unpacked | Rejection:
    """Unpack in a worker, unless an earlier run did; a record beside the folder tells that it is whole."""
    source, target = Path(task[0]), Path(task[1])
    record = target.with_suffix(".json")
    if record.exists():
        files, refused, ignored = json.loads(record.read_text("utf-8"))
        return Unpacked(tuple(files), tuple((name, cause) for name, cause in refused), ignored)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    outcome = unpack(source, target)
    if isinstance(outcome, Unpacked):
        part = record.with_suffix(".part")
        part.write_text(json.dumps([outcome.files, outcome.refused, outcome.ignored]), "utf-8")
        os.replace(part, record)
    return outcome


def _identity(path: Path) -> str:
    facts = path.stat()
    return hashlib.sha256(f"{path.name}\n{facts.st_size}\n{facts.st_mtime_ns}".encode()).hexdigest()[:24]


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: _shown(entry.name))


def _shown(name: str) -> str:
    """The name in composed form; bytes that are no text show as escapes."""
    return unicodedata.normalize("NFC", name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))


def _regular(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False)


def _entry(entry: os.DirEntry[str], path: str) -> Entry:
    facts = entry.stat(follow_symlinks=False)
    return Entry(path, Path(entry.path), facts.st_size, facts.st_mtime_ns)


def _why_not(entry: os.DirEntry[str]) -> tuple[str, str]:
    if entry.is_symlink():
        return "是指向别处的链接", "请放入文件本身"
    if not _regular(entry):
        return "不是普通文件", "请移出文件夹"
    if os.path.splitext(entry.name)[1].lower() in ARCHIVES:
        return "是不能读取的压缩格式", "请解压成文件夹，或改用 .zip 压缩"
    return "不在任何单位的文件夹中", "请移入所属单位的文件夹"


def _said(error: OSError) -> tuple[str, str]:
    return _REMEDIES.get(error.errno or 0, ("无法读取", "请检查磁盘或网络后重新运行"))


# --- units ----------------------------------------------------------------------------------


def _split_forwarded(units: dict[str, Unit]) -> dict[str, Unit]:
    """A bureau's sub-folders with workbooks are units of their own: 局/校."""
    result: dict[str, Unit] = {}
    for name in sorted(units):
        unit = units[name]
        subs = _forwarded(unit) if _BUREAU.search(name) else set()
        for sub in sorted(subs):
            inner = [replace(e, path=e.path[len(sub) + 1 :]) for e in unit.entries if e.path.startswith(f"{sub}/")]
            result[f"{name}/{sub}"] = Unit(f"{name}/{sub}", inner)
        own = [e for e in unit.entries if e.path.partition("/")[0] not in subs]
        if own or not subs:
            result[name] = Unit(name, own)
    return result


def _forwarded(unit: Unit) -> set[str]:
    """Folders directly below a bureau's that hold workbooks; all of them if the bureau has none itself."""
    own = any(e.suffix in WORKBOOKS and "/" not in e.path for e in unit.entries)
    folders = {e.path.partition("/")[0] for e in unit.entries if "/" in e.path}
    with_workbook = {e.path.partition("/")[0] for e in unit.entries if "/" in e.path and e.suffix in WORKBOOKS}
    return folders if with_workbook and not own else with_workbook


# --- workbooks ------------------------------------------------------------------------------


def _receive(unit: Unit, keep: Path, workbook_mb: int, findings: list[Finding]) -> None:
    """Copy the unit's workbooks aside; equal ones once, the others are named."""
    first: dict[str, str] = {}
    for entry in unit.entries:
        if entry.suffix in ARCHIVES:
            facts = {"why": "是不能读取的压缩格式", "remedy": "请解压成文件夹，或改用 .zip 压缩"}
            findings.append(Finding("F10", Place(unit.name), entry.path, facts))
        if entry.suffix not in WORKBOOKS:
            continue
        copied = receive(entry, keep, workbook_mb)
        if isinstance(copied, Rejection):
            facts = {"cause": copied.cause, "remedy": copied.remedy}
            findings.append(Finding("F01", Place(unit.name, entry.path), entry.name, facts))
        elif copied.sha256 in first:
            facts = {"same": first[copied.sha256]}
            findings.append(Finding("F05", Place(unit.name, entry.path), entry.name, facts, safe=True))
        else:
            first[copied.sha256] = entry.path
            unit.workbooks.append(copied)


def receive(entry: Entry, keep: Path, workbook_mb: int) -> Received | Rejection:
    """A private copy named by its SHA-256, taken in one reading; a file that changes meanwhile is refused."""
    if entry.size > workbook_mb * 1_000_000:
        return Rejection(f"文件超过 {workbook_mb} MB", "请删去大图片和多余内容，或拆分后再报送")
    part = keep / f".{os.getpid()}.part"
    digest = hashlib.sha256()
    size = 0
    try:
        keep.mkdir(parents=True, exist_ok=True)
        with open(entry.real, "rb") as source, open(part, "wb") as copy:
            before = os.fstat(source.fileno())
            if not stat.S_ISREG(before.st_mode):
                return Rejection("不是普通文件", "请放入文件本身")
            for chunk in _chunks(source):
                digest.update(chunk)
                copy.write(chunk)
                size += len(chunk)
            after = os.fstat(source.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size != before.st_size:
            return Rejection("读取时文件正在变化", "请等文件复制或保存完后重新运行")
        target = keep / f"{digest.hexdigest()}{entry.suffix}"
        os.replace(part, target)
    except OSError as error:
        return Rejection(*_said(error))
    finally:
        part.unlink(missing_ok=True)
    return Received(entry, target, digest.hexdigest())


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(_CHUNK):
        yield chunk
