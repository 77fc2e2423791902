"""Look at a line before it is mapped, or decided on: theirs beside ours. Nothing is stored.

Looking is a call to Autotask, and is never made inside a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tallystick.bootstrap.clients import make_client
from tallystick.bootstrap.look_around import Beside, billed_beside, changed_by_others
from tallystick.connections.included import billed
from tallystick.connections.overrides import included_units
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.connections.trouble import BillingError
from tallystick.connectors.autotask.billing import AutotaskBilling
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, Unreachable
from tallystick.ledger.second_writer import UnitChange, changes_in_words, keeps_changing
from tallystick.mappings.map_subscription import Place
from tallystick.mappings.places import check_place
from tallystick.operations.finish import Asked
from tallystick.subscriptions.queries import SubscriptionView, get_subscription
from tallystick.sync.first_look import Look, Ours, look_at
from tallystick.sync.port import Billing

BillingOf = Callable[[int], Billing]


@dataclass(frozen=True, slots=True)
class Seen:
    """A line beside what we have. ``look`` None: the line is still to be created.

    ``changes``: of its units in the 90 days before, by others. ``beside``: other lines of the
    service that bill the company, and none of our subscriptions.
    """

    place: Place
    ours: Ours
    look: Look | None
    changes: Sequence[UnitChange] = ()
    beside: Sequence[Beside] = ()

    @property
    def keeps_changing(self) -> bool:
        return keeps_changing(self.changes)

    def changes_in_words(self) -> str:
        return changes_in_words(self.changes)


def billing_of(connection_id: int) -> Billing:
    """Raises Misconfigured."""
    return AutotaskBilling(make_client(connection_id))


def look_before(
    subscription_id: int,
    connection_id: int,
    *,
    contract_id: int,
    line_id: int | None,
    day: date,
    asked: Asked,
    billing: BillingOf = billing_of,
) -> Seen:
    """What mapping it there would meet. Reads Autotask, stores nothing.

    Raises NotFound, NotAllowed, Conflicting, InvalidInput, Unreachable.
    """
    asked.context.require(Right.MAP)
    connection = get_connection(asked.context, connection_id)
    view = get_subscription(asked.context, subscription_id)
    place = check_place(
        asked.context,
        connection.id,
        view.id,
        contract_id=contract_id,
        line_id=line_id,
        from_on=day,
    )
    ours = ours_of(view, connection)
    look = look_or_say(billing, connection.id, {view.id: (place, ours)}, since=day).get(view.id)
    changes = changed_by_others(connection.id, place, look)
    return Seen(place, ours, look, changes)


def look_around(
    subscription_id: int,
    connection_id: int,
    seen: Seen,
    *,
    day: date,
    asked: Asked,
    billing: BillingOf = billing_of,
) -> Seen:
    """With the other lines that may bill the same thing a second time. Reads Autotask.

    Raises NotFound; what cannot be read is told as such.
    """
    view = get_subscription(asked.context, subscription_id)
    beside = billed_beside(
        asked.context, connection_id, view, seen.place, day=day, billing=billing(connection_id)
    )
    return replace(seen, beside=beside)


def check_seen(seen: Seen, seen_units: int | None) -> None:
    """Raises Conflicting when Autotask does not show what the person was shown."""
    shown = seen.look.units if seen.look else 0
    if seen_units is not None and shown != seen_units:
        raise Conflicting(
            f"Autotask shows {shown} units now, not {seen_units}. Nothing was changed. Look again."
        )


def ours_of(view: SubscriptionView, connection: ConnectionView) -> Ours:
    """As ``ours_of_many`` says it of one."""
    return ours_of_many([view], connection)[view.id]


def ours_of_many(
    views: Sequence[SubscriptionView], connection: ConnectionView
) -> Mapping[int, Ours]:
    """By subscription: what is billed of each quantity, included units left out. One query."""
    found = included_units([view.id for view in views])
    return {
        view.id: _ours(view, connection, found.get((connection.id, view.id), 0)) for view in views
    }


def _ours(view: SubscriptionView, connection: ConnectionView, included: int) -> Ours:
    """A price or cost in another currency than the connection's is not compared with its own."""
    same_price = view.price_currency == connection.price_currency
    same_cost = view.cost_currency == connection.cost_currency
    return Ours(
        units=billed(view.quantity, included),
        unit_price=view.unit_price if same_price else None,
        unit_cost=view.unit_cost if same_cost else None,
        quantity=view.quantity,
        included=included,
    )


def look_or_say(
    billing: BillingOf,
    connection_id: int,
    wanted: Mapping[int, tuple[Place, Ours]],
    *,
    since: date,
) -> Mapping[int, Look]:
    try:
        return look_at(billing(connection_id), wanted, since=since) if wanted else {}
    except BillingError as error:
        raise Unreachable(f"{error} Nothing was mapped, and nothing was sent.") from error
