"""Change what is told and what it is signed with; take one away."""

from __future__ import annotations

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.identity.roles import Right
from tallystick.kit.ids import webhook_secret
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.kit.seal_lock import key_to_seal
from tallystick.kit.secrets import CannotOpen, Secret
from tallystick.notify.choice import (
    By,
    Choice,
    connection_of,
    facts_of,
    hold,
    record_choice,
    topics_of,
    wrong,
)
from tallystick.notify.kinds import Channel
from tallystick.notify.notes import forget_notes
from tallystick.notify.outbox import give_up_waiting
from tallystick.notify.sealing import seal, unseal


def change_recipient(recipient_id: int, choice: Choice, *, by: By) -> None:
    """What is wrong now is told once more. Raises InvalidInput, NotFound."""
    if errors := wrong(choice):
        raise InvalidInput(errors)
    with transaction.atomic():
        row = hold(recipient_id, by.context)
        before = facts_of(row)
        row.connection_id = connection_of(choice, by.context)
        row.topics, row.remind_hours = topics_of(choice), choice.remind_hours
        if facts_of(row) == before:
            return
        row.save(update_fields=["connection_id", "topics", "remind_hours"])
        forget_notes(row)
        record_choice(
            Event.UPDATE_NOTIFICATION, row, by, {"before": before, "after": facts_of(row)}
        )


def new_secret(recipient_id: int, *, by: By) -> Secret:
    """Another key that a webhook is signed with, from the next message on; shown this once.

    Raises NotFound, NotAllowed, Conflicting.
    """
    by.context.require(Right.CONNECT)
    made = Secret(webhook_secret())
    with transaction.atomic():
        row = hold(recipient_id, by.context)
        if row.channel != Channel.WEBHOOK.value:
            raise Conflicting("Only webhooks are signed. Nothing was changed.")
        key = key_to_seal(by.keys)
        try:
            kept = unseal(row, "target", by.keys)
        except CannotOpen as error:
            raise Conflicting(str(error)) from None
        seal(row, {"target": kept, "secret": made}, key)
        row.save(update_fields=["target_sealed", "secret_sealed", "key_id"])
        record_choice(Event.UPDATE_NOTIFICATION, row, by, {"changed": ["signing key"]})
    return made


def remove_recipient(recipient_id: int, *, by: By) -> None:
    """Nothing more is sent to it, and what waits is given up. Raises NotFound."""
    with transaction.atomic():
        row = hold(recipient_id, by.context)
        record_choice(Event.DELETE_NOTIFICATION, row, by, {"before": facts_of(row)})
        row.deleted_at = by.now
        row.target_sealed = row.secret_sealed = b""
        row.save(update_fields=["deleted_at", "target_sealed", "secret_sealed"])
        forget_notes(row)
        give_up_waiting(row, now=by.now)
