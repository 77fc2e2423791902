"""A month is closed from what Autotask shows at that moment, and its proof stays as it was."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection as database
from django.db import transaction
from django.db.utils import DatabaseError

from factories import sibling, tenancy
from harness import World
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.books.close_month import close_month
from tallystick.books.compare_month import MonthOutcome
from tallystick.books.models import MonthProof, MonthProofLine
from tallystick.books.month_queries import (
    ProofLineView,
    ProofView,
    get_proof,
    list_proofs,
    proof_lines,
)
from tallystick.bootstrap.months import as_csv, as_json
from tallystick.identity.context import Context
from tallystick.identity.roles import Role
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import InvalidInput, NotAllowed, NotFound, Unreachable

APRIL = date(2026, 4, 1)


def close(world: World, month: date = APRIL, context: Context | None = None) -> ProofView:
    proof_id = close_month(
        world.connection_id,
        month,
        context=context or world.tenancy.context,
        now=world.clock.now(),
        correlation_id=correlation_id(),
        billing=world.engine.billing,
    )
    return get_proof(world.tenancy.context, proof_id)


def lines(world: World, proof: ProofView) -> dict[int, ProofLineView]:
    page = proof_lines(world.tenancy.context, proof.id, limit=500)
    return {one.subscription_id: one for one in page.items}


def test_what_is_equal_is_proved_with_its_money(world: World) -> None:
    line = world.line(units=10, starts_on=date(2026, 1, 1))
    line.quantity(12, on=date(2026, 4, 16))
    world.work()
    proof = close(world)
    assert proof.outcome is MonthOutcome.EQUAL
    assert (proof.number, proof.equal, proof.changed) == (1, 1, None)
    assert proof.ordered_amount == proof.shown_amount == Decimal("167.20")
    found = lines(world, proof)[line.subscription_id]
    assert [one["what"] for one in found.operations] == ["Update quantity 10 to 12"]
    assert [(one["from"], one["units"]) for one in found.shown] == [
        ("2026-04-01", 10),
        ("2026-04-16", 12),
    ]


def test_it_is_read_anew_not_remembered(world: World) -> None:
    """Nobody has looked since somebody changed it there: the badge is still green."""
    line = world.line(units=10)
    line.hand_edit(13, on=date(2026, 4, 11))
    assert line.badge == "synced"
    proof = close(world)
    assert proof.outcome is MonthOutcome.DIFFERENT
    assert proof.difference == Decimal("30.40"), "3 units for 20 of 30 days"
    assert "Autotask shows 10, 13" in lines(world, proof)[line.subscription_id].why


def test_what_is_not_settled_or_not_mapped_differs(world: World) -> None:
    line = world.line(units=10)
    line.strike("refuse")
    line.quantity(12, on=date(2026, 4, 16))
    world.work()
    loose = world.tenancy.subscription(quantity=3)
    world.tenancy.subscription(quantity=3, starts_on=date(2026, 5, 2))
    proof = close(world)
    assert (proof.different, proof.not_billed, proof.equal) == (1, 1, 0)
    found = lines(world, proof)
    assert "is not settled." in found[line.subscription_id].why
    assert found[loose].outcome is MonthOutcome.NOT_BILLED
    assert found[loose].difference == Decimal("-45.60"), "what nobody bills"
    first = proof_lines(world.tenancy.context, proof.id, limit=1)
    assert first.items[0].outcome is MonthOutcome.DIFFERENT, "what differs first"
    rest = proof_lines(world.tenancy.context, proof.id, limit=1, cursor=first.next_cursor)
    assert [one.subscription_id for one in rest.items] == [loose]
    assert rest.next_cursor is None


def test_nothing_to_compare_is_no_green_tick(world: World) -> None:
    assert close(world).outcome is MonthOutcome.NOTHING
    world.line(starts_on=date(2026, 1, 1))
    before_we_billed = close(world, date(2025, 12, 1))
    assert before_we_billed.outcome is MonthOutcome.NOTHING
    assert before_we_billed.nothing == 1


def test_closing_again_makes_a_second_proof_that_says_what_changed(world: World) -> None:
    same, moved = world.line(), world.line()
    first = close(world)
    moved.hand_edit(13, on=date(2026, 4, 11))
    second = close(world)
    assert (second.number, second.changed) == (2, 1)
    assert get_proof(world.tenancy.context, first.id) == first, "the first stays as it was"
    changed = proof_lines(world.tenancy.context, second.id, changed=True).items
    assert [one.subscription_id for one in changed] == [moved.subscription_id]
    assert changed[0].before_in_words() == "before: Equal, ordered 152.00, shown 152.00"
    assert lines(world, second)[same.subscription_id].before_in_words() == ""
    newest = list_proofs(world.tenancy.context, month=APRIL, limit=1)
    assert [one.id for one in newest.items] == [second.id]
    rest = list_proofs(
        world.tenancy.context, connection_id=world.connection_id, cursor=newest.next_cursor
    )
    assert [one.id for one in rest.items] == [first.id]


def test_lines_are_read_500_a_call_whatever_there_is(world: World) -> None:
    for _ in range(4):
        world.line()
    seen = world.simulator.requests()[-1]["seq"]
    close(world)
    made = world.simulator.requests(after=seen)
    assert len(made) == 1, [one["path"] for one in made]
    assert made[0]["path"].endswith("/query")


def test_what_cannot_be_read_closes_nothing(world: World) -> None:
    world.line()
    world.simulator.add_fault("html_502", path="ContractServiceUnits", times=None)
    with pytest.raises(Unreachable, match="Nothing was closed"):
        close(world)
    assert not MonthProof.objects.filter(connection_id=world.connection_id).exists()


def test_only_a_month_that_has_ended_and_is_one(world: World) -> None:
    for month in (date(2026, 5, 1), date(2026, 4, 2)):
        with pytest.raises(InvalidInput) as wrong:
            close(world, month)
        assert [one.field for one in wrong.value.errors] == ["month"]


def test_who_may_and_who_is_told(world: World) -> None:
    line = world.line()
    viewer = replace(world.tenancy.context, role=Role.VIEWER)
    with pytest.raises(NotAllowed):
        close(world, context=viewer)
    proof = close(world)
    told = AuditLog.objects.get(event=Event.CLOSE_MONTH.value, connection_id=world.connection_id)
    assert told.details == {"proof": proof.id}
    assert "1 equal" in told.summary
    for stranger in (tenancy(), sibling(world.tenancy)):
        with pytest.raises(NotFound):
            get_proof(stranger.context, proof.id)
        with pytest.raises(NotFound):
            proof_lines(stranger.context, proof.id)
        with pytest.raises(NotFound):
            close(world, context=stranger.context)
        assert list(list_proofs(stranger.context).items) == []
    assert line.subscription_id in lines(world, proof)
    with pytest.raises(NotAllowed):
        as_csv(viewer, proof.id)


@pytest.mark.parametrize("table", ["books_month_proof", "books_month_proof_line"])
@pytest.mark.parametrize("act", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_a_proof_is_for_ever(world: World, table: str, act: str) -> None:
    world.line()
    close(world)
    with (
        pytest.raises(DatabaseError, match=r"permission denied|holds facts"),
        transaction.atomic(),
        database.cursor() as cursor,
    ):
        cursor.execute(act.format(table))
    assert MonthProofLine.objects.filter(proof__connection_id=world.connection_id).exists()


def test_wrong_filters_are_named(world: World) -> None:
    world.line()
    proof = close(world)
    context = world.tenancy.context
    only = proof_lines(context, proof.id, outcome="different")
    assert list(only.items) == []
    with pytest.raises(InvalidInput):
        proof_lines(context, proof.id, outcome="green")
    page = proof_lines(context, proof.id, limit=1)
    assert page.next_cursor is None
    from tallystick.kit.paging import encode_cursor

    with pytest.raises(InvalidInput):
        proof_lines(context, proof.id, cursor=encode_cursor(["x", 1]))


def test_it_comes_as_a_sheet_and_as_json(world: World) -> None:
    world.line()
    world.tenancy.subscription(quantity=3)
    proof = close(world)
    context = world.tenancy.context
    text = b"".join(as_csv(context, proof.id)).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["Outcome"] for row in rows] == ["Equal", "Not billed"]
    assert rows[0]["Ordered"] == "10 from 2026-04-01"
    assert rows[0]["Difference"] == "0.00"
    value = json.loads(b"".join(as_json(context, proof.id)))
    assert (value["equal"], value["not_billed"], value["outcome"]) == (1, 1, "different")
    assert [one["outcome"] for one in value["lines"]] == ["equal", "not_billed"]
