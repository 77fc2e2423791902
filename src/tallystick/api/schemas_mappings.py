"""Subscription mappings on the wire."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import At, Body, Money, On, Paging
from tallystick.api.schemas_subscriptions import SubscriptionOut
from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.kinds import SightingKind
from tallystick.ledger.second_writer import SecondWriter, UnitChange
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


class UnitChangeOut(Schema):
    """Units of a line that changed from a day on, and not by us."""

    from_on: On
    units_before: int
    units_after: int

    @classmethod
    def of(cls, change: UnitChange) -> UnitChangeOut:
        return cls(from_on=change.on, units_before=change.before, units_after=change.after)


class SightedOut(UnitChangeOut):
    """``what``: ``before_mapping``, ``changed``, or ``our_change`` made before us."""

    what: SightingKind
    seen_at: At


class SecondWriterOut(Schema):
    """Somebody else probably changes the line too: since when it is seen, what, and in words."""

    since_at: At
    words: str
    seen: list[SightedOut]

    @classmethod
    def of(cls, writer: SecondWriter) -> SecondWriterOut:
        return cls(
            since_at=writer.since,
            words=writer.in_words(),
            seen=[
                SightedOut(
                    from_on=one.change.on,
                    units_before=one.change.before,
                    units_after=one.change.after,
                    what=one.kind,
                    seen_at=one.seen_at,
                )
                for one in writer.seen
            ],
        )


class DealtWithIn(Body):
    """``reason``: what was done about it; kept with the name in the audit log."""

    reason: str


class MappingOut(Schema):
    """``since`` and ``proved_at`` are moments; ``pending`` counts what is not settled,
    ``to_approve`` those of it that wait for approval; ``included_units``: of the quantity, not
    billed.

    ``second_writer``: null unless somebody else probably changes the line too.

    ``billed_together_with``: the ids of the other subscriptions that the same line bills; badge,
    cause, what is pending, expected and observed are the line's, so theirs, too.
    """

    subscription: SubscriptionOut
    place: PlaceOut | None
    badge: BadgeKind
    cause: str
    pending: int
    to_approve: int
    included_units: int
    since: At | None
    until: At | None
    proved_at: At | None
    expected: Expected | None
    observed: Observed | None
    second_writer: SecondWriterOut | None
    billed_together_with: list[int]

    @classmethod
    def of(cls, row: Row) -> MappingOut:
        badge = row.badge
        return cls(
            subscription=SubscriptionOut.of(row.subscription),
            place=None if row.place is None else place_out(row.place),
            badge=badge.kind,
            cause=badge.cause,
            pending=badge.pending,
            to_approve=badge.to_approve,
            included_units=row.included,
            since=badge.since,
            until=badge.until,
            proved_at=badge.proved_at,
            expected=None if row.lane is None else _expected(row.lane),
            observed=None if row.lane is None else _observed(row.lane),
            second_writer=None
            if row.second_writer is None
            else SecondWriterOut.of(row.second_writer),
            billed_together_with=[one.id for one in row.together],
        )


def place_out(place: PlaceView) -> PlaceOut:
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
