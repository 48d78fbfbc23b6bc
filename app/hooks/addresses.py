"""Which addresses this server may be sent to (AS-19): a notice must not become a way into the networks that only it reaches.

Checked when an address is saved and again at each delivery, each time from a fresh look-up whose result is what is connected
to: a name that changes between check and use changes nothing. docs/decisions/0007-hooks.md.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any
from urllib.parse import urlsplit

from app.hooks import problems

LONGEST_URL = 2000
# Beyond what `is_global` knows: relays and translators, behind which an IPv4 address of any kind may stand.
_RELAYS = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16", "3fff::/20")))
_UNICAST = ipaddress.ip_network("2000::/3")  # all that is public of IPv6; not IPv4-mapped, NAT64, local or multicast
_PRINTABLE = re.compile(r"[!-~]+")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Rules:
    """What whoever runs the server allows beside the public network."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    allows_http: bool = False

    @classmethod
    def of(cls, config: Any) -> Rules:
        return cls(config["HOOKS_NETWORKS"], config["HOOKS_HTTP"])


@dataclass(frozen=True)
class Target:
    """An address taken apart. `host` is ASCII, without brackets; `path` begins with / and holds the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.scheme == "https" else 80) else f"{host}:{self.port}"


def parse(url: str, rules: Rules) -> Target:
    """Raises BAD_ADDRESS, HTTPS_ONLY."""
    try:
        host = (urlsplit(url).hostname or "").encode("idna").decode()  # a name may be Arabic; the rest is ASCII
        parts = urlsplit(url)
        port = parts.port
        rest = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    except ValueError:
        raise problems.BAD_ADDRESS() from None
    is_whole = bool(host) and len(url) <= LONGEST_URL and port != 0
    has_more = "@" in parts.netloc or "#" in url or not _PRINTABLE.fullmatch(rest) or re.search(r"[\s\0-\x1f]", url)
    if not is_whole or has_more or not _is_host(host) or parts.scheme not in ("http", "https"):
        raise problems.BAD_ADDRESS()
    if parts.scheme == "http" and not rules.allows_http:
        raise problems.HTTPS_ONLY()
    return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), rest)


def _is_host(host: str) -> bool:
    """A name, or an address in its usual form: 2130706433, 0x7f.1 and 017700000001 are also 127.0.0.1."""
    try:
        return ipaddress.ip_address(host) is not None and "%" not in host
    except ValueError:
        labels = host.removesuffix(".").split(".")
    is_number = re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]) is not None
    return not is_number and all(_LABEL.fullmatch(label) for label in labels)


def resolve(target: Target, rules: Rules) -> list[str]:
    """The addresses behind the name, all of them fit to be connected to. Raises HOST_UNKNOWN(host), ADDRESS_REFUSED(host)."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise problems.HOST_UNKNOWN(host=target.host) from None
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not addresses:
        raise problems.HOST_UNKNOWN(host=target.host)
    if not all(may_be_reached(one, rules) for one in addresses):
        raise problems.ADDRESS_REFUSED(host=target.host)
    return addresses


def may_be_reached(address: str, rules: Rules) -> bool:
    """Whether it is of the public network, or of one that whoever runs the server named."""
    try:
        one: IPv4Address | IPv6Address = ipaddress.ip_address(address)
    except ValueError:
        return False
    if any(one in network for network in rules.networks):
        return True
    if one.version == 6 and one not in _UNICAST:
        return False
    return one.is_global and not one.is_multicast and not one.is_reserved and not any(one in relay for relay in _RELAYS)
