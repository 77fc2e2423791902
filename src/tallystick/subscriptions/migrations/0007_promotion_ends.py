"""Until when the promotion lasts that a subscription's price was made with."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0006_mapped_and_not_seen")]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="promotion_ends_on",
            field=models.DateField(null=True),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("promotion_ends_on__isnull", False)),
                fields=["promotion_ends_on"],
                name="subscription_promotion_ends",
            ),
        ),
    ]
