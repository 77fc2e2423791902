"""Map a subscription: look first, then adopt, bring or leave. Nothing is written by mapping."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from django.db import connections

from desk import Desk, desk
from factories import TODAY
from harness import engine_for
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.bootstrap.first_sync import decide_first_sync, look_at_left
from tallystick.bootstrap.look_before import look_before
from tallystick.bootstrap.map_many import map_what_is_equal
from tallystick.bootstrap.mapping import FirstSync, map_line
from tallystick.connectors.autotask.billing import AutotaskBilling
from tallystick.directory.models import ContractEntry
from tallystick.kit.problem import Conflicting, InvalidInput, Problem, Unreachable
from tallystick.ledger.models import Delivery, Lane
from tallystick.mappings.choose import choose_company, choose_service
from tallystick.mappings.exclude import exclude
from tallystick.mappings.kinds import Ours
from tallystick.mappings.map_subscription import unmap_subscription
from tallystick.mappings.models import SubscriptionMapping
from tallystick.mappings.not_mapped import not_mapped_ids
from tallystick.mappings.rows import list_mappings, subscription_row
from tallystick.mappings.watching import not_mapped_subscriptions, watch_rows
from tallystick.sync.port import Billing
from tallystick.sync.request import request_sync
from tallystick.sync.turn import drive
from tallystick.sync.verify import verify

YEAR = {"start": "2026-01-01", "end": "2026-12-31"}


@pytest.fixture
def here(db: None) -> Iterator[Desk]:
    with desk() as made:
        made.simulator.freeze(made.of.clock.now())
        made.load(
            companies=[{"ref": "c", "name": "Contoso"}, {"ref": "d", "name": "Fabrikam"}],
            services=[{"ref": "s", "name": "M365", "unit_price": "15.20", "unit_cost": "12.10"}],
            contracts=[
                {"ref": "k", "company": "c", "name": "Cloud 2026", **YEAR},
                {"ref": "off", "company": "c", "name": "Stopped", "status": 0, **YEAR},
                {"ref": "other", "company": "d", "name": "Fabrikam 2026", **YEAR},
            ],
            lines=[
                {"ref": "l", "contract": "k", "service": "s", "units": 10, "unit_price": "15.20"}
                | {"unit_cost": "12.10"}
            ],
        )
        made.read()
        yield made


class Held:
    """A subscription of a mapped customer and a mapped offer."""

    def __init__(self, here: Desk, *, quantity: int = 10, customer: int | None = None) -> None:
        self.here = here
        self.offer = here.of.offer()
        self.customer = customer or here.of.customer()
        self.id = here.of.subscription(
            customer_id=self.customer, offer_id=self.offer, quantity=quantity
        )

    def named(self) -> Held:
        choose_company(self.customer, self.here.connection_id, self.here.refs["c"], by=self.by())
        choose_service(self.offer, self.here.connection_id, self.here.refs["s"], by=self.by())
        return self

    def by(self) -> object:
        return self.here.by()

    def map(self, how: FirstSync, line: str | None = "l", **more: object) -> None:
        refs = self.here.refs
        map_line(
            self.id,
            self.here.connection_id,
            contract_id=more.pop("contract_id", refs["k"]),  # type: ignore[arg-type]
            line_id=None if line is None else refs[line],
            first_sync=how,
            today=TODAY,
            asked=self.here.of.asked(),
            billing=self.billing,
            **more,  # type: ignore[arg-type]
        )

    def billing(self, connection_id: int) -> Billing:
        return AutotaskBilling(self.here.directory._client)  # type: ignore[attr-defined]

    @property
    def badge(self) -> str:
        row = subscription_row(self.here.of.context, self.id, now=self.here.of.clock.now())
        return row.badge.kind.value

    @property
    def lane(self) -> Lane:
        return Lane.objects.get(subscription_id=self.id, open=True)


def test_mapping_ends_an_exclusion(here: Desk) -> None:
    held = Held(here).named()
    act = {"context": here.of.context, "now": here.of.clock.now(), "correlation_id": "c"}
    exclude(Ours.SUBSCRIPTION, held.id, here.connection_id, reason="our own", **act)
    held.map(FirstSync.ADOPT)
    unmap_subscription(held.id, here.connection_id, **act)
    assert held.id in not_mapped_ids(here.of.context, here.connection_id)


def writes(here: Desk) -> list[str]:
    return [
        one["path"]
        for one in here.simulator.requests()
        if one["method"] != "GET" and "/query" not in one["path"]
    ]


def events(here: Desk) -> list[str]:
    found = AuditLog.objects.filter(tenant_id=here.of.tenant_id).order_by("id")
    return [one.event for one in found]


def test_a_line_that_shows_what_we_have_is_proved_by_looking(here: Desk) -> None:
    held = Held(here).named()
    held.map(FirstSync.ADOPT, seen_units=10)
    assert held.badge == "synced"
    assert held.lane.expected_unit_price == Decimal("15.20")
    assert writes(here) == []
    assert not Delivery.objects.filter(lane=held.lane).exists()
    assert events(here)[-2:] == [Event.CREATE_SUBSCRIPTION_MAPPING.value, Event.ADOPT_LINE.value]


def test_another_value_may_be_adopted_and_is_watched_from_then_on(here: Desk) -> None:
    held = Held(here, quantity=14).named()
    seen = look_before(
        held.id,
        here.connection_id,
        contract_id=here.refs["k"],
        line_id=here.refs["l"],
        day=TODAY,
        asked=here.of.asked(),
        billing=held.billing,
    )
    assert seen.look is not None
    assert (seen.look.match.value, seen.look.units, seen.ours.units) == ("units_differ", 10, 14)
    with pytest.raises(Conflicting, match="shows 10 units now, not 11"):
        held.map(FirstSync.ADOPT, seen_units=11)
    held.map(FirstSync.ADOPT, seen_units=10)
    assert (held.badge, held.lane.expected_units) == ("synced", 10)
    assert held.lane.expected_unit_price is None

    engine = engine_for(here.of, here.simulator)
    assert verify(engine, here.connection_id).equal == 1
    here.simulator.hand_edit(here.refs["l"], TODAY, units=11)
    assert verify(engine, here.connection_id).different == 1
    assert held.badge == "out_of_sync"
    assert writes(here) == []


def test_a_later_step_of_the_line_is_adopted_too(here: Desk) -> None:
    here.simulator.hand_edit(here.refs["l"], date(2026, 7, 1), units=30)
    held = Held(here).named()
    held.map(FirstSync.ADOPT)
    assert (held.lane.expected_units, held.lane.expected_from) == (30, date(2026, 7, 1))
    assert [step["units"] for step in held.lane.earlier] == [10]
    assert verify(engine_for(here.of, here.simulator), here.connection_id).equal == 1


def test_ours_is_brought_from_the_chosen_day(here: Desk) -> None:
    held = Held(here, quantity=14).named()
    held.map(FirstSync.BRING, effective_on="2026-06-01")
    assert writes(here) == []
    drive(engine_for(here.of, here.simulator), held.lane.pk)
    assert held.badge == "synced"
    assert here.simulator.units_on(here.refs["l"], date(2026, 5, 31)) == 10
    assert here.simulator.units_on(here.refs["l"], date(2026, 6, 1)) == 14


def test_left_as_it_is_nothing_is_sent_or_compared(here: Desk) -> None:
    held = Held(here, quantity=14).named()
    held.map(FirstSync.NONE)
    drive(engine_for(here.of, here.simulator), held.lane.pk)
    assert verify(engine_for(here.of, here.simulator), here.connection_id).looked_at == 0
    assert writes(here) == []


def test_names_come_first(here: Desk) -> None:
    held = Held(here)
    with pytest.raises(Conflicting, match="is not mapped to a company yet"):
        held.map(FirstSync.NONE)
    choose_company(held.customer, here.connection_id, here.refs["c"], by=here.by())
    with pytest.raises(Conflicting, match="is not mapped to a service yet"):
        held.map(FirstSync.NONE)
    assert not SubscriptionMapping.objects.filter(connection_id=here.connection_id).exists()


@pytest.mark.parametrize(
    ("contract", "said"), [("off", "is inactive"), ("other", "is not a recurring service contract")]
)
def test_only_a_contract_that_fits(here: Desk, contract: str, said: str) -> None:
    held = Held(here).named()
    with pytest.raises(InvalidInput, match=said):
        held.map(FirstSync.NONE, line=None, contract_id=here.refs[contract])


def test_a_line_that_was_just_made_for_another_is_taken_before_it_is_bound(here: Desk) -> None:
    """Autotask has created it and the directory was read; the engine has not come so far."""
    first = Held(here).named()
    first.map(FirstSync.BRING, line=None)
    second = here.of.subscription(customer_id=first.customer, offer_id=first.offer)
    made = {"contract": here.refs["k"], "service": here.refs["s"], "units": 10}
    here.load(
        lines=[
            {"ref": "made", **made, "internal_description": f"tallystick:{first.lane.pk}"},
            {"ref": "older", **made, "internal_description": f"tallystick:{first.lane.pk + 99999}"},
        ]
    )
    here.read()
    held = Held.__new__(Held)
    held.here, held.id = here, second
    with pytest.raises(Conflicting, match="Another subscription is already billed by"):
        held.map(FirstSync.NONE, line="made")
    held.map(FirstSync.NONE, line="older")


def test_another_subscriptions_line_is_refused_with_that_reason(here: Desk) -> None:
    first = Held(here).named()
    first.map(FirstSync.ADOPT)
    second = here.of.subscription(customer_id=first.customer, offer_id=first.offer, quantity=3)
    held = Held.__new__(Held)
    held.here, held.id = here, second
    with pytest.raises(Conflicting, match="Another subscription is already billed by"):
        held.map(FirstSync.ADOPT)
    with pytest.raises(InvalidInput, match="nothing to adopt"):
        held.map(FirstSync.ADOPT, line=None)
    held.map(FirstSync.BRING, line=None)
    drive(engine_for(here.of, here.simulator), held.lane.pk)
    assert held.badge == "synced"


def test_a_line_that_is_not_of_the_service_is_refused(here: Desk) -> None:
    held = Held(here).named()
    with pytest.raises(InvalidInput, match="is not a line of M365"):
        map_line(
            held.id,
            here.connection_id,
            contract_id=here.refs["k"],
            line_id=987654,
            first_sync=FirstSync.NONE,
            today=TODAY,
            asked=here.of.asked(),
        )


def test_what_cannot_be_read_is_not_mapped(here: Desk) -> None:
    held = Held(here).named()
    here.simulator.add_fault(
        "refuse", method="POST", path="ContractServiceUnits", message="No right."
    )
    with pytest.raises(Unreachable, match="Nothing was mapped, and nothing was sent"):
        held.map(FirstSync.ADOPT)
    assert held.badge == "not_mapped"


def test_what_is_clear_and_equal_is_mapped_together(here: Desk) -> None:
    customers = []
    refs = here.refs
    for number in range(5):
        here.load(
            companies=[{"ref": f"c{number}", "name": f"Company {number}"}],
            contracts=[{"ref": f"k{number}", "company": f"c{number}", "name": "Cloud", **YEAR}],
            lines=[],
        )
        here.load(
            lines=[
                {"ref": f"l{number}", "contract": refs[f"k{number}"], "service": refs["s"]}
                | {"units": 10 + number, "unit_price": "15.20", "unit_cost": "12.10"}
            ]
        )
    here.read()
    first = Held(here)
    choose_service(first.offer, here.connection_id, refs["s"], by=here.by())
    for number in range(5):
        customer = here.of.customer(f"Customer of {number}")
        choose_company(customer, here.connection_id, refs[f"c{number}"], by=here.by())
        # The last one differs from its line.
        quantity = 10 + number if number < 4 else 99
        here.of.subscription(customer_id=customer, offer_id=first.offer, quantity=quantity)
        customers.append(customer)
    here.read()
    ids = not_mapped_ids(here.of.context, here.connection_id)
    assert len(ids) == 6
    assert not_mapped_subscriptions(here.of.context, here.connection_id).number == 6
    before = len(here.simulator.requests())
    done = map_what_is_equal(
        ids, here.connection_id, today=TODAY, asked=here.of.asked(), billing=first.billing
    )
    assert (done.mapped, len(done.differing), done.refused) == (4, 1, ())
    assert "Autotask shows 14 units" in done.differing[0]
    assert len(here.simulator.requests()) - before <= 2, "many lines a call"
    page = list_mappings(here.of.context, here.connection_id, now=here.of.clock.now())
    assert sorted(row.badge.kind.value for row in page.items) == ["not_mapped"] * 2 + ["synced"] * 4
    assert writes(here) == []


def test_a_contract_that_ends_is_told_before_an_operation_fails_on_it(here: Desk) -> None:
    held = Held(here).named()
    held.map(FirstSync.ADOPT)
    page = list_mappings(here.of.context, here.connection_id, now=here.of.clock.now())
    assert watch_rows(here.connection_id, page.items, today=TODAY) == {}
    soon = date(2026, 12, 10)
    found = watch_rows(here.connection_id, page.items, today=soon)
    assert found == {held.id: "The contract ends on 31 Dec 2026."}
    ContractEntry.objects.filter(connection_id=here.connection_id).delete()
    found = watch_rows(here.connection_id, page.items, today=TODAY)
    assert "no such contract" in found[held.id]


def test_one_line_for_many_subscriptions_at_once(here: Desk) -> None:
    first = Held(here).named()
    ids = [first.id] + [
        here.of.subscription(customer_id=first.customer, offer_id=first.offer) for _ in range(7)
    ]

    def map_it(subscription_id: int) -> str:
        held = Held.__new__(Held)
        held.here, held.id = here, subscription_id
        try:
            held.map(FirstSync.NONE)
        except Problem:
            return "refused"
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(map_it, ids)) == ["done"] + ["refused"] * 7
    assert SubscriptionMapping.objects.filter(connection_id=here.connection_id).count() == 1


def test_left_until_a_day_nothing_is_read_or_sent_before_it(here: Desk) -> None:
    held = Held(here, quantity=14).named()
    with pytest.raises(InvalidInput, match="must be a later day than today"):
        held.map(FirstSync.LEAVE, effective_on=TODAY.isoformat())
    held.map(FirstSync.LEAVE, effective_on="2026-06-01")
    here.of.quantity(held.id, 15, TODAY)
    before = len(here.simulator.requests())
    row = subscription_row(here.of.context, held.id, now=here.of.clock.now())
    assert (row.badge.kind.value, row.badge.pending) == ("left", 2)
    assert row.badge.cause == "Nothing is compared or sent before 1 Jun 2026."
    engine = engine_for(here.of, here.simulator)
    drive(engine, held.lane.pk)
    with pytest.raises(Conflicting, match="Nothing is compared or sent before 1 Jun 2026"):
        press(here, held)
    assert verify(engine, here.connection_id).looked_at == 0
    assert len(here.simulator.requests()) == before
    here.of.later(days=22)
    here.simulator.freeze(here.of.clock.now())
    drive(engine, held.lane.pk)
    assert held.badge == "synced"
    effects = here.simulator.effects(here.refs["l"])
    assert [(one["effective_on"], one["unit_change"]) for one in effects] == [("2026-06-01", 5)]
    press(here, held)


def test_what_is_left_until_a_day_can_be_unmapped_and_mapped_anew(here: Desk) -> None:
    held = Held(here, quantity=14).named()
    held.map(FirstSync.LEAVE, effective_on="2026-06-01")
    lane = held.lane
    unmap_subscription(
        held.id,
        here.connection_id,
        context=here.of.context,
        now=here.of.clock.now(),
        correlation_id="c",
    )
    settled = Delivery.objects.get(lane=lane)
    assert (settled.state, settled.cause) == (
        "resolved",
        "Unmapped before its first day: nothing was sent.",
    )
    held.map(FirstSync.ADOPT, seen_units=10)
    assert held.badge == "synced"


def decide(here: Desk, held: Held, how: FirstSync, **more: object) -> None:
    decide_first_sync(
        held.id,
        here.connection_id,
        first_sync=how,
        today=TODAY,
        asked=here.of.asked(),
        billing=held.billing,
        **more,  # type: ignore[arg-type]
    )


def test_what_was_left_until_its_next_change_is_decided_on_later(here: Desk) -> None:
    held = Held(here, quantity=14).named()
    held.map(FirstSync.NONE)
    assert held.badge == "left"
    seen = look_at_left(
        held.id, here.connection_id, day=TODAY, asked=here.of.asked(), billing=held.billing
    )
    assert seen.look is not None
    assert (seen.look.units, seen.ours.units) == (10, 14)
    with pytest.raises(Conflicting, match="shows 10 units now, not 9"):
        decide(here, held, FirstSync.ADOPT, seen_units=9)
    with pytest.raises(InvalidInput, match="must be adopt or bring"):
        decide(here, held, FirstSync.NONE)
    decide(here, held, FirstSync.ADOPT, seen_units=10)
    assert held.badge == "synced"
    with pytest.raises(Conflicting, match="compared and sent already"):
        decide(here, held, FirstSync.BRING)
    assert writes(here) == []


def test_or_brought_to_ours_later(here: Desk) -> None:
    held = Held(here, quantity=14).named()
    held.map(FirstSync.NONE)
    decide(here, held, FirstSync.BRING, effective_on="2026-05-12")
    drive(engine_for(here.of, here.simulator), held.lane.pk)
    assert held.badge == "synced"
    effects = here.simulator.effects(here.refs["l"])
    assert [(one["effective_on"], one["unit_change"]) for one in effects] == [("2026-05-12", 4)]


def press(here: Desk, held: Held) -> None:
    request_sync(
        here.connection_id,
        held.id,
        context=here.of.context,
        now=here.of.clock.now(),
        wake=here.of.wake,
        correlation_id="c",
    )
