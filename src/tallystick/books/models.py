"""Proofs of months: facts, added and never changed. A second one stands beside the first."""

from __future__ import annotations

from django.db import models
from django.db.models import JSONField, Q, Value

from tallystick.books.compare_month import MonthOutcome
from tallystick.books.invoice_models import VendorInvoice, VendorInvoiceLine

# Django looks for a room's models here.
__all__ = ["MonthProof", "MonthProofLine", "VendorInvoice", "VendorInvoiceLine"]


class MonthProof(models.Model):
    """What one closing of a month found on a connection: sums of its lines."""

    tenant_id = models.BigIntegerField()
    reseller_id = models.BigIntegerField(null=True)
    connection = models.ForeignKey("connections.Connection", on_delete=models.PROTECT)
    connection_name = models.CharField(max_length=200)
    month = models.DateField()  # its first day
    number = models.IntegerField()  # of the month, from 1
    currency = models.CharField(max_length=3)
    read_at = models.DateTimeField()
    closed_at = models.DateTimeField()
    closed_by = models.CharField(max_length=200)
    closed_by_ref = models.CharField(max_length=60)
    correlation_id = models.CharField(max_length=64)
    equal = models.IntegerField()
    different = models.IntegerField()
    not_billed = models.IntegerField()
    nothing = models.IntegerField()
    # Since the proof before it; null for the first.
    changed = models.IntegerField(null=True)
    ordered_amount = models.DecimalField(max_digits=18, decimal_places=2)
    shown_amount = models.DecimalField(max_digits=18, decimal_places=2)
    # Lines of which the one or the other amount is not known: in neither sum.
    amounts_unknown = models.IntegerField()

    class Meta:
        db_table = "books_month_proof"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "month", "number"], name="proof_number_of_month"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="proof_month_begins"),
            models.CheckConstraint(condition=Q(number__gte=1), name="proof_number_from_1"),
        ]
        indexes = [models.Index(fields=["tenant_id", "-month", "-id"], name="proof_newest")]


class MonthProofLine(models.Model):
    """One subscription of a proof, and those its line billed together with it. Names are kept
    beside ids; days and amounts in JSON are text."""

    proof = models.ForeignKey(MonthProof, on_delete=models.PROTECT)
    subscription = models.ForeignKey("subscriptions.Subscription", on_delete=models.PROTECT)
    customer_name = models.CharField(max_length=300)
    subscription_name = models.CharField(max_length=300)
    others = models.JSONField(default=list, db_default=Value([], JSONField()))  # ids
    contract_id = models.BigIntegerField(null=True)
    contract_name = models.CharField(max_length=300, blank=True)
    line_id = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=20)
    why = models.TextField(blank=True)
    operations = models.JSONField()  # recorded for days of the month
    ordered = models.JSONField()
    shown = models.JSONField()
    ordered_amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    shown_amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    # What the proof before said of it, where it said something else.
    before = models.JSONField(null=True)

    class Meta:
        db_table = "books_month_proof_line"
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=[one.value for one in MonthOutcome]),
                name="proof_line_outcome_known",
            ),
        ]
        indexes = [models.Index(fields=["proof", "id"], name="proof_lines")]
