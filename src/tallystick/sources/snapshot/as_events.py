"""What a list shows of one subscription, as the events of what has changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tallystick.catalog.add_offer import OfferFacts
from tallystick.catalog.terms import OfferKind
from tallystick.sources.csv_cells import Row
from tallystick.sources.intake.event import EventType, State, offer_key
from tallystick.sources.intake.speaker_ids import seen_id
from tallystick.sources.snapshot.differ import differences
from tallystick.subscriptions.status import LIVE, EndOfTerm, SubscriptionStatus


@dataclass(frozen=True, slots=True)
class Shown:
    """One subscription of a list. ``kind``: of its offer. ``beside``: what no operation is made of,
    and a person wants to know."""

    row: Row
    end_of_term: EndOfTerm | None
    kind: OfferKind = OfferKind.NCE_LICENCE
    beside: Mapping[str, str] = field(default_factory=dict)

    def offer(self) -> OfferFacts:
        key = self.row.offer_key
        return OfferFacts(
            product_id=key.product_id,
            sku_id=key.sku_id,
            name=self.row.offer,
            segment=key.segment,
            term=key.term,
            billing_cycle=key.billing_cycle,
            kind=self.kind,
        )

    def state(self) -> State:
        """What has ended has no quantity, whatever the list still shows."""
        row = self.row
        return State(
            quantity=row.quantity if row.status in LIVE else None,
            status=row.status,
            unit_price=row.unit_price,
            unit_cost=row.unit_cost,
            currency=row.currency or None,
            term_ends_on=row.ends_on,
            end_of_term=self.end_of_term,
            name=row.subscription or None,
            starts_on=row.starts_on,
            offer=offer_key(self.offer()),
        )

    def as_json(self) -> dict[str, Any]:
        """What is kept of it as shown."""
        return {**self.state().as_json(), **self.beside}


@dataclass(frozen=True, slots=True)
class SnapshotTold:
    """Which list it is of: its number at the source, its moment, and the day changes count from."""

    uri: str
    number: int
    taken_at: str
    effective_on: date


def as_events(shown: Shown, before: State | None, told: SnapshotTold) -> Iterator[dict[str, Any]]:
    """CloudEvents as a sender would have told them. ``before`` None: it is new here."""
    after = shown.state()
    if before is None:
        yield _event(EventType.CREATED, shown.row.subscription_id, after, told, shown)
        return
    for place, difference in enumerate(differences(before, after)):
        whole = shown if difference.type is EventType.TRANSITIONED else None
        subject = shown.row.subscription_id
        yield _event(difference.type, subject, difference.after, told, whole, before, place)


def absent(subject: str, told: SnapshotTold) -> dict[str, Any]:
    """A complete list does not show it, and the sender says that this is an end."""
    after = State(status=SubscriptionStatus.CANCELLED)
    return _event(EventType.CANCELLED, subject, after, told, None)


def _event(
    type: EventType,
    subject: str,
    after: State,
    told: SnapshotTold,
    shown: Shown | None,
    before: State | None = None,
    place: int = 0,
) -> dict[str, Any]:
    data: dict[str, Any] = {
        "effective_from": told.effective_on.isoformat(),
        "origin": "snapshot_diff",
        "after": _said(after),
    }
    if before is not None:
        data["was"] = _said(before)
    if shown is not None:
        row, offer = shown.row, shown.offer()
        data["customer"] = {"id": row.customer_id, "name": row.customer}
        data["product"] = {
            "product_id": offer.product_id,
            "sku_id": offer.sku_id,
            "name": offer.name,
            "segment": offer.segment.value,
            "term": offer.term.value,
            "billing_plan": offer.billing_cycle.value,
            "kind": offer.kind.value,
        }
        if type is EventType.CREATED:
            data["effective_from"] = row.starts_on.isoformat()
    return {
        "specversion": "1.0",
        "id": seen_id(told.number, subject, place, type),
        "source": told.uri,
        "type": type.value,
        "subject": subject,
        "time": told.taken_at,
        "data": data,
    }


def _said(state: State) -> dict[str, Any]:
    """By the names of an event."""
    names = {"term_ends_on": "term_end", "end_of_term": "end_of_term_action"}
    said = {names.get(name, name): value for name, value in state.as_json().items()}
    said.pop("offer", None)
    return said
