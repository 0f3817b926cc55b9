"""The files of a unit as values, and what their extensions mean."""

from __future__ import annotations

import math
import os
import unicodedata
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct, field


def _extensions(names: str) -> frozenset[str]:
    return frozenset(f".{name}" for name in names.split())


WORKBOOKS = _extensions("xlsx xlsm xls et ods csv xlsb xltx ett")
VIDEOS = _extensions("mp4 mov avi mkv wmv flv m4v mpg mpeg ts webm rmvb vob 3gp")
AUDIOS = _extensions("mp3 wav m4a aac wma flac ogg amr ape")
IMAGES = _extensions("jpg jpeg png webp bmp gif tif tiff heic")
DOCUMENTS = _extensions("doc docx pdf wps ppt pptx dps txt rtf srt vtt ass xml html htm css js json ofd md")
ARCHIVES = _extensions("rar 7z tar tgz gz bz2 xz cab iso")
PLAYED = VIDEOS | AUDIOS
KNOWN = WORKBOOKS | PLAYED | IMAGES | DOCUMENTS
NO_ACCESS = "没有读取权限或文件正被占用"
GONE = "检查时文件已不存在"
UNOPENED = frozenset({NO_ACCESS, GONE})
"""Why a file was not opened: it lies with the computer here, not with what was sent."""


def suffix_of(name: str) -> str:
    """The extension of a bare file name in lower case, with its dot; "" if there is none."""
    stem, _, extension = name.rpartition(".")
    return f".{extension.lower()}" if stem else ""


def shown_name(name: str) -> str:
    """A name or path in composed form; control characters and bytes that are no text show as escapes."""
    if name.isprintable():
        return unicodedata.normalize("NFC", name)
    text = unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "backslashreplace"))
    return "".join(f"\\x{ord(c):02x}" if unicodedata.category(c) == "Cc" else c for c in text)


Stamp = tuple[str, int, int]


class Entry(NamedTuple):
    """A regular file of a unit; there may be a million.

    path is relative to the unit's folder, with `/`; located is the path by which the system finds it; suffix
    is the extension in lower case, with its dot.
    """

    path: str
    located: str
    size: int
    mtime_ns: int
    suffix: str

    @classmethod
    def of(cls, path: str, located: str, size: int, mtime_ns: int) -> Entry:
        """With its extension, which is asked for at every stage."""
        return cls(path, located, size, mtime_ns, suffix_of(path.rpartition("/")[2]))

    @property
    def real(self) -> Path:
        """Where it is read; made anew at every asking: most files are never opened."""
        return Path(self.located)

    def stamp(self, unit: str) -> Stamp:
        """What tells this state of the file from any other, wherever input/ lies: name, size, time."""
        return f"{unit}/{self.path}", self.size, self.mtime_ns

    @property
    def name(self) -> str:
        """The bare file name."""
        return self.path.rpartition("/")[2]


class FileFacts(NamedTuple):
    """What the rules read of a file, whether rows name it as a resource or as a cover; else as it is here.

    Sizes in pixels, rates in frames a second, bit/s and Hz; broken, real_name and unplayable in Chinese.
    shown_size: in square pixels, where the stored ones are not. recorded: yyyy-mm-dd, yyyy or "".
    fault: why the file is no sound JPEG; mode: Pillow's colour mode; megabytes: of 1,000,000 bytes;
    turned: a note in the file asks to turn the picture when it is shown. edges: the digest of both ends of
    a video or sound (`pipeline.probe.digest`), "" if unknown.
    """

    real: str = ""
    real_name: str = ""
    broken: str = ""
    tracks: bool = False
    video_codec: str = ""
    audio_codecs: str = ""
    width: float = 0.0
    height: float = 0.0
    fps: float = 0.0
    bitrate: float = 0.0
    stream_bitrate: float = 0.0
    seconds: float = math.nan
    rate: float = 0.0
    channels: float = 0.0
    unplayable: str = ""
    streamable: str = "是"
    shown_size: str = ""
    interlaced: str = "否"
    fragmented: str = "否"
    recorded: str = ""
    fault: str = ""
    mode: str = ""
    megabytes: float = 0.0
    turned: str = "否"
    edges: str = ""


class Received(Struct, frozen=True):
    """A workbook as it was received: its private copy is named by its content."""

    entry: Entry
    copy: Path
    sha256: str


class Unit(Struct):
    """A unit and all that it sent. The name is the folder's, `局/校` for a forwarded one."""

    name: str
    entries: list[Entry] = field(default_factory=list)
    workbooks: list[Received] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    """Paths of downloads that broke off: not files of the unit, but worth a word when a cell names one."""
