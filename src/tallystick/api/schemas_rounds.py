"""Rounds on the wire: presses of Sync on one or many, and what one would do."""

from __future__ import annotations

from ninja import Schema

from tallystick.api.schemas_kit import At, Id, Money, On, Paging
from tallystick.bootstrap.dry_run import DryRun
from tallystick.bootstrap.dry_run_lines import DryLine, Outcome
from tallystick.kit.paging import Page
from tallystick.ledger.kinds import RoundScope
from tallystick.ledger.round_queries import ItemView, RoundView


class RoundsFilter(Paging):
    connection: Id | None = None


class RoundOut(Schema):
    """Finished: ``seen = written + unchanged + ignored + waiting + failed``; while it is running,
    what its ended runs came to so far. ``not_equal``: nothing waited for them, and the look did
    not show what is expected."""

    id: int
    state: str
    scope: RoundScope
    connection_id: int
    customer_id: int | None
    asked_by: str
    correlation_id: str
    started_at: At
    finished_at: At | None
    subscriptions: int
    ended: int
    not_equal: int
    seen: int
    written: int
    unchanged: int
    ignored: int
    waiting: int
    failed: int

    @classmethod
    def of(cls, found: RoundView) -> RoundOut:
        return cls.from_orm(found)


class RoundItemOut(Schema):
    """``because``: why it was not asked; ``found``: what a look showed when nothing waited."""

    subscription_id: int
    customer: str
    subscription: str
    run_id: int | None
    finished: bool
    because: str
    found: str
    not_equal: bool
    counts: dict[str, int]

    @classmethod
    def of(cls, item: ItemView) -> RoundItemOut:
        return cls(
            subscription_id=item.subscription_id,
            customer=item.customer_name,
            subscription=item.subscription_name,
            run_id=item.run_id,
            finished=item.finished,
            because=item.because,
            found=item.found,
            not_equal=item.not_equal,
            counts=dict(item.counts),
        )


class RoundDetailOut(RoundOut):
    items: list[RoundItemOut]
    next_cursor: str | None

    @classmethod
    def with_items(cls, found: RoundView, page: Page[ItemView]) -> RoundDetailOut:
        items = [RoundItemOut.of(one) for one in page.items]
        return cls(**RoundOut.of(found).model_dump(), items=items, next_cursor=page.next_cursor)


class DryLineOut(Schema):
    """``difference``: what this billing period would come to more or less; null: not known."""

    subscription_id: int
    customer: str
    subscription: str
    contract: str
    operation: int | None
    what: str
    asked_on: On | None
    sent_on: On | None
    outcome: Outcome
    words: str
    difference: Money | None
    currency: str

    @classmethod
    def of(cls, line: DryLine) -> DryLineOut:
        return cls(
            subscription_id=line.subscription_id,
            customer=line.customer,
            subscription=line.subscription,
            contract=line.contract,
            operation=line.sequence,
            what=line.what,
            asked_on=line.asked_on,
            sent_on=line.sent_on,
            outcome=line.outcome,
            words=line.words,
            difference=line.difference,
            currency=line.currency,
        )


class DryRunOut(Schema):
    """``unread``: why Autotask was not read; then it follows from what was last proved."""

    connection_id: int
    unread: str
    lines: list[DryLineOut]

    @classmethod
    def of(cls, found: DryRun) -> DryRunOut:
        return cls(
            connection_id=found.connection.id,
            unread=found.unread,
            lines=[DryLineOut.of(line) for line in found.lines],
        )
