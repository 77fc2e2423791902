"""Questions about who is told. Secret addresses and signing keys are never among the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery

from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import NotFound
from tallystick.notify.kinds import Channel, MessageState, Topic
from tallystick.notify.models import Message, Recipient


@dataclass(frozen=True, slots=True)
class MessageView:
    id: int
    message_id: str
    kind: str
    subject: str
    text: str
    created_at: datetime
    state: MessageState
    tries: int
    retry_at: datetime | None
    failure: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecipientView:
    """``shown``: the e-mail address, or the origin of a web address. ``last``: the newest message.

    ``person``: whose own it is; empty: the context's. ``connection_id`` None: all of the context.
    """

    id: int
    name: str
    channel: Channel
    shown: str
    person: str
    reseller_id: int | None
    connection_id: int | None
    connection_name: str
    topics: Sequence[Topic]
    remind_hours: int
    created_at: datetime
    last: MessageView | None


def may_see(context: Context) -> QuerySet[Recipient]:
    """Living ones: with the right to connect all of the context, else a person's own."""
    rows = Recipient.objects.filter(**context.scope(), deleted_at=None)
    if not context.may(Right.CONNECT):
        rows = rows.filter(Q(user_id=person_of(context)) & Q(user_id__isnull=False))
    return rows.select_related("user", "connection")


def person_of(context: Context) -> int | None:
    """The id of the person who asks; None: a token or a command."""
    kind, _, number = context.actor.ref.partition("/")
    return int(number) if kind == "user" and number.isdigit() else None


def list_recipients(
    context: Context, *, cursor: str | None = None, limit: int = 50
) -> Page[RecipientView]:
    """In the order they were added. Raises InvalidInput."""
    limit = check_limit(limit)
    rows = may_see(context)
    if cursor:
        (last,) = decode_cursor(cursor, length=1)
        rows = rows.filter(pk__gt=int(last))
    found = list(_with_last(rows).order_by("pk")[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    return Page(_views(found[:limit]), more)


def get_recipient(context: Context, recipient_id: int) -> RecipientView:
    """Raises NotFound, also when it is somebody else's."""
    row = _with_last(may_see(context)).filter(pk=recipient_id).first()
    if row is None:
        raise NotFound("There is no such notification.")
    return _views([row])[0]


def list_messages(
    context: Context, recipient_id: int, *, cursor: str | None = None, limit: int = 50
) -> Page[MessageView]:
    """Newest first. Raises NotFound, InvalidInput."""
    limit = check_limit(limit)
    rows = Message.objects.filter(recipient=get_recipient(context, recipient_id).id)
    if cursor:
        (last,) = decode_cursor(cursor, length=1)
        rows = rows.filter(pk__lt=int(last))
    found = list(rows.order_by("-pk")[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    return Page([message_view(row) for row in found[:limit]], more)


def message_view(row: Message) -> MessageView:
    return MessageView(
        id=row.pk,
        message_id=row.message_id,
        kind=row.kind,
        subject=row.subject,
        text=row.text,
        created_at=row.created_at,
        state=MessageState(row.state),
        tries=row.tries,
        retry_at=row.retry_at,
        failure=row.failure,
        ended_at=row.ended_at,
    )


def _with_last(rows: QuerySet[Recipient]) -> QuerySet[Recipient]:
    newest = Message.objects.filter(recipient=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    return rows.annotate(last_id=Subquery(newest))


def _views(rows: Sequence[Recipient]) -> list[RecipientView]:
    ids = [last for row in rows if (last := getattr(row, "last_id", None))]
    last = {one.recipient_id: message_view(one) for one in Message.objects.filter(pk__in=ids)}
    return [
        RecipientView(
            id=row.pk,
            name=row.name,
            channel=Channel(row.channel),
            shown=row.shown,
            person="" if row.user is None else row.user.name or row.user.email,
            reseller_id=row.reseller_id,
            connection_id=row.connection_id,
            connection_name=row.connection.name if row.connection else "",
            topics=[topic for topic in Topic if topic in row.topics],
            remind_hours=row.remind_hours,
            created_at=row.created_at,
            last=last.get(row.pk),
        )
        for row in rows
    ]
