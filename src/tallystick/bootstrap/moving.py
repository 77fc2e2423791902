"""Look at a move to another reseller before it is recorded: what each line would get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db import transaction

from tallystick.bootstrap.glance import quick_billing_of
from tallystick.bootstrap.look_before import BillingOf
from tallystick.bootstrap.preview import look_ahead
from tallystick.bootstrap.preview_words import in_sentences, nothing_sent
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked
from tallystick.operations.move_to_reseller import Moved, move_to_reseller
from tallystick.subscriptions.queries import get_subscriptions

# Each is read in Autotask: of more, the rest is only named.
LOOKED_AT = 20
NOT_LOOKED_AT = "Its line goes to 0 as the others' do."


@dataclass(frozen=True, slots=True)
class Leaving:
    """A subscription by name, and what becomes of its line."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class AheadOfMove:
    customer: str
    left: str
    to: str
    on: date
    lines: Sequence[Leaving]


def look_at_move(
    customer_id: int,
    reseller_id: int | None,
    *,
    effective_on: object,
    today: date,
    asked: Asked,
    billing: BillingOf = quick_billing_of,
) -> AheadOfMove:
    """Stores nothing. Raises whatever recording it would raise."""

    def move(by: Asked) -> Moved:
        return move_to_reseller(
            customer_id=customer_id,
            reseller_id=reseller_id,
            effective_on=effective_on,
            today=today,
            asked=by,
        )

    with transaction.atomic():
        moved = move(replace(asked, wake=_nobody))
        views = get_subscriptions(asked.context, list(moved.recorded))
        transaction.set_rollback(True)
    lines = []
    for at, view in enumerate(views):
        if at >= LOOKED_AT:
            lines.append(Leaving(view.name, NOT_LOOKED_AT))
            continue

        def record(by: Asked, subscription_id: int = view.id) -> Recorded:
            return move(by).recorded[subscription_id]

        ahead = look_ahead(record, view.id, asked=asked, billing=billing)
        said = [f"{one.where}: {one.lead}" for one in in_sentences(ahead)]
        lines.append(Leaving(view.name, " ".join(said) or nothing_sent(ahead)))
    return AheadOfMove(moved.customer, moved.left, moved.to, moved.on, lines)


def _nobody(lane_ids: Sequence[int]) -> None:
    """Nothing will be there to be sent."""
