"""The program as a clerk meets it: from outside, by its words and its exit code."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline import verbs
from pipeline.__main__ import main
from pipeline.fault import REPORT, trace_of
from pipeline.job import HISTORY, KEPT
from tests.marks_books import plain_book
from tests.small_tables import ROOT

posix = pytest.mark.skipif(os.name != "posix", reason="signals and resource limits of POSIX")
ENGLISH = re.compile(r"usage|error|optional|positional|show this|Traceback|Errno|None", re.IGNORECASE)
SECRETS = ("13800138000", "zhangsan@example.com", "张三丰")


def command(*arguments: str | Path, env: dict[str, str] | None = None) -> list[str]:
    return [sys.executable, "-m", "pipeline", *map(str, arguments)]


def program(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command(*arguments), cwd=ROOT, env={**os.environ, **environment}, capture_output=True, timeout=100
    )


def checked(folder: Path, *more: str) -> list[str]:
    return [
        "validate",
        "--input",
        str(folder / "input"),
        "--output",
        str(folder / "output"),
        "--jobs",
        "2",
        *more,
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two units and a complete output of an earlier run."""
    for unit in ("甲学院", "乙学院"):
        (tmp_path / "input" / unit).mkdir(parents=True)
        (tmp_path / "input" / unit / "表.xlsx").write_bytes(plain_book())
    (tmp_path / "output" / "退回" / "甲学院").mkdir(parents=True)
    (tmp_path / "output" / "退回" / "甲学院" / "表.xlsx").write_bytes(b"old")
    (tmp_path / "output" / "findings.csv").write_bytes(b"old")
    return tmp_path


def held(folder: Path) -> dict[str, bytes]:
    """What a user sees of the result, apart from what is kept of each run."""
    output = folder / "output"
    return {
        p.relative_to(output).as_posix(): p.read_bytes()
        for p in sorted(output.rglob("*"))
        if p.is_file() and not re.match(r"\.|收件|history\.db|run\.json", str(p.relative_to(output)))
    }


def is_old(folder: Path) -> bool:
    return held(folder) == {"findings.csv": b"old", "退回/甲学院/表.xlsx": b"old"}


# --- words ----------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [(), ("validate",), ("template",), ("explain",), ("demo",), ("rules",)])
def test_help_is_chinese(verb: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*verb, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith("用法：python -m pipeline")
    assert text.count("用法") == 1
    assert not ENGLISH.search(text)


def test_what_the_user_has_set_for_a_library_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    assert main(["explain", "R09-3"]) == 0
    assert os.environ["OPENBLAS_NUM_THREADS"] == "3"
    assert os.environ["PYDANTIC_DISABLE_PLUGINS"]


def test_help_imports_nothing_heavy() -> None:
    heavy = [
        "pandas",
        "numpy",
        "pandera",
        "openpyxl",
        "lxml",
        "rich",
        "pydantic",
        "yaml",
        "sqlite3",
        "multiprocessing",
    ]
    asked = (
        "import sys; sys.argv[1:] = ['--help']\n"
        "import runpy\n"
        "try: runpy.run_module('pipeline', run_name='__main__')\n"
        f"except SystemExit: print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stderr.strip() == "[]"
    assert done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "还须写上 命令"),
        (["chek"], "没有这个命令 'chek'"),
        (["validate", "--jbos", "2"], "不认识 --jbos 2"),
        (["validate", "--in", "x"], "不认识 --in x"),
        (["validate", "--jobs"], "后面要写一个值"),
        (["validate", "--jobs", "two"], "应为整数，现为 'two'"),
        (["validate", "--exit-zero=1"], "后面不能写值"),
        (["explain"], "还须写上 规则代码"),
        (["explain", "R09-33"], "是不是 R09-3"),
        (["validate", "--jobs", "0"], "--jobs 应为 1 到 60 的整数，现为 0"),
        (["validate", "--jobs", "1000"], "--jobs 应为 1 到 60 的整数，现为 1000"),
        (["links", "--export", "a", "--import", "b"], "参数 --import: 不能同时写 --export"),
        (["links", "--jobs", "0"], "--jobs 应为 1 到 60 的整数，现为 0"),
        (["attachments", "--jobs", "0"], "--jobs 应为 1 到 60 的整数，现为 0"),
        (["attachments", "--jobs", "1000"], "--jobs 应为 1 到 60 的整数，现为 1000"),
        (["validate", "--input", "没有这个文件夹"], "没有找到报送内容的文件夹“没有这个文件夹”"),
        (["validate", "--config", "没有.yaml"], "读不到设置文件"),
        (["template", "--config", "没有.yaml"], "读不到设置文件"),
    ],
)
def test_a_wrong_command_is_told_in_chinese(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    streams = capsys.readouterr()
    assert said in streams.err
    assert streams.out == ""
    assert not ENGLISH.search(streams.err)


def test_a_wrong_register_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = folder / "config.yaml"
    text = Path("config.yaml").read_text("utf-8")
    config.write_text(text.replace("templates/报送单位名录.xlsx", "名录.xlsx"), "utf-8")
    (folder / "名录.xlsx").write_bytes(b"PK spoilt")
    before = held(folder)
    assert main(checked(folder, "--config", str(config))) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("报送单位名录“")
    assert len(err.splitlines()) == 1
    assert held(folder) == before
    assert sorted(path.name for path in (folder / "output").iterdir()) == ["findings.csv", "退回"]


def test_a_damaged_history_is_told_before_anything_is_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = folder / "output" / HISTORY
    history.write_bytes(b"spoilt")
    before = held(folder)
    assert main(checked(folder)) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"历史记录“{history}”")
    assert len(err.splitlines()) == 1
    assert held(folder) == before
    assert not (history.parent / KEPT).exists()


def test_a_wrong_config_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = folder / "config.yaml"
    config.write_text(
        (ROOT / "config.yaml").read_text("utf-8").replace("off: []", "of: []\nyear: 1"), "utf-8"
    )
    shutil.rmtree(folder / "output")
    assert main(checked(folder, "--config", str(config))) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert all(line.startswith(f"{config}：第 ") for line in told)
    assert not (folder / "output").exists()


@pytest.mark.parametrize("files", [[], ["说明.md", ".gitkeep", "往年/2023.xlsx", ".DS_Store"]])
def test_nothing_to_check(tmp_path: Path, capsys: pytest.CaptureFixture[str], files: list[str]) -> None:
    (tmp_path / "input").mkdir()
    for name in files:
        (tmp_path / "input" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "input" / name).write_bytes(b"")
    assert main(checked(tmp_path)) == 2
    assert "还没有报送内容" in capsys.readouterr().err
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize(
    ("source", "output"),
    [("a", "a"), ("a", "a/b/c"), ("a/b", "a"), ("a", "link"), ("a", "link/out"), ("a", "a/../a"), ("a", ".")],
)
def test_input_and_output_must_lie_apart(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    source: str,
    output: str,
) -> None:
    (tmp_path / "a" / "b" / "甲").mkdir(parents=True)
    if output.startswith("link"):
        try:
            (tmp_path / "link").symlink_to(tmp_path / "a")
        except OSError:
            pytest.skip("no links here")
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    config = str(ROOT / "config.yaml")
    assert main(["validate", "--input", source, "--output", output, "--config", config]) == 2
    assert "不能是同一个，也不能一个在另一个里面" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


# --- a whole run ----------------------------------------------------------------------------


def test_result_and_progress_on_a_chinese_windows_console(folder: Path) -> None:
    """A name that GBK has not shows as an escape; plain lines, for nobody looks at a terminal."""
    (folder / "input" / "䶮[red]学院\u00e9").mkdir()
    (folder / "input" / "䶮[red]学院\u00e9" / "表.xlsx").write_bytes(plain_book())
    done = program(*checked(folder), PYTHONIOENCODING="gbk", PYTHONUTF8="0")
    assert done.returncode == 1
    out, err = done.stdout.decode("gbk"), done.stderr.decode("gbk")
    assert "\\u4dae[red]学院" in out
    assert "甲学院\t5\t" in out
    assert "合计：3 个单位" in out
    assert "读取工作簿：3 个" in err
    assert "\x1b" not in out + err
    assert not ENGLISH.search(err)
    assert (folder / "output" / "退回" / "甲学院" / "表.xlsx").read_bytes()[:2] == b"PK"


def test_names_are_no_instructions_to_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pipeline.assess import Result
    from pipeline.screen import show
    from pipeline.summarise import Counts, UnitSummary

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    unit = UnitSummary("甲[/red]:smile:", "通过", "表.xlsx", 3, Counts(), 3, 0, 0, 1, "", "")
    units = [replace(unit, unit=f"{unit.unit}{n}") for n in range(70)]
    show(Result(units, None, [], {units[0].unit: ["退回/甲/表.xlsx"]}, {}, [], [], 0), Path("output"))
    shown = capsys.readouterr().out
    assert "甲[/red]:smile:0" in shown
    assert "退回/甲/表.xlsx" in shown
    assert "共 70 个单位，其余见 units.csv" in shown
    assert "甲[/red]:smile:69" not in shown


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_unit_without_a_returned_workbook_has_a_dash(
    is_terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The manual says what the dash means, whoever looks."""
    from pipeline.assess import Result
    from pipeline.screen import show
    from pipeline.summarise import Counts, UnitSummary

    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    monkeypatch.delenv("TTY_COMPATIBLE", raising=False)
    unit = UnitSummary("甲学院", "退回修改", "表.xlsx", 3, Counts(2), 3, 0, 0, 1, "", "")
    show(Result([unit], None, [], {}, {}, [], [], 0), Path("output"))
    [line] = [line for line in capsys.readouterr().out.splitlines() if "退回修改" in line]
    assert line.rstrip(" │").endswith("—")


def test_a_console_without_chinese_gets_utf8() -> None:
    done = program("explain", "R09-3", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "为什么" in done.stdout.decode("utf-8")


def test_results_of_links_are_carried_or_refused_in_one_sentence(folder: Path, tmp_path: Path) -> None:
    places = ["--output", str(folder / "output")]
    done = program("links", *places, "--export", str(tmp_path / "a.jsonl"))
    assert (done.returncode, (tmp_path / "a.jsonl").exists()) == (2, False)
    assert "请先运行 make links" in done.stderr.decode()
    (tmp_path / "b.jsonl").write_text("<html>登录</html>\n", "utf-8")
    done = program("links", *places, "--import", str(tmp_path / "b.jsonl"))
    assert done.returncode == 2
    assert done.stderr.decode().count("\n") == 1
    assert not ENGLISH.search(done.stderr.decode())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other numbers for these")
@pytest.mark.parametrize("verb", [["links", "--import", "结果.jsonl", "--output"], ["demo", "--folder"]])
def test_a_file_in_a_folders_place_is_told(
    verb: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("文件").write_bytes(b"")
    Path("结果.jsonl").write_text('{"format": "henan-resource-check links", "version": 1}\n', "utf-8")
    assert main([*verb, "文件"]) != 0
    assert "不是文件夹，请另指一个文件夹。" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_crash(folder: Path) -> None:
    with subprocess.Popen(
        command(*checked(folder)), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read().decode()
    assert "Traceback" not in told
    assert "Exception ignored" not in told
    assert not is_old(folder)


def test_a_damaged_history_stops_the_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "output" / "history.db").write_bytes(b"not a history")
    assert main(checked(folder)) == 3
    assert "已损坏" in capsys.readouterr().err
    assert is_old(folder)
    assert (folder / "output" / "history.db").read_bytes() == b"not a history"


@posix
@pytest.mark.parametrize("limit", [1000, 45_000])
def test_a_full_disk_is_one_sentence_and_the_old_output(folder: Path, limit: int) -> None:
    """1000 bytes: the history cannot be begun; 45,000: it can, but not all of the output be written."""
    import resource

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        command(*checked(folder)), cwd=ROOT, capture_output=True, timeout=100, preexec_fn=small_disk
    )
    last = done.stderr.decode().splitlines()[-1]
    assert done.returncode == 3
    assert "磁盘" in last
    assert not ENGLISH.search(done.stderr.decode())
    assert is_old(folder)
    hidden = {p.name for p in (folder / "output").iterdir() if p.name.startswith(".")}
    assert hidden <= {".运行中", ".检测缓存.db"}
    assert not list((folder / "output").glob("收件/.*"))


# --- the end before the end -----------------------------------------------------------------


def workers_of(process: int) -> set[int]:
    children = Path(f"/proc/{process}/task/{process}/children")
    return {int(each) for each in children.read_text().split()} if children.exists() else set()


def started_workers(process: subprocess.Popen[bytes]) -> set[int]:
    """The workers of a run as soon as there are any: from then on it is in the midst of its work."""
    until = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < until:
        if workers := workers_of(process.pid):
            return workers
        time.sleep(0.01)
    return set()


@posix
@pytest.mark.parametrize(("number", "delay"), [(signal.SIGINT, 0.9), (signal.SIGTERM, 0.1)])
def test_an_interrupt_leaves_the_old_output(folder: Path, number: int, delay: float) -> None:
    for n in range(40):
        (folder / "input" / f"单位{n}").mkdir()
        (folder / "input" / f"单位{n}" / "表.xlsx").write_bytes(plain_book())
    with subprocess.Popen(
        command(*checked(folder)), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        workers = started_workers(process)
        time.sleep(delay)
        process.send_signal(number)
        _, told = process.communicate(timeout=5)
    if process.returncode != 1:
        assert process.returncode == 130
        assert "已中断，没有留下不完整的结果" in told.decode()
        assert is_old(folder)
    until = time.monotonic() + 5
    while any(Path(f"/proc/{each}/cmdline").exists() for each in workers) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [each for each in workers if Path(f"/proc/{each}/cmdline").exists()]


@posix
@pytest.mark.slow
def test_after_any_kill_the_next_run_is_as_if_nothing_had_been(folder: Path) -> None:
    undisturbed = folder / "undisturbed"
    shutil.copytree(folder / "input", undisturbed / "input")
    assert main(checked(undisturbed)) == 1
    with subprocess.Popen(
        command(*checked(folder)), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        time.sleep(1.4)
        process.kill()
    was_cut_while_moving_in = (folder / "output" / ".待换").exists()
    assert was_cut_while_moving_in or is_old(folder) or held(folder).keys() == held(undisturbed).keys()
    assert main(checked(folder)) == 1
    assert without_times(held(folder)) == without_times(held(undisturbed))


def without_times(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files that do not say when something came or was checked."""
    telling = ("units.csv", "汇总/人工复核.xlsx", "汇总/校验简报.html")
    return {name: data for name, data in files.items() if name not in telling}


# --- faults of the program ------------------------------------------------------------------


def test_a_fault_is_one_sentence_and_a_report_without_values(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_chosen: object) -> int:
        try:
            raise KeyError(SECRETS[0])
        except KeyError as error:
            raise ValueError(f"bad cell {SECRETS[1]}, {SECRETS[2]}") from error

    monkeypatch.setattr(verbs, "validate", broken)
    assert main(checked(folder)) == 3
    said = capsys.readouterr().err
    report = (folder / "output" / REPORT).read_text("utf-8")
    assert said.count("\n") == 1
    assert str(folder / "output" / REPORT) in said
    assert "builtins.ValueError" in report
    assert "builtins.KeyError" in report
    assert re.search(r"tests/test_command_line\.py:\d+ broken", report)
    for text in (said, report):
        assert not any(secret in text for secret in SECRETS)
        assert "Traceback" not in text
    assert str(ROOT) not in report
    monkeypatch.undo()
    assert main(checked(folder)) == 1
    assert not (folder / "output" / REPORT).exists()


def test_a_fault_that_cannot_be_written_down_is_still_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_chosen: object) -> int:
        raise ValueError(SECRETS[0])

    (tmp_path / "output").write_bytes(b"in the way")
    monkeypatch.setattr(verbs, "validate", broken)
    assert main(["validate", "--output", str(tmp_path / "output")]) == 3
    said = capsys.readouterr().err
    assert "ValueError tests/test_command_line.py:" in said
    assert SECRETS[0] not in said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/x/表.xlsx"), "“/x/表.xlsx”：磁盘空间不足"),
        (OSError(errno.EIO, "Input/output error"), "磁盘或网络读写出错"),
        (OSError(errno.EROFS, "Read-only file system"), "只读"),
        (PermissionError(errno.EACCES, "Permission denied"), "没有读写权限"),
        (MemoryError(), "内存不足"),
        (ModuleNotFoundError("No module named 'x'", name="x"), "缺少程序包“x”，请先运行 make setup"),
        (KeyboardInterrupt(), "已中断"),
    ],
)
def test_what_hinders_a_run_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, said: str
) -> None:
    def hindered(_chosen: object) -> int:
        raise error

    monkeypatch.setattr(verbs, "rules", hindered)
    assert main(["rules"]) == (130 if isinstance(error, KeyboardInterrupt) else 3)
    told = capsys.readouterr().err
    assert said in told
    assert not ENGLISH.search(told)


def test_a_trace_ends_even_if_causes_go_round() -> None:
    first, second = ValueError(SECRETS[0]), KeyError(SECRETS[1])
    first.__cause__, second.__cause__ = second, first
    assert trace_of(first).split() == ["builtins.KeyError", "builtins.ValueError"]
