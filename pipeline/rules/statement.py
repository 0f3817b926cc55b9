"""The words of a received 安全审核说明 (规则 A2-2 to A2-5).

Of the table `documents`: a line for each Word document that is one of the papers.
"""

from __future__ import annotations

import datetime as dt
import difflib
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.model import Severity
from pipeline.papers import FORM_2, FORM_WORDS, RESOURCE_LIST, STATEMENT, unspaced
from pipeline.pattern import late
from pipeline.rules.distinct import filled
from pipeline.rules.rule import LITERAL, table_rule

if TYPE_CHECKING:
    from pipeline.settings import Settings

DOCUMENT_COLUMNS = (
    "@unit", "@workbook", "@sheet", "@row", "value",
    "paper", "said", "stated", "names", "attached", "listed", "held", "diff",
)  # fmt: skip
"""paper: which. said: the statement's words. stated: the unit's name in it; names: the names that it may
have, parted by line breaks. attached: whether a list came (是, 否, 看不出). listed, held, diff: how many
resources its list and the workbook have, "" where there is no list, and in what they differ.
"""

_NO_DATE = late(
    r"(?:20\d{2}|[XxＸ×_＿]{1,4})?\s?年(?:[\s_＿XxＸ×]{0,20}|\s?\d{1,2}\s?)月[\s_＿XxＸ×]{0,20}日"
)
_CROSSES = late(
    r"(?<![A-Za-z])[XxＸ×＊*○]{2,}(?![A-Za-z])\s*(?:[(（]\s*院校\s*[/／]\s*单位\s*[)）])?"
    r"|(?<=我)[\s_＿]{0,20}[(（]\s*院校\s*[/／]\s*单位\s*[)）]"
)
_YEAR = late(r"(20\d{2})年度")
_DATE = late(r"(20\d{2})[年./-](\d{1,2})[月./-](\d{1,2})日?")
_CHINESE_DATE = late(
    r"(二[〇○零0Oo][一二三四五六七八九〇○零]{2})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日"
)
_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | dict.fromkeys("〇○0Oo", 0)
_SPLIT = late(r"[,;。.!()\n]+")
_NOT_WORDS = late(r"[\W_]+")
_WE = late(r"[我本](?:单位|学校|学院|中心|公司|校|院|局|司|社|会|所|馆)")
_IN_BRACKETS = late(r"[(（][^()（）]*[)）]")
_ALIKE = 0.5
_SAID = (
    "我 郑州大学，自愿参与 2024年度继续教育数字化资源征集工作。申报的课程资源均经过我单位审核，"
    "审核方式为全量人工精审，资源均已通过内容安全审核，无意识形态安全风险，适用于网络、新媒体等各数字化形式传播，全部申报资源版权清晰，"
    "不存在侵权等问题（报送单位及资源列表另附）。同意组织方、协办方以“继续教育数字化资源”的名义，"
    "在国家智慧教育平台、国家开放大学终身教育平台、河南终身学习网等互联网平台和媒体进行发布共享和宣传。特此说明。2024年4月20日"
)
"""附件2 filled in, for the examples."""
_MOST_CLAUSES = 3
_WHO = late(
    r"我们?(?:单位|校|院|局|中心|公司)?[\s_＿:：]{0,20}([^，,。；\n]{0,60}?)[\s_＿]{0,20}[，,]?\s?自愿参与"
)


def stated_unit(said: str) -> str:
    """The unit's name in the statement, "" if none is filled in."""
    found = _WHO.search(said)
    name = FORM_WORDS.sub("", found[1]).strip(" _＿()（）“”") if found else ""
    return "" if _CROSSES.search(name) else name


def unfilled(said: str) -> list[str]:
    """The places of the form that still hold its crosses or blanks, in order, each once."""
    dates = [" ".join(found[0].split()) for found in _NO_DATE.finditer(said)]
    crosses = [" ".join(found[0].split()) for found in _CROSSES.finditer(_NO_DATE.sub("", said))]
    return list(dict.fromkeys([*crosses, *dates]))


def is_blank_form(said: str) -> bool:
    """Whether neither unit nor day is filled in: a form beside the scan of what was filled in by hand."""
    return not stated_unit(said) and bool(unfilled(said)) and not any(_dates(unspaced(said)))


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
    return documents[(documents["paper"] == STATEMENT) & filled(documents["said"])]


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
    source=f"{FORM_2}：我 XXX（院校/单位）、2024年XX月XX日",
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
    source=f"{FORM_2}：2024年度；通知第四部分：2024年4月25日前",
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
    return found[filled(found["what"])]


@table_rule(
    "A2-4",
    Severity.ERROR,
    STATEMENT,
    table="documents",
    reads=(),
    title="说明的承诺没有删改",
    why="删改了承诺，就不是通知要求的说明。",
    source=f"{FORM_2} 正文",
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
    source=f"{FORM_2}：（报送单位及资源列表另附）",
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
