"""A digest is a number, of a row as it is written: the first list after this looks at every row."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sources", "0002_webhooks")]

    operations = [
        migrations.RemoveField("subject", "row_digest"),
        migrations.AddField("subject", "row_digest", models.BigIntegerField(null=True)),
    ]
