"""Send one message by its recipient's channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from tallystick.kit.secrets import Secret
from tallystick.notify.kinds import Channel
from tallystick.notify.mail import MailServer
from tallystick.notify.outgoing import Outgoing
from tallystick.notify.shapes import as_event, as_slack, as_teams, signed
from tallystick.notify.wire import NotDelivered, Wire

NO_MAIL_SERVER = "This server has no mail server (TALLYSTICK_SMTP_URL)."


@dataclass(frozen=True, slots=True)
class Carriers:
    """What this process sends with. ``mail`` None: it has no mail server."""

    mail: MailServer | None = None
    wire: Wire = field(default_factory=Wire)


def carry(
    message: Outgoing,
    channel: Channel,
    target: Secret,
    secret: Secret,
    *,
    by: Carriers,
    clock: Callable[[], datetime],
) -> None:
    """Outside any transaction. Raises NotDelivered unless the other side took it."""
    match channel:
        case Channel.EMAIL:
            if by.mail is None:
                raise NotDelivered(NO_MAIL_SERVER)
            by.mail.send(message, to=target.reveal())
        case Channel.WEBHOOK:
            body = as_event(message)
            headers = signed(message, body, secret=secret, now=clock())
            by.wire.post(target.reveal(), body, headers)
        case Channel.SLACK:
            by.wire.post(target.reveal(), as_slack(message), {})
        case Channel.TEAMS:
            by.wire.post(target.reveal(), as_teams(message), {})
        case _:
            assert_never(channel)
