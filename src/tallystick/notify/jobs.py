"""What a worker does for this room: look every few seconds, and send what waits."""

from __future__ import annotations

from collections.abc import Callable

from django.db import close_old_connections

from tallystick.kit.clock import DatabaseClock
from tallystick.kit.jobs import SLOW_QUEUE, app, defer
from tallystick.notify.invitation_mail import mails_due, send_invitation
from tallystick.notify.look import look
from tallystick.notify.outbox import forget_old, recipients_due
from tallystick.notify.send import Sender, send_to
from tallystick.notify.told import WhatWasTold

SEND = "tallystick.send_messages"
SEND_INVITATION = "tallystick.send_invitation"
QUEUE = "messages"

_sender: Callable[[], Sender] | None = None
_told: WhatWasTold | None = None


def use_sender(make: Callable[[], Sender]) -> None:
    """The composition root says what this process sends with."""
    global _sender  # noqa: PLW0603 - one per process, set once at start
    _sender = make


def use_told(told: WhatWasTold) -> None:
    """The composition root says how sources are asked what nobody decided on."""
    global _told  # noqa: PLW0603 - one per process, set once at start
    _told = told


def sender() -> Sender:
    if _sender is None:
        raise RuntimeError("this process was started without a way to send messages")
    return _sender()


@app.periodic(cron="* * * * * */15", periodic_id="notify")
@app.task(name="tallystick.notify", queue=SLOW_QUEUE, queueing_lock="notify")
def look_and_send(timestamp: int) -> None:  # noqa: ARG001 - the job engine passes it
    """Each recipient is sent to by a job of its own: a slow one holds up nobody else."""
    close_old_connections()
    if _told is None:
        raise RuntimeError("this process was started without a way to ask what was told")
    look(_told, now=DatabaseClock().now())
    for recipient_id in recipients_due(now=DatabaseClock().now()):
        defer(SEND, key=f"messages:{recipient_id}", queue=QUEUE, recipient_id=recipient_id)
    for link_id in mails_due(now=DatabaseClock().now()):
        defer(SEND_INVITATION, key=f"invitation:{link_id}", queue=QUEUE, link_id=link_id)


@app.task(name=SEND, queue=QUEUE)
def send_messages(recipient_id: int) -> None:
    close_old_connections()
    send_to(recipient_id, sender=sender())


@app.task(name=SEND_INVITATION, queue=QUEUE)
def send_one_invitation(link_id: int) -> None:
    close_old_connections()
    send_invitation(link_id, sender=sender())


@app.periodic(cron="17 3 * * *", periodic_id="old_messages")
@app.task(name="tallystick.forget_messages", queue=SLOW_QUEUE, queueing_lock="forget_messages")
def forget_messages(timestamp: int) -> None:  # noqa: ARG001 - the job engine passes it
    close_old_connections()
    forget_old(now=DatabaseClock().now())
