"""The sentences people read about charges: what happened, what was sent, what you can do."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tallystick.kit.days import in_words as day_in_words
from tallystick.ledger.amounts import KeptPortion, SeenCharge
from tallystick.ledger.settle import Cause
from tallystick.sync.charge_port import ShownCharge


def no_code() -> Cause:
    return Cause(
        "no_charge_code",
        "Not sent: Autotask books a charge under a billing code, and which one is not said. The "
        "operations behind it wait. Enter the id of a Material Cost Code in the connection's "
        "settings (its test lists them), then press Sync.",
    )


def changed_by_hand(kept: KeptPortion, seen: SeenCharge) -> Cause:
    return Cause(
        "charge_changed",
        f"Not sent: {what_is_seen(kept, seen)} Somebody changed it there, and it is not "
        "overwritten. Set it back in Autotask and press Sync, or decide what counts.",
    )


def what_is_seen(kept: KeptPortion, seen: SeenCharge) -> str:
    """Both values, in one sentence."""
    name = f"the charge of {day_in_words(kept.day)} ({kept.reference})"
    if seen.price is None:
        return f"{name} is gone from Autotask, expected {_bare(kept.price)}."
    if seen.price != kept.price:
        return f"{name} shows {_bare(seen.price)} in Autotask, expected {_bare(kept.price)}."
    return (
        f"{name} shows another cost in Autotask ({_bare(seen.cost)}), expected {_bare(kept.cost)}."
    )


def drift(differing: Sequence[tuple[KeptPortion, SeenCharge]]) -> str:
    """Of a lane that nothing waits for."""
    first, seen = differing[0]
    said = what_is_seen(first, seen)
    more = len(differing) - 1
    others = f" So do {more} more." if more else ""
    return (
        f"{said[:1].upper()}{said[1:]}{others} Nothing was sent. If ours is right, set it in "
        "Autotask and press Sync; if Autotask is right, record the month's amounts as they are "
        "there."
    )


def two_charges(count: int) -> Cause:
    return Cause(
        "duplicate",
        f"Duplicate in Autotask: {count} charges carry this operation's reference, expected one. "
        "Nothing more is sent. Delete one in Autotask and press Sync.",
    )


def other_than_sent(wanted: KeptPortion, there: ShownCharge) -> Cause:
    return Cause(
        "charge_changed",
        f"Autotask has a charge with this operation's reference that shows {_bare(there.price)}, "
        f"where {_bare(wanted.price)} is wanted. Somebody changed it there. Nothing more is sent. "
        "Set it right in Autotask and press Sync, or set it by hand and mark it as done.",
    )


def billed_meanwhile() -> Cause:
    return Cause(
        "charge_billed",
        "Autotask has billed the charge meanwhile, and it cannot be changed any more. Nothing was "
        "changed. The difference goes out as a charge of its own.",
    )


def not_as_sent(price: Decimal) -> Cause:
    return Cause(
        "third_value",
        f"Sent once, and Autotask shows the charge neither as it was nor at {_bare(price)}. "
        "Somebody else changed it too. Nothing more is sent. Decide what counts.",
    )


def reset_day_taken(day: str) -> Cause:
    return Cause(
        "same_day",
        f"Autotask refused it: it already has a change of this line on {day}, so the line cannot "
        "be reset there. What was set for the month is proved. The operations behind it wait. Set "
        "unit price and cost to 0 from that day in Autotask, then press Sync.",
    )


def _bare(amount: Decimal | None) -> str:
    if amount is None:
        return "nothing"
    text = f"{amount:.4f}"
    return text[:-2] if text.endswith("00") else text
