"""Offers: what can be bought. What they cost is in ``price_models``."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tallystick.catalog.price_models import (
    ExchangeRate,
    MarginRuleRow,
    PriceImport,
    PriceRow,
    PriceSeries,
    PriceSettingsRow,
    PriceUpload,
    Promotion,
)
from tallystick.catalog.price_run_models import PriceRun, PriceRunLeft
from tallystick.catalog.terms import BillingCycle, OfferKind, Segment, Term

# Django looks for a room's models here.
__all__ = [
    "ExchangeRate",
    "MarginRuleRow",
    "Offer",
    "PriceImport",
    "PriceRow",
    "PriceRun",
    "PriceRunLeft",
    "PriceSeries",
    "PriceSettingsRow",
    "PriceUpload",
    "Promotion",
]


class Offer(models.Model):
    """A product and sku, told apart by segment, term and billing cycle."""

    tenant_id = models.BigIntegerField()
    product_id = models.CharField(max_length=100)
    sku_id = models.CharField(max_length=100)
    name = models.CharField(max_length=300)
    segment = models.CharField(max_length=20)
    term = models.CharField(max_length=10)
    billing_cycle = models.CharField(max_length=20)
    kind = models.CharField(max_length=30)
    # Follows the price list day by day although its kind is locked.
    price_unlocked = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "catalog_offer"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "product_id", "sku_id", "segment", "term", "billing_cycle"],
                name="offer_once",
            ),
            models.CheckConstraint(
                condition=Q(segment__in=[s.value for s in Segment]), name="offer_segment_known"
            ),
            models.CheckConstraint(
                condition=Q(term__in=[t.value for t in Term]), name="offer_term_known"
            ),
            models.CheckConstraint(
                condition=Q(billing_cycle__in=[c.value for c in BillingCycle]),
                name="offer_cycle_known",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[k.value for k in OfferKind]), name="offer_kind_known"
            ),
        ]
