"""Questions about price lists and promotions, which only the CSP may ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Q

from tallystick.catalog.price_asked import require_csp
from tallystick.catalog.price_models import PriceImport, PriceRow, Promotion
from tallystick.catalog.price_words import PriceIsFor
from tallystick.catalog.record_promotion import NewPromotion
from tallystick.catalog.terms import BillingCycle, Segment, Term
from tallystick.identity.context import Context
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import NotFound


@dataclass(frozen=True, slots=True)
class PriceRowView:
    """One row of a price list as imported; it counts up to and without ``effective_until``."""

    id: int
    name: str
    product_id: str
    sku_id: str
    segment: Segment
    term: Term
    billing_cycle: BillingCycle
    market: str
    currency: str
    tier_from: int
    tier_to: int | None
    cost: Decimal
    erp: Decimal | None
    is_for: PriceIsFor
    effective_from: date
    effective_until: date | None
    import_name: str

    @property
    def terms(self) -> str:
        """``1 year · Monthly``, and the segment when it is not the common one."""
        parts = [self.term.label, self.billing_cycle.label]
        if self.segment is not Segment.COMMERCIAL:
            parts.append(self.segment.label)
        return " · ".join(parts)


@dataclass(frozen=True, slots=True)
class ImportView:
    id: int
    name: str
    is_for: PriceIsFor
    rows: int
    added: int
    replaced: int
    unchanged: int
    large_moves: int
    recorded_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class PromotionView:
    id: int
    promotion: NewPromotion
    recorded_at: datetime
    actor: str


def list_prices(
    context: Context,
    *,
    search: str = "",
    on: date | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[PriceRowView]:
    """By name; ``on``: only what counts that day. Raises NotAllowed, InvalidInput."""
    require_csp(context)
    limit = check_limit(limit)
    rows = PriceRow.objects.filter(
        series__tenant_id=context.tenant_id, replaced_at__isnull=True
    ).select_related("series", "price_import")
    for word in search.replace("\x00", "").split():
        rows = rows.filter(
            Q(series__name__icontains=word)
            | Q(series__product_id__icontains=word)
            | Q(series__sku_id__icontains=word)
        )
    if on is not None:
        later = Q(effective_until__isnull=True) | Q(effective_until__gt=on)
        rows = rows.filter(later, effective_from__lte=on)
    if cursor:
        name, pk = decode_cursor(cursor, length=2)
        rows = rows.filter(Q(series__name__gt=name) | Q(series__name=name, pk__gt=pk))
    found = list(rows.order_by("series__name", "pk")[: limit + 1])
    more = None
    if len(found) > limit:
        more = encode_cursor([found[limit - 1].series.name, found[limit - 1].pk])
    return Page([_row(row) for row in found[:limit]], more)


def list_imports(
    context: Context, *, cursor: str | None = None, limit: int = 50
) -> Page[ImportView]:
    """Newest first. Raises NotAllowed, InvalidInput."""
    require_csp(context)
    limit = check_limit(limit)
    rows = PriceImport.objects.filter(tenant_id=context.tenant_id).order_by("-pk")
    if cursor:
        rows = rows.filter(pk__lt=decode_cursor(cursor, length=1)[0])
    found = list(rows[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    views = [
        ImportView(
            id=row.pk,
            name=row.name,
            is_for=PriceIsFor(row.is_for),
            rows=row.rows,
            added=row.added,
            replaced=row.replaced,
            unchanged=row.unchanged,
            large_moves=row.large_moves,
            recorded_at=row.recorded_at,
            actor=row.actor,
        )
        for row in found[:limit]
    ]
    return Page(views, more)


def list_promotions(
    context: Context, *, search: str = "", cursor: str | None = None, limit: int = 50
) -> Page[PromotionView]:
    """Newest first. Raises NotAllowed, InvalidInput."""
    require_csp(context)
    limit = check_limit(limit)
    rows = Promotion.objects.filter(tenant_id=context.tenant_id, replaced_at__isnull=True).order_by(
        "-pk"
    )
    for word in search.replace("\x00", "").split():
        rows = rows.filter(
            Q(name__icontains=word)
            | Q(promotion_id__icontains=word)
            | Q(product_id__icontains=word)
        )
    if cursor:
        rows = rows.filter(pk__lt=decode_cursor(cursor, length=1)[0])
    found = list(rows[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    return Page([_promotion(row) for row in found[:limit]], more)


def get_promotion(context: Context, promotion_pk: int) -> PromotionView:
    """Raises NotAllowed, NotFound."""
    require_csp(context)
    row = Promotion.objects.filter(
        tenant_id=context.tenant_id, pk=promotion_pk, replaced_at__isnull=True
    ).first()
    if row is None:
        raise NotFound("There is no such promotion.")
    return _promotion(row)


def _row(row: PriceRow) -> PriceRowView:
    of = row.series
    return PriceRowView(
        id=row.pk,
        name=of.name,
        product_id=of.product_id,
        sku_id=of.sku_id,
        segment=Segment(of.segment),
        term=Term(of.term),
        billing_cycle=BillingCycle(of.billing_cycle),
        market=of.market,
        currency=of.currency,
        tier_from=of.tier_from,
        tier_to=row.tier_to,
        cost=row.cost,
        erp=row.erp,
        is_for=PriceIsFor(row.is_for),
        effective_from=row.effective_from,
        effective_until=row.effective_until,
        import_name=row.price_import.name,
    )


def _promotion(row: Promotion) -> PromotionView:
    new = NewPromotion(
        promotion_id=row.promotion_id,
        name=row.name,
        product_id=row.product_id,
        sku_id=row.sku_id,
        available_from=row.available_from,
        available_to=row.available_to,
        percent=row.percent,
        fixed=row.fixed,
        currency=row.currency,
        months=row.months,
        segment=Segment(row.segment) if row.segment else None,
        term=Term(row.term) if row.term else None,
        billing_cycle=BillingCycle(row.billing_cycle) if row.billing_cycle else None,
    )
    return PromotionView(row.pk, new, row.recorded_at, row.actor)
