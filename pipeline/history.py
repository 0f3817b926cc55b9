"""`history.db`: what was received when. SQLite; a power cut loses nothing that was acknowledged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

_LAYOUT = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS receipts (
    sha256 TEXT NOT NULL, unit TEXT NOT NULL, workbook TEXT NOT NULL, first_seen TEXT NOT NULL,
    PRIMARY KEY (sha256, unit)
) WITHOUT ROWID;
"""


class HistoryError(Exception):
    """The history cannot be used; the message is one Chinese sentence. It is never rebuilt silently."""


def receive(path: Path, submissions: Iterable[tuple[str, str, str]], now: str) -> dict[tuple[str, str], str]:
    """When each (unit, SHA-256) was first seen, ISO 8601; new ones are first seen `now`.

    submissions: (SHA-256, unit, workbook). Raises HistoryError if the file is damaged or newer.
    """
    try:
        with closing(sqlite3.connect(path)) as connection:
            _prepare(connection)
            with connection:
                connection.executemany(
                    "INSERT OR IGNORE INTO receipts VALUES (?, ?, ?, ?)",
                    [(digest, unit, workbook, now) for digest, unit, workbook in submissions],
                )
            rows = connection.execute("SELECT unit, sha256, first_seen FROM receipts")
            return {(unit, digest): seen for unit, digest, seen in rows}
    except sqlite3.Error as error:
        raise HistoryError(
            f"历史记录“{path.name}”无法使用（{path}），请先备份该文件，再从备份恢复或把它移走后重新运行。"
        ) from error


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA synchronous = FULL")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > _LAYOUT:
        raise HistoryError("历史记录由更新版本的程序写成，请使用新版本程序。")
    if connection.execute("PRAGMA quick_check").fetchone()[0] != "ok":
        raise HistoryError("历史记录已损坏，请先备份该文件，再从备份恢复或把它移走后重新运行。")
    connection.executescript(f"{_TABLES} PRAGMA user_version = {_LAYOUT};")
