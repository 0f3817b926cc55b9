"""The command line. Verbs import what they need when they run, so that help comes at once."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

OK, FOUND, USAGE, FAULT, INTERRUPTED = 0, 1, 2, 3, 130


class _Parser(argparse.ArgumentParser):
    """argparse that speaks Chinese."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line, and how to get help."""
        print(f"命令写法有误：{_in_chinese(message)}。用法见 python -m pipeline --help", file=sys.stderr)
        raise SystemExit(USAGE)


def _in_chinese(message: str) -> str:
    said = (
        ("unrecognized arguments: ", "不认识 "), ("invalid choice: ", "没有这个命令 "), ("(choose from", "（可用："),
        ("the following arguments are required: ", "还须写上 "), ("expected one argument", "后面要写一个值"),
        ("invalid int value: ", "应为整数，现为 "), ("argument ", "参数 "),
    )  # fmt: skip
    for english, chinese in said:
        message = message.replace(english, chinese)
    return message


def parser() -> argparse.ArgumentParser:
    """All verbs with their options."""
    top = _Parser(prog="python -m pipeline", description="继续教育数字化资源报送校验（教职成函〔2024〕192号）")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="命令")
    check = verbs.add_parser("validate", help="校验 input/ 中各单位报送的内容，结果写到 output/")
    check.add_argument("--input", type=Path, default=Path("input"), metavar="文件夹", help="报送内容（默认 input）")
    check.add_argument("--output", type=Path, default=Path("output"), metavar="文件夹", help="结果（默认 output）")
    check.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="文件", help="设置（默认 config.yaml）")
    check.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="个数", help="同时工作的进程数")
    check.add_argument("--exit-zero", action="store_true", help="发现错误时也返回 0")
    template = verbs.add_parser("template", help="在 templates/ 写出空白的标准表和 Word 表格")
    template.add_argument("--config", type=Path, default=Path("config.yaml"), metavar="文件", help="设置（默认 config.yaml）")
    explain = verbs.add_parser("explain", help="说明一条规则：要求、原因、出处、正反例")
    explain.add_argument("code", metavar="规则代码", help="如 R09-3")
    demo = verbs.add_parser("demo", help="生成一批仿真的报送内容，并校验")
    demo.add_argument("--units", type=int, default=30, metavar="个数", help="单位数（默认 30）")
    demo.add_argument("--rows", type=int, default=100, metavar="个数", help="每个单位的资源数（默认 100）")
    demo.add_argument("--folder", type=Path, default=Path("demo"), metavar="文件夹", help="写到哪里（默认 demo）")
    verbs.add_parser("rules", help="重新生成 docs/RULES.md")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one verb and return the exit code."""
    from pipeline import verbs
    from pipeline.stops import Stop

    chosen = parser().parse_args(arguments)
    try:
        return int(getattr(verbs, chosen.verb)(chosen))
    except Stop as stop:
        print(stop, file=sys.stderr)
        return stop.code
    except KeyboardInterrupt:
        print("已中断，上一次的结果没有改动。", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
