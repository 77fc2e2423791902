"""Who may work on a lane, and that nobody else can write: on the database's own locks."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from lane_bench import Bench, as_application, at_once, new_holder, with_own_session

from harness import eventually
from tallystick.ledger.lease import Lease, LeaseLost, extend, hold, holder_is_alive, release, take
from tallystick.ledger.models import Attempt, Delivery, Evidence, Lane
from tallystick.ledger.state import State


@contextmanager
def process(holder: int) -> Iterator[None]:
    """A worker process that is alive: it holds the advisory lock of its holder id.

    At the end its session is gone from the server, not only closed on this side.
    """
    with as_application() as session:
        session.autocommit = True
        session.execute("SELECT pg_advisory_lock(%s)", [holder])
        pid = session.info.backend_pid
        yield
    with as_application() as another:
        another.autocommit = True
        here = "SELECT 1 FROM pg_stat_activity WHERE pid = %s"
        eventually(lambda: another.execute(here, [pid]).fetchone() is None)


def in_a_transaction(lane_id: int, lease: Lease) -> None:
    with transaction.atomic():
        hold(lease)


class TestTaking:
    def test_a_lane_nobody_holds_is_taken(self, bench: Bench) -> None:
        lease = bench.take(seconds=60)

        assert lease == Lease(bench.lane_id, 1)
        lane = bench.lane()
        assert (lane.token, lane.holder) == (1, bench.holder)
        assert lane.leased_until == bench.now + timedelta(seconds=60)

    def test_it_is_not_taken_while_its_holder_lives(self, bench: Bench) -> None:
        with process(bench.holder):
            first = bench.take(seconds=60)
            bench.later(seconds=59)
            assert bench.take(holder=new_holder()) is None
            assert bench.take(holder=bench.holder) is None, (
                "not by another turn of the same process"
            )
        assert first is not None
        lane = bench.lane()
        assert (lane.token, lane.holder) == (first.token, bench.holder), "nothing has changed"

    @pytest.mark.parametrize("seconds", [60, 61, 3600])
    def test_it_is_taken_over_when_the_lease_has_run_out_although_its_holder_lives(
        self, bench: Bench, seconds: int
    ) -> None:
        other = new_holder()
        with process(bench.holder):
            first = bench.take(seconds=60)
            bench.later(seconds=seconds)
            second = bench.take(holder=other)
        assert first is not None
        assert second is not None
        assert second.token == first.token + 1
        assert bench.lane().holder == other

    def test_it_is_taken_over_at_once_when_its_holder_is_dead(self, bench: Bench) -> None:
        with process(bench.holder):
            first = bench.take(seconds=3600)
        # The process is gone: the database has freed its lock, no time has passed.
        second = bench.take(holder=new_holder(), seconds=60)

        assert first is not None
        assert second is not None
        assert second.token == first.token + 1
        with pytest.raises(LeaseLost):
            in_a_transaction(bench.lane_id, first)

    def test_another_process_that_lives_does_not_keep_a_dead_ones_lane(self, bench: Bench) -> None:
        bench.take(seconds=3600)
        with process(new_holder()):
            assert bench.take(holder=new_holder()) is not None

    def test_a_lane_that_was_given_back_is_free_at_once(self, bench: Bench) -> None:
        with process(bench.holder):
            with bench.held() as lane:
                release(lane)
            assert (bench.lane().holder, bench.lane().leased_until) == (None, None)
            assert bench.take(holder=new_holder()) is not None

    def test_the_number_only_rises(self, bench: Bench) -> None:
        tokens = []
        for _ in range(4):
            lease = bench.take(seconds=1)
            assert lease is not None
            tokens.append(lease.token)
            bench.later(seconds=2)
        assert tokens == [1, 2, 3, 4]

    def test_giving_back_does_not_lower_it(self, bench: Bench) -> None:
        with bench.held() as lane:
            release(lane)
        again = bench.take()
        assert again is not None
        assert again.token == 2

    def test_a_take_that_is_rolled_back_has_not_happened(self, bench: Bench) -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            take(bench.lane_id, holder=bench.holder, now=bench.now, seconds=60)
            raise ZeroDivisionError
        assert (bench.lane().token, bench.lane().holder) == (0, None)

    def test_a_holder_lives_as_long_as_its_session(self, bench: Bench) -> None:
        with process(bench.holder), transaction.atomic():
            assert holder_is_alive(bench.holder)
            assert not holder_is_alive(new_holder())
        with transaction.atomic():
            assert not holder_is_alive(bench.holder)

    def test_asking_whether_a_holder_lives_never_makes_it_look_alive(self, bench: Bench) -> None:
        """Several who ask at once get the same answer, and leave no lock behind."""
        with as_application() as other, transaction.atomic():
            assert not holder_is_alive(bench.holder)
            asked = other.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", [bench.holder])
            assert asked.fetchone() == (True,)
        with process(bench.holder):
            pass

    def test_of_twenty_who_want_it_one_gets_it(self, bench: Bench) -> None:
        holders = [new_holder() for _ in range(20)]
        with ExitStack() as alive:
            for holder in holders:
                alive.enter_context(process(holder))
            got = at_once([partial(bench.take, holder=holder) for holder in holders])
        leases = [lease for lease in got if lease is not None]
        assert leases == [Lease(bench.lane_id, 1)]


class TestTheFence:
    """A worker that was paused for longer than its lease writes nothing more."""

    def test_a_wrong_number_holds_nothing(self, bench: Bench) -> None:
        lease = bench.take()
        assert lease is not None
        for token in (lease.token - 1, lease.token + 1, -1):
            with pytest.raises(LeaseLost, match=f"lane {bench.lane_id} was taken from token"):
                in_a_transaction(bench.lane_id, Lease(bench.lane_id, token))
        in_a_transaction(bench.lane_id, lease)

    def test_the_right_number_of_another_lane_holds_nothing(self, bench: Bench) -> None:
        lease = bench.take()
        assert lease is not None
        with pytest.raises(LeaseLost):
            in_a_transaction(bench.lane_id, Lease(-1, lease.token))

    def test_a_lease_that_ran_out_and_was_taken_by_nobody_is_still_good(self, bench: Bench) -> None:
        lease = bench.take(seconds=1)
        bench.later(hours=1)
        assert lease is not None
        in_a_transaction(bench.lane_id, lease)

    @pytest.mark.parametrize(
        "late",
        [
            lambda bench: bench.send(bench.first()),
            lambda bench: bench.prove(bench.first()),
            lambda bench: bench.stop(bench.first()),
            lambda bench: bench.stop(bench.first(), to=State.CONFLICT),
            lambda bench: bench.put_back(bench.first()),
        ],
        ids=["send", "prove", "fail", "conflict", "put back"],
    )
    def test_a_stale_holder_changes_nothing_that_waits(
        self, bench: Bench, late: Callable[[Bench], Any]
    ) -> None:
        bench.lease = bench.take()
        self.refused(bench, late)

    @pytest.mark.parametrize(
        "late",
        [
            lambda bench: bench.answered(answer="applied"),
            lambda bench: bench.prove(bench.first()),
            lambda bench: bench.unclear(bench.first()),
            lambda bench: bench.stop(bench.first()),
            lambda bench: bench.put_back(bench.first()),
        ],
        ids=["answer", "prove", "unclear", "fail", "put back"],
    )
    def test_a_stale_holder_changes_nothing_that_is_under_way(
        self, bench: Bench, late: Callable[[Bench], Any]
    ) -> None:
        bench.send(bench.first())
        self.refused(bench, late)

    def refused(self, bench: Bench, late: Callable[[Bench], Any]) -> None:
        """Somebody else takes the lane; then the first one wakes up."""
        bench.later(minutes=5)
        assert bench.take(holder=new_holder()) is not None
        before = everything(bench)

        with pytest.raises(LeaseLost):
            late(bench)

        assert everything(bench) == before, "nothing was written"

    def test_the_new_holder_goes_on_where_the_stale_one_stood(self, bench: Bench) -> None:
        bench.send(bench.first())
        bench.later(minutes=5)
        bench.lease = bench.take(holder=new_holder())
        bench.unclear(bench.first())
        bench.prove(bench.first(), units=10)
        assert bench.states() == ["synced"]

    def test_while_one_writes_another_waits_and_then_sees_what_was_written(
        self, bench: Bench
    ) -> None:
        """The row is locked until the writer's transaction ends: a take cannot slip in between."""
        with ThreadPoolExecutor(1) as another, process(bench.holder):
            with bench.held() as lane:
                bench.later(minutes=5)  # the lease has run out in the middle of the write
                wanted = another.submit(with_own_session, lambda: bench.take(holder=new_holder()))
                eventually(somebody_waits_for_a_lock)
                assert not wanted.done()
                extend(lane, now=bench.now, seconds=60)
                lane.save()
            assert wanted.result(10) is None, "it sees the prolonged lease, not the old one"

    def test_a_lease_is_prolonged_with_the_lane(self, bench: Bench) -> None:
        with process(bench.holder):
            with bench.held() as lane:
                bench.later(seconds=50)
                extend(lane, now=bench.now, seconds=60)
                lane.save()
            bench.later(seconds=30)
            assert bench.take(holder=new_holder()) is None
            bench.later(seconds=30)
            assert bench.take(holder=new_holder()) is not None


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
            "WHERE NOT l.granted AND a.datname = current_database()"
        )
        return cursor.fetchone() != (0,)


def everything(bench: Bench) -> list[Any]:
    """All that is stored of a lane, its attempts and what is known of them, and of the audit."""
    mine = {"lane_id": bench.lane_id}
    return [
        list(Lane.objects.filter(pk=bench.lane_id).values()),
        list(Delivery.objects.filter(**mine).order_by("pk").values()),
        list(Attempt.objects.filter(**mine).order_by("pk").values()),
        list(Evidence.objects.filter(attempt__lane_id=bench.lane_id).order_by("pk").values()),
        [one.pk for one in bench.audit()],
    ]
