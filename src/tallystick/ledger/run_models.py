"""What became of presses of Sync: a run of one lane, a round of however many."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tallystick.ledger.kinds import RoundScope


class SyncRun(models.Model):
    """One press of Sync on one lane. Pressed again while it runs: the same run."""

    tenant_id = models.BigIntegerField()
    lane = models.ForeignKey("ledger.Lane", on_delete=models.PROTECT)
    asked_by = models.CharField(max_length=200)
    correlation_id = models.CharField(max_length=64)
    first_sequence = models.IntegerField(null=True)
    last_sequence = models.IntegerField(null=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    seen = models.IntegerField(default=0)
    written = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    ignored = models.IntegerField(default=0)
    waiting = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    # What a look at Autotask found, when nothing was waiting.
    found = models.TextField(blank=True)

    class Meta:
        db_table = "ledger_sync_run"
        constraints = [
            models.UniqueConstraint(
                fields=["lane"], condition=Q(finished_at__isnull=True), name="run_one_open"
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True)
                | Q(
                    seen=models.F("written")
                    + models.F("unchanged")
                    + models.F("ignored")
                    + models.F("waiting")
                    + models.F("failed")
                ),
                name="run_adds_up",
            ),
        ]


class SyncRound(models.Model):
    """One press of Sync on one subscription, some, a customer's or a connection's: its runs.

    ``asked_at``: every subscription has been asked; before it the round cannot end.
    """

    tenant_id = models.BigIntegerField()
    connection = models.ForeignKey("connections.Connection", on_delete=models.PROTECT)
    scope = models.CharField(max_length=20)
    customer = models.ForeignKey("subscriptions.Customer", on_delete=models.PROTECT, null=True)
    asked_by = models.CharField(max_length=200)
    correlation_id = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    seen = models.IntegerField(default=0)
    written = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    ignored = models.IntegerField(default=0)
    waiting = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)

    class Meta:
        db_table = "ledger_sync_round"
        constraints = [
            models.CheckConstraint(
                condition=Q(scope__in=[scope.value for scope in RoundScope]),
                name="round_scope_known",
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(asked_at__isnull=False),
                name="round_ends_after_asking",
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True)
                | Q(
                    seen=models.F("written")
                    + models.F("unchanged")
                    + models.F("ignored")
                    + models.F("waiting")
                    + models.F("failed")
                ),
                name="round_adds_up",
            ),
        ]
        indexes = [models.Index(fields=["tenant_id", "-id"], name="round_newest")]


class RoundItem(models.Model):
    """A subscription of a round: its run, or why it was not asked. Never edited."""

    round = models.ForeignKey(SyncRound, on_delete=models.PROTECT)
    subscription = models.ForeignKey("subscriptions.Subscription", on_delete=models.PROTECT)
    run = models.ForeignKey(SyncRun, on_delete=models.PROTECT, null=True)
    # Not asked: so many of its operations go on waiting, because of this.
    held = models.IntegerField(default=0)
    because = models.TextField(blank=True)

    class Meta:
        db_table = "ledger_round_item"
        constraints = [
            models.UniqueConstraint(fields=["round", "run"], name="round_has_a_run_once"),
            models.CheckConstraint(
                condition=Q(run__isnull=False, held=0) | (Q(run__isnull=True) & ~Q(because="")),
                name="round_item_asked_or_says_why",
            ),
        ]
