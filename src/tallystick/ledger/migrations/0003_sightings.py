"""What others did to a line: facts, as operations and attempts are."""

import django.db.models.deletion
from django.db import migrations, models

FACTS = ["ledger_sighting", "ledger_dealt_with"]

GUARD = """
CREATE TRIGGER {table}_facts BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION tallystick_refuse_change();
CREATE TRIGGER {table}_facts_all BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION tallystick_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Sighting",
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
                ("effective_on", models.DateField()),
                ("units_before", models.IntegerField()),
                ("units_after", models.IntegerField()),
                ("seen_at", models.DateTimeField()),
                (
                    "lane",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="ledger.lane"
                    ),
                ),
            ],
            options={
                "db_table": "ledger_sighting",
            },
        ),
        migrations.CreateModel(
            name="DealtWith",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("reason", models.TextField()),
                ("person", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "sighting",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, to="ledger.sighting"
                    ),
                ),
            ],
            options={
                "db_table": "ledger_dealt_with",
            },
        ),
        migrations.AddIndex(
            model_name="sighting",
            index=models.Index(fields=["lane", "id"], name="sighting_of_lane"),
        ),
        migrations.AddConstraint(
            model_name="sighting",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["before_mapping", "changed", "our_change"])),
                name="sighting_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="sighting",
            constraint=models.CheckConstraint(
                condition=models.Q(("units_before", models.F("units_after")), _negated=True),
                name="sighting_is_a_change",
            ),
        ),
        migrations.AddConstraint(
            model_name="dealtwith",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="dealt_with_reason"
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
