"""Videos against the technical standard of the profile in force (规则 M01–M07, M14); see `media.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.model import Severity
from pipeline.rules.distinct import blank, filled
from pipeline.rules.media import BROWSERS, FILE, either
from pipeline.rules.rule import INFERRED, LITERAL, table_rule

if TYPE_CHECKING:
    from pipeline.settings import Settings

_VIDEO = "附件3 第1条："


def _videos(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Sound videos in a container that the profile accepts."""
    right = media["real"].isin(settings.standard.video.extensions)
    return media[(media["role"] == "video") & media["sound"] & right]


@table_rule(
    "M01",
    Severity.ERROR,
    "资源文件",
    table="media",
    reads=FILE,
    title="视频的封装格式为 mp4",
    why="改扩展名不会改变格式，其他封装浏览器不能播放。",
    source=_VIDEO + "封装格式 mp4",
    basis=LITERAL,
    says="“{named}”的封装格式为 {real_name}，要求 {wanted}。",
    fix="请用格式转换软件转为 {wanted}（{codecs}），不要只改扩展名。",
    bad="""
    | named | real | real_name |
    | 第1讲.mp4 | >mov< | QuickTime |
    """,
    good="mp4",
)
def video_container(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The real container, whatever the name says."""
    standard = settings.standard.video
    whole = media[(media["role"] == "video") & blank(media["broken"]) & filled(media["path"])]
    codecs = f"{either(standard.codecs)} + {either(standard.audio_codecs)}"
    told = whole.assign(wanted=either(standard.extensions), codecs=codecs)
    return told[~told["real"].isin(standard.extensions)]


@table_rule(
    "M02",
    Severity.ERROR,
    "资源文件",
    table="media",
    reads=FILE,
    title="视频编码为 H.264",
    why="其他编码在主流浏览器中没有画面。",
    source=_VIDEO + "视频编码 h.264",
    basis=LITERAL,
    says="“{named}”的视频编码为 {video_codec}，要求 {wanted}。",
    fix="请用格式转换软件转为 {wanted} 编码的 {container}。",
    bad="""
    | named | video_codec |
    | 第1讲.mp4 | >H.265< |
    """,
    good="H.264",
)
def video_codec(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """A file without any picture is shown as 无视频."""
    standard = settings.standard.video
    videos = _videos(media, settings)
    wrong = videos[~videos["video_codec"].isin(standard.codecs)]
    named = wrong["video_codec"].replace("", "无视频")
    return wrong.assign(
        video_codec=named, wanted=either(standard.codecs), container=either(standard.extensions)
    )


@table_rule(
    "M03",
    Severity.ERROR,
    "资源文件",
    table="media",
    reads=FILE,
    title="音轨编码均为 AAC",
    why="其他编码在主流浏览器中没有声音。",
    source=_VIDEO + "音频编码 aac",
    basis=LITERAL,
    says="“{named}”的音频编码为 {audio_codecs}，要求 {wanted}。",
    fix="请用格式转换软件把声音转为 {wanted}。",
    bad="""
    | named | audio_codecs |
    | 第1讲.mp4 | >MP3< |
    """,
    good="AAC",
)
def video_sound_codec(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """audio_codecs lists every track, joined by 、; each must be right."""
    videos = _videos(media, settings)
    right = settings.standard.video.audio_codecs
    fits = videos["audio_codecs"].map(lambda codecs: set(codecs.split("、")) <= {*right, ""})
    return videos.assign(wanted=either(right))[~fits.astype(bool)]


@table_rule(
    "M03b",
    Severity.WARNING,
    "资源文件",
    table="media",
    reads=FILE,
    title="视频有声音",
    why="没有音轨的视频多半是导出时漏了声音。",
    source=_VIDEO + "音频编码 aac；无音轨通知未规定",
    basis=INFERRED,
    says="“{named}”没有音轨。",
    fix="请确认是否漏了声音；确为无声影片的，请在“单位说明”中写明。",
    bad="""
    | named | audio_codecs |
    | 第1讲.mp4 | >< |
    """,
    good="AAC",
)
def video_silent(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """No audio track at all."""
    videos = _videos(media, settings)
    return videos[blank(videos["audio_codecs"]) & filled(videos["video_codec"])]


@table_rule(
    "M03c",
    Severity.ERROR,
    "资源文件",
    table="media",
    reads=FILE,
    title="视频声音的采样频率达标",
    why="有的技术标准对视频的声音也规定了采样频率。",
    source="本省所选的技术标准；附件3 未规定",
    basis=INFERRED,
    says="“{named}”的声音采样频率 {rate:.0f} Hz，低于 {min_rate} Hz。",
    fix="请用更高的采样频率重新导出。",
    bad="""
    | named | rate | profile |
    | 第1讲.mp4 | >44100< | smartedu-international-2025 |
    """,
    good="48000",
)
def video_sound_rate(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The lowest sampling rate of all tracks; off when the profile demands none."""
    least = settings.standard.video.min_audio_rate
    videos = _videos(media, settings)
    return videos[(videos["rate"] > 0) & (videos["rate"] < least)].assign(min_rate=least)


def _too_small(videos: pd.DataFrame, settings: Settings) -> pd.Series:
    standard = settings.standard.video
    sides = videos[["width", "height"]]
    return (sides.max(axis=1) < standard.min_long_side) | (sides.min(axis=1) < standard.min_short_side)


@table_rule(
    "M04",
    Severity.ERROR,
    "资源文件",
    table="media",
    reads=FILE,
    title="分辨率不低于 1280×720",
    why="分辨率不足，画面和文字看不清。",
    source=_VIDEO + "分辨率不低于1280*720",
    basis=LITERAL,
    says="“{named}”的分辨率为 {width:.0f}×{height:.0f}，低于 {least}。",
    fix="请用原始素材按不低于 {least} 的分辨率重新导出，不要只放大。",
    bad="""
    | named | width | height |
    | 第1讲.mp4 | >1278< | 720 |
    """,
    good="1280",
)
def video_resolution(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Long side against long side, short against short; stored pixels."""
    videos = _videos(media, settings)
    videos = videos[videos["width"] > 0]
    least = f"{settings.standard.video.min_long_side}×{settings.standard.video.min_short_side}"
    return videos[_too_small(videos, settings)].assign(least=least)


@table_rule(
    "M05",
    Severity.WARNING,
    "资源文件",
    table="media",
    reads=FILE,
    title="画面为横向",
    why="竖屏视频在课程页上两侧留黑，通知没有说明是否接收。",
    source=_VIDEO + "分辨率不低于1280*720；竖屏通知未规定",
    basis=INFERRED,
    says="“{named}”是竖屏 {width:.0f}×{height:.0f}，通知未说明是否接收。",
    fix="请确认；确须以竖屏报送的，请在“单位说明”中写明。",
    bad="""
    | named | width | height |
    | 第1讲.mp4 | >720< | 1280 |
    """,
    good="1280",
)
def video_portrait(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Higher than wide once turned as the file asks; a too small one is told by M04."""
    videos = _videos(media, settings)
    videos = videos[videos["width"] > 0]
    return videos[(videos["height"] > videos["width"]) & ~_too_small(videos, settings)]


@table_rule(
    "M05b",
    Severity.NOTE,
    "资源文件",
    table="media",
    reads=FILE,
    title="像素为方形",
    why="像素不是方形的视频，播放时是拉开的，存下来的像素没有看上去那么多。",
    source=_VIDEO + "分辨率不低于1280*720；非方形像素按存储的像素计，通知未规定",
    basis=INFERRED,
    says="“{named}”播放时显示为 {shown_size}，存储的只有 {width:.0f}×{height:.0f}，分辨率按存储的计。",
    fix="无须处理；导出时请选方形像素（像素长宽比 1.0）。",
    bad="""
    | named | width | height | shown_size |
    | 第1讲.mp4 | 1440 | 1080 | >1920×1080< |
    """,
    good="",
)
def video_stretched(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Told beside M04 too: the filler sees the larger size in every player."""
    videos = _videos(media, settings)
    return videos[filled(videos["shown_size"])]


@table_rule(
    "M06",
    Severity.ERROR,
    "资源文件",
    table="media",
    reads=FILE,
    title="视频帧率不低于 25fps",
    why="帧率不足，画面不连贯。",
    source=_VIDEO + "视频帧率不低于25fps；容差通知未规定",
    basis=LITERAL,
    says="“{named}”的帧率为 {fps:.3f} fps，低于 {least:g} fps。",
    fix="请用原始素材按不低于 {least:g} fps 重新导出。",
    bad="""
    | named | fps |
    | 第1讲.mp4 | >24< |
    """,
    good="24.947",
)
def video_frame_rate(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The average rate, with the profile's tolerance."""
    standard = settings.standard.video
    least = standard.min_fps * (1 - standard.fps_tolerance)
    videos = _videos(media, settings)
    return videos[(videos["fps"] > 0) & (videos["fps"] < least)].assign(least=standard.min_fps)


def _rate(videos: pd.DataFrame, settings: Settings) -> pd.Series:
    """Bit/s of the whole file or of the video stream, as the profile counts."""
    return videos["bitrate" if settings.standard.video.bitrate_scope == "file" else "stream_bitrate"]


@table_rule(
    "M07",
    Severity.ERROR,
    "资源文件",
    table="media",
    reads=FILE,
    title="视频平均码率不小于 2Mbps",
    why="码率不足，画面有马赛克。",
    source=_VIDEO + "平均码率不小于2Mbps；按整个文件计、1M=1000000 通知未规定",
    basis=LITERAL,
    says="“{named}”的平均码率为 {mbps:.2f} Mbps，小于 {least:g} Mbps。",
    fix="请用原始素材按不小于 {least:g} Mbps 重新导出，不要用低码率文件转码。",
    bad="""
    | named | bitrate |
    | 第1讲.mp4 | >1999999< |
    """,
    good="2000000",
)
def video_bitrate(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Of the whole file or the video stream, as the profile says; shown rounded down, so never as enough."""
    standard = settings.standard.video
    videos = _videos(media, settings)
    rate = _rate(videos, settings)
    told = videos.assign(mbps=(rate // 10_000) / 100, least=standard.min_bitrate / 1e6)
    return told[(rate > 0) & (rate < standard.min_bitrate)]


@table_rule(
    "M07b",
    Severity.ERROR,
    "资源文件",
    table="media",
    reads=FILE,
    title="视频平均码率不超过所选标准的上限",
    why="有的技术标准规定了上限，超过的文件播放时容易卡顿。",
    source="本省所选的技术标准；附件3 未规定",
    basis=INFERRED,
    says="“{named}”的平均码率为 {mbps:.2f} Mbps，大于 {most:g} Mbps。",
    fix="请用原始素材按不大于 {most:g} Mbps 重新导出。",
    bad="""
    | named | stream_bitrate | profile |
    | 第1讲.mp4 | >1280001< | teaching-competition-2018 |
    """,
    good="1280000",
)
def video_bitrate_above(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Shown rounded up, so never as little enough; off when the profile has no maximum."""
    standard = settings.standard.video
    videos = _videos(media, settings)
    rate = _rate(videos, settings)
    most = standard.max_bitrate or float("inf")
    return videos.assign(mbps=-(-rate // 10_000) / 100, most=most / 1e6)[rate > most]


@table_rule(
    "M07c",
    Severity.NOTE,
    "资源文件",
    table="media",
    reads=FILE,
    title="平均码率按另一种算法也达标",
    why="整个文件的码率含声音，比视频流的高一点；通知没有说按哪一种算。",
    source=_VIDEO + "平均码率不小于2Mbps；按整个文件还是视频流计，通知未规定",
    basis=INFERRED,
    says="“{named}”的{scope}平均码率合格，但{other_scope}为 {mbps:.2f} Mbps，小于 {least:g} Mbps。",
    fix="无须处理；重新导出时最好把视频码率提高到 {least:g} Mbps 以上。",
    bad="""
    | named | bitrate | stream_bitrate |
    | 第1讲.mp4 | 2100000 | >1999999< |
    """,
    good="2000000",
)
def video_bitrate_otherwise(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The count that the profile does not use; shown rounded down, so never as enough."""
    standard = settings.standard.video
    whole, stream = ("bitrate", "整个文件"), ("stream_bitrate", "视频流")
    (used, scope), (other, other_scope) = (
        (whole, stream) if standard.bitrate_scope == "file" else (stream, whole)
    )
    videos = _videos(media, settings)
    low = (videos[other] > 0) & (videos[other] < standard.min_bitrate)
    told = videos.assign(
        scope=scope,
        other_scope=other_scope,
        mbps=(videos[other] // 10_000) / 100,
        least=standard.min_bitrate / 1e6,
    )
    return told[low & (videos[used] >= standard.min_bitrate)]


@table_rule(
    "M14",
    Severity.WARNING,
    "资源文件",
    table="media",
    reads=FILE,
    title="主流浏览器能在线播放",
    why="加密或特殊的编码档次，浏览器放不出来。",
    source=BROWSERS + "；细目通知未规定",
    basis=INFERRED,
    says="“{named}”{unplayable}，部分浏览器不能在线播放。",
    fix="请按 8 位、4:2:0、High 及以下档次的 H.264 和 AAC-LC 声音重新导出。",
    bad="""
    | named | unplayable |
    | 第1讲.mp4 | >是 10 位色深的视频< |
    """,
    good="",
)
def video_unplayable(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """unplayable says what browsers stumble over."""
    videos = _videos(media, settings)
    return videos[filled(videos["unplayable"])]


@table_rule(
    "M14b",
    Severity.NOTE,
    "资源文件",
    table="media",
    reads=FILE,
    title="视频可以边下边播",
    why="索引在文件末尾时，要等整个文件下载完才开始播放。",
    source=BROWSERS + "；细目通知未规定",
    basis=INFERRED,
    says="“{named}”的索引在文件末尾，在线播放要等待较久。",
    fix="无须处理；导出时可勾选“网络优化”或“快速启动”。",
    bad="""
    | named | streamable |
    | 第1讲.mp4 | >否< |
    """,
    good="是",
)
def video_not_streamable(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """moov behind mdat; browsers do play it."""
    videos = _videos(media, settings)
    return videos[videos["streamable"] == "否"]


@table_rule(
    "M14c",
    Severity.NOTE,
    "资源文件",
    table="media",
    reads=FILE,
    title="视频为逐行扫描",
    why="隔行扫描是给电视机用的，浏览器不会处理，运动的画面有横纹。",
    source=BROWSERS + "；细目通知未规定",
    basis=INFERRED,
    says="“{named}”是隔行扫描编码的视频，在电脑和手机上看可能有横纹。",
    fix="请看一下有没有横纹；有的请选“逐行扫描”重新导出。",
    bad="""
    | named | interlaced |
    | 第1讲.mp4 | >是< |
    """,
    good="否",
)
def video_interlaced(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Field coding, of whole pictures or by macroblock."""
    videos = _videos(media, settings)
    return videos[videos["interlaced"] == "是"]


@table_rule(
    "M14d",
    Severity.NOTE,
    "资源文件",
    table="media",
    reads=FILE,
    title="视频不分段存放",
    why="分段的视频能播放，但有的播放器不显示总时长，也不能拖动。",
    source=BROWSERS + "；细目通知未规定",
    basis=INFERRED,
    says="“{named}”是分成许多小段存放的，部分播放器不能拖动进度。",
    fix="无须处理；可用格式转换软件原样另存为普通的 mp4。",
    bad="""
    | named | fragmented |
    | 第1讲.mp4 | >是< |
    """,
    good="否",
)
def video_fragmented(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """moof boxes (ISO/IEC 14496-12 §8.8.4)."""
    videos = _videos(media, settings)
    return videos[videos["fragmented"] == "是"]
