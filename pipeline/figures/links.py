"""链接与平台: where courses are deployed, and what is wrong there."""

from __future__ import annotations

import re

import pandas as pd

from pipeline.fields import PLATFORM_SHEET
from pipeline.figures.frames import BLANK, MISWRITTEN, by_size
from pipeline.figures.problems import by_rule
from pipeline.figures.submission import OF_RESOURCES
from pipeline.figures.values import Cell, Chart, Row, Section, Table, columns, rate
from pipeline.summarise import PASSED

_HOST = re.compile(r"(?i:https?)://(?:[^/?#@\s]*@)?([^/?#:@\s]+)")


def links(resources: pd.DataFrame, findings: pd.DataFrame) -> Section:
    """By platform and by web site; then the findings about links, platforms and 平台资质."""
    linked = resources[resources["资源链接"] != ""]
    deployed = resources[(resources["部署平台"] != "") | (resources["资源链接"] != "")]
    platforms = deployed["部署平台"].replace("", BLANK)
    on_fields = findings["field"].isin(["资源链接", "部署平台"])
    about = findings[on_fields | (findings["sheet"] == PLATFORM_SHEET)]
    named = platforms[platforms != BLANK].nunique()
    said = (
        f"有链接的资源 {len(linked)} 个，来自 {linked['unit'].nunique()} 个单位；写明的部署平台 {named} 个。"
    )
    said += f"链接和平台方面的问题 {len(about)} 处。"
    tables = (
        _places("platforms", "资源部署的平台", "部署平台", deployed, platforms),
        _places("hosts", "资源链接所在的网站", "网站", linked, linked["资源链接"].map(host).astype("object")),
        by_rule("link_problems", "链接和平台方面的问题", about, resources),
    )
    return Section("links", "链接与平台", (said,), tuple(table for table in tables if table.rows))


def host(url: str) -> str:
    """The web site of an address, in small letters."""
    found = _HOST.match(url)
    return found[1].lower() if found else MISWRITTEN


def _places(key: str, title: str, label: str, resources: pd.DataFrame, labels: pd.Series) -> Table:
    grouped = {str(name): rows for name, rows in resources.groupby(labels, sort=False)}
    rows: tuple[Row, ...] = tuple((name, *_held(grouped[name])) for name in by_size(labels))
    heads = columns(label, "报送单位", "资源数", "有链接", PASSED, "通过率")
    total: Row = ("合计", *_held(resources)) if len(rows) > 1 else ()
    return Table(key, title, heads, rows, total, Chart("个资源", (2,)), OF_RESOURCES)


def _held(resources: pd.DataFrame) -> tuple[Cell, ...]:
    passed = int((resources["verdict"] == PASSED).sum())
    linked = int((resources["资源链接"] != "").sum())
    number = len(resources)
    return int(resources["unit"].nunique()), number, linked, passed, rate(passed, number)
