"""Progress: what is said of the time that remains holds at the pace of the last minute."""

from __future__ import annotations

import io

import pytest

from pipeline.progress import Pace, Progress, in_words


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_an_even_pace_is_carried_on() -> None:
    pace = Pace(100, 0)
    for second in range(1, 21):
        pace.advance(1, second)
    assert pace.remaining(20) == 80


def test_what_went_by_in_no_time_does_not_promise_more() -> None:
    """9,000 of 10,000 were known from an earlier run; the others take a second each."""
    pace = Pace(10_000, 0)
    pace.advance(9_000, 0.5)
    for second in range(1, 101):
        pace.advance(1, second)
        assert second < 10 or pace.remaining(second) == pytest.approx(1000 - second, rel=0.05)


def test_nothing_is_said_without_evidence() -> None:
    pace = Pace(10, 0)
    assert pace.remaining(60) is None
    pace.advance(1, 1)
    assert pace.remaining(2) is None


def test_of_a_stage_that_stands_still_nobody_can_tell() -> None:
    pace = Pace(10, 0)
    pace.advance(5, 5)
    assert pace.remaining(10) == 10
    assert pace.remaining(100) is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "不到 1 分钟"),
        (29, "不到 1 分钟"),
        (31, "约 1 分钟"),
        (719, "约 12 分钟"),
        (3580, "约 1 小时"),
        (3900, "约 1 小时"),
        (7800, "约 2 小时 10 分"),
    ],
)
def test_times_are_said_no_finer_than_they_are_known(seconds: float, said: str) -> None:
    assert in_words(seconds) == said


def test_elsewhere_than_on_a_terminal_a_line_comes_now_and_then() -> None:
    clock, out = Clock(), io.StringIO()
    with Progress(out, clock).stage("检测媒体文件", 1000) as advance:
        for _ in range(40):
            clock.now += 1
            advance(10)
    assert out.getvalue().splitlines() == [
        "检测媒体文件：1000 个",
        "检测媒体文件：150/1000，预计还需约 1 分钟",
        "检测媒体文件：300/1000，预计还需约 1 分钟",
    ]


def test_a_stage_with_nothing_to_do_says_nothing() -> None:
    out = io.StringIO()
    with Progress(out).stage("读取往年清单", 0) as advance:
        advance(0)
    assert out.getvalue() == ""


def test_on_a_terminal_there_is_a_bar() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    with Progress(out).stage("读取工作簿", 3) as advance:
        advance(3)
    assert "读取工作簿" in out.getvalue()
    assert "3/3" in out.getvalue()
