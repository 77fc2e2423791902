"""Drift: what differs between our lines and Autotask, compare now, decide on many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.desk import desk
from tallystick.connections.queries import ConnectionView, list_connections
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.mappings.drift_rows import AGREED, OPEN, count_drifts, list_drifts
from tallystick.operations.decide_drift import Decision, How, decide_many, read_how
from tallystick.sync.look_now import look_now
from tallystick.web.addresses import Address, choices
from tallystick.web.posted import id_of, ids_of
from tallystick.web.visit import Visit, screen
from tallystick.web.words import counted, error_sentence

FILTERS = ("q", "connection", "customer", "state")
LABELS = {
    "reason": "The reason",
    "until": "Until when",
    "effective_on": "From when",
    "how": "What to do",
    "drifts": "What is chosen",
}
SAID = 5


@screen("GET")
def drift(visit: Visit) -> HttpResponse:
    """Search, filter by connection, keyset pages; what was agreed on a page of its own."""
    return _page(visit)


@screen("POST")
def look(visit: Visit) -> HttpResponse:
    """Compare now: what is chosen, a connection or all of them. In the background."""
    visit.context.require(Right.SYNC)
    posted = visit.request.POST
    only, customer = id_of(posted.get("connection", "")), id_of(posted.get("customer", ""))
    here = [one for one in list_connections(visit.context) if only in (None, one.id)]
    lines, refused = 0, []
    for connection in here:
        try:
            lines += look_now(
                connection.id,
                customer_id=customer,
                context=visit.context,
                now=visit.now,
                start=desk().look,
                correlation_id=visit.correlation_id,
            )
        except Conflicting as problem:
            refused.append(f"{connection.name}: {problem}")
    if lines:
        messages.success(
            visit.request,
            f"{counted(lines, 'line')} {'is' if lines == 1 else 'are'} compared with Autotask in "
            "the background. Load the page again in a minute. Nothing is sent.",
        )
    for sentence in refused[:SAID] if not lines else ():
        messages.info(visit.request, sentence)
    return redirect("drift")


@screen("POST")
def decide_chosen(visit: Visit) -> HttpResponse:
    """One reason for all that is chosen; what could not be decided on so is said."""
    visit.context.require(Right.RESOLVE)
    posted = visit.request.POST
    try:
        chosen = ids_of(posted.getlist("drift"))
        decision = Decision(
            how=read_how(posted.get("how", "")),
            reason=posted.get("reason", ""),
            until=posted.get("until", ""),
        )
        if not chosen:
            raise InvalidInput.one("drifts", "is nothing: choose what the decision is for")
        done = decide_many(chosen, decision, today=visit.today, asked=visit.asked())
    except InvalidInput as problem:
        errors = [error_sentence(LABELS.get(one.field, one.field), one) for one in problem.errors]
        return _page(visit, errors)
    if done.decided:
        messages.success(
            visit.request,
            f"Decided on {counted(len(done.decided), 'difference')}: {decision.how.label}.",
        )
    for one in done.refused[:SAID]:
        messages.warning(visit.request, one.because)
    if len(done.refused) > SAID:
        messages.warning(visit.request, f"{len(done.refused) - SAID} more were left as they are.")
    return redirect("drift")


def _page(visit: Visit, errors: Sequence[str] = ()) -> HttpResponse:
    address = Address.read(visit.request.GET, FILTERS)
    state = AGREED if address.value("state") == AGREED else OPEN
    connections = list_connections(visit.context)
    page = list_drifts(
        visit.context,
        now=visit.now,
        connection_id=id_of(address.value("connection")),
        customer_id=id_of(address.value("customer")),
        state=state,
        search=address.value("q"),
        cursor=address.cursor or None,
    )
    posted = visit.request.POST
    part = "_results" if visit.wants_part else "page"
    return visit.render(
        f"web/drift/{part}.html",
        rail="drift",
        status=400 if errors else 200,
        errors=errors,
        drifts=page.items,
        open=count_drifts(visit.context, now=visit.now),
        silent=state == AGREED,
        address=address,
        states=choices(address, "state", [(AGREED, "Agreed")], every="To decide"),
        chips=choices(address, "connection", [(str(one.id), one.name) for one in connections]),
        connections=connections,
        compared=_compared(connections),
        ways=[one for one in How if visit.context.may(one.right)],
        chosen=posted.getlist("drift"),
        how=posted.get("how", ""),
        reason=posted.get("reason", ""),
        until=posted.get("until", ""),
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


def _compared(connections: Sequence[ConnectionView]) -> datetime | None:
    """When all lines of all connections were compared; None: some never were."""
    moments = [one.last_swept_at for one in connections]
    known = [moment for moment in moments if moment is not None]
    return min(known) if known and len(known) == len(moments) else None
