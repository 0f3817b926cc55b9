"""关键词 and 所属分类 (规则 R17, R18)."""

from __future__ import annotations

import re

from pipeline.fields import BY_NAME
from pipeline.model import Facts, Kind, Severity
from pipeline.rules.rule import EXAMPLE, INFERRED, LITERAL, Reading, reader, rule
from pipeline.settings import Settings

_WORDS = re.compile(BY_NAME["关键词"].form)
_LEVELS = re.compile(BY_NAME["所属分类"].form)
_CLAUSE = "附件4 表1 “关键词”：多个用英文;隔开"
_BLANKS = re.compile(r"[^\S\n\t]{2,}|\s{3,}")
"""Folded first: thirty thousand blanks in a cell must not take time that grows with their square."""
_HAN_BLANK = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")

R17_1 = rule(
    "R17-1",
    Severity.ERROR,
    "关键词",
    title="多个关键词用英文分号隔开",
    why="平台按英文分号把关键词分开，用别的符号会当成一个词。",
    source=_CLAUSE,
    basis=LITERAL,
    says="“{value}”中的关键词不是用英文分号 ; 隔开的。",
    fix="请用英文分号 ; 隔开{hint}。",
    bad="新媒体、人工智能",
    good="新媒体;人工智能",
)
R17_1B = rule(
    "R17-1b",
    Severity.WARNING,
    "关键词",
    title="关键词之间用半角分号",
    why="全角分号只有一种读法，已按英文分号读取。",
    source=_CLAUSE,
    basis=LITERAL,
    says="“{value}”用了全角分号，已按“{suggestion}”读取。",
    fix="请填“{suggestion}”。",
    bad="新媒体；人工智能",
    good="新媒体;人工智能",
)
R17_2 = rule(
    "R17-2",
    Severity.NOTE,
    "关键词",
    title="没有多余的分号和重复的词",
    why="空段和重复的词没有意义。",
    source=_CLAUSE,
    basis=INFERRED,
    says="“{value}”有重复的词、多余的分号或空格，已整理。",
    fix="请删去重复的词、多余的分号和空格{hint}。",
    bad="新媒体;;人工智能;",
    good="新媒体;人工智能",
)
R18_1 = rule(
    "R18-1",
    Severity.WARNING,
    "所属分类",
    title="分类层级用半角减号连接",
    why="平台按半角减号分出一级、二级、三级。",
    source="附件4 表1 “所属分类” 如: 科学文化-航空知识-航空发动机",
    basis=EXAMPLE,
    says="“{value}”的层级不是用半角减号 - 连接的。",
    fix="请按“一级-二级-三级”填写{hint}。",
    bad="科学文化/航空知识",
    good="科学文化-航空知识",
)


@reader("关键词")
def read_keywords(text: str, _kind: Kind, _settings: Settings) -> Reading:
    """Words from any way of listing them; a blank parts words only between Chinese characters."""
    text = _BLANKS.sub(" ", text)
    guessed = _HAN_BLANK.sub(";", re.sub(r"\s*[、，,。|｜\n\t]+\s*", ";", text))
    parts = [re.sub(r"\s+", " ", part).strip() for part in re.split("[;；]", guessed)]
    words = list(dict.fromkeys(part for part in parts if part))
    value = ";".join(words)
    if not _WORDS.fullmatch(value):
        return R17_1.found()
    if guessed != text:
        return R17_1.found(value)
    flaws: list[tuple[str, Facts]] = []
    if "；" in text:
        flaws.append((R17_1B.code, {}))
    if len(words) < len(parts) or not flaws:
        flaws.append((R17_2.code, {}))
    return Reading(value, True, tuple(flaws))


@reader("所属分类")
def read_category(text: str, _kind: Kind, _settings: Settings) -> Reading:
    """Levels from any separator; only a full-width minus or blanks beside it leave no doubt."""
    narrow = re.sub(r"\s*[-－]\s*", "-", _BLANKS.sub(" ", text))
    if _LEVELS.fullmatch(narrow):
        return R18_1.found(narrow, safe=True)
    guessed = re.sub(r"\s*(?:->|=>|[/／\\>＞→»›—–―‐‑−|｜、;；，：~～-]+)\s*", "-", narrow).strip("-")
    guessed = guessed if "-" in guessed else _HAN_BLANK.sub("-", guessed)
    return R18_1.found(guessed if _LEVELS.fullmatch(guessed) else "")
