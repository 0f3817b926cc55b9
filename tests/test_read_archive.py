"""A unit's .zip comes out as its folder, and nothing in it leaves that folder."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model import Rejection
from pipeline.read.archive import Unpacked, unpack
from pipeline.read.refusal import Refused
from pipeline.read.zipped import Limits, inflate


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def renamed(path: Path, old: str, raw: bytes) -> Path:
    """The archive with a member's name replaced by raw bytes, as Windows programs write it."""
    assert len(old) == len(raw)
    path.write_bytes(path.read_bytes().replace(old.encode(), raw))
    return path


def out(path: Path, into: Path) -> Unpacked:
    into.mkdir(exist_ok=True)
    found = unpack(path, into)
    assert isinstance(found, Unpacked), found
    assert sorted(found.files) == sorted(
        file.relative_to(into).as_posix() for file in into.rglob("*") if file.is_file()
    )
    return found


def test_the_single_folder_around_everything_is_left_out(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"某校/": b"", "某校/表.xlsx": b"1", "某校/视频/1.mp4": b"22"})
    found = out(path, tmp_path / "out")
    assert found == Unpacked(("表.xlsx", "视频/1.mp4"), (), 0)
    assert (tmp_path / "out/视频/1.mp4").read_bytes() == b"22"


def test_two_folders_stay(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"甲/1.jpg": b"1", "乙/1.jpg": b"2"})
    assert out(path, tmp_path / "out").files == ("甲/1.jpg", "乙/1.jpg")


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
@pytest.mark.parametrize(
    "name", ["模拟.mp4", "模.mp4", "联通.mp4", "䶮𠮷.mp4", "第1讲 航空—发动机（上）.mp4"]
)
def test_names_without_a_mark(tmp_path: Path, name: str, encoding: str) -> None:
    """Windows writes gb18030 and macOS UTF-8, and neither says so."""
    raw = name.encode(encoding)
    path = renamed(packed(tmp_path / "a.zip", {"x" * len(raw): b"1"}), "x" * len(raw), raw)
    assert out(path, tmp_path / "out").files == (name,)


def test_a_name_in_no_chinese_encoding_is_read_as_cp437(tmp_path: Path) -> None:
    path = renamed(packed(tmp_path / "a.zip", {"caf_.mp4": b"1"}), "caf_.mp4", b"caf\x82.mp4")
    assert out(path, tmp_path / "out").files == ("café.mp4",)


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("../evil.txt", "文件夹之外"),
        ("a/../../evil.txt", "文件夹之外"),
        ("..\\evil.txt", "文件夹之外"),
        ("/etc/passwd", "相对"),
        ("\\\\server\\x.txt", "相对"),
        ("C:/evil.txt", "相对"),
        ("c:evil.txt", "相对"),
        ("a//b.txt", "空的一级"),
        ("./b.txt", "空的一级"),
        ("CON", "保留"),
        ("a/aux.txt", "保留"),
        ("com1.tar.mp4", "保留"),
        ("b.", "点或空格"),
        ("folder /b.txt", "点或空格"),
        ("b.txt:stream", "不允许的字符"),
        ("b?.txt", "不允许的字符"),
        ("a/inner.ZIP", "压缩包里的压缩包"),
        ("inner.rar", "压缩包里的压缩包"),
        ("长" * 86 + ".mp4", "255"),
    ],
)
def test_a_bad_member_is_refused_alone(tmp_path: Path, name: str, cause: str) -> None:
    path = packed(tmp_path / "a.zip", {name: b"1", "good.txt": b"2"})
    found = out(path, tmp_path / "out")
    assert found.files == ("good.txt",)
    assert len(found.refused) == 1
    assert cause in found.refused[0][1]
    assert {file.name for file in tmp_path.iterdir()} == {"a.zip", "out"}


@pytest.mark.parametrize(
    "name", ["console.txt", "auxiliary.mp4", "a..b.txt", ".hidden", "com10.txt", "..x/a.txt"]
)
def test_a_name_that_only_looks_bad_is_kept(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "a.zip", {name: b"1", "good.txt": b"2"})
    assert out(path, tmp_path / "out").files == (name, "good.txt")


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("good.txt", "1")
    found = out(path, tmp_path / "out")
    assert found.files == ("good.txt",)
    assert "链接" in found.refused[0][1]


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"secret.txt": b"1", "good.txt": b"2"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert out(path, tmp_path / "out").refused == (("secret.txt", "设了密码"),)


def test_names_that_collide(tmp_path: Path) -> None:
    members = {"视频/A.mp4": b"1", "视频/a.MP4": b"2", "x": b"3", "X/y.txt": b"4", "视频": b"5", "é": b"6",
               "e\u0301": b"7"}  # fmt: skip
    found = out(packed(tmp_path / "a.zip", members), tmp_path / "out")
    assert found.files == ("视频/A.mp4", "x", "é")
    assert [name for name, _ in found.refused] == ["视频/a.MP4", "X/y.txt", "视频", "e\u0301"]
    assert (tmp_path / "out/视频/A.mp4").read_bytes() == b"1"


def test_junk_is_counted(tmp_path: Path) -> None:
    members = {"某校/1.mp4": b"1", "__MACOSX/某校/._1.mp4": b"", "某校/.DS_Store": b"", "某校/~$表.xlsx": b"",
               "某校/Thumbs.db": b"", "某校/.~lock.表.xlsx#": b""}  # fmt: skip
    assert out(packed(tmp_path / "a.zip", members), tmp_path / "out") == Unpacked(("1.mp4",), (), 5)


def test_a_damaged_archive_is_refused_whole(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"1.mp4": bytes(range(256)) * 40})
    data = path.read_bytes()
    for broken in (b"", data[:100], data[:-30], data[:60] + b"\xff" + data[61:], b"PK\x03\x04" + b"\0" * 200):
        path.write_bytes(broken)
        into = tmp_path / "out"
        into.mkdir(exist_ok=True)
        for file in into.iterdir():
            file.unlink()
        found = unpack(path, into)
        assert isinstance(found, Rejection)
        assert "损坏" in found.cause


def test_bombs_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    many = packed(tmp_path / "many.zip", {str(number): b"" for number in range(11)})
    big = packed(tmp_path / "big.zip", {"a": b"a" * 600, "b": b"b" * 600})
    dense = packed(tmp_path / "dense.zip", {"a": b"\0" * (1 << 20)})
    overlap = packed(tmp_path / "overlap.zip", {"a": b"a" * 99, "b": b"a" * 99})
    data = overlap.read_bytes()
    second = struct.pack("<L", data.index(b"PK\x03\x04", 4))
    overlap.write_bytes(data[::-1].replace(second[::-1], b"\0\0\0\0", 1)[::-1])
    limits = Limits(members=10, total=2 << 20, ratio=100, ratio_from=1 << 20)
    into = tmp_path / "out"
    into.mkdir()
    for path in (many, dense, overlap):
        found = unpack(path, into, limits)
        assert isinstance(found, Rejection)
        assert "恶意压缩" in found.cause
    assert isinstance(unpack(big, into, Limits(10, 1000, 100, 1 << 20)), Rejection)
    assert not list(into.iterdir())


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_small_member_is_damaged_where_zipfile_says_so(data: st.DataObject) -> None:
    """Of streams with flipped bits and wrong lengths the same are refused, whatever unpacks them."""
    content = data.draw(st.binary(max_size=300)) * data.draw(st.integers(1, 40))
    stream = io.BytesIO()
    with zipfile.ZipFile(
        stream, "w", zipfile.ZIP_DEFLATED, compresslevel=data.draw(st.integers(0, 9))
    ) as new:
        new.writestr("a", content)
    raw = bytearray(stream.getvalue())
    start, size = 31, zipfile.ZipFile(stream).infolist()[0].compress_size
    for at in data.draw(st.lists(st.integers(0, size - 1), max_size=2)):
        raw[start + at] ^= 1 << data.draw(st.integers(0, 7))
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        member = archive.infolist()[0]
        member.file_size = max(0, member.file_size - data.draw(st.sampled_from([0, 0, 1])))
        assert _read_by(lambda: b"".join(inflate(archive, member))) == _read_by(lambda: archive.read(member))


def _read_by(read: Callable[[], bytes]) -> bytes | None:
    try:
        return read()
    except (Refused, zipfile.BadZipFile, zlib.error, EOFError):
        return None
