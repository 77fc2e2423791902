"""Every row of the table of states, walked by a real delivery; every other pair refused.

The list is written here by hand from the sync protocol (section 3). A row removed from the
program or from the database's copy makes its walk fail; a row added to either makes the
comparison fail.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import psycopg
import pytest
from django.db import connection
from lane_bench import NOT_REACHED, REFUSAL, THIRD_VALUE, Bench

from tallystick.ledger.settle import Cause, change
from tallystick.ledger.state import TRANSITIONS, IllegalTransition, State

Walk = Callable[[Bench], None]


@dataclass(frozen=True)
class Row:
    before: str
    after: str
    walk: Walk
    cause: str = ""


def fails(to: State, cause: Cause) -> Walk:
    return lambda bench: bench.stop(bench.first(), to=to, cause=cause)


def person(how: str) -> Walk:
    return lambda bench: bench.decide(how)


ROWS = [
    Row("pending", "sending", lambda bench: bench.send(bench.first())),
    Row("pending", "synced", lambda bench: bench.prove(bench.first())),
    Row("pending", "failed", fails(State.FAILED, REFUSAL), REFUSAL.words),
    Row("pending", "conflict", fails(State.CONFLICT, THIRD_VALUE), THIRD_VALUE.words),
    Row("pending", "resolved", person("skip"), "Skipped"),
    Row("sending", "synced", lambda bench: bench.prove(bench.first())),
    Row("sending", "pending", lambda bench: bench.put_back(bench.first()), NOT_REACHED.words),
    Row("sending", "failed", fails(State.FAILED, REFUSAL), REFUSAL.words),
    Row(
        "sending",
        "checking",
        lambda bench: bench.unclear(bench.first(), cause=Cause("reset", "The line was cut.")),
        "The line was cut.",
    ),
    Row("checking", "synced", lambda bench: bench.prove(bench.first())),
    Row(
        "checking",
        "pending",
        lambda bench: bench.put_back(bench.first(), counts_as_try=False),
        NOT_REACHED.words,
    ),
    Row("checking", "conflict", fails(State.CONFLICT, THIRD_VALUE), THIRD_VALUE.words),
    Row("failed", "pending", lambda bench: bench.press_sync()),
    Row(
        "failed",
        "resolved",
        person("done_by_hand"),
        "Done by hand: believed, no reading agreed",
    ),
    Row("conflict", "pending", person("push_ours")),
    Row("conflict", "resolved", person("skip"), "Skipped"),
]
PAIRS = [(row.before, row.after) for row in ROWS]
STATES = [
    "pending",
    "sending",
    "checking",
    "synced",
    "failed",
    "conflict",
    "not_applicable",
    "resolved",
]
SETTLED = {"synced", "not_applicable", "resolved"}
REFUSED = sorted(set(product(STATES, STATES)) - set(PAIRS))


@pytest.mark.parametrize("row", ROWS, ids=[f"{a} to {b}" for a, b in PAIRS])
def test_a_delivery_walks_the_row(bench: Bench, row: Row) -> None:
    assert bench.in_state(row.before).state == row.before
    bench.later(seconds=30)

    row.walk(bench)

    (there,) = bench.deliveries()
    assert there.state == row.after
    assert there.cause == row.cause
    assert (there.settled_at is not None) == (row.after in SETTLED)
    assert (there.stopped_at is not None) == (row.after in {"failed", "conflict"})
    assert (there.proved_at is not None) == (row.after == "synced")
    if row.after in {"sending", "checking"}:
        assert there.attempt_id == bench.lane().open_attempt_id is not None
    else:
        assert bench.lane().open_attempt_id is None, "nothing is in flight any more"


def test_the_list_is_the_programs_table_and_the_databases(bench: Bench) -> None:
    assert len(set(PAIRS)) == len(PAIRS)
    assert sorted((a.value, b.value) for a, b in TRANSITIONS) == sorted(PAIRS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT before, after FROM ledger_transition")
        assert sorted(cursor.fetchall()) == sorted(PAIRS)


@pytest.mark.parametrize(("before", "after"), REFUSED)
def test_every_other_pair_is_refused_by_the_program(bench: Bench, before: str, after: str) -> None:
    delivery = bench.in_state(before)
    stored = raw(delivery.pk)

    with pytest.raises(IllegalTransition, match=f"from {before} to {after}"):
        change(delivery, State(after), now=bench.now, cause=Cause("x", "y"))

    assert delivery.state == before
    assert raw(delivery.pk) == stored


@pytest.mark.parametrize(("before", "after"), [pair for pair in REFUSED if pair[0] != pair[1]])
def test_every_other_pair_is_refused_by_the_database(
    bench: Bench, application: psycopg.Connection[Any], before: str, after: str
) -> None:
    delivery = bench.in_state(before)

    with pytest.raises(
        psycopg.errors.CheckViolation, match=f"a delivery may not go from {before} to {after}"
    ):
        move(application, bench, delivery.pk, after)
    application.rollback()

    assert bench.fresh([delivery])[0].state == before


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_the_database_refuses_for_the_table_and_for_nothing_else(
    bench: Bench, application: psycopg.Connection[Any], before: str, after: str
) -> None:
    """The same raw statement that is refused above is let through for a row of the table."""
    delivery = bench.in_state(before)

    move(application, bench, delivery.pk, after)

    found = application.execute("SELECT state FROM ledger_delivery WHERE id = %s", [delivery.pk])
    assert found.fetchone() == (after,)


@pytest.mark.parametrize("state", [state for state in STATES if state not in {"pending"}])
def test_a_delivery_does_not_begin_anywhere_else(
    bench: Bench, application: psycopg.Connection[Any], state: str
) -> None:
    delivery = bench.in_state("pending")
    bench.send(delivery)
    insert = (
        "INSERT INTO ledger_delivery (tenant_id, operation_id, lane_id, sequence, state, "
        "attempt_id, effective_on, moved_because, tries, cause, cause_code, settled_at, "
        "proved_at, created_at) SELECT tenant_id, %(operation)s, lane_id, 99, %(state)s, "
        "attempt_id, effective_on, '', 0, 'why', '', %(settled)s, created_at, created_at "
        "FROM ledger_delivery WHERE id = %(like)s RETURNING state"
    )
    values = {
        "operation": bench.operations()[0].pk,  # the purchase: it has no delivery
        "state": state,
        "settled": bench.now if state in SETTLED else None,
        "like": delivery.pk,
    }
    if state == "not_applicable":
        assert application.execute(insert, values).fetchone() == (state,)
        return
    with pytest.raises(psycopg.errors.CheckViolation, match="begins pending or not applicable"):
        application.execute(insert, values)


def raw(delivery_id: int) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_delivery WHERE id = %s", [delivery_id])
        return tuple(cursor.fetchone())


def move(session: psycopg.Connection[Any], bench: Bench, delivery_id: int, state: str) -> None:
    """Every other column is as the state needs it, so only the table of states can refuse."""
    attempt = session.execute(
        "INSERT INTO ledger_attempt (lane_id, number, kind, contract_id, effective_on, base, "
        "target, body, request_text, started_at, deadline_at, asked_by, correlation_id) "
        "VALUES (%s, 99, 'adjust', 1, '2026-05-10', '{}', '{}', '{}', '', now(), now(), '', '') "
        "RETURNING id",
        [bench.lane_id],
    ).fetchone()
    session.execute(
        "UPDATE ledger_delivery SET state = %(state)s, attempt_id = %(attempt)s, cause = 'why', "
        "settled_at = %(settled)s, proved_at = now() WHERE id = %(id)s",
        {
            "state": state,
            "attempt": attempt[0] if attempt else None,
            "settled": bench.now if state in SETTLED else None,
            "id": delivery_id,
        },
    )
