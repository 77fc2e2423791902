"""Whether something bills a subscription, so that what nothing bills is found by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0004_scheduled_changes")]

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
    ]
