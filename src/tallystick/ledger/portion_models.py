"""What is billed of an operation's amount, and where."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tallystick.ledger.kinds import Carrier


class Portion(models.Model):
    """A part of an amount as it is billed: on the line for a month, by one charge, or by hand.

    Set by proof, by adopting, by a person's word; by nothing else. ``about``: the month
    (``2026-05``), or the operation (``operation:87``). ``cost`` null: none was said.
    """

    tenant_id = models.BigIntegerField()
    lane = models.ForeignKey("ledger.Lane", on_delete=models.PROTECT)
    about = models.CharField(max_length=40)
    carrier = models.CharField(max_length=10)
    price = models.DecimalField(max_digits=16, decimal_places=4)
    cost = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    day = models.DateField()
    proved_at = models.DateTimeField(null=True)

    # Of a charge: what it carries in the billing system, and where it is.
    reference = models.CharField(max_length=50, blank=True)
    contract_id = models.BigIntegerField(null=True)
    charge_id = models.BigIntegerField(null=True)
    # False once a person has accepted that it is gone.
    compared = models.BooleanField(default=True)
    # Seen as expected once it was billed: it cannot be changed any more, and the sweep lets it be.
    billed = models.BooleanField(default=False)

    # What was last seen of a charge that is not as expected; null: it was not there.
    differs = models.BooleanField(default=False)
    seen_price = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    seen_cost = models.DecimalField(max_digits=16, decimal_places=4, null=True)

    class Meta:
        db_table = "ledger_portion"
        constraints = [
            models.CheckConstraint(
                condition=Q(carrier__in=[one.value for one in Carrier]),
                name="portion_carrier_known",
            ),
            models.UniqueConstraint(
                fields=["reference"], condition=~Q(reference=""), name="portion_reference_once"
            ),
            models.UniqueConstraint(
                fields=["lane", "about"],
                condition=Q(carrier=Carrier.LINE.value),
                name="portion_on_line_once",
            ),
            models.CheckConstraint(
                condition=Q(carrier=Carrier.CHARGE.value, charge_id__isnull=False)
                & ~Q(reference="")
                | ~Q(carrier=Carrier.CHARGE.value),
                name="portion_charge_is_named",
            ),
        ]
        indexes = [models.Index(fields=["lane", "about"], name="portion_of_lane")]
