"""The pandera schema of 资源清单, built from the fields: what a right cell is, and nothing else.

Every column is text, blank is "". A failing cell comes out as (row index, field, why),
`why` being `required` or `form`; the rules then say what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd
import pandera.pandas as pa

from pipeline.fields import FIELDS, Field
from pipeline.rules import REGISTER
from pipeline.settings import Settings

REQUIRED, FORM = "required", "form"


def build_schema(settings: Settings) -> pa.DataFrameSchema:
    """The schema under the settings in force (the code table, what is 必填)."""
    return pa.DataFrameSchema({field.name: pa.Column(None, _checks(field, settings)) for field in FIELDS})


def failures(table: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """The failing cells: columns index, column, check.

    A check that raises is our fault, not the cell's: RuntimeError.
    """
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases: pd.DataFrame = error.failure_cases
        broken = cases[cases["index"].isna()]
        if len(broken):
            raise RuntimeError(f"schema: {broken['failure_case'].iloc[0]}") from error
        return cases[["index", "column", "check"]]
    return pd.DataFrame({"index": [], "column": [], "check": []})


def right(field: Field, settings: Settings) -> Callable[[str], bool]:
    """Whether one text is in the canonical form of a field; the same that the schema asks."""
    form = re.compile(field.form, re.DOTALL) if field.form else None
    condition = REGISTER.conditions.get(field.name)

    def is_right(text: str) -> bool:
        if form and not form.fullmatch(text):
            return False
        if condition and not condition(text, settings):
            return False
        parts = text.split(";") if field.separated else ()
        return len(set(parts)) == len(parts)

    return is_right


def _checks(field: Field, settings: Settings) -> list[pa.Check]:
    checks = []
    if field.name in settings.required:
        checks.append(pa.Check(_is_filled, error=REQUIRED))
    if field.name in REGISTER.readers:
        checks.append(pa.Check(_on_distinct(right(field, settings)), error=FORM))
    return checks


def _is_filled(column: pd.Series) -> pd.Series:
    return column != ""


def _on_distinct(is_right: Callable[[str], bool]) -> Callable[[pd.Series], pd.Series]:
    """Ask each distinct text once; blank is right here, `required` is another check."""

    def check(column: pd.Series) -> pd.Series:
        known = {"": True}
        for text in column.tolist():
            if text not in known:
                known[text] = is_right(text)
        if all(known.values()):
            return pd.Series(True, index=column.index)
        return column.map(known).astype(bool)

    return check
