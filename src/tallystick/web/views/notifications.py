"""Notifications: who is told what, whether it arrives, a test, and what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.notices import by, sender
from tallystick.connections.queries import list_connections
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput, NotFound
from tallystick.kit.secrets import Secret
from tallystick.notify.add import NewRecipient, add_recipient
from tallystick.notify.change import change_recipient, new_secret, remove_recipient
from tallystick.notify.choice import By, Choice
from tallystick.notify.kinds import Channel, Topic
from tallystick.notify.recipients import (
    RecipientView,
    get_recipient,
    list_messages,
    list_recipients,
)
from tallystick.notify.send import send_test
from tallystick.web.addresses import Address
from tallystick.web.connection_form import errors_by_field
from tallystick.web.forms import Field
from tallystick.web.visit import Visit, screen

LABELS = {
    "name": "Name",
    "channel": "How",
    "target": "Address",
    "topics": "What",
    "connection": "Where",
    "remind_hours": "Remind every",
}
_NUMBER_LENGTH = 4


@screen("GET")
def notifications(visit: Visit) -> HttpResponse:
    """A person's own; with the right to connect, all of the context."""
    address = Address.read(visit.request.GET, ())
    page = list_recipients(visit.context, cursor=address.cursor or None)
    return visit.render(
        "web/notifications/page.html",
        rail="notifications",
        rows=page.items,
        has_mail=sender().carriers.mail is not None,
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


@screen("GET", "POST")
def notification_new(visit: Visit) -> HttpResponse:
    """What a webhook is signed with is shown once, in the answer to the POST."""
    values = _fresh(visit)
    if visit.request.method != "POST":
        return _form(visit, values)
    values, topics = _typed(visit, values)
    new = NewRecipient(
        values["name"],
        values["channel"],
        Secret(visit.request.POST.get("target", "")[:4000]),
        _choice(values, topics),
    )
    try:
        added = add_recipient(new, by=_by(visit))
    except InvalidInput as problem:
        return _form(visit, values, topics, errors=problem.errors)
    except Conflicting as problem:
        return _form(visit, values, topics, refused=str(problem))
    if added.secret is not None:
        return _shown_once(visit, added.recipient_id, added.secret)
    messages.success(visit.request, "Added. Send a test to see whether it arrives.")
    return redirect("notification", recipient_id=added.recipient_id)


@screen("GET", "POST")
def notification(visit: Visit, recipient_id: int) -> HttpResponse:
    """What was sent; a POST changes what is told."""
    view = get_recipient(visit.context, recipient_id)
    values, topics = _of(view), [one.value for one in view.topics]
    if visit.request.method != "POST":
        return _one(visit, view, values, topics)
    values, topics = _typed(visit, values)
    try:
        change_recipient(view.id, _choice(values, topics), by=_by(visit))
    except InvalidInput as problem:
        return _one(visit, view, values, topics, problem.errors)
    messages.success(visit.request, "Saved. What is wrong at this moment is told once more.")
    return redirect("notification", recipient_id=view.id)


@screen("POST")
def act(visit: Visit, recipient_id: int, act: str) -> HttpResponse:
    """``test``, ``new-key`` or ``remove``."""
    view = get_recipient(visit.context, recipient_id)
    match act:
        case "test":
            why = send_test(view.id, by=_by(visit), sender=sender())
            if why:
                messages.error(visit.request, f"{view.name}: it did not arrive. {why}")
            else:
                messages.success(visit.request, f"{view.name}: the test arrived.")
        case "new-key":
            return _shown_once(visit, view.id, new_secret(view.id, by=_by(visit)))
        case "remove":
            remove_recipient(view.id, by=_by(visit))
            messages.success(visit.request, f"{view.name} is told nothing any more.")
            return redirect("notifications")
        case _:
            raise NotFound("There is nothing at this address.")
    return redirect("notification", recipient_id=view.id)


def _by(visit: Visit) -> By:
    return by(visit.context, correlation_id=visit.correlation_id)


def _shown_once(visit: Visit, recipient_id: int, secret: Secret) -> HttpResponse:
    return visit.render(
        "web/notifications/key.html",
        rail="notifications",
        view=get_recipient(visit.context, recipient_id),
        secret=secret.reveal(),
    )


def _fresh(visit: Visit) -> dict[str, str]:
    asked = visit.request.GET.get("channel", "")
    channel = asked if asked in {one.value for one in Channel} else Channel.EMAIL.value
    return {"name": "", "channel": channel, "connection": "", "remind_hours": "24"}


def _of(view: RecipientView) -> dict[str, str]:
    return {
        "connection": "" if view.connection_id is None else str(view.connection_id),
        "remind_hours": str(view.remind_hours),
    }


def _typed(visit: Visit, shown: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    posted = visit.request.POST
    values = {
        name: posted.get(name, now).replace("\x00", "").strip()[:300] for name, now in shown.items()
    }
    return values, posted.getlist("topics")[:20]


def _choice(values: Mapping[str, str], topics: Sequence[str]) -> Choice:
    """What is no number becomes one that is refused with the field's own words."""
    return Choice(
        topics=topics,
        connection_id=_number(values["connection"]) if values["connection"] else None,
        remind_hours=_number(values["remind_hours"]),
    )


def _number(text: str) -> int:
    plain = text.isascii() and text.isdigit() and len(text) <= 4 * _NUMBER_LENGTH
    return int(text) if plain else -1


def _form(
    visit: Visit,
    values: Mapping[str, str],
    topics: Sequence[str] | None = None,
    *,
    errors: Sequence[FieldError] = (),
    refused: str = "",
) -> HttpResponse:
    full = visit.context.may(Right.CONNECT)
    return visit.render(
        "web/notifications/new.html",
        status=400 if errors or refused else 200,
        refused=refused,
        wrong=bool(errors or refused),
        # Who may not connect is told by their own e-mail only.
        channels=[(one, one.label, one.meaning) for one in Channel] if full else [],
        chosen=values["channel"],
        **_parts(visit, {"target": "", **values}, topics, errors),
    )


def _one(
    visit: Visit,
    view: RecipientView,
    values: Mapping[str, str],
    topics: Sequence[str],
    errors: Sequence[FieldError] = (),
) -> HttpResponse:
    address = Address.read(visit.request.GET, ())
    page = list_messages(visit.context, view.id, cursor=address.cursor or None, limit=20)
    return visit.render(
        "web/notifications/one.html",
        status=400 if errors else 200,
        wrong=bool(errors),
        view=view,
        sent=page.items,
        is_webhook=view.channel is Channel.WEBHOOK,
        next=address.next(page.next_cursor),
        previous=address.previous(),
        **_parts(visit, values, topics, errors),
    )


def _parts(
    visit: Visit,
    values: Mapping[str, str],
    topics: Sequence[str] | None,
    errors: Sequence[FieldError],
) -> dict[str, Any]:
    """What both forms show. ``topics`` None: all of them are ticked."""
    said = errors_by_field(errors, LABELS)
    first = next((name for name in values if name in said), "")
    return {
        "rail": "notifications",
        "fields": {
            name: Field(name, LABELS[name], value, said.get(name, ()), focus=name == first)
            for name, value in values.items()
        },
        "topics": [
            (one.value, one.label, one.meaning, topics is None or one.value in topics)
            for one in Topic
        ],
        "topic_errors": said.get("topics", ()),
        "places": [(str(one.id), one.name) for one in list_connections(visit.context)],
    }
