"""Every filter of the audit logs that is exact has its index; a record is linked once."""

from django.db import migrations, models
from django.db.models import Q

INDEXES = [
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
    models.Index(
        fields=["tenant_id", "status", "-id"],
        condition=~Q(status="succeeded"),
        name="audit_not_succeeded",
    ),
    models.Index(fields=["tenant_id", "-at", "-id"], name="audit_by_time"),
]


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_linked_whatever_is_reached")]
    operations = [
        *[migrations.AddIndex(model_name="auditlog", index=index) for index in INDEXES],
        migrations.AddConstraint(
            model_name="auditlink",
            constraint=models.UniqueConstraint(fields=("audit_id",), name="audit_linked_once"),
        ),
    ]
