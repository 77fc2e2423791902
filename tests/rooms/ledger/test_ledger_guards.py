"""What the database itself holds, against raw SQL past everything Python checks.

As the application: it has not even the right. As the owner, who has every right: the guard.
"""

from typing import Any

import psycopg
import pytest
from lane_bench import Bench, new_bench
from psycopg import sql

from tallystick.ledger.kinds import EvidenceKind
from tallystick.ledger.models import Evidence
from tallystick.ledger.second_writer import UnitChange
from tallystick.ledger.sightings import keep_dealt_with, keep_what_was_before

FACTS = [
    "ledger_operation",
    "ledger_attempt",
    "ledger_evidence",
    "ledger_sighting",
    "ledger_dealt_with",
    "ledger_round_item",
    "audit_log",
]
COLUMN = {
    "ledger_operation": "actor",
    "ledger_attempt": "asked_by",
    "ledger_evidence": "kind",
    "ledger_sighting": "kind",
    "ledger_dealt_with": "reason",
    "ledger_round_item": "because",
    "audit_log": "summary",
    "ledger_transition": "after",
}
SETTLED = ["synced", "not_applicable", "resolved"]
DENIED = psycopg.errors.InsufficientPrivilege
CHECKED = psycopg.errors.CheckViolation

Session = psycopg.Connection[Any]


def with_facts(bench: Bench) -> None:
    """At least one row of every table of facts: a guard on rows guards nothing in an empty one."""
    bench.send(bench.first())
    bench.answered(answer="applied")
    assert Evidence.objects.filter(attempt=bench.lane().open_attempt_id).exists()
    assert bench.audit()
    lane, now = bench.lane(), bench.lane().created_at
    change = [UnitChange(now.date(), 10, 12)]
    keep_what_was_before(lane.pk, change, contract_id=1, line_id=2, now=now)
    keep_dealt_with(lane, reason="It is off.", person="Ada", now=now)
    bench.press_sync()


def change_one(table: str) -> sql.Composed:
    return sql.SQL(
        "UPDATE {table} SET {column} = {column} WHERE id = (SELECT max(id) FROM {table})"
    ).format(table=sql.Identifier(table), column=sql.Identifier(COLUMN[table]))


def delete_one(table: str) -> sql.Composed:
    return sql.SQL("DELETE FROM {table} WHERE id = (SELECT max(id) FROM {table})").format(
        table=sql.Identifier(table)
    )


def empty(table: str) -> sql.Composed:
    return sql.SQL("TRUNCATE {table} CASCADE").format(table=sql.Identifier(table))


WAYS = {"changed": change_one, "deleted": delete_one, "emptied": empty}


class TestFactsAreForEver:
    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("table", [*FACTS, "ledger_transition"])
    def test_the_application_has_no_right(
        self, bench: Bench, application: Session, table: str, way: str
    ) -> None:
        with_facts(bench)
        with pytest.raises(DENIED, match=f"permission denied for table {table}"):
            application.execute(WAYS[way](table))

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("table", [*FACTS, "ledger_transition"])
    def test_the_guard_refuses_the_owner_too(
        self, bench: Bench, owner: Session, table: str, way: str
    ) -> None:
        with_facts(bench)
        with pytest.raises(DENIED, match=f"^{table} holds facts"):
            owner.execute(WAYS[way](table))

    @pytest.mark.parametrize("table", FACTS)
    def test_the_application_may_add_and_read_them_and_nothing_else(
        self, application: Session, table: str
    ) -> None:
        assert rights(application, table) == {"SELECT", "INSERT"}

    def test_the_application_may_only_read_the_table_of_states(self, application: Session) -> None:
        assert rights(application, "ledger_transition") == {"SELECT"}
        with pytest.raises(DENIED, match="permission denied"):
            application.execute(
                "INSERT INTO ledger_transition (before, after) VALUES ('synced', 'pending')"
            )

    @pytest.mark.parametrize(
        "table", ["ledger_delivery", "ledger_lane", "ledger_sync_run", "ledger_sync_round"]
    )
    def test_what_is_due_changes_and_is_never_deleted(
        self, bench: Bench, application: Session, table: str
    ) -> None:
        assert rights(application, table) == {"SELECT", "INSERT", "UPDATE"}
        with pytest.raises(DENIED, match=f"permission denied for table {table}"):
            application.execute(delete_one(table))

    def test_not_even_the_owner_deletes_a_delivery(self, bench: Bench, owner: Session) -> None:
        with pytest.raises(DENIED, match="a delivery is never deleted"):
            owner.execute("DELETE FROM ledger_delivery WHERE lane_id = %s", [bench.lane_id])

    def test_the_application_cannot_take_the_guards_away(self, application: Session) -> None:
        for statement in (
            "ALTER TABLE ledger_operation DISABLE TRIGGER ledger_operation_facts",
            "DROP TRIGGER ledger_delivery_guard ON ledger_delivery",
            "SET session_replication_role = replica",
        ):
            with pytest.raises(DENIED):
                application.execute(statement)
            application.rollback()


class TestOneAfterAnother:
    """Nothing is sent or called synced while an earlier one of the lane is unsettled."""

    @pytest.mark.parametrize("head", ["pending", "sending", "checking", "failed", "conflict"])
    @pytest.mark.parametrize("state", ["sending", "synced"])
    def test_nothing_overtakes_an_unsettled_one(
        self, bench: Bench, application: Session, head: str, state: str
    ) -> None:
        later = bench.quantity(12)
        bench.in_state(head)
        with pytest.raises(CHECKED, match=f"operation {later.sequence} may not overtake"):
            put_in(application, bench, [later.pk], state, attempt=new_attempt(application, bench))

    @pytest.mark.parametrize("head", ["sending", "checking"])
    def test_two_calls_are_never_under_way_in_one_lane(
        self, bench: Bench, application: Session, head: str
    ) -> None:
        later = bench.quantity(12)
        bench.in_state(head)
        with pytest.raises(CHECKED, match="may not overtake"):
            put_in(
                application, bench, [later.pk], "sending", attempt=new_attempt(application, bench)
            )
        application.rollback()
        assert bench.states() == [head, "pending"]

    def test_what_rides_in_the_same_call_goes_out_together(
        self, bench: Bench, application: Session
    ) -> None:
        both = [bench.first().pk, bench.quantity(12).pk]
        put_in(application, bench, both, "sending", attempt=new_attempt(application, bench))
        assert states(application, bench) == ["sending", "sending"]

    def test_what_rides_in_the_same_call_is_not_proved_before_its_first(
        self, bench: Bench, application: Session
    ) -> None:
        first, later = bench.first(), bench.quantity(12)
        attempt = bench.send(first, later)
        with pytest.raises(CHECKED, match="may not overtake"):
            put_in(application, bench, [later.pk], "synced", attempt=attempt.pk)

    @pytest.mark.parametrize("settled", ["synced", "resolved"])
    def test_behind_a_settled_one_the_next_has_its_turn(
        self, bench: Bench, application: Session, settled: str
    ) -> None:
        later = bench.quantity(12)
        bench.in_state(settled)
        put_in(application, bench, [later.pk], "sending", attempt=new_attempt(application, bench))
        assert states(application, bench) == [settled, "sending"]

    def test_what_is_not_applicable_is_in_nobodys_way(
        self, bench: Bench, application: Session
    ) -> None:
        bench.prove(bench.first())
        bench.not_applicable()
        later = bench.quantity(12)
        put_in(application, bench, [later.pk], "synced", attempt=None)
        assert states(application, bench) == ["synced", "not_applicable", "synced"]

    def test_another_lane_is_not_in_the_way(self, bench: Bench, application: Session) -> None:
        other = new_bench(bench.tenancy)
        bench.in_state("failed")
        put_in(
            application,
            other,
            [other.first().pk],
            "sending",
            attempt=new_attempt(application, other),
        )
        assert states(application, other) == ["sending"]


class TestNumbers:
    def test_no_two_operations_of_a_subscription_have_one_number(
        self, bench: Bench, application: Session
    ) -> None:
        with pytest.raises(psycopg.errors.UniqueViolation, match="operation_number"):
            add_operation(application, bench, sequence=2)

    def test_two_subscriptions_have_numbers_of_their_own(
        self, bench: Bench, application: Session
    ) -> None:
        other = new_bench(bench.tenancy)
        assert [one.sequence for one in bench.operations()] == [1, 2]
        assert [one.sequence for one in other.operations()] == [1, 2]

    @pytest.mark.parametrize("sequence", [0, -1])
    def test_numbers_begin_at_one(self, bench: Bench, application: Session, sequence: int) -> None:
        with pytest.raises(CHECKED, match="operation_number_from_1"):
            add_operation(application, bench, sequence=sequence)

    def test_one_source_records_one_operation_once(
        self, bench: Bench, application: Session
    ) -> None:
        add_operation(application, bench, sequence=3, source_id="order-7")
        with pytest.raises(psycopg.errors.UniqueViolation, match="operation_once_per_source"):
            add_operation(application, bench, sequence=4, source_id="order-7")

    def test_an_unknown_kind_of_operation_is_refused(
        self, bench: Bench, application: Session
    ) -> None:
        with pytest.raises(CHECKED, match="operation_kind_known"):
            add_operation(application, bench, sequence=3, kind="gift")

    def test_an_attempt_has_its_own_number_in_its_lane(
        self, bench: Bench, application: Session
    ) -> None:
        new_attempt(application, bench, number=1)
        with pytest.raises(psycopg.errors.UniqueViolation, match="attempt_number"):
            new_attempt(application, bench, number=1)

    @pytest.mark.parametrize(
        ("kind", "guard"),
        [("adjust", None), ("create_line", None), ("guess", "attempt_kind_known")],
    )
    def test_an_unknown_kind_of_attempt_is_refused(
        self, bench: Bench, application: Session, kind: str, guard: str | None
    ) -> None:
        if guard is None:
            assert new_attempt(application, bench, kind=kind)
            return
        with pytest.raises(CHECKED, match=guard):
            new_attempt(application, bench, kind=kind)

    def test_an_unknown_kind_of_evidence_is_refused(
        self, bench: Bench, application: Session
    ) -> None:
        attempt = new_attempt(application, bench)
        add = (
            "INSERT INTO ledger_evidence (attempt_id, kind, at, data) VALUES (%s, %s, now(), '{}')"
        )
        for kind in EvidenceKind:
            application.execute(add, [attempt, kind.value])
        with pytest.raises(CHECKED, match="evidence_kind_known"):
            application.execute(add, [attempt, "hearsay"])


class TestDeliveries:
    def test_there_is_none_without_an_operation(self, bench: Bench, application: Session) -> None:
        with pytest.raises(psycopg.errors.NotNullViolation, match="operation_id"):
            add_delivery(application, bench, operation=None)

    def test_there_is_none_for_an_operation_that_does_not_exist(
        self, bench: Bench, application: Session
    ) -> None:
        with pytest.raises(psycopg.errors.ForeignKeyViolation, match="operation"):
            add_delivery(application, bench, operation=-1)
            application.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def test_there_is_none_without_a_lane(self, bench: Bench, application: Session) -> None:
        with pytest.raises(psycopg.errors.NotNullViolation, match="lane_id"):
            add_delivery(application, bench, lane=None)

    def test_an_operation_is_delivered_once_to_a_connection(
        self, bench: Bench, application: Session
    ) -> None:
        with pytest.raises(psycopg.errors.UniqueViolation, match="delivery_once"):
            add_delivery(application, bench, operation=bench.first().operation_id, sequence=9)

    def test_no_two_of_a_lane_have_one_number(self, bench: Bench, application: Session) -> None:
        with pytest.raises(psycopg.errors.UniqueViolation, match="delivery_number"):
            add_delivery(application, bench, sequence=bench.first().sequence)

    @pytest.mark.parametrize("column", ["operation_id", "lane_id", "sequence"])
    def test_it_keeps_its_operation_its_lane_and_its_number(
        self, bench: Bench, application: Session, column: str
    ) -> None:
        delivery, other = bench.quantity(12), new_bench(bench.tenancy)
        value = {
            "operation_id": bench.operations()[0].pk,
            "lane_id": other.lane_id,
            "sequence": 77,
        }[column]
        with pytest.raises(CHECKED, match="keeps its operation, lane and number"):
            application.execute(
                sql.SQL("UPDATE ledger_delivery SET {} = %s WHERE id = %s").format(
                    sql.Identifier(column)
                ),
                [value, delivery.pk],
            )

    @pytest.mark.parametrize(
        ("settled", "state"),
        [
            (settled, state)
            for settled in ("synced", "not_applicable", "resolved")
            for state in ("pending", "sending", "checking", "failed", "conflict", *SETTLED)
            if state != settled
        ],
    )
    def test_what_is_settled_stays_settled(
        self, bench: Bench, application: Session, settled: str, state: str
    ) -> None:
        delivery = bench.in_state(settled)
        with pytest.raises(CHECKED, match=f"may not go from {settled} to {state}"):
            put_in(
                application, bench, [delivery.pk], state, attempt=new_attempt(application, bench)
            )

    def test_a_state_nobody_knows_is_refused(self, bench: Bench, application: Session) -> None:
        with pytest.raises(CHECKED, match="delivery_state_known"):
            put_in(application, bench, [bench.first().pk], "done", attempt=None)

    @pytest.mark.parametrize(
        ("change", "guard"),
        [
            ("state = 'sending'", "delivery_in_flight_has_attempt"),
            ("state = 'failed'", "delivery_stopped_has_cause"),
            ("state = 'conflict'", "delivery_stopped_has_cause"),
            ("state = 'synced', proved_at = now()", "delivery_settled_has_time"),
            ("state = 'resolved'", "delivery_settled_has_time"),
            ("settled_at = now()", "delivery_settled_has_time"),
            ("state = 'synced', settled_at = now()", "delivery_synced_is_proved"),
        ],
    )
    def test_a_state_has_what_it_claims(
        self, bench: Bench, application: Session, change: str, guard: str
    ) -> None:
        """In flight: the intent. Stopped: the cause. Settled: when. Synced: when it was proved."""
        with pytest.raises(CHECKED, match=guard):
            application.execute(
                f"UPDATE ledger_delivery SET {change} WHERE id = %s",  # noqa: S608 - written above
                [bench.first().pk],
            )


class TestLanesAndRuns:
    def test_a_subscription_has_one_lane_on_a_connection(
        self, bench: Bench, application: Session
    ) -> None:
        with pytest.raises(psycopg.errors.UniqueViolation, match="lane_once"):
            application.execute(
                "INSERT INTO ledger_lane (tenant_id, subscription_id, connection_id, open, token, "
                "turns_lost, earlier, created_at) VALUES (%s, %s, %s, true, 0, 0, '[]', now())",
                [bench.tenancy.tenant_id, bench.subscription_id, bench.connection_id],
            )

    def test_fewer_units_than_none_are_never_expected(
        self, bench: Bench, application: Session
    ) -> None:
        with pytest.raises(CHECKED, match="lane_expected_units_not_negative"):
            application.execute(
                "UPDATE ledger_lane SET expected_units = -1 WHERE id = %s", [bench.lane_id]
            )

    def test_one_attempt_is_open_in_one_lane_only(self, bench: Bench, application: Session) -> None:
        other = new_bench(bench.tenancy)
        attempt = bench.send(bench.first())
        with pytest.raises(psycopg.errors.UniqueViolation, match="open_attempt"):
            application.execute(
                "UPDATE ledger_lane SET open_attempt_id = %s WHERE id = %s",
                [attempt.pk, other.lane_id],
            )

    def test_one_sync_at_a_time_is_open_on_a_lane(self, bench: Bench, application: Session) -> None:
        bench.press_sync()
        with pytest.raises(psycopg.errors.UniqueViolation, match="run_one_open"):
            add_run(application, bench, finished=False)
        application.rollback()
        add_run(application, bench, finished=True)

    def test_a_finished_sync_adds_up(self, bench: Bench, application: Session) -> None:
        with pytest.raises(CHECKED, match="run_adds_up"):
            add_run(application, bench, finished=True, seen=1)


def rights(session: Session, table: str) -> set[str]:
    """What the session's own role may do with a table."""
    every = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES"]
    found = session.execute(
        "SELECT r FROM unnest(%s::text[]) r WHERE has_table_privilege(%s, r)", [every, table]
    )
    return {row[0] for row in found}


def states(session: Session, bench: Bench) -> list[str]:
    found = session.execute(
        "SELECT state FROM ledger_delivery WHERE lane_id = %s ORDER BY sequence", [bench.lane_id]
    )
    return [row[0] for row in found]


def new_attempt(session: Session, bench: Bench, *, number: int = 99, kind: str = "adjust") -> int:
    found = session.execute(
        "INSERT INTO ledger_attempt (lane_id, number, kind, contract_id, effective_on, base, "
        "target, body, request_text, started_at, deadline_at, asked_by, correlation_id) "
        "VALUES (%s, %s, %s, 1, '2026-05-10', '{}', '{}', '{}', '', now(), now(), '', '') "
        "RETURNING id",
        [bench.lane_id, number, kind],
    ).fetchone()
    assert found
    return int(found[0])


def put_in(
    session: Session, bench: Bench, ids: list[int], state: str, *, attempt: int | None
) -> None:
    """With every other column as the state needs it, in one statement."""
    session.execute(
        "UPDATE ledger_delivery SET state = %(state)s, attempt_id = %(attempt)s, cause = 'why', "
        "settled_at = %(settled)s, proved_at = now() WHERE id = ANY(%(ids)s)",
        {
            "state": state,
            "attempt": attempt,
            "settled": bench.now if state in SETTLED else None,
            "ids": ids,
        },
    )


def add_operation(
    session: Session,
    bench: Bench,
    *,
    sequence: int,
    kind: str = "update_quantity",
    source_id: str | None = None,
) -> None:
    session.execute(
        "INSERT INTO ledger_operation (tenant_id, subscription_id, sequence, kind, before, after, "
        "effective_on, recorded_at, actor, actor_ref, source, source_id, correlation_id) VALUES "
        "(%s, %s, %s, %s, '{}', '{}', '2026-05-10', now(), 'x', 'x', 'test', %s, 'x')",
        [bench.tenancy.tenant_id, bench.subscription_id, sequence, kind, source_id],
    )


_SAME: Any = object()


def add_delivery(
    session: Session, bench: Bench, *, operation: Any = _SAME, lane: Any = _SAME, sequence: int = 9
) -> None:
    """Of the purchase, which has none, unless told otherwise."""
    session.execute(
        "INSERT INTO ledger_delivery (tenant_id, operation_id, lane_id, sequence, state, "
        "effective_on, moved_because, tries, cause, cause_code, created_at) "
        "VALUES (%s, %s, %s, %s, 'pending', '2026-05-10', '', 0, '', '', now())",
        [
            bench.tenancy.tenant_id,
            bench.operations()[0].pk if operation is _SAME else operation,
            bench.lane_id if lane is _SAME else lane,
            sequence,
        ],
    )


def add_run(session: Session, bench: Bench, *, finished: bool, seen: int = 0) -> None:
    session.execute(
        "INSERT INTO ledger_sync_run (tenant_id, lane_id, asked_by, correlation_id, started_at, "
        "finished_at, seen, written, unchanged, ignored, waiting, failed, found) "
        "VALUES (%s, %s, 'x', 'x', now(), %s, %s, 0, 0, 0, 0, 0, '')",
        [bench.tenancy.tenant_id, bench.lane_id, bench.now if finished else None, seen],
    )
