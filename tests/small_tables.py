"""Small tables written in a test, as the stages take them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import pandas as pd

from pipeline.canonical import Table, canonical
from pipeline.fields import NAMES
from pipeline.join import COVER_COLUMNS, MEDIA_COLUMNS
from pipeline.model import Kind, Layout, Submission
from pipeline.rules.materials import MATERIAL_COLUMNS
from pipeline.rules.person import CONTACT_COLUMNS
from pipeline.rules.statement import DOCUMENT_COLUMNS
from pipeline.settings import Settings, load

K = TypeVar("K", int, str)

ROOT = Path(__file__).parents[1]
SETTINGS: Settings = load(ROOT / "config.yaml").settings
TODAY = "2024-05-01"

RIGHT_ROW = {
    "资源名称": "航空发动机基础",
    "资源类型": "A03",
    "资源简介": "介绍航空发动机的组成、原理和发展，适合科普学习。",
    "版权方": "朱新",
    "主讲人": "朱新",
    "资源封面": "fm001.jpg",
    "资源链接": "https://www.icourse163.org/course/HNU-1206459828",
    "部署平台": "中国大学MOOC",
    "资源文件": "第1讲.mp4",
}
OTHER_ROW = {
    **RIGHT_ROW,
    "资源名称": "中国书法鉴赏",
    "资源简介": "从碑帖入手讲解楷书和行书的笔法与章法，适合书法爱好者。",
    "资源链接": "https://www.icourse163.org/course/HNU-1",
    "资源文件": "第2讲.mp4",
}
"""Another resource, that shares nothing that should differ."""
RIGHT_VIDEO = {
    **MEDIA_COLUMNS,
    "资源类型": "A01",
    "资源文件": "第1讲.mp4",
    "named": "第1讲.mp4",
    "path": "第1讲.mp4",
    "problem": "",
    "respelled": "否",
    "suggestion": "",
    "separator": "",
    "sort": "video",
    "role": "video",
    "sound": True,
    "real": "mp4",
    "real_name": "MP4",
    "video_codec": "H.264",
    "audio_codecs": "AAC",
    "width": 1920.0,
    "height": 1080.0,
    "fps": 25.0,
    "bitrate": 2_400_000.0,
    "stream_bitrate": 2_200_000.0,
    "seconds": 750.0,
    "rate": 48_000.0,
    "channels": 2.0,
    "twin": "",
    "profile": "",
}
RIGHT_COVER = {
    **COVER_COLUMNS,
    "资源封面": "fm001.jpg",
    "named": "fm001.jpg",
    "path": "fm001.jpg",
    "problem": "",
    "respelled": "否",
    "fault": "",
    "mode": "RGB",
    "width": 1280,
    "height": 720,
    "suggestion": "",
    "separator": "",
}

RIGHT_OPENED = {
    "outcome": "可访问", "sign": "fine", "status": "200", "why": "", "title": "航空发动机基础_某某慕课",
    "page": "是", "bare": "否", "first": "https://mooc.example.cn/course/1",
    "final": "https://mooc.example.cn/course/1", "tries": "1", "days": "0", "old": "否",
}  # fmt: skip
RIGHT_COURSE = {"standing": "够", "lack": "", "known": "否", "level": "第三级"}
BASES = {"media": RIGHT_VIDEO, "covers": RIGHT_COVER, "opened": RIGHT_OPENED, "courses": RIGHT_COURSE}
"""A right row of each table that is made of resource rows."""


def _right(columns: tuple[str, ...], **known: str | int) -> dict[str, str | int]:
    row: dict[str, str | int] = {name: "" for name in columns if name[0] != "@"}
    return row | {"@sheet": "", "@row": 0} | known


NO_RESOURCES = {
    "orphans": {"@sheet": "", "@row": 0},
    "units": {"@sheet": "", "@row": 0},
    "platforms": {"@sheet": "平台资质", "@row": 2, "@cell": "D2", "problem": ""},
    "materials": _right(MATERIAL_COLUMNS, side="0", turned="否"),
    "contacts": _right(CONTACT_COLUMNS, people="1") | {"@field": "手机", "@cell": "B7"},
    "documents": _right(DOCUMENT_COLUMNS),
}
"""A row of each table whose rows are no resource rows."""
OTHER_TABLES = {
    "media": pd.DataFrame(columns=["@index", "@unit", "资源名称", "twin", "sort"]),
    "register": pd.DataFrame([("郑州教育局", "郑州市教育局")], columns=["alias", "full"]),
    "earlier": pd.DataFrame(
        [("八段锦健身指导", "王小明", "", "2023", "郑州大学", "往年/2023.xlsx")],
        columns=["name", "speaker", "link", "year", "unit", "list"],
    ),
}
"""What rules over `resources` read beside it."""


def read_markdown(text: str) -> tuple[list[dict[str, str]], list[tuple[int, str]]]:
    """Rows of a Markdown table, and (row, column) of the cells between > and <."""
    lines = [
        [cell.strip() for cell in line.strip().strip("|").split("|")] for line in text.strip().splitlines()
    ]
    header, *body = lines
    rows, marked = [], []
    for number, cells in enumerate(body):
        row = {}
        for name, cell in zip(header, cells, strict=True):
            if cell.startswith(">") and cell.endswith("<"):
                marked.append((number, name))
                cell = cell[1:-1]
            row[name] = cell
        rows.append(row)
    return rows, marked


def by_column(kinds: Mapping[tuple[int, K], Kind]) -> dict[K, dict[int, Kind]]:
    """Kinds as a sheet or a submission has them, from those of single cells (row, column)."""
    columns: dict[K, dict[int, Kind]] = {}
    for (row, column), kind in kinds.items():
        columns.setdefault(column, {})[row] = kind
    return columns


def by_cell(kinds: Mapping[K, Mapping[int, Kind]]) -> dict[tuple[int, K], Kind]:
    """The kinds of single cells."""
    return {(row, column): kind for column, those in kinds.items() for row, kind in those.items()}


def submission(
    rows: list[dict[str, str]],
    *,
    unit: str = "示例学院",
    workbook: str = "清单.xlsx",
    first_row: int = 2,
    kinds: dict[tuple[int, str], Kind] | None = None,
    numbers: list[int] | None = None,
) -> Submission:
    """A workbook's rows; fields not named are blank."""
    numbers = numbers or list(range(first_row, first_row + len(rows)))
    columns = {name: number for number, name in enumerate(NAMES, 1)}
    return Submission(
        unit=unit,
        workbook=workbook,
        kind="xlsx",
        layout=Layout("资源清单", first_row - 1, numbers[-1] if numbers else 1, columns),
        rows=tuple(numbers),
        cells={name: [row.get(name, "") for row in rows] for name in NAMES},
        kinds=by_column(kinds or {}),
        held=frozenset(),
        unit_info={},
        platforms=(),
        findings=(),
        identity={},
    )


def table_of(rows: list[dict[str, str]], settings: Settings = SETTINGS) -> Table:
    """Rows of one or more units (`@unit`) through the canonical stage; blank cells get right values."""
    units: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        units.setdefault(row.get("@unit", "示例学院"), []).append({**RIGHT_ROW, **row})
    return canonical([submission(of_unit, unit=unit) for unit, of_unit in units.items()], settings)


def resources_of(table: Table) -> pd.DataFrame:
    """The table `resources` as the rules see it, nothing measured."""
    resources = table.values.copy()
    resources["@index"], resources["@likely"], resources["@measured"] = resources.index, "", float("nan")
    return resources
