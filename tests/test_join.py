"""From the name in a cell to a file of the unit, and never to any other."""

from __future__ import annotations

import sys
import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.files import Entry
from pipeline.join import MISSING, Index, Match, _each_of, _files, measured_seconds, references

NFC, NFD = "第é讲.mp4", unicodedata.normalize("NFD", "第é讲.mp4")


def index(*paths: str) -> Index:
    return Index(Entry.of(path, path, 1, 1) for path in paths)


@pytest.mark.parametrize("named", ["视频/1.mp4", "视频\\1.mp4", "./视频/1.mp4", "1.mp4"])
def test_a_path_or_a_bare_name_is_found(named: str) -> None:
    assert index("视频/1.mp4", "视频/2.mp4").find(named) == Match("视频/1.mp4")


@pytest.mark.parametrize(
    ("named", "path"),
    [(NFD, NFC), ("ABC.MP4", "abc.mp4"), ("ＡＢＣ.mp4", "abc.mp4"), ("视频/Abc.mp4", "视频/abc.mp4")],
)
def test_unicode_form_width_and_case_do_not_matter_but_are_told(named: str, path: str) -> None:
    assert index(path, "别的.mp4").find(named) == Match(path, respelled=True)


def test_a_bare_name_that_several_have_is_not_guessed() -> None:
    assert "2 个同名文件" in index("a/1.mp4", "b/1.mp4").find("1.mp4").problem
    assert index("a/1.mp4", "b/1.mp4").find("b/1.mp4") == Match("b/1.mp4")
    assert index("1.mp4", "b/1.mp4").find("1.mp4") == Match("1.mp4")


@pytest.mark.parametrize(
    "named",
    [
        "..\\..\\1.mp4", "../1.mp4", "视频/../../1.mp4", "/etc/1.mp4", "C:\\视频\\1.mp4", "C:1.mp4",
        "\\\\server\\share\\1.mp4", "\\\\?\\C:\\1.mp4", "~/1.mp4",
    ],
)  # fmt: skip
def test_a_path_that_leaves_the_folder_is_a_problem_with_the_likely_file(named: str) -> None:
    found = index("视频/1.mp4").find(named)
    assert found.path == ""
    assert "文件夹以外" in found.problem or "不在提交的文件夹内" in found.problem
    assert found.likely == "视频/1.mp4"


@pytest.mark.parametrize(
    "named",
    [
        "CON",
        "1.mp4:stream",
        "1.mp4.",
        "x" * 255,
        "a/" * 2000 + "1.mp5",
        "1.mp4\0",
        "\ud800.mp4",
        ".",
        "http://a/1.mp4",
    ],
)
def test_odd_names_lead_nowhere(named: str) -> None:
    found = index("视频/1.mp4").find(named)
    assert found.path == ""
    assert found.problem


def test_another_extension_is_suggested() -> None:
    assert index("视频/1.mp4").find("1.mp4x").problem == MISSING
    assert Index([Entry.of("视频/1.mp4", "x", 1, 1)]).find("1") == Match(problem=MISSING, likely="视频/1.mp4")


def test_looking_for_a_file_touches_no_disk() -> None:
    opened: list[object] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in ("open", "os.scandir", "os.listdir"):
            opened.append(arguments)

    files = index("视频/1.mp4")
    sys.addaudithook(watch)
    for named in ("../../etc/passwd", "/etc/passwd", "C:\\x", "1.mp4", "\\\\server\\x"):
        files.find(named)
    watching = False
    assert opened == []


def test_the_length_of_a_row_is_known_if_every_file_has_one() -> None:
    media = pd.DataFrame(
        [
            (1, "video", True, 60.0),
            (1, "video", True, 30.5),
            (2, "video", True, 60.0),
            (2, "video", False, 30.0),
            (3, "", True, 9.0),
            (4, "audio", True, float("nan")),
        ],
        columns=["@index", "role", "sound", "seconds"],
    )
    known = measured_seconds(media)
    assert known[1] == 90.5
    assert list(known.index) == [1, 2, 4]
    assert known[[2, 4]].isna().all()
    assert measured_seconds(media.iloc[:0]).empty


def named(text: str, *paths: str) -> tuple[list[str], str]:
    """What 资源文件 resolves to, and the separator that had to be guessed."""
    values = pd.DataFrame({"@unit": ["甲"], "资源文件": [text], "资源封面": [""]})
    found = references(values, {"甲": index(*paths)}, ())
    return found.media["path"].tolist(), found.media["separator"].iloc[0]


def test_another_separator_counts_only_if_every_part_is_a_file() -> None:
    assert named("1.mp4;2.mp4", "1.mp4", "2.mp4") == (["1.mp4", "2.mp4"], "")
    assert named("1.mp4；2.mp4", "1.mp4", "2.mp4") == (["1.mp4", "2.mp4"], "；")
    assert named("1.mp4\n2.mp4", "1.mp4", "2.mp4") == (["1.mp4", "2.mp4"], "；")
    assert named("1.mp4、2.mp4", "1.mp4", "2.mp4") == (["1.mp4", "2.mp4"], "、")
    assert named("加、减法.mp4", "加、减法.mp4") == (["加、减法.mp4"], "")
    assert named("1.mp4；3.mp4", "1.mp4", "2.mp4") == ([""], "")


def test_an_unfinished_download_is_known_by_either_name() -> None:
    mine = Index([], ["视频/讲座.mp4.crdownload"])
    assert mine.find("讲座.mp4.crdownload") == mine.find("讲座.mp4") == Match(unfinished=True)
    assert mine.find("讲座").problem == MISSING


@pytest.mark.parametrize("cell", ["音频/009.mp3；音频/009（下）.mp3", "音频/009.mp3、音频/009（下）.mp3"])
def test_two_files_with_folders_are_two(cell: str) -> None:
    """The last part alone would be the bare name of the second."""
    values = pd.DataFrame({"@unit": ["甲"], "资源文件": [cell], "资源封面": [""]})
    found = references(values, {"甲": index("音频/009.mp3", "音频/009（下）.mp3")}, ())
    assert list(found.media["path"]) == ["音频/009.mp3", "音频/009（下）.mp3"]


NAMES = st.text(st.sampled_from("aA1 ./\\;；、,|-_()~é\u0301第\n"), min_size=1, max_size=5)


@given(st.sets(NAMES, max_size=4), NAMES, st.booleans(), st.sampled_from(["资源文件", "资源封面"]))
def test_what_is_plain_leads_where_a_long_look_leads(
    paths: set[str], text: str, there: bool, field: str
) -> None:
    files = index(*paths, *([text] if there else []))
    assert _files(text, field, files) == tuple(_each_of(text, field, files))
