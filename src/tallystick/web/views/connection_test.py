"""Test connection: every check by itself, with what to do."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse

from tallystick.bootstrap.checking import check_connection
from tallystick.connections.checks import Check
from tallystick.connections.queries import get_connection
from tallystick.identity.roles import Right
from tallystick.web.visit import Visit, screen


@screen("GET", "POST")
def connection_test(visit: Visit, connection_id: int) -> HttpResponse:
    """A POST reads Autotask, about ten calls; nothing is changed there or here."""
    visit.context.require(Right.CONNECT)
    connection = get_connection(visit.context, connection_id)
    checks: Sequence[Check] = ()
    if visit.request.method == "POST":
        checks = check_connection(
            connection.id,
            context=visit.context,
            now=visit.now,
            correlation_id=visit.correlation_id,
        )
    return visit.render(
        "web/connectors/test.html",
        rail="connectors",
        connection=connection,
        checks=checks,
        wrong=[check for check in checks if not check.ok],
    )
