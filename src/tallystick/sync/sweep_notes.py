"""What a sweep found, in the audit log."""

from __future__ import annotations

from datetime import datetime

from tallystick.audit.events import Event, Status
from tallystick.audit.record import SYSTEM, record
from tallystick.connections.queries import load as load_connection
from tallystick.connections.queries import subject_on
from tallystick.ledger.models import Lane
from tallystick.ledger.settle import Act
from tallystick.subscriptions.queries import views_by_id
from tallystick.sync.engine import Engine


def act_of_sweep(engine: Engine, lane: Lane, now: datetime) -> Act:
    view = views_by_id([lane.subscription_id])[lane.subscription_id]
    connection = load_connection(lane.connection_id)
    return Act(now, SYSTEM, subject_on(view.subject(), connection), engine.correlation())


def note_drift(engine: Engine, lane: Lane, event: Event, what: str, now: datetime) -> None:
    act = act_of_sweep(engine, lane, now)
    record(
        event,
        actor=act.actor,
        now=now,
        subject=act.subject,
        correlation_id=act.correlation_id,
        status=Status.FAILED if event is Event.DRIFT_FOUND else Status.SUCCEEDED,
        summary=what,
    )
