"""Operations and their deliveries on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import At, Body, Money, On
from tallystick.api.schemas_prices import PartOut
from tallystick.catalog.because import Because, read_because
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.queries import DeliveryView, OperationView
from tallystick.ledger.state import State

WARNINGS = (
    "What should be known of it: a price recorded for a later day whose place it takes, licences "
    "that are committed."
)


class DeliveryOut(Schema):
    """One operation on its way to one connection; ``attempts`` newest first."""

    id: int
    connection_id: int
    state: State
    cause: str
    cause_code: str
    effective_on: On
    moved_because: str
    tries: int
    retry_at: At | None
    awaits_approval: bool = Field(
        description="It is not sent before somebody has approved it. Resolved: nobody did."
    )
    approved_by: str
    approved_at: At | None
    attempts: list[dict[str, Any]]
    proved_at: At | None
    settled_at: At | None

    @classmethod
    def of(cls, view: DeliveryView) -> DeliveryOut:
        return cls(
            id=view.id,
            connection_id=view.connection_id,
            state=view.state,
            cause=view.cause,
            cause_code=view.cause_code,
            effective_on=view.effective_on,
            moved_because=view.moved_because,
            tries=view.tries,
            retry_at=view.retry_at,
            awaits_approval=view.awaits_approval,
            approved_by=view.approved_by,
            approved_at=view.approved_at,
            attempts=[dict(one) for one in view.attempts],
            proved_at=view.proved_at,
            settled_at=view.settled_at,
        )


class BecauseOut(Schema):
    """What made its amounts, and each step on the way to them."""

    by: str
    parts: list[PartOut]

    @classmethod
    def of(cls, because: Because | None) -> BecauseOut | None:
        if because is None:
            return None
        return cls(by=because.by, parts=[PartOut.of(part) for part in because.parts])


class OperationOut(Schema):
    """``sequence`` is its place in the subscription's order.

    ``because`` is null where amounts were typed, or nothing was said of them.
    """

    id: int
    subscription_id: int
    sequence: int
    kind: OperationKind
    summary: str
    before: dict[str, Any]
    after: dict[str, Any]
    effective_on: On
    recorded_at: At
    actor: str
    source: str
    source_id: str | None
    correlation_id: str
    because: BecauseOut | None
    deliveries: list[DeliveryOut]
    warnings: list[str] = Field(
        default_factory=list, description=f"{WARNINGS} Said when it is recorded, else empty."
    )

    @classmethod
    def of(cls, view: OperationView, *, warnings: Sequence[str] = ()) -> OperationOut:
        return cls(
            id=view.id,
            subscription_id=view.subscription_id,
            sequence=view.sequence,
            kind=view.kind,
            summary=view.in_words(),
            before=dict(view.before),
            after=dict(view.after),
            effective_on=view.effective_on,
            recorded_at=view.recorded_at,
            actor=view.actor,
            source=view.source,
            source_id=view.source_id,
            correlation_id=view.correlation_id,
            because=BecauseOut.of(read_because(view.after)),
            deliveries=[DeliveryOut.of(one) for one in view.deliveries],
            warnings=list(warnings),
        )


class CallOut(Schema):
    """One adjustment; a null rate is left as it is."""

    effective_on: On
    unit_change: int
    unit_price: Money | None
    unit_cost: Money | None


class ChargeOut(Schema):
    """A charge on the contract; ``charge_id``: the one there is that gets these amounts.

    ``difference``: what is billed more because of it. A null cost is not said.
    """

    day_on: On
    price: Money
    cost: Money | None
    reference: str
    charge_id: int | None
    difference: Money


class BillOut(Schema):
    """An estimate of one billing period of the line, before and after. Null: not known."""

    starts_on: On
    until: On
    before: Money | None
    after: Money | None
    difference: Money | None
    currency: str
    posted: bool = Field(description="Approved and posted: the difference is billed by itself.")


class WouldBeSent(Schema):
    """What one connection would be told; from ``units_from`` (what was last proved there)."""

    connection_id: int
    connection_name: str
    contract_id: int
    contract_name: str
    asked_on: On
    effective_on: On
    units_from: int | None
    units_to: int | None = Field(description="Null: the units are left as they are.")
    included_units: int = Field(
        description="Units the contract's price contains: so many fewer than the quantity are "
        "billed."
    )
    unit_price_to: Money | None = Field(description="Null: the price is left as it is.")
    adjustments: list[CallOut] = Field(
        description="What would be sent, in order. Empty: Autotask shows it already, or it is held."
    )
    charge: ChargeOut | None
    bills: list[BillOut] = Field(description="An estimate: this period and the next.")
    gap: Money | None = Field(
        description="What the days come to until another price is billed; with gap_charge it is "
        "recorded as a one-off charge."
    )
    waits_behind: int = Field(description="Operations that are sent before this one.")
    moved_because: str = Field(description="Why it is sent for another day than the one asked.")
    held_because: str = Field(
        description="Why it would stop, or wait for approval, instead of being sent. Empty: "
        "nothing known here stops it."
    )
    unread_because: str = Field(
        description="Why Autotask was not looked at; then it follows from what was last proved."
    )
    cannot_be_undone: list[str] = Field(
        description="What cannot be taken back once it is sent, and what can be done instead."
    )


class PreviewOut(Schema):
    """Nothing was stored."""

    kind: OperationKind
    summary: str
    before: dict[str, Any]
    after: dict[str, Any]
    effective_on: On
    would_be_sent: list[WouldBeSent]
    undo: str = Field(
        description="Whether the operation itself can be taken back, and what undoes it."
    )
    lacks_line: str = Field(
        "",
        description="Why no line would bill the offer it changes to, and what to do; else empty.",
    )
    warnings: list[str] = Field(description=WARNINGS)


class ResolveIn(Body):
    how: Literal["done_by_hand", "skip", "adopt", "push_ours", "next_period"]
    reason: str = Field(max_length=1000)
    believed: bool = Field(
        False,
        description="Of done_by_hand: also when Autotask does not show it. A right of its own.",
    )


class NextOut(Schema):
    """What would become of one operation that waits. ``stops``: why it would stop."""

    summary: str
    calls: list[str]
    stops: str


class WayOut(Schema):
    """Nothing was stored. ``expects``: what is expected of the line afterwards."""

    expects: str
    then: list[NextOut]
    unread_because: str
