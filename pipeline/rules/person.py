"""The person in charge: one, named in full, who can be reached (规则 A1-2 to A1-6).

Of the table `contacts`: a line for each cell about the person, in 单位信息 or a received 登记表.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

import pandas as pd

from pipeline.fields import TITLES
from pipeline.model import Severity
from pipeline.papers import EMAIL, FORM_1, LANDLINE, MOBILE, PERSON, unspaced
from pipeline.pattern import late
from pipeline.rules.distinct import blank, filled
from pipeline.rules.rule import INFERRED, LITERAL, table_rule

CONTACT_COLUMNS = (
    "@unit", "@workbook", "@sheet", "@row", "@field", "@cell", "value",
    "label", "lacking", "people", "region",
)  # fmt: skip
"""label is that of 单位信息; lacking names what is not filled in, "" where something is."""

_LONGEST_VALUE = 200
"""Characters of a cell that are looked at: a pattern may take the square of a text's length."""
_PARTS = late(r"[、，,;；/／|\n]+")
_SEVERAL = late(r"[、，,;；/／|\s]+")
_BRACKETED = late(r"[(（【\[][^()（）【】\[\]]*[)）】\]]")
_NAME = late(r"[\u3400-\u9fff\U00020000-\U000323af·•]{2,12}|[A-Za-z][A-Za-z .'·-]+")
_OFFICE = late(rf"(?:{TITLES}|书记|干事|科员|职员|经理|主管|负责人|[处科院校部局组队系馆站]长)$")
_MOBILE = late(r"1[3-9]\d{9}", re.ASCII)
_MOBILE_INSIDE = late(r"(?<![\d.])(?:\+?86-?)?(1[3-9]\d{9})(?![\d.])", re.ASCII)
_IN_NUMBERS = late(r"[\s\-‐‑–—－_.·]+")
_AREA = r"0(?:10|2\d|[3-9]\d{2})"
_LANDLINE = late(
    rf"(?:\({_AREA}\)|{_AREA}|(?:\+|00)?86-?0?(?:10|2\d|[3-9]\d{{2}}))-?\d{{7,8}}(?:(?:-|转|ext\.?)\d{{1,6}})?"
    r"|[48]00-?\d{3}-?\d{4}",
    re.ASCII | re.IGNORECASE,
)
_LOST_ZERO = late(r"(3[79]\d)-?(\d{7,8})", re.ASCII)
_WORDS_IN_BRACKETS = late(r"\((?=[^()]*[^\d()])[^()]*\)")
_LOCAL = late(r"[2-8]\d{6,7}(?:(?:-|转)\d{1,6})?", re.ASCII)
_EMAIL = late(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}")
_MISTYPED = late(r"\.(?:con|cmo|ocm|vom|xom|comm)$", re.IGNORECASE)
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
    cells = contacts[(contacts["label"] == label) & blank(contacts["lacking"]) & filled(contacts["value"])]
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
    source=f"通知第四部分：各单位指定负责人 1 名；{FORM_1}",
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
    source=f"{FORM_1} 表头；必填通知未规定",
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
    return contacts[filled(contacts["lacking"])]


@table_rule(
    "A1-4",
    Severity.ERROR,
    MOBILE,
    table="contacts",
    reads=(),
    title="手机号码是 11 位",
    why="号码不对，联系不上负责人。",
    source=f"{FORM_1} “手机”；写法通知未规定",
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
    return wrong[blank(wrong["text"].map(tidy_mobile))]


@table_rule(
    "A1-4b",
    Severity.WARNING,
    MOBILE,
    table="contacts",
    reads=(),
    title="手机号码中间没有空格和横线",
    why="只有一种读法，已按 11 位号码读取。",
    source=f"{FORM_1} “手机”；写法通知未规定",
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
    return wrong[filled(wrong["suggestion"])]


@table_rule(
    "A1-5",
    Severity.WARNING,
    LANDLINE,
    table="contacts",
    reads=(),
    title="座机写区号",
    why="没有区号，外地打不通。",
    source=f"{FORM_1} “座机”；写法通知未规定",
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
    wrong = cells[filled(cells["what"])]
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
    source=f"{FORM_1} “电子邮箱”；写法通知未规定",
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
    source=f"{FORM_1} “电子邮箱”；写法通知未规定",
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
