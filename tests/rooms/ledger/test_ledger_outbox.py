"""All or nothing: the change, its operation, its deliveries, its record and the nudge.

The faults are real ones of the database (a table that cannot be written, for this tenant only, as
on a full disk), of the port that nudges, and of the process.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from lane_bench import Bench, as_owner
from procrastinate.exceptions import ConnectorException
from psycopg import sql

from factories import TODAY, number
from harness import Killed
from tallystick.audit.events import Event
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Origin, record_operation
from tallystick.ledger.state import State
from tallystick.mappings.map_subscription import Place
from tallystick.operations.cancel import cancel
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.finish import Asked, Change, finish
from tallystick.operations.map_existing import map_existing
from tallystick.operations.purchase import Order, purchase
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.sync.jobs import wake_lanes

JOBS = "procrastinate_jobs"


@contextmanager
def broken(table: str, when: str) -> Iterator[None]:
    """Nothing can be written to this table where ``when``; its end puts it right."""
    name = sql.Identifier(f"bench_{number()}")
    with as_owner() as session:
        session.autocommit = True
        session.execute(
            sql.SQL(
                "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$"
            ).format(name=name)
        )
        session.execute(
            sql.SQL(
                "CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW "
                "WHEN ({when}) EXECUTE FUNCTION {name}()"
            ).format(name=name, table=sql.Identifier(table), when=sql.SQL(when))  # type: ignore
        )
        try:
            yield
        finally:
            session.execute(sql.SQL("DROP FUNCTION {name}() CASCADE").format(name=name))


def broken_for(bench: Bench, table: str) -> Any:
    if table == JOBS:
        return broken(table, "NEW.queueing_lock LIKE 'lane:%'")
    return broken(table, f"NEW.tenant_id = {bench.tenancy.tenant_id}")


def stored(bench: Bench) -> dict[str, list[str]]:
    """Every row of this tenant in every table, and every waiting job."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns "
            "WHERE column_name = 'tenant_id' AND table_schema = 'public' ORDER BY 1"
        )
        tables = [row[0] for row in cursor.fetchall()]
        assert {"ledger_operation", "ledger_delivery", "audit_log"} <= set(tables)
        rows: dict[str, list[str]] = {}
        for table in tables:
            cursor.execute(
                sql.SQL("SELECT t::text FROM {} t WHERE tenant_id = %s ORDER BY 1").format(
                    sql.Identifier(table)
                ),
                [bench.tenancy.tenant_id],
            )
            rows[table] = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT count(*)::text FROM procrastinate_jobs")
        rows[JOBS] = [row[0] for row in cursor.fetchall()]
    return rows


def nothing_happened(bench: Bench, before: dict[str, list[str]]) -> None:
    connection.close()  # what this session itself sees is not the question
    assert stored(bench) == before


# The verbs: what is there before, and what is then asked for.

Verb = Callable[[Asked], object]


def changing(bench: Bench) -> Verb:
    return lambda asked: change_quantity(
        subscription_id=bench.subscription_id,
        quantity=12,
        effective_on=TODAY,
        today=TODAY,
        asked=asked,
    )


def cancelling(bench: Bench) -> Verb:
    return lambda asked: cancel(
        subscription_id=bench.subscription_id, effective_on=TODAY, today=TODAY, asked=asked
    )


def mapping(bench: Bench) -> Verb:
    unmapped = bench.tenancy.subscription(quantity=3)
    place = Place(1, "Contoso", number(), "Cloud services", 1, "M365", number())
    return lambda asked: map_existing(
        subscription_id=unmapped,
        connection_id=bench.connection_id,
        place=place,
        effective_on=TODAY,
        today=TODAY,
        asked=asked,
    )


def buying(bench: Bench) -> Verb:
    order = Order(
        customer_id=bench.tenancy.customer(),
        offer_id=bench.tenancy.offer(),
        provider_id=f"sub-{bench.tenancy.tenant_id}-{number()}",
        quantity=5,
        starts_on=TODAY,
    )
    return lambda asked: purchase(order, asked=asked)


VERBS = {"change": changing, "cancel": cancelling, "map": mapping, "buy": buying}
MAPPED = ["change", "cancel", "map"]
SUBSCRIPTION, OPERATION, AUDIT = "subscriptions_subscription", "ledger_operation", "audit_log"
TALLY = "ledger_tally"
LINK = "audit_chain"  # written at the commit, by the database
DELIVERY, LANE, MAPPING = "ledger_delivery", "ledger_lane", "mappings_subscription"
# What each writes; any of it may be what fails.
WRITES = [
    *((verb, table) for verb in VERBS for table in (SUBSCRIPTION, OPERATION, AUDIT, LINK)),
    *((verb, table) for verb in MAPPED for table in (DELIVERY, JOBS)),
    *((verb, TALLY) for verb in MAPPED),
    ("map", LANE),
    ("map", MAPPING),
]


def asked(bench: Bench, wake: Callable[[Sequence[int]], None] = wake_lanes) -> Asked:
    return replace(bench.tenancy.asked(), wake=wake)


@pytest.mark.parametrize("verb", VERBS)
def test_when_nothing_fails_all_of_it_is_there(bench: Bench, verb: str) -> None:
    """The other tests prove something only if each of these really is written."""
    act = VERBS[verb](bench)
    before = stored(bench)

    act(asked(bench))

    after = stored(bench)
    assert {table for table in after if after[table] != before[table]} == {
        table for one, table in WRITES if one == verb
    }
    assert len(after[OPERATION]) == len(before[OPERATION]) + 1


@pytest.mark.parametrize(("verb", "table"), WRITES)
def test_when_one_of_them_cannot_be_written_nothing_is(bench: Bench, verb: str, table: str) -> None:
    act = VERBS[verb](bench)
    before = stored(bench)

    with broken_for(bench, table), pytest.raises((DatabaseError, ConnectorException)):
        act(asked(bench))

    nothing_happened(bench, before)


@pytest.mark.parametrize("verb", MAPPED)
def test_when_the_nudge_fails_nothing_is_stored(bench: Bench, verb: str) -> None:
    act = VERBS[verb](bench)
    before = stored(bench)

    def fails(lane_ids: Sequence[int]) -> None:
        wake_lanes(lane_ids)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act(asked(bench, fails))

    nothing_happened(bench, before)


@pytest.mark.parametrize("verb", MAPPED)
def test_when_the_process_dies_before_the_commit_nothing_is_stored(bench: Bench, verb: str) -> None:
    act = VERBS[verb](bench)
    before = stored(bench)

    def dies(lane_ids: Sequence[int]) -> None:
        wake_lanes(lane_ids)
        raise Killed

    with suppress(Killed):
        act(asked(bench, dies))

    nothing_happened(bench, before)


@pytest.mark.parametrize("verb", MAPPED)
def test_when_the_database_goes_away_before_the_commit_nothing_is_stored(
    bench: Bench, verb: str
) -> None:
    act = VERBS[verb](bench)
    before = stored(bench)

    def cut(lane_ids: Sequence[int]) -> None:
        wake_lanes(lane_ids)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        with as_owner() as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    with pytest.raises((OperationalError, InterfaceError)):
        act(asked(bench, cut))

    nothing_happened(bench, before)


@pytest.mark.parametrize("raised", [ZeroDivisionError(), Killed()], ids=["a fault", "the end"])
def test_when_the_decision_raises_nothing_is_stored(bench: Bench, raised: BaseException) -> None:
    before = stored(bench)

    def decide(view: SubscriptionView) -> Change:
        raise raised

    with pytest.raises(type(raised)):
        finish(bench.subscription_id, decide, asked=asked(bench))

    nothing_happened(bench, before)


@pytest.mark.parametrize(
    "wrong",
    [
        {"summary": "a NUL \x00 in the record's words"},
        {"after": {"quantity": object()}},
        {"effective_on": None},
        {"fields": {"quantity": -1}},
        {"fields": {"status": "nonsense"}},
    ],
    ids=["record", "operation's values", "operation's day", "quantity", "status"],
)
def test_when_a_decision_cannot_be_stored_nothing_of_it_is(
    bench: Bench, wrong: dict[str, Any]
) -> None:
    before = stored(bench)
    good = Change(
        kind=OperationKind.UPDATE_QUANTITY,
        event=Event.UPDATE_SUBSCRIPTION,
        before={"quantity": 10},
        after={"quantity": 12},
        effective_on=TODAY,
        fields={"quantity": 12},
        summary="Quantity 10 to 12",
    )

    with pytest.raises((DatabaseError, TypeError, ValueError)):
        finish(bench.subscription_id, lambda _: replace(good, **wrong), asked=asked(bench))

    nothing_happened(bench, before)


def test_what_a_rule_refuses_is_not_stored(bench: Bench) -> None:
    before = stored(bench)
    with pytest.raises(InvalidInput, match="is already 10"):
        bench.quantity(10)
    nothing_happened(bench, before)


def test_the_same_order_again_answers_the_operation_that_is_there(bench: Bench) -> None:
    of = bench.tenancy
    once = changing(bench)
    first = once(of.asked(source="shop", source_id="order-7"))
    before = stored(bench)

    again = once(replace(of.asked(source="shop", source_id="order-7"), wake=wake_lanes))

    assert (again.operation_id, again.sequence) == (first.operation_id, first.sequence)
    nothing_happened(bench, before)


def test_an_order_used_for_another_subscription_is_refused_and_not_stored(bench: Bench) -> None:
    of = bench.tenancy
    other = of.subscription(quantity=10)
    changing(bench)(of.asked(source="shop", source_id="order-7"))
    before = stored(bench)

    with pytest.raises(Conflicting, match="already used for another"):
        cancel(
            subscription_id=other,
            effective_on=TODAY,
            today=TODAY,
            asked=of.asked(source="shop", source_id="order-7"),
        )

    nothing_happened(bench, before)


def test_outside_a_transaction_nothing_is_recorded(bench: Bench) -> None:
    before = stored(bench)
    with pytest.raises(RuntimeError, match="in the transaction of the change"):
        record_operation(
            tenant_id=bench.tenancy.tenant_id,
            subscription_id=bench.subscription_id,
            sequence=3,
            kind=OperationKind.UPDATE_QUANTITY,
            before={},
            after={},
            effective_on=TODAY,
            actor=bench.tenancy.context.actor,
            origin=Origin("test"),
            correlation_id="c",
            now=bench.now,
            awaits_approval=lambda _: False,
        )
    nothing_happened(bench, before)


def test_a_change_inside_a_larger_act_stands_and_falls_with_it(bench: Bench) -> None:
    before = stored(bench)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        changing(bench)(asked(bench))
        raise ZeroDivisionError
    nothing_happened(bench, before)


# What becomes of a delivery is stored with its record, too.

OUTCOMES: dict[str, Callable[[Bench], None]] = {
    "proved": lambda bench: bench.prove(*bench.deliveries()),
    "failed": lambda bench: bench.stop(*bench.deliveries()),
    "conflict": lambda bench: bench.stop(*bench.deliveries(), to=State.CONFLICT),
}


@pytest.mark.parametrize("table", [DELIVERY, LANE, AUDIT])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_outcome_without_its_record_has_not_happened(
    bench: Bench, outcome: str, table: str
) -> None:
    first, rider = bench.first(), bench.quantity(12)
    bench.send(first, rider)
    if outcome == "conflict":
        bench.unclear(first, rider)
    before = stored(bench)
    evidence = evidence_of(bench)

    with broken_for(bench, table), pytest.raises(DatabaseError, match="no space left"):
        OUTCOMES[outcome](bench)

    nothing_happened(bench, before)
    assert evidence_of(bench) == evidence
    OUTCOMES[outcome](bench)
    assert stored(bench) != before


def test_a_batch_is_settled_as_a_whole_or_not_at_all(bench: Bench) -> None:
    first, rider = bench.first(), bench.quantity(12)
    bench.send(first, rider)
    before = stored(bench)
    rider_only = f"NEW.id = {rider.pk}"

    with broken(DELIVERY, rider_only), pytest.raises(DatabaseError, match="no space left"):
        bench.prove(first, rider)

    nothing_happened(bench, before)
    assert bench.states() == ["sending", "sending"]


@pytest.mark.parametrize("table", ["ledger_attempt", DELIVERY, LANE])
def test_an_intent_is_stored_as_a_whole_or_not_at_all(bench: Bench, table: str) -> None:
    before = stored(bench)
    when = {
        "ledger_attempt": f"NEW.lane_id = {bench.lane_id}",
        DELIVERY: f"NEW.lane_id = {bench.lane_id}",
        LANE: f"NEW.id = {bench.lane_id} AND NEW.open_attempt_id IS NOT NULL",
    }[table]
    bench.lease = bench.take()
    taken = stored(bench)
    assert before.keys() == taken.keys()

    with broken(table, when), pytest.raises(DatabaseError, match="no space left"):
        bench.send(bench.first())

    nothing_happened(bench, taken)
    assert bench.lane().open_attempt_id is None


def evidence_of(bench: Bench) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ledger_evidence e JOIN ledger_attempt a ON a.id = e.attempt_id "
            "WHERE a.lane_id = %s",
            [bench.lane_id],
        )
        (found,) = cursor.fetchone()
    return int(found)
