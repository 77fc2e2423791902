"""Administration > Connectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.connection_health import verdicts_of
from tallystick.connections.budget import Budget, budget_of
from tallystick.connections.health import Health, Verdict
from tallystick.connections.pause import resume as resume_connection
from tallystick.connections.queries import ConnectionView, get_connection, list_connections
from tallystick.identity.roles import Right
from tallystick.ledger.badge import BadgeKind
from tallystick.mappings.rows import badge_counts
from tallystick.sources.kinds import SourceKind
from tallystick.sources.source_queries import list_sources
from tallystick.web.views.connection import ORDER
from tallystick.web.visit import Visit, screen
from tallystick.web.words import policies_in_words


@dataclass(frozen=True, slots=True)
class Card:
    """A connection as its card shows it."""

    connection: ConnectionView
    connector: str
    verdict: Verdict
    paused: bool
    budget: Budget
    counts: Sequence[tuple[BadgeKind, int]]
    policies: Sequence[str]

    @property
    def mapped(self) -> int:
        return sum(number for _, number in self.counts)


@screen("GET")
def connectors(visit: Visit) -> HttpResponse:
    """A card for each connection."""
    found = list_connections(visit.context)
    counts = badge_counts(visit.context, [one.id for one in found], now=visit.now)
    verdicts = verdicts_of(found, now=visit.now)
    cards = [_card(visit, one, counts[one.id], verdicts[one.id]) for one in found]
    return visit.render(
        "web/connectors/page.html",
        rail="connectors",
        cards=cards,
        sources=list_sources(visit.context, now=visit.now),
        kinds=list(SourceKind),
    )


@screen("POST")
def resume(visit: Visit, connection_id: int) -> HttpResponse:
    """Work goes on where it stopped."""
    visit.context.require(Right.CONNECT)
    connection = get_connection(visit.context, connection_id)
    resume_connection(
        connection.id,
        actor=visit.context.actor,
        now=visit.now,
        correlation_id=visit.correlation_id,
    )
    messages.success(visit.request, f"{connection.name} goes on where it stopped.")
    return redirect("connection", connection_id=connection.id)


def _card(
    visit: Visit,
    connection: ConnectionView,
    counts: Mapping[BadgeKind, int],
    verdict: Verdict,
) -> Card:
    return Card(
        connection=connection,
        connector=connection.connector.capitalize(),
        verdict=verdict,
        paused=verdict.health is Health.PAUSED,
        budget=budget_of(connection.id, now=visit.now),
        counts=[(kind, counts[kind]) for kind in ORDER],
        policies=policies_in_words(connection),
    )
