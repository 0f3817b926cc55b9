"""Broken and hostile files, each with what must come of it.

A `Hostile` is what one unit sends. Makers are small and deterministic; a bomb stays small on
disk. `selection` is what every test run tries, `sweep` adds all offsets, flips and pairings.
"""

from __future__ import annotations

import enum
import io
import random
import re
import struct
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from PIL import Image

from pipeline.demo.media import make_audio, make_video
from pipeline.fields import NAMES
from tests.test_read_book import ole, xls

NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_REL = "http://purl.oclc.org/ooxml/officeDocument/relationships"
PACKAGE_REL = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
BOOK = "资源清单.xlsx"
ROWS = 6
SHEET, STRINGS, STYLES, WORKBOOK = (
    f"xl/{name}" for name in ("worksheets/sheet1.xml", "sharedStrings.xml", "styles.xml", "workbook.xml")
)
LINKS = "xl/_rels/workbook.xml.rels"
Parts = dict[str, bytes]


class Outcome(enum.StrEnum):
    """What must come of a hostile file."""

    REJECTED = "rejected"
    SAME = "same"
    """Read, with exactly the values of the good file."""
    EITHER = "either"
    """A damage that may or may not touch what counts: rejected, or the same values; never others."""
    IGNORED = "ignored"
    FINDING = "finding"


@dataclass(frozen=True)
class Hostile:
    """One unit: files by relative path. code and field narrow the finding, says is in its message or remedy.

    left_out: what the returned workbook must say is missing. archive: the unit sent a .zip.
    """

    name: str
    outcome: Outcome
    files: Mapping[str, bytes]
    code: str = ""
    field: str = ""
    says: str = ""
    left_out: str = ""
    archive: bool = False

    def write(self, folder: Path) -> None:
        """Put it below an input folder."""
        if self.archive:
            (folder / f"{self.name}.zip").write_bytes(self.files[""])
            return
        (folder / self.name).mkdir(parents=True)
        for name, data in self.files.items():
            path = folder / self.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


# --- the good workbook, part by part


def row_values(number: int, **other: str) -> dict[str, str]:
    """A right resource: a course behind a link."""
    values = {
        "资源名称": f"测试课程第{number}门",
        "资源类型": "A03",
        "部署平台": "中国大学MOOC",
        "资源链接": f"https://www.icourse163.org/course/T-{number}",
        "资源简介": f"这是第{number}门课程的介绍，内容完整，适合学习者自学使用。",
        "资源时长": f"{24 + number}:00:30",
        "创建时间": f"2022-03-{number + 10:02}",
        "版权方": "测试<学院>&研究所",
        "主讲人": f"讲师{'甲乙丙丁戊己庚辛'[number % 8]}",
        "点击量": str(36500 + number),
        "资源封面": f"fm{number}.jpg",
        "关键词": "新媒体;人工智能",
    }
    return values | other


def cell_ref(column: int, row: int) -> str:
    return f"{chr(64 + column)}{row}"


def good_parts(date1904: bool = False, *, records: list[dict[str, str]] | None = None) -> Parts:
    """The parts of a sound workbook: shared strings, native dates, durations and numbers."""
    strings: dict[str, int] = {}
    lines = []
    for row, record in enumerate([dict(zip(NAMES, NAMES, strict=True)), *(records or good_records())], 1):
        cells = []
        for column, name in enumerate(NAMES, 1):
            text = record.get(name, "")
            if not text:
                continue
            ref = cell_ref(column, row)
            if row > 1 and name == "资源时长" and re.fullmatch(r"\d+:00:30", text):
                cells.append(f'<c r="{ref}" s="2"><v>{(int(text[:-6]) * 3600 + 30) / 86400!r}</v></c>')
            elif row > 1 and name == "创建时间" and text.startswith("2022-03-"):
                serial = 44620 + int(text[-2:]) - 1462 * date1904
                cells.append(f'<c r="{ref}" s="1"><v>{serial}</v></c>')
            elif row > 1 and name == "点击量" and re.fullmatch("[0-9]{1,9}", text):
                cells.append(f'<c r="{ref}"><v>{text}</v></c>')
            else:
                cells.append(f'<c r="{ref}" t="s"><v>{strings.setdefault(text, len(strings))}</v></c>')
        lines.append(f'<row r="{row}">{"".join(cells)}</row>')
    last = len(lines)
    properties = '<workbookPr date1904="1"/>' if date1904 else ""
    return {
        "[Content_Types].xml": (
            f'<Types xmlns="{TYPES}"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            + "".join(
                f'<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.'
                f'spreadsheetml.{kind}+xml"/>'
                for part, kind in (
                    (WORKBOOK, "sheet.main"),
                    (SHEET, "worksheet"),
                    (STRINGS, "sharedStrings"),
                    (STYLES, "styles"),
                )
            )
            + "</Types>"
        ).encode(),
        "_rels/.rels": (
            f'<Relationships xmlns="{PACKAGE_REL}"><Relationship Id="a" Type="{REL}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>'
        ).encode(),
        WORKBOOK: (
            f'<workbook xmlns="{NS}" xmlns:r="{REL}">{properties}'
            '<sheets><sheet name="资源清单" sheetId="1" r:id="r1"/></sheets></workbook>'
        ).encode(),
        LINKS: (
            f'<Relationships xmlns="{PACKAGE_REL}">'
            + "".join(
                f'<Relationship Id="{i}" Type="{REL}/{t}" Target="{p}"/>'
                for i, t, p in (
                    ("r1", "worksheet", "worksheets/sheet1.xml"),
                    ("r2", "styles", "styles.xml"),
                    ("r3", "sharedStrings", "sharedStrings.xml"),
                )
            )
            + "</Relationships>"
        ).encode(),
        STYLES: (
            f'<styleSheet xmlns="{NS}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
            '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
            '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="31"/><xf numFmtId="46"/></cellXfs>'
            "</styleSheet>"
        ).encode(),
        SHEET: (
            f'<worksheet xmlns="{NS}" xmlns:r="{REL}"><dimension ref="A1:S{last}"/>'
            f"<sheetData>{''.join(lines)}</sheetData></worksheet>"
        ).encode(),
        STRINGS: (
            f'<sst xmlns="{NS}" count="{len(strings)}" uniqueCount="{len(strings)}">'
            + "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
            + "</sst>"
        ).encode(),
    }


def good_records() -> list[dict[str, str]]:
    return [row_values(number) for number in range(1, ROWS + 1)]


def pack(parts: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 4, 20, 9, 0, 0)), data, method)
    return out.getvalue()


@cache
def good() -> bytes:
    return pack(good_parts())


def stored(text: str) -> str:
    """A text as Excel stores it: what XML forbids as `_x000B_`."""
    return re.sub("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]", lambda m: f"_x{ord(m[0]):04X}_", text)


def with_sheet(parts: Parts, name: str, rows: str) -> Parts:
    """One more sheet behind the list."""
    added = f'<sheet name="{name}" sheetId="8" r:id="r8"/></sheets>'
    link = f'<Relationship Id="r8" Type="{REL}/worksheet" Target="worksheets/sheet8.xml"/></Relationships>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
    override = f'<Override PartName="/xl/worksheets/sheet8.xml" ContentType="{kind}"/></Types>'
    types = "[Content_Types].xml"
    sheet = f'<worksheet xmlns="{NS}"><sheetData>{rows}</sheetData></worksheet>'
    return parts | {
        WORKBOOK: parts[WORKBOOK].replace(b"</sheets>", added.encode()),
        LINKS: parts[LINKS].replace(b"</Relationships>", link.encode()),
        types: parts[types].replace(b"</Types>", override.encode()),
        "xl/worksheets/sheet8.xml": sheet.encode(),
    }


def edited(part: str, *changes: tuple[str, str]) -> bytes:
    """The good workbook with the first occurrence of texts of one part replaced."""
    parts = good_parts()
    text = parts[part].decode()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return pack(parts | {part: text.encode()})


def with_part(name: str, data: bytes) -> bytes:
    return pack(good_parts() | {name: data})


def without(name: str) -> bytes:
    parts = good_parts()
    del parts[name]
    return pack(parts)


def book(name: str, outcome: Outcome, data: bytes, says: str = "", code: str = "", **more: str) -> Hostile:
    """A unit that sends one workbook under the usual name."""
    code = code or ("F01" if outcome is Outcome.REJECTED else "")
    return Hostile(name, outcome, {more.pop("file", BOOK): data}, code=code, says=says, **more)  # type: ignore[arg-type]


REJECTED, SAME, EITHER, IGNORED, FINDING = Outcome


# --- 1: cut, flipped, lost


def cuts(offsets: int) -> Iterator[Hostile]:
    data = good()
    for step in range(offsets):
        yield book(
            f"截断{step:02}", REJECTED, data[: len(data) * step // offsets], "空的" if not step else ""
        )


def flips(number: int) -> Iterator[Hostile]:
    dice = random.Random(1)
    for step in range(number):
        data = bytearray(good())
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        yield book(f"翻转{step:03}", EITHER, bytes(data))


def lost(number: int) -> Iterator[Hostile]:
    for step in range(number):
        data = bytearray(good())
        at = len(data) * step // number // 512 * 512
        data[at : at + 512] = bytes(len(data[at : at + 512]))
        yield book(f"缺扇区{step:02}", EITHER, bytes(data))


# --- 2: bombs


def member(
    name: bytes, packed: bytes, size: int, crc: int, offset: int, method: int = 8, flags: int = 0
) -> tuple[bytes, bytes]:
    """Local header with data, and directory entry."""
    fixed = struct.pack("<5H3L2H", 20, flags, method, 0, 0x5A94, crc, len(packed), size, len(name), 0)
    return b"PK\x03\x04" + fixed + name + packed, (
        b"PK\x01\x02" + struct.pack("<H", 20) + fixed + struct.pack("<3H2L", 0, 0, 0, 0, offset) + name
    )


def raw_zip(entries: list[tuple[str, bytes, int, int, int, int]]) -> bytes:
    """name, packed, declared size, crc, method, flags."""
    body, directory = b"", b""
    for name, packed, size, crc, method, flags in entries:
        local, listed = member(name.encode(), packed, size, crc, len(body), method, flags)
        body, directory = body + local, directory + listed
    end = struct.pack("<4H2LH", 0, 0, len(entries), len(entries), len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end


def deflated(pieces: Iterator[bytes]) -> tuple[bytes, int, int]:
    packer, size, crc, out = zlib.compressobj(6, zlib.DEFLATED, -15), 0, 0, []
    for piece in pieces:
        size, crc = size + len(piece), zlib.crc32(piece, crc)
        out.append(packer.compress(piece))
    return b"".join([*out, packer.flush()]), size, crc


def bomb(part: str, fill: bytes, megabytes: int, *, size: int | None = None) -> bytes:
    """The good workbook whose part holds `fill` over and over between its halves; size: what it claims."""
    parts = good_parts()
    head, mark, tail = parts.pop(part, b"").partition(b"</sheetData>" if part == SHEET else b"</sst>")
    chunk = fill * ((1 << 20) // len(fill))
    packed, real, crc = deflated(iter([head, *[chunk] * megabytes, mark, tail]))
    entries = [(name, *_stored(data)) for name, data in parts.items()]
    return raw_zip([*entries, (part, packed, real if size is None else size, crc, 8, 0)])


def _stored(data: bytes) -> tuple[bytes, int, int, int, int]:
    return data, len(data), zlib.crc32(data), 0, 0


def overlapping(count: int) -> bytes:
    """Many directory entries for one and the same bytes (D. Fifield, 2019)."""
    data = pack(good_parts())
    packed, size, crc = deflated(iter([bytes(1 << 20)]))
    start = data.rindex(b"PK\x05\x06")
    where = struct.unpack_from("<L", data, start + 16)[0]
    local, _ = member(b"xl/media/a.bin", packed, size, crc, where)
    listed = b"".join(
        member(f"xl/media/{n}.bin".encode().ljust(14, b"x"), packed, size, crc, where)[1]
        for n in range(count)
    )
    directory = data[where:start] + listed
    total = len(good_parts()) + count
    end = struct.pack("<4H2LH", 0, 0, total, total, len(directory), where + len(local), 0)
    return data[:where] + local + directory + b"PK\x05\x06" + end


def repacked(part: str, method: int, data: bytes | None = None) -> bytes:
    """One part packed in another way."""
    parts = good_parts()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(
                name, data if data and name == part else content, method if name == part else None
            )
    return out.getvalue()


def bombs(megabytes: int) -> Iterator[Hostile]:
    yield book("炸弹空白", REJECTED, bomb(SHEET, b" " * 64, megabytes), "悬殊")
    yield book("炸弹空行", REJECTED, bomb(SHEET, b"<row/>", megabytes), "悬殊")
    yield book("炸弹文本", REJECTED, bomb(STRINGS, b"<si><t>aaaaaaaa</t></si>", megabytes), "悬殊")
    yield book("炸弹未用部分", REJECTED, bomb("xl/media/a.bin", b"\0" * 64, megabytes), "悬殊")
    yield book("炸弹谎报大小", REJECTED, bomb(SHEET, b" " * 64, megabytes, size=5000))
    yield book("炸弹谎报零", REJECTED, bomb("xl/media/a.bin", b"\0" * 64, megabytes, size=0))
    yield book("炸弹谎报巨大", REJECTED, bomb("xl/media/a.bin", b"\0" * 64, 1, size=0xFFFFFFF0))
    yield book("炸弹重叠", REJECTED, overlapping(800), "重叠")
    yield book("炸弹一个大文本", REJECTED, bomb(STRINGS, b"a" * 64, megabytes), "悬殊")
    spaces = b" " * (megabytes << 20)
    for label, method in (("bz2", zipfile.ZIP_BZIP2), ("lzma", zipfile.ZIP_LZMA)):
        yield book(f"压缩方式{label}", REJECTED, repacked(SHEET, method))
        sheet = good_parts()[SHEET].replace(b"</sheetData>", spaces + b"</sheetData>")
        lying = bytearray(repacked(SHEET, method, sheet))
        for at in (m.start() for m in re.finditer(b"PK\x01\x02|PK\x03\x04", bytes(lying))):
            skip = 24 if lying[at + 2] == 1 else 22
            if struct.unpack_from("<L", lying, at + skip)[0] == len(sheet):
                struct.pack_into("<L", lying, at + skip, 4000)
        yield book(f"炸弹{label}谎报", REJECTED, bytes(lying))
    yield book("成员过多", REJECTED, pack(good_parts() | {f"x/{n}": b"" for n in range(10_001)}), "10000 个")


# --- 3: entities

DOCTYPES = {
    "连环": "<!DOCTYPE a ["
    + '<!ENTITY e0 "ha">'
    + "".join(f'<!ENTITY e{n} "{"&e%d;" * 10}">' % ((n - 1,) * 10) for n in range(1, 10))
    + "]>",
    "平方": f'<!DOCTYPE a [<!ENTITY e9 "{"a" * 50_000}">]>',
    "外部实体": '<!DOCTYPE a [<!ENTITY e9 SYSTEM "file:///etc/passwd">]>',
    "外部DTD": '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">',
    "参数实体": '<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
}
USED_PARTS = ("[Content_Types].xml", "_rels/.rels", WORKBOOK, LINKS, STYLES, STRINGS, SHEET)


def entities(parts: tuple[str, ...], kinds: tuple[str, ...]) -> Iterator[Hostile]:
    for part in parts:
        for kind in kinds:
            content = good_parts().get(part, b"<a/>")
            data = b'<?xml version="1.0"?>\n' + DOCTYPES[kind].encode() + content
            name = part.replace("/", "_").replace("[", "").replace("]", "")
            yield book(f"实体{kind}{name}", REJECTED, with_part(part, data), "文档类型声明")
    if "连环" in kinds:
        wide = ("\ufeff" + DOCTYPES["连环"] + good_parts()[SHEET].decode()).encode("utf-16-le")
        yield book("实体UTF16", REJECTED, with_part(SHEET, wide), "文档类型声明")
        after = b"<!--" + b"a" * 70_000 + b"-->" + DOCTYPES["连环"].encode() + good_parts()[SHEET]
        yield book("实体在长注释后", REJECTED, with_part(SHEET, after), "文档类型声明")
        text = good_parts()[STRINGS].replace(b"<t>A03</t>", b"<t>&e9;</t>")
        yield book("实体未声明", REJECTED, with_part(STRINGS, text))


# --- 4, 5, 6: sheets that lie


def sheets(*, slow: bool = False) -> Iterator[Hostile]:
    end = "</sheetData>"
    for ref in ("XFD1048576", "XFD3", "T1048576", "ZZ99999"):
        row = ref.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        stray = f'<row r="{row}"><c r="{ref}" t="str"><v>x</v></c></row>'
        if row == "3":
            change = ('</row><row r="4">', f'<c r="{ref}" t="str"><v>x</v></c></row><row r="4">')
        else:
            change = (end, stray + end)
        yield book(f"孤立单元格{ref}", SAME, edited(SHEET, change))
    blank = '<row r="1048576"><c r="XFD1048576" s="1"/></row>'
    yield book("孤立空单元格", SAME, edited(SHEET, (end, blank + end)))
    last = 1_048_576 if slow else 100_000
    formatted = "".join(f'<row r="{n}" s="1" customFormat="1"/>' for n in range(ROWS + 2, last + 1))
    yield book("大量空行", SAME, edited(SHEET, (end, formatted + end)))
    cells = "".join(
        f'<row r="{n}"><c r="A{n}" s="1"/></row>' for n in range(ROWS + 2, 300_000 if slow else 50_000)
    )
    yield book("大量空单元格", SAME, edited(SHEET, (end, cells + end)))
    for ref in ("A1048577", "XFE9", "A0", "AAAA9", "A-1", "A99999999999", "一9"):
        row = re.sub("[^0-9]", "", ref) or "9"
        bad = f'<row r="{row}"><c r="{ref}" t="str"><v>x</v></c></row>'
        yield book(f"位置{ref}", REJECTED, edited(SHEET, (end, bad + end)))
    merge = '</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    yield book("整表合并", FINDING, edited(SHEET, (end, merge)), code="S07")
    link = '</sheetData><hyperlinks><hyperlink ref="A1:XFD1048576" r:id="r9"/></hyperlinks>'
    target = (
        f'<Relationships xmlns="{PACKAGE_REL}"><Relationship Id="r9" Type="{REL}/hyperlink" '
        'Target="file:///c:/a.exe" TargetMode="External"/></Relationships>'
    ).encode()
    parts = good_parts() | {"xl/worksheets/_rels/sheet1.xml.rels": target}
    parts[SHEET] = parts[SHEET].replace(end.encode(), link.encode())
    yield book("整表链接", SAME, pack(parts))
    checks = '</sheetData><conditionalFormatting sqref="A1:XFD1048576"><cfRule type="expression" priority="1"><formula>TRUE</formula></cfRule></conditionalFormatting>'  # noqa: E501
    yield book("整表条件格式", SAME, edited(SHEET, (end, checks)))
    for number, ref in enumerate(("A1", "A1:XFD1048576", "A1:A2", "乱写", "")):
        yield book(f"范围{number}", SAME, edited(SHEET, (f'ref="A1:S{ROWS + 1}"', f'ref="{ref}"')))
    yield from _shared_strings()
    yield from _structure()
    yield from _writings()


def _shared_strings() -> Iterator[Hostile]:
    first = '<c r="B2" t="s"><v>'
    at = good_parts()[SHEET].decode().partition(first)[2].partition("<")[0]
    for index in ("-1", "文本", "99999", "1.5", "1e0", "4294967295", "0x1", "１"):
        yield book(f"文本号{index}", REJECTED, edited(SHEET, (f"{first}{at}<", f"{first}{index}<")), "B2")
    yield book("文本号带空格", SAME, edited(SHEET, (f"{first}{at}<", f"{first} {at} <")))
    for claim in ("4294967295", "0", "乱写"):
        yield book(f"文本数{claim}", SAME, _claimed(claim))


def _claimed(count: str) -> bytes:
    parts = good_parts()
    text = re.sub('uniqueCount="[0-9]+"', f'uniqueCount="{count}"', parts[STRINGS].decode())
    return pack(parts | {STRINGS: text.encode()})


def _structure() -> Iterator[Hostile]:
    for name, says in (
        (SHEET, "不在里面"),
        (STYLES, ""),
        (STRINGS, ""),
        (WORKBOOK, ""),
        (LINKS, ""),
        ("_rels/.rels", ""),
    ):
        yield book(f"缺{name.replace('/', '_')}", REJECTED, without(name), says)
    second = '<sheet name="第二张" sheetId="2" r:id="r8"/></sheets>'
    yield book("缺第二张表", REJECTED, edited(WORKBOOK, ("</sheets>", second)), "第二张")
    yield book("样式号越界", REJECTED, edited(SHEET, (' s="1"', ' s="77"')))
    doubled = '<c r="B2" t="str"><v>另一个</v></c><c r="C2"'
    yield book("单元格两次", REJECTED, edited(SHEET, ('<c r="C2"', doubled)), "B2")
    again = '<row r="2"><c r="B2" t="str"><v>另一行</v></c></row></sheetData>'
    yield book("行两次", REJECTED, edited(SHEET, ("</sheetData>", again)))
    for label, name in (("", SHEET), ("大小写", SHEET.upper()), ("反斜杠", SHEET.replace("/", "\\"))):
        out = io.BytesIO(good())
        with zipfile.ZipFile(out, "a") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            info = zipfile.ZipInfo("x", (2024, 1, 1, 0, 0, 0))
            info.filename = name
            archive.writestr(info, good_parts()[SHEET].replace(b"36501", b"99999"))
        yield book(f"成员两次{label}", REJECTED, out.getvalue(), "同名")
    yield book("隐藏的首表", SAME, _hidden_first())
    yield book("1904", SAME, pack(good_parts(date1904=True)))
    many = "".join(f'<sheet name="s{n}" sheetId="{n + 2}" r:id="r1"/>' for n in range(5000))
    yield book("五千张表", REJECTED, edited(WORKBOOK, ("</sheets>", f"{many}</sheets>")))
    yield book("没有表", REJECTED, edited(WORKBOOK, ('<sheet name="资源清单" sheetId="1" r:id="r1"/>', "")))
    yield book("标签不闭合", REJECTED, edited(SHEET, ("</row></sheetData>", "</sheetData>")))
    yield book(
        "非UTF8",
        REJECTED,
        with_part(STRINGS, good_parts()[STRINGS].replace("测试".encode(), "测试".encode("gbk"))),
    )
    yield book("控制字符", REJECTED, with_part(STRINGS, good_parts()[STRINGS].replace(b"A03", b"A\x0003")))
    yield book(
        "嵌套过深", REJECTED, edited(SHEET, ("</sheetData>", "</sheetData>" + "<a>" * 5000 + "</a>" * 5000))
    )


def _hidden_first() -> bytes:
    parts = good_parts()
    hidden = '<sheets><sheet name="旧清单" sheetId="9" state="hidden" r:id="r9"/>'
    parts[WORKBOOK] = parts[WORKBOOK].replace(b"<sheets>", hidden.encode())
    link = f'<Relationship Id="r9" Type="{REL}/worksheet" Target="worksheets/sheet9.xml"/></Relationships>'
    parts[LINKS] = parts[LINKS].replace(b"</Relationships>", link.encode())
    parts["xl/worksheets/sheet9.xml"] = parts[SHEET].replace(b"36501", b"1")
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"</Types>",
        b'<Override PartName="/xl/worksheets/sheet9.xml" ContentType="application/vnd.openxmlformats-'
        b'officedocument.spreadsheetml.worksheet+xml"/></Types>',
    )
    return pack(parts)


def _writings() -> Iterator[Hostile]:
    """The same values in unusual XML."""
    parts = good_parts()
    text = {name: data.decode() for name, data in parts.items()}
    declared = '<?xml version="1.0" encoding="UTF-16"?>'
    for label, names in (("表", (SHEET,)), ("文本", (STRINGS,)), ("全部", tuple(parts))):
        for codec in ("utf-16", "utf-16-be"):
            mark = "\ufeff" if codec == "utf-16-be" else ""
            wide = {name: (mark + declared + text[name]).encode(codec) for name in names}
            yield book(f"UTF16{label}{codec[6:]}", SAME, pack(parts | wide))
    strict = {name: body.replace(NS, STRICT).replace(REL, STRICT_REL).encode() for name, body in text.items()}
    yield book("严格格式", SAME, pack(strict))
    prefixed = re.sub(r"<(/?)([a-zA-Z])", r"<\1x:\2", text[SHEET]).replace(f'xmlns="{NS}"', f'xmlns:x="{NS}"')
    yield book("前缀", SAME, with_part(SHEET, prefixed.encode()))
    lines = re.findall("<row.*?</row>", text[SHEET])
    turned = text[SHEET].replace("".join(lines), "".join(reversed(lines)))
    yield book("行倒序", SAME, with_part(SHEET, turned.encode()))
    cells = re.findall("<c .*?</c>", lines[2])
    yield book("格倒序", SAME, edited(SHEET, ("".join(cells), "".join(reversed(cells)))))
    comment = text[SHEET].replace(
        '<row r="3">', '<!-- <row r="3"><c r="B3"><v>9</v></c></row> --><row r="3">'
    )
    yield book("注释里有行", SAME, with_part(SHEET, comment.encode()))
    cdata = text[STRINGS].replace("<t>A03</t>", "<t><![CDATA[A03]]></t>")
    yield book("CDATA", SAME, with_part(STRINGS, cdata.encode()))
    single = text[SHEET].replace('"', "'")
    yield book("单引号", SAME, with_part(SHEET, single.encode()))
    bare = re.sub(' r="[A-S]?1"', "", text[SHEET])
    yield book("首行无编号", SAME, with_part(SHEET, bare.encode()))
    yield book("反斜杠路径", SAME, pack({name.replace("/", "\\"): data for name, data in parts.items()}))
    yield book("绝对目标", SAME, edited(LINKS, ('Target="worksheets', 'Target="/xl/worksheets')))
    told = '<?xml version="1.0" encoding="GBK"?>'
    passing = text[STRINGS].replace("测试课程", "联通")
    yield book("声明GBK", REJECTED, with_part(STRINGS, (told + passing).encode("gbk")))
    yield book(
        "声明拉丁", REJECTED, with_part(STRINGS, (told.replace("GBK", "ISO-8859-1") + text[STRINGS]).encode())
    )
    yield book("全部存储", SAME, pack(parts, zipfile.ZIP_STORED))
    yield book("前有垃圾", EITHER, b"MZ" + bytes(100) + good())
    yield book("后有垃圾", EITHER, good() + bytes(300))
    yield book(
        "目标在外",
        REJECTED,
        edited(LINKS, ('Target="worksheets/sheet1.xml"', 'Target="../../../../etc/passwd"')),
    )
    outside = ('Target="worksheets/sheet1.xml"', 'Target="http://127.0.0.1:9/a.xml" TargetMode="External"')
    yield book("目标是网址", REJECTED, edited(LINKS, outside))


# --- 7: what acts


def active() -> Iterator[Hostile]:
    parts = good_parts()
    yield Hostile("宏改名", FINDING, {BOOK: with_macros(parts)}, code="F07", says="宏", left_out="宏")
    yield Hostile(
        "外部链接", FINDING, {BOOK: with_external(parts)}, code="F07", says="外部链接", left_out="外部链接"
    )
    yield Hostile("DDE", FINDING, {BOOK: with_dde(parts)}, code="F07", says="外部链接", left_out="外部链接")
    yield Hostile(
        "网页查询", FINDING, {BOOK: with_query(parts)}, code="F07", says="数据连接", left_out="数据连接"
    )
    formula = '<c r="A3" t="str"><f>cmd|\'/C calc\'!A0</f><v>1</v></c><c r="B3"'
    yield Hostile(
        "DDE公式",
        FINDING,
        {BOOK: spoilt(edited(SHEET, ('<c r="B3"', formula)))},
        code="F07",
        left_out="外部链接",
    )
    sealed = ole({"EncryptedPackage": b"x" * 5000, "EncryptionInfo": b"\4\0\4\0" + bytes(60)})
    yield book("加密", REJECTED, sealed, "密码")
    locked = raw_zip([(n, d, len(d), zlib.crc32(d), 0, 1) for n, d in parts.items()])
    yield book("成员加密", REJECTED, locked, "密码")
    yield Hostile(
        "嵌入对象", FINDING, {BOOK: spoilt(pack(with_object(parts)))}, code="F07", left_out="嵌入对象"
    )


def spoilt(data: bytes) -> bytes:
    """With one wrong cell, so that the workbook goes back."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    first = re.compile(rb'(<c r="C2" t="s"><v>)[0-9]+')
    parts[SHEET] = first.sub(rb"\g<1>0", parts[SHEET])
    return pack(parts)


def linked(parts: Parts, type_: str, target: str, data: bytes, kind: str) -> Parts:
    """A part hung under the workbook."""
    relation = f'<Relationship Id="z1" Type="{type_}" Target="{target}"/></Relationships>'.encode()
    override = f'<Override PartName="/xl/{target}" ContentType="{kind}"/></Types>'.encode()
    return parts | {
        LINKS: parts[LINKS].replace(b"</Relationships>", relation),
        "[Content_Types].xml": parts["[Content_Types].xml"].replace(b"</Types>", override),
        f"xl/{target}": data,
    }


def with_macros(parts: Parts) -> bytes:
    types = parts["[Content_Types].xml"].replace(
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )
    vba = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
    return spoilt(
        pack(
            linked(
                parts | {"[Content_Types].xml": types},
                vba,
                "vbaProject.bin",
                ole({"VBA": b"x"}),
                "application/vnd.ms-office.vbaProject",
            )
        )
    )


_EXTERNAL = "application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml"


def with_external(parts: Parts) -> bytes:
    body = f'<externalLink xmlns="{NS}" xmlns:r="{REL}"><externalBook r:id="r1"/></externalLink>'.encode()
    made = linked(parts, f"{REL}/externalLink", "externalLinks/externalLink1.xml", body, _EXTERNAL)
    made["xl/externalLinks/_rels/externalLink1.xml.rels"] = (
        f'<Relationships xmlns="{PACKAGE_REL}"><Relationship Id="r1" Type="{REL}/externalLinkPath" '
        'Target="file:///\\\\10.0.0.1\\a\\b.xlsx" TargetMode="External"/></Relationships>'
    ).encode()
    made[WORKBOOK] = made[WORKBOOK].replace(
        b"</sheets>", b'</sheets><externalReferences><externalReference r:id="z1"/></externalReferences>'
    )
    made[SHEET] = made[SHEET].replace(
        b'<c r="B3"', b'<c r="A3" t="str"><f>[1]Sheet1!A1</f><v>7</v></c><c r="B3"'
    )
    return spoilt(pack(made))


def with_dde(parts: Parts) -> bytes:
    body = (
        f'<externalLink xmlns="{NS}"><ddeLink ddeService="cmd" ddeTopic="/C calc"/></externalLink>'.encode()
    )
    made = linked(parts, f"{REL}/externalLink", "externalLinks/externalLink1.xml", body, _EXTERNAL)
    return spoilt(pack(made))


def with_query(parts: Parts) -> bytes:
    body = (
        f'<connections xmlns="{NS}"><connection id="1" name="q" type="4" refreshedVersion="6">'
        '<webPr url="http://127.0.0.1:9/a.htm"/></connection></connections>'
    ).encode()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.connections+xml"
    return spoilt(pack(linked(parts, f"{REL}/connections", "connections.xml", body, kind)))


def with_object(parts: Parts) -> Parts:
    made = dict(parts)
    made["xl/worksheets/_rels/sheet1.xml.rels"] = (
        f'<Relationships xmlns="{PACKAGE_REL}"><Relationship Id="r1" Type="{REL}/oleObject" '
        'Target="../embeddings/oleObject1.bin"/></Relationships>'
    ).encode()
    made["xl/embeddings/oleObject1.bin"] = ole({"\x01Ole10Native": b"MZ" * 50})
    made[SHEET] = made[SHEET].replace(
        b"</worksheet>",
        b'<oleObjects><oleObject progId="Package" shapeId="1025" r:id="r1"/></oleObjects></worksheet>',
    )
    made["[Content_Types].xml"] = made["[Content_Types].xml"].replace(
        b"</Types>",
        b'<Default Extension="bin" ContentType="application/vnd.openxmlformats-officedocument.oleObject"/>'
        b"</Types>",
    )
    return made


# --- 8, 9: other things under the name


def disguises() -> Iterator[Hostile]:
    html = (
        "<html><head><title>登录</title></head><body><table><tr><td>资源名称</td></tr></table></body></html>"
    )
    login = '<!DOCTYPE html>\n<html><body><form action="/login"><input name="password"></form></body></html>'
    csv = ",".join(NAMES) + "\n" + ",".join(good_records()[0].get(name, "") for name in NAMES) + "\n"
    xml2003 = (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>'
    )
    mht = "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=a\n\n--a\n"
    word = pack({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<a/>"})
    for name, data, says in (
        ("csv", csv.encode(), "纯文本"),
        ("csv_gbk", csv.encode("gb18030"), "纯文本"),
        ("网页", html.encode(), "网页"),
        ("登录页", login.encode(), "网页"),
        ("网页gbk", html.encode("gbk"), "网页"),
        ("mht", mht.encode(), "网页归档"),
        ("xml2003", xml2003.encode(), "2003"),
        ("json", b'{"code": 401, "msg": "login"}', "纯文本"),
        ("pdf", b"%PDF-1.7\n" + bytes(range(256)), "PDF"),
        ("rar", b"Rar!\x1a\x07\x01\x00" + bytes(100), "RAR"),
        ("7z", b"7z\xbc\xaf\x27\x1c" + bytes(100), "7z"),
        ("gz", b"\x1f\x8b\x08\x00" + bytes(100), "GZ"),
        ("exe", b"MZ\x90\x00" + bytes(300), "程序"),
        ("png", b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG"),
        ("mp4", b"\0\0\0\x20ftypisom" + bytes(100), "MP4"),
        ("docx", word, "Word"),
        ("pptx", pack({"[Content_Types].xml": b"<Types/>", "ppt/presentation.xml": b"<a/>"}), "演示"),
        ("xlsb", pack({"[Content_Types].xml": b"<Types/>", "xl/workbook.bin": b"a"}), "XLSB"),
        ("zip", pack({"a.txt": b"a"}), "压缩包"),
        ("空zip", b"PK\x05\x06" + bytes(18), "空的压缩包"),
        ("doc", ole({"WordDocument": b"x"}), "Word"),
        ("ppt", ole({"PowerPoint Document": b"x"}), "演示"),
        ("全零", bytes(65536), "空白字节"),
        ("乱码", bytes(random.Random(3).randbytes(5000)), ""),
        ("零字节", b"", "空的"),
    ):
        yield book(f"改名{name}", REJECTED, data, says)
    yield book("xls改名", REJECTED, xls_bytes(), "表头", code="F01b")
    yield book("只有表头", FINDING, pack(good_parts(records=[{}])), code="F08")
    header = re.sub('<row r="[2-9]".*?</row>', "", good_parts()[SHEET].decode())
    yield book("零行", FINDING, with_part(SHEET, header.encode()), code="F08")
    none = re.sub("<sheetData>.*</sheetData>", "<sheetData/>", good_parts()[SHEET].decode())
    yield book("空表", REJECTED, with_part(SHEET, none.encode()), "表头", code="F01b")
    yield Hostile("真ods", FINDING, {"资源清单.ods": ods()}, code="F02b", says="ods")
    yield Hostile("ods改名", FINDING, {BOOK: ods()}, code="F02", says="ods")
    bomb_ods = ods(b'<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
                   b'table:number-columns-repeated="16384" office:value-type="string"><text:p>x</text:p>'
                   b"</table:table-cell></table:table-row>")  # fmt: skip
    yield Hostile("ods重复炸弹", REJECTED, {"资源清单.ods": bomb_ods}, code="F01", says="过多")
    yield Hostile("csv引号", REJECTED, {"资源清单.csv": (csv + '"没有结束\n' * 3).encode()}, code="F01")
    yield Hostile("csv零字节", REJECTED, {"资源清单.csv": b"a,b\0c\n" * 20}, code="F01")
    yield Hostile(
        "csv长格", FINDING, {"资源清单.csv": (csv.replace("测试课程", "长" * 100_000)).encode()}, code="F02b"
    )


def xls_bytes() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return xls(Path(folder) / "a.xls").read_bytes()


def ods(extra: bytes = b"") -> bytes:
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    lines = [dict(zip(NAMES, NAMES, strict=True)), *good_records()]
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(line.get(n, ""))}</text:p>'
            "</table:table-cell>"
            for n in NAMES
        )
        + "</table:table-row>"
        for line in lines
    )
    content = (
        f"<office:document-content {spaces}><office:body><office:spreadsheet>"
        f'<table:table table:name="资源清单">{rows}{extra.decode()}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    return pack({"mimetype": kind, "content.xml": content.encode()})


# --- 11: left behind


def leftovers() -> Iterator[Hostile]:
    names = (
        "~$资源清单.xlsx",
        ".~lock.资源清单.xlsx#",
        ".DS_Store",
        "._资源清单.xlsx",
        "资源清单.xlsx.crdownload",
    )
    for number, name in enumerate(names):
        yield Hostile(f"遗留{number}", IGNORED, {BOOK: good(), name: b"junk"})


# --- 12, 13: names in cells


def row_of(**values: str) -> bytes:
    """A workbook of one resource whose fields are given."""
    return pack(good_parts(records=[row_values(1) | values]))


PATHS = (
    "../../外面/秘密.mp4", "..\\..\\外面\\秘密.mp4", "/etc/passwd", "/dev/zero.mp4", "C:\\Windows\\win.ini",
    "C:a.mp4", "\\\\10.0.0.1\\共享\\a.mp4", "\\\\?\\C:\\a.mp4", "\\\\.\\pipe\\a.mp4", "CON", "NUL.mp4",
    "a.mp4:ads", "a.mp4.", "a.mp4 .", "a/" * 2000 + "b.mp4", "长" * 300 + ".mp4", "http://127.0.0.1:9/a.mp4",
    "file:///etc/passwd", "~/a.mp4", "~root/a.mp4", "./../../外面/秘密.mp4", "子/../../外面/秘密.mp4",
    "%2e%2e/秘密.mp4", "．．/秘密.mp4", "..", ".", "/", "*.mp4", "$(id).mp4", "a\u202e4pm.exe", "\ud7ff.mp4",
    "-rf.mp4", "|id.mp4", "concat:a.mp4|b.mp4", "a_x0000_.mp4", "资源清单.xlsx",
)  # fmt: skip


def paths() -> Iterator[Hostile]:
    """A row for each text, once as the resource's file and once as its cover."""
    films = [
        row_values(n) | {"资源名称": f"第{n}部", "资源类型": "A01", "资源文件": text}
        for n, text in enumerate(PATHS)
    ]
    covers = [
        row_values(n) | {"资源名称": f"第{n}门", "资源封面": text.replace(".mp4", ".jpg")}
        for n, text in enumerate(PATHS)
    ]
    for name, field, records in (("路径文件", "资源文件", films), ("路径封面", "资源封面", covers)):
        records = [{key: stored(text) for key, text in record.items()} for record in records]
        yield Hostile(name, FINDING, {BOOK: pack(good_parts(records=records))}, field=field)


def spellings() -> Iterator[Hostile]:
    for label, on_disk, named in (
        ("NFD", "e\u0301.mp4", "\u00e9.mp4"), ("NFC", "\u00e9.mp4", "e\u0301.mp4"),
        ("全角", "第1讲.mp4", "第１讲.mp4"), ("大小写", "Lesson.MP4", "lesson.mp4"),
    ):  # fmt: skip
        files = {BOOK: row_of(资源类型="A01", 资源文件=named), on_disk: film()}
        yield Hostile(f"写法{label}", FINDING, files, field="资源文件", code="M04")


# --- 14, 15: archives


def archives() -> Iterator[Hostile]:
    def zipped(name: str, entries: list[tuple[str, bytes]], mode: int = 0, **more: str) -> Hostile:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, data in entries:
                info = zipfile.ZipInfo("x", (2024, 1, 1, 0, 0, 0))
                info.filename = path
                info.external_attr = (mode if path != BOOK else 0) << 16
                archive.writestr(info, data)
        return Hostile(name, FINDING, {"": out.getvalue()}, archive=True, **{"code": "F10"} | more)

    whole = (BOOK, good())
    yield zipped("包穿越", [whole, ("../../外面/写出.txt", b"x")], says="之外")
    yield zipped("包穿越反斜杠", [whole, ("..\\..\\写出.txt", b"x")], says="之外")
    yield zipped("包绝对", [whole, ("/tmp/写出.txt", b"x")], says="相对路径")
    yield zipped("包盘符", [whole, ("C:\\写出.txt", b"x")], says="相对路径")
    yield zipped("包链接", [whole, ("链接.mp4", b"/etc/passwd")], mode=0o120777, says="链接")
    yield zipped("包嵌套", [whole, ("里面.zip", pack({"a.txt": b"x"}))], says="压缩包里的压缩包")
    yield zipped("包保留名", [whole, ("CON.mp4", b"x")], says="保留")
    bomb_zip = raw_zip([(BOOK, *_stored(good())), ("a.mp4", *deflated(iter([bytes(1 << 20)] * 65)), 8, 0)])
    yield Hostile("包炸弹", REJECTED, {"": bomb_zip}, code="F01", says="悬殊", archive=True)
    yield Hostile("包重叠", REJECTED, {"": overlapping(500)}, code="F01", says="重叠", archive=True)
    yield Hostile("包截断", REJECTED, {"": pack({BOOK: good()})[:-30]}, code="F01", archive=True)
    yield Hostile("包非包", REJECTED, {"": b"Rar!\x1a\x07\x00" + bytes(50)}, code="F01", archive=True)
    sealed = raw_zip([(BOOK, *_stored(good())), ("密.mp4", b"x" * 40, 20, 1, 0, 1)])
    yield Hostile("包加密", FINDING, {"": sealed}, code="F10", says="密码", archive=True)
    gbk = pack({"abcd.xlsx": good()}).replace(b"abcd.xlsx", "清单".encode("gbk") + b".xlsx")
    yield Hostile("包GBK", SAME, {"": gbk}, archive=True)


# --- 16–19: texts

TEXTS = {
    "公式": "=cmd|'/C calc'!A0",
    "超链接公式": '=HYPERLINK("http://127.0.0.1:9/","点")',
    "加号": "+1+1",
    "减号": "-2+3",
    "艾特": "@SUM(A1)",
    "制表": "\t=1+1",
    "脚本": '<script>alert(1)</script><img src=x onerror="alert(1)">',
    "伪链接": "javascript:alert(1)",
    "模板": "{{7*7}}{% import os %}{{ config }}",
    "控制": "甲\x0b乙\x00丙\ufffe丁",
    "转义": "甲_x000B_乙_xD800_丙_x0000_",
    "替代": "甲\U0001f600乙\u202e丙\ufeff",
    "超长": "长" * 100_000,
    "目录炸弹": '<!DOCTYPE a [<!ENTITY b "' + "c" * 99 + '">]><a>&b;</a>',
    "引号": "\"'`;--</td>]]>\r\n,",
    "数字": "9" * 400,
    "指数": "1e999999",
    "负": "-0",
    "阿拉伯数字": "٣٤٥:٠٠",
    "正则": "a" * 5000 + "!",
    "星号": "（" * 3000,
}


def texts(names: tuple[str, ...]) -> Iterator[Hostile]:
    """Each text in every column; a row per column, the others right."""
    for label in names:
        text = re.sub(
            "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", lambda m: f"_x{ord(m[0]):04X}_", TEXTS[label]
        )
        records = [row_values(number) | {name: text} for number, name in enumerate(NAMES, 1)]
        yield Hostile(f"文字{label}", FINDING, {BOOK: pack(good_parts(records=records))})


# --- 23, 24: covers and media


def picture(width: int = 64, height: int = 36, **options: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(out, "JPEG", **options)
    return out.getvalue()


def claiming(width: int, height: int) -> bytes:
    """A small picture whose header (SOF) claims another size."""
    data = bytearray(picture())
    at = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, at + 5, height, width)
    return bytes(data)


def scans(count: int) -> bytes:
    """A progressive picture whose last scan is repeated."""
    data = picture(1600, 1200, progressive=True)
    at = data.rindex(b"\xff\xda")
    return data[:at] + data[at:-2] * count + b"\xff\xd9"


def covers(*, slow: bool = False) -> Iterator[Hostile]:
    sound = picture(1280, 720)
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\n"
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    made = {
        "炸弹": claiming(13000, 13000),
        "炸弹二": claiming(9400, 9400),
        "炸弹三": claiming(65500, 65500),
        "截断": sound[: len(sound) // 2],
        "截断尾": sound[:-200],
        "EPS": eps,
        "SVG": svg,
        "PNG": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "空": b"",
        "全零": bytes(5000),
        "只有头": sound[:30],
        "EXIF坏": sound[:2] + b"\xff\xe1\x00\x10Exif\0\0" + b"\xff" * 8 + sound[2:600],
    }
    for label, data in made.items():
        files = {BOOK: row_of(资源封面="fm001.jpg"), "fm001.jpg": data}
        yield Hostile(f"封面{label}", FINDING, files, field="资源封面")
    files = {BOOK: row_of(资源封面="fm001.jpg"), "fm001.jpg": scans(4000 if slow else 20)}
    yield Hostile("封面多遍", FINDING, files, says="遍数过多" if slow else "")


@cache
def film() -> bytes:
    return _made(lambda path: make_video(path, width=320, height=180, seconds=2, bitrate=500_000), "a.mp4")


@cache
def sound() -> bytes:
    return _made(lambda path: make_audio(path, seconds=10), "a.mp3")


def _made(make: Callable[[Path], None], name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder) / name)
        return (Path(folder) / name).read_bytes()


def films() -> Iterator[Hostile]:
    whole, tone = film(), sound()
    fuzzed = bytearray(whole)
    dice = random.Random(5)
    for _ in range(200):
        fuzzed[dice.randrange(len(fuzzed))] = dice.randrange(256)
    hls = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n%s\n#EXT-X-ENDLIST\n"
    dash = (
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet>'
        b"<Representation><BaseURL>http://127.0.0.1:9/a.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>"
    )
    moov = whole.index(b"moov") - 4
    made = {
        "截断半": whole[: len(whole) // 2],
        "截断尾": whole[:-1000],
        "截断头": whole[:40],
        "乱改": bytes(fuzzed),
        "全零": bytes(1 << 20),
        "空": b"",
        "音频改名": tone,
        "图片改名": picture(),
        "程序改名": b"MZ" + bytes(5000),
        "文档改名": good(),
        "播放列表本地": hls % b"/etc/passwd",
        "播放列表网址": hls % b"http://127.0.0.1:9/a.ts",
        "播放列表同伴": hls % b"fm001.jpg",
        "清单DASH": dash,
        "网页": b"<!DOCTYPE html><html><body>404</body></html>",
        "无索引": whole[:moov] + whole[moov:].replace(b"moov", b"free"),
        "盒长零": whole[:moov] + struct.pack(">I", 0) + whole[moov + 4 :],
        "盒长一": whole[:moov] + struct.pack(">I", 1) + whole[moov + 4 :],
        "盒长巨大": whole[:moov] + struct.pack(">I", 0x7FFFFFFF) + whole[moov + 4 :],
        "数据全零": whole[: (mdat := whole.index(b"mdat") + 4)] + bytes(len(whole) - mdat),
        "后半全零": whole[: len(whole) * 3 // 5] + bytes(len(whole) * 2 // 5),
        "盒极多": whole[:32] + b"\0\0\0\x08free" * 300_000,
    }
    broken = {"截断半", "截断尾", "截断头", "无索引", "数据全零", "后半全零", "盒极多", "盒长巨大"}
    for label, data in made.items():
        files = {BOOK: row_of(资源类型="A01", 资源文件="课程.mp4"), "课程.mp4": data}
        code = "M13" if label in broken else ""
        yield Hostile(f"视频{label}", FINDING, files, code=code, field="资源文件")
    for label, data in (
        ("截断", tone[: len(tone) // 2]),
        ("后半全零", tone[: len(tone) // 2] + bytes(len(tone) // 2)),
        ("视频改名", whole),
        ("全零", bytes(1 << 20)),
        ("只有标签", b"ID3\x03\0\0\x7f\x7f\x7f\x7f"),
        ("播放列表", b"[playlist]\nFile1=http://127.0.0.1:9/a.mp3\n"),
        ("标签坏", b"ID3\x03\0\0\0\0\x01\0" + b"\xff" * 128 + tone[:500]),
    ):
        files = {BOOK: row_of(资源类型="A02", 资源文件="课程.mp3", 资源时长="00:00:59"), "课程.mp3": data}
        yield Hostile(f"音频{label}", FINDING, files, field="资源文件")


# --- 33: rivals


def rivals() -> Iterator[Hostile]:
    other = pack(good_parts(records=[row_values(n) | {"点击量": "7"} for n in range(1, ROWS + 1)]))
    yield Hostile("同一文件两名", SAME, {BOOK: good(), "b/副本.xlsx": good()}, code="F05")
    yield Hostile("两份不同", FINDING, {BOOK: good(), "资源清单2.xlsx": other}, code="F04")
    yield Hostile("一好一坏", SAME, {BOOK: good(), "旧.xlsx": good()[:2000]}, code="F01")


def unmarkable() -> Iterator[Hostile]:
    """Fine to read, not to be marked in place: no room for a column at the right."""
    far = '<c r="XFD1" t="str"><v>末列</v></c></row><row r="2">'
    yield book("不能标注", FINDING, spoilt(edited(SHEET, ('</row><row r="2">', far))), code="S06")


# --- what may be in no workbook that goes out

_ACTING = re.compile("vbaproject|externallink|connections|querytable|activex|ctrlprop|macrosheet|customui")


def what_acts(package: bytes) -> list[str]:
    """The parts and relations of a workbook that could act when it is opened; formulas are not counted."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        names = archive.namelist()
        relations = b"".join(archive.read(name) for name in names if name.endswith(".rels"))
    acting = [name for name in names if _ACTING.search(name.lower())]
    outside = re.findall(rb"<[^>]*External[^>]*>", relations)
    return acting + [each.decode("utf-8", "replace") for each in outside if b"/hyperlink" not in each]


def selection() -> list[Hostile]:
    """A variant or more of every fault, for every test run."""
    return [
        *cuts(18), *flips(12), *lost(6), *bombs(9), *entities(USED_PARTS, ("连环",)),
        *entities((SHEET, "docProps/app.xml"), ("平方", "外部实体", "外部DTD", "参数实体")),
        *sheets(), *active(), *disguises(), *leftovers(), *paths(), *spellings(), *archives(),
        *texts(tuple(TEXTS)), *covers(), *films(), *rivals(), *unmarkable(),
    ]  # fmt: skip


def sweep() -> list[Hostile]:
    """What only the long run tries."""
    known = {each.name for each in selection()}
    everything = [
        *cuts(90), *flips(200), *lost(20), *bombs(200), *covers(slow=True), *sheets(slow=True),
        *entities((*USED_PARTS, "docProps/app.xml", "xl/theme/theme1.xml"), tuple(DOCTYPES)),
    ]  # fmt: skip
    more = [
        each
        for each in everything
        if each.name not in known or each.name.startswith(("截断", "炸弹", "封面多遍", "大量"))
    ]
    return list({each.name: each for each in more}.values())
