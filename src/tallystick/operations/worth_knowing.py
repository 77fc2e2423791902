"""What a person should know of an operation that is recorded all the same: said by every look at
it, and when it is recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.price_steps import SETS_PRICE, steps_after
from tallystick.ledger.queries import OperationView, price_steps
from tallystick.operations.commitments import commitment_of
from tallystick.operations.later_prices import taken_over, to_come
from tallystick.subscriptions.queries import SubscriptionView, views_by_id


def worth_knowing(operation: OperationView, *, now: datetime) -> tuple[str, ...]:
    """Sentences; empty when there is nothing. The operation is recorded, perhaps in a transaction
    that is undone."""
    said = (over_later_prices(operation), _why_not_fewer(operation, now=now))
    return tuple(words for words in said if words)


def over_later_prices(operation: OperationView) -> str:
    """Of prices that are recorded for later days, and what it makes of them."""
    after = operation.after
    if operation.kind not in SETS_PRICE or "unit_price" not in after:
        return ""
    known = price_steps([operation.subscription_id], before=operation.sequence)
    later = steps_after(known[operation.subscription_id], operation.effective_on)
    amounts = (_amount(after["unit_price"]), _amount(after.get("unit_cost")))
    return taken_over(later, amounts, after.get("price_currency") or "")


def prices_to_come(view: SubscriptionView, *, after: date) -> str:
    """The same of a price from that day on, before anything is typed."""
    later = steps_after(price_steps([view.id])[view.id], after)
    return to_come(later, view.unit_cost, view.price_currency)


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _why_not_fewer(operation: OperationView, *, now: datetime) -> str:
    """What Microsoft is likely to say to fewer licences, by what was recorded before it."""
    if operation.kind is not OperationKind.UPDATE_QUANTITY:
        return ""
    was, to = int(operation.before["quantity"]), int(operation.after["quantity"])
    if to >= was:
        return ""
    view = views_by_id([operation.subscription_id])[operation.subscription_id]
    held = commitment_of(replace(view, quantity=was), now=now, before=operation.sequence)
    return held.why_not_fewer(to)
