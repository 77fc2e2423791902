"""Try a connection out, each thing by itself, and keep in the audit log that it was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tallystick.audit.events import Event, Status
from tallystick.audit.record import Subject, record
from tallystick.bootstrap.clients import gate_of, stored_credentials, wire
from tallystick.connections.checks import Check
from tallystick.connections.instance import check_instance, note_zone
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.connections.trouble import BillingError, Misconfigured
from tallystick.connectors.autotask import handshake
from tallystick.connectors.autotask.wire import Wire
from tallystick.connectors.autotask.zone import discover, zone_book
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.clock import Clock, DatabaseClock, monotonic

# Without these nothing is known of the instance.
LET_IN = ("reachable", "zone", "code", "secret")


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
    try:
        checks = _try_out(connection, clock=clock or DatabaseClock(), http=http or wire())
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


def _try_out(connection: ConnectionView, *, clock: Clock, http: Wire) -> list[Check]:
    """Raises Misconfigured when the stored credentials cannot be opened."""
    credentials = stored_credentials(connection.id)
    checks = handshake.test(
        credentials=credentials,
        gate=gate_of(connection.id, clock=clock),
        http=http,
        clock=clock,
        currencies=handshake.Currencies(
            price=connection.price_currency, cost=connection.cost_currency
        ),
    )
    if not all(check.ok for check in checks if check.name in LET_IN):
        return checks
    try:
        # Asked a moment ago, so it is remembered.
        zone = zone_book(http).of(credentials.user_name, wire=http, deadline=_soon(http))
    except BillingError:
        return checks  # what was found out stays true
    note_zone(connection.id, zone=zone.base, web=zone.web)
    return [*checks, check_instance(connection)]


@dataclass(frozen=True, slots=True)
class FoundZone:
    """What Autotask says of an API user's name, before anything else is known."""

    ok: bool
    words: str


def find_zone(user_name: str, *, context: Context, http: Wire | None = None) -> FoundZone:
    """Sends the name and nothing secret. Raises NotAllowed."""
    context.require(Right.CONNECT)
    http = http or wire()
    try:
        zone = discover(user_name=user_name, wire=http, deadline=_soon(http))
    except BillingError as failure:
        return FoundZone(False, str(failure))
    return FoundZone(True, zone.name or zone.base)


def _soon(http: Wire) -> float:
    return monotonic() + http.settings.read_timeout
