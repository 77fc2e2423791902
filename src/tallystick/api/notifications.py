"""Who is told what, and how: added, changed, tested, taken away."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import CONNECT, caller, stores_nothing
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import PageOut, Paging, checked
from tallystick.api.schemas_notifications import (
    MessageOut,
    NewSecretOut,
    NotificationChangesIn,
    NotificationIn,
    NotificationOut,
    NotificationTestOut,
)
from tallystick.bootstrap.notices import by, sender
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.notify.add import add_recipient
from tallystick.notify.change import change_recipient, new_secret, remove_recipient
from tallystick.notify.choice import By
from tallystick.notify.recipients import get_recipient, list_messages, list_recipients
from tallystick.notify.send import send_test

router = Router(tags=["Notifications"])
TEST = "test-notification"
_ONE = "/notifications/{int:notification_id}"
_FIELDS = {"target": "to", "connection": "connection_id"}


@router.get("/notifications", auth=CONNECT, response=answers(200, PageOut[NotificationOut]))
def notifications(request: HttpRequest, asked: Query[Paging]) -> PageOut[NotificationOut]:
    """In the order they were added."""
    no_other(request, Paging)
    page = list_recipients(
        caller(request).context, cursor=checked(asked.cursor, int), limit=asked.limit
    )
    items = [NotificationOut.of(view) for view in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.post(
    "/notifications", auth=CONNECT, response=answers(201, NotificationOut), summary="Tell somebody"
)
def post_notification(request: HttpRequest, body: NotificationIn) -> Status[NotificationOut]:
    """What a webhook is signed with: ask for it by ``.../new-secret``."""
    try:
        added = add_recipient(body.new(), by=_by(request))
    except InvalidInput as problem:
        raise _as_here(problem) from None
    view = get_recipient(caller(request).context, added.recipient_id)
    return Status(201, NotificationOut.of(view))


@router.get(_ONE, auth=CONNECT, response=answers(200, NotificationOut))
def notification(request: HttpRequest, notification_id: int) -> NotificationOut:
    return NotificationOut.of(get_recipient(caller(request).context, notification_id))


@router.patch(
    _ONE, auth=CONNECT, response=answers(200, NotificationOut), summary="Tell of something else"
)
def patch_notification(
    request: HttpRequest, notification_id: int, body: NotificationChangesIn
) -> NotificationOut:
    """What is wrong at this moment is told once more."""
    context = caller(request).context
    now = get_recipient(context, notification_id)
    try:
        change_recipient(notification_id, body.choice(now), by=_by(request))
    except InvalidInput as problem:
        raise _as_here(problem) from None
    return NotificationOut.of(get_recipient(context, notification_id))


@router.delete(_ONE, auth=CONNECT, response=answers(204, None), summary="Tell nobody there")
def delete_notification(request: HttpRequest, notification_id: int) -> Status[None]:
    """What still waits for it is given up."""
    remove_recipient(notification_id, by=_by(request))
    return Status(204, None)


@router.post(
    f"{_ONE}/test",
    auth=CONNECT,
    response=answers(200, NotificationTestOut),
    summary="Send a test now",
    url_name=TEST,
)
def test_notification(request: HttpRequest, notification_id: int) -> NotificationTestOut:
    """Once, while you wait; at most some seconds."""
    why = send_test(notification_id, by=_by(request), sender=sender())
    return NotificationTestOut(arrived=not why, why=why)


@router.post(
    f"{_ONE}/new-secret",
    auth=CONNECT,
    response=answers(200, NewSecretOut),
    summary="Sign a webhook with another key",
)
def post_secret(request: HttpRequest, notification_id: int) -> NewSecretOut:
    """The answer is kept nowhere: asked again, it is another key."""
    stores_nothing(request)
    return NewSecretOut(secret=new_secret(notification_id, by=_by(request)).reveal())


@router.get(f"{_ONE}/messages", auth=CONNECT, response=answers(200, PageOut[MessageOut]))
def messages(
    request: HttpRequest, notification_id: int, asked: Query[Paging]
) -> PageOut[MessageOut]:
    """Newest first; those that ended more than 90 days ago are gone."""
    no_other(request, Paging)
    page = list_messages(
        caller(request).context,
        notification_id,
        cursor=checked(asked.cursor, int),
        limit=asked.limit,
    )
    items = [MessageOut.of(view) for view in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


def _by(request: HttpRequest) -> By:
    who = caller(request)
    return by(who.context, correlation_id=who.correlation_id)


def _as_here(problem: InvalidInput) -> InvalidInput:
    """The room's fields by their names in the API."""
    return InvalidInput(
        [FieldError(_FIELDS.get(one.field, one.field), one.message) for one in problem.errors]
    )
