"""What lies under `input/`: units, their workbooks (as private copies) and their files.

Reads and copies; never writes, renames or deletes anything under the input folder, and
never follows a link. Whatever is not understood becomes a finding that names it.
"""

from __future__ import annotations

import filecmp
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.engine import Engine
from pipeline.files import ARCHIVES, KNOWN, WORKBOOKS, Entry, Received, Unit, shown_name, suffix_of
from pipeline.isolate import Ending, Failure, Limits
from pipeline.model import Finding, Place, Rejection
from pipeline.receive import Copies, why_unreadable
from pipeline.unzip import Packed, unpack_all

DEEPEST = 40
"""Levels of folders below a unit's; deeper ones cannot be stored on Windows anyway."""

_RESERVED = re.compile(r"往年(?:\.zip)?", re.IGNORECASE)
_NOTES = re.compile(r"(?:说明|readme)(?:\..*)?|\.gitkeep", re.IGNORECASE)
_JUNK = re.compile(
    r"~\$.*|\._.*|\.~.*|thumbs\.db|desktop\.ini|__macosx"
    r"|\.(?:ds_store|gitkeep|localized|trash.*|fseventsd|spotlight.*|nfs.*|goutputstream.*|sync.*|st.*|tmp.*|git|svn)"
    r"|.*\.(?:crdownload|part|partial|download|downloading|tmp|temp|!ut|lock)",
    re.IGNORECASE,
)
_BUREAU = re.compile(
    r"^(?!.*(?:学校|中学|学院|大学|中心|中专|公司)).*(?:局|管委会|管理委员会|教育厅|示范区|实验区|港区)"
)
_UNFINISHED = re.compile(r".*\.(?:crdownload|part|partial|download|downloading|!ut)", re.IGNORECASE)
_PLAIN_FOLDER = re.compile(
    r"[第0-9一二三四五六七八九十年批次轮季、.．_ -]*+"
    r"(?:报送|上报|资源|元数据|清单|汇总|封面|图片|视频|音频|媒体|课程|扫描|证明|附件|材料|数据|表格|文件|资料|表|件|夹)++"
)
"""A bureau's own sub-folder, named for what it holds and not for a unit."""
_ODD_ARCHIVE = Rejection("是不能读取的压缩格式", "请解压成文件夹，或改用 .zip 压缩")


class Collected(Struct):
    """All units by name, what is wrong before anything is read, and how much was passed over."""

    units: dict[str, Unit]
    findings: list[Finding]
    ignored: int = 0
    loose: list[Received] = field(default_factory=list)
    """Workbooks directly under input/: their unit is the one that they state."""
    zips: list[Packed] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)


def anything_in(folder: Path) -> bool:
    """Whether anything is there to be checked. Raises OSError if `folder` cannot be listed."""
    return any(not _passed_over(name) for name, _ in _listed(folder))


def collect(
    folder: Path, keep: Path, work: Path, workers: Engine, limits: Limits, workbook_mb: int
) -> Collected:
    """Everything under `folder`. Copies workbooks into `keep`, unpacks zips below `work`.

    The order of the result depends on names alone. Raises OSError if `folder` itself cannot
    be listed, or if our own folders cannot be written.
    """
    seen = _Walk()
    seen.top(folder)
    seen.unpack(work, workers, limits)
    units, findings = _forwarded_apart(seen.units, seen.findings)
    collected = Collected(units, findings, seen.ignored, zips=seen.zips, faults=seen.faults)
    loose = Unit("", sorted(seen.loose, key=lambda entry: entry.path))
    with Copies(keep) as copies:
        for unit in units.values():
            unit.workbooks += _received(unit, copies, workbook_mb, findings)
        collected.loose += _received(loose, copies, workbook_mb, findings)
    return collected


class _Walk(Struct):
    """What has been seen so far. taken: the files of a unit by path."""

    units: dict[str, Unit] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    zips: list[Packed] = field(default_factory=list)
    loose: list[Entry] = field(default_factory=list)
    taken: dict[tuple[str, str], Entry] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    ignored: int = 0
    repeated: int = 0

    def top(self, folder: Path) -> None:
        """The units, and what lies beside them."""
        for name, entry in _listed(folder):
            if _passed_over(name):
                self.ignored += not (_RESERVED.fullmatch(name) or _NOTES.fullmatch(name))
            elif _is_folder(entry):
                self.walk(name, entry.path)
            elif not entry.is_file(follow_symlinks=False):
                self.refuse("", name, *_why_not(entry))
            elif name.lower().endswith(".zip"):
                self.zips.append(Packed(name[:-4].strip() or name, "", Path(entry.path), name))
            elif (suffix := suffix_of(name)) in WORKBOOKS:
                self.loose += filter(None, [self.entry("", entry, name)])
            elif suffix in ARCHIVES:
                self.reject("", name, _ODD_ARCHIVE)
            else:
                self.refuse("", name, "不在任何单位的文件夹中", "请移入所属单位的文件夹")

    def walk(self, unit: str, folder: str | Path, below: str = "", zipped: str = "") -> None:
        """All files of a unit's folder. zipped: the name of the zip that they came in, "" if none."""
        self.units.setdefault(unit, Unit(unit))
        try:
            entries = _listed(folder)
        except OSError as error:
            why = why_unreadable(error)
            self.reject(unit, below.rstrip("/") or unit, replace(why, cause=f"文件夹{why.cause}"))
            return
        for name, entry in entries:
            path = below + name
            if _is_junk(name):
                self.ignored += 1
                if _UNFINISHED.fullmatch(path):
                    self.units[unit].unfinished.append(path)
            elif _is_folder(entry):
                if path.count("/") >= DEEPEST:
                    self.refuse(unit, path, f"在 {DEEPEST} 层以下的文件夹中", "请减少文件夹的层数")
                else:
                    self.walk(unit, entry.path, f"{path}/", zipped)
            elif not entry.is_file(follow_symlinks=False):
                self.refuse(unit, path, *_why_not(entry))
            elif path.lower().endswith(".zip"):
                self.zips.append(Packed(unit, f"{path[:-4]}/", Path(entry.path), path))
            elif found := self.entry(unit, entry, path):
                self.take(unit, found, zipped)

    def entry(self, unit: str, entry: os.DirEntry[str], path: str) -> Entry | None:
        """The file; None, and a finding, if its folder forbids to look at it."""
        try:
            facts = entry.stat(follow_symlinks=False)
        except OSError as error:
            self.reject(unit, path, why_unreadable(error))
            return None
        return Entry.of(path, entry.path, facts.st_size, facts.st_mtime_ns)

    def take(self, unit: str, entry: Entry, zipped: str) -> None:
        """Add a file to its unit. Of two under one name the first counts; all rival workbooks are kept."""
        first = self.taken.get((unit, entry.path))
        if first and entry.suffix in WORKBOOKS:
            entry = entry._replace(path=f"{zipped or '同名'}/{entry.path}")
            first = self.taken.get((unit, entry.path))
        if (
            first
            and zipped
            and first.size == entry.size
            and filecmp.cmp(first.located, entry.located, shallow=False)
        ):
            self.repeated += 1
        elif first:
            shown = f"{zipped}：{entry.path}" if zipped else entry.path
            self.refuse(unit, shown, "与另一个文件同名", "请只保留正确的一个，或改名")
        else:
            self.taken[unit, entry.path] = entry
            self.units[unit].entries.append(entry)
            if entry.suffix in ARCHIVES:
                self.reject(unit, entry.path, _ODD_ARCHIVE)
            elif entry.suffix not in KNOWN:
                self.refuse(unit, entry.path, "不是认识的文件类型", "请确认是否应报送；是的请改用常见格式")

    def refuse(self, unit: str, value: str, why: str, remedy: str) -> None:
        """F10: named, and not processed."""
        self.findings.append(Finding("F10", Place(unit), value, {"why": why, "remedy": remedy}))

    def reject(self, unit: str, value: str, why: Rejection) -> None:
        """F01: cannot be read."""
        self.findings.append(Finding("F01", Place(unit), value, {"cause": why.cause, "remedy": why.remedy}))

    def unpack(self, work: Path, workers: Engine, limits: Limits) -> None:
        """Each zip's content as its unit's files."""
        unpacked = unpack_all(self.zips, work, workers, limits)
        for zipped, (folder, outcome) in zip(self.zips, unpacked, strict=True):
            unit, shown = zipped.unit, zipped.shown
            self.units.setdefault(unit, Unit(unit))
            if isinstance(outcome, Failure):
                if outcome.ending is Ending.FAULT:
                    self.faults.append((f"{unit}/{shown}", outcome.detail))
                outcome = Rejection("解压时间过长或内容异常", "请解压后按文件夹报送")
            if isinstance(outcome, Rejection):
                self.reject(unit, shown, outcome)
                continue
            self.ignored += outcome.ignored
            for member, cause in outcome.refused:
                self.refuse(unit, f"{shown}：{member}", cause, "请改正后重新打包")
            self.repeated = 0
            self.walk(unit, folder, zipped.below, shown)
            if self.repeated:
                why = f"中有 {self.repeated} 个文件与已有的文件重复"
                self.refuse(unit, shown, why, "无须处理；压缩包和文件夹可以只保留一份")


def _listed(folder: str | Path) -> list[tuple[str, os.DirEntry[str]]]:
    """What a folder holds with the names as they are shown, in their order."""
    with os.scandir(folder) as entries:
        named = [(shown_name(entry.name), entry) for entry in entries]
    return sorted(named, key=lambda each: (each[0], each[1].name))


def _is_junk(name: str) -> bool:
    """Whether a program left it behind. Of known types that are only names that begin with its mark."""
    if suffix_of(name) in KNOWN and name[0] not in ".~":
        return False
    return bool(_JUNK.fullmatch(name))


def _passed_over(name: str) -> bool:
    """Whether a name directly under input/ is reserved, a note for people, or left behind by a program."""
    return bool(_RESERVED.fullmatch(name) or _NOTES.fullmatch(name)) or name[0] == "." or _is_junk(name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """A real folder: neither a link nor a Windows junction, which may lead round in a circle."""
    return entry.is_dir(follow_symlinks=False) and not _is_junction(entry)


def _is_junction(entry: os.DirEntry[str]) -> bool:
    if os.name != "nt":
        return False
    tag = getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0)
    return bool(tag == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None))


def _why_not(entry: os.DirEntry[str]) -> tuple[str, str]:
    if entry.is_symlink() or _is_junction(entry):
        return "是指向别处的链接", "请放入文件本身"
    return "不是普通文件", "请移出文件夹"


# --- units ----------------------------------------------------------------------------------


def _forwarded_apart(
    units: Mapping[str, Unit], findings: list[Finding]
) -> tuple[dict[str, Unit], list[Finding]]:
    """A bureau's sub-folders with workbooks are units of their own, with what was found in them: 局/校."""
    result: dict[str, Unit] = {}
    forwarded: dict[str, set[str]] = {}
    for name in sorted(units):
        entries = sorted(units[name].entries, key=lambda entry: entry.path)
        subs = forwarded[name] = _forwarded(entries) if _BUREAU.search(name) else set()
        for sub in sorted(subs):
            inner = [e._replace(path=e.path[len(sub) + 1 :]) for e in entries if e.path.startswith(f"{sub}/")]
            unfinished = [p[len(sub) + 1 :] for p in units[name].unfinished if p.startswith(f"{sub}/")]
            result[f"{name}/{sub}"] = Unit(f"{name}/{sub}", inner, unfinished=unfinished)
        own = [e for e in entries if e.path.partition("/")[0] not in subs]
        if own or not subs:
            result[name] = Unit(name, own, unfinished=units[name].unfinished)
    return result, [_moved(found, forwarded) for found in findings]


def _forwarded(entries: list[Entry]) -> set[str]:
    """Folders directly below a bureau's that hold workbooks; all of them if the bureau has none itself."""
    own = any(e.suffix in WORKBOOKS and "/" not in e.path for e in entries)
    folders = {e.path.partition("/")[0] for e in entries if "/" in e.path}
    folders = {folder for folder in folders if not _PLAIN_FOLDER.fullmatch(folder)}
    with_workbook = {e.path.partition("/")[0] for e in entries if "/" in e.path and e.suffix in WORKBOOKS}
    with_workbook &= folders
    return folders if with_workbook and not own else with_workbook


def _moved(found: Finding, forwarded: Mapping[str, set[str]]) -> Finding:
    sub, _, path = found.value.partition("/")
    if path and sub in forwarded.get(found.place.unit, ()):
        return replace(found, place=Place(f"{found.place.unit}/{sub}"), value=path)
    return found


# --- workbooks ------------------------------------------------------------------------------


def _received(unit: Unit, copies: Copies, workbook_mb: int, findings: list[Finding]) -> list[Received]:
    """The unit's workbooks copied aside; of equal ones that with the shortest name, the others are named."""
    first: dict[str, Received] = {}
    workbooks = [entry for entry in unit.entries if entry.suffix in WORKBOOKS]
    for entry in sorted(workbooks, key=lambda entry: (len(entry.path), entry.path)):
        copied = copies.receive(entry, workbook_mb)
        place = Place(unit.name, entry.path)
        if isinstance(copied, Rejection):
            facts = {"cause": copied.cause, "remedy": copied.remedy}
            findings.append(Finding("F01", place, entry.name, facts))
        elif copied.sha256 in first:
            facts = {"same": first[copied.sha256].entry.path}
            findings.append(Finding("F05", place, entry.path, facts, safe=True))
        else:
            first[copied.sha256] = copied
    return sorted(first.values(), key=lambda received: received.entry.path)
