"""What this process sends messages with, from the environment."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from functools import cache

from django.conf import settings
from django.db import Error, close_old_connections

from tallystick.bootstrap.binaries import CannotStart
from tallystick.identity.context import Context
from tallystick.identity.reach import EVERYTHING, reaching
from tallystick.kit.address import is_loopback, read_address
from tallystick.kit.clock import DatabaseClock
from tallystick.kit.log import logger
from tallystick.notify.carry import Carriers
from tallystick.notify.choice import By
from tallystick.notify.look import tell_nobody_works
from tallystick.notify.mail import MailServer, WrongSetting
from tallystick.notify.outbox import recipients_due
from tallystick.notify.pulse import gone_since
from tallystick.notify.send import Sender, send_to
from tallystick.notify.wire import Wire

log = logger("notices")
ORIGINS = "TALLYSTICK_WEBHOOK_ORIGINS"
WATCHES_EVERY = 30.0


@cache
def sender() -> Sender:
    """Raises CannotStart when a setting cannot be meant."""
    try:
        carriers = carriers_from(os.environ)
    except WrongSetting as error:
        raise CannotStart(f"{error}.") from None
    return Sender(
        carriers=carriers,
        keys=settings.SEALING_KEYS,
        clock=DatabaseClock(),
    )


def carriers_from(environment: Mapping[str, str]) -> Carriers:
    """Raises WrongSetting naming the variable."""
    written = [one.strip() for one in environment.get(ORIGINS, "").split(",") if one.strip()]
    allowed = set()
    for text in written:
        address = read_address(text)
        if address is None or address.path:
            raise WrongSetting(f"{ORIGINS}: write https://host or https://host:port")
        if address.scheme == "http" and not is_loopback(address.host):
            raise WrongSetting(f"{ORIGINS}: plain http is allowed for this machine itself only")
        allowed.add(address.origin)
    return Carriers(mail=MailServer.from_environment(environment), wire=Wire(frozenset(allowed)))


def by(context: Context, *, correlation_id: str) -> By:
    """What the verbs of ``notify`` are told about their asker."""
    made = sender()
    return By(context, made.clock.now(), correlation_id, made.keys, made.carriers)


def watch_for_workers(made: Callable[[], Sender] = sender) -> threading.Thread:
    """A web process lives when no worker does: it says so, and sends that by itself."""

    def watch() -> None:
        waiting = threading.Event()
        while not waiting.wait(WATCHES_EVERY):
            try:
                close_old_connections()
                with reaching(EVERYTHING):  # it is said to every tenant
                    say_if_nobody_works(made())
            except Error as error:
                log.warning("nobody could be told", why=type(error).__name__)

    thread = threading.Thread(target=watch, name="watch for workers", daemon=True)
    thread.start()
    return thread


def say_if_nobody_works(made: Sender) -> None:
    """Harmless when several processes do it at once."""
    now = made.clock.now()
    since = gone_since(now=now)
    if since is None:
        return
    tell_nobody_works(since, now=now)
    for recipient_id in recipients_due(now=now):
        send_to(recipient_id, sender=made)
