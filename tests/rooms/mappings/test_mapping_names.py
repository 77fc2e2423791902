"""Customer Mapping and Offer Mapping: one to one, chosen from what Autotask has."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from desk import Desk, desk
from factories import Tenancy, sibling, tenancy
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.catalog.terms import BillingCycle, OfferKind, Term
from tallystick.identity.roles import Role
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import Conflicting, InvalidInput, NotAllowed, NotFound
from tallystick.mappings.accept import accept_clear, accept_clear_offers
from tallystick.mappings.choose import Chosen, choose_company, choose_service
from tallystick.mappings.customer_rows import (
    CustomerRow,
    customer_row,
    list_customer_rows,
    not_mapped_customers,
)
from tallystick.mappings.exclude import exclude, include_again
from tallystick.mappings.kinds import Ours
from tallystick.mappings.map_names import unmap_customer, unmap_offer
from tallystick.mappings.offer_rows import list_offer_rows, not_mapped_offers, offer_row

COMPANIES = [
    {"ref": "alpen", "name": "Alpenblick Gastronomie GmbH"},
    {"ref": "beta", "name": "Beta Logistics Ltd"},
    {"ref": "ibex", "name": "Ibex Insurance", "is_active": False},
]
SERVICES = [
    {"ref": "monthly", "name": "Microsoft 365 Business Premium", "unit_price": "22"},
    {
        "ref": "yearly",
        "name": "Microsoft 365 Business Premium Annual",
        "unit_price": "240",
        "period_type": 5,
    },
    {"ref": "off", "name": "Old suite", "is_active": False, "unit_price": "1"},
    {"ref": "azure", "name": "Azure plan"},
]


@pytest.fixture
def here(db: None) -> Iterator[Desk]:
    with desk() as made:
        made.load(companies=COMPANIES, services=SERVICES)
        made.read()
        yield made


def holder(here: Desk, name: str, **more: object) -> int:
    customer = here.of.customer(name)
    here.of.subscription(customer_id=customer, **more)
    return customer


def events(here: Desk, event: Event) -> int:
    return AuditLog.objects.filter(tenant_id=here.of.tenant_id, event=event.value).count()


class TestCustomers:
    def test_the_list_shows_ours_theirs_and_what_is_likely(self, here: Desk) -> None:
        alpen = holder(here, "Alpenblick Gastronomie", quantity=14)
        holder(here, "Zeta Zinc Works")
        here.read()

        rows = {row.customer.name: row for row in _rows(here)}
        found = rows["Alpenblick Gastronomie"]
        assert found.suggestion is not None
        assert found.suggestion.company_id == here.refs["alpen"]
        assert found.suggestion.is_clear
        assert "GmbH" in found.suggestion.reason
        assert (found.stake.licences, found.stake.a_month) == (14, {"EUR": Decimal("212.80")})
        zinc = rows["Zeta Zinc Works"].suggestion
        assert zinc is None or not zinc.is_clear

        choose_company(alpen, here.connection_id, here.refs["alpen"], by=here.by())
        mapped = customer_row(here.of.context, here.connection_id, alpen)
        assert mapped is not None
        assert (mapped.company_name, mapped.suggestion) == ("Alpenblick Gastronomie GmbH", None)
        assert events(here, Event.CREATE_CUSTOMER_MAPPING) == 1
        assert [row.customer.name for row in _rows(here, show="not_mapped")] == ["Zeta Zinc Works"]

    def test_not_mapped_is_counted_with_what_is_at_stake(self, here: Desk) -> None:
        holder(here, "Alpenblick Gastronomie", quantity=10)
        yearly = here.of.offer("Visio", cycle=BillingCycle.ANNUAL)
        holder(here, "Other", quantity=2, unit_price="120.00", offer_id=yearly)
        here.of.customer("Holds nothing")
        here.read()

        found = not_mapped_customers(here.of.context, here.connection_id)
        assert (found.number, found.clear) == (2, 1)
        assert found.stake.licences == 12
        assert found.stake.a_month == {"EUR": Decimal("172.00")}, "152.00 and a twelfth of 240.00"

    def test_a_company_is_one_customers_and_a_customer_one_companys(self, here: Desk) -> None:
        one, other = here.of.customer(), here.of.customer()
        choose_company(one, here.connection_id, here.refs["beta"], by=here.by())
        with pytest.raises(Conflicting, match="another customer"):
            choose_company(other, here.connection_id, here.refs["beta"], by=here.by())
        with pytest.raises(Conflicting, match="mapped on this connection already"):
            choose_company(one, here.connection_id, here.refs["alpen"], by=here.by())
        assert events(here, Event.CREATE_CUSTOMER_MAPPING) == 1

    def test_what_a_taken_company_was_likely_for_is_not_suggested_any_more(
        self, here: Desk
    ) -> None:
        first, second = holder(here, "Beta Logistics"), holder(here, "Beta Logistics Limited")
        here.read()
        choose_company(first, here.connection_id, here.refs["beta"], by=here.by())
        row = customer_row(here.of.context, here.connection_id, second)
        assert row is not None
        assert row.suggestion is None

    def test_only_active_companies_of_the_directory(self, here: Desk) -> None:
        customer = here.of.customer()
        with pytest.raises(InvalidInput, match="type Customer"):
            choose_company(customer, here.connection_id, 987654321, by=here.by())
        with pytest.raises(InvalidInput, match="Ibex Insurance is inactive"):
            choose_company(customer, here.connection_id, here.refs["ibex"], by=here.by())

    def test_clear_ones_are_accepted_together_each_with_its_audit_log(self, here: Desk) -> None:
        for name in ("Alpenblick Gastronomie", "BETA LOGISTICS", "Nobody Knows It"):
            holder(here, name)
        here.read()
        done = accept_clear(here.connection_id, by=here.by())
        assert (done.mapped, done.refused) == (2, ())
        assert events(here, Event.CREATE_CUSTOMER_MAPPING) == 2
        assert accept_clear(here.connection_id, by=here.by()).mapped == 0
        with pytest.raises(InvalidInput, match="at_least"):
            accept_clear(here.connection_id, at_least=Decimal("0.1"), by=here.by())

    def test_excluded_with_a_reason_and_back_in(self, here: Desk) -> None:
        ours = holder(here, "Ourselves")
        act = {"context": here.of.context, "now": here.of.clock.now(), "correlation_id": "c"}
        with pytest.raises(InvalidInput, match="reason"):
            exclude(Ours.CUSTOMER, ours, here.connection_id, reason="  ", **act)
        exclude(Ours.CUSTOMER, ours, here.connection_id, reason="our own licences", **act)
        with pytest.raises(Conflicting, match="excluded already"):
            exclude(Ours.CUSTOMER, ours, here.connection_id, reason="again", **act)
        assert [row.excluded_because for row in _rows(here, show="excluded")] == [
            "our own licences"
        ]
        assert not_mapped_customers(here.of.context, here.connection_id).number == 0
        include_again(Ours.CUSTOMER, ours, here.connection_id, **act)
        with pytest.raises(NotFound):
            include_again(Ours.CUSTOMER, ours, here.connection_id, **act)
        assert not_mapped_customers(here.of.context, here.connection_id).number == 1

        exclude(Ours.CUSTOMER, ours, here.connection_id, reason="again", **act)
        choose_company(ours, here.connection_id, here.refs["beta"], by=here.by())
        assert _rows(here, show="excluded") == [], "who is mapped is not left out"
        with pytest.raises(Conflicting, match="Unmap it first"):
            exclude(Ours.CUSTOMER, ours, here.connection_id, reason="x", **act)

    def test_unmapping_waits_for_the_subscriptions(self, here: Desk) -> None:
        customer = here.of.customer("Beta")
        subscription = here.of.subscription(customer_id=customer)
        choose_company(customer, here.connection_id, here.refs["beta"], by=here.by())
        here.of.map(subscription, here.connection_id, contract_id=1, line_id=2)
        act = {"context": here.of.context, "now": here.of.clock.now(), "correlation_id": "c"}
        with pytest.raises(Conflicting, match="1 subscription is mapped by it"):
            unmap_customer(customer, here.connection_id, **act)

        other = here.of.customer("Other")
        with pytest.raises(NotFound):
            unmap_customer(other, here.connection_id, **act)
        choose_company(other, here.connection_id, here.refs["alpen"], by=here.by())
        unmap_customer(other, here.connection_id, **act)
        assert events(here, Event.DELETE_CUSTOMER_MAPPING) == 1
        choose_company(other, here.connection_id, here.refs["alpen"], by=here.by())

    def test_a_reseller_sees_and_maps_its_own(self, db: None) -> None:
        mine = tenancy(reseller=True)
        other = sibling(mine)
        with desk(mine) as here:
            here.load(companies=COMPANIES)
            customer, theirs = mine.customer("Beta Logistics"), other.customer("Alpenblick")
            here.read()
            assert [row.customer.id for row in _rows(here)] == [customer]
            with pytest.raises(NotFound):
                choose_company(theirs, here.connection_id, here.refs["beta"], by=here.by())
            by = Chosen(other.context, other.clock.now(), correlation_id())
            with pytest.raises(NotFound):
                choose_company(theirs, here.connection_id, here.refs["beta"], by=by)

    def test_a_viewer_maps_nothing(self, db: None) -> None:
        with desk(tenancy(role=Role.ADMINISTRATOR)) as here:
            viewer = Tenancy(
                here.of.tenant_id, tenancy(role=Role.VIEWER).context, clock=here.of.clock
            )
            by = Chosen(viewer.context, here.of.clock.now(), "c")
            with pytest.raises(NotAllowed):
                accept_clear(here.connection_id, by=by)


class TestOffers:
    def test_only_offers_somebody_holds_each_with_a_service_that_fits(self, here: Desk) -> None:
        offer = here.of.offer()
        here.of.offer("Nobody has it")
        here.of.subscription(offer_id=offer, quantity=3)
        (row,) = list_offer_rows(here.of.context, here.connection_id).items
        assert row.offer_id == offer
        assert row.suggestion is not None
        assert row.suggestion.service_id == here.refs["monthly"], "the yearly one does not fit"
        assert row.suggestion.is_clear
        assert accept_clear_offers(here.connection_id, by=here.by()).mapped == 1
        mapped = offer_row(here.of.context, here.connection_id, offer)
        assert mapped is not None
        assert mapped.service_name == "Microsoft 365 Business Premium"
        assert not_mapped_offers(here.of.context, here.connection_id) == []

    def test_one_service_one_offer(self, here: Desk) -> None:
        one, other = here.of.offer("One"), here.of.offer("Other")
        choose_service(one, here.connection_id, here.refs["monthly"], by=here.by())
        with pytest.raises(Conflicting, match="another offer"):
            choose_service(other, here.connection_id, here.refs["monthly"], by=here.by())
        with pytest.raises(Conflicting, match="Unmap it first"):
            choose_service(one, here.connection_id, here.refs["azure"], by=here.by())

    def test_period_and_activity_must_fit(self, here: Desk) -> None:
        monthly, annual = here.of.offer(), here.of.offer(cycle=BillingCycle.ANNUAL)
        with pytest.raises(InvalidInput, match="is yearly in Autotask, the offer is monthly"):
            choose_service(monthly, here.connection_id, here.refs["yearly"], by=here.by())
        with pytest.raises(InvalidInput, match="Old suite is inactive"):
            choose_service(monthly, here.connection_id, here.refs["off"], by=here.by())
        with pytest.raises(InvalidInput, match="is not a service in Autotask"):
            choose_service(monthly, here.connection_id, 987654321, by=here.by())
        choose_service(annual, here.connection_id, here.refs["yearly"], by=here.by())

    def test_what_is_billed_once_has_no_recurring_service(self, here: Desk) -> None:
        once = here.of.offer("Perpetual", cycle=BillingCycle.ONE_TIME, term=Term.NONE)
        here.of.subscription(offer_id=once)
        (row,) = list_offer_rows(here.of.context, here.connection_id).items
        assert "charge of the contract" in row.unmappable
        assert not_mapped_offers(here.of.context, here.connection_id) == []
        with pytest.raises(InvalidInput, match="billed once"):
            choose_service(once, here.connection_id, here.refs["monthly"], by=here.by())

    def test_an_azure_plan_has_a_service_without_a_price(self, here: Desk) -> None:
        plan = here.of.offer("Azure plan", kind=OfferKind.AZURE_PLAN, term=Term.NONE)
        reservation = here.of.offer("VM, 3 years", kind=OfferKind.AZURE_RESERVATION)
        with pytest.raises(InvalidInput, match="unit price 0 and unit cost 0"):
            choose_service(plan, here.connection_id, here.refs["monthly"], by=here.by())
        choose_service(plan, here.connection_id, here.refs["azure"], by=here.by())
        with pytest.raises(InvalidInput, match="needs no mapping"):
            choose_service(reservation, here.connection_id, here.refs["monthly"], by=here.by())

    def test_a_mapped_service_that_does_not_fit_any_more_is_told(self, here: Desk) -> None:
        offer = here.of.offer()
        here.of.subscription(offer_id=offer)
        choose_service(offer, here.connection_id, here.refs["monthly"], by=here.by())
        here.simulator.reset()
        services = [{**SERVICES[0], "is_active": False}]
        here.load(companies=COMPANIES, services=services)
        here.read()
        (row,) = list_offer_rows(here.of.context, here.connection_id).items
        assert row.service_id == here.refs["monthly"], "the simulator numbers from the beginning"
        assert "is inactive" in row.service_wrong

    def test_unmapping_an_offer_waits_for_its_subscriptions(self, here: Desk) -> None:
        offer = here.of.offer()
        subscription = here.of.subscription(offer_id=offer)
        choose_service(offer, here.connection_id, here.refs["monthly"], by=here.by())
        here.of.map(subscription, here.connection_id, contract_id=1, line_id=2)
        act = {"context": here.of.context, "now": here.of.clock.now(), "correlation_id": "c"}
        with pytest.raises(Conflicting, match="1 subscription is mapped by it"):
            unmap_offer(offer, here.connection_id, **act)


def _rows(here: Desk, *, show: str = "") -> list[CustomerRow]:
    return list(list_customer_rows(here.of.context, here.connection_id, show=show).items)
