"""How Azure amounts of a month are billed, and what charges are booked under."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0005_sweeps"),
        ("subscriptions", "0003_ends_of_terms"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="policyoverride",
            name="override_policy_known",
        ),
        migrations.AddField(
            model_name="connection",
            name="azure_amounts",
            field=models.CharField(db_default="charge", default="charge", max_length=20),
        ),
        migrations.AddField(
            model_name="connection",
            name="charge_code",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(("azure_amounts__in", ["charge", "line"])),
                name="azure_amounts_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="policyoverride",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "policy__in",
                        (
                            "same_day_policy",
                            "back_dated",
                            "cancel_rule",
                            "increase_day",
                            "decrease_day",
                            "posted_quantity",
                            "price_day",
                            "suspend_nce",
                            "suspend_other",
                            "azure_amounts",
                            "mode",
                        ),
                    ),
                    models.Q(("policy", "included_units"), ("subscription__isnull", False)),
                    _connector="OR",
                ),
                name="override_policy_known",
            ),
        ),
    ]
