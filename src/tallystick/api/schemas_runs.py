"""Runs on the wire: presses of Sync."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import At, Body, Id
from tallystick.api.schemas_operations import OperationOut
from tallystick.ledger.runs import RunView


class RunOut(Schema):
    """Finished: ``seen = written + unchanged + ignored + waiting + failed``.

    ``found`` says what a look at Autotask showed, when nothing was waiting to be sent.
    """

    id: int
    state: str
    subscription_id: int
    connection_id: int
    asked_by: str
    correlation_id: str
    started_at: At
    finished_at: At | None
    seen: int
    written: int
    unchanged: int
    ignored: int
    waiting: int
    failed: int
    found: str
    operations: list[OperationOut]

    @classmethod
    def of(cls, run: RunView) -> RunOut:
        return cls(
            id=run.id,
            state=run.state,
            subscription_id=run.subscription_id,
            connection_id=run.connection_id,
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
            operations=[OperationOut.of(view) for view in run.operations],
        )


class BulkIn(Body):
    """Exactly one of ``subscriptions``, ``customer``, ``all``."""

    subscriptions: list[Id] | None = Field(None, min_length=1, max_length=500)
    customer: Id | None = None
    all: bool = False
    dry_run: bool = False


class BulkLine(Schema):
    """``run_id`` is null in a dry run, and where it may not be asked now: ``because`` says why."""

    subscription_id: int
    run_id: int | None
    because: str
    pending: int


class BulkOut(Schema):
    """``round_id``: where to see what became of all of them, null in a dry run."""

    dry_run: bool
    round_id: int | None = None
    items: list[BulkLine]
