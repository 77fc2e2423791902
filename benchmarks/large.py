"""A large reseller, stored as the verbs would have left it: rows at once, not act by act.

Nine of ten customers are mapped, and nine of ten subscriptions of theirs; one of a hundred lines
shows something else. Figures only: nothing of it is ever sent.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import psycopg
from django.db import models

from tallystick.audit.record import Actor
from tallystick.bootstrap.desk import desk
from tallystick.catalog.models import Offer
from tallystick.connections.models import Connection
from tallystick.directory.kinds import Kind
from tallystick.directory.models import (
    CompanyEntry,
    ContractEntry,
    LineEntry,
    Reading,
    ServiceEntry,
)
from tallystick.identity.context import Context
from tallystick.identity.models import User
from tallystick.identity.people import add_tenant, add_user
from tallystick.identity.roles import Role
from tallystick.kit.chunks import chunks
from tallystick.kit.ids import correlation_id
from tallystick.ledger.models import Lane
from tallystick.ledger.tally import fold_tally
from tallystick.mappings.models import (
    CustomerMapping,
    CustomerSuggestion,
    OfferMapping,
    SubscriptionMapping,
)
from tallystick.subscriptions.models import Customer, Subscription

OFFERS, SERVICES = 60, 200
ROWS_A_WRITE = 2000
EMAIL = "bench@tallystick.example"


@dataclass(frozen=True, slots=True)
class Large:
    """Who looks, and what at."""

    context: Context
    user: User
    connection_id: int
    customers: int
    subscriptions: int

    @property
    def first_customer(self) -> int:
        """One that is not mapped."""
        rows = Customer.objects.filter(tenant_id=self.context.tenant_id)
        return rows.order_by("pk").values_list("pk", flat=True)[0]


def is_mapped(number: int) -> bool:
    return number % 10 != 0


def plan_of(number: int, customers: int) -> int:
    """The offer, and the service, of a subscription."""
    return (number % customers + number // customers) % OFFERS


def make_large(*, customers: int, subscriptions: int) -> Large:
    """The ids of theirs are numbers from 0 on; ``count_rows`` afterwards."""
    now = desk().now()
    tenant_id = add_tenant("Large", time_zone="UTC", now=now)
    context = Context(tenant_id, None, Role.ADMINISTRATOR, Actor("user/bench", "Bench"))
    user_id = add_user(
        tenant_id=tenant_id,
        reseller_id=None,
        email=f"{tenant_id}.{EMAIL}",
        password="only for figures 1234",
        role=Role.ADMINISTRATOR,
        now=now,
        correlation_id=correlation_id(),
        name="Bench",
    )
    connection = Connection.objects.create(
        tenant_id=tenant_id,
        name="Autotask",
        price_currency="EUR",
        cost_currency="EUR",
        secret_sealed=b"",
        code_sealed=b"",
        created_at=now,
    )
    made = Large(context, User.objects.get(pk=user_id), connection.pk, customers, subscriptions)
    _directory(made, now)
    _ours(made, now)
    return made


def count_rows() -> None:
    """What a worker and the database do by themselves within minutes: the changes of the tally are
    few, the rows are counted; the application's role may not ask for that."""
    fold_tally()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")


def _directory(of: Large, now: datetime) -> None:
    here = {"connection_id": of.connection_id, "seen_at": now}
    year = {"starts_on": date(now.year, 1, 1), "ends_on": date(now.year, 12, 31)}
    _store(
        CompanyEntry(ref=n, name=_called(n), number="", active=True, **here)
        for n in range(of.customers)
    )
    _store(
        ServiceEntry(ref=n, name=_plan(n), period_months=1, active=True, **here)
        for n in range(SERVICES)
    )
    _store(
        ContractEntry(
            ref=n,
            company_ref=n,
            name=f"Cloud {n:05d}",
            active=n % 200 != 0,
            period_months=1,
            starts_on=year["starts_on"],
            ends_on=year["ends_on"] + timedelta(days=n % 365),
            **here,
        )
        for n in range(of.customers)
    )
    _store(
        LineEntry(
            ref=n,
            contract_ref=n % of.customers,
            service_ref=plan_of(n, of.customers),
            name="",
            **here,
        )
        for n in range(of.subscriptions)
    )
    _store(Reading(connection_id=of.connection_id, kind=kind.value, read_at=now) for kind in Kind)


def _ours(of: Large, now: datetime) -> None:
    """Subscription ``n`` is held by customer ``n % customers`` and billed by line ``n``."""
    tenant = {"tenant_id": of.context.tenant_id, "created_at": now}
    here = {"connection_id": of.connection_id}
    customers = _store(
        Customer(name=_called(n).removesuffix(" GmbH"), external_id=f"cust-{n}", **tenant)
        for n in range(of.customers)
    )
    offers = _store(
        Offer(
            product_id=f"CFQ{n}",
            sku_id="0001",
            name=_plan(n),
            segment="commercial",
            term="P1Y",
            billing_cycle="monthly",
            kind="nce_licence",
            **tenant,
        )
        for n in range(OFFERS)
    )
    _store(
        CustomerMapping(
            customer_id=customers[n], company_id=n, company_name=_called(n), created_at=now, **here
        )
        for n in range(of.customers)
        if is_mapped(n)
    )
    _store(
        CustomerSuggestion(
            customer_id=customers[n],
            company_id=n,
            company_name=_called(n),
            score=Decimal("0.97"),
            reason="the same name",
            made_at=now,
            **here,
        )
        for n in range(of.customers)
    )
    _store(
        OfferMapping(
            offer_id=offers[n], service_id=n, service_name=_plan(n), created_at=now, **here
        )
        for n in range(OFFERS)
        if is_mapped(n)
    )
    subscriptions = _store(
        Subscription(
            customer_id=customers[n % of.customers],
            offer_id=offers[plan_of(n, of.customers)],
            provider_id=f"sub-{n}",
            quantity=1 + n % 40,
            status="active",
            starts_on=date(now.year, 1, 1),
            unit_price=Decimal("15.20"),
            unit_cost=Decimal("12.10"),
            price_currency="EUR",
            cost_currency="EUR",
            **tenant,
        )
        for n in range(of.subscriptions)
    )
    _billed(of, subscriptions, now)


def _billed(of: Large, subscriptions: list[int], now: datetime) -> None:
    tenant = {"tenant_id": of.context.tenant_id, "created_at": now}
    here = {"connection_id": of.connection_id}
    mapped = [
        n
        for n in range(of.subscriptions)
        if is_mapped(n % of.customers) and is_mapped(plan_of(n, of.customers))
        if (n * 7 + n // of.customers) % 10 != 0
    ]
    lanes = _store(
        Lane(
            subscription_id=subscriptions[n],
            expected_units=1 + n % 40,
            expected_from=date(now.year, 1, 1),
            proved_at=now,
            **({"drift_units": 3, "drift_since": now} if n % 100 == 1 else {}),
            **tenant,
            **here,
        )
        for n in mapped
    )
    _store(
        SubscriptionMapping(
            subscription_id=subscriptions[n],
            lane_id=lane,
            company_id=n % of.customers,
            company_name=_called(n % of.customers),
            contract_id=n % of.customers,
            contract_name=f"Cloud {n % of.customers:05d}",
            service_id=plan_of(n, of.customers),
            service_name=_plan(plan_of(n, of.customers)),
            line_id=n,
            **tenant,
            **here,
        )
        for n, lane in zip(mapped, lanes, strict=True)
    )


def _called(number: int) -> str:
    """In no order of the alphabet, like customers."""
    first = ("Alpen", "Beta", "Contoso", "Delta", "Fabrikam", "Ibex", "Northwind", "Zinc")
    second = ("Logistics", "Insurance", "Gastronomie", "Works", "Foods", "Traders")
    return f"{first[number % 8]} {number:05d} {second[number % 6]} GmbH"


def _plan(number: int) -> str:
    return f"Microsoft 365 plan {number:03d}"


def _store(rows: Iterable[models.Model]) -> list[int]:
    """Their ids, in order."""
    ids: list[int] = []
    for some in chunks(rows, ROWS_A_WRITE):
        made = type(some[0])._default_manager.bulk_create(some)
        ids += [row.pk for row in made]
    return ids
