"""A company with a yearly and a monthly contract, and a subscription that may move between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from desk import Desk, desk
from factories import TODAY, nobody_wakes
from harness import engine_for
from tallystick.bootstrap.mapping import FirstSync, map_line
from tallystick.bootstrap.preview import Ahead, look_ahead
from tallystick.catalog.add_offer import OfferFacts, add_offer
from tallystick.catalog.terms import BillingCycle, OfferKind, Segment, Term
from tallystick.connectors.autotask.billing import AutotaskBilling
from tallystick.kit.clock import day_begins
from tallystick.kit.ids import correlation_id
from tallystick.ledger.models import Operation
from tallystick.ledger.record import Recorded
from tallystick.mappings.choose import choose_company, choose_service
from tallystick.mappings.map_names import unmap_offer
from tallystick.mappings.models import NextPlace, SubscriptionMapping
from tallystick.mappings.rows import Row, subscription_row
from tallystick.operations.carry_out import carry_out_due
from tallystick.operations.change_offer import NewOffer, change_offer
from tallystick.operations.expire_due import expire_due
from tallystick.operations.finish import Asked
from tallystick.operations.move_line import ChosenLine
from tallystick.operations.take_over import due_to_take_over, take_over
from tallystick.subscriptions.models import Subscription
from tallystick.sync.due import due_lanes
from tallystick.sync.engine import Engine
from tallystick.sync.port import Billing
from tallystick.sync.request import request_sync
from tallystick.sync.turn import drive

MONTHLY, YEARLY = 2, 5  # Autotask's period types
LAST, NEXT = date(2026, 12, 31), date(2027, 1, 1)  # of a term, and of the one that follows
ANNUAL, MONTH = BillingCycle.ANNUAL, BillingCycle.MONTHLY


class Company:
    """``sku``: the product; its monthly and its annual offer are mapped to a service each."""

    def __init__(self, here: Desk) -> None:
        self.here = here
        self.of = here.of
        self.engine: Engine = engine_for(here.of, here.simulator)
        self.customer = here.of.customer("Contoso")
        self.map_customer()
        self.monthly = self.offer(MONTH, service="ms")
        self.annual = self.offer(ANNUAL, service="ys")

    def map_customer(self) -> None:
        here = self.here
        choose_company(self.customer, here.connection_id, here.refs["c"], by=here.by())

    def offer_unmapped(self) -> int:
        """Of another product, billed yearly."""
        return self.offer(ANNUAL, sku="0002")

    def offer(
        self,
        cycle: BillingCycle,
        *,
        service: str | None = None,
        term: Term = Term.YEAR,
        sku: str = "0001",
    ) -> int:
        facts = OfferFacts(
            "CFQ7TTC0LDPB",
            sku,
            "Microsoft 365 Business Premium" if sku == "0001" else "Microsoft 365 E5",
            Segment.COMMERCIAL,
            term,
            cycle,
            OfferKind.NCE_LICENCE,
        )
        offer_id = add_offer(
            facts,
            tenant_id=self.of.tenant_id,
            actor=self.of.context.actor,
            now=self.of.clock.now(),
            correlation_id=correlation_id(),
        )[0]
        if service is not None:
            self.map_offer(offer_id, service)
        return offer_id

    def map_offer(self, offer_id: int, service: str) -> None:
        here = self.here
        choose_service(offer_id, here.connection_id, here.refs[service], by=here.by())

    def held(
        self,
        *,
        annual: bool = False,
        quantity: int = 10,
        contract: str = "",
        line: str = "",
        **more: Any,
    ) -> int:
        """Mapped and green: 10 at 15.20 a month, or at 182.40 a year."""
        here = self.here
        subscription_id = self.of.subscription(
            customer_id=self.customer,
            offer_id=self.annual if annual else self.monthly,
            quantity=quantity,
            unit_price="182.40" if annual else "15.20",
            unit_cost="145.20" if annual else "12.10",
            **more,
        )
        map_line(
            subscription_id,
            here.connection_id,
            contract_id=here.refs[contract or ("yk" if annual else "mk")],
            line_id=here.refs[line or ("yl" if annual else "ml")],
            first_sync=FirstSync.ADOPT,
            today=TODAY,
            asked=self.of.asked(),
            billing=self.billing,
        )
        assert self.badge(subscription_id) == "synced", self.cause(subscription_id)
        return subscription_id

    def billing(self, connection_id: int) -> Billing:
        return AutotaskBilling(self.here.directory._client)  # type: ignore[attr-defined]

    def remap(self, offer_id: int, to: int, service: str) -> None:
        """The service bills another offer from now on."""
        here = self.here
        unmap_offer(
            offer_id,
            here.connection_id,
            context=self.of.context,
            now=self.of.clock.now(),
            correlation_id=correlation_id(),
        )
        self.map_offer(to, service)

    # What people do.

    def chosen(self, contract: str, line: str | None = None) -> ChosenLine:
        refs = self.here.refs
        return ChosenLine(refs[contract], None if line is None else refs[line])

    def change(
        self,
        subscription_id: int,
        offer_id: int,
        price: str | None,
        *,
        cost: str | None = None,
        quantity: int | None = None,
        on: date | None = None,
        to: tuple[str, str | None] | None = None,
        asked: Asked | None = None,
    ) -> Recorded:
        return change_offer(
            subscription_id=subscription_id,
            to=NewOffer.read(offer_id, quantity=quantity, unit_price=price, unit_cost=cost),
            line=None if to is None else self.chosen(*to),
            effective_on=on,
            today=self.of.today(),
            asked=asked or self.of.asked(),
        )

    def to_annual(self, subscription_id: int, **more: Any) -> Recorded:
        return self.change(subscription_id, self.annual, "182.40", cost="145.20", **more)

    def to_monthly(self, subscription_id: int, **more: Any) -> Recorded:
        return self.change(subscription_id, self.monthly, "15.20", cost="12.10", **more)

    def ahead(self, subscription_id: int, record: Any) -> Ahead:
        return look_ahead(record, subscription_id, asked=self.of.asked(), billing=self.billing)

    def press_sync(self, subscription_id: int) -> None:
        request_sync(
            self.here.connection_id,
            subscription_id,
            context=self.of.context,
            now=self.of.clock.now(),
            wake=nobody_wakes,
            correlation_id=correlation_id(),
        )
        self.work()

    # Time, and what workers do.

    def until(self, day: date) -> None:
        """Time passes; the simulator's too."""
        begins: datetime = day_begins(day, "UTC")
        clock = self.of.clock
        clock.advance((begins - clock.now()).total_seconds() + 60)
        self.here.simulator.freeze(clock.now())

    def work(self) -> None:
        """What a worker does until nothing is due."""
        for _ in range(30):
            now = self.of.clock.now()
            lanes = due_lanes(now=now, connection_id=self.here.connection_id)
            for lane_id in lanes:
                drive(self.engine, lane_id)
            steps = [self.step(one) for one in self.due(now)]
            if not lanes and not any(steps):
                return
        raise AssertionError("never came to rest")

    def due(self, now: datetime) -> list[int]:
        here = self.here.connection_id
        mine = NextPlace.objects.filter(connection_id=here).values_list("pk", flat=True)
        return [one for one in due_to_take_over(now=now) if one in set(mine)]

    def step(self, next_place_id: int) -> bool:
        """Whether anything has happened: the new place is the mapping, or something is due."""
        now = self.of.clock.now()
        done = take_over(next_place_id, now=now, wake=nobody_wakes)
        return done or bool(due_lanes(now=now, connection_id=self.here.connection_id))

    # What there is.

    def row(self, subscription_id: int) -> Row:
        return subscription_row(self.of.context, subscription_id, now=self.of.clock.now())

    def badge(self, subscription_id: int) -> str:
        return self.row(subscription_id).badge.kind.value

    def cause(self, subscription_id: int) -> str:
        return self.row(subscription_id).badge.cause

    def mapping(self, subscription_id: int) -> SubscriptionMapping:
        return SubscriptionMapping.objects.get(subscription_id=subscription_id)

    def held_now(self, subscription_id: int) -> Subscription:
        return Subscription.objects.get(pk=subscription_id)

    def kinds(self, subscription_id: int) -> list[str]:
        rows = Operation.objects.filter(subscription_id=subscription_id).order_by("sequence")
        return list(rows.values_list("kind", flat=True))

    def line_of(self, subscription_id: int) -> int:
        line_id = self.mapping(subscription_id).line_id
        assert line_id is not None
        return line_id

    def effects(self, line_id: int) -> list[tuple[str, int, str | None]]:
        """What took effect on a line: from which day, the change, the unit price."""
        return [
            (one["effective_on"][:10], one["unit_change"], _text(one["unit_price"]))
            for one in self.here.simulator.effects(line_id)
        ]

    def units(self, line_id: int, on: date) -> int | None:
        return self.here.simulator.units_on(line_id, on)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def carry(here: Company) -> None:
    """As the periodic task does it, and then the engine."""
    now = here.of.clock.now()
    expire_due(now=now, wake=nobody_wakes)
    carry_out_due(now=now, wake=nobody_wakes)
    here.work()


def fill(made: Desk, lines: Sequence[str], contracts: Mapping[str, str]) -> None:
    """The company's services and contracts, and these of its lines."""
    made.simulator.freeze(made.of.clock.now())
    month: dict[str, Any] = {"unit_price": "15.20", "unit_cost": "12.10"}
    year: dict[str, Any] = {"unit_price": "182.40", "unit_cost": "145.20"}
    made.load(
        companies=[{"ref": "c", "name": "Contoso"}],
        services=[
            {"ref": "ms", "name": "M365 monthly", "period_type": MONTHLY, **month},
            {"ref": "ys", "name": "M365 yearly", "period_type": YEARLY, **year},
            {"ref": "e5", "name": "E5 monthly", "period_type": MONTHLY, "unit_price": "54.00"},
        ],
        contracts=[
            {"ref": "mk", "company": "c", "name": "Cloud monthly", "period_type": MONTHLY}
            | {"start": contracts.get("mk", "2026-01-01"), "end": "2029-12-31"},
            {"ref": "yk", "company": "c", "name": "Cloud yearly", "period_type": YEARLY}
            | {"start": contracts.get("yk", "2026-01-01"), "end": "2029-12-31"},
        ],
        lines=[
            {"ref": ref, "contract": on, "service": of, "units": 10, **rates}
            for ref, on, of, rates in (
                ("ml", "mk", "ms", month),
                ("yl", "yk", "ys", year),
            )
            if ref in lines
        ],
    )
    made.read()


@contextmanager
def company(*lines: str, **contracts: str) -> Iterator[Company]:
    """``lines``: those that are there, of ``ml`` and ``yl``. ``contracts``: another first day."""
    with desk() as made:
        fill(made, lines or ("ml",), contracts)
        yield Company(made)
