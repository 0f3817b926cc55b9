"""A scan of a sealed paper: can it be looked at, and does it show a round red seal.

A hint and no more: a seal may be printed in black, be pale, or be a picture put in afterwards. Pillow
alone, on a small copy of the picture, so that a worker starts at once and a scan takes a tenth of a second.
"""

from __future__ import annotations

import math
import stat
import struct
import warnings
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct
from PIL import Image, ImageChops, ImageFilter, UnidentifiedImageError

from pipeline.files import GONE, NO_ACCESS
from pipeline.model import Facts
from pipeline.probe.cover import MOST_PIXELS, TOO_LARGE, TOO_MANY_SCANS, UNDECODABLE, cover_facts
from pipeline.probe.facts import EMPTY, NOT_A_FILE
from pipeline.probe.sniff import LABELS, sniff

SEEN, UNSEEN = "有", "无"
HIGH, MIDDLE, LOW = "高", "中", "低"
"""How sure the hint is."""

_SIDE = 640
"""The longer side of the copy that is looked at: a seal of 42 mm on A4 is then 90 pixels wide."""
_CELL = 4
_RED = 40
"""How far red must stand above green and blue, of 255, orange (wood, skin, lamp light) taken off."""
_COLOURED = 24
_ANY_COLOUR = 0.0005
_RED_AT_ALL = 0.0003
_CELL_IS_RED = 40
_LEAST, _MOST = 0.05, 0.6
"""A seal's width as a share of the picture's longer side."""
_ROUND = 0.6
"""Least width by height, and the inverse the most: oval seals, and a page seen at an angle."""
_SECTORS = 36
_SURELY_ALL_ROUND, _ALL_ROUND = 0.9, 0.75
_OUTSIDE = 0.06
"""Most of a round shape that lies outside its own ellipse; of a square it is 0.21."""
_FORMATS = {"jpeg": "JPEG", "png": "PNG"}
_PACKED = {".ofd": "zip"}
"""GB/T 33190: the national format of fixed pages is a zip of XML."""
_FAULTS = (OSError, SyntaxError, ValueError, EOFError, struct.error)


def scan_facts(path: Path) -> Facts:
    """Measure one scan of any kind; run it in a worker. Nothing is raised for what a file holds.

    | key | value |
    |---|---|
    | real | the real type, a key of `pipeline.probe.sniff.LABELS` |
    | fault | "", or why the file cannot be used as a scan, in Chinese |
    | width, height | pixels as stored; JPG and PNG only |
    | turned | whether a note in the file asks to turn the picture when it is shown |
    | seal, sure | 有 or 无, and how sure that is: 高, 中 or 低; only where the picture was looked at |
    """
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return {"real": "", "fault": NOT_A_FILE, "unreadable": NOT_A_FILE}
        with path.open("rb") as file:
            real = sniff(file)
        return {"real": real, **_facts(path, real)}
    except FileNotFoundError:
        return {"real": "", "fault": GONE, "unreadable": GONE}
    except OSError:
        return {"real": "", "fault": NO_ACCESS, "unreadable": NO_ACCESS}


def _facts(path: Path, real: str) -> dict[str, Any]:
    """What is known of a file of this type; a PDF or another picture is recorded and not opened."""
    if real == "empty":
        return {"fault": EMPTY}
    if real not in _FORMATS:
        is_scan = real == _PACKED.get(path.suffix.lower(), "pdf") or LABELS[real].endswith("图片")
        return {"fault": "" if is_scan else f"不是扫描件，实际是{LABELS[real]}"}
    facts: dict[str, Any] = {}
    if real == "jpeg":
        with path.open("rb") as file:
            measured = cover_facts(file)
        if measured["broken"] in (TOO_LARGE, TOO_MANY_SCANS):
            return {"fault": ""}
        if measured["broken"]:
            return {"fault": measured["broken"]}
        facts["turned"] = measured["orientation"] != 1
    picture = _open(path, _FORMATS[real])
    if isinstance(picture, str):
        return {"fault": "" if picture == TOO_LARGE else picture}
    small, width, height = picture
    seal, sure = seal_in(small)
    return {
        "fault": "",
        "turned": False,
        "width": width,
        "height": height,
        **facts,
        "seal": seal,
        "sure": sure,
    }


def _open(path: Path, form: str) -> tuple[Image.Image, int, int] | str:
    """A small RGB copy and the size as stored, or why there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(path, formats=[form])
        with image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                return TOO_LARGE
            image.draft("RGB", (_SIDE, _SIDE))
            return _small(image), width, height
    except Image.DecompressionBombError:
        return TOO_LARGE
    except (UnidentifiedImageError, *_FAULTS):
        return UNDECODABLE


def _small(image: Image.Image) -> Image.Image:
    """In RGB on white, at most `_SIDE` pixels on the longer side."""
    image.load()
    small = image.convert("RGBA" if image.has_transparency_data else "RGB")
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    if small.mode == "RGBA":
        small = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small)
    return small.convert("RGB")


# --- the seal ----------------------------------------------------------------------------------


def seal_in(picture: Image.Image) -> tuple[str, str]:
    """Whether an RGB picture of about `_SIDE` pixels shows a round red seal, and how sure that is.

    Without one it is 低 where colours are lost, or a red spot is too blurred to tell; 中 where there is red
    that is not round, such as red letters; 高 where there is no red.
    """
    red = _redness(picture)
    spots = list(_spots(red))
    best = max((spot.all_round for spot in spots if spot.may_be_seal(max(picture.size))), default=0.0)
    if best >= _ALL_ROUND:
        return SEEN, HIGH if best >= _SURELY_ALL_ROUND else MIDDLE
    if not _has_colours(picture):
        return UNSEEN, LOW
    if any(spot.is_compact(max(picture.size)) for spot in spots):
        return UNSEEN, LOW
    share = _share(red.point(lambda level: 255 if level >= _RED else 0))
    return UNSEEN, MIDDLE if share > _RED_AT_ALL else HIGH


def _redness(picture: Image.Image) -> Image.Image:
    """How red each pixel is, 0 to 255; orange counts less, purple and pink as far as they are red."""
    red, green, blue = picture.split()
    above = ImageChops.subtract(red, ImageChops.lighter(green, blue))
    return ImageChops.subtract(above, ImageChops.subtract(green, blue))


def _has_colours(picture: Image.Image) -> bool:
    """Whether more than a few pixels are not grey."""
    red, green, blue = picture.split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    least = ImageChops.darker(ImageChops.darker(red, green), blue)
    chroma = ImageChops.subtract(most, least)
    return _share(chroma.point(lambda level: 255 if level >= _COLOURED else 0)) > _ANY_COLOUR


def _share(mask: Image.Image) -> float:
    return mask.histogram()[255] / (mask.width * mask.height)


class _Spot(Struct, frozen=True):
    """A patch of red: its box in pixels of the picture, and its shape.

    all_round: the share of directions in which its rim is there. outside: the share of it that lies
    outside the ellipse in its box.
    """

    width: int
    height: int
    all_round: float
    outside: float

    def is_compact(self, side: int) -> bool:
        """About as wide as high, and of the size of a seal."""
        fits = _LEAST <= max(self.width, self.height) / side <= _MOST
        return fits and _ROUND <= self.width / self.height <= 1 / _ROUND

    def may_be_seal(self, side: int) -> bool:
        """Compact, and without corners."""
        return self.is_compact(side) and self.outside <= _OUTSIDE


def _spots(red: Image.Image) -> Iterator[_Spot]:
    """The patches of red, small gaps in ring, star and letters closed."""
    mask = red.point(lambda level: 255 if level >= _RED else 0)
    coarse = mask.resize((-(-mask.width // _CELL), -(-mask.height // _CELL)), Image.Resampling.BOX)
    cells = coarse.point(lambda level: 255 if level >= _CELL_IS_RED else 0).filter(ImageFilter.MaxFilter(3))
    for patch in _patches(cells):
        yield _shape(patch)


def _patches(cells: Image.Image) -> Iterator[list[tuple[int, int]]]:
    """The connected groups of set cells (eight neighbours), each as (column, row)."""
    found = [divmod(at, cells.width)[::-1] for at, level in enumerate(cells.tobytes()) if level]
    left = set(found)
    for start in found:
        if start not in left:
            continue
        left.remove(start)
        patch, edge = [start], deque([start])
        while edge:
            x, y = edge.popleft()
            near = {(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)} & left
            left -= near
            patch += near
            edge += near
        yield patch


def _shape(patch: list[tuple[int, int]]) -> _Spot:
    """Box, rim and corners of a patch."""
    columns, rows = [x for x, _ in patch], [y for _, y in patch]
    width, height = max(columns) - min(columns) + 1, max(rows) - min(rows) + 1
    middle_x, middle_y = (max(columns) + min(columns)) / 2, (max(rows) + min(rows)) / 2
    sectors: set[int] = set()
    outside = 0
    for x, y in patch:
        across, down = 2 * (x - middle_x) / width, 2 * (y - middle_y) / height
        radius = math.hypot(across, down)
        outside += radius > 1.05
        if radius >= 0.7:
            sectors.add(int((math.atan2(down, across) / math.tau + 0.5) * _SECTORS) % _SECTORS)
    return _Spot(width * _CELL, height * _CELL, len(sectors) / _SECTORS, outside / len(patch))
