"""What a line showed that is not expected of it, and what people decided about it: facts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tallystick.ledger.kinds import DriftEnd, DriftKind


class Drift(models.Model):
    """One difference, as one reading showed it. Never edited: other values are another row.

    ``days``: both values day by day (``ledger/difference.py``). ``attempt``: ours that is there
    twice. ``stake``: what it comes to in a month, in the connection's price currency.
    """

    tenant_id = models.BigIntegerField()
    lane = models.ForeignKey("ledger.Lane", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    attempt = models.ForeignKey("ledger.Attempt", on_delete=models.PROTECT, null=True)
    contract_id = models.BigIntegerField()
    line_id = models.BigIntegerField()
    # The first day the units or the amount are known to differ on.
    began_on = models.DateField()
    days = models.JSONField()
    stake = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    found_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_drift"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in DriftKind]), name="drift_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(kind=DriftKind.DUPLICATE.value, attempt__isnull=False)
                | Q(kind=DriftKind.HAND_EDIT.value, attempt__isnull=True),
                name="drift_duplicate_has_attempt",
            ),
        ]
        indexes = [models.Index(fields=["lane", "id"], name="drift_of_lane")]


class DriftDecision(models.Model):
    """What became of a difference: a person's decision, or that it is gone. Never edited.

    ``until_at``: when the day of ``until`` begins where the connection is.
    """

    tenant_id = models.BigIntegerField()
    drift = models.ForeignKey(Drift, on_delete=models.PROTECT, related_name="decisions")
    how = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    until = models.DateField(null=True)
    until_at = models.DateTimeField(null=True)
    operation = models.ForeignKey("ledger.Operation", on_delete=models.PROTECT, null=True)
    person = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        db_table = "ledger_drift_decision"
        constraints = [
            models.CheckConstraint(
                condition=Q(how__in=[how.value for how in DriftEnd]), name="drift_decision_known"
            ),
            models.CheckConstraint(
                condition=Q(how=DriftEnd.AGREED.value, until__isnull=False, until_at__isnull=False)
                | (
                    ~Q(how=DriftEnd.AGREED.value) & Q(until__isnull=True) & Q(until_at__isnull=True)
                ),
                name="drift_agreed_has_end",
            ),
            models.CheckConstraint(
                condition=Q(how__in=[DriftEnd.GONE.value, DriftEnd.CHANGED.value]) | ~Q(reason=""),
                name="drift_decision_has_reason",
            ),
        ]
        indexes = [models.Index(fields=["drift", "id"], name="decision_of_drift")]
