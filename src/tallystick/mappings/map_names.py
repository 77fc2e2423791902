"""Map a customer to a company, and an offer to a service."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.catalog.queries import get_offer
from tallystick.connections.queries import get_connection
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, NotFound
from tallystick.mappings.models import CustomerMapping, OfferMapping
from tallystick.subscriptions.models import Customer


def map_customer(
    customer_id: int,
    connection_id: int,
    *,
    company_id: int,
    company_name: str,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> None:
    """Raises NotFound, NotAllowed, Conflicting (one to one)."""
    context.require(Right.MAP)
    connection = get_connection(context, connection_id)
    customer = Customer.objects.filter(**context.scope(), pk=customer_id).first()
    if customer is None:
        raise NotFound("There is no such customer.")
    subject = Subject(
        tenant_id=connection.tenant_id,
        reseller_id=connection.reseller_id,
        customer_id=customer.pk,
        customer_name=customer.name,
        connection_id=connection.id,
        connection_name=connection.name,
    )
    try:
        with transaction.atomic():
            CustomerMapping.objects.create(
                connection_id=connection.id,
                customer=customer,
                company_id=company_id,
                company_name=company_name,
                created_at=now,
            )
            record(
                Event.CREATE_CUSTOMER_MAPPING,
                actor=context.actor,
                now=now,
                subject=subject,
                correlation_id=correlation_id,
                summary=f"{customer.name} is {company_name}",
                details={"company_id": company_id},
            )
    except IntegrityError:
        raise Conflicting(
            "The customer or the company is already mapped on this connection: one to one. "
            "Nothing was changed."
        ) from None


def map_offer(
    offer_id: int,
    connection_id: int,
    *,
    service_id: int,
    service_name: str,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> None:
    """Raises NotFound, NotAllowed, Conflicting (one to one)."""
    context.require(Right.MAP)
    connection = get_connection(context, connection_id)
    offer = get_offer(tenant_id=context.tenant_id, offer_id=offer_id)
    subject = Subject(
        tenant_id=connection.tenant_id,
        reseller_id=connection.reseller_id,
        connection_id=connection.id,
        connection_name=connection.name,
    )
    try:
        with transaction.atomic():
            OfferMapping.objects.create(
                connection_id=connection.id,
                offer_id=offer_id,
                service_id=service_id,
                service_name=service_name,
                created_at=now,
            )
            record(
                Event.CREATE_OFFER_MAPPING,
                actor=context.actor,
                now=now,
                subject=subject,
                correlation_id=correlation_id,
                summary=f"{offer.label()} is {service_name}",
                details={"offer_id": offer_id, "service_id": service_id},
            )
    except IntegrityError:
        raise Conflicting(
            "The offer or the service is already mapped on this connection: one to one. "
            "Nothing was changed."
        ) from None
