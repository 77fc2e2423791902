"""Moving here from another tool: what it did to a line is told before the first sync."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import pytest

from desk import Desk, desk
from factories import TODAY
from harness import engine_for
from tallystick.api.schemas_places import LookOut, MappedOut
from tallystick.bootstrap.first_sync import look_at_left
from tallystick.bootstrap.look_before import Seen, look_around, look_before
from tallystick.bootstrap.map_many import map_what_is_equal
from tallystick.bootstrap.mapping import FirstSync, map_line
from tallystick.connections.trouble import BillingError, Unavailable, Unclear
from tallystick.connectors.autotask.billing import AutotaskBilling
from tallystick.kit.clock import monotonic
from tallystick.kit.ids import correlation_id
from tallystick.ledger.models import Sighting
from tallystick.ledger.second_writer import UnitChange
from tallystick.mappings.choose import choose_company, choose_service
from tallystick.mappings.map_subscription import unmap_subscription
from tallystick.mappings.not_mapped import not_mapped_ids
from tallystick.mappings.rows import Row, subscription_row
from tallystick.sync.port import Adjustment, Applied, Billing, Line, UnitRow
from tallystick.sync.turn import drive

YEAR = {"start": "2026-01-01", "end": "2026-12-31"}
RATE = {"unit_price": "15.20", "unit_cost": "12.10"}


@pytest.fixture
def here(db: None) -> Iterator[Desk]:
    with desk() as made:
        made.simulator.freeze(made.of.clock.now())
        made.load(
            companies=[{"ref": "c", "name": "Contoso"}],
            services=[
                {"ref": "s", "name": "M365", **RATE},
                {"ref": "t", "name": "Exchange", **RATE},
            ],
            contracts=[
                {"ref": "k", "company": "c", "name": "Cloud 2026", **YEAR},
                {"ref": "k2", "company": "c", "name": "Old tool", **YEAR},
                {"ref": "off", "company": "c", "name": "Stopped", "status": 0, **YEAR},
                {"ref": "over", "company": "c", "name": "Cloud 2025", "start": "2025-01-01"}
                | {"end": "2025-12-31"},
            ],
            lines=[
                {"ref": "l", "contract": "k", "service": "s", "units": 6, **RATE},
                {"ref": "twin", "contract": "k", "service": "s", "units": 0, **RATE},
                {"ref": "tool", "contract": "k2", "service": "s", "units": 9, **RATE},
                {"ref": "mail", "contract": "k2", "service": "t", "units": 4, **RATE},
                {"ref": "idle", "contract": "off", "service": "s", "units": 3, **RATE},
                {"ref": "gone", "contract": "over", "service": "s", "units": 5, **RATE},
            ],
        )
        made.read()
        yield made


class Moving:
    """A subscription that another tool has kept until now."""

    def __init__(self, here: Desk, quantity: int = 10) -> None:
        self.here = here
        offer, customer = here.of.offer(), here.of.customer()
        self.id = here.of.subscription(customer_id=customer, offer_id=offer, quantity=quantity)
        choose_company(customer, here.connection_id, here.refs["c"], by=here.by())
        choose_service(offer, here.connection_id, here.refs["s"], by=here.by())

    def billing(self, connection_id: int) -> Billing:
        return AutotaskBilling(self.here.directory._client)  # type: ignore[attr-defined]

    def rival_adds(self, units: int, on: date) -> None:
        refs = self.here.refs
        change = Adjustment(Line(refs["k"], refs["l"]), on, units)
        answer = self.billing(0).adjust(change, deadline=monotonic() + 5)
        assert isinstance(answer, Applied), answer

    def look(self, line: str | None = "l", billing: Billing | None = None) -> Seen:
        here = self.here
        seen = look_before(
            self.id,
            here.connection_id,
            contract_id=here.refs["k"],
            line_id=None if line is None else here.refs[line],
            day=TODAY,
            asked=here.of.asked(),
            billing=self.billing if billing is None else lambda _: billing,
        )
        return look_around(
            self.id,
            here.connection_id,
            seen,
            day=TODAY,
            asked=here.of.asked(),
            billing=self.billing if billing is None else lambda _: billing,
        )

    def map(self, how: FirstSync, billing: Billing | None = None, on: date | None = None) -> None:
        here = self.here
        map_line(
            self.id,
            here.connection_id,
            contract_id=here.refs["k"],
            line_id=here.refs["l"],
            first_sync=how,
            effective_on=on,
            today=TODAY,
            asked=here.of.asked(),
            billing=self.billing if billing is None else lambda _: billing,
        )

    def kept(self) -> list[tuple[str, date, int, int]]:
        rows = Sighting.objects.filter(lane__subscription_id=self.id).order_by("pk")
        return [(one.kind, one.effective_on, one.units_before, one.units_after) for one in rows]

    def row(self) -> Row:
        return subscription_row(self.here.of.context, self.id, now=self.here.of.clock.now())

    def work(self) -> None:
        lane = self.row().lane
        assert lane is not None
        drive(engine_for(self.here.of, self.here.simulator), lane.id)


@dataclass
class Grumbling:
    """Reads as Autotask does, but fails when the past is asked for too, or always."""

    behind: Billing
    error: BillingError
    always: bool = False

    def observe(
        self, lines: Collection[Line], *, since: date, until: date | None = None
    ) -> Mapping[Line, tuple[UnitRow, ...]]:
        if self.always or since < TODAY:
            raise self.error
        return self.behind.observe(lines, since=since, until=until)


TOOLS = [UnitChange(date(2026, 3, 12), 6, 8), UnitChange(date(2026, 4, 20), 8, 10)]


def test_what_another_tool_did_lately_is_shown_before_the_first_sync(here: Desk) -> None:
    moving = Moving(here)
    moving.rival_adds(-1, date(2026, 2, 1))  # long ago, and back again at once
    moving.rival_adds(1, date(2026, 2, 3))
    for change in TOOLS:
        moving.rival_adds(change.after - change.before, change.on)
    seen = moving.look()
    assert seen.changes == TOOLS
    assert seen.keeps_changing
    assert seen.changes_in_words() == "6 to 8 from 12 Mar 2026, 8 to 10 from 20 Apr 2026"
    assert seen.look is not None
    assert [row.units for row in seen.look.rows][:1] == [10]
    out = LookOut.of(seen)
    assert [(one.units_before, one.units_after) for one in out.changed_by_others] == [
        (6, 8),
        (8, 10),
    ]
    assert [(one.contract_name, one.units) for one in out.also_billed] == [("Old tool", 9)]

    moving.map(FirstSync.ADOPT)
    assert moving.kept() == [
        ("before_mapping", date(2026, 3, 12), 6, 8),
        ("before_mapping", date(2026, 4, 20), 8, 10),
    ]
    assert moving.row().second_writer is None, "that it did so before says nothing of now"


def test_one_change_is_no_pattern_and_ours_is_nobody_elses(here: Desk) -> None:
    moving = Moving(here, quantity=9)
    moving.rival_adds(2, date(2026, 4, 20))
    seen = moving.look()
    assert (len(seen.changes), seen.keeps_changing) == (1, False)
    moving.map(FirstSync.BRING)
    moving.work()
    assert moving.row().badge.kind.value == "synced"
    unmap_subscription(
        moving.id,
        here.connection_id,
        context=here.of.context,
        now=here.of.clock.now(),
        correlation_id=correlation_id(),
    )
    # What was sent from here for the lane before is not somebody else's.
    assert moving.look().changes == seen.changes


@pytest.mark.parametrize("how", [FirstSync.BRING, FirstSync.NONE])
def test_it_is_kept_whichever_first_sync_is_chosen(here: Desk, how: FirstSync) -> None:
    moving = Moving(here)
    moving.rival_adds(2, date(2026, 4, 20))
    moving.map(how)
    assert moving.kept() == [("before_mapping", date(2026, 4, 20), 6, 8)]
    if how is FirstSync.NONE:
        found = look_at_left(
            moving.id,
            here.connection_id,
            day=TODAY,
            asked=here.of.asked(),
            billing=moving.billing,
        )
        assert len(found.changes) == 1


def test_mapping_waits_for_nothing_that_is_only_told(here: Desk) -> None:
    moving = Moving(here)
    away = Grumbling(moving.billing(0), Unavailable("Autotask is away."), always=True)
    moving.map(FirstSync.BRING, billing=away)  # type: ignore[arg-type]  # only asked to read
    assert (moving.kept(), moving.row().place is not None) == ([], True)


def test_a_past_that_is_not_understood_keeps_nobody_from_looking(here: Desk) -> None:
    moving = Moving(here)
    moving.rival_adds(2, date(2026, 4, 20))
    muddled = Grumbling(moving.billing(0), Unclear("Two different rows."))
    seen = moving.look(billing=muddled)  # type: ignore[arg-type]  # only asked to read
    assert seen.look is not None
    assert (seen.look.units, seen.changes) == (8, [])
    moving.map(FirstSync.ADOPT, billing=muddled)  # type: ignore[arg-type]  # only asked to read
    assert moving.row().badge.kind.value == "synced"


# The same thing on another line.


def test_other_lines_of_the_service_that_bill_something_are_named(here: Desk) -> None:
    """Not one of 0 units, of another service, of a contract that is inactive or over."""
    moving = Moving(here)
    seen = moving.look()
    assert [one.in_words() for one in seen.beside] == ["Old tool: 9 units"]
    own = moving.look(line=None)
    assert [one.in_words() for one in own.beside] == ["Cloud 2026: 6 units", "Old tool: 9 units"]
    assert own.changes == ()


def test_a_line_that_bills_another_of_ours_is_none_of_them(here: Desk) -> None:
    moving = Moving(here)
    map_line(
        here.of.subscription(
            customer_id=moving.row().subscription.customer.id,
            offer_id=moving.row().subscription.offer_id,
        ),
        here.connection_id,
        contract_id=here.refs["k2"],
        line_id=here.refs["tool"],
        first_sync=FirstSync.NONE,
        today=TODAY,
        asked=here.of.asked(),
        billing=moving.billing,
    )
    assert moving.look().beside == []


def test_what_cannot_be_read_of_another_line_is_said(here: Desk) -> None:
    moving = Moving(here)
    away = Grumbling(moving.billing(0), Unavailable("Autotask is away."), always=True)
    found = look_around(
        moving.id,
        here.connection_id,
        moving.look(),
        day=TODAY,
        asked=here.of.asked(),
        billing=lambda _: away,  # type: ignore[arg-type,return-value]  # only asked to read
    )
    assert [one.in_words() for one in found.beside] == [
        "Cloud 2026: its units could not be read",
        "Old tool: its units could not be read",
    ]


def test_many_are_mapped_at_once_and_those_that_kept_changing_are_named(here: Desk) -> None:
    moving = Moving(here)  # several free lines of its service: nothing is clear
    here.load(
        services=[{"ref": "u", "name": "Visio", **RATE}],
        lines=[{"ref": "v", "contract": here.refs["k"], "service": "u", "units": 10, **RATE}],
    )
    here.read()
    offer = here.of.offer()
    choose_service(offer, here.connection_id, here.refs["u"], by=here.by())
    customer = moving.row().subscription.customer.id
    steady = here.of.subscription(customer_id=customer, offer_id=offer, quantity=10)
    change = Adjustment(Line(here.refs["k"], here.refs["v"]), date(2026, 3, 12), 2)
    again = Adjustment(Line(here.refs["k"], here.refs["v"]), date(2026, 4, 20), -2)
    for one in (change, again):
        assert isinstance(moving.billing(0).adjust(one, deadline=monotonic() + 5), Applied)
    done = map_what_is_equal(
        not_mapped_ids(here.of.context, here.connection_id),
        here.connection_id,
        today=TODAY,
        asked=here.of.asked(),
        billing=moving.billing,
    )
    assert done.mapped == 1
    (said,) = done.changing
    assert "10 to 12 from 12 Mar 2026, 12 to 10 from 20 Apr 2026" in said
    assert "stop its sync for this contract now" in said
    assert MappedOut.of(done).changing == [said]
    kept = Sighting.objects.filter(lane__subscription_id=steady)
    assert kept.count() == len(TOOLS)
