"""Who shares a lane: several subscriptions that one line bills together."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Member(models.Model):
    """A subscription that joined the lane of another one, by a person's decision (ADR 0034).

    The lane's own subscription has no row here. ``left_at`` None: it is billed there now.
    """

    tenant_id = models.BigIntegerField()
    lane = models.ForeignKey("ledger.Lane", on_delete=models.PROTECT)
    subscription = models.ForeignKey("subscriptions.Subscription", on_delete=models.PROTECT)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ledger_lane_member"
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(left_at__isnull=True), name="member_of_one"
            ),
        ]
        indexes = [
            models.Index(fields=["lane"], condition=Q(left_at__isnull=True), name="member_of_lane"),
        ]
