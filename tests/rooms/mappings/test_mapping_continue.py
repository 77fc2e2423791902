"""Continue on another contract: the new line is proved first, then the earlier one ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest

from desk import Desk, desk
from factories import TODAY
from harness import engine_for
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.bootstrap.continuing import continue_many, continue_one, look_ahead
from tallystick.bootstrap.mapping import FirstSync, map_line
from tallystick.connectors.autotask.billing import AutotaskBilling
from tallystick.kit.clock import day_begins
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.ledger.models import Delivery, Lane, Operation
from tallystick.mappings.choose import choose_company, choose_service
from tallystick.mappings.map_subscription import unmap_subscription
from tallystick.mappings.models import NextPlace, SubscriptionMapping
from tallystick.mappings.next_place import take_back
from tallystick.mappings.rows import subscription_row
from tallystick.operations.take_over import due_to_take_over, take_over
from tallystick.sync.due import due_lanes
from tallystick.sync.engine import Engine
from tallystick.sync.port import Billing
from tallystick.sync.request import request_sync
from tallystick.sync.turn import drive
from tallystick.sync.verify import verify

NEXT = date(2027, 1, 1)
MID = date(2026, 7, 1)


class Year:
    """Two contracts of one company: this year's, and one that begins in its middle or next year."""

    def __init__(self, here: Desk) -> None:
        self.here = here
        self.engine: Engine = engine_for(here.of, here.simulator)
        self.customer = here.of.customer()
        choose_company(self.customer, here.connection_id, here.refs["c"], by=here.by())
        self.taken: list[int] = []

    def held(self, service: str = "s", line: str = "l", quantity: int = 10) -> int:
        """A mapped, green subscription."""
        here = self.here
        offer = here.of.offer()
        choose_service(offer, here.connection_id, here.refs[service], by=here.by())
        subscription_id = here.of.subscription(
            customer_id=self.customer, offer_id=offer, quantity=quantity
        )
        map_line(
            subscription_id,
            here.connection_id,
            contract_id=here.refs["k"],
            line_id=here.refs[line],
            first_sync=FirstSync.ADOPT,
            today=TODAY,
            asked=here.of.asked(),
            billing=self.billing,
        )
        assert self.badge(subscription_id) == "synced"
        return subscription_id

    def billing(self, connection_id: int) -> Billing:
        return AutotaskBilling(self.here.directory._client)  # type: ignore[attr-defined]

    def go_on(
        self, subscription_id: int, on: date = NEXT, to: str = "n", line: str | None = None
    ) -> None:
        continue_one(
            subscription_id,
            self.here.connection_id,
            contract_id=self.here.refs[to],
            line_id=None if line is None else self.here.refs[line],
            from_on=on,
            today=self.today(),
            asked=self.here.of.asked(),
        )

    def today(self) -> date:
        return self.here.of.today()

    def until(self, day: date) -> None:
        """Time passes; the simulator's too."""
        begins: datetime = day_begins(day, "UTC")
        clock = self.here.of.clock
        clock.advance((begins - clock.now()).total_seconds() + 60)
        self.here.simulator.freeze(clock.now())

    def work(self) -> None:
        """What a worker does until nothing is due."""
        now = self.here.of.clock.now()
        for _ in range(30):
            lanes = due_lanes(now=now, connection_id=self.here.connection_id)
            for lane_id in lanes:
                drive(self.engine, lane_id)
            steps = [
                take_over(one, now=now, wake=self.here.of.wake)
                for one in due_to_take_over(now=now)
                if NextPlace.objects.get(pk=one).connection_id == self.here.connection_id
            ]
            if (
                not lanes
                and not any(steps)
                and not due_lanes(now=now, connection_id=self.here.connection_id)
            ):
                return
        raise AssertionError("never came to rest")

    def badge(self, subscription_id: int) -> str:
        row = subscription_row(self.here.of.context, subscription_id, now=self.here.of.clock.now())
        return row.badge.kind.value

    def cause(self, subscription_id: int) -> str:
        row = subscription_row(self.here.of.context, subscription_id, now=self.here.of.clock.now())
        return row.badge.cause

    def mapping(self, subscription_id: int) -> SubscriptionMapping:
        return SubscriptionMapping.objects.get(subscription_id=subscription_id)

    def units(self, line_id: int | None, on: date) -> int | None:
        assert line_id is not None
        return self.here.simulator.units_on(line_id, on)

    def effects(self, line_id: int | None) -> list[tuple[str, int]]:
        assert line_id is not None
        return [
            (one["effective_on"][:10], one["unit_change"])
            for one in self.here.simulator.effects(line_id)
        ]


@pytest.fixture
def year(db: None) -> Iterator[Year]:
    with desk() as made:
        made.simulator.freeze(made.of.clock.now())
        line: dict[str, Any] = {"unit_price": "15.20", "unit_cost": "12.10"}
        made.load(
            companies=[{"ref": "c", "name": "Contoso"}, {"ref": "d", "name": "Fabrikam"}],
            services=[
                {"ref": "s", "name": "M365", **line},
                {"ref": "t", "name": "Exchange", **line},
            ],
            contracts=[
                {"ref": "k", "company": "c", "name": "Cloud 2026", "start": "2026-01-01"}
                | {"end": "2026-12-31"},
                {"ref": "open", "company": "c", "name": "Cloud second half", "start": "2026-07-01"}
                | {"end": "2027-12-31"},
                {"ref": "k2", "company": "c", "name": "Cloud B", "start": "2026-01-01"}
                | {"end": "2026-12-31"},
                {"ref": "n", "company": "c", "name": "Cloud 2027", "start": "2027-01-01"}
                | {"end": "2027-12-31"},
                {"ref": "o", "company": "d", "name": "Fabrikam", "start": "2026-01-01"}
                | {"end": "2027-12-31"},
            ],
            lines=[
                {"ref": "l", "contract": "k", "service": "s", "units": 10, **line},
                {"ref": "m", "contract": "k", "service": "t", "units": 4, **line},
                {"ref": "nl", "contract": "n", "service": "s", "units": 0, **line},
            ],
        )
        made.read()
        yield Year(made)


def test_nothing_is_sent_before_its_day(year: Year) -> None:
    one = year.held()
    before = len(year.here.simulator.requests())
    year.go_on(one, line="nl")
    year.work()
    assert len(year.here.simulator.requests()) == before, "not even read"
    assert year.badge(one) == "synced", "the contract that bills it now speaks"
    event = AuditLog.objects.filter(tenant_id=year.here.of.tenant_id).latest("id")
    assert event.event == Event.CONTINUE_SUBSCRIPTION_MAPPING.value
    assert event.summary == "Continues on Cloud 2027 from 1 Jan 2027"


def test_a_contract_that_has_ended_is_left_without_sending_anything_to_it(year: Year) -> None:
    one = year.held()
    old, new = year.here.refs["l"], year.here.refs["nl"]
    year.go_on(one, line="nl")
    year.until(NEXT)
    year.work()
    assert year.badge(one) == "synced", year.cause(one)
    assert year.effects(new) == [("2027-01-01", 10)]
    assert year.effects(old) == []
    mapping = year.mapping(one)
    assert (mapping.contract_name, mapping.line_id) == ("Cloud 2027", new)
    assert not NextPlace.objects.filter(subscription_id=one).exists()
    kinds = Operation.objects.filter(subscription_id=one).order_by("sequence")
    assert [each.kind for each in kinds] == ["purchase", "continue", "end"]
    end = kinds.last()
    assert end is not None
    assert end.after["continued_by"] == 2
    assert end.actor == "Tallystick, for Ada Admin"
    # Both are proved: one audit record for each performed operation.
    logs = AuditLog.objects.filter(
        tenant_id=year.here.of.tenant_id,
        event=Event.UPDATE_SUBSCRIPTION_ON_CONNECTION.value,
    )
    assert [log.status for log in logs] == ["succeeded", "succeeded"]
    assert Lane.objects.filter(subscription_id=one, open=True).count() == 1


def test_a_contract_that_goes_on_bills_nothing_from_that_day(year: Year) -> None:
    one = year.held()
    old = year.here.refs["l"]
    year.go_on(one, on=MID, to="open")
    year.until(MID)
    year.work()
    assert year.badge(one) == "synced", year.cause(one)
    new = year.mapping(one).line_id
    assert year.effects(old) == [("2026-07-01", -10)]
    assert year.effects(new) == [("2026-07-01", 10)]
    assert (year.units(old, date(2026, 6, 30)), year.units(old, MID)) == (10, 0)
    assert year.units(new, MID) == 10
    # The new line was proved before anything was sent to the earlier one.
    posts = [r["path"] for r in year.here.simulator.requests() if r["method"] == "POST"]
    adjusted = [path for path in posts if path.endswith("ServiceAdjustments")]
    assert len(adjusted) == 2
    assert verify(year.engine, year.here.connection_id).different == 0


def test_what_changes_meanwhile_goes_where_its_day_belongs(year: Year) -> None:
    one = year.held()
    of = year.here.of
    year.go_on(one, on=MID, to="open")
    of.quantity(one, 12, TODAY)  # belongs to both
    year.work()
    assert year.effects(year.here.refs["l"]) == [("2026-05-10", 2)]
    of.quantity(one, 15, date(2026, 8, 1))  # belongs to the new one alone
    year.work()
    assert year.effects(year.here.refs["l"]) == [("2026-05-10", 2)]
    year.until(MID)
    year.work()
    new = year.mapping(one).line_id
    assert year.effects(new) == [("2026-07-01", 12), ("2026-08-01", 3)]
    assert year.effects(year.here.refs["l"]) == [("2026-05-10", 2), ("2026-07-01", -12)]
    moved = Delivery.objects.get(
        operation__subscription_id=one, operation__sequence=3, lane__begins_on=MID
    )
    assert (moved.effective_on, bool(moved.moved_because)) == (MID, True)
    assert year.badge(one) == "synced"


def test_the_earlier_line_is_left_alone_while_the_new_one_is_stopped(year: Year) -> None:
    one = year.held()
    old = year.here.refs["l"]
    year.go_on(one, on=MID, to="open")
    year.until(MID)
    year.here.simulator.add_fault("refuse", method="POST", path="/Services", message="No.")
    year.work()
    assert year.badge(one) == "out_of_sync"
    assert year.effects(old) == []
    assert NextPlace.objects.filter(subscription_id=one).exists()
    request_sync(
        year.here.connection_id,
        one,
        context=year.here.of.context,
        now=year.here.of.clock.now(),
        wake=year.here.of.wake,
        correlation_id="c",
    )
    year.work()
    assert year.badge(one) == "synced", year.cause(one)
    assert year.effects(old) == [("2026-07-01", -10)]


def test_an_earlier_line_that_cannot_be_ended_stops_visibly(year: Year) -> None:
    one = year.held()
    old = year.here.refs["l"]
    year.go_on(one, on=MID, to="open")
    year.until(MID)
    year.here.simulator.hand_edit(old, date(2026, 6, 1), units=13)
    year.work()
    assert year.badge(one) == "out_of_sync"
    assert "13" in year.cause(one)
    assert year.effects(old) == []
    assert NextPlace.objects.filter(subscription_id=one).exists(), "not over yet"


def test_a_change_dated_before_the_take_over_is_billed_from_its_first_day(year: Year) -> None:
    one = year.held()
    year.go_on(one, on=MID, to="open")
    year.until(MID)
    year.work()
    year.here.of.quantity(one, 11, date(2026, 6, 20))
    late = Delivery.objects.get(operation__subscription_id=one, operation__sequence=4)
    assert (late.effective_on, late.lane_id) == (MID, year.mapping(one).lane_id)
    assert "first day that is billed here" in late.moved_because


def test_it_can_be_taken_back_before_its_day(year: Year) -> None:
    one = year.held()
    year.go_on(one, line="nl")
    year.here.of.quantity(one, 12, TODAY)
    with pytest.raises(Conflicting, match="continue on Cloud 2027 from 1 Jan 2027"):
        unmap(year, one)
    back(year, one)
    year.work()
    assert year.badge(one) == "synced"
    assert year.effects(year.here.refs["l"]) == [("2026-05-10", 2)]
    year.until(NEXT)
    year.work()
    assert year.effects(year.here.refs["nl"]) == []
    with pytest.raises(NotFound):
        back(year, one)


def test_it_is_not_taken_back_once_changes_wait_for_it(year: Year) -> None:
    one = year.held()
    year.go_on(one, on=MID, to="open")
    year.here.of.quantity(one, 12, date(2026, 8, 1))
    with pytest.raises(Conflicting, match="would be sent nowhere"):
        back(year, one)
    year.until(MID)
    with pytest.raises(Conflicting, match="bills it since 1 Jul 2026"):
        back(year, one)


def test_what_is_refused_and_why(year: Year) -> None:
    one = year.held()
    refs = year.here.refs
    with pytest.raises(InvalidInput, match="contract it is billed on"):
        year.go_on(one, on=MID, to="k", line=None)
    with pytest.raises(InvalidInput, match="starts only on 1 Jan 2027"):
        year.go_on(one, on=MID, to="n")
    with pytest.raises(InvalidInput, match="not a recurring service contract of Contoso"):
        year.go_on(one, on=MID, to="o")
    with pytest.raises(InvalidInput, match="is over"):
        year.go_on(one, on=date(2026, 5, 9), to="k2")
    year.here.of.quantity(one, 12, date(2026, 8, 1))
    year.work()
    with pytest.raises(InvalidInput, match="a change from 1 Aug 2026"):
        year.go_on(one, on=MID, to="open")
    other = year.held(service="t", line="m", quantity=4)
    year.go_on(one, on=NEXT, to="n", line="nl")
    with pytest.raises(Conflicting, match="is to continue on Cloud 2027"):
        year.go_on(one, on=NEXT, to="n")
    with pytest.raises(InvalidInput, match="not a line of Exchange"):
        year.go_on(other, on=NEXT, to="n", line="nl")
    assert refs["nl"] == NextPlace.objects.get(subscription_id=one).line_id


def test_both_contracts_are_shown_before(year: Year) -> None:
    one = year.held()
    ahead = look_ahead(
        one,
        year.here.connection_id,
        contract_id=year.here.refs["n"],
        line_id=year.here.refs["nl"],
        from_on=NEXT,
        asked=year.here.of.asked(),
        billing=year.billing,
    )
    assert ahead.leaves.contract_name == "Cloud 2026"
    assert not ahead.left_bills_on
    assert ahead.seen.look is not None
    assert (ahead.seen.look.units, ahead.seen.ours.units) == (0, 10)


def test_many_continue_together_and_what_does_not_fit_says_why(year: Year) -> None:
    first, second = year.held(), year.held(service="t", line="m", quantity=4)
    third = year.here.of.subscription(customer_id=year.customer, quantity=1)
    done = continue_many(
        [first, second, third],
        year.here.connection_id,
        contract_id=year.here.refs["n"],
        from_on=NEXT,
        today=TODAY,
        asked=year.here.of.asked(),
    )
    assert done.planned == 2
    assert len(done.refused) == 1
    assert "not mapped to a service" in done.refused[0]
    year.until(NEXT)
    year.work()
    assert {year.badge(first), year.badge(second)} == {"synced"}
    assert year.mapping(first).line_id == year.here.refs["nl"], "the free line of its service"
    assert year.units(year.mapping(second).line_id, NEXT) == 4


def back(year: Year, subscription_id: int) -> None:
    take_back(
        subscription_id,
        year.here.connection_id,
        context=year.here.of.context,
        now=year.here.of.clock.now(),
        correlation_id="c",
    )


def unmap(year: Year, subscription_id: int) -> None:
    unmap_subscription(
        subscription_id,
        year.here.connection_id,
        context=year.here.of.context,
        now=year.here.of.clock.now(),
        correlation_id="c",
    )
