"""Map to what the directory has: a person picks a company or a service, never an id from nowhere.

Facts are the directory's copy; what is billed is checked again by whoever sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tallystick.catalog.add_offer import OfferFacts
from tallystick.catalog.queries import get_offer
from tallystick.catalog.terms import BillingCycle, OfferKind
from tallystick.connections.queries import get_connection
from tallystick.directory.port import Service
from tallystick.directory.queries import companies_by_id, services_by_id
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.problem import InvalidInput
from tallystick.mappings.map_names import map_customer, map_offer

PERIODS = {1: "monthly", 3: "quarterly", 6: "semi-annual", 12: "yearly"}
# Which period of a service bills which cycle; what is billed once has none.
CYCLES = {BillingCycle.MONTHLY: 1, BillingCycle.ANNUAL: 12}


@dataclass(frozen=True, slots=True)
class Chosen:
    """By whom and when; what every choice has in common."""

    context: Context
    now: datetime
    correlation_id: str


def choose_company(customer_id: int, connection_id: int, company_id: int, *, by: Chosen) -> str:
    """Answer the company's name. Raises NotFound, NotAllowed, InvalidInput, Conflicting."""
    by.context.require(Right.MAP)
    connection = get_connection(by.context, connection_id)
    company = companies_by_id(connection.id, [company_id]).get(company_id)
    if company is None:
        raise InvalidInput.one(
            "company_id",
            "is not a company of type Customer in Autotask, as it was last read. Set its type "
            "there, or refresh the list",
        )
    if not company.active:
        raise InvalidInput.one(
            "company_id", f"{company.name} is inactive in Autotask. Activate it there and refresh"
        )
    map_customer(
        customer_id,
        connection.id,
        company_id=company.id,
        company_name=company.name,
        context=by.context,
        now=by.now,
        correlation_id=by.correlation_id,
    )
    return company.name


def choose_service(offer_id: int, connection_id: int, service_id: int, *, by: Chosen) -> str:
    """Answer the service's name. Raises NotFound, NotAllowed, InvalidInput, Conflicting."""
    by.context.require(Right.MAP)
    connection = get_connection(by.context, connection_id)
    offer = get_offer(tenant_id=by.context.tenant_id, offer_id=offer_id)
    service = services_by_id(connection.id, [service_id]).get(service_id)
    if service is None:
        raise InvalidInput.one(
            "service_id", "is not a service in Autotask, as it was last read. Refresh the list"
        )
    if wrong := why_not(offer, service):
        raise InvalidInput.one("service_id", wrong)
    map_offer(
        offer_id,
        connection.id,
        service_id=service.id,
        service_name=service.name,
        context=by.context,
        now=by.now,
        correlation_id=by.correlation_id,
    )
    return service.name


def why_unmappable(offer: OfferFacts) -> str:
    """Why this offer is billed by no recurring service; empty when it can be. Pure."""
    if offer.kind is OfferKind.AZURE_RESERVATION:
        return "An Azure reservation needs no mapping: its plan's amounts contain it."
    if offer.kind is not OfferKind.AZURE_PLAN and offer.billing_cycle not in CYCLES:
        return (
            f"{offer.billing_cycle.label} is billed once, and a recurring service bills every "
            "period. Bill it as a charge of the contract in Autotask, and exclude it here."
        )
    return ""


def why_not(offer: OfferFacts, service: Service) -> str:
    """Why the offer cannot be this service; empty when it can. Pure."""
    if unmappable := why_unmappable(offer):
        return unmappable
    if not service.active:
        return f"{service.name} is inactive in Autotask. Activate it there and refresh"
    wanted = CYCLES.get(offer.billing_cycle, 1)  # an Azure plan is billed month by month
    if service.period_months is not None and service.period_months != wanted:
        has = PERIODS.get(service.period_months, f"{service.period_months} months")
        return (
            f"{service.name} is {has} in Autotask, the offer is {PERIODS[wanted]}. "
            "Choose a service of that period"
        )
    if offer.kind is OfferKind.AZURE_PLAN and _costs_something(service):
        return (
            f"{service.name} has a price or cost of its own. The service of an Azure plan has "
            "unit price 0 and unit cost 0: each month's amounts are sent instead"
        )
    return ""


def _costs_something(service: Service) -> bool:
    return any(
        amount not in (None, Decimal(0)) for amount in (service.unit_price, service.unit_cost)
    )
