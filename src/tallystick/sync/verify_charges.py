"""Look at the charges of ours that can still be changed: what differs, or is gone, is drift.

As ``verify`` does for lines: a lane with work under way is left to its turn, and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.kit.chunks import chunks
from tallystick.ledger.amounts import KeptPortion
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.portions import (
    charges_of,
    forget_charge_drift,
    keep_as_expected,
    keep_seen,
)
from tallystick.ledger.queries import UNSETTLED
from tallystick.sync.charge_words import drift
from tallystick.sync.engine import Engine
from tallystick.sync.shown_charges import Shown, is_as_kept, seen_of
from tallystick.sync.sweep_notes import note_drift

CHARGES_A_CALL = 500


def verify_charges(
    engine: Engine, connection_id: int, lane_ids: Sequence[int] | None = None
) -> Mapping[int, bool]:
    """By lane with such charges, whether all are as expected. Raises BillingError."""
    lanes = Lane.objects.filter(connection_id=connection_id, open=True).exclude(
        pk__in=Delivery.objects.filter(UNSETTLED).values("lane_id")
    )
    if lane_ids is not None:
        lanes = lanes.filter(pk__in=lane_ids)
    kept = charges_of(lanes.values_list("pk", flat=True))
    wanted = {
        one.reference: one.contract_id
        for charges in kept.values()
        for one in charges
        if one.contract_id is not None
    }
    billing = engine.billing(connection_id)
    shown: Shown = {}
    for some in chunks(sorted(wanted), CHARGES_A_CALL):
        shown = {**shown, **billing.find_charges({one: wanted[one] for one in some})}
    return {lane_id: _judge(engine, lane_id, kept[lane_id], shown) for lane_id in sorted(kept)}


def _judge(engine: Engine, lane_id: int, kept: Sequence[KeptPortion], shown: Shown) -> bool:
    """Work that came meanwhile decides itself."""
    with transaction.atomic():
        lane = Lane.objects.select_for_update(no_key=True).get(pk=lane_id)
        if Delivery.objects.filter(UNSETTLED, lane=lane).exists():
            return True
        now = engine.clock.now()
        same = [one for one in kept if is_as_kept(shown[one.reference], one)]
        billed = [one.reference for one in same if shown[one.reference][0].billed]
        keep_as_expected(lane, among=[one.reference for one in same], billed=billed)
        differing = [(one, seen_of(shown[one.reference], one)) for one in kept if one not in same]
        if not differing:
            if lane.drift_charges:
                note_drift(engine, lane, Event.DRIFT_GONE, "charges as expected again", now)
            forget_charge_drift(lane)
            lane.save()
            return True
        keep_seen(lane, [seen for _, seen in differing])
        words = drift(differing)
        if not lane.drift_charges:
            note_drift(engine, lane, Event.DRIFT_FOUND, words, now)
            lane.drift_since = lane.drift_since or now
        lane.drift_charges = words
        lane.save()
        return False
