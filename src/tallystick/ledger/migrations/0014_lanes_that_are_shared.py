"""Lanes that several subscriptions share, because one line bills them together (ADR 0034).

Each of them is counted in the tally: those that joined as they join and leave. Whose the lane is
may change to one that is counted already: then only who it was before is taken off.
"""

import django.db.models.deletion
from django.db import migrations, models

# Only triggers count: what any process may call would let it write anybody's tally.
COUNT = """
    SELECT * INTO STRICT held FROM subscriptions_subscription WHERE id = {whose} FOR NO KEY UPDATE;
    INSERT INTO ledger_tally (tenant_id, reseller_id, connection_id, offer_id, status,
                              price_currency, lanes, quantity, charged)
    VALUES (held.tenant_id, held.reseller_id, {connection}, held.offer_id, held.status,
            held.price_currency, number, number * held.quantity,
            number * held.quantity * coalesce(held.unit_price, 0));
"""
MEMBERS = f"""
CREATE FUNCTION ledger_tally_member() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    reach text := coalesce(current_setting('tallystick.reach', true), '');
    held subscriptions_subscription%ROWTYPE;
    shared ledger_lane%ROWTYPE;
    number int := CASE WHEN NEW.left_at IS NULL THEN 1 ELSE -1 END;
BEGIN
    PERFORM set_config('tallystick.reach', 'everything', true);
    SELECT * INTO STRICT shared FROM ledger_lane WHERE id = NEW.lane_id;
    -- Whose the lane is by now goes on being counted.
    IF shared.subscription_id <> NEW.subscription_id THEN
    {COUNT.format(whose="NEW.subscription_id", connection="shared.connection_id")}
    END IF;
    PERFORM set_config('tallystick.reach', reach, true);
    RETURN NULL;
END
$$;
CREATE TRIGGER ledger_tally_joined AFTER INSERT ON ledger_lane_member
    FOR EACH ROW WHEN (NEW.left_at IS NULL) EXECUTE FUNCTION ledger_tally_member();
CREATE TRIGGER ledger_tally_left AFTER UPDATE OF left_at ON ledger_lane_member
    FOR EACH ROW WHEN (OLD.left_at IS NULL AND NEW.left_at IS NOT NULL)
    EXECUTE FUNCTION ledger_tally_member();

CREATE FUNCTION ledger_tally_inherited() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    reach text := coalesce(current_setting('tallystick.reach', true), '');
    held subscriptions_subscription%ROWTYPE;
    number int := -1;
BEGIN
    PERFORM set_config('tallystick.reach', 'everything', true);
    {COUNT.format(whose="OLD.subscription_id", connection="OLD.connection_id")}
    PERFORM set_config('tallystick.reach', reach, true);
    RETURN NULL;
END
$$;
CREATE TRIGGER ledger_tally_inherited AFTER UPDATE OF subscription_id ON ledger_lane
    FOR EACH ROW WHEN (OLD.open AND NEW.open AND OLD.subscription_id <> NEW.subscription_id)
    EXECUTE FUNCTION ledger_tally_inherited();
"""
CHANGED = """
CREATE OR REPLACE FUNCTION ledger_tally_subscription() RETURNS trigger
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
    FROM ({of_the_lanes}) l, (VALUES
        (-1, OLD.tenant_id, OLD.reseller_id, OLD.offer_id, OLD.status, OLD.price_currency,
         OLD.quantity, OLD.unit_price),
        (1, NEW.tenant_id, NEW.reseller_id, NEW.offer_id, NEW.status, NEW.price_currency,
         NEW.quantity, NEW.unit_price)
    ) held (number, tenant_id, reseller_id, offer_id, status, price_currency, quantity, unit_price);
    PERFORM set_config('tallystick.reach', reach, true);
    RETURN NULL;
END
$$;
"""
OWN = "SELECT connection_id FROM ledger_lane WHERE subscription_id = NEW.id AND open"
JOINED = """
        UNION ALL SELECT shared.connection_id FROM ledger_lane_member m
        JOIN ledger_lane shared ON shared.id = m.lane_id
        WHERE m.subscription_id = NEW.id AND m.left_at IS NULL AND shared.open"""
TALLY = MEMBERS + CHANGED.replace("{of_the_lanes}", OWN + JOINED)
UNDO = f"""
DO $$
BEGIN
    IF EXISTS (SELECT FROM ledger_lane_member) THEN
        RAISE EXCEPTION 'lanes have been shared: what stands in them cannot be read without that';
    END IF;
END
$$;
DROP TRIGGER ledger_tally_inherited ON ledger_lane;
DROP FUNCTION ledger_tally_inherited();
DROP TRIGGER ledger_tally_joined ON ledger_lane_member;
DROP TRIGGER ledger_tally_left ON ledger_lane_member;
DROP FUNCTION ledger_tally_member();
{CHANGED.replace("{of_the_lanes}", OWN)}
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0013_whose_lanes_and_operations"),
        ("subscriptions", "0007_promotion_ends"),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="others",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("joined_at", models.DateTimeField()),
                ("left_at", models.DateTimeField(null=True)),
                (
                    "lane",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="ledger.lane"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="subscriptions.subscription"
                    ),
                ),
            ],
            options={
                "db_table": "ledger_lane_member",
                "indexes": [
                    models.Index(
                        condition=models.Q(("left_at__isnull", True)),
                        fields=["lane"],
                        name="member_of_lane",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("left_at__isnull", True)),
                        fields=("subscription",),
                        name="member_of_one",
                    )
                ],
            },
        ),
        migrations.RunSQL(TALLY, UNDO),
    ]
