"""Does somebody else write to a line too? Pure, from what was seen of it.

One hand edit is drift, a pattern is a second writer. It is likely when, within 90 days,

1. somebody made the very change that was about to be sent: once is enough; or
2. the units changed twice without us; or
3. they changed once without us, on a line that others changed before: in the 90 days before it was
   mapped, or before a person said that it was dealt with.

What was seen before it was mapped, or dealt with, never makes it likely by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tallystick.kit.days import in_words
from tallystick.ledger.kinds import SightingKind

RECENT = timedelta(days=90)
# One change by another hand is drift; so many are a pattern.
PATTERN = 2
NAMED = 3


@dataclass(frozen=True, slots=True)
class UnitChange:
    """A line's units change on a day, for whatever reason."""

    on: date
    before: int
    after: int

    def in_words(self) -> str:
        """``10 to 12 from 3 May 2026``."""
        return f"{self.before} to {self.after} from {in_words(self.on)}"


@dataclass(frozen=True, slots=True)
class Sighted:
    """A change that nobody here wrote; ``dealt_with``: a person has seen to it since."""

    kind: SightingKind
    change: UnitChange
    seen_at: datetime
    dealt_with: bool = False

    @property
    def is_new(self) -> bool:
        return not self.dealt_with and self.kind is not SightingKind.BEFORE_MAPPING


@dataclass(frozen=True, slots=True)
class SecondWriter:
    """Somebody else probably writes to the line too. ``seen``: why we think so, oldest first."""

    since: datetime
    seen: Sequence[Sighted]

    def in_words(self) -> str:
        """What was seen, what it may mean, what to do."""
        return (
            f"Somebody else changes this line too: {changes_in_words(self.changes)}. The same "
            "change may be billed twice. Stop the other tool's sync for this contract, or agree "
            "who changes it; then say here that it is dealt with."
        )

    @property
    def changes(self) -> Sequence[UnitChange]:
        return [one.change for one in self.seen]


def second_writer(seen: Sequence[Sighted], *, now: datetime) -> SecondWriter | None:
    """``seen`` of one line, oldest first."""
    recent = [one for one in seen if now - one.seen_at <= RECENT]
    new = [one for one in recent if one.is_new]
    ours = any(one.kind is SightingKind.OUR_CHANGE for one in new)
    if not new or (not ours and len(recent) < PATTERN):
        return None
    shown = [one for one in recent if not one.dealt_with]
    return SecondWriter(since=new[0].seen_at, seen=shown)


def keeps_changing(changes: Sequence[UnitChange]) -> bool:
    """Whether others change a line so often that it is warned of before it is mapped."""
    return len(changes) >= PATTERN


def changes_in_words(changes: Sequence[UnitChange]) -> str:
    """``10 to 12 from 3 May 2026, 12 to 14 from 5 May 2026``: the last ones."""
    said = ", ".join(one.in_words() for one in changes[-NAMED:])
    more = len(changes) - NAMED
    return f"{said} and {more} more" if more > 0 else said
