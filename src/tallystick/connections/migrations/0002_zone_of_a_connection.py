"""Where a connection's Autotask lives, as its last test found: two of one instance are told."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connections", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="connection",
            name="zone_url",
            field=models.CharField(blank=True, default="", max_length=300),
            preserve_default=False,
        ),
    ]
