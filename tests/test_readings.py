"""Canonical values as the department wants them: value in, value out, and how sure it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.canonical import canonical
from pipeline.fields import BY_NAME, FIELDS
from pipeline.model import Kind, Severity
from pipeline.rules import REGISTER
from pipeline.schema import right
from pipeline.summarise import tell
from tests.small_tables import RIGHT_ROW, SETTINGS, submission

SAFE, GUESS, WRONG, RIGHT = "安全", "建议", "错误", "正确"


def read(field: str, text: str, kind: Kind = Kind.TEXT) -> tuple[str, str, set[Severity]]:
    """What becomes of a value: (sort, value or suggestion, severities)."""
    rows = [{**RIGHT_ROW, field: text}]
    kinds = {} if kind is Kind.TEXT else {(2, field): kind}
    table = canonical([submission(rows, kinds=kinds)], SETTINGS)
    found = [each for each in tell(table.findings, SETTINGS) if each.finding.place.field == field]
    assert [each.finding.place.field for each in tell(table.findings, SETTINGS)] == [field] * len(found)
    severities = {each.severity for each in found}
    if not found:
        return RIGHT, table.values.at[0, field], severities
    if not table.broken.at[0, field]:
        return SAFE, table.values.at[0, field], severities
    suggestions = {each.finding.suggestion for each in found}
    assert len(suggestions) == 1
    suggestion = suggestions.pop()
    return (GUESS if suggestion else WRONG), suggestion, severities


CASES = [
    ("资源时长", "02:45:32", RIGHT, "02:45:32"),
    ("资源时长", "26:05:10", RIGHT, "26:05:10"),
    ("资源时长", "2:45:32", SAFE, "02:45:32"),
    ("资源时长", "０２：４５：３２", SAFE, "02:45:32"),
    ("资源时长", "2小时45分32秒", SAFE, "02:45:32"),
    ("资源时长", "2时45分32秒", SAFE, "02:45:32"),
    ("资源时长", "45分30秒", SAFE, "00:45:30"),
    ("资源时长", "165分钟", GUESS, "02:45:00"),
    ("资源时长", "2小时45分", GUESS, "02:45:00"),
    ("资源时长", "2.5小时", GUESS, "02:30:00"),
    ("资源时长", "01:75:00", GUESS, "02:15:00"),
    ("资源时长", "45:30", WRONG, ""),
    ("资源时长", "165", WRONG, ""),
    ("资源时长", "45′30″", GUESS, "00:45:30"),
    ("资源时长", "45′30", WRONG, ""),
    ("资源时长", "待定", SAFE, ""),
    ("资源时长", "约3小时", WRONG, ""),
    ("资源时长", "00:00:00", WRONG, ""),
    ("创建时间", "2022-03-23", RIGHT, "2022-03-23"),
    ("创建时间", "2022.3.23", SAFE, "2022-03-23"),
    ("创建时间", "2022/3/23", SAFE, "2022-03-23"),
    ("创建时间", "2022年3月23日", SAFE, "2022-03-23"),
    ("创建时间", "20220323", SAFE, "2022-03-23"),
    ("创建时间", "2022-3-23", SAFE, "2022-03-23"),
    ("创建时间", "2022—03—23", SAFE, "2022-03-23"),
    ("创建时间", "２０２２－０３－２３", SAFE, "2022-03-23"),
    ("创建时间", "2022.3.23.", SAFE, "2022-03-23"),
    ("创建时间", "2022.3", WRONG, ""),
    ("创建时间", "2022年3月", WRONG, ""),
    ("创建时间", "22-3-23", WRONG, ""),
    ("创建时间", "3/4/2022", WRONG, ""),
    ("创建时间", "2022-02-30", WRONG, ""),
    ("创建时间", "二〇二二年三月", WRONG, ""),
    ("主讲人", "朱新", RIGHT, "朱新"),
    ("主讲人", "（藏族）班班多杰", RIGHT, "（藏族）班班多杰"),
    ("主讲人", "张建华;朱新;（藏族）班班多杰", RIGHT, "张建华;朱新;（藏族）班班多杰"),
    ("主讲人", "John Smith", RIGHT, "John Smith"),
    ("主讲人", "John.Smith", RIGHT, "John.Smith"),
    ("主讲人", "买买提·艾力", RIGHT, "买买提·艾力"),
    ("主讲人", "张建华；朱新", SAFE, "张建华;朱新"),
    ("主讲人", "张 三", SAFE, "张三"),
    ("主讲人", "(藏族)班班多杰", SAFE, "（藏族）班班多杰"),
    ("主讲人", "主讲人：朱新", SAFE, "朱新"),
    ("主讲人", "买买提•艾力", SAFE, "买买提·艾力"),
    ("主讲人", "张三;;李四;", SAFE, "张三;李四"),
    ("主讲人", "张建华、朱新", GUESS, "张建华;朱新"),
    ("主讲人", "张建华，朱新", GUESS, "张建华;朱新"),
    ("主讲人", "张建华 朱新", GUESS, "张建华;朱新"),
    ("主讲人", "张建华/朱新", GUESS, "张建华;朱新"),
    ("主讲人", "欧阳 娜娜", GUESS, "欧阳娜娜"),
    ("主讲人", "张建华和朱新", GUESS, "张建华;朱新"),
    ("主讲人", "李和平", RIGHT, "李和平"),
    ("主讲人", "主讲人 朱新", SAFE, "朱新"),
    ("主讲人", "张建华;\n朱新", SAFE, "张建华;朱新"),
    ("主讲人", "教授 朱新", GUESS, "朱新"),
    ("主讲人", "特级教师朱新", GUESS, "朱新"),
    ("主讲人", "朱新主任医师", GUESS, "朱新"),
    ("主讲人", "郑州大学朱新教授", GUESS, "朱新"),
    ("主讲人", "郑州大学 朱新 教授", GUESS, "朱新"),
    ("主讲人", "郑州大学教务处", WRONG, ""),
    ("主讲人", "张学科", RIGHT, "张学科"),
    ("主讲人", "朱新 13800138000", GUESS, "朱新"),
    ("主讲人", "张三1", WRONG, ""),
    ("主讲人", "张建华等", WRONG, ""),
    ("主讲人", "张建华、朱新等3人", WRONG, ""),
    ("主讲人", "张建华，女", WRONG, ""),
    ("主讲人", "马明，回族", GUESS, "（回族）马明"),
    ("主讲人", "（女）王芳", GUESS, "王芳"),
    ("主讲人", "（维族）买买提·艾力", WRONG, ""),
    ("主讲人", "王老师；李老师", WRONG, ""),
    ("主讲人", "某某老师", WRONG, ""),
    ("主讲人", "满江红", RIGHT, "满江红"),
    ("主讲人", "郑州大学朱新", GUESS, "朱新"),
    ("主讲人", "Мария Иванова", RIGHT, "Мария Иванова"),
    (
        "资源简介",
        "介绍HTML中<p>标签的用法，适合网页制作初学者",
        RIGHT,
        "介绍HTML中<p>标签的用法，适合网页制作初学者",
    ),
    (
        "资源简介",
        "本课程介绍常见文件格式和平台的使用，适合初学",
        RIGHT,
        "本课程介绍常见文件格式和平台的使用，适合初学",
    ),
    ("资源简介", "见附件《课程简介.docx》", WRONG, ""),
    ("资源简介", "具体内容见附件《课程简介》", WRONG, ""),
    ("资源简介", "内容详见课程网站https://www.abc.edu.cn", WRONG, ""),
    (
        "资源简介",
        "教你安全打开电子邮件，看见附件里隐藏的木马病毒",
        RIGHT,
        "教你安全打开电子邮件，看见附件里隐藏的木马病毒",
    ),
    ("资源类型", "A03、网络课程", SAFE, "A03"),
    ("资源类型", "视频、音频", WRONG, ""),
    ("资源类型", "A01视频课程", GUESS, "A01"),
    ("资源类型", "A02视频课程", WRONG, ""),
    ("资源类型", "A02课程", WRONG, ""),
    ("资源类型", "A01-03", WRONG, ""),
    ("所属顺序", "Ⅱ", GUESS, "02"),
    ("资源目录", "<x:a>1</x:a>", RIGHT, "<x:a>1</x:a>"),
    ("资源目录", "目录.xml", WRONG, ""),
    ("资源目录", "&lt;c&gt;绪论&lt;/c&gt;", GUESS, "<c>绪论</c>"),
    ("资源目录", "<?xml version=“1.0”?><c/>", GUESS, '<?xml version="1.0"?><c/>'),
    (
        "资源目录",
        '<?xml version="1.0" encoding="GBK" ?><c/>',
        RIGHT,
        '<?xml version="1.0" encoding="GBK" ?><c/>',
    ),
    ("版权方", "#REF!", WRONG, ""),
    ("版权方", "同上。", WRONG, ""),
    ("主讲人", "张建华\n朱新", GUESS, "张建华;朱新"),
    ("主讲人", "班班多杰（藏族）", GUESS, "（藏族）班班多杰"),
    ("主讲人", "班班多杰（藏）", GUESS, "（藏族）班班多杰"),
    ("主讲人", "张三 教授", GUESS, "张三"),
    ("主讲人", "朱新教授", GUESS, "朱新"),
    ("主讲人", "（火星族）张三", WRONG, ""),
    ("资源类型", "A01", RIGHT, "A01"),
    ("资源类型", "a01", SAFE, "A01"),
    ("资源类型", "Ａ01", SAFE, "A01"),
    ("资源类型", "视频资源", SAFE, "A01"),
    ("资源类型", "A01 视频资源", SAFE, "A01"),
    ("资源类型", "A01视频资源", SAFE, "A01"),
    ("资源类型", "AO1", GUESS, "A01"),
    ("资源类型", "A04", WRONG, ""),
    ("资源类型", "B01", WRONG, ""),
    ("资源类型", "A01;A03", WRONG, ""),
    ("资源类型", "课程", WRONG, ""),
    ("所属顺序", "01", RIGHT, "01"),
    ("所属顺序", "100", RIGHT, "100"),
    ("所属顺序", "1", SAFE, "01"),
    ("所属顺序", "1.0", SAFE, "01"),
    ("所属顺序", "０１", SAFE, "01"),
    ("所属顺序", "第一讲", GUESS, "01"),
    ("所属顺序", "第十二讲", GUESS, "12"),
    ("所属顺序", "①", GUESS, "01"),
    ("所属顺序", "01-02", WRONG, ""),
    ("点击量", "36500", RIGHT, "36500"),
    ("点击量", "0", RIGHT, "0"),
    ("点击量", "36,500", SAFE, "36500"),
    ("点击量", "３６５００", SAFE, "36500"),
    ("点击量", "36500次", SAFE, "36500"),
    ("学习人数", "36500人", SAFE, "36500"),
    ("点击量", "36500.0", SAFE, "36500"),
    ("点击量", "3.65万", GUESS, "36500"),
    ("点击量", "1万+", WRONG, ""),
    ("点击量", "-5", WRONG, ""),
    ("点击量", "12.5", WRONG, ""),
    ("学习人数", "约2万人", WRONG, ""),
    ("关键词", "新媒体;人工智能", RIGHT, "新媒体;人工智能"),
    ("关键词", "machine learning;人工智能", RIGHT, "machine learning;人工智能"),
    ("关键词", "TCP/IP;C++;5G-A", RIGHT, "TCP/IP;C++;5G-A"),
    ("关键词", "新媒体；人工智能", SAFE, "新媒体;人工智能"),
    ("关键词", "新媒体;;新媒体", SAFE, "新媒体"),
    ("关键词", "新媒体、人工智能", GUESS, "新媒体;人工智能"),
    ("关键词", "新媒体，人工智能", GUESS, "新媒体;人工智能"),
    ("关键词", "新媒体 人工智能", GUESS, "新媒体;人工智能"),
    ("所属分类", "科学文化-航空知识-航空发动机", RIGHT, "科学文化-航空知识-航空发动机"),
    ("所属分类", "科学文化－航空知识", SAFE, "科学文化-航空知识"),
    ("所属分类", "科学文化/航空知识", GUESS, "科学文化-航空知识"),
    ("所属分类", "科学文化>航空知识", GUESS, "科学文化-航空知识"),
    ("所属分类", "科学文化—航空知识", GUESS, "科学文化-航空知识"),
    (
        "资源链接",
        "https://www.icourse163.org/course/HNU-1206459828",
        RIGHT,
        "https://www.icourse163.org/course/HNU-1206459828",
    ),
    ("资源链接", "https://中国大学.cn/课程", RIGHT, "https://中国大学.cn/课程"),
    (
        "资源链接",
        "HTTP://a.edu.cn:8080/x?u=https://b.cn/1#top",
        RIGHT,
        "HTTP://a.edu.cn:8080/x?u=https://b.cn/1#top",
    ),
    ("资源链接", "https：／／www．a．cn/1", SAFE, "https://www.a.cn/1"),
    ("资源链接", "https://www。a。cn/1", SAFE, "https://www.a.cn/1"),
    ("资源链接", "www.a.edu.cn/c/1", GUESS, "https://www.a.edu.cn/c/1"),
    ("资源链接", "链接: https://a.cn/1 提取码: abcd", GUESS, "https://a.cn/1"),
    ("资源链接", "https://a.cn/1（中国大学MOOC）", GUESS, "https://a.cn/1"),
    ("资源链接", "https://a.cn/北京_(消歧义)", RIGHT, "https://a.cn/北京_(消歧义)"),
    ("资源链接", "点击https://a.cn/1进入学习", WRONG, ""),
    ("资源链接", "见平台", WRONG, ""),
    ("资源链接", "http://192.168.1.8/", WRONG, ""),
    ("资源链接", "file:///D:/a.mp4", WRONG, ""),
    ("资源链接", "http://localhost:8080/", WRONG, ""),
    ("资源链接", "https://a.cn/1 https://b.cn/2", WRONG, ""),
    ("部署平台", "中国大学 MOOC", RIGHT, "中国大学 MOOC"),
    ("部署平台", "https://www.icourse163.org", GUESS, "中国大学MOOC"),
    ("部署平台", "icourse163.org", GUESS, "中国大学MOOC"),
    ("部署平台", "Node.js中文网", RIGHT, "Node.js中文网"),
    ("部署平台", "同上", SAFE, ""),
    ("资源封面", "封面/FM001.JPG", RIGHT, "封面/FM001.JPG"),
    ("资源封面", "fm001.jpeg", RIGHT, "fm001.jpeg"),
    ("资源封面", "fm.png", WRONG, ""),
    ("资源目录", "<c><t>C&amp;C++</t></c>", RIGHT, "<c><t>C&amp;C++</t></c>"),
    ("资源目录", "<c><t>C&C++</t></c>", GUESS, "<c><t>C&amp;C++</t></c>"),
    ("资源目录", "<c><t>C&C++</c>", WRONG, ""),
    ("资源目录", "第一章 绪论", GUESS, "<catalog><item>第一章 绪论</item></catalog>"),
    ("资源目录", "<!DOCTYPE c><c/>", WRONG, ""),
    ("资源简介", "学习 a<b 与 <Python> 编程的区别", RIGHT, "学习 a<b 与 <Python> 编程的区别"),
    (
        "资源简介",
        "<p>介绍航空发动机的组成和原理，适合科普学习</p>",
        GUESS,
        "介绍航空发动机的组成和原理，适合科普学习",
    ),
    ("资源简介", "<p>介绍航空发动机</p>", WRONG, ""),
    ("资源简介", "见附件", WRONG, ""),
    ("资源简介", "详见附件2。", WRONG, ""),
    ("版权方", "　郑州大学\u00a0", SAFE, "郑州大学"),
    ("版权方", "同上", WRONG, ""),
    ("版权方", "测试", WRONG, ""),
    ("版权方", "…", WRONG, ""),
    ("版权方", "XX大学", WRONG, ""),
    ("版权方", "ÖÐ¹ú´óÑ§", WRONG, ""),
    ("版权方", "Crème Brûlée Éditions", RIGHT, "Crème Brûlée Éditions"),
    ("资源名称", "第一讲······绪论", RIGHT, "第一讲······绪论"),
    ("版权方", "无", WRONG, ""),
    ("部署平台", "无", SAFE, ""),
    ("关键词", "/", SAFE, ""),
]


@pytest.mark.parametrize(("field", "text", "sort", "value"), CASES, ids=[f"{c[0]}:{c[1]!r}" for c in CASES])
def test_reading(field: str, text: str, sort: str, value: str) -> None:
    assert read(field, text)[:2] == (sort, value)


@pytest.mark.parametrize(
    ("field", "text", "kind", "sort", "value"),
    [
        ("资源时长", "26:05:10", Kind.TIME, RIGHT, "26:05:10"),
        ("资源时长", "0.114953704", Kind.NUMBER, SAFE, "02:45:32"),
        ("资源时长", "165", Kind.NUMBER, WRONG, ""),
        ("资源时长", "0.5", Kind.NUMBER, WRONG, ""),
        ("创建时间", "2022-03-23", Kind.DATE, RIGHT, "2022-03-23"),
        ("创建时间", "2022-03-23 08:30:00", Kind.DATE, RIGHT, "2022-03-23"),
        ("创建时间", "44643", Kind.NUMBER, SAFE, "2022-03-23"),
        ("创建时间", "20220323", Kind.NUMBER, SAFE, "2022-03-23"),
        ("创建时间", "2022", Kind.NUMBER, WRONG, ""),
        ("所属顺序", "1", Kind.NUMBER, SAFE, "01"),
        ("所属顺序", "01", Kind.NUMBER, RIGHT, "01"),
        ("点击量", "36500", Kind.NUMBER, RIGHT, "36500"),
        ("点击量", "TRUE", Kind.BOOL, WRONG, ""),
    ],
)
def test_reading_of_native_values(field: str, text: str, kind: Kind, sort: str, value: str) -> None:
    assert read(field, text, kind)[:2] == (sort, value)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("主讲人", "张建华；朱新"),
        ("关键词", "新媒体；人工智能"),
        ("点击量", "36,500"),
        ("学习人数", "２３５００"),
        ("资源时长", "2:45:32"),
    ],
)
def test_what_can_be_read_in_one_way_only_is_a_warning(field: str, text: str) -> None:
    assert read(field, text)[2] == {Severity.WARNING}


@pytest.mark.parametrize(
    ("field", "text"),
    [("主讲人", "张建华、朱新"), ("关键词", "新媒体、人工智能"), ("点击量", "3.65万"), ("所属顺序", "01-02")],
)
def test_what_has_two_readings_is_an_error(field: str, text: str) -> None:
    assert read(field, text)[2] == {Severity.ERROR}


READERS = sorted(REGISTER.readers)
ALPHABET = st.one_of(
    st.characters(exclude_categories=["Cs"]),
    st.sampled_from("0123456789:：.-－/年月日时分秒小;；、，,（）()族教授A０Ａ<>&\n　 万次第讲①http://w.cn"),
)


@pytest.mark.parametrize("field", READERS)
@given(
    text=st.text(ALPHABET, min_size=1, max_size=24),
    kind=st.sampled_from([Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.BOOL]),
)
def test_any_text_is_right_or_explained_and_every_suggestion_is_right(
    field: str, text: str, kind: Kind
) -> None:
    is_right = right(BY_NAME[field], SETTINGS)
    if is_right(text):
        return
    reading = REGISTER.readers[field](text, kind, SETTINGS)
    assert reading.flaws
    for code, facts in reading.flaws:
        given_facts = {
            **facts,
            "value": text,
            "suggestion": reading.value,
            "field": field,
            "row": 2,
            "hint": "",
        }
        assert REGISTER.rules[code].sentence(given_facts)
        assert REGISTER.rules[code].remedy(given_facts)
    assert reading.value == "" or is_right(reading.value)
    assert reading.value or not reading.safe


@pytest.mark.parametrize("field", FIELDS, ids=[f.name for f in FIELDS])
def test_the_example_of_every_field_is_right(field) -> None:  # type: ignore[no-untyped-def]
    assert field.example == "" or right(field, SETTINGS)(field.example)


LONG = 20_000
ENDLESS = (
    "1" * LONG,
    "0" * LONG,
    "1" * LONG + ".5",
    "张" * LONG,
    "张三、" * LONG,
    "x" + " " * LONG + "x",
    "a " * LONG,
    "（" * LONG,
    "<p " * LONG,
    "http://" + "a-" * LONG,
    "www." + "a." * LONG + "!",
    "见" * LONG,
    "1,000" * LONG,
)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("field", READERS)
def test_a_cell_filled_to_its_limit_is_read_like_any_other(field: str) -> None:
    is_right = right(BY_NAME[field], SETTINGS)
    for text in (each[:32_767] for each in ENDLESS):
        assert is_right(text) or REGISTER.readers[field](text, Kind.TEXT, SETTINGS).flaws
