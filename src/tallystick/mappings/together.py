"""Several subscriptions billed together on one line: declared by a person, and ended by one.

The line shows what all of them have; they share its lane, so that their operations go out one
after another, in the order they were recorded (ADR 0034). Nothing is suggested, and nothing is
declared for many at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tallystick.audit.events import Event
from tallystick.audit.record import record
from tallystick.connections.overrides import HowBilled, how_billed
from tallystick.connections.queries import ConnectionView, get_connection, living, subject_on
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, NotFound
from tallystick.ledger.expected import steps
from tallystick.ledger.group import group_of, has_charges, join, part
from tallystick.ledger.models import Lane
from tallystick.ledger.price_steps import steps_after
from tallystick.ledger.queries import price_steps, waits
from tallystick.mappings.exclude import end_exclusion
from tallystick.mappings.hold import hold_names, hold_subscription
from tallystick.mappings.kinds import Ours
from tallystick.mappings.map_subscription import (
    fields_of,
    hold_unmapped,
    place_of,
    refuse_following,
)
from tallystick.mappings.models import SubscriptionMapping
from tallystick.subscriptions.queries import (
    SubscriptionView,
    get_subscription,
    views_by_id,
    visible,
)
from tallystick.subscriptions.status import SubscriptionStatus


@dataclass(frozen=True, slots=True)
class Shared:
    """A lane that is held, and where its line is. ``unit_price``: it is known to have; None: that
    is not known. ``is_left``: it was mapped without a first sync, and that is still to be decided.
    """

    lane_id: int
    contract: str
    unit_price: Decimal | None
    is_left: bool


def join_line(
    subscription_id: int,
    connection_id: int,
    with_id: int,
    *,
    day: date,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> Shared:
    """In the transaction that records its first sync there. Raises NotAllowed, NotFound,
    Conflicting; then nothing is stored."""
    context.require(Right.MAP)
    connection = get_connection(context, connection_id)
    within = context.within(connection.reseller_id)
    # Nothing is recorded of either meanwhile: both, in the order in which everybody holds them.
    both = visible(within).filter(pk__in=[subscription_id, with_id]).order_by("pk")
    list(both.select_for_update(of=("self",), no_key=True))
    view = hold_unmapped(within, subscription_id)
    hold_names(connection.id, view)
    # Nobody says another policy of one of them meanwhile.
    list(living(context).select_for_update(no_key=True).filter(pk=connection.id))
    first = get_subscription(within, with_id)
    lane, mapping = _hold_line_of(first.id, connection.id)
    why = why_not(first, view, connection, lane) or _why_not_now(first, view, lane, day)
    if why:
        raise Conflicting(f"{why} Nothing was changed.")
    join(lane, view.id, now=now)
    SubscriptionMapping.objects.create(
        tenant_id=view.tenant_id,
        connection_id=connection.id,
        subscription_id=view.id,
        lane_id=lane.pk,
        joined=True,
        created_at=now,
        **_as_columns(mapping),
    )
    end_exclusion(Ours.SUBSCRIPTION, view.id, connection.id)
    record(
        Event.CREATE_SUBSCRIPTION_MAPPING,
        actor=context.actor,
        now=now,
        subject=subject_on(view.subject(), connection),
        correlation_id=correlation_id,
        summary=f"{mapping.company_name} / {mapping.contract_name} / {mapping.service_name}, "
        f"billed together with {first.name}",
        details={
            "company_id": mapping.company_id,
            "contract_id": mapping.contract_id,
            "service_id": mapping.service_id,
            "line_id": mapping.line_id,
            "together_with": first.id,
        },
    )
    contract = mapping.contract_name or str(mapping.contract_id)
    is_left = lane.expected_units is None and not waits(lane.pk)
    return Shared(lane.pk, contract, lane.expected_unit_price, is_left)


def _hold_line_of(subscription_id: int, connection_id: int) -> tuple[Lane, SubscriptionMapping]:
    """Nobody unmaps it, joins it or records on it meanwhile. Raises NotFound, Conflicting."""
    here = SubscriptionMapping.objects.filter(
        subscription_id=subscription_id, connection_id=connection_id
    )
    lanes = Lane.objects.select_for_update(no_key=True)
    lane = lanes.filter(pk__in=here.values("lane_id")).first()
    mapping = here.filter(lane=lane).first()
    if lane is None or mapping is None:
        raise NotFound("The subscription is not mapped to this connection.")
    refuse_following(lane.subscription_id)
    return lane, mapping


def why_not(
    first: SubscriptionView,
    view: SubscriptionView,
    connection: ConnectionView,
    lane: Lane | None = None,
    *,
    told: Sequence[HowBilled] = (),
) -> str:
    """Why they cannot be billed on one line; empty when they can. ``told``: how changes of both
    are billed, where that has been asked already."""
    name = first.name
    if first.customer.id != view.customer.id:
        return f"{name} is another customer's: one line bills one company."
    if first.offer_id != view.offer_id:
        return f"{name} has another offer: one line bills one service."
    if view.offer.billing_cycle.months is None or first.is_trial or view.is_trial:
        return "A trial, and what is billed by its own amounts, has a line of its own."
    money = [
        (one.unit_price, one.price_currency, one.unit_cost, one.cost_currency)
        for one in (first, view)
    ]
    if money[0] != money[1]:
        return f"{name} has another price or cost: one line has one. Make them equal first."
    told = told or [
        how_billed(connection, customer_id=one.customer.id, subscription_id=one.id)
        for one in (first, view)
    ]
    if any(one.included_units for one in told):
        return "Some of its units are included in its contract: it has a line of its own."
    if told[0] != told[1]:
        return f"{name} is billed by other policies: make them equal first."
    if view.status is SubscriptionStatus.SUSPENDED:
        return "It is suspended: what is billed of it there is not known. Reactivate it first."
    if lane is None:
        return ""
    if lane.begins_at is not None and lane.proved_at is None:
        return f"The line of {name} is not billed yet: wait for its first day."
    if lane.drift_units is not None or lane.drift_charges:
        return f"Autotask shows something else on the line of {name}: decide on that first."
    return ""


def _why_not_now(first: SubscriptionView, view: SubscriptionView, lane: Lane, day: date) -> str:
    """What would bring one of them a price that is another's, or another day's."""
    if waits(lane.pk):
        return (
            f"A change on the line of {first.name} is not settled: wait until it is, or decide on "
            "it."
        )
    day = max(day, first.starts_on, view.starts_on)
    known = price_steps([first.id, view.id])
    if any(steps_after(steps, day) for steps in known.values()):
        return "One of them has another price from a later day: bill them together from that day."
    if lane.expected_units is None:
        return ""
    prices = {step.unit_price for step in steps(lane, today=day)}
    if len(prices) > 1:
        return f"The line of {first.name} has another price from a later day: wait for that day."
    return ""


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who leaves a line, and the others it goes on billing."""

    view: SubscriptionView
    lane_id: int
    contract: str
    others: Sequence[SubscriptionView]


def hold_leaving(
    subscription_id: int, connection_id: int, *, context: Context
) -> tuple[Leaving, SubscriptionMapping]:
    """In the transaction that records that it leaves. Raises NotAllowed, NotFound, Conflicting."""
    context.require(Right.MAP)
    connection = get_connection(context, connection_id)
    view = hold_subscription(context, subscription_id)
    lane, mapping = _hold_line_of(view.id, connection.id)
    others = [one for one in group_of(view.id) if one != view.id]
    if not others:
        raise Conflicting(
            "Nothing else is billed on its line. Nothing was changed. To end that, unmap it."
        )
    if lane.subscription_id == view.id and has_charges(lane):
        raise Conflicting(
            "Charges of it were billed beside the line, so the line stays with it. Nothing was "
            "changed. Take the others off the line instead."
        )
    contract = mapping.contract_name or str(mapping.contract_id)
    views = views_by_id(others)
    return Leaving(view, lane.pk, contract, [views[one] for one in others]), mapping


def leave_line(
    leaving: Leaving,
    mapping: SubscriptionMapping,
    connection: ConnectionView,
    *,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> None:
    """After its last operation there was recorded, in that transaction."""
    lane = Lane.objects.get(pk=leaving.lane_id)
    heir = part(lane, leaving.view.id, now=now)
    own = _as_columns(mapping)
    mapping.delete()
    if heir is not None:
        SubscriptionMapping.objects.filter(subscription_id=heir).update(joined=False, **own)
    record(
        Event.DELETE_SUBSCRIPTION_MAPPING,
        actor=context.actor,
        now=now,
        subject=subject_on(leaving.view.subject(), connection),
        correlation_id=correlation_id,
        summary="No longer billed together with "
        + ", ".join(one.name for one in leaving.others)[:900],
        details={
            "contract_id": mapping.contract_id,
            "line_id": mapping.line_id,
            "together_with": [one.id for one in leaving.others],
        },
    )


def _as_columns(mapping: SubscriptionMapping) -> dict[str, object]:
    """A line of ours is everybody's."""
    return {**fields_of(place_of(mapping)), "own_line": mapping.own_line}
