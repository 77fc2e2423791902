"""Bill a subscription together with another one, on its line; and apart again.

The line is brought to what all of them have, by an operation of the one that joins or leaves. It
goes out in its turn behind what waits on that line already.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.connections.queries import get_connection
from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Recorded
from tallystick.mappings.together import hold_leaving, join_line, leave_line
from tallystick.operations.finish import Asked, Change, finish
from tallystick.operations.map_existing import Mapped, in_its_currencies
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import check_effective_day, read_effective_day

LEFT = "Nothing is sent yet: the first sync of its line is still to be decided on."


def bill_together(
    *,
    subscription_id: int,
    connection_id: int,
    with_id: int,
    effective_on: object = None,
    today: date,
    asked: Asked,
) -> Mapped:
    """From that day on the line of ``with_id`` shows what both have. Where that one was mapped
    without a first sync, nothing is sent: it is decided on for all of them, later.

    Raises InvalidInput, NotFound, NotAllowed, Conflicting (what they differ in; a line that is not
    as it should be); then nothing is stored.
    """
    day = read_effective_day(effective_on, today=today)
    connection = get_connection(asked.context, connection_id)
    with transaction.atomic():
        shared = join_line(
            subscription_id,
            connection_id,
            with_id,
            day=day,
            context=asked.context,
            now=asked.now,
            correlation_id=asked.correlation_id,
        )

        def decide(view: SubscriptionView) -> Change | list[FieldError]:
            if errors := check_effective_day(view.holding(), day, today=today):
                return errors
            after: dict[str, Any] = {"quantity": view.quantity, "together_with": with_id}
            price, cost = in_its_currencies(view, connection)
            if None not in (price, shared.unit_price) and shared.unit_price != Decimal(price or 0):
                # What was billed there had ended, by its price.
                after |= {"unit_price": price, "unit_cost": cost}
            return Change(
                kind=OperationKind.MAP,
                event=Event.UPDATE_SUBSCRIPTION,
                before={},
                after=after,
                effective_on=day,
                fields={},
                summary=f"First sync of {view.quantity} units, together with others on "
                f"{shared.contract}, from {in_words(day)}",
                only_lane_id=shared.lane_id,
                not_applicable=lambda _: LEFT if shared.is_left else "",
            )

        return Mapped(shared.lane_id, finish(subscription_id, decide, asked=asked))


def bill_apart(
    *,
    subscription_id: int,
    connection_id: int,
    effective_on: object = None,
    today: date,
    asked: Asked,
) -> Recorded:
    """From that day on the line shows what the others have; this one is Not Mapped.

    Raises InvalidInput, NotFound, NotAllowed, Conflicting; then nothing is stored.
    """
    day = read_effective_day(effective_on, today=today)
    if day > today + timedelta(days=1):
        raise InvalidInput.one(
            "effective_on", "must be tomorrow at the latest: a change of it until then goes nowhere"
        )
    connection = get_connection(asked.context, connection_id)
    with transaction.atomic():
        leaving, mapping = hold_leaving(subscription_id, connection_id, context=asked.context)

        def decide(view: SubscriptionView) -> Change | list[FieldError]:
            before: Mapping[str, Any] = {"quantity": view.quantity, "contract": leaving.contract}
            return Change(
                kind=OperationKind.END,
                event=Event.END_SUBSCRIPTION_ON_CONTRACT,
                before=before,
                after={"quantity": 0, "others": [one.id for one in leaving.others]},
                effective_on=day,
                fields={},
                summary=f"{view.name} is billed on {leaving.contract} together with others until "
                f"{in_words(day)}",
                only_lane_id=leaving.lane_id,
            )

        recorded = finish(subscription_id, decide, asked=asked)
        leave_line(
            leaving,
            mapping,
            connection,
            context=asked.context,
            now=asked.now,
            correlation_id=asked.correlation_id,
        )
    return recorded
