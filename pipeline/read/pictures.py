"""Pictures that WPS shows inside a cell: which file of the package one is, and how large.

The formula `=DISPIMG("ID_…",1)` names a picture of `xl/cellimages.xml`, a part that WPS alone writes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping

from pipeline.read.package import Package

CELL_IMAGES = "xl/cellimages.xml"
_NAME = re.compile(r'DISPIMG\("([^"]{1,80})"')
_JPEG_SIZE = re.compile(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf]..\x08(..)(..)", re.DOTALL)
_MOST_SEGMENTS = 200
_MOST_PICTURES = 5_000


def name_in(formula: str) -> str:
    """The name of the picture that a formula shows, "" if it names none."""
    found = _NAME.search(formula)
    return found[1] if found else ""


def cell_pictures(package: Package, targets: Mapping[str, str]) -> dict[str, str]:
    """Format and pixels (`JPG 640×360`) of the pictures inside cells, by name; raises Refused.

    targets: parts by relationship of `xl/cellimages.xml`. Formats other than JPG, PNG, GIF and BMP
    are left out, and so is what lies beyond the first 5,000.
    """
    if CELL_IMAGES not in package:
        return {}
    pictures: dict[str, str] = {}
    for picture in package.root(CELL_IMAGES).iterfind("{*}cellImage/{*}pic"):
        name = next((item.get("name", "") for item in picture.iter("{*}cNvPr")), "")
        blip = next(picture.iter("{*}blip"), None)
        relations = [] if blip is None else [v for key, v in blip.items() if str(key).endswith("}embed")]
        part = targets.get(str(relations[0]), "") if relations else ""
        if name and (described := described_as(package.head(part))):
            pictures[name] = described
        if len(pictures) >= _MOST_PICTURES:
            break
    return pictures


def described_as(head: bytes) -> str:
    """Format and pixels of a picture by its first bytes, "" if they do not tell."""
    if head.startswith(b"\x89PNG\r\n\x1a\n") and len(head) >= 24:
        return "PNG {}×{}".format(*struct.unpack_from(">2I", head, 16))
    if head.startswith(b"GIF8") and len(head) >= 10:
        return "GIF {}×{}".format(*struct.unpack_from("<2H", head, 6))
    if head.startswith(b"BM") and len(head) >= 26:
        return "BMP {}×{}".format(*map(abs, struct.unpack_from("<2i", head, 18)))
    return _jpeg(head) if head.startswith(b"\xff\xd8\xff") else ""


def _jpeg(head: bytes) -> str:
    """A JPEG names its size behind segments of any length (ITU-T T.81, B.2.2)."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        if found := _JPEG_SIZE.match(head, at):
            height, width = (int.from_bytes(side, "big") for side in found.groups())
            return f"JPG {width}×{height}"
        if head[at : at + 1] != b"\xff" or len(head) < at + 4:
            break
        at += 2 + struct.unpack_from(">H", head, at + 2)[0]
    return ""
