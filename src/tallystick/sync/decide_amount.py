"""The ways past a stopped amount: what a person's decision means for what is billed of it.

*Done by hand*: the person has billed what was missing. *Skip*: it is not billed. *Adopt*: what
Autotask shows of our charges counts. *Push ours*: that is where it goes on from, to our amount.
"""

from __future__ import annotations

from datetime import datetime

from tallystick.kit.problem import Conflicting
from tallystick.ledger.amounts import about_of
from tallystick.ledger.drifts import clear_drift
from tallystick.ledger.kinds import AMOUNTS, OperationKind, Resolution
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.portions import accept_seen, forget_charge_drift, keep_by_hand
from tallystick.ledger.settle import Cause, change
from tallystick.ledger.state import STOPPED, State
from tallystick.sync.may_resolve import PUSH_OURS


def is_amount(delivery: Delivery) -> bool:
    return OperationKind(delivery.operation.kind) in AMOUNTS


def decide_amount(lane: Lane, head: Delivery, how: str, now: datetime) -> None:
    """``lane`` is locked. Raises Conflicting: then nothing was changed."""
    operation = head.operation
    about = about_of(OperationKind(operation.kind), operation.sequence, operation.after)
    if how == PUSH_OURS:
        if State(head.state) not in STOPPED:
            raise Conflicting("This operation is not stopped: it is sent by itself.")
        accept_seen(lane, about=about)
        head.accepted_units = lane.drift_units  # of amounts that go on the line
        change(head, State.PENDING, now=now)
        return
    if how == Resolution.DONE_BY_HAND.value:
        accept_seen(lane, about=about)
        keep_by_hand(lane, operation)
    elif how == Resolution.ADOPT.value and not accept_seen(lane, about=about):
        raise Conflicting("Nothing was read from Autotask that could be adopted.")
    clear_drift(lane, now=now)
    forget_charge_drift(lane)
    lane.save()
    change(head, State.RESOLVED, now=now, cause=Cause(how, Resolution(how).label))
