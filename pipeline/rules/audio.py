"""Sound files against the technical standard of the profile in force (规则 M08–M11); see `media.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.model import Severity
from pipeline.rules.distinct import blank, filled
from pipeline.rules.media import FILE, either
from pipeline.rules.rule import LITERAL, rule, table_rule

if TYPE_CHECKING:
    from pipeline.settings import Settings

_AUDIO = "附件3 第2条："
_CD_RATE = 44_100


def _audios(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Sound audio files in a format that the profile accepts."""
    right = media["real"].isin(settings.standard.audio.extensions)
    return media[(media["role"] == "audio") & media["sound"] & right]


@table_rule(
    "M08",
    Severity.ERROR,
    "资源文件",
    table="media",
    reads=FILE,
    title="音频为 mp3 格式",
    why="改扩展名不会改变格式。",
    source=_AUDIO + "mp3 格式",
    basis=LITERAL,
    says="“{named}”实际是 {real_name}，要求 {wanted}。",
    fix="请用格式转换软件转为 {wanted}，不要只改扩展名。",
    bad="""
    | named | role | real | real_name |
    | 讲座.mp3 | audio | >m4a< | M4A |
    """,
    good="mp3",
)
def audio_format(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The real format (of mp3: MPEG layer 3), whatever the name says."""
    right = settings.standard.audio.extensions
    whole = media[(media["role"] == "audio") & blank(media["broken"]) & filled(media["path"])]
    return whole.assign(wanted=either(right))[~whole["real"].isin(right)]


@table_rule(
    "M09",
    Severity.ERROR,
    "资源文件",
    table="media",
    reads=FILE,
    title="音频采样频率不低于 44kHz",
    why="采样频率不足，声音发闷。",
    source=_AUDIO + "采样频率不低于44kHz",
    basis=LITERAL,
    says="“{named}”的采样频率为 {rate:.0f} Hz，低于 {least:g} kHz。",
    fix="请用原始录音按{usual}重新导出。",
    bad="""
    | named | role | real | rate |
    | 讲座.mp3 | audio | mp3 | >32000< |
    """,
    good="44100",
)
def audio_rate(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """In Hz; 44.1 kHz is enough for 44."""
    least = settings.standard.audio.min_rate
    audios = _audios(media, settings)
    usual = " 44.1 kHz 或 48 kHz " if least <= _CD_RATE else f"不低于 {least / 1000:g} kHz 的采样频率"
    told = audios.assign(least=least / 1000, usual=usual)
    return told[(told["rate"] > 0) & (told["rate"] < least)]


@table_rule(
    "M10",
    Severity.ERROR,
    "资源文件",
    table="media",
    reads=FILE,
    title="音频为双声道",
    why="通知要求双声道。",
    source=_AUDIO + "双声道",
    basis=LITERAL,
    says="“{named}”{what}，要求{wanted}。",
    fix="请按{wanted}重新导出。",
    bad="""
    | named | role | real | channels |
    | 讲座.mp3 | audio | mp3 | >1< |
    """,
    good="2",
)
def audio_channels(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Two, joint stereo and dual mono included."""
    wanted = settings.standard.audio.channels
    audios = _audios(media, settings)
    told = audios.assign(
        what=audios["channels"].map(lambda number: "是单声道" if number == 1 else f"有 {number:.0f} 个声道"),
        wanted={1: "单声道", 2: "双声道（立体声）"}.get(wanted, f" {wanted} 个声道"),
    )
    return told[(told["channels"] > 0) & (told["channels"] != wanted)]


M11 = rule(
    "M11",
    Severity.NOTE,
    "音频",
    title="音频量化位数不低于 16 位",
    why="MP3 是有损编码，文件中没有量化位数，测不出来，所以既不判合格也不判不合格。",
    source=_AUDIO + "量化位数不低于16位",
    basis=LITERAL,
    says="MP3 文件不含量化位数信息，本项由报送单位承诺。",
    fix="无须处理；录音和导出时请选 16 位或以上。",
    bad="（不判定）",
    good="16 位或以上的录音",
)
