"""What a source told in one reading, and in the last day, is counted on its page."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sources", "0003_digests_of_whole_rows")]

    operations = [
        migrations.AddIndex(
            model_name="sourceevent",
            index=models.Index(fields=["source", "received_at"], name="event_received"),
        ),
    ]
