"""Results kept between runs, in SQLite: bytes by key.

Only a cache: whatever is wrong with it, it is thrown away, rebuilt, and told of once; what a run finds never
depends on it. A key says all that a result depends on, so that nothing in here can be out of date.

Results hold telephone numbers and names. The file has neither the keys nor the values, only digests of the
ones and the others sealed with their keys: it tells nothing to whom has not got what a result was made from.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

_APPLICATION = 0x48525043
_LAYOUT = 3
_TABLES = """
CREATE TABLE results (
    name BLOB PRIMARY KEY, sealed BLOB NOT NULL, digest BLOB NOT NULL
);
"""
_PAGE_BYTES = 16384
"""Results are long: larger pages are fewer."""
_ASKED_AT_ONCE = 500
_KEPT_SECONDS = 2.0
"""How much work a run may lose that is cut off."""

Row = tuple[bytes, bytes, bytes]


class DamagedError(Exception):
    """The cache cannot be used; the message says why, in Chinese."""


class Store:
    """An open store; see `open_store`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take over a connection whose tables are there."""
        self._connection = connection
        self._waiting: list[Row] = []
        self._touched: set[bytes] = set()
        self._since = time.monotonic()

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values that are known, by key. A damaged entry is not known."""
        known: dict[bytes, bytes] = {}
        if self._waiting:
            self.flush()
        for part in _parts(keys):
            named = {_name(key): key for key in part}
            marks = ",".join("?" * len(named))
            query = f"SELECT name, sealed, digest FROM results WHERE name IN ({marks})"  # noqa: S608
            with contextlib.suppress(sqlite3.Error):
                for name, sealed, digest in self._connection.execute(query, list(named)).fetchall():
                    key = named[name]
                    value = _sealed(sealed, key, digest)
                    if digest == _digest(key, value):
                        known[key] = value
                        self._touched.add(name)
        return known

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value; it is safe after a few seconds at most. A disk that is full or gone loses it."""
        name, digest = _name(key), _digest(key, value)
        self._touched.add(name)
        self._waiting.append((name, _sealed(value, key, digest), digest))
        if time.monotonic() - self._since > _KEPT_SECONDS:
            self.flush()

    def names_of(self, keys: Iterable[bytes]) -> list[bytes]:
        """What the file calls the entries with these keys."""
        return list(map(_name, keys))

    def touch(self, names: Iterable[bytes]) -> None:
        """Say of entries that this run had a use for them, though it did not ask for them."""
        self._touched.update(names)

    def flush(self) -> None:
        """Write what waits."""
        with contextlib.suppress(sqlite3.Error), self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?)", self._waiting)
        self._waiting.clear()
        self._since = time.monotonic()

    def forget_unused(self) -> None:
        """Drop what this run had no use for: the next is most like this one."""
        self.flush()
        with contextlib.suppress(sqlite3.Error), self._connection:
            here = {name for (name,) in self._connection.execute("SELECT name FROM results")}
            gone = ((name,) for name in here - self._touched)
            self._connection.executemany("DELETE FROM results WHERE name = ?", gone)


@contextlib.contextmanager
def open_store(path: Path) -> Iterator[tuple[Store, str]]:
    """Open the store at path, or make it; yield it with a warning in Chinese, "" if all is well.

    A file that is damaged, of a newer program or not a store at all is replaced; one of an older program is
    emptied without a word. If path cannot be used, a store in memory takes its place.
    """
    connection, warning = _connect(path)
    store = Store(connection)
    try:
        yield store, warning
    finally:
        store.flush()
        connection.close()


def _connect(path: Path) -> tuple[sqlite3.Connection, str]:
    why = ""
    try:
        return _opened(path), ""
    except DamagedError as damage:
        why = str(damage)
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY":
            return _in_memory(path)
        why = "已损坏"
    try:
        for name in (path.name, f"{path.name}-journal", f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)
        return _opened(path), _rebuilt(path, why)
    except (DamagedError, sqlite3.Error, OSError, UnicodeDecodeError):
        return _in_memory(path)


def _rebuilt(path: Path, why: str) -> str:
    if not why:
        return ""
    return f"检测结果的缓存文件“{path.name}”{why}，已重新建立；本次会重新检测全部文件，结果不受影响。"


def _in_memory(path: Path) -> tuple[sqlite3.Connection, str]:
    connection = sqlite3.connect(":memory:")
    connection.executescript(_TABLES)
    return connection, f"检测结果的缓存文件“{path.name}”无法使用，本次不保存检测缓存，结果不受影响。"


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=0.5)
    try:
        # Only a cache: a power cut may cost it, a quick check finds that.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        _check(connection)
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
        raise DamagedError("" if layout < _LAYOUT else "由更新版本的程序建立")
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise DamagedError("已损坏")


def _name(key: bytes) -> bytes:
    return hashlib.blake2b(key, digest_size=16).digest()


def _sealed(value: bytes, key: bytes, salt: bytes) -> bytes:
    """The value under a pad that only the key gives; the same once more opens it."""
    import numpy as np  # by now another thread has begun to import it, see `pipeline.run`

    pad = hashlib.shake_256(key + salt).digest(len(value))
    return (np.frombuffer(value, np.uint8) ^ np.frombuffer(pad, np.uint8)).tobytes()


def _digest(key: bytes, value: bytes) -> bytes:
    return hashlib.blake2b(key + value, digest_size=8).digest()


def _parts(keys: Sequence[bytes]) -> Iterator[list[bytes]]:
    rest: Iterable[bytes] = iter(keys)
    while part := list(islice(rest, _ASKED_AT_ONCE)):
        yield part
