"""资源ID, 资源名称, 资源简介, 版权方 (规则 R01, R02, R08, R11)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.fields import IN_NO_PLAIN_PROSE, MARKUP, OPENING_TAG, SEE_ELSEWHERE
from pipeline.files import AUDIOS, IMAGES, VIDEOS, suffix_of
from pipeline.model import Kind, Severity
from pipeline.pattern import late
from pipeline.rules.distinct import each_text, filled, mask_of, pairs_that, repeated, texts_that
from pipeline.rules.rule import INFERRED, LITERAL, OTHER, Reading, reader, rule, sieve, table_rule
from pipeline.rules.text import fits, is_placeholder
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.column import Column

_MARKUP = late(f"{MARKUP}|^{OPENING_TAG}", re.IGNORECASE)
_TAG = late(r"<[^<>]*>|&(?:nbsp|ldquo|rdquo|mdash|hellip|middot);", re.IGNORECASE)
_SEE = late(SEE_ELSEWHERE)
_OWN = late(
    r"(?=..)(?:归|属)?(?:我们|我|本|作者本?)?(?:校|院|学院|学校|单位|司|公司|局|人|方)?"
    r"(?:自有|原创|自制|自主(?:开发|制作|研发)?)?(?:版权|知识产权|作品)?(?:所有)?|个人|自己|校方|院方"
    r"|版权归?属?(?:我|本)?(?:学?校|单位|学?院|公司|局|中心|人|方)(?:所有)?|[我本]中心|主讲人|网络|互联网|网上|是|有"
)
_ANYBODY = late("人|自己|作者|网|^[是有]$")


@table_rule(
    "R01-1",
    Severity.WARNING,
    "资源ID",
    reads=("资源ID",),
    title="资源ID 留空",
    why="编号由平台自动生成，自己填的会与平台的冲突。",
    source="附件4 表1 “资源ID”：平台自动生成",
    basis=LITERAL,
    says="“资源ID”由平台自动生成，请勿填写，现填有“{value}”。",
    fix="请清空“资源ID”。",
    bad="""
    | 资源ID |
    | >001< |
    """,
    good="",
)
def identifier_filled(resources: pd.DataFrame) -> pd.DataFrame:
    """Any value at all."""
    return resources[filled(resources["资源ID"])]


rule(
    "R02-2",
    Severity.WARNING,
    "资源名称",
    title="资源名称长短适当",
    why="一个字说不清是什么资源，太长的名称在列表中显示不全。",
    source="字数通知未规定，由本省设定",
    basis=INFERRED,
    says="“资源名称”{size}。",
    fix="请{order}。",
    bad="航",
    good="航空发动机基础",
)
rule(
    "R02-4",
    Severity.WARNING,
    "资源名称",
    title="资源名称没有被变成日期或数字",
    why="表格软件会把 3-1 一类的文字自动变成日期，变了以后看不出原来填的是什么。",
    source="附件4 表1 “资源名称”；单元格类型通知未规定",
    basis=INFERRED,
    says="“资源名称”应填文字，这一格在表格中却是{what}“{value}”，可能是由文字自动变成的。",
    fix="请先把这一格设为文本格式，再重新录入名称。",
    bad="（“3-1”被自动变成的）2024-03-01",
    good="3-1 绪论",
)

_PAPERS = {".doc", ".docx", ".pdf", ".ppt", ".pptx", ".xls", ".xlsx", ".wps"}
_FILE_SUFFIXES = VIDEOS | AUDIOS | IMAGES | _PAPERS
_COUNTED = (
    "视频|音频|录音|录像|课程|资源|文件|文档|图片|影片|微课|作品|素材|测试|短视频|微视频|video|audio|movie|file|clip|"
    "lesson|resource"
)
_NO_NAME = late(
    rf"(?:{_COUNTED})[\s_（(#-]*(?:[0-9]{{1,3}}|[一二三四五六七八九十]{{1,3}})[）)]?"
    r"|新建 ?(?:文件夹?|文档|文本文档|Microsoft \w{1,12} \w{1,6}|\w{0,6}演示文稿|\w{0,6}工作表)?"
    r"[\s_]*(?:[（(]?[0-9]{1,4}[）)]?)?"
    r"|视频|音频|课程|微课|课件|录屏[0-9]{0,3}|0[0-9]{0,5}|[0-9]{6,12}"
    r"|(?:未命名|无标题|untitled|test|demo)[\s_-]*[（(]?[0-9]{0,4}[）)]?"
    r"|(?:(?:IMG|VID|MVI|DSCN?|PXL|MOV|GOPR)[_-]?|(?:WIN|REC)[_-])[0-9]{4,}[0-9A-Za-z_-]*"
    r"|mmexport[0-9]{6,}|wx_camera_[0-9]+"
    r"|(?:微信|QQ|抖音)(?:视频|图片|截图|录屏)[\s_]*[0-9]{6,}[0-9_.-]*"
    r"|(?:屏幕截图|屏幕录制|录屏|截图|Screenshot|Screenrecord(?:er)?)[\s_-]*[0-9]{4,}[0-9\s_.:：-]*"
    r"|[0-9]{8}[_-]?[0-9]{6}|[0-9a-f]{32}",
    re.IGNORECASE,
)
"""What cameras, phones and new documents are called, and a word for any resource with a number."""
_ONLY_A_NUMBER = late(r"第?[\s0-9._-]*[讲课集章节期回]?|第[一二三四五六七八九十百]{1,4}[讲课集章节期回]")
_LONGEST_NO_NAME = 60
_BEGINS_NO_NAME = "[0-9a-z视音录课资文图影微作素测短新未无抖屏截]"
"""Without it most names are cleared by their first character."""
_NO_NAME_OR_A_FILE = late(rf"^(?={_BEGINS_NO_NAME})(?:{_NO_NAME.pattern})$|\.", re.IGNORECASE | re.MULTILINE)


@table_rule(
    "R02-3",
    Severity.WARNING,
    "资源名称",
    reads=("资源名称",),
    title="资源名称不是文件名、占位名",
    why="学习者按名称找课，文件名和“视频1”说不出内容。",
    source="附件4 表1 “资源名称”；写法通知未规定",
    basis=INFERRED,
    says="“{value}”像文件名或占位名，不是资源的名称。",
    fix="请填写资源的正式名称{hint}。",
    bad="""
    | 资源名称 |
    | >航空发动机的组成.mp4< |
    """,
    good="航空发动机的组成",
)
def named_like_a_file(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The suggestion is the file name without its extension, where that is a name."""
    names = resources["资源名称"]
    wrong = resources[
        texts_that(names, lambda text: _proper_name(text, settings) != text, _NO_NAME_OR_A_FILE.search)
    ]
    return wrong.assign(suggestion=[_proper_name(text, settings) for text in wrong["资源名称"]])


def _proper_name(text: str, settings: Settings) -> str:
    """The text itself if it is a name; else the name in it, or ""."""
    if _is_no_name(text):
        return ""
    suffix = suffix_of(text) if "." in text else ""
    if suffix not in _FILE_SUFFIXES:
        return text
    stem = re.split(r"[/\\]", text[: -len(suffix)])[-1].strip()
    if not fits("资源名称", stem, settings) or not stem or is_placeholder(stem, required=True):
        return ""
    return (
        ""
        if _is_no_name(stem) or _ONLY_A_NUMBER.fullmatch(stem) or suffix_of(stem) in _FILE_SUFFIXES
        else stem
    )


def _is_no_name(text: str) -> bool:
    return len(text) <= _LONGEST_NO_NAME and bool(_NO_NAME.fullmatch(text))


R08_2 = rule(
    "R08-2",
    Severity.ERROR,
    "资源简介",
    title="资源简介为纯文本",
    why="网页代码会原样显示给学习者，“见附件”则什么也看不到。",
    source="附件4 表1 “资源简介”：必填, 文本格式",
    basis=LITERAL,
    says="“资源简介”应为纯文本，发现{what}。",
    fix="请改为一段文字，写明内容、对象和学习收获{hint}。",
    bad="<p>介绍航空发动机的组成和原理，适合科普学习</p>",
    good="介绍航空发动机的组成和原理，适合科普学习",
)


_NO_PLAIN_PROSE = re.compile(f"[{IN_NO_PLAIN_PROSE}]")


@sieve("资源简介")
def introductions_in_doubt(column: Column, _is_right: Callable[[str], object]) -> Iterable[str]:
    """Neither markup nor a reference does without its characters."""
    return column.suspects(_NO_PLAIN_PROSE.search)


@reader("资源简介")
def read_introduction(text: str, _kind: Kind, settings: Settings) -> Reading:
    """Text without the tags, if tags were the only fault."""
    found = _MARKUP.search(text)
    if not found:
        return R08_2.found(what=f"“{text}”，没有实际内容")
    plain = re.sub(
        r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])", "", re.sub(r"\s+", " ", _TAG.sub(" ", text))
    ).strip()
    usable = fits("资源简介", plain, settings) and not (
        _SEE.fullmatch(plain) or _MARKUP.search(plain) or re.search("[<>]", plain)
    )
    return R08_2.found(plain if usable else "", what=f"网页代码“{found[0].strip()}”")


rule(
    "R08-3",
    Severity.WARNING,
    "资源简介",
    title="资源简介长短适当",
    why="学习者凭简介选课，几个字说不清内容和对象。",
    source="字数通知未规定，由本省设定",
    basis=INFERRED,
    says="“资源简介”{size}。",
    fix="请{order}。",
    bad="很好的课程",
    good="介绍航空发动机的组成、原理和发展，适合科普学习。",
)
rule(
    "R08-6",
    Severity.WARNING,
    "资源简介",
    title="没有需要人工复核的词语",
    why="涉密、内部资料一类的字样须由内容安全审核人员看过才能公开。",
    source="通知正文：内容安全；词表通知未规定，由本省设定",
    basis=LITERAL,
    says="“{field}”中有需要人工复核的词语“{words}”。",
    fix="请内容安全审核人员核对；可以公开的，请在“单位说明”中写明。",
    bad="介绍航空发动机的组成、原理和发展，内部资料注意保存。",
    good="介绍航空发动机的组成、原理和发展，适合科普学习。",
)


@table_rule(
    "R08-4",
    Severity.WARNING,
    "资源简介",
    reads=("资源名称", "资源简介", "主讲人"),
    title="每个资源有自己的简介",
    why="照抄名称或别的资源的简介，学习者看不出这个资源讲什么。",
    source="附件4 表1 “资源简介”：简要介绍资源的基本信息；雷同通知未规定",
    basis=INFERRED,
    says="“资源简介”{what}。",
    fix="请按本资源的内容、对象和学习收获另写。",
    bad="""
    | 资源名称 | 资源简介 |
    | 航空发动机（上） | 介绍航空发动机的组成、原理和发展，适合科普学习。 |
    | 航空发动机（下） | >介绍航空发动机的组成、原理和发展，适合科普学习。< |
    """,
    good="介绍航空发动机的维护、故障和修理，适合科普学习。",
)
def introduction_copied(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Of its own name, or of a row above; R08-3 tells what is too short, Y01 a resource that stands twice."""
    said, names = _bare(resources["资源简介"].tolist()), resources["资源名称"].tolist()
    own = [len(text) <= len(name) and [text] == _bare([name]) for text, name in zip(said, names, strict=True)]
    rows = _copied(resources.assign(said=said, own=own))
    fitting = texts_that(rows["资源简介"], lambda text: text and fits("资源简介", text, settings))
    rows = _copied(rows[fitting])
    if rows.empty:
        return rows
    first = rows.groupby(["@unit", "said"])[["@row", "@workbook", "资源名称", "主讲人"]].transform("first")
    here = rows["@workbook"] == first["@workbook"]
    above = ("与第 " + first["@row"].astype(str) + " 行的相同").where(here, "与另一份表中的相同")
    same = (rows["资源名称"] == first["资源名称"]) & (rows["主讲人"] == first["主讲人"])
    what = above.where(~rows["own"], "与“资源名称”相同")
    return rows.assign(what=what)[rows["own"] | ~same]


def _copied(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that say what their name says, or what another row of the unit says."""
    return rows[rows["own"] | repeated(rows, ["@unit", "said"])]


def _bare(texts: list[str]) -> list[str]:
    """Without blanks and a last full stop. C# and C++ stay different."""
    return ["".join(text.split()).rstrip("。.！!") for text in texts]


_ID = r"(?=[A-Za-z0-9_-]{0,19}[0-9_])[A-Za-z][A-Za-z0-9_-]{4,19}"
_CONTACT = late(
    r"(?<![0-9A-Za-z.,/_=-])1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}(?![0-9A-Za-z]| ?[元人次个吨字])"
    r"|(?<![0-9A-Za-z.,/_-])(?:0[0-9]{2,3}[-－—–]|[（(]0[0-9]{2,3}[）)] ?)[1-9][0-9]{6,7}(?![0-9-])"
    r"|(?:电话|手机号?|热线|联系方式|联系人)[:：][^。；]{0,6}?[0-9][0-9 -]{5,14}[0-9]"
    r"|(?:[Qq]{2}(?:号码?|[一-龥]{0,4}群号?)?|[加进入]群) ?[:：]? ?[1-9][0-9]{5,10}(?![0-9])"
    rf"|(?:添?加|咨询|联系)[我老师助教客服小编的]{{0,4}}(?:微信|薇信|[Vv]信|[Vv][Xx])号?[ :：]{{0,2}}{_ID}"
    rf"|(?:微信号?|薇信|[Vv]信|[Vv][Xx])[:：] ?{_ID}|微信号 ?[是为]? ?{_ID}"
    r"|(?<![A-Za-z0-9._%+-])(?!git@)[A-Za-z0-9._%+-]{2,40}@(?!example\.)(?:[A-Za-z0-9-]{1,30}\.){1,4}(?:com|cn|net|org)"
    r"(?![A-Za-z0-9-])"
    r"|(?<![0-9-])[48]00-(?:[0-9]{3}-[0-9]{4}|[0-9]{4}-[0-9]{3})(?![0-9-])"
    r"|(?:电话|热线|客服)[^，。；0-9]{0,4}[48]00[0-9]{7}(?![0-9])"
    rf"|(?:薇信|[Vv]信)号? ?{_ID}|公众号[:：] ?[a-z][a-z0-9_-]{{4,19}}(?![A-Za-z ])"
    rf"|(?:抖音|快手|视频|微博)号[:：] ?{_ID}"
    r"|扫描?二维码(?:关注|添加|加入)[^，。；]{0,16}(?:公众号|微信|群)(?![\u4e00-\u9fff])"
    r"|https?://[A-Za-z0-9./?=&_-]{1,60}(?:购买|报名|下单|领取)"
    r"|扫码(?:关注|添加|加群|进群|入群)[^，。；]{0,14}(?:领取|优惠|免费|咨询|报名)"
    r"|(?:报名|购买|选购|下单|领取|优惠|咨询|加入)[^，。；]{0,8}https?://[^\s，。；]{1,60}"
    r"|扫描?(?:下方|下面|上方|右侧|左侧|文末|图中|封面)的?二维码"
    r"|(?:欢迎|敬请)(?:大家|各位|您)?(?:扫码)?(?:关注|加入|添加)[^，。；！]{0,12}"
    r"(?:公众号|微信|QQ群|交流群|学习群|视频号|抖音号)"
    r"|(?<![A-Za-z0-9-])(?:[a-z0-9-]{1,30}\.){0,3}"
    r"(?:(?:taobao|tmall|jd|pinduoduo|yangkeduo|weidian|youzan)\.com|(?:pan\.baidu|mp\.weixin\.qq)\.com)/[^\s，。；]{1,60}"
)
"""Numbers and names that can be rung or added, orders to follow, and links to shops and shares."""
_HINTING_WORDS = ("二维码", "欢迎", "敬请", "jd.com", "扫码", "@", "://")
_HINTS = (re.compile("[0-9][0-9 -]{4,14}[0-9]"), re.compile("[A-Za-z][A-Za-z0-9_-]{4}"))
"""Without one of these there is no contact; most texts are cleared by them alone, one by one in no time."""


@table_rule(
    "R08-5",
    Severity.WARNING,
    "资源简介",
    reads=("资源简介",),
    title="资源简介没有联系方式和推广",
    why="公开发布的简介不能替人留电话、拉群、卖货。",
    source="通知未规定；国家智慧教育平台内容要求",
    basis=OTHER,
    says="“资源简介”含有联系方式或推广信息“{contact}”。",
    fix="请删去联系方式和推广信息。",
    bad="""
    | 资源简介 |
    | >介绍航空发动机的组成、原理和发展，咨询加微信 hkfdj2024。< |
    """,
    good="介绍航空发动机的组成、原理和发展，含微信公众号运营。",
)
def introduction_advertises(resources: pd.DataFrame) -> pd.DataFrame:
    """Only what can be rung, added or opened: a hotline of a few digits or 微信 as a subject is right."""
    said = resources["资源简介"]
    wrong = resources[texts_that(said, lambda text: _hints(text) and _contact(text), _hints)]
    return wrong.assign(contact=each_text(wrong["资源简介"], _contact))


def _hints(text: str) -> bool:
    return any(word in text for word in _HINTING_WORDS) or _hints_in_ascii(text)


def _hints_in_ascii(text: str) -> bool:
    """Whether a number or a name is there; what stands beside Chinese alone is not looked through."""
    plain = text.encode("ascii", "ignore").decode("ascii")
    return any(hint.search(plain) and hint.search(text) for hint in _HINTS)


def _contact(text: str) -> str:
    found = _CONTACT.search(text)
    return found[0].strip() if found else ""


R11_2_SOURCE = "附件4 表1 “版权方”：版权所属机构或个人名称"


@table_rule(
    "R11-2",
    Severity.WARNING,
    "版权方",
    reads=("版权方",),
    title="版权方填全称",
    why="“本校”“自有”和简称离开报送单位就看不出是谁。",
    source=R11_2_SOURCE,
    basis=INFERRED,
    says="“{value}”不是机构全称或个人姓名。",
    fix="请填版权所属机构的全称或个人姓名{hint}。",
    bad="""
    | 版权方 |
    | >我校< |
    """,
    good="河南开放大学",
)
def rights_not_named(resources: pd.DataFrame) -> pd.DataFrame:
    """Words for oneself, and short forms of the unit's own name, which is the suggestion.

    A person, or whoever it was on the web, may own it as well as the unit: then nobody is suggested.
    """
    unit = own_names(resources["@unit"])
    wrong = pairs_that(
        resources["版权方"], unit, lambda holder, own: _names_oneself(holder) or _abbreviates(holder, own)
    )
    rows = resources.assign(suggestion=unit)[wrong]
    return rows.assign(suggestion=rows["suggestion"].mask(texts_that(rows["版权方"], _ANYBODY.search), ""))


def own_names(units: pd.Series) -> pd.Series:
    """The name of each unit without that of the bureau which forwards its resources."""
    return each_text(units, lambda unit: unit.rpartition("/")[2])


def _names_oneself(text: str) -> bool:
    return bool(_OWN.fullmatch(text.strip("。.（）()")))


def _abbreviates(text: str, unit: str) -> bool:
    """郑大, 郑州大 or 洛阳理工 for the unit's own name: shorter, and ending as short names do."""
    if not 2 <= len(text) <= len(unit) - 2 or text[0] != unit[0]:
        return False
    if unit.startswith(text):
        return len(text) >= 3 and bool(
            re.fullmatch("(?:职业|技术|专科|高等|师范)*(?:学院|大学|学校)", unit[len(text) :])
        )
    rest = iter(unit)
    return len(text) <= 5 and text[-1] in "大院校职师专局工理财医农林" and all(char in rest for char in text)


_BODY = late(
    r".{2,}(?:大学|学院|学校|中学|小学|幼儿园|中心|公司|集团|研究院|研究所|出版社|报社|杂志社|电视台|广播台|协会|学会|"
    r"基金会|联合会|委员会|医院|博物馆|图书馆|文化馆|局|厅)"
)
"""How the names of bodies end; what ends otherwise may be a person, and persons are not asked about."""
_SCHOOL = late(r".*(?:大学|学院|学校|中学|小学|幼儿园|中心|分校|总校)")
_AUTHORITY = late(r".*(?:局|厅|委员会|人民政府)")
_REMARK = late(r"[（(【\[][^（）()【】\[\]]*[）)】\]]|\s+")
_KIND_OF_SCHOOL = late(r"(?:高等)?(?:专科)?(?:大学|学院|学校)$")
_LOOSELY = late(r"[省市县区]|(?<=教)(?:育(?:和|体育|文化|科技|卫生|健康|旅游)+|体)(?=局)")
"""What comes and goes in a body's name: 郑州教育局, 郑州市教育体育局."""


@table_rule(
    "R11-3",
    Severity.WARNING,
    "版权方",
    reads=("版权方", "主讲人", "资源文件"),
    title="版权属于别的机构时有授权证明",
    why="没有授权就公开发布别人的作品，会侵犯知识产权。",
    source="通知正文：不得侵犯他人知识产权；授权证明的形式通知未规定",
    basis=INFERRED,
    says="版权方“{value}”不是报送单位“{unit}”，没有见到授权证明。",
    fix="请把授权证明（文件名含“授权”）放进本单位的文件夹；不需要授权的，请在“单位说明”中写明。",
    bad="""
    | @unit | 版权方 |
    | 郑州大学 | >河南人民出版社< |
    """,
    good="郑州大学继续教育学院",
)
def rights_of_another_body(resources: pd.DataFrame) -> pd.DataFrame:
    """`@authorised`, where it is known, says that the unit's folder holds an authorisation."""
    rows = resources[pairs_that(resources["@unit"], resources["版权方"], _of_another)]
    beside = zip(rows["版权方"], rows["主讲人"], rows["资源文件"], strict=True)
    alone = (holder not in speakers and "授权" not in files for holder, speakers, files in beside)
    rows = rows[mask_of(rows, alone)]
    if "@authorised" in rows:
        rows = rows[~rows["@authorised"].astype(bool)]
    return rows.assign(unit=own_names(rows["@unit"]))


def _of_another(unit: str, holder: str) -> bool:
    """Whether the holder is plainly a body that has nothing to do with the unit.

    Right are the unit, its parts and its former kind of school, several bodies with it among
    them, the schools for which an authority sends, persons, and words that R11-2 tells.
    """
    body = _loosely(holder)
    if not _BODY.fullmatch(body) or _names_oneself(holder):
        return False
    own = [_loosely(part) for part in unit.split("/")]
    if any(name in body or body in name for name in own):
        return False
    if any(_KIND_OF_SCHOOL.sub("", name) == _KIND_OF_SCHOOL.sub("", body) for name in own):
        return False
    return not (any(map(_AUTHORITY.fullmatch, own)) and _SCHOOL.fullmatch(body))


def _loosely(name: str) -> str:
    return _LOOSELY.sub("", _REMARK.sub("", name)).replace("教局", "教育局")
