"""Questions about lanes and operations: the badge from what is stored, and who tried what."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from lane_bench import NO_ANSWER, REFUSAL, Bench, new_bench

from factories import TODAY
from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.kinds import EvidenceKind
from tallystick.ledger.queries import get_operation, operations_of, unsettled_of
from tallystick.ledger.record import close_lane
from tallystick.ledger.settle import add_evidence
from tallystick.ledger.standings import LaneStanding, standings
from tallystick.ledger.state import State


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are asked of the database inside."""
    asked: list[str] = []

    def note(execute: Any, statement: Any, *more: Any) -> Any:
        asked.append(str(statement))
        return execute(statement, *more)

    with connection.execute_wrapper(note):
        yield asked


def standing_of(bench: Bench, **paused: Any) -> LaneStanding:
    found = standings(
        subscription_ids=[bench.subscription_id], **{"paused": {}, "now": bench.now, **paused}
    )
    return found[bench.subscription_id]


class TestBadges:
    @pytest.mark.parametrize(
        ("state", "kind", "pending"),
        [
            ("pending", BadgeKind.SYNCING, 1),
            ("sending", BadgeKind.SYNCING, 1),
            ("checking", BadgeKind.CHECKING, 1),
            ("synced", BadgeKind.SYNCED, 0),
            ("failed", BadgeKind.OUT_OF_SYNC, 1),
            ("conflict", BadgeKind.OUT_OF_SYNC, 1),
            ("not_applicable", BadgeKind.SYNCED, 0),
            ("resolved", BadgeKind.LEFT, 0),  # skipped: nothing was ever proved of the line
        ],
    )
    def test_of_every_state_a_lane_can_be_in(
        self, bench: Bench, state: str, kind: BadgeKind, pending: int
    ) -> None:
        bench.in_state(state)
        said = standing_of(bench).badge
        assert (said.kind, said.pending) == (kind, pending)

    @pytest.mark.parametrize("state", ["pending", "sending", "checking", "failed", "conflict"])
    def test_pending_counts_the_stopped_one_and_all_behind_it(
        self, bench: Bench, state: str
    ) -> None:
        for quantity in (12, 15, 9):
            bench.quantity(quantity)
        bench.in_state(state)
        standing = standing_of(bench)
        assert standing.badge.pending == 4
        assert standing.head_operation_id == bench.first().operation_id

    def test_the_head_is_the_oldest_that_is_not_settled(self, bench: Bench) -> None:
        second, third = bench.quantity(12), bench.quantity(15)
        bench.prove(bench.first())
        bench.stop(second, third)
        standing = standing_of(bench)
        assert standing.head_operation_id == second.operation_id
        assert (standing.badge.cause, standing.badge.pending) == (REFUSAL.words, 2)

    def test_a_stopped_one_is_red_since_it_stopped_a_waiting_one_since_it_was_recorded(
        self, bench: Bench
    ) -> None:
        recorded = bench.now
        bench.later(minutes=1)
        assert standing_of(bench).badge.since == recorded
        bench.stop(bench.first())
        bench.later(minutes=1)
        assert standing_of(bench).badge.since == bench.first().stopped_at

    def test_what_is_being_checked_says_until_when(self, bench: Bench) -> None:
        bench.in_state("checking")
        said = standing_of(bench).badge
        assert (said.cause, said.until) == (NO_ANSWER.words, bench.in_a_minute())

    def test_a_paused_connection_is_named_where_something_waits(self, bench: Bench) -> None:
        paused = {bench.connection_id: ("Paused by Ada.", bench.now)}
        said = standing_of(bench, paused=paused).badge
        assert (said.kind, said.cause) == (BadgeKind.OUT_OF_SYNC, "Paused by Ada.")
        bench.prove(bench.first())
        assert standing_of(bench, paused=paused).badge.kind is BadgeKind.SYNCED

    def test_another_connections_pause_does_not_concern_it(self, bench: Bench) -> None:
        paused = {-1: ("Paused by Ada.", bench.now)}
        assert standing_of(bench, paused=paused).badge.kind is BadgeKind.SYNCING

    def test_a_drift_turns_a_green_lane_red_with_both_values(self, bench: Bench) -> None:
        bench.prove(bench.first(), units=10)
        with bench.held() as lane:
            lane.drift_units, lane.drift_since = 9, bench.now
            lane.save()
        said = standing_of(bench).badge
        assert said.kind is BadgeKind.OUT_OF_SYNC
        assert "shows 9 units, expected 10" in said.cause

    def test_an_unmapped_subscription_has_no_standing(self, bench: Bench) -> None:
        bench.prove(bench.first())
        close_lane(bench.lane_id)
        assert standings(subscription_ids=[bench.subscription_id], paused={}, now=bench.now) == {}

    def test_nobody_asked_for_has_none(self, bench: Bench) -> None:
        assert standings(subscription_ids=[], paused={}, now=bench.now) == {}

    def test_a_lane_is_shown_with_what_was_proved(self, bench: Bench) -> None:
        bench.send(bench.first())
        bench.prove(bench.first(), units=12)
        shown, stored = standing_of(bench).lane, bench.lane()
        assert (shown.id, shown.tenant_id) == (bench.lane_id, bench.tenancy.tenant_id)
        assert (shown.subscription_id, shown.connection_id, shown.open) == (
            bench.subscription_id,
            bench.connection_id,
            True,
        )
        for name in ("expected_units", "expected_unit_price", "expected_unit_cost"):
            assert getattr(shown, name) == getattr(stored, name) is not None
        assert (shown.expected_from, shown.proved_at) == (TODAY, bench.now)

    def test_many_lanes_are_asked_in_five_questions_and_never_mixed_up(self, bench: Bench) -> None:
        others = [new_bench(bench.tenancy) for _ in range(5)]
        others[0].in_state("failed")
        others[1].quantity(12)
        others[2].in_state("synced")
        ids = [one.subscription_id for one in others]
        with counted() as asked:
            found = standings(subscription_ids=ids, paused={}, now=bench.now)
        assert len(asked) == 5
        assert [(found[i].badge.kind.value, found[i].badge.pending) for i in ids] == [
            ("out_of_sync", 1),
            ("syncing", 2),
            ("synced", 0),
            ("syncing", 1),
            ("syncing", 1),
        ]


class TestOperations:
    def test_newest_first_with_their_deliveries(self, bench: Bench) -> None:
        bench.quantity(12)
        found = operations_of(subscription_id=bench.subscription_id)
        assert [one.in_words() for one in found] == [
            "Update quantity 10 to 12",
            "First sync of quantity 10",
            "Purchase of quantity 10",
        ]
        assert [len(one.deliveries) for one in found] == [1, 1, 0]
        assert found[0].deliveries[0].connection_id == bench.connection_id
        assert found[0].deliveries[0].state is State.PENDING
        assert (found[0].actor, found[0].source, found[0].source_id) == ("Ada Admin", "test", None)

    def test_they_can_be_paged(self, bench: Bench) -> None:
        for quantity in (11, 12, 13):
            bench.quantity(quantity)
        page = operations_of(subscription_id=bench.subscription_id, limit=2)
        assert [one.sequence for one in page] == [5, 4]
        rest = operations_of(subscription_id=bench.subscription_id, before=page[-1].sequence)
        assert [one.sequence for one in rest] == [3, 2, 1]

    def test_what_waits_on_a_lane_oldest_first(self, bench: Bench) -> None:
        second, third = bench.quantity(12), bench.quantity(15)
        bench.prove(bench.first())
        assert [one.id for one in unsettled_of(bench.lane_id)] == [
            second.operation_id,
            third.operation_id,
        ]
        bench.prove(second)
        bench.prove(third)
        assert unsettled_of(bench.lane_id) == []

    def test_one_with_what_was_tried_newest_first(self, bench: Bench) -> None:
        lost = bench.send(bench.first())
        bench.unclear(bench.first())
        bench.put_back(bench.first(), counts_as_try=False, conclusion="did not land")
        again = bench.send(bench.first(), resend_of_id=lost.pk)
        add_evidence(again.pk, EvidenceKind.ANSWER, {"answer": "applied"}, now=bench.now)

        found = get_operation(bench.first().operation_id)

        assert found is not None
        (delivery,) = found.deliveries
        assert [one["number"] for one in delivery.attempts] == [2, 1]
        newest, first = delivery.attempts
        assert newest["evidence"] == [{"kind": "answer", "at": bench.now, "answer": "applied"}]
        assert [one["kind"] for one in first["evidence"]] == ["conclusion"]
        assert newest["body"] == first["body"], "byte for byte"
        assert (newest["base"], newest["target"]) == ({"units": 10}, {"units": 12})
        assert (newest["effective_on"], newest["asked_by"]) == ("2026-05-10", "Tallystick")

    def test_the_attempts_may_be_left_out(self, bench: Bench) -> None:
        bench.send(bench.first())
        (newest, _) = operations_of(subscription_id=bench.subscription_id, with_attempts=False)
        assert newest.deliveries[0].attempts == ()

    def test_a_delivery_shows_where_it_stands(self, bench: Bench) -> None:
        bench.put_back(bench.first())
        found = get_operation(bench.first().operation_id)
        assert found is not None
        (shown,) = found.deliveries
        stored = bench.first()
        for name in ("id", "tries", "retry_at", "cause", "cause_code", "effective_on"):
            assert getattr(shown, name) == getattr(stored, name)
        assert (shown.proved_at, shown.settled_at, shown.moved_because) == (None, None, "")

    def test_one_that_is_not_there_is_none(self, bench: Bench) -> None:
        assert get_operation(-1) is None
