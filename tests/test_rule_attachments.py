"""The rules on sealed papers: by their own examples, and next to what is right."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from pipeline.model import Finding
from pipeline.papers import EMAIL, LANDLINE, MOBILE, PERSON, RESOURCE_LIST, STATEMENT, understand
from pipeline.rules import REGISTER, Rule
from pipeline.rules.agreement import list_difference
from pipeline.rules.materials import MATERIAL_COLUMNS
from pipeline.rules.person import CONTACT_COLUMNS, landline_fault, people_in, tidy_email, tidy_mobile
from pipeline.rules.statement import DOCUMENT_COLUMNS, altered_clauses, stated_unit, unfilled
from pipeline.settings import Settings
from pipeline.summarise import tell
from pipeline.validate import validate
from tests.small_tables import SETTINGS, TODAY, read_markdown, table_of

COLUMNS = {"materials": MATERIAL_COLUMNS, "contacts": CONTACT_COLUMNS, "documents": DOCUMENT_COLUMNS}
RULES = [rule for rule, _ in REGISTER.table_rules() if rule.table in COLUMNS]
SAID = REGISTER.rules["A2-4"].good
RIGHT = {"side": "0", "turned": "否", "people": "1"}


def found(table: str, rows: list[dict[str, str]], settings: Settings = SETTINGS) -> list[Finding]:
    """All findings in lines whose other columns are blank."""
    blank = dict.fromkeys(COLUMNS[table], "") | {"@unit": "郑州大学", "@row": 0} | RIGHT
    frame = pd.DataFrame(
        [{name: (blank | row)[name] for name in COLUMNS[table]} for row in rows], dtype=object
    )
    if "@field" in frame:
        frame["@field"] = frame["label"]
    outcome = validate(table_of([]), {table: frame}, settings, TODAY)
    assert outcome.faults == []
    return outcome.findings


def of_code(findings: list[Finding], code: str) -> list[Finding]:
    return [each for each in findings if each.code == code]


def codes(table: str, **cells: str) -> list[str]:
    return [each.code for each in found(table, [cells])]


@pytest.mark.parametrize("rule", RULES, ids=[rule.code for rule in RULES])
def test_example_and_its_repair(rule: Rule) -> None:
    rows, marked = read_markdown(rule.bad)
    told = of_code(found(rule.table, rows), rule.code)
    assert len(told) == 1
    assert told[0].place.field == (rows[0]["label"] if rule.code == "A1-3" else rule.on)
    rows[marked[0][0]][marked[0][1]] = rule.good
    assert of_code(found(rule.table, rows), rule.code) == []


@pytest.mark.parametrize("rule", RULES, ids=[rule.code for rule in RULES])
def test_sentences_are_plain(rule: Rule) -> None:
    rows, _ = read_markdown(rule.bad)
    for each in tell(found(rule.table, rows), SETTINGS):
        for sentence in (each.message, each.fix):
            assert re.fullmatch(r"[^。]+。", re.sub(r"“[^”]*”", "", sentence)), sentence
            assert not re.search(r"nan|None|非法|[{}]", sentence), sentence


def test_empty_tables_are_silent() -> None:
    for table in COLUMNS:
        assert found(table, []) == []


def test_every_suggestion_is_right() -> None:
    wrong = [
        (MOBILE, "138-0000-0000"), (MOBILE, "+86 13800000000"), (MOBILE, "１３８００００００００"),
        (MOBILE, "13800000000（微信同号）"), (EMAIL, "caichong@jyt. henan. gov. cn"), (EMAIL, "a＠163。com"),
        (EMAIL, "a@163.con"), (EMAIL, "a@163,com"), (EMAIL, "邮箱：a@163.com"), (LANDLINE, "69691788"),
    ]  # fmt: skip
    for label, value in wrong:
        (told,) = found("contacts", [{"label": label, "value": value, "region": "郑州市金水区"}])
        assert told.suggestion, value
        assert codes("contacts", label=label, value=told.suggestion) == [], value


@pytest.mark.parametrize(
    ("label", "value"),
    [
        (MOBILE, "13800000000"), (MOBILE, "13800000000、19912345678"), (MOBILE, "13800000000 19912345678"),
        (LANDLINE, "0371-69691788"), (LANDLINE, "(0371)69691788"), (LANDLINE, "（0371）69691788"),
        (LANDLINE, "037169691788"), (LANDLINE, "0371 69691788"), (LANDLINE, "0371—69691788"),
        (LANDLINE, "0371-58525325、58525327"), (LANDLINE, "0371-69691788转801"),
        (LANDLINE, "0371-69691788-801"),
        (LANDLINE, "0391-6633111"), (LANDLINE, "010-66096114"), (LANDLINE, "+86-371-69691788"),
        (LANDLINE, "0371-69691788（办公室）"), (LANDLINE, "400-810-1234"), (LANDLINE, "13800000000"),
        (EMAIL, "a@163.com"), (EMAIL, "caichong@jyt.henan.gov.cn"), (EMAIL, "zhang.san_01@vip.qq.com"),
        (EMAIL, "a@163.com;b@qq.com"), (EMAIL, "1234567@qq.com"),
    ],
)  # fmt: skip
def test_right_contacts_are_silent(label: str, value: str) -> None:
    assert codes("contacts", label=label, value=value) == []


@pytest.mark.parametrize(
    ("label", "value", "code"),
    [
        (MOBILE, "1.38E+10", "A1-4"), (MOBILE, "12800000000", "A1-4"), (MOBILE, "1380000000", "A1-4"),
        (MOBILE, "138000000000", "A1-4"), (MOBILE, "0371-69691788", "A1-4"),
        (MOBILE, "138 0000 0000", "A1-4b"),
        (LANDLINE, "69691788", "A1-5"), (LANDLINE, "6.97E+07", "A1-5"), (LANDLINE, "371-69691788", "A1-5"),
        (EMAIL, "a163.com", "A1-6"), (EMAIL, "a@163", "A1-6"), (EMAIL, "a@@163.com", "A1-6"),
        (EMAIL, "a@163..com", "A1-6"), (EMAIL, "a@163.com.", "A1-6b"), (EMAIL, "a @163.com", "A1-6b"),
    ],
)  # fmt: skip
def test_wrong_contacts_are_told_once(label: str, value: str, code: str) -> None:
    assert codes("contacts", label=label, value=value) == [code]


def test_the_certain_reading_is_safe_and_the_guess_is_not() -> None:
    assert tidy_mobile("138 0000 0000") == "13800000000"
    assert tidy_mobile("13800000000转13900000000") == ""
    assert tidy_email("a＠163。com") == ("a@163.com", True)
    assert tidy_email("a@163.con") == ("a@163.com", False)
    assert tidy_email("a@163,com") == ("a@163.com", False)
    (told,) = found("contacts", [{"label": MOBILE, "value": "138 0000 0000"}])
    assert told.safe


@pytest.mark.parametrize(
    ("region", "fixed"),
    [
        ("郑州市金水区", "0371-6633111"), ("济源示范区", "0391-6633111"), ("", ""), ("北京市", ""),
        ("郑州市、洛阳市", ""),
    ],
)  # fmt: skip
def test_an_area_code_is_suggested_where_there_is_one(region: str, fixed: str) -> None:
    (told,) = found("contacts", [{"label": LANDLINE, "value": "6633111", "region": region}])
    assert told.suggestion == fixed
    assert landline_fault("0379-6633111") == ""


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("李明", 1), ("李 明", 1), ("张建华、朱新", 2), ("张建华/朱新", 2), ("张建华\n朱新", 2),
        ("（藏族）班班多杰", 1),
        ("买买提·艾力", 1), ("李明、副院长", 1), ("李明（张建华代）", 1), ("李明，13800000000", 1),
        ("John Smith", 1),
        ("张和平", 1), ("李明、李明", 1), ("欧阳建国；王芳；赵六", 3),
    ],
)  # fmt: skip
def test_persons_are_counted(text: str, count: int) -> None:
    assert people_in(text) == count


def statement(old: str = "", new: str = "") -> str:
    assert old in SAID
    return SAID.replace(old, new) if old else SAID


@pytest.mark.parametrize(
    "said",
    [
        SAID,
        statement("，", ","),
        statement("我单位审核", "我校审核"),
        statement("我单位审核", "我院审核"),
        statement("我单位审核", "郑州大学审核"),
        statement("我 郑州大学，", "我郑州大学"),
        statement("我 郑州大学，", "我校 郑州大学，"),
        statement("审核，审核方式", "审核。审核方式"),
        statement("资源均已通过", "\n资源 均已 通过"),
        statement("“继续教育数字化资源”", '"继续教育数字化资源"'),
        statement("（报送单位及资源列表另附）", "（报送单位及资源列表附后）"),
        statement("特此说明", "特此说明！"),
        statement("郑州大学", "EXXON（中国）培训学校"),
        statement("2024年4月20日", "2024 年 4 月 20 日"),
        statement("2024年4月20日", "二〇二四年四月二十日"),
        statement("2024年4月20日", "2024.4.25"),
    ],
)
def test_right_statements_are_silent(said: str) -> None:
    assert codes("documents", paper=STATEMENT, said=said, attached="是") == []


@pytest.mark.parametrize(
    ("said", "clause", "instead"),
    [
        (statement("全量人工精审", "抽审"), "审核方式为全量人工精审", "审核方式为抽审"),
        (
            statement("全量人工精审", "全量人工精审或抽审"),
            "审核方式为全量人工精审",
            "审核方式为全量人工精审或抽审",
        ),
        (statement("无意识形态安全风险，", ""), "无意识形态安全风险", ""),
        (
            statement("资源均已通过", "资源大部分已通过"),
            "资源均已通过内容安全审核",
            "资源大部分已通过内容安全审核",
        ),
        (statement("版权清晰", "版权不清晰"), "全部申报资源版权清晰", "全部申报资源版权不清晰"),
        (statement("、河南终身学习网", ""), None, None),
        (statement("同意组织方、协办方以", "不同意组织方、协办方以"), None, None),
    ],
)
def test_an_altered_clause_is_quoted(said: str, clause: str | None, instead: str | None) -> None:
    (flaw,) = altered_clauses(said, SETTINGS.statement)
    if clause is not None:
        assert flaw == (clause, instead)
    assert codes("documents", paper=STATEMENT, said=said, attached="是") == ["A2-4"]


def test_another_text_altogether_is_told_once() -> None:
    said = (
        "我 郑州大学，自愿参与 2024年度继续教育数字化资源征集工作。我们承诺资源合格。特此说明。2024年4月20日"
    )
    (told,) = found("documents", [{"paper": STATEMENT, "said": said, "attached": "是"}])
    assert (told.code, told.facts["instead"]) == ("A2-4", "等 9 处")


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (SAID, []),
        (statement("郑州大学", "XXX（院校/单位）"), ["XXX（院校/单位）"]),
        (statement("郑州大学", "ＸＸＸ"), ["ＸＸＸ"]),
        (statement("郑州大学", "____（院校/单位）"), ["____（院校/单位）"]),
        (statement("郑州大学", "（院校/单位）"), ["（院校/单位）"]),
        (statement("郑州大学", "郑州大学（院校/单位）"), []),
        (statement("郑州大学", "__郑州大学__"), []),
        (statement("2024年4月20日", "2024年XX月XX日"), ["2024年XX月XX日"]),
        (statement("2024年4月20日", "     年   月   日"), ["年 月 日"]),
        (statement("2024年4月20日", "2024年4月  日"), ["2024年4月 日"]),
        (statement("2024年4月20日", "2024年4月XX日"), ["2024年4月XX日"]),
    ],
)
def test_what_is_not_filled_in(said: str, left: list[str]) -> None:
    assert unfilled(said) == left
    assert codes("documents", paper=STATEMENT, said=said, attached="是") == ["A2-2"] * len(left)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        (statement("2024年度", "2023年度"), "2023年度"),
        (statement("2024年4月20日", "2024年4月26日"), "2024年4月26日"),
        (statement("2024年4月20日", "2023年4月20日"), "2023年4月20日"),
        (statement("2024年4月20日", "2024年2月30日"), "2024年2月30日"),
        (statement("2024年4月20日", ""), ""),
    ],
)
def test_of_another_time(said: str, value: str) -> None:
    (told,) = found("documents", [{"paper": STATEMENT, "said": said, "attached": "是"}])
    assert (told.code, told.value) == ("A2-3", value)


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("郑州大学", "郑州大学"), ("郑州大学（院校/单位）", "郑州大学"), ("（郑州大学）", "郑州大学"),
        ("XXX", ""),
        ("__郑州大学__", "郑州大学"),
    ],
)  # fmt: skip
def test_the_unit_that_a_statement_names(name: str, stated: str) -> None:
    assert stated_unit(statement("郑州大学", name)) == stated


@pytest.mark.parametrize(
    ("stated", "names"),
    [
        ("郑州大学", "郑州大学"), ("郑州大学", "河南大学\n郑州大学"), ("河南省郑州大学", "郑州大学"),
        ("郑州 大学（公章）", "郑州大学"), ("郑州市教育体育局", "郑州市教育局"),
    ],
)  # fmt: skip
def test_names_that_agree(stated: str, names: str) -> None:
    assert codes("documents", paper=STATEMENT, stated=stated, names=names) == []


HELD = [("航空发动机", "航空科普"), ("飞机构造", "航空科普"), ("书法入门", "")]


@pytest.mark.parametrize(
    ("listed", "difference"),
    [
        (["航空发动机", "飞机构造", "书法入门"], ""),
        (["《航空 发动机》", "飞机构造", "书法入门"], ""),
        (["航空科普", "书法入门"], ""),
        (["航空发动机", "飞机构造"], "列表没有“书法入门”"),
        (["航空发动机", "飞机构造", "书法入门", "剪纸"], "列表多出“剪纸”"),
        (["航空发动机", "飞机构造", "剪纸"], "列表多出“剪纸”，列表没有“书法入门”"),
        (["一", "二", "三", "四", "航空科普", "书法入门"], "列表多出“一”“二”等 4 个"),
        (["航空科普", "书法入门", "剪纸", "剪纸"], "列表多出“剪纸”"),
    ],
)
def test_lists_are_compared_by_name_and_series(listed: list[str], difference: str) -> None:
    assert list_difference(listed, HELD) == difference


def test_signs_that_are_part_of_a_name_count() -> None:
    assert (
        list_difference(["C++程序设计"], [("C#程序设计", "")])
        == "列表多出“C++程序设计”，列表没有“C#程序设计”"
    )
    assert list_difference(["《C＋＋ 程序设计》"], [("C++程序设计", "")]) == ""


def test_a_list_may_be_where_it_cannot_be_seen() -> None:
    assert codes("documents", paper=STATEMENT, attached="看不出") == []
    assert codes("documents", paper=RESOURCE_LIST, attached="否") == []


def test_a_placeholder_scan_line_is_no_paper() -> None:
    assert codes("materials", paper=STATEMENT, standing="打不开") == []
    assert codes("materials", paper=STATEMENT, side="600") == []
    assert codes("materials", paper=STATEMENT, side="599") == ["A2-6"]
    assert codes("materials", paper=STATEMENT, side="900", turned="是") == ["A2-6"]
    assert codes("contacts", label=PERSON, value="李明") == []


def test_no_text_makes_a_pattern_run_away() -> None:
    """Each of these took minutes with patterns that go back over all that they passed."""
    for char in ("[", "(", "1", "a", " ", "_", "-", "我", "年", "X", "一、", "a."):
        for label in (PERSON, MOBILE, LANDLINE, EMAIL):
            found("contacts", [{"label": label, "value": "a" + char * 30_000}])
        people_in(char * 30_000)
        said = understand(["安全审核情况说明", "我" + char * 30_000, "特此说明"], []).statement
        found("documents", [{"paper": STATEMENT, "said": said, "attached": "是"}])
