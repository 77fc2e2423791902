"""Several operations looked at together, and what waits for approval, on the wire."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import Body, Id, Money, On
from tallystick.api.schemas_recording import OperationIn
from tallystick.bootstrap.preview_many import MOST_AT_ONCE
from tallystick.bootstrap.preview_rows import RowAhead, Together


class OneOf(Body):
    subscription_id: Id
    operation: OperationIn


class OperationsIn(Body):
    operations: list[OneOf] = Field(
        min_length=1,
        max_length=MOST_AT_ONCE,
        description="In order: each stands behind those of its subscription before it.",
    )


class RecordedOut(Schema):
    """``sequence`` is its place in the subscription's order; ``sent_to``: how many connections it
    is on its way to; ``gap_charges``: one-off charges recorded behind it."""

    subscription_id: int
    operation_id: int
    sequence: int
    sent_to: int
    gap_charges: int


class OperationsRecordedOut(Schema):
    """In the order of the request."""

    items: list[RecordedOut]


class WrongFieldOut(Schema):
    field: str
    message: str


class RowAheadOut(Schema):
    """One operation on one connection. Amounts are an estimate of what is billed differently in
    the period of the change and in the one after it; null: not known."""

    subscription_id: int
    provider_id: str
    customer: str
    subscription: str
    operation: str
    operation_id: int | None = Field(description="Of what is recorded already, else null.")
    billed_by: str
    asked_on: On | None
    sent_on: On | None
    sent_for_another_day_because: list[str]
    posted: str = Field(description="Which of the periods around its day are; else empty.")
    gap: Money | None = Field(
        description="What the days until `sent_on` come to, an estimate; of another price it is "
        "recorded as a one-off charge with gap_charge."
    )
    adjustments: list[str]
    this_period: Money | None
    next_period: Money | None
    currency: str
    stopped_because: str
    nothing_because: str
    unread_because: str
    cannot_be_undone: list[str]
    errors: list[WrongFieldOut] = Field(description="Why it cannot be recorded.")

    @classmethod
    def of(cls, row: RowAhead, *, recorded: bool = False) -> RowAheadOut:
        return cls(
            subscription_id=row.subscription.id,
            provider_id=row.subscription.provider_id,
            customer=row.subscription.customer.name,
            subscription=row.subscription.name,
            operation=row.what,
            operation_id=row.operation_id if recorded else None,
            billed_by=row.where,
            asked_on=row.asked_on,
            sent_on=row.sent_on,
            sent_for_another_day_because=list(row.why),
            posted=row.posted,
            gap=row.gap,
            adjustments=list(row.gets),
            this_period=row.this_period,
            next_period=row.next_period,
            currency=row.currency,
            stopped_because="" if row.wrong else row.stops,
            nothing_because=row.nothing,
            unread_because=row.unread,
            cannot_be_undone=list(row.undo),
            errors=[WrongFieldOut(field=field, message=words) for field, words in row.wrong],
        )


class SumOut(Schema):
    """``unknown``: operations whose money is not known and not in the sum."""

    currency: str
    this_period: Money
    next_period: Money
    unknown: int


class PreviewManyOut(Schema):
    """Nothing was stored."""

    items: list[RowAheadOut]
    sent: int
    stopped: int
    nothing: int
    wrong: int
    sums: list[SumOut]

    @classmethod
    def of(
        cls, rows: list[RowAhead], counts: Together, *, recorded: bool = False
    ) -> PreviewManyOut:
        return cls(
            items=[RowAheadOut.of(row, recorded=recorded) for row in rows],
            sent=counts.sent,
            stopped=counts.stopped,
            nothing=counts.nothing,
            wrong=counts.wrong,
            sums=[
                SumOut(
                    currency=one.currency,
                    this_period=one.this_period,
                    next_period=one.next_period,
                    unknown=one.unknown,
                )
                for one in counts.money
            ],
        )


class OperationsImportedOut(Schema):
    """``known``: rows of this very file that were recorded before."""

    rows: int
    stored: bool
    recorded: int
    known: int
