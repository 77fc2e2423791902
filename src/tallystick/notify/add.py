"""Add one who is told. Anybody may be told by their own e-mail; more takes the right to connect."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from tallystick.audit.events import Event
from tallystick.identity.context import Context
from tallystick.identity.people import email_of
from tallystick.identity.roles import Right
from tallystick.kit.ids import webhook_secret
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput
from tallystick.kit.seal_lock import key_to_seal
from tallystick.kit.secrets import Secret
from tallystick.notify.carry import NO_MAIL_SERVER, Carriers
from tallystick.notify.choice import (
    By,
    Choice,
    connection_of,
    facts_of,
    record_choice,
    topics_of,
    wrong,
)
from tallystick.notify.kinds import Channel
from tallystick.notify.models import Recipient
from tallystick.notify.recipients import person_of
from tallystick.notify.sealing import seal
from tallystick.notify.target import read_target

LONGEST_NAME = 200
MOST = 200  # of one organisation


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


def add_recipient(new: NewRecipient, *, by: By) -> Added:
    """Raises InvalidInput, NotAllowed, NotFound, Conflicting.

    Anybody may be told by their own e-mail; every other address takes the right to connect.
    """
    context = by.context
    errors = wrong(new.choice)
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
        connection = connection_of(choice, context)
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
            topics=topics_of(choice),
            remind_hours=choice.remind_hours,
            shown=shown,
            target_sealed=b"",
            secret_sealed=b"",
            key_id=key.key_id,
            created_at=by.now,
        )
        seal(row, {"target": Secret(target), "secret": secret or Secret("")}, key)
        row.save(update_fields=["target_sealed", "secret_sealed"])
        record_choice(Event.CREATE_NOTIFICATION, row, by, {"after": facts_of(row)})
    return Added(row.pk, secret)


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


def _one_of(kind: type[Channel]) -> str:
    return f"must be one of {', '.join(one.value for one in kind)}"
