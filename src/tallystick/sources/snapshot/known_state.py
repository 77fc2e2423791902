"""What a subscription was before a list: as its source said; else as it is recorded here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tallystick.identity.context import Context
from tallystick.sources.intake.event import State, offer_key
from tallystick.sources.intake.read_event import read_state
from tallystick.sources.models import Source, Subject
from tallystick.subscriptions.queries import SubscriptionView, view_of, visible


def states_before(ids: Sequence[str], source: Source, context: Context) -> dict[str, State]:
    """What each was: as the source said; where it said nothing, as it is recorded here."""
    views = {row.provider_id: view_of(row) for row in visible(context).filter(provider_id__in=ids)}
    told = {
        row.subject: read_state(row.state)
        for row in Subject.objects.filter(source=source, subject__in=views)
    }
    return {name: _before(told.get(name, State()), view) for name, view in views.items()}


def _before(told: State, view: SubscriptionView) -> State:
    """What happens when its term ends was perhaps told before that was kept: where nobody has said
    it here, it is told once more."""
    before = told.over(_state_of(view))
    return before if view.end_is_said else replace(before, end_of_term=None)


def _state_of(view: SubscriptionView) -> State:
    return State(
        quantity=view.quantity or None,
        status=view.status,
        unit_price=view.unit_price,
        unit_cost=view.unit_cost,
        currency=view.price_currency or view.cost_currency or None,
        term_ends_on=view.commitment_ends_on,
        end_of_term=view.end_of_term,
        name=view.friendly_name or None,
        starts_on=view.starts_on,
        offer=offer_key(view.offer),
    )
