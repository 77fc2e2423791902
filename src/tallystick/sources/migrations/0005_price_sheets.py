"""Which price sheet a source shows, what came of reading it, and when it is read again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sources", "0004_events_by_moment")]

    operations = [
        migrations.AddField(
            model_name="source",
            name="price_sheet",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="source",
            name="prices_next_at",
            field=models.DateTimeField(null=True),
        ),
    ]
