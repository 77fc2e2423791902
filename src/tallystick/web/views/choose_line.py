"""Choose the line that bills a changed offer, where none was clear."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.choose_line import choose_and_sync
from tallystick.connections.queries import get_connection
from tallystick.directory.queries import age
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.mappings.places import places_for
from tallystick.mappings.rows import mapping_row
from tallystick.mappings.want_line import wanted_since
from tallystick.web.line_choices import line_choices, read_line
from tallystick.web.visit import Visit, screen


@screen("GET", "POST")
def choose_line(visit: Visit, connection_id: int, subscription_id: int) -> HttpResponse:
    """What is chosen is sent as if Sync had been pressed."""
    visit.context.require(Right.MAP)
    connection = get_connection(visit.context, connection_id)
    row = mapping_row(visit.context, connection.id, subscription_id, now=visit.now)
    since = wanted_since(row.subscription.id, connection.id)
    if since is None:
        raise NotFound("No line is to be chosen for this subscription.")
    view, wrong = row.subscription, ""
    places = places_for(visit.context, connection.id, [view], today=since)[view.id]
    if visit.request.method == "POST":
        try:
            chosen = read_line(visit.request.POST.get("line", "")[:60])
            if chosen is None:
                raise InvalidInput.one("line", "must be chosen")
            choose_and_sync(
                view.id,
                connection.id,
                contract_id=chosen.contract_id,
                line_id=chosen.line_id,
                asked=visit.asked(),
            )
        except InvalidInput as problem:
            wrong = f"The line {problem.errors[0].message}."
        except Conflicting as problem:
            wrong = str(problem)
        else:
            messages.success(visit.request, "Chosen. Autotask is updated in the background.")
            return redirect("subscription", subscription_id=view.id)
    return visit.render(
        "web/subscription_mapping/choose_line.html",
        rail="connectors",
        status=409 if wrong else 200,
        connection=connection,
        row=row,
        since=since,
        missing=places.missing,
        lines=line_choices(places),
        age=age(connection.id),
        refused=wrong,
    )
