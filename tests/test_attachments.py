"""Received papers: a .docx read safely, a seal looked for, and what a unit's files come to."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from pipeline.attachments import _SEPARATOR, _bare_names, _folded, received_attachments
from pipeline.fields import UNIT_LABELS
from pipeline.files import Entry, Unit
from pipeline.isolate import Limits, Workers
from pipeline.join import Index
from pipeline.model import Finding, Labelled, Rejection, Submission
from pipeline.papers import REGISTRATION, RESOURCE_LIST, STATEMENT, may_be_a_paper, named_as, understand
from pipeline.papertables import Attachments, attachment_tables, paper_states
from pipeline.probe.seal import scan_facts, seal_in
from pipeline.read.document import Document, read_document
from pipeline.render.forms import LIST_HEADERS, registration_form, statement_form
from pipeline.validate import validate
from tests.small_tables import SETTINGS, TODAY, submission, table_of

LIMITS = Limits(30.0, 1024)
UNIT = "郑州大学"
PERSON = {
    "单位": UNIT, "负责人姓名": "李明", "职务": "处长", "座机": "0371-69691788", "手机": "13800000000",
    "电子邮箱": "a@163.com",
}  # fmt: skip
INFO = PERSON | {"单位名称": UNIT, "单位类型": "高等学校", "所属地区": "郑州市"}
ROWS = [{"资源名称": "航空发动机"}, {"资源名称": "书法入门"}]


def listed(*names: str) -> list[list[str]]:
    """Rows of the list that goes with the statement."""
    return [[{"资源名称": name}.get(header, "—") for header in LIST_HEADERS] for name in names]


# --- pictures -----------------------------------------------------------------------------------------


def page(width: int = 1240, height: int = 1754, paper: str = "#fbf8f0") -> Image.Image:
    """Lines of print, and a signature in blue."""
    image = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(image)
    for top in range(height // 9, height // 2, 40):
        draw.rectangle((width // 8, top, width * 4 // 5, top + 14), fill="#282828")
    draw.line((200, height * 3 // 5, 500, height * 3 // 5 + 40), fill="#1e28a0", width=6)
    return image


def sealed(image: Image.Image, colour: str = "#d22828", radius: int = 125, alpha: int = 255) -> Image.Image:
    """With a ring, a star and letters around it."""
    layer = Image.new("RGBA", image.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(layer)
    x, y, ink = image.width * 7 // 10, image.height * 4 // 5, colour + f"{alpha:02x}"
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=ink, width=max(3, radius // 14))
    turns = [(-math.pi / 2 + k * math.pi / 5, radius * (0.32, 0.13)[k % 2]) for k in range(10)]
    draw.polygon([(x + r * math.cos(a), y + r * math.sin(a)) for a, r in turns], fill=ink)
    for k in range(14):
        a, r = math.pi * (0.85 + 0.1 * k), radius * 0.75
        letter = radius * 0.07
        left, top = x + r * math.cos(a), y + r * math.sin(a)
        draw.rectangle((left - letter, top - letter, left + letter, top + letter), outline=ink, width=3)
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def saved(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def shrunk(image: Image.Image) -> Image.Image:
    small = image.copy()
    small.thumbnail((640, 640))
    return small


def covered(image: Image.Image) -> Image.Image:
    draw = ImageDraw.Draw(image)
    for top in (1340, 1400, 1460):
        draw.rectangle((700, top, 1100, top + 16), fill="#202020")
    return image


@pytest.mark.parametrize(
    "picture",
    [
        sealed(page()),
        sealed(page(), alpha=110),
        sealed(page(paper="#ebd7b4"), "#c83c1e"),
        sealed(page(), radius=80),
        covered(sealed(page())),
        sealed(page()).resize((1240, 1200)),
        sealed(page()).filter(ImageFilter.GaussianBlur(4)),
        sealed(page()).rotate(90, expand=True),
        sealed(Image.new("RGB", (1000, 700), "#f5f5f5"), radius=120),
    ],
    ids=["plain", "pale", "lamp", "small", "over print", "tilted", "blurred", "turned", "close"],
)
def test_a_round_red_seal_is_seen(picture: Image.Image) -> None:
    assert seal_in(shrunk(picture)) == ("有", "高")


def drawn(*shapes: tuple[str, tuple[float, ...], dict[str, object]]) -> Image.Image:
    image = page()
    draw = ImageDraw.Draw(image)
    for shape, box, options in shapes:
        getattr(draw, shape)(box, **options)
    return image


def red_letters() -> Image.Image:
    image = page()
    font = ImageFont.load_default(90)
    ImageDraw.Draw(image).text((150, 60), "RED HEAD LETTERS", fill="#dc1414", font=font)
    return image


@pytest.mark.parametrize(
    ("picture", "sure"),
    [
        (page(), "高"),
        (page(paper="#be8c5f"), "高"),
        (drawn(("ellipse", (860, 1300, 1110, 1550), {"outline": "#283cc8", "width": 12})), "高"),
        (red_letters(), "中"),
        (drawn(("rectangle", (0, 0, 1240, 200), {"fill": "#c81414"})), "中"),
        (drawn(("rectangle", (800, 1300, 1000, 1500), {"outline": "#dc1414", "width": 10})), "低"),
        (sealed(page()).convert("L").convert("RGB"), "低"),
    ],
    ids=["no red", "wood", "blue seal", "red letters", "red band", "square seal", "grey scan"],
)
def test_what_is_no_seal_is_a_hint_with_how_sure_it_is(picture: Image.Image, sure: str) -> None:
    assert seal_in(shrunk(picture)) == ("无", sure)


def test_scans_of_all_kinds(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    files = {
        "a.jpg": saved(sealed(page())),
        "t.jpg": saved(sealed(page()), exif=turned),
        "a.png": saved(sealed(page()), "PNG"),
        "clear.png": saved(Image.new("RGBA", (900, 900), (0, 0, 0, 0)), "PNG"),
        "deep.png": saved(Image.new("I;16", (900, 900), 60000), "PNG"),
        "a.pdf": b"%PDF-1.7\n%%EOF",
        "a.ofd": zipped({"OFD.xml": b"<OFD/>"}),
    }
    facts = {}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        facts[name] = scan_facts(tmp_path / name)
        assert facts[name]["fault"] == "", name
    assert {name for name in facts if facts[name].get("seal") == "有"} == {"a.jpg", "t.jpg", "a.png"}
    assert [facts[name]["turned"] for name in ("a.jpg", "t.jpg")] == [False, True]
    assert (facts["a.png"]["width"], facts["a.png"]["height"]) == (1240, 1754)
    assert "seal" not in facts["a.pdf"]
    assert "seal" not in facts["a.ofd"]


def test_scans_that_cannot_be_opened(tmp_path: Path) -> None:
    good = saved(page())
    files = {
        "cut.jpg": good[: len(good) // 2],
        "cut.png": saved(page(), "PNG")[:5000],
        "empty.pdf": b"",
        "page.pdf": b"<html><body>404</body></html>",
        "zip.pdf": zipped({"a": b"1"}),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        assert scan_facts(tmp_path / name)["fault"], name
    assert scan_facts(tmp_path)["fault"]
    assert scan_facts(tmp_path / "gone.jpg")["fault"]


# --- Word documents -----------------------------------------------------------------------------------


def zipped(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


SCHEMAS = "http://schemas.openxmlformats.org"
W = f'xmlns:w="{SCHEMAS}/wordprocessingml/2006/main"'


def word(body: str, name: str = "word/document.xml", head: str = "") -> bytes:
    relations = (
        f'<Relationships xmlns="{SCHEMAS}/package/2006/relationships">'
        f'<Relationship Id="a" Target="{name}" '
        f'Type="{SCHEMAS}/officeDocument/2006/relationships/officeDocument"/>'
        "</Relationships>"
    )
    xml = f"{head}<w:document {W}><w:body>{body}</w:body></w:document>"
    return zipped({"_rels/.rels": relations.encode(), name: xml.encode()})


def said(folder: Path, content: bytes) -> Document | Rejection:
    path = folder / "说明.docx"
    path.write_bytes(content)
    return read_document(path)


def test_words_as_a_reader_sees_them(tmp_path: Path) -> None:
    body = (
        "<w:p><w:r><w:t>我 郑州</w:t></w:r><w:del><w:r><w:delText>XXX</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>大学</w:t><w:tab/><w:t>自愿</w:t></w:r></w:ins></w:p>"
        "<w:p><w:moveFrom><w:r><w:t>旧</w:t></w:r></w:moveFrom><w:r><w:instrText>DATE</w:instrText></w:r></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>控件</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:r><w:pict><w:txbxContent><w:p><w:r><w:t>文本框</w:t></w:r></w:p></w:txbxContent>"
        "</w:pict></w:r></w:p>"
        "<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val='2'/></w:tcPr>"
        "<w:p><w:r><w:t>合并</w:t></w:r></w:p></w:tc>"
        "<w:tc><w:p><w:r><w:t>甲</w:t></w:r></w:p><w:p><w:r><w:t>乙</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    )
    for name in ("word/document.xml", "word/document2.xml"):
        found = said(tmp_path, word(body, name))
        assert found == Document(("我 郑州大学 自愿", "", "控件", "", "文本框"), ((("合并", "", "甲\n乙"),),))


def bomb() -> bytes:
    return word(f"<w:p><w:r><w:t>{'一' * (12 << 20)}</w:t></w:r></w:p>")


GOOD = statement_form(year=2024, unit=UNIT, date="2024年4月20日", resources=listed("航空发动机", "书法入门"))
DOCTYPE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
HOSTILE = {
    "a bomb": (bomb(), "恶意压缩"),
    "an entity": (word("<w:p><w:r><w:t>&b;</w:t></w:r></w:p>", head=DOCTYPE), "文档类型声明"),
    "not a zip": (b"GIF89a" + bytes(99), "GIF"),
    "cut": (GOOD[: len(GOOD) // 2], "没有传完整"),
    "flipped": (GOOD[:2000] + bytes(400) + GOOD[2400:], ""),
    "encrypted": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096), ""),
    "empty": (b"", "空的"),
    "a workbook": (zipped({"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<a/>"}), "表格文件"),
    "too deep": (word("<w:ins>" * 400 + "</w:ins>" * 400), "损坏"),
    "not closed": (word("<w:p>"), "损坏"),
    "no document": (zipped({"word/styles.xml": b"<a/>"}), "缺少"),
    "outside": (zipped({"../word/document.xml": b"<a/>"}), "路径"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_refused_in_plain_words(tmp_path: Path, name: str) -> None:
    content, cause = HOSTILE[name]
    found = said(tmp_path, content)
    assert isinstance(found, Rejection), found
    assert cause in found.cause
    assert found.remedy.startswith("请")


def test_a_main_part_elsewhere_is_never_followed(tmp_path: Path) -> None:
    far = word("<w:p><w:r><w:t>近</w:t></w:r></w:p>")
    with zipfile.ZipFile(io.BytesIO(far)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["_rels/.rels"] = parts["_rels/.rels"].replace(
        b'Target="word/document.xml"', b'Target="http://127.0.0.1/x" TargetMode="External"'
    )
    assert said(tmp_path, zipped(parts)) == Document(("近",), ())


# --- what papers are ----------------------------------------------------------------------------------


def paper(content: bytes, folder: Path) -> frozenset[str]:
    found = said(folder, content)
    assert isinstance(found, Document)
    return understand(found.paragraphs, found.tables).materials


def document_of(paragraphs: list[str], *tables: list[list[str]]) -> bytes:
    made = docx.Document()
    for text in paragraphs:
        made.add_paragraph(text)
    for rows in tables:
        table = made.add_table(len(rows), len(rows[0]))
        for row, texts in zip(table.rows, rows, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def test_documents_are_known_by_what_they_say(tmp_path: Path) -> None:
    letter = [
        "关于报送资源的函",
        "现报送我校资源。",
        "附件：",
        "1.终身学习资源报送工作负责人信息登记表",
        "2.安全审核情况说明",
    ]
    notice = [
        "关于征集继续教育数字化资源的通知",
        "附件3 数字化学习资源参考技术标准",
        GOOD_SAID,
        "安全审核情况说明",
    ]
    team = [["姓名", "职务", "手机", "电子邮箱"], ["张三", "教授", "1", "b"], ["李四", "讲师", "2", "c"]]
    upright = [["单位", UNIT], ["负责人姓名", "李明"], ["职务", ""], ["手机", "13800000000"]]
    assert paper(registration_form(PERSON), tmp_path) == {REGISTRATION}
    assert paper(GOOD, tmp_path) == {STATEMENT, RESOURCE_LIST}
    assert paper(statement_form(year=2024), tmp_path) == {STATEMENT}
    assert paper(document_of(["负责人信息登记表"], upright), tmp_path) == {REGISTRATION}
    assert paper(document_of(["某校数字化资源列表"], [["序号", "课程名称"], ["1", "书法"]]), tmp_path) == {
        RESOURCE_LIST
    }
    assert paper(document_of(letter), tmp_path) == frozenset()
    assert paper(document_of(notice), tmp_path) == frozenset()
    assert paper(document_of(["课程团队"], team), tmp_path) == frozenset()
    assert paper(document_of(["讲义"], [["名称", "学时"], ["第一章", "2"]]), tmp_path) == frozenset()


GOOD_SAID = SETTINGS.statement.format(unit=UNIT, year=2024)


def test_both_layouts_of_the_form_give_the_person() -> None:
    title = ["负责人信息登记表"]
    across = [
        ["序号", "单位", "负责人 姓名", "手机号码", "备注"],
        ["1", UNIT, "李明", "138", ""],
        ["", "", "", "", ""],
    ]
    down = [["单 位", UNIT, "姓名", "李明"], ["手机", "138", "备注", ""], ["负责人姓名", "李明", "", ""]]
    expected = {"单位名称": UNIT, "负责人姓名": "李明", "手机": "138"}
    assert understand(title, [across]).people == (expected,)
    assert understand(title, [down]).people == (expected,)
    assert understand(title, [[*across[:1], ["注：每单位 1 人", "", "", "", ""]]]).people == ()


@pytest.mark.parametrize(
    ("path", "papers"),
    [
        ("登记表（盖章）.jpg", {REGISTRATION}), ("附件4 安全审核情况说明.pdf", {STATEMENT}),
        ("登记表和安全审核说明.pdf", {REGISTRATION, STATEMENT}), ("安全审核说明/1.jpg", {STATEMENT}),
        ("负责人信息登记表/安全审核说明.jpg", {STATEMENT}), ("软件著作权登记表.pdf", set()),
        ("封面.jpg", set()), ("附件1.pdf", set()), ("郑州大学资源列表.docx", {RESOURCE_LIST}),
        ("资源报送工作负责人信息登记表.docx", {REGISTRATION}),
    ],
)  # fmt: skip
def test_names_say_what_a_file_is(path: str, papers: set[str]) -> None:
    assert named_as(path) == papers


def test_a_number_is_no_title() -> None:
    assert may_be_a_paper("附件1.pdf")
    assert may_be_a_paper("盖章扫描件/IMG_01.jpg")
    assert not may_be_a_paper("等保备案证明.jpg")
    assert not may_be_a_paper("封面.jpg")


# --- a unit's files -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(1) as crew:
        yield crew


SCAN = saved(shrunk(sealed(page())).resize((700, 990)))
UNSEALED = saved(shrunk(page()).resize((700, 990)))


def sent(folder: Path, files: dict[str, bytes], name: str = UNIT) -> Unit:
    unit = Unit(name)
    for path, content in files.items():
        real = folder / name.replace("/", "_") / path
        real.parent.mkdir(parents=True, exist_ok=True)
        real.write_bytes(content)
        unit.entries.append(Entry.of(path, str(real), len(content), 0))
    return unit


def workbook(
    info: dict[str, str] | None = None, rows: list[dict[str, str]] | None = None, unit: str = UNIT
) -> Submission:
    labels = [label for label in UNIT_LABELS if label in (INFO if info is None else info)]
    given = INFO if info is None else info
    cells = {label: Labelled(given[label], "单位信息", n, f"B{n}") for n, label in enumerate(labels, 1)}
    return replace(submission(ROWS if rows is None else rows, unit=unit), unit_info=cells)


def received(workers: Workers, units: list[Unit], books: list[Submission]) -> Attachments:
    indexes = {unit.name: Index(unit.entries) for unit in units}
    return received_attachments(units, books, indexes, workers, LIMITS)


def told(workers: Workers, units: list[Unit], books: list[Submission]) -> list[Finding]:
    papers = received(workers, units, books)
    assert papers.faults == []
    outcome = validate(table_of([]), attachment_tables(papers, books), SETTINGS, TODAY)
    assert outcome.faults == []
    return sorted([*papers.findings, *outcome.findings], key=Finding.sort_key)


def codes(workers: Workers, folder: Path, files: dict[str, bytes], *books: Submission) -> list[str]:
    return [each.code for each in told(workers, [sent(folder, files)], list(books or [workbook()]))]


BOTH = {"登记表（盖章）.jpg": SCAN, "安全审核情况说明（盖章）.jpg": SCAN}


def test_all_is_well(workers: Workers, tmp_path: Path) -> None:
    editable = {"登记表.docx": registration_form(PERSON), "说明.docx": GOOD}
    assert codes(workers, tmp_path, {**BOTH, **editable}) == []


def test_missing_papers_are_the_units(workers: Workers, tmp_path: Path) -> None:
    found = told(workers, [sent(tmp_path, {"清单.xlsx": b"x"})], [workbook()])
    assert [(f.code, f.place.unit, f.place.workbook, f.place.field) for f in found] == [
        ("A2-1", UNIT, "", STATEMENT),
        ("A1-1", UNIT, "", REGISTRATION),
    ]


def test_a_loose_workbook_has_no_papers(workers: Workers) -> None:
    assert told(workers, [Unit(UNIT)], [workbook()]) == []
    (lacking,) = told(workers, [Unit(UNIT)], [workbook({})])
    assert (lacking.code, lacking.place.sheet, lacking.place.row) == ("A1-3", "单位信息", 0)


def test_a_document_alone_shows_no_seal(workers: Workers, tmp_path: Path) -> None:
    files = {"登记表.docx": registration_form(PERSON), "说明.docx": GOOD}
    assert codes(workers, tmp_path, files) == ["A2-1b", "A1-1b"]


def test_a_scan_that_only_has_a_number_is_for_a_person(workers: Workers, tmp_path: Path) -> None:
    files = {"附件1.pdf": b"%PDF-1.4", "安全审核说明.pdf": b"%PDF-1.4"}
    (found,) = told(workers, [sent(tmp_path, files)], [workbook()])
    assert (found.code, found.facts["named"]) == ("A1-1b", "从“附件1.pdf”的名称看不出是不是")


def test_the_cells_of_the_workbook_name_the_scans(workers: Workers, tmp_path: Path) -> None:
    book = workbook(INFO | {"登记表扫描件": "a.jpg；b.jpg", "安全审核说明扫描件": "c.jpg"})
    assert codes(workers, tmp_path, {"a.jpg": SCAN, "b.jpg": UNSEALED, "材料/c.jpg": SCAN}, book) == []
    (found,) = told(workers, [sent(tmp_path, {"a.jpg": SCAN, "b.jpg": SCAN})], [book])
    assert (found.code, found.facts["named"]) == ("A2-1", "，“单位信息”里写的“c.jpg”不在提交的文件中")


def test_a_scan_without_a_seal_is_a_hint_for_the_file(workers: Workers, tmp_path: Path) -> None:
    found = told(workers, [sent(tmp_path, {**BOTH, "登记表（盖章）.jpg": UNSEALED})], [workbook()])
    assert [(f.code, f.place.workbook, f.facts["sure"]) for f in found] == [
        ("A1-1c", "登记表（盖章）.jpg", "高")
    ]
    files = {**BOTH, "登记表（盖章）.jpg": UNSEALED, "登记表.pdf": b"%PDF-1.4"}
    assert codes(workers, tmp_path, files) == []


def test_small_and_damaged_scans(workers: Workers, tmp_path: Path) -> None:
    small = saved(sealed(page()).resize((400, 566)))
    assert codes(workers, tmp_path, {**BOTH, "登记表（盖章）.jpg": small}) == ["A2-6"]
    found = told(workers, [sent(tmp_path, {**BOTH, "登记表（盖章）.jpg": SCAN[:9000]})], [workbook()])
    assert [(f.code, f.place.workbook) for f in found] == [("F01", "登记表（盖章）.jpg")]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_one_finding(workers: Workers, tmp_path: Path, name: str) -> None:
    content = HOSTILE[name][0]
    assert codes(workers, tmp_path, {**BOTH, "登记表.docx": content}) == ["F01"]
    assert codes(workers, tmp_path, {**BOTH, "通讯录.docx": content}) == ["F10"]


def test_what_rows_name_is_not_opened(workers: Workers, tmp_path: Path) -> None:
    book = workbook(rows=[{"资源名称": "航空发动机", "资源文件": "讲义\\第1讲.docx;a.mp4"}])
    assert codes(workers, tmp_path, {**BOTH, "讲义/第1讲.docx": b"broken"}, book) == []


def test_old_documents_are_recorded(workers: Workers, tmp_path: Path) -> None:
    assert codes(workers, tmp_path, {**BOTH, "登记表.doc": b"\xd0\xcf"}) == ["F10"]
    assert codes(workers, tmp_path, {"安全审核说明.jpg": SCAN, "登记表.doc": b"\xd0\xcf"}) == ["F10", "A1-1b"]


def test_a_blank_form_beside_its_scan_is_let_be(workers: Workers, tmp_path: Path) -> None:
    blank = {"附件1.docx": registration_form(), "附件2.docx": statement_form(year=2024)}
    assert codes(workers, tmp_path, {**BOTH, **blank}) == []
    found = told(workers, [sent(tmp_path, blank)], [workbook()])
    assert {each.code for each in found} == {"A1-1b", "A1-3", "A2-1b", "A2-2", "A2-5"}


@pytest.mark.parametrize("filled", [{"date": "2024年4月18日"}, {"unit": UNIT}], ids=["date", "unit"])
def test_a_form_half_filled_in_is_told_beside_its_scan_too(
    workers: Workers, tmp_path: Path, filled: dict[str, str]
) -> None:
    half = statement_form(year=2024, resources=listed("航空发动机", "书法入门"), **filled)
    assert codes(workers, tmp_path, {**BOTH, "附件2.docx": half}) == ["A2-2"]


def test_the_list_agrees_with_the_workbook(workers: Workers, tmp_path: Path) -> None:
    scans = {**BOTH}
    without = document_of(["数字化资源征集内容安全审核情况说明", GOOD_SAID, "特此说明。", "2024年4月20日"])
    apart = document_of(["报送单位及资源列表"], [["序号", "资源名称"], ["1", "航空发动机"], ["2", "剪纸"]])
    assert codes(workers, tmp_path, {**scans, "说明.docx": without}) == ["A2-5"]
    assert codes(workers, tmp_path, {**scans, "安全审核情况说明2.jpg": SCAN, "说明.docx": without}) == []
    assert codes(workers, tmp_path, {**scans, "说明.docx": without, "资源列表.xlsx": b"x"}) == []
    (found,) = told(
        workers, [sent(tmp_path / "b", {**scans, "说明.docx": without, "列表.docx": apart})], [workbook()]
    )
    assert (found.code, found.place.workbook) == ("W05", "列表.docx")
    assert found.facts["diff"] == "列表多出“剪纸”，列表没有“书法入门”"


def test_a_bureaus_list_may_hold_its_schools_resources(workers: Workers, tmp_path: Path) -> None:
    bureau = "郑州市教育局"
    form = statement_form(
        year=2024, unit=bureau, date="2024年4月20日", resources=listed("航空发动机", "书法入门")
    )
    units = [sent(tmp_path, {**BOTH, "说明.docx": form}, bureau), sent(tmp_path, BOTH, f"{bureau}/一中")]
    own = workbook(INFO | {"单位名称": bureau}, ROWS[:1], bureau)
    school = workbook(INFO | {"单位名称": "一中"}, ROWS[1:], f"{bureau}/一中")
    assert told(workers, units, [own, school]) == []
    assert [each.code for each in told(workers, units[:1], [own])] == ["W05"]


def test_names_agree_across_papers(workers: Workers, tmp_path: Path) -> None:
    other = {"登记表.docx": registration_form(PERSON | {"单位": "河南大学"}), "说明.docx": GOOD}
    (found,) = told(workers, [sent(tmp_path, {**BOTH, **other})], [workbook()])
    assert (found.code, found.place.workbook, found.place.field, found.value) == (
        "W04", "登记表.docx", "单位名称", "河南大学",
    )  # fmt: skip


def test_wrong_cells_are_told_where_they_stand(workers: Workers, tmp_path: Path) -> None:
    book = workbook(INFO | {"手机": "138 0000 0000", "电子邮箱": "", "座机": "无"})
    found = told(workers, [sent(tmp_path, BOTH)], [book])
    assert [(f.code, f.place.sheet, f.place.field, f.place.cell, f.suggestion) for f in found] == [
        ("A1-4b", "单位信息", "手机", "B7", "13800000000"),
        ("A1-3", "单位信息", "电子邮箱", "B8", ""),
    ]
    form = registration_form(PERSON | {"手机": "1.38E+10"})
    (found,) = told(
        workers, [sent(tmp_path, {**BOTH, "登记表.docx": form})], [workbook(INFO | {"电子邮箱": ""})]
    )
    assert (found.code, found.place.workbook, found.place.field) == ("A1-4", "登记表.docx", "手机")


def test_two_persons_in_two_lines(workers: Workers, tmp_path: Path) -> None:
    header = list(PERSON)
    first, second = list(PERSON.values()), list((PERSON | {"单位": "", "负责人姓名": "王芳"}).values())
    apart = list((PERSON | {"单位": "郑州一中", "负责人姓名": "王芳"}).values())
    for line, expected in ((second, ["A1-2"]), (apart, [])):
        form = document_of(["负责人信息登记表"], [header, first, line])
        assert codes(workers, tmp_path, {**BOTH, "登记表.docx": form}) == expected


def test_a_label_that_is_gone_is_named_once(workers: Workers, tmp_path: Path) -> None:
    book = workbook({label: text for label, text in INFO.items() if label not in ("座机", "职务")})
    (found,) = told(workers, [sent(tmp_path, BOTH)], [book])
    assert (found.code, found.facts["lacking"], found.place.row) == ("A1-3", "职务”“座机", 0)


def test_the_states_for_reports(workers: Workers, tmp_path: Path) -> None:
    files = {"登记表.jpg": SCAN, "说明.docx": GOOD}
    states = paper_states(received(workers, [sent(tmp_path, files)], [workbook()]))
    assert [(s.paper, s.standing, s.files, s.seal, s.sure) for s in states] == [
        (REGISTRATION, "已收到扫描件", ("登记表.jpg",), "有", "高"),
        (STATEMENT, "没有扫描件", ("说明.docx",), "", ""),
    ]


@given(st.lists(st.text(st.sampled_from("aA;；\n\r\\／/＼ｊé\u0301ﬁẞİ．\u2028 "), max_size=6), max_size=4))
def test_names_that_are_folded_together_are_as_each_alone(texts: list[str]) -> None:
    parts = (part for text in texts for part in _SEPARATOR.split(text))
    alone = {_folded(re.split(r"[/\\]", part.strip())[-1]) for part in parts}
    assert _bare_names(texts) - {""} == alone - {""}
