"""Which of theirs is which of ours."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tallystick.mappings.kinds import Ours


class CustomerMapping(models.Model):
    """A customer is a company: one to one on a connection."""

    connection = models.ForeignKey("connections.Connection", on_delete=models.PROTECT)
    customer = models.ForeignKey("subscriptions.Customer", on_delete=models.PROTECT)
    company_id = models.BigIntegerField()
    company_name = models.CharField(max_length=300)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "mappings_customer"
        constraints = [
            models.UniqueConstraint(fields=["connection", "customer"], name="customer_mapped_once"),
            models.UniqueConstraint(fields=["connection", "company_id"], name="company_taken_once"),
        ]


class OfferMapping(models.Model):
    """An offer is a service: one to one on a connection."""

    connection = models.ForeignKey("connections.Connection", on_delete=models.PROTECT)
    offer = models.ForeignKey("catalog.Offer", on_delete=models.PROTECT)
    service_id = models.BigIntegerField()
    service_name = models.CharField(max_length=300)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "mappings_offer"
        constraints = [
            models.UniqueConstraint(fields=["connection", "offer"], name="offer_mapped_once"),
            models.UniqueConstraint(fields=["connection", "service_id"], name="service_taken_once"),
        ]


class CustomerSuggestion(models.Model):
    """Which company a customer probably is, found when the directory was read last.

    Without a company: looked, and nothing was like it. ``score``: 0 to 1.
    """

    connection = models.ForeignKey("connections.Connection", on_delete=models.CASCADE)
    customer = models.ForeignKey("subscriptions.Customer", on_delete=models.CASCADE)
    company_id = models.BigIntegerField(null=True)
    company_name = models.CharField(max_length=300, blank=True)
    score = models.DecimalField(max_digits=3, decimal_places=2, default=0)
    reason = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "mappings_customer_suggestion"
        constraints = [
            models.UniqueConstraint(fields=["connection", "customer"], name="suggestion_once")
        ]
        indexes = [models.Index(fields=["connection", "score"], name="suggestion_by_score")]


class Exclusion(models.Model):
    """Somebody decided that this is not billed here, and why. ``ours_id``: of the kind."""

    connection = models.ForeignKey("connections.Connection", on_delete=models.PROTECT)
    kind = models.CharField(max_length=20)
    ours_id = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    excluded_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "mappings_exclusion"
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind", "ours_id"], name="excluded_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[kind.value for kind in Ours]), name="excluded_kind"
            ),
        ]


class Billed(models.Model):
    """Where a subscription is billed: one line of one contract, and the lane that keeps it.

    The contract's facts are what Autotask said at ``checked_at``; they are read again when old.
    """

    tenant_id = models.BigIntegerField()
    connection = models.ForeignKey("connections.Connection", on_delete=models.PROTECT)
    lane = models.OneToOneField("ledger.Lane", on_delete=models.PROTECT)
    company_id = models.BigIntegerField()
    company_name = models.CharField(max_length=300, blank=True)
    contract_id = models.BigIntegerField()
    contract_name = models.CharField(max_length=300, blank=True)
    service_id = models.BigIntegerField()
    service_name = models.CharField(max_length=300, blank=True)
    # Null until the engine has created our own line on the contract.
    line_id = models.BigIntegerField(null=True)
    own_line = models.BooleanField(default=False)
    contract_starts_on = models.DateField(null=True)
    contract_ends_on = models.DateField(null=True)
    contract_active = models.BooleanField(null=True)
    period_months = models.PositiveSmallIntegerField(null=True)
    checked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True


class SubscriptionMapping(Billed):
    """Where a subscription is billed now; one connection in the whole tenant.

    ``joined``: on the line and in the lane of another one, together with it (ADR 0034).
    """

    subscription = models.OneToOneField("subscriptions.Subscription", on_delete=models.PROTECT)
    lane = models.ForeignKey("ledger.Lane", on_delete=models.PROTECT)
    joined = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "mappings_subscription"
        constraints = [
            # A line another subscription owns is refused, unless a person has it join that one.
            models.UniqueConstraint(
                fields=["connection", "line_id"], condition=Q(joined=False), name="line_taken_once"
            ),
            models.UniqueConstraint(
                fields=["lane"], condition=Q(joined=False), name="lane_mapped_once"
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "subscription"], name="mapping_of_conn"),
            models.Index(fields=["connection", "contract_id"], name="mapping_of_contract"),
        ]


class LineWanted(models.Model):
    """A mapped subscription has another offer, and it is not known yet which line bills that.

    Its lane is open and stopped. Once a line has been found or chosen this is a ``NextPlace``.
    """

    tenant_id = models.BigIntegerField()
    connection = models.ForeignKey("connections.Connection", on_delete=models.PROTECT)
    subscription = models.OneToOneField("subscriptions.Subscription", on_delete=models.PROTECT)
    lane = models.OneToOneField("ledger.Lane", on_delete=models.PROTECT)
    begins_on = models.DateField()
    begins_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "mappings_line_wanted"


class NextPlace(Billed):
    """Where a mapped subscription goes on being billed from ``begins_on``, on the same connection.

    It becomes the mapping as soon as its line is proved and the earlier one has ended.
    """

    subscription = models.OneToOneField("subscriptions.Subscription", on_delete=models.PROTECT)
    begins_on = models.DateField()
    begins_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    # The operation that ends the earlier line; null until it is recorded, or none is needed.
    end_operation = models.ForeignKey("ledger.Operation", on_delete=models.PROTECT, null=True)

    class Meta:
        db_table = "mappings_next_place"
        constraints = [
            models.UniqueConstraint(fields=["connection", "line_id"], name="next_line_taken_once"),
        ]
        indexes = [models.Index(fields=["begins_at"], name="next_place_due")]


class LeftPlace(Billed):
    """Where a subscription was billed before another reseller got it, until that line is at 0."""

    subscription = models.ForeignKey("subscriptions.Subscription", on_delete=models.PROTECT)
    left_on = models.DateField()

    class Meta:
        db_table = "mappings_left_place"
        constraints = [
            models.UniqueConstraint(fields=["connection", "line_id"], name="left_line_once"),
        ]
