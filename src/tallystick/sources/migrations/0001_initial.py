"""Sources, and what they tell: facts, as operations are."""

import django.db.models.deletion
from django.db import migrations, models

FACTS = ["sources_event", "sources_event_outcome"]

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
        ("identity", "0002_tokens_of_sources"),
        ("ledger", "0006_turns_lost"),
    ]

    operations = [
        migrations.CreateModel(
            name="SourceEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("number", models.BigIntegerField()),
                ("event_id", models.CharField(max_length=200)),
                ("type", models.CharField(max_length=60)),
                ("subject", models.CharField(max_length=100)),
                ("time", models.CharField(max_length=60)),
                ("happened_at", models.DateTimeField()),
                ("place_number", models.BigIntegerField(null=True)),
                ("place_key", models.CharField(max_length=40)),
                ("how", models.CharField(max_length=20)),
                ("body", models.JSONField()),
                ("digest", models.BinaryField()),
                ("received_at", models.DateTimeField()),
                ("correlation_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "sources_event",
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("reseller_id", models.BigIntegerField(null=True)),
                ("kind", models.CharField(max_length=20)),
                ("name", models.CharField(max_length=200)),
                ("uri", models.CharField(max_length=200)),
                ("hook", models.CharField(max_length=40, unique=True)),
                ("secret_sealed", models.BinaryField(default=b"")),
                ("key_id", models.CharField(blank=True, max_length=40)),
                ("hold_seconds", models.PositiveIntegerField(default=900)),
                ("last_number", models.BigIntegerField(default=0)),
                ("settings", models.JSONField(default=dict)),
                ("cursor", models.JSONField(default=dict)),
                ("last_read_at", models.DateTimeField(null=True)),
                ("last_snapshot_at", models.DateTimeField(null=True)),
                ("snapshots", models.IntegerField(default=0)),
                ("next_read_at", models.DateTimeField(null=True)),
                ("trouble", models.TextField(blank=True)),
                ("trouble_since", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "token",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="identity.apitoken",
                    ),
                ),
            ],
            options={
                "db_table": "sources_source",
            },
        ),
        migrations.CreateModel(
            name="WaitingEvent",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="sources.sourceevent",
                    ),
                ),
                ("subject", models.CharField(max_length=100)),
                ("until", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "sources_waiting_event",
            },
        ),
        migrations.AddField(
            model_name="sourceevent",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="sources.source"
            ),
        ),
        migrations.CreateModel(
            name="EventOutcome",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("answer", models.CharField(max_length=20)),
                ("because", models.TextField(blank=True)),
                ("actor", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "operation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="ledger.operation",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outcomes",
                        to="sources.sourceevent",
                    ),
                ),
            ],
            options={
                "db_table": "sources_event_outcome",
            },
        ),
        migrations.CreateModel(
            name="Subject",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.CharField(max_length=100)),
                ("newest_number", models.BigIntegerField(null=True)),
                ("newest_key", models.CharField(blank=True, max_length=40)),
                ("newest_id", models.CharField(blank=True, max_length=200)),
                ("state", models.JSONField(default=dict)),
                ("shown", models.JSONField(default=dict)),
                ("row_digest", models.CharField(blank=True, max_length=32)),
                ("told_at", models.DateTimeField(null=True)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="sources.source"
                    ),
                ),
            ],
            options={
                "db_table": "sources_subject",
            },
        ),
        migrations.AddConstraint(
            model_name="source",
            constraint=models.UniqueConstraint(fields=("tenant_id", "uri"), name="source_uri_once"),
        ),
        migrations.AddConstraint(
            model_name="source",
            constraint=models.UniqueConstraint(
                fields=("tenant_id", "name"), name="source_name_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="source",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["events", "partner_center", "pax8"])),
                name="source_kind_known",
            ),
        ),
        migrations.AddField(
            model_name="waitingevent",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="sources.source"
            ),
        ),
        migrations.AddIndex(
            model_name="sourceevent",
            index=models.Index(fields=["source", "subject", "number"], name="event_of_subject"),
        ),
        migrations.AddIndex(
            model_name="sourceevent",
            index=models.Index(fields=["tenant_id", "-id"], name="event_newest"),
        ),
        migrations.AddConstraint(
            model_name="sourceevent",
            constraint=models.UniqueConstraint(fields=("source", "number"), name="event_number"),
        ),
        migrations.AddConstraint(
            model_name="sourceevent",
            constraint=models.UniqueConstraint(
                fields=("source", "event_id", "digest"), name="event_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="sourceevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "type__in",
                        [
                            "subscription.created",
                            "subscription.quantity_changed",
                            "subscription.price_changed",
                            "subscription.status_changed",
                            "subscription.cancelled",
                            "subscription.renewed",
                            "subscription.extended",
                            "subscription.transitioned",
                            "subscription.renewal_changed",
                            "subscription.renamed",
                            "subscription.customer_changed",
                        ],
                    )
                ),
                name="event_type_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="sourceevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("how__in", ["declared", "feed", "snapshot_diff"])),
                name="event_how_known",
            ),
        ),
        migrations.AddIndex(
            model_name="eventoutcome",
            index=models.Index(fields=["event", "-id"], name="outcome_newest"),
        ),
        migrations.AddConstraint(
            model_name="eventoutcome",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "answer__in",
                        [
                            "accepted",
                            "duplicate",
                            "conflict",
                            "late",
                            "gap",
                            "unmapped",
                            "unapplied",
                            "rejected",
                        ],
                    )
                ),
                name="outcome_answer_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="subject",
            constraint=models.UniqueConstraint(fields=("source", "subject"), name="subject_once"),
        ),
        migrations.AddIndex(
            model_name="waitingevent",
            index=models.Index(fields=["source", "subject"], name="waiting_of_subject"),
        ),
        migrations.AddIndex(
            model_name="waitingevent",
            index=models.Index(fields=["until"], name="waiting_until"),
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
