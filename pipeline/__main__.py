"""The command line. Verbs import what they need when they run, so that help comes at once."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import NoReturn

from pipeline import verbs
from pipeline.stops import FAULT, INTERRUPTED, USAGE, Stop, stop_of

_FOR_LIBRARIES = {
    # numpy begins a thread per processor for linear algebra; nothing here has any.
    "OPENBLAS_NUM_THREADS": "1",
    # pydantic looks through all installed packages for plugins; there are none.
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
    # What one workbook took of memory, a worker keeps for the next (glibc): 64 and 32 megabytes.
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
}
"""Environment of this process and its workers, where the user has not set it."""


class _Chinese(argparse.HelpFormatter):
    """Help that begins with 用法."""

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, "用法：" if prefix is None else prefix)


class _Parser(argparse.ArgumentParser):
    """argparse that speaks Chinese."""

    def __init__(self, prog: str, description: str | None = None, help: str | None = None) -> None:  # noqa: A002
        super().__init__(
            prog,
            description=description or help,
            formatter_class=_Chinese,
            add_help=False,
            allow_abbrev=False,
        )
        self._positionals.title = "写上"
        self._optionals.title = "可选"
        self.add_argument("-h", "--help", action="help", help="显示这份说明")

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line, and how to get help."""
        raise Stop(f"命令写法有误：{_in_chinese(message)}。用法见 {self.prog} --help", USAGE)


def _in_chinese(message: str) -> str:
    said = (
        ("unrecognized arguments: ", "不认识 "),
        ("invalid choice: ", "没有这个命令 "),
        ("(choose from ", "（可用："),
        ("the following arguments are required: ", "还须写上 "),
        ("expected one argument", "后面要写一个值"),
        ("invalid int value: ", "应为整数，现为 "),
        ("ignored explicit argument ", "后面不能写值 "),
        ("not allowed with argument ", "不能同时写 "),
        ("argument ", "参数 "),
    )
    for english, chinese in said:
        message = message.replace(english, chinese)
    return message.replace("')", "'）")


def parser() -> argparse.ArgumentParser:
    """All verbs with their options."""
    top = _Parser("python -m pipeline", "继续教育数字化资源报送校验（教职成函〔2024〕192号）")
    commands = top.add_subparsers(dest="verb", required=True, metavar="命令")

    check = commands.add_parser("validate", help="校验 input/ 中各单位报送的内容，结果写到 output/")
    _add_work(check)
    check.add_argument("--online", action="store_true", help="先联网检测链接（同 links），再校验")
    check.add_argument("--exit-zero", action="store_true", help="发现错误时也返回 0")
    links = commands.add_parser("links", help="联网检测资源链接能否打开，结果供以后的校验使用")
    _add_work(links)
    carry = links.add_mutually_exclusive_group()
    carry.add_argument("--export", type=Path, metavar="文件", help="不检测，只把已有的结果导出到文件")
    carry.add_argument(
        "--import", type=Path, metavar="文件", dest="bring", help="不检测，只导入别处导出的结果"
    )
    report = commands.add_parser("report", help="由上一次校验的结果写出汇总报告、推荐资源清单")
    attachments = commands.add_parser("attachments", help="由上一次校验的结果填好各单位的 Word 附件")
    for verb in (report, attachments):
        _add_path(verb, "--output", "文件夹", "结果", Path("output"))
        _add_path(verb, "--config", "文件", "设置", Path("config.yaml"))
    _add_count(attachments, "--jobs", "同时工作的进程数", verbs.processors())

    template = commands.add_parser("template", help="在 templates/ 写出空白的标准表和 Word 表格")
    _add_path(template, "--config", "文件", "设置", Path("config.yaml"))
    explain = commands.add_parser("explain", help="说明一条规则：要求、原因、出处、正反例")
    explain.add_argument("code", metavar="规则代码", help="如 R09-3")
    demo = commands.add_parser("demo", help="生成一批仿真的报送内容，并校验")
    _add_count(demo, "--units", "单位数", 30)
    _add_count(demo, "--rows", "每个单位的资源数", 100)
    _add_path(demo, "--folder", "文件夹", "写到哪里", Path("demo"))
    commands.add_parser("rules", help="重新生成 docs/RULES.md")
    return top


def _add_work(verb: argparse.ArgumentParser) -> None:
    _add_path(verb, "--input", "文件夹", "报送内容", Path("input"))
    _add_path(verb, "--output", "文件夹", "结果", Path("output"))
    _add_path(verb, "--config", "文件", "设置", Path("config.yaml"))
    _add_count(verb, "--jobs", "同时工作的进程数", verbs.processors())


def _add_path(verb: argparse.ArgumentParser, option: str, what: str, says: str, default: Path) -> None:
    verb.add_argument(option, type=Path, default=default, metavar=what, help=f"{says}（默认 {default}）")


def _add_count(verb: argparse.ArgumentParser, option: str, says: str, default: int) -> None:
    verb.add_argument(option, type=int, default=default, metavar="个数", help=f"{says}（默认 {default}）")


def main(arguments: list[str] | None = None) -> int:
    """Run one verb and return the exit code. Whatever happens is told in a Chinese sentence."""
    # A run makes millions of small objects and hardly a cycle: looking for cycles costs a tenth of it.
    gc.set_threshold(1_000_000, 20, 20)
    for name, value in _FOR_LIBRARIES.items():
        os.environ.setdefault(name, value)
    output = Path("output")
    try:
        chosen = parser().parse_args(arguments)
        output = getattr(chosen, "output", output)
        return int(getattr(verbs, chosen.verb)(chosen))
    except Stop as stop:
        return _stopped(stop)
    except KeyboardInterrupt:
        return _stopped(Stop("已中断，没有留下不完整的结果。", INTERRUPTED))
    except BrokenPipeError:
        # Whoever read our output has gone; nothing more can be said, not even when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAULT
    except OSError as error:
        return _stopped(stop_of(error))
    except MemoryError:
        return _stopped(Stop("内存不足，请关闭其他程序，或用 --jobs 减少同时工作的进程数。", FAULT))
    except ModuleNotFoundError as error:
        return _stopped(Stop(f"缺少程序包“{error.name}”，请先运行 make setup。", FAULT))
    except Exception as error:
        from pipeline.fault import report

        return _stopped(Stop(report(error, output), FAULT))


def _stopped(stop: Stop) -> int:
    print(stop, file=sys.stderr)
    return stop.code


def _speak_chinese() -> None:
    """Keep the console's encoding if it has Chinese at all; what it has not shows as an escape."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            try:
                "校验".encode(stream.encoding)
            except (LookupError, UnicodeEncodeError):
                reconfigure(encoding="utf-8")
            reconfigure(errors="backslashreplace")


class _Interrupted(KeyboardInterrupt):
    """Ctrl-C, or a request to end.

    A class of its own: once a plain KeyboardInterrupt has passed through `exec`, as some
    libraries use it, CPython ends the process by a signal, whoever caught it (3.11 pythonrun.c).
    """


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _Interrupted


if __name__ == "__main__":
    _speak_chinese()
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup and background jobs
            signal.signal(number, _interrupt)
    ended = main()
    gc.freeze()  # Looking for cycles once more while Python ends costs a tenth of a second for 50,000 rows.
    sys.exit(ended)
