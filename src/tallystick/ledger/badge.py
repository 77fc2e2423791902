"""The badge of a lane: pure, from what is stored, at the moment it is asked for.

Green means one thing only: everything settled, and the last reading equal to what is expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tallystick.kit.days import in_words
from tallystick.ledger.state import State

# A single hiccup is not news; a second failure in a row is.
TRIES_BEFORE_RED = 2


class BadgeKind(StrEnum):
    SYNCED = "synced"
    OUT_OF_SYNC = "out_of_sync"
    SYNCING = "syncing"
    CHECKING = "checking"
    LEFT = "left"
    NOT_MAPPED = "not_mapped"

    @property
    def label(self) -> str:
        return {
            BadgeKind.SYNCED: "Synced",
            BadgeKind.OUT_OF_SYNC: "Out of Sync",
            BadgeKind.SYNCING: "Syncing",
            BadgeKind.CHECKING: "Checking",
            BadgeKind.LEFT: "Left As It Is",
            BadgeKind.NOT_MAPPED: "Not Mapped",
        }[self]

    @property
    def tone(self) -> str:
        return {
            BadgeKind.SYNCED: "green",
            BadgeKind.OUT_OF_SYNC: "red",
            BadgeKind.SYNCING: "blue",
            BadgeKind.CHECKING: "yellow",
            BadgeKind.LEFT: "secondary",
            BadgeKind.NOT_MAPPED: "secondary",
        }[self]

    @property
    def icon(self) -> str:
        return {
            BadgeKind.SYNCED: "check",
            BadgeKind.OUT_OF_SYNC: "alert-triangle",
            BadgeKind.SYNCING: "refresh",
            BadgeKind.CHECKING: "clock",
            BadgeKind.LEFT: "player-pause",
            BadgeKind.NOT_MAPPED: "unlink",
        }[self]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the badge of one lane is decided from."""

    mapped: bool
    unsettled: int
    head_state: State | None
    head_cause: str
    head_tries: int
    head_retry_at: datetime | None
    head_since: datetime | None
    proved_at: datetime | None
    expected_units: int | None
    drift_units: int | None
    drift_expected: int | None
    drift_amount: Decimal | None
    drift_since: datetime | None
    paused_because: str
    paused_at: datetime | None
    # The first day this lane bills, while it has not begun.
    rests_until: date | None = None
    begins_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Badge:
    """``pending`` counts every operation that is not settled, the stopped one included."""

    kind: BadgeKind
    pending: int
    cause: str
    since: datetime | None
    until: datetime | None
    proved_at: datetime | None


def badge(standing: Standing) -> Badge:
    """Decide. The order of the questions is the order of urgency."""

    def so(
        kind: BadgeKind,
        cause: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Badge:
        return Badge(kind, standing.unsettled, cause, since, until, standing.proved_at)

    if not standing.mapped:
        return so(BadgeKind.NOT_MAPPED)
    if standing.rests_until is not None:
        words = f"Nothing is compared or sent before {in_words(standing.rests_until)}."
        return so(BadgeKind.LEFT, words, until=standing.begins_at)
    match standing.head_state:
        case State.FAILED | State.CONFLICT:
            return so(BadgeKind.OUT_OF_SYNC, standing.head_cause, standing.head_since)
        case State.CHECKING:
            return so(
                BadgeKind.CHECKING,
                standing.head_cause,
                standing.head_since,
                standing.head_retry_at,
            )
        case State.PENDING | State.SENDING:
            if standing.paused_because:
                return so(BadgeKind.OUT_OF_SYNC, standing.paused_because, standing.paused_at)
            red = standing.head_tries >= TRIES_BEFORE_RED and bool(standing.head_cause)
            return so(
                BadgeKind.OUT_OF_SYNC if red else BadgeKind.SYNCING,
                standing.head_cause,
                standing.head_since,
                standing.head_retry_at,
            )
        case _:
            pass
    if standing.drift_units is not None:
        expected = standing.expected_units
        if standing.drift_expected is not None:
            expected = standing.drift_expected
        words = drift_words(expected, standing.drift_units, standing.drift_amount)
        return so(BadgeKind.OUT_OF_SYNC, words, standing.drift_since)
    if standing.expected_units is None and standing.proved_at is None:
        return so(BadgeKind.LEFT, "Nothing is compared or sent before its next change.")
    if standing.proved_at is None:
        return so(BadgeKind.CHECKING, "Not read back from Autotask yet.")
    return so(BadgeKind.SYNCED)


# Of two lanes of one subscription the one that needs a person speaks.
URGENCY = (
    BadgeKind.OUT_OF_SYNC,
    BadgeKind.CHECKING,
    BadgeKind.SYNCING,
    BadgeKind.LEFT,
    BadgeKind.SYNCED,
)


def drift_words(expected: int | None, units: int | None, amount: Decimal | None) -> str:
    """Both values, of a line that nothing waits for. ``amount`` is the extended price."""
    if units == expected:
        return (
            f"Autotask shows the expected {expected} units, but another amount"
            f" ({amount}): somebody changed the price there. Nothing was sent. Set the price right "
            "in Autotask, then press Sync."
        )
    return (
        f"Autotask shows {units} units, expected {expected}: "
        f"somebody changed it there. Nothing was sent. If {expected} is right, set it in Autotask "
        f"and press Sync; if {units} is right, record that here."
    )
