"""The outermost boxes of an MP4 file: is it whole, and can it play before it is loaded?

A half-uploaded file whose index stands in front keeps its full duration; only the sizes of
its boxes against the size of the file tell, and that is certain and cheap (ISO/IEC 14496-12 §4.2).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

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


@dataclass(frozen=True, slots=True)
class Boxes:
    """What the outermost boxes tell. cut: a box reaches beyond the end of the file."""

    index: bool
    index_in_front: bool
    fragmented: bool
    cut: bool


def walk_boxes(file: BinaryIO, size: int) -> Boxes:
    """Walk the outermost boxes of an open file of `size` bytes, reading 16 bytes of each.

    What follows a complete film and is no box is trailing junk, and does not count as cut.
    """
    order: list[bytes] = []
    position, cut = 0, False
    while position + 8 <= size and len(order) < _MOST_BOXES:
        file.seek(position)
        length, kind = _box(file.read(16), size - position)
        whole = b"moov" in order and b"mdat" in order
        if kind not in _KNOWN and (whole or length < 8):
            break
        if length < 8:
            cut = not whole
            break
        order.append(kind)
        if position + length > size:
            cut = not whole or kind in (b"mdat", b"moof", b"moov")
            break
        position += length
    index = order.index(b"moov") if b"moov" in order else -1
    data = order.index(b"mdat") if b"mdat" in order else len(order)
    return Boxes(
        index=index >= 0,
        index_in_front=0 <= index < data,
        fragmented=b"moof" in order,
        cut=cut or b"mdat" not in order,
    )


def _box(header: bytes, rest: int) -> tuple[int, bytes]:
    """Length and kind of a box; a length of 0 reaches to the end of the file, 1 has 64 bits behind."""
    length, kind = struct.unpack_from(">I4s", header)
    if length == 0:
        return (rest if kind in _KNOWN else 0), kind
    if length == 1:
        return (struct.unpack_from(">Q", header, 8)[0] if len(header) == 16 else 0), kind
    return length, kind
