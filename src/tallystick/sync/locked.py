"""Carry out what was decided, unless the batch has changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import transaction

from tallystick.ledger.lease import Lease, hold
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.settle import Act
from tallystick.sync.engine import Engine, Milestone
from tallystick.sync.load import Work, act_of, deliveries, unchanged
from tallystick.sync.target import Due


def under_lock(
    engine: Engine,
    lease: Lease,
    work: Work,
    batch: Sequence[Due],
    do: Callable[[Lane, list[Delivery], Act], None],
) -> bool:
    """Carry out, unless the batch has changed since it was loaded; then look at it afresh."""
    with transaction.atomic():
        lane = hold(lease)
        rows = deliveries(batch)
        if not unchanged(rows, batch):
            return True
        act = act_of(engine, work)
        do(lane, rows, act)
    engine.reached(Milestone.SETTLED)
    return True
