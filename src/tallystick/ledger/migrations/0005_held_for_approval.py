"""What is held for review is never sent before somebody has approved it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0004_another_price"),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="approved_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="delivery",
            name="approved_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="delivery",
            name="awaits_approval",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("awaits_approval", False),
                    ("state__in", ["pending", "resolved"]),
                    _connector="OR",
                ),
                name="delivery_unapproved_is_not_sent",
            ),
        ),
    ]
