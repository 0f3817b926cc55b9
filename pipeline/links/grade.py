"""From what was seen to what it means. Pure.

Only what is certain is 打不开: no name, no connection, an inside address, 404 and 410. A server that
refuses, hangs or breaks off may well open in a browser: that is for a person to see.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pipeline.links.result import Ending, Evidence, LinkResult, Outcome, Sign

_GONE = (404, 410)
_ENDINGS = {
    Ending.NO_NAME: (Outcome.DEAD, Sign.DEAD),
    Ending.NO_CONNECTION: (Outcome.DEAD, Sign.DEAD),
    Ending.INSIDE: (Outcome.DEAD, Sign.INSIDE),
    Ending.CERTIFICATE: (Outcome.SUSPECT, Sign.CERTIFICATE),
    Ending.CHAIN: (Outcome.OPENS, Sign.CHAIN),
    Ending.SILENT: (Outcome.SUSPECT, Sign.UNSURE),
    Ending.BROKEN: (Outcome.SUSPECT, Sign.UNSURE),
    Ending.ASTRAY: (Outcome.UNKNOWN, Sign.UNSURE),
}
_LOGIN_HOST = re.compile(
    r"(?:passport|cas|sso|login|logon|signin|oauth2?|auth|authserver|ids|idp|accounts?)\..+"
)
_LOGIN_STEP = re.compile(
    r"(?:user|to|go|do|pre|student|teacher)?[-_]?(?:login|logon|signin|sign-in)(?:page|form)?|authserver"
)
_LOGIN_ROOT = re.compile(r"passport|cas|sso|oauth2?|auth|authorize")
_PAGE_NAME = re.compile(r"\.(?:html?|php|jsp|do|aspx?|action)$")
_HOME_STEP = re.compile(r"(?:index|default|home|main)(?:\.(?:html?|php|jsp|do|aspx?|action))?|portal|")
_SECOND_LEVEL = {"com", "net", "org", "edu", "gov", "ac", "mil", "co", "ha"}
"""Under a country's domain these are no owner's names; ha.cn is Henan's."""


def grade(seen: Evidence) -> LinkResult:
    """The one thing that a link's evidence comes to."""
    if seen.ending is Ending.ASTRAY and any(hop.status for hop in seen.hops):
        return LinkResult(seen, Outcome.SUSPECT, Sign.UNSURE, seen.why)
    if seen.ending is not Ending.ANSWERED:
        outcome, sign = _ENDINGS[seen.ending]
        return LinkResult(seen, outcome, sign, seen.why)
    status, first, final = seen.status, seen.hops[0].url, seen.final
    if status in _GONE:
        return LinkResult(seen, Outcome.DEAD, Sign.GONE, f"应答 {status}，页面不存在")
    if not 200 <= status < 300:
        return LinkResult(seen, Outcome.REFUSED, Sign.REFUSED, f"应答 {status}")
    if seen.login or is_login(final, redirected=final != first):
        return LinkResult(seen, Outcome.LOGIN, Sign.LOGIN, f"要求登录：{final}")
    if seen.phrase:
        return LinkResult(seen, Outcome.SUSPECT, Sign.SOFT, f"页面写着“{seen.phrase}”")
    if is_home(final) and not is_home(first):
        return LinkResult(seen, Outcome.SUSPECT, Sign.HOME, f"转到首页 {final}")
    if owner(final) != owner(first):
        return LinkResult(seen, Outcome.OPENS, Sign.AWAY, f"转到另一网站 {final}")
    return LinkResult(seen, Outcome.OPENS, Sign.FINE, "")


def is_login(url: str, *, redirected: bool) -> bool:
    """Whether an address by its own words is where one logs in.

    A word inside a longer one does not count, and an address that was written so by the unit needs
    more to tell: a course may be about logging in.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if _LOGIN_HOST.fullmatch(host) and host != owner(url):
        return True
    split = re.split(r"[/?#]", f"{parts.path}/{parts.fragment}".lower())
    steps = [_PAGE_NAME.sub("", step) for step in split if step.strip("!")]
    if not redirected:
        return bool(_LOGIN_STEP.fullmatch(steps[-1])) if steps else False
    return any(map(_LOGIN_STEP.fullmatch, steps)) or any(map(_LOGIN_ROOT.fullmatch, steps[:1]))


def is_home(url: str) -> bool:
    """Whether an address names no page below the front page of its host."""
    parts = urlsplit(url)
    steps = [step for step in f"{parts.path}/{parts.fragment}".lower().split("/") if step.strip("!")]
    return not parts.query and all(_HOME_STEP.fullmatch(step) for step in steps)


def owner(url: str) -> str:
    """The part of the host that somebody registered: mooc.zzu.edu.cn → zzu.edu.cn."""
    host = (urlsplit(url).hostname or "").lower().rstrip(".")
    labels = host.split(".")
    if re.fullmatch(r"[0-9.]+|.*:.*", host) or len(labels) <= 2:
        return host
    deep = len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3 if deep else -2 :])
