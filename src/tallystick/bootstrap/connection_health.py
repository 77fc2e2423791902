"""Everything the page of a connection says, and ``GET /connections/{id}/health``: asked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tallystick.audit.events import Status
from tallystick.audit.queries import AuditView, last_test
from tallystick.connections.budget import Budget, budget_of
from tallystick.connections.health import Signs, Verdict, judge
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.directory.queries import Age, age
from tallystick.identity.context import Context
from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.counting import Queue, queue_of
from tallystick.mappings.contracts import count_needing_attention
from tallystick.mappings.rows import counts_by_badge
from tallystick.mappings.watching import NotMappedSubscriptions, not_mapped_subscriptions
from tallystick.sync.health import is_there, worker_seen_at


@dataclass(frozen=True, slots=True)
class ConnectionHealth:
    """``contracts_needing_attention`` None: Autotask's contracts have not been read yet."""

    connection: ConnectionView
    verdict: Verdict
    worker_seen_at: datetime | None
    directory: Age
    calls: Budget
    queue: Queue
    counts: Mapping[BadgeKind, int]
    not_mapped: NotMappedSubscriptions
    contracts_needing_attention: int | None
    last_test: AuditView | None

    @property
    def mapped(self) -> int:
        return sum(self.counts.values())


def connection_health(
    context: Context, connection_id: int, *, today: date, now: datetime
) -> ConnectionHealth:
    """Raises NotFound, also when it is in somebody else's context."""
    connection = get_connection(context, connection_id)
    seen = worker_seen_at()
    tested = last_test(tenant_id=connection.tenant_id, connection_id=connection.id)
    directory = age(connection.id)
    return ConnectionHealth(
        connection=connection,
        verdict=judge(signs_of(connection, tested, seen, now=now)),
        worker_seen_at=seen,
        directory=directory,
        calls=budget_of(connection.id, now=now),
        queue=queue_of(connection.id, now=now),
        counts=counts_by_badge(context, connection.id, now=now),
        not_mapped=not_mapped_subscriptions(context, connection.id),
        contracts_needing_attention=None
        if directory.read_at is None
        else count_needing_attention(context, connection.id, today=today),
        last_test=tested,
    )


def verdicts_of(connections: Sequence[ConnectionView], *, now: datetime) -> dict[int, Verdict]:
    """The health of each, for a list of them."""
    seen = worker_seen_at()
    return {
        one.id: judge(
            signs_of(one, last_test(tenant_id=one.tenant_id, connection_id=one.id), seen, now=now)
        )
        for one in connections
    }


def signs_of(
    connection: ConnectionView,
    tested: AuditView | None,
    seen: datetime | None,
    *,
    now: datetime,
) -> Signs:
    return Signs(
        is_paused=connection.is_paused(now),
        paused_at=connection.paused_at,
        paused_because=connection.paused_because,
        resume_at=connection.resume_at,
        worker_is_there=is_there(seen, now=now),
        worker_seen_at=seen,
        tested_at=tested.at if tested else None,
        test_passed=tested is not None and tested.status is Status.SUCCEEDED,
        test_said=tested.summary if tested else "",
        last_read_at=connection.last_read_at,
    )
