"""资源链接 as written; whether it opens is another matter (规则 R05)."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Callable, Container, Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from pipeline.fields import form_of
from pipeline.model import Kind, Severity
from pipeline.pattern import late
from pipeline.rules.distinct import answers, each_text, filled, mask_of, once_a_table, texts_that
from pipeline.rules.rule import INFERRED, LITERAL, Reading, condition, reader, rule, sieve, table_rule
from pipeline.rules.text import half_width
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.column import Column

T = TypeVar("T")

_CLAUSE = "附件4 表1 “资源链接”：第三方平台上本课程的链接地址"
_OPEN = "附件3 第3条：资源链接可通过互联网正常访问"
_URL = late(r"https?://[^\s，。；、（）()【】“”<>\"]+", re.IGNORECASE)
_RUNS_ON = late(r"[A-Za-z0-9/=][\u4e00-\u9fff]+$")
"""Chinese right behind an address that stands in a sentence: path, or the sentence going on."""
_GOES_ON = late(r"\s+[A-Za-z0-9/?&=#%._~-]")
"""A blank and more that an address may hold: the blank may have been put into the address by mistake."""
_BARE = late(
    r"(?:[A-Za-z0-9-]+\.)+(?:com|cn|net|org|edu|gov|info|tv|cc|top|xyz|vip|io)(?:[:/?#]\S*)?", re.IGNORECASE
)
_LOCAL_PATH = late(r"^(?:file:|[A-Za-z]:[\\/]|\\\\|/(?:home|Users|mnt|var)/)", re.IGNORECASE)
_HOST = late(r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:)?//(?:[^/?#@]*@)?(?:\[([^\]]+)\]|([^\[\]/:?#\s]+))")
_NUMERIC = late(r"[0-9.]+|0x[0-9a-f.x]+|[0-9a-f:]*:[0-9a-f:.]*")
_VPN = late(r"(?:web|ssl|easy)?vpn[0-9]{0,2}\.[^.]+\.")
_INSIDE_NAMES = (".local", ".lan", ".internal", ".intranet", ".localdomain", ".home.arpa", ".corp")

_DISKS = {
    "pan.baidu.com", "yun.baidu.com", "pan.quark.cn", "drive.uc.cn", "aliyundrive.com", "alipan.com",
    "115.com", "115cdn.com", "weiyun.com", "cloud.189.cn", "caiyun.139.com", "yun.139.com",
    "123pan.com", "123pan.cn", "pan.xunlei.com", "pan.wo.cn", "ctfile.com", "jianguoyun.com",
    "feijipan.com", "vdisk.weibo.com", "wenshushu.cn", "cowtransfer.com", "woozooo.com", "lanzn.com",
    "1drv.ms", "drive.google.com", "dropbox.com",
}  # fmt: skip
_LANZOU = late(r"(?:.*\.)?lanzou[a-z]?\.com")
"""蓝奏云 changes the last letter of its domain every year or so."""
_SHORTENERS = {
    "t.cn", "url.cn", "dwz.cn", "dwz.mk", "suo.im", "mrw.so", "985.so", "sourl.cn", "u.nu", "t.co",
    "bit.ly", "is.gd", "goo.gl", "j.mp", "ow.ly", "tinyurl.com", "reurl.cc", "b23.tv", "v.douyin.com",
}  # fmt: skip
_SESSION = {
    "token", "accesstoken", "authtoken", "usertoken", "logintoken", "sessiontoken", "sessionid",
    "sessionkey", "sessid", "phpsessid", "jsessionid", "aspsessionid", "authkey",
}  # fmt: skip
"""Names of parameters without `-` and `_`, in lower case; so are the next two."""
_SIGNED = {"sign", "sig", "signature", "xamzsignature", "xosssignature", "qsignature"}
_EXPIRES = {"expire", "expires", "expiry", "deadline", "xamzexpires", "xossexpires", "qsigntime"}
_PARAMETER = late(r"[?&#;]([\w.-]+)=(?=[^&#;])")
"""The name of a parameter that has a value: in the path (`;jsessionid=…`), the query and the fragment."""
_FRONT = r"/*(?:(?:index|default|home|main)(?:\.(?:html?|php|jsp|aspx?|do))?/?)?"
_FRONT_DOOR = late(rf"https?://([a-z0-9.-]++)(?::[0-9]*)?{_FRONT}(?:#{_FRONT})?", re.IGNORECASE | re.ASCII)

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
    """A well-written address may still be an inside one, which its host tells."""
    return not _inside("/".join(text.split("/", 3)[:3]))


_NOT_PLAIN = re.compile(r"[^!-+\--:<->@-~]")
"""A blank, a comma, a semicolon, a question mark, and all beyond ASCII: without them a path is any path."""


@sieve("资源链接")
def links_in_doubt(column: Column, is_right: Callable[[str], object]) -> Iterable[str]:
    """An address with a plain path is as right as its front, which many share."""
    texts = list(column.distinct)
    fronts = _fronts(tuple(texts))
    wrong = {front for front in set(fronts) if not is_right(front)}
    return {
        *column.suspects(_NOT_PLAIN.search),
        *(text for text, front in zip(texts, fronts, strict=True) if front in wrong),
    }


@reader("资源链接")
def read_link(text: str, _kind: Kind, settings: Settings) -> Reading:
    """What hinders the text from being one public web address; what R05-6 and R05-7 refuse is no guess."""
    narrow = _narrow_front(text)
    inside = _inside(narrow)
    if inside:
        return R05_5.found(what=inside)
    if narrow != text and form_of("资源链接").fullmatch(narrow):
        safe = not re.search(r"\s", text)
        return R05_4.found(narrow if safe or _leads_to_a_course(narrow, settings) else "", safe=safe)
    urls = [url.rstrip(".,;:") for url in _URL.findall(narrow)]
    if urls:
        only = urls[0] if len(set(urls)) == 1 and form_of("资源链接").fullmatch(urls[0]) else ""
        only = "" if _RUNS_ON.search(only) or _GOES_ON.match(narrow, narrow.find(only) + len(only)) else only
        return R05_2.found(only if _leads_to_a_course(only, settings) else "")
    whole = f"https://{narrow}"
    if _BARE.fullmatch(narrow) and form_of("资源链接").fullmatch(whole):
        return R05_3.found(whole if _leads_to_a_course(whole, settings) else "")
    return R05_1.found()


def _leads_to_a_course(url: str, settings: Settings) -> bool:
    return not _inside(url) and not passing(url) and not is_home_page(url, settings.platforms)


def _narrow_front(text: str) -> str:
    """Half-width scheme and host, no blanks around punctuation; the path stays as it is."""
    front = re.match(r"[^/／]*[:：][/／]{1,2}[^/／?？#＃]*", text)
    if not front:
        return text
    closed = re.sub(r"\s+(?=[:/.])|(?<=[:/.])\s+|\s+$", "", half_width(front[0]).replace("．", "."))
    return closed + re.sub(
        r"\s+(?=[/?&=#.])|(?<=[/?&=#.])\s+", "", half_width(text[front.end() :][:1]) + text[front.end() + 1 :]
    )


def host_of(url: str) -> str:
    """The host in lower case and without a final dot, "" if the text has none."""
    found = _HOST.match(url)
    return (found[1] or found[2]).lower().rstrip(".") if found else ""


def by_host(urls: pd.Series, function: Callable[[str], T]) -> list[T]:
    """The function of each address's host, asked once for the many addresses that begin alike."""
    return answers(_fronts(tuple(urls.tolist())), lambda front: function(host_of(front)))


@functools.lru_cache(maxsize=2)
def _fronts(urls: tuple[str, ...]) -> list[str]:
    """Several rules ask this of the same column, and reading asks it before them."""
    return list(map(_up_to_path, urls))


@once_a_table
def last_parts(resources: pd.DataFrame) -> pd.Series:
    """The last part of each link, in lower case: links that lead to one place agree in it."""
    last = [url.rstrip("/#").rpartition("/")[2].lower() for url in resources["资源链接"].tolist()]
    return pd.Series(last, resources.index, dtype=object)


@once_a_table
def with_links_alike(resources: pd.DataFrame) -> pd.DataFrame:
    """The rows whose link may lead where that of another row leads."""
    return resources[last_parts(resources).duplicated(keep=False) & filled(resources["资源链接"])]


def _up_to_path(url: str) -> str:
    """An address without its path, for `host_of`; in brackets a host may hold slashes."""
    end = url.find("/", url.find("//") + 2)
    return url[:end] if end > 0 and "[" not in url else url


@functools.lru_cache(maxsize=10_000)
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
        if _VPN.match(host):
            return "要先登录 VPN 的地址"
        return "内网地址" if "://" in text and "." not in host else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "内网或本机地址" if "://" in text else ""
    return "" if address.is_global and not address.is_multicast else "内网或本机地址"


def platform_at(host: str, platforms: Mapping[str, str]) -> str:
    """The known platform at a host or the nearest of its parents, or ""."""
    return next((platforms[domain] for domain in _domains(host) if domain in platforms), "")


def _domains(host: str) -> list[str]:
    """The host and the domains above it; of an endless name only its last parts."""
    labels = host.split(".")[-8:]
    return [".".join(labels[at:]) for at in range(len(labels))]


def passing(url: str) -> str:
    """What kind of address that soon leads nowhere the link is, "" if none."""
    return _passing_host(host_of(url)) or ("带临时登录参数的地址" if _is_temporary(url) else "")


def _passing_host(host: str) -> str:
    domains = _domains(host)
    if not _DISKS.isdisjoint(domains) or _LANZOU.fullmatch(host):
        return "网盘分享链接"
    return "" if _SHORTENERS.isdisjoint(domains) else "短链接"


def _is_temporary(url: str) -> bool:
    """Whether the address has parameters that hold for one visit."""
    if "=" not in url:
        return False
    given = {re.sub("[-_]", "", name).lower() for name in _PARAMETER.findall(url)}
    return bool(given & _SESSION or (given & _SIGNED and given & _EXPIRES))


def is_home_page(url: str, platforms: Container[str]) -> bool:
    """Whether the link is the front door of one of the domains, and not of a site below it.

    A school's own course may well live at the root of its own domain, so only domains of
    known platforms count.
    """
    door = _FRONT_DOOR.fullmatch(url)
    return door is not None and re.sub(r"^(?:www|m)\.|\.$", "", door[1].lower()) in platforms


@table_rule(
    "R05-6",
    Severity.WARNING,
    "资源链接",
    reads=("资源链接",),
    title="资源链接长期有效",
    why="网盘分享、短链和带登录参数的地址过一阵就打不开，或者要提取码。",
    source=_OPEN + "；长期有效通知未规定",
    basis=INFERRED,
    says="“{value}”是{kind}，可能失效或需要提取码。",
    fix="请改填课程页的固定地址。",
    bad="""
    | 资源链接 |
    | >https://pan.baidu.com/s/1AbCdEf< |
    """,
    good="https://www.icourse163.org/course/1",
)
def link_that_passes(resources: pd.DataFrame) -> pd.DataFrame:
    """Judged by host and parameters alone; nothing is opened."""
    links = resources["资源链接"]
    temporary = texts_that(links, _is_temporary, lambda lines: "=" in lines)
    passes = mask_of(links, by_host(links, _passing_host)) | temporary
    wrong = resources[passes]
    return wrong.assign(kind=each_text(wrong["资源链接"], passing))


def _ends_a_front_door(last_part: str) -> bool:
    """Whether the last part of a link may be a host, or what stands at front doors."""
    return any(word in last_part for word in (".", "index", "default", "home", "main"))


@table_rule(
    "R05-7",
    Severity.WARNING,
    "资源链接",
    reads=("资源链接",),
    title="资源链接指向课程页",
    why="平台首页上有成千上万门课程，找不到这一门。",
    source=_CLAUSE,
    basis=INFERRED,
    says="“{value}”是“{platform}”的首页，不是本课程的页面。",
    fix="请在平台上打开本课程，填它自己的网址。",
    bad="""
    | 资源链接 |
    | >https://www.icourse163.org/< |
    """,
    good="https://www.icourse163.org/course/HNU-1206459828",
)
def link_to_a_home_page(resources: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Front doors of the known platforms."""
    known = settings.platforms
    suspects = resources[texts_that(last_parts(resources), _ends_a_front_door, _ends_a_front_door)]
    wrong = suspects[texts_that(suspects["资源链接"], lambda url: is_home_page(url, known))]
    names = by_host(wrong["资源链接"], lambda host: platform_at(host, known))
    return wrong.assign(platform=names)
