"""The last test of a connection is found at once, however much has happened on it since."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_facts_only")]
    operations = [
        migrations.AddIndex(
            model_name="auditlog",
            index=models.Index(
                condition=models.Q(("event", "connection.test")),
                fields=["connection_id", "-id"],
                name="audit_tests_of_conn",
            ),
        ),
    ]
