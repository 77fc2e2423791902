"""What somebody chooses to be told of, and what each act on a choice has in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.connections.queries import get_connection
from tallystick.identity.context import Context
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.problem import FieldError, InvalidInput, NotFound
from tallystick.notify.carry import Carriers
from tallystick.notify.kinds import Channel, Topic
from tallystick.notify.models import Recipient
from tallystick.notify.recipients import may_see

MOST_HOURS = 24 * 31


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody is told of. ``connection_id`` None: of all in the context; 0 hours: no
    reminder."""

    topics: Sequence[str]
    connection_id: int | None = None
    remind_hours: int = 24


@dataclass(frozen=True, slots=True)
class By:
    """Who asks, when, and what this process has."""

    context: Context
    now: datetime
    correlation_id: str
    keys: KeyRing
    carriers: Carriers


def hold(recipient_id: int, context: Context) -> Recipient:
    rows = may_see(context).select_for_update(no_key=True, of=("self",))
    row = rows.filter(pk=recipient_id).first()
    if row is None:
        raise NotFound("There is no such notification.")
    return row


def wrong(choice: Choice) -> list[FieldError]:
    errors = []
    known = {one.value for one in Topic}
    if not choice.topics or not set(choice.topics) <= known:
        errors.append(FieldError("topics", f"must be some of {', '.join(sorted(known))}"))
    if not 0 <= choice.remind_hours <= MOST_HOURS:
        errors.append(FieldError("remind_hours", f"must be from 0 to {MOST_HOURS}"))
    return errors


def topics_of(choice: Choice) -> list[str]:
    return [one.value for one in Topic if one.value in choice.topics]


def connection_of(choice: Choice, context: Context) -> int | None:
    """Raises InvalidInput when it is not one of the context."""
    if choice.connection_id is None:
        return None
    try:
        return get_connection(context, choice.connection_id).id
    except NotFound as error:
        raise InvalidInput.one("connection", "there is no such connection") from error


def facts_of(row: Recipient) -> dict[str, Any]:
    return {
        "channel": row.channel,
        "to": row.shown,
        "topics": list(row.topics),
        "connection": row.connection_id,
        "remind_hours": row.remind_hours,
    }


def record_choice(event: Event, row: Recipient, by: By, details: dict[str, Any]) -> None:
    record(
        event,
        actor=by.context.actor,
        now=by.now,
        subject=Subject(
            tenant_id=row.tenant_id, reseller_id=row.reseller_id, connection_id=row.connection_id
        ),
        correlation_id=by.correlation_id,
        summary=f"{row.name} ({Channel(row.channel).label})",
        details=details,
    )
