"""The form that changes a connection, and the button that pauses it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.connections.edit import Changes, budget_shares, edit_connection, in_words
from tallystick.connections.pause import pause as pause_connection
from tallystick.connections.policies import BackDated, CancelRule, SameDay, SameDayPolicy
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.kit.secrets import Secret
from tallystick.web.forms import Field
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence

LONGEST_REASON = 1000
# Beside each field stands, hidden, what the form showed when it was opened.
_SHOWN = "shown-"
_NUMBERS = {"budget_share": r"[0-9]{1,3}(\.[0-9]{1,2})?", "quiet_seconds": r"[0-9]{1,6}"}
_LABELS = {
    "name": "Name",
    "budget_share": "Share of the calls (percent)",
    "quiet_seconds": "Quiet time (seconds)",
    "same_day": "What Autotask does with a second change on one day",
    "same_day_policy": "When Autotask has a change on that day already",
    "back_dated": "When a change is dated before one that is already in Autotask",
    "cancel_rule": "When a subscription is cancelled",
    "user_name": "New API user",
    "secret": "New secret",
    "code": "New integration code",
}
_HINTS = {
    "same_day": "This is found out by itself. Set it when you know it, or when Tallystick asks.",
    "same_day_policy": "Counts where Autotask refuses a second change.",
    "back_dated": "The order of what was billed is never changed.",
    "cancel_rule": "Counts for every cancellation that was not sent yet.",
}
_POLICIES: Mapping[str, type[SameDay | SameDayPolicy | BackDated | CancelRule]] = {
    "same_day": SameDay,
    "same_day_policy": SameDayPolicy,
    "back_dated": BackDated,
    "cancel_rule": CancelRule,
}
_CREDENTIALS = ("user_name", "secret", "code")


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as its radio buttons show it."""

    name: str
    label: str
    hint: str
    choices: Sequence[tuple[str, str, bool]]
    errors: Sequence[str]


@screen("GET", "POST")
def connection_settings(visit: Visit, connection_id: int) -> HttpResponse:
    """Change what the connection was told to do, and what it signs in with."""
    visit.context.require(Right.CONNECT)
    connection = get_connection(visit.context, connection_id)
    shown = _shown(connection, budget_shares(visit.context)[connection.id])
    if visit.request.method != "POST":
        return _form(visit, connection, shown, shown)
    posted = visit.request.POST
    values = {name: posted.get(name, now)[:300].strip() for name, now in shown.items()}
    opened = {name: posted.get(_SHOWN + name, now)[:300] for name, now in shown.items()}
    try:
        changed = edit_connection(
            connection_id,
            _changes(values, opened, {name: posted.get(name, "") for name in _CREDENTIALS}),
            context=visit.context,
            keys=settings.SEALING_KEYS,
            now=visit.now,
            correlation_id=visit.correlation_id,
        )
    except InvalidInput as problem:
        return _form(visit, connection, values, opened, problem.errors)
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
    return redirect("connection-settings", connection_id=connection_id)


def _shown(connection: ConnectionView, share: Decimal) -> dict[str, str]:
    """The fields as they are stored. The credentials are not among them."""
    return {
        "name": connection.name,
        "budget_share": f"{(share * 100).normalize():f}",
        "quiet_seconds": str(connection.quiet_seconds),
        **{policy: getattr(connection, policy).value for policy in _POLICIES},
    }


def _changes(
    values: Mapping[str, str], opened: Mapping[str, str], credentials: Mapping[str, str]
) -> Changes:
    """What the person changed: what was learnt since the form was opened is not set back."""
    given: dict[str, Any] = {
        name: _number(name, value) if name in _NUMBERS else value
        for name, value in values.items()
        if value != opened[name]
    }
    for name, value in credentials.items():
        if value:
            given[name] = value if name == "user_name" else Secret(value)
    return Changes(**given)


def _number(name: str, value: str) -> Decimal | int:
    """As stored; what is no number becomes one that is refused with the field's own words."""
    fits = re.fullmatch(_NUMBERS[name], value, re.ASCII)
    if name == "budget_share":
        return Decimal(value) / 100 if fits else Decimal("NaN")
    return int(value) if fits else -1


def _form(
    visit: Visit,
    connection: ConnectionView,
    values: Mapping[str, str],
    opened: Mapping[str, str],
    errors: Sequence[FieldError] = (),
) -> HttpResponse:
    said: dict[str, list[str]] = {}
    for error in errors:
        said.setdefault(error.field, []).append(error_sentence(_LABELS[error.field], error))

    def field(name: str, value: str = "") -> Field:
        first = next(iter(said), "")
        return Field(name, _LABELS[name], value, said.get(name, ()), focus=name == first)

    return visit.render(
        "web/connectors/settings.html",
        rail="connectors",
        status=400 if errors else 200,
        connection=connection,
        paused=connection.is_paused(visit.now),
        wrong=bool(errors),
        fields={name: field(name, values[name]) for name in ("name", *_NUMBERS)},
        # Never with a value: what was typed is not sent back either.
        credentials=[field(name) for name in _CREDENTIALS],
        policies=[_policy(name, values[name], said.get(name, ())) for name in _POLICIES],
        opened=[(_SHOWN + name, value) for name, value in opened.items()],
        again=bool(errors) and any(visit.request.POST.get(name) for name in _CREDENTIALS),
    )


def _policy(name: str, value: str, errors: Sequence[str]) -> Policy:
    return Policy(
        name=name,
        label=_LABELS[name],
        hint=_HINTS[name],
        choices=[(one.value, f"{one.label}.", one.value == value) for one in _POLICIES[name]],
        errors=errors,
    )
