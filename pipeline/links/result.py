"""What was seen when a link was opened, as plain values; nothing here touches the network."""

from __future__ import annotations

import enum

from msgspec import Struct


class Ending(enum.StrEnum):
    """How the way along a link ended."""

    ANSWERED = "answered"
    """With a page or a refusal: the last hop has its status."""
    NO_NAME = "no name"
    """The host's name leads to no address."""
    NO_CONNECTION = "no connection"
    """None of the host's addresses took the connection."""
    INSIDE = "inside"
    """It leads to an address inside some network; nothing was sent there."""
    CERTIFICATE = "certificate"
    """Browsers stop here: expired, for another host, self-signed."""
    CHAIN = "chain"
    """The certificate's issuer could not be followed; browsers often find it themselves."""
    SILENT = "silent"
    """Connected, but not answered within the time."""
    BROKEN = "broken"
    """Connected, but the answer was broken off or is no HTTP."""
    ASTRAY = "astray"
    """A way that is not walked: too many redirects, no web address, a port that browsers refuse."""


class Outcome(enum.StrEnum):
    """What a person reads."""

    OPENS = "可访问"
    LOGIN = "需登录"
    SUSPECT = "疑似失效"
    REFUSED = "平台拒绝检测"
    DEAD = "打不开"
    UNKNOWN = "未检测"


class Sign(enum.StrEnum):
    """Which of the rules L01 to L07 an outcome belongs to; never two."""

    FINE = "fine"
    DEAD = "dead"
    INSIDE = "inside"
    GONE = "gone"
    REFUSED = "refused"
    UNSURE = "unsure"
    LOGIN = "login"
    SOFT = "soft"
    HOME = "home"
    AWAY = "away"
    CERTIFICATE = "certificate"
    CHAIN = "chain"


class Hop(Struct, frozen=True):
    """One request: the address, and the status that came back, 0 if none."""

    url: str
    status: int


class Evidence(Struct, frozen=True):
    """All that is kept of one link.

    checked: ISO 8601, UTC. why: a Chinese clause, "" if answered. tries: how often it was asked. The
    rest is of the last page: its title, the words by which it says that nothing is there, whether it
    is a web page, asks to log in, or shows next to nothing without scripts.
    """

    link: str
    checked: str
    ending: Ending
    why: str = ""
    hops: tuple[Hop, ...] = ()
    tries: int = 1
    title: str = ""
    phrase: str = ""
    page: bool = False
    login: bool = False
    bare: bool = False

    @property
    def status(self) -> int:
        """The final status, 0 if none."""
        return self.hops[-1].status if self.hops else 0

    @property
    def final(self) -> str:
        """The address at which the way ended."""
        return self.hops[-1].url if self.hops else self.link


class LinkResult(Struct, frozen=True):
    """Evidence and what it means. why is a Chinese clause, "" if the link opens."""

    evidence: Evidence
    outcome: Outcome
    sign: Sign
    why: str
