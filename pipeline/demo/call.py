"""A whole generated call: what many units send in, right for the most part, with a ledger of what is wrong.

    root/input/<单位>/…          workbook, media, covers, scans and Word forms
    root/input/<局>/<校>/…       what a bureau forwards
    root/input/<单位>.zip        a unit that sent an archive, its member names in GBK
    root/seeded.csv              the ledger: every cell or file that is wrong on purpose

Whatever is not in the ledger is right by construction.
"""

from __future__ import annotations

import csv
import io
import random
import struct
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from PIL import Image, ImageDraw

from pipeline.demo import content, media
from pipeline.demo.content import Enclosure, Record, Unit
from pipeline.demo.defects import DEFECTS, Defect, seeded_value
from pipeline.demo.workbook import MERGED_ROWS, Shape, as_csv, workbook
from pipeline.fields import NAMES
from pipeline.render.forms import REGISTRATION_NAME, STATEMENT_NAME, registration_form, statement_form
from pipeline.render.template import standard_workbook

CODES: Mapping[str, str] = MappingProxyType({"A01": "视频资源", "A02": "音频资源", "A03": "网络课程"})
_BLANK = Record({}, ())


class Seeded(NamedTuple):
    """One thing that is wrong on purpose. row is the spreadsheet's own, 0 for a whole file or folder."""

    unit: str
    workbook: str
    row: int
    field: str
    rule: str
    kind: str
    value: str


Ledger = tuple[Seeded, ...]


class Template(NamedTuple):
    """What the current template says of itself."""

    codes: Mapping[str, str] = CODES
    version: str = "v2024.1"
    call_id: str = "henan-2024-192"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a workbook as a whole. spares: its rows stay readable, so they may be spoilt too."""

    kind: str
    rule: str
    field: str = ""
    spares: bool = True


_FAULTS: tuple[Fault, ...] = (
    Fault("列名改写", "S04", "主讲人"),
    Fault("示例行未删", "S08"),
    Fault("去年的模板", "F03"),
    Fault("合并单元格", "S07", "版权方"),
    Fault("另有损坏的表", "F01"),
    Fault("删去必填列", "S03", "版权方", spares=False),
    Fault("只有表头", "F08", spares=False),
    Fault("两张资源清单", "S01", spares=False),
    Fault("报了两份表", "F04", spares=False),
)


@dataclass(frozen=True, slots=True)
class Submission:
    """Everything that one unit sends, before it is written."""

    unit: Unit
    name: str
    records: tuple[Record, ...]
    shape: Shape
    style: str
    fault: Fault | None
    seed: int

    @property
    def reads_as(self) -> str:
        """The name of its workbook."""
        return f"{self.name}.csv" if self.style == "csv" else f"{self.name}.xlsx"


_STYLES = ("template", "moved", "titled", "inserted", "gaps", "typed", "csv", "template", "typed", "zip")
"""How units lay out their list, in turn; the eighth and ninth are forwarded by a bureau."""


def write_call(
    root: Path,
    *,
    units: int,
    rows: int,
    seed: int = 192,
    share: float = 0.05,
    template: Template | None = None,
) -> Ledger:
    """Write root/input/ and root/seeded.csv, and return the ledger, by unit and row.

    share is the part of the resources that is spoilt, each in one way. The same arguments
    give the same files. Raises FileExistsError if root/input/ holds anything already, for
    what is left of another call would make this ledger untrue.
    """
    target = root / "input"
    if target.exists() and any(target.iterdir()):
        raise FileExistsError(str(target))
    target.mkdir(parents=True, exist_ok=True)
    ledger: list[Seeded] = []
    pending: list[Defect] = []
    submissions: list[Submission] = []
    known = content.names(seed)
    for index, unit in enumerate(content.units(units)):
        clean = _submission(index, unit, rows, known, seed)
        chosen = _chosen_rows(clean, units, index, share)
        spoilt, seeded = _spoilt(clean, chosen, pending)
        if index % 10 == 5:
            spoilt, repeated = _repeated_elsewhere(
                spoilt, submissions[-5], {entry[:3] for entry in (*ledger, *seeded)}
            )
            seeded += repeated
        submissions.append(spoilt)
        ledger += [*_whole(spoilt), *seeded]
    with tempfile.TemporaryDirectory() as scratch:
        for submission in submissions:
            _write(submission, target, Path(scratch), template or Template())
    ordered = tuple(sorted(ledger))
    _write_ledger(root / "seeded.csv", ordered)
    return ordered


def _submission(index: int, unit: Unit, rows: int, known: content.Names, seed: int) -> Submission:
    """A unit's right resources in the layout that is its turn, and the fault of the whole file, if any."""
    style = _STYLES[index % len(_STYLES)]
    position = index // 10 * 3 + index % 10 - 2
    faulty = index % 10 in (2, 3, 4) and position < len(_FAULTS) and rows >= MERGED_ROWS
    fault = _FAULTS[position] if faulty else None
    records = content.records(unit, rows, known, seed + index, links=style != "csv")
    if style in ("typed", "zip"):
        records = [content.as_typed(record, number) for number, record in enumerate(records)]
    if fault and fault.rule == "F08":
        records = []
    shape = _shape(style, fault, seed + index)
    return Submission(unit, f"{unit.name}_资源元数据", tuple(records), shape, style, fault, seed + index)


def _shape(style: str, fault: Fault | None, seed: int) -> Shape:
    shape = {
        "moved": Shape(columns=content.field_order(NAMES, seed)),
        "titled": Shape(above=3),
        "inserted": Shape(columns=("序号", *NAMES[:8], "备注", *NAMES[8:])),
        "gaps": Shape(gap=7),
        "zip": Shape(above=1),
    }.get(style, Shape())
    match fault.rule if fault else "":
        case "S03":
            return replace(shape, columns=tuple(name for name in shape.columns if name != "版权方"))
        case "S04":
            return replace(shape, titles={"主讲人": "主讲教师"})
        case "S07":
            return replace(shape, merged="版权方", gap=0)
        case "S08":
            return replace(shape, example=True)
        case "S01":
            return replace(shape, twice=True)
    return shape


def _chosen_rows(submission: Submission, units: int, index: int, share: float) -> list[int]:
    """Which resources to spoil; the fractions of a row add up over the units."""
    rows = len(submission.records)
    if submission.fault and not submission.fault.spares:
        return []
    total = max(1, round(units * rows * share))
    number = total * (index + 1) // units - total * index // units
    free = range(MERGED_ROWS if submission.shape.merged else 0, rows)
    dice = random.Random(submission.seed)  # noqa: S311 - a repeatable choice, no secret
    return sorted(dice.sample(free, min(number, len(free))))


def _spoilt(
    submission: Submission, chosen: Sequence[int], pending: list[Defect]
) -> tuple[Submission, list[Seeded]]:
    """The submission with a defect in each chosen row, kinds taken in turn from pending.

    From the top down, so that a defect that repeats a row above finds it as it will stay.
    """
    records = list(submission.records)
    above = list(submission.records)
    seeded = []
    for index in chosen:
        defect = _next_fitting(
            records[index], above[:index], pending, typed=submission.style not in ("csv", "template")
        )
        records[index] = defect.spoil(records[index], above[:index])
        above[index] = _BLANK
        row = 0 if defect.rowless else submission.shape.row_of(index)
        value = seeded_value(defect, records[index])
        place = (submission.unit.path, submission.reads_as, row, defect.field)
        seeded.append(Seeded(*place, defect.rule, defect.kind, value))
    return replace(submission, records=tuple(records)), seeded


def _next_fitting(record: Record, above: Sequence[Record], pending: list[Defect], *, typed: bool) -> Defect:
    """The next kind that this resource can suffer, taken out of pending, which is filled when it runs dry."""
    while True:
        for defect in pending:
            if (typed or not defect.typed) and defect.where(record, above):
                pending.remove(defect)
                return defect
        pending += random.Random(len(DEFECTS)).sample(DEFECTS, len(DEFECTS))  # noqa: S311 - always the same shuffle


def _repeated_elsewhere(
    submission: Submission, other: Submission, taken: set[tuple[str, str, int]]
) -> tuple[Submission, list[Seeded]]:
    """A resource that another unit sent too: same name, same speakers. taken: places already spoilt."""
    twin, source = _untouched(submission, taken), _untouched(other, taken)
    if twin is None or source is None:
        return submission, []
    named = {field: other.records[source].text(field) for field in ("资源名称", "主讲人")}
    records = list(submission.records)
    records[twin] = replace(records[twin], cells={**records[twin].cells, **named})
    entries = [
        Seeded(each.unit.path, each.reads_as, row, "资源名称", "W02", "与其他单位重复", named["资源名称"])
        for each, row in ((submission, submission.shape.row_of(twin)), (other, other.shape.row_of(source)))
    ]
    return replace(submission, records=tuple(records)), entries


def _untouched(submission: Submission, taken: set[tuple[str, str, int]]) -> int | None:
    """The last resource in which nothing is wrong."""
    rows = {row for unit, _, row in taken if unit == submission.unit.path}
    indexes = reversed(range(len(submission.records)))
    return next((index for index in indexes if submission.shape.row_of(index) not in rows), None)


def _whole(submission: Submission) -> list[Seeded]:
    """The ledger's lines for the file's kind, for added columns, and for the fault of the whole file."""
    fault, shape = submission.fault, submission.shape
    place = (submission.unit.path, submission.reads_as)
    added = [name for name in shape.columns if name not in NAMES]
    lines = [Seeded(*place, shape.header_row, name, "S06", "自己加的列", name) for name in added]
    if submission.style == "csv":
        lines.append(Seeded(*place, 0, "", "F02b", "用csv报送", submission.reads_as))
    if fault is None:
        return lines
    rows = {
        "S04": [shape.header_row],
        "S07": [shape.row_of(index) for index in range(MERGED_ROWS)],
        "S08": [shape.header_row + 1],
    }.get(fault.rule, [0])
    value = {"S04": "主讲教师", "S07": submission.unit.name, "F03": "v2023.1"}.get(fault.rule, "")
    if fault.rule == "F01":
        place = (submission.unit.path, _SPOILT_COPY)
    return lines + [Seeded(*place, row, fault.field, fault.rule, fault.kind, value) for row in rows]


_SPOILT_COPY = "资源元数据（旧）.xlsx"


def _write(submission: Submission, target: Path, scratch: Path, template: Template) -> None:
    """The unit's folder, or its archive."""
    zipped = submission.style == "zip"
    folder = (scratch / "zip" if zipped else target) / submission.unit.path
    folder.mkdir(parents=True)
    for name, data in _papers(submission, template).items():
        (folder / name).write_bytes(data)
    for record in submission.records:
        for enclosure in record.files:
            write_enclosure(enclosure, folder, scratch)
    if zipped:
        _zip_as_gbk(folder, target / f"{submission.unit.path}.zip")


def _papers(submission: Submission, template: Template) -> dict[str, bytes]:
    """File name → content: workbook, Word forms and sealed scans."""
    unit, seed, fault = submission.unit, submission.seed, submission.fault
    info = content.unit_information(unit, seed)
    papers = {
        submission.reads_as: _workbook(submission, template),
        REGISTRATION_NAME: registration_form({"单位": unit.name, **info}),
        STATEMENT_NAME: statement_form(
            year=2024, unit=unit.name, date="2024年4月18日", resources=_resource_list(submission)
        ),
    }
    scans = (
        info["登记表扫描件"],
        info["安全审核说明扫描件"],
        *(row["证明文件"] for row in content.PLATFORM_ROWS),
    )
    for number, name in enumerate(scans):
        papers[name] = sealed_scan(seed * 10 + number)
    if fault and fault.rule == "F01":
        papers[_SPOILT_COPY] = papers[submission.reads_as][:3000]
    if fault and fault.rule == "F04":
        first = submission.records[0]
        changed = replace(first, cells={**first.cells, "点击量": "7"})
        other = replace(submission, records=(changed, *submission.records[1:]))
        papers[f"{submission.name}（修改）.xlsx"] = _workbook(other, template)
    return papers


def _workbook(submission: Submission, template: Template) -> bytes:
    info = content.unit_information(submission.unit, submission.seed)
    old = submission.fault is not None and submission.fault.rule == "F03"
    version = "v2023.1" if old else template.version
    if submission.style == "csv":
        return as_csv(submission.records)
    if submission.style == "template":
        return standard_workbook(
            codes=template.codes, version=version, call_id=template.call_id, unit_info=info,
            rows=[{name: record.text(name) for name in NAMES} for record in submission.records],
            platforms=content.PLATFORM_ROWS,
        )  # fmt: skip
    return workbook(
        submission.shape, submission.records, version=version, call_id=template.call_id, unit_info=info,
        platforms=content.PLATFORM_ROWS,
    )  # fmt: skip


def _resource_list(submission: Submission) -> list[list[str]]:
    """The rows of 附件2's list."""
    return [
        [
            str(number),
            submission.unit.name,
            *(record.text(name) for name in ("资源名称", "资源类型", "主讲人", "版权方")),
        ]
        for number, record in enumerate(submission.records, 1)
    ]


def sealed_scan(seed: int) -> bytes:
    """A page with lines of grey and a round red seal, as a JPEG."""
    page = Image.new("RGB", (620, 877), "white")
    draw = ImageDraw.Draw(page)
    for line in range(12):
        draw.line((70, 150 + line * 34, 550, 150 + line * 34), fill=(150, 150, 150), width=2)
    left, top = 350 + seed % 40, 620 + seed // 40 % 40
    draw.ellipse((left, top, left + 150, top + 150), outline=(200, 20, 30), width=6)
    draw.regular_polygon((left + 75, top + 75, 24), 5, fill=(200, 20, 30))
    buffer = io.BytesIO()
    page.save(buffer, format="JPEG", quality=60, comment=f"demo {seed}")
    return buffer.getvalue()


def write_enclosure(enclosure: Enclosure, folder: Path, scratch: Path) -> None:
    """One file of a resource. What is cheap is made once in scratch and varied from then on."""
    clip = enclosure.clip
    path = folder / enclosure.path
    path.parent.mkdir(parents=True, exist_ok=True)
    if clip.cheap:
        master = scratch / clip.name
        if not master.exists():
            clip.make(master, 0)
        media.vary(master, path, enclosure.seed)
    else:
        clip.make(path, enclosure.seed)
    if clip.pad:
        with path.open("ab") as file:
            file.write(struct.pack(">I4s", 8 + clip.pad, b"free") + bytes(clip.pad))
    if clip.cut < 1:
        data = path.read_bytes()
        path.write_bytes(data[: max(64, int(len(data) * clip.cut))])


class _GbkName(zipfile.ZipInfo):
    """A member whose name is stored in GBK without the UTF-8 flag, as archivers in Chinese Windows do."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - the standard library's name
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def _zip_as_gbk(folder: Path, path: Path) -> None:
    """All files below the folder in one archive, stored without compression: media do not shrink."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                member = _GbkName(file.relative_to(folder).as_posix(), (2024, 4, 20, 9, 30, 0))
                archive.writestr(member, file.read_bytes())


def _write_ledger(path: Path, ledger: Ledger) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Seeded._fields)
        writer.writerows(ledger)
