"""How a connection is, on the wire."""

from __future__ import annotations

from ninja import Schema

from tallystick.api.schemas_directory import AgeOut
from tallystick.api.schemas_kit import At
from tallystick.api.schemas_names import StakeOut
from tallystick.audit.events import Status
from tallystick.audit.queries import AuditView
from tallystick.bootstrap.connection_health import ConnectionHealth
from tallystick.connections.budget import Budget
from tallystick.connections.health import Health
from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.counting import Queue


class CallsOut(Schema):
    """Calls of the last sixty minutes. ``others`` null: Autotask has not said yet. ``share`` is
    what we may make, ``left`` what we may still make now, ``threshold`` what Autotask allows
    everybody together."""

    ours: int
    others: int | None
    share: int
    left: int
    threshold: int
    reported_at: At | None

    @classmethod
    def of(cls, calls: Budget) -> CallsOut:
        return cls(
            ours=calls.spent,
            others=calls.others,
            share=calls.allowed,
            left=max(0, calls.left),
            threshold=calls.threshold,
            reported_at=calls.reported_at,
        )


class OldestOut(Schema):
    operation_id: int
    subscription_id: int
    recorded_at: At


class QueueOut(Schema):
    """Operations that are not settled. ``to_approve``: those of the waiting that are held for
    review. ``planned``: for a contract whose first day has not begun; counted nowhere else."""

    waiting: int
    to_approve: int
    sending: int
    checking: int
    stopped: int
    planned: int
    oldest: OldestOut | None

    @classmethod
    def of(cls, queue: Queue) -> QueueOut:
        oldest = queue.oldest
        return cls(
            waiting=queue.waiting,
            to_approve=queue.to_approve,
            sending=queue.sending,
            checking=queue.checking,
            stopped=queue.stopped,
            planned=queue.planned,
            oldest=None
            if oldest is None
            else OldestOut(
                operation_id=oldest.operation_id,
                subscription_id=oldest.subscription_id,
                recorded_at=oldest.recorded_at,
            ),
        )


class LastTestOut(Schema):
    """``audit_log_id``: the record of it, with what every check said that did not pass."""

    at: At
    ok: bool
    words: str
    actor: str
    audit_log_id: int

    @classmethod
    def of(cls, test: AuditView) -> LastTestOut:
        return cls(
            at=test.at,
            ok=test.status is Status.SUCCEEDED,
            words=test.summary,
            actor=test.actor,
            audit_log_id=test.id,
        )


class ConnectionHealthOut(Schema):
    """``words``: what is so. ``todo``: who must do what, empty when nobody must. ``subscriptions``
    counts by badge; ``not_mapped`` is what those are worth; ``contracts_needing_attention`` is null
    until Autotask's contracts were read."""

    health: Health
    words: str
    todo: str
    since: At | None
    until: At | None
    worker_seen_at: At | None
    last_read_at: At | None
    last_write_at: At | None
    last_swept_at: At | None
    directory: AgeOut
    calls: CallsOut
    queue: QueueOut
    subscriptions: dict[BadgeKind, int]
    not_mapped: StakeOut
    contracts_needing_attention: int | None
    last_test: LastTestOut | None

    @classmethod
    def of(cls, found: ConnectionHealth) -> ConnectionHealthOut:
        counts = {**found.counts, BadgeKind.NOT_MAPPED: found.not_mapped.number}
        return cls(
            health=found.verdict.health,
            words=found.verdict.words,
            todo=found.verdict.todo,
            since=found.verdict.since,
            until=found.verdict.until,
            worker_seen_at=found.worker_seen_at,
            last_read_at=found.connection.last_read_at,
            last_write_at=found.connection.last_write_at,
            last_swept_at=found.connection.last_swept_at,
            directory=AgeOut.of(found.directory),
            calls=CallsOut.of(found.calls),
            queue=QueueOut.of(found.queue),
            subscriptions=counts,
            not_mapped=StakeOut.of(found.not_mapped.stake),
            contracts_needing_attention=found.contracts_needing_attention,
            last_test=None if found.last_test is None else LastTestOut.of(found.last_test),
        )
