"""Take in a list of what a source has: what differs from before becomes operations.

1. Lock the source, lay the list aside, find the rows that differ from its last one.
2. Read those; whatever is wrong is said at once, and then nothing is stored.
3. Compare each with what the source showed or told before, and with what is recorded here where it
   said nothing yet. What a feed has told already is so already, and is not recorded again.
4. The differences are events like any others, *seen, not told*: kept, and carried out in order.
5. What the list does not show has not ended. Only a list that says it is complete, and whose sender
   says that absence is an end, ends anything, and never a large part at once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Subject as AuditSubject
from tallystick.audit.record import record
from tallystick.catalog.terms import OfferKind
from tallystick.identity.context import Context
from tallystick.identity.people import tenant_zone
from tallystick.kit.clock import civil_day
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput
from tallystick.ledger.wake import Wake
from tallystick.sources.csv_cells import read_row
from tallystick.sources.csv_errors import MOST_SHOWN, Errors
from tallystick.sources.intake.event import Answer, How, NeutralEvent
from tallystick.sources.intake.read_event import read_event
from tallystick.sources.intake.speaker import speak_for
from tallystick.sources.intake.take import Taken, take_in
from tallystick.sources.models import Source
from tallystick.sources.sheet_open import Sheet, open_sheet
from tallystick.sources.snapshot.as_events import Shown, SnapshotTold, absent, as_events
from tallystick.sources.snapshot.known_state import states_before
from tallystick.sources.snapshot.lay_aside import JUST_TOLD, LaidAside, Rows, laid_aside
from tallystick.subscriptions.queries import visible
from tallystick.subscriptions.status import EndOfTerm, SubscriptionStatus

FEW_ABSENT = 5
MOST_ABSENT = 0.2  # of what is live: more than this is a broken list, not a bad day
_OVER = frozenset({"cancelled", "canceled", "expired", "disabled", "deleted"})
# Kept as it was shown, for the renewals.
_BESIDE = ("cancel_by", "next_term")
_KINDS = {one.value: one for one in OfferKind}
_ENDS = {one.value: one for one in EndOfTerm}


@dataclass(frozen=True, slots=True)
class SnapshotAsked:
    """``complete``: it shows everything the source has. ``absent_is_cancelled``: and what it does
    not show has ended. ``effective_on``: of changes; None is the day it was taken. ``how``: FEED
    when the source itself told us to look."""

    taken_at: datetime
    complete: bool = False
    absent_is_cancelled: bool = False
    accept_many_absent: bool = False
    effective_on: date | None = None
    how: How = How.SNAPSHOT


@dataclass(frozen=True, slots=True)
class Found:
    """One difference, and what became of it."""

    subject: str
    type: str
    after: dict[str, Any]
    answer: Answer
    because: str


@dataclass(slots=True)
class SnapshotTaken:
    """``as_before``: rows that nobody had to look at. ``found`` has the first differences."""

    rows: int
    stored: bool
    as_before: int
    told_just_before: int
    absent: int
    unknown_columns: Sequence[str]
    answers: Counter[Answer] = field(default_factory=Counter)
    found: list[Found] = field(default_factory=list)

    @property
    def differences(self) -> int:
        return sum(self.answers.values())


def take_snapshot(
    sheet: Sheet,
    asked: SnapshotAsked,
    *,
    source_id: int,
    context: Context,
    now: datetime,
    wake: Wake,
    correlation_id: str,
    dry_run: bool = False,
) -> SnapshotTaken:
    """Carry it out. Raises ImportRefused, InvalidInput, NotFound, Conflicting: nothing is stored.

    A dry run does all of it and takes it back: what it answers is what would be.
    """
    _check(asked, now)
    lanes: set[int] = set()

    def later(lane_ids: Sequence[int]) -> None:
        lanes.update(lane_ids)

    with open_sheet(sheet) as text, transaction.atomic():
        speaker = speak_for(source_id, context, now=now, wake=later, correlation_id=correlation_id)
        source = speaker.source
        source.snapshots += 1
        if asked.how is How.SNAPSHOT:
            source.last_snapshot_at = now
        source.save(update_fields=["snapshots", "last_snapshot_at"])
        day = asked.effective_on or civil_day(asked.taken_at, tenant_zone(source.tenant_id))
        moment = asked.taken_at.isoformat()
        told = SnapshotTold(source.uri, source.snapshots, moment, day)
        # A list may lag behind what was told; what was told to be looked at does not.
        fresh = asked.taken_at - (JUST_TOLD if asked.how is How.SNAPSHOT else timedelta())
        with laid_aside(
            text, source_id=source.pk, told_before=fresh, complete=asked.complete
        ) as rows:
            taken = _taken(rows, stored=not dry_run)

            def take(events: Iterable[dict[str, Any]]) -> None:
                found = [_read(event, source.uri, asked.how) for event in events]
                by: dict[str, Any] = {"now": now, "wake": later, "correlation_id": correlation_id}
                _count(taken, found, take_in(source.pk, found, context=context, **by))

            _take_rows(rows, source, told, context, take, now)
            _take_absent(rows, taken, asked, told, context, take)
        if dry_run:
            transaction.set_rollback(True)
        else:
            _note(taken, source, context, now, correlation_id)
            if lanes:
                wake(sorted(lanes))
    return taken


def _check(asked: SnapshotAsked, now: datetime) -> None:
    errors = []
    if asked.absent_is_cancelled and not asked.complete:
        words = "only a complete list can say that what it does not show has ended"
        errors.append(FieldError("absent", words))
    if asked.taken_at > now:
        errors.append(FieldError("taken_at", "is in the future"))
    if errors:
        raise InvalidInput(errors)


def _taken(rows: Rows, *, stored: bool) -> SnapshotTaken:
    return SnapshotTaken(
        rows=rows.count,
        stored=stored,
        as_before=rows.count - rows.differing - rows.told_just_before,
        told_just_before=rows.told_just_before,
        absent=0,
        unknown_columns=rows.unknown,
    )


def _take_rows(
    rows: Rows,
    source: Source,
    told: SnapshotTold,
    context: Context,
    take: Any,
    now: datetime,
) -> None:
    """Part by part. Raises ImportRefused with what is wrong with all of them."""
    errors = Errors()
    today = civil_day(now, tenant_zone(source.tenant_id))
    for part in rows.parts():
        shown = [_shown(one, today, errors) for one in part]
        if errors.count:
            continue
        ready = [one for one in shown if one is not None]
        before = states_before([one.row.subscription_id for one in ready], source, context)
        take(
            event
            for one in ready
            for event in as_events(one, before.get(one.row.subscription_id), told)
        )
        digests = {one.subject: one.digest for one in part}
        rows.keep(
            [
                (subject, json.dumps(one.as_json()), digests[subject])
                for one in ready
                if (subject := one.row.subscription_id)
            ]
        )
    errors.refuse()


def _shown(one: LaidAside, today: date, errors: Errors) -> Shown | None:
    cells = one.cells
    if cells["quantity"].strip() in {"", "0"} and cells.get("status", "").lower() in _OVER:
        cells = {**cells, "quantity": "1"}  # what has ended has no quantity that would be read
    row = read_row(one.line, cells, today=today, errors=errors)
    said = one.cells.get("end_of_term", "").strip().lower()
    if said and said not in _ENDS:
        errors.add(one.line, "end_of_term", f"“{said[:40]}” is not one of: {', '.join(_ENDS)}")
    kind = one.cells.get("kind", "").strip().lower()
    if kind and kind not in _KINDS:
        errors.add(one.line, "kind", f"“{kind[:40]}” is not one of: {', '.join(_KINDS)}")
    if row is None:
        return None
    beside = {name: text for name in _BESIDE if (text := cells.get(name, "").strip()[:300])}
    return Shown(row, _ENDS.get(said), _KINDS.get(kind, OfferKind.NCE_LICENCE), beside)


def _take_absent(
    rows: Rows,
    taken: SnapshotTaken,
    asked: SnapshotAsked,
    told: SnapshotTold,
    context: Context,
    take: Any,
) -> None:
    if not asked.complete:
        return
    missing = rows.absent()
    taken.absent = len(missing)
    if not (missing and asked.absent_is_cancelled):
        return
    many = taken.absent > max(FEW_ABSENT, MOST_ABSENT * (taken.rows + taken.absent))
    if many and not asked.accept_many_absent:
        raise Conflicting(
            f"{taken.absent} subscriptions that are live here are not in the list of {taken.rows}: "
            "so many at once are rather a broken list than an end. Nothing was stored. If it is "
            "right, say that many absent ones are accepted."
        )
    live = [SubscriptionStatus.ACTIVE.value, SubscriptionStatus.SUSPENDED.value]
    rows_here = visible(context).filter(provider_id__in=missing, status__in=live)
    ending = set(rows_here.values_list("provider_id", flat=True))
    take(absent(subject, told) for subject in missing if subject in ending)


def _read(event: dict[str, Any], uri: str, how: How) -> NeutralEvent:
    found = read_event(event, uri=uri)
    if isinstance(found, NeutralEvent):
        return replace(found, how=how)
    raise InvalidInput(found)


def _count(taken: SnapshotTaken, events: Sequence[NeutralEvent], became: Sequence[Taken]) -> None:
    for event, one in zip(events, became, strict=True):
        taken.answers[one.became.answer] += 1
        if len(taken.found) < MOST_SHOWN:
            said = dict(event.body["data"]["after"])
            answer, because = one.became.answer, one.became.because
            taken.found.append(Found(event.subject, event.type.value, said, answer, because))


def _note(
    taken: SnapshotTaken, source: Source, context: Context, now: datetime, correlation_id: str
) -> None:
    """One audit record that ties the operations together; none when nothing differed."""
    if not taken.differences:
        return
    record(
        Event.IMPORT_SNAPSHOT,
        actor=context.actor,
        now=now,
        subject=AuditSubject(tenant_id=source.tenant_id, reseller_id=source.reseller_id),
        correlation_id=correlation_id,
        summary=f"{source.name}: {taken.differences} differences in {taken.rows} subscriptions",
        details={
            "source": source.pk,
            "rows": taken.rows,
            "as_before": taken.as_before,
            "absent": taken.absent,
            "answers": {answer.value: many for answer, many in taken.answers.items()},
        },
    )
