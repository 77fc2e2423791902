"""Facts are added and never changed: whatever role asks, the database refuses."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION tallystick_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% holds facts: they are added and never changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
"""

GUARD = """
CREATE TRIGGER {table}_facts BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION tallystick_refuse_change();
CREATE TRIGGER {table}_facts_all BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION tallystick_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(REFUSE, "DROP FUNCTION tallystick_refuse_change()"),
        migrations.RunSQL(
            GUARD.format(table="audit_log"),
            "DROP TRIGGER audit_log_facts ON audit_log; "
            "DROP TRIGGER audit_log_facts_all ON audit_log;",
        ),
    ]
