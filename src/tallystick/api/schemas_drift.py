"""Differences between a line and what is expected of it, on the wire."""

from __future__ import annotations

from typing import Literal

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import At, Body, Day, Id, Money, On, Paging
from tallystick.api.schemas_mappings import PlaceOut, SecondWriterOut, place_out
from tallystick.api.schemas_subscriptions import SubscriptionOut
from tallystick.ledger.difference import DayRange
from tallystick.ledger.kinds import DriftEnd, DriftKind
from tallystick.mappings.drift_rows import Decided, DriftRow
from tallystick.operations.correct import Correctable
from tallystick.operations.decide_drift import MOST_AT_ONCE


class DriftFilter(Paging):
    connection: Id | None = None
    customer: Id | None = None
    state: Literal["open", "agreed"] = "open"
    search: str = Field("", max_length=200)


class ValuesOut(Schema):
    """``amount``: units x rate as Autotask shows it; null: not shown, or of no meaning."""

    units: int
    unit_price: Money | None
    unit_cost: Money | None
    amount: Money | None


class DaysOut(Schema):
    """Both values of these days; ``until`` is the day after the last one, null: no end.

    ``found`` null: Autotask shows nothing of these days.
    """

    from_on: On
    until: On | None
    differs: bool
    expected: ValuesOut
    found: ValuesOut | None

    @classmethod
    def of(cls, one: DayRange) -> DaysOut:
        want, found = one.expected, one.found
        return cls(
            from_on=one.starts_on,
            until=one.until,
            differs=one.differs,
            expected=ValuesOut(
                units=want.units, unit_price=want.unit_price, unit_cost=want.unit_cost, amount=None
            ),
            found=None
            if found is None
            else ValuesOut(
                units=found.units,
                unit_price=found.unit_price,
                unit_cost=found.unit_cost,
                amount=found.price,
            ),
        )


class DecidedOut(Schema):
    """What became of it; ``person`` is Tallystick where nobody decided."""

    how: DriftEnd
    reason: str
    until: On | None
    operation_id: int | None
    person: str
    at: At

    @classmethod
    def of(cls, one: Decided) -> DecidedOut:
        return cls(
            how=one.how,
            reason=one.reason,
            until=one.until,
            operation_id=one.operation_id,
            person=one.person,
            at=one.at,
        )


class DriftOut(Schema):
    """``kind`` duplicate: a change of ours, ``attempt_id``, is there twice.

    ``stake``: found less expected, a month; null: a price is not known. ``agreed_until``: silent
    until that day.
    """

    id: int
    connection_id: int | None
    subscription: SubscriptionOut
    place: PlaceOut | None
    kind: DriftKind
    attempt_id: int | None
    is_open: bool
    began_on: On
    since: At
    found_at: At
    days: list[DaysOut]
    stake: Money | None
    currency: str
    agreed_until: On | None
    second_writer: SecondWriterOut | None
    decisions: list[DecidedOut]

    @classmethod
    def of(cls, view: DriftRow) -> DriftOut:
        row = view.row
        return cls(
            id=view.id,
            connection_id=row.place.connection_id if row.place else None,
            subscription=SubscriptionOut.of(row.subscription),
            place=None if row.place is None else place_out(row.place),
            kind=view.kind,
            attempt_id=view.attempt_id,
            is_open=view.is_open,
            began_on=view.began_on,
            since=view.since,
            found_at=view.found_at,
            days=[DaysOut.of(one) for one in view.days],
            stake=view.stake,
            currency=view.currency,
            agreed_until=view.agreed.until if view.agreed else None,
            second_writer=None
            if row.second_writer is None
            else SecondWriterOut.of(row.second_writer),
            decisions=[DecidedOut.of(one) for one in view.decisions],
        )


class DecideIn(Body):
    """``until``: of agree, the day it is told again on. ``effective_on``: of restore, from which
    day; the soonest one when not given. ``record_quantity``: of keep, record Autotask's number as
    the subscription's quantity too; it settles as already so."""

    how: Literal["keep", "restore", "agree"]
    reason: str
    until: Day | None = None
    effective_on: Day | None = None
    record_quantity: bool = False


class DecideManyIn(Body):
    """One reason for all of them."""

    drifts: list[Id] = Field(min_length=1, max_length=MOST_AT_ONCE)
    how: Literal["keep", "restore", "agree"]
    reason: str
    until: Day | None = None


class RefusedOut(Schema):
    drift_id: int
    because: str


class DecidedManyOut(Schema):
    decided: list[int]
    refused: list[RefusedOut]


class SentOut(Schema):
    """A change that is proved to have landed. ``refused``: why it cannot be corrected; empty: it
    can. ``corrects``, ``corrected_by``: the numbers of the tries it is linked with. ``unit_price``
    and the one before: of a change of the price alone, as far as that is known."""

    attempt_id: int
    number: int
    connection_id: int
    operation_id: int | None
    effective_on: On
    unit_change: int
    unit_price_before: Money | None
    unit_price: Money | None
    sent_at: At
    asked_by: str
    corrects: int | None
    corrected_by: int | None
    refused: str

    @classmethod
    def of(cls, one: Correctable) -> SentOut:
        sent, repriced = one.sent, one.sent.repriced
        return cls(
            attempt_id=sent.attempt_id,
            number=sent.number,
            connection_id=sent.connection_id,
            operation_id=sent.operation_id,
            effective_on=sent.effective_on,
            unit_change=sent.unit_change,
            unit_price_before=repriced.price_before if repriced else None,
            unit_price=repriced.price if repriced else None,
            sent_at=sent.sent_at,
            asked_by=sent.asked_by,
            corrects=sent.corrects,
            corrected_by=sent.corrected_by,
            refused=one.refused,
        )


class CorrectIn(Body):
    """``effective_on``: the soonest day Autotask takes another change on when not given."""

    attempt_id: Id
    reason: str
    effective_on: Day | None = None


class LookIn(Body):
    """Exactly one of them."""

    subscriptions: list[Id] | None = Field(None, max_length=MOST_AT_ONCE)
    customer: Id | None = None
    all: bool = False


class ComparingOut(Schema):
    """Lines that are compared in the background."""

    lines: int
