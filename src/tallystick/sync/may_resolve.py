"""Who may take which way past a stopped operation, and whether a reading bears it out."""

from __future__ import annotations

from typing import Any

from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting
from tallystick.ledger.kinds import Resolution
from tallystick.ledger.models import Delivery
from tallystick.sync.by_hand import Reading

PUSH_OURS = "push_ours"
NEXT_PERIOD = "next_period"
BELIEVED = "believed"


def rights_for(how: str, head: Delivery) -> tuple[Right, ...]:
    """Any of them will do. What was never approved is not sent by whoever may approve it."""
    if how == Resolution.SKIP.value and head.awaits_approval:
        return (Right.SKIP, Right.APPROVE)
    return (
        {
            Resolution.DONE_BY_HAND.value: Right.DONE_BY_HAND,
            Resolution.SKIP.value: Right.SKIP,
            Resolution.ADOPT.value: Right.ADOPT,
            PUSH_OURS: Right.PUSH,
            NEXT_PERIOD: Right.LATER,
        }[how],
    )


def check_believed(reading: Reading | None, believed: bool, context: Context) -> None:
    """Raises NotAllowed, Conflicting."""
    if believed:
        context.require(Right.BELIEVE)
        return
    shown = reading.shown if reading is not None else "Autotask was not read."
    raise Conflicting(
        f"It does not look as if it was done: {shown} Nothing was changed. Set it in Autotask and "
        "try again; or say that it is to be believed without a reading."
    )


def as_read(how: str, reading: Reading | None, *, agrees: bool) -> dict[str, Any]:
    """For the audit log: whether it was seen, or believed."""
    if how != Resolution.DONE_BY_HAND.value:
        return {}
    shown = reading.shown if reading is not None else ""
    return {"read": "agrees" if agrees else BELIEVED, "shown": shown}
