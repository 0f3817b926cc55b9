"""The pandera schema of 资源清单, built from the fields: what a right cell is, and nothing else.

Every column is text, blank is "". It is asked of the distinct texts of each column that are not plainly
right; those that fail come out by check, `required` or `form`; the rules then say what is wrong with them.
pandera is imported when a schema is first built: where every text is right, nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.column import Column
from pipeline.fields import FIELDS, Field, form_of
from pipeline.rules import REGISTER
from pipeline.settings import Settings

if TYPE_CHECKING:
    import pandera.pandas as pa

REQUIRED, FORM = "required", "form"


def build_schema(settings: Settings) -> pa.DataFrameSchema:
    """The schema under the settings in force (the code table, what is 必填)."""
    import pandera.pandas as pa

    return pa.DataFrameSchema({field.name: pa.Column(None, _checks(field, settings)) for field in FIELDS})


def refused(schema: pa.DataFrameSchema, name: str, texts: Collection[str]) -> dict[str, set[str]]:
    """Which of the distinct texts of a field the schema refuses, by check.

    A check that raises is our fault, not the text's: RuntimeError.
    """
    from pandera.errors import SchemaErrors

    column = schema.columns[name]
    if not column.checks:
        return {}
    try:
        column.validate(pd.DataFrame({name: pd.Series(list(texts), dtype=object)}), lazy=True)
    except SchemaErrors as error:
        cases: pd.DataFrame = error.failure_cases
        broken = cases[cases["index"].isna()]
        if len(broken):
            raise RuntimeError(f"schema: {broken['failure_case'].iloc[0]}") from error
        return {str(check): set(failing) for check, failing in cases.groupby("check")["failure_case"]}
    return {}


def doubtful(field: Field, column: Column, settings: Settings) -> list[str]:
    """The distinct texts of a field that are not right: none that the schema refuses is left out."""
    blank = [""] if field.name in settings.required and "" in column.distinct else []
    if field.name not in REGISTER.readers:
        return blank
    is_right = right(field, settings)
    sieve = REGISTER.sieves.get(field.name)
    suspects = sieve(column, is_right) if sieve else column.distinct
    return blank + [text for text in suspects if text and not is_right(text)]


def right(field: Field, settings: Settings) -> Callable[[str], object]:
    """Whether one text is in the canonical form of a field; the same that the schema asks."""
    tests: list[Callable[[str], object]] = [form_of(field.name).fullmatch] if field.form else []
    condition = REGISTER.conditions.get(field.name)
    if condition:
        tests.append(lambda text: condition(text, settings))
    if field.separated:
        tests.append(_all_differ)
    return tests[0] if len(tests) == 1 else lambda text: all(test(text) for test in tests)


def _all_differ(text: str) -> bool:
    parts = text.split(";")
    return len(set(parts)) == len(parts)


def _checks(field: Field, settings: Settings) -> list[pa.Check]:
    import pandera.pandas as pa

    checks = []
    if field.name in settings.required:
        checks.append(pa.Check(_is_filled, error=REQUIRED))
    if field.name in REGISTER.readers:
        checks.append(pa.Check(_on_each(right(field, settings)), error=FORM))
    return checks


def _is_filled(column: pd.Series) -> pd.Series:
    return column != ""


def _on_each(is_right: Callable[[str], object]) -> Callable[[pd.Series], pd.Series]:
    """Ask each text; blank is right here, `required` is another check."""

    def check(column: pd.Series) -> pd.Series:
        return pd.Series(
            [not text or bool(is_right(text)) for text in column.tolist()], column.index, dtype=bool
        )

    return check
