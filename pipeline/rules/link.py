"""资源链接 and 部署平台, as written; whether a link opens is another matter (规则 R04, R05)."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from pipeline.fields import BY_NAME
from pipeline.model import Kind, Severity
from pipeline.rules.rule import EXAMPLE, INFERRED, LITERAL, Reading, condition, reader, rule, table_rule
from pipeline.rules.text import half_width
from pipeline.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

_FORM = re.compile(BY_NAME["资源链接"].form)
_CLAUSE = "附件4 表1 “资源链接”：第三方平台上本课程的链接地址"
_OPEN = "附件3 第3条：资源链接可通过互联网正常访问"
_URL = re.compile(r"https?://[^\s，。；、（）()【】“”<>\"]+", re.IGNORECASE)
_BARE = re.compile(
    r"(?:[A-Za-z0-9-]+\.)+(?:com|cn|net|org|edu|gov|info|tv|cc|top|xyz|vip|io)(?:[:/?#]\S*)?", re.IGNORECASE
)
_LOCAL_PATH = re.compile(r"^(?:file:|[A-Za-z]:[\\/]|\\\\|/(?:home|Users|mnt|var)/)", re.IGNORECASE)
_HOST = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:)?//(?:[^/?#@]*@)?(?:\[([^\]]+)\]|([^\[\]/:?#\s]+))")
_NUMERIC = re.compile(r"[0-9.]+|0x[0-9a-f.x]+|[0-9a-f:]*:[0-9a-f:.]*")
_INSIDE_NAMES = (".local", ".lan", ".internal", ".intranet", ".localdomain", ".home.arpa", ".corp")

R05_1 = rule(
    "R05-1",
    Severity.ERROR,
    "资源链接",
    title="资源链接是一个完整的网址",
    why="没有完整网址，公众打不开课程。",
    source=_CLAUSE,
    basis=INFERRED,
    says="“{value}”不是可访问的网址。",
    fix="请填以 http:// 或 https:// 开头的课程页地址；没有链接的请留空。",
    bad="见平台",
    good="https://www.icourse163.org/course/HNU-1206459828",
)
R05_2 = rule(
    "R05-2",
    Severity.ERROR,
    "资源链接",
    title="只填一个网址，不夹文字",
    why="夹了文字、提取码或几个网址，平台就无法打开。",
    source=_CLAUSE,
    basis=INFERRED,
    says="“{value}”夹有其他文字或不止一个网址。",
    fix="请只填一个网址{hint}。",
    bad="链接: https://www.icourse163.org/course/1 提取码: abcd",
    good="https://www.icourse163.org/course/1",
)
R05_3 = rule(
    "R05-3",
    Severity.WARNING,
    "资源链接",
    title="网址以 http:// 或 https:// 开头",
    why="缺少开头，平台不知道用哪种方式打开。",
    source=_CLAUSE,
    basis=INFERRED,
    says="“{value}”缺少 http:// 或 https://。",
    fix="请补全网址{hint}。",
    bad="www.icourse163.org/course/1",
    good="https://www.icourse163.org/course/1",
)
R05_4 = rule(
    "R05-4",
    Severity.WARNING,
    "资源链接",
    title="网址中无全角符号和空格",
    why="全角符号和空格会使网址打不开。",
    source=_CLAUSE,
    basis=INFERRED,
    says="“{value}”含全角符号或空格。",
    fix="请改用半角符号并去掉空格{hint}。",
    bad="https：／／www．icourse163．org/course/1",
    good="https://www.icourse163.org/course/1",
)
R05_5 = rule(
    "R05-5",
    Severity.ERROR,
    "资源链接",
    title="不是内网、本机地址",
    why="内网、本机地址在单位以外打不开。",
    source=_OPEN,
    basis=LITERAL,
    says="“{value}”是{what}，无法通过互联网访问。",
    fix="请填公众可以打开的课程页地址。",
    bad="http://192.168.1.8/course/1",
    good="https://www.icourse163.org/course/1",
)


@condition("资源链接")
def is_outside(text: str, _settings: Settings) -> bool:
    """A well-written address may still be an inside one."""
    return not _inside(text)


@reader("资源链接")
def read_link(text: str, _kind: Kind, _settings: Settings) -> Reading:
    """What hinders the text from being one public web address."""
    narrow = _narrow_front(text)
    inside = _inside(narrow)
    if inside:
        return R05_5.found(what=inside)
    if narrow != text and _FORM.fullmatch(narrow):
        return R05_4.found(narrow, safe=not re.search(r"\s", text))
    urls = [url.rstrip(".,;:") for url in _URL.findall(narrow)]
    if urls:
        only = urls[0] if len(set(urls)) == 1 and _FORM.fullmatch(urls[0]) else ""
        return R05_2.found(only)
    if _BARE.fullmatch(narrow) and _FORM.fullmatch(f"https://{narrow}"):
        return R05_3.found(f"https://{narrow}")
    return R05_1.found()


def _narrow_front(text: str) -> str:
    """Half-width scheme and host, no blanks around punctuation; the path stays as it is."""
    front = re.match(r"[^/／]*[:：][/／]{1,2}[^/／?？#＃]*", text)
    if not front:
        return text
    closed = re.sub(r"\s", "", half_width(front[0]).replace("．", "."))
    return closed + re.sub(
        r"\s+(?=[/?&=#.])|(?<=[/?&=#.])\s+", "", half_width(text[front.end() :][:1]) + text[front.end() + 1 :]
    )


def host_of(url: str) -> str:
    """The host in lower case, "" if the text has none."""
    found = _HOST.match(url)
    return (found[1] or found[2]).lower() if found else ""


def _inside(text: str) -> str:
    """What kind of inside address the text is, "" if none."""
    if _LOCAL_PATH.match(text):
        return "本机文件路径"
    host = host_of(text if "://" in text else f"//{text}")
    if not host:
        return ""
    if host == "localhost" or host.endswith(_INSIDE_NAMES):
        return "本机或内网地址"
    if not _NUMERIC.fullmatch(host):
        return "内网地址" if "://" in text and "." not in host else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "内网或本机地址"
    return "" if address.is_global and not address.is_multicast else "内网或本机地址"


R04_2 = rule(
    "R04-2",
    Severity.WARNING,
    "部署平台",
    title="填平台名称，不填网址",
    why="网址有自己的一栏，平台要按名称统计。",
    source="附件4 表1 “部署平台”：第三方平台名称",
    basis=EXAMPLE,
    says="“{value}”是网址，不是平台名称。",
    fix="请填平台名称，网址填到“资源链接”{hint}。",
    bad="https://www.icourse163.org",
    good="中国大学MOOC",
)


@reader("部署平台")
def read_platform(text: str, _kind: Kind, settings: Settings) -> Reading:
    """A link in place of a name, with the name if the platform is known."""
    return R04_2.found(platform_at(host_of(text if "://" in text else f"//{text}"), settings.platforms))


def platform_at(host: str, platforms: dict[str, str]) -> str:
    """The known platform at a host or one of its parents, or ""."""
    return next(
        (name for domain, name in platforms.items() if host == domain or host.endswith(f".{domain}")), ""
    )


@table_rule(
    "R04-1",
    Severity.WARNING,
    "部署平台",
    reads=("资源链接", "部署平台"),
    title="填了资源链接就填部署平台",
    why="平台名称用来核对链接和等保级别。",
    source="附件4 表1 “部署平台”“资源链接”；成对填写通知未规定",
    basis=EXAMPLE,
    says="已填资源链接，未填“部署平台”。",
    fix="请补填第三方平台名称{hint}。",
    bad="""
    | 资源链接 | 部署平台 |
    | https://www.icourse163.org/course/1 | >< |
    """,
    good="中国大学MOOC",
)
def link_without_platform(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The suggestion is the known platform at the link's host."""
    lone = resources[(resources["资源链接"] != "") & (resources["部署平台"] == "")]
    names = {url: platform_at(host_of(url), settings.platforms) for url in lone["资源链接"].unique()}
    return lone.assign(suggestion=lone["资源链接"].map(names))


@table_rule(
    "R04-1b",
    Severity.WARNING,
    "资源链接",
    reads=("资源链接", "部署平台"),
    title="填了部署平台就填资源链接",
    why="只有平台名称，找不到课程。",
    source="附件4 表1 “部署平台”“资源链接”；成对填写通知未规定",
    basis=EXAMPLE,
    says="已填部署平台“{platform}”，未填“资源链接”。",
    fix="请补填课程页地址；没有在该平台部署的，请删去部署平台。",
    bad="""
    | 资源链接 | 部署平台 |
    | >< | 中国大学MOOC |
    """,
    good="https://www.icourse163.org/course/1",
)
def platform_without_link(resources: pd.DataFrame) -> pd.DataFrame:
    """A course without link and files at all is told by X02 alone."""
    lone = (resources["资源链接"] == "") & (resources["部署平台"] != "")
    nothing = (resources["资源类型"] == "A03") & (resources["资源文件"] == "")
    return resources.assign(platform=resources["部署平台"])[lone & ~nothing]
