"""How long the checks of many rows take: `make bench`. Rows are made here, nothing is read or written.

python -m tests.bench [rows]
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from pipeline.canonical import Table, canonical
from pipeline.fields import FIELDS, NAMES
from pipeline.model import Submission
from pipeline.rules import REGISTER
from pipeline.validate import validate
from tests.small_tables import OTHER_TABLES, RIGHT_ROW, SETTINGS, TODAY, resources_of, submission

ROWS, UNITS, BAD = 50_000, 250, 0.05
_SUBJECTS = [a + b for a in "书国剪太急园摄烹声" for b in "法画纸极救艺影饪乐"]
_KINDS = ["基础", "入门", "提高", "实务", "案例", "精讲", "赏析", "实训"]
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
Result = TypeVar("Result")


def row_of(number: int, chance: random.Random) -> dict[str, str]:
    """A right resource that differs from all others, with one bad cell in twenty."""
    subject, kind = _SUBJECTS[number % len(_SUBJECTS)], _KINDS[number // 7 % len(_KINDS)]
    row = {
        **RIGHT_ROW,
        "资源名称": f"{subject}{kind}之{number}",
        "资源简介": f"介绍{subject}{kind}的内容与方法，共 {number} 个要点，适合初学者系统学习和练习。",
        "资源链接": f"https://www.icourse163.org/course/HNU-{number}",
        "主讲人": _SURNAMES[number % 20] + chr(0x4E00 + number % 2000),
        "资源时长": f"00:{number % 59 + 1:02d}:{number % 60:02d}",
        "创建时间": f"20{number % 14 + 10}-{number % 12 + 1:02d}-{number % 28 + 1:02d}",
        "点击量": str(number % 90_000),
        "学习人数": str(number % 9_000),
        "关键词": f"{subject};{kind};终身学习",
        "所属分类": f"文化-{subject}-{kind}",
        "所属系列": f"{subject}系列{number // 40}",
        "所属顺序": f"{number % 40 + 1:02d}",
        "资源文件": f"{number}.mp4",
        "资源封面": f"{number}.jpg",
    }
    for name in NAMES:
        if chance.random() < BAD and _WRONG.get(name):
            row[name] = chance.choice(_WRONG[name])
    return row


_WRONG = {
    field.name: [rule.bad for rule in REGISTER.rules.values() if rule.check is None and rule.on == field.name]
    for field in FIELDS
}


def submissions(rows: int) -> list[Submission]:
    """The rows in as many workbooks as a province has units."""
    chance = random.Random(1)
    made = [row_of(number, chance) for number in range(rows)]
    size = -(-rows // UNITS)
    return [
        submission(made[start : start + size], unit=f"第{start // size}学院")
        for start in range(0, rows, size)
    ]


def timed(what: str, job: Callable[[], Result]) -> Result:
    """The job's result; its CPU time is printed."""
    begun = time.process_time()
    result = job()
    print(f"{what:<12}{time.process_time() - begun:>8.2f} s")
    return result


def main(rows: int) -> None:
    """Time the canonical stage, all table rules together, and the dearest of them alone."""
    print(f"{rows} rows in {UNITS} workbooks, {BAD:.0%} bad cells, all {len(REGISTER.rules)} rules on")
    sent = submissions(rows)
    table: Table = timed("canonical", lambda: canonical(sent, SETTINGS))
    tables = {**OTHER_TABLES, "resources": resources_of(table)}
    outcome = timed("all rules", lambda: validate(table, tables, SETTINGS, TODAY))
    print(f"{len(table.findings) + len(outcome.findings)} findings, {len(outcome.faults)} faults")
    times = {}
    for rule, _ in REGISTER.table_rules():
        begun = time.process_time()
        others = SETTINGS.model_copy(update={"off": tuple(REGISTER.rules.keys() - {rule.code})})
        validate(table, tables, others, TODAY)
        times[rule.code] = time.process_time() - begun
    for code in sorted(times, key=times.__getitem__, reverse=True)[:8]:
        print(f"  {code:<10}{times[code]:>8.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
