"""Where a webhook said to look, how each source's webhook stands, and what nobody decided on."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sources", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="eventoutcome",
            index=models.Index(
                condition=models.Q(("answer__in", ("conflict", "late", "unapplied", "rejected"))),
                fields=["event"],
                name="outcome_needs_a_person",
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="busy_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="source",
            name="webhook",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="source",
            name="heard_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="Hint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("customer", models.CharField(blank=True, max_length=100)),
                ("subject", models.CharField(blank=True, max_length=100)),
                ("heard_at", models.DateTimeField()),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="sources.source"
                    ),
                ),
            ],
            options={
                "db_table": "sources_hint",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "customer", "subject"), name="hint_once"
                    ),
                ],
            },
        ),
    ]
