"""What looking found when Sync was pressed and nothing waited: no cause of a stop."""

from __future__ import annotations

from tallystick.ledger.settle import Cause
from tallystick.sync.words import stop


def read_and_equal() -> Cause:
    return Cause("equal", "Read from Autotask just now, and equal. Nothing was to be sent.")


def paused_unread() -> Cause:
    return Cause(
        "paused",
        "The connection is paused: Autotask was not read. Resume it, then press Sync again.",
    )


def nothing_to_compare() -> Cause:
    return Cause(
        "nothing_to_compare",
        "Nothing was waiting, and no line has been proved yet that could be compared. "
        "Nothing was sent.",
    )


def not_compared(reason: str) -> Cause:
    return Cause(
        "not_compared",
        f"Autotask could not be read: {stop(reason)} Nothing was sent, and nothing is concluded "
        "from what was not read. Press Sync to look again.",
    )
