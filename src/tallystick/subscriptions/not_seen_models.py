"""Changes that a person recorded here and that the subscription's source does not show."""

from __future__ import annotations

from django.db import models


class NotSeen(models.Model):
    """What a worker found when it looked last (``sources/watch_not_seen``); gone once it is seen.

    ``recorded_at``: of the oldest change that is not seen.
    """

    subscription = models.OneToOneField(
        "subscriptions.Subscription",
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="not_seen",
    )
    source_name = models.CharField(max_length=200)
    words = models.CharField(max_length=300)
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "subscriptions_not_seen"
