"""Messages on their way: written in the transaction that decides them, kept until they arrive.

1. A sender takes the oldest waiting message of a recipient, and no other sender may for a while.
2. It is sent outside any transaction, and what became of it is stored.
3. A sender that dies in between leaves it waiting: it is sent again, under the same id.

Of one recipient the next message waits for the one before it, so that *red* comes before *green*.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from tallystick.audit.events import Event, Status
from tallystick.audit.record import SYSTEM, Subject, record
from tallystick.kit.ids import message_id
from tallystick.notify.kinds import MessageState
from tallystick.notify.letters import LONGEST_SUBJECT, Letter
from tallystick.notify.models import Message, Recipient
from tallystick.notify.retry import next_try

# Longer than any way of sending may take.
TAKEN_FOR = timedelta(minutes=2)
KEPT_FOR = timedelta(days=90)
LONGEST_FAILURE = 400


def put(recipient: Recipient, letter: Letter, *, now: datetime) -> Message:
    """In the caller's transaction."""
    return Message.objects.create(
        recipient=recipient,
        message_id=message_id(),
        kind=letter.kind,
        subject=letter.subject[:LONGEST_SUBJECT],
        text="\n".join(letter.lines),
        link=settings.PUBLIC_URL + letter.path,
        facts=dict(letter.facts),
        created_at=now,
    )


def recipients_due(*, now: datetime) -> Sequence[int]:
    """Those whose oldest waiting message may be sent now."""
    waiting = Message.objects.filter(state=MessageState.WAITING.value)
    earlier = waiting.filter(recipient=OuterRef("recipient"), pk__lt=OuterRef("pk"))
    first = waiting.filter(~Exists(earlier)).filter(Q(retry_at=None) | Q(retry_at__lte=now))
    return list(first.order_by("pk").values_list("recipient_id", flat=True))


def take(recipient_id: int, *, now: datetime) -> Message | None:
    """The oldest waiting one, for this sender alone for a while; None: nothing is due."""
    with transaction.atomic():
        Recipient.objects.select_for_update(no_key=True).get(pk=recipient_id)
        rows = Message.objects.filter(recipient=recipient_id, state=MessageState.WAITING.value)
        row = rows.select_related("recipient").order_by("pk").first()
        if row is None or (row.retry_at is not None and row.retry_at > now):
            return None
        row.retry_at = now + TAKEN_FOR
        row.save(update_fields=["retry_at"])
        return row


def arrived(row: Message, *, now: datetime) -> None:
    row.state, row.ended_at, row.retry_at = MessageState.SENT.value, now, None
    row.tries, row.failure = row.tries + 1, ""
    row.save(update_fields=["state", "ended_at", "retry_at", "tries", "failure"])


def failed(row: Message, why: str, *, now: datetime, correlation_id: str) -> None:
    """Tried again later; after a day given up, with an audit log that says so."""
    row.tries, row.failure = row.tries + 1, why[:LONGEST_FAILURE]
    row.retry_at = next_try(row.tries, created_at=row.created_at, now=now)
    with transaction.atomic():
        if row.retry_at is None:
            row.state, row.ended_at = MessageState.GIVEN_UP.value, now
            of = row.recipient
            record(
                Event.GIVE_UP_NOTIFICATION,
                actor=SYSTEM,
                now=now,
                subject=Subject(tenant_id=of.tenant_id, reseller_id=of.reseller_id),
                correlation_id=correlation_id,
                status=Status.FAILED,
                summary=f"{of.name}: “{row.subject}” did not arrive within a day. {row.failure}",
                details={"message": row.message_id, "tries": row.tries},
            )
        row.save(update_fields=["state", "ended_at", "retry_at", "tries", "failure"])


def give_up_waiting(recipient: Recipient, *, now: datetime) -> None:
    """Nobody is to be told any more. In the transaction that holds the recipient."""
    waiting = Message.objects.filter(recipient=recipient, state=MessageState.WAITING.value)
    waiting.update(
        state=MessageState.GIVEN_UP.value,
        ended_at=now,
        retry_at=None,
        failure="It was taken away before this was sent.",
    )


def forget_old(*, now: datetime) -> None:
    """What ended long ago."""
    Message.objects.filter(ended_at__lt=now - KEPT_FOR).delete()
