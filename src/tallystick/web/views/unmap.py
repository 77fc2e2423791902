"""Unmap a subscription."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.connections.queries import get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, NotFound
from tallystick.mappings.map_subscription import unmap_subscription
from tallystick.mappings.rows import subscription_row
from tallystick.web.visit import Visit, screen


@screen("GET", "POST")
def unmap(visit: Visit, connection_id: int, subscription_id: int) -> HttpResponse:
    """What unmapping means, before it is done."""
    visit.context.require(Right.MAP)
    connection = get_connection(visit.context, connection_id)
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    if row.place is None or row.place.connection_id != connection.id:
        raise NotFound("The subscription is not mapped to this connection.")
    if row.together:
        return redirect(
            "bill-apart", connection_id=connection.id, subscription_id=row.subscription.id
        )
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
