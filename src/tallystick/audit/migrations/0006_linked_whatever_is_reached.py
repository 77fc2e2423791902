"""The link is made at the commit, whatever the connection reaches then (``identity/reach``)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_chain")]
    operations = [
        migrations.RunSQL(
            "ALTER FUNCTION audit_link() SET tallystick.reach = 'everything'",
            "ALTER FUNCTION audit_link() RESET tallystick.reach",
        )
    ]
