"""Send what waits for one recipient, oldest first, until nothing is due."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from tallystick.audit.events import Event, Status
from tallystick.audit.record import Subject, record
from tallystick.identity.people import tenant_zone
from tallystick.kit.clock import Clock
from tallystick.kit.ids import correlation_id, message_id
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.log import logger
from tallystick.kit.secrets import CannotOpen
from tallystick.notify import letters, outbox
from tallystick.notify.carry import Carriers, carry
from tallystick.notify.choice import By
from tallystick.notify.kinds import Channel
from tallystick.notify.models import Message, Recipient
from tallystick.notify.outgoing import Outgoing
from tallystick.notify.recipients import get_recipient
from tallystick.notify.sealing import unseal
from tallystick.notify.wire import NotDelivered

log = logger("notify")
# Then others have their turn.
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Sender:
    """What a process sends with."""

    carriers: Carriers
    keys: KeyRing
    clock: Clock


def send_to(recipient_id: int, *, sender: Sender) -> int:
    """Answers how many arrived. Harmless to call too often or twice at once."""
    done = 0
    for _ in range(AT_ONCE):
        row = outbox.take(recipient_id, now=sender.clock.now())
        if row is None or not _send(row, sender):
            break
        done += 1
    return done


def _send(row: Message, sender: Sender) -> bool:
    of = row.recipient
    try:
        _carry(of, _outgoing(row), sender)
    except (NotDelivered, CannotOpen) as error:
        log.warning("message not delivered", message=row.message_id, why=str(error))
        outbox.failed(row, str(error), now=sender.clock.now(), correlation_id=correlation_id())
        return False
    outbox.arrived(row, now=sender.clock.now())
    return True


def send_test(recipient_id: int, *, by: By, sender: Sender) -> str:
    """Send a test now and once; empty when it arrived, else why not. Raises NotFound.

    Never inside a transaction.
    """
    view = get_recipient(by.context, recipient_id)
    row = Recipient.objects.get(pk=view.id)
    letter = letters.a_test(row.name, zone=tenant_zone(row.tenant_id), now=by.now)
    message = Outgoing(
        message_id=message_id(),
        kind=letter.kind,
        subject=letter.subject,
        text="\n".join(letter.lines),
        link=settings.PUBLIC_URL + letter.path,
        facts={},
        created_at=by.now,
    )
    why = ""
    try:
        _carry(row, message, sender)
    except (NotDelivered, CannotOpen) as error:
        why = str(error)
    record(
        Event.TEST_NOTIFICATION,
        actor=by.context.actor,
        now=by.now,
        subject=Subject(tenant_id=row.tenant_id, reseller_id=row.reseller_id),
        correlation_id=by.correlation_id,
        status=Status.FAILED if why else Status.SUCCEEDED,
        summary=f"{row.name}: {why or 'It arrived.'}",
    )
    return why


def _carry(of: Recipient, message: Outgoing, sender: Sender) -> None:
    """Raises NotDelivered, CannotOpen."""
    carry(
        message,
        Channel(of.channel),
        unseal(of, "target", sender.keys),
        unseal(of, "secret", sender.keys),
        by=sender.carriers,
        clock=sender.clock.now,
    )


def _outgoing(row: Message) -> Outgoing:
    return Outgoing(
        message_id=row.message_id,
        kind=row.kind,
        subject=row.subject,
        text=row.text,
        link=row.link,
        facts=row.facts,
        created_at=row.created_at,
    )
