"""Charts as pictures for the document: bars with their numbers, in a font that has every character.

A machine may have no Chinese font, and no font has every character. Rather than show boxes, such
a chart names its bars A, B, C …, and the document explains them.
"""

from __future__ import annotations

import functools
import io
import unicodedata
from collections.abc import Iterable
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import text_to_path

from pipeline.figures.values import Bars, Cell, shown
from pipeline.render.inert import clean
from pipeline.render.report.palette import HEAD, INK, LINE, colour

FONTS = (
    "Microsoft YaHei", "SimHei", "SimSun", "FangSong", "PingFang SC", "Hiragino Sans GB", "STHeiti",
    "Heiti TC",
    "Source Han Sans SC", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Serif CJK SC", "Noto Serif CJK JP",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback",
)  # fmt: skip
"""Chinese fonts of Windows, macOS and Linux. Of a collection (.ttc) matplotlib knows the first face
alone, which for Noto is named JP and has the same Chinese characters."""

_PLAIN_FONT = "DejaVu Sans"  # comes with matplotlib
_WIDTH, _HEAD_ROOM, _BAR, _DPI = 6.14, 0.34, 0.3, 200  # inches: 156 mm wide
_SIZE = 9  # points
_LONGEST = 38
"""Half-width characters of a label."""


class Picture(NamedTuple):
    """A chart as PNG. keys: what the letters in it stand for, if it could not show the names."""

    png: bytes
    keys: tuple[tuple[str, str], ...]
    height: float
    """In inches, at a width of 156 mm."""


def picture(chart: Bars) -> Picture:
    """The chart drawn; the same chart and fonts give the same bytes."""
    labels = [_short(clean(label)) for label, _ in chart.rows]
    series = list(chart.series)
    says = [_says(values) for _, values in chart.rows]
    font = chinese_font("".join((*labels, *series, *says)))
    keys: tuple[tuple[str, str], ...] = ()
    if not font:
        bars = [(_letter(at), label) for at, label in enumerate(labels)]
        parts = [(str(at), name) for at, name in enumerate(series, 1)] if len(series) > 1 else []
        keys = (*bars, *parts)
        labels, series = [key for key, _ in bars], [key for key, _ in parts] or [""]
    height = _HEAD_ROOM * (len(series) > 1) + _BAR * len(labels) + 0.15
    options: dict[Any, Any] = {
        "font.family": font or _PLAIN_FONT,
        "text.parse_math": False,
        "font.size": _SIZE,
    }
    with mpl.rc_context(options):
        return Picture(_drawn(chart, labels, series, says, height), keys, height)


def _drawn(chart: Bars, labels: list[str], series: list[str], says: list[str], height: float) -> bytes:
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI)
    FigureCanvasAgg(figure)
    before, behind = _widest(labels) + 0.15, _widest(says) + 0.15
    top = _HEAD_ROOM * (len(series) > 1)
    axes = figure.add_axes((before / _WIDTH, 0, (_WIDTH - before - behind) / _WIDTH, 1 - top / height))
    left = [0.0] * len(labels)
    for at, name in enumerate(series):
        lengths = [_number(values[at]) for _, values in chart.rows]
        paint = colour(chart.series[at])
        axes.barh(
            range(len(labels)), lengths, left=left, height=0.62, color=paint, edgecolor="white",
            linewidth=0.5, label=name,
        )  # fmt: skip
        left = [a + b for a, b in zip(left, lengths, strict=True)]
    most = max(left, default=0.0) or 1.0
    for at, text in enumerate(says):
        axes.text(left[at] + most * 0.015, at, text, va="center", ha="left", color=INK)
    axes.set_xlim(0, most)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_yticks(range(len(labels)), labels, color=INK)
    axes.tick_params(length=0, pad=6)
    axes.xaxis.set_visible(False)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.spines["left"].set_color(LINE)
    if len(series) > 1:
        figure.legend(
            loc="upper left", bbox_to_anchor=(before / _WIDTH, 1.0), ncols=min(len(series), 5), frameon=False,
            handlelength=1.0, columnspacing=1.4, borderaxespad=0.1, facecolor=HEAD,
        )  # fmt: skip
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _widest(texts: Iterable[str]) -> float:
    """Inches that the longest text takes: `1280×720` is wider in one font than in another."""
    font = FontProperties(size=_SIZE)
    widths = (text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] for text in texts)
    return float(max(widths, default=0.0)) / 72


def _says(values: tuple[Cell, ...]) -> str:
    """The numbers in the order of the series."""
    return " / ".join(map(shown, values))


def _number(value: Cell) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _letter(at: int) -> str:
    return chr(65 + at)


def _short(label: str) -> str:
    """A label that fits beside its bar, without what turns writing around; the table has the whole."""
    line = " ".join("".join(each for each in label if unicodedata.category(each) != "Cf").split())
    if _wide(line) <= _LONGEST:
        return line
    kept = next(at for at in range(len(line), 0, -1) if _wide(line[:at]) <= _LONGEST - 2)
    return f"{line[:kept]}…"


def _wide(text: str) -> int:
    """Width in half-width characters."""
    return sum(2 if character > "\u2e7f" else 1 for character in text)


def chinese_font(text: str) -> str:
    """The first installed font of the list that has every character of the text, "" if none has."""
    wanted = {ord(character) for character in text if not character.isspace()}
    return next((name for name in FONTS if wanted <= _characters(name)), "")


@functools.cache
def _characters(name: str) -> frozenset[int]:
    """The characters of an installed font; none if it is not installed."""
    try:
        path = findfont(FontProperties(family=name), fallback_to_default=False)
    except ValueError:
        return frozenset()
    return frozenset(get_font(path).get_charmap())


def legend(keys: Iterable[tuple[str, str]]) -> str:
    """What the letters of a picture stand for, as a sentence."""
    return "；".join(f"{key} 为{label}" for key, label in keys)
