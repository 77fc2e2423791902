"""Whether a friendly name is written as the invoice description of its line."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0006_azure_amounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="invoice_name",
            field=models.CharField(db_default="leave", default="leave", max_length=20),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(("invoice_name__in", ["leave", "friendly_name"])),
                name="invoice_name_known",
            ),
        ),
        migrations.RemoveConstraint(model_name="policyoverride", name="override_policy_known"),
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
                            "invoice_name",
                        ),
                    ),
                    models.Q(("policy", "included_units"), ("subscription__isnull", False)),
                    _connector="OR",
                ),
                name="override_policy_known",
            ),
        ),
    ]
