"""Add, change and take away who is told: each with its audit log, nothing half-stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.connections.queries import get_connection
from tallystick.connections.sealing import key_to_seal
from tallystick.identity.context import Context
from tallystick.identity.people import email_of
from tallystick.identity.roles import Right
from tallystick.kit.ids import webhook_secret
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput, NotFound
from tallystick.kit.secrets import Secret
from tallystick.notify.carry import NO_MAIL_SERVER, Carriers
from tallystick.notify.kinds import Channel, Topic
from tallystick.notify.models import Recipient
from tallystick.notify.notes import forget_notes
from tallystick.notify.outbox import give_up_waiting
from tallystick.notify.recipients import may_see, person_of
from tallystick.notify.sealing import seal
from tallystick.notify.target import read_target

LONGEST_NAME = 200
MOST_HOURS = 24 * 31
MOST = 200  # of one organisation


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody is told of. ``connection_id`` None: of all in the context; 0 hours: no
    reminder."""

    topics: Sequence[str]
    connection_id: int | None = None
    remind_hours: int = 24


@dataclass(frozen=True, slots=True)
class NewRecipient:
    """``target``: an e-mail address or a web address; empty: the asker's own e-mail address."""

    name: str
    channel: str
    target: Secret
    choice: Choice


@dataclass(frozen=True, slots=True)
class Added:
    """``secret``: what a webhook is signed with, shown this once; None for other channels."""

    recipient_id: int
    secret: Secret | None


@dataclass(frozen=True, slots=True)
class By:
    """Who asks, when, and what this process has."""

    context: Context
    now: datetime
    correlation_id: str
    keys: KeyRing
    carriers: Carriers


def add_recipient(new: NewRecipient, *, by: By) -> Added:
    """Raises InvalidInput, NotAllowed, NotFound, Conflicting.

    Anybody may be told by their own e-mail; every other address takes the right to connect.
    """
    context = by.context
    errors = _wrong(new.choice)
    if new.channel not in {one.value for one in Channel}:
        raise InvalidInput([*errors, FieldError("channel", _one_of(Channel))])
    channel = Channel(new.channel)
    own = _own_address(context) if channel is Channel.EMAIL else ""
    target = new.target.reveal().strip() or own
    is_own = channel is Channel.EMAIL and own != "" and target.lower() == own.lower()
    if not is_own:
        context.require(Right.CONNECT)
    name = new.name.strip() or (target if channel is Channel.EMAIL else "")
    if not name or len(name) > LONGEST_NAME:
        errors.append(FieldError("name", f"must have 1 to {LONGEST_NAME} characters"))
    try:
        shown = _shown(channel, target, by.carriers)
    except ValueError as error:
        errors.append(FieldError("target", str(error)))
        shown = ""
    if errors:
        raise InvalidInput(errors)
    if channel is Channel.EMAIL and by.carriers.mail is None:
        raise Conflicting(f"{NO_MAIL_SERVER} Nothing was stored. Whoever runs it can set one.")
    return _store(name, channel, target, shown, new.choice, is_own=is_own, by=by)


def _store(
    name: str,
    channel: Channel,
    target: str,
    shown: str,
    choice: Choice,
    *,
    is_own: bool,
    by: By,
) -> Added:
    context = by.context
    secret = Secret(webhook_secret()) if channel is Channel.WEBHOOK else None
    with transaction.atomic():
        connection = _connection(choice, context)
        key = key_to_seal(by.keys)
        if Recipient.objects.filter(tenant_id=context.tenant_id, deleted_at=None).count() >= MOST:
            raise Conflicting(f"There are {MOST} already. Nothing was stored. Take one away first.")
        row = Recipient.objects.create(
            tenant_id=context.tenant_id,
            reseller_id=context.reseller_id,
            user_id=person_of(context) if is_own else None,
            name=name,
            channel=channel.value,
            connection_id=connection,
            topics=_topics(choice),
            remind_hours=choice.remind_hours,
            shown=shown,
            target_sealed=b"",
            secret_sealed=b"",
            key_id=key.key_id,
            created_at=by.now,
        )
        seal(row, {"target": Secret(target), "secret": secret or Secret("")}, key)
        row.save(update_fields=["target_sealed", "secret_sealed"])
        _record(Event.CREATE_NOTIFICATION, row, by, {"after": _facts(row)})
    return Added(row.pk, secret)


def change_recipient(recipient_id: int, choice: Choice, *, by: By) -> None:
    """What is wrong now is told once more. Raises InvalidInput, NotFound."""
    if errors := _wrong(choice):
        raise InvalidInput(errors)
    with transaction.atomic():
        row = _hold(recipient_id, by.context)
        before = _facts(row)
        row.connection_id = _connection(choice, by.context)
        row.topics, row.remind_hours = _topics(choice), choice.remind_hours
        if _facts(row) == before:
            return
        row.save(update_fields=["connection_id", "topics", "remind_hours"])
        forget_notes(row)
        _record(Event.UPDATE_NOTIFICATION, row, by, {"before": before, "after": _facts(row)})


def remove_recipient(recipient_id: int, *, by: By) -> None:
    """Nothing more is sent to it, and what waits is given up. Raises NotFound."""
    with transaction.atomic():
        row = _hold(recipient_id, by.context)
        _record(Event.DELETE_NOTIFICATION, row, by, {"before": _facts(row)})
        row.deleted_at = by.now
        row.target_sealed = row.secret_sealed = b""
        row.save(update_fields=["deleted_at", "target_sealed", "secret_sealed"])
        forget_notes(row)
        give_up_waiting(row, now=by.now)


def _hold(recipient_id: int, context: Context) -> Recipient:
    rows = may_see(context).select_for_update(no_key=True, of=("self",))
    row = rows.filter(pk=recipient_id).first()
    if row is None:
        raise NotFound("There is no such notification.")
    return row


def _own_address(context: Context) -> str:
    person = person_of(context)
    return "" if person is None else email_of(person, tenant_id=context.tenant_id)


def _shown(channel: Channel, target: str, carriers: Carriers) -> str:
    """What may be shown of it. Raises ValueError with what is wrong."""
    if channel is not Channel.EMAIL:
        return read_target(target, allowed=carriers.wire.allowed).origin
    try:
        validate_email(target)
    except ValidationError:
        raise ValueError("is not an e-mail address") from None
    return target


def _wrong(choice: Choice) -> list[FieldError]:
    errors = []
    known = {one.value for one in Topic}
    if not choice.topics or not set(choice.topics) <= known:
        errors.append(FieldError("topics", f"must be some of {', '.join(sorted(known))}"))
    if not 0 <= choice.remind_hours <= MOST_HOURS:
        errors.append(FieldError("remind_hours", f"must be from 0 to {MOST_HOURS}"))
    return errors


def _one_of(kind: type[Channel]) -> str:
    return f"must be one of {', '.join(one.value for one in kind)}"


def _topics(choice: Choice) -> list[str]:
    return [one.value for one in Topic if one.value in choice.topics]


def _connection(choice: Choice, context: Context) -> int | None:
    """Raises InvalidInput when it is not one of the context."""
    if choice.connection_id is None:
        return None
    try:
        return get_connection(context, choice.connection_id).id
    except NotFound as error:
        raise InvalidInput.one("connection", "there is no such connection") from error


def _facts(row: Recipient) -> dict[str, Any]:
    return {
        "channel": row.channel,
        "to": row.shown,
        "topics": list(row.topics),
        "connection": row.connection_id,
        "remind_hours": row.remind_hours,
    }


def _record(event: Event, row: Recipient, by: By, details: dict[str, Any]) -> None:
    record(
        event,
        actor=by.context.actor,
        now=by.now,
        subject=Subject(
            tenant_id=row.tenant_id, reseller_id=row.reseller_id, connection_id=row.connection_id
        ),
        correlation_id=by.correlation_id,
        summary=f"{row.name} ({Channel(row.channel).label})",
        details=details,
    )
