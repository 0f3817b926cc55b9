"""`history.db`: what was received when, what was found in it, round by round, and what was decided.

SQLite; a power cut loses nothing that was acknowledged. No write-ahead log: it needs shared memory,
which network drives have not. A history that is damaged, or not ours, is never repaired or begun
anew: the run stops and says so.

A run is written in one transaction before its output is declared complete, and counts once that
output is shown. After an interruption the output decides: a run whose number stands in the shown
`run.json` is kept, any other that was not finished is taken out, as if it had not begun. Numbers
order the runs, not clocks.

It holds personal data only as far as findings quote them. Layout 2; layout 1 (first receipts alone) is
carried over, a copy stays as `history.db.1.bak`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import astuple

from pipeline.durable import flush_folder, rename, write_whole
from pipeline.model import Finding, Place, Severity
from pipeline.rounds.lasting import Decision, Judged, Sent
from pipeline.stops import Stop

_APPLICATION = 0x48525248
_LAYOUT = 2
_RECEIPTS = """
CREATE TABLE receipts (
    sha256 TEXT NOT NULL, unit TEXT NOT NULL, workbook TEXT NOT NULL, first_seen TEXT NOT NULL,
    PRIMARY KEY (sha256, unit)
) WITHOUT ROWID;
"""
_ROUNDS = """
CREATE TABLE receipt_times (seq INTEGER PRIMARY KEY, unit TEXT NOT NULL, received TEXT NOT NULL);
CREATE TABLE runs (
    seq INTEGER PRIMARY KEY, started TEXT NOT NULL, program TEXT NOT NULL, config TEXT NOT NULL,
    finished TEXT NOT NULL
);
CREATE TABLE results (
    id INTEGER PRIMARY KEY, unit TEXT NOT NULL, sha256 TEXT NOT NULL, digest TEXT NOT NULL,
    findings BLOB NOT NULL, UNIQUE (unit, sha256, digest)
);
CREATE TABLE submissions (
    run INTEGER NOT NULL REFERENCES runs, workbook TEXT NOT NULL, result INTEGER NOT NULL REFERENCES results,
    round INTEGER NOT NULL, chosen INTEGER NOT NULL, returned INTEGER NOT NULL,
    PRIMARY KEY (run, result, workbook)
) WITHOUT ROWID;
CREATE TABLE states (
    run INTEGER NOT NULL REFERENCES runs, unit TEXT NOT NULL, step INTEGER NOT NULL, state TEXT NOT NULL,
    round INTEGER NOT NULL, PRIMARY KEY (unit, run, step)
) WITHOUT ROWID;
CREATE TABLE decisions (
    seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, unit TEXT NOT NULL, code TEXT NOT NULL,
    field TEXT NOT NULL, value TEXT NOT NULL, resource TEXT NOT NULL, verdict TEXT NOT NULL,
    reason TEXT NOT NULL, who TEXT NOT NULL, made TEXT NOT NULL
);
"""
"""results: the findings of a workbook as compressed JSON, equal ones once. states: only changes of it.
decisions and receipt_times only grow; run: the last one that the person could see."""

_RESTORE = (
    "请先备份该文件，再从以前的备份恢复；没有备份的，把它移到别处后重新运行（以前的收件时间将不再保留）。"
)
_BROKEN = f"已损坏。{_RESTORE}"
_UNSURE = "读写出错，请检查磁盘或网络后重新运行。"
_SAID = {
    "SQLITE_FULL": "写不下了：磁盘空间不足，请清理磁盘后重新运行。",
    "SQLITE_BUSY": "正被其他程序打开，请关闭后重新运行。",
    "SQLITE_LOCKED": "正被其他程序打开，请关闭后重新运行。",
    "SQLITE_READONLY": "不能写入，请检查文件和文件夹的权限后重新运行。",
    "SQLITE_CANTOPEN": "不能打开，请检查文件和文件夹的权限后重新运行。",
    "SQLITE_PERM": "不能打开，请检查文件和文件夹的权限后重新运行。",
    "SQLITE_IOERR": _UNSURE,
}


class HistoryError(Stop):
    """The history cannot be used; one Chinese sentence that names the file. The file is as it was."""


class Memory(Struct, frozen=True):
    """What a run needs to know of those before.

    sent: by unit the workbooks that counted, in the order in which they first did. paths: by
    unit its states so far. decisions: all, oldest first. receipt_times: by unit what a person set.
    seen: every (unit, SHA-256) that was ever received, whether it counted or not.
    """

    sent: Mapping[str, Sequence[Sent]] = field(default_factory=dict)
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    decisions: Sequence[Decision] = ()
    receipt_times: Mapping[str, str] = field(default_factory=dict)
    seen: Set[tuple[str, str]] = frozenset()


class Judgement(Struct, frozen=True):
    """A workbook in a run; chosen: it counts. returned: it was marked and goes back."""

    unit: str
    workbook: str
    sha256: str
    round: int
    chosen: bool
    returned: bool
    findings: Sequence[Judged]


class RunRecord(Struct, frozen=True):
    """A run, to be kept. started: ISO 8601, UTC. steps: by unit its round and what it adds to its path."""

    started: str
    program: str
    config_sha256: str
    judgements: Sequence[Judgement]
    steps: Mapping[str, tuple[int, Sequence[str]]]


# --- a run begins and ends ----------------------------------------------------------------------


def open_history(path: Path, shown: int) -> Memory:
    """What is known before a run; a new history if there is none.

    shown: the number in the `run.json` that the output shows, 0 if there is none. Raises HistoryError
    if the file is damaged, newer, foreign or cannot be written.
    """
    with _writing(path, thoroughly=True) as connection:
        _settle(connection, shown)
        return Memory(
            _sent(connection), _paths(connection), tuple(_decisions(connection)),
            dict(connection.execute("SELECT unit, received FROM receipt_times ORDER BY seq")),
            frozenset(connection.execute("SELECT unit, sha256 FROM receipts")),
        )  # fmt: skip


def _settle(connection: sqlite3.Connection, shown: int) -> None:
    """Runs that were cut off: the one whose output is shown counts, others are taken out."""
    connection.execute("UPDATE runs SET finished = started WHERE finished = '' AND seq = ?", (shown,))
    cut_off = [seq for (seq,) in connection.execute("SELECT seq FROM runs WHERE finished = ''")]
    for table, column in (("submissions", "run"), ("states", "run"), ("runs", "seq")):
        connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", ((seq,) for seq in cut_off))  # noqa: S608
    if cut_off:
        connection.execute("DELETE FROM results WHERE id NOT IN (SELECT result FROM submissions)")


def receive(path: Path, submissions: Iterable[tuple[str, str, str]], now: str) -> dict[tuple[str, str], str]:
    """When each (unit, SHA-256) was first seen, ISO 8601; new ones are first seen `now`.

    submissions: (SHA-256, unit, workbook). Raises HistoryError as `open_history`.
    """
    with _writing(path, thoroughly=True) as connection:
        connection.executemany(
            "INSERT OR IGNORE INTO receipts VALUES (?, ?, ?, ?)",
            [(digest, unit, workbook, now) for digest, unit, workbook in submissions],
        )
        rows = connection.execute("SELECT unit, sha256, first_seen FROM receipts")
        return {(unit, digest): seen for unit, digest, seen in rows}


def record_run(path: Path, record: RunRecord) -> int:
    """Keep a run, whole or not at all, and return its number, which `run.json` must show.

    It counts after `finish_run`, or once `open_history` finds its number shown.
    """
    with _writing(path) as connection:
        row = (record.started, record.program, record.config_sha256, "")
        run = connection.execute(
            "INSERT INTO runs (started, program, config, finished) VALUES (?, ?, ?, ?)", row
        ).lastrowid
        _keep(connection, run or 0, record.judgements)
        connection.executemany(
            "INSERT INTO states VALUES (?, ?, ?, ?, ?)",
            [
                (run, unit, step, state, number)
                for unit, (number, states) in sorted(record.steps.items())
                for step, state in enumerate(states)
            ],
        )
        return run or 0


def finish_run(path: Path, run: int, now: str) -> None:
    """The output of the run is shown. now: ISO 8601, UTC."""
    with _writing(path) as connection:
        connection.execute("UPDATE runs SET finished = ? WHERE seq = ?", (now, run))


def _keep(connection: sqlite3.Connection, run: int, judgements: Iterable[Judgement]) -> None:
    results, submissions = [], []
    for each in judgements:
        raw = json.dumps([_plain(found) for found in each.findings], separators=(",", ":")).encode()
        result = (each.unit, each.sha256, hashlib.sha256(raw).hexdigest())
        results.append((*result, zlib.compress(raw)))
        submissions.append((run, each.workbook, each.round, each.chosen, each.returned, *result))
    connection.executemany(
        "INSERT OR IGNORE INTO results (unit, sha256, digest, findings) VALUES (?, ?, ?, ?)", results
    )
    connection.executemany(
        "INSERT INTO submissions SELECT ?, ?, id, ?, ?, ? FROM results "
        "WHERE unit = ? AND sha256 = ? AND digest = ?",
        submissions,
    )


def _plain(judged: Judged) -> list[object]:
    """A finding without unit, workbook (which the row has) and facts (which only sentences need)."""
    found, place = judged.finding, judged.finding.place
    return [
        found.code, place.sheet, place.row, place.field, place.cell, found.value, found.suggestion,
        found.safe, judged.severity.value, judged.decides,
    ]  # fmt: skip


# --- what was found before ------------------------------------------------------------------------


def previous_findings(path: Path, unit: str, sha256: str) -> list[Judged]:
    """What was told of a workbook when it last counted, without facts; empty if it never did."""
    with _reading(path) as connection:
        row = connection.execute(
            "SELECT workbook, digest, findings FROM submissions JOIN results ON result = id "
            "WHERE unit = ? AND sha256 = ? AND chosen ORDER BY run DESC LIMIT 1",
            (unit, sha256),
        ).fetchone()
        if row is None:
            return []
        workbook, digest, packed = row
        return [_judged(unit, workbook, values) for values in json.loads(_unpacked(packed, digest))]


def _unpacked(packed: bytes, digest: str) -> bytes:
    try:
        raw = zlib.decompress(packed)
    except zlib.error as error:
        raise sqlite3.DatabaseError("findings do not unpack") from error
    if hashlib.sha256(raw).hexdigest() != digest:
        raise sqlite3.DatabaseError("findings are not what was written")
    return raw


def _judged(unit: str, workbook: str, values: list[object]) -> Judged:
    code, sheet, row, name, cell, value, suggestion, safe, severity, decides = values
    place = Place(unit, workbook, str(sheet), int(str(row)), str(name), str(cell))
    found = Finding(str(code), place, str(value), {}, str(suggestion), safe is True)
    return Judged(found, Severity(str(severity)), decides is True)


def _sent(connection: sqlite3.Connection) -> dict[str, list[Sent]]:
    sent: dict[str, list[Sent]] = defaultdict(list)
    for unit, sha256, workbook, number, returned in connection.execute(
        "SELECT unit, sha256, workbook, round, max(returned) FROM submissions JOIN results ON result = id "
        "WHERE chosen GROUP BY unit, sha256 ORDER BY min(run), workbook, sha256"
    ):
        sent[unit].append(Sent(sha256, workbook, number, bool(returned)))
    return dict(sent)


def _paths(connection: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    paths: dict[str, list[str]] = defaultdict(list)
    for unit, state in connection.execute("SELECT unit, state FROM states ORDER BY unit, run, step"):
        paths[unit].append(state)
    return {unit: tuple(states) for unit, states in paths.items()}


# --- what a person says ---------------------------------------------------------------------------


def decisions(path: Path) -> list[Decision]:
    """All decisions, oldest first, those included that later ones replaced."""
    with _reading(path) as connection:
        return _decisions(connection)


def add_decisions(path: Path, made: Iterable[Decision]) -> int:
    """Keep the decisions that say something new, in the order given; returns how many.

    The same decision read once more from the same workbook is not kept twice.
    """
    with _writing(path) as connection:
        known = {each.subject: _content(each) for each in _decisions(connection)}
        last_run = connection.execute("SELECT ifnull(max(seq), 0) FROM runs").fetchone()[0]
        added = 0
        for each in made:
            if known.get(each.subject) != _content(each):
                known[each.subject] = _content(each)
                connection.execute(
                    "INSERT INTO decisions VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (last_run, *astuple(each)),
                )
                added += 1
        return added


def _content(made: Decision) -> tuple[str, str, str, str]:
    return made.value, made.verdict, made.reason, made.who


def _decisions(connection: sqlite3.Connection) -> list[Decision]:
    columns = "unit, code, field, value, resource, verdict, reason, who, made"
    return [Decision(*row) for row in connection.execute(f"SELECT {columns} FROM decisions ORDER BY seq")]  # noqa: S608


def set_receipt(path: Path, unit: str, received: str) -> None:
    """A person knows better when the unit's material came. received: ISO 8601, UTC."""
    with _writing(path) as connection:
        known = dict(connection.execute("SELECT unit, received FROM receipt_times ORDER BY seq"))
        if known.get(unit) != received:
            connection.execute("INSERT INTO receipt_times (unit, received) VALUES (?, ?)", (unit, received))


# --- the file itself --------------------------------------------------------------------------


@contextmanager
def _writing(path: Path, *, thoroughly: bool = False) -> Iterator[sqlite3.Connection]:
    """One transaction, begun anew or carried over where need be. thoroughly: look at the whole file first."""
    with _reading(path, thoroughly=thoroughly) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")


@contextmanager
def _reading(path: Path, *, thoroughly: bool = False) -> Iterator[sqlite3.Connection]:
    try:
        if not path.exists():
            _begin(path)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            _check(connection, path, thoroughly=thoroughly)
            connection.execute("PRAGMA synchronous = FULL")
            if _layout(connection) == 1:
                _carry_over(connection, path)
            yield connection
    except (sqlite3.Error, UnicodeDecodeError) as error:
        name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
        raise HistoryError(f"历史记录“{path}”{_SAID.get(name, _BROKEN)}") from error
    except OSError as error:
        raise HistoryError(f"历史记录“{path}”{_UNSURE}") from error


def _begin(path: Path) -> None:
    """A new history, under its name only when it is whole: an empty file there is a damaged one."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(part)) as connection:
            marks = f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {_LAYOUT};"
            tables = f"{_RECEIPTS}{_ROUNDS}"
            connection.executescript(f"PRAGMA synchronous = FULL; BEGIN; {tables} {marks} COMMIT;")
        rename(part, path)
    finally:
        part.unlink(missing_ok=True)
    flush_folder(path.parent)


def _carry_over(connection: sqlite3.Connection, path: Path) -> None:
    """Layout 1 to 2, in one transaction; the copy beside it is whole before anything changes."""
    connection.execute("BEGIN IMMEDIATE")
    # Not copied as a file: closing any handle on it would end this connection's locks (SQLite, POSIX).
    write_whole(path.with_name(f"{path.name}.1.bak"), connection.serialize())
    for statement in _ROUNDS.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {_LAYOUT}")
    connection.execute("COMMIT")


def _layout(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check(connection: sqlite3.Connection, path: Path, *, thoroughly: bool) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
        raise HistoryError(f"“{path}”是空文件，或不是本程序的历史记录。{_RESTORE}")
    if _layout(connection) not in (1, _LAYOUT):
        raise HistoryError(f"历史记录“{path}”由另一版本的程序写成，请使用最新版本的程序。")
    if thoroughly:
        if connection.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise HistoryError(f"历史记录“{path}”{_BROKEN}")
        _check_values(connection)


def _check_values(connection: sqlite3.Connection) -> None:
    """Every value is of its column's type, every time a time: SQLite itself takes anything anywhere.

    Raises sqlite3.DatabaseError.
    """
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        columns = [(name, kind) for _, name, kind, *_ in connection.execute(f"PRAGMA table_info({table})")]
        odd = " OR ".join(f"typeof({name}) <> '{kind.lower()}'" for name, kind in columns)
        if connection.execute(f"SELECT EXISTS (SELECT 1 FROM {table} WHERE {odd})").fetchone()[0]:  # noqa: S608
            raise sqlite3.DatabaseError("a value of another type")
    for table, column in (("receipts", "first_seen"), ("receipt_times", "received")):
        if table in tables:
            for (moment,) in connection.execute(f"SELECT DISTINCT {column} FROM {table}"):  # noqa: S608
                _check_moment(moment)


def _check_moment(moment: str) -> None:
    try:
        with_zone = dt.datetime.fromisoformat(moment).tzinfo is not None
    except ValueError:
        with_zone = False
    if not with_zone:
        raise sqlite3.DatabaseError("not a time")
