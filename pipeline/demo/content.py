"""What the demo's units send, all of it right: invented units, courses and people that could exist.

Everything follows from the numbers given; nothing here is random by itself and nothing is written.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import count, product
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pipeline.demo import media
from pipeline.demo.papers import REGISTRATION_SCAN, STATEMENT_SCAN


class Native(Struct, frozen=True):
    """A value as a spreadsheet keeps it: a number under a format, and its canonical text."""

    text: str
    number: float
    format: str

    def __str__(self) -> str:
        """The canonical text."""
        return self.text


class Formula(Struct, frozen=True):
    """A formula and the result that the file stores with it."""

    formula: str
    result: str

    def __str__(self) -> str:
        """The stored result."""
        return self.result


class Link(Struct, frozen=True):
    """An address that one sees, and another that a click opens."""

    shown: str
    target: str

    def __str__(self) -> str:
        """What one sees."""
        return self.shown


Cell = str | Native | Formula | Link


class Clip(Struct, frozen=True):
    """A recipe for a file: make writes it. cheap: one may be made and then varied."""

    name: str
    make: Callable[[Path, int], None]
    cheap: bool = True
    cut: float = 1.0
    """The part of the file that arrived; 0 leaves its first 64 bytes."""


def video(name: str, *, cheap: bool = True, cut: float = 1.0, **options: Any) -> Clip:
    """A video of ten seconds, right unless the options say otherwise (see `media.make_video`).

    No file may be shorter, nor its bitrate lower by either way of counting, without a word from the rules.
    """
    settings: dict[str, Any] = {"seconds": 10.0, "bitrate": 2_250_000, **options}
    return Clip(name, lambda path, seed: media.make_video(path, seed=seed, **settings), cheap, cut)


def audio(name: str, *, cheap: bool = True, cut: float = 1.0, **options: Any) -> Clip:
    """A sound of twelve seconds, right unless the options say otherwise (see `media.make_audio`)."""
    settings: dict[str, Any] = {"bitrate": 64_000, **options}
    return Clip(name, lambda path, seed: media.make_audio(path, seed=seed, **settings), cheap, cut)


def cover(name: str, *, cheap: bool = True, cut: float = 1.0, **options: Any) -> Clip:
    """A cover, right unless the options say otherwise (see `media.make_cover`)."""
    settings: dict[str, Any] = {"width": 640, "height": 360, **options}
    return Clip(name, lambda path, seed: media.make_cover(path, seed=seed, **settings), cheap, cut)


RIGHT_VIDEOS: tuple[Clip, ...] = (
    video("720p25"),
    video("1080p 29.97fps", width=1920, height=1080, fps=Fraction(30_000, 1001)),
    video("720p 24.99fps", fps=Fraction(2499, 100)),
)
RIGHT_AUDIOS: tuple[Clip, ...] = (audio("44.1kHz stereo"), audio("48kHz stereo", rate=48_000))
RIGHT_COVERS: tuple[Clip, ...] = tuple(cover(f"cover {number}") for number in range(4))
VIDEO_LENGTH, AUDIO_LENGTH = "00:00:10", "00:00:12"


class Enclosure(Struct, frozen=True):
    """A file in the unit's folder. Two with the same clip and seed are the same bytes."""

    path: str
    clip: Clip
    seed: int


class Record(Struct, frozen=True):
    """One resource: its cells by field name, and the files that come with it; the cover is the first.

    closes: it is the last of its series.
    """

    cells: Mapping[str, Cell]
    files: tuple[Enclosure, ...]
    closes: bool = False

    def text(self, field: str) -> str:
        """The canonical text of a cell, "" if blank."""
        return str(self.cells.get(field, ""))


class Unit(Struct, frozen=True):
    """Who sends. path is its folder below input/: `单位`, or `局/校` if a bureau forwards for it.

    rule: what is wrong with its name, "" if nothing. full: its full name, where it sends under another.
    """

    path: str
    kind: str
    region: str
    rule: str = ""
    full: str = ""

    @property
    def name(self) -> str:
        """Its own name."""
        return self.path.rpartition("/")[2]

    @property
    def holder(self) -> str:
        """The name under which it holds rights."""
        return self.full or self.name


_CITIES = (
    "郑州", "开封", "洛阳", "平顶山", "安阳", "鹤壁", "新乡", "焦作", "濮阳",
    "许昌", "漯河", "三门峡", "南阳", "商丘", "信阳", "周口", "驻马店",
)  # fmt: skip
_MARKS = (
    "嵩岳", "汴水", "伊洛", "鹰城", "洹上", "淇滨", "牧野", "怀川",
    "澶州", "颍川", "沙澧", "崤函", "宛西", "应天", "申城",
)  # fmt: skip
_SCHOOLS = (
    ("职业技术学院", "高等学校"),
    ("理工学院", "高等学校"),
    ("师范高等专科学校", "高等学校"),
    ("工业学校", "省属中等职业学校"),
    ("卫生健康职业学院", "高等学校"),
    ("财经学校", "省属中等职业学校"),
    ("文化传播有限公司", "行业企业及其他社会机构"),
)
_FORWARDED = ("社区学院", "中等专业学校", "老年大学")
_MISNAMED: Mapping[int, Unit] = {
    9: Unit("安洋市教育局", "省辖市教育局", "安阳市", "W01"),
    10: Unit("长垣县教育局", "省直管县（市）教育局", "长垣市", "W01c"),
    11: Unit("巩义教育局", "省直管县（市）教育局", "巩义市", "W01d", "巩义市教育局"),
}
"""Units whose names the register knows otherwise, by their place in the call."""


def units(number: int) -> list[Unit]:
    """That many units; in every ten, two are schools whose papers a city's bureau forwards."""
    found = []
    for index in range(number):
        if index in _MISNAMED:
            found.append(_MISNAMED[index])
            continue
        city = _CITIES[index % len(_CITIES)]
        mark = _MARKS[(index // len(_CITIES) + index) % len(_MARKS)]
        if index % 10 in (7, 8):
            city = _CITIES[index // 10 % len(_CITIES)]
            school = f"{city}市{mark}{_FORWARDED[index % len(_FORWARDED)]}"
            found.append(Unit(f"{city}市教育局/{school}", "省辖市教育局", f"{city}市"))
        else:
            suffix, kind = _SCHOOLS[index % len(_SCHOOLS)]
            found.append(Unit(f"{city}{mark}{suffix}", kind, f"{city}市"))
    return found


class _Subject(Struct, frozen=True):
    series: str
    category: str
    topics: tuple[str, ...]
    keywords: tuple[str, ...]
    gain: str


_SUBJECTS = (
    _Subject("智慧助老", "老年教育-信息素养-智能手机",
             ("智能手机", "移动支付", "网上挂号", "手机摄影", "防范电信诈骗", "视频通话", "公交出行码"),
             ("智慧助老", "智能手机", "数字素养"), "独立完成日常的线上操作"),
    _Subject("中原文化", "人文艺术-地方文化-中原文化",
             ("殷墟甲骨", "汴绣", "豫剧唱腔", "朱仙镇年画", "少林武术", "钧瓷烧制", "洛阳牡丹"),
             ("中原文化", "非遗传承", "河南"), "说出它的来历、特点和当代价值"),
    _Subject("乡村振兴", "职业技能-现代农业-种植技术",
             ("小麦病虫害防治", "温室番茄栽培", "食用菌生产", "农产品电商", "土壤改良", "果树修剪", "滴灌"),
             ("乡村振兴", "现代农业", "高素质农民"), "在自家地块上照着做"),
    _Subject("家庭健康", "生活健康-家庭保健-慢病管理",
             ("高血压管理", "糖尿病饮食", "中医推拿", "八段锦", "急救常识", "睡眠改善", "合理用药"),
             ("健康教育", "慢病管理", "家庭保健"), "为自己和家人安排一周的健康计划"),
    _Subject("人工智能通识", "科学技术-信息技术-人工智能",
             ("机器学习", "图像识别", "自然语言处理", "智能推荐", "数据标注", "神经网络", "提示词写作"),
             ("人工智能", "machine learning", "数字经济"), "判断一件工作适不适合交给人工智能"),
    _Subject("航空科普", "科学文化-航空知识-航空发动机",
             ("航空发动机", "机翼升力", "飞行仪表", "无人机操控", "起落架", "空中交通管制", "航空材料"),
             ("航空科普", "科学普及"), "用生活中的例子解释飞行原理"),
    _Subject("会计实务", "职业技能-财经商贸-会计",
             ("凭证填制", "增值税申报", "成本核算", "财务报表分析", "个人所得税汇算", "出纳实务", "电子发票"),
             ("会计", "财税", "职业培训"), "独立完成一个小微企业的月度账务"),
    _Subject("先进制造", "职业技能-装备制造-数控技术",
             ("数控车削", "工业机器人编程", "液压传动", "三维建模", "焊接工艺", "设备点检", "公差配合"),
             ("智能制造", "C++", "工匠精神"), "按图纸完成一个零件的加工工艺卡"),
    _Subject("学前教育", "学历继续教育-教育学-学前教育",
             ("绘本阅读", "幼儿体育游戏", "儿童心理发展", "区角活动", "家园沟通", "音乐律动", "幼小衔接"),
             ("学前教育", "教师培训"), "设计一次三十分钟的活动方案"),
    _Subject("法律常识", "社会生活-法律法规-民法典",
             ("劳动合同", "物业纠纷", "遗嘱订立", "消费者权益", "民间借贷", "相邻关系", "赡养义务"),
             ("民法典", "普法"), "遇到纠纷时知道找谁、带什么材料"),
)  # fmt: skip

_ASPECTS = (
    "入门", "基础知识", "常见问题", "操作要点", "案例分析", "技能实训", "发展历程", "经典赏析",
    "政策解读", "进阶提高", "实用技巧", "专题讲座", "质量标准", "安全规范", "复习指导",
)  # fmt: skip
_AUDIENCES = (
    "社区居民",
    "老年学员",
    "企业在职员工",
    "成人高等教育学生",
    "基层干部",
    "返乡创业青年",
    "一线教师",
    "高素质农民",
)
_WAYS = (
    "课堂讲授与现场演示结合",
    "以问题引入、逐步拆解",
    "结合本地真实案例",
    "配有分步操作示范",
    "穿插学员常见疑问解答",
)
_PARTS = ("概念与分类", "主要环节", "工具与材料", "易错之处", "评价方法", "相关规定", "日常维护", "实施步骤")

Names = Mapping[str, Iterator[tuple[str, str]]]


def names(seed: int) -> Names:
    """Series → (topic, resource name) without end; no name comes twice, in any series."""
    return {subject.series: _names(subject, seed) for subject in _SUBJECTS}


def _names(subject: _Subject, seed: int) -> Iterator[tuple[str, str]]:
    every = list(product(subject.topics, _ASPECTS))
    random.Random(f"{seed} {subject.series}").shuffle(every)  # noqa: S311 - a repeatable shuffle, no secret
    for edition in count(1):
        for topic, aspect in every:
            yield topic, f"{topic}{aspect}" + (f"第{edition}辑" if edition > 1 else "")


_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡"
    "贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷"
)
_GIVEN = (
    "建华", "新", "丽娟", "志强", "晓燕", "国栋", "海霞", "明", "雨桐", "文博", "秀兰", "俊杰",
    "思远", "玉珍", "浩然", "倩", "永胜", "慧敏", "振宇", "春梅", "一鸣", "嘉怡", "少华", "红旗",
)  # fmt: skip
_UNUSUAL_NAMES = (
    "（藏族）班班多杰", "John Smith", "买买提·艾力", "（维吾尔族）阿依古丽·买买提",
    "（回族）马国栋", "欧阳䶮", "Mary Ann O'Neil",
)  # fmt: skip
"""Names that are right as they stand and that a careless check would refuse."""

_PLATFORMS = (
    ("中国大学MOOC", "www.icourse163.org", "https://www.icourse163.org/course/ZY-{number}"),
    ("学堂在线", "www.xuetangx.com", "https://www.xuetangx.com/course/zy{number}"),
    ("智慧职教", "www.icve.com.cn", "https://www.icve.com.cn/portal/courseinfo?courseid={number}"),
    ("中原终身学习在线", "中国大学.cn", "https://中国大学.cn/课程/{number}"),
)
LOW_PLATFORM, LOW_HOST = "汴京学习网", "xue.bianjing.cn"
"""Stated with its level, which is too low; no right course is linked there."""
PLATFORM_ROWS: tuple[Mapping[str, str], ...] = tuple(
    {
        "部署平台": name,
        "域名": host,
        "等保级别": level,
        "备案证明编号": f"4101009900{number}-2100{number}",
        "证明文件": f"等保备案证明{number}.jpg",
    }
    for number, (name, host, level) in enumerate(
        (*((name, host, "第三级") for name, host, _ in _PLATFORMS), (LOW_PLATFORM, LOW_HOST, "第二级")), 1
    )
)
"""平台资质 of the platforms that the demo's courses are linked on."""

_EPOCH = dt.date(1899, 12, 30)
_LINK_LENGTHS = (5400, 12_732, 93_910, 2730, 45_000, 7325)  # 93,910 s is 26:05:10


def person(dice: random.Random) -> str:
    """A Chinese name of two or three characters."""
    return dice.choice(_SURNAMES) + dice.choice(_GIVEN)


def records(unit: Unit, number: int, names: Names, seed: int, *, links: bool = True) -> list[Record]:
    """That many right resources of one unit, in series of three to six and some alone.

    links: whether courses may be a link alone (a unit without 平台资质 sends their files).
    """
    dice = random.Random(seed)  # noqa: S311 - repeatable content, no secret
    found: list[Record] = []
    for part in count(1):
        subject = dice.choice(_SUBJECTS)
        size = min(dice.choice((1, 1, 3, 4, 6)), number - len(found))
        if not size:
            return found
        for order in range(1, size + 1):
            place = (f"{subject.series}第{part}期", order) if size > 1 else ("", 0)
            topic, name = next(names[subject.series])
            record = _record(unit, len(found), name, topic, subject, place, seed, dice, links)
            found.append(replace(record, closes=1 < order == size))
    raise AssertionError("an endless count came to an end")


def _record(
    unit: Unit, index: int, name: str, topic: str, subject: _Subject, place: tuple[str, int], seed: int,
    dice: random.Random, links: bool,
) -> Record:  # fmt: skip
    series, order = place
    number = index + 1
    kind = ("A01", "A02", "A03", "A02", "A03", "A02", "A03")[index % 7]
    clicks = dice.choice((0, dice.randint(50, 90_000)))
    cells: dict[str, Cell] = {
        "资源名称": name,
        "资源类型": kind,
        "所属系列": series,
        "所属顺序": f"{order:02d}" if order else "",
        "资源简介": _introduction(name, topic, subject, dice),
        "创建时间": (dt.date(2019, 3, 1) + dt.timedelta(days=dice.randint(0, 1800))).isoformat(),
        "版权方": unit.holder,
        "主讲人": _speakers(index, dice),
        "点击量": str(clicks),
        "学习人数": str(clicks * 2 // 3),
        "资源封面": f"fm{number:03d}.jpg",
        "资源目录": f"<catalog><item>第一章 {topic}</item><item>第二章 练习</item></catalog>"
        if index % 9 == 4
        else "",
        "关键词": ";".join(dict.fromkeys((topic, *subject.keywords[: dice.randint(1, 3)]))),
        "所属分类": subject.category,
    }
    files = [Enclosure(f"封面/fm{number:03d}.jpg", dice.choice(RIGHT_COVERS), seed * 100_000 + index * 2)]
    if kind == "A03" and links:
        platform, _, address = dice.choice(_PLATFORMS)
        cells |= {"部署平台": platform, "资源链接": address.format(number=seed * 100_000 + number)}
        cells["资源时长"] = _clock(dice.choice(_LINK_LENGTHS))
    else:
        folder, clip, suffix, length = (
            ("音频", dice.choice(RIGHT_AUDIOS), "mp3", AUDIO_LENGTH)
            if kind == "A02"
            else ("视频", dice.choice(RIGHT_VIDEOS), "mp4", VIDEO_LENGTH)
        )
        path = f"{folder}/{number:03d}_{topic}.{suffix}"
        cells["资源文件"] = dice.choice((path, path.replace("/", "\\"), path.rpartition("/")[2]))
        cells["资源时长"] = dice.choice((length, "")) if kind == "A03" else length
        files.append(Enclosure(path, clip, seed * 100_000 + index * 2 + 1))
    return Record({field: cell for field, cell in cells.items() if cell != ""}, tuple(files))


def _introduction(name: str, topic: str, subject: _Subject, dice: random.Random) -> str:
    first, second = dice.sample(_PARTS, 2)
    return (
        f"《{name}》面向{dice.choice(_AUDIENCES)}，介绍{topic}的{first}与{second}，{dice.choice(_WAYS)}。"
        f"学完后能够{subject.gain}。"
    )


def _speakers(index: int, dice: random.Random) -> str:
    people = [person(dice) for _ in range(dice.choice((1, 1, 1, 2, 3)))]
    if index % 11 == 5:
        people.append(_UNUSUAL_NAMES[index // 11 % len(_UNUSUAL_NAMES)])
    return ";".join(dict.fromkeys(people))


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


_DATE_FORMATS = ("yyyy-mm-dd", "yyyy/m/d", 'yyyy"年"m"月"d"日"')


def as_typed(record: Record, index: int) -> Record:
    """The same resource as a spreadsheet keeps what people type: real dates, times and numbers."""
    cells = dict(record.cells)
    if day := record.text("创建时间"):
        serial = (dt.date.fromisoformat(day) - _EPOCH).days
        cells["创建时间"] = Native(day, serial, _DATE_FORMATS[index % len(_DATE_FORMATS)])
    if length := record.text("资源时长"):
        hours, minutes, seconds = map(int, length.split(":"))
        fraction = (hours * 3600 + minutes * 60 + seconds) / 86_400
        cells["资源时长"] = Native(length, fraction, "[h]:mm:ss" if hours >= 24 or index % 2 else "hh:mm:ss")
    if order := record.text("所属顺序"):
        cells["所属顺序"] = Native(order, int(order), "00")
    for field in ("点击量", "学习人数"):
        if value := record.text(field):
            cells[field] = Native(value, int(value), "0" if index % 2 else "#,##0")
    return replace(record, cells=cells)


def unit_information(unit: Unit, seed: int) -> dict[str, str]:
    """单位信息 of a unit, all filled."""
    dice = random.Random(seed)  # noqa: S311 - repeatable content, no secret
    return {
        "单位名称": unit.name,
        "单位类型": unit.kind,
        "所属地区": unit.region,
        "负责人姓名": person(dice),
        "职务": dice.choice(("继续教育处处长", "教务科科长", "社区教育科科长", "项目主管")),
        "座机": f"0371-{dice.randint(60_000_000, 69_999_999)}",
        "手机": f"1{dice.choice('3578')}{dice.randint(0, 999_999_999):09d}",
        "电子邮箱": f"jxjy{seed}@zyedu-{dice.randint(100, 999)}.cn",
        "安全审核日期": "2024-04-18",
        "登记表扫描件": REGISTRATION_SCAN,
        "安全审核说明扫描件": STATEMENT_SCAN,
    }


def field_order(names: Sequence[str], seed: int) -> tuple[str, ...]:
    """The columns as somebody who moves them about would leave them."""
    moved = list(names)
    random.Random(seed).shuffle(moved)  # noqa: S311 - a repeatable shuffle, no secret
    return tuple(moved)
