"""Generated calls: workbooks whose rows are right but for a share of their cells, with media or without."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.fields import FIELDS, TEMPLATE_VERSION
from pipeline.render.template import standard_workbook
from pipeline.rules import REGISTER
from pipeline.verbs import processors
from tests.small_tables import RIGHT_ROW, SETTINGS

WORKBOOK = "清单.xlsx"
VIDEO, SOUND, COVER = "video.mp4", "sound.mp3", "cover.jpg"
SERIES = 40
"""Resources of one series; they share a cover."""
SECONDS = 2
"""Of each video and sound."""

_SUBJECTS = [a + b for a in "书国剪太急园摄烹声" for b in "法画纸极救艺影饪乐"]
_KINDS = ["基础", "入门", "提高", "实务", "案例", "精讲", "赏析", "实训"]
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_WRONG = {
    field.name: [rule.bad for rule in REGISTER.rules.values() if rule.check is None and rule.on == field.name]
    for field in FIELDS
}


@dataclass(frozen=True, slots=True)
class Call:
    """units: of one workbook each. rows: of a workbook.

    wrong: share of cells that are spoilt. every: each n-th row has a video or a sound of its own, 0: none.
    """

    units: int
    rows: int
    wrong: float = 0.0
    every: int = 0

    @property
    def size(self) -> str:
        """As it stands in keys: 250x200."""
        return f"{self.units}x{self.rows}"

    def __str__(self) -> str:
        """As the page says it: 250 × 200."""
        return f"{self.units:,} × {self.rows:,}"


class Calls:
    """The calls and media below a folder, each made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        """folder: what an earlier form of this module made there is not used."""
        made_by = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]
        self._folder = folder / f"calls-{made_by}"
        self._folder.mkdir(parents=True, exist_ok=True)

    def folder(self, call: Call) -> Path:
        """A folder to be checked as input/."""
        name = f"{call.size}-{call.wrong:g}-{call.every}"
        return self._made(name, partial(_write_call, call, self.models()))

    def media(self, number: int, model: str) -> list[Path]:
        """So many files of one sort (VIDEO or SOUND), no two alike."""
        folder = self._made(f"{number}-{model}", partial(_write_media, number, self.models() / model))
        return sorted(folder.iterdir())

    def models(self) -> Path:
        """The folder with one small real file of each sort; all others are copies whose bytes differ."""
        return self._made("models", _write_models)

    def _made(self, name: str, write: Callable[[Path], None]) -> Path:
        """A folder that is there whole or not at all."""
        folder = self._folder / name
        if not folder.exists():
            growing = self._folder / f"{name}.part"
            shutil.rmtree(growing, ignore_errors=True)
            growing.mkdir()
            write(growing)
            growing.rename(folder)
        return folder


# --- rows ------------------------------------------------------------------------------------------


def unit_name(unit: int) -> str:
    """The name of a unit and of its folder."""
    return f"第{unit}学院"


def rows_of(call: Call, unit: int) -> list[dict[str, str]]:
    """The rows of one unit; a `wrong` share of cells is spoilt in ways that the rules give as examples."""
    chance = random.Random(f"{call} {call.wrong} {unit}")
    return [_spoilt(right_row(call, unit, index), call.wrong, chance) for index in range(call.rows)]


def right_row(call: Call, unit: int, index: int) -> dict[str, str]:
    """A right resource that differs from all others of the call."""
    number = unit * call.rows + index
    subject, kind = _SUBJECTS[number % len(_SUBJECTS)], _KINDS[number // 7 % len(_KINDS)]
    series = index // SERIES
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
        "所属系列": f"{_SUBJECTS[unit % len(_SUBJECTS)]}系列{unit}之{series}",
        "所属顺序": f"{index % SERIES + 1:02d}",
        "资源文件": "",
        "资源封面": f"{series}.jpg",
    }
    model = _model_of(call, index)
    if not model:
        return row
    code = "A01" if model == VIDEO else "A02"
    file = f"{index}{Path(model).suffix}"
    return row | {"资源类型": code, "资源文件": file, "资源时长": f"00:00:{SECONDS:02d}"}


def _model_of(call: Call, index: int) -> str:
    """The sort of a row's own file, "" if it has none: three videos, then a sound."""
    if not call.every or index % call.every:
        return ""
    return SOUND if index // call.every % 4 == 3 else VIDEO


def _spoilt(row: dict[str, str], share: float, chance: random.Random) -> dict[str, str]:
    if not share:
        return row
    spoil = {name for name in _WRONG if _WRONG[name] and chance.random() < share}
    return row | {name: chance.choice(_WRONG[name]) for name in _WRONG if name in spoil}


# --- files -----------------------------------------------------------------------------------------


def workbook_of(rows: list[dict[str, str]]) -> bytes:
    """Rows in the template."""
    codes = SETTINGS.resource_types
    return standard_workbook(codes=codes, version=TEMPLATE_VERSION, call_id=SETTINGS.call.id, rows=rows)


def _write_call(call: Call, models: Path, folder: Path) -> None:
    with ProcessPoolExecutor(processors()) as pool:
        made = pool.map(partial(_write_unit, call, models, folder), range(call.units), chunksize=8)
        for _ in made:
            pass


def _write_unit(call: Call, models: Path, folder: Path, unit: int) -> None:
    from pipeline.demo.media import vary

    home = folder / unit_name(unit)
    home.mkdir()
    (home / WORKBOOK).write_bytes(workbook_of(rows_of(call, unit)))
    for name, model, number in _files_of(call, unit):
        vary(models / model, home / name, number)


def _files_of(call: Call, unit: int) -> Iterator[tuple[str, str, int]]:
    """Name, model and number of each file that the rows name."""
    for index in range(call.rows):
        number = unit * call.rows + index
        if index % SERIES == 0:
            yield f"{index // SERIES}.jpg", COVER, number
        model = _model_of(call, index)
        if model:
            yield f"{index}{Path(model).suffix}", model, number


def _write_media(number: int, model: Path, folder: Path) -> None:
    from pipeline.demo.media import vary

    for each in range(number):
        vary(model, folder / f"{each:05d}{model.suffix}", each)


def _write_models(folder: Path) -> None:
    from pipeline.demo.media import make_audio, make_cover, make_video

    make_video(folder / VIDEO, seconds=SECONDS, bitrate=100_000)
    make_audio(folder / SOUND, seconds=SECONDS, bitrate=64_000)
    make_cover(folder / COVER, width=64, height=36)
