"""Facts of files kept between runs: measuring again is 100 times dearer than looking up.

Only a cache: whatever is wrong with it, it is thrown away, rebuilt, and told of once; the results
of a run never depend on it. Facts count only for the same size and time of change, and only
if the same library with the same options measured them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import PIL

from pipeline.model import Facts
from pipeline.probe.media import OPTIONS, library_version

MEASURES = 1
"""Raise it whenever `pipeline.probe` measures something new or otherwise: all older facts are then void."""

_APPLICATION = 0x48525043
_LAYOUT = 1
_TABLES = """
CREATE TABLE maker (stamp TEXT NOT NULL);
CREATE TABLE facts (
    name TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, facts TEXT NOT NULL,
    digest BLOB NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What facts are kept under: a name that does not depend on where the run folder lies, size, mtime_ns."""

    name: str
    size: int
    mtime_ns: int


class DamagedError(Exception):
    """The cache cannot be used; the message says why, in Chinese."""


class FactsCache:
    """An open cache; see `open_cache`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take over a connection whose tables are there."""
        self._connection = connection

    def get_many(self, stamps: Iterable[Stamp]) -> dict[Stamp, Facts]:
        """Return the facts that are known. A damaged entry is not known."""
        known: dict[Stamp, Facts] = {}
        for stamp in stamps:
            row = self._row(stamp)
            if row is not None and (facts := _facts_in(stamp, row)) is not None:
                known[stamp] = facts
        return known

    def put_many(self, entries: Mapping[Stamp, Facts]) -> None:
        """Keep facts. Raises ValueError for what JSON cannot hold, such as NaN; nothing is kept then.

        Facts of a timeout or a crash do not belong here: another run may do better. A disk
        that is full or gone loses the entries, and nothing else.
        """
        rows = [(*_key(stamp), text, _digest(stamp, text)) for stamp, text in _as_json(entries)]
        with contextlib.suppress(sqlite3.Error), self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?)", rows)

    def _row(self, stamp: Stamp) -> tuple[str, bytes] | None:
        query = "SELECT facts, digest FROM facts WHERE name = ? AND size = ? AND mtime_ns = ?"
        try:
            row: tuple[str, bytes] | None = self._connection.execute(query, _key(stamp)).fetchone()
        except (sqlite3.Error, UnicodeDecodeError):
            return None
        return row


@contextlib.contextmanager
def open_cache(path: Path) -> Iterator[tuple[FactsCache, str]]:
    """Open the cache at path, or make it; yield it with a warning in Chinese, "" if all is well.

    A file that is damaged, of a newer program or not a cache at all is replaced. One made
    by an older library is emptied without a word. If path cannot be used, a cache in
    memory takes its place.
    """
    connection, warning = _connect(path)
    try:
        yield FactsCache(connection), warning
    finally:
        connection.close()


def _connect(path: Path) -> tuple[sqlite3.Connection, str]:
    warning = ""
    try:
        return _opened(path), warning
    except DamagedError as damage:
        warning = (
            f"检测结果的缓存文件“{path.name}”{damage}，已重新建立；本次会重新检测全部文件，结果不受影响。"
        )
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY":
            return _in_memory(path)
        warning = f"检测结果的缓存文件“{path.name}”已损坏，已重新建立；本次会重新检测全部文件，结果不受影响。"
    try:
        for name in (path.name, f"{path.name}-journal", f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)
        return _opened(path), warning
    except (DamagedError, sqlite3.Error, OSError, UnicodeDecodeError):
        return _in_memory(path)


def _in_memory(path: Path) -> tuple[sqlite3.Connection, str]:
    connection = sqlite3.connect(":memory:")
    connection.executescript(_TABLES)
    return connection, f"检测结果的缓存文件“{path.name}”无法使用，本次不保存检测缓存，结果不受影响。"


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=0.5)
    try:
        # Only a cache: a power cut may cost it, a quick check finds that.
        connection.execute("PRAGMA synchronous = OFF")
        _check(connection)
        _empty_if_other_maker(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    """Raise DamagedError unless this is our database, whole, or a new and empty one."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    layout = connection.execute("PRAGMA user_version").fetchone()[0]
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
        connection.executescript(
            f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {_LAYOUT};"
            f"BEGIN; {_TABLES} COMMIT;"
        )
        return
    if application != _APPLICATION:
        raise DamagedError("不是本程序的缓存")
    if layout != _LAYOUT:
        raise DamagedError("由其他版本的程序建立" if layout < _LAYOUT else "由更新版本的程序建立")
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise DamagedError("已损坏")


def _empty_if_other_maker(connection: sqlite3.Connection) -> None:
    maker = f"{MEASURES} libmediainfo {library_version()} {sorted(OPTIONS.items())} Pillow {PIL.__version__}"
    with connection:
        if connection.execute("SELECT stamp FROM maker").fetchall() != [(maker,)]:
            connection.execute("DELETE FROM facts")
            connection.execute("DELETE FROM maker")
            connection.execute("INSERT INTO maker VALUES (?)", (maker,))


def _key(stamp: Stamp) -> tuple[str, int, int]:
    # A file name may hold bytes that are no text; they must not stop the cache.
    return stamp.name.encode("utf-8", "backslashreplace").decode("utf-8"), stamp.size, stamp.mtime_ns


def _as_json(entries: Mapping[Stamp, Facts]) -> list[tuple[Stamp, str]]:
    return [(stamp, json.dumps(dict(facts), allow_nan=False)) for stamp, facts in entries.items()]


def _digest(stamp: Stamp, text: str) -> bytes:
    return hashlib.blake2b(
        f"{_key(stamp)} {text}".encode("utf-8", "backslashreplace"), digest_size=8
    ).digest()


def _facts_in(stamp: Stamp, row: tuple[Any, Any]) -> Facts | None:
    text, digest = row
    if not isinstance(text, str) or digest != _digest(stamp, text):
        return None
    try:
        facts = json.loads(text, parse_constant=_refuse)
    except ValueError:
        return None
    return facts if isinstance(facts, dict) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a fact")
