"""The numbers of operations: 1 to n without a gap, in the order they were made, whoever races."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise

from lane_bench import Bench, as_application, at_once

from factories import TODAY
from harness import eventually
from tallystick.audit.events import Event
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.record import Recorded
from tallystick.operations.cancel import cancel
from tallystick.operations.change_quantity import change_quantity

MANY = 20


class Crash(Exception):
    """The verb is ended by a fault of ours after it was given its number."""


def asks_for(bench: Bench, quantity: object, *, source_id: str | None = None) -> Recorded:
    return change_quantity(
        subscription_id=bench.subscription_id,
        quantity=quantity,
        effective_on=TODAY,
        today=TODAY,
        asked=bench.tenancy.asked(source_id=source_id),
    )


def numbers_are_whole(bench: Bench, *, expected: int) -> None:
    """1 to n, each with one delivery (but the purchase, before the mapping) and one record."""
    operations = bench.operations()
    assert [one.sequence for one in operations] == list(range(1, expected + 1))
    assert [one.sequence for one in bench.deliveries()] == list(range(2, expected + 1))
    assert [one.operation_id for one in bench.deliveries()] == [one.pk for one in operations[1:]]
    recorded = [one for one in bench.audit() if one.event == Event.UPDATE_SUBSCRIPTION.value]
    assert sorted(one.operation_id for one in recorded) == [one.pk for one in operations[1:]]


def test_twenty_at_once_are_numbered_one_after_another(bench: Bench) -> None:
    got = at_once([partial(asks_for, bench, 100 + n) for n in range(MANY)])

    assert sorted(one.sequence for one in got) == list(range(3, MANY + 3))
    numbers_are_whole(bench, expected=MANY + 2)
    changes = bench.operations()[2:]
    assert changes[0].before == {"quantity": 10}
    for earlier, later in pairwise(changes):
        assert later.before == earlier.after, "each begins where the one before it ended"


def test_recording_waits_for_a_worker_and_the_worker_does_not_wait_for_it(bench: Bench) -> None:
    """A verb holds its subscription and wants the lane; a turn holds the lane and refers to the
    subscription, as every row with a foreign key does. That may not be a deadlock.
    """
    with as_application() as worker, ThreadPoolExecutor(1) as pool:
        worker.execute("SELECT 1 FROM ledger_lane WHERE id = %s FOR NO KEY UPDATE", [bench.lane_id])
        recording = pool.submit(at_once, [partial(asks_for, bench, 12)])
        with as_application() as onlooker:
            onlooker.autocommit = True
            waits = "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
            pid = worker.info.backend_pid
            eventually(lambda: onlooker.execute(waits, [pid]).fetchone() is not None)
        refers = "SELECT 1 FROM subscriptions_subscription WHERE id = %s FOR KEY SHARE NOWAIT"
        assert worker.execute(refers, [bench.subscription_id]).fetchone() == (1,)
        worker.rollback()
        recording.result(10)
    numbers_are_whole(bench, expected=3)


def test_twenty_at_once_on_two_subscriptions_have_two_rows_of_numbers(bench: Bench) -> None:
    second = bench.tenancy.subscription(quantity=10)
    lane = bench.tenancy.map(second, bench.connection_id, contract_id=1, line_id=2)
    other = Bench(bench.tenancy, bench.connection_id, second, lane)

    at_once([partial(asks_for, [bench, other][n % 2], 100 + n) for n in range(MANY)])

    for one in (bench, other):
        sequences = [operation.sequence for operation in one.operations()]
        assert sequences == list(range(1, MANY // 2 + 3))


def test_what_is_refused_or_crashes_takes_no_number(bench: Bench) -> None:
    """Every second one is refused by a rule or ends in a fault after it was given its number."""

    def crashes(quantity: int) -> None:
        def wake(lane_ids: object) -> None:
            raise Crash

        asked = bench.tenancy.asked()
        try:
            change_quantity(
                subscription_id=bench.subscription_id,
                quantity=quantity,
                effective_on=TODAY,
                today=TODAY,
                asked=type(asked)(
                    asked.context, asked.origin, asked.correlation_id, asked.now, wake
                ),
            )
        except Crash:
            return
        raise AssertionError("it went through")

    acts = [partial(asks_for, bench, 100 + n) for n in range(MANY // 2)]
    acts += [partial(crashes, 300 + n) for n in range(MANY // 4)]
    acts += [partial(asks_for, bench, 0) for _ in range(MANY // 4)]
    got = at_once(acts)

    assert [one for one in got[-MANY // 4 :] if not isinstance(one, InvalidInput)] == []
    numbers_are_whole(bench, expected=MANY // 2 + 2)


def test_the_same_order_twenty_times_at_once_is_one_operation(bench: Bench) -> None:
    got = at_once([partial(asks_for, bench, 12, source_id="order-7")] * MANY)

    assert {one.operation_id for one in got} == {bench.operations()[-1].pk}
    numbers_are_whole(bench, expected=3)
    assert len([one for one in got if one.lane_ids]) == 1, "only the first nudges the engine"


def test_of_twenty_cancellations_at_once_one_is_recorded(bench: Bench) -> None:
    def ends() -> Recorded:
        return cancel(
            subscription_id=bench.subscription_id,
            effective_on=TODAY,
            today=TODAY,
            asked=bench.tenancy.asked(),
        )

    got = at_once([ends] * MANY)

    assert len([one for one in got if isinstance(one, Recorded)]) == 1
    assert len([one for one in got if isinstance(one, InvalidInput)]) == MANY - 1
    assert [one.sequence for one in bench.operations()] == [1, 2, 3]


def test_changes_and_proofs_at_once_lose_nothing(bench: Bench) -> None:
    """While the engine settles the head, users go on changing the quantity."""
    first = bench.first()
    bench.send(first)
    acts = [partial(asks_for, bench, 100 + n) for n in range(MANY - 1)]

    at_once([*acts, lambda: bench.prove(first, units=10)])

    assert bench.states() == ["synced"] + ["pending"] * (MANY - 1)
    assert bench.lane().expected_units == 10
    assert [one.sequence for one in bench.operations()] == list(range(1, MANY + 2))
