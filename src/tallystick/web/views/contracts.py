"""Contracts: which bill mapped subscriptions, which end, what follows; and a later last day."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.extend_contract import extend_contract, known_contract
from tallystick.connections.queries import get_connection
from tallystick.directory.queries import age
from tallystick.identity.roles import Right
from tallystick.kit.days import add_months, in_words, parse_day
from tallystick.kit.problem import Conflicting, InvalidInput, Unreachable
from tallystick.mappings.contracts import list_contracts
from tallystick.web.addresses import Address, choices
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence

FILTERS = ("q", "show")
ATTENTION = "attention"
YEAR = 12


@screen("GET")
def contracts(visit: Visit, connection_id: int) -> HttpResponse:
    """The one that ends first comes first; keyset pages."""
    connection = get_connection(visit.context, connection_id)
    address = Address.read(visit.request.GET, FILTERS)
    page = list_contracts(
        visit.context,
        connection.id,
        today=visit.today,
        attention=address.value("show") == ATTENTION,
        search=address.value("q"),
        cursor=address.cursor or None,
    )
    part = "_results" if visit.wants_part else "page"
    return visit.render(
        f"web/contracts/{part}.html",
        rail="connectors",
        connection=connection,
        rows=page.items,
        age=age(connection.id),
        refresh_to="contracts",
        address=address,
        chips=choices(address, "show", [(ATTENTION, "Need attention")]),
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


@screen("GET", "POST")
def extend(visit: Visit, connection_id: int, contract_id: int) -> HttpResponse:
    """A later last day; an earlier one is refused."""
    visit.context.require(Right.MAP)
    connection = get_connection(visit.context, connection_id)
    contract = known_contract(connection, contract_id)
    proposed = add_months(contract.ends_on, YEAR).isoformat() if contract.ends_on else ""
    asked = visit.request.POST.get("ends_on", proposed)[:60]
    wrong: list[str] = []
    if visit.request.method == "POST":
        try:
            done = extend_contract(
                contract.id, connection.id, until=_day(asked), asked=visit.asked()
            )
        except InvalidInput as problem:
            wrong = [error_sentence("The last day", error) for error in problem.errors]
        except (Conflicting, Unreachable) as problem:
            wrong = [str(problem)]
        else:
            messages.success(
                visit.request,
                f"{contract.name} ends on {in_words(done.after)} in Autotask: read back and equal.",
            )
            return redirect("contracts", connection_id=connection.id)
    return visit.render(
        "web/contracts/extend.html",
        rail="connectors",
        status=400 if wrong else 200,
        connection=connection,
        contract=contract,
        ends_on=asked,
        wrong=wrong,
    )


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except ValueError as error:
        raise InvalidInput.one("ends_on", str(error)) from None
