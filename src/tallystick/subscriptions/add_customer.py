"""Add a customer, or find the one that is already there."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.identity.context import Context
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.subscriptions.models import Customer


def add_customer(
    *, name: str, external_id: str, context: Context, now: datetime, correlation_id: str
) -> tuple[int, bool]:
    """Answer its id and whether it is new. Raises InvalidInput, Conflicting."""
    name, external_id = name.strip(), external_id.strip()
    if not name or len(name) > 300 or "\x00" in name:  # noqa: PLR2004 - the column's width
        raise InvalidInput.one("customer_name", "must have 1 to 300 characters")
    if not external_id or len(external_id) > 100 or "\x00" in external_id:  # noqa: PLR2004 - the column's width
        raise InvalidInput.one("customer_id", "must have 1 to 100 characters")
    with transaction.atomic():
        customer, created = Customer.objects.get_or_create(
            tenant_id=context.tenant_id,
            external_id=external_id,
            defaults={"name": name, "reseller_id": context.reseller_id, "created_at": now},
        )
        if not created and context.reseller_id not in (None, customer.reseller_id):
            # Another reseller's customer: not said, so that nothing is learnt about it.
            raise Conflicting(f"The customer id “{external_id}” cannot be used here.")
        if created:
            _record(Event.CREATE_CUSTOMER, customer, name, context, now, correlation_id)
        elif customer.name != name:
            words = f"{customer.name} is now {name}"
            Customer.objects.filter(pk=customer.pk).update(name=name)
            customer.name = name
            _record(Event.UPDATE_CUSTOMER, customer, words, context, now, correlation_id)
    return customer.pk, created


def _record(
    event: Event,
    customer: Customer,
    words: str,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> None:
    record(
        event,
        actor=context.actor,
        now=now,
        subject=Subject(
            tenant_id=customer.tenant_id,
            reseller_id=customer.reseller_id,
            customer_id=customer.pk,
            customer_name=customer.name,
        ),
        correlation_id=correlation_id,
        summary=words[:500],
    )
