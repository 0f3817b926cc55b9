"""Small real videos, sounds and covers, for the demo and for tests.

Everything made here plays and decodes to its end, and measures as what it claims to be.
It is cheap all the same: a few seconds of picture are encoded and then repeated as whole
groups of pictures, the bitrate is held by the encoder's own constant-rate mode (H.264
filler data, as broadcasters use it), and `vary` turns one file into many different ones
without encoding at all.

Needs the optional extra `demo` (PyAV) for `make_video` and `make_audio`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.probe.frames import id3_size

_PICTURE_SECONDS = 1
"""How much picture is encoded; longer videos repeat it."""

_VIDEO_ENCODERS = {"h264": "libx264", "hevc": "libx265", "mpeg4": "mpeg4", "vp9": "libvpx-vp9"}
_AUDIO_ENCODERS = {"aac": "aac", "mp3": "libmp3lame", "mp2": "mp2", "ac3": "ac3", "flac": "flac"}


def make_video(
    path: Path,
    *,
    width: int = 1280,
    height: int = 720,
    fps: Fraction | int = 25,
    seconds: float = 4,
    seed: int = 0,
    video_codec: str = "h264",
    audio_codec: str | None = "aac",
    bitrate: int = 2_400_000,
    container: str = "mp4",
    faststart: bool = True,
    fragmented: bool = False,
    sampling: str = "yuv420p",
    pixel: Fraction | int = 1,
    interlaced: bool = False,
    grain: int = 0,
    created: str = "",
) -> None:
    """Write a playable video: a moving gradient with a quiet tone.

    width and height in pixels (even numbers), bitrate of the picture in bit/s, which H.264
    keeps exactly (constant rate with filler) and other codecs roughly. video_codec: h264
    (High, 8 bit, 4:2:0), hevc, mpeg4, vp9; audio_codec: aac, mp3, ac3, flac or None.
    container is FFmpeg's name of the format: mp4, mov, matroska, webm, avi, 3gp, mpegts. An mp4
    has its index in front if faststart, else at its end; fragmented, in pieces all through it.
    sampling is FFmpeg's pixel format; pixel the width of one pixel by its height; interlaced codes
    fields (H.264 only); grain is noise in steps of grey, without which codecs other than H.264 stay
    far below the bitrate; created is the day that the file says it was made on, yyyy-mm-dd.
    The same arguments give the same bytes with the same libraries.
    """
    import av

    flags = "+frag_keyframe" if fragmented else "+faststart" if faststart else ""
    options = {"movflags": flags} if flags and container in {"mp4", "mov", "3gp"} else {}
    output: Any = av.open(str(path), "w", format=container, options=options)
    with output:
        output.flags |= av.container.Flags.bitexact.value
        if created:
            output.metadata["creation_time"] = f"{created}T08:00:00Z"
        coding = _encoder_options(video_codec, bitrate, interlaced=interlaced)
        picture = output.add_stream(_VIDEO_ENCODERS[video_codec], rate=Fraction(fps), options=coding)
        picture.width, picture.height, picture.pix_fmt = width, height, sampling
        picture.codec_context.sample_aspect_ratio = Fraction(pixel)
        picture.bit_rate = bitrate
        picture.gop_size = int(fps * _PICTURE_SECONDS)
        picture.codec_context.thread_count = 1
        sound = output.add_stream(_AUDIO_ENCODERS[audio_codec], rate=48_000) if audio_codec else None
        if sound is not None:
            sound.layout = "stereo"
            for packet in _encoded_tone(sound, 48_000, 2, seconds, seed):
                output.mux(packet)
        for packet in _repeated_pictures(picture, Fraction(fps), seconds, seed, grain):
            output.mux(packet)


def make_audio(
    path: Path,
    *,
    rate: int = 44_100,
    channels: int = 2,
    seconds: float = 12,
    seed: int = 0,
    codec: str = "mp3",
    bitrate: int = 128_000,
    container: str = "",
) -> None:
    """Write a sound file with a quiet tone: rate in Hz, bitrate in bit/s (constant).

    codec: mp3, mp2, aac, ac3, flac; container as in `make_video`, "" for the codec's own.
    """
    import av

    output: Any = av.open(str(path), "w", format=container or {"aac": "adts"}.get(codec, codec))
    with output:
        output.flags |= av.container.Flags.bitexact.value
        sound = output.add_stream(_AUDIO_ENCODERS[codec], rate=rate)
        sound.layout = "mono" if channels == 1 else "stereo"
        sound.bit_rate = bitrate
        for packet in _encoded_tone(sound, rate, channels, seconds, seed):
            output.mux(packet)


def make_cover(
    path: Path,
    *,
    width: int = 1280,
    height: int = 720,
    seed: int = 0,
    format: str = "JPEG",  # noqa: A002 - the word is Pillow's own
    mode: str = "RGB",
    orientation: int = 1,
) -> None:
    """Write a picture of two colours blending; format and mode are Pillow's (JPEG, PNG; RGB, CMYK, L).

    orientation other than 1 is noted as EXIF asks (tag 0x0112): 6 wants a quarter turn when shown.
    """
    random = np.random.default_rng(seed)
    ends = random.integers(0, 256, size=(2, 1, 3))
    blend = np.linspace(0.0, 1.0, width)[None, :, None]
    row = (ends[0] * (1 - blend) + ends[1] * blend).astype(np.uint8)
    image = Image.fromarray(np.repeat(row, height, axis=0)).convert(mode)
    noted: dict[str, Any] = {}
    if orientation != 1:
        noted["exif"] = Image.Exif()
        noted["exif"][0x0112] = orientation
    image.save(path, format=format, **noted)


def vary(source: Path, target: Path, seed: int) -> None:
    """Copy a file made here so that its bytes differ by seed and everything measured stays the same.

    An mp4 gets a `free` box at its end (ISO/IEC 14496-12, 8.1.2), an mp3 an ID3v2 comment
    in front, a JPEG a comment segment after its first marker: all are skipped by players.
    """
    data = source.read_bytes()
    mark = f"demo {seed}".encode("ascii")
    if data[4:8] == b"ftyp":
        target.write_bytes(data + struct.pack(">I", 8 + len(mark)) + b"free" + mark)
    elif data[:2] == b"\xff\xd8":
        target.write_bytes(data[:2] + b"\xff\xfe" + struct.pack(">H", 2 + len(mark)) + mark + data[2:])
    elif data[:3] == b"ID3" or data[:1] == b"\xff":
        target.write_bytes(_id3_comment(mark) + data[id3_size(data) :])
    else:
        raise ValueError(f"{source.name} is no mp4, mp3 or JPEG")


def _encoder_options(video_codec: str, bitrate: int, *, interlaced: bool) -> dict[str, str]:
    if video_codec == "h264":
        kilobits = bitrate // 1000
        rate = f"vbv-maxrate={kilobits}:vbv-bufsize={kilobits}:nal-hrd=cbr:force-cfr=1"
        fields = ":tff=1" if interlaced else ""
        # Without B frames a group of pictures can be repeated, and cut, anywhere.
        return {"preset": "ultrafast", "x264-params": f"8x8dct=1:bframes=0:{rate}{fields}"}
    if video_codec == "hevc":
        return {"preset": "ultrafast", "x265-params": "log-level=none:bframes=0:pools=none:frame-threads=1"}
    if video_codec == "vp9":
        return {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    return {"bf": "0"}


def _repeated_pictures(stream: Any, fps: Fraction, seconds: float, seed: int, grain: int) -> Iterator[Any]:
    """Encode the first group of pictures, then repeat its packets until the video is long enough."""
    import av

    wanted = max(1, round(fps * Fraction(seconds)))
    group: list[tuple[bytes, bool]] = []
    number = min(wanted, round(fps * _PICTURE_SECONDS))
    for frame in _frames(stream.width, stream.height, number, seed, grain):
        drawn = frame.reformat(format=stream.pix_fmt)
        group += [(bytes(packet), packet.is_keyframe) for packet in stream.encode(drawn)]
    group += [(bytes(packet), packet.is_keyframe) for packet in stream.encode(None)]
    for at in range(wanted):
        data, key = group[at % len(group)]
        packet = av.Packet(data)
        packet.stream = stream
        packet.time_base = 1 / fps
        packet.pts = packet.dts = at
        packet.duration = 1
        packet.is_keyframe = key
        yield packet


def _frames(width: int, height: int, number: int, seed: int, grain: int) -> Iterator[Any]:
    """A soft gradient that drifts by two pixels a frame, with noise that drifts too, in planar 4:2:0."""
    import av

    random = np.random.default_rng(seed)
    wave = 110 + 60 * np.sin(np.arange(width * 2) * 2 * np.pi / width + random.uniform(0, 6.28))
    luma = np.repeat(wave.astype(np.uint8)[None, :], height, axis=0)
    if grain:
        luma += random.integers(0, grain, size=luma.shape, dtype=np.uint8)
    colour = np.full((height // 2, width), int(random.integers(90, 166)), dtype=np.uint8)
    for index in range(number):
        start = index * 2 % width
        yield av.VideoFrame.from_ndarray(
            np.concatenate([luma[:, start : start + width], colour]), format="yuv420p"
        )


def _encoded_tone(stream: Any, rate: int, channels: int, seconds: float, seed: int) -> Iterator[Any]:
    import av

    pitch = 220 + seed % 200
    layout = "mono" if channels == 1 else "stereo"
    total = round(rate * seconds)
    resampler = av.AudioResampler(format=stream.format.name, layout=layout, rate=rate)
    for start in count(0, rate):
        if start >= total:
            break
        times = np.arange(start, min(start + rate, total))
        samples: NDArray[np.int16] = (2000 * np.sin(2 * np.pi * pitch * times / rate)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(samples, channels)[None, :], format="s16", layout=layout)
        frame.sample_rate, frame.pts = rate, start
        for converted in resampler.resample(frame):
            yield from stream.encode(converted)
    yield from stream.encode(None)


def _id3_comment(text: bytes) -> bytes:
    """An ID3v2.3 tag holding one comment frame (id3.org, ID3v2.3 §4.11)."""
    body = b"\x00" + b"chi" + b"\x00" + text
    frame = b"COMM" + struct.pack(">I", len(body)) + b"\x00\x00" + body
    return b"ID3\x03\x00\x00" + bytes([0, 0, len(frame) >> 7, len(frame) & 0x7F]) + frame
