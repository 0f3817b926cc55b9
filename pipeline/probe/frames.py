"""Frame headers of MPEG audio, and the ID3v2 tags in front of them (ISO/IEC 11172-3 §2.4.1.3, 13818-3)."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KILOBITS = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


class Frame(Struct, frozen=True):
    """One frame header. size in bytes with the header, rate in Hz, mode 0–3 (3 = mono)."""

    version: int
    layer: int
    rate: int
    mode: int
    samples: int
    size: int

    def fits(self, other: Frame) -> bool:
        """Whether both can belong to one stream."""
        return (self.version, self.layer, self.rate) == (other.version, other.layer, other.rate)


@lru_cache(maxsize=4096)
def parse_header(header: int) -> Frame | None:
    """Read a 32-bit frame header; None if it is none, or of free format."""
    version, layer = header >> 19 & 3, 4 - (header >> 17 & 3)
    bitrate, rate_index = header >> 12 & 15, header >> 10 & 3
    if header >> 21 != 0x7FF or version == 1 or layer == 4 or bitrate in (0, 15) or rate_index == 3:
        return None
    rate = _RATES[version][rate_index]
    kilobits = _KILOBITS[version == 3, layer][bitrate - 1]
    padding = header >> 9 & 1
    samples = 384 if layer == 1 else 1152 if layer == 2 or version == 3 else 576
    if layer == 1:
        size = (12_000 * kilobits // rate + padding) * 4
    else:
        size = samples // 8 * kilobits * 1000 // rate + padding
    return Frame(version, layer, rate, header >> 6 & 3, samples, size)


def find_frame(data: bytes, start: int, like: Frame | None) -> tuple[int, Frame] | None:
    """Find the first frame at or after start that another one follows (or the end of data).

    like: only frames of that stream count. Two headers in a row are no accident.
    """
    position = data.find(b"\xff", start)
    while 0 <= position <= len(data) - 4:
        frame = header_at(data, position)
        if frame is not None and (like is None or frame.fits(like)):
            after = position + frame.size
            follower = header_at(data, after)
            if (follower is not None and follower.fits(frame)) or after == len(data):
                return position, frame
        position = data.find(b"\xff", position + 1)
    return None


def header_at(data: bytes, offset: int) -> Frame | None:
    """Read the frame header at an offset of data, None if there is none."""
    if offset + 4 > len(data) or data[offset] != 0xFF:
        return None
    return parse_header(int.from_bytes(data[offset : offset + 4], "big"))


def id3_size(head: bytes) -> int:
    """Bytes of the ID3v2 tag that `head` begins with, 0 if there is none (id3.org, ID3v2.4 §3.1)."""
    if len(head) < 10 or head[:3] != b"ID3" or max(head[6:10]) > 0x7F:
        return 0
    a, b, c, d = head[6:10]
    footer = 10 if head[5] & 0x10 else 0
    return 10 + (a << 21 | b << 14 | c << 7 | d) + footer
