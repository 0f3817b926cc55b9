"""媒体质量: how sizes, bitrates, lengths and formats are distributed.

Each resource counts by its first file, which is what resources.csv has measured.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

import pandas as pd

from pipeline.figures.values import Chart, Row, Section, Table, columns, rate, total_of
from pipeline.settings import Settings

_LADDER = ((1920, 1080), (2560, 1440), (3840, 2160))
"""Usual picture sizes, in pixels, that are told apart above the least one asked for."""
_VIDEO_RATES = (1.0, 2.0, 4.0, 8.0)
"""Mbit/s at which videos are parted, beside the standard's own limits."""
_SOUND_RATES = (64.0, 128.0, 192.0, 320.0)
"""kbit/s at which sound is parted."""
_LENGTHS = (1.0, 5.0, 10.0, 20.0, 45.0, 90.0)
"""Minutes at which lengths are parted."""
_NOTE = "占比的分母是本表的资源总数。"


def media(resources: pd.DataFrame, settings: Settings) -> Section:
    """Distributions of what could be measured."""
    videos = resources[resources["width"] > 0]
    sounds = resources[~(resources["width"] > 0) & (resources["rate"] > 0)]
    rest = len(resources) - len(videos) - len(sounds)
    said = f"测得视频 {len(videos)} 个、音频 {len(sounds)} 个"
    said += f"；其余 {rest} 个资源没有可测的文件（以链接报送、没有文件，或文件打不开）。" if rest else "。"
    tables = (
        _resolutions(videos, settings),
        _video_bitrates(videos, settings),
        _lengths(videos, sounds),
        _sound_bitrates(sounds),
        _formats(pd.concat([videos, sounds])),
    )
    first = "一个资源有多个文件的，按第一个文件统计。"
    return Section("media", "媒体质量", (said, first), tuple(table for table in tables if table.rows))


def _spread(key: str, title: str, names: Sequence[str], rows: Sequence[Row]) -> Table:
    """A distribution: a label, perhaps parts of the number, the number and its share."""
    heads = columns(*names, "资源数", "占比")
    chart = Chart("个资源", (len(heads) - 2,))
    whole = sum(row[-2] for row in rows if isinstance(row[-2], int))
    total: Row = (*total_of(rows)[:-1], rate(whole, whole))
    return Table(key, title, heads, tuple(rows), total, chart, _NOTE)


def _steps(numbers: pd.Series, edges: Sequence[float], unit: str) -> Iterator[tuple[str, pd.Series]]:
    """(label, which of the numbers) below the first edge, between each two, and from the last on."""
    yield f"不足 {edges[0]:g} {unit}", numbers < edges[0]
    for low, high in itertools.pairwise(edges):
        yield f"{low:g} 至不足 {high:g} {unit}", (numbers >= low) & (numbers < high)
    yield f"{edges[-1]:g} {unit} 及以上", numbers >= edges[-1]


def _parted(numbers: pd.Series, edges: Sequence[float], unit: str) -> list[Row]:
    known = numbers.dropna()
    if known.empty:
        return []
    return [
        (label, int(mine.sum()), rate(int(mine.sum()), len(known)))
        for label, mine in _steps(known, edges, unit)
    ]


def _resolutions(videos: pd.DataFrame, settings: Settings) -> Table:
    """By the standard's least size and the usual ones above it; long and short side are compared apart."""
    standard = settings.standard.video
    least = (standard.min_long_side, standard.min_short_side)
    sizes = [least, *(size for size in _LADDER if size[0] > least[0] and size[1] >= least[1])]
    sides = videos[["width", "height"]]
    reached = pd.Series(0, videos.index)
    for long, short in sizes:
        reached += ((sides.max(axis=1) >= long) & (sides.min(axis=1) >= short)).astype("int64")
    portrait = videos["height"] > videos["width"]
    rows: list[Row] = []
    for at, label in enumerate(_size_names(sizes)) if len(videos) else ():
        number = int((reached == at).sum())
        rows.append((label, int(((reached == at) & portrait).sum()), number, rate(number, len(videos))))
    return _spread("resolutions", "视频分辨率分布", ("分辨率", "其中竖屏"), rows)


def _size_names(sizes: Sequence[tuple[int, int]]) -> Iterator[str]:
    names = [f"{long}×{short}" for long, short in sizes]
    yield f"低于 {names[0]}"
    yield from (f"{low} 及以上，不足 {high}" for low, high in itertools.pairwise(names))
    yield f"{names[-1]} 及以上"


def _video_bitrates(videos: pd.DataFrame, settings: Settings) -> Table:
    limits = (settings.standard.video.min_bitrate, settings.standard.video.max_bitrate or 0)
    edges = sorted({*_VIDEO_RATES, *(limit / 1e6 for limit in limits if limit)})
    rows = _parted(videos["bitrate"] / 1e6, edges, "Mbps")
    return _spread("video_bitrates", "视频平均码率分布", ("整个文件的平均码率",), rows)


def _sound_bitrates(sounds: pd.DataFrame) -> Table:
    rows = _parted(sounds["bitrate"] / 1e3, _SOUND_RATES, "kbps")
    return _spread("sound_bitrates", "音频平均码率分布", ("平均码率",), rows)


def _lengths(videos: pd.DataFrame, sounds: pd.DataFrame) -> Table:
    minutes = pd.concat([videos, sounds])["seconds"].dropna() / 60
    is_video = minutes.index.isin(videos.index)
    rows: list[Row] = []
    for label, mine in _steps(minutes, _LENGTHS, "分钟") if len(minutes) else ():
        number, of_videos = int(mine.sum()), int((mine & is_video).sum())
        rows.append((label, of_videos, number - of_videos, number, rate(number, len(minutes))))
    return _spread("lengths", "文件时长分布", ("实测时长", "视频", "音频"), rows)


def _formats(measured: pd.DataFrame) -> Table:
    """Container and codecs, sampling rate and channels, as measured."""
    known = measured[["real", "video_codec", "audio_codecs"]].replace("", "无")
    known["sampling"] = (measured["rate"] / 1000).map(lambda kilohertz: _plain(kilohertz, " kHz"))
    known["channels"] = measured["channels"].map(_plain)
    numbers = Counter(known.itertuples(index=False, name=None))
    rows: list[Row] = [
        (*key, numbers[key], rate(numbers[key], len(measured)))
        for key in sorted(numbers, key=lambda key: (-numbers[key], key))
    ]
    heads = columns("封装格式", "视频编码", "音频编码", "采样频率", "声道数", "资源数", "占比", texts=5)
    return Table("formats", "封装和编码", heads, tuple(rows), note=_NOTE)


def _plain(number: float, unit: str = "") -> str:
    return f"{number:g}{unit}" if number > 0 else "无"
