"""The small unit that ships in input/: half of its resources right, each other wrong in its own way."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.demo.call import Template, write_enclosure
from pipeline.demo.content import AUDIO_LENGTH, VIDEO_LENGTH, Clip, Enclosure, audio, cover, video
from pipeline.demo.papers import scan
from pipeline.render.template import standard_workbook

UNIT = "河南示例职业学院"
WORKBOOK = f"{UNIT}_资源元数据.xlsx"
NOTE_NAME = "说明.md"

NOTE = f"""# 这个文件夹放报送材料

每个单位一个文件夹，文件夹的名称就是单位全称；单位发来的压缩包（.zip）可以原样放进来。
教育局代学校转报的，在教育局的文件夹里再给每所学校建一个文件夹。`往年/` 留给往年的清单。

`{UNIT}/` 是随程序提供的样例：一半资源填写正确，另一半各有一处或几处常见错误，
用来看清校验结果的样子。运行 `make validate` 后，结果在 `output/`。

正式征集开始前，请把 `{UNIT}/` 整个文件夹删去（本说明可以保留），再放入各单位的材料。
样例的单位、人名和内容都是编的。
"""

_UNIT_INFO: Mapping[str, str] = {
    "单位名称": UNIT,
    "单位类型": "高等学校",
    "所属地区": "郑州市",
    "负责人姓名": "李明",
    "职务": "继续教育学院副院长",
    "座机": "0371-60000000",
    "手机": "13800000000",
    "电子邮箱": "jxjy@example.edu.cn",
    "安全审核日期": "2024-04-18",
    "登记表扫描件": "登记表（盖章）.jpg",
    "安全审核说明扫描件": "安全审核情况说明（盖章）.jpg",
}
_PLATFORM: Mapping[str, str] = {
    "部署平台": "中国大学MOOC",
    "域名": "www.icourse163.org",
    "等保级别": "第三级",
    "备案证明编号": "41010099001-21001",
    "证明文件": "等保备案证明.jpg",
}
_MOOC = "https://www.icourse163.org/course/HNSL-100000000"

_VIDEO = video("sample 720p")
_SMALL_VIDEO = video("sample 480p", seconds=0.8, bitrate=2_500_000, width=640, height=480)
_AUDIO = audio("sample stereo", bitrate=32_000)
_MONO = audio("sample mono", bitrate=32_000, channels=1)
_COVER = cover("sample cover", width=480, height=270)
_PNG = cover("sample png", cheap=False, width=240, height=135, format="PNG")


class _Row(NamedTuple):
    """A row and the files that come with it, as (path, recipe); the cover is the first."""

    cells: Mapping[str, str]
    files: tuple[tuple[str, Clip], ...]


def _row(name: str, kind: str, topic: str, *files: tuple[str, Clip], **cells: str) -> _Row:
    """A right row, but for what cells say otherwise."""
    basis = {
        "资源名称": name,
        "资源类型": kind,
        "资源简介": f"面向社区居民和老年学员，结合日常实例讲解{topic}，学完后能够独立完成相关操作。",
        "创建时间": "2023-09-12",
        "版权方": UNIT,
        "主讲人": "李明",
        "点击量": "3650",
        "学习人数": "1280",
        "关键词": f"{topic};终身学习",
        "所属分类": "老年教育-信息素养-智能手机",
    }
    if files:
        basis["资源封面"] = files[0][0].rpartition("/")[2]
    if len(files) > 1:
        basis["资源文件"] = files[1][0]
    merged = {**basis, **cells}
    return _Row({field: text for field, text in merged.items() if text}, files)


def _linked(number: int) -> dict[str, str]:
    return {"部署平台": "中国大学MOOC", "资源链接": f"{_MOOC}{number}"}


_ROWS: tuple[_Row, ...] = (
    _row("智能手机入门", "A01", "智能手机", ("封面/fm01.jpg", _COVER), ("视频/01智能手机入门.mp4", _VIDEO),
         所属系列="智慧助老", 所属顺序="01", 资源时长=VIDEO_LENGTH),
    _row("网上挂号操作要点", "A02", "网上挂号", ("封面/fm02.jpg", _COVER), ("音频/02网上挂号.mp3", _AUDIO),
         所属系列="智慧助老", 所属顺序="02", 资源时长=AUDIO_LENGTH),
    _row("防范电信诈骗专题讲座", "A03", "防范电信诈骗", ("封面/fm03.jpg", _COVER),
         所属系列="智慧助老", 所属顺序="03", 资源时长="02:45:32", **_linked(3)),
    _row("中原文化概论", "A03", "中原文化", ("封面/fm04.jpg", _COVER),
         主讲人="张建华;朱新;（藏族）班班多杰", 资源时长="26:05:10", 点击量="0", 学习人数="0",
         所属分类="人文艺术-地方文化-中原文化", **_linked(4)),
    _row("人工智能通识", "A03", "人工智能", ("封面/fm05.jpg", _COVER),
         主讲人="John Smith", 关键词="machine learning;人工智能", 资源时长="12:00:00",
         所属分类="科学技术-信息技术-人工智能", **_linked(5)),
    _row("八段锦技能实训", "A02", "八段锦", ("封面/fm06.jpg", _COVER), ("音频/06八段锦.mp3", _AUDIO),
         资源时长=AUDIO_LENGTH, 资源目录="<catalog><item>第一章 起势</item></catalog>",
         所属分类="生活健康-家庭保健-运动养生"),
    _row("家庭急救常识", "A03", "急救常识", ("封面/fm07.jpg", _COVER),
         创建时间="2022.3.23", 主讲人="张建华；朱新", 所属分类="生活健康/家庭保健/急救", **_linked(7)),
    _row("合理用药", "A03", "合理用药", ("封面/fm08.jpg", _COVER),
         资源时长="45:30", 版权方="", 所属分类="生活健康-家庭保健-用药", **_linked(8)),
    _row("民法典与生活", "B01", "民法典", ("封面/fm09.jpg", _COVER),
         资源时长="01:75:00", 主讲人="张建华、朱新", 所属分类="社会生活-法律法规-民法典", **_linked(9)),
    _row("手机摄影实用技巧", "Ａ01", "手机摄影",
         ("封面/fm10.jpg", _PNG), ("视频/10手机摄影.mp4", _SMALL_VIDEO), 所属系列="智慧助老", 所属顺序="04"),
    _row("移动支付常见问题", "A02", "移动支付", ("封面/fm11.jpg", _COVER), ("音频/11移动支付.mp3", _MONO),
         所属系列="智慧助老", 所属顺序="02", 资源时长=AUDIO_LENGTH),
    _row("视频通话基础知识", "A01", "视频通话",
         ("封面/fm12.jpg", _COVER), 资源时长="00:08:30", 点击量="3.65万", **_linked(12)),
    _row("公交出行码使用方法", "A02", "公交出行码",
         ("封面/fm13.jpg", _COVER), 资源时长="00:12:06", 资源文件="音频/13公交出行码.mp3"),
)  # fmt: skip
"""Six right rows, then one of each mistake worth seeing."""

_STRAY = Enclosure("音频/未登记的录音.mp3", _AUDIO, 99)


def sample_unit(root: Path) -> None:
    """Write root/河南示例职业学院/ and root/说明.md; files of the same names are replaced.

    Three megabytes in all: ten seconds of video at 2 Mbps are the least of which nothing is said. The
    same bytes with the same media libraries. Needs the optional extra `demo`.
    """
    folder = root / UNIT
    folder.mkdir(parents=True, exist_ok=True)
    (root / NOTE_NAME).write_text(NOTE, encoding="utf-8", newline="\n")
    template = Template()
    book = standard_workbook(
        codes=template.codes, version=template.version, call_id=template.call_id,
        rows=[row.cells for row in _ROWS], unit_info=_UNIT_INFO, platforms=[_PLATFORM],
    )  # fmt: skip
    (folder / WORKBOOK).write_bytes(book)
    for number, name in enumerate(
        (_UNIT_INFO["登记表扫描件"], _UNIT_INFO["安全审核说明扫描件"], _PLATFORM["证明文件"])
    ):
        (folder / name).write_bytes(scan(number))
    enclosed = [
        Enclosure(path, clip, 10 * number + place)
        for number, row in enumerate(_ROWS)
        for place, (path, clip) in enumerate(row.files)
    ]
    with tempfile.TemporaryDirectory() as scratch:
        for enclosure in (*enclosed, _STRAY):
            write_enclosure(enclosure, folder, Path(scratch))
