"""口径说明: how things are counted, and what the notice does not settle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.figures.problems import title_of
from pipeline.figures.values import day
from pipeline.settings import Settings

_UNSETTLED = "通知未规定，本省的口径："


def notes(settings: Settings, skipped: Mapping[str, str]) -> tuple[str, ...]:
    """Whole sentences. skipped: rule code → why it did not run."""
    return (
        *_counting(settings),
        *_judgements(settings),
        *_without(settings),
        *_severities(settings),
        *not_run(skipped),
    )


def _counting(settings: Settings) -> Iterator[str]:
    yield (
        "时长：资源时长填写正确的，按单位填报；未填或写法有误的，按第一个文件的实测。"
        "小时数保留两位小数，各项之和与合计可能相差 0.01。"
    )
    yield "比率：保留一位小数，四舍五入；不是全部的不写作 100.0%，不是没有的不写作 0.0%。"
    yield "地区：单位填写的所属地区归到市。分类：取所属分类的第一级。没有填写的，列为“未填写”。"
    yield (
        f"按期：收件时间不晚于 {day(settings.call.deadlines.resources)}；"
        "收件时间是程序第一次见到工作簿的时间，人工更正过的以更正为准。"
    )
    yield f"技术标准：{settings.standard.label}。"


def _judgements(settings: Settings) -> Iterator[str]:
    video, length, words = settings.standard.video, settings.duration, settings.keywords
    if video.min_bitrate:
        whole = "整个文件" if video.bitrate_scope == "file" else "视频流"
        yield f"{_UNSETTLED}平均码率按{whole}计算，{video.min_bitrate / 1e6:g} Mbps 按 1M=1000000 计。"
    yield f"{_UNSETTLED}分辨率按长边、短边分别比较；平均帧率的容差为 {video.fps_tolerance * 100:g}%。"
    yield (
        f"{_UNSETTLED}填报时长与实测相差 {length.same:g} 秒以内算一致；"
        f"{length.small:g} 秒以内，或不超过实测的 {length.percent:g}%，只提示；"
        f"超过 {length.large:g} 秒算错误。"
    )
    for name, (fewest, most) in settings.lengths.items():
        yield f"{_UNSETTLED}{name} {fewest} 至 {most} 字。"
    yield f"{_UNSETTLED}关键词 {words.fewest} 至 {words.most} 个，每个不超过 {words.longest} 字。"
    yield f"{_UNSETTLED}创建时间早于 {day(settings.earliest_created)}的，请单位核对。"
    yield f"{_UNSETTLED}资源名称相似到 {settings.similar:g}% 的，提请核对是否重复。"


def _without(settings: Settings) -> Iterator[str]:
    if not settings.categories:
        yield "通知没有附所属分类的词表，分类名称没有与词表核对。"
    yield "通知所附的表3没有收到，表2以外的资源类型代码不能判定对错。"


def _severities(settings: Settings) -> Iterator[str]:
    if settings.safe_corrections == "警告":
        yield "只有一种读法的写法由程序自动更正，按警告计，不影响通过。"
    else:
        yield "只有一种读法的写法由程序自动更正，仍按错误计。"
    for code, severity in settings.severity.items():
        yield f"本省把规则 {code}（{title_of(code)}）的级别定为{severity}。"


def not_run(skipped: Mapping[str, str]) -> Iterator[str]:
    """The rules that did not run, by reason."""
    by_reason: dict[str, list[str]] = {}
    for code, reason in sorted(skipped.items()):
        by_reason.setdefault(reason, []).append(code)
    for reason, codes in by_reason.items():
        yield f"没有执行的规则 {'、'.join(codes)}：{reason.rstrip('。')}。"
