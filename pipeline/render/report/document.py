"""What goes to the Ministry: the report as prose with numbers, tables, and charts as pictures (.docx)."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator

from pipeline.figures.values import Figures, Table, bars, shown
from pipeline.render.report import layout
from pipeline.render.report.charts import legend, picture
from pipeline.render.report.layout import Head

MOST_ROWS = 20
"""Rows of a table in the document; the workbook has all."""

_NUMERALS = "一二三四五六七八九十"


def document(figures: Figures, dated: dt.date) -> bytes:
    """The .docx; the same figures and day give the same bytes. dated: the day of the run."""
    head = figures.head
    written = layout.new_document(head.title)
    tables, pictures = itertools.count(1), itertools.count(1)
    for numeral, section in zip(_NUMERALS, figures.sections, strict=False):
        layout.add_heading(written, f"{numeral}、{section.title}")
        for sentence in section.sentences:
            layout.add_paragraph(written, sentence)
        if numeral == _NUMERALS[0]:
            _add_numbers(written, figures, tables)
        for table in section.tables:
            if table.short:
                _add_table(written, table, tables)
                if table.chart and len(table.rows) > 1:
                    _add_chart(written, table, pictures)
    layout.add_heading(written, f"{_NUMERALS[len(figures.sections)]}、口径说明")
    for number, note in enumerate(figures.notes, 1):
        layout.add_paragraph(written, f"{number}. {note}")
    layout.add_paragraph(written, "各单位的情况和逐条问题，见汇总报告.xlsx、汇总报告.html。")
    layout.add_paragraph(written, head.day, right=True)
    return layout.to_bytes(written, dated)


def _add_numbers(written: object, figures: Figures, tables: Iterator[int]) -> None:
    layout.add_caption(written, f"表{next(tables)} 主要数据", above=True)
    heads = [Head("指标", numeric=False), Head("数量", numeric=True), Head("单位", numeric=False)]
    heads.append(Head("说明", numeric=False))
    rows = [[number.label, shown(number.value), number.unit, number.says] for number in figures.numbers]
    layout.add_table(written, heads, rows)


def _add_table(written: object, table: Table, tables: Iterator[int]) -> None:
    """The columns for which there is room, and the first rows; what is left out is said."""
    kept = [at for at, column in enumerate(table.columns) if column.short]
    heads = [Head(table.columns[at].name, table.columns[at].numeric) for at in kept]
    rows = [[shown(row[at]) for at in kept] for row in table.rows[:MOST_ROWS]]
    total = [shown(table.total[at]) for at in kept] if table.total else []
    layout.add_caption(written, f"表{next(tables)} {table.title}", above=True)
    layout.add_table(written, heads, rows, total)
    rest = len(table.rows) - len(rows)
    more = f"表中列出前 {MOST_ROWS} 行，其余 {rest} 行见汇总报告.xlsx。" if rest else ""
    if table.note or more:
        layout.add_small(written, f"注：{table.note}{more}")


def _add_chart(written: object, table: Table, pictures: Iterator[int]) -> None:
    chart = bars(table)
    drawn = picture(chart)
    name = f"图{next(pictures)} {chart.title}（单位：{chart.unit}）"
    lines = "；".join(f"{label} {' / '.join(map(shown, values))}" for label, values in chart.rows)
    layout.add_picture(written, drawn.png, drawn.height, f"{name}。{'、'.join(chart.series)}：{lines}")
    layout.add_caption(written, name, above=False)
    if drawn.keys:
        layout.add_small(written, f"图中{legend(drawn.keys)}。")
