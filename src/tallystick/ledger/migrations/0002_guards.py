"""What the ledger promises, held by the database itself.

- operations, attempts and evidence are facts: added, never changed or deleted;
- a delivery changes state only along the table, which is kept here as data;
- nothing is sent or settled as synced while an earlier operation of the lane is unsettled,
  except what travels in the same call.
"""

from django.db import migrations

FACTS = ["ledger_operation", "ledger_attempt", "ledger_evidence", "ledger_transition"]

# A frozen copy: tests/house compares it with ledger.state.TRANSITIONS.
TRANSITIONS = [
    ("pending", "sending"),
    ("pending", "synced"),
    ("pending", "failed"),
    ("pending", "conflict"),
    ("pending", "resolved"),
    ("sending", "synced"),
    ("sending", "pending"),
    ("sending", "failed"),
    ("sending", "checking"),
    ("checking", "synced"),
    ("checking", "pending"),
    ("checking", "conflict"),
    ("failed", "pending"),
    ("conflict", "pending"),
    ("failed", "resolved"),
    ("conflict", "resolved"),
]

ROWS = "INSERT INTO ledger_transition (before, after) VALUES " + ", ".join(
    f"('{before}', '{after}')" for before, after in TRANSITIONS
)

GUARDS = """
CREATE FUNCTION ledger_delivery_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a delivery is never deleted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('pending', 'not_applicable') THEN
            RAISE EXCEPTION 'a delivery begins pending or not applicable, not %', NEW.state
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.operation_id, NEW.lane_id, NEW.sequence) IS DISTINCT FROM
       (OLD.operation_id, OLD.lane_id, OLD.sequence) THEN
        RAISE EXCEPTION 'a delivery keeps its operation, lane and number'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = OLD.state THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM ledger_transition t
                   WHERE t.before = OLD.state AND t.after = NEW.state) THEN
        RAISE EXCEPTION 'a delivery may not go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state IN ('sending', 'synced') AND EXISTS (
        SELECT 1 FROM ledger_delivery d
        WHERE d.lane_id = NEW.lane_id AND d.sequence < NEW.sequence
          AND d.state NOT IN ('synced', 'not_applicable', 'resolved')
          AND (NEW.state = 'synced' OR d.attempt_id IS DISTINCT FROM NEW.attempt_id)
    ) THEN
        RAISE EXCEPTION 'operation % may not overtake an unsettled one', NEW.sequence
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE CONSTRAINT TRIGGER ledger_delivery_guard AFTER INSERT OR UPDATE OR DELETE
    ON ledger_delivery FOR EACH ROW EXECUTE FUNCTION ledger_delivery_guard();
"""

GUARD = """
CREATE TRIGGER {table}_facts BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION tallystick_refuse_change();
CREATE TRIGGER {table}_facts_all BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION tallystick_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("audit", "0002_facts_only")]
    operations = [
        migrations.RunSQL(ROWS, migrations.RunSQL.noop),
        migrations.RunSQL(
            GUARDS,
            "DROP TRIGGER ledger_delivery_guard ON ledger_delivery; "
            "DROP FUNCTION ledger_delivery_guard();",
        ),
        *(
            migrations.RunSQL(
                GUARD.format(table=table),
                f"DROP TRIGGER {table}_facts ON {table}; "
                f"DROP TRIGGER {table}_facts_all ON {table};",
            )
            for table in FACTS
        ),
    ]
