"""What the small forms of a change ask for. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tallystick.catalog.terms import OfferKind
from tallystick.connections.policies import PriceDay
from tallystick.operations.acts import Act
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import ACCEPT
from tallystick.subscriptions.status import EndOfTerm
from tallystick.web.forms import Field
from tallystick.web.words import plain_amount

LONGEST = 300
_KINDS = {
    "effective_on": "day",
    "ends_on": "day",
    "quantity": "number",
    "unit_price": "money",
    "unit_cost": "money",
}
# What a form of several leaves out: the tick is in its panel, held months are each one's own.
ONE_ONLY = frozenset({ACCEPT, "months"})
_WIDE = ("months", "friendly_name", "end_of_term", "price_from")
_CHOICES = {
    "end_of_term": [(one.value, one.label) for one in EndOfTerm],
    "price_from": [(one.value, one.label) for one in PriceDay],
}


@dataclass(frozen=True, slots=True)
class Input:
    """One field as the form shows it."""

    field: Field
    kind: str
    hint: str
    optional: bool
    narrow: bool
    choices: Sequence[tuple[str, str]] = ()


def asked_of(act: Act, view: SubscriptionView) -> list[str]:
    """The fields of the form: a currency is asked for once, months of an Azure plan alone, and the
    tick is in the panel."""
    left_out = {ACCEPT}
    if view.price_currency:
        left_out.add("currency")
    if view.offer.kind is not OfferKind.AZURE_PLAN:
        left_out.add("months")
    return [name for name in act.fields if name not in left_out]


def as_it_is(act: Act, view: SubscriptionView, *, today: date) -> dict[str, str]:
    """A fresh form: what the subscription is now, from today."""
    now = {
        "effective_on": today.isoformat(),
        "quantity": str(view.quantity),
        "unit_price": plain_amount(view.unit_price),
        "end_of_term": view.end_of_term.value,
        "friendly_name": view.friendly_name,
        "purchase_order": view.purchase_order,
    }
    return {name: now.get(name, "") for name in asked_of(act, view)}


def for_several(act: Act, *, today: date) -> dict[str, str]:
    """A fresh form for several: what is left empty stays as each of them has it."""
    now = {"effective_on": today.isoformat(), "end_of_term": EndOfTerm.RENEW.value}
    return {name: now.get(name, "") for name in act.fields if name not in ONE_ONLY}


def inputs(
    act: Act, fields: Mapping[str, Field], *, hints: Mapping[str, str] | None = None
) -> list[Input]:
    """``hints``: what is said of this subscription's fields instead of what is said of all."""
    said = hints or {}
    return [
        Input(
            field=field,
            kind=_KINDS.get(name, ""),
            hint=said.get(name) or _HINTS.get((act, name)) or _HINT[name],
            optional=name not in act.needs and name != "effective_on",
            narrow=name not in _WIDE,
            choices=_CHOICES.get(name, ()),
        )
        for name, field in fields.items()
    ]


def looks_at_once(act: Act) -> bool:
    """Whether a fresh form says something whole already."""
    return act in {Act.SUSPEND, Act.REACTIVATE, Act.RENEW, Act.DELETED, Act.CANCEL}


_HINT = {
    "effective_on": "The day on which it happened.",
    "quantity": "The whole new number, not the difference.",
    "unit_price": "What the customer pays per unit and billing cycle, without tax, like 16.40.",
    "unit_cost": "What it costs you, per unit and billing cycle. Empty: it stays as it is.",
    "currency": "Three letters, like EUR. The first price says it; it stays.",
    "ends_on": "Its last day still belongs to it. Empty: it is as long as this term.",
    "end_of_term": "",
    "price_from": "",
    "friendly_name": "A name of your own. Empty: it is called as its offer.",
    "purchase_order": "The customer's own number for it. Empty: none.",
    "months": "No amounts are held. Those of months to come are billed as always.",
}
_HINTS = {
    (Act.SUSPEND, "effective_on"): "The day the service stopped.",
    (Act.REACTIVATE, "effective_on"): "The day the service went on.",
    (Act.DELETED, "effective_on"): "The vendor's day: from then on it is billed no more.",
    (Act.END_PROMOTION, "effective_on"): "The first day without the promotion.",
    (Act.CONVERT_TRIAL, "effective_on"): "The first day that is paid for.",
    (Act.RENEW, "unit_price"): "From the new term's first day, without tax. As now: it stays.",
    (Act.RENEW, "quantity"): "Of the new term, the whole number. As now: it stays.",
}
RECORDS = {
    Act.SUSPEND: "Record the suspension",
    Act.REACTIVATE: "Record the reactivation",
    Act.RENEW: "Record the renewal",
    Act.END_PROMOTION: "Record the price",
    Act.CONVERT_TRIAL: "Record the conversion",
    Act.END_OF_TERM: "Record the choice",
    Act.RENAME: "Record the name",
    Act.PURCHASE_ORDER: "Record the number",
    Act.DELETED: "Record the deletion",
}
