"""Map a subscription: choose its line, look at it, decide on the difference."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

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
from tallystick.mappings.places import Places, places_for
from tallystick.mappings.rows import Row, subscription_row
from tallystick.mappings.show import exclusion_of
from tallystick.mappings.with_whom import with_whom
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
        return _together(visit, connection, row) or _page(visit, connection, row)
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
    from_on = _from_on(visit, row)
    places = _places(visit, connection, row)
    chosen = _asked_for(visit) or _proposed(places)
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


def _together(visit: Visit, connection: ConnectionView, row: Row) -> HttpResponse | None:
    """On to the page that says what sharing a line means, where a line to be shared was chosen."""
    chosen = _asked_for(visit)
    if chosen is None or chosen.line_id is None:
        return None
    lines = [one for option in _places(visit, connection, row).options for one in option.lines]
    joins = next((one.joins for one in lines if one.line_id == chosen.line_id), None)
    if joins is None:
        return None
    return redirect(
        "bill-together",
        connection_id=connection.id,
        subscription_id=row.subscription.id,
        with_id=joins.id,
    )


def _from_on(visit: Visit, row: Row) -> date:
    """What begins later is brought there from its own first day."""
    return max(visit.today, row.subscription.starts_on)


def _places(visit: Visit, connection: ConnectionView, row: Row) -> Places:
    view, day = row.subscription, _from_on(visit, row)
    found = places_for(visit.context, connection.id, [view], today=day)[view.id]
    return with_whom(visit.context, connection.id, view, found)


def _asked_for(visit: Visit) -> Chosen | None:
    asked = visit.request.POST if visit.request.method == "POST" else visit.request.GET
    contract, _, line = asked.get("place", "").partition(":")
    return _chosen(asked.get("contract", contract), asked.get("line", line))


def _proposed(places: Places) -> Chosen | None:
    proposal = places.proposal
    return None if proposal is None else Chosen(proposal.contract_id, proposal.line_id)


def _chosen(contract: str, line: str) -> Chosen | None:
    if not _is_number(contract) or not (line == OWN or _is_number(line)):
        return None
    return Chosen(int(contract), None if line == OWN else int(line))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
