"""Prices on their way to subscriptions: what was asked for, how far it is, what was left."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from tallystick.catalog.price_models import MarginRuleRow


class PriceRun(models.Model):
    """A margin rule, or without one the price lists of a day, applied to subscriptions.

    ``excluded`` and ``accepted`` hold subscriptions: left out by choice, and moves by more than a
    factor 3 that were looked at; ``gap_charge``: each gap is charged once. ``cursor`` is where the
    next part begins.
    """

    tenant_id = models.BigIntegerField()
    reseller_id = models.BigIntegerField(null=True)  # whose context it is applied in
    rule = models.ForeignKey(MarginRuleRow, on_delete=models.PROTECT, null=True)
    counts_on = models.DateField()
    excluded: models.JSONField[Any, Any] = models.JSONField(default=list)
    accepted: models.JSONField[Any, Any] = models.JSONField(default=list)
    gap_charge = models.BooleanField(default=False)
    actor = models.CharField(max_length=200)
    actor_ref = models.CharField(max_length=60)
    correlation_id = models.CharField(max_length=64)
    cursor = models.CharField(max_length=100, blank=True)
    to_look_at = models.IntegerField()
    looked_at = models.IntegerField(default=0)
    recorded = models.IntegerField(default=0)
    left_out = models.IntegerField(default=0)
    left = models.IntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "catalog_price_run"
        constraints = [
            models.UniqueConstraint(
                fields=["rule"],
                condition=Q(finished_at__isnull=True),
                name="price_run_once_a_rule",
            ),
            models.UniqueConstraint(
                fields=["tenant_id", "reseller_id", "counts_on"],
                condition=Q(finished_at__isnull=True, rule__isnull=True),
                nulls_distinct=False,
                name="price_run_once_a_day",
            ),
        ]


class PriceRunLeft(models.Model):
    """A subscription a run did not change, and why. Names as they were at that moment."""

    run = models.ForeignKey(PriceRun, on_delete=models.PROTECT)
    subscription_id = models.BigIntegerField()
    customer_name = models.CharField(max_length=300)
    subscription_name = models.CharField(max_length=300)
    why = models.CharField(max_length=1000)

    class Meta:
        db_table = "catalog_price_run_left"
        constraints = [
            models.UniqueConstraint(fields=["run", "subscription_id"], name="price_run_left_once")
        ]
