"""资源类型: one code of 表2 (规则 R03)."""

from __future__ import annotations

import re

from pipeline.model import Kind, Severity
from pipeline.pattern import late
from pipeline.rules.rule import INFERRED, LITERAL, Reading, condition, reader, rule
from pipeline.rules.text import G03, half_width
from pipeline.settings import Settings

_CODE = late(r"A[0-9]{2,4}")
_SEVERAL = late(r"[;；、，,/／\s+和]")
_SHORT = {"视频": "视频资源", "音频": "音频资源", "在线课程": "网络课程", "网络课程资源": "网络课程"}

R03_2 = rule(
    "R03-2",
    Severity.ERROR,
    "资源类型",
    title="资源类型在代码表内",
    why="平台按代码归类，代码表以外的内容无法入库。",
    source="附件4 表1 “资源类型”：见表2、表3",
    basis=LITERAL,
    says="“{value}”不是资源类型代码。",
    fix="请从下拉列表选一个：{codes}。",
    bad="B01",
    good="A01",
)
R03_3 = rule(
    "R03-3",
    Severity.WARNING,
    "资源类型",
    title="表2 以外的 A 类代码待确认",
    why="通知所附表3 未收到，表2 以外的 A 类代码暂时不能判定。",
    source="附件4 表1 “资源类型”：见表2、表3（表3 未收到，通知未规定）",
    says="“{value}”不在表2 中，暂不能判定。",
    fix="如填错请改为：{codes}；确为表3 代码的，请在“单位说明”中写明。",
    bad="A04",
    good="A01",
)
R03_4 = rule(
    "R03-4",
    Severity.WARNING,
    "资源类型",
    title="资源类型填代码",
    why="名称、小写和混写能看懂，但平台只认代码。",
    source="附件4 表1 “资源类型” 如: A01；写法归一通知未规定",
    basis=INFERRED,
    says="“{value}”应填代码“{suggestion}”。",
    fix="请填“{suggestion}”。",
    bad="视频资源",
    good="A01",
)
R03_5 = rule(
    "R03-5",
    Severity.ERROR,
    "资源类型",
    title="一格只填一个代码",
    why="一个资源只能有一个类型。",
    source="附件4 表1 “资源类型”",
    basis=INFERRED,
    says="“{value}”含有多个代码。",
    fix="请只保留一个；确是多个资源的，请分行填写。",
    bad="A01;A03",
    good="A03",
)


@condition("资源类型")
def is_code(text: str, settings: Settings) -> bool:
    """A code of the table in force."""
    return text in settings.resource_types


@reader("资源类型")
def read_type(text: str, _kind: Kind, settings: Settings) -> Reading:
    """Code, name or both, in any width and case, as one code of the table."""
    codes = settings.resource_types
    listed = "、".join(f"{code} {name}" for code, name in codes.items())
    narrow = half_width(text).strip()
    if narrow in codes and narrow != text:
        return G03.found(narrow, safe=True)
    plain = re.sub(r"\s+", " ", narrow).upper().strip(" .,;、/")
    plain = re.sub(r"^A[ _-]?(?=[0-9O])", "A", plain)
    if len(set(re.findall(r"A[0-9]{2,4}", plain))) > 1 or (
        _SEVERAL.search(plain) and _names_in(plain, codes) > 1
    ):
        return R03_5.found(codes=listed)
    code = _only_reading(plain, codes)
    if code:
        return R03_4.found(code, safe=True)
    if _CODE.fullmatch(plain):
        return R03_3.found(codes=listed)
    likely = _with_other_words(plain, codes)
    if likely:
        return R03_4.found(likely)
    likely = re.sub(r"^A([0-9])$", r"A0\1", plain.replace("O", "0").replace("I", "1").replace("L", "1"))
    if likely in codes and likely != plain:
        return R03_4.found(likely)
    return R03_2.found(codes=listed)


def _with_other_words(plain: str, codes: dict[str, str]) -> str:
    """The only code in a text whose other words speak for no other type: A01视频课程, but not A02课程."""
    found = re.fullmatch(r"([^A-Z0-9;；、,，]*)(A[0-9]{2,4})([^A-Z0-9;；、,，]*)", plain)
    if not found or found[2] not in codes or re.search("[或和等]", plain):
        return ""
    words = found[1] + found[3]
    for short, name in _SHORT.items():
        words = words.replace(short, found[2] if codes[found[2]] == name else "?")
    return "" if "?" in words or ("课程" in words and found[2] not in words) else found[2]


def _names_in(plain: str, codes: dict[str, str]) -> int:
    return sum(name in plain or name.removesuffix("资源") in plain for name in codes.values())


def _only_reading(plain: str, codes: dict[str, str]) -> str:
    """The one code that the text can mean: a code, a name, or a code with its own name."""
    names = {name: code for code, name in codes.items()}
    names |= {short: names[name] for short, name in _SHORT.items() if name in names}
    if plain in codes:
        return plain
    if plain in names:
        return names[plain]
    both = re.fullmatch(r"(A[0-9]{2,4})[\s:：.\-_(（/、,，]*([^\s)）]+)[)）]?", plain)
    if both and both[1] in codes and names.get(both[2]) == both[1]:
        return both[1]
    swapped = re.fullmatch(r"([^\s(（:：/、,，]+)[\s:：.\-_(（/、,，]*(A[0-9]{2,4})[)）]?", plain)
    if swapped and swapped[2] in codes and names.get(swapped[1]) == swapped[2]:
        return swapped[2]
    return ""
