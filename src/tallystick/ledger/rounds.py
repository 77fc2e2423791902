"""Rounds: one press of Sync on however many, to the count that adds up.

A round ends with its last run, in the transaction that ends that run; it is never counted before
every subscription has been asked.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import transaction
from django.db.models import Count, Q, Sum

from tallystick.ledger.kinds import RoundScope
from tallystick.ledger.models import RoundItem, SyncRound, SyncRun

COUNTS = ("seen", "written", "unchanged", "ignored", "waiting", "failed")
# Whoever asked died meanwhile: what was not asked by then is not part of the round.
ASKED_WITHIN = timedelta(minutes=10)


def start_round(
    *,
    tenant_id: int,
    connection_id: int,
    scope: RoundScope,
    customer_id: int | None,
    asked_by: str,
    correlation_id: str,
    now: datetime,
) -> int:
    """Answers its id."""
    return SyncRound.objects.create(
        tenant_id=tenant_id,
        connection_id=connection_id,
        scope=scope.value,
        customer_id=customer_id,
        asked_by=asked_by[:200],
        correlation_id=correlation_id,
        started_at=now,
    ).pk


def add_run(round_id: int, run: SyncRun) -> None:
    """A subscription was asked; also when its run had been going on already. A lane that several
    share is asked once."""
    RoundItem.objects.get_or_create(
        round_id=round_id, subscription_id=run.lane.subscription_id, run=run
    )


def add_held(round_id: int, subscription_id: int, *, operations: int, because: str) -> None:
    """A subscription was not asked: so many operations go on waiting."""
    RoundItem.objects.create(
        round_id=round_id, subscription_id=subscription_id, held=operations, because=because
    )


def all_asked(round_id: int, *, now: datetime) -> None:
    """Nothing is added any more; it ends here when every run has ended already."""
    with transaction.atomic():
        found = SyncRound.objects.select_for_update(no_key=True).get(pk=round_id)
        if found.asked_at is None:
            found.asked_at = now
            found.save(update_fields=["asked_at"])
        _end(found, now=now)


def same_round(connection_id: int, subscription_ids: Collection[int]) -> int | None:
    """One that goes on, of exactly these subscriptions, and none of its runs has ended."""
    wanted = sorted(set(subscription_ids))
    found = (
        SyncRound.objects.filter(
            connection_id=connection_id, asked_at__isnull=False, finished_at__isnull=True
        )
        .annotate(
            ids=ArrayAgg("rounditem__subscription_id", distinct=True),
            ended=Count("rounditem", filter=Q(rounditem__run__finished_at__isnull=False)),
        )
        .filter(ids=wanted, ended=0)
    )
    return found.order_by("-pk").values_list("pk", flat=True).first()


def run_ended(run: SyncRun, *, now: datetime) -> None:
    """In the transaction that ends the run. Two that end at once: the later one sees both."""
    ids = RoundItem.objects.filter(run=run, round__finished_at__isnull=True).values("round_id")
    for found in SyncRound.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"):
        _end(found, now=now)


def end_abandoned(*, now: datetime) -> None:
    """Rounds whose asker died in the middle of asking."""
    left = SyncRound.objects.filter(asked_at__isnull=True, started_at__lt=now - ASKED_WITHIN)
    for round_id in left.values_list("pk", flat=True):
        all_asked(round_id, now=now)


def _end(found: SyncRound, *, now: datetime) -> None:
    items = RoundItem.objects.filter(round=found)
    if (
        found.asked_at is None
        or found.finished_at is not None
        or items.filter(run__isnull=False, run__finished_at__isnull=True).exists()
    ):
        return
    sums = items.aggregate(held=Sum("held"), **{name: Sum(f"run__{name}") for name in COUNTS})
    for name in COUNTS:
        setattr(found, name, sums[name] or 0)
    held = sums["held"] or 0
    found.seen += held
    found.waiting += held
    found.finished_at = now
    found.save()
