"""Rounds of Sync, and what is asked by day."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

FACTS = "ledger_round_item"

GUARD = f"""
CREATE TRIGGER {FACTS}_facts BEFORE UPDATE OR DELETE ON {FACTS}
    FOR EACH ROW EXECUTE FUNCTION tallystick_refuse_change();
CREATE TRIGGER {FACTS}_facts_all BEFORE TRUNCATE ON {FACTS}
    FOR EACH STATEMENT EXECUTE FUNCTION tallystick_refuse_change();
"""
UNGUARD = f"DROP TRIGGER {FACTS}_facts ON {FACTS}; DROP TRIGGER {FACTS}_facts_all ON {FACTS};"


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0005_sweeps"),
        ("ledger", "0006_turns_lost"),
        ("subscriptions", "0003_ends_of_terms"),
    ]

    operations = [
        migrations.CreateModel(
            name="RoundItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("held", models.IntegerField(default=0)),
                ("because", models.TextField(blank=True)),
            ],
            options={
                "db_table": "ledger_round_item",
            },
        ),
        migrations.CreateModel(
            name="SyncRound",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("scope", models.CharField(max_length=20)),
                ("asked_by", models.CharField(max_length=200)),
                ("correlation_id", models.CharField(max_length=64)),
                ("started_at", models.DateTimeField()),
                ("asked_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("seen", models.IntegerField(default=0)),
                ("written", models.IntegerField(default=0)),
                ("unchanged", models.IntegerField(default=0)),
                ("ignored", models.IntegerField(default=0)),
                ("waiting", models.IntegerField(default=0)),
                ("failed", models.IntegerField(default=0)),
            ],
            options={
                "db_table": "ledger_sync_round",
            },
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "synced")),
                fields=["tenant_id", "settled_at"],
                name="delivery_proved",
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(fields=["tenant_id", "recorded_at"], name="operation_recorded"),
        ),
        migrations.AddField(
            model_name="rounditem",
            name="run",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.syncrun"
            ),
        ),
        migrations.AddField(
            model_name="rounditem",
            name="subscription",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="subscriptions.subscription"
            ),
        ),
        migrations.AddField(
            model_name="syncround",
            name="connection",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="connections.connection"
            ),
        ),
        migrations.AddField(
            model_name="syncround",
            name="customer",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="subscriptions.customer"
            ),
        ),
        migrations.AddField(
            model_name="rounditem",
            name="round",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="ledger.syncround"
            ),
        ),
        migrations.AddIndex(
            model_name="syncround",
            index=models.Index(fields=["tenant_id", "-id"], name="round_newest"),
        ),
        migrations.AddConstraint(
            model_name="syncround",
            constraint=models.CheckConstraint(
                condition=models.Q(("scope__in", ["row", "selection", "customer", "connection"])),
                name="round_scope_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="syncround",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("finished_at__isnull", True), ("asked_at__isnull", False), _connector="OR"
                ),
                name="round_ends_after_asking",
            ),
        ),
        migrations.AddConstraint(
            model_name="syncround",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("finished_at__isnull", True),
                    (
                        "seen",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("written"), "+", models.F("unchanged")
                                    ),
                                    "+",
                                    models.F("ignored"),
                                ),
                                "+",
                                models.F("waiting"),
                            ),
                            "+",
                            models.F("failed"),
                        ),
                    ),
                    _connector="OR",
                ),
                name="round_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="rounditem",
            constraint=models.UniqueConstraint(
                fields=("round", "run"), name="round_has_a_run_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="rounditem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("held", 0), ("run__isnull", False)),
                    models.Q(("run__isnull", True), models.Q(("because", ""), _negated=True)),
                    _connector="OR",
                ),
                name="round_item_asked_or_says_why",
            ),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
