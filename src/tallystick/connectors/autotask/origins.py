"""Which hosts may be talked to. Decided by the server's settings, never by data.

A zone answer, a next-page address or a form field can only *choose among* the origins allowed
here (``kit/address`` reads them).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tallystick.connections.trouble import Misconfigured, Unclear
from tallystick.kit.address import DEFAULT_PORT, Address, is_loopback, read_address

if TYPE_CHECKING:
    from tallystick.connectors.autotask.settings import AutotaskServerSettings

VENDOR_HOST = re.compile(r"webservices[0-9]*\.autotask\.net")
"""Autotask's zones (the vendor's zone list; a new zone only has a new number)."""

_PAGE_QUERY = re.compile(r"[!-~]{1,65536}")


def allowed_origin(setting: str) -> str:
    """Check one origin of the server's allow-list and write it the one way we compare it.

    ``https://host[:port]``, or plain ``http`` for the machine itself only. Raises Misconfigured.
    """
    address = read_address(setting)
    if address is None or address.path:
        raise Misconfigured(
            f"{_shown(setting)} is not an origin. Write https://host or https://host:port."
        )
    if address.scheme == "http" and not is_loopback(address.host):
        raise Misconfigured(
            f"{_shown(setting)} is plain http, which is allowed for this machine itself only."
        )
    return address.origin


def is_vendor(address: Address) -> bool:
    """Is this one of Autotask's own zone hosts, on https and its default port?"""
    return (
        address.scheme == "https"
        and address.port == DEFAULT_PORT["https"]
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
