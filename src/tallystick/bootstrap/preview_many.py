"""Several operations looked at together, and what waits for approval: nothing is stored.

Each line is read once, all lines of a connection together. The operations of one subscription are
recorded one after another, so that each is looked at behind those before it, and undone; then the
next subscription's row is locked. So nobody who records waits for more than one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from tallystick.bootstrap.glance import quick_billing_of, read_lines, read_places
from tallystick.bootstrap.look_before import BillingOf
from tallystick.bootstrap.preview import Ahead, Rehearsed, ahead_of, load_waiting, recorded_here
from tallystick.kit.problem import InvalidInput, Problem
from tallystick.ledger.queries import OperationView
from tallystick.operations.at_once import Ask
from tallystick.operations.finish import Asked

MOST_AT_ONCE = 200


def look_at_many(
    asks: Sequence[Ask], *, asked: Asked, billing: BillingOf = quick_billing_of
) -> list[Ahead | Problem]:
    """In the order of ``asks``: what it would do, or what is wrong with it.

    Raises InvalidInput when they are too many.
    """
    if len(asks) > MOST_AT_ONCE:
        raise InvalidInput.one("operations", f"are more than {MOST_AT_ONCE}: look at a part")
    seen = read_lines({ask.subscription_id for ask in asks}, asked, billing)
    found = _rehearse(asks, asked)
    done = [one for one in found if isinstance(one, Rehearsed)]
    if new := {place for one in done for place in one.places()} - seen.keys():
        # Lines that some move to are known only now; they are read as the others were, outside.
        seen |= read_places(new, asked, billing)
        found = _rehearse(asks, asked)
    return [one if isinstance(one, Problem) else ahead_of(one, seen, billing) for one in found]


def _rehearse(asks: Sequence[Ask], asked: Asked) -> list[Rehearsed | Problem]:
    """In the order of ``asks``."""
    groups: dict[int, list[int]] = {}
    for place, ask in enumerate(asks):
        groups.setdefault(ask.subscription_id, []).append(place)
    found: dict[int, Rehearsed | Problem] = {}
    for places in groups.values():
        with transaction.atomic():
            for place in places:
                try:
                    with transaction.atomic():
                        found[place] = recorded_here(asks[place].record, asked)
                except Problem as problem:
                    found[place] = problem
            transaction.set_rollback(True)
    return [found[place] for place in range(len(asks))]


def look_at_waiting(
    operations: Sequence[OperationView],
    connection_id: int,
    *,
    asked: Asked,
    billing: BillingOf = quick_billing_of,
) -> list[Ahead]:
    """Of operations that wait on this connection, of this context."""
    seen = read_lines({one.subscription_id for one in operations}, asked, billing)
    return [
        ahead_of(
            Rehearsed(
                operation,
                [
                    load_waiting(delivery, asked, operation.effective_on)
                    for delivery in operation.deliveries
                    if delivery.connection_id == connection_id
                ],
                elsewhere=False,
            ),
            seen,
            billing,
        )
        for operation in operations
    ]
