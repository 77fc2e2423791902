"""The copy. Rows come and go with what the billing system has; nothing here is a fact of ours."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from tallystick.directory.kinds import Kind


class Reading(models.Model):
    """When a kind of thing was last read whole, and why the last try failed."""

    connection = models.ForeignKey("connections.Connection", on_delete=models.CASCADE)
    kind = models.CharField(max_length=20)
    asked_at = models.DateTimeField(null=True)  # null: nobody waits for a new reading
    read_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)

    class Meta:
        db_table = "directory_reading"
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind"], name="reading_once"),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in Kind]), name="reading_kind_known"
            ),
        ]


class Entry(models.Model):
    """``ref`` is the billing system's id. ``seen_at``: when it was last read."""

    connection = models.ForeignKey("connections.Connection", on_delete=models.CASCADE)
    ref = models.BigIntegerField()
    name = models.CharField(max_length=300)
    seen_at = models.DateTimeField()

    class Meta:
        abstract = True


class CompanyEntry(Entry):
    number = models.CharField(max_length=100, blank=True)
    active = models.BooleanField()

    class Meta:
        db_table = "directory_company"
        constraints = [
            models.UniqueConstraint(fields=["connection", "ref"], name="company_entry_once")
        ]
        indexes = [models.Index("connection", Lower("name"), "ref", name="company_entry_by_name")]


class ServiceEntry(Entry):
    period_months = models.PositiveSmallIntegerField(null=True)
    unit_price = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    unit_cost = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    active = models.BooleanField()

    class Meta:
        db_table = "directory_service"
        constraints = [
            models.UniqueConstraint(fields=["connection", "ref"], name="service_entry_once")
        ]
        indexes = [models.Index("connection", Lower("name"), "ref", name="service_entry_by_name")]


class ContractEntry(Entry):
    company_ref = models.BigIntegerField()
    number = models.CharField(max_length=100, blank=True)
    active = models.BooleanField()
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)  # inclusive
    period_months = models.PositiveSmallIntegerField(null=True)

    class Meta:
        db_table = "directory_contract"
        constraints = [
            models.UniqueConstraint(fields=["connection", "ref"], name="contract_entry_once")
        ]
        indexes = [
            models.Index(fields=["connection", "company_ref"], name="contract_entry_of_company")
        ]


class LineEntry(Entry):
    contract_ref = models.BigIntegerField()
    service_ref = models.BigIntegerField()
    reference = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "directory_line"
        constraints = [
            models.UniqueConstraint(fields=["connection", "ref"], name="line_entry_once")
        ]
        indexes = [
            models.Index(fields=["connection", "contract_ref"], name="line_entry_of_contract")
        ]
