"""Delete a connection, after its consequences were read."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.connections.queries import get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting
from tallystick.mappings.delete_connection import consequences, delete_connection
from tallystick.web.visit import Visit, screen


@screen("GET", "POST")
def connector_delete(visit: Visit, connection_id: int) -> HttpResponse:
    visit.context.require(Right.CONNECT)
    connection = get_connection(visit.context, connection_id)
    refused = ""
    if visit.request.method == "POST":
        try:
            delete_connection(
                connection.id,
                context=visit.context,
                now=visit.now,
                correlation_id=visit.correlation_id,
            )
        except Conflicting as problem:
            refused = str(problem)
        else:
            messages.success(visit.request, f"{connection.name} is deleted.")
            return redirect("connectors")
    found = consequences(visit.context, connection.id)
    return visit.render(
        "web/connectors/delete.html",
        rail="connectors",
        status=409 if refused else 200,
        connection=connection,
        found=found,
        refused=refused or found.refused,
    )
