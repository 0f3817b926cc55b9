"""What can go wrong from outside, line by line of the list of faults, over the program as a whole.

Each line's test makes the fault and asserts the outcome that the list states. Most stand beside the room that
meets the fault; here is what only a whole run, or several, can show.

| line | fault | test |
|---|---|---|
| 1 | empty, cut, flipped bits, lost sector | test_hostile `cuts` `flips` `lost`; test_fuzz `transport` |
| 2 | zip bombs | test_hostile `bombs`; test_read_archive, test_attachments (docx) |
| 3 | entity bombs, XXE | test_hostile `entities` and 目录炸弹; test_read_xlsx; test_attachments |
| 4 | stray cells, a million rows, whole-sheet merges and links | test_hostile `sheets` |
| 5 | wrong dimension | test_hostile 范围 |
| 6 | broken structure, UTF-16, strict, 1904 | test_hostile `_structure` `_writings`; test_read_xlsx |
| 7 | encrypted, macros, DDE, links, OLE | test_hostile `active`; test_marks_package; test_read_book |
| 8 | other formats under the name | test_hostile `disguises`; test_read_book |
| 9 | no rows | test_hostile 零行 只有表头 空表 |
| 10 | pipes, devices, links, folders, modes, 3 GiB | test_collect; test_read_book; here `outside` |
| 11 | left-behind files | test_hostile `leftovers`; test_collect |
| 12 | paths in cells | test_hostile `paths`; here `outside` |
| 13 | NFC, full width, case | test_hostile `spellings`; test_join |
| 14 | GBK and invalid names | test_hostile 包GBK; test_read_archive; test_collect |
| 15 | zip slip, links, nested and locked zips | test_hostile `archives`; test_read_archive; here `outside` |
| 16 | formulas | here `inert`; test_hostile; test_report_files; test_review |
| 17 | scripts, links that act | here `inert`; test_report_files; test_report_page |
| 18 | templates | here `inert`; test_filled |
| 19 | control characters, long texts | here `inert`; test_hostile 控制 转义 超长; test_filled |
| 20, 21 | addresses that lead inside, rebinding | test_links_guard; test_links_fetch |
| 22 | servers that hang, flood or lie | test_links_fetch; test_links_page |
| 23 | picture bombs | test_hostile `covers`; test_probe_cover; test_fuzz `cover` `scan` |
| 24 | broken media, playlists, addresses in cells | test_hostile `films`; test_probe_media; here `outside` |
| 25 | config.yaml | test_settings; test_fuzz `settings` |
| 26 | caches | here `had_again`; test_reuse; test_links_store; test_fuzz `cache` `links` |
| 27 | history | test_history; test_command_line; test_fuzz `history` |
| 28 | kills, the n-th failing call | here `cut_off` `call_that_fails`; test_output; test_history |
| 29 | disk full | here `call_that_fails`; test_command_line; test_output; test_history |
| 30 | SIGINT, SIGTERM | test_command_line; here (slow) `any_moment` |
| 31 | power cut | test_output (order of flushes); test_history (output decides) |
| 32 | two runs at once | here `second_verb`; test_output |
| 33 | rivals, the same twice | test_hostile `rivals`; test_collect; test_tables |
| 34 | input changes during the run | test_collect |
| 35 | clocks and zones | here `clock`, `zone` |
| 36 | output open elsewhere, read-only | test_output; test_command_line |
| 37 | network drives | test_output; here `no_write_ahead_log`; test_links_store |
| 38 | thousands of workbooks, huge ones | here (slow) `many_workbooks`; test_collect (3 GiB) |
| 39 | personal data | here `canaries`; test_command_line (faults, traces) |
"""

from __future__ import annotations

import base64
import contextlib
import csv
import datetime as dt
import email.policy
import errno
import hashlib
import html
import io
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from unittest.mock import patch

import lxml.html
import pytest

from pipeline import run as conductor
from pipeline.__main__ import main
from pipeline.fields import NAMES
from pipeline.history import HistoryError, open_history
from pipeline.output import OutputError, locked
from pipeline.progress import Progress
from pipeline.report import BEFORE
from pipeline.settings import Settings, load
from tests import hostile_files as made
from tests.hostile_files import TEXTS, what_acts
from tests.small_tables import ROOT

NOW = dt.datetime(2024, 5, 10, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
posix = pytest.mark.skipif(os.name != "posix", reason="needs fork and signals")

# --- one call that holds everything ---------------------------------------------------------------

CANARY, HOSTILE = "金丝雀学院", "{{7*7}}<b>=1+1&学院"
PERSON = {
    "负责人姓名": "金丝雀三",
    "职务": "金丝雀处长",
    "座机": "0371-60000009",
    "手机": "13900000009",
    "电子邮箱": "jinsique@example.cn",
}
SECRETS = ("金丝雀三", "13900000009", "jinsique@example.cn")
NAMES_OF_FILES = ("资源封面", "资源文件")
WATCH = """
import os, sys
_log = os.open(os.environ["WATCHED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
_own = tuple(os.path.realpath(each) for each in {sys.prefix, sys.base_prefix})
_told = "open os.listdir os.scandir socket.connect socket.getaddrinfo subprocess.Popen os.system".split()
def _watch(event, arguments):
    if event in _told:
        what = str(arguments[1] if event == "socket.connect" else arguments[0])
        if not what.startswith(_own):
            os.write(_log, f"{event} {what}\\n".encode("utf-8", "backslashreplace"))
sys.addaudithook(_watch)
"""
"""Put before all other modules, in the workers too: what is opened, listed, connected to or started."""


def book_of(records: list[dict[str, str]], info: dict[str, str] | None = None) -> bytes:
    """A workbook of rows, with 单位信息 where it is given; texts go in as they are."""
    parts = made.good_parts(records=[{n: made.stored(t) for n, t in each.items()} for each in records])
    if info:
        rows = "".join(
            f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>{label}</t></is></c>'
            f'<c r="B{n}" t="inlineStr"><is><t>{made.escape(made.stored(text))}</t></is></c></row>'
            for n, (label, text) in enumerate(info.items(), 1)
        )
        parts = made.with_sheet(parts, "单位信息", rows)
    return made.pack(parts)


def canary_unit(folder: Path) -> None:
    records = []
    for number, secret in enumerate(SECRETS, 1):
        texts = {name: f"{secret}{name}" for name in NAMES if name not in NAMES_OF_FILES}
        records.append(made.row_values(number) | texts)
    folder.mkdir(parents=True)
    (folder / made.BOOK).write_bytes(book_of(records, {"单位名称": CANARY, **PERSON}))
    (folder / "坏.xlsx").write_bytes(f"{SECRETS}".encode() * 50)
    (folder / "登记表.docx").write_bytes(document("；".join(PERSON.values())))


def document(text: str, link: str = "", head: str = "") -> bytes:
    """A Word document; link: where its template and a picture are said to be."""
    office, package = made.REL, made.PACKAGE_REL
    main = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    relations = (
        f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/attachedTemplate" '
        f'Target="{link}" TargetMode="External"/><Relationship Id="r2" Type="{office}/image" Target="{link}" '
        'TargetMode="External"/></Relationships>'
    )
    root = (
        f'<Relationships xmlns="{package}"><Relationship Id="a" Type="{office}/officeDocument" '
        'Target="word/document.xml"/></Relationships>'
    )
    body = f"<w:p><w:r><w:t>{made.escape(text)}{'&e;' if head else ''}</w:t></w:r></w:p>"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{made.TYPES}"/>',
        "_rels/.rels": root,
        "word/document.xml": f'{head}<w:document xmlns:w="{main}"><w:body>{body}</w:body></w:document>',
    }
    if link:
        parts["word/_rels/document.xml.rels"] = relations
    return made.pack({name: part.encode() for name, part in parts.items()})


def hostile_unit(folder: Path, secret: Path, port: int) -> None:
    """Texts that act in every column and in 单位信息; files that point elsewhere."""
    records = [
        made.row_values(number) | {name: text[:40_000] for name in NAMES if name not in NAMES_OF_FILES}
        for number, text in enumerate(TEXTS.values(), 1)
    ]
    playlist = f"#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:{port}/a.ts\n#EXTINF:9,\n{secret}\n#EXT-X-ENDLIST\n"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:{port}/a.png"/></svg>'
    named = {
        "课程.mp4": playlist.encode(),
        "课程.mp3": f"[playlist]\nFile1=http://127.0.0.1:{port}/a.mp3\n".encode(),
        "封面.jpg": svg.encode(),
    }
    elsewhere = (
        f"http://127.0.0.1:{port}/a.mp4",
        "../../外面/秘密.mp4",
        str(secret),
        f"file://{secret}",
        "链.mp4",
    )
    films = [
        made.row_values(50 + n) | {"资源类型": "A01", "资源文件": path} for n, path in enumerate(elsewhere)
    ]
    for number, name in enumerate(named):
        films.append(
            made.row_values(60 + number) | {"资源类型": "A01", "资源文件": name, "资源封面": "封面.jpg"}
        )
    info = {
        "单位名称": "=1+1", "单位类型": TEXTS["模板"], "所属地区": TEXTS["脚本"], "职务": "\x0b\x00",
        "负责人姓名": "=cmd|' /C calc'!A0", "手机": "@SUM(A1)", "电子邮箱": "a@b.cn\nBcc: c@d.cn",
        "登记表扫描件": str(secret), "安全审核说明扫描件": "../../外面/秘密.mp4",
    }  # fmt: skip
    folder.mkdir(parents=True)
    (folder / made.BOOK).write_bytes(book_of(records + films, info))
    for name, data in named.items():
        (folder / name).write_bytes(data)
    link = f"http://127.0.0.1:{port}/a.dotm"
    (folder / "登记表.docx").write_bytes(document("登记表", link))
    (folder / "安全审核说明.docx").write_bytes(
        document("说明", head=f'<!DOCTYPE a [<!ENTITY e SYSTEM "file://{secret}">]>')
    )
    (folder / "资源列表.docx").write_bytes(document("资源列表", f"file://{secret}"))
    for name in ("链.mp4", "链.docx", "说明链.xlsx"):
        (folder / name).symlink_to(secret)
    members = {made.BOOK: made.good(), "../../外面/写出.txt": b"x", "..\\..\\外面\\写出.txt": b"x"}
    (folder.parent / "包.zip").write_bytes(made.pack(members))


@dataclass(frozen=True)
class Left:
    """What three verbs left. told: all that they printed. opened: what they and their workers opened."""

    root: Path
    told: str
    opened: list[str]
    calls: int
    """How often anybody knocked at the listener."""

    @property
    def output(self) -> Path:
        return self.root / "output"

    def files(self, suffix: str = "") -> Iterator[tuple[str, bytes]]:
        """Everything under output/, hidden files too."""
        for path in sorted(self.output.rglob(f"*{suffix}")):
            if path.is_file():
                yield path.relative_to(self.output).as_posix(), path.read_bytes()


def verb(root: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments, "--output", str(root / "output")],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, timeout=110,
    )  # fmt: skip
    told = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert done.returncode == 0, told
    return told


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    if os.name != "posix":
        pytest.skip("links and names of POSIX")
    root = tmp_path_factory.mktemp("faults")
    secret = root / "外面" / "秘密.mp4"
    secret.parent.mkdir()
    secret.write_bytes(made.film())
    (root / "watch").mkdir()
    (root / "watch" / "sitecustomize.py").write_text(WATCH, "utf-8")
    watched = {"WATCHED": str(root / "opened.txt"), "PYTHONPATH": f"{root / 'watch'}{os.pathsep}{ROOT}"}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        source = root / "input"
        canary_unit(source / CANARY)
        hostile_unit(source / HOSTILE, secret, port)
        (source / "好学院").mkdir()
        (source / "好学院" / made.BOOK).write_bytes(made.good())
        (source / "往年").mkdir()
        (source / "往年" / "2023.xlsx").write_bytes(made.good())
        (source / "往年" / "外.xlsx").symlink_to(secret)
        os.mkfifo(source / "往年" / "管道.xlsx")
        (root / "output" / "汇总").mkdir(parents=True)
        (root / "output" / "汇总" / "人工复核.xlsx").write_bytes(
            made.pack(made.good_parts() | {made.SHEET: made.DOCTYPES["外部实体"].encode()})
        )
        told = verb(root, "validate", "--input", str(source), "--jobs", "2", "--exit-zero", **watched)
        told += verb(root, "report", **watched) + verb(root, "attachments", "--jobs", "1", **watched)
        listener.setblocking(False)
        calls = 0
        with contextlib.suppress(BlockingIOError):
            while listener.accept():
                calls += 1
    yield Left(root, told, (root / "opened.txt").read_text("utf-8").splitlines(), calls)
    shutil.rmtree(root, ignore_errors=True)


def test_nothing_outside_is_opened_or_reached_by_any_process(left: Left) -> None:
    """Lines 10, 12, 15, 24: whatever a cell, a member, a link, a playlist or a document says."""
    assert left.calls == 0
    below = [each.partition(" ")[2] for each in left.opened if str(left.root) in each]
    allowed = tuple(str(left.root / name) for name in ("input", "output", "watch"))
    assert any(path.startswith(allowed[0]) for path in below)
    assert [path for path in below if not path.startswith(allowed)] == []
    assert [each for each in left.opened if re.search(r"秘密|/etc/passwd|127\.0\.0\.1|链\.", each)] == []
    assert [each for each in left.opened if each.startswith(("socket.", "subprocess.", "os.system"))] == []
    assert sorted(p.name for p in (left.root / "外面").iterdir()) == ["秘密.mp4"]


def test_what_could_not_be_read_is_told_and_nothing_failed(left: Left) -> None:
    assert json.loads((left.output / "run.json").read_bytes())["faults"] == []
    assert not (left.output / "程序故障.txt").exists()
    for words in (
        "往年清单“往年/外.xlsx”没有用于比对",
        "往年清单“往年/管道.xlsx”",
        "“人工复核.xlsx”读不出来",
    ):
        assert words in left.told, words
    told = [(f["code"], f["value"]) for f in table(left.output / "findings.csv")]
    assert ("F10", "链.mp4") in told
    assert ("F10", "说明链.xlsx") in told
    assert "Traceback" not in left.told


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_no_workbook_and_no_csv_is_more_than_text(left: Left) -> None:
    ours = {name: data for name, data in left.files(".xlsx") if not name.startswith(("收件/", ".解压/"))}
    assert {name.partition("/")[0] for name in ours} == {"退回", "汇总"}
    assert {
        "汇总/推荐资源清单.xlsx",
        "汇总/人工复核.xlsx",
        "汇总/未报送单位.xlsx",
        "汇总/汇总报告.xlsx",
    } <= ours.keys()
    for name, data in ours.items():
        assert what_acts(data) == [], name
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            for part in package.namelist():
                if part.startswith("xl/worksheets/"):
                    assert not re.search(rb"<(?:\w+:)?f[ >]|External", package.read(part)), (name, part)
    for name, data in left.files(".csv"):
        cells = [
            cell for line in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")) for cell in line
        ]
        assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\0"))] == [], name
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe]", "".join(cells)), name


def test_no_page_and_no_document_does_anything(left: Left) -> None:
    pages = dict(left.files(".html"))
    assert {"汇总/校验简报.html", "汇总/汇总报告.html"} == pages.keys()
    for name, data in pages.items():
        _is_inert_html(data.decode(), name)
        [policy] = re.findall('Content-Security-Policy" content="([^"]*)"', html.unescape(data.decode()))
        assert policy.startswith("default-src 'none';"), name
    documents = dict(left.files(".docx"))
    assert len(documents) >= 6
    for name, data in documents.items():
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = {part: package.read(part).decode("utf-8", "replace") for part in package.namelist()}
        assert not [p for p in parts if re.search("vba|embeddings|activeX", p)], name
        assert 'TargetMode="External"' not in "".join(parts.values()), name
        fields = re.findall(r"<w:instrText[^>]*>([^<]*)|w:instr=\"([^\"]*)\"", parts["word/document.xml"])
        assert {"".join(field).split()[0] for field in fields} <= {"PAGE", "NUMPAGES"}, name
    statement = documents[next(name for name in documents if name.startswith("附件/{{") and "审核" in name)]
    with zipfile.ZipFile(io.BytesIO(statement)) as package:
        assert "{{7*7}}{% import os %}" in package.read("word/document.xml").decode()


def _is_inert_html(text: str, name: str) -> None:
    page = lxml.html.document_fromstring(text)
    for element in page.iter(lxml.etree.Element):  # type: ignore[attr-defined]
        assert element.tag not in ("iframe", "object", "embed", "base", "link", "form"), (name, element.tag)
        for attribute, value in element.attrib.items():
            assert not attribute.startswith("on"), (name, attribute)
            if attribute in ("href", "src", "action", "xlink:href"):
                assert re.match(r"#|https?://|data:image/png;base64,", value), (name, value)
    assert not page.xpath("//img[@src='x']"), name
    scripts = page.xpath("//script[not(@type='application/json')]")
    assert not [each for each in scripts if "alert(1)" in each.text_content()], name


def letter_of(data: bytes) -> EmailMessage:
    letter = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(letter, EmailMessage)
    return letter


def test_no_letter_goes_elsewhere_or_acts(left: Left) -> None:
    letters = {name: letter_of(data) for name, data in left.files(".eml")}
    assert len(letters) >= 2
    for name, letter in letters.items():
        assert letter.defects == [], name
        assert {key.lower() for key in letter} <= {
            "subject", "to", "x-unsent", "mime-version", "content-type", "content-transfer-encoding",
        }, name  # fmt: skip
        assert len(letter.get_all("to", [])) <= 1, name
        body = letter.get_body(("html",))
        assert body is not None
        _is_inert_html(body.get_content(), name)
        for attached in letter.iter_attachments():
            assert str(attached.get_filename()).endswith(".xlsx"), name
            assert not re.search(r"[/\\\x00-\x1f]", str(attached.get_filename())), name
    [hostile] = [letter for name, letter in letters.items() if "7_7" in name]
    assert hostile["to"] is None
    [mine] = [letter for name, letter in letters.items() if CANARY in name]
    assert mine["to"] == PERSON["电子邮箱"]


# --- personal data --------------------------------------------------------------------------------

_MAY_QUOTE = re.compile(
    rf"(?:findings|resources)\.csv|history\.db|收件/.*|退回/{CANARY}/.*|汇总/退回_.*|附件/{CANARY}/.*"
    rf"|附件/负责人信息登记表（汇总）\.docx|汇总/(?:人工复核|推荐资源清单|汇总报告)\.xlsx"
    rf"|汇总/(?:校验简报|汇总报告)\.html|汇总/汇总报告\.docx|汇总/通知邮件/(?:退回|催办)_{CANARY}\.eml"
)
"""Where the contract puts what a unit wrote: findings, its own papers and letters, the province's reports."""


def texts_in(data: bytes) -> Iterator[bytes]:
    """The bytes of a file, and all that is packed in it."""
    yield data
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            for member in package.namelist():
                yield from texts_in(package.read(member))
    elif b"X-Unsent" in data[:4000]:
        for part in letter_of(data).walk():
            if not part.is_multipart():
                yield from texts_in(part.get_payload(decode=True) or b"")
    else:
        with contextlib.suppress(ValueError):
            yield json.dumps(json.loads(data), ensure_ascii=False).encode("utf-8", "backslashreplace")


def test_canaries_are_only_where_the_contract_puts_them(left: Left) -> None:
    quoting = set()
    marks = [each.encode() for each in (*PERSON.values(), *SECRETS)]
    marks += [base64.b64encode(each)[:-4] for each in marks] + [
        each.decode().encode("utf-16-le") for each in marks
    ]
    for name, data in left.files():
        if any(mark in text for text in texts_in(data) for mark in marks):
            quoting.add(name)
    assert [name for name in sorted(quoting) if not _MAY_QUOTE.fullmatch(name)] == []
    assert f"汇总/通知邮件/退回_{CANARY}.eml" in quoting
    assert f"附件/{CANARY}/附件1 终身学习资源报送工作负责人信息登记表.docx" in quoting
    assert not [each for each in (*PERSON.values(), *SECRETS) if each in left.told]


# --- cut off at any call --------------------------------------------------------------------------


class Here:
    """An engine without processes: a run that can be forked, and cut at any of its calls."""

    def __init__(self, settings: Settings, jobs: int, **_how: object) -> None:
        pass

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(
        self, function: Callable[[Any], Any], tasks: Any, *, limits: object, **more: Any
    ) -> Iterator[Any]:
        for task in tasks:
            outcome = function(task)
            if on_done := more.get("on_done"):
                on_done(1)
            yield task, outcome


DONE, STOPPED, FAULT, KILLED = 0, 3, 9, 137
LOADED = load(ROOT / "config.yaml")
_CHANGES = {
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.truncate",
    "shutil.rmtree",
    "sqlite3.connect",
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def run_here(folder: Path, now: dt.datetime = NOW) -> int:
    """One run in this very process. STOPPED: with a sentence for the user."""
    try:
        result = conductor.run(folder / "input", folder / "output", LOADED, 1, now, Progress(io.StringIO()))
    except (OSError, OutputError, HistoryError):
        return STOPPED
    return FAULT if result.faults else DONE


def forked(work: Callable[[], int], *, kill_after: float | None = None) -> int:
    """Do the work in a fork of this process; its exit code, KILLED if it was killed."""
    child = os.fork()
    if not child:
        code = FAULT
        try:
            conductor.open_engine = Here  # type: ignore[assignment]
            code = work()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    return KILLED if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def at_call(number: int, act: Callable[[], None], output: Path) -> None:
    """Do something at the n-th call that changes anything under the output folder, before it is done."""
    left = number

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
        if (writes or event in _CHANGES) and str(output) in str(arguments[0]):
            left -= 1
            if not left:
                act()

    sys.addaudithook(watch)


def cut_at(folder: Path, number: int, act: Callable[[], None]) -> int:
    def work() -> int:
        at_call(number, act, folder / "output")
        return run_here(folder)

    return forked(work)


def power_goes() -> None:
    os._exit(KILLED)


def disk_is_full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def shown(folder: Path) -> dict[str, object]:
    """What a user sees, and what the history holds; the hour at which the run ended is left out."""
    output = folder / "output"
    files: dict[str, object] = {
        path.relative_to(output).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(output.rglob("*"))
        if path.is_file() and not re.match(r"\.|收件|history\.db", path.relative_to(output).as_posix())
    }
    record = json.loads((output / "run.json").read_bytes())
    files["run.json"] = {key: value for key, value in record.items() if key != "end"}
    return files


def remembered(folder: Path) -> dict[str, list[Any]]:
    """All of the history; results by what they hold, since an interrupted run uses up their numbers."""
    with closing(sqlite3.connect(folder / "output" / "history.db")) as history:
        queries = {
            "receipts": "SELECT * FROM receipts ORDER BY 1, 2",
            "runs": "SELECT seq, started, finished <> '' FROM runs ORDER BY 1",
            "submissions": "SELECT run, unit, sha256, workbook, round, chosen, returned, digest "
            "FROM submissions JOIN results ON result = id ORDER BY 1, 2, 3, 4",
            "states": "SELECT * FROM states ORDER BY 1, 2, 3",
        }
        return {name: history.execute(query).fetchall() for name, query in queries.items()}


@pytest.fixture(scope="module")
def second_round(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, object], dict[str, object]]:
    """A call whose first round is over and whose second has come; what is shown before and after its run."""
    folder = tmp_path_factory.mktemp("round") / "call"
    for unit, kind in (("甲学院", "B01"), ("乙学院", "A03")):
        (folder / "input" / unit).mkdir(parents=True)
        book = made.row_of(资源类型=kind, 资源名称=f"{unit}的课程", 资源链接=f"https://a.cn/{kind}")
        (folder / "input" / unit / made.BOOK).write_bytes(book)
    packed = {made.BOOK: made.row_of(资源名称="丙学院的课程"), "说明.pdf": b"%PDF-1.7"}
    (folder / "input" / "丙学院.zip").write_bytes(made.pack(packed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conductor, "open_engine", Here)
        assert run_here(folder) == DONE  # in this process, so that forks of it start warm
    before = shown(folder)
    better = made.row_of(
        资源类型="A03", 资源名称="甲学院的课程", 资源简介="这是课程的介绍，已经改好，适合自学。"
    )
    (folder / "input" / "甲学院" / made.BOOK).write_bytes(better)
    with undisturbed(folder) as other:
        assert forked(lambda: run_here(other)) == DONE
        after = shown(other)
        rounds = {
            line["unit"]: line["round"] for line in table(other / "output" / "units.csv") if line["round"]
        }
        assert rounds == {"甲学院": "2", "乙学院": "1", "丙学院": "1"}
        after["history"] = remembered(other)
    return folder, before, after


@contextlib.contextmanager
def undisturbed(folder: Path) -> Iterator[Path]:
    """The call, to be taken up again and again under one name: unpacked zips are known by their paths."""
    kept = folder.with_name("kept")
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(folder, kept)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
        kept.rename(folder)


def calls_of(folder: Path) -> int:
    """How many calls of a run change anything."""
    reader, writer = os.pipe()

    def count() -> int:
        at_call(0, lambda: None, folder / "output")
        sys.addaudithook(_counter(folder / "output", writer))
        return run_here(folder)

    with undisturbed(folder):
        assert forked(count) == DONE
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        return len(told.read())


def _counter(output: Path, writer: int) -> Callable[[str, tuple[Any, ...]], None]:
    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
        if (writes or event in _CHANGES) and str(output) in str(arguments[0]):
            os.write(writer, b"x")

    return watch


def must_recover(call: Sequence[Any], number: int, act: Callable[[], None]) -> int:
    """Cut the run at a call: what is shown is old or new, the next run ends as if nothing had happened."""
    folder, before, after = call
    with undisturbed(folder):
        code = cut_at(folder, number, act)
        assert code in (DONE, STOPPED, KILLED), (number, code)
        if not (folder / "output" / ".待换").exists():
            now, new = shown(folder), {name: what for name, what in after.items() if name != "history"}
            beside = {name for name in now if "（新）" in name}
            for name in beside:
                # What could not be replaced stays, and the new stands beside it, which the run says.
                place = name.replace("（新）", "")
                assert now.get(place) == before.get(place), number
                moved = now.pop(name)
                now[place] = new[place] if place == "run.json" else moved
            assert now == new if beside else now in (before, new), number
        assert forked(lambda: run_here(folder)) == DONE, number
        again = shown(folder) | {"history": remembered(folder)}
        _same(again, after, number)
    return code


def _same(now: dict[str, object], after: dict[str, object], number: object) -> None:
    """The same result, and no round lost. A run that had counted already makes the next a run more."""
    ours, theirs = dict(now), dict(after)
    mine, known = ours.pop("history"), theirs.pop("history")
    assert isinstance(mine, dict)
    assert isinstance(known, dict)
    record, expected = dict(ours.pop("run.json")), dict(theirs.pop("run.json"))  # type: ignore[call-overload]
    more = record.pop("run") - expected.pop("run")
    assert more in (0, 1), number
    assert record == expected, number
    assert ours.keys() == theirs.keys(), number
    told = ("units.csv",) if more else ()
    assert [name for name in ours if ours[name] != theirs[name] and name not in told] == [], number
    assert mine["receipts"] == known["receipts"], number
    assert mine["states"] == known["states"], number
    assert mine["submissions"][: len(known["submissions"])] == known["submissions"], number
    assert all(finished for _, _, finished in mine["runs"]), number


@posix
def test_cut_off_at_some_calls_the_next_run_ends_as_if_nothing_had_been(second_round: Sequence[Any]) -> None:
    """Line 28, a slice: while the output is written, and while it is moved in."""
    last = calls_of(second_round[0])
    assert last > 50
    for number in (last // 2, last - 25):
        assert must_recover(second_round, number, power_goes) == KILLED


@posix
def test_output_that_does_not_get_to_the_disk_leaves_history_and_the_round_before(
    second_round: Sequence[Any],
) -> None:
    """Line 29, where all that was written is flushed together."""
    folder, before, _ = second_round

    def work() -> int:
        with patch("pipeline.output.flush_files", side_effect=OSError(errno.EIO, os.strerror(errno.EIO))):
            return run_here(folder)

    with undisturbed(folder):
        known = remembered(folder)["runs"], compared_with(folder)
        assert forked(work) == STOPPED
        assert shown(folder) == before
        assert (remembered(folder)["runs"], compared_with(folder)) == known


def compared_with(folder: Path) -> dict[str, bytes]:
    """What is kept of the round before."""
    return {path.name: path.read_bytes() for path in (folder / "output" / BEFORE).glob("*")}


@posix
def test_a_call_that_fails_stops_in_a_sentence_and_the_next_run_is_whole(second_round: Sequence[Any]) -> None:
    """Lines 28 and 29, a slice: the whole of it is `test_every_call`."""
    last = calls_of(second_round[0])
    # Of two calls one opens a file; the other may make a folder that is there.
    codes = {must_recover(second_round, number, disk_is_full) for number in (last // 2, last // 2 + 1)}
    assert STOPPED in codes


@posix
@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("act", [power_goes, disk_is_full])
def test_every_call(second_round: Sequence[Any], act: Callable[[], None]) -> None:
    for number in range(1, calls_of(second_round[0]) + 1):
        must_recover(second_round, number, act)


@posix
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_hundred_random_kills(second_round: Sequence[Any]) -> None:
    """Kill after kill without a whole run between: nothing adds up."""
    folder, _, after = second_round
    dice = random.Random(28)
    for _ in range(20):
        with undisturbed(folder):
            for _ in range(10):
                forked(lambda: run_here(folder), kill_after=dice.uniform(0, 0.8))
                assert open_history(folder / "output" / "history.db", 0).sent["乙学院"]
            assert forked(lambda: run_here(folder)) == DONE
            ours = shown(folder)
            assert [
                n for n in after if n not in ("history", "run.json", "units.csv") and ours[n] != after[n]
            ] == []


@posix
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_interrupted_at_any_moment(tmp_path: Path) -> None:
    """Line 30: 500 units, ten moments, both signals; no worker is left, and it can be taken up again."""
    for n in range(500):
        (tmp_path / "input" / f"单位{n}").mkdir(parents=True)
        (tmp_path / "input" / f"单位{n}" / made.BOOK).write_bytes(
            made.row_of(资源类型="B01", 资源名称=f"课{n}")
        )
    dice = random.Random(30)
    command = [sys.executable, "-m", "pipeline", "validate", "--exit-zero", "--jobs", "2"]
    command += ["--input", str(tmp_path / "input"), "--output", str(tmp_path / "output")]
    for _ in range(10):
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        ) as process:
            time.sleep(dice.uniform(0.5, 12))
            process.send_signal(dice.choice((signal.SIGINT, signal.SIGTERM)))
            _, told = process.communicate(timeout=20)
            assert process.returncode in (0, 130), told.decode()
            until = time.monotonic() + 5
            while _alive(process.pid) and time.monotonic() < until:
                time.sleep(0.05)
            assert not _alive(process.pid)
    assert subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0
    assert len(table(tmp_path / "output" / "resources.csv")) == 500


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


# --- what is kept -------------------------------------------------------------------------------


@posix
def test_what_can_be_had_again_never_changes_a_result(second_round: Sequence[Any]) -> None:
    """Line 26, over all that is kept: the same output from broken caches, and a word about each."""
    folder, _, _ = second_round
    with undisturbed(folder):
        assert forked(lambda: run_here(folder)) == DONE
        right = shown(folder)
        output = folder / "output"
        (output / ".检测缓存.db").write_bytes(b"SQLite format 3\0" + bytes(5000))
        (output / ".链接检测.db").write_bytes(b"no store at all" * 100)
        for record in (output / ".解压").glob("*.json"):
            record.write_bytes(b"[5, [], 0]")
        assert forked(lambda: run_here(folder)) == DONE
        again = shown(folder)
        assert [name for name in right if again[name] != right[name]] == ["run.json"]
        assert open_history(output / "history.db", 3).sent["甲学院"][-1].round == 2


@posix
def test_no_write_ahead_log(second_round: Sequence[Any]) -> None:
    """Line 37: network drives have no shared memory."""
    for name in ("history.db", ".检测缓存.db"):
        with closing(sqlite3.connect(second_round[0] / "output" / name)) as store:
            assert store.execute("PRAGMA journal_mode").fetchone()[0] == "delete", name


@posix
def test_the_clock_of_the_second_run_stands_a_day_back(second_round: Sequence[Any]) -> None:
    """Line 35: rounds are counted, not dated."""
    folder, _, _ = second_round
    with undisturbed(folder):
        assert forked(lambda: run_here(folder, NOW - dt.timedelta(days=1))) == DONE
        units = {line["unit"]: line for line in table(folder / "output" / "units.csv")}
        assert units["甲学院"]["round"] == "2"
        assert units["甲学院"]["path"].startswith("已收到→退回修改→已复报→")
        memory = open_history(folder / "output" / "history.db", 2)
        assert [each.round for each in memory.sent["甲学院"]] == [1, 2]


@posix
def test_the_zone_of_the_machine_changes_nothing(second_round: Sequence[Any]) -> None:
    """Line 35: UTC is kept, Beijing time is shown."""
    folder, _, after = second_round

    def elsewhere(zone: str) -> int:
        os.environ["TZ"] = zone
        time.tzset()
        return run_here(folder, dt.datetime.fromtimestamp(NOW.timestamp()).astimezone())

    with undisturbed(folder):
        assert forked(lambda: elsewhere("UTC")) == DONE
        again = shown(folder) | {"history": remembered(folder)}
    record, other = again.pop("run.json"), dict(after)
    expected = other.pop("run.json")
    assert isinstance(record, dict)
    assert isinstance(expected, dict)
    assert (record.pop("start"), expected["start"]) == ("2024-05-10T01:00:00+00:00", NOW.isoformat())
    assert record == {key: value for key, value in expected.items() if key != "start"}
    assert again == other


@pytest.mark.parametrize("name", ["validate", "report", "attachments", "links"])
def test_a_second_verb_is_turned_away_by_name(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Line 32, for every verb that writes."""
    (tmp_path / "input" / "甲").mkdir(parents=True)
    (tmp_path / "input" / "甲" / made.BOOK).write_bytes(made.good())
    arguments = [name, "--output", str(tmp_path / "output")]
    if name in ("validate", "links"):
        arguments += ["--input", str(tmp_path / "input"), "--jobs", "1"]
    else:
        left_by_a_run(tmp_path / "output")
    with locked(tmp_path / "output", NOW.isoformat()):
        assert main(arguments) == 3
    told = capsys.readouterr().err
    assert "另一次运行还没有结束" in told
    for fact in (socket.gethostname(), str(os.getpid()), NOW.isoformat()):
        assert fact in told


def left_by_a_run(output: Path) -> None:
    """The least that `report` and `attachments` take for a result."""
    from tests.report_runs import made as lines_of
    from tests.report_runs import write

    write(output, lines_of(units=2, rows=1))
    record = json.loads((output / "run.json").read_bytes())
    (output / "run.json").write_text(json.dumps({**record, "inputs": []}), "utf-8")


# --- many ---------------------------------------------------------------------------------------


@posix
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_many_workbooks_take_little_more_memory(tmp_path: Path) -> None:
    """Line 38: ten thousand workbooks in a thousand units, each a hard link."""
    (tmp_path / "one.xlsx").write_bytes(made.row_of())
    for n in range(1000):
        (tmp_path / "input" / f"单位{n}").mkdir(parents=True)
        for m in range(10):
            os.link(tmp_path / "one.xlsx", tmp_path / "input" / f"单位{n}" / f"{m}.xlsx")
    measured = (
        "import resource, runpy, sys; sys.argv = ['pipeline', *sys.argv[1:]]\n"
        "try: runpy.run_module('pipeline', run_name='__main__')\n"
        "except SystemExit as end: print(end.code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", measured, "validate", "--exit-zero", "--jobs", "2",
         "--input", str(tmp_path / "input"), "--output", str(tmp_path / "output")],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    code, kilobytes = done.stdout.splitlines()[-1].split()
    assert code == "0", done.stderr
    assert int(kilobytes) < 1 << 20
    assert len(table(tmp_path / "output" / "resources.csv")) == 1000
