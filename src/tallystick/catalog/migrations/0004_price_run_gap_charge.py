from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0003_price_runs"),
    ]

    operations = [
        migrations.AddField(
            model_name="pricerun",
            name="gap_charge",
            field=models.BooleanField(default=False),
        ),
    ]
