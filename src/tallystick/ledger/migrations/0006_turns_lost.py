"""How many turns in a row died with a lane in their hands."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_held_for_approval")]

    operations = [
        migrations.AddField("lane", "turns_lost", models.PositiveIntegerField(default=0)),
    ]
