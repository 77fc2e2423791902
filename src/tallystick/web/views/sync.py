"""Sync: say what will be sent, then ask for it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.desk import desk
from tallystick.connections.queries import get_connection
from tallystick.identity.roles import Right
from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.queries import unsettled_of
from tallystick.mappings.rows import mapping_row
from tallystick.sync.request import request_sync
from tallystick.web.visit import Visit, screen


@screen("GET", "POST")
def sync(visit: Visit, connection_id: int, subscription_id: int) -> HttpResponse:
    """GET lists what waits, oldest first; POST asks and leads to the run."""
    visit.context.require(Right.SYNC)
    connection = get_connection(visit.context, connection_id)
    row = mapping_row(visit.context, connection.id, subscription_id, now=visit.now)
    if visit.request.method == "POST":
        run = request_sync(
            connection.id,
            subscription_id,
            context=visit.context,
            now=visit.now,
            wake=desk().wake,
            correlation_id=visit.correlation_id,
        )
        return redirect("run", run_id=run.id)
    waiting = unsettled_of(row.lane.id) if row.lane is not None else []
    return visit.render(
        "web/sync/confirm.html",
        rail="connectors",
        connection=connection,
        paused=connection.is_paused(visit.now),
        row=row,
        waiting=waiting,
        held=row.badge.kind is BadgeKind.WAITING_FOR_APPROVAL,
    )
