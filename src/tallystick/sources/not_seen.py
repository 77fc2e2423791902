"""Was a change that a person recorded here made at its source, too? Pure.

What differs counts when the last operation that said it was a person's, and the source has had
time to show it. What somebody else said last is not a change of a person that was forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tallystick.ledger.kinds import OperationKind
from tallystick.sources.intake.event import State
from tallystick.subscriptions.status import LIVE, SubscriptionStatus

SEEN_WITHIN = timedelta(hours=48)
# Who records by itself, or says what the source said.
_NOBODY = ("system", "source/")
_QUANTITY = {OperationKind.UPDATE_QUANTITY, OperationKind.RENEW}
_STATUS = {
    OperationKind.CANCEL,
    OperationKind.SUSPEND,
    OperationKind.REACTIVATE,
    OperationKind.EXPIRE,
    OperationKind.DELETE,
}
_END = {OperationKind.SET_END_OF_TERM}
KINDS = _QUANTITY | _STATUS | _END


@dataclass(frozen=True, slots=True)
class Done:
    """An operation: what it was, who recorded it and when, and when its day has begun."""

    kind: OperationKind
    actor_ref: str
    recorded_at: datetime
    begins_at: datetime

    @property
    def is_a_persons(self) -> bool:
        return not self.actor_ref.startswith(_NOBODY)


@dataclass(frozen=True, slots=True)
class Missed:
    """What is here and not there, in words, and since when."""

    words: str
    recorded_at: datetime


def not_seen(
    ours: State, theirs: State, done: Sequence[Done], *, looked_at: datetime | None, now: datetime
) -> Missed | None:
    """``done``: newest first; ``looked_at``: when the source was read last, None for one that
    tells by itself."""
    missed: dict[str, datetime] = {}
    for words, kinds in _differing(ours, theirs).items():
        last = next((one for one in done if one.kind in kinds), None)
        if last is not None and last.is_a_persons and _had_time(last, looked_at, now):
            missed[words] = last.recorded_at
    if not missed:
        return None
    return Missed("; ".join(missed), min(missed.values()))


def _had_time(last: Done, looked_at: datetime | None, now: datetime) -> bool:
    since = max(last.recorded_at, last.begins_at)
    return now - since >= SEEN_WITHIN and (looked_at is None or looked_at > since)


def _differing(ours: State, theirs: State) -> Mapping[str, set[OperationKind]]:
    """By words: the kinds of operations that say it. What the source never said differs not, but
    that what it has told of, and not that it ended, goes on."""
    here, there = (one.status or SubscriptionStatus.ACTIVE for one in (ours, theirs))
    if here not in LIVE and there not in LIVE:
        return {}
    if here is not there:
        return {f"{here.value} here, {there.value} there": _STATUS}
    found: dict[str, set[OperationKind]] = {}
    if theirs.quantity is not None and theirs.quantity != ours.quantity:
        found[f"quantity {ours.quantity} here, {theirs.quantity} there"] = _QUANTITY
    if ours.end_of_term and theirs.end_of_term and theirs.end_of_term is not ours.end_of_term:
        words = f"“{ours.end_of_term.short}” here, “{theirs.end_of_term.short}” there"
        found[f"at the end of the term {words}"] = _END
    return found
