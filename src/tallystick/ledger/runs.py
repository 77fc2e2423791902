"""Runs: one press of Sync, from the first operation it saw to the count that adds up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tallystick.ledger.kinds import EvidenceKind
from tallystick.ledger.models import Delivery, Evidence, Lane, SyncRun
from tallystick.ledger.queries import UNSETTLED, OperationView, get_operation
from tallystick.ledger.rounds import run_ended
from tallystick.ledger.state import STOPPED, State

# The conclusions of an attempt that changed something at the billing system.
TOOK_EFFECT = ("landed", "landed in part", "line created")


@dataclass(frozen=True, slots=True)
class RunView:
    """``seen = written + unchanged + ignored + waiting + failed`` once it is finished."""

    id: int
    tenant_id: int
    subscription_id: int
    connection_id: int
    asked_by: str
    correlation_id: str
    started_at: datetime
    finished_at: datetime | None
    seen: int
    written: int
    unchanged: int
    ignored: int
    waiting: int
    failed: int
    found: str
    operations: tuple[OperationView, ...] = ()

    @property
    def state(self) -> str:
        return "running" if self.finished_at is None else "finished"


def start_run(
    lane: Lane, *, asked_by: str, correlation_id: str, now: datetime
) -> tuple[SyncRun, bool]:
    """The open run of a lane locked in this transaction, and whether it is new."""
    open_run = SyncRun.objects.filter(lane=lane, finished_at__isnull=True).first()
    if open_run is not None:
        return open_run, False
    due = list(
        Delivery.objects.filter(UNSETTLED, lane=lane)
        .order_by("sequence")
        .values_list("sequence", flat=True)
    )
    run = SyncRun.objects.create(
        tenant_id=lane.tenant_id,
        lane=lane,
        asked_by=asked_by[:200],
        correlation_id=correlation_id,
        first_sequence=due[0] if due else None,
        last_sequence=due[-1] if due else None,
        seen=len(due),
        started_at=now,
    )
    return run, True


def open_run(lane_id: int) -> SyncRun | None:
    return SyncRun.objects.filter(lane_id=lane_id, finished_at__isnull=True).first()


def finish_run(run: SyncRun, *, now: datetime, found: str = "") -> None:
    """Count what became of what it saw, and close it. In the transaction that ends the turn.

    ``found``: nothing was waiting, so the line was only read; what that showed, in words.
    """
    run.found = found
    run.written = run.unchanged = run.ignored = run.waiting = run.failed = 0
    seen = _seen(run)
    effective = _effective(seen)
    for delivery in seen:
        state = State(delivery.state)
        if state is State.SYNCED:
            # An attempt that was refused stays with its delivery: only one that landed has written.
            if delivery.attempt_id in effective:
                run.written += 1
            else:
                run.unchanged += 1
        elif state in STOPPED:
            run.failed += 1
        elif state is State.RESOLVED:
            run.ignored += 1
        else:
            run.waiting += 1
    run.finished_at = now
    run.save()
    run_ended(run, now=now)


def _seen(run: SyncRun) -> list[Delivery]:
    if run.first_sequence is None or run.last_sequence is None:
        return []
    # What was settled before the run began is not part of it: the first sequence was unsettled,
    # and everything behind an unsettled one is unsettled too, but what was not applicable from
    # its beginning.
    return list(
        Delivery.objects.filter(
            lane_id=run.lane_id,
            sequence__gte=run.first_sequence,
            sequence__lte=run.last_sequence,
        )
        .exclude(state=State.NOT_APPLICABLE.value)
        .order_by("sequence")
    )


def _effective(deliveries: list[Delivery]) -> set[int]:
    """The ids of the attempts of these deliveries that took effect."""
    found = Evidence.objects.filter(
        attempt__in=[one.attempt_id for one in deliveries if one.attempt_id is not None],
        kind=EvidenceKind.CONCLUSION.value,
        data__conclusion__in=TOOK_EFFECT,
    )
    return set(found.values_list("attempt_id", flat=True))


def view_of(run: SyncRun, *, with_operations: bool = False) -> RunView:
    operations: tuple[OperationView, ...] = ()
    if with_operations:
        found = [get_operation(delivery.operation_id) for delivery in _seen(run)]
        operations = tuple(view for view in found if view is not None)
    return RunView(
        id=run.pk,
        tenant_id=run.tenant_id,
        subscription_id=run.lane.subscription_id,
        connection_id=run.lane.connection_id,
        asked_by=run.asked_by,
        correlation_id=run.correlation_id,
        started_at=run.started_at,
        finished_at=run.finished_at,
        seen=run.seen,
        written=run.written,
        unchanged=run.unchanged,
        ignored=run.ignored,
        waiting=run.waiting,
        failed=run.failed,
        found=run.found,
        operations=operations,
    )


def get_run(run_id: int, *, tenant_id: int) -> RunView | None:
    """With its operations, oldest first."""
    run = SyncRun.objects.select_related("lane").filter(pk=run_id, tenant_id=tenant_id).first()
    return view_of(run, with_operations=True) if run else None
