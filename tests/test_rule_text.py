"""Rules on running text: near misses that must stay silent, and any cell at all is read without a crash."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.canonical import Table, canonical
from pipeline.fields import BY_NAME, NAMES
from pipeline.model import Finding, Kind, Severity
from pipeline.rules import REGISTER
from pipeline.rules.catalog import StructureError, is_safe_xml, read_catalogue, structure
from pipeline.rules.text import garbled
from pipeline.schema import right
from pipeline.summarise import tell
from pipeline.validate import validate
from tests.small_tables import RIGHT_ROW, SETTINGS, TODAY, resources_of, submission, table_of

LATIN = "航空发动机基础".encode().decode("latin-1")
WINDOWS = "航空发动机，基础".encode().decode("cp1252", "replace")
TWICE = "中国".encode().decode("latin-1").encode().decode("latin-1")
AS_GBK = "你好，世界".encode().decode("gbk", "replace").rstrip("\ufffd")


OF_TEXT = {"R01-1", "R02-3", "R06-1", "R08-4", "R08-5", "R11-2", "R11-3"}
OTHERS = tuple(rule.code for rule, _ in REGISTER.table_rules() if rule.code not in OF_TEXT)


def codes_on(field: str, text: str, **changes: object) -> set[str]:
    """What is told of one cell in an otherwise right row, the table rules on texts included."""
    return {found.code for found in found_on(field, text, **changes)}


def codes_on_each(field: str, texts: list[str]) -> dict[str, set[str]]:
    """The same for many texts at once, each in a row of its own."""
    codes: dict[str, set[str]] = {text: set() for text in texts}
    for found in found_in([{field: text} for text in texts]):
        if found.place.field == field:
            codes[texts[found.place.row - 2]].add(found.code)
    return codes


def found_on(field: str, text: str, **changes: object) -> list[Finding]:
    return [found for found in found_in([{field: text}], **changes) if found.place.field == field]


def found_in(rows: list[dict[str, str]], **changes: object) -> list[Finding]:
    chosen = SETTINGS.model_copy(update={"off": OTHERS, **changes})
    table = table_of(rows, chosen)
    outcome = validate(table, {"resources": resources_of(table)}, chosen, TODAY)
    return [*table.findings, *outcome.findings]


def native(field: str, text: str, kind: Kind) -> Table:
    return canonical([submission([{**RIGHT_ROW, field: text}], kinds={(2, field): kind})], SETTINGS)


# --- what a text is made of: G02, G06, G07 -----------------------------------------------------


@pytest.mark.parametrize(
    ("field", "text", "suggestion"),
    [
        ("资源名称", "航空发动机\n基础", "航空发动机基础"),
        ("资源名称", "Python\r\nPandas 入门", "Python Pandas 入门"),
        ("版权方", "郑州大学\t出版社", "郑州大学出版社"),
        ("部署平台", "中国大学\u2028MOOC", "中国大学MOOC"),
        ("资源封面", "fm\n001.jpg", "fm 001.jpg"),
        ("所属系列", "\n航空\n\n科普", "航空科普"),
    ],
)
def test_a_line_break_inside_a_single_line(field: str, text: str, suggestion: str) -> None:
    found = [each for each in table_of([{field: text}]).findings if each.code == "G02"]
    assert [each.suggestion for each in found] == [suggestion]
    assert not found[0].safe


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("资源简介", "介绍航空发动机的组成、原理和发展。\n适合科普学习。"),
        ("资源目录", "<catalog>\n\t<item>第一章</item>\n</catalog>"),
        ("资源名称", "航空发动机 基础"),
    ],
)
def test_where_lines_are_right(field: str, text: str) -> None:
    assert codes_on(field, text) == set()


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("主讲人", "张建华\n朱新", "G02"),
        ("主讲人", "张建华\n朱新、王明", "R12-2"),
        ("主讲人", "张建华；\n朱新", "R12-2b"),
        ("关键词", "新媒体\n人工智能", "G02"),
        ("关键词", "新媒体\n人工智能、大数据", "R17-1"),
        ("所属分类", "科学文化\n航空知识", "G02"),
        ("资源类型", "A01\nA03", "R03-5"),
        ("资源ID", "1\n2", "R01-1"),
    ],
)
def test_a_line_break_that_another_rule_tells_is_told_once(field: str, text: str, code: str) -> None:
    assert codes_on(field, text) == {code}


def test_a_series_broken_into_lines_is_not_also_another_spelling() -> None:
    rows = [{"所属系列": "航空科普", "所属顺序": "01"}, {"所属系列": "航空\n科普", "所属顺序": "02"}]
    assert {each.code for each in found_in(rows) if each.place.row == 3} == {"G02"}


def test_garbled_text() -> None:
    texts = [
        LATIN,
        WINDOWS,
        TWICE,
        AS_GBK,
        "璇剧▼鍩虹",
        "涓浗历史",
        "王\ufffd老师讲航空",
        "锟斤拷锟斤拷",
        "航空烫烫烫烫",
        "航空\x07发动机",
        "航空\x0b发动机",
        "航空\x9f发动机",
        "\uf0b7航空发动机",
        "航空\ufffe发动机",
        "航空\U000f0001发动机",
    ]
    assert codes_on_each("资源名称", texts) == {text: {"G06"} for text in texts}


def test_rare_but_right_text() -> None:
    texts = [
        "㐂䶮𠮷野家𰻝𰻝面的做法",
        "手机摄影📱入门👨‍👩‍👧",
        "ꆈꌠꁱꂷ 彝文入门",
        "བོད་སྐད 藏语入门",
        "ᠮᠣᠩᠭᠣᠯ 蒙古语入门",
        "ئۇيغۇر تىلى 维吾尔语入门",
        "“Beyoncé”——她的歌",
        "café”—“Pokémon”……的翻译",
        "São Paulo、Zürich、Ångström、naïve",
        "“锟斤拷”和“烫烫烫”的由来",
        "“联通”二字为何乱码",
        "ΔG＝ΔH－TΔS，25℃，±5％，①②③",
        "Привет! Ёлка 俄语入门",
        "日本語の「ひらがな」入門・カタカナ",
        "한국어 입문",
        "½ + ¼ = ¾ 分数的加法 ×÷",
        "x² + y³ ≤ ∞ № ™ ® ©",
        "龘靐齉爩 生僻字",
        "徕卡镜头、诶、祎、喆、堃",
    ]
    assert codes_on_each("资源名称", texts) == {text: set() for text in texts}


@given(st.text(st.characters(codec="gb2312", min_codepoint=0x80), min_size=1, max_size=20))
def test_everyday_chinese_is_never_garbled(text: str) -> None:
    assert garbled(text) is None


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=30))
def test_chinese_taken_for_western_is_always_garbled(text: str) -> None:
    assert garbled(text) is None
    assert garbled(text.encode().decode("latin-1"))


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=30))
def test_a_chinese_text_in_gbk_is_not_taken_for_a_garbled_one(text: str) -> None:
    assert garbled(text) is None
    assert garbled(f"{text}（3D 打印）") is None


def test_a_garbled_cell_is_told_once_and_not_used() -> None:
    table = table_of([{"主讲人": "å¼\xa0ä¸‰、朱新"}])
    assert [found.code for found in table.findings] == ["G06"]
    assert table.broken.at[0, "主讲人"]


@pytest.mark.parametrize(
    "text",
    [
        "=SUM(A1:A9)",
        "=A1+B1",
        "@SUM(1,2)",
        "+A1+A2",
        "-B2*3",
        "=cmd|' /C calc'!A0",
        '=HYPERLINK("http://a.cn","点")',
    ],
)
def test_a_formula_as_text_is_told_and_sends_nothing_back(text: str) -> None:
    table = table_of([{"资源名称": text}])
    [told] = tell(table.findings, SETTINGS)
    assert (told.finding.code, told.severity, told.decides) == ("G07", Severity.WARNING, False)
    assert table.values.at[0, "资源名称"] == text


def test_a_name_that_begins_with_a_sign() -> None:
    texts = [
        "-1 的平方根",
        "@ 符号的用法",
        "= 与 == 的区别",
        "=SUM() 函数详解",
        "+86 开头的诈骗电话",
        "-A 级景区讲解",
        "@Autowired 注解入门",
        "=1+1 为什么等于 2",
        "+1 与社区养老",
    ]
    assert codes_on_each("资源名称", texts) == {text: set() for text in texts}


# --- required, lengths, review: settings -------------------------------------------------------


def test_a_field_that_the_province_requires() -> None:
    required = (*SETTINGS.required, "创建时间")
    assert codes_on("创建时间", "", required=required) == {"R00-1"}
    assert codes_on("创建时间", "待定", required=required) == {"G05"}
    assert codes_on("创建时间", "2022-03-23", required=required) == set()
    assert codes_on("创建时间", "") == set()


def test_a_field_that_the_province_does_not_require() -> None:
    required = tuple(name for name in SETTINGS.required if name != "版权方")
    assert codes_on("版权方", "", required=required) == set()
    assert codes_on("版权方", "无", required=required) == {"G04"}


@pytest.mark.parametrize(
    ("field", "count", "code"),
    [
        ("资源名称", 1, "R02-2"),
        ("资源名称", 2, ""),
        ("资源名称", 100, ""),
        ("资源名称", 101, "R02-2"),
        ("资源简介", 19, "R08-3"),
        ("资源简介", 20, ""),
        ("资源简介", 1000, ""),
        ("资源简介", 1001, "R08-3"),
        ("所属分类", 4, ""),
        ("所属分类", 5, "R00-2"),
    ],
)
def test_length(field: str, count: int, code: str) -> None:
    lengths = {**SETTINGS.lengths, "所属分类": (2, 4)}
    assert codes_on(field, ("航空发动机" * 201)[:count], lengths=lengths) == ({code} if code else set())


def test_a_blank_cell_is_not_too_short() -> None:
    lengths = {**SETTINGS.lengths, "所属分类": (2, 4)}
    assert codes_on("所属分类", "", lengths=lengths) == set()
    assert codes_on("所属分类", "无", lengths=lengths) == {"G04"}
    required = tuple(name for name in SETTINGS.required if name != "资源简介")
    assert codes_on("资源简介", "", required=required) == set()
    assert codes_on("资源简介", "") == {"R08-1"}


def test_length_is_told_with_both_numbers() -> None:
    [short] = tell(found_on("资源简介", "很好"), SETTINGS)
    assert short.message == "“资源简介”只有 2 个字，少于 20 个字。"
    [long] = tell(found_on("资源名称", "长" * 220), SETTINGS)
    assert long.message == "“资源名称”有 220 个字，多于 100 个字。"
    assert long.fix == "请精简，说明文字移到“资源简介”。"


def test_words_for_a_person_to_review_in_every_text_even_a_wrong_one() -> None:
    row = {"资源名称": "内部资料汇编", "资源简介": "<p>严禁外传的培训讲义，注意保存，适合全体学员</p>"}
    found = [each for each in found_in([row]) if each.code == "R08-6"]
    assert {(each.place.field, each.facts["words"]) for each in found} == {
        ("资源名称", "内部资料"),
        ("资源简介", "注意保存”“严禁外传"),
    }
    assert codes_on("资源名称", "企业内部控制资料管理") == set()
    assert codes_on("资源名称", "内部资料汇编", review_words=("",)) == set()


# --- 资源名称 ----------------------------------------------------------------------------------


def test_a_name_like_a_file() -> None:
    cases = [
        ("航空发动机的组成.mp4", "航空发动机的组成"),
        ("视频/01 航空发动机.MP4", "01 航空发动机"),
        ("第1讲.mp4", ""),
        ("01.mp3", ""),
        ("视频1.mp4", ""),
        ("视频1", ""),
        ("音频2", ""),
        ("课程1", ""),
        ("微课（3）", ""),
        ("新建", ""),
        ("新建文件夹 (2)", ""),
        ("新建 Microsoft Word 文档", ""),
        ("未命名", ""),
        ("test", ""),
        ("视频", ""),
        ("录屏1", ""),
        ("01", ""),
        ("20240315", ""),
        ("1.1 绪论.flv", "1.1 绪论"),
        ("IMG_2034", ""),
        ("VID_20240315_101010", ""),
        ("微信视频20240315101010", ""),
        ("mmexport1710468610123", ""),
        ("屏幕录制 2024-03-15 101010", ""),
    ]
    found = [each for each in found_in([{"资源名称": text} for text, _ in cases]) if each.code == "R02-3"]
    assert [(each.value, each.suggestion) for each in found] == cases
    assert codes_on_each("资源名称", [text for text, _ in cases]) == {text: {"R02-3"} for text, _ in cases}
    taken = [each.suggestion for each in found if each.suggestion]
    assert codes_on_each("资源名称", taken) == {text: set() for text in taken}


def test_a_right_name() -> None:
    texts = [
        "第一讲 绪论",
        "第1讲",
        "Windows 7 入门",
        "C4D",
        "3D 打印",
        "视频剪辑",
        "Node.js",
        "ASP.NET Core 6.0",
        "MP4 与 MP3",
        "新建筑史",
        "新建中国画",
        "测试技术",
        "test 与 exam 的区别",
        "课程思政",
        "微课制作 10 例",
        "1984",
        "911",
        "12345",
        "视频号",
        "录屏软件",
        "无题",
        "DSC 热分析",
        "资源一体化管理",
        "IMG 格式详解",
        "Win2012",
        "Rec2020",
        "资源 2030",
    ]
    assert codes_on_each("资源名称", texts) == {text: set() for text in texts}


@pytest.mark.parametrize(
    ("field", "text", "kind", "code"),
    [
        ("资源名称", "2024-03-01", Kind.DATE, "R02-4"),
        ("资源名称", "03:01:00", Kind.TIME, "R02-4"),
        ("资源名称", "1.1", Kind.NUMBER, "R02-4"),
        ("资源名称", "TRUE", Kind.BOOL, "R02-4"),
        ("资源名称", "1984", Kind.NUMBER, ""),
        ("资源名称", "2024-03-01", Kind.TEXT, "R02-4"),
        ("资源名称", "3月1日", Kind.TEXT, "R02-4"),
        ("资源名称", "1-Mar", Kind.TEXT, "R02-4"),
        ("资源名称", "3月5日学雷锋", Kind.TEXT, ""),
        ("资源名称", "3-1 绪论", Kind.TEXT, ""),
        ("所属系列", "2024-03-01", Kind.TEXT, ""),
        ("所属系列", "2024-03-01", Kind.DATE, "R00-3"),
        ("所属系列", "2024", Kind.NUMBER, ""),
        ("关键词", "2024", Kind.NUMBER, ""),
        ("版权方", "12", Kind.NUMBER, "R00-3"),
        ("主讲人", "TRUE", Kind.BOOL, "R00-3"),
        ("资源简介", "2024-03-01", Kind.DATE, "R00-3"),
        ("创建时间", "2024-03-01", Kind.DATE, ""),
        ("点击量", "36500", Kind.NUMBER, ""),
        ("资源时长", "02:45:32", Kind.TIME, ""),
        ("所属顺序", "01", Kind.NUMBER, ""),
    ],
)
def test_what_a_spreadsheet_made_of_a_text(field: str, text: str, kind: Kind, code: str) -> None:
    table = native(field, text, kind)
    assert [found.code for found in table.findings] == ([code] if code else [])
    for each in tell(table.findings, SETTINGS):
        assert text in each.message


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [(" 张三", "张三"), ("张三\u00a0", "张三"), (" 张建华；朱新", ""), (" 张三教授", "")],
)
def test_the_trimmed_text_is_offered_where_nothing_else_is_wrong(text: str, suggestion: str) -> None:
    [told] = [each for each in found_on("主讲人", text) if each.code == "G01"]
    assert told.suggestion == suggestion
    assert told.safe


@pytest.mark.parametrize(
    ("holder", "suggestion"),
    [
        ("我校", "郑州大学"),
        ("版权归我校所有", "郑州大学"),
        ("本中心", "郑州大学"),
        ("本人", ""),
        ("网络", ""),
    ],
)
def test_nobody_is_suggested_where_a_person_may_hold_the_rights(holder: str, suggestion: str) -> None:
    told = [each for each in found_in([{"@unit": "郑州大学", "版权方": holder}]) if each.code == "R11-2"]
    assert [each.suggestion for each in told] == [suggestion]


# --- 资源简介 ----------------------------------------------------------------------------------

SAID = "介绍航空发动机的组成、原理和发展，适合科普学习。"


def copied(rows: list[dict[str, str]]) -> list[tuple[int, str]]:
    return [(f.place.row, f.facts["what"]) for f in found_in(rows) if f.code == "R08-4"]


def test_an_introduction_is_copied_from_the_name_or_from_a_row_above() -> None:
    long = "航空发动机的组成、原理、维护和发展（面向社区）"
    assert copied([{"资源名称": long, "资源简介": f"{long}。"}]) == [(2, "与“资源名称”相同")]
    three = [{"资源名称": f"航空发动机{n}", "资源简介": SAID} for n in "甲乙丙"]
    assert copied(three) == [(3, "与第 2 行的相同"), (4, "与第 2 行的相同")]


@pytest.mark.parametrize(
    "rows",
    [
        [{"资源名称": "甲", "资源简介": "很好"}, {"资源名称": "乙", "资源简介": "很好"}],
        [{"资源名称": "甲课", "资源简介": SAID}, {"资源名称": "乙课", "资源简介": SAID, "@unit": "乙大学"}],
        [{"资源名称": "甲课", "所属顺序": "01"}, {"资源名称": "甲课", "所属顺序": "02"}],
        [{"资源名称": "甲课", "资源简介": f"C#{SAID}"}, {"资源名称": "乙课", "资源简介": f"C++{SAID}"}],
        [{"资源名称": "甲课", "资源简介": ""}, {"资源名称": "乙课", "资源简介": ""}],
    ],
    ids=["too short is told", "other unit", "one resource in parts", "C# and C++", "blank"],
)
def test_introductions_that_are_not_copied(rows: list[dict[str, str]]) -> None:
    assert copied(rows) == []


def test_an_introduction_that_advertises() -> None:
    texts = [
        "报名电话13800000000",
        "咨询：138 0000 0000",
        "电话：0371-69691788",
        "请拨（0371）69691788",
        "QQ群：123456789",
        "QQ 12345678",
        "入群 987654321",
        "咨询加微信 abc123",
        "微信号：hn_edu",
        "加老师VX：wx2024abc",
        "扫描下方二维码领取",
        "欢迎关注我们的公众号",
        "链接 https://pan.baidu.com/s/1abc",
        "购买 https://item.taobao.com/item.htm?id=1",
        "报名请点击 https://www.abc.com/join",
        "邮箱：zhangsan@163.com",
        "热线400-820-8820",
        "薇信wx12345",
        "微信公众号：hnkfdx",
        "抖音号：abc_12345",
        "扫码关注公众号领取课件",
    ]
    texts = [f"{SAID}{words}" for words in texts]
    assert codes_on_each("资源简介", texts) == {text: {"R08-5"} for text in texts}


def test_a_subject_is_no_advertisement() -> None:
    texts = [
        "讲解2019-2023年的数据，课程编号20240315001",
        "QQ群运营实务、微信公众号运营、微信小程序",
        "介绍12345政务服务热线、110和96110的作用",
        "学会加微信、添加微信好友、扫码支付和关注公众号",
        "ISBN 9787302511234，GB/T 15834-2011",
        "产值15000000000元，服务13900000000人次",
        "微信支付APIv3与微信JSSDK1.6的区别，QQ2013版",
        "网址以https://开头，参见www.icourse163.org",
        "学号如2023013800000001的含义",
        "如何识别二维码诈骗、刷单返利和假冒客服电话",
        "微信：WeChat 的设计",
        "公众号：从零到一的运营方法",
        "邮箱格式如user@example.com，git clone git@github.com:a/b",
        "@media查询，400-500个知识点，扫码乘车、扫码支付",
        "加入世界贸易组织，登录https://开头的网站",
    ]
    texts = [f"{SAID}{words}" for words in texts]
    assert codes_on_each("资源简介", texts) == {text: set() for text in texts}


# --- 版权方 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "holder"),
    [
        ("郑州大学", "河南人民出版社"),
        ("郑州市教育局/示例学院", "某某科技有限公司"),
        ("郑州市教育局", "某某文化传播公司"),
        ("郑州大学", "河南大学"),
    ],
)
def test_rights_of_another_body(unit: str, holder: str) -> None:
    row = {"@unit": unit, "版权方": holder}
    [found] = [each for each in found_in([row]) if each.place.field == "版权方"]
    assert found.code == "R11-3"
    table = table_of([row])
    authorised = resources_of(table).assign(**{"@authorised": True})
    outcome = validate(table, {"resources": authorised}, SETTINGS.model_copy(update={"off": OTHERS}), TODAY)
    assert outcome.findings == []
    assert codes_on_holder({**row, "资源文件": "讲座.mp4;版权授权书.pdf"}) == set()


def test_rights_that_need_no_question() -> None:
    pairs = [
        ("郑州大学", "郑州大学"),
        ("郑州大学", "郑州大学继续教育学院"),
        ("郑州大学继续教育学院", "郑州大学"),
        ("郑州大学", "某某公司、郑州大学"),
        ("郑州大学", "郑州大学出版社"),
        ("郑州大学（继续教育）", "郑州大学"),
        ("信阳师范大学", "信阳师范学院"),
        ("郑州市教育局/郑州一中", "郑州市教育局"),
        ("郑州市教育局", "郑州教育体育局"),
        ("中牟县教体局", "中牟县社区学院"),
        ("郑州大学", "王小明"),
        ("郑州大学", "（藏族）班班多杰"),
        ("郑州大学", "John Smith"),
    ]
    rows = [{"@unit": unit, "版权方": holder} for unit, holder in pairs]
    assert [each for each in found_in(rows) if each.place.field == "版权方"] == []


def test_a_short_name_is_told_once() -> None:
    assert codes_on_holder({"@unit": "郑州大学", "版权方": "我校"}) == {"R11-2"}


def codes_on_holder(row: dict[str, str]) -> set[str]:
    return {each.code for each in found_in([row]) if each.place.field == "版权方"}


# --- 资源目录 ----------------------------------------------------------------------------------


def test_a_wrong_catalogue() -> None:
    cases = [
        ("<c><t>C&C++</t></c>", "R16-2", "<c><t>C&amp;C++</t></c>"),
        ("<c><t>a < b</t></c>", "R16-2", "<c><t>a &lt; b</t></c>"),
        ("<c><t>一&nbsp;二</t></c>", "R16-2", "<c><t>一\xa0二</t></c>"),
        ("＜c＞＜t＞一＜/t＞＜/c＞", "R16-2", "<c><t>一</t></c>"),
        ("<c><t n=“1”>一</t></c>", "R16-2", '<c><t n="1">一</t></c>'),
        ("＜c＞A&B＜／c＞", "R16-2", "<c>A&amp;B</c>"),
        ("＜c＞一＜d＞", "R16-2", ""),
        ("<c><t>一</c>", "R16-1", ""),
        ("<c>C&C++</d>", "R16-1", ""),
        ("第一章\n 第二章 A&B", "R16-3", "<catalog><item>第一章</item><item>第二章 A&amp;B</item></catalog>"),
        ("第一章；第二章", "R16-3", "<catalog><item>第一章</item><item>第二章</item></catalog>"),
        ("详见附件2", "R16-3", ""),
        ("<!DOCTYPE c><c/>", "R16-4", ""),
    ]
    found = found_in([{"资源目录": text} for text, _, _ in cases])
    assert [(each.value, each.code, each.suggestion) for each in found] == cases
    assert not any(each.safe for each in found)


@pytest.mark.parametrize(
    "text",
    ["<c>＜航空＞与“发动机”&amp;</c>", "<?xml version='1.0' encoding='GBK'?><c>一</c>", "<目录><章/></目录>"],
)
def test_a_right_catalogue(text: str) -> None:
    assert codes_on("资源目录", text) == set()


XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="catalog"><xs:complexType>
<xs:sequence><xs:element name="item" type="xs:string" maxOccurs="unbounded"/></xs:sequence>
</xs:complexType></xs:element></xs:schema>"""


def test_a_catalogue_by_the_provinces_structure(tmp_path: Path) -> None:
    path = tmp_path / "目录.xsd"
    path.write_text(XSD, "utf-8")
    chosen = {"catalog_schema": str(path)}
    assert codes_on("资源目录", "<catalog><item>一</item></catalog>", **chosen) == set()
    [found] = found_on("资源目录", "<catalog>\n<chapter>一</chapter></catalog>", **chosen)
    assert (found.code, found.facts["why"]) == ("R16-1b", "第 2 行的“chapter”与规定不符")
    [plain] = found_on("资源目录", "第一章", **chosen)
    assert (plain.code, plain.suggestion) == ("R16-3", "<catalog><item>第一章</item></catalog>")
    [broken] = found_on("资源目录", "<c>A&B</c>", **chosen)
    assert (broken.code, broken.suggestion) == ("R16-2", "")
    for hostile in ("<x:catalog/>", "<a>" * 300 + "</a>" * 300):
        assert codes_on("资源目录", hostile, **chosen) == {"R16-1b"}


@pytest.mark.parametrize(("text", "said"), [(None, "读不到"), ("<xs:", "第 1 行"), ("<a/>", "XSD")])
def test_a_structure_that_cannot_be_used_is_said_plainly(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "目录.xsd"
    if text is not None:
        path.write_text(text, "utf-8")
    with pytest.raises(StructureError, match=said):
        structure(str(path))


@given(st.text(st.sampled_from("<>&＜＞/;=“”\"'ab 一c！#x1"), max_size=40))
def test_every_repaired_catalogue_is_well_formed(text: str) -> None:
    if text and not is_safe_xml(text, SETTINGS):
        reading = read_catalogue(text, Kind.TEXT, SETTINGS)
        assert reading.flaws
        assert reading.value == "" or is_safe_xml(reading.value, SETTINGS)


# --- any cell at all ---------------------------------------------------------------------------

CELLS = st.one_of(
    st.text(max_size=30),
    st.text(
        st.sampled_from("=+-@\x00\x0b\n\t\ufffd\ue000\ud800锟斤拷ä¸­涓枃视频1.mp4微信：QQ0<&＜；;无"),
        max_size=30,
    ),
    st.sampled_from(
        ["TRUE", "1.1", "2024-03-01", "#REF!", "=" * 32_767, "ä" * 32_767, "一\n" * 16_000, "加" * 32_767]
    ),
)


@settings(max_examples=25, deadline=None)
@given(
    row=st.dictionaries(st.sampled_from(NAMES), CELLS, min_size=1, max_size=6),
    kind=st.sampled_from(list(Kind)),
)
def test_any_cell_gives_a_value_or_a_finding(row: dict[str, str], kind: Kind) -> None:
    kinds = {(2, name): kind for name in row} if kind is not Kind.TEXT else {}
    lengths = {**SETTINGS.lengths, "版权方": (2, 20)}
    changes = {"required": ("资源名称", "创建时间"), "lengths": lengths, "off": OTHERS}
    chosen = SETTINGS.model_copy(update=changes)
    table = canonical([submission([{**RIGHT_ROW, **row}], kinds=kinds)], chosen)
    outcome = validate(table, {"resources": resources_of(table)}, chosen, TODAY)
    assert table.faults == outcome.faults == []
    for each in tell([*table.findings, *outcome.findings], chosen):
        assert each.message.endswith("。")
    for name in row:
        told = {found.place.field for found in table.findings}
        value = table.values.at[0, name]
        assert name in told or value == "" or right(BY_NAME[name], chosen)(value)
