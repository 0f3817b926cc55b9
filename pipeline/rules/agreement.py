"""Whether the received papers agree with the workbook: the unit's name, the resources (规则 W04, W05).

Of the table `documents`, as `pipeline.rules.statement` has it.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

import pandas as pd

from pipeline.model import Severity
from pipeline.papers import FORM_2, FORM_WORDS, RESOURCE_LIST, UNIT
from pipeline.pattern import late
from pipeline.rules.distinct import filled
from pipeline.rules.rule import INFERRED, LITERAL, table_rule
from pipeline.unitname import fold_name

_MOST_NAMES, _LONGEST_NAME = 2, 12
_NOT_WORDS = late(r"[^\w+#]+|_+")
"""C, C++ and C# are three."""


def same_unit(stated: str, names: Iterable[str]) -> bool:
    """Whether a name is one of these; 河南省 before it, width and blanks make no difference."""
    return _folded(stated) in {_folded(name) for name in names}


def _folded(name: str) -> str:
    return fold_name(FORM_WORDS.sub("", name)).removeprefix("河南省")


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
    found = documents[filled(documents["stated"])]
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
    source=f"{FORM_2}：（报送单位及资源列表另附）；一致通知未规定",
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
    return documents[filled(documents["diff"])]
