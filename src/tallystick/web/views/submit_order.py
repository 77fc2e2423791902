"""The form that records a purchase: a customer has a new subscription."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.catalog.queries import list_offers
from tallystick.connections.queries import list_connections
from tallystick.identity.roles import Right
from tallystick.kit.days import parse_day
from tallystick.kit.money import parse_amount
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput
from tallystick.operations.purchase import Order, purchase
from tallystick.subscriptions.queries import list_customers
from tallystick.web import ahead, forms
from tallystick.web.forms import Field
from tallystick.web.sync_to import SyncTo, confirm, look, where_in
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence, terms

SHOWN_AT_ONCE = 200
_LABELS = {
    "customer_id": "Customer",
    "offer_id": "Offer",
    "provider_id": "Subscription id at Microsoft",
    "quantity": "Quantity",
    "starts_on": "Starts on",
    "unit_price": "Unit price",
    "price_currency": "Currency of the price",
    "unit_cost": "Unit cost",
    "cost_currency": "Currency of the cost",
    "sync_to": "Sync to Connection",
    "place": "Contract",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What a select shows; ``more``: there are others, a search finds them."""

    items: Sequence[tuple[str, str]]
    more: bool


@screen("GET", "POST")
def submit_order(visit: Visit) -> HttpResponse:
    """Record that something was bought. The order at Microsoft is made there."""
    visit.context.require(Right.OPERATE)
    posted = visit.request.POST
    values = {name: posted.get(name, now)[:300].strip() for name, now in _fresh(visit).items()}
    token = forms.token_of(posted)
    if visit.request.method != "POST":
        return _form(visit, values, token)
    if ahead.only_looks(visit):
        panel = look(visit, _to_be_synced(visit, values["sync_to"]), values, _order)
        if visit.wants_part:
            return visit.render("web/operations/_sync_to.html", sync=panel)
        return _form(visit, values, token, panel=panel)
    try:
        subscription_id, done = purchase(
            _order(values), asked=visit.asked(forms.source_id(token, *values.values()))
        )
    except InvalidInput as problem:
        return _form(visit, values, token, problem.errors)
    except Conflicting as problem:
        return _form(visit, values, token, [FieldError("provider_id", f": {problem}")])
    connection_id = _to_be_synced(visit, values["sync_to"])
    if connection_id and "confirm" in posted and where_in(values["place"]):
        return confirm(visit, connection_id, subscription_id, values["place"])
    if done.sequence == 1:
        what = (
            "Choose now where it is billed."
            if connection_id
            else "The subscription is not mapped yet, so nothing is sent to Autotask."
        )
        messages.success(visit.request, f"Recorded. {what}")
    if connection_id:
        return redirect("map", connection_id=connection_id, subscription_id=subscription_id)
    return redirect("subscription", subscription_id=subscription_id)


def _to_be_synced(visit: Visit, chosen: str) -> int | None:
    """The connection it goes on to be mapped to; None when that was skipped."""
    if not visit.context.may(Right.MAP):
        return None
    known = [one.id for one in list_connections(visit.context)]
    return next((one for one in known if str(one) == chosen), None)


def _fresh(visit: Visit) -> dict[str, str]:
    """A new form: from today, in the currencies of the first connection."""
    connection = next(iter(list_connections(visit.context)), None)
    return {
        "customer_id": visit.request.GET.get("customer", ""),
        "offer_id": "",
        "provider_id": "",
        "quantity": "1",
        "starts_on": visit.today.isoformat(),
        "unit_price": "",
        "price_currency": connection.price_currency if connection else "",
        "unit_cost": "",
        "cost_currency": connection.cost_currency if connection else "",
        "sync_to": "",
        "place": "",
        "is_trial": "",
    }


def _order(values: Mapping[str, str]) -> Order:
    """Raises InvalidInput with every field that cannot be read."""
    errors = [
        FieldError(name, "must be chosen")
        for name in ("customer_id", "offer_id")
        if not re.fullmatch("[0-9]{1,18}", values[name])
    ]
    amounts = {name: _amount(name, values[name], errors) for name in ("unit_price", "unit_cost")}
    try:
        starts_on = parse_day(values["starts_on"])
    except ValueError:
        errors.append(FieldError("starts_on", "must be a day, like 2026-05-31"))
    if errors:
        raise InvalidInput(errors)
    return Order(
        customer_id=int(values["customer_id"]),
        offer_id=int(values["offer_id"]),
        provider_id=values["provider_id"],
        quantity=values["quantity"],
        starts_on=starts_on,
        unit_price=amounts["unit_price"],
        unit_cost=amounts["unit_cost"],
        price_currency=values["price_currency"] if amounts["unit_price"] is not None else "",
        cost_currency=values["cost_currency"] if amounts["unit_cost"] is not None else "",
        is_trial=values["is_trial"] == "yes",
    )


def _amount(name: str, text: str, errors: list[FieldError]) -> Decimal | None:
    if not text:
        return None
    try:
        return parse_amount(text)
    except ValueError as error:
        errors.append(FieldError(name, str(error)))
        return None


def _form(
    visit: Visit,
    values: Mapping[str, str],
    token: str,
    errors: Sequence[FieldError] = (),
    *,
    panel: SyncTo | None = None,
) -> HttpResponse:
    wrong = next((name for name in values if name in {error.field for error in errors}), "")
    fields = {
        name: Field(
            name=name,
            label=label,
            value=values[name],
            errors=[error_sentence(label, one) for one in errors if one.field == name],
            focus=name == (wrong or "customer_id"),
        )
        for name, label in _LABELS.items()
    }
    search = visit.request.GET.get("q", "")[:100]
    return visit.render(
        "web/operations/submit_order.html",
        rail="subscriptions",
        status=400 if errors else 200,
        token=token,
        fields=fields,
        is_trial=values["is_trial"] == "yes",
        sync=panel,
        wrong=bool(errors),
        other=[error_sentence(one.field, one) for one in errors if one.field not in values],
        customers=_customers(visit, search),
        offers=_offers(visit),
        connections=[(str(one.id), one.name) for one in list_connections(visit.context)],
        search=search,
    )


def _customers(visit: Visit, search: str) -> Choices:
    page = list_customers(visit.context, search=search, cursor=None, limit=SHOWN_AT_ONCE)
    return Choices([(str(one.id), one.name) for one in page.items], bool(page.next_cursor))


def _offers(visit: Visit) -> Choices:
    page = list_offers(tenant_id=visit.context.tenant_id, limit=SHOWN_AT_ONCE)
    items = [(str(offer_id), f"{facts.name} ({terms(facts)})") for offer_id, facts in page.items]
    return Choices(sorted(items, key=lambda one: one[1]), bool(page.next_cursor))
