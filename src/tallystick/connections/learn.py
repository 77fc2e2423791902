"""What was learnt or decided about a connection while working with it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Actor, Subject, record
from tallystick.connections.models import Connection
from tallystick.connections.policies import POLICIES, Policy
from tallystick.connections.queries import ConnectionView
from tallystick.connections.sweeps import NOTED_EVERY


def set_policy(
    connection_id: int,
    *,
    policy: str,
    value: Policy,
    actor: Actor,
    now: datetime,
    correlation_id: str,
) -> None:
    """Set one policy or one learnt fact, with its audit record; the same again changes nothing."""
    if not isinstance(value, POLICIES[policy]):
        raise TypeError(f"{policy} is a {POLICIES[policy].__name__}")
    with transaction.atomic():
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
        before = getattr(row, policy)
        if before == value.value:
            return
        setattr(row, policy, value.value)
        row.save(update_fields=[policy])
        record(
            Event.UPDATE_CONNECTION,
            actor=actor,
            now=now,
            subject=Subject(
                tenant_id=row.tenant_id,
                reseller_id=row.reseller_id,
                connection_id=row.pk,
                connection_name=row.name,
            ),
            correlation_id=correlation_id,
            summary=value.label,
            details={"policy": policy, "before": before, "after": value.value},
        )


def note_read(connection: ConnectionView, *, now: datetime) -> None:
    """Now and then is enough: the row is one that all lanes of the connection share."""
    if _is_old(connection.last_read_at, now):
        Connection.objects.filter(pk=connection.id).update(last_read_at=now)


def note_write(connection: ConnectionView, *, now: datetime) -> None:
    """As ``note_read``."""
    if _is_old(connection.last_write_at, now):
        Connection.objects.filter(pk=connection.id).update(last_write_at=now)


def _is_old(noted: datetime | None, now: datetime) -> bool:
    return noted is None or now - noted > NOTED_EVERY


def note_sweep_begun(connection_id: int, *, now: datetime) -> None:
    """Every line is going to be looked at."""
    Connection.objects.filter(pk=connection_id).update(sweep_begun_at=now, sweep_stopped_because="")


def note_sweep_stopped(connection_id: int, *, because: str) -> None:
    """It did not get through: what was not read concludes nothing."""
    Connection.objects.filter(pk=connection_id).update(sweep_stopped_because=because)


def note_swept(connection_id: int, *, now: datetime) -> None:
    """Every line was looked at."""
    Connection.objects.filter(pk=connection_id).update(last_swept_at=now)
