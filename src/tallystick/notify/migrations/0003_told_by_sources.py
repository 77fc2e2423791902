"""What a source told and nobody decided on is told, too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notify", "0002_invitations_by_mail")]

    operations = [
        migrations.RemoveConstraint(model_name="noticed", name="noticed_kind_known"),
        migrations.AddConstraint(
            model_name="noticed",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["subscription", "connection", "worker", "ahead", "told"])
                ),
                name="noticed_kind_known",
            ),
        ),
    ]
