"""One thing that happened to a subscription somewhere else, in our own words. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tallystick.catalog.add_offer import OfferFacts
from tallystick.subscriptions.status import EndOfTerm, SubscriptionStatus


class EventType(StrEnum):
    """The closed list of what can be told."""

    CREATED = "subscription.created"
    QUANTITY_CHANGED = "subscription.quantity_changed"
    PRICE_CHANGED = "subscription.price_changed"
    STATUS_CHANGED = "subscription.status_changed"
    CANCELLED = "subscription.cancelled"
    RENEWED = "subscription.renewed"
    EXTENDED = "subscription.extended"
    TRANSITIONED = "subscription.transitioned"
    RENEWAL_CHANGED = "subscription.renewal_changed"
    RENAMED = "subscription.renamed"
    CUSTOMER_CHANGED = "subscription.customer_changed"

    @property
    def label(self) -> str:
        return {
            EventType.CREATED: "Bought",
            EventType.QUANTITY_CHANGED: "Quantity changed",
            EventType.PRICE_CHANGED: "Price changed",
            EventType.STATUS_CHANGED: "Status changed",
            EventType.CANCELLED: "Cancelled",
            EventType.RENEWED: "Renewed",
            EventType.EXTENDED: "Went into an extended service term",
            EventType.TRANSITIONED: "Offer changed",
            EventType.RENEWAL_CHANGED: "End of term changed",
            EventType.RENAMED: "Renamed",
            EventType.CUSTOMER_CHANGED: "Customer changed",
        }[self]


class Answer(StrEnum):
    """What became of an event. The latest one counts."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    LATE = "late"
    GAP = "gap"
    UNMAPPED = "unmapped"
    UNAPPLIED = "unapplied"
    REJECTED = "rejected"

    @property
    def label(self) -> str:
        return {
            Answer.ACCEPTED: "Accepted",
            Answer.DUPLICATE: "Told before",
            Answer.CONFLICT: "Another content under the same id",
            Answer.LATE: "Came too late",
            Answer.GAP: "Something before it is missing",
            Answer.UNMAPPED: "Not known here",
            Answer.UNAPPLIED: "No operation for it",
            Answer.REJECTED: "Refused",
        }[self]

    @property
    def needs_a_person(self) -> bool:
        return self.value in NEED_A_PERSON


NEED_A_PERSON = ("conflict", "late", "unapplied", "rejected")


class How(StrEnum):
    """How it became known."""

    DECLARED = "declared"  # somebody sent it to us
    FEED = "feed"  # read from the vendor's list of changes
    SNAPSHOT = "snapshot_diff"  # seen, not told: found by comparing


@dataclass(frozen=True, slots=True)
class State:
    """What is said of a subscription; None says nothing. Prices per unit per billing cycle."""

    quantity: int | None = None
    status: SubscriptionStatus | None = None
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None
    currency: str | None = None
    term_ends_on: date | None = None
    end_of_term: EndOfTerm | None = None
    name: str | None = None
    starts_on: date | None = None
    offer: str | None = None  # what tells its offer apart, as one text

    def over(self, earlier: State) -> State:
        """What both say together; this one is newer."""
        return State(
            **{
                one.name: getattr(earlier, one.name) if (new := getattr(self, one.name)) is None
                else new
                for one in fields(State)
            }
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Only what is said; amounts and days as text."""
        said = {one.name: getattr(self, one.name) for one in fields(State)}
        return {name: _plain(value) for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class CustomerSaid:
    """``id`` is the source's."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event belongs among those of its subscription.

    ``number``: the source's own, when it counts them; ``key``: its moment to the last digit.
    """

    number: int | None
    key: str
    id: str

    def before(self, other: Place) -> bool:
        """By number where both have one, else by moment, and then by id."""
        if self.number is not None and other.number is not None:
            return self.number < other.number
        return (self.key, self.id) < (other.key, other.id)


@dataclass(frozen=True, slots=True)
class NeutralEvent:
    """``effective_on`` None: the day it happened. ``body`` is what was sent, whole."""

    id: str
    type: EventType
    subject: str
    time: str
    happened_at: datetime
    place: Place
    after: State
    before: State = State()
    effective_on: date | None = None
    succeeded: bool = True
    customer: CustomerSaid | None = None
    product: OfferFacts | None = None
    correlation_id: str = ""
    how: How = How.DECLARED
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> bytes:
        return digest_of(self.body)


def digest_of(body: Mapping[str, Any]) -> bytes:
    """The same for the same content, however it was written."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


def offer_key(offer: OfferFacts) -> str:
    """``CFQ7TTC0LCHC:0002 commercial P1Y monthly``: one text for what tells an offer apart."""
    cycle, segment = offer.billing_cycle.value, offer.segment.value
    return f"{offer.product_id}:{offer.sku_id} {segment} {offer.term.value} {cycle}"


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else value
