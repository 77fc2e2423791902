"""Commitments and terms that end, on the wire."""

from __future__ import annotations

from datetime import date

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import At, Money, On, Paging
from tallystick.api.schemas_subscriptions import SubscriptionOut
from tallystick.subscriptions.commitment import Batch, Commitment
from tallystick.subscriptions.queries import SubscriptionView
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
    """``over``: terms that have ended and whose renewal nobody recorded; then ``days`` is moot."""

    days: int = Field(DAYS, ge=0, le=MOST_DAYS)
    over: bool = False
    end_of_term: EndOfTerm | None = None
    search: str = Field("", max_length=200)


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

    @classmethod
    def of(cls, view: ScheduledView | None) -> ScheduledOut | None:
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
        )


class RenewalOut(Schema):
    subscription: SubscriptionOut
    commitment: CommitmentOut
    scheduled: ScheduledOut | None
    days_left: int = Field(description="0 on the last day; negative when it has passed.")

    @classmethod
    def of(
        cls,
        view: SubscriptionView,
        found: Commitment,
        scheduled: ScheduledView | None,
        *,
        today: date,
    ) -> RenewalOut:
        assert view.commitment_ends_on is not None  # noqa: S101 - it is a term that ends
        return cls(
            subscription=SubscriptionOut.of(view),
            commitment=CommitmentOut.of(found),
            scheduled=ScheduledOut.of(scheduled),
            days_left=days_left(view.commitment_ends_on, today=today),
        )
