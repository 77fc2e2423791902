"""What a row of the file means for what is recorded: one act, or none, and what is left out. Pure.

An operation says how many, or that it ended. Whatever else differs (a price, a name, a renewal)
has no operation yet: it is left out and said, never passed over in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from tallystick.kit.problem import FieldError
from tallystick.sources.csv_cells import OfferKey, Row
from tallystick.subscriptions.rules import Holding, check_cancellation, check_quantity_change
from tallystick.subscriptions.status import LIVE, SubscriptionStatus


class Act(StrEnum):
    ADD = "add"
    CHANGE_QUANTITY = "change_quantity"
    CANCEL = "cancel"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Known:
    """A subscription that is recorded already."""

    id: int
    provider_id: str
    customer_id: str
    customer: str
    offer_key: OfferKey
    offer: str
    name: str
    holding: Holding
    price_currency: str
    cost_currency: str
    trial: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """``left_out``: what the file says and this version cannot record."""

    act: Act
    left_out: tuple[FieldError, ...] = ()
    effective_on: date | None = None


Decided = Decision | list[FieldError]


def decide(row: Row, known: Known | None, *, today: date, effective_on: date | None) -> Decided:
    """What to do, or what is wrong. Without ``effective_on``: today, or the start when later."""
    if known is None:
        return _of_a_new_one(row)
    if known.provider_id != row.subscription_id:
        return [FieldError("subscription_id", f"is recorded here as “{known.provider_id}”")]
    if known.customer_id != row.customer_id:
        words = f"this subscription belongs to “{known.customer}” ({known.customer_id}) here"
        return [FieldError("customer_id", words)]
    holding = known.holding
    if holding.status not in LIVE:
        return _of_an_ended_one(row, holding)
    day = effective_on or max(today, holding.starts_on)
    if row.status is SubscriptionStatus.CANCELLED:
        if errors := check_cancellation(holding, day, today=today):
            return errors
        return Decision(Act.CANCEL, effective_on=day)
    if row.status not in LIVE:
        words = (
            f"the file says {row.status.value}, here it is {holding.status.value}; "
            "write cancelled to end it"
        )
        return Decision(Act.NOTHING, (FieldError("status", words),))
    if known.offer_key != row.offer_key:
        # Its units would be billed as another service's: the row's quantity waits, too.
        words = f"{_offer(row.offer_key)} in the file, {_offer(known.offer_key)} here"
        left = [FieldError("offer_id", words)]
        if row.quantity != holding.quantity:
            left.append(_differs("quantity", row.quantity, holding.quantity))
        return Decision(Act.NOTHING, (*left, *_differences(row, known)))
    left_out = _differences(row, known)
    if row.quantity == holding.quantity:
        return Decision(Act.NOTHING, left_out)
    if holding.status is not SubscriptionStatus.ACTIVE:
        waits = _differs("quantity", row.quantity, holding.quantity)
        return Decision(Act.NOTHING, (waits, *left_out))
    if errors := check_quantity_change(holding, row.quantity, day, today=today):
        return errors
    return Decision(Act.CHANGE_QUANTITY, left_out, day)


def _of_a_new_one(row: Row) -> Decision:
    if row.status in LIVE:
        return Decision(Act.ADD)
    words = f"it is {row.status.value} in the file and was never recorded here: nothing to bill"
    return Decision(Act.NOTHING, (FieldError("status", words),))


def _of_an_ended_one(row: Row, holding: Holding) -> Decided:
    if row.status in LIVE:
        words = (
            f"the file says {row.status.value}, but it is {holding.status.value} here, "
            "and what has ended is not begun again by an import"
        )
        return [FieldError("status", words)]
    if row.status is holding.status:
        return Decision(Act.NOTHING)
    return Decision(Act.NOTHING, (_differs("status", row.status, holding.status),))


def _differences(row: Row, known: Known) -> tuple[FieldError, ...]:
    """What differs and has no operation. An empty cell says nothing, so nothing differs."""
    holding = known.holding
    pairs: list[tuple[str, object, object]] = [
        ("customer", row.customer, known.customer),
        ("offer", row.offer, known.offer),
        ("subscription", row.subscription or known.name, known.name),
        ("status", row.status, holding.status),
        ("starts_on", row.starts_on, holding.starts_on),
        ("ends_on", row.ends_on or holding.commitment_ends_on, holding.commitment_ends_on),
    ]
    if row.trial is not None:
        pairs.append(("trial", _yes_or_no(row.trial), _yes_or_no(known.trial)))
    if row.unit_price is not None:
        ours = _money(holding.unit_price, known.price_currency)
        pairs.append(("unit_price", _money(row.unit_price, row.currency), ours))
    if row.unit_cost is not None:
        ours = _money(holding.unit_cost, known.cost_currency)
        pairs.append(("unit_cost", _money(row.unit_cost, row.currency), ours))
    return tuple(_differs(field, said, ours) for field, said, ours in pairs if said != ours)


def _differs(field: str, said: object, ours: object) -> FieldError:
    return FieldError(field, f"{said} in the file, {ours} here")


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _money(amount: Decimal | None, currency: str) -> str:
    return "none" if amount is None else f"{amount:.4f} {currency}"


def _offer(key: OfferKey) -> str:
    words = (key.segment.value, key.term.value, key.billing_cycle.value)
    return f"{key.product_id}:{key.sku_id} ({', '.join(words)})"
