"""What a file really is, by its first bytes: names lie."""

from __future__ import annotations

import re

ZIP, OLE = "zip", "ole"
HTML = "网页（HTML）文件"
MHT = "网页归档（MHT）文件"
XML_2003 = "XML 电子表格 2003 文件"
XML = "XML 文件"
TEXT = "纯文本文件"
UNKNOWN = "无法识别的文件"
XLSB = "二进制工作簿（XLSB）"
OLD_EXCEL = "很旧的 Excel 文件"
ARCHIVE = "压缩包"
"""How the names of archives end."""

OPENED_AS_TABLES = frozenset({HTML, MHT, XML_2003, XML, TEXT, XLSB, OLD_EXCEL})
"""What else a spreadsheet program opens."""

HEAD = 4096
"""How many bytes of a file are needed."""

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", "空的压缩包"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"%PDF", "PDF 文件"),
    (b"Rar!\x1a\x07", "RAR 压缩包"),
    (b"7z\xbc\xaf\x27\x1c", "7z 压缩包"),
    (b"\x1f\x8b", "GZ 压缩包"),
    (b"MZ", "程序（EXE）文件"),
    (b"\x7fELF", "程序文件"),
    (b"\x89PNG", "PNG 图片"),
    (b"\xff\xd8\xff", "JPG 图片"),
    (b"GIF8", "GIF 图片"),
    (b"BM", "BMP 图片"),
    (b"II*\x00", "TIFF 图片"),
    (b"MM\x00*", "TIFF 图片"),
    (b"RIFF", "音视频文件"),
    (b"ID3", "MP3 音频"),
    (b"{\\rtf", "RTF 文档"),
    (b"\x09\x00\x04\x00", OLD_EXCEL),
    (b"\x09\x02\x06\x00", OLD_EXCEL),
    (b"\x09\x04\x06\x00", OLD_EXCEL),
)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|table|script|meta|div|title)\b", re.IGNORECASE)


def real_type(head: bytes) -> str:
    """ZIP, OLE, TEXT, UNKNOWN or the Chinese name of another type; head is the first HEAD bytes."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[4:8] == b"ftyp":
        return "MP4 视频"
    return _text_type(head)


def _text_type(head: bytes) -> str:
    text = _cut_text(head)
    if text is None:
        return UNKNOWN
    start = text.lstrip()[:2000]
    if start.lower().startswith(("mime-version:", "from: <")) or "\nmime-version:" in start.lower():
        return MHT
    if "urn:schemas-microsoft-com:office:spreadsheet" in start:
        return XML_2003
    if start.startswith("<?xml") and not _HTML.search(start):
        return XML
    return HTML if start.startswith("<") and _HTML.search(start) else TEXT


def _cut_text(head: bytes) -> str | None:
    """Text whose last character may be cut in two, None if there are bytes that no text has."""
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not wide and any(byte < 32 and byte not in b"\t\n\r\f\x1a" for byte in head):
        return None
    from pipeline.read.delimited import text_of

    for cut in range(4):
        text = text_of(head[: len(head) - cut])
        if text is not None:
            return text
    return None


def zip_type(names: frozenset[str], mimetype: str) -> str:
    """xlsx, ods, or the Chinese name of what else a zip file is; names are its parts in lower case."""
    if mimetype.startswith("application/vnd.oasis.opendocument.spreadsheet"):
        return "ods"
    if mimetype.startswith("application/vnd.oasis.opendocument"):
        return "OpenDocument 文档"
    if "xl/workbook.bin" in names:
        return XLSB
    for folder, name in (("word/", "Word 文档（DOCX）"), ("ppt/", "演示文稿（PPTX）")):
        if any(part.startswith(folder) for part in names):
            return name
    if "index/document.iwa" in names:
        return "苹果 Numbers 表格"
    return "xlsx" if "[content_types].xml" in names or "_rels/.rels" in names else "普通压缩包"


def ole_type(streams: frozenset[str]) -> str:
    """xls, encrypted, or the Chinese name of what else an OLE file is."""
    if "encryptedpackage" in streams:
        return "encrypted"
    if streams & {"workbook", "book"}:
        return "xls"
    if "worddocument" in streams:
        return "Word 文档（DOC）"
    return "演示文稿（PPT）" if "powerpoint document" in streams else "不是表格的 Office 文件"
