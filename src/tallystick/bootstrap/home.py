"""Everything Home says, and ``GET /home``: asked once, in as many questions for one as for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from tallystick.audit.events import Event
from tallystick.audit.queries import failures_by_day
from tallystick.books.all_well import Headline, Now, SweepOf, headline
from tallystick.books.may_post import MayPost, may_post, usual_day
from tallystick.books.open_items import OpenLines, oldest_waiting, open_lines, state_on, sweep_of
from tallystick.bootstrap.connection_health import verdicts_of
from tallystick.connections.budget import Budget, budgets_of
from tallystick.connections.health import Health, Verdict
from tallystick.connections.queries import ConnectionView, list_connections
from tallystick.connections.sweeps import SweepState
from tallystick.identity.context import Context
from tallystick.identity.people import tenant_zone
from tallystick.kit.clock import civil_day, day_begins
from tallystick.ledger.at_stake import Counts, Needy, counts_at_stake, most_at_stake
from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.counting import Oldest, Whose
from tallystick.ledger.history import Day, days
from tallystick.mappings.rows import Row, paused_connections, rows_for
from tallystick.mappings.stakes import Stake
from tallystick.mappings.watching import not_mapped_at_stake, not_seen_at_stake
from tallystick.sources.undecided import Undecided, count_undecided
from tallystick.sources.undecided import undecided as told_and_undecided
from tallystick.subscriptions.queries import get_subscriptions
from tallystick.subscriptions.waiting_ends import needing
from tallystick.sync.health import is_there, worker_seen_at

DAYS = 30
NEEDS_SHOWN = 20
TOLD_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Need:
    """A subscription that a person must see to; ``a_month`` is what it bills."""

    row: Row
    a_month: Decimal | None


@dataclass(frozen=True, slots=True)
class ConnectionNow:
    """``lines``: those it bills in this context; ``sent_since``: a change was sent after the last
    look at every line had begun."""

    connection: ConnectionView
    verdict: Verdict
    sweep: SweepState
    calls: Budget
    lines: int
    sent_since: bool

    @property
    def needs_you(self) -> bool:
        """A person must see to it; a worker that is not there is told once, for all of them."""
        return bool(self.verdict.todo) and self.verdict.health is not Health.NO_WORKER


@dataclass(frozen=True, slots=True)
class DayOf:
    """A day's operations, and what of them did not work."""

    day: Day
    failures: int
    drifts: int


@dataclass(frozen=True, slots=True)
class Home:
    """``days``: the last thirty, today the last; ``needs`` the first twenty by money at stake.

    ``undecided``: how many wait for a word on what happens now (``subscriptions/waiting_ends``);
    ``not_recorded``: how many changes that sources told wait for a decision, ``told`` the newest.
    """

    headline: Headline
    may_post: MayPost
    counts: Counts
    not_mapped: Stake
    undecided: int
    not_seen: Stake
    not_recorded: int
    told: Sequence[Undecided]
    oldest: Oldest | None
    needs: Sequence[Need]
    connections: Sequence[ConnectionNow]
    days: Sequence[DayOf]
    worker_is_there: bool
    worker_seen_at: datetime | None

    @property
    def oldest_proof(self) -> datetime | None:
        """Of what is Synced."""
        return self.counts.of(BadgeKind.SYNCED).proved_at

    @property
    def needing(self) -> int:
        """How many subscriptions need a person, shown or not."""
        kinds = (BadgeKind.OUT_OF_SYNC, BadgeKind.WAITING_FOR_APPROVAL)
        return sum(self.counts.of(kind).subscriptions for kind in kinds)


def home(context: Context, *, up_to: date | None = None, now: datetime) -> Home:
    """``up_to``: the day one wants to post up to; the usual one when it is not said."""
    zone = tenant_zone(context.tenant_id)
    today = civil_day(now, zone)
    connections = list_connections(context)
    ids = [one.id for one in connections]
    seen = worker_seen_at()
    there = is_there(seen, now=now)
    whose = Whose(context.tenant_id, context.reseller_id, paused_connections(set(ids), now=now))
    counts = counts_at_stake(ids, whose, now=now)
    lines = open_lines(context, ids, now=now)
    not_mapped, not_seen = not_mapped_at_stake(context), not_seen_at_stake(context)
    undecided = needing(context, today=today).count()
    shown = _connections(connections, lines, now=now)
    told = count_undecided(context)
    state = state_on(
        context, connections, lines, day=up_to or usual_day(today), worker_is_there=there
    )
    return Home(
        headline=headline(
            _now(
                counts,
                not_mapped,
                undecided,
                shown,
                not_seen=not_seen,
                not_recorded=told,
                worker_is_there=there,
            )
        ),
        may_post=may_post(replace(state, not_recorded=told, undecided=undecided)),
        counts=counts,
        not_mapped=not_mapped,
        undecided=undecided,
        not_seen=not_seen,
        not_recorded=told,
        told=told_and_undecided(context, most=TOLD_SHOWN) if told else (),
        oldest=oldest_waiting(context, ids, now=now),
        needs=_needs(context, most_at_stake(ids, whose, now=now, limit=NEEDS_SHOWN), now=now),
        connections=shown,
        days=_days(ids, whose, today=today, zone=zone),
        worker_is_there=there,
        worker_seen_at=seen,
    )


def _connections(
    connections: Sequence[ConnectionView], lines: OpenLines, *, now: datetime
) -> list[ConnectionNow]:
    verdicts = verdicts_of(connections, now=now)
    calls = budgets_of([one.id for one in connections], now=now)
    return [
        ConnectionNow(
            connection=one,
            verdict=verdicts[one.id],
            sweep=sweep_of(one).state(now),
            calls=calls[one.id],
            lines=lines.by_connection.get(one.id, 0),
            sent_since=sweep_of(one).is_overtaken,
        )
        for one in connections
    ]


def _now(
    counts: Counts,
    not_mapped: Stake,
    undecided: int,
    connections: Sequence[ConnectionNow],
    *,
    not_seen: Stake,
    not_recorded: int,
    worker_is_there: bool,
) -> Now:
    stopped = counts.stopped
    return Now(
        worker_is_there=worker_is_there,
        sweeps=[
            SweepOf(one.connection.name, one.sweep, one.connection.sweep_stopped_because)
            for one in connections
            if one.lines
        ],
        troubled=[one.connection.name for one in connections if one.needs_you],
        mapped=counts.mapped,
        proved=counts.of(BadgeKind.SYNCED).subscriptions,
        left=counts.of(BadgeKind.LEFT).subscriptions,
        stopped=stopped.subscriptions,
        waits=stopped.waits - stopped.subscriptions,
        drifted=counts.drifted.subscriptions,
        to_approve=counts.of(BadgeKind.WAITING_FOR_APPROVAL).subscriptions,
        under_way=counts.of(BadgeKind.SYNCING).subscriptions
        + counts.of(BadgeKind.CHECKING).subscriptions,
        not_mapped=not_mapped.subscriptions,
        undecided=undecided,
        not_seen=not_seen.subscriptions,
        not_recorded=not_recorded,
    )


def _needs(context: Context, found: Sequence[Needy], *, now: datetime) -> list[Need]:
    """In the order of the money at stake."""
    views = get_subscriptions(context, [one.subscription_id for one in found])
    rows = {row.subscription.id: row for row in rows_for(context, views, now=now, with_head=True)}
    return [
        Need(rows[one.subscription_id], one.a_month) for one in found if one.subscription_id in rows
    ]


def _days(connection_ids: Sequence[int], whose: Whose, *, today: date, zone: str) -> list[DayOf]:
    first = today - timedelta(days=DAYS - 1)
    since = day_begins(first, zone)
    failed = failures_by_day(
        tenant_id=whose.tenant_id, reseller_id=whose.reseller_id, since=since, zone=zone
    )
    nothing: dict[Event, int] = {}
    return [
        DayOf(
            day,
            failures=failed.get(day.on, nothing).get(Event.UPDATE_SUBSCRIPTION_ON_CONNECTION, 0),
            drifts=failed.get(day.on, nothing).get(Event.DRIFT_FOUND, 0),
        )
        for day in days(connection_ids, whose, first=first, last=today, since=since, zone=zone)
    ]
