"""Random damage to everything that arrives, by the thousand: `make fuzz`.

    python -m tests.fuzz 10                   ten minutes over all targets
    python -m tests.fuzz 1 workbook cells     one minute over some of them
    python -m tests.fuzz --case workbook 4711 one case once more, its file kept

A case is a target and a number: the same pair makes the same bytes. It runs in a worker, under limits, as
in a real run. It fails if the worker dies, hangs, runs out of memory or raises, and if what came of it
breaks the target's promise. What is found becomes a fixed case of `tests/test_fuzz.py`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import functools
import io
import itertools
import random
import re
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import xlsxwriter

from pipeline.canonical import canonical
from pipeline.fields import BY_NAME, NAMES, TEMPLATE_VERSION
from pipeline.history import (
    HistoryError,
    Judgement,
    RunRecord,
    add_decisions,
    finish_run,
    open_history,
    previous_findings,
    receive,
    record_run,
    set_receipt,
)
from pipeline.isolate import Ending as Ended
from pipeline.isolate import Failure, Limits, Workers
from pipeline.links.page import read_page
from pipeline.links.result import Ending, Evidence, Hop
from pipeline.links.store import open_store, read_results
from pipeline.model import Finding, Place, Rejection, Severity, Submission
from pipeline.papers import understand
from pipeline.probe.facts import probe_file
from pipeline.probe.seal import scan_facts
from pipeline.read.archive import Unpacked, unpack
from pipeline.read.document import Document, read_document
from pipeline.read.reviewbook import read_review
from pipeline.read.submit import ReadTask, read_submission
from pipeline.recall import _filled
from pipeline.register import RegisterError, read_register
from pipeline.render.inert import clean
from pipeline.render.registerbook import register_workbook
from pipeline.render.returned import Marked
from pipeline.render.reviewbook import review_workbook
from pipeline.render.tables import findings_csv
from pipeline.render.workbooks import mark_file, mark_task
from pipeline.reuse.store import open_store as open_kept
from pipeline.rounds.decide import Rows
from pipeline.rounds.lasting import Decision, Judged
from pipeline.rounds.review import decisions_of, review_lines
from pipeline.settings import ConfigError, load
from pipeline.summarise import Told, tally, tell
from pipeline.validate import validate
from tests import hostile_files as made
from tests.hostile_files import TEXTS, what_acts
from tests.marks_books import rich_book
from tests.small_tables import OTHER_ROW, RIGHT_ROW, ROOT, SETTINGS, TODAY, resources_of, submission, table_of

LIMITS = Limits(seconds=10, memory_mb=2048)
UNIT, BOOK = "示例学院", "清单.xlsx"
WHEN = dt.datetime(2024, 5, 10, 1, 0, tzinfo=dt.UTC)
Dice = random.Random
Case = tuple[str, int]
Promise = Callable[[Path], str]
"""What is wrong with the outcome of a file, "" if nothing is."""

# --- damage --------------------------------------------------------------------------------------

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
ODD_VALUES = (
    "", " ", "-1", "0", "1", "2", "1.5", "1e309", "-0", "NaN", "true", "１", "0x1", "007", "4294967296",
    "9" * 400, "A1", "XFD1048576", "A1:XFD1048576", "A0", "B2:A1", "ZZZ1", "$A$1", "A:A", "1:1", "s", "n",
    "b", "e", "d", "str", "inlineStr", "preserve", "r1", "rId1", "External", "hidden", "veryHidden",
    "xl/workbook.xml", "../../x.xml", "/etc/passwd", "http://127.0.0.1:9/a", "worksheets/sheet1.xml",
    "mso:x", "资源清单", "单位信息", "问题清单", "yyyy-mm-dd", "[h]:mm:ss", "@", "0.00E+00", "\u202e",
    "&#0;", "&amp;", "%00",
)  # fmt: skip
ODD_TAGS = (
    "<!-- x -->", "<![CDATA[x]]>", "<?x y?>", "<!DOCTYPE a>", "<row/>", "<c/>", "A2", "s", "<v>1</v>",
    "<f>1+1</f>", "<is><t>x</t></is>", "<si/>", "<t/>", "<rPh><t>x</t></rPh>", "<sheetData/>", "A1:C3",
    "<x:a xmlns:x='y'/>", "</row>", "<w:p/>", "<w:tbl/>", "<w:tr/>",
)  # fmt: skip
ODD_CHARACTERS = (
    "；，、。：·•・／－—–_-.;:,/\\|()（）[]【】《》<>“”\"'&=+@#%*?~^$`{}　 \t\n\r\u00a0\u200b\u2028\u202e"
    "\ufeff\u0300\x00\x0b\x1b\x9b\ufffe𠮷😀ⅡⅣ①½²٣৩零〇一二两十百千万亿年月日时分秒小时分钟课第讲章节无略同上见附件"
    "本校我校单位等AaＡａ0０9９éëİıß"
)
_ENDS: tuple[Literal["little", "big"], ...] = ("little", "big")
_TOKEN = re.compile("<[^>]*>|[^<]+")
_VALUE = re.compile("\"[^\"]*\"|'[^']*'")


def battered(data: bytes, dice: Dice) -> bytes:
    """A few places of the bytes changed, taken out, doubled or moved."""
    out = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 4, 16))):
        at = dice.randrange(len(out) + 1)
        length = min(dice.choice((1, 1, 2, 4, 16, 200, 5000)), len(out) - at)
        match dice.randrange(8):
            case 0:
                out[at : at + 1] = bytes(byte ^ 1 << dice.randrange(8) for byte in out[at : at + 1])
            case 1:
                out[at : at + length] = dice.randbytes(length)
            case 2:
                del out[at : at + length]
            case 3:
                out[at:at] = out[at : at + length]
            case 4:
                out[at : at + length] = bytes(length)
            case 5:
                order = dice.choice(_ENDS)
                size = dice.choice((1, 2, 4))
                number = dice.choice(EXTREMES) & (1 << 8 * size) - 1
                out[at : at + size] = number.to_bytes(size, order)
            case 6:
                del out[at:]
            case _:
                other = dice.randrange(len(out) + 1)
                out[at:at] = out[other : other + length]
    return bytes(out)


def rewritten(data: bytes, dice: Dice) -> bytes:
    """A few tags, attributes and texts of some markup changed, taken out, doubled or moved."""
    pieces = _TOKEN.findall(data.decode("utf-8", "replace"))
    for _ in range(dice.choice((1, 1, 2, 3, 8))):
        if not pieces:
            break
        at = dice.randrange(len(pieces))
        match dice.randrange(7):
            case 0:
                del pieces[at]
            case 1:
                pieces.insert(dice.randrange(len(pieces)), pieces[at])
            case 2:
                other = dice.randrange(len(pieces))
                pieces[at], pieces[other] = pieces[other], pieces[at]
            case 3:
                pieces.insert(at, dice.choice(ODD_TAGS))
            case 4 | 5:
                value = escaped(dice.choice(ODD_VALUES) if dice.random() < 0.8 else cell_text(dice))
                values = list(_VALUE.finditer(pieces[at])) if pieces[at].startswith("<") else []
                if values:
                    chosen = dice.choice(values)
                    pieces[at] = f'{pieces[at][: chosen.start()]}"{value}"{pieces[at][chosen.end() :]}'
                elif not pieces[at].startswith("<"):
                    pieces[at] = value
            case _:
                end = dice.randrange(at, min(len(pieces), at + 40)) + 1
                pieces[at:end] = pieces[at:end] * dice.choice((2, 3, 200))
    return "".join(pieces).encode("utf-8", "replace")


def escaped(text: str) -> str:
    """A text as it stands in markup; what XML forbids is written as Excel writes it."""
    text = re.sub("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]", lambda m: f"_x{ord(m[0]):04X}_", text)
    return (
        text
        if text.startswith("&")
        else text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    )


def repacked(data: bytes, dice: Dice) -> bytes:
    """A package with sound checksums in which a part or two was changed, or is gone, or stands twice."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    for _ in range(dice.choice((1, 1, 1, 2))):
        name = dice.choice(sorted(parts))
        match dice.randrange(20):
            case 0:
                del parts[name]
            case 1:
                parts[dice.choice((name.upper(), name + "x", "/" + name, f"xl/{name}"))] = parts[name]
            case 2:
                parts[name] = parts[dice.choice(sorted(parts))]
            case 3:
                parts[name] = battered(parts[name], dice)
            case _:
                is_markup = name.endswith((".xml", ".rels", ".vml"))
                parts[name] = (rewritten if is_markup else battered)(parts[name], dice)
        if not parts:
            break
    return made.pack(parts)


def cell_text(dice: Dice) -> str:
    """A text that somebody, or something, may put into a cell."""
    match dice.randrange(5):
        case 0:
            return dice.choice(sorted(TEXTS.values()))[:2000]
        case 1:
            return "".join(dice.choices(ODD_CHARACTERS, k=dice.choice((1, 2, 5, 30))))
        case _:
            texts = [*_likely_texts()]
            text = dice.choice(texts)
            for _ in range(dice.choice((0, 1, 1, 2, 3, 6))):
                at = dice.randrange(len(text) + 1)
                gone = dice.choice((0, 0, 1, 2))
                text = text[:at] + dice.choice(("", *ODD_CHARACTERS, *ODD_VALUES[:16])) + text[at + gone :]
            return text


@functools.cache
def _likely_texts() -> tuple[str, ...]:
    """Right values, and near-right ones that rules show as examples."""
    from pipeline.rules import REGISTER

    shown = (text for rule in REGISTER.rules.values() for text in (rule.bad, rule.good) if "|" not in text)
    return tuple(sorted({*made.row_values(1).values(), *RIGHT_ROW.values(), *shown} - {""}))


# --- what is damaged ------------------------------------------------------------------------------


@functools.cache
def returned_book() -> bytes:
    """A workbook with our marks, on some lines of which the unit has answered."""
    sent = made.pack(
        made.good_parts(records=[made.row_values(n) | {"主讲人": "张建华、朱新"} for n in (1, 2)])
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / BOOK
        path.write_bytes(sent)
        taken = read_submission(ReadTask(path, UNIT, BOOK))
        assert isinstance(taken, Submission)
        marked = mark_file(_task(taken, path, _told(taken)))
    assert isinstance(marked, Marked)
    return marked.data


@functools.cache
def review_book() -> bytes:
    """人工复核.xlsx with a line of every sort."""
    rows = [{**RIGHT_ROW, "版权方": "本校"}, {**OTHER_ROW, "创建时间": "2022.3"}]
    table = table_of(rows)
    outcome = validate(table, {"resources": resources_of(table)}, SETTINGS, TODAY)
    told = tell([*table.findings, *outcome.findings], SETTINGS)
    counts = tally(told, [submission(rows)])
    return review_workbook("征集", review_lines(told, Rows(table), counts, (), {}, (), SETTINGS))


@functools.cache
def plain_book() -> bytes:
    """All that xlsxwriter knows of cells, and our other sheets."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        info = book.add_worksheet("单位信息")
        info.write_column(0, 0, ["单位名称", "手机", "电子邮箱", "安全审核日期"])
        info.write_column(0, 1, [UNIT, "13800138000", "a@example.cn", "2024-04-20"])
        sheet = book.add_worksheet("资源清单")
        sheet.write_row(0, 0, NAMES)
        day, clock = book.add_format({"num_format": "yyyy/m/d"}), book.add_format({"num_format": "[h]:mm:ss"})
        for row in range(1, 6):
            for column, (name, text) in enumerate(made.row_values(row).items()):
                sheet.write_string(row, NAMES.index(name), text) if column % 3 else None
            sheet.write_datetime(row, NAMES.index("创建时间"), dt.datetime(2022, 3, row), day)
            sheet.write_number(row, NAMES.index("资源时长"), row / 7, clock)
            sheet.write_boolean(row, NAMES.index("关键词"), True)
        sheet.merge_range("A8:B9", "合并")
        sheet.write_rich_string("C8", book.add_format({"bold": True}), "富", "文本")
        sheet.autofilter("A1:S9")
        platforms = book.add_worksheet("平台资质")
        platforms.write_row(0, 0, ["部署平台", "域名", "等保级别", "备案证明编号", "证明文件"])
        platforms.write_row(1, 0, ["中国大学MOOC", "icourse163.org", "第三级", "110108-13009-00001", "a.pdf"])
    return out.getvalue()


@functools.cache
def _delimited() -> bytes:
    lines = [NAMES, *([row.get(name, "") for name in NAMES] for row in made.good_records())]
    return "\r\n".join(",".join(f'"{text}"' for text in line) for line in lines).encode("gb18030")


@functools.cache
def word_document() -> bytes:
    """A statement with its list."""
    import docx

    document = docx.Document()
    for text in (
        "数字化资源征集内容安全审核情况说明",
        f"我 {UNIT}，自愿参与……版权清晰。特此说明。",
        "2024年4月20日",
    ):
        document.add_paragraph(text)
    table = document.add_table(3, 4)
    table.cell(0, 0).merge(table.cell(0, 3)).text = "报送单位及资源列表"
    for column, text in enumerate(("序号", "资源名称", "主讲人", "所属系列")):
        table.cell(1, column).text = text
        table.cell(2, column).text = text[::-1]
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


@functools.cache
def _archive() -> bytes:
    return made.pack(
        {f"{UNIT}/{BOOK}": made.good(), f"{UNIT}/媒体/1.mp4": b"film" * 99, f"{UNIT}/说明/": b""}
    )


@functools.cache
def _scan() -> bytes:
    from PIL import Image, ImageDraw

    page = Image.new("RGB", (400, 560), "white")
    ImageDraw.Draw(page).ellipse((150, 300, 250, 400), outline=(220, 20, 20), width=6)
    out = io.BytesIO()
    page.save(out, "PNG")
    return out.getvalue()


def _progressive() -> bytes:
    return made.picture(320, 180, progressive=True)


@functools.cache
def link_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        with open_store(path) as (store, _):
            store.put(_evidence())
        return path.read_bytes()


def _evidence() -> list[Evidence]:
    seen = (f"https://a.cn/{n}" for n in range(30))
    return [
        Evidence(link, WHEN.isoformat(), Ending.ANSWERED, hops=(Hop(link, 404),), tries=3, title="航空")
        for link in seen
    ]


@functools.cache
def cache_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        with open_kept(path) as (store, _):
            for number in range(40):
                store.put(b"key %d" % number, b"value %d" % number)
        return path.read_bytes()


@functools.cache
def history_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        stamp = WHEN.isoformat()
        receive(path, [(f"{n:064x}", "甲", BOOK) for n in range(60)], stamp)
        found = Finding("R12-2", Place("甲", BOOK, "资源清单", 2, "主讲人", "L2"), "张建华、朱新")
        told = [Judged(found, Severity.ERROR, decides=True)]
        judged = Judgement("甲", BOOK, f"{1:064x}", 1, chosen=True, returned=True, findings=told)
        record = RunRecord(stamp, "1.0", "c" * 64, [judged], {"甲": (1, ("已收到", "退回修改"))})
        finish_run(path, record_run(path, record), stamp)
        add_decisions(path, [Decision("甲", "R11-2", "版权方", "本校", "课|朱新||", "接受", "", "王", stamp)])
        set_receipt(path, "甲", stamp)
        return path.read_bytes()


PAGE = (
    '<!DOCTYPE html><html><head><meta charset="gbk">'
    "<title>航空发动机_某某慕课</title>"
    '<meta http-equiv="refresh" content="0;url=/login"></head><body><h1>课程</h1>'
    '<form><input type="password">'
    "</form><p>页面不存在</p></body></html>"
).encode("gbk")

# --- promises -------------------------------------------------------------------------------------


def _told(taken: Submission) -> list[Told]:
    return tell([*taken.findings, *canonical([taken], SETTINGS).findings], SETTINGS)


def _task(taken: Submission, path: Path | None, told: Sequence[Told]):  # type: ignore[no-untyped-def]
    identity = {"unit": UNIT, "workbook": BOOK, "sha256": "a" * 64, "round": "1"}
    return mark_task(
        taken, path, told, ("请改好后发回。",), identity,
        codes=SETTINGS.resource_types, version=TEMPLATE_VERSION, call_id=SETTINGS.call.id,
    )  # fmt: skip


def _plainly_refused(outcome: Rejection | Finding) -> str:
    said = (
        (outcome.cause, outcome.remedy)
        if isinstance(outcome, Rejection)
        else tuple(str(outcome.facts.get(name, "请")) for name in ("cause", "remedy"))
    )
    plain = all(text and "\n" not in text for text in said) and said[1].startswith("请")
    return "" if plain else f"not plain: {said}"


def reads_or_refuses(path: Path) -> str:
    """Read or refused; what is read can be judged, marked, and is in the marked file just as it was."""
    taken = read_submission(ReadTask(path, UNIT, path.name))
    if isinstance(taken, Finding):
        return _plainly_refused(taken)
    table = canonical([taken], SETTINGS)
    if table.faults:
        return f"a reader failed: {table.faults[0]}"
    told = _told(taken)
    findings_csv(told)
    outcome = mark_file(_task(taken, path, told))
    if isinstance(outcome, str):
        outcome = mark_file(_task(taken, None, told))
    if isinstance(outcome, str):
        return f"cannot be given back at all: {outcome}"
    return _comes_back(taken, outcome.data, path)


def _comes_back(taken: Submission, data: bytes, path: Path) -> str:
    path.with_name("退回.xlsx").write_bytes(data)
    again = read_submission(ReadTask(path.with_name("退回.xlsx"), UNIT, path.name))
    if isinstance(again, Finding):
        return f"what is given back cannot be read: {again.facts}"
    if acting := what_acts(data):
        return f"what is given back acts: {acting}"
    sent = taken.cells
    if path.suffix != ".xlsx":
        # Put into our own layout, where what XML forbids is U+FFFD.
        sent = {name: [clean(text) for text in texts] for name, texts in sent.items()}
    if again.cells != sent:
        differs = [name for name in sent if sent[name] != again.cells[name]]
        pairs = [pair for name in differs for pair in zip(sent[name], again.cells[name], strict=False)]
        first = next((pair for pair in pairs if pair[0] != pair[1]), "")
        return f"what is given back says other things: {differs} {first} {taken.rows} {again.rows}"
    return ""


@functools.cache
def _right() -> tuple[dict[str, list[str]], dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / BOOK
        path.write_bytes(made.good())
        right = read_submission(ReadTask(path, UNIT, BOOK))
    assert isinstance(right, Submission)
    return right.cells, dict(right.kinds)


def same_or_refused(path: Path) -> str:
    """A transport damage: refused, or every value as it was sent."""
    taken = read_submission(ReadTask(path, UNIT, path.name))
    if isinstance(taken, Finding):
        return _plainly_refused(taken)
    return "" if (taken.cells, dict(taken.kinds)) == _right() else "other values in silence"


def unpacks_inside(path: Path) -> str:
    """Nothing beside the folder, nothing but plain files in it, and they are those that are named."""
    into = path.with_name("内")
    into.mkdir()
    before = sorted(path.parent.iterdir())
    outcome = unpack(path, into)
    if sorted(path.parent.iterdir()) != before:
        return "something was written outside"
    if isinstance(outcome, Rejection):
        return _plainly_refused(outcome)
    assert isinstance(outcome, Unpacked)
    there = {p.relative_to(into).as_posix() for p in into.rglob("*") if not p.is_dir()}
    if any(p.is_symlink() for p in into.rglob("*")):
        return "a link came out"
    return "" if there == set(outcome.files) else f"named {sorted(outcome.files)}, there {sorted(there)}"


def document_or_refused(path: Path) -> str:
    outcome = read_document(path)
    if isinstance(outcome, Rejection):
        return _plainly_refused(outcome)
    assert isinstance(outcome, Document)
    understand(outcome.paragraphs, outcome.tables)
    return ""


def measures(path: Path) -> str:
    """Facts that JSON can hold, both as a medium and as a scan."""
    import json

    for facts in (probe_file(path), scan_facts(path)):
        json.dumps(facts, allow_nan=False)
    return ""


def decides_or_refuses(path: Path) -> str:
    lines = read_review(path)
    if isinstance(lines, Rejection):
        return _plainly_refused(lines)
    said = decisions_of(map(_filled, lines), WHEN)
    return "" if all(dt.datetime.fromisoformat(each) for each in said.receipts.values()) else "no time"


def registers_or_refuses(path: Path) -> str:
    try:
        read_register(path)
    except RegisterError as error:
        return "" if str(error).endswith("。") and path.name in str(error) else f"not plain: {error}"
    return ""


def configures_or_refuses(path: Path) -> str:
    try:
        load(path)
    except ConfigError as error:
        if not all(each.startswith("第 ") and each.endswith("。") for each in error.problems):
            return f"not plain: {error.problems}"
    return ""


def caches_or_forgets(path: Path) -> str:
    right = {b"key %d" % number: b"value %d" % number for number in range(40)}
    with open_kept(path) as (store, _):
        known = store.get_many(list(right))
        store.put(b"key 0", b"")
    return "" if known.items() <= right.items() else "other values in silence"


def links_or_forgets(path: Path) -> str:
    known, _ = read_results(path)
    right = {each.link: each for each in _evidence()}
    return "" if all(right[link] == result.evidence for link, result in known.items()) else "other results"


def remembers_or_stops(path: Path) -> str:
    before = path.read_bytes()
    try:
        memory = open_history(path, 0)
        seen = receive(path, [], "2024-05-11T01:00:00+00:00")
        previous_findings(path, "甲", f"{1:064x}")
        for moment in (*seen.values(), *memory.receipt_times.values()):
            dt.datetime.fromisoformat(moment).astimezone(WHEN.tzinfo)
        assert all(isinstance(state, str) for states in memory.paths.values() for state in states)
    except HistoryError as error:
        if path.read_bytes() != before:
            return "a damaged history was changed"
        return "" if str(path) in str(error) and str(error).endswith("。") else f"not plain: {error}"
    return ""


def pages(path: Path) -> str:
    read_page(path.read_bytes(), "text/html; charset=gbk", "")
    return ""


def judges(dice: Dice) -> str:
    """Rows of odd texts: no reader or rule fails, every suggestion is right, every sentence is one line."""
    rows = []
    for number in range(1, 7):
        row = {**RIGHT_ROW, **made.row_values(number)}
        for name in dice.sample(NAMES, dice.choice((1, 3, len(NAMES)))):
            row[name] = cell_text(dice)
        rows.append(row)
    table = table_of(rows)
    outcome = validate(table, {"resources": resources_of(table)}, SETTINGS, TODAY)
    if faults := [*table.faults, *outcome.faults]:
        return f"a rule failed: {faults[0]}"
    told = tell([*table.findings, *outcome.findings], SETTINGS)
    findings_csv(told)
    for each in told:
        for text in (each.message, each.fix):
            if len(text.splitlines()) != 1 or not text.endswith("。"):
                return f"not one line: {each.finding.code} {text!r}"
    return next(filter(None, map(_suggests_right, table.findings)), "")


_OF_ANY_TEXT = frozenset({"G04", "G06", "G07", "R08-6", "R02-2", "R08-3", "R00-2"})
"""Placeholders, what looks like a formula, words for a person to look at, lengths: not of the text's form."""


def _suggests_right(found: Finding) -> str:
    name, text = found.place.field, found.suggestion
    if not text or name not in BY_NAME:
        return ""
    again = table_of([{name: text}])
    told = [each.code for each in again.findings if each.code not in _OF_ANY_TEXT]
    return f"wrong suggestion: {found.code} {found.value!r} → {text!r}: {told}" if told else ""


Target = tuple[str, Sequence[Callable[[], bytes]], Sequence[Callable[[bytes, Dice], bytes]], Promise]
TARGETS: Mapping[str, Target] = {
    "transport": (BOOK, (made.good,), (battered,), same_or_refused),
    "workbook": (BOOK, (made.good, plain_book, rich_book), (repacked,), reads_or_refuses),
    "returned": (BOOK, (returned_book,), (repacked,), reads_or_refuses),
    "xls": ("清单.xls", (made.xls_bytes,), (battered,), reads_or_refuses),
    "ods": ("清单.ods", (made.ods,), (repacked, battered), reads_or_refuses),
    "csv": ("清单.csv", (_delimited,), (battered,), reads_or_refuses),
    "archive": ("单位.zip", (_archive,), (battered,), unpacks_inside),
    "document": ("说明.docx", (word_document,), (repacked, battered), document_or_refused),
    "cover": ("封面.jpg", (made.picture, _progressive), (battered,), measures),
    "scan": ("扫描.png", (_scan,), (battered,), measures),
    "film": ("课程.mp4", (made.film,), (battered,), measures),
    "sound": ("课程.mp3", (made.sound,), (battered,), measures),
    "review": ("人工复核.xlsx", (review_book,), (repacked, battered), decides_or_refuses),
    "register": ("报送单位名录.xlsx", (register_workbook,), (repacked, battered), registers_or_refuses),
    "settings": ("config.yaml", ((ROOT / "config.yaml").read_bytes,), (battered,), configures_or_refuses),
    "cache": (".检测缓存.db", (cache_file,), (battered,), caches_or_forgets),
    "links": (".链接检测.db", (link_file,), (battered,), links_or_forgets),
    "history": ("history.db", (history_file,), (battered,), remembers_or_stops),
    "page": ("页面.html", (lambda: PAGE,), (rewritten, battered), pages),
}  # fmt: skip
CELLS = "cells"
MEDIA = ("cover", "scan", "film", "sound")
ALL = (CELLS, *TARGETS)


def damaged(target: str, number: int) -> bytes:
    """The bytes of a case."""
    _, seeds, damages, _ = TARGETS[target]
    dice = random.Random(f"{target} {number}")
    return dice.choice(damages)(dice.choice(seeds)(), dice)


def attempt(case: Case) -> str:
    """What is wrong with a case, "" if nothing is. Runs in a worker."""
    target, number = case
    if target == CELLS:
        return judges(random.Random(f"{target} {number}"))
    name, *_, promise = TARGETS[target]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(damaged(target, number))
        return promise(path)


# --- the run --------------------------------------------------------------------------------------


def outcomes(cases: Iterator[Case]) -> Iterator[tuple[Case, str]]:
    """Each case with what is wrong with it, "" if nothing is."""
    with Workers(1) as workers:
        for case, outcome in workers.run(attempt, cases, limits=LIMITS, window=16):
            yield case, _problem(case[0], outcome)


def _problem(target: str, outcome: str | Failure) -> str:
    """A medium at which a library hangs or dies is told as such (`probe.facts.failed`)."""
    if not isinstance(outcome, Failure):
        return outcome
    is_told = target in MEDIA and outcome.ending is not Ended.FAULT
    return "" if is_told else f"{outcome.ending}: {outcome.detail}"


def endless(targets: Sequence[str], start: int) -> Iterator[Case]:
    """Every target in turn, with ever new numbers."""
    return ((target, number) for number in itertools.count(start) for target in targets)


def search(minutes: float, targets: Sequence[str], start: int) -> int:
    """Try cases until the time is over; print what fails. Returns how many did."""
    until = time.monotonic() + minutes * 60
    cases = itertools.takewhile(lambda _: time.monotonic() < until, endless(targets, start))
    tried: Counter[str] = Counter()
    failed = 0
    for (target, number), problem in outcomes(cases):
        tried[target] += 1
        if problem:
            failed += 1
            print(f"python -m tests.fuzz --case {target} {number}\n    {problem}", flush=True)
    print("  ".join(f"{target} {count}" for target, count in tried.items()))
    print(f"{tried.total()} cases, {failed} failed")
    return failed


def once_more(target: str, number: int) -> int:
    """One case, its file kept among the temporary ones."""
    if target in TARGETS:
        path = Path(tempfile.gettempdir()) / f"{target}-{number}-{TARGETS[target][0]}"
        path.write_bytes(damaged(target, number))
        print(path)
    [(_, problem)] = outcomes(iter([(target, number)]))
    print(problem or "nothing is wrong")
    return bool(problem)


def main() -> int:
    parser = argparse.ArgumentParser(
        "python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("minutes", type=float, nargs="?", default=10.0)
    parser.add_argument("targets", nargs="*", help=" ".join(ALL))
    parser.add_argument("--start", type=int, default=0, help="number of the first case")
    parser.add_argument("--case", nargs=2, metavar=("TARGET", "NUMBER"))
    chosen = parser.parse_args()
    if unknown := {*chosen.targets, *(chosen.case or ())[:1]} - {*ALL}:
        parser.error(f"no such target: {' '.join(sorted(unknown))}")
    if chosen.case:
        return once_more(chosen.case[0], int(chosen.case[1]))
    return 1 if search(chosen.minutes, chosen.targets or ALL, chosen.start) else 0


if __name__ == "__main__":
    sys.exit(main())
