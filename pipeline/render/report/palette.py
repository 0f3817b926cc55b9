"""Colours of the charts, told apart by the colour-blind (after Okabe and Ito) and in grey print.

No chart rests on colour alone: every bar has its numbers beside it.
"""

from __future__ import annotations

INK, SOFT, LINE, HEAD = "#1D2733", "#5B6877", "#C9D1DA", "#E9EEF4"
PLAIN = "#1B6CA8"

_MEANING = {
    "通过": "#1B6CA8",
    "已推荐": "#0B7A5E",
    "待复核": "#E3A32B",
    "退回": "#B4452C",
    "退回修改": "#B4452C",
    "已报送": "#1B6CA8",
    "未报送": "#B8C0CA",
    "已收附件": "#8996A5",
    "无法读取": "#3B4652",
    "已收到": "#79B8E0",
    "已复报": "#B47AA6",
}


def on(paint: str) -> str:
    """The colour of text that can be read on a colour (by its luma, ITU-R BT.601)."""
    red, green, blue = (int(paint[at : at + 2], 16) for at in (1, 3, 5))
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#FFFFFF"


def colour(series: str) -> str:
    """The colour of a series by what it means; the same in every chart."""
    return _MEANING.get(series, PLAIN)
