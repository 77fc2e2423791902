"""What is scheduled, as it will be recorded on its day: for a look before it is scheduled."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tallystick.ledger.record import Origin, Recorded
from tallystick.operations.carry_out import carried_out
from tallystick.operations.end import expire
from tallystick.operations.finish import SCHEDULE, Asked
from tallystick.operations.schedule import Plan, keep_plan, next_term_on
from tallystick.subscriptions.queries import get_subscription
from tallystick.subscriptions.status import EndOfTerm


def schedule_ahead(*, subscription_id: int, plan: Plan, today: date, asked: Asked) -> Recorded:
    """What will be recorded by itself on the day, recorded already: in a transaction that is
    undone. Raises as ``schedule``, and what would be refused on the day."""
    keep_plan(subscription_id, plan, today, asked)
    view = get_subscription(asked.context, subscription_id)
    day = plan.on or next_term_on(view)
    assert day is not None  # noqa: S101 - nothing is scheduled without one
    if plan.on is None and view.end_of_term is EndOfTerm.CANCEL:
        by_itself = replace(asked, origin=Origin(SCHEDULE))
        return expire(subscription_id=subscription_id, today=day, asked=by_itself)
    return carried_out(subscription_id, day, now=asked.now, wake=asked.wake)
