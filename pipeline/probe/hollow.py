"""Long runs of zero bytes where there should be picture and sound.

A download or upload that was broken off can leave a file of full length whose rest is zeros:
its index in front is whole and tells everything that was asked. Coded pictures hold no three
zero bytes in a row (H.264 7.4.1), MPEG audio has a header at least every 1441 bytes.
"""

from __future__ import annotations

from typing import BinaryIO

_PLACES = 64
_MOST_EMPTY = 3
_WINDOW = 4096
_SMALLEST_WINDOW = 1500


def is_hollow(file: BinaryIO, start: int, length: int) -> bool:
    """Whether at more than 3 of 64 places, spread evenly, there is nothing but zeros. Too short: False."""
    window = min(_WINDOW, length // _PLACES)
    if window < _SMALLEST_WINDOW:
        return False
    empty = 0
    for place in range(_PLACES):
        file.seek(start + (length - window) * place // (_PLACES - 1))
        piece = file.read(window)
        empty += piece.count(0) == len(piece)
    return empty > _MOST_EMPTY
