"""主讲人: names only, joined by an ASCII semicolon (规则 R12)."""

from __future__ import annotations

import re

from pipeline.fields import BODIES, NATIONS, TITLES, form_of
from pipeline.model import Facts, Kind, Severity
from pipeline.pattern import late
from pipeline.rules.rule import EXAMPLE, INFERRED, LITERAL, OTHER, Reading, Rule, reader, rule
from pipeline.rules.text import G02, is_placeholder
from pipeline.settings import Settings

_CLAUSE = "附件4 表1 “主讲人”：多个主讲人用英文;隔开"
_HAN = r"[\u3400-\u9fff\U00020000-\U000323af·]"
_PREFIX = late(
    r"^\s*(?:(?:主\s*讲\s*人|主讲教师|主讲老师|主讲|讲师|教师|姓名)\s*[:：]|(?:主讲人|主讲教师|主讲老师)\s*(?=[^\s;；、，,]{2,4}(?:[;；、，,]|$)))\s*"
)
_NATION = r"[\u4e00-\u9fff]{1,7}"
_OPEN, _CLOSE = r"[(（【\[〔]", r"[)）】\]〕]"
_HALF_NATION = late(rf"^{_OPEN}\s*({_NATION})\s*{_CLOSE}\s*")
_NATION_BEHIND = late(rf"^(.+?)\s*{_OPEN}\s*({_NATION})\s*{_CLOSE}$")
_BARE_NATION = late(rf"^((?:{'|'.join(NATIONS)})族)(?={_HAN}{{2}})")
_REMARK = late(rf"\s*{_OPEN}[^()（）]*{_CLOSE}$")
_WITH_TITLE = late(rf"^({_HAN}{{2,4}}?)\s*(?:[,，、/(（]\s*)?(?:{TITLES})\s*[)）]?$")
_TITLE_BEFORE = late(rf"^(?:{TITLES})\s*({_HAN}{{2,4}})$")
_WITH_NUMBER = late(rf"^({_HAN}{{2,4}})[\s(（:：]*[0-9][0-9 -]{{5,}}[)）]?$")
"""A name and a telephone number."""
_BODY = late(f"(?:{BODIES})$")
_PART_OF_A_BODY = late(r".+(?:[处部系室组馆办]|分校|校区)")
"""教务处 of 郑州大学教务处 is nobody's name."""
_NATION_LISTED = late(rf"^({_HAN}{{2,4}}?)\s*[,，、]\s*((?:{'|'.join(NATIONS)})族)$")
_LATIN = late(r"[A-Za-z\u00c0-\u024f\u0370-\u052f]")
_DOTS = late(r"(?<=[\u3400-\u9fff])[•‧・∙●⋅･．.](?=[\u3400-\u9fff])")

R12_2 = rule(
    "R12-2",
    Severity.ERROR,
    "主讲人",
    title="多个主讲人用英文分号隔开",
    why="平台按英文分号把主讲人分开，用别的符号会当成一个人。",
    source=_CLAUSE,
    basis=LITERAL,
    says="“{value}”中的主讲人不是用英文分号 ; 隔开的。",
    fix="请用英文分号 ; 隔开{hint}。",
    bad="张建华、朱新",
    good="张建华;朱新",
)
R12_2B = rule(
    "R12-2b",
    Severity.WARNING,
    "主讲人",
    title="主讲人之间用半角分号",
    why="全角分号只有一种读法，已按英文分号读取。",
    source=_CLAUSE,
    basis=LITERAL,
    says="“{value}”用了全角分号，已按“{suggestion}”读取。",
    fix="请填“{suggestion}”。",
    bad="张建华；朱新",
    good="张建华;朱新",
)
R12_3 = rule(
    "R12-3",
    Severity.WARNING,
    "主讲人",
    title="姓名中间无空格",
    why="为对齐而加的空格会让同一个人变成两个名字。",
    source="通知未规定；教育统计填报说明",
    basis=OTHER,
    says="“{name}”姓名中间或前后有空格。",
    fix="请去掉空格{hint}。",
    bad="张 三",
    good="张三",
)
R12_4 = rule(
    "R12-4",
    Severity.WARNING,
    "主讲人",
    title="民族写在姓名前，用全角括号",
    why="写法统一才能把民族和姓名分开。",
    source="附件4 表1 “主讲人” 例2: （藏族）班班多杰",
    basis=EXAMPLE,
    says="“{name}”的民族写法与示例不同。",
    fix="请把民族用全角括号写在姓名前，如（藏族）班班多杰{hint}。",
    bad="(藏族)班班多杰",
    good="（藏族）班班多杰",
)
R12_5 = rule(
    "R12-5",
    Severity.NOTE,
    "主讲人",
    title="姓名间隔号为 ·",
    why="间隔号有许多相像的字符，统一后才能按姓名查找。",
    source="通知未规定；GB/T 15834 间隔号",
    basis=OTHER,
    says="“{name}”的间隔号已统一为“·”。",
    fix="姓名中的间隔号请用“·”{hint}。",
    bad="买买提•艾力",
    good="买买提·艾力",
)
R12_6 = rule(
    "R12-6",
    Severity.WARNING,
    "主讲人",
    title="不填“主讲人：”字样",
    why="“主讲人：”是示例的说明，不是姓名。",
    source="附件4 表1 “主讲人” 例1",
    basis=EXAMPLE,
    says="“{value}”带有说明文字“{prefix}”。",
    fix="请只填姓名{hint}。",
    bad="主讲人：朱新",
    good="朱新",
)
R12_7 = rule(
    "R12-7",
    Severity.WARNING,
    "主讲人",
    title="只填姓名，不夹职称和单位",
    why="夹了职称、单位，同一个人会有许多写法。",
    source="附件4 表1 “主讲人”；通知未规定职称",
    basis=INFERRED,
    says="“{name}”夹有姓名以外的内容。",
    fix="请只填姓名{hint}。",
    bad="朱新教授",
    good="朱新",
)
R12_8 = rule(
    "R12-8",
    Severity.NOTE,
    "主讲人",
    title="没有多余的分号和重复的人",
    why="空段和重复会多算主讲人。",
    source=_CLAUSE,
    basis=INFERRED,
    says="“{value}”有重复的人或多余的分号，已整理。",
    fix="请删去多余的分号和重复的姓名{hint}。",
    bad="张三;;李四;",
    good="张三;李四",
)

_SEPARATORS = late(r"[、，,。:：/／|｜\n\t]+")
_BESIDE_A_SEPARATOR = late(r"(?<=[;；、，,])[\n\t]+|[\n\t]+(?=[;；、，,])")
_NO_NAMES = frozenset(("男", "女", "主讲", "主持", "主持人", "主讲人", "嘉宾", "讲师", "助教"))
"""What stands between names without being one: 张建华，女 and 主持：朱新."""
_AND = late(rf"(?<![^;；])({_HAN}{{2,3}})[和与及&＆+＋-]({_HAN}{{2,3}})(?![^;；])")

_COMPOUND_SURNAMES = frozenset(
    [
        "欧阳",
        "司马",
        "诸葛",
        "上官",
        "夏侯",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "司徒",
        "令狐",
        "宇文",
        "长孙",
        "端木",
        "东方",
        "南宫",
        "独孤",
        "澹台",
        "申屠",
        "轩辕",
        "呼延",
        "完颜",
    ]
)
"""Before a blank they are half a name, not a person."""

Flaws = list[tuple[str, Facts]]


@reader("主讲人")
def read_speakers(text: str, _kind: Kind, _settings: Settings) -> Reading:
    """Names from any way of listing them; each step records what it had to change."""
    flaws: Flaws = []
    lines = "\n" in text
    text = _BESIDE_A_SEPARATOR.sub("", text)
    # Folded first: thousands of blanks must not take time that grows with their square.
    text = re.sub(r"[^\S\n\t]{2,}", " ", text)
    prefix = _PREFIX.match(text)
    if prefix:
        flaws.append((R12_6.code, {"prefix": prefix[0].strip()}))
        text = text[prefix.end() :]
    text = _NATION_LISTED.sub(r"\1（\2）", text)
    text, safe = _joined_by_semicolon(text, flaws)
    names: list[str] = []
    for part in text.split(";"):
        name, sure = _one_name(part.strip(), flaws)
        safe = safe and sure
        names.append(name)
    kept = [name for name in dict.fromkeys(names) if name]
    if len(kept) != len(names):
        flaws.append((R12_8.code, {}))
    value = ";".join(kept)
    if not form_of("主讲人").fullmatch(value) or any(map(_is_nobody, kept)):
        told = [flaw for flaw in _once_each(flaws) if flaw[0] not in (R12_2B.code, R12_8.code)]
        return Reading("", False, tuple(told) or ((R12_7.code, {"name": text}),))
    otherwise = (G02.code, {}) if lines else (R12_3.code, {"name": text})
    return Reading(value, safe, tuple(_once_each(flaws)) or (otherwise,))


def _is_nobody(name: str) -> bool:
    return name in _NO_NAMES or is_placeholder(name, required=True)


def _once_each(flaws: Flaws) -> Flaws:
    """One finding per cell and rule: the first."""
    first: dict[str, Facts] = {}
    for code, facts in flaws:
        first.setdefault(code, facts)
    return list(first.items())


def _joined_by_semicolon(text: str, flaws: Flaws) -> tuple[str, bool]:
    """The text with one separator, and whether there was only one reading."""
    guessed = _AND.sub(r"\1;\2", _SEPARATORS.sub(";", text) if _lists_people(text) else text)
    guessed = ";".join(_split_at_blanks(part) for part in re.split("[;；]", guessed))
    if guessed != re.sub("；", ";", text):
        only_lines = guessed == re.sub(r"\s*[\n\t]+\s*", ";", text)
        flaws.append((G02.code, {}) if only_lines else (R12_2.code, {}))
        return guessed, False
    if "；" in text:
        flaws.append((R12_2B.code, {}))
    return guessed, True


def _lists_people(text: str) -> bool:
    """Whether commas part people, and not a name from a title as in 朱新，教授."""
    return bool(_SEPARATORS.search(text)) and not _WITH_TITLE.fullmatch(text.strip())


def _split_at_blanks(part: str) -> str:
    """Blanks between whole Chinese names part people; blanks inside a name do not."""
    words = part.split()
    if len(words) < 2 or _LATIN.search(part) or words[0] in _COMPOUND_SURNAMES:
        return part
    if all(re.fullmatch(rf"(?:[(（]{_NATION}[)）])?{_HAN}{{2,}}", word) for word in words) and not any(
        re.fullmatch(TITLES, word) or _BODY.search(word) for word in words
    ):
        return ";".join(words)
    return part


def _one_name(name: str, flaws: Flaws) -> tuple[str, bool]:
    """The canonical name, and whether there was only one reading."""
    shown = name
    nation, name, found = _nation_and_name(name)
    bare = _without_title(name)
    if bare != name:
        found.append((R12_7, False))
        name = bare
    dotted = _DOTS.sub("·", name)
    if dotted != name:
        found.append((R12_5, True))
        name = dotted
    closed = name if _LATIN.search(name) else re.sub(r"\s+", "", name)
    if closed != name:
        found.append((R12_3, bool(re.fullmatch(rf"{_HAN}\s+{_HAN}", name))))
        name = closed
    if _BODY.search(name):
        found.append((R12_7, False))
    flaws.extend((each.code, {"name": shown}) for each, _ in found)
    full = f"（{nation}）{name}" if nation else re.sub(r"\s+", " ", name)
    return full, all(sure for _, sure in found)


def _nation_and_name(name: str) -> tuple[str, str, list[tuple[Rule, bool]]]:
    """The nation ("" if none), the name without it or another remark, and what was wrong with them."""
    before = _HALF_NATION.match(name) or _BARE_NATION.match(name)
    behind = None if before else _NATION_BEHIND.match(name)
    if before and _is_nation(before[1]):
        nation, rest = _nation(before[1]), name[before.end() :]
        if name.startswith(f"（{nation}）{rest}") and before[1].endswith("族"):
            return nation, rest, []
        return nation, rest, [(R12_4, before[1].endswith("族") and before[0] != before[1])]
    if behind and _is_nation(behind[2]):
        return _nation(behind[2]), behind[1], [(R12_4, False)]
    if before and _like_a_nation(before[1]):
        return "", name, [(R12_4, False)]
    if before:
        return "", name[before.end() :], [(R12_7, False)]
    if behind and _REMARK.sub("", name):
        return "", _REMARK.sub("", name), [(R12_7, False)]
    return "", name, []


def _is_nation(word: str) -> bool:
    return word.removesuffix("族") in NATIONS or word in NATIONS


def _like_a_nation(word: str) -> bool:
    """维, 维族 and 蒙族 stand for a nation in short; 女, 美国 and 主讲 for none."""
    return word.endswith("族") or any(nation.startswith(word) for nation in NATIONS)


def _nation(word: str) -> str:
    return word if word.endswith("族") else word + "族"


def _without_title(name: str) -> str:
    """A Chinese name without a title behind it, or a body before it."""
    titled = _WITH_TITLE.match(name) or _TITLE_BEFORE.match(name) or _WITH_NUMBER.match(name)
    if titled:
        return titled[1].strip()
    after_body = re.fullmatch(
        rf"{_HAN}{{2,}}(?:大学|学院|学校|公司|中心)\s*({_HAN}{{2,4}}?)\s*(?:{TITLES})?", name
    )
    return after_body[1] if after_body and not _PART_OF_A_BODY.fullmatch(after_body[1]) else name
