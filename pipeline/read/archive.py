"""Unpacking the .zip in which a unit sent its folder, member by member, never outside its place."""

from __future__ import annotations

import re
import stat
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from pipeline.model import Rejection
from pipeline.read.refusal import Refused
from pipeline.read.zipped import ENCRYPTED, METHODS, UTF8_NAME, Limits, inflate, open_zip

LIMITS = Limits(members=100_000, total=200 << 30, ratio=250, ratio_from=64 << 20)
"""A submission holds films: much data, but hardly any that packs well."""

_REPACK = "请把本单位文件夹重新压缩成 .zip（不设密码）再报送，或者直接报送文件夹"
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\..*)?", re.IGNORECASE
)
_UNUSABLE = re.compile(r'[<>:"|?*\x00-\x1f]')
_JUNK = frozenset({"__macosx", ".ds_store", "thumbs.db", "desktop.ini"})
_ARCHIVES = frozenset({".zip", ".rar", ".7z", ".gz", ".tar", ".tgz", ".bz2", ".xz", ".cab", ".iso"})
_LONGEST_NAME = 255


class Unpacked(Struct, frozen=True):
    """What came out of an archive: files relative to the target with `/`, in the archive's order.

    refused are names as shown with the cause; ignored counts what operating systems and
    office programs leave behind.
    """

    files: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    ignored: int


def unpack(path: Path, into: Path, limits: Limits = LIMITS) -> Unpacked | Rejection:
    """Write the members of the zip file at path below into, which must be an empty folder.

    A single folder around all members is left out of the paths. Links, nested archives,
    locked members and names that could leave the folder or that Windows cannot store are
    refused one by one; a broken or boundless archive as a whole, and then what was written
    so far is of no use. Raises OSError if the target cannot be written.
    """
    try:
        with path.open("rb") as stream, open_zip(stream, limits, "压缩包") as archive:
            return _unpack(archive, into)
    except Refused as verdict:
        return Rejection(verdict.cause, _REPACK)


def _unpack(archive: zipfile.ZipFile, into: Path) -> Unpacked:
    named = [(shown_name(member), member) for member in archive.infolist()]
    kept = [(name, member) for name, member in named if not _is_junk(name)]
    ignored = sum(not member.is_dir() for name, member in named if _is_junk(name))
    top = _common_top([name for name, _ in kept])
    files: list[str] = []
    refused: list[tuple[str, str]] = []
    taken: dict[str, str] = {}
    for name, member in kept:
        if name.endswith("/") and not member.file_size:
            continue
        relative = name.removeprefix(top)
        cause = _cause(relative, member) or _collision(relative, taken)
        if cause:
            refused.append((name, cause))
            continue
        _write(archive, member, into.joinpath(*relative.split("/")))
        files.append(relative)
    return Unpacked(tuple(files), tuple(refused), ignored)


def shown_name(member: zipfile.ZipInfo) -> str:
    """The name as its sender saw it: UTF-8 if marked so, else gb18030 if it is that, else cp437.

    macOS writes UTF-8 without the mark. Only three bytes a character tell it from gb18030,
    of which two bytes may pass for one UTF-8 character (模 is also ģ).
    """
    name = member.orig_filename
    if not member.flag_bits & UTF8_NAME:
        raw = name.encode("cp437")
        name = _decoded(raw, "gb18030") or name
        marked = _decoded(raw, "utf-8")
        if marked and not any("\x80" <= letter < "\u0800" for letter in marked):
            name = marked
    return name.replace("\\", "/")


def _decoded(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _is_junk(name: str) -> bool:
    parts = name.rstrip("/").lower().split("/")
    return bool(_JUNK & set(parts)) or parts[-1].startswith(("~$", "._", ".~lock"))


def _common_top(names: list[str]) -> str:
    """The folder that holds all members, with its `/`, "" if there is none."""
    tops = {name.partition("/")[0] for name in names}
    if len(tops) != 1 or not all("/" in name for name in names):
        return ""
    top = tops.pop()
    return "" if _bad_part(top) else f"{top}/"


def _cause(name: str, member: zipfile.ZipInfo) -> str:
    """Why a member is not unpacked, "" if it is."""
    parts = name.split("/")
    kind = stat.S_IFMT(member.external_attr >> 16)
    causes = (
        (name.startswith("/") or bool(re.match("[A-Za-z]:", name)), "路径不是相对路径"),
        (".." in parts, "路径指向文件夹之外"),
        (kind not in (0, stat.S_IFREG), "是链接或特殊文件"),
        (bool(member.flag_bits & ENCRYPTED), "设了密码"),
        (member.compress_type not in METHODS, "压缩方式无法读取，请改用普通的 ZIP 压缩"),
        (Path(parts[-1]).suffix.lower() in _ARCHIVES, "是压缩包里的压缩包，请解压后报送"),
    )
    return next((cause for applies, cause in causes if applies), "") or _first_bad(parts)


def _first_bad(parts: list[str]) -> str:
    return next(filter(None, map(_bad_part, parts)), "")


def _bad_part(part: str) -> str:
    """Why a single file or folder name cannot be stored, "" if it can."""
    if part in ("", ".", ".."):
        return "路径里有空的一级"
    if _RESERVED.fullmatch(part):
        return f"名称“{part}”是 Windows 保留的名称"
    if part.endswith((".", " ")):
        return "名称以点或空格结尾"
    if _UNUSABLE.search(part) or "\ufffd" in part:
        return "名称里有 Windows 不允许的字符"
    return f"名称超过 {_LONGEST_NAME} 个字节" if len(part.encode("utf-8", "replace")) > _LONGEST_NAME else ""


def _collision(name: str, taken: dict[str, str]) -> str:
    """Why a name cannot stand beside those before it; names and the folders above them are then taken."""
    folded = [_fold(path) for path in _paths(name)]
    *folders, own = folded
    if own in taken:
        return "与另一个成员同名（不分大小写）"
    if any(taken.get(folder) == "file" for folder in folders):
        return "与另一个成员同名，一个是文件，一个是文件夹"
    taken.update(dict.fromkeys(folders, "folder"))
    taken[own] = "file"
    return ""


def _paths(name: str) -> Iterator[str]:
    parts = name.split("/")
    return ("/".join(parts[:end]) for end in range(1, len(parts) + 1))


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as out:
        for piece in inflate(archive, member):
            out.write(piece)
