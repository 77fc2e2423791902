"""An order looked at before it is recorded: where it would be billed, and what would be sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from django.db import transaction

from tallystick.bootstrap.glance import quick_billing_of, read_places
from tallystick.bootstrap.look_before import BillingOf
from tallystick.bootstrap.mapping import FirstSync, store_line
from tallystick.bootstrap.preview import Ahead, Rehearsed, ahead_of, load_waiting
from tallystick.ledger.queries import operations_of
from tallystick.mappings.places import Places, places_for
from tallystick.operations.finish import Asked
from tallystick.operations.purchase import Order, purchase
from tallystick.subscriptions.queries import get_subscription


@dataclass(frozen=True, slots=True)
class Where:
    """``line_id`` None: a line of its own."""

    contract_id: int
    line_id: int | None


@dataclass(frozen=True, slots=True)
class OrderAhead:
    """``where``: what was chosen, else what is proposed; ``ahead`` None: there is none yet."""

    places: Places
    where: Where | None
    ahead: Ahead | None


def look_at_order(
    order: Order,
    connection_id: int,
    where: Where | None,
    *,
    today: date,
    asked: Asked,
    billing: BillingOf = quick_billing_of,
) -> OrderAhead:
    """Stores nothing. Raises whatever recording and mapping it would raise."""
    silent = replace(asked, wake=lambda _: None)
    found: Rehearsed | None = None
    with transaction.atomic():
        subscription_id, _ = purchase(order, asked=silent)
        view = get_subscription(asked.context, subscription_id)
        day = max(today, view.starts_on)
        places = places_for(asked.context, connection_id, [view], today=day)[view.id]
        chosen = where or _proposed(places)
        if chosen is not None and not places.missing:
            store_line(
                view.id,
                connection_id,
                contract_id=chosen.contract_id,
                line_id=chosen.line_id,
                first_sync=FirstSync.BRING,
                day=day,
                look=None,
                today=today,
                asked=silent,
            )
            operation = operations_of(subscription_id=view.id, limit=1)[0]
            waiting = [
                load_waiting(one, asked, operation.effective_on) for one in operation.deliveries
            ]
            found = Rehearsed(operation, waiting, elsewhere=False)
        transaction.set_rollback(True)
    if found is None or chosen is None:
        return OrderAhead(places, chosen, None)
    seen = read_places(found.places(), asked, billing)
    return OrderAhead(places, chosen, ahead_of(found, seen, billing))


def _proposed(places: Places) -> Where | None:
    proposal = places.proposal
    return None if proposal is None else Where(proposal.contract_id, proposal.line_id)
