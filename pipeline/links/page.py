"""What a web page says: its title, that nothing is there, that one must log in.

Pure; at most `MOST_TEXT` bytes are unpacked, whatever the server claims.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
import zlib
from collections.abc import Iterator
from typing import Any

import lxml.html
from msgspec import Struct

MOST_TEXT = 256 * 1024
LONGEST_TITLE = 200
_LONGEST_PHRASE = 60
_SHORT_PAGE = 200
"""Characters; a longer text has content of its own, in which 404 may be the subject."""
_BARE_PAGE = 40
_SOON = 5
"""Seconds; a page that turns later was meant to be read."""

_CHARSETS = {
    "utf-8": "utf-8", "utf8": "utf-8", "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030",
    "gb_2312-80": "gb18030", "x-gbk": "gb18030", "hz-gb-2312": "hz", "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs", "utf-16": "utf-16", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be",
}  # fmt: skip
"""iso-8859-1 is left out: servers state it unasked, and it fits any bytes."""
_META = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w-]{1,40})", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

_PARTS = re.compile(r"[-_|—–·•,。.!:;~…\s【】\[\]()<>«»、]+")
"""Not at a question mark or a book's quotes: those belong to a name."""
_GONE = re.compile(
    "不存在|下架|删除|关闭|失效|下线|移除|过期|丢失|走丢|不见了|找不到|未找到|没有找到|无法找到"
)
_AROUND_GONE = re.compile(
    r"课程|页面|网页|资源|内容|链接|视频|文章|网址|信息|专栏|地址|站点|网站|文件|数据|目标|对象|抱歉|对不起|很遗憾|非常|哎呀|糟糕|"
    r"提示|系统|错误|出错|请求|访问|查看|浏览|查找|寻找|打开|已经|可能|暂时|或者|这个|当前|相关|我们|[您你所要想的该此本已被或了啦哦呢吧有]"
)
"""What else stands in a notice that nothing is there; with any other word it is a page about them."""
_ENGLISH = re.compile(
    r"(?:http )?(?:error |status )?404(?: error| 错误| 页面)?(?: ?(?:page |file |course )?not found)?|"
    r"(?:the )?(?:requested )?(?:page|file|course|object|resource) (?:was |is )?not found|not found"
)
_LOGIN = re.compile("登录|登陆|login|log in|signin|sign in|统一身份认证|身份验证")
_AROUND_LOGIN = re.compile(
    "用户|学生|教师|账号|帐号|密码|统一|身份|认证|验证|注册|中心|平台|系统|页面|界面|欢迎|继续|访问|sso|cas|"
    "[请先您你后再页 ]"
)


class Page(Struct, frozen=True):
    """Of one page. refresh: where it turns by itself at once, as written, "" if nowhere."""

    title: str = ""
    phrase: str = ""
    login: bool = False
    bare: bool = False
    refresh: str = ""


def read_page(body: bytes, content_type: str, encoding: str) -> Page:
    """What the first bytes of an HTML page say. content_type and encoding: the headers, as sent."""
    text = decoded(unpacked(body, encoding), content_type)
    root = _parsed(text)
    if root is None:
        return Page(bare=True)
    title = _tidy(" ".join(_texts(root.find(".//title"))))[:LONGEST_TITLE]
    refresh = _refresh(root)
    for element in list(root.iter("script", "style", "noscript", "template", "title")):
        element.drop_tree()
    lines = [tidy for each in root.itertext() if (tidy := _tidy(each))]
    shown = sum(map(len, lines))
    phrase = _nothing_there([title]) or (_nothing_there(lines) if shown <= _SHORT_PAGE else "")
    return Page(title, phrase, _asks_to_log_in(title), shown < _BARE_PAGE, refresh)


def unpacked(body: bytes, encoding: str) -> bytes:
    """The page behind a Content-Encoding that was not asked for; b"" if it cannot be read."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return b""
    for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        try:
            return zlib.decompressobj(window).decompress(body, MOST_TEXT)
        except zlib.error:
            continue
    return b""


def decoded(body: bytes, content_type: str) -> str:
    """The text: by its mark, the header, the meta element, UTF-8, else GB 18030."""
    named = re.search(r"charset\s*=\s*[\"']?([\w-]+)", content_type, re.IGNORECASE)
    meta = _META.search(body[:4096])
    stated = (named[1] if named else "", meta[1].decode("ascii", "replace") if meta else "")
    marked = [name for mark, name in _MARKS if body.startswith(mark)]
    for charset in (*marked, *(_CHARSETS.get(each.lower(), "") for each in stated), "utf-8"):
        if charset:
            try:
                # Incremental: the last character may be cut.
                return codecs.getincrementaldecoder(charset)().decode(body).lstrip("\ufeff")
            except UnicodeDecodeError:
                continue
    return body.decode("gb18030", "replace")


def _parsed(text: str) -> Any:
    """The root element, None if there is none."""
    plain = "".join(char for char in text if char in "\t\n\r" or unicodedata.category(char) != "Cc")
    plain = re.sub(r"^\s*<\?xml[^>]*>", "", plain).strip()
    if not plain:
        return None
    try:
        root = lxml.html.document_fromstring(plain)
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError):
        return None
    return root


def _texts(element: Any) -> Iterator[str]:
    if element is not None:
        yield from element.itertext()


def _tidy(text: str) -> str:
    """One line without characters that nobody sees."""
    shown = "".join(" " if char.isspace() else char for char in text if char.isspace() or _is_shown(char))
    return " ".join(shown.split())


def _is_shown(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs")


def _nothing_there(texts: list[str]) -> str:
    """The first part that says nothing but that the page is not there."""
    for text in texts:
        plain = unicodedata.normalize("NFKC", text).lower()
        whole = re.sub(r"[-_:!,.…\s]+", " ", plain).strip()
        if _ENGLISH.fullmatch(whole):
            return text[:_LONGEST_PHRASE]
        parts = [part for part in _PARTS.split(plain) if part]
        if any(_only(_GONE, _AROUND_GONE, part) for part in parts) or parts[:1] == ["404"]:
            return text[:_LONGEST_PHRASE]
    return ""


def _asks_to_log_in(title: str) -> bool:
    plain = unicodedata.normalize("NFKC", title).lower()
    parts = re.split(r"[-_|—–·,。!:《》()\[\]]+", plain)
    return any(_only(_LOGIN, _AROUND_LOGIN, part) for part in parts)


def _only(words: re.Pattern[str], around: re.Pattern[str], part: str) -> bool:
    """Whether one of the words is there, and nothing but what goes with it."""
    return words.search(part) is not None and not around.sub("", words.sub("", part)).strip()


def _refresh(root: Any) -> str:
    for meta in root.iter("meta"):
        if (meta.get("http-equiv") or "").lower() == "refresh":
            found = re.match(
                r"\s*(\d{1,4})[\d.]*\s*[;,]\s*url\s*=\s*[\"']?([^\"']{1,2000})",
                meta.get("content") or "",
                re.I,
            )
            if found and int(found[1]) <= _SOON:
                return found[2].strip()
    return ""
