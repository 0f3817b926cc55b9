"""The rules. Importing this package fills `REGISTER`; one module a subject, one unit a rule."""

from pipeline.rules import (
    agreement,
    audio,
    catalog,
    counts,
    created,
    delivery,
    duration,
    keywords,
    kind_of_resource,
    link,
    materials,
    media,
    opened,
    order,
    person,
    platforms,
    qualified,
    repeats,
    rounds,
    series,
    shared,
    speaker,
    statement,
    text,
    units,
    video,
    wording,
    workbook,
)
from pipeline.rules.rule import REGISTER, Reading, Rule

__all__ = ["REGISTER", "Reading", "Rule"]
