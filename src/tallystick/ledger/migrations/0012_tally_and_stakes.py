"""Sums of what open lanes bill, the indexes that find the lanes that are not plainly green, and
what an open difference comes to, so that the dearest are found first.

A subscription's quantity and price and a lane's being open are changed by different people at
once. Whoever opens or closes a lane locks its subscription before it is counted, as whoever
changes the subscription has: of two, the second sees what the first has committed.
"""

from django.db import migrations, models

TALLY = """
CREATE FUNCTION ledger_tally_lane() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    reach text := coalesce(current_setting('tallystick.reach', true), '');
    held subscriptions_subscription%ROWTYPE;
    number int := CASE WHEN NEW.open THEN 1 ELSE -1 END;
BEGIN
    PERFORM set_config('tallystick.reach', 'everything', true);
    SELECT * INTO STRICT held FROM subscriptions_subscription
        WHERE id = NEW.subscription_id FOR NO KEY UPDATE;
    INSERT INTO ledger_tally (tenant_id, reseller_id, connection_id, offer_id, status,
                              price_currency, lanes, quantity, charged)
    VALUES (held.tenant_id, held.reseller_id, NEW.connection_id, held.offer_id, held.status,
            held.price_currency, number, number * held.quantity,
            number * held.quantity * coalesce(held.unit_price, 0));
    PERFORM set_config('tallystick.reach', reach, true);
    RETURN NULL;
END
$$;
CREATE TRIGGER ledger_tally_begun AFTER INSERT ON ledger_lane
    FOR EACH ROW WHEN (NEW.open) EXECUTE FUNCTION ledger_tally_lane();
CREATE TRIGGER ledger_tally_turned AFTER UPDATE OF open ON ledger_lane
    FOR EACH ROW WHEN (OLD.open <> NEW.open) EXECUTE FUNCTION ledger_tally_lane();

CREATE FUNCTION ledger_tally_subscription() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    reach text := coalesce(current_setting('tallystick.reach', true), '');
BEGIN
    PERFORM set_config('tallystick.reach', 'everything', true);
    INSERT INTO ledger_tally (tenant_id, reseller_id, connection_id, offer_id, status,
                              price_currency, lanes, quantity, charged)
    SELECT held.tenant_id, held.reseller_id, l.connection_id, held.offer_id, held.status,
           held.price_currency, held.number, held.number * held.quantity,
           held.number * held.quantity * coalesce(held.unit_price, 0)
    FROM ledger_lane l, (VALUES
        (-1, OLD.tenant_id, OLD.reseller_id, OLD.offer_id, OLD.status, OLD.price_currency,
         OLD.quantity, OLD.unit_price),
        (1, NEW.tenant_id, NEW.reseller_id, NEW.offer_id, NEW.status, NEW.price_currency,
         NEW.quantity, NEW.unit_price)
    ) held (number, tenant_id, reseller_id, offer_id, status, price_currency, quantity, unit_price)
    WHERE l.subscription_id = NEW.id AND l.open;
    PERFORM set_config('tallystick.reach', reach, true);
    RETURN NULL;
END
$$;
CREATE TRIGGER ledger_tally_changed AFTER UPDATE ON subscriptions_subscription
    FOR EACH ROW WHEN (
        (OLD.tenant_id, OLD.reseller_id, OLD.offer_id, OLD.status, OLD.price_currency,
         OLD.quantity, OLD.unit_price) IS DISTINCT FROM
        (NEW.tenant_id, NEW.reseller_id, NEW.offer_id, NEW.status, NEW.price_currency,
         NEW.quantity, NEW.unit_price))
    EXECUTE FUNCTION ledger_tally_subscription();

-- One row for each kind again; what another is folding is left to it. Answers how many are gone.
CREATE FUNCTION ledger_tally_fold() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    reach text := coalesce(current_setting('tallystick.reach', true), '');
    folded bigint;
BEGIN
    PERFORM set_config('tallystick.reach', 'everything', true);
    WITH gone AS (
        DELETE FROM ledger_tally WHERE id IN (SELECT id FROM ledger_tally FOR UPDATE SKIP LOCKED)
        RETURNING *
    ), kept AS (
        INSERT INTO ledger_tally (tenant_id, reseller_id, connection_id, offer_id, status,
                                  price_currency, lanes, quantity, charged)
        SELECT tenant_id, reseller_id, connection_id, offer_id, status, price_currency,
               sum(lanes), sum(quantity), sum(charged)
        FROM gone GROUP BY 1, 2, 3, 4, 5, 6
        HAVING sum(lanes) <> 0 OR sum(quantity) <> 0 OR sum(charged) <> 0
        RETURNING 1
    ) SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM kept) INTO folded;
    PERFORM set_config('tallystick.reach', reach, true);
    RETURN folded;
END
$$;
"""
# The triggers hold both tables until the end: nobody changes them while they are counted.
FILL = """
INSERT INTO ledger_tally (tenant_id, reseller_id, connection_id, offer_id, status,
                          price_currency, lanes, quantity, charged)
SELECT s.tenant_id, s.reseller_id, l.connection_id, s.offer_id, s.status, s.price_currency,
       count(*), sum(s.quantity), sum(s.quantity * coalesce(s.unit_price, 0))
FROM ledger_lane l JOIN subscriptions_subscription s ON s.id = l.subscription_id
WHERE l.open GROUP BY 1, 2, 3, 4, 5, 6;
"""
STAKES = """
UPDATE ledger_lane l SET drift_stake = abs(coalesce(d.stake, 0))
FROM ledger_drift d WHERE d.id = l.drift_id;
"""
UNDO = """
DROP TRIGGER ledger_tally_begun ON ledger_lane;
DROP TRIGGER ledger_tally_turned ON ledger_lane;
DROP TRIGGER ledger_tally_changed ON subscriptions_subscription;
DROP FUNCTION ledger_tally_lane();
DROP FUNCTION ledger_tally_subscription();
DROP FUNCTION ledger_tally_fold();
"""
NOT_PLAIN = (
    models.Q(("proved_at__isnull", True))
    | models.Q(("drift_units__isnull", False))
    | models.Q(("drift_charges", ""), _negated=True)
    | models.Q(("ends_on__isnull", False))
)


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0011_drift_desk"),
        ("subscriptions", "0004_scheduled_changes"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("reseller_id", models.BigIntegerField(null=True)),
                ("connection_id", models.BigIntegerField()),
                ("offer_id", models.BigIntegerField()),
                ("status", models.CharField(max_length=20)),
                ("price_currency", models.CharField(blank=True, max_length=3)),
                ("lanes", models.BigIntegerField()),
                ("quantity", models.BigIntegerField()),
                ("charged", models.DecimalField(decimal_places=4, max_digits=30)),
            ],
            options={
                "db_table": "ledger_tally",
                "indexes": [
                    models.Index(fields=["tenant_id", "connection_id"], name="tally_of_connection")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="lane",
            index=models.Index(
                condition=models.Q(("open", True), NOT_PLAIN),
                fields=["connection"],
                name="lane_not_plain",
            ),
        ),
        migrations.AddIndex(
            model_name="lane",
            index=models.Index(
                condition=models.Q(("begins_at__isnull", False), ("open", True)),
                fields=["connection", "begins_at"],
                name="lane_begins",
            ),
        ),
        migrations.AddIndex(
            model_name="lane",
            index=models.Index(
                condition=models.Q(("open", True)),
                fields=["connection", "proved_at"],
                name="lane_proof",
            ),
        ),
        migrations.AddField(
            model_name="lane",
            name="drift_stake",
            field=models.DecimalField(decimal_places=4, max_digits=18, null=True),
        ),
        migrations.AddIndex(
            model_name="lane",
            index=models.Index(
                condition=models.Q(("drift__isnull", False), ("open", True)),
                fields=["tenant_id", "-drift_stake", "-drift"],
                name="lane_by_stake",
            ),
        ),
        migrations.RunSQL(TALLY, UNDO),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(STAKES, migrations.RunSQL.noop),
    ]
