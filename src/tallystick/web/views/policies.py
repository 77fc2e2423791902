"""How changes are billed: of one subscription or one customer instead of the connection's way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.audit.record import Subject
from tallystick.connections.included import billed_in_words
from tallystick.connections.override import in_words, subject_of
from tallystick.connections.overrides import AllTold, Says, told
from tallystick.connections.policies import INCLUDED_UNITS
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.operations.bill_otherwise import Told, Whose, bill_otherwise
from tallystick.subscriptions.queries import get_subscription
from tallystick.web.connection_form import errors_by_field, typed
from tallystick.web.forms import Field
from tallystick.web.told import LABELS, choosable, own_values
from tallystick.web.visit import Visit, screen


@screen("GET", "POST")
def of_subscription(visit: Visit, connection_id: int, subscription_id: int) -> HttpResponse:
    """Its policies, and how many units the contract's price contains."""
    return _policies(visit, connection_id, Whose(subscription_id=subscription_id))


@screen("GET", "POST")
def of_customer(visit: Visit, connection_id: int, customer_id: int) -> HttpResponse:
    """The policies of every subscription of the customer that says nothing else itself."""
    return _policies(visit, connection_id, Whose(customer_id=customer_id))


def _policies(visit: Visit, connection_id: int, whose: Whose) -> HttpResponse:
    visit.context.require(Right.CONNECT)
    connection = get_connection(visit.context, connection_id)
    subject = subject_of(
        visit.context, customer_id=whose.customer_id, subscription_id=whose.subscription_id
    )
    found = told(
        connection,
        customer_id=subject.customer_id or 0,
        subscription_id=subject.subscription_id,
    )
    shown = _values(found, whose)
    if visit.request.method != "POST":
        return _form(visit, connection, subject, found, shown)
    values = typed(visit.request.POST, shown)
    try:
        done = _store(visit, connection, whose, values, shown)
    except InvalidInput as problem:
        return _form(visit, connection, subject, found, values, problem.errors)
    _say(visit, done)
    if whose.subscription_id is not None:
        return redirect("subscription", subscription_id=whose.subscription_id)
    return redirect(
        "customer-mapping-one", connection_id=connection.id, ours_id=subject.customer_id or 0
    )


def _values(found: AllTold, whose: Whose) -> dict[str, str]:
    """Every field as it is stored, as text."""
    if whose.subscription_id is None:
        return own_values(found, Says.CUSTOMER)
    own = own_values(found, Says.SUBSCRIPTION)
    return {**own, INCLUDED_UNITS: str(found.included_units), "effective_on": ""}


def _store(
    visit: Visit,
    connection: ConnectionView,
    whose: Whose,
    values: Mapping[str, str],
    shown: Mapping[str, str],
) -> Told:
    """Only what is another than it was shown. Raises InvalidInput."""
    day = values.get("effective_on") or None
    return bill_otherwise(
        connection.id,
        {
            name: value or None
            for name, value in values.items()
            if name != "effective_on" and value != shown[name]
        },
        whose=whose,
        effective_on=day,
        today=visit.today,
        asked=visit.asked(),
    )


def _say(visit: Visit, done: Told) -> None:
    if not done.changed:
        messages.info(visit.request, "Nothing was changed.")
        return
    brought = " The line is brought to what is billed now." if done.recorded else ""
    messages.success(visit.request, f"Saved: {in_words(done.changed)}.{brought}")


def _form(
    visit: Visit,
    connection: ConnectionView,
    subject: Subject,
    found: AllTold,
    values: Mapping[str, str],
    errors: Sequence[FieldError] = (),
) -> HttpResponse:
    said = errors_by_field(errors, LABELS)
    level = Says.CUSTOMER if subject.subscription_id is None else Says.SUBSCRIPTION
    numbers = {
        name: Field(name, LABELS[name], values[name], said.get(name, ()))
        for name in (INCLUDED_UNITS, "effective_on")
        if name in values
    }
    return visit.render(
        "web/policies/form.html",
        rail="connectors",
        status=400 if errors else 200,
        connection=connection,
        subject=subject,
        wrong=bool(errors),
        policies=choosable(found, values, said, level),
        numbers=numbers,
        quantity=_quantity(visit, subject, found),
    )


def _quantity(visit: Visit, subject: Subject, found: AllTold) -> str:
    """``12, of which 2 are included: 10 billed``; empty of a customer."""
    if subject.subscription_id is None:
        return ""
    view = get_subscription(visit.context, subject.subscription_id)
    return billed_in_words(view.quantity, found.included_units)
