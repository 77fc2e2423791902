"""A subscription knows whether it is mapped: said by the database alone.

Whatever is written to the column, it says whether there is a mapping: of two at once, the second
waits for the row and sees what the first has committed.
"""

from django.db import migrations

MAPPED = """
CREATE FUNCTION mappings_is_mapped() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    reach text := coalesce(current_setting('tallystick.reach', true), '');
BEGIN
    PERFORM set_config('tallystick.reach', 'everything', true);
    NEW.mapped := EXISTS (SELECT FROM mappings_subscription WHERE subscription_id = NEW.id);
    PERFORM set_config('tallystick.reach', reach, true);
    RETURN NEW;
END
$$;
CREATE TRIGGER mappings_is_mapped BEFORE INSERT OR UPDATE OF mapped ON subscriptions_subscription
    FOR EACH ROW EXECUTE FUNCTION mappings_is_mapped();

CREATE FUNCTION mappings_tell_subscription() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    reach text := coalesce(current_setting('tallystick.reach', true), '');
BEGIN
    PERFORM set_config('tallystick.reach', 'everything', true);
    UPDATE subscriptions_subscription SET mapped = (TG_OP = 'INSERT')
        WHERE id = CASE TG_OP WHEN 'INSERT' THEN NEW.subscription_id ELSE OLD.subscription_id END;
    PERFORM set_config('tallystick.reach', reach, true);
    RETURN NULL;
END
$$;
CREATE TRIGGER mappings_tell_subscription AFTER INSERT OR DELETE ON mappings_subscription
    FOR EACH ROW EXECUTE FUNCTION mappings_tell_subscription();
"""
# The triggers hold both tables until the end: nobody maps anything meanwhile.
FILL = """
UPDATE subscriptions_subscription SET mapped = true
    WHERE id IN (SELECT subscription_id FROM mappings_subscription);
"""
UNDO = """
DROP TRIGGER mappings_is_mapped ON subscriptions_subscription;
DROP TRIGGER mappings_tell_subscription ON mappings_subscription;
DROP FUNCTION mappings_is_mapped();
DROP FUNCTION mappings_tell_subscription();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("mappings", "0003_lines_wanted_and_left"),
        ("subscriptions", "0006_mapped_and_not_seen"),
    ]
    operations = [
        migrations.RunSQL(MAPPED, UNDO),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
