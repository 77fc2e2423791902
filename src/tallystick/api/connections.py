"""Connections: create, look at, change, pause, resume."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import CONNECT, READ, Caller, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_connections import (
    ConnectionChangesIn,
    ConnectionIn,
    ConnectionMadeOut,
    ConnectionOut,
    PauseIn,
    TestedOut,
)
from tallystick.api.schemas_health import ConnectionHealthOut
from tallystick.api.schemas_kit import PageOut, Paging, checked
from tallystick.bootstrap.checking import check_connection
from tallystick.bootstrap.connection_health import connection_health
from tallystick.connections.create import Credentials, NewConnection, create_connection
from tallystick.connections.edit import budget_shares, edit_connection
from tallystick.connections.instance import check_instance
from tallystick.connections.pause import pause, resume
from tallystick.connections.queries import get_connection, page_connections
from tallystick.kit.secrets import Secret
from tallystick.mappings.delete_connection import delete_connection
from tallystick.mappings.jobs import request_refresh

router = Router(tags=["Connections"])


@router.get("/connections", auth=READ, response=answers(200, PageOut[ConnectionOut]))
def connections(request: HttpRequest, asked: Query[Paging]) -> PageOut[ConnectionOut]:
    """By name."""
    no_other(request, Paging)
    who = caller(request)
    page = page_connections(who.context, cursor=checked(asked.cursor, str, int), limit=asked.limit)
    shares = budget_shares(who.context)
    items = [ConnectionOut.of(view, share=shares[view.id], now=who.now) for view in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.post(
    "/connections",
    auth=CONNECT,
    response=answers(201, ConnectionMadeOut),
    summary="Create a connection",
)
def create_a_connection(request: HttpRequest, body: ConnectionIn) -> Status[ConnectionMadeOut]:
    """Its credentials are sealed and never shown again."""
    who = caller(request)
    new = NewConnection(
        name=body.name.strip(),
        price_currency=body.price_currency,
        cost_currency=body.cost_currency,
        credentials=Credentials(
            user_name=body.user_name,
            secret=Secret(body.secret.get_secret_value()),
            code=Secret(body.code.get_secret_value()),
        ),
        time_zone=body.time_zone,
        web_url=body.web_url,
        quiet_seconds=body.quiet_seconds,
    )
    connection_id = create_connection(
        new,
        context=who.context,
        keys=settings.SEALING_KEYS,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    request_refresh(
        connection_id, context=who.context, now=who.now, correlation_id=who.correlation_id
    )
    seen = check_instance(get_connection(who.context, connection_id))
    return Status(201, ConnectionMadeOut.made(_shown(who, connection_id), seen))


@router.get("/connections/{int:connection_id}", auth=READ, response=answers(200, ConnectionOut))
def connection(request: HttpRequest, connection_id: int) -> ConnectionOut:
    return _shown(caller(request), connection_id)


@router.get(
    "/connections/{int:connection_id}/health",
    auth=READ,
    response=answers(200, ConnectionHealthOut),
    summary="How a connection is",
)
def health_of_a_connection(request: HttpRequest, connection_id: int) -> ConnectionHealthOut:
    """Whether it works and who must do what, its calls, what waits, what is not mapped."""
    who = caller(request)
    found = connection_health(who.context, connection_id, today=who.today, now=who.now)
    return ConnectionHealthOut.of(found)


@router.patch(
    "/connections/{int:connection_id}",
    auth=CONNECT,
    response=answers(200, ConnectionOut),
    summary="Change a connection",
)
def change_a_connection(
    request: HttpRequest, connection_id: int, body: ConnectionChangesIn
) -> ConnectionOut:
    """Policies, quiet time, share of the calls, credentials; a paused connection stays paused.

    The engine uses new credentials from its next turn on.
    """
    who = caller(request)
    edit_connection(
        connection_id,
        body.changes(),
        context=who.context,
        keys=settings.SEALING_KEYS,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    return _shown(who, connection_id)


@router.delete(
    "/connections/{int:connection_id}",
    auth=CONNECT,
    response=answers(204, None),
    summary="Delete a connection",
)
def delete_a_connection(request: HttpRequest, connection_id: int) -> Status[None]:
    """409 while subscriptions are mapped to it. Its history stays, its credentials do not."""
    who = caller(request)
    delete_connection(
        connection_id, context=who.context, now=who.now, correlation_id=who.correlation_id
    )
    return Status(204, None)


@router.post(
    "/connections/{int:connection_id}/test",
    auth=CONNECT,
    response=answers(200, TestedOut),
    summary="Test a connection",
    url_name="test-connection",
)
def test_a_connection(request: HttpRequest, connection_id: int) -> TestedOut:
    """Each thing by itself: reachable, zone, credentials, rights, currencies, calls, clock."""
    who = caller(request)
    checks = check_connection(
        connection_id, context=who.context, now=who.now, correlation_id=who.correlation_id
    )
    return TestedOut.of(checks)


@router.post(
    "/connections/{int:connection_id}/pause",
    auth=CONNECT,
    response=answers(200, ConnectionOut),
    summary="Pause a connection",
)
def pause_a_connection(request: HttpRequest, connection_id: int, body: PauseIn) -> ConnectionOut:
    """Nothing is sent until a person resumes it; nothing is lost. Paused already: left so."""
    who = caller(request)
    pause(
        get_connection(who.context, connection_id).id,
        because=body.reason,
        resume_at=None,
        actor=who.context.actor,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    return _shown(who, connection_id)


@router.post(
    "/connections/{int:connection_id}/resume",
    auth=CONNECT,
    response=answers(200, ConnectionOut),
    summary="Resume a connection",
)
def resume_a_connection(request: HttpRequest, connection_id: int) -> ConnectionOut:
    """Work goes on where it stopped."""
    who = caller(request)
    resume(
        get_connection(who.context, connection_id).id,
        actor=who.context.actor,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    return _shown(who, connection_id)


def _shown(who: Caller, connection_id: int) -> ConnectionOut:
    view = get_connection(who.context, connection_id)
    return ConnectionOut.of(view, share=budget_shares(who.context)[view.id], now=who.now)
