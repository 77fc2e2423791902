"""One connection per Autotask instance, or per currency of an instance with several.

Two connections of one instance in one currency would each bill the same contracts and take each
other's changes for a stranger's. Autotask names no id of an instance to somebody who asks; what can
be known is its zone, and the domain in the API users' names, which is the company's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from tallystick.connections.checks import Check
from tallystick.connections.models import Connection
from tallystick.connections.queries import ConnectionView

LONGEST = 300


@dataclass(frozen=True, slots=True)
class Instance:
    """``zone``: its address, empty until a test has found it."""

    user_name: str
    zone: str
    price_currency: str

    @property
    def domain(self) -> str:
        """Behind the ``@``, in small letters; the whole name when it has none."""
        return self.user_name.rsplit("@", 1)[-1].strip().casefold()


def is_same(one: Instance, other: Instance) -> bool:
    """Whether both bill the same contracts, as far as can be known. Pure."""
    if one.price_currency != other.price_currency or one.domain != other.domain:
        return False
    return one.zone == other.zone or not one.zone or not other.zone


def note_zone(connection_id: int, *, zone: str, web: str) -> None:
    """What a test found. The web address is only kept where nobody has entered one."""
    Connection.objects.filter(pk=connection_id).update(zone_url=zone[:LONGEST])
    if _is_web_address(web):
        Connection.objects.filter(pk=connection_id, web_url="").update(web_url=web)


def check_instance(connection: ConnectionView) -> Check:
    """Whether another connection of the tenant is of the same instance and currency."""
    row = Connection.objects.get(pk=connection.id)
    others = Connection.objects.filter(tenant_id=row.tenant_id, deleted_at__isnull=True)
    here = _instance_of(row)
    same = [other for other in others.exclude(pk=row.pk) if is_same(here, _instance_of(other))]
    title = "One connection for this Autotask"
    if not same:
        words = f"No other connection of this Autotask has prices in {here.price_currency}."
        return Check("instance", title, True, words)
    return Check(
        "instance",
        title,
        False,
        f"{_named(same, row)} is of the same Autotask, with prices in {here.price_currency} too: "
        "both would bill the same contracts.",
        "Use that one and delete this, or give this one another of your price currencies.",
    )


def _named(same: Iterable[Connection], row: Connection) -> str:
    """By name only what whoever sees this connection may see."""
    seen = [one.name for one in same if row.reseller_id in (None, one.reseller_id)]
    return f"“{seen[0]}”" if seen else "A connection of another organisation"


def _instance_of(row: Connection) -> Instance:
    return Instance(row.user_name, row.zone_url, row.price_currency)


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.netloc) and len(text) <= LONGEST
