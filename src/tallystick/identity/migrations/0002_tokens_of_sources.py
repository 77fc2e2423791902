"""A source has a token of its own: it tells, and sees nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0001_initial"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="apitoken",
            name="token_role_known",
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("role__in", ["administrator", "operator", "viewer", "auditor", "source"])
                ),
                name="token_role_known",
            ),
        ),
    ]
