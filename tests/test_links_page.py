"""What pages say, and what addresses mean: near-miss pairs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.links.grade import grade, is_home, is_login, owner
from pipeline.links.page import decoded, read_page, unpacked
from pipeline.links.result import Ending, Evidence, Hop, Sign
from tests.link_server import TEXT, page

HTML = "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "title",
    ["课程不存在", "页面不存在 - 学堂在线", "抱歉，您访问的页面不存在或已被删除", "404", "404 Not Found",
     "Page Not Found", "该课程已下架", "出错了！找不到该页面", "404-页面找不到", "系统提示：课程已关闭",
     "HTTP Error 404"],
)  # fmt: skip
def test_a_title_that_says_nothing_is_there(title: str) -> None:
    assert read_page(page(title).encode(), HTML, "").phrase


@pytest.mark.parametrize(
    "title",
    ["航空发动机基础", "网站已关闭？企业危机公关案例", "页面不存在问题的排查", "HTTP 404 状态码详解",
     "不存在的骑士——卡尔维诺导读", "找不到工作怎么办", "《找不到》歌曲赏析", "数据库删除与恢复", "文件管理",
     "关闭阀门的操作", "Python 页面访问统计", ""],
)  # fmt: skip
def test_a_title_about_such_things_is_a_course(title: str) -> None:
    assert not read_page(page(title).encode(), HTML, "").phrase


def test_the_text_counts_only_if_there_is_next_to_no_other() -> None:
    said = "抱歉，您访问的课程不存在。"
    assert read_page(page("某某慕课", said).encode(), HTML, "").phrase
    assert not read_page(page("某某慕课", said + TEXT).encode(), HTML, "").phrase


@pytest.mark.parametrize(
    "title", ["用户登录", "登录 - 某某慕课", "统一身份认证平台", "请先登录", "Login", "账号登录_智慧树"]
)
def test_login_titles(title: str) -> None:
    assert read_page(page(title).encode(), HTML, "").login


@pytest.mark.parametrize(
    "title", ["Java 用户登录功能的实现", "登录月球的故事", "身份认证技术", "账号安全", ""]
)
def test_titles_about_logging_in(title: str) -> None:
    assert not read_page(page(title).encode(), HTML, "").login


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("航空".encode("gbk"), "text/html; charset=GB2312"),
        (b'<meta charset="gb2312">' + "航空".encode("gbk"), "text/html; charset=iso-8859-1"),
        ("航空".encode(), "text/html"),
        ("航空".encode(), "text/html; charset=no-such"),
        ("航空发动机".encode("gbk"), "text/html"),
        ("航空".encode(), "text/html; charset=zlib"),
        ("\ufeff航空".encode("utf-16-le"), "text/html"),
        ("航空".encode() + "空".encode()[:2], "text/html; charset=utf-8"),
    ],
)
def test_charsets(body: bytes, kind: str) -> None:
    assert "航空" in decoded(body, kind)


@given(st.binary(max_size=3000), st.sampled_from(["", "gzip", "deflate", "br", "GZIP"]), st.text(max_size=30))
def test_no_bytes_make_the_reader_fail(body: bytes, encoding: str, kind: str) -> None:
    seen = read_page(body, kind, encoding)
    assert len(seen.title) <= 200
    assert len(unpacked(body, encoding)) <= max(len(body), 256 * 1024)


@pytest.mark.parametrize("piece", ["<div>", "<a b=", "出错了", "<title>", "&#x41;", "<b><i>", "系统提示"])
@pytest.mark.timeout(10)
def test_repeated_pieces_stay_cheap(piece: str) -> None:
    body = (f"<title>{piece * 20}</title><p>" + piece * (60_000 // len(piece.encode()))).encode()
    read_page(body, HTML, "")


def test_a_page_that_turns_at_once_and_one_that_is_read_first() -> None:
    turn = '<meta http-equiv="Refresh" content="{}; URL=\'/course/2\'">'
    assert read_page(page(head=turn.format(0)).encode(), HTML, "").refresh == "/course/2"
    assert read_page(page(head=turn.format(300)).encode(), HTML, "").refresh == ""


@pytest.mark.parametrize(
    ("url", "redirected"),
    [
        ("https://passport.a.cn/?next=1", True),
        ("https://cas.zzu.edu.cn/cas/login?service=x", True),
        ("https://a.cn/user/login.html", False),
        ("https://a.cn/#/login", True),
        ("https://a.cn/sso/auth", True),
        ("https://sso.a.com.cn/", False),
    ],
)
def test_login_addresses(url: str, redirected: bool) -> None:
    assert is_login(url, redirected=redirected)


@pytest.mark.parametrize(
    ("url", "redirected"),
    [
        ("https://www.cas.cn/course/1", True),
        ("https://cas.cn/", True),
        ("https://a.cn/course/login-basics", True),
        ("https://a.cn/course/1?from=login", True),
        ("https://a.cn/login/course/1", False),
        ("https://a.cn/course/cas/1", True),
        ("https://a.cn/blog/1", True),
    ],
)
def test_addresses_that_only_look_like_it(url: str, redirected: bool) -> None:
    assert not is_login(url, redirected=redirected)


def test_front_pages() -> None:
    front = [
        "https://a.cn",
        "https://a.cn/",
        "https://a.cn/index.html",
        "https://a.cn/portal",
        "https://a.cn/#/home",
    ]
    below = [
        "https://a.cn/?id=1",
        "https://a.cn/course",
        "https://a.cn/#/course/1",
        "https://a.cn/portal/course",
    ]
    assert all(map(is_home, front))
    assert not any(map(is_home, below))


def test_owners() -> None:
    hosts = [
        "https://mooc.zzu.edu.cn/1",
        "https://a.b.icourse163.org/",
        "https://www.hnzj.ha.cn/",
        "https://a.cn:8/",
    ]
    assert list(map(owner, hosts)) == ["zzu.edu.cn", "icourse163.org", "hnzj.ha.cn", "a.cn"]


def answered(*urls: str, status: int = 200) -> Sign:
    hops = (*(Hop(url, 302) for url in urls[:-1]), Hop(urls[-1], status))
    return grade(Evidence(urls[0], "", Ending.ANSWERED, hops=hops)).sign


@pytest.mark.parametrize(
    ("urls", "sign"),
    [
        (["http://a.cn/c/1", "https://www.a.cn/c/1"], Sign.FINE),
        (["http://t.cn/x", "https://www.icourse163.org/course/1"], Sign.AWAY),
        (["https://a.cn/c/1", "https://a.cn/"], Sign.HOME),
        (["https://a.cn/c/1", "https://sso.a.cn/login"], Sign.LOGIN),
        (["https://a.cn/"], Sign.FINE),
        (["https://a.cn/", "https://a.cn/index.html"], Sign.FINE),
    ],
)
def test_where_a_link_led(urls: list[str], sign: Sign) -> None:
    assert answered(*urls) is sign
