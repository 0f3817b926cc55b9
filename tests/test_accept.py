"""What a unit accepts is used wherever the program suggests it, and nowhere else."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from pipeline.canonical import canonical
from pipeline.fields import NAMES
from pipeline.model import Answer, Finding, Kind, Labelled, Place, Submission
from pipeline.rounds.accept import apply, explanation_of, explanations, is_accepted
from pipeline.summarise import tell
from tests.small_tables import RIGHT_ROW, SETTINGS, by_cell, submission


def answer(
    value: str, suggestion: str, field: str = "主讲人", accepted: str = "是", **more: object
) -> Answer:
    place = str(more.pop("place", "资源清单!L9"))
    code, explained = str(more.pop("code", "R12-2")), str(more.pop("explained", ""))
    return Answer(
        code, field, value, suggestion, place, accepted, explained, several=bool(more.pop("several", False))
    )


def sent(speakers: list[str], *answers: Answer, **more: object) -> Submission:
    rows = [{**RIGHT_ROW, "资源名称": f"课程{n}", "主讲人": speaker} for n, speaker in enumerate(speakers)]
    return replace(submission(rows), answers=answers, **more)


def first_pass(given: Submission) -> list[Finding]:
    return [*given.findings, *canonical([given], SETTINGS).findings]


def accepted(given: Submission):  # type: ignore[no-untyped-def]
    return apply(given, first_pass(given))


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [each.code for each in findings]


WISH = answer("张建华、朱新", "张建华;朱新")


@pytest.mark.parametrize("text", ["是", " Y ", "ｙｅｓ", "√", "采纳", "同意。", "是\u3000"])
def test_yes(text: str) -> None:
    assert is_accepted(text) is True


@pytest.mark.parametrize("text", ["", " ", "否", "No", "Ｎ", "不采纳", "不同意", "×"])
def test_no(text: str) -> None:
    assert is_accepted(text) is False


@pytest.mark.parametrize("text", ["也许", "是否", "不是", "同意吗", "1", "采纳部分"])
def test_neither(text: str) -> None:
    assert is_accepted(text) is None
    result = accepted(sent(["张建华、朱新"], answer("张建华、朱新", "张建华;朱新", accepted=text)))
    assert codes(result.findings) == ["W09c"]
    assert result.applied == ()
    [told] = tell(result.findings, SETTINGS)
    assert told.message == f"清单中“资源清单!L9”的“是否采纳”填了“{text}”，看不出是否采纳，没有套用建议值。"


def test_an_accepted_suggestion_is_read_and_told_at_each_cell_that_holds_the_value() -> None:
    given = sent(["张建华、朱新", "李明", "张建华、朱新"], WISH)
    result = accepted(given)
    assert result.submission.cells["主讲人"] == ["张建华;朱新", "李明", "张建华;朱新"]
    assert given.cells["主讲人"][0] == "张建华、朱新"
    assert [(each.code, each.place.cell, each.value, each.suggestion) for each in result.findings] == [
        ("W09", "L2", "张建华、朱新", "张建华;朱新"), ("W09", "L4", "张建华、朱新", "张建华;朱新"),
    ]  # fmt: skip
    assert first_pass(result.submission) == []


def test_rows_put_in_and_sorted_and_another_name_change_nothing() -> None:
    speakers = ["张建华、朱新", "李明", "王强", "赵云、马超"]
    for seed in range(6):
        order = random.Random(seed).sample(range(4), 4)
        given = sent([speakers[n] for n in order], WISH)
        rows = tuple(row + 30 for row in given.rows)
        layout = replace(given.layout, columns={name: n + 4 for n, name in enumerate(reversed(NAMES))})
        result = accepted(replace(given, rows=rows, workbook="改名.xlsx", layout=layout))
        assert [result.submission.cells["主讲人"][order.index(n)] for n in range(4)] == [
            "张建华;朱新", "李明", "王强", "赵云、马超",
        ]  # fmt: skip


def test_the_line_of_what_was_applied_is_accepted_again_in_the_next_round() -> None:
    again = answer("张建华、朱新", "张建华;朱新", code="W09")
    result = accepted(sent(["张建华、朱新"], again))
    assert codes(result.findings) == ["W09"]


def test_not_accepted_is_not_applied() -> None:
    for text in ("", "否"):
        given = sent(["张建华、朱新"], replace(WISH, accepted=text))
        assert accepted(given).submission is given


@pytest.mark.parametrize(
    ("speakers", "wish", "why"),
    [
        (["张建华;朱新"], WISH, ""),
        (["李明"], WISH, "该单元格已不是“张建华、朱新”"),
        (["张建华、朱新"], replace(WISH, suggestion="李明"), "现在的建议值不是“李明”"),
        (["张建华、朱新"], replace(WISH, field="关键词"), "该单元格已不是“张建华、朱新”"),
        (["某某"], answer("某某", "", code="G05"), "这个问题没有建议值"),
        (["李明 "], answer("李明", "", code="G01"), ""),
        (["张建华；朱新"], answer("张建华；朱新", "张建华;朱新", code="R12-2b"), ""),
    ],
    ids=["done by hand", "changed", "not ours", "another field", "no suggestion", "a 提示", "safe"],
)
def test_what_is_not_applied_is_told_where_it_matters(speakers: list[str], wish: Answer, why: str) -> None:
    given = sent(speakers, wish)
    result = accepted(given)
    assert result.submission is given
    told = [each.message for each in tell(result.findings, SETTINGS)]
    assert told == ([f"清单中“资源清单!L9”选了采纳，但{why}，没有套用。"] if why else [])


def test_a_line_for_several_cells_applies_and_reproaches_nothing() -> None:
    """It holds safe suggestions alone, which are used anyway; its texts are no cell's."""
    grouped = answer("张建华；朱新", "张建华;朱新", several=True)
    done = accepted(
        sent(["张建华；朱新", "张建华、朱新"], grouped, answer("甲、乙等", "见批注", several=True))
    )
    assert (done.applied, done.findings) == ((), ())


def test_contradicting_lines_apply_nothing() -> None:
    given = sent(["张建华、朱新"], WISH, replace(WISH, accepted="否", place="资源清单!L3"))
    assert codes(accepted(given).findings) == ["W09b"]
    two = Finding(
        "R12-4", Place("示例学院", "清单.xlsx", "资源清单", 2, "主讲人", "L2"), "张建华、朱新", {}, "朱新"
    )
    given = sent(["张建华、朱新"], WISH, replace(WISH, suggestion="朱新"))
    result = apply(given, [*first_pass(given), two])
    assert (result.applied, codes(result.findings)) == ((), ["W09b", "W09b"])


def test_a_value_as_the_list_gives_it_back() -> None:
    value = "张建华、朱新\r\n"
    result = accepted(sent([value], answer("张建华、朱新\n", "张建华;朱新")))
    assert codes(result.findings) == ["W09"]


def test_a_native_or_held_cell_becomes_text_that_is_judged() -> None:
    place = Place("示例学院", "清单.xlsx", "资源清单", 3, "主讲人", "L3")
    merged = Finding("S07", place, "", {"area": "L2:L3"}, suggestion="李明")
    given = sent(
        ["李明", ""], answer("", "李明", code="S07"), findings=(merged,), held=frozenset({(3, "主讲人")}),
        kinds={"主讲人": {3: Kind.ERROR, 2: Kind.NUMBER}},
    )  # fmt: skip
    result = accepted(given)
    assert result.submission.cells["主讲人"] == ["李明", "李明"]
    assert result.submission.held == frozenset()
    assert by_cell(result.submission.kinds) == {(2, "主讲人"): Kind.NUMBER}
    assert result.submission.findings == ()
    [told] = tell(result.findings, SETTINGS)
    assert told.message == "这一格原为未填写，已按采纳的建议值“李明”读取。"


def test_other_sheets() -> None:
    info = {"单位名称": Labelled("河南大学堂", "单位信息", 2, "B2")}
    platforms = ({"部署平台": Labelled("慕课", "平台资质", 2, "A2")},)
    about = [
        Finding(
            "F09",
            Place("示例学院", "清单.xlsx", "单位信息", 2, "单位名称", "B2"),
            "河南大学堂",
            {},
            "示例学院",
        ),
        Finding(
            "R04-3",
            Place("示例学院", "清单.xlsx", "平台资质", 2, "部署平台", "A2"),
            "慕课",
            {},
            "中国大学MOOC",
        ),
        Finding("S06", Place("示例学院", "清单.xlsx", "别的表", 2, "备注", "A2"), "甲", {}, "乙"),
    ]
    given = sent(
        [], *(answer(f.value, f.suggestion, f.place.field, place=f.place.sheet) for f in about),
        unit_info=info, platforms=platforms,
    )  # fmt: skip
    result = apply(given, about)
    assert result.submission.unit_info["单位名称"].text == "示例学院"
    assert result.submission.platforms[0]["部署平台"].text == "中国大学MOOC"
    assert sorted(codes(result.findings)) == ["W09", "W09", "W09b"]
    assert info["单位名称"].text == "河南大学堂"


def test_explanations_are_known_by_field_rule_and_value() -> None:
    said = explanations(
        [
            answer("甲", "", "版权方", accepted="", explained="就是这样", code="R11-1"),
            answer("乙、丙等", "", "关键词", accepted="", explained="都核对过", code="R17-3", several=True),
        ]
    )

    def about(field: str, code: str, value: str) -> str:
        return explanation_of(Finding(code, Place("校", "表", "清单", 9, field), value), said)

    assert about("版权方", "R11-1", "甲") == "就是这样"
    assert about("版权方", "R11-1", "乙") == ""
    assert about("版权方", "R11-2", "甲") == ""
    assert about("关键词", "R17-3", "丁") == "都核对过"
