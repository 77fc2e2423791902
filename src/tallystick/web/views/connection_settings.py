"""The form that changes a connection, and the button that pauses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.connections.edit import budget_shares, edit_connection, in_words
from tallystick.connections.pause import pause as pause_connection
from tallystick.connections.policies import POLICIES
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.web.connection_form import (
    CREDENTIALS,
    LABELS,
    NUMBERS,
    SHOWN,
    changes_of,
    errors_by_field,
    field_of,
    opened,
    policy_of,
    stored,
    typed,
)
from tallystick.web.visit import Visit, screen

LONGEST_REASON = 1000
FIELDS = ("name", *NUMBERS, "charge_code", *POLICIES)
# Here they replace what is stored, unseen.
NEW_LABELS = {
    **LABELS,
    "user_name": "New API user",
    "secret": "New secret",
    "code": "New integration code",
}


@screen("GET", "POST")
def connection_settings(visit: Visit, connection_id: int) -> HttpResponse:
    """Change what the connection was told to do, and what it signs in with."""
    visit.context.require(Right.CONNECT)
    connection = get_connection(visit.context, connection_id)
    found = stored(connection, budget_shares(visit.context)[connection.id])
    shown = {name: found[name] for name in FIELDS}
    if visit.request.method != "POST":
        return _form(visit, connection, shown, shown)
    posted = visit.request.POST
    values, before = typed(posted, shown), opened(posted, shown)
    try:
        changed = edit_connection(
            connection_id,
            changes_of(values, before, {name: posted.get(name, "") for name in CREDENTIALS}),
            context=visit.context,
            keys=settings.SEALING_KEYS,
            now=visit.now,
            correlation_id=visit.correlation_id,
        )
    except InvalidInput as problem:
        return _form(visit, connection, values, before, problem.errors)
    if changed:
        messages.success(visit.request, f"Saved: {in_words(changed)}.")
    else:
        messages.info(visit.request, "Nothing was changed.")
    return redirect("connection-settings", connection_id=connection_id)


@screen("POST")
def pause(visit: Visit, connection_id: int) -> HttpResponse:
    """Nothing is sent until somebody resumes it; nothing is lost."""
    visit.context.require(Right.CONNECT)
    connection = get_connection(visit.context, connection_id)
    reason = visit.request.POST.get("reason", "").replace("\x00", "").strip()
    pause_connection(
        connection.id,
        because=reason[:LONGEST_REASON] or f"Paused by {visit.context.actor.name}.",
        resume_at=None,
        actor=visit.context.actor,
        now=visit.now,
        correlation_id=visit.correlation_id,
    )
    messages.success(visit.request, f"{connection.name} is paused. What is recorded waits.")
    return redirect("connection", connection_id=connection_id)


def _form(
    visit: Visit,
    connection: ConnectionView,
    values: Mapping[str, str],
    before: Mapping[str, str],
    errors: Sequence[FieldError] = (),
) -> HttpResponse:
    said = errors_by_field(errors, NEW_LABELS)
    return visit.render(
        "web/connectors/settings.html",
        rail="connectors",
        status=400 if errors else 200,
        connection=connection,
        paused=connection.is_paused(visit.now),
        wrong=bool(errors),
        fields={
            name: field_of(name, values[name], said) for name in ("name", *NUMBERS, "charge_code")
        },
        # Never with a value: what was typed is not sent back either.
        credentials=[field_of(name, "", said, labels=NEW_LABELS) for name in CREDENTIALS],
        policies=[policy_of(name, values[name], said) for name in POLICIES],
        opened=[(SHOWN + name, value) for name, value in before.items()],
        again=bool(errors) and any(visit.request.POST.get(name) for name in CREDENTIALS),
    )
