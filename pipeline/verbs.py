"""What each verb does. Each imports its own rooms: `explain` must not wait for pandas."""

from __future__ import annotations

import datetime as dt
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.stops import Stop

if TYPE_CHECKING:
    from pipeline.settings import Loaded

TEMPLATES = Path("templates")
RULES_PAGE = Path("docs/RULES.md")


def validate(chosen: Namespace) -> int:
    """Check everything under --input and write --output."""
    from pipeline.history import HistoryError
    from pipeline.output import OutputError
    from pipeline.run import run
    from pipeline.screen import Progress, show, use_utf8

    use_utf8()
    if chosen.jobs < 1:
        raise Stop(f"--jobs 应为 1 或更大的整数，现为 {chosen.jobs}。", 2)
    loaded = _settings(chosen.config)
    if not chosen.input.is_dir():
        raise Stop(f"没有找到报送内容的文件夹“{chosen.input}”，请把各单位的文件夹放进去，或用 --input 指明。", 2)
    now = dt.datetime.now().astimezone()
    try:
        result = run(chosen.input, chosen.output, loaded, chosen.jobs, now, Progress(sys.stderr))
    except (OutputError, HistoryError) as error:
        raise Stop(str(error), 3) from error
    show(result, chosen.output)
    if result.faults:
        return 3
    return 1 if result.has_errors and not chosen.exit_zero else 0


def template(chosen: Namespace) -> int:
    """Write the blank workbook and forms."""
    from pipeline.fields import TEMPLATE_VERSION
    from pipeline.render.forms import write_templates

    settings = _settings(chosen.config).settings
    written = write_templates(
        TEMPLATES, codes=settings.resource_types, version=TEMPLATE_VERSION, call_id=settings.call.id, year=settings.call.year
    )
    for path, state in written:
        print(f"{path}：{'已写出' if state == 'written' else '已有人改过，保持原样'}")
    return 0


def explain(chosen: Namespace) -> int:
    """Print one rule."""
    from pipeline.explain import nearest, page
    from pipeline.rules import REGISTER

    code = chosen.code.strip()
    rule = REGISTER.rules.get(code) or REGISTER.rules.get(code.upper())
    if rule is None:
        near = nearest(code)
        raise Stop(f"没有“{code}”这条规则{f'，是不是 {near}' if near else ''}；全部规则见 {RULES_PAGE}。", 2)
    print(page(rule))
    return 0


def rules(_chosen: Namespace) -> int:
    """Write the page of all rules."""
    from pipeline.explain import all_pages

    RULES_PAGE.parent.mkdir(exist_ok=True)
    RULES_PAGE.write_text(all_pages(), "utf-8", newline="\n")
    print(f"{RULES_PAGE}：已写出")
    return 0


def demo(chosen: Namespace) -> int:
    """Write a generated call and validate it."""
    try:
        from pipeline.demo.call import write_call
    except ModuleNotFoundError as error:
        raise Stop(f"缺少生成媒体所需的程序包“{error.name}”，请用 make demo 运行，它会自动安装。", 2) from error
    if chosen.units < 1 or chosen.rows < 1:
        raise Stop("--units 和 --rows 应为 1 或更大的整数。", 2)
    folder: Path = chosen.folder
    try:
        ledger = write_call(folder, units=chosen.units, rows=chosen.rows)
    except FileExistsError as error:
        raise Stop(f"“{folder / 'input'}”中已有内容，请先移走，或用 --folder 换一个文件夹。", 2) from error
    print(f"已生成 {chosen.units} 个单位的报送内容：{folder / 'input'}；故意写错的 {len(ledger)} 处列在 {folder / 'seeded.csv'}。")
    checked = Namespace(
        input=folder / "input", output=folder / "output", config=Path("config.yaml"), jobs=_processors(), exit_zero=True
    )
    return validate(checked)


def _processors() -> int:
    import os

    return os.cpu_count() or 1


def _settings(path: Path) -> Loaded:
    from pipeline.settings import ConfigError, load

    try:
        return load(path)
    except ConfigError as error:
        raise Stop("\n".join(f"{path}：{problem}" for problem in error.problems), 2) from error
