"""Fill a fresh stage with Northwind Cloud, and let the worker bring it to where a morning starts.

Every step goes the way the product goes: verbs record, the worker sends, reading back proves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from tallystick.bootstrap.binaries import CannotStart
from tallystick.bootstrap.demo_company import (
    CANCELLED,
    CHANGES,
    CUSTOMERS,
    DRIFTED,
    FACTS,
    HOLDINGS,
    NEW_CUSTOMERS,
    NOT_MAPPED,
    OFFERS,
    REFUSED,
)
from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.engine import make_engine
from tallystick.bootstrap.stage import Stage
from tallystick.catalog.add_offer import OfferFacts, add_offer
from tallystick.connections.create import Credentials, NewConnection, create_connection
from tallystick.identity.context import Context
from tallystick.identity.people import add_tenant, add_user, context_of_user
from tallystick.identity.roles import Role
from tallystick.kit.clock import monotonic
from tallystick.kit.ids import correlation_id
from tallystick.kit.secrets import Secret
from tallystick.ledger.badge import BadgeKind
from tallystick.mappings.jobs import request_refresh
from tallystick.mappings.map_names import map_customer, map_offer
from tallystick.mappings.map_subscription import Place
from tallystick.mappings.rows import counts_by_badge
from tallystick.operations.cancel import cancel
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.finish import Asked
from tallystick.operations.map_existing import map_existing
from tallystick.operations.purchase import Order, purchase
from tallystick.subscriptions.add_customer import add_customer
from tallystick.sync.verify import verify

EMAIL, PASSWORD = "ada@northwind.example", "northwind-at-month-end"
SETTLES_WITHIN = 90.0
MONTHS_SINCE_START = 7
AT_ONCE = (BadgeKind.SYNCING, BadgeKind.CHECKING)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Company:
    """What was made, by the numbers of ``HOLDINGS``."""

    context: Context
    connection_id: int
    subscriptions: list[int]
    refs: Mapping[str, int]

    def asked(self) -> Asked:
        return desk().asked(self.context, source="demo")


def fill(on: Stage, *, say: Say) -> Company:
    """Raises CannotStart when something does not come to rest in time."""
    say(f"Loading Northwind Cloud: {len(CUSTOMERS)} customers, {len(HOLDINGS)} subscriptions")
    company = _load(on)
    _rest(company, say=say, what="first syncs")
    say("A working day: changes, one refused by Autotask, one line edited by hand")
    _a_day(on, company)
    _rest(company, say=say, what="changes")
    # Somebody at Autotask's side changes a line, and the daily look finds it.
    line = company.refs[f"l{DRIFTED}"]
    on.simulator.hand_edit(line, _today(company), units=HOLDINGS[DRIFTED].quantity + 6)
    verify(make_engine(), company.connection_id)
    return company


def _today(company: Company) -> date:
    return desk().today(company.context)


def _load(on: Stage) -> Company:
    now = desk().now()
    tenant_id = add_tenant("Northwind Cloud", time_zone="UTC", now=now)
    user_id = add_user(
        tenant_id=tenant_id,
        email=EMAIL,
        password=PASSWORD,
        name="Ada Nilsson",
        role=Role.ADMINISTRATOR,
        now=now,
        correlation_id=correlation_id(),
    )
    context = context_of_user(user_id)
    today = desk().today(context)
    starts = _months_before(today, MONTHS_SINCE_START)
    refs = on.simulator.load(**_at_autotask(starts))
    connection_id = create_connection(
        NewConnection(
            name="Autotask",
            price_currency="USD",
            cost_currency="USD",
            credentials=Credentials(on.user, Secret(on.secret), Secret(on.code)),
            quiet_seconds=3,
        ),
        context=context,
        keys=settings.SEALING_KEYS,
        now=now,
        correlation_id=correlation_id(),
    )
    company = Company(context, connection_id, [], refs)
    with transaction.atomic():
        customers, offers = _customers(company), _offers(company)
        for number in range(len(HOLDINGS)):
            company.subscriptions.append(_subscription(company, number, customers, offers, starts))
    for number in range(len(HOLDINGS) - NOT_MAPPED):
        _map(company, number, today)
    request_refresh(
        connection_id, context=context, now=desk().now(), correlation_id=correlation_id()
    )
    return company


def _at_autotask(starts: date) -> dict[str, list[dict[str, Any]]]:
    ends = _months_before(starts, -12) - timedelta(days=1)
    return {
        "companies": [
            {"ref": f"c{n}", "name": NEW_CUSTOMERS.get(n, name)} for n, name in enumerate(CUSTOMERS)
        ],
        "services": [
            {"ref": f"s{n}", "name": name, "sku": f"{product}-{sku}"}
            | {"unit_price": price, "unit_cost": cost}
            for n, (name, product, sku, price, cost) in enumerate(OFFERS)
        ],
        "contracts": [
            {"ref": f"k{n}", "company": f"c{n}", "name": f"Cloud services {starts.year}"}
            | {"start": starts.isoformat(), "end": ends.isoformat()}
            for n in range(len(CUSTOMERS))
        ],
        "lines": [
            {"ref": f"l{n}", "contract": f"k{one.customer}", "service": f"s{one.offer}"}
            | {"units": one.quantity, "unit_price": OFFERS[one.offer][3]}
            | {"unit_cost": OFFERS[one.offer][4]}
            for n, one in enumerate(HOLDINGS[: len(HOLDINGS) - NOT_MAPPED])
        ],
    }


def _customers(company: Company) -> list[int]:
    now, ids = desk().now(), []
    for number, name in enumerate(CUSTOMERS):
        customer_id, _ = add_customer(
            name=name,
            external_id=f"{number + 1:04d}-northwind",
            context=company.context,
            now=now,
            correlation_id=correlation_id(),
        )
        ids.append(customer_id)
        if number in NEW_CUSTOMERS:
            continue
        map_customer(
            customer_id,
            company.connection_id,
            company_id=company.refs[f"c{number}"],
            company_name=name,
            context=company.context,
            now=now,
            correlation_id=correlation_id(),
        )
    return ids


def _offers(company: Company) -> list[int]:
    now, ids = desk().now(), []
    for number, (name, product, sku, _, _) in enumerate(OFFERS):
        offer_id, _ = add_offer(
            OfferFacts(product, sku, name, *FACTS),
            tenant_id=company.context.tenant_id,
            actor=company.context.actor,
            now=now,
            correlation_id=correlation_id(),
        )
        ids.append(offer_id)
        map_offer(
            offer_id,
            company.connection_id,
            service_id=company.refs[f"s{number}"],
            service_name=name,
            context=company.context,
            now=now,
            correlation_id=correlation_id(),
        )
    return ids


def _subscription(
    company: Company, number: int, customers: list[int], offers: list[int], starts: date
) -> int:
    holding = HOLDINGS[number]
    _, _, _, price, cost = OFFERS[holding.offer]
    order = Order(
        customer_id=customers[holding.customer],
        offer_id=offers[holding.offer],
        provider_id=f"5f0c{number:04x}-0000-4000-8000-{number:012x}",
        quantity=holding.quantity,
        starts_on=starts,
        commitment_ends_on=_months_before(starts, -12) - timedelta(days=1),
        unit_price=Decimal(price),
        unit_cost=Decimal(cost),
        price_currency="USD",
        cost_currency="USD",
    )
    return purchase(order, asked=company.asked())[0]


def _map(company: Company, number: int, today: date) -> None:
    holding, refs = HOLDINGS[number], company.refs
    place = Place(
        company_id=refs[f"c{holding.customer}"],
        company_name=CUSTOMERS[holding.customer],
        contract_id=refs[f"k{holding.customer}"],
        contract_name=f"Cloud services {_months_before(today, MONTHS_SINCE_START).year}",
        service_id=refs[f"s{holding.offer}"],
        service_name=OFFERS[holding.offer][0],
        line_id=refs[f"l{number}"],
    )
    map_existing(
        subscription_id=company.subscriptions[number],
        connection_id=company.connection_id,
        place=place,
        effective_on=today,
        today=today,
        asked=company.asked(),
    )


def _a_day(on: Stage, company: Company) -> None:
    today = _today(company)
    for number, more in CHANGES.items():
        _change(company, number, HOLDINGS[number].quantity + more, today)
    cancel(
        subscription_id=company.subscriptions[CANCELLED],
        effective_on=today,
        today=today,
        asked=company.asked(),
    )
    on.simulator.set_contract(company.refs[f"k{HOLDINGS[REFUSED].customer}"], active=False)
    _change(company, REFUSED, HOLDINGS[REFUSED].quantity + 4, today)
    _change(company, REFUSED, HOLDINGS[REFUSED].quantity + 6, today + timedelta(days=1))


def _change(company: Company, number: int, quantity: int, day: date) -> None:
    change_quantity(
        subscription_id=company.subscriptions[number],
        quantity=quantity,
        effective_on=day,
        today=_today(company),
        asked=company.asked(),
    )


def _rest(company: Company, *, say: Say, what: str) -> None:
    """Wait until nothing is under way any more."""
    deadline, told = monotonic() + SETTLES_WITHIN, -1
    while monotonic() < deadline:
        counts = counts_by_badge(company.context, company.connection_id, now=desk().now())
        left = sum(counts[kind] for kind in AT_ONCE)
        if left == 0:
            return
        if left != told:
            say(f"  {what}: {left} under way")
            told = left
        time.sleep(0.5)
    raise CannotStart(f"The {what} did not come to rest within {SETTLES_WITHIN:.0f} s")


def _months_before(day: date, months: int) -> date:
    """The first day of the month that many months earlier (negative: later)."""
    month = day.year * 12 + day.month - 1 - months
    return date(month // 12, month % 12 + 1, 1)
