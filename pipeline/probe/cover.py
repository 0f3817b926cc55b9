"""A JPEG picture, decoded once so that a truncated one is found.

`Image.verify()` passes every truncated JPEG and libmediainfo flags none; decoding finds all.
"""

from __future__ import annotations

import struct
import warnings
from typing import Any, BinaryIO

from PIL import Image, UnidentifiedImageError

MOST_PIXELS = 40_000_000
"""A header of a few hundred bytes can claim 13000×13000: beyond this a picture is not decoded."""

TOO_LARGE = "图片像素过多，无法检查"
UNDECODABLE = "图片损坏，无法解码"
CUT = "图片不完整，可能未上传完整"
TOO_MANY_SCANS = "图片的扫描遍数过多，无法检查"

_MOST_SCANS = 200
"""A progressive picture has about ten, and as many again in its thumbnail; 4000 take 11 s to decode."""
_SCAN = b"\xff\xda"
_CHUNK = 1 << 20

_ORIENTATION = 0x0112


def cover_facts(file: BinaryIO) -> dict[str, Any]:
    """Measure an open picture whose bytes begin as a JPEG; keys as in `pipeline.probe.facts`.

    Memory up to about 130 MB; call it in a worker with a time limit. Other formats are
    never tried; MPO, from cameras, opens as a JPEG does.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(file, formats=["JPEG"])
    except Image.DecompressionBombError:
        return {"broken": TOO_LARGE}
    except (UnidentifiedImageError, SyntaxError, ValueError, EOFError, struct.error):
        return {"broken": UNDECODABLE}
    with image:
        facts: dict[str, Any] = {
            "width": image.width,
            "height": image.height,
            "colour": image.mode,
            "orientation": _orientation(image),
        }
        if image.width * image.height > MOST_PIXELS:
            return {**facts, "broken": TOO_LARGE}
        if _has_too_many_scans(file):
            return {**facts, "broken": TOO_MANY_SCANS}
        return {**facts, "broken": _decode(image)}


def _has_too_many_scans(file: BinaryIO) -> bool:
    """Count the marks at which scans begin; inside of coded data they cannot occur (ITU-T T.81, B.1.1.5)."""
    count, last = 0, b""
    file.seek(0)
    while chunk := file.read(_CHUNK):
        count += (last + chunk).count(_SCAN)
        last = chunk[-1:]
    return count > _MOST_SCANS


def _decode(image: Image.Image) -> str:
    # An eighth of the size reads all the data and skips most of the arithmetic.
    image.draft(image.mode, (image.width // 8, image.height // 8))
    try:
        image.load()
    except OSError as error:
        if error.errno is not None:
            raise  # the disk's fault, not the picture's
        return CUT if "truncated" in str(error) else UNDECODABLE
    except (SyntaxError, ValueError, EOFError, struct.error):
        return UNDECODABLE
    return ""


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; a damaged EXIF block counts as upright."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except (SyntaxError, ValueError, KeyError, TypeError, OSError, struct.error):
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
