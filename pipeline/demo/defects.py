"""What goes wrong in real submissions: each defect spoils one right resource in exactly one way.

A defect names the rule that must find it and the field where; the demo writes both into
its ledger, so that a run can be compared with what is known to be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pipeline.demo.content import (
    AUDIO_LENGTH,
    LOW_HOST,
    LOW_PLATFORM,
    RIGHT_AUDIOS,
    VIDEO_LENGTH,
    Cell,
    Clip,
    Enclosure,
    Formula,
    Link,
    Native,
    Record,
    audio,
    cover,
    video,
)
from pipeline.fields import RESOURCE_FILE

Earlier = Sequence[Record]
"""The unit's resources above the one to spoil; a spoilt one is blank, so that no other builds on it."""

Where = Callable[[Record, Earlier], bool]
Spoil = Callable[[Record, Earlier], Record]


class Defect(Struct, frozen=True):
    """One kind of mistake. where tells which resources can suffer it.

    typed: it needs real cells, which a csv does not have. rowless: what is wrong lies in the
    unit's folder and no row can be blamed.
    """

    kind: str
    rule: str
    field: str
    where: Where
    spoil: Spoil
    typed: bool = False
    rowless: bool = False


def _anywhere(_record: Record, _earlier: Earlier) -> bool:
    return True


def _of_its_own(name: str) -> int:
    """A number of at most three digits that other names hardly have."""
    return sum(map(ord, name)) % 997


def _of_zhengzhou(record: Record, _earlier: Earlier) -> bool:
    """A unit for which 郑州市教育局 sends: to any other the bureau is a stranger, another mistake."""
    return record.text("版权方").startswith("郑州市") and not record.text("所属系列")


def _alone(record: Record, _earlier: Earlier) -> bool:
    return not record.text("所属系列")


def _linked(record: Record, _earlier: Earlier) -> bool:
    return bool(record.text("资源链接")) and not record.text(RESOURCE_FILE)


def _linked_at_www(record: Record, earlier: Earlier) -> bool:
    """A host that is known for one without its scheme."""
    return _linked(record, earlier) and record.text("资源链接").startswith("https://www.")


def _linked_at(platform: str) -> Where:
    return lambda record, earlier: _linked(record, earlier) and record.text("部署平台") == platform


def _has(field: str) -> Where:
    return lambda record, _earlier: bool(record.text(field))


def _of_type(code: str) -> Where:
    return lambda record, _earlier: record.text("资源类型") == code and bool(record.text(RESOURCE_FILE))


def _third_in_series(record: Record, earlier: Earlier) -> bool:
    """Two above it are of its series and unspoilt, so that it is the odd one."""
    series = record.text("所属系列")
    return bool(series) and [one.text("所属系列") for one in earlier[-2:]] == [series, series]


def _closes(record: Record, _earlier: Earlier) -> bool:
    """The last of its series: what is changed here makes no gap further down."""
    return record.closes


def _closes_sound_series(record: Record, earlier: Earlier) -> bool:
    """The last of a series in which nothing else is wrong."""
    before = earlier[-int(record.text("所属顺序") or 0) + 1 :]
    name = record.text("所属系列")
    return record.closes and len(before) >= 2 and all(one.text("所属系列") == name for one in before)


def _second_of_its_sort(record: Record, earlier: Earlier) -> bool:
    return _partner(record, earlier) is not None


def _partner(record: Record, earlier: Earlier) -> Record | None:
    """The nearest one above with a file of the same sort."""
    kind = record.text("资源类型")
    same = (one for one in reversed(earlier) if one.text("资源类型") == kind and len(one.files) == 2)
    return next(same, None) if len(record.files) == 2 else None


def _lone_partner(record: Record, earlier: Earlier) -> Record | None:
    """The nearest one above that, like this one, is in no series."""
    if record.text("所属系列"):
        return None
    return next((one for one in reversed(earlier) if one.cells and not one.text("所属系列")), None)


def _lone_twin(record: Record, earlier: Earlier) -> Record | None:
    """The nearest one above that, like this one, is in no series, and is of the same type."""
    lone = (one for one in reversed(earlier) if one.cells and not one.text("所属系列"))
    same = (one for one in lone if one.text("资源类型") == record.text("资源类型"))
    return None if record.text("所属系列") else next(same, None)


def _has_lone_twin(record: Record, earlier: Earlier) -> bool:
    return _lone_twin(record, earlier) is not None


def _linked_above(record: Record, earlier: Earlier) -> Record | None:
    """The nearest one above that is a link alone too."""
    return next((one for one in reversed(earlier) if _linked(one, ())), None) if _linked(record, ()) else None


def _any_above(_record: Record, earlier: Earlier) -> Record | None:
    return next((one for one in reversed(earlier) if one.cells), None)


def _covered_above(record: Record, earlier: Earlier) -> Record | None:
    """The nearest one above with a cover, where neither is in a series."""
    return _lone_partner(record, earlier) if record.files else None


Find = Callable[[Record, Earlier], Record | None]


def _there(find: Find) -> Where:
    return lambda record, earlier: find(record, earlier) is not None


def _from(find: Find, change: Callable[[Record, Record], Record]) -> Spoil:
    """Spoil a resource by what one above it holds."""

    def spoil(record: Record, earlier: Earlier) -> Record:
        source = find(record, earlier)
        return record if source is None else change(record, source)

    return spoil


def _set(record: Record, **cells: Cell) -> Record:
    """The resource with these cells; "" clears one."""
    merged = {**record.cells, **cells}
    return replace(record, cells={field: cell for field, cell in merged.items() if cell != ""})


def _value(
    kind: str,
    rule: str,
    field: str,
    wrong: Cell | Callable[[str], Cell],
    where: Where = _anywhere,
    *,
    typed: bool = False,
) -> Defect:
    """A wrong value in one cell: itself, or made from the right one."""

    def spoil(record: Record, _earlier: Earlier) -> Record:
        return _set(record, **{field: wrong(record.text(field)) if callable(wrong) else wrong})

    return Defect(kind, rule, field, where, spoil, typed or isinstance(wrong, Native | Formula))


def _file(kind: str, rule: str, field: str, clip: Clip, where: Where, suffix: str = "") -> Defect:
    """Another file in place of the right one, under the same name or with another suffix."""

    def spoil(record: Record, _earlier: Earlier) -> Record:
        position = 0 if field == "资源封面" else 1
        old = record.files[position]
        path = old.path.rpartition(".")[0] + suffix if suffix else old.path
        files = [*record.files]
        files[position] = replace(old, path=path, clip=clip)
        named = {field: path.rpartition("/")[2]} if suffix else {}
        return _set(replace(record, files=tuple(files)), **named)

    return Defect(kind, rule, field, where, spoil)


def _without_files(record: Record, _earlier: Earlier) -> Record:
    """Only a link remains, which is not enough for video and audio."""
    link = f"https://www.icourse163.org/course/ZY-9{record.files[1].seed}"
    linked = _set(record, 资源文件="", 部署平台="中国大学MOOC", 资源链接=link)
    return replace(linked, files=record.files[:1])


def _platform_alone(record: Record, _earlier: Earlier) -> Record:
    return _set(record, 部署平台="中国大学MOOC")


def _nothing_at_all(record: Record, _earlier: Earlier) -> Record:
    return _set(record, 资源链接="", 部署平台="")


def _file_lost(record: Record, _earlier: Earlier) -> Record:
    return replace(record, files=record.files[:1])


def _cover_lost(record: Record, _earlier: Earlier) -> Record:
    return replace(record, files=record.files[1:])


def _file_nobody_names(record: Record, _earlier: Earlier) -> Record:
    stray = Enclosure(_stray_path(record), RIGHT_AUDIOS[0], record.files[0].seed + 50_000)
    return replace(record, files=(*record.files, stray))


def _stray_path(record: Record) -> str:
    return f"音频/备用{record.files[0].seed}.mp3"


def _audio_named_as_video(record: Record, _earlier: Earlier) -> Record:
    """A right mp3, but the row says A01."""
    old = record.files[1]
    path = old.path.replace("视频/", "音频/").replace(".mp4", ".mp3")
    files = (record.files[0], replace(old, path=path, clip=RIGHT_AUDIOS[0]))
    return _set(replace(record, files=files), 资源文件=path, 资源时长=AUDIO_LENGTH)


def _same_bytes(record: Record, earlier: Earlier) -> Record:
    """The file of a resource above, under this one's name."""
    source = _partner(record, earlier)
    if source is None:
        return record
    twin = replace(source.files[1], path=record.files[1].path)
    return replace(record, files=(record.files[0], twin))


def _same_order(record: Record, earlier: Earlier) -> Record:
    return _set(record, 所属顺序=earlier[-1].text("所属顺序"))


def _same_resource(record: Record, source: Record) -> Record:
    """Name and speakers of one above; neither is in a series."""
    return _set(record, 资源名称=source.text("资源名称"), 主讲人=source.text("主讲人"))


def _same_but_for_signs(record: Record, source: Record) -> Record:
    """The same, but the name in the signs that titles of books have."""
    return _set(record, 资源名称=f"《{source.text('资源名称')}》", 主讲人=source.text("主讲人"))


def _same_link(record: Record, source: Record) -> Record:
    return _set(record, 部署平台=source.text("部署平台"), 资源链接=source.text("资源链接"))


def _same_introduction(record: Record, source: Record) -> Record:
    return _set(record, 资源简介=source.text("资源简介"))


def _same_cover(record: Record, source: Record) -> Record:
    return _set(replace(record, files=record.files[1:]), 资源封面=source.text("资源封面"))


def _on_platform(platform: str, host: str) -> Spoil:
    """On another platform, under an address of its own."""

    def spoil(record: Record, _earlier: Earlier) -> Record:
        return _set(record, 部署平台=platform, 资源链接=f"https://{host}/course/{record.files[0].seed}")

    return spoil


def _shared_from_a_disk(record: Record, _earlier: Earlier) -> Record:
    return _set(record, 资源链接=f"https://pan.baidu.com/s/1zy{record.files[0].seed}")


def _clicked_elsewhere(record: Record, _earlier: Earlier) -> Record:
    shown = record.text("资源链接")
    return _set(record, 资源链接=Link(shown, f"https://www.zhihuishu.com/course/{record.files[0].seed}"))


def _gap_before(record: Record, _earlier: Earlier) -> Record:
    return _set(record, 所属顺序=f"{int(record.text('所属顺序')) + 1:02d}")


def _series_of_one(record: Record, _earlier: Earlier) -> Record:
    return _set(record, 所属系列="特别专题", 所属顺序="01")


def _several_files(separator: str) -> Spoil:
    """A second sound file, named in the same cell."""

    def spoil(record: Record, _earlier: Earlier) -> Record:
        first = record.files[1]
        path = first.path.replace(".mp3", "（下）.mp3")
        second = replace(first, path=path, seed=first.seed + 50_000)
        named = separator.join(each.rpartition("/")[2] for each in (first.path, path))
        together = "00:00:24" if record.text("资源时长") == AUDIO_LENGTH else ""
        return _set(replace(record, files=(*record.files, second)), 资源文件=named, 资源时长=together)

    return spoil


def _shouted(record: Record, _earlier: Earlier) -> Record:
    """The file's name in capitals."""
    return _set(record, 资源文件=record.text(RESOURCE_FILE).replace(".mp", ".MP"))


def _film(
    kind: str, rule: str, length: str = VIDEO_LENGTH, field: str = RESOURCE_FILE, **options: Any
) -> Defect:
    """Another video of this length in place of the right one."""
    swapped = _file(kind, rule, RESOURCE_FILE, video(kind, **options), _of_type("A01"))

    def spoil(record: Record, earlier: Earlier) -> Record:
        return _set(swapped.spoil(record, earlier), 资源时长=length)

    return replace(swapped, field=field, spoil=spoil)


def _recorded_later(record: Record, earlier: Earlier) -> Record:
    film = _film("文件的日期晚得多", "X04", created="2023-05-01")
    return _set(film.spoil(record, earlier), 创建时间="2015-03-23")


def _no_order(record: Record, _earlier: Earlier) -> Record:
    return _set(record, 所属顺序="")


_PICTURE = '=DISPIMG("ID_8C0F0B1E1E5A4C0E9D3A6B7C8D9E0F1A",1)'
"""What WPS writes into a cell that holds a picture."""
_ORDINALS = "零一二三四五六"
_NAMES: Mapping[str, str] = {"A01": "视频资源", "A02": "音频资源", "A03": "网络课程"}

FEW: frozenset[Where] = frozenset({_of_zhengzhou, _third_in_series, _closes_sound_series, _has_lone_twin})
"""What few resources fulfil: kinds that ask for it go first."""

DEFECTS: tuple[Defect, ...] = (
    _value("必填漏填：资源名称", "R02-1", "资源名称", ""),
    _value("必填漏填：资源类型", "R03-1", "资源类型", ""),
    _value("必填漏填：资源简介", "R08-1", "资源简介", ""),
    _value("必填漏填：版权方", "R11-1", "版权方", ""),
    _value("必填漏填：主讲人", "R12-1", "主讲人", ""),
    Defect(
        "必填漏填：资源封面", "R15-1", "资源封面", _anywhere,
        lambda record, _earlier: _set(replace(record, files=record.files[1:]), 资源封面=""),
    ),
    _value("名称末尾有全角空格", "G01", "资源名称", lambda right: f"{right}　"),
    _value("版权方前有不换行空格", "G01", "版权方", lambda right: f"\u00a0{right}"),
    _value("类型代码全角", "G03", "资源类型", lambda right: f"Ａ{right[1:]}"),
    _value("点击量全角", "G03", "点击量", "９６５００"),
    _value("时长全角", "G03", "资源时长", "０２：４５：３２", _linked),
    _value("日期全角", "G03", "创建时间", "２０２２－０３－２３"),
    _value("选填占位：无", "G04", "所属系列", "无", _alone),
    _value("选填占位：/", "G04", "关键词", "/"),
    _value("必填占位：同上", "G05", "主讲人", "同上"),
    _value("必填占位：待定", "G05", "版权方", "待定"),
    _value("自填资源ID", "R01-1", "资源ID", "ZY-001"),
    _value("类型不在代码表", "R03-2", "资源类型", "B01"),
    _value("类型填成文字", "R03-2", "资源类型", "课程"),
    _value("表3 类型代码", "R03-3", "资源类型", "A04"),
    _value("类型填中文名", "R03-4", "资源类型", lambda right: _NAMES[right]),
    _value("类型小写", "R03-4", "资源类型", lambda right: right.lower()),
    _value("类型代码带名称", "R03-4", "资源类型", lambda right: f"{right} {_NAMES[right]}"),
    _value("类型字母O", "R03-4", "资源类型", lambda right: f"AO{right[2:]}"),
    _value("两个类型", "R03-5", "资源类型", "A01;A03"),
    _value("有链接无平台", "R04-1", "部署平台", "", _linked),
    Defect("有平台无链接", "R04-1b", "资源链接", _of_type("A01"), _platform_alone),
    _value("平台填网址", "R04-2", "部署平台", "https://www.icourse163.org", _linked_at("中国大学MOOC")),
    _value("链接不是网址", "R05-1", "资源链接", "见平台", _linked),
    _value("链接夹提取码", "R05-2", "资源链接", lambda right: f"链接: {right} 提取码: a2b4", _linked),
    _value("链接缺协议", "R05-3", "资源链接", lambda right: right.removeprefix("https://"), _linked_at_www),
    _value("链接全角", "R05-4", "资源链接", lambda right: right.replace("https://", "https：／／"), _linked),
    _value("内网链接", "R05-5", "资源链接", "http://192.168.1.8/course/12", _linked),
    _value("系列写法不一", "R06-1", "所属系列", lambda right: f"{right}系列", _third_in_series),
    Defect("有系列无顺序", "R07-1", "所属顺序", _has("所属系列"), _no_order),
    _value("有顺序无系列", "R07-1b", "所属系列", "", _closes),
    _value("顺序一位数", "R07-2", "所属顺序", lambda right: right.lstrip("0"), _has("所属系列")),
    _value(
        "顺序写第几讲", "R07-2", "所属顺序", lambda right: f"第{_ORDINALS[int(right)]}讲", _has("所属系列")
    ),
    _value(
        "顺序丢零（数字格）", "R07-2", "所属顺序",
        lambda right: Native(str(int(right)), int(right), "General"), _has("所属系列"), typed=True,
    ),
    _value("顺序是范围", "R07-2b", "所属顺序", "01-02", _has("所属系列")),
    Defect("顺序重复", "R07-3", "所属顺序", _third_in_series, _same_order),
    _value("简介带网页代码", "R08-2", "资源简介", lambda right: f"<p>{right}</p>"),
    _value("简介写见附件", "R08-2", "资源简介", "详见附件2"),
    _value("时长写分钟", "R09-1", "资源时长", "165分钟", _linked),
    _value("时长少一位", "R09-2", "资源时长", "2:45:32", _linked),
    _value("时长写汉字", "R09-2", "资源时长", "2小时45分32秒", _linked),
    _value("时长两段", "R09-3", "资源时长", "45:30", _linked),
    _value("时长带小数", "R09-3", "资源时长", "2.5小时", _linked),
    _value("分超过59", "R09-4", "资源时长", "01:75:00", _linked),
    _value("时长为零", "R09-4", "资源时长", "00:00:00", _linked),
    _value("日期写法不对", "R10-1", "创建时间", "二〇二二年三月"),
    _value("日期用点", "R10-2", "创建时间", "2022.3.23"),
    _value("日期用斜杠", "R10-2", "创建时间", "2022/3/23"),
    _value("日期无分隔", "R10-2", "创建时间", "20220323"),
    _value("日期缺日", "R10-3", "创建时间", "2022.3"),
    _value("日期两位年", "R10-3", "创建时间", "22-3-23"),
    _value("日期次序不明", "R10-3", "创建时间", "3/4/2022"),
    _value("没有这一天", "R10-4", "创建时间", "2022-02-30"),
    _value("日期晚于今天", "R10-5", "创建时间", "2099-03-23"),
    _value("日期早于2000年", "R10-5b", "创建时间", "1998-05-01"),
    _value("版权方写我校", "R11-2", "版权方", "我校"),
    _value("主讲人用顿号", "R12-2", "主讲人", "张建华、朱新"),
    _value("主讲人用逗号", "R12-2", "主讲人", "张建华，朱新"),
    _value("主讲人用全角分号", "R12-2b", "主讲人", "张建华；朱新"),
    _value("姓名中有空格", "R12-3", "主讲人", "张 三"),
    _value("民族用半角括号", "R12-4", "主讲人", "(藏族)班班多杰"),
    _value("民族写在姓名后", "R12-4", "主讲人", "班班多杰（藏族）"),
    _value("间隔号不对", "R12-5", "主讲人", "买买提•艾力"),
    _value("照抄“主讲人：”", "R12-6", "主讲人", "主讲人：朱新"),
    _value("姓名带职称", "R12-7", "主讲人", "朱新教授"),
    _value("多余分号", "R12-8", "主讲人", "张建华;;朱新;"),
    _value("点击量带万", "R13-1", "点击量", "9.65万"),
    _value("点击量为负", "R13-1", "点击量", Native("-5", -5, "General")),
    _value("点击量带逗号", "R13-1b", "点击量", "96,500"),
    _value("点击量带单位", "R13-1b", "点击量", "96500次"),
    _value("学习人数写约数", "R14-1", "学习人数", "约2万人"),
    _value("学习人数带单位", "R14-1b", "学习人数", "0人", lambda record, _: record.text("学习人数") == "0"),
    _file("封面为png", "R15-2", "资源封面", cover("png", cheap=False, format="PNG"), _anywhere, ".png"),
    Defect("封面文件缺失", "R15-3", "资源封面", _anywhere, _cover_lost),
    _file("png改名jpg", "R15-4", "资源封面", cover("png", cheap=False, format="PNG"), _anywhere),
    _file("封面没有传完", "R15-4", "资源封面", cover("cut cover", cut=0.5), _anywhere),
    _file("封面CMYK", "R15-6", "资源封面", cover("cmyk", mode="CMYK"), _anywhere),
    _value("目录是普通文字", "R16-3", "资源目录", "第一章 绪论；第二章 基础"),
    _value("目录标记不成对", "R16-1", "资源目录", "<catalog><item>第一章</catalog>"),
    _value("目录含声明", "R16-4", "资源目录", "<!DOCTYPE a><a>第一章</a>"),
    _value("关键词用顿号", "R17-1", "关键词", "新媒体、人工智能"),
    _value("关键词用全角分号", "R17-1b", "关键词", "新媒体；人工智能"),
    _value("关键词重复", "R17-2", "关键词", "新媒体;新媒体;人工智能"),
    _value("分类用斜杠", "R18-1", "所属分类", lambda right: right.replace("-", "/")),
    _value("分类用全角减号", "R18-1", "所属分类", lambda right: right.replace("-", "－")),
    Defect("视频只有链接", "X01", RESOURCE_FILE, _of_type("A01"), _without_files),
    Defect("课程两样都没有", "X02", "资源链接", _linked, _nothing_at_all),
    Defect("类型与文件不符", "X03", "资源类型", _of_type("A01"), _audio_named_as_video),
    Defect("资源重复", "Y01", "资源名称", _there(_lone_partner), _from(_lone_partner, _same_resource)),
    Defect("两个文件相同", "Y04", RESOURCE_FILE, _second_of_its_sort, _same_bytes),
    Defect("文件缺失", "M15", RESOURCE_FILE, _of_type("A02"), _file_lost),
    Defect("多余的文件", "M15b", RESOURCE_FILE, _anywhere, _file_nobody_names, rowless=True),
    _file("mov改名mp4", "M01", RESOURCE_FILE, video("mov", container="mov"), _of_type("A01")),
    _file(
        "mkv改名mp4", "M01", RESOURCE_FILE, video("mkv", cheap=False, container="matroska"), _of_type("A01")
    ),
    _file(
        "视频HEVC", "M02", RESOURCE_FILE, video("hevc", video_codec="hevc", grain=60), _of_type("A01")
    ),
    _file(
        "视频MPEG-4", "M02", RESOURCE_FILE, video("mpeg4", video_codec="mpeg4", grain=60),
        _of_type("A01"),
    ),
    _file("视频音轨MP3", "M03", RESOURCE_FILE, video("mp3 track", audio_codec="mp3"), _of_type("A01")),
    _file("视频音轨AC-3", "M03", RESOURCE_FILE, video("ac3 track", audio_codec="ac3"), _of_type("A01")),
    _file(
        "视频无音轨", "M03b", RESOURCE_FILE, video("mute", bitrate=2_300_000, audio_codec=None),
        _of_type("A01"),
    ),
    _file("视频720×576", "M04", RESOURCE_FILE, video("576", width=720, height=576), _of_type("A01")),
    _file("视频1024×768", "M04", RESOURCE_FILE, video("768", width=1024, height=768), _of_type("A01")),
    _file("视频15fps", "M06", RESOURCE_FILE, video("15fps", fps=15), _of_type("A01")),
    _file("视频24fps", "M06", RESOURCE_FILE, video("24fps", fps=24), _of_type("A01")),
    _file("视频0.85Mbps", "M07", RESOURCE_FILE, video("0.85M", bitrate=720_000), _of_type("A01")),
    _file("m4a改名mp3", "M08", RESOURCE_FILE, audio("m4a", codec="aac", container="mp4"), _of_type("A02")),
    _file("mp2改名mp3", "M08", RESOURCE_FILE, audio("mp2", codec="mp2", bitrate=128_000), _of_type("A02")),
    _file("音频22050Hz", "M09", RESOURCE_FILE, audio("22k", rate=22_050), _of_type("A02")),
    _file("音频单声道", "M10", RESOURCE_FILE, audio("mono", channels=1), _of_type("A02")),
    _value("时长与文件不符", "M12", "资源时长", "00:45:00", _of_type("A01")),
    _file("视频没有传完", "M13", RESOURCE_FILE, video("cut video", cheap=False, cut=0.5), _of_type("A01")),
    _file("音频只剩开头", "M13", RESOURCE_FILE, audio("head", cut=0.0), _of_type("A02")),
    _value("公式错误值", "S10", "点击量", Formula("=#REF!", "#REF!")),
    # The rest of the catalogue, in its order.
    _value("名称中有换行", "G02", "资源名称", lambda right: f"{right[:2]}\n{right[2:]}"),
    _value("名称有乱码", "G06", "资源名称", lambda right: f"{right}ä¸\u00adå›½"),
    _value("名称像公式", "G07", "资源名称", lambda right: f"=SUM(A1:A{_of_its_own(right)})"),
    _value("名称过长", "R02-2", "资源名称", lambda right: (right * 20)[:130]),
    _value("名称是文件名", "R02-3", "资源名称", lambda right: f"{right}.mp4"),
    _value("名称是占位名", "R02-3", "资源名称", lambda right: f"视频{_of_its_own(right)}"),
    _value("名称变成日期", "R02-4", "资源名称", Native("2024-03-01", 45_352, "yyyy-mm-dd")),
    _value("系列变成日期", "R00-3", "所属系列", Native("2024-03-01", 45_352, "yyyy-mm-dd"), _alone),
    _value("平台的别名", "R04-3", "部署平台", "中国大学慕课", _linked_at("中国大学MOOC")),
    _value("平台与链接不符", "R04-4", "部署平台", "学堂在线", _linked_at("中国大学MOOC")),
    Defect("网盘链接", "R05-6", "资源链接", _linked, _shared_from_a_disk),
    _value("平台首页", "R05-7", "资源链接", "https://www.icourse163.org/", _linked_at("中国大学MOOC")),
    Defect("点开是别的网址", "R05-8", "资源链接", _linked, _clicked_elsewhere, typed=True),
    Defect("只有一个资源的系列", "R06-2", "所属系列", _alone, _series_of_one),
    Defect("顺序缺号", "R07-4", "所属顺序", _closes_sound_series, _gap_before),
    _value("顺序位数不同", "R07-4b", "所属顺序", lambda right: f"0{right}", _closes_sound_series),
    _value("简介太短", "R08-3", "资源简介", "很好的课程"),
    Defect("简介照抄", "R08-4", "资源简介", _there(_any_above), _from(_any_above, _same_introduction)),
    _value("简介留微信", "R08-5", "资源简介", lambda right: f"{right}咨询加微信 zyxx2024。"),
    _value("简介有复核词", "R08-6", "资源简介", lambda right: f"{right}内部资料，注意保存。"),
    _value("时长未填", "R09-5", "资源时长", "", _of_type("A02")),
    _film("视频只有三秒", "R09-5c", "00:00:03", "资源时长", seconds=3.0),
    _value("版权方写教育局简称", "R11-2b", "版权方", "郑州教育局", _of_zhengzhou),
    _value("版权方是别的机构", "R11-3", "版权方", "嵩山出版社有限公司", _alone),
    _value("学习人数大于点击量", "R13-2", "学习人数", "95000"),
    _value("点击量大得出奇", "R13-3", "点击量", "1200000000"),
    _file("封面要转正", "R15-6b", "资源封面", cover("turned", orientation=6), _anywhere),
    Defect("共用封面", "R15-7", "资源封面", _there(_covered_above), _from(_covered_above, _same_cover)),
    _value("目录有裸的&", "R16-2", "资源目录", "<catalog><item>C&C++</item></catalog>"),
    _value("关键词是一句话", "R17-2b", "关键词", "新媒体;面向老年学员讲解智能手机操作和网络安全常识的课程"),
    _value("关键词只有一个", "R17-2c", "关键词", "新媒体"),
    _value("目录被截断", "S11", "资源目录", "<catalog><item>" + "章" * (32_767 - 32) + "</item></catalog>"),
    _value("同系列版权方不同", "Y05", "版权方", lambda right: f"{right}继续教育学院", _third_in_series),
    _value("同系列分类不同", "Y05b", "所属分类", "综合素养-通识教育-常识", _third_in_series),
    Defect("换一种写法再报", "Y02", "资源名称", _has_lone_twin, _from(_lone_twin, _same_but_for_signs)),
    Defect("两门课程同一链接", "Y03", "资源链接", _there(_linked_above), _from(_linked_above, _same_link)),
    Defect("平台等保二级", "L10", "部署平台", _linked, _on_platform(LOW_PLATFORM, LOW_HOST)),
    Defect("平台没有等保证明", "L10b", "部署平台", _linked, _on_platform("河洛云课堂", "ke.heluo.cn")),
    Defect("已知平台没有等保证明", "L10c", "部署平台", _linked, _on_platform("智慧树", "www.zhihuishu.com")),
    Defect("文件之间用全角分号", "M15c", RESOURCE_FILE, _of_type("A02"), _several_files("；")),
    Defect("文件之间用顿号", "M15d", RESOURCE_FILE, _of_type("A02"), _several_files("、")),
    Defect("文件名大写", "X05", RESOURCE_FILE, _of_type("A02"), _shouted),
    _value("封面文件名大写", "X05b", "资源封面", lambda right: right.replace(".jpg", ".JPG")),
    Defect("文件的日期晚得多", "X04", "创建时间", _of_type("A01"), _recorded_later),
    _value("时长与文件差五秒", "M12b", "资源时长", "00:00:15", _of_type("A01")),
    _value("时长与文件差两秒", "M12c", "资源时长", "00:00:12", _of_type("A01")),
    _film("视频竖屏", "M05", width=720, height=1280),
    _film("像素不是方形", "M05b", width=1440, height=1080, pixel=Fraction(4, 3)),
    _film("视频流码率略低", "M07c", bitrate=2_150_000),
    _film("视频4:4:4", "M14", sampling="yuv444p"),
    _film("索引在末尾", "M14b", faststart=False),
    _film("隔行扫描", "M14c", interlaced=True),
    _film("分段存放", "M14d", fragmented=True),
    Defect(
        "封面嵌在格里", "S12", "资源封面", _anywhere,
        lambda record, _earlier: _set(_cover_lost(record, _earlier), 资源封面=Formula(_PICTURE, _PICTURE)),
        typed=True,
    ),
)  # fmt: skip
"""Every kind of mistake inside a row. What goes wrong with a whole workbook stands in `call`."""


def seeded_value(defect: Defect, record: Record) -> str:
    """What the ledger gives as the wrong value: the cell's text, or the stray file's path."""
    return _stray_path(record) if defect.rowless else record.text(defect.field)
