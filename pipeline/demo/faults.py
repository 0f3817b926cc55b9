"""What goes wrong with a whole workbook or folder: each fault changes a submission in exactly one way.

Like a defect of a row, a fault names the rule that must find it, and where.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence

import xlsxwriter
from msgspec import Struct
from msgspec.structs import replace

from pipeline.demo.papers import REGISTRATION_SCAN, STATEMENT_SCAN
from pipeline.demo.submission import Beside, Submission
from pipeline.demo.workbook import MERGED_ROWS
from pipeline.fields import NAMES, UNIT_LABELS
from pipeline.render.attachments.papers import STATEMENT as WORDS
from pipeline.render.forms import REGISTRATION_NAME, STATEMENT_NAME

Spoil = Callable[[Submission], Submission]
Mark = tuple[str, int, str, str]
"""Workbook, row, field and value of one finding."""

HIDDEN_ROWS = 2
OLD_VERSION = "v2023.1"


def _whole_file(submission: Submission) -> list[Mark]:
    return [(submission.reads_as, 0, "", "")]


class Fault(Struct, frozen=True):
    """One kind of mistake. marks: what must be found once the submission is spoilt."""

    kind: str
    rule: str
    spoil: Spoil
    marks: Callable[[Submission], Sequence[Mark]] = _whole_file


def _shape(**changes: object) -> Spoil:
    return lambda submission: replace(submission, shape=replace(submission.shape, **changes))


def _beside(name: str, content: Beside) -> Spoil:
    return lambda submission: replace(submission, beside={**submission.beside, name: content})


def _named(*place: str | int) -> Callable[[Submission], list[Mark]]:
    """Always the same workbook, row, field and value."""
    workbook, row, name, value = place
    return lambda _: [(str(workbook), int(row), str(name), str(value))]


def _header(name: str, value: str) -> Callable[[Submission], list[Mark]]:
    return lambda submission: [(submission.reads_as, submission.shape.header_row, name, value)]


def _without(*names: str) -> Spoil:
    """The list without these columns."""

    def spoil(submission: Submission) -> Submission:
        kept = tuple(name for name in submission.shape.columns if name not in names)
        shape = replace(submission.shape, columns=kept)
        return replace(submission, shape=shape, bars=submission.bars | set(names))

    return spoil


def _platform(line: int, header: str, value: str) -> tuple[Spoil, Callable[[Submission], list[Mark]]]:
    """Another value in a line of 平台资质, counted from 0, below its header."""

    def spoil(submission: Submission) -> Submission:
        rows = list(submission.platforms)
        rows[line] = {**rows[line], header: value}
        return replace(submission, platforms=tuple(rows))

    return spoil, lambda submission: [(submission.reads_as, line + 2, header, value)]


def _info(label: str, value: str) -> tuple[Spoil, Callable[[Submission], list[Mark]]]:
    """Another value in 单位信息; 附件1 keeps the right one."""

    def spoil(submission: Submission) -> Submission:
        return replace(submission, info={**submission.info, label: value})

    return spoil, lambda submission: [(submission.reads_as, UNIT_LABELS.index(label) + 1, label, value)]


def _paper(kind: str, rule: str, place: tuple[str, str], **changes: object) -> Fault:
    """Papers that differ so; place: the file of the finding, "" for the unit, and the field."""

    def spoil(submission: Submission) -> Submission:
        had = submission.papers
        merged = {
            name: getattr(had, name) | value if isinstance(value, frozenset) else value
            for name, value in changes.items()
        }
        return replace(submission, papers=replace(had, **merged))

    return Fault(kind, rule, spoil, _named(place[0], 0, place[1], place[0]))


def _older_copy(submission: Submission) -> Submission:
    return replace(submission, older=submission.name, name=f"{submission.name}（修改）")


def _same_learners(submission: Submission) -> Submission:
    """1200 in every row, and more clicks than that."""
    records = tuple(
        replace(record, cells={**record.cells, "点击量": str(1200 + index * 7), "学习人数": "1200"})
        for index, record in enumerate(submission.records)
    )
    return replace(submission, records=records, bars=submission.bars | {"点击量", "学习人数"})


def _unrelated(_: bytes) -> bytes:
    """A workbook about something else."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("差旅费")
        for row, line in enumerate((("姓名", "事由", "金额"), ("李明", "赴郑州参加培训", "380"))):
            for column, text in enumerate(line):
                sheet.write_string(row, column, text)
    return buffer.getvalue()


_CUT, _OTHER, _ODD = "资源元数据（旧）.xlsx", "差旅报销单.xlsx", "课件.swf"
_BORN_NAME = "新建 Microsoft Excel 工作表"
_OTHER_NAME = "长垣市职业教育中心"


def _second(submission: Submission) -> str:
    """What a browser calls a file that is downloaded again."""
    return f"{submission.name}(1){submission.suffix}"


_MERGED = Fault(
    "合并单元格", "S07", _shape(merged="版权方", gap=0),
    lambda submission: [
        (submission.reads_as, submission.shape.row_of(index), "版权方", submission.unit.name)
        for index in range(MERGED_ROWS)
    ],
)  # fmt: skip
_EXAMPLE = Fault(
    "示例行未删", "S08", _shape(example=True),
    lambda submission: [(submission.reads_as, submission.shape.header_row + 1, "", "")],
)  # fmt: skip
_TOTAL = Fault(
    "合计行", "S09", _shape(total=True),
    lambda submission: [(submission.reads_as, submission.shape.row_of(len(submission.records)), "", "")],
)  # fmt: skip
_RIVALS = Fault(
    "报了两份表", "F04", _older_copy,
    lambda submission: [
        (f"{name}{submission.suffix}", 0, "", "") for name in (submission.older, submission.name)
    ],
)  # fmt: skip

_NO_REGISTRATION = frozenset({REGISTRATION_NAME, REGISTRATION_SCAN})
_NO_STATEMENT = frozenset({STATEMENT_NAME, STATEMENT_SCAN})
_SAMPLED = WORDS.replace("全量人工精审", "抽样审核")
_NO_EMAIL = Fault(
    "没有填邮箱", "A1-3",
    lambda submission: _paper("", "", ("", ""), absent=frozenset({REGISTRATION_NAME})).spoil(
        _info("电子邮箱", "")[0](submission)
    ),
    _info("电子邮箱", "")[1],
)  # fmt: skip

BUNDLES: Mapping[int, tuple[Fault, ...]] = {
    1: (
        _MERGED,
        Fault("证明文件没有附上", "L10d", *_platform(1, "证明文件", "等保证明（未附）.jpg")),
        Fault("等保级别看不出", "L10e", *_platform(2, "等保级别", "等保2.0")),
        Fault("等保编号少一位", "L11", *_platform(3, "备案证明编号", "41010099004-2100")),
    ),
    2: (
        _EXAMPLE,
        _TOTAL,
        Fault("不认识的文件", "F10", _beside(_ODD, lambda _: b"FWS\x05"), _named("", 0, "", _ODD)),
    ),
    3: (
        _paper("说明没有扫描件", "A2-1b", ("", "安全审核说明"), absent=frozenset({STATEMENT_SCAN})),
        Fault("去年的模板", "F03", lambda submission: replace(submission, version=OLD_VERSION)),
        Fault("重复的列", "S05", _shape(repeated="主讲人"), _header("主讲人", "主讲人")),
        Fault("等保编号填成备案号", "L11b", *_platform(0, "备案证明编号", "豫ICP备05002465号-1")),
        Fault("测评报告过期", "L12", *_platform(1, "证明文件", "等保测评报告2022-06.jpg")),
        Fault("网站备案号写法不对", "L13", *_platform(2, "备案证明编号", "41010099003-21003；豫ICP05002465")),
    ),
    4: (
        Fault("手机中有空格", "A1-4b", *_info("手机", "138 0371 5566")),
        Fault("邮箱全角", "A1-6b", *_info("电子邮箱", "jxjy＠zyedu。cn")),
        Fault("隐藏的行", "S02", _shape(hidden=HIDDEN_ROWS)),
        Fault("隐藏的备份表", "S02b", _shape(copy="hidden")),
        Fault("文件名是软件取的", "F06", lambda submission: replace(submission, name=_BORN_NAME)),
    ),
    5: (
        Fault("两名负责人", "A1-2", *_info("负责人姓名", "李明、王芳")),
        Fault("手机变成科学计数", "A1-4", *_info("手机", "1.38E+10")),
        Fault("座机缺区号", "A1-5", *_info("座机", "69691788")),
        Fault("邮箱写法不对", "A1-6", *_info("电子邮箱", "jxjyzyedu.cn")),
        Fault("列名改写", "S04", _shape(titles={"主讲人": "主讲教师"}), _header("主讲人", "主讲教师")),
        Fault("1904日期系统", "R10-6", _shape(from_1904=True)),
    ),
    6: (
        _paper("没有登记表", "A1-1", ("", "登记表"), absent=_NO_REGISTRATION),
        _paper(
            "说明没有盖章", "A2-1c", (STATEMENT_SCAN, "安全审核说明"),
            unsealed=frozenset({STATEMENT_SCAN}),
        ),
        Fault(
            "同一份表发了两次", "F05",
            lambda submission: _beside(_second(submission), lambda data: data)(submission),
            lambda submission: [(_second(submission), 0, "", _second(submission))],
        ),
    ),
    7: (
        _RIVALS,
        _paper("登记表没有扫描件", "A1-1b", ("", "登记表"), absent=frozenset({REGISTRATION_SCAN})),
        _paper("说明写上一年度", "A2-3", (STATEMENT_NAME, "安全审核说明"), year=2023),
    ),
    8: (
        _paper("说明没有填日期", "A2-2", (STATEMENT_NAME, "安全审核说明"), date=""),
        _paper("扫描件太小", "A2-6", (REGISTRATION_SCAN, "扫描件"), small=frozenset({REGISTRATION_SCAN})),
        Fault("xlsx改名xls", "F02", lambda submission: replace(submission, suffix=".xls")),
        Fault(
            "学习人数整列相同", "R13-3b", _same_learners,
            lambda submission: [(submission.reads_as, submission.shape.row_of(0), "学习人数", "1200")],
        ),
    ),
    9: (
        _NO_EMAIL,
        _paper("说明写别的单位", "W04", (STATEMENT_NAME, "单位名称"), unit="河南示例大学"),
        Fault("另有损坏的表", "F01", _beside(_CUT, lambda data: data[:3000]), _named(_CUT, 0, "", "")),
    ),
    10: (
        _paper("说明改了承诺", "A2-4", (STATEMENT_NAME, "安全审核说明"), words=_SAMPLED),
        Fault("另有无关的表", "F01b", _beside(_OTHER, _unrelated), _named(_OTHER, 0, "", "")),
        Fault(
            "表内单位名称不同", "F09",
            lambda submission: replace(submission, info={**submission.info, "单位名称": _OTHER_NAME}),
            lambda submission: [
                (submission.reads_as, UNIT_LABELS.index("单位名称") + 1, "单位名称", _OTHER_NAME)
            ],
        ),
    ),
    11: (
        _paper("列表多一个资源", "W05", (STATEMENT_NAME, "资源列表"), added="多出的一门课程"),
        Fault(
            "删去必填列", "S03", _without("版权方"),
            lambda submission: [(submission.reads_as, 0, "版权方", "")],
        ),
        Fault(
            "去年的模板，少一列", "F03b",
            lambda submission: replace(_without("关键词")(submission), version=OLD_VERSION),
        ),
    ),
    12: (
        Fault("只有表头", "F08", lambda submission: replace(submission, records=())),
        _paper("说明没有附列表", "A2-5", (STATEMENT_NAME, "资源列表")),
    ),
    13: (
        Fault("两张资源清单", "S01", _shape(copy="shown")),
        _paper(
            "登记表没有盖章", "A1-1c", (REGISTRATION_SCAN, "登记表"),
            unsealed=frozenset({REGISTRATION_SCAN}),
        ),
        _paper("没有安全审核说明", "A2-1", ("", "安全审核说明"), absent=_NO_STATEMENT),
    ),
}  # fmt: skip
"""Faults by the place of the unit in the call; each goes with the layout that is the unit's turn."""


def layout_marks(submission: Submission) -> list[tuple[str, str, Mark]]:
    """Kind, rule and mark of what the layout itself brings: it is allowed, and noted."""
    book, shape = submission.reads_as, submission.shape
    found = [
        ("自己加的列", "S06", (book, shape.header_row, name, name))
        for name in shape.columns
        if name not in NAMES
    ]
    if submission.suffix == ".csv":
        found.append(("用csv报送", "F02b", (book, 0, "", book)))
    if shape.gap and len(submission.records) > shape.gap:
        found.append(("中间有空行", "S09b", (book, 0, "", "")))
    if not shape.checked and submission.records:
        found.append(("下拉列表失效", "S13", (book, 0, "", "")))
    return found
