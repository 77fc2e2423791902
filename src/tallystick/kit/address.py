"""Addresses of other machines, read by one strict pattern instead of a forgiving parser.

What is not plainly ``scheme://host[:port][/path]`` in plain ASCII is no address here, so two
readers cannot disagree about it.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

_ADDRESS = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9.-]{0,252}))"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/[a-z0-9._~-]+)*/?)",
    re.IGNORECASE | re.ASCII,
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
DEFAULT_PORT = {"https": 443, "http": 80}
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart; ``host`` and ``scheme`` lower case, ``path`` without end slash."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """``scheme://host``, with the port only where it is not the scheme's own."""
        port = "" if self.port == DEFAULT_PORT[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"

    @property
    def socket_host(self) -> str:
        """The host as a socket is given it: an IPv6 literal has no brackets."""
        return self.host.strip("[]")


def read_address(url: str) -> Address | None:
    """Take a plain address apart; ``None`` when it is not one we are willing to understand."""
    found = _ADDRESS.fullmatch(url)
    if found is None:
        return None
    scheme, host = found["scheme"].lower(), found["host"].lower()
    port = int(found["port"]) if found["port"] else DEFAULT_PORT[scheme]
    path = found["path"].rstrip("/")
    if port > _HIGHEST_PORT or not _is_plain_host(host):
        return None
    if any(part in {".", ".."} for part in path.split("/")):
        return None
    return Address(scheme=scheme, host=host, port=port, path=path)


def _is_plain_host(host: str) -> bool:
    """A canonical IP literal, or a name that nothing could take for a number."""
    if host.startswith("["):
        try:
            literal = ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            return False
        # A mapped address is an IPv4 address in disguise; it has no business in a setting.
        return literal.ipv4_mapped is None and str(literal) == host[1:-1]
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        return False
    if labels[-1][0].isdigit():  # 127.1, 2130706433, 0x7f000001: only the canonical form passes
        try:
            return str(ipaddress.IPv4Address(host)) == host
        except ValueError:
            return False
    return True


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
