"""Which hosts may be talked to. Decided by the server's settings, never by data.

A zone answer, a next-page address or a form field can only *choose among* the origins allowed
here. Addresses are read with one strict pattern instead of a forgiving parser: what is not plainly
``scheme://host[:port][/path]`` in plain ASCII is refused, so two readers cannot disagree about it.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tallystick.connections.trouble import Misconfigured, Unclear

if TYPE_CHECKING:
    from tallystick.connectors.autotask.settings import AutotaskServerSettings

VENDOR_HOST = re.compile(r"webservices[0-9]*\.autotask\.net")
"""Autotask's zones (the vendor's zone list; a new zone only has a new number)."""

_ADDRESS = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9.-]{0,252}))"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/[a-z0-9._~-]+)*/?)",
    re.IGNORECASE | re.ASCII,
)
_PAGE_QUERY = re.compile(r"[!-~]{1,65536}")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_DEFAULT_PORT = {"https": 443, "http": 80}
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
        port = "" if self.port == _DEFAULT_PORT[self.scheme] else f":{self.port}"
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
    port = int(found["port"]) if found["port"] else _DEFAULT_PORT[scheme]
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


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def allowed_origin(setting: str) -> str:
    """Check one origin of the server's allow-list and write it the one way we compare it.

    ``https://host[:port]``, or plain ``http`` for the machine itself only. Raises Misconfigured.
    """
    address = read_address(setting)
    if address is None or address.path:
        raise Misconfigured(
            f"{_shown(setting)} is not an origin. Write https://host or https://host:port."
        )
    if address.scheme == "http" and not _is_loopback(address.host):
        raise Misconfigured(
            f"{_shown(setting)} is plain http, which is allowed for this machine itself only."
        )
    return address.origin


def is_vendor(address: Address) -> bool:
    """Is this one of Autotask's own zone hosts, on https and its default port?"""
    return (
        address.scheme == "https"
        and address.port == _DEFAULT_PORT["https"]
        and VENDOR_HOST.fullmatch(address.host) is not None
    )


def check_origin(url: str, settings: AutotaskServerSettings) -> str:
    """The address as a base to append to (no slash at its end), if its origin is allowed.

    Pure: nothing is resolved or contacted. Raises Misconfigured for everything else; the message
    shows the address shortened and without control characters.
    """
    address = read_address(url)
    if address is None or not (is_vendor(address) or address.origin in settings.origins):
        raise Misconfigured(
            f"Tallystick does not talk to {_shown(url)}: it is neither an Autotask zone "
            "(https://webservicesN.autotask.net) nor an origin this server's settings allow. "
            "Nothing was sent there."
        )
    return f"{address.origin}{address.path}"


def check_page_url(url: object, *, base: str, entity: str) -> str:
    """The address of a next page, if it is the same origin and exactly the query's own path.

    ``base`` is what ``check_origin`` gave for the zone. Raises Unclear: a page that points
    elsewhere makes the whole read incomplete, and our secret goes nowhere we did not choose.
    """
    plain, mark, query = url.partition("?") if isinstance(url, str) else ("", "", "")
    here, wanted = read_address(plain), read_address(f"{base}/V1.0/{entity}/query/next")
    if (
        here is None
        or wanted is None
        or here.origin != wanted.origin
        # The vendor writes one path in several letter cases.
        or here.path.lower() != wanted.path.lower()
        or (mark and not _PAGE_QUERY.fullmatch(query))
        or "#" in query
        or "\\" in query
    ):
        raise Unclear(
            f"Autotask named {_shown(url)} as the next page of {entity}, which is not a page of "
            "this query. Nothing was sent there and the whole read is thrown away."
        )
    return f"{wanted.origin}{here.path}{mark}{query}"


def _shown(url: object) -> str:
    """What of a refused address may be shown: short, printable, no user part, no query."""
    text = url if isinstance(url, str) else type(url).__name__
    text = re.split(r"[?#]", text, maxsplit=1)[0]
    text = re.sub(r"//[^/@]*@", "//…@", text)
    text = "".join(letter if letter.isascii() and letter.isprintable() else "�" for letter in text)
    return f"“{text[:80]}”"
