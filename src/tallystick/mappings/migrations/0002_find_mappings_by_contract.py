"""The page Contracts asks what each of its contracts bills."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mappings", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="subscriptionmapping",
            index=models.Index(fields=["connection", "contract_id"], name="mapping_of_contract"),
        ),
    ]
