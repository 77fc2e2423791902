"""Whose a lane and an operation are: the reseller's who had the subscription when it was made.

Row-level security asks it (``bootstrap/walls``), and what belongs to a lane follows the lane. A
trigger fills it in, so that no statement can say otherwise; once filled in it stays, also when the
customer moves on to another reseller.

What was made before a move belonged to a reseller that the database does not know any more: such
operations are the CSP's alone, such lanes theirs who have the connection.
"""

from django.db import migrations, models

EARLIER = """
UPDATE ledger_lane l SET reseller_id = CASE
    WHEN s.others_until = 0 OR EXISTS (
        SELECT 1 FROM ledger_delivery d WHERE d.lane_id = l.id AND d.sequence > s.others_until
    ) THEN s.reseller_id ELSE c.reseller_id END
FROM subscriptions_subscription s, connections_connection c
WHERE s.id = l.subscription_id AND c.id = l.connection_id;

ALTER TABLE ledger_operation DISABLE TRIGGER ledger_operation_facts;
UPDATE ledger_operation o SET reseller_id = s.reseller_id
FROM subscriptions_subscription s
WHERE s.id = o.subscription_id AND o.sequence > s.others_until AND s.reseller_id IS NOT NULL;
ALTER TABLE ledger_operation ENABLE TRIGGER ledger_operation_facts;
"""

WHOSE = """
CREATE FUNCTION ledger_whose() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        NEW.reseller_id := OLD.reseller_id;
    ELSE
        SELECT s.reseller_id INTO NEW.reseller_id
        FROM subscriptions_subscription s WHERE s.id = NEW.subscription_id;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER ledger_operation_whose BEFORE INSERT ON ledger_operation
    FOR EACH ROW EXECUTE FUNCTION ledger_whose();
CREATE TRIGGER ledger_lane_whose BEFORE INSERT ON ledger_lane
    FOR EACH ROW EXECUTE FUNCTION ledger_whose();
CREATE TRIGGER ledger_lane_stays BEFORE UPDATE ON ledger_lane
    FOR EACH ROW WHEN (OLD.reseller_id IS DISTINCT FROM NEW.reseller_id)
    EXECUTE FUNCTION ledger_whose();
"""

NOBODYS = """
DROP TRIGGER ledger_operation_whose ON ledger_operation;
DROP TRIGGER ledger_lane_whose ON ledger_lane;
DROP TRIGGER ledger_lane_stays ON ledger_lane;
DROP FUNCTION ledger_whose();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0012_tally_and_stakes"),
        ("subscriptions", "0004_scheduled_changes"),
        ("connections", "0007_name_on_the_invoice"),
    ]

    operations = [
        migrations.AddField(
            model_name="lane",
            name="reseller_id",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="operation",
            name="reseller_id",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.RunSQL(EARLIER, migrations.RunSQL.noop),
        migrations.RunSQL(WHOSE, NOBODYS),
    ]
