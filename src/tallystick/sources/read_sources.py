"""Read a source that is read by us: when it is due, what came of it, and what stops it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q

from tallystick.audit.events import Event, Status
from tallystick.audit.record import Actor, Subject, record
from tallystick.identity.context import Context
from tallystick.identity.people import tenant_zone
from tallystick.identity.roles import Right
from tallystick.kit.clock import civil_day
from tallystick.kit.days import parse_day
from tallystick.kit.problem import InvalidInput, NotFound, Problem, Unreachable
from tallystick.kit.secrets import CannotOpen
from tallystick.ledger.wake import Wake
from tallystick.sources.hints.hear import APART, MOST_HINTS, hints_of, looked_at
from tallystick.sources.hints.hinted import Hinted
from tallystick.sources.intake.event import CustomerSaid
from tallystick.sources.intake.speaker import context_of_source
from tallystick.sources.kinds import SourceKind
from tallystick.sources.models import Hint, Source
from tallystick.sources.reading import Moment, Reader, WasRead
from tallystick.sources.unread import from_settings, not_matched, stored
from tallystick.sources.wire import SourceTrouble
from tallystick.subscriptions.queries import get_customer

EVERY: Final = timedelta(minutes=15)
LONGEST_READING: Final = timedelta(hours=2)
READ_BY_US: Final = (SourceKind.PARTNER_CENTER.value, SourceKind.PAX8.value)
# An activity log keeps 90 days; what is older than this is found by reading everything.
REACHES_BACK: Final = timedelta(days=85)
EVERYTHING_EVERY: Final = timedelta(hours=20)
EVERYTHING_AT_LEAST: Final = timedelta(hours=26)
NIGHT_ENDS_AT: Final = 5
# How a source is reached; raises CannotOpen.
ReaderOf = Callable[[Source], Reader]


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads and how. ``reader_of`` signs in with the source's own credentials."""

    reader_of: ReaderOf
    now: datetime
    wake: Wake
    correlation_id: str
    actor: Actor | None = None

    def at(self) -> Moment:
        return Moment(self.now, self.wake, self.correlation_id)


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing a test looked at; ``words`` say what is wrong and what to do."""

    name: str
    works: bool
    words: str


def due_sources(*, now: datetime) -> Sequence[int]:
    """Those whose time has come, the longest waiting first."""
    due = Q(next_read_at__isnull=True) | Q(next_read_at__lte=now)
    found = Source.objects.filter(due, kind__in=READ_BY_US).order_by("next_read_at", "pk")
    return list(found.values_list("pk", flat=True))


def claim(source_id: int, *, now: datetime) -> bool:
    """Whether its time has come still: of several that look at the same moment one gets it."""
    due = Q(next_read_at__isnull=True) | Q(next_read_at__lte=now)
    return bool(Source.objects.filter(due, pk=source_id).update(next_read_at=now + EVERY))


def read_source(source_id: int, reading: Reading, *, everything: bool = False) -> WasRead:
    """Raises SourceTrouble, which is kept and shown, with when it is tried again."""
    source = Source.objects.get(pk=source_id)
    now = reading.now
    hints = hints_of(source)
    whole = everything or everything_is_due(source, now=now) or len(hints) >= MOST_HINTS
    # Whoever else looks meanwhile sees that it is being read; a reader that died is followed by
    # another after this long.
    busy = now + (LONGEST_READING if whole else EVERY)
    Source.objects.filter(pk=source_id).update(next_read_at=busy, busy_until=busy)

    def read() -> WasRead:
        reader = reading.reader_of(source)
        if whole:
            return reader.everything(source, reading.at())
        where = [Hinted(one.customer, one.subject) for one in hints]
        return reader.changes(source, reading.at(), where)

    return _kept(source, read, reading, hints)


def everything_is_due(source: Source, *, now: datetime) -> bool:
    """Never read, not read for a night, or longer ago than the activity log reaches back."""
    if source.last_snapshot_at is None or not source.cursor.get("since"):
        return True
    if now - source.last_snapshot_at > EVERYTHING_AT_LEAST:
        return True
    zone = tenant_zone(source.tenant_id)
    if civil_day(now, zone) - parse_day(source.cursor["since"]) > REACHES_BACK:
        return True
    is_night = now.astimezone(ZoneInfo(zone)).hour < NIGHT_ENDS_AT
    return is_night and now - source.last_snapshot_at > EVERYTHING_EVERY


def refresh_customer(
    source_id: int, customer_id: int, reading: Reading, *, context: Context
) -> WasRead:
    """*Refresh from Partner Center*. Raises NotFound, NotAllowed, Unreachable, InvalidInput."""
    context.require(Right.OPERATE)
    source = visible_source(context, source_id)
    customer = get_customer(context, customer_id)
    said = CustomerSaid(customer.external_id, customer.name)

    def read() -> WasRead:
        return reading.reader_of(source).customer(source, said, reading.at())

    try:
        return _kept(source, read, reading)
    except SourceTrouble as trouble:
        raise Unreachable(f"{trouble} Nothing was stored.") from None


def read_source_now(
    source_id: int, reading: Reading, *, context: Context, everything: bool = False
) -> WasRead:
    """Because a person asks. Raises NotFound, NotAllowed, Unreachable, InvalidInput."""
    context.require(Right.OPERATE)
    source = visible_source(context, source_id)
    try:
        return read_source(source.pk, reading, everything=everything)
    except SourceTrouble as trouble:
        raise Unreachable(f"{trouble} Nothing was concluded from it.") from None


def check_source(source_id: int, reading: Reading, *, context: Context) -> list[Checked]:
    """*Test*: sign in and read, check by check; one audit log. Raises NotFound, InvalidInput."""
    context.require(Right.CONNECT)
    source = visible_source(context, source_id)
    checks, name = [], "Stored credentials"
    try:
        for name, check in reading.reader_of(source).checks(reading.now):
            check()
            checks.append(Checked(name, True, ""))
    except (SourceTrouble, CannotOpen) as trouble:
        checks.append(Checked(name, False, str(trouble)))
    works = all(one.works for one in checks)
    words = "works" if works else f"{checks[-1].name}: {checks[-1].words}"
    status = Status.SUCCEEDED if works else Status.FAILED
    _note(source, f"{source.name}: {words}", status, reading, event=Event.TEST_SOURCE)
    return checks


def visible_source(context: Context, source_id: int) -> Source:
    """One that is read by us. Raises NotFound, InvalidInput."""
    row = Source.objects.filter(**context.scope(), pk=source_id).first()
    if row is None:
        raise NotFound("There is no such source.")
    if row.kind not in READ_BY_US:
        raise InvalidInput.one("source", "tells us by itself: it is not read")
    return row


def _kept(
    source: Source, read: Callable[[], WasRead], reading: Reading, hints: Sequence[Hint] = ()
) -> WasRead:
    """What came of it, or what stopped it, on the source's row and in the audit log."""
    try:
        was_read = read()
    except (SourceTrouble, CannotOpen, Problem) as trouble:
        words = str(trouble)
        wait = trouble.retry_after if isinstance(trouble, SourceTrouble) else None
        _stopped(source, words, wait, reading)
        if isinstance(trouble, SourceTrouble):
            raise
        raise SourceTrouble(words) from None
    source.refresh_from_db()
    unmatched = not_matched(
        from_settings(source.settings),
        was_read.unmatched,
        was_read.matched,
        everything=was_read.everything,
    )
    source.cursor = was_read.cursor
    source.settings = {
        **source.settings,
        "brought": {"subscriptions": was_read.subscriptions, "differences": was_read.differences},
        **stored(unmatched),
    }
    looked_at(hints)
    # What was hinted at meanwhile has its turn soon; many calls never make it read all the time.
    following = APART if hints_of(source) else EVERY
    source.last_read_at, source.next_read_at = reading.now, reading.now + following
    source.busy_until = None
    source.trouble, source.trouble_since = "", None
    source.save(
        update_fields=[
            "cursor",
            "settings",
            "last_read_at",
            "next_read_at",
            "busy_until",
            "trouble",
            "trouble_since",
        ]
    )
    if was_read.differences or was_read.everything or reading.actor is not None:
        what = "everything" if was_read.everything else "changes"
        words = (
            f"{source.name}: {what} read, {was_read.subscriptions} subscriptions, "
            f"{was_read.differences} differences, {len(was_read.unmatched)} not matched"
        )
        _note(source, words, Status.SUCCEEDED, reading)
    return was_read


def _stopped(source: Source, words: str, wait: float | None, reading: Reading) -> None:
    """Said once; its data is as old as its last reading, and nothing was concluded."""
    again = reading.now + (EVERY if wait is None else timedelta(seconds=max(wait, 1.0)))
    since = source.trouble_since or reading.now
    Source.objects.filter(pk=source.pk).update(
        trouble=words[:1000], trouble_since=since, next_read_at=again, busy_until=None
    )
    if source.trouble != words[:1000]:
        _note(source, f"{source.name}: {words}", Status.FAILED, reading)


def _note(
    source: Source,
    words: str,
    status: Status,
    reading: Reading,
    *,
    event: Event = Event.READ_SOURCE,
) -> None:
    record(
        event,
        actor=reading.actor or context_of_source(source).actor,
        now=reading.now,
        subject=Subject(tenant_id=source.tenant_id, reseller_id=source.reseller_id),
        correlation_id=reading.correlation_id,
        status=status,
        summary=words[:500],
        details={"source": source.pk},
    )
