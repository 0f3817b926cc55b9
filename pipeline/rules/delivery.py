"""Rows against files: are they there, and of the right sort (规则 X, M15, R15)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.files import IMAGES, UNOPENED, suffix_of
from pipeline.model import Kind, Severity
from pipeline.rules.distinct import blank, filled
from pipeline.rules.media import UNOPENED_FIX, UNOPENED_WHY
from pipeline.rules.rule import INFERRED, LITERAL, Reading, reader, rule, table_rule
from pipeline.settings import Cover, Settings

if TYPE_CHECKING:
    import pandas as pd

_BODY = "通知正文：音视频资源报送实体资源，在线课程报送实体资源或资源链接"
_COVER = "附件4 表1 “资源封面”：必填, JPG格式"
_SORTS = {"video": "视频", "audio": "音频", "other": "其他"}

R15_2 = rule(
    "R15-2",
    Severity.ERROR,
    "资源封面",
    title="封面是一个 JPG 文件",
    why="平台只显示 JPG 格式的封面。",
    source=_COVER,
    basis=LITERAL,
    says="“{value}”不是一个 JPG 文件的名称。",
    fix="请把封面另存为 JPG 格式，填文件名，如 fm001.jpg。",
    bad="fm001.png",
    good="fm001.jpg",
)


@reader("资源封面")
def read_cover_name(text: str, _kind: Kind, _settings: Settings) -> Reading:
    """A single file name that ends in .jpg or .jpeg."""
    narrow = re.sub(r"．(?=jpe?g$)", ".", text, flags=re.IGNORECASE)
    return R15_2.found(narrow if narrow != text else "")


@table_rule(
    "R15-3",
    Severity.ERROR,
    "资源封面",
    table="covers",
    reads=("资源封面",),
    title="封面文件在提交的文件夹中",
    why="只有文件名、没有文件，平台显示不出封面。",
    source=_COVER,
    basis=INFERRED,
    says="封面“{value}”{problem}。",
    fix="请把封面文件放进本单位的文件夹，填相对路径或文件名{hint}。",
    bad="""
    | 资源封面 | problem |
    | fm001.jpg | >在提交的文件中找不到< |
    """,
    good="",
)
def cover_missing(covers: pd.DataFrame) -> pd.DataFrame:
    """problem is what kept the name from leading to one file."""
    return covers[filled(covers["problem"])]


_FAULT = "封面“{value}”{fault}。"


@table_rule(
    "R15-4",
    Severity.ERROR,
    "资源封面",
    table="covers",
    reads=("资源封面",),
    title="封面是完好的 JPEG 图片",
    why="改了扩展名或损坏的图片显示不出来。",
    source=_COVER,
    basis=LITERAL,
    says=_FAULT,
    fix="请用看图软件打开原图，另存为 JPG 格式。",
    bad="""
    | 资源封面 | fault |
    | fm001.jpg | >实际是 PNG 图片< |
    """,
    good="",
)
def cover_broken(covers: pd.DataFrame) -> pd.DataFrame:
    """fault is what Pillow said of the file."""
    return covers[filled(covers["fault"]) & ~covers["fault"].isin(UNOPENED)]


@table_rule(
    "R15-4b",
    Severity.WARNING,
    "资源封面",
    table="covers",
    reads=("资源封面",),
    title="封面能够打开",
    why=UNOPENED_WHY,
    source=_COVER,
    basis=LITERAL,
    says=_FAULT,
    fix=UNOPENED_FIX,
    bad="""
    | 资源封面 | fault |
    | fm001.jpg | >没有读取权限或文件正被占用< |
    """,
    good="",
)
def cover_not_opened(covers: pd.DataFrame) -> pd.DataFrame:
    """A picture that is open in another program on this computer need not be made again."""
    return covers[covers["fault"].isin(UNOPENED)]


@table_rule(
    "R15-6",
    Severity.WARNING,
    "资源封面",
    table="covers",
    reads=("资源封面",),
    title="封面为 RGB 色彩",
    why="CMYK 色彩的图片部分浏览器显示异常。",
    source="附件3 第4条：支持主流浏览器；色彩通知未规定",
    basis=INFERRED,
    says="封面“{value}”为 CMYK 色彩，部分浏览器显示异常。",
    fix="请另存为 RGB 色彩的 JPG。",
    bad="""
    | 资源封面 | mode |
    | fm001.jpg | >CMYK< |
    """,
    good="RGB",
)
def cover_cmyk(covers: pd.DataFrame) -> pd.DataFrame:
    """Pillow's mode of the decoded picture."""
    return covers[covers["mode"] == "CMYK"]


@table_rule(
    "R15-6b",
    Severity.NOTE,
    "资源封面",
    table="covers",
    reads=("资源封面",),
    title="封面不靠附加信息转正",
    why="手机照片常是横着存、靠附加信息转正的，有的平台不理会，封面就是倒的。",
    source="附件3 第4条：支持主流浏览器；方向通知未规定",
    basis=INFERRED,
    says="封面“{value}”要靠图片的附加信息转正，部分平台显示时会横倒。",
    fix="请用看图软件打开，旋转到正的方向后保存。",
    bad="""
    | 资源封面 | turned |
    | fm001.jpg | >是< |
    """,
    good="否",
)
def cover_turned(covers: pd.DataFrame) -> pd.DataFrame:
    """EXIF orientation other than 1: browsers obey it, not everything else does."""
    return covers[(covers["turned"] == "是") & blank(covers["fault"])]


@table_rule(
    "R15-5",
    Severity.NOTE,
    "资源封面",
    table="covers",
    reads=("资源封面",),
    title="封面的尺寸和大小合适",
    why="太小的封面显示模糊，太大的打开很慢。",
    source="封面的尺寸和大小通知未规定，由本省设定",
    basis=INFERRED,
    says="封面“{value}”{odd}（通知未规定）。",
    fix="请换一张合适的封面，不要只把小图放大。",
    bad="""
    | 资源封面 | width | cover.min_width |
    | fm001.jpg | >639< | 640 |
    """,
    good="640",
)
def cover_size(covers: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Beside the limits of `cover` in config.yaml; 0 asks nothing."""
    limits = settings.cover
    sound = covers[blank(covers["fault"]) & (covers["width"] > 0)]
    small = (sound["width"] < limits.min_width) | (sound["height"] < limits.min_height)
    large = (sound["megabytes"] > limits.max_mb) & (limits.max_mb > 0)
    odd = sound.assign(small=small, large=large)[small | large]
    facts = zip(odd["width"], odd["height"], odd["megabytes"], odd["small"], odd["large"], strict=True)
    return odd.assign(odd=[_odd_cover(*each, limits) for each in facts])


def _odd_cover(width: float, height: float, megabytes: float, small: bool, large: bool, limits: Cover) -> str:
    parts = []
    if small:
        least = [f"宽 {limits.min_width}"] if limits.min_width else []
        least += [f"高 {limits.min_height}"] if limits.min_height else []
        parts.append(f"为 {width:.0f}×{height:.0f}，小于所要求的{'、'.join(least)} 像素")
    if large:
        # Rounded up, so that it never reads as small enough.
        parts.append(f"有 {-(-megabytes * 100 // 1) / 100:g} MB，大于 {limits.max_mb:g} MB")
    return "，".join(parts)


@table_rule(
    "X01",
    Severity.ERROR,
    "资源文件",
    reads=("资源类型", "资源文件"),
    title="视频、音频资源提供实体文件",
    why="视频、音频只填链接不行，须报送文件本身。",
    source=_BODY,
    basis=LITERAL,
    says="{sort}资源必须提供实体文件，未填“资源文件”。",
    fix="请把文件放进本单位的文件夹，填相对路径或文件名{hint}。",
    bad="""
    | 资源类型 | 资源文件 |
    | A01 | >< |
    """,
    good="第1讲.mp4",
)
def media_without_file(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """`@likely` is the one unclaimed file that bears the resource's name, if there is one."""
    sorts = resources["资源类型"].map(settings.media_types)
    lone = sorts.isin(["video", "audio"]) & blank(resources["资源文件"])
    return resources.assign(sort=sorts.map(_SORTS), suggestion=resources["@likely"])[lone]


GIVEN_BY = ("资源类型", "资源文件", "资源链接")
"""What tells whether a course is there at all."""


@table_rule(
    "X02",
    Severity.ERROR,
    "资源链接",
    reads=GIVEN_BY,
    title="网络课程提供实体资源或链接",
    why="两样都没有，就没有可以审核的课程。",
    source=_BODY,
    basis=LITERAL,
    says="网络课程须提供实体资源或资源链接，当前都没有。",
    fix="请填“资源链接”，或把文件放进文件夹并填“资源文件”。",
    bad="""
    | 资源类型 | 资源文件 | 资源链接 | 部署平台 |
    | A03 | | >< | 中国大学MOOC |
    """,
    good="https://www.icourse163.org/course/1",
)
def course_without_anything(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Types for which a link will do."""
    return without_anything(resources, settings)


def without_anything(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Courses that have neither link nor files."""
    course = resources["资源类型"].map(settings.media_types) == "any"
    return resources[course & blank(resources["资源文件"]) & blank(resources["资源链接"])]


@table_rule(
    "X03",
    Severity.ERROR,
    "资源类型",
    table="media",
    reads=("资源类型", "资源文件"),
    title="资源类型与文件相符",
    why="视频资源应是视频文件，音频资源应是音频文件。",
    source="附件4 表2；附件3 第1、2条",
    basis=LITERAL,
    says="资源类型“{value}”是{wanted}，文件“{named}”是{sort_name}文件。",
    fix="请改正资源类型，或换成相符的文件{hint}。",
    bad="""
    | 资源类型 | sort | named |
    | >A01< | audio | 讲座.mp3 |
    """,
    good="A02",
)
def type_against_file(media: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """A companion file of another sort (subtitles, slides) beside a right one does no harm."""
    wanted = media["资源类型"].map(settings.media_types)
    judged = media.assign(wanted_sort=wanted)[wanted.isin(["video", "audio"]) & filled(media["sort"])]
    fits = judged["sort"] == judged["wanted_sort"]
    any_fits = fits.groupby([judged["@unit"], judged["@workbook"], judged["@row"]]).transform("any")
    wrong = ~fits & ((judged["sort"] != "other") | ~any_fits)
    by_sort = {sort: code for code, sort in reversed(settings.media_types.items()) if sort != "any"}
    told = judged.assign(
        wanted=judged["资源类型"].map(settings.resource_types),
        sort_name=judged["sort"].map(_SORTS),
        suggestion=judged["sort"].map(by_sort).fillna(""),
    )
    return told[wrong].drop_duplicates(["@unit", "@workbook", "@row"])


@table_rule(
    "M15",
    Severity.ERROR,
    "资源文件",
    table="media",
    reads=("资源文件",),
    title="所填的资源文件在提交的文件夹中",
    why="只有文件名、没有文件，资源无法上传和审核。",
    source=_BODY,
    basis=INFERRED,
    says="资源文件“{named}”{problem}。",
    fix="请把文件放进本单位的文件夹，写明相对路径和文件名{hint}。",
    bad="""
    | 资源文件 | problem |
    | 第1讲.mp4 | >在提交的文件中找不到< |
    """,
    good="",
)
def file_missing(media: pd.DataFrame) -> pd.DataFrame:
    """problem is what kept the name from leading to one file."""
    return media[filled(media["problem"])]


@table_rule(
    "M15c",
    Severity.WARNING,
    "资源文件",
    table="media",
    reads=("资源文件",),
    title="多个文件之间用半角分号",
    why="全角分号和换行只有一种读法，已按英文分号读取。",
    source="通知未规定；与附件4 表1 “主讲人”“关键词”的写法一致",
    basis=INFERRED,
    says="“{value}”中的文件不是用英文分号 ; 隔开的，已按“{suggestion}”读取。",
    fix="请填“{suggestion}”。",
    bad="""
    | 资源文件 | separator |
    | 1.mp4；2.mp4 | >；< |
    """,
    good="",
)
def files_parted_by_full_width(media: pd.DataFrame) -> pd.DataFrame:
    """The join found every file once it read the separator so."""
    return media[media["separator"] == "；"].drop_duplicates("@index").assign(safe=True)


@table_rule(
    "M15d",
    Severity.ERROR,
    "资源文件",
    table="media",
    reads=("资源文件",),
    title="多个文件用英文分号隔开",
    why="文件名里也可能有顿号和逗号，看不出是几个文件。",
    source="通知未规定；与附件4 表1 “主讲人”“关键词”的写法一致",
    basis=INFERRED,
    says="“{value}”中的文件不是用英文分号 ; 隔开的。",
    fix="请用英文分号 ; 隔开{hint}。",
    bad="""
    | 资源文件 | separator |
    | 1.mp4、2.mp4 | >、< |
    """,
    good="",
)
def files_parted_otherwise(media: pd.DataFrame) -> pd.DataFrame:
    """The join found every file once it guessed the separator."""
    return media[media["separator"] == "、"].drop_duplicates("@index")


@table_rule(
    "M15b",
    Severity.WARNING,
    "资源文件",
    table="orphans",
    reads=(),
    title="每个媒体文件都对应一个资源",
    why="没有对应的文件不会随任何资源上报，多半是漏填了一行或填错了文件名。",
    source="通知未规定；实体资源与元数据对应",
    basis=INFERRED,
    says="文件“{value}”没有对应任何资源。",
    fix="请在对应资源的“{column}”中填上它；不报送的请删去。",
    bad="""
    | value | claimed |
    | 07.mp4 | >否< |
    """,
    good="是",
)
def file_without_row(orphans: pd.DataFrame) -> pd.DataFrame:
    """A whole-file finding: it has no row. A picture can only be a cover."""
    wrong = orphans[orphans["claimed"] == "否"]
    columns = ["资源封面" if suffix_of(path) in IMAGES else "资源文件" for path in wrong["value"]]
    return wrong.assign(column=columns)


_RESPELLED = "“{named}”与实际的文件名“{path}”写法不同，已找到。"
_RESPELLED_FIX = "无须处理；最好照实际的文件名填写。"
_RESPELLED_WHY = "只差大小写、全半角的文件名在有的系统上找不到。"


@table_rule(
    "X05",
    Severity.NOTE,
    "资源文件",
    table="media",
    reads=("资源文件",),
    title="文件名的写法与实际一致",
    why=_RESPELLED_WHY,
    source="通知未规定",
    basis=INFERRED,
    says=_RESPELLED,
    fix=_RESPELLED_FIX,
    bad="""
    | 资源文件 | named | path | respelled |
    | A.MP4 | A.MP4 | a.mp4 | >是< |
    """,
    good="",
)
def file_respelled(media: pd.DataFrame) -> pd.DataFrame:
    """Case, Unicode form or width differ."""
    return _respelled(media)


@table_rule(
    "X05b",
    Severity.NOTE,
    "资源封面",
    table="covers",
    reads=("资源封面",),
    title="封面文件名的写法与实际一致",
    why=_RESPELLED_WHY,
    source="通知未规定",
    basis=INFERRED,
    says=_RESPELLED,
    fix=_RESPELLED_FIX,
    bad="""
    | 资源封面 | named | path | respelled |
    | FM001.JPG | FM001.JPG | fm001.jpg | >是< |
    """,
    good="",
)
def cover_respelled(covers: pd.DataFrame) -> pd.DataFrame:
    """As `file_respelled`."""
    return _respelled(covers)


def _respelled(named: pd.DataFrame) -> pd.DataFrame:
    return named[named["respelled"] == "是"]
