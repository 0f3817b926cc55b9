"""The one declaration of each field: 表1 of the notice (附件4), and the column 资源文件.

From here come the pandera schema, the template's columns, prompts and live checks, the
recognised header names and the documentation. What is wrong with a value that is not
in the canonical form, and what it should be, is told in `pipeline/rules/`.
"""

from __future__ import annotations

import functools
import re

from msgspec import Struct


class Field(Struct, frozen=True):
    """One column of 资源清单.

    number is the field's number in 表1, 0 for a column that this collection adds. says is
    字段描述 and entry 著录说明, word for word. form is the canonical form as a regular
    expression for the whole value ("" = free text). excel is a formula that is TRUE for a
    right or blank cell, `{c}` standing for the cell. prompt is what a filler reads when
    the cell is chosen (≤255 characters, a limit of Excel). aliases are other header names
    that fillers use. width is in characters of the default font. separated: several
    values joined by `;`, none twice.
    """

    name: str
    number: int
    required: bool
    says: str
    entry: str
    example: str
    prompt: str
    form: str = ""
    excel: str = ""
    aliases: tuple[str, ...] = ()
    width: int = 14
    as_text: bool = True
    multiline: bool = False
    separated: bool = False


NATIONS = [
    "汉",
    "蒙古",
    "回",
    "藏",
    "维吾尔",
    "苗",
    "彝",
    "壮",
    "布依",
    "朝鲜",
    "满",
    "侗",
    "瑶",
    "白",
    "土家",
    "哈尼",
    "哈萨克",
    "傣",
    "黎",
    "傈僳",
    "佤",
    "畲",
    "高山",
    "拉祜",
    "水",
    "东乡",
    "纳西",
    "景颇",
    "柯尔克孜",
    "土",
    "达斡尔",
    "仫佬",
    "羌",
    "布朗",
    "撒拉",
    "毛南",
    "仡佬",
    "锡伯",
    "阿昌",
    "普米",
    "塔吉克",
    "怒",
    "乌孜别克",
    "俄罗斯",
    "鄂温克",
    "德昂",
    "保安",
    "裕固",
    "京",
    "塔塔尔",
    "独龙",
    "鄂伦春",
    "赫哲",
    "门巴",
    "珞巴",
    "基诺",
]
"""The 56 nationalities of GB/T 3304, without 族."""

TITLES = (
    "特聘教授|副教授|教授|院士|特级教师|助教|高级讲师|讲师|副研究员|研究员|高级工程师|工程师|博士|硕士|老师|教师|主任|院长|校长|处长|先生|女士|"
    "副主任医师|主任医师|主治医师|医师"
)
BODIES = (
    "大学|学院|学校|公司|中心|研究院|研究所|教育局|出版社|集团|协会|医院|编写组|课程组|教研室|课题组|团队|"
    "教务处|宣传部|办公室|工作室|教研组|项目组|委员会|基金会|图书馆|博物馆|文化馆|电视台"
)
_TAGS = (
    "p|br|div|span|img|a|b|i|u|strong|em|font|table|tbody|tr|td|th|ul|ol|li|h[1-6]|hr|section|"
    "html|body|style|script|iframe|video|audio"
)
OPENING_TAG = rf"\s*<(?:{_TAGS})(?:\s[^<>]*)?/?>"
MARKUP = (
    rf"</(?:{_TAGS})\s*>|<(?:br|hr|img|iframe|video|audio)(?:\s[^<>]*)?/?>|<!--|&(?:[a-z]{{2,8}}|#[0-9]+);|"
    r"\[图片\]|!\[[^\]]*\]\("
)
"""What only web code or pasted pictures leave behind; a lone `<p>` in prose about HTML does not count."""
_ENCLOSED = "附件|附表|附页|附录|附图"
SEE_ELSEWHERE = (
    rf"[（(【]?(?:(?:课程)?(?:简介|介绍|内容|具体|详情|详细)?(?:内容|介绍)?[:：]?(?:详|参|请|请参)?[见阅][^，。；]{{0,8}}"
    rf"(?:{_ENCLOSED}|《课程简介》|文件|网[页站址]|页面|平台|官网|链接|封面|文档|资源)"
    rf"[^。]{{0,20}}(?:https?://[^\s。]*)?|[^，。；]{{1,8}}(?<![常意罕可看听遇预少多所])[见阅](?:{_ENCLOSED})[^，。；]{{0,20}}|另附|附后|见[上下]文?)"
    r"[）)】]?[。.]?"
)
"""A whole text that only points to another place; there is no such text without 见, 阅 or 附."""

IN_NO_PLAIN_PROSE = r"<&\[见阅附"
"""Characters without which a text holds neither web code nor a reference to another place."""

_HAN = r"\u3400-\u9fff\U00020000-\U000323af"
_FOREIGN = r"A-Za-z\u00c0-\u024f\u0370-\u052f"
_IN_A_NAME = r"^;；、，,/／|｜()（）【】\[\]〔〕:：&＆\s•‧・∙●⋅･．。<>0-9０-９=@#*"
_NO_NAME = (
    rf"(?![{_HAN}·]{{1,4}}(?:{TITLES})(?:;|$))(?![{_HAN}]{{2,3}}[和与及+＋-][{_HAN}]{{2,3}}(?:;|$))"
    rf"(?![{_HAN}]{{2,}}(?:大学|学院|学校|公司|中心|研究院|医院)[{_HAN}]{{2,4}}(?:{TITLES})?(?:;|$))"
    rf"(?!(?:{TITLES})[{_HAN}]{{2,3}}(?:;|$))"
)
"""All of them begin with a Chinese character or ·; sets of many characters take long to compile."""
_SPEAKER = (
    rf"(?!主讲)(?!(?:{'|'.join(NATIONS)})族(?:[{_HAN}]{{2}}|;|$))(?:（(?:{'|'.join(NATIONS)})族）)?(?![^;]*[{_HAN}]\.[{_HAN}])"
    rf"{_NO_NAME}[{_IN_A_NAME}]+(?:(?<=[{_FOREIGN}.’'-]) (?=[{_FOREIGN}])[{_IN_A_NAME}]+)*"
    rf"(?<!{')(?<!'.join(BODIES.split('|'))})"
    rf"(?<![{_HAN}]等)(?<![{_HAN}]等人)"
)
_WORD = r"[^;；、，,。|｜\s]+(?: [^;；、，,。|｜\s]+)*"
_LEVEL = r"[^-－/／\\>＞→»›—–―‐‑−|｜、;；，：~～\s]+(?: [^-－/／\\>＞→»›—–―‐‑−|｜、;；，：~～\s]+)*"
_LETTER = r"A-Za-z0-9\u00a1-\u1fff\u3040-\uabff"
_LABEL = rf"(?![_-])[{_LETTER}_-]+(?<![_-])"


FIELDS: tuple[Field, ...] = (
    Field(
        "资源ID",
        1,
        False,
        "资源唯一标识符",
        "平台自动生成",
        "",
        prompt="由平台自动生成，请留空。",
        excel='{c}=""',
        width=10,
    ),
    Field(
        "资源名称",
        2,
        True,
        "",
        "必填",
        "航空发动机基础",
        prompt="必填。资源的正式名称，不要填文件名。",
        excel='OR({c}="",AND(LEN(TRIM({c}))>=2,LEN({c})<=100))',
        aliases=("课程名称", "名称", "课程名", "资源标题", "资源名", "课程资源名称"),
        width=28,
    ),
    Field(
        "资源类型",
        3,
        True,
        "",
        "必填, 见表2、表3 如: A01",
        "A01",
        prompt="必填。请选代码：A01 视频资源、A02 音频资源、A03 网络课程。一格只填一个代码。",
        form=r"A[0-9]{2,4}",
        excel='OR({c}="",SUMPRODUCT(--EXACT(资源类型代码,{c}))>0)',
        aliases=("类型", "资源类别", "类型代码", "资源类型代码"),
        width=10,
    ),
    Field(
        "部署平台",
        4,
        False,
        "第三方平台名称",
        "已经在其他平台部署的在线课程可填写该字段, 如: 中国大学 MOOC",
        "中国大学MOOC",
        form=r"(?s:(?!(?i:.*(?:://|www\.)))(?!(?i:[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|cn|net|org)(?:/.*)?$)).*)",
        prompt="选填。已经在其他平台部署的在线课程填平台名称，如：中国大学MOOC；网址填到“资源链接”。",
        excel='AND(ISERROR(FIND("://",{c})),ISERROR(FIND("www.",{c})))',
        aliases=("平台", "平台名称", "第三方平台", "部署平台名称"),
        width=16,
    ),
    Field(
        "资源链接",
        5,
        False,
        "第三方平台上本课程的链接地址",
        "已经在其他平台部署的在线课程可填写该字段",
        "https://www.icourse163.org/course/HNU-1206459828",
        form=rf"(?!(?:[^;,]*+[;,])+?\s*https?://)(?i:https?)://(?:{_LABEL}\.)+{_LABEL}\.?(?::[0-9]{{1,5}})?(?:[/?#][^\s，。；：、“”（）?]*)?"
        r"(?:\?(?!.*(?:提取码|访问码|密码))[^\s。；（）]*)?",
        prompt="选填。本课程在第三方平台上的完整网址，以 http:// 或 https:// 开头，一格只填一个网址。",
        excel=(
            'OR({c}="",AND(OR(LEFT(LOWER({c}),7)="http://",LEFT(LOWER({c}),8)="https://"),'
            'LEN({c})>10,ISERROR(FIND(" ",{c}))))'
        ),
        aliases=("链接", "网址", "课程链接", "链接地址", "资源地址", "课程网址", "访问链接"),
        width=30,
    ),
    Field(
        "所属系列",
        6,
        False,
        "资源所属系列或合辑等",
        "所属系列或合辑名称, 当多个资源具备较高的相关性, 可以组合成为一个系列或合辑时, 可填写该字段",
        "航空科普",
        prompt="选填。多个资源相关性较高、可组成一个系列或合辑时填写；同一系列的写法要一致。",
        aliases=("系列", "系列名称", "合辑", "所属合辑"),
        width=18,
    ),
    Field(
        "所属顺序",
        7,
        False,
        "资源在所属系列或合辑中的顺序",
        "如: 01",
        "01",
        prompt="选填。资源在系列中的顺序，两位数字，如：01。填了所属系列就要填顺序。",
        form=r"[0-9]{2,}",
        excel=('OR({c}="",IFERROR(AND(LEN({c})>=2,EXACT(TEXT(VALUE({c}),REPT("0",LEN({c}))),{c})),FALSE))'),
        aliases=("顺序", "序号顺序", "系列顺序", "顺序号"),
        width=10,
    ),
    Field(
        "资源简介",
        8,
        True,
        "简要介绍资源的基本信息",
        "必填, 文本格式",
        "介绍航空发动机的组成、原理和发展，适合科普学习。",
        form=rf"(?:[^{IN_NO_PLAIN_PROSE}]*+|(?si:(?!.*(?:{MARKUP}))(?!{OPENING_TAG})(?!{SEE_ELSEWHERE}$).*))",
        prompt="必填，文本格式。简要介绍资源的基本信息（内容、对象、学习收获）；不要粘贴网页代码，不要写“见附件”。",
        excel='OR({c}="",AND(LEN({c})>=20,LEN({c})<=1000))',
        aliases=("简介", "课程简介", "内容简介", "资源介绍", "课程介绍"),
        width=40,
        multiline=True,
    ),
    Field(
        "资源时长",
        9,
        False,
        "视频或音频时长",
        "总时长, 统一格式为 hh:mm:ss, 如 02:45:32",
        "02:45:32",
        prompt="选填。总时长，统一格式为 hh:mm:ss，如 02:45:32。45 分 30 秒请填 00:45:30。",
        form=r"(?!00:00:00)(?:[0-9]{2}|[1-9][0-9]{2}):[0-5][0-9]:[0-5][0-9]",
        excel=(
            'OR({c}="",IF(ISNUMBER({c}),{c}>0,'
            'IFERROR(AND(VALUE({c})>0,EXACT(TEXT(VALUE({c}),"[hh]:mm:ss"),{c})),FALSE)))'
        ),
        aliases=("时长", "视频时长", "音频时长", "课程时长", "总时长"),
        width=12,
    ),
    Field(
        "创建时间",
        10,
        False,
        "资源创建时间",
        "统一格式为 yyyy-mm-dd, 如 2022-03-23",
        "2022-03-23",
        prompt="选填。资源创建日期，统一格式为 yyyy-mm-dd，如 2022-03-23。",
        form=r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
        excel=(
            'OR({c}="",IFERROR(IF(ISNUMBER({c}),AND({c}>=DATE(2000,1,1),{c}<TODAY()+1),'
            'AND(EXACT(TEXT(DATE(LEFT({c},4),MID({c},6,2),RIGHT({c},2)),"yyyy-mm-dd"),{c}),'
            'LEFT({c},4)>="2000",{c}<=TEXT(TODAY(),"yyyy-mm-dd"))),FALSE))'
        ),
        aliases=("创建日期", "制作时间", "制作日期", "资源创建时间", "完成时间"),
        width=13,
    ),
    Field(
        "版权方",
        11,
        True,
        "版权所属机构或个人",
        "必填, 版权所属机构或个人名称",
        "河南开放大学",
        prompt="必填。版权所属机构的全称或个人姓名，不要填“本校”“自有”。",
        excel='NOT(OR({c}="我校",{c}="本校",{c}="自有",{c}="原创",{c}="本单位",{c}="我单位"))',
        aliases=("版权", "版权所有", "版权单位", "版权归属", "版权所有方", "版权人"),
        width=20,
    ),
    Field(
        "主讲人",
        12,
        True,
        "多个主讲人用英文;隔开",
        "必填, 主讲人信息。例1: 朱新 · 例2: （藏族）班班多杰 · 例3: 张建华;朱新;（藏族）班班多杰",
        "张建华;朱新;（藏族）班班多杰",
        form=rf"(?!;)(?:(?:^|;){_SPEAKER})+",
        separated=True,
        prompt=(
            "必填。只填姓名，多个主讲人用英文分号 ; 隔开，如：张建华;朱新。"
            "民族写在姓名前，用全角括号，如：（藏族）班班多杰。"
        ),
        excel=(
            'AND(ISERROR(FIND("；",{c})),ISERROR(FIND("、",{c})),ISERROR(FIND("，",{c})),'
            'ISERROR(FIND(",",{c})),ISERROR(FIND("(",{c})),ISERROR(FIND("主讲人",{c})))'
        ),
        aliases=("主讲教师", "主讲老师", "授课教师", "讲师", "主讲", "授课人", "主讲者", "任课教师"),
        width=22,
    ),
    Field(
        "点击量",
        13,
        False,
        "优化检索结果, 排序用",
        "该资源目前已经积累的点击量, 如 36500",
        "36500",
        prompt="选填。目前已经积累的点击量，只填整数，如 36500，不要加“次”“万”。",
        form=r"0|[1-9][0-9]{0,14}",
        excel='OR({c}="",IFERROR(AND(VALUE({c})>=0,EXACT(TEXT(VALUE({c}),"0"),{c}&"")),FALSE))',
        aliases=("点击数", "点击次数", "播放量", "浏览量", "访问量"),
        width=10,
        as_text=False,
    ),
    Field(
        "学习人数",
        14,
        False,
        "学习人数",
        "该资源目前已经积累的学习人数, 如 23500",
        "23500",
        prompt="选填。目前已经积累的学习人数，只填整数，如 23500。",
        form=r"0|[1-9][0-9]{0,14}",
        excel='OR({c}="",IFERROR(AND(VALUE({c})>=0,EXACT(TEXT(VALUE({c}),"0"),{c}&"")),FALSE))',
        aliases=("学习人次", "选课人数", "学员人数", "参与人数"),
        width=10,
        as_text=False,
    ),
    Field(
        "资源封面",
        15,
        True,
        "封面图片",
        "必填, JPG格式",
        "fm001.jpg",
        form=r"(?i:[^;；]*[^;；/\\]\.jpe?g)",
        prompt="必填，JPG格式。填封面图片的文件名，如 fm001.jpg；图片随文件夹一起报送，不要嵌在表格里。",
        excel='OR({c}="",LOWER(RIGHT(TRIM({c}),4))=".jpg",LOWER(RIGHT(TRIM({c}),5))=".jpeg")',
        aliases=("封面", "封面图片", "封面图", "课程封面", "封面文件"),
        width=18,
    ),
    Field(
        "资源目录",
        16,
        False,
        "资源目录介绍",
        "XML格式字符串",
        "<catalog><item>第一章 绪论</item></catalog>",
        prompt="选填。XML格式字符串，如 <catalog><item>第一章 绪论</item></catalog>。",
        excel='OR({c}="",AND(LEFT(TRIM({c}),1)="<",RIGHT(TRIM({c}),1)=">"))',
        aliases=("目录", "课程目录", "章节目录"),
        width=24,
    ),
    Field(
        "关键词",
        17,
        False,
        "课程关键词或标签, 多个用英文;隔开",
        "描述资源主题内容的词汇, 如: 新媒体;人工智能",
        "新媒体;人工智能",
        form=rf"(?!.*[{_HAN}] [{_HAN}]){_WORD}(?:;{_WORD})*",
        separated=True,
        prompt="选填。描述资源主题内容的词汇，多个用英文分号 ; 隔开，如：新媒体;人工智能。",
        excel=(
            'AND(ISERROR(FIND("；",{c})),ISERROR(FIND("、",{c})),ISERROR(FIND("，",{c})),'
            'ISERROR(FIND(",",{c})))'
        ),
        aliases=("关键字", "标签", "课程关键词"),
        width=20,
    ),
    Field(
        "所属分类",
        18,
        False,
        "所属分类目录体系",
        "如: 科学文化-航空知识-航空发动机",
        "科学文化-航空知识-航空发动机",
        form=rf"(?![^-]*[{_HAN}] [{_HAN}][^-]*$){_LEVEL}(?:-{_LEVEL})*",
        prompt="选填。按“一级-二级-三级”填写，用半角减号 - 连接，如：科学文化-航空知识-航空发动机。",
        excel=(
            'AND(ISERROR(FIND("/",{c})),ISERROR(FIND(">",{c})),ISERROR(FIND("－",{c})),'
            'ISERROR(FIND("—",{c})))'
        ),
        aliases=("分类", "类别", "资源分类", "课程分类"),
        width=24,
    ),
    Field(
        "资源文件",
        0,
        False,
        "本资源的文件",
        "相对本单位文件夹的路径, 多个用英文;隔开",
        "视频/第1讲.mp4",
        prompt=(
            "视频、音频资源必填。本资源的文件，写相对本单位文件夹的路径，"
            "多个用英文分号 ; 隔开，如：视频/第1讲.mp4。网络课程填文件或填“资源链接”。"
        ),
        aliases=("文件", "文件名", "资源文件名", "文件名称", "对应文件", "视频文件", "媒体文件"),
        width=24,
    ),
)

BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}
NAMES: tuple[str, ...] = tuple(BY_NAME)
REQUIRED: tuple[str, ...] = tuple(field.name for field in FIELDS if field.required)
RESOURCE_FILE = "资源文件"

UNIT_LABELS: tuple[str, ...] = (
    "单位名称",
    "单位类型",
    "所属地区",
    "负责人姓名",
    "职务",
    "座机",
    "手机",
    "电子邮箱",
    "安全审核日期",
    "登记表扫描件",
    "安全审核说明扫描件",
)
"""Labels in column A of 单位信息 (附件1, and what 附件2 needs)."""

PLATFORM_HEADERS: tuple[str, ...] = ("部署平台", "域名", "等保级别", "备案证明编号", "证明文件")
"""Header of 平台资质 (附件3, clause 3)."""

TEMPLATE_VERSION = "v2024.1"
VERSION_LABEL = "模板版本"
UNIT_SHEET = "单位信息"
RESOURCE_SHEET = "资源清单"
PLATFORM_SHEET = "平台资质"
GUIDE_SHEET = "填表说明"
CODE_SHEET = "代码表"
VERSION_SHEET = "模板信息"
LIST_SHEET = "问题清单"
REVIEW_KEY = "标识"
"""The hidden column of 人工复核.xlsx that says what a line is about."""

ERROR_COLUMN = "错误信息"

_AROUND_A_NAME = re.compile(r"[\s\u3000\u200b\ufeff*＊]|[（(](?:必填|选填)[）)]|[:：]$")


@functools.cache
def form_of(name: str) -> re.Pattern[str]:
    """The canonical form of a field; compiled when it is first needed, the long ones take their time."""
    return re.compile(BY_NAME[name].form)


def bare_name(text: str) -> str:
    """Header text without spaces, line breaks, `*` and （必填）, which do not matter (contract)."""
    return _AROUND_A_NAME.sub("", text)
