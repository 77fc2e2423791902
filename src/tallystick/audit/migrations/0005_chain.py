"""Every record is linked to the one before it in its tenant, when its transaction commits.

The trigger is deferred: a tenant's chain is held from the moment of the commit to its end, not for
as long as a transaction works. It writes as the owner; the application may only read the links.
The records there are already are linked in the order of their ids.
"""

from django.db import migrations, models

# docs/audit-chain.md describes it; ``audit/chain.py`` reads it again.
CANONICAL = """
CREATE FUNCTION audit_canonical(r audit_log, number bigint) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT json_build_array(
        1, r.tenant_id, number, r.id,
        to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        r.event, r.status, r.reseller_id, r.actor, r.actor_ref, r.customer_id, r.customer_name,
        r.subscription_id, r.subscription_name, r.connection_id, r.connection_name,
        r.operation_id, r.delivery_id, r.summary, r.details::text, r.correlation_id
    )::text
$$;
"""

LINK = """
CREATE FUNCTION audit_link() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    before audit_chain%ROWTYPE;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('tallystick/audit/' || NEW.tenant_id, 0));
    SELECT * INTO before FROM audit_chain
        WHERE tenant_id = NEW.tenant_id ORDER BY number DESC LIMIT 1;
    INSERT INTO audit_chain (audit_id, tenant_id, number, hash) VALUES (
        NEW.id, NEW.tenant_id, coalesce(before.number, 0) + 1,
        sha256(coalesce(before.hash, '\\x'::bytea)
               || convert_to(audit_canonical(NEW, coalesce(before.number, 0) + 1), 'UTF8')));
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER audit_log_link AFTER INSERT ON audit_log
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_link();
"""

EARLIER = """
DO $$
DECLARE
    one audit_log%ROWTYPE;
    tenant bigint := NULL;
    place bigint;
    last bytea;
BEGIN
    FOR one IN SELECT * FROM audit_log ORDER BY tenant_id, id LOOP
        IF tenant IS DISTINCT FROM one.tenant_id THEN
            tenant := one.tenant_id; place := 0; last := '\\x'::bytea;
        END IF;
        place := place + 1;
        last := sha256(last || convert_to(audit_canonical(one, place), 'UTF8'));
        INSERT INTO audit_chain (audit_id, tenant_id, number, hash)
            VALUES (one.id, tenant, place, last);
    END LOOP;
END
$$;
"""

GUARD = """
CREATE TRIGGER audit_chain_facts BEFORE UPDATE OR DELETE ON audit_chain
    FOR EACH ROW EXECUTE FUNCTION tallystick_refuse_change();
CREATE TRIGGER audit_chain_facts_all BEFORE TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION tallystick_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_failures_by_day")]
    operations = [
        migrations.CreateModel(
            name="AuditLink",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("number", models.BigIntegerField()),
                ("audit_id", models.BigIntegerField()),
                ("hash", models.BinaryField()),
            ],
            options={"db_table": "audit_chain"},
        ),
        migrations.RunSQL(CANONICAL, "DROP FUNCTION audit_canonical(audit_log, bigint)"),
        migrations.RunSQL(EARLIER, ""),
        migrations.RunSQL(
            LINK, "DROP TRIGGER audit_log_link ON audit_log; DROP FUNCTION audit_link();"
        ),
        migrations.RunSQL(
            GUARD,
            "DROP TRIGGER audit_chain_facts ON audit_chain; "
            "DROP TRIGGER audit_chain_facts_all ON audit_chain;",
        ),
    ]
