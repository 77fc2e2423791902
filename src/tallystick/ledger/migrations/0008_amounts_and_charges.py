"""Amounts that are billed by themselves: charges, and months on the line."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0007_runs_and_days"),
        ("subscriptions", "0003_ends_of_terms"),
    ]

    operations = [
        migrations.CreateModel(
            name="Portion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("about", models.CharField(max_length=40)),
                ("carrier", models.CharField(max_length=10)),
                ("price", models.DecimalField(decimal_places=4, max_digits=16)),
                ("cost", models.DecimalField(decimal_places=4, max_digits=16, null=True)),
                ("day", models.DateField()),
                ("proved_at", models.DateTimeField(null=True)),
                ("reference", models.CharField(blank=True, max_length=50)),
                ("contract_id", models.BigIntegerField(null=True)),
                ("charge_id", models.BigIntegerField(null=True)),
                ("compared", models.BooleanField(default=True)),
                ("billed", models.BooleanField(default=False)),
                ("differs", models.BooleanField(default=False)),
                ("seen_price", models.DecimalField(decimal_places=4, max_digits=16, null=True)),
                ("seen_cost", models.DecimalField(decimal_places=4, max_digits=16, null=True)),
            ],
            options={
                "db_table": "ledger_portion",
            },
        ),
        migrations.RemoveConstraint(
            model_name="attempt",
            name="attempt_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="operation",
            name="operation_kind_known",
        ),
        migrations.AddField(
            model_name="delivery",
            name="carrier",
            field=models.CharField(blank=True, db_default="", default="", max_length=10),
        ),
        migrations.AddField(
            model_name="lane",
            name="drift_charges",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["adjust", "create_line", "create_charge", "change_charge"])
                ),
                name="attempt_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("carrier__in", ["", "line", "charge", "hand"])),
                name="delivery_carrier_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "purchase",
                            "map",
                            "update_quantity",
                            "update_price_margin",
                            "cancel",
                            "expire",
                            "delete",
                            "suspend",
                            "reactivate",
                            "convert_trial",
                            "renew",
                            "end_promotion",
                            "rename",
                            "set_purchase_order",
                            "set_end_of_term",
                            "schedule_change",
                            "continue",
                            "end",
                            "azure_amounts",
                            "one_off_charge",
                        ],
                    )
                ),
                name="operation_kind_known",
            ),
        ),
        migrations.AddField(
            model_name="portion",
            name="lane",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.lane"),
        ),
        migrations.AddIndex(
            model_name="portion",
            index=models.Index(fields=["lane", "about"], name="portion_of_lane"),
        ),
        migrations.AddConstraint(
            model_name="portion",
            constraint=models.CheckConstraint(
                condition=models.Q(("carrier__in", ["line", "charge", "hand"])),
                name="portion_carrier_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="portion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reference", ""), _negated=True),
                fields=("reference",),
                name="portion_reference_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="portion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("carrier", "line")),
                fields=("lane", "about"),
                name="portion_on_line_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="portion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("carrier", "charge"),
                        ("charge_id__isnull", False),
                        models.Q(("reference", ""), _negated=True),
                    ),
                    models.Q(("carrier", "charge"), _negated=True),
                    _connector="OR",
                ),
                name="portion_charge_is_named",
            ),
        ),
    ]
