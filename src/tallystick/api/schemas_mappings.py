"""Subscription mappings on the wire."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import At, Money, On, Paging
from tallystick.api.schemas_subscriptions import SubscriptionOut
from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.standings import LaneView
from tallystick.mappings.rows import PlaceView, Row


class MappingFilter(Paging):
    search: str = Field("", max_length=200)
    mapped: bool | None = None
    badge: str = ""


class PlaceOut(Schema):
    company_id: int
    company_name: str
    contract_id: int
    contract_name: str
    service_id: int
    service_name: str
    contract_service_id: int | None


class Expected(Schema):
    """What was last proved there, and from when it counts."""

    units: int | None
    unit_price: Money | None
    unit_cost: Money | None
    from_on: On | None


class Observed(Schema):
    """What Autotask showed that was not expected."""

    units: int | None
    amount: Money | None
    since_at: At | None


class MappingOut(Schema):
    """``since`` and ``proved_at`` are moments; ``pending`` counts what is not settled."""

    subscription: SubscriptionOut
    place: PlaceOut | None
    badge: BadgeKind
    cause: str
    pending: int
    since: At | None
    until: At | None
    proved_at: At | None
    expected: Expected | None
    observed: Observed | None

    @classmethod
    def of(cls, row: Row) -> MappingOut:
        badge = row.badge
        return cls(
            subscription=SubscriptionOut.of(row.subscription),
            place=None if row.place is None else _place(row.place),
            badge=badge.kind,
            cause=badge.cause,
            pending=badge.pending,
            since=badge.since,
            until=badge.until,
            proved_at=badge.proved_at,
            expected=None if row.lane is None else _expected(row.lane),
            observed=None if row.lane is None else _observed(row.lane),
        )


def _place(place: PlaceView) -> PlaceOut:
    return PlaceOut(
        company_id=place.company_id,
        company_name=place.company_name,
        contract_id=place.contract_id,
        contract_name=place.contract_name,
        service_id=place.service_id,
        service_name=place.service_name,
        contract_service_id=place.line_id,
    )


def _expected(lane: LaneView) -> Expected:
    return Expected(
        units=lane.expected_units,
        unit_price=lane.expected_unit_price,
        unit_cost=lane.expected_unit_cost,
        from_on=lane.expected_from,
    )


def _observed(lane: LaneView) -> Observed | None:
    if lane.drift_since is None:
        return None
    return Observed(units=lane.drift_units, amount=lane.drift_amount, since_at=lane.drift_since)
