"""`history.db`: what was received when. SQLite; a power cut loses nothing that was acknowledged.

No write-ahead log: it needs shared memory, which network drives have not. A history that
is damaged, or not ours, is never repaired or begun anew: the run stops and says so.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from pipeline.durable import flush_folder

_APPLICATION = 0x48525248
_LAYOUT = 1
_TABLES = """
CREATE TABLE receipts (
    sha256 TEXT NOT NULL, unit TEXT NOT NULL, workbook TEXT NOT NULL, first_seen TEXT NOT NULL,
    PRIMARY KEY (sha256, unit)
) WITHOUT ROWID;
"""
_RESTORE = (
    "请先备份该文件，再从以前的备份恢复；没有备份的，把它移到别处后重新运行（以前的收件时间将不再保留）。"
)
_SAID = {
    "SQLITE_FULL": "写不下了：磁盘空间不足，请清理磁盘后重新运行。",
    "SQLITE_BUSY": "正被其他程序打开，请关闭后重新运行。",
    "SQLITE_LOCKED": "正被其他程序打开，请关闭后重新运行。",
    "SQLITE_READONLY": "不能写入，请检查文件和文件夹的权限后重新运行。",
    "SQLITE_CANTOPEN": "不能打开，请检查文件和文件夹的权限后重新运行。",
    "SQLITE_PERM": "不能打开，请检查文件和文件夹的权限后重新运行。",
    "SQLITE_IOERR": "读写出错，请检查磁盘或网络后重新运行。",
}


class HistoryError(Exception):
    """The history cannot be used; one Chinese sentence that names the file. The file is as it was."""


def receive(path: Path, submissions: Iterable[tuple[str, str, str]], now: str) -> dict[tuple[str, str], str]:
    """When each (unit, SHA-256) was first seen, ISO 8601; new ones are first seen `now`.

    submissions: (SHA-256, unit, workbook). Raises HistoryError if the file is damaged, newer,
    foreign or cannot be written.
    """
    try:
        if not path.exists():
            _begin(path)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            _check(connection, path)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT OR IGNORE INTO receipts VALUES (?, ?, ?, ?)",
                [(digest, unit, workbook, now) for digest, unit, workbook in submissions],
            )
            connection.execute("COMMIT")
            rows = connection.execute("SELECT unit, sha256, first_seen FROM receipts")
            return {(unit, digest): seen for unit, digest, seen in rows}
    except sqlite3.Error as error:
        name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
        raise HistoryError(f"历史记录“{path}”{_SAID.get(name, f'已损坏。{_RESTORE}')}") from error


def _begin(path: Path) -> None:
    """A new history, under its name only when it is whole: an empty file there is a damaged one."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(part)) as connection:
        marks = f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {_LAYOUT};"
        connection.executescript(f"PRAGMA synchronous = FULL; BEGIN; {_TABLES} {marks} COMMIT;")
    part.replace(path)
    flush_folder(path.parent)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
        raise HistoryError(f"“{path}”是空文件，或不是本程序的历史记录。{_RESTORE}")
    if connection.execute("PRAGMA user_version").fetchone()[0] != _LAYOUT:
        raise HistoryError(f"历史记录“{path}”由另一版本的程序写成，请使用最新版本的程序。")
    if connection.execute("PRAGMA quick_check").fetchone()[0] != "ok":
        raise HistoryError(f"历史记录“{path}”已损坏。{_RESTORE}")
