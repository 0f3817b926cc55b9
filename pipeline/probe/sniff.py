"""What a file really is, told by its bytes and never by its name.

Only what this finds to be media is ever handed to libmediainfo: a playlist or manifest under
a media name makes that library open whatever file or address is written inside.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from pipeline.probe.frames import find_frame, id3_size

HEAD_BYTES = 64 * 1024

LABELS: dict[str, str] = {
    "empty": "空文件",
    "mp4": "MP4",
    "m4a": "M4A 音频",
    "mov": "QuickTime（MOV）",
    "3gp": "3GP",
    "mkv": "MKV",
    "webm": "WebM",
    "avi": "AVI",
    "flv": "FLV",
    "wmv": "WMV/WMA",
    "mpeg": "MPEG 节目流",
    "ts": "MPEG 传输流（TS）",
    "rm": "RM/RMVB",
    "mp3": "MP3",
    "mp2": "MP2",
    "aac": "AAC（ADTS）",
    "ac3": "AC-3",
    "wav": "WAV",
    "flac": "FLAC",
    "ogg": "OGG",
    "ape": "APE",
    "amr": "AMR",
    "aiff": "AIFF",
    "midi": "MIDI",
    "jpeg": "JPG 图片",
    "png": "PNG 图片",
    "gif": "GIF 图片",
    "webp": "WebP 图片",
    "bmp": "BMP 图片",
    "heic": "HEIC 图片",
    "avif": "AVIF 图片",
    "tiff": "TIFF 图片",
    "psd": "PSD 图片",
    "svg": "SVG 图片",
    "eps": "EPS/PS 文件",
    "pdf": "PDF",
    "docx": "Word 文档（docx）",
    "xlsx": "Excel 工作簿（xlsx）",
    "pptx": "PPT 演示文稿（pptx）",
    "office": "旧版 Office 文档（doc、xls 或 ppt）",
    "zip": "ZIP 压缩包",
    "rar": "RAR 压缩包",
    "7z": "7Z 压缩包",
    "gzip": "GZ 压缩包",
    "exe": "Windows 程序",
    "html": "网页",
    "playlist": "播放列表",
    "xml": "XML 文件",
    "rtf": "RTF 文档",
    "text": "纯文本",
    "unknown": "无法识别的格式",
}
"""Every value that `sniff` returns, as a user reads it."""

MEDIA = frozenset(
    (
        "mp4",
        "m4a",
        "mov",
        "3gp",
        "mkv",
        "webm",
        "avi",
        "flv",
        "wmv",
        "mpeg",
        "ts",
        "rm",
        "mp3",
        "mp2",
        "aac",
        "ac3",
        "wav",
        "flac",
        "ogg",
        "ape",
        "amr",
        "aiff",
    )
)
"""The types that are video or sound."""

BOX_BASED = frozenset(("mp4", "m4a", "mov", "3gp"))
"""The types built of boxes (ISO/IEC 14496-12)."""

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"GIF8", "gif"),
    (0, b"II*\x00", "tiff"),
    (0, b"MM\x00*", "tiff"),
    (0, b"8BPS", "psd"),
    (0, b"%!PS", "eps"),
    (0, b"\xc5\xd0\xd3\xc6", "eps"),
    (0, b"%PDF-", "pdf"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office"),
    (0, b"Rar!\x1a\x07", "rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"\x1f\x8b\x08", "gzip"),
    (0, b"MZ", "exe"),
    (0, b"FLV\x01", "flv"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "wmv"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
    (0, b"\x00\x00\x01\xb3", "mpeg"),
    (0, b".RMF", "rm"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (0, b"MAC ", "ape"),
    (0, b"#!AMR", "amr"),
    (0, b"MThd", "midi"),
    (0, b"\x0b\x77", "ac3"),
    (0, b"{\\rtf", "rtf"),
    (8, b"AVI ", "avi"),
    (8, b"WAVE", "wav"),
    (8, b"WEBP", "webp"),
    (8, b"AIFF", "aiff"),
    (8, b"AIFC", "aiff"),
)
_CONTAINERS_AT_8 = (b"RIFF", b"RF64", b"FORM")

_FIRST_BOXES = frozenset((b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"))
_STILL_BRANDS = {
    b"heic": "heic",
    b"heix": "heic",
    b"mif1": "heic",
    b"msf1": "heic",
    b"avif": "avif",
    b"avis": "avif",
}
_OFFICE_PARTS = ((b"word/", "docx"), (b"xl/", "xlsx"), (b"ppt/", "pptx"))

_PLAYLIST = re.compile(
    rb"#EXTM3U|\[playlist\]|\[reference\]|<asx|(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<(mpd|smil|smoothstreamingmedia|playlist)\b",
    re.I | re.S,
)
_HTML = re.compile(rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def sniff(file: BinaryIO) -> str:
    """Return the real type of an open file, one of the keys of LABELS; the position is left anywhere.

    Reads 64 KB at most from the start, and as much again behind an ID3v2 tag. An encrypted
    or unheard-of format is `unknown`.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if not head:
        return "empty"
    return _by_signature(head) or _by_audio_frames(file, head) or _by_text(head) or "unknown"


def _by_signature(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    if head[4:8] in _FIRST_BOXES:
        return "mov"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "webm" if b"webm" in head[:64] else "mkv"
    if head[:4] == b"PK\x03\x04":
        return next((kind for part, kind in _OFFICE_PARTS if part in head[:4096]), "zip")
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return "bmp"
    if _is_transport_stream(head):
        return "ts"
    for offset, magic, kind in _SIGNATURES:
        if head.startswith(magic, offset) and (offset == 0 or head[:4] in _CONTAINERS_AT_8):
            return kind
    return "pdf" if b"%PDF-" in head[:1024] else ""


def _by_brand(head: bytes) -> str:
    """Tell an ISO file by its major brand; `qt  ` is QuickTime even under the name .mp4."""
    brand = head[8:12]
    if brand in _STILL_BRANDS:
        return _STILL_BRANDS[brand]
    if brand == b"qt  ":
        return "mov"
    if brand[:2] == b"3g":
        return "3gp"
    return "m4a" if brand in (b"M4A ", b"M4B ") else "mp4"


def _is_transport_stream(head: bytes) -> bool:
    """Sync bytes every 188 bytes, or every 192 with a time code of 4 in front (ISO/IEC 13818-1)."""
    return any(
        len(head) > start + 3 * step and all(head[start + step * packet] == 0x47 for packet in range(4))
        for start, step in ((0, 188), (4, 192))
    )


def _by_audio_frames(file: BinaryIO, head: bytes) -> str:
    """Two matching frame headers of MPEG audio or ADTS, behind an ID3v2 tag or some padding."""
    skipped = id3_size(head)
    if skipped:
        file.seek(skipped)
        head = file.read(HEAD_BYTES)
        inner = _by_signature(head)
        if inner:
            return inner
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac"
    frame = find_frame(head, 0, None)
    if frame is None:
        return "mp3" if skipped else ""
    return "mp3" if frame[1].layer == 3 else "mp2"


def _by_text(head: bytes) -> str:
    """Text kinds, in UTF-8, UTF-16 or a Chinese encoding."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        plain = head.decode("utf-16", "replace").encode("utf-8", "replace")
    else:
        plain = head.removeprefix(b"\xef\xbb\xbf")
    if _CONTROL.search(plain):
        return ""
    plain = plain.lstrip()
    if _PLAYLIST.match(plain):
        return "playlist"
    if _HTML.match(plain):
        return "html"
    if plain[:1] == b"<":
        return "svg" if b"<svg" in plain[:4096] else "xml"
    return "text" if _decodes(plain, "utf-8") or _decodes(plain, "gb18030") else ""


def _decodes(text: bytes, encoding: str) -> bool:
    """Whether text is in this encoding, but for a last character that may be cut."""
    try:
        text.decode(encoding)
    except UnicodeDecodeError as error:
        return len(text) - error.start < 4
    return True
