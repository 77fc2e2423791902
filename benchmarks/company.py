"""A tenant with one connection and many mapped, green subscriptions, made with the verbs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection as database
from django.db import transaction

from benchmarks.remote import CODE, HOUR, SECRET, USER, Remote
from benchmarks.remote import Place as Contract
from tallystick.audit.record import Actor
from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.engine import make_engine
from tallystick.catalog.add_offer import OfferFacts, add_offer
from tallystick.catalog.terms import BillingCycle, OfferKind, Segment, Term
from tallystick.connections.budget import note_threshold
from tallystick.connections.create import Credentials, NewConnection, create_connection
from tallystick.identity.context import Context
from tallystick.identity.people import add_tenant
from tallystick.identity.roles import Role
from tallystick.kit.clock import monotonic
from tallystick.kit.ids import correlation_id
from tallystick.kit.secrets import Secret
from tallystick.mappings.map_subscription import Place
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.finish import Asked
from tallystick.operations.map_existing import map_existing
from tallystick.operations.purchase import Order, purchase
from tallystick.subscriptions.add_customer import add_customer
from tallystick.sync.verify import verify

UNITS = 10
FACTS = (Segment.COMMERCIAL, Term.YEAR, BillingCycle.MONTHLY, OfferKind.NCE_LICENCE)
UNSETTLED = """
SELECT count(*) FILTER (WHERE d.state NOT IN ('synced', 'failed', 'conflict')),
       count(*) FILTER (WHERE d.state IN ('failed', 'conflict')), min(d.cause) FILTER
           (WHERE d.state IN ('failed', 'conflict'))
FROM ledger_delivery d JOIN ledger_lane l ON l.id = d.lane_id WHERE l.connection_id = %s
"""


@dataclass(slots=True)
class Company:
    """Subscription ``n`` is billed by ``contracts[n]``; ``units`` is what it has now."""

    context: Context
    connection_id: int
    today: date
    starts: date
    ends: date
    subscriptions: list[int] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)
    units: list[int] = field(default_factory=list)
    used_days: int = 0

    def asked(self) -> Asked:
        return desk().asked(self.context, source="bench")

    def next_days(self, count: int) -> list[date]:
        """Days on which nothing has changed yet; later than all before."""
        first = self.used_days + 1
        self.used_days += count
        return [self.today + timedelta(days=number) for number in range(first, first + count)]

    def change(self, numbers: Sequence[int], days: Sequence[date]) -> float:
        """One unit more on each day, for each of the subscriptions; committed all at once.

        Answers the moment just before the commit.
        """
        with transaction.atomic():
            for number in numbers:
                for day in days:
                    self.units[number] += 1
                    change_quantity(
                        subscription_id=self.subscriptions[number],
                        quantity=self.units[number],
                        effective_on=day,
                        today=self.today,
                        asked=self.asked(),
                    )
            return monotonic()

    def green(self, *, look_every: float = 0.05, seconds: float = 600.0) -> float:
        """Wait until every operation is synced; answers the moment it was seen."""
        deadline = monotonic() + seconds
        while monotonic() < deadline:
            with database.cursor() as cursor:
                cursor.execute(UNSETTLED, [self.connection_id])
                left, stopped, cause = cursor.fetchone()
            if stopped:
                raise RuntimeError(f"{stopped} operations stopped; one says: {cause}")
            if not left:
                return monotonic()
            time.sleep(look_every)
        raise RuntimeError(f"{left} operations were not synced within {seconds:.0f} s")


def make_company(remote: Remote, lanes: int, *, contract_days: int = 364) -> Company:
    """Nothing is waiting afterwards but the first syncs, which the worker does."""
    now = desk().now()
    tenant_id = add_tenant("Bench", time_zone="UTC", now=now)
    context = Context(tenant_id, None, Role.ADMINISTRATOR, Actor("user/bench", "Bench"))
    connection_id = create_connection(
        NewConnection(
            name="Autotask",
            price_currency="EUR",
            cost_currency="EUR",
            credentials=Credentials(USER, Secret(SECRET), Secret(CODE)),
            quiet_seconds=0,
        ),
        context=context,
        keys=settings.SEALING_KEYS,
        now=now,
        correlation_id=correlation_id(),
    )
    note_threshold(connection_id, threshold=HOUR, used=0, now=now)
    today = desk().today(context)
    starts = (today.replace(day=1) - timedelta(days=150)).replace(day=1)
    ends = starts + timedelta(days=contract_days)
    company = Company(context, connection_id, today, starts, ends)
    company.contracts = remote.places(lanes, starts=company.starts, ends=company.ends)
    company.units = [UNITS] * lanes
    with transaction.atomic():
        _subscribe(company)
    # The daily look is done now, so that it does not come in the middle of a measurement.
    verify(make_engine(), connection_id)
    return company


def _subscribe(company: Company) -> None:
    now = desk().now()
    offer_id, _ = add_offer(
        OfferFacts("CFQ1", "0001", "Microsoft 365 Business Premium", *FACTS),
        tenant_id=company.context.tenant_id,
        actor=company.context.actor,
        now=now,
        correlation_id=correlation_id(),
    )
    for number, contract in enumerate(company.contracts):
        customer_id, _ = add_customer(
            name=f"Customer {number}",
            external_id=f"cust-{number}",
            context=company.context,
            now=now,
            correlation_id=correlation_id(),
        )
        order = Order(
            customer_id=customer_id,
            offer_id=offer_id,
            provider_id=f"sub-{number}",
            quantity=UNITS,
            starts_on=company.starts,
            unit_price=Decimal("15.20"),
            unit_cost=Decimal("12.10"),
            price_currency="EUR",
            cost_currency="EUR",
        )
        subscription_id, _ = purchase(order, asked=company.asked())
        company.subscriptions.append(subscription_id)
        map_existing(
            subscription_id=subscription_id,
            connection_id=company.connection_id,
            place=Place(
                company_id=contract.company_id,
                company_name="Company",
                contract_id=contract.contract_id,
                contract_name="Cloud services",
                service_id=contract.service_id,
                service_name="M365",
                line_id=contract.line_id,
            ),
            effective_on=company.today,
            today=company.today,
            asked=company.asked(),
        )
