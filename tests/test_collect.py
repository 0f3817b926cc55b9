"""What is found under input/, and that nothing there is lost, followed or written."""

from __future__ import annotations

import errno
import io
import os
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import receive as copying
from pipeline.collect import _JUNK, DEEPEST, Collected, _is_junk, anything_in, collect
from pipeline.files import Entry, Received, shown_name
from pipeline.isolate import Limits, Workers
from pipeline.model import Rejection
from pipeline.receive import Copies
from pipeline.unzip import unpack_once

LIMITS = Limits(20, 1024)
NFC, NFD = "caf\u00e9", "cafe\u0301"
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX only")


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(1) as crew:
        yield crew


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "input"
    folder.mkdir()
    return folder


def put(folder: Path, *files: str, data: bytes | None = None) -> None:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode() if data is None else data)


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def gbk_zip(name: str, data: bytes) -> bytes:
    """As old Windows writes it: a GBK name, and no flag that says so."""
    raw = name.encode("gbk")
    stand_in = "x" * len(raw)
    return zipped({stand_in: data}).replace(stand_in.encode(), raw)


def gathered(source: Path, workers: Workers, megabytes: int = 200) -> Collected:
    kept = source.parent / "收件"
    return collect(source, kept, source.parent / "解压", workers, LIMITS, megabytes)


def told(collected: Collected) -> list[tuple[str, str, str, str]]:
    return [
        (f.code, f.place.unit, f.value, f.facts.get("why") or f.facts.get("cause") or f.facts.get("same", ""))
        for f in collected.findings
    ]


def paths(collected: Collected, unit: str) -> list[str]:
    return [entry.path for entry in collected.units[unit].entries]


def books(collected: Collected, unit: str) -> list[str]:
    return [received.entry.path for received in collected.units[unit].workbooks]


def test_units_their_workbooks_and_files(source: Path, workers: Workers) -> None:
    put(source, "乙学院/表.xlsx", "乙学院/视频/1.mp4", "甲学院/表.csv", "散表.xlsx", "空单位/.DS_Store")
    found = gathered(source, workers)
    assert list(found.units) == ["乙学院", "甲学院", "空单位"]
    assert paths(found, "乙学院") == ["表.xlsx", "视频/1.mp4"]
    assert books(found, "甲学院") == ["表.csv"]
    assert [each.entry.path for each in found.loose] == ["散表.xlsx"]
    assert found.units["空单位"].entries == []
    assert found.findings == []
    assert found.ignored == 1
    received = [*found.units["乙学院"].workbooks, *found.units["甲学院"].workbooks, *found.loose]
    assert received[0].copy.read_bytes() == "乙学院/表.xlsx".encode()
    assert {p.name for p in received[0].copy.parent.iterdir()} == {each.copy.name for each in received}


def test_input_is_never_written(source: Path, workers: Workers) -> None:
    put(source, "甲/表.xlsx")
    put(source, "乙.zip", data=zipped({"表.xlsx": b"x"}))

    def state() -> dict[str, tuple[int, int, int]]:
        each = {p: p.lstat() for p in [source, *source.rglob("*")]}
        return {str(p): (s.st_size, s.st_mtime_ns, s.st_mode) for p, s in each.items()}

    before = state()
    gathered(source, workers)
    assert state() == before


def test_notes_reserved_names_and_leftovers_are_no_findings(source: Path, workers: Workers) -> None:
    put(source, "说明.md", ".gitkeep", "README", "readme.txt", "往年/2023.xlsx", "Thumbs.db", ".git/config")
    assert not anything_in(source)
    leftovers = ["~$表.xlsx", ".~lock.表.xlsx#", ".DS_Store", "._表.xlsx", "课.mp4.crdownload", "desktop.ini"]
    put(source, *(f"甲/{name}" for name in leftovers))
    assert anything_in(source)
    found = gathered(source, workers)
    assert found.findings == []
    assert list(found.units) == ["甲"]
    assert found.ignored == len(leftovers) + 2
    assert found.units["甲"].entries == []


def test_what_is_not_understood_is_named(source: Path, workers: Workers) -> None:
    put(
        source,
        "登记表.docx",
        "资料.rar",
        "甲/课件.rar",
        "甲/程序.exe",
        "甲/无后缀",
        "甲/.隐藏",
        "甲/说明.docx",
    )
    assert told(gathered(source, workers)) == [
        ("F10", "甲", ".隐藏", "不是认识的文件类型"),
        ("F10", "甲", "无后缀", "不是认识的文件类型"),
        ("F10", "甲", "程序.exe", "不是认识的文件类型"),
        ("F01", "甲", "课件.rar", "是不能读取的压缩格式"),
        ("F10", "", "登记表.docx", "不在任何单位的文件夹中"),
        ("F01", "", "资料.rar", "是不能读取的压缩格式"),
    ]


@posix
def test_links_pipes_and_sockets_are_refused_by_name(
    source: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(source.parent, "外面/秘密.xlsx")
    put(source, "甲/表.xlsx")
    os.mkfifo(source / "甲" / "管道.xlsx")
    (source / "甲" / "设备.xlsx").symlink_to("/dev/zero")
    (source / "甲" / "外面").symlink_to(source.parent / "外面")
    (source / "甲" / "循环").symlink_to(source / "甲")
    (source / "乙").symlink_to(source.parent / "外面")
    (source / "甲" / "目录.xlsx").mkdir()
    monkeypatch.chdir(source / "甲")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("套接字.xlsx")
        found = gathered(source, workers)
    assert books(found, "甲") == ["表.xlsx"]
    assert list(found.units) == ["甲"]
    assert sorted(told(found)) == sorted(
        [("F10", "", "乙", "是指向别处的链接")]
        + [("F10", "甲", name, "是指向别处的链接") for name in ("外面", "循环", "设备.xlsx")]
        + [("F10", "甲", name, "不是普通文件") for name in ("套接字.xlsx", "管道.xlsx")]
    )


def test_too_large_is_refused_unread(source: Path, workers: Workers) -> None:
    put(source, "甲/大.xlsx")
    with (source / "甲" / "大.xlsx").open("wb") as file:
        file.truncate(3 << 30)
    assert told(gathered(source, workers)) == [("F01", "甲", "大.xlsx", "文件超过 200 MB")]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser ignores modes")
def test_what_may_not_be_read_is_named(source: Path, workers: Workers) -> None:
    put(source, "甲/表.xlsx", "甲/锁着/1.mp4", "乙/表.xlsx", "丙/表.xlsx")
    closed = {source / "甲" / "表.xlsx": 0, source / "甲" / "锁着": 0, source / "乙": 0, source / "丙": 0o400}
    for path, mode in closed.items():
        path.chmod(mode)
    try:
        said = told(gathered(source, workers))
    finally:
        for path in closed:
            path.chmod(0o700)
    assert said == [
        ("F01", "丙", "表.xlsx", "没有读取权限"),
        ("F01", "乙", "乙", "文件夹没有读取权限"),
        ("F01", "甲", "锁着", "文件夹没有读取权限"),
        ("F01", "甲", "表.xlsx", "没有读取权限"),
    ]


def test_an_unreadable_folder_is_a_finding_not_a_crash(
    source: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for everyone, the superuser too: the system call fails as it does without permission."""
    put(source, "甲/表.xlsx", "乙/表.xlsx")
    scandir = os.scandir

    def forbidden(folder: Path) -> Iterator[os.DirEntry[str]]:
        if Path(folder).name == "甲":
            raise PermissionError(errno.EACCES, "no")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", forbidden)
    found = gathered(source, workers)
    assert told(found) == [("F01", "甲", "甲", "文件夹没有读取权限")]
    assert books(found, "乙") == ["表.xlsx"]


@posix
def test_names_that_are_no_text_are_shown_as_escapes(source: Path, workers: Workers) -> None:
    (source / "甲").mkdir()
    for name in (b"\xb1\xed.xlsx", b"line\nbreak.mp4"):
        Path(os.fsdecode(os.fsencode(source / "甲") + b"/" + name)).write_bytes(b"x")
    found = gathered(source, workers)
    assert paths(found, "甲") == ["\\xb1\\xed.xlsx", "line\\x0abreak.mp4"]
    assert books(found, "甲") == ["\\xb1\\xed.xlsx"]


@posix
def test_two_forms_of_one_name(source: Path, workers: Workers) -> None:
    put(source, f"{NFC}/表.xlsx", f"{NFC}/1.mp4", f"{NFD}/单.xlsx", f"{NFD}/1.mp4", f"{NFD}/2.mp4")
    if len(list(source.iterdir())) == 1:
        pytest.skip("the file system knows one form only")
    found = gathered(source, workers)
    assert list(found.units) == [NFC]
    assert paths(found, NFC) == ["1.mp4", "2.mp4", "单.xlsx", "表.xlsx"]
    assert told(found) == [("F10", NFC, "1.mp4", "与另一个文件同名")]


def test_folders_without_end(source: Path, workers: Workers) -> None:
    deep = "/".join("a" for _ in range(DEEPEST + 3))
    put(source, f"甲/{deep}/1.mp4", "甲/a/2.mp4")
    found = gathered(source, workers)
    assert paths(found, "甲") == ["a/2.mp4"]
    assert [(code, why) for code, _, _, why in told(found)] == [("F10", f"在 {DEEPEST} 层以下的文件夹中")]


# --- copies ---------------------------------------------------------------------------------


def test_equal_workbooks_count_once_and_both_are_named(source: Path, workers: Workers) -> None:
    put(source, "甲/表.xlsx", "甲/表(1).xlsx", "乙/表.xlsx", data=b"same")
    put(source, "甲/另.xlsx", "散1.xlsx", "散2.xlsx", data=b"else")
    found = gathered(source, workers)
    assert books(found, "甲") == ["另.xlsx", "表.xlsx"]
    assert books(found, "乙") == ["表.xlsx"]
    assert len(found.loose) == 1
    assert told(found) == [("F05", "甲", "表(1).xlsx", "表.xlsx"), ("F05", "", "散2.xlsx", "散1.xlsx")]


def entry_of(path: Path) -> Entry:
    return Entry.of(path.name, str(path), path.stat().st_size, path.stat().st_mtime_ns)


def receive(entry: Entry, keep: Path, workbook_mb: int) -> Received | Rejection:
    with Copies(keep) as copies:
        return copies.receive(entry, workbook_mb)


@posix
def test_a_file_that_changes_while_it_is_copied_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Size and time of change are put back: only the inode's own time tells."""
    path = tmp_path / "表.xlsx"
    path.write_bytes(b"a" * 100)
    entry, facts = entry_of(path), path.stat()
    content = copying._content

    def changing(stream: BinaryIO, size: int) -> bytes:
        data = content(stream, size)
        path.write_bytes(b"b" * 100)
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        return data

    monkeypatch.setattr(copying, "_content", changing)
    refused = receive(entry, tmp_path, 1)
    assert isinstance(refused, Rejection)
    assert refused.cause == "读取时文件正在变化"
    assert list(tmp_path.iterdir()) == [path]


@posix
@pytest.mark.parametrize("kind", ["link", "pipe", "gone", "folder"])
def test_what_takes_a_files_place_is_neither_followed_nor_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "表.xlsx"
    path.write_bytes(b"x")
    entry = entry_of(path)
    path.unlink()
    if kind == "link":
        path.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    assert isinstance(receive(entry, tmp_path / "keep", 1), Rejection)


def test_a_copy_that_is_there_is_written_no_more_and_a_damaged_one_is(tmp_path: Path) -> None:
    path, keep = tmp_path / "表.xlsx", tmp_path / "收件"
    path.write_bytes(b"right")
    keep.mkdir()
    first = receive(entry_of(path), keep, 1)
    assert isinstance(first, Received)
    for damage in (b"wrong", b"", b"right and more"):
        first.copy.write_bytes(damage)
        assert receive(entry_of(path), keep, 1) == first
        assert first.copy.read_bytes() == b"right"
    before = first.copy.stat()
    assert receive(entry_of(path), keep, 1) == first
    assert first.copy.stat() == before
    assert list(keep.iterdir()) == [first.copy]


def test_copies_have_their_names_when_all_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = tmp_path / "收件"
    seen: list[list[str]] = []

    def lost(_: object) -> None:
        seen.append([path.suffix for path in keep.iterdir()])
        raise OSError(errno.EIO, "lost")

    monkeypatch.setattr(copying, "flush_files", lost)
    path = tmp_path / "表.xlsx"
    path.write_bytes(b"x")
    with pytest.raises(OSError, match="lost"):
        receive(entry_of(path), keep, 1)
    assert seen == [[".part"]]
    assert list(keep.iterdir()) == []


def test_the_same_workbook_of_two_units_is_copied_once(tmp_path: Path) -> None:
    with Copies(tmp_path / "收件") as copies:
        for name in ("甲.xlsx", "乙.xlsx"):
            (tmp_path / name).write_bytes(b"same")
        first, second = (copies.receive(entry_of(tmp_path / name), 1) for name in ("甲.xlsx", "乙.xlsx"))
    assert isinstance(first, Received)
    assert isinstance(second, Received)
    assert first.copy == second.copy
    assert first.copy.read_bytes() == b"same"


def test_our_full_disk_is_not_the_units_fault(source: Path, workers: Workers) -> None:
    resource = pytest.importorskip("resource")
    put(source, "甲/表.xlsx", data=b"x" * 10_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
        with pytest.raises(OSError, match="large"):
            gathered(source, workers)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((source.parent / "收件").iterdir()) == []


def test_a_broken_disk_is_the_files_own_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "表.xlsx"
    path.write_bytes(b"x")

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(errno.EIO, "bad sector")

    content = copying._content
    monkeypatch.setattr(copying, "_content", lambda _stream, size: content(Broken(), size))
    refused = receive(entry_of(path), tmp_path, 1)
    assert isinstance(refused, Rejection)
    assert refused.cause == "无法读取"
    assert list(tmp_path.iterdir()) == [path]


def test_parts_of_a_killed_run_are_removed(source: Path, workers: Workers) -> None:
    put(source, "甲/表.xlsx")
    put(source.parent / "收件", ".4711.part", "ab.xlsx")
    gathered(source, workers)
    names = {path.name for path in (source.parent / "收件").iterdir()}
    assert ".4711.part" not in names
    assert "ab.xlsx" in names


# --- zips -----------------------------------------------------------------------------------


def test_a_zip_is_a_unit(source: Path, workers: Workers) -> None:
    put(
        source,
        "丙学院.zip",
        data=zipped({"丙学院/表.xlsx": b"1", "丙学院/视频/1.mp4": b"2", "丙学院/~$表.xlsx": b"3"}),
    )
    put(source, "丁学院/附件.zip", data=zipped({"盖章.jpg": b"4"}))
    found = gathered(source, workers)
    assert paths(found, "丙学院") == ["表.xlsx", "视频/1.mp4"]
    assert books(found, "丙学院") == ["表.xlsx"]
    assert paths(found, "丁学院") == ["附件/盖章.jpg"]
    assert found.ignored == 1


def test_gbk_names(source: Path, workers: Workers) -> None:
    put(source, "甲.zip", data=gbk_zip("第一讲.mp4", b"1"))
    assert paths(gathered(source, workers), "甲") == ["第一讲.mp4"]


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "压缩包已损坏或没有传完整"),
        (b"PK\x03\x04 cut", "压缩包已损坏或没有传完整"),
        (zipped({"a": b"x" * 100})[:-30], "压缩包已损坏或没有传完整"),
    ],
)
def test_a_broken_zip_is_its_units_finding(source: Path, workers: Workers, data: bytes, cause: str) -> None:
    put(source, "甲.zip", data=data)
    found = gathered(source, workers)
    assert told(found) == [("F01", "甲", "甲.zip", cause)]
    assert "甲" in found.units
    assert not [p for p in (source.parent / "解压").rglob("*") if p.is_file()]


def test_members_that_leave_are_refused_by_name(source: Path, workers: Workers) -> None:
    put(source, "甲.zip", data=zipped({"../../逃.xlsx": b"1", "内.zip": zipped({}), "表.xlsx": b"2"}))
    found = gathered(source, workers)
    assert books(found, "甲") == ["表.xlsx"]
    assert {value for _, _, value, _ in told(found)} == {"甲.zip：../../逃.xlsx", "甲.zip：内.zip"}
    assert not (source.parent.parent / "逃.xlsx").exists()


def test_a_zip_beside_the_same_units_folder(source: Path, workers: Workers) -> None:
    """The usual case is that somebody unpacked it there; nothing is counted twice, no rival is lost."""
    put(source, "甲/表.xlsx", "甲/1.mp4", "甲/2.mp4", "甲/单.xlsx", data=b"folder")
    content = {
        "表.xlsx": b"folder",
        "1.mp4": b"folder",
        "2.mp4": b"other!!",
        "3.mp4": b"zip",
        "单.xlsx": b"later",
    }
    put(source, "甲.zip", data=zipped(content))
    found = gathered(source, workers)
    assert paths(found, "甲") == [
        "1.mp4",
        "2.mp4",
        "3.mp4",
        "单.xlsx",
        "甲.zip/单.xlsx",
        "甲.zip/表.xlsx",
        "表.xlsx",
    ]
    assert books(found, "甲") == ["单.xlsx", "甲.zip/单.xlsx"]
    assert sorted(told(found)) == [
        ("F05", "甲", "甲.zip/表.xlsx", "单.xlsx"),
        ("F05", "甲", "表.xlsx", "单.xlsx"),
        ("F10", "甲", "甲.zip", "中有 1 个文件与已有的文件重复"),
        ("F10", "甲", "甲.zip：2.mp4", "与另一个文件同名"),
    ]


def test_unpacked_once_and_removed_when_no_longer_needed(source: Path, workers: Workers) -> None:
    put(source, "甲.zip", data=zipped({"表.xlsx": b"1"}))
    put(source, "乙/甲.zip", data=zipped({"表.xlsx": b"2"}))
    os.utime(source / "甲.zip", ns=(1, 1))
    os.utime(source / "乙" / "甲.zip", ns=(1, 1))
    work = source.parent / "解压"

    def state() -> dict[str, int]:
        return {p.relative_to(work).as_posix(): p.stat().st_mtime_ns for p in work.rglob("*") if p.is_file()}

    found = gathered(source, workers)
    assert found.units["甲"].workbooks[0].copy.read_bytes() == b"1"
    assert found.units["乙"].workbooks[0].copy.read_bytes() == b"2"
    first = state()
    gathered(source, workers)
    assert state() == first
    (source / "乙" / "甲.zip").unlink()
    gathered(source, workers)
    assert len(state()) == 2
    put(source, "甲.zip", data=zipped({"表.xlsx": b"3"}))
    again = gathered(source, workers)
    assert again.units["甲"].workbooks[0].copy.read_bytes() == b"3"
    assert len(state()) == 2


def test_what_was_unpacked_and_then_cut_short_is_unpacked_again(source: Path, workers: Workers) -> None:
    put(source, "甲.zip", data=zipped({"1.mp4": b"whole"}))
    [entry] = gathered(source, workers).units["甲"].entries
    entry.real.write_bytes(b"")
    [entry] = gathered(source, workers).units["甲"].entries
    assert entry.real.read_bytes() == b"whole"
    assert entry.size == 5


def test_unpacking_onto_a_full_disk_is_not_the_units_fault(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    (tmp_path / "甲.zip").write_bytes(zipped({"1.mp4": b"x" * 10_000}))
    task = (str(tmp_path / "甲.zip"), str(tmp_path / "work" / "a"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
        outcome = unpack_once(task)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(outcome, OSError)
    assert outcome.errno == errno.EFBIG
    assert list((tmp_path / "work").iterdir()) == []


# --- forwarding -----------------------------------------------------------------------------


def test_a_bureau_forwards(source: Path, workers: Workers) -> None:
    put(source, "郑州市教育局/一中/表.xlsx", "郑州市教育局/一中/1.mp4", "郑州市教育局/二中/盖章.jpg")
    put(source, "郑州市教育局/一中/附件.rar", "河南大学/教务处/表.xlsx")
    put(source, "郑州市教育局/三中.zip", data=zipped({"表.xlsx": b"3"}))
    found = gathered(source, workers)
    assert list(found.units) == ["河南大学", "郑州市教育局/一中", "郑州市教育局/三中", "郑州市教育局/二中"]
    assert books(found, "郑州市教育局/三中") == ["表.xlsx"]
    assert paths(found, "郑州市教育局/一中") == ["1.mp4", "表.xlsx", "附件.rar"]
    assert told(found) == [("F01", "郑州市教育局/一中", "附件.rar", "是不能读取的压缩格式")]


def test_the_order_comes_from_names_alone(tmp_path: Path, workers: Workers) -> None:
    names = ["乙/表.xlsx", "甲/b.mp4", "甲/a/c.mp4", "甲/表.xlsx", "甲/x.rar", "乙/y.rar"]
    results = []
    for number, order in enumerate((names, names[::-1])):
        source = tmp_path / str(number) / "input"
        for name in order:
            put(source, name)
        found = gathered(source, workers)
        results.append((told(found), {unit: paths(found, unit) for unit in found.units}, list(found.units)))
    assert results[0] == results[1]


@pytest.mark.timeout(20)
def test_a_bureaus_folder_with_a_long_number_is_a_name_like_any_other(source: Path, workers: Workers) -> None:
    put(source, f"郑州市教育局/{'1' * 60}x/表.xlsx", "郑州市教育局/2024年第1批资源/表.xlsx")
    found = gathered(source, workers)
    assert set(found.units) == {"郑州市教育局", f"郑州市教育局/{'1' * 60}x"}


MARKS = ["", ".", "~", "~$", "._", ".~", "__macosx", "thumbs", "Desktop", "a", "课程", ".tmp", "1."]
ENDS = ["", ".db", ".ini", ".mp4", ".MP4", ".xlsx", ".part", ".tmp", ".lock", ".ts", ".st", ".zip", ".!ut"]


@given(st.builds("{}{}{}".format, st.sampled_from(MARKS), st.text(max_size=3), st.sampled_from(ENDS)))
def test_the_quick_look_at_known_types_finds_the_same_junk(name: str) -> None:
    shown = shown_name(name.replace("\0", "")) or "a"
    assert _is_junk(shown) == bool(_JUNK.fullmatch(shown))
