"""Customers and what they hold. Their Azure amounts are in ``azure_models``."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tallystick.subscriptions.azure_models import AzureAmountRow
from tallystick.subscriptions.not_seen_models import NotSeen
from tallystick.subscriptions.status import EndOfTerm, SubscriptionStatus

# Django looks for a room's models here.
__all__ = [
    "AzureAmountRow",
    "Customer",
    "NotSeen",
    "RefusedChange",
    "ScheduledChange",
    "Subscription",
]


class Customer(models.Model):
    """A customer of the CSP or of one of its resellers."""

    tenant_id = models.BigIntegerField()
    reseller_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=300)
    external_id = models.CharField(max_length=100)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "subscriptions_customer"
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "external_id"], name="customer_once")
        ]
        indexes = [models.Index(fields=["tenant_id", "name"], name="customer_by_name")]


class Subscription(models.Model):
    """What a customer holds: prices are per unit per billing cycle, taxes excluded."""

    tenant_id = models.BigIntegerField()
    reseller_id = models.BigIntegerField(null=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    offer = models.ForeignKey("catalog.Offer", on_delete=models.PROTECT)
    provider_id = models.CharField(max_length=100)
    friendly_name = models.CharField(max_length=300, blank=True)
    quantity = models.IntegerField()
    status = models.CharField(max_length=20)
    starts_on = models.DateField()
    commitment_ends_on = models.DateField(null=True)  # inclusive, as the vendor wrote it
    cancellable_until = models.DateTimeField(null=True)
    # What happens when the term ends, by what the vendor was told.
    end_of_term = models.CharField(max_length=10, default=EndOfTerm.RENEW.value)
    # When a person or a source last said so; null: nobody ever has, and nothing is guessed.
    end_said_at = models.DateTimeField(null=True)
    # In the vendor's extended service term: month by month, its price follows the list.
    extended = models.BooleanField(default=False, db_default=False)
    # The last day of the promotion that its price was made with by the rules, within its term;
    # every other price takes it away.
    promotion_ends_on = models.DateField(null=True)
    is_trial = models.BooleanField(default=False)
    purchase_order = models.CharField(max_length=100, blank=True)
    unit_price = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    unit_cost = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    price_currency = models.CharField(max_length=3, blank=True)
    cost_currency = models.CharField(max_length=3, blank=True)
    # The number of its newest operation; allocated under this row's lock.
    last_sequence = models.IntegerField(default=0)
    # What happened up to this number was another reseller's: the CSP alone sees it.
    others_until = models.IntegerField(default=0, db_default=0)
    # Whether there is a mapping: the database says it (mappings/migrations/0004), nothing else.
    mapped = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "subscriptions_subscription"
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "provider_id"], name="subscription_once"),
            models.CheckConstraint(
                condition=Q(end_of_term__in=[e.value for e in EndOfTerm]),
                name="subscription_end_of_term_known",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=0), name="subscription_quantity_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(status__in=[s.value for s in SubscriptionStatus]),
                name="subscription_status_known",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "customer"], name="subscription_of_customer"),
            models.Index(fields=["commitment_ends_on"], name="subscription_term_ends"),
            models.Index(
                fields=["promotion_ends_on"],
                condition=Q(promotion_ends_on__isnull=False),
                name="subscription_promotion_ends",
            ),
            models.Index(
                fields=["tenant_id", "reseller_id"],
                condition=Q(mapped=False, status=SubscriptionStatus.ACTIVE.value),
                name="subscription_not_mapped",
            ),
        ]


class ScheduledChange(models.Model):
    """What a subscription becomes by itself when its day has come: carried out once, then gone.

    ``on`` null: on the day after its term's last one, whenever that is. Of the rest, null leaves
    it as it is.
    """

    tenant_id = models.BigIntegerField()
    subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, related_name="scheduled"
    )
    on = models.DateField(null=True)
    offer = models.ForeignKey("catalog.Offer", on_delete=models.PROTECT, null=True)
    quantity = models.IntegerField(null=True)
    unit_price = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    unit_cost = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    # The line that is to bill the other offer, where somebody chose one; in the billing system's
    # numbers. Without a line: one of its own on that contract.
    contract_id = models.BigIntegerField(null=True)
    line_id = models.BigIntegerField(null=True)
    asked_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "subscriptions_scheduled_change"
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__isnull=True) | Q(quantity__gte=1),
                name="scheduled_quantity_is_some",
            ),
            models.CheckConstraint(
                condition=Q(contract_id__isnull=False) | Q(line_id__isnull=True),
                name="scheduled_line_has_a_contract",
            ),
        ]
        indexes = [models.Index(fields=["on"], name="scheduled_by_day")]


class RefusedChange(models.Model):
    """What was to happen to a subscription by itself and was refused on its day: gone when it has
    happened, or when somebody has decided otherwise.

    Of a scheduled change, and as well of what has no row there: a renewal, the extended service
    term, the end of a term.
    """

    tenant_id = models.BigIntegerField()
    subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, related_name="refused"
    )
    what = models.CharField(max_length=400)
    on = models.DateField()
    because = models.TextField()
    # The field that is wrong, by the name a front door knows; empty: none.
    asks = models.CharField(max_length=60, blank=True)
    since_at = models.DateTimeField()
    tries = models.IntegerField()
    next_at = models.DateTimeField()

    class Meta:
        db_table = "subscriptions_refused_change"
        constraints = [
            models.CheckConstraint(condition=Q(tries__gte=1), name="refused_was_tried"),
        ]
