"""MPEG audio counted frame by frame."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.demo.media import make_audio
from pipeline.probe.boxes import walk_boxes
from pipeline.probe.facts import INCOMPLETE, UNDECODABLE, probe_file
from pipeline.probe.frames import find_frame, header_at, id3_size
from pipeline.probe.mp3 import mp3_facts
from pipeline.probe.sniff import LABELS, sniff


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")

    def make(**arguments):
        path = folder / (repr(sorted(arguments.items())).replace("'", "") + ".mp3")
        if not path.exists():
            make_audio(path, **{"seconds": 3, **arguments})
        return path

    return make


def bare_frames(path):
    """The sound frames of a file, without ID3 and Xing: (bytes, exact seconds)."""
    data = path.read_bytes()
    position, first = find_frame(data, id3_size(data), None)
    position += first.size
    start, count = position, 0
    while (frame := header_at(data, position)) is not None:
        position += frame.size
        count += 1
    return data[start:position], count * first.samples / first.rate


def measure(data):
    return mp3_facts(io.BytesIO(data), len(data))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, {"audio_codecs": ["MP3"], "audio_channels": [2], "audio_rates": [44100]}),
        ({"channels": 1}, {"audio_channels": [1], "audio_rates": [44100]}),
        ({"rate": 22050, "bitrate": 64000}, {"audio_channels": [2], "audio_rates": [22050]}),
        ({"rate": 48000}, {"audio_rates": [48000]}),
        ({"codec": "mp2"}, {"real": "mp2", "audio_codecs": ["MP2"]}),
        ({"codec": "aac"}, {"real": "aac", "audio_codecs": ["AAC"]}),
        ({"codec": "aac", "container": "mp4"}, {"real": "mp4", "audio_codecs": ["AAC"]}),
        ({"codec": "mp3", "container": "mp4"}, {"real": "mp4"}),
        ({"codec": "flac"}, {"real": "flac", "audio_codecs": ["FLAC"]}),
    ],
)
def test_a_sound_file(sounds, arguments, expected):
    facts = probe_file(sounds(**arguments))
    expected = {"real": "mp3", "broken": "", "audio_tracks": 1, **expected}
    assert {key: facts[key] for key in expected} == expected
    if expected["real"] != "aac":
        assert abs(facts["duration_ms"] - 3000) < 100


def test_the_header_that_is_believed_agrees_with_the_count(sounds):
    path = sounds()
    data, seconds = bare_frames(path)
    believed, counted = measure(path.read_bytes()), measure(data)
    assert "junk_bytes" not in believed
    assert counted["junk_bytes"] == 0
    assert believed["duration_ms"] == counted["duration_ms"] == round(seconds * 1000)


def test_variable_rate_without_a_header_has_its_exact_duration(sounds):
    parts = [
        bare_frames(sounds(bitrate=rate, seconds=seconds)) for rate, seconds in ((64000, 5), (256000, 1))
    ]
    facts = measure(b"".join(data for data, _ in parts))
    assert facts["duration_ms"] == round(sum(seconds for _, seconds in parts) * 1000)


def test_tags_around_the_sound_are_no_sound(sounds):
    data, seconds = bare_frames(sounds())
    id3v2 = b"ID3\x04\x00\x00\x00\x00\x02\x00" + b"\xff\xfb\x90\x00" * 64
    ape = b"APETAGEX" + (2000).to_bytes(4, "little") + (40).to_bytes(4, "little") + bytes(8)
    tail = b"x" * 8 + b"APETAGEX" + bytes(4) + (40).to_bytes(4, "little") + bytes(16) + b"TAG" + bytes(125)
    for wrapped in (id3v2 + data, id3v2 + id3v2 + data, data + tail, id3v2 + data + tail):
        facts = measure(wrapped)
        assert (facts["duration_ms"], facts["junk_bytes"]) == (round(seconds * 1000), 0)
    assert measure(data + ape)["duration_ms"] == round(seconds * 1000)


def test_a_cut_file_is_told_only_by_its_header(sounds, tmp_path):
    path = tmp_path / "cut.mp3"
    whole = sounds().read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    facts = probe_file(path)
    assert (facts["truncated"], facts["broken"], facts["last_frame_cut"]) == (True, INCOMPLETE, True)
    assert abs(facts["duration_ms"] - 1500) < 60
    data, _ = bare_frames(sounds())
    path.write_bytes(data[: len(data) // 2 + 7])
    facts = probe_file(path)
    assert (facts["broken"], facts["last_frame_cut"]) == ("", True)


def test_damage_in_the_middle_costs_only_itself(sounds):
    data, seconds = bare_frames(sounds())
    hurt = data[:20_000] + bytes(3000) + data[23_000:]
    facts = measure(hurt)
    assert 0 < round(seconds * 1000) - facts["duration_ms"] < 300
    assert facts["junk_bytes"] > 2000


def test_two_separate_voices_are_two_channels(sounds):
    data, _ = bare_frames(sounds())
    dual, position = bytearray(data), 0
    while (frame := header_at(data, position)) is not None:
        dual[position + 3] = dual[position + 3] & 0x3F | 0x80
        position += frame.size
    assert measure(bytes(dual))["audio_channels"] == [2]


def test_a_tag_without_sound_is_broken(tmp_path):
    path = tmp_path / "x.mp3"
    path.write_bytes(b"ID3\x03\x00\x00\x00\x00\x02\x00" + bytes(2000))
    assert probe_file(path)["broken"] == UNDECODABLE


def test_the_year_in_the_tag(sounds, tmp_path):
    frame = b"TYER" + (5).to_bytes(4, "big") + b"\x00\x00" + b"\x002019"
    path = tmp_path / "x.mp3"
    path.write_bytes(b"ID3\x03\x00\x00\x00\x00\x00" + bytes([len(frame)]) + frame + bare_frames(sounds())[0])
    assert probe_file(path)["date"] == "2019"


SEEDS = [
    b"\xff\xfb\x90\x00",
    b"ID3\x04\x00\x00",
    b"APETAGEX",
    b"TAG",
    b"LYRICS200",
    b"ftyp",
    b"moov",
    b"mdat",
    b"\xff\xf1",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(SEEDS), st.binary(max_size=200)), max_size=30).map(b"".join))
def test_no_bytes_make_the_walkers_fail(data):
    assert sniff(io.BytesIO(data)) in LABELS
    measure(data)
    walk_boxes(io.BytesIO(data), len(data))
