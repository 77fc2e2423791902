"""The CSP's resellers: made, renamed; and a customer's move from one to another."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.moving import AheadOfMove, look_at_move
from tallystick.identity.resellers import (
    get_reseller,
    list_resellers,
    make_reseller,
    rename_reseller,
)
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.operations.move_to_reseller import move_to_reseller
from tallystick.subscriptions.queries import get_customer, list_customers
from tallystick.web import forms
from tallystick.web.ahead import LOOK
from tallystick.web.line_choices import is_number
from tallystick.web.visit import Visit, screen

CSP = "csp"
SHOWN_AT_ONCE = 200


@screen("GET", "POST")
def resellers(visit: Visit) -> HttpResponse:
    """The list, and the form that makes one."""
    rows = list_resellers(visit.context)
    name, wrong = visit.request.POST.get("name", "")[:300], ""
    if visit.request.method == "POST":
        wrong = _named(visit, name)
        if not wrong:
            messages.success(visit.request, f"{name.strip()} is a reseller now.")
            return redirect("resellers")
    return visit.render(
        "web/resellers/page.html",
        rail="resellers",
        status=400 if wrong else 200,
        resellers=rows,
        name=name,
        wrong=wrong,
    )


@screen("GET", "POST")
def reseller(visit: Visit, reseller_id: int) -> HttpResponse:
    """Its name."""
    visit.context.require(Right.ADMINISTER)
    one = get_reseller(visit.context, reseller_id)
    name, wrong = visit.request.POST.get("name", one.name)[:300], ""
    if visit.request.method == "POST":
        wrong = _named(visit, name, reseller_id)
        if not wrong:
            messages.success(visit.request, f"It is called {name.strip()} now.")
            return redirect("resellers")
    return visit.render(
        "web/resellers/rename.html",
        rail="resellers",
        status=400 if wrong else 200,
        reseller=one,
        name=name,
        wrong=wrong,
    )


def _named(visit: Visit, name: str, reseller_id: int | None = None) -> str:
    """Make or rename it; why not, or nothing."""
    try:
        if reseller_id is None:
            make_reseller(name, **visit.asking())
        else:
            rename_reseller(reseller_id, name, **visit.asking())
    except InvalidInput as problem:
        return f"The name {problem.errors[0].message}."
    except Conflicting as problem:
        return str(problem)
    return ""


@screen("GET", "POST")
def move(visit: Visit) -> HttpResponse:
    """Choose customer and reseller, look at each line, confirm."""
    visit.context.require(Right.ADMINISTER)
    asked = visit.request.POST if visit.request.method == "POST" else visit.request.GET
    values = {
        "customer": asked.get("customer", "")[:20],
        "to": asked.get("to", "")[:20],
        "effective_on": asked.get("effective_on", visit.today.isoformat())[:60],
    }
    wrong, ahead = "", None
    if is_number(values["customer"]) and (values["to"] == CSP or is_number(values["to"])):
        customer = get_customer(visit.context, int(values["customer"]))
        to = None if values["to"] == CSP else int(values["to"])
        day = values["effective_on"]
        try:
            if visit.request.method == "POST" and LOOK not in asked:
                moved = move_to_reseller(
                    customer_id=customer.id,
                    reseller_id=to,
                    effective_on=day,
                    today=visit.today,
                    asked=visit.asked(forms.source_id(forms.token_of(asked), *values.values())),
                )
                messages.success(
                    visit.request,
                    f"{moved.customer} belongs to {moved.to}. Its lines go to 0 in the background.",
                )
                return redirect("resellers")
            ahead = look_at_move(
                customer.id, to, effective_on=day, today=visit.today, asked=visit.asked()
            )
        except InvalidInput as problem:
            error = problem.errors[0]
            label = {"reseller_id": "The reseller", "effective_on": "The day"}
            wrong = f"{label.get(error.field, error.field)} {error.message}."
        except Conflicting as problem:
            wrong = str(problem)
    elif visit.request.method == "POST":
        wrong = "Choose a customer and who it moves to."
    return _form(visit, values, wrong, ahead, token=forms.token_of(asked))


def _form(
    visit: Visit, values: dict[str, str], wrong: str, ahead: AheadOfMove | None, *, token: str
) -> HttpResponse:
    search = visit.request.GET.get("q", "")[:100]
    page = list_customers(visit.context, search=search, limit=SHOWN_AT_ONCE)
    return visit.render(
        "web/resellers/move.html",
        rail="resellers",
        status=400 if wrong else 200,
        values=values,
        wrong=wrong,
        ahead=ahead,
        token=token,
        customers=[(str(one.id), one.name) for one in page.items],
        more=bool(page.next_cursor),
        search=search,
        resellers=[(CSP, "No reseller: you sell to it yourself")]
        + [(str(one.id), one.name) for one in list_resellers(visit.context)],
    )
