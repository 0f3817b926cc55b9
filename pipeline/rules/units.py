"""Units and the register 报送单位名录 (规则 W01, W08), and its short names under 版权方 (R11-2b)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.model import Severity
from pipeline.rules.distinct import each_text, filled
from pipeline.rules.rule import INFERRED, LITERAL, rule, table_rule
from pipeline.rules.wording import R11_2_SOURCE, rights_not_named
from pipeline.settings import Settings
from pipeline.unitname import FORMER, SHORT, UNKNOWN, fold_name

if TYPE_CHECKING:
    import pandas as pd

_SOURCE = "通知第四部分：报送单位；名录由省级维护，通知未附"


@table_rule(
    "W01",
    Severity.ERROR,
    "单位名称",
    table="units",
    reads=(),
    title="报送单位在名录内",
    why="名录已收全这一类单位，不在其中的多半写错了名称，汇总时对不上。",
    source=_SOURCE,
    basis=INFERRED,
    says="“{value}”不在报送单位名录中{near}。",
    fix="请改为名录中的单位全称{hint}；县（市、区）的单位请由上级教育局汇总报送。",
    bad="""
    | value | standing | complete | near | suggestion |
    | 郑洲市教育局 | >不在册< | 是 | ，相近的有“郑州市教育局” | 郑州市教育局 |
    """,
    good="在册",
)
def not_in_the_complete_register(units: pd.DataFrame) -> pd.DataFrame:
    """complete: the register says that it holds all units of this type."""
    return units[(units["standing"] == UNKNOWN) & (units["complete"] == "是")]


@table_rule(
    "W01b",
    Severity.NOTE,
    "单位名称",
    table="units",
    reads=(),
    title="名录没有收全的单位，请核对名称",
    why="名录没有收全这一类单位，查不到不等于写错，请省级工作人员核实。",
    source=_SOURCE,
    basis=INFERRED,
    says="“{value}”不在报送单位名录中{near}，名录没有收全这一类单位。",
    fix="请核对单位全称{hint}；名称无误的无须处理，由省级工作人员补入名录。",
    bad="""
    | value | standing | complete | near | suggestion |
    | 河南示例职业学院 | >不在册< | 否 | | |
    """,
    good="在册",
)
def not_in_the_incomplete_register(units: pd.DataFrame) -> pd.DataFrame:
    """Units that a bureau forwards stand in no register of direct units, and are not told."""
    return units[(units["standing"] == UNKNOWN) & (units["complete"] == "否")]


@table_rule(
    "W01c",
    Severity.NOTE,
    "单位名称",
    table="units",
    reads=(),
    title="单位用现名",
    why="单位更名后仍用旧名，与往年和平台上的记录对不上。",
    source=_SOURCE,
    basis=INFERRED,
    says="“{value}”是曾用名，名录中的现名是“{suggestion}”。",
    fix="请改用现名“{suggestion}”，并与公章一致。",
    bad="""
    | value | standing | suggestion |
    | 信阳师范学院 | >曾用名< | 信阳师范大学 |
    """,
    good="在册",
)
def under_a_former_name(units: pd.DataFrame) -> pd.DataFrame:
    """The suggestion is the present name."""
    return units[units["standing"] == FORMER]


@table_rule(
    "W01d",
    Severity.NOTE,
    "单位名称",
    table="units",
    reads=(),
    title="单位用全称",
    why="简称离开本省就看不出是谁，也可能与别的单位相同。",
    source=_SOURCE,
    basis=INFERRED,
    says="“{value}”是简称，名录中的全称是“{suggestion}”。",
    fix="请改用全称“{suggestion}”，并与公章一致。",
    bad="""
    | value | standing | suggestion |
    | 郑州教育局 | >简称< | 郑州市教育局 |
    """,
    good="在册",
)
def under_a_short_name(units: pd.DataFrame) -> pd.DataFrame:
    """The suggestion is the full name."""
    return units[units["standing"] == SHORT]


W08 = rule(
    "W08",
    Severity.NOTE,
    "单位",
    title="名录中的单位都已报送",
    why="过了时限还没有报送的单位要由省级催报。",
    source="通知第四部分：2024年4月25日、5月15日前报送；催报方式通知未规定",
    basis=LITERAL,
    says="名录中有 {count} 个单位没有报送：{names}。",
    fix="请与这些单位联系，确认是否报送。",
    bad="名录中有、本次没有收到任何文件的单位",
    good="已收到文件的单位，或由它转报的下属单位",
)


@table_rule(
    "R11-2b",
    Severity.WARNING,
    "版权方",
    reads=("版权方",),
    title="版权方填全称，不用名录中单位的简称",
    why="简称离开本省就看不出是谁，也可能与别的单位相同。",
    source=R11_2_SOURCE,
    basis=INFERRED,
    says="“{value}”是“{suggestion}”的简称。",
    fix="请填版权所属机构的全称，建议“{suggestion}”。",
    bad="""
    | 版权方 |
    | >郑州教育局< |
    """,
    good="郑州市教育局",
)
def rights_under_a_short_name(
    resources: pd.DataFrame, register: pd.DataFrame, settings: Settings
) -> pd.DataFrame:
    """register: each short name that one registered unit alone has, folded, and the full name.

    The unit's own short name is R11-2's. Units that are not registered may have the same
    short name (河大), so the suggestion is not safe.
    """
    full = dict(zip(register["alias"], register["full"], strict=True))
    meant = each_text(resources["版权方"], lambda text: full.get(fold_name(text), ""))
    found = resources.assign(suggestion=meant)[filled(meant) & (meant != resources["版权方"])]
    if "R11-2" in settings.off or rights_not_named.check is None:
        return found
    return found[~found["@index"].isin(rights_not_named.check(found)["@index"])]
