"""The workbook that goes back to a unit: its own file, marked (or its rows in the template's layout).

Here is decided what it says; `mark_file` writes it, in a worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from pipeline.fields import BY_NAME, RESOURCE_SHEET
from pipeline.model import Answer, Finding, Kind, Layout, Submission
from pipeline.render.marks import mark_file as mark_file
from pipeline.render.returned import Mark, Returned
from pipeline.render.returned import MarkTask as MarkTask
from pipeline.render.template import CODE_RANGE, standard_workbook
from pipeline.render.worksheet import column_number
from pipeline.rules import REGISTER
from pipeline.summarise import Told

PATCHED = frozenset({"xlsx", "xlsm"})
"""Real formats that are marked in place; the others come back in the template's layout."""

ADOPTED = "W09"
"""The rule that tells of a suggestion which the unit accepted and which was used."""

_Said = Mapping[tuple[str, ...], Answer]


def mark_task(
    submission: Submission,
    copy: Path | None,
    told: Iterable[Told],
    head: tuple[str, ...],
    identity: Mapping[str, str],
    *,
    codes: Mapping[str, str],
    version: str,
    call_id: str,
    wrong_rows_only: bool = False,
) -> MarkTask:
    """What is to be marked, wherever the rows come to stand.

    copy: the file as sent, to be marked itself; None, or a format that cannot be marked:
    the rows are put into the template's layout, and the head says so. codes: what each code of
    资源类型 means. wrong_rows_only: the other rows are hidden.
    """
    if copy is not None and submission.kind in PATCHED:
        layout, rows = submission.layout, {row: row for row in submission.rows}
        source: Path | bytes = copy
    else:
        layout, rows, source = _in_template(submission, codes, version, call_id)
        head = (*head, _of_the_template(submission, rows))
    said = _answers(submission.answers)
    known = tuple(codes)
    marks = tuple(_mark(each, submission, layout, rows, known, said) for each in told)
    bounds = (layout.header_row, layout.last_row)
    return MarkTask(source, Returned(head, dict(identity), layout.sheet, *bounds, marks, wrong_rows_only))


def _in_template(
    submission: Submission, codes: Mapping[str, str], version: str, call_id: str
) -> tuple[Layout, dict[int, int], bytes]:
    """The rows as sent in the template's layout: every row, every field, nothing corrected."""
    names = list(submission.cells)
    records = [dict(zip(names, texts, strict=True)) for texts in zip(*submission.cells.values(), strict=True)]
    info = {label: value.text for label, value in submission.unit_info.items()}
    platforms = [{name: value.text for name, value in row.items()} for row in submission.platforms]
    data = standard_workbook(
        codes=codes, version=version, call_id=call_id, rows=records, unit_info=info, platforms=platforms
    )
    columns = {name: number for number, name in enumerate(names, 1)}
    rows = {row: number for number, row in enumerate(submission.rows, 2)}
    return Layout(RESOURCE_SHEET, 1, len(rows) + 1, columns), rows, data


def _of_the_template(submission: Submission, rows: Mapping[int, int]) -> str:
    """What the unit must know of a file that is not its own."""
    acts = next((str(found.facts["what"]) for found in submission.findings if found.code == "F07"), "")
    moved = any(sent != now for sent, now in rows.items())
    return (
        "本文件按标准表的版式重新生成，资源清单、单位信息和平台资质的内容与报送的相同，"
        "其他工作表和自己加的列没有带回；请用本文件修改后报送。"
        + (f"原文件中的{acts}没有带回。" if acts else "")
        + ("“问题”里提到的第几行，是报送的原文件中的行号。" if moved else "")
    )


def _mark(
    told: Told,
    submission: Submission,
    layout: Layout,
    rows: Mapping[int, int],
    codes: tuple[str, ...],
    said: _Said,
) -> Mark:
    found = told.finding
    place = found.place
    in_table = place.sheet == submission.layout.sheet and place.row in rows
    kept = layout is submission.layout and place.sheet != ""
    stated = column_number(place.cell.rstrip("0123456789")) if kept else 0
    column = layout.columns.get(place.field, 0) if in_table else stated
    plain = _is_plain(found, submission, in_table=in_table)
    accepted, explained = _carried(found, said)
    return Mark(
        severity=told.severity,
        sheet=layout.sheet if in_table else place.sheet if kept else "",
        row=rows[place.row] if in_table else place.row if kept else 0,
        column=column,
        field=place.field,
        value=found.value,
        message=told.message,
        fix=told.fix,
        suggestion=found.suggestion,
        safe=found.safe,
        code=found.code,
        source=told.source,
        plain=plain,
        accepted=accepted,
        explained=explained,
        form=_form(found.code, place.field, codes) if plain else "",
    )


def _answers(answers: Sequence[Answer]) -> _Said:
    """The answers by what they are about; of several about the same the first.

    A line that stands for differing values speaks for its rule and field. What was adopted
    (W09) and the finding before it are about the same value, whatever their rule.
    """
    said: dict[tuple[str, ...], Answer] = {}
    for each in answers:
        about = (each.field, each.value, each.suggestion)
        if each.several:
            said.setdefault((each.code, each.field), each)
        else:
            said.setdefault((each.code, *about), each)
            said.setdefault(("", *about), each)
    return said


def _carried(found: Finding, said: _Said) -> tuple[str, str]:
    """What the unit said of this in the round before: (是否采纳, 单位说明)."""
    if not said:
        return ("是" if found.code == ADOPTED else ""), ""
    field = found.place.field
    about = (field, found.value, found.suggestion)
    answer = said.get((found.code, *about)) or said.get((found.code, field))
    before = said.get(("", *about)) if found.suggestion else None
    if answer is None and before is not None and ADOPTED in (found.code, before.code):
        answer = before
    accepted, explained = (answer.accepted, answer.explained) if answer else ("", "")
    return accepted or ("是" if found.code == ADOPTED else ""), explained


@cache
def _form(code: str, name: str, codes: tuple[str, ...]) -> str:
    """A formula that is TRUE for a cell right in form, "" if the rule is not about the field's form."""
    field, rule = BY_NAME.get(name), REGISTER.rules.get(code)
    if field is None or rule is None or rule.check is not None or rule.on != name or not field.excel:
        return ""
    # The unit's workbook need not have the template's name for the codes.
    exact = ",".join('EXACT({c},"' + each.replace('"', '""') + '")' for each in codes)
    right = f'OR({{c}}="",{exact})' if CODE_RANGE in field.excel else field.excel
    return f"AND(LEN({{c}})>0,{right})" if field.required else right


def _is_plain(found: Finding, submission: Submission, *, in_table: bool) -> bool:
    kind = submission.kinds.get(found.place.field, {}).get(found.place.row, Kind.TEXT)
    return in_table and kind is Kind.TEXT
