"""A whole generated call: what many units send in, right for the most part, with a ledger of what is wrong.

    root/input/<单位>/…          workbook, media, covers, scans and Word forms
    root/input/<局>/<校>/…       what a bureau forwards
    root/input/<单位>.zip        a unit that sent an archive, its member names in GBK
    root/input/往年/             a list of an earlier year
    root/seeded.csv              the ledger: every cell or file that is wrong on purpose

Whatever is not in the ledger is right by construction; of right units the register tells nothing but W01b,
for they are invented. Fourteen units and some four hundred rows with a share of one half show
every rule that one call can break, except these:

| rules | why not |
|---|---|
| R00-1 R00-2 R15-5 R16-1b R18-2 | off until config.yaml asks for it |
| M03c M07b | other technical standards than the notice's |
| L01–L09 | found by opening links over the internet |
| F04b W07 W07b W09 W09b W09c W10 | need an earlier round, or a person |
| W08 | about units that sent nothing: no finding |
| M11 | never judged |
| R09-5b | a length that no file bears out is never the only mistake of its row |
| M13b R15-4b | a file that is locked where it is checked |
| F07 S14 | xlsxwriter writes neither external links nor discussions |
"""

from __future__ import annotations

import csv
import random
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from msgspec.structs import replace

from pipeline.demo import content, media
from pipeline.demo.content import Enclosure, Record, Unit
from pipeline.demo.defects import DEFECTS, FEW, Defect, seeded_value
from pipeline.demo.faults import BUNDLES, Mark, layout_marks
from pipeline.demo.papers import scan, sealed_papers
from pipeline.demo.submission import Seeded, Submission
from pipeline.demo.workbook import MERGED_ROWS, Shape, as_csv, list_of_names, workbook
from pipeline.fields import NAMES, RESOURCE_FILE
from pipeline.render.attachments.papers import LIST_HEADERS
from pipeline.render.template import standard_workbook
from pipeline.rules import REGISTER

CODES: Mapping[str, str] = MappingProxyType({"A01": "视频资源", "A02": "音频资源", "A03": "网络课程"})
_BLANK = Record({}, ())
Ledger = tuple[Seeded, ...]


class Template(NamedTuple):
    """What the current template says of itself."""

    codes: Mapping[str, str] = CODES
    version: str = "v2024.1"
    call_id: str = "henan-2024-192"


_STYLES = ("template", "moved", "titled", "inserted", "gaps", "typed", "csv", "template", "typed", "zip")
"""How units lay out their list, in turn; the eighth and ninth are forwarded by a bureau."""

EARLIER_LIST = "往年/2023年继续教育数字化资源清单.xlsx"
_EARLIER_NAMES = (("八段锦健身指导", "王小明", ""), ("太极拳二十四式", "李秀兰", ""))


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
        faulty, whole = _with_faults(clean, index)
        faulty, repeated, kept = _sent_elsewhere_too(faulty, submissions, index, ledger)
        chosen = _chosen_rows(faulty, units, rows, index, share, kept)
        spoilt, seeded = _spoilt(faulty, chosen, pending, kept)
        ledger += [*whole, *repeated, *seeded]
        submissions.append(spoilt)
    earlier = _earlier_year(submissions, ledger)
    with tempfile.TemporaryDirectory() as scratch:
        for submission in submissions:
            _write(submission, target, Path(scratch), template or Template())
    if earlier:
        (target / EARLIER_LIST).parent.mkdir()
        (target / EARLIER_LIST).write_bytes(list_of_names((*_EARLIER_NAMES, *earlier)))
    ordered = tuple(sorted(ledger))
    _write_ledger(root / "seeded.csv", ordered)
    return ordered


# --- one unit -------------------------------------------------------------------------------------


def _submission(index: int, unit: Unit, rows: int, known: content.Names, seed: int) -> Submission:
    """A unit's right resources in the layout that is its turn."""
    style = _STYLES[index % len(_STYLES)]
    records = content.records(unit, rows, known, seed + index, links=style != "csv")
    if style in ("typed", "zip"):
        records = [content.as_typed(record, number) for number, record in enumerate(records)]
    return Submission(
        unit, f"{unit.name}_资源元数据", tuple(records), _shape(style, seed + index), style, seed + index,
        content.unit_information(unit, seed + index), content.PLATFORM_ROWS,
        suffix=".csv" if style == "csv" else ".xlsx",
    )  # fmt: skip


def _shape(style: str, seed: int) -> Shape:
    return {
        "moved": Shape(columns=content.field_order(NAMES, seed)),
        "titled": Shape(above=3),
        "inserted": Shape(columns=("序号", *NAMES[:8], "备注", *NAMES[8:])),
        "gaps": Shape(gap=7),
        "typed": Shape(checked=False),
        "zip": Shape(above=1),
    }.get(style, Shape())


def _with_faults(clean: Submission, index: int) -> tuple[Submission, list[Seeded]]:
    """The submission with its turn's faults, and the ledger's lines for them and for the layout."""
    submission = clean
    faults = BUNDLES.get(index, ()) if len(clean.records) >= MERGED_ROWS else ()
    for fault in faults:
        submission = fault.spoil(submission)
    marks = [(fault.kind, fault.rule, mark) for fault in faults for mark in fault.marks(submission)]
    marks += layout_marks(submission)
    if clean.unit.rule:
        name = clean.unit.name
        marks.append(("单位名称有误", clean.unit.rule, (submission.reads_as, 0, "单位名称", name)))
    return submission, [_seeded(submission, kind, rule, mark) for kind, rule, mark in marks]


def _seeded(submission: Submission, kind: str, rule: str, mark: Mark) -> Seeded:
    workbook, row, field, value = mark
    severity = REGISTER.rules[rule].severity.value
    return Seeded(submission.unit.path, workbook, row, field, rule, severity, kind, value)


def _chosen_rows(
    submission: Submission, units: int, rows: int, index: int, share: float, kept: int | None
) -> list[int]:
    """Which resources to spoil, but for the one kept; the fractions of a row add up over the units."""
    total = max(1, round(units * rows * share))
    number = total * (index + 1) // units - total * index // units
    first = MERGED_ROWS if submission.shape.merged else 0
    free = [each for each in range(first, len(submission.records)) if each != kept]
    dice = random.Random(submission.seed)  # noqa: S311 - a repeatable choice, no secret
    return sorted(dice.sample(free, min(number, len(free))))


def _spoilt(
    submission: Submission, chosen: Sequence[int], pending: list[Defect], kept: int | None
) -> tuple[Submission, list[Seeded]]:
    """The submission with a defect in each chosen row, kinds taken in turn from pending.

    From the top down, so that a defect that repeats a row above finds it as it will stay. kept: the
    row that another unit sent too, which none may repeat again.
    """
    records = list(submission.records)
    above = [_BLANK if index == kept else record for index, record in enumerate(records)]
    seeded = []
    for index in chosen:
        defect = _next_fitting(submission, records[index], above[:index], pending)
        records[index] = defect.spoil(records[index], above[:index])
        above[index] = _BLANK
        row = 0 if defect.rowless else submission.shape.row_of(index)
        mark = (submission.reads_as, row, defect.field, seeded_value(defect, records[index]))
        seeded.append(_seeded(submission, defect.kind, defect.rule, mark))
    return replace(submission, records=tuple(records)), seeded


def _next_fitting(
    submission: Submission, record: Record, above: Sequence[Record], pending: list[Defect]
) -> Defect:
    """The next kind that this resource can suffer, taken out of pending, which is filled when it runs dry."""
    typed = submission.style not in ("csv", "template")
    while True:
        for defect in pending:
            seen = (typed or not defect.typed) and defect.field not in submission.bars
            if seen and defect.where(record, above):
                pending.remove(defect)
                return defect
        shuffled = random.Random(len(DEFECTS)).sample(DEFECTS, len(DEFECTS))  # noqa: S311 - always the same
        pending += sorted(shuffled, key=lambda defect: defect.where not in FEW)


# --- between units, and years ---------------------------------------------------------------------


class _Twin(NamedTuple):
    """A way of sending what another unit sent too: which resources can, and how the second becomes so."""

    rule: str
    kind: str
    field: str
    back: int
    can: Callable[[Record], bool]
    copy: Callable[[Record, Record], Record]


def _any(_record: Record) -> bool:
    return True


def _copied(*fields: str) -> Callable[[Record, Record], Record]:
    def copy(record: Record, source: Record) -> Record:
        return replace(record, cells={**record.cells, **{name: source.cells[name] for name in fields}})

    return copy


def _same_sound(record: Record, source: Record) -> Record:
    """The bytes of the other's file under the own name."""
    twin = replace(source.files[1], path=record.files[1].path)
    return replace(record, files=(record.files[0], twin))


def _near_name(record: Record, source: Record) -> Record:
    named = _copied("资源名称", "主讲人")(record, source)
    return replace(named, cells={**named.cells, "资源名称": f"{source.text('资源名称')}课"})


_LONG_NAME = 6
"""One character more or less leaves names of this length alike."""
_TWINS: Mapping[int, _Twin] = {
    0: _Twin("W02d", "名称与其他单位相近", "资源名称", 1,
             lambda record: len(record.text("资源名称")) >= _LONG_NAME, _near_name),
    3: _Twin("W02b", "链接与其他单位相同", "资源链接", 1,
             lambda record: bool(record.text("资源链接")), _copied("部署平台", "资源链接")),
    5: _Twin("W02", "与其他单位重复", "资源名称", 5, _any, _copied("资源名称", "主讲人")),
    8: _Twin("W02c", "文件与其他单位相同", RESOURCE_FILE, 1,
             lambda record: record.text("资源类型") == "A02" and len(record.files) > 1, _same_sound),
}  # fmt: skip
"""By the last digit of the unit's place."""


def _sent_elsewhere_too(
    submission: Submission, before: Sequence[Submission], index: int, ledger: Iterable[Seeded]
) -> tuple[Submission, list[Seeded], int | None]:
    """One of the unit's resources becomes one that a unit before it sent; both are told. Also which it is."""
    way = _TWINS.get(index % len(_STYLES))
    if way is None or index < way.back:
        return submission, [], None
    other = before[index - way.back]
    mine, theirs = _untouched(submission, (), way.can), _untouched(other, ledger, way.can)
    if mine is None or theirs is None:
        return submission, [], None
    records = list(submission.records)
    records[mine] = way.copy(records[mine], other.records[theirs])
    twin = replace(submission, records=tuple(records))
    marks = [
        (each, (each.reads_as, each.shape.row_of(at), way.field, each.records[at].text(way.field)))
        for each, at in ((twin, mine), (other, theirs))
    ]
    return twin, [_seeded(each, way.kind, way.rule, mark) for each, mark in marks], mine


def _untouched(submission: Submission, ledger: Iterable[Seeded], can: Callable[[Record], bool]) -> int | None:
    """The last resource in which nothing is wrong, that can be sent twice, and that the unit has once."""
    taken = {entry.row for entry in ledger if entry.unit == submission.unit.path}
    for index, record in reversed(list(enumerate(submission.records))):
        others = (other for at, other in enumerate(submission.records) if at != index)
        if (
            submission.shape.row_of(index) not in taken
            and can(record)
            and not any(_share_something(record, other) for other in others)
        ):
            return index
    return None


def _share_something(one: Record, other: Record) -> bool:
    """A name but for signs, a link, or a file's bytes."""
    name, link = one.text("资源名称"), one.text("资源链接")
    files = {(each.clip.name, each.seed) for each in one.files} & {
        (each.clip.name, each.seed) for each in other.files
    }
    return name in other.text("资源名称") or (link and link == other.text("资源链接")) or bool(files)


def _earlier_year(submissions: Sequence[Submission], ledger: list[Seeded]) -> list[tuple[str, str, str]]:
    """Name, speakers and no link of resources that were sent in an earlier year, one in every ten units."""
    found = []
    for submission in submissions[4::10]:
        at = _untouched(submission, ledger, _any)
        if at is not None:
            record = submission.records[at]
            name, speakers = record.text("资源名称"), record.text("主讲人")
            mark = (submission.reads_as, submission.shape.row_of(at), "资源名称", name)
            ledger.append(_seeded(submission, "往年已报", "W03", mark))
            found.append((name, speakers, ""))
    return found


# --- files ----------------------------------------------------------------------------------------


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
    """File name → content: the workbook, what lies beside it, and the sealed papers."""
    book, unit, seed = _workbook(submission, template), submission.unit, submission.seed
    person = content.unit_information(unit, seed)
    papers = sealed_papers(submission.papers, unit.name, person, _resource_list(submission), seed)
    papers[submission.reads_as] = book
    proofs = [row["证明文件"] for row in submission.platforms if "未附" not in row["证明文件"]]
    papers |= {name: scan(seed * 10 + number) for number, name in enumerate(proofs, 2)}
    papers |= {name: make(book) for name, make in submission.beside.items()}
    if submission.older:
        first = submission.records[0]
        other = replace(first, cells={**first.cells, "主讲人": f"{first.text('主讲人')};郑州生"})
        older = replace(submission, records=(other, *submission.records[1:]))
        papers[f"{submission.older}{submission.suffix}"] = _workbook(older, template)
    return papers


def _workbook(submission: Submission, template: Template) -> bytes:
    if submission.style == "csv":
        return as_csv(submission.records)
    version = submission.version or template.version
    if submission.style == "template":
        return standard_workbook(
            codes=template.codes, version=version, call_id=template.call_id, unit_info=submission.info,
            rows=[{name: record.text(name) for name in NAMES} for record in submission.records],
            platforms=submission.platforms,
        )  # fmt: skip
    return workbook(
        submission.shape, submission.records, version=version, call_id=template.call_id,
        unit_info=submission.info, platforms=submission.platforms,
    )  # fmt: skip


def _resource_list(submission: Submission) -> list[list[str]]:
    """The rows of 附件2's list."""
    return [
        [str(number), *(record.text(name) for name in LIST_HEADERS[1:])]
        for number, record in enumerate(submission.records, 1)
    ]


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
