"""Try a connection out, each thing by itself, and keep in the audit log that it was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tallystick.audit.events import Event, Status
from tallystick.audit.record import Subject, record
from tallystick.bootstrap.clients import gate_of, stored_credentials, wire
from tallystick.connections.checks import Check
from tallystick.connections.queries import get_connection
from tallystick.connections.trouble import Misconfigured
from tallystick.connectors.autotask import handshake
from tallystick.connectors.autotask.wire import Wire
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.clock import Clock, DatabaseClock


def check_connection(
    connection_id: int,
    *,
    context: Context,
    now: datetime,
    correlation_id: str,
    clock: Clock | None = None,
    http: Wire | None = None,
) -> Sequence[Check]:
    """Reads Autotask; never inside a transaction. Raises NotFound, NotAllowed."""
    context.require(Right.CONNECT)
    connection = get_connection(context, connection_id)
    clock = clock or DatabaseClock()
    try:
        checks = handshake.test(
            credentials=stored_credentials(connection.id),
            gate=gate_of(connection.id, clock=clock),
            http=http or wire(),
            clock=clock,
            currencies=handshake.Currencies(
                price=connection.price_currency, cost=connection.cost_currency
            ),
        )
    except Misconfigured as error:
        title = "Stored credentials"
        todo = "Enter them again on the connection's settings."
        checks = [Check("stored", title, False, str(error), todo)]
    wrong = [check for check in checks if not check.ok]
    record(
        Event.TEST_CONNECTION,
        actor=context.actor,
        now=now,
        subject=Subject(
            tenant_id=connection.tenant_id,
            reseller_id=connection.reseller_id,
            connection_id=connection.id,
            connection_name=connection.name,
        ),
        correlation_id=correlation_id,
        status=Status.FAILED if wrong else Status.SUCCEEDED,
        summary=f"{wrong[0].title}: {wrong[0].words}"[:1000] if wrong else "Everything works",
        details={check.name: check.words for check in wrong},
    )
    return checks
