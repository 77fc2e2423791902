"""What the open lanes of each kind of subscription bill, kept up by the database."""

from __future__ import annotations

from django.db import models


class Tally(models.Model):
    """A change of a sum. The sum of all rows of a kind is what its open lanes come to, each with
    what its subscription has: ``charged`` is quantity times unit price, a billing cycle.

    Only triggers write here (``migrations/0012_tally_and_stakes``), in the transaction of what they
    count. A change is a row of its own, so nobody waits for a counter; ``ledger/tally`` folds them.
    """

    tenant_id = models.BigIntegerField()
    reseller_id = models.BigIntegerField(null=True)
    connection_id = models.BigIntegerField()
    offer_id = models.BigIntegerField()
    status = models.CharField(max_length=20)
    price_currency = models.CharField(max_length=3, blank=True)
    lanes = models.BigIntegerField()
    quantity = models.BigIntegerField()
    charged = models.DecimalField(max_digits=30, decimal_places=4)

    class Meta:
        db_table = "ledger_tally"
        indexes = [models.Index(fields=["tenant_id", "connection_id"], name="tally_of_connection")]
