"""Add an offer, or find the one that is already there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Actor, Subject, record
from tallystick.catalog.models import Offer
from tallystick.catalog.terms import BillingCycle, OfferKind, Segment, Term
from tallystick.kit.problem import Conflicting


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """What tells an offer apart, and its name and kind."""

    product_id: str
    sku_id: str
    name: str
    segment: Segment
    term: Term
    billing_cycle: BillingCycle
    kind: OfferKind

    def label(self) -> str:
        parts = [self.name, self.term.label, self.billing_cycle.label]
        if self.segment is not Segment.COMMERCIAL:
            parts.append(self.segment.label)
        return " · ".join(parts)


def is_same_product(one: OfferFacts, other: OfferFacts) -> bool:
    """Whatever their terms and billing cycles are."""
    return (one.product_id, one.sku_id, one.segment) == (
        other.product_id,
        other.sku_id,
        other.segment,
    )


def add_offer(
    facts: OfferFacts, *, tenant_id: int, actor: Actor, now: datetime, correlation_id: str
) -> tuple[int, bool]:
    """Answer its id and whether it is new. Raises Conflicting when it has another name or kind."""
    with transaction.atomic():
        offer, created = Offer.objects.get_or_create(
            tenant_id=tenant_id,
            product_id=facts.product_id,
            sku_id=facts.sku_id,
            segment=facts.segment.value,
            term=facts.term.value,
            billing_cycle=facts.billing_cycle.value,
            defaults={"name": facts.name, "kind": facts.kind.value, "created_at": now},
        )
        if created:
            record(
                Event.CREATE_OFFER,
                actor=actor,
                now=now,
                subject=Subject(tenant_id=tenant_id),
                correlation_id=correlation_id,
                summary=facts.label(),
                details={"offer": offer.pk, "product_id": facts.product_id, "sku": facts.sku_id},
            )
        elif (offer.name, offer.kind) != (facts.name, facts.kind.value):
            raise Conflicting(
                f"The offer {facts.product_id}/{facts.sku_id} is already known as “{offer.name}” "
                f"({OfferKind(offer.kind).label}). Nothing was changed."
            )
    return offer.pk, created


def known_or_added(
    facts: OfferFacts, *, tenant_id: int, actor: Actor, now: datetime, correlation_id: str
) -> int:
    """The id of the one that is known, under whatever name it is known; else of a new one."""
    known = Offer.objects.filter(
        tenant_id=tenant_id,
        product_id=facts.product_id,
        sku_id=facts.sku_id,
        segment=facts.segment.value,
        term=facts.term.value,
        billing_cycle=facts.billing_cycle.value,
    ).first()
    if known is not None:
        return known.pk
    return add_offer(
        facts, tenant_id=tenant_id, actor=actor, now=now, correlation_id=correlation_id
    )[0]
