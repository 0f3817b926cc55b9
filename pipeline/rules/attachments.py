"""The sealed papers of 附件1 and 附件2, and whether they agree with the workbook (规则 A1, A2, W04, W05).

Three tables: `materials` (a line for each unit and paper, and one for each scan), `contacts` (a line for each
cell about the person in charge) and `documents` (a line for each Word document that is one of the papers).
"""

from __future__ import annotations

import datetime as dt
import difflib
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.fields import TITLES
from pipeline.model import Severity
from pipeline.papers import (
    EMAIL,
    LANDLINE,
    MOBILE,
    PERSON,
    REGISTRATION,
    RESOURCE_LIST,
    STATEMENT,
    UNIT,
    unspaced,
)
from pipeline.rules.rule import INFERRED, LITERAL, OTHER, table_rule
from pipeline.rules.units import fold_name

if TYPE_CHECKING:
    from pipeline.settings import Settings

MISSING, UNSURE, SEALED = "未收到", "没有扫描件", "已收到扫描件"
"""How a paper of a unit stands: nothing came; something that shows no seal came; a scan came."""

MATERIAL_COLUMNS = (
    "@unit", "@workbook", "@sheet", "@row", "value",
    "paper", "standing", "named", "seal", "sure", "side", "turned",
)  # fmt: skip
"""paper: which. standing: MISSING, UNSURE or SEALED on a paper's line, "" on a scan's.

named: a clause that names files. seal, sure, side (the shorter, in pixels, 0 if unknown) and turned (是 or
否) are a scan's.
"""
CONTACT_COLUMNS = (
    "@unit", "@workbook", "@sheet", "@row", "@field", "@cell", "value",
    "label", "lacking", "people", "region",
)  # fmt: skip
"""label is that of 单位信息; lacking names what is not filled in, "" where something is."""
DOCUMENT_COLUMNS = (
    "@unit", "@workbook", "@sheet", "@row", "value",
    "paper", "said", "stated", "names", "attached", "listed", "held", "diff",
)  # fmt: skip
"""paper: which. said: the statement's words. stated: the unit's name in it; names: the names that it may
have, parted by line breaks. attached: whether a list came (是, 否, 看不出). listed, held, diff: how many
resources its list and the workbook have, "" where there is no list, and in what they differ.
"""

_SIDE = 600
"""A page of text with fewer pixels on its shorter side cannot be read."""

_FORM_1 = "附件1 终身学习资源报送工作负责人信息登记表（公章）"
_FORM_2 = "附件2 数字化资源征集内容安全审核情况说明"
_SCAN_IT = "请把盖好公章的{paper}扫描或拍照，放进本单位的文件夹，文件名写明“{paper}”。"
_SEAL_SEEN = "看得到红章的无须处理；没有盖章的，请盖章后重新扫描报送。"


# --- has it come, is it sealed (A1-1, A2-1, A2-6) --------------------------------------------------


def _papers(materials: pd.DataFrame, paper: str, standing: str) -> pd.DataFrame:
    return materials[(materials["paper"] == paper) & (materials["standing"] == standing)]


def _without_seal(materials: pd.DataFrame, paper: str) -> pd.DataFrame:
    scans = materials[(materials["paper"] == paper) & (materials["standing"] == "")]
    return scans[scans["seal"] == "无"]


@table_rule(
    "A1-1",
    Severity.ERROR,
    REGISTRATION,
    table="materials",
    reads=(),
    title="登记表已提交",
    why="负责人信息登记表加盖公章报送后，单位才能开通账号。",
    source=f"通知第四部分；{_FORM_1}",
    basis=LITERAL,
    says="没有收到加盖公章的负责人信息登记表{named}。",
    fix=_SCAN_IT.format(paper=REGISTRATION),
    bad="""
    | paper | standing |
    | 登记表 | >未收到< |
    """,
    good=SEALED,
)
def registration_missing(materials: pd.DataFrame) -> pd.DataFrame:
    """Units that came with a folder; a workbook by itself is a submission without files."""
    return _papers(materials, REGISTRATION, MISSING)


@table_rule(
    "A1-1b",
    Severity.WARNING,
    REGISTRATION,
    table="materials",
    reads=(),
    title="登记表有盖章的扫描件",
    why="没有盖章的文档不能代替盖章件，要人工核对。",
    source=_FORM_1,
    basis=LITERAL,
    says="没有找到登记表的盖章扫描件，{named}。",
    fix=_SCAN_IT.format(paper=REGISTRATION),
    bad="""
    | paper | standing | named |
    | 登记表 | >没有扫描件< | 只有文档“登记表.docx” |
    """,
    good=SEALED,
)
def registration_unsure(materials: pd.DataFrame) -> pd.DataFrame:
    """A Word document alone, or a scan whose name does not say what it is."""
    return _papers(materials, REGISTRATION, UNSURE)


@table_rule(
    "A1-1c",
    Severity.NOTE,
    REGISTRATION,
    table="materials",
    reads=(),
    title="登记表扫描件上看得到红章",
    why="程序只能找红色的圆章，黑白扫描和很淡的章看不出来，仅供参考。",
    source=f"{_FORM_1}；检测办法通知未规定",
    basis=OTHER,
    says="“{value}”疑似未盖章（把握{sure}，仅供参考）。",
    fix=f"请打开扫描件核对，{_SEAL_SEEN}",
    bad="""
    | paper | value | seal | sure |
    | 登记表 | 登记表.jpg | >无< | 高 |
    """,
    good="有",
)
def registration_without_seal(materials: pd.DataFrame) -> pd.DataFrame:
    """A hint only; PDF is not looked into."""
    return _without_seal(materials, REGISTRATION)


@table_rule(
    "A2-1",
    Severity.ERROR,
    STATEMENT,
    table="materials",
    reads=(),
    title="安全审核说明已提交",
    why="没有单位盖章的安全审核说明，资源不能推荐。",
    source=f"通知第四部分；{_FORM_2}（盖单位章）",
    basis=LITERAL,
    says="没有收到加盖单位章的安全审核情况说明{named}。",
    fix=_SCAN_IT.format(paper=STATEMENT),
    bad="""
    | paper | standing |
    | 安全审核说明 | >未收到< |
    """,
    good=SEALED,
)
def statement_missing(materials: pd.DataFrame) -> pd.DataFrame:
    """Units that came with a folder."""
    return _papers(materials, STATEMENT, MISSING)


@table_rule(
    "A2-1b",
    Severity.WARNING,
    STATEMENT,
    table="materials",
    reads=(),
    title="安全审核说明有盖章的扫描件",
    why="没有盖章的文档不能代替盖章件，要人工核对。",
    source=f"{_FORM_2}（盖单位章）",
    basis=LITERAL,
    says="没有找到安全审核说明的盖章扫描件，{named}。",
    fix=_SCAN_IT.format(paper=STATEMENT),
    bad="""
    | paper | standing | named |
    | 安全审核说明 | >没有扫描件< | 只有文档“安全审核说明.docx” |
    """,
    good=SEALED,
)
def statement_unsure(materials: pd.DataFrame) -> pd.DataFrame:
    """A Word document alone, or a scan whose name does not say what it is."""
    return _papers(materials, STATEMENT, UNSURE)


@table_rule(
    "A2-1c",
    Severity.NOTE,
    STATEMENT,
    table="materials",
    reads=(),
    title="安全审核说明扫描件上看得到红章",
    why="程序只能找红色的圆章，黑白扫描和很淡的章看不出来，仅供参考。",
    source=f"{_FORM_2}（盖单位章）；检测办法通知未规定",
    basis=OTHER,
    says="“{value}”疑似未盖章（把握{sure}，仅供参考）。",
    fix=f"请打开扫描件核对，{_SEAL_SEEN}",
    bad="""
    | paper | value | seal | sure |
    | 安全审核说明 | 安全审核说明.jpg | >无< | 高 |
    """,
    good="有",
)
def statement_without_seal(materials: pd.DataFrame) -> pd.DataFrame:
    """A hint only; PDF is not looked into."""
    return _without_seal(materials, STATEMENT)


@table_rule(
    "A2-6",
    Severity.NOTE,
    "扫描件",
    table="materials",
    reads=(),
    title="扫描件清晰、方向正",
    why="像素太少看不清字，横着的要转过来才能读。",
    source="附件1、附件2；扫描件的质量通知未规定",
    basis=INFERRED,
    says="“{value}”{what}。",
    fix="请打开扫描件看一看，看不清或方向不正的，请重新扫描。",
    bad="""
    | paper | value | side | turned |
    | 登记表 | 登记表.jpg | >480< | 否 |
    """,
    good="1240",
)
def scan_unclear(materials: pd.DataFrame) -> pd.DataFrame:
    """Too small comes before lying on its side; one that cannot be opened at all is told by F01."""
    scans = materials[materials["standing"] == ""]
    sides = scans["side"].astype(float)
    small, turned = (sides > 0) & (sides < _SIDE), scans["turned"] == "是"
    what = sides.map("短边只有 {:.0f} 像素，可能看不清".format).where(small, "方向不正")
    return scans.assign(what=what)[small | turned]


# --- the person in charge (A1-2 to A1-6) -------------------------------------------------------------

_LONGEST_VALUE = 200
"""Characters of a cell that are looked at: a pattern may take the square of a text's length."""
_PARTS = re.compile(r"[、，,;；/／|\n]+")
_SEVERAL = re.compile(r"[、，,;；/／|\s]+")
_BRACKETED = re.compile(r"[(（【\[][^()（）【】\[\]]*[)）】\]]")
_NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af·•]{2,12}|[A-Za-z][A-Za-z .'·-]+")
_OFFICE = re.compile(rf"(?:{TITLES}|书记|干事|科员|职员|经理|主管|负责人|[处科院校部局组队系馆站]长)$")
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_MOBILE_INSIDE = re.compile(r"(?<![\d.])(?:\+?86-?)?(1[3-9]\d{9})(?![\d.])", re.ASCII)
_IN_NUMBERS = re.compile(r"[\s\-‐‑–—－_.·]+")
_AREA = r"0(?:10|2\d|[3-9]\d{2})"
_LANDLINE = re.compile(
    rf"(?:\({_AREA}\)|{_AREA}|(?:\+|00)?86-?0?(?:10|2\d|[3-9]\d{{2}}))-?\d{{7,8}}(?:(?:-|转|ext\.?)\d{{1,6}})?"
    r"|[48]00-?\d{3}-?\d{4}",
    re.ASCII | re.IGNORECASE,
)
_LOST_ZERO = re.compile(r"(3[79]\d)-?(\d{7,8})", re.ASCII)
_WORDS_IN_BRACKETS = re.compile(r"\((?=[^()]*[^\d()])[^()]*\)")
_LOCAL = re.compile(r"[2-8]\d{6,7}(?:(?:-|转)\d{1,6})?", re.ASCII)
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
)
_MISTYPED = re.compile(r"\.(?:con|cmo|ocm|vom|xom|comm)$", re.IGNORECASE)
_AREA_CODES = {
    "0370": "商丘 永城", "0371": "郑州 开封 兰考 巩义 航空港", "0372": "安阳 滑县", "0373": "新乡 长垣",
    "0374": "许昌", "0375": "平顶山 汝州", "0376": "信阳 固始", "0377": "南阳 邓州", "0379": "洛阳",
    "0391": "焦作 济源", "0392": "鹤壁", "0393": "濮阳", "0394": "周口 鹿邑", "0395": "漯河",
    "0396": "驻马店 新蔡", "0398": "三门峡",
}  # fmt: skip
"""Henan's area codes and where they hold; 开封 has 郑州's since 2013."""
_CODE_OF = {place: code for code, places in _AREA_CODES.items() for place in places.split()}


def people_in(text: str) -> int:
    """How many persons a cell 负责人姓名 names; a remark or an office beside a name is no person."""
    parts = (_BRACKETED.sub("", part).strip() for part in _PARTS.split(text[:_LONGEST_VALUE]))
    names = [part for part in parts if _NAME.fullmatch(part.replace(" ", "")) and not _OFFICE.search(part)]
    return len(set(names))


def mobile_is_right(text: str) -> bool:
    """One number of a mobile telephone, or several of them."""
    return all(_MOBILE.fullmatch(part) for part in _SEVERAL.split(text))


def tidy_mobile(text: str) -> str:
    """The one number that a cell can mean, "" if there is none or are several."""
    plain = _IN_NUMBERS.sub("", unicodedata.normalize("NFKC", text))
    found = set(_MOBILE_INSIDE.findall(plain))
    return found.pop() if len(found) == 1 and len(re.findall(r"\d", plain)) <= 13 else ""


def landline_fault(text: str) -> str:
    """What is wrong with a telephone number, "" if nothing; a mobile number will do as well.

    Behind one with an area code others may do without it, as in the notice's own 0371-58525325、58525327.
    """
    parts = list(_telephones(text))
    right = [bool(_LANDLINE.fullmatch(part) or _MOBILE.fullmatch(part)) for part in parts]
    local = [bool(_LOCAL.fullmatch(part)) for part in parts]
    if right[:1] == [True] and all(map(max, right, local)):
        return ""
    return "缺区号" if all(local) else "不是“区号-号码”的写法"


def _telephones(text: str) -> Iterator[str]:
    """The numbers in a cell without blanks; remarks in brackets are left out."""
    plain = _WORDS_IN_BRACKETS.sub("", re.sub("[‐‑–—－]+", "-", unicodedata.normalize("NFKC", text)))
    for part in _PARTS.split(plain):
        whole = "".join(part.split())
        if any(form.fullmatch(whole) for form in (_LANDLINE, _MOBILE, _LOCAL)):
            yield whole
        else:
            yield from part.split() or [""]


def with_area_code(text: str, region: str) -> str:
    """A local number with the one area code of its region in Henan, "" where that is not certain.

    A spreadsheet takes 0371… for a number and drops the zero.
    """
    plain = unspaced(text)
    lost = _LOST_ZERO.fullmatch(plain)
    if lost and f"0{lost[1]}" in _AREA_CODES:
        return f"0{lost[1]}-{lost[2]}"
    codes = {code for place, code in _CODE_OF.items() if place in region}
    return f"{codes.pop()}-{plain}" if len(codes) == 1 and _LOCAL.fullmatch(plain) else ""


def email_is_right(text: str) -> bool:
    """One address, or several."""
    addresses = _SEVERAL.split(text)
    return all(
        _EMAIL.fullmatch(each) and ".." not in each and not _MISTYPED.search(each) for each in addresses
    )


def tidy_email(text: str) -> tuple[str, bool]:
    """The address that a cell means, and whether it can mean no other."""
    plain = re.sub(r"[\s\u200b]+", "", unicodedata.normalize("NFKC", text)).replace("。", ".")
    plain = re.sub(r"^(?:mailto:|e-?mail:|邮箱:)|[.;,]+$", "", plain, flags=re.IGNORECASE)
    if email_is_right(plain):
        return plain, True
    inside = _EMAIL.findall(plain)
    if len(inside) == 1 and plain.count("@") == 1 and email_is_right(inside[0]):
        return inside[0], not re.search("[A-Za-z0-9]", plain.replace(inside[0], ""))
    guess = _MISTYPED.sub(".com", plain.replace(",", ".").replace("、", "."))
    return (guess, False) if email_is_right(guess) else ("", False)


def _of(contacts: pd.DataFrame, label: str) -> pd.DataFrame:
    """The filled cells of a label, with what is looked at as `text`."""
    cells = contacts[(contacts["label"] == label) & (contacts["lacking"] == "") & (contacts["value"] != "")]
    return cells.assign(text=cells["value"].map(lambda value: value[:_LONGEST_VALUE]))


def _wrong(contacts: pd.DataFrame, label: str, is_right: Callable[[str], bool]) -> pd.DataFrame:
    cells = _of(contacts, label)
    return cells[~cells["text"].map(is_right).astype(bool)]


@table_rule(
    "A1-2",
    Severity.ERROR,
    PERSON,
    table="contacts",
    reads=(),
    title="负责人只有 1 名",
    why="一个单位开通一个账号，由一个人负责。",
    source=f"通知第四部分：各单位指定负责人 1 名；{_FORM_1}",
    basis=LITERAL,
    says="每个单位指定负责人 1 名，“{value}”是 {people} 名。",
    fix="请只留 1 名负责人，其余的删去。",
    bad="""
    | label | value | people |
    | 负责人姓名 | 张建华、朱新 | >2< |
    """,
    good="1",
)
def several_persons(contacts: pd.DataFrame) -> pd.DataFrame:
    """In one cell, or in several lines of the form for the same unit."""
    cells = _of(contacts, PERSON)
    return cells[cells["people"].astype(float) > 1]


@table_rule(
    "A1-3",
    Severity.ERROR,
    "单位信息",
    table="contacts",
    reads=(),
    title="负责人信息齐全",
    why="缺了联系方式，账号和退回的材料送不到负责人手里。",
    source=f"{_FORM_1} 表头；必填通知未规定",
    basis=LITERAL,
    says="负责人信息缺少“{lacking}”。",
    fix="请补填“{lacking}”。",
    bad="""
    | label | value | lacking |
    | 电子邮箱 | | >电子邮箱< |
    """,
    good="",
)
def contact_missing(contacts: pd.DataFrame) -> pd.DataFrame:
    """A 座机 that says 无 is an answer: not everyone has one."""
    return contacts[contacts["lacking"] != ""]


@table_rule(
    "A1-4",
    Severity.ERROR,
    MOBILE,
    table="contacts",
    reads=(),
    title="手机号码是 11 位",
    why="号码不对，联系不上负责人。",
    source=f"{_FORM_1} “手机”；写法通知未规定",
    basis=INFERRED,
    says="“{value}”不是 11 位的手机号码。",
    fix="请填 11 位手机号码；显示成 1.38E+10 的，请先把单元格设为文本再重新录入。",
    bad="""
    | label | value |
    | 手机 | >1.38E+10< |
    """,
    good="13800000000",
)
def mobile_wrong(contacts: pd.DataFrame) -> pd.DataFrame:
    """Without one certain reading; those are told by A1-4b."""
    wrong = _wrong(contacts, MOBILE, mobile_is_right)
    return wrong[wrong["text"].map(tidy_mobile) == ""]


@table_rule(
    "A1-4b",
    Severity.WARNING,
    MOBILE,
    table="contacts",
    reads=(),
    title="手机号码中间没有空格和横线",
    why="只有一种读法，已按 11 位号码读取。",
    source=f"{_FORM_1} “手机”；写法通知未规定",
    basis=INFERRED,
    says="“{value}”不是只有 11 位数字，已按“{suggestion}”读取。",
    fix="请填“{suggestion}”。",
    bad="""
    | label | value |
    | 手机 | >138 0000 0000< |
    """,
    good="13800000000",
)
def mobile_untidy(contacts: pd.DataFrame) -> pd.DataFrame:
    """Blanks, hyphens, full-width digits, +86, a remark: one number is meant."""
    wrong = _wrong(contacts, MOBILE, mobile_is_right)
    wrong = wrong.assign(suggestion=wrong["text"].map(tidy_mobile), safe=True)
    return wrong[wrong["suggestion"] != ""]


@table_rule(
    "A1-5",
    Severity.WARNING,
    LANDLINE,
    table="contacts",
    reads=(),
    title="座机写区号",
    why="没有区号，外地打不通。",
    source=f"{_FORM_1} “座机”；写法通知未规定",
    basis=INFERRED,
    says="座机“{value}”{what}。",
    fix="请写成“区号-号码”，如 0371-69691788{hint}。",
    bad="""
    | label | value | region |
    | 座机 | >69691788< | 郑州市金水区 |
    """,
    good="0371-69691788",
)
def landline_without_area_code(contacts: pd.DataFrame) -> pd.DataFrame:
    """The suggestion comes from 所属地区, where it leaves one code."""
    cells = _of(contacts, LANDLINE)
    cells = cells.assign(what=cells["text"].map(landline_fault))
    wrong = cells[cells["what"] != ""]
    codes = [with_area_code(*pair) for pair in zip(wrong["text"], wrong["region"], strict=True)]
    return wrong.assign(suggestion=codes)


@table_rule(
    "A1-6",
    Severity.ERROR,
    EMAIL,
    table="contacts",
    reads=(),
    title="电子邮箱的写法正确",
    why="账号和退回的材料都发到邮箱，写错就收不到。",
    source=f"{_FORM_1} “电子邮箱”；写法通知未规定",
    basis=INFERRED,
    says="“{value}”不是正确的邮箱地址。",
    fix="请核对后填写，如 a@163.com{hint}。",
    bad="""
    | label | value |
    | 电子邮箱 | >a163.com< |
    """,
    good="a@163.com",
)
def email_wrong(contacts: pd.DataFrame) -> pd.DataFrame:
    """Without one certain reading; those are told by A1-6b."""
    wrong = _wrong(contacts, EMAIL, email_is_right)
    readings = wrong["text"].map(tidy_email)
    unsure = ~readings.map(lambda reading: reading[1]).astype(bool)
    return wrong.assign(suggestion=readings.map(lambda reading: reading[0]))[unsure]


@table_rule(
    "A1-6b",
    Severity.WARNING,
    EMAIL,
    table="contacts",
    reads=(),
    title="电子邮箱用半角，没有空格",
    why="只有一种读法，已按半角、没有空格读取。",
    source=f"{_FORM_1} “电子邮箱”；写法通知未规定",
    basis=INFERRED,
    says="“{value}”有全角字符、空格或多余的符号，已按“{suggestion}”读取。",
    fix="请填“{suggestion}”。",
    bad="""
    | label | value |
    | 电子邮箱 | >a＠163。com< |
    """,
    good="a@163.com",
)
def email_untidy(contacts: pd.DataFrame) -> pd.DataFrame:
    """Full-width signs, blanks, a Chinese full stop."""
    wrong = _wrong(contacts, EMAIL, email_is_right)
    readings = wrong["text"].map(tidy_email)
    sure = readings.map(lambda reading: reading[1]).astype(bool)
    return wrong.assign(suggestion=readings.map(lambda reading: reading[0]), safe=True)[sure]


# --- the statement's words (A2-2 to A2-5) ---------------------------------------------------------

_NO_DATE = re.compile(
    r"(?:20\d{2}|[XxＸ×_＿]{1,4})?\s?年(?:[\s_＿XxＸ×]{0,20}|\s?\d{1,2}\s?)月[\s_＿XxＸ×]{0,20}日"
)
_CROSSES = re.compile(
    r"(?<![A-Za-z])[XxＸ×＊*○]{2,}(?![A-Za-z])\s*(?:[(（]\s*院校\s*[/／]\s*单位\s*[)）])?"
    r"|(?<=我)[\s_＿]{0,20}[(（]\s*院校\s*[/／]\s*单位\s*[)）]"
)
_YEAR = re.compile(r"(20\d{2})年度")
_DATE = re.compile(r"(20\d{2})[年./-](\d{1,2})[月./-](\d{1,2})日?")
_CHINESE_DATE = re.compile(
    r"(二[〇○零0Oo][一二三四五六七八九〇○零]{2})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日"
)
_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | dict.fromkeys("〇○0Oo", 0)
_SPLIT = re.compile(r"[,;。.!()\n]+")
_NOT_WORDS = re.compile(r"[\W_]+")
_WE = re.compile(r"[我本](?:单位|学校|学院|中心|公司|校|院|局|司|社|会|所|馆)")
_IN_BRACKETS = re.compile(r"[(（][^()（）]*[)）]")
_ALIKE = 0.5
_SAID = (
    "我 郑州大学，自愿参与 2024年度继续教育数字化资源征集工作。申报的课程资源均经过我单位审核，"
    "审核方式为全量人工精审，资源均已通过内容安全审核，无意识形态安全风险，适用于网络、新媒体等各数字化形式传播，全部申报资源版权清晰，"
    "不存在侵权等问题（报送单位及资源列表另附）。同意组织方、协办方以“继续教育数字化资源”的名义，"
    "在国家智慧教育平台、国家开放大学终身教育平台、河南终身学习网等互联网平台和媒体进行发布共享和宣传。特此说明。2024年4月20日"
)
"""附件2 filled in, for the examples."""
_MOST_CLAUSES = 3
_MOST_NAMES, _LONGEST_NAME = 2, 12
_WHO = re.compile(
    r"我们?(?:单位|校|院|局|中心|公司)?[\s_＿:：]{0,20}([^，,。；\n]{0,60}?)[\s_＿]{0,20}[，,]?\s?自愿参与"
)
_FORM_WORDS = re.compile(r"[(（](?:院校[/／]单位|公章|盖章)[)）]")


def stated_unit(said: str) -> str:
    """The unit's name in the statement, "" if none is filled in."""
    found = _WHO.search(said)
    name = _FORM_WORDS.sub("", found[1]).strip(" _＿()（）“”") if found else ""
    return "" if _CROSSES.search(name) else name


def unfilled(said: str) -> list[str]:
    """The places of the form that still hold its crosses or blanks, in order, each once."""
    dates = [" ".join(found[0].split()) for found in _NO_DATE.finditer(said)]
    crosses = [" ".join(found[0].split()) for found in _CROSSES.finditer(_NO_DATE.sub("", said))]
    return list(dict.fromkeys([*crosses, *dates]))


def date_fault(said: str, settings: Settings) -> tuple[str, str]:
    """The words that do not fit the call's year or deadline, and what is wrong with them; "" if nothing."""
    call, last = settings.call, settings.call.deadlines.materials
    plain = unspaced(said)
    of_this_call = f"本批次为 {call.year} 年度"
    wrong_year = next((year for year in _YEAR.findall(plain) if int(year) != call.year), "")
    if wrong_year:
        return _written(f"{wrong_year}年度", of_this_call)
    dates = list(_dates(plain))
    if not dates:
        return ("", "") if unfilled(said) else ("", "没有写日期")
    text, day = dates[-1]
    if day is None:
        return _written(text, "日历上没有这一天")
    if day > last:
        return _written(text, f"晚于截止日 {last.year} 年 {last.month} 月 {last.day} 日")
    return _written(text, of_this_call) if day.year < call.year else ("", "")


def _written(text: str, why: str) -> tuple[str, str]:
    return text, f"写的是“{text}”，{why}"


def _dates(plain: str) -> Iterator[tuple[str, dt.date | None]]:
    """The days in a text, in order; None for one that the calendar does not have."""
    found = [(each.start(), each[0], tuple(map(int, each.groups()))) for each in _DATE.finditer(plain)]
    found += [(each.start(), each[0], _numbers(*each.groups())) for each in _CHINESE_DATE.finditer(plain)]
    for _, text, (year, month, day) in sorted(found):
        try:
            yield text, dt.date(year, month, day)
        except ValueError:
            yield text, None


def _numbers(year: str, month: str, day: str) -> tuple[int, ...]:
    return (int("".join(str(_DIGITS[char]) for char in year)), _count(month), _count(day))


def _count(text: str) -> int:
    """A Chinese number below 100."""
    tens, ten, ones = text.rpartition("十")
    return (_DIGITS[tens] if tens else 1 if ten else 0) * 10 + (_DIGITS[ones] if ones else 0)


def altered_clauses(said: str, statement: str) -> list[tuple[str, str]]:
    """The clauses of the notice's statement that are not in `said`, each with what stands there, or "".

    Blanks, punctuation and width make no difference, nor does 我校, 我院 or the unit's name for 我单位; what
    stands in brackets, and the year, are not compared. statement: as in config.yaml.
    """
    wanted = [clause for clause in _clauses(_IN_BRACKETS.sub("", statement)) if "{unit}" not in clause]
    name = stated_unit(said)
    given = _clauses(said.replace(name, "我单位") if name else said)
    keys, words = [_words(clause) for clause in wanted], [_words(clause) for clause in given]
    flat, ends = "".join(words), set(itertools.accumulate(map(len, words), initial=0))
    spare = {word: clause for word, clause in zip(words, given, strict=True) if word not in keys}
    result = []
    for number, key in enumerate(keys):
        if not _stands(key, keys[number - 1] if number else "", keys[number + 1 : number + 2], flat, ends):
            near = difflib.get_close_matches(key, list(spare), 1, _ALIKE)
            result.append((wanted[number].replace("{year}", ""), spare[near[0]] if near else ""))
    return result


def _clauses(text: str) -> list[str]:
    """The text between commas, full stops and brackets, as it is written but for width."""
    return [part.strip() for part in _SPLIT.split(unicodedata.normalize("NFKC", text)) if _words(part)]


def _words(clause: str) -> str:
    """A clause as it is compared."""
    bare = _NOT_WORDS.sub("", re.sub(r"\{year\}|20\d{2}(?=\s*年度)", "", clause))
    return _WE.sub("我单位", bare)


def _stands(key: str, before: str, after: Sequence[str], flat: str, ends: set[int]) -> bool:
    """Whether a clause stands in the text by itself, or next to its neighbour without a comma."""
    at = flat.find(key)
    while at >= 0:
        end = at + len(key)
        begins = at in ends or flat.endswith(before, 0, at)
        if begins and (end in ends or any(flat.startswith(words, end) for words in after)):
            return True
        at = flat.find(key, at + 1)
    return False


def _statements(documents: pd.DataFrame) -> pd.DataFrame:
    return documents[(documents["paper"] == STATEMENT) & (documents["said"] != "")]


def _exploded(documents: pd.DataFrame, flaws: Iterable[list[dict[str, str]]]) -> pd.DataFrame:
    """One line for each flaw of a document, with its texts by column."""
    found = [(index, flaw) for index, of in zip(documents.index, flaws, strict=True) for flaw in of]
    names = found[0][1] if found else ()
    lines = documents.loc[[index for index, _ in found]]
    return lines.assign(**{name: [flaw[name] for _, flaw in found] for name in names})


@table_rule(
    "A2-2",
    Severity.ERROR,
    STATEMENT,
    table="documents",
    reads=(),
    title="说明里的单位名称和日期都已填写",
    why="留着“XXX”的说明没有写明是哪个单位、哪一天作的承诺。",
    source=f"{_FORM_2}：我 XXX（院校/单位）、2024年XX月XX日",
    basis=LITERAL,
    says="安全审核说明中仍有没有填写的“{value}”。",
    fix="请填上单位全称和日期，打印盖章后重新报送。",
    bad="""
    | paper | said |
    | 安全审核说明 | >我 XXX（院校/单位），自愿参与 2024年度继续教育数字化资源征集工作。2024年4月20日< |
    """,
    good="我 郑州大学，自愿参与 2024年度继续教育数字化资源征集工作。2024年4月20日",
)
def statement_unfilled(documents: pd.DataFrame) -> pd.DataFrame:
    """One line for each place of the form."""
    statements = _statements(documents)
    return _exploded(
        statements, ([{"value": text} for text in unfilled(said)] for said in statements["said"])
    )


@table_rule(
    "A2-3",
    Severity.WARNING,
    STATEMENT,
    table="documents",
    reads=(),
    title="说明的年度和日期与本批次相符",
    why="沿用往年的说明，或在截止以后才写的，不能说明本批次的资源已经审核。",
    source=f"{_FORM_2}：2024年度；通知第四部分：2024年4月25日前",
    basis=LITERAL,
    says="安全审核说明{what}。",
    fix="请核对年度和日期，改好并盖章后重新报送。",
    bad="""
    | paper | said |
    | 安全审核说明 | >我 郑州大学，自愿参与 2023年度继续教育数字化资源征集工作。2024年4月20日< |
    """,
    good="我 郑州大学，自愿参与 2024年度继续教育数字化资源征集工作。2024年4月20日",
)
def statement_of_another_time(documents: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The first that does not fit; a date not filled in is told by A2-2."""
    statements = _statements(documents)
    flaws = [date_fault(said, settings) for said in statements["said"]]
    found = statements.assign(value=[flaw[0] for flaw in flaws], what=[flaw[1] for flaw in flaws])
    return found[found["what"] != ""]


@table_rule(
    "A2-4",
    Severity.ERROR,
    STATEMENT,
    table="documents",
    reads=(),
    title="说明的承诺没有删改",
    why="删改了承诺，就不是通知要求的说明。",
    source=f"{_FORM_2} 正文",
    basis=LITERAL,
    says="安全审核说明与通知的范本不同：缺少“{clause}”{instead}。",
    fix="请恢复范本的原文，打印盖章后重新报送。",
    bad=f"""
    | paper | said |
    | 安全审核说明 | >{_SAID.replace("全量人工精审", "抽审")}< |
    """,
    good=_SAID,
)
def statement_altered(documents: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """One line for each clause; where many are others, one for all."""
    statements = _statements(documents)
    flaws = (altered_clauses(said, settings.statement) for said in statements["said"])
    return _exploded(statements, map(_told_clauses, flaws)).reindex(
        columns=[*statements, "clause", "instead"]
    )


def _told_clauses(flaws: list[tuple[str, str]]) -> list[dict[str, str]]:
    if len(flaws) > _MOST_CLAUSES:
        return [{"clause": flaws[0][0], "value": "", "instead": f"等 {len(flaws)} 处"}]
    return [
        {"clause": clause, "value": text, "instead": f"，写的是“{text}”" if text else ""}
        for clause, text in flaws
    ]


@table_rule(
    "A2-5",
    Severity.ERROR,
    RESOURCE_LIST,
    table="documents",
    reads=(),
    title="说明附有报送单位及资源列表",
    why="没有列表，看不出承诺的是哪些资源。",
    source=f"{_FORM_2}：（报送单位及资源列表另附）",
    basis=LITERAL,
    says="安全审核说明写明“报送单位及资源列表另附”，没有收到列表。",
    fix="请附上列出全部资源的列表，放进本单位的文件夹，文件名写明“资源列表”。",
    bad="""
    | paper | attached |
    | 安全审核说明 | >否< |
    """,
    good="是",
)
def list_missing(documents: pd.DataFrame) -> pd.DataFrame:
    """Not told where a scan of several pages may hold it."""
    return documents[(documents["paper"] == STATEMENT) & (documents["attached"] == "否")]


# --- all papers agree (W04, W05) ----------------------------------------------------------------------


def same_unit(stated: str, names: Iterable[str]) -> bool:
    """Whether a name is one of these; 河南省 before it, width and blanks make no difference."""
    return _folded(stated) in {_folded(name) for name in names}


def _folded(name: str) -> str:
    return fold_name(_FORM_WORDS.sub("", name)).removeprefix("河南省")


def list_difference(listed: Sequence[str], held: Sequence[tuple[str, str]]) -> str:
    """In what a list of resources differs from those held, each (name, series), as clauses; "" if in nothing.

    A series may stand in the list for all that is in it.
    """
    in_list = Counter(_title(name) for name in listed)
    known = {_title(text) for pair in held for text in pair if text}
    extra = [name for name in listed if _title(name) not in known]
    lacking = []
    for name, of in held:
        if in_list[_title(name)] > 0:
            in_list[_title(name)] -= 1
        elif not (of and _title(of) in in_list):
            lacking.append(name)
    clauses = (_some("列表多出", extra), _some("列表没有", lacking))
    return "，".join(clause for clause in clauses if clause)


def _title(name: str) -> str:
    return _NOT_WORDS.sub("", unicodedata.normalize("NFKC", name)).casefold()


def _some(what: str, names: Iterable[str]) -> str:
    """The first of the names, each once and cut short, so that a sentence can quote them."""
    each = list(dict.fromkeys(names))
    if not each:
        return ""
    shown = "".join(f"“{_cut(name)}”" for name in each[:_MOST_NAMES])
    return f"{what}{shown}" + (f"等 {len(each)} 个" if len(each) > _MOST_NAMES else "")


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


@table_rule(
    "W04",
    Severity.ERROR,
    UNIT,
    table="documents",
    reads=(),
    title="各材料的单位名称一致",
    why="名称不一致，看不出是哪个单位盖的章、报的资源。",
    source="附件1、附件2 单位名称；一致通知未规定",
    basis=INFERRED,
    says="{paper}写的单位是“{value}”，而本单位报送的名称是“{own}”。",
    fix="请核对单位全称，把各份材料改为与公章一致。",
    bad="""
    | paper | stated | names |
    | 安全审核说明 | >河南大学< | 郑州大学 |
    """,
    good="郑州大学",
)
def names_differ(documents: pd.DataFrame) -> pd.DataFrame:
    """A workbook that differs from its folder is told by F09: either name will do here."""
    found = documents[documents["stated"] != ""]
    names = found["names"].str.split("\n")
    alien = [not same_unit(stated, own) for stated, own in zip(found["stated"], names, strict=True)]
    return found.assign(value=found["stated"], own=names.str[0])[pd.Series(alien, found.index, dtype=bool)]


@table_rule(
    "W05",
    Severity.ERROR,
    RESOURCE_LIST,
    table="documents",
    reads=(),
    title="资源列表与资源清单一致",
    why="盖章承诺的是列表里的资源，与清单不同的就没有承诺。",
    source=f"{_FORM_2}：（报送单位及资源列表另附）；一致通知未规定",
    basis=LITERAL,
    says="资源列表有 {listed} 个资源，资源清单有 {held} 个，{diff}。",
    fix="请核对两处，改为一致后重新盖章报送。",
    bad="""
    | paper | listed | held | diff |
    | 资源列表 | 30 | 28 | >列表多出“书法入门”“剪纸”< |
    """,
    good="",
)
def lists_differ(documents: pd.DataFrame) -> pd.DataFrame:
    """By names, however they are punctuated."""
    return documents[documents["diff"] != ""]
