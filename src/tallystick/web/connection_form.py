"""What the forms of a connection share: fields by name, policies with what follows from each.

A form sends back what it showed beside what was typed, so that what was learnt meanwhile is not set
back by a form that was open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tallystick.connections.edit import Changes
from tallystick.connections.policies import POLICIES
from tallystick.connections.queries import ConnectionView
from tallystick.kit.problem import FieldError
from tallystick.kit.secrets import Secret
from tallystick.web.forms import Field
from tallystick.web.words import error_sentence

# Beside each field stands, hidden, what the form showed when it was opened.
SHOWN = "shown-"
NUMBERS = {"budget_share": r"[0-9]{1,3}(\.[0-9]{1,2})?", "quiet_seconds": r"[0-9]{1,6}"}
CURRENCIES = ("price_currency", "cost_currency")
CREDENTIALS = ("user_name", "secret", "code")
NEVER_SHOWN = ("secret", "code")
LABELS = {
    "name": "Name",
    "price_currency": "Price currency",
    "cost_currency": "Cost currency",
    "time_zone": "Time zone",
    "user_name": "API user name",
    "secret": "Secret",
    "code": "Integration code",
    "budget_share": "Share of the calls (percent)",
    "quiet_seconds": "Quiet time (seconds)",
    "same_day": "What Autotask does with a second change on one day",
    "same_day_policy": "When Autotask has a change on that day already",
    "back_dated": "When a change is dated before one that is already in Autotask",
    "cancel_rule": "When a subscription is cancelled",
    "increase_day": "When a quantity grows",
    "decrease_day": "When a quantity shrinks",
    "posted_quantity": "When a quantity changes in a period that is approved and posted",
    "price_day": "When a price margin changes",
    "suspend_nce": "When an NCE licence is suspended",
    "suspend_other": "When any other subscription is suspended",
    "charge_code": "Billing code of charges",
    "azure_amounts": "When the Azure amounts of a month are final",
    "mode": "When something was recorded",
    "invoice_name": "When a friendly name is set",
}
HINTS = {
    "name": "How the connection is called on every page.",
    "price_currency": "Three letters, like EUR: the currency your customers are billed in.",
    "cost_currency": "Autotask's internal currency. It may be another one.",
    "time_zone": "Of your Autotask instance's internal location, like Europe/Berlin: it says which "
    "day it is.",
    "user_name": "Looks like an e-mail address. The zone is found from it.",
    "secret": "Stored encrypted and never shown again.",
    "code": "The tracking identifier of 27 letters and digits.",
    "quiet_seconds": "A change waits so long before it is sent, so that a correction goes out with "
    "it. 0 sends at once.",
    "budget_share": "Our part of the calls that Autotask allows in an hour, 5 to 90. The rest is "
    "left to your other integrations.",
    "same_day": "This is found out by itself. Set it when you know it, or when Tallystick asks.",
    "same_day_policy": "Counts where Autotask refuses a second change.",
    "back_dated": "The order of what was billed is never changed.",
    "cancel_rule": "Counts for every cancellation that was not sent yet.",
    "increase_day": "Counts for every change that was not sent yet.",
    "decrease_day": "Counts for every change that was not sent yet.",
    "posted_quantity": "A price is never changed in such a period: it begins with the next one.",
    "price_day": "The form of a yearly contract asks every time.",
    "suspend_nce": "Microsoft goes on billing a suspended NCE licence.",
    "suspend_other": "An Azure plan is billed by its monthly amounts alone.",
    "azure_amounts": "Of an Azure plan: usage, reservations and savings plans together.",
    "mode": "Counts for what is recorded from now on. What waits for approval already goes on "
    "waiting for it.",
    "invoice_name": "Counts for names that are set from now on.",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One way a policy can be: its words, and what follows from it."""

    value: str
    words: str
    consequence: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as its radio buttons show it."""

    name: str
    label: str
    hint: str
    choices: Sequence[Choice]
    errors: Sequence[str]


def stored(connection: ConnectionView, share: Decimal) -> dict[str, str]:
    """Every field as it is stored, as text. Secret and code are not among them."""
    return {
        "name": connection.name,
        "price_currency": connection.price_currency,
        "cost_currency": connection.cost_currency,
        "time_zone": connection.time_zone,
        "user_name": connection.user_name,
        "budget_share": f"{(share * 100).normalize():f}",
        "quiet_seconds": str(connection.quiet_seconds),
        "charge_code": "" if connection.charge_code is None else str(connection.charge_code),
        **{policy: getattr(connection, policy).value for policy in POLICIES},
    }


def typed(posted: Mapping[str, str], shown: Mapping[str, str]) -> dict[str, str]:
    """What was typed into the fields of ``shown``; what was not sent is as it was shown."""
    return {name: posted.get(name, now)[:300].strip() for name, now in shown.items()}


def opened(posted: Mapping[str, str], shown: Mapping[str, str]) -> dict[str, str]:
    """What the form had shown when it was opened."""
    return {name: posted.get(SHOWN + name, now)[:300] for name, now in shown.items()}


def changes_of(
    values: Mapping[str, str], opened: Mapping[str, str], credentials: Mapping[str, str]
) -> Changes:
    """What the person changed: what was learnt since the form was opened is not set back."""
    given: dict[str, Any] = {
        name: _stored_as(name, value) for name, value in values.items() if value != opened[name]
    }
    for name, value in credentials.items():
        if value:
            given[name] = value if name == "user_name" else Secret(value)
    return Changes(**given)


def _stored_as(name: str, value: str) -> Decimal | int | str:
    """What is no number becomes one that is refused with the field's own words."""
    if name in CURRENCIES:
        return value.upper()
    if name == "charge_code":
        return int(value) if re.fullmatch(r"[0-9]{1,18}", value, re.ASCII) else -1
    if name not in NUMBERS:
        return value
    fits = re.fullmatch(NUMBERS[name], value, re.ASCII)
    if name == "budget_share":
        return Decimal(value) / 100 if fits else Decimal("NaN")
    return int(value) if fits else -1


def errors_by_field(
    errors: Sequence[FieldError], labels: Mapping[str, str] = LABELS
) -> dict[str, list[str]]:
    """Each as a sentence, beside the field it is about."""
    said: dict[str, list[str]] = {}
    for error in errors:
        said.setdefault(error.field, []).append(error_sentence(labels[error.field], error))
    return said


def field_of(
    name: str,
    value: str,
    said: Mapping[str, Sequence[str]],
    *,
    labels: Mapping[str, str] = LABELS,
    focus: str = "",
) -> Field:
    """The first wrong field has the focus, else ``focus``. A secret never comes with its value."""
    first = next(iter(said), focus)
    shown = "" if name in NEVER_SHOWN else value
    return Field(name, labels[name], shown, said.get(name, ()), focus=name == first)


def policy_of(name: str, value: str, said: Mapping[str, Sequence[str]]) -> Policy:
    return Policy(
        name=name,
        label=LABELS[name],
        hint=HINTS[name],
        choices=[
            Choice(one.value, f"{one.label}.", one.consequence, one.value == value)
            for one in POLICIES[name]
        ],
        errors=said.get(name, ()),
    )
