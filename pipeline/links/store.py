"""Results of links kept between runs, and carried to a machine without network.

SQLite without a write-ahead log, which network drives have not. The results are dear but can be had
again: a store that is damaged, or not ours, is thrown away and begun anew, with one warning. What is
kept is evidence alone; its meaning is worked out on reading.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from msgspec import to_builtins

from pipeline.durable import write_whole
from pipeline.links.grade import grade
from pipeline.links.result import Ending, Evidence, Hop, LinkResult
from pipeline.stops import USAGE, Stop

_APPLICATION = 0x4852504C
_LAYOUT = 1
_TABLE = (
    "CREATE TABLE seen (link TEXT PRIMARY KEY, evidence TEXT NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID;"
)
_HEAD = {"format": "henan-resource-check links", "version": 1}
_MOST_BYTES = 500 << 20
_LONGEST_LINE = 2 << 20
_LONGEST_TEXT = 70_000
"""httpx knows no address longer than 65,536 characters."""
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_MOST_HOPS = 12
_AHEAD = dt.timedelta(days=1)
"""Clocks of two machines differ, but not more."""


class ImportRefusedError(Stop):
    """A file of results is not taken over; one Chinese sentence. The store is as it was."""

    code = USAGE


class LinkStore:
    """An open store; see `open_store`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take over a connection whose table is there."""
        self._connection = connection

    def all(self) -> dict[str, LinkResult]:
        """Every result by link. A damaged entry is not known."""
        try:
            rows = self._connection.execute(
                "SELECT link, evidence, digest FROM seen ORDER BY link"
            ).fetchall()
        except (sqlite3.Error, UnicodeDecodeError):
            return {}
        found = (_from_row(*row) for row in rows)
        return {seen.link: grade(seen) for seen in found if seen is not None}

    def put(self, entries: Iterable[Evidence]) -> None:
        """Keep evidence, in place of older. Raises sqlite3.Error if the disk is full or gone."""
        rows = [(each.link, text, _digest(each.link, text)) for each in entries if (text := _as_json(each))]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", rows)


@contextlib.contextmanager
def open_store(path: Path) -> Iterator[tuple[LinkStore, str]]:
    """Open the store at path, or make it; yield it with a warning in Chinese, "" if all is well.

    Raises sqlite3.Error or OSError if path cannot be used at all: results that cannot be kept are
    not worth asking thousands of hosts for.
    """
    connection, warning = _connect(path)
    try:
        yield LinkStore(connection), warning
    finally:
        connection.close()


def read_results(path: Path) -> tuple[dict[str, LinkResult], str]:
    """What is known, and a warning in Chinese or "". A store that is not there is not made."""
    if not path.exists():
        return {}, ""
    try:
        with open_store(path) as (store, warning):
            return store.all(), warning
    except (sqlite3.Error, OSError):
        return {}, f"链接检测结果“{path.name}”正被占用或不能打开，本次不使用以前的检测结果。"


def export_results(store_path: Path, target: Path) -> int:
    """Write all results as JSON lines, in order of links; the number written.

    Raises sqlite3.Error or OSError.
    """
    with open_store(store_path) as (store, _):
        results = store.all()
    lines = [json.dumps(_HEAD), *(_as_json(each.evidence) for each in results.values())]
    write_whole(target, "".join(f"{line}\n" for line in lines).encode("utf-8"))
    return len(results)


def import_results(store_path: Path, source: Path, now: dt.datetime) -> int:
    """Take over the results of an exported file, where they are newer; the number taken.

    All or nothing. Raises ImportRefusedError if any line is not what this program writes, and
    sqlite3.Error or OSError if the store cannot be used. now: aware; no result may be later.
    """
    new = _read_file(source, now)
    store_path.parent.mkdir(parents=True, exist_ok=True)
    with open_store(store_path) as (store, _):
        known = store.all()
        newer = [
            each
            for each in new.values()
            if each.link not in known or known[each.link].evidence.checked < each.checked
        ]
        store.put(newer)
    return len(newer)


# --- the database -----------------------------------------------------------------------------


def _connect(path: Path) -> tuple[sqlite3.Connection, str]:
    try:
        return _opened(path), ""
    except sqlite3.OperationalError:
        raise  # in use, or a disk that cannot be written: no fault of the file
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        _throw_away(path)
    said = f"链接检测结果“{path.name}”已损坏或不是本程序的，已重新建立，请重新运行 make links。"
    return _opened(path), said


def _throw_away(path: Path) -> None:
    for name in (path.name, f"{path.name}-journal", f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=5)
    try:
        _check(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    """Raise DatabaseError unless this is our database, whole, or a new and empty one."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    layout = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    if not tables:
        marks = f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {_LAYOUT};"
        connection.executescript(f"{marks} BEGIN; {_TABLE} COMMIT;")
    elif (application, layout, tables) != (_APPLICATION, _LAYOUT, ["seen"]):
        raise sqlite3.DatabaseError("not our store")
    elif connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise sqlite3.DatabaseError("damaged")


def _as_json(seen: Evidence) -> str:
    return json.dumps(to_builtins(seen), ensure_ascii=True, sort_keys=True)


def _digest(link: str, text: str) -> bytes:
    return hashlib.blake2b(f"{link} {text}".encode("utf-8", "backslashreplace"), digest_size=8).digest()


def _from_row(link: object, text: object, digest: object) -> Evidence | None:
    if not isinstance(link, str) or not isinstance(text, str) or digest != _digest(link, text):
        return None
    try:
        seen = _evidence(json.loads(text, parse_constant=_refuse))
    except ValueError:
        return None
    return seen if seen.link == link else None


# --- a file of results ------------------------------------------------------------------------


def _read_file(source: Path, now: dt.datetime) -> dict[str, Evidence]:
    """Every result of the file by link, or ImportRefusedError."""
    named = f"检测结果文件“{source.name}”"
    again = "请用导出命令重新生成后再导入。"
    try:
        with source.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ImportRefusedError(f"{named}读不到，请检查文件是否在原处、能否打开。") from error
    if len(data) > _MOST_BYTES:
        raise ImportRefusedError(f"{named}过大，不是导出的检测结果，{again}")
    found: dict[str, Evidence] = {}
    for number, line in enumerate(data.splitlines(), 1):
        try:
            record = _record(line)
            if number == 1:
                if record != _HEAD:
                    raise ImportRefusedError(f"{named}不是本程序导出的检测结果，或由另一版本导出，{again}")
                continue
            seen = _evidence(record)
        except (ValueError, RecursionError) as error:
            raise ImportRefusedError(
                f"{named}第 {number} 行不是导出的检测结果，没有导入任何内容，{again}"
            ) from error
        if dt.datetime.fromisoformat(seen.checked) > now + _AHEAD:
            raise ImportRefusedError(f"{named}第 {number} 行的检测时间在今天以后，没有导入任何内容，{again}")
        found[seen.link] = seen
    if not data.strip():
        raise ImportRefusedError(f"{named}是空文件，{again}")
    return found


def _record(line: bytes) -> Any:
    if len(line) > _LONGEST_LINE:
        raise ValueError("too long")
    return json.loads(line.decode("utf-8"), parse_constant=_refuse)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no evidence")


def _evidence(record: Any) -> Evidence:
    """The evidence that a record is, field by field. ValueError if it is none."""
    kinds: Mapping[str, type] = {
        "link": str, "checked": str, "ending": str, "why": str, "hops": list, "tries": int, "title": str,
        "phrase": str, "page": bool, "login": bool, "bare": bool,
    }  # fmt: skip
    if not isinstance(record, dict) or record.keys() != kinds.keys():
        raise ValueError("not the fields of evidence")
    if any(type(record[name]) is not kind for name, kind in kinds.items()):
        raise ValueError("not the types of evidence")
    texts = {name: _text(record[name]) for name, kind in kinds.items() if kind is str}
    ending = Ending(texts["ending"])
    hops = tuple(_hop(each) for each in record["hops"])
    checked = dt.datetime.fromisoformat(texts["checked"])
    if checked.utcoffset() != dt.timedelta(0):
        raise ValueError("not a time of UTC")
    if len(hops) > _MOST_HOPS or not 1 <= record["tries"] <= 100 or (ending is Ending.ANSWERED and not hops):
        raise ValueError("not numbers that can be")
    return Evidence(
        link=_text(texts["link"]),
        checked=checked.isoformat(timespec="seconds"),
        ending=ending,
        why=texts["why"],
        hops=hops,
        tries=record["tries"],
        title=texts["title"],
        phrase=texts["phrase"],
        page=record["page"],
        login=record["login"],
        bare=record["bare"],
    )


def _hop(record: Any) -> Hop:
    if (
        not isinstance(record, dict)
        or record.keys() != {"url", "status"}
        or type(record["status"]) is not int
    ):
        raise ValueError("not a hop")
    url = _text(record["url"])
    # Reading the host raises ValueError for what no browser takes.
    if not urlsplit(url).scheme or not 0 <= record["status"] <= 999 or urlsplit(url).hostname is None:
        raise ValueError("not a hop")
    return Hop(url, record["status"])


def _text(value: Any) -> str:
    """A text that can be shown: no control characters, no halves of characters, not endless."""
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or _UNSEEN.search(value):
        raise ValueError("not a text")
    return value
