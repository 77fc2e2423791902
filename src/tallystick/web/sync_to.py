"""*Sync to Connection* of an order: its company, service and contract, and what will be sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.mapping import FirstSync, map_line
from tallystick.bootstrap.order_ahead import OrderAhead, Where, look_at_order
from tallystick.bootstrap.preview_words import in_sentences, nothing_sent
from tallystick.kit.days import in_words
from tallystick.kit.problem import InvalidInput, Problem
from tallystick.mappings.places import ContractOption
from tallystick.mappings.rows import subscription_row
from tallystick.operations.purchase import Order
from tallystick.web.ahead import Panel
from tallystick.web.visit import Visit

OWN = "own"
LONGEST_ID = 18  # digits


@dataclass(frozen=True, slots=True)
class Choice:
    """One contract and line as a radio button; ``value`` is ``contract:line``."""

    value: str
    label: str
    chosen: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class SyncTo:
    """Nothing of it is there before the order can be read."""

    panel: Panel
    company: str = ""
    service: str = ""
    missing: str = ""
    choices: Sequence[Choice] = ()


def look(
    visit: Visit,
    connection_id: int | None,
    values: Mapping[str, str],
    order: Callable[[Mapping[str, str]], Order],
) -> SyncTo | None:
    """None without a connection. What is not right yet is said quietly: somebody is typing."""
    if connection_id is None:
        return None
    try:
        found = look_at_order(
            order(values),
            connection_id,
            where_in(values["place"]),
            today=visit.today,
            asked=visit.asked(),
        )
    except InvalidInput:
        return SyncTo(Panel(wrong=["Fill in the order: then it is said where it is billed."]))
    except Problem as problem:
        return SyncTo(Panel(wrong=[str(problem)]))
    said = in_sentences(found.ahead) if found.ahead else ()
    nothing = nothing_sent(found.ahead) if found.ahead else ""
    places = found.places
    return SyncTo(
        panel=Panel(said=said, nothing=nothing),
        company=places.company_name,
        service=places.service_name,
        missing=places.missing,
        choices=[one for option in places.options for one in _choices(option, found)],
    )


def confirm(visit: Visit, connection_id: int, subscription_id: int, place: str) -> HttpResponse:
    """The order is recorded; where it cannot be mapped as it was looked at, it is chosen again."""
    where = where_in(place)
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    if row.place is not None:  # the form was sent twice
        return redirect("subscription", subscription_id=subscription_id)
    try:
        if where is not None:
            map_line(
                subscription_id,
                connection_id,
                contract_id=where.contract_id,
                line_id=where.line_id,
                first_sync=FirstSync.BRING,
                effective_on=max(visit.today, row.subscription.starts_on),
                today=visit.today,
                asked=visit.asked(),
            )
    except Problem as problem:
        messages.warning(visit.request, f"Recorded, and not mapped yet: {problem}")
        return redirect("map", connection_id=connection_id, subscription_id=subscription_id)
    messages.success(visit.request, "Recorded and mapped. Autotask is updated in the background.")
    return redirect("subscription", subscription_id=subscription_id)


def where_in(text: str) -> Where | None:
    """Of ``contract:line`` or ``contract:own``."""
    contract, _, line = text.partition(":")
    if not _is_number(contract) or not (line == OWN or _is_number(line)):
        return None
    return Where(int(contract), None if line == OWN else int(line))


def _choices(option: ContractOption, found: OrderAhead) -> list[Choice]:
    contract = option.contract
    ends = f"until {in_words(contract.ends_on)}" if contract.ends_on else "without an end"
    if option.wrong:
        return [Choice("", f"{contract.name}, {ends}", False, f"{option.wrong}.")]
    lines = [(line.line_id, "the line that is there") for line in option.lines if not line.taken]
    return [
        Choice(
            f"{contract.id}:{OWN if line_id is None else line_id}",
            f"{contract.name}, {ends}: {words}",
            found.where == Where(contract.id, line_id),
        )
        for line_id, words in (*lines, (None, "a line of its own"))
    ]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_ID
