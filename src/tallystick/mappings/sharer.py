"""Who is billed on the same line, as the others on it are told (ADR 0034)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tallystick.mappings.models import SubscriptionMapping
from tallystick.subscriptions.queries import SubscriptionView, view_of
from tallystick.subscriptions.scheduled import LIVING
from tallystick.subscriptions.status import SubscriptionStatus


@dataclass(frozen=True, slots=True)
class Sharer:
    """Two orders of one offer have one name: ``label`` tells them apart. ``quantity``: 0 when it
    has ended. ``suspended``: what the line has of it follows from the connection's policies."""

    id: int
    friendly_name: str
    offer: str
    provider_id: str
    quantity: int
    suspended: bool = False

    @property
    def name(self) -> str:
        return self.friendly_name or self.offer

    @property
    def label(self) -> str:
        """Its own name, or the offer's with the id at the provider."""
        return self.friendly_name or f"{self.offer} ({self.provider_id})"


def sharers(lane_ids: Collection[int]) -> Mapping[int, Sequence[Sharer]]:
    """By lane: everybody its line bills, the one it was mapped for first. Lanes of one alone are
    left out. One question."""
    shared = SubscriptionMapping.objects.filter(lane__in=lane_ids, joined=True).values("lane")
    rows = SubscriptionMapping.objects.filter(lane__in=shared).order_by("joined", "pk")
    found: dict[int, list[Sharer]] = {}
    for row in rows.select_related("subscription__offer", "subscription__customer"):
        found.setdefault(row.lane_id, []).append(sharer_of(view_of(row.subscription)))
    return found


def sharer_of(view: SubscriptionView) -> Sharer:
    return Sharer(
        id=view.id,
        friendly_name=view.friendly_name,
        offer=view.offer.name,
        provider_id=view.provider_id,
        quantity=view.quantity if view.status in LIVING else 0,
        suspended=view.status is SubscriptionStatus.SUSPENDED,
    )


def units_of(several: Sequence[Sharer]) -> int | None:
    """What a line shows for them; None where one is suspended."""
    if any(one.suspended for one in several):
        return None
    return sum(one.quantity for one in several)
