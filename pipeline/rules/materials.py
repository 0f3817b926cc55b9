"""The sealed papers: have they come, is a seal to be seen, can they be read (规则 A1-1, A2-1, A2-6).

Of the table `materials`: a line for each unit and paper, and one for each scan.
"""

from __future__ import annotations

import pandas as pd

from pipeline.model import Severity
from pipeline.papers import FORM_1, FORM_2, REGISTRATION, STATEMENT
from pipeline.rules.distinct import blank
from pipeline.rules.rule import INFERRED, LITERAL, OTHER, table_rule

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

_SIDE = 600
"""A page of text with fewer pixels on its shorter side cannot be read."""

_SCAN_IT = "请把盖好公章的{paper}扫描或拍照，放进本单位的文件夹，文件名写明“{paper}”。"
_SEAL_SEEN = "看得到红章的无须处理；没有盖章的，请盖章后重新扫描报送。"


def _papers(materials: pd.DataFrame, paper: str, standing: str) -> pd.DataFrame:
    return materials[(materials["paper"] == paper) & (materials["standing"] == standing)]


def _without_seal(materials: pd.DataFrame, paper: str) -> pd.DataFrame:
    scans = materials[(materials["paper"] == paper) & blank(materials["standing"])]
    return scans[scans["seal"] == "无"]


@table_rule(
    "A1-1",
    Severity.ERROR,
    REGISTRATION,
    table="materials",
    reads=(),
    title="登记表已提交",
    why="负责人信息登记表加盖公章报送后，单位才能开通账号。",
    source=f"通知第四部分；{FORM_1}",
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
    source=FORM_1,
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
    source=f"{FORM_1}；检测办法通知未规定",
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
    source=f"通知第四部分；{FORM_2}（盖单位章）",
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
    source=f"{FORM_2}（盖单位章）",
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
    source=f"{FORM_2}（盖单位章）；检测办法通知未规定",
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
    scans = materials[blank(materials["standing"])]
    sides = scans["side"].astype(float)
    small, turned = (sides > 0) & (sides < _SIDE), scans["turned"] == "是"
    what = sides.map("短边只有 {:.0f} 像素，可能看不清".format).where(small, "方向不正")
    return scans.assign(what=what)[small | turned]
