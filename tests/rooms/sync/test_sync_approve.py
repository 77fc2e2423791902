"""Review mode: what is held is not sent, and nothing overtakes it, until a person approves it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from checks import check_promises
from factories import nobody_wakes, sibling, tenancy
from harness import Line, World
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.connections.policies import Mode
from tallystick.identity.context import Context
from tallystick.identity.roles import Role
from tallystick.kit.problem import Conflicting, NotAllowed, NotFound
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.queries import get_operation
from tallystick.sync.approve import (
    Approved,
    approve,
    approve_many,
    list_held,
    waiting_for_approval,
)
from tallystick.sync.due import due_lanes
from tallystick.sync.request import request_sync


def approved(line: Line, operation_id: int, **more: Any) -> Approved:
    world = line.world
    values: dict[str, Any] = {
        "context": world.tenancy.context,
        "now": world.clock.now(),
        "wake": nobody_wakes,
        "correlation_id": "approved",
    }
    return approve(operation_id, world.connection_id, **{**values, **more})


def approved_many(world: World, **more: Any) -> Approved:
    values: dict[str, Any] = {
        "context": world.tenancy.context,
        "now": world.clock.now(),
        "wake": nobody_wakes,
        "correlation_id": "approved",
    }
    return approve_many(world.connection_id, **{**values, **more})


@pytest.fixture
def held(world: World) -> Line:
    """A line of 10, and two changes of it that wait for approval."""
    line = world.line(units=10)
    world.policy(mode=Mode.REVIEW)
    line.quantity(12, date(2026, 5, 11))
    line.quantity(15, date(2026, 5, 12))
    world.work()
    return line


def test_what_is_held_is_not_sent(held: Line) -> None:
    assert held.changes() == []
    badge = held.row().badge
    assert (badge.kind.label, badge.pending, badge.to_approve) == ("Waiting for approval", 2, 2)
    assert "2 operations wait for approval" in badge.cause
    assert due_lanes(now=held.world.clock.now(), connection_id=held.world.connection_id) == []
    held.drive()
    assert held.changes() == []


def test_sync_does_not_send_it_and_says_why(held: Line) -> None:
    with pytest.raises(Conflicting, match="waits for approval"):
        held.press_sync()
    assert held.lane().sync_asked_at is None


def test_one_is_approved_and_the_next_goes_on_waiting(held: Line) -> None:
    first = held.head()
    woken: list[int] = []
    assert approved(held, first.operation_id, wake=woken.extend) == Approved(1, 1)
    assert woken == [held.lane_id]
    held.world.work()
    assert held.changes() == [2]
    assert held.badge == "waiting_for_approval"
    check_promises(held)
    settled = Delivery.objects.get(pk=first.pk)
    assert (settled.approved_by, settled.awaits_approval) == ("Ada Admin", False)
    log = AuditLog.objects.get(event=Event.APPROVE_OPERATION, delivery_id=first.pk)
    assert (log.actor, log.summary) == ("Ada Admin", "Update quantity 10 to 12")
    operation = get_operation(first.operation_id)
    assert operation is not None
    assert operation.deliveries[0].approved_by == "Ada Admin"


def test_what_is_approved_behind_something_held_does_not_overtake(held: Line) -> None:
    second = held.deliveries()[-1]
    approved(held, second.operation_id)
    held.world.work()
    assert held.changes() == []
    approved(held, held.head().operation_id)
    held.world.work()
    assert held.changes() == [2, 3]
    check_promises(held)


def test_together_on_one_day_they_go_out_as_one_and_only_what_is_approved(world: World) -> None:
    line = world.line(units=10)
    world.policy(mode=Mode.REVIEW)
    for quantity in (12, 15, 11):
        line.quantity(quantity)
    for one in line.deliveries()[1:3]:
        approved(line, one.operation_id)
    world.work()
    assert line.changes() == [5]
    assert line.states()[1:] == ["synced", "synced", "pending"]
    check_promises(line)


def test_approved_twice_says_so(held: Line) -> None:
    approved(held, held.head().operation_id)
    with pytest.raises(Conflicting, match="does not wait for approval"):
        approved(held, held.head().operation_id)


def test_refusing_is_skipping(held: Line) -> None:
    held.decide("skip", reason="not agreed")
    approved_many(held.world)
    held.world.work()
    assert held.changes() == [5]
    assert held.states()[1:] == ["resolved", "synced"]
    assert Delivery.objects.get(pk=held.deliveries()[1].pk).approved_by == ""
    check_promises(held)


def test_many_at_once_by_selection_customer_and_connection(world: World) -> None:
    lines = [world.line(units=10) for _ in range(3)]
    world.policy(mode=Mode.REVIEW)
    for line in lines:
        line.quantity(12)
    assert approved_many(world, subscription_ids=[]) == Approved(0, 0)
    assert approved_many(world, subscription_ids=[lines[0].subscription_id]) == Approved(1, 1)
    customer_id = lines[1].row().subscription.customer.id
    assert approved_many(world, customer_id=customer_id) == Approved(1, 1)
    assert approved_many(world) == Approved(1, 1)
    assert approved_many(world) == Approved(0, 0)
    world.work()
    assert [line.badge for line in lines] == ["synced"] * 3


def test_what_was_recorded_after_the_look_was_not_approved(held: Line) -> None:
    seen_at = held.world.clock.now()
    held.world.tenancy.later(seconds=5)
    held.quantity(20, date(2026, 5, 13))
    assert approved_many(held.world, seen_at=seen_at).operations == 2
    held.world.work()
    assert held.changes() == [2, 3]
    assert held.badge == "waiting_for_approval"


def test_only_those_who_may_and_only_in_their_context(held: Line) -> None:
    operation_id = held.head().operation_id
    of = held.world.tenancy
    viewer = Context(of.tenant_id, None, Role.VIEWER, of.context.actor)
    with pytest.raises(NotAllowed):
        approved(held, operation_id, context=viewer)
    with pytest.raises(NotAllowed):
        approved_many(held.world, context=viewer)
    for stranger in (sibling(of), tenancy()):
        with pytest.raises(NotFound):
            approved(held, operation_id, context=stranger.context)
        with pytest.raises(NotFound):
            approved_many(held.world, context=stranger.context)
    with pytest.raises(NotFound):
        approved(held, 999_999_999)
    operator = Context(of.tenant_id, None, Role.OPERATOR, of.context.actor)
    assert approved(held, operation_id, context=operator).operations == 1


def test_another_mode_leaves_what_waits_already(held: Line) -> None:
    held.world.policy(mode=Mode.AUTOMATIC)
    held.quantity(16, date(2026, 5, 13))
    held.world.work()
    badge = held.row().badge
    assert (badge.pending, badge.to_approve) == (3, 2)
    assert held.changes() == []


def test_of_two_contracts_the_one_that_is_free_is_asked(held: Line) -> None:
    """While one takes over from another, Sync asks what may go."""
    world = held.world
    Lane.objects.filter(pk=held.lane_id).update(ends_on=date(2026, 12, 1))
    other = Lane.objects.create(
        tenant_id=world.tenancy.tenant_id,
        subscription_id=held.subscription_id,
        connection_id=world.connection_id,
        created_at=world.clock.now(),
    )
    woken: list[int] = []
    request_sync(
        world.connection_id,
        held.subscription_id,
        context=world.tenancy.context,
        now=world.clock.now(),
        wake=woken.extend,
        correlation_id="sync",
    )
    assert woken == [other.pk]


def test_the_database_refuses_to_send_what_nobody_approved(held: Line) -> None:
    for state in ("failed", "synced", "conflict"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Delivery.objects.filter(pk=held.head().pk).update(
                state=state, cause="x", settled_at=held.world.clock.now()
            )


def test_a_run_that_meets_what_is_held_counts_it_as_waiting(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12, date(2026, 5, 11))
    world.policy(mode=Mode.REVIEW)
    line.quantity(15, date(2026, 5, 12))
    line.press_sync()
    world.work()
    assert line.changes() == [2]
    assert line.states()[1:] == ["synced", "pending"]
    later = world.clock.now() + timedelta(days=1)
    assert due_lanes(now=later, connection_id=world.connection_id) == []


def test_what_would_be_approved_is_counted(held: Line) -> None:
    world = held.world
    other = world.line(units=10, settled=False)
    assert other.badge == "waiting_for_approval"
    of = world.tenancy.context
    assert waiting_for_approval(of, world.connection_id) == Approved(3, 2)
    assert waiting_for_approval(sibling(world.tenancy).context, world.connection_id) == Approved(
        0, 0
    )
    approved_many(world)
    assert waiting_for_approval(of, world.connection_id) == Approved(0, 0)


def test_what_is_held_is_listed_by_customer_the_oldest_first(held: Line) -> None:
    world, of = held.world, held.world.tenancy
    world.policy(mode=Mode.AUTOMATIC)
    other = world.line(units=10)
    world.policy(mode=Mode.REVIEW)
    last = other.quantity(11, date(2026, 5, 12))
    every = list_held(of.context, world.connection_id)
    assert (len(every.items), every.next_cursor) == (3, None)
    assert last in every.items
    first = list_held(of.context, world.connection_id, limit=2)
    rest = list_held(of.context, world.connection_id, cursor=first.next_cursor, limit=2)
    assert [*first.items, *rest.items] == every.items
    customer_id = Lane.objects.get(pk=other.lane_id).subscription.customer_id
    assert list_held(of.context, world.connection_id, customer_id=customer_id).items == [last]
    approved(other, last)
    assert list_held(of.context, world.connection_id, customer_id=customer_id).items == []
    with pytest.raises(NotFound):
        list_held(tenancy().context, world.connection_id)
