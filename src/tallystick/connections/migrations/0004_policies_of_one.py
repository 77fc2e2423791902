"""Review mode; and what counts for one customer or one subscription instead of a policy."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0003_days_of_changes"),
        ("subscriptions", "0003_ends_of_terms"),
    ]

    operations = [
        migrations.CreateModel(
            name="PolicyOverride",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("policy", models.CharField(max_length=30)),
                ("value", models.CharField(max_length=20)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "connections_policy_override",
            },
        ),
        migrations.AddField(
            model_name="connection",
            name="mode",
            field=models.CharField(default="automatic", max_length=20),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(("mode__in", ["automatic", "review"])), name="mode_known"
            ),
        ),
        migrations.AddField(
            model_name="policyoverride",
            name="connection",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="connections.connection"
            ),
        ),
        migrations.AddField(
            model_name="policyoverride",
            name="customer",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="subscriptions.customer"
            ),
        ),
        migrations.AddField(
            model_name="policyoverride",
            name="subscription",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="subscriptions.subscription",
            ),
        ),
        migrations.AddConstraint(
            model_name="policyoverride",
            constraint=models.UniqueConstraint(
                fields=("connection", "customer", "policy"), name="override_once_per_customer"
            ),
        ),
        migrations.AddConstraint(
            model_name="policyoverride",
            constraint=models.UniqueConstraint(
                fields=("connection", "subscription", "policy"),
                name="override_once_per_subscription",
            ),
        ),
        migrations.AddConstraint(
            model_name="policyoverride",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("customer__isnull", True), ("subscription__isnull", False)),
                    models.Q(("customer__isnull", False), ("subscription__isnull", True)),
                    _connector="OR",
                ),
                name="override_of_one",
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
