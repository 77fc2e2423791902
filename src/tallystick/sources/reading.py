"""What every source that we read does with what it was shown: match it, and compare it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from tallystick.ledger.wake import Wake
from tallystick.sources.csv_cells import read_row
from tallystick.sources.csv_errors import Errors
from tallystick.sources.hints.hinted import Hinted
from tallystick.sources.intake.event import CustomerSaid, How
from tallystick.sources.intake.speaker import context_of_source
from tallystick.sources.models import Source
from tallystick.sources.snapshot.take_snapshot import SnapshotAsked, take_snapshot
from tallystick.sources.unread import Unread


@dataclass(slots=True)
class WasRead:
    """``unmatched``: what could not be matched, with the reason; ``matched``: the subscriptions
    that could. ``cursor``: where to go on."""

    everything: bool
    subscriptions: int = 0
    differences: int = 0
    unmatched: list[Unread] = field(default_factory=list)
    matched: set[str] = field(default_factory=set)
    cursor: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DayRows:
    """Rows whose changes count from one day."""

    day: date | None
    rows: Sequence[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Moment:
    """When a source is read, and on whose behalf."""

    now: datetime
    wake: Wake
    correlation_id: str


class Reader(Protocol):
    """One source, signed in to. Each raises SourceTrouble; then nothing was concluded."""

    def checks(self, now: datetime) -> list[tuple[str, Callable[[], object]]]: ...

    def sample(self, now: datetime) -> None:
        """Ask for a little of everything that is read, for a recording of the answers."""
        ...

    def everything(self, source: Source, at: Moment) -> WasRead: ...

    def changes(self, source: Source, at: Moment, hints: Sequence[Hinted]) -> WasRead: ...

    def customer(self, source: Source, customer: CustomerSaid, at: Moment) -> WasRead: ...


def matched(
    found: Iterable[dict[str, str] | Unread], read: WasRead, *, now: datetime
) -> list[dict[str, str]]:
    """Those that can be matched; one that cannot does not stop the others."""
    rows = []
    for row in found:
        read.subscriptions += 1
        if isinstance(row, Unread):
            read.unmatched.append(row)
            continue
        errors = Errors()
        quantity = row["quantity"] if row["quantity"] != "0" or row["status"] == "active" else "1"
        read_row(1, {**row, "quantity": quantity}, today=now.date(), errors=errors)
        if errors.count:
            why = "; ".join(f"{error.field} {error.message}" for error in errors.all())
            read.unmatched.append(Unread(row["subscription_id"], why[:300]))
        else:
            rows.append(row)
            read.matched.add(row["subscription_id"])
    return rows


def compare_rows(
    source: Source, lists: Sequence[DayRows], read: WasRead, at: Moment, *, how: How
) -> None:
    """In their order; each list's changes count from its day."""
    for one in lists:
        text = "\n".join(json.dumps(row) for row in _once(one.rows))
        if not text:
            continue
        taken = take_snapshot(
            io.BytesIO(text.encode()),
            SnapshotAsked(taken_at=at.now, complete=read.everything, effective_on=one.day, how=how),
            source_id=source.pk,
            context=context_of_source(source),
            now=at.now,
            wake=at.wake,
            correlation_id=at.correlation_id,
        )
        read.differences += taken.differences


def _once(rows: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """A subscription that is shown under two customers is taken as shown last."""
    return list({row["subscription_id"]: row for row in rows}.values())
