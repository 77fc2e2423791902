"""An attempt may write how the invoice calls a line."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0009_change_of_offer"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="attempt", name="attempt_kind_known"),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        ["adjust", "create_line", "create_charge", "change_charge", "name_line"],
                    )
                ),
                name="attempt_kind_known",
            ),
        ),
    ]
