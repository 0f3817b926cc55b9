"""What each verb does. Each imports its own rooms: `explain` must not wait for pandas."""

from __future__ import annotations

import datetime as dt
import os
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.stops import FAULT, FOUND, INTERRUPTED, OK, USAGE, Stop

if TYPE_CHECKING:
    from pipeline.settings import Loaded

TEMPLATES = Path("templates")
RULES_PAGE = Path("docs/RULES.md")
_STATES = {"written": "已写出", "current": "已是最新", "kept": "有人改过，保持原样"}
MOST_JOBS = 60
"""Windows waits for at most 63 processes at once."""


def validate(chosen: Namespace) -> int:
    """Check everything under --input and write --output."""
    from pipeline.fault import REPORT

    loaded = _ready(chosen)
    if chosen.online:
        links(chosen)

    from pipeline.progress import Progress
    from pipeline.run import run
    from pipeline.screen import show

    now = dt.datetime.now().astimezone()
    try:
        result = run(chosen.input, chosen.output, loaded, chosen.jobs, now, Progress(sys.stderr))
    except KeyboardInterrupt as error:
        said = "已中断，没有留下不完整的结果；再次运行时，已经读过和检测过的文件不用重做。"
        raise Stop(said, INTERRUPTED) from error
    (chosen.output / REPORT).unlink(missing_ok=True)
    show(result, chosen.output)
    if result.faults:
        return FAULT
    return FOUND if result.has_errors and not chosen.exit_zero else OK


def links(chosen: Namespace) -> int:
    """Open every link of the units over the internet, or carry results from one machine to another."""
    if chosen.verb == "links" and (chosen.export or chosen.bring):
        return _carry(chosen)
    loaded = _ready(chosen)

    from pipeline.engine import open_engine
    from pipeline.job import CACHE, Job
    from pipeline.links.conduct import open_links, told
    from pipeline.output import locked
    from pipeline.progress import Progress
    from pipeline.reuse.reusing import Reusing
    from pipeline.reuse.store import open_store

    now = dt.datetime.now().astimezone()
    try:
        with (
            locked(chosen.output, now.isoformat(timespec="seconds")),
            open_engine(loaded.settings, chosen.jobs) as engine,
            open_store(chosen.output / CACHE) as (store, _),
        ):
            workers = Reusing(engine, store)
            job = Job(chosen.input, chosen.output, loaded, now, workers, store, Progress(sys.stderr))
            summary = open_links(job)
    except KeyboardInterrupt as error:
        raise Stop("已中断，检测过的链接都已保存，再次运行会接着检测。", INTERRUPTED) from error
    for line in told(summary):
        print(line)
    return FAULT if summary.faults else OK


def _carry(chosen: Namespace) -> int:
    """Results of links to and from machines without network."""
    from pipeline.job import LINKS
    from pipeline.links.store import export_results, import_results

    store: Path = chosen.output / LINKS
    if chosen.export:
        if not store.exists():
            raise Stop(f"“{chosen.output}”中还没有链接检测的结果，请先运行 make links。", USAGE)
        number = export_results(store, chosen.export)
        print(f"已导出 {number} 个链接的检测结果：{chosen.export}。")
        return OK
    number = import_results(store, chosen.bring, dt.datetime.now().astimezone())
    print(f"已导入 {number} 个较新的检测结果。")
    return OK


def report(chosen: Namespace) -> int:
    """The summary reports and lists, from the last run."""
    settings = _settings(chosen.config).settings
    if not chosen.output.is_dir():
        raise Stop(f"没有找到结果的文件夹“{chosen.output}”，请先运行 make validate。", USAGE)

    from pipeline.output import locked
    from pipeline.report import FOLDER, last_run, report_files, round_before

    now = dt.datetime.now().astimezone().isoformat(timespec="seconds")
    with locked(chosen.output, now):
        files = report_files(last_run(chosen.output), settings, round_before(chosen.output, settings))
        return _written(chosen.output, FOLDER, files)


def attachments(chosen: Namespace) -> int:
    """Each unit's Word attachments, from the last run."""
    _refuse_odd_jobs(chosen.jobs)
    settings = _settings(chosen.config).settings

    from pipeline.attach import write_attachments
    from pipeline.progress import Progress

    now = dt.datetime.now().astimezone()
    done = write_attachments(chosen.output, TEMPLATES, settings, chosen.jobs, now, Progress(sys.stderr))
    print(f"{chosen.output / '附件'}：{done.units} 个单位，{done.files} 个文件。")
    for remark in done.remarks:
        print(f"注意：{remark}")
    for where, _ in done.faults:
        print(f"程序故障：处理“{where}”时出错，其余文件不受影响。")
    return FAULT if done.faults else OK


def _written(output: Path, folder: str, files: Mapping[str, bytes]) -> int:
    """Put files into one folder of the output, which is locked; what else lies there stays."""
    from pipeline.output import Staging

    staging = Staging(output)
    for path in _inside(output / folder):
        name = f"{folder}/{path.relative_to(output / folder).as_posix()}"
        if name not in files:
            staging.write(name, path.read_bytes())
    for name, data in files.items():
        staging.write(name, data)
    remarks = staging.move_in((folder,))
    for name in files:
        print(f"{output / name}：已写出")
    for remark in remarks:
        print(f"注意：{remark}")
    return OK


def _inside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _ready(chosen: Namespace) -> Loaded:
    """The settings, if everything is there to begin."""
    _refuse_odd_jobs(chosen.jobs)
    loaded = _settings(chosen.config)
    _usable(chosen.input, chosen.output)
    return loaded


def _refuse_odd_jobs(jobs: int) -> None:
    if not 1 <= jobs <= MOST_JOBS:
        raise Stop(f"--jobs 应为 1 到 {MOST_JOBS} 的整数，现为 {jobs}。", USAGE)


def _usable(source: Path, output: Path) -> None:
    """Stop unless there is something to check, and the result lies apart from it."""
    from pipeline.collect import anything_in

    if not source.is_dir():
        said = f"没有找到报送内容的文件夹“{source}”，请把各单位的文件夹放进去，或用 --input 指明。"
        raise Stop(said, USAGE)
    if _within(output, source) or _within(source, output):
        said = f"输出文件夹“{output}”和报送内容的文件夹“{source}”不能是同一个，也不能一个在另一个里面。"
        raise Stop(f"{said}请用 --output 另指一个文件夹。", USAGE)
    try:
        empty = not anything_in(source)
    except OSError as error:
        raise Stop(f"不能读取文件夹“{source}”，请检查权限。", USAGE) from error
    if empty:
        said = f"“{source}”中还没有报送内容。请把每个单位的文件夹（或它发来的 .zip）放进去，再重新运行。"
        raise Stop(said, USAGE)


def _within(inner: Path, outer: Path) -> bool:
    """Whether inner is outer or lies below it, by whatever names or links they are reached."""
    inner = inner.resolve()
    above = (folder for folder in (inner, *inner.parents) if folder.exists())
    return outer.exists() and any(folder.samefile(outer) for folder in above)


def template(chosen: Namespace) -> int:
    """Write the blank workbook, forms and register."""
    from pipeline.durable import write_whole
    from pipeline.fields import TEMPLATE_VERSION
    from pipeline.render.forms import write_templates
    from pipeline.render.registerbook import FILE_NAME, register_workbook
    from pipeline.render.template import deliveries_until

    settings = _settings(chosen.config).settings
    deadlines = settings.call.deadlines
    written = write_templates(
        TEMPLATES,
        codes=settings.resource_types,
        version=TEMPLATE_VERSION,
        call_id=settings.call.id,
        year=settings.call.year,
        statement=settings.statement,
        deliveries=deliveries_until(deadlines.materials.isoformat(), deadlines.resources.isoformat()),
    )
    for path, state in written:
        print(f"{path}：{_STATES[state]}")
    register = TEMPLATES / FILE_NAME
    if register.exists():
        # It is made to be edited, so that even an unchanged one may be the province's own.
        print(f"{register}：{_STATES['kept' if register.read_bytes() != register_workbook() else 'current']}")
    else:
        write_whole(register, register_workbook())
        print(f"{register}：{_STATES['written']}")
    return OK


def explain(chosen: Namespace) -> int:
    """Print one rule."""
    from pipeline.explain import nearest, page
    from pipeline.rules import REGISTER

    code = chosen.code.strip()
    rule = REGISTER.rules.get(code) or REGISTER.rules.get(code.upper())
    if rule is None:
        near = nearest(code)
        hint = f"，是不是 {near}" if near else ""
        raise Stop(f"没有“{code}”这条规则{hint}；全部规则见 {RULES_PAGE}。", USAGE)
    print(page(rule))
    return OK


def rules(_chosen: Namespace) -> int:
    """Write the page of all rules."""
    from pipeline.explain import all_pages

    RULES_PAGE.parent.mkdir(exist_ok=True)
    RULES_PAGE.write_text(all_pages(), "utf-8", newline="\n")
    print(f"{RULES_PAGE}：已写出")
    return OK


def demo(chosen: Namespace) -> int:
    """Write a generated call and validate it."""
    try:
        from pipeline.demo.call import write_call
    except ModuleNotFoundError as error:
        said = f"缺少生成媒体所需的程序包“{error.name}”，请用 make demo 运行，它会自动安装。"
        raise Stop(said, USAGE) from error
    if chosen.units < 1 or chosen.rows < 1:
        raise Stop("--units 和 --rows 应为 1 或更大的整数。", USAGE)
    folder: Path = chosen.folder
    try:
        ledger = write_call(folder, units=chosen.units, rows=chosen.rows)
    except FileExistsError as error:
        if not (folder / "seeded.csv").exists():
            said = f"“{folder / 'input'}”中已有内容，请先移走，或用 --folder 换一个文件夹。"
            raise Stop(said, USAGE) from error
        print(f"“{folder}”中已有生成好的报送内容，这次只校验；要重新生成，请先删去“{folder}”文件夹。")
    else:
        print(f"已生成 {chosen.units} 个单位的报送内容：{folder / 'input'}")
        print(f"故意写错的 {len(ledger)} 处列在 {folder / 'seeded.csv'}。")
    checked = Namespace(
        input=folder / "input",
        output=folder / "output",
        config=Path("config.yaml"),
        jobs=processors(),
        online=False,
        exit_zero=True,
    )
    return validate(checked)


def processors() -> int:
    """How many processes work at once, unless told otherwise."""
    return min(os.cpu_count() or 1, MOST_JOBS)


def _settings(path: Path) -> Loaded:
    from pipeline.settings import ConfigError, load

    try:
        return load(path)
    except ConfigError as error:
        raise Stop("\n".join(f"{path}：{problem}" for problem in error.problems), USAGE) from error
