"""Files against the standard: near-miss pairs beyond the rules' own examples."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from pipeline.files import GONE, NO_ACCESS
from pipeline.join import COVER_COLUMNS
from pipeline.model import Finding
from pipeline.probe.columns import as_columns
from pipeline.settings import Settings
from pipeline.summarise import tell
from pipeline.validate import validate
from tests.small_tables import RIGHT_COVER, RIGHT_VIDEO, SETTINGS, TODAY, resources_of, table_of

FIELDS = ("创建时间", "资源文件", "资源类型", "资源封面")


def judged(
    table_name: str, base: dict[str, Any], rows: list[dict[str, Any]], settings: Settings = SETTINGS
) -> list[Finding]:
    """What the rules over `media` or `covers` find in rows that differ from a right one."""
    table = table_of([{k: v for k, v in {**base, **row}.items() if k in FIELDS} for row in rows])
    frame = pd.DataFrame([{k: v for k, v in {**base, **row}.items() if k not in FIELDS} for row in rows])
    resources = resources_of(table)
    frame["@index"] = [row.get("@index", number) for number, row in enumerate(rows)]
    joined = frame.join(resources.drop(columns="@index"), on="@index")
    outcome = validate(table, {table_name: joined}, settings, TODAY)
    assert outcome.faults == []
    return outcome.findings


def of_media(*rows: dict[str, Any], settings: Settings = SETTINGS) -> list[Finding]:
    return judged("media", RIGHT_VIDEO, list(rows), settings)


def of_covers(*rows: dict[str, Any], **limits: float) -> list[Finding]:
    settings = SETTINGS.model_copy(update={"cover": SETTINGS.cover.model_copy(update=limits)})
    return judged("covers", {**COVER_COLUMNS, **RIGHT_COVER}, list(rows), settings)


def codes(findings: list[Finding]) -> list[str]:
    return [found.code for found in findings]


def test_a_right_video_and_a_right_cover_are_right() -> None:
    assert of_media({}) == of_covers({}) == []


# --- 创建时间 against what the file says ------------------------------------------------------------


@pytest.mark.parametrize(
    ("created", "recorded", "told"),
    [
        ("2015-03-23", "2018-03-23", False),
        ("2015-03-23", "2018-03-26", True),
        ("2018-03-26", "2015-03-23", True),
        ("2015-03-23", "2018", False),
        ("2015-03-23", "2019", True),
        ("2015-12-31", "2018", False),
        ("2020-01-01", "1904", False),
        ("2020-01-01", "1970-01-01", False),
        ("2020-01-01", "1989-12-31", False),
        ("2020-01-01", "1990-01-01", True),
        ("2020-01-01", "2024-05-02", False),
        ("2020-01-01", "2024-05-01", True),
        ("2020-01-01", "", False),
        ("", "2015-01-01", False),
        ("2015", "2023-01-01", False),
    ],
)
def test_dates_years_apart(created: str, recorded: str, told: bool) -> None:
    found = of_media({"创建时间": created, "recorded": recorded})
    assert codes(found) == (["X04"] if told else [])


def test_of_several_files_the_nearest_date_counts() -> None:
    far, near = {"创建时间": "2015-01-01", "recorded": "2023-01-01"}, {"recorded": "2015-06-01", "@index": 0}
    farther = {"recorded": "2024-01-01", "@index": 0, "named": "2.mp4"}
    assert codes(of_media(far, near)) == []
    (found,) = of_media(far, farther)
    assert (found.facts["recorded"], found.facts["years"], found.facts["named"]) == (
        "2023-01-01",
        8,
        "第1讲.mp4",
    )


def test_a_broken_file_says_nothing_of_dates() -> None:
    broken = {"创建时间": "2015-01-01", "recorded": "2023-01-01", "sound": False, "broken": "未上传完整"}
    assert codes(of_media(broken)) == ["M13"]


# --- the standard's own words ------------------------------------------------------------------------


def other_standard(**video: Any) -> Settings:
    profile = SETTINGS.standard
    changed = profile.model_copy(update={"video": profile.video.model_copy(update=video)})
    return SETTINGS.model_copy(update={"profiles": {SETTINGS.profile: changed}})


def test_sentences_say_what_the_profile_asks() -> None:
    settings = other_standard(extensions=("mpeg", "ts"), codecs=("MPEG-2",), audio_codecs=("MP2", "AC-3"))
    right = {"real": "ts", "video_codec": "MPEG-2", "audio_codecs": "MP2、AC-3"}
    assert of_media(right, settings=settings) == []
    for wrong, code, words in (
        ({}, "M01", "要求 mpeg 或 ts"),
        ({**right, "video_codec": "H.264"}, "M02", "要求 MPEG-2"),
        ({**right, "audio_codecs": "MP2、AAC"}, "M03", "要求 MP2 或 AC-3"),
    ):
        found = of_media(wrong, settings=settings)
        assert codes(found) == [code]
        told = tell(found, settings)[0]
        assert words in told.message
        assert "H.264" not in told.fix


def test_sound_is_judged_by_the_profile_in_force() -> None:
    sound = {"资源类型": "A02", "role": "audio", "sort": "audio", "real": "mp3", "channels": 2.0}
    strict = SETTINGS.model_copy(update={"profile": "smartedu-international-2025"})
    assert of_media({**sound, "rate": 44_100.0}) == []
    (found,) = tell(of_media({**sound, "rate": 44_100.0}, settings=strict), strict)
    assert "低于 48 kHz" in found.message
    assert "44.1" not in found.fix
    (found,) = tell(of_media({**sound, "rate": 22_050.0}), SETTINGS)
    assert "低于 44 kHz" in found.message
    assert "44.1 kHz 或 48 kHz" in found.fix


# --- bitrate by the other count ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("whole", "stream", "told"),
    [
        (2_000_000, 1_999_999, ["M07c"]),
        (1_999_999, 1_900_000, ["M07"]),
        (2_000_000, 2_000_000, []),
        (2_000_000, 0, []),
    ],
)
def test_one_finding_at_most_for_a_bitrate(whole: float, stream: float, told: list[str]) -> None:
    assert codes(of_media({"bitrate": float(whole), "stream_bitrate": float(stream)})) == told


def test_the_other_count_is_the_whole_file_where_the_stream_counts() -> None:
    settings = other_standard(bitrate_scope="stream")
    assert codes(of_media({"bitrate": 2.1e6, "stream_bitrate": 1.9e6}, settings=settings)) == ["M07"]
    (found,) = of_media({"bitrate": 1.9e6, "stream_bitrate": 2.1e6}, settings=settings)
    assert (found.code, found.facts["scope"], found.facts["other_scope"]) == ("M07c", "视频流", "整个文件")


# --- what browsers stumble over ------------------------------------------------------------------------

H264 = {"video_codec": "H.264", "bit_depth": 8, "chroma": "4:2:0", "audio_codecs": ["AAC"]}


@pytest.mark.parametrize(
    "profile", ["Baseline", "Constrained Baseline", "Main", "High", "Progressive High", ""]
)
@pytest.mark.parametrize("sound", ["LC", "LC SBR", "LC SBR PS", ""])
def test_usual_profiles_play_everywhere(profile: str, sound: str) -> None:
    assert as_columns({**H264, "video_profile": profile, "audio_profiles": [sound]}).unplayable == ""


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"video_profile": "High 10", "bit_depth": 10}, "10 位"),
        ({"video_profile": "High 10"}, "High 10"),
        ({"video_profile": "High 4:2:2", "chroma": "4:2:2"}, "色度"),
        ({"video_profile": "High 4:4:4 Predictive"}, "4:4:4"),
        ({"video_profile": "Extended"}, "Extended"),
        ({"audio_profiles": ["Main"]}, "AAC Main"),
        ({"audio_codecs": ["AAC", "AAC"], "audio_profiles": ["LC", "SSR"]}, "AAC SSR"),
        ({"encrypted": True}, "加密"),
    ],
)
def test_unusual_profiles_are_named(odd: dict[str, Any], words: str) -> None:
    facts = {**H264, "video_profile": "High", "audio_profiles": ["LC"], **odd}
    assert words in as_columns(facts).unplayable


def test_another_codec_is_told_by_its_own_rule_alone() -> None:
    facts = {"video_codec": "H.265", "video_profile": "Main 10", "bit_depth": 10}
    assert as_columns(facts).unplayable == ""
    assert as_columns({"audio_codecs": ["MP3"], "audio_profiles": ["Layer 3"]}).unplayable == ""


@pytest.mark.parametrize(
    ("scan", "told"), [("Interlaced", "是"), ("MBAFF", "是"), ("Progressive", "否"), ("", "否")]
)
def test_interlaced_is_said_by_either_way_of_coding_it(scan: str, told: str) -> None:
    assert as_columns({"scan": scan}).interlaced == told


def test_fragments() -> None:
    assert [as_columns(each).fragmented for each in ({}, {"fragmented": True})] == ["否", "是"]


@pytest.mark.parametrize(
    ("shape", "rotation", "shown"),
    [
        (4 / 3, 0, "1920×1080"),
        (4 / 3, 90, "1440×1440"),
        (1.0, 0, ""),
        (1.001, 0, ""),
        (0.985, 0, ""),
        (0.9, 0, "1296×1080"),
    ],
)
def test_the_size_at_which_a_picture_is_shown(shape: float, rotation: int, shown: str) -> None:
    facts = {"width": 1440, "height": 1080, "pixel_aspect": shape, "rotation": rotation}
    assert as_columns(facts).shown_size == shown


def test_a_stretched_picture_that_is_too_small_is_told_why() -> None:
    small = {"width": 960.0, "height": 720.0, "shown_size": "1280×720"}
    assert codes(of_media(small)) == ["M04", "M05b"]


@pytest.mark.parametrize(
    ("date", "recorded"),
    [
        ("2023-05-01", "2023-05-01"),
        ("2023", "2023"),
        ("2023-00-00", "2023"),
        ("2023-02-30", "2023"),
        ("", ""),
    ],
)
def test_a_date_inside_a_file_that_is_no_day_is_a_year(date: str, recorded: str) -> None:
    assert as_columns({"date": date}).recorded == recorded


# --- covers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [NO_ACCESS, GONE])
def test_a_file_that_was_not_opened_here_need_not_be_made_again(fault: str) -> None:
    """A film that is open in a player on this computer is as good as before."""
    found = of_media({"broken": fault, "sound": False}) + of_covers({"fault": fault})
    told = tell(found, SETTINGS)
    assert {(each.finding.code, each.severity) for each in told} == {("M13b", "警告"), ("R15-4b", "警告")}
    assert {each.fix for each in told} == {
        "请确认文件还在原处、有读取权限，也没有在别的程序中打开，再重新校验。"
    }


def test_covers_are_measured_by_the_limits_that_are_set() -> None:
    tiny = {"width": 120.0, "height": 80.0, "megabytes": 8.0}
    assert of_covers(tiny) == []
    assert codes(of_covers(tiny, min_width=121)) == ["R15-5"]
    assert codes(of_covers(tiny, min_height=81)) == ["R15-5"]
    assert of_covers(tiny, min_width=120, min_height=80, max_mb=8) == []
    (told,) = tell(of_covers(tiny, min_width=640, min_height=360, max_mb=2), SETTINGS)
    assert told.message == (
        "封面“fm001.jpg”为 120×80，小于所要求的宽 640、高 360 像素，有 8 MB，大于 2 MB（通知未规定）。"
    )
    (told,) = tell(of_covers({"megabytes": 2.001}, max_mb=2), SETTINGS)
    assert "有 2.01 MB，大于 2 MB" in told.message


def test_a_cover_that_cannot_be_read_has_that_fault_alone() -> None:
    broken = {"fault": "图片损坏，无法解码", "width": 120.0, "height": 80.0, "turned": "是"}
    assert codes(of_covers(broken, min_width=640)) == ["R15-4"]
    assert codes(
        of_covers({"problem": "在提交的文件中找不到", "width": 0.0, "height": 0.0}, min_width=640)
    ) == ["R15-3"]


def test_orientation_and_size_of_a_cover_come_from_its_facts() -> None:
    upright = {"real": "jpeg", "size": 2_500_000, "width": 640, "height": 360, "orientation": 1}
    assert as_columns(upright).turned == "否"
    assert as_columns({**upright, "orientation": 6}).turned == "是"
    assert as_columns(upright).megabytes == 2.5
