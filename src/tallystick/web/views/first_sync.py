"""Decide now on a subscription that was mapped and left as it is."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.first_sync import decide_first_sync, look_at_left
from tallystick.bootstrap.look_before import Seen
from tallystick.bootstrap.mapping import FirstSync
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, InvalidInput, Problem
from tallystick.mappings.rows import Row, mapping_row
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence

_LABELS = {"first_sync": "The choice", "effective_on": "The day"}
_DONE = {
    FirstSync.ADOPT: "What Autotask shows is expected from now on; nothing was sent.",
    FirstSync.BRING: "Autotask is brought to ours in the background.",
}


@screen("GET", "POST")
def first_sync(visit: Visit, connection_id: int, subscription_id: int) -> HttpResponse:
    """Theirs beside ours; which of them counts is chosen here."""
    visit.context.require(Right.MAP)
    connection = get_connection(visit.context, connection_id)
    row = mapping_row(visit.context, connection.id, subscription_id, now=visit.now)
    if visit.request.method != "POST":
        return _page(visit, connection, row)
    posted = visit.request.POST
    chosen = next((one for one in _DONE if one.value == posted.get("first_sync")), None)
    seen = posted.get("seen_units", "")
    try:
        if chosen is None:
            raise InvalidInput.one("first_sync", "is to be made: which of the two counts")
        decide_first_sync(
            row.subscription.id,
            connection.id,
            first_sync=chosen,
            effective_on=posted.get("effective_on", "")[:60],
            today=visit.today,
            asked=visit.asked(),
            seen_units=int(seen[:9]) if seen.isascii() and seen.isdigit() else None,
        )
    except InvalidInput as problem:
        said = [error_sentence(_LABELS.get(e.field, e.field), e) for e in problem.errors]
        return _page(visit, connection, row, said)
    except Conflicting as problem:
        return _page(visit, connection, row, [str(problem)])
    messages.success(visit.request, _DONE[chosen])
    return redirect("subscription-mapping", connection_id=connection.id)


def _page(
    visit: Visit, connection: ConnectionView, row: Row, said: list[str] | None = None
) -> HttpResponse:
    wrong = list(said or ())
    seen: Seen | None = None
    try:
        seen = look_at_left(
            row.subscription.id, connection.id, day=visit.today, asked=visit.asked()
        )
    except Problem as problem:
        wrong.append(str(problem))
    return visit.render(
        "web/subscription_mapping/first_sync.html",
        rail="connectors",
        status=400 if said else 200,
        connection=connection,
        row=row,
        view=row.subscription,
        seen=seen,
        wrong=wrong,
        from_on=max(visit.today, row.subscription.starts_on),
    )
