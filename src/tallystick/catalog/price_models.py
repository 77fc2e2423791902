"""Price lists, promotions, margin rules and what a tenant decides about them.

What was once said is kept: a row that no longer counts has ``replaced_at``, a margin rule and a
rate are facts. The migration holds what Django cannot say: no two rows of one offer, market,
currency and tier count on the same day.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q

from tallystick.catalog.price_words import MarginMethod, PriceIsFor, PromotionLowers, RuleScope


class PriceImport(models.Model):
    """One file of a price list that was taken in."""

    tenant_id = models.BigIntegerField()
    name = models.CharField(max_length=300)
    is_for = models.CharField(max_length=10)
    rows = models.IntegerField()
    added = models.IntegerField()
    replaced = models.IntegerField()
    unchanged = models.IntegerField()
    large_moves = models.IntegerField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    correlation_id = models.CharField(max_length=64)

    class Meta:
        db_table = "catalog_price_import"
        indexes = [models.Index(fields=["tenant_id", "-id"], name="price_import_newest")]


class PriceSeries(models.Model):
    """What a price is of: an offer in a market, a currency and, rarely, a tier of quantities."""

    tenant_id = models.BigIntegerField()
    product_id = models.CharField(max_length=100)
    sku_id = models.CharField(max_length=100)
    segment = models.CharField(max_length=20)
    term = models.CharField(max_length=10)
    billing_cycle = models.CharField(max_length=20)
    market = models.CharField(max_length=10)
    currency = models.CharField(max_length=3)
    tier_from = models.IntegerField()
    name = models.CharField(max_length=300)

    class Meta:
        db_table = "catalog_price_series"
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "tenant_id",
                    "product_id",
                    "sku_id",
                    "segment",
                    "term",
                    "billing_cycle",
                    "market",
                    "currency",
                    "tier_from",
                ],
                name="price_series_once",
            ),
        ]
        indexes = [models.Index(fields=["tenant_id", "name"], name="price_series_by_name")]


class PriceRow(models.Model):
    """A price as a list says it, from a day on, until a day (not included) or the next row.

    ``stated_until`` is what the list said, ``effective_until`` what follows from the next row.
    """

    series = models.ForeignKey(PriceSeries, on_delete=models.PROTECT)
    cost = models.DecimalField(max_digits=16, decimal_places=4)
    erp = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    is_for = models.CharField(max_length=10)
    tier_to = models.IntegerField(null=True)
    effective_from = models.DateField()
    stated_until = models.DateField(null=True)
    effective_until = models.DateField(null=True)
    tags = models.CharField(max_length=2000, blank=True)
    price_import = models.ForeignKey(PriceImport, on_delete=models.PROTECT)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "catalog_price_row"
        constraints = [
            models.CheckConstraint(
                condition=Q(cost__gte=0) & (Q(erp__isnull=True) | Q(erp__gte=0)),
                name="price_row_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(is_for__in=[one.value for one in PriceIsFor]),
                name="price_row_is_for_known",
            ),
            models.CheckConstraint(
                condition=Q(effective_until__isnull=True)
                | Q(effective_until__gt=F("effective_from")),
                name="price_row_ends_after_it_begins",
            ),
        ]


class Promotion(models.Model):
    """A promotion of Microsoft; empty segment, term or billing cycle: whichever."""

    tenant_id = models.BigIntegerField()
    promotion_id = models.CharField(max_length=100)
    name = models.CharField(max_length=300)
    product_id = models.CharField(max_length=100)
    sku_id = models.CharField(max_length=100)
    segment = models.CharField(max_length=20, blank=True)
    term = models.CharField(max_length=10, blank=True)
    billing_cycle = models.CharField(max_length=20, blank=True)
    percent = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    fixed = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    months = models.IntegerField(null=True)
    available_from = models.DateField()
    available_to = models.DateField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "catalog_promotion"
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "tenant_id",
                    "promotion_id",
                    "product_id",
                    "sku_id",
                    "segment",
                    "term",
                    "billing_cycle",
                ],
                condition=Q(replaced_at__isnull=True),
                name="promotion_once",
            ),
            models.CheckConstraint(
                condition=Q(percent__isnull=True) ^ Q(fixed__isnull=True),
                name="promotion_percent_or_fixed",
            ),
            models.CheckConstraint(
                condition=Q(available_to__gte=F("available_from")),
                name="promotion_ends_after_it_begins",
            ),
        ]


class MarginRuleRow(models.Model):
    """A margin rule: a fact. A newer one of the same scope and target takes its place."""

    tenant_id = models.BigIntegerField()
    reseller_id = models.BigIntegerField(null=True)  # whose rule it is; none: the CSP's
    scope = models.CharField(max_length=20)
    target = models.CharField(max_length=30, blank=True)
    target_name = models.CharField(max_length=300, blank=True)
    method = models.CharField(max_length=30)
    percent = models.DecimalField(max_digits=8, decimal_places=4)
    markup_limit = models.BooleanField()
    discount_limit = models.BooleanField()
    effective_from = models.DateField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=200)

    class Meta:
        db_table = "catalog_margin_rule"
        constraints = [
            models.CheckConstraint(
                condition=Q(scope__in=[one.value for one in RuleScope]),
                name="margin_rule_scope_known",
            ),
            models.CheckConstraint(
                condition=Q(method__in=[one.value for one in MarginMethod]),
                name="margin_rule_method_known",
            ),
            models.CheckConstraint(
                condition=Q(scope=RuleScope.EVERYBODY.value, target="")
                | (~Q(scope=RuleScope.EVERYBODY.value) & ~Q(target="")),
                name="margin_rule_has_a_target",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant_id", "reseller_id", "scope", "target"], name="margin_rule_of"
            )
        ]


class PriceSettingsRow(models.Model):
    """What a tenant decided about prices; without a row the defaults count."""

    tenant_id = models.BigIntegerField(unique=True)
    promotion_lowers = models.CharField(max_length=10)
    reservations_over_erp = models.BooleanField()
    market = models.CharField(max_length=10, blank=True)

    class Meta:
        db_table = "catalog_price_settings"
        constraints = [
            models.CheckConstraint(
                condition=Q(promotion_lowers__in=[one.value for one in PromotionLowers]),
                name="price_settings_lowers_known",
            ),
        ]


class ExchangeRate(models.Model):
    """One unit of ``base`` is ``rate`` of ``quote`` from a day on: a fact, stated by somebody."""

    tenant_id = models.BigIntegerField()
    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    from_on = models.DateField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=200)

    class Meta:
        db_table = "catalog_exchange_rate"
        constraints = [
            models.CheckConstraint(condition=Q(rate__gt=0), name="exchange_rate_above_zero"),
            models.CheckConstraint(
                condition=~Q(base=F("quote")), name="exchange_rate_of_two_currencies"
            ),
        ]


class PriceUpload(models.Model):
    """A file between its preview and its import; compressed, and gone after either."""

    tenant_id = models.BigIntegerField()
    actor_ref = models.CharField(max_length=60)
    name = models.CharField(max_length=300)
    asked: models.JSONField[Any, Any] = models.JSONField()
    content = models.BinaryField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "catalog_price_upload"
