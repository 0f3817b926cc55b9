"""关键词 and 所属分类 (规则 R17, R18)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process

from pipeline.fields import form_of
from pipeline.model import Facts, Kind, Severity
from pipeline.pattern import late
from pipeline.rules.distinct import each_text, filled, texts_that
from pipeline.rules.rule import EXAMPLE, INFERRED, LITERAL, Reading, condition, reader, rule, table_rule
from pipeline.rules.text import G02
from pipeline.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

_CLAUSE = "附件4 表1 “关键词”：多个用英文;隔开"
_BLANKS = late(r"[^\S\n\t]{2,}|\s{3,}")
"""Folded first: thirty thousand blanks in a cell must not take time that grows with their square."""
_HAN_BLANK = late(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_HAN_UNDERLINE = late(r"(?<=[\u3400-\u9fff])\s*[_＿]+\s*(?=[\u3400-\u9fff])")
_SLASH = late(r"\s*[/／]\s*")
_HAN_WORD = late(r"[\u3400-\u9fff]{2,12}")
_HAN_ONLY = late(r"[\u3400-\u9fff]+")
_ONE_WORD = late(r"[^\W\d_\u3400-\u9fff]+(?:['’-][^\W\d_\u3400-\u9fff]+)*|[0-9]+|[^\s]")
"""A word of letters counts like one Chinese character: Financial Reporting Standards is no long keyword."""

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


@condition("关键词")
def is_not_parted_by_slashes(text: str, _settings: Settings) -> bool:
    """TCP/IP, 输入/输出 and 客户端/服务器;云计算 hold a stroke by right."""
    return not _slashed(text)


@reader("关键词")
def read_keywords(text: str, _kind: Kind, settings: Settings) -> Reading:
    """Words from any way of listing them; a blank parts words only between Chinese characters."""
    text = _BLANKS.sub(" ", text)
    guessed = _HAN_BLANK.sub(";", re.sub(r"\s*[、，,。|｜\n\t]+\s*", ";", text))
    guessed = _SLASH.sub(";", text) if _slashed(text) else guessed
    parts = [re.sub(r"\s+", " ", part).strip() for part in re.split("[;；]", guessed)]
    words = list(dict.fromkeys(part for part in parts if part))
    value = ";".join(words)
    if not form_of("关键词").fullmatch(value) or _slashed(value):
        return R17_1.found()
    if guessed != text:
        only_lines = guessed == re.sub(r"\s*[\n\t]+\s*", ";", text)
        return (G02 if only_lines else R17_1).found("" if _is_prose(words, settings) else value)
    flaws: list[tuple[str, Facts]] = []
    if "；" in text:
        flaws.append((R17_1B.code, {}))
    if len(words) < len(parts) or not flaws:
        flaws.append((R17_2.code, {}))
    return Reading(value, True, tuple(flaws))


def _slashed(text: str) -> bool:
    """Chinese words with strokes alone between them: three or more, or two longer than opposites are."""
    if "/" not in text and "／" not in text:
        return False
    parts = _SLASH.split(text)
    shortest = 2 if len(parts) > 2 else 3
    return all(len(part) >= shortest and _HAN_WORD.fullmatch(part) for part in parts)


def _is_prose(words: list[str], settings: Settings) -> bool:
    """More or longer words than keywords are: a sentence that was cut at its commas."""
    return len(words) > settings.keywords.most or any(_length(w) > settings.keywords.longest for w in words)


def _length(word: str) -> int:
    """Characters, a word of foreign letters or a number counting as one."""
    return len(word) if _HAN_ONLY.fullmatch(word) else len(_ONE_WORD.findall(word))


@table_rule(
    "R17-2b",
    Severity.NOTE,
    "关键词",
    reads=("关键词",),
    title="一个关键词不过长",
    why="很长的一段多半是一句话，按它检索不到资源。",
    source=_CLAUSE + "；字数通知未规定，由本省设定",
    basis=INFERRED,
    says="关键词“{word}”有 {length} 字，超过 {longest} 字。",
    fix="请改为简短的词；其中有几个词的，请用英文分号 ; 隔开。",
    bad="""
    | 关键词 |
    | >新媒体;人工智能;面向老年学员讲解智能手机操作方法和网络安全常识的课程< |
    """,
    good="新媒体;人工智能;网络安全",
)
def keyword_too_long(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Told of the longest word of the cell."""
    limit = settings.keywords.longest
    word = each_text(resources["关键词"], lambda text: _too_long(text, limit))
    rows = resources.assign(word=word, longest=limit)[filled(word)]
    return rows.assign(length=rows["word"].map(_length))


def _too_long(text: str, limit: int) -> str:
    """The longest of the words, if it is beyond the limit, else ""."""
    longest = max((word for word in text.split(";") if len(word) > limit), key=_length, default="")
    return longest if _length(longest) > limit else ""


@table_rule(
    "R17-2c",
    Severity.NOTE,
    "关键词",
    reads=("关键词",),
    title="关键词不过多、不过少",
    why="太少检索不到，太多分不出主次。",
    source=_CLAUSE + "；个数通知未规定，由本省设定",
    basis=INFERRED,
    says="“{value}”是 {number} 个关键词，以 {fewest}–{most} 个为宜。",
    fix="请增减到 {fewest}–{most} 个最能说明内容的词。",
    bad="""
    | 关键词 |
    | >新媒体< |
    """,
    good="新媒体;人工智能;网络安全",
)
def keywords_too_few_or_many(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """A sentence in place of words is told by R17-2b alone."""
    limits = settings.keywords

    def is_wrong(text: str) -> bool:
        few = _number(text) < limits.fewest and not _too_long(text, limits.longest)
        return text != "" and (few or _number(text) > limits.most)

    rows = resources[texts_that(resources["关键词"], is_wrong)]
    number = each_text(rows["关键词"], _number)
    return rows.assign(number=number, fewest=limits.fewest, most=limits.most)


def _number(text: str) -> int:
    return text.count(";") + 1


@condition("所属分类")
def is_not_parted_by_underlines(text: str, _settings: Settings) -> bool:
    """An underline between Chinese characters stands for the minus."""
    return not _HAN_UNDERLINE.search(text)


@reader("所属分类")
def read_category(text: str, _kind: Kind, settings: Settings) -> Reading:
    """Levels from any separator; only a full-width minus or blanks beside it leave no doubt."""
    narrow = re.sub(r"\s*[-－]\s*", "-", _BLANKS.sub(" ", text))
    if _is_category(narrow):
        return R18_1.found(narrow, safe=True)
    guessed = _HAN_UNDERLINE.sub("-", narrow)
    guessed = re.sub(r"\s*(?:->|=>|[/／\\>＞→»›—–―‐‑−|｜、;；，：~～-]+)\s*", "-", guessed).strip("-")
    guessed = guessed if "-" in guessed else _HAN_BLANK.sub("-", guessed)
    return R18_1.found(guessed if _is_category(guessed) and _is_listed(guessed, settings.categories) else "")


def _is_category(text: str) -> bool:
    return bool(form_of("所属分类").fullmatch(text)) and not _HAN_UNDERLINE.search(text)


def _is_listed(text: str, categories: tuple[str, ...]) -> bool:
    """Whether a category is an entry of the vocabulary, above one or below; if it is empty, any is."""
    whole = f"{text}-"
    return not categories or any(whole.startswith(f"{c}-") or f"{c}-".startswith(whole) for c in categories)


@table_rule(
    "R18-2",
    Severity.NOTE,
    "所属分类",
    reads=("所属分类",),
    title="所属分类在分类词表内",
    why="词表以外的分类，平台上没有地方放。",
    source="附件4 表1 “所属分类”：所属分类目录体系；词表通知未附，由本省设定",
    basis=INFERRED,
    says="“{value}”不在分类词表内。",
    fix="请从分类词表中选一个{hint}。",
    bad="""
    | categories | 所属分类 |
    | 科学文化-航空知识;老年教育-书法 | >航空类知识< |
    """,
    good="科学文化-航空知识-航空发动机",
)
def category_not_listed(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Only where config.yaml has a vocabulary; the suggestion is the most like entry."""
    listed = settings.categories
    wrong = resources[texts_that(resources["所属分类"], lambda text: text and not _is_listed(text, listed))]
    return wrong.assign(suggestion=each_text(wrong["所属分类"], lambda text: _nearest(text, listed)))


def _nearest(text: str, categories: tuple[str, ...]) -> str:
    """The entry that is most like a text, "" if none is like it or two are equally so."""
    usable = [each for each in categories if _is_category(each)]
    best = process.extract(text, usable, scorer=fuzz.WRatio, score_cutoff=60, limit=2)
    if not best or (len(best) == 2 and best[0][1] == best[1][1]):
        return ""
    return best[0][0]
