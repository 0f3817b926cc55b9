"""What the papers of 附件1 and 附件2 are and say: the 登记表, the 安全审核说明 and its list of resources.

Pure: a name, or a document's texts, in; values out. Papers are known by their titles and words, never
by 附件1 or 附件2: the notice's body and its pages number them differently.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct, field

from pipeline.fields import BY_NAME, bare_name
from pipeline.pattern import late

REGISTRATION, STATEMENT, RESOURCE_LIST = "登记表", "安全审核说明", "资源列表"
FORM_1 = "附件1 终身学习资源报送工作负责人信息登记表（公章）"
FORM_2 = "附件2 数字化资源征集内容安全审核情况说明"
"""The forms, as the pages of the notice head them."""
FORM_WORDS = late(r"[(（](?:院校[/／]单位|公章|盖章)[)）]")
"""What the forms have beside a unit's name."""
SCAN_LABELS: Mapping[str, str] = {"登记表扫描件": REGISTRATION, "安全审核说明扫描件": STATEMENT}
"""Where 单位信息 names the scans."""

UNIT, PERSON, POST, LANDLINE, MOBILE, EMAIL = (
    "单位名称",
    "负责人姓名",
    "职务",
    "座机",
    "手机",
    "电子邮箱",
)
COLUMNS = (UNIT, PERSON, POST, LANDLINE, MOBILE, EMAIL)
"""附件1, by the labels of 单位信息."""

Rows = Sequence[Sequence[str]]

_OTHER_REGISTERS = late(r"(?:著作权|版权|作品|软件|学员|学籍|课程|资产|设备|备案)[^/]{0,4}登记")
_BY_NAME = {
    REGISTRATION: re.compile(r"登记表|信息登记|负责人信息"),
    STATEMENT: re.compile(r"安全审核|审核(?:情况)?说明|内容安全[^/]{0,4}说明"),
    RESOURCE_LIST: re.compile(r"资源(?:列表|清单)|报送(?:列表|清单)"),
}
_UNPLACED = late(r"附件|扫描|盖章|公章|签章|承诺|说明|材料")
_OF_OTHER_THINGS = late(r"证明|备案|等保|执照|证书|授权|截图|封面|讲义|教案|课件")

_TITLES = {
    REGISTRATION: re.compile(r"登记表(?:\(公章\)|\(盖章\))?$"),
    STATEMENT: re.compile(r"安全审核(?:情况)?说明$"),
    RESOURCE_LIST: re.compile(r"资源(?:列表|清单)$"),
}
_LONGEST_TITLE = 40
_LISTED = late(r"^(?:附件[:：])?[0-9一二三四五六七八九十]+[.、．]")
_SAID = ("自愿参与", "审核方式", "版权清晰", "特此说明", "意识形态", "发布共享")
_WHOLE_NOTICE = ("继续教育数字化资源的通知", "技术标准")
"""The notice itself, which units leave in their folder, has all its forms in it."""

_LABELS: Mapping[str, str] = {
    **{label: label for label in COLUMNS},
    **dict.fromkeys(("单位", "报送单位", "所在单位", "工作单位"), UNIT),
    **dict.fromkeys(("姓名", "负责人"), PERSON),
    **dict.fromkeys(("职务/职称", "职务职称", "职务(职称)"), POST),
    **dict.fromkeys(("办公电话", "固定电话", "座机号码", "办公座机"), LANDLINE),
    **dict.fromkeys(("手机号", "手机号码", "移动电话"), MOBILE),
    **dict.fromkeys(("邮箱", "电子邮件", "e-mail", "email", "电子信箱", "邮箱地址"), EMAIL),
}
_ENOUGH_LABELS = 3
_REMARK = late(r"^(?:注|备注|说明|填表|单位[(（]?盖章|[(（]?公章)")
_NAME_HEADERS = frozenset({"资源名称", *BY_NAME["资源名称"].aliases})
_BLANK = late(r"[\s\u200b\ufeff]+")
_BLANKS = late(r"[^\S\n]+")
_BLANK_LINES = late(r" ?(?:\n ?)+")
_MOST_OF_A_STATEMENT = 10_000
_LONGEST_CELL = 1_000


class Paper(Struct, frozen=True):
    """What a document says of the call.

    people: the filled lines of the 登记表 by label. statement: its words, "" if it is none. listed: the
    resources' names in its list, in order.
    """

    materials: frozenset[str] = frozenset()
    people: tuple[Mapping[str, str], ...] = ()
    statement: str = ""
    listed: tuple[str, ...] = field(default=())


def unspaced(text: str) -> str:
    """Text as it is compared: no blanks, half-width."""
    return _BLANK.sub("", unicodedata.normalize("NFKC", text))


def named_as(path: str) -> frozenset[str]:
    """The materials that a file's name says, else the nearest folder's; a scan may hold two of them."""
    for part in reversed(unspaced(path).split("/")):
        if _OTHER_REGISTERS.search(part):
            return frozenset()
        found = frozenset(material for material, pattern in _BY_NAME.items() if pattern.search(part))
        if found:
            return found
    return frozenset()


def may_be_a_paper(path: str) -> bool:
    """Whether a name without a title may stand for a sealed paper: 附件1.pdf, 扫描件.jpg."""
    name = unspaced(path)
    return bool(_UNPLACED.search(name)) and not _OF_OTHER_THINGS.search(name)


def understand(paragraphs: Sequence[str], tables: Sequence[Rows]) -> Paper:
    """What a document is, by its titles and words.

    paragraphs and tables: as `pipeline.read.document.Document` has them. One that is none of the papers is
    an empty `Paper`; one may be all of them.
    """
    lines = [unspaced(text) for text in paragraphs]
    everything = "".join([*lines, *(unspaced(cell) for cell in _cells(tables))])
    if all(words in everything for words in _WHOLE_NOTICE):
        return Paper()
    titles = {material for line in lines for material in _titled(line)}
    titles |= {
        material for table in tables for row in table[:1] for material in _titled(unspaced("".join(row)))
    }
    is_statement = sum(words in everything for words in _SAID) + (STATEMENT in titles) >= 2
    people = tuple(line for table in tables for line in _people(table))
    headed = any(PERSON in _labels_in(table) and len(_labels_in(table)) >= _ENOUGH_LABELS for table in tables)
    listed = tuple(name for table in tables for name in _names(table))
    materials = {
        REGISTRATION: REGISTRATION in titles and headed,
        STATEMENT: is_statement,
        RESOURCE_LIST: bool(listed) and (RESOURCE_LIST in titles or is_statement),
    }
    found = frozenset(material for material, is_there in materials.items() if is_there)
    return Paper(
        found,
        people if REGISTRATION in found else (),
        _statement(paragraphs, lines, tables) if is_statement else "",
        listed if RESOURCE_LIST in found else (),
    )


def _cells(tables: Sequence[Rows]) -> Iterator[str]:
    return (cell for table in tables for row in table for cell in row)


def _titled(line: str) -> Iterator[str]:
    """The material whose title a line is; an item of a list of attachments is no title."""
    if len(line) <= _LONGEST_TITLE and not _LISTED.match(line):
        yield from (material for material, pattern in _TITLES.items() if pattern.search(line))


# --- 登记表 ---------------------------------------------------------------------------------------


def _label(cell: str) -> str:
    return _LABELS.get(bare_name(unspaced(cell)).casefold(), "")


def _labels_in(table: Rows) -> set[str]:
    return {label for row in table for cell in row if (label := _label(cell))}


def _people(table: Rows) -> Iterator[Mapping[str, str]]:
    """The lines below a row of labels; else the one person whose labels stand left of the values."""
    for number, row in enumerate(table):
        columns = {label: at for at, cell in enumerate(row) if (label := _label(cell))}
        if len(columns) >= _ENOUGH_LABELS and len(_beside(row)) < len(columns) / 2:
            yield from _below(table[number + 1 :], columns)
            return
    beside = {label: value for row in table for label, value in _beside(row).items()}
    if len(beside) >= _ENOUGH_LABELS:
        yield beside


def _below(rows: Rows, columns: Mapping[str, int]) -> Iterator[Mapping[str, str]]:
    for row in rows:
        line = {
            label: row[at].strip()[:_LONGEST_CELL] if at < len(row) else "" for label, at in columns.items()
        }
        if any(line.values()) and not _REMARK.match(unspaced("".join(row))):
            yield line


def _beside(row: Sequence[str]) -> dict[str, str]:
    """Values with their label to the left."""
    return {
        _label(left): right.strip()[:_LONGEST_CELL]
        for left, right in pairwise(row)
        if _label(left) and not _label(right)
    }


# --- the list, and the statement -------------------------------------------------------------------


def _names(table: Rows) -> Iterator[str]:
    """The filled cells under 资源名称."""
    for number, row in enumerate(table):
        at = next((at for at, cell in enumerate(row) if bare_name(unspaced(cell)) in _NAME_HEADERS), None)
        if at is not None and sum(bool(cell.strip()) for cell in row) > 1:
            below = (line[at].strip() for line in table[number + 1 :] if at < len(line))
            yield from (name for name in below if name)
            return


def _statement(paragraphs: Sequence[str], lines: Sequence[str], tables: Sequence[Rows]) -> str:
    """From behind its title to the title of the list; a form may have it in a cell of a table."""
    # Patterns are tried on this text: no run of blanks, and no end of it, is longer than the form needs.
    inside = [cell for cell in _cells(tables) if sum(words in unspaced(cell) for words in _SAID) > 1]
    first = _last_title(STATEMENT, lines) + 1
    texts = paragraphs[first:]
    if not inside:
        ends = (at for at, line in enumerate(lines[first:]) if RESOURCE_LIST in _titled(line))
        texts = texts[: next(ends, len(texts))]
    whole = "\n".join([*inside, *texts])[:_MOST_OF_A_STATEMENT]
    return _BLANK_LINES.sub("\n", _BLANKS.sub(" ", whole)).strip()


def _last_title(material: str, lines: Iterable[str]) -> int:
    """Where its last title stands, -1 if nowhere."""
    return max((at for at, line in enumerate(lines) if material in _titled(line)), default=-1)
