"""Rules for any text: invisible characters, placeholders, garbling, lengths, what is 必填 (规则 G, R00)."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from pipeline.fields import NAMES
from pipeline.model import Kind, Severity
from pipeline.pattern import late
from pipeline.rules.rule import INFERRED, LITERAL, OTHER, REGISTER, Reading, rule

if TYPE_CHECKING:
    from pipeline.settings import Settings

_BLANKS = (9, 10, 13, 32, 0xA0, 0x1680, *range(0x2000, 0x2010), *range(0x2028, 0x2030), 0x205F, 0x3000)
_ZERO_WIDTH = (0x200B, 0x2060, 0xFEFF)
INVISIBLE = "".join(map(chr, (*_BLANKS, *range(0x2060, 0x2065), 0xFEFF)))
"""Blanks and zero-width characters that nobody sees at the ends of a text."""
_ANY_ZERO_WIDTH = re.compile(f"[{''.join(map(chr, _ZERO_WIDTH))}]")
has_zero_width = _ANY_ZERO_WIDTH.search
"""Whether a text holds characters of no width."""

LONGEST_PLACEHOLDER = 24
BEGINS_A_PLACEHOLDER = frozenset(
    "无没暂/／\\、-－—–_空略NnTt同如〃待未不xX×Ｘ*＊?？.。…示样请某测0（()）【】 \u3000"
)
"""Tells nearly all values at a glance from placeholders."""

ERROR_VALUES = frozenset(
    (
        "#REF!",
        "#VALUE!",
        "#N/A",
        "#NAME?",
        "#DIV/0!",
        "#NUM!",
        "#NULL!",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        "#BLOCKED!",
    )
)
"""What a formula leaves when it fails, also as text pasted or typed."""

PLACEHOLDER = late(
    r"无|没有|暂无|[/／\\、\-－—–_]+|空|略|N/?A|n/?a|nil|null|none|None|NULL|未填写?|待定|待补充?|待填写?|待完善|待上传|未定|未知|不详"
    r"|同上|同前|如上|〃|某{2,}|[xX×Ｘ*＊?？.。…]{2,}|[*＊?？.。…]|TBD|tbd"
)
FILLER = late(r"0|暂无简介|示例|样例|测试|请填写.*|[xX×Ｘ]{2,}(?:课程|老师|教授|大学|学院|学校|公司|单位)")
FULL_WIDTH = late("[\uff01-\uff5e\u3000\u3002]")

G01 = rule(
    "G01",
    Severity.NOTE,
    "全部文本",
    title="首尾无不可见空白",
    why="看不见的空白会使查找、比对和排序出错。",
    source="通知未规定；网信办元数据核验常见问题",
    basis=OTHER,
    says="含有看不见的空白或字符，已去除。",
    fix="无须处理；下次录入时请不要多敲空格。",
    bad="郑州大学　",
    good="郑州大学",
)
G02 = rule(
    "G02",
    Severity.WARNING,
    "单行字段",
    title="一格一行，没有换行和制表符",
    why="换行会把一个值变成两个，平台按一行显示时会连错。",
    source="附件4 表1 各字段；换行通知未规定",
    basis=INFERRED,
    says="“{field}”的“{value}”中间有换行或制表符。",
    fix="请写在一行内{hint}。",
    bad="航空发动机\n基础",
    good="航空发动机基础",
)
G03 = rule(
    "G03",
    Severity.WARNING,
    "编码、日期、时间、数值、链接",
    title="无全角数字、字母和符号",
    why="全角和半角在计算机中是不同的字符，平台不能识别全角的代码和数字。",
    source="附件4 表1 各字段格式；通知未规定全角",
    basis=OTHER,
    says="“{value}”含全角字符，已按“{suggestion}”读取。",
    fix="请切换到英文半角，填“{suggestion}”。",
    bad="Ａ01",
    good="A01",
)
G04 = rule(
    "G04",
    Severity.NOTE,
    "选填字段",
    title="选填字段没有内容时留空",
    why="“无”“/”一类的占位会被当成真实内容发布。",
    source="附件4 备注：除说明为必填外均为选填",
    basis=OTHER,
    says="填了“{value}”，已按未填写处理。",
    fix="没有内容时请留空。",
    bad="无",
    good="",
)
G05 = rule(
    "G05",
    Severity.ERROR,
    "必填字段",
    title="必填字段不填占位内容",
    why="占位内容等于没有填写，而这一项是必填。",
    source="附件4 表1 必填",
    basis=INFERRED,
    says="“{field}”填的是占位内容“{value}”。",
    fix="请填写实际内容。",
    bad="同上",
    good="河南开放大学",
)
G06 = rule(
    "G06",
    Severity.ERROR,
    "全部文本",
    title="没有乱码和不能显示的字符",
    why="乱码是转换编码时弄坏的文字，平台和学习者都读不出原来的内容。",
    source="附件4 表1 各字段；编码通知未规定",
    basis=INFERRED,
    says="“{field}”含有{what}。",
    fix="请删去后重新录入正确的文字。",
    bad="河南开放大学ä¸\u00adå›½",
    good="河南开放大学中国",
)
G07 = rule(
    "G07",
    Severity.WARNING,
    "全部文本",
    title="文字不写成公式的样子",
    why="以 = + - @ 开头的公式写法，在别的软件中可能被当成公式执行。",
    source="附件4 表1 各字段；公式通知未规定",
    basis=INFERRED,
    says="“{value}”写成了公式的样子，已按普通文字处理，没有执行。",
    fix="请核对：要填计算结果的，请改填结果；本来就是文字的，不必改。",
    bad="=SUM(A1:A9)",
    good="SUM 函数求和",
)
R00_1 = rule(
    "R00-1",
    Severity.ERROR,
    "本省加填字段",
    title="本省要求必填的字段不留空",
    why="本省在 config.yaml 的 required 中把这一字段定为必填。",
    source="通知未规定必填，由本省设定",
    basis=OTHER,
    says="“{field}”未填写，按本省要求必填，通知未规定。",
    fix="请填写“{field}”。",
    bad="",
    good="2022-03-23",
)
R00_2 = rule(
    "R00-2",
    Severity.WARNING,
    "本省限定字数的字段",
    title="字数在本省限定的范围内",
    why="本省在 config.yaml 的 lengths 中限定了这一字段的字数。",
    source="字数通知未规定，由本省设定",
    basis=OTHER,
    says="“{field}”{size}。",
    fix="请{order}。",
    bad="（限定 2 至 20 字时）一个 30 字的系列名称",
    good="航空科普",
)
R00_3 = rule(
    "R00-3",
    Severity.WARNING,
    "文字字段",
    title="填文字的格子里不是日期、数字",
    why="表格软件会把 3-1 一类的文字自动变成日期，变了以后看不出原来填的是什么。",
    source="附件4 表1 各字段；单元格类型通知未规定",
    basis=INFERRED,
    says="“{field}”应填文字，这一格在表格中却是{what}“{value}”。",
    fix="请先把这一格设为文本格式，再重新录入文字。",
    bad="（系列“3-1 班”被自动变成的）2024-03-01",
    good="3-1 班",
)


def required_rule(code: str, field: str) -> None:
    """Declare that a field of 表1 is 必填."""
    example = {
        "资源名称": "航空发动机基础",
        "资源类型": "A01",
        "资源简介": "介绍航空发动机的组成、原理和发展，适合科普学习。",
        "版权方": "河南开放大学",
        "主讲人": "朱新",
        "资源封面": "fm001.jpg",
    }[field]
    rule(
        code,
        Severity.ERROR,
        field,
        title=f"“{field}”必填",
        why="表1 注明本字段必填，缺少时资源不能入库。",
        source=f"附件4 表1 “{field}”：必填",
        basis=LITERAL,
        says="“{field}”未填写。",
        fix=f"请填写“{field}”，如：{example.rstrip('。')}。",
        bad="",
        good=example,
    )


REQUIRED_CODES = {
    "资源名称": "R02-1",
    "资源类型": "R03-1",
    "资源简介": "R08-1",
    "版权方": "R11-1",
    "主讲人": "R12-1",
    "资源封面": "R15-1",
}
"""The six of the notice; what a province asks beyond them is R00-1."""
for _field, _code in REQUIRED_CODES.items():
    required_rule(_code, _field)

LENGTH_CODES = {"资源名称": "R02-2", "资源简介": "R08-3"}
"""Where the catalogue has a rule of its own for the length; any other field is R00-2."""

_SEVERAL_LINES = {"资源ID", "资源简介", "主讲人", "资源目录", "关键词", "资源文件"}
SINGLE_LINE = tuple(name for name in NAMES if name not in _SEVERAL_LINES)
"""Fields of one value: in the others a line break is right, or told as a separator."""


def trimmed(text: str) -> str:
    """The text without blanks at its ends and without characters of no width anywhere (rule G01)."""
    return (_ANY_ZERO_WIDTH.sub("", text) if not text.isascii() else text).strip(INVISIBLE)


def is_placeholder(text: str, required: bool) -> bool:
    """Whether the text stands for nothing: 无, 同上 or XXX anywhere, 测试 or 0 where it is required."""
    if len(text) > LONGEST_PLACEHOLDER or text[0] not in BEGINS_A_PLACEHOLDER:
        return False
    bare = "".join(text.strip("。.（）()【】").split())
    return bool(PLACEHOLDER.fullmatch(bare) or PLACEHOLDER.fullmatch(text)) or (
        required and bool(FILLER.fullmatch(bare) or FILLER.fullmatch(text))
    )


def half_width(text: str) -> str:
    """Full-width ASCII forms, 。 and the ideographic space as their half-width selves.

    Only for codes, dates, times, numbers and the front of links: running text keeps its
    full-width punctuation (never NFKC a whole cell).
    """
    folded = "".join(unicodedata.normalize("NFKC", char) if FULL_WIDTH.match(char) else char for char in text)
    return folded.replace("。", ".")


def folded(text: str, form: re.Pattern[str]) -> Reading | None:
    """A reading by rule G03, if only full-width characters keep the text from being right."""
    narrow = half_width(text).strip()
    if narrow != text and form.fullmatch(narrow):
        return G03.found(narrow, safe=True)
    return None


_LINE_BREAKS = re.compile("[\t\n\r\x85\u2028\u2029]+")
has_lines = _LINE_BREAKS.search
"""Whether a text has line breaks or tabs."""
_WIDE = late("[\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\uffe6\U0001f000-\U000323af]")


def broken_line(text: str, is_right: Callable[[str], object], *, levels: bool = False) -> Reading | None:
    """A reading by rule G02, if the line breaks alone keep the text from being right.

    levels: the lines may as well be levels of their own, so nothing is suggested.
    """
    if not _LINE_BREAKS.search(text):
        return None
    joined, *parts = (part.strip() for part in _LINE_BREAKS.split(text))
    for part in parts:
        wide = not joined or not part or _WIDE.match(joined[-1]) or _WIDE.match(part[0])
        joined += part if wide else f" {part}"
    return G02.found("" if levels else joined) if is_right(joined) else None


_CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"
_NO_CHARACTER = "\ufdd0-\ufdef\ufffe\uffff\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe-\U000dffff"
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U0010ffff"
_CANNOT_SHOW = late(f"[{_CONTROL}{_NO_CHARACTER}\ud800-\udfff]")
_OWN_FONT = late(f"[{_PRIVATE}]")
_CONTINUES = "[\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
_GARBLED = late(
    f"(?:[âãäåæçèéêëìíîï]{_CONTINUES}{{2}}){{2,}}|(?:[ÂÃ]{_CONTINUES}){{3,}}|[^\ufffd]?\ufffd+|涓\ue15e?浗"
    "|(?<![“‘「『《\"'拷烫屯])(?:(?:锟斤拷)+|烫{3,}|屯{3,})|(?:(?![·×])[\xb0-\xf7][\xa1-\xfe]){3,}"
)
"""UTF-8 taken for Western text, once or twice; the replacement character; GBK's and a debugger's leavings.

Last, GBK taken for Western text: six signs and accented letters without a plain one, not ······ or ××××××.

A word in quotation marks is spoken of, not garbled; é”— (accented, then quoted) is one triple, never two.
"""
_SUSPECT = late(f"[\xb0-\xf7\ufffd锟烫屯涓{_CONTROL}{_NO_CHARACTER}\ud800-\udfff{_PRIVATE}]")
"""Clears nearly all texts at one look."""
_LEADS = (*range(0xE3, 0xEA), 0xEF)
"""First bytes of Chinese characters and punctuation in UTF-8."""
_UTF8_LEADS = frozenset(
    bytes((lead, trail)).decode("gbk", "ignore") for lead in _LEADS for trail in range(0x40, 0xFF)
)
"""What GBK makes of such a byte and the one behind it."""
_RUN = late("[\x00-\x7f]([^\x00-\x7e][^\x00-\x7f]{2,})")


def may_be_garbled(text: str) -> bool:
    """Whether a text holds a character without which `garbled` finds nothing."""
    return bool(_SUSPECT.search(text)) or not _UTF8_LEADS.isdisjoint(text)


def garbled(text: str) -> Reading | None:
    """A reading by rule G06. Rare characters, scripts of all nationalities and emoji are right."""
    suspect = _SUSPECT.search(text)
    found = _GARBLED.search(text) if suspect else None
    piece = found[0] if found else _utf8_as_gbk(text)
    if piece:
        return G06.found(what=f"乱码“{piece}”")
    own = _OWN_FONT.search(text) if suspect else None
    if own:
        return G06.found(what=f"只在本机才能显示的字符（{_whereabouts(text, own.start())}）")
    hidden = _CANNOT_SHOW.search(text) if suspect else None
    return G06.found(what=f"不能显示的字符（{_whereabouts(text, hidden.start())}）") if hidden else None


def _utf8_as_gbk(text: str) -> str:
    """The first run that is UTF-8 taken for GBK, as 浣犲ソ is for 你好; "" if there is none.

    The bytes of the whole run must be UTF-8 for everyday characters, and the run itself hold
    one that is not everyday: no Chinese text does both.
    """
    for run in _RUN.findall(f" {text}"):
        if run[0] not in _UTF8_LEADS:
            continue
        try:
            meant = codecs.getincrementaldecoder("utf-8")().decode(run.encode("gb18030"))
        except UnicodeError:
            continue
        if len(meant) >= 2 and _everyday(meant) and not _everyday(run):
            return str(run)
    return ""


def _everyday(text: str) -> bool:
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _whereabouts(text: str, position: int) -> str:
    before = text[max(0, position - 6) : position].split()
    return f"第 {position + 1} 个字" + (f"，在“{before[-1]}”之后" if before else "")


_FORMULA = late(
    r"[=+@-]\s*(?:[A-Za-z_][A-Za-z0-9_.]{0,40}\(|\$?[A-Za-z]{1,3}\$?[0-9]{1,7}\s*[-+*/^&:,)]|"
    r"[A-Za-z]{1,20}\s*\|)|=\s*(?:\$?[A-Za-z]{1,3}\$?[0-9]{1,7}$|['\[({\"]|[-+]?[0-9])"
)
BEGINS_A_FORMULA = "=+-@"
_QUOTED = late("\"[^\"]*\"|'[^']*'")


def like_formula(text: str) -> Reading | None:
    """A reading by rule G07. -1 的平方根, @ 符号的用法 and =SUM() 函数详解 are plain text."""
    if text[:1] in BEGINS_A_FORMULA and _FORMULA.match(text) and _QUOTED.sub("", text).isascii():
        return G07.found(safe=True)
    return None


_NATIVE = {Kind.DATE: "日期", Kind.TIME: "时间", Kind.BOOL: "表格软件自己的值", Kind.NUMBER: "数字"}
_ONLY_A_DAY = late(
    r"[0-9]{1,2}月[0-9]{1,2}日|[0-9]{4}([-/.])[0-9]{1,2}\1[0-9]{1,2}|[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日"
    r"|[0-9]{1,2}-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-[0-9]{2}"
)
"""How a spreadsheet shows what it took for a day, and writes it into .csv."""
may_be_a_day = re.compile("[-/.月]").search
"""Whether a text holds a sign without which it is not written like a day."""
NEVER_NATIVE = frozenset(("资源名称", "部署平台", "所属系列", "资源简介", "版权方", "主讲人", "关键词"))
_NEVER_NUMBER = frozenset(("部署平台", "资源简介", "版权方", "主讲人"))


def not_text(name: str, text: str, kind: Kind) -> Reading | None:
    """A reading by rule R02-4 or R00-3: a date, a number or TRUE where the field is made of words.

    A series or a keyword may be a number (2024), and a resource may be named by a year (1984).
    """
    if name not in NEVER_NATIVE or kind not in _NATIVE:
        return None
    if kind is Kind.NUMBER and not (
        name in _NEVER_NUMBER or (name == "资源名称" and not re.fullmatch("[0-9]{4}", text))
    ):
        return None
    code = "R02-4" if name == "资源名称" else R00_3.code
    return REGISTER.rules[code].found(what=_NATIVE[kind])


def only_a_day(text: str) -> Reading | None:
    """A reading by rule R02-4: the text is nothing but a day, as .csv keeps what a spreadsheet made."""
    return REGISTER.rules["R02-4"].found(what="日期") if _ONLY_A_DAY.fullmatch(text) else None


def fits(name: str, text: str, settings: Settings) -> bool:
    """Whether the text of a field is neither too short nor too long by the settings."""
    fewest, most = settings.lengths.get(name, (0, len(text)))
    return fewest <= len(text) <= most


_LONGER = {"资源名称": "写全资源的正式名称", "资源简介": "写明内容、对象和学习收获"}
_SHORTER = {"资源名称": "精简，说明文字移到“资源简介”"}


def wrong_length(name: str, text: str, settings: Settings) -> Reading | None:
    """A reading by rule R02-2, R08-3 or R00-2."""
    if fits(name, text, settings):
        return None
    fewest, most = settings.lengths[name]
    if len(text) < fewest:
        size, order = f"只有 {len(text)} 个字，少于 {fewest} 个字", _LONGER.get(name, "写得再完整一些")
    else:
        size, order = f"有 {len(text)} 个字，多于 {most} 个字", _SHORTER.get(name, "精简文字")
    return REGISTER.rules[LENGTH_CODES.get(name, R00_2.code)].found(size=size, order=order)


def sensitive(text: str, words: Iterable[str]) -> Reading | None:
    """A reading by rule R08-6: words of the province's list, which a person must look at."""
    found = [word for word in words if word and word in text]
    return REGISTER.rules["R08-6"].found(words="”“".join(found)) if found else None
