"""What was seen of a line that nobody here wrote: facts, added and never changed.

Whether a second writer is likely is decided from them (``second_writer``) whenever it is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.db.models import Exists, OuterRef

from tallystick.audit.events import Event, Status
from tallystick.audit.record import record
from tallystick.ledger.kinds import AttemptKind, EvidenceKind, SightingKind
from tallystick.ledger.models import Attempt, DealtWith, Evidence, Lane, Sighting
from tallystick.ledger.second_writer import (
    RECENT,
    SecondWriter,
    Sighted,
    UnitChange,
    second_writer,
)
from tallystick.ledger.settle import IN_PART, LANDED, Act
from tallystick.ledger.state import State

# The conclusions of an attempt that leave no doubt of what it did.
CERTAIN = (LANDED, IN_PART, "not sent", State.FAILED.value)


def keep_sighting(
    lane: Lane,
    kind: SightingKind,
    change: UnitChange,
    *,
    contract_id: int,
    line_id: int,
    act: Act,
) -> None:
    """Add it, unless it is what was seen last; tell the audit log once it makes a pattern.

    The caller holds the lane. The same units are seen anew only when the line was proved since.
    """
    last = Sighting.objects.filter(lane=lane).order_by("-pk").first()
    if last is not None and not _proved_since(lane, last):
        if last.units_after == change.after:
            return
        change = replace(change, before=last.units_after)
    known = second_writers([lane.pk], now=act.now).get(lane.pk)
    _add(lane, kind, change, contract_id=contract_id, line_id=line_id, now=act.now)
    found = second_writers([lane.pk], now=act.now).get(lane.pk)
    if found is not None and known is None:
        record(
            Event.SECOND_WRITER_SEEN,
            actor=act.actor,
            now=act.now,
            subject=act.subject,
            correlation_id=act.correlation_id,
            status=Status.FAILED,
            summary=found.in_words(),
            details={
                "contract_id": contract_id,
                "line_id": line_id,
                "seen": [
                    {
                        "effective_on": one.change.on.isoformat(),
                        "units_before": one.change.before,
                        "units_after": one.change.after,
                        "what": one.kind.label,
                    }
                    for one in found.seen
                ],
            },
        )


def units_meant(attempt: Attempt) -> int:
    """What the line was to show from the attempt's day on; of a mere price: what it had."""
    units = attempt.target["units"]
    return int(attempt.base["units"] if units is None else units)


def _proved_since(lane: Lane, last: Sighting) -> bool:
    # Our own change is proved in the very transaction that finds somebody has made it.
    proved_with_it = last.kind == SightingKind.OUR_CHANGE.value
    return lane.proved_at is not None and (lane.proved_at > last.seen_at or proved_with_it)


def keep_what_was_before(
    lane_id: int,
    changes: Sequence[UnitChange],
    *,
    contract_id: int,
    line_id: int,
    now: datetime,
) -> None:
    """What others did to the line before it was mapped. In the transaction that maps."""
    lane = Lane.objects.get(pk=lane_id)
    for change in changes:
        _add(
            lane,
            SightingKind.BEFORE_MAPPING,
            change,
            contract_id=contract_id,
            line_id=line_id,
            now=now,
        )


def _add(
    lane: Lane,
    kind: SightingKind,
    change: UnitChange,
    *,
    contract_id: int,
    line_id: int,
    now: datetime,
) -> None:
    Sighting.objects.create(
        tenant_id=lane.tenant_id,
        lane=lane,
        kind=kind.value,
        contract_id=contract_id,
        line_id=line_id,
        effective_on=change.on,
        units_before=change.before,
        units_after=change.after,
        seen_at=now,
    )


def sighted(lane_ids: Collection[int], *, now: datetime) -> Mapping[int, Sequence[Sighted]]:
    """By lane, of the last 90 days, oldest first: one question for any number of lanes."""
    since = DealtWith.objects.filter(sighting__lane=OuterRef("lane"), sighting__gte=OuterRef("pk"))
    rows = Sighting.objects.filter(lane__in=lane_ids, seen_at__gte=now - RECENT)
    found: dict[int, list[Sighted]] = {}
    for row in rows.annotate(dealt_with=Exists(since)).order_by("pk"):
        found.setdefault(row.lane_id, []).append(
            Sighted(
                kind=SightingKind(row.kind),
                change=UnitChange(row.effective_on, row.units_before, row.units_after),
                seen_at=row.seen_at,
                dealt_with=row.dealt_with,
            )
        )
    return found


def second_writers(lane_ids: Collection[int], *, now: datetime) -> Mapping[int, SecondWriter]:
    """By lane; only those that somebody else probably writes to."""
    decided = {
        lane_id: second_writer(seen, now=now)
        for lane_id, seen in sighted(lane_ids, now=now).items()
    }
    return {lane_id: one for lane_id, one in decided.items() if one is not None}


def keep_dealt_with(lane: Lane, *, reason: str, person: str, now: datetime) -> None:
    """What was seen until now is seen to. The caller holds the lane, and knows there is some."""
    last = Sighting.objects.filter(lane=lane).order_by("-pk")[0]
    DealtWith.objects.create(
        tenant_id=lane.tenant_id, sighting=last, reason=reason, person=person[:200], at=now
    )


def days_written(connection_id: int, line_id: int, *, since: date) -> set[date]:
    """The days of a line that were written from here, for whichever subscription, or may have
    been."""
    attempts = Attempt.objects.filter(
        lane__connection_id=connection_id,
        line_id=line_id,
        kind=AttemptKind.ADJUST.value,
        effective_on__gte=since,
    )
    return set(attempts.values_list("effective_on", flat=True))


def may_be_ours(lane: Lane, *, now: datetime) -> set[int]:
    """The units that what was sent and not proved could have led to: once, twice, or in place of
    the day's first change."""
    units: set[int] = set()
    for attempt in uncertain(lane, now=now):
        change, base = int(attempt.body["unit_change"]), attempt.base
        start = base["units"] if base["day_start_units"] is None else base["day_start_units"]
        units |= {units_meant(attempt), base["units"] + 2 * change, start + change}
    return units


def uncertain(lane: Lane, *, now: datetime) -> Sequence[Attempt]:
    """What was sent lately and is neither proved nor definitely without effect."""
    attempts = Attempt.objects.filter(
        lane=lane, kind=AttemptKind.ADJUST.value, started_at__gte=now - RECENT
    )
    certain = Evidence.objects.filter(
        attempt__in=attempts, kind=EvidenceKind.CONCLUSION.value, data__conclusion__in=CERTAIN
    )
    return list(attempts.exclude(pk__in=certain.values("attempt")))
