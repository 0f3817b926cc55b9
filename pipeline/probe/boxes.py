"""The outermost boxes of an MP4 file: is it whole, and can it play before it is loaded?

A half-uploaded file whose index stands in front keeps its full duration; only the sizes of
its boxes against the size of the file tell, and that is certain and cheap (ISO/IEC 14496-12 §4.2).
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from msgspec import Struct

from pipeline.probe.hollow import is_hollow

_KNOWN = frozenset(
    (
        b"ftyp",
        b"styp",
        b"moov",
        b"mdat",
        b"moof",
        b"mfra",
        b"sidx",
        b"free",
        b"skip",
        b"wide",
        b"uuid",
        b"meta",
        b"pdin",
    )
)
_MOST_BOXES = 200_000
"""More than a whole day of one-second fragments."""


class Boxes(Struct, frozen=True):
    """What the outermost boxes tell. cut: a box reaches beyond the end, or is full of zeros."""

    index: bool
    index_in_front: bool
    fragmented: bool
    cut: bool


def walk_boxes(file: BinaryIO, size: int) -> Boxes:
    """Walk the outermost boxes of an open file of `size` bytes, reading 16 bytes of each.

    What follows a complete film and is no box is trailing junk, and does not count as cut.
    """
    first: dict[bytes, int] = {}
    number, position, cut = 0, 0, False
    largest = (0, 0)
    while position + 8 <= size and number < _MOST_BOXES:
        file.seek(position)
        length, kind = _box(file.read(16), size - position)
        whole = b"moov" in first and b"mdat" in first
        if kind not in _KNOWN and (whole or length < 8):
            break
        if length < 8:
            cut = not whole
            break
        first.setdefault(kind, number)
        number += 1
        if kind == b"mdat":
            largest = max(largest, (min(length, size - position), position))
        if position + length > size:
            cut = not whole or kind in (b"mdat", b"moof", b"moov")
            break
        position += length
    length, start = max(largest, (size - position, position))
    return Boxes(
        index=b"moov" in first,
        index_in_front=first.get(b"moov", number) < first.get(b"mdat", number),
        fragmented=b"moof" in first,
        cut=cut or b"mdat" not in first or is_hollow(file, start, length),
    )


def _box(header: bytes, rest: int) -> tuple[int, bytes]:
    """Length and kind of a box; a length of 0 reaches to the end of the file, 1 has 64 bits behind."""
    length, kind = struct.unpack_from(">I4s", header)
    if length == 0:
        return (rest if kind in _KNOWN else 0), kind
    if length == 1:
        return (struct.unpack_from(">Q", header, 8)[0] if len(header) == 16 else 0), kind
    return length, kind
