"""What the program is compared with, each as a command of its own that imports nothing else.

    python -m tests.bench.competitors calamine FOLDER
    python -m tests.bench.competitors frictionless FOLDER SCHEMA [PROCESSES]

Both take every .xlsx below the folder. The number of cells that break the schema is printed.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from functools import partial
from pathlib import Path
from typing import Any


def workbooks(folder: Path) -> list[Path]:
    """Every workbook of a call."""
    return sorted(folder.glob("*/*.xlsx"))


def calamine(folder: Path) -> None:
    """Merely read every sheet: what no checker can do without."""
    from python_calamine import CalamineWorkbook

    for path in workbooks(folder):
        book = CalamineWorkbook.from_path(str(path))
        for name in book.sheet_names:
            book.get_sheet_by_name(name).to_python()


def frictionless(folder: Path, schema: Path, processes: int) -> int:
    """Validate the resources of every workbook; returns the number of errors."""
    check = partial(_errors, schema=json.loads(schema.read_text("utf-8")))
    paths = [str(path) for path in workbooks(folder)]
    if processes == 1:
        return sum(map(check, paths))
    with multiprocessing.Pool(processes) as pool:
        return sum(pool.map(check, paths, chunksize=1))


def _errors(path: str, schema: dict[str, Any]) -> int:
    from frictionless import Resource, Schema, system
    from frictionless.formats import ExcelControl

    from pipeline.fields import RESOURCE_SHEET

    # Else it takes no absolute path.
    system.trusted = True
    control = ExcelControl(sheet=RESOURCE_SHEET)
    report = Resource(path=path, control=control, schema=Schema.from_descriptor(schema)).validate()
    return sum(task.stats["errors"] for task in report.tasks)


def schema() -> dict[str, Any]:
    """Twelve checks as a Table Schema: 6 required, 3 patterns (time, date, order), the codes, 2 lengths."""
    from pipeline.fields import FIELDS
    from tests.small_tables import SETTINGS

    fields = []
    for field in FIELDS:
        asked: dict[str, Any] = {"required": True} if field.name in SETTINGS.required else {}
        if field.name in ("资源时长", "创建时间", "所属顺序"):
            asked["pattern"] = field.form
        if field.name == "资源类型":
            asked["enum"] = list(SETTINGS.resource_types)
        if field.name in SETTINGS.lengths:
            asked["minLength"], asked["maxLength"] = SETTINGS.lengths[field.name]
        header = f"{field.name}*" if field.required else field.name
        sort = "string" if field.as_text else "integer"
        fields.append({"name": header, "type": sort, "constraints": asked})
    return {"fields": fields}


def one_by_one(path: str) -> None:
    """Measure a file as pymediainfo does when nothing else is said."""
    from pymediainfo import MediaInfo

    MediaInfo.parse(path)


def unprotected(path: str) -> str:
    """Measure a file as fast as the library can: its options tuned, its answer not looked at."""
    from pymediainfo import MediaInfo

    return str(MediaInfo.parse(path, parse_speed=0, output="JSON"))


if __name__ == "__main__":
    if sys.argv[1] == "calamine":
        calamine(Path(sys.argv[2]))
    else:
        jobs = int(sys.argv[4]) if len(sys.argv) > 4 else 1
        print(frictionless(Path(sys.argv[2]), Path(sys.argv[3]), jobs))
