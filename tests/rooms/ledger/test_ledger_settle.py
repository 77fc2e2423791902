"""What is stored with every change of a delivery: the lane, the evidence, the record."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from lane_bench import NO_ANSWER, NOT_REACHED, READING, REFUSAL, THIRD_VALUE, Bench

from factories import TODAY
from tallystick.audit.events import Event
from tallystick.ledger.kinds import AttemptKind, EvidenceKind
from tallystick.ledger.models import Attempt, Delivery, Evidence, Lane
from tallystick.ledger.record import close_lane, open_lane
from tallystick.ledger.settle import Cause, add_evidence, conclude, moved, waiting
from tallystick.ledger.state import IllegalTransition, State

TOMORROW = TODAY + timedelta(days=1)
ON_CONNECTION = Event.UPDATE_SUBSCRIPTION_ON_CONNECTION.value


def evidence(bench: Bench) -> list[tuple[str, dict[str, object]]]:
    found = Evidence.objects.filter(attempt__lane_id=bench.lane_id).order_by("id")
    return [(one.kind, one.data) for one in found]


class TestSending:
    def test_the_intent_is_stored_before_any_byte_leaves(self, bench: Bench) -> None:
        bench.stop(bench.first())
        bench.press_sync()
        attempt = bench.send(bench.first(), effective_on=TOMORROW)

        stored = Attempt.objects.get(pk=attempt.pk)
        assert (stored.number, stored.kind) == (1, "adjust")
        assert (stored.contract_id, stored.line_id) == (1, 1)
        assert (stored.base, stored.target) == ({"units": 10}, {"units": 12})
        assert stored.body == {"unit_change": 2, "effective_on": "2026-05-10"}
        assert stored.effective_on == TOMORROW
        assert (stored.started_at, stored.deadline_at) == (
            bench.now,
            bench.now + timedelta(seconds=30),
        )
        assert stored.asked_by == "Tallystick"
        assert bench.lane().open_attempt_id == attempt.pk
        there = bench.first()
        assert (there.state, there.attempt_id) == ("sending", attempt.pk)
        assert (there.cause, there.cause_code, there.retry_at) == ("", "", None)

    def test_attempts_are_numbered_in_their_lane(self, bench: Bench) -> None:
        for _ in range(3):
            bench.send(bench.first())
            bench.put_back(bench.first())
        numbers = Attempt.objects.filter(lane_id=bench.lane_id).values_list("number", flat=True)
        assert list(numbers.order_by("id")) == [1, 2, 3]

    def test_a_resend_names_what_it_repeats(self, bench: Bench) -> None:
        first = bench.send(bench.first())
        bench.unclear(bench.first())
        bench.put_back(bench.first(), counts_as_try=False)
        again = bench.send(bench.first(), resend_of_id=first.pk)
        assert again.resend_of_id == first.pk

    def test_a_line_of_its_own_is_made_by_an_attempt_without_a_line(self, bench: Bench) -> None:
        made = bench.send(bench.first(), kind=AttemptKind.CREATE_LINE, line_id=None)
        assert (made.kind, made.line_id) == ("create_line", None)

    def test_several_ride_in_one_call(self, bench: Bench) -> None:
        riders = [bench.quantity(12), bench.quantity(15)]
        attempt = bench.send(bench.first(), *riders)
        assert bench.states() == ["sending"] * 3
        assert {one.attempt_id for one in bench.deliveries()} == {attempt.pk}

    @pytest.mark.parametrize("state", ["synced", "failed", "checking", "sending", "resolved"])
    def test_only_what_waits_is_sent(self, bench: Bench, state: str) -> None:
        delivery = bench.in_state(state)
        attempts = Attempt.objects.filter(lane_id=bench.lane_id).count()
        with pytest.raises(IllegalTransition):
            bench.send(delivery)
        assert Attempt.objects.filter(lane_id=bench.lane_id).count() == attempts
        assert bench.states() == [state]

    def test_one_that_does_not_wait_keeps_the_whole_batch_back(self, bench: Bench) -> None:
        first, later = bench.first(), bench.quantity(12)
        bench.stop(first)
        with pytest.raises(IllegalTransition):
            bench.send(later, first)
        assert bench.states() == ["failed", "pending"]


class TestProved:
    def test_the_lane_expects_what_was_proved(self, bench: Bench) -> None:
        bench.send(bench.first())
        bench.answered(answer="applied")
        bench.later(seconds=3)
        bench.prove(bench.first(), units=12, effective_on=TOMORROW)

        lane = bench.lane()
        assert lane.expected_units == 12
        assert lane.expected_unit_price == Decimal("15.20")
        assert lane.expected_unit_cost == Decimal("12.10")
        assert lane.expected_from == TOMORROW
        assert lane.proved_at == bench.now
        assert lane.open_attempt_id is None
        there = bench.first()
        assert (there.proved_at, there.settled_at) == (bench.now, bench.now)
        assert evidence(bench) == [
            ("answer", {"answer": "applied"}),
            ("conclusion", {"conclusion": "landed", "reading": READING}),
        ]

    def test_what_was_already_so_leaves_the_day_of_the_last_adjustment(self, bench: Bench) -> None:
        bench.send(bench.first())
        bench.prove(bench.first(), effective_on=TODAY)
        bench.prove(bench.quantity(12), adjusted=False)
        assert bench.lane().expected_from == TODAY

    def test_proof_ends_a_drift(self, bench: Bench) -> None:
        with bench.held() as lane:
            lane.drift_units, lane.drift_amount = 9, Decimal("1.00")
            lane.drift_since = bench.now
            lane.save()
        bench.prove(bench.first())
        lane = bench.lane()
        assert (lane.drift_units, lane.drift_amount, lane.drift_since) == (None, None, None)

    def test_each_operation_of_a_call_has_its_own_record(self, bench: Bench) -> None:
        batch = [bench.first(), bench.quantity(12), bench.quantity(15)]
        attempt = bench.send(*batch)
        bench.answered(answer="applied", said="201")
        bench.prove(*batch, units=15)

        for one in batch:
            (record,) = bench.audit(one)
            assert (record.event, record.status) == (ON_CONNECTION, "succeeded")
            assert record.operation_id == one.operation_id
            assert record.summary == "Sent to Autotask once. Read back and equal."
            assert record.details == {
                "operation": one.sequence,
                "kind": one.operation.kind,
                "before": one.operation.before,
                "after": one.operation.after,
                "asked_for": "2026-05-10",
                "effective_on": "2026-05-10",
                "moved_because": "",
                "recorded_by": "Ada Admin",
                "sent": attempt.body,
                "attempt": 1,
                "answered": [{"answer": "applied", "said": "201"}],
                "proved": READING,
            }

    def test_what_was_already_so_says_that_nothing_was_sent(self, bench: Bench) -> None:
        bench.prove(bench.first(), adjusted=False)
        (record,) = bench.audit(bench.first())
        assert "nothing was sent" in record.summary
        assert (record.details["sent"], record.details["attempt"]) == (None, None)
        assert record.details["answered"] == []
        assert evidence(bench) == []


class TestStopped:
    @pytest.mark.parametrize(
        ("to", "cause"), [(State.FAILED, REFUSAL), (State.CONFLICT, THIRD_VALUE)]
    )
    def test_the_head_stops_with_its_cause_and_what_rode_with_it_waits(
        self, bench: Bench, to: State, cause: Cause
    ) -> None:
        batch = [bench.first(), bench.quantity(12), bench.quantity(15)]
        bench.send(*batch)
        if to is State.CONFLICT:
            bench.unclear(*batch)
        bench.stop(*batch, to=to, cause=cause)

        head, *riders = bench.deliveries()
        assert bench.states() == [to.value, "pending", "pending"]
        assert (head.cause, head.cause_code) == (cause.words, cause.code)
        assert (head.tries, head.stopped_at, head.settled_at) == (1, bench.now, None)
        assert [(one.cause, one.tries) for one in riders] == [("", 0)] * 2
        assert bench.lane().open_attempt_id is None
        assert evidence(bench)[-1] == (
            "conclusion",
            {"conclusion": to.value, "cause": cause.words},
        )

    def test_the_record_has_the_cause_and_only_the_head_has_one(self, bench: Bench) -> None:
        batch = [bench.first(), bench.quantity(12)]
        bench.send(*batch)
        bench.stop(*batch)
        (record,) = bench.audit(batch[0])
        assert (record.status, record.summary) == ("failed", REFUSAL.words)
        assert record.details["sent"] == {"unit_change": 2, "effective_on": "2026-05-10"}
        assert record.details["proved"] is None
        assert bench.audit(batch[1]) == []

    def test_before_anything_was_sent_the_others_just_wait(self, bench: Bench) -> None:
        batch = [bench.first(), bench.quantity(12)]
        bench.stop(*batch)
        assert bench.states() == ["failed", "pending"]
        assert evidence(bench) == []
        (record,) = bench.audit(batch[0])
        assert record.details["sent"] is None

    def test_asked_again_and_done_has_both_records(self, bench: Bench) -> None:
        bench.stop(bench.first())
        bench.press_sync()
        bench.prove(bench.first())
        statuses = [one.status for one in bench.audit(bench.first())]
        assert statuses == ["failed", "succeeded"]
        assert bench.first().stopped_at is None


class TestWaiting:
    @pytest.mark.parametrize(("counts", "tries"), [(True, 1), (False, 0)])
    def test_what_was_not_sent_waits_with_its_cause(
        self, bench: Bench, counts: bool, tries: int
    ) -> None:
        bench.put_back(bench.first(), counts_as_try=counts)
        there = bench.first()
        assert (there.state, there.tries) == ("pending", tries)
        assert (there.cause, there.cause_code) == (NOT_REACHED.words, NOT_REACHED.code)
        assert there.retry_at == bench.in_a_minute()
        assert evidence(bench) == []

    def test_what_was_under_way_is_concluded(self, bench: Bench) -> None:
        batch = [bench.first(), bench.quantity(12)]
        attempt = bench.send(*batch)
        bench.put_back(*batch, conclusion="did not land")
        assert bench.states() == ["pending", "pending"]
        assert [one.tries for one in bench.deliveries()] == [1, 1]
        assert [one.attempt_id for one in bench.deliveries()] == [attempt.pk] * 2
        assert bench.lane().open_attempt_id is None
        assert evidence(bench) == [
            ("conclusion", {"conclusion": "did not land", "cause": NOT_REACHED.words})
        ]

    def test_without_a_time_it_waits_for_a_person(self, bench: Bench) -> None:
        with bench.held() as lane:
            waiting(
                lane,
                bench.deliveries(),
                Cause("no_access", "Autotask refused the sign-in."),
                now=bench.now,
                retry_at=None,
                counts_as_try=False,
            )
        assert bench.first().retry_at is None

    def test_a_passing_hiccup_is_not_in_the_audit(self, bench: Bench) -> None:
        bench.put_back(bench.first())
        assert bench.audit(bench.first()) == []


class TestChecking:
    def test_it_says_why_and_when_it_is_looked_at_again(self, bench: Bench) -> None:
        attempt = bench.send(bench.first())
        bench.unclear(bench.first())
        there = bench.first()
        assert (there.state, there.cause) == ("checking", NO_ANSWER.words)
        assert there.retry_at == bench.in_a_minute()
        assert bench.lane().open_attempt_id == attempt.pk, "the attempt stays open"

    def test_looked_at_again_it_keeps_its_state_and_has_the_newer_cause(self, bench: Bench) -> None:
        batch = [bench.first(), bench.quantity(12)]
        bench.send(*batch)
        bench.unclear(*batch)
        bench.later(minutes=1)
        bench.unclear(*batch, cause=Cause("not_seen", "Not visible so far."))
        assert bench.states() == ["checking", "checking"]
        for one in bench.deliveries():
            assert (one.cause, one.cause_code) == ("Not visible so far.", "not_seen")
            assert one.retry_at == bench.in_a_minute()


class TestMovedToAnotherDay:
    def test_the_delivery_moves_and_the_operation_keeps_the_day_asked_for(
        self, bench: Bench
    ) -> None:
        with bench.held():
            moved(bench.deliveries(), TOMORROW, "the day is used " + "x" * 400)
        there = bench.first()
        assert there.effective_on == TOMORROW
        assert there.operation.effective_on == TODAY
        assert there.moved_because.startswith("the day is used")
        assert len(there.moved_because) == 300

        bench.prove(there)
        (record,) = bench.audit(there)
        assert (record.details["asked_for"], record.details["effective_on"]) == (
            "2026-05-10",
            "2026-05-11",
        )


class TestEvidence:
    def test_a_lane_without_an_open_attempt_has_nothing_to_conclude(self, bench: Bench) -> None:
        with bench.held() as lane:
            conclude(lane, "landed", now=bench.now)
        assert evidence(bench) == []

    def test_a_conclusion_may_say_nothing_more(self, bench: Bench) -> None:
        bench.send(bench.first())
        with bench.held() as lane:
            conclude(lane, "landed", now=bench.now)
        assert evidence(bench) == [("conclusion", {"conclusion": "landed"})]

    def test_it_is_kept_in_the_order_it_was_learnt(self, bench: Bench) -> None:
        attempt = bench.send(bench.first())
        for n in range(3):
            add_evidence(attempt.pk, EvidenceKind.READING, {"n": n}, now=bench.now)
        assert [data["n"] for _, data in evidence(bench)] == [0, 1, 2]


class TestLanes:
    def test_an_unmapped_subscription_records_without_deliveries(self, bench: Bench) -> None:
        bench.prove(bench.first())
        close_lane(bench.lane_id)
        bench.tenancy.quantity(bench.subscription_id, 12)
        assert [one.sequence for one in bench.operations()] == [1, 2, 3]
        assert [one.sequence for one in bench.deliveries()] == [2]

    def test_mapped_again_it_is_looked_at_afresh_in_a_lane_of_its_own(self, bench: Bench) -> None:
        bench.prove(bench.first())
        with bench.held() as lane:
            lane.drift_units, lane.drift_since = 9, bench.now
            lane.save()
        close_lane(bench.lane_id)
        bench.later(days=1)
        with transaction.atomic():
            again = open_lane(
                tenant_id=bench.tenancy.tenant_id,
                subscription_id=bench.subscription_id,
                connection_id=bench.connection_id,
                now=bench.now,
            )

        assert again != bench.lane_id
        lane = Lane.objects.get(pk=again)
        assert lane.open
        assert (lane.expected_units, lane.proved_at, lane.drift_units) == (None, None, None)
        earlier = bench.lane()
        assert not earlier.open
        assert (earlier.expected_units, earlier.drift_units) == (12, 9), "what was proved stays"
        assert bench.states() == ["synced"], "history stays"
        bench.tenancy.quantity(bench.subscription_id, 12)
        assert bench.states() == ["synced"]
        assert Delivery.objects.get(lane_id=again).state == "pending"

    def test_what_has_no_counterpart_is_settled_at_once_with_its_reason(self, bench: Bench) -> None:
        bench.not_applicable("At 0 units there is no price.")
        there = bench.deliveries()[-1]
        assert (there.state, there.cause) == ("not_applicable", "At 0 units there is no price.")
        assert there.settled_at == bench.now

    def test_a_day_is_a_day(self, bench: Bench) -> None:
        assert bench.first().effective_on == date(2026, 5, 10)
