"""A customer moves to another reseller: 0 in the old context, Not Mapped in the new one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from desk import desk
from factories import TODAY, Tenancy, number, sibling, tenancy
from moving import Company, fill
from tallystick.audit.models import AuditLog
from tallystick.audit.record import Actor
from tallystick.bootstrap.moving import AheadOfMove, look_at_move
from tallystick.identity.context import Context
from tallystick.identity.reach import reach_of, reaching
from tallystick.identity.resellers import (
    get_reseller,
    list_resellers,
    make_reseller,
    rename_reseller,
)
from tallystick.identity.roles import Role
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import Conflicting, InvalidInput, NotAllowed, NotFound
from tallystick.ledger.models import Delivery, Operation
from tallystick.ledger.queries import operations_of
from tallystick.mappings.leave import close_left, left_lines, sync_left
from tallystick.mappings.models import CustomerMapping, LeftPlace, SubscriptionMapping
from tallystick.mappings.rows import list_mappings, subscription_row
from tallystick.operations.move_to_reseller import Moved, move_to_reseller
from tallystick.subscriptions.models import Customer, Subscription
from tallystick.subscriptions.queries import get_subscription
from tallystick.sync.request import request_sync, run_in_context


@dataclass
class Two:
    """The CSP; a reseller whose connection bills Contoso; another one."""

    csp: Tenancy
    here: Company
    other: Tenancy

    def move(self, *, to: int | None = None, on: date | None = None) -> Moved:
        return move_to_reseller(
            customer_id=self.here.customer,
            reseller_id=self.other.reseller_id if to is None else to,
            effective_on=on,
            today=TODAY,
            asked=self.csp.asked(),
        )

    def look(self) -> AheadOfMove:
        return look_at_move(
            self.here.customer,
            self.other.reseller_id,
            effective_on=None,
            today=TODAY,
            asked=self.csp.asked(),
            billing=self.here.billing,
        )


@pytest.fixture
def two(db: None) -> Iterator[Two]:
    of = tenancy(reseller=True)
    csp_context = Context(
        of.tenant_id, None, Role.ADMINISTRATOR, Actor(f"user/csp{of.tenant_id}", "Cleo Csp")
    )
    csp = Tenancy(of.tenant_id, csp_context, clock=of.clock)
    with desk(of) as made:
        fill(made, ("ml",), {})
        yield Two(csp, Company(made), sibling(of))


def test_its_line_goes_to_0_and_it_is_not_mapped_where_it_comes(two: Two) -> None:
    here = two.here
    one = here.held()
    line = here.line_of(one)
    moved = two.move()
    assert (moved.customer, len(moved.recorded)) == ("Contoso", 1)
    now = here.of.clock.now()
    assert subscription_row(two.other.context, one, now=now).badge.kind.value == "not_mapped"
    assert not SubscriptionMapping.objects.filter(subscription_id=one).exists()
    here.work()
    assert here.effects(line) == [("2026-05-10", -10, None)]
    assert (
        Delivery.objects.get(
            operation__kind="move_to_reseller", operation__subscription_id=one
        ).state
        == "synced"
    )
    assert close_left() >= 1
    assert not LeftPlace.objects.filter(subscription_id=one).exists()
    held = Subscription.objects.get(pk=one)
    assert (held.reseller_id, held.quantity) == (two.other.reseller_id, 10)
    assert (held.unit_price, held.unit_cost, held.price_currency) == (None, None, "")
    assert Customer.objects.get(pk=here.customer).reseller_id == two.other.reseller_id
    assert not CustomerMapping.objects.filter(customer_id=here.customer).exists()


def test_each_context_sees_its_own_part(two: Two) -> None:
    here, csp = two.here, two.csp
    one = here.held()
    here.of.quantity(one, 11, TODAY)
    here.work()
    two.move()
    here.work()
    with pytest.raises(NotFound):
        get_subscription(here.of.context, one)
    view = get_subscription(two.other.context, one)
    told = operations_of(subscription_id=one, hidden_until=view.hidden_until(two.other.context))
    assert told == []
    whole = operations_of(subscription_id=one, hidden_until=view.hidden_until(csp.context))
    assert [each.kind.value for each in whole] == [
        "move_to_reseller",
        "update_quantity",
        "purchase",
    ]
    logs = AuditLog.objects.filter(tenant_id=csp.tenant_id)
    old = logs.filter(reseller_id=here.of.reseller_id).order_by("pk")
    new = logs.filter(reseller_id=two.other.reseller_id)
    assert "subscription.move" in [log.event for log in old]
    assert old.last().event == "subscription.update_on_connection"  # type: ignore[union-attr]
    assert [log.event for log in new] == ["subscription.receive"]
    names = [
        get_reseller(csp.context, each).name
        for each in (here.of.reseller_id or 0, two.other.reseller_id or 0)
    ]
    for name, those in zip(names, (new, old), strict=True):
        for log in those:
            assert name not in f"{log.summary} {log.details}"
    told_csp = logs.get(event="customer.move")
    assert told_csp.reseller_id is None
    assert all(name in told_csp.summary for name in names)


def test_a_sync_of_before_is_not_told(two: Two) -> None:
    here = two.here
    one = here.held()
    here.of.quantity(one, 11, TODAY)
    run = request_sync(
        here.here.connection_id,
        one,
        context=here.of.context,
        now=here.of.clock.now(),
        wake=here.of.wake,
        correlation_id=correlation_id(),
    )
    here.work()
    two.move()
    assert run_in_context(two.csp.context, run.id).id == run.id
    with pytest.raises(NotFound):
        run_in_context(two.other.context, run.id)


def test_what_the_new_one_records_stays_with_it(two: Two) -> None:
    here = two.here
    one = here.held()
    line = here.line_of(one)
    two.move()
    two.other.quantity(one, 12, date(2026, 5, 2))
    here.work()
    assert here.effects(line) == [("2026-05-10", -10, None)]
    last = Operation.objects.filter(subscription_id=one).latest("sequence")
    assert last.delivery_set.count() == 0


def test_it_is_looked_at_before(two: Two) -> None:
    here = two.here
    one = here.held()
    ended = here.of.subscription(customer_id=here.customer)
    here.of.cancel(ended)
    ahead = two.look()
    assert [leaving.name for leaving in ahead.lines] == ["Microsoft 365 Business Premium"] * 2
    assert "\N{MINUS SIGN}10 units" in ahead.lines[0].words
    assert "not mapped" in ahead.lines[1].words
    assert here.kinds(one) == ["purchase"]
    assert SubscriptionMapping.objects.filter(subscription_id=one).exists()


def test_a_line_that_cannot_go_to_0_is_told_where_it_is(two: Two) -> None:
    here = two.here
    one = here.held()
    fault = {"method": "POST", "path": "ServiceAdjustments", "message": "No."}
    here.here.simulator.add_fault("refuse", **fault)
    two.move()
    here.work()
    close_left()
    with reaching(reach_of(here.of.context)):
        [left] = left_lines(here.of.context, here.here.connection_id)
    assert (left.customer, left.contract, left.stopped) == ("Contoso", "Cloud monthly", True)
    assert "Autotask refused it: No." in left.cause
    with pytest.raises(NotFound):
        left_lines(two.other.context, here.here.connection_id)
    again: dict[str, Any] = {
        "context": here.of.context,
        "now": here.of.clock.now(),
        "wake": here.of.wake,
        "correlation_id": correlation_id(),
    }
    with reaching(reach_of(here.of.context)):
        sync_left(left.lane_id, here.here.connection_id, **again)
    with pytest.raises(Conflicting, match="not stopped"):
        sync_left(left.lane_id, here.here.connection_id, **again)
    with pytest.raises(NotFound):
        sync_left(0, here.here.connection_id, **again)
    here.work()
    assert here.effects(here.here.refs["ml"]) == [("2026-05-10", -10, None)]
    assert left_lines(here.of.context, here.here.connection_id) == []
    assert here.kinds(one) == ["purchase", "move_to_reseller"]


def test_its_line_is_nobody_elses_until_it_is_at_0(two: Two) -> None:
    here = two.here
    here.held()
    fault = {"method": "POST", "path": "ServiceAdjustments", "message": "No."}
    here.here.simulator.add_fault("refuse", **fault)
    two.move()
    here.work()
    page = list_mappings(here.of.context, here.here.connection_id, now=here.of.clock.now())
    assert list(page.items) == []
    here.customer = here.of.customer("Fabrikam")
    with pytest.raises(Conflicting):
        here.map_customer()
        here.held()


def test_two_lines_at_once_are_settled_first(two: Two) -> None:
    here = two.here
    one = here.held()
    here.change(one, here.offer_unmapped(), "650.00", cost="540.00")
    with pytest.raises(Conflicting, match="no line bills the new one yet"):
        two.move()
    assert Customer.objects.get(pk=here.customer).reseller_id == here.of.reseller_id


def test_what_is_refused_and_why(two: Two) -> None:
    here, csp = two.here, two.csp
    here.held()
    with pytest.raises(InvalidInput, match="is where it is"):
        two.move(to=here.of.reseller_id)
    with pytest.raises(InvalidInput, match="still to come"):
        two.move(on=date(2026, 5, 11))
    with pytest.raises(NotFound):
        two.move(to=10**15)
    it: dict[str, Any] = {"reseller_id": two.other.reseller_id, "today": TODAY}
    with pytest.raises(NotFound):
        move_to_reseller(customer_id=10**15, **it, asked=csp.asked())
    with pytest.raises(NotAllowed):
        move_to_reseller(customer_id=here.customer, **it, asked=here.of.asked())
    viewer = replace(csp, context=replace(csp.context, role=Role.OPERATOR))
    with pytest.raises(NotAllowed):
        move_to_reseller(customer_id=here.customer, **it, asked=viewer.asked())


def test_it_may_come_to_the_csp_itself(two: Two) -> None:
    here = two.here
    one = here.held()
    moved = move_to_reseller(
        customer_id=here.customer,
        reseller_id=None,
        today=TODAY,
        asked=two.csp.asked(source_id="once"),
    )
    assert moved.to == "the CSP itself"
    assert Subscription.objects.get(pk=one).reseller_id is None


# The resellers themselves.


def asking(of: Tenancy) -> dict[str, Any]:
    return {"context": of.context, "now": of.clock.now(), "correlation_id": correlation_id()}


def test_resellers_are_made_named_and_listed(db: None) -> None:
    of = tenancy()
    by: dict[str, Any] = {
        "context": of.context,
        "now": of.clock.now(),
        "correlation_id": correlation_id(),
    }
    name = f"Bright IT {number()}"
    made = make_reseller(f"  {name} ", **by)
    assert [one.name for one in list_resellers(of.context)] == [name]
    with pytest.raises(Conflicting, match="already"):
        make_reseller(name, **by)
    renamed = rename_reseller(made.id, "Brighter", **by)
    assert rename_reseller(made.id, "Brighter", **by) == renamed
    other = make_reseller("Dim", **by)
    with pytest.raises(Conflicting):
        rename_reseller(other.id, "Brighter", **by)
    with pytest.raises(NotFound):
        rename_reseller(10**15, "x", **by)
    for wrong in ("", " ", "x" * 201, "a\x00b"):
        with pytest.raises(InvalidInput, match="name"):
            make_reseller(wrong, **by)
    events = AuditLog.objects.filter(tenant_id=of.tenant_id, event__startswith="reseller.")
    assert [one.event for one in events.order_by("pk")] == [
        "reseller.create",
        "reseller.rename",
        "reseller.create",
    ]


def test_a_reseller_knows_no_resellers(db: None) -> None:
    of = tenancy(reseller=True)
    by: dict[str, Any] = {
        "context": of.context,
        "now": of.clock.now(),
        "correlation_id": correlation_id(),
    }
    with pytest.raises(NotAllowed):
        list_resellers(of.context)
    with pytest.raises(NotAllowed):
        make_reseller("x", **by)
    with pytest.raises(NotAllowed):
        rename_reseller(of.reseller_id or 0, "x", **by)
