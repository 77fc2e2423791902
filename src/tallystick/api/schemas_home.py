"""Home on the wire: what stands, what needs a person, whether one may post."""

from __future__ import annotations

from datetime import timedelta

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_health import CallsOut, OldestOut
from tallystick.api.schemas_kit import At, Day, Money, On
from tallystick.api.schemas_names import StakeOut
from tallystick.books.all_well import Tone
from tallystick.books.may_post import MayPostAnswer, Why
from tallystick.bootstrap.home import ConnectionNow, DayOf, Home, Need
from tallystick.connections.health import Health
from tallystick.connections.sweeps import SweepState
from tallystick.ledger.at_stake import Held
from tallystick.ledger.badge import BadgeKind


class HomeQuery(Schema):
    up_to: Day | None = Field(None, description="The day up to which one wants to post.")


class HeldOut(Schema):
    """Subscriptions of one badge: ``quantity`` and ``a_month`` of what is active, by currency."""

    subscriptions: int
    quantity: int
    a_month: dict[str, Money]
    operations_waiting: int

    @classmethod
    def of(cls, held: Held) -> HeldOut:
        return cls(
            subscriptions=held.subscriptions,
            quantity=held.quantity,
            a_month=dict(held.a_month),
            operations_waiting=held.waits,
        )


class ReasonOut(Schema):
    why: Why
    number: int
    words: str


class MayPostOut(Schema):
    """``answer`` *nothing*: nothing is mapped, so nothing can be said."""

    up_to: On
    answer: MayPostAnswer
    words: str
    reasons: list[ReasonOut]


class NeedOut(Schema):
    """``a_month``: what it bills, in ``currency``."""

    subscription_id: int
    customer: str
    subscription: str
    connection_id: int | None
    badge: BadgeKind
    cause: str
    a_month: Money | None
    currency: str

    @classmethod
    def of(cls, need: Need) -> NeedOut:
        row, view = need.row, need.row.subscription
        return cls(
            subscription_id=view.id,
            customer=view.customer.name,
            subscription=view.name,
            connection_id=row.place.connection_id if row.place else None,
            badge=row.badge.kind,
            cause=row.badge.cause,
            a_month=need.a_month,
            currency=view.price_currency,
        )


class ConnectionNowOut(Schema):
    """``sweep``: how the looks at every line stand; ``last_swept_at``: when one last ended."""

    id: int
    name: str
    health: Health
    words: str
    todo: str
    sweep: SweepState
    sweep_stopped_because: str
    last_swept_at: At | None
    lines: int
    calls: CallsOut

    @classmethod
    def of(cls, one: ConnectionNow) -> ConnectionNowOut:
        return cls(
            id=one.connection.id,
            name=one.connection.name,
            health=one.verdict.health,
            words=one.verdict.words,
            todo=one.verdict.todo,
            sweep=one.sweep,
            sweep_stopped_because=one.connection.sweep_stopped_because,
            last_swept_at=one.connection.last_swept_at,
            lines=one.lines,
            calls=CallsOut.of(one.calls),
        )


class DayOut(Schema):
    """``seconds_to_green``: half of the operations proved that day took at most so long."""

    on: On
    operations: int
    proved: int
    failures: int
    drifts: int
    seconds_to_green: int | None

    @classmethod
    def of(cls, one: DayOf) -> DayOut:
        took = one.day.to_green
        return cls(
            on=one.day.on,
            operations=one.day.operations,
            proved=one.day.proved,
            failures=one.failures,
            drifts=one.drifts,
            seconds_to_green=None if took is None else int(took / timedelta(seconds=1)),
        )


class HomeOut(Schema):
    """``tone`` green: the look happened, and every line was proved. ``first``: what did not run,
    ``needs``: what a person must do, ``words``: all of it in one line. ``not_seen``: changes that
    were recorded here 48 hours ago and that the subscription's source does not show."""

    tone: Tone
    all_well: bool
    words: str
    first: list[str]
    needs: list[str]
    may_post: MayPostOut
    subscriptions: dict[BadgeKind, HeldOut]
    drifted: HeldOut
    not_mapped: StakeOut
    undecided: int = Field(description="See GET /renewals?needs_a_person=true.")
    not_seen: StakeOut
    not_recorded: int = Field(description="Changes that sources told and nobody decided on.")
    oldest_waiting: OldestOut | None
    needs_you: list[NeedOut]
    connections: list[ConnectionNowOut]
    days: list[DayOut]
    worker_seen_at: At | None

    @classmethod
    def of(cls, found: Home) -> HomeOut:
        line, may = found.headline, found.may_post
        kinds = [kind for kind in BadgeKind if kind is not BadgeKind.NOT_MAPPED]
        oldest = found.oldest
        return cls(
            tone=line.tone,
            all_well=line.all_well,
            words=line.words,
            first=list(line.first),
            needs=list(line.needs),
            may_post=MayPostOut(
                up_to=may.day,
                answer=may.answer,
                words=may.words,
                reasons=[
                    ReasonOut(why=one.why, number=one.number, words=one.words)
                    for one in may.reasons
                ],
            ),
            subscriptions={kind: HeldOut.of(found.counts.of(kind)) for kind in kinds},
            drifted=HeldOut.of(found.counts.drifted),
            not_mapped=StakeOut.of(found.not_mapped),
            undecided=found.undecided,
            not_seen=StakeOut.of(found.not_seen),
            not_recorded=found.not_recorded,
            oldest_waiting=None if oldest is None else OldestOut.from_orm(oldest),
            needs_you=[NeedOut.of(one) for one in found.needs],
            connections=[ConnectionNowOut.of(one) for one in found.connections],
            days=[DayOut.of(one) for one in found.days],
            worker_seen_at=found.worker_seen_at,
        )
