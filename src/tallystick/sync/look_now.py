"""A person asks that every line of a connection is looked at now, not when the day is over."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tallystick.audit.events import Event, Status
from tallystick.audit.record import Subject, record
from tallystick.connections.queries import get_connection
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting
from tallystick.sync.jobs import ask_for_sweep


def look_now(connection_id: int, *, context: Context, now: datetime, correlation_id: str) -> None:
    """In the background, by a worker; asked twice before it begins: once. Nothing is sent.

    Raises NotFound, NotAllowed, Conflicting (the connection is paused).
    """
    context.require(Right.SYNC)
    connection = get_connection(context, connection_id)
    if connection.is_paused(now):
        raise Conflicting(
            f"{connection.name} is paused: nothing is read from Autotask. Nothing was changed. "
            "Resume it first."
        )
    with transaction.atomic():
        record(
            Event.REQUEST_SWEEP,
            actor=context.actor,
            now=now,
            subject=Subject(
                tenant_id=connection.tenant_id,
                reseller_id=connection.reseller_id,
                connection_id=connection.id,
                connection_name=connection.name,
            ),
            correlation_id=correlation_id,
            status=Status.PROCESSING,
            summary="every line is looked at",
        )
        ask_for_sweep(connection.id)
