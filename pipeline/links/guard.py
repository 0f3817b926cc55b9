"""Which addresses may be reached: the public internet, and nothing inside any network.

Pure. `ipaddress.is_global` alone is not enough: it is true for multicast, 6to4 and NAT64.
Source of the lists: IANA special-purpose address registries; WHATWG Fetch, “bad port”.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from pipeline.links.result import Ending

if TYPE_CHECKING:
    import httpx

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_INSIDE = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
)  # fmt: skip
"""IPv4 that is not public; of IPv6's global part what tunnels (Teredo, 6to4) or is no host's."""
_GLOBAL_V6 = ipaddress.ip_network("2000::/3")
"""All else of IPv6 is mapped IPv4, NAT64, local, multicast or not given out."""
_INSIDE_NAMES = re.compile(
    r"[^.]*|.*\.(?:localhost|local|lan|internal|intranet|localdomain|corp|home|home\.arpa)"
)
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
"""What a browser reads as an IPv4 address: the last label is a number (WHATWG URL, “ends in a number”)."""
_BAD_PORTS = frozenset(
    (
        0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102,
        103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512,
        513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995,
        1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669,
        6679, 6697, 10080,
    )
)  # fmt: skip
_LAST_PORT = 65_535


class Policy(Struct, frozen=True):
    """allowed: networks that may be reached although they are inside (trials on one machine)."""

    allowed: tuple[_Network, ...] = ()


PUBLIC = Policy()


class Refusal(Struct, frozen=True):
    """Why an address is not walked to: a Chinese clause."""

    ending: Ending
    why: str


def is_public(address: str, policy: Policy = PUBLIC) -> bool:
    """Whether a numeric address (IPv4, or IPv6 without brackets) may be connected to."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if any(found in network for network in policy.allowed):
        return True
    if getattr(found, "scope_id", None) is not None or any(found in network for network in _INSIDE):
        return False
    if found.version == 6 and found not in _GLOBAL_V6:
        return False
    return found.is_global and not (found.is_multicast or found.is_reserved)


def refusal(url: httpx.URL, policy: Policy = PUBLIC) -> Refusal | None:
    """Why nothing is sent to url, as far as its text tells; None if its name may be looked up."""
    host = url.raw_host.decode("ascii").lower().rstrip(".")
    if url.scheme not in ("http", "https") or not host:
        return Refusal(Ending.ASTRAY, "转到了不是网页的地址")
    if url.userinfo:
        return Refusal(Ending.ASTRAY, "网址中夹有用户名或密码")
    if is_numeric(host):
        return None if is_public(host, policy) else Refusal(Ending.INSIDE, f"{host} 是内网或本机地址")
    if not _HOST.fullmatch(host):
        return Refusal(Ending.ASTRAY, "网址中的域名写法有误")
    if _INSIDE_NAMES.fullmatch(host):
        return Refusal(Ending.INSIDE, f"{host} 是内网或本机的名称")
    if url.port is not None and (url.port in _BAD_PORTS or url.port > _LAST_PORT):
        return Refusal(Ending.ASTRAY, f"浏览器不打开端口 {url.port}")
    return None


def is_numeric(host: str) -> bool:
    """Whether a host is an address itself, in whatever spelling: decimal, octal, hex, 127.1."""
    return ":" in host or _NUMBER.fullmatch(host) is not None
