"""Which zone a user's database lives in: asked without credentials, checked, remembered.

Vendor facts: ``GET {discovery}/atservicesrest/v1.0/zoneInformation?user=…`` needs no credentials
and answers ``{"zoneName", "url", "webUrl", "ci"}`` (swagger; clients' code); ``url`` ends with a
slash, e.g. ``https://webservices2.autotask.net/ATServicesRest/``; zones move, and the old one then
answers 401 (two clients saw it). The list of zones is not complete anywhere, so none is built in.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from urllib.parse import quote
from weakref import WeakKeyDictionary

from tallystick.connections.trouble import Unclear
from tallystick.connectors.autotask.answers import read_or_raise
from tallystick.connectors.autotask.origins import check_origin
from tallystick.connectors.autotask.wire import Wire
from tallystick.kit import clock

_SERVICE_PATH = re.compile(r"/atservicesrest(?:/v1\.0)?$", re.IGNORECASE)
_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Zone:
    """Where a tenant is: ``base`` is the checked address up to ``…/ATServicesRest``. ``web``: where
    people use it, as Autotask says; for showing only, nothing is sent there."""

    base: str
    name: str
    web: str = ""

    def url(self, path: str) -> str:
        """The full address of a path such as ``Contracts/query``."""
        return f"{self.base}/V1.0/{path}"

    def beside(self, path: str) -> str:
        """The full address of what is not below a version, such as ``VersionInformation``."""
        return f"{self.base}/{path}"


@dataclass(frozen=True, slots=True)
class _Remembered:
    zone: Zone
    until: float


def service_base(url: str) -> str:
    """The address up to ``/ATServicesRest``, whether it came bare, with it, or with ``/V1.0``.

    The letter case the vendor wrote is kept; a bare origin gets the vendor's own spelling.
    """
    trimmed = url.rstrip("/")
    if _SERVICE_PATH.search(trimmed):
        return re.sub(r"/v1\.0$", "", trimmed, flags=re.IGNORECASE)
    return f"{trimmed}/ATServicesRest"


def discover(*, user_name: str, wire: Wire, deadline: float) -> Zone:
    """Ask the discovery address for the user's zone. Sends the user name and nothing secret.

    Raises Misconfigured (unknown user; an address our settings do not allow), Unavailable,
    Throttled, Unclear.
    """
    base = service_base(check_origin(wire.settings.discovery_url, wire.settings))
    answer = read_or_raise(
        wire.exchange(
            method="GET",
            url=f"{base}/V1.0/zoneInformation?user={quote(user_name, safe='')}",
            headers={},
            body=None,
            deadline=min(deadline, clock.monotonic() + wire.settings.read_timeout),
            most_bytes=_MOST_BYTES,
        ),
        hide=lambda text: text.replace(user_name, "[user]"),
    )
    url, name = answer.get("url"), answer.get("zoneName")
    if not isinstance(url, str):
        raise Unclear("Autotask named no address for this user's zone.")
    shown = name[:100] if isinstance(name, str) else ""
    web = answer.get("webUrl")
    return Zone(
        base=service_base(check_origin(url, wire.settings)),
        name=shown,
        web=web[:300] if isinstance(web, str) else "",
    )


class ZoneBook:
    """The zones seen so far over one wire. Two threads may ask for one at once: harmless."""

    def __init__(self) -> None:
        self._known: dict[str, _Remembered] = {}
        self._lock = threading.Lock()

    def of(self, user_name: str, *, wire: Wire, deadline: float) -> Zone:
        """The user's zone, remembered or asked. Raises as ``discover``."""
        with self._lock:
            known = self._known.get(user_name)
        if known is not None and known.until > clock.monotonic():
            return known.zone
        return self._ask(user_name, wire=wire, deadline=deadline)

    def again(self, user_name: str, *, instead_of: Zone, wire: Wire, deadline: float) -> Zone:
        """The zone after ``instead_of`` did not serve us: perhaps another thread knows already."""
        with self._lock:
            known = self._known.get(user_name)
        if known is not None and known.zone != instead_of:
            return known.zone
        return self._ask(user_name, wire=wire, deadline=deadline)

    def forget(self, user_name: str) -> None:
        """Ask anew next time: the remembered zone could not be reached."""
        with self._lock:
            self._known.pop(user_name, None)

    def _ask(self, user_name: str, *, wire: Wire, deadline: float) -> Zone:
        zone = discover(user_name=user_name, wire=wire, deadline=deadline)
        with self._lock:
            until = clock.monotonic() + wire.settings.zone_seconds
            self._known[user_name] = _Remembered(zone, until)
        return zone


_books: WeakKeyDictionary[Wire, ZoneBook] = WeakKeyDictionary()
_books_lock = threading.Lock()


def zone_book(wire: Wire) -> ZoneBook:
    """The book of a wire: as long-lived as the wire, shared by all connections that use it."""
    with _books_lock:
        return _books.setdefault(wire, ZoneBook())
