"""Leave something of ours out of a connection, with a reason, and take it back in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.catalog.queries import get_offer
from tallystick.connections.queries import ConnectionView, get_connection, subject_on
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.mappings.hold import hold_ours
from tallystick.mappings.kinds import Ours
from tallystick.mappings.models import (
    CustomerMapping,
    Exclusion,
    OfferMapping,
    SubscriptionMapping,
)
from tallystick.subscriptions.queries import get_customer, get_subscription

LONGEST_REASON = 300


def exclude(
    kind: Ours,
    ours_id: int,
    connection_id: int,
    *,
    reason: str,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> None:
    """Raises NotFound, NotAllowed, InvalidInput (reason), Conflicting (mapped, or excluded)."""
    context.require(Right.MAP)
    connection = get_connection(context, connection_id)
    subject, name = _subject(kind, ours_id, connection, context)
    reason = " ".join(reason.replace("\x00", "").split())
    if not reason or len(reason) > LONGEST_REASON:
        raise InvalidInput.one("reason", f"must have 1 to {LONGEST_REASON} characters")
    try:
        with transaction.atomic():
            hold_ours(kind, ours_id, connection.id)
            if _is_mapped(kind, ours_id, connection.id):
                raise Conflicting(f"{name} is mapped. Nothing was changed. Unmap it first.")
            Exclusion.objects.create(
                connection_id=connection.id,
                kind=kind.value,
                ours_id=ours_id,
                reason=reason,
                excluded_by=context.actor.name[:200],
                created_at=now,
            )
            record(
                Event.EXCLUDE_FROM_MAPPING,
                actor=context.actor,
                now=now,
                subject=subject,
                correlation_id=correlation_id,
                summary=f"{name}: {reason}"[:1000],
                details={"kind": kind.value, "id": ours_id, "reason": reason},
            )
    except IntegrityError:
        raise Conflicting(f"{name} is excluded already. Nothing was changed.") from None


def include_again(
    kind: Ours,
    ours_id: int,
    connection_id: int,
    *,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> None:
    """Raises NotFound, NotAllowed."""
    context.require(Right.MAP)
    connection = get_connection(context, connection_id)
    subject, name = _subject(kind, ours_id, connection, context)
    with transaction.atomic():
        gone, _ = Exclusion.objects.filter(
            connection_id=connection.id, kind=kind.value, ours_id=ours_id
        ).delete()
        if not gone:
            raise NotFound(f"{name} is not excluded.")
        record(
            Event.INCLUDE_IN_MAPPING,
            actor=context.actor,
            now=now,
            subject=subject,
            correlation_id=correlation_id,
            summary=name,
            details={"kind": kind.value, "id": ours_id},
        )


def end_exclusion(kind: Ours, ours_id: int, connection_id: int) -> None:
    """In the transaction that maps it: who is mapped is not left out."""
    hold_ours(kind, ours_id, connection_id)
    Exclusion.objects.filter(connection_id=connection_id, kind=kind.value, ours_id=ours_id).delete()


def _subject(
    kind: Ours, ours_id: int, connection: ConnectionView, context: Context
) -> tuple[Subject, str]:
    here = Subject(
        tenant_id=connection.tenant_id,
        reseller_id=connection.reseller_id,
        connection_id=connection.id,
        connection_name=connection.name,
    )
    within = context.within(connection.reseller_id)
    if kind is Ours.CUSTOMER:
        customer = get_customer(within, ours_id)
        found = replace(here, customer_id=customer.id, customer_name=customer.name)
        return found, customer.name
    if kind is Ours.OFFER:
        return here, get_offer(tenant_id=context.tenant_id, offer_id=ours_id).label()
    view = get_subscription(within, ours_id)
    return (
        subject_on(view.subject(), connection),
        view.name,
    )


def _is_mapped(kind: Ours, ours_id: int, connection_id: int) -> bool:
    if kind is Ours.CUSTOMER:
        mapped = CustomerMapping.objects.filter(customer_id=ours_id, connection_id=connection_id)
        return mapped.exists()
    if kind is Ours.OFFER:
        return OfferMapping.objects.filter(offer_id=ours_id, connection_id=connection_id).exists()
    return SubscriptionMapping.objects.filter(subscription_id=ours_id).exists()
