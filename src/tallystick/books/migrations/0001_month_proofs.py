"""Proofs of months: facts, as operations are."""

import django.db.models.deletion
from django.db import migrations, models

FACTS = ["books_month_proof", "books_month_proof_line"]

GUARD = """
CREATE TRIGGER {table}_facts BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION tallystick_refuse_change();
CREATE TRIGGER {table}_facts_all BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION tallystick_refuse_change();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("audit", "0002_facts_only"),
        ("connections", "0005_sweeps"),
        ("subscriptions", "0003_ends_of_terms"),
    ]

    operations = [
        migrations.CreateModel(
            name="MonthProof",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("reseller_id", models.BigIntegerField(null=True)),
                ("connection_name", models.CharField(max_length=200)),
                ("month", models.DateField()),
                ("number", models.IntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("read_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField()),
                ("closed_by", models.CharField(max_length=200)),
                ("closed_by_ref", models.CharField(max_length=60)),
                ("correlation_id", models.CharField(max_length=64)),
                ("equal", models.IntegerField()),
                ("different", models.IntegerField()),
                ("not_billed", models.IntegerField()),
                ("nothing", models.IntegerField()),
                ("changed", models.IntegerField(null=True)),
                ("ordered_amount", models.DecimalField(decimal_places=2, max_digits=18)),
                ("shown_amount", models.DecimalField(decimal_places=2, max_digits=18)),
                ("amounts_unknown", models.IntegerField()),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="connections.connection"
                    ),
                ),
            ],
            options={
                "db_table": "books_month_proof",
            },
        ),
        migrations.CreateModel(
            name="MonthProofLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("customer_name", models.CharField(max_length=300)),
                ("subscription_name", models.CharField(max_length=300)),
                ("contract_id", models.BigIntegerField(null=True)),
                ("contract_name", models.CharField(blank=True, max_length=300)),
                ("line_id", models.BigIntegerField(null=True)),
                ("outcome", models.CharField(max_length=20)),
                ("why", models.TextField(blank=True)),
                ("operations", models.JSONField()),
                ("ordered", models.JSONField()),
                ("shown", models.JSONField()),
                ("ordered_amount", models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                ("shown_amount", models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                ("before", models.JSONField(null=True)),
                (
                    "proof",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="books.monthproof"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="subscriptions.subscription"
                    ),
                ),
            ],
            options={
                "db_table": "books_month_proof_line",
            },
        ),
        migrations.AddIndex(
            model_name="monthproof",
            index=models.Index(fields=["tenant_id", "-month", "-id"], name="proof_newest"),
        ),
        migrations.AddConstraint(
            model_name="monthproof",
            constraint=models.UniqueConstraint(
                fields=("connection", "month", "number"), name="proof_number_of_month"
            ),
        ),
        migrations.AddConstraint(
            model_name="monthproof",
            constraint=models.CheckConstraint(
                condition=models.Q(("month__day", 1)), name="proof_month_begins"
            ),
        ),
        migrations.AddConstraint(
            model_name="monthproof",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1)), name="proof_number_from_1"
            ),
        ),
        migrations.AddIndex(
            model_name="monthproofline",
            index=models.Index(fields=["proof", "id"], name="proof_lines"),
        ),
        migrations.AddConstraint(
            model_name="monthproofline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("outcome__in", ["equal", "different", "not_billed", "nothing"])
                ),
                name="proof_line_outcome_known",
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
