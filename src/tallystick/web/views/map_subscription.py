"""Map a subscription: choose its line, look at it, decide on the difference."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.look_before import Seen, look_around, look_before
from tallystick.bootstrap.mapping import FirstSync, map_line
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.directory.queries import age
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound, Problem
from tallystick.ledger.badge import BadgeKind
from tallystick.mappings.exclude import exclude
from tallystick.mappings.kinds import Ours
from tallystick.mappings.map_subscription import unmap_subscription
from tallystick.mappings.places import Places, places_for
from tallystick.mappings.rows import Row, subscription_row
from tallystick.mappings.show import exclusion_of
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence

OWN = "own"
LONGEST_NUMBER = 18
_LABELS = {
    "contract_id": "The contract",
    "contract_service_id": "The line",
    "effective_on": "The day",
    "first_sync": "The choice",
    "reason": "Reason",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """``line_id`` None: a line of its own."""

    contract_id: int
    line_id: int | None


@screen("GET", "POST")
def map_subscription(visit: Visit, connection_id: int, subscription_id: int) -> HttpResponse:
    """Nothing is sent by mapping alone; what is done about a difference is chosen here."""
    visit.context.require(Right.MAP)
    connection = get_connection(visit.context, connection_id)
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    if row.place is not None:
        if row.place.connection_id != connection.id:
            raise NotFound("There is no such subscription here.")
        if row.badge.kind is BadgeKind.LEFT and row.badge.pending == 0:
            return redirect(
                "first-sync", connection_id=connection.id, subscription_id=row.subscription.id
            )
        return redirect("unmap", connection_id=connection.id, subscription_id=row.subscription.id)
    if visit.request.method != "POST":
        return _page(visit, connection, row)
    try:
        if visit.request.POST.get("act") == "exclude":
            return _exclude(visit, connection, row)
        return _map(visit, connection, row)
    except InvalidInput as problem:
        said = [
            error_sentence(_LABELS.get(error.field, error.field), error) for error in problem.errors
        ]
        return _page(visit, connection, row, said)
    except Conflicting as problem:
        return _page(visit, connection, row, [str(problem)])


@screen("GET", "POST")
def unmap(visit: Visit, connection_id: int, subscription_id: int) -> HttpResponse:
    """What unmapping means, before it is done."""
    visit.context.require(Right.MAP)
    connection = get_connection(visit.context, connection_id)
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    if row.place is None or row.place.connection_id != connection.id:
        raise NotFound("The subscription is not mapped to this connection.")
    refused = ""
    if visit.request.method == "POST":
        try:
            unmap_subscription(
                row.subscription.id,
                connection.id,
                context=visit.context,
                now=visit.now,
                correlation_id=visit.correlation_id,
            )
        except Conflicting as problem:
            refused = str(problem)
        else:
            messages.success(
                visit.request,
                f"{row.subscription.name} of {row.subscription.customer.name} is not mapped any "
                "more. Autotask goes on billing its line as it is.",
            )
            return redirect("subscription-mapping", connection_id=connection.id)
    return visit.render(
        "web/subscription_mapping/unmap.html",
        rail="connectors",
        status=409 if refused else 200,
        connection=connection,
        row=row,
        view=row.subscription,
        refused=refused,
    )


def _map(visit: Visit, connection: ConnectionView, row: Row) -> HttpResponse:
    posted = visit.request.POST
    chosen = _chosen(posted.get("contract", ""), posted.get("line", ""))
    if chosen is None:
        raise InvalidInput.one("contract_id", "is to be chosen")
    try:
        first_sync = FirstSync(posted.get("first_sync", ""))
    except ValueError:
        raise InvalidInput.one(
            "first_sync", "is to be made: what counts when they differ"
        ) from None
    seen = posted.get("seen_units", "")
    map_line(
        row.subscription.id,
        connection.id,
        contract_id=chosen.contract_id,
        line_id=chosen.line_id,
        first_sync=first_sync,
        effective_on=_day_of(posted.get("effective_on", ""), first_sync),
        today=visit.today,
        asked=visit.asked(),
        seen_units=int(seen) if _is_number(seen) else None,
    )
    what = {
        FirstSync.ADOPT: "Mapped. What Autotask shows is expected from now on; nothing was sent.",
        FirstSync.BRING: "Mapped. Autotask is brought to ours in the background.",
        FirstSync.LEAVE: "Mapped. Nothing is compared or sent before its day.",
        FirstSync.NONE: "Mapped. Nothing is sent before its next change.",
    }
    messages.success(visit.request, what[first_sync])
    return redirect("subscription-mapping", connection_id=connection.id)


def _day_of(text: str, first_sync: FirstSync) -> str | None:
    return text[:60] if first_sync in {FirstSync.BRING, FirstSync.LEAVE} else None


def _exclude(visit: Visit, connection: ConnectionView, row: Row) -> HttpResponse:
    exclude(
        Ours.SUBSCRIPTION,
        row.subscription.id,
        connection.id,
        reason=visit.request.POST.get("reason", ""),
        context=visit.context,
        now=visit.now,
        correlation_id=visit.correlation_id,
    )
    messages.success(visit.request, f"{row.subscription.name} is left out.")
    return redirect("subscription-mapping", connection_id=connection.id)


def _page(
    visit: Visit, connection: ConnectionView, row: Row, said: list[str] | None = None
) -> HttpResponse:
    view = row.subscription
    # What begins later is brought there from its own first day.
    from_on = max(visit.today, view.starts_on)
    places = places_for(visit.context, connection.id, [view], today=from_on)[view.id]
    asked = visit.request.POST if visit.request.method == "POST" else visit.request.GET
    contract, _, line = asked.get("place", "").partition(":")
    chosen = _chosen(asked.get("contract", contract), asked.get("line", line)) or _proposed(places)
    seen: Seen | None = None
    wrong = list(said or ())
    if chosen is not None and not places.missing:
        try:
            seen = look_before(
                view.id,
                connection.id,
                contract_id=chosen.contract_id,
                line_id=chosen.line_id,
                day=from_on,
                asked=visit.asked(),
            )
            seen = look_around(view.id, connection.id, seen, day=from_on, asked=visit.asked())
        except InvalidInput as problem:
            wrong += [error_sentence(_LABELS.get(e.field, e.field), e) for e in problem.errors]
        except Problem as problem:
            wrong.append(str(problem))
    return visit.render(
        "web/subscription_mapping/map.html",
        rail="connectors",
        status=400 if said else 200,
        connection=connection,
        row=row,
        view=view,
        places=places,
        chosen=chosen,
        seen=seen,
        wrong=wrong,
        age=age(connection.id),
        refresh_to="subscription-mapping",
        excluded_because=exclusion_of(Ours.SUBSCRIPTION, view.id, connection.id),
        from_on=from_on,
    )


def _proposed(places: Places) -> Chosen | None:
    proposal = places.proposal
    return None if proposal is None else Chosen(proposal.contract_id, proposal.line_id)


def _chosen(contract: str, line: str) -> Chosen | None:
    if not _is_number(contract) or not (line == OWN or _is_number(line)):
        return None
    return Chosen(int(contract), None if line == OWN else int(line))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
