"""resources.csv is put together from parts of lines: the same as cell by cell, whatever the cells hold."""

from __future__ import annotations

import math

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.render.tables import (
    MEASURED_COLUMNS,
    OUTCOME_COLUMNS,
    PLACE_COLUMNS,
    csv_bytes,
    resources_csv,
)
from pipeline.rounds.decide import Rows
from pipeline.summarise import Counts, Tally
from tests.small_tables import table_of

TEXTS = st.text(st.sampled_from("甲a,\"'=+-@\t\r\n\0\ufffe"), max_size=4)
NUMBERS = st.sampled_from([0.0, 1.0, 29.97, 1234.5678, math.nan])
FACTS = st.fixed_dictionaries(
    {
        "path": st.sampled_from(["", "a.mp3", "b.mp4"]),
        **{
            name: st.sampled_from(["", "mp3", "mp4", 'H,"264'])
            if "codec" in name or name == "real"
            else NUMBERS
            for name in MEASURED_COLUMNS
        },
    }
)
SAID = st.tuples(
    st.none() | st.builds(Counts, *[st.integers(0, 2)] * 5), st.sampled_from(["", "通过", "不推荐"])
)


@given(
    st.lists(
        st.tuples(TEXTS, st.sampled_from(["甲,校", "乙校"]), st.lists(FACTS, max_size=2), SAID), min_size=1
    ),
    st.booleans(),
)
@settings(deadline=None, max_examples=50)
def test_parts_of_lines_are_what_the_cells_are(
    drawn: list[tuple[str, str, list[dict[str, object]], tuple[Counts | None, str]]], sent_back: bool
) -> None:
    # 点击量 is malformed, and shown as sent, wherever the text is not blank.
    rows = Rows(table_of([{"资源名称": text, "点击量": text, "@unit": unit} for text, unit, _, _ in drawn]))
    # A table has the rows of each unit together.
    drawn = sorted(drawn, key=lambda each: [unit for _, unit, _, _ in drawn].index(each[1]))
    keys = [row.key for row in rows]
    files = [{"@index": index, **facts} for index, each in enumerate(drawn) for facts in each[2]]
    media = pd.DataFrame(files, columns=["@index", "path", *MEASURED_COLUMNS])
    counts = Tally(
        rows={key: said[0] for key, (_, _, _, said) in zip(keys, drawn, strict=True) if said[0]},
        whole_workbooks={keys[0][:2]: Counts(errors=1, deciding_errors=1)} if sent_back else {},
        decisions={key: said[1] for key, (_, _, _, said) in zip(keys, drawn, strict=True) if said[1]},
    )
    lines = []
    for index, key in enumerate(keys):
        first = next((facts for facts in drawn[index][2] if facts["path"]), {})
        here = counts.rows.get(key, Counts())
        lines.append(
            [
                *key,
                *(rows.shown[name][index] for name in rows.shown),
                *(plain(first.get(name, "")) for name in MEASURED_COLUMNS),
                "不适用" if first.get("real") == "mp3" else "",
                *(here.errors, here.warnings, here.notes, counts.verdict(*key)),
                counts.decisions.get(key, ""),
            ]
        )
    names = (*PLACE_COLUMNS, *rows.shown, *MEASURED_COLUMNS, "bit_depth", *OUTCOME_COLUMNS)
    assert b"".join(resources_csv(rows, media, counts)) == csv_bytes(names, lines)


def plain(fact: object) -> object:
    if not isinstance(fact, float):
        return fact
    return "" if math.isnan(fact) or not fact else f"{fact:.3f}".rstrip("0").rstrip(".")
