"""The badge of a lane: pure, from what is stored, at the moment it is asked for.

Green means one thing only: everything settled, and the last reading equal to what is expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tallystick.kit.days import in_words
from tallystick.ledger.badge_words import (
    Agreement,
    agreed_words,
    approval_words,
    drift_words,
    ended_words,
)
from tallystick.ledger.state import State

# A single hiccup is not news; a second failure in a row is.
TRIES_BEFORE_RED = 2


class BadgeKind(StrEnum):
    SYNCED = "synced"
    OUT_OF_SYNC = "out_of_sync"
    SYNCING = "syncing"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    CHECKING = "checking"
    AGREED = "agreed"
    LEFT = "left"
    NOT_MAPPED = "not_mapped"

    @property
    def label(self) -> str:
        return {
            BadgeKind.SYNCED: "Synced",
            BadgeKind.OUT_OF_SYNC: "Out of Sync",
            BadgeKind.SYNCING: "Syncing",
            BadgeKind.WAITING_FOR_APPROVAL: "Waiting for approval",
            BadgeKind.CHECKING: "Checking",
            BadgeKind.AGREED: "Agreed Difference",
            BadgeKind.LEFT: "Left As It Is",
            BadgeKind.NOT_MAPPED: "Not Mapped",
        }[self]

    @property
    def tone(self) -> str:
        return {
            BadgeKind.SYNCED: "green",
            BadgeKind.OUT_OF_SYNC: "red",
            BadgeKind.SYNCING: "blue",
            BadgeKind.WAITING_FOR_APPROVAL: "yellow",
            BadgeKind.CHECKING: "yellow",
            BadgeKind.AGREED: "secondary",
            BadgeKind.LEFT: "secondary",
            BadgeKind.NOT_MAPPED: "secondary",
        }[self]

    @property
    def icon(self) -> str:
        return {
            BadgeKind.SYNCED: "check",
            BadgeKind.OUT_OF_SYNC: "alert-triangle",
            BadgeKind.SYNCING: "refresh",
            BadgeKind.WAITING_FOR_APPROVAL: "eye",
            BadgeKind.CHECKING: "clock",
            BadgeKind.AGREED: "arrows-diff",
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
    # What the last sweep saw of the charges of ours, in words; empty: nothing else than expected.
    drift_charges: str = ""
    # The first day this lane bills, while it has not begun.
    rests_until: date | None = None
    begins_at: datetime | None = None
    # Held for review: how many, and whether the oldest unsettled one is.
    to_approve: int = 0
    head_awaits_approval: bool = False
    # Units the contract's price contains: they are in no number of units.
    included: int = 0
    # What differs is a change of ours that is there twice.
    duplicate: bool = False
    # A person has agreed to what differs, until a day; ``agreed_ended``: that day has come.
    agreed: Agreement | None = None
    agreed_ended: bool = False


@dataclass(frozen=True, slots=True)
class Badge:
    """``pending`` counts every operation that is not settled, the stopped one included;
    ``to_approve`` those of them that wait for a person's approval."""

    kind: BadgeKind
    pending: int
    cause: str
    since: datetime | None
    until: datetime | None
    proved_at: datetime | None
    to_approve: int = 0


def badge(standing: Standing) -> Badge:
    """Decide. The order of the questions is the order of urgency."""

    def so(
        kind: BadgeKind,
        cause: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Badge:
        return Badge(
            kind, standing.unsettled, cause, since, until, standing.proved_at, standing.to_approve
        )

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
            if standing.head_awaits_approval:
                words = approval_words(standing.to_approve)
                return so(BadgeKind.WAITING_FOR_APPROVAL, words, standing.head_since)
            red = standing.head_tries >= TRIES_BEFORE_RED and bool(standing.head_cause)
            return so(
                BadgeKind.OUT_OF_SYNC if red else BadgeKind.SYNCING,
                standing.head_cause,
                standing.head_since,
                standing.head_retry_at,
            )
        case _:
            pass
    if standing.drift_units is not None or standing.drift_charges:
        return _differing(standing)
    if standing.expected_units is None and standing.proved_at is None:
        return so(BadgeKind.LEFT, "Nothing is compared or sent before its next change.")
    if standing.proved_at is None:
        return so(BadgeKind.CHECKING, "Not read back from Autotask yet.")
    return so(BadgeKind.SYNCED)


def _differing(standing: Standing) -> Badge:
    """Nothing waits, and Autotask shows something else: red, unless a person agreed to it. What is
    agreed is about the line, never about the charges."""
    kind, words, until = BadgeKind.OUT_OF_SYNC, standing.drift_charges, None
    expected = standing.expected_units
    if standing.drift_expected is not None:
        expected = standing.drift_expected
    agreed = standing.agreed
    if standing.drift_units is None or (words and agreed and not standing.agreed_ended):
        pass  # the charges speak
    elif agreed is not None and not standing.agreed_ended:
        kind, until = BadgeKind.AGREED, agreed.until_at
        words = agreed_words(agreed, expected, standing.drift_units, standing.included)
    else:
        words = drift_words(
            expected,
            standing.drift_units,
            standing.drift_amount,
            included=standing.included,
            duplicate=standing.duplicate,
        )
        if agreed is not None:
            words = f"{ended_words(agreed)} {words}"
    return Badge(kind, standing.unsettled, words, standing.drift_since, until, standing.proved_at)


# Of two lanes of one subscription the one that needs a person speaks.
URGENCY = (
    BadgeKind.OUT_OF_SYNC,
    BadgeKind.WAITING_FOR_APPROVAL,
    BadgeKind.CHECKING,
    BadgeKind.SYNCING,
    BadgeKind.AGREED,
    BadgeKind.LEFT,
    BadgeKind.SYNCED,
)
