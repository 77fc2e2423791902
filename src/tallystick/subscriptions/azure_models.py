"""Monthly Azure amounts. A corrected amount takes the place of the earlier one, which stays."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tallystick.subscriptions.azure_amounts import AmountKind


class AzureAmountRow(models.Model):
    """What a customer's Azure, or one Azure plan of it, came to in a month, by kind."""

    tenant_id = models.BigIntegerField()
    reseller_id = models.BigIntegerField(null=True)
    customer = models.ForeignKey("subscriptions.Customer", on_delete=models.PROTECT)
    subscription = models.ForeignKey(
        "subscriptions.Subscription", on_delete=models.PROTECT, null=True
    )
    month = models.DateField()  # its first day
    kind = models.CharField(max_length=20)
    cost = models.DecimalField(max_digits=16, decimal_places=4)
    price = models.DecimalField(max_digits=16, decimal_places=4)
    cost_currency = models.CharField(max_length=3)
    price_currency = models.CharField(max_length=3)
    final = models.BooleanField()
    source = models.CharField(max_length=300)
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    correlation_id = models.CharField(max_length=64)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "subscriptions_azure_amount"
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "month", "kind"],
                condition=Q(replaced_at__isnull=True, subscription__isnull=False),
                name="azure_amount_of_plan_once",
            ),
            models.UniqueConstraint(
                fields=["customer", "month", "kind"],
                condition=Q(replaced_at__isnull=True, subscription__isnull=True),
                name="azure_amount_of_customer_once",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="azure_amount_month_begins"),
            models.CheckConstraint(
                condition=Q(kind__in=[one.value for one in AmountKind]),
                name="azure_amount_kind_known",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "month", "customer"], name="azure_amount_by_month")
        ]
