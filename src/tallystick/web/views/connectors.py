"""Administration > Connectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.connections.budget import Budget
from tallystick.connections.pause import resume as resume_connection
from tallystick.connections.policies import SameDay
from tallystick.connections.queries import (
    ConnectionView,
    budget,
    get_connection,
    list_connections,
)
from tallystick.identity.roles import Right
from tallystick.ledger.badge import BadgeKind
from tallystick.mappings.rows import counts_by_badge
from tallystick.web.visit import Visit, screen


@dataclass(frozen=True, slots=True)
class Card:
    """A connection as its card shows it."""

    connection: ConnectionView
    connector: str
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
    cards = [_card(visit, one) for one in list_connections(visit.context)]
    return visit.render("web/connectors/page.html", rail="connectors", cards=cards)


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
    return redirect("connectors")


def _card(visit: Visit, connection: ConnectionView) -> Card:
    counts = counts_by_badge(visit.context, connection.id, now=visit.now)
    order = (
        BadgeKind.OUT_OF_SYNC,
        BadgeKind.CHECKING,
        BadgeKind.SYNCING,
        BadgeKind.SYNCED,
        BadgeKind.LEFT,
    )
    return Card(
        connection=connection,
        connector=connection.connector.capitalize(),
        paused=connection.is_paused(visit.now),
        budget=budget(visit.context, connection.id, now=visit.now),
        counts=[(kind, counts[kind]) for kind in order],
        policies=policies_in_words(connection),
    )


def policies_in_words(connection: ConnectionView) -> list[str]:
    """What the connection was told to do, one sentence each."""
    wait = (
        "A change is sent at once."
        if connection.quiet_seconds == 0
        else f"A change is sent after {connection.quiet_seconds} quiet seconds, so that a "
        "correction goes out with it."
    )
    second = f"{connection.same_day.label}."
    if connection.same_day is SameDay.UNKNOWN:
        second = "What Autotask does with a second change on one day is not known yet."
    return [
        wait,
        second,
        f"When it refuses one: {_lower(connection.same_day_policy.label)}.",
        f"A change dated before one that is already proved: {_lower(connection.back_dated.label)}.",
        f"A cancellation: {_lower(connection.cancel_rule.label)}.",
    ]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
