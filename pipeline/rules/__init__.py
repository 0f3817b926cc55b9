"""The rules. Importing this package fills `REGISTER`; one module a subject, one unit a rule."""

from pipeline.rules import (
    attachments,
    catalog,
    counts,
    created,
    delivery,
    duration,
    keywords,
    kind_of_resource,
    link,
    media,
    opened,
    order,
    platforms,
    qualified,
    repeats,
    rounds,
    series,
    shared,
    speaker,
    text,
    units,
    wording,
    workbook,
)
from pipeline.rules.rule import REGISTER, Reading, Rule

__all__ = ["REGISTER", "Reading", "Rule"]
