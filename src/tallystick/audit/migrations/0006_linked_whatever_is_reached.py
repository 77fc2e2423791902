"""The link is made at the commit, whatever the connection reaches then (``identity/reach``)."""

from django.db import migrations

LINK = """
CREATE OR REPLACE FUNCTION audit_link() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    before audit_chain%ROWTYPE;
    reach text := coalesce(current_setting('tallystick.reach', true), '');
BEGIN
    PERFORM set_config('tallystick.reach', 'everything', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('tallystick/audit/' || NEW.tenant_id, 0));
    SELECT * INTO before FROM audit_chain
        WHERE tenant_id = NEW.tenant_id ORDER BY number DESC LIMIT 1;
    INSERT INTO audit_chain (audit_id, tenant_id, number, hash) VALUES (
        NEW.id, NEW.tenant_id, coalesce(before.number, 0) + 1,
        sha256(coalesce(before.hash, '\\x'::bytea)
               || convert_to(audit_canonical(NEW, coalesce(before.number, 0) + 1), 'UTF8')));
    PERFORM set_config('tallystick.reach', reach, true);
    RETURN NULL;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_chain")]
    operations = [migrations.RunSQL(LINK, migrations.RunSQL.noop)]
