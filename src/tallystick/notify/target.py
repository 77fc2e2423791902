"""Which web addresses may be told something: https, public, one strict reading. Pure.

An address that somebody may choose could otherwise be used to reach what only this server reaches.
So a name is resolved once when it is sent to, every answer must be public, and the connection goes
to that very address (``wire``). What the server's settings name by its origin is allowed besides.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Sequence

from tallystick.kit.address import Address, is_loopback, read_address

LONGEST = 2000
_WEB = re.compile(r"(?P<origin>https?://[^/?#\\@]+)(?P<rest>(?:[/?][!-~]*)?)", re.IGNORECASE)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def read_target(url: str, *, allowed: Collection[str]) -> Address:
    """The address's origin; its path and query are ``rest_of``. Raises ValueError with a sentence
    that does not quote the address: it may be a secret."""
    found = _WEB.fullmatch(url.strip())
    address = read_address(found["origin"]) if found else None
    if len(url) > LONGEST or found is None or address is None or address.path:
        raise ValueError("is not a plain web address, like https://hooks.example.com/path")
    if "\\" in found["rest"] or "#" in found["rest"]:
        raise ValueError("has a character that is not part of a web address")
    if address.origin in allowed:
        return address
    if address.scheme != "https":
        raise ValueError("must begin with https://")
    if is_loopback(address.host) or "." not in address.host.strip("[]").replace(":", "."):
        raise ValueError(NOT_PUBLIC)
    if (literal := _literal(address.socket_host)) and not is_public(literal):
        raise ValueError(NOT_PUBLIC)
    return address


NOT_PUBLIC = (
    "is not a public address. Whoever runs this server can allow it by its origin "
    "(TALLYSTICK_WEBHOOK_ORIGINS)"
)


def rest_of(url: str) -> str:
    """Path and query of an address that ``read_target`` accepted."""
    found = _WEB.fullmatch(url.strip())
    rest = found["rest"] if found else ""
    return rest if rest.startswith("/") else "/" + rest


def first_public(addresses: Sequence[str]) -> str | None:
    """The one to connect to; None when any of them is not public, or there is none."""
    literals = [_literal(one) for one in addresses]
    if not literals or not all(one is not None and is_public(one) for one in literals):
        return None
    return addresses[0]


Literal = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(literal: Literal) -> bool:
    """Also of what hides an IPv4 address in an IPv6 one."""
    if isinstance(literal, ipaddress.IPv6Address):
        inner = literal.ipv4_mapped or literal.sixtofour
        if literal in _NAT64:
            inner = ipaddress.IPv4Address(int(literal) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if literal.teredo is not None:
            return False
    return literal.is_global and not literal.is_multicast


def _literal(text: str) -> Literal | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
