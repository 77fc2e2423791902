"""Invite somebody by e-mail: the link goes to them and is shown to nobody else.

1. The invitation and its mail are stored in one transaction. What the link opens with is sealed for
   this one row, as credentials are; neither a log nor an audit log has it.
2. A worker sends it as it sends other messages: taken for this sender alone, sent outside any
   transaction, tried again for a day.
3. When it has arrived, is given up, or the invitation is used or withdrawn, the sealed link is
   deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from tallystick.audit.events import Event, Status
from tallystick.audit.record import SYSTEM, Subject, record
from tallystick.identity.invitations import invite, still_open
from tallystick.identity.people import tenant_zone
from tallystick.identity.roles import Role
from tallystick.kit.ids import correlation_id, message_id
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.log import logger
from tallystick.kit.problem import Conflicting
from tallystick.kit.seal_lock import key_to_seal
from tallystick.kit.secrets import CannotOpen, Secret
from tallystick.notify import letters
from tallystick.notify.carry import NO_MAIL_SERVER
from tallystick.notify.choice import By
from tallystick.notify.kinds import MessageState
from tallystick.notify.models import InvitationMail
from tallystick.notify.outbox import LONGEST_FAILURE, TAKEN_FOR
from tallystick.notify.outgoing import Outgoing
from tallystick.notify.retry import next_try
from tallystick.notify.send import Sender
from tallystick.notify.wire import NotDelivered

log = logger("notify.invitations")
FOOT = "You get this because somebody invited this address. If you do not know them, ignore it."
# What a worker has no right to read.
NOT_READ = ("link__digest", "link__user", "link__name", "link__created_at")
ENDED = "The invitation was used or withdrawn before this was sent."


def invite_by_mail(*, email: str, name: str, role: Role, reseller_id: int | None, by: By) -> int:
    """As ``invite``; answers the invitation's id. Raises also Conflicting without a mail server;
    then nothing was stored."""
    if by.carriers.mail is None:
        raise Conflicting(f"{NO_MAIL_SERVER} Nothing was stored. Invite with a link instead.")
    with transaction.atomic():
        link_id, plain = invite(
            email=email,
            name=name,
            role=role,
            reseller_id=reseller_id,
            context=by.context,
            now=by.now,
            correlation_id=by.correlation_id,
            by_mail=True,
        )
        key = key_to_seal(by.keys)
        InvitationMail.objects.create(
            link_id=link_id,
            message_id=message_id(),
            secret_sealed=key.seal(Secret(plain), place=_place(link_id)),
            key_id=key.key_id,
            created_at=by.now,
        )
    return link_id


def mails_due(*, now: datetime) -> Sequence[int]:
    rows = _waiting().filter(Q(retry_at=None) | Q(retry_at__lte=now))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def send_invitation(link_id: int, *, sender: Sender) -> bool:
    """Answers whether it arrived. Harmless to call too often or twice at once."""
    row = _take(link_id, now=sender.clock.now())
    if row is None:
        return False
    try:
        if sender.carriers.mail is None:
            raise NotDelivered(NO_MAIL_SERVER)
        secret = sender.keys.open(bytes(row.secret_sealed), key_id=row.key_id, place=_place(row.pk))
        sender.carriers.mail.send(_outgoing(row, secret), to=row.link.email)
    except (NotDelivered, CannotOpen) as error:
        log.warning("invitation not delivered", message=row.message_id, why=str(error))
        _failed(row, str(error), now=sender.clock.now())
        return False
    row.tries += 1
    _end(row, MessageState.SENT, "", now=sender.clock.now())
    return True


def mail_states(link_ids: Sequence[int]) -> Mapping[int, tuple[MessageState, str]]:
    """What became of the mails of these invitations, and why one did not arrive (yet)."""
    rows = InvitationMail.objects.filter(pk__in=link_ids)
    return {row.pk: (MessageState(row.state), row.failure) for row in rows}


def mails_by_key() -> Mapping[str, int]:
    """How many sealed links there are under each key, by its id."""
    found = _waiting().values("key_id").annotate(rows=Count("pk"))
    return {one["key_id"]: one["rows"] for one in found}


def reseal_mails(keys: KeyRing) -> None:
    """Seal with the first key what an older one opens; what does not open is left as it is."""
    older = [key.key_id for key in keys.all()[1:]]
    for link_id in _waiting().filter(key_id__in=older).values_list("pk", flat=True):
        with transaction.atomic():
            key = key_to_seal(keys)
            row = _waiting().select_for_update(no_key=True).filter(pk=link_id).first()
            if row is None:
                continue
            place = _place(row.pk)
            try:
                secret = keys.open(bytes(row.secret_sealed), key_id=row.key_id, place=place)
            except CannotOpen:
                continue
            row.secret_sealed, row.key_id = key.seal(secret, place=place), key.key_id
            row.save(update_fields=["secret_sealed", "key_id"])


def _waiting() -> QuerySet[InvitationMail]:
    return InvitationMail.objects.filter(state=MessageState.WAITING.value)


def _take(link_id: int, *, now: datetime) -> InvitationMail | None:
    """For this sender alone for a while; None: it is not due, or not wanted any more."""
    with transaction.atomic():
        rows = _waiting().select_for_update(no_key=True, of=("self",)).select_related("link")
        row = rows.defer(*NOT_READ).filter(pk=link_id).first()
        if row is None or (row.retry_at is not None and row.retry_at > now):
            return None
        if not still_open(row.link, now=now):
            _end(row, MessageState.GIVEN_UP, ENDED, now=now)
            return None
        row.retry_at = now + TAKEN_FOR
        row.save(update_fields=["retry_at"])
        return row


def _failed(row: InvitationMail, why: str, *, now: datetime) -> None:
    """Tried again later; after a day given up, with an audit log that says so."""
    row.tries, row.failure = row.tries + 1, why[:LONGEST_FAILURE]
    row.retry_at = next_try(row.tries, created_at=row.created_at, now=now)
    if row.retry_at is not None:
        row.save(update_fields=["tries", "failure", "retry_at"])
        return
    with transaction.atomic():
        _end(row, MessageState.GIVEN_UP, row.failure, now=now)
        words = f"The invitation of {row.link.email} did not arrive within a day."
        record(
            Event.GIVE_UP_NOTIFICATION,
            actor=SYSTEM,
            now=now,
            subject=Subject(tenant_id=row.link.tenant_id, reseller_id=row.link.reseller_id),
            correlation_id=correlation_id(),
            status=Status.FAILED,
            summary=f"{words} {row.failure}",
            details={"message": row.message_id, "tries": row.tries},
        )


def _end(row: InvitationMail, state: MessageState, failure: str, *, now: datetime) -> None:
    row.state, row.ended_at, row.retry_at, row.failure = state.value, now, None, failure
    row.secret_sealed, row.key_id = b"", ""
    row.save()


def _outgoing(row: InvitationMail, secret: Secret) -> Outgoing:
    link = row.link
    letter = letters.an_invitation(
        link.made_by,
        link.reseller.name if link.reseller else link.tenant.name,
        Role(link.role).label,
        link.expires_at,
        zone=tenant_zone(link.tenant_id),
    )
    return Outgoing(
        message_id=row.message_id,
        kind=letter.kind,
        subject=letter.subject[: letters.LONGEST_SUBJECT],
        text="\n".join(letter.lines),
        link=f"{settings.PUBLIC_URL}/welcome/{secret.reveal()}",
        facts={},
        created_at=row.created_at,
        foot=FOOT,
    )


def _place(link_id: int) -> str:
    """The additional data a sealed link is bound to."""
    return f"invitation/{link_id}/link"
