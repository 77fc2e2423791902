"""Build a tenant and what is in it, through the same verbs the product uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.conf import settings

from tallystick.audit.record import Actor
from tallystick.catalog.add_offer import OfferFacts, add_offer
from tallystick.catalog.terms import BillingCycle, OfferKind, Segment, Term
from tallystick.connections.create import Credentials, NewConnection, create_connection
from tallystick.identity.context import Context
from tallystick.identity.people import add_reseller, add_tenant, add_user, context_of
from tallystick.identity.roles import Role
from tallystick.kit.clock import SteppedClock
from tallystick.kit.ids import correlation_id
from tallystick.kit.secrets import Secret
from tallystick.ledger.record import Origin
from tallystick.mappings.map_subscription import Place
from tallystick.notify.add import NewRecipient, add_recipient
from tallystick.notify.carry import Carriers
from tallystick.notify.choice import By, Choice
from tallystick.notify.kinds import Topic
from tallystick.operations.cancel import cancel
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.finish import Asked
from tallystick.operations.map_existing import map_existing
from tallystick.operations.purchase import Order, purchase
from tallystick.operations.update_price import update_price
from tallystick.subscriptions.add_customer import add_customer

START = datetime(2026, 5, 10, 9, 0, tzinfo=UTC)
TODAY = date(2026, 5, 10)
_numbers = count(1)
Wake = Callable[[Sequence[int]], None]


def number() -> int:
    """A number no other test of this process has."""
    return next(_numbers)


def nobody_wakes(lane_ids: Sequence[int]) -> None:
    """The engine is driven by the test."""


@dataclass
class Tenancy:
    """A CSP of its own, with an administrator, on a clock that the test moves."""

    tenant_id: int
    context: Context
    clock: Any = field(default_factory=lambda: SteppedClock(START))
    reseller_id: int | None = None
    wake: Wake = nobody_wakes

    def asked(self, *, source: str = "test", source_id: str | None = None) -> Asked:
        return Asked(
            context=self.context,
            origin=Origin(source, source_id),
            correlation_id=correlation_id(),
            now=self.clock.now(),
            wake=self.wake,
        )

    def today(self) -> date:
        return self.clock.now().date()

    def customer(self, name: str | None = None) -> int:
        n = number()
        return add_customer(
            name=name or f"Customer {n}",
            external_id=f"cust-{self.tenant_id}-{n}",
            context=self.context,
            now=self.clock.now(),
            correlation_id=correlation_id(),
        )[0]

    def offer(
        self,
        name: str = "Microsoft 365 Business Premium",
        *,
        term: Term = Term.YEAR,
        cycle: BillingCycle = BillingCycle.MONTHLY,
        segment: Segment = Segment.COMMERCIAL,
        kind: OfferKind = OfferKind.NCE_LICENCE,
    ) -> int:
        facts = OfferFacts(f"CFQ{number()}", "0001", name, segment, term, cycle, kind)
        return add_offer(
            facts,
            tenant_id=self.tenant_id,
            actor=self.context.actor,
            now=self.clock.now(),
            correlation_id=correlation_id(),
        )[0]

    def subscription(
        self,
        *,
        quantity: int = 10,
        unit_price: str | None = "15.20",
        unit_cost: str | None = "12.10",
        customer_id: int | None = None,
        offer_id: int | None = None,
        starts_on: date = date(2026, 1, 1),
        **more: Any,
    ) -> int:
        order = Order(
            customer_id=customer_id or self.customer(),
            offer_id=offer_id or self.offer(),
            provider_id=f"sub-{self.tenant_id}-{number()}",
            quantity=quantity,
            starts_on=starts_on,
            unit_price=Decimal(unit_price) if unit_price is not None else None,
            unit_cost=Decimal(unit_cost) if unit_cost is not None else None,
            price_currency="EUR" if unit_price is not None else "",
            cost_currency="EUR" if unit_cost is not None else "",
            **more,
        )
        return purchase(order, asked=self.asked())[0]

    def connection(
        self,
        *,
        user_name: str = "api@example.com",
        secret: str = "secret",
        code: str = "CODE",
        quiet_seconds: int = 0,
        name: str | None = None,
    ) -> int:
        return create_connection(
            NewConnection(
                name=name or f"Autotask {number()}",
                price_currency="EUR",
                cost_currency="EUR",
                credentials=Credentials(user_name, Secret(secret), Secret(code)),
                quiet_seconds=quiet_seconds,
            ),
            context=self.context,
            keys=settings.SEALING_KEYS,
            now=self.clock.now(),
            correlation_id=correlation_id(),
        )

    def map(
        self,
        subscription_id: int,
        connection_id: int,
        *,
        contract_id: int,
        line_id: int | None,
        service_id: int = 1,
        company_id: int = 1,
        effective_on: date = TODAY,
        **more: Any,
    ) -> int:
        place = Place(
            company_id=company_id,
            company_name="Contoso",
            contract_id=contract_id,
            contract_name="Cloud services",
            service_id=service_id,
            service_name="M365",
            line_id=line_id,
            **more,
        )
        return map_existing(
            subscription_id=subscription_id,
            connection_id=connection_id,
            place=place,
            effective_on=effective_on,
            today=self.today(),
            asked=self.asked(),
        ).lane_id

    def quantity(
        self, subscription_id: int, quantity: object, on: object = None, **more: Any
    ) -> int:
        return change_quantity(
            subscription_id=subscription_id,
            quantity=quantity,
            effective_on=on,
            today=self.today(),
            asked=self.asked(),
            **more,
        ).operation_id

    def price(
        self, subscription_id: int, unit_price: object, on: object = None, **more: Any
    ) -> int:
        return update_price(
            subscription_id=subscription_id,
            unit_price=unit_price,
            effective_on=on,
            today=self.today(),
            asked=self.asked(),
            **more,
        ).operation_id

    def cancel(self, subscription_id: int, on: object = None) -> int:
        return cancel(
            subscription_id=subscription_id,
            effective_on=on,
            today=self.today(),
            asked=self.asked(),
        ).operation_id

    def told(self, url: str = "https://hooks.example.com/x", **choice: Any) -> int:
        """A webhook that is told of everything; answers its id."""
        topics = [one.value for one in Topic]
        new = NewRecipient("Ops bot", "webhook", Secret(url), Choice(topics, **choice))
        return add_recipient(
            new,
            by=By(
                self.context,
                self.clock.now(),
                correlation_id(),
                settings.SEALING_KEYS,
                Carriers(),
            ),
        ).recipient_id

    def later(self, **delta: float) -> datetime:
        return self.clock.advance(timedelta(**delta).total_seconds())


def tenancy(*, reseller: bool = False, role: Role = Role.ADMINISTRATOR) -> Tenancy:
    """A new tenant with one context in it."""
    tenant_id = add_tenant(f"Tenant {number()}", time_zone="UTC", now=START)
    reseller_id = add_reseller(tenant_id, f"Reseller {number()}", now=START) if reseller else None
    actor = Actor(ref=f"user/{tenant_id}", name="Ada Admin")
    return Tenancy(tenant_id, Context(tenant_id, reseller_id, role, actor), reseller_id=reseller_id)


def sibling(of: Tenancy, *, role: Role = Role.ADMINISTRATOR) -> Tenancy:
    """Another reseller of the same tenant."""
    reseller_id = add_reseller(of.tenant_id, f"Reseller {number()}", now=START)
    actor = Actor(ref=f"user/r{reseller_id}", name="Rita Reseller")
    context = Context(of.tenant_id, reseller_id, role, actor)
    return Tenancy(of.tenant_id, context, clock=of.clock, reseller_id=reseller_id)


def user(of: Tenancy, *, email: str | None = None, password: str = "correct horse battery") -> Any:
    """A person who can sign in to the tenancy's context."""
    from tallystick.identity.models import User

    pk = add_user(
        tenant_id=of.tenant_id,
        reseller_id=of.reseller_id,
        email=email or f"ada{number()}@example.com",
        password=password,
        role=of.context.role,
        now=of.clock.now(),
        correlation_id=correlation_id(),
        name="Ada Admin",
    )
    found = User.objects.get(pk=pk)
    assert context_of(found).tenant_id == of.tenant_id
    return found
