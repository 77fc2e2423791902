"""Map a customer to a company and an offer to a service, and unmap them. Nothing is sent by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.catalog.queries import get_offer
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, NotFound
from tallystick.mappings.exclude import end_exclusion
from tallystick.mappings.kinds import Ours
from tallystick.mappings.models import CustomerMapping, OfferMapping, SubscriptionMapping
from tallystick.subscriptions.queries import get_customer


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
    """Raises NotFound, NotAllowed, Conflicting (one to one). An exclusion ends with it."""
    context.require(Right.MAP)
    connection = get_connection(context, connection_id)
    customer = get_customer(context.within(connection.reseller_id), customer_id)
    try:
        with transaction.atomic():
            end_exclusion(Ours.CUSTOMER, customer.id, connection.id)
            CustomerMapping.objects.create(
                connection_id=connection.id,
                customer_id=customer.id,
                company_id=company_id,
                company_name=company_name,
                created_at=now,
            )
            record(
                Event.CREATE_CUSTOMER_MAPPING,
                actor=context.actor,
                now=now,
                subject=replace(
                    _here(connection), customer_id=customer.id, customer_name=customer.name
                ),
                correlation_id=correlation_id,
                summary=f"{customer.name} is {company_name}",
                details={"company_id": company_id},
            )
    except IntegrityError as error:
        if "company_taken_once" in str(error):
            raise Conflicting(
                f"{company_name} is mapped to another customer already: one to one. "
                "Nothing was changed."
            ) from None
        raise Conflicting(
            f"{customer.name} is mapped on this connection already. Nothing was changed. "
            "Unmap it first."
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
    """Raises NotFound, NotAllowed, Conflicting (one to one). An exclusion ends with it."""
    context.require(Right.MAP)
    connection = get_connection(context, connection_id)
    offer = get_offer(tenant_id=context.tenant_id, offer_id=offer_id)
    try:
        with transaction.atomic():
            end_exclusion(Ours.OFFER, offer_id, connection.id)
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
                subject=_here(connection),
                correlation_id=correlation_id,
                summary=f"{offer.label()} is {service_name}",
                details={"offer_id": offer_id, "service_id": service_id},
            )
    except IntegrityError as error:
        if "service_taken_once" in str(error):
            raise Conflicting(
                f"{service_name} is mapped to another offer already: one service, one offer. "
                "Nothing was changed."
            ) from None
        raise Conflicting(
            f"{offer.label()} is mapped on this connection already. Nothing was changed. "
            "Unmap it first."
        ) from None


def unmap_customer(
    customer_id: int, connection_id: int, *, context: Context, now: datetime, correlation_id: str
) -> None:
    """Raises NotFound, NotAllowed, Conflicting while subscriptions of it are mapped here."""
    context.require(Right.MAP)
    connection = get_connection(context, connection_id)
    customer = get_customer(context, customer_id)
    with transaction.atomic():
        mapping = (
            CustomerMapping.objects.select_for_update(no_key=True)
            .filter(connection_id=connection.id, customer_id=customer.id)
            .first()
        )
        if mapping is None:
            raise NotFound(f"{customer.name} is not mapped to this connection.")
        _refuse_while_used(
            SubscriptionMapping.objects.filter(
                connection_id=connection.id, subscription__customer_id=customer.id
            ).count(),
            customer.name,
        )
        mapping.delete()
        record(
            Event.DELETE_CUSTOMER_MAPPING,
            actor=context.actor,
            now=now,
            subject=replace(
                _here(connection), customer_id=customer.id, customer_name=customer.name
            ),
            correlation_id=correlation_id,
            summary=f"{customer.name} is no longer {mapping.company_name}",
            details={"company_id": mapping.company_id},
        )


def unmap_offer(
    offer_id: int, connection_id: int, *, context: Context, now: datetime, correlation_id: str
) -> None:
    """Raises NotFound, NotAllowed, Conflicting while subscriptions of it are mapped here."""
    context.require(Right.MAP)
    connection = get_connection(context, connection_id)
    offer = get_offer(tenant_id=context.tenant_id, offer_id=offer_id)
    with transaction.atomic():
        mapping = (
            OfferMapping.objects.select_for_update(no_key=True)
            .filter(connection_id=connection.id, offer_id=offer_id)
            .first()
        )
        if mapping is None:
            raise NotFound(f"{offer.label()} is not mapped to this connection.")
        _refuse_while_used(
            SubscriptionMapping.objects.filter(
                connection_id=connection.id, subscription__offer_id=offer_id
            ).count(),
            offer.label(),
        )
        mapping.delete()
        record(
            Event.DELETE_OFFER_MAPPING,
            actor=context.actor,
            now=now,
            subject=_here(connection),
            correlation_id=correlation_id,
            summary=f"{offer.label()} is no longer {mapping.service_name}",
            details={"offer_id": offer_id, "service_id": mapping.service_id},
        )


def _refuse_while_used(used: int, name: str) -> None:
    if used:
        what = "subscription is" if used == 1 else "subscriptions are"
        raise Conflicting(
            f"{used} {what} mapped by it. Nothing was changed. Unmap them first: what is billed "
            f"there was found through {name}."
        )


def _here(connection: ConnectionView) -> Subject:
    return Subject(
        tenant_id=connection.tenant_id,
        reseller_id=connection.reseller_id,
        connection_id=connection.id,
        connection_name=connection.name,
    )
