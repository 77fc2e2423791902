"""The open difference a person decides on: found in their context, locked, still what they saw."""

from __future__ import annotations

from django.db import transaction

from tallystick.audit.record import Subject
from tallystick.connections.queries import ConnectionView, living, subject_on
from tallystick.connections.queries import load as load_connection
from tallystick.identity.context import Context
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.ledger.models import Delivery, Drift, Lane
from tallystick.ledger.queries import UNSETTLED
from tallystick.subscriptions.queries import views_by_id, visible

LONGEST_REASON = 1000


def read_reason(reason: str) -> str:
    """Raises InvalidInput (reason)."""
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise InvalidInput.one("reason", "is needed: somebody will ask")
    if len(reason) > LONGEST_REASON:
        raise InvalidInput.one("reason", f"is too long: at most {LONGEST_REASON} characters")
    return reason


def seen_drift(context: Context, drift_id: int) -> Drift:
    """Of a line this context sees, open or not. Raises NotFound."""
    found = Drift.objects.select_related("lane").filter(
        pk=drift_id,
        lane__connection__in=living(context),
        lane__subscription__in=visible(context),
    )
    drift = found.first()
    if drift is None:
        raise NotFound("There is no such difference.")
    return drift


def lock_open(context: Context, drift_id: int) -> tuple[Lane, Drift]:
    """In the caller's transaction. Raises NotFound, Conflicting (not what is there now)."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a difference is decided on in a transaction")
    drift = seen_drift(context, drift_id)
    rows = Lane.objects.select_for_update(of=("self",), no_key=True)
    lane = rows.select_related("drift", "agreed").get(pk=drift.lane_id)
    if lane.drift_id != drift.pk or not lane.open:
        raise Conflicting(
            "This difference is not what Autotask shows now: it is gone, it has changed, or "
            "somebody has decided on it. Nothing was changed. Look at the page Drift again."
        )
    if Delivery.objects.filter(UNSETTLED, lane=lane).exists():
        raise Conflicting(
            "An operation of this subscription is not settled: what it finds decides first. "
            "Nothing was changed. See the subscription, and decide there."
        )
    return lane, drift


def connection_of(lane: Lane) -> ConnectionView:
    return load_connection(lane.connection_id)


def subject_of(lane: Lane) -> Subject:
    """As the audit log names it."""
    view = views_by_id([lane.subscription_id])[lane.subscription_id]
    return subject_on(view.subject(), connection_of(lane))
