"""The files of a unit as values, and what their extensions mean."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".et", ".ods", ".csv", ".xlsb", ".xltx", ".ett"})
VIDEOS = frozenset({".mp4", ".mov", ".avi", ".mkv", ".wmv", ".flv", ".m4v", ".mpg", ".mpeg", ".ts", ".webm", ".rmvb", ".vob", ".3gp"})
AUDIOS = frozenset({".mp3", ".wav", ".m4a", ".aac", ".wma", ".flac", ".ogg", ".amr", ".ape"})
IMAGES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic"})
DOCUMENTS = frozenset({".doc", ".docx", ".pdf", ".wps", ".ppt", ".pptx", ".txt", ".srt", ".vtt", ".ass", ".xml", ".html", ".htm", ".ofd", ".md"})
ARCHIVES = frozenset({".rar", ".7z", ".tar", ".gz", ".bz2", ".xz", ".iso"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A regular file of a unit; path is relative to the unit's folder, with `/`."""

    path: str
    real: Path
    size: int
    mtime_ns: int

    @property
    def name(self) -> str:
        """The bare file name."""
        return self.path.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The extension in lower case, with its dot."""
        return os.path.splitext(self.name)[1].lower()


@dataclass(frozen=True, slots=True)
class Received:
    """A workbook as it was received: its private copy is named by its content."""

    entry: Entry
    copy: Path
    sha256: str


@dataclass(slots=True)
class Unit:
    """A unit and all that it sent. The name is the folder's, `局/校` for a forwarded one."""

    name: str
    entries: list[Entry] = field(default_factory=list)
    workbooks: list[Received] = field(default_factory=list)
