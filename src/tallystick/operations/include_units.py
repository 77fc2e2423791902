"""Included units: so many of a subscription's quantity are contained in the contract's price.

Where the line is compared already, an operation is recorded with it that brings the line to what
is billed from now on: the verb of the first sync, without a price. Its day is not before the last
change that is proved, whose day it would otherwise go behind. What is suspended or has ended
is billed by its own rule: there the number counts when it is active again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.connections.included import billed_in_words
from tallystick.connections.override import override
from tallystick.connections.overrides import included_of
from tallystick.connections.policies import INCLUDED_UNITS
from tallystick.connections.queries import get_connection
from tallystick.identity.roles import Right
from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.record import Recorded
from tallystick.mappings.hold import hold_subscription
from tallystick.operations.finish import Asked, Change, finish
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import check_effective_day, read_effective_day
from tallystick.subscriptions.status import SubscriptionStatus


@dataclass(frozen=True, slots=True)
class Included:
    """``recorded`` None: no line has to be brought anywhere because of it."""

    changed: bool
    recorded: Recorded | None


def include_units(
    *,
    subscription_id: int,
    connection_id: int,
    units: str | None,
    effective_on: object = None,
    today: date,
    asked: Asked,
) -> Included:
    """Say how many; None or 0: none. Raises InvalidInput, NotFound, NotAllowed, Conflicting."""
    asked.context.require(Right.CONNECT)
    day = None if effective_on is None else read_effective_day(effective_on, today=today)
    connection = get_connection(asked.context, connection_id)
    with transaction.atomic():
        view = hold_subscription(asked.context, subscription_id)
        before = included_of(connection.id, subscription_id)
        changed = override(
            connection.id,
            {INCLUDED_UNITS: units},
            subscription_id=subscription_id,
            context=asked.context,
            now=asked.now,
            correlation_id=asked.correlation_id,
        )
        lanes = _compared(connection.id, subscription_id)
        if not changed or not lanes or view.status is not SubscriptionStatus.ACTIVE:
            return Included(bool(changed), None)
        on = day or max([today, *(lane.expected_from or today for lane in lanes)])

        def decide(view: SubscriptionView) -> Change | list[FieldError]:
            if errors := check_effective_day(view.holding(), on, today=today):
                return errors
            return _change(view, before, included_of(connection.id, subscription_id), on)

        return Included(True, finish(subscription_id, decide, asked=asked))


def _compared(connection_id: int, subscription_id: int) -> Sequence[Lane]:
    """Those whose line is compared, or about to be."""
    lanes = Lane.objects.select_for_update(no_key=True).filter(
        connection_id=connection_id, subscription_id=subscription_id, open=True
    )
    return [
        lane
        for lane in lanes.order_by("pk")
        if lane.expected_units is not None or Delivery.objects.filter(UNSETTLED, lane=lane).exists()
    ]


def _change(view: SubscriptionView, before: int, now: int, on: date) -> Change:
    said = billed_in_words(view.quantity, now)
    return Change(
        kind=OperationKind.MAP,
        event=Event.UPDATE_SUBSCRIPTION,
        before={"quantity": view.quantity, "included_units": before},
        after={
            "quantity": view.quantity,
            "unit_price": None,
            "unit_cost": None,
            "included_units": now,
        },
        effective_on=on,
        fields={},
        summary=f"Quantity {said} from {in_words(on)}",
    )
