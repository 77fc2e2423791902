"""What a vendor billed in a month: facts, added and never changed. A later file of the same invoice
counts instead of the earlier one, which stays."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class VendorInvoice(models.Model):
    """One file of one invoice, as it was imported. Of those with one ``key`` the newest counts."""

    tenant_id = models.BigIntegerField()
    # The invoice's number; of a file without one, its month.
    key = models.CharField(max_length=120)
    number = models.IntegerField()  # of the key, from 1
    month = models.DateField()  # its first day
    invoice_number = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=300)  # of the file
    rows = models.IntegerField()
    totals = models.JSONField()  # by currency, as text
    digest = models.CharField(max_length=64)  # of what its rows say
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    correlation_id = models.CharField(max_length=64)

    class Meta:
        db_table = "books_vendor_invoice"
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "key", "number"], name="invoice_number"),
            models.CheckConstraint(condition=Q(month__day=1), name="invoice_month_begins"),
            models.CheckConstraint(condition=Q(number__gte=1), name="invoice_number_from_1"),
        ]
        indexes = [models.Index(fields=["tenant_id", "-id"], name="invoice_newest")]


class VendorInvoiceLine(models.Model):
    """One row of a file. Days as the vendor wrote them, the last one included; taxes excluded."""

    invoice = models.ForeignKey(VendorInvoice, on_delete=models.PROTECT)
    line = models.IntegerField()  # of the file
    customer_ref = models.CharField(max_length=100)  # the vendor's ids
    customer_name = models.CharField(max_length=300, blank=True)
    subscription_ref = models.CharField(max_length=100, blank=True)
    product_id = models.CharField(max_length=100, blank=True)
    sku_id = models.CharField(max_length=100, blank=True)
    product_name = models.CharField(max_length=300, blank=True)
    charge_type = models.CharField(max_length=100, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    quantity = models.DecimalField(max_digits=20, decimal_places=6)
    unit_price = models.DecimalField(max_digits=24, decimal_places=10)  # the effective one
    amount = models.DecimalField(max_digits=20, decimal_places=6)
    currency = models.CharField(max_length=3)
    # What the unit price is in, and what one of it came to in ``currency``.
    pricing_currency = models.CharField(max_length=3, blank=True)
    rate = models.DecimalField(max_digits=24, decimal_places=10, null=True)
    credit_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "books_vendor_invoice_line"
        indexes = [models.Index(fields=["invoice", "line"], name="invoice_lines")]
