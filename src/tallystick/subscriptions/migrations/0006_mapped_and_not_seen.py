"""Whether something bills a subscription, found by an index; and changes no source shows."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0005_refused_changes")]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="mapped",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("mapped", False), ("status", "active")),
                fields=["tenant_id", "reseller_id"],
                name="subscription_not_mapped",
            ),
        ),
        migrations.CreateModel(
            name="NotSeen",
            fields=[
                (
                    "subscription",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="not_seen",
                        serialize=False,
                        to="subscriptions.subscription",
                    ),
                ),
                ("source_name", models.CharField(max_length=200)),
                ("words", models.CharField(max_length=300)),
                ("recorded_at", models.DateTimeField()),
            ],
            options={"db_table": "subscriptions_not_seen"},
        ),
    ]
