"""The name of a unit: how it is compared, and how it may stand to the register."""

from __future__ import annotations

import unicodedata

from pipeline.pattern import late

KNOWN, FORMER, SHORT, UNKNOWN = "在册", "曾用名", "简称", "不在册"
"""How a unit's name stands to the register (column `standing` of the table `units`)."""

_BLANKS = late(r"[\s\u200b\ufeff]+")
_EDUCATION_OFFICE = late("教育(?:和|文化|卫生|健康|体育|旅游|科技)+局|教体局")


def fold_name(name: str) -> str:
    """A unit's name as it is compared: blanks, width and case make no difference.

    Education offices merge with those of sport, culture or health and part again, while a
    place has but one: 教育体育局 is 教育局.
    """
    plain = _BLANKS.sub("", unicodedata.normalize("NFKC", name)).casefold()
    return _EDUCATION_OFFICE.sub("教育局", plain)
