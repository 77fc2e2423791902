"""The page of a connection: is it well, what waits, what is not mapped, what it was told to do."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse

from tallystick.bootstrap.connection_health import ConnectionHealth, connection_health
from tallystick.connections.health import Health
from tallystick.connections.queries import ConnectionView
from tallystick.identity.roles import Right
from tallystick.ledger.badge import BadgeKind
from tallystick.web.calls import bar
from tallystick.web.side_rows import at_stake
from tallystick.web.visit import Visit, screen
from tallystick.web.words import policies_in_words

ORDER = (
    BadgeKind.OUT_OF_SYNC,
    BadgeKind.WAITING_FOR_APPROVAL,
    BadgeKind.CHECKING,
    BadgeKind.SYNCING,
    BadgeKind.SYNCED,
    BadgeKind.LEFT,
)


@dataclass(frozen=True, slots=True)
class Next:
    """What is to be done before this page has something to say."""

    words: str
    label: str
    href: str


@screen("GET")
def connection(visit: Visit, connection_id: int) -> HttpResponse:
    found = connection_health(visit.context, connection_id, today=visit.today, now=visit.now)
    return visit.render(
        "web/connectors/connection.html",
        rail="connectors",
        connection=found.connection,
        connector=found.connection.connector.capitalize(),
        paused=found.verdict.health is Health.PAUSED,
        found=found,
        verdict=found.verdict,
        next=_next(visit, found),
        moving=found.counts[BadgeKind.SYNCING],
        counts=[(kind, found.counts[kind]) for kind in ORDER],
        at_stake=at_stake(found.not_mapped.stake),
        bar=bar(found.calls),
        policies=policies_in_words(found.connection),
        web_url=web_address(found.connection),
    )


def web_address(connection: ConnectionView) -> str:
    """Where people use this Autotask; empty when it is not known, or is not one."""
    url = connection.web_url
    return url if url.startswith(("https://", "http://")) else ""


def _next(visit: Visit, found: ConnectionHealth) -> Next | None:
    """The next step of connecting, while there is one."""
    here = {"connection_id": found.connection.id}
    if found.verdict.health in (Health.NOT_TESTED, Health.TEST_FAILED):
        if not visit.context.may(Right.CONNECT):
            return None
        words = "Connecting is not finished: test it, check by check, and correct what is wrong."
        return Next(words, "Go on with the test", reverse("connect-test", kwargs=here))
    if found.mapped:
        return None
    if found.directory.read_at is None:
        words = "Nothing is mapped yet, and Autotask's lists have not been read."
        return Next(words, "See how far it is", reverse("connect-done", kwargs=here))
    words = "Nothing is mapped yet, so nothing is sent. It begins with the customers."
    return Next(words, "Map customers next", reverse("customer-mapping", kwargs=here))
