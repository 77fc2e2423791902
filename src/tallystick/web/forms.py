"""What the operation forms share: a token per form, kept values, errors beside their fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.kit.days import parse_day
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.queries import get_operation
from tallystick.ledger.record import Recorded
from tallystick.mappings.rows import Row, subscription_row
from tallystick.operations.worth_knowing import over_later_prices
from tallystick.subscriptions.rules import ACCEPT
from tallystick.web.visit import Visit
from tallystick.web.words import error_sentence

_TOKEN = re.compile(r"[0-9a-f]{32}\Z", re.ASCII)
LABELS = {
    "quantity": "Quantity",
    "unit_price": "Unit price",
    "unit_cost": "Unit cost",
    "currency": "Currency",
    "effective_on": "Effective day",
    "months": "Held months",
    "price_from": "When it begins",
    "ends_on": "Last day of the new term",
    "end_of_term": "When the term ends",
    "friendly_name": "Friendly name",
    "purchase_order": "PO number",
    "offer_id": "The offer",
    "line": "Line in Autotask",
    "contract_id": "The contract",
    ACCEPT: "A tick below",
    "month": "Month",
    "price": "Price",
    "cost": "Cost",
    "gap_charge": "The one-off charge",
    "subscription": "It",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field as it is shown again: what was typed, and what is wrong with it."""

    name: str
    label: str
    value: str
    errors: Sequence[str] = ()
    focus: bool = False

    @property
    def is_day(self) -> bool:
        """Whether the value fits a day field; else it is shown as the text it is."""
        try:
            parse_day(self.value)
        except ValueError:
            return not self.value
        return True


def token_of(posted: Mapping[str, str]) -> str:
    """The form's own token, or a new one when it is missing or not one of ours."""
    token = posted.get("token", "")
    return token if _TOKEN.match(token) else correlation_id()


def source_id(token: str, *values: object) -> str:
    """The same form sent twice with the same values is one operation.

    Other values from the same form (somebody went back and typed another number) are another one.
    """
    said = "\x1f".join(str(value).strip() for value in values)
    return f"{token}/{sha256(said.encode()).hexdigest()}"


def fields(
    values: Mapping[str, str], problem: InvalidInput | None, *, focus: str
) -> dict[str, Field]:
    """The fields with their errors; the first wrong one has the focus, else ``focus``."""
    wrong = [error.field for error in problem.errors] if problem else []
    first = next((name for name in values if name in wrong), "")
    return {
        name: Field(
            name=name,
            label=LABELS[name],
            value=value,
            errors=[
                error_sentence(LABELS[name], error)
                for error in (problem.errors if problem else ())
                if error.field == name
            ],
            focus=name == (first or focus),
        )
        for name, value in values.items()
    }


def other_errors(values: Mapping[str, str], problem: InvalidInput | None) -> list[str]:
    """What is wrong with no field of the form, like a subscription that has ended."""
    return [
        error_sentence(LABELS.get(error.field, error.field), error)
        for error in (problem.errors if problem else ())
        if error.field not in values
    ]


def recorded(visit: Visit, row: Row, done: Recorded, *, words: str, also: int = 0) -> HttpResponse:
    """Back to the subscription, with a message that says what happens now.

    ``also``: how many more operations were recorded with it, behind it.
    """
    now = subscription_row(visit.context, row.subscription.id, now=visit.now)
    if now.subscription.last_sequence != done.sequence + also:
        messages.warning(
            visit.request,
            f"This form had been recorded before, as operation {done.sequence}, and others "
            "followed it. Nothing new was recorded.",
        )
    else:
        messages.success(visit.request, f"{words} {_what_now(row, now)}")
        if (operation := get_operation(done.operation_id)) and (
            later := over_later_prices(operation)
        ):
            messages.warning(visit.request, later)
    return redirect("subscription", subscription_id=row.subscription.id)


def _what_now(row: Row, now: Row) -> str:
    """``now``: after it was recorded."""
    if row.place is None:
        return "The subscription is not mapped, so nothing is sent to Autotask."
    if row.badge.kind is BadgeKind.OUT_OF_SYNC:
        return "It waits behind what is out of sync."
    if now.badge.to_approve:
        return "It waits for approval: Autotask is updated once somebody has approved it."
    return "Autotask is updated in the background."


def first_day(posted: Mapping[str, str], today: date) -> str:
    """The effective day as typed, today on a fresh form."""
    return posted.get("effective_on", today.isoformat())[:60]
