"""Resellers and moves between them, on the wire."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import Body, Day, Id, On
from tallystick.mappings.leave import Left


class ResellerIn(Body):
    name: str = Field(max_length=300)


class ResellerOut(Schema):
    id: int
    name: str


class MoveIn(Body):
    """``reseller_id`` null: the CSP sells to the customer itself."""

    reseller_id: Id | None
    effective_on: Day | None = Field(None, description="Today when it is left out; never later.")


class MovedOut(Schema):
    customer: str
    left: str
    to: str
    on: On
    subscriptions: int


class LeavingOut(Schema):
    subscription: str
    will_happen: str


class MovePreviewOut(Schema):
    """Nothing was stored."""

    customer: str
    left: str
    to: str
    on: On
    lines: list[LeavingOut]


class LeftLineOut(Schema):
    """A line that another reseller's subscription has left, and that is not at 0 yet."""

    lane_id: int
    customer: str
    subscription: str
    contract: str
    left_on: On
    waiting: int
    stopped: bool
    cause: str

    @classmethod
    def of(cls, one: Left) -> LeftLineOut:
        return cls(
            lane_id=one.lane_id,
            customer=one.customer,
            subscription=one.subscription,
            contract=one.contract,
            left_on=one.left_on,
            waiting=one.waiting,
            stopped=one.stopped,
            cause=one.cause,
        )
