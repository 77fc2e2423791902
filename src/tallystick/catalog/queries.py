"""Questions about offers."""

from __future__ import annotations

from tallystick.catalog.add_offer import OfferFacts
from tallystick.catalog.models import Offer
from tallystick.catalog.terms import BillingCycle, OfferKind, Segment, Term
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import NotFound


def facts_of(offer: Offer) -> OfferFacts:
    return OfferFacts(
        product_id=offer.product_id,
        sku_id=offer.sku_id,
        name=offer.name,
        segment=Segment(offer.segment),
        term=Term(offer.term),
        billing_cycle=BillingCycle(offer.billing_cycle),
        kind=OfferKind(offer.kind),
    )


def get_offer(*, tenant_id: int, offer_id: int) -> OfferFacts:
    """Raises NotFound."""
    offer = Offer.objects.filter(tenant_id=tenant_id, pk=offer_id).first()
    if offer is None:
        raise NotFound("There is no such offer.")
    return facts_of(offer)


def list_offers(
    *, tenant_id: int, search: str = "", cursor: str | None = None, limit: int = 50
) -> Page[tuple[int, OfferFacts]]:
    """Offers of the tenant in the order they were added. Raises InvalidInput."""
    limit = check_limit(limit)
    offers = Offer.objects.filter(tenant_id=tenant_id).order_by("pk")
    if search:
        offers = offers.filter(name__icontains=search.replace("\x00", ""))
    if cursor:
        offers = offers.filter(pk__gt=decode_cursor(cursor, length=1)[0])
    rows = list(offers[: limit + 1])
    more = encode_cursor([rows[limit - 1].pk]) if len(rows) > limit else None
    return Page([(offer.pk, facts_of(offer)) for offer in rows[:limit]], more)
