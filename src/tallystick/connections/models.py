"""Connections: configured instances of a connector, their policies and their calls."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tallystick.connections.amounts_policy import AzureAmounts
from tallystick.connections.policies import (
    INCLUDED_UNITS,
    OVERRIDABLE,
    BackDated,
    CancelRule,
    ChangeDay,
    InvoiceName,
    Mode,
    PostedQuantity,
    PriceDay,
    SameDay,
    SameDayPolicy,
    SuspendRule,
)


class Connection(models.Model):
    """One instance of a billing system as one context uses it. Secrets are sealed, write-only."""

    tenant_id = models.BigIntegerField()
    reseller_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=200)
    connector = models.CharField(max_length=30, default="autotask")
    price_currency = models.CharField(max_length=3)
    cost_currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=60, default="UTC")

    user_name = models.CharField(max_length=200)
    secret_sealed = models.BinaryField()
    code_sealed = models.BinaryField()
    key_id = models.CharField(max_length=40)
    web_url = models.CharField(max_length=300, blank=True)
    # Where its API lives, as the last test found it.
    zone_url = models.CharField(max_length=300, blank=True)

    # Policies, each shown in words.
    quiet_seconds = models.PositiveIntegerField(default=60)
    budget_share = models.DecimalField(max_digits=4, decimal_places=3, default="0.5")
    same_day = models.CharField(max_length=20, default=SameDay.UNKNOWN.value)
    same_day_policy = models.CharField(max_length=20, default=SameDayPolicy.HOLD.value)
    back_dated = models.CharField(max_length=20, default=BackDated.HOLD.value)
    cancel_rule = models.CharField(max_length=20, default=CancelRule.UNITS_ZERO.value)
    increase_day = models.CharField(max_length=20, default=ChangeDay.OWN_DAY.value)
    decrease_day = models.CharField(max_length=20, default=ChangeDay.OWN_DAY.value)
    posted_quantity = models.CharField(max_length=20, default=PostedQuantity.OWN_DAY.value)
    price_day = models.CharField(max_length=20, default=PriceDay.PERIOD_START.value)
    suspend_nce = models.CharField(max_length=20, default=SuspendRule.KEEP_UNITS.value)
    suspend_other = models.CharField(max_length=20, default=SuspendRule.UNITS_ZERO.value)
    azure_amounts = models.CharField(
        max_length=20, default=AzureAmounts.CHARGE.value, db_default=AzureAmounts.CHARGE.value
    )
    # What charges are booked under there (its own id); null: the only one there is.
    charge_code = models.BigIntegerField(null=True)
    mode = models.CharField(max_length=20, default=Mode.AUTOMATIC.value)
    invoice_name = models.CharField(
        max_length=20, default=InvoiceName.LEAVE.value, db_default=InvoiceName.LEAVE.value
    )

    # Health.
    paused_at = models.DateTimeField(null=True)
    paused_because = models.TextField(blank=True)
    resume_at = models.DateTimeField(null=True)  # null while paused: a person must resume
    hourly_threshold = models.PositiveIntegerField(default=10000)
    reported_calls = models.PositiveIntegerField(null=True)
    reported_own_calls = models.PositiveIntegerField(null=True)
    reported_at = models.DateTimeField(null=True)
    last_read_at = models.DateTimeField(null=True)
    last_write_at = models.DateTimeField(null=True)
    last_swept_at = models.DateTimeField(null=True)
    # The look at every line that was begun last, and why it stopped; empty: it has not.
    sweep_begun_at = models.DateTimeField(null=True)
    sweep_stopped_because = models.TextField(blank=True, default="", db_default="")
    created_at = models.DateTimeField()
    # What happened on it stays; its credentials do not.
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "connections_connection"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "name"],
                condition=Q(deleted_at__isnull=True),
                name="connection_name_once",
            ),
            models.CheckConstraint(
                condition=Q(same_day__in=[v.value for v in SameDay]), name="same_day_known"
            ),
            models.CheckConstraint(
                condition=Q(same_day_policy__in=[v.value for v in SameDayPolicy]),
                name="same_day_policy_known",
            ),
            models.CheckConstraint(
                condition=Q(back_dated__in=[v.value for v in BackDated]), name="back_dated_known"
            ),
            models.CheckConstraint(
                condition=Q(cancel_rule__in=[v.value for v in CancelRule]),
                name="cancel_rule_known",
            ),
            models.CheckConstraint(
                condition=Q(increase_day__in=[v.value for v in ChangeDay]),
                name="increase_day_known",
            ),
            models.CheckConstraint(
                condition=Q(decrease_day__in=[v.value for v in ChangeDay]),
                name="decrease_day_known",
            ),
            models.CheckConstraint(
                condition=Q(posted_quantity__in=[v.value for v in PostedQuantity]),
                name="posted_quantity_known",
            ),
            models.CheckConstraint(
                condition=Q(price_day__in=[v.value for v in PriceDay]), name="price_day_known"
            ),
            models.CheckConstraint(
                condition=Q(suspend_nce__in=[v.value for v in SuspendRule]),
                name="suspend_nce_known",
            ),
            models.CheckConstraint(
                condition=Q(suspend_other__in=[v.value for v in SuspendRule]),
                name="suspend_other_known",
            ),
            models.CheckConstraint(
                condition=Q(azure_amounts__in=[v.value for v in AzureAmounts]),
                name="azure_amounts_known",
            ),
            models.CheckConstraint(
                condition=Q(mode__in=[v.value for v in Mode]), name="mode_known"
            ),
            models.CheckConstraint(
                condition=Q(invoice_name__in=[v.value for v in InvoiceName]),
                name="invoice_name_known",
            ),
            models.CheckConstraint(
                condition=Q(budget_share__gt=0, budget_share__lte=1), name="budget_share_range"
            ),
        ]


class CallMinute(models.Model):
    """Our own journal of calls: how many were made in one minute."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    minute = models.DateTimeField()
    calls = models.PositiveIntegerField()

    class Meta:
        db_table = "connections_call_minute"
        constraints = [
            models.UniqueConstraint(fields=["connection", "minute"], name="call_minute_once")
        ]


class PolicyOverride(models.Model):
    """What counts for one customer or one subscription instead of the connection's own policy."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT)
    customer = models.ForeignKey("subscriptions.Customer", on_delete=models.PROTECT, null=True)
    subscription = models.ForeignKey(
        "subscriptions.Subscription", on_delete=models.PROTECT, null=True
    )
    policy = models.CharField(max_length=30)
    value = models.CharField(max_length=20)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "connections_policy_override"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "customer", "policy"], name="override_once_per_customer"
            ),
            models.UniqueConstraint(
                fields=["connection", "subscription", "policy"],
                name="override_once_per_subscription",
            ),
            models.CheckConstraint(
                condition=Q(customer__isnull=True, subscription__isnull=False)
                | Q(customer__isnull=False, subscription__isnull=True),
                name="override_of_one",
            ),
            # How many units a contract's price contains is known of one subscription only.
            models.CheckConstraint(
                condition=Q(policy__in=OVERRIDABLE)
                | Q(policy=INCLUDED_UNITS, subscription__isnull=False),
                name="override_policy_known",
            ),
        ]
