"""The audit log's table: facts only, added and never changed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tallystick.audit.events import Event, Status


class AuditLog(models.Model):
    """One act. Names are kept beside ids so that they outlive what they point to."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    event = models.CharField(max_length=60)
    status = models.CharField(max_length=20)
    tenant_id = models.BigIntegerField()
    reseller_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=200)
    actor_ref = models.CharField(max_length=60)
    customer_id = models.BigIntegerField(null=True)
    customer_name = models.CharField(max_length=300, blank=True)
    subscription_id = models.BigIntegerField(null=True)
    subscription_name = models.CharField(max_length=300, blank=True)
    connection_id = models.BigIntegerField(null=True)
    connection_name = models.CharField(max_length=200, blank=True)
    operation_id = models.BigIntegerField(null=True)
    delivery_id = models.BigIntegerField(null=True)
    summary = models.TextField(blank=True)
    details = models.JSONField(default=dict)
    correlation_id = models.CharField(max_length=64)

    class Meta:
        db_table = "audit_log"
        indexes = [
            models.Index(fields=["tenant_id", "-id"], name="audit_newest"),
            models.Index(fields=["tenant_id", "subscription_id", "-id"], name="audit_of_sub"),
            models.Index(fields=["tenant_id", "connection_id", "-id"], name="audit_of_conn"),
            models.Index(fields=["tenant_id", "event", "-id"], name="audit_of_event"),
            models.Index(
                fields=["tenant_id", "customer_id", "-id"],
                condition=Q(customer_id__isnull=False),
                name="audit_of_customer",
            ),
            models.Index(
                fields=["tenant_id", "reseller_id", "-id"],
                condition=Q(reseller_id__isnull=False),
                name="audit_of_reseller",
            ),
            # Nearly all succeed: to find those needs no index.
            models.Index(
                fields=["tenant_id", "status", "-id"],
                condition=~Q(status=Status.SUCCEEDED.value),
                name="audit_not_succeeded",
            ),
            models.Index(fields=["tenant_id", "-at", "-id"], name="audit_by_time"),
            models.Index(fields=["correlation_id"], name="audit_of_act"),
            models.Index(
                fields=["connection_id", "-id"],
                condition=Q(event=Event.TEST_CONNECTION.value),
                name="audit_tests_of_conn",
            ),
            models.Index(
                fields=["tenant_id", "at"],
                condition=Q(status=Status.FAILED.value),
                name="audit_failures",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in Status]),
                name="audit_status_known",
            ),
            # An operation is performed on a connection once: one record says so (promise P6).
            models.UniqueConstraint(
                fields=["delivery_id"],
                condition=Q(
                    event=Event.UPDATE_SUBSCRIPTION_ON_CONNECTION.value,
                    status=Status.SUCCEEDED.value,
                ),
                name="audit_one_success_per_delivery",
            ),
        ]


class AuditLink(models.Model):
    """A record's place in its tenant's chain, and the hash that holds all before it, too.

    Written by the database itself when a transaction commits (migration 0004).
    """

    pk = models.CompositePrimaryKey("tenant_id", "number")
    tenant_id = models.BigIntegerField()
    number = models.BigIntegerField()
    audit_id = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        db_table = "audit_chain"
        constraints = [models.UniqueConstraint(fields=["audit_id"], name="audit_linked_once")]
