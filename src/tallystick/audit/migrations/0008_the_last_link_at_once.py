"""The last link is found by its index, whatever the planner knows of the table.

The walls hold for the owner too, so the planner expects that a tenant's links are nearly all
hidden; without statistics of the table (a new installation, a restored one) it read all of them
and sorted them, at every commit. With ``enable_sort`` off, only the index gives the order.

What is an assignment here is no statement of its own: it costs a fraction.
"""

from importlib import import_module

from django.db import migrations

LINK = """
CREATE OR REPLACE FUNCTION audit_link() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_sort = off AS $$
DECLARE
    place bigint;
    last bytea;
    reach text := coalesce(current_setting('tallystick.reach', true), '');
    done text;
BEGIN
    IF reach <> 'everything' THEN
        done := set_config('tallystick.reach', 'everything', true);
    END IF;
    -- Before the next statement, which so sees what whoever held it has committed.
    done := pg_advisory_xact_lock(hashtextextended('tallystick/audit/' || NEW.tenant_id, 0));
    SELECT number, hash INTO place, last FROM audit_chain
        WHERE tenant_id = NEW.tenant_id ORDER BY number DESC LIMIT 1;
    place := coalesce(place, 0) + 1;
    INSERT INTO audit_chain (audit_id, tenant_id, number, hash) VALUES (
        NEW.id, NEW.tenant_id, place,
        sha256(coalesce(last, '\\x'::bytea) || convert_to(audit_canonical(NEW, place), 'UTF8')));
    IF reach <> 'everything' THEN
        done := set_config('tallystick.reach', reach, true);
    END IF;
    RETURN NULL;
END
$$;
"""
BEFORE = import_module("tallystick.audit.migrations.0006_linked_whatever_is_reached").LINK


class Migration(migrations.Migration):
    dependencies = [("audit", "0007_every_filter_found")]
    operations = [migrations.RunSQL(LINK, BEFORE)]
