"""Probing real media: right and near-miss files made by the encoders themselves."""

import json
import os
import socket
import struct
import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest
from pymediainfo import MediaInfo

from pipeline.demo.media import make_audio, make_cover, make_video, vary
from pipeline.files import GONE
from pipeline.isolate import Limits
from pipeline.probe import facts as f
from pipeline.probe.facts import probe_file
from tests.isolated import run_isolated

SMALL = {"seconds": 1, "width": 320, "height": 180, "bitrate": 200_000}
FULL = {"seconds": 4, "width": 1280, "height": 720, "bitrate": 2_400_000}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a file once per set of arguments; returns its path."""
    folder = tmp_path_factory.mktemp("media")

    def make(maker, name="x.mp4", **arguments):
        path = folder / repr(sorted(arguments.items())).replace("/", "_").replace("'", "") / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            maker(path, **arguments)
        return path

    return make


@pytest.fixture
def video(made):
    return lambda **arguments: made(make_video, **{**SMALL, **arguments})


@pytest.fixture
def sound(made):
    return lambda name="x.mp3", **arguments: made(make_audio, name, **{"seconds": 2, **arguments})


def test_a_conforming_video(video):
    facts = probe_file(video(**FULL))
    expected = {
        "real": "mp4",
        "broken": "",
        "duration_ms": 4000,
        "video_tracks": 1,
        "audio_tracks": 1,
        "video_codec": "H.264",
        "video_profile": "High",
        "bit_depth": 8,
        "chroma": "4:2:0",
        "width": 1280,
        "height": 720,
        "rotation": 0,
        "frame_rate": 25.0,
        "scan": "Progressive",
        "audio_codecs": ["AAC"],
        "audio_profiles": ["LC"],
        "audio_channels": [2],
        "audio_rates": [48000],
        "encrypted": False,
        "truncated": False,
        "index_in_front": True,
        "fragmented": False,
    }
    assert {key: facts[key] for key in expected} == expected
    assert facts["overall_bitrate"] == facts["size"] * 2 > 2_000_000
    assert facts["overall_bitrate"] > facts["video_bitrate"] > 2_000_000
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


def test_what_is_made_decodes_to_its_last_frame_and_is_the_same_every_time(video, tmp_path):
    path = video(seconds=3.5, fps=30)
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 105
    with av.open(str(path)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) >= 48_000 * 3.5
    make_video(tmp_path / "again.mp4", **{**SMALL, "seconds": 3.5}, fps=30)
    assert (tmp_path / "again.mp4").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "key", "value"),
    [
        ({"video_codec": "hevc"}, "video_codec", "H.265"),
        ({"video_codec": "mpeg4"}, "video_codec", "MPEG-4 Part 2"),
        ({"audio_codec": "mp3"}, "audio_codecs", ["MP3"]),
        ({"audio_codec": "ac3"}, "audio_codecs", ["AC-3"]),
        ({"audio_codec": None}, "audio_tracks", 0),
        ({"container": "mov"}, "real", "mov"),
        ({"container": "3gp"}, "real", "3gp"),
        ({"container": "matroska"}, "real", "mkv"),
        ({"container": "webm", "video_codec": "vp9", "audio_codec": None}, "real", "webm"),
        ({"container": "avi"}, "real", "avi"),
        ({"container": "mpegts"}, "real", "ts"),
        ({"container": "flv"}, "real", "flv"),
        ({"fps": 24}, "frame_rate", 24.0),
        ({"fps": Fraction(30000, 1001)}, "frame_rate", 29.97),
        ({"fps": Fraction(24999, 1000), "seconds": 60}, "frame_rate", 24.999),
        ({"width": 720, "height": 576}, "height", 576),
        ({"width": 720, "height": 1280}, "width", 720),
        ({"faststart": False}, "index_in_front", False),
    ],
)
def test_a_video_that_differs_in_one_thing(video, arguments, key, value):
    facts = probe_file(video(**arguments))
    assert facts[key] == value
    assert facts["broken"] == ""


def test_a_turned_picture_has_its_sides_exchanged(video, tmp_path):
    data = video().read_bytes()
    upright = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    turned = struct.pack(">iiIiiIiiI", 0, 0x10000, 0, -0x10000, 0, 0, 0x10000 * 180, 0, 0x40000000)
    at = data.index(upright, data.index(b"tkhd"))
    path = tmp_path / "turned.mp4"
    path.write_bytes(data[:at] + turned + data[at + 36 :])
    facts = probe_file(path)
    assert (facts["rotation"], facts["width"], facts["height"]) == (90, 180, 320)


def test_an_encrypted_picture(video, tmp_path):
    path = tmp_path / "encrypted.mp4"
    data = video().read_bytes()
    at = data.index(b"avc1", data.index(b"stsd"))
    path.write_bytes(data[:at] + b"encv" + data[at + 4 :])
    assert probe_file(path)["encrypted"] is True


def test_fragments(video, tmp_path):
    path = tmp_path / "fragments.mp4"
    options = {"movflags": "frag_keyframe+empty_moov"}
    with av.open(str(video(seconds=3))) as source, av.open(str(path), "w", options=options) as target:
        streams = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream_index]
                target.mux(packet)
    facts = probe_file(path)
    assert (facts["fragmented"], facts["truncated"], facts["broken"]) == (True, False, "")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert probe_file(path)["broken"] == f.INCOMPLETE


def test_a_cut_video_is_found_wherever_it_is_cut(video, tmp_path):
    path = tmp_path / "cut.mp4"
    for faststart in (True, False):
        data = video(faststart=faststart).read_bytes()
        for kept in (0.02, 0.3, 0.9, 0.9999):
            path.write_bytes(data[: int(len(data) * kept)])
            facts = probe_file(path)
            assert (facts["truncated"], facts["broken"]) == (True, f.INCOMPLETE), (faststart, kept)


@pytest.mark.parametrize("junk", [b"\x00" * 5000, b"junk" * 999, bytes(range(256)) * 9, b"x"])
def test_something_behind_the_end_does_not_make_it_broken(video, sound, tmp_path, junk):
    for source in (video(), video(faststart=False), sound()):
        path = tmp_path / source.name
        path.write_bytes(source.read_bytes() + junk)
        before, after = probe_file(source), probe_file(path)
        assert after["broken"] == ""
        assert after["duration_ms"] == before["duration_ms"]


def test_a_playlist_named_as_a_video_opens_nothing(video, tmp_path):
    path = tmp_path / "list.mp4"
    path.write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{video()}\n#EXT-X-ENDLIST\n", encoding="utf-8"
    )
    library = json.loads(MediaInfo.parse(str(path), output="JSON"))
    assert len(library["media"]["track"]) > 1, "the library itself follows the list: that is the danger"
    assert probe_file(path) == {"real": "playlist", "size": path.stat().st_size, "broken": ""}


def test_what_is_no_media_is_named_and_not_measured(tmp_path):
    texts = {
        b"": ("empty", f.EMPTY),
        b"http://127.0.0.1/x.mp4\n": ("text", ""),
        "讲课视频，稍后补交".encode("gb18030"): ("text", ""),
        b"\xff\xfe" + "说明".encode("utf-16-le"): ("text", ""),
        b"<!DOCTYPE html><title>login</title>": ("html", ""),
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>': ("playlist", ""),
        b"%PDF-1.7\n": ("pdf", ""),
        b"PK\x03\x04" + bytes(26) + b"word/document.xml": ("docx", ""),
        b"Rar!\x1a\x07\x01\x00": ("rar", ""),
        bytes(100_000): ("unknown", ""),
    }
    for data, (real, broken) in texts.items():
        path = tmp_path / "x.mp4"
        path.write_bytes(data)
        assert probe_file(path) == {"real": real, "size": len(data), "broken": broken}


def test_a_box_file_without_tracks_is_broken(tmp_path):
    path = tmp_path / "x.mp4"
    path.write_bytes(b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00")
    assert probe_file(path)["broken"] == f.INCOMPLETE
    path.write_bytes(path.read_bytes() + b"\x00\x00\x00\x08moov\x00\x00\x00\x08mdat")
    assert probe_file(path)["broken"] == f.UNDECODABLE


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX kinds of files")
def test_only_regular_files_are_opened(video, tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "fifo.mp4")
    (tmp_path / "link.mp4").symlink_to(video())
    (tmp_path / "folder.mp4").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)
        listener.bind("socket.mp4")
        for name in ("fifo.mp4", "link.mp4", "folder.mp4", "socket.mp4"):
            assert probe_file(tmp_path / name) == {"unreadable": f.NOT_A_FILE}
    assert probe_file(Path("/dev/zero")) == {"unreadable": f.NOT_A_FILE}
    assert probe_file(tmp_path / "none.mp4") == {"unreadable": GONE}


def test_chinese_names_in_a_worker_under_the_c_locale(video, tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    path = tmp_path / "第１讲 绪论（上）.mp4"
    path.write_bytes(video(container="matroska").read_bytes())
    [(_, facts)] = run_isolated(probe_file, [path], jobs=1, limits=Limits(20, 512))
    assert facts["video_codec"] == "H.264"


def test_variants_differ_in_bytes_and_in_nothing_measured(video, sound, made, tmp_path):
    for source in (video(), sound(), made(make_cover, "x.jpg")):
        variants = []
        for seed in (1, 2):
            path = tmp_path / f"{seed}{source.suffix}"
            vary(source, path, seed)
            facts = dict(probe_file(path))
            variants.append(path.read_bytes())
            original = dict(probe_file(source))
            for key in ("size", "overall_bitrate"):
                facts.pop(key, None)
                original.pop(key, None)
            assert facts == original
        assert len({source.read_bytes(), *variants}) == 3
    with pytest.raises(ValueError, match="no mp4"):
        vary(Path(__file__), tmp_path / "y", 1)
