"""Two states of a subscription become what lies between them. Pure.

Put over the first one after another, what is answered makes the second: nothing is left out, and
nothing is said twice. What stops a subscription comes last and what starts it first, because
nothing else can be changed while it is suspended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tallystick.sources.intake.event import EventType, State
from tallystick.subscriptions.status import SubscriptionStatus


@dataclass(frozen=True, slots=True)
class Difference:
    """What happened, and what it is since; only what this type speaks of is said."""

    type: EventType
    after: State


def differences(before: State, after: State) -> list[Difference]:
    """None says nothing, so it differs from nothing. ``starts_on`` never changes."""
    after = replace(after, starts_on=before.starts_on)
    return list(_differences(before, after.over(before)))


def _differences(before: State, after: State) -> Iterator[Difference]:
    if after.offer != before.offer:
        # Quantity and price belong to another line: they are said with it, not by themselves.
        yield Difference(EventType.TRANSITIONED, after)
        return
    moved = after.status is not before.status
    ends = after.status not in {SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED, None}
    if moved and after.status is SubscriptionStatus.ACTIVE:
        yield Difference(EventType.STATUS_CHANGED, State(status=after.status))
    yield from _while_it_lives(before, after)
    if moved and (ends or after.status is SubscriptionStatus.SUSPENDED):
        yield Difference(EventType.STATUS_CHANGED, State(status=after.status))


def _while_it_lives(before: State, after: State) -> Iterator[Difference]:
    said = State()
    if after.term_ends_on != before.term_ends_on:
        # The next term brings its own quantity and price, from its first day on.
        said = replace(
            _prices(before, after),
            quantity=after.quantity if after.quantity != before.quantity else None,
            term_ends_on=after.term_ends_on,
        )
        yield Difference(EventType.RENEWED, said)
    if after.quantity != before.quantity and said.quantity is None:
        yield Difference(EventType.QUANTITY_CHANGED, State(quantity=after.quantity))
    if said.currency is None and (prices := _prices(before, after)) != State():
        yield Difference(EventType.PRICE_CHANGED, prices)
    if after.end_of_term is not before.end_of_term:
        yield Difference(EventType.RENEWAL_CHANGED, State(end_of_term=after.end_of_term))
    if after.name != before.name:
        yield Difference(EventType.RENAMED, State(name=after.name))


def _prices(before: State, after: State) -> State:
    """Both amounts and their currency when one of them moves; else nothing."""

    def money(state: State) -> State:
        return State(
            unit_price=state.unit_price, unit_cost=state.unit_cost, currency=state.currency
        )

    return State() if money(before) == money(after) else money(after)
