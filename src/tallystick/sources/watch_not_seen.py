"""Look for changes of people that their source does not show, and keep what is found.

Every few minutes, because Home asks for it every ten seconds and a change has 48 hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from django.db import connection as database
from django.db import transaction

from tallystick.kit.chunks import chunks
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Operation
from tallystick.sources.intake.event import State
from tallystick.sources.intake.read_event import read_state
from tallystick.sources.kinds import SourceKind
from tallystick.sources.models import Source
from tallystick.sources.not_seen import KINDS, Done, Missed, not_seen
from tallystick.subscriptions.models import NotSeen, Subscription
from tallystick.subscriptions.status import EndOfTerm, SubscriptionStatus

AT_ONCE = 500
# Of which the source has said something else; the few of them are decided on one by one.
DIFFERING = """
SELECT s.id, j.source_id, j.state
FROM sources_subject j
JOIN sources_source c ON c.id = j.source_id
JOIN subscriptions_subscription s ON s.tenant_id = c.tenant_id AND s.provider_id = j.subject
WHERE (c.reseller_id IS NULL OR c.reseller_id = s.reseller_id)
  AND (j.state->>'quantity' <> s.quantity::text OR j.state->>'end_of_term' <> s.end_of_term
       OR coalesce(j.state->>'status', 'active') <> s.status)
ORDER BY s.id
"""


@dataclass(frozen=True, slots=True)
class _Candidate:
    subscription_id: int
    source_id: int
    state: dict[str, Any]


def watch_not_seen(*, now: datetime) -> int:
    """Answers how many there are. Harmless twice at once: both find the same."""
    with database.cursor() as cursor:
        cursor.execute(DIFFERING)
        candidates = [_Candidate(*row) for row in _rows(cursor)]
    sources = {row.pk: row for row in Source.objects.all()}
    kept: dict[int, NotSeen] = {}
    for some in chunks(candidates, AT_ONCE):
        for one, missed in _missed(some, sources, now=now):
            kept[one.subscription_id] = NotSeen(
                subscription_id=one.subscription_id,
                source_name=sources[one.source_id].name,
                words=missed.words[:300],
                recorded_at=missed.recorded_at,
            )
    with transaction.atomic():
        NotSeen.objects.exclude(pk__in=kept).delete()
        NotSeen.objects.bulk_create(
            kept.values(),
            update_conflicts=True,
            unique_fields=["subscription"],
            update_fields=["source_name", "words", "recorded_at"],
        )
    return len(kept)


def _rows(cursor: Any) -> Iterator[tuple[int, int, dict[str, Any]]]:
    import json

    for subscription_id, source_id, state in cursor.fetchall():
        yield subscription_id, source_id, json.loads(state) if isinstance(state, str) else state


def _missed(
    some: Sequence[_Candidate], sources: dict[int, Source], *, now: datetime
) -> Iterator[tuple[_Candidate, Missed]]:
    ids = {one.subscription_id for one in some}
    ours = Subscription.objects.in_bulk(ids)
    done: dict[int, list[Done]] = {}
    rows = Operation.objects.filter(
        subscription_id__in=ids, kind__in=[kind.value for kind in KINDS]
    )
    for row in rows.order_by("-sequence"):
        begins_at = datetime.combine(row.effective_on, time(), UTC)
        one = Done(OperationKind(row.kind), row.actor_ref, row.recorded_at, begins_at)
        done.setdefault(row.subscription_id, []).append(one)
    for each in some:
        missed = not_seen(
            _state_of(ours[each.subscription_id]),
            read_state(each.state),
            done.get(each.subscription_id, ()),
            looked_at=_looked_at(sources[each.source_id]),
            now=now,
        )
        if missed is not None:
            yield each, missed


def _looked_at(source: Source) -> datetime | None:
    """When it was read, or sent a list, last; None: it tells by itself whatever happens."""
    known = [at for at in (source.last_read_at, source.last_snapshot_at) if at is not None]
    if known:
        return max(known)
    return None if source.kind == SourceKind.EVENTS.value else source.created_at


def _state_of(row: Subscription) -> State:
    return State(
        quantity=row.quantity,
        status=SubscriptionStatus(row.status),
        end_of_term=EndOfTerm(row.end_of_term),
    )
