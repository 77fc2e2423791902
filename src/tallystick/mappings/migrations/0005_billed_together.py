"""Several subscriptions may be mapped to one line where a person has them billed together."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0007_name_on_the_invoice"),
        ("ledger", "0014_lanes_that_are_shared"),
        ("mappings", "0004_mapped"),
        ("subscriptions", "0007_promotion_ends"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="subscriptionmapping", name="line_taken_once"),
        migrations.AddField(
            model_name="subscriptionmapping",
            name="joined",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="subscriptionmapping",
            name="lane",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.lane"),
        ),
        migrations.AddConstraint(
            model_name="subscriptionmapping",
            constraint=models.UniqueConstraint(
                condition=models.Q(("joined", False)),
                fields=("connection", "line_id"),
                name="line_taken_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscriptionmapping",
            constraint=models.UniqueConstraint(
                condition=models.Q(("joined", False)), fields=("lane",), name="lane_mapped_once"
            ),
        ),
    ]
