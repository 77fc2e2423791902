"""Differences found at lines, and what was decided about them: facts, as sightings are."""

import django.db.models.deletion
from django.db import migrations, models

FACTS = ["ledger_drift", "ledger_drift_decision"]

GUARD = """
CREATE TRIGGER {table}_facts BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION tallystick_refuse_change();
CREATE TRIGGER {table}_facts_all BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION tallystick_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0010_name_of_a_line"),
        ("subscriptions", "0003_ends_of_terms"),
    ]

    operations = [
        migrations.CreateModel(
            name="Drift",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("kind", models.CharField(max_length=20)),
                ("contract_id", models.BigIntegerField()),
                ("line_id", models.BigIntegerField()),
                ("began_on", models.DateField()),
                ("days", models.JSONField()),
                ("stake", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                ("found_at", models.DateTimeField()),
            ],
            options={
                "db_table": "ledger_drift",
            },
        ),
        migrations.CreateModel(
            name="DriftDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("how", models.CharField(max_length=20)),
                ("reason", models.TextField(blank=True)),
                ("until", models.DateField(null=True)),
                ("until_at", models.DateTimeField(null=True)),
                ("person", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "ledger_drift_decision",
            },
        ),
        migrations.RemoveConstraint(
            model_name="operation",
            name="operation_kind_known",
        ),
        migrations.AddField(
            model_name="attempt",
            name="corrects",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.attempt",
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
                            "change_offer",
                            "move_to_reseller",
                            "end",
                            "azure_amounts",
                            "one_off_charge",
                            "restore",
                            "correct",
                        ],
                    )
                ),
                name="operation_kind_known",
            ),
        ),
        migrations.AddField(
            model_name="drift",
            name="attempt",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.attempt"
            ),
        ),
        migrations.AddField(
            model_name="drift",
            name="lane",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.lane"
            ),
        ),
        migrations.AddField(
            model_name="lane",
            name="drift",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.drift",
            ),
        ),
        migrations.AddField(
            model_name="driftdecision",
            name="drift",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="decisions",
                to="ledger.drift",
            ),
        ),
        migrations.AddField(
            model_name="driftdecision",
            name="operation",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.operation"
            ),
        ),
        migrations.AddField(
            model_name="lane",
            name="agreed",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.driftdecision",
            ),
        ),
        migrations.AddIndex(
            model_name="drift",
            index=models.Index(fields=["lane", "id"], name="drift_of_lane"),
        ),
        migrations.AddConstraint(
            model_name="drift",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["hand_edit", "duplicate"])),
                name="drift_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="drift",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("attempt__isnull", False), ("kind", "duplicate")),
                    models.Q(("attempt__isnull", True), ("kind", "hand_edit")),
                    _connector="OR",
                ),
                name="drift_duplicate_has_attempt",
            ),
        ),
        migrations.AddIndex(
            model_name="driftdecision",
            index=models.Index(fields=["drift", "id"], name="decision_of_drift"),
        ),
        migrations.AddConstraint(
            model_name="driftdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("how__in", ["kept", "restored", "agreed", "corrected", "changed", "gone"])
                ),
                name="drift_decision_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="driftdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("how", "agreed"), ("until__isnull", False), ("until_at__isnull", False)
                    ),
                    models.Q(
                        models.Q(("how", "agreed"), _negated=True),
                        ("until__isnull", True),
                        ("until_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="drift_agreed_has_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="driftdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("how__in", ["gone", "changed"]),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="drift_decision_has_reason",
            ),
        ),
        *(
            migrations.RunSQL(
                GUARD.format(table=table),
                f"DROP TRIGGER {table}_facts ON {table}; "
                f"DROP TRIGGER {table}_facts_all ON {table};",
            )
            for table in FACTS
        ),
    ]
