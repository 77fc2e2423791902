"""Commitments and terms that end, on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import At, Money, On, Paging
from tallystick.api.schemas_subscriptions import SubscriptionOut
from tallystick.sources.terms_told import TermTold
from tallystick.subscriptions.commitment import Batch, Commitment
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.refused import RefusedView
from tallystick.subscriptions.scheduled import ScheduledView
from tallystick.subscriptions.status import EndOfTerm
from tallystick.subscriptions.terms_ending import DAYS, MOST_DAYS, days_left


class BatchOut(Schema):
    quantity: int
    added_at: At
    reducible_until: At = Field(description="Exclusive.")

    @classmethod
    def of(cls, one: Batch) -> BatchOut:
        return cls(quantity=one.quantity, added_at=one.added_at, reducible_until=one.until)


class CommitmentOut(Schema):
    """What Microsoft still allows; Tallystick refuses none of it.

    ``committed`` is false where no commitment is known. ``term_ends_on`` is inclusive.
    """

    committed: bool
    term_ends_on: On | None
    end_of_term: EndOfTerm
    reducible_by: int = Field(description="So many licences may be given back now.")
    batches: list[BatchOut]
    cancellable_until: At | None = Field(description="Null: that is over, or not known.")

    @classmethod
    def of(cls, found: Commitment) -> CommitmentOut:
        return cls(
            committed=found.committed,
            term_ends_on=found.last_day,
            end_of_term=found.end_of_term,
            reducible_by=found.reducible,
            batches=[BatchOut.of(one) for one in found.batches],
            cancellable_until=found.cancel_by,
        )


class RenewalFilter(Paging):
    """``over``: terms that have ended and whose renewal nobody recorded; ``needs_a_person``: what
    was refused on its day or nobody has decided. With either ``days`` is moot."""

    days: int = Field(DAYS, ge=0, le=MOST_DAYS)
    over: bool = False
    needs_a_person: bool = False
    end_of_term: EndOfTerm | None = None
    search: str = Field("", max_length=200)


class RefusedChangeOut(Schema):
    """What was to happen by itself and was refused on its day. ``field``: what is wrong, by the
    name a change of it has; empty: nothing in particular."""

    summary: str
    takes_effect_on: On
    because: str
    field: str
    you_can: str
    since: At
    tries: int
    tried_again_at: At

    @classmethod
    def of(cls, view: RefusedView | None) -> RefusedChangeOut | None:
        if view is None:
            return None
        return cls(
            summary=view.what,
            takes_effect_on=view.on,
            because=view.because,
            field=view.asks,
            you_can=view.you_can,
            since=view.since_at,
            tries=view.tries,
            tried_again_at=view.next_at,
        )


class ScheduledOut(Schema):
    """What happens by itself on that day; null is left as it is."""

    takes_effect_on: On | None
    summary: str
    offer_id: int | None
    offer: str
    quantity: int | None
    unit_price: Money | None
    unit_cost: Money | None
    asked_by: str
    refused: RefusedChangeOut | None = Field(description="Its day has come, and this is why not.")

    @classmethod
    def of(
        cls, view: ScheduledView | None, refused: RefusedView | None = None
    ) -> ScheduledOut | None:
        if view is None:
            return None
        return cls(
            takes_effect_on=view.on,
            summary=view.in_words(),
            offer_id=view.offer_id,
            offer=view.offer.label() if view.offer else "",
            quantity=view.quantity,
            unit_price=view.unit_price,
            unit_cost=view.unit_cost,
            asked_by=view.asked_by,
            refused=RefusedChangeOut.of(refused),
        )


@dataclass(frozen=True, slots=True)
class Found:
    """Of one subscription, what stands beside it. ``waits`` empty: it waits for nobody."""

    commitment: Commitment
    scheduled: ScheduledView | None
    refused: RefusedView | None
    waits: str
    told: TermTold | None


class TermToldOut(Schema):
    """As a source says it, whatever is recorded here; null: it says nothing of that. ``differs``:
    the names of what is recorded otherwise."""

    source: str
    ends_on: On | None
    end_of_term: EndOfTerm | None
    cancel_by: At | None
    next_term: str
    read_at: At | None
    differs: list[str]

    @classmethod
    def of(cls, told: TermTold | None, view: SubscriptionView) -> TermToldOut | None:
        if told is None:
            return None
        return cls(
            source=told.source,
            ends_on=told.ends_on,
            end_of_term=told.end_of_term,
            cancel_by=told.cancel_by,
            next_term=told.next_term,
            read_at=told.read_at,
            differs=told.differs(view),
        )


class RenewalOut(Schema):
    subscription: SubscriptionOut
    commitment: CommitmentOut
    scheduled: ScheduledOut | None
    refused: RefusedChangeOut | None = Field(description="Refused on its day, scheduled or not.")
    needs_a_person: str = Field(description="Why, and what can be done; empty when nothing is.")
    told: TermToldOut | None
    days_left: int | None = Field(
        description="0 on the last day; negative when it has passed; null without a term."
    )

    @classmethod
    def of(cls, view: SubscriptionView, found: Found, *, today: date) -> RenewalOut:
        last_day = view.commitment_ends_on
        return cls(
            subscription=SubscriptionOut.of(view),
            commitment=CommitmentOut.of(found.commitment),
            scheduled=ScheduledOut.of(found.scheduled, found.refused),
            refused=RefusedChangeOut.of(found.refused),
            needs_a_person=found.waits,
            told=TermToldOut.of(found.told, view),
            days_left=None if last_day is None else days_left(last_day, today=today),
        )
