"""Continue on another contract: choose it and the day, look at each line, confirm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.continuing import Preview, continue_many, preview_many
from tallystick.bootstrap.extend_contract import known_contract
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.directory.port import Contract
from tallystick.directory.queries import contracts_of
from tallystick.identity.roles import Right
from tallystick.kit.days import in_words, parse_day
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound, Problem
from tallystick.mappings.contracts import billed_by
from tallystick.mappings.next_place import following_of, take_back
from tallystick.mappings.rows import mapping_row
from tallystick.web.visit import Visit, screen
from tallystick.web.words import counted

AT_ONCE = 200
LONGEST_NUMBER = 18
SAID = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """``to`` None: not chosen yet."""

    to: Contract | None
    from_on: date


@screen("GET", "POST")
def continue_on(visit: Visit, connection_id: int, contract_id: int) -> HttpResponse:
    """Nothing is sent before the chosen day, and nothing by choosing."""
    visit.context.require(Right.MAP)
    connection = get_connection(visit.context, connection_id)
    left = known_contract(connection, contract_id)
    others = [
        one
        for one in contracts_of(connection.id, {left.company_id}).get(left.company_id, ())
        if one.id != left.id
    ]
    ids = billed_by(visit.context, connection.id, left.id, limit=AT_ONCE)
    only = _number(visit.request.GET.get("only", ""))
    if only is not None:
        ids = [one for one in ids if one == only]
    wrong: list[str] = []
    try:
        choice = _choice(visit, others)
    except InvalidInput as problem:
        wrong = [f"The day {error.message}." for error in problem.errors]
        choice = Choice(None, visit.today)
    if visit.request.method == "POST" and choice.to is not None:
        chosen = {_number(one) for one in visit.request.POST.getlist("subscription")}
        return _confirm(
            visit, connection, choice.to, choice.from_on, [i for i in ids if i in chosen]
        )
    previews: Sequence[Preview] = ()
    if choice.to is not None and ids:
        try:
            previews = preview_many(
                ids,
                connection.id,
                contract_id=choice.to.id,
                from_on=choice.from_on,
                asked=visit.asked(),
            )
        except Problem as problem:
            wrong.append(str(problem))
    return visit.render(
        "web/contracts/continue.html",
        rail="connectors",
        status=400 if wrong and visit.request.method == "POST" else 200,
        connection=connection,
        left=left,
        left_bills_on=left.ends_on is None or left.ends_on >= choice.from_on,
        others=others,
        choice=choice,
        previews=previews,
        number=len(ids),
        only=only,
        wrong=wrong,
    )


def _confirm(
    visit: Visit, connection: ConnectionView, to: Contract, from_on: date, ids: list[int]
) -> HttpResponse:
    done = continue_many(
        ids,
        connection.id,
        contract_id=to.id,
        from_on=from_on,
        today=visit.today,
        asked=visit.asked(),
    )
    if done.planned:
        messages.success(
            visit.request,
            f"{counted(done.planned, 'subscription')} continue on {to.name} from "
            f"{in_words(from_on)}. Nothing is sent before.",
        )
    else:
        messages.info(visit.request, "Nothing was chosen that could continue there.")
    for sentence in done.refused[:SAID]:
        messages.warning(visit.request, sentence)
    return redirect("contracts", connection_id=connection.id)


@screen("GET", "POST")
def stay(visit: Visit, connection_id: int, subscription_id: int) -> HttpResponse:
    """Take it back before its day."""
    visit.context.require(Right.MAP)
    connection = get_connection(visit.context, connection_id)
    row = mapping_row(visit.context, connection.id, subscription_id, now=visit.now)
    following = following_of([row.subscription.id]).get(row.subscription.id)
    if following is None:
        raise NotFound("It is not to continue on another contract.")
    refused = ""
    if visit.request.method == "POST":
        try:
            take_back(
                row.subscription.id,
                connection.id,
                context=visit.context,
                now=visit.now,
                correlation_id=visit.correlation_id,
            )
        except Conflicting as problem:
            refused = str(problem)
        else:
            messages.success(visit.request, "It stays on its contract. Nothing was sent.")
            return redirect("subscription-mapping", connection_id=connection.id)
    return visit.render(
        "web/contracts/stay.html",
        rail="connectors",
        status=409 if refused else 200,
        connection=connection,
        row=row,
        view=row.subscription,
        following=following,
        refused=refused,
    )


def _choice(visit: Visit, others: Sequence[Contract]) -> Choice:
    """Raises InvalidInput."""
    asked = visit.request.POST if visit.request.method == "POST" else visit.request.GET
    wanted = _number(asked.get("to", ""))
    to = next((one for one in others if one.id == wanted), None)
    text = asked.get("from_on", "")[:60]
    if text:
        try:
            return Choice(to, parse_day(text))
        except ValueError as error:
            raise InvalidInput.one("from_on", str(error)) from None
    first = to.starts_on if to is not None else None
    return Choice(to, max(visit.today, first or visit.today))


def _number(text: str) -> int | None:
    fits = text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
    return int(text) if fits else None
