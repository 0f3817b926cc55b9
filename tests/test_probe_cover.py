"""Covers: what a picture is, and whether it can be decoded."""

import struct

import pytest
from PIL import Image

from pipeline.demo.media import make_cover
from pipeline.probe.cover import CUT, TOO_LARGE
from pipeline.probe.facts import probe_file


@pytest.fixture
def cover(tmp_path):
    path = tmp_path / "封面.jpg"
    make_cover(path, width=640, height=360)
    return path


def test_a_good_cover(cover):
    facts = probe_file(cover)
    expected = {"real": "jpeg", "broken": "", "width": 640, "height": 360, "colour": "RGB", "orientation": 1}
    assert {key: facts[key] for key in expected} == expected


def test_a_cover_that_is_no_jpeg(cover):
    make_cover(cover, format="PNG")
    assert probe_file(cover)["real"] == "png"


def test_cmyk_and_grey(cover):
    for mode in ("CMYK", "L"):
        make_cover(cover, mode=mode)
        assert (probe_file(cover)["colour"], probe_file(cover)["broken"]) == (mode, "")


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.995])
def test_a_cut_cover(cover, kept):
    data = cover.read_bytes()
    cover.write_bytes(data[: int(len(data) * kept)])
    assert probe_file(cover)["broken"] != ""


def test_a_cut_in_the_picture_data_is_called_incomplete(cover):
    data = cover.read_bytes()
    cover.write_bytes(data[: len(data) * 9 // 10])
    assert probe_file(cover)["broken"] == CUT


def test_progressive_turned_and_doubled_pictures_pass(cover):
    image = Image.new("RGB", (640, 360), "teal")
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(cover, progressive=True, exif=exif)
    facts = probe_file(cover)
    assert (facts["orientation"], facts["broken"]) == (6, "")
    image.save(cover, format="MPO", save_all=True, append_images=[image])
    assert (probe_file(cover)["real"], probe_file(cover)["broken"]) == ("jpeg", "")


@pytest.mark.parametrize("side", [7000, 13000, 65000])
def test_a_giant_claim_is_not_decoded(cover, side):
    data = bytearray(cover.read_bytes())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", side, side)
    cover.write_bytes(data)
    assert probe_file(cover)["broken"] == TOO_LARGE


def test_other_formats_behind_a_jpeg_start_are_not_tried(cover):
    cover.write_bytes(b"\xff\xd8\xff" + b"%!PS-Adobe-3.0 EPSF-3.0\n" * 9)
    assert probe_file(cover)["broken"] != ""
